"""Offerings for tests: one that counts, to be changed in the field a test is about."""

from __future__ import annotations

from typing import Any

from adequacy.network import Offering

GOOD: dict[str, Any] = {
    "offering_id": 1,
    "provider_id": "P1",
    "site_id": "S1",
    "service_key": "saiop",
    "panel_status": "accepting",
    "referral_stop": "N",
    "agreement_type": "full",
    "funding": "both",
    "contract_status": "active",
    "contract_from": "2020-01-01",
    "credential_status": "approved",
    "nctracks_status": "active",
    "ages_min": None,
    "ages_max": None,
    "source_row": 2,
    "site_name": "Site",
    "provider_name": "Provider",
    "provider_kind": "organisation",
    "state": "NC",
    "lon": -78.8,
    "lat": 35.4,
    "precision": "given",
    "uncertainty_mi": 0.0,
}


def offering(**changes: Any) -> Offering:
    """An offering that counts, with changes; every text not named is empty."""
    values = {name: "" for name in Offering._fields} | GOOD | changes
    return Offering(**values)
