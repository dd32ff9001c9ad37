"""Is a contracted provider of this service within thirty miles of the consumer?

The public names live in the modules named below and are loaded on first use, so that ``import adequacy`` is instant.

Examples
--------
>>> import adequacy as aq
>>> aq.demo_network().check("saiop", zip5="27546").finding
'covered'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adequacy.access.floating_catchment import people_per_provider, two_step_fca
    from adequacy.api import Answer, Network, census_people, demo_network, measure, open_network
    from adequacy.compliance import Measured, member_people
    from adequacy.errors import AdequacyError
    from adequacy.outputs.map_page import write_map
    from adequacy.roads import RoadNetwork, build_roads, open_roads, road_rules

__version__ = "0.1.0"

__all__ = [
    "AdequacyError",
    "Answer",
    "Measured",
    "Network",
    "RoadNetwork",
    "__version__",
    "build_roads",
    "census_people",
    "demo_network",
    "measure",
    "member_people",
    "open_network",
    "open_roads",
    "people_per_provider",
    "road_rules",
    "two_step_fca",
    "write_map",
]

_HOMES = {
    "write_map": "adequacy.outputs.map_page",
    "RoadNetwork": "adequacy.roads",
    "build_roads": "adequacy.roads",
    "open_roads": "adequacy.roads",
    "road_rules": "adequacy.roads",
    "AdequacyError": "adequacy.errors",
    "Answer": "adequacy.api",
    "Network": "adequacy.api",
    "demo_network": "adequacy.api",
    "census_people": "adequacy.api",
    "measure": "adequacy.api",
    "open_network": "adequacy.api",
    "Measured": "adequacy.compliance",
    "member_people": "adequacy.compliance",
    "people_per_provider": "adequacy.access.floating_catchment",
    "two_step_fca": "adequacy.access.floating_catchment",
}


def __getattr__(name: str) -> Any:
    """Load a public name from its home on first use (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'adequacy' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
