"""``adequacy standards``: the schemes, and what each asks."""

from __future__ import annotations

import sys
from datetime import date
from typing import Annotated

import typer

from adequacy.cli.options import Plan, Rules, examples

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=examples("adequacy standards", "adequacy standards nc_tailored_plan --as-of 2026-11-23 --format json")
    )(standards)


def standards(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="A scheme; all of them in one line each if not given.")
    ] = None,
    as_of: Annotated[str | None, typer.Option("--as-of", metavar="DATE", help="Day of the values; today.")] = None,
    output: Annotated[str, typer.Option("--format", metavar="FORMAT", help="text, json or csv.")] = "text",
    plan: Plan = None,
    policy: Rules = None,
) -> None:
    """List the schemes of standards, or the standards of one with limits, source and how sure they are."""
    from adequacy.cli.check import configured_policy
    from adequacy.clocks import read_date
    from adequacy.outputs.standards_page import standards_page

    on = read_date(as_of) if as_of else date.today()  # noqa: DTZ011
    sys.stdout.write(standards_page(configured_policy(plan, policy), name, on, output))
