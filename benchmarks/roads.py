"""Nearest of 1,500 sites by road for every node of a generated network of about a million junctions, beside peers.

A jittered street grid (some streets missing, some one-way, some bent) is written as ``.osm.pbf``, compiled as a user
would, and asked. The same graph goes to scipy called plainly, to networkx, and, with ``--peer-python PYTHON``, to
whatever of networkit, rustworkx, igraph and pandana that other interpreter has (GPL and AGPL: never a dependency).
Every stage runs in a process of its own, so that time and peak memory are its own; every engine must give our minutes.
Times are CPU seconds: all engines but pandana work on one core, and other work on the machine does not count.

Run it with ``python -m benchmarks.roads``; it writes docs/benchmarks-roads.md. A small try: ``--side 100 --dry-run``.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks-roads.md"
SIDE, SITES, RUNS = 1150, 1500, 3
STEP_DEG, JITTER_DEG = 0.0015, 0.0004
MISSING, ONE_WAY, BENT = 0.33, 0.08, 0.4
PEERS = ("networkit", "rustworkx", "igraph", "pandana")


def write_extract(path: Path, side: int) -> None:
    """Write a jittered street grid as .osm.pbf, always the same for a side."""
    import numpy as np
    import osmium

    rng = np.random.default_rng(20261101)
    lon = -80 + np.arange(side)[None, :] * STEP_DEG + rng.uniform(-JITTER_DEG, JITTER_DEG, (side, side))
    lat = 35 + np.arange(side)[:, None] * STEP_DEG + rng.uniform(-JITTER_DEG, JITTER_DEG, (side, side))
    number = np.arange(1, side * side + 1).reshape(side, side)
    lines = [number[row] for row in range(side)] + [number[:, column] for column in range(side)]
    kept = rng.random((2 * side, side - 1)) >= MISSING
    bent = rng.random((2 * side, side - 1)) < BENT
    one_way = rng.random(2 * side) < ONE_WAY
    places = np.column_stack([lon.reshape(-1), lat.reshape(-1)])
    bends = {
        (line, at): side * side + 1 + order
        for order, (line, at) in enumerate(zip(*np.nonzero(kept & bent), strict=True))
    }
    with osmium.SimpleWriter(str(path)) as writer:
        for at, (x, y) in enumerate(places, start=1):
            writer.add_node(osmium.osm.mutable.Node(id=at, location=(x, y)))
        for (line, at), name in bends.items():
            a, b = places[lines[line][at] - 1], places[lines[line][at + 1] - 1]
            writer.add_node(osmium.osm.mutable.Node(id=name, location=tuple((a + b) / 2 + JITTER_DEG / 4)))
        way = 1
        for line, nodes in enumerate(lines):
            order = line % side
            major = "primary" if order % 50 == 0 else "secondary" if order % 10 == 0 else "residential"
            tags = {"highway": major, "maxspeed": {"primary": "55 mph", "secondary": "45 mph"}.get(major, "25 mph")}
            tags |= {"oneway": "yes"} if one_way[line] and major == "residential" else {}
            for refs in _runs(line, nodes.tolist(), kept[line], bends):
                writer.add_way(osmium.osm.mutable.Way(id=way, nodes=refs, tags=tags))
                way += 1


def _runs(line: int, nodes: list[int], kept: Any, bends: dict[tuple[int, int], int]) -> list[list[int]]:
    """Cut a line of the grid where streets are missing; put the bends in."""
    runs, run = [], [nodes[0]]
    for at, node in enumerate(nodes[1:]):
        if not kept[at]:
            if len(run) > 1:
                runs.append(run)
            run = [node]
            continue
        run += [bends[line, at], node] if (line, at) in bends else [node]
    return [*runs, run] if len(run) > 1 else runs


def peak_mb() -> float:
    """Peak memory of this process, MB."""
    try:
        import resource
    except ImportError:  # Windows
        return float("nan")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def stage_extract(work: Path, side: int) -> dict[str, Any]:
    write_extract(work / "grid.osm.pbf", side)
    return {"extract_mb": (work / "grid.osm.pbf").stat().st_size / 1e6}


def stage_build(work: Path, _: int) -> dict[str, Any]:
    from adequacy.roads import build_roads, road_rules

    rules = road_rules(date(2026, 11, 1))
    start = time.process_time()
    meta = build_roads(work / "grid.osm.pbf", work / "grid.roads", rules=rules)
    seconds = time.process_time() - start
    size = (work / "grid.roads").stat().st_size / 1e6
    return {"seconds": seconds, "file_mb": size, "peak_mb": peak_mb(), "junctions": meta["junctions"]} | {
        name: meta[name] for name in ("streets", "road_mi", "kept_pct")
    }


def stage_ours(work: Path, _: int) -> dict[str, Any]:
    """Ask as a user does; then the search alone; and hand the graph to the others."""
    import numpy as np

    from adequacy.roads import open_roads

    start = time.process_time()
    network = open_roads(work / "grid.roads")
    opened = time.process_time() - start
    after_open_mb = peak_mb()
    chains, search = network._compiled.chains, network._search
    lon, lat = chains.node_lon_e7 / 1e7, chains.node_lat_e7 / 1e7
    sites = np.random.default_rng(7).choice(len(lon), min(SITES, len(lon) // 10), replace=False)
    start = time.process_time()
    first = network.nearest(lon, lat, lon[sites], lat[sites])
    whole = time.process_time() - start
    start = time.process_time()
    home = network.snap(lon, lat)
    snapped = time.process_time() - start
    site, asked = network.snap(lon[sites], lat[sites]), home.measured
    alone, limited = [], []
    for _run in range(RUNS):
        start = time.process_time()
        drive, _by = search.nearest(home, site, asked, "min", "home_to_site", None)
        alone.append(time.process_time() - start)
        start = time.process_time()
        search.nearest(home, site, asked, "min", "home_to_site", 30.0)
        limited.append(time.process_time() - start)
    np.testing.assert_array_equal(drive, first.drive_min)
    graph = search._graph("min", reverse=True)
    tail = np.repeat(np.arange(len(lon)), np.diff(graph.first))
    np.savez(work / "graph.npz", tail=tail, head=graph.head, cost=graph.cost, sites=sites, lon=lon, lat=lat, ours=drive)
    return {
        "open_s": opened, "open_mb": after_open_mb, "whole_s": whole, "snap_s": snapped, "query_s": min(alone),
        "limit_s": min(limited), "peak_mb": peak_mb(), "edges": len(tail), "sites": len(sites),
    }  # fmt: skip


def _load(work: Path) -> dict[str, Any]:
    import numpy as np

    with np.load(work / "graph.npz") as file:
        return {name: file[name] for name in file.files}


def _compare(graph: dict[str, Any], got: Any, tolerance: float = 1e-9) -> None:
    """Every engine must give our minutes."""
    import numpy as np

    np.testing.assert_allclose(got, graph["ours"], rtol=tolerance, atol=max(tolerance, 1e-9))


def _scipy(graph: dict[str, Any], order: Any) -> dict[str, Any]:
    """Call scipy plainly on the graph with its nodes numbered in an order."""
    import numpy as np
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    new = np.empty(len(order), dtype=np.int32)
    new[order] = np.arange(len(order), dtype=np.int32)
    start = time.process_time()
    matrix = csr_array((graph["cost"], (new[graph["tail"]], new[graph["head"]])), shape=(len(order), len(order)))
    built = time.process_time() - start
    took = []
    for _run in range(RUNS):
        start = time.process_time()
        got = dijkstra(matrix, directed=True, indices=new[graph["sites"]], min_only=True)
        took.append(time.process_time() - start)
    _compare(graph, got[new])
    return {"build_s": built, "query_s": min(took), "peak_mb": peak_mb()}


def stage_scipy(work: Path, _: int) -> dict[str, Any]:
    graph = _load(work)
    import numpy as np

    return _scipy(graph, np.arange(len(graph["lon"])))


def stage_scipy_by_rows(work: Path, _: int) -> dict[str, Any]:
    """Scipy with the nodes numbered row by row, as a plain reader of the extract would have them."""
    graph = _load(work)
    import numpy as np

    return _scipy(graph, np.lexsort((graph["lon"], np.round((graph["lat"] - 35) / STEP_DEG))))


def stage_networkx(work: Path, _: int) -> dict[str, Any]:
    import networkx as nx

    graph = _load(work)
    start = time.process_time()
    plain = nx.DiGraph()
    plain.add_weighted_edges_from(zip(*(graph[name].tolist() for name in ("tail", "head", "cost")), strict=True))
    built = time.process_time() - start
    start = time.process_time()
    found = nx.multi_source_dijkstra_path_length(plain, set(graph["sites"].tolist()))
    took = time.process_time() - start
    _compare(graph, [found[node] for node in range(len(graph["lon"]))])
    return {"build_s": built, "query_s": took, "peak_mb": peak_mb()}


def _with_super_source(graph: dict[str, Any]) -> tuple[Any, Any, Any, int]:
    """Join one more node to every site, at no cost."""
    import numpy as np

    nodes, sites = len(graph["lon"]), graph["sites"]
    tail = np.concatenate([graph["tail"], np.full(len(sites), nodes)])
    return tail, np.concatenate([graph["head"], sites]), np.concatenate([graph["cost"], np.zeros(len(sites))]), nodes


def stage_igraph(work: Path, _: int) -> dict[str, Any]:
    import igraph
    import numpy as np

    graph = _load(work)
    tail, head, cost, source = _with_super_source(graph)
    start = time.process_time()
    plain = igraph.Graph(n=source + 1, edges=np.column_stack([tail, head]), directed=True)
    weights = cost.tolist()
    built = time.process_time() - start
    start = time.process_time()
    got = plain.distances(source=source, weights=weights)[0]
    took = time.process_time() - start
    _compare(graph, got[:source])
    return {"build_s": built, "query_s": took, "peak_mb": peak_mb()}


def stage_networkit(work: Path, _: int) -> dict[str, Any]:
    import networkit
    from scipy.sparse import coo_matrix

    graph = _load(work)
    tail, head, cost, source = _with_super_source(graph)
    start = time.process_time()
    table = coo_matrix((cost, (tail, head)), shape=(source + 1, source + 1))
    plain = networkit.GraphFromCoo(table, n=source + 1, weighted=True, directed=True)
    built = time.process_time() - start
    start = time.process_time()
    search = networkit.distance.Dijkstra(plain, source, storePaths=False)
    search.run()
    got = search.getDistances()
    took = time.process_time() - start
    _compare(graph, got[:source])
    return {"build_s": built, "query_s": took, "peak_mb": peak_mb()}


def stage_rustworkx(work: Path, _: int) -> dict[str, Any]:
    import rustworkx

    graph = _load(work)
    tail, head, cost, source = _with_super_source(graph)
    start = time.process_time()
    plain = rustworkx.PyDiGraph()
    plain.add_nodes_from(range(source + 1))
    plain.add_edges_from(list(zip(tail.tolist(), head.tolist(), cost.tolist(), strict=True)))
    built = time.process_time() - start
    start = time.process_time()
    found = rustworkx.dijkstra_shortest_path_lengths(plain, source, float)
    took = time.process_time() - start
    _compare(graph, [0.0 if node == source else found[node] for node in range(source)])
    return {"build_s": built, "query_s": took, "peak_mb": peak_mb()}


def stage_pandana(work: Path, _: int) -> dict[str, Any]:
    """Pandana measures from the home, so it gets the graph turned round; it works in single precision."""
    import numpy as np
    import pandana
    import pandas as pd

    graph = _load(work)
    far = float(graph["ours"].max()) + 1
    start = time.process_time()
    plain = pandana.Network(
        pd.Series(graph["lon"]), pd.Series(graph["lat"]), pd.Series(graph["head"]), pd.Series(graph["tail"]),
        pd.DataFrame({"minutes": graph["cost"]}), twoway=False,
    )  # fmt: skip
    built = time.process_time() - start
    start = time.process_time()
    at = graph["sites"]
    plain.set_pois("site", far, 1, pd.Series(graph["lon"][at]), pd.Series(graph["lat"][at]))
    got = plain.nearest_pois(far, "site", num_pois=1)[1].to_numpy()
    took = time.process_time() - start
    worst = float(np.abs(got - graph["ours"]).max())
    return {"build_s": built, "query_s": took, "peak_mb": peak_mb(), "note": f"differs by up to {worst * 60:.2g} s"}


def run_stage(name: str, work: Path, side: int, python: str = sys.executable) -> dict[str, Any]:
    """Run one stage in its own process; what it cannot do is said, not hidden."""
    command = [python, str(Path(__file__).resolve()), "--stage", name, "--work", str(work), "--side", str(side)]
    root = str(Path(__file__).resolve().parents[1])
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=root, env=_environment(root))
    if done.returncode:
        return {"note": "not run: " + (done.stderr.strip().splitlines() or ["no word"])[-1][:120]}
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _environment(root: str) -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": root}


def page(results: dict[str, dict[str, Any]]) -> str:
    """Write the page."""
    build, ours = results["build"], results["ours"]
    per_million = 1e6 / build["junctions"]
    rows = [
        "# Road benchmarks",
        "",
        f"Nearest of {ours['sites']:,} sites, by drive minutes, for each of {build['junctions']:,} junctions "
        f"({ours['edges']:,} departures). Made by `python -m benchmarks.roads` on {platform.machine()}, Python "
        f"{platform.python_version()}; one process per engine, CPU seconds, the best of {RUNS} runs for ours and "
        "scipy. Other work ran on the machine, so read the ratios. Every engine gave our minutes to 1e-9 unless a note "
        "says otherwise.",
        "",
        "| engine | build s | query s | query against ours | peak MB | note |",
        "|---|--:|--:|--:|--:|---|",
        _row("adequacy, the search (gives the site too)", {**ours, "build_s": ours["open_s"]}, ours, "build = opening"),
        _row("the same, nothing beyond 30 minutes", {"query_s": ours["limit_s"]}, ours, ""),
        _row("scipy called plainly, our numbering", results["scipy"], ours, ""),
        _row("scipy called plainly, numbered row by row", results["scipy_by_rows"], ours, ""),
        _row("networkx (what OSMnx uses)", results["networkx"], ours, ""),
        *(_row(name, results[name], ours, "") for name in PEERS if name in results),
        "",
        f"The whole question as a user asks it takes {ours['whole_s']:.1f} s: putting {build['junctions']:,} homes on "
        f"their streets ({ours['snap_s']:.1f} s), then the nearest site by miles and by minutes, from and to points on "
        "streets.",
        "",
        "| compiling the streets | |",
        "|---|--:|",
        f"| junctions, streets, road miles | {build['junctions']:,}, {build['streets']:,}, {build['road_mi']:,.0f} |",
        f"| extract (.osm.pbf), streamed | {results['extract']['extract_mb']:.0f} MB |",
        f"| time to build, per million junctions | {build['seconds'] * per_million:.0f} s |",
        f"| size of the .roads file, per million junctions | {build['file_mb'] * per_million:.0f} MB |",
        f"| peak memory while building | {build['peak_mb']:,.0f} MB |",
        f"| time to open (hash checked) | {ours['open_s']:.2f} s |",
        f"| memory after opening | {ours['open_mb']:,.0f} MB |",
        "",
        "GPL and AGPL engines (igraph, pandana) were run in a throw-away environment; none is a dependency. Minutes "
        "are free-flow.",
        "",
    ]
    return "\n".join(rows)


def _row(name: str, result: dict[str, Any], ours: dict[str, Any], note: str) -> str:
    """One engine in the table."""
    if "query_s" not in result:
        return f"| {name} | | | | | {result['note']} |"
    build = f"{result['build_s']:.2f}" if "build_s" in result else ""
    peak = f"{result['peak_mb']:,.0f}" if "peak_mb" in result else ""
    ratio = result["query_s"] / ours["query_s"]
    return f"| {name} | {build} | {result['query_s']:.2f} | {ratio:.2f} | {peak} | {result.get('note', note)} |"


def main() -> None:
    """Run every stage and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--side", type=int, default=SIDE, help="nodes along one side of the grid")
    parser.add_argument("--peer-python", help="an interpreter that has igraph, pandana, networkit or rustworkx")
    parser.add_argument("--dry-run", action="store_true", help="print the page, do not write it")
    parser.add_argument("--stage", help=argparse.SUPPRESS)
    parser.add_argument("--work", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.stage:
        print(json.dumps(globals()[f"stage_{asked.stage}"](Path(asked.work), asked.side)))
        return
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        results = {}
        for name in ("extract", "build", "ours", "scipy", "scipy_by_rows", "networkx"):
            results[name] = run_stage(name, work, asked.side)
            print(name, results[name], file=sys.stderr)
        for name in PEERS if asked.peer_python else ():
            results[name] = run_stage(name, work, asked.side, asked.peer_python)
            print(name, results[name], file=sys.stderr)
    text = page(results)
    sys.stdout.write(text) if asked.dry_run else PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
