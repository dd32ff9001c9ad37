"""Any number of roster files in, one table of offerings out: every row is used or refused, and nothing happens unsaid.

The order of work: find the header, read in blocks, judge every distinct cell, judge what needs several cells of a row,
turn services into offerings, give ids, merge what is written twice, join enrolment files, set declared defaults. What
a row of the file became is counted by row of the file: read = used + refused, always.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from adequacy.errors import (
    AmbiguousService,
    InputError,
    MissingColumn,
    NoSuchService,
    RosterRefused,
    UnknownService,
)
from adequacy.intake.batch import Batch, Change
from adequacy.intake.cells import cell_judge, empties
from adequacy.intake.findings import Findings, Source
from adequacy.intake.header import find_layout
from adequacy.intake.identity import add_ids
from adequacy.intake.mapping import Mapping, read_mapping
from adequacy.intake.readers import open_roster
from adequacy.tables import STATUS_COLUMNS, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date
    from pathlib import Path

    import numpy as np
    import pandas as pd

    from adequacy.intake.header import Layout
    from adequacy.intake.mapping import Default
    from adequacy.intake.readers import Block, RosterFile, Sheet
    from adequacy.policy import Catalogue

__all__ = ["FileRead", "Intake", "read_rosters"]

#: A roster without one of these columns is refused as a whole.
REQUIRED = ("provider_name", "service")
#: One of these must be there: what a site can be placed by.
PLACE_COLUMNS = ("zip5", "lon", "lat")
_PERIODS = (("contract_from", "contract_to"), ("service_from", "service_to"), ("nctracks_from", "nctracks_to"))


@dataclass(frozen=True, slots=True)
class FileRead:
    """One file that was read: its name, content hash, kind and rows of data."""

    name: str
    sha256: str
    kind: str
    rows: int


@dataclass(slots=True)
class Intake:
    """What intake made of one or several rosters.

    Attributes
    ----------
    rows : DataFrame
        Table ``roster`` with ``service_key`` instead of ``service``, then ``source_file, source_sheet, source_row``.
        Text throughout, ``""`` for empty; ``lon`` and ``lat`` are floats, NaN where not given; ``precision`` is
        ``none`` where there is no place at all. One row of a file that names several services gives several rows.
    refused : DataFrame
        Table ``refused``: every row of a file that did not get in, with its first reason.
    findings : DataFrame
        Table ``findings``: every cell that was fixed, warned of or refused.
    sources : tuple of FileRead
        The files, in the order given.
    defaults : tuple of Default
        The declared defaults of the mapping that were used, with the number of rows in ``default_rows``.
    read, used : int
        Rows of the files with data; ``read == used + len(refused)``.
    notes : tuple of str
        What was read and not read, one sentence each.
    """

    rows: pd.DataFrame
    refused: pd.DataFrame
    findings: pd.DataFrame
    sources: tuple[FileRead, ...]
    defaults: tuple[Default, ...]
    default_rows: dict[str, int]
    read: int
    used: int
    notes: tuple[str, ...]


@dataclass(slots=True)
class _Reading:
    """One run of intake: what is given, and what was gathered so far."""

    on: date
    catalogue: Catalogue
    mapping: Mapping
    findings: Findings = field(default_factory=Findings)
    frames: list[pd.DataFrame] = field(default_factory=list)
    refused: list[pd.DataFrame] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    headers: set[str] = field(default_factory=set)
    read: int = 0


def read_rosters(
    paths: Sequence[Path | str],
    *,
    on: date,
    catalogue: Catalogue,
    columns: Path | str | None = None,
) -> Intake:
    """Read rosters into one table of offerings, with every fix, warning and refusal.

    Parameters
    ----------
    paths : sequence of Path or str
        Roster files; ``-`` is standard input. Several make one network.
    on : date
        The day of the roster; decides the century of two-digit years.
    catalogue : policy.Catalogue
        The services.
    columns : Path or str, optional
        A mapping file (TOML, see ``mapping``).

    Returns
    -------
    Intake

    Raises
    ------
    InputError
        If a file cannot be read at all.
    MissingColumn
        If provider, service or any place column is missing, or a status column is absent as a whole.
    RosterRefused
        If no row can be used.
    """
    reading = _Reading(on, catalogue, read_mapping(columns, catalogue) if columns else Mapping())
    sources = []
    for path in paths:
        before = reading.read
        file = open_roster(path)
        _read_file(reading, file)
        sources.append(FileRead(file.name, file.sha256, file.kind, reading.read - before))
    return _finished(reading, tuple(sources))


def _read_file(reading: _Reading, file: RosterFile) -> None:
    """Read every sheet of a file that holds roster rows."""
    if file.kind == "json":
        raise InputError(f"{file.name}: JSON is not read yet.")
    layouts = [(sheet, find_layout(sheet, reading.mapping.columns)) for sheet in file.sheets if not sheet.hidden]
    for sheet, layout in layouts:
        if layout is None:
            raise MissingColumn(
                f"{_where(sheet.source)}: no header was found. Name its row in a file given with --columns."
            )
        _require_columns(reading.mapping, sheet.source, layout)
        for block in sheet.blocks(_positions(layout), after=layout.last_row):
            _take(reading, _batch(reading, sheet, layout, block))


def _where(source: Source) -> str:
    """Name a source for a message."""
    return f"{source.file}, sheet '{source.sheet}'" if source.sheet else source.file


def _positions(layout: Layout) -> set[int]:
    """Return the positions of all columns that are read."""
    return {place for places in layout.columns.values() for place in places}


def _require_columns(mapping: Mapping, source: Source, layout: Layout) -> None:
    """Refuse a source that lacks what no network can do without."""
    have = {*layout.columns, *mapping.constants}
    found = ", ".join(header for header in layout.headers if header)
    for name in REQUIRED:
        if name not in have:
            raise MissingColumn(
                f"{_where(source)}: no column '{name}'. Found: {found}. Map it in a file given with --columns."
            )
    if "zip5" not in have and not {"lon", "lat"} <= have:
        raise MissingColumn(
            f"{_where(source)}: no column 'zip5', and no 'lon' with 'lat': nothing can be placed. Found: {found}. "
            "Map them in a file given with --columns."
        )
    declared = {default.column for default in mapping.defaults}
    for name in STATUS_COLUMNS:
        if name not in have and name not in declared:
            raise MissingColumn(
                f"{_where(source)}: no column '{name}', so nothing in it would count. Add the column, join a file that "
                f"has it, or declare a default in a file given with --columns: [defaults] {name} = "
                '{value = "...", basis = "...", by = "...", date = "YYYY-MM-DD"}.'
            )


def _batch(reading: _Reading, sheet: Sheet, layout: Layout, block: Block) -> Batch:
    """Make a batch of one block; rows without any text are no rows of data."""
    import numpy as np

    values = {}
    filled = np.zeros(len(block.rows), dtype=bool)
    for target, places in layout.columns.items():
        values[target] = block.cells[places[0]]
        for place in places:
            filled |= block.cells[place] != ""
    values = {target: cells[filled] for target, cells in values.items()}
    for target, value in reading.mapping.constants.items():
        values[target] = np.full(int(filled.sum()), value, dtype=object)
    batch = Batch(sheet.source, block.rows[filled], values, layout.labels, reading.findings)
    if block.widths is not None:
        widths = block.widths[filled]
        batch.note(widths > sheet.width, next(iter(layout.columns)), "row_has_too_many_cells")
    return batch


def _take(reading: _Reading, batch: Batch) -> None:
    """Judge a batch and keep what came of it."""
    reading.read += len(batch)
    for column in table("roster").columns:
        if column.name in batch.values:
            words = reading.mapping.words.get(column.name, {})
            batch.judge((column.name,), cell_judge(column, today=reading.on, words=words))
    batch.judge(("provider_name",), _provider_judge)
    batch.judge(("service",), partial(_service_judge, reading.catalogue, reading.mapping))
    for start, end in _PERIODS:
        if start in batch.values and end in batch.values:
            batch.judge((start, end), partial(_period_judge, end))
    reading.refused.append(batch.refused_rows())
    reading.frames.append(_offerings(batch))


def _provider_judge(name: str) -> Iterator[Change]:
    """Refuse a row without a provider."""
    if not name:
        yield Change("provider_name", "", "provider_name_missing")


def _service_judge(catalogue: Catalogue, mapping: Mapping, text: str) -> Iterator[Change]:
    """Turn the word for a service into its key."""
    if not text:
        yield Change("service", "", "service_missing")
    elif text in mapping.services:
        yield Change("service", ";".join(mapping.services[text]))
    else:
        try:
            yield Change("service", catalogue.find(text).key)
        except AmbiguousService as error:
            yield Change("service", "", "service_ambiguous", " or ".join(error.choices))
        except UnknownService as error:
            near = " or ".join(error.choices)
            yield Change("service", "", "service_unknown", f"near: {near}" if near else "nothing is near")
        except NoSuchService as error:
            yield Change("service", "", "service_none", error.message)


def _period_judge(end_column: str, start: str, end: str) -> Iterator[Change]:
    """Refuse a period that ends before it starts."""
    if start and end and end < start:
        yield Change(end_column, end, "end_before_start", f"{start} to {end}")


def _offerings(batch: Batch) -> pd.DataFrame:
    """Return the rows of a batch that were not refused, one per service, as declared columns of text."""
    import pandas as pd

    keep = ~batch.refused
    names = [name for name in table("roster").names if name != "service"]
    data: dict[str, np.ndarray] = {name: batch.column(name)[keep] for name in names}
    data["service_key"] = batch.column("service")[keep]
    frame = pd.DataFrame(data, dtype=object)
    frame["source_file"], frame["source_sheet"] = batch.source.file, batch.source.sheet
    frame["source_row"] = batch.rows[keep]
    several = frame["service_key"].str.contains(";", regex=False)
    if several.any():
        frame["service_key"] = frame["service_key"].str.split(";")
        frame = frame.explode("service_key", ignore_index=True)
    return frame


def _finished(reading: _Reading, sources: tuple[FileRead, ...]) -> Intake:
    """Do what needs all rows at once, and hand over."""
    import pandas as pd

    rows = pd.concat(reading.frames, ignore_index=True) if reading.frames else pd.DataFrame()
    refused = pd.concat(reading.refused, ignore_index=True) if reading.refused else pd.DataFrame()
    if rows.empty:
        names = ", ".join(source.name for source in sources)
        first = f" The first reason: {refused['reason'].iloc[0]}" if len(refused) else ""
        raise RosterRefused(f"{names}: none of {reading.read} rows can be used.{first}")
    default_rows = _set_defaults(rows, reading.mapping)
    add_ids(rows)
    for name, meaning in empties().items():
        if name in rows:
            rows.loc[rows[name] == "", name] = meaning
    for name in ("lon", "lat"):
        rows[name] = pd.to_numeric(rows[name], errors="coerce")
    _set_precision(rows)
    return Intake(
        rows=_ordered(rows),
        refused=refused,
        findings=reading.findings.frame(),
        sources=sources,
        defaults=reading.mapping.defaults,
        default_rows=default_rows,
        read=reading.read,
        used=reading.read - len(refused),
        notes=tuple(reading.notes),
    )


def _set_defaults(rows: pd.DataFrame, mapping: Mapping) -> dict[str, int]:
    """Fill empty cells with the declared defaults; say how many."""
    filled = {}
    for default in mapping.defaults:
        empty = rows[default.column] == ""
        rows.loc[empty, default.column] = default.value
        filled[default.column] = int(empty.sum())
    return filled


def _set_precision(rows: pd.DataFrame) -> None:
    """Say of every row whether it comes with a point, and ``none`` where there is nothing to place it by."""
    given = rows["lon"].notna() & rows["lat"].notna()
    rows.loc[given & (rows["precision"] == ""), "precision"] = "given"
    rows.loc[~given & (rows["zip5"] == ""), "precision"] = "none"


def _ordered(rows: pd.DataFrame) -> pd.DataFrame:
    """Put the columns in their declared order."""
    names = ["service_key" if name == "service" else name for name in table("roster").names]
    return rows[[*names, "source_file", "source_sheet", "source_row"]]
