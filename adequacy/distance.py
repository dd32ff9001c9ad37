"""What a mile is: the geodesic on WGS 84, in statute miles, unrounded, the boundary included.

Two exact tools and one ruler. *Proven bounds* on the geodesic, from the straight chord between two points in
earth-centred coordinates, decide nearly every question "is it within the limit?" without measuring. A *closed form*
gives the length itself up to 100 miles, within 2.8e-6 m of the truth (8e-9 m at 30 miles). *Karney's algorithm*
(``geographiclib`` for one pair, ``pyproj.Geod`` for arrays) settles whatever the bounds leave open, and measures
everything farther. Where Karney decides, ``miles <= limit`` is compared in miles, so that a printed distance and the
decision made from it always agree. Proofs: ``docs/exactness.md``. Distance by road is not here.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from adequacy.errors import CoordinateError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "CLOSED_FORM_MI",
    "GUARD_M",
    "MILE_M",
    "RADIUS_MAX_M",
    "RADIUS_MIN_M",
    "bounds_m",
    "catchment",
    "chord_bounds_m",
    "closed_form_m",
    "ecef",
    "karney_between",
    "karney_miles",
    "miles",
    "miles_between",
    "miles_ecef",
    "on_ellipsoid",
    "require_coordinate",
    "require_latitudes",
    "rival_chord_m",
    "settle",
    "to_ecef",
    "within",
    "within_mask",
]

MILE_M = 1609.344
"""The international (statute) mile, in metres. US survey feet do not occur in this package."""

GUARD_M = 1e-5
"""A closed-form length nearer than this to a limit, or to another length it is ranked against, is measured again."""

CLOSED_FORM_MI = 100.0
"""Up to here the closed form is used, beyond it Karney's algorithm."""

_A_M = 6378137.0
_F = 1 / 298.257223563
_B_M = _A_M * (1 - _F)
_E2 = _F * (2 - _F)
RADIUS_MIN_M = _B_M * _B_M / _A_M
"""The smallest radius of curvature on WGS 84, in metres: the meridian's at the equator."""
RADIUS_MAX_M = _A_M * _A_M / _B_M
"""The largest, in metres: every direction's at a pole."""
_ROUNDING_M = 1e-6  # 1000 times what doubles err by at this size, and 60 times Karney's own error
_UPPER_BOUND_M = math.pi * RADIUS_MIN_M  # the upper bound holds up to here: chords up to 2 R_MIN (docs/exactness.md)
_LONGEST_MI = 12_430.0  # no geodesic on WGS 84 is longer: half a meridian is 12,429.87 mi
_W_XY = 1 / (_A_M * _A_M)
_W_Z = 1 / (_B_M * _B_M)
_BLOCK = 1 << 15  # pairs measured at a time: the temporaries stay in the processor's cache

_Number = TypeVar("_Number", float, "NDArray[np.float64]")
Ecef = tuple[float, float, float]


def closed_form_m(ax: _Number, ay: _Number, az: _Number, bx: _Number, by: _Number, bz: _Number) -> _Number:
    """Measure the geodesic between points in earth-centred coordinates by the closed form, in metres.

    The arc over the chord, bent like the ellipsoid is half-way along it (Euler's theorem). Plain arithmetic, so the
    same lines serve floats, arrays and compiled kernels. Use it up to `CLOSED_FORM_MI`: the error is below 5e-9 m to
    10 km, 9e-9 m at 30 mi, 2.8e-6 m at 100 mi and grows fast after that.

    Parameters
    ----------
    ax, ay, az, bx, by, bz : float or ndarray of float64
        Earth-centred coordinates on the WGS 84 ellipsoid in metres, as `to_ecef` and `ecef` give them.

    Returns
    -------
    float or ndarray of float64
        Metres; exactly 0 for identical points, NaN where a coordinate is NaN.

    Examples
    --------
    >>> round(closed_form_m(*to_ecef(-77.3664, 35.6127), *to_ecef(-77.0364, 35.5466)) / MILE_M, 3)
    19.136
    """
    dx, dy, dz = ax - bx, ay - by, az - bz
    mx, my, mz = ax + bx, ay + by, az + bz
    flat2, dz2, mxy2, mz2 = dx * dx + dy * dy, dz * dz, mx * mx + my * my, mz * mz
    chord2 = flat2 + dz2
    bend = _W_XY + (_W_Z - _W_XY) * (dz2 / (chord2 + 1e-300))  # the tiny term only keeps 0/0 away
    t = chord2 * bend * bend * ((mxy2 * _W_XY + mz2 * _W_Z) / (mxy2 * (_W_XY * _W_XY) + mz2 * (_W_Z * _W_Z)))
    return chord2**0.5 * (1.0 + t / 24.0 * (1.0 + t * (9.0 / 80.0) * (1.0 + t * (25.0 / 168.0))))  # type: ignore[no-any-return]


