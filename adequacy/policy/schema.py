"""The shape of every policy file, as strict pydantic models: a wrong key or an unquoted code cannot pass.

Heavy: imported by the loader only. Field names are the column names and keys that policy staff write.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from adequacy.policy.decisions import FACT_WORDS

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")


def _iso_day(text: str) -> str:
    """Accept a day that exists, written 2026-11-23."""
    if not _ISO.fullmatch(text):
        raise ValueError("is not a date: write it as 2026-11-23 (spreadsheets change dates; format the column as text)")
    try:
        date.fromisoformat(text)
    except ValueError:
        raise ValueError("is a day that does not exist") from None
    return text


def _shaped(pattern: str, words: str) -> AfterValidator:
    """Accept text of one shape, or empty text where the field allows it; say the shape in words."""
    compiled = re.compile(pattern)

    def check(text: str) -> str:
        if not compiled.fullmatch(text):
            raise ValueError(words)
        return text

    return AfterValidator(check)


Text = Annotated[str, Field(min_length=1)]
Day = Annotated[str, AfterValidator(_iso_day)]
DayOrOpen = Annotated[str, AfterValidator(lambda text: _iso_day(text) if text else text)]
Fips = Annotated[
    str, _shaped(r"\d{5}", "is not five digits (spreadsheets drop leading zeros; format the column as text)")
]
Whole = Annotated[str, _shaped(r"\d+", "is not a whole number")]
Number = Annotated[str, _shaped(r"\d+(\.\d+)?", "is not a number")]
NumberOrNone = Annotated[str, _shaped(r"(\d+(\.\d+)?)?", "is not a number")]
Key = Annotated[str, _shaped(r"[a-z][a-z0-9_]*", "is not a key: lower-case letters, digits, underscores")]
Conditions = Annotated[str, _shaped(r"([a-z_]+=[^=;]+(;[a-z_]+=[^=;]+)*)?", "is not fact=word, several separated by ;")]
Words = Annotated[str, _shaped(r"([^;]+(;[^;]+)*)?", "is not words separated by ;")]
YesNo = Literal["Y", "N"]
Mark = Literal["S", "V", "V-partial", "V-secondary", "V-legacy", "C", "U"]
Confidence = Literal["stated", "verified", "partly_verified", "secondary", "legacy", "computed", "unverified"]
CountyType = Literal["Large Metro", "Metro", "Micro", "Rural", "CEAC"]


class Strict(BaseModel):
    """Nothing unknown, nothing converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True)


# --- YAML -------------------------------------------------------------------------------------------------------------


class Reference(Strict):
    """A citation: title, where it stands, and the day somebody looked."""

    title: Text
    href: Annotated[str, _shaped(r"https?://\S+", "is not a web address")] | None = None
    document: Text | None = None
    checked: date

    @model_validator(mode="after")
    def _stands_somewhere(self) -> Reference:
        if not (self.href or self.document):
            raise ValueError("needs href (a web address) or document (the plan's own)")
        return self


class Cited(Strict):
    """Every entry says what it is, how sure it is, and where it comes from."""

    description: Text
    confidence: Confidence
    note: str = ""
    reference: Annotated[list[Reference], Field(min_length=1)]


class SettingEntry(Cited):
    """A dated number or switch."""

    unit: Text
    values: Annotated[dict[date, bool | int | float | str | list[float]], Field(min_length=1)]
    ends: date | None = None

    @model_validator(mode="after")
    def _fits_its_unit(self) -> SettingEntry:
        for day, value in self.values.items():
            if not _fits(self.unit, value):
                wanted = {"switch": "true or false", "word": "text", "percent": "a number from 0 to 100"}
                raise ValueError(
                    f"the value of {day} is {value!r}, not {wanted.get(self.unit, 'a number')} ({self.unit})"
                )
        return self


def _fits(unit: str, value: bool | float | str | list[float]) -> bool:
    """Whether a value is of the kind its unit says: a switch, a word, or one or more numbers, none below zero."""
    if unit in ("switch", "word"):
        return isinstance(value, bool if unit == "switch" else str)
    numbers = value if isinstance(value, list) else [value]
    real = [number for number in numbers if isinstance(number, int | float) and not isinstance(number, bool)]
    most = 100 if unit == "percent" else float("inf")
    return bool(real) and len(real) == len(numbers) and all(0 <= number <= most for number in real)


