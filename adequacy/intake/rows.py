"""One batch of raw rows -> judged rows: the fixed order in which cells and rows are looked at.

First columns that a file writes together are taken apart (a full address, an age range) or put together (a person's
name); then every cell is judged alone, then what needs several cells of a row; last the words for services become
service keys, one offering each.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from adequacy.errors import AmbiguousService, NoSuchService, UnknownService
from adequacy.intake.batch import Change
from adequacy.intake.cells import cell_judge, clean_text, read_date
from adequacy.intake.coded import Coded, number_rows
from adequacy.intake.places import (
    coordinates_judge,
    counties_served_judge,
    county_judge,
    is_po_box,
    state_judge,
    street_judge,
    zip_judge,
)
from adequacy.intake.sources import RIVAL
from adequacy.tables import table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    import numpy as np

    from adequacy.intake.batch import Batch, Judge, Judges
    from adequacy.intake.mapping import Mapping
    from adequacy.policy import Catalogue

__all__ = ["OFFERING_COLUMNS", "Limits", "judge_batch", "offerings"]

_PERIODS = (("contract_from", "contract_to"), ("service_from", "service_to"), ("nctracks_from", "nctracks_to"))
_CITY_STATE_ZIP = re.compile(
    r"^(?P<city>.*?)[, ]+(?P<state>[A-Za-z]{2}|[A-Za-z]+ [A-Za-z]+)[., ]+(?P<zip>\d{5}(?:-?\d{4})?)$"
)
_ADDRESS = re.compile(
    r"^(?P<street>[^,]+(?:,\s*(?:suite|ste|unit|#|bldg|building|fl|floor|apt)[^,]*)?)\s*,\s*(?P<rest>.+)$", re.I
)
_AGES = re.compile(r"^(\d{1,3}) ?(?:-|–|to|thru|through) ?(\d{1,3}|\+|up|adult)? ?(?:years?|yrs?)?$", re.IGNORECASE)
_AGES_FROM = re.compile(
    r"^(?:ages? )?(\d{1,3}) ?(?:\+|and (?:over|up|older|above)|& (?:over|up|older)|or older)", re.IGNORECASE
)
_AGES_TO = re.compile(r"^(?:under|below|up to|through) (\d{1,3})$", re.IGNORECASE)
_ALL_AGES = frozenset({"all", "all ages", "any", "birth to death", "0+", "lifespan"})
_CODE = re.compile(r"^(?:[A-Za-z]\d{4}|[A-Za-z]{2}\d{3}|\d{5})$")
_PART_MARKS = re.compile(r"\s*[;|\n]\s*")


@dataclass(frozen=True, slots=True)
class Limits:
    """Numbers that intake compares with; they come from the policy, never from here.

    Parameters
    ----------
    far_from_zip_mi : float or None
        Statute miles between a point and its ZIP code's area above which the pair is reported.
    same_place_mi : float or None
        Statute miles within which two points are one place.
    upload_locations : int or None
        Locations per NPI at which an upstream upload is known to cut off.
    """

    far_from_zip_mi: float | None = None
    same_place_mi: float | None = None
    upload_locations: int | None = None


def judge_batch(
    batch: Batch, judges: Judges, *, today: date, catalogue: Catalogue, mapping: Mapping, limits: Limits
) -> None:
    """Judge every cell and row of a batch, in place.

    Parameters
    ----------
    batch : Batch
        Rows of one source.
    judges : Judges
        Those of this run; they remember what they said of earlier batches.
    today : date
        The day of the roster; decides the century of two-digit years.
    catalogue : policy.Catalogue
        The services.
    mapping : Mapping
        The mapping file's own words, services and taxonomies.
    limits : Limits
        What counts as far, and as one place.
    """
    _assemble(batch)
    for column in table("roster").columns:
        if column.name in batch.values:
            make = partial(cell_judge, column, today=today, words=mapping.words.get(column.name))
            batch.judge((column.name,), judges(column.name, make))
            if f"{column.name}{RIVAL}" in batch.values:
                rival = partial(_rival_judge, column.name, judges(column.name, make))
                batch.judge((column.name, f"{column.name}{RIVAL}"), rival)
    if "deactivated_on" in batch.values:
        batch.judge(("deactivated_on", "reactivated_on", "service_to"), partial(_deactivation_judge, today))
    _judge_places(batch, judges, limits)
    _judge_services(batch, judges, catalogue, mapping)
    for start, end in _PERIODS:
        if start in batch.values and end in batch.values:
            batch.judge((start, end), partial(_period_judge, end))
    if "ages_min" in batch.values and "ages_max" in batch.values:
        batch.judge(("ages_min", "ages_max"), _age_order_judge)
    batch.judge(("provider_name", "npi", "deactivated_on"), _provider_judge)


#: The columns of an offering: table ``roster`` with ``service_key`` instead of ``service``.
OFFERING_COLUMNS = tuple("service_key" if name == "service" else name for name in table("roster").names)


def offerings(batch: Batch, mapping: Mapping) -> tuple[dict[str, Coded], np.ndarray]:
    """Return the rows of a batch that were not refused, one per service.

    Returns
    -------
    (dict of str to Coded, ndarray)
        ``OFFERING_COLUMNS``, all text, and the row each came from as a spreadsheet shows it. A row made from
        taxonomies keeps only the codes that gave its service.
    """
    import numpy as np

    service = batch.column("service")
    parts = [text.split(";") for text in service.texts.tolist()]
    kept = np.flatnonzero(~batch.refused)
    lists = service.codes[kept]
    counts = np.array([len(part) for part in parts], dtype=np.int64)[lists]
    rows = np.repeat(kept, counts)
    columns = {name: batch.column(name).take(rows) for name in OFFERING_COLUMNS if name != "service_key"}
    starts = np.cumsum([0, *(len(part) for part in parts)])[:-1]
    within = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    keys = [key for part in parts for key in part]
    columns["service_key"] = Coded.made(np.repeat(starts[lists], counts) + within, keys)
    if mapping.taxonomies:
        numbers, first = number_rows(columns["taxonomy"].codes, columns["service_key"].codes)
        pairs = zip(columns["taxonomy"].at(first), columns["service_key"].at(first), strict=True)
        columns["taxonomy"] = Coded.made(numbers, [_codes_for(mapping, *pair) for pair in pairs])
    return columns, batch.rows[rows]


def _codes_for(mapping: Mapping, taxonomies: str, service: str) -> str:
    """Return the taxonomy codes that the mapping ties to a service; all of them where it ties none."""
    codes = [code for code in taxonomies.split(";") if service in mapping.taxonomies.get(code, ())]
    return ";".join(codes) or taxonomies


# --- taking apart, putting together --------------------------------------------------------------------------------


def _assemble(batch: Batch) -> None:
    """Fill declared columns from the columns a file writes them in."""
    given = batch.values
    if "last_name" in given:
        batch.judge(
            ("provider_name", "first_name", "middle_name", "last_name", "name_suffix", "credential_text"), _person_judge
        )
    if "street2" in given:
        batch.judge(("street", "street2", "suite"), _second_line_judge)
    if "address" in given:
        batch.judge(("address", "street"), _address_judge)
    if "city_state_zip" in given:
        batch.judge(("city_state_zip", "city", "state", "zip5"), _city_state_zip_judge)
    if "county" in given:
        batch.judge(("county", "county_fips"), _county_name_judge)
    if "ages" in given:
        batch.judge(("ages", "ages_min", "ages_max"), _ages_judge)
    if "modifier" in given:
        batch.judge(("service", "modifier"), _modifier_judge)


def _person_judge(name: str, first: str, middle: str, last: str, suffix: str, credentials: str) -> Iterator[Change]:
    """Put a person's name together where no name of an organisation is given."""
    if clean_text(name) or not clean_text(last):
        return
    person = " ".join(part for part in map(clean_text, (first, middle, last, suffix)) if part)
    degree = clean_text(credentials)
    yield Change("provider_name", f"{person}, {degree}" if degree else person)
    yield Change("provider_kind", "individual")


