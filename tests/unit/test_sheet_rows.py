"""Rows set into a finished workbook, read back by a reader that knows nothing of us."""

from __future__ import annotations

import io

import openpyxl
import xlsxwriter

from adequacy.outputs.sheet_rows import SheetRows, with_rows
from tests.hostile import ATTACKS


def _book(columns: int) -> tuple[bytes, int]:
    """A workbook of one sheet with a header only, and the number of its style for numbers."""
    drawn = io.BytesIO()
    with xlsxwriter.Workbook(drawn, {"in_memory": True}) as book:
        sheet = book.add_worksheet("data")
        style = book.add_format({"num_format": "#,##0.0"})
        sheet.write_row(0, 0, [f"c{number}" for number in range(columns)])
        sheet.set_column(0, columns - 1, 12, style)
    return drawn.getvalue(), style.xf_index


def _read(book: bytes) -> list[list[object]]:
    sheet = openpyxl.load_workbook(io.BytesIO(book))["data"]
    return [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]


def test_cells_come_back_as_they_were() -> None:
    book, style = _book(3)
    texts = ["plain", "<a> & \"b\" 'c'", " spaces ", "=1+1", "http://x.org", "#REF!", "Nuñez 中 😀", None, "a\tb\nc"]
    numbers = [0, 1.5, -3, 1e-9, 1234567.891, None, float("nan"), float("inf"), 2**53]
    made = with_rows(book, {1: SheetRows([texts, numbers, ["x"] * 9], [0, style, 0])})
    found = _read(made)
    assert [row[0] for row in found] == texts
    assert [row[1] for row in found] == [0, 1.5, -3, 1e-9, 1234567.891, None, None, None, 2**53]
    sheet = openpyxl.load_workbook(io.BytesIO(made))["data"]
    assert (sheet["B3"].number_format, sheet["A2"].number_format) == ("#,##0.0", "General")
    assert sheet.dimensions == "A1:C10"
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    assert made == with_rows(book, {1: SheetRows([texts, numbers, ["x"] * 9], [0, style, 0])})


def test_what_xml_cannot_hold_does_not_spoil_the_workbook() -> None:
    hostile = ["\x00\x07bell", "\ud800 half a pair", "￾", *ATTACKS]
    book, _ = _book(1)
    found = _read(with_rows(book, {1: SheetRows([hostile], [0])}))
    assert len(found) == len(hostile)
    assert all(row[0] for row in found)
    # what only looks like such an escape is kept from being read as one
    assert _read(with_rows(book, {1: SheetRows([["_x0041_"]], [0])})) == [["_x005F_x0041_"]]


def test_columns_past_z_have_two_letters() -> None:
    book, _ = _book(60)
    found = _read(with_rows(book, {1: SheetRows([[number] for number in range(60)], [0] * 60)}))
    assert found == [list(range(60))]


def test_a_table_without_rows_keeps_its_header() -> None:
    book, _ = _book(2)
    assert _read(with_rows(book, {1: SheetRows([[], []], [0, 0])})) == []
