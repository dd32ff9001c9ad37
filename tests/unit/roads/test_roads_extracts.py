"""Reading extracts: the same streets from every format, the same rules as OSMnx, one line for every bad file."""

from __future__ import annotations

import bz2
import gzip
import shutil
import sys
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import osmnx as ox
import pytest

from adequacy.errors import InputError, MissingExtra
from adequacy.roads import build_roads, open_roads
from adequacy.roads.extracts import is_open_to_cars, one_way, posted_kph, read_extract

from .conftest import KM_PER_MILE, OSM, STREETS, write_osm

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import networkx as nx

    from adequacy.roads import RoadNetwork, RoadRules

RESIDENTIAL = {"highway": "residential"}
LINE = {1: (-79.0, 35.0), 2: (-78.99, 35.0), 3: (-78.99, 35.01)}


@pytest.mark.parametrize("name", ["columbus", "baltimore"])
def test_streets_directions_and_speeds_are_those_of_osmnx(
    name: str, osmnx_graph: Callable[[str], nx.MultiDiGraph], rules: RoadRules
) -> None:
    from adequacy.roads.chains import chains_from_extract, impute_kph

    chains, missing = chains_from_extract(read_extract(OSM / f"{name}.osm.pbf", rules.names), name)
    chains, _ = impute_kph(chains, {}, rules.fallback_kph)
    ours: dict[tuple[tuple[int, int], tuple[int, int]], list[float]] = {}
    for row in range(len(chains.u)):
        low, high = chains.start[row], chains.start[row + 1]
        shape = list(zip(chains.lon_e7[low:high].tolist(), chains.lat_e7[low:high].tolist(), strict=True))
        steps = list(pairwise(shape))
        steps += [(b, a) for a, b in steps] if chains.two_way[row] else []
        for step in steps:
            ours.setdefault(step, []).append(float(chains.kph[row]))
    graph = osmnx_graph(name)
    places = {node: (round(data["x"] * 1e7), round(data["y"] * 1e7)) for node, data in graph.nodes(data=True)}
    theirs: dict[tuple[tuple[int, int], tuple[int, int]], list[float]] = {}
    for u, v, kph in graph.edges(data="speed_kph"):
        if u != v:
            theirs.setdefault((places[u], places[v]), []).append(float(kph))
    assert missing == 0
    assert ours.keys() == theirs.keys()
    for step, kph in theirs.items():
        # OSMnx takes a mile for 1.60934 km; ours is exact
        assert sorted(ours[step]) == pytest.approx(sorted(kph), rel=1e-5)


def test_every_format_gives_the_same_network(tmp_path: Path, xml: Callable[[str], Path], rules: RoadRules) -> None:
    plain = xml("baltimore")
    packed, zipped = tmp_path / "b.osm.bz2", tmp_path / "b.osm.gz"
    packed.write_bytes(bz2.compress(plain.read_bytes()))
    zipped.write_bytes(gzip.compress(plain.read_bytes()))
    made = [
        build_roads(source, tmp_path / f"{number}.roads", rules=rules)
        for number, source in enumerate((OSM / "baltimore.osm.pbf", plain, packed, zipped))
    ]
    assert len({meta["sha256"] for meta in made}) == 1
    assert len({meta["source_sha256"] for meta in made}) == 4


def test_the_same_extract_gives_the_same_bytes(tmp_path: Path, rules: RoadRules) -> None:
    for name in ("a", "b"):
        build_roads(OSM / "baltimore.osm.pbf", tmp_path / f"{name}.roads", rules=rules)
    assert (tmp_path / "a.roads").read_bytes() == (tmp_path / "b.roads").read_bytes()


