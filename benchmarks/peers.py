"""The peers: the tools an analyst would reach for, each used as well as its documentation shows.

*Exact* peers find candidates by straight chord and measure them by ``pyproj.Geod``; they are wrong only where two
sites, or a site and the limit, are within millimetres. *Approximate* peers stop at the chord or use a sphere or a
plane. A peer that is not installed is left out.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.spatial import cKDTree

from adequacy.distance import MILE_M, chord_bounds_m, ecef
from benchmarks.generate import Roster, geod_miles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

CHORD_M = 2 * 6_371_008.8  # the sphere of the approximate peers
MARGIN_M = 1.0


def installed(name: str) -> bool:
    """Say whether a package can be imported."""
    return importlib.util.find_spec(name) is not None


def by_service(service: NDArray[Any], services: int) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Yield each service and the requests for it."""
    order = np.argsort(service, kind="stable")
    ends = np.searchsorted(service[order], np.arange(services + 1))
    for s in range(services):
        yield s, order[ends[s] : ends[s + 1]]


class Trees:
    """cKDTree or pykdtree over earth-centred coordinates, one for each service."""

    def __init__(self, roster: Roster, make: Any = cKDTree) -> None:
        self.roster = roster
        xyz = ecef(roster.lon, roster.lat)
        self.trees = [make(np.ascontiguousarray(xyz[rows])) for rows in roster.sites_of]

    def nearest_exact(self, lon: Floats, lat: Floats, service: Any, limit_mi: float) -> tuple[Floats, Any]:
        """Nearest by chord, measured by Geod; +inf beyond the limit."""
        point = ecef(lon, lat)
        miles, site = np.full(len(lon), np.inf), np.full(len(lon), -1)
        bound = min(chord_bounds_m(limit_mi)[1], 1.3e7) + MARGIN_M
        for s, mine in by_service(service, len(self.trees)):
            chord, found = self.trees[s].query(point[mine], distance_upper_bound=bound)
            known = np.isfinite(chord)
            mine, rows = mine[known], self.roster.sites_of[s][found[known]]
            miles[mine] = geod_miles(lon[mine], lat[mine], self.roster.lon[rows], self.roster.lat[rows])
            site[mine] = rows
        miles[miles > limit_mi] = np.inf
        return miles, site

    def nearest_approximate(self, lon: Floats, lat: Floats, service: Any, limit_mi: float) -> Floats:
        """Nearest by chord, taken for the distance."""
        point, miles = ecef(lon, lat), np.full(len(lon), np.inf)
        bound = min(limit_mi * MILE_M, 1.3e7)
        for s, mine in by_service(service, len(self.trees)):
            chord, _ = self.trees[s].query(point[mine], distance_upper_bound=bound)
            miles[mine] = chord / MILE_M
        return miles


def tree_makers() -> dict[str, Any]:
    """Trees by name."""
    makers: dict[str, Any] = {"cKDTree": cKDTree}
    if installed("pykdtree"):
        from pykdtree.kdtree import KDTree

        makers["pykdtree"] = KDTree
    return makers


def nearest(roster: Roster, lon: Floats, lat: Floats, service: Any, limit_mi: float) -> dict[str, Callable[[], Any]]:
    """Exact peers for the nearest site, trees built inside."""
    return {
        f"exact: {name} + Geod.inv": lambda make=make: Trees(roster, make).nearest_exact(lon, lat, service, limit_mi)[0]
        for name, make in tree_makers().items()
    } | {
        f"approximate: {name}": lambda make=make: Trees(roster, make).nearest_approximate(lon, lat, service, limit_mi)
        for name, make in tree_makers().items()
    }


