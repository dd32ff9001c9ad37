"""The map of one answer: as a folium map for a notebook, and as the page a supervisor opens (profile ``case``).

The page is internal: it shows where a consumer may live. It is complete without script; the map comes on top.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adequacy.outputs.case_scene import case_scene, partly_text, site_name
from adequacy.outputs.folium_parts import map_parts
from adequacy.outputs.html import Html, Page, Row, join, page_html, picture, table, tag, write_html
from adequacy.outputs.picture import page_picture
from adequacy.outputs.scene import Scene, legend
from adequacy.outputs.scene_map import scene_map
from adequacy.outputs.words import (
    FUNNEL_WORDS,
    ages_text,
    finding_sentence,
    miles_text,
    panel_text,
    reasons_text,
    whereabouts,
)

if TYPE_CHECKING:
    from pathlib import Path

    import folium

__all__ = ["case_map", "case_page", "write_case_map"]

_TITLES = {"covered": "Covered", "gap": "Gap", "too_close_to_call": "Too close to call"}
_SIGNS = {"covered": "✓", "gap": "✕", "too_close_to_call": "≈"}
_SMALL = ("demo_data", "rule_unverified", "later_rule_text_known", "policy_overridden")
_MOST_ROWS = 2_000
_INTERNAL = tag(
    "p",
    tag("strong", "Internal."),
    " This page shows where a consumer may live. Do not send it outside the plan.",
    class_="banner",
)


def case_map(answer: dict[str, Any], *, tiles: str | None = None) -> folium.Map:
    """Draw the map of an answer. Internal: it shows where the consumer may live.

    Parameters
    ----------
    answer : dict
        An ``adequacy.check/1`` document.
    tiles : str, optional
        A tile provider. It would learn which area is looked at: none by default.

    Returns
    -------
    folium.Map
        ``save`` writes it alone as one self-contained file; ``write_case_map`` writes the whole page.
    """
    return scene_map(case_scene(answer), tiles=tiles)


def write_case_map(answer: dict[str, Any], path: Path) -> None:
    """Write the page of an answer: the finding, a picture, the map, the tables, where every number comes from.

    Parameters
    ----------
    answer : dict
        An ``adequacy.check/1`` document.
    path : Path
        The HTML file.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    write_html(case_page(answer), path)


def case_page(answer: dict[str, Any]) -> str:
    """Write the page of an answer as HTML text."""
    scene = case_scene(answer)
    parts = map_parts(scene_map(scene))
    body = join(
        [
            tag("a", "Skip to the tables", href="#tables", class_="skip"),
            tag("header", _INTERNAL, tag("div", *_head(answer), class_="column")),
            tag(
                "main",
                _figures(answer),
                _mind(answer),
                _map(answer, scene, parts.html),
                tag("div", *_tables(answer), id="tables", tabindex="-1"),
            ),
            tag("footer", *_provenance(answer)),
        ]
    )
    title = f"Network gap check: {answer['service']['name']}"
    return page_html(Page(title, body, "case", parts))


def _head(answer: dict[str, Any]) -> list[Html]:
    age = answer["question"]["age"]
    who = f"A consumer {whereabouts(answer['origin'])}{f', age {age}' if age is not None else ''}"
    demo = [each["text"] for each in answer["cautions"] if each["code"] == "demo_data"]
    finding = answer["finding"]
    return [
        *(tag("p", text, class_="demo") for text in demo),
        tag("p", "Network gap check", class_="overline"),
        tag("h1", answer["service"]["name"]),
        tag("p", f"{who}, on {answer['as_of']}", class_="question"),
        tag(
            "div",
            tag(
                "p", tag("span", _SIGNS[finding], aria_hidden="true"), tag("strong", _TITLES[finding]), class_="verdict"
            ),
            tag("p", finding_sentence(answer), class_="sentence"),
            _unknowns(answer),
            class_=f"answer {finding}",
        ),
    ]


def _unknowns(answer: dict[str, Any]) -> Html | None:
    other = answer["finding_if_unknowns_count"]
    if other == answer["finding"]:
        return None
    return tag(
        "p",
        tag("strong", "Facts are missing."),
        f" If they are in the provider's favour, the finding is “{_TITLES[other].lower()}”. "
        "Find them out first: see the sites marked “not known” below.",
        class_="sentence",
    )


