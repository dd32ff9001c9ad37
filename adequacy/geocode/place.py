"""Where is it? A ZIP code, a pair of coordinates or an address becomes a :class:`Place`.

A ZIP is not a point: it is every spot where one of its people can live. This module says which area that is and how
far its border lies from the point that stands for it; whether that is near enough is for ``access`` to say. Messages
never repeat what was typed: it may be a consumer's address.
"""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from adequacy import distance, reference
from adequacy.errors import CoordinateError, PlaceUnknown, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from adequacy.geocode.index import AddressIndex
    from adequacy.geocode.match import Match
    from adequacy.reference import County, ZipArea, ZipCode

__all__ = [
    "CAUTIONS",
    "Place",
    "locate_address",
    "locate_point",
    "locate_zip",
    "parse_lat_lon",
    "point_in_county",
    "zip_in_text",
]

#: What each caution code that a place can carry means.
CAUTIONS: Mapping[str, str] = MappingProxyType(
    {
        "mailing_zip": "A ZIP of post-office boxes or of one large receiver: its people live round the area shown.",
        "several_counties": "People of this place live in more than one county.",
        "no_address_index": "No address index is at hand, so the ZIP stands for the address. "
        "Make one with: adequacy geocode index FILE --out INDEX",
        "address_not_found": "The address is not in the address index, so its ZIP stands for it. Check the spelling.",
        "address_tie": "The address fits several places, so its ZIP stands for it. Add the missing direction or type.",
        "address_elsewhere": "The address is not in its ZIP, but one like it is elsewhere in the state. Check the ZIP.",
        "address_close_match": "The address was found in another spelling only. Check that it is the right one.",
        "address_zip_differs": "It was found in another ZIP than stated: the answer allows for both. Check the ZIP.",
        "address_far_from_zip": "The address was found far from its ZIP: the answer allows for both. Check it.",
    }
)

_OTHER_WAYS = "Check it, or give the street address or coordinates instead."


@dataclass(frozen=True, slots=True)
class Place:
    """Where someone may be: a point with an uncertainty, or a whole area.

    Parameters
    ----------
    given : {"zip", "point", "address"}
        What was asked about.
    kind : {"point", "disc", "area"}
        ``point``: within ``uncertainty_mi`` (which may be 0) of the point. ``disc``: a ZIP whose border is not shipped.
        ``area``: a ZIP with its border, in ``area``.
    lon, lat : float
        Decimal degrees, WGS 84: the point that stands for the place. For a ZIP its population-weighted point, else its
        Census internal point.
    precision : {"given", "address_point", "street_range", "zip"}
        The step of the ladder that placed it.
    uncertainty_mi : float
        Statute miles: no spot of the place lies farther than this from (lon, lat).
    zip5, zcta, state : str or None
        The ZIP asked about, the Census area that holds it, and its state.
    county_fips : str or None
        The county of the point; for a ZIP its main county.
    counties : tuple of str
        Every county in which people of the place live, most people first.
    area : ZipArea or None
        The border, where ``kind`` is ``area``.
    mailing : bool
        True for a ZIP of post-office boxes or of one large receiver: its people live round about it.
    source : str
        What placed it.
    cautions : tuple of str
        Codes of what a reader must know, such as ``mailing_zip`` or ``no_address_index``.
    """

    given: str
    kind: str
    lon: float
    lat: float
    precision: str
    uncertainty_mi: float
    zip5: str | None
    zcta: str | None
    state: str | None
    county_fips: str | None
    counties: tuple[str, ...]
    area: ZipArea | None
    mailing: bool
    source: str
    cautions: tuple[str, ...] = ()


# --- ZIP codes ---------------------------------------------------------------------------------------------------


def locate_zip(text: str) -> Place:
    """Place a ZIP code: its whole area, or a disc that holds it where no border is shipped.

    Parameters
    ----------
    text : str
        Five digits, or ZIP+4 with or without its hyphen; blanks round it are ignored.

    Returns
    -------
    Place
        ``kind`` is ``area`` or ``disc``, ``precision`` is ``zip``.

    Raises
    ------
    UsageError
        If the text is no ZIP: four or six digits, letters, nothing.
    PlaceUnknown
        If there is no such ZIP, or it is a military one, whose mail goes abroad.

    Examples
    --------
    >>> place = locate_zip("27546-1234")
    >>> place.zip5, place.kind, place.county_fips
    ('27546', 'area', '37085')
    """
    return _zip_place(_known_zip(_zip5(text)), "zip")


