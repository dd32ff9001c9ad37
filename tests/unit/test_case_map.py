"""What the map of an answer shows, and that no text of a roster can do anything but be read."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from typing import Any

import folium
import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import adequacy
from adequacy import distance
from adequacy.errors import OutputError, UsageError
from adequacy.outputs.case_scene import case_scene
from adequacy.outputs.folium_parts import map_parts
from adequacy.outputs.html import Html, Page, Row, page_html, table, tag
from adequacy.outputs.maps import case_map, case_page, write_case_map
from tests.hostile import ATTACKS, hostile

_PLAIN: dict[int, str] = {}


@pytest.fixture(scope="module")
def answers() -> dict[str, dict[str, Any]]:
    """One document for each finding, and one for a point."""
    with adequacy.demo_network() as net:
        return {
            "covered": net.check("saiop", zip5="27546").to_dict(),
            "too_close_to_call": net.check("da", zip5="27344").to_dict(),
            "gap": net.check("actt", zip5="27546").to_dict(),
            "point": net.check("saiop", lon=-78.8, lat=35.4).to_dict(),
        }


def shapes(answer: dict[str, Any]) -> dict[str, Any]:
    return {shape.kind: shape.geometry for shape in case_scene(answer).shapes}


def test_a_point_shows_the_geodesic_circle_that_decided(answers) -> None:
    answer = answers["point"]
    assert answer["finding"] == "covered"
    reach = shapes(answer)["reach"]
    origin = answer["origin"]
    for lon, lat in shapely.get_coordinates(reach)[::60]:
        assert distance.miles(origin["lon"], origin["lat"], lon, lat) == pytest.approx(30, abs=1e-6)
    for site in answer["sites"]:
        assert reach.covers(shapely.Point(site["lon"], site["lat"])) or site["uncertainty_mi"] > 0


def test_a_covered_zip_lies_inside_the_circles_drawn(answers) -> None:
    drawn = shapes(answers["covered"])
    assert drawn["cover"].covers(drawn["area"])
    assert "uncovered" not in drawn


def test_where_it_is_too_close_the_open_part_is_marked_and_lies_outside_the_circles(answers) -> None:
    drawn = shapes(answers["too_close_to_call"])
    assert drawn["uncovered"].area > 0
    assert drawn["uncovered"].intersection(drawn["cover"]).area < 1e-9
    assert drawn["area"].difference(drawn["cover"]).difference(drawn["uncovered"]).area < 1e-9


def test_a_gap_marks_the_whole_place_and_no_counted_site_lies_inside_the_line(answers) -> None:
    drawn = shapes(answers["gap"])
    assert drawn["uncovered"].equals(drawn["area"])
    assert [mark for mark in case_scene(answers["gap"]).marks if mark.kind == "counted"] == []


@pytest.mark.parametrize("name", ["covered", "too_close_to_call", "gap"])
def test_no_site_outside_the_dashed_line_is_within_the_limit(answers, name) -> None:
    answer = answers[name]
    reach = shapes(answer)["reach"]
    for site in answer["sites"]:
        assert reach.buffer(1e-4).covers(shapely.Point(site["lon"], site["lat"])), site["distance_low_mi"]
    edge = shapely.get_coordinates(reach)[::100]
    area = shapes(answer)["area"]
    corners = shapely.get_coordinates(area)
    nearest = [min(distance.miles(x, y, lon, lat) for x, y in corners) for lon, lat in edge[:4]]
    assert nearest == pytest.approx([30 + answer["tolerance_mi"]] * len(nearest), abs=0.05)


def test_the_same_answer_gives_the_same_bytes(answers) -> None:
    assert case_page(answers["point"]) == case_page(answers["point"])


def test_the_base_map_draws_the_zip_areas_round_the_catchment_once_each(answers) -> None:
    """Every border of every area that the catchment touches is there to within the simplification, in one shape."""
    scene = case_scene(answers["covered"])
    (lines,) = [shape.geometry for shape in scene.shapes if shape.kind == "zip"]
    numbers = {name.text for name in scene.names if name.is_small}
    reach = shapes(answers["covered"])["reach"]
    assert {"27546", "27501", "28334"} <= numbers
    for zcta in sorted(numbers)[::15]:
        area = adequacy.reference.find_area(zcta)
        border = shapely.make_valid(adequacy.reference.to_shapely((area.rings, area.polygons)))
        assert border.intersects(reach)
        assert shapely.hausdorff_distance(shapely.boundary(border), lines.intersection(border.buffer(0.01))) < 0.02
    # a border between two areas is one line, not two
    assert shapely.unary_union(lines).length == pytest.approx(lines.length)


def test_packed_borders_come_out_as_they_went_in(answers) -> None:
    scene = case_scene(answers["point"])
    (lines,) = [shape.geometry for shape in scene.shapes if shape.kind == "zip"]
    packed = re.search(r'"borders": "([A-Za-z0-9+/=]*)"', map_parts(case_map(answers["point"])).scripts[-1])
    assert packed is not None
    steps = json.loads(zlib.decompress(base64.b64decode(packed[1])))
    drawn = shapely.MultiLineString([np.cumsum(np.reshape(each, (-1, 2)), axis=0) / 1e4 for each in steps])
    assert shapely.hausdorff_distance(drawn, lines) < 2e-4


def test_every_site_of_the_answer_stands_in_a_table_and_on_the_map(answers) -> None:
    answer = answers["covered"]
    page = case_page(answer)
    assert page.count("<tr") == 2 + len(answer["sites"]) + len(answer["not_counted"])
    marks = case_scene(answer).marks
    located = [each for each in answer["not_counted"] if each["lon"] is not None]
    assert len(marks) == len(answer["sites"]) + len(located)


def test_the_page_loads_nothing_and_vouches_for_each_of_its_scripts(answers) -> None:
    page = case_page(answers["covered"])
    outside = re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    assert re.findall(r'(?:src|href)="(?!data:|#)[^"]*"', outside) == []
    assert re.findall(r"url\((?!data:)[^)]*\)", outside) == []
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    named = set(re.findall(r"sha256-([A-Za-z0-9+/=]+)", policy[1]))
    assert named == {base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts}
    assert "unsafe-eval" not in policy[1]
    assert "'unsafe-inline'" not in policy[1].split("style-src")[0]


def test_known_attacks_in_every_field_stay_text(answers) -> None:
    assert_harmless(answers["point"], ATTACKS)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.text(st.sampled_from("<>\"'`{}$\\%#&;/=!-scriptonerror \n\u2028\u202e"), max_size=40), min_size=8, max_size=8
    )
)
def test_any_texts_in_every_field_stay_text(answers, texts) -> None:
    assert_harmless(answers["point"], texts)


def assert_harmless(answer: dict[str, Any], texts: list[str]) -> None:
    """The page has the same elements as with harmless names, and its scripts hold nothing of the texts."""
    plain = _PLAIN.setdefault(len(texts), case_page(hostile(answer, ["Name"] * len(texts))))
    page = case_page(hostile(answer, texts))
    elements = re.compile(r"<(/?[a-zA-Z!][a-zA-Z]*)")
    assert elements.findall(_without_styles(page)) == elements.findall(_without_styles(plain))
    assert _scripts(page) == _scripts(plain)


def _without_styles(page: str) -> str:
    return re.sub(r"<(script|style)>.*?</\1>", "", page, flags=re.DOTALL)


def _scripts(page: str) -> list[str]:
    """Scripts without their packed texts, which are base64."""
    found = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    return [re.sub(r'"lines": "[A-Za-z0-9+/=]*"', '"lines": ""', text) for text in found]


def test_packed_texts_come_out_as_they_went_in(answers) -> None:
    drawn: Any = case_map(hostile(answers["point"], ["<b>{{1}}</b>"]))
    script = map_parts(drawn).scripts[-1]
    packed = re.search(r'"lines": "([A-Za-z0-9+/=]*)"', script)
    assert packed is not None
    lines = json.loads(zlib.decompress(base64.b64decode(packed[1])))
    assert "<b>{{1}}</b>" in lines[1]


def test_a_name_in_any_folium_map_never_runs_as_a_template() -> None:
    drawn = folium.Map([35, -78], tiles=None)
    folium.GeoJson(
        {
            "type": "Feature",
            "properties": {"never_shown": "{{ 7*7 }}{% raise %}"},
            "geometry": {"type": "Point", "coordinates": [-78, 35]},
        }
    ).add_to(drawn)
    folium.Marker([35, -78], tooltip="{{ 7*7 }}").add_to(drawn)
    parts = map_parts(drawn)
    assert "{{ 7*7 }}" in parts.scripts[-1]
    assert "49" not in parts.scripts[-1]
    # and folium itself is as it was: its own templates still work afterwards
    assert folium.Element("{{ 6*7 }}").render() == "42"


def test_a_plain_folium_map_loses_its_tiles_and_links_but_keeps_them_for_its_owner() -> None:
    drawn = folium.Map([35, -78])
    folium.Marker([35, -78], popup="Clinic", icon=folium.Icon(color="red")).add_to(drawn)
    parts = map_parts(drawn)
    page = page_html(Page("t", Html(parts.html), "case", parts))
    assert "L.tileLayer(" not in parts.scripts[-1]
    assert re.findall(r'<script[^>]*src|<link|src="http', page) == []
    assert "L.tileLayer(" in map_parts(drawn, tiles=True).scripts[-1]
    assert "L.tileLayer" in drawn.get_root().render()


def test_a_map_that_needs_a_script_we_do_not_carry_is_refused_by_name() -> None:
    from folium.plugins import HeatMap

    drawn = folium.Map([35, -78], tiles=None)
    HeatMap([[35, -78]]).add_to(drawn)
    with pytest.raises(UsageError, match="leaflet_heat"):
        map_parts(drawn)


def test_a_file_that_cannot_be_written_is_one_clear_line(answers, tmp_path) -> None:
    with pytest.raises(OutputError, match=r"nowhere.*cannot be written"):
        write_case_map(answers["point"], tmp_path / "nowhere" / "map.html")


def test_texts_are_escaped_unless_they_are_markup_already() -> None:
    built = tag("p", "<", tag("b", '"'), title='a"b')
    assert built == '<p title="a&quot;b">&lt;<b>&quot;</b></p>'
    assert "<td>&lt;i&gt;</td>" in table("c", [("a", ""), ("b", "")], [Row(["x", "<i>"])])
