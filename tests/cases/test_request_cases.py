"""Every case of requests.yaml, which policy staff may read and add to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from adequacy.casebook.overrides import override_of
from adequacy.casebook.process import Case, Event, derive, require_allowed
from adequacy.clocks import read_instant, zone_named
from adequacy.determination import Contact, Determination, Standing, determine
from adequacy.errors import UsageError
from adequacy.policy import Policy, load_policy
from tests.requests import POLICY, STRICT, answer, request, site

if TYPE_CHECKING:
    from collections.abc import Mapping

CASES: list[dict[str, Any]] = yaml.load(
    Path(__file__).with_name("requests.yaml").read_text(encoding="utf-8"), Loader=yaml.SafeLoader
)
ZONE = zone_named("America/New_York")
DECIDED = datetime(2026, 11, 1, 17, 0, tzinfo=UTC)
KNOWN = {
    "name", "rules", "needs", "request", "answer", "sites", "standing", "calls", "strict", "reviewed", "facts", "trail",
    "outcome", "refused",
    "letter", "clock", "review", "reasons", "cautions", "no_cautions", "handover", "events", "state", "letter_now",
    "clocks",
}  # fmt: skip


def _text(value: Any) -> str:
    """A moment that YAML has read as one, as text again."""
    return value.isoformat() if isinstance(value, (date, datetime)) else str(value)


def _strict(review: Mapping[str, str]) -> Policy:
    """The shipped policy with an overlay that switches the strict reading on, with one review where there is one."""
    import tempfile

    rows = ["plan,service_key,from,to,is_closed,by,confidence,source"]
    if review:
        rows.append(f"alliance,saiop,{review['from']},{review.get('to', '')},{review['is_closed']},C. Sel,V,test memo")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "settings.yaml").write_text(STRICT, encoding="utf-8")
        (Path(folder) / "closed_reviews.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
        return load_policy(overlay=Path(folder))


class _WithNeeds(Policy):
    """The shipped policy with SAIOP on the posted needs list."""

    def needs(self, on: date) -> dict[str, str]:
        return {"saiop": "test"}


def _policy(case: Mapping[str, Any]) -> Policy:
    """The policy of a case."""
    if not (case.get("strict") or case.get("needs")):
        return POLICY
    if case.get("strict"):
        return _strict({name: _text(value) for name, value in case.get("reviewed", {}).items()})
    policy = load_policy()
    policy.__class__ = _WithNeeds
    return policy


def _asked(case: Mapping[str, Any]) -> dict[str, str]:
    return request(**{name: _text(value) for name, value in case.get("request", {}).items()})


def decided(case: Mapping[str, Any]) -> Determination:
    """The determination of a case."""
    asked = _asked(case)
    changes = case.get("answer", {})
    found = None
    if changes != "none":
        sites = [site(**each) for each in case["sites"]] if "sites" in case else None
        found = answer(**{"sites": sites, **changes})
    calls = [
        Contact(**{"service_key": "saiop", **call, "at": read_instant(_text(call["at"]), ZONE)})
        for call in case.get("calls", ())
    ]
    standing = replace(
        Standing(), **{k: tuple(v) if isinstance(v, list) else v for k, v in case.get("standing", {}).items()}
    )
    return determine(asked, found, policy=_policy(case), on=date(2026, 11, 1), standing=standing, contacts=calls)


def worked(case: Mapping[str, Any], made: Determination) -> Case:
    """The case after its events, each of which had to be allowed."""
    data = {"outcome": made.outcome.outcome, "letter": made.trail.row.letter, "facts": made.words}
    events = [
        Event(1, "X", 1, "received", read_instant(made.evidence.request["received"], ZONE).astimezone(UTC), DECIDED, "",
              {"request": dict(made.evidence.request)}),
        Event(2, "X", 2, "decided", DECIDED, DECIDED, "", data),
    ]  # fmt: skip
    for name, at, *more in case.get("events", ()):
        given = dict(more[0]) if more else {}
        by = given.pop("by", "A. Lee")
        moment = read_instant(_text(at), ZONE).astimezone(UTC)
        before = derive(events, POLICY)
        if name == "overridden":
            second = given.pop("second", "")
            given = {**override_of(before, given.pop("override"), given.pop("reason"), POLICY), "second": second}
        require_allowed(before, name, moment, POLICY)
        events.append(Event(len(events) + 1, "X", len(events) + 1, name, moment, moment, by, given))
    return derive(events, POLICY)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_request_case(case: dict[str, Any]) -> None:
    assert set(case) <= KNOWN, "a word of this case is not known"
    made = decided(case)
    words = made.words
    assert {name: words[name] for name in case.get("facts", {})} == case.get("facts", {})
    codes = {code for code, _ in made.cautions}
    for name, seen in (
        ("trail", made.trail.text),
        ("outcome", made.outcome.outcome),
        ("letter", made.trail.row.letter),
        ("clock", made.trail.row.clock),
        ("review", made.human_review),
    ):
        assert seen == case.get(name, seen), (name, made.review_reasons)
    assert all(any(words in reason for reason in made.review_reasons) for words in case.get("reasons", ()))
    assert set(case.get("cautions", ())) <= codes
    assert codes.isdisjoint(case.get("no_cautions", ()))
    if "handover" in case:
        told = {who for who, text in made.to_draft()["handover"].items() if text}
        assert told == set(case["handover"])
    _require_what_follows(case, made)


def _require_what_follows(case: Mapping[str, Any], made: Determination) -> None:
    """State, letter and clocks after the events; ``refused`` is what the last one is refused with."""
    if "refused" in case:
        with pytest.raises(UsageError, match=case["refused"]):
            worked(case, made)
        return
    if not {"events", "state", "letter_now", "clocks"}.intersection(case):
        return
    after = worked(case, made)
    assert after.state == case.get("state", after.state)
    assert after.letter == case.get("letter_now", after.letter)
    clocks = {clock.clock: clock.to_dict() for clock in after.clocks}
    for name, expected in case.get("clocks", {}).items():
        seen = clocks[name]
        for key, value in expected.items():
            found = seen["also"][0]["due"] if key == "also" else seen[key]
            assert found == (_text(value) if isinstance(value, (date, datetime)) else value), (name, key)
