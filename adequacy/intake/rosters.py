"""Any number of roster files in, one table of offerings out: every row is used or refused, and nothing happens unsaid.

The order of work: find the header, read in blocks, judge every cell and row (``rows``), give ids and merge what is
written twice (``identity``), join enrolment files (``joins``), set declared defaults. What became of a row is counted
by row of the file: read = used + refused, always.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from adequacy.errors import MissingColumn, NoStandardInForce, RosterRefused, UsageError, shown_list
from adequacy.intake.batch import Judges
from adequacy.intake.cells import cell_judge, empties, says_unknown
from adequacy.intake.coded import Coded, Gathered
from adequacy.intake.findings import Findings, Source, package_rows
from adequacy.intake.header import plain
from adequacy.intake.identity import NUMBERED, add_ids, review
from adequacy.intake.joins import Enrolment, is_enrolment
from adequacy.intake.mapping import Default, Mapping, read_mapping
from adequacy.intake.plan_net import DIRECTORY_COLUMNS, read_plan_net
from adequacy.intake.readers import open_roster
from adequacy.intake.rows import OFFERING_COLUMNS, Limits, judge_batch, offerings
from adequacy.intake.sources import batches, lay_out, no_status, require_columns
from adequacy.tables import STATUS_COLUMNS, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import numpy as np
    import pandas as pd

    from adequacy.intake.batch import Batch
    from adequacy.intake.coded import Numbering
    from adequacy.intake.header import Layout
    from adequacy.intake.readers import RosterFile
    from adequacy.intake.sources import LaidOut
    from adequacy.policy import Catalogue, Policy

__all__ = ["FileRead", "Intake", "limits_of", "read_rosters", "require_acceptable"]

#: The columns of ``Intake.rows``, in order.
_COLUMNS = (*OFFERING_COLUMNS, "source_file", "source_sheet", "source_row")
#: Rules by which the mapping itself leaves a row out: such rows are refused by declaration, not by fault.
DECLARED = frozenset({"taxonomy_not_mapped"})


@dataclass(frozen=True, slots=True)
class FileRead:
    """One file that was read: its name, content hash, kind (workbook, text, json) and rows of data."""

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
        ``none`` where the row is no place that could be located. One row of a file that names several services gives
        several rows.
    refused : DataFrame
        Table ``refused``: every row of a file that did not get in, with its first reason.
    findings : DataFrame
        Table ``findings``: every cell that was fixed, warned of or refused.
    sources : tuple of FileRead
        The files, in the order given.
    defaults : tuple of Default
        Declared defaults of the mapping, with the number of rows each filled.
    read, used : int
        Rows of data in the files; ``read == used + len(refused)``.
    left_out : int
        Rows outside the mapping's ``[rows]``; they are not among those read.
    refused_by_mapping : int
        How many of the refused rows the mapping leaves out by its own declaration (a taxonomy it does not map).
    layouts : dict
        (file, sheet) -> how it was laid out: headers as written, and what each column means.
    standard_input : RosterFile or None
        What came in by standard input, which can be read only once.
    """

    rows: pd.DataFrame
    refused: pd.DataFrame
    findings: pd.DataFrame
    sources: tuple[FileRead, ...]
    defaults: tuple[Default, ...]
    read: int
    used: int
    left_out: int = 0
    refused_by_mapping: int = 0
    layouts: dict[tuple[str, str], Layout] = field(default_factory=dict)
    standard_input: RosterFile | None = None

    def write_findings(self, path: Path | str) -> None:
        """Write ``findings.csv``; see ``report.write_findings``."""
        from adequacy.intake.report import write_findings

        write_findings(self, path)

    def summary(self, findings: str | None = None) -> str:
        """Say in about ten lines what became of the files; see ``report.summary``."""
        from adequacy.intake.report import summary

        return summary(self, findings)


