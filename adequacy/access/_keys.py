"""Service keys of rows and points, turned into numbers once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from adequacy.errors import UnknownService, UsageError

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from numpy.typing import ArrayLike

    from adequacy.access._grid import Ints


def site_rows(site: ArrayLike | None, sites: int) -> Ints:
    """Return the site of each row, checked."""
    if site is None:
        return np.arange(sites)
    at: Ints = np.asarray(site, dtype=np.int64).ravel()
    if len(at) and not 0 <= at.min() <= at.max() < sites:
        raise UsageError(f"site: rows must lie in 0..{sites - 1}; found {at.min()}..{at.max()}.")
    return at


def declared(
    services: Sequence[Hashable] | None, service: ArrayLike | None, code: Ints, found: list[Hashable] | None
) -> tuple[Hashable, ...]:
    """Return the services of an index: those declared, else those that occur."""
    if services is not None:
        return tuple(dict.fromkeys(services))
    if service is None:
        return ("",)
    return tuple(range(int(code.max(initial=-1)) + 1)) if found is None else tuple(sorted(found, key=str))


def factorize(service: Any, count: int) -> tuple[Ints, list[Hashable] | None]:
    """Number the keys as they come: number of each row, and the keys. Integers are numbers already: no keys."""
    keys = np.asarray(service)
    if keys.shape != (count,):
        raise UsageError(f"service: shape {keys.shape} for {count} rows or points. Give one key, or one for each.")
    if keys.dtype.kind in "iu":
        return keys, None
    import pandas as pd

    code, found = pd.factorize(keys.astype(object))
    if (code < 0).any():
        raise UnknownService(f"service: the key in row {int(np.flatnonzero(code < 0)[0])} is missing.")
    return code.astype(np.int64), list(found)