def bounds_m(chord_m: float) -> tuple[float, float]:
    """Bound the geodesic over a chord from both sides, in metres; proven, never tuned.

    The lower bound is the arc of the largest radius of curvature on the ellipsoid, the upper that of the smallest.
    Both allow for rounding. Chords longer than twice that radius (nearly antipodal points) are bounded by the longest
    geodesic there is.

    Examples
    --------
    >>> low, high = bounds_m(48_280.0)
    >>> low < high < low + 0.003
    True
    """
    low = 2 * RADIUS_MAX_M * math.asin(min(1.0, chord_m / (2 * RADIUS_MAX_M))) - _ROUNDING_M
    if chord_m > 2 * RADIUS_MIN_M:
        return max(0.0, low), _LONGEST_MI * MILE_M
    return max(0.0, low), 2 * RADIUS_MIN_M * math.asin(chord_m / (2 * RADIUS_MIN_M)) + _ROUNDING_M


@lru_cache(maxsize=256)
def chord_bounds_m(limit_mi: float) -> tuple[float, float]:
    """Turn a limit in miles into two chords in metres: surely inside, surely outside.

    A pair whose chord is at most the first lies within the limit; one whose chord is longer than the second does not.
    Between them (2.3 mm at 30 miles) only Karney's algorithm can tell.

    Raises
    ------
    UsageError
        If the limit is negative or not a number.

    Examples
    --------
    >>> inside_m, outside_m = chord_bounds_m(30.0)
    >>> 0.0022 < outside_m - inside_m < 0.0024
    True
    """
    if not limit_mi >= 0:
        raise UsageError(f"limit_mi: {limit_mi} is no distance. Give miles, zero or more.")
    if limit_mi >= _LONGEST_MI:
        return math.inf, math.inf
    limit_m = limit_mi * MILE_M
    near_m = min(limit_m, _UPPER_BOUND_M)
    inside_m = 2 * RADIUS_MIN_M * math.sin(near_m / (2 * RADIUS_MIN_M)) - _ROUNDING_M
    outside_m = 2 * RADIUS_MAX_M * math.sin(min(limit_m / (2 * RADIUS_MAX_M), math.pi / 2)) + _ROUNDING_M
    return inside_m, outside_m


_FAR_CHORD_M = chord_bounds_m(CLOSED_FORM_MI)[0]
_FAR_CHORD2_M2 = _FAR_CHORD_M * _FAR_CHORD_M


def rival_chord_m(chord_m: float) -> float:
    """Return the chord beyond which no other point can be nearer than one at this chord, in metres.

    Chords do not rank points exactly as geodesics do. A point whose chord is longer than this is farther, proven by
    the bounds; up to it, only measuring tells.

    Examples
    --------
    >>> 0 < rival_chord_m(48_280.0) - 48_280.0 < 0.0024
    True
    """
    _, high_m = bounds_m(chord_m)
    return 2 * RADIUS_MAX_M * math.sin(min((high_m + _ROUNDING_M) / (2 * RADIUS_MAX_M), math.pi / 2)) + _ROUNDING_M


