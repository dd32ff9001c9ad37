"""The finding for one place: covered, gap, or too close to call, with every site and why it counts or does not.

For a service, a day and a place, f(p) is the distance from a point p of the place to the nearest site that counts.
*Covered* if f is within the limit at every point, *gap* if at none, else *too close to call*. The bulk kernels answer
the same question for arrays of points; both ask ``counts_for_gap`` which sites count.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import atan2, cos, degrees, inf, radians
from typing import TYPE_CHECKING, Literal, NamedTuple

from adequacy.access._region import Region, Regions, Spot, Worst, rough_miles, spot
from adequacy.access.counting import counts_for_gap, funnel, is_only_unknown, serves_all_counties
from adequacy.distance import MILE_M, miles, to_ecef, within
from adequacy.reference import blocks_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from adequacy.geocode import Place
    from adequacy.network import Offering

__all__ = [
    "Brief",
    "Counted",
    "Finding",
    "NearestMiles",
    "NotCounted",
    "Question",
    "Site",
    "brief",
    "counted_of",
    "find",
    "word_for",
    "word_of",
]

Word = Literal["covered", "gap", "too_close_to_call"]

#: Closer to the limit than this, a point's distance is settled by the exact test: miles (about 16 mm).
_LOOK_CLOSER_MI = 1e-5
#: Share by which a rough distance may differ from the geodesic, up to so many miles; a test holds it worldwide.
_ROUGH, _ROUGH_TO_MI = 0.006, 3000.0
_COMPASS = ("east", "north-east", "north", "north-west", "west", "south-west", "south", "south-east")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a network, with the rules already looked up.

    Attributes
    ----------
    on : str
        Day asked about, ISO text.
    limit_mi, tolerance_mi : float
        The standard's limit and what is not known of a place's border, in statute miles.
    travels : bool
        Whether the service comes to the consumer, so that the county served matters.
    age, funding, population :
        What is known of the consumer; None is not tested.
    ledger_nearest : int
        How many uncounted sites are listed at least.
    fixes_listed : int
        How many sites that fail one test only are named at most.
    """

    on: str
    limit_mi: float
    tolerance_mi: float
    travels: bool = False
    age: int | None = None
    funding: str | None = None
    population: str | None = None
    ledger_nearest: int = 25
    fixes_listed: int = 5


@dataclass(frozen=True, slots=True)
class NearestMiles:
    """Miles to the nearest counted site: from the best-placed point, the reference point, the worst-placed point."""

    low: float | None
    reference: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Site:
    """A counted site and its distance from the place, in statute miles."""

    offering: Offering
    distance_mi: float
    distance_low_mi: float
    distance_high_mi: float
    within: Literal["all", "part", "none"]


@dataclass(frozen=True, slots=True)
class NotCounted:
    """A site that does not count, why, and its distance from the reference point; None where it has no place."""

    offering: Offering
    reasons: tuple[str, ...]
    distance_mi: float | None
    distance_low_mi: float | None


@dataclass(frozen=True, slots=True)
class Finding:
    """What geography says about one place, one service, one day."""

    word: Word
    nearest: NearestMiles
    share_within_pct: float
    sites: tuple[Site, ...]
    nearest_site: Site | None
    serves_county_beyond_limit: tuple[Site, ...]
    not_counted: tuple[NotCounted, ...]
    word_if_unknowns_count: Word
    funnel: dict[str, int]
    funnel_near: dict[str, int]
    one_fix_away: tuple[NotCounted, ...]
    uncovered_part: str | None


class _Entry(NamedTuple):
    """The best offering of one site: its reasons (empty if it counts), its spot, whether it serves every county."""

    offering: Offering
    reasons: tuple[str, ...]
    at: Spot | None
    serves_all: bool


