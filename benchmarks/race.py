"""How benchmarks are run: contestants alternate in one process, one thread, medians, ratios of CPU time.

CPU time says what a job costs on a machine that others use too; wall time stands beside it. A contestant whose work is
done by a server counts by wall time alone.
"""

from __future__ import annotations

import os
import platform
import statistics
import sys
import time
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

#: CPU seconds a contestant may take for its first run; one that takes longer is not asked again.
PATIENCE_S = 20.0


class Lap(NamedTuple):
    """CPU and wall seconds of one run."""

    cpu: float
    wall: float


@dataclass
class Race:
    """One job, several contestants, each a function without arguments."""

    job: str
    unit: str
    per: int
    laps: dict[str, list[Lap]] = field(default_factory=dict)
    served: frozenset[str] = frozenset()
    """Contestants that work in a server, so that their own CPU time says nothing."""

    def run(self, contestants: dict[str, Callable[[], Any]], repeats: int = 5) -> dict[str, Any]:
        """Warm everybody up once (kernels are compiled, pages touched), then let them alternate.

        A contestant slower than ``PATIENCE_S`` runs once, and that run counts: warming up is nothing to it.
        """
        answers: dict[str, Any] = {}
        slow: dict[str, Lap] = {}
        for name, contestant in contestants.items():
            answers[name], lap = _lap(contestant)
            if lap.cpu > PATIENCE_S:
                slow[name] = lap
        self.laps = {name: [] for name in contestants} | {name: [lap] for name, lap in slow.items()}
        for _ in range(repeats):
            for name, contestant in contestants.items():
                if name not in slow:
                    self.laps[name].append(_lap(contestant)[1])
            sys.stderr.write(".")
            sys.stderr.flush()
        return answers

    def ns(self, name: str) -> float:
        """Median nanoseconds per unit: CPU time, or wall time of what a server did."""
        return self.wall_ns(name) if name in self.served else statistics.median(self._of(name, "cpu"))

    def wall_ns(self, name: str) -> float:
        """Median wall nanoseconds per unit."""
        return statistics.median(self._of(name, "wall"))

    def _of(self, name: str, clock: str) -> list[float]:
        return [getattr(lap, clock) / self.per * 1e9 for lap in self.laps[name]]

    def ratio(self, ours: str, *peers: str) -> float:
        """How many times faster ours is than the best of the peers, by medians."""
        return min(self.ns(peer) for peer in peers) / self.ns(ours)

    def wall_ratio(self, ours: str, *peers: str) -> float:
        """The same by wall time."""
        return min(self.wall_ns(peer) for peer in peers) / self.wall_ns(ours)

    def lines(self) -> list[str]:
        """Rows of a table: job, contestant, CPU and wall time, runs."""
        return [self.line(name) for name in self.laps]

    def line(self, name: str, more: str = "") -> str:
        """One of them."""
        cpu = "in a server" if name in self.served else f"{self.ns(name):,.1f}"
        return f"| {self.job} | {name}{more} | {cpu} | {self.wall_ns(name):,.1f} | {len(self.laps[name])} |"


def _lap(contestant: Callable[[], Any]) -> tuple[Any, Lap]:
    cpu, wall = time.process_time(), time.perf_counter()
    answer = contestant()
    return answer, Lap(time.process_time() - cpu, time.perf_counter() - wall)


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
