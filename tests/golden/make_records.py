"""Make the frozen corpus: ``python -m tests.golden.make_records``. Run once, before a first release; then only add.

Fifty requests over every way one can go, decided on a small invented network that is kept beside them. Every later
version must decide each of them the same way: ``test_frozen_records.py``.
"""

from __future__ import annotations

import csv
import gzip
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from adequacy.api import open_network
from adequacy.casebook import open_casebook
from adequacy.casebook.entries import record_event
from adequacy.casebook.forms import read_request
from adequacy.cli import main as run_command
from adequacy.determination import canonical
from adequacy.determination.asking import determine_on

HERE = Path(__file__).resolve().parent
NETWORK, RECORDS = HERE / "frozen_network.gpkg", HERE / "frozen_records.ndjson.gz"
NOW = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)
DECIDED = date(2026, 11, 2)
OWN_NPI = "1234567893"
CALLED_FROM = 30

#: site, ZIP, lon, lat: invented sites of invented providers.
SITES = (
    ("A1", "27546", -78.8158, 35.3990), ("A2", "28301", -78.8784, 35.0527), ("A3", "27601", -78.6382, 35.7796),
    ("A4", "27701", -78.8986, 35.9940), ("A5", "28202", -80.8431, 35.2271), ("A6", "27577", -78.3394, 35.5085),
    ("A7", "27330", -79.1803, 35.4799), ("A8", "28334", -78.6089, 35.3063), ("A9", "27514", -79.0558, 35.9132),
)  # fmt: skip
#: What differs from an offering in order, by site; one service each.
ODD: dict[str, dict[str, str]] = {
    "A1": {"accepting_verified_on": "2026-06-01"},
    "A5": {"credential_status": "pending"},
    "A2": {"panel_status": "unknown", "accepting_verified_on": ""},
    "A3": {"contract_status": "unknown"},
    "A4": {"nctracks_status": "suspended"},
    "A6": {"ages_min": "5", "ages_max": "17"},
    "A7": {"contract_to": "2026-10-31"},
    "A9": {"agreement_type": "single_client"},
}
SERVICES = ("saiop", "psr", "mst", "actt", "op_therapy", "otp")
CONSUMERS = (
    {"zip": "27546"}, {"zip": "27577"}, {"zip": "28334"}, {"point": "35.2,-78.9"}, {"zip": "27360"},
    {"address": "100 Main Street, Lillington, NC 27546"}, {"zip": "28202"},
)  # fmt: skip


def roster(path: Path) -> None:
    """Write the invented roster."""
    rows = []
    for site, zip5, lon, lat in SITES:
        for index, service in enumerate(SERVICES):
            if (index + int(site[1])) % 3 == 0:
                continue
            row = {
                "provider_id": f"P{site}", "npi": OWN_NPI if site == "A8" else "",
                "provider_name": f"Invented {site}",
                "provider_kind": "organisation", "site_id": site, "site_name": f"Site {site}",
                "street": "1 Test Street",
                "city": "Test", "state": "NC", "zip5": zip5, "lon": lon, "lat": lat, "phone": "919-555-0100",
                "service": service, "panel_status": "accepting", "accepting_verified_on": "2026-10-15",
                "contract_status": "active", "contract_from": "2020-01-01", "credential_status": "approved",
                "nctracks_status": "active",
                "counties_served": "37085;37101" if service == "mst" else "",
            }  # fmt: skip
            rows.append({**row, **(ODD.get(site, {}) if index % 2 else {})})
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def requests() -> list[dict[str, str]]:
    """Fifty requests: every service and place, with and without consumer, every pre-screen, inpatient."""
    made: list[dict[str, str]] = []
    for n in range(44):
        asked = {
            "service": SERVICES[n % len(SERVICES)],
            "received": f"2026-10-{10 + n % 20:02d}T09:{n:02d}",
            "requester": f"Requester {n}",
            "consumer_ref": f"REF-{n}",
            "client_specific": "YNU"[n % 3],
            "nctracks": "YYNU"[n % 4],
            "urgent": "Y" if n % 11 == 0 else "N",
            "in_treatment": "Y" if n % 13 == 0 else "N",
            "requested_by": "member" if n % 7 == 0 else "provider",
            **CONSUMERS[n % len(CONSUMERS)],
        }
        if n % 2:
            asked["age"] = str(8 + n)
        if n % 5 == 0:
            asked |= {"requester_npi": OWN_NPI, "site_zip": "28334"}
        if n % 9 == 0:
            asked["accessible"] = "N"
        made.append(asked)
    base = {"received": "2026-10-30T10:00", "requester": "No Consumer"}
    without = (("saiop", "27546"), ("otp", "27360"), ("psr", "27577"))
    made += [{**base, "service": service, "site_zip": zip5} for service, zip5 in without]
    inpatient = {**base, "service": "ip_adult", "level": "inpatient", "consumer_ref": "REF-I"}
    made += [{**inpatient, "admitted": moment} for moment in ("2026-10-30T02:00", "2026-10-31T21:30")]
    return [*made, {**base, "service": "saiop", "zip": "27546", "consumer_ref": "a consumer"}]


def draft(network: Any, case: Any, contacts: Any) -> dict[str, Any]:
    """Decide one request on the network."""
    clocks = [clock.to_dict() for clock in case.clocks]
    return determine_on(
        network.file, network.policy, case.request, on=DECIDED, contacts=contacts, clocks=clocks
    ).to_draft()


def main() -> None:
    """Make network and records."""
    with tempfile.TemporaryDirectory() as folder:
        roster(Path(folder) / "roster.csv")
        try:
            run_command(
                ["network", "build", f"{folder}/roster.csv", "--out", str(NETWORK), "--roster-date", "2026-11-01"]
            )
        except SystemExit as done:
            if done.code:
                raise
        lines = []
        with open_network(NETWORK) as network, open_casebook(f"{folder}/book.sqlite", network.policy) as book:
            ids = book.open_requests([read_request(each, network.policy) for each in requests()], now=NOW)
            for n, one in enumerate(ids):
                record = book.decide(one, lambda case, contacts: draft(network, case, contacts), now=NOW)
                if record["outcome"] == "VERIFY_ACCESS" and n >= CALLED_FROM:
                    for site in record["answer"]["sites"]:
                        given = {"site": site["site_id"], "result": "full" if n % 4 == 1 else "accepting"}
                        record_event(book, one, "contacted", given, by="A. Lee", now=NOW)
                    record = book.decide(one, lambda case, contacts: draft(network, case, contacts), now=NOW)
                lines.append(canonical(record))
    with gzip.GzipFile(RECORDS, "wb", mtime=0) as file:
        file.write(("\n".join(lines) + "\n").encode("utf-8"))


if __name__ == "__main__":
    main()
