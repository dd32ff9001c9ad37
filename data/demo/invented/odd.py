"""Rows that are odd on purpose, in one invented provider in the far west: what a roster can do to careless software."""

from __future__ import annotations

from .draw import npi

Row = dict[str, str]

PROVIDER = "O'Brien & Søn <b>Odd on Purpose</b> (invented)"
#: Site name and the cells that make the row odd. The service words are as staff write them.
ODD_SITES: tuple[tuple[str, Row], ...] = (
    ('Nell\'s Place & Sons "Quoted", Ltd.', {"service": "op_therapy"}),
    ("<img src=x onerror=alert(1)><script>alert(2)</script>", {"service": "SAIOP"}),
    ('=HYPERLINK("http://x","click")', {"service": "H0020", "phone": "+1-828-555-0101"}),
    ("{{7*7}} {% for x in y %} ${alert(3)} `tick`", {"service": "peer support services"}),
    ("\x1b[31mred\x1b[0m and \x07 bell", {"service": "op_eval"}),
    ("A very long name " + "that does not end " * 14 + "until here", {"service": "op_medmgmt"}),
    ("Ŝpațiu Ñandú 東京 \u202egnirts\u202c 🦉", {"service": "psr", "city": "Robbinsville"}),
    ("@SUM(1+1)*cmd|' /C calc'!A0", {"service": "op_crisis", "email": "=1+1@example.org"}),
    ("../../etc/passwd%00.xlsx", {"service": "da", "street": "PO Box 1"}),
    ("'; DROP TABLE sites; --", {"service": "op_mat", "zip5": "02801", "lon": "-71.3", "lat": "41.7", "state": "RI"}),
)
#: Two rows that cannot get in: they show what a refused row looks like.
REFUSED_SITES: tuple[tuple[str, Row], ...] = (
    ("A service that means two things", {"service": "TCM"}),
    ("A service line that ends before it starts", {"service": "saiop", "service_from": "2026-12-01",
                                                   "service_to": "2026-06-30"}),
)  # fmt: skip


def odd_rows() -> list[Row]:
    """Return the odd rows, then the refused ones, as roster cells."""
    rows = []
    for number, (name, cells) in enumerate(ODD_SITES + REFUSED_SITES, start=1):
        base = {
            "provider_id": "P9999",
            "npi": npi("299999999"),
            "provider_name": PROVIDER,
            "provider_kind": "individual",
            "site_id": f"ODD-{number:02d}",
            "site_name": name,
            "street": f"{number} Invented Hollow Road",
            "city": "Robbinsville",
            "state": "NC",
            "zip5": "28771",
            "phone": f"828-555-01{number:02d}",
            "email": "odd@example.org",
            "lon": f"{-83.80 + number / 500:.6f}",
            "lat": f"{35.32 + number / 900:.6f}",
            "precision": "given",
            "panel_status": "accepting",
            "accepting_verified_on": "2026-10-01",
            "contract_id": "C-2024-9999",
            "contract_status": "active",
            "contract_from": "2024-07-01",
            "credential_status": "approved",
            "nctracks_status": "active",
        }
        rows.append(base | cells)
    return rows
