"""``adequacy request``, ``record``, ``policy`` and ``backtest`` as staff and scripts call them."""

from __future__ import annotations

import csv
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from adequacy.cli import desk
from adequacy.geocode import locate_zip
from tests.requests import STRICT, request

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Ran

    Run = Callable[..., Ran]

DEMO = Path(__file__).parents[2] / "adequacy" / "reference" / "demo_data"
OPEN = (
    "request", "open", "--service", "SAIOP", "--zip", "27546", "--received", "2026-10-29T12:15", "--requester",
    "A Clinic", "--consumer-ref", "REF-1", "--age", "34",
)  # fmt: skip


def _instead(*options: str) -> tuple[str, ...]:
    """The arguments of ``OPEN`` with some options added, or said otherwise."""
    said = dict(zip(OPEN[2::2], OPEN[3::2], strict=True)) | dict(zip(options[::2], options[1::2], strict=True))
    return (*OPEN[:2], *(word for pair in said.items() for word in pair))


def _json(ran: Ran) -> Any:
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def _opened(run: Run, *arguments: str) -> str:
    return str(_json(run(*arguments, "--format", "json"))["id"])


def test_three_commands_from_the_request_to_the_letter_that_is_due(run: Run) -> None:
    one = _opened(run, *OPEN)
    page = run("request", "decide", one)
    assert page.code == 0
    assert page.out.startswith(f"{one}: CLOSED_PROVIDERS_AVAILABLE")
    assert "Letter     L2, Network closed - providers available" in page.out
    assert "provider_list due 2026-11-05 23:59" in page.out
    assert max(map(len, page.out.splitlines())) <= 80
    view = _json(run("request", "show", one, "--format", "json"))
    assert {key: view[key] for key in ("state", "finding", "outcome", "letter", "rule_trail", "human_review")} == {
        "state": "CLOSED_PROVIDERS_AVAILABLE", "finding": "covered", "outcome": "CLOSED_PROVIDERS_AVAILABLE",
        "letter": "L2", "rule_trail": ["R05"], "human_review": "N",
    }  # fmt: skip
    assert {"id", "par", "facts", "cautions", "clocks", "events", "duplicates_of"} <= set(view)
    [clock] = view["clocks"]
    assert {key: clock[key] for key in ("clock", "start", "due", "act_by", "met_at")} == {
        "clock": "provider_list", "start": "2026-10-29T12:15:00-04:00", "due": "2026-11-05T23:59:00-05:00",
        "act_by": "2026-11-05", "met_at": None,
    }  # fmt: skip


def _flat(text: str) -> str:
    return " ".join(text.split())


def test_a_refusal_of_the_members_own_request_is_handed_to_um(run: Run) -> None:
    said = "L8, Notice of adverse benefit determination, is for Utilization Management (UM) to decide on and write"
    own = _opened(run, *OPEN, "--requested-by", "member")
    assert said in _flat(run("request", "decide", own).out)
    assert said in _flat(run("request", "show", own).out)
    other = _opened(run, *_instead("--zip", "27540"))
    assert "UM" not in run("request", "decide", other).out
    assert "UM" not in run("request", "show", other).out


def test_a_denied_sar_makes_the_letter_ums_own(run: Run) -> None:
    one = _opened(run, *_instead("--service", "ACTT", "--client-specific", "Y", "--nctracks", "Y"))
    assert run("request", "decide", one).code == 0
    assert run("request", "confirm", one, "--by", "A. Lee").code == 0
    for event in ("sar_sent", "sar_received", "um_denied"):
        assert run("request", "event", one, event).code == 0
    page = run("request", "show", one).out
    assert "L8, Notice of adverse benefit determination: Utilization Management (UM) writes" in _flat(page)
    assert "draft" not in page
    assert max(map(len, page.splitlines())) <= 80


