"""Which people reach how many agencies by road: drive miles and drive minutes instead of straight lines.

A site is *surely* within the limit if its drive was measured and is within it, the limit included. It is *perhaps*
within if its drive could not be measured (the home or the site is off the streets, or the site is known only to its
ZIP) and the straight line, at the network's highest speed, does not rule it out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from adequacy.access.bulk import SiteIndex
from adequacy.compliance.reach import reach_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from adequacy.compliance.people import People
    from adequacy.compliance.reach import Reach
    from adequacy.compliance.supply import Supply
    from adequacy.roads import RoadNetwork
    from adequacy.roads.search import Direction

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]

__all__ = ["BY_ROAD", "RoadLimits", "RoadReach", "Streets"]

#: Measures that speak of travel time.
BY_ROAD = ("miles_or_minutes", "miles_and_minutes")
_MINUTES_PER_HOUR = 60.0


class RoadLimits(NamedTuple):
    """Limits of each row in drive miles and drive minutes (NaN: none); ``both`` must hold, or either.

    A row without a limit of miles has no class, and nothing is within.
    """

    mi: Floats
    minutes: Floats
    both: bool


class RoadReach(NamedTuple):
    """What people reach by road.

    Attributes
    ----------
    reach : Reach
        Row by row; ``nearest_mi`` is still the straight line.
    sure, perhaps : ndarray of bool, shape (counties, offerings)
        Whether somebody of the county reaches the offering.
    off_roads : ndarray of bool
        Row by row: whether the home is not on the network.
    """

    reach: Reach
    sure: Flags
    perhaps: Flags
    off_roads: Flags


class _Sites(NamedTuple):
    """The different places of a supply, and where each offering stands."""

    lon: Floats
    lat: Floats
    uncertainty_mi: Floats
    of: Ints


class _Pairs(NamedTuple):
    """Homes and sites (or rows and offerings) that belong together, pair by pair."""

    left: Ints
    right: Ints


class Streets:
    """People put on a street network, once for all standards.

    Parameters
    ----------
    network : RoadNetwork
    people : People
    """

    def __init__(self, network: RoadNetwork, people: People) -> None:
        self._network = network
        self._people = people
        spots, home_of = np.unique(np.column_stack([people.lon, people.lat]), axis=0, return_inverse=True)
        self._lon, self._lat = spots[:, 0], spots[:, 1]
        self._home_of: Ints = home_of.reshape(-1)
        self._homes = network.snap(self._lon, self._lat)

    def reach(self, supply: Supply, rows: Ints, limits: RoadLimits, *, counts: str, cap: int) -> RoadReach:
        """Measure what people reach.

        Parameters
        ----------
        supply : Supply
            Who counts. Whoever travels drives from the site to the home; all others are driven to.
        rows : ndarray of int
            Who of the people is asked about.
        limits : RoadLimits
            One for each row.
        counts : {"agency", "site"}
            What is counted.
        cap : int
            Counting stops here.
        """
        line = reach_of(supply, self._people, rows, limits.mi, counts=counts, cap=cap, use_ages=True)
        sure, maybe = self._offered(supply, rows, limits)
        code = supply.agency if counts == "agency" else supply.site
        number, first = _distinct(sure, code, len(rows))
        most, _ = _distinct(_Pairs(*map(np.concatenate, zip(sure, maybe, strict=True))), code, len(rows))
        sole = np.full(len(rows), -1)
        alone = np.flatnonzero(number == 1)
        sole[alone] = supply.agency[first[alone]]
        reach = line._replace(sure=np.minimum(number, cap), perhaps=np.minimum(most, cap), sole=sole)
        near = self._counties(supply, rows, sure)
        return RoadReach(
            reach,
            near,
            near | self._counties(supply, rows, maybe),
            ~self._homes.measured[self._home_of[rows]],
        )

    def _offered(self, supply: Supply, rows: Ints, limits: RoadLimits) -> tuple[_Pairs, _Pairs]:
        """Rows and the offerings surely, and perhaps, within their limits that count for them."""
        found: tuple[list[_Pairs], list[_Pairs]] = ([], [])
        if supply.offerings:
            sites = _sites(supply)
            direction: Direction = "site_to_home" if supply.travels else "home_to_site"
            both = np.column_stack([limits.mi, limits.minutes])
            kinds = np.unique(both[~np.isnan(limits.mi)], axis=0)
            for mi, minutes in kinds.tolist():
                chosen = np.flatnonzero((limits.mi == mi) & ((limits.minutes == minutes) | np.isnan(minutes)))
                homes = np.unique(self._home_of[rows[chosen]])
                limit = (mi, None if np.isnan(minutes) else minutes, limits.both)
                for kind, pairs in zip(found, self._near(homes, sites, limit, direction), strict=True):
                    joined = _joined(pairs, self._home_of[rows[chosen]], sites.of)
                    kind.append(_Pairs(chosen[joined.left], joined.right))
        fits = [self._that_count(supply, rows, _together(kind)) for kind in found]
        return fits[0], fits[1]

    def _near(
        self, homes: Ints, sites: _Sites, limit: tuple[float, float | None, bool], direction: Direction
    ) -> tuple[_Pairs, _Pairs]:
        """Homes and sites surely within a limit, and those whose drive is unknown and may be."""
        limit_mi, limit_min, both = limit
        at = self._homes.take(homes)
        stands = self._network.snap(sites.lon, sites.lat)
        known = stands.measured & (sites.uncertainty_mi == 0)
        certain = np.flatnonzero(known)
        home, site = self._network.within(
            at, stands.take(certain), limit_mi=limit_mi, limit_min=limit_min, both=both, direction=direction
        )
        line_mi = [limit_mi]
        if limit_min is not None:
            line_mi.append(limit_min / _MINUTES_PER_HOUR * self._network.fastest_mph)
        bound_mi = min(line_mi) if both else max(line_mi)
        unknown = [
            self._by_line(homes[at.measured], np.flatnonzero(~known), sites, bound_mi),
            self._by_line(homes[~at.measured], np.arange(len(known)), sites, bound_mi),
        ]
        return _Pairs(homes[home], certain[site]), _together(unknown)

    def _by_line(self, homes: Ints, chosen: Ints, sites: _Sites, bound_mi: float) -> _Pairs:
        """Homes and some sites whose straight line, at its best, is within a bound."""
        if not len(homes) or not len(chosen):
            return _together([])
        index = SiteIndex(sites.lon[chosen], sites.lat[chosen], uncertainty_mi=sites.uncertainty_mi[chosen])
        found = index.sites_within(self._lon[homes], self._lat[homes], limit_mi=bound_mi, edge="low")
        return _Pairs(np.repeat(homes, np.diff(found.first)), chosen[found.row])

    def _that_count(self, supply: Supply, rows: Ints, pairs: _Pairs) -> _Pairs:
        """Only pairs whose offering serves the person's county and age."""
        if not len(pairs.left):
            return pairs
        people = self._people
        reaches = np.array([supply.reaches(county) for county in people.counties])
        fits = reaches[people.county[rows[pairs.left]], pairs.right]
        if people.age is not None:
            band, ages = supply.age_bands(people.age[rows])
            serves = np.array([supply.fits_age(age) for age in ages])
            fits &= serves[band[pairs.left], pairs.right]
        return _Pairs(pairs.left[fits], pairs.right[fits])

    def _counties(self, supply: Supply, rows: Ints, pairs: _Pairs) -> Flags:
        """Which offerings somebody of each county reaches; rows that stand for nobody are left out."""
        found = np.zeros((len(self._people.counties), len(supply.offerings)), dtype=bool)
        some = self._people.weight[rows[pairs.left]] > 0
        found[self._people.county[rows[pairs.left[some]]], pairs.right[some]] = True
        return found


