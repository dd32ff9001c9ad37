"""The tables of a coverage report: what needs attention first, then every service, county, ZIP area and site."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from adequacy.errors import PrivacyError, UsageError
from adequacy.outputs.html import Html, Row, join, table, tag
from adequacy.outputs.words import share_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    Service = dict[str, Any]
    Overview = dict[str, Any]
    Section = tuple[str, str, Html]

__all__ = [
    "AUDIENCES",
    "STEPS",
    "Audience",
    "attention",
    "by_county",
    "by_service",
    "changes",
    "contents",
    "every_site",
    "gap_zips",
    "limit_text",
    "only_rows",
    "only_sites",
    "people_of",
    "require_overview",
    "says",
    "share_of",
    "site_tables",
    "step_of",
    "total_of",
    "worst_first",
    "zip_rows",
]

Audience = Literal["leadership", "public"]
AUDIENCES: tuple[Audience, ...] = ("leadership", "public")
_SCHEMA = "adequacy.overview/1"
#: The class of a county by the least share of its people within the limit.
STEPS = ((100.0, "share-all"), (95.0, "share-most"), (75.0, "share-many"), (50.0, "share-half"), (0.0, "share-few"))
_ROWS = 60
_FIRST = 5
_MOST_SITES = 2_000
_SPLIT = ("people", "within", "undetermined", "beyond")


def require_overview(document: Overview | None) -> None:
    """Refuse (``PrivacyError``) whatever is not a plan overview."""
    if document is not None and document.get("schema") != _SCHEMA:
        raise PrivacyError(
            "A report is made from a plan overview only: an answer to one request knows where a consumer may live."
        )


def worst_first(overview: Overview) -> list[Service]:
    """The services of an overview, most people beyond the limit first."""
    services = sorted(overview["services"], key=lambda row: (-people_of(row, "beyond"), row["name"]))
    if not services:
        raise UsageError("There is no service to report on in this network.")
    return services


def people_of(service: Service, column: str) -> int:
    """People of all counties in one column of a service."""
    return sum(row[column] for row in service["counties"])


def total_of(service: Service) -> dict[str, int]:
    """People, within, undetermined, beyond over all counties of a service."""
    return {name: people_of(service, name) for name in _SPLIT}


def share_of(row: dict[str, Any]) -> float:
    """Share of people within the limit, in per cent."""
    return 100.0 * row["within"] / row["people"] if row["people"] else 0.0


def step_of(row: dict[str, Any]) -> str:
    """The class of a county: how many of its people are within the limit."""
    share = share_of(row)
    return next(name for least, name in STEPS if share >= least)


def limit_text(overview: Overview) -> str:
    """The limit in words."""
    return f"{overview['standard']['limit_mi']:g} miles"


def every_site(overview: Overview) -> dict[str, dict[str, Any]]:
    """Every site that counts for some service, by id."""
    return {site["site_id"]: site for service in overview["services"] for site in service["sites"]}


def says(service: Service, overview: Overview) -> str:
    """One service in a sentence or two."""
    total, limit = total_of(service), limit_text(overview)
    if not service["sites"]:
        return f"{service['name']}: no contracted site counts. All {total['people']:,} people live beyond {limit}."
    sites = f"{len(service['sites']):,} contracted sites that count"
    if len(service["sites"]) == 1:
        sites = "the one contracted site that counts"
    if not total["beyond"] and not total["undetermined"]:
        return f"{service['name']}: everyone lives within {limit} of {_one_of(service, sites)}."
    text = (
        f"{service['name']}: {share_text(share_of(total))} of people live within {limit} of {_one_of(service, sites)}"
    )
    if total["beyond"]:
        text += f"; {total['beyond']:,} do not"
    if total["undetermined"]:
        text += f"; for {total['undetermined']:,} a site's address on file is not exact enough to tell"
    return f"{text}."


def _one_of(service: Service, sites: str) -> str:
    return sites if len(service["sites"]) == 1 else f"one of {sites}"


def attention(services: Sequence[Service], overview: Overview, *, below_county: bool) -> Html | None:
    """Build the short lists of the first page: the services, ZIP areas and sites to look at first."""
    limit = limit_text(overview)
    lists = [_first(f"Services with most people beyond {limit}", _worst_services(services))]
    if below_county:
        lists.append(_first(f"ZIP areas with most people beyond {limit}", _worst_zips(services)))
        lists.append(_first(f"Sites most people depend on: no other within {limit}", _worst_sites(services)))
    else:
        lists.append(_first(f"Counties with most people beyond {limit}", _worst_counties(services)))
    shown = [each for each in lists if each is not None]
    if not shown:
        return None
    return tag(
        "section", tag("h2", "What to look at first", id="first"), tag("div", *shown, class_="firsts"),
        aria_labelledby="first",
    )  # fmt: skip


def _first(title: str, items: list[tuple[str, str, int]]) -> Html | None:
    """One short list: what it is, more of it, and how many people."""
    if not items:
        return None
    rows = [
        tag("li", tag("span", what, tag("small", more) if more else None), tag("strong", f"{people:,}"))
        for what, more, people in items
    ]
    return tag("div", tag("h3", title), tag("ol", *rows))


def _worst_services(services: Sequence[Service]) -> list[tuple[str, str, int]]:
    beyond = [
        (service["name"], f"{share_text(share_of(total_of(service)))} within", people_of(service, "beyond"))
        for service in services[:_FIRST]
    ]
    return [each for each in beyond if each[2]]


def _worst_counties(services: Sequence[Service]) -> list[tuple[str, str, int]]:
    rows = [(row["beyond"], row["county"], service["name"]) for service in services for row in service["counties"]]
    rows.sort(key=lambda row: (-row[0], row[1], row[2]))
    return [(county, name, people) for people, county, name in rows[:_FIRST] if people]


def _worst_zips(services: Sequence[Service]) -> list[tuple[str, str, int]]:
    return [
        (f"{zcta}, {county} County", _short_of(len(rows)), rows[0][0]["beyond"])
        for (zcta, county), rows in list(_by_zip(services).items())[:_FIRST]
    ]


def _short_of(services: int) -> str:
    """How many services an area lacks; the people shown are those of the one that most of them lack."""
    return "beyond it for one service" if services == 1 else f"of the service most lack; {services} services in all"


def _worst_sites(services: Sequence[Service]) -> list[tuple[str, str, int]]:
    rows = only_rows(services)[:_FIRST]
    return [(f"{row['name']}, {row['city']}", service["name"], row["people"]) for row, service in rows]


def contents(sections: Sequence[Section]) -> Html:
    """What is on the page, folded up: one stop for the keyboard, and on a phone the way past long tables."""
    links = [tag("li", tag("a", name, href=f"#{anchor}")) for anchor, name, _ in [("map", "Map", None), *sections]]
    return tag("details", tag("summary", "On this page"), tag("nav", tag("ul", *links)), class_="contents")


def by_service(services: Sequence[Service], overview: Overview) -> Html:
    """One row for each service; what cannot be told has a column only where there is some."""
    unsure = any(people_of(service, "undetermined") for service in services)
    columns = [("Service", ""), ("Share within", "num"), ("People beyond", "num"), ("Cannot be told", "num")]
    heads = [*columns[: 4 if unsure else 3], ("Sites", "num")]
    rows = []
    for service in services:
        total = total_of(service)
        people = [share_text(share_of(total)), f"{total['beyond']:,}", f"{total['undetermined']:,}"]
        shown = people if unsure else people[:2]
        sites = join([f"{len(service['sites']):,}", _providers(service["providers"])])
        rows.append(Row([service["name"], *shown, sites]))
    caption = f"Every service: people within {limit_text(overview)} of a site that counts, most people beyond first"
    words = "“Cannot be told”: the address of a site on file is not exact enough. Ask the provider."
    return tag(
        "div", table(caption, heads, rows), tag("p", words, class_="note") if unsure else None, class_="tablebox"
    )


def _providers(number: int) -> Html:
    return tag("small", f"{number:,}", tag("span", " provider" if number == 1 else " providers"))


def by_county(services: Sequence[Service], overview: Overview) -> Html:
    """Service by county: the share within, and how many providers have a site that counts in the county."""
    names = [row["county"] for row in overview["counties"]]
    head = tag("tr", tag("th", "Service", scope="col"), *(tag("th", n, scope="col", class_="num") for n in names))
    body = []
    for service in services:
        cells = [
            tag("td", share_text(share_of(row)), _providers(row["providers"]), class_=f"num {step_of(row)}")
            for row in service["counties"]
        ]
        body.append(tag("tr", tag("th", service["name"], scope="row"), *cells))
    words = f"By county: share of people within {limit_text(overview)}, and providers with a site in the county"
    grid = tag("table", tag("thead", head), tag("tbody", *body), class_="matrix", aria_labelledby="matrix")
    more = [
        tag(
            "p",
            "Where there are people within but no provider, the nearest site is in a county next door.",
            class_="note",
        ),
        tag("p", "Swipe sideways for more counties.", class_="swipe note"),
    ]
    label = "By county, scrolls within the page"
    box = tag("div", grid, class_="scroll", tabindex="0", role="region", aria_label=label)
    return tag("div", tag("h2", words, id="matrix"), *more, box, class_="tablebox by-county")


def changes(services: Sequence[Service], before: Overview) -> Html:
    """What an earlier network had: services whose people within or sites differ, losses first."""
    earlier = {service["service"]: service for service in before["services"]}
    rows = []
    for service in services:
        old = earlier.get(service["service"])
        if old is None:
            continue
        was, now = people_of(old, "within"), people_of(service, "within")
        if was != now or len(old["sites"]) != len(service["sites"]):
            sites = f"{len(old['sites']):,} to {len(service['sites']):,}"
            rows.append((now - was, Row([service["name"], f"{was:,}", f"{now:,}", f"{now - was:+,}", sites])))
    rows.sort(key=lambda row: row[0])
    caption = f"Changes since the roster of {before['network']['roster_date']}"
    if not rows:
        return tag("div", tag("h2", caption), tag("p", "Nothing changed for any service."), class_="tablebox")
    heads = [("Service", ""), ("Within before", "num"), ("Within now", "num"), ("People", "num"), ("Sites", "num")]
    return tag("div", table(caption, heads, [row for _, row in rows]), class_="tablebox")


def zip_rows(services: Sequence[Service]) -> list[tuple[dict[str, Any], Service]]:
    """ZIP areas with people beyond the limit and their service, most people first."""
    found = [(row, service) for service in services for row in service["zips"] if row["zcta"] and row["beyond"]]
    return sorted(found, key=lambda each: (-each[0]["beyond"], each[0]["zcta"], each[1]["name"]))


def only_rows(services: Sequence[Service]) -> list[tuple[dict[str, Any], Service]]:
    """Sites that are the only one within the limit for some people and their service, most people first."""
    found = [(row, service) for service in services for row in service["sole"]]
    return sorted(found, key=lambda each: (-each[0]["people"], each[0]["site_id"], each[1]["name"]))


def _by_zip(services: Sequence[Service]) -> dict[tuple[str, str], list[tuple[dict[str, Any], Service]]]:
    """The same rows by ZIP area and county, most people beyond for one service first."""
    found: dict[tuple[str, str], list[tuple[dict[str, Any], Service]]] = {}
    for row, service in zip_rows(services):
        found.setdefault((row["zcta"], row["county"]), []).append((row, service))
    return found


def gap_zips(services: Sequence[Service], overview: Overview, workbook: str) -> Html:
    """ZIP areas ranked by people beyond the limit, with the services they lack."""
    limit = limit_text(overview)
    found = _by_zip(services)
    if not found:
        return tag("p", f"No ZIP area has people beyond {limit} for any service.", class_="note")
    rows = []
    for (zcta, county), each in list(found.items())[:_ROWS]:
        worst, service = each[0]
        people = join([f"{worst['beyond']:,}", tag("small", f"of {worst['people']:,}")])
        alike = sum(row["beyond"] == worst["beyond"] for row, _ in each) - 1
        more = tag("small", f"and {alike} more for as many people") if alike else None
        names = join([service["name"], more])
        rows.append(Row([join([zcta, tag("small", county)]), people, f"{len(each):,}", names]))
    heads = [("ZIP", "zip"), ("People beyond", "num"), ("Services", "num"), ("The service most people lack", "")]
    words = f"People: who lack the service most of them lack. Services: all that somebody there lacks within {limit}."
    every = f"All {len(found):,} areas, with each of their services"
    return _ranked(f"ZIP areas with most people beyond {limit}", heads, rows, len(found), workbook, every, words)


def only_sites(services: Sequence[Service], overview: Overview, workbook: str) -> Html:
    """Single points of failure, ranked by the people who have nothing else."""
    found = only_rows(services)
    if not found:
        return tag("p", "No site is the only one within the limit for anybody.", class_="note")
    rows = [
        Row([join([row["name"], tag("small", row["city"])]), service["name"], f"{row['people']:,}"])
        for row, service in found[:_ROWS]
    ]
    heads = [("Site", ""), ("Service", ""), ("People with no other", "num")]
    caption = f"Single points of failure: sites that are the only one within {limit_text(overview)} for some people"
    sites = len({row["site_id"] for row, _ in found})
    words = f"{sites:,} sites: one row for each service of which a site is the only one."
    return _ranked(caption, heads, rows, len(found), workbook, words=words)


def _ranked(
    caption: str,
    heads: list[tuple[str, str]],
    rows: list[Row],
    total: int,
    workbook: str,
    every: str = "",
    words: str = "",
) -> Html:
    """Build a list that stops after so many rows, and says of how many and where the rest is."""
    shown = f"({total:,})" if len(rows) == total else f"(the first {len(rows):,} of {total:,})"
    rest = "" if len(rows) == total else f"{every or f'All {total:,} rows'}: {_where(workbook)}."
    note = tag("p", f"{words} {rest}".strip(), class_="note") if words or rest else None
    return tag("div", table(f"{caption} {shown}", heads, rows), note, class_="tablebox")


def _where(workbook: str) -> str:
    """Where the rows are that a page leaves out."""
    return f"workbook {workbook}" if workbook else "the workbook that adequacy report --xlsx FILE writes"


def site_tables(overview: Overview, workbook: str) -> list[Html]:
    """Sites by county, then every site by name, folded up; of very many only the counties."""
    sites = list(every_site(overview).values())
    if not sites:
        return []
    names = {row["county_fips"]: row["county"] for row in overview["counties"]}
    rows = [
        Row([name, f"{sum(site['county_fips'] == code for site in sites):,}"]) for code, name in names.items()
    ]  # fmt: skip
    elsewhere = sum(site["county_fips"] not in names for site in sites)
    rows += [Row(["Other counties", f"{elsewhere:,}"])] if elsewhere else []
    rows.append(Row(["All", f"{len(sites):,}"], "total"))
    parts = [tag("div", table("Where the sites are", [("County", ""), ("Sites", "num")], rows), class_="tablebox slim")]
    if len(sites) > _MOST_SITES:
        words = f"{len(sites):,} sites count: too many for a page. The list: {_where(workbook)}."
        return [*parts, tag("p", words, class_="note")]
    return [*parts, _each_site(overview, sites, workbook)]


def _each_site(overview: Overview, sites: list[dict[str, Any]], workbook: str) -> Html:
    """Every site by name, folded up on the screen; the print says where to find it."""
    gives: dict[str, int] = {}
    for service in overview["services"]:
        for site in service["sites"]:
            gives[site["site_id"]] = gives.get(site["site_id"], 0) + 1
    ordered = sorted(sites, key=lambda site: (str(site["name"]).casefold(), site["site_id"]))
    rows = [
        Row([site["name"], site["city"], site["phone"] or "none given", f"{gives[site['site_id']]:,}"])
        for site in ordered
    ]
    heads = [("Site", ""), ("City", ""), ("Phone", "phone"), ("Services", "num")]
    caption = f"Contracted sites that count for some service ({len(sites):,})"
    summary = tag("summary", f"Every site by name ({len(sites):,})")
    printed = tag("p", f"All {len(sites):,} sites by name: in the HTML report, and {_where(workbook)}.", class_="paper")
    return tag("div", tag("details", summary, table(caption, heads, rows)), printed, class_="tablebox folded")
