"""What ``adequacy network build`` does: read rosters, report, write the network file."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

from adequacy.cli.settings import setting

__all__ = ["build_from_rosters"]


def build_from_rosters(
    rosters: list[str],
    out: str,
    *,
    columns: str | None,
    roster_date: str | None,
    name: str | None,
    findings: str | None,
    dry_run: bool,
    accept: bool,
    demo: bool,
) -> None:
    """Read rosters, write the findings and the network file, and say on stderr what became of every row."""
    from adequacy.clocks import read_date
    from adequacy.intake import read_rosters
    from adequacy.network import build_network
    from adequacy.outputs.network_page import build_summary
    from adequacy.policy import load_policy

    folder = setting("policy").value
    policy = load_policy(setting("plan").value or "alliance", Path(folder) if folder else None)
    day = read_date(roster_date) if roster_date else date.today()  # noqa: DTZ011
    intake = read_rosters(rosters, on=day, catalogue=policy.services, columns=Path(columns) if columns else None)
    if findings:
        intake.findings.to_csv(findings, index=False, encoding="utf-8")
    index = setting("address_index").value
    report = build_network(
        intake,
        None if dry_run else Path(out),
        roster_date=day.isoformat(),
        name=name or Path(out).stem,
        is_demo=demo,
        index=Path(index) if index else None,
        accepted=("built with --accept",) if accept else (),
    )
    sys.stderr.write(build_summary(report))
