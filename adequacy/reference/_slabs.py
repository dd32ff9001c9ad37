"""Which of many points a border holds: the even-odd rule, asking only edges that can cross a point's latitude.

The edges of a border are sorted into slabs of latitude once. A point then looks at the few edges of its slab instead of
all, with the very arithmetic of one point (``_counties._holds``), so that the answers are the same to the last bit.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from adequacy.reference._packing import unpack_border
from adequacy.reference._store import every

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from adequacy.reference._packing import Border

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["county_border_of", "hold"]

_PAIRS_AT_ONCE = 1 << 20


class _Slabs(NamedTuple):
    """Edges of a border, slab by slab: those of slab ``s`` are ``edge[first[s] : first[s + 1]]``."""

    south: float
    per_deg: float
    first: Ints
    edge: Ints
    lon_a: Floats
    lat_a: Floats
    lat_b: Floats
    rise: Floats
    run: Floats

    def slab_of(self, lat: Floats) -> Ints:
        """The slab of each latitude; it never falls as latitude rises, so an edge lies in all slabs it crosses."""
        import numpy as np

        slab = np.floor((lat - self.south) * self.per_deg)
        return np.clip(slab, 0, len(self.first) - 2).astype(np.int64)


@lru_cache(maxsize=512)
def county_border_of(county_fips: str) -> Border:
    """Give the border of a county that has one."""
    # Asked only for counties that have a box, and every box has its border (tests/validate).
    ((blob,),) = every("SELECT border FROM county_border WHERE county_fips = ?", county_fips)
    return unpack_border(blob)


@lru_cache(maxsize=512)
def _slabs(county_fips: str) -> _Slabs:
    """Sort the edges of a county's border into as many slabs as it has edges."""
    import numpy as np

    rings = [(np.asarray(lons), np.asarray(lats)) for lons, lats in county_border_of(county_fips)[0]]
    lon_a, lat_a = (np.concatenate([ring[k][:-1] for ring in rings]) for k in (0, 1))
    lon_b, lat_b = (np.concatenate([ring[k][1:] for ring in rings]) for k in (0, 1))
    south, north = float(lat_a.min()), float(lat_a.max())
    many = len(lon_a)
    rise = np.where(lat_b == lat_a, 1.0, lat_b - lat_a)  # a level edge is never crossed
    empty = np.zeros(many + 1, dtype=np.int64)
    slabs = _Slabs(south, many / max(north - south, 1e-9), empty, empty, lon_a, lat_a, lat_b, rise, lon_b - lon_a)
    low, high = slabs.slab_of(np.minimum(lat_a, lat_b)), slabs.slab_of(np.maximum(lat_a, lat_b))
    edge = np.repeat(np.arange(many), high - low + 1)
    slab = low[edge] + _counted_up(high - low + 1)
    order = np.argsort(slab, kind="stable")
    first = np.searchsorted(slab[order], np.arange(many + 1))
    return slabs._replace(first=first.astype(np.int64), edge=edge[order])


def _counted_up(sizes: Ints) -> Ints:
    """0, 1, 2, ... anew for every size."""
    import numpy as np

    ends = np.cumsum(sizes)
    return np.arange(int(ends[-1]) if len(ends) else 0) - np.repeat(ends - sizes, sizes)


def hold(county_fips: str, lon: Floats, lat: Floats) -> NDArray[np.bool_]:
    """Say of each point whether the county's border holds it."""
    import numpy as np

    inside = np.zeros(len(lon), dtype=bool)
    if not len(lon):
        return inside
    slabs = _slabs(county_fips)
    slab = slabs.slab_of(lat)
    sizes = slabs.first[slab + 1] - slabs.first[slab]
    at_once = max(1, _PAIRS_AT_ONCE // max(1, int(sizes.max())))
    for part in range(0, len(lon), at_once):
        here = slice(part, part + at_once)
        size = sizes[here]
        point = np.repeat(np.arange(len(size)), size)
        edge = slabs.edge[np.repeat(slabs.first[slab[here]], size) + _counted_up(size)]
        x, y = lon[here][point], lat[here][point]
        lat_a = slabs.lat_a[edge]
        across = (lat_a > y) != (slabs.lat_b[edge] > y)
        crossed = across & (x < slabs.lon_a[edge] + (y - lat_a) / slabs.rise[edge] * slabs.run[edge])
        inside[here] = np.bincount(point[crossed], minlength=len(size)) % 2 == 1
    return inside
