"""What every measured row of a standard has in common, whatever the standard measures."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from adequacy.clocks import read_date
from adequacy.compliance.rules import Limit, Rule
from adequacy.compliance.supply import Supply, supply_of
from adequacy.reference import find_county

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from numpy.typing import NDArray

    from adequacy.compliance.people import People
    from adequacy.network import NetworkFile, Offering
    from adequacy.policy import Policy

    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]
    Row = dict[str, Any]

__all__ = ["Key", "Plan", "Raw", "RuleRows"]

Key = tuple[str, str, str]
"""Standard, service, ages."""


@dataclass(eq=False)
class Raw:
    """What was measured, before it is made into tables.

    ``within`` says of each person row whether the standard's agencies are surely within the limit, by rule;
    ``by_road`` how many rules were decided by road.
    """

    people: People
    by_county: list[Row] = field(default_factory=list)
    by_region: list[Row] = field(default_factory=list)
    gaps: list[Row] = field(default_factory=list)
    single_cover: list[Row] = field(default_factory=list)
    within: dict[Key, Flags] = field(default_factory=dict)
    by_road: int = 0


@dataclass(frozen=True, eq=False)
class Plan:
    """A network on a day, under a policy: what rules are measured against."""

    network: NetworkFile
    policy: Policy
    on: str

    @cached_property
    def day(self) -> date:
        """The day as a date."""
        return read_date(self.on)

    @cached_property
    def offerings(self) -> dict[str, list[Offering]]:
        """All offerings by service."""
        found: dict[str, list[Offering]] = {}
        for each in self.network.offerings():
            found.setdefault(each.service_key, []).append(each)
        return found

    @cached_property
    def region(self) -> tuple[str, ...]:
        """The counties the plan serves that day."""
        return self.policy.counties(self.day)

    @cached_property
    def region_people(self) -> int:
        """People of the plan's counties by the Census."""
        found = (find_county(code) for code in self.region)
        return sum(county.people or 0 for county in found if county)

    def supply(self, rule: Rule) -> Supply:
        """Who counts for a rule."""
        return supply_of(
            lambda key: self.offerings.get(key, []), rule.services, self.on, rule.funding, travels=rule.travels
        )


class RuleRows:
    """The rows of one rule: who is asked about, and what every row begins with."""

    def __init__(self, plan: Plan, rule: Rule, supply: Supply, people: People) -> None:
        self.plan = plan
        self.rule = rule
        self.supply = supply
        self.people = people
        self.rows = np.flatnonzero(self._asked())
        self.weight = people.weight[self.rows]
        self.county = people.county[self.rows]

    def _asked(self) -> Flags:
        """Whom the rule is about."""
        ages = self.people.age
        if self.rule.ages not in ("adult", "child") or ages is None:
            return np.ones(len(self.people), dtype=bool)
        adult_from = float(self.plan.policy.value("adult_from_age_years", self.plan.day))
        return ages >= adult_from if self.rule.ages == "adult" else ages < adult_from

    @property
    def ages(self) -> str:
        """The age group of the rows; everybody, where ages are not known."""
        return "all" if self.people.age is None or self.rule.ages not in ("adult", "child") else self.rule.ages

    def limit_of(self, county: str) -> Limit:
        """The limit of a county; without one, nothing is measured there."""
        return self.rule.limits.get(county) or Limit("", None, None, None)

    def base(self, county: str, people: int) -> Row:
        """What every row of a county begins with."""
        known = find_county(county)
        limit = self.limit_of(county)
        return {
            "county_fips": county,
            "county": known.name if known else "",
            "service": self.rule.label,
            "standard": self.rule.standard,
            "people": people,
            "people_within": None,
            "share_pct": None,
            "nearest_median_mi": None,
            "nearest_p95_mi": None,
            "nearest_max_mi": None,
            "providers": None,
            "required_pct": limit.required_pct,
            "met": "not_measured",
            "why": "",
            "ages": self.ages,
            "people_beyond": None,
            "people_short": None,
            "nearest_mean_mi": None,
            "people_perhaps_within": None,
            "people_off_roads": None,
            "places_beyond": None,
            "people_per_provider": None,
            "choice_of": self.rule.choice,
            "counts": self.rule.counts,
            "measure": self.rule.measure,
            "judged_over": self.rule.area,
            "area_class": limit.area_class,
            "limit_mi": limit.limit_mi,
            "limit_min": limit.limit_min,
            "needed": limit.needed,
            "credit_pct": None,
            "customised": "Y" if limit.customised else "",
            "agencies_unknown": self.supply.agencies_unknown,
            "unverified": "Y" if self.rule.is_unverified else "",
        }

    def sums(self, values: Any) -> Ints:
        """Sum people by county."""
        found = np.bincount(self.county, weights=values, minlength=len(self.people.counties))
        return found.round().astype(np.int64)

    def unnamed(self) -> Iterator[Row]:
        """Rows of a standard that names no service of the catalogue."""
        for county, people in zip(self.people.counties, self.sums(self.weight).tolist(), strict=True):
            why = "the standard names no service of the catalogue"
            yield self.base(county, people) | {"why": why, "agencies_unknown": None, "choice_of": self.rule.choice}

    def region_base(self, name: str, counties: int, people: int) -> Row:
        """What every row of a region begins with."""
        row = self.base("", people)
        for key in ("county_fips", "county", "area_class", "limit_mi", "limit_min", "customised", "needed"):
            del row[key]
        return {"region": name, "counties": counties} | row
