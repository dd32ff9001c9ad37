"""What a request says, from the command line or a form file, in one set of words.

Every fact is text; an empty one was not given. Times carry their offset. Each fault is named with its file and row, all
of a form at once, and nothing is opened unless all of it can be.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adequacy.clocks import read_instant, zone_named
from adequacy.determination.facts import names_nobody
from adequacy.errors import AdequacyError, BadValue, InputError, UsageError
from adequacy.geocode import locate_address, locate_zip, parse_lat_lon
from adequacy.separated import separated_records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from adequacy.policy import Policy

__all__ = ["FIELDS", "read_changes", "read_form", "read_request"]

_NPI = re.compile(r"\d{10}")
_TAXONOMY = re.compile(r"[0-9A-Z]{9}X")
_FIPS = re.compile(r"\d{5}")
_OLDEST_AGE = 130
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
        raise UsageError(f"{text!r} is not one of {', '.join(words)}.")
    return text


def _shaped(pattern: re.Pattern[str], words: str) -> Callable[[str], str]:
    """Read text of one shape."""

    def read(text: str) -> str:
        if not pattern.fullmatch(text):
            raise UsageError(f"{text!r} is not {words}.")
        return text

    return read


def _age(text: str) -> str:
    """Whole years."""
    if not text.isdigit() or int(text) > _OLDEST_AGE:
        raise UsageError(f"{text!r} is not an age in whole years.")
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
        Field("requester_npi", _shaped(_NPI, "an NPI of ten digits"), "its NPI"),
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
    for name in ("service", "received", "requester"):
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
            raise UsageError(f"{name!r} is no fact of a request. Known: {', '.join((*_APART, *FIELDS))}.")
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
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read as text in UTF-8: {error}.") from error
    rows = list(_form_rows(path, text))
    if not rows:
        raise InputError(f"{path.name} holds no request.")
    requests, faults = [], []
    digest = hashlib.sha256(raw).hexdigest()
    for number, row in rows:
        try:
            requests.append({**read_request(row, policy, index=index), "par_hash": digest})
        except AdequacyError as error:
            faults.append(f"row {number}: {error.message.replace('--', '')}")
    if faults:
        raise BadValue(f"{path.name}, nothing was opened. {' '.join(faults)}")
    return requests


def _form_rows(path: Path, text: str) -> Iterable[tuple[int, dict[str, str]]]:
    """The requests of a form with their row or running number."""
    kind = path.suffix.casefold()
    try:
        if kind == ".csv":
            list(separated_records(io.StringIO(text, newline=""), ",", path.name))  # no request is lost inside a cell
            rows = csv.DictReader(io.StringIO(text, newline=""), restval="", strict=True)
            return [(number, _plain_row(row)) for number, row in enumerate(rows, start=2)]
        if kind == ".toml":
            data: Any = tomllib.loads(text).get("request", [])
        elif kind == ".json":
            data = json.loads(text)
        else:
            raise InputError(f"{path.name}: a form is a .csv, .toml or .json file.")
    except (csv.Error, tomllib.TOMLDecodeError, json.JSONDecodeError) as error:
        raise InputError(f"{path.name} is no {kind[1:].upper()}: {error}.") from error
    items = data if isinstance(data, list) else [data]
    if not all(isinstance(item, dict) for item in items):
        raise InputError(f"{path.name}: each request must be a table of facts.")
    return [(number, _plain_row(item)) for number, item in enumerate(items, start=1)]


def _plain_row(row: Mapping[Any, Any]) -> dict[str, str]:
    """A row with text keys and values; a switch is Y or N."""
    if None in row:
        raise InputError("a row has more cells than the header: quote a cell that holds a comma.")
    words = {True: "Y", False: "N", None: ""}
    return {
        str(name).strip().replace("-", "_"): words[value] if isinstance(value, bool) or value is None else str(value)
        for name, value in row.items()
    }
