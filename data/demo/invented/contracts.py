"""The invented contracts: which site gives which service, and everything that can be wrong with an offering."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from adequacy.distance import within

from . import PLAN_COUNTIES, ROSTER_DATE
from .draw import Draw
from .sites import Site, phone_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

Row = dict[str, str]
Points = dict[str, tuple[float, float]]

#: Of 100 sites and of 100 offerings, how many have something wrong with them.
SITE_TROUBLE_PCT = 4
OFFERING_TROUBLE_PCT = 13
ZIP_ONLY_PCT = 2
TRAVELLING = ("mobile", "home")
CHILD_LAST_AGE = 20
ZONES = {"in": "in_pct", "near": "near_pct", "far": "far_pct"}


@dataclass(frozen=True)
class Plan:
    """One line of ``service_plan.csv`` with what the catalogue says of the service."""

    key: str
    mode: str
    population: str
    taxonomies: tuple[str, ...]
    where: tuple[frozenset[str], ...]
    pct: dict[str, float]
    anchors: tuple[tuple[str, int, str], ...]
    ages: str
    reach_mi: float

    def fits(self, site: Site) -> bool:
        """Return whether the site is of a kind that may give the service."""
        return any(need <= site.tags for need in self.where)


def _day(text: str | date) -> str:
    return text if isinstance(text, str) else text.isoformat()


def _set(**values: str | date) -> Callable[[Row, Draw], None]:
    """Return a trouble that sets these cells."""
    return lambda row, _draw: row.update({name: _day(value) for name, value in values.items()})


def _past(draw: Draw) -> date:
    return draw.day(date(2024, 3, 1), date(2026, 9, 30))


def _ended_long(row: Row, draw: Draw) -> None:
    last = _past(draw)
    row.update(contract_status=draw.pick(("ended", "active")), contract_to=last.isoformat())
    row["contract_from"] = min(row["contract_from"], last.replace(year=last.year - 3, day=1).isoformat())


def _service_ended(row: Row, draw: Draw) -> None:
    row["service_to"] = _past(draw).isoformat()
    if row["service_from"] > row["service_to"]:
        row["service_from"] = ""


def _leaves_soon(row: Row, draw: Draw) -> None:
    row["contract_to"] = draw.day(date(2026, 11, 15), date(2027, 2, 28)).isoformat()


#: Every trouble an offering can have, with how often it is drawn. The last one counts today and ends soon.
TROUBLES: dict[str, tuple[float, Callable[[Row, Draw], None]]] = {
    "contract_not_started": (8, _set(contract_from=date(2027, 1, 1), contract_to="")),
    "contract_ended_yesterday": (5, _set(contract_status="ended", contract_to=ROSTER_DATE - timedelta(days=1))),
    "contract_ended_long": (5, _ended_long),
    "contract_pending": (4, _set(contract_status="pending", contract_from="", contract_to="")),
    "contract_suspended": (3, _set(contract_status="suspended")),
    "contract_unknown": (6, _set(contract_status="")),
    "single_client": (5, _set(agreement_type="single_client")),
    "service_not_started": (4, _set(service_from=date(2026, 12, 1))),
    "service_ended": (4, _service_ended),
    "credential_pending": (4, _set(credential_status="pending", credential_due="")),
    "credential_denied": (2, _set(credential_status="denied", credential_due="")),
    "credential_due_past": (4, _set(credential_due=date(2026, 9, 30))),
    "credential_unknown": (6, _set(credential_status="unknown", credential_due="")),
    "license_past": (3, _set(license_expiry=date(2026, 8, 31))),
    "nctracks_pending": (5, _set(nctracks_status="pending", nctracks_from="")),
    "nctracks_denied": (2, _set(nctracks_status="denied", nctracks_from="")),
    "nctracks_suspended": (4, _set(nctracks_status="suspended")),
    "nctracks_ended": (3, _set(nctracks_status="ended", nctracks_to=date(2026, 6, 30))),
    "nctracks_unknown": (5, _set(nctracks_status="")),
    "referral_stop": (5, _set(referral_stop="Y")),
    "telehealth_only": (6, _set(telehealth="only")),
    "funding_state": (4, _set(funding="state")),
    "leaves_soon": (12, _leaves_soon),
}


def read_plans(plan_csv: Path, services_csv: Path) -> list[Plan]:
    """Read the service plan in the order of the catalogue; every service but programmes without one has a line."""
    with services_csv.open(encoding="utf-8", newline="") as stream:
        catalogue = list(csv.DictReader(stream))
    with plan_csv.open(encoding="utf-8", newline="") as stream:
        lines = {line["service"]: line for line in csv.DictReader(stream)}
    unknown = set(lines) - {service["key"] for service in catalogue}
    if unknown:
        raise SystemExit(f"{plan_csv}: no such service: {', '.join(sorted(unknown))}")
    return [_plan(service, lines[service["key"]]) for service in catalogue if service["key"] in lines]


def _plan(service: Row, line: Row) -> Plan:
    return Plan(
        key=service["key"],
        mode=service["mode"],
        population=service["pop"],
        taxonomies=tuple(code for code in service["taxonomies"].split(";") if code),
        where=tuple(frozenset(need.split("+")) for need in line["where"].split("|")),
        pct={zone: float(line[column]) for zone, column in ZONES.items()},
        anchors=tuple(_anchor(text) for text in line["counties"].split(";") if text),
        ages=line["ages"],
        reach_mi=float(line["reach_mi"] or 40.0),
    )


def _anchor(text: str) -> tuple[str, int, str]:
    county, count, *trouble = text.split(":")
    if trouble and trouble[0] not in TROUBLES:
        raise SystemExit(f"service_plan.csv: no such trouble: {trouble[0]!r}")
    return county, int(count), trouble[0] if trouble else ""


def choose_sites(plan: Plan, sites: list[Site], counties: dict[str, str]) -> dict[str, str]:
    """Return the sites that give the service: site id -> trouble planned for it (empty: none, ``?``: to be drawn)."""
    chosen = {
        site.site_id: "?"
        for site in sites
        if plan.fits(site) and Draw(f"gives/{plan.key}/{site.site_id}").chance(plan.pct[site.zone])
    }
    for county, count, trouble in plan.anchors:
        fips = counties[county]
        free = [
            site
            for site in sites
            if site.county == fips and site.site_id not in chosen and site.precision == "given" and not site.is_federal
        ]
        free.sort(key=lambda site: (not plan.fits(site), Draw(f"anchor/{plan.key}/{site.site_id}").share()))
        chosen.update({site.site_id: trouble for site in free[:count]})
    return chosen


def give_everyone_something(chosen: dict[str, dict[str, str]], sites: list[Site]) -> None:
    """Let a place without any service give the commonest one of its kind: no listing is lost."""
    busy = {site_id for by_site in chosen.values() for site_id in by_site}
    for site in sites:
        if site.site_id not in busy:
            chosen["saiop" if "su" in site.tags else "op_eval"][site.site_id] = "?"


def offerings(sites: list[Site], plans: list[Plan], counties: dict[str, str], centres: Points) -> list[Row]:
    """Return every offering in the order provider, site, catalogue.

    Parameters
    ----------
    sites : list of Site
        The real places.
    plans : list of Plan
        The service plan, in the order of the catalogue.
    counties : dict
        County name -> county code, North Carolina.
    centres : dict
        County code -> longitude and latitude of its centre of population.
    """
    chosen = {plan.key: choose_sites(plan, sites, counties) for plan in plans}
    give_everyone_something(chosen, sites)
    for site in sites:
        site.services = [plan.key for plan in plans if site.site_id in chosen[plan.key]]
    rows = []
    for site in sites:
        base = _site_cells(site) | _contract(site)
        trouble = _site_trouble(site)
        for plan in plans:
            if site.site_id in chosen[plan.key]:
                rows.append(_offering(base, site, plan, chosen[plan.key][site.site_id], trouble, centres))
    return rows


def _site_trouble(site: Site) -> str:
    draw = Draw(f"site trouble/{site.site_id}")
    if site.is_federal:
        return "single_client"
    return _drawn_trouble(draw) if draw.chance(SITE_TROUBLE_PCT) else ""


def _drawn_trouble(draw: Draw) -> str:
    return draw.weighted({name: weight for name, (weight, _) in TROUBLES.items()})


def _offering(base: Row, site: Site, plan: Plan, planned: str, site_trouble: str, centres: Points) -> Row:
    draw = Draw(f"offering/{site.site_id}/{plan.key}")
    row = base | {"service": plan.key} | _line(draw) | _panel(draw, plan) | _who(draw, site, plan)
    row["taxonomy"] = draw.pick(plan.taxonomies) if plan.taxonomies else ""
    row["counties_served"] = _counties_served(draw, site, plan, centres)
    trouble = planned
    if planned == "?":
        trouble = site_trouble or (_drawn_trouble(draw) if draw.chance(OFFERING_TROUBLE_PCT) else "")
    if trouble:
        TROUBLES[trouble][1](row, draw)
    return row


def _site_cells(site: Site) -> Row:
    listing, provider = site.listing, site.provider
    cells = {
        "provider_id": provider.provider_id,
        "npi": provider.npi,
        "provider_name": provider.name,
        "provider_kind": "organisation",
        "site_id": site.site_id,
        "site_name": " - ".join(part for part in (listing["name"], listing["name2"]) if part),
        "phone": phone_of(site),
        "email": provider.email,
        "referral_email": f"referrals.{provider.email}" if Draw(f"mail/{site.site_id}").chance(60) else "",
        "lon": f"{float(listing['lon']):.6f}",
        "lat": f"{float(listing['lat']):.6f}",
        "precision": "given" if site.precision == "given" else "",
        "ada": Draw(f"ada/{site.site_id}").weighted({"Y": 80, "N": 8, "": 12}),
    }
    cells |= {name: listing[name] for name in ("street", "suite", "city", "state", "zip5", "county_fips")}
    if site.precision != "given":
        cells |= {"lon": "", "lat": ""}
    if site.precision == "none":
        cells["zip5"] = ""
    return cells


def _contract(site: Site) -> Row:
    """Draw the provider's contract; one contract covers all its sites and services unless a trouble says otherwise."""
    draw = Draw(f"contract/{site.provider.provider_id}")
    start = date(draw.number(2013, 2025), draw.pick((1, 4, 7, 10)), 1)
    return {
        "contract_id": f"C-{start.year}-{site.provider.provider_id[1:]}",
        "contract_status": "active",
        "contract_from": start.isoformat(),
        "contract_to": draw.weighted({"": 55, "2027-06-30": 30, "2028-06-30": 15}),
        "credential_status": "approved",
        "credential_due": date(draw.number(2027, 2029), draw.number(1, 12), 28).isoformat(),
        "nctracks_status": "active",
        "nctracks_from": date(draw.number(2013, start.year), draw.number(7, 12), 1).isoformat(),
        "nctracks_to": "",
        "license_expiry": Draw(f"licence/{site.site_id}").weighted({"2026-12-31": 40, "2027-12-31": 40, "": 20}),
    }


