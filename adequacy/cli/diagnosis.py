"""What ``adequacy doctor`` looks at; it opens what would answer, and changes nothing."""

from __future__ import annotations

import json
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from adequacy import __version__
from adequacy.cli.settings import SETTINGS, setting
from adequacy.errors import AdequacyError, UsageError

__all__ = ["diagnose", "render"]

_PACKAGES = ("geopandas", "shapely", "pyproj", "pandas", "numpy", "scipy", "folium", "osmnx", "typer")
_EXTRAS = {"fast": "numba", "plots": "mapclassify", "parquet": "pyarrow", "pdf": "weasyprint", "postgres": "psycopg"}


def diagnose() -> dict[str, Any]:
    """Collect versions, data vintages, settings with their origin, and the state of the files they name."""
    from adequacy.reference import vintages

    settings = {name: _described(name) for name in SETTINGS}
    network = _network()
    packages = {name: _installed(name) for name in _PACKAGES}
    return {
        "schema": "adequacy.doctor/1",
        "version": __version__,
        "python": f"{platform.python_version()} ({sys.platform})",
        "packages": packages,
        "extras": {extra: _installed(package) for extra, package in _EXTRAS.items()},
        "data": vintages(),
        "settings": settings,
        "network": network,
        "healthy": "error" not in network
        and all(packages.values())
        and not any("error" in each for each in settings.values()),
    }


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _described(name: str) -> dict[str, Any]:
    """A setting, where it came from, and whether the file it names is there."""
    try:
        found = setting(name)
    except AdequacyError as error:
        return {"value": None, "origin": "adequacy.toml", "error": error.message}
    described: dict[str, Any] = {"value": found.value, "origin": found.origin}
    if found.value and name in ("policy", "address_index") and not Path(found.value).exists():
        described["error"] = f"{found.value}: no such file or folder"
    elif found.value and name == "address_index":
        described |= _address_index(found.value)
    if name == "casebook" and found.value and "://" in found.value:
        described["value"] = found.value.split("://", 1)[0] + "://..."
    return described


def _address_index(path: str) -> dict[str, Any]:
    """What the address index holds, or why it cannot be used."""
    from adequacy.geocode.index import open_index

    try:
        return {"index": open_index(path).info()}
    except AdequacyError as error:
        return {"error": error.message}


def _network() -> dict[str, Any]:
    """The network that would answer."""
    from adequacy.cli.check import open_configured

    try:
        with open_configured(None, None, None) as net:
            info = net.info()
    except AdequacyError as error:
        return {"error": error.message}
    return {key: info[key] for key in ("path", "name", "roster_date", "is_demo", "sites", "offerings", "refused")}


def render(report: dict[str, Any], output: str) -> str:
    """Write the report as text or JSON."""
    if output == "json":
        return json.dumps(report, indent=1) + "\n"
    if output != "text":
        raise UsageError(f"--format {output}: not a format. Choose text or json.")
    blocks = [[f"adequacy {report['version']}, Python {report['python']}"]]
    blocks.append(_table("packages", {name: number or "MISSING" for name, number in report["packages"].items()}))
    blocks.append(_table("extras", {name: number or "not installed" for name, number in report["extras"].items()}))
    blocks.append(_table("data", report["data"]))
    blocks.append(["settings"])
    for name, each in report["settings"].items():
        blocks[-1] += _row(name, f"{each['value'] or '(none)'}  [{each['origin']}]")
        blocks[-1] += _row("", f"WRONG: {each['error']}") if "error" in each else []
        if index := each.get("index"):
            made_of = f"{index['name']}{' of ' + index['dated'] if index['dated'] else ''}"
            blocks[-1] += _row("", f"{index['points']} addresses, {index['ranges']} street ranges from {made_of}")
    blocks.append(_table("network that answers", report["network"]))
    blocks.append(["All well." if report["healthy"] else "Something is wrong: see above."])
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _table(heading: str, rows: dict[str, Any]) -> list[str]:
    """A heading, and a row for each entry below it."""
    return [heading, *(line for name, value in rows.items() for line in _row(name, str(value)))]


def _row(name: str, text: str, width: int = 80) -> list[str]:
    """A name and what is said of it, folded at blanks within its own column."""
    import textwrap

    return textwrap.wrap(text, width, initial_indent=f"  {name:<14} ", subsequent_indent=" " * 17) or [f"  {name}"]
