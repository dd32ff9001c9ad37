"""Street networks for the tests: real extracts built once, small drawn ones, and an independent graph by OSMnx."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import networkx as nx
import pytest
from pyproj import Geod

from adequacy.roads import RoadNetwork, build_roads, open_roads, road_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from adequacy.roads import RoadRules

OSM = Path(__file__).parents[2] / "data" / "osm"
GEOD = Geod(ellps="WGS84")
MILE_M, KM_PER_MILE = 1609.344, 1.609344
#: The test's own reading of OSMnx's drive filter on these two extracts, and the classes that are streets.
STREETS = {
    *(f"{name}{link}" for name in ("motorway", "trunk", "primary", "secondary", "tertiary") for link in ("", "_link")),
    "unclassified",
    "residential",
    "living_street",
}
NO_FRONTAGE = {"motorway", "motorway_link", "trunk_link"}


@pytest.fixture(scope="session")
def rules() -> RoadRules:
    return road_rules(date(2026, 11, 1))


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory, rules: RoadRules) -> Callable[[str], RoadNetwork]:
    """A real extract, built and opened once."""
    made: dict[str, RoadNetwork] = {}

    def get(name: str) -> RoadNetwork:
        if name not in made:
            out = tmp_path_factory.mktemp("roads") / f"{name}.roads"
            build_roads(OSM / f"{name}.osm.pbf", out, rules=rules)
            made[name] = open_roads(out)
        return made[name]

    return get


@pytest.fixture(scope="session")
def xml(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The drivable part of a real extract as .osm, picked by the test itself with pyosmium."""
    made: dict[str, Path] = {}

    def get(name: str) -> Path:
        if name not in made:
            made[name] = tmp_path_factory.mktemp("xml") / f"{name}.osm"
            _write_drivable(OSM / f"{name}.osm.pbf", made[name])
        return made[name]

    return get


def _write_drivable(source: Path, out: Path) -> None:
    import osmium

    def wanted(tags: Mapping[str, str]) -> bool:
        closed = tags.get("access") in {"private", "no"} and tags.get("motor_vehicle") not in {"yes", "designated"}
        banned = tags.get("motor_vehicle") == "no" or tags.get("motorcar") == "no"
        lane = tags.get("service") in {"alley", "driveway", "emergency_access", "parking", "parking_aisle", "private"}
        return tags.get("highway") in STREETS and not (closed or banned or lane) and tags.get("area") != "yes"

    ways = [
        (way.id, [node.ref for node in way.nodes], dict(way.tags))
        for way in osmium.FileProcessor(str(source), osmium.osm.WAY)
        if wanted({tag.k: tag.v for tag in way.tags})
    ]
    used = {ref for _, refs, _ in ways for ref in refs}
    with osmium.SimpleWriter(str(out)) as writer:
        for node in osmium.FileProcessor(str(source), osmium.osm.NODE).with_filter(osmium.filter.IdFilter(used)):
            writer.add_node(node)
        for number, refs, tags in ways:
            writer.add_way(osmium.osm.mutable.Way(id=number, nodes=refs, tags=tags))


@pytest.fixture(scope="session")
def osmnx_graph(xml: Callable[[str], Path]) -> Callable[[str], nx.MultiDiGraph]:
    """The same streets read by OSMnx, every point a node, with OSMnx's own speeds: nothing of ours."""
    made: dict[str, nx.MultiDiGraph] = {}

    def get(name: str) -> nx.MultiDiGraph:
        if name not in made:
            import osmnx as ox

            graph = ox.graph_from_xml(xml(name), simplify=False, retain_all=True)
            made[name] = ox.add_edge_speeds(graph)
        return made[name]

    return get


@pytest.fixture(scope="session")
def plain_graph(
    osmnx_graph: Callable[[str], nx.MultiDiGraph], city: Callable[[str], RoadNetwork]
) -> Callable[[str], nx.DiGraph]:
    """OSMnx's graph with geodesic lengths by pyproj, minutes, and only its largest strongly connected part."""
    made: dict[str, nx.DiGraph] = {}

    def get(name: str) -> nx.DiGraph:
        if name not in made:
            unposted_mph = city(name).info()["class_mph"]
            made[name] = _plain(osmnx_graph(name), unposted_mph)
        return made[name]

    return get


def _plain(graph: nx.MultiDiGraph, unposted_mph: Mapping[str, float]) -> nx.DiGraph:
    plain = nx.DiGraph()
    places = {node: (data["x"], data["y"]) for node, data in graph.nodes(data=True)}
    for u, v, data in graph.edges(data=True):
        if u == v:
            continue
        mi = GEOD.inv(*places[u], *places[v])[2] / MILE_M
        minutes = mi / _mph(data.get("maxspeed"), unposted_mph[data["highway"]]) * 60
        old = plain.get_edge_data(u, v, {"mi": mi, "min": minutes, "frontage": False})
        frontage = old["frontage"] or data["highway"] not in NO_FRONTAGE
        plain.add_edge(u, v, mi=min(mi, old["mi"]), min=min(minutes, old["min"]), frontage=frontage)
    nx.set_node_attributes(plain, {node: places[node] for node in plain}, "place")
    return plain.subgraph(max(nx.strongly_connected_components(plain), key=len)).copy()


def _mph(posted: object, otherwise: float) -> float:
    if not isinstance(posted, str):
        return otherwise
    return float(posted.removesuffix(" mph")) if posted.endswith(" mph") else float(posted) / KM_PER_MILE


@pytest.fixture
def drawn(tmp_path: Path, rules: RoadRules) -> Callable[..., RoadNetwork]:
    """A small network drawn by the test: node places by number, and ways."""

    def draw(nodes: Mapping[int, tuple[float, float]], *ways: tuple[Sequence[int], Mapping[str, str]]) -> RoadNetwork:
        extract = tmp_path / "drawn.osm"
        write_osm(extract, nodes, *ways)
        build_roads(extract, tmp_path / "drawn.roads", rules=rules)
        return open_roads(tmp_path / "drawn.roads")

    return draw


def write_osm(
    path: Path, nodes: Mapping[int, tuple[float, float]], *ways: tuple[Sequence[int], Mapping[str, str]]
) -> None:
    """Write OSM XML: nodes (lon, lat) by number, ways as (nodes, tags)."""
    lines = ["<osm version='0.6'>"]
    lines += [f"<node id='{number}' lon='{lon}' lat='{lat}'/>" for number, (lon, lat) in nodes.items()]
    for number, (refs, tags) in enumerate(ways, start=1):
        lines.append(f"<way id='{number}' timestamp='2026-10-05T01:02:03Z'>")
        lines += [f"<nd ref='{ref}'/>" for ref in refs]
        lines += [f"<tag k='{key}' v='{value}'/>" for key, value in tags.items()]
        lines.append("</way>")
    path.write_text("\n".join([*lines, "</osm>"]), encoding="utf-8")
