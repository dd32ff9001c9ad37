"""Values of options, read by the word that the help prints for them; without typer, as ``check`` is answered."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from adequacy.errors import UsageError, shown

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["is_read", "parts_of", "read_value"]

#: A word of the help that lists all there is to choose from: ``text|json``.
_CHOICE = re.compile(r"[a-z_-]+(\|[a-z_-]+)+")


def is_read(kind: str | None) -> bool:
    """Say whether the word that the help prints for a value also reads it.

    Examples
    --------
    >>> is_read("DATE"), is_read("text|json"), is_read("FILE|DIR")
    (True, True, False)
    """
    return kind is not None and (kind in _READERS or _CHOICE.fullmatch(kind) is not None)


def read_value(option: str, kind: str, text: str) -> Any:
    """Read the value of an option by the word that its help prints.

    Parameters
    ----------
    option : str
        Such as ``--as-of``; the message begins with it.
    kind : str
        What the value is: DATE, TIMESTAMP, YEARS, MILES, LAT,LON, or a choice such as ``text|json``.
    text : str
        As typed.

    Raises
    ------
    UsageError
        The text is no such value.

    Examples
    --------
    >>> read_value("--age", "YEARS", "30")
    30
    """
    try:
        return _READERS[kind](text) if kind in _READERS else _one_of(text, kind.split("|"))
    except UsageError as error:
        raise type(error)(f"{option}: {error.message}") from error


def parts_of(text: str) -> list[str]:
    """Give the parts of a list with commas.

    Examples
    --------
    >>> parts_of("saiop, actt,")
    ['saiop', 'actt']
    """
    return [part.strip() for part in text.split(",") if part.strip()]


def _one_of(text: str, choices: list[str]) -> str:
    """A word of a closed list."""
    if text not in choices:
        raise UsageError(f"{shown(text)} is not one of {', '.join(choices)}.")
    return text


def _day(text: str) -> Any:
    from adequacy.clocks import read_date

    return read_date(text)


def _moment(text: str) -> Any:
    """A moment; the plan's own time zone, which does not matter for the writing, comes later."""
    from adequacy.clocks import read_instant, zone_named

    return read_instant(text, zone_named("UTC"))


def _years(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise UsageError(f"{shown(text)} is no age. Give whole years, as in 35.") from None


def _miles(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"{shown(text)} is no number of miles. Write it as 30 or 12.5.") from None


def _point(text: str) -> tuple[float, float]:
    from adequacy.geocode import parse_lat_lon

    return parse_lat_lon(text)


#: How each word is read. Any other word stands for text that the command itself understands.
_READERS: dict[str, Callable[[str], Any]] = {
    "DATE": _day,
    "TIMESTAMP": _moment,
    "YEARS": _years,
    "MILES": _miles,
    "LAT,LON": _point,
}
