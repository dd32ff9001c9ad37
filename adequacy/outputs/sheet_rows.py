"""The rows of a workbook's sheets, as the XML that a workbook is made of.

xlsxwriter makes the workbook: styles, filters, widths, README. Put in cell by cell, a state's tables would take it
longer than measuring the state, so the rows below each header are rendered here, column by column, and set into the
finished file. Every text is an inline string: no cell is a formula or a link.
"""

from __future__ import annotations

import io
import re
import zipfile
from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["SheetRows", "with_rows"]

_LEVEL = 4  # of compression: a tenth larger than the usual 6 in half the time
_NOT_XML = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]")
_LIKE_ESCAPED = re.compile("_(?=x[0-9a-fA-F]{4}_)")
_DIMENSION = re.compile(rb'<dimension ref="[^"]*"/>')


class SheetRows(NamedTuple):
    """Columns of cells, None where a cell is empty, and the number of each column's cell style (0: none)."""

    columns: Sequence[Sequence[Any]]
    styles: Sequence[int]


def with_rows(book: bytes, sheets: dict[int, SheetRows]) -> bytes:
    """Return a finished workbook with rows set in below the header of some sheets.

    Parameters
    ----------
    book : bytes
        A workbook whose sheets hold a header in row 1 only.
    sheets : dict of int to SheetRows
        Rows by the number of the sheet, counted from 1. Cells are str, int, float or None.

    Returns
    -------
    bytes
        The same content gives the same bytes.
    """
    out = io.BytesIO()
    by_part = {f"xl/worksheets/sheet{number}.xml": rows for number, rows in sheets.items()}
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(out, "w") as new:
        for part in old.infolist():
            content = old.read(part)
            if part.filename in by_part:
                content = _filled(content, by_part[part.filename])
            new.writestr(part, content, zipfile.ZIP_DEFLATED, _LEVEL)
    return out.getvalue()


def _filled(sheet: bytes, rows: SheetRows) -> bytes:
    """Set rows into one sheet."""
    length = max(map(len, rows.columns), default=0)
    if not length:
        return sheet
    letters = [_letters(number) for number in range(len(rows.columns))]
    drawn = [_column(*each) for each in zip(rows.columns, rows.styles, letters, strict=True)]
    text = "".join(
        [f'<row r="{number}">{"".join(cells)}</row>' for number, cells in enumerate(zip(*drawn, strict=True), 2)]
    )
    head, end, tail = sheet.rpartition(b"</sheetData>")
    head = _DIMENSION.sub(f'<dimension ref="A1:{letters[-1]}{length + 1}"/>'.encode(), head, count=1)
    return b"".join((head, text.encode("utf-8", "replace"), end, tail))


def _column(values: Sequence[Any], style: int, letter: str) -> list[str]:
    """Cells of one column, from row 2 on."""
    look = f'" s="{style}"' if style else '"'
    known: dict[str, str] = {}
    cells = []
    for row, value in enumerate(values, 2):
        if value is None:
            cells.append("")
        elif isinstance(value, str):
            text = known.get(value)
            if text is None:
                space = ' xml:space="preserve"' if value != value.strip() else ""
                text = known[value] = f'{look} t="inlineStr"><is><t{space}>{_text(value)}</t></is></c>'
            cells.append(f'<c r="{letter}{row}{text}')
        else:
            cells.append(f'<c r="{letter}{row}{look}><v>{value!r}</v></c>' if isfinite(value) else "")
    return cells


def _text(value: str) -> str:
    """A text for XML; what XML cannot hold is written the way workbooks do."""
    value = _LIKE_ESCAPED.sub("_x005F_", value)
    value = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _NOT_XML.sub(lambda found: f"_x{ord(found.group()):04X}_", value)


def _letters(number: int) -> str:
    """Name of a column, counted from 0: A, B, ... Z, AA."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
