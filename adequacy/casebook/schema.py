"""The tables of the casebook, how they grew, and how a book is opened.

``events`` and ``records`` are the truth: rows are added and never changed, and the database itself refuses an update or
a deletion. ``requests``, ``clocks`` and ``contacts`` are derived from the events in the same transaction, so that a
list need not read every event; they can be rebuilt at any time. Moments are text in UTC that sorts as it should.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adequacy.errors import (
    AdequacyError,
    CasebookError,
    MissingExtra,
    OutputError,
    ServiceUnreachable,
    UsageError,
    shown,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import SimpleNamespace

    from sqlalchemy import Connection, Engine

__all__ = ["SCHEMA_VERSION", "migrate", "open_engine", "plain_errors", "tables", "writing"]

#: Version of the tables. A book with a higher one is refused.
SCHEMA_VERSION = 3
_WAIT_S = 60
_CONNECT_S = 10
_LOCK = 4_118_252_001  # any fixed number: the advisory lock that lets one writer at a time into a PostgreSQL book


@cache
def tables() -> SimpleNamespace:
    """Give the tables by name, and ``metadata``."""
    from types import SimpleNamespace

    from sqlalchemy import Column, Index, Integer, LargeBinary, MetaData, Table, Text, UniqueConstraint

    metadata = MetaData()

    def text(name: str, *, key: bool = False) -> Any:
        return Column(name, Text, primary_key=key, nullable=False)

    def number(name: str, *, key: bool = False) -> Any:
        return Column(name, Integer, primary_key=key, nullable=False, autoincrement=False)

    meta = Table("meta", metadata, text("key", key=True), text("value"))
    events = Table(
        "events",
        metadata,
        number("seq", key=True),
        text("request_id"),
        number("n"),
        *(text(name) for name in ("name", "at", "recorded_at", "by", "data", "prev_hash", "hash")),
        UniqueConstraint("request_id", "n"),
    )
    records = Table(
        "records",
        metadata,
        number("seq", key=True),
        *(text(name) for name in ("hash", "request_id", "record_id")),
        Column("body", LargeBinary, nullable=False),  # the canonical text, zlib: a tenth of its size
        UniqueConstraint("hash"),
        Index("records_of_request", "request_id"),
    )
    requests = Table(
        "requests",
        metadata,
        number("number", key=True),
        *(text(name) for name in REQUEST_TEXTS),
        *(number(name) for name in ("is_stale", "last_n")),
        UniqueConstraint("id"),
        Index("requests_by_resubmission", "resubmission_key"),
        Index("requests_by_state", "state"),
    )
    clocks = Table(
        "clocks",
        metadata,
        text("request_id", key=True),
        number("place", key=True),
        *(
            text(name)
            for name in ("clock", "owner", "end_event", "start_at", "due_at", "act_by", "met_at", "stopped_at")
        ),
        number("is_running"),
        Index("clocks_due", "is_running", "due_at"),
    )
    contacts = Table(
        "contacts",
        metadata,
        number("seq", key=True),
        *(text(name) for name in ("request_id", "site_id", "service_key", "at", "by", "result", "first_appt", "note")),
        Index("contacts_of_site", "service_key", "site_id", "at"),
    )
    return SimpleNamespace(
        metadata=metadata,
        meta=meta,
        events=events,
        records=records,
        requests=requests,
        clocks=clocks,
        contacts=contacts,
    )


#: Columns of ``requests``, all text; an empty text where there is nothing (yet).
REQUEST_TEXTS = (
    "id", "par", "state", "service_key", "level_of_care", "requester", "received_at", "finding", "outcome", "letter",
    "human_review", "county_fips", "decided_at", "answered_at", "answer_due_at", "is_on_time", "confirmed_by",
    "duplicates_of", "resubmission_key", "override",
)  # fmt: skip


def open_engine(where: str | Path, *, create: bool = True) -> Engine:
    """Open the database of a book and bring its tables up to this version.

    Parameters
    ----------
    where : str or Path
        A file (SQLite), or a URL: ``sqlite:///FILE`` or ``postgresql://USER@HOST/NAME``.
    create : bool, default True
        Whether to make a book that is not there.

    Raises
    ------
    CasebookError
        The file is no casebook, or was made by a newer version.
    OutputError
        It cannot be made or written.
    ServiceUnreachable
        The PostgreSQL server does not answer.
    MissingExtra
        A PostgreSQL book without its driver installed.
    """
    text = str(where)
    if "://" in text and not text.startswith("sqlite"):
        engine = _postgres(text)
    else:
        file = text.removeprefix("sqlite:///") if text.startswith("sqlite:") else text
        if not file or file.startswith("sqlite:"):
            raise UsageError("the casebook's URL names no file: write sqlite:///FILE, or the file alone.")
        engine = _sqlite(Path(file), create=create)
    try:
        migrate(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


def _sqlite(path: Path, *, create: bool) -> Engine:
    """An engine on a file that only its owner may read; WAL, every commit on disk before it is acknowledged."""
    from sqlalchemy import URL, create_engine, event

    _make_file(path, create=create)
    if _is_archived(path):
        return _archived(path)
    engine = create_engine(
        URL.create("sqlite+pysqlite", database=str(path)), hide_parameters=True, connect_args={"timeout": _WAIT_S}
    )

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # the driver starts no transaction on its own: see _begun
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        writes = connection.get_execution_options().get("adequacy_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _is_archived(path: Path) -> bool:
    """Whether a book lies whole where nobody may write, as an auditor's copy does: no log can be kept beside it."""
    log = path.with_name(f"{path.name}-wal")
    return not os.access(path.resolve().parent, os.W_OK) and not (log.exists() and log.stat().st_size)


