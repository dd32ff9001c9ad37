"""What a scheme asks: its standards, taken apart into one test for each service (and age group)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from adequacy.errors import NoStandardInForce
from adequacy.reference import find_county

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from adequacy.policy import Policy, Service, Standard
    from adequacy.policy.records import FederalCounty, Scheme

__all__ = ["Limit", "Rule", "rules_of"]

_AGE_GROUPS = ("adult", "child")


@dataclass(frozen=True, slots=True)
class Limit:
    """What applies in one county: its class, limits in statute miles and minutes, the share of people required.

    ``needed`` is how many agencies the county as a whole must have in reach (federal minimum numbers), ``credit_pct``
    what telehealth may add to the share, ``given_pct`` what a certificate-of-need law adds. ``number_unknown``: such a
    number is wanted, but none is published.
    """

    area_class: str
    limit_mi: float | None
    limit_min: float | None
    required_pct: float | None
    needed: int | None = None
    credit_pct: float = 0.0
    customised: bool = False
    number_unknown: bool = False
    given_pct: float = 0.0


@dataclass(frozen=True, slots=True)
class Rule:
    """One standard for one service (or one federal specialty) and one age group.

    Attributes
    ----------
    services : tuple of str
        Service keys measured together; empty where the standard names none.
    label : str
        What ``service`` says in the tables.
    measure : str
        As in ``policy.Standard``.
    counts : {"site", "agency"}
    area : str
        Where the share or the count is judged: ``consumer``, ``county``, ``region``, ``catchment``, ``state``.
    travels : bool
        Whether the service comes to the consumer, so that the counties served matter.
    ages : str
        ``all``, ``adult`` or ``child``.
    choice : int
        How many agencies (or sites) a person must have within the limit.
    limits : mapping of str to Limit
        By county; a county without one has no class on that day.
    """

    standard: str
    services: tuple[str, ...]
    label: str
    measure: str
    counts: str
    area: str
    funding: str
    travels: bool
    ages: str
    choice: int
    limits: Mapping[str, Limit]
    per_people: int | None
    accepting_in_every_county: bool
    is_unverified: bool
    unmapped: tuple[str, ...] = ()
    note: str = ""


def rules_of(
    scheme: Scheme, policy: Policy, on: date, counties: Sequence[str], *, ages_known: bool, keys: Sequence[str] | None
) -> list[Rule]:
    """Take a scheme apart for a day and some counties.

    Parameters
    ----------
    scheme : Scheme
        From ``policy.scheme``.
    policy : Policy
        Services and county classes.
    on : date
        Day of the values.
    counties : sequence of str
        Counties with people.
    ages_known : bool
        Whether age groups can be told apart; else everyone is taken together.
    keys : sequence of str, optional
        Only these services.

    Returns
    -------
    list of Rule
        Those that name no service come last.

    Raises
    ------
    NoStandardInForce
        Nothing of the scheme is in force that day.
    """
    found = list(
        _federal(scheme, policy, on, counties) if scheme.federal_counties() else _own(scheme, policy, on, counties)
    )
    if keys is not None:
        found = [rule for rule in found if set(rule.services) & set(keys)]
    split = [each for rule in found for each in (_by_age(rule, policy) if ages_known else [rule])]
    return sorted(split, key=lambda rule: not rule.services)


def _own(scheme: Scheme, policy: Policy, on: date, counties: Sequence[str]) -> Iterator[Rule]:
    """The rules of a scheme that lists its standards."""
    for standard in scheme.standards(on):
        limits = dict(_limits(standard, scheme, policy, on, counties))
        named: list[Service | None] = [*_named(standard, policy)]
        for service in named or [None]:
            yield Rule(
                standard=standard.id,
                services=(service.key,) if service else (),
                label=service.key if service else "",
                measure=standard.measure,
                counts=standard.counts,
                area=standard.area,
                funding=standard.funding,
                travels=service is not None and service.mode in ("mobile", "home"),
                ages=standard.population,
                choice=standard.min_providers or 1,
                limits=limits,
                per_people=standard.per_people,
                accepting_in_every_county=standard.accepting_in_every_county,
                is_unverified=standard.is_unverified,
                unmapped=standard.unmapped_services,
                note=standard.note,
            )


def _named(standard: Standard, policy: Policy) -> list[Service]:
    """The services a standard applies to; ``*`` is every service but inpatient ones."""
    if standard.services == ("*",):
        return [each for each in policy.services if each.is_service and each.mode != "inpatient"]
    return [policy.services[key] for key in standard.services]


def _limits(
    standard: Standard, scheme: Scheme, policy: Policy, on: date, counties: Sequence[str]
) -> Iterator[tuple[str, Limit]]:
    """Limits by county; a county the dated list does not name has none."""
    for county in counties:
        if scheme.area_class == "none" or standard.limit_mi is not None:
            yield county, Limit("", standard.limit_mi, None, standard.required_pct)
            continue
        known = policy.county_class(county, on)
        if known is not None:
            miles, minutes = standard.miles(known.area_class), standard.minutes(known.area_class)
            yield county, Limit(known.area_class, miles, minutes, standard.required_pct)


def _by_age(rule: Rule, policy: Policy) -> list[Rule]:
    """A rule for each age group that its standard names."""
    groups = _groups(rule, policy)
    return [replace(rule, ages=group) for group in groups]


def _groups(rule: Rule, policy: Policy) -> tuple[str, ...]:
    """The age groups of a rule: those its standard names that its service is for."""
    if rule.ages == "any" or not rule.services:
        return ("all",)
    served = {policy.services[key].population for key in rule.services}
    own = [group for group in _AGE_GROUPS if group in served or "both" in served]
    if rule.ages in _AGE_GROUPS:
        return (rule.ages,)
    if rule.ages == "adult/child":
        return tuple(own)
    return tuple(own) if len(own) == 1 else ("all",)


def _federal(scheme: Scheme, policy: Policy, on: date, counties: Sequence[str]) -> Iterator[Rule]:
    """The rules of 42 CFR 422.116: one for each specialty we have services for, its limits joined on county."""
    published = [row for row in scheme.federal_counties() if row.year == on.year]
    if not published:
        years = sorted({str(row.year) for row in scheme.federal_counties()})
        raise NoStandardInForce(
            f"{scheme.name} has no tables for {on.year}; it has {', '.join(years)}. Check the date, or add that year's "
            "tables in the plan's own policy folder."
        )
    required = scheme.parameter("required_share_pct", on)
    shares = required.value if required and isinstance(required.value, dict) else {}
    telehealth, certificate = (
        _points(scheme, f"{name}_credit_points", on) for name in ("telehealth", "certificate_of_need")
    )
    tied = scheme.specialty_services()
    for code in dict.fromkeys(row.code for row in published):
        rows = {row.county_fips: row for row in published if row.code == code}
        keys = tied.get(code, ())
        credit = (telehealth.get(code, 0.0), certificate.get(code, 0.0))
        limits = {
            county: replace(limit, credit_pct=credit[0], given_pct=credit[1])
            for county, limit in _federal_limits(scheme, code, rows, shares, counties, on.year)
        }
        name = next(iter(rows.values())).specialty
        yield Rule(
            standard=f"{scheme.name}.{code}",
            services=keys,
            label=f"{code} {name}" if keys else "",
            measure="miles_and_minutes",
            counts="agency",
            area="county",
            funding="both",
            travels=False,
            ages="any",
            choice=1,
            limits=limits,
            per_people=None,
            accepting_in_every_county=False,
            is_unverified=True,
            note=f"measured by {', '.join(keys)} (table of ours, unverified)" if keys else name,
        )


def _points(scheme: Scheme, name: str, on: date) -> dict[str, float]:
    """Percentage points by specialty code."""
    found = scheme.parameter(name, on)
    return (
        {code: float(points) for code, points in found.value.items()} if found and isinstance(found.value, dict) else {}
    )


def _federal_limits(
    scheme: Scheme,
    code: str,
    rows: Mapping[str, FederalCounty],
    shares: Mapping[str, float],
    counties: Sequence[str],
    year: int,
) -> Iterator[tuple[str, Limit]]:
    """Limits by county as published, customised values included; elsewhere those of the county's type."""
    base = {row.county_type: row for row in scheme.federal_limits() if row.code == code and row.year == year}
    for county in counties:
        row = rows.get(county)
        if row is not None:
            share = shares.get(row.county_type)
            kind = row.county_type
            yield (
                county,
                Limit(kind, row.max_miles, row.max_minutes, share, row.min_number, customised=row.is_customised),
            )
            continue
        known = find_county(county)
        general = base.get(known.cms_type) if known else None
        if general is not None:
            kind = general.county_type
            limit = Limit(kind, general.max_miles, general.max_minutes, shares.get(kind))
            yield county, replace(limit, number_unknown=True)
