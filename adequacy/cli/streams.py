"""Files that commands read and write: ``-`` is standard input or output, and no output ever overwrites its input."""

from __future__ import annotations

import errno
import io
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from adequacy.errors import OutputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["STREAM", "mend", "reading", "writing"]

#: What stands for standard input and standard output.
STREAM = "-"
_BINARY = (".gpkg", ".parquet")


class _Closed(io.StringIO):
    """Stands for a standard output that the caller has closed: only who writes to it hears of it."""

    def write(self, _text: str) -> int:
        raise OSError(errno.EBADF, "it is closed")


def mend() -> None:
    """Make the standard streams printable: what a terminal cannot show is replaced, what is closed says so."""
    if sys.stdout is None:
        sys.stdout = _Closed()
    if sys.stderr is None:
        # never on stdout: words for people would end up among the data
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


@contextmanager
def reading(file: str) -> Iterator[Path]:
    """Give a path to read; for ``-`` a private copy of standard input, which is removed after use."""
    if file != STREAM:
        yield Path(file)
        return
    with TemporaryDirectory(prefix="adequacy-") as folder:
        path = Path(folder) / "standard input"
        path.write_bytes(sys.stdin.buffer.read())
        yield path


@contextmanager
def writing(out: str, *inputs: str, suffix: str = ".csv") -> Iterator[Path]:
    """Give a path to write; for ``-`` a private file that goes to standard output once it is whole.

    Parameters
    ----------
    out : str
        What ``--out`` says.
    *inputs : str
        Files that the command reads: none of them may be the output.
    suffix : str
        The kind of file that goes to standard output.

    Raises
    ------
    OutputError
        The output is one of the inputs.
    UsageError
        Bytes that no terminal can show would go to one.
    """
    if out != STREAM:
        _require_other(out, inputs)
        yield Path(out)
        return
    if suffix in _BINARY and sys.stdout.isatty():
        raise UsageError(f"--out -: {suffix} is nothing for a terminal. Name a file, or send it on with > or |.")
    with TemporaryDirectory(prefix="adequacy-") as folder:
        path = Path(folder) / f"standard output{suffix}"
        yield path
        _send(path)


def _send(path: Path) -> None:
    """Print a file on standard output as it is; one that was not written (a dry run) is nothing to print."""
    if not path.exists():
        return
    sys.stdout.flush()
    raw = getattr(sys.stdout, "buffer", None)
    if raw is None:
        sys.stdout.write(path.read_text(encoding="utf-8"))
        return
    raw.write(path.read_bytes())
    raw.flush()


def _require_other(out: str, inputs: tuple[str, ...]) -> None:
    """Refuse to write over what is being read."""
    target = Path(out)
    for each in inputs:
        source = Path(each)
        if each != STREAM and target.exists() and source.exists() and target.samefile(source):
            raise OutputError(f"{out}: the output would overwrite the input. Name another file with --out.")
