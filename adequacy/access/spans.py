"""How long the same sites count: until a contract, service line, credential or licence begins or ends."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from adequacy.access.counting import counts_for_gap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adequacy.access.finding import Question
    from adequacy.network import Offering

__all__ = ["last_day_alike"]

_FIRST_DAYS = ("contract_from", "service_from", "nctracks_from")
_LAST_DAYS = ("contract_to", "service_to", "nctracks_to", "credential_due", "license_expiry")


def last_day_alike(offerings: Sequence[Offering], question: Question) -> str:
    """Give the last day on which the same offerings count as on the question's day.

    Parameters
    ----------
    offerings : sequence of Offering
        All offerings of a service.
    question : Question
        Its day, and what is known of the consumer.

    Returns
    -------
    str
        ISO day; empty if no end is known.

    Examples
    --------
    >>> from adequacy.access.finding import Question
    >>> last_day_alike([], Question("2026-11-01", 30.0, 0.0))
    ''
    """
    now = _counting(offerings, question, question.on)
    for day in sorted(_changes(offerings, question.on)):
        if _counting(offerings, question, day) != now:
            return _plus(day, -1)
    return ""


def _changes(offerings: Sequence[Offering], on: str) -> set[str]:
    """Every later day on which some status begins, or is over."""
    begins = {getattr(each, name) for each in offerings for name in _FIRST_DAYS}
    over = {_plus(last, 1) for last in {getattr(each, name) for each in offerings for name in _LAST_DAYS} if last}
    return {day for day in begins | over if day > on}


def _plus(day: str, days: int) -> str:
    """A day so many days later; one past the end of the calendar stays."""
    try:
        return (date.fromisoformat(day) + timedelta(days=days)).isoformat()
    except (ValueError, OverflowError):
        return day


def _counting(offerings: Sequence[Offering], question: Question, on: str) -> list[bool]:
    """Which offerings count on a day."""
    return [
        not counts_for_gap(each, on, age=question.age, funding=question.funding, population=question.population)
        for each in offerings
    ]
