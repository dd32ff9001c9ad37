"""``adequacy services``: the service catalogue, listed and searched."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from adequacy.cli.options import Plan, Rules, examples

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=examples("adequacy services", "adequacy services crisis --format json"),
    )(services)


def services(
    term: Annotated[str | None, typer.Argument(metavar="TERM", help="A word, abbreviation or code.")] = None,
    output: Annotated[str, typer.Option("--format", metavar="FORMAT", help="text, json or csv.")] = "text",
    plan: Plan = None,
    policy: Rules = None,
) -> None:
    """List the services, or those that a word may mean; a word that means several shows the choices."""
    from adequacy.cli.check import configured_policy
    from adequacy.outputs.service_list import service_list

    sys.stdout.write(service_list(configured_policy(plan, policy).services, term, output))
