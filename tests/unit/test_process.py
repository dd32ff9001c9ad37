"""process: what the events of a request add up to, where no table of cases says it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from adequacy.casebook.process import Case, Event, derive
from adequacy.policy import load_policy

POLICY = load_policy()
RECEIVED = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)


def case(*later: tuple[str, int]) -> Case:
    """A request of 2 November and what happened on later days of it: an event and how many days after."""
    facts = {"level_of_care": "non-inpatient", "service_key": "saiop", "urgent": "N"}
    named = [("received", 0, {"request": facts}), *((name, days, {}) for name, days in later)]
    return derive(
        [
            Event(n, "REQ-1", n, name, RECEIVED + timedelta(days=days), RECEIVED + timedelta(days=days), "A. Lee", data)
            for n, (name, days, data) in enumerate(named, start=1)
        ],
        POLICY,
    )


def test_a_form_sent_again_starts_its_clock_anew_and_the_old_one_is_not_late() -> None:
    first, second = (
        clock for clock in case(("sar_sent", 1), ("sar_sent", 8)).clocks if clock.clock == "oon_sar_return"
    )
    assert (first.stopped_by, first.is_running, first.on_time) == ("started anew", False, None)
    assert first.stopped_at == second.deadline.start_at == RECEIVED + timedelta(days=8)
    assert second.is_running
    assert second.deadline.due_at.date().isoformat() == "2026-11-24"


def test_a_clock_is_met_by_its_end_and_not_by_what_comes_after() -> None:
    [clock] = [each for each in case(("sar_sent", 1), ("sar_received", 9)).clocks if each.clock == "oon_sar_return"]
    assert (clock.met_at, clock.on_time) == (RECEIVED + timedelta(days=9), True)
    [late] = [each for each in case(("sar_sent", 1), ("sar_received", 16)).clocks if each.clock == "oon_sar_return"]
    assert late.on_time is False
    [stopped] = [each for each in case(("sar_sent", 1), ("withdrawn", 9)).clocks if each.clock == "oon_sar_return"]
    assert (stopped.stopped_by, stopped.on_time) == ("withdrawn", None)
