"""``adequacy doctor``: what is installed, which files answer, and where each setting came from."""

from __future__ import annotations

import sys

import typer

from adequacy.cli.options import Format, examples

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=examples("adequacy doctor", "adequacy doctor --format json"))(doctor)


def doctor(output: Format = "text") -> None:
    """Say which versions, data, network file and settings answer, and what is missing."""
    from adequacy.cli.diagnosis import diagnose, render

    report = diagnose()
    sys.stdout.write(render(report, output))
    if not report["healthy"]:
        raise typer.Exit(3)
