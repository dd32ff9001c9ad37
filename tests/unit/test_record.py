"""The record: one canonical text, a hash that holds, and a new decision that says what differs and why."""

from __future__ import annotations

import copy
import json
import math
import stat
import sys
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adequacy.access import counts_for_gap
from adequacy.api import demo_network
from adequacy.determination import Contact, canonical, determine, read_record, verify, write_record
from adequacy.determination.asking import determine_on
from adequacy.determination.explain import explain
from adequacy.determination.record import content_hash, record_hash, seal
from adequacy.distance import karney_miles
from adequacy.errors import InputError, OutputError, RecordAltered
from tests.requests import POLICY, answer, request, site

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e6, 1e6) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
DAY = date(2026, 11, 1)
CALLED = datetime(2026, 10, 30, 15, tzinfo=UTC)
#: What the audit section of the policy wants to find in a record.
AUDIT = (
    "record_id", "parent_id", "created_at_utc", "request", "consumer", "ruleset", "measure", "origin", "network",
    "candidates", "contact_log", "inputs", "rule_trail", "outcome", "clocks", "letter", "outputs", "reviewers",
    "overrides", "handover", "tool_version", "prev_hash", "hash", "retention", "data", "policy", "standard", "finding",
)  # fmt: skip


def draft(**given: Any) -> dict[str, Any]:
    """A draft of a covered request; ``answer`` and ``request`` changed as given."""
    asked = request(**given.pop("request", {}))
    return determine(asked, answer(**given), policy=POLICY, on=date(2026, 11, 1)).to_draft()


def sealed(**given: Any) -> dict[str, Any]:
    """A sealed record."""
    record, text = seal(
        draft(**given), record_id="REQ-2026-000001.1", parent_id="", created_at_utc="2026-11-02T15:00:00+00:00",
        prev_hash="0" * 64,
    )  # fmt: skip
    assert text == canonical(record)
    assert record["hash"] == record_hash(record)
    return record


@settings(max_examples=60, deadline=None)
@given(PLAIN)
def test_canonical_text_is_read_back_to_the_same_text(value: Any) -> None:
    text = canonical(value)
    assert canonical(json.loads(text)) == text


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text(), PLAIN, min_size=2))
def test_the_order_of_keys_makes_no_difference(value: dict[str, Any]) -> None:
    assert canonical(dict(reversed(value.items()))) == canonical(value)


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, {1: 2}, {"a": {3}}, b"x"])
def test_what_has_no_place_in_a_record_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="record"):
        canonical(value)


def test_minus_zero_is_zero_and_whole_numbers_stay_whole() -> None:
    assert canonical([-0.0, 0.0, 7, 30.0, -1.5]) == "[0.000000000,0.000000000,7,30.000000000,-1.500000000]"


def test_a_record_holds_what_an_auditor_asks_for() -> None:
    assert set(AUDIT) <= set(sealed())


def test_two_runs_give_the_same_bytes(tmp_path: Path) -> None:
    write_record(sealed(), tmp_path / "a.json")
    write_record(sealed(), tmp_path / "b.json")
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    assert read_record(tmp_path / "a.json")["hash"] == sealed()["hash"]
    if sys.platform != "win32":
        assert stat.S_IMODE((tmp_path / "a.json").stat().st_mode) == 0o600