class StandardValues(Strict):
    """What a standard demands from one day on."""

    limit_mi: Annotated[float, Field(gt=0)] | None = None
    urban_mi: Annotated[float, Field(gt=0)] | None = None
    rural_mi: Annotated[float, Field(gt=0)] | None = None
    urban_min: Annotated[float, Field(gt=0)] | None = None
    rural_min: Annotated[float, Field(gt=0)] | None = None
    min_providers: Annotated[int, Field(ge=1)] | None = None
    required_pct: Annotated[float, Field(gt=0, le=100)] | None = None
    per_people: Annotated[int, Field(ge=1)] | None = None


class StandardEntry(Cited):
    """One standard of a scheme."""

    category: Text
    services: list[Text]
    unmapped_services: list[Text] = []
    each_service: bool = False
    population: Text
    measure: Literal["geodesic", "miles", "miles_or_minutes", "miles_and_minutes", "count"]
    unit: Text
    boundary: Literal["included", "not_applicable"]
    counts: Literal["site", "agency"]
    area: Literal["consumer", "county", "region", "catchment", "state"]
    funding: Literal["both", "medicaid", "state"]
    accepting_in_every_county: bool = False
    source_reviewed: date | None = None
    values: Annotated[dict[date, StandardValues], Field(min_length=1)]
    ends: date | None = None

    @model_validator(mode="after")
    def _has_its_limits(self) -> StandardEntry:
        for day, values in self.values.items():
            fault = _limits_fault(self.measure, values)
            if fault:
                raise ValueError(f"{fault} in the values of {day}")
        return self


def _limits_fault(measure: str, values: StandardValues) -> str:
    """Say which limit a measure lacks; empty if none."""
    miles = values.limit_mi is not None or (values.urban_mi is not None and values.rural_mi is not None)
    minutes = values.urban_min is not None and values.rural_min is not None
    if values.min_providers is None:
        return "min_providers is missing"
    if measure == "count":
        return "a count has no miles or minutes" if miles or minutes else ""
    if not miles:
        return "limit_mi, or urban_mi and rural_mi, is missing"
    if values.limit_mi is not None and (values.urban_mi is not None or values.rural_mi is not None):
        return "limit_mi stands beside urban_mi or rural_mi: keep one of the two forms"
    return "urban_min and rural_min are missing" if "minutes" in measure and not minutes else ""


class ParameterEntry(Cited):
    """A dated number of a scheme, or numbers by area class or county type."""

    unit: Text
    values: Annotated[dict[date, bool | int | float | str | dict[str, float]], Field(min_length=1)]
    ends: date | None = None


class About(Strict):
    """What a scheme is."""

    title: Text
    description: Text
    authority: Text
    area_class: Literal["none", "urban_rural", "county_type"]
    confidence: Confidence
    note: str = ""
    reference: Annotated[list[Reference], Field(min_length=1)]


class RulesetEntry(Cited):
    """One published text of the process."""

    plan: Key
    active: bool
    effective_from: date
    title: Text
    closed_network_default: Literal["Y", "N", "U"]


class Practitioner(Strict):
    """A type of practitioner by its degree code."""

    code: Text
    group: Literal["medical", "behavioral"]
    name: Text


class PlanFile(Cited):
    """What is particular to one organisation."""

    name: Text
    organisation: Text
    timezone: Text
    states: dict[Annotated[str, Field(pattern=r"^[A-Z]{2}$")], Annotated[str, Field(pattern=r"^\d{2}$")]]
    catchment: Literal["counties", "states"]
    closed_days: Key
    radius_standard: str
    no_radius_reason: str
    rulesets: list[Key]
    schemes: list[Key]
    county_classes: bool
    practitioner_types: list[Practitioner]
    contact: dict[Key, Text]
    terms: dict[Key, Text]

    @model_validator(mode="after")
    def _knows_its_zone(self) -> PlanFile:
        from zoneinfo import ZoneInfo

        try:
            ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"timezone {self.timezone!r} is not a known time zone, such as America/New_York") from None
        if not self.radius_standard and not self.no_radius_reason:
            raise ValueError("radius_standard is empty: name one, or say why there is none in no_radius_reason")
        return self


