"""Intake against plain pandas: rows a second with the same columns; memory against the size of registries.

``python benchmarks/intake.py`` generates its files (seeded) in a temporary folder; ``--rows N`` makes them smaller.
Each run is a process of its own, so that time and peak memory are its own. ``docs/benchmarks-intake.md`` keeps
one run: machines differ by more than these numbers do.
"""

from __future__ import annotations

import argparse
import csv
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.planted import CLEAN_COLUMNS, clean_rows  # noqa: E402

SITES = 20_000
SEED = 2026
NPPES = ROOT / "tests" / "data" / "providers" / "nppes_full_layout.csv"
PLAN_NET = ROOT / "tests" / "data" / "providers" / "plan_net_ct"
_REFERENCE = re.compile(r'("(?:id|reference)":"[^"]*)"')


def write_csv(path: Path, rows: int) -> None:
    """A roster of many services at a limited number of sites, as rosters are."""
    base = clean_rows(min(rows, SITES), SEED)
    services = ("saiop", "otp", "psr", "op_therapy", "op_eval", "peer", "cst", "mst", "iih", "da")
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, CLEAN_COLUMNS)
        writer.writeheader()
        for number in range(rows):
            row = dict(base[number % len(base)], taxonomy="251S00000X")
            row["service"] = services[number // len(base) % len(services)]
            year = 2018 + number // (len(base) * len(services))
            row["contract_from"], row["contract_to"] = f"{year}-01-01", f"{year}-12-31"
            writer.writerow(row)


def write_workbook(path: Path, rows: int) -> None:
    """The same as one sheet of text cells."""
    import xlsxwriter

    base = clean_rows(min(rows, SITES), SEED)
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        sheet = book.add_worksheet("Sites")
        sheet.write_row(0, 0, CLEAN_COLUMNS)
        for number in range(rows):
            year = 2018 + number // len(base)
            row = dict(base[number % len(base)], contract_from=f"{year}-01-01", contract_to=f"{year}-12-31")
            sheet.write_row(number + 1, 0, [row[name] for name in CLEAN_COLUMNS])


def write_nppes(path: Path, copies: int) -> None:
    """The public sample of 1,000 records, over and over."""
    header, *lines = NPPES.read_text(encoding="utf-8").splitlines(keepends=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(header)
        for _ in range(copies):
            file.writelines(lines)


def write_plan_net(path: Path, copies: int) -> None:
    """The public sample directory over and over as one Bundle, each copy with ids of its own."""
    lines = [line for file in sorted(PLAN_NET.iterdir()) for line in file.read_text(encoding="utf-8").splitlines()]
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write('{"resourceType": "Bundle", "entry": [')
        for copy in range(copies):
            for number, line in enumerate(lines):
                own = _REFERENCE.sub(rf'\1-{copy}"', line)
                file.write(("" if copy == number == 0 else ",\n") + f'{{"resource": {own}}}')
        file.write("]}")


def read(kind: str, path: str) -> None:
    """One timed run; prints seconds and the peak memory of this process."""
    from adequacy.intake import limits_of, read_rosters
    from adequacy.policy import load_policy

    start = time.perf_counter()
    if kind == "pandas":
        import pandas

        reader = pandas.read_excel if path.endswith("xlsx") else pandas.read_csv
        rows = len(reader(path, dtype=str, keep_default_na=False))
    else:
        from datetime import date

        day, policy = date(2026, 11, 1), load_policy()
        mappings = {"nppes": Path(path).parent / "nppes.toml", "plan_net": ROOT / "data" / "mappings" / "plan_net.toml"}
        columns = mappings.get(kind)
        intake = read_rosters([path], on=day, catalogue=policy.services, columns=columns, limits=limits_of(policy, day))
        rows = intake.read + intake.left_out
    seconds = time.perf_counter() - start
    print(rows, f"{seconds:.2f}", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)


def timed(kind: str, path: Path) -> tuple[int, float, int]:
    """Run one reading in a process of its own: rows, seconds, peak MB."""
    done = subprocess.run(
        [sys.executable, __file__, "--read", kind, str(path)], capture_output=True, text=True, check=True, cwd=ROOT
    )
    rows, seconds, memory = done.stdout.split()
    return int(rows), float(seconds), int(memory)


def report(title: str, kind: str, path: Path) -> None:
    """Print one line of the table."""
    rows, seconds, memory = timed(kind, path)
    size = path.stat().st_size / 1e6
    print(f"| {title} | {rows:,} | {size:,.0f} | {seconds:.1f} | {rows / seconds:,.0f} | {memory:,} |", flush=True)


def main() -> None:
    """Generate, run, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--read", nargs=2, metavar=("KIND", "FILE"))
    asked = parser.parse_args()
    if asked.read:
        read(*asked.read)
        return
    print("| run | rows | file MB | s | rows/s | peak MB |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        text, book = Path(folder, "roster.csv"), Path(folder, "roster.xlsx")
        write_csv(text, asked.rows)
        report("CSV, pandas.read_csv", "pandas", text)
        report("CSV, intake", "intake", text)
        write_workbook(book, asked.rows // 10)
        report("workbook, pandas.read_excel", "pandas", book)
        report("workbook, intake", "intake", book)
        mapping = (ROOT / "data" / "mappings" / "nppes.toml").read_text(encoding="utf-8")
        scope = '\n[rows]\n"Provider Business Practice Location Address State Name" = ["CA"]\n'
        Path(folder, "nppes.toml").write_text(mapping + scope, encoding="utf-8")
        for copies in (50, 200, 800):
            path = Path(folder, f"nppes{copies}.csv")
            write_nppes(path, copies * asked.rows // 1_000_000 or 1)
            report("NPPES full layout, one state", "nppes", path)
        for copies in (50, 200, 800):
            path = Path(folder, f"directory{copies}.json")
            write_plan_net(path, copies * asked.rows // 1_000_000 or 1)
            report("Plan-Net Bundle", "plan_net", path)


if __name__ == "__main__":
    main()
