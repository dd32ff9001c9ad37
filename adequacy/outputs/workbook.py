"""The workbook staff file, and the same tables as tidy files in a folder."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adequacy.errors import OutputError, UsageError
from adequacy.outputs.escape import escape_cell
from adequacy.outputs.files import require_kind, write_bytes
from adequacy.outputs.sheet_rows import SheetRows, with_rows
from adequacy.outputs.words import DEMO_NOTICE
from adequacy.tables import table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    import pandas as pd

    from adequacy.compliance import Measured
    from adequacy.tables import Column

__all__ = ["Sheets", "require_tables_out", "workbook_bytes", "write_folder", "write_measured", "write_workbook"]

_TITLE = "Network adequacy"
_WIDEST, _NARROWEST = 60, 9
_LOOKED_AT = 200
_LAST_CELL = "XFD1048576"
_LINE_PT, _README_CHARS = 15, 105  # height of a line, and what fits into one on the README sheet
_READ_ME = (
    "Each sheet says what its rows are; each column is explained below. Share and verdict are computed from unrounded "
    "distances; cells show them rounded.",
    "met: yes, no, or not_measured. A straight line bounds road miles from below: of 'miles or minutes' it can prove "
    "that a standard is met, of 'miles and minutes' that it is not. What only drive times can settle is not_measured, "
    "never yes; with --roads they are measured.",
    "Distances are straight lines on the earth (geodesic, WGS 84) in statute miles, from each block group's centre of "
    "population or each member's residence.",
    "A site known only to its ZIP counts as within where it is so wherever it may be; people_perhaps_within says what "
    "its address could change.",
    "unverified Y: nobody has verified that standard; replace it by the signed text before reporting.",
    "'Adequate' and 'no out-of-network gap' are different statements: the 30-mile rule judges one request.",
)


def write_measured(measured: Measured, out: Path) -> list[Path]:
    """Write the tables: a workbook for ``.xlsx``, else a folder of CSV (and Parquet, where it is installed).

    Raises
    ------
    UsageError
        The ending is neither ``.xlsx`` nor that of a folder.
    OutputError
        A file cannot be written.
    """
    require_tables_out(out)
    if out.suffix and not out.is_dir():
        write_workbook(measured, out)
        return [out]
    return write_folder(measured, out)


def require_tables_out(out: Path) -> None:
    """Raise unless tables can go there: a workbook or a folder, not standard output, which holds one table only.

    Raises
    ------
    UsageError
        It is ``-``, or the ending is neither ``.xlsx`` nor that of a folder.
    """
    if str(out) == "-":
        raise UsageError("--out -: several tables do not go to standard output. Name a FILE.xlsx or a folder.")
    if out.suffix and not out.is_dir():
        require_kind(out, (".xlsx",), "workbook")


@dataclass(frozen=True, slots=True)
class Sheets:
    """What a workbook holds: tables declared in ``adequacy.tables`` by name, and what its README sheet says of them."""

    title: str
    about: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    tables: Mapping[str, pd.DataFrame]
    author: str
    on: str
    """ISO day, as the workbook's date of making: the same content gives the same bytes."""
    is_demo: bool


def write_workbook(measured: Measured, out: Path) -> None:
    """Write what was measured as one workbook."""
    write_bytes(workbook_bytes(_sheets(measured)), out)


def _sheets(measured: Measured) -> Sheets:
    about = dict(measured.about)
    title = f"{_TITLE}: {about['Scheme']}"
    author = about["Plan"].split(";")[0]
    return Sheets(title, measured.about, _READ_ME, measured.tables, author, about["As of"], measured.is_demo)


def workbook_bytes(sheets: Sheets) -> bytes:
    """Give one workbook: README, then a sheet for each table; no cell of it is ever read as a formula or a link."""
    from datetime import datetime

    import xlsxwriter

    drawn = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": False,
    }
    book = xlsxwriter.Workbook(drawn, options)
    made = datetime.fromisoformat(sheets.on)
    book.set_properties({"title": sheets.title, "author": sheets.author, "created": made})
    styles = {
        "head": book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1, "bg_color": "#DDE7EE"}),
        "bold": book.add_format({"bold": True, "valign": "top"}),
        "title": book.add_format({"bold": True, "font_size": 14}),
        "warning": book.add_format({"bold": True, "font_color": "#9C0006"}),
        "wrap": book.add_format({"text_wrap": True, "valign": "top"}),
        "int": book.add_format({"num_format": "#,##0"}),
        "float": book.add_format({"num_format": "#,##0.0"}),
    }
    _readme(book, sheets, styles)
    cells = {
        number: _sheet(book, name, frame, styles, sheets.is_demo)
        for number, (name, frame) in enumerate(sheets.tables.items(), start=2)
    }
    book.close()
    looks = {kind: style.xf_index for kind, style in styles.items()}  # numbered when the book is closed
    rows = {
        number: SheetRows(values, [looks.get(column.kind, 0) for column in table(name).columns])
        for (number, values), name in zip(cells.items(), sheets.tables, strict=True)
    }
    return with_rows(drawn.getvalue(), rows)


