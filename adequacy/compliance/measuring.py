"""Standards x areas -> people, share with access, providers, met or not: the whole plan by the one definition."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from adequacy.compliance.agency_counts import AgencyCounts
from adequacy.compliance.by_road import BY_ROAD, RoadLimits, RoadReach, Streets
from adequacy.compliance.judging import CATCHMENT, OUTSIDE, Area, Verdict, all_of, judge, people_short
from adequacy.compliance.people import People, as_people
from adequacy.compliance.reach import CountyReach, Reach, reach_of
from adequacy.compliance.rule_rows import Plan, Raw, RuleRows
from adequacy.compliance.rules import Limit, Rule, rules_of
from adequacy.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

    from adequacy.compliance.rule_rows import Row
    from adequacy.compliance.supply import Supply
    from adequacy.roads import RoadNetwork

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]

__all__ = ["measure_rules"]

_MEDIAN, _HIGH = 50, 95


def measure_rules(
    plan: Plan,
    scheme: str,
    people: Any,
    *,
    services: Iterable[str] | None = None,
    roads: RoadNetwork | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Raw:
    """Measure every standard of a scheme.

    Parameters
    ----------
    plan : Plan
        Network, policy and day.
    scheme : str
        Name of a scheme.
    people : People or DataFrame
        See ``people.as_people``.
    services : iterable of str, optional
        Service keys; all if not given.
    roads : RoadNetwork, optional
        Standards that speak of minutes are then decided by drive miles and drive minutes.
    progress : callable, optional
        Called with rules done and rules in all.

    Raises
    ------
    UsageError
        No such scheme, or nobody to measure.
    NoStandardInForce
        Nothing of the scheme is in force that day.
    """
    demand = as_people(people)
    if not len(demand):
        raise UsageError("people: there is nobody to measure. Check the counties or the file.")
    found = rules_of(
        plan.policy.scheme(scheme),
        plan.policy,
        plan.day,
        demand.counties,
        ages_known=demand.age is not None,
        keys=None if services is None else [plan.policy.services.find(each).key for each in services],
    )
    supplies = [plan.supply(rule) for rule in found]
    near = CountyReach(demand)
    near.add([s for s, rule in zip(supplies, found, strict=True) if rule.measure != "count"])
    timed = sum(rule.measure in BY_ROAD and bool(rule.services) for rule in found)
    streets = Streets(roads, demand) if roads is not None and timed else None
    raw = Raw(demand, by_road=timed if streets else 0)
    for done, (rule, supply) in enumerate(zip(found, supplies, strict=True), start=1):
        if rule.measure == "count" and rule.services:
            AgencyCounts(plan, rule, supply, demand).into(raw)
        else:
            _Reaching(plan, rule, supply, demand, near, streets if rule.measure in BY_ROAD else None).into(raw)
        if progress:
            progress(done, len(found))
    return raw


class _Reaching(RuleRows):
    """One rule of distance being measured."""

    def __init__(
        self, plan: Plan, rule: Rule, supply: Supply, people: People, near: CountyReach, streets: Streets | None
    ) -> None:
        super().__init__(plan, rule, supply, people)
        self.near = near
        self.streets = streets

    def into(self, raw: Raw) -> None:
        """Measure and add the rows."""
        if not self.rule.services:
            raw.by_county += self.unnamed()
            return
        reach = self._reach()
        inside = reach.sure >= self.rule.choice
        counties = list(self._measured(reach))
        raw.by_county += counties
        raw.by_region += list(self._regions(reach, counties))
        raw.gaps += list(self._gaps(counties, inside))
        raw.single_cover += list(self._single(reach))
        whole = np.zeros(len(self.people), dtype=bool)
        whole[self.rows] = inside
        raw.within[self.rule.standard, self.rule.label, self.ages] = whole

    @cached_property
    def _limits(self) -> Floats:
        """The limit of each county in statute miles, NaN where it has none."""
        return self._by_county("limit_mi")

    def _by_county(self, name: str) -> Floats:
        """A limit of each county, NaN where it has none."""
        limits = [getattr(self.limit_of(code), name) for code in self.people.counties]
        return np.array([np.nan if each is None else each for each in limits], dtype=float)

    @cached_property
    def _counts_in(self) -> Flags:
        """Which offerings (columns) count for people of each county (rows)."""
        shape = (len(self.people.counties), len(self.supply.offerings))
        if not any(served is not None for served in self.supply.served):
            return np.ones(shape, dtype=bool)
        return np.array([self.supply.reaches(code) for code in self.people.counties], dtype=bool).reshape(shape)

    @cached_property
    def _in_reach(self) -> Flags:
        """Which of them lie surely within the limit of somebody there."""
        if self.road is not None:
            return self.road.sure
        return self.near.within(self.supply, self._limits) & self._counts_in

    @cached_property
    def _perhaps_in_reach(self) -> Flags:
        """Which of them may lie within it."""
        if self.road is not None:
            return self.road.perhaps
        if not self.supply.uncertainty_mi.any():
            return self._in_reach
        return self.near.within(self.supply, self._limits, perhaps=True) & self._counts_in

    def _agencies_of(self, offerings: Flags) -> int:
        """How many agencies some offerings belong to."""
        return len(set(self.supply.agency[offerings].tolist()))

    def _reach(self) -> Reach:
        """What the people reach."""
        if self.road is not None:
            return self.road.reach
        return reach_of(
            self.supply,
            self.people,
            self.rows,
            self._limits[self.county],
            counts=self.rule.counts,
            cap=self._cap,
            use_ages=True,
        )

    @cached_property
    def road(self) -> RoadReach | None:
        """What the people reach by road, where the standard speaks of minutes and streets are given."""
        if self.streets is None:
            return None
        both = self.rule.measure == "miles_and_minutes"
        limits = RoadLimits(self._limits[self.county], self._by_county("limit_min")[self.county], both)
        return self.streets.reach(self.supply, self.rows, limits, counts=self.rule.counts, cap=self._cap)

    @property
    def _cap(self) -> int:
        """How many agencies are counted: enough for the standard, and to tell one from more."""
        return max(2, self.rule.choice)

    def _measured(self, reach: Reach) -> Iterator[Row]:
        """Rows of a standard of distance, by county."""
        people = self.sums(self.weight)
        sure = self.sums(self.weight * (reach.sure >= self.rule.choice))
        perhaps = self.sums(self.weight * (reach.perhaps >= self.rule.choice))
        lone = self.people.lone[self.rows]
        beyond = self.sums(lone & (reach.sure < self.rule.choice))
        off = None if self.road is None else self.sums(self.weight * self.road.off_roads)
        miles = _spread(reach.nearest_mi, self.weight, self.county, len(self.people.counties))
        for c, county in enumerate(self.people.counties):
            limit = self.limit_of(county)
            area, providers = self._area(c, limit, int(people[c]), int(sure[c]), int(perhaps[c]))
            row = self.base(county, area.people) | {name: values[c] for name, values in miles.items()}
            verdict = judge(area)
            row |= {"met": verdict.met, "why": verdict.why, "credit_pct": area.credit_pct or None}
            if area.has_limit:
                row |= _shares(area) | {
                    "providers": providers,
                    "people_per_provider": area.people / providers if providers else None,
                    "places_beyond": int(beyond[c]),
                    "people_off_roads": None if off is None else int(off[c]),
                }
            yield row

    def _area(self, c: int, limit: Limit, people: int, sure: int, perhaps: int) -> tuple[Area, int]:
        """What was measured of a county, and how many agencies reach anybody in it."""
        inside, agencies = self._in_reach[c], self._agencies_of(self._counts_in[c])
        providers = self._agencies_of(inside) if people else 0
        providers_perhaps = self._agencies_of(self._perhaps_in_reach[c]) if people else 0
        credit = limit.given_pct
        if limit.credit_pct and self._has_telehealth(inside):
            credit += limit.credit_pct
        area = Area(
            measure=self.rule.measure,
            people=people,
            sure=sure,
            perhaps=perhaps,
            required_pct=limit.required_pct,
            choice=self.rule.choice,
            agencies=agencies,
            has_limit=limit.limit_mi is not None,
            credit_pct=credit,
            providers=providers,
            providers_perhaps=providers_perhaps,
            needed=limit.needed,
            number_unknown=limit.number_unknown,
            by_road=self.road is not None,
        )
        return area, providers

    def _has_telehealth(self, inside: Flags) -> bool:
        """Whether a contracted provider of the specialty gives it by telehealth."""
        here = any(self.supply.offerings[i].telehealth == "Y" for i in np.flatnonzero(inside))
        return here or bool(self.supply.remote)

    def _regions(self, reach: Reach, counties: list[Row]) -> Iterator[Row]:
        """Rows of a standard of distance, by region."""
        inside = np.array([code in self.plan.region for code in self.people.counties])[self.county]
        for name, mask in ((CATCHMENT, inside), (OUTSIDE, ~inside)):
            if not mask.any():
                continue
            mine = [row for row in counties if (row["county_fips"] in self.plan.region) == (name == CATCHMENT)]
            weight, none = self.weight * mask, np.zeros(len(self.rows), dtype=np.int64)
            people = int(weight.sum())
            sure = int(weight[reach.sure >= self.rule.choice].sum())
            perhaps = int(weight[reach.perhaps >= self.rule.choice].sum())
            classes = {row["required_pct"] for row in mine}
            required = classes.pop() if len(classes) == 1 else None
            agencies = len(self.supply.agency_ids)
            area = Area(
                self.rule.measure, people, sure, perhaps, required, self.rule.choice, agencies,
                by_road=self.road is not None,
            )  # fmt: skip
            verdict = self._region_verdict(area, mine, name)
            miles = _spread(reach.nearest_mi, weight, none, 1)
            yield (
                self.region_base(name, len(mine), people)
                | _shares(area)
                | {
                    **{key: values[0] for key, values in miles.items()},
                    "people_short": sum(row["people_short"] or 0 for row in mine)
                    if self.rule.area == "county"
                    else people_short(people, sure, required),
                    "people_off_roads": None if self.road is None else int(weight[self.road.off_roads].sum()),
                    "providers": self._region_providers(mine),
                    "required_pct": required,
                    "met": verdict.met,
                    "why": verdict.why,
                }
            )

    def _region_verdict(self, area: Area, counties: list[Row], name: str) -> Verdict:
        """The verdict on a region: each of its counties, or all its people together, as the standard says."""
        if name == OUTSIDE:
            return Verdict("not_measured", "beyond the plan's catchment")
        missing = set(self.plan.region) - {row["county_fips"] for row in counties if row["people"]}
        if missing and self.rule.area != "consumer":
            return Verdict("not_measured", f"{len(missing)} of the plan's counties are not among those measured")
        if self.rule.area == "county":
            return all_of([Verdict(row["met"], f"{row['county']}: {row['why']}") for row in counties])
        return judge(area)

    def _region_providers(self, counties: list[Row]) -> int:
        """Agencies within the limit of anybody of some counties."""
        mine = {row["county_fips"] for row in counties if row["people"]}
        here = np.array([code in mine for code in self.people.counties])
        return self._agencies_of(self._in_reach[here].any(axis=0))

    def _gaps(self, counties: list[Row], inside: Flags) -> Iterator[Row]:
        """Counties with people beyond the limit, each with the place where most of them live."""
        outside = np.flatnonzero(~inside & (self.weight > 0))
        worst = self._worst_places(outside)
        for c, row in enumerate(counties):
            if row["people_beyond"]:
                weight, place = worst[c]
                yield {name: row[name] for name in _GAP_COLUMNS} | {"worst_zcta": place, "worst_zcta_people": weight}

    def _worst_places(self, rows: Ints) -> dict[int, tuple[int, str]]:
        """Of some people: by county, how many live in the place where most of them do, and which that is."""
        places = self.near.places
        key = self.county[rows] * len(places) + self.near.place[self.rows[rows]]
        sums = np.bincount(key, weights=self.weight[rows])
        worst: dict[int, tuple[int, str]] = {}
        for each in np.flatnonzero(sums).tolist():
            c, where = divmod(each, len(places))
            worst[c] = max(worst.get(c, (0, "")), (int(sums[each]), str(places[where])))
        return worst

    def _single(self, reach: Reach) -> Iterator[Row]:
        """People who reach one agency only, by county and agency."""
        alone = np.flatnonzero((reach.sole >= 0) & (self.weight > 0))
        if not len(alone):
            return
        size = len(self.supply.agency_ids)
        key = self.county[alone] * size + reach.sole[alone]
        people = np.bincount(key, weights=self.weight[alone], minlength=1)
        total = self.sums(self.weight)
        sites = {each.provider_id: each for each in self.supply.offerings}
        for each in np.flatnonzero(people):
            c, agency = divmod(int(each), size)
            base = self.base(self.people.counties[c], int(total[c]))
            offering = sites[self.supply.agency_ids[agency]]
            yield {name: base[name] for name in ("county_fips", "county", "service", "standard", "ages")} | {
                "provider_id": offering.provider_id,
                "provider": offering.provider_name,
                "npi": offering.npi,
                "people": int(people[each]),
                "share_pct": 100.0 * people[each] / total[c],
                "places": len(set(self.people.place[self.rows[alone[key == each]]].tolist())),
                "limit_mi": base["limit_mi"],
            }


_GAP_COLUMNS = (
    "county_fips", "county", "service", "standard", "ages", "people", "people_beyond", "people_short", "share_pct",
    "required_pct", "met", "why", "nearest_median_mi", "nearest_max_mi", "limit_mi", "providers", "unverified",
)  # fmt: skip


def _shares(area: Area) -> Row:
    """People within, their share, those beyond and those short."""
    return {
        "people_within": area.sure,
        "share_pct": 100.0 * area.sure / area.people if area.people else None,
        "people_beyond": area.people - area.sure,
        "people_short": people_short(area.people, area.sure, area.required_pct, area.credit_pct),
        "people_perhaps_within": area.perhaps if area.perhaps != area.sure else None,
    }


def _spread(miles: Floats, weight: Ints, group: Ints, groups: int) -> dict[str, list[float | None]]:
    """Mean, median, 95th percentile and maximum of miles by group, each person counted once.

    A percentile is the smallest distance within which at least that share of the people lies; None where it is beyond
    all sites.
    """
    some = np.flatnonzero(weight > 0)
    order = some[np.lexsort((miles[some], group[some]))]
    far, upto = miles[order], np.cumsum(weight[order])
    ends = np.searchsorted(group[order], np.arange(groups), side="right")
    out: dict[str, list[float | None]] = {f"nearest_{name}_mi": [] for name in ("median", "p95", "max", "mean")}
    first, before = 0, 0
    for end in ends.tolist():
        values: list[float | None] = [None] * 4
        if end > first:
            total = int(upto[end - 1]) - before
            at = [before + -(-share * total // 100) for share in (_MEDIAN, _HIGH)]
            found = [*far[np.searchsorted(upto, at)], far[end - 1]]
            found.append(float(far[first:end] @ weight[order[first:end]]) / total)
            values = [float(each) if np.isfinite(each) else None for each in found]
            first, before = end, int(upto[end - 1])
        for name, value in zip(out, values, strict=True):
            out[name].append(value)
    return out
