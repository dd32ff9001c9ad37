"""The whole plan at once: ``adequacy measure`` for every block group of North Carolina and every service.

The whole process, from start to the workbook on disk, beside ``import geopandas`` in processes of its own, alternating;
then where the time goes. Answers are first held against ``pyproj.Geod``. Run it with ``python -m benchmarks.measure``.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.start_up import YARDSTICK
from benchmarks.start_up import measure as process

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks-measure.md"
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


_PARTS = """
import sys, time
spent, start = [], time.process_time()
def lap(name):
    global start
    now = time.process_time()
    spent.append((name, now - start))
    start = now
import pandas, xlsxwriter
lap("import pandas, xlsxwriter")
import importlib.util
from adequacy.access import bulk
if importlib.util.find_spec("numba"):
    import adequacy.access._numba
lap("import the kernels")
import adequacy as aq
from adequacy.outputs.workbook import write_workbook
from pathlib import Path
net = aq.demo_network()
lap("open network and policy")
people = aq.census_people()
lap("read block groups")
measured = aq.measure(net, scheme=sys.argv[2], people=people)
lap("measure")
write_workbook(measured, Path(sys.argv[1]))
lap("write the workbook")
for name, seconds in spent:
    print(f"{name}|{seconds * 1000:.0f}")
"""


def parts(out: Path) -> list[list[str]]:
    """CPU milliseconds of each part, in one fresh process."""
    done = subprocess.run([sys.executable, "-c", _PARTS, str(out), SCHEME], capture_output=True, text=True, check=True)
    return [line.split("|") for line in done.stdout.splitlines()]


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
    lines += ["| part, one process | CPU ms |", "|---|---:|"]
    lines += [f"| {part} | {spent_ms} |" for part, spent_ms in spent]
    return lines


_PAGE = """# How long the whole plan takes

`adequacy measure --scheme alliance_oon --counties all`: all block groups of North Carolina and every service but the
inpatient ones, which take no radius, from the start of the process to the workbook on disk, beside `import geopandas`
in processes of its own, alternating. Run it again with `python -m benchmarks.measure`, which writes this page.

{table}

Rows are rendered into the workbook column by column (cell by cell takes five times as long), and of the sites beyond
100 miles only the very nearest is measured by Karney's algorithm. Compare ratios: wall times are long where the machine
is busy.
"""


if __name__ == "__main__":
    table = main()
    print("\n".join(table))
    if "--dry-run" not in sys.argv:
        PAGE.write_text(_PAGE.format(table="\n".join(table)), encoding="utf-8")
