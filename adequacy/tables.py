"""What a column is: name, type, unit, meaning, allowed words, and whether it is protected health information.

Every table that leaves a module is declared here once. ``intake`` coerces to these declarations, the network file is
written from them, outputs refuse a ``phi`` column unless told the recipient. Codes (NPI, ZIP, FIPS, service keys) are
always text with their leading zeros; dates are ISO text (``2026-11-01``); an empty cell is the empty string in text and
``None``/NaN in numbers. This module imports nothing outside the standard library: the fast path reads it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["OLDEST_AGE", "STATUS_COLUMNS", "TABLES", "Column", "Table", "table"]

Kind = Literal["text", "float", "int", "date", "flag", "list"]


@dataclass(frozen=True, slots=True)
class Column:
    """One declared column.

    Parameters
    ----------
    name : str
        Lower-case, with its unit as suffix where it has one (``distance_mi``).
    kind : {"text", "float", "int", "date", "flag", "list"}
        ``date`` is ISO text; ``flag`` is ``Y``/``N`` text; ``list`` is text separated by ``;``.
    meaning : str
        One sentence for people.
    words : tuple of str
        The allowed words, where the column is a closed list. The empty string is allowed besides them.
    empty : str
        What an empty cell means; written instead of it. ``""`` keeps it empty.
    unit : str
        Unit of a number.
    phi : bool
        True if the column tells something of a consumer.
    """

    name: str
    kind: Kind
    meaning: str
    words: tuple[str, ...] = ()
    empty: str = ""
    unit: str = ""
    phi: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A declared table: its columns in order."""

    name: str
    meaning: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The column names, in order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """Return the declaration of one column; ``KeyError`` if it is not declared."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"table {self.name!r} has no column {name!r}")


def _text(name: str, meaning: str, *words: str, empty: str = "", phi: bool = False) -> Column:
    return Column(name, "text", meaning, words=words, empty=empty, phi=phi)


def _date(name: str, meaning: str, *, phi: bool = False) -> Column:
    return Column(name, "date", meaning, phi=phi)


def _flag(name: str, meaning: str, *, empty: str = "") -> Column:
    return Column(name, "flag", meaning, words=("Y", "N"), empty=empty)


def _list(name: str, meaning: str) -> Column:
    return Column(name, "list", meaning)


def _number(name: str, meaning: str, unit: str, *, kind: Kind = "float", phi: bool = False) -> Column:
    return Column(name, kind, meaning, unit=unit, phi=phi)


_PROVIDER = (
    _text("provider_id", "our id of whoever holds the contract; made from NPI or name where the file has none"),
    _text("npi", "National Provider Identifier, ten digits"),
    _text("provider_name", "name of the provider, exactly as in the roster"),
    _text("provider_kind", "person or organisation", "organisation", "individual"),
)
_SITE = (
    _text("site_id", "our id of one place of one provider; made from provider and address where the file has none"),
    _text("site_name", "name of the site, exactly as in the roster"),
    _text("street", "house number and street of the place where services are given"),
    _text("suite", "suite, building or floor"),
    _text("city", "city"),
    _text("state", "two-letter postal code of the state"),
    _text("zip5", "five-digit ZIP code"),
    _text("county_fips", "five-digit county code"),
    _text("phone", "telephone number for appointments"),
    _text("email", "e-mail address for the public"),
    _text("referral_email", "e-mail address for referrals"),
)
_POINT = (
    _number("lon", "longitude, WGS 84", "degree"),
    _number("lat", "latitude, WGS 84", "degree"),
    _text("precision", "how the place was found", "given", "address_point", "street_range", "zip", "none"),
)
_OFFERING = (
    _text("service_key", "our key of the service"),
    _date("service_from", "first day of the service line at this site; empty = since always"),
    _date("service_to", "last day of the service line at this site; empty = open-ended"),
    _number("ages_min", "youngest age served", "year", kind="int"),
    _number("ages_max", "oldest age served", "year", kind="int"),
    _list("populations", "populations served"),
    _list("languages", "languages spoken"),
    _flag("ada", "accessible for people with a disability"),
    _text("telehealth", "given by telehealth", "Y", "N", "only"),
    _text("panel_status", "takes new people", "accepting", "waitlist", "closed", "unknown", empty="unknown"),
    _date("accepting_verified_on", "day on which the panel status was last verified"),
    _date("first_available_on", "first day with a free appointment"),
    _flag("referral_stop", "referrals are stopped", empty="N"),
    _list("counties_served", "counties (FIPS) to which a mobile or home service travels; empty = not stated"),
    _text("agreement_type", "kind of agreement", "full", "single_client", empty="full"),
    _text("funding", "who pays", "medicaid", "state", "both", empty="both"),
    _text("contract_id", "number of the contract"),
    _text(
        "contract_status",
        "status of the contract",
        "active",
        "pending",
        "ended",
        "suspended",
        "unknown",
        empty="unknown",
    ),
    _date("contract_from", "first day of the contract; empty = since always"),
    _date("contract_to", "last day of the contract; empty = open-ended"),
    _text(
        "credential_status",
        "status of credentialing",
        "approved",
        "pending",
        "denied",
        "expired",
        "unknown",
        empty="unknown",
    ),
    _date("credential_due", "day by which re-credentialing is due"),
    _text(
        "nctracks_status",
        "enrolment in NCTracks for this service at this site",
        "active",
        "pending",
        "denied",
        "suspended",
        "ended",
        "unknown",
        empty="unknown",
    ),
    _date("nctracks_from", "first day of the NCTracks enrolment; empty = since always"),
    _date("nctracks_to", "last day of the NCTracks enrolment; empty = open-ended"),
    _date("license_expiry", "last day of the licence"),
    _text("taxonomy", "provider taxonomy code under which the service is given"),
)
_SOURCE = (
    _text("source_file", "file name of the roster the row came from"),
    _text("source_sheet", "sheet of the workbook; empty for a text file"),
    _number("source_row", "row as a spreadsheet shows it (the header is row 1)", "row", kind="int"),
)

_AREA_FIRST = (
    _text("service", "service key, or code and name of the federal specialty; empty where the standard names none"),
    _text("standard", "the standard, as scheme.entry; 'adequacy standards' shows it with its source"),
    _number("people", "people the standard is about in this area", "person", kind="int"),
    _number(
        "people_within", "those surely within the limit of as many agencies as the standard wants", "person", kind="int"
    ),
    _number("share_pct", "people_within as a share of people", "percent"),
    _number("nearest_median_mi", "half of the people live within this distance of a counted site", "statute mile"),
    _number("nearest_p95_mi", "95 in 100 of the people live within this distance of a counted site", "statute mile"),
    _number("nearest_max_mi", "from the worst-placed person to the nearest counted site", "statute mile"),
    _number(
        "providers", "agencies with a site within the limit of somebody here, or that serve the area", "", kind="int"
    ),
    _number("required_pct", "share of people the standard requires; empty: a rule for single requests", "percent"),
    _text("met", "is the standard met", "yes", "no", "not_measured"),
)
_AREA_REST = (
    _text("why", "the reason, in words"),
    _text("ages", "whom the standard is about", "all", "adult", "child"),
    _number("people_beyond", "people less people_within", "person", kind="int"),
    _number("people_short", "how many more must come within the limit", "person", kind="int"),
    _number("nearest_mean_mi", "average distance of the people to the nearest counted site", "statute mile"),
    _number(
        "people_perhaps_within",
        "people_within if sites known only to their ZIP, and drives not measured, were as it suits; empty where that "
        "changes nothing",
        "person",
        kind="int",
    ),
    _number(
        "people_off_roads",
        "people whose home is not on the streets given: by road they are not measured, and count in people_beyond",
        "person",
        kind="int",
    ),
    _number("places_beyond", "places no block group stands for (ZCTAs) that lie beyond the limit", "", kind="int"),
    _number("people_per_provider", "people divided by providers", "person"),
    _number(
        "choice_of",
        "how many agencies the standard wants within the limit of each person, or in the region",
        "",
        kind="int",
    ),
    _text("counts", "what is counted", "agency", "site"),
    _text("measure", "what the standard measures"),
    _text("judged_over", "over which area the standard is judged"),
)
_AREA_LAST = (
    _number("credit_pct", "points that telehealth or a certificate-of-need law adds to the share", "percentage point"),
    _number(
        "agencies_unknown", "agencies that do not count because a fact is missing, in the whole network", "", kind="int"
    ),
    _text("unverified", "Y: nobody has verified this standard (or its tie to services)", "Y"),
    _text("suppressed", "Y: small numbers of members are hidden", "Y"),
)
_COUNTY = (_text("county_fips", "five-digit county code"), _text("county", "county"))
_BY_COUNTY = (
    *_COUNTY,
    *_AREA_FIRST,
    *_AREA_REST,
    _text("area_class", "urban, rural or federal county type, by the dated list"),
    _number("limit_mi", "limit of distance", "statute mile"),
    _number("limit_min", "limit of travel time", "minute"),
    _number("needed", "agencies the county (or its region) must have in reach", "", kind="int"),
    _text("customised", "Y: CMS set the values for this county by itself", "Y"),
    *_AREA_LAST,
)
_RANK = _number("rank", "place in the list, most people first", "", kind="int")


def _some(*names: str) -> tuple[Column, ...]:
    """Columns as declared for the tables by county."""
    declared = {column.name: column for column in _BY_COUNTY}
    return tuple(declared[name] for name in names)


_BEFORE_AFTER = ("people_within", "share_pct", "nearest_max_mi", "providers", "met")


def _twice(name: str) -> tuple[Column, Column]:
    """A column of the network measured, and the same of the network compared."""
    (column,) = _some(name)
    return (
        replace(column, name=f"{name}_before", meaning=f"{column.meaning}; in the network measured"),
        replace(column, name=f"{name}_after", meaning=f"{column.meaning}; in the network compared"),
    )


_MEASURED = (
    Table("by_county", "county x service x standard", _BY_COUNTY),
    Table(
        "by_region",
        "the plan's counties together, and all others together, x service x standard",
        (
            _text("region", "which counties"),
            _number("counties", "how many of them were measured", "", kind="int"),
            *_AREA_FIRST,
            *_AREA_REST,
            *_AREA_LAST,
        ),
    ),
    Table(
        "gaps",
        "counties with people beyond a limit, most people first",
        (
            _RANK,
            *_some(
                *[
                    "county_fips",
                    "county",
                    "service",
                    "standard",
                    "ages",
                    "people",
                    "people_beyond",
                    "people_short",
                    "share_pct",
                ]
            ),
            *_some(*["required_pct", "met", "why", "nearest_median_mi", "nearest_max_mi", "limit_mi", "providers"]),
            _text("worst_zcta", "the Census area (ZCTA) where most of the people beyond live"),
            _number("worst_zcta_people", "how many of them live there", "person", kind="int"),
            *_some("unverified", "suppressed"),
        ),
    ),
    Table(
        "single_cover",
        "people who have a single agency within the limit: who would be left without",
        (
            _RANK,
            *_some("county_fips", "county", "service", "standard", "ages"),
            *_PROVIDER[:1],
            _text("provider", "name of the provider, exactly as in the roster"),
            _PROVIDER[1],
            _number("people", "people for whom this agency is the only one within the limit", "person", kind="int"),
            _number("share_pct", "their share of the people of the county", "percent"),
            _number("places", "Census areas (ZCTAs) in which they live", "", kind="int"),
            *_some("limit_mi", "suppressed"),
        ),
    ),
    Table(
        "changes",
        "what another network changes, by county x service x standard",
        (
            _RANK,
            *_some("county_fips", "county", "service", "standard", "ages", "people"),
            _number("people_losing", "within before and not after", "person", kind="int"),
            _number("people_gaining", "within after and not before", "person", kind="int"),
            *(column for name in _BEFORE_AFTER for column in _twice(name)),
            *_some("suppressed"),
        ),
    ),
)

_SPLIT = (
    _number("people", "people by the Census, at the centre of population of their block group", "person", kind="int"),
    _number("within", "people within the limit of a site that counts", "person", kind="int"),
    _number("undetermined", "people for whom the address on file of a site is not exact enough", "person", kind="int"),
    _number("beyond", "people beyond the limit of every site that counts", "person", kind="int"),
    _number("within_pct", "share of the people who are within", "percent"),
)
_NAMED = (_text("service", "our key of the service"), _text("service_name", "name of the service"))
_ZCTA = _text("zcta", "ZIP area (ZCTA, Census 2020) by its five digits")
_COVERAGE = (
    Table(
        "coverage_services",
        "who lives within the plan's limit of a site that counts, service by service, most people beyond first",
        (
            *_NAMED,
            *_SPLIT,
            _number("sites", "sites that count", "", kind="int"),
            _number("providers", "providers whose sites count", "", kind="int"),
        ),
    ),
    Table(
        "coverage_counties",
        "the same by county",
        (
            *_NAMED,
            *_COUNTY,
            *_SPLIT,
            _number("providers", "providers with a site that counts in the county", "", kind="int"),
        ),
    ),
    Table(
        "coverage_zips",
        "ZIP areas with people beyond the limit, most people first",
        (_RANK, _ZCTA, *_COUNTY, *_NAMED, *_SPLIT),
    ),
    Table(
        "coverage_only_site",
        "sites that are the only one within the limit for some people, most people first",
        (
            _RANK,
            *_SITE[:2],
            *_PROVIDER[2:3],
            _SITE[4],
            _SITE[7],
            *_NAMED,
            _number("people", "people for whom no other site of the service is within the limit", "person", kind="int"),
        ),
    ),
    Table(
        "coverage_sites",
        "sites that count for some service",
        (
            *_SITE[:2],
            *_PROVIDER[2:3],
            _SITE[4],
            *_COUNTY,
            _SITE[8],
            _number("services", "services the site counts for", "", kind="int"),
            _list("service_keys", "their keys"),
        ),
    ),
)

#: Columns whose absence as a whole would build a network in which nothing counts: such a roster is refused.
STATUS_COLUMNS = ("contract_status", "credential_status", "nctracks_status")

#: No age in years is taken above this: nobody was ever so old, so a larger number is a slip.
OLDEST_AGE = 130

TABLES: Mapping[str, Table] = MappingProxyType(
    {
        each.name: each
        for each in (
            Table(
                "roster",
                "the plan's list of provider x service x site, one row each: the plain documented layout",
                (
                    *_PROVIDER,
                    *_SITE,
                    *_POINT,
                    _text("service", "service key, staff term or code"),
                    *_OFFERING[1:],
                ),
            ),
            Table("providers", "one row per provider", (*_PROVIDER, _list("taxonomies", "all taxonomy codes seen"))),
            Table(
                "sites",
                "one row per place of one provider (spatial layer)",
                (
                    _SITE[0],
                    _PROVIDER[0],
                    *_SITE[1:],
                    *_POINT,
                    _number("uncertainty_mi", "how far off the point may be", "statute mile"),
                    _text("geocode_source", "what placed the site"),
                ),
            ),
            Table(
                "offerings",
                "one row per provider x service x site",
                (
                    _number("offering_id", "running number, in the order of the source rows", "", kind="int"),
                    _PROVIDER[0],
                    _SITE[0],
                    *_OFFERING,
                    *_SOURCE,
                ),
            ),
            Table(
                "refused",
                "every row of a roster that did not get in",
                (*_SOURCE, _text("column", "column as the file writes it"), _text("reason", "why, and what to do")),
            ),
            Table(
                "findings",
                "what intake fixed, warned of or refused, one row per cell",
                (
                    _text("file", "file name"),
                    _text("sheet", "sheet of the workbook"),
                    _number("row", "row as a spreadsheet shows it", "row", kind="int"),
                    _text("column", "column as the file writes it"),
                    _text("verdict", "what was done", "fixed", "warned", "refused"),
                    _text("old", "value as read"),
                    _text("new", "value as used"),
                    _text("rule", "name of the rule"),
                    _text("what_to_do", "what staff should do"),
                ),
            ),
            Table(
                "consumers",
                "the plan's eligibility file",
                (
                    _text("member_id", "the plan's id of the consumer", phi=True),
                    _number("lon", "longitude of the residence, WGS 84", "degree", phi=True),
                    _number("lat", "latitude of the residence, WGS 84", "degree", phi=True),
                    _text("street", "house number and street of the residence", phi=True),
                    _text("city", "city of the residence", phi=True),
                    _text("state", "state of the residence", phi=True),
                    _text("zip5", "ZIP code of the residence", phi=True),
                    _text("county_fips", "county of eligibility; outranks the county on the map", phi=True),
                    _date("birth_date", "day of birth", phi=True),
                    _date("eligible_from", "first day of eligibility", phi=True),
                    _date("eligible_to", "last day of eligibility; empty = open-ended", phi=True),
                ),
            ),
            Table(
                "batch",
                "answers of adequacy batch, one row per question, in the order asked",
                (
                    _text("id", "id of the question, as given"),
                    _text("service", "service, as given"),
                    _text("finding", "the finding", "covered", "gap", "too_close_to_call"),
                    _number(
                        "nearest_mi", "nearest counted site from the point that stands for the place", "statute mile"
                    ),
                    _number("nearest_low_mi", "the same from the best-placed point of the place", "statute mile"),
                    _number("nearest_high_mi", "the same from the worst-placed point of the place", "statute mile"),
                    _number(
                        "sites_within", "counted sites within the limit of some point of the place", "", kind="int"
                    ),
                    _text("error", "why the row could not be answered; empty where it was"),
                ),
            ),
            Table(
                "batch_drives",
                "what adequacy batch --roads adds to each answer",
                (
                    _number("drive_mi", "drive miles to the nearest counted site by road", "statute mile"),
                    _number("drive_min", "drive minutes to the nearest counted site by road", "minute"),
                    _text("drive_reason", "why a drive is not measured; empty where it is"),
                ),
            ),
            *_MEASURED,
            *_COVERAGE,
        )
    }
)


def table(name: str) -> Table:
    """Return a declared table by name.

    Examples
    --------
    >>> table("sites").column("uncertainty_mi").unit
    'statute mile'
    """
    return TABLES[name]
