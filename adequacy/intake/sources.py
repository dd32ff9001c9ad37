"""Files -> batches of raw rows: which sheets hold roster rows, where their header is, which rows are no rows of data.

A workbook may hold several rosters, notes, look-ups and hidden sheets; what is not read is named, with why. Rows of
totals, headers written again and lone lines of text are set aside, each noted; they are no rows of data.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adequacy.errors import MissingColumn, shown_list
from adequacy.intake.batch import Batch
from adequacy.intake.coded import Coded, number_rows
from adequacy.intake.header import SEVERAL, find_layout, plain
from adequacy.tables import STATUS_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy as np

    from adequacy.intake.findings import Findings, Source
    from adequacy.intake.header import Layout
    from adequacy.intake.mapping import Mapping
    from adequacy.intake.readers import Block, RosterFile, Sheet

__all__ = ["RIVAL", "LaidOut", "batches", "lacks", "lay_out", "no_status", "require_columns", "where"]

#: What can feed a required column: any one of the groups will do.
PROVIDER = ({"provider_name"}, {"last_name"})
PLACE = ({"zip5"}, {"lon", "lat"}, {"address"}, {"city_state_zip"})
#: Columns that feed others: a finding is named by the header the file has.
_FEEDS = {
    "ages": ("ages_min", "ages_max"),
    "last_name": ("provider_name",),
    "address": ("street", "city", "state", "zip5"),
    "city_state_zip": ("city", "state", "zip5"),
    "county": ("county_fips",),
    "deactivated_on": ("service_to",),
    "street2": ("suite",),
    "taxonomy": ("service",),
}
#: Behind the name of a column: the second column of a file that means the same.
RIVAL = " (second column)"
_TOTALS = re.compile(
    r"^(?:(?:grand |sub-?|report |page )?totals?\b[\s:=\d.,-]*"
    r"|total (?:number|rows?|count|providers?|sites?|records?|locations?)\b.*"
    r"|(?:row |record )?count\s*[:=].*|(?:number of )?(?:records|rows|providers)\s*[:=]\s*[\d,]+)$",
    re.IGNORECASE,
)
_MOST_TOTALS_CELLS = 3
_LEAST_COLUMNS = 5


@dataclass(frozen=True, slots=True)
class LaidOut:
    """One sheet that is read, with its layout."""

    sheet: Sheet
    layout: Layout

    @property
    def positions(self) -> set[int]:
        """The positions of the columns read; the first two columns too, because labels of totals stand there."""
        read = {place for places in self.layout.columns.values() for place in places}
        return read | set(self.rivals.values()) | {0, min(1, self.sheet.width - 1)}

    @property
    def rivals(self) -> dict[str, int]:
        """The positions of second columns for a status: where the two disagree, neither is believed."""
        return {name: place for name, place in self.layout.rivals.items() if name in STATUS_COLUMNS}


def where(source: Source) -> str:
    """Name a source for a message."""
    return f"{source.file}, sheet '{source.sheet}'" if source.sheet else source.file


def lay_out(file: RosterFile, mapping: Mapping, findings: Findings) -> list[LaidOut]:
    """Choose the sheets of a file to read and find their layouts; note the others.

    Raises
    ------
    MissingColumn
        If no sheet of the file has a header that can be found.
    """
    chosen, skipped = [], []
    for sheet in file.sheets:
        if mapping.sheet is not None and sheet.source.sheet and sheet.source.sheet != mapping.sheet:
            skipped.append((sheet, "the mapping names another"))
        elif sheet.hidden and mapping.sheet is None:
            skipped.append((sheet, "it is hidden"))
        elif (layout := find_layout(sheet, mapping.columns, header_row=mapping.header_row)) is None:
            skipped.append((sheet, "it has no header that is known" if sheet.head else "it is empty"))
        else:
            sheet.set_width(layout.last_row)
            chosen.append(LaidOut(sheet, layout))
    if not chosen:
        listed = "; ".join(f"{where(sheet.source)}: {why}" for sheet, why in skipped) or file.name
        raise MissingColumn(
            f"No roster was found ({listed}). Name sheet, header_row and columns in a file given with --columns."
        )
    chosen, poorer = _best(chosen, mapping)
    for sheet, why in [*skipped, *((each.sheet, "it lacks provider or service") for each in poorer)]:
        findings.add(sheet.source, [1], "", "sheet_skipped", detail=why)
    for each in chosen:
        _note_layout(each, findings)
    return chosen


def _best(chosen: list[LaidOut], mapping: Mapping) -> tuple[list[LaidOut], list[LaidOut]]:
    """Split sheets with a header into those with provider and service, and the rest; one alone is always read."""
    full = [each for each in chosen if not lacks(each.layout, mapping)]
    enrolment = [
        each for each in chosen if "npi" in each.layout.columns and set(STATUS_COLUMNS) & set(each.layout.columns)
    ]
    keep = full or enrolment or chosen[:1]
    keep = [each for each in chosen if each in keep or each in enrolment]
    return keep, [each for each in chosen if each not in keep]


def _note_layout(each: LaidOut, findings: Findings) -> None:
    """Note what a sheet has that nothing reads, and how it was decoded."""
    source, layout = each.sheet.source, each.layout
    if each.sheet.encoding == "cp1252":
        findings.add(source, [1], "", "encoding_cp1252")
    for header in layout.unmapped:
        findings.add(source, [layout.last_row], header, "columns_unmapped", old=header)
    for header in layout.doubled:
        findings.add(source, [layout.last_row], header, "columns_twice", old=header)


def lacks(layout: Layout, mapping: Mapping) -> str:
    """Name what a layout lacks first to be a roster: ``provider_name``, ``service``, ``zip5``; nothing if it is one."""
    return next(iter(_missing(layout, mapping)), "")


def _missing(layout: Layout, mapping: Mapping) -> list[str]:
    """Name all that a layout lacks to be a roster."""
    have = {*layout.columns, *mapping.constants}
    service = "service" in have or (mapping.taxonomies and "taxonomy" in have)
    has = {
        "provider_name": any(group <= have for group in PROVIDER),
        "service": bool(service),
        "zip5": any(group <= have for group in PLACE),
    }
    return [name for name, there in has.items() if not there]


def require_columns(each: LaidOut, mapping: Mapping, joined: set[str]) -> None:
    """Refuse a source that lacks what no network can do without.

    ``joined`` holds the columns that enrolment files bring. Services that follow from taxonomies leave the contract
    unknown; every other status column must be there, be joined, be a constant or have a declared default.

    Raises
    ------
    MissingColumn
        Names the column, the headers found, and the ways out.
    """
    source, layout = each.sheet.source, each.layout
    missing = _missing(layout, mapping)
    if missing:
        found = shown_list(header for header in layout.headers if header)
        follow = ", or let services follow from [taxonomies]" if "taxonomy" in layout.columns else ""
        place = ", and no 'lon' with 'lat': nothing can be placed" if missing[-1] == "zip5" else ""
        raise MissingColumn(
            f"{where(source)}: no column {', no column '.join(map(repr, missing))}{place}. Found: {found}. Map what "
            f"stands for it in a file given with --columns{follow} ('adequacy network columns FILE --out MAP.toml' "
            "writes one)."
        )
    have = {*layout.columns, *mapping.constants, *joined, *(default.column for default in mapping.defaults)}
    if mapping.taxonomies and "service" not in layout.columns:
        have.add("contract_status")
    for name in STATUS_COLUMNS:
        if name not in have:
            raise no_status(source, name, f"no column '{name}'", "Add the column")


def no_status(source: Source, name: str, what: str, remedy: str) -> MissingColumn:
    """Say that a source knows nothing of a status, so that no row of it could count, and the ways out."""
    return MissingColumn(
        f"{where(source)}: {what}, so nothing in it would count. {remedy}, join a file that has it, or declare a "
        f"default in a file given with --columns: [defaults] {name} = "
        '{value = "...", basis = "...", by = "...", date = "YYYY-MM-DD"}.'
    )


def batches(each: LaidOut, mapping: Mapping, findings: Findings) -> Iterator[tuple[Batch, int]]:
    """Yield the rows of a sheet in batches, and with each how many rows the mapping's ``[rows]`` left out."""
    filters = _filters(each, mapping)
    for block in each.sheet.blocks(each.positions | set(filters), after=each.layout.last_row):
        cells = {place: Coded.of(column) for place, column in sorted(block.cells.items())}
        keep = _data_rows(each, block, cells, findings)
        inside = keep.copy()
        for place, values in filters.items():
            allowed = _truths(text.strip() in values for text in cells[place].texts.tolist())
            inside &= allowed[cells[place].codes]
        yield _batch(each, block, cells, inside, mapping, findings), int(keep.sum() - inside.sum())


