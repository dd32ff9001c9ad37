"""The one ladder: coordinates given, address points, street ranges, ZIP code; each step says how sure it is.

A record of a file (a roster row, a row to geocode) goes through it here; a question typed on the command line comes in
through ``place.locate_address`` and meets the same index and the same ZIP areas.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from adequacy import reference
from adequacy.errors import PlaceUnknown, UsageError
from adequacy.geocode.place import locate_zip
from adequacy.geocode.words import words

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping
    from pathlib import Path

    import pandas as pd

    from adequacy.geocode.index import AddressIndex
    from adequacy.geocode.match import Match
    from adequacy.geocode.parse import Address

__all__ = ["Located", "Record", "as_number", "climb", "from_match", "place_sites"]

#: How far off a point may be, in miles, where its file says how it was found.
STATED_MI = {"given": 0.0, "address_point": 0.01, "street_range": 0.1}


@dataclass(frozen=True, slots=True)
class Record:
    """What a row says of where it is; empty text and NaN where it says nothing.

    ``line`` is house number and street; ``whole`` is True where it is the whole address in one line. ``precision`` is
    how the coordinates were found, as the file says.
    """

    line: str = ""
    city: str = ""
    state: str = ""
    zip5: str = ""
    lon: float = math.nan
    lat: float = math.nan
    precision: str = ""
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Located:
    """Where a row is. ``match`` is exact, close, range, zip, tie or none; ``lon`` and ``lat`` are NaN for none.

    A tie stands at its ZIP, never at one of its candidates.
    """

    lon: float = math.nan
    lat: float = math.nan
    match: str = "none"
    precision: str = "none"
    uncertainty_mi: float = math.nan
    matched_address: str = ""
    candidates: tuple[str, ...] = ()
    source: str = ""
    score: float = 0.0
    flags: tuple[str, ...] = ()


def climb(record: Record, index: AddressIndex | None = None) -> Located:
    """Place one record by the best step at hand.

    Parameters
    ----------
    record : Record
        What the row says.
    index : AddressIndex, optional
        From ``open_index``.

    Returns
    -------
    Located
        Never an exception: what cannot be placed has ``match`` none.

    Examples
    --------
    >>> climb(Record(zip5="27546")).match, climb(Record(lon=-78.8164, lat=35.3990)).precision
    ('zip', 'given')
    """
    stated = record.precision or "given"
    if stated == "none":  # a PO box, telehealth: mailing may have a ZIP, but it is no place where services are given
        return Located()
    if stated in STATED_MI and _in_us(record.lon, record.lat):
        return Located(record.lon, record.lat, "exact", stated, STATED_MI[stated], source="given", score=100.0)
    found = _find(index, record) if index is not None and record.line else None
    if found is not None and found.lon is not None:
        return from_match(found)
    return _by_zip(record, found)


def from_match(found: Match) -> Located:
    """Turn a place that was found into a row's."""
    lon, lat = (math.nan if value is None else value for value in (found.lon, found.lat))
    return Located(
        lon,
        lat,
        found.match,
        found.precision,
        found.uncertainty_mi,
        found.matched,
        found.candidates,
        found.source,
        found.score,
        found.flags,
    )


def _find(index: AddressIndex, record: Record) -> Match:
    """Ask the index."""
    from adequacy.geocode.match import find_lazily
    from adequacy.geocode.parse import read_address, read_parts

    whole, zip5 = f"{record.line} {record.zip5}".strip(), record.zip5[:5]

    def read(trained: bool) -> list[Address]:
        if record.whole:
            return read_address(whole, trained=trained)
        return read_parts(record.line, record.city, record.state, zip5, trained=trained)

    return find_lazily(index, read)


def _by_zip(record: Record, found: Match | None) -> Located:
    """Place a record by its ZIP; a tie keeps its name and candidates, a ZIP of another state places nothing."""
    from adequacy.geocode.place import zip_in_text

    tie = found is not None and found.match == "tie"
    candidates, score, flags = (found.candidates, found.score, found.flags) if found is not None else ((), 0.0, ())
    zip5 = record.zip5 or ((zip_in_text(record.line) or "") if record.whole else "")
    area = _zip_area(zip5, record.state)
    if area is None or not area[3]:
        flags = (*flags, "zip_in_other_state") if area else flags
        return Located(match="tie" if tie else "none", candidates=candidates, score=score, flags=flags)
    lon, lat, reach, source = area
    return Located(lon, lat, "tie" if tie else "zip", "zip", reach, "", candidates, source, score, flags)


