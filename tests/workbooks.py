"""One roster saved in every workbook format, as staff's programs save it; run this file to make the fixtures again.

``python -m tests.workbooks FOLDER`` writes ``roster.xlsx`` (XlsxWriter) and ``roster.xlsb`` (the record writer below),
and has LibreOffice save the first as ``roster.xls`` and ``roster.ods``. The roster has what rosters have: title rows, a
provider merged over two rows, ZIP codes and NPIs as numbers, a ZIP that lost its zero, days as days and as serial
numbers, a total, a second roster sheet, a hidden sheet and notes.
"""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
import sys
import zipfile
from datetime import date
from pathlib import Path

__all__ = ["SHEETS", "main", "xlsb"]

HEADER = [
    "Provider Name", "NPI", "Service", "Street", "City", "State", "Zip", "Service From", "Service To",
    "Contract Status", "Credential Status", "NCTracks Status",
]  # fmt: skip
_STATUSES = ["active", "approved", "active"]
_NPI_A, _NPI_B = 1234567893, 1245319599
#: 2026-03-01 as a spreadsheet counts days.
_SERIAL = 46082
#: Sheet name -> (hidden, rows from A1, merged cells as first row, last row, column, all from 0).
SHEETS: dict[str, tuple[bool, list[list[object]], list[tuple[int, int, int]]]] = {
    "Sites": (
        False,
        [
            ["Contracted sites, all regions"],
            [],
            HEADER,
            ["Haven Care", _NPI_A, "SAIOP", "1 Main St", "Lillington", "NC", 27546, date(2025, 1, 31), "", *_STATUSES],
            ["", _NPI_A, "SAIOP", "22 Oak Ave", "Dunn", "NC", 283341234, _SERIAL, date(9999, 12, 31), *_STATUSES],
            ["Träumerei, Inc.", _NPI_B, "OTP", "5 Elm Rd", "Boston", "MA", 2134, date(2024, 2, 29), "", *_STATUSES],
            ["Harbor", "", "no such service", "7 Bay St", "Dunn", "NC", 28334, "", "", *_STATUSES],
            ["Total", 4],
        ],
        [(3, 4, 0)],
    ),
    "East": (
        False,
        [HEADER, ["Shore Center", "", "H0015", "9 Pier Rd", "Manteo", "NC", "27954-0012", "3/1/2026", "", *_STATUSES]],
        [],
    ),
    "Old 2015": (
        True,
        [HEADER, ["Nobody", "", "OTP", "3 Past Ln", "Raleigh", "NC", 27601, "", "", *_STATUSES]],
        [],
    ),
    "Notes": (False, [["Call before you drive."]], []),
}


def _xlsx(path: Path) -> None:
    """Write the roster with XlsxWriter; days as cells with a date format."""
    import xlsxwriter

    with xlsxwriter.Workbook(str(path)) as book:
        book.set_properties({"created": date(2026, 1, 1)})
        day = book.add_format({"num_format": "m/d/yyyy"})
        for name, (hidden, rows, merged) in SHEETS.items():
            sheet = book.add_worksheet(name)
            for at, row in enumerate(rows):
                for place, cell in enumerate(row):
                    if isinstance(cell, date):
                        sheet.write_number(at, place, _serial(cell), day)
                    elif cell != "":
                        sheet.write(at, place, cell)
            for first, last, place in merged:
                sheet.merge_range(first, place, last, place, rows[first][place])
            if hidden:
                sheet.hide()


def _serial(day: date) -> int:
    """Count a day as spreadsheets do."""
    return (day - date(1899, 12, 30)).days


def _record(kind: int, body: bytes = b"") -> bytes:
    """Write one record of the binary workbook format ([MS-XLSB] 2.1.4): kind and length in sevens of bits."""
    head = bytes([kind]) if kind < 0x80 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size, length = len(body), b""
    while True:
        low, size = size & 0x7F, size >> 7
        length += bytes([low | (0x80 if size else 0)])
        if not size:
            return head + length + body