def _zip5(text: str) -> str:
    """Cut a ZIP or ZIP+4 to five digits, or say what is wrong with it."""
    plain = _plain(text)
    if re.fullmatch(r"\d{5}([- ]?\d{4})?", plain, re.ASCII):
        return plain[:5]
    if not plain:
        raise UsageError("The ZIP code is empty: give its five digits.")
    if not re.fullmatch(r"[\d -]+", plain, re.ASCII):
        raise UsageError("The ZIP code holds characters that are not digits: give five digits, or ZIP+4 as 12345-6789.")
    count = sum(letter.isdigit() for letter in plain)
    hint = " Spreadsheets drop a leading zero: put it back if one is missing." if count == 4 else ""  # noqa: PLR2004 - a digit short
    raise UsageError(f"The ZIP code has {count} digits; it needs five (or nine: ZIP+4).{hint} Check it and ask again.")


def _known_zip(zip5: str) -> ZipCode:
    """Look a ZIP up; a military or unknown one cannot be placed."""
    if reference.is_military(zip5):
        raise PlaceUnknown(
            f"ZIP {zip5} is military (APO, FPO, DPO): its mail goes abroad or to a ship, so it is no place here. "
            "Ask with the ZIP, street address or coordinates of the residence."
        )
    found = reference.find_zip(zip5)
    if found is None:
        raise PlaceUnknown(f"ZIP {zip5} is not in the shipped list of ZIP codes. {_OTHER_WAYS}")
    return found


def _zip_place(code: ZipCode, given: str, cautions: tuple[str, ...] = ()) -> Place:
    """Build the place of a known ZIP."""
    area = reference.find_area(code.zcta)
    if area is None or (area.rings is None and area.max_radius_mi is None):
        raise PlaceUnknown(f"ZIP {code.zip5} has no mapped area. {_OTHER_WAYS}")
    lon, lat = area.reference_point
    mailing = code.how != "same"
    counties = _counties(area)
    codes = [*(["mailing_zip"] if mailing else []), *(["several_counties"] if len(counties) > 1 else []), *cautions]
    has_border = area.rings is not None
    return Place(
        given=given,
        kind="area" if has_border else "disc",
        lon=lon,
        lat=lat,
        precision="zip",
        uncertainty_mi=_farthest_mi(area),
        zip5=code.zip5,
        zcta=code.zcta,
        state=area.state or code.state,
        county_fips=area.county_fips,
        counties=counties,
        area=area if has_border else None,
        mailing=mailing,
        source=f"ZCTA {code.zcta} (Census 2020), {'border' if has_border else 'disc that holds it'}",
        cautions=tuple(codes),
    )


def _counties(area: ZipArea) -> tuple[str, ...]:
    """List the counties where people of the area live, most people first; its main county if nobody does."""
    peopled = [share for share in reference.counties_of(area.zcta) if share.people > 0]
    peopled.sort(key=lambda share: (-share.people, share.county_fips))
    return tuple(share.county_fips for share in peopled) or ((area.county_fips,) if area.county_fips else ())


def _farthest_mi(area: ZipArea) -> float:
    """Measure how far the area reaches from the point that stands for it, in statute miles."""
    lon, lat = area.reference_point
    if area.hull is None:
        return area.max_radius_mi + distance.miles(lon, lat, area.lon, area.lat)
    return max(distance.miles(lon, lat, x, y) for x, y in zip(*area.hull, strict=True))


# --- coordinates -------------------------------------------------------------------------------------------------


def locate_point(lon: float, lat: float) -> Place:
    """Place a pair of coordinates, longitude first.

    Parameters
    ----------
    lon, lat : float
        Decimal degrees, WGS 84.

    Returns
    -------
    Place
        ``kind`` is ``point``, ``precision`` is ``given``, ``uncertainty_mi`` is 0.

    Raises
    ------
    CoordinateError
        If the pair cannot be a place, or its reverse lies in the US: then the reverse is shown.
    PlaceUnknown
        If the point lies outside the US.

    Examples
    --------
    >>> locate_point(lon=-78.8164, lat=35.3990).county_fips
    '37085'
    """
    _require_us(lon, lat)
    return _point(lon, lat, reference.county_at(lon, lat))


