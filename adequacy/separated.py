"""Text in rows and cells (CSV and its kin), parsed so that no row is ever lost inside a cell.

A quotation mark that nobody closed makes a parser read on: the rows below become one long cell, and nothing complains.
Here that refuses the file and names the line where the mark stands. A cell that was quoted because it runs over lines
stays one cell.
"""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

from adequacy.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["rows_by_name", "separated_records"]

_MOST_CHARACTERS = 1 << 20
_LINE_END = re.compile(r"\r\n|\r|\n")


def separated_records(
    lines: Iterable[str],
    separator: str,
    name: str,
    *,
    width: int | None = None,
    after: int = 0,
    open_lines: int = 0,
) -> Iterator[list[str]]:
    r"""Parse the records of separated text; refuse a text in which an open quotation mark swallows rows.

    Parameters
    ----------
    lines : iterable of str
        The text line by line, line ends kept.
    separator : str
        What stands between two cells.
    name : str
        Name of the file, for the message.
    width : int, optional
        Cells of a regular record, by which a mark is also found that a later row happens to close; by default as many
        as the first record has. 0 where it is not known: then only a mark that nothing closes is found.
    after : int
        Lines of the file before the first one given: messages name the line of the file.
    open_lines : int
        A cell that is still open at the end is an error if it runs over more lines than this; not 0 where the lines
        given are only the first of a file.

    Yields
    ------
    list of str
        The cells of one record; an empty line is an empty list.

    Raises
    ------
    InputError
        If a quotation mark is not closed, with the line where its record begins.

    Examples
    --------
    >>> list(separated_records(["a,b\n", '1,"two\n', 'lines"\n'], ",", "x.csv"))
    [['a', 'b'], ['1', 'two\nlines']]
    """
    csv.field_size_limit(_MOST_CHARACTERS)
    given = _Given(lines)
    reader = csv.reader(given, delimiter=separator)
    line = 0
    try:
        for record in reader:
            began, line = line, reader.line_num
            if given.ended:
                if record and line - began > open_lines + 1:
                    raise _unclosed(name, after + began + 1)
                if record:
                    yield record
                return
            width = len(record) if width is None else width
            if line - began > 1 and width > 1 and _swallowed(record, width, separator):
                raise _unclosed(name, after + began + 1)
            yield record
    except csv.Error:
        raise InputError(
            f"{name} line {after + line + 1}: a cell of over {_MOST_CHARACTERS:,} characters. Shorten it, or close its "
            "quotation mark."
        ) from None


class _Given:
    """Lines, and then one empty line: if that is no record of its own, a cell was still open."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self.ended = False

    def __iter__(self) -> Iterator[str]:
        yield from self._lines
        self.ended = True
        yield ""


def _unclosed(name: str, line: int) -> InputError:
    """Name the line of a mark that is not closed."""
    return InputError(f"{name} line {line}: a quotation mark is not closed and would swallow the rows below. Close it.")


def _swallowed(record: list[str], width: int, separator: str) -> bool:
    """Tell whether a cell of a record holds rows: a whole one, or the end of one and the beginning of another.

    A separator with a blank behind it is taken for a comma of prose.
    """
    mark = re.compile(re.escape(separator) + r"(?! )")
    for place, cell in enumerate(record):
        pieces = _LINE_END.split(cell)
        if len(pieces) > 1:
            counts = [len(mark.findall(piece)) for piece in pieces]
            joined = counts[0] >= width - 1 - place and counts[-1] >= place + width - len(record)
            if joined or max(counts) >= width - 1:
                return True
    return False


def rows_by_name(lines: Iterable[str], name: str) -> tuple[list[str], list[dict[str, str]]]:
    r"""Read comma-separated text as its header and its rows by column name, all text.

    Cells that a row lacks are empty, cells beyond the header are left out, empty lines are no rows.

    Raises
    ------
    InputError
        If a quotation mark is not closed.

    Examples
    --------
    >>> rows_by_name(["id, zip\n", "1,27546\n"], "x.csv")
    (['id', 'zip'], [{'id': '1', 'zip': '27546'}])
    """
    records = separated_records(lines, ",", name)
    header = [cell.strip() for cell in next(records, [])]
    rows = [{column: "" for column in header} | dict(zip(header, cells, strict=False)) for cells in records if cells]
    return header, rows
