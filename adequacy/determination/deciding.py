"""One request decided: evidence to facts, facts through the table, and what a person must still look at.

``determine`` is pure: the same evidence gives the same determination, to the byte of its draft. The table decides; what
is added here can only stop for a person or warn, never change an outcome.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from adequacy import __version__
from adequacy.access import DEMO_NOTICE
from adequacy.clocks import read_instant, zone_named
from adequacy.determination.facts import Contact, Evidence, Fact, Standing, names_nobody, table_facts
from adequacy.determination.record import RECORD_SCHEMA, WORDS_VERSION
from adequacy.determination.table import decide_facts, proven_rows
from adequacy.policy.decisions import FACT_WORDS
from adequacy.reference import vintages

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from adequacy.policy import Policy
    from adequacy.policy.decisions import Trail
    from adequacy.policy.records import Outcome

__all__ = ["Determination", "determine", "needs_distance"]

#: Words of a fact that nobody has settled.
_OPEN = ("U", "I")


@dataclass(frozen=True, slots=True)
class Determination:
    """What the plan decides on one request, with its reasons.

    Parameters
    ----------
    evidence : Evidence
    facts : tuple of Fact
        The inputs of the table, as they came in (before any row of the table set one).
    trail : Trail
        The rules that applied, and the row reached.
    outcome : Outcome
        What the outcome means.
    cautions : tuple of (code, text)
        What the reader must know.
    review_reasons : tuple of str
        Why a person must look before anything leaves; empty where nobody must.
    clocks : tuple of dict
        The clocks of the request when it was decided, as the casebook derives them.
    """

    evidence: Evidence
    facts: tuple[Fact, ...]
    trail: Trail
    outcome: Outcome
    cautions: tuple[tuple[str, str], ...]
    review_reasons: tuple[str, ...]
    clocks: tuple[dict[str, Any], ...] = ()

    @property
    def human_review(self) -> str:
        """``Y`` if a person must look before anything leaves, else ``N``."""
        return "Y" if self.review_reasons else "N"

    @property
    def words(self) -> dict[str, str]:
        """The facts as words by name."""
        return {fact.name: fact.value for fact in self.facts}

    def to_draft(self) -> dict[str, Any]:
        """Give the record of the decision before it is numbered, dated and sealed."""
        evidence, answer = self.evidence, self.evidence.answer
        return {
            "schema": RECORD_SCHEMA,
            "tool_version": __version__,
            "words_version": WORDS_VERSION,
            "request": dict(evidence.request),
            "consumer": _consumer(evidence),
            "origin": dict(answer["origin"]) if answer else None,
            "origin_is": _origin_is(self) if answer else None,
            "decided_on": evidence.on.isoformat(),
            "ruleset": _ruleset(self.evidence),
            "standard": dict(answer["standard"]) if answer else None,
            "measure": _measure(answer),
            "inputs": self.words,
            "inputs_why": [fact.to_dict() for fact in self.facts],
            "to_verify": _to_verify(self),
            "finding": answer["finding"] if answer else None,
            "rule_trail": list(self.trail.rules),
            "rule_notes": [row_words(evidence.policy, evidence.ruleset.id, rule) for rule in self.trail.rules],
            "outcome": self.outcome.outcome,
            "outcome_words": self.outcome.words,
            "next_step": self.outcome.next_step,
            "letter": self.trail.row.letter,
            "clock": self.trail.row.clock,
            "human_review": self.human_review,
            "review_reasons": list(self.review_reasons),
            "cautions": [{"code": code, "text": text} for code, text in self.cautions],
            "clocks": list(self.clocks),
            "answer": dict(answer) if answer else None,
            "candidates": list(_candidates(evidence)),
            "nearest_outside": [dict(site) for site in evidence.beyond],
            "contact_log": [_contact(call) for call in _calls_on_file(evidence)],
            "requester_on_roster": _standing(evidence.standing),
            "network": dict(answer["network"]) if answer else None,
            "policy": {"plan": evidence.policy.plan.key, "sha256": evidence.policy.sha256,
                       "overridden": list(evidence.policy.overridden)},
            "data": vintages(),
            "handover": _handover(self),
            "retention": _retention(evidence),
            "outputs": [],
            "reviewers": [],
            "overrides": [],
        }  # fmt: skip


def needs_distance(request: Mapping[str, str], service_mode: str) -> bool:
    """Whether a request asks for a distance at all: the inpatient path does not."""
    return request.get("level_of_care") != "inpatient" and service_mode != "inpatient"


def determine(
    request: Mapping[str, str],
    answer: Mapping[str, Any] | None,
    *,
    policy: Policy,
    on: date,
    standing: Standing | None = None,
    contacts: Sequence[Contact] = (),
    clocks: Sequence[dict[str, Any]] = (),
    beyond: Sequence[Mapping[str, Any]] = (),
    is_demo: bool = False,
) -> Determination:
    """Decide one request.

    Parameters
    ----------
    request : mapping of str to str
        The facts of the request, as ``casebook.forms`` reads them.
    answer : mapping or None
        The ``adequacy.check/1`` document of the place and day; None on the inpatient path.
    policy : Policy
        The plan's rules; the ruleset is the one in force on the day of receipt.
    on : date
        Day of the decision.
    standing : Standing, optional
        The requester on the roster; unknown where it is not given.
    contacts : sequence of Contact
        Recorded calls.
    clocks : sequence of dict
        The clocks of the request so far.
    beyond : sequence of mappings
        The nearest counted sites beyond the limit, kept as evidence.
    is_demo : bool
        Decided on the demo network: said even on the inpatient path, which asks the network nothing of distance.

    Returns
    -------
    determination : Determination

    Raises
    ------
    NoStandardInForce
        No ruleset was in force on the day of receipt.
    """
    zone = zone_named(policy.plan.timezone)
    received = read_instant(request["received"], zone).date()
    evidence = Evidence(
        request=request,
        answer=answer,
        standing=standing or Standing(),
        contacts=tuple(contacts),
        service=policy.services[request["service_key"]],
        policy=policy,
        ruleset=policy.ruleset(received),
        on=on,
        beyond=tuple(beyond),
        is_demo=is_demo,
    )
    facts = table_facts(evidence)
    trail = decide_facts(proven_rows(policy, evidence.ruleset.id), {fact.name: fact.value for fact in facts})
    outcome = policy.outcomes[trail.row.outcome]
    return Determination(
        evidence=evidence,
        facts=facts,
        trail=trail,
        outcome=outcome,
        cautions=tuple(_cautions(evidence, facts)),
        review_reasons=tuple(_review_reasons(evidence, facts, trail, outcome)),
        clocks=tuple(clocks),
    )


def _to_verify(decided: Determination) -> list[str]:
    """The facts that nobody knows and whose answer could change the outcome, in the order of the table."""
    evidence, words = decided.evidence, decided.words
    rows = proven_rows(evidence.policy, evidence.ruleset.id)
    return [
        fact
        for fact, word in words.items()
        if word in _OPEN
        and any(
            decide_facts(rows, words | {fact: other}).row.outcome != decided.outcome.outcome
            for other in FACT_WORDS[fact]
            if other not in _OPEN
        )
    ]


def row_words(policy: Policy, ruleset_id: str, rule: str) -> dict[str, str]:
    """A rule of the trail in plain words, with its source."""
    row = next(row for row in policy.decision_rows(ruleset_id) if row.rule == rule)
    return {"rule": rule, "words": row.note, "source": row.source}


def _review_reasons(evidence: Evidence, facts: Sequence[Fact], trail: Trail, outcome: Outcome) -> Iterator[str]:
    """Why a person must look, in the order of weight."""
    words = {fact.name: fact.value for fact in facts}
    if evidence.asked("urgent") == "Y":
        yield "urgent: seven days are too long; the access and crisis line comes first"
    if evidence.asked("in_treatment") == "Y":
        yield "in treatment with the requester: transition rights may override the distance"
    if trail.row.human_review:
        yield f"rule {trail.row.rule} asks for a person: {trail.row.note}"
    yield from _doubts_of_the_finding(evidence, words)
    if outcome.refuses and evidence.asked("requested_by") == "member":
        yield "the member asked for this provider: a refusal may be an adverse benefit determination; hand over to UM"
    if outcome.refuses and evidence.service.key in evidence.policy.needs(evidence.on):
        yield "the service is on the posted needs list: that is a ground without geography, look before refusing"
    reference = evidence.asked("consumer_ref")
    if reference and words["consumer_identified"] == "N" and words["level_of_care"] != "inpatient":
        what = "names nobody" if names_nobody(reference) else "has no place of residence"
        yield f"a consumer is spoken of but the reference {what}: ask before the request is treated as having none"


def _doubts_of_the_finding(evidence: Evidence, words: Mapping[str, str]) -> Iterator[str]:
    """What makes a finding unsafe to act on alone."""
    answer = evidence.answer
    if answer is None:
        return
    if answer.get("finding_if_unknowns_count", answer["finding"]) != answer["finding"]:
        yield (
            f"the finding rests on unknown facts: with them it would be {answer['finding_if_unknowns_count']}; "
            "settle what is unknown on the roster"
        )
    if words["consumer_identified"] == "Y" and "outside_catchment" in _codes(answer):
        yield "the place lies outside the counties the plan serves: settle who is responsible"
    if answer["finding"] == "gap" and answer.get("serves_county_beyond_limit"):
        count = len(answer["serves_county_beyond_limit"])
        yield f"the service travels: {count} sites beyond the limit serve the consumer's county"
    sites = answer["sites"]
    if sites and all(site["site_id"] in evidence.standing.own_sites for site in sites):
        yield "every contracted site within the limit is the requester's own"
    if evidence.standing.contract_is_unknown and not evidence.standing.is_contracted:
        yield "the requester is on the roster with a contract of unknown status"


def _codes(answer: Mapping[str, Any]) -> set[str]:
    """The codes of an answer's cautions."""
    return {caution["code"] for caution in answer.get("cautions", ())}


