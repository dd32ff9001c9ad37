"""Every kernel against a slow plain rewrite by ``pyproj.Geod``, compiled and not."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from adequacy.access import _grid, _plain, bulk
from adequacy.access.bulk import SiteIndex
from adequacy.access.coverage import build_coverage
from adequacy.distance import MILE_M, ecef
from adequacy.errors import CoordinateError, UnknownService, UsageError

GEOD = Geod(ellps="WGS84")
ENGINES = ("numba", "numpy")
SIGN = {"low": -1, "reference": 0, "high": 1}
AGREE_MI = 5e-9 / MILE_M * 4  # 2e-8 m: what both engines, and the closed form to 30 miles, keep to


def geod_miles(lon_a, lat_a, lon_b, lat_b):
    return np.asarray(GEOD.inv(*np.broadcast_arrays(lon_a, lat_a, lon_b, lat_b))[2]) / MILE_M


def plain(sites, points, k=1, limit_mi=math.inf, edge="reference"):
    """Answer everything slowly: one point after the other, every site measured by Karney's algorithm."""
    lon, lat, service, unsure = sites
    miles, rows, within = [], [], []
    for x, y, asked in zip(*points, strict=True):
        if math.isnan(x) or math.isnan(y):
            miles.append([math.nan] * k)
            rows.append([-1] * k)
            within.append([])
            continue
        mine = np.flatnonzero(service == asked)
        apart = np.maximum(0, geod_miles(x, y, lon[mine], lat[mine]) + SIGN[edge] * unsure[mine])
        ranked = sorted((d, row) for d, row in zip(apart, mine, strict=True) if d <= limit_mi)
        within.append([row for _, row in ranked])
        ranked += [(math.inf, -1)] * k
        miles.append([d for d, _ in ranked[:k]])
        rows.append([row for _, row in ranked[:k]])
    return np.array(miles).reshape(-1, k), np.array(rows).reshape(-1, k), within


def place_many(kind, count, rng):
    """Points of one kind of region: ordinary, the whole Earth, the antimeridian, a pole, a lattice full of ties."""
    if kind == "state":
        return rng.uniform(-84, -75, count), rng.uniform(33, 37, count)
    if kind == "earth":
        return rng.uniform(-180, 180, count), rng.uniform(-90, 90, count)
    if kind == "antimeridian":
        return (rng.uniform(179.3, 180.7, count) + 180) % 360 - 180, rng.uniform(50.0, 52.0, count)
    if kind == "pole":
        return rng.uniform(-180, 180, count), rng.choice([1, -1]) * rng.uniform(88.5, 90, count)
    return np.round(rng.uniform(-1, 1, count) * 4) / 4 + 180 * rng.integers(0, 2), np.round(
        rng.uniform(-1, 1, count) * 4
    ) / 4