@pytest.mark.parametrize(
    ("tags", "is_open"),
    [
        ({}, True),
        ({"access": "private"}, False),
        ({"access": "no"}, False),
        ({"access": "military"}, False),
        ({"access": "no", "motor_vehicle": "yes"}, True),
        ({"access": "destination"}, True),
        ({"motor_vehicle": "no"}, False),
        ({"motorcar": "no"}, False),
        ({"service": "parking_aisle"}, False),
        ({"area": "yes"}, False),
    ],
)
def test_a_way_closed_to_the_public_is_no_street(tags: dict[str, str], is_open: bool) -> None:
    assert is_open_to_cars({**RESIDENTIAL, **tags}) is is_open


@pytest.mark.parametrize(
    ("tags", "way"),
    [
        ({}, 0),
        ({"oneway": "yes"}, 1),
        ({"oneway": "-1"}, -1),
        ({"oneway": "no"}, 0),
        ({"junction": "roundabout"}, 1),
        ({"oneway": "reversible"}, 0),
    ],
)
def test_one_way_tags_are_read_as_osmnx_reads_them(tags: dict[str, str], way: int) -> None:
    assert one_way(tags) == way


@pytest.mark.parametrize(
    "text", ["35 mph", "35mph", "50", "50 km/h", "45 mph|55 mph", "12.5", "12,5", "50;60", "none", ""]
)
def test_posted_speeds_are_read_as_osmnx_reads_them(text: str) -> None:
    theirs = ox.routing._clean_maxspeed(text)
    ours = posted_kph(text)
    assert (theirs is None and np.isnan(ours)) or ours == pytest.approx(theirs, rel=1e-5)


def test_a_speed_of_zero_is_no_speed() -> None:
    assert np.isnan(posted_kph("0"))
    assert np.isnan(posted_kph("0 mph"))


def test_streets_without_a_sign_get_the_mean_of_their_class_the_plans_speed_or_the_fallback(
    tmp_path: Path, rules: RoadRules
) -> None:
    from dataclasses import replace

    nodes = {number: (-79.0 + number * 0.01, 35.0) for number in range(6)}
    extract = tmp_path / "x.osm"
    signs = [
        ([0, 1], {**RESIDENTIAL, "maxspeed": "20 mph"}),
        ([1, 2], {**RESIDENTIAL, "maxspeed": "30 mph"}),
        ([2, 3, 4], RESIDENTIAL),
        ([4, 5], {"highway": "tertiary"}),
    ]
    write_osm(extract, nodes, *signs)
    by_default = build_roads(extract, tmp_path / "x.roads", rules=rules)
    assert by_default["class_mph"] == pytest.approx({"residential": 25.0, "tertiary": 25.0})
    own = tuple(replace(each, speed_mph=40.0) if each.highway == "tertiary" else each for each in rules.classes)
    by_plan = build_roads(extract, tmp_path / "x.roads", rules=replace(rules, classes=own))
    assert by_plan["class_mph"] == pytest.approx({"residential": 25.0, "tertiary": 40.0})
    write_osm(extract, nodes, ([0, 1, 2], RESIDENTIAL), ([2, 3], {"highway": "tertiary"}))
    without = build_roads(extract, tmp_path / "x.roads", rules=rules)
    fallback = {each.highway: each.fallback_mph for each in rules.classes}
    assert without["class_mph"] == pytest.approx({name: fallback[name] for name in ("residential", "tertiary")})


def test_a_street_cut_at_the_border_ends_where_its_points_end(tmp_path: Path, rules: RoadRules) -> None:
    extract = tmp_path / "cut.osm"
    write_osm(extract, LINE, ([1, 2, 99, 3], RESIDENTIAL), ([2, 3], RESIDENTIAL), ([98, 97], RESIDENTIAL))
    meta = build_roads(extract, tmp_path / "cut.roads", rules=rules)
    assert (meta["missing_nodes"], meta["streets"]) == (3, 2)


