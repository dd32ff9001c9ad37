"""Files as staff have them, read into raw rows of text: nothing is guessed, repaired or dropped here.

Text files come in blocks, so that a national extract of many gigabytes needs no more memory than a small one; the
encoding follows a rule (byte-order mark, else strict UTF-8, else Windows-1252, and that is said). Workbooks come as the
raw grid from A1, so that row numbers are those a spreadsheet shows. What a column means is found out in ``header``.
"""

from __future__ import annotations

import codecs
import gzip
import io
import itertools
import re
import sys
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from adequacy.errors import InputError, MissingExtra
from adequacy.intake.findings import Source
from adequacy.intake.kinds import foreign, foreign_archive, oversized
from adequacy.intake.merged import merged_ranges
from adequacy.separated import separated_records

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import numpy as np

    from adequacy.intake.merged import Range

__all__ = ["Block", "RosterFile", "Sheet", "open_roster"]

BLOCK_LINES = 50_000
#: A block of a text file is bounded by its size: a line of a national extract is a hundred times that of a roster.
_BLOCK_CHARACTERS = 16 << 20
#: Rows looked at to find the header and the separator.
HEAD_ROWS = 30
_SAMPLE_LINES = 4 * HEAD_ROWS
_READ_BYTES = 1 << 20
_LOOKED_AT = 1024
_SEPARATORS = ",\t|;"
_QUOTED = re.compile(r'"[^"\r\n]*"')
_WORKBOOK_MAGIC = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
_PARQUET_MAGIC = b"PAR1"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows of a sheet: their numbers as a spreadsheet shows them, and one array of text per column read.

    ``cells`` maps the column's position (0 = A) to its texts; ``widths`` is how many cells each row really had, None
    where all had as many as the sheet is wide.
    """

    rows: np.ndarray
    cells: dict[int, np.ndarray]
    widths: np.ndarray | None = None


@dataclass(slots=True)
class Sheet:
    """One sheet of a workbook, or a text file: its first rows, and its rows in blocks.

    ``width`` is the number of cells of a regular row; ``set_width`` settles it once the header is known.
    """

    source: Source
    head: list[list[str]]
    hidden: bool = False
    encoding: str = ""
    width: int = 0
    _grid: Sequence[Sequence[object]] | None = None
    _file: RosterFile | None = None
    _separator: str = ","

    def set_width(self, header_row: int) -> None:
        """Settle how many cells a regular row has: as most of the first rows from the header on."""
        widths = [len(row) for row in self.head[header_row - 1 :]]
        self.width = max(widths, key=lambda width: (widths.count(width), width == widths[0]), default=0)

    def blocks(self, columns: Iterable[int] | None = None, *, after: int = 0) -> Iterator[Block]:
        """Yield the rows after row ``after``, only the columns at the given positions (None: all)."""
        wanted = sorted(range(self.width) if columns is None else set(columns))
        if self._grid is not None:
            yield from _grid_blocks(self._grid, wanted, after)
        elif self._file is not None:
            yield from _text_blocks(self._file, self, wanted, after)


@dataclass(slots=True)
class RosterFile:
    """One input file, opened: its name, content hash and sheets."""

    name: str
    path: Path | None
    data: bytes | None
    sha256: str
    kind: str
    sheets: list[Sheet] = field(default_factory=list)

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Open the file's bytes (unpacked where it is gzipped)."""
        stream: IO[bytes] = io.BytesIO(self.data) if self.path is None else self.path.open("rb")  # type: ignore[arg-type]
        with stream:
            packed = stream.read(2) == b"\x1f\x8b"
            stream.seek(0)
            yield gzip.GzipFile(fileobj=stream) if packed else stream  # type: ignore[misc]


def open_roster(path: Path | str) -> RosterFile:
    """Open one roster file and look at its first rows.

    Parameters
    ----------
    path : Path or str
        A workbook (xlsx, xlsm, xls, xlsb, ods), a text file with separators (comma, tab, bar or semicolon; gzip
        allowed), Parquet, or JSON of a Plan-Net directory. ``-`` reads standard input. What it is follows
        from its first bytes, not from its name.

    Returns
    -------
    RosterFile
        ``kind`` is ``workbook``, ``text``, ``parquet`` or ``json``; JSON has no sheets (see ``plan_net``).

    Raises
    ------
    InputError
        If the file is missing, empty, locked by a password, damaged, or a web page under another name.
    """
    file = _identified(path)
    if file.kind == "workbook":
        file.sheets = _workbook_sheets(file)
    elif file.kind == "text":
        file.sheets = [_text_sheet(file)]
    elif file.kind == "parquet":
        file.sheets = [_parquet_sheet(file)]
    for sheet in file.sheets:
        sheet.width = max(map(len, sheet.head), default=0)
    return file


