"""reference/: ZIP Codes, areas, people, counties, from the shipped file."""

from __future__ import annotations

import math
import pickle
import random
import sqlite3
import subprocess
import sys
from array import array
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely

from adequacy import reference
from adequacy.errors import InputError
from adequacy.reference import _counties, _packing, _slabs, _store

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("zcta", "people", "county"),
    [
        ("27701", 25_208, "37063"),
        ("27601", 9_965, "37183"),
        ("28202", 16_447, "37119"),
        ("28301", 17_670, "37051"),
        ("27546", 20_637, "37085"),
        ("27577", 24_972, "37101"),
        ("27960", 797, "37095"),
    ],
)
def test_known_areas_have_their_people_and_county(zcta: str, people: int, county: str) -> None:
    area = reference.find_area(zcta)
    assert area is not None
    assert (area.pop2020, area.county_fips, area.state) == (people, county, "NC")


def test_the_internal_point_of_27701_is_the_gazetteers() -> None:
    area = reference.find_area("27701")
    assert area is not None
    assert (area.lat, area.lon) == (35.999240, -78.897944)


def test_ocracoke_is_placed_at_its_village_not_in_the_sound() -> None:
    area = reference.find_area("27960")
    assert area is not None
    assert not area.point_inside
    assert area.reference_point == pytest.approx((-75.9780, 35.1123), abs=5e-5)


def test_six_areas_of_the_state_have_their_internal_point_outside() -> None:
    outside = [zcta for zcta in reference.areas("NC") if not _area(zcta).point_inside]
    assert outside == ["27927", "27943", "27960", "27964", "28594", "28770"]


def test_an_area_without_block_groups_is_placed_at_its_internal_point() -> None:
    lone = [area for area in map(_area, reference.areas("NC")) if area.popw_lon is None]
    assert len(lone) == 128
    assert all(area.reference_point == (area.lon, area.lat) for area in lone)
    assert all(reference.blocks_of(area.zcta) == [] for area in lone)


def test_a_zip_that_is_an_area_is_its_own() -> None:
    assert reference.find_zip("27546") == reference.ZipCode("27546", "27546", "same", "ZIP Code area", "NC")


@pytest.mark.parametrize(("zip5", "zcta"), [("27710", "27705"), ("28232", "28280")])
def test_a_mailing_zip_maps_to_the_area_it_lies_in(zip5: str, zcta: str) -> None:
    found = reference.find_zip(zip5)
    assert found is not None
    assert (found.zcta, found.how) == (zcta, "uds2015")
    assert reference.find_area(zip5) is None


@pytest.mark.parametrize(
    "text", ["00000", "99999", "", "2754", "27546-1234", "abcde", "'; DROP TABLE zip; --", "２７５４６"]
)
def test_an_unknown_zip_is_none_whatever_it_holds(text: str) -> None:
    assert reference.find_zip(text) is None
    assert reference.find_area(text) is None
    assert reference.find_county(text) is None
    assert reference.blocks_of(text) == [] or text == ""
    assert reference.counties_of(text) == []


@pytest.mark.parametrize("zip5", ["09012", "09898", "34002", "96201", "96699"])
def test_overseas_military_zips_are_known_as_such(zip5: str) -> None:
    assert reference.is_military(zip5)
    assert reference.find_zip(zip5) is None


@pytest.mark.parametrize("zip5", ["08901", "09999", "33901", "34102", "96150", "96701", "27546", ""])
def test_neighbouring_prefixes_are_not_military(zip5: str) -> None:
    assert not reference.is_military(zip5)


def test_no_civilian_zip_is_taken_for_a_military_one() -> None:
    assert not [zip5 for zip5 in reference.zips() if reference.is_military(zip5)]


def test_an_area_far_from_the_state_has_a_disc_and_no_border() -> None:
    area = _area("90210")
    assert (area.rings, area.polygons, area.hull) == (None, (), None)
    assert area.max_radius_mi > 1
    assert area.state == "CA"