def require_coordinate(lon: float, lat: float) -> None:
    """Raise unless a longitude and a latitude can be a place on Earth.

    Raises
    ------
    CoordinateError
        If one is not a finite number, ``|lat| > 90`` (probably swapped), or ``|lon| > 180``.

    Examples
    --------
    >>> require_coordinate(-78.9, 35.4)
    >>> require_coordinate(35.4, -98.9)
    Traceback (most recent call last):
    adequacy.errors.CoordinateError: lat -98.9 lies outside -90..90. Longitude and latitude may be swapped.
    """
    if not (math.isfinite(lon) and math.isfinite(lat)):
        raise CoordinateError(f"lon {lon}, lat {lat} is not a place: both must be numbers in decimal degrees.")
    if abs(lat) > 90:  # noqa: PLR2004 - the definition of a latitude
        raise CoordinateError(f"lat {lat} lies outside -90..90. Longitude and latitude may be swapped.")
    if abs(lon) > 180:  # noqa: PLR2004 - the definition of a longitude
        raise CoordinateError(f"lon {lon} lies outside -180..180. Give decimal degrees, west negative.")


def to_ecef(lon: float, lat: float) -> Ecef:
    """Turn one point into earth-centred coordinates (x, y, z) in metres.

    Measure once, compare often: with `miles_ecef` a point costs its trigonometry only once, however many sites it is
    compared with. NaN or infinity gives NaN.

    Examples
    --------
    >>> tuple(round(part) for part in to_ecef(0.0, 90.0))
    (0, 0, 6356752)
    """
    try:
        return on_ellipsoid(lon, lat)
    except ValueError:  # math.sin(inf)
        return math.nan, math.nan, math.nan


def on_ellipsoid(lon: float, lat: float) -> Ecef:
    """Do the work of `to_ecef` for finite numbers; plain arithmetic, so that compiled kernels use these very lines.

    Examples
    --------
    >>> on_ellipsoid(0.0, 0.0)
    (6378137.0, 0.0, 0.0)
    """
    lat_rad, lon_rad = lat * _DEGREE, lon * _DEGREE
    return at_angles(_sin(lat_rad), _cos(lat_rad), _sin(lon_rad), _cos(lon_rad))


def at_angles(sin_lat: float, cos_lat: float, sin_lon: float, cos_lon: float) -> Ecef:
    """Do the rest of `on_ellipsoid`, from sines and cosines.

    Examples
    --------
    >>> at_angles(0.0, 1.0, 0.0, 1.0)
    (6378137.0, 0.0, 0.0)
    """
    n = _A_M / _sqrt(1.0 - _E2 * sin_lat * sin_lat)
    flat = n * cos_lat
    return flat * cos_lon, flat * sin_lon, n * (1.0 - _E2) * sin_lat


_DEGREE = math.pi / 180
_sin, _cos, _sqrt = math.sin, math.cos, math.sqrt


def miles_ecef(a: Ecef, b: Ecef) -> float:
    """Measure between two points given by `to_ecef`, in statute miles.

    The same number as `miles` (to 2e-9 m beyond 100 miles, where the coordinates are recovered first).

    Examples
    --------
    >>> greenville, washington = to_ecef(-77.3664, 35.6127), to_ecef(-77.0364, 35.5466)
    >>> round(miles_ecef(greenville, washington), 3)
    19.136
    """
    ax, ay, az = a
    bx, by, bz = b
    dx, dy, dz = ax - bx, ay - by, az - bz
    if dx * dx + dy * dy + dz * dz > _FAR_CHORD2_M2:
        return karney_miles(*_from_ecef(a), *_from_ecef(b))
    return closed_form_m(ax, ay, az, bx, by, bz) / MILE_M


def miles(lon_a: float, lat_a: float, lon_b: float, lat_b: float) -> float:
    """Measure the straight-line distance between two points, in statute miles.

    Straight-line means the geodesic: the shortest path over the WGS 84 ellipsoid. It is not the distance by road.
    For arrays use `miles_between`; to decide against a limit use `within`, which is exact on the line.

    Parameters
    ----------
    lon_a, lat_a, lon_b, lat_b : float
        Decimal degrees, WGS 84 (EPSG:4326), **longitude first**. Not checked here: see `require_coordinate`.

    Returns
    -------
    float
        Statute miles, not rounded; NaN where a coordinate is NaN or infinite.

    Examples
    --------
    >>> round(miles(-77.3664, 35.6127, -77.0364, 35.5466), 3)  # Greenville to Washington, NC
    19.136
    """
    ax, ay, az = to_ecef(lon_a, lat_a)
    bx, by, bz = to_ecef(lon_b, lat_b)
    dx, dy, dz = ax - bx, ay - by, az - bz
    if dx * dx + dy * dy + dz * dz > _FAR_CHORD2_M2:
        return karney_miles(lon_a, lat_a, lon_b, lat_b)
    return closed_form_m(ax, ay, az, bx, by, bz) / MILE_M


