"""Which people reach how many agencies of a service, and which agencies reach anyone of a county.

Every decision at a limit is made by the kernels of ``access.bulk``: exact, the limit included. A site that is only
known to within some miles is *surely* within if it is so wherever it may be, and *perhaps* within if it can be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from adequacy import distance
from adequacy.access.bulk import SiteIndex

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from adequacy.access.bulk import Edge
    from adequacy.compliance.people import People
    from adequacy.compliance.supply import Supply

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]

__all__ = ["CountyReach", "Reach", "reach_of"]

#: Sites looked at before the whole list is asked for.
_FIRST = 4
#: A distance this near to a limit (statute miles, about 16 mm) is decided by the exact kernels.
_GUARD_MI = 1e-5


class Reach(NamedTuple):
    """What people reach, row by row of those asked about.

    Attributes
    ----------
    nearest_mi : ndarray of float
        Statute miles to the nearest counted site as drawn; +inf where there is none.
    sure, perhaps : ndarray of int
        Agencies within the limit, surely and perhaps, counted up to a cap.
    sole : ndarray of int
        Where exactly one agency is surely within: its position; else -1.
    """

    nearest_mi: Floats
    sure: Ints
    perhaps: Ints
    sole: Ints


def reach_of(
    supply: Supply, people: People, rows: Ints, limit_mi: Floats, *, counts: str, cap: int, use_ages: bool
) -> Reach:
    """Measure what people reach.

    Parameters
    ----------
    supply : Supply
        Who counts.
    people : People
        Everyone.
    rows : ndarray of int
        Who of them is asked about.
    limit_mi : ndarray of float
        Limit in statute miles of each row's county; NaN where it has none (then nothing is within).
    counts : {"agency", "site"}
        What is counted.
    cap : int
        Counting stops here.
    use_ages : bool
        Whether a site must serve the person's age, where it is known.
    """
    size = len(rows)
    none = np.zeros(size, dtype=np.int64)
    out = Reach(np.full(size, np.inf), none, none.copy(), np.full(size, -1))
    code = supply.agency if counts == "agency" else supply.site
    agency_of = np.zeros(int(code.max(initial=-1)) + 1, dtype=np.int64)
    agency_of[code] = supply.agency
    for mine, offered in _groups(supply, people, rows, use_ages):
        # one row for each site: a site may give several of the services
        first = np.unique(supply.site[offered], return_index=True)[1]
        chosen = offered[first]
        if not len(chosen):
            continue
        index = SiteIndex(supply.lon[chosen], supply.lat[chosen], uncertainty_mi=supply.uncertainty_mi[chosen])
        at = (people.lon[rows[mine]], people.lat[rows[mine]])
        limits = np.unique(limit_mi[mine][np.isfinite(limit_mi[mine])])
        part = _Counter(index, code[chosen], supply.uncertainty_mi[chosen], at, float(limits.max(initial=0.0)))
        out.nearest_mi[mine] = part.nearest_mi
        for limit in limits:
            here = np.flatnonzero(limit_mi[mine] == limit)
            sure, one = part.within(here, float(limit), "high", cap)
            out.sure[mine[here]] = sure
            out.perhaps[mine[here]] = sure if part.is_certain else part.within(here, float(limit), "low", cap)[0]
            alone = sure == 1
            out.sole[mine[here[alone]]] = agency_of[one[alone]]
    return out


def _groups(supply: Supply, people: People, rows: Ints, use_ages: bool) -> Iterator[tuple[Ints, Ints]]:
    """People for whom the same offerings count: positions in ``rows``, and the offerings."""
    if not supply.offerings:
        return
    county = people.county[rows]
    pattern, by_pattern = np.zeros(len(people.counties), dtype=np.int64), [np.ones(len(supply.offerings), dtype=bool)]
    if any(served is not None for served in supply.served):
        flags = np.array([supply.reaches(each) for each in people.counties])
        by_pattern, pattern = np.unique(flags, axis=0, return_inverse=True)  # type: ignore[assignment]
        pattern = pattern.reshape(-1)
    band, ages = np.zeros(len(rows), dtype=np.int64), [float("nan")]
    if use_ages and people.age is not None:
        band, ages = supply.age_bands(people.age[rows])
    key = pattern[county] * len(ages) + band
    for each in np.unique(key):
        offered = by_pattern[each // len(ages)] & supply.fits_age(ages[each % len(ages)])
        yield np.flatnonzero(key == each), np.flatnonzero(offered)


class _Counter:
    """Counts agencies within a limit of points: from the nearest few sites, and exactly where they do not tell."""

    def __init__(
        self, index: SiteIndex, code: Ints, uncertainty_mi: Floats, at: tuple[Floats, Floats], longest_mi: float
    ) -> None:
        self._index = index
        self._code = code
        self._off = uncertainty_mi
        self._at = at
        # no farther than any limit tells; only the very nearest is looked for at any distance
        reach_mi = longest_mi + float(uncertainty_mi.max()) + 2 * _GUARD_MI
        self._found = index.nearest(*at, k=min(_FIRST, len(code)), limit_mi=reach_mi)
        self.nearest_mi: Floats = self._found.miles[:, 0].copy()
        beyond = np.flatnonzero(np.isinf(self.nearest_mi))
        if len(beyond):
            self.nearest_mi[beyond] = index.nearest(at[0][beyond], at[1][beyond]).miles

    @property
    def is_certain(self) -> bool:
        """Whether every site is known exactly."""
        return not self._off.any()

    def within(self, points: Ints, limit_mi: float, edge: Edge, cap: int) -> tuple[Ints, Ints]:
        """Count the distinct codes within a limit, up to a cap; and one of them for each point (-1: none)."""
        drawn, row = self._found.miles[points], self._found.row[points]
        code = self._code[row]
        miles = drawn + self._off[row] * (1.0 if edge == "high" else -1.0)
        inside = miles < limit_mi - _GUARD_MI
        near_line = (np.abs(miles - limit_mi) <= _GUARD_MI).any(axis=1)
        fresh = inside.copy()
        for j in range(1, code.shape[1]):
            fresh[:, j] &= ~((code[:, :j] == code[:, j : j + 1]) & inside[:, :j]).any(axis=1)
        count = fresh.sum(axis=1)
        one = np.where(inside.any(axis=1), code[np.arange(len(points)), inside.argmax(axis=1)], -1)
        # sites beyond the few may be within where the last of the few is not surely beyond the limit
        more = len(self._code) > code.shape[1]
        short = (drawn[:, -1] <= limit_mi + self._off.max() + _GUARD_MI) & (count < cap) & more
        unsure = np.flatnonzero(near_line | short)
        if len(unsure):
            count[unsure], one[unsure] = self._listed(points[unsure], limit_mi, edge)
        return np.minimum(count, cap), one

    def _listed(self, points: Ints, limit_mi: float, edge: Edge) -> tuple[Ints, Ints]:
        """The same from the whole list of sites."""
        lon, lat = self._at
        counts, ones = [], []
        for part in self._index.each_sites_within(lon[points], lat[points], limit_mi=limit_mi, edge=edge):
            size = len(part.first) - 1
            owner = np.repeat(np.arange(size), np.diff(part.first))
            pairs = np.unique(np.stack([owner, self._code[part.row]]), axis=1)
            one = np.full(size, -1)
            one[pairs[0]] = pairs[1]
            counts.append(np.bincount(pairs[0], minlength=size))
            ones.append(one)
        return np.concatenate(counts), np.concatenate(ones)


class CountyReach:
    """Miles from any site to the nearest person of each county.

    Parameters
    ----------
    people : People
        Rows that stand for nobody are left out.
    """

    def __init__(self, people: People) -> None:
        some = np.flatnonzero(people.weight > 0)
        self._lon, self._lat = people.lon[some], people.lat[some]
        self._counties = np.unique(people.county[some])
        self._size = len(people.counties)
        self._index = SiteIndex(
            self._lon, self._lat, service=people.county[some], services=list(range(len(people.counties)))
        )
        #: The Census areas of the people, and the position in them of each row.
        self.places, self.place = np.unique(people.place, return_inverse=True)
        self._column: dict[tuple[float, float], int] = {}
        self._miles = np.zeros((self._size, 0))
        self._row = np.zeros((self._size, 0), dtype=np.int64)

    def add(self, supplies: Sequence[Supply]) -> None:
        """Measure all sites of some supplies at once."""
        spots = {spot for each in supplies for spot in zip(each.lon.tolist(), each.lat.tolist(), strict=True)}
        fresh = sorted(spots - set(self._column))
        if not fresh:
            return
        lon, lat = np.array(fresh).T
        found = self._index.nearest(lon, lat)
        shape = (self._size, len(fresh))
        self._column |= {spot: self._miles.shape[1] + i for i, spot in enumerate(fresh)}
        self._miles = np.hstack([self._miles, found.miles.reshape(shape)])
        self._row = np.hstack([self._row, found.row.reshape(shape)])

    def within(self, supply: Supply, limits_mi: Floats, *, perhaps: bool = False) -> Flags:
        """Which offerings (columns) lie surely, or perhaps, within the limit of somebody of each county (rows)."""
        if not len(supply.offerings):
            return np.zeros((self._size, 0), dtype=bool)
        columns = [self._column[spot] for spot in zip(supply.lon.tolist(), supply.lat.tolist(), strict=True)]
        miles = self._miles[:, columns] + supply.uncertainty_mi * (-1.0 if perhaps else 1.0)
        inside: Flags = miles <= limits_mi[:, None]
        near_line = (np.abs(miles - limits_mi[:, None]) <= _GUARD_MI) & (supply.uncertainty_mi == 0)
        for county, i in np.argwhere(near_line).tolist():
            row = self._row[county, columns[i]]
            person, site = (self._lon[row], self._lat[row]), (supply.lon[i], supply.lat[i])
            inside[county, i] = distance.within(*person, *site, float(limits_mi[county]))
        return inside