@dataclass(slots=True)
class _Reading:
    """One run of intake: what is given, and what was gathered so far."""

    on: date
    catalogue: Catalogue
    mapping: Mapping
    limits: Limits
    findings: Findings = field(default_factory=Findings)
    judges: Judges = field(default_factory=Judges)
    offered: Gathered = field(default_factory=lambda: Gathered(_COLUMNS[:-1]))
    numbers: list[np.ndarray] = field(default_factory=list)
    refused: list[pd.DataFrame] = field(default_factory=list)
    layouts: dict[tuple[str, str], Layout] = field(default_factory=dict)
    read: int = 0
    #: (file, sheet, status column) whose cells, or the mapping, say outright that the status is unknown
    stated: set[tuple[str, str, str]] = field(default_factory=set)
    left_out: int = 0
    by_mapping: int = 0


def limits_of(policy: Policy, on: date) -> Limits:
    """Take the numbers intake compares with from a policy; what is not in force on that day is not compared.

    Examples
    --------
    >>> from adequacy.policy import load_policy
    >>> limits_of(load_policy(), date(2026, 11, 1)).far_from_zip_mi > 0
    True
    """

    def value(name: str) -> float | None:
        try:
            return float(policy.value(name, on))
        except NoStandardInForce:
            return None

    locations = [int(row["value"]) for row in package_rows("facts.csv") if row["name"] == "upload_locations"]
    return Limits(value("site_far_from_zip_mi"), value("street_range_uncertainty_mi"), locations[0])


def read_rosters(
    paths: Sequence[Path | str],
    *,
    on: date | str,
    catalogue: Catalogue,
    columns: Path | str | None = None,
    joins: Sequence[Path | str] = (),
    limits: Limits | None = None,
) -> Intake:
    """Read rosters into one table of offerings, with every fix, warning and refusal.

    Parameters
    ----------
    paths : sequence of Path or str
        Roster files: workbooks, text files, NPPES extracts, Plan-Net JSON; ``-`` is standard input. Several make one
        network. A file that has NPIs and statuses but no provider is taken for an enrolment file and joined.
    on : date or str
        The day of the roster (ISO); decides the century of two-digit years.
    catalogue : policy.Catalogue
        The services.
    columns : Path or str, optional
        A mapping file (TOML, see ``mapping``).
    joins : sequence of Path or str
        Enrolment files, joined by NPI and site.
    limits : Limits, optional
        What counts as far; by default that of the shipped policy.

    Returns
    -------
    Intake

    Raises
    ------
    UsageError
        If two files have one name: no finding could say which it means.
    InputError
        If a file cannot be read at all.
    MissingColumn
        If provider, service or any place column is missing, or a status column is absent as a whole.
    RosterRefused
        If no row can be used.
    """
    day = date.fromisoformat(on) if isinstance(on, str) else on
    mapping = read_mapping(columns, catalogue) if columns else Mapping()
    if limits is None:
        from adequacy.policy import load_policy

        limits = limits_of(load_policy(), day)
    reading = _Reading(day, catalogue, mapping, limits)
    _require_own_names([*paths, *joins])
    files = [open_roster(path) for path in paths]
    extra = [open_roster(path) for path in joins]
    laid_out = {id(file): lay_out(file, mapping, reading.findings) for file in [*files, *extra] if file.kind != "json"}
    _require_mapped(mapping, laid_out.values())
    enrolment = Enrolment(reading.findings, day)
    counts = {id(file): 0 for file in [*files, *extra]}
    rosters = []
    for file in [*files, *extra]:
        for each in laid_out.get(id(file), []):
            reading.layouts[each.sheet.source.file, each.sheet.source.sheet] = each.layout
            if file in extra or is_enrolment(each, mapping):
                counts[id(file)] += enrolment.add(each, mapping)
            else:
                rosters.append((file, each))
    directories = [file for file in files if file.kind == "json"]
    if not rosters and not directories:  # taken for enrolment, but there is nothing to join it to: say what it lacks
        require_columns(laid_out[id(files[0])][0], mapping, set())
    for file, each in rosters:
        require_columns(each, mapping, enrolment.columns)
        counts[id(file)] += _read_sheet(reading, each)
    for number, rows in _read_directories(reading, directories).items():
        counts[number] += rows
    sources = tuple(FileRead(file.name, file.sha256, file.kind, counts[id(file)]) for file in [*files, *extra])
    intake = _finished(reading, sources, enrolment)
    intake.standard_input = next((file for file in files if file.path is None), None)
    return intake