def _wide(text: str) -> bytes:
    """Write a text with its length before it."""
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def _binary_sheet(rows: list[list[object]], merged: list[tuple[int, int, int]]) -> bytes:
    """Write one sheet: rows, cells, merged cells. Cell kinds: 5 is a number, 6 a text."""
    widest = max(map(len, rows))
    out = _record(129) + _record(148, struct.pack("<4I", 0, len(rows) - 1, 0, widest - 1)) + _record(145)
    for at, row in enumerate(rows):
        out += _record(0, struct.pack("<IIHHBI2I", at, 0, 300, 0, 0, 1, 0, max(len(row) - 1, 0)))
        for place, cell in enumerate(row):
            head = struct.pack("<II", place, int(isinstance(cell, date)))
            if isinstance(cell, date):
                out += _record(5, head + struct.pack("<d", _serial(cell)))
            elif isinstance(cell, int):
                out += _record(5, head + struct.pack("<d", cell))
            elif cell != "":
                out += _record(6, head + _wide(str(cell)))
    out += _record(146)
    if merged:
        out += _record(177, struct.pack("<I", len(merged)))
        out += b"".join(_record(176, struct.pack("<4I", first, last, place, place)) for first, last, place in merged)
        out += _record(178)
    return out + _record(130)


def _styles() -> bytes:
    """Write two cell formats: general, and a day (number format 14)."""
    formats = b"".join(_record(47, struct.pack("<HHHHHBBH", 0, number, 0, 0, 0, 0, 0, 0)) for number in (0, 14))
    return _record(278) + _record(617, struct.pack("<I", 2)) + formats + _record(618) + _record(279)


def xlsb() -> bytes:
    """Write the roster in the binary workbook format ([MS-XLSB])."""
    kind = "application/vnd.ms-excel"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    book = _record(131) + _record(153, struct.pack("<II", 0, 0) + _wide("")) + _record(143)
    links, types, parts = "", "", {}
    for number, (name, (hidden, rows, merged)) in enumerate(SHEETS.items(), start=1):
        book += _record(156, struct.pack("<II", int(hidden), number) + _wide(f"rId{number}") + _wide(name))
        links += f'<Relationship Id="rId{number}" Type="{office}/worksheet" Target="worksheets/sheet{number}.bin"/>'
        types += f'<Override PartName="/xl/worksheets/sheet{number}.bin" ContentType="{kind}.worksheet"/>'
        parts[f"xl/worksheets/sheet{number}.bin"] = _binary_sheet(rows, merged)
    book += _record(144) + _record(132)
    links += f'<Relationship Id="rId9" Type="{office}/styles" Target="styles.bin"/>'
    links = f'<Relationships xmlns="{package}/relationships">{links}</Relationships>'
    top = f'<Relationship Id="rId1" Type="{office}/officeDocument" Target="xl/workbook.bin"/>'
    types += f'<Override PartName="/xl/styles.bin" ContentType="{kind}.styles"/>'
    parts |= {
        "[Content_Types].xml": (
            f'<Types xmlns="{package}/content-types"><Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="bin" '
            f'ContentType="{kind}.sheet.binary.macroEnabled.main"/>{types}</Types>'
        ).encode(),
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships">{top}</Relationships>'.encode(),
        "xl/_rels/workbook.bin.rels": links.encode(),
        "xl/workbook.bin": book,
        "xl/styles.bin": _styles(),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in sorted(parts):
            packed.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), parts[name], zipfile.ZIP_DEFLATED)
    return out.getvalue()


def main(folder: Path) -> None:
    """Write all four files."""
    office = shutil.which("soffice")
    if office is None:
        raise SystemExit("LibreOffice (soffice) is needed to write the .xls and the .ods.")
    _xlsx(folder / "roster.xlsx")
    (folder / "roster.xlsb").write_bytes(xlsb())
    for ending in ("xls", "ods"):
        command = [office, "--headless", "--convert-to", ending, "--outdir", str(folder), str(folder / "roster.xlsx")]
        subprocess.run(command, check=True, timeout=120)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