class TableEntry(Cited):
    """What a CSV file holds."""

    unit: Text


# --- CSV --------------------------------------------------------------------------------------------------------------


class ServiceRow(Strict):
    """services.csv"""

    key: Key
    name: Text
    staff_terms: Text
    codes: str
    codes_src: Mark
    ccp: str
    ccp_src: Mark
    pop: Literal["adult", "child", "both"]
    category: Text
    mode: Literal["site", "mobile", "home", "residential", "inpatient"]
    tp_only: YesNo
    is_service: YesNo
    taxonomies: Annotated[
        str, _shaped(r"([0-9A-Z]{9}X(;[0-9A-Z]{9}X)*)?", "is not ten-character taxonomies separated by ;")
    ]
    notes: str


class AmbiguousRow(Strict):
    """ambiguous.csv"""

    term: Text
    service_keys: str
    also: str
    confidence: Mark
    source: Text

    @model_validator(mode="after")
    def _means_something(self) -> AmbiguousRow:
        if not self.service_keys and not self.also:
            raise ValueError("needs service_keys or also: what may it mean?")
        return self


class CatchmentRow(Strict):
    """catchment.csv"""

    plan: Key
    county_fips: Fips
    county: Text
    from_: Annotated[Day, Field(alias="from")]
    to: DayOrOpen
    confidence: Mark
    joined: Text
    source: Text


class CountyClassRow(Strict):
    """county_class.csv"""

    county_fips: Fips
    county: Text
    area_class: Literal["urban", "rural"]
    from_: Annotated[Day, Field(alias="from")]
    to: DayOrOpen
    confidence: Mark
    source: Text


class CountyDensityRow(Strict):
    """county_density.csv"""

    county_fips: Fips
    county: Text
    land_sqmi_2010gaz: Number
    pop2010: Whole
    pop2020_estbase: Whole
    pop2023: Whole
    density2010: Number
    density2020: Number
    density2023: Number
    nc_class_2010: Literal["urban", "rural"]
    nc_class_2020: Literal["urban", "rural"]
    nc_class_2023: Literal["urban", "rural"]


class ClockRow(Strict):
    """clocks.csv"""

    clock: Key
    from_: Annotated[Day, Field(alias="from")]
    to: DayOrOpen
    plan: Key
    is_active: YesNo
    length: Whole
    unit: Literal["calendar_days", "elapsed_hours", "business_days", "business_days_before"]
    unit_text: Text
    applies: Conditions
    start_event: Text
    start_on: str
    start_ambiguous: YesNo
    start_also_on: str
    start_note: str
    end_event: Text
    end_on: str
    owner: Text
    default_handling: str
    confidence: Mark
    source: Text


class ClosedDayRow(Strict):
    """closed_days.csv"""

    profile: Key
    date: Day
    name: Text
    confidence: Mark
    source: Text


def _wanted(fact: str) -> AfterValidator:
    """Accept a fact's words, ``*`` and ``!`` before a word; a blank is refused."""
    words = FACT_WORDS[fact]
    allowed = ("*", *words, *(f"!{word}" for word in words))

    def check(text: str) -> str:
        if text not in allowed:
            blank = "is blank; write * where any value will do" if not text else "is not"
            raise ValueError(f"{blank} one of {', '.join(allowed)}" if text else blank)
        return text

    return AfterValidator(check)


class DecisionTableRow(Strict):
    """decisions.csv"""

    ruleset: Key
    rule: Text
    level_of_care: Annotated[str, _wanted("level_of_care")]
    consumer_identified: Annotated[str, _wanted("consumer_identified")]
    contracted_in_30mi: Annotated[str, _wanted("contracted_in_30mi")]
    accessible: Annotated[str, _wanted("accessible")]
    client_specific: Annotated[str, _wanted("client_specific")]
    requester_contracted: Annotated[str, _wanted("requester_contracted")]
    nctracks_ok: Annotated[str, _wanted("nctracks_ok")]
    tp_closed_service: Annotated[str, _wanted("tp_closed_service")]
    set: str
    outcome: str
    letter: str
    clock: str
    human_review: YesNo
    note: Text
    source: Text

    @model_validator(mode="after")
    def _sets_or_decides(self) -> DecisionTableRow:
        if bool(self.set) == bool(self.outcome):
            raise ValueError("a row either sets a fact (set) or decides (outcome), not both and not neither")
        fact, _, value = self.set.partition("=")
        if self.set and value not in FACT_WORDS.get(fact, ()):
            raise ValueError(f"set: {self.set!r} is not fact=value with a known fact and one of its values")
        if self.set and (self.letter or self.clock):
            raise ValueError("a row that sets a fact has no letter and no clock of its own")
        if self.outcome and not self.clock:
            raise ValueError("clock is blank: every outcome has one")
        return self


