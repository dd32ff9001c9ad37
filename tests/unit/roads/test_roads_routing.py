"""Routing against networkx on real extracts, and small networks whose answers can be worked out by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import pytest

from adequacy.distance import miles, miles_between
from adequacy.errors import CoordinateError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from adequacy.roads import RoadNetwork

CITIES = ("columbus", "baltimore")
BOTH_WAYS = ("home_to_site", "site_to_home")
RESIDENTIAL = {"highway": "residential", "maxspeed": "30 mph"}
ACCESS_MPH = 15.0


def _frontage_nodes(graph: nx.DiGraph, count: int, seed: int) -> list[int]:
    nodes = sorted({node for u, v, has in graph.edges(data="frontage") if has for node in (u, v)})
    return [int(each) for each in np.random.default_rng(seed).choice(nodes, count, replace=False)]


def _places(graph: nx.DiGraph, nodes: list[int]) -> NDArray[np.float64]:
    return np.array([graph.nodes[node]["place"] for node in nodes])


@pytest.mark.parametrize("measure", ["mi", "min"])
@pytest.mark.parametrize("name", CITIES)
def test_thousands_of_random_pairs_equal_networkx(
    name: str, measure: str, city: Callable[[str], RoadNetwork], plain_graph: Callable[[str], nx.DiGraph]
) -> None:
    graph = plain_graph(name)
    homes, sites = _frontage_nodes(graph, 9, seed=1), _frontage_nodes(graph, 400, seed=2)
    expected = np.array(
        [
            [found[site] for site in sites]
            for found in (nx.single_source_dijkstra_path_length(graph, home, weight=measure) for home in homes)
        ]
    )
    home, site = _places(graph, homes), _places(graph, sites)
    drives = city(name).pairs(home[:, :1], home[:, 1:], site[:, 0], site[:, 1])
    got = drives.drive_mi if measure == "mi" else drives.drive_min
    assert (drives.reason == "").all()
    np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("direction", BOTH_WAYS)
def test_places_in_the_middle_of_streets_equal_networkx_with_the_streets_cut_there(
    direction: str, city: Callable[[str], RoadNetwork], plain_graph: Callable[[str], nx.DiGraph]
) -> None:
    graph = plain_graph("baltimore").copy()
    rng = np.random.default_rng(7)
    edges = sorted((u, v) for u, v, has in graph.edges(data="frontage") if has)
    chosen = [edges[int(each)] for each in rng.choice(len(edges), 120, replace=False)]
    seen: set[frozenset[int]] = set()
    cut = []
    for number, (u, v) in enumerate(chosen):
        if frozenset((u, v)) not in seen:
            seen.add(frozenset((u, v)))
            cut.append(_cut(graph, u, v, float(rng.uniform(0.1, 0.9)), -1 - number))
    homes, sites = cut[: len(cut) // 2], cut[len(cut) // 2 :]
    found = graph if direction == "home_to_site" else graph.reverse()
    expected = [
        [costs[site] for site in sites]
        for costs in (nx.single_source_dijkstra_path_length(found, home, weight="min") for home in homes)
    ]
    home, site = _places(graph, homes), _places(graph, sites)
    drives = city("baltimore").pairs(home[:, :1], home[:, 1:], site[:, 0], site[:, 1], direction=direction)
    # the points lie on the streets to 1e-14 degree: an access leg of a few nanometres
    np.testing.assert_allclose(drives.drive_min, expected, rtol=1e-9, atol=1e-9)


def _cut(graph: nx.DiGraph, u: int, v: int, part: float, name: int) -> int:
    """Put a node into a street, by hand."""
    a, b = (np.array(graph.nodes[node]["place"]) for node in (u, v))
    place = a + part * (b - a)
    graph.add_node(name, place=tuple(place))
    for tail, head, start, end in ((u, v, a, b), (v, u, b, a)):
        data = graph.get_edge_data(tail, head)
        if data is None:
            continue
        minutes_per_mile = data["min"] / data["mi"]
        for p, q, x, y in ((tail, name, start, place), (name, head, place, end)):
            mi = miles(*x, *y)
            graph.add_edge(p, q, mi=mi, min=mi * minutes_per_mile, frontage=True)
        graph.remove_edge(tail, head)
    return name


@pytest.mark.parametrize("name", CITIES)
def test_no_drive_is_shorter_than_the_straight_line(name: str, city: Callable[[str], RoadNetwork]) -> None:
    network = city(name)
    west, south, east, north = network.bounds
    places = np.random.default_rng(3).uniform((west, south), (east, north), (160, 2))
    on = network.snap(*places.T)
    places, on_lon, on_lat = places[on.measured], on.lon[on.measured], on.lat[on.measured]
    drives = network.pairs(places[:40, :1], places[:40, 1:], places[40:, 0], places[40:, 1])
    line = miles_between(on_lon[:40, None], on_lat[:40, None], on_lon[None, 40:], on_lat[None, 40:])
    legs = on.access_mi[on.measured]
    assert (drives.drive_mi - legs[:40, None] - legs[None, 40:] >= line * (1 - 1e-12) - 1e-12).all()
    assert (drives.drive_mi >= miles_between(places[:40, :1], places[:40, 1:], places[40:, 0], places[40:, 1])).all()


def test_a_network_without_one_way_streets_is_symmetric(drawn: Callable[..., RoadNetwork]) -> None:
    rng = np.random.default_rng(11)
    nodes = {10 * x + y: (-79 + x * 0.01, 35 + y * 0.01) for x in range(8) for y in range(8)}
    nodes = {number: (lon + rng.uniform(0, 0.004), lat + rng.uniform(0, 0.004)) for number, (lon, lat) in nodes.items()}
    ways = [([10 * x + y for x in range(8)], RESIDENTIAL) for y in range(8)]
    ways += [([10 * x + y for y in range(8)], {**RESIDENTIAL, "maxspeed": "45 mph"}) for x in range(8)]
    network = drawn(nodes, *ways)
    a = rng.uniform((-79, 35), (-78.93, 35.07), (30, 2))
    there = network.pairs(a[:, :1], a[:, 1:], a[:, 0], a[:, 1])
    back = network.pairs(a[:, :1], a[:, 1:], a[:, 0], a[:, 1], direction="site_to_home")
    assert (there.reason == "").mean() > 0.9
    for forth, other in ((there.drive_mi, back.drive_mi), (there.drive_min, back.drive_min)):
        np.testing.assert_allclose(forth, forth.T, rtol=1e-12)
        np.testing.assert_allclose(forth, other, rtol=1e-12)


@pytest.fixture
def block(drawn: Callable[..., RoadNetwork]) -> RoadNetwork:
    """A square round which traffic runs one way: 1 -> 2 -> 3 -> 4 -> 1."""
    nodes = {1: (-79.0, 35.0), 2: (-78.99, 35.0), 3: (-78.99, 35.01), 4: (-79.0, 35.01)}
    return drawn(nodes, ([1, 2, 3, 4, 1], {**RESIDENTIAL, "oneway": "yes"}))


def test_one_way_streets_make_the_two_directions_differ(block: RoadNetwork) -> None:
    side, up = miles(-79.0, 35.0, -78.99, 35.0), miles(-78.99, 35.0, -78.99, 35.01)
    top = miles(-78.99, 35.01, -79.0, 35.01)
    there = block.pairs(-79.0, 35.0, -78.99, 35.0)
    back = block.pairs(-79.0, 35.0, -78.99, 35.0, direction="site_to_home")
    assert there.drive_mi == pytest.approx([side], rel=1e-12)
    assert back.drive_mi == pytest.approx([2 * up + top], rel=1e-12)
    assert there.drive_min == pytest.approx([side / 30 * 60], rel=1e-12)
    assert back.drive_min == pytest.approx([(2 * up + top) / 30 * 60], rel=1e-12)


def test_on_one_street_a_place_behind_is_reached_only_the_long_way_round(block: RoadNetwork) -> None:
    near, far = (-78.998, 35.0), (-78.992, 35.0)
    ahead = block.pairs(*near, *far)
    behind = block.pairs(*far, *near)
    whole = sum(miles(*p, *q) for p, q in ((near, far), (far, (-78.99, 35.0)))) + miles(-79.0, 35.0, *near)
    whole += 2 * miles(-79.0, 35.0, -79.0, 35.01) + miles(-79.0, 35.01, -78.99, 35.01)
    assert ahead.drive_mi == pytest.approx([miles(*near, *far)], rel=1e-9)
    assert behind.drive_mi == pytest.approx([whole - miles(*near, *far)], rel=1e-9)


def test_reversed_one_way_tags_run_against_the_order_of_the_nodes(drawn: Callable[..., RoadNetwork]) -> None:
    nodes = {1: (-79.0, 35.0), 2: (-78.99, 35.0), 3: (-78.99, 35.01)}
    network = drawn(nodes, ([1, 2], {**RESIDENTIAL, "oneway": "-1"}), ([1, 3, 2], RESIDENTIAL))
    round_about = miles(-79.0, 35.0, -78.99, 35.01) + miles(-78.99, 35.01, -78.99, 35.0)
    assert network.pairs(-78.99, 35.0, -79.0, 35.0).drive_mi == pytest.approx([miles(-79, 35, -78.99, 35)], rel=1e-12)
    assert network.pairs(-79.0, 35.0, -78.99, 35.0).drive_mi == pytest.approx([round_about], rel=1e-12)


def test_both_access_legs_are_counted_in_miles_and_at_the_policys_speed_in_minutes(
    drawn: Callable[..., RoadNetwork],
) -> None:
    network = drawn({1: (-79.0, 35.0), 2: (-78.9, 35.0), 3: (-78.9, 35.1)}, ([1, 2, 3], RESIDENTIAL))
    home, site = (-78.98, 35.002), (-78.92, 35.001)
    drive = network.pairs(*home, *site)
    on = network.snap(*zip(home, site, strict=True))
    legs = on.access_mi.sum()
    assert legs == pytest.approx(miles(*home, -78.98, 35.0) + miles(*site, -78.92, 35.0), rel=1e-6)
    street = miles(on.lon[0], on.lat[0], on.lon[1], on.lat[1])
    assert drive.drive_mi == pytest.approx([legs + street], rel=1e-12)
    assert drive.drive_min == pytest.approx([legs / ACCESS_MPH * 60 + street / 30 * 60], rel=1e-12)


def test_the_shortest_and_the_fastest_route_may_differ(drawn: Callable[..., RoadNetwork]) -> None:
    nodes = {1: (-79.0, 35.0), 2: (-78.9, 35.0), 3: (-78.95, 35.02)}
    fast = {"highway": "primary", "maxspeed": "55 mph"}
    network = drawn(nodes, ([1, 2], {"highway": "residential", "maxspeed": "15 mph"}), ([1, 3, 2], fast))
    drive = network.pairs(-79.0, 35.0, -78.9, 35.0)
    straight = miles(-79.0, 35.0, -78.9, 35.0)
    detour = miles(-79.0, 35.0, -78.95, 35.02) + miles(-78.95, 35.02, -78.9, 35.0)
    assert drive.drive_mi == pytest.approx([straight], rel=1e-12)
    assert drive.drive_min == pytest.approx([detour / 55 * 60], rel=1e-12)


@pytest.mark.parametrize("direction", BOTH_WAYS)
def test_the_nearest_of_many_is_the_least_of_all_pairs(direction: str, city: Callable[[str], RoadNetwork]) -> None:
    network = city("columbus")
    homes, sites = _scattered(network, 250, 1), _scattered(network, 60, 2)
    found = network.nearest(*homes.T, *sites.T, direction=direction)
    pairs = network.pairs(homes[:, :1], homes[:, 1:], sites[:, 0], sites[:, 1], direction=direction)
    known = found.reason == ""
    assert known.sum() > 100
    for got, by, every in (
        (found.drive_mi, found.site_by_mi, pairs.drive_mi),
        (found.drive_min, found.site_by_min, pairs.drive_min),
    ):
        np.testing.assert_allclose(got[known], np.nanmin(every[known], axis=1), rtol=1e-12)
        np.testing.assert_allclose(every[np.flatnonzero(known), by[known]], got[known], rtol=1e-12)
        assert np.isnan(got[~known]).all()
        assert (by[~known] == -1).all()


def _scattered(network: RoadNetwork, count: int, seed: int) -> NDArray[np.float64]:
    west, south, east, north = network.bounds
    return np.random.default_rng(seed).uniform((west, south), (east, north), (count, 2))


@pytest.mark.parametrize("direction", BOTH_WAYS)
@pytest.mark.parametrize(("homes", "sites"), [(30, 90), (90, 30)])
def test_lists_are_picked_from_all_pairs(
    homes: int, sites: int, direction: str, city: Callable[[str], RoadNetwork]
) -> None:
    network = city("baltimore")
    home, site = _scattered(network, homes, 4), _scattered(network, sites, 5)
    pairs = network.pairs(home[:, :1], home[:, 1:], site[:, 0], site[:, 1], direction=direction)
    every = network.route_many(*home.T, *site.T, direction=direction).frame()
    assert len(every) == (pairs.reason == "").sum()
    np.testing.assert_allclose(every.drive_mi, pairs.drive_mi[every.home, every.site], rtol=1e-12)
    np.testing.assert_allclose(every.drive_min, pairs.drive_min[every.home, every.site], rtol=1e-12)
    three = network.route_many(*home.T, *site.T, direction=direction, k=3).frame()
    assert three.equals(every.groupby("home").head(3).reset_index(drop=True))
    for limits in ({"limit_min": 2.5}, {"limit_mi": 1.0}, {"limit_min": 3.0, "limit_mi": 1.0}):
        within = network.route_many(*home.T, *site.T, direction=direction, **limits).frame()
        keep = (every.drive_min <= limits.get("limit_min", np.inf)) & (every.drive_mi <= limits.get("limit_mi", np.inf))
        kept = every[keep].reset_index(drop=True)
        assert within[["home", "site"]].equals(kept[["home", "site"]])
        np.testing.assert_allclose(within[["drive_mi", "drive_min"]], kept[["drive_mi", "drive_min"]], rtol=1e-12)


def test_a_site_at_exactly_the_limit_is_listed(city: Callable[[str], RoadNetwork]) -> None:
    network = city("baltimore")
    home, site = _scattered(network, 1, 20), _scattered(network, 40, 21)
    every = network.route_many(*home.T, *site.T)
    assert len(every.site) > 10
    limit = float(every.drive_min[5])
    assert len(network.route_many(*home.T, *site.T, limit_min=limit).site) == 6
    assert len(network.route_many(*home.T, *site.T, limit_min=np.nextafter(limit, 0)).site) == 5


def test_beyond_a_search_limit_the_nearest_is_infinite_not_unknown(city: Callable[[str], RoadNetwork]) -> None:
    network = city("columbus")
    homes, sites = _scattered(network, 200, 8), _scattered(network, 4, 9)
    whole = network.nearest(*homes.T, *sites.T)
    cut = network.nearest(*homes.T, *sites.T, limit_mi=3.0, limit_min=6.0)
    for limit, full, short in ((3.0, whole.drive_mi, cut.drive_mi), (6.0, whole.drive_min, cut.drive_min)):
        known = cut.reason == ""
        assert (full[known] > limit).any()
        np.testing.assert_array_equal(short[known], np.where(full[known] <= limit, full[known], np.inf))


def test_what_cannot_be_measured_has_a_reason_and_no_number(city: Callable[[str], RoadNetwork]) -> None:
    network = city("columbus")
    lon, lat = np.mean(_scattered(network, 500, 1), axis=0)
    on = network.snap(lon, lat)
    good = (float(on.lon[0]), float(on.lat[0])) if on.measured[0] else (-83.0, 39.96)
    west = network.bounds[0]
    drive = network.pairs([west - 0.01, np.nan, good[0]], [good[1]] * 3, good[0], good[1])
    assert drive.reason.tolist() == ["home_outside_roads", "home_no_coordinate", ""]
    assert np.isnan(drive.drive_mi).tolist() == [True, True, False]
    assert np.isnan(drive.drive_min).tolist() == [True, True, False]
    other = network.pairs(good[0], good[1], [west - 0.01], [good[1]])
    assert other.reason.tolist() == ["site_outside_roads"]


def test_a_place_farther_from_every_street_than_the_policy_allows_is_not_measured(
    drawn: Callable[..., RoadNetwork],
) -> None:
    network = drawn({1: (-79.0, 35.0), 2: (-78.9, 35.0), 3: (-78.9, 35.1)}, ([1, 2, 3], RESIDENTIAL))
    limit = network.info()["snap_max_mi"]
    per_degree = miles(-78.95, 35.0, -78.95, 35.001) / 0.001
    lats = 35.0 + np.array([0.999, 1.001]) * limit / per_degree
    drive = network.pairs([-78.95, -78.95], lats, -78.9, 35.0)
    assert drive.reason.tolist() == ["", "home_far_from_road"]
    assert np.isnan(drive.drive_mi).tolist() == [False, True]


def test_a_latitude_out_of_range_is_an_error_not_an_unmeasured_place(city: Callable[[str], RoadNetwork]) -> None:
    with pytest.raises(CoordinateError, match="swapped"):
        city("columbus").snap(39.96, -183.0 + 80)


def test_no_site_on_the_network_leaves_every_home_unmeasured(city: Callable[[str], RoadNetwork]) -> None:
    network = city("columbus")
    homes = _scattered(network, 20, 1)
    found = network.nearest(*homes.T, [-70.0], [40.0])
    assert set(found.reason) <= {"no_site_on_roads", "far_from_road"}
    assert np.isnan(found.drive_mi).all()
    assert found.site_reason.tolist() == ["outside_roads"]


def test_a_nearer_site_off_the_network_is_said_to_possibly_beat_the_drive_found(
    drawn: Callable[..., RoadNetwork],
) -> None:
    network = drawn({1: (-79.0, 35.0), 2: (-78.9, 35.0)}, ([1, 2], RESIDENTIAL))
    near_but_outside, far_on_street = (-79.01, 35.0), (-78.91, 35.0)
    found = network.nearest([-78.99, -78.92], [35.0, 35.0], *zip(near_but_outside, far_on_street, strict=True))
    assert found.site_by_mi.tolist() == [1, 1]
    assert found.could_be_less_mi.tolist() == [True, False]
    assert found.could_be_less_min.tolist() == [True, False]


def test_an_answer_does_not_depend_on_what_is_asked_with_it(city: Callable[[str], RoadNetwork]) -> None:
    network = city("columbus")
    homes, sites = _scattered(network, 60, 14), _scattered(network, 15, 15)
    together = network.pairs(homes[:, :1], homes[:, 1:], sites[:, 0], sites[:, 1])
    for row in range(0, 60, 13):
        alone = network.pairs(*homes[row], sites[:, 0], sites[:, 1])
        np.testing.assert_allclose(alone.drive_mi, together.drive_mi[row], rtol=1e-13)
        for site in range(0, 15, 6):
            one = network.pairs(*homes[row], *sites[site])
            assert (one.drive_min[0] == alone.drive_min[site]) or np.isnan(alone.drive_min[site])


def test_nonsense_in_the_question_is_refused_in_words(city: Callable[[str], RoadNetwork]) -> None:
    network = city("baltimore")
    with pytest.raises(UsageError, match="home_to_site or site_to_home"):
        network.pairs(-76.5, 39.3, -76.5, 39.3, direction="there")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="at least one site"):
        network.route_many([-76.5], [39.3], [-76.5], [39.3], k=0)


def test_nobody_asked_is_nobody_answered(city: Callable[[str], RoadNetwork]) -> None:
    network = city("baltimore")
    assert len(network.pairs([], [], [], []).drive_mi) == 0
    assert len(network.route_many([], [], [-76.55], [39.29]).home) == 0
    assert len(network.nearest([], [], [-76.55], [39.29]).drive_mi) == 0
    assert network.nearest([-76.55], [39.29], [], []).reason.tolist() == ["no_site_on_roads"]
