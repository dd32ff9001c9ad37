"""What a network file holds, and what became of a roster, as text of at most 80 columns or as JSON."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, Any

from adequacy.errors import UsageError
from adequacy.outputs.escape import escape_terminal
from adequacy.outputs.words import DEMO_NOTICE

if TYPE_CHECKING:
    from adequacy.access.coverage_store import CoverageReport
    from adequacy.network import BuildReport

__all__ = ["build_summary", "coverage_summary", "network_difference", "network_info"]


def network_info(info: dict[str, Any], output: str) -> str:
    """Write the page of ``Network.info()``.

    Raises
    ------
    UsageError
        The format is not known.
    """
    if output == "json":
        return json.dumps(info, indent=1, ensure_ascii=False) + "\n"
    if output != "text":
        raise UsageError(f"--format {output}: not a format. Choose text or json.")
    lines = [f"Network {escape_terminal(info['name'])}, roster of {info['roster_date']}"]
    lines += [DEMO_NOTICE] if info["is_demo"] else []
    lines += [
        f"{info['providers']} providers, {info['sites']} sites, {info['offerings']} offerings; "
        f"{info['refused']} roster rows refused",
        f"content {info['sha256']}",
    ]
    if info["coverage"]:
        lines.append(_kept(info["coverage"]))
    for source in info["sources"]:
        lines.append(escape_terminal(f"from {source['name']} ({source['rows']} rows, sha256 {source['sha256'][:12]})"))
    for default in info["defaults"]:
        words = (
            f"declared default: {default['column']} is taken as '{default['value']}' where the roster is silent "
            f"({default['basis']}; declared by {default['by']}, {default['date']}): {default['rows']} rows"
        )
        lines += textwrap.wrap(escape_terminal(words), 80)
    lines += ["", "Counted sites per service on the roster date"]
    lines += [f"  {key:<18} {count:>6}" for key, count in info["services"].items()]
    return "\n".join(lines) + "\n"


def _kept(coverage: dict[str, Any]) -> str:
    """What is known of the tables beside the network."""
    if not coverage["usable"]:
        return "coverage tables beside it cannot be used; renew: adequacy network cover"
    return f"{coverage['tables']} coverage tables for {coverage['limit_mi']:g} miles, made for {coverage['on']}"


def coverage_summary(report: CoverageReport) -> str:
    """Say what was stored beside a network, and until when it is good."""
    until = f"All of them answer until {report.all_until}; after that, service by service,"
    if not report.all_until:
        until = "All of them answer until a roster says otherwise; where one does not fit,"
    return (
        f"Stored   {report.tables} tables for {report.services} of {report.all_services} services, "
        f"{report.limit_mi:g} miles, {report.on}\n"
        f"Size     {report.file_bytes / 1024:,.0f} kB; {report.ask_pct:.1f} % of the cells are asked exactly\n"
        f"{until}\nanswers are searched exactly as without it: they are the same.\n"
        f"Written: {report.path}\n"
    )


#: How a site was placed, in words for the report of a build.
_PLACED = {
    "given": "by the point given", "address_point": "by address", "street_range": "by street", "zip": "by ZIP code",
    "none": "not placed",
}  # fmt: skip


def build_summary(report: BuildReport, out: str) -> str:
    """Say where the sites of a roster were placed, and that it was written to ``out``, as the user named it."""
    placed = ", ".join(f"{count:,} {_PLACED.get(word, word)}" for word, count in report.by_precision.items())
    written = f"Written: {out}" if report.path else "Nothing written (dry run)."
    return f"Placed   {placed}\nRoster   of {report.roster_date}, content {report.sha256[:12]}\n{written}\n"


def network_difference(difference: dict[str, Any], output: str, most: int = 10) -> str:
    """Write what changed between two networks.

    Raises
    ------
    UsageError
        The format is not known.
    """
    if output == "json":
        return json.dumps(difference, indent=1, ensure_ascii=False) + "\n"
    if output != "text":
        raise UsageError(f"--format {output}: not a format. Choose text or json.")
    old, new = difference["old"], difference["new"]
    names = [escape_terminal(f"{each['name']} ({each['roster_date']})") for each in (old, new)]
    lines = [" -> ".join(names), ""]
    lines.append(f"{'':<12}{'added':>8}{'changed':>9}{'ended':>8}")
    for name in ("providers", "sites", "offerings", "contracts"):
        counts = {word: len(difference[name][word]) for word in ("added", "changed", "ended")}
        lines.append(f"{name:<12}{counts['added']:>8}{counts['changed']:>9}{counts['ended']:>8}")
    coming = difference["terminations"]
    if coming:
        lines += ["", f"Contracts with a last day ({len(coming)}), soonest first"]
        lines += [
            f"  {each['contract_to']}  {each['service_key']:<14} {escape_terminal(each['provider'])}"
            for each in coming[:most]
        ]
    if "answers" in difference:
        lines += ["", *_flip_lines(difference["answers"], most)]
    return "".join(f"{line[:80]}\n" for line in lines)


def _flip_lines(answers: list[dict[str, Any]], most: int) -> list[str]:
    """Which findings flip, most people first."""
    if not answers:
        return ["No finding flips."]
    lines = [f"Findings that flip: {len(answers)} (ZIP x service), most people first"]
    for each in answers[:most]:
        words = f"{each['before']} -> {each['after']}".replace("_", " ")
        lines.append(f"  {each['zip5']}  {each['service']:<14} {each['people']:>7} people  {words}")
    if len(answers) > most:
        lines.append(f"  ... and {len(answers) - most} more: --format json")
    return lines
