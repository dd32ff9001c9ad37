"""The whole plan: who can reach what, for arrays of points and every service, exactly.

A `SiteIndex` holds counted sites (what counts is decided elsewhere). Its four questions are *nearest*, *covered*,
*count within* and *sites within*. Decisions are made by the proven bounds of ``distance``; what they leave open (a
site on the line, two sites equally far) is measured by Karney's algorithm, so that no answer differs from
``pyproj.Geod``. The extra ``fast`` (numba) makes it many times faster and changes nothing else.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from adequacy import distance
from adequacy.access import _grid, _keys, _plain, _points, _settle
from adequacy.errors import MissingExtra, UnknownService, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence

    from numpy.typing import ArrayLike, NDArray

    from adequacy.access._grid import Floats, Ints
    from adequacy.access._points import Asked
    from adequacy.access.coverage import Coverage

    Progress = Callable[[int, int], None]

__all__ = ["Edge", "Nearest", "SiteIndex", "SitesWithin"]

Edge = Literal["low", "reference", "high"]
"""How a site that is only known to within ``u`` miles is measured: at ``d - u`` (at least 0), ``d``, or ``d + u``."""

_CHUNK = 1 << 20  # points worked on at a time
_CHUNK_MIXED = 1 << 18  # the same where each names its service, so that sorting stays in the processor's cache
_MANY_ROWS = 1_000_000  # an index that does not fit into that cache gains more from neighbours than from small chunks
_LIST_CHUNK = 1 << 10  # fewer, since each brings hundreds of sites
_ROW = np.int32  # of rows found: half the fresh memory, which costs more than finding them
_SIGN = {"low": -1.0, "reference": 0.0, "high": 1.0}


@dataclass(frozen=True)
class Nearest:
    """The nearest sites.

    ``miles`` are unrounded statute miles: +inf where there is no (further) site, NaN for a point with a missing
    coordinate. ``row`` is the site's row in the columns the index was made from, -1 where there is none.
    """

    miles: Floats
    row: NDArray[np.int32]


@dataclass(frozen=True)
class SitesWithin:
    """Every site within the limit of every point: those of point ``i`` are ``[first[i] : first[i + 1]]``.

    Nearest first; equally far places in the order of their first row, the rows of one place together.
    """

    first: Ints
    row: Ints
    miles: Floats

    def of(self, point: int) -> tuple[Ints, Floats]:
        """Rows and miles of the sites within the limit of one point."""
        part = slice(int(self.first[point]), int(self.first[point + 1]))
        return self.row[part], self.miles[part]


class SiteIndex:
    """Counted sites of one or many services, indexed for questions about many points.

    Parameters
    ----------
    lon, lat : array_like of float, shape (sites,)
        Decimal degrees, WGS 84, longitude first. Every site must be located.
    service : array_like, optional
        Service key of each row. Left out: all rows belong to one service, called ``""``.
    site : array_like of int, optional
        Row ``i`` is about the site at ``lon[site[i]], lat[site[i]]``. Left out: row ``i`` is about site ``i``.
    uncertainty_mi : array_like of float, optional
        How far each site may be from where it is drawn, in miles; by default 0.
    services : sequence, optional
        Every service that may be asked for, so that one without a single site is answered (and a misspelt one is
        not). By default those that occur.
    engine : {"numba", "numpy"}, optional
        By default numba where it is installed.

    Raises
    ------
    CoordinateError
        If a site is not located, or its uncertainty is no distance.
    MissingExtra
        If numba is asked for and not installed.

    Examples
    --------
    >>> index = SiteIndex([-78.64, -77.36], [35.78, 35.61], service=["saiop", "saiop"], engine="numpy")
    >>> found = index.nearest([-78.9], [35.5], service="saiop")
    >>> found.miles.round(3).tolist(), found.row.tolist()
    ([24.223], [0])
    >>> index.covered([-78.9, -80.0], [35.5, 35.5], limit_mi=30).tolist()
    [True, False]
    """

    def __init__(
        self,
        lon: ArrayLike,
        lat: ArrayLike,
        *,
        service: ArrayLike | None = None,
        site: ArrayLike | None = None,
        uncertainty_mi: ArrayLike | None = None,
        services: Sequence[Hashable] | None = None,
        engine: Literal["numba", "numpy"] | None = None,
    ) -> None:
        columns = _grid.site_arrays(lon, lat, uncertainty_mi)
        at = _keys.site_rows(site, len(columns[0]))
        code, found = _keys.factorize(np.zeros(len(at), np.int64) if service is None else service, len(at))
        self.services: tuple[Hashable, ...] = _keys.declared(services, service, code, found)
        self._code_of = {key: number for number, key in enumerate(self.services)}
        if found is not None and len(code):
            code = np.array([self._code(key) for key in found], dtype=np.int64)[code]
        elif len(code) and not 0 <= code.min() <= code.max() < len(self.services):
            raise UnknownService(f"service: positions must lie in 0..{len(self.services) - 1}.")
        self.engine = _choose(engine)
        self.grid = _grid.build_grid(
            columns,
            at,
            code.astype(np.int64),
            len(self.services),
            compiled=self.engine == "numba",
        )
        self._uncertain = bool((columns[2] > 0).any())
        self._alone = len(self.grid.rows) == len(self.grid.x)  # no two rows stand at one place
        self._lead = self.grid.rows if self._alone else self.grid.rows[self.grid.group_first[:-1]]
        self._boxes = _grid.pack(self.grid.geometry)
        self._trees: dict[int, Any] = {}

    def __len__(self) -> int:
        """How many rows the index holds."""
        return len(self.grid.rows)

    def nearest(
        self,
        lon: ArrayLike,
        lat: ArrayLike,
        *,
        service: Hashable | ArrayLike | None = None,
        k: int | None = None,
        limit_mi: float | None = None,
        edge: Edge = "reference",
        progress: Progress | None = None,
    ) -> Nearest:
        """Find the nearest site, or the ``k`` nearest, and the miles to it.

        Parameters
        ----------
        lon, lat : array_like of float, shape (n,)
            Points, decimal degrees, WGS 84. A NaN gives NaN and row -1.
        service : key or array_like, optional
            One key for all points, or one for each (keys, or positions in ``services`` as integers). Left out: the
            only service, or every service, which becomes the first axis of the answer.
        k : int, optional
            How many; the answer then has one more axis, nearest first. Equally far sites: lowest row first.
        limit_mi : float, optional
            Look no farther. By default any distance.
        edge : {"reference", "low", "high"}
            How a site that is not known exactly is measured; see `Edge`.
        progress : callable, optional
            Called with (points done, points in all) from time to time.

        Returns
        -------
        Nearest
            Statute miles, unrounded, and rows; shape ``(n,)``, ``(n, k)``, ``(services, n)`` or ``(services, n, k)``.

        Raises
        ------
        UnknownService
            If a service is not one of ``services``.
        CoordinateError
            If a latitude lies outside -90..90: longitude and latitude were probably swapped.
        """
        _require_edge(edge)
        many = 1 if k is None else int(k)
        if many < 1:
            raise UsageError(f"k: {k} sites cannot be looked for. Give 1 or more.")
        limit = np.inf if limit_mi is None else float(limit_mi)
        distance.chord_bounds_m(limit)

        def answer(asked: Asked, miles: Floats, row: NDArray[Any]) -> None:
            if self._uncertain and edge != "reference":
                self._nearest_shifted(asked, limit, _SIGN[edge], miles, row)
            else:
                self._nearest(asked, limit, miles, row)

        blank = (np.full(many, np.nan), np.full(many, -1, dtype=_ROW))
        miles, row = self._run(lon, lat, service, answer, blank, progress, spread=1.0 if many == 1 else 1.5)
        return Nearest(miles, row) if k is not None else Nearest(miles[..., 0], row[..., 0])

    def covered(
        self,
        lon: ArrayLike,
        lat: ArrayLike,
        *,
        limit_mi: float,
        service: Hashable | ArrayLike | None = None,
        edge: Edge = "high",
        coverage: Coverage | None = None,
        progress: Progress | None = None,
    ) -> NDArray[np.bool_]:
        """Decide for every point whether a site lies within the limit, the limit included.

        A site that is not known exactly counts only if it is within the limit wherever it may be (``edge="high"``).
        With a ``coverage`` table made from this index, points it decides are read from it.

        Returns
        -------
        ndarray of bool, shape (n,) or (services, n)
            False for a point with a missing coordinate.

        Raises
        ------
        UsageError
            If the limit is no distance, or the coverage table was made for another limit or other services.
        """
        _require_edge(edge)
        distance.chord_bounds_m(float(limit_mi))
        if coverage is not None:
            return coverage.decide(self, (lon, lat), service, limit_mi=float(limit_mi), edge=edge, progress=progress)

        def answer(asked: Asked, out: NDArray[np.bool_]) -> None:
            if self._uncertain and edge != "reference":
                out[:] = self._count(asked, float(limit_mi), edge) > 0
            else:
                out[:] = self._exists(asked, float(limit_mi))

        out: NDArray[np.bool_] = self._run(lon, lat, service, answer, (np.array(False),), progress)[0]
        return out

    def count_within(
        self,
        lon: ArrayLike,
        lat: ArrayLike,
        *,
        limit_mi: float,
        service: Hashable | ArrayLike | None = None,
        edge: Edge = "high",
        progress: Progress | None = None,
    ) -> Ints:
        """Count the sites (rows) within the limit of every point, the limit included.

        Returns
        -------
        ndarray of int, shape (n,) or (services, n)
            0 for a point with a missing coordinate.
        """
        _require_edge(edge)
        distance.chord_bounds_m(float(limit_mi))

        def answer(asked: Asked, out: Ints) -> None:
            out[:] = self._count(asked, float(limit_mi), edge)

        out: Ints = self._run(lon, lat, service, answer, (np.array(0),), progress, spread=2.0)[0]
        return out

    def sites_within(
        self,
        lon: ArrayLike,
        lat: ArrayLike,
        *,
        limit_mi: float,
        service: Hashable | ArrayLike | None = None,
        edge: Edge = "high",
        progress: Progress | None = None,
    ) -> SitesWithin:
        """List every site within the limit of every point, with the miles to it, nearest first.

        One service for all points or one for each; a plan-wide list is asked service by service. For more points
        than fit into memory use `each_sites_within`.

        Returns
        -------
        SitesWithin
            Miles are to where the site is drawn, whatever the ``edge``.
        """
        parts = self.each_sites_within(
            lon, lat, limit_mi=limit_mi, service=service, edge=edge, progress=progress, chunk=_LIST_CHUNK
        )
        counts = self.count_within(lon, lat, limit_mi=limit_mi, service=service, edge=edge)
        first = np.concatenate([[0], np.cumsum(counts)]) if counts.ndim == 1 else np.zeros(1, np.int64)
        row, miles = np.empty(first[-1], dtype=np.int64), np.empty(first[-1])
        done = 0
        for part in parts:
            row[done : done + len(part.row)], miles[done : done + len(part.row)] = part.row, part.miles
            done += len(part.row)
        return SitesWithin(first, row, miles)

    def each_sites_within(
        self,
        lon: ArrayLike,
        lat: ArrayLike,
        *,
        limit_mi: float,
        service: Hashable | ArrayLike | None = None,
        edge: Edge = "high",
        progress: Progress | None = None,
        chunk: int = _LIST_CHUNK,
    ) -> Iterator[SitesWithin]:
        """Yield `sites_within` for ``chunk`` points after the other, so that memory stays bounded; fastest so, too."""
        _require_edge(edge)
        distance.chord_bounds_m(float(limit_mi))
        lon_deg, lat_deg = _points.points(lon, lat)
        code = self.codes_of(service, len(lon_deg))
        if code is None:
            raise UsageError("sites_within lists one service at a time. Name it, or give one for each point.")
        for part in _points.chunks(len(lon_deg), chunk):
            some, asked = self._ask(lon_deg, lat_deg, code, part, 2.0)
            size, row, miles = self._lists(asked, float(limit_mi), edge)
            first = np.zeros(part.stop - part.start + 1, dtype=np.int64)
            first[1 + some] = size
            yield SitesWithin(np.cumsum(first), row, miles)
            if progress:
                progress(part.stop, len(lon_deg))

    # ---- how points are asked -------------------------------------------------------------------------------------

    def _run(
        self,
        lon: ArrayLike,
        lat: ArrayLike,
        service: Any,
        answer: Callable[..., None],
        blank: tuple[NDArray[Any], ...],
        progress: Progress | None,
        spread: float = 1.0,
    ) -> list[NDArray[Any]]:
        """Ask all points chunk by chunk and put the answers in the caller's order; ``blank`` where NaN.

        Answers are written where they belong, since fresh memory costs more than the search.
        """
        lon_deg, lat_deg = _points.points(lon, lat)
        code = self.codes_of(service, len(lon_deg))
        asked_for = range(len(self.services)) if code is None else range(1)
        out = [np.empty((len(asked_for), len(lon_deg), *each.shape), dtype=each.dtype) for each in blank]
        mixed = not isinstance(code, int) and code is not None and len(self) < _MANY_ROWS
        for part in _points.chunks(len(lon_deg), min(_CHUNK, _CHUNK_MIXED) if mixed else _CHUNK):
            some, asked = self._ask(lon_deg, lat_deg, 0 if code is None else code, part, spread)
            for s in asked_for:
                whole = len(some) == part.stop - part.start
                into = [
                    values[s, part] if whole else np.empty((len(some), *each.shape), dtype=each.dtype)
                    for values, each in zip(out, blank, strict=True)
                ]
                answer(asked if code is not None else asked.for_service(s), *into)
                for values, missing, found in () if whole else zip(out, blank, into, strict=True):
                    values[s, part] = missing
                    values[s, part.start + some] = found
            if progress:
                progress(part.stop, len(lon_deg))
        return [values if code is None else values[0] for values in out]

    def _ask(self, lon: Floats, lat: Floats, code: int | Ints, part: slice, spread: float) -> tuple[Ints, Asked]:
        """Make a chunk of points ready, in cells ``spread`` times the usual size; also which have coordinates."""
        lon, lat = lon[part], lat[part]
        some = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat))
        whole = len(some) == len(lon)
        mine = code if isinstance(code, int) else code[part] if whole else code[part][some]
        asked = _points.ask(
            lon if whole else lon[some],
            lat if whole else lat[some],
            mine,
            len(self.services),
            spread,
            compiled=self.engine == "numba",
        )
        return some, asked

    def codes_of(self, service: Any, count: int) -> int | Ints | None:
        """Return the code of one service, the code for each point, or None for every service."""
        if service is None:
            return 0 if len(self.services) == 1 else None
        if np.ndim(service) == 0 or isinstance(service, tuple):
            return self._code(service)
        code, found = _keys.factorize(service, count)
        if found is not None:
            return np.array([self._code(key) for key in found], dtype=np.int64)[code] if count else code
        if count and not 0 <= code.min() <= code.max() < len(self.services):
            raise UnknownService(f"service: positions must lie in 0..{len(self.services) - 1}.")
        return code

    def _code(self, key: Hashable) -> int:
        """Return the code of a service."""
        try:
            return self._code_of[key]
        except KeyError:
            raise UnknownService(
                f"No service {key!r} among the {len(self.services)} of this index. If it may have no site, name it in "
                "'services'."
            ) from None

    @cached_property
    def _size(self) -> Ints:
        """How many rows stand at each place."""
        return np.diff(self.grid.group_first)

    def _tree(self, service: int) -> Any:
        """Return the k-d tree of one service's places."""
        if service not in self._trees:
            from scipy.spatial import cKDTree

            at = self.grid.places(service)
            self._trees[service] = cKDTree(np.column_stack([self.grid.x[at], self.grid.y[at], self.grid.z[at]]))
        return self._trees[service]

    # ---- what is asked --------------------------------------------------------------------------------------------

    def _nearest(self, asked: Asked, limit_mi: float, miles: Floats, row: NDArray[Any]) -> None:
        """Find the nearest within the limit; miles and rows are (points, k)."""
        sure_m, out_m = distance.chord_bounds_m(limit_mi)
        reach_m = min(out_m, _settle.EVERYWHERE_M)
        name = self._lead if self._alone or row.shape[1] == 1 else np.arange(len(self.grid.x))
        if self.engine == "numba":
            state = self._nearest_compiled(asked, reach_m, sure_m, name, miles, row)
        else:
            state = np.zeros(len(asked), dtype=np.int8)
            for s, at in asked.parts():
                into = asked.order[at]
                row[into], miles[into], state[into] = _plain.nearest(
                    self.grid, s, self._tree(s), asked.table[at, :3], row.shape[1], reach_m, sure_m, name
                )
        if not self._alone and row.shape[1] > 1:
            _settle.to_rows(self.grid, row, miles)
        _settle.settle_nearest(self.grid, asked, row, miles, state, limit_mi)

    def _nearest_compiled(
        self, asked: Asked, reach_m: float, sure_m: float, name: Ints, miles: Floats, row: NDArray[Any]
    ) -> NDArray[np.int8]:
        """Find the nearest in compiled code; returns what the bounds leave open."""
        from adequacy.access import _numba

        grid, state = self.grid, np.zeros(len(asked), dtype=np.int8)
        cells, sites = (self._boxes, grid.cell_first, grid.starts), (grid.x, grid.y, grid.z)
        if row.shape[1] == 1:
            asks = (asked.table, asked.order, asked.bounds, asked.which)
            out = (row.reshape(-1), miles.reshape(-1), state)
            _numba.nearest_one(*asks, *cells, *sites, reach_m, sure_m, name, *out)
        else:
            groups = (asked.table, asked.order, asked.groups, asked.segment, asked.which)
            near = np.empty((4, int(np.diff(grid.first).max(initial=0)) + 1))
            _numba.nearest_many(*groups, *cells, sites, reach_m, sure_m, name, near, row, miles, state)
        return state

    def _nearest_shifted(self, asked: Asked, limit_mi: float, sign: float, miles: Floats, row: NDArray[Any]) -> None:
        """Find the nearest by ``d + sign * uncertainty``."""
        miles[:], row[:] = np.inf, -1
        for s, at in asked.parts():
            point = asked.order[at]
            if self.grid.first[s] < self.grid.first[s + 1]:
                lon_lat = (asked.lon[point], asked.lat[point])
                miles[point], row[point] = _settle.nearest_shifted(
                    self.grid, s, self._tree(s), lon_lat, asked.table[at, :3], row.shape[1], sign
                )
        beyond = ~(miles <= limit_mi)
        miles[beyond], row[beyond] = np.inf, -1

    def _exists(self, asked: Asked, limit_mi: float) -> NDArray[np.bool_]:
        """Say whether any place, taken where it is drawn, is within the limit of each point."""
        if self.engine == "numba":
            miles, row = np.empty((len(asked), 1)), np.empty((len(asked), 1), dtype=_ROW)
            self._nearest(asked, limit_mi, miles, row)
            return row[:, 0] >= 0
        sure_m, out_m = distance.chord_bounds_m(limit_mi)
        chord = np.full(len(asked), np.inf)
        for s, at in asked.parts():
            if self.grid.first[s] < self.grid.first[s + 1]:
                bound = min(out_m, _settle.EVERYWHERE_M) * (1 + 1e-12) + 1e-6  # the tree asks for "less than"
                chord[asked.order[at]] = self._tree(s).query(asked.table[at, :3], distance_upper_bound=bound)[0]
        exists: NDArray[np.bool_] = (chord <= sure_m) & np.isfinite(chord)
        unsure = np.flatnonzero((chord > sure_m) & np.isfinite(chord))
        if len(unsure):
            reach = _settle.make_reach(self.grid, limit_mi, 0.0)
            for point, _ in _settle.exact_pairs(self.grid, asked.only(unsure), reach):
                exists[unsure[point]] = True
        return exists

    def _count(self, asked: Asked, limit_mi: float, edge: Edge) -> Ints:
        """Count the rows within the limit of every point."""
        reach = _settle.make_reach(self.grid, limit_mi, _SIGN[edge])
        counts = np.zeros(len(asked), dtype=np.int64)
        todo = np.arange(len(asked))
        if self.engine == "numba":
            todo = self._count_compiled(asked, reach, self._size, counts)
            counts[todo] = 0
            asked = asked.only(todo)
        for point, place in _settle.exact_pairs(self.grid, asked, reach):
            found = np.bincount(point, weights=self._size[place], minlength=len(todo))
            counts[todo] += found.astype(np.int64)
        return counts

    def _count_compiled(self, asked: Asked, reach: _settle.Reach, weight: Ints, counts: Ints) -> Ints:
        """Count in compiled code; returns the points left open."""
        from adequacy.access import _numba

        state = np.zeros(len(asked), dtype=np.int8)
        near = np.empty((6, int(np.diff(self.grid.first).max(initial=0)) + 1))
        _numba.count(*self._compiled(asked, reach), weight, near, counts, state)  # type: ignore[call-arg]
        return np.flatnonzero(state == _plain.OPEN)

    def _compiled(self, asked: Asked, reach: _settle.Reach) -> tuple[Any, ...]:
        """Arguments that the compiled count and list kernels share."""
        grid = self.grid
        sites = (grid.x, grid.y, grid.z, reach.sure_m, reach.out_m)
        cells = (self._boxes, grid.cell_first, grid.starts)
        return (asked.table, asked.order, asked.groups, asked.segment, asked.which, *cells, sites, reach.longest_m)

    def _lists(self, asked: Asked, limit_mi: float, edge: Edge) -> tuple[Ints, Ints, Floats]:
        """List the rows within the limit: how many for each point, rows, miles; nearest first."""
        reach = _settle.make_reach(self.grid, limit_mi, _SIGN[edge])
        if self.engine == "numba":
            counts, place, miles = self._lists_compiled(asked, reach)
        else:
            counts, place, miles = self._lists_plain(asked, reach)
        if self._alone:
            return counts, self._lead[place], miles
        size = self._size[place]
        ends = np.concatenate([[0], np.cumsum(size)])
        total = np.diff(ends[np.concatenate([[0], np.cumsum(counts)])])
        return total, self.grid.rows[_plain.ragged(self.grid.group_first[place], size)], np.repeat(miles, size)

    def _lists_plain(self, asked: Asked, reach: _settle.Reach) -> tuple[Ints, Ints, Floats]:
        """List places by numpy: how many for each point, places, miles; nearest first."""
        pairs = list(_settle.exact_pairs(self.grid, asked, reach))
        point = np.concatenate([np.zeros(0, np.int64), *(each for each, _ in pairs)])
        place = np.concatenate([np.zeros(0, np.int64), *(each for _, each in pairs)])
        miles = _settle.pair_miles(self.grid, asked, point, place, reach)
        order = np.lexsort((self._lead[place], miles, point))
        return np.bincount(point, minlength=len(asked)), place[order], miles[order]

    def _lists_compiled(self, asked: Asked, reach: _settle.Reach) -> tuple[Ints, Ints, Floats]:
        """List places in compiled code; points left open are listed by numpy."""
        from adequacy.access import _numba

        grid, counts = self.grid, np.zeros(len(asked), dtype=np.int64)
        unsure = self._count_compiled(asked, reach, np.ones(len(grid.x), dtype=np.int64), counts)
        begin = np.concatenate([[0], np.cumsum(counts)])
        place, miles = np.empty(begin[-1], dtype=np.int64), np.empty(begin[-1])
        near = np.empty((6, int(np.diff(grid.first).max(initial=0)) + 1))
        _numba.fill(*self._compiled(asked, reach), self._lead, near, begin, place, miles)  # type: ignore[call-arg]
        far = np.flatnonzero(miles > 0.999 * distance.CLOSED_FORM_MI)
        point = np.repeat(np.arange(len(asked)), counts) if len(far) or len(unsure) else counts
        if len(far):
            miles[far] = _settle.pair_miles(grid, asked, point[far], place[far], reach)
        if not len(far) and not len(unsure):
            return counts, place, miles
        kept = ~np.isin(point, unsure)
        exact, *others = self._lists_plain(asked.only(unsure), reach)
        point = np.concatenate([point[kept], np.repeat(unsure, exact)])
        place, miles = (np.concatenate([a[kept], b]) for a, b in zip((place, miles), others, strict=True))
        order = np.lexsort((self._lead[place], miles, point))
        return np.bincount(point, minlength=len(asked)), place[order], miles[order]


def _choose(engine: str | None) -> str:
    """Return the engine to use."""
    if engine not in (None, "numba", "numpy"):
        raise UsageError(f"engine: {engine!r} is neither 'numba' nor 'numpy'.")
    installed = importlib.util.find_spec("numba") is not None
    if engine == "numba" and not installed:
        raise MissingExtra("fast", "The compiled engine")
    return engine or ("numba" if installed else "numpy")


def _require_edge(edge: str) -> None:
    """Raise unless the edge is one of the three."""
    if edge not in _SIGN:
        raise UsageError(f"edge: {edge!r} is none of {', '.join(_SIGN)}.")
