"""Who is contracted for what, where, on a date: the network file and its index.

A network file is one GeoPackage (SQLite inside), compiled from rosters and never changed afterwards: a new roster is a
new file. ``open_network`` reads it through ``sqlite3`` alone; ``build_network`` writes it with GeoPandas.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adequacy.network.file import NetworkFile, Offering, open_network

if TYPE_CHECKING:
    from adequacy.network.build import BuildReport, build_network

__all__ = ["BuildReport", "NetworkFile", "Offering", "build_network", "open_network"]


def __getattr__(name: str) -> Any:
    """Load what writes on first use: reading must stay light."""
    if name in ("BuildReport", "build_network"):
        from adequacy.network import build

        return getattr(build, name)
    raise AttributeError(f"module 'adequacy.network' has no attribute {name!r}")
