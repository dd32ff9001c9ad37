"""How benchmarks are run: contestants alternate in one process, CPU time, one thread, medians, ratios."""

from __future__ import annotations

import os
import platform
import statistics
import time
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(variable, "1")


@dataclass
class Race:
    """One job, several contestants, each a function without arguments."""

    job: str
    unit: str
    per: int
    times: dict[str, list[float]] = field(default_factory=dict)

    def run(self, contestants: dict[str, Callable[[], Any]], repeats: int = 5) -> dict[str, Any]:
        """Warm everybody up once (kernels are compiled, pages touched), then let them alternate."""
        answers = {name: contestant() for name, contestant in contestants.items()}
        self.times = {name: [] for name in contestants}
        for _ in range(repeats):
            for name, contestant in contestants.items():
                began = time.process_time()
                contestant()
                self.times[name].append(time.process_time() - began)
        return answers

    def ns(self, name: str) -> float:
        """Median CPU nanoseconds per unit."""
        return statistics.median(self.times[name]) / self.per * 1e9

    def ratio(self, ours: str, *peers: str) -> float:
        """How many times faster ours is than the best of the peers, by medians."""
        return min(self.ns(peer) for peer in peers) / self.ns(ours)

    def lines(self) -> list[str]:
        """Rows of a table: contestant and time."""
        return [f"| {self.job} | {name} | {self.ns(name):,.1f} |" for name in self.times]


def machine() -> str:
    """Say what ran, in one line."""
    packages = ("numpy", "scipy", "numba", "pyproj", "pykdtree", "scikit-learn", "shapely", "geopandas", "duckdb")
    found = []
    for name in packages:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} not installed")
    return f"{platform.machine()}, Python {platform.python_version()}, " + ", ".join(found)