@given(
    kind=st.sampled_from(["state", "earth", "antimeridian", "pole", "lattice"]),
    seed=st.integers(0, 2**32 - 1),
    sites=st.sampled_from([0, 1, 2, 40, 150]),
    uncertain=st.booleans(),
    k=st.sampled_from([1, 2, 5]),
    limit_mi=st.sampled_from([0.0, 17.3, 30.0, 69.1, 140.0, 3000.0, math.inf]),
    edge=st.sampled_from(["low", "reference", "high"]),
)
@settings(max_examples=40, deadline=None)
def test_every_kernel_is_its_slow_plain_rewrite(kind, seed, sites, uncertain, k, limit_mi, edge):
    rng = np.random.default_rng(seed)
    lon, lat = place_many(kind, sites, rng)
    unsure = rng.choice([0.0, 0.0, 1.0, 7.5, 40.0], sites) if uncertain else np.zeros(sites)
    service = rng.integers(0, 3, sites)
    x, y = place_many(kind, 25, rng)
    x[1], y[2] = math.nan, math.nan
    x[5 : 5 + min(sites, 5)], y[5 : 5 + min(sites, 5)] = lon[:5], lat[:5]  # some stand on a site
    asked = rng.integers(0, 4, 25)
    want_mi, want_row, within = plain((lon, lat, service, unsure), (x, y, asked), k, limit_mi, edge)
    for engine in ENGINES:
        index = SiteIndex(lon, lat, service=service, services=range(4), uncertainty_mi=unsure, engine=engine)
        got = index.nearest(x, y, service=asked, k=k, limit_mi=limit_mi, edge=edge)
        assert (got.row == want_row).all()
        assert got.miles == pytest.approx(want_mi, abs=2e-9, nan_ok=True)
        assert (index.count_within(x, y, service=asked, limit_mi=limit_mi, edge=edge) == list(map(len, within))).all()
        assert (index.covered(x, y, service=asked, limit_mi=limit_mi, edge=edge) == list(map(bool, within))).all()
        lists = index.sites_within(x, y, service=asked, limit_mi=limit_mi, edge=edge)
        for point, rows in enumerate(within):
            assert sorted(lists.of(point)[0]) == sorted(rows)
            assert lists.of(point)[1] == pytest.approx(
                np.sort(geod_miles(x[point], y[point], lon[rows], lat[rows])) if rows else np.zeros(0), abs=2e-9
            )


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("off_m", [-1e-5, 0.0, 1e-5])
def test_points_on_the_limit_are_decided_by_the_geodesic(engine, off_m):
    rng = np.random.default_rng(3)
    lon, lat = rng.uniform(-84, -75, 40), rng.uniform(33, 37, 40)
    x, y, _ = GEOD.fwd(
        np.repeat(lon, 20), np.repeat(lat, 20), rng.uniform(-180, 180, 800), np.full(800, 30 * MILE_M + off_m)
    )
    truth = geod_miles(np.asarray(x)[:, None], np.asarray(y)[:, None], lon, lat) <= 30.0
    index = SiteIndex(lon, lat, engine=engine)
    assert (index.count_within(x, y, limit_mi=30) == truth.sum(axis=1)).all()
    assert (index.covered(x, y, limit_mi=30) == truth.any(axis=1)).all()
    assert (np.isfinite(index.nearest(x, y, limit_mi=30).miles) == truth.any(axis=1)).all()
    lists = index.sites_within(x, y, limit_mi=30)
    for point in range(800):
        rows, miles = lists.of(point)
        assert sorted(rows) == np.flatnonzero(truth[point]).tolist()
        assert (miles <= 30.0).all()
    table = build_coverage(index, limit_mi=30)
    assert (index.covered(x, y, limit_mi=30, coverage=table) == truth.any(axis=1)).all()


@pytest.mark.parametrize("engine", ENGINES)
def test_exact_ties_go_to_the_lowest_row(engine):
    lon, lat = np.array([1.0, -1.0, 0.0, 0.0, 1.0]), np.array([0.0, 0.0, 1.0, -1.0, 0.0])
    index = SiteIndex(lon, lat, engine=engine)
    got = index.nearest([0.0], [0.0], k=5)
    assert got.row.tolist() == [[2, 3, 0, 1, 4]]  # a degree of latitude is shorter than one of longitude here
    assert got.miles[0, 0] == got.miles[0, 1]
    assert got.miles[0, 2] == got.miles[0, 3] == got.miles[0, 4]
    assert index.nearest([0.0], [0.0]).row.tolist() == [2]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_million_sites_in_one_place_cost_as_much_as_one(engine):
    count = 1_000_000
    index = SiteIndex(np.full(count, -78.9), np.full(count, 35.4), engine=engine)
    x, y, _ = GEOD.fwd(np.full(4, -78.9), np.full(4, 35.4), np.arange(4) * 90.0, [0.0, 48_000.0, 48_280.32, 49_000.0])
    on_it = geod_miles(x[2], y[2], -78.9, 35.4) <= 30.0
    assert index.count_within(x, y, limit_mi=30).tolist() == [count, count, count * on_it, 0]
    got = index.nearest(x, y, k=3)
    assert got.row.tolist() == [[0, 1, 2]] * 4
    assert index.nearest(x, y).row.tolist() == [0] * 4
    lists = index.sites_within(x[:1], y[:1], limit_mi=30)
    assert (lists.row == np.arange(count)).all()
    assert (lists.miles == 0).all()


