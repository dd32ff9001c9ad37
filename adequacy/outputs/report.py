"""The coverage report: one file for leadership or the public, from roster and Census alone.

It is made from a plan overview and from nothing else: it cannot be given a consumer's place. ``leadership`` shows
counties, ZIP areas and sites; ``public`` stops at the county.
"""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from adequacy import __version__, reference
from adequacy.access.counting import TRAVELS
from adequacy.errors import MissingExtra, UsageError
from adequacy.outputs.escape import escape_plain
from adequacy.outputs.folium_parts import map_parts
from adequacy.outputs.html import Html, Page, asset, join, page_html, picture, tag, write_html
from adequacy.outputs.picture import page_picture, slide_picture
from adequacy.outputs.report_tables import (
    AUDIENCES,
    Audience,
    attention,
    by_county,
    by_service,
    changes,
    contents,
    every_site,
    gap_zips,
    limit_text,
    only_rows,
    only_sites,
    people_of,
    require_overview,
    says,
    share_of,
    site_tables,
    step_of,
    total_of,
    worst_first,
)
from adequacy.outputs.request_counts import request_tables
from adequacy.outputs.scene import MARKS, Mark, Name, Scene, Shape, base_map, label_point, legend, texts, zip_map
from adequacy.outputs.scene_map import scene_map
from adequacy.outputs.standing import standing_table
from adequacy.outputs.words import DEMO_NOTICE, day_words, share_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from adequacy.outputs.report_tables import Section

__all__ = ["map_picture", "report_page", "report_pdf", "report_scene", "summary_lines", "write_report"]

_WHAT_COUNTS = (
    "A site counts for a service if its contract is in force on that day, it is credentialed and active in NCTracks. "
    "Miles are straight lines. People are all residents, whoever needs the service."
)
_SIMPLER_DEG = 0.0015
"""About 500 feet: outlines for the eye."""
_LEGEND = (
    ("share-all", "Everyone in the county within the limit"),
    ("share-most", "95 % or more"),
    ("share-many", "75 to 95 %"),
    ("share-half", "50 to 75 %"),
    ("share-few", "Less than half"),
    ("counted", "Contracted site that counts"),
    ("sole", "Site that is the only one within the limit for some people"),
    ("zip", "Border of a ZIP area"),
    ("county", "County the plan does not serve"),
)
_PUBLIC_LEGEND = tuple(each for each in _LEGEND if each[0] not in MARKS and each[0] != "zip")


def write_report(overview: dict[str, Any], path: Path, audience: Audience = "leadership", **more: Any) -> None:
    """Write the report as one self-contained HTML file.

    Parameters
    ----------
    overview : dict
        From ``Network.overview``.
    path : Path
        The HTML file.
    audience : {"leadership", "public"}
        Who reads it. ``public`` shows nothing below the county.
    **more
        As ``report_page`` takes it.

    Raises
    ------
    PrivacyError
        The document is not an overview: an answer knows where a consumer may live.
    UsageError
        The file's ending is not that of a web page.
    OutputError
        The file cannot be written.
    """
    write_html(report_page(overview, audience, **more), path)


