"""One roster in every workbook format reads the same, and comes back marked from each."""

from __future__ import annotations

import csv
import io
import sys
import zipfile
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from adequacy.errors import MissingColumn
from adequacy.intake import Intake, read_rosters, write_marked_copy
from adequacy.intake.merged import merged_ranges
from adequacy.intake.readers import open_roster
from adequacy.policy import load_policy
from tests.workbooks import SHEETS, xlsb

BOOKS = Path(__file__).parent.parent / "data" / "providers" / "workbooks"
FORMATS = ("xlsx", "xls", "xlsb", "ods")
DAY = date(2026, 11, 1)


def read(*paths: Path | str) -> Intake:
    intake = read_rosters(list(paths), on=DAY, catalogue=load_policy().services)
    assert intake.read == intake.used + len(intake.refused)
    return intake


def told(intake: Intake) -> tuple[list[Any], list[Any], list[Any]]:
    """Everything but the file's name."""
    rows = intake.rows.drop(columns=["source_file"]).astype(str).to_numpy().tolist()
    refused = intake.refused.drop(columns=["source_file"]).astype(str).to_numpy().tolist()
    return rows, refused, intake.findings.drop(columns=["file"]).astype(str).to_numpy().tolist()


def as_csv(folder: Path, sheet: str) -> Path:
    """A sheet as a text file, what is merged written out."""
    _, rows, merged = SHEETS[sheet]
    grid = [list(row) for row in rows]
    for first, last, place in merged:
        for row in grid[first + 1 : last + 1]:
            row[place] = grid[first][place]
    path = folder / f"{sheet}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(row + [""] * (12 - len(row)) for row in grid)
    return path


@pytest.mark.parametrize("ending", FORMATS)
def test_a_workbook_gives_what_its_sheets_hold_and_no_hidden_row(ending: str) -> None:
    intake = read(BOOKS / f"roster.{ending}")
    columns = [
        "provider_name",
        "npi",
        "service_key",
        "zip5",
        "service_from",
        "service_to",
        "source_sheet",
        "source_row",
    ]
    assert intake.rows[columns].to_numpy().tolist() == [
        ["Haven Care", "1234567893", "saiop", "27546", "2025-01-31", "", "Sites", 4],
        ["Haven Care", "1234567893", "saiop", "28334", "2026-03-01", "", "Sites", 5],
        ["Träumerei, Inc.", "1245319599", "otp", "02134", "2024-02-29", "", "Sites", 6],
        ["Shore Center", "", "saiop", "27954", "2026-03-01", "", "East", 2],
    ]
    assert intake.refused[["source_sheet", "source_row"]].to_numpy().tolist() == [["Sites", 7]]
    skipped = intake.findings[intake.findings["rule"] == "sheet_skipped"]
    assert sorted(skipped["sheet"]) == ["Notes", "Old 2015"]
    assert {"totals_row", "zip_zero_lost", "zip_plus4", "date_serial", "date_open_ended"} <= set(
        intake.findings["rule"]
    )


@pytest.mark.parametrize("ending", FORMATS[1:])
def test_every_format_tells_what_xlsx_tells(ending: str) -> None:
    assert told(read(BOOKS / f"roster.{ending}")) == told(read(BOOKS / "roster.xlsx"))


def test_a_workbook_reads_like_its_sheets_saved_as_text(tmp_path: Path) -> None:
    columns = ["provider_name", "npi", "service_key", "street", "zip5", "service_from", "service_to"]
    text = read(as_csv(tmp_path, "Sites"), as_csv(tmp_path, "East"))
    assert text.rows[columns].equals(read(BOOKS / "roster.xlsx").rows[columns])


def test_the_binary_fixture_is_what_its_writer_writes() -> None:
    with zipfile.ZipFile(BOOKS / "roster.xlsb") as kept, zipfile.ZipFile(io.BytesIO(xlsb())) as made:
        assert kept.namelist() == made.namelist()
        assert all(kept.read(name) == made.read(name) for name in kept.namelist())


