"""Runs the cases that policy staff write: findings.yaml and reasons.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from geographiclib.geodesic import Geodesic

from adequacy.access import Question, counts_for_gap, find
from adequacy.distance import MILE_M
from adequacy.geocode import Place
from tests.offerings import offering

HERE = Path(__file__).parent
ON = "2026-11-01"


def cases(name: str) -> list[Any]:
    """One parameter per case, named by the case."""
    loaded = yaml.safe_load((HERE / name).read_text(encoding="utf-8"))
    return [pytest.param(case, id=case["name"]) for case in loaded]


def place_of(given: dict[str, Any]) -> Place:
    """A point with what the case says of it."""
    return Place(
        given="point",
        kind="point",
        lon=given["lon"],
        lat=given["lat"],
        precision="given",
        uncertainty_mi=given.get("uncertainty_mi", 0.0),
        zip5=None,
        zcta=None,
        state="NC",
        county_fips=None,
        counties=tuple(given.get("counties", ())),
        area=None,
        mailing=False,
        source="case",
        cautions=(),
    )


def site_of(number: int, given: dict[str, Any], place: Place) -> Any:
    """An offering at the site of a case."""
    given = dict(given)
    north = given.pop("miles_north", None)
    if north is not None:
        end = Geodesic.WGS84.Direct(place.lat, place.lon, 0.0, north * MILE_M)
        given |= {"lon": end["lon2"], "lat": end["lat2"]}
    return offering(site_id=f"S{number}", **given)


@pytest.mark.parametrize("case", cases("findings.yaml"))
def test_the_finding_is_what_the_case_says(case: dict[str, Any]) -> None:
    place = place_of(case["place"])
    offerings = [site_of(number, site, place) for number, site in enumerate(case["sites"])]
    question = Question(on=ON, limit_mi=30.0, tolerance_mi=0.0, travels=case.get("travels", False))
    finding = find(place, offerings, question)
    assert finding.word == case["finding"]
    assert finding.word_if_unknowns_count == case.get("if_unknowns_count", finding.word_if_unknowns_count)
    for name, miles in case.get("nearest_mi", {}).items():
        assert getattr(finding.nearest, name) == (None if miles is None else pytest.approx(miles, abs=2e-4))


@pytest.mark.parametrize("case", cases("reasons.yaml"))
def test_the_reasons_are_what_the_case_says(case: dict[str, Any]) -> None:
    changes = {key: value for key, value in case.items() if key not in ("name", "reasons", "asked")}
    assert list(counts_for_gap(offering(**changes), ON, **case.get("asked", {}))) == case["reasons"]


def test_every_reason_of_the_ledger_has_a_case() -> None:
    from adequacy.access import REASONS

    met = {reason for case in cases("reasons.yaml") for reason in case.values[0]["reasons"]}
    assert met == set(REASONS)