def _readme(book: Any, sheets: Sheets, styles: dict[str, Any]) -> None:
    """Write the sheet that says what all this is and where it comes from."""
    sheet = book.add_worksheet("README")
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 22)
    sheet.set_column(2, 2, 90)
    row = 0
    sheet.write_string(row, 0, str(escape_cell(sheets.title)), styles["title"])
    if sheets.is_demo:
        row += 1
        sheet.write_string(row, 0, DEMO_NOTICE, styles["warning"])
    row += 2
    for left, right in sheets.about:
        sheet.write_string(row, 0, left, styles["bold"])
        sheet.merge_range(row, 1, row, 2, "", styles["wrap"])
        sheet.write_string(row, 1, str(escape_cell(right)), styles["wrap"])
        sheet.set_row(row, _LINE_PT * (1 + len(str(right)) // _README_CHARS))
        row += 1
    row += 1
    for text in sheets.notes:
        sheet.merge_range(row, 0, row, 2, text, styles["wrap"])
        sheet.set_row(row, _LINE_PT * (1 + len(text) // _README_CHARS))
        row += 1
    row += 1
    for column, text in enumerate(("sheet", "column", "meaning")):
        sheet.write_string(row, column, text, styles["head"])
    for cells in _definitions(sheets.tables):
        row += 1
        for column, text in enumerate(cells):
            sheet.write_string(row, column, text, styles["wrap"])
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.set_footer(f"&L{DEMO_NOTICE if sheets.is_demo else ''}&RREADME, page &P of &N")


def _definitions(names: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """What each sheet and each column means."""
    for name in names:
        declared = table(name)
        yield name, "", declared.meaning
        for column in declared.columns:
            unit = f" ({column.unit})" if column.unit else ""
            words = f": {', '.join(column.words)}" if column.words else ""
            yield name, column.name, f"{column.meaning}{unit}{words}"


def _sheet(book: Any, name: str, frame: pd.DataFrame, styles: dict[str, Any], is_demo: bool) -> list[list[Any]]:
    """Lay out one table: header that stays, filters, columns as wide as what they hold; returns its cells."""
    sheet = book.add_worksheet(name)
    columns = table(name).columns
    cells = [_cells(frame[column.name], column) for column in columns]
    for place, (column, values) in enumerate(zip(columns, cells, strict=True)):
        style = styles.get(column.kind) if column.kind in ("int", "float") else None
        sheet.set_column(place, place, _width(column, values), style)
        sheet.write_string(0, place, column.name, styles["head"])
    sheet.ignore_errors({"number_stored_as_text": f"A1:{_LAST_CELL}"})  # codes are texts: no warning in every cell
    sheet.freeze_panes(1, _frozen(columns))
    sheet.autofilter(0, 0, max(len(frame), 1), len(columns) - 1)
    sheet.set_landscape()
    sheet.repeat_rows(0)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer(f"&L{DEMO_NOTICE if is_demo else ''}&R{name}, page &P of &N")
    return cells


def _cells(values: pd.Series, column: Column) -> list[Any]:
    """Plain values of a column, None for an empty cell."""
    if column.kind in ("int", "float"):
        return [
            None if missing else value for value, missing in zip(values.tolist(), values.isna().tolist(), strict=True)
        ]
    plain = {value: escape_cell(value) if value else None for value in values.unique()}
    return [plain[value] for value in values.tolist()]


def _width(column: Column, values: list[Any]) -> int:
    """How wide a column must be to be read."""
    longest = max((len(str(value)) for value in values[:_LOOKED_AT] if isinstance(value, str)), default=0)
    return min(_WIDEST, max(_NARROWEST, len(column.name) + 2, longest + 1))


def _frozen(columns: tuple[Column, ...]) -> int:
    """How many columns stay in sight: those up to the service."""
    names = [column.name for column in columns]
    return names.index("service") + 1 if "service" in names else 1


def write_folder(measured: Measured, folder: Path) -> list[Path]:
    """Write each table as CSV, and as Parquet where that is installed, with a README."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: the folder cannot be made ({error.strerror}).") from error
    written = [folder / "README.txt"]
    write_bytes(_readme_text(measured).encode(), written[0])
    for name, frame in measured.tables.items():
        safe = frame.copy()
        for column in table(name).columns:
            if column.kind == "text":
                safe[column.name] = frame[column.name].map(escape_cell)
        written.append(folder / f"{name}.csv")
        write_bytes(safe.to_csv(index=False, lineterminator="\n").encode(), written[-1])
        parquet = _parquet(frame)
        if parquet is not None:
            written.append(folder / f"{name}.parquet")
            write_bytes(parquet, written[-1])
    return written


def _parquet(frame: pd.DataFrame) -> bytes | None:
    """A table as Parquet; None where the extra is not installed."""
    out = io.BytesIO()
    try:
        frame.to_parquet(out, index=False, engine="pyarrow")
    except ImportError:
        return None
    return out.getvalue()


def _readme_text(measured: Measured) -> str:
    """The README sheet as text."""
    lines = [f"{_TITLE}: {dict(measured.about)['Scheme']}", ""]
    lines += [DEMO_NOTICE, ""] if measured.is_demo else []
    lines += [f"{left}: {right}" for left, right in measured.about]
    lines += ["", *_READ_ME, ""]
    lines += [
        f"{sheet}{'.' if column else ''}{column}: {meaning}" for sheet, column, meaning in _definitions(measured.tables)
    ]
    return "\n".join(lines) + "\n"
