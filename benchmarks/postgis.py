"""PostGIS as a peer, on a server that the benchmark starts for itself and takes away again.

It runs where Debian's ``postgresql-15-postgis-3`` (or any PostgreSQL with PostGIS) and psycopg are installed; else the
table says that it was not run.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from adequacy.distance import MILE_M
from benchmarks.peers import installed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.generate import Roster

_NEAREST = """
    select p.id, ST_Distance(p.g, q.g, true) from point p
    cross join lateral (select g from site where s = p.s order by g <-> p.g limit 1) q
"""
_WITHIN = (
    "select p.id from point p where exists (select 1 from site q where q.s = p.s and ST_DWithin(p.g, q.g, %s, true))"
)


def missing() -> str:
    """Why PostGIS cannot be run here; empty if it can."""
    folder = _binaries()
    if sys.platform == "win32" or folder is None:
        return "no PostgreSQL server is installed"
    if not installed("psycopg"):
        return "psycopg is not installed"
    shared = Path(f"/usr/share/postgresql/{folder.parent.name}/extension/postgis.control")
    return "" if shared.exists() else "PostgreSQL has no PostGIS"


@contextmanager
def loaded(roster: Roster, lon: Any, lat: Any, service: Any) -> Iterator[PostGIS]:
    """Start a server, put sites and points into it, build its indexes."""
    binaries = _binaries()
    if binaries is None:
        raise RuntimeError(missing())
    folder = Path(tempfile.mkdtemp(prefix="adequacy-postgis-"))
    user = "postgres" if os.geteuid() == 0 else None  # the server refuses to run as root
    if user:
        shutil.chown(folder, user)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def run(*command: str) -> None:
        subprocess.run(
            [str(binaries / command[0]), *command[1:]],
            check=True, user=user, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=120,
        )  # fmt: skip

    data = str(folder / "data")
    run("initdb", "-D", data, "-U", "adequacy", "-A", "trust", "-E", "UTF8", "--no-sync")
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off -c shared_buffers=512MB -c jit=off"
    run("pg_ctl", "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        import psycopg

        with psycopg.connect(f"postgresql://adequacy@127.0.0.1:{port}/postgres", autocommit=True) as link:
            yield PostGIS(link, roster, lon, lat, service)
    finally:
        run("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


class PostGIS:
    """Sites and points in tables of geographies, one worker, a GiST index on service and place."""

    def __init__(self, link: Any, roster: Roster, lon: Any, lat: Any, service: Any) -> None:
        self._link = link
        self._points = len(lon)
        which = np.repeat(np.arange(len(roster.sites_of)), list(map(len, roster.sites_of)))
        rows = np.concatenate(roster.sites_of)
        link.execute("create extension postgis; create extension btree_gist; set max_parallel_workers_per_gather = 0")
        self._load("site", which, which, roster.lon[rows], roster.lat[rows])
        self._load("point", np.arange(len(lon)), service, lon, lat)
        for statement in ("create index on site using gist (s, g)", "vacuum analyze site", "vacuum analyze point"):
            link.execute(statement)
        self.version = link.execute("select postgis_lib_version()").fetchone()[0]

    def _load(self, table: str, number: Any, service: Any, lon: Any, lat: Any) -> None:
        """Copy rows into a table of (id, s, g)."""
        link = self._link
        link.execute(f"create table {table} (id int, s int, g geography(point))")
        link.execute("create temporary table raw (id int, s int, lon float8, lat float8)")
        with link.cursor() as cursor, cursor.copy("copy raw from stdin") as copy:
            columns = (np.asarray(each).tolist() for each in (number, service, lon, lat))
            for row in zip(*columns, strict=True):
                copy.write_row(row)
        link.execute(f"insert into {table} select id, s, ST_Point(lon, lat, 4326)::geography from raw; drop table raw")

    def nearest(self) -> Any:
        """Miles to the nearest site of each point's service, +inf where there is none."""
        miles = np.full(self._points, np.inf)
        found = np.array(self._link.execute(_NEAREST).fetchall(), dtype=float)
        miles[found[:, 0].astype(int)] = found[:, 1] / MILE_M
        return miles

    def within(self, limit_mi: float) -> Any:
        """Whether a site is within the limit."""
        inside = np.zeros(self._points, dtype=bool)
        rows = self._link.execute(_WITHIN, (limit_mi * MILE_M,)).fetchall()
        inside[[row[0] for row in rows]] = True
        return inside


def _binaries() -> Path | None:
    """Where the server's programs are, newest version first."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    found = shutil.which("initdb")
    return next((folder for folder in folders if (folder / "initdb").exists()), Path(found).parent if found else None)
