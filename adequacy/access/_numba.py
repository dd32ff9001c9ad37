# mypy: disable-error-code="no-untyped-def, call-arg"
"""Compiled kernels (extra ``fast``): the same answers as `_plain`, many times faster.

Every decision uses chords against the proven bounds of ``distance``. What the bounds leave open is only *flagged*
here; `bulk` settles it by Karney's algorithm, for both engines alike. The miles are ``distance.closed_form_m``,
compiled. Kernels are cached on disk; after editing ``distance`` delete ``__pycache__`` (the cache does not see it).
"""

from __future__ import annotations

import math

import numba
import numpy as np

from adequacy import distance
from adequacy.access import _grid
from adequacy.access._grid import ASIN_CUBIC, CELLS_PER_SITE, ROUNDING_M, ROUNDING_RAD, TURN

OPEN, FAR = 1, 2
_ASK = 2
_MILE_M = distance.MILE_M
_FAR_M = distance.chord_bounds_m(distance.CLOSED_FORM_MI)[0]
# rival_chord_m(c) - c grows at least as fast as c cubed (docs/exactness.md), so its value at 100 miles bounds all below
_LIMB_M = 2 * 6_335_439.0  # just under twice the smallest radius of curvature: beyond it every site is a rival
_RIVAL_NEAR = (distance.rival_chord_m(_FAR_M) - _FAR_M) / _FAR_M**3
_RIVAL_FAR = (distance.rival_chord_m(_LIMB_M) - _LIMB_M) / _LIMB_M**3
_RIVAL_ROUNDING_M = 1e-5
_BALL_MARGIN_M = 1e-6
_SERIES_END = 0.5  # up to here asin(x) <= x (1 + ASIN_CUBIC x^2)
_CROWD = 16  # rows in a cell: up to here they are compared one by one

_jit = numba.njit(cache=True, nogil=True, error_model="numpy")
_inline = numba.njit(cache=True, nogil=True, error_model="numpy", inline="always")
_closed_form_m = _inline(distance.closed_form_m)
_on_ellipsoid = _inline(distance.on_ellipsoid)
_lay_cells = _inline(_grid.lay_cells)


@_inline
def _turned(lon, lon0, span):
    """Longitude counted from ``lon0``, as near to 0..span as it can be."""
    u = lon - lon0
    if u > span / 2 + TURN / 2:
        u -= TURN
    if u > span / 2 + TURN / 2:
        u -= TURN
    if u < span / 2 - TURN / 2:
        u += TURN
    if u < span / 2 - TURN / 2:
        u += TURN
    return u


@_jit
def build_grid(columns, table, site, by_service, first_row):  # noqa: C901 - one pass, as the kernels below
    """Sort rows by service, cell and place, one service after the other so that its numbers stay in the cache.

    Returns the geometry of every service, its first cell, the first place of each cell, x, y, z and site of each
    place, the rows in order, and the first row of each place. See `_grid.Grid`.
    """
    services, count = len(first_row) - 1, len(by_service)
    boxes, cell_first = np.empty((services, 7)), np.zeros(services + 1, np.int64)
    starts = np.empty(int(CELLS_PER_SITE * count) + 2 * services + 1, np.int64)
    rows, group_first = np.empty(count, np.int64), np.empty(count + 1, np.int64)
    x, y, z, lead = np.empty(count), np.empty(count), np.empty(count), np.empty(count, np.int64)
    most = 0
    for s in range(services):
        most = max(most, first_row[s + 1] - first_row[s])
    point, cell, slots = np.empty((most, 4)), np.empty(most, np.int32), np.empty(4 * most + 4, np.int32)
    begin = np.empty(int(CELLS_PER_SITE * most) + 3, np.int64)
    total = 0
    for s in range(services):
        a, b = first_row[s], first_row[s + 1]
        for i in range(a, b):
            at = site[by_service[i]]
            for axis in range(4):
                point[i - a, axis] = table[at, axis]
        cells = _number_cells(point[: b - a], boxes[s], cell, begin)
        for c in range(cells):
            begin[c + 1] += begin[c]
        for i in range(b - a):
            rows[a + begin[cell[i]]] = i
            begin[cell[i]] += 1  # in the end each is where its cell ends
        for i in range(a, b):
            at = rows[i]
            to = total + i - a
            x[to], y[to], z[to] = point[at, 0], point[at, 1], point[at, 2]
            group_first[to], lead[to] = i, site[by_service[a + at]]
        if _all_apart(x[total : total + b - a], slots):
            starts[cell_first[s]] = total
            for c in range(1, cells):
                starts[cell_first[s] + c] = total + begin[c - 1]
            total += b - a
        else:
            total = _store_places(
                columns,
                point,
                site,
                by_service[a:b],
                a + begin[:cells],
                rows,
                group_first,
                (x, y, z, lead),
                (a, total),
                starts[cell_first[s] :],
            )
        starts[cell_first[s] + cells] = total
        cell_first[s + 1] = cell_first[s] + cells + 1
        for i in range(a, b):
            rows[i] = by_service[a + rows[i]]
    group_first[total] = count
    stored = (x[:total], y[:total], z[:total], lead[:total])
    starts[cell_first[services]] = total
    return boxes, cell_first, starts[: cell_first[services] + 1], stored, rows, group_first[: total + 1]