def _figures(answer: dict[str, Any]) -> Html:
    """The few numbers a supervisor asks for."""
    nearest, limit = answer["nearest_mi"], answer["standard"]["limit_mi"]
    figures: list[tuple[str, str]] = []
    if nearest["reference"] is None:
        figures.append(("none", "counted site anywhere in the network"))
    elif answer["origin"]["uncertainty_mi"] > 0 and nearest["high"] is not None:
        span = f"{miles_text(nearest['low'], limit)} to {miles_text(nearest['high'], limit)}"
        figures.append((span, "miles to the nearest counted site, depending on where in the place"))
    else:
        figures.append((miles_text(nearest["reference"], limit), "miles to the nearest counted site"))
    figures.append((str(len(answer["sites"])), f"counted sites within {limit:g} miles of some part of the place"))
    if answer["origin"]["uncertainty_mi"] == 0:
        figures[-1] = (str(len(answer["sites"])), f"counted sites within {limit:g} miles")
    if answer["sites"]:
        known = answer["accessibility"]["accepting_verified"]
        figures.append((f"{known} of {len(answer['sites'])}", "verified as taking new people"))
    figures.append((str(len(answer["not_counted"])), "nearby that do not count"))
    return tag("dl", *(tag("div", tag("dt", words), tag("dd", number)) for number, words in figures), class_="figures")


def _mind(answer: dict[str, Any]) -> Html | None:
    told = [each["text"] for each in answer["cautions"] if each["code"] not in _SMALL]
    if not told:
        return None
    return tag(
        "section", tag("h2", "Keep in mind", id="mind"), tag("ul", *(tag("li", text) for text in told)),
        class_="mind", aria_labelledby="mind",
    )  # fmt: skip


def _map(answer: dict[str, Any], scene: Scene, drawn: str) -> Html:
    alt = _alt(answer, scene)
    return tag(
        "section",
        tag("h2", "Map", id="map"),
        tag("div", picture(page_picture(scene), alt), class_="map-picture"),
        tag("div", Html(drawn), class_="map-live", data_map_label=f"{scene.label}. The tables below say the same."),
        legend(scene),
        tag(
            "p",
            f"Straight-line miles (WGS 84 geodesic). {_said_of_outline(answer)}",
            class_="note",
        ),
        aria_labelledby="map",
    )


def _said_of_outline(answer: dict[str, Any]) -> str:
    if answer["origin"]["uncertainty_mi"] == 0:
        return "The dashed circle is the geodesic limit round the point."
    if answer["finding"] == "covered":
        return "The shaded circles belong to as few counted sites as it takes to cover the place; others cover it too."
    if answer["finding"] == "gap":
        return "A site would have to lie inside the dashed line to be within the limit of some part of the place."
    return "The shade is everything within the limit of a counted site."


def _alt(answer: dict[str, Any], scene: Scene) -> str:
    """What the picture shows, in words."""
    located = sum(mark.kind == "not_counted" for mark in scene.marks)
    nearest = answer["nearest_site"]
    near = ""
    if nearest is not None:
        near = f" The nearest counted site is {site_name(nearest)}, {miles_text(nearest['distance_mi'])} miles away."
    return (
        f"{scene.label}: {len(answer['sites'])} counted sites within {answer['standard']['limit_mi']:g} miles and "
        f"{located} that do not count, on an outline map of the counties around.{near} {finding_sentence(answer)}"
    )


def _tables(answer: dict[str, Any]) -> list[Html]:
    parts = []
    if answer["sites"]:
        parts.append(_site_table("Contracted sites, nearest first", answer["sites"], answer))
    if answer["serves_county_beyond_limit"]:
        caption = f"Farther than {answer['standard']['limit_mi']:g} miles, but serving the county"
        parts.append(_site_table(caption, answer["serves_county_beyond_limit"], answer))
    if answer["finding"] != "covered":
        parts.append(_funnel(answer))
    if answer["not_counted"]:
        parts.append(_ledger(answer))
    return parts