def test_a_record_is_verified_altered_and_explained(run: Run, tmp_path: Path) -> None:
    one = _opened(run, *OPEN)
    file = tmp_path / "r.json"
    assert run("request", "decide", one, "--record", str(file)).code == 0
    same = run("record", "verify", str(file))
    assert (same.code, same.out.split(":")[0]) == (0, "IDENTICAL")
    plan = tmp_path / "plan.gpkg"
    rows = "provider_name,service,zip5,contract_status,credential_status,nctracks_status\n"
    (tmp_path / "r.csv").write_text(f"{rows}A,SAIOP,28801,active,approved,active\n", encoding="utf-8")
    assert run("network", "build", str(tmp_path / "r.csv"), "--out", str(plan), "--roster-date", "2026-11-01").code == 0
    other = run("record", "verify", str(file), "--network", str(plan))
    assert other.code == 10
    told = other.out.splitlines()
    assert max(map(len, told)) <= 80
    first = next(n for n, line in enumerate(told) if line.startswith("  outcome: "))
    assert told[first : first + 3] == [
        "  outcome: recorded CLOSED_PROVIDERS_AVAILABLE, now PEND_INFO",
        "  finding: recorded covered, now gap",
        "  letter: recorded L2, now L0",
    ]
    explained = run("record", "explain", str(file))
    assert "Which rule?" in explained.out
    assert run("record", "export", one, "--out", str(tmp_path / "again.json")).code == 0
    assert (tmp_path / "again.json").read_bytes() == file.read_bytes()
    file.write_text(file.read_text(encoding="utf-8").replace('"covered"', '"gap"', 1), encoding="utf-8")
    assert "altered after it was made" in run("record", "verify", str(file)).refused(11)


def test_a_record_keeps_the_nearest_counted_sites_beyond_the_limit(run: Run, tmp_path: Path) -> None:
    one = _opened(run, *OPEN)
    run("request", "decide", one, "--record", str(tmp_path / "r.json"), "--by", "A. Lee")
    record = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    beyond = [site["distance_mi"] for site in record["nearest_outside"]]
    assert len(beyond) == 5
    assert beyond == sorted(beyond)
    assert min(beyond) > record["measure"]["threshold_mi"]
    assert record["origin_is"] == "consumer"
    assert {site["site_id"] for site in record["nearest_outside"]}.isdisjoint(
        candidate["site_id"] for candidate in record["candidates"]
    )
    assert _json(run("request", "show", one, "--format", "json"))["events"][1]["by"] == "A. Lee"


def test_an_explanation_from_the_casebook_tells_what_came_after(run: Run) -> None:
    one = _opened(run, *OPEN)
    run("request", "decide", one)
    run("request", "confirm", one, "--by", "A. Lee")
    assert "confirmed by A. Lee" in run("record", "explain", one).out
    assert run("record", "check-book").out.startswith("whole: 3 events and 1 records")


def test_a_letter_is_confirmed_by_name_then_sent_and_the_clock_is_met(run: Run) -> None:
    one = _opened(run, *OPEN)
    run("request", "decide", one)
    assert "named person first" in run("request", "event", one, "list_sent").refused(2)
    assert run("request", "confirm", one, "--by", "A. Lee").out == f"{one}: L2 confirmed by A. Lee\n"
    sent = run("request", "event", one, "list_sent", "--at", "2026-11-03T10:00", "--note", "by secure mail")
    assert sent.out == f"{one}: list_sent recorded, now CLOSED_PROVIDERS_AVAILABLE\n"
    view = _json(run("request", "show", one, "--format", "json"))
    assert view["clocks"][0]["met_at"] == "2026-11-03T10:00:00-05:00"
    assert [event["name"] for event in view["events"]] == ["received", "decided", "confirmed", "list_sent"]
    assert "is answered" in run("request", "decide", one).refused(2)
    late = run("request", "event", one, "letter_sent", "--at", "2190-01-01")
    assert (late.code, late.err.count("lies in the future")) == (0, 1)
    assert "confirmed by A. Lee" in run("request", "show", one).out


def test_the_demos_twelve_requests_each_go_the_way_they_are_meant_to(run: Run) -> None:
    assert run("request", "open", "--file", str(DEMO / "requests.csv")).code == 0
    with (DEMO / "requests.csv").open(encoding="utf-8", newline="") as file:
        ways = [row["way"] for row in csv.DictReader(file)]
    rows = _json(run("request", "list", "--format", "json"))
    for row in rows:
        assert run("request", "decide", row["id"]).code == 0
    trails = [_json(run("request", "show", row["id"], "--format", "json"))["rule_trail"] for row in rows]
    assert [">".join(trail) for trail in trails] == ways
    counts = _json(run("request", "stats", "--format", "json"))
    assert counts["requests"] == len(ways)
    assert run("request", "stats").out.startswith("12 requests, 0 resubmissions among them\n")
    assert len(_json(run("request", "due", "--as-of", "2026-11-02", "--format", "json"))) == 12
    assert "person" in run("request", "list").out
    pages = [run("request", name, "--as-of", "2026-11-04").out for name in ("due", "call-sheet")]
    pages += [run("request", name).out for name in ("stats", "list")]
    for row in rows:
        pages += [run(*words, row["id"]).out for words in (("request", "show"), ("record", "explain"))]
    assert [line for page in pages for line in page.splitlines() if len(line) > 80] == []
    assert "tomorrow" in pages[0]
    assert "1 site. Ask" in pages[1]


