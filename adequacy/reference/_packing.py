"""How borders and block groups are packed into the blobs of ``places.sqlite``: exact to 1e-6 degree, quick to read.

A blob is one run of little-endian integers, byte planes apart (all first bytes, then all second bytes ...), under
zlib. Coordinates are differences between neighbours in millionths of a degree, so most planes are nearly constant.
Both directions stand here, so that the build script and the reader cannot drift apart. Standard library only.
"""

from __future__ import annotations

import sys
import zlib
from array import array
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MICRODEGREES = 1_000_000
"""Stored units in one degree."""

BLOCK_BYTES = 20
"""Bytes of one block group before compression: geoid 8, longitude 4, latitude 4, people 4."""

_CODES = {4: "i", 8: "q"}

Ring = tuple["array[float]", "array[float]"]
"""One closed ring: longitudes and latitudes in decimal degrees, first vertex repeated at the end."""

Border = tuple[tuple[Ring, ...], tuple[tuple[int, ...], ...]]
"""Rings, and for each polygon the indices of its rings, the exterior first."""


def to_microdegrees(degrees: float) -> int:
    """Round a coordinate to whole millionths of a degree."""
    return round(degrees * MICRODEGREES)


def pack_border(polygons: Sequence[Sequence[Sequence[tuple[int, int]]]]) -> bytes:
    """Pack polygons (rings of ``(lon, lat)`` in microdegrees, the exterior first, every ring closed) into a blob."""
    rings = [ring for polygon in polygons for ring in polygon]
    vertices = [vertex for ring in rings for vertex in ring]
    numbers = [len(polygons), *map(len, polygons), *map(len, rings)]
    numbers += _differences(lon for lon, _ in vertices)
    numbers += _differences(lat for _, lat in vertices)
    return zlib.compress(_shuffled(numbers, 4), 9)


def unpack_border(blob: bytes) -> Border:
    """Read a border back: rings in decimal degrees, and which rings make up each polygon."""
    numbers = _unshuffled(zlib.decompress(blob), 4)
    n_polygons = numbers[0]
    ring_counts = numbers[1 : 1 + n_polygons]
    sizes = numbers[1 + n_polygons : 1 + n_polygons + sum(ring_counts)]
    start = 1 + n_polygons + len(sizes)
    n_vertices = sum(sizes)
    lons = _degrees(numbers[start : start + n_vertices])
    lats = _degrees(numbers[start + n_vertices :])
    cuts = list(accumulate(sizes, initial=0))
    firsts = list(accumulate(ring_counts, initial=0))
    rings = tuple((lons[a:b], lats[a:b]) for a, b in pairwise(cuts))
    return rings, tuple(tuple(range(a, b)) for a, b in pairwise(firsts))


def pack_blocks(blocks: Sequence[tuple[str, int, int, int]]) -> bytes:
    """Pack block groups ``(geoid, lon, lat, people)``, coordinates in microdegrees, into a blob."""
    planes = _shuffled(_differences(int(geoid) for geoid, *_ in blocks), 8)
    for column in (1, 2, 3):
        planes += _shuffled(_differences(int(block[column]) for block in blocks), 4)
    return zlib.compress(planes, 9)


def unpack_blocks(blob: bytes) -> list[tuple[str, float, float, int]]:
    """Read block groups back as ``(geoid, lon, lat, people)``, coordinates in decimal degrees."""
    planes = zlib.decompress(blob)
    n = len(planes) // BLOCK_BYTES
    geoids = accumulate(_unshuffled(planes[: 8 * n], 8))
    lons = _degrees(_unshuffled(planes[8 * n : 12 * n], 4))
    lats = _degrees(_unshuffled(planes[12 * n : 16 * n], 4))
    people = accumulate(_unshuffled(planes[16 * n :], 4))
    return [(f"{g:012d}", lon, lat, p) for g, lon, lat, p in zip(geoids, lons, lats, people, strict=True)]


def _degrees(differences: Iterable[int]) -> array[float]:
    # Dividing gives the double nearest to the decimal; multiplying by 1e-6 would not.
    return array("d", [value / MICRODEGREES for value in accumulate(differences)])


def _differences(values: Iterable[int]) -> list[int]:
    """Each value minus the one before it (the first minus zero)."""
    result, before = [], 0
    for value in values:
        result.append(value - before)
        before = value
    return result


def _shuffled(numbers: Sequence[int], width: int) -> bytes:
    """Integers as little-endian bytes, plane by plane."""
    raw = array(_CODES[width], numbers)
    if sys.byteorder == "big":
        raw.byteswap()
    data = raw.tobytes()
    return b"".join(data[plane::width] for plane in range(width))


def _unshuffled(planes: bytes, width: int) -> array[int]:
    """Undo ``_shuffled``."""
    n = len(planes) // width
    data = bytearray(len(planes))
    for plane in range(width):
        data[plane::width] = planes[plane * n : (plane + 1) * n]
    numbers: array[int] = array(_CODES[width])
    numbers.frombytes(bytes(data))
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
