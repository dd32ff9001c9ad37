"""The file as it was read, given back as a workbook: cells with findings are coloured and carry a comment.

The cells are text, so that no value of a roster can become a formula. Blue is fixed, yellow is warned, orange is
refused.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adequacy.errors import InputError, OutputError, UsageError
from adequacy.intake.findings import rules
from adequacy.intake.readers import open_roster

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from adequacy.intake.header import Layout
    from adequacy.intake.readers import Sheet
    from adequacy.intake.rosters import Intake

__all__ = ["marked_paths", "write_marked_copies", "write_marked_copy"]

_COLOURS = {"fixed": "#DDEBF7", "warned": "#FFF2CC", "refused": "#F8CBAD"}
_MOST_ROWS = 1_048_576
_MOST_COMMENTS = 50_000
_SHEET_NAME = 31
#: A workbook carries its day of creation; a fixed one gives the same bytes for the same input.
_CREATED = datetime(2000, 1, 1)  # noqa: DTZ001 - a workbook's properties have no time zone

_Marks = dict[tuple[int, int], list[tuple[str, str]]]


def marked_paths(rosters: Sequence[Path | str], out: Path | str) -> list[Path]:
    """Say where the marked copy of each roster goes: one to ``out``, of several each into the folder ``out``.

    Raises
    ------
    UsageError
        If one workbook is named for several rosters.

    Examples
    --------
    >>> [path.name for path in marked_paths(["west.csv", "east.xls"], "marked")]
    ['west.csv.marked.xlsx', 'east.xls.marked.xlsx']
    """
    if len(rosters) == 1:
        return [Path(out)]
    if Path(out).suffix.lower() == ".xlsx" or Path(out).is_file():
        raise UsageError(
            f"--marked needs a folder for {len(rosters)} rosters, not {out}: each gets its own copy in it."
        )
    names = ["standard input" if str(roster) == "-" else Path(roster).name for roster in rosters]
    return [Path(out) / f"{name}.marked.xlsx" for name in names]


def write_marked_copies(intake: Intake, rosters: Sequence[Path | str], out: Path | str) -> int:
    """Write the marked copy of each roster; see ``marked_paths`` and ``write_marked_copy``. Returns the cells marked.

    Of several rosters, those that are JSON have no cells and are passed over.

    Raises
    ------
    UsageError, InputError, OutputError
        As the two functions say.
    """
    targets = marked_paths(rosters, out)
    if len(targets) > 1:
        try:
            Path(out).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{out}: cannot be made a folder ({error.strerror}). Choose another one.") from None
    kinds = [source.kind for source in intake.sources[: len(targets)]]
    marked = 0
    for roster, target, kind in zip(rosters, targets, kinds, strict=True):
        if kind != "json" or len(targets) == 1:
            marked += write_marked_copy(intake, roster, target)
    return marked


def write_marked_copy(intake: Intake, path: Path | str, out: Path | str) -> int:
    """Write a copy of one roster file as .xlsx with its findings marked in place.

    The comment on a cell says what was wrong, the value used and what to do. A finding about no single cell is
    marked in the first cell of its row.

    Parameters
    ----------
    intake : Intake
        A run that read this file.
    path : Path or str
        The file, as given to ``read_rosters`` (csv, xlsx, xls, ods; xlsb as far as it can be read).
    out : Path or str
        The workbook to write.

    Returns
    -------
    int
        Cells marked.

    Raises
    ------
    InputError
        If the file is JSON, or has more rows than a sheet of a workbook can hold.
    OutputError
        If the workbook cannot be written.
    """
    import xlsxwriter

    file = intake.standard_input if str(path) == "-" and intake.standard_input else open_roster(path)
    if file.kind == "json":
        raise InputError(f"{file.name} has no cells to mark. Read its findings in the file given with --findings.")
    findings = intake.findings[intake.findings["file"] == file.name]
    marked = 0
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(str(out), options)
    book.set_properties({"created": _CREATED})
    formats = {verdict: book.add_format({"bg_color": colour}) for verdict, colour in _COLOURS.items()}
    for sheet in file.sheets:
        page = book.add_worksheet((sheet.source.sheet or "roster")[:_SHEET_NAME])
        layout = intake.layouts.get((file.name, sheet.source.sheet))
        marks = _marks(findings[findings["sheet"] == sheet.source.sheet], layout)
        _write(page, sheet, marks, formats)
        marked += len(marks)
        if layout is not None:
            page.freeze_panes(layout.last_row, 0)
    try:
        book.close()
    except (OSError, xlsxwriter.exceptions.FileCreateError):
        raise OutputError(f"{out}: cannot be written. Choose another place for the marked copy.") from None
    return marked


def _marks(findings: pd.DataFrame, layout: Layout | None) -> _Marks:
    """Return (row, position) -> what is said about the cell."""
    places: dict[str, int] = {}
    if layout is not None:
        places = {header: place for place, header in reversed(list(enumerate(layout.headers)))}
        places |= {layout.labels[name]: where[0] for name, where in layout.columns.items()}
    marks: _Marks = {}
    columns = ["row", "column", "verdict", "new", "rule", "what_to_do"]
    for row, column, verdict, new, rule, what in findings[columns].itertuples(index=False, name=None):
        says = rules()[rule].says.replace(" ({detail})", "").replace("{detail}", "some")
        used = f" Used: {new}." if verdict == "fixed" and new else ""
        marks.setdefault((int(row), places.get(column, 0)), []).append((verdict, f"{verdict}: {says}.{used} {what}"))
    return marks


def _write(page: Any, sheet: Sheet, marks: _Marks, formats: dict[str, Any]) -> None:
    """Write the cells of one sheet as they were read, marked."""
    comments = 0
    for block in sheet.blocks():
        if block.rows[-1] > _MOST_ROWS:
            raise InputError(
                f"{sheet.source.file} has more rows than a workbook can hold. Read its findings with --findings."
            )
        for place in sorted(block.cells):
            for row, text in zip(block.rows.tolist(), block.cells[place].tolist(), strict=True):
                said = marks.get((row, place))
                if said is None:
                    if text:
                        page.write_string(row - 1, place, text)
                    continue
                worst = max((verdict for verdict, _ in said), key=list(_COLOURS).index)
                page.write_string(row - 1, place, text, formats[worst])
                comments += 1
                if comments <= _MOST_COMMENTS:
                    page.write_comment(row - 1, place, "\n".join(words for _, words in said), {"author": "adequacy"})