def _filters(each: LaidOut, mapping: Mapping) -> dict[int, tuple[str, ...]]:
    """Return position -> allowed values, for the mapping's ``[rows]``."""
    wanted = {plain(header): values for header, values in mapping.rows.items()}
    return {place: wanted[plain(header)] for place, header in enumerate(each.layout.headers) if plain(header) in wanted}


def _truths(values: Iterable[bool]) -> np.ndarray:
    """Make an array of truth values."""
    import numpy as np

    return np.fromiter(values, dtype=bool)


def _data_rows(each: LaidOut, block: Block, cells: dict[int, Coded], findings: Findings) -> np.ndarray:
    """Tell rows of data from empty rows, totals, repeated headers and lone lines of text; note the last three."""
    import numpy as np

    columns = list(cells.values())
    counts = np.zeros(len(block.rows), dtype=np.int32)
    for column in columns:
        counts += ~column.equal("")
    keep: np.ndarray = counts > 0
    few = np.flatnonzero(keep & (counts <= _MOST_TOTALS_CELLS))
    headers = {plain(header) for header in each.layout.headers if header}
    for place in few.tolist():
        texts = [text for text in _texts_of(columns, place) if text]
        if (
            not texts
            or _TOTALS.match(texts[0])
            or (len(texts) == 1 and len(columns) >= _LEAST_COLUMNS and " " in texts[0])
        ):
            keep[place] = False
            if texts:
                rule = "totals_row" if _TOTALS.match(texts[0]) else "lone_text"
                findings.add(each.sheet.source, block.rows[[place]], "", rule, old=texts[0])
    key = next(iter(each.layout.columns.values()))[0]
    header = plain(each.layout.headers[key])
    again = _truths(plain(text) == header for text in cells[key].texts.tolist())[cells[key].codes]
    for place in np.flatnonzero(keep & again).tolist():
        texts = [plain(text) for text in _texts_of(columns, place)]
        if len(texts) > 1 and all(text in headers for text in texts):
            keep[place] = False
            findings.add(each.sheet.source, block.rows[[place]], "", "repeated_header")
    return keep


