"""A place to its street: the nearest point of any street, not only of any junction.

A grid over the network lists the segments that touch each cell; a place searches rings of cells until no unseen
segment can be nearer. The leg from the place to the street (*access leg*) is geodesic and always counted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from adequacy.distance import MILE_M, miles_between
from adequacy.errors import CoordinateError
from adequacy.roads.chains import spans

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from adequacy.roads.chains import Chains

__all__ = ["FAR", "MEASURED", "NO_COORDINATE", "OUTSIDE", "Grid", "Positions", "build_grid", "snap"]

#: Why a place is, or is not, on the network.
MEASURED = ""
OUTSIDE = "outside_roads"
FAR = "far_from_road"
NO_COORDINATE = "no_coordinate"

#: Side of a cell: so that a cell holds about so many segments, within bounds, ten-millionths of a degree.
_SEGMENTS_PER_CELL = 4
_CELL_E7 = (10_000, 100_000)
_MAX_CELLS = 40_000_000
_BLOCK = 20_000
_MAX_LAT, _MAX_LON = 90, 180
_E2 = 0.0066943799901413165
_A_M = 6378137.0


@dataclass(frozen=True, slots=True)
class Grid:
    """Which segments touch which cell. A segment is named by the position of its first point in the shapes.

    Parameters
    ----------
    west_e7, south_e7 : int
        South-west corner.
    cell_e7 : int
        Side of a cell in ten-millionths of a degree.
    columns, rows : int
    start : ndarray of int32, shape (columns * rows + 1,)
    segment : ndarray of int32
    """

    west_e7: int
    south_e7: int
    cell_e7: int
    columns: int
    rows: int
    start: NDArray[np.int32]
    segment: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Positions:
    """Places put on the street network.

    Parameters
    ----------
    lon, lat : ndarray of float64
        The point on the street; NaN where not measured.
    chain : ndarray of int64
        The street; -1 where not measured.
    segment : ndarray of int64
        Position of the segment's first point in the shapes; -1 where not measured.
    to_u_mi, to_v_mi : ndarray of float64
        Miles along the street to its first and last junction.
    access_mi : ndarray of float64
        Geodesic miles from the place to the street.
    reason : ndarray of str
        Why it is not measured: ``outside_roads``, ``far_from_road``, ``no_coordinate``; empty where it is.
    """

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    chain: NDArray[np.int64]
    segment: NDArray[np.int64]
    to_u_mi: NDArray[np.float64]
    to_v_mi: NDArray[np.float64]
    access_mi: NDArray[np.float64]
    reason: NDArray[np.str_]

    @property
    def measured(self) -> NDArray[np.bool_]:
        """True where the place lies on the network."""
        return self.chain >= 0

    def take(self, rows: NDArray[np.int64]) -> Positions:
        """Some of the places, in the order asked."""
        return Positions(*(getattr(self, field.name)[rows] for field in fields(self)))


def build_grid(chains: Chains, may_snap: NDArray[np.bool_]) -> Grid:
    """Lay a grid over the streets that a place may be put on.

    Parameters
    ----------
    chains : Chains
    may_snap : ndarray of bool, shape (chains,)
        False for streets without frontage (motorways and their ramps).
    """
    import numpy as np

    count = np.diff(chains.start) - 1
    segment = spans(chains.start[:-1][may_snap], count[may_snap])
    lon, lat = chains.lon_e7.astype(np.int64), chains.lat_e7.astype(np.int64)
    west, south = (int(each.min()) if len(each) else 0 for each in (lon, lat))
    width, height = (int(np.ptp(each)) + 1 if len(each) else 1 for each in (lon, lat))
    roomy = math.isqrt(width * height * _SEGMENTS_PER_CELL // max(len(segment), 1))
    cell = max(min(max(roomy, _CELL_E7[0]), _CELL_E7[1]), math.isqrt(width * height // _MAX_CELLS) + 1)
    columns, rows = -(-width // cell), -(-height // cell)
    ax, bx = (lon[segment + end] - west for end in (0, 1))
    ay, by = (lat[segment + end] - south for end in (0, 1))
    left, low = np.minimum(ax, bx) // cell, np.minimum(ay, by) // cell
    across, up = np.maximum(ax, bx) // cell - left + 1, np.maximum(ay, by) // cell - low + 1
    touched = across * up
    nth = spans(np.zeros_like(touched), touched)
    of = np.repeat(np.arange(len(segment)), touched)
    number = (low[of] + nth // across[of]) * columns + left[of] + nth % across[of]
    order = np.lexsort((segment[of], number))
    start = np.zeros(columns * rows + 1, dtype=np.int64)
    np.cumsum(np.bincount(number, minlength=columns * rows), out=start[1:])
    return Grid(west, south, cell, columns, rows, start.astype(np.int32), segment[of][order].astype(np.int32))


def snap(chains: Chains, grid: Grid, lon: ArrayLike, lat: ArrayLike, max_mi: float) -> Positions:
    """Put places on their nearest street.

    Parameters
    ----------
    chains : Chains
    grid : Grid
    lon, lat : array_like of float, shape (n,)
        WGS 84 degrees.
    max_mi : float
        A place farther than this from every street is not measured.

    Raises
    ------
    CoordinateError
        A latitude beyond 90 or a longitude beyond 180 degrees.
    """
    import numpy as np

    x, y = np.broadcast_arrays(np.atleast_1d(np.asarray(lon, float)), np.atleast_1d(np.asarray(lat, float)))
    segment = np.full(len(x), -1, dtype=np.int64)
    part = np.zeros(len(x))
    usable = np.isfinite(x) & np.isfinite(y)
    if (abs(y[usable]) > _MAX_LAT).any() or (abs(x[usable]) > _MAX_LON).any():
        raise CoordinateError("A longitude or latitude is out of range: probably swapped (longitude comes first).")
    inside = usable & _in_bounds(chains, x, y)
    rows = np.flatnonzero(inside)
    for block in range(0, len(rows), _BLOCK):
        chosen = rows[block : block + _BLOCK]
        segment[chosen], part[chosen] = _nearest(chains, grid, x[chosen], y[chosen], max_mi)
    positions = _along(chains, segment, part, x, y, max_mi)
    reason = np.where(usable, np.where(inside, np.where(positions.measured, MEASURED, FAR), OUTSIDE), NO_COORDINATE)
    positions.reason[:] = reason
    return positions


def _in_bounds(chains: Chains, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which places lie within the bounds of the streets."""
    x, y = chains.lon_e7, chains.lat_e7
    west, south, east, north = (each / 1e7 for each in (x.min(), y.min(), x.max(), y.max()))
    inside: NDArray[np.bool_] = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
    return inside


