"""The page of ``adequacy check --map`` in a real browser, as supervisors meet it."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

import adequacy
from adequacy.outputs.maps import write_case_map

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.browser

QUESTIONS = {
    "covered": {"service": "saiop", "zip5": "27546"},
    "too_close_to_call": {"service": "da", "zip5": "27344"},
    "gap": {"service": "actt", "zip5": "27546"},
    "point": {"service": "saiop", "lon": -78.8, "lat": 35.4},
    "mobile": {"service": "mst", "zip5": "27546"},
}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One page for each kind of answer."""
    folder = tmp_path_factory.mktemp("pages")
    out = {}
    with adequacy.demo_network() as net:
        for name, question in QUESTIONS.items():
            out[name] = folder / f"{name}.html"
            write_case_map(net.check(**question).to_dict(), out[name])
    return out


@pytest.fixture
def covered(pages: dict[str, Path]) -> Path:
    return pages["covered"]


@pytest.mark.parametrize("name", QUESTIONS)
def test_it_opens_from_disk_with_the_network_off_asks_for_nothing_and_axe_finds_nothing(open_page, pages, name) -> None:
    opened = open_page(pages[name])
    assert opened.requests == []
    assert opened.complaints == []
    assert opened.page.locator(".leaflet-container canvas").count() == 1
    assert not opened.page.locator(".map-picture").is_visible()
    assert opened.axe() == []


def test_axe_finds_nothing_in_the_dark(open_page, pages) -> None:
    assert open_page(pages["too_close_to_call"], color_scheme="dark").axe() == []


def test_without_script_the_finding_the_picture_and_every_site_are_there(open_page, covered) -> None:
    page = open_page(covered, script=False).page
    assert page.locator("h1").inner_text() == "Substance Abuse Intensive Outpatient Program (ASAM 2.1)"
    assert "Wherever in ZIP 27546" in page.locator(".answer").inner_text()
    assert page.locator(".picture").is_visible()
    assert "44 counted sites" in (page.locator(".picture").get_attribute("alt") or "")
    assert page.locator(".picture").evaluate("image => image.naturalWidth") > 300
    assert not page.locator(".map-live").is_visible()
    assert page.locator("tbody tr").count() == 44 + 27
    assert page.locator("table:not(:has(caption)), th:not([scope])").count() == 0


def test_the_map_comes_back_as_a_picture_when_its_script_fails(open_page, covered, tmp_path) -> None:
    broken = tmp_path / "broken.html"
    text = covered.read_text(encoding="utf-8")
    broken.write_text(text.replace("L.geoJson(null", "L.no_such_thing(null", 1), encoding="utf-8")
    # The changed script is not the one the page vouches for: the browser refuses it, and the picture is left.
    page = open_page(broken).page
    assert page.locator("h1").is_visible()
    assert page.locator(".map-picture").is_visible()


def test_the_keyboard_passes_the_map_in_few_stops_and_can_skip_it(open_page, covered) -> None:
    page = open_page(covered).page
    stops = []
    for _ in range(12):
        page.keyboard.press("Tab")
        where = page.evaluate("document.activeElement.className || document.activeElement.tagName")
        if where == "BODY":
            break
        stops.append(where)
    assert stops[0] == "skip"
    assert 3 <= len(stops) <= 8, stops
    page.locator(".skip").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "tables"


def test_zooming_by_keyboard_changes_the_view_and_redraws_the_sites(open_page, covered) -> None:
    page = open_page(covered).page
    before = page.evaluate("adequacyMap.getZoom()")
    assert re.fullmatch(r"\d+ mi", page.locator(".leaflet-control-scale-line").inner_text())
    page.locator(".leaflet-container").focus()
    page.keyboard.press("+")
    page.wait_for_timeout(1000)
    assert page.evaluate("adequacyMap.getZoom()") > before
    blank = page.evaluate(
        "() => { const c = document.querySelector('canvas.adequacy-sites');"
        " return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.every(v => v === 0); }"
    )
    assert blank is False


def test_pointing_at_a_site_says_its_name_phone_and_miles(open_page, covered) -> None:
    page = open_page(covered).page
    box = page.locator(".leaflet-container")
    box.scroll_into_view_if_needed()
    # The site in the middle of Lillington lies near the middle of the map
    frame = box.bounding_box()
    said = ""
    for step_y in range(-14, 15):
        for step_x in range(-14, 15):
            if said:
                break
            x, y = frame["x"] + frame["width"] / 2 + 10 * step_x, frame["y"] + frame["height"] / 2 + 10 * step_y
            page.mouse.move(x, y)
            tip = page.locator(".site-tip")
            said = tip.inner_text() if tip.count() else ""
    assert re.search(r"\d{3}-\d{3}-\d{4}", said), said
    assert re.search(r"[\d.]+ miles", said), said


def test_it_fits_a_phone_of_320_pixels(open_page, pages) -> None:
    for name in ("covered", "gap"):
        page = open_page(pages[name], viewport={"width": 320, "height": 640}).page
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, name


def test_at_200_percent_text_nothing_is_cut_off(open_page, covered) -> None:
    page = open_page(covered, viewport={"width": 640, "height": 800}, device_scale_factor=2).page
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate("document.documentElement.scrollWidth") <= 640


def test_forced_colours_keep_the_map_visible(open_page, covered) -> None:
    opened = open_page(covered, forced_colors="active")
    assert opened.complaints == []
    assert opened.page.locator(".leaflet-container").is_visible()


def test_print_is_letter_with_the_picture_and_repeated_heads(open_page, covered, tmp_path) -> None:
    page = open_page(covered).page
    page.pdf(path=tmp_path / "a.pdf", prefer_css_page_size=True)
    info = subprocess.run(["pdfinfo", tmp_path / "a.pdf"], capture_output=True, text=True, check=True).stdout
    assert re.search(r"Page size:\s+612 x 792", info), info
    words = ["pdftotext", "-layout", tmp_path / "a.pdf", "-"]
    text = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert text.count("Takes new people") >= 2
    assert "Wherever in ZIP 27546" in text.split("\f")[0]
    assert "It is not the State's adequacy standard" in text


def test_a_notebook_shows_the_map_from_the_answer_alone(open_page, tmp_path) -> None:
    with adequacy.demo_network() as net:
        drawn: Any = net.check("saiop", zip5="27546").map()
    file = tmp_path / "notebook.html"
    file.write_text(
        f"<!DOCTYPE html><html lang=en><title>n</title><body><h1>n</h1>{drawn._repr_html_()}", encoding="utf-8"
    )
    opened = open_page(file)
    assert opened.requests == []
    assert opened.complaints == []
    assert opened.page.frame_locator("iframe").locator(".leaflet-container canvas").count() == 1
