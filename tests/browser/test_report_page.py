"""The report of ``adequacy report`` in a real browser, as directors meet it."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

import adequacy
from adequacy.outputs.report import write_report
from adequacy.outputs.report_tables import only_rows, total_of, worst_first, zip_rows

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def overview() -> dict[str, Any]:
    """All services of the demo."""
    with adequacy.demo_network() as net:
        return net.overview()


@pytest.fixture(scope="module")
def reports(overview: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The report on all services of the demo, for both readers."""
    folder = tmp_path_factory.mktemp("reports")
    for audience in ("leadership", "public"):
        write_report(overview, folder / f"{audience}.html", audience)  # type: ignore[arg-type]
    return {audience: folder / f"{audience}.html" for audience in ("leadership", "public")}


@pytest.mark.parametrize("audience", ["leadership", "public"])
def test_it_opens_with_the_network_off_asks_for_nothing_and_axe_finds_nothing(open_page, reports, audience) -> None:
    opened = open_page(reports[audience])
    assert opened.requests == []
    assert opened.complaints == []
    assert opened.page.locator(".leaflet-container canvas").count() == 1
    assert opened.axe() == []
    assert reports[audience].stat().st_size < 2_000_000


def test_the_service_switch_changes_words_colours_and_sites(open_page, reports) -> None:
    page = open_page(reports["leadership"]).page
    page.wait_for_timeout(200)
    said, colours = page.locator("#says").inner_text(), _colours(page)
    picture = page.evaluate("document.querySelector('canvas.adequacy-sites').toDataURL()")
    page.locator("#service").select_option(label="Psychosocial Rehabilitation")
    page.wait_for_timeout(200)
    now = page.locator("#says").inner_text()
    assert now.startswith("Psychosocial Rehabilitation: ")
    assert now != said
    assert _colours(page) != colours
    assert page.evaluate("document.querySelector('canvas.adequacy-sites').toDataURL()") != picture
    # What the map says the table says too
    share = re.search(r"([\d.]+ %) of people", now)
    assert share is not None
    row = page.locator("tbody tr", has=page.get_by_role("rowheader", name="Psychosocial Rehabilitation", exact=True))
    assert share[1] in row.first.inner_text()


def _colours(page) -> list[str]:
    return page.evaluate("[...document.querySelectorAll('path[class*=shape-share]')].map(p => p.getAttribute('class'))")


def test_the_switch_works_by_keyboard_and_the_page_has_few_stops(open_page, reports) -> None:
    page = open_page(reports["leadership"]).page
    before = page.locator("#says").inner_text()
    page.locator("#service").focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_timeout(200)
    assert page.locator("#says").inner_text() != before
    stops = 0
    page.locator(".skip").focus()
    while page.evaluate("document.activeElement.tagName") != "BODY" and stops < 20:
        page.keyboard.press("Tab")
        stops += 1
    assert stops <= 9  # skip, contents, service, map, its three buttons, the county table, the sites


def test_without_script_every_service_and_county_is_in_a_table(open_page, reports) -> None:
    page = open_page(reports["leadership"], script=False).page
    assert page.locator(".picture").is_visible()
    assert not page.locator("#service").is_visible()
    assert page.locator(".matrix tbody tr").count() >= 60
    assert "by county: Durham" in (page.locator(".picture").get_attribute("alt") or "")


def test_it_fits_a_phone_and_dark_has_no_faults(open_page, reports) -> None:
    opened = open_page(reports["leadership"], viewport={"width": 320, "height": 640}, color_scheme="dark")
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= 320
    assert opened.axe() == []


PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}


def test_on_a_phone_a_finger_scrolls_the_page_and_a_tapped_site_is_read_whole(open_page, reports) -> None:
    page = open_page(reports["leadership"], **PHONE).page
    assert not page.evaluate("adequacyMap.dragging.enabled()")
    site = page.evaluate(
        """() => { const it = adequacyMap.adequacySites, at = it._kind.findIndex(kind => kind !== 255);
        const box = adequacyMap.getContainer(); box.scrollIntoView({block: 'center'});
        const world = 256 * 2 ** adequacyMap.getZoom(), r = box.getBoundingClientRect();
        const o = adequacyMap.project(adequacyMap.containerPointToLatLng([0, 0]));
        return [it._x[at] * world - o.x + r.x, it._y[at] * world - o.y + r.y]; }"""
    )
    page.touchscreen.tap(*site)
    page.wait_for_timeout(200)
    tip, box = page.locator(".site-tip").bounding_box(), page.locator(".map-live").bounding_box()
    assert tip["x"] >= box["x"]
    assert tip["x"] + tip["width"] <= box["x"] + box["width"]
    assert tip["y"] >= box["y"]
    page.locator("#service").select_option("1")
    page.locator(".site-tip").wait_for(state="detached")


def test_the_way_back_to_the_first_view_is_a_button(open_page, reports) -> None:
    page = open_page(reports["leadership"]).page
    before = page.evaluate("adequacyMap.getZoom()")
    page.get_by_role("button", name="Zoom in").click()
    page.wait_for_timeout(500)
    assert page.evaluate("adequacyMap.getZoom()") > before
    page.get_by_role("button", name="Whole map again").click()
    page.wait_for_function(f"adequacyMap.getZoom() === {before}")


def test_every_printed_sheet_says_what_it_is_and_its_number(open_page, reports, tmp_path) -> None:
    page = open_page(reports["leadership"]).page
    page.pdf(path=tmp_path / "r.pdf", prefer_css_page_size=True)
    words = ["pdftotext", "-layout", tmp_path / "r.pdf", "-"]
    sheets = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split("\f")[:-1]
    assert len(sheets) > 5
    for number, sheet in enumerate(sheets, 1):
        foot = " ".join(sheet.strip().splitlines()[-1].split())
        assert foot.startswith("Alliance Health, November 1, 2026. Demo network")
        assert foot.endswith(f"Page {number} of {len(sheets)}")


def test_the_print_alone_answers_five_questions_of_a_director(open_page, reports, overview, tmp_path) -> None:
    """How many reach everyone? What is worst? In which ZIPs? Which site is irreplaceable? Is it the State's test?

    Each is answered on the first page, by the numbers of the overview.
    """
    page = open_page(reports["leadership"]).page
    page.pdf(path=tmp_path / "r.pdf", prefer_css_page_size=True)
    words = ["pdftotext", "-layout", tmp_path / "r.pdf", "-"]
    text = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    first = " ".join(text.split("\f")[0].split())
    services = worst_first(overview)
    whole = sum(total_of(each)["within"] == total_of(each)["people"] for each in services)
    assert f"{whole} of {len(services)} services have a contracted site within 30 miles of everyone" in first
    worst = total_of(services[0])
    assert f"The widest gap: {services[0]['name']}, where {worst['beyond']:,} of {worst['people']:,} people" in first
    area, _ = zip_rows(services)[0]
    assert area["zcta"] in first
    assert f"{area['beyond']:,}" in first
    site, _ = only_rows(services)[0]
    assert site["name"].split()[0] in first
    assert f"{site['people']:,}" in first
    assert "It is not the State's adequacy standard." in first
    assert "ZIP areas with most people beyond 30 miles (the first 60 of" in " ".join(text.split())
    assert "Single points of failure" in text
