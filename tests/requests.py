"""Requests, answers and drafts small enough to read, for the tests of determination and casebook."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from adequacy.casebook.forms import read_request
from adequacy.determination import Contact, determine
from adequacy.policy import load_policy

if TYPE_CHECKING:
    from adequacy.casebook.process import Case

POLICY = load_policy()
#: Overlay that switches the strict reading of the closed network on.
STRICT = """
strict_closed_network:
  description: Strict reading, for the tests.
  unit: switch
  confidence: stated
  values:
    2020-10-12: true
  reference:
    - title: A memo of counsel, invented
      document: memo
      checked: 2026-10-01
"""


def request(**given: str) -> dict[str, str]:
    """A request of a named consumer in 27546 for SAIOP, with what is given laid over it."""
    usual = {
        "service": "saiop",
        "received": "2026-10-29T12:15",
        "requester": "A Clinic",
        "zip": "27546",
        "consumer_ref": "REF-1",
        "age": "34",
    }
    return read_request({**usual, **given}, POLICY)


def site(site_id: str = "S1", **given: Any) -> dict[str, Any]:
    """A counted site of an answer: accepting, verified ten days before the decision."""
    usual = {
        "site_id": site_id, "provider_id": f"P-{site_id}", "provider": f"Provider {site_id}", "npi": "",
        "name": f"Site {site_id}", "phone": "919-555-0100", "lon": -78.8, "lat": 35.4, "distance_mi": 7.9,
        "distance_low_mi": 3.1, "distance_high_mi": 14.2, "within": "all", "ages_min": None, "ages_max": None,
        "panel_status": "accepting", "accepting_verified_on": "2026-10-22",
    }  # fmt: skip
    return {**usual, **given}


def answer(finding: str = "covered", sites: list[dict[str, Any]] | None = None, **given: Any) -> dict[str, Any]:
    """An ``adequacy.check/1`` document: covered by one accessible site unless said otherwise."""
    usual = {
        "schema": "adequacy.check/1",
        "finding": finding,
        "finding_if_unknowns_count": finding,
        "service": {"key": "saiop", "name": "SAIOP", "codes": ["H0015"], "mode": "site"},
        "origin": {
            "given": "zip", "kind": "area", "zip5": "27546", "zcta": "27546", "lon": -78.846, "lat": 35.397,
            "precision": "zip", "uncertainty_mi": 12.5, "county_fips": "37085", "counties": ["37085"], "source": "ZCTA",
        },
        "standard": {"id": "alliance_oon.radius", "limit_mi": 30.0, "measure": "geodesic", "boundary": "included"},
        "nearest_mi": {"low": 3.1, "reference": 7.9, "high": 14.2},
        "tolerance_mi": 0.3,
        "share_within_pct": 100.0,
        "sites": ([site()] if finding != "gap" else []) if sites is None else sites,
        "serves_county_beyond_limit": [],
        "not_counted": [],
        "funnel": {"rows": 3, "counted": 1},
        "cautions": [],
        "network": {"name": "test", "roster_date": "2026-11-01", "sha256": "a" * 64, "is_demo": True, "defaults": []},
        "as_of": "2026-11-01",
    }  # fmt: skip
    return {**usual, **given}


def draft_of(**changes: Any) -> Any:
    """A function for ``Casebook.decide`` that decides by a fixed answer."""

    def _draft(case: Case, contacts: list[Contact]) -> dict[str, Any]:
        clocks = [clock.to_dict() for clock in case.clocks]
        found = None if case.request["level_of_care"] == "inpatient" else answer(**changes)
        return determine(
            case.request, found, policy=POLICY, on=date(2026, 11, 1), contacts=contacts, clocks=clocks
        ).to_draft()

    return _draft
