"""Floating catchment areas against slow plain rewrites, the hospital example, and pysal's ``access``."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from adequacy.access.floating_catchment import people_per_provider, two_step_fca
from adequacy.errors import UsageError

HOSPITALS = {"supply": [15.0, 20.0, 100.0], "demand": [100.0, 50.0, 10.0]}
GRIDLOCK = [[1, 80, 40], [80, 1, 40], [40, 40, 1]]
FAST_IN = [[1, 80, 20], [80, 1, 20], [40, 40, 1]]
FAST_OUT = [[1, 80, 40], [80, 1, 40], [20, 20, 1]]


def plain_fca(supply, demand, cost, catchment, weigh):
    """Score access one row after the other."""
    ratio = []
    for p, amount in enumerate(supply):
        people = sum(demand[i] * weigh(cost[i][p]) for i in range(len(demand)) if cost[i][p] <= catchment)
        ratio.append(amount / people if people else (math.inf if amount else 0.0))
    return [
        sum(ratio[p] * weigh(cost[i][p]) for p in range(len(supply)) if cost[i][p] <= catchment)
        for i in range(len(demand))
    ]


@pytest.mark.parametrize("cost", [GRIDLOCK, FAST_IN, FAST_OUT])
@pytest.mark.parametrize("catchment", [30, 40, 61, 100])
def test_the_hospital_example(cost, catchment):
    got = two_step_fca(**HOSPITALS, cost=cost, catchment=catchment, weights=lambda c: 1 / c)
    assert got == pytest.approx(plain_fca(*HOSPITALS.values(), cost, catchment, lambda c: 1 / c), rel=1e-12)


def test_the_hospital_example_by_hand():
    # all within 61: people of 1 = 100 + 10/40, of 2 = 50 + 10/40, of 3 = 10 + 100/40 + 50/40
    first = 15 / 100.25 + 100 / 13.75 / 40
    got = two_step_fca(**HOSPITALS, cost=GRIDLOCK, catchment=61, weights=lambda c: 1 / c)
    assert got[0] == pytest.approx(first, rel=1e-14)


@pytest.mark.parametrize("weights", [None, {10: 1, 20: 0.68, 30: 0.22}, lambda c: np.exp(-c / 15)])
def test_random_cases_are_the_plain_rewrite(weights):
    def weigh(cost):
        if weights is None:
            return 1.0
        if callable(weights):
            return float(weights(cost))
        return next((weights[bound] for bound in sorted(weights) if cost <= bound), 0.0)

    rng = np.random.default_rng(1)
    supply, demand = rng.uniform(0, 9, 20), rng.uniform(0, 900, 35)
    demand[3] = 0
    cost = np.round(rng.uniform(0, 60, (35, 20)), 1)
    cost[0, 0], cost[1, 1], cost[2] = 30.0, 10.0, np.nan
    want = plain_fca(supply, demand, np.nan_to_num(cost, nan=1e9), 30, weigh)
    assert two_step_fca(supply, demand, cost, 30, weights) == pytest.approx(want, rel=1e-12)
    row, provider = np.nonzero(~np.isnan(cost))
    pairs = (row, provider, cost[row, provider])
    assert two_step_fca(supply, demand, pairs, 30, weights) == pytest.approx(want, rel=1e-12)
    assert want[2] == 0


def _pysal(rng, rows, providers):
    """Random supply, demand and costs, in arrays and in pysal's tables."""
    supply, demand = rng.integers(1, 9, providers).astype(float), rng.integers(1, 900, rows).astype(float)
    cost = np.round(rng.uniform(0, 60, (rows, providers)), 1)
    return supply, demand, cost, _tables(supply, demand, cost)


def _tables(supply, demand, cost):
    """The same in pysal's tables."""
    rows, providers = len(demand), len(supply)
    origin, dest = np.divmod(np.arange(rows * providers), providers)
    tables = {
        "demand_df": pd.DataFrame({"geoid": range(rows), "demand": demand}).set_index("geoid", drop=False),
        "supply_df": pd.DataFrame({"supply": supply}, index=pd.RangeIndex(providers)),
        "cost_df": pd.DataFrame({"origin": origin, "dest": dest, "cost": cost.ravel()}),
    }
    tables["demand_df"].index.name = None
    return tables


