"""Met, not met, or not measured: the verdict on one area, with its reason in words.

A straight line bounds road miles from below. So of *miles or minutes* it can prove that a standard is met, of *miles
and minutes* that it is not; the other side waits for drive times and is said to. Where reach was measured by road,
both are decided.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Literal, NamedTuple

__all__ = ["CATCHMENT", "OUTSIDE", "Area", "Count", "Verdict", "all_of", "judge", "judge_count", "people_short"]

#: The two regions of a plan: the counties it serves, and all others measured.
CATCHMENT, OUTSIDE = "plan catchment", "outside the catchment"

Met = Literal["yes", "no", "not_measured"]


class Verdict(NamedTuple):
    """Whether a standard is met, and why."""

    met: Met
    why: str


@dataclass(frozen=True, slots=True)
class Area:
    """What was measured of an area.

    Attributes
    ----------
    measure : str
        As in ``policy.Standard``.
    people, sure, perhaps : int
        People; those surely, and perhaps, within the limit of as many agencies as the standard wants.
    required_pct : float or None
        Share of people required; None means everyone (a rule for single requests).
    credit_pct : float
        Points that telehealth adds to the share.
    choice, agencies : int
        Agencies wanted by each person; agencies of the whole network that count for the area.
    providers, providers_perhaps, needed : int
        Agencies in reach of somebody, surely and perhaps, and how many the area must have.
    number_unknown : bool
        Whether a number is wanted of the area that nobody published.
    by_road : bool
        Whether reach was measured by road, so that minutes are known.
    """

    measure: str
    people: int
    sure: int
    perhaps: int
    required_pct: float | None
    choice: int
    agencies: int
    has_limit: bool = True
    credit_pct: float = 0.0
    providers: int = 0
    providers_perhaps: int = 0
    needed: int | None = None
    number_unknown: bool = False
    by_road: bool = False


def judge(area: Area) -> Verdict:
    """Judge a standard of distance.

    Examples
    --------
    >>> judge(Area("miles_or_minutes", people=100, sure=94, perhaps=94, required_pct=95, choice=2, agencies=9)).met
    'not_measured'
    >>> judge(Area("miles_and_minutes", people=100, sure=80, perhaps=80, required_pct=85, choice=1, agencies=9)).met
    'no'
    """
    if not area.has_limit:
        return Verdict("not_measured", "the county has no class on that day, so no limit is known")
    if not area.people:
        return Verdict("not_measured", "nobody to measure here")
    if area.agencies < area.choice:
        many = f"only {area.agencies} of {area.choice} agencies count" if area.agencies else "no agency counts"
        return Verdict("no", f"{many} for people here, however far")
    if area.by_road:
        return _by_road(area)
    if area.measure == "miles_and_minutes":
        return _both(area)
    if _enough(area, area.sure):
        return Verdict("yes", "straight line" if area.measure != "geodesic" else "")
    if area.measure == "miles_or_minutes":
        return Verdict("not_measured", "too few within the miles by straight line; drive minutes are not measured")
    if _enough(area, area.perhaps):
        return Verdict("not_measured", "sites known only to their ZIP decide it: place them by their address")
    return Verdict("no", "" if area.measure == "geodesic" else "straight line")


def _both(area: Area) -> Verdict:
    """Judge miles and minutes: beyond the miles is beyond, within is open."""
    if area.needed is not None and area.providers_perhaps < area.needed:
        return Verdict("no", f"{area.providers} of {area.needed} providers within the miles of anybody (straight line)")
    if not _enough(area, area.perhaps):
        return Verdict("no", "straight line")
    if area.number_unknown:
        return Verdict("not_measured", "no minimum number is published for the county; drive minutes are not measured")
    return Verdict("not_measured", "enough within the miles by straight line; drive minutes are not measured")


def _by_road(area: Area) -> Verdict:
    """Judge by drive miles and minutes: what no drive could be measured of stays open."""
    needed = area.needed or 0
    if area.providers_perhaps < needed:
        return Verdict("no", f"{area.providers} of {needed} providers within the limits of anybody, by road")
    if not _enough(area, area.perhaps):
        return Verdict("no", "by road")
    if area.number_unknown:
        return Verdict("not_measured", "no minimum number is published for the county")
    if area.providers < needed or not _enough(area, area.sure):
        return Verdict("not_measured", "homes or sites that are not on the streets, or known only to a ZIP, decide it")
    return Verdict("yes", "by road")


def _enough(area: Area, within: int) -> bool:
    """Whether a number of people is the share required, telehealth credited."""
    required = 100.0 if area.required_pct is None else area.required_pct
    return 100 * within >= (required - area.credit_pct) * area.people


def people_short(people: int, within: int, required_pct: float | None, credit_pct: float = 0.0) -> int:
    """How many more people must come within the limit.

    Examples
    --------
    >>> people_short(1000, 900, 95), people_short(1000, 950, 95), people_short(3, 0, None)
    (50, 0, 3)
    """
    share = max(0.0, (100.0 if required_pct is None else required_pct) - credit_pct)
    return max(0, ceil(share * people / 100 - 1e-9) - within)


@dataclass(frozen=True, slots=True)
class Count:
    """What was counted of an area: agencies that surely serve it, those that may, and how many it needs."""

    sure: int
    perhaps: int
    needed: int


def judge_count(count: Count) -> Verdict:
    """Judge a standard that wants a number of agencies.

    Examples
    --------
    >>> judge_count(Count(sure=1, perhaps=1, needed=2)).met, judge_count(Count(sure=1, perhaps=3, needed=2)).met
    ('no', 'not_measured')
    """
    text = f"{count.sure} agencies, {count.needed} needed" if count.sure != 1 else f"1 agency, {count.needed} needed"
    if count.sure >= count.needed:
        return Verdict("yes", text)
    if count.perhaps >= count.needed:
        more = count.perhaps - count.sure
        return Verdict("not_measured", f"{text}; {more} more do not say which counties they serve")
    return Verdict("no", text)


def all_of(verdicts: list[Verdict]) -> Verdict:
    """The verdict on a whole whose parts must all be met; the first that fails gives the reason."""
    for word in ("no", "not_measured"):
        failing = [each for each in verdicts if each.met == word]
        if failing:
            more = f" (and {len(failing) - 1} more)" if len(failing) > 1 else ""
            return Verdict(failing[0].met, failing[0].why + more)
    return verdicts[0] if verdicts else Verdict("not_measured", "nothing to judge")
