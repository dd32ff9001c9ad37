"""The coverage report: one file for leadership or the public, from roster and Census alone.

It is made from a plan overview and from nothing else: it cannot be given a consumer's place. ``leadership`` shows
counties, ZIP areas and sites; ``public`` stops at the county.
"""

from __future__ import annotations

import base64
import json
import zlib
from typing import TYPE_CHECKING, Any, Literal

from adequacy import __version__, reference
from adequacy.errors import MissingExtra, PrivacyError, UsageError
from adequacy.outputs.escape import escape_plain
from adequacy.outputs.folium_parts import map_parts
from adequacy.outputs.html import Html, Page, Row, asset, join, page_html, picture, table, tag, write_html
from adequacy.outputs.picture import page_picture, scene_picture
from adequacy.outputs.request_counts import request_tables
from adequacy.outputs.scene import MARKS, Mark, Name, Scene, Shape, base_map, legend, texts
from adequacy.outputs.scene_map import scene_map
from adequacy.outputs.standing import standing_table
from adequacy.outputs.words import share_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = [
    "AUDIENCES",
    "Audience",
    "map_picture",
    "report_page",
    "report_pdf",
    "report_scene",
    "summary_lines",
    "worst_first",
    "write_report",
]

Audience = Literal["leadership", "public"]
AUDIENCES: tuple[Audience, ...] = ("leadership", "public")
_SCHEMA = "adequacy.overview/1"
_ROWS = 60
_STEPS = ((100.0, "share-all"), (95.0, "share-most"), (75.0, "share-many"), (50.0, "share-half"), (0.0, "share-few"))
_LEGEND = (
    ("share-all", "Everyone in the county within the limit"),
    ("share-most", "95 % or more"),
    ("share-many", "75 to 95 %"),
    ("share-half", "50 to 75 %"),
    ("share-few", "Less than half"),
    ("counted", "Contracted site that counts"),
    ("sole", "Site that is the only one within the limit for some people"),
    ("county", "County the plan does not serve"),
)


def write_report(
    overview: dict[str, Any],
    path: Path,
    audience: Audience = "leadership",
    *,
    before: dict[str, Any] | None = None,
    requests: dict[str, Any] | None = None,
    standing: dict[str, Any] | None = None,
) -> None:
    """Write the report as one self-contained HTML file.

    Parameters
    ----------
    overview : dict
        From ``Network.overview``.
    path : Path
        The HTML file.
    audience : {"leadership", "public"}
        Who reads it. ``public`` shows nothing below the county.
    before : dict, optional
        The overview of an earlier network: what changed stands in the report.
    requests : dict, optional
        Counts of a casebook, as ``casebook.stats`` gives them; small ones are hidden.
    standing : dict, optional
        How the plan stands against a scheme, from ``standing.standing_of``.

    Raises
    ------
    PrivacyError
        The document is not an overview: an answer knows where a consumer may live.
    OutputError
        The file cannot be written.
    """
    page = report_page(overview, audience, before=before, requests=requests, standing=standing)
    write_html(page, path)


def map_picture(overview: dict[str, Any], audience: Audience = "leadership") -> bytes:
    """Draw the map of the service with most people beyond the limit as a PNG for slides; it carries no metadata."""
    _require_overview(overview)
    return scene_picture(report_scene(overview, worst_first(overview)[0], audience), "png", dpi=200, width_in=10)


def report_pdf(page: str) -> bytes:
    """Give a report page as a tagged PDF.

    Raises
    ------
    MissingExtra
        The extra ``pdf`` is not installed.
    """
    try:
        from weasyprint import HTML
        from weasyprint.urls import URLFetcher
    except (ImportError, OSError) as error:  # OSError: the system's Pango is missing
        raise MissingExtra("pdf", "A report as PDF") from error
    inside = URLFetcher(allowed_protocols=("data",), fail_on_errors=True)  # pictures are in the page
    drawn: bytes = HTML(string=page, url_fetcher=inside).write_pdf(pdf_variant="pdf/ua-1")
    return drawn