def _cautions(evidence: Evidence, facts: Sequence[Fact]) -> Iterator[tuple[str, str]]:
    """What the reader must know: of the request first, then of the answer, then of the rule."""
    yield from _cautions_of_the_request(evidence, {fact.name: fact for fact in facts})
    answer = evidence.answer
    seen = _codes(answer) if answer else set()
    for caution in (answer or {}).get("cautions", ()):
        yield caution["code"], caution["text"]
    if evidence.is_demo and "demo_data" not in seen:
        yield "demo_data", DEMO_NOTICE
    if evidence.service.mode == "inpatient" and "inpatient_path" not in seen:
        yield "inpatient_path", "Inpatient requests take their own path: the radius does not decide them."
    if "open_network_question" not in seen and not evidence.service.tp_only:
        yield (
            "open_network_question",
            "Also covered by Standard Plans: counsel must say whether the network may be closed for it.",
        )
    if evidence.policy.overridden and "policy_overridden" not in seen:
        yield "policy_overridden", f"The plan's own values are in use: {'; '.join(evidence.policy.overridden)}."
    later = evidence.policy.later_text_known(evidence.on)
    if later and "later_rule_text_known" not in seen:
        yield "later_rule_text_known", later


def _cautions_of_the_request(evidence: Evidence, facts: Mapping[str, Fact]) -> Iterator[tuple[str, str]]:
    """What the request itself leaves open."""
    consumer, accessible = facts["consumer_identified"], facts["accessible"]
    if consumer.value == "Y" and consumer.source != "eligibility":
        yield "not_verified", "The consumer is not verified in the eligibility file."
    if accessible.source == "request":
        yield (
            "accessible_by_hand",
            (
                "Accessible was entered by hand. Record the call (who, when) with the event contacted, so that the "
                "decision can be shown to rest on it."
            ),
        )
    if not evidence.asked("requester_npi"):
        yield "no_requester_npi", "The requester gave no NPI: whether it is contracted was not looked up."
    if consumer.value == "N" and evidence.answer is not None and not _has_site(evidence):
        yield "origin_not_site", "No site of the requester is given: the distance is from the place in the request."
    if evidence.standing.has_service_elsewhere:
        yield "requester_on_roster", "The requester is on the roster for this service at another site."
    own = set(evidence.standing.own_sites)
    if evidence.answer and any(site["site_id"] in own for site in evidence.answer["sites"]):
        yield "requester_in_list", "The requester itself is among the contracted sites within the limit: it is marked."
    posted = evidence.policy.needs(evidence.on)
    if evidence.service.key in posted:
        yield "on_needs_list", f"The service is on the plan's posted needs list ({posted[evidence.service.key]})."
    taxonomy = evidence.asked("taxonomy")
    if taxonomy and evidence.service.taxonomies and taxonomy not in evidence.service.taxonomies:
        yield "taxonomy_not_usual", f"Taxonomy {taxonomy} is not one the catalogue ties to this service (unverified)."
    if evidence.asked("part2") == "Y":
        yield "part2", "Substance-use record: 42 CFR Part 2 applies to e-mail, letters and maps."