@_jit
def _number_cells(point, box, cell, begin):
    """Fit the cells of one service, and number and count its rows by cell: ``begin[c + 1]`` rows in cell c."""
    count = len(point)
    if count == 0:
        box[:] = np.array([0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0])
        begin[:2] = 0
        return 1
    z0, z1, west, east = np.inf, -np.inf, np.inf, -np.inf
    for i in range(count):
        z0, z1 = min(z0, point[i, 2]), max(z1, point[i, 2])
        west, east = min(west, point[i, 3]), max(east, point[i, 3])
    if east - west > TURN / 2:
        west, east = _widest_gap_cut(point[:, 3].copy())
    row_m, rows, column_rad, columns = _lay_cells(z0, z1, east - west, 0.0, int(CELLS_PER_SITE * count) + 1)
    box[0], box[1], box[2], box[3], box[4], box[5], box[6] = z0, row_m, rows, west, east - west, column_rad, columns
    begin[: rows * columns + 1] = 0
    per_m, per_rad = 1.0 / row_m, 1.0 / column_rad
    for i in range(count):
        row = np.int64(min(max((point[i, 2] - z0) * per_m, 0.0), rows - 1.0))
        column = np.int64(min(max(_turned(point[i, 3], west, east - west) * per_rad, 0.0), columns - 1.0))
        cell[i] = row * columns + column
        begin[cell[i] + 1] += 1
    return rows * columns


@_jit
def _widest_gap_cut(lon):
    """West and east end of an arc that holds all longitudes, cut at the widest gap; see `_grid.arc`."""
    lon.sort()
    widest, west, east = lon[0] + TURN - lon[-1], lon[0], lon[-1]
    for i in range(len(lon) - 1):
        if lon[i + 1] - lon[i] > widest:
            widest, west, east = lon[i + 1] - lon[i], lon[i + 1], lon[i] + TURN
    return west, east


