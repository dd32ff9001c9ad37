"""Whole-plan measures against a slow plain rewrite: every person, every offering, one after the other."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from geographiclib.geodesic import Geodesic
from hypothesis import example, given, settings
from hypothesis import strategies as st

import adequacy as aq
from adequacy.access.counting import counts_for_gap
from adequacy.compliance.judging import Area, Count, Verdict, all_of, judge, judge_count
from adequacy.compliance.people import as_people, county_codes
from adequacy.compliance.reach import CountyReach, reach_of
from adequacy.compliance.supply import Supply
from adequacy.distance import MILE_M, miles
from adequacy.errors import CoordinateError, InputError, MissingColumn, NoStandardInForce, UsageError
from adequacy.tables import table
from tests.offerings import offering as make_offering

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adequacy.api import Network
    from adequacy.network import Offering

DAY = "2026-11-01"
HOME = (-78.846, 35.397)


@pytest.fixture(scope="module")
def net() -> Iterator[Network]:
    with aq.demo_network() as network:
        yield network


def _miles(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Statute miles by Karney's algorithm, and nothing else."""
    return float(Geodesic.WGS84.Inverse(a[1], a[0], b[1], b[0], Geodesic.DISTANCE)["s12"]) / MILE_M


def _slow(net: Network, service: str, people: pd.DataFrame, limit_mi: float, choice: int) -> dict[str, Any]:
    """One county's row by brute force."""
    kind = net.policy.services[service]
    travels = kind.mode in ("mobile", "home")
    within, rows, agencies = 0, [], set()
    for person in people.itertuples():
        if not person.people:
            continue
        reached, nearest = set(), math.inf
        for offering in net.file.offerings(service):
            if counts_for_gap(offering, DAY, counties=(person.county_fips,) if travels else None):
                continue
            away = _miles((person.lon, person.lat), (offering.lon, offering.lat))
            nearest = min(nearest, away)
            if away + (offering.uncertainty_mi or 0.0) <= limit_mi:
                reached.add(offering.provider_id)
        within += person.people * (len(reached) >= choice)
        agencies |= reached
        rows.append((nearest, person.people))
    rows.sort()
    total = sum(count for _, count in rows)
    return {
        "people": total,
        "people_within": within,
        "providers": len(agencies),
        "nearest_median_mi": _percentile(rows, 50),
        "nearest_p95_mi": _percentile(rows, 95),
        "nearest_max_mi": rows[-1][0],
        "nearest_mean_mi": sum(away * count for away, count in rows) / total,
    }


def _percentile(rows: list[tuple[float, int]], percent: int) -> float:
    """The smallest distance within which at least so many in a hundred live."""
    total, so_far = sum(count for _, count in rows), 0
    for away, count in rows:
        so_far += count
        if 100 * so_far >= percent * total:
            return away
    raise AssertionError("nobody")


@pytest.mark.parametrize(
    ("scheme", "service", "county", "limit_mi", "choice"),
    [
        ("alliance_oon", "saiop", "37085", 30, 1),
        ("alliance_oon", "actt", "37085", 30, 1),
        ("alliance_oon", "mst", "37101", 30, 1),
        ("alliance_oon", "rt_l1", "37095", 30, 1),
        ("nc_tailored_plan", "sacot", "37085", 45, 2),
        ("nc_tailored_plan", "op_mat", "37031", 45, 2),
        ("nc_tailored_plan", "php_partial", "37051", 30, 1),
        ("lme_mco_2016", "otp", "37013", 45, 2),
    ],
)
def test_a_county_is_measured_as_brute_force_measures_it(
    net: Network, scheme: str, service: str, county: str, limit_mi: float, choice: int
) -> None:
    people = aq.census_people([county])
    out = aq.measure(net, scheme=scheme, people=people, services=[service])
    row = out.by_county[out.by_county["service"] == service].iloc[0]
    assert (row["limit_mi"], row["choice_of"]) == (limit_mi, choice)
    for name, value in _slow(net, service, people, limit_mi, choice).items():
        if math.isinf(value):
            assert math.isnan(row[name]), name
        elif isinstance(value, float):
            assert row[name] == pytest.approx(value, abs=1e-7), name
        else:
            assert row[name] == value, name


# --- the kernels of a measure, on invented people and sites ------------------------------------------------------


