"""The rows that requests and whole-plan measures need: rulesets, decision rows, clocks, letters, schemes.

Read only when asked for; an ordinary check never does. Standard library only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adequacy.policy.model import CONFIDENCE, in_force

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from adequacy.policy.model import Standard

__all__ = [
    "FACTS",
    "CatchmentCounty",
    "Clock",
    "ClosedDay",
    "ClosedReview",
    "CountyClass",
    "CountyTypeRule",
    "CredentialingRule",
    "DecisionRow",
    "EventRule",
    "FederalCounty",
    "FederalLimit",
    "Letter",
    "Outcome",
    "Parameter",
    "RoadClass",
    "Ruleset",
    "Scheme",
]

FACTS = (
    "level_of_care",
    "consumer_identified",
    "contracted_in_30mi",
    "accessible",
    "client_specific",
    "requester_contracted",
    "nctracks_ok",
    "tp_closed_service",
)
"""The fact columns of the decision table, in its order."""


@dataclass(frozen=True, slots=True)
class CatchmentCounty:
    """A county the plan serves; ``to_date`` is the last day, empty while it goes on."""

    county_fips: str
    county: str
    from_date: str
    to_date: str
    confidence: str
    joined: str
    source: str


@dataclass(frozen=True, slots=True)
class Ruleset:
    """One published text of the out-of-network process.

    ``closed_network_default`` is what the text says of every service: ``Y`` the network is closed, ``U`` it does not
    say. A text that is not ``active`` is documented and decides nothing.
    """

    id: str
    title: str
    description: str
    plan: str
    active: bool
    effective_from: str
    closed_network_default: str
    confidence: str
    source: str
    source_href: str
    note: str

    @classmethod
    def from_entry(cls, key: str, entry: Mapping[str, Any]) -> Ruleset:
        """Make one from its compiled entry."""
        return cls(id=key, **{name: value for name, value in entry.items() if name != "id"})


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """One row of the decision table.

    ``facts`` holds the wanted value per fact column: a word, ``*`` any, ``!Y`` anything but Y. ``sets`` is a fact the
    row changes before the table goes on, as (fact, value), or None where the row decides. ``human_review`` means that
    no letter leaves without a named person.
    """

    rule: str
    ruleset: str
    facts: dict[str, str]
    sets: tuple[str, str] | None
    outcome: str
    letter: str
    clock: str
    human_review: bool
    note: str
    source: str

    @classmethod
    def from_row(cls, row: Mapping[str, str]) -> DecisionRow:
        """Make one from its compiled row."""
        fact, _, value = row["set"].partition("=")
        return cls(
            rule=row["rule"],
            ruleset=row["ruleset"],
            facts={name: row[name] for name in FACTS},
            sets=(fact, value) if fact else None,
            outcome=row["outcome"],
            letter=row["letter"],
            clock=row["clock"],
            human_review=row["human_review"] == "Y",
            note=row["note"],
            source=row["source"],
        )

    def matches(self, facts: Mapping[str, str]) -> bool:
        """Whether every fact is what the row wants."""
        return all(
            want in ("*", facts[name]) or (want[0] == "!" and facts[name] != want[1:])
            for name, want in self.facts.items()
        )


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock: how long, from which event to which, whose it is.

    ``unit`` is a word of ``clocks.UNITS``. ``start_on`` and ``end_on`` are the events of a request that start and end
    it (``answered``: the answer of its decision has left), ``start_also_on`` a second start to be shown where the text
    is silent; empty where no event of a request does. ``applies`` are the facts ``name=word`` it is for, all of them.
    """

    clock: str
    plan: str
    is_active: bool
    from_date: str
    to_date: str
    length: int
    unit: str
    unit_text: str
    applies: tuple[str, ...]
    start_event: str
    start_on: str
    start_ambiguous: bool
    start_also_on: str
    start_note: str
    end_event: str
    end_on: tuple[str, ...]
    owner: str
    default_handling: str
    confidence: str
    source: str

    @classmethod
    def from_row(cls, row: Mapping[str, str]) -> Clock:
        """Make one from its compiled row."""
        fields: dict[str, Any] = dict(row)
        fields["from_date"], fields["to_date"] = fields.pop("from"), fields.pop("to")
        fields["length"] = int(row["length"])
        fields["is_active"] = row["is_active"] == "Y"
        fields["start_ambiguous"] = row["start_ambiguous"] == "Y"
        fields["end_on"] = _words(row["end_on"])
        fields["applies"] = _words(row["applies"])
        fields["confidence"] = CONFIDENCE[row["confidence"]]
        return cls(**fields)

    def runs_on(self, day: str) -> bool:
        """Whether the clock is in force on an ISO day."""
        return self.from_date <= day and (not self.to_date or day <= self.to_date)