def _second_line_judge(street: str, second: str, suite: str) -> Iterator[Change]:
    """Put the second address line where it belongs: beside the suite, or in place of an empty or boxed first line."""
    line = clean_text(second)
    if not line:
        return
    if not clean_text(street) or (is_po_box(street) and re.match(r"\d+\w* +\D", line)):
        yield Change("street", line)
    elif line.casefold() not in street.casefold():
        yield Change("suite", ", ".join(part for part in (clean_text(suite), line) if part))


def _address_judge(address: str, street: str) -> Iterator[Change]:
    """Take a whole address apart: street, city, state, ZIP code."""
    line = clean_text(address)
    match = _ADDRESS.match(line)
    if clean_text(street) or not line:
        return
    if match is None:
        yield Change("street", line)
        return
    yield Change("street", match["street"])
    yield from _city_state_zip_judge(match["rest"], "", "", "")


def _city_state_zip_judge(text: str, city: str, state: str, zip5: str) -> Iterator[Change]:
    """Take ``Raleigh, NC 27601`` apart, where the parts are not given by themselves."""
    match = _CITY_STATE_ZIP.match(clean_text(text))
    if match is None:
        return
    for name, given, value in (("city", city, "city"), ("state", state, "state"), ("zip5", zip5, "zip")):
        if not given:
            yield Change(name, match[value].strip(" ,"))