def test_layout_does_not_matter_but_content_does(tmp_path: Path) -> None:
    record = sealed()
    path = tmp_path / "r.json"
    path.write_text(json.dumps(record, indent=4), encoding="utf-8")
    assert read_record(path) == record


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every leaf of a record."""
    if isinstance(value, dict) and value:
        return [leaf for key, inner in value.items() for leaf in _paths(inner, (*path, key))]
    if isinstance(value, list) and value:
        return [leaf for index, inner in enumerate(value) for leaf in _paths(inner, (*path, index))]
    return [path]


def test_a_change_of_any_leaf_of_a_record_is_found(tmp_path: Path) -> None:
    record = sealed(not_counted=[{**site("S2"), "reasons": ["contract_ended"]}])
    path = tmp_path / "r.json"
    leaves = _paths(record)
    assert len(leaves) > 150
    for leaf in leaves:
        altered = copy.deepcopy(record)
        holder: Any = altered
        for step in leaf[:-1]:
            holder = holder[step]
        old = holder[leaf[-1]]
        holder[leaf[-1]] = old + 1 if isinstance(old, (int, float)) and not isinstance(old, bool) else f"{old}x"
        path.write_text(json.dumps(altered), encoding="utf-8")
        with pytest.raises(InputError):  # RecordAltered is one; another schema is refused as a whole
            read_record(path)


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("{", InputError, "not JSON at line 1"),
        ("[]", InputError, "no decision record"),
        ('{"schema": "adequacy.check/1"}', InputError, "no decision record"),
        ('{"schema": "adequacy.record/9"}', InputError, "newer version"),
        ('{"schema": "adequacy.record/1", "outcome": "A", "outcome": "B"}', RecordAltered, "stands twice"),
        ('{"schema": "adequacy.record/1", "x": NaN}', RecordAltered, "altered"),
        ('{"schema": "adequacy.record/1"}', RecordAltered, "its hash says"),
    ],
)
def test_a_file_that_is_no_record_is_refused(tmp_path: Path, text: str, error: type[Exception], says: str) -> None:
    path = tmp_path / "r.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(error, match=says):
        read_record(path)


def test_an_absent_record_and_a_place_that_cannot_be_written_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot be read \(No such file or directory\)\. Check the path"):
        read_record(tmp_path / "absent.json")
    with pytest.raises(OutputError, match="cannot be written"):
        write_record(sealed(), tmp_path / "no" / "r.json")


def test_the_same_sources_give_the_same_record() -> None:
    verified = verify(sealed(), lambda _: draft())
    assert (verified.exit_code, verified.lines()) == (
        0,
        ["IDENTICAL: decided anew, the record comes out the same."],
    )


def test_another_roster_differs_and_says_what() -> None:
    other = {"name": "test", "roster_date": "2026-12-01", "sha256": "b" * 64, "is_demo": True, "defaults": []}
    verified = verify(sealed(), lambda _: draft(finding="gap", network=other))
    text = "\n".join(verified.lines())
    assert verified.exit_code == 10
    assert "The roster is another one: recorded 2026-11-01 aaaaaaaaaaaa, now 2026-12-01 bbbbbbbbbbbb" in text
    assert "finding: recorded covered, now gap" in text


def test_another_roster_with_the_same_answer_still_differs_and_says_so() -> None:
    other = {"name": "test", "roster_date": "2026-11-01", "sha256": "c" * 64, "is_demo": True, "defaults": []}
    verified = verify(sealed(), lambda _: draft(network=other))
    assert verified.exit_code == 10
    assert any("The roster is another one" in line for line in verified.lines())


@pytest.mark.parametrize(
    ("source", "value", "says"),
    [
        ("policy", {"plan": "alliance", "sha256": "d" * 64, "overridden": []}, "The policy changed"),
        ("tool_version", "9.9.9", "The version of adequacy changed"),
        ("data", {"zcta": "2030"}, "The reference data changed"),
    ],
)
def test_a_changed_policy_version_or_data_is_named_and_alone_is_no_difference(
    source: str, value: Any, says: str
) -> None:
    same = verify(sealed(), lambda _: {**draft(), source: value})
    assert same.exit_code == 0
    assert any(says in line and "No effect" in line for line in same.lines())
    other = verify(sealed(), lambda _: {**draft(finding="gap"), source: value})
    assert other.exit_code == 10
    assert any(says in line and "No effect" not in line for line in other.lines())


def test_a_record_forged_with_a_fitting_hash_does_not_follow_from_its_sources() -> None:
    forged = {**sealed(), "outcome": "APPROVED_TO_CONTINUE", "letter": "L4"}
    forged["hash"] = record_hash(forged)
    verified = verify(forged, lambda _: draft())
    assert verified.exit_code == 11
    assert verified.lines()[0].startswith("ALTERED")


def _older_words(record: dict[str, Any]) -> dict[str, Any]:
    """The record as a version with other sentences would have made it."""
    old = {key: value for key, value in record.items() if key != "words_version"}
    old["inputs_why"] = [{**why, "words": "said otherwise then"} for why in record["inputs_why"]]
    old["handover"] = {to: "told otherwise" if words else "" for to, words in record["handover"].items()}
    return old


def test_a_record_with_older_sentences_is_held_to_every_fact_and_not_to_the_sentences() -> None:
    old = _older_words(sealed())
    verified = verify(old, lambda _: draft())
    assert verified.exit_code == 0
    assert verified.lines()[1:] == [
        "  The version of our sentences changed: recorded 1, now 2. No effect on this decision."
    ]
    for forged in ({**old, "outcome": "APPROVED_TO_CONTINUE"}, {**old, "review_reasons": ["one more"]}):
        assert verify(forged, lambda _: draft()).exit_code == 11
    wrong_fact = copy.deepcopy(old)
    wrong_fact["inputs_why"][3]["value"] = "N"
    assert verify(wrong_fact, lambda _: draft()).exit_code == 11


def test_a_record_of_the_same_sentences_is_held_to_them_too() -> None:
    changed = _older_words(sealed()) | {"words_version": draft()["words_version"]}
    assert verify(changed, lambda _: draft()).exit_code == 11


@pytest.mark.parametrize(
    ("panels", "said", "words"),
    [
        (["accepting"], [], "the only site within the limit can take the consumer: the roster says so"),
        (["accepting", "unknown"], [], "1 of 2 sites within the limit can take the consumer: the roster says so"),
        (["unknown"], ["accepting"], "the only site within the limit can take the consumer: a recorded call says so"),
        (["unknown"], ["full"], "the only site within the limit said in a recorded call: we cannot take the consumer"),
        (["unknown"] * 2, ["full"] * 2, "all 2 sites within the limit said in a recorded call: we cannot"),
        (["unknown"] * 2, ["full"], "nobody has confirmed that a site can take the consumer: 1 of 2 answered a call"),
    ],
)
def test_whether_anybody_can_take_the_consumer_is_said_in_a_sentence_that_reads(
    panels: list[str], said: list[str], words: str
) -> None:
    sites = [site(f"S{n}", panel_status=panel) for n, panel in enumerate(panels)]
    calls = [Contact(f"S{n}", "saiop", CALLED, "A. Lee", result) for n, result in enumerate(said)]
    made = determine(request(), answer(sites=sites), policy=POLICY, on=date(2026, 11, 1), contacts=calls).to_draft()
    assert next(why["words"] for why in made["inputs_why"] if why["fact"] == "accessible").startswith(words)


def test_the_last_digits_of_a_distance_and_new_keys_are_no_difference() -> None:
    def later(_: Any) -> dict[str, Any]:
        new = draft()
        new["answer"]["sites"][0]["distance_mi"] += 1e-11
        return {**new, "something_later_versions_say": 1}

    assert verify(sealed(), later).exit_code == 0


def test_a_source_that_changed_without_effect_is_named_and_the_record_is_identical() -> None:
    def later(_: Any) -> dict[str, Any]:
        new = draft()
        other = {"policy": {**new["policy"], "sha256": "f" * 64}, "data": {"new": "vintage"}}
        return {**new, **other, "answer": {**new["answer"], **other, "version": "9.9"}, "tool_version": "9.9"}

    first = sealed(policy={"plan": "alliance", "sha256": "e" * 64, "overridden": []}, data={}, version="0.1.0")
    verified = verify(first, later)
    assert verified.exit_code == 0
    assert set(verified.causes) == {"policy", "data", "code"}


def test_two_decisions_of_the_same_facts_have_one_content_whatever_their_number() -> None:
    one = sealed()
    two, _ = seal(
        draft(), record_id="X.9", parent_id="X.8", created_at_utc="2027-01-01T00:00:00+00:00", prev_hash="1" * 64
    )
    assert one["hash"] != two["hash"]
    assert content_hash(one) == content_hash(two)


def test_an_auditor_finds_an_answer_to_every_question_on_80_columns() -> None:
    text = explain(sealed(not_counted=[{**site("S2", distance_mi=None), "reasons": ["not_located"]}]))
    assert max(map(len, text.splitlines())) <= 80
    for question in (
        "Who asked", "Which rule?", "From where", "Which providers", "in and who was out", "Could they serve",
        "borderline", "client-specific", "facts lead to the outcome", "on time", "What was sent", "What next",
        "learned from a gap", "reproduced", "privacy", "as others are",
    ):  # fmt: skip
        assert question in text
    assert "S2 at not located: not_located" in text
    assert "REF-1" not in text


def test_an_inpatient_record_is_explained_too() -> None:
    asked = request(service="ip_adult", level="inpatient", admitted="2026-10-31T21:30")
    record, _ = seal(
        determine(asked, None, policy=POLICY, on=date(2026, 11, 1)).to_draft(),
        record_id="X.1", parent_id="", created_at_utc="2026-11-02T15:00:00+00:00", prev_hash="0" * 64,
    )  # fmt: skip
    assert "no distance" in explain(record)
    assert record["network"] is None


@pytest.mark.parametrize("service", ["saiop", "mst", "otp", "peer"])
@pytest.mark.parametrize("zip5", ["27546", "28301", "28202"])
def test_the_nearest_sites_beyond_are_those_that_measuring_every_site_finds(service: str, zip5: str) -> None:
    with demo_network() as net:
        asked = request(service=service, zip=zip5)
        made = determine_on(net.file, net.policy, asked, on=DAY).to_draft()
        origin, within = made["origin"], {each["site_id"] for each in made["answer"]["sites"]}
        measured = {
            each.site_id: karney_miles(origin["lon"], origin["lat"], each.lon, each.lat)
            for each in net.file.offerings(service)
            if each.lon is not None and each.lat is not None and each.site_id not in within
            and not counts_for_gap(each, DAY.isoformat(), age=34)
        }  # fmt: skip
    plain = sorted((far, site) for site, far in measured.items())[: int(POLICY.value("nearest_outside_count", DAY))]
    assert [each["site_id"] for each in made["nearest_outside"]] == [site for _, site in plain]
    assert [each["distance_mi"] for each in made["nearest_outside"]] == pytest.approx([far for far, _ in plain])
