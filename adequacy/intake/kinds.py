"""What a file is by its first bytes, whatever its name says: a PDF called ``roster.xlsx`` is named as a PDF."""

from __future__ import annotations

import re
import zipfile
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["foreign", "foreign_archive", "oversized"]

_SAVE = "Open it in a spreadsheet and save it as .xlsx or CSV."
_ASK = "Ask for the table itself, as .xlsx or CSV."
_UNPACK = "Unpack it and give the file inside."
#: How a file begins -> what it is, what to do.
_BEGINNINGS = (
    (b"%PDF", "a PDF", _ASK),
    (b"{\\rtf", "a text document (RTF)", _ASK),
    (b"\x89PNG", "a picture", _ASK),
    (b"\xff\xd8\xff", "a picture", _ASK),
    (b"GIF8", "a picture", _ASK),
    (b"II*\x00", "a picture", _ASK),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (b"BZh", "a bzip2 archive", _UNPACK),
    (b"\xfd7zXZ\x00", "an xz archive", _UNPACK),
    (b"SQLite format 3\x00", "a database or a network file", "Give the roster it was made from."),
    (b"\x00\x01\x00\x00Standard ", "an Access database", "Export the table as .xlsx or CSV."),
    (b"MZ\x90", "a program", _ASK),
)
_WEB_PAGE = re.compile(
    rb"<(?:!doctype|!--|html|head|body|meta|style|div|table|\?xml|[a-z]+:workbook|workbook)", re.IGNORECASE
)
#: A folder or file inside an archive -> what the archive is.
_INSIDE = (
    ("word/", "a Word document", _ASK),
    ("ppt/", "a PowerPoint presentation", _ASK),
    ("Index/", "an Apple Numbers or Pages document", "Export it as Excel (.xlsx)."),
    ("doc.kml", "a map (KMZ)", _ASK),
)
_WORKBOOK_PARTS = ("xl/", "content.xml")
#: Names of streams in the container of old Office files.
_OLD_DOCUMENT = "WordDocument".encode("utf-16-le")
_OLD_MESSAGE = "__properties_version1.0".encode("utf-16-le")
_MOST_ZEROS_PCT = 10
#: A sheet is held as a rectangle from A1 to its last cell; one of more cells than this is a stray cell, not a roster.
_MOST_CELLS = 50_000_000
#: Workbooks pack about twentyfold; a part packed more than this is a trap.
_MOST_PACKED = 200
_LEAST_TRAP_BYTES = 100_000_000
_ROW = re.compile(rb"<row [^>]*?\br=[\"'](\d{1,7})[\"']")
_FAR_COLUMN = re.compile(rb"\br=[\"']([A-Z]{2,3})\d")
_PIECE = 1 << 22
_OVERLAP = 200
_LETTERS = 26


def foreign(first: bytes) -> str | None:
    r"""Say what a file is and what to do, where its first bytes show that it is nothing that can be read.

    Parameters
    ----------
    first : bytes
        The beginning of the file, unpacked where it is gzipped; a thousand bytes are enough.

    Returns
    -------
    str or None
        The end of a sentence that begins with the file's name; None for a file that may be a roster.

    Examples
    --------
    >>> foreign(b"%PDF-1.7 ...")
    'is a PDF. Ask for the table itself, as .xlsx or CSV.'
    >>> foreign(b"provider_name,service\n") is None
    True
    """
    for beginning, what, advice in _BEGINNINGS:
        if first.startswith(beginning):
            return f"is {what}. {advice}"
    start = first[:200].lstrip(b"\xef\xbb\xbf \t\r\n")
    if _WEB_PAGE.match(start):
        return f"is a web page or XML under another name. {_SAVE}"
    marked = first.startswith((b"\xff\xfe", b"\xfe\xff"))
    packed = first.startswith((b"PK", b"PAR1", b"\xd0\xcf\x11\xe0"))
    if not marked and not packed and first.count(0) * 100 > _MOST_ZEROS_PCT * len(first):
        return 'is no text, or UTF-16 without its mark. Save it as .xlsx or "CSV UTF-8".'
    return None


def foreign_archive(stream: IO[bytes]) -> str | None:
    """Say what an archive or an old Office file is, where it is no workbook; see ``foreign``.

    Parameters
    ----------
    stream : file of bytes
        The whole file.
    """
    try:
        with zipfile.ZipFile(stream) as packed:
            names = packed.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        stream.seek(0)
        held = stream.read()
        old = {_OLD_DOCUMENT: "a Word document", _OLD_MESSAGE: "an e-mail"}
        return next((f"is {what}. {_ASK}" for mark, what in old.items() if mark in held), None)
    if any(name.startswith(_WORKBOOK_PARTS) for name in names):
        return None
    for inside, what, advice in _INSIDE:
        if any(name.startswith(inside) for name in names):
            return f"is {what}. {advice}"
    return f"is a ZIP archive of {len(names)} file{'s' if len(names) != 1 else ''}. {_UNPACK}"


def oversized(stream: IO[bytes]) -> str | None:
    """Say why a workbook (.xlsx) cannot be held in memory, where one stray cell or packed blanks make it huge.

    Parameters
    ----------
    stream : file of bytes
        The whole file; anything that is no .xlsx passes.
    """
    try:
        with zipfile.ZipFile(stream) as packed:
            for part in packed.infolist():
                if part.file_size > max(_LEAST_TRAP_BYTES, _MOST_PACKED * part.compress_size):
                    return "unpacks to far more than a workbook holds. Save it again from a spreadsheet."
                if part.filename.startswith("xl/worksheets/") and part.filename.endswith(".xml"):
                    with packed.open(part) as sheet:
                        row, column = _last_cell(sheet)
                    if row * column > _MOST_CELLS:
                        return (
                            f"has a sheet that reaches to row {row:,}, column {column:,}: a stray cell far from the "
                            "table. Copy the table into a new workbook."
                        )
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return None
    return None


def _last_cell(sheet: IO[bytes]) -> tuple[int, int]:
    """Return the last row of a sheet and its last column, at least Z, without parsing it."""
    row, far = 0, {b"Z"}
    for text in _overlapping(sheet):
        row = max([row, *map(int, _ROW.findall(text))])
        far.update(_FAR_COLUMN.findall(text))
    return row, max(map(_column_number, far))


def _overlapping(sheet: IO[bytes]) -> Iterator[bytes]:
    """Yield a file piece by piece, each with the end of the one before, so that nothing falls between two."""
    tail = b""
    while piece := sheet.read(_PIECE):
        yield tail + piece
        tail = piece[-_OVERLAP:]


def _column_number(letters: bytes) -> int:
    """Return the number of a column from its letters: Z is 26, AA 27."""
    number = 0
    for letter in letters:
        number = number * _LETTERS + letter - ord("A") + 1
    return number