def _site_table(caption: str, sites: list[dict[str, Any]], answer: dict[str, Any]) -> Html:
    heads = [("Miles", "num"), ("Site", ""), ("Phone", "phone"), ("Takes new people", "")]
    shown = sites[:_MOST_ROWS]
    rows = [
        Row([_miles(site, answer), _site(site, answer), site["phone"] or "none given", _panel(site)]) for site in shown
    ]
    more = f", the first {_MOST_ROWS:,} of {len(sites):,}" if len(sites) > _MOST_ROWS else f" ({len(sites):,})"
    return tag("div", table(caption + more, heads, rows, row_head=1), class_="tablebox")


def _miles(site: dict[str, Any], answer: dict[str, Any]) -> Html:
    limit = answer["standard"]["limit_mi"]
    if site["distance_mi"] is None:
        return tag("span", "?", title="not located")
    middle = miles_text(site["distance_mi"], limit)
    high = site.get("distance_high_mi")
    if answer["origin"]["uncertainty_mi"] == 0 or high is None:
        return join([middle])
    span = f"{miles_text(site['distance_low_mi'], limit)} to {miles_text(high, limit)}"
    return join([middle, tag("small", span)])


def _site(site: dict[str, Any], answer: dict[str, Any]) -> Html:
    place = ", ".join(
        part for part in (site["address"], site["city"], f"{site['state']} {site['zip5']}".strip()) if part
    )
    words = partly_text(answer, f"{answer['standard']['limit_mi']:g} miles")
    partly = f"{words[0].upper()}{words[1:]}" if site["within"] == "part" else None
    return join([site_name(site), tag("small", place), tag("small", partly, class_="partly") if partly else None])


def _panel(site: dict[str, Any]) -> Html:
    ages = ages_text(site["ages_min"], site["ages_max"])
    ends = f"contract ends {site['contract_to']}" if site["contract_to"] else ""
    return join([panel_text(site), *(tag("small", text) for text in (ages, ends) if text)])


def _funnel(answer: dict[str, Any]) -> Html:
    heads = [("Test", ""), ("In the network", "num"), ("Near the place", "num")]
    rows = [
        Row([words, f"{answer['funnel'][test]:,}", f"{answer['funnel_near'][test]:,}"])
        for test, words in FUNNEL_WORDS.items()
    ]
    caption = "Where offerings of this service fall out, test by test"
    return tag("div", table(caption, heads, rows), class_="tablebox")


def _ledger(answer: dict[str, Any]) -> Html:
    shown = answer["not_counted"][:_MOST_ROWS]
    rows = [
        Row([_miles(each, answer), join([site_name(each), tag("small", each["city"])]), reasons_text(each["reasons"])])
        for each in shown
    ]
    heads = [("Miles", "num"), ("Site", ""), ("Why it does not count", "")]
    caption = f"Not counted, and why ({len(answer['not_counted']):,})"
    return tag("div", table(caption, heads, rows, row_head=1), class_="tablebox quiet")


def _provenance(answer: dict[str, Any]) -> list[Html]:
    standard, network = answer["standard"], answer["network"]
    reviewed = f", reviewed {standard['source_reviewed']}" if standard["source_reviewed"] else ""
    small = [each["text"] for each in answer["cautions"] if each["code"] in _SMALL and each["code"] != "demo_data"]
    border = answer["data"].get("county_border", "")
    lines = [
        f"Rule: {standard['id']}, {standard['limit_mi']:g} straight-line miles, the limit itself is inside{reviewed}. "
        f"{standard['source']}",
        *small,
        f"Roster: {network['name']} of {network['roster_date']}, content {network['sha256'][:12]}. Place: "
        f"{answer['origin']['source']}; margin {answer['tolerance_mi']:g} miles. Policy: {answer['policy']['plan']}, "
        f"content {answer['policy']['sha256'][:12]}. Outlines: {border}. Map: Leaflet 1.9.4. "
        f"adequacy {answer['version']}, profile case.",
        *_streets(answer),
        "This is the plan's gap test for one request. It is not the State's adequacy standard, and no decision.",
    ]
    return [tag("p", line) for line in lines]


def _streets(answer: dict[str, Any]) -> list[str]:
    """Whose streets the outline by road was measured on."""
    roads = answer.get("roads")
    if roads is None:
        return []
    drawn = "" if roads.get("catchment") else " The place is not on these streets: no outline by road is drawn."
    return [
        f"By road: streets of {roads['source']}, data of {roads['date'] or 'no stated day'}, content "
        f"{roads['sha256'][:12]}; © OpenStreetMap contributors, ODbL.{drawn}"
    ]
