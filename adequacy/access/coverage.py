"""The certified coverage table: one byte per service and cell that says in, out or ask.

A cell is *in* if every point of it is surely within the limit of one site, *out* if every point is surely beyond the
limit of all, by the triangle inequality on straight chords and the proven bounds of ``distance``; anything else is
*ask*, and is asked exactly. So a table never changes an answer; it only makes decide-only jobs a table read. It holds
for the sites it was made from and one limit; ``coverage_file`` keeps tables beside a network.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from adequacy import distance
from adequacy.access import _grid, _points, _settle
from adequacy.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from numpy.typing import ArrayLike, NDArray

    from adequacy.access._grid import Floats, Ints
    from adequacy.access.bulk import Edge, SiteIndex

__all__ = ["CELL_DEG", "Coverage", "build_coverage", "cells_needed"]

OUT, IN, ASK = 0, 1, 2
#: Side of a cell in degrees, about 1.4 miles: smaller cells ask less and read slower.
CELL_DEG = 0.02
_MOST_BYTES = 64 << 20
_SIGN = {"low": -1.0, "reference": 0.0, "high": 1.0}
_BLOCK = 8  # cells along the side of a block, which is tried first
_READ = 1 << 15  # points read at a time: the temporaries stay in the processor's cache
_EDGE_M = 0.01  # added to the radius of a cell: far more than a point can be put into the wrong cell by rounding


@dataclass(frozen=True)
class Coverage:
    """Where each service is surely covered, surely not, or has to be asked.

    ``codes[s, row + 1, column + 1]`` is 0 (out), 1 (in) or 2 (ask) for the cell whose south-west corner is ``west +
    column * cell_deg``, ``south + row * cell_deg``; the border round it, standing for everywhere else, is always 2.
    """

    services: tuple[str, ...]
    limit_mi: float
    west: float
    south: float
    cell_deg: float
    codes: NDArray[np.uint8]
    edge: Edge = field(default="high")

    @property
    def ask_pct(self) -> float:
        """Share of the cells that have to be asked, in per cent."""
        return 100.0 * float((self.codes[:, 1:-1, 1:-1] == ASK).mean())

    def decide(
        self,
        index: SiteIndex,
        lon_lat: tuple[ArrayLike, ArrayLike],
        service: Hashable | ArrayLike | None = None,
        *,
        limit_mi: float,
        edge: Edge = "high",
        progress: Callable[[int, int], None] | None = None,
    ) -> NDArray[np.bool_]:
        """Answer `SiteIndex.covered` from the table, asking ``index`` where the table cannot tell.

        Raises
        ------
        UsageError
            If the table was made for another limit, other services or another edge.
        """
        if (self.limit_mi, self.edge, self.services) != (limit_mi, edge, tuple(map(str, index.services))):
            raise UsageError(
                f"This coverage table is for {self.limit_mi} miles and {len(self.services)} services, edge "
                f"{self.edge!r}. Leave it out, or make one for {limit_mi} miles."
            )
        lon, lat = _points.points(*lon_lat)
        code = index.codes_of(service, len(lon))
        each: list[int | Ints] = list(range(len(self.services))) if code is None else [code]
        out = np.zeros((len(each), len(lon)), dtype=bool)
        for answer, mine in zip(out, each, strict=True):
            ask = self._read(lon, lat, mine, answer, compiled=index.engine == "numba")
            if len(ask):
                exact = index.services[mine] if isinstance(mine, int) else mine[ask]
                answer[ask] = index.covered(lon[ask], lat[ask], limit_mi=limit_mi, service=exact, edge=edge)
            if progress:
                progress(len(lon), len(lon))
        return out if code is None else out[0]

    def _read(self, lon: Floats, lat: Floats, code: int | Ints, out: NDArray[np.bool_], *, compiled: bool) -> Ints:
        """Read the table for every point into ``out``; returns the points that have to be asked."""
        _, rows, columns = self.codes.shape
        if compiled and len(lon):
            from adequacy.access import _numba

            each = np.full(1, code) if isinstance(code, int) else code
            start = (self.west, self.south, 1.0 / self.cell_deg)
            unsure: Ints = _numba.read_table(self._packed, rows, columns, *start, lon, lat, each, out)
            return unsure
        per_deg, ask = 1.0 / self.cell_deg, [np.zeros(0, dtype=np.int64)]
        degrees, x, y = np.empty(_READ), np.empty(_READ, np.int32), np.empty(_READ, np.int32)
        for part in _points.chunks(len(lon), _READ):
            cell, row = x[: part.stop - part.start], y[: part.stop - part.start]
            _to_cell(lon[part], self.west, per_deg, columns - 1, degrees, cell)
            _to_cell(lat[part], self.south, per_deg, rows - 1, degrees, row)
            row *= np.int32(columns)
            cell += row
            size = np.int32(rows * columns)
            if isinstance(code, int):
                cell += np.int32(code) * size
            else:
                cell += np.multiply(code[part], size, out=row, dtype=np.int32, casting="unsafe")
            found = self._packed.take(np.right_shift(cell, 2, out=row))
            shift = cell.astype(np.uint8)
            shift &= 3
            shift <<= 1
            found >>= shift
            found &= 3
            np.equal(found, IN, out=out[part])
            ask.append(np.flatnonzero(found == ASK) + part.start)
        return np.concatenate(ask)

    @cached_property
    def _packed(self) -> NDArray[np.uint8]:
        """The codes, four to a byte: a table that fits into the processor's cache is read faster."""
        return pack(self.codes)


