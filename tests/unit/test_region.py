"""Nearest, farthest and worst-placed points of real ZIP areas, against a slow plain search with pyproj."""

from __future__ import annotations

import random

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from adequacy.access._region import Region, rough_miles, spot
from adequacy.distance import MILE_M, miles, to_ecef
from adequacy.geocode import locate_zip
from adequacy.reference import to_shapely, zips

GEOD = Geod(ellps="WGS84")
SAMPLE = random.Random(20261101).sample(zips("NC"), 25)
# large, many-pieced, island, tower, holes
SPECIAL = ["28719", "27960", "28280", "27546", "28594"]


def slow_points(region: Region, geometry: shapely.Geometry, grid: int = 60) -> np.ndarray:
    """Vertices, points along the border, and a grid inside."""
    lon, lat = np.meshgrid(np.linspace(region.west, region.east, grid), np.linspace(region.south, region.north, grid))
    inside = shapely.contains_xy(geometry, lon.ravel(), lat.ravel())
    border = shapely.get_coordinates(geometry.boundary.segmentize(0.003))
    return np.vstack([np.c_[lon.ravel(), lat.ravel()][inside], border])


def slow_miles(points: np.ndarray, lon: float, lat: float) -> np.ndarray:
    same = np.full(len(points), 1.0)
    return GEOD.inv(points[:, 0], points[:, 1], same * lon, same * lat)[2] / MILE_M


@pytest.mark.parametrize("zip5", [*SAMPLE, *SPECIAL])
def test_extremes_of_a_zip_area_agree_with_a_slow_search(zip5: str) -> None:
    place = locate_zip(zip5)
    region = Region.of(place)
    geometry = to_shapely((place.area.rings, place.area.polygons))
    points = slow_points(region, geometry)
    step_mi = 69.2 * max(region.north - region.south, region.east - region.west) / 60
    dice = random.Random(zip5)
    for count, spread in ((1, 0.5), (3, 0.4), (12, 0.3), (40, 0.8)):
        sites = [
            spot(place.lon + dice.gauss(0, spread), place.lat + dice.gauss(0, spread), dice.choice([0.0, 0.0, 1.5]))
            for _ in range(count)
        ]
        slow = np.stack([slow_miles(points, site.lon, site.lat) for site in sites])
        slack = np.array([[site.slack_m / MILE_M] for site in sites])
        worst_slow = (slow + slack).min(axis=0).max()
        worst = region.worst(sites)
        # the true maximum is never below a sampled point, and not above it by more than the grid can miss
        assert -0.003 <= worst.miles - worst_slow <= step_mi
        for site, distances in zip(sites[:6], slow, strict=False):
            inside = geometry.contains(shapely.Point(site.lon, site.lat))
            assert region.nearest(site) == pytest.approx(0.0 if inside else distances.min(), abs=0.01)
            assert region.farthest(site) == pytest.approx(distances.max(), abs=0.01)


def test_the_worst_point_between_three_sites_is_found_inside_the_area() -> None:
    place = locate_zip("28719")
    region = Region.of(place)
    sites = [spot(place.lon + 0.3 * x, place.lat + 0.3 * y) for x, y in ((1, 0), (-0.5, 0.9), (-0.5, -0.9))]
    worst = region.worst(sites)
    around = [(worst.lon + dx, worst.lat + dy) for dx in (-2e-4, 0, 2e-4) for dy in (-2e-4, 0, 2e-4)]
    nearest = [min(miles(lon, lat, s.lon, s.lat) for s in sites) for lon, lat in around if region.contains(lon, lat)]
    assert max(nearest) <= worst.miles + 0.02


@given(
    lon=st.floats(-180, 180),
    lat=st.floats(-89, 89),
    radius=st.floats(0.01, 40),
    bearings=st.lists(st.tuples(st.floats(0, 360), st.floats(0, 120)), min_size=1, max_size=8),
)
@settings(max_examples=60, deadline=None)
def test_the_extremes_of_a_disc_agree_with_its_rim_and_inside_anywhere_on_earth(lon, lat, radius, bearings) -> None:
    from adequacy.access.finding import Question, find
    from tests.cases.test_finding_cases import place_of
    from tests.offerings import offering

    place = place_of({"lon": lon, "lat": lat, "uncertainty_mi": radius})
    ends = [GEOD.fwd(lon, lat, azimuth, away * MILE_M)[:2] for azimuth, away in bearings]
    offerings = [offering(site_id=str(i), lon=x, lat=y) for i, (x, y) in enumerate(ends)]
    finding = find(place, offerings, Question(on="2026-11-01", limit_mi=30.0, tolerance_mi=0.0))
    turns = [(azimuth, share) for azimuth in range(0, 360, 6) for share in (0, 0.25, 0.5, 0.75, 1)]
    points = np.array([GEOD.fwd(lon, lat, azimuth, share * radius * MILE_M)[:2] for azimuth, share in turns])
    slow = np.stack([slow_miles(points, x, y) for x, y in ends]).min(axis=0)
    assert finding.nearest.high >= slow.max() - 0.005
    assert finding.nearest.high <= slow.max() + radius * 0.2 + 0.005
    assert finding.nearest.low <= slow.min() + 1e-6
    at_centre = slow_miles(np.array([[lon, lat]] * len(ends)), *np.array(ends).T).min()
    assert finding.nearest.reference == pytest.approx(at_centre, abs=1e-6)


def test_a_rough_distance_is_within_its_promise_up_to_three_thousand_miles() -> None:
    from adequacy.access.finding import _ROUGH, _ROUGH_TO_MI

    dice = random.Random(3)
    for _ in range(4000):
        lon, lat, reach = dice.uniform(-180, 180), dice.uniform(-90, 90), 10 ** dice.uniform(-3, 1.7)
        far = (lon + dice.gauss(0, reach), max(-90.0, min(90.0, lat + dice.gauss(0, reach))))
        rough = rough_miles(to_ecef(lon, lat), spot(*far))
        if 1e-3 < rough <= _ROUGH_TO_MI:
            assert rough == pytest.approx(miles(lon, lat, *far), rel=_ROUGH / 2)