def test_what_is_not_connected_both_ways_is_dropped_and_said(tmp_path: Path, rules: RoadRules) -> None:
    nodes = {**LINE, 4: (-78.98, 35.0), 8: (-79.1, 35.1), 9: (-79.101, 35.1)}
    extract = tmp_path / "parts.osm"
    dead_end = ([2, 4], {**RESIDENTIAL, "oneway": "yes"})
    write_osm(extract, nodes, ([1, 2, 3], RESIDENTIAL), dead_end, ([8, 9], RESIDENTIAL))
    meta = build_roads(extract, tmp_path / "parts.roads", rules=rules)
    assert meta["dropped_streets"] == 2
    from adequacy.distance import miles

    lost = miles(*nodes[2], *nodes[4]) + miles(*nodes[8], *nodes[9])
    assert meta["dropped_mi"] == pytest.approx(lost)
    assert meta["kept_pct"] == pytest.approx(100 * meta["road_mi"] / (meta["road_mi"] + lost))


def test_the_day_of_the_data_is_its_newest_way_or_what_the_file_says(tmp_path: Path, rules: RoadRules) -> None:
    extract = tmp_path / "day.osm"
    write_osm(extract, LINE, ([1, 2, 3], RESIDENTIAL))
    assert build_roads(extract, tmp_path / "day.roads", rules=rules)["date"] == "2026-10-05"
    said = extract.read_text(encoding="utf-8").replace(
        "<osm version='0.6'>", "<osm version='0.6'><meta osm_base='2026-10-20T00:00:00Z'/>"
    )
    extract.write_text(said, encoding="utf-8")
    assert build_roads(extract, tmp_path / "day.roads", rules=rules)["date"] == "2026-10-20"


