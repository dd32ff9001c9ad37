"""``adequacy network``: build network files from rosters, and look into them."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from adequacy.cli.options import Format, Plan, Rules, examples
from adequacy.cli.streams import STREAM

__all__ = ["register"]

group = typer.Typer(
    help="Build network files from rosters, and look into them.", rich_markup_mode=None, no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    """Add the command group."""
    app.add_typer(group, name="network")


@group.command(
    epilog=examples(
        "adequacy network build roster.csv --out plan.gpkg",
        "adequacy network build roster.csv --out plan.gpkg --roster-date 2026-11-01",
    )
)
def build(
    rosters: Annotated[list[str], typer.Argument(metavar="ROSTER", help="Roster files; '-' reads standard input.")],
    out: Annotated[str, typer.Option("--out", metavar="FILE.gpkg", help="The network file to write (.gpkg).")],
    columns: Annotated[
        str | None,
        typer.Option("--columns", metavar="MAP.toml", help="A mapping of columns; ROSTER.columns.toml beside it."),
    ] = None,
    roster_date: Annotated[
        str | None, typer.Option("--roster-date", metavar="DATE", help="Day on which the roster was true; today.")
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="Name of the network; the file's name.")
    ] = None,
    join: Annotated[
        list[str] | None,
        typer.Option("--join", metavar="FILE", help="An enrolment file, joined by NPI and site; may be repeated."),
    ] = None,
    findings: Annotated[
        str | None, typer.Option("--findings", metavar="FILE.csv", help="Write what was fixed, warned, refused.")
    ] = None,
    marked: Annotated[
        str | None,
        typer.Option(
            "--marked",
            metavar="FILE|DIR",
            help="Write the roster back as .xlsx, its findings marked; a folder for several.",
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report only; write nothing.")] = False,
    accept: Annotated[
        bool, typer.Option("--accept", help="Build in spite of a refusal; recorded in the file.")
    ] = False,
    demo: Annotated[bool, typer.Option("--demo", help="Mark the network as a demonstration.")] = False,
    plan: Plan = None,
    policy: Rules = None,
) -> None:
    """Compile rosters into one immutable network file; every row is used or refused, and said."""
    from adequacy.cli.building import build_from_rosters

    build_from_rosters(
        rosters,
        out,
        columns=columns,
        joins=join or [],
        marked=marked,
        roster_date=roster_date,
        name=name,
        findings=findings,
        dry_run=dry_run,
        accept=accept,
        demo=demo,
        plan=plan,
        policy_folder=policy,
    )


@group.command(
    epilog=examples(
        "adequacy network columns roster.csv --out map.toml",
        "adequacy network build roster.csv --columns map.toml --out plan.gpkg",
    )
)
def columns(
    roster: Annotated[str, typer.Argument(metavar="ROSTER", help="A roster file.")],
    out: Annotated[
        str | None,
        typer.Option("--out", metavar="MAP.toml", help="The mapping file to write; ROSTER.columns.toml beside it."),
    ] = None,
    plan: Plan = None,
    policy: Rules = None,
) -> None:
    """Write a first mapping of a roster's columns, for --columns: what is known, likely and missing."""
    from adequacy.cli.check import configured_policy
    from adequacy.errors import UsageError
    from adequacy.intake import mapping_name, write_first_mapping

    if out is None and roster == STREAM:
        raise UsageError("Name the mapping file to write: --out FILE.toml. Standard input has nothing beside it.")
    target = out or str(mapping_name(roster))
    write_first_mapping(roster, target, configured_policy(plan, policy).services)
    found = "" if out else "\n'network build' finds it there without --columns."
    sys.stderr.write(f"Written: {target}. Check its lines behind '#'.{found}\n")


@group.command(
    epilog=examples("adequacy network cover plan.gpkg", "adequacy network cover plan.gpkg --as-of 2026-12-01")
)
def cover(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Network file, or a folder of them.")],
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help="Day whose counted sites are meant; today.")
    ] = None,
    plan: Plan = None,
    policy: Rules = None,
) -> None:
    """Keep coverage tables beside a network, so that who is covered is looked up; the answers are the same."""
    from adequacy.cli.building import store_tables

    store_tables(file, as_of, plan, policy)


@group.command(epilog=examples("adequacy network info", "adequacy network info plan.gpkg --format json"))
def info(
    file: Annotated[
        str | None, typer.Argument(metavar="FILE", help="Network file or folder; else the one that answers.")
    ] = None,
    output: Format = "text",
    plan: Plan = None,
    policy: Rules = None,
) -> None:
    """Say what a network file holds: rows, dates, source files, counted sites per service."""
    from adequacy.cli.check import open_configured
    from adequacy.outputs.network_page import network_info

    with open_configured(file, plan, policy) as net:
        sys.stdout.write(network_info(net.info(), output))


@group.command(
    epilog=examples(
        "adequacy network diff plan.gpkg without.gpkg",
        "adequacy network diff plan.gpkg without.gpkg --answers --format json",
    )
)
def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help="The earlier network file.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The later network file.")],
    answers: Annotated[bool, typer.Option("--answers", help="Also say which findings flip, and for how many.")] = False,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help="Day for both; their roster dates.")
    ] = None,
    output: Format = "text",
    plan: Plan = None,
    policy: Rules = None,
) -> None:
    """Say what a new roster changed: providers, sites, offerings, contracts, terminations, and answers."""
    from adequacy.cli.building import compare

    sys.stdout.write(compare(old, new, answers=answers, as_of=as_of, output=output, plan=plan, policy_folder=policy))


@group.command(
    epilog=examples(
        "adequacy network without plan.gpkg --npi 2055828166 --out without.gpkg",
        "adequacy network diff plan.gpkg without.gpkg --answers",
    )
)
def without(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The network file.")],
    out: Annotated[str, typer.Option("--out", metavar="FILE.gpkg", help="The network file to write (.gpkg).")],
    npi: Annotated[
        list[str] | None, typer.Option("--npi", metavar="NPI", help="Leave out a provider by NPI; may be repeated.")
    ] = None,
    provider_id: Annotated[
        list[str] | None, typer.Option("--provider-id", metavar="ID", help="Leave out a provider.")
    ] = None,
    site_id: Annotated[list[str] | None, typer.Option("--site-id", metavar="ID", help="Leave out a site.")] = None,
) -> None:
    """Write the same network without somebody: with diff --answers, what a termination would do."""
    from adequacy.cli.building import leave_out

    leave_out(file, out, npi or [], provider_id or [], site_id or [])