def _require_own_names(paths: Sequence[Path | str]) -> None:
    """Refuse files of one name in several folders, and standard input twice."""
    seen: set[str] = set()
    for path in paths:
        name = re.split(r"[\\/]", str(path))[-1]
        if name.casefold() in seen:
            shown = "standard input" if name == "-" else name
            raise UsageError(f"Two files are named {shown}: findings could not say which they mean. Rename one.")
        seen.add(name.casefold())


def _require_mapped(mapping: Mapping, laid_out: Iterable[list[LaidOut]]) -> None:
    """Refuse a mapping that names headers which no sheet has."""
    sheets = [each for sheets in laid_out for each in sheets]
    have = {plain(header) for each in sheets for header in each.layout.headers}
    if not sheets:
        for header in mapping.rows:
            if header not in DIRECTORY_COLUMNS:
                found = ", ".join(DIRECTORY_COLUMNS)
                raise MissingColumn(f"no column '{header}', which {mapping.name} names. A directory has: {found}.")
        return
    named = [header for headers in mapping.columns.values() for header in headers]
    for header in [*named, *mapping.rows]:
        if plain(header) not in have:
            found = shown_list(header for header in sheets[0].layout.headers if header)
            raise MissingColumn(
                f"{sheets[0].sheet.source.file}: no column '{header}', which {mapping.name} names. Found: {found}. "
                "Correct the file given with --columns."
            )


def _read_sheet(reading: _Reading, each: LaidOut) -> int:
    """Read one sheet of offerings; return its rows of data."""
    before, left_out = reading.read, reading.left_out
    for batch, outside in batches(each, reading.mapping, reading.findings):
        reading.left_out += outside
        _take(reading, batch)
    _note_left_out(reading, each.sheet.source, each.layout.last_row, reading.left_out - left_out)
    return reading.read - before


def _note_left_out(reading: _Reading, source: Source, row: int, count: int) -> None:
    """Say how many rows the mapping's ``[rows]`` left out."""
    if count:
        rule = "; ".join(f"{column}: {', '.join(values)}" for column, values in reading.mapping.rows.items())
        reading.findings.add(source, [row], "", "rows_left_out", detail=f"{count} rows, not {rule}")


def _read_directories(reading: _Reading, files: list[RosterFile]) -> dict[int, int]:
    """Read Plan-Net files, which only together make a directory; return rows of data by file."""
    counts: dict[int, int] = {}
    if not files:
        return counts
    by_name = {file.name: id(file) for file in files}
    for batch, outside in read_plan_net(files, reading.mapping, reading.findings):
        counts[by_name[batch.source.file]] = counts.get(by_name[batch.source.file], 0) + len(batch)
        reading.left_out += outside
        _note_left_out(reading, batch.source, 1, outside)
        _take(reading, batch)
    return counts


def _take(reading: _Reading, batch: Batch) -> None:
    """Judge a batch and keep what came of it."""
    if len(batch) == 0:
        return
    reading.read += len(batch)
    judge_batch(
        batch,
        reading.judges,
        today=reading.on,
        catalogue=reading.catalogue,
        mapping=reading.mapping,
        limits=reading.limits,
    )
    reading.refused.append(batch.refused_rows())
    reading.by_mapping += batch.refused_by(DECLARED)
    columns, numbers = offerings(batch, reading.mapping)
    for name, text in (("source_file", batch.source.file), ("source_sheet", batch.source.sheet)):
        columns[name] = Coded.constant(text, len(numbers))
    reading.offered.add(columns)
    reading.numbers.append(numbers)
    _note_stated(reading, batch)


