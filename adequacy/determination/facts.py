"""The facts of the decision table, each from its evidence, each saying where it came from.

The finding says whether somebody is contracted within the limit; the roster and recorded calls say whether they can
take this consumer; the roster says what the requester holds; the request says the rest. What nobody has checked stays
unknown (``U``): unknown is never no.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from adequacy.clocks import zone_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from adequacy.network import Offering
    from adequacy.policy import Policy, Service
    from adequacy.policy.records import Ruleset

__all__ = ["Contact", "Evidence", "Fact", "Standing", "standing_of", "table_facts"]

#: What a finding says of ``contracted_in_30mi``.
_FROM_FINDING = {"covered": "Y", "gap": "N", "too_close_to_call": "I"}
#: Results of a call: can the site take people? ``no_answer`` says nothing.
_FROM_CALL = {"accepting": "Y", "waitlist": "N", "full": "N"}
#: Words that stand where a reference should, and name nobody.
_NOBODY = frozenset(
    (
        "a consumer", "consumer", "the consumer", "client", "a client", "member", "a member", "patient", "a patient",
        "enrollee", "person", "unknown", "none", "n/a", "na", "tbd", "tba", "pending", "yes", "y", "x", "-",
    )
)  # fmt: skip
_NOT_CONTRACTED = frozenset(
    ("contract_not_started", "contract_ended", "contract_not_active", "contract_unknown", "single_client_only")
)
_NCTRACKS = {"active": "Y", "pending": "N", "denied": "N", "suspended": "N", "ended": "N", "unknown": "U"}


@dataclass(frozen=True, slots=True)
class Contact:
    """A call to a contracted site: what it said, when, who asked.

    ``result`` is ``accepting``, ``waitlist``, ``full`` or ``no_answer``; ``at`` is aware; ``first_appt`` an ISO day.
    """

    site_id: str
    service_key: str
    at: datetime
    by: str
    result: str
    first_appt: str = ""
    request_id: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact with its word, where it came from and that in plain words."""

    name: str
    value: str
    source: str
    words: str

    def to_dict(self) -> dict[str, str]:
        """Give the fact as the record keeps it."""
        return {"fact": self.name, "value": self.value, "source": self.source, "words": self.words}


