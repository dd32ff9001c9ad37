"""Invented paperwork: one sample request for each way a request can go, and a log of past decisions."""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import TYPE_CHECKING

from adequacy.distance import miles, to_ecef

from . import ROSTER_DATE
from .counting import reasons
from .draw import Draw, npi

if TYPE_CHECKING:
    from .contracts import Plan
    from .geography import ZipPoint
    from .sites import Site

Row = dict[str, str]

#: ``sample``, ``way`` and ``note`` are for the reader; the rest are the options of ``adequacy request open``.
REQUEST_COLUMNS = (
    "sample", "way", "service", "zip", "received", "requester", "requester_npi", "provider_type", "site_zip",
    "consumer_ref", "requested_by", "age", "urgent", "in_treatment", "client_specific", "nctracks", "accessible",
    "par", "level", "admitted", "note",
)  # fmt: skip
PAST_COLUMNS = ("id", "received", "service", "zip", "lon", "lat", "decision", "reason")
PAST_DECISIONS = 300
#: What the plan's rule looked at when the log was written; the tool itself reads its limit from policy.
LIMIT_MI, TOLERANCE_MI = 30.0, 0.3
CONTRACTED_REQUESTER = "Carolina Outreach"

#: sample, way, service, zip of the consumer, zip of the requester's site, what else is known, note.
_SAMPLES: tuple[tuple[str, str, str, str, str, Row, str], ...] = (
    ("too close to call", "R01", "actt", "27577", "27520", {"client_specific": "Y", "nctracks": "Y"},
     "part of the ZIP lies within 30 miles: ask for the street address"),
    ("no consumer, providers there", "R02", "op_therapy", "", "27701", {"nctracks": "Y"},
     "nobody is named: the origin is the requester's own site"),
    ("no consumer, a gap", "R03", "rt_l4", "", "28301", {"nctracks": "Y"},
     "closed as the text says, and the gap is flagged inside the plan"),
    ("providers available", "R05", "saiop", "27546", "28334", {"age": "34", "client_specific": "N", "nctracks": "Y"},
     "letter and list of contracted providers"),
    ("nobody has asked them yet", "R06", "inn_nav", "27601", "27610", {"age": "27", "nctracks": "U"},
     "no site within 30 miles is verified as accepting: call them first"),
    ("they were called, none can take him", "R07>R12", "psr", "28301", "28303",
     {"age": "41", "accessible": "N", "client_specific": "Y", "nctracks": "Y"},
     "covered on the map, not accessible: go on as in a gap"),
    ("a gap, not client-specific", "R09", "wm37", "28306", "28304",
     {"age": "52", "client_specific": "N", "nctracks": "Y"},
     "no single client agreement; the plan must still find care"),
    ("a gap, why this provider?", "R10", "php_partial", "28314", "28303", {"age": "19", "client_specific": "U"},
     "ask why this provider for this consumer"),
    ("a gap, the requester is contracted", "R11", "fbc_adult", "28301", "28303",
     {"age": "38", "client_specific": "Y", "nctracks": "Y", "in_treatment": "N"},
     "a contract amendment, with the OON SAR"),
    ("a gap, a single client agreement", "R12", "fbc_child", "28306", "28303",
     {"age": "14", "client_specific": "Y", "nctracks": "Y", "requested_by": "provider"},
     "the Out-of-Network Single Client Application/Agreement, with the OON SAR"),
    ("a gap, not in NCTracks", "R13", "sa_med_res", "28301", "28305",
     {"age": "45", "client_specific": "Y", "nctracks": "N"},
     "enrol for the service at the site first; escalate"),
    ("inpatient", "R00", "ip_adult", "27601", "27834",
     {"age": "30", "level": "inpatient", "admitted": "2026-10-31T21:30"},
     "72 elapsed hours run over the night on which the clocks go back"),
)  # fmt: skip


def requests(sites: list[Site]) -> list[Row]:
    """Return the sample requests, one for each way a request can go."""
    contracted = next(site.provider for site in sites if site.provider.name.startswith(CONTRACTED_REQUESTER))
    rows = []
    for number, (sample, way, service, zip5, site_zip, facts, note) in enumerate(_SAMPLES, start=1):
        is_contracted = way == "R11"
        received = date(2026, 10, 26) + timedelta(days=(number - 1) % 5)
        row = {
            "sample": sample,
            "way": way,
            "service": service,
            "zip": zip5,
            "received": f"{received.isoformat()}T{8 + number % 9:02d}:15",
            "requester": contracted.name if is_contracted else f"Invented Requester {number:02d} (no real provider)",
            "requester_npi": contracted.npi if is_contracted else npi(f"2000000{number:02d}"),
            "provider_type": "organisation",
            "site_zip": site_zip,
            "consumer_ref": f"REF-2026-{number:04d}" if zip5 else "",
            "requested_by": "provider",
            "par": f"PAR-2026-{number:04d}",
            "note": note,
        }
        if "admitted" in facts:
            row["received"] = "2026-11-01T08:15"
        rows.append(row | facts)
    return rows


