"""What a day is: calendar days, elapsed hours and business days, turned into a moment that is due.

The one place that counts time. It takes plain values (a start, a length, a unit, the days the office is closed) and
reads neither policy nor the time of day. Day 0 is the day of the start; a clock of days is due at 23:59 of its last
day in the plan's time zone and never rolls over a weekend or holiday: the working day before is shown as the day to
act by. Hours are counted in UTC, so that a change to or from daylight saving time neither adds nor takes one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from adequacy.errors import UsageError, shown

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["UNITS", "Deadline", "Unit", "WorkDays", "deadline", "read_date", "read_instant", "zone_named"]

Unit = Literal["calendar_days", "elapsed_hours", "business_days", "business_days_before"]
#: The units a clock may have.
UNITS: tuple[str, ...] = get_args(Unit)

_LAST_MINUTE = time(23, 59)
_SATURDAY = 5
_YEARS = range(1970, 2200)
#: A text that begins as a day of ISO 8601 does: if it cannot be read, its figures are wrong and not its writing.
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class WorkDays:
    """The days an office works: every day but weekends and the closed days.

    Parameters
    ----------
    closed : frozenset of date
        Days the office is closed besides weekends.
    known_to : date or None
        Last day the list of closed days speaks of; None if nothing is listed. A deadline beyond it may meet a holiday
        that the list does not know yet.
    """

    closed: frozenset[date] = frozenset()
    known_to: date | None = None

    @classmethod
    def of(cls, closed: Iterable[date]) -> WorkDays:
        """Make the calendar from a list of closed days.

        Examples
        --------
        >>> WorkDays.of([date(2026, 11, 26), date(2026, 11, 27)]).known_to
        datetime.date(2026, 11, 27)
        """
        days = frozenset(closed)
        return cls(days, max(days, default=None))

    def works(self, day: date) -> bool:
        """Say whether the office works on this day."""
        return day.weekday() < _SATURDAY and day not in self.closed

    def on_or_before(self, day: date) -> date:
        """Return the day itself if the office works, else the working day before it.

        Examples
        --------
        >>> WorkDays().on_or_before(date(2024, 9, 8)).isoformat()  # a Sunday
        '2024-09-06'
        """
        while not self.works(day):
            day -= timedelta(days=1)
        return day

    def shifted(self, day: date, count: int) -> date:
        """Return the ``count``-th working day after ``day`` (before it, where ``count`` is negative)."""
        step = timedelta(days=1 if count > 0 else -1)
        left = abs(count)
        while left:
            day += step
            left -= self.works(day)
        return day


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment by which something must have happened.

    Parameters
    ----------
    start_at, due_at : datetime
        Aware, in the plan's time zone.
    act_by_date : date
        The due day, or the working day before it where the office is closed on the due day.
    unit : str
        One of `UNITS`.
    closed_days_known : bool
        False if the due day lies beyond the list of closed days: a holiday may be missing.
    """

    start_at: datetime
    due_at: datetime
    act_by_date: date
    unit: str
    closed_days_known: bool

    def is_met_by(self, at: datetime) -> bool:
        """Say whether something that happened at ``at`` was in time.

        A clock of hours is met up to the very second. A clock of days is met all through its last day.
        """
        if self.unit == "elapsed_hours":
            return at <= self.due_at
        return at.astimezone(self.due_at.tzinfo).date() <= self.due_at.date()

    def days_left(self, now: datetime) -> int:
        """Count the calendar days from today to the due day; negative once it has passed."""
        return (self.due_at.date() - now.astimezone(self.due_at.tzinfo).date()).days


