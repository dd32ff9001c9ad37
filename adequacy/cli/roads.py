"""``adequacy roads``: street networks for drive miles and minutes."""

from __future__ import annotations

import sys
from datetime import date
from typing import Annotated

import typer

from adequacy.cli.options import Format, Plan, Rules, examples

__all__ = ["register"]

group = typer.Typer(
    help="Compile street extracts for drive miles and minutes, and look into them.",
    rich_markup_mode=None,
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    """Add the command group."""
    app.add_typer(group, name="roads")


@group.command(
    epilog=examples(
        "adequacy roads build north-carolina.osm.pbf --out nc.roads",
        "adequacy roads build north-carolina.osm.pbf --out nc.roads --format json",
    )
)
def build(
    out: Annotated[str, typer.Option("--out", metavar="FILE.roads", help="The file to write (.roads).")],
    extract: Annotated[
        str | None,
        typer.Argument(metavar="EXTRACT", help="Street extract: .osm, .osm.bz2, .osm.pbf, or .graphml of OSMnx."),
    ] = None,
    area: Annotated[
        str | None,
        typer.Option("--area", metavar="NAME", help="Download a county, city or state by name (never an address)."),
    ] = None,
    as_of: Annotated[str | None, typer.Option("--as-of", metavar="DATE", help="Day whose rules apply; today.")] = None,
    plan: Plan = None,
    policy: Rules = None,
    output: Format = "text",
) -> None:
    """Compile a street extract once; everything left out is said."""
    from adequacy.cli.check import configured_policy
    from adequacy.clocks import read_date
    from adequacy.outputs.roads_page import roads_page
    from adequacy.roads import build_roads, road_rules

    rules = configured_policy(plan, policy)
    day = read_date(as_of) if as_of else date.today()  # noqa: DTZ011
    meta = build_roads(extract, out, rules=road_rules(day, rules), area=area)
    sys.stdout.write(roads_page(meta, output))


@group.command(epilog=examples("adequacy roads info nc.roads", "adequacy roads info nc.roads --format json"))
def info(
    file: Annotated[str, typer.Argument(metavar="FILE.roads", help="A compiled street network.")],
    output: Format = "text",
) -> None:
    """Say what a street network holds: source, date, bounds, speeds, licence, what was left out."""
    from adequacy.outputs.roads_page import roads_page
    from adequacy.roads.files import read_meta

    sys.stdout.write(roads_page(read_meta(file), output))
