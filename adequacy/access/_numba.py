# mypy: disable-error-code="no-untyped-def, call-arg"
"""Compiled kernels (extra ``fast``): the same answers as `_plain`, many times faster.

Every decision uses chords against the proven bounds of ``distance``. What the bounds leave open is only *flagged*
here; `bulk` settles it by Karney's algorithm, for both engines alike. The miles are ``distance.closed_form_m``,
compiled. Kernels are cached on disk; after editing ``distance`` delete ``__pycache__`` (the cache does not see it).
"""

from __future__ import annotations

import math

import numpy as np

from adequacy import distance
from adequacy.access._grid import ASIN_CUBIC, ROUNDING_M, ROUNDING_RAD, TURN
from adequacy.access._numba_index import hot, inline, jit, turned

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
_CROWD = 16  # places that share a slot: up to here they are put right by insertion

_closed_form_m = inline(distance.closed_form_m)


@inline
def _rival_m(chord_m):
    """Chord beyond which no other point can be nearer: distance.rival_chord_m, by its proven cubic bounds."""
    cube = chord_m * chord_m * chord_m
    if chord_m <= _FAR_M:
        return chord_m + _RIVAL_NEAR * cube + _RIVAL_ROUNDING_M
    if chord_m <= _LIMB_M:
        return chord_m + _RIVAL_FAR * cube + _RIVAL_ROUNDING_M
    return np.inf


@inline
def _columns(u, ratio, span, per_rad, columns):
    """First and last column within reach across the axis; last < first if none is.

    ``ratio`` is that reach over the point's distance from the axis, the sine of the widest angle.
    """
    if ratio > _SERIES_END:
        return 0, columns - 1
    w = ratio * (1.0 + ASIN_CUBIC * ratio * ratio) + ROUNDING_RAD
    low, high = u - w, u + w
    east, west = low + TURN <= span, high - TURN >= 0.0
    if east or west:
        if low <= span and high >= 0.0:
            return 0, columns - 1
        turn = TURN if east else -TURN
        low, high = low + turn, high + turn
    elif low > span or high < 0.0:
        return 0, -1
    return min(np.int64(max(low, 0.0) * per_rad), columns - 1), min(np.int64(high * per_rad), columns - 1)


