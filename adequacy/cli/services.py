"""``adequacy services``: the service catalogue, listed and searched."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog="Examples:  adequacy services    adequacy services crisis --format json",
    )(services)


def services(
    term: Annotated[str | None, typer.Argument(help="A word, abbreviation or code.")] = None,
    output: Annotated[str, typer.Option("--format", help="text, json or csv.")] = "text",
    plan: Annotated[str | None, typer.Option("--plan", help="Plan profile.")] = None,
    policy: Annotated[str | None, typer.Option("--policy", help="Folder of the plan's own dated rules.")] = None,
) -> None:
    """List the services, or those that a word may mean; a word that means several shows the choices."""
    from adequacy.cli.check import configured_policy
    from adequacy.outputs.service_list import service_list

    sys.stdout.write(service_list(configured_policy(plan, policy).services, term, output))
