"""Which findings differ between two networks, and how many people live there: what a roster or termination changes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adequacy.access.counting import TRAVELS, counts_for_gap
from adequacy.access.finding import Question, word_for
from adequacy.clocks import read_date
from adequacy.distance import miles
from adequacy.geocode import locate_zip
from adequacy.reference import counties_of, find_area, find_zip, zips

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from adequacy.geocode import Place
    from adequacy.network import NetworkFile, Offering
    from adequacy.policy import Policy, Service

__all__ = ["Flip", "flips"]


@dataclass(frozen=True, slots=True)
class Flip:
    """A ZIP and a service whose finding differs."""

    zip5: str
    service: str
    before: str
    after: str
    people: int


def flips(
    old: NetworkFile,
    new: NetworkFile,
    policy: Policy,
    *,
    on: str | None = None,
    services: Iterable[str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Flip]:
    """List every ZIP of the plan's counties and every service whose finding differs between two networks.

    Parameters
    ----------
    old, new : NetworkFile
        Each answers for its own roster date, or both for ``on``.
    policy : Policy
        The plan's rules, of the later of the two days.
    on : str, optional
        ISO day for both.
    services : iterable of str, optional
        Service keys; all services of either network if not given.
    progress : callable, optional
        Called with services done and services in all.

    Returns
    -------
    list of Flip
        Most people first. ``people`` are those of the ZIP's area (Census 2020); a mailing ZIP has none of its own.

    Notes
    -----
    Only sites that count in one of the networks and not in the other can flip a finding, and only of places that they
    can reach; all other answers are the same by definition and are not computed.
    """
    days = (on or old.meta.roster_date, on or new.meta.roster_date)
    keys = sorted({*old.service_keys(), *new.service_keys()} if services is None else services)
    places = list(_places(policy, max(days)))
    found: list[Flip] = []
    for done, key in enumerate(keys, start=1):
        service = policy.services[key]
        before, after = _counted(old, key, days[0]), _counted(new, key, days[1])
        moved = [each for site, each in (before | after).items() if _face(before.get(site)) != _face(after.get(site))]
        if moved:
            found += _flips_of(service, places, list(before.values()), list(after.values()), moved, policy, days)
        if progress:
            progress(done, len(keys))
    return sorted(found, key=lambda flip: (-flip.people, flip.zip5, flip.service))


def _places(policy: Policy, on: str) -> Iterator[Place]:
    """The ZIPs whose area holds people in the plan's counties."""
    day = read_date(on)
    for state in policy.plan.states:
        for zip5 in zips(state):
            known = find_zip(zip5)
            if known and any(policy.serves(each.county_fips, day) for each in counties_of(known.zcta) if each.people):
                yield locate_zip(zip5)


def _counted(network: NetworkFile, key: str, on: str) -> dict[tuple[str, int], Offering]:
    """Offerings that count on a day, whatever the consumer; keyed by site and running number at the site."""
    counted: dict[tuple[str, int], Offering] = {}
    numbers: Counter[str] = Counter()
    for offering in network.offerings(key):
        if not counts_for_gap(offering, on):
            counted[offering.site_id, numbers[offering.site_id]] = offering
            numbers[offering.site_id] += 1
    return counted


def _face(offering: Offering | None) -> tuple[object, ...] | None:
    """What of an offering the finding depends on, once it counts."""
    if offering is None:
        return None
    return offering.lon, offering.lat, offering.uncertainty_mi, offering.counties_served


def _flips_of(
    service: Service,
    places: Iterable[Place],
    before: list[Offering],
    after: list[Offering],
    moved: list[Offering],
    policy: Policy,
    days: tuple[str, str],
) -> Iterator[Flip]:
    """Ask both networks about the places that a moved site can reach."""
    later = read_date(max(days))
    limit = policy.radius(later).limit_mi or 0.0
    for place in places:
        tolerance = float(policy.value(_TOLERANCE[place.mailing], later))
        if not any(_reaches(each, place, limit + tolerance) for each in moved):
            continue
        words = [
            word_for(place, offerings, Question(on, limit, tolerance, travels=service.mode in TRAVELS))
            for offerings, on in zip((before, after), days, strict=True)
        ]
        if words[0] != words[1]:
            area = find_area(place.zcta or "")
            people = 0 if place.mailing or area is None else area.pop2020 or 0
            yield Flip(place.zip5 or "", service.key, words[0], words[1], people)


_TOLERANCE = {False: "zip_boundary_tolerance_mi", True: "mailing_zip_tolerance_mi"}


def _reaches(offering: Offering, place: Place, reach_mi: float) -> bool:
    """Whether a site can be within a reach of some point of a place."""
    if offering.lon is None or offering.lat is None:
        return False
    away = miles(place.lon, place.lat, offering.lon, offering.lat)
    return away - place.uncertainty_mi - (offering.uncertainty_mi or 0.0) <= reach_mi
