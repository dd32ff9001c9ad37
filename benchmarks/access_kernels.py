"""The whole-plan kernels against their peers: one command, one table of targets with measured ratios.

Run ``python -m benchmarks.access_kernels`` (a quarter of an hour; ``--quick`` for a look, which writes nothing): it
keeps the page ``docs/benchmarks.md``. ``--data DIR``, or ADEQUACY_BENCH_DATA, adds the real US sites and block groups.
Every race first checks its answers against ``pyproj.Geod``; exit 1 if a single decision differs.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from adequacy.access.bulk import SiteIndex
from adequacy.access.coverage import build_coverage
from benchmarks import peers, postgis, race
from benchmarks.generate import Roster, make_points, make_roster, make_services, real_people, real_sites

PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"
LIMIT_MI = 30.0
ENGINES = ("numba", "numpy")


class Report:
    """What was measured: the table of targets, the table of times, and the faults."""

    def __init__(self) -> None:
        self.targets: list[str] = []
        self.times: list[str] = []
        self.wrong = 0
        self.checked = 0

    def target(
        self, job: str, wanted: str, one: race.Race, ours: str, rivals: list[str], at_least: float | None
    ) -> None:
        """Add a line to the table of targets: CPU time decides, wall time is told beside it."""
        figure = one.ratio(ours, *rivals)
        met = "" if at_least is None else "yes" if figure >= at_least else "**no**"
        self.targets.append(f"| {job} | {wanted} | {figure:,.1f}x | {one.wall_ratio(ours, *rivals):,.1f}x | {met} |")
        print(self.targets[-1], flush=True)

    def agree(self, ours: np.ndarray, truth: np.ndarray) -> None:
        """Count decisions that differ from ``pyproj.Geod``'s."""
        self.checked += truth.size
        self.wrong += int((ours != truth).sum())


def index_of(roster: Roster, engine: str) -> SiteIndex:
    """Index a roster."""
    service = np.repeat(np.arange(len(roster.sites_of), dtype=np.int16), list(map(len, roster.sites_of)))
    return SiteIndex(
        roster.lon,
        roster.lat,
        site=np.concatenate(roster.sites_of),
        service=service,
        services=range(len(roster.sites_of)),
        engine=engine,
    )


def decide(report: Report, count: int, repeats: int) -> None:
    """Decide requests (a service, a point) with the index, trees and table already there."""
    roster, (lon, lat), service = make_roster(), make_points(count), make_services(count).astype(np.int16)
    indexes = {engine: index_of(roster, engine) for engine in ENGINES}
    table = build_coverage(indexes["numba"], limit_mi=LIMIT_MI)
    truth = np.isfinite(peers.Trees(roster).nearest_exact(lon, lat, service, LIMIT_MI)[0])
    contestants = {
        f"ours, {engine}, prebuilt": lambda index=index: index.covered(
            lon, lat, service=service, limit_mi=LIMIT_MI, coverage=table
        )
        for engine, index in indexes.items()
    }
    rivals = peers.decide(roster, lon, lat, service, LIMIT_MI)
    one = race.Race(f"decide, {count:,} requests", "request", count)
    answers = one.run(contestants | rivals, repeats)
    report.times += one.lines()
    for engine in ENGINES:
        ours = f"ours, {engine}, prebuilt"
        report.agree(answers[ours], truth)
        for kind, goal in (("exact", 50), ("approximate", 25)):
            best = [name for name in rivals if name.startswith(kind)]
            report.target(f"decide, {count:,}, {engine}", f">= {goal}x best {kind}", one, ours, best, goal)