def report_page(
    overview: dict[str, Any],
    audience: Audience = "leadership",
    *,
    before: dict[str, Any] | None = None,
    requests: dict[str, Any] | None = None,
    standing: dict[str, Any] | None = None,
) -> str:
    """Give the report as HTML text; parameters as in ``write_report``."""
    for document in (overview, before):
        _require_overview(document)
    if audience not in AUDIENCES:
        raise UsageError(f"{audience}: no such reader. Choose one of {', '.join(AUDIENCES)}.")
    services = worst_first(overview)
    scene = report_scene(overview, services[0], audience)
    parts = map_parts(scene_map(scene))
    body = join(
        [
            tag("a", "Skip to the tables", href="#tables", class_="skip"),
            tag("header", tag("div", *_head(overview, services, audience), class_="column")),
            tag(
                "main",
                _figures(overview, services),
                _map(overview, services, scene, parts.html, audience),
                tag(
                    "div",
                    *_tables(overview, services, audience, before, requests, standing),
                    id="tables",
                    tabindex="-1",
                ),
            ),
            tag("footer", *(tag("p", line) for line in _provenance(overview, audience))),
        ]
    )
    return page_html(Page(f"{overview['plan']}: who can reach care", body, audience, parts, (asset("report.js"),)))


def worst_first(overview: dict[str, Any]) -> list[dict[str, Any]]:
    """The services of an overview, most people beyond the limit first."""
    services = sorted(overview["services"], key=lambda row: (-_sum(row, "beyond"), row["name"]))
    if not services:
        raise UsageError("There is no service to report on in this network.")
    return services


def _require_overview(document: dict[str, Any] | None) -> None:
    if document is not None and document.get("schema") != _SCHEMA:
        raise PrivacyError(
            "A report is made from a plan overview only: an answer to one request knows where a consumer may live."
        )


def _sum(service: dict[str, Any], column: str) -> int:
    return sum(row[column] for row in service["counties"])


def _limit(overview: dict[str, Any]) -> str:
    return f"{overview['standard']['limit_mi']:g} miles"


def share_of(row: dict[str, Any]) -> float:
    """Share of people within the limit, in per cent."""
    return 100.0 * row["within"] / row["people"] if row["people"] else 0.0


def _step(row: dict[str, Any]) -> str:
    """The class of a county: how many of its people are within the limit."""
    share = share_of(row)
    return next(name for least, name in _STEPS if share >= least)


def _all(service: dict[str, Any]) -> dict[str, int]:
    return {name: _sum(service, name) for name in ("people", "within", "undetermined", "beyond")}


def _says(service: dict[str, Any], overview: dict[str, Any]) -> str:
    """One service in a sentence or two."""
    total, limit = _all(service), _limit(overview)
    if not service["sites"]:
        return f"{service['name']}: no contracted site counts. All {total['people']:,} people are beyond {limit}."
    sites = f"{len(service['sites'])} counted {'site' if len(service['sites']) == 1 else 'sites'}"
    if not total["beyond"] and not total["undetermined"]:
        return f"{service['name']}: everyone lives within {limit} of one of {sites}."
    text = f"{service['name']}: {share_text(share_of(total))} of people live within {limit} of one of {sites}"
    if total["beyond"]:
        text += f"; {total['beyond']:,} do not"
    if total["undetermined"]:
        text += f"; for {total['undetermined']:,} a site's address on file is not exact enough to tell"
    return f"{text}."


def report_scene(overview: dict[str, Any], service: dict[str, Any], audience: Audience) -> Scene:
    """What the map shows for one service: the plan's counties by share; for leadership the sites too.

    The view is that of the plan's counties, whatever the service: it gives no place away.
    """
    borders = {row["county_fips"]: reference.county_border(row["county_fips"]) for row in overview["counties"]}
    import shapely

    shapes = {code: reference.to_shapely(border) for code, border in borders.items() if border is not None}
    west, south, east, north = shapely.union_all(list(shapes.values())).bounds
    wide, high = (east - west) * 0.04, (north - south) * 0.04
    bounds = (west - wide, south - high, east + wide, north + high)
    around, _ = base_map((west - 5 * wide, south - 3 * high, east + 5 * wide, north + 3 * high))
    rows = {row["county_fips"]: row for row in service["counties"]}
    ours = [Shape(_step(rows[code]), shapely.simplify(shape, 0.0015), code) for code, shape in shapes.items()]
    return Scene(
        shapes=(*around, *ours),
        marks=tuple(_marks(overview, service)) if audience == "leadership" else (),
        names=tuple(_names(overview, rows)),
        bounds=bounds,
        label=f"Map of {overview['plan']}'s counties: share of people within {_limit(overview)} of a counted site",
        legend=_LEGEND if audience == "leadership" else tuple(each for each in _LEGEND if each[0] not in MARKS),
    )


