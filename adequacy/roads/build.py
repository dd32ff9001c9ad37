"""From an extract to a ``.roads`` file: read, cut, give speeds, keep what is connected, index, write.

Everything that was left out is counted and said. The policy's values (how far a place may lie from a street, the speed
on the access leg) are written into the file, so that the same file always gives the same answer.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adequacy.errors import InputError, UsageError
from adequacy.roads.chains import KPH_PER_MPH, Chains, chains_from_extract, impute_kph, keep_connected, renumber
from adequacy.roads.extracts import read_extract
from adequacy.roads.files import LICENCE, Compiled, write_roads
from adequacy.roads.snapping import build_grid

if TYPE_CHECKING:
    import networkx as nx
    import numpy as np
    from numpy.typing import NDArray

    from adequacy.roads.rules import RoadRules

__all__ = ["build_roads", "compile_chains"]


def build_roads(
    extract: Path | str | nx.MultiDiGraph | None, out: Path | str, *, rules: RoadRules, area: str | None = None
) -> dict[str, Any]:
    """Compile a street extract into one ``.roads`` file.

    Parameters
    ----------
    extract : path or networkx.MultiDiGraph, optional
        ``.osm``, ``.osm.bz2``, ``.osm.gz``, ``.osm.pbf`` (streamed; extra ``drive``), ``.graphml`` saved by OSMnx, or
        an OSMnx graph in memory (unprojected).
    out : path
        The file to write.
    rules : RoadRules
        The policy's word on streets: `adequacy.roads.rules.road_rules`.
    area : str, optional
        Instead of an extract: the name of a county, city or state, whose streets OSMnx downloads. Never an address.

    Returns
    -------
    dict
        What the file says of itself (`RoadNetwork.info`): source, date, bounds, ``junctions``, ``streets``,
        ``road_mi``, what was dropped (``dropped_mi``, ``dropped_streets``, ``kept_pct``, ``missing_nodes``),
        ``class_mph`` (speed of each class without a sign), licence, hash.

    Raises
    ------
    InputError
        The extract is missing, empty, cut off, in another format, without drivable ways, or only islands.
    MissingExtra
        A ``.pbf`` without pyosmium.
    OutputError
        The file cannot be written.
    UsageError
        Neither an extract nor an area, or both.
    PrivacyError, ServiceUnreachable
        See `adequacy.roads.graphs.download_area`.

    Notes
    -----
    A street belongs to the network if it lies in the largest part in which every place can be reached from every
    other (strong connection, by road miles). Speeds follow OSMnx's documented defaults (`impute_kph`).
    """
    if (extract is None) == (area is None):
        raise UsageError("Give one street extract, or --area with the name of a county, city or state.")
    read = _download(str(area), rules) if extract is None else _read(extract, rules)
    chains, class_kph = impute_kph(read.chains, rules.typical_kph, rules.fallback_kph)
    connected, dropped = keep_connected(chains)
    _require_connected(connected, dropped, rules, read.source)
    meta = {
        "source": read.source,
        "source_sha256": read.sha256,
        "date": read.date,
        "licence": LICENCE,
        "missing_nodes": read.missing,
        "class_mph": {name: kph / KPH_PER_MPH for name, kph in class_kph.items()},
        **dropped,
    }
    return write_roads(compile_chains(connected, meta, rules), Path(out))


@dataclass(frozen=True, slots=True)
class _Read:
    """An extract as read."""

    source: str
    chains: Chains
    missing: int = 0
    date: str = ""
    sha256: str = ""


def compile_chains(chains: Chains, meta: dict[str, Any], rules: RoadRules) -> Compiled:
    """Number the streets, lay out the search graph and the snap grid; complete the meta data."""
    import numpy as np

    chains = renumber(chains)
    frontage = {each.highway for each in rules.classes if each.frontage}
    may_snap = np.array([name in frontage for name in chains.class_names])[chains.road_class]
    first, head, by_mi, by_min = _search_graph(chains)
    bounds = [float(each) / 1e7 for each in (
        chains.lon_e7.min(), chains.lat_e7.min(), chains.lon_e7.max(), chains.lat_e7.max()
    )]  # fmt: skip
    meta = {
        **meta,
        "class_names": list(chains.class_names),
        "bounds": bounds,
        "junctions": len(chains.node_lon_e7),
        "streets": len(chains.u),
        "road_mi": float(chains.mi.sum()),
        "policy_sha256": rules.policy_sha256,
        "snap_max_mi": rules.snap_max_mi,
        "access_mph": rules.access_mph,
    }
    return Compiled(meta, chains, first, head, by_mi, by_min, build_grid(chains, may_snap))


def _download(area: str, rules: RoadRules) -> _Read:
    """Download a named area."""
    from adequacy.roads.graphs import chains_from_graph, created_on, download_area

    graph, source = download_area(area), f"OSMnx download of {area}"
    return _Read(source, chains_from_graph(graph, rules.typical_kph, rules.fallback_kph, source), 0, created_on(graph))


def _read(extract: Path | str | nx.MultiDiGraph, rules: RoadRules) -> _Read:
    """Read any kind of extract."""
    from adequacy.roads.graphs import chains_from_graph, created_on, read_graphml

    if not isinstance(extract, str | Path):
        chains = chains_from_graph(extract, rules.typical_kph, rules.fallback_kph, "OSMnx graph")
        return _Read("OSMnx graph", chains, 0, created_on(extract))
    path = Path(extract)
    if path.name.endswith(".graphml"):
        chains, date = read_graphml(path, rules.typical_kph, rules.fallback_kph)
        return _Read(path.name, chains, 0, date, _file_sha256(path))
    if not path.name.endswith((".osm", ".osm.bz2", ".osm.gz", ".pbf", ".xml")):
        raise InputError(f"{path.name}: not a street extract. Give .osm, .osm.bz2, .osm.pbf or .graphml.")
    found = read_extract(path, rules.names)
    chains, missing = chains_from_extract(found, path.name)
    return _Read(path.name, chains, missing, found.date, _file_sha256(path))


def _require_connected(chains: Chains, dropped: dict[str, float], rules: RoadRules, source: str) -> None:
    """Refuse a network of islands: what is left would answer for too little of it."""
    if not len(chains.u) or dropped["kept_pct"] < rules.connected_min_pct:
        raise InputError(
            f"{source}: only islands: the largest part connected both ways holds {dropped['kept_pct']:.0f} % of the "
            f"road miles (at least {rules.connected_min_pct:g} % needed). Give an extract with the roads between them."
        )


def _search_graph(
    chains: Chains,
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Lay out departures junction by junction; of parallel chains keep the shortest and, apart, the fastest."""
    import numpy as np

    loop = chains.u == chains.v
    forth, back = np.flatnonzero(~loop), np.flatnonzero(~loop & chains.two_way)
    chain = np.concatenate([forth, back]).astype(np.int32)
    tail = np.concatenate([chains.u[forth], chains.v[back]])
    head = np.concatenate([chains.v[forth], chains.u[back]])

    def best(cost: NDArray[np.float64]) -> NDArray[np.int64]:
        order = np.lexsort((chain, cost[chain], head, tail))
        new = (np.diff(tail[order], prepend=-1) != 0) | (np.diff(head[order], prepend=-1) != 0)
        kept: NDArray[np.int64] = order[new]
        return kept

    by_mi, by_min = best(chains.mi), best(chains.mi / chains.kph)
    first = np.zeros(len(chains.node_lon_e7) + 1, dtype=np.int32)
    np.cumsum(np.bincount(tail[by_mi], minlength=len(chains.node_lon_e7)), out=first[1:])
    return first, head[by_mi].astype(np.int32), chain[by_mi], chain[by_min]


def _file_sha256(path: Path) -> str:
    """Hash a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
