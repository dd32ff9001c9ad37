# mypy: disable-error-code="no-untyped-def, call-arg"
"""Compiled index building and sorting of points (extra ``fast``); `_numba` holds the searches.

The numbers of one service stay in the processor's cache while it is sorted. Cached on disk, see `_numba`.
"""

from __future__ import annotations

import math

import numba
import numpy as np

from adequacy import distance
from adequacy.access import _grid
from adequacy.access._grid import CELLS_PER_SITE, TURN

_CROWD = 16  # rows in a cell: up to here they are compared one by one

jit = numba.njit(cache=True, nogil=True, error_model="numpy")
hot = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})  # a*b + c rounded once, not twice
inline = numba.njit(cache=True, nogil=True, error_model="numpy", inline="always")
_at_angles = inline(distance.at_angles)
_lay_cells = inline(_grid.lay_cells)


@inline
def turned(lon, lon0, span):
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


@jit
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
    mine = np.empty(most, np.int32)
    begin = np.empty(int(CELLS_PER_SITE * most) + 3, np.int64)
    total = 0
    for s in range(services):
        a, b = first_row[s], first_row[s + 1]
        for i in range(a, b):
            at = site[by_service[i]]
            mine[i - a] = at
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
            group_first[to], lead[to] = i, mine[at]
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


@jit
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
        column = np.int64(min(max(turned(point[i, 3], west, east - west) * per_rad, 0.0), columns - 1.0))
        cell[i] = row * columns + column
        begin[cell[i] + 1] += 1
    return rows * columns


@jit
def _widest_gap_cut(lon):
    """West and east end of an arc that holds all longitudes, cut at the widest gap; see `_grid.arc`."""
    lon.sort()
    widest, west, east = lon[0] + TURN - lon[-1], lon[0], lon[-1]
    for i in range(len(lon) - 1):
        if lon[i + 1] - lon[i] > widest:
            widest, west, east = lon[i + 1] - lon[i], lon[i + 1], lon[i] + TURN
    return west, east


@jit
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


@jit
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


@jit
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


@inline
def _sin_cos(x):
    """Sine and cosine to one unit in the last place for -pi <= x <= pi: what ``math`` gives, but for eight at a time.

    The argument is turned by quarters to -pi/4..pi/4 in two exact steps (Cody and Waite); there the polynomials of
    least error that every C library uses.
    """
    quarter = np.rint(x * (2.0 / math.pi))
    r = (x - quarter * 1.57079632673412561417) - quarter * 6.07710050650619224932e-11
    r2 = r * r
    sine = 2.75573137070700676789e-06 + r2 * (-2.50507602534068634195e-08 + r2 * 1.58969099521155010221e-10)
    sine = 8.33333333332248946124e-03 + r2 * (-1.98412698298579493134e-04 + r2 * sine)
    sine = r + r * r2 * (-1.66666666666666324348e-01 + r2 * sine)
    cosine = -2.75573143513906633035e-07 + r2 * (2.08757232129817482790e-09 + r2 * -1.13596475577881948265e-11)
    cosine = -1.38888888888741095749e-03 + r2 * (2.48015872894767294178e-05 + r2 * cosine)
    near = 1.0 - 0.5 * r2
    cosine = near + (((1.0 - near) - 0.5 * r2) + r2 * r2 * (4.16666666666666019037e-02 + r2 * cosine))
    upright = abs(quarter) == 1.0  # of -2 ... 2
    a, b = cosine if upright else sine, sine if upright else cosine
    back = abs(quarter) == 2.0  # noqa: PLR2004 - a half turn
    return -a if back | (quarter == -1.0) else a, -b if back | (quarter == 1.0) else b


@jit
def locate(lon, lat):
    """Earth-centred coordinates and longitude in radians of points: table of (x, y, z, lon)."""
    table = np.empty((len(lon), 4))
    for i in range(len(lon)):
        radians = (lon[i] - 360.0 * np.rint(lon[i] / 360.0)) * (TURN / 360.0)
        sin_lat, cos_lat = _sin_cos(lat[i] * (TURN / 360.0))
        sin_lon, cos_lon = _sin_cos(radians)
        table[i, 0], table[i, 1], table[i, 2] = _at_angles(sin_lat, cos_lat, sin_lon, cos_lon)
        table[i, 3] = radians
    return table


@jit
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
        column = np.int64(min(max(turned(table[i, 3], lon0, span) * per_rad, 0.0), columns_f - 1.0))
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
