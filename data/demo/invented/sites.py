"""The real places: listings become providers and sites, each with what its listing lets one suppose it does."""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from adequacy.distance import within

from . import PLAN_COUNTIES
from .draw import Draw, npi

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

#: Miles from a plan county's listing up to which a site is "near": the plan contracts there too.
NEAR_MI = 40.0
KINDS = {
    "mental_health": "mh",
    "substance_use": "su",
    "opioid_treatment_program": "otp",
    "psychiatric_hospital": "hosp",
}
#: How many of 100 providers have each trait; a name that says so always has it.
TRAIT_PCT = {"child": 36, "comm": 52, "res": 22, "idd": 44, "tbi": 10}
NAMED_TRAITS = {
    "child": re.compile(r"child|youth|kid|adolesc|famil|school", re.IGNORECASE),
    "hosp": re.compile(r"hospital|medical center|health system", re.IGNORECASE),
    "res": re.compile(r"house|home|residen|fellowship", re.IGNORECASE),
    "federal": re.compile(r"\bVA\b|VAMC|Army|Military", re.IGNORECASE),
}
#: Area codes by the first three digits of the ZIP, for the telephone numbers that are invented.
AREA_CODES = {"270": "336", "271": "336", "272": "336", "273": "336", "274": "336", "275": "919", "276": "919",
              "277": "919", "278": "252", "279": "252", "280": "704", "281": "704", "282": "704", "283": "910",
              "284": "910", "285": "910", "286": "828", "287": "828", "288": "828", "289": "828"}  # fmt: skip


@dataclass
class Provider:
    """One provider: every listing whose name is the same but for case, blanks and legal form."""

    provider_id: str
    name: str
    npi: str
    traits: frozenset[str]
    email: str


@dataclass
class Site:
    """One real place of one provider. ``zone``: ``in`` the plan's counties, ``near`` them or ``far``."""

    site_id: str
    provider: Provider
    listing: dict[str, str]
    tags: set[str]
    zone: str = "far"
    precision: str = "given"
    services: list[str] = field(default_factory=list)

    @property
    def county(self) -> str:
        """The county code the listing's point lies in."""
        return self.listing["county_fips"]

    @property
    def is_federal(self) -> bool:
        """Whether the name says that the place is run for veterans or soldiers: such a place has no full agreement."""
        return "federal" in self.tags

    @property
    def point(self) -> tuple[float, float]:
        """Longitude and latitude of the listing."""
        return float(self.listing["lon"]), float(self.listing["lat"])


def read_listings(path: Path) -> list[dict[str, str]]:
    """Read ``listings.csv``."""
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def provider_key(name: str) -> str:
    """Fold what differs between two spellings of one provider's name: case, punctuation, legal form."""
    words = re.sub(r"[^a-z0-9 ]", "", name.casefold().replace("&", " and ")).split()
    while len(words) > 1 and words[-1] in {"inc", "llc", "pllc", "pa", "pc", "lp", "lllp", "ltd"}:
        words.pop()
    return " ".join(words)


def invented_npi(key: str, taken: set[str]) -> str:
    """Return a valid NPI that no other demo provider has."""
    draw = Draw(f"npi/{key}")
    while True:
        number = npi("2" + "".join(str(draw.number(0, 9)) for _ in range(8)))
        if number not in taken:
            taken.add(number)
            return number


def _traits(name: str, key: str) -> frozenset[str]:
    drawn = {trait for trait, pct in TRAIT_PCT.items() if Draw(f"trait/{trait}/{key}").chance(pct)}
    return frozenset(drawn | {trait for trait, words in NAMED_TRAITS.items() if words.search(name)})


def providers_of(listings: Iterable[dict[str, str]]) -> dict[str, Provider]:
    """Return one provider per folded name; its name is the spelling the listings use most."""
    spellings: dict[str, Counter[str]] = {}
    for row in listings:
        spellings.setdefault(provider_key(row["name"]), Counter())[row["name"]] += 1
    taken: set[str] = set()
    found = {}
    for number, key in enumerate(sorted(spellings), start=1):
        name = min(spellings[key], key=lambda text: (-spellings[key][text], text.isupper(), text))
        mailbox = "-".join(key.split()[:4])
        found[key] = Provider(
            f"P{number:04d}", name, invented_npi(key, taken), _traits(name, key), f"{mailbox}@example.org"
        )
    return found


def _address_key(row: dict[str, str]) -> tuple[str, str, str]:
    return provider_key(row["name"]), re.sub(r"[^a-z0-9]", "", row["street"].casefold()), row["zip5"]


def sites_of(listings: list[dict[str, str]]) -> list[Site]:
    """Return one site per provider and address; a place listed as mental health and as substance use is one site."""
    providers = providers_of(listings)
    sites: dict[tuple[str, str, str], Site] = {}
    for row in listings:
        provider = providers[provider_key(row["name"])]
        site = sites.setdefault(_address_key(row), Site(row["listing_id"], provider, row, set(provider.traits)))
        site.tags.add(KINDS[row["kind"]])
        site.listing = {name: value or row[name] for name, value in site.listing.items()}
    found = sorted(sites.values(), key=lambda site: (site.provider.provider_id, site.site_id))
    _set_zones(found)
    return found


def _set_zones(sites: list[Site]) -> None:
    """Mark what lies in the plan's counties and what lies near enough to be contracted by it."""
    inside = [site.point for site in sites if site.county in PLAN_COUNTIES]
    for site in sites:
        if site.county in PLAN_COUNTIES:
            site.zone = "in"
        elif any(within(*site.point, *point, NEAR_MI) for point in inside):
            site.zone = "near"


def phone_of(site: Site) -> str:
    """Return the listing's first telephone number as ``919-555-0100``, or an invented 555-01xx number."""
    digits = re.search(r"(\d{3})\D*(\d{3})\D*(\d{4})", site.listing["phone"])
    if digits:
        return "-".join(digits.groups())
    area = AREA_CODES.get(site.listing["zip5"][:3], "919")
    return f"{area}-555-01{Draw(f'phone/{site.site_id}').number(0, 99):02d}"