@hot
def nearest_one(  # noqa: C901 - one hot loop: parting it costs the time it is written for
    table, order, segment, which, box, cell_first, starts, x, y, z, reach_m, sure_m, name, row_out, miles, state
):
    """Find the nearest place of its service for every point, within the chord ``reach_m``; its name and the miles.

    Points of ``segment[i] : segment[i + 1]`` ask service ``which[i]``. Each search starts from the previous answer,
    then takes the nearer of the two rows next to those already searched. ``state`` comes filled with 0.
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
            u = turned(table[i, 3], lon0, span)
            row = np.int64(min(max((pz - z0) * per_m, 0.0), rows_f - 1.0))
            above, below = row + 1, row - 1
            while row >= 0:
                first, last = _columns(u, window * per_rho, span, per_rad, columns)
                if last >= first:
                    old = best
                    # numbers without a sign: a negative index would be checked for at every read
                    cell = np.uint64(base + row * columns)
                    for j in range(starts[cell + np.uint64(first)], starts[cell + np.uint64(last + 1)]):
                        site = np.uint64(j)
                        dx, dy, dz = px - x[site], py - y[site], pz - z[site]
                        d2 = dx * dx + dy * dy + dz * dz
                        second = min(second, max(best, d2))
                        if d2 < best:
                            best, found = d2, j
                    if best < old:
                        window = _rival_m(math.sqrt(best))
                if above < rows and z0 + above * row_m - pz <= window + ROUNDING_M:
                    row = above
                    above += 1
                elif below >= 0 and pz - z0 - (below + 1) * row_m <= window + ROUNDING_M:
                    row = below
                    below -= 1
                else:
                    row = np.int64(-1)
            at = order[i]
            row_out[at] = name[found] if found >= 0 else -1
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


@inline
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


@hot
def nearest_many(
    table,
    order,
    groups,
    segment,
    which,
    box,
    cell_first,
    starts,
    sites,
    reach_m,
    sure_m,
    name,
    near,
    place,
    miles,
    state,
):
    """Find the ``place.shape[1]`` nearest places of its service for every point, nearest first.

    Points of one group (same cell) are asked together. If k + 1 places lie within D of the centre of their ball of
    radius r, each point has k + 1 within D + r; so its k nearest and their rivals lie within ``rival(D + r) + r`` of
    the centre. One place more than k is kept, to see whether it rivals the last.
    """
    room = place.shape[1] + 1
    list_d2, list_place = np.empty(room), np.empty(room, np.int64)
    near_d2 = np.empty(near.shape[1])
    for part in range(len(which)):
        s = which[part]
        length = 0
        for g in range(segment[part], segment[part + 1]):
            a, b = groups[g], groups[g + 1]
            if a == b:
                continue
            cx, cy, cz, r = _ball(table, a, b)
            centre = (cx, cy, cz, math.atan2(cy, cx))
            bound = _bound_by_list(sites, centre, list_place, length, room, reach_m + r)
            length = _search(centre, bound, box[s], cell_first[s], starts, sites, list_d2, list_place)
            if a + 1 == b:
                _write(centre, sites, list_d2, list_place, length, sure_m, order[a], name, place, miles, state)
                continue
            farthest = math.sqrt(list_d2[room - 1]) + ROUNDING_M if length == room else reach_m
            window = _rival_m(min(reach_m, farthest + r)) + r
            copied = _gather(centre, window, box[s], cell_first[s], starts, sites, near)
            for i in range(a, b):
                px, py, pz = table[i, 0], table[i, 1], table[i, 2]
                for n in range(copied):
                    dx, dy, dz = px - near[0, n], py - near[1, n], pz - near[2, n]
                    near_d2[n] = dx * dx + dy * dy + dz * dz
                point = (px, py, pz, 0.0)
                limit_m = _bound_by_list(sites, point, list_place, length, room, reach_m)
                found, limit2 = 0, limit_m * limit_m
                for n in range(copied):
                    if near_d2[n] < limit2:
                        found = _insert(list_d2, list_place, found, room, near_d2[n], np.int64(near[3, n]))
                        if found == room:
                            limit2 = min(limit2, list_d2[room - 1])
                _write(point, sites, list_d2, list_place, found, sure_m, order[i], name, place, miles, state)
                length = found


@inline
def _insert(list_d2, list_place, length, room, d2, place):
    """Keep the ``room`` smallest of a list, sorted; returns how many it holds."""
    at = min(length, room - 1)
    while at > 0 and list_d2[at - 1] > d2:
        list_d2[at], list_place[at] = list_d2[at - 1], list_place[at - 1]
        at -= 1
    list_d2[at], list_place[at] = d2, place
    return min(length + 1, room)


@inline
def _bound_by_list(sites, centre, list_place, length, room, reach_m):
    """Chord within which as many places as are looked for surely lie: those of the previous answer."""
    if length < room:
        return reach_m
    x, y, z = sites
    bound = 0.0
    for n in range(room):
        j = list_place[n]
        dx, dy, dz = centre[0] - x[j], centre[1] - y[j], centre[2] - z[j]
        bound = max(bound, dx * dx + dy * dy + dz * dz)
    return min(reach_m, math.sqrt(bound) + ROUNDING_M)


@hot
def _search(point, reach_m, box, base, starts, sites, list_d2, list_place):
    """Fill a list with the nearest places within ``reach_m``, sorted; returns how many."""
    px, py, pz, lon = point
    x, y, z = sites
    room = len(list_d2)
    z0, row_m, rows_f, lon0, span, column_rad, columns_f = box
    rows, columns = np.int64(rows_f), np.int64(columns_f)
    per_rad, per_rho = 1.0 / column_rad, 1.0 / max(math.sqrt(px * px + py * py), 1e-9)
    limit2, window, length = reach_m * reach_m, _rival_m(reach_m), 0
    u = turned(lon, lon0, span)
    home = np.int64(min(max((pz - z0) / row_m, 0.0), rows_f - 1.0))
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
                    length = _insert(list_d2, list_place, length, room, d2, j)
                    if length == room:
                        limit2 = min(limit2, list_d2[room - 1])
            if limit2 < old:
                window = _rival_m(math.sqrt(limit2))
    return length


@hot
def _gather(centre, reach_m, box, base, starts, sites, near):
    """Copy the places within ``reach_m`` of a centre to ``near`` (x, y, z, number), about nearest first."""
    cx, cy, cz, lon = centre
    x, y, z = sites
    z0, row_m, rows_f, lon0, span, column_rad, columns_f = box
    rows, columns = np.int64(rows_f), np.int64(columns_f)
    per_rad, per_rho = 1.0 / column_rad, 1.0 / max(math.sqrt(cx * cx + cy * cy), 1e-9)
    window = reach_m + ROUNDING_M
    u = turned(lon, lon0, span)
    home = np.int64(min(max((cz - z0) / row_m, 0.0), rows_f - 1.0))
    copied = 0
    for up in range(2):
        row, step = home + up, 2 * up - 1
        while 0 <= row < rows:
            gap = max(z0 + row * row_m - cz, cz - z0 - (row + 1) * row_m, ROUNDING_M) - ROUNDING_M
            if gap > window:
                break
            first, last = _columns(u, window * per_rho, span, per_rad, columns)
            row_start = base + row * columns
            row += step
            if last < first:
                continue
            for j in range(starts[row_start + first], starts[row_start + last + 1]):
                dx, dy, dz = cx - x[j], cy - y[j], cz - z[j]
                near[0, copied], near[1, copied], near[2, copied], near[3, copied] = x[j], y[j], z[j], j
                copied += 1 if dx * dx + dy * dy + dz * dz <= window * window else 0
    return copied


@inline
def _write(point, sites, list_d2, list_place, length, sure_m, at, name, place, miles, state):
    """Write the answer for one point, and whether the bounds leave it open."""
    px, py, pz, _ = point
    x, y, z = sites
    unsure = 0
    for n in range(place.shape[1]):
        if n >= length:
            place[at, n], miles[at, n] = -1, np.inf
            continue
        j, d2 = list_place[n], list_d2[n]
        place[at, n] = name[j]
        miles[at, n] = _closed_form_m(px, py, pz, x[j], y[j], z[j]) / _MILE_M
        # (1.01 c + 1e-5)^2 is more than any rival's square: only then is it worked out
        if n + 1 < length and list_d2[n + 1] <= d2 * 1.04 + 1.0:
            unsure = OPEN if math.sqrt(list_d2[n + 1]) <= _rival_m(math.sqrt(d2)) else unsure
        if d2 > sure_m * sure_m:
            unsure = OPEN
        elif d2 > _FAR_M * _FAR_M and unsure == 0:
            unsure = FAR
    state[at] = unsure


@hot
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
    u = turned(lon, lon0, span)
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


@hot
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


@hot
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


@hot
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


@jit
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