def nearest(report: Report, sites: int, count: int, repeats: int, limit_mi: float | None) -> None:
    """Nearest site and miles to it, the index built inside the timing."""
    roster, (lon, lat), service = make_roster(sites), make_points(count), make_services(count).astype(np.int16)
    what = "within 30 mi" if limit_mi else "any distance"
    one = race.Race(f"nearest + miles {what}, {sites:,} sites", "request", count)
    contestants = {
        f"ours, {engine}, build included": lambda engine=engine: (
            index_of(roster, engine).nearest(lon, lat, service=service, limit_mi=limit_mi).miles
        )
        for engine in ENGINES
    }
    contestants |= peers.nearest(roster, lon, lat, service, limit_mi or np.inf)
    answers = one.run(contestants, repeats)
    truth = answers["exact: cKDTree + Geod.inv"]
    for engine in ENGINES:
        report.agree(np.isfinite(answers[f"ours, {engine}, build included"]), np.isfinite(truth))
    report.times += one.lines()
    exact = [name for name in contestants if name.startswith("exact")]
    goal = {"numba": 5 if sites < 100_000 else 3, "numpy": 1.2 if sites < 100_000 else None}
    for engine in ENGINES:
        wanted = f">= {goal[engine]:g}x best exact" if goal[engine] and limit_mi else "reported"
        report.target(
            f"nearest + miles {what}, {sites:,} sites, {engine}",
            wanted,
            one,
            f"ours, {engine}, build included",
            exact,
            goal[engine] if limit_mi else None,
        )


def nearest_five(report: Report, count: int, repeats: int) -> None:
    """Five nearest with miles within the limit, every service."""
    roster, (lon, lat) = make_roster(), make_points(count)
    services = len(roster.sites_of)
    one = race.Race(f"5 nearest, all {services} services, {count:,} points", "request", count * services)
    contestants = {
        f"ours, {engine}": lambda engine=engine: (
            index_of(roster, engine).nearest(lon, lat, k=5, limit_mi=LIMIT_MI).miles
        )
        for engine in ENGINES
    }
    contestants |= peers.nearest_five(roster, lon, lat, LIMIT_MI)
    answers = one.run(contestants, repeats)
    for engine in ENGINES:
        report.agree(np.isfinite(answers[f"ours, {engine}"]), np.isfinite(answers["exact: cKDTree + Geod.inv"]))
    report.times += one.lines()
    for engine, goal in (("numba", 10), ("numpy", None)):
        report.target(
            f"5 nearest, all {services} services, {count:,} points, {engine}",
            f">= {goal}x best exact" if goal else "reported",
            one,
            f"ours, {engine}",
            [name for name in contestants if name.startswith("exact")],
            goal,
        )


def counts(report: Report, count: int, repeats: int) -> None:
    """Count the sites within the limit, every service."""
    roster, (lon, lat) = make_roster(), make_points(count)
    services = len(roster.sites_of)
    one = race.Race(f"counts within 30 mi, all {services} services, {count:,} points", "request", count * services)
    contestants = {
        f"ours, {engine}": lambda engine=engine: index_of(roster, engine).count_within(lon, lat, limit_mi=LIMIT_MI)
        for engine in ENGINES
    }
    contestants |= peers.counts(roster, lon, lat, LIMIT_MI)
    answers = one.run(contestants, repeats)
    some = np.random.default_rng(1).choice(count, 400, replace=False)
    truth = peers.true_counts(roster, lon[some], lat[some], LIMIT_MI)
    for engine in ENGINES:
        report.agree(answers[f"ours, {engine}"][:, some], truth)
    report.times += one.lines()
    for engine, goal in (("numba", 15), ("numpy", None)):
        report.target(
            f"counts, all {services} services, {count:,} points, {engine}",
            f">= {goal}x cKDTree's approximate count" if goal else "reported",
            one,
            f"ours, {engine}",
            ["approximate: cKDTree count"],
            goal,
        )


def lists(report: Report, count: int, repeats: int) -> None:
    """List every site within the limit with miles, nearest first."""
    roster, (lon, lat) = make_roster(), make_points(count)
    services = len(roster.sites_of)

    def ours(engine: str) -> int:
        index = index_of(roster, engine)
        parts = (index.each_sites_within(lon, lat, limit_mi=LIMIT_MI, service=s) for s in index.services)
        return sum(len(part.row) for service in parts for part in service)

    contestants = {f"ours, {engine}": lambda engine=engine: ours(engine) for engine in ENGINES}
    contestants |= peers.lists(roster, lon, lat, LIMIT_MI)
    one = race.Race(f"lists with miles, all {services} services, {count:,} points (a pair)", "pair", 1)
    answers = one.run(contestants, repeats)
    pairs = one.per = answers["exact: cKDTree + Geod.inv"]
    for engine in ENGINES:
        report.agree(np.array(answers[f"ours, {engine}"]), np.array(pairs))
    report.times += one.lines()
    for engine, goal in (("numba", 15), ("numpy", None)):
        report.target(
            f"lists with miles, all {services} services, {count:,} points, {pairs:,} pairs, {engine}",
            f">= {goal}x best exact list" if goal else "reported",
            one,
            f"ours, {engine}",
            ["exact: cKDTree + Geod.inv"],
            goal,
        )


