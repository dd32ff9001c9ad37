"""``adequacy measure``: the whole plan against a scheme of standards."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from adequacy.cli.options import Net, Plan, Rules, examples
from adequacy.cli.values import parts_of
from adequacy.cli.watching import Progress, demo_notice
from adequacy.errors import UsageError

if TYPE_CHECKING:
    from adequacy.api import Network
    from adequacy.compliance import Measured

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=examples(
            "adequacy measure --scheme nc_tailored_plan --census --out adequacy.xlsx",
            "adequacy measure --scheme alliance_oon --members members.csv --out tables/",
        )
    )(measure)


def measure(
    scheme: Annotated[str, typer.Option("--scheme", metavar="NAME", help="Set of standards; see: adequacy standards.")],
    out: Annotated[
        str, typer.Option("--out", metavar="FILE.xlsx|DIR/", help="Workbook, or a folder of CSV and Parquet.")
    ],
    members: Annotated[
        str | None, typer.Option("--members", metavar="FILE", help="The plan's eligibility file.")
    ] = None,
    census: Annotated[bool, typer.Option("--census", help="Census people; used if no members are given.")] = False,
    counties: Annotated[
        str | None,
        typer.Option(
            "--counties", metavar="LIST", help="Names or codes, with commas; 'all' for the state; the plan's."
        ),
    ] = None,
    services: Annotated[str | None, typer.Option("--services", metavar="LIST", help="Only these, with commas.")] = None,
    compare: Annotated[
        str | None, typer.Option("--compare", metavar="OTHER.gpkg", help="Say what this network changes.")
    ] = None,
    roads: Annotated[
        str | None, typer.Option("--roads", metavar="FILE.roads", help="Streets: decide standards of minutes.")
    ] = None,
    as_of: Annotated[str | None, typer.Option("--as-of", metavar="DATE", help="Day asked about; today.")] = None,
    network: Net = None,
    plan: Plan = None,
    policy: Rules = None,
) -> None:
    """Measure people, share with access, providers and gaps by county, service and standard."""
    if members and census:
        raise UsageError("Say who is measured in one way: --members FILE or --census.")
    from adequacy.cli.check import open_configured
    from adequacy.outputs.workbook import require_tables_out, write_measured

    require_tables_out(Path(out))
    with open_configured(network, plan, policy, as_of) as net:
        measured = _measured(net, scheme, members, counties, services, compare, roads, as_of)
        # only now: a refusal is one line
        demo_notice(net)
    sys.stderr.write(_summary(measured, [str(path) for path in write_measured(measured, Path(out))]))


def _measured(
    net: Network,
    scheme: str,
    members: str | None,
    counties: str | None,
    services: str | None,
    compare: str | None,
    roads: str | None,
    as_of: str | None,
) -> Measured:
    """Measure what the options ask for."""
    from contextlib import nullcontext

    from adequacy.cli.check import default_day
    from adequacy.compliance import measure_plan
    from adequacy.network import open_network
    from adequacy.roads import open_roads

    day = as_of or default_day(net)
    net.policy.scheme(scheme)
    streets = open_roads(roads) if roads else None
    people = _people(net, day, members, counties)
    progress = Progress("standards x services measured")
    with open_network(Path(compare)) if compare else nullcontext() as other:
        measured = measure_plan(
            net.file,
            net.policy,
            scheme,
            people,
            on=day,
            services=parts_of(services) if services else None,
            compare=other,
            roads=streets,
            progress=progress,
        )
    progress.end()
    return measured


def _people(net: Network, day: str, members: str | None, counties: str | None) -> Any:
    """Who is measured: members, or the Census people of the counties."""
    from adequacy.clocks import read_date
    from adequacy.compliance import census_people, county_codes, member_people

    wanted = None if counties is None or counties == "all" else county_codes(parts_of(counties))
    if members:
        from adequacy.cli.check import configured_index, require_file

        progress = Progress("members placed")
        found = member_people(require_file(members), day, index=configured_index(), counties=wanted, progress=progress)
        progress.end()
        return found
    ours = None if counties == "all" else net.policy.counties(read_date(day)) or None
    return census_people(wanted or ours)


def _summary(measured: Measured, files: list[str]) -> str:
    """What was found, in a few lines."""
    met = measured.by_county["met"].value_counts()
    words = ", ".join(f"{int(met.get(word, 0))} {text}" for word, text in _MET)
    lines = [f"{len(measured.by_county)} rows of county x service x standard: {words}"]
    lines += [f"{left}: {right}" for left, right in measured.about if left in ("As of", "People", "Members")]
    unverified = int((measured.by_county["unverified"] == "Y").sum())
    if unverified:
        lines.append(f"{unverified} rows rest on standards nobody has verified; they are marked.")
    return "".join(f"{line}\n" for line in lines) + f"Written: {', '.join(files)}\n"


_MET = (("yes", "met"), ("no", "not met"), ("not_measured", "not measured"))