@pytest.mark.parametrize("zcta", ["96950", "96951", "96952"])
def test_islands_without_a_published_border_still_have_a_radius(zcta: str) -> None:
    area = _area(zcta)
    assert area.rings is None
    assert area.area_sqmi is None
    assert 3 < area.max_radius_mi < 20


def test_the_radius_reaches_every_vertex() -> None:
    import pyproj

    geod = pyproj.Geod(ellps="WGS84")
    for zcta in random.Random(2020).sample(reference.areas("NC"), 60):
        area = _area(zcta)
        assert area.hull is not None
        lons, lats = area.hull
        n = len(lons)
        farthest_mi = max(geod.inv([area.lon] * n, [area.lat] * n, list(lons), list(lats))[2]) / 1609.344
        assert farthest_mi <= area.max_radius_mi <= farthest_mi + 0.0012


def test_borders_are_closed_arrays_of_doubles() -> None:
    area = _area("27546")
    assert area.rings is not None
    for lons, lats in area.rings:
        assert isinstance(lons, array)
        assert lons.typecode == lats.typecode == "d"
        assert len(lons) == len(lats) >= 4
        assert (lons[0], lats[0]) == (lons[-1], lats[-1])


def test_holes_follow_the_exterior_they_belong_to() -> None:
    with_holes = 0
    for zcta in reference.areas("NC"):
        area = _area(zcta)
        assert area.rings is not None
        assert [i for polygon in area.polygons for i in polygon] == list(range(len(area.rings)))
        for exterior, *holes in area.polygons:
            shell = shapely.Polygon(list(zip(*area.rings[exterior], strict=True)))
            for hole in holes:
                assert shell.contains(shapely.Polygon(list(zip(*area.rings[hole], strict=True))))
                with_holes += 1
    assert with_holes > 0


def test_an_area_can_be_hashed_compared_and_carried_to_another_process() -> None:
    area = _area("27546")
    copy = pickle.loads(pickle.dumps(area))
    assert copy == area
    assert hash(copy) == hash(area)
    assert copy.rings == area.rings
    assert "array" not in repr(area)


def test_block_groups_know_their_county() -> None:
    blocks = reference.blocks_of("27703")
    assert {block.county_fips for block in blocks} <= {share.county_fips for share in reference.counties_of("27703")}
    assert all(block.people >= 0 and -79 < block.lon < -78 and 35 < block.lat < 37 for block in blocks)


def test_the_weighted_point_follows_from_the_block_groups() -> None:
    for zcta in ("27546", "27701", "28202"):
        area, blocks = _area(zcta), reference.blocks_of(zcta)
        people = sum(block.people for block in blocks)
        lon = sum(block.lon * block.people for block in blocks) / people
        lat = sum(block.lat * block.people for block in blocks) / people
        assert area.reference_point == pytest.approx((lon, lat), abs=2e-6)


def test_counties_of_an_area_come_with_most_people_first() -> None:
    shares = reference.counties_of("27703")
    assert [share.county_fips for share in shares] == ["37063", "37183"]
    assert shares[0].people > shares[1].people == 0
    assert sum(share.people for share in shares) == sum(block.people for block in reference.blocks_of("27703"))


def test_areas_in_a_county_and_counties_of_an_area_agree() -> None:
    for county in ("37085", "37101"):
        zctas = reference.areas_in(county)
        assert zctas == sorted(zctas)
        assert all(county in {share.county_fips for share in reference.counties_of(zcta)} for zcta in zctas)
    assert reference.areas_in("99999") == []


def test_a_county_has_people_density_and_class() -> None:
    durham = reference.find_county("37063")
    assert durham is not None
    assert (durham.name, durham.state, durham.people) == ("Durham", "NC", 324_833)
    assert durham.density == pytest.approx(324_833 / durham.land_sqmi, abs=0.01)
    assert (durham.cms_type, durham.rural_center) == ("Metro", "Urban")


def test_counties_are_listed_by_state() -> None:
    names = reference.counties("NC")
    assert len(names) == 100
    assert sum(county.people or 0 for county in names) == 10_439_388
    assert len(reference.counties()) > 3_221
    assert reference.counties("XX") == []