def test_a_call_changes_the_decision_and_stands_on_the_sheet_until_it_is_made(run: Run) -> None:
    one = _opened(
        run, "request", "open", "--service", "inn_nav", "--zip", "27601", "--received", "2026-10-30",
        "--requester", "C", "--consumer-ref", "REF-3", "--client-specific", "Y", "--nctracks", "Y", "--age", "27",
    )  # fmt: skip
    assert "VERIFY_ACCESS" in run("request", "decide", one).out
    [call] = _json(run("request", "call-sheet", "--format", "json"))
    assert "Then record each call" in run("request", "call-sheet").out
    told = ("--site", call["site_id"], "--by", "A. Lee", "--result", "full")
    assert run("request", "event", one, "contacted", *told).code == 0
    assert run("request", "call-sheet").out == "Nobody needs to be phoned today.\n"
    run("request", "decide", one)
    view = _json(run("request", "show", one, "--format", "json"))
    assert (view["rule_trail"], view["letter"], view["human_review"]) == (["R07", "R12"], "L4", "N")


def test_a_call_before_the_decision_is_to_a_site_of_the_service_and_counts(run: Run) -> None:
    one = _opened(
        run, "request", "open", "--service", "inn_nav", "--zip", "27601", "--received", "2026-10-30",
        "--requester", "C", "--consumer-ref", "REF-3", "--client-specific", "Y", "--nctracks", "Y", "--age", "27",
    )  # fmt: skip
    call = ("request", "event", one, "contacted", "--by", "A. Lee", "--result", "full", "--site")
    asked = ("check", "--service", "inn_nav", "--zip", "27601", "--age", "27", "--format", "json")
    [site] = _json(run(*asked))["sites"]
    wrong = run(*call, site["site_id"][:-1]).refused(2)
    assert "gives no inn_nav on the roster" in wrong
    assert f"Did you mean {site['site_id']} (" in wrong
    assert f"{site['site_id']} (" in run(*call, site["provider"][:12]).refused(2)
    assert "no such network file" in run(*call, site["site_id"], "--network", "absent.gpkg").refused(3)
    assert [event["name"] for event in _json(run("request", "show", one, "--format", "json"))["events"]] == ["received"]
    assert run(*call, site["site_id"]).code == 0
    assert run("request", "decide", one).code == 0
    assert _json(run("request", "show", one, "--format", "json"))["rule_trail"] == ["R07", "R12"]


def test_due_dates_go_into_a_calendar(run: Run, tmp_path: Path) -> None:
    _opened(run, *OPEN)
    late = run("request", "due", "--as-of", "2026-11-20", "--ics", str(tmp_path / "due.ics"))
    assert "OVERDUE" in late.out
    raw = (tmp_path / "due.ics").read_bytes()
    assert raw.startswith(b"BEGIN:VCALENDAR\r\n")
    assert raw.endswith(b"END:VCALENDAR\r\n")
    assert b"DTEND:20261106T045900Z" in raw
    assert b"REF-1" not in raw
    assert max(map(len, raw.split(b"\r\n"))) <= 75


def test_a_resubmission_is_said(run: Run) -> None:
    one = _opened(run, *OPEN)
    again = _json(run(*OPEN, "--format", "json"))
    assert again["duplicates_of"] == one
    said = run(*OPEN)
    assert said.out.startswith("REQ-2026-")
    assert len(said.out.split()) == 1, "the id alone is what scripts read"
    assert said.err == f"{said.out.strip()} is a resubmission of {one}.\n"


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--zip", "2754"), 2, "--zip: The ZIP code has 4 digits"),
        (("--zip", "00000"), 4, "ZIP 00000"),
        (("--service", "TCM"), 2, "may mean"),
        (("--service", "tcli"), 4, "tcli"),
        (("--received", "2026-02-30"), 2, "--received: .2026-02-30. is not a moment that exists"),
        (("--received", "2024-03-10T02:30"), 2, "the clocks go forward"),
        (("--client-specific", "maybe"), 2, "--client-specific: .MAYBE. is not one of Y, N, U"),
        (("--requester-npi", "12345"), 2, "--requester-npi: .12345. is not an NPI of ten digits"),
        (("--requester-npi", "1234567890"), 2, "--requester-npi: .1234567890. is no NPI: its check digit is wrong"),
        (("--age", "young"), 2, "--age: .young. is no age"),
        (("--age", "131"), 2, "--age: .131. is not an age"),
        (("--age", "9" * 5000), 2, "--age: .9{40}.... is no"),
        (("--point", "35.4,-78.8"), 2, "say the same place in two ways"),
        (("--admitted", "2026-10-30"), 2, "--level inpatient"),
        (("--file", "f.csv"), 2, "leave the other options out"),
        (("--member", "M1"), 2, "--member and --members FILE go together"),
    ],
)
def test_a_request_that_cannot_be_is_one_line_with_the_right_exit_code(
    run: Run, arguments: tuple[str, ...], code: int, says: str
) -> None:
    refused = run(*_instead(*arguments)).refused(code)
    assert re.search(says, refused), refused
    assert _json(run("request", "list", "--format", "json")) == []