def map_picture(overview: dict[str, Any], audience: Audience = "leadership") -> bytes:
    """Draw the map of the service with most people beyond the limit as a PNG for slides; it carries no metadata."""
    require_overview(overview)
    worst = worst_first(overview)[0]
    notes = [
        f"{overview['plan']}, as of {overview['as_of']}. {_fixed_line(overview)}",
        *([DEMO_NOTICE] if overview["network"]["is_demo"] else []),
    ]
    return slide_picture(report_scene(overview, worst, audience), says(worst, overview), notes)


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
    workbook: str = "",
) -> str:
    """Give the report as HTML text.

    Parameters
    ----------
    overview : dict
        From ``Network.overview``.
    audience : {"leadership", "public"}
        Who reads it. ``public`` shows nothing below the county.
    before : dict, optional
        The overview of an earlier network: what changed stands in the report.
    requests : dict, optional
        Counts of a casebook, as ``casebook.stats`` gives them; small ones are hidden.
    standing : dict, optional
        How the plan stands against a scheme, from ``standing.standing_of``.
    workbook : str
        Name of the workbook that goes with the page: lists that stop early say that the rest is there.

    Raises
    ------
    PrivacyError
        The document is not an overview: an answer knows where a consumer may live.
    """
    for document in (overview, before):
        require_overview(document)
    if audience not in AUDIENCES:
        raise UsageError(f"{audience}: no such reader. Choose one of {', '.join(AUDIENCES)}.")
    services = worst_first(overview)
    scene = report_scene(overview, services[0], audience)
    parts = map_parts(scene_map(scene))
    tables = _tables(overview, audience, _Extras(before, requests, standing, workbook))
    body = join(
        [
            tag("a", "Skip to the tables", href="#tables", class_="skip"),
            tag("header", tag("div", *_head(overview, services, audience), class_="column")),
            tag(
                "main",
                _figures(overview, services),
                attention(services, overview, below_county=audience == "leadership"),
                contents(tables),
                _map(overview, services, scene, parts.html, audience),
                tag("div", *(tag("div", part, id=name) for name, _, part in tables), id="tables", tabindex="-1"),
            ),
            tag("footer", *(tag("p", line) for line in _provenance(overview, audience, requests, standing))),
        ]
    )
    title = f"{overview['plan']}: who can reach care"
    foot = f"{overview['plan']}, {_day(overview)}. {DEMO_NOTICE if overview['network']['is_demo'] else ''}".strip()
    return page_html(Page(title, body, audience, parts, (asset("report.js"),), foot=foot))


def _day(overview: dict[str, Any]) -> str:
    return day_words(date.fromisoformat(overview["as_of"]))


@dataclass(frozen=True, slots=True)
class _Extras:
    """What a report may hold beside the overview."""

    before: dict[str, Any] | None
    requests: dict[str, Any] | None
    standing: dict[str, Any] | None
    workbook: str


def report_scene(overview: dict[str, Any], service: dict[str, Any], audience: Audience) -> Scene:
    """What the map shows for one service: the plan's counties by share; for leadership the sites too.

    The view is that of the plan's counties, whatever the service: it gives no place away.
    """
    import shapely

    borders = {row["county_fips"]: reference.county_border(row["county_fips"]) for row in overview["counties"]}
    shapes = {
        code: shapely.simplify(reference.to_shapely(border), _SIMPLER_DEG)
        for code, border in borders.items()
        if border is not None
    }
    whole = shapely.union_all(list(shapes.values()))
    west, south, east, north = whole.bounds
    wide, high = (east - west) * 0.04, (north - south) * 0.04
    rows = {row["county_fips"]: row for row in service["counties"]}
    bounds = (west - wide, south - high, east + wide, north + high)
    around, _ = base_map((west - 5 * wide, south - 3 * high, east + 5 * wide, north + 3 * high))
    zips, numbers = zip_map(list(shapes), whole, cut=True) if audience == "leadership" else ([], [])
    names = [*_names(overview, rows, shapes), *numbers]
    ours = [Shape(step_of(rows[code]), shape, code) for code, shape in shapes.items()]
    return Scene(
        shapes=(*around, *ours, *zips),
        marks=tuple(_marks(overview, service)) if audience == "leadership" else (),
        names=tuple(names),
        bounds=bounds,
        label=f"Map of {overview['plan']}'s counties: people within {limit_text(overview)} of a site that counts",
        legend=_LEGEND if audience == "leadership" else _PUBLIC_LEGEND,
    )


def _names(overview: dict[str, Any], rows: dict[str, dict[str, Any]], shapes: dict[str, Any]) -> list[Name]:
    """The county and its share, where the county has most room."""
    return [
        Name(*label_point(shapes[code]), f"{each['county']}\n{share_text(share_of(rows[code]))}", code)
        for each in overview["counties"]
        if (code := each["county_fips"]) in shapes
    ]


def _marks(overview: dict[str, Any], service: dict[str, Any]) -> list[Mark]:
    """Sites of all services, those of one drawn; the page's switch shows others."""
    here = {site["site_id"] for site in service["sites"]}
    sole = {site["site_id"] for site in service["sole"]}
    out = []
    for key, site in every_site(overview).items():
        kind = "hidden" if key not in here else "sole" if key in sole else "counted"
        out.append(Mark(site["lon"], site["lat"], kind, texts((site["name"], site["city"], site["phone"]))))
    return out