def test_a_code_without_a_count_has_no_people_rather_than_none_living_there() -> None:
    assert reference.find_county("66010") == reference.County(
        "66010", "Guam", "GU", None, None, None, None, None, "", "", ""
    )


@pytest.mark.parametrize(
    ("lon", "lat", "fips"),
    [
        (-78.846, 35.397, "37085"),
        (-78.8986, 35.9940, "37063"),
        (-75.9780, 35.1123, "37095"),
        (-77.4360, 37.5407, "51760"),
        (-157.8583, 21.3069, "15003"),
        (-149.9003, 61.2181, "02020"),
        (-66.1057, 18.4655, "72127"),
        (144.7937, 13.4443, "66010"),
    ],
)
def test_points_lie_in_their_county(lon: float, lat: float, fips: str) -> None:
    county = reference.county_at(lon, lat)
    assert county is not None
    assert county.county_fips == fips


def test_a_pier_belongs_to_its_county_and_the_open_sea_to_none() -> None:
    pier = reference.county_at(-75.5905, 35.2170)
    assert pier is not None
    assert pier.name == "Dare"
    assert reference.county_at(-75.0, 35.2) is None


def test_every_gap_between_simplified_counties_of_the_state_has_a_county() -> None:
    rng = random.Random(37)
    outline = reference.to_shapely(_border(reference.state_border("NC")))
    west, south, east, north = outline.bounds
    inside = [
        (lon, lat)
        for lon, lat in ((rng.uniform(west, east), rng.uniform(south, north)) for _ in range(3_000))
        if outline.contains(shapely.Point(lon, lat))
    ]
    assert len(inside) > 1_000
    assert {county.state for county in (reference.county_at(*point) for point in inside) if county} == {"NC"}
    assert all(reference.county_at(*point) is not None for point in inside)


def test_county_at_agrees_with_a_slow_plain_search() -> None:
    rng = random.Random(7)
    shapes = {c.county_fips: reference.to_shapely(_border(reference.county_border(c.county_fips)))
              for state in ("NC", "SC", "VA", "TN", "GA") for c in reference.counties(state)}  # fmt: skip
    for _ in range(400):
        lon, lat = rng.uniform(-82.5, -77.5), rng.uniform(34.5, 36.9)
        holding = [fips for fips, shape in shapes.items() if shape.contains(shapely.Point(lon, lat))]
        found = reference.county_at(lon, lat)
        if holding:
            wanted = next((fips for fips in holding if fips.startswith("37")), holding[0])
            assert found is not None
            assert found.county_fips == wanted


@pytest.mark.parametrize("lon", [math.nan, math.inf, -181.0, 400.0, 0.0])
@pytest.mark.parametrize("lat", [math.nan, -math.inf, 90.0, -90.0, 91.0, 0.0])
def test_impossible_or_far_coordinates_lie_nowhere(lon: float, lat: float) -> None:
    assert reference.county_at(lon, lat) is None
    assert not reference.near_us(lon, lat)


@pytest.mark.parametrize(
    ("lon", "lat", "near"),
    [
        (-78.6, 35.8, True),
        (-157.8583, 21.3069, True),
        (-66.1057, 18.4655, True),
        (179.5, 51.9, True),
        (-75.50, 35.20, True),  # off Cape Hatteras, within five miles
        (-75.30, 35.20, False),  # off Cape Hatteras, some twelve miles out
        (-79.3832, 43.6532, False),  # Toronto
        (-117.0, 32.50, True),  # Tijuana, three miles south of the border
        (35.8, -78.6, False),
        (2.3522, 48.8566, False),
    ],
)
def test_near_us_reaches_about_five_miles_out(lon: float, lat: float, near: bool) -> None:
    assert reference.near_us(lon, lat) is near