def _archived(path: Path) -> Engine:
    """An engine on a book that is only read."""
    import sqlite3

    from sqlalchemy import URL, create_engine

    where = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    return create_engine(
        URL.create("sqlite+pysqlite", database=str(path)),
        hide_parameters=True,
        creator=lambda: sqlite3.connect(where, uri=True, check_same_thread=False),
    )


def _make_file(path: Path, *, create: bool) -> None:
    """Make the file with mode 0600 before anything is in it."""
    if path.is_dir():
        raise CasebookError(f"casebook {path} is a folder: name a file.")
    if path.exists():
        return
    if not create:
        raise CasebookError(f"casebook {path} does not exist. Open a first request, or name another with --casebook.")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise OutputError(f"casebook {path} cannot be made: {error.strerror or error}.") from error


def _postgres(url: str) -> Engine:
    """An engine on a PostgreSQL server; a connection that broke is noticed before it is used."""
    from sqlalchemy import create_engine, make_url
    from sqlalchemy.exc import ArgumentError

    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise UsageError(_BAD_URL) from None  # the cause would quote the URL, and that may hold a password
    if parsed.get_backend_name() not in ("postgresql", "postgres"):
        raise UsageError(f"a casebook cannot live in {shown(parsed.get_backend_name())}: use a file or postgresql://.")
    patience = {} if "connect_timeout" in parsed.query else {"connect_timeout": _CONNECT_S}
    try:
        return create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            hide_parameters=True,
            pool_pre_ping=True,
            connect_args=patience,
        )
    except ImportError as error:
        raise MissingExtra("postgres", "A casebook on PostgreSQL") from error


