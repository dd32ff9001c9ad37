"""Street networks through OSMnx: a saved GraphML file, a graph in memory, or OSMnx's own download of a named area.

The only module that imports OSMnx, and the only one that can reach the internet, when asked by name for an *area*:
never for an address. Speeds are OSMnx's own (``add_edge_speeds``), unless the graph already carries its own.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from adequacy.errors import InputError, PrivacyError, ServiceUnreachable, UsageError
from adequacy.roads.chains import Chains, measure_shapes
from adequacy.roads.extracts import E7, is_open_to_cars

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import networkx as nx

__all__ = ["chains_from_graph", "created_on", "download_area", "read_graphml"]

_Shape = tuple[tuple[int, int], ...]
_DATE_LENGTH = len("2026-11-01")
_MAX_LAT, _MAX_LON = 90, 180


def read_graphml(path: Path, typical_kph: Mapping[str, float], fallback_kph: Mapping[str, float]) -> tuple[Chains, str]:
    """Read a GraphML file saved by OSMnx: its streets, and the day OSMnx made it.

    Raises
    ------
    InputError
        The file is missing, empty, cut off, not GraphML of OSMnx, or without drivable streets.
    """
    if not path.is_file():
        raise InputError(f"{path.name}: no such file. Give a street extract: .osm, .osm.bz2, .osm.pbf or .graphml.")
    import xml.etree.ElementTree as ET

    import networkx as nx
    import osmnx as ox

    try:
        graph = ox.load_graphml(path)
    except (ET.ParseError, nx.NetworkXError, KeyError, ValueError, TypeError, AttributeError, IndexError, OSError):
        raise InputError(
            f"{path.name}: not a readable GraphML file of OSMnx: empty, cut off or another format. Save it again with "
            "osmnx.save_graphml."
        ) from None
    return chains_from_graph(graph, typical_kph, fallback_kph, path.name), created_on(graph)


def created_on(graph: nx.MultiDiGraph) -> str:
    """Return the day on which OSMnx made a graph; empty where it does not say."""
    return str(graph.graph.get("created_date", ""))[:_DATE_LENGTH]


def chains_from_graph(
    graph: nx.MultiDiGraph, typical_kph: Mapping[str, float], fallback_kph: Mapping[str, float], source: str
) -> Chains:
    """Turn an OSMnx graph into streets; the graph itself is not changed.

    Parameters
    ----------
    graph : networkx.MultiDiGraph
        With ``x`` and ``y`` in WGS 84 degrees (not projected) and the ``highway`` tag on its edges.
    typical_kph, fallback_kph : mapping
        As for `adequacy.roads.chains.impute_kph`; the keys of ``fallback_kph`` are the classes that are streets.
    source : str
        Name for messages.

    Raises
    ------
    InputError
        The graph is projected, incomplete, or has no drivable street.
    """
    streets = _streets(graph, frozenset(fallback_kph), source)
    speeds = _speeds(streets, dict(typical_kph), fallback_kph)
    number = {node: index for index, node in enumerate(sorted(streets.nodes))}
    seen: dict[tuple[int, int, str, float, _Shape], int] = {}
    rows: list[tuple[int, int, str, float, _Shape]] = []
    two_way: list[bool] = []
    for u, v, key, data in sorted(streets.edges(keys=True, data=True), key=lambda edge: edge[:3]):
        shape = _shape(streets, u, v, data)
        name = _first(data["highway"])
        row = (number[u], number[v], name, speeds[u, v, key], shape)
        other = seen.get((number[v], number[u], name, speeds[u, v, key], shape[::-1]))
        if other is not None and not two_way[other]:
            two_way[other] = True
        elif row not in seen:
            seen[row] = len(rows)
            rows.append(row)
            two_way.append(False)
    return _chains(streets, rows, two_way)


def download_area(area: str) -> nx.MultiDiGraph:
    """Download the drivable streets of a named area through OSMnx.

    Parameters
    ----------
    area : str
        The name of a county, city or state, such as ``"Wake County, North Carolina"``. Never an address.

    Raises
    ------
    PrivacyError
        The name holds a digit: it may be an address or a ZIP, and those are not sent anywhere.
    ServiceUnreachable
        No internet, or the service did not answer.
    UsageError
        No area of that name.
    """
    if re.search(r"\d", area):
        raise PrivacyError(
            "An area to download is named by county, city or state, without digits: an address or a ZIP is never sent "
            "out. Nothing was sent."
        )
    import osmnx as ox
    import requests
    from osmnx._errors import ResponseStatusCodeError

    try:
        with _quiet(ox):
            return ox.graph_from_place(area, network_type="drive", simplify=True, retain_all=True)
    except (requests.exceptions.RequestException, ResponseStatusCodeError, ConnectionError, TimeoutError):
        raise ServiceUnreachable(
            "OpenStreetMap could not be reached to download the streets. Try again with internet, or build from a "
            "local extract: adequacy roads build EXTRACT --out FILE.roads"
        ) from None
    except (TypeError, ValueError):
        raise UsageError(
            "OpenStreetMap knows no area of that name with streets in it. Write it as 'Wake County, North Carolina'."
        ) from None


@contextmanager
def _quiet(ox: Any) -> Iterator[None]:
    """Keep OSMnx from writing a cache or a log while it works; put its settings back afterwards."""
    settings = ox.settings
    before = (settings.use_cache, settings.log_file, settings.log_console)
    settings.use_cache, settings.log_file, settings.log_console = False, False, False
    try:
        yield
    finally:
        settings.use_cache, settings.log_file, settings.log_console = before


def _first(value: Any) -> str:
    """Return a tag's value; of several (OSMnx merges ways) the first, as OSMnx itself does."""
    return str(value[0] if isinstance(value, list) and value else value)