def test_the_distance_to_a_border_agrees_with_shapely() -> None:
    rings, _ = _border(reference.county_border("37085"))
    lon, lat = -79.6, 35.1
    shrink = math.cos(math.radians(lat))
    plane = shapely.LinearRing([((x - lon) * shrink, y - lat) for x, y in zip(*rings[0], strict=True)])
    assert _counties._gap_deg(rings, lon, lat) == pytest.approx(plane.distance(shapely.Point(0, 0)), rel=1e-12)


def test_borders_of_unknown_counties_and_states_are_none() -> None:
    assert reference.county_border("99999") is None
    assert reference.state_border("XX") is None


def test_people_of_a_county_add_up_to_the_census() -> None:
    frame = reference.people_frame(["37063"])
    assert list(frame.columns) == ["geoid", "county_fips", "zcta", "lon", "lat", "people", "source"]
    assert int(frame.loc[frame["source"] == "block_group", "people"].sum()) == 324_833
    assert set(frame["county_fips"]) == {"37063"}


def test_areas_that_block_groups_overlook_are_added_and_marked() -> None:
    frame = reference.people_frame(county.county_fips for county in reference.counties("NC"))
    lone = frame[frame["source"] == "zcta"]
    wanted = [
        area.zcta
        for area in map(_area, reference.areas("NC"))
        if area.pop2020 and not reference.blocks_of(area.zcta)
    ]  # fmt: skip
    assert sorted(lone["zcta"]) == wanted
    assert set(lone["geoid"]) == {""}
    assert int(frame.loc[frame["source"] == "block_group", "people"].sum()) == 10_439_388


def test_no_counties_give_an_empty_frame_with_its_columns() -> None:
    frame = reference.people_frame([])
    assert frame.empty
    assert "people" in frame.columns


def test_area_frames_carry_borders_in_wgs84() -> None:
    frame = reference.area_frame("NC")
    assert len(frame) == 853
    assert frame.crs.to_epsg() == 4326
    assert frame.geometry.is_valid.all()
    assert len(reference.area_frame("CA")) == 0
    assert len(reference.area_frame()) == 1_555


