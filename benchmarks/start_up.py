"""How long staff wait: whole processes of ``adequacy check`` and ``--help`` beside ``import geopandas``, alternating.

Bytecode is compiled first. Prints medians of wall and CPU time and the ratio to ``import geopandas`` in the same run;
the target is a quarter. Run it with ``python -m benchmarks.start_up``; it writes docs/benchmarks-start-up.md.
"""

from __future__ import annotations

import compileall
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

RUNS = 15
PAGE = Path(__file__).parent.parent / "docs" / "benchmarks-start-up.md"
YARDSTICK = "import geopandas"
COMMANDS = {
    "python -c pass": ["-c", "pass"],
    YARDSTICK: ["-c", "import geopandas"],
    "check --zip (covered, 44 sites)": ["-m", "adequacy", "check", "--service", "SAIOP", "--zip", "27546"],
    "check --zip (gap)": ["-m", "adequacy", "check", "--service", "ip_child", "--zip", "28719"],
    "check --zip (too close)": ["-m", "adequacy", "check", "--service", "php_partial", "--zip", "27330"],
    "check --zip, dense service": ["-m", "adequacy", "check", "--service", "op_therapy", "--zip", "27610"],
    "check --point --format json": ["-m", "adequacy", "check", "--service", "H0015", "--point", "35.4,-78.85",
                                    "--format", "json"],
    "check --zip, no polygon (Nebraska)": ["-m", "adequacy", "check", "--service", "saiop", "--zip", "69201"],
    "check --zip=27546 (read by typer)": ["-m", "adequacy", "check", "--service", "SAIOP", "--zip=27546"],
    "adequacy --help": ["-m", "adequacy", "--help"],
    "check --help (written by typer)": ["-m", "adequacy", "check", "--help"],
    "adequacy services crisis": ["-m", "adequacy", "services", "crisis"],
}  # fmt: skip


def measure(arguments: list[str]) -> tuple[float, float]:
    """Wall and CPU milliseconds of one process."""
    code = (
        "import resource, subprocess, sys, time; start = time.perf_counter(); "
        "subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=False); wall = time.perf_counter() - start; "
        "used = resource.getrusage(resource.RUSAGE_CHILDREN); "
        "print(wall * 1000, (used.ru_utime + used.ru_stime) * 1000)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, sys.executable, *arguments], capture_output=True, text=True, check=True
    )
    wall, cpu = map(float, done.stdout.split())
    return wall, cpu


def main() -> list[str]:
    """Measure, and give the table as Markdown lines."""
    compileall.compile_dir(Path(__file__).parent.parent / "adequacy", quiet=2)
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in COMMANDS}
    for _ in range(RUNS):
        for name, arguments in COMMANDS.items():
            times[name].append(measure(arguments))
    walls = {name: median(wall for wall, _ in values) for name, values in times.items()}
    cpus = {name: median(cpu for _, cpu in values) for name, values in times.items()}
    lines = [
        f"Whole processes, {RUNS} alternating runs, medians; {time.strftime('%Y-%m-%d')}, "
        f"Python {sys.version.split()[0]}.",
        "",
        "| process | wall ms | CPU ms | wall ratio | CPU ratio |",
        "|---|---:|---:|---:|---:|",
    ]
    for name in COMMANDS:
        ratios = walls[name] / walls[YARDSTICK], cpus[name] / cpus[YARDSTICK]
        lines.append(f"| `{name}` | {walls[name]:.0f} | {cpus[name]:.0f} | {ratios[0]:.2f} | {ratios[1]:.2f} |")
    return lines


if __name__ == "__main__":
    table = "\n".join(main())
    PAGE.write_text(f"# How long staff wait\n\n{table}\n\nMade by `python -m benchmarks.start_up`.\n", encoding="utf-8")
    print(table)
