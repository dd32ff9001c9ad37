"""Whole tables at once, for measuring the plan and for maps. pandas and geopandas are imported on first use."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from adequacy.reference._packing import unpack_blocks, unpack_border
from adequacy.reference._store import every

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd
    import pandas as pd

    from adequacy.reference._packing import Border


def people_frame(counties: Iterable[str] | None = None) -> pd.DataFrame:
    """List where people live: one row per block group, and one per ZCTA that has people but no block group.

    For shares of people sum the rows with ``source == "block_group"`` only: they add up to the Census. The ``zcta``
    rows are places that block groups overlook; their people are already counted in a neighbouring block group.

    Parameters
    ----------
    counties : iterable of str, optional
        Five-digit FIPS codes; None means the whole country.

    Returns
    -------
    pandas.DataFrame
        ``geoid`` (empty for a ZCTA), ``county_fips``, ``zcta`` (empty where the point lies in none), ``lon``, ``lat``
        (decimal degrees, WGS 84), ``people`` (2020 Census), ``source`` (block_group | zcta); sorted by county, geoid
        and ZCTA.

    Examples
    --------
    >>> frame = people_frame(["37063"])
    >>> int(frame.loc[frame["source"] == "block_group", "people"].sum())
    324833
    """
    import pandas as pd

    wanted = None if counties is None else set(counties)
    rows = list(chain(_block_group_rows(wanted), _lone_zcta_rows(wanted)))
    names = ["geoid", "county_fips", "zcta", "lon", "lat", "people", "source"]
    frame = pd.DataFrame(rows, columns=names)
    return frame.sort_values(["county_fips", "source", "geoid", "zcta"], ignore_index=True)


def area_frame(state: str | None = None) -> gpd.GeoDataFrame:
    """Read every ZCTA whose border is shipped as a GeoDataFrame.

    Parameters
    ----------
    state : str, optional
        Two letters; None means North Carolina and the areas around it.

    Returns
    -------
    geopandas.GeoDataFrame
        ``zcta, state, county_fips, lon, lat, popw_lon, popw_lat, pop2020, area_sqmi, max_radius_mi`` and ``geometry``
        (EPSG:4326, Polygon or MultiPolygon), sorted by ZCTA. Empty for a state without shipped borders.

    Examples
    --------
    >>> len(area_frame("NC"))
    853
    """
    import geopandas as gpd

    columns = ["zcta", "state", "county_fips", "lon", "lat", "popw_lon", "popw_lat", "pop2020", "area_sqmi"]
    columns.append("max_radius_mi")
    sql = f"SELECT {', '.join(columns)}, border FROM zcta WHERE border IS NOT NULL"
    rows = every(f"{sql} ORDER BY zcta") if state is None else every(f"{sql} AND state = ? ORDER BY zcta", state)
    data = {name: [row[i] for row in rows] for i, name in enumerate(columns)}
    return gpd.GeoDataFrame(data, geometry=[to_shapely(unpack_border(row[-1])) for row in rows], crs="EPSG:4326")


def to_shapely(border: Border) -> Any:
    """Turn a border into a shapely Polygon or MultiPolygon, vertex for vertex."""
    import shapely

    rings, polygons = border
    shapes = []
    for exterior, *holes in polygons:
        shell, *inner = (list(zip(*rings[i], strict=True)) for i in (exterior, *holes))
        shapes.append(shapely.Polygon(shell, inner))
    return shapes[0] if len(shapes) == 1 else shapely.MultiPolygon(shapes)


def _block_group_rows(wanted: set[str] | None) -> Iterable[tuple[str, str, str, float, float, int, str]]:
    for zcta, blob in _packed_blocks(wanted):
        for geoid, lon, lat, people in unpack_blocks(blob):
            county = geoid[:5]
            if wanted is None or county in wanted:
                yield geoid, county, zcta, lon, lat, people, "block_group"


def _packed_blocks(wanted: set[str] | None) -> Iterable[tuple[str, bytes]]:
    """The block groups of the ZCTAs that can hold one of the wanted counties; of all without any."""
    if wanted is None:
        return every("SELECT zcta, blocks FROM block_groups ORDER BY zcta")
    boxes = [row for code in wanted for row in every(_BOX, code)]
    if not boxes:
        return []
    south, west = (min(box[i] for box in boxes) - _BOX_MARGIN_DEG for i in (0, 2))
    north, east = (max(box[i] for box in boxes) + _BOX_MARGIN_DEG for i in (1, 3))
    return every(_BLOCKS_NEAR, south, north, west, east)


#: No border is generalised by as much as this.
_BOX_MARGIN_DEG = 0.2
_BOX = "SELECT min_lat, max_lat, min_lon, max_lon FROM county_box WHERE county_fips = ?"
#: Block groups in no ZCTA stand together under an empty one. A ZCTA reaches no farther from its point than its radius:
#: 60 miles are less than a degree of latitude, 20 less than one of longitude anywhere south of 73 degrees.
_BLOCKS_NEAR = (
    "SELECT b.zcta, b.blocks FROM block_groups b LEFT JOIN zcta z ON z.zcta = b.zcta"
    " WHERE z.zcta IS NULL OR z.lat + z.max_radius_mi / 60 >= ? AND z.lat - z.max_radius_mi / 60 <= ?"
    " AND z.lon + z.max_radius_mi / 20 >= ? AND z.lon - z.max_radius_mi / 20 <= ? ORDER BY b.zcta"
)


def _lone_zcta_rows(wanted: set[str] | None) -> Iterable[tuple[str, str, str, float, float, int, str]]:
    sql = (
        "SELECT county_fips, zcta, lon, lat, pop2020 FROM zcta WHERE pop2020 > 0"
        " AND zcta NOT IN (SELECT zcta FROM block_groups) ORDER BY zcta"
    )
    for county, zcta, lon, lat, people in every(sql):
        if wanted is None or county in wanted:
            yield "", county, zcta, lon, lat, people, "zcta"