def test_import_and_questions_load_nothing_heavy() -> None:
    code = (
        "import sys; from adequacy import reference as r; r.find_area(r.find_zip('27546').zcta); r.blocks_of('27546');"
        "r.county_at(-78.8, 35.4); r.near_us(0, 0); r.vintages(); print(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"numpy", "pandas", "geopandas", "shapely", "pyproj", "scipy", "yaml", "pydantic", "typing_extensions"}
    assert heavy.isdisjoint(loaded)


def test_threads_can_ask_at_the_same_time() -> None:
    zctas = reference.areas("NC")[:200]
    with ThreadPoolExecutor(4) as pool:
        assert [area.zcta for area in pool.map(_area, zctas)] == zctas


def test_the_shipped_file_cannot_be_written() -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        _store.every("DELETE FROM zip")


def test_a_missing_damaged_or_foreign_file_says_to_reinstall(tmp_path: Path) -> None:
    odd = tmp_path / "with space #1?.sqlite"
    with pytest.raises(InputError, match="reinstall"):
        _store.connect(odd)
    odd.write_bytes(b"SQLite format 3\x00" + b"\xff" * 4_000)
    with pytest.raises(InputError, match="reinstall"):
        _store.connect(odd)
    odd.unlink()
    foreign = sqlite3.connect(odd)
    foreign.execute("CREATE TABLE meta (key TEXT, value TEXT)")
    foreign.execute("INSERT INTO meta VALUES ('schema', 'adequacy.places/99')")
    foreign.commit()
    foreign.close()
    with pytest.raises(InputError, match="another version"):
        _store.connect(odd)


def test_a_path_with_url_characters_opens(tmp_path: Path) -> None:
    odd = tmp_path / "a b#c?d%20.sqlite"
    odd.write_bytes(reference.PLACES.read_bytes())
    connection = _store.connect(odd)
    assert connection.execute("SELECT count(*) FROM zip").fetchone() == (41_063,)
    connection.close()


def test_an_unknown_meta_entry_is_an_incomplete_package() -> None:
    with pytest.raises(InputError, match="reinstall"):
        _store.meta("nothing")


def test_packing_borders_and_back_is_exact() -> None:
    rng = random.Random(6)
    for _ in range(50):
        polygons = []
        for _ in range(rng.randint(1, 4)):
            rings = []
            for _ in range(rng.randint(1, 3)):
                ring = [
                    (rng.randint(-180_000_000, 180_000_000), rng.randint(-90_000_000, 90_000_000))
                    for _ in range(rng.randint(3, 30))
                ]
                rings.append([*ring, ring[0]])
            polygons.append(rings)
        rings_back, polygons_back = _packing.unpack_border(_packing.pack_border(polygons))
        back = [[list(zip(*rings_back[i], strict=True)) for i in polygon] for polygon in polygons_back]
        # The double a decimal of six digits is read as, not one beside it.
        wanted = [[[(float(f"{x}e-6"), float(f"{y}e-6")) for x, y in ring] for ring in polygon] for polygon in polygons]
        assert back == wanted


def test_packing_block_groups_and_back_is_exact() -> None:
    rows = [("010010201001", -86_486_302, 32_464_466, 575), ("721537506022", -66_000_001, 18_000_000, 0)]
    assert _packing.unpack_blocks(_packing.pack_blocks(rows)) == [
        ("010010201001", -86.486302, 32.464466, 575),
        ("721537506022", -66.000001, 18.0, 0),
    ]


def test_packed_numbers_mean_the_same_on_a_big_endian_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    # On such a machine arrays hold swapped bytes; here the swap shows as swapped numbers, once in and once out.
    plain = _packing._shuffled([1, -2, 70_000], 4)
    monkeypatch.setattr(sys, "byteorder", "big")
    assert _packing._shuffled([1, -2, 70_000], 4) != plain
    assert list(_packing._unshuffled(_packing._shuffled([1, -2, 70_000], 4), 4)) == [1, -2, 70_000]


def _area(zcta: str) -> reference.ZipArea:
    area = reference.find_area(zcta)
    assert area is not None
    return area


def _border(border: reference.Border | None) -> reference.Border:
    assert border is not None
    return border


@pytest.mark.parametrize("fips", ["37085", "37063", "37031", "02016", "15003"])
def test_many_points_lie_in_a_county_as_each_one_does(fips: str) -> None:
    """Corners, their latitudes and longitudes, and anywhere: the same to the last bit as one point after the other."""
    rings = _slabs.county_border_of(fips)[0]
    draw = random.Random(fips)
    corners = [(x, y) for lons, lats in rings for x, y in zip(lons, lats, strict=True)]
    lons, lats = [x for x, _ in corners], [y for _, y in corners]
    box = (min(lons) - 0.1, max(lons) + 0.1, min(lats) - 0.1, max(lats) + 0.1)
    points = draw.sample(corners, min(60, len(corners)))
    points += [(draw.choice(lons), draw.uniform(*box[2:])) for _ in range(60)]
    points += [(draw.uniform(*box[:2]), draw.choice(lats)) for _ in range(60)]
    points += [(draw.uniform(*box[:2]), draw.uniform(*box[2:])) for _ in range(200)]
    x, y = np.array(points).T
    want = [_counties._holds(rings, *point) for point in points]
    assert _slabs.hold(fips, x, y).tolist() == want
    assert any(want)
    assert not all(want)


def test_many_points_are_worked_on_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = random.Random(1)
    lon = [draw.uniform(-81.5, -76) for _ in range(700)] + [math.nan, -78.0]
    lat = [draw.uniform(33.9, 36.5) for _ in range(700)] + [35.0, math.inf]
    whole = reference.counties_at(lon, lat)
    monkeypatch.setattr(_slabs, "_PAIRS_AT_ONCE", 50)
    assert reference.counties_at(lon, lat) == whole
    assert whole[-2:] == [None, None]
    for x, y, fips in zip(lon[:80], lat[:80], whole, strict=False):
        one = reference.county_at(x, y)
        assert fips is None or (one is not None and one.county_fips == fips)