def decide(roster: Roster, lon: Floats, lat: Floats, service: Any, limit_mi: float) -> dict[str, Callable[[], Any]]:
    """The same for deciding, trees built beforehand, as ours is."""
    trees = {name: Trees(roster, make) for name, make in tree_makers().items()}
    return {
        f"exact: {name} + Geod.inv, prebuilt": lambda tree=tree: np.isfinite(
            tree.nearest_exact(lon, lat, service, limit_mi)[0]
        )
        for name, tree in trees.items()
    } | {
        f"approximate: {name}, prebuilt": lambda tree=tree: np.isfinite(
            tree.nearest_approximate(lon, lat, service, limit_mi)
        )
        for name, tree in trees.items()
    }


def nearest_five(roster: Roster, lon: Floats, lat: Floats, limit_mi: float) -> dict[str, Callable[[], Any]]:
    """Five nearest by chord, each measured by Geod."""

    def run(make: Any) -> Floats:
        trees, point = Trees(roster, make), ecef(lon, lat)
        out = np.full((len(roster.sites_of), len(lon), 5), np.inf)
        for s, tree in enumerate(trees.trees):
            chord, found = tree.query(point, k=5, distance_upper_bound=chord_bounds_m(limit_mi)[1] + MARGIN_M)
            at, rank = np.nonzero(np.isfinite(chord))
            rows = roster.sites_of[s][found[at, rank]]
            out[s, at, rank] = geod_miles(lon[at], lat[at], roster.lon[rows], roster.lat[rows])
        out[out > limit_mi] = np.inf
        return out

    return {f"exact: {name} + Geod.inv": lambda make=make: run(make) for name, make in tree_makers().items()}


def counts(roster: Roster, lon: Floats, lat: Floats, limit_mi: float) -> dict[str, Callable[[], Any]]:
    """CKDTree's count within a chord (right to a few in 10^8 here: nothing exact exists short of lists)."""

    def run() -> NDArray[np.int64]:
        trees, point = Trees(roster), ecef(lon, lat)
        radius_m = chord_bounds_m(limit_mi)[0]
        return np.array([tree.query_ball_point(point, radius_m, return_length=True) for tree in trees.trees])

    return {"approximate: cKDTree count": run}


def true_counts(roster: Roster, lon: Floats, lat: Floats, limit_mi: float) -> NDArray[np.int64]:
    """Counts by Geod for every site that may be within."""
    out = np.zeros((len(roster.sites_of), len(lon)), dtype=np.int64)
    for s, lists_of in enumerate(_candidates(roster, lon, lat, limit_mi)):
        for i, found in enumerate(lists_of):
            rows = roster.sites_of[s][found]
            here = np.full(len(rows), lon[i]), np.full(len(rows), lat[i])
            out[s, i] = (geod_miles(*here, roster.lon[rows], roster.lat[rows]) <= limit_mi).sum() if len(rows) else 0
    return out


def lists(roster: Roster, lon: Floats, lat: Floats, limit_mi: float) -> dict[str, Callable[[], Any]]:
    """CKDTree's lists, every pair measured by Geod and cut at the limit; returns how many pairs."""

    def run() -> int:
        total = 0
        for s, lists_of in enumerate(_candidates(roster, lon, lat, limit_mi)):
            size = np.fromiter(map(len, lists_of), dtype=np.int64, count=len(lists_of))
            rows = roster.sites_of[s][np.concatenate(lists_of).astype(np.int64)] if size.sum() else np.zeros(0, int)
            at = np.repeat(np.arange(len(lon)), size)
            total += int((geod_miles(lon[at], lat[at], roster.lon[rows], roster.lat[rows]) <= limit_mi).sum())
        return total

    return {"exact: cKDTree + Geod.inv": run}


def _candidates(roster: Roster, lon: Floats, lat: Floats, limit_mi: float) -> Iterator[Any]:
    """Lists of sites within the chord of the limit and a metre, service by service."""
    point = ecef(lon, lat)
    for tree in Trees(roster).trees:
        yield tree.query_ball_point(point, chord_bounds_m(limit_mi)[1] + MARGIN_M)


