"""Where a roster row says it is: judges that weigh street, ZIP code, state, county and coordinates against each other.

Each mistake with one obvious repair is repaired and said: a pair turned round, a lost minus sign, degrees times one
million, a county by name. A PO box and a telehealth address are no site: the row stays, without a point. Geocoding is
not done here.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from adequacy import reference
from adequacy.distance import miles
from adequacy.intake.batch import Change
from adequacy.intake.findings import package_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adequacy.intake.batch import Judge

__all__ = [
    "coordinates_judge",
    "counties_served_judge",
    "county_code",
    "county_judge",
    "state_judge",
    "street_judge",
    "zip_judge",
]

_PO_BOX = re.compile(
    r"\b(?:p\.? ?o\.? ?(?:box|drawer)|post office (?:box|drawer)|caller box|postal drawer)\b\.?\s*#?\s*[\w-]*",
    re.IGNORECASE,
)
_TELEHEALTH = re.compile(
    r"^(?:tele-?(?:health|medicine|psychiatry)|virtual|online|remote)"
    r"(?:[ /-]+(?:tele-?health|virtual|only|visits?|services?|care|provider))*\.?$",
    re.IGNORECASE,
)
_DEGREES = re.compile(r"^([-+]?)(\d{1,10}(?:\.\d*)?|\.\d+) ?°? ?([NSEW]?)$", re.IGNORECASE)
_MICRO = 1_000_000
_ALL_COUNTIES = re.compile(r"^(all|statewide|all counties|state wide|all nc counties|entire state)$", re.IGNORECASE)
_FIPS = 5
_LAT, _LON = 90.0, 180.0
_REMEMBERED = 65_536


def street_judge(street: str, telehealth: str, lon: str, lat: str) -> Iterator[Change]:
    """Judge a street line: a PO box is mailing, telehealth is no place.

    Coordinates beside a PO box are the owner's own word for the site and stand, with a warning; without them the row is
    not located, because its ZIP code is that of a post office.

    Examples
    --------
    >>> [change.rule for change in street_judge("P.O. Box 12", "", "", "")]
    ['po_box']
    >>> [(change.column, change.value) for change in street_judge("Telehealth", "", "", "")]
    [('street', ''), ('telehealth', 'only')]
    """
    if _TELEHEALTH.match(street):
        yield Change("street", "", "telehealth_site")
        if telehealth != "only":
            yield Change("telehealth", "only")
    elif found := _PO_BOX.search(street):
        rest = re.sub(r"^[\s,;/&-]+|[\s,;/&-]+$", "", street[: found.start()] + " " + street[found.end() :])
        if re.match(r"\d+\w* +\D", rest):
            yield Change("street", re.sub(r"\s+", " ", rest), "po_box_removed")
        else:
            yield Change("street", street, "po_box_with_point" if lon and lat else "po_box")


def is_po_box(street: str) -> bool:
    """Tell whether a judged street line still is a PO box and nothing else."""
    return bool(_PO_BOX.search(street))


@lru_cache(maxsize=1)
def _states() -> dict[str, str]:
    """Return folded name or code -> two-letter code."""
    rows = [row for row in package_rows("words.csv") if row["column"] == "state"]
    return {row["theirs"].casefold(): row["ours"] for row in rows} | {
        row["ours"].casefold(): row["ours"] for row in rows
    }


def state_judge(text: str) -> Iterator[Change]:
    """Judge a state: its two-letter code, or its name."""
    if not text:
        return
    code = _states().get(text.casefold().rstrip("."))
    if code is None:
        yield Change("state", "", "state_unknown")
    elif code != text:
        yield Change("state", code, "" if code == text.upper() else "state_name")


def zip_judge(zip5: str, state: str) -> Iterator[Change]:
    """Judge a ZIP code of five digits against the ZIP codes there are, and against the row's state."""
    if not zip5:
        return
    known = reference.find_zip(zip5)
    if known is None:
        yield Change("zip5", zip5, "zip_unknown")
    elif state and known.state and known.state != state:
        where = f"{zip5} lies in {known.state}, the row says {state}"
        if zip5.startswith("0"):  # padded from four digits: the lost digit was more likely at the end
            yield Change("zip5", "", "zip_state_lost_digit", where)
        else:
            yield Change("zip5", zip5, "zip_other_state", where)