@dataclass(frozen=True, slots=True)
class Standing:
    """What the roster says of the requester.

    Parameters
    ----------
    is_contracted : bool
        Holds a full contract in force with the plan for any service at any site.
    contract_is_unknown : bool
        The only thing missing is that nobody has stated the status of its contract.
    nctracks : {"Y", "N", "U"}
        Enrolment for the service at the site of the request.
    own_sites : tuple of str
        Its sites, so that a list can mark them.
    has_service_elsewhere : bool
        It is on the roster for this service at another site.
    """

    is_contracted: bool = False
    contract_is_unknown: bool = False
    nctracks: str = "U"
    own_sites: tuple[str, ...] = ()
    has_service_elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything the facts are made from.

    Parameters
    ----------
    request : mapping of str to str
        The facts of the request, as the casebook keeps them.
    answer : mapping or None
        The ``adequacy.check/1`` document; None on the inpatient path, which asks no distance.
    standing : Standing
        The requester on the roster.
    contacts : sequence of Contact
        Calls to sites of the service, any age, any request.
    service : Service
    policy : Policy
    ruleset : Ruleset
        In force on the day of receipt.
    on : date
        Day of the decision.
    beyond : tuple of mappings
        The nearest counted sites beyond the limit: ``site_id``, ``distance_mi``.
    is_demo : bool
        Decided on the demo network.
    """

    request: Mapping[str, str]
    answer: Mapping[str, Any] | None
    standing: Standing
    contacts: Sequence[Contact]
    service: Service
    policy: Policy
    ruleset: Ruleset
    on: date
    beyond: tuple[Mapping[str, Any], ...] = ()
    is_demo: bool = False
    _log: dict[str, list[Contact]] = field(default_factory=dict, compare=False)

    def asked(self, name: str) -> str:
        """A fact of the request; empty where it was not given."""
        return self.request.get(name, "")

    def calls(self, site_id: str) -> list[Contact]:
        """The calls to a site about this service that are recent enough to count, newest first."""
        if not self._log:
            days = int(self.policy.value("contact_valid_days", self.on))
            zone = zone_named(self.policy.plan.timezone)  # a call of the evening is one of that day, not of the next
            for contact in sorted(self.contacts, key=lambda call: call.at, reverse=True):
                age = (self.on - contact.at.astimezone(zone).date()).days
                if contact.service_key == self.service.key and age <= days:
                    self._log.setdefault(contact.site_id, []).append(contact)
            self._log.setdefault("", [])
        return self._log.get(site_id, [])


def table_facts(evidence: Evidence) -> tuple[Fact, ...]:
    """Give the facts of the decision table, in its order, with their sources.

    Examples
    --------
    See ``tests/cases/requests.yaml``: every line of it is a request, its evidence, and the facts that follow.
    """
    return (
        _level_of_care(evidence),
        _consumer_identified(evidence),
        _contracted(evidence),
        _accessible(evidence),
        _client_specific(evidence),
        _requester_contracted(evidence),
        _nctracks(evidence),
        _closed_service(evidence),
    )


def _level_of_care(evidence: Evidence) -> Fact:
    """Inpatient if the request says so or the service is given in a hospital."""
    if evidence.asked("level_of_care") == "inpatient":
        return Fact("level_of_care", "inpatient", "request", "the request is for inpatient care")
    if evidence.service.mode == "inpatient":
        return Fact("level_of_care", "inpatient", "catalogue", f"{evidence.service.key} is an inpatient service")
    return Fact("level_of_care", "non-inpatient", "request", "the request is not for inpatient care")


def names_nobody(reference: str) -> bool:
    """Whether a consumer reference is only a word for some consumer.

    Examples
    --------
    >>> names_nobody("a consumer"), names_nobody("REF-2026-0004")
    (True, False)
    """
    return " ".join(reference.casefold().split()).strip(" .") in _NOBODY


def _consumer_identified(evidence: Evidence) -> Fact:
    """A real consumer with a reference and a place; words alone are not enough."""
    reference = evidence.asked("consumer_ref")
    place = any(evidence.asked(name) for name in ("zip", "point", "address"))
    if not reference:
        return Fact("consumer_identified", "N", "request", "no consumer is named in the request")
    if names_nobody(reference):
        return Fact("consumer_identified", "N", "request", "the request speaks of a consumer but names none")
    if not place:
        return Fact(
            "consumer_identified", "N", "request", "a consumer is referred to, but no place of residence is given"
        )
    if evidence.asked("consumer_verified") == "Y":
        return Fact(
            "consumer_identified", "Y", "eligibility", "a consumer is named and was found in the eligibility file"
        )
    return Fact("consumer_identified", "Y", "request", "a consumer is named; not verified in the eligibility file")


def _contracted(evidence: Evidence) -> Fact:
    """What the finding says."""
    name = "contracted_in_30mi"
    if evidence.answer is None:
        return Fact(name, "N", "none", "not asked: the inpatient path has no distance test")
    finding, limit = evidence.answer["finding"], evidence.answer["standard"]["limit_mi"]
    words = {
        "covered": f"wherever in the place the consumer lives, a counted site is within {limit:g} miles",
        "gap": f"no counted site is within {limit:g} miles of any point of the place",
        "too_close_to_call": f"{limit:g} miles lies inside the uncertainty of the place",
    }[finding]
    return Fact(name, _FROM_FINDING[finding], "finding", words)


def _accessible(evidence: Evidence) -> Fact:
    """Y if any site within can take this consumer, N only if named people said that none can, else U."""
    name = "accessible"
    if evidence.asked(name) in ("Y", "N"):
        word = evidence.asked(name)
        told = "a contracted site can" if word == "Y" else "no contracted site can"
        return Fact(name, word, "request", f"entered by staff on the request: {told} take the consumer")
    sites = list((evidence.answer or {}).get("sites", ()))
    if not sites:
        return Fact(name, "U", "none", "no counted site is within the limit, so there is nobody to ask")
    said = [(*_site_accessible(evidence, site), site["within"]) for site in sites]
    can = [source for word, source, within in said if word == "Y" and within == "all"]
    if can:
        source = "call" if "call" in can else "roster"
        how = "a recorded call says so" if source == "call" else "the roster says so and was verified lately"
        return Fact(name, "Y", source, f"{_part(len(can), len(sites))} within the limit can take the consumer: {how}")
    if all(word == "N" for word, *_ in said):
        told = f"{_part(len(sites), len(sites))} within the limit said in a recorded call: we cannot take the consumer"
        return Fact(name, "N", "call", told)
    if any(word == "Y" for word, *_ in said):
        told = (
            "a site that can take the consumer is within the limit of a part of the place only: an address settles it"
        )
        return Fact(name, "U", "finding", told)
    asked = sum(source == "call" for _, source, _ in said)
    told = f"nobody has confirmed that a site can take the consumer: {asked} of {len(sites)} answered a call"
    return Fact(name, "U", "roster", told)


def _part(some: int, of: int) -> str:
    """How many of so many sites, as one says it."""
    if of == 1:
        return "the only site"
    return f"all {of} sites" if some == of else f"{some} of {of} sites"


def _site_accessible(evidence: Evidence, site: Mapping[str, Any]) -> tuple[str, str]:
    """Whether one site can take this consumer: the newest call that said something wins over the roster."""
    for call in evidence.calls(site["site_id"]):
        if call.result in _FROM_CALL:
            return _FROM_CALL[call.result], "call"
    return ("Y" if _roster_accepts(evidence, site) else "U"), "roster"


def _roster_accepts(evidence: Evidence, site: Mapping[str, Any]) -> bool:
    """Whether the roster says accepting, verified within the policy's number of days, and the ages fit."""
    verified = site.get("accepting_verified_on") or ""
    if site.get("panel_status") != "accepting" or not verified:
        return False
    age_days = (evidence.on - date.fromisoformat(verified)).days
    return 0 <= age_days <= int(evidence.policy.value("accepting_valid_days", evidence.on)) and _ages_fit(
        evidence, site
    )


