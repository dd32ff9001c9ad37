"""``batch --roads`` adds the drive to the nearest counted site by road, and changes no finding; the map draws it."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import adequacy as aq
from adequacy.outputs.case_scene import case_scene
from adequacy.outputs.maps import case_page

from .conftest import OSM

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from adequacy.roads import RoadNetwork, RoadRules

AS_OF = "2026-11-01"
SITES = {"North": (-83.00, 40.00), "Downtown": (-82.998, 39.961)}
OFF_ROADS = (-83.30, 39.96)
HOMES = [(-82.99, 39.96), (-82.985, 39.97), (-83.00, 39.965), OFF_ROADS]


@pytest.fixture(scope="session")
def columbus(tmp_path_factory: pytest.TempPathFactory, rules: RoadRules) -> str:
    out = tmp_path_factory.mktemp("batch") / "columbus.roads"
    aq.build_roads(OSM / "columbus.osm.pbf", out, rules=rules)
    return str(out)


@pytest.fixture
def network_of(tmp_path: Path, run: Callable[..., Any]) -> Callable[[dict[str, tuple[float, float]]], str]:
    """A network file of some sites, all contracted for one service."""

    def make(sites: dict[str, tuple[float, float]]) -> str:
        with (tmp_path / "roster.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(
                ["provider_name", "service", "lon", "lat", "contract_status", "credential_status", "nctracks_status"]
            )
            writer.writerows([name, "saiop", *at, "active", "approved", "active"] for name, at in sites.items())
        files = (str(tmp_path / "roster.csv"), "--out", str(tmp_path / "n.gpkg"))
        assert run("network", "build", *files, "--roster-date", AS_OF).code == 0
        return str(tmp_path / "n.gpkg")

    return make


def _rows(
    run: Callable[..., Any], tmp_path: Path, network: str, *more: str, homes: Any = HOMES
) -> list[dict[str, str]]:
    with (tmp_path / "in.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "service", "zip", "lon", "lat"])
        writer.writerows([i, "saiop", "", *home] for i, home in enumerate(homes))
        writer.writerows(
            [["zip", "saiop", "43215", "", ""], ["none", "mst", "43215", "", ""], ["bad", "saiop", "4", "", ""]]
        )
    out = str(tmp_path / "out.csv")
    ran = run("batch", str(tmp_path / "in.csv"), "--out", out, "--network", network, "--as-of", AS_OF, *more)
    assert ran.code == 0, ran.err
    assert ("OpenStreetMap contributors, ODbL" in ran.err) == bool(more)
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_batch_with_roads_adds_the_drive_and_changes_nothing_else(
    run: Callable[..., Any],
    tmp_path: Path,
    network_of: Callable[..., str],
    columbus: str,
    city: Callable[[str], RoadNetwork],
) -> None:
    network = network_of(SITES)
    plain = _rows(run, tmp_path, network)
    rows = _rows(run, tmp_path, network, "--roads", columbus)
    added = [{name: row.pop(name) for name in ("drive_mi", "drive_min", "drive_reason")} for row in rows]
    assert rows == plain
    site_lon, site_lat = np.array(list(SITES.values())).T
    drives = city("columbus").pairs(*np.array(HOMES[:3]).T[:, :, None], site_lon, site_lat)
    for i, extra in enumerate(added[:3]):
        assert extra["drive_reason"] == ""
        assert float(extra["drive_mi"]) == pytest.approx(drives.drive_mi[i].min(), rel=1e-9)
        assert float(extra["drive_min"]) == pytest.approx(drives.drive_min[i].min(), rel=1e-9)
        assert float(extra["drive_mi"]) >= float(rows[i]["nearest_mi"])
    assert [extra["drive_reason"] for extra in added[3:]] == ["home_outside_roads", "", "no_site_counts", ""]
    assert added[4]["drive_mi"] != ""
    assert all(extra["drive_mi"] == extra["drive_min"] == "" for extra in (added[3], added[5], added[6]))
    assert rows[6]["error"] != ""


def test_a_site_off_the_streets_that_may_be_nearer_leaves_the_drive_unmeasured(
    run: Callable[..., Any], tmp_path: Path, network_of: Callable[..., str], columbus: str
) -> None:
    network = network_of({"East": (-82.94, 39.96), "Beyond the edge": (-83.20, 39.96)})
    homes = [(-83.04, 39.96), (-82.96, 39.96)]
    west, east, *_ = _rows(run, tmp_path, network, "--roads", columbus, homes=homes)
    assert (west["drive_mi"], west["drive_min"]) != ("", "")
    network = network_of({"East": (-82.86, 39.96), "Beyond the edge": (-83.20, 39.96)})
    west, *_ = _rows(run, tmp_path, network, "--roads", columbus, homes=homes)
    assert (west["drive_mi"], west["drive_min"]) == ("", "")
    assert west["drive_reason"] == "site_off_roads_may_be_nearer"
    assert (east["drive_reason"], east["drive_mi"] != "") == ("", True)


def test_the_map_draws_the_outline_by_road_with_its_legend_and_notice(
    network_of: Callable[..., str], columbus: str
) -> None:
    with aq.open_network(network_of(SITES)) as net:
        answer = net.check("saiop", lon=-82.99, lat=39.96, as_of=AS_OF, limit_mi=4.0)
        plain = case_page(answer.to_dict())
        drawn = answer.add_roads(columbus, outline=True).to_dict()
        away = net.check("saiop", lon=OFF_ROADS[0], lat=OFF_ROADS[1], as_of=AS_OF).add_roads(columbus, outline=True)
    shapes = {shape.kind: shape.geometry for shape in case_scene(drawn).shapes}
    assert shapes["reach"].covers(shapes["road"])
    page = case_page(drawn)
    assert "By road: within 4 miles" in page
    assert "OpenStreetMap contributors, ODbL" in page
    assert "By road" not in plain
    assert "OpenStreetMap" not in plain
    assert "road" not in {shape.kind for shape in case_scene(away.to_dict()).shapes}
    assert "no outline by road is drawn" in case_page(away.to_dict())
