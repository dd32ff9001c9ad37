"""The search: Dijkstra by scipy over the compiled graph, from and to points on streets.

A place enters the graph as a node of its own with departures to both ends of its street, so it is never moved to a
junction; at the other end its cost is the cheaper of both ends, or straight along a street both places share.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from adequacy.distance import miles_between
from adequacy.roads.chains import KPH_PER_MPH, spans

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from adequacy.roads.files import Compiled
    from adequacy.roads.snapping import Positions

__all__ = ["Direction", "Measure", "Search"]

Direction = Literal["home_to_site", "site_to_home"]
Measure = Literal["mi", "min"]
_MEASURES: tuple[Measure, ...] = ("mi", "min")
_MINUTES_PER_HOUR = 60.0
#: Bytes that the costs of one round of searches may take.
_ROUND_BYTES = 160_000_000
#: Places nearer than this along a street (two micrometres) are one point of it, whatever the rounding.
_SAME_MI = 1e-9
#: Slack for the rounding of sums where a derived bound cuts a search.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class _Graph:
    """The search graph of one measure: where each junction's departures begin, where they lead, what they cost."""

    first: NDArray[np.int32]
    head: NDArray[np.int32]
    cost: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Ends:
    """Cost from a place to both ends of its street (or from them to it); infinite against a one-way street."""

    u: NDArray[np.int64]
    v: NDArray[np.int64]
    cost_u: NDArray[np.float64]
    cost_v: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Sides:
    """The places searched from and those looked at, with their measured rows."""

    near: Positions
    far: Positions
    near_rows: NDArray[np.int64]
    far_rows: NDArray[np.int64]
    from_home: bool