def _county_name_judge(county: str, fips: str) -> Iterator[Change]:
    """Take the county's name where no code is given."""
    if clean_text(county) and not clean_text(fips):
        yield Change("county_fips", clean_text(county))


def _ages_judge(text: str, low: str, high: str) -> Iterator[Change]:
    """Take an age range apart: ``6-17``, ``18+``, ``under 21``, ``all ages``."""
    ages = clean_text(text)
    if not ages or low or high or ages.casefold() in _ALL_AGES:
        return
    if match := _AGES.match(ages):
        yield Change("ages_min", match[1])
        if match[2] and match[2].isdigit():
            yield Change("ages_max", match[2])
    elif match := _AGES_FROM.match(ages):
        yield Change("ages_min", match[1])
    elif match := _AGES_TO.match(ages):
        yield Change(
            "ages_max", match[1] if ages.casefold().startswith(("up to", "through")) else str(int(match[1]) - 1)
        )
    else:
        yield Change("ages_min", ages)


def _modifier_judge(service: str, modifier: str) -> Iterator[Change]:
    """Put a billing code and its modifiers together."""
    code, mods = clean_text(service), clean_text(modifier)
    if mods and _CODE.match(code):
        yield Change("service", f"{code} {mods}")


# --- judging whole rows --------------------------------------------------------------------------------------------


def _judge_places(batch: Batch, judges: Judges, limits: Limits) -> None:
    """Judge everything that says where a row is; name rows without any place."""
    given = batch.values
    if "state" in given:
        batch.judge(("state",), state_judge)
    if "zip5" in given:
        batch.judge(("zip5", "state"), zip_judge)
    if "county_fips" in given:
        batch.judge(("county_fips", "state", "zip5"), partial(county_judge, "county_fips"))
    if "counties_served" in given:
        batch.judge(("counties_served", "state", "zip5"), counties_served_judge)
    if "lon" in given or "lat" in given:
        batch.judge(("lon", "lat", "zip5"), judges("point", partial(coordinates_judge, limits.far_from_zip_mi)))
    if "street" in given:
        batch.judge(("street", "telehealth", "lon", "lat"), judges("site", lambda: street_judge))
        batch.judge(("street", "telehealth", "lon", "lat"), judges("unplaced", lambda: _unplaced_judge))
    no_point = batch.column("lon").equal("") | batch.column("lat").equal("")
    nowhere = no_point & batch.column("zip5").equal("") & ~batch.column("telehealth").equal("only") & ~batch.refused
    batch.note(nowhere, "zip5", "no_place")


def _unplaced_judge(street: str, telehealth: str, lon: str, lat: str) -> Iterator[Change]:
    """Take the point away from a row that is no site: ``precision`` none says so to whoever places sites."""
    boxed = is_po_box(street) and not (lon and lat)
    if boxed or (telehealth == "only" and not street):
        yield Change("lon", "")
        yield Change("lat", "")
        yield Change("precision", "none")


def _judge_services(batch: Batch, judges: Judges, catalogue: Catalogue, mapping: Mapping) -> None:
    """Turn words into service keys, or taxonomies where the mapping says so; weigh taxonomies against services."""
    if mapping.taxonomies:
        batch.judge(("service", "taxonomy", "deactivated_on"), partial(_taxonomy_service_judge, mapping))
    batch.judge(("service",), judges("services", lambda: partial(_service_judge, catalogue, mapping)))
    if "taxonomy" in batch.values and not mapping.taxonomies:
        batch.judge(("taxonomy", "service"), partial(_misfit_judge, catalogue))


def _taxonomy_service_judge(mapping: Mapping, service: str, taxonomy: str, deactivated: str) -> Iterator[Change]:
    """Take the services from the row's taxonomies; a deactivated NPI without any has ended for all of them."""
    if service:
        return
    codes = [code for code in taxonomy.split(";") if code]
    keys = dict.fromkeys(key for code in codes for key in mapping.taxonomies.get(code, ()))
    if not keys and not codes and deactivated:
        keys = dict.fromkeys(key for mapped in mapping.taxonomies.values() for key in mapped)
    if keys:
        yield Change("service", ";".join(keys))
    else:
        yield Change("service", "", "taxonomy_not_mapped", ", ".join(codes) or "it has none")


