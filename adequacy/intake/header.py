"""Where a sheet's header is and which declared column each of its columns means.

The first rows are scored by how many of their cells are known: by the mapping file, by our own names, by the alias
table (``aliases.csv``). Only exact aliases count (case, blanks and punctuation aside); a likeness is for a person to
confirm, never taken. Columns that nothing reads are named.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from adequacy.intake.findings import package_rows
from adequacy.intake.mapping import VIRTUAL
from adequacy.tables import table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adequacy.intake.readers import Sheet

__all__ = ["IGNORED", "Layout", "find_layout", "plain", "target_of"]

#: Alias target of columns that are known and that nothing needs.
IGNORED = "ignored"
#: A row is a header if at least so many of its cells are known.
_LEAST_KNOWN = 2
_ELSEWHERE = re.compile(r"mail|bill|remit|pay|corporate|contact|owner|official", re.IGNORECASE)


@dataclass(slots=True)
class Layout:
    """How one sheet is laid out.

    ``last_row`` is the header's last row as a spreadsheet shows it; ``columns`` maps our column to the positions that
    feed it (0 = A), ``headers`` holds every header as written, ``unmapped`` and ``doubled`` those that nothing reads;
    ``rivals`` is our column -> the position of a second column of the file that means it too.
    """

    last_row: int
    headers: list[str]
    columns: dict[str, tuple[int, ...]] = field(default_factory=dict)
    unmapped: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    rivals: dict[str, int] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)

    @property
    def labels(self) -> dict[str, str]:
        """Our column -> its header as the file writes it (several joined by ``+``)."""
        return {name: " + ".join(self.headers[place] for place in places) for name, places in self.columns.items()}


@lru_cache(maxsize=1 << 16)
def plain(header: str) -> str:
    r"""Strip a header of case, blanks and punctuation, so that spellings of one header agree.

    Examples
    --------
    >>> plain(" Svc\nDescription* ")
    'svcdescription'
    """
    return re.sub(r"[^0-9a-z#%]+", "", header.casefold())


_ALIAS_FILES = {"roster": "aliases.csv", "consumers": "consumer_aliases.csv"}


@cache
def _aliases(kind: str) -> Mapping[str, str]:
    """Return alias -> target for one kind of table: its alias file, and every declared name."""
    known = {plain(row["alias"]): row["column"] for row in package_rows(_ALIAS_FILES[kind])}
    known.update({plain(name): name for name in (*table(kind).names, *(VIRTUAL if kind == "roster" else ()))})
    return known


def target_of(header: str, kind: str = "roster") -> str | None:
    """Return the column that a header means by the alias table, or None.

    Examples
    --------
    >>> target_of("Zip Code"), target_of("Favourite colour")
    ('zip5', None)
    """
    return _aliases(kind).get(plain(header))


def find_layout(
    sheet: Sheet,
    named: Mapping[str, tuple[str, ...]],
    *,
    header_row: int | None = None,
    kind: str = "roster",
) -> Layout | None:
    """Find the header of a sheet and what its columns mean.

    Parameters
    ----------
    sheet : Sheet
        Its first rows are looked at.
    named : mapping of str to tuple of str
        The mapping file's ``[columns]``: our column -> their headers.
    header_row : int, optional
        Row of the header as a spreadsheet shows it, where the mapping file says so.
    kind : {"roster", "consumers"}
        Which alias table to read by.

    Returns
    -------
    Layout or None
        None where no row of the sheet looks like a header.
    """
    best: tuple[int, int, int] | None = None
    rows = sheet.head
    for first in range(len(rows)) if header_row is None else (header_row - 1,):
        for height in (1, 2):
            if first + height > len(rows):
                continue
            known = _score(_headings(rows[first : first + height]), named, kind)
            if height > 1 and _looks_like_data(rows[first + 1]):
                continue
            if best is None or known > best[0]:
                best = (known, first, height)
    if best is None or (best[0] < _LEAST_KNOWN and header_row is None):
        return None
    _, first, height = best
    headings = _headings(rows[first : first + height])
    layout = Layout(first + height, [whole for whole, _ in headings])
    _assign(layout, [low for _, low in headings], named, kind)
    return layout


def _headings(rows: Sequence[Sequence[str]]) -> list[tuple[str, str]]:
    """Return each column's header as a whole, and its lower line where that may stand for it.

    A cell of the upper line reaches over the empty ones to its right (merged cells). The lower line does not stand
    alone under a heading of another address: ``Mailing Address`` over ``City`` is no city of a site.
    """
    if len(rows) == 1:
        return [(_tidy(cell), "") for cell in rows[0]]
    upper, lower = rows
    headings, over = [], ""
    for place in range(max(len(upper), len(lower))):
        top = _tidy(upper[place]) if place < len(upper) else ""
        low = _tidy(lower[place]) if place < len(lower) else ""
        over = top or over
        headings.append((_tidy(f"{over if low else top} {low}"), "" if _ELSEWHERE.search(over) else low))
    return headings


def _tidy(cell: str) -> str:
    """Take line ends and runs of blanks out of a header."""
    return re.sub(r"\s+", " ", cell).strip()


def _score(headings: Sequence[tuple[str, str]], named: Mapping[str, tuple[str, ...]], kind: str) -> int:
    """Count the known headers of a row, each meaning once."""
    theirs = {plain(header) for headers_of in named.values() for header in headers_of}
    meanings = set()
    for whole, low in headings:
        key = plain(whole)
        meaning = key if key in theirs else target_of(whole, kind) or target_of(low, kind)
        if key and meaning:
            meanings.add(meaning)
    return len(meanings)


def _looks_like_data(row: Sequence[str]) -> bool:
    """Tell whether a row under a header holds values: a cell of many digits is no header."""
    return any(sum(char.isdigit() for char in cell) >= 5 for cell in row)  # noqa: PLR2004 - the digits of a ZIP


def _assign(layout: Layout, lower: Sequence[str], named: Mapping[str, tuple[str, ...]], kind: str) -> None:
    """Give every column of the sheet its meaning: the mapping goes before the alias table, the whole before a line."""
    places: dict[str, list[int]] = {}
    by_header: dict[str, list[int]] = {}
    for place, header in enumerate(layout.headers):
        by_header.setdefault(plain(header), []).append(place)
    taken = set()
    for target, headers in named.items():
        for header in headers:
            for place in by_header.get(plain(header), [])[:1]:
                places.setdefault(target, []).append(place)
                taken.add(place)
    for place, header in enumerate(layout.headers):
        if place in taken or not header:
            continue
        found = target_of(header, kind) or target_of(lower[place], kind)
        if found is None:
            layout.unmapped.append(header)
        elif found == IGNORED:
            layout.ignored.append(header)
        elif found in named or (found in places and found not in SEVERAL):
            layout.doubled.append(header)
            layout.rivals.setdefault(found, place)
        else:
            places.setdefault(found, []).append(place)
    layout.columns = {target: tuple(where) for target, where in places.items()}


#: Columns that several columns of a file may feed together.
SEVERAL = frozenset({"taxonomy", "modifier", "languages", "populations"})
