"""One service of one network for arrays of points: nearest, covered, counts and lists, as ``check`` would decide each.

Where a service travels to the consumer, a site that says which counties it serves counts for people of those only; the
county of a point is that of the map.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from adequacy.access.deciding import Decider
from adequacy.access.finding import counted_of
from adequacy.errors import CoordinateError, UsageError
from adequacy.reference import counties_at, county_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from adequacy.access.bulk import Edge
    from adequacy.access.coverage_file import CoverageFile
    from adequacy.access.finding import Counted, Question
    from adequacy.network import Offering

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["ServicePoints", "lon_lat"]


def lon_lat(points: Any, lon: ArrayLike | None, lat: ArrayLike | None) -> tuple[Floats, Floats, Any]:
    """Give longitudes, latitudes and the index of whatever way points were given in; nothing is changed.

    Parameters
    ----------
    points : GeoDataFrame, GeoSeries or DataFrame, optional
        Point geometry with a CRS (any), or columns ``lon`` and ``lat`` in degrees, WGS 84.
    lon, lat : array_like, optional
        Instead: decimal degrees, WGS 84.

    Raises
    ------
    UsageError
        Both or neither were given, or the geometry has no CRS or is not of points.
    CoordinateError
        The two differ in length.
    """
    if (points is None) == (lon is None and lat is None):
        raise UsageError("Say where the points are in one way: a (Geo)DataFrame, or lon and lat.")
    if points is None:
        if lon is None or lat is None:
            raise UsageError("Points need both lon and lat.")
        x, y = np.atleast_1d(np.asarray(lon, dtype=float)), np.atleast_1d(np.asarray(lat, dtype=float))
        if x.shape != y.shape or x.ndim != 1:
            raise CoordinateError(f"lon and lat: shapes {x.shape} and {y.shape}. Give two lists of the same length.")
        return x, y, lon.index if hasattr(lon, "to_numpy") and hasattr(lon, "index") else None
    if hasattr(points, "crs"):
        return (*_of_geometry(points), points.index)
    if {"lon", "lat"} <= set(points.columns):
        return points["lon"].to_numpy(dtype=float), points["lat"].to_numpy(dtype=float), points.index
    raise UsageError("The points have no geometry and no columns 'lon' and 'lat'.")


def _of_geometry(points: Any) -> tuple[Floats, Floats]:
    """Longitudes and latitudes of point geometry in any CRS; an empty point is NaN."""
    if points.crs is None:
        raise UsageError("The points have no CRS. Say which it is with .set_crs(...), then ask again.")
    shapes = points.geometry.to_crs("EPSG:4326")
    if not (shapes.is_empty | shapes.isna() | (shapes.geom_type == "Point")).all():
        raise UsageError("The geometry is not of points. Use .representative_point() where areas are meant.")
    return shapes.x.to_numpy(), shapes.y.to_numpy()


class ServicePoints:
    """The counted sites of a service on a day, ready for questions about points.

    Parameters
    ----------
    offerings : list of Offering
        All offerings of the service.
    question : Question
        Day and, for a consumer known by more than a place, age, funding and population.
    kept : CoverageFile, optional
        Coverage tables beside the network, for `covered`.
    """

    def __init__(self, offerings: list[Offering], question: Question, kept: CoverageFile | None = None) -> None:
        self._offerings = offerings
        self._question = question
        self._any_county = counted_of(offerings, question, None)
        self._says_where = question.travels and any(each.counties_served for each in offerings)
        self._by_county: dict[str, Counted] = {}
        self._kept = kept
        self._deciders: dict[tuple[str, ...], Decider | None] = {}

    def nearest(self, lon: Floats, lat: Floats) -> Floats:
        """Statute miles to the nearest counted site as drawn; +inf where there is none, NaN for a missing point."""
        out = np.where(np.isfinite(lon) & np.isfinite(lat), np.inf, np.nan)
        for rows, sites, _ in self._parts(lon, lat):
            out[rows] = sites.index.nearest(lon[rows], lat[rows]).miles
        return out

    def covered(self, lon: Floats, lat: Floats, limit_mi: float) -> NDArray[np.bool_]:
        """Whether a counted site is surely within the limit, the limit included."""
        out = np.zeros(len(lon), dtype=bool)
        for rows, sites, _ in self._parts(lon, lat):
            out[rows] = sites.covered(lon[rows], lat[rows], limit_mi)
        return out

    def count_within(self, lon: Floats, lat: Floats, limit_mi: float, edge: Edge = "high") -> Ints:
        """How many counted sites are within the limit, the limit included."""
        out = np.zeros(len(lon), dtype=np.int64)
        for rows, sites, _ in self._parts(lon, lat):
            out[rows] = sites.index.count_within(lon[rows], lat[rows], limit_mi=limit_mi, edge=edge)
        return out

    def sites_within(self, lon: Floats, lat: Floats, limit_mi: float, labels: Any = None) -> pd.DataFrame:
        """List the counted sites within the limit of each point: ``point``, site, miles; in the order of the points."""
        import pandas as pd

        columns: dict[str, list[Any]] = {name: [] for name in ("point", *_SITE, "distance_mi")}
        found: list[tuple[int, float, Offering]] = []
        for rows, sites, counted in self._parts(lon, lat):
            lists = sites.index.sites_within(lon[rows], lat[rows], limit_mi=limit_mi)
            owners = np.repeat(rows, np.diff(lists.first)).tolist()
            offerings = [counted.entries[row].offering for row in lists.row.tolist()]
            found += zip(owners, lists.miles.tolist(), offerings, strict=True)
        for point, miles, site in sorted(found, key=lambda each: each[:2]):
            columns["point"].append(point if labels is None else labels[point])
            columns["distance_mi"].append(miles)
            for name in _SITE:
                columns[name].append(getattr(site, name))
        return pd.DataFrame(columns)

    def _parts(self, lon: Floats, lat: Floats) -> Iterator[tuple[Ints, Decider, Counted]]:
        """Points for whom the same sites count, with those."""
        some = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat))
        if not self._says_where:
            sites = self._decider(("",), self._any_county)
            if sites is not None and len(some):
                yield some, sites, self._any_county
            return
        named = _counties(lon[some], lat[some])
        alike: dict[tuple[str, ...], int] = {}
        sets: list[Counted] = []
        number: dict[str, int] = {}
        for county in sorted(set(named)):
            counted = self._of_county(county)
            key = tuple(entry.offering.site_id for entry in counted.entries)
            if key not in alike:
                alike[key] = len(sets)
                sets.append(counted)
            number[county] = alike[key]
        which = np.array([number[county] for county in named], dtype=np.int64)
        for key, at in alike.items():
            sites = self._decider(key, sets[at])
            if sites is not None:
                yield some[which == at], sites, sets[at]

    def _of_county(self, county: str) -> Counted:
        """The sites that count for people of a county."""
        if county not in self._by_county:
            counties = (county,) if county else ()
            self._by_county[county] = counted_of(self._offerings, self._question, counties)
        return self._by_county[county]

    def _decider(self, key: tuple[str, ...], counted: Counted) -> Decider | None:
        """Some sites, ready to be asked; None where there is none."""
        if key not in self._deciders:
            columns = counted.columns()
            self._deciders[key] = Decider(columns, self._kept) if columns[0] else None
        return self._deciders[key]


_SITE = ("site_id", "provider_id", "provider_name", "site_name")


def _counties(lon: Floats, lat: Floats) -> list[str]:
    """The county of each point by the map; empty where there is none."""
    found = counties_at(lon.tolist(), lat.tolist())
    for i, code in enumerate(found):
        if code is None:
            near = county_at(float(lon[i]), float(lat[i]))
            found[i] = near.county_fips if near else ""
    return [code or "" for code in found]
