"""What a street network says of itself, for people (80 columns) and for programs."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, Any

from adequacy.errors import UsageError
from adequacy.outputs.escape import escape_terminal

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["roads_page"]

_WIDTH = 80


def roads_page(meta: Mapping[str, Any], output: str) -> str:
    """Print the description of a ``.roads`` file: ``text`` or ``json``, ending with a newline.

    Parameters
    ----------
    meta : mapping
        As `adequacy.roads.files.read_meta` gives it.
    output : {"text", "json"}

    Raises
    ------
    UsageError
        The format is not known.
    """
    if output == "json":
        return json.dumps({"schema": "adequacy.roads_info/1", **meta}, indent=1, ensure_ascii=False) + "\n"
    if output != "text":
        raise UsageError(f"--format {output}: not a format. Choose text or json.")
    return "\n".join([*_rows(meta), "", *textwrap.wrap(str(meta["licence"]), _WIDTH)]) + "\n"


def _rows(meta: Mapping[str, Any]) -> list[str]:
    """One fact per row, wrapped under its name."""
    west, south, east, north = meta["bounds"]
    speeds = ", ".join(f"{name} {mph:.0f}" for name, mph in sorted(meta["class_mph"].items()))
    facts = {
        "source": meta["source"],
        "data of": meta["date"] or "not stated by the extract",
        "streets": f"{meta['road_mi']:,.1f} mi between {meta['junctions']:,} junctions",
        "left out": f"{meta['dropped_mi']:,.1f} mi in {meta['dropped_streets']:,} streets not connected both ways with "
        f"the rest ({100 - meta['kept_pct']:.1f} %)",
        "cut": f"{meta['missing_nodes']:,} points the extract names but does not hold",
        "bounds": f"{south:.4f}..{north:.4f} north, {west:.4f}..{east:.4f} east",
        "speeds": f"posted; without a sign, mph: {speeds}",
        "access": f"up to {meta['snap_max_mi']:g} mi from a street, at {meta['access_mph']:g} mph; beyond not measured",
        "sha256": meta["sha256"],
    }
    rows = []
    for name, fact in facts.items():
        rows += textwrap.wrap(
            escape_terminal(str(fact)), _WIDTH, initial_indent=f"{name:<10}", subsequent_indent=" " * 10
        )
    return rows