@_jit
def _all_apart(x, slots):
    """Say whether no two of these numbers are equal, with a hash table of ``slots``, a power of two, twice as many."""
    mask = np.uint64(1)
    while mask < np.uint64(2 * len(x)):
        mask <<= np.uint64(1)
    mask -= np.uint64(1)
    slots[: np.int64(mask) + 1] = -1
    bits = x.view(np.uint64)
    for i in range(len(x)):
        slot = ((bits[i] * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(32)) & mask
        while slots[slot] >= 0:
            if x[slots[slot]] == x[i]:
                return False
            slot = (slot + np.uint64(1)) & mask
        slots[slot] = i
    return True


@_jit
def _store_places(columns, point, site, by_service, ends, rows, group_first, places, at, starts):
    """Store the places of one service cell by cell, equal ones once; returns how many so far."""
    x, y, z, lead = places
    start, total = at
    for c in range(len(ends)):
        first, end = total, ends[c]
        starts[c] = first
        crowded = end - start > _CROWD
        for i in range(start, start if crowded else end):
            row = rows[i]
            group_first[total], lead[total] = i, site[by_service[row]]
            x[total], y[total], z[total] = point[row, 0], point[row, 1], point[row, 2]
            for j in range(first, total):
                crowded |= x[j] == x[total] and y[j] == y[total] and z[j] == z[total]
            total += 1
        if crowded:
            total = _store_crowd(columns, point, site, by_service, (start, end), rows, group_first, places, first)
        start = end
    return total


@_jit
def _store_crowd(columns, point, site, by_service, run, rows, group_first, places, total):
    """Store the places of a cell with many rows or with equal places, each place once; returns how many so far."""
    x, y, z, lead = places
    a, b = run
    key = np.empty(b - a)
    for i in range(a, b):  # any number will do that equal places share; should others share it, they are stored apart
        at = site[by_service[rows[i]]]
        key[i - a] = columns[0][at] + 1.9837465 * columns[1][at] + 0.7364523 * columns[2][at]
    rows[a:b] = rows[a:b][np.argsort(key, kind="mergesort")]
    before = -1
    for i in range(a, b):
        at = site[by_service[rows[i]]]
        if before >= 0:
            same = columns[0][at] == columns[0][before] and columns[1][at] == columns[1][before]
            if same and columns[2][at] == columns[2][before]:
                continue
        group_first[total], lead[total], before = i, at, at
        x[total], y[total], z[total] = point[rows[i], 0], point[rows[i], 1], point[rows[i], 2]
        total += 1
    return total


@_jit
def locate(lon, lat):
    """Earth-centred coordinates and longitude in radians of points: table of (x, y, z, lon)."""
    table = np.empty((len(lon), 4))
    for i in range(len(lon)):
        table[i, 0], table[i, 1], table[i, 2] = _on_ellipsoid(lon[i], lat[i])
        radians = lon[i] * (TURN / 360.0)
        table[i, 3] = radians if abs(radians) <= TURN / 2 else radians - TURN * np.round(radians / TURN)
    return table


@_jit
def sort_points(table, service, services, box):
    """Counting-sort located points by service and cell, every other row of cells backwards.

    Returns the table in order, the order, and the first point of every bucket.
    """
    z0, row_m, rows_f, lon0, span, column_rad, columns_f = box
    columns = np.int64(columns_f)
    cells = np.int64(rows_f) * columns
    per_m, per_rad = 1.0 / row_m, 1.0 / column_rad
    bucket = np.empty(len(table), np.int32)
    begin = np.zeros(services * cells + 1, np.int32)
    for i in range(len(table)):
        row = np.int64(min(max((table[i, 2] - z0) * per_m, 0.0), rows_f - 1.0))
        column = np.int64(min(max(_turned(table[i, 3], lon0, span) * per_rad, 0.0), columns_f - 1.0))
        if row & 1:
            column = columns - 1 - column
        bucket[i] = service[i] * cells + row * columns + column
        begin[bucket[i] + 1] += 1
    for c in range(services * cells):
        begin[c + 1] += begin[c]
    fill = begin[:-1].copy()
    ordered = np.empty((len(table), 4))
    order = np.empty(len(table), np.int32)
    for i in range(len(table)):
        at = fill[bucket[i]]
        fill[bucket[i]] = at + 1
        ordered[at, 0], ordered[at, 1], ordered[at, 2], ordered[at, 3] = (
            table[i, 0],
            table[i, 1],
            table[i, 2],
            table[i, 3],
        )
        order[at] = i
    return ordered, order, begin


@_inline
def _rival_m(chord_m):
    """Chord beyond which no other point can be nearer: distance.rival_chord_m, by its proven cubic bounds."""
    cube = chord_m * chord_m * chord_m
    if chord_m <= _FAR_M:
        return chord_m + _RIVAL_NEAR * cube + _RIVAL_ROUNDING_M
    if chord_m <= _LIMB_M:
        return chord_m + _RIVAL_FAR * cube + _RIVAL_ROUNDING_M
    return np.inf


@_inline
def _columns(u, ratio, span, per_rad, columns):
    """First and last column within reach across the axis; last < first if none is.

    ``ratio`` is that reach over the point's distance from the axis, the sine of the widest angle.
    """
    if ratio > _SERIES_END:
        return 0, columns - 1
    w = ratio * (1.0 + ASIN_CUBIC * ratio * ratio) + ROUNDING_RAD
    low, high = u - w, u + w
    east, west = low + TURN <= span, high - TURN >= 0.0
    if low <= span and high >= 0.0:
        if east or west:
            return 0, columns - 1
    elif east:
        low, high = low + TURN, high + TURN
    elif west:
        low, high = low - TURN, high - TURN
    else:
        return 0, -1
    first = 0 if low <= 0.0 else min(np.int64(low * per_rad), columns - 1)
    last = columns - 1 if high >= span else min(np.int64(high * per_rad), columns - 1)
    return first, last


@_jit
def nearest_one(  # noqa: C901 - one hot loop: parting it costs the time it is written for
    table, order, segment, which, box, cell_first, starts, x, y, z, reach_m, sure_m, place, miles, state
):
    """Find the nearest place of its service for every point, within the chord ``reach_m``.

    Points of ``segment[i] : segment[i + 1]`` ask service ``which[i]``. Each search starts from the previous answer.
    """
    for part in range(len(which)):
        s = which[part]
        z0, row_m, rows_f, lon0, span, column_rad, columns_f = box[s]
        rows, columns = np.int64(rows_f), np.int64(columns_f)
        per_m, per_rad = 1.0 / row_m, 1.0 / column_rad
        base = cell_first[s]
        before = -1
        for i in range(segment[part], segment[part + 1]):
            px, py, pz = table[i, 0], table[i, 1], table[i, 2]
            best = reach_m * reach_m
            if before >= 0:
                dx, dy, dz = px - x[before], py - y[before], pz - z[before]
                bound = _rival_m(math.sqrt(dx * dx + dy * dy + dz * dz)) + _RIVAL_ROUNDING_M
                best = min(best, bound * bound)
            found, second = -1, np.inf
            window = _rival_m(math.sqrt(best))
            per_rho = 1.0 / max(math.sqrt(px * px + py * py), 1e-9)
            u = _turned(table[i, 3], lon0, span)
            home = np.int64(min(max((pz - z0) * per_m, 0.0), rows_f - 1.0))
            for up in range(2):
                row, step = home + up, 2 * up - 1
                while 0 <= row < rows:
                    gap = max(z0 + row * row_m - pz, pz - z0 - (row + 1) * row_m, ROUNDING_M) - ROUNDING_M
                    if gap > window:
                        break
                    first, last = _columns(u, window * per_rho, span, per_rad, columns)
                    row_start = base + row * columns
                    row += step
                    if last < first:
                        continue
                    old = best
                    for j in range(starts[row_start + first], starts[row_start + last + 1]):
                        dx, dy, dz = px - x[j], py - y[j], pz - z[j]
                        d2 = dx * dx + dy * dy + dz * dz
                        second = min(second, max(best, d2))
                        if d2 < best:
                            best, found = d2, j
                    if best < old:
                        window = _rival_m(math.sqrt(best))
            at = order[i]
            place[at] = found
            state[at] = 0
            if found < 0:
                miles[at] = np.inf
                continue
            before = found
            chord = math.sqrt(best)
            miles[at] = _closed_form_m(px, py, pz, x[found], y[found], z[found]) / _MILE_M
            if second <= window * window or chord > sure_m:
                state[at] = OPEN
            elif chord > _FAR_M:
                state[at] = FAR


@_jit
def nearest_many(  # noqa: C901 - one hot loop, as above
    table, order, segment, which, box, cell_first, starts, x, y, z, reach_m, sure_m, place, miles, state
):
    """Find the ``place.shape[1]`` nearest places of its service for every point, nearest first; see `nearest_one`.

    One place more is kept, to see whether it rivals the last.
    """
    k = place.shape[1]
    list_d2, list_place = np.empty(k + 1), np.empty(k + 1, np.int64)
    sure2, far2 = sure_m * sure_m, _FAR_M * _FAR_M
    for part in range(len(which)):
        s = which[part]
        z0, row_m, rows_f, lon0, span, column_rad, columns_f = box[s]
        rows, columns = np.int64(rows_f), np.int64(columns_f)
        per_m, per_rad, base = 1.0 / row_m, 1.0 / column_rad, cell_first[s]
        before = 0
        for i in range(segment[part], segment[part + 1]):
            px, py, pz = table[i, 0], table[i, 1], table[i, 2]
            limit2 = reach_m * reach_m
            if before == k + 1:  # as many places as are looked for lie within the farthest of the previous answer
                bound = 0.0
                for n in range(k + 1):
                    j = list_place[n]
                    dx, dy, dz = px - x[j], py - y[j], pz - z[j]
                    bound = max(bound, dx * dx + dy * dy + dz * dz)
                limit2 = min(limit2, bound * (1.0 + 1e-9) + 1.0)
            window = _rival_m(math.sqrt(limit2))
            length = 0
            per_rho = 1.0 / max(math.sqrt(px * px + py * py), 1e-9)
            u = _turned(table[i, 3], lon0, span)
            home = np.int64(min(max((pz - z0) * per_m, 0.0), rows_f - 1.0))
            for up in range(2):
                row, step = home + up, 2 * up - 1
                while 0 <= row < rows:
                    gap = max(z0 + row * row_m - pz, pz - z0 - (row + 1) * row_m, ROUNDING_M) - ROUNDING_M
                    if gap > window:
                        break
                    first, last = _columns(u, window * per_rho, span, per_rad, columns)
                    row_start = base + row * columns
                    row += step
                    if last < first:
                        continue
                    old = limit2
                    for j in range(starts[row_start + first], starts[row_start + last + 1]):
                        dx, dy, dz = px - x[j], py - y[j], pz - z[j]
                        d2 = dx * dx + dy * dy + dz * dz
                        if d2 < limit2:
                            at = min(length, k)
                            while at > 0 and list_d2[at - 1] > d2:
                                list_d2[at], list_place[at] = list_d2[at - 1], list_place[at - 1]
                                at -= 1
                            list_d2[at], list_place[at] = d2, j
                            if length >= k:
                                length, limit2 = k + 1, list_d2[k]
                            else:
                                length += 1
                    if limit2 < old:
                        window = _rival_m(math.sqrt(limit2))
            before = length
            at = order[i]
            unsure = 0
            for n in range(k):
                if n >= length:
                    place[at, n], miles[at, n] = -1, np.inf
                    continue
                j, d2 = list_place[n], list_d2[n]
                place[at, n] = j
                miles[at, n] = _closed_form_m(px, py, pz, x[j], y[j], z[j]) / _MILE_M
                # (1.01 c + 1e-5)^2 is more than any rival's square: only then is it worked out
                if n + 1 < length and list_d2[n + 1] <= d2 * 1.04 + 1.0:
                    unsure = OPEN if math.sqrt(list_d2[n + 1]) <= _rival_m(math.sqrt(d2)) else unsure
                if d2 > sure2:
                    unsure = OPEN
                elif d2 > far2 and unsure == 0:
                    unsure = FAR
            state[at] = unsure


@_inline
def _ball(table, a, b):
    """Centre of a run of points and the chord from it to the farthest of them."""
    cx, cy, cz = 0.0, 0.0, 0.0
    for i in range(a, b):
        cx, cy, cz = cx + table[i, 0], cy + table[i, 1], cz + table[i, 2]
    cx, cy, cz = cx / (b - a), cy / (b - a), cz / (b - a)
    r2 = 0.0
    for i in range(a, b):
        dx, dy, dz = table[i, 0] - cx, table[i, 1] - cy, table[i, 2] - cz
        r2 = max(r2, dx * dx + dy * dy + dz * dz)
    return cx, cy, cz, math.sqrt(r2)


@_jit
def _sieve(centre, r, lon, box, base, starts, sites, reach_m, weight, all_inside, near, near_weight):
    """Sort the places of a service into surely inside for a whole ball of points, surely outside, and near.

    ``sites`` holds x, y, z, the chord that is surely inside and the one that is surely outside, for every place.
    Near places are copied to ``near`` (x, y, z, both chords squared, number), surely inside ones too if
    ``all_inside``. Returns the weight of those surely inside and the number copied. Chords are straight, so the
    triangle inequality proves it; the margin keeps it true of the squares that `count` and `fill` compare.
    """
    z0, row_m, rows_f, lon0, span, column_rad, columns_f = box
    rows, columns = np.int64(rows_f), np.int64(columns_f)
    per_m, per_rad = 1.0 / row_m, 1.0 / column_rad
    x, y, z, sure, out = sites
    cx, cy, cz = centre
    window = reach_m + r + ROUNDING_M
    per_rho = 1.0 / max(math.sqrt(cx * cx + cy * cy), 1e-9)
    u = _turned(lon, lon0, span)
    row = np.int64(min(max((cz - window - z0) * per_m - 1.0, 0.0), rows_f - 1.0))
    inside, copied = 0, 0
    while row < rows and z0 + row * row_m - cz <= window + ROUNDING_M:
        gap = max(z0 + row * row_m - cz, cz - z0 - (row + 1) * row_m, ROUNDING_M) - ROUNDING_M
        across = math.sqrt(max(0.0, window * window - gap * gap))
        first, last = _columns(u, across * per_rho, span, per_rad, columns)
        row_start = base + row * columns
        row += 1
        if last < first:
            continue
        for j in range(starts[row_start + first], starts[row_start + last + 1]):
            dx, dy, dz = cx - x[j], cy - y[j], cz - z[j]
            d2 = dx * dx + dy * dy + dz * dz
            touched = out[j] + r + _BALL_MARGIN_M
            if out[j] < 0.0 or d2 > touched * touched:
                continue
            safe = sure[j] - r - _BALL_MARGIN_M
            if safe > 0.0 and d2 <= safe * safe:
                inside += weight[j]
                if not all_inside:
                    continue
            near[0, copied], near[1, copied], near[2, copied] = x[j], y[j], z[j]
            near[3, copied], near[4, copied] = sure[j] * abs(sure[j]), out[j] * abs(out[j])
            near[5, copied], near_weight[copied] = j, weight[j]
            copied += 1
    return inside, copied


@_jit
def count(table, order, groups, segment, which, box, cell_first, starts, sites, reach_m, weight, near, counts, state):
    """Count the places within reach of every point, weighted, points of one group (same cell) together."""
    near_weight = np.empty(near.shape[1], np.int64)
    for part in range(len(which)):
        s = which[part]
        for g in range(segment[part], segment[part + 1]):
            a, b = groups[g], groups[g + 1]
            if a == b:
                continue
            cx, cy, cz, r = _ball(table, a, b)
            inside, copied = _sieve(
                (cx, cy, cz),
                r,
                math.atan2(cy, cx),
                box[s],
                cell_first[s],
                starts,
                sites,
                reach_m[s],
                weight,
                False,
                near,
                near_weight,
            )
            for i in range(a, b):
                px, py, pz = table[i, 0], table[i, 1], table[i, 2]
                total, unsure = inside, 0
                for n in range(copied):
                    dx, dy, dz = px - near[0, n], py - near[1, n], pz - near[2, n]
                    d2 = dx * dx + dy * dy + dz * dz
                    sure = d2 <= near[3, n]
                    total += near_weight[n] if sure else 0
                    unsure += 1 if (d2 <= near[4, n]) and not sure else 0
                counts[order[i]] = total
                state[order[i]] = OPEN if unsure > 0 else 0


@_jit
def fill(
    table, order, groups, segment, which, box, cell_first, starts, sites, reach_m, weight, near, begin, place, miles
):
    """Write the places surely within reach of every point, and the miles, from ``begin`` of the point on.

    Nearest first; ``weight`` breaks ties (the first row of each place).
    """
    near_weight = np.empty(near.shape[1], np.int64)
    length_mi, inside = np.empty(near.shape[1]), np.empty(near.shape[1], np.int64)
    slot = np.empty(near.shape[1] + 1, np.int64)
    for part in range(len(which)):
        s = which[part]
        for g in range(segment[part], segment[part + 1]):
            a, b = groups[g], groups[g + 1]
            if a == b:
                continue
            cx, cy, cz, r = _ball(table, a, b)
            _, copied = _sieve(
                (cx, cy, cz),
                r,
                math.atan2(cy, cx),
                box[s],
                cell_first[s],
                starts,
                sites,
                reach_m[s],
                weight,
                True,
                near,
                near_weight,
            )
            for i in range(a, b):
                px, py, pz = table[i, 0], table[i, 1], table[i, 2]
                to = begin[order[i]]
                for n in range(copied):
                    length_mi[n] = _closed_form_m(px, py, pz, near[0, n], near[1, n], near[2, n]) / _MILE_M
                found = 0
                for n in range(copied):
                    dx, dy, dz = px - near[0, n], py - near[1, n], pz - near[2, n]
                    inside[found] = n
                    found += 1 if dx * dx + dy * dy + dz * dz <= near[3, n] else 0
                _spread(length_mi, inside, found, slot, near_weight, place[to : to + found])
                for n in range(found):
                    at = place[to + n]
                    place[to + n], miles[to + n] = np.int64(near[5, at]), length_mi[at]


@_jit
def _spread(length_mi, inside, found, slot, tie, out):  # noqa: C901 - counting, spreading, putting right
    """Sort ``inside[:found]`` by length, then by ``tie``, into ``out``.

    Spread over as many slots as there are, by squared length, since sites lie about evenly over an area; then put
    right by insertion. Where many share a slot, sorted first.
    """
    if found == 0:
        return
    longest = 1e-30
    for n in range(found):
        longest = max(longest, length_mi[inside[n]])
    scale = (found - 1) / (longest * longest)
    slot[: found + 1] = 0
    for n in range(found):
        slot[np.int64(length_mi[inside[n]] * length_mi[inside[n]] * scale) + 1] += 1
    fullest = 0
    for n in range(found):
        fullest = max(fullest, slot[n + 1])
        slot[n + 1] += slot[n]
    if fullest > _CROWD:
        keys = np.empty(found)
        for n in range(found):
            keys[n] = length_mi[inside[n]]
        ranked = np.argsort(keys, kind="mergesort")
        for n in range(found):
            out[n] = inside[ranked[n]]
    else:
        for n in range(found):
            mine = np.int64(length_mi[inside[n]] * length_mi[inside[n]] * scale)
            out[slot[mine]] = inside[n]
            slot[mine] += 1
    for n in range(1, found):
        this = out[n]
        m = n - 1
        while m >= 0:
            before = out[m]
            if length_mi[before] < length_mi[this]:
                break
            if length_mi[before] == length_mi[this] and tie[before] <= tie[this]:
                break
            out[m + 1] = before
            m -= 1
        out[m + 1] = this


@_jit
def read_table(packed, rows, columns, west, south, per_deg, lon, lat, service, out):
    """Read the coverage table for every point: in or not into ``out``; returns the points it cannot tell.

    In blocks, so that the arithmetic and the reads each run as fast as they can.
    """
    ask = np.empty(len(lon), np.int64)
    asked = 0
    cell, code = np.empty(4096, np.int32), np.empty(4096, np.uint8)
    size, east, north = np.int32(rows * columns), float(columns - 1), float(rows - 1)
    one = len(service) == 1
    for start in range(0, len(lon), 4096):
        count = min(4096, len(lon) - start)
        for i in range(count):
            x = (lon[start + i] - west) * per_deg + 1.0
            y = (lat[start + i] - south) * per_deg + 1.0
            inside = (x >= 1.0) & (x < east) & (y >= 1.0) & (y < north)  # also False for NaN
            s = np.int32(service[0] if one else service[start + i])
            at = s * size + np.int32(y) * np.int32(columns) + np.int32(x)
            cell[i] = at if inside else np.int32(0)
        for i in range(count):
            four = np.uint32(cell[i])
            shift = np.uint8((four & np.uint32(3)) << np.uint32(1))
            code[i] = (packed[np.uint64(four >> np.uint32(2))] >> shift) & np.uint8(3)
        for i in range(count):
            out[start + i] = code[i] == 1
            if code[i] == _ASK:
                ask[asked] = start + i
                asked += 1
    return ask[:asked].copy()
