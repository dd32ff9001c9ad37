"""What the bounds leave open, settled by Karney's algorithm: ties, sites on the line, and far distances.

Shared by both engines, so that they cannot differ where it matters. Also the questions in which a site that is not
known exactly stands nearer or farther than it is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from adequacy import distance
from adequacy.access import _plain
from adequacy.access._grid import ROUNDING_M

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from adequacy.access._grid import Floats, Grid, Ints
    from adequacy.access._points import Asked

EVERYWHERE_M = 1.3e7  # longer than any chord of the Earth


@dataclass(frozen=True)
class Reach:
    """A limit, as chords in metres for every place: surely inside, surely outside; and the longest of each service.

    ``sign`` says how uncertainty counts: a place with uncertainty u is within reach if d + sign * u <= limit.
    """

    limit_mi: float
    sign: float
    sure_m: Floats
    out_m: Floats
    longest_m: Floats


def make_reach(grid: Grid, limit_mi: float, sign: float) -> Reach:
    """Turn a limit into the chords of every place."""
    places = len(grid.x)
    sure_m, out_m = distance.chord_bounds_m(limit_mi)
    shift = sign * grid.uncertainty_mi(slice(None))
    sure, out = np.full(places, min(sure_m, EVERYWHERE_M)), np.full(places, min(out_m, EVERYWHERE_M))
    for shifted in np.unique(shift[shift != 0]):
        mine = shift == shifted
        left_mi = limit_mi - shifted
        bounds = distance.chord_bounds_m(float(left_mi)) if left_mi >= 0 else (-1.0, -1.0)
        sure[mine], out[mine] = min(bounds[0], EVERYWHERE_M), min(bounds[1], EVERYWHERE_M)
    longest = [max(0.0, float(out[grid.places(s)].max(initial=0.0))) for s in range(len(grid.geometry))]
    return Reach(limit_mi, sign, sure, out, np.array(longest))


def exact_pairs(grid: Grid, asked: Asked, reach: Reach) -> Iterator[tuple[Ints, Ints]]:
    """Yield (point, place) for every place within reach of a point, decided exactly."""
    for s, at in asked.parts():
        if grid.first[s] == grid.first[s + 1]:
            continue
        order, n = asked.order[at], list(asked.which).index(s)
        groups = np.unique(asked.groups[asked.segment[n] : asked.segment[n + 1] + 1]) - at.start
        blocks = _plain.pairs_within(
            grid, s, asked.table[at, :3], groups, reach.sure_m, reach.out_m, float(reach.longest_m[s])
        )
        for in_part, place, sure in blocks:
            point = order[in_part]
            unsure = np.flatnonzero(~sure)
            if len(unsure):
                sure[unsure] = _decide(grid, asked, reach, point[unsure], place[unsure])
            yield point[sure], place[sure]


def _decide(grid: Grid, asked: Asked, reach: Reach, point: Ints, place: Ints) -> NDArray[np.bool_]:
    """Decide pairs by Karney's algorithm."""
    miles = distance.karney_between(asked.lon[point], asked.lat[point], *grid.lon_lat(place))
    within: NDArray[np.bool_] = miles + reach.sign * grid.uncertainty_mi(place) <= reach.limit_mi
    return within


def pair_miles(grid: Grid, asked: Asked, point: Ints, place: Ints, reach: Reach) -> Floats:
    """Miles of pairs; those on the line by Karney's algorithm, so that the number agrees with the decision."""
    lon, lat = asked.lon[point], asked.lat[point]
    miles = distance.miles_between(lon, lat, *grid.lon_lat(place))
    over = miles + reach.sign * grid.uncertainty_mi(place) - reach.limit_mi
    on_line = np.flatnonzero(np.abs(over) * distance.MILE_M <= distance.GUARD_M)
    if len(on_line):
        miles[on_line] = distance.karney_between(lon[on_line], lat[on_line], *grid.lon_lat(place[on_line]))
    return miles


def settle_nearest(
    grid: Grid, asked: Asked, row: Ints, miles: Floats, state: NDArray[np.int8], limit_mi: float
) -> None:
    """Measure again, in place, whatever the bounds left open among the nearest."""
    if not state.any():
        return
    far = np.flatnonzero(state == _plain.FAR)
    if len(far):
        point, slot = np.nonzero((row[far] >= 0) & (miles[far] > 0.999 * distance.CLOSED_FORM_MI))
        point = far[point]
        at = grid.site_of_row[row[point, slot]]
        site = (grid.site_lon[at], grid.site_lat[at])
        miles[point, slot] = distance.karney_between(asked.lon[point], asked.lat[point], *site)
    unsure = np.flatnonzero(state == _plain.OPEN)
    code = asked.services()[unsure] if len(unsure) else unsure
    for s in np.unique(code):
        mine = unsure[code == s]
        found = row[mine]
        miles[mine], row[mine] = np.inf, -1
        _settle_ties(grid, int(s), (asked.lon[mine], asked.lat[mine]), found, limit_mi, (mine, miles, row))


def to_rows(grid: Grid, place: Ints, miles: Floats) -> None:
    """Turn places into rows, in place: a place with several rows takes several ranks."""
    k = place.shape[1]
    size = np.where(place >= 0, np.diff(grid.group_first)[place], 1)
    ends = np.cumsum(size, axis=1)
    out_mi, row, points = np.full(place.shape, np.inf), np.full(place.shape, -1), np.arange(len(place))
    for rank in range(k):
        slot = np.minimum((ends <= rank).sum(axis=1), k - 1)
        at = place[points, slot]
        known = at >= 0
        offset = rank - (ends[points, slot] - size[points, slot])
        out_mi[known, rank] = miles[points, slot][known]
        row[known, rank] = grid.rows[grid.group_first[at[known]] + offset[known]]
    place[:], miles[:] = row, out_mi


