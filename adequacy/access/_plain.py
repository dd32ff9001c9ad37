"""The kernels in numpy and scipy: the same answers as `_numba` where the extra ``fast`` is not installed.

The signatures are `_numba`'s, so that `bulk` can call either. Nearest sites come from a k-d tree over earth-centred
coordinates; counts and lists walk the same sorted cells as the compiled code, groups of points at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adequacy import distance
from adequacy.access._grid import ASIN_CUBIC, ROUNDING_M, ROUNDING_RAD, TURN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from adequacy.access._grid import Floats, Geometry, Grid, Ints

OPEN, FAR = 1, 2
_FAR_M = distance.chord_bounds_m(distance.CLOSED_FORM_MI)[0]
_PAIRS = 1 << 20  # pairs of a point and a place looked at together: bounds the memory


def rivals_m(chord_m: Floats) -> Floats:
    """Chord beyond which no other point can be nearer: ``distance.rival_chord_m`` by its proven cubic bounds."""
    limb_m = 2 * 6_335_439.0
    near = (distance.rival_chord_m(_FAR_M) - _FAR_M) / _FAR_M**3
    far = (distance.rival_chord_m(limb_m) - limb_m) / limb_m**3
    bend = np.where(chord_m <= _FAR_M, near, far)
    return np.where(chord_m <= limb_m, chord_m + bend * chord_m**3 + 1e-5, np.inf)


def nearest(  # type: ignore[no-untyped-def]
    grid: Grid, service: int, tree: object, xyz: Floats, k: int, reach_m: float, sure_m: float, name: Ints
):
    """Find the k nearest places of one service: their names, miles, state; shapes (n, k), (n, k), (n,)."""
    count, places = len(xyz), grid.places(service)
    place = np.full((count, k), -1, dtype=np.int64)
    miles = np.full((count, k), np.inf)
    if not places.stop - places.start:
        return place, miles, np.zeros(count, dtype=np.int8)
    bound = reach_m * (1 + 1e-12) + 1e-6  # the tree asks for "less than"
    chord, found = tree.query(xyz, k=k + 1, distance_upper_bound=bound)  # type: ignore[attr-defined]
    known = np.isfinite(chord[:, :k])
    at = found[:, :k][known] + places.start
    place[known] = name[at]
    point = np.nonzero(known)[0]
    a = xyz[point].T
    miles[known] = distance.closed_form_m(a[0], a[1], a[2], grid.x[at], grid.y[at], grid.z[at]) / distance.MILE_M
    with np.errstate(invalid="ignore"):
        rival = np.isfinite(chord[:, 1:]) & (chord[:, 1:] <= rivals_m(chord[:, :k]))
        far = known & (chord[:, :k] > _FAR_M)
    unsure = rival | (known & (chord[:, :k] > sure_m))
    state = np.where(unsure.any(axis=1), OPEN, np.where(far.any(axis=1), FAR, 0)).astype(np.int8)
    return place, miles, state


def near_pairs(box: Geometry, base: int, starts: Ints, centre: Floats, reach_m: Floats) -> Iterator[tuple[Ints, Ints]]:
    """Yield (centre, place) pairs that hold every place within ``reach_m`` of each centre, in blocks of centres.

    The windows are those of the module docstring of `_grid`; what lies outside them is farther, proven.
    """
    for block in _blocks(np.arange(0, len(centre) * box.rows + 1, box.rows)):
        which, runs = _runs(box, base, starts, centre[block], reach_m[block])
        which += block.start
        length = runs[:, 1] - runs[:, 0]
        edges = np.searchsorted(which, np.arange(block.start, block.stop + 1))  # runs of each centre
        ends = np.concatenate([[0], np.cumsum(length)])[edges]
        for part in _blocks(ends):
            these = slice(edges[part.start], edges[part.stop])
            yield np.repeat(which[these], length[these]), ragged(runs[these, 0], length[these])


def _blocks(ends: Ints) -> Iterator[slice]:
    """Cut a list into blocks with at most ``_PAIRS`` parts in each (one entry at least), ``ends`` counting parts."""
    start = 0
    while start < len(ends) - 1:
        stop = int(np.searchsorted(ends, ends[start] + _PAIRS, "right")) - 1
        stop = min(max(stop, start + 1), len(ends) - 1)
        yield slice(start, stop)
        start = stop


def _runs(box: Geometry, base: int, starts: Ints, centre: Floats, reach_m: Floats) -> tuple[Ints, Ints]:
    """Runs of places (first, end) in the window of each centre, and whose window it is; centres ascending."""
    z = centre[:, 2]
    low = np.clip((z - reach_m - ROUNDING_M - box.z0) / box.row_m - 1, 0, box.rows - 1).astype(np.int64)
    high = np.clip((z + reach_m + ROUNDING_M - box.z0) / box.row_m + 1, 0, box.rows - 1).astype(np.int64)
    which = np.repeat(np.arange(len(centre)), high - low + 1)
    row = ragged(low, high - low + 1)
    edge = box.z0 + row * box.row_m
    gap = np.maximum(np.maximum(edge - z[which], z[which] - edge - box.row_m) - ROUNDING_M, 0.0)
    reach = reach_m[which] + ROUNDING_M
    kept = gap <= reach
    which, row, gap, reach = which[kept], row[kept], gap[kept], reach[kept]
    rho = np.maximum(np.hypot(centre[:, 0], centre[:, 1]), 1e-9)
    ratio = np.sqrt(reach * reach - gap * gap) / rho[which]
    first, last = _columns(box, np.arctan2(centre[:, 1], centre[:, 0])[which], ratio)
    some = last >= first
    cell = base + row[some] * box.columns
    runs = np.stack([starts[cell + first[some]], starts[cell + last[some] + 1]], axis=1)
    filled = runs[:, 1] > runs[:, 0]
    return which[some][filled], runs[filled]


def _columns(box: Geometry, lon_rad: Floats, ratio: Floats) -> tuple[Ints, Ints]:
    """First and last column within reach; last < first if none is. See `_numba._columns`."""
    w = np.minimum(ratio, 0.5) * (1 + ASIN_CUBIC * np.minimum(ratio, 0.5) ** 2) + ROUNDING_RAD
    u = box.turned(lon_rad)
    low, high = u - w, u + w
    inside, east, west = (low <= box.span) & (high >= 0), low + TURN <= box.span, high - TURN >= 0
    turn = np.where(inside, 0.0, np.where(east, TURN, np.where(west, -TURN, 0.0)))
    whole = (ratio > 0.5) | (inside & (east | west))  # noqa: PLR2004 - where the series of the arcsine ends
    none = ~(inside | east | west)
    first = np.clip((low + turn) / box.column_rad, 0, box.columns - 1).astype(np.int64)
    last = np.clip((high + turn) / box.column_rad, 0, box.columns - 1).astype(np.int64)
    return np.where(whole, 0, first), np.where(whole, box.columns - 1, np.where(none, -1, last))


def ragged(first: Ints, length: Ints) -> Ints:
    """Concatenate ranges: ``first[i], first[i] + 1, ...`` for ``length[i]`` numbers each."""
    total = int(length.sum())
    offset = np.cumsum(length) - length
    return np.repeat(first - offset, length) + np.arange(total)


def balls(xyz: Floats, groups: Ints) -> tuple[Floats, Floats]:
    """Centre of each run of points ``groups[g] : groups[g + 1]`` (none empty), and the chord to its farthest point."""
    size = np.diff(groups)
    centre = np.add.reduceat(xyz, groups[:-1], axis=0) / size[:, None]
    off = np.sqrt(((xyz - np.repeat(centre, size, axis=0)) ** 2).sum(axis=1))
    return centre, np.maximum.reduceat(off, groups[:-1])


def pairs_within(
    grid: Grid, service: int, xyz: Floats, groups: Ints, sure_m: Floats, out_m: Floats, reach_m: float
) -> Iterator[tuple[Ints, Ints, NDArray[np.bool_]]]:
    """Yield (point, place, sure) for every place surely within reach of a point (sure) or too near to tell (not)."""
    centre, r = balls(xyz, groups)
    size = np.diff(groups)
    box, base = grid.geometry[service], int(grid.cell_first[service])
    for group, place in near_pairs(box, base, grid.starts, centre, r + reach_m):
        dx, dy, dz = (
            centre[group, 0] - grid.x[place],
            centre[group, 1] - grid.y[place],
            centre[group, 2] - grid.z[place],
        )
        near = np.sqrt(dx * dx + dy * dy + dz * dz) - r[group] <= out_m[place] + ROUNDING_M
        group, place = group[near], place[near]
        for part in _blocks(np.concatenate([[0], np.cumsum(size[group])])):
            these = size[group[part]]
            point = ragged(groups[:-1][group[part]], these)
            yield _told_apart(grid, xyz, point, np.repeat(place[part], these), sure_m, out_m)


def _told_apart(  # type: ignore[no-untyped-def]
    grid: Grid, xyz: Floats, point: Ints, place: Ints, sure_m: Floats, out_m: Floats
):
    """Drop the pairs surely out of reach and say which of the others are surely within."""
    dx, dy, dz = xyz[point, 0] - grid.x[place], xyz[point, 1] - grid.y[place], xyz[point, 2] - grid.z[place]
    chord = np.sqrt(dx * dx + dy * dy + dz * dz)
    kept = np.flatnonzero(chord <= out_m[place])
    return point[kept], place[kept], chord[kept] <= sure_m[place[kept]]