def point_in_county(lon: float, lat: float, county_fips: str) -> Place:
    """Place a pair of coordinates of which ``reference.counties_at`` has said in which county they lie.

    Examples
    --------
    >>> point_in_county(-78.8164, 35.3990, "37085") == locate_point(-78.8164, 35.3990)
    True
    """
    return _point(lon, lat, _county(county_fips))


@lru_cache(maxsize=4096)
def _county(county_fips: str) -> County | None:
    """A county, looked up once."""
    return reference.find_county(county_fips)


def _point(lon: float, lat: float, county: County | None) -> Place:
    """A known point in a county."""
    return Place(
        given="point",
        kind="point",
        lon=lon,
        lat=lat,
        precision="given",
        uncertainty_mi=0.0,
        zip5=None,
        zcta=None,
        state=county.state if county else None,
        county_fips=county.county_fips if county else None,
        counties=(county.county_fips,) if county else (),
        area=None,
        mailing=False,
        source="given",
    )


def _require_us(lon: float, lat: float) -> None:
    """Raise unless the point can be a place in the US; name the one obvious fix where there is one."""
    if math.isfinite(lon) and math.isfinite(lat):
        if _in_us(lon, lat):
            return
        if _in_us(lat, lon):
            raise CoordinateError(
                f"Latitude and longitude look swapped: LAT,LON {lon},{lat} lies in the US. Give them in that order."
            )
    distance.require_coordinate(lon, lat)
    hint = " A longitude in the US is negative: the minus may be missing." if _in_us(-abs(lon), lat) else ""
    raise PlaceUnknown(f"The point lies outside the United States, where no answer is possible.{hint} {_CHECK_POINT}")


_CHECK_POINT = "Give decimal degrees, latitude first, as in 35.40,-78.82."


def _in_us(lon: float, lat: float) -> bool:
    """Tell whether a pair of numbers is a coordinate in or near the US."""
    return abs(lat) <= 90 and abs(lon) <= 180 and reference.near_us(lon, lat)  # noqa: PLR2004 - degrees


_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)"
_ONE = re.compile(
    rf"(?P<lead>[NSEW])?\s*(?P<deg>{_NUMBER})\s*°?"
    r"(?:\s*(?P<min>\d+\.?\d*)\s*')?(?:\s*(?P<sec>\d+\.?\d*)\s*\")?\s*(?P<trail>[NSEW])?",
    re.ASCII,
)
_MARKS = str.maketrans(
    {"º": "°", "˚": "°", "′": "'", "’": "'", "‘": "'", "″": '"', "”": '"', "“": '"', "−": "-", "–": "-"}
)


def parse_lat_lon(text: str) -> tuple[float, float]:
    """Read coordinates as people paste them, latitude first, and return them longitude first.

    Degree signs, minutes and seconds, brackets, and N, S, E, W are understood where they leave no doubt. The pair must
    lie in the US.

    Parameters
    ----------
    text : str
        Such as ``35.399,-78.816`` or ``35.399° N, 78.816° W``.

    Returns
    -------
    lon, lat : float
        Decimal degrees, WGS 84, **longitude first**.

    Raises
    ------
    CoordinateError
        If this is no pair of numbers, is out of range, or was written longitude first: then the reverse is shown.
    PlaceUnknown
        If the point lies outside the US.

    Examples
    --------
    >>> parse_lat_lon("35.399, -78.816")
    (-78.816, 35.399)
    >>> parse_lat_lon("35.399° N 78.816° W")
    (-78.816, 35.399)
    """
    first, second = _two_parts(_plain(str(text).translate(_MARKS)).upper().strip("()[]{} "))
    (a, a_axis), (b, b_axis) = _degrees(first), _degrees(second)
    if a_axis and a_axis == b_axis:
        raise CoordinateError(
            f"Both numbers are given as {a_axis}: one latitude and one longitude are needed. {_CHECK_POINT}"
        )
    lat, lon = (b, a) if a_axis == "longitude" or b_axis == "latitude" else (a, b)
    _require_us(lon, lat)
    return lon, lat