def _has_site(evidence: Evidence) -> bool:
    """Whether the requester's site is known."""
    return any(evidence.asked(name) for name in ("site_zip", "site_point", "site_address"))


def _origin_is(decided: Determination) -> str:
    """Whose place the distance is from."""
    if decided.words["consumer_identified"] == "Y":
        return "consumer"
    return "requester_site" if _has_site(decided.evidence) else "place_in_request"


def _consumer(evidence: Evidence) -> dict[str, Any]:
    """What the record says of the consumer: a reference and what the rules ask, no name."""
    return {
        "ref": evidence.asked("consumer_ref") or None,
        "eligible_on": evidence.asked("eligible_on") or None,
        "is_verified": evidence.asked("consumer_verified") == "Y",
        "age": int(evidence.asked("age")) if evidence.asked("age") else None,
        "county_of_eligibility": evidence.asked("county_fips") or None,
        "funding": evidence.asked("funding") or None,
        "requested_by": evidence.asked("requested_by"),
        "urgent": evidence.asked("urgent"),
        "continuity_of_care": evidence.asked("in_treatment"),
        "part2": evidence.asked("part2") or "U",
    }


def _ruleset(evidence: Evidence) -> dict[str, Any]:
    """The text that decided."""
    ruleset = evidence.ruleset
    return {
        "id": ruleset.id,
        "effective_from": ruleset.effective_from,
        "title": ruleset.title,
        "source": ruleset.source,
        "later_text_known": evidence.policy.later_text_known(evidence.on) or "",
    }