def _texts_of(columns: list[Coded], place: int) -> list[str]:
    """Return the filled cells of one row, without the blanks round them."""
    texts = [str(column.texts[column.codes[place]]) for column in columns]
    return [text.strip() for text in texts if text != ""]


def _batch(
    each: LaidOut, block: Block, cells: dict[int, Coded], keep: np.ndarray, mapping: Mapping, findings: Findings
) -> Batch:
    """Make a batch of the rows kept; columns that feed one of ours together are joined."""
    import numpy as np

    rows = np.flatnonzero(keep)
    values: dict[str, Coded] = {}
    for target, places in each.layout.columns.items():
        parts = [cells[place].take(rows) for place in places]
        values[target] = parts[0] if len(parts) == 1 else _together(target, parts)
    for target, value in mapping.constants.items():
        values[target] = Coded.constant(value, len(rows))
    for target, place in each.rivals.items():
        if target not in {*mapping.constants, *mapping.columns}:  # else the mapping says which is right
            values[f"{target}{RIVAL}"] = cells[place].take(rows)
    labels = each.layout.labels
    fed = {ours: labels[feeder] for feeder, targets in _FEEDS.items() if feeder in labels for ours in targets}
    batch = Batch(each.sheet.source, block.rows[rows], values, {**fed, **labels}, findings)
    if block.widths is not None:
        widths = block.widths[rows]
        width = each.sheet.width
        batch.note(widths > width, next(iter(each.layout.columns)), "row_too_long")
        batch.note(widths < width, next(iter(each.layout.columns)), "row_too_short")
    return batch


def _together(target: str, parts: list[Coded]) -> Coded:
    """Join the cells of several columns, skipping the empty ones."""
    mark = ";" if target in SEVERAL and target != "modifier" else " "
    numbers, first = number_rows(*(part.codes for part in parts))
    texts = zip(*(part.at(first).tolist() for part in parts), strict=True)
    return Coded.made(numbers, [mark.join(filter(None, each)) for each in texts])
