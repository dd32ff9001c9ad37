"""clocks: the corners that a table of cases cannot say."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adequacy.clocks import WorkDays, deadline, read_date, read_instant, zone_named
from adequacy.errors import UsageError

ZONE = zone_named("America/New_York")
MOMENTS = st.datetimes(datetime(2015, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
HOLIDAYS = WorkDays.of([date(2026, 11, 26), date(2026, 11, 27), date(2026, 12, 24), date(2026, 12, 25)])


@given(MOMENTS, st.integers(0, 400))
def test_elapsed_hours_are_hours_of_the_sun_whatever_the_wall_clock_does(start: datetime, hours: int) -> None:
    assert deadline(start, hours, "elapsed_hours", ZONE).due_at - start == timedelta(hours=hours)


@given(MOMENTS, st.integers(0, 400))
def test_calendar_days_end_at_2359_and_never_roll(start: datetime, days: int) -> None:
    due = deadline(start, days, "calendar_days", ZONE, HOLIDAYS)
    assert (due.due_at.date() - start.astimezone(ZONE).date()).days == days
    assert due.due_at.strftime("%H:%M:%S") == "23:59:00"
    assert due.act_by_date <= due.due_at.date()
    assert HOLIDAYS.works(due.act_by_date)


@given(st.dates(date(2026, 10, 1), date(2027, 1, 31)), st.integers(1, 60))
def test_business_days_agree_with_a_slow_list_of_days(day: date, count: int) -> None:
    later = [d for n in range(1, 200) if HOLIDAYS.works(d := day + timedelta(n))]
    earlier = [d for n in range(1, 200) if HOLIDAYS.works(d := day - timedelta(n))]
    assert HOLIDAYS.shifted(day, count) == later[count - 1]
    assert HOLIDAYS.shifted(day, -count) == earlier[count - 1]


def test_a_clock_of_days_is_met_through_its_last_minute_and_late_the_next() -> None:
    due = deadline(read_instant("2026-11-23 08:00", ZONE), 7, "calendar_days", ZONE)
    assert due.is_met_by(read_instant("2026-11-30T23:59:59.5", ZONE))
    assert not due.is_met_by(read_instant("2026-12-01T00:00", ZONE))
    # the casebook keeps moments in UTC, where the next day has begun
    assert due.is_met_by(datetime(2026, 12, 1, 4, 59, 59, tzinfo=UTC))
    assert not due.is_met_by(datetime(2026, 12, 1, 5, 0, tzinfo=UTC))


def test_a_clock_of_hours_is_met_at_the_very_second_and_late_after_it() -> None:
    due = deadline(read_instant("2024-03-09 14:00", ZONE), 72, "elapsed_hours", ZONE)
    assert due.is_met_by(read_instant("2024-03-12T15:00:00", ZONE))
    assert not due.is_met_by(read_instant("2024-03-12T15:00:01", ZONE))


def test_days_left_are_counted_on_the_calendar_of_the_plan() -> None:
    due = deadline(read_instant("2026-11-23 08:00", ZONE), 7, "calendar_days", ZONE)
    assert due.days_left(read_instant("2026-11-30 00:01", ZONE)) == 0
    assert due.days_left(datetime(2026, 12, 1, 3, 0, tzinfo=UTC)) == 0
    assert due.days_left(read_instant("2026-12-02", ZONE)) == -2


def test_a_due_day_beyond_the_list_of_closed_days_says_so() -> None:
    start = read_instant("2026-12-20 08:00", ZONE)
    assert not deadline(start, 7, "calendar_days", ZONE, HOLIDAYS).closed_days_known
    assert deadline(start, 5, "calendar_days", ZONE, HOLIDAYS).closed_days_known
    assert not deadline(start, 5, "calendar_days", ZONE).closed_days_known


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("2026-02-29", "not a moment that exists"),
        ("2026-13-01T10:00", "not a moment that exists"),
        ("yesterday", "not written as a moment"),
        ("", "not written as a moment"),
        ("11/24/2026 09:30", "not written as a moment"),
        ("2026-11-24T24:30", "hours are 00 to 23"),
        ("2024-03-10 02:30", "the clocks go forward"),
        ("9999-12-31", "too far from today"),
        ("0001-01-01", "too far from today"),
    ],
)
def test_a_moment_that_cannot_be_is_named(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        read_instant(text, ZONE)


@pytest.mark.parametrize("text", ["2026-02-29", "2026-11-31", "2026-00-10"])
def test_a_day_that_cannot_be_is_named(text: str) -> None:
    with pytest.raises(UsageError, match="not a day that exists"):
        read_date(text)


@pytest.mark.parametrize("text", ["11/24/2026", "24 Nov 2026", "20261124", "", "2026-1", "today"])
def test_a_day_in_another_writing_is_not_called_one_that_does_not_exist(text: str) -> None:
    with pytest.raises(UsageError, match="write year-month-day, as in 2026-11-24"):
        read_date(text)


def test_an_unknown_zone_unit_or_a_start_without_zone_is_named() -> None:
    with pytest.raises(UsageError, match="IANA name"):
        zone_named("Carolina/Raleigh")
    with pytest.raises(UsageError, match="use one of"):
        deadline(datetime(2026, 1, 1, tzinfo=UTC), 7, "weeks", ZONE)
    with pytest.raises(UsageError, match="time zone"):
        deadline(datetime(2026, 1, 1), 7, "calendar_days", ZONE)  # noqa: DTZ001 - the mistake under test
