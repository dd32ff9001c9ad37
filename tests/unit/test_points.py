"""Points in bulk are decided as ``check`` decides each; tables come back with their own index, unchanged."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import adequacy as aq
from adequacy.errors import CoordinateError, UnknownService, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adequacy.api import Network


@pytest.fixture(scope="module")
def net() -> Iterator[Network]:
    with aq.demo_network() as network:
        yield network


@pytest.mark.parametrize("service", ["saiop", "actt", "mst", "fbc_child"])
def test_points_are_decided_as_check_decides_each(net: Network, service: str) -> None:
    draw = random.Random(5)
    frame = pd.DataFrame(
        {"lon": [draw.uniform(-80.9, -77.9) for _ in range(40)], "lat": [draw.uniform(34.9, 36.2) for _ in range(40)]},
        index=[f"row {number}" for number in range(40)],
    )
    near, ok, count = (ask(service, frame) for ask in (net.nearest, net.covered, net.count_within))
    lists = net.sites_within(service, frame).groupby("point")
    for label, row in frame.iterrows():
        answer = net.check(service, lon=row["lon"], lat=row["lat"])
        reference = answer.nearest_mi.reference
        assert near[label] == pytest.approx(math.inf if reference is None else reference, abs=1e-7)
        assert ok[label] == (answer.finding == "covered")
        sure = [each for each in answer.to_dict()["sites"] if each["within"] == "all"]
        assert count[label] == len(sure)
        if sure:
            assert lists.get_group(label)["site_id"].tolist()[0] == sure[0]["site_id"]
            assert set(lists.get_group(label)["site_id"]) == {each["site_id"] for each in sure}


def test_a_table_keeps_its_index_and_is_not_changed(net: Network) -> None:
    import geopandas
    from geopandas.testing import assert_geodataframe_equal

    points = geopandas.GeoDataFrame(
        {"name": ["a", "b"]},
        geometry=geopandas.points_from_xy([-78.8, -78.9], [35.4, 35.5]),
        crs="EPSG:4326",
        index=[7, 3],
    ).to_crs("EPSG:32119")
    before = points.copy()
    found = net.nearest("saiop", points)
    assert found.index.tolist() == [7, 3]
    assert_geodataframe_equal(points, before)
    plain = net.nearest("saiop", lon=[-78.8, -78.9], lat=[35.4, 35.5])
    assert isinstance(plain, np.ndarray)
    assert plain == pytest.approx(found.to_numpy(), abs=1e-6)


def test_missing_points_are_nan_and_never_covered(net: Network) -> None:
    lon, lat = [math.nan, -78.8], [35.4, 35.4]
    assert np.isnan(net.nearest("actt", lon=lon, lat=lat)).tolist() == [True, False]
    assert not net.covered("saiop", lon=lon, lat=lat)[0]
    assert net.count_within("saiop", lon=lon, lat=lat)[0] == 0
    assert len(net.nearest("saiop", lon=[], lat=[])) == 0


def test_a_limit_and_an_age_are_heeded(net: Network) -> None:
    at = {"lon": [-78.846], "lat": [35.397]}
    away = float(net.nearest("saiop", **at)[0])
    assert net.covered("saiop", **at, limit_mi=away + 1e-6)[0]
    assert not net.covered("saiop", **at, limit_mi=away - 1e-6)[0]
    assert net.count_within("saiop", **at, age=3)[0] <= net.count_within("saiop", **at)[0]


def test_points_given_in_no_way_or_in_two_are_refused(net: Network) -> None:
    import geopandas

    frame = pd.DataFrame({"lon": [-78.8], "lat": [35.4]})
    for points, more in ((None, {}), (frame, {"lon": [1.0], "lat": [1.0]}), (None, {"lon": [1.0]})):
        with pytest.raises(UsageError):
            net.nearest("saiop", points, **more)
    with pytest.raises(CoordinateError):
        net.nearest("saiop", lon=[1.0, 2.0], lat=[1.0])
    with pytest.raises(UsageError, match="CRS"):
        net.nearest("saiop", geopandas.GeoDataFrame(geometry=geopandas.points_from_xy([1.0], [2.0])))
    with pytest.raises(UsageError, match="no columns"):
        net.nearest("saiop", pd.DataFrame({"x": [1]}))
    with pytest.raises(UnknownService):
        net.nearest("no such thing", frame)


@pytest.mark.parametrize("service", ["op_therapy", "mst"])
@pytest.mark.parametrize(
    "known", [{"age": 9}, {"funding": "state"}, {"population": "LGBTQ+ youth"}, {"age": 40, "population": "men"}]
)
def test_what_is_known_of_a_consumer_is_heeded_as_check_heeds_it(
    net: Network, service: str, known: dict[str, Any]
) -> None:
    draw = random.Random(str(known))
    lon = [draw.uniform(-80.9, -77.9) for _ in range(25)]
    lat = [draw.uniform(34.9, 36.2) for _ in range(25)]
    covered = net.covered(service, lon=lon, lat=lat, **known)
    nearest = net.nearest(service, lon=lon, lat=lat, **known)
    for x, y, yes, far in zip(lon, lat, covered, nearest, strict=True):
        answer = net.check(service, lon=x, lat=y, **known)
        assert yes == (answer.finding == "covered")
        reference = answer.nearest_mi.reference
        assert far == pytest.approx(math.inf if reference is None else reference, abs=1e-9)


@pytest.mark.parametrize("ask", ["nearest", "covered", "count_within", "sites_within"])
@pytest.mark.parametrize(
    ("known", "words"),
    [
        ({"funding": "medicad"}, "no funding"),
        ({"population": "wimen"}, "Did you mean"),
        ({"age": -1}, "cannot be"),
        ({"age": 400}, "cannot be"),
        ({"as_of": "2026-02-30"}, "2026-02-30"),
    ],
)
def test_a_slip_in_a_question_about_points_is_refused(
    net: Network, ask: str, known: dict[str, Any], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        getattr(net, ask)("saiop", lon=[-78.8], lat=[35.4], **known)


@pytest.mark.parametrize("limit_mi", [0.0, -1.0, float("nan"), float("inf")])
def test_a_limit_that_is_none_is_refused(net: Network, limit_mi: float) -> None:
    with pytest.raises(UsageError, match="limit"):
        net.covered("saiop", lon=[-78.8], lat=[35.4], limit_mi=limit_mi)