class Search:
    """The searches over one compiled network.

    Parameters
    ----------
    made : Compiled
    """

    def __init__(self, made: Compiled) -> None:
        self._made = made
        self._chains = made.chains
        self._graphs: dict[tuple[Measure, bool], _Graph] = {}

    @cached_property
    def mph(self) -> NDArray[np.float64]:
        """Speed of each street, miles per hour."""
        return self._chains.kph / KPH_PER_MPH

    def _graph(self, measure: Measure, *, reverse: bool) -> _Graph:
        """Return the search graph, turned round if asked; kept once made."""
        if (measure, reverse) not in self._graphs:
            self._graphs[measure, reverse] = self._make_graph(measure, reverse=reverse)
        return self._graphs[measure, reverse]

    def _make_graph(self, measure: Measure, *, reverse: bool) -> _Graph:
        """Lay out the search graph of one measure."""
        from scipy.sparse import csr_array

        made = self._made
        if measure == "mi":
            cost = self._chains.mi[made.by_mi]
        else:
            cost = (self._chains.mi / self.mph * _MINUTES_PER_HOUR)[made.by_min]
        if not reverse:
            return _Graph(made.first, made.head, cost)
        nodes = len(made.first) - 1
        turned = csr_array((cost, made.head, made.first), shape=(nodes, nodes)).T.tocsr()
        return _Graph(turned.indptr, turned.indices, turned.data)

    def _ends(self, places: Positions, rows: NDArray[np.int64], measure: Measure, *, leaving: bool) -> _Ends:
        """Return the cost from places to the ends of their streets (leaving) or from the ends to the places."""
        import numpy as np

        chain = places.chain[rows]
        rate, access = self._rate(places, rows, measure)
        to_u, to_v = places.to_u_mi[rows], places.to_v_mi[rows]
        against = ~self._chains.two_way[chain]
        blocked_u = against & (to_u > _SAME_MI) if leaving else np.zeros(len(rows), dtype=bool)
        blocked_v = np.zeros(len(rows), dtype=bool) if leaving else against & (to_v > _SAME_MI)
        return _Ends(
            u=self._chains.u[chain].astype(np.int64),
            v=self._chains.v[chain].astype(np.int64),
            cost_u=np.where(blocked_u, np.inf, access + to_u * rate),
            cost_v=np.where(blocked_v, np.inf, access + to_v * rate),
        )

    def _rate(
        self, places: Positions, rows: NDArray[np.int64], measure: Measure
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the cost of a mile on each place's street, and of its access leg."""
        import numpy as np

        access_mi = places.access_mi[rows]
        if measure == "mi":
            return np.ones(len(rows)), access_mi
        access_mph = float(self._made.meta["access_mph"])
        return _MINUTES_PER_HOUR / self.mph[places.chain[rows]], access_mi / access_mph * _MINUTES_PER_HOUR

    def _search(
        self,
        places: Positions,
        rows: NDArray[np.int64],
        measure: Measure,
        *,
        reverse: bool,
        limit: float | None,
        nearest: bool,
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Run Dijkstra from places (``reverse``: to them): cost per junction and, for the nearest, which place."""
        import numpy as np
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import dijkstra

        graph = self._graph(measure, reverse=reverse)
        first, head, cost = graph.first, graph.head, graph.cost
        nodes = len(first) - 1
        ends = self._ends(places, rows, measure, leaving=not reverse)
        start_first, start_head, start_cost = _departures(ends)
        joined = csr_array(
            (
                np.concatenate([cost, start_cost]),
                np.concatenate([head, start_head.astype(np.int32)]),
                np.concatenate([first, first[-1] + start_first[1:].astype(np.int32)]),
            ),
            shape=(nodes + len(rows), nodes + len(rows)),
        )
        joined.has_sorted_indices = True
        joined.has_canonical_format = True
        indices = nodes + np.arange(len(rows))
        bound = np.inf if limit is None else float(limit)
        if not nearest:
            reached = dijkstra(joined, directed=True, indices=indices, limit=bound)
            return reached[:, :nodes], np.empty(0, dtype=np.int64)
        reached, _, source = dijkstra(
            joined, directed=True, indices=indices, limit=bound, min_only=True, return_predecessors=True
        )
        which = np.where(source[:nodes] >= nodes, rows[np.maximum(source[:nodes] - nodes, 0)], -1)
        return reached[:nodes], which

    def nearest(
        self,
        home: Positions,
        site: Positions,
        asked: NDArray[np.bool_],
        measure: Measure,
        direction: Direction,
        limit: float | None,
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return cost and row of the nearest site for each home asked about."""
        import numpy as np

        drive, by = np.full(len(asked), np.nan), np.full(len(asked), -1, dtype=np.int64)
        rows, sites = np.flatnonzero(asked), np.flatnonzero(site.measured)
        if not len(rows):
            return drive, by
        to_site = direction == "home_to_site"
        reached, which = self._search(site, sites, measure, reverse=to_site, limit=limit, nearest=True)
        ends = self._ends(home, rows, measure, leaving=to_site)
        by_u, by_v = reached[ends.u] + ends.cost_u, reached[ends.v] + ends.cost_v
        drive[rows] = np.minimum(by_u, by_v)
        by[rows] = np.where(by_u <= by_v, which[ends.u], which[ends.v])
        at_home, at_site, direct = self._same_street(home, rows, site, sites, measure, direction)
        order = np.lexsort((at_site, direct, at_home))
        order = order[np.diff(at_home[order], prepend=-1) != 0]
        order = order[direct[order] < drive[at_home[order]]]
        drive[at_home[order]], by[at_home[order]] = direct[order], at_site[order]
        beyond = asked & ~(drive <= (np.inf if limit is None else limit))
        drive[beyond], by[beyond] = np.inf, -1
        by[asked & np.isinf(drive)] = -1
        return drive, by

    def _same_street(
        self,
        home: Positions,
        homes: NDArray[np.int64],
        site: Positions,
        sites: NDArray[np.int64],
        measure: Measure,
        direction: Direction,
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """List the pairs that share a street and can drive straight along it: (home, site, cost)."""
        import numpy as np

        sorted_sites = sites[np.argsort(site.chain[sites], kind="stable")]
        low = np.searchsorted(site.chain[sorted_sites], home.chain[homes], side="left")
        count = np.searchsorted(site.chain[sorted_sites], home.chain[homes], side="right") - low
        at_home, at_site = np.repeat(homes, count), sorted_sites[spans(low, count)]
        return at_home, at_site, self._direct(home, at_home, site, at_site, measure, direction)

    def _direct(
        self,
        home: Positions,
        at_home: NDArray[np.int64],
        site: Positions,
        at_site: NDArray[np.int64],
        measure: Measure,
        direction: Direction,
    ) -> NDArray[np.float64]:
        """Return the cost along the street that home and site share; infinite against a one-way street."""
        import numpy as np

        (a, p), (b, q) = (
            ((home, at_home), (site, at_site)) if direction == "home_to_site" else ((site, at_site), (home, at_home))
        )
        chain = a.chain[p]
        onward = a.to_v_mi[p] + b.to_u_mi[q] - self._chains.mi[chain]
        backward = a.to_u_mi[p] + b.to_v_mi[q] - self._chains.mi[chain]
        line = miles_between(a.lon[p], a.lat[p], b.lon[q], b.lat[q])
        same = a.segment[p] == b.segment[q]
        ahead = a.to_u_mi[p] <= b.to_u_mi[q] + _SAME_MI
        along = np.where(same, line, np.maximum(np.where(ahead, onward, backward), line))
        rate, access_a = self._rate(a, p, measure)
        _, access_b = self._rate(b, q, measure)
        allowed = ahead | self._chains.two_way[chain]
        return np.where(allowed, access_a + along * rate + access_b, np.inf)

    def pair_costs(
        self,
        home: Positions,
        site: Positions,
        home_of: NDArray[np.int64],
        site_of: NDArray[np.int64],
        asked: NDArray[np.bool_],
        measure: Measure,
        direction: Direction,
    ) -> NDArray[np.float64]:
        """Return the cost of each pair asked about, searching from whichever side has fewer places."""
        import numpy as np

        cost = np.full(len(asked), np.nan)
        rows = np.flatnonzero(asked)
        from_home = len(np.unique(home_of[rows])) <= len(np.unique(site_of[rows]))
        (near, near_of), (far, far_of) = (
            ((home, home_of), (site, site_of)) if from_home else ((site, site_of), (home, home_of))
        )
        rows = rows[np.argsort(near_of[rows], kind="stable")]
        reverse = from_home != (direction == "home_to_site")
        for chosen in self._rounds(np.unique(near_of[rows]), 0):
            low, high = np.searchsorted(near_of[rows], [chosen[0], chosen[-1] + 1])
            part = rows[low:high]
            reached, _ = self._search(near, chosen, measure, reverse=reverse, limit=None, nearest=False)
            ends = self._ends(far, far_of[part], measure, leaving=reverse)
            at = np.searchsorted(chosen, near_of[part])
            cost[part] = np.minimum(reached[at, ends.u] + ends.cost_u, reached[at, ends.v] + ends.cost_v)
        shared = rows[home.chain[home_of[rows]] == site.chain[site_of[rows]]]
        direct = self._direct(home, home_of[shared], site, site_of[shared], measure, direction)
        cost[shared] = np.minimum(cost[shared], direct)
        return cost

    def _rounds(self, rows: NDArray[np.int64], others: int) -> Iterator[NDArray[np.int64]]:
        """Cut the places to search from into rounds whose costs, to junctions or to others, fit in memory."""
        size = max(1, _ROUND_BYTES // (8 * max(len(self._made.first), others)))
        return (rows[at : at + size] for at in range(0, len(rows), size))

    def blocks(
        self, home: Positions, site: Positions, direction: Direction, limit_mi: float | None, limit_min: float | None
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]]:
        """Yield blocks of (home rows, site rows, miles, minutes), every measured pair once."""
        bound = self._bounds_of_search(limit_mi, limit_min)
        sides = _sides(home, site)
        for chosen in self._rounds(sides.near_rows, len(sides.far_rows)):
            mi, minutes = (self._block(sides, chosen, measure, direction, bound[measure]) for measure in _MEASURES)
            if sides.from_home:
                yield chosen, sides.far_rows, mi, minutes
            else:
                yield sides.far_rows, chosen, mi.T, minutes.T

    def within(
        self, home: Positions, site: Positions, measure: Measure, direction: Direction, limit: float
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Yield (home rows, site rows) of the pairs within a limit of one measure, every pair once."""
        import numpy as np

        sides = _sides(home, site)
        for chosen in self._rounds(sides.near_rows, len(sides.far_rows)):
            near, far = np.nonzero(self._block(sides, chosen, measure, direction, limit) <= limit)
            pairs = (chosen[near], sides.far_rows[far])
            yield pairs if sides.from_home else pairs[::-1]

    def _block(
        self, sides: _Sides, chosen: NDArray[np.int64], measure: Measure, direction: Direction, limit: float | None
    ) -> NDArray[np.float64]:
        """Return the costs between some places of the near side and all of the far side."""
        import numpy as np

        reverse = sides.from_home != (direction == "home_to_site")
        reached, _ = self._search(sides.near, chosen, measure, reverse=reverse, limit=limit, nearest=False)
        ends = self._ends(sides.far, sides.far_rows, measure, leaving=reverse)
        block = np.minimum(reached[:, ends.u] + ends.cost_u, reached[:, ends.v] + ends.cost_v)
        near, far = (sides.near, chosen), (sides.far, sides.far_rows)
        home, site = (near, far) if sides.from_home else (far, near)
        at_home, at_site, direct = self._same_street(*home, *site, measure, direction)
        at = (at_home, at_site) if sides.from_home else (at_site, at_home)
        where = (np.searchsorted(chosen, at[0]), np.searchsorted(sides.far_rows, at[1]))
        block[where] = np.minimum(block[where], direct)
        return block

    def _bounds_of_search(self, limit_mi: float | None, limit_min: float | None) -> dict[str, float | None]:
        """Return how far each measure must be searched so that no listed pair lacks its other figure.

        The shortest route of a pair within so many minutes has no more miles than the fastest street runs in that
        time (access legs may be faster), and the fastest route of a pair within so many miles takes no longer than
        those miles on the slowest street.
        """
        fastest = max(float(self.mph.max()), float(self._made.meta["access_mph"])) * (1 + _ROUNDING)
        slowest = min(float(self.mph.min()), float(self._made.meta["access_mph"])) * (1 - _ROUNDING)
        mi = [limit_mi] if limit_mi is not None else []
        minutes = [limit_min] if limit_min is not None else []
        if limit_min is not None:
            mi.append(limit_min / _MINUTES_PER_HOUR * fastest)
        if limit_mi is not None:
            minutes.append(limit_mi / slowest * _MINUTES_PER_HOUR)
        return {"mi": min(mi) if mi else None, "min": min(minutes) if minutes else None}


def _sides(home: Positions, site: Positions) -> _Sides:
    """Search from whichever side has fewer measured places."""
    import numpy as np

    homes, sites = np.flatnonzero(home.measured), np.flatnonzero(site.measured)
    if len(homes) <= len(sites):
        return _Sides(home, site, homes, sites, from_home=True)
    return _Sides(site, home, sites, homes, from_home=False)


def _departures(ends: _Ends) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Lay out the departures of places as rows of the search graph, each junction once, blocked ones left out."""
    import numpy as np

    low, high = np.minimum(ends.u, ends.v), np.maximum(ends.u, ends.v)
    swap = ends.u > ends.v
    cost_low, cost_high = np.where(swap, ends.cost_v, ends.cost_u), np.where(swap, ends.cost_u, ends.cost_v)
    cost_low = np.where(low == high, np.minimum(cost_low, cost_high), cost_low)
    head = np.column_stack([low, high]).reshape(-1)
    cost = np.column_stack([cost_low, cost_high]).reshape(-1)
    keep = np.isfinite(cost) & np.column_stack([np.ones(len(low), dtype=bool), low != high]).reshape(-1)
    first = np.concatenate([[0], np.cumsum(keep.reshape(-1, 2).sum(axis=1))])
    return first, head[keep], cost[keep]
