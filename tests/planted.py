"""Roster mistakes of 25 kinds, planted by seed into a clean roster: each knows its row, its column and its rules."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["CLEAN_COLUMNS", "KINDS", "Planted", "clean_rows", "plant"]

CLEAN_COLUMNS = (
    "provider_name", "npi", "site_name", "street", "city", "state", "zip5", "county_fips", "phone", "lon", "lat",
    "service", "taxonomy", "ages_min", "ages_max", "telehealth", "contract_status", "contract_from", "contract_to",
    "credential_status", "nctracks_status", "license_expiry",
)  # fmt: skip
#: Real places of NC towns: city, ZIP, county, lon, lat.
_TOWNS = (
    ("Lillington", "27546", "37085", -78.815, 35.399), ("Smithfield", "27577", "37101", -78.339, 35.508),
    ("Durham", "27701", "37063", -78.899, 35.996), ("Raleigh", "27601", "37183", -78.636, 35.775),
    ("Fayetteville", "28301", "37051", -78.874, 35.069), ("Charlotte", "28202", "37119", -80.845, 35.227),
    ("Hillsborough", "27278", "37135", -79.098, 36.076),
)  # fmt: skip
_SERVICES = (("saiop", "261QR0405X"), ("otp", "261QM2800X"), ("psr", "251S00000X"), ("op_therapy", "1041C0700X"))
_STREETS = ("Main Street", "Oak Avenue", "North Church Street", "Market Street", "Depot Road")


@dataclass(frozen=True)
class Planted:
    """One mistake: its kind, the row of the file, and the rules of which one must name it."""

    kind: str
    row: int
    rules: tuple[str, ...]


def npi(number: int) -> str:
    """Return the ``number``-th NPI with a true check digit."""
    stem = f"1{number:08d}"
    total = 24
    for place, digit in enumerate(reversed(stem)):
        doubled = int(digit) * (1 if place % 2 else 2)
        total += doubled - 9 if doubled > 9 else doubled
    return f"{stem}{-total % 10}"


def clean_rows(number: int, seed: int) -> list[dict[str, str]]:
    """Make rows without any mistake: one provider, one site, one service each."""
    draw = random.Random(seed)
    rows = []
    for place in range(number):
        city, zip5, county, lon, lat = draw.choice(_TOWNS)
        service, taxonomy = draw.choice(_SERVICES)
        rows.append(
            {
                "provider_name": f"{_word(place)} {_word(place * 7 + 3)} {_word(place * 31 + 11)} Care",
                "npi": npi(place * 37 + 1000), "site_name": f"Site {place}",
                "street": f"{place + 100} {draw.choice(_STREETS)}", "city": city, "state": "NC", "zip5": zip5,
                "county_fips": county, "phone": f"919-555-{place % 10000:04d}",
                "lon": f"{lon + draw.uniform(-0.01, 0.01):.6f}", "lat": f"{lat + draw.uniform(-0.01, 0.01):.6f}",
                "service": service, "taxonomy": taxonomy, "ages_min": "18", "ages_max": "64", "telehealth": "N",
                "contract_status": "active", "contract_from": "2024-01-01", "contract_to": "2027-12-31",
                "credential_status": "approved", "nctracks_status": "active", "license_expiry": "2027-06-30",
            }
        )  # fmt: skip
    return rows


def _word(number: int) -> str:
    """Return a pronounceable word for a number; words of different numbers are far apart."""
    draw = random.Random(number * 7919 + 13)
    return "".join(draw.choice("bcdfghklmnprstvwz") + draw.choice("aeiou") for _ in range(4)).capitalize()


Row = dict[str, str]


def _set(column: str, change: Callable[[str], str]) -> Callable[[Row, random.Random], None]:
    def act(row: Row, draw: random.Random) -> None:
        row[column] = change(row[column])

    return act


def _swap(row: Row, draw: random.Random) -> None:
    row["lon"], row["lat"] = row["lat"], row["lon"]


def _zero(row: Row, draw: random.Random) -> None:
    row["lon"] = row["lat"] = "0"


def _micro(row: Row, draw: random.Random) -> None:
    row["lon"], row["lat"] = (str(round(abs(float(row[name])) * 1e6)) for name in ("lon", "lat"))


def _far(row: Row, draw: random.Random) -> None:
    row["lat"] = f"{float(row['lat']) + 0.9:.6f}"


def _ended_first(row: Row, draw: random.Random) -> None:
    row["contract_to"] = "2023-06-30"


def _check_digit(text: str) -> str:
    return text[:-1] + str((int(text[-1]) + 1) % 10)


def _po_box(row: Row, draw: random.Random) -> None:
    row["street"] = f"PO Box {draw.randrange(1, 9000)}"
    row["lon"] = row["lat"] = ""


#: kind -> (how it is planted, the rules of which one must name it)
KINDS: dict[str, tuple[Callable[[Row, random.Random], None], tuple[str, ...]]] = {
    "zip cut to four digits": (_set("zip5", lambda text: text[:4]), ("zip_state_lost_digit", "zip_unknown")),
    "zip with decimal tail": (_set("zip5", lambda text: f"{text}.0"), ("number_tail",)),
    "zip+4 run together": (_set("zip5", lambda text: f"{text}1234"), ("zip_plus4",)),
    "zip with a letter": (_set("zip5", lambda text: f"{text[:4]}O"), ("zip_unusable",)),
    "zip that does not exist": (_set("zip5", lambda _: "27999"), ("zip_unknown",)),
    "zip of another state": (_set("zip5", lambda _: "72701"), ("zip_other_state",)),
    "npi check digit": (_set("npi", _check_digit), ("npi_unusable",)),
    "npi with decimal tail": (_set("npi", lambda text: f"{text}.0"), ("number_tail",)),
    "phone short of a digit": (_set("phone", lambda text: text[:-1]), ("phone_unusable",)),
    "date as serial": (_set("contract_to", lambda _: "46752"), ("date_serial",)),
    "date of the year 9999": (_set("contract_to", lambda _: "12/31/9999"), ("date_open_ended",)),
    "two-digit year": (_set("contract_from", lambda _: "1/1/24"), ("date_two_digit_year",)),
    "day before month": (_set("contract_to", lambda _: "31/12/2027"), ("date_unusable",)),
    "end before start": (_ended_first, ("end_before_start",)),
    "coordinates swapped": (_swap, ("coordinates_swapped",)),
    "longitude unsigned": (_set("lon", lambda text: text.lstrip("-")), ("coordinates_sign",)),
    "degrees times a million": (_micro, ("coordinates_scaled",)),
    "zero coordinates": (_zero, ("coordinates_zero",)),
    "point far from its zip": (_far, ("coordinates_far_from_zip",)),
    "PO box": (_po_box, ("po_box",)),
    "telehealth as address": (_set("street", lambda _: "Telehealth"), ("telehealth_site",)),
    "ambiguous service": (_set("service", lambda _: "TCM"), ("service_ambiguous",)),
    "misspelt service": (_set("service", lambda text: f"{text}x"), ("service_unknown",)),
    "taxonomy of another service": (_set("taxonomy", lambda _: "103K00000X"), ("taxonomy_misfit",)),
    "unknown status": (_set("contract_status", lambda _: "actiffe"), ("word_unknown",)),
}


def plant(rows: list[Row], number: int, seed: int) -> list[Planted]:
    """Plant mistakes in place, one per row; return what was planted (row 2 is the first row of data)."""
    draw = random.Random(seed)
    planted = []
    places = draw.sample(range(len(rows)), number)
    for turn, place in enumerate(places):
        kind = list(KINDS)[turn % len(KINDS)]
        act, rules = KINDS[kind]
        act(rows[place], draw)
        planted.append(Planted(kind, place + 2, rules))
    return planted
