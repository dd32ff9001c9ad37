"""The eligibility file: read in memory, and no message tells a value of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from adequacy.errors import BadValue, InputError, MissingColumn, NotDecidable
from adequacy.intake import read_consumers, read_member
from adequacy.tables import table

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "Member ID,Address,City,State,Zip Code,County,DOB,Eligibility Start,Eligibility End\n"
GOOD = "M-1,12 Secret Lane,Lillington,NC,27546-1234,Harnett,5/12/1977,2020-03-01,12/31/9999\n"


def members(folder: Path, text: str) -> Path:
    path = folder / "members.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_usual_headers_are_known_and_cells_are_made_plain(tmp_path: Path) -> None:
    frame = read_consumers(members(tmp_path, HEADER + GOOD))
    assert tuple(frame.columns) == table("consumers").names
    row = frame.iloc[0]
    read = (row["zip5"], row["county_fips"], row["birth_date"], row["eligible_to"])
    assert read == ("27546", "37085", "1977-05-12", "")
    assert row["lon"] != row["lon"]


def test_a_workbook_is_read_like_a_text_file(tmp_path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["Eligibility, November"])
    for line in (HEADER, GOOD):
        book.active.append(line.strip().split(","))
    book.save(tmp_path / "members.xlsx")
    assert read_consumers(tmp_path / "members.xlsx").equals(read_consumers(members(tmp_path, HEADER + GOOD)))


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("M-2,9 Hidden Rd,Lillington,NC,2754A,Harnett,1977-05-12,2020-03-01,\n", "Zip Code"),
        ("M-2,9 Hidden Rd,Lillington,NC,27546,Nowhere,1977-05-12,2020-03-01,\n", "County"),
        ("M-2,9 Hidden Rd,Lillington,NC,27546,Harnett,5/12/77,2020-03-01,\n", "DOB"),
        ("M-2,9 Hidden Rd,Lillington,NC,27546,Harnett,1977-05-12,31/12/2020,\n", "Eligibility Start"),
    ],
)
def test_a_cell_that_cannot_be_read_is_named_without_its_value(row: str, column: str, tmp_path: Path) -> None:
    path = members(tmp_path, HEADER + GOOD + row)
    with pytest.raises(BadValue, match=f"row 3, column '{column}'") as caught:
        read_consumers(path)
    assert not any(cell and cell in caught.value.message for cell in row.strip().split(","))
    assert read_member(path, "M-1", "2026-11-01").age == 49


def test_a_member_gives_place_age_and_county_on_the_day(tmp_path: Path) -> None:
    path = members(tmp_path, HEADER + GOOD)
    question = read_member(path, "M-1", "2026-05-11").as_question(None)
    assert question == {
        "age": 48, "county_of_eligibility": "37085", "address": "12 Secret Lane, Lillington, NC 27546", "index": None,
    }  # fmt: skip
    assert read_member(path, "M-1", "2026-05-12").age == 49


def test_coordinates_go_before_the_address(tmp_path: Path) -> None:
    path = members(tmp_path, "member_id,lon,lat,street,zip5\nM-1,-78.8,35.4,12 Secret Lane,27546\nM-2,,,,27577\n")
    assert read_member(path, "M-1", "2026-11-01").as_question()["lon"] == -78.8
    assert read_member(path, "M-2", "2026-11-01").as_question()["zip5"] == "27577"


def test_the_row_in_force_on_the_day_is_used(tmp_path: Path) -> None:
    text = "member_id,zip5,eligible_from,eligible_to\nM-1,27546,2024-01-01,2025-12-31\nM-1,27577,2026-01-01,\n"
    path = members(tmp_path, text)
    assert read_member(path, "M-1", "2025-06-01").zip5 == "27546"
    assert read_member(path, "M-1", "2026-06-01").zip5 == "27577"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEADER + GOOD, "no row with that member id"),
        ("member_id,zip5,eligible_from\nM-9,27546,2027-01-01\n", "not eligible on 2026-11-01"),
        ("member_id,zip5\nM-9,27546\nM-9,27577\n", "rows 2, 3 disagree"),
        ("member_id,zip5,street\nM-9,,12 Secret Lane\n", "has no place"),
    ],
)
def test_a_member_that_cannot_be_placed_is_said_without_the_id(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(NotDecidable, match=words) as caught:
        read_member(members(tmp_path, text), "M-9", "2026-11-01")
    assert "M-9" not in caught.value.message
    assert "Secret" not in caught.value.message


def test_a_file_that_is_no_eligibility_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingColumn, match="member_id"):
        read_consumers(members(tmp_path, "provider_name,zip5\nA,27546\n"))
    with pytest.raises(MissingColumn, match="no consumer can be placed"):
        read_consumers(members(tmp_path, "member_id,birth_date\nM-1,1977-05-12\n"))
    with pytest.raises(InputError, match="empty"):
        read_consumers(members(tmp_path, ""))


def test_a_consumer_has_no_printed_form(tmp_path: Path) -> None:
    consumer = read_member(members(tmp_path, HEADER + GOOD), "M-1", "2026-11-01")
    assert "Secret" not in repr(consumer)
    assert "27546" not in f"{consumer}"