def county_judge(column: str, text: str, state: str, zip5: str) -> Iterator[Change]:
    """Judge one county: five-digit code, or its name in the row's state."""
    if not text:
        return
    fips = county_code(text, _state_of(state, zip5))
    if fips is None:
        yield Change(column, "", "county_unknown")
    elif fips != text:
        yield Change(column, fips, "county_name")


def counties_served_judge(text: str, state: str, zip5: str) -> Iterator[Change]:
    """Judge a list of counties, each by code or name; ``statewide`` is every county of the state."""
    if not text:
        return
    home = _state_of(state, zip5)
    if _ALL_COUNTIES.match(text) and home:
        yield Change("counties_served", ";".join(each.county_fips for each in reference.counties(home)), "counties_all")
        return
    parts = [part.strip() for part in re.split(r"[;,|/]|\band\b", text) if part.strip()]
    found = [county_code(part, home) for part in parts]
    known = ";".join(dict.fromkeys(fips for fips in found if fips))
    if None in found:
        unread = ", ".join(part for part, fips in zip(parts, found, strict=True) if fips is None)
        yield Change("counties_served", known, "county_unknown", unread)
    elif known != text:
        tidy = all(part.isdigit() and len(part) == _FIPS for part in parts)
        yield Change("counties_served", known, "" if tidy else "county_name")


def _state_of(state: str, zip5: str) -> str:
    """Return the row's state, or that of its ZIP code."""
    known = reference.find_zip(zip5) if not state and zip5 else None
    return known.state if known else state


@lru_cache(maxsize=4096)
def county_code(text: str, state: str) -> str | None:
    """Return the five-digit code of a county written by code or name; None where no county, or several, are meant."""
    number = re.sub(r"\.0+$", "", text)
    if number.isascii() and number.isdigit():
        whole = number.zfill(_FIPS)
        if reference.find_county(whole):
            return whole
        first = next(iter(reference.counties(state)), None) if state else None
        whole = first.county_fips[:2] + number.zfill(3) if first and len(number) <= 3 else ""  # noqa: PLR2004 - FIPS: 2 + 3
        return whole if whole and reference.find_county(whole) else None
    name = re.sub(r"\b(county|co)\b|[^a-z]", "", text.casefold())
    fits = [
        each.county_fips
        for each in reference.counties(state or None)
        if re.sub(r"[^a-z]", "", each.name.casefold()) == name
    ]
    return fits[0] if len(fits) == 1 else None


# -------------------------------------------------------------------------------------------------------- coordinates


def coordinates_judge(far_mi: float | None) -> Judge:
    """Return the judge for ``lon, lat, zip5`` (all text).

    Parameters
    ----------
    far_mi : float or None
        Statute miles between a point and its ZIP code's area above which the pair is reported; None: not compared.

    Examples
    --------
    >>> [(change.column, change.value, change.rule) for change in coordinates_judge(None)("35.91", "-78.84", "")]
    [('lon', '-78.84', 'coordinates_swapped'), ('lat', '35.91', 'coordinates_swapped')]
    """

    def judge(lon_text: str, lat_text: str, zip5: str) -> Iterator[Change]:
        if not lon_text and not lat_text:
            return
        lon, lat = _degrees(lon_text), _degrees(lat_text)
        rule = _unusable(lon_text, lat_text, lon, lat)
        if rule:
            yield from _both("", "", rule)
            return
        if not _within_zip(lon, lat, zip5):
            lon, lat, rule = _repaired(lon, lat)
        if rule == "coordinates_unusable":
            yield from _both("", "", rule)
            return
        new_lon, new_lat = _written(lon, lon_text), _written(lat, lat_text)
        if rule or (new_lon, new_lat) != (lon_text, lat_text):
            yield from _both(new_lon, new_lat, rule)
        gap = _miles_from_zip(lon, lat, zip5) if far_mi is not None else 0.0
        if far_mi is not None and gap > far_mi:
            yield Change("lat", new_lat, "coordinates_far_from_zip", f"{gap:.1f}")

    return judge


