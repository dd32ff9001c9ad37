"""A place in words becomes a :class:`Place` with stated precision; offline first.

One ladder, best step first: coordinates given, address points, street ranges, the ZIP code. Every step says how sure
it is; nothing is guessed in silence. What is imported here needs the standard library alone: an ordinary question
passes through it.
"""

from __future__ import annotations

from adequacy.geocode.ladder import place_sites
from adequacy.geocode.place import (
    CAUTIONS,
    Place,
    locate_address,
    locate_point,
    locate_zip,
    parse_lat_lon,
    point_in_county,
)

__all__ = [
    "CAUTIONS",
    "Place",
    "locate_address",
    "locate_point",
    "locate_zip",
    "parse_lat_lon",
    "place_sites",
    "point_in_county",
]