def _at(degrees_east: float, degrees_north: float) -> tuple[float, float]:
    return HOME[0] + degrees_east, HOME[1] + degrees_north


_GRID = st.tuples(st.integers(-4, 4), st.integers(-4, 4)).map(lambda at: _at(at[0] / 8, at[1] / 8))
_SITE = st.tuples(
    _GRID,
    st.integers(0, 4),
    st.sampled_from(["", "37085", "37085;37101"]),
    st.sampled_from([0.0, 0.0, 2.5]),
    st.sampled_from([(None, None), (18, None), (None, 17)]),
)
_PERSON = st.tuples(_GRID, st.sampled_from(["37085", "37101"]), st.sampled_from([9.0, 40.0, math.nan]))


def _supply(sites: list[tuple[Any, ...]], *, travels: bool) -> Supply:
    """Counted offerings at invented places; few coordinates, so that ties and duplicates are common."""
    offerings = [
        make_offering(
            site_id=f"S{number}",
            provider_id=f"P{agency}",
            lon=at[0],
            lat=at[1],
            counties_served=served,
            uncertainty_mi=off,
            ages_min=ages[0],
            ages_max=ages[1],
        )
        for number, (at, agency, served, off, ages) in enumerate(sites)
    ]
    return Supply(offerings, travels, [], 0)


@settings(max_examples=60, deadline=None)
@example(
    sites=[
        ((-78.846, 35.397), 0, "", 0.0, (None, None)),
        ((-78.846, 35.147), 0, "", 0.0, (None, None)),
        ((-78.846, 35.147), 0, "", 0.0, (None, None)),
        ((-78.471, 35.647), 0, "", 0.0, (None, None)),
    ],
    persons=[((-79.096, 35.647), "37085", 9.0)],
    limit=8.6,
    travels=False,
    counts="site",
    on_the_line=3,
)
@given(
    st.lists(_SITE, max_size=14),
    st.lists(
        st.tuples(_GRID, st.sampled_from(["37085", "37101"]), st.sampled_from([9.0, 40.0, math.nan])),
        min_size=1,
        max_size=12,
    ),
    st.sampled_from([8.6, 17.0, 30.0]),
    st.booleans(),
    st.sampled_from(["agency", "site"]),
    st.integers(0, 6),
)
def test_who_reaches_how_many_equals_a_plain_loop(
    sites: list[Any], persons: list[Any], limit: float, travels: bool, counts: str, on_the_line: int
) -> None:
    supply = _supply(sites, travels=travels)
    frame = pd.DataFrame(
        {
            "lon": [at[0] for at, _, _ in persons],
            "lat": [at[1] for at, _, _ in persons],
            "county_fips": [county for _, county, _ in persons],
            "age": [age for _, _, age in persons],
        }
    )
    if sites and on_the_line % 2:
        # exactly on the limit, as far as a double can be
        limit = _miles(persons[0][0], sites[on_the_line % len(sites)][0]) or limit
    reach = reach_of(
        supply, as_people(frame), np.arange(len(frame)), np.full(len(frame), limit), counts=counts, cap=2, use_ages=True
    )
    for i, (home, county, age) in enumerate(persons):
        counted = [each for each in supply.offerings if _counts(each, county, age, travels)]
        away = [(_miles(home, (each.lon, each.lat)), each) for each in counted]
        assert reach.nearest_mi[i] == pytest.approx(min((far for far, _ in away), default=math.inf), abs=1e-8)
        name = "provider_id" if counts == "agency" else "site_id"
        sure = {getattr(each, name) for far, each in away if _inside(home, each, far + each.uncertainty_mi, limit)}
        perhaps = {getattr(each, name) for far, each in away if _inside(home, each, far - each.uncertainty_mi, limit)}
        assert reach.sure[i] == min(2, len(sure))
        assert reach.perhaps[i] == min(2, len(perhaps))
        assert (reach.sole[i] >= 0) == (len(sure) == 1)
        if len(sure) == 1 and counts == "agency":
            assert supply.agency_ids[reach.sole[i]] in sure


def _counts(each: Offering, county: str, age: float, travels: bool) -> bool:
    known = None if math.isnan(age) else int(age)
    return not counts_for_gap(each, DAY, age=known, counties=(county,) if travels else None)


