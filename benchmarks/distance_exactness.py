"""How exact is a mile? Millions of worldwide pairs against ``pyproj.Geod``; prints one table.

Run ``python benchmarks/distance_exactness.py`` (about half a minute), ``--pairs N`` for more per row. Exit 1 if a
single decision is wrong or a proven bound is broken.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from adequacy.distance import (
    MILE_M,
    bounds_m,
    chord_bounds_m,
    closed_form_m,
    ecef,
    miles_between,
    within_mask,
)
from benchmarks.generate import geod_miles, make_pairs_at

DISTANCES_MI = (0.0006, 0.1, 1, 6.2, 10, 20, 30, 60, 90, 100)
KARNEY_NOISE_M = 3e-8
CHUNK = 500_000


def measure_row(distance_mi: float, pairs: int, seed: int) -> tuple[float, float, int, int]:
    """Return largest error of the closed form (m), widest shell (m), broken bounds, wrong decisions."""
    worst = shell = 0.0
    broken = wrong = 0
    for start in range(0, pairs, CHUNK):
        size = min(CHUNK, pairs - start)
        # half exactly at the limit, half within 1 cm of it, both sides
        apart = np.full(size, distance_mi * MILE_M)
        rng = np.random.default_rng(seed + start)
        apart[size // 2 :] = np.maximum(0, apart[size // 2 :] + rng.uniform(-0.01, 0.01, size - size // 2))
        pair = make_pairs_at(apart, size, seed + start)
        truth_mi = geod_miles(*pair)
        a, b = ecef(pair[0], pair[1]), ecef(pair[2], pair[3])
        worst = max(worst, float(np.abs(closed_form_m(*a.T, *b.T) - truth_mi * MILE_M).max()))
        chord_m = np.sqrt(((a - b) ** 2).sum(axis=1))
        for each in (chord_m.min(), chord_m.max()):
            low, high = bounds_m(float(each))
            shell = max(shell, high - low)
        inside_m, outside_m = chord_bounds_m(distance_mi)
        truth_m = truth_mi * MILE_M
        broken += int(((chord_m <= inside_m) & (truth_m > distance_mi * MILE_M + KARNEY_NOISE_M)).sum())
        broken += int(((chord_m > outside_m) & (truth_m <= distance_mi * MILE_M - KARNEY_NOISE_M)).sum())
        wrong += int((within_mask(*pair, limit_mi=distance_mi) != (truth_mi <= distance_mi)).sum())
    return worst, shell, broken, wrong


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=500_000, help="pairs per distance (default 500,000)")
    pairs = parser.parse_args().pairs
    faults = 0
    print(f"{pairs:,} worldwide pairs per row, every azimuth; half exactly at the distance, half within 1 cm of it\n")
    print("|    miles | closed form, max error m | shell width m | bounds broken | wrong decisions |   s |")
    print("|---------:|-------------------------:|--------------:|--------------:|----------------:|----:|")
    for row, distance_mi in enumerate(DISTANCES_MI):
        began = time.perf_counter()
        worst, shell, broken, wrong = measure_row(distance_mi, pairs, 1000 * row)
        faults += broken + wrong
        print(
            f"| {distance_mi:8g} | {worst:24.1e} | {shell:13.1e} | {broken:13d} | {wrong:15d} |"
            f" {time.perf_counter() - began:3.0f} |"
        )
    rng = np.random.default_rng(5)
    lon = rng.uniform(-180, 180, (2, pairs))
    lat = np.degrees(np.arcsin(rng.uniform(-1, 1, (2, pairs))))
    pair = (lon[0], lat[0], lon[1], lat[1])
    apart = float(np.abs(miles_between(*pair) - geod_miles(*pair)).max()) * MILE_M
    print(f"\nmiles_between, {pairs:,} random pairs of the whole Earth: largest difference {apart:.1e} m")
    print("0 wrong decisions." if not faults else f"{faults} FAULTS")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
