"""What the commands of ``adequacy network`` do: build from rosters, compare, leave somebody out."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

from adequacy.cli.settings import setting
from adequacy.cli.streams import STREAM, writing

__all__ = ["build_from_rosters", "compare", "leave_out", "store_tables"]


def _offerings_in(out: Path) -> int | None:
    """How many offerings the network that would be replaced has; None where there is none that can be read."""
    from adequacy.errors import NetworkFileError
    from adequacy.network import open_network

    try:
        with open_network(out) as before:
            return before.counts["offerings"]
    except NetworkFileError:
        return None


def build_from_rosters(
    rosters: list[str],
    out: str,
    *,
    columns: str | None,
    joins: list[str],
    marked: str | None,
    roster_date: str | None,
    name: str | None,
    findings: str | None,
    dry_run: bool,
    accept: bool,
    demo: bool,
    plan: str | None = None,
    policy_folder: str | None = None,
) -> None:
    """Read rosters, write the findings and the network file, and say on stderr what became of every row."""
    from adequacy.cli.check import configured_policy
    from adequacy.clocks import read_date
    from adequacy.errors import shown
    from adequacy.intake import (
        limits_of,
        mapping_beside,
        marked_paths,
        read_rosters,
        require_acceptable,
        write_marked_copies,
    )
    from adequacy.network import build_network
    from adequacy.outputs.network_page import build_summary

    policy = configured_policy(plan, policy_folder)
    day = read_date(roster_date) if roster_date else date.today()  # noqa: DTZ011
    if marked:
        marked_paths(rosters, marked)
    beside = None if columns else mapping_beside(rosters)
    if beside:
        sys.stderr.write(f"Columns  by {shown(beside.name)}, found beside the roster\n")
    intake = read_rosters(
        rosters,
        on=day,
        catalogue=policy.services,
        columns=columns or beside,
        joins=joins,
        limits=limits_of(policy, day),
    )
    sys.stderr.write(intake.summary(findings))
    if findings:
        with writing(findings, *rosters) as target:
            intake.write_findings(target)
    if marked:
        write_marked_copies(intake, rosters, marked)
    accepted = require_acceptable(
        intake,
        refused_rows_pct=float(policy.value("refused_rows_pct", day)),
        row_drop_pct=float(policy.value("row_drop_pct", day)),
        rows_before=_offerings_in(Path(out)),
        accept=accept,
    )
    index = setting("address_index").value
    with writing(out, *rosters, suffix=".gpkg") as target:
        report = build_network(
            intake,
            None if dry_run else target,
            roster_date=day.isoformat(),
            name=name or ("network" if out == STREAM else target.stem),
            is_demo=demo,
            policy=policy,
            index=Path(index) if index else None,
            accepted=accepted,
        )
    sys.stderr.write(build_summary(report, "standard output" if out == STREAM else out))


def compare(
    old: str,
    new: str,
    *,
    answers: bool,
    as_of: str | None,
    output: str,
    plan: str | None = None,
    policy_folder: str | None = None,
) -> str:
    """Compare two network files, and the answers they give where asked."""
    from dataclasses import asdict

    from adequacy.access.flips import flips
    from adequacy.cli.check import configured_policy
    from adequacy.network import compare_networks, open_network
    from adequacy.outputs.network_page import network_difference

    with open_network(Path(old)) as before, open_network(Path(new)) as after:
        difference = compare_networks(before, after)
        if answers:
            found = flips(before, after, configured_policy(plan, policy_folder), on=as_of, progress=_progress)
            difference["answers"] = [asdict(flip) for flip in found]
    return network_difference(difference, output)


def leave_out(file: str, out: str, npis: list[str], provider_ids: list[str], site_ids: list[str]) -> None:
    """Write a network without some providers or sites, and say what became of its offerings."""
    from adequacy.network import network_without, open_network

    with open_network(Path(file)) as network, writing(out, file, suffix=".gpkg") as target:
        report = network_without(network, target, npis=npis, provider_ids=provider_ids, site_ids=site_ids)
    sys.stderr.write(f"{report.read} offerings = {report.used} kept + {report.read - report.used} left out\n")
    sys.stderr.write(f"Written: {out}, named '{report.name}'\n")


def store_tables(file: str, as_of: str | None, plan: str | None, policy: str | None) -> None:
    """Make the coverage tables of a network and say what they are good for."""
    from adequacy.access.coverage_store import store_coverage
    from adequacy.cli.check import default_day, open_configured
    from adequacy.cli.watching import Progress
    from adequacy.outputs.network_page import coverage_summary

    with open_configured(file, plan, policy, as_of) as net:
        progress = Progress("services judged")
        report = store_coverage(net.file, net.policy, as_of or default_day(net), progress=progress)
        progress.end()
    sys.stderr.write(coverage_summary(report))


def _progress(done: int, total: int) -> None:
    """Say how far a long comparison is, where somebody watches."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{done} of {total} services compared" + ("\n" if done == total else ""))