def _identified(path: Path | str) -> RosterFile:
    """Hash a file and tell its kind by its first bytes."""
    name, where, data = ("standard input", None, sys.stdin.buffer.read()) if str(path) == "-" else (
        Path(path).name, Path(path), None
    )  # fmt: skip
    file = RosterFile(name, where, data, "", "")
    digest = sha256()
    first = b""
    try:
        with file.open() as stream:
            while piece := stream.read(_READ_BYTES):
                first = first or piece
                digest.update(piece)
    except (OSError, EOFError, zlib.error) as error:
        told = getattr(error, "strerror", None)
        raise InputError(f"{name}: {told}. Check the path." if told else f"{name} is cut off or damaged.") from None
    start = first.removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff").lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start:
        raise InputError(f"{name} is empty. Export the roster again.")
    if what := foreign(first[:_LOOKED_AT]):
        raise InputError(f"{name} {what}")
    kind = "workbook" if first.startswith(_WORKBOOK_MAGIC) else "json" if start[:1] in b"{[" else "text"
    file.sha256, file.kind = digest.hexdigest(), "parquet" if first.startswith(_PARQUET_MAGIC) else kind
    return file


# ---------------------------------------------------------------------------------------------------------- workbooks


def _workbook_sheets(file: RosterFile) -> list[Sheet]:
    """Read every sheet of a workbook as a grid from A1."""
    import python_calamine as calamine

    with file.open() as stream:
        data = io.BytesIO(stream.read())
    if what := oversized(data):
        raise InputError(f"{file.name} {what}")
    data.seek(0)
    try:
        book = calamine.CalamineWorkbook.from_filelike(data)
        merged = merged_ranges(data)
        sheets = []
        for about in book.sheets_metadata:
            if about.typ != calamine.SheetTypeEnum.WorkSheet:
                continue
            sheet = book.get_sheet_by_name(about.name)
            grid = sheet.to_python(skip_empty_area=False)
            _fill_merged(grid, sheet.merged_cell_ranges or merged.get(about.name) or ())
            head = [[_text(cell) for cell in row] for row in grid[:HEAD_ROWS]]
            hidden = about.visible != calamine.SheetVisibleEnum.Visible
            sheets.append(Sheet(Source(file.name, about.name), head, hidden=hidden, _grid=grid))
    except calamine.PasswordError:
        raise InputError(f"{file.name} is locked with a password. Save it without one.") from None
    except (calamine.CalamineError, ValueError, OSError) as error:
        data.seek(0)
        if what := foreign_archive(data):
            raise InputError(f"{file.name} {what}") from None
        raise InputError(
            f"{file.name} is damaged or no workbook ({type(error).__name__}). Save it again from a spreadsheet."
        ) from None
    return sheets


def _parquet_sheet(file: RosterFile) -> Sheet:
    """Read a Parquet file as a grid: its column names, then its rows; a missing value is an empty cell."""
    try:
        from pyarrow import ArrowException, parquet
    except ImportError:
        raise MissingExtra("parquet", "A Parquet file") from None
    try:
        with file.open() as stream:
            columns = parquet.read_table(stream).to_pydict()
    except (ArrowException, OSError, ValueError) as error:
        raise InputError(f"{file.name} is damaged ({type(error).__name__}). Write the Parquet file again.") from None
    rows = ([None if cell != cell else cell for cell in row] for row in zip(*columns.values(), strict=True))
    grid: list[list[Any]] = [list(columns), *rows]
    return Sheet(Source(file.name), [[_text(cell) for cell in row] for row in grid[:HEAD_ROWS]], _grid=grid)


def _fill_merged(grid: list[list[Any]], ranges: Iterable[Range]) -> None:
    """Write the value of vertically merged cells into each row they cover: that is how the sheet reads."""
    for (top, left), (bottom, _) in ranges:
        if bottom > top and top < len(grid) and left < len(grid[top]):
            for row in grid[top + 1 : bottom + 1]:
                if left < len(row):
                    row[left] = grid[top][left]


def _grid_blocks(grid: Sequence[Sequence[object]], wanted: list[int], after: int) -> Iterator[Block]:
    """Yield the rows of a grid as blocks of text."""
    import numpy as np

    for start in range(after, len(grid), BLOCK_LINES):
        rows = grid[start : start + BLOCK_LINES]
        numbers = np.arange(start + 1, start + 1 + len(rows), dtype=np.int64)
        cells = {}
        for place in wanted:
            column = np.empty(len(rows), dtype=object)
            column[:] = [_text(row[place]) if place < len(row) else "" for row in rows]
            cells[place] = column
        yield Block(numbers, cells)


