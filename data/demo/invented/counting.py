"""Whether an invented offering counts on a day: a plain re-statement, for the demo's own planning only.

The tool's one definition is ``adequacy.access``; ``tests/validate/test_demo_network.py`` holds the two together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

Row = dict[str, str]


def reasons(row: Row, on: date) -> list[str]:
    """Return why the offering does not count on that day, whoever asks; empty if it counts."""
    day = on.isoformat()
    found = _contract(row, day)
    if row.get("agreement_type") == "single_client":
        found.append("single_client_only")
    if _outside(row, "service", day):
        found.append("service_not_in_force")
    found += _credential(row, day) + _nctracks(row, day)
    if row.get("referral_stop") == "Y":
        found.append("referral_stop")
    if row.get("telehealth") == "only":
        found.append("telehealth_only")
    elif not row.get("lon") and not row.get("zip5"):
        found.append("not_located")
    return found


def _outside(row: Row, name: str, day: str) -> bool:
    first, last = row.get(f"{name}_from", ""), row.get(f"{name}_to", "")
    return day < first or bool(last and last < day)


def _contract(row: Row, day: str) -> list[str]:
    status = row.get("contract_status", "")
    if status == "ended" or (row.get("contract_to") and row["contract_to"] < day):
        return ["contract_ended"]
    if day < row.get("contract_from", ""):
        return ["contract_not_started"]
    if status == "active":
        return []
    return ["contract_unknown"] if status in ("", "unknown") else ["contract_not_active"]


def _credential(row: Row, day: str) -> list[str]:
    past = [name for name in ("credential_due", "license_expiry") if row.get(name) and row[name] < day]
    if past or row.get("credential_status") in ("pending", "denied", "expired"):
        return ["not_credentialed"]
    return ["credential_unknown"] if row.get("credential_status", "") in ("", "unknown") else []


def _nctracks(row: Row, day: str) -> list[str]:
    status = row.get("nctracks_status", "")
    if _outside(row, "nctracks", day) or status not in ("active", "unknown", ""):
        return ["nctracks_not_active"]
    return [] if status == "active" else ["nctracks_unknown"]
