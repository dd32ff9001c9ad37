"""What leadership and the public read: the numbers, and nothing of any consumer."""

from __future__ import annotations

import copy
import csv
import io
import itertools
import json
import os
import re
import shutil
import subprocess
from datetime import date
from email import message_from_bytes
from email.policy import SMTP
from typing import TYPE_CHECKING, Any

import pytest

import adequacy
from adequacy import distance, reference
from adequacy.access import counts_for_gap
from adequacy.errors import PrivacyError, UsageError
from adequacy.outputs.draft import draft
from adequacy.outputs.html import Html, Page, page_html
from adequacy.outputs.report import map_picture, report_page, report_pdf, write_report
from adequacy.outputs.report_lists import report_workbook
from adequacy.outputs.report_tables import share_of, worst_first
from adequacy.outputs.request_counts import request_tables
from adequacy.reference import demo_files
from tests.hostile import ATTACKS

if TYPE_CHECKING:
    from pathlib import Path

SERVICES = ["saiop", "actt", "psr"]


@pytest.fixture(scope="module")
def overview() -> dict[str, Any]:
    with adequacy.demo_network() as net:
        return net.overview(services=SERVICES)


def test_people_within_and_beyond_agree_with_a_slow_plain_rewrite(overview) -> None:
    """Harnett and Orange, every block group against every site, with nothing but distance.miles."""
    with adequacy.demo_network() as net:
        offerings = list(net.file.offerings())
        on = net.file.meta.roster_date
        travels = {service.key: service.mode in ("mobile", "home") for service in net.policy.services}
    for key, county in itertools.product(("actt", "psr"), ("37085", "37135")):
        mine = [county] if travels[key] else None
        sites = {
            (o.lon, o.lat, o.uncertainty_mi or 0.0)
            for o in offerings
            if o.service_key == key and not counts_for_gap(o, on, counties=mine)
        }
        people = reference.people_frame([county])
        people = people[people["source"] == "block_group"]
        within = undetermined = 0
        for lon, lat, count in zip(people["lon"], people["lat"], people["people"], strict=True):
            measured = [(distance.miles(lon, lat, *at), unsure) for *at, unsure in sites]
            sure = any(miles + unsure <= 30 for miles, unsure in measured)
            within += count if sure else 0
            undetermined += count if not sure and any(miles - unsure <= 30 for miles, unsure in measured) else 0
        service = next(each for each in overview["services"] if each["service"] == key)
        row = next(each for each in service["counties"] if each["county_fips"] == county)
        assert (row["within"], row["undetermined"]) == (within, undetermined), (key, county)
        assert row["people"] == people["people"].sum()


def test_counties_zips_and_people_add_up(overview) -> None:
    for service in overview["services"]:
        for row in service["counties"]:
            assert row["within"] + row["undetermined"] + row["beyond"] == row["people"]
        assert sum(row["beyond"] for row in service["zips"]) == sum(row["beyond"] for row in service["counties"])
        assert [row["beyond"] for row in service["zips"]] == sorted(
            (r["beyond"] for r in service["zips"]), reverse=True
        )


def test_without_a_sole_site_just_its_people_lose_their_cover(overview) -> None:
    service = next(each for each in overview["services"] if each["service"] == "psr")
    sole = service["sole"][0]
    assert sole["people"] > 0
    alone = 0
    sites = [site for site in service["sites"] if site["site_id"] != sole["site_id"]]
    people = reference.people_frame([row["county_fips"] for row in overview["counties"]])
    for lon, lat, count in people[people["source"] == "block_group"][["lon", "lat", "people"]].itertuples(index=False):
        if abs(lon - sole["lon"]) < 0.7 and abs(lat - sole["lat"]) < 0.5:
            here = distance.miles(lon, lat, sole["lon"], sole["lat"]) <= 30
            other = any(distance.miles(lon, lat, each["lon"], each["lat"]) <= 30 for each in sites)
            alone += count if here and not other else 0
    assert alone == sole["people"]


def test_counties_can_be_named_and_a_wrong_name_is_one_clear_line() -> None:
    with adequacy.demo_network() as net:
        small = net.overview(services=["psr"], counties=["Harnett County", "37135"])
        assert [row["county"] for row in small["counties"]] == ["Harnett", "Orange"]
        with pytest.raises(UsageError, match="Nowhere"):
            net.overview(services=["psr"], counties=["Nowhere"])


def test_a_report_cannot_be_given_the_answer_to_a_request(overview) -> None:
    with adequacy.demo_network() as net:
        answer = net.check("saiop", zip5="27546").to_dict()
    for wrong in ((answer, None), (overview, answer)):
        with pytest.raises(PrivacyError):
            report_page(wrong[0], before=wrong[1])