def _streets(graph: nx.MultiDiGraph, classes: frozenset[str], source: str) -> nx.MultiDiGraph:
    """Copy the drivable part of a graph."""
    if any(not _is_place(data) for _, data in graph.nodes(data=True)):
        raise InputError(f"{source}: its nodes have no longitude and latitude. Give an unprojected OSMnx graph.")
    keep = [
        (u, v, key)
        for u, v, key, data in graph.edges(keys=True, data=True)
        if _first(data.get("highway", "")) in classes
        and is_open_to_cars({str(name): _first(value) for name, value in data.items() if isinstance(value, str | list)})
    ]
    if not keep:
        raise InputError(f"{source}: no drivable way in it. Give a graph with streets (highway tags).")
    return graph.edge_subgraph(keep).copy()


def _is_place(data: Mapping[str, Any]) -> bool:
    """Tell whether a node has coordinates in degrees."""
    x, y = data.get("x"), data.get("y")
    return isinstance(x, int | float) and isinstance(y, int | float) and abs(x) <= _MAX_LON and abs(y) <= _MAX_LAT


def _speeds(
    streets: nx.MultiDiGraph, typical_kph: dict[str, float], fallback_kph: Mapping[str, float]
) -> dict[tuple[Any, Any, int], float]:
    """Return the speed of every edge: the graph's own where complete, else OSMnx's default."""
    import osmnx as ox

    edges = list(streets.edges(keys=True, data=True))
    if not all(isinstance(data.get("speed_kph"), int | float) and data["speed_kph"] > 0 for *_, data in edges):
        try:
            streets = ox.add_edge_speeds(streets, hwy_speeds=typical_kph or None)
        except ValueError:
            return {(u, v, key): fallback_kph[_first(data["highway"])] for u, v, key, data in edges}
    return {(u, v, key): float(data["speed_kph"]) for u, v, key, data in streets.edges(keys=True, data=True)}


def _shape(streets: nx.MultiDiGraph, u: Any, v: Any, data: Mapping[str, Any]) -> _Shape:
    """Return the shape of an edge from ``u`` to ``v`` in OpenStreetMap's units; ends exactly on its nodes."""
    ends = [(round(streets.nodes[n]["x"] * E7), round(streets.nodes[n]["y"] * E7)) for n in (u, v)]
    line = data.get("geometry")
    if line is None:
        return tuple(ends)
    inner = [(round(lon * E7), round(lat * E7)) for lon, lat in line.coords]
    if inner[0] == ends[1] != inner[-1]:
        inner.reverse()
    return (ends[0], *inner[1:-1], ends[1])


def _chains(streets: nx.MultiDiGraph, rows: list[tuple[int, int, str, float, _Shape]], two_way: list[bool]) -> Chains:
    """Lay the collected streets out as arrays."""
    import numpy as np

    nodes = [streets.nodes[node] for node in sorted(streets.nodes)]
    count = np.array([len(shape) for *_, shape in rows])
    points = np.array([point for *_, shape in rows for point in shape], dtype=np.int32)
    names, road_class = np.unique([name for _, _, name, _, _ in rows], return_inverse=True)
    chains = Chains(
        node_lon_e7=np.array([round(node["x"] * E7) for node in nodes], dtype=np.int32),
        node_lat_e7=np.array([round(node["y"] * E7) for node in nodes], dtype=np.int32),
        u=np.array([u for u, *_ in rows], dtype=np.int32),
        v=np.array([v for _, v, *_ in rows], dtype=np.int32),
        two_way=np.array(two_way, dtype=bool),
        road_class=road_class.astype(np.int16),
        kph=np.array([kph for _, _, _, kph, _ in rows], dtype=float),
        mi=np.empty(len(rows)),
        start=np.concatenate([[0], np.cumsum(count)]).astype(np.int64),
        lon_e7=points[:, 0].copy(),
        lat_e7=points[:, 1].copy(),
        class_names=tuple(str(name) for name in names),
    )
    return replace(chains, mi=measure_shapes(chains.lon_e7, chains.lat_e7, chains.start))