def _bad(folder: Path) -> dict[str, tuple[Path, str]]:
    """Every kind of bad extract, with the words its message must hold."""
    whole = (OSM / "baltimore.osm.pbf").read_bytes()
    files: dict[str, tuple[str, bytes, str]] = {
        "empty pbf": ("empty.osm.pbf", b"", "empty"),
        "empty xml": ("empty.osm", b"", "empty"),
        "cut pbf": ("cut.osm.pbf", whole[: len(whole) // 2], "cut off"),
        "cut xml": ("cut.osm", b"<osm version='0.6'><node id='1' lat='35' lon='-79'/>", "cut off"),
        "cut bz2": ("cut.osm.bz2", bz2.compress(b"<osm>" + bytes(range(32, 127)) * 3000)[:200], "cut off"),
        "text as pbf": ("text.osm.pbf", b"provider_name,service\n" * 40, "another format"),
        "pbf as xml": ("pbf.osm", whole, "another format"),
        "not bz2": ("plain.osm.bz2", b"<osm></osm>", "another format"),
        "other xml": ("gpx.osm", b"<gpx><trk/></gpx>", "begin with <osm>"),
        "numbers as words": ("words.osm", b"<osm><node id='x' lat='a' lon='b'/></osm>", "damaged"),
        "huge numbers": ("huge.osm", b"<osm><node id='1' lat='1e9' lon='1e9'/></osm>", "damaged"),
        "no ways": ("none.osm", b"<osm><node id='1' lat='35' lon='-79'/></osm>", "no drivable way"),
        "wrong suffix": ("streets.shp", b"abc", "not a street extract"),
        "empty graphml": ("empty.graphml", b"", "GraphML"),
        "cut graphml": ("cut.graphml", b"<graphml><graph>", "GraphML"),
        "other graphml": ("other.graphml", b"<graphml><graph edgedefault='directed'/></graphml>", "no drivable way"),
    }
    made = {}
    for kind, (name, content, words) in files.items():
        (folder / name).write_bytes(content)
        made[kind] = (folder / name, words)
    drawn: dict[str, tuple[dict[int, tuple[float, float]], list[Any], str]] = {
        "footpaths only": (LINE, [([1, 2, 3], {"highway": "footway"})], "no drivable way"),
        "no nodes": ({}, [([1, 2, 3], RESIDENTIAL)], "have no nodes"),
        "nowhere": ({1: (-79.0, 95.0), 2: (-79.0, 96.0)}, [([1, 2], RESIDENTIAL)], "no place on Earth"),
        "one-way only": (LINE, [([1, 2, 3], {**RESIDENTIAL, "oneway": "yes"})], "only islands"),
        "islands only": (
            {number: (-79 + number * 0.01, 35.0) for number in range(8)},
            [([number, number + 1], RESIDENTIAL) for number in range(0, 8, 2)],
            "only islands",
        ),
    }
    for kind, (nodes, ways, words) in drawn.items():
        path = folder / f"{kind.replace(' ', '_')}.osm"
        write_osm(path, nodes, *ways)
        made[kind] = (path, words)
    made["missing"] = (folder / "missing.osm.pbf", "no such file")
    made["missing graphml"] = (folder / "missing.graphml", "no such file")
    return made


KINDS = [
    "empty pbf", "empty xml", "cut pbf", "cut xml", "cut bz2", "text as pbf", "pbf as xml", "not bz2", "other xml",
    "numbers as words", "huge numbers", "no ways", "wrong suffix", "empty graphml", "cut graphml", "other graphml",
    "footpaths only", "no nodes", "nowhere", "one-way only", "islands only", "missing", "missing graphml",
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_bad_extract_gets_one_line_exit_3_and_leaves_no_file(
    kind: str, tmp_path: Path, run: Callable[..., Any]
) -> None:
    bad = _bad(tmp_path)
    assert bad.keys() == set(KINDS)
    path, words = bad[kind]
    out = tmp_path / "out.roads"
    line = run("roads", "build", str(path), "--out", str(out)).refused(3)
    assert words in line
    assert path.name in line
    assert str(tmp_path) not in line
    assert not list(tmp_path.glob("out*"))


def test_pbf_without_pyosmium_names_the_extra(
    tmp_path: Path, rules: RoadRules, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "osmium", None)
    with pytest.raises(MissingExtra, match=r"adequacy\[drive\]"):
        build_roads(OSM / "baltimore.osm.pbf", tmp_path / "x.roads", rules=rules)


def test_no_place_is_put_on_a_motorway(drawn: Callable[..., RoadNetwork]) -> None:
    nodes = {1: (-79.0, 35.0), 2: (-78.9, 35.0), 3: (-78.9, 35.003), 4: (-79.0, 35.003)}
    street, motorway = ([1, 2], RESIDENTIAL), ([2, 3, 4, 1], {"highway": "motorway"})
    on = drawn(nodes, street, motorway).snap(-78.95, 35.0025)
    assert on.lat[0] == pytest.approx(35.0)


def test_classes_that_the_policy_knows_are_the_ones_the_tests_know(rules: RoadRules) -> None:
    assert set(rules.names) == STREETS
    assert pytest.approx(1.609344) == KM_PER_MILE


def test_an_unwritable_output_is_said(tmp_path: Path, run: Callable[..., Any]) -> None:
    line = run("roads", "build", str(OSM / "baltimore.osm.pbf"), "--out", str(tmp_path / "no" / "x.roads")).refused(3)
    assert "cannot be written" in line


def test_an_extract_that_is_moved_still_opens(tmp_path: Path, rules: RoadRules) -> None:
    build_roads(OSM / "baltimore.osm.pbf", tmp_path / "x.roads", rules=rules)
    shutil.move(tmp_path / "x.roads", tmp_path / "y.roads")
    assert open_roads(tmp_path / "y.roads").info()["source"] == "baltimore.osm.pbf"


def test_neither_or_both_of_extract_and_area_is_a_usage_error(tmp_path: Path, run: Callable[..., Any]) -> None:
    out = str(tmp_path / "x.roads")
    assert "--area" in run("roads", "build", "--out", out).refused(2)
    assert "--area" in run("roads", "build", "x.osm", "--area", "Wake County", "--out", out).refused(2)


def test_input_errors_are_value_errors_too(tmp_path: Path, rules: RoadRules) -> None:
    with pytest.raises(ValueError, match="no such file") as caught:
        build_roads(tmp_path / "x.osm", tmp_path / "x.roads", rules=rules)
    assert isinstance(caught.value, InputError)