def _ages_fit(evidence: Evidence, site: Mapping[str, Any]) -> bool:
    """Whether the consumer's age is within the site's ages; a site with limits and an unknown age do not fit."""
    youngest, oldest = site.get("ages_min"), site.get("ages_max")
    if youngest is None and oldest is None:
        return True
    if not evidence.asked("age"):
        return False
    age = int(evidence.asked("age"))
    return (youngest is None or age >= youngest) and (oldest is None or age <= oldest)


def _client_specific(evidence: Evidence) -> Fact:
    """A pre-screen of the request; UM decides."""
    word = evidence.asked("client_specific") or "U"
    words = {
        "Y": "staff see reasons that are specific to this consumer; UM decides",
        "N": "nothing in the request is specific to this consumer",
        "U": "the request does not say why this provider for this consumer",
    }
    return Fact("client_specific", word, "request", words[word])


def _requester_contracted(evidence: Evidence) -> Fact:
    """A full contract for another service or site, by the requester's NPI."""
    name = "requester_contracted"
    if not evidence.asked("requester_npi"):
        return Fact(name, "N", "request", "the requester gave no NPI, so it was not looked up")
    if evidence.standing.is_contracted:
        return Fact(name, "Y", "roster", "the requester's NPI holds a full contract in force for a service or site")
    if evidence.standing.contract_is_unknown:
        return Fact(
            name, "N", "roster", "the requester's NPI is on the roster, but its contract is not known to be in force"
        )
    return Fact(name, "N", "roster", "the requester's NPI holds no full contract in force")


def _nctracks(evidence: Evidence) -> Fact:
    """Active in NCTracks for the service at the site: what staff verified, else what the roster says."""
    word = evidence.asked("nctracks") or "U"
    if word in ("Y", "N"):
        told = "is" if word == "Y" else "is not"
        return Fact(
            "nctracks_ok",
            word,
            "request",
            f"staff verified: the requester {told} active in NCTracks for service and site",
        )
    word = evidence.standing.nctracks
    words = {
        "Y": "the roster has the requester active in NCTracks for this service at this site",
        "N": "the roster has the requester not active in NCTracks for this service at this site",
        "U": "nobody has checked NCTracks for this service at this site",
    }
    return Fact("nctracks_ok", word, "roster" if word != "U" else "none", words[word])


def _closed_service(evidence: Evidence) -> Fact:
    """Whether the network is closed for the service: the text's word, or the plan's review under the strict reading."""
    name = "tp_closed_service"
    if not evidence.policy.value("strict_closed_network", evidence.on):
        word = evidence.ruleset.closed_network_default
        return Fact(name, word, "ruleset", f"the text of {evidence.ruleset.effective_from} says so of every service")
    review = evidence.policy.closed_review(evidence.service.key, evidence.on)
    if review is None:
        return Fact(name, "U", "policy", "strict reading: no legal review of this service is recorded")
    return Fact(name, review.is_closed, "policy", f"strict reading: reviewed on {review.from_date} by {review.by}")


def standing_of(
    offerings: Iterable[Offering], service_key: str, on: date, *, site_zip: str = "", taxonomy: str = ""
) -> Standing:
    """Say what the roster knows of a requester from all its offerings.

    Parameters
    ----------
    offerings : iterable of Offering
        All offerings of its NPI.
    service_key : str
        The service asked for.
    on : date
        Day of the decision.
    site_zip, taxonomy : str
        Site and taxonomy of the request, where given: NCTracks enrolment is by taxonomy at a site.

    Returns
    -------
    standing : Standing
    """
    from adequacy.access import counts_for_gap

    rows = list(offerings)
    contracts = [_NOT_CONTRACTED.intersection(counts_for_gap(row, on.isoformat())) for row in rows]
    here = [
        row
        for row in rows
        if row.service_key == service_key
        and site_zip
        and row.zip5 == site_zip
        and (not taxonomy or not row.taxonomy or row.taxonomy == taxonomy)
    ]
    words = {_nctracks_on(row, on.isoformat()) for row in here}
    return Standing(
        is_contracted=any(not why for why in contracts),
        contract_is_unknown=any(why == {"contract_unknown"} for why in contracts),
        nctracks=next((word for word in ("Y", "N") if word in words), "U"),
        own_sites=tuple(sorted({row.site_id for row in rows})),
        has_service_elsewhere=any(row.service_key == service_key and row not in here for row in rows),
    )


def _nctracks_on(row: Offering, on: str) -> str:
    """The word for an enrolment on a day; an active one outside its dates is not active."""
    word = _NCTRACKS.get(row.nctracks_status, "U")
    outside = (row.nctracks_from and on < row.nctracks_from) or (row.nctracks_to and on > row.nctracks_to)
    return "N" if word == "Y" and outside else word