def _measure(answer: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """How the distance was measured."""
    if answer is None:
        return None
    standard = answer["standard"]
    return {
        "method": standard["measure"],
        "ellipsoid": "WGS 84",
        "unit": "statute mile",
        "threshold_mi": standard["limit_mi"],
        "inclusive": standard.get("boundary", "included") == "included",
    }


def _candidates(evidence: Evidence) -> Iterator[dict[str, Any]]:
    """Every site considered: in or out, and why, with the calls made to it."""
    answer = evidence.answer
    if answer is None:
        return
    own = set(evidence.standing.own_sites)
    for site in answer["sites"]:
        yield _candidate(evidence, site, site["within"], [], own)
    for site in answer["not_counted"]:
        yield _candidate(evidence, site, "not_counted", list(site["reasons"]), own)


def _candidate(
    evidence: Evidence, site: Mapping[str, Any], inside: str, reasons: list[str], own: set[str]
) -> dict[str, Any]:
    """One site considered."""
    return {
        "site_id": site["site_id"],
        "distance_mi": site["distance_mi"],
        "inside": inside,
        "reasons": reasons,
        "is_requester": site["site_id"] in own,
        "contact_log": [_contact(call) for call in evidence.calls(site["site_id"])],
    }


def _calls_on_file(evidence: Evidence) -> list[Contact]:
    """The calls to sites considered that were recent enough to count, oldest first."""
    answer = evidence.answer or {}
    sites = {site["site_id"] for name in ("sites", "not_counted") for site in answer.get(name, ())}
    return sorted((call for site in sites for call in evidence.calls(site)), key=lambda call: (call.at, call.site_id))


def _contact(call: Contact) -> dict[str, str]:
    """A call as the record keeps it."""
    return {
        "site_id": call.site_id,
        "at": call.at.astimezone(UTC).isoformat(),
        "by": call.by,
        "result": call.result,
        "first_appt": call.first_appt,
        "request_id": call.request_id,
    }


def _standing(standing: Standing) -> dict[str, Any]:
    """The requester on the roster, as the record keeps it."""
    return {
        "is_contracted": standing.is_contracted,
        "contract_is_unknown": standing.contract_is_unknown,
        "nctracks": standing.nctracks,
        "own_sites": list(standing.own_sites),
        "has_service_elsewhere": standing.has_service_elsewhere,
    }


def _handover(decided: Determination) -> dict[str, str]:
    """Who else must hear of it: UM, access, network development; empty where nobody must."""
    evidence, words = decided.evidence, decided.words
    um = access = development = ""
    if decided.outcome.refuses and evidence.asked("requested_by") == "member":
        um = "a member's own request is refused: UM decides on the notice to the enrollee and writes it"
    if words["level_of_care"] == "inpatient":
        um = "review of the Inpatient OON SAR"
    if evidence.asked("urgent") == "Y":
        access = "urgent: access and crisis line"
    elif decided.outcome.gap and words["consumer_identified"] == "Y":
        access = "the member has no contracted provider within the limit: find care"
    if decided.outcome.gap:
        development = "gap: log it and consider recruiting"
    return {"um": um, "access": access, "network_dev": development}


def _retention(evidence: Evidence) -> dict[str, Any]:
    """How long the record is kept."""
    years = evidence.policy.value("record_retention_years", evidence.on)
    return {"years": years, "after": "the later of contract end or audit completion"}


def contact_of(entry: Mapping[str, Any], service_key: str) -> Contact:
    """Read a call back from a record's contact log."""
    at = datetime.fromisoformat(entry["at"])
    return Contact(
        entry["site_id"], service_key, at, entry["by"], entry["result"], entry["first_appt"], entry["request_id"]
    )