def _settle_ties(
    grid: Grid,
    service: int,
    lon_lat: tuple[Floats, Floats],
    found: Ints,
    limit_mi: float,
    out: tuple[Ints, Floats, Ints],
) -> None:
    """Rank the rivals of the rows found by Karney's algorithm, for points of one service left open."""
    xyz = distance.ecef(*lon_lat)
    at = grid.site_of_row[np.maximum(found, 0)]
    there = distance.ecef(grid.site_lon[at], grid.site_lat[at]).reshape(*found.shape, 3)
    chord = np.sqrt(((xyz[:, None, :] - there) ** 2).sum(axis=2))
    last = np.where(found >= 0, chord, 0.0).max(axis=1)
    sure_m, out_m = distance.chord_bounds_m(limit_mi)
    rival_m = np.where((found >= 0).all(axis=1), _plain.rivals_m(last), out_m)
    rival_m = np.minimum(np.where(last > sure_m, np.maximum(rival_m, out_m), rival_m), EVERYWHERE_M)
    box, base = grid.geometry[service], int(grid.cell_first[service])
    for point, candidate in _plain.near_pairs(box, base, grid.starts, xyz, rival_m):
        d2 = (xyz[point, 0] - grid.x[candidate]) ** 2 + (xyz[point, 1] - grid.y[candidate]) ** 2
        d2 += (xyz[point, 2] - grid.z[candidate]) ** 2
        near = d2 <= (rival_m[point] + ROUNDING_M) ** 2
        _rank(grid, lon_lat, point[near], candidate[near], limit_mi, out)


def _rank(
    grid: Grid,
    lon_lat: tuple[Floats, Floats],
    point: Ints,
    place: Ints,
    limit_mi: float,
    out: tuple[Ints, Floats, Ints],
    shift_mi: Floats | None = None,
) -> None:
    """Rank the rows at candidate places of each point by (miles, row) and write the first k of them."""
    into, miles, row = out
    k = row.shape[1]
    length = distance.karney_between(lon_lat[0][point], lon_lat[1][point], *grid.lon_lat(place))
    if shift_mi is not None:
        length = np.maximum(0.0, length + shift_mi)
    first = grid.group_first[place]
    size = np.minimum(grid.group_first[place + 1] - first, k)
    rows = grid.rows[_plain.ragged(first, size)]
    point, length = np.repeat(point, size), np.repeat(length, size)
    kept = length <= limit_mi
    point, length, rows = point[kept], length[kept], rows[kept]
    order = np.lexsort((rows, length, point))
    point, length, rows = point[order], length[order], rows[order]
    rank = np.arange(len(point)) - np.searchsorted(point, point)
    kept = rank < k
    miles[into[point[kept]], rank[kept]] = length[kept]
    row[into[point[kept]], rank[kept]] = rows[kept]


def nearest_shifted(
    grid: Grid, service: int, tree: Any, lon_lat: tuple[Floats, Floats], xyz: Floats, k: int, sign: float
) -> tuple[Floats, Ints]:
    """Find the k rows with the smallest ``max(0, d + sign * uncertainty)``: miles and rows, both (points, k).

    Twice as many neighbours are looked at until none further can rank among the first k.
    """
    places = grid.places(service)
    shift = sign * grid.uncertainty_mi(places)
    miles, row = np.full((len(xyz), k), np.inf), np.full((len(xyz), k), -1)
    todo, width = np.arange(len(xyz)), min(k + 7, places.stop - places.start)
    while len(todo):
        unfinished = []
        for part in np.array_split(todo, max(1, len(todo) * width // (1 << 20))):
            chord, found = tree.query(xyz[part], k=np.arange(1, width + 1))
            point = np.arange(found.size) // width
            low = np.maximum(0.0, _low_mi(chord) + shift[found])
            enough = width == places.stop - places.start
            kth = np.partition(_high_mi(chord) + shift[found], min(k, width) - 1, axis=1)[:, min(k, width) - 1]
            done = enough | (np.maximum(0.0, _low_mi(chord[:, -1]) + shift.min()) > np.maximum(kth, 0.0))
            good = (low <= np.maximum(kth, 0.0)[:, None]) & done[:, None]
            point, place = point[good.ravel()], found.ravel()[good.ravel()]
            _rank(
                grid,
                lon_lat,
                part[point],
                place + places.start,
                np.inf,
                (np.arange(len(xyz)), miles, row),
                shift[place],
            )
            unfinished.append(part[~done])
        todo, width = np.concatenate(unfinished), min(2 * width, places.stop - places.start)
    return miles, row


def _low_mi(chord_m: Floats) -> Floats:
    """Lower bound of the geodesic over each chord, in miles: ``distance.bounds_m`` for arrays."""
    radius_m = distance.RADIUS_MAX_M
    arc: Floats = 2 * radius_m * np.arcsin(np.minimum(1.0, chord_m / (2 * radius_m))) - 1e-5
    return arc / distance.MILE_M


def _high_mi(chord_m: Floats) -> Floats:
    """Upper bound of the geodesic over each chord, in miles."""
    radius_m = distance.RADIUS_MIN_M
    with np.errstate(invalid="ignore"):
        arc: Floats = 2 * radius_m * np.arcsin(chord_m / (2 * radius_m)) + 1e-5
    return np.where(chord_m <= 2 * radius_m, arc / distance.MILE_M, np.inf)
