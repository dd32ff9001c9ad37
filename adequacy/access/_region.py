"""Nearest, farthest and worst-placed points of a place: branch and bound with certified bounds, in plain Python.

A region is a polygon with straight edges in longitude and latitude, as shipped. Searches run on earth-centred
coordinates in metres, where the triangle inequality is exact; the answer is then measured once with ``distance.miles``.

Why the worst-placed point can be found exactly: a distance is convex along an edge, so over an edge the nearest site is
nowhere farther than ``min over sites of max(at one end, at the other end)``. Inside, the distance to the nearest site
can only have a local maximum where at least three sites surround the point; all other rectangles are thrown away.
"""

from __future__ import annotations

import heapq
from math import asin, atan2, cos, hypot, inf, pi, radians, sqrt
from typing import TYPE_CHECKING, NamedTuple

from adequacy.distance import MILE_M, catchment, miles, to_ecef

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from adequacy.geocode import Place

__all__ = ["Region", "Regions", "Spot", "Worst", "rough_miles", "spot"]

#: The search stops when no point can be this much farther than the one found: metres, a fifth of 0.01 mile.
_ENOUGH_M = 3.0
#: Longer edges are split, so that a straight chord and an edge in degrees differ by less than a metre.
_LONGEST_EDGE_DEG = 0.02
_CHUNK = 16
#: Twice the squared mean radius of curvature; turns a chord into an arc to a few centimetres at 100 miles.
_TWO_R = 2 * 6_367_500.0
#: Covers what a chord loses against the arc and what an edge in degrees bends against a geodesic.
_STRETCH = 1.0005
_RING_FAR, _RING_NEAR = 180, 64
_SMALL_DISC_MI = 2.0

Point3 = tuple[float, float, float]


class Spot(NamedTuple):
    """A site as the search sees it: degrees, earth-centred metres, and how far off it may be in metres."""

    lon: float
    lat: float
    x: float
    y: float
    z: float
    slack_m: float


class Worst(NamedTuple):
    """The worst-placed point of a place: miles to its nearest site, and where it lies."""

    miles: float
    lon: float
    lat: float


class _Chunk(NamedTuple):
    """A run of edges with a ball round it."""

    at: Point3
    radius_m: float
    points: list[Point3]
    lons: list[float]
    lats: list[float]


def spot(lon: float, lat: float, uncertainty_mi: float = 0.0) -> Spot:
    """Make a site ready for searching."""
    return Spot(lon, lat, *to_ecef(lon, lat), uncertainty_mi * MILE_M)


def rough_miles(at: Point3, site: Spot) -> float:
    """Miles by the mean radius of the earth: within 0.4 % of the geodesic, anywhere."""
    return (_arc(*at, site) - site.slack_m) / MILE_M


def _arc(x: float, y: float, z: float, site: Spot) -> float:
    """Metres from a point to a site by the mean radius, plus how far off the site may be."""
    dx, dy, dz = x - site.x, y - site.y, z - site.z
    chord = sqrt(dx * dx + dy * dy + dz * dz)
    return _TWO_R * asin(min(1.0, chord / _TWO_R)) + site.slack_m


