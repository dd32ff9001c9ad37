"""``make notebooks``: run every notebook as a plain script, in a clean process each; say how long, stop at none.

The notebooks are jupytext sources (percent format): Jupyter opens them, ``jupytext --to ipynb`` converts them. Only
sources are committed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent


def main(names: list[str]) -> int:
    """Run the notebooks named, or all; 1 if one failed."""
    known = {path.stem: path for path in sorted(HERE.glob("*.py")) if not path.stem.startswith("_")}
    unknown = sorted(set(names) - set(known))
    if unknown:
        sys.stderr.write(f"no notebook '{unknown[0]}'; there are {', '.join(known)}\n")
        return 2
    failed = []
    for name in names or known:
        start = time.monotonic()
        paths = [str(HERE.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
        settings = {"MPLBACKEND": "Agg", "PYTHONPATH": os.pathsep.join(paths)}
        done = subprocess.run(
            [sys.executable, str(known[name])],
            env={**os.environ, **settings},
            cwd=HERE,
            check=False,
            capture_output=True,
            text=True,
            encoding="utf-8",
        )
        sys.stdout.write(f"{name}: {'failed' if done.returncode else 'ok'} in {time.monotonic() - start:.0f} s\n")
        if done.returncode:
            failed.append(name)
            sys.stderr.write(done.stdout + done.stderr)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
