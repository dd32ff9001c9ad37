"""A file is known by its content: what is no roster is named for what it is, and no workbook takes the memory."""

from __future__ import annotations

import gzip
import io
import zipfile
from typing import TYPE_CHECKING

import pytest

from adequacy.errors import InputError
from adequacy.intake.kinds import foreign, foreign_archive, oversized
from adequacy.intake.readers import open_roster

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "provider_name,service\nA,saiop\n"


def archive(**parts: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in parts.items():
            packed.writestr(name.replace("__", "/"), text)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"%PDF-1.7\n%\xe2\xe3", "is a PDF"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 90, "is a picture"),
        (b"{\\rtf1\\ansi roster}", "is a text document"),
        (b"<!-- saved --><table><tr><td>provider_name</td></tr></table>", "is a web page"),
        (b"\xef\xbb\xbf\n<HTML><body></body></HTML>", "is a web page"),
        (b"Rar!\x1a\x07\x00" + b"x" * 50, "is a RAR archive"),
        (b"SQLite format 3\0" + b"\0" * 100, "is a database or a network file"),
        (TEXT.encode("utf-16-le"), "UTF-16 without its mark"),
        (b"\0" * 4000, "is no text"),
        (archive(**{"roster.csv": TEXT}), "is a ZIP archive of 1 file."),
        (archive(**{"word__document.xml": "<w/>", "a.xml": "<a/>"}), "is a Word document"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "WordDocument".encode("utf-16-le"), "is a Word document"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "is damaged or no workbook"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"\xff\xfe", "is empty"),
        (gzip.compress(TEXT.encode())[:-9], "cut off or damaged"),
    ],
    # packed content holds the time of day: the names of the tests must not
    ids=lambda value: value if isinstance(value, str) else "content",
)
def test_a_file_that_cannot_be_read_is_named_for_what_it_is(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "roster.xlsx"
    path.write_bytes(content)
    with pytest.raises(InputError, match=f"^roster.xlsx.*{said}") as caught:
        open_roster(path)
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_text_is_text(encoding: str) -> None:
    assert foreign(TEXT.encode(encoding)) is None


def test_a_workbook_is_no_foreign_archive() -> None:
    assert foreign_archive(io.BytesIO(archive(**{"xl__workbook.xml": "<w/>"}))) is None


def sheet(*cells: str) -> bytes:
    rows = "".join(f'<row r="{cell.strip("ABCDFXZ")}"><c r="{cell}"><v>1</v></c></row>' for cell in cells)
    return archive(**{"xl__worksheets__sheet1.xml": f"<worksheet><sheetData>{rows}</sheetData></worksheet>"})


def test_a_stray_cell_far_from_the_table_is_said_before_memory_is_taken() -> None:
    said = oversized(io.BytesIO(sheet("A1", "XFD1048576")))
    assert said is not None
    assert "row 1,048,576, column 16,384" in said
    assert oversized(io.BytesIO(sheet("A1", "C1048576"))) is None
    assert oversized(io.BytesIO(sheet("XFD1", "A2"))) is None


def test_packed_blanks_are_not_unpacked() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed, packed.open("xl/a.xml", "w") as part:
        for _ in range(110):
            part.write(b" " * 1_000_000)
    said = oversized(out)
    assert said is not None
    assert "unpacks to far more" in said
