"""The demo shows what it is there to show, by a plain reading of the roster and a plain geodesic.

Nothing here trusts the tool's own search: distances are ``pyproj.Geod``, places are ZIP points with the radius that
holds the whole area. What each service lacks, and where, is planned in ``data/demo/service_plan.csv``.
"""

from __future__ import annotations

import csv
import io
import sys
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pyproj import Geod

from adequacy import reference
from adequacy.access import REASONS, counts_for_gap
from adequacy.network import NetworkFile, open_network

if TYPE_CHECKING:
    from collections.abc import Iterator

DEMO = Path(__file__).parents[2] / "data" / "demo"
PLAN_COUNTIES = {"37063", "37183", "37051", "37101", "37135", "37119", "37085"}
DAY = "2026-11-01"
LIMIT_MI, TOLERANCE_MI, MILE_M = 30.0, 0.3, 1609.344
with (DEMO / "service_plan.csv").open(encoding="utf-8", newline="") as _stream:
    SERVICES = tuple(line["service"] for line in csv.DictReader(_stream))
COMMON = ("op_therapy", "op_eval", "op_medmgmt", "op_mat", "peer", "saiop", "sacot", "otp")
SCARCE = ("actt", "mst", "prtf", "fbc_adult", "fbc_child", "php_partial", "wm37", "cdsa", "ip_child", "rt_l4")
#: What a request's way through the decision table says of the finding at its place.
FINDING_OF_WAY = {
    "R01": "too_close_to_call",
    "R02": "covered",
    "R05": "covered",
    "R06": "covered",
    "R07>R12": "covered",
}


@pytest.fixture(scope="module")
def scripts() -> Iterator[dict[str, Any]]:
    """The demo's own scripts, imported as they stand in the repository."""
    before, path = set(sys.modules), list(sys.path)
    sys.path.insert(0, str(DEMO))
    import build_demo
    import make_demo
    from invented import counting

    yield {"make": make_demo.make, "build": build_demo.build, "reasons": counting.reasons}
    sys.path[:] = path
    for name in set(sys.modules) - before:
        if name.split(".")[0] in ("build_demo", "make_demo", "invented"):
            del sys.modules[name]


@pytest.fixture(scope="module")
def roster() -> list[dict[str, str]]:
    text = reference.demo_files()["roster.csv"].decode("utf-8")
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.fixture(scope="module")
def network() -> NetworkFile:
    return open_network(reference.demo_path())


@pytest.fixture(scope="module")
def plan_areas() -> list[reference.ZipArea]:
    areas = (reference.find_area(zcta) for zcta in reference.areas("NC"))
    return [area for area in areas if area is not None and area.county_fips in PLAN_COUNTIES]


def nearest_mi(sites: list[tuple[float, float]], areas: list[reference.ZipArea]) -> np.ndarray:
    """Geodesic miles from each ZIP's internal point to the nearest of the sites."""
    lon = np.array([area.lon for area in areas])[:, None]
    lat = np.array([area.lat for area in areas])[:, None]
    site_lon, site_lat = np.array(sites).T
    shape = np.broadcast(lon, site_lon).shape
    metres = Geod(ellps="WGS84").inv(*(np.broadcast_to(each, shape) for each in (lon, lat, site_lon, site_lat)))[2]
    return np.asarray(metres).min(axis=1) / MILE_M


def test_the_script_gives_the_shipped_files_byte_for_byte(scripts: dict[str, Any]) -> None:
    made = {name: text.encode() for name, text in scripts["make"]().items()}
    assert made == reference.demo_files()


def test_the_shipped_network_is_the_shipped_roster(
    scripts: dict[str, Any], network: NetworkFile, roster: list[dict[str, str]], tmp_path: Path
) -> None:
    report = scripts["build"](tmp_path / "demo.gpkg")
    assert (report.read, report.refused) == (len(roster), 2)
    assert report.sha256 == network.meta.sha256
    assert (network.meta.roster_date, network.meta.is_demo, network.meta.name) == (DAY, True, "demo")


