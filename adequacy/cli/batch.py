"""``adequacy batch``: a file of questions in, a file of answers out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adequacy.cli.options import Net, Plan, Rules, examples
from adequacy.cli.streams import STREAM, writing
from adequacy.cli.watching import Progress, demo_notice
from adequacy.errors import InputError

if TYPE_CHECKING:
    from collections import Counter

    from adequacy.roads import RoadNetwork

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=examples(
            "adequacy batch past_decisions.csv --out answers.csv",
            "adequacy batch past_decisions.csv --out answers.parquet --as-of 2026-11-23",
        )
    )(batch)


def batch(
    source: Annotated[
        str, typer.Argument(metavar="IN.csv", help="id, service, zip or lon, lat; optional date. Or .parquet.")
    ],
    out: Annotated[
        str, typer.Option("--out", metavar="OUT", help="The file to write: .csv or .parquet; '-' prints CSV.")
    ],
    roads: Annotated[
        str | None, typer.Option("--roads", metavar="FILE.roads", help="Streets: add the drive; an extra.")
    ] = None,
    finding_only: Annotated[
        bool, typer.Option("--finding-only", help="Leave miles and numbers of sites empty: faster.")
    ] = False,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help="Day of rows that name none; today.")
    ] = None,
    network: Net = None,
    plan: Plan = None,
    policy: Rules = None,
) -> None:
    """Answer every row as check would; rows that cannot be answered say why, in the same order."""
    raise typer.Exit(_answer(source, out, roads, finding_only, as_of, network, plan, policy))


def _answer(
    source: str,
    out: str,
    roads: str | None,
    finding_only: bool,
    as_of: str | None,
    network: str | None,
    plan: str | None,
    policy: str | None,
) -> int:
    """Answer the file; exit code 3 where no row could be answered."""
    from adequacy.access.batch import BatchAnswerer
    from adequacy.cli.check import configured_policy, default_day, open_configured
    from adequacy.cli.desk import networks_by_day
    from adequacy.outputs.batch import answer_file
    from adequacy.roads import open_roads

    streets = open_roads(roads) if roads else None
    with (
        writing(out, source) as target,
        open_configured(network, plan, policy, as_of) as net,
        networks_by_day(network, plan, policy) as rosters,
    ):
        day = as_of or default_day(net)
        answers = BatchAnswerer(rosters, configured_policy(plan, policy), day, only_finding=finding_only)
        progress = Progress("rows answered")
        counts = answer_file(Path(source), target, answers, roads=streets, progress=progress)
        progress.end()
        # only now: a refusal is one line
        demo_notice(net)
    if streets:
        sys.stderr.write(_streets(streets))
    sys.stderr.write(_summary(counts, "standard output" if out == STREAM else out))
    return 0 if counts.total() > counts["refused"] else InputError.exit_code


def _streets(network: RoadNetwork) -> str:
    """Whose streets the drives were measured on, and what they are."""
    meta = network.meta
    return (
        f"Drives: an extra, from home to site, without traffic. Streets: {meta['source']},\n"
        f"data of {meta['date'] or 'no stated day'}, (c) OpenStreetMap contributors, ODbL.\n"
    )


def _summary(counts: Counter[str], out: str) -> str:
    """How many rows were read, answered and refused."""
    refused = counts["refused"]
    words = ", ".join(f"{counts[word]} {word.replace('_', ' ')}" for word in ("covered", "gap", "too_close_to_call"))
    text = f"{counts.total()} rows = {counts.total() - refused} answered ({words}) + {refused} refused\n"
    return text + (f"Written: {out}; column 'error' says why a row was refused.\n" if refused else f"Written: {out}\n")