@pytest.mark.parametrize("engine", ENGINES)
def test_an_index_without_sites_answers_nothing_found(engine):
    index = SiteIndex([], [], service=[], services=["actt", "mst"], engine=engine)
    got = index.nearest([-78.0, math.nan], [35.0, 35.0])
    assert got.miles.shape == (2, 2)
    assert np.isposinf(got.miles[:, 0]).all()
    assert np.isnan(got.miles[:, 1]).all()
    assert (got.row == -1).all()
    assert not index.covered([-78.0], [35.0], limit_mi=30).any()
    assert index.count_within([-78.0], [35.0], limit_mi=30, service="mst").tolist() == [0]
    assert index.sites_within([-78.0], [35.0], limit_mi=30, service="mst").first.tolist() == [0, 0]
    table = build_coverage(index, limit_mi=30)
    assert not index.covered([-78.0, math.nan], [35.0, 35.0], limit_mi=30, coverage=table).any()


@pytest.mark.parametrize("engine", ENGINES)
def test_no_points_give_no_answers(engine):
    index = SiteIndex([-78.9], [35.4], engine=engine)
    assert index.nearest([], []).miles.shape == (0,)
    assert index.nearest([], [], k=2).row.shape == (0, 2)
    assert index.covered([], [], limit_mi=30).shape == (0,)
    assert index.count_within([math.nan], [35.0], limit_mi=30).tolist() == [0]
    assert index.sites_within([], [], limit_mi=30).first.tolist() == [0]


@pytest.mark.parametrize("engine", ENGINES)
def test_every_service_at_once_is_each_service_in_turn(engine):
    rng = np.random.default_rng(4)
    lon, lat = place_many("state", 200, rng)
    keys = np.array(["saiop", "actt", "mst", "psr"])[rng.integers(0, 3, 200)]
    index = SiteIndex(lon, lat, service=keys, services=["saiop", "actt", "mst", "psr"], engine=engine)
    x, y = place_many("state", 300, rng)
    x[7] = math.nan
    plan = index.nearest(x, y, k=2)
    counts, covered = index.count_within(x, y, limit_mi=30), index.covered(x, y, limit_mi=30)
    table = build_coverage(index, limit_mi=30)
    assert (index.covered(x, y, limit_mi=30, coverage=table) == covered).all()
    for s, key in enumerate(index.services):
        one = index.nearest(x, y, service=key, k=2)
        assert (plan.row[s] == one.row).all()
        assert plan.miles[s] == pytest.approx(one.miles, abs=AGREE_MI, nan_ok=True)
        assert (counts[s] == index.count_within(x, y, limit_mi=30, service=key)).all()
        assert (covered[s] == (counts[s] > 0)).all()


def test_both_engines_give_the_same_answers():
    rng = np.random.default_rng(5)
    lon, lat = place_many("state", 3000, rng)
    x, y = place_many("state", 20_000, rng)
    service, asked = rng.integers(0, 8, 3000), rng.integers(0, 8, 20_000)
    fast, slow = (SiteIndex(lon, lat, service=service, services=range(8), engine=engine) for engine in ENGINES)
    one, two = (index.nearest(x, y, service=asked, k=5, limit_mi=30) for index in (fast, slow))
    assert (one.row == two.row).all()
    known = np.isfinite(two.miles)
    assert (np.isfinite(one.miles) == known).all()
    assert np.abs(one.miles[known] - two.miles[known]).max() <= AGREE_MI
    a, b = (index.sites_within(x[:3000], y[:3000], service=asked[:3000], limit_mi=30) for index in (fast, slow))
    assert (a.first == b.first).all()
    assert np.abs(a.miles - b.miles).max() <= AGREE_MI
    tables = [build_coverage(index, limit_mi=30) for index in (fast, slow)]
    assert (tables[0].codes == tables[1].codes).all()
    read = [index.covered(x, y, service=asked, limit_mi=30, coverage=tables[0]) for index in (fast, slow)]
    assert (read[0] == read[1]).all()
    assert (read[0] == known[:, 0]).all()


