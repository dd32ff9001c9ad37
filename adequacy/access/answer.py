"""One question put to a network: service, place and day in, the finding with all its evidence out.

``ask`` looks up the rules of the day, asks ``find`` and adds what a reader must know (cautions). The answer is a frozen
record; ``to_dict`` gives the ``adequacy.check/1`` document that every output is made from.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from adequacy import __version__
from adequacy.access.counting import TRAVELS, counts_for_gap
from adequacy.access.finding import Finding, NotCounted, Question, Site, find
from adequacy.access.populations import population_word
from adequacy.clocks import read_date
from adequacy.errors import NoStandardInForce, UsageError
from adequacy.geocode import CAUTIONS
from adequacy.policy import Standard
from adequacy.reference import find_county, vintages
from adequacy.tables import OLDEST_AGE, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adequacy.geocode import Place
    from adequacy.network import NetworkFile, Offering
    from adequacy.policy import Policy, Service

__all__ = ["DEMO_NOTICE", "SCHEMA", "Answer", "Caution", "ask", "counted_sites", "is_fresh", "question_for"]

SCHEMA = "adequacy.check/1"
#: What every output made from the demo network says first.
DEMO_NOTICE = "Demo network: real places, invented contracts. Not for a real decision."


@dataclass(frozen=True, slots=True)
class Caution:
    """Something the reader must know before acting on the answer."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The finding for one service, one place and one day, with its evidence and cautions."""

    service: Service
    place: Place
    standard: Standard
    question: Question
    finding: Finding
    cautions: tuple[Caution, ...]
    network: dict[str, Any]
    policy: dict[str, Any]
    accessibility: dict[str, int]

    def to_dict(self) -> dict[str, Any]:
        """Give the ``adequacy.check/1`` document: plain values, distances in unrounded statute miles."""
        finding, question = self.finding, self.question
        return {
            "schema": SCHEMA,
            "finding": finding.word,
            "finding_if_unknowns_count": finding.word_if_unknowns_count,
            "service": _service(self.service),
            "origin": _origin(self.place),
            "standard": _standard(self.standard, question.limit_mi),
            "nearest_mi": {
                "low": finding.nearest.low,
                "reference": finding.nearest.reference,
                "high": finding.nearest.high,
            },
            "tolerance_mi": question.tolerance_mi,
            "share_within_pct": finding.share_within_pct,
            "uncovered_part": finding.uncovered_part,
            "sites": [_site(site) for site in finding.sites],
            "nearest_site": _site(finding.nearest_site) if finding.nearest_site else None,
            "serves_county_beyond_limit": [_site(site) for site in finding.serves_county_beyond_limit],
            "not_counted": [_not_counted(each) for each in finding.not_counted],
            "one_fix_away": [_not_counted(each) for each in finding.one_fix_away],
            "funnel": finding.funnel,
            "funnel_near": finding.funnel_near,
            "accessibility": self.accessibility,
            "cautions": [{"code": caution.code, "text": caution.text} for caution in self.cautions],
            "question": {"age": question.age, "funding": question.funding, "population": question.population},
            "network": self.network,
            "policy": self.policy,
            "data": vintages(),
            "as_of": question.on,
            "version": __version__,
        }