def others(report: Report, count: int, repeats: int) -> None:
    """The other tools an analyst would reach for, nearest site of one service each, build included."""
    roster, (lon, lat), service = make_roster(), make_points(count), make_services(count).astype(np.int16)
    one = race.Race(f"nearest, other tools, {count:,} requests", "request", count)
    contestants = {
        "ours, numba, build included": lambda: index_of(roster, "numba").nearest(lon, lat, service=service).miles
    } | peers.others(roster, lon, lat, service)
    with ExitStack() as stack:
        why_not = postgis.missing()
        if not why_not:
            server = stack.enter_context(postgis.loaded(roster, lon, lat, service))
            named = {
                f"spheroid: PostGIS {server.version}, <-> then ST_Distance, prebuilt": server.nearest,
                f"spheroid: PostGIS {server.version}, ST_DWithin, prebuilt": lambda: np.where(
                    server.within(LIMIT_MI), 0.0, np.inf
                ),
            }
            contestants |= named
            one.served = frozenset(named)
        answers = one.run(contestants, repeats)
    truth = peers.Trees(roster).nearest_exact(lon, lat, service, np.inf)[0] <= LIMIT_MI
    for name in contestants:
        wrong = int(((answers[name] <= LIMIT_MI) != truth).sum())
        report.times.append(one.line(name, f"; {wrong} of {count:,} decided wrongly"))
    if why_not:
        report.times.append(f"| {one.job} | PostGIS | not run: {why_not} | | |")
    report.agree(answers["ours, numba, build included"] <= LIMIT_MI, truth)


def real(report: Report, data: Path, repeats: int) -> None:
    """The real US sites by type and the real block groups, nearest within the limit, build included."""
    site_lon, site_lat, kind = real_sites(data)
    lon, lat = real_people(data)
    kinds = np.unique(kind)
    roster = Roster(site_lon, site_lat, [np.flatnonzero(kind == each) for each in kinds])
    service = np.arange(len(lon), dtype=np.int16) % len(kinds)
    one = race.Race(f"real: {len(site_lon):,} US sites, {len(lon):,} block groups", "request", len(lon))
    contestants = {
        f"ours, {engine}, build included": lambda engine=engine: (
            index_of(roster, engine).nearest(lon, lat, service=service, limit_mi=LIMIT_MI).miles
        )
        for engine in ENGINES
    } | peers.nearest(roster, lon, lat, service, LIMIT_MI)
    answers = one.run(contestants, repeats)
    for engine in ENGINES:
        report.agree(
            np.isfinite(answers[f"ours, {engine}, build included"]), np.isfinite(answers["exact: cKDTree + Geod.inv"])
        )
    index = index_of(roster, "numba")
    table = build_coverage(index, limit_mi=LIMIT_MI)
    covered = index.covered(lon, lat, service=service, limit_mi=LIMIT_MI, coverage=table)
    report.agree(covered, np.isfinite(answers["exact: cKDTree + Geod.inv"]))
    report.times += one.lines()
    exact = [name for name in contestants if name.startswith("exact")]
    for engine in ENGINES:
        report.target(
            f"real US sites and block groups, nearest within 30 mi, {engine}",
            "reported",
            one,
            f"ours, {engine}, build included",
            exact,
            None,
        )


def memory(report: Report, count: int) -> None:
    """Peak memory of a process that decides and measures ``count`` points for one service each (not on Windows)."""
    if sys.platform == "win32":
        return
    for engine in ENGINES:
        code = f"from benchmarks.access_kernels import memory_child; memory_child({count}, {engine!r})"
        root = Path(__file__).resolve().parent.parent
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
        mb = float(done.stdout)
        met = "yes" if mb < 2048 else "**no**"
        report.targets.append(f"| memory, {count:,} points, {engine} | < 2,048 MB | {mb:,.0f} MB | | {met} |")
        print(report.targets[-1], flush=True)


