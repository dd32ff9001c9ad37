"""Putting places on streets, against a plain search through every segment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from pyproj import Transformer

from adequacy.distance import miles_between

from .conftest import NO_FRONTAGE

if TYPE_CHECKING:
    from collections.abc import Callable

    from adequacy.roads import RoadNetwork


@pytest.mark.parametrize("name", ["columbus", "baltimore"])
def test_the_nearest_street_equals_a_plain_search_through_every_segment(
    name: str, city: Callable[[str], RoadNetwork]
) -> None:
    network = city(name)
    chains = network._compiled.chains
    west, south, east, north = network.bounds
    places = np.random.default_rng(5).uniform((west, south), (east, north), (150, 2))
    got = network.snap(*places.T)
    first = np.setdiff1d(np.arange(len(chains.lon_e7) - 1), chains.start[1:] - 1)
    of = np.searchsorted(chains.start, first, side="right") - 1
    frontage = np.array([each not in NO_FRONTAGE for each in chains.class_names])[chains.road_class[of]]
    first = first[frontage]
    a, b = (np.column_stack([chains.lon_e7[at], chains.lat_e7[at]]) / 1e7 for at in (first, first + 1))
    for row, (lon, lat) in enumerate(places):
        flat = Transformer.from_crs("EPSG:4326", f"+proj=aeqd +lat_0={lat} +lon_0={lon} +ellps=WGS84", always_xy=True)
        p, q = (np.column_stack(flat.transform(*each.T)) for each in (a, b))
        step = q - p
        length2 = (step**2).sum(axis=1)
        part = np.clip(-(p * step).sum(axis=1) / np.where(length2 > 0, length2, 1), 0, 1)
        least_mi = np.hypot(*(p + part[:, None] * step).T).min() / 1609.344
        if least_mi < 0.4999:
            assert got.access_mi[row] == pytest.approx(least_mi, rel=2e-6, abs=1e-6)
        elif least_mi > 0.5001:
            assert (got.chain[row], got.reason[row]) == (-1, "far_from_road")


def test_the_ways_to_both_ends_make_up_the_street(city: Callable[[str], RoadNetwork]) -> None:
    network = city("columbus")
    west, south, east, north = network.bounds
    on = network.snap(*np.random.default_rng(6).uniform((west, south), (east, north), (2000, 2)).T)
    known = on.measured
    street = network._compiled.chains.mi[on.chain[known]]
    whole = on.to_u_mi[known] + on.to_v_mi[known]
    assert (whole >= street * (1 - 1e-12)).all()
    np.testing.assert_allclose(whole, street, rtol=1e-6, atol=1e-9)
    again = network.snap(on.lon[known], on.lat[known])
    assert again.access_mi.max() < 1e-9


def test_a_place_gives_the_same_figures_alone_and_among_many(city: Callable[[str], RoadNetwork]) -> None:
    network = city("baltimore")
    west, south, east, north = network.bounds
    places = np.random.default_rng(8).uniform((west, south), (east, north), (400, 2))
    many = network.snap(*places.T)
    for row in range(0, 400, 37):
        alone = network.snap(*places[row])
        for name in ("chain", "segment", "to_u_mi", "to_v_mi", "access_mi", "reason"):
            np.testing.assert_array_equal(getattr(alone, name)[0], getattr(many, name)[row])


def test_a_long_straight_street_is_found_from_its_middle(drawn: Callable[..., RoadNetwork]) -> None:
    nodes = {1: (-80.0, 35.0), 2: (-79.0, 35.5), 3: (-79.0, 35.0)}
    network = drawn(nodes, ([1, 2, 3], {"highway": "primary"}))
    on = network.snap(-79.5, 35.253)
    assert on.access_mi[0] == pytest.approx(miles_between(-79.5, 35.253, on.lon[0], on.lat[0])[()])
    assert on.access_mi[0] < 0.5