def ask(
    network: NetworkFile,
    policy: Policy,
    service: Service,
    place: Place,
    on: str,
    *,
    age: int | None = None,
    funding: str | None = None,
    population: str | None = None,
    limit_mi: float | None = None,
    county_of_eligibility: str | None = None,
) -> Answer:
    """Answer whether a counted site of a service is within the limit of every point of a place.

    Parameters
    ----------
    network : NetworkFile
        The network that answers.
    policy : Policy
        The plan's rules.
    service : Service
        From ``policy.services.find``.
    place : Place
        From ``geocode``; for a ZIP its whole area.
    on : str
        The day asked about, ISO text. Contract dates and rules are those of that day.
    age : int, optional
        Age of the consumer in years; ages are not tested without it.
    funding : {"medicaid", "state"}, optional
        Who pays; not tested without it.
    population : str, optional
        A population word of the roster, or of the policy's ``population_words``.
    limit_mi : float, optional
        A limit in statute miles instead of the rule's; the answer says so.
    county_of_eligibility : str, optional
        County code from the plan's eligibility file; outranks the county on the map.

    Returns
    -------
    Answer

    Raises
    ------
    NoStandardInForce
        If no radius rule is in force on that day.
    UsageError
        If an age or a limit cannot be, or nobody knows the population word.
    """
    if county_of_eligibility:
        place = replace(place, county_fips=county_of_eligibility, counties=(county_of_eligibility,))
    question = consumer_question(
        network, policy, service, place, on, age=age, funding=funding, population=population, limit_mi=limit_mi
    )
    day = read_date(on)
    standard = _standard_for(policy, day, limit_mi)
    finding = find(place, network.offerings(service.key), question)
    return Answer(
        service=service,
        place=place,
        standard=standard,
        question=question,
        finding=finding,
        cautions=tuple(_cautions(network, policy, service, place, standard, question, day)),
        network=_network(network),
        policy={"plan": policy.plan.key, "sha256": policy.sha256, "overridden": list(policy.overridden)},
        accessibility=_accessibility(finding, day, int(policy.value("accepting_valid_days", day))),
    )


def question_for(
    policy: Policy, service: Service, place: Place | None, day: date, *, limit_mi: float | None = None
) -> Question:
    """Make the question that the rules of a day put to a network, for any consumer at a place (None: at a point).

    Raises
    ------
    NoStandardInForce
        If no radius rule is in force on that day.
    UsageError
        If the rule has no single limit and none is given.
    """
    standard = _standard_for(policy, day, limit_mi)
    if standard.limit_mi is None and limit_mi is None:
        raise UsageError(f"{standard.id}: the rule has no single limit in miles. Give one with --limit-mi.")
    return Question(
        on=day.isoformat(),
        limit_mi=float(limit_mi if limit_mi is not None else standard.limit_mi or 0.0),
        tolerance_mi=0.0 if place is None else _tolerance(policy, place, day),
        travels=service.mode in TRAVELS,
        fixes_listed=int(policy.value("one_fix_nearest_count", day)),
        ledger_nearest=int(policy.value("ledger_nearest_count", day)),
    )


def consumer_question(
    network: NetworkFile,
    policy: Policy,
    service: Service,
    place: Place | None,
    on: str,
    *,
    age: int | None = None,
    funding: str | None = None,
    population: str | None = None,
    limit_mi: float | None = None,
) -> Question:
    """Make the question for a consumer of whom more is known than a place; parameters as for `ask` (None: at a point).

    Raises
    ------
    NoStandardInForce
        If no radius rule is in force on that day.
    UsageError
        If an age, a funding or a limit cannot be, or nobody knows the population word.
    """
    day = _require_sensible(on, age, limit_mi, funding)
    asked = question_for(policy, service, place, day, limit_mi=limit_mi)
    word = None if population is None else population_word(network, policy, population, day)
    return replace(asked, age=age, funding=funding, population=word)


def _require_sensible(on: str, age: int | None, limit_mi: float | None, funding: str | None) -> date:
    """Give the day; refuse days, ages, limits and words that cannot be."""
    day = read_date(on)
    if age is not None and not 0 <= age <= OLDEST_AGE:
        raise UsageError(f"An age of {age} cannot be. Give whole years from 0 to {OLDEST_AGE}.")
    if limit_mi is not None and not 0 < limit_mi < float("inf"):
        raise UsageError(f"A limit of {limit_mi:g} miles cannot be. Give a number above 0.")
    payers = [word for word in table("offerings").column("funding").words if word != "both"]
    if funding is not None and funding not in payers:
        raise UsageError(f"'{funding}' is no funding. Choose one of: {', '.join(payers)}.")
    return day


def _standard_for(policy: Policy, day: date, limit_mi: float | None) -> Standard:
    """The plan's rule of the day; where the plan has none, the limit that the question brings."""
    try:
        return policy.radius(day)
    except NoStandardInForce:
        if limit_mi is None:
            raise
        return Standard.by_hand(limit_mi, day.isoformat())


