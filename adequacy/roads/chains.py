"""Streets between junctions: the unit in which the street network is measured, searched and snapped to.

A *chain* is the run of a street from one junction to the next, with its shape. A one-way chain always runs from ``u``
to ``v``. Lengths are geodesic miles from `adequacy.distance`, so no drive is ever shorter than the straight line.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from adequacy.distance import MILE_M, miles_between
from adequacy.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from adequacy.roads.extracts import Extract

__all__ = ["KPH_PER_MPH", "Chains", "chains_from_extract", "impute_kph", "keep_connected", "renumber", "spans"]

KPH_PER_MPH = MILE_M / 1000


@dataclass(frozen=True, slots=True)
class Chains:
    """Streets between junctions, as arrays.

    Parameters
    ----------
    node_lon_e7, node_lat_e7 : ndarray of int32, shape (nodes,)
        Junctions and street ends, ten-millionths of a degree, WGS 84.
    u, v : ndarray of int32, shape (chains,)
        First and last junction of each chain.
    two_way : ndarray of bool, shape (chains,)
        False: may be driven from ``u`` to ``v`` only.
    road_class : ndarray of int16, shape (chains,)
        Index into ``class_names``.
    kph : ndarray of float64, shape (chains,)
        Speed; NaN where not posted and not yet imputed.
    mi : ndarray of float64, shape (chains,)
        Length in statute miles.
    start : ndarray of int64, shape (chains + 1,)
        Where the shape of each chain begins in ``lon_e7`` and ``lat_e7``; both ends are part of the shape.
    lon_e7, lat_e7 : ndarray of int32
        The shapes.
    class_names : tuple of str
    """

    node_lon_e7: NDArray[np.int32]
    node_lat_e7: NDArray[np.int32]
    u: NDArray[np.int32]
    v: NDArray[np.int32]
    two_way: NDArray[np.bool_]
    road_class: NDArray[np.int16]
    kph: NDArray[np.float64]
    mi: NDArray[np.float64]
    start: NDArray[np.int64]
    lon_e7: NDArray[np.int32]
    lat_e7: NDArray[np.int32]
    class_names: tuple[str, ...]

    def take(self, chosen: NDArray[np.int64]) -> Chains:
        """Return some chains, in the order asked for; the nodes stay as they are."""
        import numpy as np

        count = (self.start[1:] - self.start[:-1])[chosen]
        shape = spans(self.start[:-1][chosen], count)
        per_chain = {
            each.name: getattr(self, each.name)[chosen]
            for each in fields(self)
            if each.name in {"u", "v", "two_way", "road_class", "kph", "mi"}
        }
        return replace(
            self,
            **per_chain,
            start=np.concatenate([[0], np.cumsum(count)]).astype(np.int64),
            lon_e7=self.lon_e7[shape],
            lat_e7=self.lat_e7[shape],
        )


def spans(start: NDArray[np.int64], count: NDArray[np.int64]) -> NDArray[np.int64]:
    """Lay ranges end to end: ``start[i] ... start[i] + count[i] - 1`` for each i.

    Examples
    --------
    >>> import numpy as np
    >>> spans(np.array([5, 0]), np.array([2, 3])).tolist()
    [5, 6, 0, 1, 2]
    """
    import numpy as np

    ends = np.cumsum(count)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total, dtype=np.int64) + np.repeat(np.asarray(start, dtype=np.int64) - ends + count, count)


def measure_shapes(
    lon_e7: NDArray[np.int32], lat_e7: NDArray[np.int32], start: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Add up the geodesic miles of each shape, segment by segment."""
    import numpy as np

    lon, lat = lon_e7 / 1e7, lat_e7 / 1e7
    step = miles_between(lon[:-1], lat[:-1], lon[1:], lat[1:])
    step[start[1:-1] - 1] = 0.0
    return np.add.reduceat(np.append(step, 0.0), start[:-1])


