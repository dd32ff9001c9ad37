"""Every NC ZIP x every demo service against a slow independent oracle: ``make validate``.

The oracle knows nothing of the library's search. It lays a quarter-mile grid over a ZIP's polygon, adds every vertex
of its border and points between, measures each point to each counted site with ``pyproj.Geod``, and reads the
smallest and largest distance to the nearest site off that. What a grid can miss is bounded: the distance to the
nearest site changes by at most a mile per mile, so the true maximum is at most ``can_miss`` above the largest value
seen, and the true minimum likewise below. The oracle also decides anew which offerings count, from the words of the
rules.
"""

from __future__ import annotations

import random
import sys
import time
from dataclasses import dataclass
from functools import lru_cache
from math import hypot

import numpy as np
import shapely
from pyproj import Geod

import adequacy as aq
from adequacy.geocode import Place, locate_zip
from adequacy.reference import to_shapely, zips

GEOD = Geod(ellps="WGS84")
MILE_M = 1609.344
GRID_MI = 0.25
#: The dense comparison: a grid of a fiftieth of a mile must agree to the promised hundredth.
DENSE_MI = 0.02
PROMISED_MI = 0.01
BORDER_STEPS = 4
DEGREE_MI = 69.4  # no degree on WGS 84 is longer
ON = "2026-11-01"


@dataclass(frozen=True)
class Verdict:
    """What the oracle says of one ZIP and one service."""

    low: float | None
    high: float | None


def counts(row: dict[str, str], counties: tuple[str, ...], travels: bool) -> str:
    """Whether a roster row counts: for 'all' counties, 'some', or 'no'. Written from the rules, not the code."""

    def in_force(start: str, end: str) -> bool:
        return (not row[start] or row[start] <= ON) and (not row[end] or row[end] >= ON)

    fit = (
        row["contract_status"] == "active" and in_force("contract_from", "contract_to")
        and row["agreement_type"] == "full"
        and in_force("service_from", "service_to")
        and row["credential_status"] == "approved"
        and (not row["credential_due"] or row["credential_due"] >= ON)
        and (not row["license_expiry"] or row["license_expiry"] >= ON)
        and row["nctracks_status"] == "active" and in_force("nctracks_from", "nctracks_to")
        and row["referral_stop"] != "Y"
        and row["telehealth"] != "only"
        and row["lon"] is not None
    )  # fmt: skip
    if not fit:
        return "no"
    served = set(filter(None, row["counties_served"].split(";")))
    if not travels or not served or not counties or set(counties) <= served:
        return "all"
    return "some" if served & set(counties) else "no"


@lru_cache(maxsize=4)
def points_of(zcta: str, step_mi: float) -> np.ndarray:
    """The grid inside a ZIP area, every vertex of its border and points between, as lon, lat rows."""
    place = locate_zip(zcta)
    geometry = to_shapely((place.area.rings, place.area.polygons))
    west, south, east, north = geometry.bounds
    across = GEOD.inv(west, (south + north) / 2, east, (south + north) / 2)[2] / MILE_M
    up = GEOD.inv(west, south, west, north)[2] / MILE_M
    lon, lat = np.meshgrid(
        np.linspace(west, east, int(across / step_mi) + 2), np.linspace(south, north, int(up / step_mi) + 2)
    )
    inside = shapely.contains_xy(geometry, lon.ravel(), lat.ravel())
    border = shapely.get_coordinates(geometry.boundary.segmentize(step_mi / BORDER_STEPS / DEGREE_MI))
    return np.vstack([np.c_[lon.ravel(), lat.ravel()][inside], border])


def miles(points: np.ndarray, lon: float, lat: float) -> np.ndarray:
    """Geodesic miles of many points to one."""
    ones = np.ones(len(points))
    return GEOD.inv(points[:, 0], points[:, 1], lon * ones, lat * ones)[2] / MILE_M


