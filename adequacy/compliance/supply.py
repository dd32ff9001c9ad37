"""Who gives a service on a day: the sites that count, who they belong to, whom and where they serve.

What counts is decided by ``access.counts_for_gap`` alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from adequacy.access.counting import counts_for_gap, is_only_unknown
from adequacy.reference import county_at

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from adequacy.network import Offering

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]

__all__ = ["Supply", "supply_of"]


@dataclass(frozen=True, eq=False)
class Supply:
    """The offerings of some services that count on a day, as columns.

    Attributes
    ----------
    offerings : list of Offering
        Those that count, whoever the consumer is.
    travels : bool
        Whether they come to the consumer.
    remote : list of Offering
        Those that would count, but are given by telehealth alone.
    agencies_unknown : int
        Agencies none of whose sites count, but one would if a missing fact were in its favour.
    """

    offerings: list[Offering]
    travels: bool
    remote: list[Offering]
    agencies_unknown: int

    @cached_property
    def lon(self) -> Floats:
        """Longitudes of the sites, degrees, WGS 84."""
        return np.array([each.lon for each in self.offerings], dtype=float)

    @cached_property
    def lat(self) -> Floats:
        """Latitudes of the sites, degrees, WGS 84."""
        return np.array([each.lat for each in self.offerings], dtype=float)

    @cached_property
    def uncertainty_mi(self) -> Floats:
        """How far each site may be from where it is drawn, in statute miles."""
        return np.array([each.uncertainty_mi or 0.0 for each in self.offerings], dtype=float)

    @cached_property
    def agency_ids(self) -> tuple[str, ...]:
        """The agencies (provider ids), in alphabetical order."""
        return tuple(sorted({each.provider_id for each in self.offerings}))

    @cached_property
    def agency(self) -> Ints:
        """Position of each offering's agency in ``agency_ids``."""
        lookup = {key: number for number, key in enumerate(self.agency_ids)}
        return np.array([lookup[each.provider_id] for each in self.offerings], dtype=np.int64)

    @cached_property
    def site(self) -> Ints:
        """A number for each offering's site."""
        return _numbers([each.site_id for each in self.offerings])

    @cached_property
    def served(self) -> list[frozenset[str] | None]:
        """The counties each offering says it serves; None where it does not say, or does not travel."""
        return [
            frozenset(each.counties_served.split(";")) if self.travels and each.counties_served else None
            for each in self.offerings
        ]

    @cached_property
    def home(self) -> list[str]:
        """The county each offering's site lies in; empty at sea."""
        return [each.county_fips or _county(each) for each in self.offerings]

    def reaches(self, county: str) -> Flags:
        """Which offerings count for people of a county: all that do not say otherwise."""
        return np.array([served is None or county in served for served in self.served], dtype=bool)

    def serves(self, counties: Sequence[str]) -> tuple[Flags, Flags]:
        """Which offerings surely serve one of some counties, and which may (they travel and do not say where)."""
        wanted = set(counties)
        sure, perhaps = [], []
        for served, home in zip(self.served, self.home, strict=True):
            here = home in wanted
            sure.append(bool(served & wanted) if served is not None else here)
            perhaps.append(served is None and self.travels and not here)
        return np.array(sure, dtype=bool), np.array(perhaps, dtype=bool)

    def age_bands(self, ages: Floats) -> tuple[Ints, list[float]]:
        """Sort ages into bands within which the same offerings fit: band of each age, and an age of each band.

        An unknown age is a band of its own, for which ages are not tested.
        """
        edges = {float(e.ages_min) for e in self.offerings if e.ages_min is not None}
        edges |= {float(e.ages_max) + 1 for e in self.offerings if e.ages_max is not None}
        bounds = np.array(sorted(edges))
        band = np.searchsorted(bounds, ages, side="right")
        band = np.where(np.isnan(ages), len(bounds) + 1, band)
        return band, [float(bounds[0]) - 1 if len(bounds) else 0.0, *bounds.tolist(), float("nan")]

    def fits_age(self, age: float) -> Flags:
        """Which offerings serve an age; all, where it is unknown."""
        if np.isnan(age):
            return np.ones(len(self.offerings), dtype=bool)
        return np.array(
            [
                (each.ages_min is None or age >= each.ages_min) and (each.ages_max is None or age <= each.ages_max)
                for each in self.offerings
            ],
            dtype=bool,
        )


def supply_of(
    offerings_of: Callable[[str], list[Offering]], services: Sequence[str], on: str, funding: str, *, travels: bool
) -> Supply:
    """Pick the offerings of some services that count on an ISO day, for one payer or ``both``."""
    payer = None if funding == "both" else funding
    counted, remote, unknown = [], [], set()
    for key in services:
        for offering in offerings_of(key):
            reasons = counts_for_gap(offering, on, funding=payer)
            if not reasons:
                counted.append(offering)
            elif reasons == ("telehealth_only",):
                remote.append(offering)
            elif is_only_unknown(reasons):
                unknown.add(offering.provider_id)
    return Supply(counted, travels, remote, len(unknown - {each.provider_id for each in counted}))


def _county(offering: Offering) -> str:
    """The county of a site by the map."""
    found = county_at(offering.lon, offering.lat) if offering.lon is not None and offering.lat is not None else None
    return found.county_fips if found else ""


def _numbers(texts: Sequence[str]) -> Ints:
    """Number texts in the order in which they first come."""
    seen: dict[str, int] = {}
    return np.array([seen.setdefault(text, len(seen)) for text in texts], dtype=np.int64)
