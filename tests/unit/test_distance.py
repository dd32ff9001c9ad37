"""A mile is a mile: everything in ``distance`` against ``pyproj.Geod``."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from adequacy import distance
from adequacy.distance import (
    GUARD_M,
    MILE_M,
    bounds_m,
    catchment,
    chord_bounds_m,
    closed_form_m,
    ecef,
    karney_miles,
    miles,
    miles_between,
    miles_ecef,
    require_coordinate,
    settle,
    to_ecef,
    within,
    within_mask,
)
from adequacy.errors import CoordinateError, UsageError

GEOD = Geod(ellps="WGS84")
LONS = st.floats(-180, 180)
LATS = st.floats(-90, 90)


def truth_mi(*pair):
    return np.asarray(GEOD.inv(*pair)[2]) / MILE_M


def pairs_at(distance_m, count, seed):
    """Worldwide pairs exactly so far apart, poles and antimeridian among them."""
    rng = np.random.default_rng(seed)
    lon, lat = rng.uniform(-180, 180, count), np.degrees(np.arcsin(rng.uniform(-1, 1, count)))
    lat[:20], lat[20:40], lon[40:80] = 90.0, -90.0, rng.choice([-180.0, 180.0, 179.9999], 40)
    lat[80:120] = rng.choice([0.0, 89.9, -89.9999], 40)
    azimuth = rng.uniform(-180, 180, count)
    azimuth[120:200] = rng.choice([0.0, 90.0, 180.0, -90.0], 80)
    lon_b, lat_b, _ = GEOD.fwd(lon, lat, azimuth, np.broadcast_to(distance_m, count).copy())
    return lon, lat, np.asarray(lon_b), np.asarray(lat_b)


@pytest.mark.parametrize(
    ("distance_mi", "error_m"),
    [(0.001, 6e-9), (1, 6e-9), (6, 6e-9), (30, 1e-8), (60, 3e-7), (99.9, 3e-6), (101, 2e-8), (3000, 2e-8)],
)
def test_miles_are_the_geodesic_at_every_distance(distance_mi, error_m):
    pair = pairs_at(distance_mi * MILE_M, 5000, seed=1)
    assert np.abs(miles_between(*pair) - truth_mi(*pair)).max() * MILE_M <= error_m


def test_one_pair_and_many_pairs_give_the_same_miles():
    rng = np.random.default_rng(2)
    for distance_m in (0.0, 1.0, 48_280.32, 160_000.0, 3e6):
        pair = pairs_at(distance_m, 300, seed=int(distance_m))
        many = miles_between(*pair)
        for row in rng.integers(0, 300, 60):
            one = tuple(float(values[row]) for values in pair)
            assert miles(*one) == pytest.approx(many[row], abs=2e-8 / MILE_M)
            assert miles_ecef(to_ecef(*one[:2]), to_ecef(*one[2:])) == pytest.approx(many[row], abs=2e-8 / MILE_M)
            assert karney_miles(*one) == pytest.approx(truth_mi(*one), abs=2e-8 / MILE_M)


@pytest.mark.parametrize("limit_mi", [0.5, 10.0, 30.0, 45.0, 100.0, 250.0])
@pytest.mark.parametrize("off_m", [-1.0, -1e-3, -1e-5, 0.0, 1e-5, 1e-3, 1.0])
def test_every_decision_near_the_limit_is_the_geodesics(limit_mi, off_m):
    pair = pairs_at(limit_mi * MILE_M + off_m, 1500, seed=3)
    truth = truth_mi(*pair) <= limit_mi
    assert (within_mask(*pair, limit_mi=limit_mi) == truth).all()
    if off_m:
        assert (truth == (off_m < 0)).all()


@pytest.mark.parametrize("off_m", [-1e-5, 1e-5])
def test_one_pair_at_thirty_miles_less_or_more_a_hundredth_of_a_millimetre(off_m):
    pair = pairs_at(30 * MILE_M + off_m, 400, seed=4)
    for row in zip(*pair, strict=True):
        assert within(*map(float, row), limit_mi=30.0) is (off_m < 0)


def test_one_pair_exactly_on_the_limit_is_decided_like_the_arrays():
    pair = pairs_at(30 * MILE_M, 400, seed=5)
    one = [within(*map(float, row), limit_mi=30.0) for row in zip(*pair, strict=True)]
    known = np.abs(truth_mi(*pair) - 30.0) * MILE_M > 2e-8
    assert (np.array(one) == within_mask(*pair, limit_mi=30.0))[known].all()
    exact = miles_between([0.0], [0.0], [1.0], [0.0])[0]
    settled = settle(exact, exact, 0.0, 0.0, 1.0, 0.0)
    assert within(0.0, 0.0, 1.0, 0.0, limit_mi=settled)  # a site exactly at the limit counts
    assert not within(0.0, 0.0, 1.0, 0.0, limit_mi=math.nextafter(settled, 0))


def test_settled_miles_agree_with_the_decision():
    pair = pairs_at(30 * MILE_M + np.random.default_rng(6).uniform(-2e-5, 2e-5, 300), 300, seed=6)
    for row in zip(*pair, strict=True):
        one = tuple(map(float, row))
        assert (settle(miles(*one), 30.0, *one) <= 30.0) == within(*one, limit_mi=30.0)


@given(lon_a=LONS, lat_a=LATS, lon_b=LONS, lat_b=LATS, limit_mi=st.floats(0, 13_000))
@settings(max_examples=400, deadline=None)
def test_any_two_points_and_any_limit(lon_a, lat_a, lon_b, lat_b, limit_mi):
    truth = float(truth_mi(lon_a, lat_a, lon_b, lat_b))
    assert miles(lon_a, lat_a, lon_b, lat_b) == pytest.approx(truth, abs=3e-6 / MILE_M)
    if abs(truth - limit_mi) * MILE_M > 3e-8:
        assert within(lon_a, lat_a, lon_b, lat_b, limit_mi) is (truth <= limit_mi)


@given(lon_a=LONS, lat_a=LATS, lon_b=LONS, lat_b=LATS)
@settings(max_examples=400, deadline=None)
def test_the_bounds_hold_for_any_two_points(lon_a, lat_a, lon_b, lat_b):
    low, high = bounds_m(math.dist(to_ecef(lon_a, lat_a), to_ecef(lon_b, lat_b)))
    assert low <= float(truth_mi(lon_a, lat_a, lon_b, lat_b)) * MILE_M <= high


def test_identical_points_are_no_distance_apart():
    assert miles(-78.9, 35.4, -78.9, 35.4) == 0.0
    assert closed_form_m(*to_ecef(-78.9, 35.4), *to_ecef(-78.9, 35.4)) == 0.0
    assert miles_between([-78.9, 180.0], [35.4, 0.0], [-78.9, -180.0], [35.4, 0.0]) == pytest.approx([0, 0], abs=1e-12)
    assert within(-78.9, 35.4, -78.9, 35.4, limit_mi=0.0)
    assert not within(-78.9, 35.4, -78.9, 35.400001, limit_mi=0.0)


def test_poles_and_the_antimeridian_are_ordinary_places():
    assert miles(0.0, 90.0, 123.0, 90.0) == pytest.approx(0.0, abs=1e-12)
    assert miles(179.9, 52.0, -179.9, 52.0) == pytest.approx(float(truth_mi(179.9, 52.0, -179.9, 52.0)), abs=1e-10)
    assert within(10.0, 89.9, -170.0, 89.9, limit_mi=14.0)
    assert not within(10.0, 89.9, -170.0, 89.9, limit_mi=13.8)


def test_antipodal_points_are_half_the_earth_apart():
    assert miles(0.0, 0.0, 180.0, 0.0) == pytest.approx(12_429.867, abs=1e-3)
    assert miles(0.0, 90.0, 0.0, -90.0) == pytest.approx(12_429.867, abs=1e-3)
    assert within(0.0, 0.0, 180.0, 0.0, limit_mi=12_430.0)
    assert not within(0.0, 0.0, 180.0, 0.0, limit_mi=12_429.8)
    assert within_mask(0.0, 30.0, [179.7, 180.0], [-30.2, -30.0], limit_mi=math.inf).all()


def test_a_missing_coordinate_is_no_distance_and_never_within():
    nan = math.nan
    assert math.isnan(miles(nan, 35.0, -78.0, 35.0))
    assert math.isnan(miles(math.inf, 35.0, -78.0, 35.0))
    assert math.isnan(karney_miles(0.0, nan, 1.0, 1.0))
    assert not within(-78.0, 35.0, -78.0, nan, limit_mi=30.0)
    assert not within(-78.0, 35.0, -78.0, nan, limit_mi=math.inf)
    got = miles_between([nan, 0.0, 0.0], [0.0, nan, 0.0], [1.0, 1.0, 1.0], 0.0)
    assert np.isnan(got).tolist() == [True, True, False]
    assert within_mask([nan, 0.0], 0.0, 0.0, 0.0, limit_mi=math.inf).tolist() == [False, True]


def test_swapped_coordinates_are_named():
    with pytest.raises(CoordinateError, match=r"row 1: lat -98\.6 lies outside .* swapped"):
        miles_between([-78.0, 35.0], [35.0, -98.6], 0.0, 0.0)
    with pytest.raises(CoordinateError, match="lon is infinite"):
        within_mask(math.inf, 0.0, 0.0, 0.0, limit_mi=1.0)
    for lon, lat, said in ((math.nan, 0.0, "not a place"), (0.0, 90.5, "swapped"), (181.0, 0.0, "west negative")):
        with pytest.raises(CoordinateError, match=said):
            require_coordinate(lon, lat)
    require_coordinate(-180.0, 90.0)


def test_a_limit_that_is_no_distance_is_refused():
    for limit_mi in (-0.1, math.nan):
        with pytest.raises(UsageError, match="is no distance"):
            within(0.0, 0.0, 0.0, 0.0, limit_mi)


def test_shapes_are_broadcast_and_inputs_left_alone():
    lon, lat = np.array([[-78.0], [-79.0]]), np.array([[35.0], [36.0]])
    before = lon.copy(), lat.copy()
    got = miles_between(lon, lat, [-78.1, -78.2, -78.3], [35.1, 35.2, 35.3])
    assert got.shape == (2, 3)
    assert got[1, 2] == pytest.approx(miles(-79.0, 36.0, -78.3, 35.3))
    assert miles_between(0.0, 0.0, 1.0, 0.0).shape == ()
    assert miles_between([], [], [], []).shape == (0,)
    assert (lon == before[0]).all()
    assert (lat == before[1]).all()


def test_blocks_do_not_change_the_answer(monkeypatch):
    pair = pairs_at(np.random.default_rng(8).uniform(0, 2e6, 1000), 1000, seed=8)
    whole = miles_between(*pair), within_mask(*pair, limit_mi=500.0)
    monkeypatch.setattr(distance, "_BLOCK", 37)
    assert (miles_between(*pair) == whole[0]).all()
    assert (within_mask(*pair, limit_mi=500.0) == whole[1]).all()


def test_earth_centred_coordinates_are_projs():
    from pyproj import Transformer

    rng = np.random.default_rng(9)
    lon, lat = rng.uniform(-180, 180, 500), rng.uniform(-90, 90, 500)
    want = np.column_stack(Transformer.from_crs(4979, 4978, always_xy=True).transform(lon, lat, np.zeros(500)))
    assert np.abs(ecef(lon, lat) - want).max() < 1e-8
    assert to_ecef(float(lon[7]), float(lat[7])) == pytest.approx(tuple(want[7]), abs=1e-8)


@pytest.mark.parametrize(("lon", "lat"), [(-78.9, 35.4), (179.95, 52.0), (-179.99, -17.0), (0.0, 0.0)])
def test_every_corner_of_a_catchment_lies_on_the_limit(lon, lat):
    ring = catchment(lon, lat, limit_mi=30.0)
    assert ring[0] == ring[-1]
    assert len(ring) == 721
    lons, lats = np.array(ring).T
    assert np.abs(truth_mi(np.full(721, lon), np.full(721, lat), lons, lats) - 30.0).max() * MILE_M < 2e-8
    assert np.abs(np.diff(lons)).max() < 1.0  # no tear at the antimeridian
    assert np.sum(lons[:-1] * lats[1:] - lons[1:] * lats[:-1]) > 0  # counter-clockwise
    area_m2 = abs(GEOD.polygon_area_perimeter(lons, lats)[0])
    assert area_m2 == pytest.approx(math.pi * (30 * MILE_M) ** 2, rel=1e-4)


def test_a_catchment_needs_a_place_and_a_distance():
    with pytest.raises(CoordinateError):
        catchment(35.4, -98.9, 30.0)
    for limit_mi, vertices in ((0.0, 720), (math.nan, 720), (math.inf, 720), (30.0, 2)):
        with pytest.raises(UsageError):
            catchment(-78.9, 35.4, limit_mi, vertices)


def test_the_guard_is_wider_than_every_error_of_the_closed_form():
    for distance_mi in (0.0, 5.0, 30.0, 60.0, 100.0):
        pair = pairs_at(distance_mi * MILE_M, 4000, seed=10)
        error_m = np.abs(closed_form_m(*ecef(*pair[:2]).T, *ecef(*pair[2:]).T) - truth_mi(*pair) * MILE_M)
        assert error_m.max() < GUARD_M / 3


def test_the_shell_is_as_thin_as_the_limit_is_short():
    for limit_mi, width_m in ((1.0, 3e-6), (30.0, 0.0024), (100.0, 0.09), (5000.0, 13_000.0)):
        inside_m, outside_m = chord_bounds_m(limit_mi)
        assert 0 < outside_m - inside_m < width_m


def test_measuring_one_pair_loads_nothing_heavy():
    code = (
        "import sys; from adequacy.distance import *; miles(0,0,1,1); within(0,0,50,0,30.0); catchment(0,0,1.0);"
        "print(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {"numpy", "pyproj", "scipy"}.isdisjoint(loaded)