class Counted:
    """Where the offerings that count stand, by service, and those whose contract had ended."""

    def __init__(self, offerings: list[Row]) -> None:
        self._counting: dict[str, list[Row]] = {}
        self._ended: dict[str, list[Row]] = {}
        for row in offerings:
            why = reasons(row, ROSTER_DATE)
            if row["lon"] and why in ([], ["contract_ended"]):
                (self._ended if why else self._counting).setdefault(row["service"], []).append(row)

    def nearest_mi(self, service: str, place: ZipPoint) -> float:
        """Return the miles from the ZIP's point to the nearest offering that counts."""
        return self._nearest(self._counting.get(service, []), place)

    def nearest_ended_mi(self, service: str, place: ZipPoint) -> float:
        """Return the miles to the nearest offering that fails only because its contract ended."""
        return self._nearest(self._ended.get(service, []), place)

    @staticmethod
    def _nearest(rows: list[Row], place: ZipPoint) -> float:
        here = to_ecef(place.lon, place.lat)
        points = [
            (float(row["lon"]), float(row["lat"]))
            for row in rows
            if not row["counties_served"] or place.county_fips in row["counties_served"].split(";")
        ]
        if not points:
            return math.inf
        return miles(place.lon, place.lat, *min(points, key=lambda point: math.dist(here, to_ecef(*point))))


#: Rows that cannot be replayed: received, service, zip, lon, lat, decision, reason.
_UNDECIDABLE = (
    ("2026-02-11", "TCM", "27701", "", "", "closed", "contracted providers available"),
    ("2026-02-19", "respite", "27601", "", "", "closed", "contracted providers available"),
    ("2026-03-05", "SAIPO", "27546", "", "", "closed", "contracted providers available"),
    ("2026-03-17", "TCLI", "28202", "", "", "other", "not a service"),
    ("2026-04-02", "ACTT", "27002", "", "", "continued", "no contracted provider within 30 miles"),
    ("2026-05-21", "MST", "2754", "", "", "continued", "no contracted provider within 30 miles"),
    ("2026-06-08", "PSR", "", "35.05", "-78.87", "closed", "contracted providers available"),
    ("2012-05-14", "OTP", "27701", "", "", "closed", "contracted providers available"),
)


def past_decisions(offerings: list[Row], plans: list[Plan], zips: list[ZipPoint]) -> list[Row]:
    """Return about 300 past decisions: most as the rule would decide today, some not, a few that cannot be replayed."""
    counted = Counted(offerings)
    able = [plan for plan in plans if plan.mode != "inpatient"]
    scarce = [plan for plan in able if plan.anchors]
    rows = [
        _past(number, scarce if number % 3 else able, zips, counted)
        for number in range(PAST_DECISIONS - len(_UNDECIDABLE))
    ]
    rows += [dict(zip(PAST_COLUMNS[1:], cells, strict=True)) for cells in _UNDECIDABLE]
    rows.sort(key=lambda row: (row["received"], row["service"], row["zip"]))
    return [{"id": f"PAST-{number:04d}"} | row for number, row in enumerate(rows, start=1)]


def _past(number: int, plans: list[Plan], zips: list[ZipPoint], counted: Counted) -> Row:
    draw = Draw(f"past/{number}")
    plan, place = draw.pick(plans), draw.pick(zips)
    decision, reason = _decision(draw, plan.key, place, counted)
    by_point = draw.chance(10)
    return {
        "received": draw.day(date(2025, 11, 3), date(2026, 10, 30)).isoformat(),
        "service": plan.key,
        "zip": "" if by_point else place.zip5,
        "lon": f"{place.lon:.5f}" if by_point else "",
        "lat": f"{place.lat:.5f}" if by_point else "",
        "decision": decision,
        "reason": reason,
    }


def _decision(draw: Draw, service: str, place: ZipPoint, counted: Counted) -> tuple[str, str]:
    """Decide as staff did: by the rule for most, otherwise for one in eight."""
    if draw.chance(5):
        return "other", draw.pick(("withdrawn", "duplicate of an earlier request"))
    nearest = counted.nearest_mi(service, place)
    otherwise = draw.chance(13)
    if nearest + place.radius_mi + TOLERANCE_MI <= LIMIT_MI:
        if otherwise:
            return "continued", draw.pick(("listed providers not accepting", "consumer asked for this provider",
                                           "drive time over 45 minutes"))  # fmt: skip
        return "closed", "contracted providers available"
    if nearest - place.radius_mi - TOLERANCE_MI > LIMIT_MI:
        if counted.nearest_ended_mi(service, place) <= LIMIT_MI and draw.chance(60):
            return "closed", "counted a site whose contract had ended"
        return ("closed", "network closed") if otherwise else ("continued", "no contracted provider within 30 miles")
    if nearest <= LIMIT_MI:
        return "closed", "measured from the middle of the ZIP"
    return "continued", "measured from the middle of the ZIP"
