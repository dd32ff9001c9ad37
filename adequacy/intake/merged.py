"""Merged cells of OpenDocument and binary workbooks, which the workbook reader does not tell.

A provider merged over its rows reads as one name for all of them; without this the rows below would be refused for want
of a name. Sources: OpenDocument 1.3 part 3, 9.1.4 (``number-rows-spanned``); [MS-XLSB] 2.1.4 (records), 2.4.43
(BrtBundleSh), 2.4.675 (BrtMergeCell).
"""

from __future__ import annotations

import posixpath
import struct
import zipfile
from typing import IO, TYPE_CHECKING
from xml.etree import ElementTree

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Range", "merged_ranges"]

#: ((first row, first column), (last row, last column)), all from 0.
Range = tuple[tuple[int, int], tuple[int, int]]

_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_CELLS = (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell")
_BUNDLE_SHEET, _MERGE_CELL = 156, 176
_MORE = 0x80


def merged_ranges(stream: IO[bytes]) -> dict[str, list[Range]]:
    """Return sheet name -> merged cells, for OpenDocument and binary workbooks; nothing for any other file.

    A part that cannot be followed gives nothing: the cells themselves are read by another reader, which complains.
    """
    try:
        with zipfile.ZipFile(stream) as packed:
            names = set(packed.namelist())
            if "content.xml" in names:
                with packed.open("content.xml") as part:
                    return dict(_open_document(part))
            return dict(_binary(packed)) if "xl/workbook.bin" in names else {}
    except (zipfile.BadZipFile, ElementTree.ParseError, struct.error, LookupError, ValueError, OSError):
        return {}


def _open_document(part: IO[bytes]) -> Iterator[tuple[str, list[Range]]]:
    """Yield the sheets of an OpenDocument spreadsheet; each element is forgotten once it is read."""
    name, row = "", 0
    found: list[Range] = []
    for event, element in ElementTree.iterparse(part, ("start", "end")):
        if event == "start":
            if element.tag == f"{_TABLE}table":
                name, row, found = element.get(f"{_TABLE}name", ""), 0, []
        elif element.tag == f"{_TABLE}table-row":
            found += _spans(element, row)
            row += int(element.get(f"{_TABLE}number-rows-repeated", 1))
            element.clear()
        elif element.tag == f"{_TABLE}table":
            yield name, found
            element.clear()


def _spans(element: ElementTree.Element, row: int) -> Iterator[Range]:
    """Yield the merged cells that begin in a row."""
    place = 0
    for cell in element:
        if cell.tag in _CELLS:
            down = int(cell.get(f"{_TABLE}number-rows-spanned", 1))
            across = int(cell.get(f"{_TABLE}number-columns-spanned", 1))
            if down > 1 or across > 1:
                yield (row, place), (row + down - 1, place + across - 1)
            place += int(cell.get(f"{_TABLE}number-columns-repeated", 1))


def _binary(packed: zipfile.ZipFile) -> Iterator[tuple[str, list[Range]]]:
    """Yield the sheets of a binary workbook."""
    with packed.open("xl/_rels/workbook.bin.rels") as part:
        links = {each.get("Id"): str(each.get("Target")) for each in ElementTree.parse(part).getroot()}
    for kind, body in _records(packed.read("xl/workbook.bin")):
        if kind == _BUNDLE_SHEET:
            link, after = _wide(body, 8)
            name, _ = _wide(body, after)
            target = posixpath.normpath(posixpath.join("/xl", links[link])).lstrip("/")
            yield name, list(_merge_records(packed.read(target)))


def _merge_records(sheet: bytes) -> Iterator[Range]:
    """Yield the merged cells of one binary sheet."""
    for kind, body in _records(sheet):
        if kind == _MERGE_CELL:
            top, bottom, left, right = struct.unpack_from("<4I", body)
            yield (top, left), (bottom, right)


def _records(part: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield kind and body of each record; kind and length are written in sevens of bits, lowest first."""
    at = 0
    while at < len(part):
        kind = part[at]
        at += 1
        if kind & _MORE:
            kind, at = (kind & 0x7F) | part[at] << 7, at + 1
        length = shift = 0
        while True:
            piece, at = part[at], at + 1
            length |= (piece & 0x7F) << shift
            shift += 7
            if not piece & _MORE:
                break
        yield kind, part[at : at + length]
        at += length


def _wide(body: bytes, at: int) -> tuple[str, int]:
    """Read a text with its length before it; return it and where it ends."""
    (length,) = struct.unpack_from("<I", body, at)
    end = at + 4 + 2 * length
    return body[at + 4 : end].decode("utf-16-le"), end