def _two_parts(text: str) -> tuple[re.Match[str], re.Match[str]]:
    """Split a pasted pair into its two numbers."""
    if not text:
        raise CoordinateError(f"No coordinates were given. {_CHECK_POINT}")
    parts = [part.strip() for part in re.split(r"[,;]", text)] if re.search("[,;]", text) else _at_blank(text)
    if len(parts) != 2:  # noqa: PLR2004 - a pair
        raise CoordinateError(f"Two numbers are needed, latitude and longitude. {_CHECK_POINT}")
    found = [_ONE.fullmatch(part) for part in parts]
    if found[0] is None or found[1] is None:
        raise CoordinateError(f"The coordinates are not two numbers. {_CHECK_POINT}")
    return found[0], found[1]


def _at_blank(text: str) -> list[str]:
    """Split at the one blank that leaves a number on both sides; nothing if there are several such blanks."""
    cuts = [hit.start() for hit in re.finditer(r"\s+", text)]
    pairs = [[text[:cut].strip(), text[cut:].strip()] for cut in cuts]
    good = [
        pair
        for pair in pairs
        if all((hit := _ONE.fullmatch(part)) and not (hit["lead"] and hit["trail"]) for part in pair)
    ]
    return good[0] if len(good) == 1 else []


def _degrees(found: re.Match[str]) -> tuple[float, str]:
    """Turn one matched number into signed degrees and its axis, if a letter names one."""
    letters = {letter for letter in (found["lead"], found["trail"]) if letter}
    sixty = [float(found[part] or 0) for part in ("min", "sec")]
    degrees = float(found["deg"])
    whole = abs(degrees) + sixty[0] / 60 + sixty[1] / 3600
    if len(letters) > 1 or (letters and degrees < 0) or max(sixty) >= 60:  # noqa: PLR2004 - minutes in a degree
        raise CoordinateError(
            f"The coordinates contradict themselves (sign, letter, minutes or seconds). {_CHECK_POINT}"
        )
    letter = letters.pop() if letters else ""
    axis = {"N": "latitude", "S": "latitude", "E": "longitude", "W": "longitude"}.get(letter, "")
    return (-whole if found["deg"].startswith("-") or letter in {"S", "W"} else whole), axis


# --- addresses ---------------------------------------------------------------------------------------------------


def locate_address(text: str, index: AddressIndex | Path | str | None = None) -> Place:
    """Place a street address by an address index, else by the ZIP that stands in it.

    Parameters
    ----------
    text : str
        One line, such as ``101 Manning Drive, Chapel Hill NC 27514``. It never enters a message.
    index : AddressIndex, path or None
        A file made by ``adequacy geocode index``.

    Returns
    -------
    Place
        ``precision`` says which step placed it. By ZIP without an index: caution ``no_address_index``.

    Raises
    ------
    UsageError
        If the text is empty.
    PlaceUnknown
        If neither the index nor a ZIP in the text can place it, or its ZIP lies in another state than it says.

    Examples
    --------
    >>> place = locate_address("101 Manning Drive, Chapel Hill NC 27514")
    >>> place.zip5, place.precision, place.cautions[-1]
    ('27514', 'zip', 'no_address_index')
    """
    plain = _plain(text)
    if not plain:
        raise UsageError("The address is empty: give house number, street, city, state and ZIP.")
    zip5 = zip_in_text(plain)
    if zip5 is not None:
        _require_same_state(plain, zip5)
    caution = "no_address_index"
    if index is not None:
        found = _find(plain, index)
        if found.lon is not None:
            return _found_place(found, zip5)
        caution = "address_tie" if found.match == "tie" else "address_not_found"
        caution = "address_elsewhere" if "elsewhere" in found.flags else caution
    if zip5 is None:
        raise PlaceUnknown(_NO_ZIP[caution])
    return _zip_place(_known_zip(zip5), "address", (caution,))


_NO_ZIP = {
    code: f"The address {why}, and it ends in no five-digit ZIP code that could place it. Add the ZIP, or give --point."
    for code, why in {
        "no_address_index": "cannot be looked up (no address index is at hand)",
        "address_tie": "fits several places",
        "address_not_found": "is not in the address index",
        "address_elsewhere": "is in the address index under another city",
    }.items()
}


def _find(text: str, index: AddressIndex | Path | str) -> Match:
    """Ask the index about an address in one line."""
    from adequacy.geocode.index import AddressIndex, open_index
    from adequacy.geocode.match import find_lazily
    from adequacy.geocode.parse import read_address

    opened = index if isinstance(index, AddressIndex) else open_index(index)
    return find_lazily(opened, lambda trained: read_address(text, trained=trained))


