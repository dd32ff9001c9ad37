"""Nothing acknowledged is lost: killed processes, two writers, a full disk, a server that restarts.

Killed processes are forks: each starts writing at once, says what was acknowledged, and is killed at a random moment.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import sqlite3
import sys
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from adequacy.casebook import open_casebook, schema
from adequacy.casebook.entries import record_event
from adequacy.casebook.lists import listed
from adequacy.casebook.schema import open_engine, writing
from adequacy.errors import AdequacyError, OutputError, ServiceUnreachable
from tests.contracts.conftest import NOW
from tests.requests import POLICY, draft_of, request

if TYPE_CHECKING:
    from pathlib import Path

    from adequacy.casebook import Casebook
    from tests.contracts.conftest import Server

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="a fork is killed; Windows has none")
pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
#: Kills on a free machine, and at least on a busy one: a file, a server.
KILLS = {"sqlite": (300, 200), "postgres": (40, 20)}
#: After this time the fewest kills are enough.
_MOST_S = 20.0
#: The pace of the machine is taken anew after so many kills, by a worker that is let to have so much acknowledged.
_PACED_BY, _ACKNOWLEDGED = 25, 12
#: Processes that take longer than this hang.
_HANGS_S = 300


def _work(book: Casebook, say: int, seed: int) -> None:
    """Write events until killed; say each once it is acknowledged."""
    number = 0
    while True:
        [one] = book.open_requests([request(consumer_ref=f"REF-{seed}-{number}")], now=NOW)
        os.write(say, f"{one} 1\n".encode())
        book.decide(one, draft_of(), now=NOW)
        os.write(say, f"{one} 2\n".encode())
        book.confirm(one, "A. Lee", at=NOW, now=NOW)
        os.write(say, f"{one} 3\n".encode())
        number += 1


def _killed_worker(where: str, seed: int, after_s: float | None) -> list[str]:
    """Start a worker, kill it after a while (None: after a dozen acknowledgements); give what was acknowledged."""
    heard, say = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(heard)
        try:
            _work(open_casebook(where, POLICY), say, seed)
        finally:
            os._exit(1)
    os.close(say)
    with os.fdopen(heard, encoding="utf-8") as pipe:
        first: list[str] = []
        if after_s is None:
            first = [pipe.readline().strip() for _ in range(_ACKNOWLEDGED)]
        else:
            time.sleep(after_s)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return first + pipe.read().splitlines()


@POSIX
def test_a_process_killed_at_any_moment_leaves_a_readable_book_with_all_that_was_acknowledged(where: str) -> None:
    open_casebook(where, POLICY).close()
    most, fewest = KILLS["postgres" if "://" in where else "sqlite"]
    draw = random.Random(4)
    acknowledged: set[str] = set()
    until, span_s = time.monotonic() + _MOST_S, 0.0
    for kills in range(most):
        if kills >= fewest and time.monotonic() > until:
            break
        if kills % _PACED_BY == 0:  # however busy the machine has become, moments are drawn over what a dozen takes now
            started = time.monotonic()
            acknowledged.update(_killed_worker(where, -kills, None))
            span_s = time.monotonic() - started
            _require_all(where, acknowledged)
            assert len(acknowledged) >= _ACKNOWLEDGED * (kills // _PACED_BY + 1)
        acknowledged.update(_killed_worker(where, kills, draw.uniform(0.0, span_s)))
    _require_all(where, acknowledged)


def _require_all(where: str, acknowledged: set[str]) -> None:
    """The book is whole, holds what was acknowledged, and its derived rows agree with its events."""
    with open_casebook(where, POLICY) as book:
        book.require_whole()
        rows = listed(book)
        cases = {row["id"]: book.case(row["id"]) for row in rows}
        held = {f"{one} {n}" for one, case in cases.items() for n in range(1, len(case.events) + 1)}
        assert acknowledged <= held
        assert {row["id"]: row["state"] for row in rows} == {one: case.state for one, case in cases.items()}
    if "://" not in where:
        with sqlite3.connect(where) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        connection.close()


def _many(where: str, seed: int, answers: multiprocessing.Queue[list[str]]) -> None:
    """One of several writers."""
    with open_casebook(where, POLICY) as book:
        ids = []
        for number in range(12):
            ids += book.open_requests([request(consumer_ref=f"REF-{seed}-{number}")], now=NOW)
        answers.put(ids)


def _decide_one(where: str, request_id: str, answers: multiprocessing.Queue[str]) -> None:
    """One of two who decide the same request."""
    with open_casebook(where, POLICY) as book:
        answers.put(book.decide(request_id, draft_of(), now=NOW, by=str(os.getpid()))["hash"])


def _together(target: object, arguments: list[tuple[object, ...]]) -> list[object]:
    """Run processes at the same time; give what they answered."""
    context = multiprocessing.get_context("fork")
    answers: multiprocessing.Queue[object] = context.Queue()
    started = [context.Process(target=target, args=(*each, answers)) for each in arguments]  # type: ignore[arg-type]
    for process in started:
        process.start()
    got = [answers.get(timeout=_HANGS_S) for _ in started]
    for process in started:
        process.join(_HANGS_S)
        assert process.exitcode == 0
    return got


@POSIX
def test_several_writers_lose_nothing_and_share_no_number(where: str) -> None:
    open_casebook(where, POLICY).close()
    got = _together(_many, [(where, seed) for seed in range(3)])
    ids = sorted(one for each in got for one in each)  # type: ignore[attr-defined]
    with open_casebook(where, POLICY) as book:
        assert [row["id"] for row in listed(book)] == ids
        assert len(set(ids)) == 36
        assert book.require_whole() == (36, 0)


@POSIX
def test_two_who_decide_one_request_at_once_make_one_record(where: str) -> None:
    with open_casebook(where, POLICY) as book:
        ids = book.open_requests([request(consumer_ref=f"REF-{n}") for n in range(4)], now=NOW)
    for one in ids:
        first, second = _together(_decide_one, [(where, one), (where, one)])
        with open_casebook(where, POLICY) as book:
            names = [event.name for event in book.case(one).events]
            # the second either met the first's decision and took it, or came after it and decided again
            assert names in (["received", "decided"], ["received", "decided", "decided"])
            assert {first, second} == {record["hash"] for record in book.records(one)}
            book.require_whole()


def test_one_who_decides_while_another_does_gets_that_ones_record(where: str) -> None:
    with open_casebook(where, POLICY) as book, open_casebook(where, POLICY) as other:
        [one] = book.open_requests([request()], now=NOW)
        theirs = []

        def slowly(*arguments: object) -> object:
            if not theirs:
                theirs.append(other.decide(one, draft_of(), now=NOW + timedelta(seconds=1)))
            return draft_of()(*arguments)

        ours = book.decide(one, slowly, now=NOW)  # type: ignore[arg-type]
        assert ours == theirs[0]
        assert [event.name for event in book.case(one).events] == ["received", "decided"]


def test_one_who_decides_while_a_fact_is_corrected_decides_by_the_corrected_fact(where: str) -> None:
    with open_casebook(where, POLICY) as book, open_casebook(where, POLICY) as other:
        [one] = book.open_requests([request(age="34")], now=NOW)
        ages = []

        def slowly(case: object, contacts: object) -> object:
            ages.append(case.request["age"])  # type: ignore[attr-defined]
            if len(ages) == 1:
                record_event(other, one, "corrected", {"age": "15"}, by="B. Cole", now=NOW)
            return draft_of()(case, contacts)

        record = book.decide(one, slowly, now=NOW)  # type: ignore[arg-type]
        assert ages == ["34", "15"]
        assert record["request"]["age"] == "15"
        assert not book.case(one).is_stale


def test_a_full_disk_is_one_clear_line_and_loses_nothing(tmp_path: Path) -> None:
    from sqlalchemy import event

    where = tmp_path / "book.sqlite"
    with open_casebook(where, POLICY) as book:
        kept = book.open_requests([request()], now=NOW)
        book._engine.dispose()

        @event.listens_for(book._engine, "connect")
        def _small(connection: sqlite3.Connection, _: object) -> None:
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            connection.execute(f"PRAGMA max_page_count = {pages + 4}").close()

        with pytest.raises(OutputError, match="the disk is full; nothing was written") as full:
            _open_many(book, kept, "SECRET")
        assert "SECRET" not in str(full.value)
    with open_casebook(where, POLICY) as book:
        assert [row["id"] for row in listed(book)] == kept
        book.require_whole()
        book.open_requests([request(consumer_ref="REF-LATER")], now=NOW)


def _open_many(book: Casebook, kept: list[str], reference: str) -> None:
    """Open requests one by one, noting each that was acknowledged."""
    for number in range(500):
        kept += book.open_requests([request(consumer_ref=f"{reference}-{number}")], now=NOW)


def _fill(where: str, answers: multiprocessing.Queue[tuple[list[str], str]]) -> None:
    """Write under a limit of the operating system on the size of a file."""
    import resource

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    kept: list[str] = []
    said = ""
    with open_casebook(where, POLICY) as book:
        resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000))
        try:
            _open_many(book, kept, "REF")
        except AdequacyError as error:
            said = f"{type(error).__name__}: {error.message}"
    answers.put((kept, said))


@POSIX
def test_a_quota_of_the_system_is_one_clear_line_and_loses_nothing(tmp_path: Path) -> None:
    where = str(tmp_path / "book.sqlite")
    open_casebook(where, POLICY).close()
    [(kept, said)] = _together(_fill, [(where,)])  # type: ignore[misc]
    assert said.startswith("OutputError: casebook ")
    assert "nothing was written" in said
    with open_casebook(where, POLICY) as book:
        assert [row["id"] for row in listed(book)] == kept
        book.require_whole()


@pytest.mark.postgres
def test_a_server_that_restarts_in_mid_transaction_loses_nothing_acknowledged(postgres: Server) -> None:
    where = postgres.new_database()
    with open_casebook(where, POLICY) as book:
        kept = book.open_requests([request()], now=NOW)
        append, stopped = book._append, []

        def in_the_middle(*arguments: object, **named: object) -> object:
            event = append(*arguments, **named)  # type: ignore[arg-type]
            if not stopped:
                stopped.append(True)
                postgres.stop("immediate")
            return event

        book._append = in_the_middle  # type: ignore[method-assign,assignment]
        with pytest.raises(ServiceUnreachable, match="does not answer; nothing was written"):
            book.open_requests([request(consumer_ref="REF-LOST")], now=NOW)
        with pytest.raises(ServiceUnreachable, match="does not answer"):
            book.case(kept[0])
        postgres.start()
        kept += book.open_requests([request(consumer_ref="REF-2")], now=NOW)
        assert [row["id"] for row in listed(book)] == kept
        assert [row["id"][-6:] for row in listed(book)] == ["000001", "000002"]
        assert book.require_whole() == (2, 0)


@pytest.mark.postgres
def test_a_server_that_goes_away_while_it_keeps_a_change_does_not_claim_that_nothing_was_written(
    postgres: Server,
) -> None:
    engine = open_engine(postgres.new_database())

    def change() -> None:
        with writing(engine) as connection:
            own = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
            with engine.connect() as other:
                other.exec_driver_sql(f"SELECT pg_terminate_backend({own})")

    with pytest.raises(ServiceUnreachable, match="may be kept or not"):
        change()
    engine.dispose()


@pytest.mark.postgres
def test_a_pen_that_somebody_else_holds_is_waited_for_and_not_for_ever(
    postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "_WAIT_S", 1)
    where = postgres.new_database()
    with (
        open_casebook(where, POLICY) as book,
        open_casebook(where, POLICY) as other,
        writing(other._engine),
        pytest.raises(OutputError, match="is busy: another program has held it"),
    ):
        book.open_requests([request()], now=NOW)
    with open_casebook(where, POLICY) as book:
        assert listed(book) == []
