"""Is a counted site within the limit? For many points and one set of sites: by a coverage table, else exactly.

A table that is kept beside the network is read; where there is none, one is made in memory once so many points have
been asked that it pays. Points that a table cannot tell are asked exactly, so no answer depends on any of this.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Literal

from adequacy.access.bulk import SiteIndex
from adequacy.access.coverage import build_coverage, cells_needed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from adequacy.access.bulk import Edge
    from adequacy.access.coverage import Coverage
    from adequacy.access.coverage_file import Columns, CoverageFile

__all__ = ["Decider"]

#: Fewer points than this are answered before a table is found and read.
_WORTH_READING = 5_000


class Decider:
    """Some counted sites, and what is known of where they reach.

    Parameters
    ----------
    columns : three lists
        Longitudes, latitudes (degrees, WGS 84) and uncertainties (statute miles), as ``Counted.columns`` gives them.
    kept : CoverageFile, optional
        Tables beside the network.
    engine : {"numba", "numpy"}, optional
        As for `SiteIndex`.

    Examples
    --------
    >>> import numpy as np
    >>> decider = Decider(([-78.64], [35.78], [0.0]))
    >>> decider.covered(np.array([-78.9, -80.0]), np.array([35.5, 35.5]), 30.0).tolist()
    [True, False]
    """

    def __init__(
        self, columns: Columns, kept: CoverageFile | None = None, *, engine: Literal["numba", "numpy"] | None = None
    ) -> None:
        self._columns = columns
        self._kept = kept
        self._engine = engine
        self._tables: dict[tuple[float, Edge], Coverage] = {}
        self._asked: dict[tuple[float, Edge], int] = {}
        self._looked: set[tuple[float, Edge]] = set()

    @cached_property
    def index(self) -> SiteIndex:
        """The sites, for exact answers."""
        lon, lat, uncertainty_mi = self._columns
        return SiteIndex(lon, lat, uncertainty_mi=uncertainty_mi, engine=self._engine)

    def covered(self, lon: ArrayLike, lat: ArrayLike, limit_mi: float, edge: Edge = "high") -> NDArray[np.bool_]:
        """Decide for every point whether a site is within the limit, the limit included; as `SiteIndex.covered`."""
        key: tuple[float, Edge] = (float(limit_mi), edge if any(self._columns[2]) else "high")
        table = self._table(key, len(lon))  # type: ignore[arg-type]
        return self.index.covered(lon, lat, limit_mi=limit_mi, edge=key[1], coverage=table)

    def _table(self, key: tuple[float, Edge], points: int) -> Coverage | None:
        """The table for a limit and an edge: at hand, kept, or made once it pays; None where exact search is faster."""
        if key in self._tables:
            return self._tables[key]
        asked = self._asked[key] = self._asked.get(key, 0) + points
        table = None
        if self._kept is not None and asked >= _WORTH_READING and key not in self._looked:
            self._looked.add(key)
            table = self._kept.table(self._columns, *key)
        # judging a cell costs less than an exact answer, so as many points as cells pay for a table
        if table is None and asked >= cells_needed(self.index, *key):
            table = build_coverage(self.index, limit_mi=key[0], edge=key[1])
        if table is not None:
            self._tables[key] = table
        return table