def _note_stated(reading: _Reading, batch: Batch) -> None:
    """Note which status columns say outright that they know nothing: by the mapping, or in a cell."""
    source, mapping = batch.source, reading.mapping
    declared = {*mapping.constants, *(default.column for default in mapping.defaults if default.value == "unknown")}
    layout = reading.layouts.get((source.file, source.sheet))
    by_taxonomy = mapping.taxonomies and not (layout and "service" in layout.columns)
    if by_taxonomy and "contract_status" not in mapping.words:  # who practises something is not thereby contracted
        declared.add("contract_status")
    for name in STATUS_COLUMNS:
        judge = reading.judges(
            name, partial(cell_judge, table("roster").column(name), today=reading.on, words=mapping.words.get(name))
        )
        if name in declared or any(says_unknown(judge, text) for text in batch.texts_as_read(name)):
            reading.stated.add((source.file, source.sheet, name))


def _finished(reading: _Reading, sources: tuple[FileRead, ...], enrolment: Enrolment) -> Intake:
    """Do what needs all rows at once, and hand over."""
    import numpy as np
    import pandas as pd

    rows, numbering = reading.offered.table(NUMBERED)
    rows["source_row"] = np.concatenate(reading.numbers) if reading.numbers else np.array([], dtype=np.int64)
    refused = pd.concat(reading.refused, ignore_index=True) if reading.refused else pd.DataFrame()
    if rows.empty:
        names = ", ".join(source.name for source in sources)
        if not reading.read and not reading.left_out:
            raise RosterRefused(f"{names}: a header, and no row of data below it. Export the roster again.")
        first = f" The first reason: {refused['reason'].iloc[0]}" if len(refused) else ""
        first = first or " The mapping's [rows] leave out all of them." * bool(reading.left_out)
        raise RosterRefused(f"{names}: none of {reading.read + reading.left_out:,} rows can be used.{first}")
    add_ids(rows, numbering)
    enrolment.join(rows, reading.catalogue)
    defaults = _set_defaults(rows, reading.mapping)
    _require_statuses(reading, rows, numbering, enrolment.stated)
    for name, meaning in empties().items():
        if name in rows:
            rows.loc[rows[name] == "", name] = meaning
    numbering.changed(*enrolment.columns, *(default.column for default in defaults), *empties())
    rows = review(rows, reading.findings, reading.limits, numbering)
    for name in ("lon", "lat"):
        codes, texts = pd.factorize(rows[name].to_numpy(dtype=object))
        rows[name] = pd.to_numeric(texts, errors="coerce")[codes]
    _set_precision(rows)
    return Intake(
        rows=rows,
        refused=refused,
        findings=reading.findings.frame({key: layout.labels for key, layout in reading.layouts.items()}),
        sources=sources,
        defaults=defaults,
        read=reading.read,
        used=reading.read - len(refused),
        left_out=reading.left_out,
        refused_by_mapping=reading.by_mapping,
        layouts=reading.layouts,
    )


def _require_statuses(reading: _Reading, rows: pd.DataFrame, numbering: Numbering, joined: set[str]) -> None:
    """Refuse a source in which a status says nothing in any row; warn of the rows in which it is empty.

    Parameters
    ----------
    joined : set of str
        The columns for which a joined file says outright that the status is unknown.

    Raises
    ------
    MissingColumn
        A network in which nothing counts would call every place a gap, and nobody would see why.
    """
    import pandas as pd

    numbers, first = numbering.of(("source_file", "source_sheet"))
    source_rows = rows["source_row"].to_numpy()
    for number, key in enumerate(rows[["source_file", "source_sheet"]].iloc[first].itertuples(index=False, name=None)):
        source = Source(*key)
        theirs = numbers == number
        layout = reading.layouts.get(key)
        for name in STATUS_COLUMNS:
            texts = rows[name].to_numpy(dtype=object)
            said = theirs & (texts != "")
            stated = (*key, name) in reading.stated
            if not stated and name not in joined and not (said & (texts != "unknown")).any():
                raise _silent(source, name, layout)
            if not stated or (layout and name in layout.columns):
                column = layout.labels.get(name, name) if layout else name
                empty = pd.unique(source_rows[theirs & ~said])
                reading.findings.add(source, empty, column, "status_empty", new="unknown")


