"""How an output reaches a file: whole or not at all, the same bytes for the same content, one line where it cannot."""

from __future__ import annotations

import io
import sys
import zipfile
from contextlib import suppress
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from adequacy.errors import OutputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["docx_bytes", "require_kind", "stamp", "write_bytes"]

_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


def require_kind(path: Path, kinds: Iterable[str], what: str) -> str:
    """Give the kind of file by its ending; ``UsageError`` where we do not write that kind."""
    known = tuple(kinds)
    kind = path.suffix.casefold()
    if kind not in known:
        raise UsageError(f"{path}: no {what} is written as '{path.suffix or path.name}'. End it in {', '.join(known)}.")
    return kind


def write_bytes(content: bytes, path: Path) -> None:
    """Write a finished file whole or not at all (``OutputError``); ``-`` is standard output."""
    if str(path) == "-":
        sys.stdout.buffer.write(content)
        return
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise OutputError(
            f"{path}: cannot be written ({error.strerror or error}). Check the folder, and whether the file is open."
        ) from error


def stamp(document: Any, *, title: str, author: str, on: date) -> None:
    """Set what a Word document says of itself: no computer, no person, no time of day."""
    own = document.core_properties
    moment = datetime.combine(on, time())
    own.title, own.author, own.last_modified_by = title, author, author
    own.created = own.modified = moment
    own.language, own.revision, own.comments, own.keywords = "en-US", 1, "", ""


def docx_bytes(document: Any) -> bytes:
    """Give a Word document as bytes that depend on its content alone."""
    drawn = io.BytesIO()
    document.save(drawn)
    out = io.BytesIO()
    with zipfile.ZipFile(drawn) as parts, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as whole:
        for name in parts.namelist():
            whole.writestr(zipfile.ZipInfo(name, _ZIP_DATE), parts.read(name), zipfile.ZIP_DEFLATED)
    return out.getvalue()
