"""Making the coverage tables that are kept beside a network: one for each set of sites that counts together."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from adequacy import __version__
from adequacy.access.answer import question_for
from adequacy.access.bulk import SiteIndex
from adequacy.access.coverage import ASK, build_coverage
from adequacy.access.coverage_file import SCHEMA, coverage_path, sites_sha256, table_row
from adequacy.access.finding import counted_of
from adequacy.access.spans import last_day_alike
from adequacy.clocks import read_date
from adequacy.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from adequacy.access.bulk import Edge
    from adequacy.access.coverage import Coverage
    from adequacy.access.coverage_file import Columns
    from adequacy.access.finding import Counted
    from adequacy.network import NetworkFile
    from adequacy.policy import Policy

__all__ = ["CoverageReport", "store_coverage"]

_TABLES = """
CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE tables (
    sites TEXT NOT NULL, limit_mi REAL NOT NULL, edge TEXT NOT NULL,
    west REAL NOT NULL, south REAL NOT NULL, cell_deg REAL NOT NULL,
    height INTEGER NOT NULL, width INTEGER NOT NULL, sha256 TEXT NOT NULL, cells BLOB NOT NULL,
    PRIMARY KEY (sites, limit_mi, edge)
);
"""


@dataclass(frozen=True)
class CoverageReport:
    """What was stored: how many tables for how many of all services, their size, until when they all answer."""

    path: Path
    on: str
    limit_mi: float
    services: int
    all_services: int
    tables: int
    file_bytes: int
    ask_pct: float
    all_until: str


def store_coverage(
    network: NetworkFile, policy: Policy, on: str, *, progress: Callable[[int, int], None] | None = None
) -> CoverageReport:
    """Make the tables of a network and keep them beside it; an older file of that name stays until they are whole.

    Parameters
    ----------
    network : NetworkFile
        Whose counted sites.
    policy : Policy
        The limit of the day.
    on : str
        ISO day whose counted sites are meant.
    progress : callable, optional
        Called with services done and services in all.

    Returns
    -------
    CoverageReport

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    path = coverage_path(network.path)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror}). Answers are the same without it.") from error
    os.close(handle)
    part = Path(name)
    try:
        part.unlink()  # made again with the rights that files have here, not with those of a private one
        with contextlib.closing(sqlite3.connect(part)) as connection:
            maker = _Maker(connection, network, policy, on)
            report = maker.make(path, progress)
        part.replace(path)
    except (OSError, sqlite3.Error) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise OutputError(f"{path}: cannot be written ({why}). Answers are the same without it.") from error
    finally:
        part.unlink(missing_ok=True)
    return report


class _Maker:
    """Makes the tables of every service of a network and writes them."""

    def __init__(self, connection: sqlite3.Connection, network: NetworkFile, policy: Policy, on: str) -> None:
        self._connection = connection
        self._network = network
        self._policy = policy
        self._day = read_date(on)
        self._until: list[str] = []
        self._limit_mi = 0.0
        self._known: set[str] = set()
        self._asks, self._cells, self._tables, self._services = 0, 0, 0, 0

    def make(self, path: Path, progress: Callable[[int, int], None] | None) -> CoverageReport:
        """Write everything, and say what was written."""
        self._connection.execute("PRAGMA journal_mode = OFF")
        self._connection.executescript(_TABLES)
        keys = self._network.service_keys()
        for done, key in enumerate(keys, start=1):
            counted = self._counted(key)
            if counted is not None:
                self._services += 1
                self._keep(counted.columns())
            if progress:
                progress(done, len(keys))
        until = min((day for day in self._until if day), default="")
        about = {
            "schema": SCHEMA,
            "version": __version__,
            "network_sha256": self._network.meta.sha256,
            "on": self._day.isoformat(),
            "limit_mi": repr(self._limit_mi),
            "tables": str(self._tables),
            "all_until": until,
        }
        self._connection.executemany("INSERT INTO about VALUES (?, ?)", sorted(about.items()))
        self._connection.commit()
        (pages,), (page,) = (self._connection.execute(f"PRAGMA {name}").fetchone() for name in _SIZE)
        ask_pct = 100.0 * self._asks / max(1, self._cells)
        on, limit_mi = self._day.isoformat(), self._limit_mi
        return CoverageReport(path, on, limit_mi, self._services, len(keys), self._tables, pages * page, ask_pct, until)

    def _counted(self, key: str) -> Counted | None:
        """The sites that count for anybody; None where a service travels and says where to.

        There the county of every point is looked up first, which costs ten times the decision.
        """
        service = self._policy.services[key]
        offerings = self._network.offerings(key)
        question = question_for(self._policy, service, None, self._day)
        self._limit_mi = question.limit_mi
        if question.travels and any(each.counties_served for each in offerings):
            return None
        self._until.append(last_day_alike(offerings, question))
        return counted_of(offerings, question, None)

    def _keep(self, columns: Columns) -> None:
        """Write the table of some sites, and a second one for the other edge where a site may be off its place."""
        sites = sites_sha256(columns)
        if not columns[0] or sites in self._known:
            return
        self._known.add(sites)
        index = SiteIndex(columns[0], columns[1], uncertainty_mi=columns[2])
        edges: tuple[Edge, ...] = ("high", "low") if any(columns[2]) else ("high",)
        for edge in edges:
            table = build_coverage(index, limit_mi=self._limit_mi, edge=edge)
            self._write((sites, self._limit_mi, edge), table)

    def _write(self, key: tuple[str, float, str], table: Coverage) -> None:
        """Write one table."""
        row = (*key, *table_row(key, table))
        self._connection.execute(f"INSERT INTO tables VALUES ({', '.join('?' * len(row))})", row)
        inner = table.codes[:, 1:-1, 1:-1]
        self._tables += 1
        self._cells += inner.size
        self._asks += int((inner == ASK).sum())


_SIZE = ("page_count", "page_size")
