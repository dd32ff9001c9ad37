"""Points made ready to be asked: located once, and sorted so that neighbours (of one service) follow each other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from adequacy import distance
from adequacy.access import _grid
from adequacy.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike

    from adequacy.access._grid import Floats, Ints


@dataclass(frozen=True)
class Asked:
    """Points to be asked, all of them with coordinates.

    ``table[i]`` is x, y, z and longitude in radians of point ``order[i]``. The points of one cell (and one service)
    are ``order[groups[g] : groups[g + 1]]``; service ``which[n]`` is asked by the groups ``segment[n]`` to
    ``segment[n + 1]``.
    """

    lon: Floats
    lat: Floats
    table: Floats
    order: Ints
    groups: Ints
    segment: Ints
    which: Ints

    def __len__(self) -> int:
        return len(self.lon)

    @property
    def bounds(self) -> Ints:
        """Where the points of each service asked begin, and the end."""
        return self.groups[self.segment].astype(np.int64)

    def parts(self) -> Iterator[tuple[int, slice]]:
        """Yield each service asked by at least one point, and its part of ``table`` and ``order``."""
        bounds = self.bounds
        for n, s in enumerate(self.which):
            if bounds[n] < bounds[n + 1]:
                yield int(s), slice(int(bounds[n]), int(bounds[n + 1]))

    def services(self) -> Ints:
        """Code of the service each point asks for, in the points' own order."""
        code = np.empty(len(self), dtype=np.int64)
        code[self.order] = np.repeat(self.which, np.diff(self.bounds))
        return code

    def for_service(self, service: int) -> Asked:
        """Ask the same points, which all asked for one service, for another."""
        return replace(self, which=np.array([service]))

    def only(self, some: Ints) -> Asked:
        """Keep some of the points, each in a group of its own."""
        code = self.services()[some]
        order = np.argsort(code, kind="stable")
        table = locate(self.lon[some], self.lat[some])[order]
        which = np.unique(code)
        segment = np.append(np.searchsorted(code[order], which), len(some))
        return Asked(self.lon[some], self.lat[some], table, order, np.arange(len(some) + 1), segment, which)


def ask(lon: Floats, lat: Floats, code: int | Ints, services: int, spread: float = 1.0, *, compiled: bool) -> Asked:
    """Sort points by service and cell; ``code`` is the service of all of them, or of each."""
    one = isinstance(code, int)
    which = np.array([code]) if one else np.arange(services)
    if not len(lon):
        empty = np.zeros(0, dtype=np.int64)
        return Asked(
            lon, lat, np.zeros((0, 4)), empty, np.zeros(1, np.int64), np.zeros(len(which) + 1, np.int64), which
        )
    if compiled:
        from adequacy.access import _numba_index

        table = _numba_index.locate(lon, lat)
        box = _grid.point_box(table[:, 2], table[:, 3], len(which), spread)
        bucket_of = np.zeros(len(lon), dtype=np.int16) if one else np.asarray(code)
        table, order, groups = _numba_index.sort_points(table, bucket_of, len(which), _grid.pack((box,))[0])
        return Asked(lon, lat, table, order, groups, np.arange(len(which) + 1) * box.cells, which)
    table = locate(lon, lat)
    box = _grid.point_box(table[:, 2], table[:, 3], len(which), spread)
    bucket = _grid.serpentine(box, table[:, 2], table[:, 3])
    if not one:
        bucket = bucket + box.cells * np.asarray(code, dtype=np.int64)
    order = np.argsort(bucket, kind="stable")
    begin = np.flatnonzero(np.diff(bucket[order], prepend=-1) != 0)
    segment = np.searchsorted(bucket[order[begin]], box.cells * np.arange(len(which) + 1))
    return Asked(lon, lat, table[order], order, np.append(begin, len(order)), segment, which)


def locate(lon: Floats, lat: Floats) -> Floats:
    """Earth-centred coordinates and longitude in radians, shape (n, 4)."""
    return np.column_stack([distance.ecef(lon, lat), _grid.to_radians(lon)])


def points(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Return the caller's points as flat arrays of one length, latitudes checked."""
    lon_deg, lat_deg = np.asarray(lon, dtype=float).ravel(), np.asarray(lat, dtype=float).ravel()
    if len(lon_deg) != len(lat_deg):
        raise UsageError(f"Points: {len(lon_deg)} lon for {len(lat_deg)} lat. Give one each.")
    distance.require_latitudes(lat_deg)
    return lon_deg, lat_deg


def chunks(count: int, size: int) -> Iterator[slice]:
    """Cut ``count`` points into slices."""
    return (slice(start, min(start + size, count)) for start in range(0, count, size))