def find(place: Place, offerings: Sequence[Offering], question: Question) -> Finding:
    """Find whether a counted site is within the limit of every point of a place, of none, or of some.

    Parameters
    ----------
    place : Place
        Where the consumer can be: a point with an uncertainty, or an area.
    offerings : sequence of Offering
        All offerings of the service in the network.
    question : Question
        Day, limit, tolerance and what is known of the consumer.

    Returns
    -------
    Finding
        Distances in statute miles, geodesic, WGS 84, unrounded. ``low`` and ``high`` of an area are its true minimum
        and maximum to better than 0.01 mile.
    """
    counties = place.counties if question.travels else None
    ledger = [(offering, _reasons(offering, question, counties)) for offering in offerings]
    entries = _best_of_each_site(ledger, counties)
    search = _Search(place, question)
    counted = [entry for entry in entries if not entry.reasons]
    nearest, worst = search.nearest(counted)
    word = search.word(nearest, counted)
    listed, others = search.sites(counted)
    not_counted, beyond = search.not_counted([entry for entry in entries if entry.reasons])
    near_ids = {site.offering.site_id for site in listed} | {each.offering.site_id for each in not_counted}
    return Finding(
        word=word,
        nearest=nearest,
        share_within_pct=search.share_within(counted, word),
        sites=tuple(listed),
        nearest_site=min((*listed[:1], *others[:1]), key=_by_distance, default=None),
        serves_county_beyond_limit=tuple(site for site in others if question.travels and site.offering.counties_served),
        not_counted=not_counted,
        word_if_unknowns_count=_word_if_unknowns_count(search, entries, counted, word),
        funnel=funnel(reasons for _, reasons in ledger),
        funnel_near=funnel(
            reasons for offering, reasons in ledger if offering.site_id in near_ids and offering.site_id not in beyond
        ),
        one_fix_away=_one_fix_away(not_counted, question.fixes_listed) if word != "covered" else (),
        uncovered_part=_direction(place, worst) if word == "too_close_to_call" and worst else None,
    )


def word_for(place: Place, offerings: Sequence[Offering], question: Question) -> Word:
    """Give the finding alone, as ``find`` does but without its evidence: for asking about many places."""
    return word_of(place, counted_of(offerings, question, place.counties if question.travels else None), question)


def word_of(place: Place, counted: Counted, question: Question, regions: Regions | None = None) -> Word:
    """Give the finding alone from the sites that count; parameters as for ``brief``."""
    if not counted.entries:
        return "gap"
    search = _Search(place, question, regions)
    quick = search.quick_word(counted.entries)
    return quick or search.word(search.nearest(counted.entries)[0], counted.entries)


class Brief(NamedTuple):
    """A finding without its evidence: the word, the nearest counted site, and how many are listed as within."""

    word: Word
    nearest: NearestMiles
    sites_within: int


def brief(place: Place, counted: Counted, question: Question, regions: Regions | None = None) -> Brief:
    """Give word, nearest miles and number of sites as ``find`` does, without the ledger: for asking in bulk.

    Parameters
    ----------
    place : Place
        Where the consumer can be.
    counted : Counted
        From ``counted_of``, for the counties of this place where the service travels.
    question : Question
        Day, limit and tolerance.
    regions : Regions, optional
        Borders of the places asked about last.
    """
    if not counted.entries:
        return Brief("gap", NearestMiles(None, None, None), 0)
    search = _Search(place, question, regions)
    nearest, _ = search.nearest(counted.entries)
    listed, _ = search.sites(counted.entries)
    return Brief(search.word(nearest, counted.entries), nearest, len(listed))


class Counted(NamedTuple):
    """The sites that count for a question, each with its best offering."""

    entries: list[_Entry]

    def columns(self) -> tuple[list[float], list[float], list[float]]:
        """Give longitudes, latitudes (degrees, WGS 84) and uncertainties (statute miles), row by row."""
        spots = [_spot_of(entry) for entry in self.entries]
        return (
            [at.lon for at in spots],
            [at.lat for at in spots],
            [at.slack_m / MILE_M for at in spots],
        )


def counted_of(offerings: Iterable[Offering], question: Question, counties: Sequence[str] | None) -> Counted:
    """Pick the sites that count; ``counties`` are those of the place, for a service that travels (else None)."""
    ledger = [(each, _reasons(each, question, counties)) for each in offerings]
    return Counted([entry for entry in _best_of_each_site(ledger, counties) if not entry.reasons])


