"""The sorted-cell index of counted sites, the order in which points are asked, and the proven search window.

Rows of cells are slices of the Earth of equal height along its axis; columns are sectors of longitude. A site within
chord c of a point differs from it by at most c along the axis, which bounds the rows exactly, and, with h the part of
c that is left across the axis and rho the point's distance from it, by at most asin(h / rho) in longitude, which
bounds the columns (proof: ``docs/exactness.md``). Both hold at the poles and across the antimeridian. Sites at one
place are stored once, so a million of them cost as much as one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from adequacy.distance import ecef
from adequacy.errors import CoordinateError, UsageError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

ROUNDING_M = 1e-3  # added to every window: a million times what doubles err by here
ROUNDING_RAD = 1e-9  # the same for longitudes: 6 mm
ASIN_CUBIC = 0.1888  # asin(x) <= x (1 + 0.1888 x^2) for 0 <= x <= 1/2
TURN = 2 * math.pi
CELLS_PER_SITE = 1.0
_POINT_CELL_M = 5_000.0  # points are asked in the order of squares of this size
_SMALLEST_CELL_M = 1.0


@dataclass(frozen=True)
class Geometry:
    """Where the cells of one service lie. Rows run along the axis, columns along longitude from ``lon0`` eastwards."""

    z0: float
    row_m: float
    rows: int
    lon0: float
    span: float
    column_rad: float
    columns: int

    @property
    def cells(self) -> int:
        """How many cells there are."""
        return self.rows * self.columns

    def turned(self, lon_rad: Floats) -> Floats:
        """Longitudes counted from ``lon0``, turned so that they lie as near to 0..span as they can."""
        half = self.span / 2
        east: Floats = lon_rad - self.lon0 - half
        return east - TURN * np.round(east / TURN) + half

    def cell_of(self, z: Floats, lon_rad: Floats) -> Ints:
        """Cell of each point of the box, row by row."""
        row = np.clip((z - self.z0) / self.row_m, 0, self.rows - 1).astype(np.int64)
        column = np.clip(self.turned(lon_rad) / self.column_rad, 0, self.columns - 1).astype(np.int64)
        return row * self.columns + column


NO_CELLS = Geometry(0.0, 1.0, 1, 0.0, 0.0, 1.0, 1)


@dataclass(frozen=True)
class Grid:
    """Distinct places of counted sites, service by service, cell by cell.

    ``first[s] : first[s + 1]`` are the places of service ``s``; ``starts[cell_first[s] + c]`` is the first place of
    its cell ``c``. ``rows[group_first[j] : group_first[j + 1]]`` are the caller's rows at place ``j``, ascending.
    ``site[j]`` is where its longitude, latitude and uncertainty stand in the caller's columns; ``site_of_row`` is the
    same for the caller's rows.
    """

    geometry: tuple[Geometry, ...]
    first: Ints
    cell_first: Ints
    starts: Ints
    x: Floats
    y: Floats
    z: Floats
    site: Ints
    group_first: Ints
    rows: Ints
    site_of_row: Ints
    site_lon: Floats
    site_lat: Floats
    site_uncertainty_mi: Floats

    def places(self, service: int) -> slice:
        """Places of one service."""
        return slice(int(self.first[service]), int(self.first[service + 1]))

    def lon_lat(self, place: Ints) -> tuple[Floats, Floats]:
        """Longitude and latitude of places, in degrees, as the caller gave them."""
        return self.site_lon[self.site[place]], self.site_lat[self.site[place]]

    def uncertainty_mi(self, place: Ints | slice) -> Floats:
        """Uncertainty of places."""
        return self.site_uncertainty_mi[self.site[place]]


def build_grid(
    columns: tuple[Floats, Floats, Floats], site: Ints, service: Ints, services: int, *, compiled: bool
) -> Grid:
    """Index the counted sites.

    ``columns`` are longitude, latitude and uncertainty of the sites; row ``i`` says that site ``site[i]`` gives the
    service with code ``service[i]``. Places are ordered by service and cell.
    """
    by_service = np.argsort(service.astype(np.int16 if services < 1 << 15 else np.int64), kind="stable")
    first_row = np.zeros(services + 1, dtype=np.int64)
    np.cumsum(np.bincount(service, minlength=services), out=first_row[1:])
    if compiled:
        return _build_compiled(columns, site, by_service, first_row)
    return _build_plain(columns, site, by_service, first_row)


def _build_plain(columns: tuple[Floats, Floats, Floats], site: Ints, by_service: Ints, first_row: Ints) -> Grid:
    """Sort rows by service, cell and place with numpy."""
    lon, lat, _ = columns
    xyz, lon_rad = ecef(lon, lat), to_radians(lon)
    same_as = _first_alike(columns)
    mine = np.split(site[by_service], first_row[1:-1])
    geometry = tuple(_fit_cells(xyz[each, 2], lon_rad[each]) for each in mine)
    cell_first = _cell_first(geometry)
    cell = np.concatenate(
        [cell_first[s] + box.cell_of(xyz[mine[s], 2], lon_rad[mine[s]]) for s, box in enumerate(geometry)]
    )
    key = cell * max(1, len(lon)) + same_as[site[by_service]]
    order = np.argsort(key)
    new = np.diff(key[order], prepend=-1) != 0
    if not new.all():  # rows at one place must come in ascending order
        order = np.argsort(key, kind="stable")
    starts = np.zeros(cell_first[-1] + 1, dtype=np.int64)
    np.cumsum(np.bincount(cell[order[new]], minlength=int(cell_first[-1])), out=starts[1:])
    group_first = np.append(np.flatnonzero(new), len(order))
    rows = by_service[order]
    lead = site[rows[group_first[:-1]]]
    x, y, z = (xyz[lead, axis] for axis in range(3))
    return Grid(geometry, starts[cell_first], cell_first, starts, x, y, z, lead, group_first, rows, site, *columns)


def _build_compiled(columns: tuple[Floats, Floats, Floats], site: Ints, by_service: Ints, first_row: Ints) -> Grid:
    """Do the same in compiled code."""
    from adequacy.access import _numba_index

    table = _numba_index.locate(columns[0], columns[1])
    boxes, cell_first, starts, places, rows, group_first = _numba_index.build_grid(
        columns, table, site, by_service, first_row
    )
    x, y, z, lead = places
    geometry = tuple(
        Geometry(z0, row_m, int(tall), lon0, span, column_rad, int(wide))
        for z0, row_m, tall, lon0, span, column_rad, wide in boxes.tolist()
    )
    return Grid(geometry, starts[cell_first], cell_first, starts, x, y, z, lead, group_first, rows, site, *columns)


def _cell_first(geometry: tuple[Geometry, ...]) -> Ints:
    """First cell of every service, and the end; one cell more for each, so that ``starts[c + 1]`` always exists."""
    return np.concatenate([[0], np.cumsum([box.cells + 1 for box in geometry], dtype=np.int64)]).astype(np.int64)


def pack(geometry: tuple[Geometry, ...]) -> Floats:
    """Geometries as one table for compiled code: z0, row_m, rows, lon0, span, column_rad, columns."""
    return np.array([(g.z0, g.row_m, g.rows, g.lon0, g.span, g.column_rad, g.columns) for g in geometry]).reshape(-1, 7)


def to_radians(lon: Floats) -> Floats:
    """Longitudes in radians, turned to -pi..pi."""
    lon_rad: Floats = np.radians(lon)
    return lon_rad - TURN * np.round(lon_rad / TURN)


def site_arrays(lon: ArrayLike, lat: ArrayLike, uncertainty_mi: ArrayLike | None) -> tuple[Floats, Floats, Floats]:
    """Return the sites' columns as arrays, refusing what is no place."""
    lon_deg, lat_deg = np.asarray(lon, dtype=float).ravel(), np.asarray(lat, dtype=float).ravel()
    unsure = np.zeros(len(lon_deg)) if uncertainty_mi is None else np.asarray(uncertainty_mi, dtype=float).ravel()
    if not len(lon_deg) == len(lat_deg) == len(unsure):
        raise UsageError(f"Sites: {len(lon_deg)} lon, {len(lat_deg)} lat, {len(unsure)} uncertainty_mi. Give one each.")
    bad = np.flatnonzero(~(np.isfinite(lon_deg) & np.isfinite(lat_deg) & (unsure >= 0) & np.isfinite(unsure)))
    if len(bad):
        raise CoordinateError(f"Site in row {bad[0]} is not located, or its uncertainty is no distance. Leave it out.")
    return lon_deg, lat_deg, unsure


