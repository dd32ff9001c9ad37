"""``adequacy policy``: the decision table alone."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from adequacy.cli import desk
from adequacy.cli.options import Plan, Rules, examples
from adequacy.cli.streams import reading, writing

__all__ = ["app", "register"]

app = typer.Typer(help="The decision table on its own.", rich_markup_mode=None, no_args_is_help=True)


def register(application: typer.Typer) -> None:
    """Add the command group."""
    application.add_typer(app, name="policy")


@app.callback()
def _group() -> None:
    """The decision table on its own."""


@app.command(
    epilog=examples(
        "adequacy policy decide facts.csv --out answers.csv",
        "adequacy policy decide facts.csv --out answers.csv --as-of 2026-11-01",
    )
)
def decide(
    facts: Annotated[
        str, typer.Argument(metavar="FACTS.csv", help="Fact columns as in decisions.csv; '-' reads standard input.")
    ],
    out: Annotated[str, typer.Option("--out", metavar="OUT.csv", help="The file to write; '-' prints it.")],
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help="Day of receipt: its ruleset decides; today.")
    ] = None,
    plan: Plan = None,
    policy: Rules = None,
) -> None:
    """Decide every row of a file of facts; adds rule_trail, outcome, letter, clock, human_review."""
    from adequacy.determination.table import decide_file, proven_rows

    rules = desk.books_policy(plan, policy)
    ruleset = rules.ruleset(desk.moment(as_of, rules).date())
    with reading(facts) as source, writing(out, facts) as target:
        count = decide_file(source, target, proven_rows(rules, ruleset.id))
    sys.stderr.write(f"{count} rows decided by {ruleset.id}\n")
