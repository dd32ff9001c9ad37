"""The demo that ships with the package: real places, invented contracts.

The places are 919 real North Carolina listings of 2019-2021; services, contracts, consumers, requests and decisions are
invented by ``data/demo/make_demo.py`` (seeded). Nothing here may inform a real decision: whatever is made from the
demo says :data:`NOTICE` in its first lines. Standard library only; nothing is read at import.
"""

from __future__ import annotations

from pathlib import Path

from adequacy.errors import OutputError

__all__ = ["NOTICE", "demo_files", "demo_path", "write_demo"]

#: What every output made from the demo says in its first lines.
NOTICE = "real places, invented contracts"

_HERE = Path(__file__).parent
_FILES = ("README.txt", "roster.csv", "members.csv", "requests.csv", "past_decisions.csv")
_PACKED = ".gz"


def demo_path() -> Path:
    """Return the path of the demo's built network file.

    Examples
    --------
    >>> demo_path().name
    'demo.gpkg'
    """
    return _HERE / "demo.gpkg"


def demo_files() -> dict[str, bytes]:
    """Return the demo's files, name -> content (UTF-8 text, line feeds), in the order in which one reads them.

    Examples
    --------
    >>> list(demo_files())
    ['README.txt', 'roster.csv', 'members.csv', 'requests.csv', 'past_decisions.csv']
    >>> demo_files()["README.txt"].decode().splitlines()[0]
    'real places, invented contracts'
    """
    return {name: _unpacked(_HERE / "demo_data" / name) for name in _FILES}


def write_demo(folder: Path | str) -> list[Path]:
    """Write the demo's files into a folder, which is made if it is not there.

    A file that is there already and says something else is never overwritten: nothing is written then.

    Parameters
    ----------
    folder : Path or str
        Where to write.

    Returns
    -------
    list of Path
        The files, in the order of :func:`demo_files`.

    Raises
    ------
    OutputError
        The folder cannot be written, or holds another file of the same name.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     len(write_demo(folder))
    5
    """
    target = Path(folder)
    contents = {target / name: content for name, content in demo_files().items()}
    try:
        target.mkdir(parents=True, exist_ok=True)
        taken = [path for path, content in contents.items() if path.exists() and path.read_bytes() != content]
        if not taken:
            for path, content in contents.items():
                path.write_bytes(content)
    except OSError as error:
        raise OutputError(f"{target}: cannot be written ({error.strerror or error}); name another folder.") from error
    if taken:
        raise OutputError(f"{taken[0]}: is there already and is not the demo's; name an empty folder.")
    return list(contents)


def _unpacked(plain: Path) -> bytes:
    """Read a file that is shipped as it is or compressed."""
    packed = plain.with_name(plain.name + _PACKED)
    if not packed.exists():
        return plain.read_bytes()
    import gzip

    return gzip.decompress(packed.read_bytes())