def chains_from_extract(extract: Extract, source: str) -> tuple[Chains, int]:
    """Cut the ways of an extract at their junctions.

    Parameters
    ----------
    extract : Extract
    source : str
        File name, for messages.

    Returns
    -------
    chains : Chains
    missing : int
        Node references that the extract does not hold (streets cut at its border); the street ends there.
    """
    import numpy as np

    node, piece, missing = _pieces(extract)
    if not len(node):
        raise InputError(f"{source}: its streets have no nodes: the extract is incomplete. Download it again.")
    _require_on_earth(extract, source)
    way = np.repeat(np.arange(len(extract.road_class)), np.diff(extract.start))[piece.origin]
    first, last = _cuts(node, piece.number, len(extract.node_id))
    count = last - first + 1
    backward = extract.one_way[way[first]] < 0
    where = spans(first, count)
    start = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    flipped = np.repeat(last + first, count) - where
    shape = node[np.where(np.repeat(backward, count), flipped, where)]
    ends, uv = np.unique(np.concatenate([shape[start[:-1]], shape[start[1:] - 1]]), return_inverse=True)
    names, road_class = np.unique(np.asarray(extract.road_class), return_inverse=True)
    lon_e7, lat_e7 = extract.lon_e7[shape], extract.lat_e7[shape]
    return Chains(
        node_lon_e7=extract.lon_e7[ends],
        node_lat_e7=extract.lat_e7[ends],
        u=uv[: len(first)].astype(np.int32),
        v=uv[len(first) :].astype(np.int32),
        two_way=extract.one_way[way[first]] == 0,
        road_class=road_class[way[first]].astype(np.int16),
        kph=extract.kph[way[first]],
        mi=measure_shapes(lon_e7, lat_e7, start),
        start=start,
        lon_e7=lon_e7,
        lat_e7=lat_e7,
        class_names=tuple(str(name) for name in names),
    ), missing


@dataclass(frozen=True, slots=True)
class _Piece:
    """For each kept reference: the unbroken piece of way it belongs to, and where it stood."""

    number: NDArray[np.int64]
    origin: NDArray[np.int64]


def _pieces(extract: Extract) -> tuple[NDArray[np.int64], _Piece, int]:
    """Find each reference's node; break ways where a node is missing; drop repeats and single nodes."""
    import numpy as np

    refs, ids = extract.refs, extract.node_id
    if not len(ids):
        return np.empty(0, np.int64), _Piece(np.empty(0, np.int64), np.empty(0, np.int64)), len(refs)
    at = np.minimum(np.searchsorted(ids, refs), len(ids) - 1)
    known = ids[at] == refs
    begins = np.zeros(len(refs), dtype=bool)
    begins[extract.start[:-1][np.diff(extract.start) > 0]] = True
    number = np.cumsum(begins | ~known)
    repeat = np.zeros(len(refs), dtype=bool)
    repeat[1:] = (refs[1:] == refs[:-1]) & ~begins[1:]
    origin = np.flatnonzero(known & ~repeat)
    long_enough = np.bincount(number[origin], minlength=int(number[-1]) + 1) > 1
    origin = origin[long_enough[number[origin]]]
    return at[origin], _Piece(number[origin], origin), int((~known).sum())