@pytest.mark.parametrize("cost", [GRIDLOCK, FAST_IN, FAST_OUT])
@pytest.mark.parametrize("catchment", [30, 40, 61, 100])
@pytest.mark.parametrize("weigh", [None, lambda c: 1 / c])
def test_the_hospital_example_is_scored_as_pysal_scores_it(cost, catchment, weigh):
    from access import fca

    tables = _tables(*HOSPITALS.values(), np.array(cost, dtype=float))
    theirs = fca.two_stage_fca(**tables, max_cost=catchment, weight_fn=weigh)
    ours = two_step_fca(**HOSPITALS, cost=cost, catchment=catchment, weights=weigh)
    assert ours == pytest.approx(theirs.to_numpy(), rel=1e-9, abs=0)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("steps", [None, {10: 1, 20: 0.68, 30: 0.22}])
def test_scores_are_those_of_pysal_access(seed, steps):
    from access import fca, weights

    supply, demand, cost, tables = _pysal(np.random.default_rng(seed), 40, 25)
    theirs = fca.two_stage_fca(**tables, max_cost=30, weight_fn=None if steps is None else weights.step_fn(steps))
    ours = two_step_fca(supply, demand, cost, 30, steps)
    assert ours[theirs.index] == pytest.approx(theirs.to_numpy(), rel=1e-9, abs=0)
    assert (np.delete(ours, theirs.index) == 0).all()


@pytest.mark.parametrize("seed", range(5))
def test_people_per_provider_is_the_inverse_of_pysals_ratio(seed):
    from access import fca

    rng = np.random.default_rng(seed)
    supply, demand, cost, tables = _pysal(rng, 30, 30)
    between = np.round(rng.uniform(1, 60, (30, 30)), 1)
    origin, dest = np.divmod(np.arange(900), 30)
    theirs = fca.fca_ratio(
        tables["demand_df"],
        tables["supply_df"],
        pd.DataFrame({"origin": origin, "dest": dest, "cost": between.ravel()}),
        tables["cost_df"],
        20,
        demand_index=True,
        supply_index=True,
    )
    ours = people_per_provider(supply, demand, cost, 20, demand_cost=between)
    with np.errstate(divide="ignore"):
        assert ours[theirs.index] == pytest.approx(1 / theirs.to_numpy(), rel=1e-9)


def test_a_series_gives_its_index_to_the_answer():
    demand = pd.Series([100.0, 50.0], index=["37085", "37101"])
    got = two_step_fca([2.0], demand, [[5], [40]], 30)
    assert got.to_dict() == {"37085": 0.02, "37101": 0.0}
    assert demand.tolist() == [100.0, 50.0]
    assert people_per_provider([2.0], demand, [[5], [40]], 30).tolist() == [50.0, math.inf]


def test_nothing_by_nothing_is_nothing():
    assert two_step_fca([0.0], [0.0], [[1]], 30).tolist() == [0.0]
    assert two_step_fca([1.0], [0.0], [[1]], 30).tolist() == [math.inf]
    assert people_per_provider([0.0], [0.0], [[1]], 30).tolist() == [0.0]


def test_lists_of_sites_are_costs():
    from adequacy.access.bulk import SiteIndex

    lon, lat = [-78.9, -78.2, -77.0], [35.4, 35.9, 35.5]
    x, y = [-78.8, -78.5, -77.1, -75.0], [35.4, 35.6, 35.5, 35.0]
    lists = SiteIndex(lon, lat, engine="numpy").sites_within(x, y, limit_mi=45)
    row = np.repeat(np.arange(4), np.diff(lists.first))
    table = np.full((4, 3), np.inf)
    table[row, lists.row] = lists.miles
    from_lists = two_step_fca([1, 2, 3], [10, 20, 30, 40], (row, lists.row, lists.miles), 45)
    assert from_lists == pytest.approx(two_step_fca([1, 2, 3], [10, 20, 30, 40], table, 45))
    assert from_lists[3] == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"supply": [-1.0]}, "supply: give one number"),
        ({"demand": [math.nan, 1.0]}, "demand: give one number"),
        ({"cost": [[1, 2], [3, 4]]}, r"cost: shape \(2, 2\)"),
        ({"cost": ([0], [7], [1.0])}, "cost: pairs"),
        ({"weights": {30: -1}}, "weights: a weight is negative"),
    ],
)
def test_what_does_not_fit_is_named(change, said):
    with pytest.raises(UsageError, match=said):
        two_step_fca(**{"supply": [1.0], "demand": [1.0, 2.0], "cost": [[1], [2]], "catchment": 30, **change})
