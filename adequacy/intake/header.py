"""Where a sheet's header is and which declared column each of its columns means.

The first rows are scored by how many of their cells are known: by the mapping file, by our own names, by the alias
table (``aliases.csv``). Only exact aliases count (case, blanks and punctuation aside); a likeness is for a person to
confirm, never taken. Columns that nothing reads are named.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from adequacy.intake.findings import package_rows
from adequacy.tables import table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adequacy.intake.readers import Sheet

__all__ = ["IGNORED", "Layout", "find_layout", "plain", "target_of"]

#: Alias target of columns that are known and that nothing needs.
IGNORED = "ignored"
#: A row is a header if at least so many of its cells are known.
_LEAST_KNOWN = 2


@dataclass(slots=True)
class Layout:
    """How one sheet is laid out.

    ``last_row`` is the header's last row as a spreadsheet shows it; ``columns`` maps our column to the positions that
    feed it (0 = A), ``headers`` holds every header as written, ``unmapped`` and ``doubled`` those that nothing reads.
    """

    last_row: int
    headers: list[str]
    columns: dict[str, tuple[int, ...]] = field(default_factory=dict)
    unmapped: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)

    @property
    def labels(self) -> dict[str, str]:
        """Our column -> its header as the file writes it (several joined by ``+``)."""
        return {name: " + ".join(self.headers[place] for place in places) for name, places in self.columns.items()}


def plain(header: str) -> str:
    r"""Strip a header of case, blanks and punctuation, so that spellings of one header agree.

    Examples
    --------
    >>> plain(" Svc\nDescription* ")
    'svcdescription'
    """
    return re.sub(r"[^0-9a-z#%]+", "", header.casefold())


@cache
def _aliases() -> Mapping[str, str]:
    """Return alias -> target: the alias table, and every declared name."""
    known = {plain(row["alias"]): row["column"] for row in package_rows("aliases.csv")}
    known.update({plain(name): name for name in table("roster").names})
    return known


def target_of(header: str) -> str | None:
    """Return the column that a header means by the alias table, or None.

    Examples
    --------
    >>> target_of("Zip Code"), target_of("Favourite colour")
    ('zip5', None)
    """
    return _aliases().get(plain(header))


def find_layout(sheet: Sheet, named: Mapping[str, tuple[str, ...]], *, header_row: int | None = None) -> Layout | None:
    """Find the header of a sheet and what its columns mean.

    Parameters
    ----------
    sheet : Sheet
        Its first rows are looked at.
    named : mapping of str to tuple of str
        The mapping file's ``[columns]``: our column -> their headers.
    header_row : int, optional
        Row of the header as a spreadsheet shows it, where the mapping file says so.

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
            known = _score(_joined(rows[first : first + height]), named)
            if height > 1 and _looks_like_data(rows[first + 1]):
                continue
            if best is None or known > best[0]:
                best = (known, first, height)
    if best is None or (best[0] < _LEAST_KNOWN and header_row is None):
        return None
    _, first, height = best
    headers = _joined(rows[first : first + height])
    layout = Layout(first + height, headers)
    _assign(layout, named)
    return layout


def _joined(rows: Sequence[Sequence[str]]) -> list[str]:
    """Join the lines of a header; a cell of the upper line reaches over the empty ones to its right (merged cells)."""
    if len(rows) == 1:
        return [re.sub(r"\s+", " ", cell).strip() for cell in rows[0]]
    upper, lower = rows
    headers, over = [], ""
    for place in range(max(len(upper), len(lower))):
        top = upper[place].strip() if place < len(upper) else ""
        low = lower[place].strip() if place < len(lower) else ""
        over = top or over
        headers.append(re.sub(r"\s+", " ", f"{over if low else top} {low}").strip())
    return headers


def _score(headers: Sequence[str], named: Mapping[str, tuple[str, ...]]) -> int:
    """Count the cells of a row that are known headers, each meaning once."""
    theirs = {plain(header) for headers_of in named.values() for header in headers_of}
    meanings = set()
    for header in headers:
        key = plain(header)
        if key and (key in theirs or key in _aliases()):
            meanings.add(_aliases().get(key, key) if key not in theirs else key)
    return len(meanings)


def _looks_like_data(row: Sequence[str]) -> bool:
    """Tell whether a row under a header holds values: a cell of many digits is no header."""
    return any(sum(char.isdigit() for char in cell) >= 5 for cell in row)  # noqa: PLR2004 - the digits of a ZIP


def _assign(layout: Layout, named: Mapping[str, tuple[str, ...]]) -> None:
    """Give every column of the sheet its meaning; the mapping goes before the alias table."""
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
        found = target_of(header)
        if found is None:
            layout.unmapped.append(header)
        elif found == IGNORED:
            layout.ignored.append(header)
        elif found in named or (found in places and found not in SEVERAL):
            layout.doubled.append(header)
        else:
            places.setdefault(found, []).append(place)
    layout.columns = {target: tuple(where) for target, where in places.items()}


#: Columns that several columns of a file may feed together.
SEVERAL = frozenset({"taxonomy", "modifier", "languages", "populations"})
