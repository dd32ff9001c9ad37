"""The shipped reference file ``places.sqlite``: opened once per process, read-only, one row per question."""

from __future__ import annotations

import atexit
import json
import os
import sqlite3
from functools import cache
from pathlib import Path
from typing import Any

from adequacy.errors import InputError

PLACES = Path(__file__).with_name("places.sqlite")
SOURCES = Path(__file__).with_name("SOURCES.yaml")
SCHEMA = "adequacy.places/1"


def one(sql: str, *values: object) -> tuple[Any, ...] | None:
    """Return the first row of a question, or None."""
    row: tuple[Any, ...] | None = _connection(os.getpid()).execute(sql, values).fetchone()
    return row


def every(sql: str, *values: object) -> list[tuple[Any, ...]]:
    """Return all rows of a question."""
    return _connection(os.getpid()).execute(sql, values).fetchall()


@cache
def vintages() -> dict[str, str]:
    """Say in short what each shipped table is and of which year, for provenance lines.

    Returns
    -------
    dict of str to str
        ``{"zcta": "Census ZIP Code Tabulation Areas 2020", ...}``. Read from the file itself, so it cannot disagree
        with the data; ``sources`` has the long form.

    Examples
    --------
    >>> vintages()["zcta"]
    'Census ZIP Code Tabulation Areas 2020'
    """
    result: dict[str, str] = json.loads(meta("vintages"))
    return result


def meta(key: str) -> str:
    """Return one entry of the file's ``meta`` table."""
    row = one("SELECT value FROM meta WHERE key = ?", key)
    if row is None:
        raise InputError(f"The reference file {PLACES.name} has no entry {key!r}: reinstall adequacy.")
    return str(row[0])


@cache
def _connection(pid: int) -> sqlite3.Connection:
    # One connection per process: SQLite forbids carrying one across a fork. Immutable: no lock, no journal, so a
    # read-only install (or many processes at once) is fine; reads from several threads are serialised by sqlite3.
    return connect(PLACES)


def connect(path: Path) -> sqlite3.Connection:
    """Open a places file read-only and check that it is ours; ``InputError`` says how to mend it."""
    mend = "The package is not complete: reinstall adequacy."
    try:
        connection = sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False)
    except sqlite3.Error as error:
        raise InputError(f"The reference file {path} cannot be opened ({error}). {mend}") from error
    try:
        found = connection.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()
    except sqlite3.Error as error:
        connection.close()
        raise InputError(f"The reference file {path} cannot be read ({error}). {mend}") from error
    if found != (SCHEMA,):
        connection.close()
        raise InputError(f"The reference file {path} is of another version than this program. {mend}")
    atexit.register(connection.close)
    return connection


def sources() -> list[dict[str, Any]]:
    """Describe every source of the shipped tables: title, origin, licence, vintage, sha256, what was taken.

    Returns
    -------
    list of dict
        The ``sources`` of ``SOURCES.yaml``, as written. Imports PyYAML.

    Examples
    --------
    >>> sorted(sources()[0])[:3]
    ['file', 'how', 'id']
    """
    import yaml

    result: list[dict[str, Any]] = yaml.safe_load(SOURCES.read_text(encoding="utf-8"))["sources"]
    return result