@dataclass(frozen=True, slots=True)
class ClosedDay:
    """A day the office is closed; ``date`` is ISO."""

    date: str
    name: str
    confidence: str
    source: str


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter of the catalogue; ``written_by`` is ``plan`` (by us) or ``um`` (never by us).

    ``after_event`` is the event of a request that makes it due, where its facts are ``when``; empty for the letters
    that the decision table names.
    """

    letter: str
    name: str
    recipient: str
    trigger: str
    after_event: str
    when: tuple[str, ...]
    must_contain: tuple[str, ...]
    written_by: str
    payment_disclaimer: bool
    confidence: str
    source: str

    @classmethod
    def from_row(cls, row: Mapping[str, str]) -> Letter:
        """Make one from its compiled row."""
        fields: dict[str, Any] = dict(row)
        fields["must_contain"] = tuple(part.strip() for part in row["must_contain"].split(";"))
        fields["when"] = _words(row["when"])
        fields["payment_disclaimer"] = row["payment_disclaimer"] == "Y"
        fields["confidence"] = CONFIDENCE[row["confidence"]]
        return cls(**fields)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an outcome of the decision table means.

    ``state`` is where the request stands then; ``answered_by`` are the events that answer it; ``refuses`` says that
    the requester is turned down, ``gap`` that network development must hear of it; ``words`` and ``next_step`` are
    for staff.
    """

    outcome: str
    state: str
    answered_by: tuple[str, ...]
    refuses: bool
    gap: bool
    words: str
    next_step: str
    confidence: str
    source: str

    @classmethod
    def from_row(cls, row: Mapping[str, str]) -> Outcome:
        """Make one from its compiled row."""
        fields: dict[str, Any] = dict(row)
        fields["answered_by"] = _words(row["answered_by"])
        fields["refuses"], fields["gap"] = row["refuses"] == "Y", row["gap"] == "Y"
        fields["confidence"] = CONFIDENCE[row["confidence"]]
        return cls(**fields)


@dataclass(frozen=True, slots=True)
class CredentialingRule:
    """What follows from a credentialing decision and what is known of the enrolment.

    ``enrolment`` is a word of `casebook.credentialing`, or ``*`` for any. ``first_letter`` is due with the decision,
    ``second_letter`` once the enrolment is verified; either may be empty. ``in_acs``: entered into the plan's claims
    and authorization system.
    """

    decision: str
    enrolment: str
    state: str
    first_letter: str
    second_letter: str
    in_acs: bool
    words: str
    next_step: str
    confidence: str
    source: str

    @classmethod
    def from_row(cls, row: Mapping[str, str]) -> CredentialingRule:
        """Make one from its compiled row."""
        fields: dict[str, Any] = dict(row)
        fields["in_acs"], fields["confidence"] = row["in_acs"] == "Y", CONFIDENCE[row["confidence"]]
        return cls(**fields)


@dataclass(frozen=True, slots=True)
class EventRule:
    """When an event of a request is allowed, and the state it leads to.

    ``to_state`` is empty where the state stays, ``@outcome`` that of the decision, ``A|B`` A while attachments are
    missing and B once all came, ``@before`` the state before, ``@override`` that of the override;
    ``needs`` is ``confirmed``, ``unanswered``, ``overdue`` or empty.
    """

    event: str
    from_states: tuple[str, ...]
    to_state: str
    needs: str
    words: str
    confidence: str
    source: str

    @classmethod
    def from_row(cls, row: Mapping[str, str]) -> EventRule:
        """Make one from its compiled row."""
        fields: dict[str, Any] = dict(row)
        fields["from_states"] = _words(row["from_states"])
        fields["confidence"] = CONFIDENCE[row["confidence"]]
        return cls(**fields)


@dataclass(frozen=True, slots=True)
class ClosedReview:
    """The plan's legal review of one service: is the network closed for it? Used under the strict reading only."""

    service_key: str
    from_date: str
    is_closed: str
    by: str
    confidence: str
    source: str


def _words(cell: str) -> tuple[str, ...]:
    """Split a cell of words separated by ``;``."""
    return tuple(cell.split(";")) if cell else ()


@dataclass(frozen=True, slots=True)
class CountyClass:
    """A county's class (``urban`` or ``rural``) by a dated list."""

    county_fips: str
    area_class: str
    from_date: str
    to_date: str
    confidence: str
    source: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """A dated number of a scheme, or numbers by area class or county type."""

    name: str
    value: float | int | bool | str | dict[str, float]
    unit: str
    from_date: str
    confidence: str
    source: str
    description: str


