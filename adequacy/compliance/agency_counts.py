"""Standards that want so many agencies in an area: a number for a county or a region, whoever lives where."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from adequacy.access.answer import is_fresh
from adequacy.compliance.judging import CATCHMENT, OUTSIDE, Count, Verdict, all_of, judge_count
from adequacy.compliance.rule_rows import RuleRows
from adequacy.reference import find_county

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from adequacy.compliance.rule_rows import Raw, Row

__all__ = ["AgencyCounts"]


class AgencyCounts(RuleRows):
    """One rule of number being measured."""

    def into(self, raw: Raw) -> None:
        """Measure and add the rows."""
        raw.by_county += list(self._counted())
        raw.by_region += list(self._counted_regions())

    def _counted(self) -> Iterator[Row]:
        """Rows of a standard that wants agencies in an area, by county."""
        verdict = self._region_count()[1]
        for county, people in zip(self.people.counties, self.sums(self.weight).tolist(), strict=True):
            row = self.base(county, people) | {"needed": self._needed(), "choice_of": None, "counts": "agency"}
            row["providers"] = self._agencies([county])[0]
            if county not in self.plan.region:
                yield row | {"why": "beyond the plan's catchment"}
                continue
            verdicts = [Verdict(verdict.met, f"region: {verdict.why}")]
            if self.rule.accepting_in_every_county:
                verdicts.append(self._accepting(county))
            found = all_of(verdicts)
            yield row | {"met": found.met, "why": found.why}

    def _counted_regions(self) -> Iterator[Row]:
        """Rows of a standard that wants agencies in an area, by region."""
        sums = dict(zip(self.people.counties, self.sums(self.weight).tolist(), strict=True))
        ours = {code: people for code, people in sums.items() if code in self.plan.region}
        others = {code: people for code, people in sums.items() if code not in self.plan.region}
        if ours:
            count, verdict = self._region_count()
            verdicts = [verdict]
            if self.rule.accepting_in_every_county:
                verdicts += [self._accepting(code) for code in self.plan.region]
            found = all_of(verdicts)
            yield self.region_base(CATCHMENT, len(ours), sum(ours.values())) | {
                "providers": count.sure,
                "met": found.met,
                "why": found.why,
                "choice_of": count.needed,
            }
        if others:
            row = self.region_base(OUTSIDE, len(others), sum(others.values()))
            yield row | {"why": "beyond the plan's catchment", "choice_of": None}

    def _region_count(self) -> tuple[Count, Verdict]:
        """Agencies of the plan's counties, and the verdict on their number."""
        sure, perhaps = self._agencies(self.plan.region)
        count = Count(sure, perhaps, self._needed())
        return count, judge_count(count)

    def _needed(self) -> int:
        """How many agencies the region needs: the minimum, or one for so many people, whichever is more."""
        if not self.rule.per_people:
            return self.rule.choice
        return max(self.rule.choice, ceil(self.plan.region_people / self.rule.per_people))

    def _agencies(self, counties: Sequence[str]) -> tuple[int, int]:
        """Agencies that surely serve some counties, and those that do or may."""
        if not self.supply.offerings:
            return 0, 0
        sure, perhaps = self.supply.serves(counties)
        certain = set(self.supply.agency[sure].tolist())
        return len(certain), len(certain | set(self.supply.agency[perhaps].tolist()))

    def _accepting(self, county: str) -> Verdict:
        """Whether an agency that serves a county takes new people, as verified within the policy's number of days."""
        name = getattr(find_county(county), "name", county)
        if not self.supply.offerings:
            return Verdict("no", f"{name}: no agency")
        sure, perhaps = self.supply.serves([county])
        words = {self._panel(i) for i in np.flatnonzero(sure).tolist()}
        if "verified" in words:
            return Verdict("yes", f"{name}: taking new people")
        if words & {"unverified", "unknown"} or perhaps.any():
            return Verdict("not_measured", f"{name}: no agency is verified as taking new people")
        return Verdict("no", f"{name}: no agency takes new people")

    def _panel(self, i: int) -> str:
        """Whether an offering takes new people: verified, unverified, unknown or no."""
        offering = self.supply.offerings[i]
        if offering.panel_status == "unknown":
            return "unknown"
        if offering.panel_status != "accepting":
            return "no"
        days = int(self.plan.policy.value("accepting_valid_days", self.plan.day))
        return "verified" if is_fresh(offering, self.plan.day, days) else "unverified"