def judge(place: Place, sites: list[tuple[float, float, float, bool]], points: np.ndarray) -> Verdict:
    """Smallest and largest distance to the nearest site over the points; sites are (lon, lat, uncertainty, for all)."""
    if not sites:
        return Verdict(None, None)
    centre = np.array([[place.lon, place.lat]])
    away = np.array([miles(centre, lon, lat)[0] for lon, lat, _, _ in sites])
    slack = np.array([site[2] for site in sites])
    reach = (away + slack).min() + 2 * place.uncertainty_mi + 1
    everywhere = [site[3] for site in sites]
    if any(everywhere):
        reach = max(reach, (away + slack)[everywhere].min() + 2 * place.uncertainty_mi + 1)
    near = [i for i in range(len(sites)) if away[i] - slack[i] <= reach]
    table = np.stack([miles(points, sites[i][0], sites[i][1]) for i in near])
    margin = slack[near][:, None]
    low = float(np.maximum(table - margin, 0).min())
    for_all = [k for k, i in enumerate(near) if sites[i][3]]
    high = float((table + margin)[for_all].min(axis=0).max()) if for_all else None
    return Verdict(low, high)


def possible(verdict: Verdict, missed: float, limit: float, tolerance: float) -> set[str]:
    """The findings that the oracle allows, given what its grid can have missed."""
    if verdict.low is None:
        return {"gap"}
    words = set()
    for low in (max(0.0, verdict.low - missed), verdict.low):
        for high in (verdict.high, None if verdict.high is None else verdict.high + missed):
            if low - tolerance > limit:
                words.add("gap")
            elif high is not None and high + tolerance <= limit:
                words.add("covered")
            else:
                words.add("too_close_to_call")
    return words


def can_miss(step_mi: float) -> float:
    """How far the true extreme can lie from the nearest sampled point: half a cell's diagonal, or half a border step.

    A point whose grid corner lies outside the area is cut off from it by the border, which is sampled as well.
    """
    return hypot(step_mi, step_mi) / 2 * 1.01 + step_mi / BORDER_STEPS / 2


def compare(net: aq.Network, service: str, zip5: str, step_mi: float = GRID_MI) -> tuple[str, str]:
    """Compare one answer with the oracle; gives the finding and what is wrong ('' if nothing is)."""
    answer = net.check(service, zip5=zip5, as_of=ON)
    place = answer.record.place
    travels = net.policy.services[service].mode in ("mobile", "home")
    sites = []
    for offering in net.file.offerings(service):
        word = counts(offering._asdict(), place.counties, travels)
        if word != "no":
            sites.append((offering.lon, offering.lat, offering.uncertainty_mi or 0.0, word == "all"))
    missed = can_miss(step_mi) if step_mi == GRID_MI else PROMISED_MI
    verdict = judge(place, sites, points_of(place.zcta, step_mi))
    nearest, wrong = answer.nearest_mi, []
    if (verdict.low is None) != (nearest.low is None) or (verdict.high is None) != (nearest.high is None):
        wrong.append(f"one side knows no distance: {verdict} {nearest}")
    if verdict.low is not None and not -0.001 <= verdict.low - nearest.low <= missed:
        wrong.append(f"low {nearest.low:.4f}, oracle {verdict.low:.4f}")
    if verdict.high is not None and not -0.003 <= nearest.high - verdict.high <= missed:
        wrong.append(f"high {nearest.high:.4f}, oracle {verdict.high:.4f}")
    question = answer.record.question
    if answer.finding not in possible(verdict, missed, question.limit_mi, question.tolerance_mi):
        wrong.append(f"finding {answer.finding}, oracle {verdict}")
    return answer.finding, "; ".join(wrong)


def main() -> None:
    """Compare everything, then fifty seeded pairs densely; exit 1 if anything disagrees."""
    net = aq.demo_network()
    started, wrong, met = time.perf_counter(), [], {"covered": 0, "gap": 0, "too_close_to_call": 0}
    everyone = sorted(zips("NC"))
    for number, zip5 in enumerate(everyone, start=1):
        for service in net.file.service_keys():
            finding, fault = compare(net, service, zip5)
            met[finding] += 1
            wrong += [f"{zip5} {service}: {fault}"] if fault else []
        if number % 50 == 0:
            sys.stderr.write(f"\r{number} of {len(everyone)} ZIPs, {len(wrong)} disagree")
    dice = random.Random(20261101)
    for _ in range(50):
        zip5, service = dice.choice(everyone), dice.choice(net.file.service_keys())
        _, fault = compare(net, service, zip5, DENSE_MI)
        wrong += [f"dense {zip5} {service}: {fault}"] if fault else []
    sys.stdout.write(f"\n{sum(met.values()):,} answers: {met}; {len(wrong)} disagree with the oracle; ")
    sys.stdout.write(f"{time.perf_counter() - started:.0f} s\n" + "".join(f"{line}\n" for line in wrong[:40]))
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