def _line(draw: Draw) -> Row:
    """Draw the service line: since always for most, since a date for some."""
    since = draw.day(date(2019, 1, 1), date(2026, 9, 1)).isoformat() if draw.chance(40) else ""
    return {
        "service_from": since,
        "service_to": "",
        "agreement_type": "full",
        "funding": draw.weighted({"both": 60, "medicaid": 25, "": 15}),
        "referral_stop": draw.weighted({"N": 80, "": 20}),
    }


def _panel(draw: Draw, plan: Plan) -> Row:
    """Draw what is known of free places. Nobody has yet asked the navigators: their panels are unknown throughout."""
    status = draw.weighted({"accepting": 55, "waitlist": 16, "closed": 9, "unknown": 12, "": 8})
    if plan.key == "inn_nav":
        status = ""
    if status in ("", "unknown"):
        return {"panel_status": status, "accepting_verified_on": "", "first_available_on": ""}
    recent = draw.day(ROSTER_DATE - timedelta(days=85), ROSTER_DATE - timedelta(days=2))
    stale = draw.day(date(2025, 3, 1), date(2026, 7, 15))
    verified = draw.weighted({recent.isoformat(): 58, stale.isoformat(): 24, "": 18})
    soon = draw.chance(35) and status == "accepting" and verified == recent.isoformat()
    return {
        "panel_status": status,
        "accepting_verified_on": verified,
        "first_available_on": (ROSTER_DATE + timedelta(days=draw.number(1, 45))).isoformat() if soon else "",
    }


