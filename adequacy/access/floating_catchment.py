"""Floating catchment areas: how much supply each place has, once everyone who competes for it is counted.

The two-step method of Luo and Wang (2003, doi:10.1068/b29120) and its enhanced form with weights by distance (Luo and
Qi 2009, doi:10.1016/j.healthplace.2009.06.002), and plain people-to-provider ratios. Costs may be miles or minutes;
the functions cannot tell, so say which.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from adequacy.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Weights = Callable[[Floats], ArrayLike] | Mapping[float, float]

__all__ = ["people_per_provider", "two_step_fca"]


def two_step_fca(
    supply: ArrayLike, demand: ArrayLike, cost: Any, catchment: float, weights: Weights | None = None
) -> Any:
    """Score the access of every demand row by the two-step floating catchment area method (2SFCA, E2SFCA).

    Step one divides the supply of each provider by the people of its catchment; step two sums these ratios over the
    providers in the catchment of each demand row. The score is supply per person.

    Parameters
    ----------
    supply : array_like of float, shape (providers,)
        Supply at each provider, such as clinicians.
    demand : array_like of float, shape (rows,)
        People at each demand row. A pandas Series gives its index to the answer.
    cost : array_like, shape (rows, providers), or tuple
        Cost from each demand row to each provider, NaN or +inf where there is none; or only the pairs that matter,
        as a tuple of three arrays (demand row, provider, cost), which `SiteIndex.sites_within` gives.
    catchment : float
        Largest cost inside a catchment, itself included. Same unit as ``cost``.
    weights : mapping or callable, optional
        Enhanced form: ``{10: 1, 20: 0.68, 30: 0.22}`` weighs costs up to each bound (included), 0 beyond the last; or
        a function from an array of costs to weights. By default everything in the catchment weighs 1.

    Returns
    -------
    ndarray or Series of float, shape (rows,)
        0 where no provider is in the catchment; +inf where one is in whose catchment no one lives.

    Raises
    ------
    UsageError
        If shapes do not fit, a number is negative or missing, or a weight is negative.

    Examples
    --------
    >>> two_step_fca(supply=[2.0, 1.0], demand=[100, 50], cost=[[5, 40], [10, 12]], catchment=30).round(4).tolist()
    [0.0133, 0.0333]
    """
    capacity, people = _amounts("supply", supply), _amounts("demand", demand)
    row, provider, weight = _links(cost, (len(people), len(capacity)), catchment, weights)
    competing = _sums(provider, weight * people[row], len(capacity))
    score = _sums(row, weight * _ratio(capacity, competing)[provider], len(people))
    return _like(demand, score)


def people_per_provider(
    supply: ArrayLike,
    demand: ArrayLike,
    cost: Any,
    catchment: float,
    weights: Weights | None = None,
    demand_cost: Any = None,
) -> Any:
    """Divide the people within the catchment of every demand row by the supply within it.

    Parameters
    ----------
    supply, demand, cost, catchment, weights
        As in `two_step_fca`.
    demand_cost : array_like, shape (rows, rows), or tuple, optional
        Cost between demand rows, for the people of the catchment. Left out: only the people of the row itself.

    Returns
    -------
    ndarray or Series of float, shape (rows,)
        People per unit of supply: +inf where people have no supply, 0 where there are no people.

    Examples
    --------
    >>> people_per_provider(supply=[2.0, 1.0], demand=[100, 50], cost=[[5, 40], [10, 12]], catchment=30).tolist()
    [50.0, 16.666666666666668]
    """
    capacity, people = _amounts("supply", supply), _amounts("demand", demand)
    row, provider, weight = _links(cost, (len(people), len(capacity)), catchment, weights)
    within = _sums(row, weight * capacity[provider], len(people))
    if demand_cost is not None:
        row, other, weight = _links(demand_cost, (len(people), len(people)), catchment, weights)
        people = _sums(row, weight * people[other], len(people))
    return _like(demand, _ratio(people, within))


def _amounts(name: str, values: ArrayLike) -> Floats:
    """Return supply or demand as an array of numbers that are not negative."""
    amount: Floats = np.asarray(values, dtype=float)
    if amount.ndim != 1 or not (np.isfinite(amount) & (amount >= 0)).all():
        raise UsageError(f"{name}: give one number for each row, zero or more, none missing.")
    return amount


def _links(
    cost: Any, shape: tuple[int, int], catchment: float, weights: Weights | None
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """Return the pairs inside the catchment: row, column, weight."""
    if isinstance(cost, tuple):
        row, column = (np.asarray(each, dtype=np.int64).ravel() for each in cost[:2])
        length = np.asarray(cost[2], dtype=float).ravel()
        sizes = (len(row), len(column), len(length))
        if len(set(sizes)) != 1 or _outside(row, shape[0]) or _outside(column, shape[1]):
            raise UsageError(f"cost: pairs must be three columns of one length, rows within {shape}; found {sizes}.")
        kept = np.flatnonzero(length <= catchment)
        row, column, length = row[kept], column[kept], length[kept]
    else:
        table = np.asarray(cost, dtype=float)
        if table.shape != shape:
            raise UsageError(
                f"cost: shape {table.shape}; give one row for each demand, one column for each supply: {shape}."
            )
        row, column = np.nonzero(table <= catchment)
        length = table[row, column]
    return row, column, _weigh(length, weights)


def _sums(at: NDArray[np.int64], values: Floats, count: int) -> Floats:
    """Add up values by row."""
    total: Floats = np.bincount(at, weights=values, minlength=count).astype(float)
    return total


def _outside(number: NDArray[np.int64], count: int) -> bool:
    """Say whether a row number does not exist."""
    return bool(len(number)) and not 0 <= number.min() <= number.max() < count


def _weigh(cost: Floats, weights: Weights | None) -> Floats:
    """Return the weight of each cost."""
    if weights is None:
        return np.ones(len(cost))
    if callable(weights):
        weight: Floats = np.broadcast_to(np.asarray(weights(cost), dtype=float), cost.shape)
    else:
        bounds = np.array(sorted(weights), dtype=float)
        steps = np.array([*(weights[bound] for bound in sorted(weights)), 0.0], dtype=float)
        weight = steps[np.searchsorted(bounds, cost, side="left")]
    if not (weight >= 0).all():
        raise UsageError("weights: a weight is negative or no number.")
    return weight


def _ratio(above: Floats, below: Floats) -> Floats:
    """Divide; nothing by nothing is 0, something by nothing +inf."""
    out = np.where(above > 0, np.inf, 0.0)
    np.divide(above, below, out=out, where=below > 0)
    return out


def _like(demand: Any, values: Floats) -> Any:
    """Give the answer the index of a pandas Series."""
    if hasattr(demand, "index") and hasattr(demand, "to_frame"):
        import pandas as pd

        return pd.Series(values, index=demand.index)
    return values