@lru_cache(maxsize=4096)
def _zip_area(zip5: str, state: str) -> tuple[float, float, float, str] | None:
    """Point, reach and source of a ZIP; None where there is none, no source where it lies in another state."""
    try:
        place = locate_zip(zip5)
    except (UsageError, PlaceUnknown):
        return None
    stated = words("state").get(state.upper().replace(".", "").strip()) if state else None
    known = {county.state for fips in place.counties if (county := reference.find_county(fips))}
    source = "" if stated and stated not in {place.state, *known} else place.source
    return place.lon, place.lat, place.uncertainty_mi, source


def _in_us(lon: float, lat: float) -> bool:
    """Tell whether a pair of numbers is a coordinate in or near the US."""
    return abs(lat) <= 90 and abs(lon) <= 180 and reference.near_us(lon, lat)  # noqa: PLR2004 - degrees


# --- the sites of a roster ---------------------------------------------------------------------------------------


def place_sites(
    frame: pd.DataFrame,
    index: AddressIndex | Path | str | None = None,
    *,
    zip_tolerance_mi: float = 0.0,
    mailing_tolerance_mi: float = 0.0,
) -> pd.DataFrame:
    """Place the sites of a roster, each by the best step of the ladder at hand.

    Parameters
    ----------
    frame : DataFrame
        Columns ``zip5``, and where there are any ``lon``, ``lat``, ``precision``, ``street``, ``city``, ``state``,
        ``county_fips`` (table ``sites``).
    index : AddressIndex, path or None
        A file made by ``adequacy geocode index``.
    zip_tolerance_mi, mailing_tolerance_mi : float
        Statute miles by which an address may lie outside the mapped border of its ZIP, or of the area to which a ZIP of
        post-office boxes is mapped (policy values); added to the uncertainty of sites placed by ZIP.

    Returns
    -------
    DataFrame
        A copy with the same rows and index and the columns ``lon``, ``lat``, ``precision``, ``uncertainty_mi``,
        ``geocode_source``, ``county_fips`` (kept where the roster gives it). A site that cannot be placed has precision
        ``none`` and no coordinates.
    """
    opened = _opened(index)
    rows = []
    for row in frame.to_dict("records"):
        found = climb(_site_record(row), opened)
        extra = _tolerance(found, row, zip_tolerance_mi, mailing_tolerance_mi)
        county = str(row.get("county_fips") or "") or _county_of(found, str(row.get("zip5") or ""))
        rows.append((found.lon, found.lat, found.precision, found.uncertainty_mi + extra, found.source, county))
    out = frame.copy()
    for at, name in enumerate(("lon", "lat", "precision", "uncertainty_mi", "geocode_source", "county_fips")):
        out[name] = [row[at] for row in rows]
    return out


def _opened(index: AddressIndex | Path | str | None) -> AddressIndex | None:
    """Open an index given by its path."""
    if index is None:
        return None
    from adequacy.geocode.index import AddressIndex, open_index

    return index if isinstance(index, AddressIndex) else open_index(index)


def _site_record(row: Mapping[Hashable, object]) -> Record:
    """Read a site's cells."""
    line, city, state, zip5, precision = (
        "" if (value := row.get(name)) is None or value != value else str(value)
        for name in ("street", "city", "state", "zip5", "precision")
    )
    return Record(line, city, state, zip5, as_number(row.get("lon")), as_number(row.get("lat")), precision)


def _tolerance(found: Located, row: Mapping[Hashable, object], zip_mi: float, mailing_mi: float) -> float:
    """How far outside its mapped area a site placed by ZIP may lie."""
    if found.precision != "zip":
        return 0.0
    code = reference.find_zip(str(row.get("zip5") or "")[:5])
    return zip_mi if code is None or code.how == "same" else mailing_mi


def _county_of(found: Located, zip5: str) -> str:
    """Name the county of a site: of its point, or the main one of its ZIP."""
    if found.precision == "none":
        return ""
    if found.precision == "zip":
        return locate_zip(zip5).county_fips or ""
    here = reference.county_at(found.lon, found.lat)
    return here.county_fips if here else ""


def as_number(value: object) -> float:
    """Read a cell as a number; NaN where it is none."""
    try:
        return float(str(value))
    except ValueError:
        return math.nan