def test_no_consumer_of_the_demo_stands_in_any_report(overview) -> None:
    """A byte scan for every id, street, day of birth and point of the members and requests files."""
    facts = [fact for name, content in demo_files().items() if name in CONSUMER_FILES for fact in consumers(content)]
    assert len(facts) > 100
    pages = [report_page(overview, audience) for audience in ("leadership", "public")]
    message = message_from_bytes(draft(overview, pages[0]), policy=SMTP)
    pages += [part.get_payload(decode=True).decode("latin-1") for part in message.walk() if not part.is_multipart()]
    for text in [json.dumps(overview), *pages, map_picture(overview).decode("latin-1")]:
        words = set(re.findall(r"-?[0-9]+\.[0-9]+|[A-Za-z0-9-]+", text))
        assert [fact for fact in facts if all(part in words or (" " in part and part in text) for part in fact)] == []


CONSUMER_FILES = ("members.csv", "requests.csv", "past_decisions.csv")


def consumers(content: bytes | str) -> list[tuple[str, ...]]:
    """What gives a consumer away: an id, a street, a point, a day of birth with its ZIP."""
    text = content if isinstance(content, str) else content.decode("utf-8")
    told = []
    for row in csv.DictReader(io.StringIO(text)):
        groups = (("member_id",), ("consumer_ref",), ("street",), ("lon", "lat"), ("birth_date", "zip5"))
        told += [tuple(row[name] for name in group) for group in groups if all(row.get(name) for name in group)]
    return told


def test_the_public_report_stops_at_the_county(overview) -> None:
    page = report_page(overview, "public")
    for service in overview["services"]:
        for row in service["zips"]:
            assert f">{row['zcta']}<" not in page
        for site in service["sites"]:
            assert site["name"] not in page
    assert "Single points" not in page
    assert '"lon": ""' in page
    assert "Harnett" in page


def test_the_view_is_that_of_the_counties_whatever_the_service() -> None:
    from adequacy.outputs.report import report_scene

    with adequacy.demo_network() as net:
        two = net.overview(services=["saiop", "actt"])
    bounds = {report_scene(two, service, "leadership").bounds for service in two["services"]}
    assert len(bounds) == 1


def test_the_fixed_line_says_that_it_is_not_the_states_standard(overview) -> None:
    for audience in ("leadership", "public"):
        page = report_page(overview, audience)
        assert "30-mile test. It is not the State&#x27;s adequacy standard." in page
        assert "too close to call" not in page.lower()


def test_changes_against_an_earlier_network_are_listed(overview) -> None:
    before = copy.deepcopy(overview)
    service = before["services"][0]
    service["counties"][0]["within"] -= 100
    service["counties"][0]["beyond"] += 100
    page = report_page(overview, before=before)
    assert "+100" in page
    assert "Nothing changed" in report_page(overview, before=overview)


def test_hostile_names_in_a_report_stay_text(overview) -> None:
    attacked = copy.deepcopy(overview)
    for service, text in zip(attacked["services"], ATTACKS, strict=False):
        service["name"] = text
        for site in [*service["sites"], *service["sole"]]:
            site.update(name=text, city=text, provider=text, phone=text)
    page = report_page(attacked)
    assert "window.hit" not in page.replace("&lt;", "").split("<main>")[0].split("</style>")[-1] or "&lt;" in page
    assert page.count("<script>") == report_page(overview).count("<script>")
    assert "<img src=x" not in page


def test_the_worst_comes_first_and_shares_are_honest(overview) -> None:
    order = [sum(row["beyond"] for row in service["counties"]) for service in worst_first(overview)]
    assert order == sorted(order, reverse=True)
    assert share_of({"within": 0, "people": 0}) == 0.0


def test_request_counts_hide_small_numbers() -> None:
    stats = {
        "requests": 60, "answered": 55, "on_time": 51,
        "gaps": [{"service_key": "mst", "county_fips": "37085", "requests": 2},
                 {"service_key": "saiop", "county_fips": "37085", "requests": 30}],
    }  # fmt: skip
    text = "".join(request_tables(stats, {"mst": "Multisystemic Therapy"}, 10))
    cells = [part.split("<")[0] for part in text.split('<td class="num">')[1:]]
    assert cells == ["—", "—", "—", "60", "—", "—", "32"]
    assert "Multisystemic Therapy" in text


def test_the_command_writes_report_and_picture(run, tmp_path: Path) -> None:
    out, png = tmp_path / "r.html", tmp_path / "r.png"
    ran = run("report", "--out", str(out), "--png", str(png), "--services", "psr", "--counties", "Harnett")
    assert (ran.code, ran.err) == (0, f"Written: {out}, {png}\n")
    assert "Psychosocial" in out.read_text(encoding="utf-8")
    assert png.read_bytes()[:4] == b"\x89PNG"
    assert b"tEXt" not in png.read_bytes()
    assert "no such reader" in run("report", "--out", str(out), "--profile", "case").refused(2)
    assert "cannot be written" in run(
        "report", "--out", str(tmp_path / "no" / "r.html"), "--services", "psr", "--counties", "Harnett"
    ).refused(3)