def pack(codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Put four codes into a byte, the first in its lowest bits."""
    flat = np.zeros(-(-codes.size // 4) * 4, dtype=np.uint8)
    flat[: codes.size] = codes.reshape(-1)
    packed = flat[0::4].copy()
    for place in range(1, 4):
        packed |= flat[place::4] << np.uint8(2 * place)
    return packed


def unpack(packed: NDArray[np.uint8], shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Undo `pack`."""
    flat = np.empty((len(packed), 4), dtype=np.uint8)
    for place in range(4):
        flat[:, place] = packed >> np.uint8(2 * place) & 3
    return flat.reshape(-1)[: math.prod(shape)].reshape(shape)


def build_coverage(
    index: SiteIndex,
    *,
    limit_mi: float,
    edge: Edge = "high",
    cell_deg: float = CELL_DEG,
    most_bytes: int = _MOST_BYTES,
) -> Coverage:
    """Make the coverage table of an index.

    Parameters
    ----------
    index : SiteIndex
        Counted sites.
    limit_mi : float
        The one limit it is for, in miles.
    edge : {"high", "reference", "low"}
        As in `SiteIndex.covered`.
    cell_deg : float, default 0.02
        Side of a cell in degrees. Doubled until the table fits into ``most_bytes``.

    Examples
    --------
    >>> from adequacy.access.bulk import SiteIndex
    >>> index = SiteIndex([-78.64], [35.78], engine="numpy")
    >>> table = build_coverage(index, limit_mi=30)
    >>> index.covered([-78.7, -80.0], [35.4, 35.4], limit_mi=30, coverage=table).tolist()
    [True, False]
    """
    grid = index.grid
    reach = _settle.make_reach(grid, float(limit_mi), _SIGN[edge])
    west, south, rows, columns, cell_deg = _box(
        grid, float(reach.longest_m.max(initial=0.0)), cell_deg, len(reach.longest_m), most_bytes
    )
    codes = np.full((len(grid.geometry), rows + 2, columns + 2), ASK, dtype=np.uint8)
    cells = _Cells(west, south, cell_deg, rows, columns)
    for s in range(len(grid.geometry)):
        _paint(index, s, reach, cells, codes[s, 1:-1, 1:-1])
    services = tuple(map(str, index.services))
    return Coverage(services, float(limit_mi), west, south, cell_deg, codes, edge)


def cells_needed(index: SiteIndex, limit_mi: float, edge: Edge = "high") -> int:
    """Count the cells that `build_coverage` would judge: about what making a table costs, in exact answers."""
    grid = index.grid
    reach = _settle.make_reach(grid, float(limit_mi), _SIGN[edge])
    services = len(reach.longest_m)
    _, _, rows, columns, _ = _box(grid, float(reach.longest_m.max(initial=0.0)), CELL_DEG, services, _MOST_BYTES)
    return rows * columns * services


@dataclass(frozen=True)
class _Cells:
    """Where the cells of a table lie."""

    west: float
    south: float
    deg: float
    rows: int
    columns: int

    def balls(self, row: Ints, column: Ints, side: int) -> tuple[Floats, Floats]:
        """Centre (earth-centred) and radius in metres of squares of ``side`` cells: every point of it is inside.

        The squared chord from the centre to a point is that along the meridian plus that between the meridians,
        four times the product of both distances from the axis and the squared sine of half the angle; either is
        largest at an edge, the distance from the axis at the edge nearer to the equator.
        """
        half = side * self.deg / 2
        lat = self.south + row * self.deg + half
        lon = self.west + column * self.deg + half
        low, high = np.clip(lat - half, -90, 90), np.clip(lat + half, -90, 90)
        centre = distance.ecef(lon, np.clip(lat, -90, 90))
        at = distance.ecef(np.zeros(len(lat)), np.clip(lat, -90, 90))
        along2 = np.maximum(
            *(((distance.ecef(np.zeros(len(lat)), edge) - at) ** 2).sum(axis=1) for edge in (low, high))
        )
        near_equator = np.where(low * high <= 0, 0.0, np.where(low > 0, low, high))
        rho = distance.ecef(np.zeros(len(lat)), near_equator)[:, 0]
        across2 = 4 * rho * rho * math.sin(math.radians(min(half, 180.0)) / 2) ** 2
        return centre, np.sqrt(along2 + across2) + _EDGE_M


def _box(
    grid: _grid.Grid, reach_m: float, cell_deg: float, services: int, most_bytes: int
) -> tuple[float, float, int, int, float]:
    """Return south-west corner, rows, columns and cell size of a box that holds everything within reach."""
    if not len(grid.x):
        return 0.0, 0.0, _BLOCK, _BLOCK, cell_deg
    lon, lat = grid.lon_lat(np.arange(len(grid.x)))
    lon0, span = _grid.arc(_grid.to_radians(lon))
    pad_lat = math.degrees(min(reach_m / 6.3e6, math.pi))
    south, north = max(-90.0, float(lat.min()) - pad_lat), min(90.0, float(lat.max()) + pad_lat)
    pad_lon = pad_lat / max(math.cos(math.radians(min(89.9, max(abs(south), abs(north))))), 1e-3)
    west, width = math.degrees(lon0) - pad_lon, math.degrees(span) + 2 * pad_lon
    if width >= 360:  # noqa: PLR2004 - all round the Earth
        west, width = -180.0, 360.0
    if west < -180:  # noqa: PLR2004 - half way round
        west += 360.0
    most_bytes = min(most_bytes, 2**31 - 1)  # cells are numbered in 32 bits
    while True:
        rows, columns = math.ceil((north - south) / cell_deg), math.ceil(width / cell_deg)
        rows, columns = (-(-max(1, each) // _BLOCK) * _BLOCK for each in (rows, columns))
        if (rows + 2) * (columns + 2) * services <= most_bytes or rows * columns <= _BLOCK * _BLOCK:
            return west, south, rows, columns, cell_deg
        cell_deg *= 2


def _paint(index: SiteIndex, service: int, reach: _settle.Reach, cells: _Cells, codes: NDArray[np.uint8]) -> None:
    """Fill the table of one service: blocks first, then the cells of blocks that are neither in nor out."""
    grid = index.grid
    at = grid.places(service)
    shift = reach.sign * grid.uncertainty_mi(at)
    known = np.flatnonzero(shift == 0) + at.start
    tree = _tree(grid, known)
    sure_m, out_m = distance.chord_bounds_m(reach.limit_mi)
    rows, columns = np.divmod(np.arange(cells.rows * cells.columns // _BLOCK**2), cells.columns // _BLOCK)
    rows, columns = rows * _BLOCK, columns * _BLOCK
    block = _judge(tree, *cells.balls(rows, columns, _BLOCK), sure_m, out_m)
    whole = np.kron(block.reshape(cells.rows // _BLOCK, -1), np.ones((_BLOCK, _BLOCK), dtype=np.uint8))
    codes[:] = whole
    ask = np.flatnonzero(block == ASK)
    step_row, step_column = np.divmod(np.arange(_BLOCK**2), _BLOCK)
    row = (rows[ask][:, None] + step_row).ravel()
    column = (columns[ask][:, None] + step_column).ravel()
    codes[row, column] = _judge(tree, *cells.balls(row, column, 1), sure_m, out_m)
    for place in np.flatnonzero((shift != 0) & (reach.out_m[at] > 0)) + at.start:
        _paint_one(grid, int(place), reach, cells, codes)


def _tree(grid: _grid.Grid, places: Ints) -> Any:
    """Return a k-d tree of places, None if there are none."""
    if not len(places):
        return None
    from scipy.spatial import cKDTree

    return cKDTree(np.column_stack([grid.x[places], grid.y[places], grid.z[places]]))


def _judge(tree: Any, centre: Floats, radius_m: Floats, sure_m: float, out_m: float) -> NDArray[np.uint8]:
    """Judge balls of points by the place nearest to their centre."""
    if tree is None:
        return np.full(len(centre), OUT, dtype=np.uint8)
    beyond = min(out_m, _settle.EVERYWHERE_M) + float(radius_m.max(initial=0.0)) + 1.0
    nearest, _ = tree.query(centre, distance_upper_bound=beyond)
    code = np.where(nearest + radius_m <= sure_m, IN, np.where(nearest - radius_m > out_m, OUT, ASK))
    return code.astype(np.uint8)


def _paint_one(grid: _grid.Grid, place: int, reach: _settle.Reach, cells: _Cells, codes: NDArray[np.uint8]) -> None:
    """Add one place that is not known exactly: its own limit, in the rows it can touch."""
    lon, lat = float(grid.site_lon[grid.site[place]]), float(grid.site_lat[grid.site[place]])
    angle = min(reach.out_m[place] / 6.3e6, math.pi)
    slack = math.degrees(angle) + 2 * cells.deg
    first = max(0, int((lat - slack - cells.south) / cells.deg))
    last = min(cells.rows, int((lat + slack - cells.south) / cells.deg) + 1)
    # in longitude: asin(chord / distance from the axis), as in `_grid`, with room for the size of a cell
    ratio = (math.sin(angle) + math.radians(4 * cells.deg)) / max(math.cos(math.radians(lat)), 1e-9)
    wide = math.degrees(math.asin(ratio)) + 2 * cells.deg if ratio < 1 else 360.0
    east = (lon - cells.west) % 360.0
    left, right = max(0, int((east - wide) / cells.deg)), min(cells.columns, int((east + wide) / cells.deg) + 1)
    if east + wide >= 360.0 or east - wide < 0.0 or wide >= 90.0:  # noqa: PLR2004 - it may go round
        left, right = 0, cells.columns
    row, column = (each.ravel() for each in np.mgrid[first:last, left:right])
    centre, radius_m = cells.balls(row, column, 1)
    chord = np.sqrt(((centre - (grid.x[place], grid.y[place], grid.z[place])) ** 2).sum(axis=1))
    inside, touched = chord + radius_m <= reach.sure_m[place], chord - radius_m <= reach.out_m[place]
    codes[row[inside], column[inside]] = IN
    some = touched & ~inside & (codes[row, column] == OUT)
    codes[row[some], column[some]] = ASK


def _to_cell(degrees: Floats, start: float, per_deg: float, most: int, scratch: Floats, out: NDArray[np.int32]) -> None:
    """Turn degrees into a cell number plus one; 0 and ``most`` are the border, where NaN goes too."""
    scratch = scratch[: len(degrees)]
    np.multiply(degrees, per_deg, out=scratch)
    scratch += 1.0 - start * per_deg
    np.fmax(scratch, 0.0, out=scratch)  # unlike maximum it drops NaN
    np.minimum(scratch, most, out=scratch)
    np.copyto(out, scratch, casting="unsafe")