def _silent(source: Source, name: str, layout: Layout | None) -> MissingColumn:
    """Say which column of a source tells no status: it is empty, unreadable, not there, or nothing joined fits."""
    if layout is None or name not in layout.columns:
        return no_status(source, name, f"no row has a '{name}', and no joined file gives one", "Add the column")
    header = layout.labels[name]
    shown = name if plain(header) == plain(name) else f"{name} ('{header}')"
    return no_status(
        source, name, f"column {shown} holds no word that can be read in any row",
        f"Fill it in with {', '.join(table('roster').column(name).words)} (a layout's own words: [words.{name}])",
    )  # fmt: skip


def _set_defaults(rows: pd.DataFrame, mapping: Mapping) -> tuple[Default, ...]:
    """Fill empty cells with the declared defaults; say how many."""
    declared = []
    for default in mapping.defaults:
        empty = rows[default.column] == ""
        rows.loc[empty, default.column] = default.value
        declared.append(replace(default, rows=int(empty.sum())))
    return tuple(declared)


def _set_precision(rows: pd.DataFrame) -> None:
    """Say of every row whether it comes with a point, and ``none`` where there is nothing to place it by."""
    given = rows["lon"].notna() & rows["lat"].notna()
    rows.loc[given & (rows["precision"] == ""), "precision"] = "given"
    rows.loc[~given & (rows["precision"] != "none"), "precision"] = ""
    rows.loc[~given & (rows["zip5"] == ""), "precision"] = "none"


def require_acceptable(
    intake: Intake,
    *,
    refused_rows_pct: float,
    row_drop_pct: float,
    rows_before: int | None = None,
    accept: bool = False,
) -> tuple[str, ...]:
    """Refuse a roster that lost too many rows, unless somebody accepts it.

    Parameters
    ----------
    intake : Intake
        What was read.
    refused_rows_pct : float
        Percent of refused rows above which a roster is refused (policy ``refused_rows_pct``). Rows that the mapping
        leaves out by declaration do not count.
    row_drop_pct : float
        Percent by which the offerings may fall against the network it replaces (policy ``row_drop_pct``).
    rows_before : int, optional
        Offerings of the network it replaces.
    accept : bool
        True if somebody accepts it in spite of that.

    Returns
    -------
    tuple of str
        What was accepted, one sentence each, to be recorded in the network; empty if nothing had to be.

    Raises
    ------
    RosterRefused
        If a limit is passed and nobody accepts it.
    """
    passed = []
    counted = intake.read - intake.refused_by_mapping
    refused = len(intake.refused) - intake.refused_by_mapping
    share_pct = 100 * refused / counted if counted else 0.0
    if share_pct > refused_rows_pct:
        passed.append(
            f"{refused:,} of {counted:,} rows are refused ({share_pct:.1f} %, more than {refused_rows_pct:g} %)"
        )
    if rows_before:
        drop_pct = 100 * (rows_before - len(intake.rows)) / rows_before
        if drop_pct > row_drop_pct:
            passed.append(
                f"{len(intake.rows):,} offerings against {rows_before:,} in the network it replaces "
                f"({drop_pct:.1f} % fewer, more than {row_drop_pct:g} %)"
            )
    if passed and not accept:
        names = ", ".join(source.name for source in intake.sources)
        raise RosterRefused(
            f"{names}: {'; '.join(passed)}. Nothing was written. See what is wrong with --findings FILE.csv, or build "
            "with --accept, which is recorded."
        )
    return tuple(passed)