def _text(cell: object) -> str:
    """Write one workbook cell as text: whole numbers without a tail, dates in ISO."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)  # noqa: PLR2004 - exact to 2**53
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep=" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return "" if cell is None else str(cell)


# --------------------------------------------------------------------------------------------------------- text files


def _text_sheet(file: RosterFile) -> Sheet:
    """Look at the first rows of a text file: encoding, separator, cells."""
    encoding = _encoding(file)
    with _lines(file, encoding) as lines:
        sample = list(itertools.islice(lines, _SAMPLE_LINES))
    separator = _separator(sample)
    # of a longer file these are the first lines: the last cell may run on, but not over so many
    open_lines = 0 if len(sample) < _SAMPLE_LINES else _SAMPLE_LINES // 2
    records = separated_records(sample, separator, file.name, width=0, open_lines=open_lines)
    head = list(itertools.islice(records, HEAD_ROWS))
    return Sheet(Source(file.name), head, encoding=encoding, _file=file, _separator=separator)


def _encoding(file: RosterFile) -> str:
    """Name the encoding by rule: byte-order mark, strict UTF-8, else Windows-1252."""
    with file.open() as stream:
        piece = stream.read(_READ_BYTES)
        for mark, name in _BOMS:
            if piece.startswith(mark):
                return name
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while piece:
                decoder.decode(piece)
                piece = stream.read(_READ_BYTES)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8"


@contextmanager
def _lines(file: RosterFile, encoding: str) -> Iterator[io.TextIOWrapper]:
    """Open a text file for reading line by line, line ends kept."""
    with file.open() as stream, io.TextIOWrapper(stream, encoding=encoding, errors="replace", newline="") as text:
        yield text


def _separator(sample: list[str]) -> str:
    """Choose the separator that stands most often in the fullest of the first lines, outside quotation marks."""
    bare = [_QUOTED.sub("", line) for line in sample]
    return max(_SEPARATORS, key=lambda mark: max((line.count(mark) for line in bare), default=0))


def _text_blocks(file: RosterFile, sheet: Sheet, wanted: list[int], after: int) -> Iterator[Block]:
    """Yield the records of a text file in blocks: the fast parser where every line is regular, else the exact one."""
    with _lines(file, sheet.encoding) as lines:
        number = 0
        while text := lines.read(_BLOCK_CHARACTERS):
            text += lines.readline()
            regular, count = _regular(text, sheet._separator, sheet.width)
            if regular is None:  # a quoted cell runs over lines: only a true parser knows where rows end from here on
                rest = separated_records(
                    itertools.chain(io.StringIO(text, newline=""), lines), sheet._separator, file.name,
                    width=sheet.width, after=number,
                )  # fmt: skip
                while records := list(itertools.islice(rest, BLOCK_LINES)):
                    yield from _shown(_exact_block(records, wanted, number, sheet.width), after)
                    number += len(records)
                return
            block = _fast_block(text, count, sheet._separator, wanted, number, sheet.width) if regular else None
            if block is None:
                given = io.StringIO(text, newline="")
                records = list(separated_records(given, sheet._separator, file.name, width=sheet.width, after=number))
                block = _exact_block(records, wanted, number, sheet.width)
            yield from _shown(block, after)
            number += count


def _regular(text: str, separator: str, width: int) -> tuple[bool | None, int]:
    """Tell whether every line holds exactly ``width`` cells, None if a quoted cell may run over lines; count the lines.

    A million lines pass here, so that they are cut at the one line end that a file has, if it has but one.
    """
    returns = text.count("\r")
    if not returns or returns == text.count("\r\n") == text.count("\n"):
        bare = text.split("\r\n" if returns else "\n")
        if not bare[-1]:
            bare.pop()
    else:
        bare = io.StringIO(text, newline="").readlines()
    count = len(bare)
    if '"' in text:
        bare = [_QUOTED.sub("", line) if '"' in line else line for line in bare]
        if any('"' in line for line in bare):
            return None, count
    return {line.count(separator) for line in bare} == {width - 1}, count


def _fast_block(text: str, count: int, separator: str, wanted: list[int], number: int, width: int) -> Block | None:
    """Parse regular lines with the C parser of pandas; None where it disagrees that they are regular."""
    import numpy as np
    import pandas as pd

    try:
        frame = pd.read_csv(
            io.StringIO(text), sep=separator, header=None, names=range(width), usecols=wanted, dtype=object,
            na_filter=False, skip_blank_lines=False, index_col=False, engine="c",
        )  # fmt: skip
    except pd.errors.ParserError:
        return None
    if len(frame) != count:
        return None
    numbers = np.arange(number + 1, number + 1 + count, dtype=np.int64)
    return Block(numbers, {place: frame[place].to_numpy(dtype=object) for place in wanted})


def _exact_block(records: list[list[str]], wanted: list[int], number: int, width: int) -> Block:
    """Turn parsed records into a block, with the number of cells each really had."""
    import numpy as np

    widths = np.array([len(record) for record in records], dtype=np.int64)
    cells = {}
    for place in wanted:
        column = np.empty(len(records), dtype=object)
        column[:] = [record[place] if place < len(record) else "" for record in records]
        cells[place] = column
    numbers = np.arange(number + 1, number + 1 + len(records), dtype=np.int64)
    return Block(numbers, cells, widths if (widths != width).any() else None)


def _shown(block: Block, after: int) -> Iterator[Block]:
    """Cut the rows up to ``after`` off a block; yield nothing if none is left."""
    keep = block.rows > after
    if keep.all():
        yield block
    elif keep.any():
        cells = {place: column[keep] for place, column in block.cells.items()}
        yield Block(block.rows[keep], cells, None if block.widths is None else block.widths[keep])
