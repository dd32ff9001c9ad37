"""Casebooks to test on: a file, and a database on a throw-away PostgreSQL server where one is installed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from adequacy.casebook import Casebook, open_casebook
from adequacy.policy import load_policy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOW = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)
_NUMBER = count(1)


class Server:
    """A PostgreSQL server of our own on a loopback port, with its data in a temporary folder."""

    def __init__(self, binaries: Path) -> None:
        self._binaries = binaries
        self._folder = Path(tempfile.mkdtemp(prefix="adequacy-postgres-"))
        # the server refuses to run as root: then it runs as the user that its package made
        self._user = "postgres" if hasattr(os, "geteuid") and os.geteuid() == 0 else None
        if self._user:
            shutil.chown(self._folder, self._user)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self._run("initdb", "-D", self._data, "-U", "adequacy", "-A", "trust", "-E", "UTF8", "--no-sync")
        self.start()

    @property
    def _data(self) -> str:
        return str(self._folder / "data")

    def _run(self, *command: str) -> None:
        done = subprocess.run(
            [str(self._binaries / command[0]), *command[1:]],
            check=False, user=self._user, cwd=self._folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{command[0]} gave {done.returncode}")

    def start(self) -> None:
        options = f"-p {self._port} -k {self._folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        self._run("pg_ctl", "-D", self._data, "-w", "-l", str(self._folder / "log"), "-o", options, "start")

    def stop(self, how: str = "immediate") -> None:
        self._run("pg_ctl", "-D", self._data, "-w", "-m", how, "stop")

    def new_database(self) -> str:
        """Make an empty database; give its URL."""
        import psycopg

        name = f"book{next(_NUMBER)}"
        with psycopg.connect(f"postgresql://adequacy@127.0.0.1:{self._port}/postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return f"postgresql://adequacy@127.0.0.1:{self._port}/{name}"

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)


def _binaries() -> Path | None:
    """Where the server's programs are, newest version first."""
    found = shutil.which("initdb")
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    return Path(found).parent if found else next((folder for folder in folders if (folder / "initdb").exists()), None)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A server; skipped, and said, where none is installed; a failure in CI."""
    binaries = _binaries()
    if binaries is None or sys.platform == "win32":
        said = "no PostgreSQL server is installed here: the casebook is tested on SQLite alone"
        if os.environ.get("ADEQUACY_CI") == "1":
            pytest.fail(said)
        pytest.skip(said)
    server = Server(binaries)
    yield server
    server.remove()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a new casebook is to be: the same tests run on both."""
    if request.param == "sqlite":
        return str(tmp_path / "book.sqlite")
    server: Server = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture
def open_book() -> Iterator[Callable[[str], Casebook]]:
    """Open casebooks that are closed after the test."""
    opened: list[Casebook] = []

    def _open(where: str) -> Casebook:
        opened.append(open_casebook(where, load_policy()))
        return opened[-1]

    yield _open
    for book in opened:
        book.close()
