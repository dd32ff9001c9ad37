"""Names that try to run something, in every roster field of the page, in a real browser."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import SMTP
from typing import TYPE_CHECKING, Any

import pytest

import adequacy
from adequacy.outputs.draft import draft
from adequacy.outputs.maps import write_case_map
from adequacy.outputs.report import report_page
from tests.hostile import ATTACKS, hostile, hostile_overview

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One page with a different attack in each site, all of them in all fields."""
    with adequacy.demo_network() as net:
        answer = net.check("saiop", zip5="27546").to_dict()
    out = hostile(answer, ATTACKS)
    file = tmp_path_factory.mktemp("hostile") / "map.html"
    write_case_map(out, file)
    return file


def test_nothing_runs_nothing_is_asked_for_and_every_name_can_be_read(open_page, attacked) -> None:
    opened = open_page(attacked)
    page = opened.page
    assert opened.requests == []
    assert opened.complaints == []
    assert page.evaluate("window.hit") is None
    shown = " ".join(page.locator("main").inner_text().split())
    for attack in ("<img src=x onerror=window.hit=1>", "{{ 7*7 }}{{ ''.__class__.__mro__ }}", "\\x3cimg src=x"):
        assert attack in shown
    assert page.locator("main img").count() == 1
    assert page.locator("main a[href^=http], main iframe, main svg script").count() == 0


def test_tooltips_show_hostile_names_as_text(open_page, attacked) -> None:
    page = open_page(attacked).page
    page.locator(".leaflet-container").scroll_into_view_if_needed()
    frame = page.locator(".leaflet-container").bounding_box()
    said = ""
    for step in range(1600):
        x, y = (
            frame["x"] + frame["width"] * (0.4 + step % 40 / 200),
            frame["y"] + frame["height"] * (0.4 + step // 40 / 200),
        )
        page.mouse.move(x, y)
        if page.locator(".site-tip").count():
            said = page.locator(".site-tip").inner_text()
            break
    assert "window.hit=1" in said
    assert page.evaluate("window.hit") is None
    assert page.locator(".site-tip img, .site-tip script, .site-tip a").count() == 0


def test_the_layout_holds_on_a_phone(open_page, attacked) -> None:
    page = open_page(attacked, viewport={"width": 320, "height": 640}).page
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_a_planted_handler_is_stopped_by_the_page_policy(open_page, attacked, tmp_path) -> None:
    """The second wall: even markup that escaped us does not run."""
    file = tmp_path / "planted.html"
    text = attacked.read_text(encoding="utf-8")
    file.write_text(text.replace("<main>", "<main><img src=data:x onerror='window.hit=1'>", 1), encoding="utf-8")
    opened = open_page(file)
    assert opened.page.evaluate("window.hit") is None
    assert any("Content Security Policy" in complaint for complaint in opened.complaints)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A report with a different attack in each service and site, and the HTML part of its e-mail."""
    with adequacy.demo_network() as net:
        overview = net.overview(services=["saiop", "psr", "actt", "mst", "da"], counties=["Harnett", "Johnston"])
    attacked = hostile_overview(overview, ATTACKS)
    folder = tmp_path_factory.mktemp("report")
    (folder / "report.html").write_text(report_page(attacked), encoding="utf-8")
    message: Any = message_from_bytes(draft(attacked, report_page(attacked)), policy=SMTP)
    body = message.get_body(("html",)).get_content()
    (folder / "mail.html").write_text(f"<!DOCTYPE html><html lang=en><title>m</title><body>{body}", encoding="utf-8")
    return folder / "report.html", folder / "mail.html"


def test_a_report_of_hostile_names_runs_nothing_and_every_name_can_be_read(open_page, report) -> None:
    opened = open_page(report[0])
    page = opened.page
    page.locator(".folded summary").click()
    assert opened.requests == []
    assert opened.complaints == []
    assert page.evaluate("window.hit") is None
    shown = " ".join(page.locator("body").inner_text().split())
    for attack in ("<img src=x onerror=window.hit=1>", "{{ 7*7 }}{{ ''.__class__.__mro__ }}", "\\x3cimg src=x"):
        assert attack in shown
    assert page.locator("main img").count() == 1
    assert page.locator("main a[href^=http], main iframe, main svg script, main style").count() == 0
    assert opened.axe() == []


def test_the_switch_of_a_report_shows_hostile_services_as_text(open_page, report) -> None:
    page = open_page(report[0]).page
    for at in range(5):
        page.locator("#service").select_option(index=at)
        page.wait_for_timeout(60)
    assert page.evaluate("window.hit") is None
    assert page.locator("#says *").count() == 0


def test_a_report_of_hostile_names_keeps_its_layout_on_a_phone(open_page, report) -> None:
    page = open_page(report[0], viewport={"width": 320, "height": 640}).page
    page.locator(".folded summary").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_an_e_mail_of_hostile_names_runs_nothing(open_page, report) -> None:
    """The mail has no policy of its own: what keeps it harmless is that every name is text."""
    opened = open_page(report[1])
    page = opened.page
    assert page.evaluate("window.hit") is None
    assert [url for url in opened.requests if not url.startswith("cid:")] == []
    assert page.locator("img").count() == 1
    assert page.locator("a, script, iframe, style, svg").count() == 0
    assert "window.hit=1" in page.locator("body").inner_text()
