"""Standards that speak of minutes, decided by road: against every pair of home and site, one by one."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import adequacy as aq
from adequacy.compliance.by_road import RoadLimits, Streets
from adequacy.compliance.judging import Area, judge
from adequacy.compliance.people import as_people
from adequacy.compliance.small_cells import hide_small
from adequacy.compliance.supply import Supply
from adequacy.distance import miles
from tests.offerings import offering

from .conftest import OSM

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from adequacy.roads import RoadNetwork, RoadRules

OFF_ROADS = (-83.30, 39.96)
COUNTIES = ("37183", "37085")


def _places(count: int, seed: int) -> np.ndarray[Any, Any]:
    """Places in the built-up middle of the extract."""
    return np.random.default_rng(seed).uniform((-83.02, 39.945), (-82.97, 39.985), (count, 2))


def _people() -> pd.DataFrame:
    places = np.vstack([_places(30, 1), [OFF_ROADS]])
    places[5] = places[4]
    return pd.DataFrame(
        {
            "lon": places[:, 0],
            "lat": places[:, 1],
            "people": [0, *range(1, 31)],
            "county_fips": [COUNTIES[i % 2] for i in range(31)],
            "age": [9.0, 40.0, math.nan] * 10 + [40.0],
        }
    )


def _supply(*, travels: bool, off: bool) -> Supply:
    offerings = [
        offering(
            site_id=f"S{i}",
            provider_id=f"P{i % 4}",
            lon=lon,
            lat=lat,
            uncertainty_mi=0.8 if i == 3 else 0.0,
            counties_served=COUNTIES[0] if i % 3 == 0 else "",
            ages_min=18 if i % 5 == 0 else None,
        )
        for i, (lon, lat) in enumerate(_places(9, 2).tolist())
    ]
    if off:
        offerings.append(offering(site_id="off", provider_id="P9", lon=OFF_ROADS[0] + 0.02, lat=OFF_ROADS[1]))
    return Supply(offerings, travels, [], 0)


@pytest.mark.parametrize(
    ("limit_mi", "limit_min", "both", "travels", "off"),
    [(1.5, 4.0, False, False, True), (2.5, 5.0, True, True, False), (2.0, math.nan, False, False, False)],
)
def test_who_reaches_whom_by_road_equals_every_pair_one_by_one(
    city: Callable[[str], RoadNetwork], limit_mi: float, limit_min: float, both: bool, travels: bool, off: bool
) -> None:
    network = city("columbus")
    frame, supply = _people(), _supply(travels=travels, off=off)
    people, size = as_people(frame), len(frame)
    limits = RoadLimits(np.full(size, limit_mi), np.full(size, limit_min), both)
    found = Streets(network, people).reach(supply, np.arange(size), limits, counts="agency", cap=3)
    direction = "site_to_home" if travels else "home_to_site"
    join = all if both else any
    near: set[tuple[str, int]] = set()
    for i, person in enumerate(frame.itertuples()):
        sure, perhaps = set(), set()
        for number, each in enumerate(supply.offerings):
            if travels and each.counties_served and person.county_fips not in each.counties_served:
                continue
            if not math.isnan(person.age) and person.age < (each.ages_min or 0):
                continue
            drive = network.pairs(person.lon, person.lat, each.lon, each.lat, direction=direction)  # type: ignore[arg-type]
            line = max(0.0, miles(person.lon, person.lat, each.lon, each.lat) - each.uncertainty_mi)
            known = not drive.reason[0] and not each.uncertainty_mi
            far = (drive.drive_mi[0], drive.drive_min[0]) if known else (line, line / network.fastest_mph * 60)
            asked = [(away, most) for away, most in zip(far, (limit_mi, limit_min), strict=True) if most == most]
            if join(away <= most for away, most in asked):
                perhaps.add(each.provider_id)
                if known:
                    sure.add(each.provider_id)
                    near |= {(person.county_fips, number)} if person.people else set()
        assert (found.reach.sure[i], found.reach.perhaps[i]) == (min(3, len(sure)), min(3, len(perhaps)))
        assert (found.reach.sole[i] >= 0) == (len(sure) == 1)
        assert len(sure) != 1 or supply.agency_ids[found.reach.sole[i]] in sure
        assert found.off_roads[i] == bool(network.snap(person.lon, person.lat).reason[0])  # type: ignore[arg-type]
    assert 0 < found.off_roads.sum() < size / 2
    assert near == {(people.counties[c], int(k)) for c, k in zip(*np.nonzero(found.sure), strict=True)}
    assert not (found.sure & ~found.perhaps).any()
    assert found.reach.sure.max() >= 2 > found.reach.sure.min()
    assert both or (found.reach.perhaps > found.reach.sure).any()


def test_pairs_within_are_those_of_the_lists(city: Callable[[str], RoadNetwork]) -> None:
    network = city("columbus")
    home, site = _places(25, 3), _places(12, 4)
    drives = network.pairs(home[:, :1], home[:, 1:], site[:, 0], site[:, 1])
    at = (network.snap(*home.T), network.snap(*site.T))
    by_mi, by_min = drives.drive_mi <= 2.0, drives.drive_min <= 4.0
    for asked, expected in (
        ({"limit_mi": 2.0}, by_mi),
        ({"limit_min": 4.0}, by_min),
        ({"limit_mi": 2.0, "limit_min": 4.0}, by_mi | by_min),
        ({"limit_mi": 2.0, "limit_min": 4.0, "both": True}, by_mi & by_min),
    ):
        pairs = network.within(*at, **asked)  # type: ignore[arg-type]
        assert np.array_equal(np.stack(pairs), np.stack(np.nonzero(expected))), asked


_AREA = Area("miles_or_minutes", people=100, sure=96, perhaps=96, required_pct=95, choice=2, agencies=5, by_road=True)


@pytest.mark.parametrize("measure", ["miles_or_minutes", "miles_and_minutes"])
@pytest.mark.parametrize(
    ("change", "met"),
    [
        ({}, "yes"),
        ({"sure": 94, "perhaps": 94}, "no"),
        ({"sure": 94, "perhaps": 95}, "not_measured"),
        ({"agencies": 1}, "no"),
        ({"needed": 2, "providers": 2, "providers_perhaps": 2}, "yes"),
        ({"needed": 2, "providers": 1, "providers_perhaps": 1}, "no"),
        ({"needed": 2, "providers": 1, "providers_perhaps": 2}, "not_measured"),
        ({"number_unknown": True}, "not_measured"),
        ({"people": 0}, "not_measured"),
    ],
)
def test_by_road_a_standard_of_minutes_is_decided(measure: str, change: dict[str, Any], met: str) -> None:
    assert judge(replace(_AREA, measure=measure, **change)).met == met


@pytest.fixture(scope="session")
def columbus(tmp_path_factory: pytest.TempPathFactory, rules: RoadRules) -> str:
    out = tmp_path_factory.mktemp("measure") / "columbus.roads"
    aq.build_roads(OSM / "columbus.osm.pbf", out, rules=rules)
    return str(out)


@pytest.fixture
def network(tmp_path: Path, run: Callable[..., Any]) -> str:
    """Two agencies on the streets of the extract, for one service."""
    with (tmp_path / "roster.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            ["provider_name", "service", "lon", "lat", "contract_status", "credential_status", "nctracks_status"]
        )
        for name, lon, lat in (("North", -83.00, 40.00), ("Downtown", -82.998, 39.961)):
            writer.writerow([name, "saiop", lon, lat, "active", "approved", "active"])
    files = (str(tmp_path / "roster.csv"), "--out", str(tmp_path / "n.gpkg"))
    built = run("network", "build", *files, "--roster-date", "2026-11-01")
    assert built.code == 0, built.err
    return str(tmp_path / "n.gpkg")


def test_measure_decides_by_road_and_counts_people_off_the_streets(network: str, columbus: str) -> None:
    people = pd.DataFrame(
        {
            "lon": [-82.99, -83.00, -82.99, OFF_ROADS[0]],
            "lat": [39.96, 39.97, 39.96, OFF_ROADS[1]],
            "people": [90, 10, 60, 40],
            "county_fips": ["37183", "37183", "37085", "37085"],
        }
    )
    with aq.open_network(network) as net:
        asked: dict[str, Any] = {"scheme": "nc_tailored_plan", "people": people, "services": ["saiop"]}
        plain = aq.measure(net, **asked).by_county
        out = aq.measure(net, roads=columbus, **asked)
    rows = out.by_county[out.by_county["measure"] == "miles_or_minutes"].set_index("county_fips")
    assert len(rows) == 2
    assert rows["met"].to_dict() == {"37183": "yes", "37085": "not_measured"}
    assert rows["people_off_roads"].to_dict() == {"37183": 0, "37085": 40}
    assert rows["people_within"].to_dict() == {"37183": 100, "37085": 60}
    assert rows.loc["37085", "people_perhaps_within"] == 100
    assert plain["people_off_roads"].isna().all()
    about = dict(out.about)
    assert "OpenStreetMap contributors" in about["Streets' licence"]
    assert "columbus" in about["Streets"]


def test_the_workbook_says_which_streets_measured(
    run: Callable[..., Any], network: str, columbus: str, tmp_path: Path
) -> None:
    import openpyxl

    ran = run(
        "measure", "--scheme", "nc_tailored_plan", "--counties", "Wake", "--services", "saiop", "--network", network,
        "--as-of", "2026-11-01", "--roads", columbus, "--out", str(tmp_path / "out.xlsx"),
    )  # fmt: skip
    assert ran.code == 0, ran.err
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    words = " ".join(str(cell.value) for row in book["README"].iter_rows() for cell in row if cell.value)
    assert "ODbL" in words
    assert "columbus" in words
    head, row = ([cell.value for cell in cells] for cells in list(book["by_county"].iter_rows())[:2])
    county = dict(zip(head, row, strict=True))
    assert county["people_off_roads"] == county["people"] == county["people_beyond"]


def test_a_measure_with_a_bad_roads_file_is_one_line_and_exit_3(
    run: Callable[..., Any], network: str, tmp_path: Path
) -> None:
    ran = run(
        "measure", "--scheme", "nc_tailored_plan", "--counties", "Wake", "--network", network, "--as-of", "2026-11-01",
        "--roads", str(tmp_path / "no.roads"), "--out", str(tmp_path / "out.xlsx"),
    )  # fmt: skip
    assert "roads build" in ran.refused(3)
    assert not (tmp_path / "out.xlsx").exists()


def test_few_members_off_the_streets_are_hidden() -> None:
    row = {
        "county_fips": "1", "service": "s", "standard": "t", "ages": "all", "people": 100, "people_within": 60,
        "people_beyond": 40, "people_short": 35, "people_off_roads": 4, "people_perhaps_within": 64,
    }  # fmt: skip
    (hidden,) = hide_small({"by_county": [row]}, 10)["by_county"]
    assert hidden["people_off_roads"] is hidden["people_perhaps_within"] is None
    assert hidden["suppressed"] == "Y"
