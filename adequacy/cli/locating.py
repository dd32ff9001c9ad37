"""What ``adequacy geocode`` says while it works and when it is done: words on stderr, never an address."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from adequacy.cli import say
from adequacy.cli.streams import STREAM, reading, writing
from adequacy.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from adequacy.geocode.census import CensusClient

__all__ = ["make_index", "run_geocode"]

#: A line of progress so often, where stderr is no terminal.
_EVERY_ROWS = 100_000


def run_geocode(
    source: str, out: str, *, points: str | None, consumers: bool, online: str | None, send_addresses: bool
) -> None:
    """Place the rows of a file and say how many were placed how."""
    from adequacy.geocode.run import geocode_file

    with reading(source) as given, writing(out, source) as target:
        report = geocode_file(
            given,
            target,
            points=points,
            consumers=consumers,
            online=_service(online),
            send_addresses=send_addresses,
            progress=_progress(),
        )
    if report.resumed:
        say(f"went on after row {report.resumed} of an interrupted run.")
    if report.sent:
        say(f"{report.sent} providers' addresses were sent to the US Census geocoder.")
    counts = ", ".join(f"{count} {match}" for match, count in sorted(report.matches.items()))
    sys.stderr.write(f"{report.read} rows in, {report.read} rows out: {counts or 'nothing to place'}\n")
    sys.stderr.write(f"Written: {'standard output' if out == STREAM else out}\n")


def _service(name: str | None) -> CensusClient | None:
    """The online service by its name."""
    if name is None:
        return None
    from adequacy.geocode.census import CensusClient

    if name.casefold() != "census":
        raise UsageError("The only online service is 'census': use --online census, or leave it out.")
    return CensusClient()


def make_index(files: list[str], out: str, *, dated: str) -> None:
    """Build an index and say what went into it."""
    from adequacy.geocode.index import build_index

    if out == STREAM:
        raise UsageError("An index is a file that other commands open: name one with --out.")
    report = build_index(list(files), out, dated=dated, progress=_progress())
    skipped = "".join(f"; {count} left out: {why}" for why, count in sorted(report.skipped.items()))
    sys.stderr.write(
        f"{report.read} rows read ({', '.join(report.layouts)}), {report.used} used{skipped}\n"
        f"{report.points} addresses and {report.ranges} street ranges on {report.streets} streets\n"
        f"Written: {report.path}; set ADEQUACY_ADDRESS_INDEX to it, with its folder, and it answers\n"
    )


def _progress() -> Callable[[int], None]:
    """Say how far the work is: in place on a terminal, else a line now and then."""
    shown = 0

    def show(rows: int) -> None:
        nonlocal shown
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{rows:,} rows\r")
            sys.stderr.flush()
        elif rows - shown >= _EVERY_ROWS:
            shown = rows
            say(f"{rows} rows so far.")

    return show
