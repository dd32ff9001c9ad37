"""Coverage tables kept beside a network, in ``NETWORK.gpkg.coverage``: made once, read by every decide-only job.

A table is found by what it was made from: the counted sites themselves, the limit and the edge. So it answers for
every day, age, funding and population for which the very same sites count, and for nothing else. The file is bound to
the content of its network and to this version; each table carries a hash of its key and its cells. Whatever does not
fit is left alone and asked exactly: decision record 0013.
"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
import zlib
from typing import TYPE_CHECKING, Any

from adequacy import __version__

if TYPE_CHECKING:
    from pathlib import Path

    from adequacy.access.bulk import Edge
    from adequacy.access.coverage import Coverage
    from adequacy.network import NetworkFile

    Columns = tuple[list[float], list[float], list[float]]

__all__ = ["SCHEMA", "CoverageFile", "coverage_path", "sites_sha256"]

#: Raised whenever the cells, or how they are judged, change: older tables are then left alone.
SCHEMA = "adequacy.coverage/2"
_MOST_CELLS = 1 << 28


def coverage_path(network: Path) -> Path:
    """Return where the tables of a network file are kept.

    Examples
    --------
    >>> from pathlib import Path
    >>> coverage_path(Path("alliance.gpkg")).name
    'alliance.gpkg.coverage'
    """
    return network.with_name(f"{network.name}.coverage")


def sites_sha256(columns: Columns) -> str:
    """Hash the counted sites that a decision depends on: where they are and how far off they may be, in any order."""
    import numpy as np

    table = np.array(columns, dtype="<f8").reshape(3, -1)
    return hashlib.sha256(table[:, np.lexsort(table)].tobytes()).hexdigest()


class CoverageFile:
    """The stored tables of a network, as far as they can be used.

    Parameters
    ----------
    network : NetworkFile
        Tables beside it that were made from other content, or by another version, are left alone.
    """

    def __init__(self, network: NetworkFile) -> None:
        self.path = coverage_path(network.path)
        self._network_sha256 = network.meta.sha256

    def about(self) -> dict[str, str] | None:
        """Give what the file says of itself; None where there is none that fits this network and this version."""
        found = dict(self._rows("SELECT key, value FROM about"))
        fits = {"schema": SCHEMA, "version": __version__, "network_sha256": self._network_sha256}
        return found if fits.items() <= found.items() else None

    def state(self) -> dict[str, Any] | None:
        """Say whether there are tables, for what, and whether they can be used; None where there are none."""
        if not self.path.exists():
            return None
        about = self.about() or {}
        try:
            told = {"on": about["on"], "limit_mi": float(about["limit_mi"]), "tables": int(about["tables"])}
            return {"usable": True, **told, "all_until": about["all_until"]}
        except (KeyError, ValueError):
            return {"usable": False}

    def table(self, columns: Columns, limit_mi: float, edge: Edge) -> Coverage | None:
        """Give the table for some counted sites, a limit and an edge; None where there is none that can be trusted."""
        if self.about() is None:
            return None
        key = (sites_sha256(columns), float(limit_mi), str(edge))
        query = f"SELECT {', '.join(_COLUMNS)} FROM tables WHERE sites = ? AND limit_mi = ? AND edge = ?"
        for row in self._rows(query, key):
            with contextlib.suppress(TypeError, ValueError, zlib.error, OverflowError):
                return read_row(key, row, edge)
        return None

    def _rows(self, query: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """Read from the file; nothing where it is missing or damaged."""
        if not self.path.is_file():
            return []
        try:
            connection = sqlite3.connect(f"{self.path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
            with contextlib.closing(connection):
                return connection.execute(query, values).fetchall()
        except (sqlite3.Error, OSError, UnicodeDecodeError, OverflowError):
            return []


_COLUMNS = ("west", "south", "cell_deg", "height", "width", "sha256", "cells")


def read_row(key: tuple[str, float, str], row: tuple[Any, ...], edge: Edge) -> Coverage:
    """Make a table of its row; anything that does not hold is a ValueError."""
    import numpy as np

    from adequacy.access.coverage import ASK, Coverage, unpack

    west, south, cell_deg, height, width, sha256, cells = row
    if sha256 != _row_sha256(key, row[:5], cells):
        raise ValueError("the hash is another")
    if min(height, width) < 3 or height * width > _MOST_CELLS:  # noqa: PLR2004 - a border round one cell
        raise ValueError("no table has this shape")
    size = -(-height * width // 4)
    unpacking = zlib.decompressobj()
    packed = unpacking.decompress(cells, size + 1)
    if len(packed) != size or not unpacking.eof:
        raise ValueError("the cells are more or fewer")
    codes = unpack(np.frombuffer(packed, dtype=np.uint8), (1, height, width))
    border = (codes[:, 0], codes[:, -1], codes[:, :, 0], codes[:, :, -1])
    if codes.max() > ASK or not all((each == ASK).all() for each in border):
        raise ValueError("a cell cannot be")
    return Coverage(("",), key[1], west, south, cell_deg, codes, edge)


def table_row(key: tuple[str, float, str], table: Coverage) -> tuple[Any, ...]:
    """Make the row that keeps a table: what `read_row` reads."""
    from adequacy.access.coverage import pack

    _, height, width = table.codes.shape
    shape = (table.west, table.south, table.cell_deg, height, width)
    cells = zlib.compress(pack(table.codes).tobytes(), 6)
    return (*shape, _row_sha256(key, shape, cells), cells)


def _row_sha256(key: tuple[str, float, str], shape: tuple[Any, ...], cells: bytes) -> str:
    """Hash a table with everything that says what it is for and who made it."""
    told = repr((SCHEMA, __version__, *key, *shape))
    return hashlib.sha256(told.encode() + b"\0" + bytes(cells)).hexdigest()
