"""Who is contracted for what, where, on a date: the network file and its index.

A network file is one GeoPackage (SQLite inside), compiled from rosters and never changed afterwards: a new roster is a
new file. ``open_network`` reads it through ``sqlite3`` alone; ``build_network`` writes it with GeoPandas.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from adequacy.network.file import NetworkFile, Offering, network_files, open_network

if TYPE_CHECKING:
    from adequacy.network.build import BuildReport, build_network
    from adequacy.network.compare import compare_networks, network_without

__all__ = [
    "BuildReport",
    "NetworkFile",
    "Offering",
    "build_network",
    "compare_networks",
    "network_files",
    "network_without",
    "open_network",
]

_WRITERS = {
    "BuildReport": "build",
    "build_network": "build",
    "compare_networks": "compare",
    "network_without": "compare",
}


def __getattr__(name: str) -> Any:
    """Load what writes or compares on first use: reading must stay light."""
    if name in _WRITERS:
        return getattr(import_module(f"adequacy.network.{_WRITERS[name]}"), name)
    raise AttributeError(f"module 'adequacy.network' has no attribute {name!r}")