def _tolerance(policy: Policy, place: Place, on: date) -> float:
    """What is not known of a place's border, beyond the place's own uncertainty, in statute miles."""
    if place.precision != "zip":
        return 0.0
    return float(policy.value("mailing_zip_tolerance_mi" if place.mailing else "zip_boundary_tolerance_mi", on))


def _accessibility(finding: Finding, on: date, valid_days: int) -> dict[str, int]:
    """How many of the sites within are verified as accepting, are accepting unverified, have a wait-list, ..."""
    counts = {"accepting_verified": 0, "accepting_unverified": 0, "waitlist": 0, "closed": 0, "unknown": 0}
    for site in finding.sites:
        offering = site.offering
        word = offering.panel_status
        if word == "accepting":
            word = "accepting_verified" if is_fresh(offering, on, valid_days) else "accepting_unverified"
        counts[word] += 1
    return counts


def is_fresh(offering: Offering, on: date, valid_days: int) -> bool:
    """Whether the panel status was verified within the policy's number of days."""
    if not offering.accepting_verified_on:
        return False
    return 0 <= (on - date.fromisoformat(offering.accepting_verified_on)).days <= valid_days


def _cautions(
    network: NetworkFile,
    policy: Policy,
    service: Service,
    place: Place,
    standard: Standard,
    question: Question,
    day: date,
) -> Iterator[Caution]:
    """Everything the reader must know, most important first."""
    yield from _about_the_network(network, policy, day)
    yield from _about_the_place(policy, place, day)
    yield from _about_the_service(service)
    if standard.is_unverified:
        yield Caution("rule_unverified", f"The rule {standard.id} is not verified ({standard.confidence}).")
    later = policy.later_text_known(day)
    if later:
        yield Caution("later_rule_text_known", later)
    overridden = list(policy.overridden)
    if question.limit_mi != standard.limit_mi:
        overridden.append(f"limit set to {question.limit_mi:g} miles by hand")
    if overridden:
        yield Caution("policy_overridden", f"The plan's own values are in use: {'; '.join(overridden)}.")


def _about_the_network(network: NetworkFile, policy: Policy, on: date) -> Iterator[Caution]:
    meta = network.meta
    if meta.is_demo:
        yield Caution("demo_data", DEMO_NOTICE)
    age_days = (on - date.fromisoformat(meta.roster_date)).days
    if age_days < 0:
        yield Caution("roster_later_than_date", f"The roster is of {meta.roster_date}, later than the day asked about.")
    elif age_days > int(policy.value("roster_stale_days", on)):
        yield Caution("roster_stale", f"The roster is of {meta.roster_date}: check for a newer one before deciding.")
    for default in meta.defaults:
        yield Caution(
            "defaults_declared",
            f"{default['column']} is taken as '{default['value']}' where the roster is silent ({default['basis']}; "
            f"declared by {default['by']}, {default['date']}).",
        )


def _about_the_place(policy: Policy, place: Place, on: date) -> Iterator[Caution]:
    if place.mailing:
        yield Caution(
            "mailing_zip",
            f"{place.zip5} is a PO-box or single-organisation ZIP: answered for the area of {place.zcta}, "
            "with a wider margin. A street address settles it.",
        )
    counties = place.counties or ((place.county_fips,) if place.county_fips else ())
    inside = sum(policy.serves(county, on) for county in counties)
    if not inside:
        yield Caution("outside_catchment", "The place lies in no county that the plan serves on that day.")
    if len(counties) > 1:
        yield Caution(
            "several_counties",
            f"People of this ZIP live in {len(counties)} counties, {inside} of them served by the plan. "
            "The county of eligibility decides.",
        )
    if "no_address_index" in place.cautions:
        yield Caution(
            "no_address_index",
            "No address index is set up, so the address was placed by its ZIP alone. Make one with: "
            "adequacy geocode index POINTS.csv --out INDEX",
        )
    for code in place.cautions:
        if code.startswith("address_"):
            yield Caution(code, CAUTIONS[code])


