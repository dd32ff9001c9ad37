"""Letters: each says what its row of the catalogue asks, in plain words, and nothing about the consumer."""

from __future__ import annotations

import io
import re
import runpy
import sys
from datetime import date
from html.parser import HTMLParser
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import adequacy as aq
from adequacy.casebook import open_casebook
from adequacy.errors import InputError, MissingExtra, NotDecidable, OutputError, UsageError
from adequacy.outputs.escape import escape_terminal
from adequacy.outputs.gap_brief import shown_counts
from adequacy.outputs.letter_file import TEMPLATES, check_template, fields, make_letter
from adequacy.outputs.twins import letter_blocks
from adequacy.policy import load_policy
from tests.hostile import ATTACKS
from tests.letters import SECRETS, WAYS, Worked, work

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adequacy.api import Network

POLICY = load_policy()
CODES = tuple(WAYS)
LIST = "list: name, site address, phone, service, distance band, ages served, accepting status and verification date"
#: Each thing that a letter must contain, as `letters.csv` names it, and the words that show it.
MUST: dict[str, dict[str, str]] = {
    "L0": {
        "what is missing": r"What is missing\s+-+\s+- The reason why the consumer needs this provider",
        "reply-by date": r"Reply by November 5, 2026",
        "secure channel": r"secure channel",
        "no consumer PHI beyond reference number": r"Our reference: +REQ-2026-",
    },
    "L1": {
        '"at this time the network is closed"': r"At this time the network is closed",
        "basis = provider type and location": r"Based on a review of provider type and location",
        "unable to move forward with application": r"unable to move forward with the application process",
        "contact": r"Contact\s+-+\s+Provider Network, telephone",
        "reapply/needs-list pointer": r"list of services we need.*apply again",
        "no consumer data": r"does not name a consumer",
    },
    "L2": {
        '"at this time our network is closed"': r"At this time our network is closed",
        "basis = provider type": r"Based on a review of provider type",
        "current providers available to serve the consumer(s)": (
            r"has current providers available to serve the consumer\(s\)"
        ),
        LIST: (
            r"Contracted providers: Substance Abuse Intensive.*Provider and site:.*Address:.*Phone and e-mail:.*"
            r"Distance \(miles\): +0-10.*Ages:.*Accepting new people:.*last verified, \d{4}-"
        ),
        "within 7 calendar days": r"within 7 calendar days",
        "member help line": r"member help line: \[member and recipient services line\]",
        "consumer by reference number only": r"We name the consumer by this number alone",
    },
    "L3": {
        "service/site needing enrolment": r"Service: Assertive Community Treatment Team",
        "taxonomy + location": r"Taxonomy: 261QR0405X\s+- Location: ZIP 27501",
        "how to tell plan when done": r"When it is done, tell us by e-mail",
        "request stays open": r"Your request stays open",
        "interim arrangement contact": r"interim arrangement call \[provider network telephone\]",
    },
    "L4": {
        "network approval is not authorization": r"This network approval is not an authorization",
        "OON SAR form": r"\(OON SAR\) form that comes with this letter",
        "two-week date": r"two weeks from the day you receive.*last day is November 17, 2026",
        "attachments: comprehensive clinical assessment, person-centered plan, service order": (
            r"comprehensive clinical assessment, the person-centered plan and the service order"
        ),
        "UM mailbox": r"UM at \[UM department mailbox for the OON SAR\]",
        "payment disclaimer": r"Authorization of services does not guarantee payment for services rendered\.",
    },
    "L4a": {
        "as L4 + service/site to be added": (
            r"This network approval is not an authorization.*would be added to your contract.*Service: Assertive.*"
            r"Site: ZIP 27501.*form that comes with this letter.*comprehensive clinical assessment.*UM at \[UM dep.*"
            r"November 17, 2026.*does not guarantee payment"
        ),
    },
    "L5": {
        "reason (42 CFR 438.12(a)(1))": r"42 CFR 438\.12\(a\)\(1\).*The reason in one sentence",
        "evidence date": r"network as it was on November 1, 2026 and decided on November 2, 2026",
        "alternatives": r"What else is possible",
        "dispute route per provider manual": r"dispute this decision\. The steps are in the provider manual",
    },
    "L6": {
        "agreement + required documents": r"Single Client Application/Agreement and the other documents",
        "14-calendar-day date": r"14 calendar days.*last day is November 17, 2026",
        "Contract Administrator": r"Contract Administrator",
        "authorization number": r"Authorization number: +AUTH-77",
        "payment disclaimer": r"does not guarantee payment",
    },
    "L7": {
        "amendment": r"amendment to your contract",
        "14-calendar-day date": r"14 calendar days.*last day is November 17, 2026",
    },
    "L12": {
        "start of Single Client Application/Agreement": (
            r"now begins the Out-of-Network Single Client Application/Agreement"
        ),
        "payment disclaimer": r"does not guarantee payment",
    },
    "L13": {
        "what lapsed": r"clinical documents emailed to UM: due on November 17, 2026",
        "how to restart": r"How to start again",
        "member continuity contact (001 silent -> a person decides)": r"Care for the consumer.*call us at once",
    },
    "L14": {
        "counts, service, county/area, no consumer point, small cells suppressed": (
            r"Service: +Assertive Community Treatment Team.*Area: +Harnett County.*Requests with a gap in all counties:"
            r" +fewer than 11.*It shows no consumer.*Counts of requests from 1 to 10 are not shown"
        ),
    },
}
#: What every letter from L0 to L7 says besides.
EVERY = (
    r"November 3, 2026", r"Our reference: +REQ-2026-\d{6}", r"received October 29, 2026", r"Service reviewed:",
    r"Site reviewed: +ZIP 27501", r"in force from October 12, 2020", r"Roster of November 1, 2026",
    r"Decided by: +not confirmed yet", r"What|How|If", r"telephone \[provider network telephone\]",
    r"A later published rule text \(2025-12", r"Demo network",
)  # fmt: skip