def point_box(z: Floats, lon_rad: Floats, services: int, spread: float) -> Geometry:
    """Cells by which points are sorted before they are asked, so that neighbours follow each other."""
    side_m = spread * (_POINT_CELL_M if services == 1 else 2 * _POINT_CELL_M)
    return _fit_box(z, lon_rad, side_m, most=4 * len(z) // services + 16)


def serpentine(box: Geometry, z: Floats, lon_rad: Floats) -> Ints:
    """Cell of each point, every other row backwards."""
    row, column = np.divmod(box.cell_of(z, lon_rad), box.columns)
    return row * box.columns + np.where(row & 1, box.columns - 1 - column, column)


def _fit_cells(z: Floats, lon_rad: Floats) -> Geometry:
    """Cells for the places of one service: about half a place in each."""
    if not len(z):
        return NO_CELLS
    return _fit_box(z, lon_rad, 0.0, most=int(CELLS_PER_SITE * len(z)) + 1)


def _fit_box(z: Floats, lon_rad: Floats, side_m: float, most: int) -> Geometry:
    """Lay cells over points."""
    return _lay_cells((float(z.min()), float(z.max())), arc(lon_rad), side_m, most)


def _lay_cells(z_range: tuple[float, float], along: tuple[float, float], side_m: float, most: int) -> Geometry:
    """Lay cells over a box."""
    (z0, z1), (lon0, span) = z_range, along
    row_m, rows, column_rad, columns = lay_cells(z0, z1, span, side_m, most)
    return Geometry(z0, row_m, rows, lon0, span, column_rad, columns)


def lay_cells(z0: float, z1: float, span: float, side_m: float, most: int) -> tuple[float, int, float, int]:
    """Height and number of rows, width and number of columns of nearly square cells.

    They have sides of ``side_m``, longer where that would make more than ``most``. Plain arithmetic: compiled too.
    """
    middle = (z0 + z1) / 2 / 6.36e6
    slope = max(0.05, math.sqrt(max(0.0, 1.0 - middle * middle)))  # cosine of a middle latitude
    tall_m, wide_m = (z1 - z0) / slope, span * 6.378e6 * slope
    side_m = max(side_m, _SMALLEST_CELL_M, math.sqrt(tall_m * wide_m / most), tall_m / most, wide_m / most)
    rows = max(1, min(most, math.ceil(tall_m / side_m)))
    columns = max(1, min(most // rows, math.ceil(wide_m / side_m)))
    return max((z1 - z0) / rows, 1e-9), rows, max(span / columns, 1e-15), columns


def arc(lon_rad: Floats) -> tuple[float, float]:
    """Start and length of an arc of longitude that holds all points; cut at the widest gap where it is long."""
    west, east = float(lon_rad.min()), float(lon_rad.max())
    if east - west <= math.pi:
        return west, east - west
    around = np.unique(lon_rad)
    gaps = np.diff(around, append=around[0] + TURN)
    widest = int(np.argmax(gaps))
    return float(around[(widest + 1) % len(around)]), TURN - float(gaps[widest])


def _first_alike(columns: tuple[Floats, ...]) -> Ints:
    """Find, for every site, the first site with the same coordinates and uncertainty.

    Sites are sorted by a hash of all three. Should two different places share a hash, equal places may stand apart:
    they are then stored twice, which changes no answer.
    """
    count = len(columns[0])
    exact = tuple(column + 0.0 for column in columns)  # + 0.0 makes -0.0 equal to 0.0
    key = np.zeros(count, dtype=np.uint64)
    for column in exact:
        key = (key ^ (key >> np.uint64(29)) ^ column.view(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
    order = np.argsort(key)
    ranked = key[order]
    suspects = np.flatnonzero(ranked[1:] == ranked[:-1]) + 1
    same_as = np.arange(count)
    if not len(suspects):
        return same_as
    order = np.argsort(key, kind="stable")
    new = np.ones(count, dtype=bool)
    new[suspects] = np.logical_or.reduce([column[order[suspects]] != column[order[suspects - 1]] for column in exact])
    same_as[order] = order[np.flatnonzero(new)][np.cumsum(new) - 1]
    return same_as
