"""How fast are requests decided, back-tested and listed, and how does the book grow? See docs/benchmarks-casebook.md.

``python -m benchmarks.casebook`` (four minutes where the machine is free): 10,000 requests opened and decided with
records on the demo network, 10,000 past decisions replayed, then some of the same with 1,000,000 events in the book. A
step that takes longer than ``--seconds`` stops there and says how far it came, so that a slow machine ends too.
``--requests``, ``--events`` and ``--casebook URL`` change the size and the place; ``--dry-run`` writes no page.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adequacy.api import demo_network
from adequacy.casebook import Casebook, open_casebook
from adequacy.casebook.book import _hash
from adequacy.casebook.forms import read_request
from adequacy.casebook.lists import due, stats
from adequacy.casebook.schema import tables, writing
from adequacy.determination import canonical
from adequacy.determination.asking import determine_on
from adequacy.determination.backtest import replay

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

NOW = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)
ZIPS = ("27546", "27577", "28301", "28306", "27601", "27701", "28202", "28314", "27520", "28334")
SERVICES = ("saiop", "psr", "mst", "actt", "op_therapy", "php_partial", "fbc_child", "sa_med_res", "peer", "dbt")
BATCH = 500
EVENTS_PER_FILLER = 20
FEW = 1_000
PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks-casebook.md"


@dataclass(frozen=True)
class Line:
    """One line of the table: how many in how long, by the clock on the wall and by the processor."""

    label: str
    count: int
    wall_s: float
    cpu_s: float

    def text(self) -> str:
        """The line as printed while it runs."""
        return f"{self.label:<52} {self.count:>9,} {self.wall_s:>8.1f} s {self.count / self.wall_s:>10,.0f} /s"

    def row(self) -> str:
        """The line as a row of the page."""
        return (
            f"| {self.label} | {self.count:,} | {self.wall_s:,.1f} | {self.count / self.wall_s:,.0f} "
            f"| {self.count / max(self.cpu_s, 1e-9):,.0f} |"
        )


def timed(lines: list[Line], label: str, steps: Iterable[int], most_s: float = 1e9) -> int:
    """Take steps, each of which says how many things it did, until they end or the time is up; note the line."""
    wall, cpu, count = time.perf_counter(), time.process_time(), 0
    for step in steps:
        count += step
        if time.perf_counter() - wall > most_s:
            break
    lines.append(Line(label, count, time.perf_counter() - wall, time.process_time() - cpu))
    print(lines[-1].text(), flush=True)
    return count


def requests(policy: Any, count: int, first: int = 0) -> list[dict[str, str]]:
    """Requests of many consumers over services and ZIPs."""
    known = [key for key in SERVICES if key in {service.key for service in policy.services}]
    made = [
        read_request(
            {
                "service": known[n % len(known)],
                "zip": ZIPS[n // len(known) % len(ZIPS)],
                "received": (date(2026, 10, 1) + timedelta(days=n % 30)).isoformat(),
                "requester": f"Requester {n % 97}",
                "consumer_ref": f"REF-{n}",
                "age": str(5 + n % 60),
                "client_specific": "YNU"[n % 3],
                "nctracks": "YYN"[n % 3],
            },
            policy,
        )
        for n in range(min(count, 3000))
    ]
    return [{**made[n % len(made)], "consumer_ref": f"REF-{first + n}"} for n in range(count)]


def decide_all(book: Casebook, network: Any, ids: Iterable[str]) -> Iterator[int]:
    """Decide each request and keep its record."""
    for one in ids:
        book.decide(
            one,
            lambda case, contacts: determine_on(
                network.file,
                book.policy,
                case.request,
                on=date(2026, 11, 1),
                contacts=contacts,
                clocks=[clock.to_dict() for clock in case.clocks],
            ).to_draft(),
            now=NOW,
        )
        yield 1


def replay_all(past: Iterable[dict[str, str]], network: Any, policy: Any) -> Iterator[int]:
    """Replay each past decision."""
    for each in past:
        replay(each, lambda _: network.file, policy)
        yield 1


def fill(book: Casebook, policy: Any, events: int) -> Iterator[int]:
    """Bring a book to a size: requests of twenty events each, chained and derived as the book does it."""
    per = EVENTS_PER_FILLER
    t = tables()
    done = 0
    base = requests(policy, 1, 10_000_000)[0]
    while done < events:
        with writing(book._engine) as connection:
            last = connection.execute(t.events.select().order_by(t.events.c.seq.desc()).limit(1)).first()
            seq, prev = (last.seq, last.hash) if last else (0, "0" * 64)
            number = book._last(connection, t.requests.c.number)
            rows, heads = [], []
            for _ in range(BATCH):
                number += 1
                request_id = f"REQ-2026-{number:06d}"
                asked = {**base, "consumer_ref": f"FILL-{number}"}
                data = {
                    "request": asked,
                    "par": "",
                    "number": number,
                    "resubmission_key": f"fill {number}",
                    "duplicates_of": "",
                }
                for n in range(1, per + 1):
                    seq += 1
                    values = {
                        "seq": seq,
                        "request_id": request_id,
                        "n": n,
                        "name": "received" if n == 1 else "corrected" if n < per else "withdrawn",
                        "at": "2026-10-01T12:00:00.000000+00:00",
                        "recorded_at": "2026-10-01T12:00:00.000000+00:00",
                        "by": "",
                        "data": canonical(data if n == 1 else {"request": {"age": str(n)}}),
                        "prev_hash": prev,
                    }
                    prev = values["hash"] = _hash(values)
                    rows.append(values)
                heads.append(request_id)
            connection.execute(t.events.insert(), rows)
            blank = {column.name: "" for column in t.requests.c}
            connection.execute(
                t.requests.insert(),
                [
                    {**blank, "number": number - BATCH + n + 1, "id": one, "state": "WITHDRAWN", "service_key": "saiop",
                     "received_at": "2026-10-01T12:00:00.000000+00:00", "resubmission_key": f"fill {one}",
                     "is_stale": 0, "last_n": per}
                    for n, one in enumerate(heads)
                ],
            )  # fmt: skip
        done += BATCH * per
        yield BATCH * per


def measure(lines: list[Line], book: Casebook, network: Any, asked: argparse.Namespace) -> None:
    """Take every measurement."""
    policy, most_s = network.policy, asked.seconds
    given = requests(policy, asked.requests)
    ids: list[str] = []

    def opened(batch: list[dict[str, str]]) -> int:
        ids.extend(book.open_requests(batch, now=NOW))
        return len(batch)

    batches = (given[n : n + BATCH] for n in range(0, len(given), BATCH))
    timed(lines, f"open requests, {BATCH} at once", map(opened, batches), most_s)
    timed(lines, "decide, each with its record, one commit each", decide_all(book, network, ids), most_s)
    past = [
        {"id": f"P{n}", "received": "2026-10-15", "service": one["service_key"], "zip": one["zip"],
         "decision": "closed", "reason": ""}
        for n, one in enumerate(given)
    ]  # fmt: skip
    timed(lines, "replay past decisions (backtest)", replay_all(past, network, policy), most_s)
    timed(lines, "list what is due", (len(due(book, NOW)) for _ in range(1)))
    timed(lines, "count (request stats)", (stats(book)["requests"] for _ in range(1)))
    timed(lines, "walk the chain of the whole book", (book.require_whole()[0] for _ in range(1)))
    timed(lines, "fill the book (twenty events a request)", fill(book, policy, asked.events), most_s)
    few = min(FEW, asked.requests)
    more: list[str] = []

    def one(request: dict[str, str]) -> int:
        more.extend(book.open_requests([request], now=NOW))
        return 1

    timed(lines, "full book: open requests, one by one", map(one, requests(policy, few, 20_000_000)), most_s)
    timed(lines, "full book: decide, each with its record", decide_all(book, network, more), most_s)
    timed(lines, "full book: list what is due", (len(due(book, NOW)) for _ in range(1)))


def page(lines: list[Line], asked: argparse.Namespace, events: int, size_mb: float, load: tuple[float, float]) -> str:
    """Write the figures as a page."""
    where = "PostgreSQL" if asked.casebook and "postgres" in asked.casebook else "SQLite, every commit on disk"
    machine = f"{platform.machine()}, Python {platform.python_version()}, {os.cpu_count()} processors"
    told = (
        f"Requests over {len(SERVICES)} services and {len(ZIPS)} ZIPs on the demo network, one process, {where}.",
        f"Made by `python -m benchmarks.casebook` on {machine}.",
        f"Load average {load[0]:.1f} before and {load[1]:.1f} after: where that is above one, other work ran on the",
        "machine; then read the last column, which counts our own processor time.",
        f"A step stops after {asked.seconds:g} s: a count below the size asked for says how far it came.",
    )
    return "\n".join(
        (
            "# Casebook benchmarks",
            "",
            " ".join(told),
            "",
            "| what | count | seconds | per second | per CPU second |",
            "|---|--:|--:|--:|--:|",
            *(line.row() for line in lines),
            "",
            f"At the end the book holds {events:,} events and takes {size_mb:,.0f} MB.",
            "",
        )
    )


def _load() -> float:
    """How busy the machine is; 0 where it does not say."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


def main() -> int:
    """Run, print, and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=60.0, help="the most that one step may take")
    parser.add_argument("--casebook", help="a file or URL that is empty; a temporary file if not given")
    parser.add_argument("--dry-run", action="store_true", help="print the page, do not write it")
    asked = parser.parse_args()
    lines: list[Line] = []
    network, before = demo_network(), _load()
    with tempfile.TemporaryDirectory() as folder:
        where = asked.casebook or str(Path(folder) / "book.sqlite")
        with open_casebook(where, network.policy) as book:
            measure(lines, book, network, asked)
            last = book.rows(tables().events.select().order_by(tables().events.c.seq.desc()).limit(1))
        size_mb = sum(path.stat().st_size for path in Path(where).parent.glob(f"{Path(where).name}*")) / 1e6
        text = page(lines, asked, last[0].seq, size_mb if "://" not in where else 0.0, (before, _load()))
    if asked.dry_run:
        print(text)
    else:
        PAGE.write_text(text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