@pytest.mark.parametrize("ending", FORMATS)
def test_merged_cells_are_found_in_the_formats_that_need_it(ending: str) -> None:
    with (BOOKS / f"roster.{ending}").open("rb") as stream:
        ranges = merged_ranges(stream)
    assert ranges.get("Sites", []) == ([((3, 0), (4, 0))] if ending in ("xlsb", "ods") else [])


@pytest.mark.parametrize("ending", ["ods", "xlsb"])
def test_a_workbook_cut_short_gives_no_merged_cells_and_no_traceback(ending: str) -> None:
    data = (BOOKS / f"roster.{ending}").read_bytes()
    for at in range(0, len(data), 997):
        assert merged_ranges(io.BytesIO(data[:at])) == {}


@pytest.mark.parametrize("ending", ["csv", *FORMATS])
def test_the_marked_copy_has_the_cells_as_read_and_a_comment_on_what_was_found(ending: str, tmp_path: Path) -> None:
    import openpyxl

    path = as_csv(tmp_path, "Sites") if ending == "csv" else BOOKS / f"roster.{ending}"
    out = tmp_path / "marked.xlsx"
    intake = read(path)
    assert write_marked_copy(intake, path, out) > 0
    book = openpyxl.load_workbook(out)
    page = book["roster" if ending == "csv" else "Sites"]
    assert page["G6"].value == "2134"
    assert "02134" in page["G6"].comment.text
    assert "refused" in page["C7"].comment.text
    assert page["G6"].fill.start_color.rgb != page["C7"].fill.start_color.rgb
    for sheet in open_roster(path).sheets:
        copied = [[cell.value or "" for cell in row] for row in book[sheet.source.sheet or "roster"].iter_rows()]
        assert copied[: len(sheet.head)] == [[*row, *[""] * (len(copied[0]) - len(row))] for row in sheet.head]


@pytest.mark.parametrize("ending", FORMATS)
def test_a_workbook_from_standard_input_reads_like_the_file(ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = (BOOKS / f"roster.{ending}").read_bytes()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))
    piped = read("-")
    assert piped.sources[0].name == "standard input"
    assert told(piped) == told(read(BOOKS / f"roster.{ending}"))


def test_a_directory_keeps_only_the_rows_its_mapping_asks_for(tmp_path: Path) -> None:
    files = sorted((BOOKS.parent / "plan_net_ct").iterdir())
    mapping = Path(__file__).parents[2] / "data" / "mappings" / "plan_net.toml"
    narrowed = tmp_path / "map.toml"
    narrowed.write_text(mapping.read_text(encoding="utf-8") + '\n[rows]\n"state" = ["CT"]\n', encoding="utf-8")
    services = load_policy().services
    whole = read_rosters(files, on=DAY, catalogue=services, columns=mapping)
    some = read_rosters(files, on=DAY, catalogue=services, columns=narrowed)
    assert set(whole.rows["state"]) > {"CT"}
    assert set(some.rows["state"]) == {"CT"}
    assert len(some.rows) == (whole.rows["state"] == "CT").sum()
    assert some.read + some.left_out == whole.read
    assert some.left_out > 0
    assert some.read == some.used + len(some.refused)
    assert "rows_left_out" in set(some.findings["rule"])


def test_a_directory_refuses_rows_by_a_column_it_does_not_have(tmp_path: Path) -> None:
    mapping = tmp_path / "map.toml"
    mapping.write_text('[rows]\n"Region" = ["East"]\n', encoding="utf-8")
    files = sorted((BOOKS.parent / "plan_net_ct").iterdir())
    with pytest.raises(MissingColumn, match=r"no column 'Region', which map\.toml names\. A directory has: npi"):
        read_rosters(files, on=DAY, catalogue=load_policy().services, columns=mapping)
