"""Find an address in the index, and say how sure that is.

Strictest first: the same address; the same but for a direction, street type or unit letter that one side leaves out;
close spelling. House number and digits in a name are never bent, a direction or type is never exchanged for another,
and a street that is known is never respelt. Several places are a tie, not a choice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from adequacy import distance, reference
from adequacy.geocode.words import long_word, words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from adequacy.geocode.index import AddressIndex, Hit
    from adequacy.geocode.parse import Address, Street

__all__ = ["RANGE_MI", "Match", "doubt", "find", "find_lazily"]

#: How far an address point may stand from the door, and a spot along a street range from the house, in miles.
POINT_MI = 0.01
RANGE_MI = 0.1
#: Points of one address nearer together than this are one place, in miles.
_SAME_PLACE_MI = 0.1
#: How far outside the circle round a ZIP area an address of that ZIP may lie, in miles.
_ZIP_MARGIN_MI = 1.0
_MAILING_MARGIN_MI = 5.0
_MOST_CANDIDATES = 10

_EXACT, _UNIT, _DIRECTION, _KIND, _OTHER_ZIP = 100.0, 97.0, 95.0, 93.0, 90.0
#: Letters that may differ in a street name, by its length: none below four letters, one below eight, else two.
_SLIPS = ((8, 2), (4, 1), (0, 0))


@dataclass(frozen=True, slots=True)
class Match:
    """What the index says of an address.

    Parameters
    ----------
    match : {"exact", "close", "range", "tie", "none"}
        ``tie``: several places fit and none was taken. ``none``: nothing fits.
    precision : {"address_point", "street_range", "none"}
        The step of the ladder.
    lon, lat : float or None
        Decimal degrees, WGS 84; None unless one place was found.
    uncertainty_mi : float
        Statute miles. Where the ZIP contradicts the place found, it reaches over the whole ZIP.
    score : float
        100 for the same address, less the more had to be bent.
    matched : str
        The address as the index has it.
    candidates : tuple of str
        The addresses that tie, or the one taken though it is not the same.
    flags : tuple of str
        ``zip_differs``, ``far_from_zip``, ``scattered``; for ``none`` perhaps ``elsewhere``.
    zip5, source : str
        The ZIP of the index, and the index.
    """

    match: str
    precision: str = "none"
    lon: float | None = None
    lat: float | None = None
    uncertainty_mi: float = 0.0
    score: float = 0.0
    matched: str = ""
    candidates: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    zip5: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class _Scored:
    """A hit and how well it fits."""

    hit: Hit
    score: float


def find(index: AddressIndex, readings: Iterable[Address]) -> Match:
    """Find an address, given in one or several readings, the likeliest first.

    Parameters
    ----------
    index : AddressIndex
        From ``open_index``.
    readings : iterable of Address
        From ``parse.read_address`` or ``parse.read_line``; with a ZIP, or a city and its state.

    Returns
    -------
    Match
        Never an exception: what cannot be found is ``none``.
    """
    streets = [reading for reading in readings if reading.sort == "street" and (reading.zip5 or reading.city)]
    for step in (_exact, _bent, _spelt):
        for reading in streets if step is _exact else streets[:1]:
            found = step(index, reading)
            if found:
                return _settle(index, reading, found)
    return _elsewhere(index, streets)


def find_lazily(index: AddressIndex, read: Callable[[bool], list[Address]]) -> Match:
    """Find an address by the rules' readings, and load the trained reader only where those find nothing exact.

    ``read`` gives the readings; its argument says whether the trained reader helps.
    """
    quick = find(index, read(False))
    return quick if quick.score == _EXACT and quick.lon is not None else find(index, read(True))


def _elsewhere(index: AddressIndex, streets: list[Address]) -> Match:
    """Nothing fits: say so if the state has just one such address somewhere else, for then the ZIP may be wrong."""
    asked = streets[0] if streets else None
    hits = index.in_state(asked.state, asked.number, asked.street.name) if asked and asked.state else []
    same = [hit.text for hit in hits if asked and hit.street == asked.street and _same_house(hit, asked)]
    if len(same) == 1:
        return Match("none", candidates=(same[0],), flags=("elsewhere",), source=index.label)
    return Match("none", source=index.label)


# --- the steps ---------------------------------------------------------------------------------------------------


def _exact(index: AddressIndex, asked: Address) -> list[_Scored]:
    """The same house number and street in the ZIP; where no ZIP is given, in the city."""
    hits = _near(index, asked, asked.street.name)
    same = [_Scored(hit, _EXACT) for hit in hits if hit.street == asked.street and _same_house(hit, asked)]
    here = [each for each in same if each.hit.city == asked.city]
    return here or same


def _bent(index: AddressIndex, asked: Address) -> list[_Scored]:
    """The same street but for what one side leaves out, or in another ZIP of the same city."""
    found: list[_Scored] = []
    if not (asked.zip5 and index.knows_street(asked.zip5, asked.street) and not asked.suffix):
        found += [each for hit in _near(index, asked, asked.street.name) if (each := _bend(hit, asked))]
    if asked.zip5 and asked.city and asked.state:
        elsewhere = index.in_city(asked.state, asked.city, asked.number, asked.street.name)
        found += [
            _Scored(hit, _OTHER_ZIP)
            for hit in elsewhere
            if hit.zip5 != asked.zip5 and hit.street == asked.street and _same_house(hit, asked)
        ]
    return found


def _bend(hit: Hit, asked: Address) -> _Scored | None:
    """Score a hit of the same street name; None where a direction, type or unit contradicts."""
    pairs = (
        (hit.suffix, asked.suffix, _UNIT),
        (hit.street.predir, asked.street.predir, _DIRECTION),
        (hit.street.postdir, asked.street.postdir, _DIRECTION),
        (hit.street.kind, asked.street.kind, _KIND),
    )
    score = _EXACT
    for ours, theirs, worth in pairs:
        if ours != theirs and not (hit.ranged and worth == _UNIT):
            if ours and theirs and not _moved(hit.street, asked.street):
                return None
            score = min(score, worth)
    return _Scored(hit, score)


def _moved(ours: Street, theirs: Street) -> bool:
    """Tell whether two streets differ only in where the direction stands: ``N MAIN ST`` and ``MAIN ST N``."""
    alike = ours.kind == theirs.kind and {ours.predir, ours.postdir} == {theirs.predir, theirs.postdir}
    return alike and "" in {ours.predir, ours.postdir}


def _spelt(index: AddressIndex, asked: Address) -> list[_Scored]:
    """Streets whose names are spelt nearly alike, with the same house number, in the ZIP (or the city)."""
    if asked.zip5 and index.knows_street(asked.zip5, asked.street):
        return []
    found = [each for hit in _near(index, asked, None) if (each := _spell(hit, asked))]
    best = max((each.score for each in found), default=0.0)
    return [each for each in found if each.score > best - _TIE_SCORE]


#: Spellings whose scores are nearer together than this tie.
_TIE_SCORE = 6.0


def _spell(hit: Hit, asked: Address) -> _Scored | None:
    """Score a hit with another street name; None where it is not nearly the same."""
    from rapidfuzz import fuzz

    ours, theirs = hit.street, asked.street
    if _clash(ours, theirs) or (hit.suffix != asked.suffix and not hit.ranged):
        return None
    mine, other = [long_word(word) for word in ours.name.split()], [long_word(word) for word in theirs.name.split()]
    if ours.kind and not theirs.kind and len(other) > 1 and _slips_fit([long_word(ours.kind)], other[-1:]):
        other = other[:-1]  # the type is misspelt, so it was read as part of the name
    if _fixed_words(mine) != _fixed_words(other) or not _slips_fit(mine, other):
        return None
    return _Scored(hit, min(fuzz.ratio(_full(ours), _full(theirs)), _KIND))


def _slips_fit(mine: list[str], other: list[str]) -> bool:
    """Tell whether two names differ by no more letters than their length allows."""
    from rapidfuzz.distance import OSA

    a, b = "".join(mine), "".join(other)
    allowed = next(slips for length, slips in _SLIPS if min(len(a), len(b)) >= length)
    return bool(OSA.distance(a, b, score_cutoff=allowed) <= allowed)


def _fixed_words(name: list[str]) -> list[str]:
    """The words of a name that are never respelt: those with digits, and directions."""
    return [word for word in name if re.search(r"\d", word) or word in words("direction")]


def _full(street: Street) -> str:
    """A street with its words in full."""
    return " ".join(long_word(word) for word in street.text.split())


def _clash(ours: Street, theirs: Street) -> bool:
    """Tell whether two streets name different directions or types."""
    pairs = ((ours.predir, theirs.predir), (ours.postdir, theirs.postdir), (ours.kind, theirs.kind))
    return any(a and b and a != b for a, b in pairs) and not _moved(ours, theirs)


def _near(index: AddressIndex, asked: Address, name: str | None) -> list[Hit]:
    """Ask in the ZIP; without a ZIP in the city."""
    if asked.zip5:
        return index.in_zip(asked.zip5, asked.number, name)
    return index.in_city(asked.state, asked.city, asked.number, name) if asked.state else []


def _same_house(hit: Hit, asked: Address) -> bool:
    """Tell whether the unit letter agrees; a street range knows none."""
    return hit.ranged or hit.suffix == asked.suffix


# --- one place, a tie, a doubt -----------------------------------------------------------------------------------


def _settle(index: AddressIndex, asked: Address, found: list[_Scored]) -> Match:
    """Take the one place found, or list the several."""
    points = [each for each in found if not each.hit.ranged] or found
    first = max(points, key=lambda each: each.score)
    apart = max(distance.miles(first.hit.lon, first.hit.lat, each.hit.lon, each.hit.lat) for each in points)
    if apart > _SAME_PLACE_MI:
        names = tuple(dict.fromkeys(each.hit.text for each in points))[:_MOST_CANDIDATES]
        return Match("tie", candidates=names, score=first.score, source=index.label)
    hit = first.hit
    exact = first.score == _EXACT
    sort = ("range" if hit.ranged else "exact") if exact else "close"
    base = max(RANGE_MI, hit.reach_mi) if hit.ranged else POINT_MI + hit.reach_mi
    match = Match(
        match=sort,
        precision="street_range" if hit.ranged else "address_point",
        lon=hit.lon,
        lat=hit.lat,
        uncertainty_mi=base + apart,
        score=first.score,
        matched=hit.text,
        candidates=() if exact else (hit.text,),
        flags=("scattered",) if not hit.ranged and hit.reach_mi > _SAME_PLACE_MI else (),
        zip5=hit.zip5,
        source=index.label,
    )
    return doubt(match, asked.zip5) if asked.zip5 else match


def doubt(match: Match, zip5: str) -> Match:
    """Where the stated ZIP contradicts the place found, flag it and reach over the whole ZIP as well."""
    code = reference.find_zip(zip5)
    area = reference.find_area(code.zcta) if code else None
    if code is None or area is None or area.max_radius_mi is None or match.lon is None or match.lat is None:
        return match if match.zip5 == zip5 else replace(match, flags=(*match.flags, "zip_differs"))
    margin = _ZIP_MARGIN_MI if code.how == "same" else _MAILING_MARGIN_MI
    away = distance.miles(match.lon, match.lat, area.lon, area.lat)
    other = reference.find_zip(match.zip5) if match.zip5 != zip5 else code
    flags = [*match.flags]
    if match.zip5 and (other is None or other.zcta != code.zcta):
        flags.append("zip_differs")
    if away > area.max_radius_mi + margin:
        flags.append("far_from_zip")
    if len(flags) == len(match.flags):
        return match
    return replace(match, flags=tuple(flags), uncertainty_mi=max(match.uncertainty_mi, away + area.max_radius_mi))
