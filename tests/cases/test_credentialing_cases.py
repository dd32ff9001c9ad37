"""Every case of credentialing.yaml, which policy staff may read and add to."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from adequacy.casebook.credentialing import EVENTS, derive_credentialing
from adequacy.casebook.process import Event
from adequacy.policy import load_policy

CASES: list[dict[str, Any]] = yaml.load(
    Path(__file__).with_name("credentialing.yaml").read_text(encoding="utf-8"), Loader=yaml.SafeLoader
)
POLICY = load_policy()
FACTS = {"requester": "A Clinic", "npi": "1234567893", "site_zip": "27546", "service_key": "saiop"}


def line(case: dict[str, Any]) -> tuple[Event, ...]:
    """The events of a case."""
    start = datetime(2026, 11, 1, tzinfo=UTC)
    facts = FACTS | {"nctracks": case.get("nctracks", "N")}
    events = [Event(1, "CRED-2026-000001", 1, "credentialing_opened", start, start, "", {"facts": facts})]
    for n, (name, day) in enumerate(case["events"], start=2):
        at = datetime(day.year, day.month, day.day, 17, tzinfo=UTC)
        code = name.removeprefix("made ")
        data = {"letter": code, "draft": "N"} if code != name else {"note": "its reason"} if name == "denied" else {}
        known = "letter_made" if code != name else name
        assert known in {*EVENTS, "letter_made"}
        events.append(Event(n, "CRED-2026-000001", n, known, at, start, "", data))
    return tuple(events)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_credentialing(case: dict[str, Any]) -> None:
    assert set(case) <= {"name", "rules", "nctracks", "events", "letters", "due", "in_acs"}
    found = derive_credentialing(line(case), POLICY)
    letters = [code for code in (found.rule.first_letter, found.rule.second_letter) if code]
    assert (letters, found.letter, found.rule.in_acs) == (case["letters"], case["due"], case["in_acs"])


def test_a_draft_is_no_letter_made() -> None:
    case = {"events": [["approved", datetime(2026, 11, 3)], ["made L9", datetime(2026, 11, 4)]]}  # noqa: DTZ001
    events = list(line(case))
    events[-1].data["draft"] = "Y"
    assert derive_credentialing(tuple(events), POLICY).letter == "L9"


def test_every_rule_of_credentialing_that_asks_for_something_has_a_case() -> None:
    told = {rule for case in CASES for rule in case["rules"]}
    # 1 recommends, 2 names an authority, 3 is history, 13 says that no deadline is stated
    assert told == {f"000-{n}" for n in range(1, 14)} - {"000-1", "000-2", "000-3", "000-13"}


def test_every_row_of_the_table_is_reached() -> None:
    rows = {(row["decision"], row["enrolment"]) for row in POLICY._parts["requests"]["credentialing"]}
    reached = set()
    for case in CASES:
        rule = derive_credentialing(line(case), POLICY).rule
        reached.add((rule.decision, rule.enrolment))
    assert reached == rows
