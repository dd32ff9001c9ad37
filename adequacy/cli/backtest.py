"""``adequacy backtest``: replay a log of past decisions."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from adequacy.cli.options import Format, Net, Plan, Rules, examples
from adequacy.cli.streams import STREAM, reading, writing

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=examples(
            "adequacy backtest past_decisions.csv --out replayed.csv",
            "adequacy backtest past_decisions.csv --out replayed.csv --format json",
        ),
    )(backtest)


def backtest(
    past: Annotated[
        str, typer.Argument(metavar="PAST.csv", help="id, received, service, zip|lon,lat, decision, reason.")
    ],
    out: Annotated[str, typer.Option("--out", metavar="OUT.csv", help="The file to write; '-' prints it.")],
    network: Net = None,
    plan: Plan = None,
    policy: Rules = None,
    output: Format = "text",
) -> None:
    """Replay past decisions by the rule; says where they part company, and why."""
    from adequacy.cli import desk
    from adequacy.determination.backtest import backtest_file, summary
    from adequacy.outputs.request_page import backtest_page

    opened = desk.networks_by_day(network, plan, policy)
    with opened as rosters, reading(past) as source, writing(out, past) as target:
        counts = summary(backtest_file(source, target, rosters, desk.books_policy(plan, policy)))
    if out == STREAM:
        # the rows are the data then, and the summary is words
        sys.stderr.write(backtest_page(counts))
    else:
        desk.show(counts, backtest_page(counts), output)