def _reasons(offering: Offering, question: Question, counties: Sequence[str] | None) -> tuple[str, ...]:
    """Reasons of one offering under a question."""
    return counts_for_gap(
        offering,
        question.on,
        age=question.age,
        counties=counties,
        funding=question.funding,
        population=question.population,
    )


def _best_of_each_site(
    ledger: Iterable[tuple[Offering, tuple[str, ...]]], counties: Sequence[str] | None
) -> list[_Entry]:
    """Keep one offering per site: the one that counts, or that fails the fewest tests; wider service area first."""
    best: dict[str, _Entry] = {}
    for offering, reasons in ledger:
        entry = best.get(offering.site_id)
        rank = (len(reasons), not is_only_unknown(reasons), not serves_all_counties(offering, counties))
        if entry is not None and rank >= (
            len(entry.reasons),
            not is_only_unknown(entry.reasons),
            not entry.serves_all,
        ):
            continue
        lon, lat = offering.lon, offering.lat
        at = None if lon is None or lat is None else spot(lon, lat, offering.uncertainty_mi or 0.0)
        best[offering.site_id] = _Entry(offering, reasons, at, serves_all_counties(offering, counties))
    return list(best.values())


class _Search:
    """Distances from one place under one question; each site is measured once, and only if it can matter."""

    def __init__(self, place: Place, question: Question, regions: Regions | None = None) -> None:
        self.place = place
        self.question = question
        self._regions = regions
        self._at = to_ecef(place.lon, place.lat)
        self._measured: dict[Spot, float] = {}

    @cached_property
    def region(self) -> Region | None:
        """All the points where the consumer may be; None for a known point."""
        if self.place.uncertainty_mi <= 0:
            return None
        return self._regions.of(self.place) if self._regions else Region.of(self.place)

    def quick_word(self, counted: Sequence[_Entry]) -> Word | None:
        """The finding where distances from the reference point alone settle it; else None."""
        limit, tolerance, radius = self.question.limit_mi, self.question.tolerance_mi, self.place.uncertainty_mi
        located = [(entry.at, entry.serves_all) for entry in counted if entry.at]
        for at, serves_all in located:
            farthest = self.rough(at) * (1 + _ROUGH) + radius + at.slack_m / MILE_M
            if serves_all and farthest + tolerance < limit - _LOOK_CLOSER_MI:
                return "covered"
        beyond = all(self._is_beyond(at, limit + tolerance + _LOOK_CLOSER_MI) for at, _ in located)
        return "gap" if beyond else None

    def rough(self, at: Spot) -> float:
        """Miles from the reference point to within ``_ROUGH`` of the truth, without Karney as far as that holds."""
        rough = rough_miles(self._at, at)
        return rough if rough <= _ROUGH_TO_MI else self.reference(at)

    def reference(self, at: Spot) -> float:
        """Miles from the point that stands for the place."""
        if at not in self._measured:
            self._measured[at] = miles(self.place.lon, self.place.lat, at.lon, at.lat)
        return self._measured[at]

    def low(self, at: Spot) -> float:
        """Miles from the best-placed point, should the site be as near as it can."""
        return max(0.0, self._nearest(at) - at.slack_m / MILE_M)

    def _nearest(self, at: Spot) -> float:
        if self.region is None:
            return self.reference(at)
        if self.place.kind != "area":
            return max(0.0, self.reference(at) - self.place.uncertainty_mi)
        return self.region.nearest(at)

    def high(self, at: Spot) -> float:
        """Miles from the worst-placed point, should the site be as far as it can."""
        if self.region is None:
            farthest = self.reference(at)
        elif self.place.kind != "area":
            farthest = self.reference(at) + self.place.uncertainty_mi
        else:
            farthest = self.region.farthest(at)
        return farthest + at.slack_m / MILE_M

    def _hopeful(self, spots: Sequence[Spot]) -> list[Spot]:
        """Sites that can be the nearest of some point of the place, nearest first."""
        ranked = sorted((self.rough(at), at) for at in spots)
        reach = min(far + at.slack_m / MILE_M for far, at in ranked) + 2 * self.place.uncertainty_mi
        return [at for far, at in ranked if far * (1 - _ROUGH) - at.slack_m / MILE_M <= reach * (1 + _ROUGH)]

    def nearest(self, counted: Sequence[_Entry]) -> tuple[NearestMiles, Worst | None]:
        """Nearest counted site from the best-placed, the reference and the worst-placed point."""
        located = [entry.at for entry in counted if entry.at]
        if not located:
            return NearestMiles(None, None, None), None
        hopeful = self._hopeful(located)
        reference = min(self.reference(at) for at in hopeful)
        worst = self._worst([entry.at for entry in counted if entry.at and entry.serves_all])
        return NearestMiles(self._low(hopeful), reference, worst.miles if worst else None), worst

    def _low(self, hopeful: Sequence[Spot]) -> float:
        """Smallest ``low``; sites that cannot beat the best are not measured against the border."""
        best = inf
        for at in hopeful:
            bound = self.rough(at) * (1 - _ROUGH) - at.slack_m / MILE_M - self.place.uncertainty_mi
            if bound < best:
                best = min(best, self.low(at))
        return best

    def _worst(self, everywhere: Sequence[Spot]) -> Worst | None:
        """The worst-placed point. Of a disc, never farther than the nearest site plus the radius."""
        if not everywhere:
            return None
        hopeful = self._hopeful(everywhere)
        simple = min(self.high(at) for at in hopeful)
        worst = self.region.worst(hopeful) if self.region else None
        if worst is None:
            return Worst(simple, self.place.lon, self.place.lat)
        return worst if worst.miles < simple else Worst(simple, worst.lon, worst.lat)

    def word(self, nearest: NearestMiles, counted: Sequence[_Entry]) -> Word:
        """The finding."""
        limit, tolerance = self.question.limit_mi, self.question.tolerance_mi
        if self.region is None and tolerance == 0:
            return self._word_of_a_known_point(counted)
        if nearest.low is None or nearest.low - tolerance > limit:
            return "gap"
        if nearest.high is not None and nearest.high + tolerance <= limit:
            return "covered"
        return "too_close_to_call"

    def _word_of_a_known_point(self, counted: Sequence[_Entry]) -> Word:
        """The finding where the place is exact: the boundary is included, and decided exactly."""
        located = [(entry.at, entry.serves_all) for entry in counted if entry.at]
        if any(serves_all and self._inside(self.high(at), at) for at, serves_all in located):
            return "covered"
        return "too_close_to_call" if any(self._inside(self.low(at), at) for at, _ in located) else "gap"

    def _within_exactly(self, at: Spot) -> bool:
        return within(self.place.lon, self.place.lat, at.lon, at.lat, self.question.limit_mi)

    def _inside(self, distance_mi: float, at: Spot) -> bool:
        """Whether a distance is within the limit; near the line the exact test decides for a known point."""
        near_line = abs(distance_mi - self.question.limit_mi) < _LOOK_CLOSER_MI
        if near_line and self.region is None and not at.slack_m:
            return self._within_exactly(at)
        return distance_mi <= self.question.limit_mi

    def site(self, entry: _Entry) -> Site:
        """Distances of one counted site."""
        at = _spot_of(entry)
        distance = self.reference(at)
        if self._is_beyond(at, self.question.limit_mi):
            # the range is of no use beyond the limit: the reference stands in for both ends
            return Site(entry.offering, distance, distance, distance, "none")
        low, high = self.low(at), self.high(at)
        if not self._inside(low, at):
            return Site(entry.offering, distance, low, high, "none")
        return Site(entry.offering, distance, low, high, "all" if self._inside(high, at) else "part")

    def _is_beyond(self, at: Spot, reach_mi: float) -> bool:
        """Whether a site is farther than a reach from every point of the place, for certain."""
        return self.rough(at) * (1 - _ROUGH) - self.place.uncertainty_mi - at.slack_m / MILE_M > reach_mi

    def sites(self, counted: Sequence[_Entry]) -> tuple[list[Site], list[Site]]:
        """Counted sites within the limit of some point, and the others, each nearest first.

        Of the others only the nearest is measured, or all where the county served matters.
        """
        limit = self.question.limit_mi
        near = [entry for entry in counted if not self._is_beyond(_spot_of(entry), limit)]
        far = [entry for entry in counted if self._is_beyond(_spot_of(entry), limit)]
        if far and not self.question.travels:
            nearest = min(self.rough(_spot_of(entry)) for entry in far) * (1 + 2 * _ROUGH)
            far = [entry for entry in far if self.rough(_spot_of(entry)) <= nearest]
        measured = sorted((self.site(entry) for entry in (*near, *far)), key=_by_distance)
        inside = [site for site in measured if site.within != "none"]
        return inside, [site for site in measured if site.within == "none"]

    def not_counted(self, entries: Sequence[_Entry]) -> tuple[tuple[NotCounted, ...], set[str]]:
        """Sites that do not count: all in reach, or the nearest few; those without a place come last."""
        most, reach = self.question.ledger_nearest, self.question.limit_mi + self.question.tolerance_mi
        ledger: list[NotCounted] = []
        beyond: set[str] = set()
        located = sorted(((self.rough(e.at), i) for i, e in enumerate(entries) if e.at))
        for _, i in located:
            entry, at = entries[i], _spot_of(entries[i])
            is_full = len(ledger) >= most
            if is_full and self._is_beyond(at, reach):
                continue
            low = self.low(at)
            if is_full and low > reach:
                continue
            if low > reach:
                beyond.add(entry.offering.site_id)
            ledger.append(NotCounted(entry.offering, entry.reasons, self.reference(at), low))
        placeless = [NotCounted(e.offering, e.reasons, None, None) for e in entries if not e.at]
        beyond.update(each.offering.site_id for each in placeless)
        ledger.sort(key=lambda each: (each.distance_mi or 0.0, each.offering.site_id))
        return (*ledger, *placeless), beyond

    def share_within(self, counted: Sequence[_Entry], word: Word) -> float:
        """Share of the place's people within the limit, in per cent, sites taken as far as they can be."""
        if word != "too_close_to_call":
            return 100.0 if word == "covered" else 0.0
        blocks = blocks_of(self.place.zcta) if self.place.zcta and self.place.precision == "zip" else []
        people = [(block.lon, block.lat, block.people) for block in blocks if block.people]
        people = people or [(self.place.lon, self.place.lat, 1)]
        spots = [entry.at for entry in counted if entry.at]
        served = sum(
            count
            for lon, lat, count in people
            if any(miles(lon, lat, at.lon, at.lat) + at.slack_m / MILE_M <= self.question.limit_mi for at in spots)
        )
        return 100.0 * served / sum(count for _, _, count in people)


