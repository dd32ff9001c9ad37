"""``batch`` files: questions read from CSV or Parquet chunk by chunk, answers written in the same order."""

from __future__ import annotations

import csv
import os
from collections import Counter
from contextlib import contextmanager, suppress
from itertools import repeat
from typing import TYPE_CHECKING, Any

from adequacy.access.batch import BatchRow
from adequacy.access.batch_drives import batch_drives
from adequacy.errors import InputError, MissingColumn, MissingExtra, OutputError
from adequacy.outputs.escape import escape_cell
from adequacy.outputs.files import require_kind
from adequacy.tables import table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from adequacy.access.batch import BatchAnswerer
    from adequacy.roads import RoadNetwork
    from adequacy.tables import Column

    Chunk = tuple[list[str], list[BatchRow]]
    Write = Callable[[Sequence[str], Sequence[BatchRow], Sequence[Sequence[Any]]], None]

__all__ = ["answer_file"]

#: Our name of each column of the input, and what else it is called.
_COLUMNS = {
    "id": ("id",),
    "service": ("service", "service_key"),
    "zip5": ("zip", "zip5"),
    "lon": ("lon", "longitude"),
    "lat": ("lat", "latitude"),
    "on": ("date", "as_of"),
}
#: Rows worked on at a time: fewer share less work, more take more memory.
_ROWS = 200_000


def answer_file(
    source: Path,
    out: Path,
    answers: BatchAnswerer,
    *,
    roads: RoadNetwork | None = None,
    progress: Callable[[int], None] | None = None,
) -> Counter[str]:
    """Answer every row of a file.

    Parameters
    ----------
    source : Path
        CSV (any usual separator and encoding, gzip allowed), workbook or Parquet with ``id``, ``service``, and ``zip``
        or ``lon`` and ``lat``; optional ``date``.
    out : Path
        ``.csv`` or ``.parquet``; table ``batch``, in the same order. Written whole or not at all.
    answers : BatchAnswerer
        What answers.
    roads : RoadNetwork, optional
        Adds the columns of table ``batch_drives``; the findings are the same.
    progress : callable, optional
        Called with the rows done, chunk by chunk.

    Returns
    -------
    Counter
        Rows by finding, and ``refused``.

    Raises
    ------
    InputError
        If the file cannot be read, or lacks a column.
    OutputError
        If the answers cannot be written.
    """
    kind = require_kind(out, (".csv", ".parquet"), "batch of answers")
    counts: Counter[str] = Counter()
    columns = (*table("batch").columns, *(table("batch_drives").columns if roads else ()))
    with _writer(out, kind, columns) as write:
        for ids, rows in _chunks(source):
            found = answers.answer(rows)
            if roads:
                drives = batch_drives(answers, roads, rows, found)
                write(ids, rows, [(*each, *drive) for each, drive in zip(found, drives, strict=True)])
            else:
                write(ids, rows, found)
            counts.update(each.finding or "refused" for each in found)
            if progress:
                progress(counts.total())
    return counts


def _chunks(source: Path) -> Iterator[Chunk]:
    """Read the questions, some at a time."""
    if source.suffix.casefold() == ".parquet":
        yield from _parquet_chunks(source)
        return
    from adequacy.intake.readers import open_roster

    sheets = [sheet for sheet in open_roster(source).sheets if sheet.head and not sheet.hidden]
    if not sheets:
        raise InputError(f"{source.name}: there is no row to read.")
    sheet = sheets[0]
    sheet.set_width(1)
    places = _places(sheet.head[0], source.name)
    for block in sheet.blocks(places.values(), after=1):
        cells = {name: block.cells[place].tolist() for name, place in places.items()}
        # a blank line of a file is no question
        kept = [i for i, row in enumerate(zip(*cells.values(), strict=True)) if any(row)]
        for first in range(0, len(kept), _ROWS):
            some = kept[first : first + _ROWS]
            yield _chunk({name: [column[i] for i in some] for name, column in cells.items()}, len(some))


