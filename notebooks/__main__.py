"""``make notebooks``: execute every notebook in a kernel of its own; say how long, stop at none.

The notebooks are jupytext sources (percent format): Jupyter opens them, ``jupytext --to ipynb`` converts them. Only
sources are committed. ``python -m notebooks --keep FOLDER NAME ...`` also writes them there as executed, to look at.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

HERE = Path(__file__).parent
_LONGEST_S = 900


def main(arguments: list[str]) -> int:
    """Execute the notebooks named, or all; 1 if one failed."""
    parser = argparse.ArgumentParser(prog="python -m notebooks", description="Execute the notebooks.")
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="write them as executed")
    asked = parser.parse_args(arguments)
    known = {path.stem: path for path in sorted(HERE.glob("*.py")) if not path.stem.startswith("_")}
    unknown = sorted(set(asked.names) - set(known))
    if unknown:
        sys.stderr.write(f"no notebook '{unknown[0]}'; there are {', '.join(known)}\n")
        return 2
    # the kernel is a process of its own: it must find the package, whether installed or not
    os.environ["PYTHONPATH"] = os.pathsep.join([str(HERE.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    os.environ.pop("MPLBACKEND", None)  # a kernel draws into the notebook
    return max([_run(known[name], asked.keep) for name in asked.names or known])


def _run(source: Path, keep: Path | None) -> int:
    """Execute one notebook; 1 if a cell failed."""
    notebook, start, failed = jupytext.read(source), time.monotonic(), ""
    client = NotebookClient(
        notebook, timeout=_LONGEST_S, kernel_name="python3", resources={"metadata": {"path": str(HERE)}}
    )
    try:
        client.execute()
    except CellExecutionError as error:
        failed = str(error)
    cells = sum(cell.cell_type == "code" for cell in notebook.cells)
    word = "failed" if failed else "ok"
    sys.stdout.write(f"{source.stem}: {word}, {cells} cells in {time.monotonic() - start:.0f} s\n{failed}")
    sys.stdout.flush()
    if keep:
        keep.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, keep / f"{source.stem}.ipynb")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
