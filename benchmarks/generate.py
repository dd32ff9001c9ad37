"""Seeded points, sites and services for the benchmarks: the same numbers every time, no file needed.

Sites follow the shape of a plan's roster: clustered round the cities of North Carolina's box with heavy tails, 80
services, the rare ones with few sites. A quarter of the request points is uniform over the box. The 48,390 real US
sites and 242,335 block groups are used where a folder with them is given (``--data``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pyproj import Geod

from adequacy.distance import MILE_M

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

NC_BOX = (-84.3, 33.8, -75.5, 36.6)
SERVICES = 80
GEOD = Geod(ellps="WGS84")


@dataclass(frozen=True)
class Roster:
    """Sites and which services each gives: ``sites_of[s]`` holds the site rows of service ``s``."""

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    sites_of: list[NDArray[np.int64]]

    @property
    def offerings(self) -> int:
        """How many services x sites."""
        return sum(map(len, self.sites_of))


def make_roster(sites: int = 40_000, services: int = SERVICES, seed: int = 2026) -> Roster:
    """Draw a roster: clustered sites, and about three services a site with very different popularity."""
    rng = np.random.default_rng(seed)
    lon, lat = _clustered(rng, sites)
    weight = 0.56 + 0.66 * rng.pareto(2.5, services)  # rarest 0.56, commonest about 3.5 times the mean
    per_site = 1 + rng.poisson(1.994, sites)
    service = rng.choice(services, size=int(per_site.sum()), p=weight / weight.sum())
    site = np.repeat(np.arange(sites), per_site)
    unique = np.unique(service.astype(np.int64) * sites + site)
    which = unique // sites
    return Roster(lon, lat, [unique[which == each] % sites for each in range(services)])


def make_points(count: int, seed: int = 7) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Draw where consumers live: three quarters near the cities, a quarter anywhere in the box."""
    rng = np.random.default_rng(seed)
    lon, lat = _clustered(rng, count)
    anywhere = rng.random(count) < 0.25
    west, south, east, north = NC_BOX
    lon[anywhere] = rng.uniform(west, east, anywhere.sum())
    lat[anywhere] = rng.uniform(south, north, anywhere.sum())
    return lon, lat


def make_services(count: int, services: int = SERVICES, seed: int = 11) -> NDArray[np.int64]:
    """Draw which service each request asks for, all alike likely."""
    return np.random.default_rng(seed).integers(0, services, count)


def make_pairs_at(
    distance_m: float | NDArray[np.float64], count: int, seed: int = 3
) -> tuple[NDArray[np.float64], ...]:
    """Construct worldwide pairs that are ``distance_m`` apart by Karney's direct solution, every azimuth."""
    rng = np.random.default_rng(seed)
    lon = rng.uniform(-180, 180, count)
    lat = np.degrees(np.arcsin(rng.uniform(-1, 1, count)))
    apart = np.broadcast_to(np.asarray(distance_m, dtype=float), (count,)).copy()
    lon_b, lat_b, _ = GEOD.fwd(lon, lat, rng.uniform(-180, 180, count), apart)
    return lon, lat, np.asarray(lon_b), np.asarray(lat_b)


def real_sites(data: Path) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.str_]]:
    """Read the real US sites (lon, lat, type) from the data folder; rows without a position are left out."""
    import pandas as pd

    frame = pd.read_csv(data / "providers" / "derived" / "us_sites_scale.csv.gz", usecols=["lon", "lat", "site_type"])
    frame = frame.dropna(subset=["lon", "lat"])
    return frame["lon"].to_numpy(), frame["lat"].to_numpy(), frame["site_type"].to_numpy(str)


def real_people(data: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Read the population-weighted points of the real US block groups (lon, lat) from the data folder."""
    import pandas as pd

    frame = pd.read_parquet(data / "geo" / "cenpop2020_bg_us.parquet")
    columns = {name.lower(): name for name in frame.columns}
    lon = next(columns[name] for name in ("lon", "longitude") if name in columns)
    lat = next(columns[name] for name in ("lat", "latitude") if name in columns)
    return frame[lon].to_numpy(float), frame[lat].to_numpy(float)


def geod_miles(*coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
    """Measure by ``pyproj.Geod``, the truth every benchmark is counted against."""
    return np.asarray(GEOD.inv(*coordinates)[2]) / MILE_M


def _clustered(rng: np.random.Generator, count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Scatter points round 24 cities with heavy tails, inside the box."""
    west, south, east, north = NC_BOX
    cities = np.random.default_rng(24)
    city_lon, city_lat = cities.uniform(west + 0.4, east - 0.6, 24), cities.uniform(south + 0.3, north - 0.3, 24)
    size = cities.pareto(0.7, 24) + 0.3
    city = rng.choice(24, size=count, p=size / size.sum())
    spread = 0.25 * rng.standard_t(2, (2, count))
    lon, lat = city_lon[city] + spread[0], city_lat[city] + spread[1] * 0.8
    outside = (lon < west) | (lon > east) | (lat < south) | (lat > north)
    lon[outside] = rng.uniform(west, east, outside.sum())
    lat[outside] = rng.uniform(south, north, outside.sum())
    return lon, lat