@dataclass(frozen=True, slots=True)
class FederalLimit:
    """42 CFR 422.116: one specialty in one county type; ``min_ratio`` per 1,000 required beneficiaries, or None."""

    year: int
    code: str
    specialty: str
    kind: str
    county_type: str
    max_minutes: float
    max_miles: float
    min_ratio: float | None
    ratio_unit: str
    confidence: str


@dataclass(frozen=True, slots=True)
class FederalCounty:
    """42 CFR 422.116 as CMS publishes it for one county and specialty, customised values included."""

    year: int
    county_fips: str
    county: str
    ssacd: str
    county_type: str
    total_medicare_beneficiaries: int
    p95_ratio: float
    beneficiaries_required_to_cover: int
    code: str
    specialty: str
    max_minutes: float
    max_miles: float
    min_number: int
    is_customised: bool
    confidence: str


@dataclass(frozen=True, slots=True)
class CountyTypeRule:
    """One cell of the federal county types: people from/below, density from/below (per square mile), type."""

    county_type: str
    people_from: float
    people_below: float
    density_from: float
    density_below: float


@dataclass(frozen=True, slots=True)
class RoadClass:
    """One class of street: a value of OpenStreetMap's ``highway`` tag.

    Parameters
    ----------
    highway : str
    frontage : bool
        False for motorways and ramps: traffic passes, but no place is ever put on them.
    speed_mph : float or None
        Speed where no sign is recorded; None = OSMnx's default (mean of the signs of the class).
    fallback_mph : float
        Speed where an extract records no sign at all.
    """

    highway: str
    frontage: bool
    speed_mph: float | None
    fallback_mph: float

    @classmethod
    def from_row(cls, row: Mapping[str, str]) -> RoadClass:
        """Make it from a row of the compiled table."""
        typical = float(row["speed_mph"]) if row["speed_mph"] else None
        return cls(row["highway"], row["frontage"] == "Y", typical, float(row["fallback_mph"]))


class Scheme:
    """A set of standards of one authority. Made by ``Policy.scheme``.

    Attributes
    ----------
    name, title, description, authority, area_class, confidence, source : str
        ``area_class`` is ``none``, ``urban_rural`` or ``county_type``.
    """

    def __init__(self, name: str, entry: Mapping[str, Any], parts: Any) -> None:
        about = entry["about"]
        self.name = name
        self.title: str = about["title"]
        self.description: str = about["description"]
        self.authority: str = about["authority"]
        self.area_class: str = about["area_class"]
        self.confidence: str = about["confidence"]
        self.source: str = about["source"]
        self._standards: dict[str, Any] = entry["standards"]
        self._parameters: dict[str, Any] = entry["parameters"]
        self._parts = parts

    def standards(self, on: date) -> tuple[Standard, ...]:
        """List the standards in force on a date; ``NoStandardInForce`` if there are some, but none on that date."""
        from adequacy.errors import NoStandardInForce
        from adequacy.policy.rules import standard_on

        found, refusal = [], None
        for key, entry in self._standards.items():
            try:
                found.append(standard_on(f"{self.name}.{key}", entry, on))
            except NoStandardInForce as error:
                refusal = refusal or error
        if refusal is not None and not found:
            raise refusal
        return tuple(found)

    def parameter(self, name: str, on: date) -> Parameter | None:
        """Give a dated number of the scheme; None where it is not in force."""
        entry = self._parameters[name]
        version = in_force(entry["values"], on.isoformat())
        if version is None:
            return None
        fields = {key: entry[key] for key in ("unit", "confidence", "source", "description")}
        return Parameter(name=name, value=version["value"], from_date=version["from"], **fields)

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """The names of its dated numbers."""
        return tuple(self._parameters)

    def federal_limits(self) -> tuple[FederalLimit, ...]:
        """List the specialty x county type table; empty for schemes that have none."""
        rows = self._parts["tables"].get(self.name, {}).get("base", [])
        return tuple(FederalLimit(*row) for row in rows)

    def federal_counties(self) -> tuple[FederalCounty, ...]:
        """List the county x specialty table with its customised values; join on county, never on county type."""
        rows = self._parts["tables"].get(self.name, {}).get("counties", [])
        return tuple(FederalCounty(*row) for row in rows)

    def specialty_services(self) -> dict[str, tuple[str, ...]]:
        """Give the service keys a specialty code is measured by: a table of ours, unverified."""
        rows = self._parts["tables"].get(self.name, {}).get("services", [])
        return {code: tuple(keys) for code, keys in rows}

    def county_type_rules(self) -> tuple[CountyTypeRule, ...]:
        """List the population and density bands that make a county type."""
        rows = self._parts["tables"].get(self.name, {}).get("county_types", [])
        return tuple(CountyTypeRule(*row) for row in rows)