def _found_place(found: Match, stated_zip: str | None) -> Place:
    """Build the place of an address the index knows; where its ZIP contradicts it, the counties of both count."""
    lon, lat = found.lon or 0.0, found.lat or 0.0
    county = reference.county_at(lon, lat)
    code = reference.find_zip(stated_zip or found.zip5)
    here = [county.county_fips] if county else []
    area = reference.find_area(code.zcta) if code and found.flags else None
    counties = tuple(dict.fromkeys([*here, *(_counties(area) if area else ())]))
    codes = [f"address_{flag}" for flag in found.flags if f"address_{flag}" in CAUTIONS]
    return Place(
        given="address",
        kind="point",
        lon=lon,
        lat=lat,
        precision=found.precision,
        uncertainty_mi=found.uncertainty_mi,
        zip5=stated_zip or found.zip5 or None,
        zcta=code.zcta if code else None,
        state=county.state if county else None,
        county_fips=county.county_fips if county else None,
        counties=counties,
        area=None,
        mailing=False,
        source=found.source,
        cautions=(*(["address_close_match"] if found.match == "close" else []), *codes),
    )


_ZIP = re.compile(r"(?<![\w#-])(\d{5})(?:-?\d{4})?(?![\w-])", re.ASCII)
_COUNTRY = {"", "US", "USA", "UNITED STATES", "UNITED STATES OF AMERICA"}
_NOT_BEFORE_ZIP = {"BOX", "HWY", "HIGHWAY", "ROUTE", "RTE", "ROAD", "SR", "CR", "NO", "NUMBER", "LOT"}


def zip_in_text(text: str) -> str | None:
    """Find the ZIP code at the end of an address; a house, suite or box number is none.

    Examples
    --------
    >>> zip_in_text("12345 Main St, Lillington NC 27546-1234"), zip_in_text("12345 Main St, Lillington NC")
    ('27546', None)
    """
    from adequacy.geocode.words import words

    found = list(_ZIP.finditer(text))
    if not found:
        return None
    before, after = _word_list(text[: found[-1].start()]), _word_list(text[found[-1].end() :])
    tail = " ".join(after)
    if tail not in _COUNTRY and tail not in words("state"):
        return None
    if before and (before[-1] in _NOT_BEFORE_ZIP or before[-1] in words("unit")):
        return None
    return found[-1][1]


def _require_same_state(text: str, zip5: str) -> None:
    """Raise if the address names a state in which nobody of its ZIP lives."""
    from adequacy.geocode.words import words

    code = reference.find_zip(zip5)
    if code is None:
        return
    found = list(_ZIP.finditer(text))[-1]
    before = text[: found.start()]
    stated = _state_word(_word_list(text[found.end() :])) or _state_word(_word_list(before))
    street_word = stated in words("suffix").values() or stated in words("direction").values() or stated == "FL"
    if stated is None or (street_word and not re.search(rf",\s*{stated}[\s,.]*$", before, re.IGNORECASE)):
        return
    near = {
        county.state
        for share in reference.counties_of(code.zcta)
        if (county := reference.find_county(share.county_fips))
    }
    if stated != code.state and stated not in near:
        raise PlaceUnknown(
            f"The address says {stated}, but its ZIP code {code.zip5} lies in {code.state}: one of the two is wrong. "
            "Check both and ask again."
        )


def _state_word(tokens: list[str]) -> str | None:
    """Read the state at the end of a word list; one-word names are left out, as cities bear them too."""
    from adequacy.geocode.words import words

    states = words("state")
    for count in (3, 2):
        if len(tokens) >= count and (name := " ".join(tokens[-count:])) in states:
            return states[name]
    return tokens[-1] if tokens and len(tokens[-1]) == 2 and tokens[-1] in states else None  # noqa: PLR2004 - a code


def _word_list(text: str) -> list[str]:
    """Split text into upper-case words without punctuation."""
    return re.findall(r"[A-Z0-9]+", text.upper().replace("N.C.", "NC"))


def _plain(text: str) -> str:
    """Make full-width digits, odd blanks and line breaks ordinary."""
    return " ".join(unicodedata.normalize("NFKC", str(text)).split())
