"""How far and how long by road: pairs, the nearest of many, and lists within a limit.

Two measures, each with its own best route: *drive miles* are the miles of the shortest route, *drive minutes* the
minutes of the fastest, both with the access legs at either end. Minutes are free-flow: no traffic, no turns, no lights.
Places enter and leave the network at their point on a street; no place is moved to a junction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adequacy.distance import miles_between
from adequacy.errors import UsageError
from adequacy.roads.files import Compiled, read_roads
from adequacy.roads.search import Search
from adequacy.roads.snapping import Positions, snap

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import geopandas
    import numpy as np
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from adequacy.roads.search import Direction, Measure

__all__ = ["Drives", "NearestDrives", "RoadNetwork", "Routes", "open_roads"]

_DIRECTIONS = ("home_to_site", "site_to_home")
_MINUTES_PER_HOUR = 60.0


@dataclass(frozen=True, slots=True)
class Drives:
    """Drives between pairs of places.

    Parameters
    ----------
    drive_mi, drive_min : ndarray of float64
        Unrounded; NaN where not measured.
    reason : ndarray of str
        Why a pair is not measured (``home_outside_roads``, ``site_far_from_road``, ...); empty where it is.
    """

    drive_mi: NDArray[np.float64]
    drive_min: NDArray[np.float64]
    reason: NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class NearestDrives:
    """The nearest site of each home by road.

    Parameters
    ----------
    drive_mi, drive_min : ndarray of float64
        Unrounded; NaN where not measured; infinity where no measured site lies within the limit asked for.
    site_by_mi, site_by_min : ndarray of int64
        Row of that site; -1 where there is none.
    reason : ndarray of str
        Why a home is not measured; empty where it is. ``no_site_on_roads``: no site could be put on the network.
    could_be_less_mi, could_be_less_min : ndarray of bool
        True where a site that is *not* measured might be nearer by road: the straight line to it is shorter than the
        drive found (for minutes: at the network's highest speed). A "no" is not proven there.
    site_reason : ndarray of str
        Why a site is not measured; empty where it is.
    """

    drive_mi: NDArray[np.float64]
    drive_min: NDArray[np.float64]
    site_by_mi: NDArray[np.int64]
    site_by_min: NDArray[np.int64]
    reason: NDArray[np.str_]
    could_be_less_mi: NDArray[np.bool_]
    could_be_less_min: NDArray[np.bool_]
    site_reason: NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class Routes:
    """Lists of sites by road, one row per home and site, homes in order, sites by drive minutes.

    Parameters
    ----------
    home, site : ndarray of int64
        Rows of the home and the site as given.
    drive_mi, drive_min : ndarray of float64
        Unrounded.
    home_reason, site_reason : ndarray of str
        One per home and per site as given: why it is not measured; empty where it is.
    """

    home: NDArray[np.int64]
    site: NDArray[np.int64]
    drive_mi: NDArray[np.float64]
    drive_min: NDArray[np.float64]
    home_reason: NDArray[np.str_]
    site_reason: NDArray[np.str_]

    def frame(self) -> pd.DataFrame:
        """Return the rows as a table: ``home, site, drive_mi, drive_min``."""
        import pandas as pd

        names = ("home", "site", "drive_mi", "drive_min")
        return pd.DataFrame({name: getattr(self, name) for name in names})


def open_roads(path: Path | str) -> RoadNetwork:
    """Open a ``.roads`` file.

    Parameters
    ----------
    path : path
        Made by `adequacy.roads.build_roads` or ``adequacy roads build``.

    Raises
    ------
    NetworkFileError
        The file is missing, not ours, damaged or made by a newer version.
    """
    return RoadNetwork(read_roads(path))


class RoadNetwork:
    """A street network in memory.

    Parameters
    ----------
    compiled : Compiled
        As `open_roads` reads it.
    """

    def __init__(self, compiled: Compiled) -> None:
        self._compiled = compiled
        self._search = Search(compiled)
        self.meta: dict[str, Any] = compiled.meta

    def __repr__(self) -> str:
        return f"<RoadNetwork {self.meta['source']}: {self.meta['junctions']} junctions>"

    def info(self) -> dict[str, Any]:
        """Return what the network says of itself: source, date, bounds, licence, speeds, what was dropped, hash."""
        return dict(self.meta)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north of the streets, degrees."""
        west, south, east, north = self.meta["bounds"]
        return west, south, east, north

    @property
    def fastest_mph(self) -> float:
        """The highest speed on any street, miles per hour."""
        return float(self._search.mph.max())

    def snap(self, lon: ArrayLike, lat: ArrayLike) -> Positions:
        """Put places on their nearest street; see `adequacy.roads.snapping.Positions`."""
        return snap(self._compiled.chains, self._compiled.grid, lon, lat, float(self.meta["snap_max_mi"]))

    def pairs(
        self,
        home_lon: ArrayLike,
        home_lat: ArrayLike,
        site_lon: ArrayLike,
        site_lat: ArrayLike,
        *,
        direction: Direction = "home_to_site",
    ) -> Drives:
        """Measure pairs of places by road, in drive miles and drive minutes.

        Parameters
        ----------
        home_lon, home_lat, site_lon, site_lat : array_like of float
            WGS 84 degrees, longitude first; broadcast against each other (one home, many sites; a column of homes and
            a row of sites give a matrix).
        direction : {"home_to_site", "site_to_home"}
            Who drives; one-way streets make the two differ.

        Returns
        -------
        Drives
            One entry per pair, in the shape of the question.
        """
        import numpy as np

        _require_direction(direction)
        given = (np.atleast_1d(np.asarray(each, dtype=float)) for each in (home_lon, home_lat, site_lon, site_lat))
        coordinates = np.broadcast_arrays(*given)
        shape = coordinates[0].shape
        coordinates = tuple(each.reshape(-1) for each in coordinates)
        home, home_of = self._snap_unique(coordinates[0], coordinates[1])
        site, site_of = self._snap_unique(coordinates[2], coordinates[3])
        reason = _pair_reason(home.reason[home_of], site.reason[site_of])
        drive = {
            measure: self._search.pair_costs(home, site, home_of, site_of, reason == "", measure, direction)
            for measure in ("mi", "min")
        }
        return Drives(drive["mi"].reshape(shape), drive["min"].reshape(shape), reason.reshape(shape))

    def nearest(
        self,
        home_lon: ArrayLike,
        home_lat: ArrayLike,
        site_lon: ArrayLike,
        site_lat: ArrayLike,
        *,
        direction: Direction = "home_to_site",
        limit_mi: float | None = None,
        limit_min: float | None = None,
    ) -> NearestDrives:
        """Find the nearest site of each home by road, in one pass over the network per measure.

        Parameters
        ----------
        home_lon, home_lat : array_like of float, shape (homes,)
        site_lon, site_lat : array_like of float, shape (sites,)
            WGS 84 degrees, longitude first.
        direction : {"home_to_site", "site_to_home"}
        limit_mi, limit_min : float, optional
            Do not search farther: faster; beyond it the answer is infinity.
        """
        import numpy as np

        _require_direction(direction)
        home, site = self.snap(home_lon, home_lat), self.snap(site_lon, site_lat)
        reason = np.where(home.measured, "", home.reason)
        if not site.measured.any():
            reason = np.where(reason == "", "no_site_on_roads", reason)
        drive_mi, by_mi = self._search.nearest(home, site, reason == "", "mi", direction, limit_mi)
        drive_min, by_min = self._search.nearest(home, site, reason == "", "min", direction, limit_min)
        line_mi = _nearest_line(home_lon, home_lat, site_lon, site_lat, ~site.measured)
        fastest_mph = self.fastest_mph
        return NearestDrives(
            drive_mi,
            drive_min,
            by_mi,
            by_min,
            reason,
            line_mi < drive_mi,
            line_mi / fastest_mph * _MINUTES_PER_HOUR < drive_min,
            site.reason,
        )

    def route_many(
        self,
        home_lon: ArrayLike,
        home_lat: ArrayLike,
        site_lon: ArrayLike,
        site_lat: ArrayLike,
        *,
        direction: Direction = "home_to_site",
        k: int | None = None,
        limit_mi: float | None = None,
        limit_min: float | None = None,
    ) -> Routes:
        """List the sites of each home by road: the k nearest, those within a limit, or all.

        Parameters
        ----------
        home_lon, home_lat : array_like of float, shape (homes,)
        site_lon, site_lat : array_like of float, shape (sites,)
            WGS 84 degrees, longitude first.
        direction : {"home_to_site", "site_to_home"}
        k : int, optional
            At most so many sites per home, the nearest by drive minutes (ties: by row of the site).
        limit_mi, limit_min : float, optional
            Only sites within; both given: within both. A site at exactly the limit is listed.

        Returns
        -------
        Routes
            Places that are not measured are in no row; their reasons are told.

        Notes
        -----
        One search per home or per site, whichever are fewer. Limits keep the searches short.
        """
        import numpy as np

        _require_direction(direction)
        if k is not None and k < 1:
            raise UsageError(f"k = {k}: ask for at least one site per home.")
        home, site = self.snap(home_lon, home_lat), self.snap(site_lon, site_lat)
        rows = [
            _listed(at_home, at_site, mi, minutes, k, limit_mi, limit_min)
            for at_home, at_site, mi, minutes in self._search.blocks(home, site, direction, limit_mi, limit_min)
        ]
        empty = (np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0), np.empty(0))
        columns = [np.concatenate(each) for each in zip(empty, *rows, strict=True)]
        order = np.lexsort((columns[1], columns[3], columns[0]))
        if k is not None:
            at = columns[0][order]
            begins = np.flatnonzero(np.append(True, at[1:] != at[:-1])) if len(at) else np.empty(0, np.int64)
            rank = np.arange(len(at)) - np.repeat(begins, np.diff(np.append(begins, len(at))))
            order = order[rank < k]
        at_home, at_site, drive_mi, drive_min = (each[order] for each in columns)
        return Routes(at_home, at_site, drive_mi, drive_min, home.reason, site.reason)

    def within(
        self,
        home: Positions,
        site: Positions,
        *,
        limit_mi: float | None = None,
        limit_min: float | None = None,
        both: bool = False,
        direction: Direction = "home_to_site",
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """List the pairs of home and site within drive miles or drive minutes, or within both.

        Parameters
        ----------
        home, site : Positions
            As `snap` gives them; whoever is not on the network is in no pair.
        limit_mi, limit_min : float, optional
            At least one. A pair at exactly the limit is listed.
        both : bool
            Whether both limits must hold; else either is enough.
        direction : {"home_to_site", "site_to_home"}

        Returns
        -------
        home, site : ndarray of int64
            Rows as given, by home and then by site.

        Notes
        -----
        Each measure is searched no farther than its own limit, one search per home or per site, whichever are fewer.
        """
        import numpy as np

        _require_direction(direction)
        limits: dict[Measure, float | None] = {"mi": limit_mi, "min": limit_min}
        asked = [(measure, limit) for measure, limit in limits.items() if limit is not None]
        if not asked:
            raise UsageError("within: give limit_mi, limit_min, or both.")
        sites = max(1, len(site.chain))
        keys = [
            np.concatenate(
                [np.empty(0, np.int64), *(at_home * sites + at_site for at_home, at_site in found)], dtype=np.int64
            )
            for found in (self._search.within(home, site, measure, direction, limit) for measure, limit in asked)
        ]
        key = np.unique(keys[0]) if len(keys) == 1 else (np.intersect1d if both else np.union1d)(*keys)
        return key // sites, key % sites

    def isochrones(
        self,
        lon: float,
        lat: float,
        minutes: Sequence[float] = (15, 30, 45, 60),
        *,
        direction: Direction = "home_to_site",
        cells: int = 300,
    ) -> geopandas.GeoDataFrame:
        """Draw the areas within so many drive minutes of a site; see `adequacy.roads.isochrones.isochrones`."""
        from adequacy.roads.isochrones import isochrones

        return isochrones(self, lon, lat, minutes, direction=direction, cells=cells)

    def _snap_unique(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> tuple[Positions, NDArray[np.int64]]:
        """Put each different place on the network once; also which of them every row is."""
        import numpy as np

        different, row = np.unique(np.column_stack([lon, lat]), axis=0, return_inverse=True)
        return self.snap(different[:, 0], different[:, 1]), row.reshape(-1)


def _require_direction(direction: str) -> None:
    """Raise unless the direction is one of the two words."""
    if direction not in _DIRECTIONS:
        raise UsageError(f"direction {direction!r} is not known: say home_to_site or site_to_home.")


def _pair_reason(home: NDArray[np.str_], site: NDArray[np.str_]) -> NDArray[np.str_]:
    """Say of each pair why it is not measured: the home's reason first."""
    import numpy as np

    at_home, at_site = np.char.add("home_", home), np.char.add("site_", site)
    reason: NDArray[np.str_] = np.where(home != "", at_home, np.where(site != "", at_site, ""))
    return reason


def _listed(
    at_home: NDArray[np.int64],
    at_site: NDArray[np.int64],
    mi: NDArray[np.float64],
    minutes: NDArray[np.float64],
    k: int | None,
    limit_mi: float | None,
    limit_min: float | None,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Pick the pairs of a block that are within the limits, no more than k per home."""
    import numpy as np

    keep = np.isfinite(mi) & np.isfinite(minutes)
    if limit_mi is not None:
        keep &= mi <= limit_mi
    if limit_min is not None:
        keep &= minutes <= limit_min
    if k is not None and k < mi.shape[1]:
        wanted = np.where(keep, minutes, np.inf)
        worst = np.partition(wanted, k - 1, axis=1)[:, k - 1]
        keep &= wanted <= worst[:, None]
    row, column = np.nonzero(keep)
    return at_home[row], at_site[column], mi[row, column], minutes[row, column]


def _nearest_line(
    home_lon: ArrayLike, home_lat: ArrayLike, site_lon: ArrayLike, site_lat: ArrayLike, chosen: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return the straight-line miles from each home to the nearest of some sites; infinite where there is none."""
    import numpy as np

    lon, lat = np.atleast_1d(np.asarray(home_lon, float)), np.atleast_1d(np.asarray(home_lat, float))
    nearest = np.full(len(lon), np.inf)
    lons, lats = np.atleast_1d(np.asarray(site_lon, float)), np.atleast_1d(np.asarray(site_lat, float))
    for other_lon, other_lat in zip(lons[chosen], lats[chosen], strict=True):
        if np.isfinite(other_lon) and np.isfinite(other_lat):
            nearest = np.fmin(nearest, miles_between(lon, lat, other_lon, other_lat))
    return nearest