def _both(lon: str, lat: str, rule: str) -> Iterator[Change]:
    """Change both halves of a point under one rule."""
    yield Change("lon", lon, rule)
    yield Change("lat", lat, rule)


def _degrees(text: str) -> float:
    """Read one half of a point; NaN where it cannot be read. A letter for the hemisphere gives the sign."""
    match = _DEGREES.match(text)
    if match is None:
        return math.nan
    value = float(match[2]) * (-1 if match[1] == "-" else 1)
    return -abs(value) if match[3].upper() in {"S", "W"} else value


def _written(value: float, text: str) -> str:
    """Write a coordinate; as it was read where that says the same."""
    try:
        return text if float(text) == value else repr(value)
    except ValueError:
        return repr(value)


def _unusable(lon_text: str, lat_text: str, lon: float, lat: float) -> str:
    """Name what keeps a pair from being a point at all."""
    if not lon_text or not lat_text:
        return "coordinates_half"
    if math.isnan(lon) or math.isnan(lat):
        return "coordinates_unusable"
    return "coordinates_zero" if lon == lat == 0 else ""


def _repaired(lon: float, lat: float) -> tuple[float, float, str]:
    """Return the first reading of a pair that lies in or near the United States, and the rule that gave it."""
    if _near_us(lon, lat):
        return lon, lat, ""
    small = (lon / _MICRO, lat / _MICRO)
    for new_lon, new_lat, rule in (
        (-lon, lat, "coordinates_sign"),
        (lat, lon, "coordinates_swapped"),
        (-lat, lon, "coordinates_swapped"),
        (*small, "coordinates_scaled"),
        (-small[0], small[1], "coordinates_scaled"),
        (small[1], small[0], "coordinates_scaled"),
        (-small[1], small[0], "coordinates_scaled"),
    ):
        if _near_us(new_lon, new_lat):
            return new_lon, new_lat, rule
    return lon, lat, "coordinates_unusable"


def _near_us(lon: float, lat: float) -> bool:
    """Tell whether a pair is a point in or near the United States."""
    return abs(lat) <= _LAT and abs(lon) <= _LON and reference.near_us(lon, lat)


@lru_cache(maxsize=_REMEMBERED)
def _zip_disc(zip5: str) -> tuple[str, float, float, float] | None:
    """Return the area of a ZIP code with the disc that holds it: point in degrees, radius in miles."""
    known = reference.find_zip(zip5) if zip5 else None
    area = reference.find_area(known.zcta) if known else None
    return (area.zcta, area.lon, area.lat, area.max_radius_mi) if area else None


def _within_zip(lon: float, lat: float, zip5: str) -> bool:
    """Tell whether a pair is a point within the disc of its own ZIP code: then nothing is wrong with it."""
    disc = _zip_disc(zip5)
    possible = disc is not None and abs(lat) <= _LAT and abs(lon) <= _LON
    return possible and disc is not None and miles(lon, lat, disc[1], disc[2]) <= disc[3]


def _miles_from_zip(lon: float, lat: float, zip5: str) -> float:
    """Return the miles between a point and its ZIP code's area: to its border where shipped, else the least."""
    disc = _zip_disc(zip5)
    if disc is None:
        return 0.0
    zcta, centre_lon, centre_lat, radius_mi = disc
    least_mi = max(0.0, miles(lon, lat, centre_lon, centre_lat) - radius_mi)
    area = reference.find_area(zcta) if least_mi else None
    if area is None or not area.rings:
        return least_mi
    return min(miles(lon, lat, x, y) for lons, lats in area.rings for x, y in zip(lons, lats, strict=True))
