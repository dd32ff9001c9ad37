"""Through OSMnx: saved graphs, graphs in memory, and a download that never says an address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np
import osmnx as ox
import pytest
import requests

from adequacy.errors import InputError, PrivacyError, ServiceUnreachable, UsageError
from adequacy.roads import build_roads, open_roads
from adequacy.roads.graphs import download_area

from .conftest import GEOD

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from adequacy.roads import RoadNetwork, RoadRules


@pytest.fixture(scope="session")
def simplified(xml: Callable[[str], Path]) -> nx.MultiDiGraph:
    return ox.graph_from_xml(xml("baltimore"), simplify=True, retain_all=True)


def test_a_saved_osmnx_graph_gives_the_drive_miles_of_the_extract(
    simplified: nx.MultiDiGraph, tmp_path: Path, rules: RoadRules, city: Callable[[str], RoadNetwork]
) -> None:
    ox.save_graphml(simplified, tmp_path / "b.graphml")
    meta = build_roads(tmp_path / "b.graphml", tmp_path / "g.roads", rules=rules)
    by_graph, by_extract = open_roads(tmp_path / "g.roads"), city("baltimore")
    assert meta["date"] == str(simplified.graph["created_date"])[:10]
    # OSMnx simplifies in the order of a set: now and then a small loop is kept or dropped
    assert meta["road_mi"] == pytest.approx(by_extract.info()["road_mi"], rel=0.01)
    west, south, east, north = by_extract.bounds
    places = np.random.default_rng(2).uniform((west, south), (east, north), (60, 2))
    a, b = places[:20], places[20:]
    one = by_graph.pairs(a[:, :1], a[:, 1:], b[:, 0], b[:, 1])
    other = by_extract.pairs(a[:, :1], a[:, 1:], b[:, 0], b[:, 1])
    assert (one.reason == other.reason).all()
    np.testing.assert_allclose(one.drive_mi, other.drive_mi, rtol=1e-9)
    # OSMnx averages the signs along a street that it merges, so minutes are near, not equal
    assert np.nanmedian(one.drive_min / other.drive_min) == pytest.approx(1, abs=0.02)


def test_minutes_of_an_osmnx_graph_are_osmnx_travel_times(
    simplified: nx.MultiDiGraph, tmp_path: Path, rules: RoadRules
) -> None:
    build_roads(simplified, tmp_path / "g.roads", rules=rules)
    network = open_roads(tmp_path / "g.roads")
    graph = ox.truncate.largest_component(ox.add_edge_speeds(simplified.copy()), strongly=True)
    for u, v, key, data in graph.edges(keys=True, data=True):
        line = (
            list(data["geometry"].coords)
            if "geometry" in data
            else [(graph.nodes[n]["x"], graph.nodes[n]["y"]) for n in (u, v)]
        )
        km = GEOD.line_length(*zip(*line, strict=True)) / 1000
        graph.edges[u, v, key]["min"] = km / data["speed_kph"] * 60
    nodes = sorted(graph.nodes)
    chosen = [nodes[int(each)] for each in np.random.default_rng(9).choice(len(nodes), 80, replace=False)]
    place = np.array([(graph.nodes[node]["x"], graph.nodes[node]["y"]) for node in chosen])
    on = network.snap(*place.T)
    chosen = [node for node, leg in zip(chosen, on.access_mi, strict=True) if leg < 1e-9]
    place = place[on.access_mi < 1e-9]
    assert len(chosen) > 60
    drives = network.pairs(place[:10, :1], place[:10, 1:], place[:, 0], place[:, 1])
    for row, home in enumerate(chosen[:10]):
        costs = nx.single_source_dijkstra_path_length(graph, home, weight="min")
        np.testing.assert_allclose(drives.drive_min[row], [costs[site] for site in chosen], rtol=1e-9, atol=1e-8)


def test_a_graph_that_carries_its_own_speeds_keeps_them(tmp_path: Path, rules: RoadRules) -> None:
    graph = nx.MultiDiGraph(crs="EPSG:4326")
    for node, (x, y) in {1: (-79.0, 35.0), 2: (-78.9, 35.0)}.items():
        graph.add_node(node, x=x, y=y)
    for u, v in ((1, 2), (2, 1)):
        graph.add_edge(u, v, highway="residential", maxspeed="25 mph", speed_kph=64.37376)
    build_roads(graph, tmp_path / "own.roads", rules=rules)
    drive = open_roads(tmp_path / "own.roads").pairs(-79.0, 35.0, -78.9, 35.0)
    assert drive.drive_min == pytest.approx(drive.drive_mi / 40 * 60, rel=1e-9)


def test_a_graph_without_any_sign_gets_the_fallback_speeds(tmp_path: Path, rules: RoadRules) -> None:
    graph = nx.MultiDiGraph(crs="EPSG:4326")
    for node, (x, y) in {1: (-79.0, 35.0), 2: (-78.9, 35.0)}.items():
        graph.add_node(node, x=x, y=y)
    graph.add_edge(1, 2, highway="residential")
    graph.add_edge(2, 1, highway=["residential", "tertiary"])
    meta = build_roads(graph, tmp_path / "none.roads", rules=rules)
    assert meta["class_mph"]["residential"] == pytest.approx(25)


def test_the_given_graph_is_not_changed(simplified: nx.MultiDiGraph, tmp_path: Path, rules: RoadRules) -> None:
    def edges() -> dict[tuple[int, int, int], dict[str, Any]]:
        return {(u, v, key): dict(data) for u, v, key, data in simplified.edges(keys=True, data=True)}

    before = edges()
    build_roads(simplified, tmp_path / "g.roads", rules=rules)
    assert edges() == before


def test_a_projected_graph_is_refused(simplified: nx.MultiDiGraph, tmp_path: Path, rules: RoadRules) -> None:
    with pytest.raises(InputError, match="unprojected"):
        build_roads(ox.project_graph(simplified), tmp_path / "p.roads", rules=rules)


@pytest.mark.parametrize(
    "failure",
    [
        requests.exceptions.ConnectionError("https://nominatim.example/search?q=Wake+County"),
        requests.exceptions.Timeout("https://nominatim.example/"),
        requests.exceptions.HTTPError("https://overpass.example/"),
    ],
)
def test_without_internet_a_download_is_one_sentence_without_an_address_and_exit_5(
    failure: Exception, tmp_path: Path, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise failure

    monkeypatch.setattr(ox, "graph_from_place", fail)
    line = run("roads", "build", "--area", "Wake County, North Carolina", "--out", str(tmp_path / "x.roads")).refused(5)
    assert "local extract" in line
    assert "http" not in line
    assert "Wake" not in line


def test_osmnx_own_errors_of_a_silent_service_are_the_same_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    from osmnx._errors import ResponseStatusCodeError

    def fail(*_: object, **__: object) -> None:
        raise ResponseStatusCodeError("504 https://overpass.example/api")

    monkeypatch.setattr(ox, "graph_from_place", fail)
    with pytest.raises(ServiceUnreachable) as caught:
        download_area("Wake County, North Carolina")
    assert "http" not in str(caught.value)


def test_a_socket_that_refuses_gets_the_sentence_through_osmnx_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    def refuse(*_: object, **__: object) -> None:
        raise OSError("no network in tests")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(ox.settings, "requests_timeout", 1)
    with pytest.raises(ServiceUnreachable, match="could not be reached"):
        download_area("Wake County, North Carolina")


def test_an_area_that_may_be_an_address_is_never_sent(
    tmp_path: Path, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ox, "graph_from_place", lambda *_, **__: pytest.fail("was sent"))
    for area in ("12 Oak St, Cary", "27546"):
        line = run("roads", "build", "--area", area, "--out", str(tmp_path / "x.roads")).refused(3)
        assert "Nothing was sent" in line
        assert area not in line
    with pytest.raises(PrivacyError):
        download_area("4800 Emperor Blvd")


def test_an_unknown_area_is_a_usage_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise TypeError("Nominatim did not geocode query 'Atlantis' to a geometry of type (Multi)Polygon.")

    monkeypatch.setattr(ox, "graph_from_place", fail)
    with pytest.raises(UsageError, match="no area of that name"):
        download_area("Atlantis")


def test_a_download_writes_no_cache_and_leaves_osmnx_settings_alone(
    simplified: nx.MultiDiGraph, tmp_path: Path, rules: RoadRules, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = {}

    def answer(area: str, **_: object) -> nx.MultiDiGraph:
        seen.update(area=area, cache=ox.settings.use_cache, log=ox.settings.log_file)
        return simplified

    monkeypatch.setattr(ox, "graph_from_place", answer)
    before = ox.settings.use_cache
    meta = build_roads(None, tmp_path / "a.roads", rules=rules, area="Baltimore, Maryland")
    assert seen == {"area": "Baltimore, Maryland", "cache": False, "log": False}
    assert ox.settings.use_cache == before
    assert meta["source"] == "OSMnx download of Baltimore, Maryland"