def _names(overview: dict[str, Any], rows: dict[str, dict[str, Any]]) -> list[Name]:
    out = []
    for each in overview["counties"]:
        county = reference.find_county(each["county_fips"])
        if county is not None and county.lon is not None and county.lat is not None:
            text = f"{each['county']}\n{share_text(share_of(rows[each['county_fips']]))}"
            out.append(Name(county.lon, county.lat, text, each["county_fips"]))
    return out


def _every_site(overview: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Every counted site of every service, by id."""
    return {site["site_id"]: site for service in overview["services"] for site in service["sites"]}


def _marks(overview: dict[str, Any], service: dict[str, Any]) -> list[Mark]:
    """Sites of all services, those of one drawn; the page's switch shows others."""
    here = {site["site_id"] for site in service["sites"]}
    sole = {site["site_id"] for site in service["sole"]}
    out = []
    for key, site in _every_site(overview).items():
        kind = "hidden" if key not in here else "sole" if key in sole else "counted"
        out.append(Mark(site["lon"], site["lat"], kind, texts((site["name"], site["city"], site["phone"]))))
    return out


def _packed(overview: dict[str, Any], services: Sequence[dict[str, Any]], scene: Scene, audience: Audience) -> Html:
    """What the switch needs, packed; no text in it can be read as markup."""
    at = {key: n for n, key in enumerate(_every_site(overview))} if audience == "leadership" else {}
    order = list(MARKS)
    data = {
        "places": [[n.lon, n.lat, n.text.split("\n")[0], n.id] for n in scene.names],
        "sites": len(at),
        "counted": order.index("counted"),
        "sole": order.index("sole"),
        "services": [
            {
                "says": escape_plain(_says(service, overview)),
                "shares": {row["county_fips"]: [_step(row), share_text(share_of(row))] for row in service["counties"]},
                "sites": [at[site["site_id"]] for site in service["sites"]] if at else [],
                "sole": [at[site["site_id"]] for site in service["sole"]] if at else [],
            }
            for service in services
        ],
    }
    packed = zlib.compress(json.dumps(data, separators=(",", ":"), ensure_ascii=False).encode(), 9)
    return tag("div", id="report-data", hidden=True, data_packed=base64.b64encode(packed).decode())


def _head(overview: dict[str, Any], services: Sequence[dict[str, Any]], audience: Audience) -> list[Html]:
    whole = [service for service in services if _all(service)["within"] == _all(service)["people"]]
    people = sum(row["people"] for row in overview["counties"])
    demo = overview["network"]["is_demo"]
    worst = services[0]
    rest = (
        f" Most people are beyond it for {worst['name']}: {_sum(worst, 'beyond'):,}." if _sum(worst, "beyond") else ""
    )
    return [
        *(
            [tag("p", "Demo network: real places, invented contracts. Not for a real decision.", class_="demo")]
            if demo
            else []
        ),
        tag(
            "p",
            f"{overview['plan']} · {'for leadership' if audience == 'leadership' else 'county results'}",
            class_="overline",
        ),
        tag("h1", f"Who can reach a contracted site within {_limit(overview)}"),
        tag(
            "p",
            f"As of {overview['as_of']}: {len(overview['counties'])} counties, {people:,} people (Census 2020)",
            class_="question",
        ),
        tag(
            "div",
            tag(
                "p",
                f"{len(whole)} of {len(services)} services reach everyone; {len(services) - len(whole)} do not.{rest}",
                class_="sentence",
            ),
            tag(
                "p",
                _fixed_line(overview),
                class_="note",
            ),
            class_="answer plain",
        ),
    ]


def _fixed_line(overview: dict[str, Any]) -> str:
    limit = f"{overview['standard']['limit_mi']:g}-mile"
    return f"This is the plan's {limit} test. It is not the State's adequacy standard."


def summary_lines(overview: dict[str, Any]) -> list[str]:
    """What an e-mail says of the report: the headline, the five services with most people beyond, the fixed line."""
    services = worst_first(overview)
    whole = sum(_all(service)["within"] == _all(service)["people"] for service in services)
    demo = ["Demo network: real places, invented contracts. Not for a real decision."]
    return [
        *(demo if overview["network"]["is_demo"] else []),
        f"As of {overview['as_of']}, {whole} of {len(services)} services have a contracted site within "
        f"{_limit(overview)} of everyone in {overview['plan']}'s {len(overview['counties'])} counties.",
        *(_says(service, overview) for service in services[:5] if _sum(service, "beyond")),
        _fixed_line(overview),
    ]


def _figures(overview: dict[str, Any], services: Sequence[dict[str, Any]]) -> Html:
    reach = [service for service in services if _all(service)["within"] == _all(service)["people"]]
    none = [service for service in services if not service["sites"]]
    figures = [
        (f"{len(reach)} of {len(services)}", "services reach everyone in the plan's counties"),
        (str(len(none)), "services without any counted site"),
        (f"{len(_every_site(overview)):,}", "contracted sites that count for some service"),
        (str(sum(len(service["sole"]) for service in services)), "times one site is the only cover for some people"),
    ]
    return tag("dl", *(tag("div", tag("dt", words), tag("dd", number)) for number, words in figures), class_="figures")


def _map(
    overview: dict[str, Any], services: Sequence[dict[str, Any]], scene: Scene, drawn: str, audience: Audience
) -> Html:
    shown = services[0]
    options = [tag("option", service["name"], value=str(n)) for n, service in enumerate(services)]
    return tag(
        "section",
        tag("h2", "Map", id="map"),
        tag("p", tag("label", "Service", for_="service"), tag("select", *options, id="service"), class_="choose"),
        tag("p", _says(shown, overview), class_="says", id="says", role="status"),
        tag("p", f"{_says(shown, overview)} The table below has every service.", class_="shown"),
        tag("div", picture(page_picture(scene), _alt(overview, shown, audience)), class_="map-picture"),
        tag("div", Html(drawn), class_="map-live", data_map_label=f"{scene.label}. The tables below say the same."),
        legend(scene, everything=True),
        _packed(overview, services, scene, audience),
        aria_labelledby="map",
    )


def _alt(overview: dict[str, Any], service: dict[str, Any], audience: Audience) -> str:
    counties = "; ".join(f"{row['county']} {share_text(share_of(row))}" for row in service["counties"])
    sites = " The counted sites are marked." if audience == "leadership" else ""
    within = f"Within {_limit(overview)} by county: {counties}."
    return f"Map of the plan's counties. {_says(service, overview)} {within}{sites}"


def _tables(
    overview: dict[str, Any],
    services: Sequence[dict[str, Any]],
    audience: Audience,
    before: dict[str, Any] | None,
    requests: dict[str, Any] | None,
    standing: dict[str, Any] | None,
) -> list[Html]:
    names = {service["service"]: service["name"] for service in services}
    parts: list[Html] = [_by_service(services, overview), _by_county(services, overview)]
    if before is not None:
        parts.append(_changes(services, before))
    if audience == "leadership":
        parts += [_gap_zips(services, overview), _single(services, overview)]
    if standing is not None:
        parts.append(standing_table(standing, names))
    if requests is not None:
        parts += request_tables(requests, names, overview["small_cell_max"])
    return parts


def _by_service(services: Sequence[dict[str, Any]], overview: dict[str, Any]) -> Html:
    """One row for each service; what cannot be told has a column only where there is some."""
    unsure = any(_sum(service, "undetermined") for service in services)
    columns = [("Service", ""), ("People within", "num"), ("Beyond", "num"), ("Cannot be told", "num")]
    heads = [*columns[: 4 if unsure else 3], ("Sites", "num")]
    rows = []
    for service in services:
        total = _all(service)
        people = [share_text(share_of(total)), f"{total['beyond']:,}", f"{total['undetermined']:,}"]
        shown = people if unsure else people[:2]
        sites = join([f"{len(service['sites']):,}", _providers(service["providers"])])
        rows.append(Row([service["name"], *shown, sites]))
    caption = f"Every service: people within {_limit(overview)} of a counted site, most people beyond first"
    words = "“Cannot be told”: the address of a site on file is not exact enough. Ask the provider."
    return tag(
        "div", table(caption, heads, rows), tag("p", words, class_="note") if unsure else None, class_="tablebox"
    )


def _providers(number: int) -> Html:
    return tag("small", f"{number:,} {'provider' if number == 1 else 'providers'}")


def _by_county(services: Sequence[dict[str, Any]], overview: dict[str, Any]) -> Html:
    """Service by county: the share within, and how many providers have a counted site in the county."""
    names = [row["county"] for row in overview["counties"]]
    head = tag("tr", tag("th", "Service", scope="col"), *(tag("th", n, scope="col", class_="num") for n in names))
    body = []
    for service in services:
        cells = [
            tag(
                "td",
                share_text(share_of(row)),
                _providers(row["providers"]),
                class_=f"num {_step(row)}",
            )
            for row in service["counties"]
        ]
        body.append(tag("tr", tag("th", service["name"], scope="row"), *cells))
    caption = tag("caption", "By county: share of people within the limit; providers with a counted site in the county")
    grid = tag("table", caption, tag("thead", head), tag("tbody", *body), class_="matrix")
    label = "By county, scrolls sideways on narrow screens"
    return tag("div", grid, class_="tablebox scroll", tabindex="0", role="region", aria_label=label)


def _changes(services: Sequence[dict[str, Any]], before: dict[str, Any]) -> Html:
    earlier = {service["service"]: service for service in before["services"]}
    rows = []
    for service in services:
        old = earlier.get(service["service"])
        if old is None:
            continue
        was, now = _all(old)["within"], _all(service)["within"]
        if was != now or len(old["sites"]) != len(service["sites"]):
            sites = f"{len(old['sites']):,} to {len(service['sites']):,}"
            rows.append((now - was, Row([service["name"], f"{was:,}", f"{now:,}", f"{now - was:+,}", sites])))
    rows.sort(key=lambda row: row[0])
    caption = f"Changes since the roster of {before['network']['roster_date']}"
    if not rows:
        return tag("div", tag("h2", caption), tag("p", "Nothing changed for any service."), class_="tablebox")
    heads = [("Service", ""), ("Within before", "num"), ("Within now", "num"), ("People", "num"), ("Sites", "num")]
    return tag("div", table(caption, heads, [row for _, row in rows]), class_="tablebox")


def _gap_zips(services: Sequence[dict[str, Any]], overview: dict[str, Any]) -> Html:
    found = [(row, service) for service in services for row in service["zips"] if row["zcta"]]
    found.sort(key=lambda each: (-each[0]["beyond"], each[0]["zcta"], each[1]["name"]))
    if not found:
        return tag("p", f"No ZIP area has people beyond {_limit(overview)} for any service.", class_="note")
    rows = [
        Row(
            [
                join([row["zcta"], tag("small", row["county"])]),
                service["name"],
                join([f"{row['beyond']:,}", tag("small", f"of {row['people']:,}")]),
            ]
        )
        for row, service in found[:_ROWS]
    ]
    more = f", the first {_ROWS} of {len(found):,}" if len(found) > _ROWS else ""
    heads = [("ZIP", "zip"), ("Service", ""), ("People beyond", "num")]
    return tag("div", table(f"ZIP areas with most people beyond the limit{more}", heads, rows), class_="tablebox")


def _single(services: Sequence[dict[str, Any]], overview: dict[str, Any]) -> Html:
    found = [(row, service) for service in services for row in service["sole"]]
    found.sort(key=lambda each: (-each[0]["people"], each[0]["site_id"], each[1]["name"]))
    if not found:
        return tag("p", "No site is the only cover for anybody.", class_="note")
    rows = [
        Row([join([row["name"], tag("small", row["city"])]), service["name"], f"{row['people']:,}"])
        for row, service in found[:_ROWS]
    ]
    more = f", the first {_ROWS} of {len(found):,}" if len(found) > _ROWS else ""
    heads = [("Site", ""), ("Service", ""), ("People who have only it", "num")]
    caption = f"Single points of failure: the only site within {_limit(overview)} for some people{more}"
    return tag("div", table(caption, heads, rows), class_="tablebox")


def _provenance(overview: dict[str, Any], audience: Audience) -> list[str]:
    standard, network = overview["standard"], overview["network"]
    return [
        f"Rule: {standard['id']}, {standard['limit_mi']:g} straight-line miles (WGS 84 geodesic), the limit itself is "
        f"inside. {standard['source']}. For services that travel, a site counts where it serves the county.",
        f"Roster: {network['name']} of {network['roster_date']}, content {network['sha256'][:12]}. Policy content "
        f"{overview['policy']['sha256'][:12]}. People: {overview['data'].get('people', '')}. Outlines: "
        f"{overview['data'].get('county_border', '')}. Map: Leaflet 1.9.4. adequacy {__version__}, profile {audience}.",
        "This report holds nothing of any consumer: it is made from the roster and the Census.",
    ]
