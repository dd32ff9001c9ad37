"""Take the real places of the demo from the reference data: ``python data/demo/take_listings.py --inputs DIR``.

``DIR`` is a copy of the reference data (see ``adequacy/reference/SOURCES.yaml``); the file read is
``providers/derived/nc_bh_sites.csv``: 919 North Carolina behavioural-health listings of 2019-2021 (SAMHSA treatment
locator, SAMHSA opioid treatment program directory, HIFLD psychiatric hospitals), facts published by the United States
government. Only what the demo needs is kept: kind, name, address, telephone, point. Nothing is corrected: a listing
that stands 100 miles from its ZIP stays where its source put it. White space is folded, an empty cell stays empty.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import re
import sys
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
SOURCE = Path("providers", "derived", "nc_bh_sites.csv")
SOURCES = HERE.parent.parent / "adequacy" / "reference" / "SOURCES.yaml"
COLUMNS = {
    "listing_id": "site_id",
    "kind": "site_type",
    "name": "name",
    "name2": "name2",
    "street": "street",
    "suite": "street2",
    "city": "city",
    "state": "state",
    "zip5": "zip",
    "county_fips": "county_fips",
    "phone": "phone",
    "lon": "lon",
    "lat": "lat",
}


def listings(source: Path) -> list[dict[str, str]]:
    """Read the source and keep the columns of the demo, white space folded, in the order of the ids."""
    data = source.read_bytes()
    entries = yaml.safe_load(SOURCES.read_text(encoding="utf-8"))["sources"]
    expected = next(entry["sha256"] for entry in entries if entry["id"] == "demo_listings")
    if hashlib.sha256(data).hexdigest() != expected:
        raise SystemExit(f"{source}: sha256 differs from the one in {SOURCES.name}")
    rows = csv.DictReader(data.decode("utf-8").splitlines())
    kept = [{ours: re.sub(r"\s+", " ", row[theirs]).strip() for ours, theirs in COLUMNS.items()} for row in rows]
    return sorted(kept, key=lambda row: row["listing_id"])


def write(rows: list[dict[str, str]], target: Path) -> None:
    """Write the listings as CSV, UTF-8, one line feed per row on every system."""
    with target.open("w", encoding="utf-8", newline="") as stream:
        out = csv.DictWriter(stream, list(COLUMNS), lineterminator="\n")
        out.writeheader()
        out.writerows(rows)


def main() -> int:
    """Read the arguments, write ``listings.csv`` beside this script."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inputs", type=Path, required=True, help="folder with the reference data")
    rows = listings(parser.parse_args().inputs / SOURCE)
    write(rows, HERE / "listings.csv")
    print(f"{len(rows)} listings -> {HERE / 'listings.csv'}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