@pytest.mark.parametrize("engine", ENGINES)
def test_chunks_do_not_change_the_answer_and_report_progress(engine, monkeypatch):
    rng = np.random.default_rng(6)
    lon, lat = place_many("state", 120, rng)
    x, y = place_many("state", 500, rng)
    index = SiteIndex(lon, lat, service=rng.integers(0, 2, 120), services=["a", "b"], engine=engine)
    whole = index.nearest(x, y, k=3), index.count_within(x, y, limit_mi=30)
    lists = index.sites_within(x, y, limit_mi=30, service="b")
    monkeypatch.setattr(bulk, "_CHUNK", 64)
    monkeypatch.setattr(bulk, "_LIST_CHUNK", 50)
    monkeypatch.setattr(_plain, "_PAIRS", 97)
    seen = []
    got = index.nearest(x, y, k=3, progress=lambda done, total: seen.append((done, total)))
    assert (got.row == whole[0].row).all()
    assert (index.count_within(x, y, limit_mi=30) == whole[1]).all()
    assert seen[0] == (64, 500)
    assert seen[-1] == (500, 500)
    again = index.sites_within(x, y, limit_mi=30, service="b")
    assert (again.first == lists.first).all()
    assert (again.row == lists.row).all()


def test_offerings_may_name_their_sites():
    by_row = SiteIndex([-78.6, -78.6, -77.3], [35.7, 35.7, 35.6], service=["a", "b", "b"])
    by_site = SiteIndex([-78.6, -77.3], [35.7, 35.6], site=[0, 0, 1], service=["a", "b", "b"])
    for key in ("a", "b"):
        assert by_row.nearest([-78.0], [35.5], service=key, k=2).row.tolist() == (
            by_site.nearest([-78.0], [35.5], service=key, k=2).row.tolist()
        )


def test_what_cannot_be_asked_is_refused_in_one_line():
    index = SiteIndex([-78.9], [35.4], service=["saiop"])
    with pytest.raises(UnknownService, match="No service 'siaop'"):
        index.nearest([-78.0], [35.0], service="siaop")
    with pytest.raises(UnknownService, match="positions"):
        index.nearest([-78.0], [35.0], service=[3])
    with pytest.raises(CoordinateError, match="swapped"):
        index.covered([35.0], [-98.0], limit_mi=30)
    with pytest.raises(UsageError, match="one each"):
        index.nearest([-78.0, -79.0], [35.0])
    with pytest.raises(UsageError, match="no distance"):
        index.count_within([-78.0], [35.0], limit_mi=-1)
    with pytest.raises(UsageError, match="1 or more"):
        index.nearest([-78.0], [35.0], k=0)
    with pytest.raises(UsageError, match="edge"):
        index.covered([-78.0], [35.0], limit_mi=30, edge="worst")
    with pytest.raises(UsageError, match="shape"):
        index.nearest([-78.0], [35.0], service=["saiop", "saiop"])
    with pytest.raises(CoordinateError, match="row 1 is not located"):
        SiteIndex([-78.9, math.nan], [35.4, 35.4])
    with pytest.raises(CoordinateError, match="uncertainty"):
        SiteIndex([-78.9], [35.4], uncertainty_mi=[-1])
    with pytest.raises(UsageError, match="engine"):
        SiteIndex([-78.9], [35.4], engine="fortran")
    many = SiteIndex([-78.9, -78.9], [35.4, 35.4], service=["a", "b"])
    with pytest.raises(UsageError, match="one service at a time"):
        many.sites_within([-78.0], [35.0], limit_mi=30)


