"""``adequacy demo``: the files of the demo network, to try every command on."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from adequacy.cli.options import examples

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=examples("adequacy demo demo-files", "adequacy network build demo-files/roster.csv --out demo.gpkg")
    )(demo)


def demo(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="Folder to write to; made if it does not exist.")],
) -> None:
    """Write the demo's roster, members, requests and past decisions: real places, invented contracts."""
    from adequacy.reference.demo import write_demo

    for path in write_demo(Path(folder)):
        sys.stdout.write(f"{path}\n")