def _inside(home: tuple[float, float], each: Offering, far: float, limit: float) -> bool:
    if not each.uncertainty_mi:
        # in miles, as the limit is given: turned into metres it can lose the last digit, and a site on the line with it
        return _miles(home, (each.lon, each.lat)) <= limit
    return far <= limit


def test_a_million_sites_in_one_place_are_one_answer() -> None:
    size = 1_000_000
    supply = _supply([(_at(0.1, 0.0), 1, "", 0.0, (None, None))], travels=False)
    same = Supply(supply.offerings * size, False, [], 0)
    same.__dict__.update(
        lon=np.full(size, supply.offerings[0].lon),
        lat=np.full(size, supply.offerings[0].lat),
        uncertainty_mi=np.zeros(size),
        agency=np.arange(size),
        agency_ids=tuple(map(str, range(size))),
        site=np.arange(size),
        served=[None],
        age_bands=None,
    )
    people = as_people(pd.DataFrame({"lon": [HOME[0]], "lat": [HOME[1]], "county_fips": ["37085"]}))
    reach = reach_of(same, people, np.arange(1), np.array([30.0]), counts="agency", cap=2, use_ages=False)
    assert reach.sure.tolist() == [2]
    assert reach.nearest_mi[0] == pytest.approx(miles(*HOME, *_at(0.1, 0.0)), abs=1e-8)


def test_an_empty_service_reaches_nobody() -> None:
    people = as_people(pd.DataFrame({"lon": [HOME[0]], "lat": [HOME[1]]}))
    nobody = Supply([], False, [], 0)
    reach = reach_of(nobody, people, np.arange(1), np.array([30.0]), counts="agency", cap=2, use_ages=True)
    assert (reach.nearest_mi[0], reach.sure[0], reach.perhaps[0], reach.sole[0]) == (math.inf, 0, 0, -1)
    near = CountyReach(people)
    near.add([nobody])
    assert near.within(nobody, np.array([30.0])).tolist() == [[]]


# --- who is measured ---------------------------------------------------------------------------------------------


def test_census_people_add_up_to_the_census_and_lone_places_are_counted_once() -> None:
    frame = aq.census_people()
    assert int(frame["people"].sum()) == 10_439_388
    assert (frame.loc[frame["source"] == "zcta", "people"] == 0).all()
    assert (frame["source"] == "zcta").any()


def test_people_may_come_as_points_in_any_crs_and_are_never_changed(net: Network) -> None:
    import geopandas
    from geopandas.testing import assert_geodataframe_equal

    frame = aq.census_people(["Harnett"])
    points = geopandas.GeoDataFrame(
        frame[["people"]], geometry=geopandas.points_from_xy(frame["lon"], frame["lat"]), crs="EPSG:4326"
    )
    projected = points.to_crs("EPSG:32119")
    before = projected.copy()
    one, two = (
        aq.measure(net, scheme="alliance_oon", people=each, services=["actt"]).by_county for each in (frame, projected)
    )
    assert_geodataframe_equal(before, projected)
    assert one["people_within"].tolist() == two["people_within"].tolist()
    assert one["people"].tolist() == two["people"].tolist()


