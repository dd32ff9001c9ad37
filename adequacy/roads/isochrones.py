"""Areas within so many drive minutes of a site, as polygons for maps.

A grid of places round the site is measured exactly as any consumer's place would be (access leg included); the border
is drawn between the places that are within the minutes and those that are not. For drawing, never for deciding.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

from adequacy.distance import miles
from adequacy.errors import PlaceUnknown, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas
    import numpy as np
    from numpy.typing import NDArray

    from adequacy.roads.routing import NearestDrives, RoadNetwork
    from adequacy.roads.search import Direction

__all__ = ["catchment_by_road", "isochrones", "minutes_grid"]

_MINUTES_PER_HOUR = 60.0
_WGS84 = "EPSG:4326"
_MIN_CELLS = 10


def isochrones(
    network: RoadNetwork,
    lon: float,
    lat: float,
    minutes: Sequence[float] = (15, 30, 45, 60),
    *,
    direction: Direction = "home_to_site",
    cells: int = 300,
) -> geopandas.GeoDataFrame:
    """Draw the areas within so many drive minutes of a site.

    Parameters
    ----------
    network : RoadNetwork
    lon, lat : float
        The site, WGS 84 degrees.
    minutes : sequence of float
        One area for each; a longer one holds the shorter ones.
    direction : {"home_to_site", "site_to_home"}
        Who drives.
    cells : int
        Places measured along each side of the grid: more cells, finer borders.

    Returns
    -------
    geopandas.GeoDataFrame
        Columns ``minutes, direction, clipped, licence, geometry``, EPSG:4326, longest first so that shorter ones are
        drawn on top. ``clipped``: the area reaches the border of the network, where it may go on. Water, bases and
        everything farther from a street than the network's snap limit stay outside.

    Raises
    ------
    PlaceUnknown
        The site is outside the network or too far from a street.
    UsageError
        No minutes, minutes that are not positive, or too few cells.
    """
    import geopandas
    import shapely

    wanted = sorted({float(each) for each in minutes}, reverse=True)
    if not wanted or not wanted[-1] > 0 or not math.isfinite(wanted[0]):
        raise UsageError("minutes: give at least one positive number, such as 15, 30, 45, 60.")
    if cells < _MIN_CELLS:
        raise UsageError(f"cells = {cells}: give at least {_MIN_CELLS}.")
    x, y, grid = minutes_grid(network, lon, lat, wanted[0], direction=direction, cells=cells)
    shapes = [_area(x, y, grid, each) for each in wanted]
    west, south, east, north = network.bounds
    inner = shapely.box(west + (x[1] - x[0]), south + (y[1] - y[0]), east - (x[1] - x[0]), north - (y[1] - y[0]))
    return geopandas.GeoDataFrame(
        {
            "minutes": wanted,
            "direction": direction,
            "clipped": [not inner.contains(shape) for shape in shapes],
            "licence": network.meta["licence"],
        },
        geometry=shapes,
        crs=_WGS84,
    )


def minutes_grid(
    network: RoadNetwork, lon: float, lat: float, limit_min: float, *, direction: Direction, cells: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Measure a grid of places round a site: longitudes, latitudes, drive minutes (row = latitude; NaN not measured).

    The grid reaches as far as the fastest street of the network leads in the time, within the network's bounds.
    Beyond the limit the minutes are infinite.
    """
    reach_mi = limit_min / _MINUTES_PER_HOUR * network.fastest_mph
    x, y, found = _grid(network, lon, lat, reach_mi, cells, direction=direction, limit_min=limit_min, limit_mi=0.0)
    return x, y, found.drive_min.reshape(cells, cells)


def catchment_by_road(network: RoadNetwork, lon: float, lat: float, limit_mi: float, *, cells: int = 200) -> Any:
    """Draw where a consumer gets within so many drive miles: the outline beside the rule's circle, for maps.

    Parameters
    ----------
    network : RoadNetwork
    lon, lat : float
        The consumer's place, WGS 84 degrees.
    limit_mi : float
        Drive miles, access legs included.
    cells : int
        Places measured along each side of the grid.

    Returns
    -------
    shapely Polygon or MultiPolygon
        WGS 84 degrees. It ends at the border of the network, where it may go on.

    Raises
    ------
    PlaceUnknown
        The place is outside the network or too far from a street.
    """
    x, y, found = _grid(network, lon, lat, limit_mi, cells, direction="site_to_home", limit_min=0.0, limit_mi=limit_mi)
    return _area(x, y, found.drive_mi.reshape(cells, cells), limit_mi)


def _grid(
    network: RoadNetwork,
    lon: float,
    lat: float,
    reach_mi: float,
    cells: int,
    *,
    direction: Direction,
    limit_mi: float,
    limit_min: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NearestDrives]:
    """Measure a grid of places that reaches so many miles round a place, within the network's bounds."""
    import numpy as np

    if not network.snap(lon, lat).measured[0]:
        raise PlaceUnknown("The place lies outside the street network or too far from a street: no area by road.")
    west, south, east, north = network.bounds
    per_lat, per_lon = miles(lon, lat - 0.5, lon, lat + 0.5), miles(lon - 0.5, lat, lon + 0.5, lat)
    x = np.linspace(max(west, lon - reach_mi / per_lon), min(east, lon + reach_mi / per_lon), cells)
    y = np.linspace(max(south, lat - reach_mi / per_lat), min(north, lat + reach_mi / per_lat), cells)
    grid_lon, grid_lat = (each.reshape(-1) for each in np.meshgrid(x, y))
    found = network.nearest(
        grid_lon, grid_lat, [lon], [lat], direction=direction, limit_min=limit_min, limit_mi=limit_mi
    )
    return x, y, found


def _area(x: NDArray[np.float64], y: NDArray[np.float64], grid: NDArray[np.float64], limit_min: float) -> Any:
    """Turn the places within the minutes into one (multi)polygon."""
    import numpy as np
    import shapely
    from contourpy import FillType, contour_generator

    level = np.where(np.isinf(grid), limit_min * 2, grid)
    # A frame of unmeasured places would lose the outermost ones: a place just outside counts as not within instead.
    level = np.where(np.isnan(level), limit_min * 2, level)
    generator = contour_generator(x, y, level, fill_type=FillType.OuterOffset)
    polygons, offsets = cast("tuple[list[Any], list[Any]]", generator.filled(-np.inf, limit_min))
    parts = []
    for points, starts in zip(polygons, offsets, strict=True):
        rings = [points[low:high] for low, high in pairwise(starts)]
        parts.append(shapely.Polygon(rings[0], rings[1:]))
    return shapely.union_all([shapely.make_valid(part) for part in parts])
