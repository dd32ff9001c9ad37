"""Drive-time areas: each place inside is within the minutes, and longer areas hold shorter ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely

from adequacy.errors import PlaceUnknown, UsageError
from adequacy.roads.isochrones import minutes_grid

if TYPE_CHECKING:
    from collections.abc import Callable

    from adequacy.roads import RoadNetwork

SITE = (-76.56, 39.285)
BOTH_WAYS = ("home_to_site", "site_to_home")


@pytest.mark.parametrize("direction", BOTH_WAYS)
def test_every_place_of_the_grid_lies_on_its_side_of_the_border(
    direction: str, city: Callable[[str], RoadNetwork]
) -> None:
    network = city("baltimore")
    areas = network.isochrones(*SITE, [2, 4, 6], direction=direction, cells=60)
    x, y, grid = minutes_grid(network, *SITE, 6, direction=direction, cells=60)
    lon, lat = (each.reshape(-1) for each in np.meshgrid(x, y))
    minutes = grid.reshape(-1)
    drives = network.pairs(lon, lat, *SITE, direction=direction)
    np.testing.assert_allclose(minutes[np.isfinite(minutes)], drives.drive_min[np.isfinite(minutes)], rtol=1e-12)
    for _, area in areas.iterrows():
        inside = shapely.contains_xy(area.geometry, lon, lat)
        clear = ~np.isfinite(minutes) | (abs(minutes - area.minutes) > 1e-6)
        frame = shapely.boundary(shapely.box(x[0], y[0], x[-1], y[-1]))
        inner = shapely.distance(shapely.points(lon, lat), frame) > 1e-12
        within = np.isfinite(minutes) & (minutes <= area.minutes)
        assert (inside == within)[clear & inner].all()


def test_longer_areas_hold_shorter_ones_and_come_first(city: Callable[[str], RoadNetwork]) -> None:
    areas = city("columbus").isochrones(-82.99, 39.96, cells=80)
    assert areas.crs == "EPSG:4326"
    assert areas.minutes.tolist() == [60, 45, 30, 15]
    assert areas.geometry.is_valid.all()
    for wide, narrow in zip(areas.geometry[:-1], areas.geometry[1:], strict=True):
        assert narrow.difference(wide).area < 1e-12
    assert areas.clipped.iloc[0]
    assert "ODbL" in areas.licence.iloc[0]


def test_an_area_that_ends_before_the_border_is_not_clipped(city: Callable[[str], RoadNetwork]) -> None:
    areas = city("columbus").isochrones(-82.99, 39.96, [3], cells=60)
    assert not areas.clipped.iloc[0]


def test_water_stays_outside(city: Callable[[str], RoadNetwork]) -> None:
    network = city("baltimore")
    west, south, east, north = network.bounds
    lon, lat = (each.reshape(-1) for each in np.meshgrid(np.linspace(west, east, 60), np.linspace(south, north, 60)))
    far = network.snap(lon, lat).reason == "far_from_road"
    assert far.any()
    area = network.isochrones(*SITE, [60], cells=100).geometry.iloc[0]
    deep = far & (shapely.distance(area.boundary, shapely.points(lon, lat)) > 0.002)
    assert not shapely.contains_xy(area, lon[deep], lat[deep]).any()


@pytest.mark.parametrize("minutes", [[], [0], [-5, 10], [float("nan")], [float("inf")]])
def test_minutes_that_are_none_are_refused(minutes: list[float], city: Callable[[str], RoadNetwork]) -> None:
    with pytest.raises(UsageError, match="positive"):
        city("baltimore").isochrones(*SITE, minutes)


def test_a_site_off_the_network_has_no_area(city: Callable[[str], RoadNetwork]) -> None:
    with pytest.raises(PlaceUnknown, match="outside the street network"):
        city("baltimore").isochrones(-79.0, 35.0)


def test_too_few_cells_are_refused(city: Callable[[str], RoadNetwork]) -> None:
    with pytest.raises(UsageError, match="at least"):
        city("baltimore").isochrones(*SITE, cells=2)