def _sites(supply: Supply) -> _Sites:
    """The different places of a supply."""
    columns = np.column_stack([supply.lon, supply.lat, supply.uncertainty_mi])
    places, of = np.unique(columns, axis=0, return_inverse=True)
    return _Sites(places[:, 0], places[:, 1], places[:, 2], of.reshape(-1))


def _together(parts: list[_Pairs]) -> _Pairs:
    """Pairs of several lists in one."""
    none = np.zeros(0, dtype=np.int64)
    return _Pairs(*(np.concatenate([none, *(part[side] for part in parts)]) for side in (0, 1)))


def _joined(pairs: _Pairs, left_of: Ints, right_of: Ints) -> _Pairs:
    """Pairs of members for pairs of groups: ``left_of`` and ``right_of`` say to which group each member belongs."""
    left, which = _members(pairs.left, left_of)
    right, again = _members(pairs.right[which], right_of)
    return _Pairs(left[again], right)


def _members(groups: Ints, group_of: Ints) -> tuple[Ints, Ints]:
    """All members of each group asked for, and for which of the groups each was given."""
    order = np.argsort(group_of, kind="stable")
    low, high = (np.searchsorted(group_of[order], groups, side=side) for side in ("left", "right"))
    which = np.repeat(np.arange(len(groups)), high - low)
    within = np.arange(len(which)) - np.repeat(np.cumsum(high - low) - (high - low), high - low)
    return order[low[which] + within], which


def _distinct(pairs: _Pairs, code: Ints, size: int) -> tuple[Ints, Ints]:
    """How many different codes each row has, and one of its offerings."""
    first = np.full(size, -1)
    first[pairs.left] = pairs.right
    if not len(pairs.left):
        return np.zeros(size, dtype=np.int64), first
    codes = int(code.max()) + 1
    return np.bincount(np.unique(pairs.left * codes + code[pairs.right]) // codes, minlength=size), first