def test_without_numba_the_compiled_engine_says_what_to_install(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    assert SiteIndex([-78.9], [35.4]).engine == "numpy"
    with pytest.raises(ImportError, match=r"adequacy\[fast\]"):
        SiteIndex([-78.9], [35.4], engine="numba")


def test_inputs_are_left_alone():
    x, y = np.array([-78.0, math.nan, -79.0]), np.array([35.0, 35.0, 36.0])
    before = x.copy(), y.copy()
    for engine in ENGINES:
        index = SiteIndex([-78.9, -78.0], [35.4, 35.1], engine=engine)
        index.nearest(x, y)
        index.covered(x, y, limit_mi=30, coverage=build_coverage(index, limit_mi=30))
        index.sites_within(x, y, limit_mi=30)
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(y, before[1])


# ---- the coverage table ----


@pytest.mark.parametrize("kind", ["state", "earth", "antimeridian", "pole"])
@pytest.mark.parametrize("uncertain", [False, True])
def test_a_coverage_table_never_changes_an_answer(kind, uncertain):
    rng = np.random.default_rng(8)
    lon, lat = place_many(kind, 90, rng)
    unsure = rng.choice([0.0, 0.0, 3.0, 31.0], 90) if uncertain else np.zeros(90)
    service = rng.integers(0, 3, 90)
    x, y = place_many(kind, 4000, rng)
    x[5] = math.nan
    asked = rng.integers(0, 3, 4000).astype(np.int8)
    for engine in ENGINES:
        index = SiteIndex(lon, lat, service=service, services=range(3), uncertainty_mi=unsure, engine=engine)
        for edge in ("high", "low"):
            table = build_coverage(index, limit_mi=30, edge=edge, most_bytes=400_000)
            exact = index.covered(x, y, service=asked, limit_mi=30, edge=edge)
            read = index.covered(x, y, service=asked, limit_mi=30, edge=edge, coverage=table)
            assert (read == exact).all()
            assert table.codes.size <= 400_000


def test_cells_are_judged_by_their_farthest_point():
    """Points on the very edges and corners of every judged cell, by Karney's algorithm."""
    index = SiteIndex([-78.9, -78.2], [35.4, 35.9], engine="numpy")
    table = build_coverage(index, limit_mi=30)
    row, column = np.nonzero(table.codes[0, 1:-1, 1:-1] != 2)
    code = table.codes[0, 1 + row, 1 + column]
    assert set(code) == {0, 1}
    for east in (0.0, 0.5, 1.0):
        for north in (0.0, 0.5, 1.0):
            x, y = table.west + (column + east) * table.cell_deg, table.south + (row + north) * table.cell_deg
            nearest = np.minimum(geod_miles(x, y, -78.9, 35.4), geod_miles(x, y, -78.2, 35.9))
            assert ((nearest <= 30) == (code == 1)).all()


def test_most_of_a_table_is_decided():
    rng = np.random.default_rng(9)
    index = SiteIndex(*place_many("state", 400, rng), engine="numpy")
    assert build_coverage(index, limit_mi=30).ask_pct < 3


def test_a_table_is_not_used_for_another_limit():
    index = SiteIndex([-78.9], [35.4], service=["saiop"], engine="numpy")
    table = build_coverage(index, limit_mi=30)
    with pytest.raises(UsageError, match="is for 30"):
        index.covered([-78.0], [35.0], limit_mi=45, coverage=table)


# ---- proofs by numbers ----


def test_the_compiled_sines_place_points_as_the_library_does():
    from adequacy.access import _numba_index as numba_index

    rng = np.random.default_rng(5)
    corners = np.array(
        np.meshgrid([-540, -360, -225, -180, -135, -90, -45, 0, 45, 90, 135, 180, 360], [-90, -45, 0, 90])
    )
    lon = np.concatenate([rng.uniform(-540, 540, 200_000), corners[0].ravel()])
    lat = np.concatenate([rng.uniform(-90, 90, 200_000), corners[1].ravel()])
    found, truth = numba_index.locate(lon, lat), ecef(lon, lat)
    assert np.abs(found[:, :3] - truth).max() < 1e-8  # metres; the bounds leave 1e-6
    assert np.abs(np.sin(found[:, 3]) - np.sin(np.radians(lon))).max() < 1e-14
    assert np.abs(found[:, 3]).max() <= math.pi


def test_the_series_of_the_arcsine_bounds_it():
    x = np.linspace(0, 0.5, 200_001)
    assert (np.arcsin(x) <= x * (1 + _grid.ASIN_CUBIC * x * x)).all()


def test_the_rival_chord_is_never_less_than_the_exact_one():
    from adequacy.distance import rival_chord_m

    chord_m = np.concatenate([np.geomspace(1e-3, 1.2e7, 5000), [160_934.0, 160_935.0, 12_670_877.9]])
    assert (_plain.rivals_m(chord_m) >= [rival_chord_m(each) for each in chord_m]).all()
    assert np.isinf(_plain.rivals_m(np.array([1.268e7]))).all()
