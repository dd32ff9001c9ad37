"""Due dates as a calendar file (RFC 5545) that any calendar program opens. Requests by number only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["calendar"]

_OCTETS = 75
_SHOWN_MIN = 30


def calendar(rows: Iterable[Mapping[str, Any]], now: datetime, timezone: str) -> str:
    """Write due dates as a calendar.

    Parameters
    ----------
    rows : iterable of mappings
        From ``casebook.lists.due``: ``request_id, clock, due, act_by, ends_with, owner, next_step``.
    now : datetime
        When it was made, aware.
    timezone : str
        The plan's time zone, in which ``due`` is written.

    Returns
    -------
    str
        Lines end with CR LF, none longer than 75 octets.
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//adequacy//due dates//EN", "CALSCALE:GREGORIAN"]
    for row in rows:
        lines += _event(row, now, ZoneInfo(timezone))
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line))


def _event(row: Mapping[str, Any], now: datetime, zone: ZoneInfo) -> list[str]:
    """One due date: half an hour that ends when it is due, with a reminder the day before."""
    due = datetime.fromisoformat(row["due"]).replace(tzinfo=zone)
    told = f"Act by {row['act_by']}. Ends with: {row['ends_with']}. Whose: {row['owner']}. {row['next_step']}"
    return [
        "BEGIN:VEVENT",
        f"UID:{row['request_id']}-{row['clock']}-{due:%Y%m%dT%H%M}@adequacy",
        f"DTSTAMP:{_utc(now)}",
        f"DTSTART:{_utc(due - timedelta(minutes=_SHOWN_MIN))}",
        f"DTEND:{_utc(due)}",
        f"SUMMARY:{_text(row['request_id'])} due: {_text(row['clock'])}",
        f"DESCRIPTION:{_text(told)}",
        "TRANSP:TRANSPARENT",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        f"DESCRIPTION:{_text(row['request_id'])} is due tomorrow",
        "TRIGGER;RELATED=END:-P1D",
        "END:VALARM",
        "END:VEVENT",
    ]


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(value: str) -> str:
    """Text with the signs of the format made harmless."""
    for sign in ("\\", ";", ","):
        value = value.replace(sign, f"\\{sign}")
    return " ".join(value.split())


def _folded(line: str) -> Iterator[str]:
    """A line in parts of at most 75 octets; each further part starts with a blank."""
    part = ""
    for character in line:
        if len((part + character).encode("utf-8")) > _OCTETS:
            yield part
            part = " "
        part += character
    yield part