@pytest.mark.parametrize(
    ("option", "name", "says"),
    [
        ("--out", "r.pdf", r"writes a web page\. End its name in \.html, and add --pdf .*r\.pdf for that kind"),
        ("--out", "r.png", "add --png"),
        ("--out", "r.xlsx", "add --xlsx"),
        ("--out", "r", r"End its name in \.html\."),
        ("--pdf", "r.html", r"writes a \.pdf file.*add --out"),
        ("--eml", "r.msg", r"End its name in \.eml\."),
        ("--png", "r.jpg", r"End its name in \.png\."),
        ("--xlsx", "r.csv", r"End its name in \.xlsx\."),
    ],
)
def test_a_file_that_would_not_open_is_refused_before_anything_is_measured(run, tmp_path, option, name, says) -> None:
    asked = ["report", "--network", "no-such.gpkg", option, str(tmp_path / name)]
    asked += [] if option == "--out" else ["--out", str(tmp_path / "whole.html")]
    assert re.search(says, run(*asked).refused(2))
    assert list(tmp_path.iterdir()) == []


def test_a_page_written_from_python_is_not_written_under_another_kinds_name(overview, tmp_path) -> None:
    with pytest.raises(UsageError, match=r"End it in \.html"):
        write_report(overview, tmp_path / "r.pdf")
    with adequacy.demo_network() as net, pytest.raises(UsageError, match=r"End it in \.html"):
        net.check("saiop", zip5="27546").map().save(tmp_path / "map.png")


def test_lists_that_stop_early_say_of_how_many_and_where_the_rest_is() -> None:
    many = make_overview(zips=75, sole=61)
    page = " ".join(report_page(many, workbook="lists & more.xlsx").split())
    assert "ZIP areas with most people beyond 30 miles (the first 60 of 75)" in page
    assert "All 75 areas, with each of their services: workbook lists &amp; more.xlsx." in page
    assert "some people (the first 60 of 61)" in page
    assert "All 61 rows: workbook lists &amp; more.xlsx." in page
    assert "the workbook that adequacy report --xlsx FILE writes" in report_page(many)
    few = report_page(make_overview(zips=3, sole=2))
    assert "beyond 30 miles (3)" in few
    assert "workbook" not in few.split("All 2 sites")[0]


def test_the_workbook_holds_every_row_that_the_page_leaves_out() -> None:
    sheets = sheets_of(report_workbook(make_overview(zips=75, sole=61)))
    assert {name: len(rows) - 1 for name, rows in sheets.items() if name != "README"} == {
        "coverage_services": 1, "coverage_counties": 1, "coverage_zips": 75, "coverage_only_site": 61,
        "coverage_sites": 61,
    }  # fmt: skip
    assert set(sheets_of(report_workbook(make_overview(zips=75, sole=61), "public"))) == {
        "README", "coverage_services", "coverage_counties",
    }  # fmt: skip


def test_every_site_stands_in_the_page_up_to_two_thousand_and_above_it_by_county() -> None:
    page = report_page(make_overview(zips=1, sole=2000))
    assert page.count("<td>Lillington</td>") == 2000
    above = report_page(make_overview(zips=1, sole=2001))
    assert "<td>Lillington</td>" not in above
    assert "2,001 sites count: too many for a page." in above
    assert '<th scope="row">Harnett</th><td class="num">2,001</td>' in above


def make_overview(zips: int, sole: int) -> dict[str, Any]:
    """An overview of one service in Harnett County, with so many ZIP areas and sole sites."""
    site = {"provider": "P", "city": "Lillington", "county_fips": "37085", "phone": "", "lon": -78.8, "lat": 35.4}
    sites = [site | {"site_id": f"s{n}", "name": f"Site {n}"} for n in range(sole)]
    people = {"people": 1000, "within": 400, "undetermined": 0, "beyond": 600}
    county = {"county_fips": "37085", "county": "Harnett"}
    areas = [county | people | {"zcta": f"{27000 + n}"} for n in range(zips)]
    return {
        "schema": "adequacy.overview/1", "plan": "Plan", "as_of": "2026-11-01", "small_cell_max": 10, "data": {},
        "standard": {"id": "x", "limit_mi": 30.0, "source": "s", "source_reviewed": ""},
        "network": {"name": "n", "roster_date": "2026-11-01", "sha256": "0" * 64, "is_demo": False, "defaults": []},
        "policy": {"sha256": "0" * 64, "overridden": []}, "counties": [county | {"people": 1000}],
        "services": [{"service": "psr", "name": "Psychosocial", "mode": "site", "providers": 1, "sites": sites,
                      "counties": [county | people | {"providers": 1}], "zips": areas,
                      "sole": [each | {"people": 5000 - n} for n, each in enumerate(sites)]}],
    }  # fmt: skip