def karney_miles(lon_a: float, lat_a: float, lon_b: float, lat_b: float) -> float:
    """Measure between two points by Karney's algorithm, in statute miles: the reference everything is held to.

    About 50 times the work of `miles`; right to 15 nm at any distance.

    Examples
    --------
    >>> round(karney_miles(0.0, 0.0, 179.5, 0.5), 3)  # nearly antipodal
    12387.835
    """
    if not all(map(math.isfinite, (lon_a, lat_a, lon_b, lat_b))):
        return math.nan
    geodesic = _wgs84()
    return float(geodesic.Inverse(lat_a, lon_a, lat_b, lon_b, geodesic.DISTANCE)["s12"]) / MILE_M


def within(lon_a: float, lat_a: float, lon_b: float, lat_b: float, limit_mi: float) -> bool:
    """Decide exactly whether two points lie within a limit of each other, the limit included.

    The proven bounds decide; the few pairs they leave open are measured by Karney's algorithm. False where a
    coordinate is NaN.

    Examples
    --------
    >>> within(-77.3664, 35.6127, -77.0364, 35.5466, limit_mi=20), within(0, 0, 0, 1, limit_mi=68.7)
    (True, False)
    """
    inside_m, outside_m = chord_bounds_m(limit_mi)
    ax, ay, az = to_ecef(lon_a, lat_a)
    bx, by, bz = to_ecef(lon_b, lat_b)
    dx, dy, dz = ax - bx, ay - by, az - bz
    chord_m = _sqrt(dx * dx + dy * dy + dz * dz)
    if chord_m <= inside_m:
        return True
    if not chord_m <= outside_m:
        return False
    return karney_miles(lon_a, lat_a, lon_b, lat_b) <= limit_mi


def settle(distance_mi: float, limit_mi: float, lon_a: float, lat_a: float, lon_b: float, lat_b: float) -> float:
    """Return a measured distance, measured again by Karney's algorithm if it lies within the guard of a limit.

    After it, ``distance_mi <= limit_mi`` is the exact decision and the printed number agrees with it.

    Examples
    --------
    >>> settle(19.2, 30.0, -77.3664, 35.6127, -77.0364, 35.5466)  # far from the line: as it was
    19.2
    """
    if abs(distance_mi - limit_mi) * MILE_M > GUARD_M:
        return distance_mi
    return karney_miles(lon_a, lat_a, lon_b, lat_b)


def catchment(lon: float, lat: float, limit_mi: float, vertices: int = 720) -> list[tuple[float, float]]:
    """Draw the geodesic circle of a limit round a point: the polygon that decided, for maps.

    Every vertex lies exactly on the limit. Between vertices the polygon runs inside the circle, by 0.46 m at 30
    miles and 720 vertices, so it is for drawing and never for deciding.

    Parameters
    ----------
    lon, lat : float
        Centre, decimal degrees, WGS 84.
    limit_mi : float
        Radius in statute miles.
    vertices : int, default 720
        Corners of the polygon, at least 3.

    Returns
    -------
    list of (lon, lat)
        Closed (first equals last), counter-clockwise. Longitudes run on past 180 where the ring crosses the
        antimeridian, so that the ring does not tear. A ring round a pole is no polygon in longitude and latitude.

    Raises
    ------
    CoordinateError
        If the centre cannot be a place.
    UsageError
        If the limit is not a positive number, or there are fewer than 3 vertices.

    Examples
    --------
    >>> ring = catchment(-78.9, 35.4, limit_mi=30)
    >>> len(ring), ring[0] == ring[-1], round(miles(-78.9, 35.4, *ring[100]), 9)
    (721, True, 30.0)
    """
    require_coordinate(lon, lat)
    if not 0 < limit_mi < math.inf or vertices < 3:  # noqa: PLR2004 - a polygon has three corners
        raise UsageError(f"No circle of {limit_mi} miles with {vertices} vertices. Give a limit above 0, 3 or more.")
    geodesic = _wgs84()
    want = geodesic.LATITUDE | geodesic.LONGITUDE | geodesic.LONG_UNROLL
    ring = []
    for corner in range(vertices):
        end = geodesic.Direct(lat, lon, -360.0 * corner / vertices, limit_mi * MILE_M, want)
        ring.append((end["lon2"], end["lat2"]))
    return [*ring, ring[0]]