@pytest.mark.parametrize(
    ("columns", "error", "words"),
    [
        ({"people": [1]}, MissingColumn, "nobody can be placed"),
        ({"lon": [math.nan], "lat": [35.0]}, CoordinateError, "no place"),
        ({"lon": [35.0], "lat": [-98.0]}, CoordinateError, "no place or one that cannot be"),
        ({"lon": [-78.8], "lat": [35.4], "people": [-1]}, InputError, "negative"),
        ({"lon": [-78.8], "lat": [35.4], "people": [math.nan]}, InputError, "missing"),
    ],
)
def test_people_who_cannot_be_measured_are_refused(
    columns: dict[str, list[float]], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        as_people(pd.DataFrame(columns))


def test_geometry_without_crs_is_refused() -> None:
    import geopandas

    with pytest.raises(UsageError, match="CRS"):
        as_people(geopandas.GeoDataFrame(geometry=geopandas.points_from_xy([1.0], [2.0])))


def test_counties_are_known_by_name_and_code() -> None:
    assert county_codes(["new hanover county", "37183"]) == ["37129", "37183"]
    assert len(county_codes(None)) == 100
    with pytest.raises(UsageError, match="no county"):
        county_codes(["Hornett"])


# --- the verdict -------------------------------------------------------------------------------------------------

_AREA = Area("geodesic", people=100, sure=100, perhaps=100, required_pct=95, choice=2, agencies=5)


@pytest.mark.parametrize(
    ("change", "met"),
    [
        ({}, "yes"),
        ({"sure": 95}, "yes"),
        ({"sure": 94, "perhaps": 94}, "no"),
        ({"sure": 94, "perhaps": 95}, "not_measured"),
        ({"required_pct": None, "sure": 99, "perhaps": 99}, "no"),
        ({"measure": "miles"}, "yes"),
        ({"measure": "miles", "sure": 10, "perhaps": 10}, "no"),
        ({"measure": "miles_or_minutes"}, "yes"),
        ({"measure": "miles_or_minutes", "sure": 94, "perhaps": 94}, "not_measured"),
        ({"measure": "miles_or_minutes", "sure": 0, "perhaps": 0, "agencies": 1}, "no"),
        ({"measure": "miles_and_minutes"}, "not_measured"),
        ({"measure": "miles_and_minutes", "sure": 94, "perhaps": 94}, "no"),
        ({"measure": "miles_and_minutes", "sure": 85, "perhaps": 85, "credit_pct": 10}, "not_measured"),
        ({"measure": "miles_and_minutes", "needed": 2, "providers": 1, "providers_perhaps": 1}, "no"),
        ({"measure": "miles_and_minutes", "needed": 2, "providers": 1, "providers_perhaps": 2}, "not_measured"),
        ({"has_limit": False}, "not_measured"),
        ({"people": 0, "sure": 0, "perhaps": 0}, "not_measured"),
    ],
)
def test_a_straight_line_proves_only_what_it_can(change: dict[str, Any], met: str) -> None:
    assert judge(replace(_AREA, **change)).met == met


def test_counts_whose_counties_are_not_stated_are_not_a_no() -> None:
    assert judge_count(Count(2, 2, 2)).met == "yes"
    assert judge_count(Count(1, 2, 2)).met == "not_measured"
    assert judge_count(Count(0, 1, 2)).met == "no"


def test_a_whole_is_met_when_all_its_parts_are() -> None:
    yes, no, unknown = Verdict("yes", ""), Verdict("no", "b"), Verdict("not_measured", "c")
    assert all_of([yes, yes]).met == "yes"
    assert all_of([yes, unknown, no]) == no
    assert all_of([yes, unknown, unknown]).met == "not_measured"
    assert all_of([]).met == "not_measured"


# --- schemes -----------------------------------------------------------------------------------------------------


def test_every_scheme_is_measured_with_its_declared_columns(net: Network) -> None:
    people = aq.census_people(["Harnett", "Wake", "Sampson"])
    for scheme in net.policy.scheme_names:
        out = aq.measure(net, scheme=scheme, people=people)
        for name, frame in out.tables.items():
            assert tuple(frame.columns) == table(name).names
        assert set(out.by_county["met"]) <= {"yes", "no", "not_measured"}
        assert (out.by_county.loc[out.by_county["met"] == "not_measured", "why"] != "").all()
        assert len(out.by_county) == 3 * len(
            out.by_county[["service", "standard"]].drop_duplicates()
        ) or scheme.startswith("nc")


def test_the_radius_is_measured_for_every_service_but_inpatient_ones(net: Network) -> None:
    out = aq.measure(net, scheme="alliance_oon", people=aq.census_people(["Harnett"]))
    modes = {net.policy.services[key].mode for key in out.by_county["service"]}
    assert modes == {"site", "mobile", "home", "residential"}
    assert len(out.by_county) == 66


def test_standards_that_name_no_service_and_counties_beyond_the_plan_are_not_measured(net: Network) -> None:
    out = aq.measure(net, scheme="nc_tailored_plan", people=aq.census_people(["Harnett", "Sampson"]))
    unnamed = out.by_county[out.by_county["service"] == ""]
    assert set(unnamed["met"]) == {"not_measured"}
    assert "nc_tailored_plan.primary_care" in set(unnamed["standard"])
    outside = out.by_region[out.by_region["region"] == "outside the catchment"]
    assert len(outside)
    assert set(outside["met"]) == {"not_measured"}
    counted = out.by_county[(out.by_county["county"] == "Sampson") & (out.by_county["measure"] == "count")]
    assert set(counted["met"]) == {"not_measured"}


def test_urban_and_rural_follow_the_dated_list(net: Network) -> None:
    out = aq.measure(net, scheme="nc_tailored_plan", people=aq.census_people(["Harnett", "Wake"]), services=["saiop"])
    limits = out.by_county.set_index("county")[["area_class", "limit_mi"]]
    assert limits.loc["Harnett"].tolist() == ["rural", 45]
    assert limits.loc["Wake"].tolist() == ["urban", 30]


def test_federal_limits_are_joined_on_county_with_what_cms_customised(net: Network) -> None:
    out = aq.measure(net, scheme="ma_422_116", people=aq.census_people(["Wake", "Durham"]))
    beds = out.by_county[out.by_county["standard"] == "ma_422_116.052"].set_index("county")
    assert beds.loc["Wake", ["limit_min", "limit_mi", "customised"]].tolist() == [40, 20, "Y"]
    assert beds.loc["Durham", ["limit_min", "limit_mi", "customised"]].tolist() == [70, 45, ""]
    social = out.by_county[out.by_county["standard"] == "ma_422_116.037"].set_index("county")
    assert social["needed"].tolist() == [2, 4]
    assert set(out.by_county["met"]) <= {"no", "not_measured"}
    assert set(out.by_county["unverified"]) == {"Y"}


def test_a_scheme_out_of_force_is_no_answer(net: Network) -> None:
    with pytest.raises(NoStandardInForce):
        aq.measure(net, scheme="ma_422_116", people=aq.census_people(["Wake"]), as_of="2030-01-01")
    with pytest.raises(UsageError, match="No scheme"):
        aq.measure(net, scheme="nothing", people=aq.census_people(["Wake"]))


def test_ages_are_asked_where_the_standard_names_them_and_they_are_known(net: Network) -> None:
    frame = aq.census_people(["Wake"])[["lon", "lat", "county_fips"]].head(40)
    frame["age"] = [9, 40] * 20
    out = aq.measure(net, scheme="nc_tailored_plan", people=frame, services=["op_therapy", "psr", "php_partial"])
    ages = out.by_county.groupby("service")["ages"].apply(list).to_dict()
    assert ages == {"op_therapy": ["adult", "child"], "psr": ["adult"], "php_partial": ["all"]}
    assert out.by_county.set_index(["service", "ages"]).loc[("psr", "adult"), "people"] == 20


def test_region_counts_need_the_greater_of_two_and_one_per_450000_people(net: Network) -> None:
    out = aq.measure(net, scheme="nc_tailored_plan", services=["fbc_adult"])
    row = out.by_region[out.by_region["region"] == "plan catchment"].iloc[0]
    assert row["choice_of"] == max(2, math.ceil(3_402_716 / 450_000))
    assert row["providers"] == len(
        {
            each.provider_id
            for each in net.file.offerings("fbc_adult")
            if not counts_for_gap(each, DAY) and each.county_fips in net.policy.counties(date.fromisoformat(DAY))
        }
    )


def test_single_cover_names_who_would_be_left_without(net: Network) -> None:
    people = aq.census_people(["Harnett"])
    out = aq.measure(net, scheme="alliance_oon", people=people, services=["actt", "fbc_adult", "otp"])
    for row in out.single_cover.itertuples():
        kept = 0
        for person in people.itertuples():
            counted = [
                each
                for each in net.file.offerings(row.service)
                if not counts_for_gap(each, DAY, counties=(person.county_fips,) if row.service == "actt" else None)
                and _miles((person.lon, person.lat), (each.lon, each.lat)) + (each.uncertainty_mi or 0.0) <= 30
            ]
            kept += person.people * ({each.provider_id for each in counted} == {row.provider_id})
        assert kept == row.people


def test_people_lost_and_won_by_another_network_are_named(net: Network) -> None:
    people = aq.census_people(["Harnett"])
    out = aq.measure(net, scheme="alliance_oon", people=people, services=["saiop"], compare=net)
    assert out.changes is not None
    assert len(out.changes) == 0


@pytest.mark.parametrize("state", ["37", "02"])
def test_the_block_groups_of_a_state_are_the_same_however_they_are_looked_up(state: str) -> None:
    from adequacy.reference import people_frame

    everywhere = people_frame(None)
    here = everywhere[everywhere["county_fips"].str.startswith(state)].reset_index(drop=True)
    pd.testing.assert_frame_equal(people_frame(sorted(set(here["county_fips"]))), here)
