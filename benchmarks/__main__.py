"""``make bench``: every benchmark, one after the other; ``python -m benchmarks NAME ...`` runs some.

Each compares with peers in one run, prints its table, and says first whether the answers are right. Peers that are not
installed are named and left out.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

#: Modules that hold no benchmark of their own.
_PARTS = {"__init__", "__main__", "generate", "peers", "postgis", "race"}


def main(names: list[str]) -> int:
    """Run the benchmarks named, or all; 1 if one failed."""
    known = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in _PARTS)
    unknown = sorted(set(names) - set(known))
    if unknown:
        sys.stderr.write(f"no benchmark '{unknown[0]}'; there are {', '.join(known)}\n")
        return 2
    failed = []
    for name in names or known:
        print(f"\n== {name}", flush=True)
        if subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode:
            failed.append(name)
    if failed:
        sys.stderr.write(f"failed: {', '.join(failed)}\n")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