class LetterRow(Strict):
    """letters.csv"""

    letter: Annotated[str, _shaped(r"L\d+[a-z]?", "is not a letter code such as L4a")]
    name: Text
    recipient: Text
    trigger: Text
    after_event: str
    when: Conditions
    must_contain: Text
    written_by: Literal["plan", "um"]
    payment_disclaimer: YesNo
    confidence: Mark
    source: Text


class EventRow(Strict):
    """events.csv"""

    event: Key
    from_states: Words
    to_state: str
    needs: Literal["", "confirmed", "unanswered", "overdue"]
    words: Text
    confidence: Mark
    source: Text


class OutcomeRow(Strict):
    """outcomes.csv"""

    outcome: Text
    state: Text
    answered_by: Words
    refuses: YesNo
    gap: YesNo
    words: Text
    next_step: Text
    confidence: Mark
    source: Text


class CredentialingRow(Strict):
    """credentialing.csv"""

    decision: Literal["pending", "approved", "denied"]
    enrolment: Literal["*", "correct", "corrected", "incorrect", "none", "reported", "unchecked", "unknown"]
    state: Text
    first_letter: str
    second_letter: str
    in_acs: YesNo
    words: Text
    next_step: Text
    confidence: Mark
    source: Text


class ClosedReviewRow(Strict):
    """closed_reviews.csv"""

    plan: Key
    service_key: Key
    from_: Annotated[Day, Field(alias="from")]
    to: DayOrOpen
    is_closed: YesNo
    by: Text
    confidence: Mark
    source: Text


class NeedRow(Strict):
    """needs.csv"""

    plan: Key
    service_key: Key
    from_: Annotated[Day, Field(alias="from")]
    to: DayOrOpen
    confidence: Mark
    source: Text


class FederalBaseRow(Strict):
    """standards/ma_422_116_base.csv"""

    year: Whole
    code: Annotated[str, _shaped(r"[0-9S]\d{2}", "is not a three-character specialty code such as 029")]
    specialty: Text
    kind: Literal["provider", "facility"]
    county_type: CountyType
    max_minutes: Number
    max_miles: Number
    min_ratio: NumberOrNone
    ratio_unit: str
    confidence: Mark


class FederalCountyRow(Strict):
    """standards/ma_422_116_nc_counties.csv"""

    year: Whole
    county_fips: Fips
    county: Text
    ssacd: Fips
    county_type: CountyType
    total_medicare_beneficiaries: Whole
    p95_ratio: Number
    beneficiaries_required_to_cover: Whole
    code: Annotated[str, _shaped(r"[0-9S]\d{2}", "is not a three-character specialty code such as 029")]
    specialty: Text
    max_minutes: Number
    max_miles: Number
    min_number: Whole
    is_customised: YesNo
    confidence: Mark


class FederalServiceRow(Strict):
    """standards/ma_422_116_services.csv"""

    code: Annotated[str, _shaped(r"[0-9S]\d{2}", "is not a three-character specialty code such as 029")]
    specialty: Text
    service_keys: Text
    confidence: Mark
    source: Text


class CountyTypeRow(Strict):
    """standards/ma_422_116_county_types.csv"""

    county_type: CountyType
    people_from: Whole
    people_below: Annotated[str, _shaped(r"\d*", "is not a whole number or blank for no upper end")]
    density_from: Number
    density_below: NumberOrNone
    confidence: Mark
    source: Text


class RoadClassRow(Strict):
    """road_classes.csv"""

    highway: Key
    frontage: YesNo
    speed_mph: NumberOrNone
    fallback_mph: Number
    confidence: Mark
    note: str
