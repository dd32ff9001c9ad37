"""What a request says, from the command line or a form file, in one set of words.

Every fact is text; an empty one was not given. Times carry their offset. Each fault is named with its file and row, all
of a form at once, and nothing is opened unless all of it can be.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adequacy.clocks import read_instant, zone_named
from adequacy.determination.facts import names_nobody
from adequacy.errors import AdequacyError, BadValue, InputError, UsageError, shown, shown_list
from adequacy.geocode import locate_address, locate_zip, parse_lat_lon
from adequacy.separated import separated_records
from adequacy.tables import OLDEST_AGE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from adequacy.policy import Policy

__all__ = ["FIELDS", "read_changes", "read_form", "read_npi", "read_request"]

_NPI = re.compile(r"\d{10}")
_MOST_FAULTS = 10
_TAXONOMY = re.compile(r"[0-9A-Z]{9}X")
_FIPS = re.compile(r"\d{5}")
_PLACES = ("zip", "point", "address")
_SITES = ("site_zip", "site_point", "site_address")
_ADDRESSES = ("address", "site_address")


def _yes_no(text: str) -> str:
    return _one_of(text.upper(), ("Y", "N"))


def _yes_no_unknown(text: str) -> str:
    return _one_of(text.upper(), ("Y", "N", "U"))


def _one_of(text: str, words: tuple[str, ...]) -> str:
    """A word of a closed list."""
    if text not in words:
        raise UsageError(f"{shown(text)} is not one of {', '.join(words)}.")
    return text


def _shaped(pattern: re.Pattern[str], words: str) -> Callable[[str], str]:
    """Read text of one shape."""

    def read(text: str) -> str:
        if not pattern.fullmatch(text):
            raise UsageError(f"{shown(text)} is not {words}.")
        return text

    return read


def read_npi(text: str) -> str:
    """Read an NPI as somebody typed it; a wrong one is refused, for it would be looked up on the roster and not found.

    Raises
    ------
    UsageError
        It has another form, or its check digit is wrong.

    Examples
    --------
    >>> read_npi("1234-567 893")
    '1234567893'
    """
    from adequacy.intake.cells import is_npi

    bare = re.sub(r"[ -]", "", text)
    if is_npi(bare):
        return bare
    if _NPI.fullmatch(bare):
        raise UsageError(
            f"{shown(text)} is no NPI: its check digit is wrong, so a figure is mistyped. Look it up, or leave it out: "
            "then the decision says that the requester was not looked up."
        )
    raise UsageError(f"{shown(text)} is not an NPI of ten digits.")


def _age(text: str) -> str:
    """Whole years."""
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(OLDEST_AGE)) or int(text) > OLDEST_AGE:
        raise UsageError(f"{shown(text)} is not an age in whole years.")
    return str(int(text))


def _zip(text: str) -> str:
    """A ZIP that exists; its five digits."""
    return locate_zip(text).zip5 or text


def _point(text: str) -> str:
    """LAT,LON as people paste it, kept as written once it is known to be a place."""
    parse_lat_lon(text)
    return text


def _text(text: str) -> str:
    """Any text on one line."""
    return " ".join(text.split())


@dataclass(frozen=True, slots=True)
class Field:
    """One fact of a request: how it is read, and what it means."""

    name: str
    read: Callable[[str], str]
    meaning: str
    usual: str = ""


#: Every fact that ``request open`` and a form file may give. ``received``, ``admitted`` and ``service`` are read apart.
FIELDS: dict[str, Field] = {
    field.name: field
    for field in (
        Field("zip", _zip, "ZIP of the consumer"),
        Field("point", _point, "LAT,LON of the consumer"),
        Field("address", _text, "street address with ZIP of the consumer"),
        Field("requester", _text, "name of the provider who asks"),
        Field("requester_npi", read_npi, "its NPI"),
        Field("provider_type", _text, "type of provider, as the application says"),
        Field("site_zip", _zip, "ZIP of the requester's site"),
        Field("site_address", _text, "address of the requester's site"),
        Field("site_point", _point, "LAT,LON of the requester's site"),
        Field("taxonomy", _shaped(_TAXONOMY, "a taxonomy of ten characters"), "taxonomy it would bill under"),
        Field("consumer_ref", _text, "reference number of the consumer"),
        Field(
            "requested_by", lambda text: _one_of(text, ("provider", "member")), "who wants this provider", "provider"
        ),
        Field("age", _age, "age of the consumer in years"),
        Field("county_fips", _shaped(_FIPS, "a county code of five digits"), "county of eligibility"),
        Field("funding", lambda text: _one_of(text, ("medicaid", "state")), "who pays"),
        Field("population", _text, "population word of the roster"),
        Field("urgent", _yes_no, "needed at once", "N"),
        Field("in_treatment", _yes_no, "already in treatment with the requester", "N"),
        Field("part2", _yes_no, "substance-use record under 42 CFR Part 2"),
        Field("client_specific", _yes_no_unknown, "specific to this consumer: a pre-screen", "U"),
        Field("nctracks", _yes_no_unknown, "active in NCTracks for service and site", "U"),
        Field("accessible", _yes_no_unknown, "a contracted site within the limit takes the consumer", "U"),
        Field("par", _text, "reference of the Provider Application Request"),
        Field("level", lambda text: _one_of(text, ("inpatient", "non-inpatient")), "level of care", "non-inpatient"),
        Field("channel", _text, "how the request came in"),
        Field("specialty", _text, "specialty or other pertinent information"),
        Field("consumer_verified", _yes_no, "found in the eligibility file", "N"),
        Field("eligible_on", _text, "day of that look-up"),
        Field("service_confirmed_by", _text, "who confirmed the service with the requester"),
    )
}
#: Columns of a form file for the reader alone.
_FOR_THE_READER = ("sample", "way", "note")
_APART = ("service", "received", "admitted")
#: What every request needs; a file without one of them is another file.
_NEEDED = ("service", "received", "requester")


def read_request(given: Mapping[str, str], policy: Policy, *, index: Path | None = None) -> dict[str, str]:
    """Read one request.

    Parameters
    ----------
    given : mapping of str to str
        Option or column names with ``_`` for ``-``; an empty text is not given.
    policy : Policy
        Its catalogue and time zone.
    index : Path, optional
        Index of address points: an address that it knows may do without its ZIP.

    Returns
    -------
    request : dict of str to str
        The facts, checked; ``service_key`` beside the words used.

    Raises
    ------
    UsageError, NotDecidable
        A value is malformed or missing, a place is unknown, or the service is.
    """
    said = {name: str(value).strip() for name, value in given.items() if str(value).strip()}
    for name in _NEEDED:
        if name not in said:
            raise UsageError(f"--{name} is missing: every request needs it.")
    request = {name: field.usual for name, field in FIELDS.items() if field.usual}
    request |= _read_fields(said, index)
    request |= _read_apart(said, policy)
    request["level_of_care"] = request.pop("level")
    _require_coherent(request, policy)
    return request


def read_changes(given: Mapping[str, str], policy: Policy, *, index: Path | None = None) -> dict[str, str]:
    """Read the facts that a ``completed`` or ``corrected`` brings; only what was given."""
    said = {name: str(value).strip() for name, value in given.items() if str(value).strip()}
    changes = _read_fields(said, index) | _read_apart(said, policy)
    if "level" in changes:
        changes["level_of_care"] = changes.pop("level")
    _require_one_place(changes, _PLACES)
    _require_one_place(changes, _SITES)
    return changes


def _read_fields(said: Mapping[str, str], index: Path | None) -> dict[str, str]:
    """The facts that are read one by one; the message of a fault names the option."""
    found = {}
    for name, text in said.items():
        if name in _APART or name in _FOR_THE_READER:
            continue
        if name not in FIELDS:
            raise UsageError(f"{shown(name)} is no fact of a request. Known: {', '.join((*_APART, *FIELDS))}.")
        try:
            found[name] = FIELDS[name].read(text)
            if name in _ADDRESSES:
                locate_address(text, index)  # can it be placed at all? It is kept as written
        except UsageError as error:
            raise type(error)(f"--{name.replace('_', '-')}: {error.message}") from error
    return found


def _read_apart(said: Mapping[str, str], policy: Policy) -> dict[str, str]:
    """Service and moments, which need the policy."""
    zone = zone_named(policy.plan.timezone)
    found = {name: _moment(said[name], name, zone) for name in ("received", "admitted") if name in said}
    if "service" in said:
        found["service_text"] = said["service"]
        found["service_key"] = policy.services.find(said["service"]).key
    return found


def _moment(text: str, name: str, zone: ZoneInfo) -> str:
    """A moment with its offset, as text."""
    try:
        return read_instant(text, zone).isoformat()
    except UsageError as error:
        raise UsageError(f"--{name}: {error.message}") from error


def _require_coherent(request: Mapping[str, str], policy: Policy) -> None:
    """Refuse a request that contradicts itself or says no place."""
    _require_one_place(request, _PLACES)
    _require_one_place(request, _SITES)
    inpatient = request["level_of_care"] == "inpatient" or policy.services[request["service_key"]].mode == "inpatient"
    if request.get("admitted") and not inpatient:
        raise UsageError("--admitted is for inpatient requests: add --level inpatient.")
    if inpatient:
        return
    reference = request.get("consumer_ref", "")
    if reference and not names_nobody(reference) and not any(request.get(name) for name in _PLACES):
        raise UsageError("a consumer is named but not where they live: give --zip, --point or --address.")
    if not any(request.get(name) for name in (*_PLACES, *_SITES)):
        raise UsageError(
            "no place is given. With a consumer: --consumer-ref and --zip, --point or --address; without one the "
            "distance is from the requester's site: --site-zip, --site-point or --site-address."
        )


def _require_one_place(request: Mapping[str, str], kinds: tuple[str, ...]) -> None:
    """Refuse a place that is given in two ways."""
    given = [kind for kind in kinds if request.get(kind)]
    if len(given) > 1:
        raise UsageError(f"{' and '.join(given)} say the same place in two ways: keep one.")


def read_form(path: Path, policy: Policy, *, index: Path | None = None) -> list[dict[str, str]]:
    """Read the requests of a form file: CSV, TOML (``[[request]]``) or JSON (a list, or one object).

    Raises
    ------
    BadValue
        Something in it cannot be used: every fault with its row.
    InputError
        The file cannot be read.
    """
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror or error}).") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path.name} is no text in UTF-8, so no form of requests: {_FORM_KINDS}") from error
    rows = list(_form_rows(path, text))
    if not rows:
        raise InputError(f"{path.name} holds no request.")
    requests, faults = [], []
    digest = hashlib.sha256(raw).hexdigest()
    for number, row in rows:
        try:
            requests.append({**read_request(row, policy, index=index), "par_hash": digest})
        except AdequacyError as error:
            faults.append(f"row {number}: {_unquoted(error.message, row)}")
    if faults:
        more = f" And {len(faults) - _MOST_FAULTS} more rows." if len(faults) > _MOST_FAULTS else ""
        raise BadValue(f"{path.name}, nothing was opened. {' '.join(faults[:_MOST_FAULTS])}{more}")
    return requests


_FORM_KINDS = "give a .csv, .toml or .json file."


def _unquoted(message: str, row: Mapping[str, str]) -> str:
    """A fault of a row without what the row says: cells may have slipped, and a name must reach no message."""
    for name, value in row.items():
        if value and name != "service":
            for spelling in (value, value.strip(), value.strip().upper()):
                message = message.replace(shown(spelling), "the value")
    return message.replace("--", "")


def _form_rows(path: Path, text: str) -> list[tuple[int, dict[str, str]]]:
    """The requests of a form with their row or running number."""
    kind = path.suffix.casefold()
    try:
        if kind == ".csv":
            return _csv_rows(path, text)
        if kind == ".toml":
            data: Any = tomllib.loads(text).get("request", [])
        elif kind == ".json":
            data = json.loads(text)
        else:
            raise InputError(f"{path.name}: a form is a .csv, .toml or .json file.")
    except (RecursionError, ValueError) as error:
        if isinstance(error, AdequacyError):
            raise
        raise InputError(
            f"{path.name} is no {kind[1:].upper()}{_where(error)}. Correct it, or export it again."
        ) from error
    items = data if isinstance(data, list) else [data]
    if not all(isinstance(item, dict) for item in items):
        raise InputError(f"{path.name}: each request must be a table of facts.")
    _require_facts(path, {_plain_name(name) for item in items for name in item})
    return [(number, _plain_row(path, number, item)) for number, item in enumerate(items, start=1)]


def _where(error: Exception) -> str:
    """Where a file stops being what its name says; the words of the reader may quote it, so they are left out."""
    if isinstance(error, json.JSONDecodeError):
        return f" from line {error.lineno} on"
    line = re.search(r"\bline (\d+)", str(error))
    return f" from line {line[1]} on" if line else ""


def _csv_rows(path: Path, text: str) -> list[tuple[int, dict[str, str]]]:
    """The rows of a form in CSV; each cell under its column, as many as there are columns."""
    records = separated_records(io.StringIO(text, newline=""), ",", path.name)  # no request is lost inside a cell
    header = [_plain_name(name) for name in next(records, [])]
    while header and not header[-1]:
        header.pop()  # a spreadsheet leaves empty columns behind
    if header:
        _require_facts(path, set(header))
    twice = sorted(name for name in set(header) if header.count(name) > 1)
    if twice:
        raise InputError(f"{path.name}: the column {shown_list(twice)} stands twice: keep one.")
    rows = []
    for number, cells in enumerate(records, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if any(cell.strip() for cell in cells[len(header) :]):
            raise InputError(
                f"{path.name} row {number} has more cells than the header: quote a cell that holds a comma."
            )
        rows.append((number, dict(zip(header, cells + [""] * len(header), strict=False))))
    return rows


def _require_facts(path: Path, names: set[str]) -> None:
    """Refuse a file that is another one than a form of requests: once, not row by row."""
    missing = [name for name in _NEEDED if name not in names]
    if missing:
        raise InputError(
            f"{path.name} is no form of requests: it says nowhere {', '.join(missing)}, which every request needs. "
            f"Found: {shown_list(sorted(names)[:_MOST_FAULTS])}."
        )
    unknown = sorted(names - {*FIELDS, *_APART, *_FOR_THE_READER})
    if unknown:
        raise InputError(
            f"{path.name}: no fact of a request is called {shown_list(map(shown, unknown[:_MOST_FAULTS]))}. "
            f"Known: {', '.join((*_APART, *FIELDS))}."
        )


def _plain_name(name: object) -> str:
    """A column or key as the options are called."""
    return str(name).strip().replace("-", "_")


def _plain_row(path: Path, number: int, row: Mapping[Any, Any]) -> dict[str, str]:
    """A table of facts with text keys and values; a switch is Y or N."""
    words = {True: "Y", False: "N", None: ""}
    if any(isinstance(value, (list, dict)) for value in row.values()):
        raise InputError(f"{path.name} row {number}: a fact is one value, not a list or a table.")
    return {
        _plain_name(name): words[value] if isinstance(value, bool) or value is None else str(value)
        for name, value in row.items()
    }
