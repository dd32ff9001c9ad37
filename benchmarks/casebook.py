"""How fast are requests decided, back-tested and listed, and how does the book grow? Prints one table.

``python benchmarks/casebook.py`` (about three minutes): 10,000 requests opened and decided with records on the demo
network, 10,000 past decisions replayed, the same again with 1,000,000 events in the book. ``--requests``, ``--events``
and ``--casebook URL`` change the size and the place.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from adequacy.api import demo_network
from adequacy.casebook import Casebook, open_casebook
from adequacy.casebook.book import _hash
from adequacy.casebook.forms import read_request
from adequacy.casebook.lists import due, stats
from adequacy.casebook.schema import tables, writing
from adequacy.determination import canonical
from adequacy.determination.asking import determine_on
from adequacy.determination.backtest import replay

NOW = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)
ZIPS = ("27546", "27577", "28301", "28306", "27601", "27701", "28202", "28314", "27520", "28334")
SERVICES = ("saiop", "psr", "mst", "actt", "op_therapy", "php_partial", "fbc_child", "sa_med_res", "peer", "dbt")
BATCH = 500
EVENTS_PER_FILLER = 20


def row(label: str, count: int, seconds: float) -> None:
    """Print one line of the table."""
    print(f"{label:<58} {count:>9,} {seconds:>8.1f} s {count / seconds:>10,.0f} /s")


def timed(label: str, count: int, work: Callable[[], Any]) -> Any:
    """Time some work and print its line."""
    start = time.perf_counter()
    result = work()
    row(label, count, time.perf_counter() - start)
    return result


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


def decide_all(book: Casebook, network: Any, ids: list[str]) -> None:
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


def fill(book: Casebook, policy: Any, events: int) -> None:
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


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--casebook", help="a file or URL that is empty; a temporary file if not given")
    asked = parser.parse_args()
    network = demo_network()
    policy = network.policy
    with tempfile.TemporaryDirectory() as folder:
        where = asked.casebook or str(Path(folder) / "book.sqlite")
        count = asked.requests
        print(f"{'':<58} {'count':>9} {'time':>10} {'rate':>12}")
        with open_casebook(where, policy) as book:
            given = requests(policy, count)
            ids = timed("open requests, all at once", count, lambda: book.open_requests(given, now=NOW))
            timed("decide, each with its record, one commit each", count, lambda: decide_all(book, network, ids))
            timed("list what is due", 1, lambda: due(book, NOW))
            timed("count (request stats)", 1, lambda: stats(book))
            past = [
                {"id": f"P{n}", "received": "2026-10-15", "service": one["service_key"], "zip": one["zip"],
                 "decision": "closed", "reason": ""}
                for n, one in enumerate(given)
            ]  # fmt: skip
            timed(
                "replay past decisions (backtest)",
                count,
                lambda: [replay(each, lambda _: network.file, policy) for each in past],
            )
            timed("walk the chain of the whole book", book.require_whole()[0], book.require_whole)
            few = min(1000, count)
            timed(f"fill the book to {asked.events:,} events", asked.events, lambda: fill(book, policy, asked.events))
            more = timed("open requests in the full book, one by one", few, lambda: [
                book.open_requests([each], now=NOW)[0] for each in requests(policy, few, 20_000_000)
            ])  # fmt: skip
            timed("decide in the full book", few, lambda: decide_all(book, network, more))
            timed("list what is due in the full book", 1, lambda: due(book, NOW))
        if "://" not in where:
            size = sum(path.stat().st_size for path in Path(where).parent.glob(f"{Path(where).name}*"))
            print(f"the book: {size / 1e6:,.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
