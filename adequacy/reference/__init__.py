"""Small public tables that ship with adequacy: ZIP Codes, their areas and people, counties and their borders.

Everything here comes from the Census and is listed with origin, licence, year and checksum in ``SOURCES.yaml``;
``data/build_reference.py`` rebuilds ``places.sqlite`` from those inputs. A question reads one row and imports nothing
outside the standard library; only ``people_frame`` and ``area_frame`` load tables, and pandas with them.
"""

from __future__ import annotations

from adequacy.reference._counties import (
    County,
    counties,
    counties_at,
    county_at,
    county_border,
    find_county,
    near_us,
    state_border,
)
from adequacy.reference._frames import area_frame, people_frame, to_shapely
from adequacy.reference._packing import Border, Ring
from adequacy.reference._places import (
    BlockGroup,
    CountyShare,
    ZipArea,
    ZipCode,
    areas,
    areas_in,
    blocks_of,
    counties_of,
    find_area,
    find_zip,
    is_military,
    zips,
)
from adequacy.reference._store import PLACES, sources, vintages
from adequacy.reference.demo import demo_files, demo_path, write_demo

__all__ = [
    "PLACES",
    "BlockGroup",
    "Border",
    "County",
    "CountyShare",
    "Ring",
    "ZipArea",
    "ZipCode",
    "area_frame",
    "areas",
    "areas_in",
    "blocks_of",
    "counties",
    "counties_at",
    "counties_of",
    "county_at",
    "county_border",
    "demo_files",
    "demo_path",
    "find_area",
    "find_county",
    "find_zip",
    "is_military",
    "near_us",
    "people_frame",
    "sources",
    "state_border",
    "to_shapely",
    "vintages",
    "write_demo",
    "zips",
]