_BAD_URL = "the casebook's URL cannot be read: write postgresql://USER@HOST:PORT/NAME."


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Hold the one pen of the book: a transaction in which nobody else writes."""
    with plain_errors(engine), engine.connect() as plain:
        connection = plain.execution_options(adequacy_writes=True)
        transaction = connection.begin()
        try:
            if engine.dialect.name == "postgresql":
                wait = f"set_config('lock_timeout', '{_WAIT_S}s', true)"
                connection.exec_driver_sql(f"SELECT {wait}, pg_advisory_xact_lock({_LOCK})")
            yield connection
        except BaseException:
            transaction.close()  # rolled back, unless the connection is gone and with it the transaction
            raise
        with plain_errors(engine, while_keeping=True):
            transaction.commit()


@contextmanager
def plain_errors(engine: Engine, *, while_keeping: bool = False) -> Iterator[None]:
    """Turn what the database says into one line that names no row: what is wrong and what to do."""
    from sqlalchemy.exc import DBAPIError, OperationalError

    try:
        yield
    except AdequacyError:
        raise
    except DBAPIError as error:
        said = str(error.orig)
        if engine.dialect.name != "postgresql":
            raise _plain_sqlite(engine, said) from None
        if error.connection_invalidated or any(words in said for words in _LOST):
            raise ServiceUnreachable(_lost(engine, while_keeping=while_keeping)) from None
        if "lock timeout" in said:
            raise OutputError(f"casebook {_name(engine)}{_BUSY}") from None
        if error.statement is None and not while_keeping:
            # no statement: the connection was never made. What the server said may quote the URL
            bad_url = not isinstance(error, OperationalError)
            raise (UsageError(_BAD_URL) if bad_url else ServiceUnreachable(_not_let_in(engine, said))) from None
        raise CasebookError(
            f"casebook {_name(engine)} refused the work; nothing was written. Ask who looks after the server."
        ) from None


#: What a PostgreSQL server or its driver says when a connection is gone.
_LOST = ("connection is lost", "connection is closed", "server closed", "terminating connection", "shutting down",
         "starting up")  # fmt: skip


def _lost(engine: Engine, *, while_keeping: bool) -> str:
    """What to say when the server went away; while it keeps a change nobody can know whether it did."""
    if while_keeping:
        return (
            f"casebook {_name(engine)} went away while it kept the change: it may be kept or not. When the server is "
            "up, look (request show, request list), then repeat what is missing."
        )
    return f"casebook {_name(engine)} does not answer; nothing was written. Try again when the server is up."


def _not_let_in(engine: Engine, said: str) -> str:
    """What to say when no connection could be made."""
    for words, then in _DOORS:
        if words in said:
            return f"casebook {_name(engine)} does not answer: {then}. Nothing was written."
    return f"casebook {_name(engine)} does not answer; nothing was written. Check host and port; is the server up?"


#: What a server or its driver says at the door, and how our one line goes on.
_DOORS = (
    ("resolve host", "no host of that name is known here; check the URL"),
    ("translate host name", "no host of that name is known here; check the URL"),
    ("authentication failed", "the server refuses this user or password"),
    ("no password supplied", "the server asks for a password"),
    ("pg_hba.conf", "the server lets nobody in from here; ask who looks after it"),
    ("too many", "the server has too many connections; try again"),
    ("timeout", "the server took too long; try again"),
    ("does not exist", "the server has no such user or database; ask who looks after it"),
)


def _plain_sqlite(engine: Engine, said: str) -> AdequacyError:
    """One error of ours for what SQLite said; its words are not repeated, they may quote a row."""
    where = f"casebook {_name(engine)}"
    for words, fault, then in _SQLITE_FAULTS:
        if words in said:
            return fault(f"{where}{then}")
    return CasebookError(f"{where} cannot be read: it is damaged or no casebook. Restore it from its last copy.")


_BUSY = f" is busy: another program has held it for {_WAIT_S} seconds; nothing was written. Repeat."
#: What SQLite says, our error, and how our one line goes on.
_SQLITE_FAULTS: tuple[tuple[str, type[AdequacyError], str], ...] = (
    ("disk is full", OutputError, ": the disk is full; nothing was written. Make room, then repeat."),
    ("disk I/O error", OutputError, ": the disk failed or is full; nothing was written. Make room, then repeat."),
    ("readonly", OutputError, " is read-only; nothing was written."),
    ("unable to open", OutputError, " cannot be opened: check the folder and its permissions."),
    ("locked", OutputError, _BUSY),
    ("never edited", CasebookError, ": events and records are never edited or deleted."),
)


def _name(engine: Engine) -> str:
    """The name of a book without a password."""
    if engine.dialect.name == "sqlite":
        return engine.url.database or ""
    # an @ that was not escaped in a password lets its rest slip into the host
    host = (engine.url.host or "on this computer").rpartition("@")[2]
    return f"{host}/{engine.url.database}"


def migrate(engine: Engine) -> None:
    """Bring the tables of a book to `SCHEMA_VERSION`, step by step, in one transaction."""
    from sqlalchemy import inspect

    with plain_errors(engine), engine.connect() as connection:
        names = inspect(connection).get_table_names()
        version = _version(connection) if "meta" in names else 0
    if version == SCHEMA_VERSION:
        return
    if version > SCHEMA_VERSION:
        raise CasebookError(
            f"casebook {_name(engine)} was made by a newer version (tables {version}, this version knows "
            f"{SCHEMA_VERSION}): install the newer adequacy."
        )
    if engine.dialect.name == "sqlite" and names and not version:
        raise CasebookError(f"{_name(engine)} is no casebook: it holds other tables. Name another file.")
    with writing(engine) as connection:
        version = _version(connection) if "meta" in inspect(connection).get_table_names() else 0
        for step in range(version, SCHEMA_VERSION):
            _STEPS[step](connection)
        if version < SCHEMA_VERSION:
            meta = tables().meta
            connection.execute(meta.delete().where(meta.c.key == "schema_version"))
            connection.execute(meta.insert().values(key="schema_version", value=str(SCHEMA_VERSION)))


def _version(connection: Connection) -> int:
    """The version of the tables, 0 where there is none."""
    from sqlalchemy import select

    meta = tables().meta
    value = connection.execute(select(meta.c.value).where(meta.c.key == "schema_version")).scalar()
    if value is None:
        return 0
    try:
        return int(value)
    except ValueError:
        raise CasebookError("the casebook says no version that can be read: restore it from its last copy.") from None


def _first_tables(connection: Connection) -> None:
    """Version 1: events and records, which the database never lets anyone change."""
    known = tables()
    known.metadata.create_all(connection, tables=[known.meta, known.events, known.records])
    for name in ("events", "records"):
        for statement in _never_edited(name, connection.engine.dialect.name):
            connection.exec_driver_sql(statement)


def _derived_tables(connection: Connection) -> None:
    """Version 2: what is derived stands in tables of its own; ``casebook.book`` fills them when a book is opened."""
    known = tables()
    known.metadata.create_all(connection, tables=[known.requests, known.clocks, known.contacts])
    connection.execute(known.meta.insert().values(key="derived_with", value=""))


def _derived_tables_with_overrides(connection: Connection) -> None:
    """Version 3: ``requests`` says which outcome a named person put in the place of the table's; derived anew."""
    known = tables()
    derived = [known.requests, known.clocks, known.contacts]
    known.metadata.drop_all(connection, tables=derived)
    known.metadata.create_all(connection, tables=derived)
    connection.execute(known.meta.update().where(known.meta.c.key == "derived_with").values(value=""))


_STEPS = (_first_tables, _derived_tables, _derived_tables_with_overrides)


def _never_edited(table: str, dialect: str) -> list[str]:
    """The statements that make a table append-only."""
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{act} BEFORE {act} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} are never edited'); END"
            for act in ("UPDATE", "DELETE")
        ]
    return [
        f"CREATE OR REPLACE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} are never edited'; END $$",
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only()",
    ]
