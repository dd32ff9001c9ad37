"""Drive miles and drive minutes on a street network that lies on this computer.

An OpenStreetMap extract is compiled once into one ``.roads`` file (`build_roads`); a `RoadNetwork` opened from it
(`open_roads`) says how far and how long a consumer drives. Road figures are an extra: the plan's finding stays the
radius rule. What cannot be measured (outside the network, too far from a street) is *not measured*, never a number.

The modules follow the work: ``rules`` (what the policy says of streets), ``extracts`` and ``graphs`` (reading),
``chains`` (streets between junctions), ``snapping`` (a place to its street), ``files`` (the compiled form),
``build`` (all of that in order), ``routing`` (the search), ``isochrones`` (areas for maps).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adequacy.roads.build import build_roads
    from adequacy.roads.routing import Drives, NearestDrives, RoadNetwork, Routes, open_roads
    from adequacy.roads.rules import RoadRules, road_rules

__all__ = [
    "Drives",
    "NearestDrives",
    "RoadNetwork",
    "RoadRules",
    "Routes",
    "build_roads",
    "open_roads",
    "road_rules",
]

_HOME = {
    "build_roads": "build",
    "Drives": "routing",
    "NearestDrives": "routing",
    "RoadNetwork": "routing",
    "Routes": "routing",
    "open_roads": "routing",
    "RoadRules": "rules",
    "road_rules": "rules",
}


def __getattr__(name: str) -> Any:
    """Load a public name from its home module on first use."""
    from importlib import import_module

    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
