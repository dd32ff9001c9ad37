"""The whole plan at once: ``adequacy measure`` for every block group of North Carolina and every service.

The whole process, from start to the workbook on disk, beside ``import geopandas`` in processes of its own, alternating;
then where the time goes. Answers are first held against ``pyproj.Geod``. Run it with ``python -m benchmarks.measure``.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.start_up import YARDSTICK
from benchmarks.start_up import measure as process

RUNS = 5
TARGET = 10.0
SCHEME = "alliance_oon"
MILE_M = 1609.344


def wrong_decisions() -> tuple[int, int]:
    """Decisions that differ from ``pyproj.Geod``: every block group, some services, the rule's 30 miles."""
    from pyproj import Geod

    import adequacy as aq
    from adequacy.access import counts_for_gap

    geod, wrong, asked = Geod(ellps="WGS84"), 0, 0
    with aq.demo_network() as net:
        people = aq.census_people()
        for service in ("saiop", "fbc_adult", "otp", "psych_testing"):
            counted = [each for each in net.file.offerings(service) if not counts_for_gap(each, "2026-11-01")]
            best = np.full(len(people), np.inf)
            for each in counted:
                size = len(people)
                metres = geod.inv(people["lon"], people["lat"], np.full(size, each.lon), np.full(size, each.lat))[2]
                best = np.minimum(best, metres + (each.uncertainty_mi or 0.0) * MILE_M)
            wrong += int((net.covered(service, people).to_numpy() != (best <= 30 * MILE_M)).sum())
            asked += len(people)
    return wrong, asked


def parts(out: Path) -> dict[str, float]:
    """Seconds of wall time of each part, in one process."""
    spent, start = {}, time.perf_counter()

    def lap(name: str) -> None:
        nonlocal start
        now = time.perf_counter()
        spent[name], start = now - start, now

    import pandas  # noqa: F401
    import xlsxwriter  # noqa: F401

    lap("import pandas, xlsxwriter")
    from adequacy.access import bulk

    if bulk._choose(None) == "numba":
        import adequacy.access._numba

    lap(f"load the kernels ({bulk._choose(None)})")
    import adequacy as aq
    from adequacy.outputs.workbook import write_workbook

    net = aq.demo_network()
    lap("open network and policy")
    people = aq.census_people()
    lap("read block groups")
    measured = aq.measure(net, scheme=SCHEME, people=people)
    lap("measure")
    write_workbook(measured, out)
    lap("write the workbook")
    net.close()
    return spent


def main() -> list[str]:
    """Measure, and give the table as Markdown lines."""
    wrong, asked = wrong_decisions()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "all.xlsx"
        command = ["-m", "adequacy", "measure", "--scheme", SCHEME, "--counties", "all", "--out", str(out)]
        process(command)
        ours, theirs = [], []
        for _ in range(RUNS):
            theirs.append(process(["-c", YARDSTICK]))
            ours.append(process(command))
        spent = parts(out)
        size = out.stat().st_size
    lines = [f"{time.strftime('%Y-%m-%d')}, Python {sys.version.split()[0]}, {RUNS} alternating runs, medians.", ""]
    lines += [f"Wrong decisions against pyproj.Geod: **{wrong}** of {asked:,}.", ""]
    lines += ["| whole process | wall ms | CPU ms | x import geopandas (wall / CPU) |", "|---|---:|---:|---:|"]
    base = [median(each[i] for each in theirs) for i in (0, 1)]
    mine = [median(each[i] for each in ours) for i in (0, 1)]
    lines.append(f"| {YARDSTICK} | {base[0]:.0f} | {base[1]:.0f} | 1 |")
    ratios = [mine[i] / base[i] for i in (0, 1)]
    name = f"measure {SCHEME}, all NC block groups, all services"
    lines.append(f"| {name} | {mine[0]:.0f} | {mine[1]:.0f} | **{ratios[0]:.1f} / {ratios[1]:.1f}** |")
    lines += ["", f"Target: at most {TARGET:g}x. The workbook holds {size / 1e6:.1f} MB.", ""]
    lines += ["| part, one process | wall ms |", "|---|---:|"]
    lines += [f"| {part} | {seconds * 1000:.0f} |" for part, seconds in spent.items()]
    return lines


if __name__ == "__main__":
    print("\n".join(main()))