@pytest.mark.parametrize("day", ["2026-10-31", DAY, "2026-12-31", "2027-07-01"])
def test_access_counts_what_the_demos_plain_restatement_counts(
    scripts: dict[str, Any], network: NetworkFile, roster: list[dict[str, str]], day: str
) -> None:
    by_row = {number: row for number, row in enumerate(roster, start=2)}
    seen = 0
    for service in SERVICES:
        for offering in network.offerings(service):
            row = by_row[offering.source_row]
            plain = set(scripts["reasons"](row, date.fromisoformat(day)))
            assert set(counts_for_gap(offering, day)) == plain, offering.source_row
            seen += 1
    assert seen == len(roster) - 2


def test_every_reason_of_the_ledger_occurs_in_the_plans_counties(network: NetworkFile) -> None:
    found: dict[str, set[str]] = defaultdict(set)
    alone: dict[str, int] = defaultdict(int)
    for service in SERVICES:
        for offering in network.offerings(service):
            if offering.county_fips in PLAN_COUNTIES:
                why = counts_for_gap(offering, DAY, age=7, counties=("37101",), funding="medicaid", population="women")
                for reason in why:
                    found[reason].add(offering.site_id)
                basic = counts_for_gap(offering, DAY)
                if len(basic) == 1:
                    alone[basic[0]] += 1
    assert {reason: len(sites) for reason, sites in found.items() if len(sites) < 3} == {}
    assert set(found) == set(REASONS)
    assert all(count >= 2 for count in alone.values())


def counted(network: NetworkFile, service: str, *, unknown_too: bool = False) -> list[tuple[float, float]]:
    """Points of the sites that count, with those whose place is only a ZIP left out."""
    points = []
    for offering in network.offerings(service):
        why = counts_for_gap(offering, DAY)
        if unknown_too:
            why = tuple(reason for reason in why if not reason.endswith("_unknown"))
        if not why and offering.uncertainty_mi == 0:
            points.append((offering.lon, offering.lat))
    return points


@pytest.mark.parametrize("service", COMMON)
def test_a_common_service_covers_every_zip_of_the_plan(
    network: NetworkFile, plan_areas: list[reference.ZipArea], service: str
) -> None:
    radius = np.array([area.max_radius_mi for area in plan_areas])
    worst = nearest_mi(counted(network, service), plan_areas) + radius + TOLERANCE_MI
    assert worst.max() <= LIMIT_MI


@pytest.mark.parametrize("service", SCARCE)
def test_a_scarce_service_leaves_gaps_and_zips_on_the_line(
    network: NetworkFile, plan_areas: list[reference.ZipArea], service: str
) -> None:
    radius = np.array([area.max_radius_mi for area in plan_areas])
    nearest = nearest_mi(counted(network, service), plan_areas)
    assert (nearest - radius - TOLERANCE_MI > LIMIT_MI).sum() >= 3
    assert (abs(nearest - LIMIT_MI) < radius / 2).any()


def test_missing_facts_change_the_answer_of_a_few_services(
    network: NetworkFile, plan_areas: list[reference.ZipArea]
) -> None:
    radius = np.array([area.max_radius_mi for area in plan_areas])
    changed = 0
    for service in ("actt", "mst", "wm32", "tbi_cogrehab"):
        gap = nearest_mi(counted(network, service), plan_areas) - radius - TOLERANCE_MI > LIMIT_MI
        covered = nearest_mi(counted(network, service, unknown_too=True), plan_areas) + radius <= LIMIT_MI
        changed += int((gap & covered).sum())
    assert changed >= 5


def test_the_sample_requests_stand_where_their_way_begins(roster: list[dict[str, str]]) -> None:
    import adequacy

    net = adequacy.demo_network()
    text = reference.demo_files()["requests.csv"].decode("utf-8")
    for request in csv.DictReader(io.StringIO(text, newline="")):
        if request["level"] == "inpatient":
            continue
        answer = net.check(request["service"], zip5=request["zip"] or request["site_zip"]).to_dict()
        assert answer["finding"] == FINDING_OF_WAY.get(request["way"], "gap"), request["sample"]
        assert answer["finding_if_unknowns_count"] == answer["finding"], request["sample"]
        if request["way"] == "R05":
            assert answer["accessibility"]["accepting_verified"] > 0
        if request["way"] == "R06":
            assert answer["accessibility"]["accepting_verified"] == 0
    requester = next(row for row in csv.DictReader(io.StringIO(text)) if row["way"] == "R11")["requester_npi"]
    assert any(row["npi"] == requester and row["agreement_type"] == "full" for row in roster)
