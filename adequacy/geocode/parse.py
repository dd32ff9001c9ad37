"""Read an address: house number, street, city, state, ZIP, each folded so that two spellings of one street agree.

A line may be read in two ways: by usaddress, a trained reader, where it is installed, and by plain rules, which also
take what usaddress refuses ("Suites 4 and 5, STE 200"). Both readings are returned where they differ, and the index
decides which of them exists. Suites, floors and buildings are cut: they do not move a place.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache

from adequacy.geocode.place import zip_in_text
from adequacy.geocode.words import long_word, words

__all__ = [
    "FOLDING",
    "Address",
    "Street",
    "fold_city",
    "fold_street",
    "house_number",
    "read_address",
    "read_line",
    "read_parts",
]

#: Raise it whenever the same text folds to another street: indexes made before must then be made again.
FOLDING = 1


@dataclass(frozen=True, slots=True)
class Street:
    """A street folded to its postal short form: ``N MAIN ST`` is predir N, name MAIN, kind ST."""

    predir: str
    name: str
    kind: str
    postdir: str

    @property
    def text(self) -> str:
        """The street in one line, as the post writes it."""
        return " ".join(part for part in (self.predir, self.name, self.kind, self.postdir) if part)


@dataclass(frozen=True, slots=True)
class Address:
    """One reading of an address. ``sort`` is street, box, rural or other; only a street can be placed by a point."""

    sort: str
    number: int = 0
    suffix: str = ""
    street: Street = Street("", "", "", "")
    city: str = ""
    state: str = ""
    zip5: str = ""

    @property
    def text(self) -> str:
        """House number and street in one line."""
        gap = " " if "/" in self.suffix else ""
        return f"{self.number}{gap}{self.suffix} {self.street.text}"


# --- folding -----------------------------------------------------------------------------------------------------


def _tokens(text: str) -> list[str]:
    """Upper-case words; full stops and apostrophes vanish, every other mark is a blank."""
    plain = unicodedata.normalize("NFKD", text).upper()
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return re.findall(r"[A-Z0-9/#]+", re.sub(r"[.'’`]", "", plain))


@lru_cache(maxsize=65536)
def fold_street(text: str) -> Street:
    """Fold a street name without its house number.

    Parameters
    ----------
    text : str
        Such as ``North Main Street``.

    Returns
    -------
    Street
        Words of USPS Publication 28 in their short form; numbered streets as digits; highways as US, NC, SR and CR.

    Examples
    --------
    >>> fold_street("East Twelfth Street").text, fold_street("U.S. Highway 70 West").text
    ('E 12TH ST', 'US 70 W')
    """
    tokens = _join_phrases([word for word in _tokens(text) if word != "#"])
    direction, suffix = words("direction"), words("suffix")
    predir = postdir = kind = ""
    if len(tokens) > 1 and tokens[0] in direction and not (len(tokens) == 2 and tokens[1] in suffix):  # noqa: PLR2004
        predir, tokens = direction[tokens[0]], tokens[1:]
    named = tokens[:-1] if len(tokens) > 1 and tokens[0] not in suffix else tokens[1:-1]
    if named and tokens[-1] in direction:  # "AVENUE N" is a name, "AVENUE N W" is one with a direction
        postdir, tokens = direction[tokens[-1]], tokens[:-1]
    if len(tokens) > 1 and tokens[-1] in suffix:
        kind, tokens = suffix[tokens[-1]], tokens[:-1]
    return Street(predir, " ".join(_fold_word(word) for word in tokens if _fold_word(word)), kind, postdir)


def _fold_word(word: str) -> str:
    """Fold one word inside a name: ordinals to digits, street words to their full spelling but for ST and DR."""
    for kind in ("ordinal", "word"):
        if word in words(kind):
            return words(kind)[word]
    short = words("suffix").get(word, word)
    return short if short in {"ST", "DR"} else long_word(short)  # they also stand for Saint and Doctor


@lru_cache(maxsize=1)
def _phrases() -> dict[int, dict[str, str]]:
    """Group the road names of several words by how many words they have, longest first."""
    out: dict[int, dict[str, str]] = {}
    for written, folded in words("phrase").items():
        out.setdefault(written.count(" ") + 1, {})[written] = folded
    return dict(sorted(out.items(), reverse=True))


def _join_phrases(tokens: list[str]) -> list[str]:
    """Fold highways and other names of several words: ``US HWY 70`` becomes ``US 70``."""
    tokens = [part for word in tokens for part in _split_route(word)]
    out: list[str] = []
    at = 0
    while at < len(tokens):
        for count, known in _phrases().items():
            if (folded := known.get(" ".join(tokens[at : at + count]))) is not None and at + count <= len(tokens):
                out += folded.split()
                at += count
                break
        else:
            out.append(tokens[at])
            at += 1
    return out


def _split_route(word: str) -> list[str]:
    """Split ``US70`` and ``NC210`` in two."""
    found = re.fullmatch(r"(US|NC|SR|CR|I)(\d+[A-Z]?)", word)
    return [found[1], found[2]] if found else [word]


@lru_cache(maxsize=16384)
def fold_city(text: str) -> str:
    """Fold the name of a city: ``Mount Olive`` and ``Mt. Olive`` agree.

    Examples
    --------
    >>> fold_city("Fuquay-Varina"), fold_city("Saint Pauls")
    ('FUQUAY VARINA', 'ST PAULS')
    """
    short = {"SAINT": "ST", "MOUNT": "MT", "FORT": "FT", "SAINTE": "STE", "NORTH": "N", "SOUTH": "S", "EAST": "E"}
    return " ".join({**short, "WEST": "W"}.get(word, word) for word in _tokens(text))


_HOUSE = re.compile(r"0*(\d{1,9})(?:\s*-?\s*([A-Z])(?![A-Z])|\s+(\d/\d)|-(\d+)|(\d/\d))?", re.ASCII)


def house_number(text: str) -> tuple[int, str] | None:
    """Read a house number and what follows it: ``120``, ``120A``, ``120-A``, ``120 1/2``.

    Returns
    -------
    (int, str) or None
        Number and suffix; None where the text is no house number.

    Examples
    --------
    >>> house_number("0120-a"), house_number("120 1/2"), house_number("N6W23001")
    ((120, 'A'), (120, '1/2'), None)
    """
    found = _HOUSE.fullmatch(" ".join(text.upper().split()))
    if found is None:
        return None
    dashed = f"-{found[4]}" if found[4] else ""
    return int(found[1]), found[2] or found[3] or dashed or found[5] or ""


# --- a street line -----------------------------------------------------------------------------------------------

_BOX = re.compile(r"\bP\W*O\W*\s*(BOX|DRAWER)\b|\bPOST OFFICE (BOX|DRAWER)\b|^\W*(BOX|CALLER)\s+\d", re.IGNORECASE)
_RURAL = re.compile(r"^\W*(R\W*R|R\W*F\W*D|HC|HCR|RURAL R(OU)?TE?|STAR R(OU)?TE?)\W+\d+\W+BOX\b", re.IGNORECASE)
_LEAD = re.compile(
    r"\s*(\d+(?:-?[A-Z](?![A-Z0-9]))?(?:-\d+)?(?:\s+\d/\d)?)\s+(.*)", re.IGNORECASE | re.ASCII | re.DOTALL
)
_NEEDS_NO_ID = frozenset({"BSMT", "FRNT", "LBBY", "LOWR", "OFC", "PH", "REAR", "SIDE", "UPPR"})
_ALWAYS = frozenset({"STE", "APT", "BLDG", "UNIT", "RM", "DEPT", "TRLR"})


def read_line(text: str, *, trained: bool = True) -> list[Address]:
    """Read a street line such as ``101 Manning Dr Ste 200``; with ``trained`` False by the rules alone, which is quick.

    Returns
    -------
    list of Address
        One reading, or two where the trained reader and the rules differ; likelier first. One of sort ``other`` where
        nothing was found.

    Examples
    --------
    >>> [reading.text for reading in read_line("101 Manning Drive, Suites 4 and 5 STE 200")]
    ['101 MANNING DR']
    >>> read_line("PO Box 12")[0].sort
    'box'
    """
    both = (_by_rules(text), _by_usaddress(text) if trained else None)
    readings = [reading for reading in both if reading is not None]
    streets = list(dict.fromkeys(reading for reading in readings if reading.sort == "street"))
    return streets or readings[:1] or [Address("other")]


def read_parts(line: str, city: str, state: str, zip5: str, *, trained: bool = True) -> list[Address]:
    """Read an address whose parts stand in columns of their own.

    Examples
    --------
    >>> read_parts("101 Manning Dr", "Chapel Hill", "N.C.", "27514")[0].state
    'NC'
    """
    code = words("state").get(" ".join(_tokens(state)), "")
    return [
        replace(reading, city=fold_city(city), state=code, zip5=zip5) for reading in read_line(line, trained=trained)
    ]


def _by_rules(text: str) -> Address | None:
    """Read a street line by plain rules."""
    if _RURAL.search(text):
        return Address("rural")
    boxed = _BOX.search(text)
    found = _LEAD.match(text[: boxed.start()] if boxed else text)
    if found is None or (house := house_number(found[1])) is None:
        return Address("box") if boxed else None
    return _street(house, _cut_unit(found[2]))


def _street(house: tuple[int, str], street: str) -> Address | None:
    """Build a reading from a house number and a street."""
    folded = fold_street(street)
    return Address("street", house[0], house[1], folded) if folded.name else None


def _cut_unit(text: str) -> str:
    """Cut a street line at the first word that names a part of a building."""
    text = re.sub(r"(?<=[A-Za-z]{2})\.(?=[A-Za-z])", ". ", text)
    pieces = [piece.strip() for piece in re.split(r"[,;(]|(?<=[A-Za-z])/", text) if piece.strip()]
    if len(pieces) > 1 and fold_street(pieces[0]).kind:
        after = pieces[1] if pieces[1].upper().strip(".") in words("direction") else ""
        text = f"{pieces[0]} {after}"
    tokens = _drop_door(re.findall(r"#|[^\s#,;()]+", text))
    for at in range(1, len(tokens)):
        if _starts_unit(tokens, at):
            return " ".join(tokens[: at - 1 if _ordinal_floor(tokens, at) else at])
    return " ".join(tokens)


def _drop_door(tokens: list[str]) -> list[str]:
    """Drop single letters behind the street: the B of ``74 Springfield Street B``."""
    end = len(tokens)
    while end > 2 and re.fullmatch(r"[A-Z]", tokens[end - 1].upper()):  # noqa: PLR2004 - name, type, letter
        end -= 1
    before = tokens[end - 1].upper().strip(".,") if end else ""
    plain = tokens[end:] and tokens[end].upper() not in words("direction")
    street = end > 1 and (before in words("suffix") or before in words("direction"))
    return tokens[:end] if plain and street else tokens


def _starts_unit(tokens: list[str], at: int) -> bool:
    """Tell whether the word at this position begins a suite, floor or building."""
    word = tokens[at].upper().strip(".")
    if word == "#":
        return True
    short = words("unit").get(word)
    if short is None or (at == 1 and tokens[0].upper().strip(".") in words("direction")):
        return False
    last = at == len(tokens) - 1
    if short in _NEEDS_NO_ID:
        return last and fold_street(" ".join(tokens[:at])).kind != ""
    follows = "" if last else tokens[at + 1].upper().strip(".#")
    has_id = bool(re.search(r"\d", follows)) or len(follows) == 1 or follows == ""
    return short in _ALWAYS or _ordinal_floor(tokens, at) or (has_id and not last)


def _ordinal_floor(tokens: list[str], at: int) -> bool:
    """Tell whether this is the second word of ``2nd Floor``."""
    before = tokens[at - 1].upper()
    floor = words("unit").get(tokens[at].upper().strip(".")) == "FL"
    return floor and at > 1 and (before in words("ordinal") or bool(re.fullmatch(r"\d+(ST|ND|RD|TH)", before)))


_NUMBER_LABELS = ("AddressNumber", "AddressNumberSuffix")
_STREET_LABELS = (
    "StreetNamePreModifier",
    "StreetNamePreDirectional",
    "StreetNamePreType",
    "StreetName",
    "StreetNamePostType",
    "StreetNamePostDirectional",
    "StreetNamePostModifier",
)


def _tag(text: str) -> dict[str, str]:
    """Ask usaddress; an empty answer where it is not installed or refuses the line."""
    try:
        import usaddress
    except ImportError:  # pragma: no cover - it has no build for the newest Python
        return {}
    try:
        labels, sort = usaddress.tag(text)
    except usaddress.RepeatedLabelError:
        return {}
    return dict(labels) if sort == "Street Address" else {}


def _by_usaddress(text: str) -> Address | None:
    """Read a street line with the trained reader; cut the suite and try again where it refuses."""
    labels = _tag(text) or _tag(_retry_text(text))
    house = house_number(" ".join(labels[name] for name in _NUMBER_LABELS if name in labels))
    if house is None:
        return None
    return _street(house, " ".join(value for name, value in labels.items() if name in _STREET_LABELS))


def _retry_text(text: str) -> str:
    """The line up to its first suite, floor or building."""
    found = _LEAD.match(text)
    return f"{found[1]} {_cut_unit(found[2])}" if found else ""


# --- a whole address in one line ---------------------------------------------------------------------------------


def read_address(text: str, *, trained: bool = True) -> list[Address]:
    """Read a whole address in one line, with or without commas.

    Examples
    --------
    >>> read_address("101 Manning Dr Ste 200 Chapel Hill NC 27514")[0]      # doctest: +NORMALIZE_WHITESPACE
    Address(sort='street', number=101, suffix='', street=Street(predir='', name='MANNING', kind='DR', postdir=''),
            city='CHAPEL HILL', state='NC', zip5='27514')
    """
    plain = " ".join(unicodedata.normalize("NFKC", text).split())
    zip5 = zip_in_text(plain) or ""
    head, state = _cut_state(plain, zip5)
    found: list[Address] = []
    for line, city in _cut_city(head, plain if trained else ""):
        for each in read_line(line, trained=trained):
            reading = Address(each.sort, each.number, each.suffix, each.street, fold_city(city), state, zip5)
            if reading not in found:
                found.append(reading)
    streets = [reading for reading in found if reading.sort == "street"]
    return streets or found[:1] or [Address("other", zip5=zip5, state=state)]


def _cut_state(text: str, zip5: str) -> tuple[str, str]:
    """Take ZIP, country and state off the end."""
    head = re.sub(r"[\s,]*\b(USA|US|UNITED STATES( OF AMERICA)?)[\s.,]*$", "", text, flags=re.IGNORECASE)
    if zip5:
        head = re.sub(rf"[\s,]*{zip5}(-?\d{{4}})?(?P<after>[\s.,A-Za-z]*)$", r" \g<after>", head).rstrip(" .,")
    for name, code in sorted(words("state").items(), key=lambda item: -len(item[0])):
        pattern = r"\W*".join(re.escape(letter) for letter in name) if len(name) == 2 else re.escape(name)  # noqa: PLR2004
        found = re.search(rf"[\s,]+{pattern}[\s.,]*$", head, re.IGNORECASE)
        if found:
            return head[: found.start()].rstrip(" ,"), code
    return head, ""


def _cut_city(head: str, whole: str) -> list[tuple[str, str]]:
    """Split what is left into street line and city, in every way that makes sense."""
    pieces = [piece.strip() for piece in head.split(",") if piece.strip()]
    if len(pieces) > 1 and not re.search(r"\d|#", pieces[-1]):
        return [(", ".join(pieces[:-1]), pieces[-1])]
    labels = _tag(whole) if whole else {}
    out = []
    if labels.get("PlaceName") and labels.get("AddressNumber"):
        line = " ".join(value for name, value in labels.items() if name in (*_NUMBER_LABELS, *_STREET_LABELS))
        out.append((line, labels["PlaceName"]))
    return out + _cut_after_street_word(head)


def _cut_after_street_word(head: str) -> list[tuple[str, str]]:
    """Split after each word that can end a street, the last one first: ``1 Park Rd Cary`` is street and city."""
    tokens = head.split()
    suffix, direction = words("suffix"), words("direction")
    out = []
    for at in range(len(tokens) - 2, 1, -1):
        if tokens[at].upper().strip(".,") not in suffix:
            continue
        end = at + 1
        if tokens[end].upper().strip(".,") in direction and end + 1 < len(tokens):
            out.append((" ".join(tokens[: end + 1]), _drop_unit(tokens[end + 1 :])))
        out.append((" ".join(tokens[:end]), _drop_unit(tokens[end:])))
    return out or [(head, "")]


def _drop_unit(tokens: list[str]) -> str:
    """Drop a leading ``Ste 200`` from what should be a city."""
    while tokens and (tokens[0].upper().strip(".") in words("unit") or re.search(r"\d|#", tokens[0])):
        tokens = tokens[1:]
    return " ".join(tokens)
