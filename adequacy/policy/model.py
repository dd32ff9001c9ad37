"""What a rule looks like once it is read: small frozen records, standard library only.

The records here are the ones that an ordinary question needs; those of requests and whole-plan measures stand in
``records``. All are built from the compiled form, whose keys are the field names.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

__all__ = ["CONFIDENCE", "PlanProfile", "Service", "Setting", "Standard"]

CONFIDENCE = {
    "S": "stated",
    "V": "verified",
    "V-partial": "partly_verified",
    "V-secondary": "secondary",
    "V-legacy": "legacy",
    "C": "computed",
    "U": "unverified",
}
"""The words for the marks policy staff use: stated in a source document, verified in a public source, computed from
public data, unverified. Whatever is not stated, verified or computed is printed as unverified."""


@dataclass(frozen=True, slots=True)
class Service:
    """One service of the catalogue.

    Parameters
    ----------
    key : str
        Ours; never changes.
    codes : tuple of str
        Billing codes as the source writes them, modifiers after a blank (``H2015 HT``), ranges with a hyphen.
    mode : {"site", "mobile", "home", "residential", "inpatient"}
        Where it is given. Only ``site`` services fit a radius; the plan's rule is computed for the others too.
    population : {"adult", "child", "both"}
        Who it is for.
    tp_only : bool
        Candidate: covered by Tailored Plans only, so the network may be closed for it. Unverified.
    is_service : bool
        False for a programme or member attribute that merely looks like a service.
    codes_confidence, policy_confidence : str
        How sure the codes and the clinical policy number are (``CONFIDENCE``).
    """

    key: str
    name: str
    staff_terms: tuple[str, ...]
    codes: tuple[str, ...]
    codes_confidence: str
    clinical_policy: str
    policy_confidence: str
    population: str
    category: str
    mode: str
    tp_only: bool
    is_service: bool
    taxonomies: tuple[str, ...]
    notes: str


@dataclass(frozen=True, slots=True)
class Setting:
    """One dated number or switch of the policy, with its source."""

    name: str
    value: float | int | bool | str | tuple[float, ...]
    unit: str
    from_date: str
    confidence: str
    source: str
    description: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Standard:
    """One standard as it stands on a date: a limit with measure, unit, area class and source.

    Parameters
    ----------
    id : str
        ``scheme.entry``, for example ``alliance_oon.radius``.
    measure : {"geodesic", "miles", "miles_or_minutes", "miles_and_minutes", "count"}
        ``geodesic`` is the straight line; ``miles`` are travel miles; ``count`` needs providers in an area.
    services : tuple of str
        Service keys it applies to; ``("*",)`` all of the catalogue; empty where it names none (not measured).
    counts : {"site", "agency"}
        What ``min_providers`` counts.
    area : {"consumer", "county", "region", "catchment", "state"}
        Where the share or the count is taken.
    limit_mi : float or None
        The one limit in statute miles where urban and rural do not differ; else None.
    urban_mi, rural_mi, urban_min, rural_min : float or None
        Limits by class of county, statute miles and minutes.
    required_pct : float or None
        Share of people that must be within the limit.
    from_date : str
        First day of these values, ISO.
    source, source_reviewed : str
        Title of the first reference, and the day its text says it was reviewed (ISO, may be empty).
    """

    id: str
    scheme: str
    description: str
    category: str
    measure: str
    unit: str
    boundary: str
    services: tuple[str, ...]
    unmapped_services: tuple[str, ...]
    each_service: bool
    population: str
    counts: str
    area: str
    funding: str
    confidence: str
    note: str
    from_date: str
    limit_mi: float | None
    urban_mi: float | None
    rural_mi: float | None
    urban_min: float | None
    rural_min: float | None
    min_providers: int | None
    required_pct: float | None
    per_people: int | None
    accepting_in_every_county: bool
    source: str
    source_href: str
    source_reviewed: str

    @classmethod
    def by_hand(cls, limit_mi: float, on: str) -> Standard:
        """Make the standard of a question that brings its own limit where the plan has no rule.

        Parameters
        ----------
        limit_mi : float
            Straight-line limit in statute miles, boundary included.
        on : str
            ISO day of the question.
        """
        texts = {each.name: "" for each in fields(cls) if each.type == "str"}
        blanks = {each.name: None for each in fields(cls) if each.type.endswith("None")}
        own: dict[str, Any] = {
            "id": "given.limit", "scheme": "given", "description": "A limit given with the question.",
            "measure": "geodesic", "unit": "statute mile", "boundary": "included", "services": ("*",),
            "unmapped_services": (), "each_service": True, "counts": "site", "area": "consumer",
            "confidence": "unverified", "from_date": on, "limit_mi": limit_mi, "accepting_in_every_county": False,
            "source": "No rule of the plan: the limit was given with the question.",
        }  # fmt: skip
        return cls(**{**texts, **blanks, **own})

    @property
    def is_unverified(self) -> bool:
        """Whether outputs must print that nobody has verified it."""
        return self.confidence not in ("stated", "verified", "computed")

    def miles(self, area_class: str) -> float | None:
        """Give the limit for ``urban`` or ``rural`` areas, in statute miles; None where it has no mile limit."""
        if self.limit_mi is not None:
            return self.limit_mi
        return self.urban_mi if area_class == "urban" else self.rural_mi

    def minutes(self, area_class: str) -> float | None:
        """Give the limit for ``urban`` or ``rural`` areas, in minutes; None where it has no time limit."""
        return self.urban_min if area_class == "urban" else self.rural_min


@dataclass(frozen=True, slots=True)
class PlanProfile:
    """What is particular to one organisation.

    ``states`` maps postal code to state FIPS; ``catchment`` is ``counties`` (listed by date) or ``states``;
    ``contact`` and ``terms`` are texts for letters; ``practitioner_types`` are (code, group, name).
    """

    key: str
    name: str
    organisation: str
    description: str
    timezone: str
    states: dict[str, str]
    catchment: str
    closed_days: str
    radius_standard: str
    no_radius_reason: str
    rulesets: tuple[str, ...]
    schemes: tuple[str, ...]
    county_classes: bool
    practitioner_types: tuple[tuple[str, str, str], ...]
    contact: dict[str, str]
    terms: dict[str, str]
    confidence: str
    source: str


def in_force(versions: list[dict[str, Any]], day: str) -> dict[str, Any] | None:
    """Pick the version in force on an ISO day, from versions oldest first; None before the first or after the end."""
    found = None
    for version in versions:
        if version["from"] <= day:
            found = version
    return None if found is None or (found.get("to") and day > found["to"]) else found