def ecef(lon: ArrayLike, lat: ArrayLike) -> NDArray[np.float64]:
    """Turn points into earth-centred coordinates in metres, shape (n, 3).

    Raises
    ------
    CoordinateError
        If a latitude lies outside -90..90 (swapped?) or a longitude is infinite. NaN gives NaN.

    Examples
    --------
    >>> ecef([0.0], [0.0]).round().tolist()
    [[6378137.0, 0.0, 0.0]]
    """
    import numpy as np

    lon_deg, lat_deg = (np.atleast_1d(values).ravel() for values in _coordinates(lon, lat))
    out = np.empty((len(lon_deg), 3))
    for part in _blocks(len(out)):
        lat_rad, lon_rad = lat_deg[part] * _DEGREE, lon_deg[part] * _DEGREE
        sin_lat = np.sin(lat_rad)
        n = _A_M / np.sqrt(1.0 - _E2 * sin_lat * sin_lat)
        flat = n * np.cos(lat_rad)
        out[part, 0], out[part, 1], out[part, 2] = (
            flat * np.cos(lon_rad),
            flat * np.sin(lon_rad),
            n * (1 - _E2) * sin_lat,
        )
    return out


def miles_between(lon_a: ArrayLike, lat_a: ArrayLike, lon_b: ArrayLike, lat_b: ArrayLike) -> NDArray[np.float64]:
    """Measure the straight-line distance between pairs of points, in statute miles.

    Straight-line means the geodesic: the shortest path over the WGS 84 ellipsoid. It is not the distance by road.
    `miles` is the same for one pair.

    Parameters
    ----------
    lon_a, lat_a, lon_b, lat_b : array_like of float
        Decimal degrees, WGS 84 (EPSG:4326), **longitude first**. One element per pair; shapes are broadcast.

    Returns
    -------
    distance_mi : ndarray of float64, the broadcast shape
        Statute miles, not rounded. NaN where a coordinate is NaN.

    Raises
    ------
    CoordinateError
        If a latitude lies outside -90..90: longitude and latitude were probably swapped.

    Examples
    --------
    >>> miles_between([-77.3664], [35.6127], [-77.0364], [35.5466]).round(3)   # Greenville to Washington, NC
    array([19.136])
    """
    import numpy as np

    shape, pairs = _pairs(lon_a, lat_a, lon_b, lat_b)
    out = np.empty(len(pairs[0]))
    for part in _blocks(len(out)):
        block = tuple(values[part] for values in pairs)
        a, b = ecef(block[0], block[1]).T, ecef(block[2], block[3]).T
        out[part] = closed_form_m(*a, *b) / MILE_M
        far = np.flatnonzero(((a - b) ** 2).sum(axis=0) > _FAR_CHORD2_M2)
        if len(far):
            out[part.start + far] = karney_between(*(values[far] for values in block))
    return out.reshape(shape)


