"""ZIP Codes, the Census areas they map to, and where the people in them live."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from adequacy.reference._packing import unpack_blocks, unpack_border
from adequacy.reference._store import every, one

if TYPE_CHECKING:
    from adequacy.reference._packing import Ring

_AREA = (
    "SELECT zcta, lon, lat, popw_lon, popw_lat, pop2020, max_radius_mi, area_sqmi, county_fips, state, point_inside,"
    " border, hull FROM zcta WHERE zcta = ?"
)


@dataclass(frozen=True, slots=True)
class ZipCode:
    """One postal ZIP Code and the Census area that stands for it."""

    zip5: str
    zcta: str
    """The ZIP Code Tabulation Area (2020) that holds its addresses."""
    how: str
    """``same``: the ZIP is an area of its own. ``uds2015``: a PO-box or unique ZIP, mapped to the area it lies in."""
    zip_type: str
    """The crosswalk's wording, e.g. ``ZIP Code area``; empty where it has none."""
    state: str
    """Two letters: the state of its area."""


@dataclass(frozen=True, slots=True)
class ZipArea:
    """One ZIP Code Tabulation Area (ZCTA, Census 2020). Coordinates are decimal degrees, WGS 84, distances miles.

    ``rings`` and ``hull`` are None where the border is not shipped (outside North Carolina and the ring of areas
    around it): use the disc of ``max_radius_mi`` around ``lon, lat``. Arrays are shared: do not change them.
    """

    zcta: str
    lon: float
    """Census internal point. In 43 areas it lies outside the border (``point_inside`` is False)."""
    lat: float
    popw_lon: float | None
    """Mean of the block-group points inside, weighted by people; None in areas without any."""
    popw_lat: float | None
    pop2020: int | None
    """People, 2020 Census table P1; None in the island territories."""
    max_radius_mi: float
    """Internal point to the farthest point of the border: never short, at most 0.0012 mile too long."""
    area_sqmi: float | None
    """Area of the border in square miles, inland water included."""
    county_fips: str
    """The county where most of its people live."""
    state: str
    point_inside: bool
    rings: tuple[Ring, ...] | None = field(default=None, repr=False, compare=False)
    """Closed rings ``(lons, lats)`` as two ``array('d')``, exact to 1e-6 degree."""
    polygons: tuple[tuple[int, ...], ...] = field(default=(), repr=False, compare=False)
    """For each polygon the indices of its rings: the exterior, then the holes."""
    hull: Ring | None = field(default=None, repr=False, compare=False)
    """Convex hull of all vertices in plain lon/lat, closed: enough for farthest points."""

    @property
    def reference_point(self) -> tuple[float, float]:
        """The point that stands for the area: where its people are on average, else the internal point."""
        if self.popw_lon is None or self.popw_lat is None:
            return self.lon, self.lat
        return self.popw_lon, self.popw_lat


@dataclass(frozen=True, slots=True)
class BlockGroup:
    """A Census block group: its centre of population and the people counted there in 2020."""

    geoid: str
    lon: float
    lat: float
    people: int

    @property
    def county_fips(self) -> str:
        """The county, which is the first five digits of the geoid."""
        return self.geoid[:5]


@dataclass(frozen=True, slots=True)
class CountyShare:
    """How many people of a ZCTA live in one of its counties; 0 where the area only touches the county."""

    county_fips: str
    people: int


def find_zip(zip5: str) -> ZipCode | None:
    """Look a ZIP Code up.

    Parameters
    ----------
    zip5 : str
        Five digits, as text.

    Returns
    -------
    ZipCode or None
        None if there is no such ZIP in the table (it may be new, military or mistyped; see ``is_military``).

    Examples
    --------
    >>> find_zip("27710")
    ZipCode(zip5='27710', zcta='27705', how='uds2015', zip_type='Post Office or large volume customer', state='NC')
    >>> find_zip("00000") is None
    True
    """
    row = one("SELECT zip5, zcta, how, zip_type, state FROM zip WHERE zip5 = ?", zip5)
    return None if row is None else ZipCode(*row)


def is_military(zip5: str) -> bool:
    """Tell whether a ZIP Code is an overseas military or diplomatic one (APO, FPO, DPO), which has no place on a map.

    Source: USPS Domestic Mail Manual 703.2.2.1 (Postal Bulletin 22414, 2015): prefixes 090-098, 340 and 962-966.

    Examples
    --------
    >>> is_military("09012"), is_military("27601")
    (True, False)
    """
    return one("SELECT 1 FROM military_zip WHERE prefix = ?", zip5[:3]) is not None


def find_area(zcta: str) -> ZipArea | None:
    """Read one ZIP Code Tabulation Area, with its border where that is shipped.

    Parameters
    ----------
    zcta : str
        Five digits, as text: ``ZipCode.zcta``, not any ZIP.

    Returns
    -------
    ZipArea or None
        None if there is no such area.

    Examples
    --------
    >>> area = find_area("27701")
    >>> area.lon, area.lat, area.pop2020, len(area.polygons)
    (-78.897944, 35.99924, 25208, 1)
    """
    row = one(_AREA, zcta)
    if row is None:
        return None
    *fields, inside, border, hull = row
    fields.append(bool(inside))
    if border is not None:
        fields += [*unpack_border(border), unpack_border(hull)[0][0]]
    return ZipArea(*fields)


def blocks_of(zcta: str) -> list[BlockGroup]:
    """List the block groups whose centre of population lies in a ZCTA.

    Their people do not add up to ``pop2020`` of the area: a block group may straddle areas. Small areas have none.

    Examples
    --------
    >>> sum(block.people for block in blocks_of("27546"))
    17393
    """
    row = one("SELECT blocks FROM block_groups WHERE zcta = ?", zcta)
    return [] if row is None else [BlockGroup(*block) for block in unpack_blocks(row[0])]


def counties_of(zcta: str) -> list[CountyShare]:
    """List the counties a ZCTA lies in, most people first, counties without its people last.

    Examples
    --------
    >>> counties_of("27703")
    [CountyShare(county_fips='37063', people=62005), CountyShare(county_fips='37183', people=0)]
    """
    sql = "SELECT county_fips, people FROM zcta_county WHERE zcta = ? ORDER BY people DESC, county_fips"
    return [CountyShare(*row) for row in every(sql, zcta)]


def areas_in(county_fips: str) -> list[str]:
    """List the ZCTAs that lie in a county, wholly or in part, with or without people there.

    Examples
    --------
    >>> "27546" in areas_in("37085")
    True
    """
    return [row[0] for row in every("SELECT zcta FROM zcta_county WHERE county_fips = ? ORDER BY zcta", county_fips)]


def zips(state: str | None = None) -> list[str]:
    """List every known ZIP Code, or those of one state (two letters).

    Examples
    --------
    >>> len(zips("NC"))
    1079
    """
    if state is None:
        return [row[0] for row in every("SELECT zip5 FROM zip ORDER BY zip5")]
    return [row[0] for row in every("SELECT zip5 FROM zip WHERE state = ? ORDER BY zip5", state)]


def areas(state: str | None = None) -> list[str]:
    """List every ZCTA, or those of one state (two letters), with or without a shipped border.

    Examples
    --------
    >>> len(areas("NC"))
    853
    """
    if state is None:
        return [row[0] for row in every("SELECT zcta FROM zcta ORDER BY zcta")]
    return [row[0] for row in every("SELECT zcta FROM zcta WHERE state = ? ORDER BY zcta", state)]