def others(roster: Roster, lon: Floats, lat: Floats, service: Any) -> dict[str, Callable[[], Any]]:
    """Nearest site by BallTree, STRtree, GeoPandas and DuckDB: sphere or plane, miles as they come."""
    found = {
        "sphere: scikit-learn BallTree": _ball_tree if installed("sklearn") else None,
        "plane (EPSG:32119): shapely STRtree": _str_tree,
        "plane (EPSG:32119): GeoPandas sjoin_nearest": _geopandas,
        "sphere: DuckDB SQL, box then haversine": _duckdb if installed("duckdb") else None,
    }
    return {name: lambda run=run: run(roster, lon, lat, service) for name, run in found.items() if run is not None}


def _ball_tree(roster: Roster, lon: Floats, lat: Floats, service: Any) -> Floats:
    from sklearn.neighbors import BallTree

    miles, point = np.full(len(lon), np.inf), np.radians(np.column_stack([lat, lon]))
    for s, mine in by_service(service, len(roster.sites_of)):
        rows = roster.sites_of[s]
        tree = BallTree(np.radians(np.column_stack([roster.lat[rows], roster.lon[rows]])), metric="haversine")
        miles[mine] = tree.query(point[mine])[0][:, 0] * 6_371_008.8 / MILE_M
    return miles


def _plane(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    from pyproj import Transformer

    return Transformer.from_crs(4326, 32119, always_xy=True).transform(lon, lat)


def _str_tree(roster: Roster, lon: Floats, lat: Floats, service: Any) -> Floats:
    import shapely

    site, point = shapely.points(*_plane(roster.lon, roster.lat)), shapely.points(*_plane(lon, lat))
    miles = np.full(len(lon), np.inf)
    for s, mine in by_service(service, len(roster.sites_of)):
        tree = shapely.STRtree(site[roster.sites_of[s]])
        pairs, apart = tree.query_nearest(point[mine], return_distance=True, all_matches=False)
        miles[mine[pairs[0]]] = apart / MILE_M
    return miles


def _geopandas(roster: Roster, lon: Floats, lat: Floats, service: Any) -> Floats:
    import geopandas

    sites = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(roster.lon, roster.lat, crs=4326)).to_crs(32119)
    points = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(lon, lat, crs=4326)).to_crs(32119)
    miles = np.full(len(lon), np.inf)
    for s, mine in by_service(service, len(roster.sites_of)):
        joined = points.iloc[mine].sjoin_nearest(sites.iloc[roster.sites_of[s]], distance_col="apart_m")
        joined = joined[~joined.index.duplicated()]
        miles[joined.index] = joined["apart_m"] / MILE_M
    return miles


def _duckdb(roster: Roster, lon: Floats, lat: Floats, service: Any) -> Floats:
    import duckdb
    import pandas as pd

    link = duckdb.connect()
    link.execute("set threads = 1")
    which = np.repeat(np.arange(len(roster.sites_of)), list(map(len, roster.sites_of)))
    rows = np.concatenate(roster.sites_of)
    link.register("site", pd.DataFrame({"s": which, "lon": roster.lon[rows], "lat": roster.lat[rows]}))
    link.register("point", pd.DataFrame({"id": np.arange(len(lon)), "s": service.astype(int), "lon": lon, "lat": lat}))
    found = link.execute(
        """
        select p.id, min(2 * 6371008.8 * asin(sqrt(pow(sin(radians(q.lat - p.lat) / 2), 2)
            + cos(radians(p.lat)) * cos(radians(q.lat)) * pow(sin(radians(q.lon - p.lon) / 2), 2)))) as apart_m
        from point p join site q on q.s = p.s and q.lat between p.lat - 0.45 and p.lat + 0.45
            and q.lon between p.lon - 0.6 and p.lon + 0.6
        group by p.id
        """
    ).fetchnumpy()
    miles = np.full(len(lon), np.inf)
    miles[found["id"]] = found["apart_m"] / MILE_M
    return miles