def _packed(overview: dict[str, Any], services: Sequence[dict[str, Any]], scene: Scene, audience: Audience) -> Html:
    """What the switch needs, packed; no text in it can be read as markup."""
    at = {key: n for n, key in enumerate(every_site(overview))} if audience == "leadership" else {}
    order = list(MARKS)
    data = {
        "places": [[n.lon, n.lat, n.text.split("\n")[0], n.id] for n in scene.names if not n.is_small],
        "sites": len(at),
        "counted": order.index("counted"),
        "sole": order.index("sole"),
        "services": [
            {
                "says": escape_plain(says(service, overview)),
                "shares": {
                    row["county_fips"]: [step_of(row), share_text(share_of(row))] for row in service["counties"]
                },
                "sites": [at[site["site_id"]] for site in service["sites"]] if at else [],
                "sole": [at[site["site_id"]] for site in service["sole"]] if at else [],
            }
            for service in services
        ],
    }
    packed = zlib.compress(json.dumps(data, separators=(",", ":"), ensure_ascii=False).encode(), 9)
    return tag("div", id="report-data", hidden=True, data_packed=base64.b64encode(packed).decode())


def _head(overview: dict[str, Any], services: Sequence[dict[str, Any]], audience: Audience) -> list[Html]:
    people = sum(row["people"] for row in overview["counties"])
    where = f"{len(overview['counties'])} {'county' if len(overview['counties']) == 1 else 'counties'}"
    reader = "for leadership" if audience == "leadership" else "results by county"
    return [
        *([tag("p", DEMO_NOTICE, class_="demo")] if overview["network"]["is_demo"] else []),
        tag("p", f"{overview['plan']} · {reader}", class_="overline"),
        tag("h1", f"Who lives within {limit_text(overview)} of a contracted site"),
        tag("p", f"As of {_day(overview)}: {where}, {people:,} residents (Census 2020)", class_="question"),
        tag(
            "div",
            tag("p", _headline(overview, services), class_="sentence"),
            tag("p", tag("strong", _fixed_line(overview)), class_="fixed"),
            tag("p", join([_WHAT_COUNTS, _traveling(services)]), class_="note"),
            class_="answer plain",
        ),
    ]


def _headline(overview: dict[str, Any], services: Sequence[dict[str, Any]]) -> str:
    """The answer in a sentence or two."""
    whole, limit, worst = len(_whole(services)), limit_text(overview), services[0]
    total = total_of(worst)
    text = f"{whole} of {len(services)} services have a contracted site within {limit} of everyone"
    if whole == len(services):
        return f"{text}."
    text += f"; {len(services) - whole} {'does' if len(services) - whole == 1 else 'do'} not."
    if not total["beyond"]:
        return text
    farther = f"{total['beyond']:,} of {total['people']:,} people live farther away"
    return f"{text} The widest gap: {worst['name']}, where {farther}."


def _traveling(services: Sequence[dict[str, Any]]) -> str:
    """For how many services staff travel, and what counts then; nothing where there is none."""
    number = sum(service["mode"] in TRAVELS for service in services)
    return (
        f" {number} of the services travel to people: there a site counts only where it serves the county."
        if number
        else ""
    )