def _scale_m(lat: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return metres per 1e-7 degree of longitude and of latitude on WGS 84, at a latitude."""
    import numpy as np

    phi = np.radians(lat)
    w = np.sqrt(1 - _E2 * np.sin(phi) ** 2)
    unit = math.pi / 180 / 1e7
    return _A_M * np.cos(phi) / w * unit, _A_M * (1 - _E2) / w**3 * unit


def _nearest(
    chains: Chains, grid: Grid, lon: NDArray[np.float64], lat: NDArray[np.float64], max_mi: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Search rings of cells; return each place's segment (-1: none near) and how far along it (0..1)."""
    import numpy as np

    best_m = np.full(len(lon), np.inf)
    segment = np.full(len(lon), -1, dtype=np.int64)
    part = np.zeros(len(lon))
    kx, ky = _scale_m(lat)
    x, y = lon * 1e7 - grid.west_e7, lat * 1e7 - grid.south_e7
    limit_m = max_mi * MILE_M * 1.01
    open_rows = np.arange(len(lon))
    for ring in range(max(grid.columns, grid.rows) + 1):
        of, found = _ring(grid, x[open_rows], y[open_rows], ring)
        of = open_rows[of]
        distance_m, along = _to_segments(chains, grid, found, x[of], y[of], kx[of], ky[of])
        _improve(of, found, distance_m, along, best_m, segment, part)
        seen_m = _seen_m(grid, x, y, kx, ky, open_rows, ring)
        open_rows = open_rows[(np.minimum(best_m[open_rows], limit_m) > seen_m)]
        if not len(open_rows):
            break
    return segment, part


def _ring(
    grid: Grid, x: NDArray[np.float64], y: NDArray[np.float64], ring: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """List the segments in the cells exactly ``ring`` cells away: (row of the place, segment)."""
    import numpy as np

    steps = [
        (dx, dy) for dx in range(-ring, ring + 1) for dy in range(-ring, ring + 1) if max(abs(dx), abs(dy)) == ring
    ]
    dx, dy = np.array(steps, dtype=np.int64).T
    column = (x // grid.cell_e7).astype(np.int64)[:, None] + dx
    row = (y // grid.cell_e7).astype(np.int64)[:, None] + dy
    exists = (column >= 0) & (column < grid.columns) & (row >= 0) & (row < grid.rows)
    of, nth = np.nonzero(exists)
    cell = row[of, nth] * grid.columns + column[of, nth]
    start = grid.start[cell].astype(np.int64)
    count = grid.start[cell + 1] - start
    return np.repeat(of, count), grid.segment[spans(start, count)].astype(np.int64)


def _to_segments(
    chains: Chains,
    grid: Grid,
    segment: NDArray[np.int64],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    kx: NDArray[np.float64],
    ky: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Measure places to segments in the plane that touches the ellipsoid there: metres, and part along (0..1)."""
    import numpy as np

    ax = (chains.lon_e7[segment] - float(grid.west_e7) - x) * kx
    ay = (chains.lat_e7[segment] - float(grid.south_e7) - y) * ky
    bx = (chains.lon_e7[segment + 1] - float(grid.west_e7) - x) * kx - ax
    by = (chains.lat_e7[segment + 1] - float(grid.south_e7) - y) * ky - ay
    length2 = bx * bx + by * by
    along = np.clip(-(ax * bx + ay * by) / np.where(length2 > 0, length2, 1.0), 0.0, 1.0)
    return np.hypot(ax + along * bx, ay + along * by), along


def _improve(
    of: NDArray[np.int64],
    found: NDArray[np.int64],
    distance_m: NDArray[np.float64],
    along: NDArray[np.float64],
    best_m: NDArray[np.float64],
    segment: NDArray[np.int64],
    part: NDArray[np.float64],
) -> None:
    """Keep the nearest segment of each place; among equals the first, so that the answer is always the same.

    ``of`` is sorted: the candidates of a place stand together.
    """
    import numpy as np

    if not len(of):
        return
    begins = np.flatnonzero(np.diff(of, prepend=-1))
    row = of[begins]
    least_m = np.minimum.reduceat(distance_m, begins)
    size = np.diff(np.append(begins, len(of)))
    ties = np.where(distance_m == np.repeat(least_m, size), found, np.iinfo(np.int64).max)
    first = np.minimum.reduceat(ties, begins)
    better = (least_m < best_m[row]) | ((least_m == best_m[row]) & (first < segment[row]))
    winner = np.flatnonzero(ties == np.repeat(np.where(better, first, -1), size))
    best_m[of[winner]], segment[of[winner]], part[of[winner]] = distance_m[winner], found[winner], along[winner]


def _seen_m(
    grid: Grid,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    kx: NDArray[np.float64],
    ky: NDArray[np.float64],
    rows: NDArray[np.int64],
    ring: int,
) -> NDArray[np.float64]:
    """Return the metres within which every segment has been seen after a ring."""
    import numpy as np

    in_x, in_y = x[rows] % grid.cell_e7, y[rows] % grid.cell_e7
    margin_x = np.minimum(in_x, grid.cell_e7 - in_x) + ring * grid.cell_e7
    margin_y = np.minimum(in_y, grid.cell_e7 - in_y) + ring * grid.cell_e7
    return np.minimum(margin_x * kx[rows], margin_y * ky[rows])


def _along(
    chains: Chains,
    segment: NDArray[np.int64],
    part: NDArray[np.float64],
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    max_mi: float,
) -> Positions:
    """Measure the access leg and the way to both ends of the street; drop what lies too far."""
    import numpy as np

    size = len(segment)
    on_lon, on_lat, access, to_u, to_v = (np.full(size, np.nan) for _ in range(5))
    chain = np.full(size, -1, dtype=np.int64)
    rows = np.flatnonzero(segment >= 0)
    first, share = segment[rows], part[rows]
    a_lon, b_lon = chains.lon_e7[first] / 1e7, chains.lon_e7[first + 1] / 1e7
    a_lat, b_lat = chains.lat_e7[first] / 1e7, chains.lat_e7[first + 1] / 1e7
    on_lon[rows] = np.where(share < 1, a_lon + share * (b_lon - a_lon), b_lon)
    on_lat[rows] = np.where(share < 1, a_lat + share * (b_lat - a_lat), b_lat)
    access[rows] = miles_between(lon[rows], lat[rows], on_lon[rows], on_lat[rows])
    chain[rows] = np.searchsorted(chains.start, first, side="right") - 1
    before, after = _rest_mi(chains, chain[rows], first)
    to_u[rows] = before + miles_between(a_lon, a_lat, on_lon[rows], on_lat[rows])
    to_v[rows] = after + miles_between(on_lon[rows], on_lat[rows], b_lon, b_lat)
    far = ~(access <= max_mi)
    for each in (on_lon, on_lat, access, to_u, to_v):
        each[far] = np.nan
    chain[far] = -1
    return Positions(
        on_lon, on_lat, chain, np.where(far, -1, segment), to_u, to_v, access, np.full(size, MEASURED, dtype="<U16")
    )


def _rest_mi(
    chains: Chains, chain: NDArray[np.int64], segment: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the miles of a street before and after one of its segments, for many at once."""
    import numpy as np

    used, which = np.unique(chain, return_inverse=True)
    count = chains.start[used + 1] - chains.start[used] - 1
    first = spans(chains.start[used], count)
    lon, lat = (each[np.append(first, first + 1)] / 1e7 for each in (chains.lon_e7, chains.lat_e7))
    half = len(first)
    step = miles_between(lon[:half], lat[:half], lon[half:], lat[half:])
    begins = (np.cumsum(count) - count)[which]
    nth = begins + segment - chains.start[chain]
    return _sums(step, begins, nth), _sums(step, nth + 1, begins + count[which])


def _sums(step: NDArray[np.float64], low: NDArray[np.int64], high: NDArray[np.int64]) -> NDArray[np.float64]:
    """Add up each slice by itself, so that a place's figures never depend on the places asked about with it."""
    import numpy as np

    total = np.zeros(len(low))
    some = np.flatnonzero(high > low)
    if len(some):
        count = (high - low)[some]
        total[some] = np.add.reduceat(step[spans(low[some], count)], np.cumsum(count) - count)
    return total