def _service_judge(catalogue: Catalogue, mapping: Mapping, text: str) -> Iterator[Change]:
    """Turn the words for one or several services into keys."""
    if not text:
        if not mapping.taxonomies:  # else the taxonomies have been asked already
            yield Change("service", "", "service_missing")
        return
    keys, change = _service_keys(catalogue, mapping, text)
    if keys:
        if ";".join(keys) != text:
            yield Change("service", ";".join(keys))
        return
    parts = [part for part in _PART_MARKS.split(text) if part]
    if len(parts) < 2:  # noqa: PLR2004 - one word and no list
        commas = [part.strip() for part in text.split(",") if part.strip()]
        parts = (
            commas if len(commas) > 1 and all(_service_keys(catalogue, mapping, each)[0] for each in commas) else parts
        )
    found = [_service_keys(catalogue, mapping, part) for part in parts]
    known = dict.fromkeys(key for keys, _ in found for key in keys)
    if len(parts) < 2 or not known:  # noqa: PLR2004
        yield change or Change("service", "", "service_missing")
        return
    yield Change("service", ";".join(known), "services_split")
    for part, (keys, _) in zip(parts, found, strict=True):
        if not keys:
            yield Change("service", ";".join(known), "service_part_left_out", part)


def _service_keys(catalogue: Catalogue, mapping: Mapping, text: str) -> tuple[tuple[str, ...], Change | None]:
    """Return the keys of one word, or the refusal it deserves."""
    word = clean_text(text)
    if word in mapping.services:
        return mapping.services[word], None
    try:
        return (catalogue.find(word).key,), None
    except AmbiguousService as error:
        return (), Change("service", "", "service_ambiguous", " or ".join(error.choices) or "the services it may mean")
    except UnknownService as error:
        near = " or ".join(error.choices)
        return (), Change("service", "", "service_unknown", f"near: {near}" if near else "nothing is near")
    except NoSuchService as error:
        return (), Change("service", "", "service_none", error.message)


def _misfit_judge(catalogue: Catalogue, taxonomy: str, service: str) -> Iterator[Change]:
    """Warn of a taxonomy that is not tied to the row's service."""
    codes = set(taxonomy.split(";")) - {""}
    for key in service.split(";") if codes and service else ():
        tied = catalogue[key].taxonomies
        if tied and codes.isdisjoint(tied):
            yield Change("taxonomy", taxonomy, "taxonomy_misfit", ", ".join(tied))


def _rival_judge(name: str, judge: Judge, ours: str, rival: str) -> Iterator[Change]:
    """Believe neither of two columns that tell a status differently."""
    other = clean_text(rival)
    for change in judge(rival):
        other = change.value
    if ours and other and ours != other:
        yield Change(name, "unknown", "status_twice", f"{ours} and {other}")


def _period_judge(end_column: str, start: str, end: str) -> Iterator[Change]:
    """Refuse a period that ends before it starts."""
    if start and end and end < start:
        yield Change(end_column, end, "end_before_start", f"{start} to {end}")


def _age_order_judge(low: str, high: str) -> Iterator[Change]:
    """Turn two ages round where the youngest is above the oldest; a person looks, because one may be a slip."""
    if low and high and int(low) > int(high):
        yield Change("ages_min", high, "ages_swapped", f"{high} to {low}")
        yield Change("ages_max", low, "ages_swapped", f"{high} to {low}")


def _deactivation_judge(today: date, deactivated: str, reactivated: str, service_to: str) -> Iterator[Change]:
    """End the service line of a deactivated NPI on the day of its deactivation."""
    off, on = read_date(clean_text(deactivated), today)[0], read_date(clean_text(reactivated), today)[0]
    if off is not None and (on is None or on < off) and not (service_to and service_to <= off.isoformat()):
        yield Change("service_to", off.isoformat(), "npi_deactivated")


def _provider_judge(name: str, npi: str, deactivated: str) -> Iterator[Change]:
    """Refuse a row without a provider; a deactivated NPI without a name is named by its number."""
    if not name:
        if npi and deactivated:
            yield Change("provider_name", f"NPI {npi}")
        else:
            yield Change("provider_name", "", "provider_name_missing")