def sheets_of(content: bytes) -> dict[str, list[list[Any]]]:
    """Rows of every sheet, as a spreadsheet program reads them."""
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def test_the_day_decides_which_counties_the_plan_serves() -> None:
    with adequacy.demo_network() as net:
        assert "37085" not in net.policy.counties(date(2023, 6, 1))
        assert "Harnett" not in [
            row["county"] for row in net.overview(services=["psr"], as_of="2023-06-01")["counties"]
        ]


def test_the_draft_is_unsent_unaddressed_whole_and_the_same_every_time(overview) -> None:
    page = report_page(overview)
    raw = draft(overview, page)
    message: Any = message_from_bytes(raw, policy=SMTP)
    assert message["X-Unsent"] == "1"
    assert [message[name] for name in ("From", "To", "Date")] == [None, None, None]
    kinds = [part.get_content_type() for part in message.walk() if not part.is_multipart()]
    xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    assert kinds == ["text/plain", "text/html", "image/png", "text/html", "application/pdf", xlsx]
    assert draft(overview, page) == raw
    attached = {part.get_filename(): part for part in message.iter_attachments()}
    assert attached["coverage-leadership-2026-11-01.html"].get_payload(decode=True) == page.encode("utf-8")
    body = message.get_body(("html",)).get_content()
    assert 'src="cid:map@adequacy"' in body
    assert "http" not in body
    assert "not the State" in message.get_body(("plain",)).get_content()


def test_a_hostile_name_in_a_draft_stays_text(overview) -> None:
    attacked = copy.deepcopy(overview)
    attacked["plan"] = "Plan\r\nBcc: thief@example.org"
    for service in attacked["services"]:
        service["name"] = "<img src=x onerror=window.hit=1>"
    message: Any = message_from_bytes(draft(attacked, "page"), policy=SMTP)
    assert message["Bcc"] is None
    assert "<img src=x" not in message.get_body(("html",)).get_content()


def test_the_pdf_is_tagged_and_titled_and_loads_nothing(overview, tmp_path) -> None:
    (tmp_path / "r.pdf").write_bytes(report_pdf(report_page(overview)))
    if shutil.which("pdfinfo") is None and os.environ.get("ADEQUACY_CI") != "1":
        pytest.skip("pdfinfo (poppler-utils) is not installed")
    said = subprocess.run(["pdfinfo", tmp_path / "r.pdf"], capture_output=True, text=True, check=True).stdout
    assert re.search(r"Tagged: +yes", said)
    assert re.search(r"Title: +Alliance Health: who can reach care", said)
    assert re.search(r"Page size: +612 x 792", said)
    from weasyprint.urls import FatalURLFetchingError

    with pytest.raises(FatalURLFetchingError, match=r"tiles\.example\.org"):
        report_pdf('<img src="https://tiles.example.org/1.png" alt="">')


def test_a_scheme_and_members_stand_in_the_report_without_a_consumers_value(run, tmp_path) -> None:
    from adequacy.reference import write_demo

    write_demo(tmp_path / "demo")
    members = tmp_path / "demo" / "members.csv"
    out = tmp_path / "report.html"
    asked = ("report", "--profile", "leadership", "--services", "saiop,php_partial", "--out", str(out))
    assert run(*asked, "--scheme", "nc_tailored_plan", "--members", str(members)).code == 0
    page = out.read_text(encoding="utf-8")
    assert "Counties where not measured" in page
    assert "Against NC Behavioral Health" in page
    first = next(csv.DictReader(io.StringIO(members.read_text(encoding="utf-8"))))
    told = {name: value for name, value in first.items() if name not in ("city", "state", "zip5", "county_fips")}
    assert not any(value and value in page for value in told.values())
    assert "names no consumer and no consumer&#x27;s place" in page


def test_the_foot_of_a_sheet_cannot_end_its_own_string() -> None:
    page = page_html(Page("A title", Html("<p>x</p>"), "public", foot='Plan "A" \\ </style><script>alert(1)</script>'))
    foot = re.search(r'@bottom-left { content: "([^"]*)"', page)
    assert foot is not None
    assert "alert(1)" not in page
    assert re.sub(r"\\([0-9a-f]{6})", lambda found: chr(int(found[1], 16)), foot[1]).startswith('Plan "A" \\ </style>')
