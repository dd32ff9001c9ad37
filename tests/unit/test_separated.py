"""No row of a text file is ever lost inside a cell, and a cell over several lines stays one cell."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from adequacy.errors import InputError
from adequacy.separated import rows_by_name, separated_records

HEADER = "id,street,city,zip,note\n"
ROWS = [f"{number},{number} Oak St,Lillington,27546,x\n" for number in range(1, 7)]


def read(*lines: str) -> list[list[str]]:
    return list(separated_records(lines, ",", "x.csv"))


@pytest.mark.parametrize("row", range(6))
@pytest.mark.parametrize("cell", range(5))
def test_an_open_mark_is_named_with_its_line_wherever_it_stands(row: int, cell: int) -> None:
    lines = list(ROWS)
    cells = lines[row].split(",")
    lines[row] = ",".join([*cells[:cell], '"' + cells[cell], *cells[cell + 1 :]])
    with pytest.raises(InputError, match=f"line {row + 2}: a quotation mark is not closed"):
        read(HEADER, *lines)


@pytest.mark.parametrize("opened", range(5))
@pytest.mark.parametrize("closed", range(5))
@pytest.mark.parametrize("later", range(1, 5))
def test_a_mark_that_a_later_row_closes_is_named_with_its_line(opened: int, closed: int, later: int) -> None:
    lines = [line.rstrip("\n").split(",") for line in ROWS]
    lines[1][opened] = '"' + lines[1][opened]
    lines[1 + later][closed] += '"'
    with pytest.raises(InputError, match="line 3: a quotation mark is not closed"):
        read(HEADER, *(",".join(line) + "\n" for line in lines))


def test_an_open_mark_in_the_header_is_named() -> None:
    with pytest.raises(InputError, match="line 1: "):
        read('"' + HEADER, *ROWS)


def test_a_cell_without_end_names_the_line_where_it_begins() -> None:
    with pytest.raises(InputError, match="line 3: "):
        read(HEADER, ROWS[0], '7,"' + "W" * 70_000 + "\n", *["W" * 70_000 + "\n"] * 20)


@pytest.mark.parametrize(
    "cell",
    [
        "1 Oak St,\nSuite 4",
        "1 Oak St\nLillington, NC 27546\nUSA",
        "a\n\n\nb",
        "\n",
        "one, two, three, four, five,\nsix",
    ],
)
def test_a_cell_over_lines_is_one_cell(cell: str) -> None:
    assert read(HEADER, f'1,"{cell}",Lillington,27546,x\n', *ROWS)[1][1] == cell
    assert len(read("id,place\n", f'1,"{cell}"\n', "2,x\n")) == 3


def test_the_first_lines_of_a_file_may_end_inside_a_cell_but_not_after_many_lines() -> None:
    lines = [HEADER, '1,"two\n']
    assert list(separated_records(lines, ",", "x.csv", width=0, open_lines=3))[1] == ["1", "two\n"]
    with pytest.raises(InputError, match="line 2"):
        list(separated_records([*lines, *ROWS], ",", "x.csv", width=0, open_lines=3))


@settings(deadline=None)
@given(
    st.lists(
        st.lists(st.text(st.characters(exclude_characters="\r\n\x00", codec="utf-8")), min_size=2, max_size=5),
        max_size=8,
    )
)
def test_what_a_writer_wrote_is_read_back(cells: list[list[str]]) -> None:
    assume(all(any(row) for row in cells))
    out = io.StringIO(newline="")
    csv.writer(out).writerows(cells)
    assert list(separated_records(io.StringIO(out.getvalue(), newline=""), ",", "x.csv")) == cells


def test_rows_by_name_are_as_wide_as_the_header() -> None:
    header, rows = rows_by_name([" id ,zip\n", "1\n", "\n", "2,27546,more\n"], "x.csv")
    assert header == ["id", "zip"]
    assert rows == [{"id": "1", "zip": ""}, {"id": "2", "zip": "27546"}]
