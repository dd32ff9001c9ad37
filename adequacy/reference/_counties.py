"""Counties and states: which county a point lies in, its people and class, its border."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from adequacy.reference._packing import unpack_border
from adequacy.reference._slabs import county_border_of, hold
from adequacy.reference._store import every, one

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adequacy.reference._packing import Border, Ring

_COLUMNS = "county_fips, name, state, people, lon, lat, land_sqmi, density, cms_type, rural_center, rucc_2023"
_BOXES = (
    "SELECT county_fips FROM county_box WHERE min_lat <= ? AND max_lat >= ? AND min_lon <= ? AND max_lon >= ?"
    " ORDER BY exact DESC, county_fips"
)

# Degrees of latitude: one is 68.7 to 69.4 statute miles. These are search margins, not distances anyone is told.
_SNAP_DEG = 0.029
"""About two miles: shores and borders are generalised, and a site on a pier still has its county."""
_NEAR_US_DEG = 0.0725
"""About five miles."""


@dataclass(frozen=True, slots=True)
class County:
    """A county or what stands for one (parish, borough, municipio, independent city)."""

    county_fips: str
    name: str
    """Without the word County: ``Harnett``."""
    state: str
    """Two letters."""
    people: int | None
    """2020 Census; None for the island territories and for codes not in use in 2020."""
    lon: float | None
    """Centre of population 2020."""
    lat: float | None
    land_sqmi: float | None
    """Land area in square miles, 2015; None for the two Alaska areas formed in 2019."""
    density: float | None
    """People per square mile of land."""
    cms_type: str
    """Large Metro, Metro, Micro, Rural or CEAC by the thresholds of 42 CFR 422.116; empty where people are unknown."""
    rural_center: str
    """NC only: Rural, Regional city / suburban, or Urban (NC Rural Center)."""
    rucc_2023: str
    """USDA Rural-Urban Continuum Code 1 to 9, empty where there is none."""


@lru_cache(maxsize=4096)
def find_county(county_fips: str) -> County | None:
    """Look a county up by its five-digit FIPS code.

    Examples
    --------
    >>> find_county("37085").name
    'Harnett'
    """
    row = one(f"SELECT {_COLUMNS} FROM county WHERE county_fips = ?", county_fips)
    return None if row is None else County(*row)


def counties(state: str | None = None) -> list[County]:
    """List the counties of the country or of one state (two letters), by FIPS code.

    Examples
    --------
    >>> len(counties("NC"))
    100
    """
    if state is None:
        rows = every(f"SELECT {_COLUMNS} FROM county ORDER BY county_fips")
    else:
        rows = every(f"SELECT {_COLUMNS} FROM county WHERE state = ? ORDER BY county_fips", state)
    return [County(*row) for row in rows]


def county_at(lon: float, lat: float) -> County | None:
    """Find the county a point lies in.

    North Carolina's borders are TIGER 2024 and win over the coarser ones (1:5M, 2015) used elsewhere. Where no county
    holds the point, the nearest border within about two miles decides: shorelines are generalised.

    Parameters
    ----------
    lon, lat : float
        Decimal degrees, WGS 84, longitude first.

    Returns
    -------
    County or None
        None at sea, abroad, or for a coordinate that is not a number.

    Examples
    --------
    >>> county_at(-78.846, 35.397).name
    'Harnett'
    >>> county_at(0.0, 51.5) is None
    True
    """
    for fips in _boxes_near(lon, lat, 0.0):
        if _holds(county_border_of(fips)[0], lon, lat):
            return find_county(fips)
    near = [(_gap_deg(county_border_of(fips)[0], lon, lat), fips) for fips in _boxes_near(lon, lat, _SNAP_DEG)]
    gap_deg, nearest = min(near, default=(math.inf, ""))
    return find_county(nearest) if gap_deg <= _SNAP_DEG else None


def counties_at(lon: Sequence[float], lat: Sequence[float]) -> list[str | None]:
    """Find the counties of many points at once, by the same test as ``county_at``.

    Parameters
    ----------
    lon, lat : sequence of float
        Decimal degrees, WGS 84.

    Returns
    -------
    list of str or None
        The FIPS code of the county whose border holds each point. None where no border does: ``county_at`` then looks
        for the nearest one, point by point.

    Examples
    --------
    >>> counties_at([-78.846, 0.0], [35.397, 51.5])
    ['37085', None]
    """
    import numpy as np

    x, y = np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)
    found: list[str | None] = [None] * len(x)
    open_ = np.isfinite(x) & np.isfinite(y)
    if not open_.any():
        return found
    bounds = (float(y[open_].max()), float(y[open_].min()), float(x[open_].max()), float(x[open_].min()))
    by_lat = np.argsort(y, kind="stable")
    sorted_lat = y[by_lat]
    for (fips,) in every(_BOXES, *bounds):
        south, north, west, east = _county_box(fips)
        first, last = np.searchsorted(sorted_lat, south, "left"), np.searchsorted(sorted_lat, north, "right")
        near = by_lat[first:last]
        near = near[open_[near] & (x[near] >= west) & (x[near] <= east)]
        held = near[hold(fips, x[near], y[near])]
        open_[held] = False
        for i in held.tolist():
            found[i] = fips
    return found


def near_us(lon: float, lat: float) -> bool:
    """Tell whether a point lies in, or within about five miles of, a county of the United States.

    Alaska, Hawaii, Puerto Rico and the island territories belong to it. A point at sea or abroad is nothing the plan
    has a rule for.

    Parameters
    ----------
    lon, lat : float
        Decimal degrees, WGS 84, longitude first.

    Examples
    --------
    >>> near_us(-78.6, 35.8), near_us(35.8, -78.6)
    (True, False)
    """
    return any(
        _holds(rings, lon, lat) or _gap_deg(rings, lon, lat) <= _NEAR_US_DEG
        for rings in (county_border_of(fips)[0] for fips in _boxes_near(lon, lat, _NEAR_US_DEG))
    )


def county_border(county_fips: str) -> Border | None:
    """Return the border of a county as ``(rings, polygons)``, laid out as in ``ZipArea``; None if there is none.

    North Carolina: TIGER 2024, simplified. Elsewhere Census 1:5M of 2015, on a grid of about 45 m: good for maps and
    for telling counties apart, not for measuring. Arrays are shared: do not change them.
    """
    return county_border_of(county_fips) if one("SELECT 1 FROM county_box WHERE county_fips = ?", county_fips) else None


def state_border(state: str) -> Border | None:
    """Return the border of a state (two letters) as ``(rings, polygons)``: its counties together; None if unknown."""
    row = one("SELECT border FROM state WHERE state = ?", state)
    return None if row is None else unpack_border(row[0])


def _county_box(county_fips: str) -> tuple[float, float, float, float]:
    """South, north, west and east of a county."""
    ((*box,),) = every("SELECT min_lat, max_lat, min_lon, max_lon FROM county_box WHERE county_fips = ?", county_fips)
    return (box[0], box[1], box[2], box[3])


def _boxes_near(lon: float, lat: float, margin_deg: float) -> list[str]:
    """FIPS codes of the counties whose box, grown by a margin in degrees of latitude, holds the point."""
    if not (math.isfinite(lon) and math.isfinite(lat)) or abs(lat) >= 90:  # noqa: PLR2004 - degrees
        return []
    wide = margin_deg / math.cos(math.radians(lat))
    return [row[0] for row in every(_BOXES, lat + margin_deg, lat - margin_deg, lon + wide, lon - wide)]


def _holds(rings: tuple[Ring, ...], lon: float, lat: float) -> bool:
    """Even-odd rule over all rings, holes and islands alike."""
    inside = False
    for lons, lats in rings:
        for (lon_a, lat_a), (lon_b, lat_b) in pairwise(zip(lons, lats, strict=True)):
            if (lat_a > lat) != (lat_b > lat) and lon < lon_a + (lat - lat_a) / (lat_b - lat_a) * (lon_b - lon_a):
                inside = not inside
    return inside


def _gap_deg(rings: tuple[Ring, ...], lon: float, lat: float) -> float:
    """Distance to the nearest border segment, in degrees of latitude on a local plane."""
    shrink = math.cos(math.radians(lat))
    nearest = math.inf
    for lons, lats in rings:
        points = [((x - lon) * shrink, y - lat) for x, y in zip(lons, lats, strict=True)]
        for (ax, ay), (bx, by) in pairwise(points):
            dx, dy = bx - ax, by - ay
            length = dx * dx + dy * dy
            t = min(1.0, max(0.0, -(ax * dx + ay * dy) / length)) if length else 0.0
            nearest = min(nearest, math.hypot(ax + t * dx, ay + t * dy))
    return nearest