@pytest.fixture(scope="module")
def net() -> Iterator[Network]:
    with aq.demo_network() as opened:
        yield opened


@pytest.fixture(scope="module")
def worked(net: Network, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Worked]]:
    """One request for each letter, its letter due and not confirmed."""
    folder = tmp_path_factory.mktemp("letters")
    with open_casebook(folder / "book.sqlite", net.policy) as book:
        yield {code: work(book, net, code) for code in CODES}


@pytest.fixture(scope="module")
def texts(worked: dict[str, Worked], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Every letter as text."""
    folder = tmp_path_factory.mktemp("texts")
    made = {}
    for code, request in worked.items():
        request.write(code, folder / f"{code}.txt")
        made[code] = (folder / f"{code}.txt").read_text(encoding="utf-8")
    return made


def flat(text: str) -> str:
    """Text with its line breaks taken out, so that a phrase is found wherever it was wrapped."""
    return re.sub(r"\s+", " ", text)


@pytest.mark.parametrize("code", CODES)
def test_a_letter_contains_all_that_the_catalogue_asks(texts: dict[str, str], code: str) -> None:
    assert set(MUST[code]) == set(POLICY.letters[code].must_contain), "letters.csv and this test have parted"
    for what, words in MUST[code].items():
        assert re.search(words.replace(r"\s+", " ").replace("-+ ", "-+ "), flat(texts[code]), re.DOTALL), what


@pytest.mark.parametrize("code", ["L0", "L1", "L2", "L3", "L4", "L4a", "L5", "L6", "L7"])
def test_letters_to_a_requester_say_date_reference_rule_roster_and_contact(texts: dict[str, str], code: str) -> None:
    for words in EVERY:
        assert re.search(words, flat(texts[code])), words
    assert "The reason in one sentence" in flat(texts[code]) or code == "L0"


@pytest.mark.parametrize("code", CODES)
def test_a_letter_names_its_template_and_version_in_the_footer(texts: dict[str, str], code: str) -> None:
    assert re.search(rf"Letter {code}, template version \S+\. REQ-2026-\d{{6}}\.\s*$", texts[code])


@pytest.mark.parametrize("code", CODES)
def test_a_letter_is_a_draft_until_a_named_person_confirms(
    worked: dict[str, Worked], code: str, tmp_path: Path
) -> None:
    drafted = worked[code].write(code, tmp_path / "draft.txt")
    final = worked[code].write(code, tmp_path / "final.txt", confirmed_by="A. Lee")
    assert (drafted.is_draft, final.is_draft) == (True, False)
    assert (tmp_path / "draft.txt").read_text(encoding="utf-8").startswith("DRAFT. Do not send")
    told = (tmp_path / "final.txt").read_text(encoding="utf-8")
    assert "DRAFT" not in told
    assert "A. Lee" in told


def test_a_confirmation_in_the_casebook_ends_the_draft(net: Network, tmp_path: Path) -> None:
    with open_casebook(tmp_path / "book.sqlite", net.policy) as book:
        request = work(book, net, "L4", confirmed=True)
        assert not request.write("L4", tmp_path / "l.txt").is_draft
    assert "A. Lee, November 2, 2026" in (tmp_path / "l.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("code", CODES)
def test_a_letter_says_nothing_of_the_consumer_but_the_reference(texts: dict[str, str], code: str) -> None:
    own = texts[code].partition("Contracted providers: ")[0]
    for secret in SECRETS:
        assert secret not in own
    assert not re.search(r"-?\d{2}\.\d{3,}", own), "a coordinate"


@pytest.mark.parametrize("code", CODES)
def test_payment_disclaimer_stands_where_something_is_approved(texts: dict[str, str], code: str) -> None:
    said = POLICY.plan.terms["payment_disclaimer"] in flat(texts[code])
    assert said or not POLICY.letters[code].payment_disclaimer
    assert said is (code in ("L4", "L4a", "L6", "L7", "L12"))


@pytest.mark.parametrize("code", CODES)
def test_a_letter_reads_at_grade_ten_or_lower(worked: dict[str, Worked], code: str, tmp_path: Path) -> None:
    worked[code].write(code, tmp_path / "l.docx", confirmed_by="A. Lee")
    blocks = letter_blocks((tmp_path / "l.docx").read_bytes())
    cut = next((place for place, block in enumerate(blocks) if block.kind == "list"), len(blocks))
    body = [block.text for block in blocks[:cut] if block.kind in ("text", "bullet", "strong", "heading", "title")]
    assert grade(body) <= 10, f"{code}: grade {grade(body):.1f}"


def test_a_letter_speaks_right_and_tells_nobody_what_counsel_must_settle(texts: dict[str, str]) -> None:
    for code, text in texts.items():
        flat = " ".join(text.split())
        assert not re.search(r"\b[Aa] (?!one|UM|uni|use)[aeiouAEIOU]|\b[Aa]n (?!hour|OON)[^aeiouAEIOU]", flat), code
        assert "counsel must" not in flat, code


def grade(paragraphs: list[str]) -> float:
    """Flesch-Kincaid grade: 0.39 words a sentence + 11.8 syllables a word - 15.59."""
    pieces = [piece for text in paragraphs for piece in re.split(r"(?<=[.!?:;])\s+", text)]
    words = [word for piece in pieces for word in re.findall(r"[A-Za-z]+(?:'[a-z]+)?", piece)]
    sentences = sum(bool(re.search("[A-Za-z]", piece)) for piece in pieces)
    return 0.39 * len(words) / sentences + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


def syllables(word: str) -> int:
    """Groups of vowels, a silent e left out."""
    low = word.lower()
    groups = len(re.findall(r"[aeiouy]+", low))
    return max(groups - (low.endswith("e") and not low.endswith(("le", "ee")) and groups > 1), 1)


def test_the_measure_of_reading_knows_easy_from_hard() -> None:
    assert grade(["The cat sat on the mat. It was a hot day."]) < 2
    assert grade(["Notwithstanding institutional deliberations, organizational authorization necessitates "
                  "comprehensive administrative documentation."]) > 20  # fmt: skip
    assert [syllables(word) for word in ("needed", "table", "the", "care", "network")] == [2, 2, 1, 1, 2]


def test_an_l2_on_which_nobody_is_known_to_take_people_is_refused(worked: dict[str, Worked], tmp_path: Path) -> None:
    request = worked["L2"]
    sites = [{**site, "panel_status": "unknown"} for site in request.record["answer"]["sites"]]
    record = {**request.record, "answer": {**request.record["answer"], "sites": sites}, "contact_log": []}
    with pytest.raises(NotDecidable, match=r"L2 is refused.*call-sheet"):
        Worked(request.book, request.policy, record, request.case).write("L2", tmp_path / "l.docx")
    assert not (tmp_path / "l.docx").exists()


def test_an_l2_for_a_service_under_review_does_not_say_that_the_network_is_closed(
    worked: dict[str, Worked], tmp_path: Path
) -> None:
    request = worked["L2"]
    record = {**request.record, "inputs": {**request.record["inputs"], "tp_closed_service": "U"}}
    Worked(request.book, request.policy, record, request.case).write("L2", tmp_path / "l.txt")
    told = flat((tmp_path / "l.txt").read_text(encoding="utf-8"))
    assert "network is closed" not in told
    assert "current providers available to serve the consumer(s)" in told


def test_l8_is_never_written_here(worked: dict[str, Worked], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"L8.*Utilization Management.*Hand the case over to UM"):
        worked["L4"].write("L8", tmp_path / "l.docx")


@pytest.mark.parametrize("code", ["L2", "L6", "L9", "L99"])
def test_a_letter_that_is_not_due_is_refused(worked: dict[str, Worked], code: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no letter L99|not due: the letter due now is L4"):
        worked["L4"].write(code, tmp_path / "l.docx")


def test_a_letter_on_facts_that_changed_is_refused(worked: dict[str, Worked], tmp_path: Path) -> None:
    request = worked["L4"]
    stale = Worked(request.book, request.policy, request.record, {**request.case, "is_stale": True})
    with pytest.raises(UsageError, match="decide the request again"):
        stale.write("L4", tmp_path / "l.docx")


def test_a_packet_without_an_authorization_number_says_how_to_give_it(
    worked: dict[str, Worked], tmp_path: Path
) -> None:
    request = worked["L6"]
    events = [{key: value for key, value in each.items() if key != "authorization"} for each in request.case["events"]]
    bare = Worked(request.book, request.policy, request.record, {**request.case, "events": events})
    with pytest.raises(UsageError, match=r"L6 needs authorization_number.*--authorization NUMBER"):
        bare.write("L6", tmp_path / "l.docx")


def test_a_letter_that_is_late_asks_for_no_reply_before_its_own_day(worked: dict[str, Worked], tmp_path: Path) -> None:
    worked["L0"].write("L0", tmp_path / "l.txt", on=date(2026, 11, 24))
    assert "Reply by November 24, 2026" in (tmp_path / "l.txt").read_text(encoding="utf-8")


def test_a_gap_brief_needs_a_gap(worked: dict[str, Worked], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="L14 is not due"):
        worked["L2"].write("L14", tmp_path / "l.docx")


def test_a_gap_brief_shows_large_counts_and_no_small_one(worked: dict[str, Worked], tmp_path: Path) -> None:
    gaps = [{"service_key": "actt", "county_fips": "37085", "requests": 25},
            {"service_key": "actt", "county_fips": "37183", "requests": 40},
            {"service_key": "saiop", "county_fips": "37085", "requests": 7}]  # fmt: skip
    worked["L14"].write("L14", tmp_path / "l.txt", gaps=gaps)
    told = flat((tmp_path / "l.txt").read_text(encoding="utf-8"))
    assert re.search(r"Requests with a gap in Harnett County: 25 Requests with a gap in all counties: 65 ", told)


def test_no_small_count_can_be_worked_out_from_a_brief() -> None:
    most = 10
    for here, elsewhere in product(range(25), range(25)):
        shown = shown_counts(here, here + elsewhere, most)
        known = [int(text) for text in shown if text.isdigit()]
        if len(known) == len(shown):
            known.append(known[1] - known[0])
        assert not {count for count in known if 1 <= count <= most}, (here, elsewhere)


@pytest.mark.parametrize("kind", [".docx", ".txt", ".html", ".pdf"])
def test_the_same_request_gives_the_same_letter(worked: dict[str, Worked], kind: str, tmp_path: Path) -> None:
    made = [worked["L4"].write("L4", tmp_path / f"{name}{kind}") for name in "ab"]
    if kind != ".pdf":
        assert made[0].sha256 == made[1].sha256


def test_text_and_html_say_what_the_document_says(worked: dict[str, Worked], tmp_path: Path) -> None:
    import html

    worked["L2"].write("L2", tmp_path / "l.docx")
    worked["L2"].write("L2", tmp_path / "l.html")
    worked["L2"].write("L2", tmp_path / "l.txt")
    page = (tmp_path / "l.html").read_text(encoding="utf-8")
    text = flat((tmp_path / "l.txt").read_text(encoding="utf-8"))
    for block in letter_blocks((tmp_path / "l.docx").read_bytes()):
        for words in [block.text, *(cell for row in block.rows for cell in row)]:
            assert all(flat(line) in flat(html.unescape(re.sub("<[^>]+>", " ", page))) for line in words.splitlines())
            assert flat(", ".join(words.splitlines())) in text or block.kind in ("list", "mark", "title")
    for needed in ('lang="en-US"', "<main>", 'scope="row"', 'scope="col"', "Content-Security-Policy"):
        assert needed in page
    assert "<script" not in page


class Nesting(HTMLParser):
    """Elements that are open; an end tag that closes another one fails."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("code", CODES)
def test_elements_of_a_page_are_closed_in_order(worked: dict[str, Worked], tmp_path: Path, code: str) -> None:
    worked[code].write(code, tmp_path / "l.html")
    parser = Nesting()
    parser.feed((tmp_path / "l.html").read_text(encoding="utf-8"))
    assert parser.open == []


HOSTILE = ("{% raw %}", "x\x1b[2Jy", "${1}", "\\a\\n", "]]>", "a\nb", *ATTACKS)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_requester_calls_itself_stays_text(net: Network, tmp_path: Path, text: str) -> None:
    with open_casebook(tmp_path / "book.sqlite", net.policy) as book:
        request = work(book, net, "L4", given={"requester": text, "provider_type": text})
        request.write("L4", tmp_path / "l.docx")
        request.write("L4", tmp_path / "l.html")
    blocks = letter_blocks((tmp_path / "l.docx").read_bytes())
    shown = escape_terminal(text)
    assert any(block.text == shown for block in blocks if block.kind == "line")
    assert "<b>x" not in (tmp_path / "l.html").read_text(encoding="utf-8")


def test_a_missing_pdf_extra_names_the_command(
    worked: dict[str, Worked], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(MissingExtra, match=r'pip install "adequacy\[pdf\]"'):
        worked["L4"].write("L4", tmp_path / "l.pdf")


def test_an_unknown_ending_and_a_missing_folder_are_refused(worked: dict[str, Worked], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.docx, \.txt, \.html, \.pdf"):
        worked["L4"].write("L4", tmp_path / "l.odt")
    with pytest.raises(OutputError, match="cannot be written"):
        worked["L4"].write("L4", tmp_path / "none" / "l.docx")


# --- templates --------------------------------------------------------------------------------------------------------


def edited(folder: Path, code: str, old: str, new: str) -> Path:
    """A template as staff would edit it: some words of a paragraph replaced."""
    from docx import Document

    document = Document(str(TEMPLATES / f"{code}.docx"))
    sections = document.sections[0]
    everywhere = [*document.paragraphs, *sections.header.paragraphs, *sections.footer.paragraphs]
    hits = [run for paragraph in everywhere for run in paragraph.runs if old in run.text]
    assert hits, f"{old!r} is not in the template"
    for run in hits:
        run.text = run.text.replace(old, new)
    document.save(str(folder / f"{code}.docx"))
    return folder


def test_words_that_staff_change_are_in_every_form_of_the_letter(worked: dict[str, Worked], tmp_path: Path) -> None:
    own = edited(tmp_path, "L4", "Your request is approved to continue", "We say yes to the next step")
    for kind in (".txt", ".html"):
        made = worked["L4"].write("L4", tmp_path / f"l{kind}", templates=own)
        assert "We say yes to the next step" in flat(made.path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{{ sar_due }}", "{{ sar_deu }}", "L4.docx: field 'sar_deu' is not known"),
        ("{{ payment_disclaimer }}", "", "L4.docx: field 'payment_disclaimer' is gone"),
        ("{{ draft_mark }}", "", "L4.docx: field 'draft_mark' is gone"),
        ("{{ sar_due }}", "{{ sar_due", "a mark cannot be read"),
        ("Letter L4, template version 1", "Page", "the footer must say 'Letter L4, template version N'"),
        ("Letter L4,", "Letter L5,", "the footer must say 'Letter L4, template version N'"),
        ("{{ sar_due }}", "{{ sar_due.__class__.__mro__ }}", "cannot be filled in"),
        ("{{ sar_due }}", "{{ sar_due }} {{ plan_phone.nothing }}", "cannot be filled in"),
    ],
)
def test_a_wrong_template_is_refused_with_its_name_and_field(
    worked: dict[str, Worked], tmp_path: Path, old: str, new: str, said: str
) -> None:
    own = edited(tmp_path, "L4", old, new)
    with pytest.raises(InputError, match=re.escape(said)):
        worked["L4"].write("L4", tmp_path / "out.docx", templates=own)
    assert not (tmp_path / "out.docx").exists()


def test_a_file_that_is_no_word_document_is_refused(worked: dict[str, Worked], tmp_path: Path) -> None:
    (tmp_path / "L4.docx").write_text("no document", encoding="utf-8")
    with pytest.raises(InputError, match="cannot be read as a Word document"):
        worked["L4"].write("L4", tmp_path / "out.docx", templates=tmp_path)
    with pytest.raises(InputError, match="is no folder"):
        worked["L4"].write("L4", tmp_path / "out.docx", templates=tmp_path / "none")


def test_every_letter_of_ours_has_a_template_and_um_letters_have_none() -> None:
    ours = {code for code, letter in POLICY.letters.items() if letter.written_by == "plan"}
    assert {path.stem for path in TEMPLATES.glob("*.docx")} == ours
    for code in ours:
        check_template(code, TEMPLATES / f"{code}.docx")


def test_every_field_of_the_list_is_used_by_a_template() -> None:
    used = {name for path in TEMPLATES.glob("*.docx") for name in check_template(path.stem, path)[1]}
    assert used == set(fields())


def test_templates_are_what_the_script_makes_of_the_readable_texts() -> None:
    script = Path(__file__).parents[2] / "data" / "build_letters.py"
    builder = runpy.run_path(str(script))
    made = builder["templates"]()
    assert set(made) == {path.name for path in TEMPLATES.glob("*.docx")}
    for name, content in made.items():
        assert builder["parts"](content) == builder["parts"]((TEMPLATES / name).read_bytes()), (
            f"{name} is stale: python data/build_letters.py"
        )


def test_a_letter_with_an_unknown_fact_is_refused_before_it_is_made(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Letter L1 needs "):
        make_letter("L1", {}, tmp_path / "l.docx", policy=POLICY, on=date(2026, 11, 3))


def test_an_l2_of_a_service_that_travels_names_who_comes_from_farther_away(
    worked: dict[str, Worked], tmp_path: Path
) -> None:
    request = worked["L2"]
    far, *near = request.record["answer"]["sites"]
    answer = {**request.record["answer"], "sites": near, "serves_county_beyond_limit": [{**far, "distance_mi": 41.0}]}
    Worked(request.book, request.policy, {**request.record, "answer": answer}, request.case).write(
        "L2", tmp_path / "l.txt"
    )
    told = flat((tmp_path / "l.txt").read_text(encoding="utf-8"))
    assert re.search(r"Farther than 30 miles, but serving the area.*over 30", told)
    assert far["phone"] in told


def test_the_map_of_a_gap_brief_shows_counties_and_every_site_that_counts(
    worked: dict[str, Worked], tmp_path: Path
) -> None:
    from docx import Document
    from PIL import Image

    def drawn(name: str, **given: Any) -> tuple[set[tuple[int, int, int]], str]:
        worked["L14"].write("L14", tmp_path / name, **given)
        document = Document(str(tmp_path / name))
        (part,) = (each.target_part for each in document.part.rels.values() if "image" in each.reltype)
        words = " ".join(paragraph.text for paragraph in document.paragraphs)
        return {colour[1] for colour in Image.open(io.BytesIO(part.blob)).convert("RGB").getcolors(1 << 20)}, words

    dark, dot = (31, 58, 95), (194, 65, 12)
    shown, words = drawn("with.docx", sites=[(-78.6, 35.8), (-80.8, 35.2), (-78.6, 35.8)])
    assert {dark, dot} <= shown
    assert "Dots (2)" in words
    shown, words = drawn("without.docx")
    assert dark in shown
    assert dot not in shown
    assert "Sites are not drawn" in words