def _who(draw: Draw, site: Site, plan: Plan) -> Row:
    low, _, high = plan.ages.partition("-")
    if not plan.ages:
        children_only = "child" in site.tags and draw.chance(40)
        adults_only = not children_only and draw.chance(35)
        low = "18" if adults_only else draw.weighted({"": 30, "3": 30, "5": 25, "12": 15})
        high = str(CHILD_LAST_AGE) if children_only else ""
    languages = draw.weighted({"English": 60, "English;Spanish": 32, "English;American Sign Language": 4, "": 4})
    special = draw.weighted({"deaf": 1, "eating_disorder": 2, "women;pregnant_women": 4, "men": 2, "lgbtq_youth": 1})
    telehealth = draw.weighted({"Y": 40, "N": 45, "": 15}) if plan.mode in ("site", *TRAVELLING) else "N"
    return {
        "ages_min": low,
        "ages_max": high,
        "populations": special if draw.chance(5) else "",
        "languages": languages,
        "telehealth": telehealth,
    }


def _counties_served(draw: Draw, site: Site, plan: Plan, centres: Points) -> str:
    """Draw where a travelling service goes: what lies within its reach, here and there without one county."""
    if plan.mode not in TRAVELLING or draw.chance(10 if plan.reach_mi < 100 else 0):
        return ""
    reach = plan.reach_mi * (0.75 + 0.4 * draw.share())
    served = [fips for fips, centre in centres.items() if fips == site.county or within(*site.point, *centre, reach)]
    leave_out = [fips for fips in served if fips != site.county and fips in PLAN_COUNTIES]
    if leave_out and draw.chance(22):
        served.remove(draw.pick(leave_out))
    return ";".join(sorted(served))


def place_some_by_zip_only(sites: Iterable[Site]) -> None:
    """Take the point from a few sites, and the ZIP too from three in the plan's counties: those are not located."""
    for site in sites:
        if Draw(f"zip only/{site.site_id}").chance(ZIP_ONLY_PCT):
            site.precision = "zip"
    inside = [site for site in sites if site.county in PLAN_COUNTIES and site.precision == "given"]
    inside.sort(key=lambda site: Draw(f"nowhere/{site.site_id}").share())
    for site in inside[:5]:
        site.precision = "none"