def _cuts(node: NDArray[np.int64], piece: NDArray[np.int64], nodes: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return first and last position of each chain: pieces cut where a node is used more than once."""
    import numpy as np

    begins = np.append(True, piece[1:] != piece[:-1])
    ends = np.append(begins[1:], True)
    cut = np.flatnonzero(begins | ends | (np.bincount(node, minlength=nodes)[node] > 1))
    same = piece[cut[1:]] == piece[cut[:-1]]
    return cut[:-1][same], cut[1:][same]


def _require_on_earth(extract: Extract, source: str) -> None:
    """Refuse an extract with coordinates that cannot be a place."""
    if (abs(extract.lat_e7) > 90 * 10**7).any() or (abs(extract.lon_e7) > 180 * 10**7).any():
        raise InputError(f"{source}: holds coordinates that are no place on Earth. Download the extract again.")


def impute_kph(
    chains: Chains, typical_kph: Mapping[str, float], fallback_kph: Mapping[str, float]
) -> tuple[Chains, dict[str, float]]:
    """Give every chain a speed, by OSMnx's documented default.

    A posted speed stays. A street without one gets the policy's speed of its class (``typical_kph``) where there is
    one, else the mean of the posted speeds of its class (per segment and direction, as OSMnx's edges before it
    simplifies them), else the mean of the class means. Where nothing at all is posted OSMnx gives up; then
    ``fallback_kph`` decides.

    Returns
    -------
    chains : Chains
        With ``kph`` complete.
    class_kph : dict
        The speed that each class without a sign was given.
    """
    import numpy as np

    weight = (np.diff(chains.start) - 1) * np.where(chains.two_way, 2, 1)
    posted = ~np.isnan(chains.kph)
    class_kph = dict(typical_kph)
    for index, name in enumerate(chains.class_names):
        chosen = posted & (chains.road_class == index)
        if name not in class_kph:
            total = float(weight[chosen].sum())
            class_kph[name] = float((weight * chains.kph)[chosen].sum()) / total if total else float("nan")
    known = [kph for kph in class_kph.values() if kph == kph]
    mean = sum(known) / len(known) if known else float("nan")
    class_kph = {name: kph if kph == kph else mean for name, kph in class_kph.items()}
    if not known:
        class_kph = {name: fallback_kph[name] for name in chains.class_names}
    by_class = np.array([class_kph[name] for name in chains.class_names])
    kph = np.where(posted, chains.kph, by_class[chains.road_class])
    return replace(chains, kph=kph), {name: class_kph[name] for name in chains.class_names}


def keep_connected(chains: Chains) -> tuple[Chains, dict[str, float]]:
    """Keep the largest part in which every place can be reached from every other, by road miles.

    Returns
    -------
    chains : Chains
        Possibly empty, where no two junctions are connected both ways.
    dropped : dict
        ``dropped_mi``, ``dropped_streets`` (chains) and ``kept_pct`` (of road miles).
    """
    import numpy as np
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    nodes = len(chains.node_lon_e7)
    tail = np.concatenate([chains.u, chains.v[chains.two_way]])
    head = np.concatenate([chains.v, chains.u[chains.two_way]])
    graph = coo_array((np.ones(len(tail), dtype=np.int8), (tail, head)), shape=(nodes, nodes)).tocsr()
    count, label = connected_components(graph, directed=True, connection="strong")
    inside = label[chains.u] == label[chains.v]
    miles = np.bincount(label[chains.u][inside], weights=chains.mi[inside], minlength=count)
    keep = inside & (label[chains.u] == np.argmax(miles))
    total, kept = float(chains.mi.sum()), float(chains.mi[keep].sum())
    dropped = {
        "dropped_mi": total - kept,
        "dropped_streets": int((~keep).sum()),
        "kept_pct": 100 * kept / total if total else 0.0,
    }
    return chains.take(np.flatnonzero(keep)), dropped


def renumber(chains: Chains) -> Chains:
    """Number the nodes along a space-filling curve and sort the chains by them; drop nodes nobody uses.

    Neighbours on the map become neighbours in memory, which makes every search faster and the file smaller.
    """
    import numpy as np

    used = np.unique(np.concatenate([chains.u, chains.v]))
    lon, lat = chains.node_lon_e7[used], chains.node_lat_e7[used]
    order = np.lexsort((lat, lon, _morton(lon, lat)))
    new = np.empty(len(chains.node_lon_e7), dtype=np.int32)
    new[used[order]] = np.arange(len(used), dtype=np.int32)
    moved = replace(chains, node_lon_e7=lon[order], node_lat_e7=lat[order], u=new[chains.u], v=new[chains.v])
    return moved.take(np.lexsort((chains.mi, moved.v, moved.u)))


def _morton(lon_e7: NDArray[np.int32], lat_e7: NDArray[np.int32]) -> NDArray[np.uint64]:
    """Interleave the bits of two coordinates (Z-order)."""
    import numpy as np

    def spread(values: NDArray[np.int32]) -> NDArray[np.uint64]:
        bits = (values.astype(np.int64) + (1 << 31)).astype(np.uint64)
        for shift, mask in (
            (16, 0x0000FFFF0000FFFF),
            (8, 0x00FF00FF00FF00FF),
            (4, 0x0F0F0F0F0F0F0F0F),
            (2, 0x3333333333333333),
            (1, 0x5555555555555555),
        ):
            bits = (bits | (bits << np.uint64(shift))) & np.uint64(mask)
        return bits

    return spread(lon_e7) | (spread(lat_e7) << np.uint64(1))