def within_mask(
    lon_a: ArrayLike, lat_a: ArrayLike, lon_b: ArrayLike, lat_b: ArrayLike, limit_mi: float
) -> NDArray[np.bool_]:
    """Decide exactly which pairs of points lie within a limit of each other, the limit included.

    `within` for arrays; shapes are broadcast. False where a coordinate is NaN.

    Raises
    ------
    CoordinateError
        If a latitude lies outside -90..90.
    UsageError
        If the limit is negative or not a number.

    Examples
    --------
    >>> within_mask(-77.3664, 35.6127, [-77.0364, -78.64], [35.5466, 35.78], limit_mi=30).tolist()
    [True, False]
    """
    import numpy as np

    inside_m, outside_m = chord_bounds_m(limit_mi)
    shape, pairs = _pairs(lon_a, lat_a, lon_b, lat_b)
    out = np.zeros(len(pairs[0]), dtype=bool)
    for part in _blocks(len(out)):
        block = tuple(values[part] for values in pairs)
        chord_m = np.sqrt(((ecef(block[0], block[1]) - ecef(block[2], block[3])) ** 2).sum(axis=1))
        inside = chord_m <= inside_m
        open_ = np.flatnonzero(~inside & (chord_m <= outside_m))
        if len(open_):
            inside[open_] = karney_between(*(values[open_] for values in block)) <= limit_mi
        out[part] = inside
    return out.reshape(shape)


def karney_between(
    lon_a: NDArray[np.float64], lat_a: NDArray[np.float64], lon_b: NDArray[np.float64], lat_b: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Measure pairs of points by Karney's algorithm, in statute miles; NaN where a coordinate is NaN.

    Examples
    --------
    >>> import numpy as np
    >>> karney_between(*(np.array([degrees]) for degrees in (0.0, 0.0, 180.0, 0.0))).round(3)
    array([12429.867])
    """
    import numpy as np

    known = np.isfinite(lon_a) & np.isfinite(lat_a) & np.isfinite(lon_b) & np.isfinite(lat_b)
    out = np.full(len(known), np.nan)
    out[known] = _geod().inv(lon_a[known], lat_a[known], lon_b[known], lat_b[known])[2] / MILE_M
    return out


def _from_ecef(point: Ecef) -> tuple[float, float]:
    """Recover (lon, lat) in degrees from earth-centred coordinates of a point on the ellipsoid."""
    x, y, z = point
    return math.atan2(y, x) / _DEGREE, math.atan2(z, (1.0 - _E2) * math.hypot(x, y)) / _DEGREE


def _coordinates(lon: ArrayLike, lat: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return both as float arrays of one shape, refusing what cannot be a coordinate."""
    import numpy as np

    lon_deg, lat_deg = np.broadcast_arrays(np.asarray(lon, dtype=float), np.asarray(lat, dtype=float))
    require_latitudes(lat_deg)
    if (bad := np.isinf(lon_deg)).any():
        raise CoordinateError(f"row {int(np.flatnonzero(bad)[0])}: lon is infinite. Give decimal degrees, or NaN.")
    return lon_deg, lat_deg


def require_latitudes(lat: NDArray[np.float64]) -> None:
    """Raise if one of many latitudes lies outside -90..90; the message names its row.

    Raises
    ------
    CoordinateError
        Longitude and latitude were probably swapped.

    Examples
    --------
    >>> import numpy as np
    >>> require_latitudes(np.array([35.4, np.nan]))
    """
    if (abs(lat) > 90).any():  # noqa: PLR2004 - the definition of a latitude
        row = int((abs(lat.ravel()) > 90).argmax())  # noqa: PLR2004
        raise CoordinateError(
            f"row {row}: lat {lat.flat[row]} lies outside -90..90. Longitude and latitude may be swapped."
        )


def _pairs(*coordinates: ArrayLike) -> tuple[tuple[int, ...], tuple[NDArray[np.float64], ...]]:
    """Broadcast four coordinates to flat arrays; also the shape they had."""
    import numpy as np

    arrays = np.broadcast_arrays(*(np.asarray(values, dtype=float) for values in coordinates))
    return arrays[0].shape, tuple(values.ravel() for values in arrays)


def _blocks(count: int) -> Iterator[slice]:
    """Cut a range into blocks."""
    return (slice(start, min(start + _BLOCK, count)) for start in range(0, count, _BLOCK))


@lru_cache(maxsize=1)
def _wgs84() -> Any:
    """Return geographiclib's WGS 84."""
    from geographiclib.geodesic import Geodesic

    return Geodesic.WGS84


@lru_cache(maxsize=1)
def _geod() -> Any:
    """Return pyproj's WGS 84."""
    from pyproj import Geod

    return Geod(ellps="WGS84")