def memory_child(count: int, engine: str) -> None:
    """Decide and measure in a fresh process and print its peak memory in MB."""
    lon, lat = make_points(count)
    service = make_services(count).astype(np.int16)
    index = index_of(make_roster(), engine)
    table = build_coverage(index, limit_mi=LIMIT_MI)
    index.covered(lon, lat, service=service, limit_mi=LIMIT_MI, coverage=table)
    index.nearest(lon, lat, service=service, limit_mi=LIMIT_MI)
    index.count_within(lon, lat, service=service, limit_mi=LIMIT_MI) if engine == "numba" else None
    print(_peak_mb())


def _peak_mb() -> float:
    """Peak memory of this process; what ``getrusage`` says of a child begins with the peak of its parent on Linux."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    import resource  # not on Windows

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)


def page(report: Report, repeats: int, load: tuple[str, str]) -> str:
    """Return the page that is kept in the docs."""
    return "\n".join(
        [
            "# Benchmarks of the whole-plan kernels",
            "",
            f"Run {time.strftime('%Y-%m-%d')} by `python -m benchmarks.access_kernels`",
            f"on {race.machine()}.",
            f"Load average {load[0]} before and {load[1]} after, on {os.cpu_count()} processors. Contestants",
            f"alternate in one process, one thread; medians of up to {repeats} runs after one warm-up (a contestant",
            f"slower than {race.PATIENCE_S:.0f} s runs once). Compare ratios, not times: CPU time decides, wall time",
            "stands beside it. Roster: 40,000 (or 1,000,000) synthetic sites clustered in North Carolina's box, 80",
            "services; a request is a service and a point. Everybody builds index or trees inside the timing, except",
            "where it says prebuilt.",
            "",
            f"Decisions checked against `pyproj.Geod`: {report.checked:,}. Wrong: **{report.wrong}**.",
            "",
            "| job | target | CPU | wall | met |",
            "|---|---|---:|---:|---|",
            *report.targets,
            "",
            "| race | contestant | CPU ns per request (lists: per pair) | wall ns | runs |",
            "|---|---|---:|---:|---:|",
            *report.times,
            "",
        ]
    )


def _load() -> str:
    """Load average of the last minute, where the system tells."""
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


def main() -> int:
    """Run the races and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the points, 3 repeats, no 1M sites")
    data = os.environ.get("ADEQUACY_BENCH_DATA")
    parser.add_argument("--data", type=Path, default=data, help="folder with the real sites and block groups")
    parser.add_argument("--dry-run", action="store_true", help="print the page, do not write it")
    parser.add_argument("--only", default="", help="run only jobs whose name contains this")
    args = parser.parse_args()
    tenth, repeats = (10, 3) if args.quick else (1, 5)
    report, before = Report(), _load()
    jobs = {
        "decide": lambda: decide(report, 1_000_000 // tenth, repeats),
        "decide 10M": lambda: decide(report, 10_000_000 // tenth, 2),
        "nearest": lambda: nearest(report, 40_000, 1_000_000 // tenth, repeats, LIMIT_MI),
        "nearest any": lambda: nearest(report, 40_000, 1_000_000 // tenth, 3, None),
        "nearest 1M": lambda: None if args.quick else nearest(report, 1_000_000, 1_000_000, repeats, LIMIT_MI),
        "five": lambda: nearest_five(report, 100_000 // tenth, 2),
        "counts": lambda: counts(report, 100_000 // tenth, 2),
        "lists": lambda: lists(report, 5_000 // tenth, 2),
        "others": lambda: others(report, 20_000 // tenth, 3),
        "real": lambda: real(report, args.data, repeats) if args.data else None,
        "memory": lambda: memory(report, 10_000_000 // tenth),
    }
    print("| job | target | CPU | wall | met |\n|---|---|---:|---:|---|")
    for name, job in jobs.items():
        if args.only in name:
            began = time.perf_counter()
            job()
            sys.stderr.write(f" {name}: {time.perf_counter() - began:.0f} s\n")
    text = page(report, repeats, (before, _load()))
    print("\n" + text)
    if not (args.dry_run or args.quick or args.only):
        PAGE.write_text(text, encoding="utf-8")
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