def _whole(services: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The services that everyone has within the limit."""
    return [service for service in services if total_of(service)["within"] == total_of(service)["people"]]


def _fixed_line(overview: dict[str, Any]) -> str:
    limit = f"{overview['standard']['limit_mi']:g}-mile"
    return f"This is the plan's {limit} test. It is not the State's adequacy standard."


def summary_lines(overview: dict[str, Any]) -> list[str]:
    """What an e-mail says of the report: the headline, the five services with most people beyond, the fixed line."""
    services = worst_first(overview)
    return [
        *([DEMO_NOTICE] if overview["network"]["is_demo"] else []),
        f"As of {overview['as_of']}, {len(_whole(services))} of {len(services)} services have a contracted site within "
        f"{limit_text(overview)} of everyone in {overview['plan']}'s {len(overview['counties'])} counties.",
        *(says(service, overview) for service in services[:5] if people_of(service, "beyond")),
        _fixed_line(overview),
    ]


def _figures(overview: dict[str, Any], services: Sequence[dict[str, Any]]) -> Html:
    limit = limit_text(overview)
    none = sum(not service["sites"] for service in services)
    lone = len({row["site_id"] for row, _ in only_rows(services)})
    sites, ours = every_site(overview), {row["county_fips"] for row in overview["counties"]}
    near = sum(site["county_fips"] in ours for site in sites.values())
    figures = [
        (f"{len(_whole(services))} of {len(services)}", f"services with a site within {limit} of everyone"),
        (f"{none:,}", "services without any site that counts"),
        (f"{len(sites):,}", f"contracted sites that count for some service; {near:,} of them in these counties"),
        (f"{lone:,}", f"of these sites are the only one within {limit} for some people"),
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
        tag("p", says(shown, overview), class_="says", id="says", role="status"),
        tag("p", f"{says(shown, overview)} The table below has every service.", class_="shown"),
        tag("div", picture(page_picture(scene), _alt(overview, shown, audience)), class_="map-picture"),
        tag("div", Html(drawn), class_="map-live", data_map_label=f"{scene.label}. The tables below say the same."),
        tag("p", "Two fingers move and enlarge the map.", class_="fingers note"),
        legend(scene, everything=True),
        _packed(overview, services, scene, audience),
        class_="wide",
        aria_labelledby="map",
    )


def _alt(overview: dict[str, Any], service: dict[str, Any], audience: Audience) -> str:
    counties = "; ".join(f"{row['county']} {share_text(share_of(row))}" for row in service["counties"])
    sites = " The sites that count are marked." if audience == "leadership" else ""
    within = f"Within {limit_text(overview)} by county: {counties}."
    return f"Map of the plan's counties. {says(service, overview)} {within}{sites}"


def _tables(overview: dict[str, Any], audience: Audience, extras: _Extras) -> list[Section]:
    """The sections below the map: anchor, name in the contents, and what stands there."""
    services = worst_first(overview)
    names = {service["service"]: service["name"] for service in services}
    parts: list[Section] = [
        ("services", "Every service", by_service(services, overview)),
        ("counties", "By county", by_county(services, overview)),
    ]
    if extras.before is not None:
        parts.append(("changes", "What changed", changes(services, extras.before)))
    if audience == "leadership":
        parts.append(("zips", "ZIP areas", gap_zips(services, overview, extras.workbook)))
        parts.append(("only", "Single points of failure", only_sites(services, overview, extras.workbook)))
    if extras.standing is not None:
        parts.append(("standing", "Against a standard", standing_table(extras.standing, names)))
    if extras.requests is not None:
        parts.append(("requests", "Requests", join(request_tables(extras.requests, names, overview["small_cell_max"]))))
    if audience == "leadership":
        parts.append(("sites", "Sites", join(site_tables(overview, extras.workbook))))
    return parts


def _provenance(
    overview: dict[str, Any], audience: Audience, requests: dict[str, Any] | None, standing: dict[str, Any] | None
) -> list[str]:
    standard, network = overview["standard"], overview["network"]
    most = overview["small_cell_max"]
    counted = [
        words for given, words in ((standing, "who was measured"), (requests, "requests")) if given is not None
    ]  # fmt: skip
    private = "No consumer's data is in this report: it is made from the roster and the Census."
    if counted:
        private = (
            f"This report names no consumer and no consumer's place. Of {' and '.join(counted)} it holds counts only; "
            f"counts of 1 to {most} are hidden, with as many others as keep them hidden."
        )
    return [
        f"Rule: {standard['id']}, {standard['limit_mi']:g} straight-line miles (WGS 84 geodesic), the limit itself is "
        f"inside. {standard['source']}.",
        f"Roster: {network['name']} of {network['roster_date']}, content {network['sha256'][:12]}. Policy content "
        f"{overview['policy']['sha256'][:12]}. People: {overview['data'].get('people', '')}. Outlines: "
        f"{overview['data'].get('county_border', '')}. Map: Leaflet 1.9.4. adequacy {__version__}, profile {audience}.",
        private,
    ]