def test_a_request_without_consumer_or_place_is_asked_for_one(run: Run) -> None:
    base = ("request", "open", "--service", "SAIOP", "--received", "2026-10-29", "--requester", "A")
    assert "no place is given" in run(*base).refused(2)
    assert "not where they live" in run(*base, "--consumer-ref", "R1", "--site-zip", "27546").refused(2)
    assert run(*base, "--site-zip", "27546").code == 0


FORMS = {
    "form.csv": "service,zip,received,requester,consumer_ref\nSAIOP,27546,2026-10-29,A,R1\nPSR,28301,2026-10-29,A,R2\n",
    "form.toml": """
[[request]]
service = "SAIOP"
zip = "27546"
received = 2026-10-29T10:00:00
requester = "A"
consumer_ref = "R1"
urgent = true
[[request]]
service = "PSR"
zip = "28301"
received = "2026-10-29"
requester = "A"
consumer_ref = "R2"
age = 41
""",
    "form.json": """[
{"service": "SAIOP", "zip": "27546", "received": "2026-10-29", "requester": "A", "consumer-ref": "R1"},
{"service": "PSR", "zip": "28301", "received": "2026-10-29", "requester": "A", "consumer-ref": "R2", "age": null}
]""",
}


@pytest.mark.parametrize("name", FORMS)
def test_a_form_of_two_opens_two(run: Run, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(FORMS[name], encoding="utf-8")
    ids = [row["id"] for row in _json(run("request", "open", "--file", str(tmp_path / name), "--format", "json"))]
    rows = _json(run("request", "list", "--format", "json"))
    assert [(row["id"], row["service_key"]) for row in rows] == list(zip(ids, ("saiop", "psr"), strict=True))


def test_a_form_with_faults_names_every_row_and_opens_nothing(run: Run, tmp_path: Path) -> None:
    form = tmp_path / "form.csv"
    form.write_text(
        "service,zip,received,requester,consumer_ref\nSAIOP,27546,2026-10-29,A,R1\nTCM,27546,2026-10-29,A,R2\n"
        "PSR,2754,2026-10-29,A,R3\n",
        encoding="utf-8",
    )
    refused = run("request", "open", "--file", str(form)).refused(3)
    assert "nothing was opened" in refused
    assert "row 3: 'TCM' may mean" in refused
    assert "row 4: zip: The ZIP code has 4 digits" in refused
    assert _json(run("request", "list", "--format", "json")) == []


HEAD = "service,received,requester"


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.csv", "", "holds no request"),
        ("a.csv", HEAD + ",colour\n", "no fact of a request is called 'colour'"),
        ("a.csv", HEAD + ",service\n", "the column service stands twice"),
        ("a.csv", HEAD + "\nSAIOP,2026-10-29,A,x\n", "row 2 has more cells than the header"),
        ("a.csv", "npi,provider_name\n1234567893,A Clinic\n", "is no form of requests: it says nowhere service"),
        ("a.csv", "x" * 161_000 + "\n", "is no form of requests"),
        ("a.csv", HEAD + "," + "y" * 100_000 + "\n", "no fact of a request is called 'yyyy"),
        ("a.csv", HEAD + '\nSAIOP,"2026-10-29\n', "a quotation mark is not closed"),
        ("a.json", "{", "is no JSON"),
        ("a.json", "[1]", "must be a table of facts"),
        ("a.json", "[" * 200_000, "is no JSON"),
        ("a.json", '[{"service": "SAIOP", "age": ' + "9" * 5000 + "}]", "is no JSON"),
        ("a.json", '{"service": ["SAIOP"], "received": "2026-10-29", "requester": "A"}', "a fact is one value"),
        ("a.toml", "[[request", "is no TOML"),
        ("a.pdf", "x", "a form is a .csv, .toml or .json file"),
    ],
)
def test_a_form_that_is_none_is_one_line(run: Run, tmp_path: Path, name: str, text: str, says: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    refused = run("request", "open", "--file", str(tmp_path / name)).refused(3)
    assert says in refused
    assert len(refused) < 700
    assert "cannot be read" in run("request", "open", "--file", str(tmp_path / "absent.csv")).refused(3)


def test_a_roster_and_a_picture_given_as_a_form_are_one_short_line(run: Run, tmp_path: Path) -> None:
    assert run("demo", str(tmp_path / "demo")).code == 0
    roster = run("request", "open", "--file", str(tmp_path / "demo" / "roster.csv")).refused(3)
    assert "roster.csv is no form of requests: it says nowhere received, requester" in roster
    (tmp_path / "form.csv").write_bytes(bytes(range(256)) * 600)
    assert "no text in UTF-8" in run("request", "open", "--file", str(tmp_path / "form.csv")).refused(3)


def test_a_form_of_many_faults_names_the_first_and_quotes_no_slipped_cell(run: Run, tmp_path: Path) -> None:
    form = tmp_path / "form.csv"
    row = "SAIOP,27546,2026-10-29,A,R1,Maria Lopez,MARIA\n"
    form.write_text("service,zip,received,requester,consumer_ref,age,urgent\n" + row * 500, encoding="utf-8")
    refused = run("request", "open", "--file", str(form)).refused(3)
    assert "row 2: age: the value is not an age in whole years." in refused
    assert refused.endswith("And 490 more rows.")
    assert "maria" not in refused.casefold()
    assert len(refused) < 1000


def test_what_is_not_there_or_not_possible_is_one_line(run: Run, tmp_path: Path) -> None:
    for arguments in (
        ("show", "REQ-9"),
        ("decide", "REQ-9"),
        ("event", "REQ-9", "withdrawn"),
        ("confirm", "REQ-9", "--by", "A"),
    ):
        assert "no request REQ-9" in run("request", *arguments).refused(2)
    one = _opened(run, *OPEN)
    assert "out of order. Allowed now: completed" in run("request", "event", one, "executed").refused(2)
    assert "--format: 'yaml' is not one of text, json" in run("request", "show", one, "--format", "yaml").refused(2)
    assert "not one of" in run(*_instead("--consumer-ref", "REF-2"), "--format", "yaml").refused(2)
    assert [each["id"] for each in _json(run("request", "list", "--format", "json"))] == [one], "nothing was opened"
    assert "is not written as a day" in run("request", "decide", one, "--as-of", "yesterday").refused(2)
    assert "cannot be written" in run("request", "decide", one, "--record", str(tmp_path / "no" / "r.json")).refused(3)
    assert "no such network file" in run("request", "decide", one, "--network", str(tmp_path / "no.gpkg")).refused(3)
    for host in ("127.0.0.1:1", "no-such-host.invalid"):
        refused = run("request", "list", "--casebook", f"postgresql://a:hunter2@{host}/b").refused(5)
        assert "does not answer" in refused
        assert "hunter2" not in refused
    for url in ("postgresql://a:hunter2@127.0.0.1:port/b", "mysql://a:hunter2@127.0.0.1/b", "a:hunter2@h://x"):
        refused = run("request", "list", "--casebook", url).refused(2)
        assert "hunter2" not in refused
    (tmp_path / "notes.txt").write_text("these are notes, no casebook\n" * 99, encoding="utf-8")
    assert "no casebook" in run("request", "list", "--casebook", str(tmp_path / "notes.txt")).refused(3)


def test_only_what_could_change_the_outcome_is_still_to_verify(run: Run) -> None:
    def still(*arguments: str) -> list[str]:
        page = run("request", "decide", _opened(run, *_instead(*arguments))).out
        told = page.partition("Still to verify:\n")[2].partition("\n\n")[0]
        return re.findall(r"^  - (\w+):", told, re.M)

    assert still() == []
    assert still("--consumer-ref", "R2", "--client-specific", "Y", "--nctracks", "Y", "--zip", "27540") == []
    inpatient = ("--service", "ip_adult", "--level", "inpatient", "--admitted", "2026-10-29T02:00")
    assert still("--consumer-ref", "R3", *inpatient) == []
    assert still("--consumer-ref", "R4", "--service", "actt") == ["client_specific"]
    assert still("--consumer-ref", "R5", "--service", "actt", "--client-specific", "Y") == ["nctracks_ok"]


def test_what_waits_for_somebody_else_says_for_whom_and_not_what_was_done(run: Run) -> None:
    one = _opened(run, *_instead("--service", "ACTT", "--client-specific", "Y", "--nctracks", "Y"))
    assert run("request", "decide", one).code == 0
    assert run("request", "confirm", one, "--by", "A. Lee").code == 0
    assert run("request", "event", one, "sar_sent").code == 0
    [clock] = _json(run("request", "due", "--format", "json"))
    assert clock["next_step"].startswith("Waiting for the provider: ")
    assert "Confirm and send" not in run("request", "due").out


def test_words_that_are_no_event_state_or_id_are_refused_with_what_there_is(run: Run) -> None:
    one = _opened(run, *OPEN)
    assert "Did you mean list_sent? Known: completed" in run("request", "event", one, "list-sent").refused(2)
    assert "recorded by its own command: adequacy request confirm" in run(
        "request", "event", one, "overridden"
    ).refused(2)
    assert "'nope' is no state of a request. Known: APPROVED" in run("request", "list", "--state", "nope").refused(2)
    assert run("request", "list", "--state", "received").out.endswith("1 request\n")
    assert run("request", "show", f" {one.casefold()} ").out.startswith(f"{one}: RECEIVED\n")


def test_a_calendar_on_standard_output_stands_there_alone(run: Run) -> None:
    _opened(run, *OPEN)
    ran = run("request", "due", "--ics", "-")
    assert ran.out.startswith("BEGIN:VCALENDAR")
    assert ran.out.rstrip().endswith("END:VCALENDAR")


def test_a_page_of_a_request_stops_until_a_person_has_looked_and_counts_name_counties(run: Run) -> None:
    one = _opened(run, *_instead("--service", "ACTT", "--client-specific", "N"))
    assert run("request", "decide", one).code == 0
    page = run("request", "show", one).out
    assert "\nFinding    gap\n" in page
    assert "STOP. A person must look before anything leaves:\n  - rule R09" in page
    assert "Harnett County, NC" in run("request", "stats").out
    assert run("request", "confirm", one, "--by", "A. Lee").code == 0
    assert "STOP" not in run("request", "show", one).out
    early = run("request", "event", one, "letter_sent", "--at", "2026-10-30T10:00")
    assert early.err == "letter_sent lies before its confirmation, as told. Check --at of both.\n"


def test_a_summary_of_past_decisions_repeats_no_place_and_fits(run: Run, tmp_path: Path) -> None:
    assert run("demo", str(tmp_path / "d")).code == 0
    page = run("backtest", str(tmp_path / "d" / "past_decisions.csv"), "--out", str(tmp_path / "o.csv")).out
    told = page.partition("Cannot be decided because\n")[2]
    assert "the coordinates cannot be a place" in told
    assert not re.search(r"-?\d+\.\d+|\d{5}", told)
    assert max(map(len, page.splitlines())) <= 80


def test_a_decision_bears_the_moment_that_is_told_and_is_the_same_on_every_day(run: Run, tmp_path: Path) -> None:
    one = _opened(run, *OPEN)
    decide = ("request", "decide", one, "--record", str(tmp_path / "r.json"), "--at")
    assert "lies in the future" in run(*decide, "2190-01-01T09:00").refused(2)
    assert "before the request was received" in run(*decide, "2026-10-29T12:00").refused(2)
    assert run(*decide, "2026-11-02T10:00").code == 0
    [_, event] = _json(run("request", "show", one, "--format", "json"))["events"]
    assert (event["name"], event["at"]) == ("decided", "2026-11-02T10:00:00-05:00")
    record = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert record["created_at_utc"].startswith("2026-11-02T15:00:00")
    assert record["decided_on"] == "2026-11-01", "the demo's own day"
    assert "before decided, on which it rests" in run(*decide, "2026-11-02T09:00").refused(2)


def test_a_decision_told_with_its_moment_is_the_same_record_on_every_day(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = []
    for day in (3, 30):
        monkeypatch.setattr(desk, "now", lambda day=day: datetime(2026, 11, day, 12, tzinfo=UTC))
        book = ("--casebook", str(tmp_path / f"{day}.sqlite"))
        one = _opened(run, *OPEN, *book)
        file = tmp_path / f"{day}.json"
        assert run("request", "decide", one, "--at", "2026-11-02T10:00", "--record", str(file), *book).code == 0
        written.append(file.read_bytes())
    assert written[0] == written[1]


def test_a_decision_is_by_the_roster_of_its_day(run: Run, tmp_path: Path) -> None:
    plan = tmp_path / "plan.gpkg"
    rows = "provider_name,service,zip5,contract_status,contract_to,credential_status,nctracks_status\n"
    (tmp_path / "r.csv").write_text(f"{rows}A,SAIOP,27546,active,2026-11-04,approved,active\n", encoding="utf-8")
    built = ("network", "build", str(tmp_path / "r.csv"), "--out", str(plan), "--roster-date", "2026-11-01")
    assert run(*built).code == 0
    for day, counted in (("2026-11-04", 1), ("2026-11-05", 0)):
        one = _opened(run, *OPEN)
        at = ("--at", f"{day}T23:30", "--network", str(plan), "--format", "json")
        record = _json(run("request", "decide", one, *at))
        assert (record["decided_on"], len(record["answer"]["sites"])) == (day, counted)


def test_a_date_before_the_first_rule_cannot_be_decided(run: Run) -> None:
    early = _opened(run, *[each if each != "2026-10-29T12:15" else "2019-05-01" for each in OPEN])
    assert "2020-10-12" in run("request", "decide", early).refused(4)


def test_policy_decide_answers_the_table_alone(run: Run, tmp_path: Path) -> None:
    header = (
        "id,consumer_identified,contracted_in_30mi,accessible,client_specific,requester_contracted,nctracks_ok,"
        "tp_closed_service"
    )
    (tmp_path / "facts.csv").write_text(f"{header}\n1,Y,Y,N,Y,N,Y,Y\n2,N,I,U,U,N,U,Y\n", encoding="utf-8")
    done = run("policy", "decide", str(tmp_path / "facts.csv"), "--out", str(tmp_path / "out.csv"))
    assert done.code == 0
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = ("rule_trail", "outcome", "letter", "clock", "human_review")
    assert [[row[name] for name in names] for row in rows] == [
        ["R07>R12", "APPROVED_TO_CONTINUE", "L4", "oon_sar_return", "N"],
        ["R03", "CLOSED_NO_CONSUMER_GAP_FLAGGED", "L1", "provider_list", "Y"],
    ]
    wrong = run("policy", "decide", str(tmp_path / "absent.csv"), "--out", str(tmp_path / "out.csv"))
    assert "cannot be read" in wrong.refused(3)


def test_the_demos_log_is_replayed_with_a_reason_for_every_row(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    counts = _json(run("backtest", str(DEMO / "past_decisions.csv"), "--out", str(out), "--format", "json"))
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with (DEMO / "past_decisions.csv").open(encoding="utf-8", newline="") as file:
        assert [row["id"] for row in csv.DictReader(file)] == [row["id"] for row in rows]
    assert {row["agrees"] for row in rows} == {"yes", "no", "undecidable"}
    assert all(row["why"] for row in rows)
    assert counts["agrees"]["no"] == sum(row["agrees"] == "no" for row in rows) > 10
    ended = [
        row for row in rows if row["reason"] == "counted a site whose contract had ended" and row["agrees"] == "no"
    ]
    assert ended
    assert all("contract_ended" in row["why"] for row in ended)
    assert "They part company" in run("backtest", str(DEMO / "past_decisions.csv"), "--out", str(out)).out
    (tmp_path / "bad.csv").write_text("id,received\n1,2026-01-01\n", encoding="utf-8")
    assert "no column service" in run("backtest", str(tmp_path / "bad.csv"), "--out", str(out)).refused(3)


def test_the_origin_is_the_consumer_and_without_one_the_requesters_site() -> None:
    from adequacy.determination.asking import origin_of

    assert origin_of(request(site_zip="28301")).zip5 == "27546"
    assert origin_of(request(consumer_ref="", zip="", site_zip="28301")).zip5 == "28301"
    assert origin_of(request(consumer_ref="a consumer", site_zip="28301")).zip5 == "28301"
    assert origin_of(request(consumer_ref="")) == locate_zip("27546")


def _overlay(folder: Path, *reviews: str) -> tuple[str, str]:
    """An overlay with the strict reading switched on, and reviews."""
    folder.mkdir(exist_ok=True)
    (folder / "settings.yaml").write_text(STRICT, encoding="utf-8")
    head = "plan,service_key,from,to,is_closed,by,confidence,source"
    (folder / "closed_reviews.csv").write_text("\n".join((head, *reviews)) + "\n", encoding="utf-8")
    return ("--policy", str(folder))


def test_the_strict_reading_is_switched_on_by_an_overlay_and_waits_for_the_review(run: Run, tmp_path: Path) -> None:
    strict = _overlay(tmp_path / "overlay")
    named = _opened(run, *OPEN, *strict)
    nobody = _opened(
        run, "request", "open", "--service", "SAIOP", "--site-zip", "27546", "--received", "2026-10-29",
        "--requester", "B Clinic", *strict,
    )  # fmt: skip

    def decided(one: str) -> tuple[Any, ...]:
        record = tmp_path / f"{one}.json"
        assert run("request", "decide", one, "--record", str(record), *strict).code == 0
        view = _json(run("request", "show", one, "--format", "json", *strict))
        same = run("record", "verify", str(record), *strict)
        assert (same.code, same.out.split(":")[0]) == (0, "IDENTICAL")
        names = ("rule_trail", "outcome", "letter", "human_review", "state")
        return (*(view[name] for name in names), view["facts"]["tp_closed_service"])

    assert decided(named) == (["R08"], "LEGAL_CHECK_LIST", "L2", "Y", "LEGAL_REVIEW", "U")
    assert decided(nobody) == (["R04"], "LEGAL_CHECK", None, "Y", "LEGAL_REVIEW", "U")
    assert "nothing to confirm" in run("request", "confirm", nobody, "--by", "A", *strict).refused(2)
    # counsel has reviewed the service as open: the closed-network wording stays out of it
    _overlay(tmp_path / "overlay", "alliance,saiop,2026-10-30,,N,C. Sel,V,memo of counsel")
    assert decided(named)[0] == ["R08"]
    assert decided(nobody)[0] == ["R04"]
    # reviewed as closed: the usual way
    _overlay(tmp_path / "overlay", "alliance,saiop,2026-10-30,,Y,C. Sel,V,memo of counsel")
    assert decided(named) == (["R05"], "CLOSED_PROVIDERS_AVAILABLE", "L2", "N", "CLOSED_PROVIDERS_AVAILABLE", "Y")
    assert decided(nobody)[:2] == (["R02"], "CLOSED_NO_CONSUMER")
    # without the overlay the text of 2020-10-12 closes every service
    assert run("request", "decide", named).code == 0
    assert _json(run("request", "show", named, "--format", "json"))["rule_trail"] == ["R05"]


def test_an_override_is_shown_explained_and_counted_and_the_record_still_verifies(run: Run, tmp_path: Path) -> None:
    one = _opened(run, *OPEN)
    run("request", "decide", one, "--record", str(tmp_path / "r.json"), "--by", "C. Day")
    told = ("--by", "A. Lee", "--second", "B. Cruz", "--override", "L4", "--reason", "the only site burned down")
    said = run("request", "confirm", one, *told)
    assert said.out.splitlines()[0] == f"{one}: L4 confirmed by A. Lee, second reviewer B. Cruz"
    shown = run("request", "show", one).out
    explained = run("record", "explain", one).out
    counted = run("request", "stats").out
    for page in (said.out, shown, explained, counted):
        assert max(map(len, page.splitlines())) <= 80
    flat = " ".join(explained.split())
    assert "overridden by A. Lee, second reviewer B. Cruz: APPROVED_TO_CONTINUE (L4) in the place of" in flat
    assert "because: the only site burned down" in flat
    assert "decided by C. Day" in flat
    assert "by the override: Confirm and send L4 with the OON SAR form" in flat
    assert "overrides of this service: 1 of 1 decided (100.0 %)" in flat
    assert "the only site burned down" in " ".join(shown.split())
    assert "1 of 1 decided (100.0 %)" in counted
    run("record", "export", one, "--out", str(tmp_path / "again.json"))
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "r.json").read_bytes()
    assert run("record", "verify", str(tmp_path / "again.json")).code == 0
    assert "--override LETTER_OR_OUTCOME and --reason" in run(
        "request", "confirm", one, "--by", "A. Lee", "--override", "L5"
    ).refused(2)
    assert "same person" in run("request", "confirm", one, "--by", "A. Lee", "--second", "a. lee").refused(2)