def _gap(a: Point3, b: Point3) -> float:
    """Straight metres between two earth-centred points."""
    return sqrt((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2)


def _relevant(sites: Sequence[Spot], at: Point3, radius_m: float) -> tuple[list[Spot], float]:
    """Sites that can be the nearest of some point within a ball, and the nearest's metres from its centre."""
    arcs = [_arc(*at, site) for site in sites]
    nearest = min(arcs)
    reach = nearest + 2 * radius_m * _STRETCH + 1.0
    return [site for site, arc in zip(sites, arcs, strict=True) if arc <= reach], nearest


def _split(lons: Sequence[float], lats: Sequence[float]) -> tuple[list[float], list[float]]:
    """Split the long edges of a closed ring."""
    out_lons, out_lats = [lons[0]], [lats[0]]
    for i in range(1, len(lons)):
        before_lon, before_lat, lon, lat = lons[i - 1], lats[i - 1], lons[i], lats[i]
        pieces = int(max(abs(lon - before_lon), abs(lat - before_lat)) / _LONGEST_EDGE_DEG) + 1
        for piece in range(1, pieces):
            share = piece / pieces
            out_lons.append(before_lon + (lon - before_lon) * share)
            out_lats.append(before_lat + (lat - before_lat) * share)
        out_lons.append(lon)
        out_lats.append(lat)
    return out_lons, out_lats


def _chunks(lons: list[float], lats: list[float]) -> Iterable[_Chunk]:
    """Cut a closed ring into runs of edges that share their end points."""
    points = [to_ecef(lon, lat) for lon, lat in zip(lons, lats, strict=True)]
    for first in range(0, len(points) - 1, _CHUNK):
        part = points[first : first + _CHUNK + 1]
        middle = part[len(part) // 2]
        radius = max(_gap(middle, point) for point in part)
        yield _Chunk(middle, radius, part, lons[first : first + _CHUNK + 1], lats[first : first + _CHUNK + 1])


class Region:
    """All the points where the consumer may be.

    Parameters
    ----------
    rings : sequence of (lons, lats)
        Closed rings in degrees, WGS 84; exteriors and holes alike (inside is decided by the even-odd rule).
    hull : (lons, lats)
        Convex hull of all of them.
    """

    def __init__(
        self,
        rings: Sequence[tuple[Sequence[float], Sequence[float]]],
        hull: tuple[Sequence[float], Sequence[float]],
    ) -> None:
        self._rings = rings
        self._hull = [to_ecef(lon, lat) for lon, lat in zip(*hull, strict=True)]
        self._hull_degrees = list(zip(*hull, strict=True))
        self._chunks = [chunk for ring in rings for chunk in _chunks(*_split(*ring))]
        self.west, self.east = min(hull[0]), max(hull[0])
        self.south, self.north = min(hull[1]), max(hull[1])
        self._centre = to_ecef((self.west + self.east) / 2, (self.south + self.north) / 2)
        self._radius_m = max(_gap(self._centre, point) for point in self._hull)
        self._nearest_to: dict[Spot, float] = {}
        self._farthest_from: dict[Spot, float] = {}

    @classmethod
    def of(cls, place: Place) -> Region:
        """Make the region of a place: its polygon, or a polygon drawn round its disc."""
        if place.area is not None and place.area.rings is not None and place.area.hull is not None:
            return cls(place.area.rings, place.area.hull)
        corners = _RING_NEAR if place.uncertainty_mi <= _SMALL_DISC_MI else _RING_FAR
        ring = catchment(place.lon, place.lat, place.uncertainty_mi / cos(pi / corners), corners)
        # a ring over the antimeridian is kept in one piece
        lons = [place.lon + (lon - place.lon + 180) % 360 - 180 for lon, _ in ring]
        lats = [lat for _, lat in ring]
        return cls([(lons, lats)], (lons, lats))

    def contains(self, lon: float, lat: float) -> bool:
        """Whether a point lies inside, by the even-odd rule."""
        if not (self.west <= lon <= self.east and self.south <= lat <= self.north):
            return False
        inside = False
        for lons, lats in self._rings:
            before_lon, before_lat = lons[-1], lats[-1]
            for here_lon, here_lat in zip(lons, lats, strict=True):
                if (here_lat > lat) != (before_lat > lat) and lon < before_lon + (lat - before_lat) * (
                    here_lon - before_lon
                ) / (here_lat - before_lat):
                    inside = not inside
                before_lon, before_lat = here_lon, here_lat
        return inside

    def farthest(self, site: Spot) -> float:
        """Miles from a site to the point of the region that is farthest from it (always a corner of the hull)."""
        if site not in self._farthest_from:
            self._farthest_from[site] = self._measure_farthest(site)
        return self._farthest_from[site]

    def _measure_farthest(self, site: Spot) -> float:
        at = max(range(len(self._hull)), key=lambda i: _gap(self._hull[i], (site.x, site.y, site.z)))
        return miles(*self._hull_degrees[at], site.lon, site.lat)

    def nearest(self, site: Spot) -> float:
        """Miles from a site to the point of the region that is nearest to it; 0 inside."""
        if site not in self._nearest_to:
            self._nearest_to[site] = self._measure_nearest(site)
        return self._nearest_to[site]

    def _measure_nearest(self, site: Spot) -> float:
        if self.contains(site.lon, site.lat):
            return 0.0
        here = (site.x, site.y, site.z)
        best, at = inf, (0.0, 0.0)
        ranked = sorted((_gap(chunk.at, here) - chunk.radius_m, i) for i, chunk in enumerate(self._chunks))
        for bound, i in ranked:
            if bound >= best:
                break
            chunk = self._chunks[i]
            for k in range(1, len(chunk.points)):
                share, away = _foot(chunk.points[k - 1], chunk.points[k], here)
                if away < best:
                    best = away
                    at = (
                        chunk.lons[k - 1] + (chunk.lons[k] - chunk.lons[k - 1]) * share,
                        chunk.lats[k - 1] + (chunk.lats[k] - chunk.lats[k - 1]) * share,
                    )
        return miles(*at, site.lon, site.lat)

    def worst(self, sites: Sequence[Spot]) -> Worst | None:
        """Find the point of the region whose nearest site is farthest, counting how far off a site may be."""
        if not sites:
            return None
        near, _ = _relevant(sites, self._centre, self._radius_m)
        search = _Search(self, near)
        search.along_the_border()
        search.inside()
        lon, lat = search.at
        nearest = min(miles(lon, lat, site.lon, site.lat) + site.slack_m / MILE_M for site in near)
        return Worst(nearest, lon, lat)


class Regions:
    """The regions of the places asked about last, so that many services at one place share its border.

    Parameters
    ----------
    most : int
        How many are kept.
    """

    def __init__(self, most: int = 16) -> None:
        self._most = most
        self._kept: dict[tuple[object, ...], Region] = {}

    def of(self, place: Place) -> Region:
        """Give the region of a place, made if it is not at hand."""
        key = (place.zcta if place.area else None, place.kind, place.lon, place.lat, place.uncertainty_mi)
        if key not in self._kept:
            if len(self._kept) >= self._most:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = Region.of(place)
        return self._kept[key]


def _foot(a: Point3, b: Point3, p: Point3) -> tuple[float, float]:
    """The nearest point of the straight piece a-b to p: its share of the way from a to b, and metres to p."""
    abx, aby, abz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    apx, apy, apz = p[0] - a[0], p[1] - a[1], p[2] - a[2]
    length2 = abx * abx + aby * aby + abz * abz
    share = min(1.0, max(0.0, (abx * apx + aby * apy + abz * apz) / length2)) if length2 else 0.0
    dx, dy, dz = apx - share * abx, apy - share * aby, apz - share * abz
    return share, sqrt(dx * dx + dy * dy + dz * dz)


class _Search:
    """One search for the worst-placed point; holds the best point so far."""

    def __init__(self, region: Region, sites: list[Spot]) -> None:
        self.region = region
        self.sites = sites
        self.best = -inf
        self.at = (0.0, 0.0)

    def _offer(self, value: float, lon: float, lat: float) -> None:
        """Keep a point if it is the worst-placed so far."""
        if value > self.best:
            self.best, self.at = value, (lon, lat)

    def along_the_border(self) -> None:
        """Walk the border, most promising run of edges first."""
        queue = []
        for i, chunk in enumerate(self.region._chunks):
            _, nearest = _relevant(self.sites, chunk.at, 0.0)
            queue.append((-(nearest + chunk.radius_m * _STRETCH), i))
        heapq.heapify(queue)
        while queue:
            bound, i = heapq.heappop(queue)
            if -bound <= self.best + _ENOUGH_M:
                return
            self._edges(self.region._chunks[i])

    def _edges(self, chunk: _Chunk) -> None:
        """Evaluate every edge of a run of edges."""
        sites, _ = _relevant(self.sites, chunk.at, chunk.radius_m)
        arcs = [[_arc(*point, site) for site in sites] for point in chunk.points]
        for lon, lat, values in zip(chunk.lons, chunk.lats, arcs, strict=True):
            self._offer(min(values), lon, lat)
        for k in range(1, len(arcs)):
            ends = (chunk.lons[k - 1], chunk.lats[k - 1], chunk.lons[k], chunk.lats[k])
            self._edge(sites, ends, arcs[k - 1], arcs[k])

    def _edge(
        self, sites: list[Spot], ends: tuple[float, float, float, float], first: list[float], last: list[float]
    ) -> None:
        """Bisect an edge for as long as a point between its ends could be worse placed."""
        bound = min(max(a, b) for a, b in zip(first, last, strict=True))
        west, south, east, north = ends
        if bound <= self.best + _ENOUGH_M:
            return
        lon, lat = (west + east) / 2, (south + north) / 2
        if lon in (west, east) and lat in (south, north):
            return
        at = to_ecef(lon, lat)
        middle = [_arc(*at, site) for site in sites]
        self._offer(min(middle), lon, lat)
        self._edge(sites, (west, south, lon, lat), first, middle)
        self._edge(sites, (lon, lat, east, north), middle, last)

    def inside(self) -> None:
        """Look for points surrounded by sites, in ever smaller rectangles."""
        region = self.region
        stack = [(region.west, region.south, region.east, region.north, self.sites)]
        while stack:
            west, south, east, north, sites = stack.pop()
            lon, lat = (west + east) / 2, (south + north) / 2
            at = to_ecef(lon, lat)
            radius = max(_gap(at, to_ecef(west, south)), _gap(at, to_ecef(west, north))) * _STRETCH
            near, nearest = _relevant(sites, at, radius)
            if nearest + radius <= self.best + _ENOUGH_M or not _surrounded(near, lon, lat, radius):
                continue
            within = region.contains(lon, lat)
            if within:
                self._offer(nearest, lon, lat)
            elif not any(_gap(chunk.at, at) <= chunk.radius_m + radius for chunk in region._chunks):
                continue
            if radius > _ENOUGH_M:
                stack += [
                    (west, south, lon, lat, near),
                    (lon, south, east, lat, near),
                    (west, lat, lon, north, near),
                    (lon, lat, east, north, near),
                ]


def _surrounded(sites: list[Spot], lon: float, lat: float, radius_m: float) -> bool:
    """Whether some point of a ball may lie between three or more of its nearest sites."""
    least = 3
    if len(sites) < least:
        return False
    shrink = cos(radians(lat))
    spans = []
    for site in sites:
        east = ((site.lon - lon + 180) % 360 - 180) * shrink
        north = site.lat - lat
        away_m = radians(hypot(east, north)) * _TWO_R / 2
        if away_m <= 2 * radius_m:
            return True
        # beside the ball's width: the direction on a flat map is off by less than two degrees within 150 miles
        width = asin(radius_m / away_m) + 0.035 + away_m / _TWO_R
        direction = atan2(north, east)
        spans.append((direction - width, direction + width))
    return _widest_opening(spans) < pi


def _widest_opening(spans: list[tuple[float, float]]) -> float:
    """The widest arc of the compass, in radians, that no span of directions touches."""
    spans = sorted(spans)
    widest, end = 0.0, spans[0][1]
    for first, last in spans[1:]:
        widest = max(widest, first - end)
        end = max(end, last)
    return max(widest, spans[0][0] + 2 * pi - end)
