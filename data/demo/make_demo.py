"""Make the demo's files: ``python data/demo/make_demo.py`` (real places, invented contracts).

Reads ``listings.csv`` (real places), ``service_plan.csv`` (which services where), the service catalogue and the
reference tables of the package; writes ``adequacy/reference/demo_data/``: ``roster.csv.gz``, ``members.csv``,
``requests.csv``, ``past_decisions.csv``, ``README.txt``. Seeded: the same inputs give the same text everywhere.
``--out DIR`` writes somewhere else. ``python data/demo/build_demo.py`` then builds the network file from them.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(ROOT)]

from invented import PLAN_COUNTIES, contracts, geography, odd, paperwork, people, readme, sites  # noqa: E402

from adequacy.tables import table  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SERVICES = ROOT / "adequacy" / "policy" / "services.csv"
OUT = ROOT / "adequacy" / "reference" / "demo_data"


def as_csv(columns: Sequence[str], rows: Iterable[dict[str, str]]) -> str:
    """Return the rows as CSV text, line feeds on every system."""
    text = io.StringIO(newline="")
    out = csv.DictWriter(text, list(columns), restval="", lineterminator="\n")
    out.writeheader()
    out.writerows(rows)
    return text.getvalue()


def make() -> dict[str, str]:
    """Return file name -> text of everything the demo consists of."""
    places = sites.sites_of(sites.read_listings(HERE / "listings.csv"))
    contracts.place_some_by_zip_only(places)
    plans = contracts.read_plans(HERE / "service_plan.csv", SERVICES)
    counties, centres = geography.county_names(), geography.county_centres()
    offerings = contracts.offerings(places, plans, counties, centres)
    blocks = geography.plan_blocks(set(PLAN_COUNTIES))
    zips = geography.plan_zips(set(PLAN_COUNTIES))
    return {
        "roster.csv": as_csv(table("roster").names, offerings + odd.odd_rows()),
        "members.csv": as_csv(people.COLUMNS, people.members(blocks, places)),
        "requests.csv": as_csv(paperwork.REQUEST_COLUMNS, paperwork.requests(places)),
        "past_decisions.csv": as_csv(paperwork.PAST_COLUMNS, paperwork.past_decisions(offerings, plans, zips)),
        "README.txt": readme.TEXT,
    }


def write(files: dict[str, str], out: Path) -> None:
    """Write the files; the roster, which is large, compressed."""
    out.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        if name == "roster.csv":
            (out / f"{name}.gz").write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))
        else:
            (out / name).write_bytes(text.encode())
        print(f"{out / name}: {text.count(chr(10))} lines", file=sys.stderr)


def main() -> int:
    """Read the arguments, make the files, write them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=OUT, help="folder to write to")
    write(make(), parser.parse_args().out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
