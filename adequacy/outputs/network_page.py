"""What a network file holds, and what became of a roster, as text of at most 80 columns or as JSON."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, Any

from adequacy.errors import UsageError
from adequacy.outputs.escape import escape_terminal

if TYPE_CHECKING:
    from adequacy.network import BuildReport

__all__ = ["build_summary", "network_info"]

_DEMO = "Demo network: real places, invented contracts. Not for a real decision."


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
    lines += [_DEMO] if info["is_demo"] else []
    lines += [
        f"{info['providers']} providers, {info['sites']} sites, {info['offerings']} offerings; "
        f"{info['refused']} roster rows refused",
        f"content {info['sha256']}",
    ]
    for source in info["sources"]:
        lines.append(escape_terminal(f"from {source['name']} ({source['rows']} rows, sha256 {source['sha256'][:12]})"))
    for default in info["defaults"]:
        lines += textwrap.wrap(escape_terminal(f"declared default: {default}"), 80)
    lines += ["", "Counted sites per service on the roster date"]
    lines += [f"  {key:<18} {count:>6}" for key, count in info["services"].items()]
    return "\n".join(lines) + "\n"


def build_summary(report: BuildReport) -> str:
    """Say in a few lines what became of a roster."""
    placed = ", ".join(f"{count} by {word}" for word, count in report.by_precision.items())
    written = f"Written: {report.path}" if report.path else "Nothing written (dry run)."
    return (
        f"{report.read} rows read = {report.used} used + {report.refused} refused\n"
        f"{report.providers} providers, {report.sites} sites, {report.offerings} offerings\n"
        f"sites placed: {placed}\n"
        f"roster date {report.roster_date}, content {report.sha256[:12]}\n"
        f"{written}\n"
    )
