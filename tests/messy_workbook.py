"""The public NC listings saved as staff save them: a seeded workbook with what real workbooks have.

Title rows, a header of two lines with merged cells, a hidden sheet, notes, a provider name merged over its sites, ZIP
codes as numbers, a total at the end.
"""

from __future__ import annotations

import csv
import random
from pathlib import Path

__all__ = ["LISTINGS", "write_messy_workbook"]

LISTINGS = Path(__file__).parent.parent / "data" / "demo" / "listings.csv"
_HEADER = (
    ("Listing", "ID"), ("", "Type"), ("Provider", "Name"), ("", "Name 2"), ("Site", "Address"), ("", "Suite"),
    ("", "City"), ("", "State"), ("", "Zip"), ("", "Phone"), ("Map", "Longitude"), ("", "Latitude"),
    ("Internal", "Initials"),
)  # fmt: skip
_FIRST_ROW = 6


def write_messy_workbook(path: Path, seed: int = 2026, rows: int | None = None) -> int:
    """Write the workbook; return its rows of data."""
    import xlsxwriter

    draw = random.Random(seed)
    with LISTINGS.open(encoding="utf-8", newline="") as file:
        listings = sorted(csv.DictReader(file), key=lambda row: (row["name"], row["listing_id"]))[:rows]
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("Sites")
        sheet.merge_range(0, 0, 0, 5, "Behavioral health listings, statewide")
        sheet.write(1, 0, "Prepared from public directories of 2019 to 2021")
        for place, (top, low) in enumerate(_HEADER):
            if top:
                sheet.write(3, place, top)
            sheet.write(4, place, low)
        for number, row in enumerate(listings):
            _write_row(sheet, _FIRST_ROW - 1 + number, row, draw)
        _merge_names(sheet, listings)
        sheet.write(_FIRST_ROW - 1 + len(listings), 0, "Total")
        sheet.write(_FIRST_ROW - 1 + len(listings), 2, len(listings))
        hidden = book.add_worksheet("Old 2015")
        hidden.write_row(0, 0, ["Provider Name", "Service", "Zip"])
        hidden.write_row(1, 0, ["Nobody", "otp", "27601"])
        hidden.hide()
        book.add_worksheet("Notes").write(0, 0, "Call before you drive.")
    return len(listings)


def _write_row(sheet: object, at: int, row: dict[str, str], draw: random.Random) -> None:
    """Write one listing: ZIP codes as numbers, ZIP+4 now and then, capitals, blanks round a name."""
    name = f" {row['name']}  " if draw.random() < 0.1 else row["name"]
    zip5: object = int(row["zip5"]) if draw.random() < 0.7 else row["zip5"] + "1234"
    street = row["street"].upper() if draw.random() < 0.2 else row["street"]
    cells = [row["listing_id"], row["kind"], name, row["name2"], street, row["suite"], row["city"], row["state"], zip5,
             row["phone"], float(row["lon"]), float(row["lat"]), draw.choice(["AB", "CD", ""])]  # fmt: skip
    for place, cell in enumerate(cells):
        if cell != "":
            sheet.write(at, place, cell)  # type: ignore[attr-defined]


def _merge_names(sheet: object, listings: list[dict[str, str]]) -> None:
    """Merge the name of a provider over its rows, where it has several in a row."""
    start = 0
    for number in range(1, len(listings) + 1):
        if number == len(listings) or listings[number]["name"] != listings[start]["name"]:
            if number - start > 1 and start % 3 == 0:
                first, last = _FIRST_ROW - 1 + start, _FIRST_ROW - 1 + number - 1
                sheet.merge_range(first, 2, last, 2, listings[start]["name"])  # type: ignore[attr-defined]
            start = number