def _parquet_chunks(source: Path) -> Iterator[Chunk]:
    """Read the questions of a Parquet file, some at a time."""
    parquet = _pyarrow("parquet")
    try:
        with parquet.ParquetFile(source) as file:
            places = _places(file.schema_arrow.names, source.name)
            names = {name: file.schema_arrow.names[place] for name, place in places.items()}
            for batch in file.iter_batches(_ROWS, columns=list(dict.fromkeys(names.values()))):
                cells = {name: [_text(v) for v in batch.column(theirs).to_pylist()] for name, theirs in names.items()}
                yield _chunk(cells, batch.num_rows)
    except (OSError, ValueError, NotImplementedError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{source.name}: the file cannot be read as Parquet.") from error


def _text(value: object) -> str:
    """A cell of a Parquet file as text; a day without its midnight, a whole number without its decimals."""
    if value is None or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value)
    return text.removesuffix(" 00:00:00") if hasattr(value, "hour") else text


def _places(header: Sequence[str], name: str) -> dict[str, int]:
    """Where each column stands."""
    plain = [title.strip().casefold() for title in header]
    found = {
        ours: plain.index(theirs) for ours, names in _COLUMNS.items() for theirs in reversed(names) if theirs in plain
    }
    for place in found.values():
        if plain.count(plain[place]) > 1:
            raise InputError(f"{name}: several columns are called '{plain[place]}'. Keep the one that is meant.")
    missing = [column for column in ("id", "service") if column not in found]
    if "zip5" not in found and not {"lon", "lat"} <= set(found):
        missing.append("zip (or lon and lat)")
    if missing:
        raise MissingColumn(
            f"{name}: no column {', no column '.join(missing)}. A batch has id, service, and zip or lon, lat; "
            "optional date. The header must be the first row."
        )
    return found


def _chunk(cells: dict[str, list[str]], count: int) -> Chunk:
    """The ids, and the questions."""
    columns = [cells.get(name) or repeat("", count) for name in BatchRow._fields]
    return cells["id"], [BatchRow._make(row) for row in zip(*columns, strict=True)]


@contextmanager
def _writer(out: Path, kind: str, columns: Sequence[Column]) -> Iterator[Write]:
    """Write chunks to a file beside the wanted one, which takes its place when all is well."""
    part = out.with_name(f".{out.name}.{os.getpid()}.part")  # two runs must not write into one
    try:
        with (_csv_writer if kind == ".csv" else _parquet_writer)(part, columns) as write:
            yield write
        part.replace(out)
    except OSError as error:
        raise OutputError(
            f"{out}: cannot be written ({error.strerror or error}). Check the folder, and whether the file is open."
        ) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


@contextmanager
def _csv_writer(part: Path, columns: Sequence[Column]) -> Iterator[Write]:
    with part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([column.name for column in columns])

        def write(ids: Sequence[str], rows: Sequence[BatchRow], found: Sequence[Sequence[Any]]) -> None:
            for name, row, each in zip(ids, rows, found, strict=True):
                cells = (name, row.service, *each)
                writer.writerow(["" if cell is None else escape_cell(cell) for cell in cells])

        yield write


@contextmanager
def _parquet_writer(part: Path, declared: Sequence[Column]) -> Iterator[Write]:
    parquet, arrow = _pyarrow("parquet"), _pyarrow()
    kinds = {"text": arrow.string(), "float": arrow.float64(), "int": arrow.int64()}
    schema = arrow.schema([(column.name, kinds[column.kind]) for column in declared])
    with parquet.ParquetWriter(part, schema) as writer:

        def write(ids: Sequence[str], rows: Sequence[BatchRow], found: Sequence[Sequence[Any]]) -> None:
            columns = [ids, [row.service for row in rows], *zip(*found, strict=True)]
            if len(rows):
                writer.write_table(arrow.table(dict(zip(schema.names, columns, strict=True)), schema=schema))

        yield write


def _pyarrow(part: str = "") -> Any:
    """The package that reads and writes Parquet."""
    from importlib import import_module

    try:
        return import_module(f"pyarrow.{part}" if part else "pyarrow")
    except ImportError:
        raise MissingExtra("parquet", "A Parquet file") from None