def zone_named(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name; ``UsageError`` where there is none.

    Examples
    --------
    >>> zone_named("America/New_York").key
    'America/New_York'
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UsageError(
            f"time zone {name!r} is not known here: give an IANA name such as America/New_York."
        ) from error


def deadline(start_at: datetime, length: int, unit: str, zone: ZoneInfo, work_days: WorkDays | None = None) -> Deadline:
    """Work out when a clock is due.

    Parameters
    ----------
    start_at : datetime
        Aware. Its day in ``zone`` is day 0.
    length : int
        How many days or hours.
    unit : str
        One of `UNITS`. ``business_days_before`` counts back from the start: notice before a change.
    zone : ZoneInfo
        The plan's time zone.
    work_days : WorkDays, optional
        The plan's working days; weekends alone where it is not given.

    Returns
    -------
    deadline : Deadline
        Due at 23:59 of the last day, or at the very minute for a clock of hours.

    Raises
    ------
    UsageError
        If the start has no time zone, or the unit is not known.

    Examples
    --------
    >>> zone = ZoneInfo("America/New_York")
    >>> sunday = datetime(2024, 9, 1, 10, tzinfo=zone)
    >>> due = deadline(sunday, 7, "calendar_days", zone)
    >>> due.due_at.isoformat(), due.act_by_date.isoformat()
    ('2024-09-08T23:59:00-04:00', '2024-09-06')
    """
    if start_at.tzinfo is None:
        raise UsageError("a clock needs a start with a time zone.")
    days = work_days or WorkDays()
    local = start_at.astimezone(zone)
    if unit == "elapsed_hours":
        due_at = (start_at.astimezone(UTC) + timedelta(hours=length)).astimezone(zone)
    else:
        due_at = datetime.combine(_last_day(local.date(), length, unit, days), _LAST_MINUTE, tzinfo=zone)
    due_day = due_at.date()
    known = days.known_to is not None and due_day <= days.known_to
    return Deadline(local, due_at, days.on_or_before(due_day), unit, known)


def _last_day(day: date, length: int, unit: str, days: WorkDays) -> date:
    """The last day of a clock that counts days."""
    if unit == "calendar_days":
        return day + timedelta(days=length)
    if unit == "business_days":
        return days.shifted(day, length)
    if unit == "business_days_before":
        return days.shifted(day, -length)
    raise UsageError(f"clock unit {unit!r} is not known: use one of {', '.join(UNITS)}.")


def read_date(text: str) -> date:
    """Read a day written as ``2026-11-24``; ``UsageError`` says what is wrong.

    Examples
    --------
    >>> read_date("2024-02-29").isoformat()
    '2024-02-29'
    """
    words = text.strip()
    try:
        return datetime.strptime(words, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no time zone
    except ValueError as error:
        if _ISO_DAY.fullmatch(words):
            raise UsageError(f"{shown(text)} is not a day that exists. Check the month and the day.") from error
        raise UsageError(f"{shown(text)} is not written as a day: write year-month-day, as in 2026-11-24.") from error


def read_instant(text: str, zone: ZoneInfo) -> datetime:
    """Read a moment: ISO 8601, or a day alone for the start of that day.

    A moment without an offset is in ``zone``. When the clocks go back an hour happens twice and the first one is
    meant, because it makes the earlier deadline; an hour that is skipped when they go forward does not exist.

    Parameters
    ----------
    text : str
        ``2026-11-24T09:30``, ``2026-11-24 09:30``, ``2026-11-24T09:30-05:00``, ``2026-11-24T14:30Z`` or ``2026-11-24``.
    zone : ZoneInfo
        The plan's time zone.

    Returns
    -------
    at : datetime
        Aware, in ``zone``.

    Raises
    ------
    UsageError
        If it is no moment, or one that the clocks skip.

    Examples
    --------
    >>> read_instant("2024-03-09 14:00", ZoneInfo("America/New_York")).isoformat()
    '2024-03-09T14:00:00-05:00'
    """
    words = text.strip()
    try:
        at = datetime.fromisoformat(words)
    except ValueError as error:
        if _ISO_DAY.match(words):
            raise UsageError(
                f"{shown(text)} is not a moment that exists. Check the day and the hour; the hours are 00 to 23."
            ) from error
        raise UsageError(
            f"{shown(text)} is not written as a moment: write 2026-11-24T09:30 (24 hours), or a day as 2026-11-24."
        ) from error
    if at.year not in _YEARS:
        raise UsageError(f"{shown(text)} is too far from today: years {_YEARS.start} to {_YEARS[-1]} are understood.")
    if at.tzinfo is not None:
        return at.astimezone(zone)
    at = at.replace(tzinfo=zone)
    there_and_back = at.astimezone(UTC).astimezone(zone)
    if there_and_back.replace(tzinfo=None) != at.replace(tzinfo=None):
        raise UsageError(f"{shown(text)} does not exist in {zone.key}: the clocks go forward over it. Add the offset.")
    return at
