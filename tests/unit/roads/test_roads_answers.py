"""Drives as an extra on an answer: every listed site has them, and the finding never changes."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest

import adequacy as aq
from adequacy.errors import NetworkFileError

from .conftest import OSM

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from adequacy.roads import RoadNetwork, RoadRules

HOME = (-82.99, 39.96)
SITES = {
    "North": (-83.00, 40.00),
    "Downtown": (-82.998, 39.961),
    "Beyond the streets": (-83.30, 39.96),
}
AS_OF = "2026-11-01"


@pytest.fixture
def network(tmp_path: Path, run: Callable[..., Any]) -> str:
    """Three sites in and near Columbus, contracted for one service."""
    roster = tmp_path / "roster.csv"
    columns = [
        "provider_name",
        "site_name",
        "service",
        "lon",
        "lat",
        "contract_status",
        "credential_status",
        "nctracks_status",
    ]
    with roster.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for name, (lon, lat) in SITES.items():
            writer.writerow([f"Provider {name}", name, "saiop", lon, lat, "active", "approved", "active"])
    built = run("network", "build", str(roster), "--out", str(tmp_path / "n.gpkg"), "--roster-date", AS_OF)
    assert built.code == 0, built.err
    return str(tmp_path / "n.gpkg")


@pytest.fixture(scope="session")
def columbus(tmp_path_factory: pytest.TempPathFactory, rules: RoadRules) -> str:
    out = tmp_path_factory.mktemp("answers") / "columbus.roads"
    aq.build_roads(OSM / "columbus.osm.pbf", out, rules=rules)
    return str(out)


def _ask(run: Callable[..., Any], network: str, *more: str) -> str:
    place = ("--point", f"{HOME[1]},{HOME[0]}")
    ran = run("check", "--service", "saiop", *place, "--network", network, "--as-of", AS_OF, *more)
    assert ran.code == 0, ran.err
    return str(ran.out)


def test_check_with_roads_adds_the_drive_to_every_listed_site_and_changes_nothing_else(
    run: Callable[..., Any], network: str, columbus: str, city: Callable[[str], RoadNetwork]
) -> None:
    plain = json.loads(_ask(run, network, "--format", "json"))
    with_roads = json.loads(_ask(run, network, "--format", "json", "--roads", columbus))
    drives = city("columbus").pairs(*HOME, *zip(*SITES.values(), strict=True))
    expected = dict(zip(SITES, zip(drives.drive_mi, drives.drive_min, drives.reason, strict=True), strict=True))
    assert len(with_roads["sites"]) == 3
    for site in with_roads["sites"]:
        drive_mi, drive_min, reason = expected[site["name"]]
        assert site.pop("drive_reason") == reason
        got = (site.pop("drive_mi"), site.pop("drive_min"))
        assert got == ((None, None) if reason else pytest.approx((drive_mi, drive_min), rel=1e-12))
        assert reason or drive_mi >= site["distance_mi"]
    assert with_roads.pop("roads")["from"] == "place"
    assert with_roads == plain


def test_a_site_that_is_not_on_the_streets_is_not_measured_never_a_number(
    run: Callable[..., Any], network: str, columbus: str
) -> None:
    sites = json.loads(_ask(run, network, "--format", "json", "--roads", columbus))["sites"]
    (beyond,) = (site for site in sites if site["name"] == "Beyond the streets")
    assert (beyond["drive_mi"], beyond["drive_min"], beyond["drive_reason"]) == (None, None, "site_outside_roads")


def test_the_page_says_drives_are_an_extra_and_whose_streets_they_are(
    run: Callable[..., Any], network: str, columbus: str
) -> None:
    page = _ask(run, network, "--roads", columbus)
    assert max(map(len, page.splitlines())) <= 80
    assert page.count("by road") == 3
    assert "by road: not measured" in page
    flat = " ".join(page.split())
    assert "the finding is that of the straight-line rule" in flat
    assert "OpenStreetMap contributors" in flat
    assert "by road" not in _ask(run, network)


def test_csv_and_geojson_carry_the_drives(run: Callable[..., Any], network: str, columbus: str) -> None:
    rows = list(csv.DictReader(io.StringIO(_ask(run, network, "--format", "csv", "--roads", columbus))))
    assert [row["drive_reason"] for row in rows] == ["", "", "site_outside_roads"]
    assert float(rows[0]["drive_mi"]) > 0
    document = json.loads(_ask(run, network, "--format", "geojson", "--roads", columbus))
    assert "ODbL" in document["adequacy"]["roads"]["licence"]
    assert all("drive_min" in feature["properties"] for feature in document["features"])
    assert "drive_mi" not in _ask(run, network, "--format", "csv")


def test_from_python_by_file_or_open_network_and_in_either_direction(network: str, columbus: str) -> None:
    opened = aq.open_roads(columbus)
    with aq.open_network(network) as net:
        there = net.check("saiop", lon=HOME[0], lat=HOME[1], as_of=AS_OF).add_roads(opened).sites
        same = net.check("saiop", lon=HOME[0], lat=HOME[1], as_of=AS_OF).add_roads(columbus).sites
        back = net.check("saiop", lon=HOME[0], lat=HOME[1], as_of=AS_OF).add_roads(opened, direction="site_to_home")
    assert there.drive_mi.equals(same.drive_mi)
    assert not there.drive_mi.equals(back.sites.drive_mi)
    assert back.to_dict()["roads"]["direction"] == "site_to_home"


def test_a_zip_is_measured_from_the_point_that_stands_for_it_and_says_so(
    run: Callable[..., Any], network: str, columbus: str
) -> None:
    where = ("check", "--service", "saiop", "--zip", "43215", "--network", network, "--as-of", AS_OF)
    ran = run(*where, "--roads", columbus, "--format", "json")
    assert json.loads(ran.out)["roads"]["from"] == "centre_of_place"
    assert "not the consumer's home" in " ".join(run(*where, "--roads", columbus).out.split())


def test_a_bad_roads_file_is_one_line_and_exit_3(run: Callable[..., Any], network: str, tmp_path: Path) -> None:
    place = ("--point", f"{HOME[1]},{HOME[0]}")
    line = run(
        "check", "--service", "saiop", *place, "--network", network, "--roads", str(tmp_path / "no.roads")
    ).refused(3)
    assert "roads build" in line
    assert str(HOME[0]) not in line
    with aq.open_network(network) as net, pytest.raises(NetworkFileError):
        net.check("saiop", lon=HOME[0], lat=HOME[1], as_of=AS_OF).add_roads(tmp_path / "no.roads")


def test_the_provider_list_says_drive_miles_in_bands_beside_the_miles_never_in_their_place(
    run: Callable[..., Any], network: str, columbus: str, tmp_path: Path
) -> None:
    _ask(run, network, "--roads", columbus, "--list", str(tmp_path / "list.csv"))
    _ask(run, network, "--list", str(tmp_path / "plain.csv"))
    text = (tmp_path / "list.csv").read_text(encoding="utf-8-sig")
    plain = (tmp_path / "plain.csv").read_text(encoding="utf-8-sig")
    assert text.count("by road 0-10 miles") == 2
    assert "OpenStreetMap contributors" in text
    assert "by road" not in plain
    assert text.count("0-10") - text.count("by road 0-10") == plain.count("0-10")


def test_the_outline_by_road_lies_within_the_circle_of_the_rule(network: str, columbus: str) -> None:
    import shapely

    from adequacy.distance import catchment

    with aq.open_network(network) as net:
        answer = net.check("saiop", lon=HOME[0], lat=HOME[1], as_of=AS_OF, limit_mi=4.0)
    assert "catchment" not in answer.add_roads(columbus).to_dict()["roads"]
    area = shapely.geometry.shape(answer.add_roads(columbus, outline=True).to_dict()["roads"]["catchment"])
    assert area.is_valid
    assert shapely.Polygon(catchment(*HOME, 4.0)).contains(area)
    assert area.contains(shapely.Point(HOME))
    json.dumps(answer.to_dict())


def test_a_place_off_the_streets_has_no_outline(network: str, columbus: str) -> None:
    with aq.open_network(network) as net:
        answer = net.check("saiop", lon=-83.30, lat=39.96, as_of=AS_OF).add_roads(columbus, outline=True).to_dict()
    assert answer["roads"]["catchment"] is None
    assert {site["drive_reason"] for site in answer["sites"]} == {"home_outside_roads"}