def _about_the_service(service: Service) -> Iterator[Caution]:
    if service.mode == "inpatient":
        yield Caution("inpatient_path", "Inpatient requests take their own path: the radius does not decide them.")
    if service.mode in TRAVELS:
        yield Caution(
            "mobile_service", "This service travels to the consumer: who serves the county matters before the radius."
        )
    if service.mode == "residential":
        yield Caution("residential_service", "Residential: the consumer would move there. The radius is a poor guide.")
    if not service.tp_only:
        yield Caution(
            "open_network_question",
            "Also covered by Standard Plans: counsel must say whether the network may be closed for it.",
        )


def _network(network: NetworkFile) -> dict[str, Any]:
    meta = network.meta
    return {
        "name": meta.name,
        "roster_date": meta.roster_date,
        "sha256": meta.sha256,
        "is_demo": meta.is_demo,
        "defaults": list(meta.defaults),
    }


def _service(service: Service) -> dict[str, Any]:
    return {"key": service.key, "name": service.name, "codes": list(service.codes), "mode": service.mode}


def _origin(place: Place) -> dict[str, Any]:
    county = find_county(place.county_fips) if place.county_fips else None
    return {
        "given": place.given,
        "kind": place.kind,
        "zip5": place.zip5,
        "zcta": place.zcta,
        "lon": place.lon,
        "lat": place.lat,
        "precision": place.precision,
        "uncertainty_mi": place.uncertainty_mi,
        "county_fips": place.county_fips,
        "county": county.name if county else None,
        "counties": list(place.counties),
        "source": place.source,
    }


def _standard(standard: Standard, limit_mi: float) -> dict[str, Any]:
    return {
        "id": standard.id,
        "limit_mi": limit_mi,
        "measure": standard.measure,
        "boundary": standard.boundary,
        "from_date": standard.from_date,
        "source": standard.source,
        "source_reviewed": standard.source_reviewed,
        "confidence": standard.confidence,
    }


def _who(offering: Offering) -> dict[str, Any]:
    """What names a site in the document, counted or not."""
    return {
        "site_id": offering.site_id,
        "provider_id": offering.provider_id,
        "provider": offering.provider_name,
        "npi": offering.npi,
        "name": offering.site_name,
        "city": offering.city,
        "phone": offering.phone,
        "lon": offering.lon,
        "lat": offering.lat,
    }


def _site(site: Site) -> dict[str, Any]:
    """A counted site as the document shows it."""
    offering = site.offering
    return _who(offering) | {
        "address": offering.address,
        "state": offering.state,
        "zip5": offering.zip5,
        "county_fips": offering.county_fips,
        "email": offering.email,
        "referral_email": offering.referral_email,
        "precision": offering.precision,
        "uncertainty_mi": offering.uncertainty_mi or 0.0,
        "distance_mi": site.distance_mi,
        "distance_low_mi": site.distance_low_mi,
        "distance_high_mi": site.distance_high_mi,
        "within": site.within,
        "ages_min": offering.ages_min,
        "ages_max": offering.ages_max,
        "populations": offering.populations,
        "languages": offering.languages,
        "telehealth": offering.telehealth,
        "panel_status": offering.panel_status,
        "accepting_verified_on": offering.accepting_verified_on,
        "first_available_on": offering.first_available_on,
        "counties_served": offering.counties_served,
        "contract_to": offering.contract_to,
        "service_to": offering.service_to,
    }


def _not_counted(each: NotCounted) -> dict[str, Any]:
    """A site that does not count as the document shows it."""
    return _who(each.offering) | {
        "distance_mi": each.distance_mi,
        "distance_low_mi": each.distance_low_mi,
        "reasons": list(each.reasons),
    }


def counted_sites(network: NetworkFile, on: str) -> dict[str, int]:
    """Count, for each service of a network, the sites that count on a day (whoever the consumer is)."""
    counted: dict[str, set[str]] = {key: set() for key in network.service_keys()}
    for offering in network.offerings():
        if not counts_for_gap(offering, on):
            counted[offering.service_key].add(offering.site_id)
    return {key: len(sites) for key, sites in counted.items()}