def _spot_of(entry: _Entry) -> Spot:
    """The spot of an entry that is located."""
    if entry.at is None:
        raise AssertionError("only a located site is measured")
    return entry.at


def _by_distance(site: Site) -> tuple[float, str]:
    return site.distance_mi, site.offering.site_id


def _word_if_unknowns_count(search: _Search, entries: Sequence[_Entry], counted: Sequence[_Entry], word: Word) -> Word:
    """What the finding would be if every missing fact were in the provider's favour."""
    extra = [entry for entry in entries if is_only_unknown(entry.reasons) and entry.at]
    if word == "covered" or not extra:
        return word
    both = [*counted, *extra]
    nearest, _ = search.nearest(both)
    return search.word(nearest, both)


def _one_fix_away(not_counted: Sequence[NotCounted], most: int) -> tuple[NotCounted, ...]:
    """The nearest sites that fail exactly one test."""
    return tuple(each for each in not_counted if len(each.reasons) == 1 and each.distance_mi is not None)[:most]


def _direction(place: Place, worst: Worst) -> str:
    """In which part of the place its worst-placed point lies, by the compass."""
    east = ((worst.lon - place.lon + 180) % 360 - 180) * cos(radians(place.lat))
    angle = degrees(atan2(worst.lat - place.lat, east))
    sector = 360 / len(_COMPASS)
    return _COMPASS[round(angle / sector) % len(_COMPASS)]
