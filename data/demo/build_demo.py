"""Build the demo's network file: ``python data/demo/build_demo.py``, after ``make_demo.py``.

Reads the roster that ships in ``adequacy/reference/demo_data`` and writes ``adequacy/reference/demo.gpkg`` the way
``adequacy network build`` would, marked as a demo. ``--out FILE`` writes somewhere else (the tests compare the two).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent)]

from invented import ROSTER_DATE  # noqa: E402

from adequacy.intake import read_rosters  # noqa: E402
from adequacy.network import BuildReport, build_network  # noqa: E402
from adequacy.policy import load_policy  # noqa: E402
from adequacy.reference import demo_path, write_demo  # noqa: E402


def build(out: Path) -> BuildReport:
    """Build the network from the shipped roster; the path of the working folder leaves no trace in it."""
    with tempfile.TemporaryDirectory() as folder:
        write_demo(folder)
        intake = read_rosters([Path(folder, "roster.csv")], on=ROSTER_DATE, catalogue=load_policy().services)
        return build_network(intake, out, roster_date=ROSTER_DATE.isoformat(), name="demo", is_demo=True)


def main() -> int:
    """Read the arguments, build, say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=demo_path(), help="file to write")
    report = build(parser.parse_args().out)
    print(
        f"{report.path}: {report.offerings} offerings at {report.sites} sites of {report.providers} providers, "
        f"{report.refused} of {report.read} rows refused",
        file=sys.stderr,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
