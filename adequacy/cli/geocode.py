"""``adequacy geocode``: make an address index, and place the rows of a file."""

from __future__ import annotations

from typing import Annotated

import typer

from adequacy.cli.options import examples

__all__ = ["register"]

group = typer.Typer(
    help="Place addresses, offline first, and say how sure each place is.", rich_markup_mode=None, no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    """Add the command group."""
    app.add_typer(group, name="geocode")


@group.command(
    epilog=examples(
        "adequacy geocode run roster.csv --out located.csv",
        "adequacy geocode run roster.csv --out located.csv --points addresses.idx",
    )
)
def run(
    source: Annotated[str, typer.Argument(metavar="IN.csv", help="Rows with street, city, state, zip; or lon, lat.")],
    out: Annotated[str, typer.Option("--out", metavar="OUT.csv", help="The same rows, with where they are (.csv).")],
    points: Annotated[
        str | None, typer.Option("--points", metavar="FILE", help="An address index, or a file of points.")
    ] = None,
    consumers: Annotated[bool, typer.Option("--consumers", help="The file holds consumers: never sent.")] = False,
    online: Annotated[
        str | None, typer.Option("--online", metavar="census", help="census: ask the US Census geocoder.")
    ] = None,
    send: Annotated[
        bool, typer.Option("--send-addresses", help="Agree that providers' addresses are sent there.")
    ] = False,
) -> None:
    """Place every row of a file; an interrupted run goes on where it stopped."""
    from adequacy.cli.locating import run_geocode

    run_geocode(source, out, points=points, consumers=consumers, online=online, send_addresses=send)


@group.command(
    epilog=examples(
        "adequacy geocode index roster.csv --out addresses.idx",
        "adequacy geocode index roster.csv --out addresses.idx --dated 2026-11-01",
    )
)
def index(
    files: Annotated[list[str], typer.Argument(metavar="FILE", help="Address points or Census ADDRFEAT ranges.")],
    out: Annotated[
        str, typer.Option("--out", metavar="INDEX", help="The index to write; name it in ADEQUACY_ADDRESS_INDEX.")
    ],
    dated: Annotated[str, typer.Option("--dated", metavar="DATE", help="Date of the data; answers name it.")] = "",
) -> None:
    """Make a local index of addresses from the files of a state, a county or the Census Bureau."""
    from adequacy.cli.locating import make_index

    make_index(files, out, dated=dated)
