"""Plan-Net directories (FHIR R4, Da Vinci PDex Plan-Net) -> raw rows, one per offer and location.

The reader is tolerant: it takes newline-delimited resources and Bundles, follows what references it finds, counts what
it does not read, and never fails on a field of another shape. The row number is the line of the file, or the place in
the Bundle. Source: HL7 Da Vinci PDex Plan-Net implementation guide, profiles PractitionerRole, OrganizationAffiliation,
HealthcareService, Location, Organization, Practitioner.
"""

from __future__ import annotations

import io
import itertools
from collections import Counter
from dataclasses import dataclass, field
from sys import intern
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from adequacy.errors import InputError
from adequacy.intake.batch import Batch
from adequacy.intake.findings import Findings, Source
from adequacy.intake.json_stream import NotJson, listed_values

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Mapping as MappingOf

    from adequacy.intake.mapping import Mapping
    from adequacy.intake.readers import RosterFile

__all__ = ["DIRECTORY_COLUMNS", "read_plan_net"]

_OFFERS = ("PractitionerRole", "OrganizationAffiliation", "HealthcareService")
_TARGETS = ("Location", "Organization", "Practitioner", "HealthcareService")
_NPI_SYSTEM = "us-npi"
_NUCC = "nucc.org/provider-taxonomy"
_BATCH = 50_000
_T = TypeVar("_T")
#: What a directory says, in our columns.
DIRECTORY_COLUMNS = (
    "npi", "provider_name", "provider_kind", "site_id", "site_name", "street", "suite", "city", "state", "zip5",
    "phone", "lon", "lat", "taxonomy", "panel_status", "languages", "ada", "service_from", "service_to",
    "contract_status",
)  # fmt: skip


class _Place(NamedTuple):
    """What an offer asks of a Location."""

    site_id: str
    site_name: str
    street: str
    suite: str
    city: str
    state: str
    zip5: str
    lon: str
    lat: str
    phone: str
    ada: str


class _Holder(NamedTuple):
    """What an offer asks of an Organization or a Practitioner."""

    name: str
    npi: str = ""
    languages: str = ""


class _Service(NamedTuple):
    """What an offer asks of a HealthcareService."""

    taxonomies: tuple[str, ...]
    panel: str
    locations: tuple[str, ...]


@dataclass(slots=True)
class _Directory:
    """What the offers of the files read together refer to, each cut down to what is asked of it, by reference."""

    places: dict[str, _Place] = field(default_factory=dict)
    holders: dict[str, _Holder] = field(default_factory=dict)
    services: dict[str, _Service] = field(default_factory=dict)
    #: services that a role or affiliation already speaks for, by reference
    spoken_for: set[str] = field(default_factory=set)
    #: file -> kinds of record that are not read, counted
    ignored: dict[str, Counter[str]] = field(default_factory=dict)
    #: files that hold offers
    offering: list[RosterFile] = field(default_factory=list)


def _found(known: MappingOf[str, _T], reference: object) -> _T | None:
    """Follow a reference; None where it leads nowhere."""
    return next((known[key] for key in _keys(reference) if key in known), None)


def _keys(reference: object) -> tuple[str, str]:
    """Return the two ways in which a reference may name a resource: by kind and id, or by its whole address."""
    text = str(_dict(reference).get("reference", ""))
    return "/".join(text.split("/")[-2:]), text


def read_plan_net(files: list[RosterFile], mapping: Mapping, findings: Findings) -> Iterator[tuple[Batch, int]]:
    """Read the files of one directory together and yield its offers as batches of raw rows.

    The files are read twice: for what is referred to (places, organisations, people), which is kept, cut down to what
    is asked of it; then for the offers, which are not kept. With each batch comes how many rows the mapping's
    ``[rows]`` left out.

    Parameters
    ----------
    files : list of RosterFile
        Newline-delimited JSON or Bundles; references run across them.
    mapping : Mapping
        Its ``[constants]`` hold in every row; ``[words.contract_status]`` may name networks, whose names are the raw
        contract status; ``[rows]`` goes by our columns (``DIRECTORY_COLUMNS``), since a directory has no headers.
    findings : Findings
        Where kinds of resource that are not read are noted.

    Raises
    ------
    InputError
        If a file holds no JSON of that kind.
    """
    directory = _Directory()
    for file in files:
        _gather(file, directory)
    for name, kinds in directory.ignored.items():
        counted = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
        findings.add(Source(name), [1], "", "reader_ignored", detail=counted)
    networks = "contract_status" in mapping.words
    for file in directory.offering:
        rows = ((number, row) for number, resource in _offers(file, directory)
                for row in _rows(resource, directory, networks))  # fmt: skip
        while some := list(itertools.islice(rows, _BATCH)):
            inside = [each for each in some if _inside(each[1], mapping)]
            yield _batch(file.name, inside, mapping, findings), len(some) - len(inside)


def _inside(row: dict[str, str], mapping: Mapping) -> bool:
    """Tell whether the mapping's ``[rows]`` keeps a row; a header of another file of the run leaves it in."""
    return all(
        row.get(name, "").strip() in values for name, values in mapping.rows.items() if name in DIRECTORY_COLUMNS
    )


def _gather(file: RosterFile, directory: _Directory) -> None:
    """Keep of one file what others refer to, and note what it holds."""
    kinds: Counter[str] = Counter()
    for _, resource in _resources(file):
        kind = str(resource.get("resourceType", ""))
        kinds[kind] += 1
        for key in {f"{kind}/{resource.get('id', '')}", str(resource.get("fullUrl") or "")} - {""}:
            _keep(directory, kind, key, resource)
        if kind in _OFFERS and kind != "HealthcareService":
            for reference in _list(resource.get("healthcareService")):
                directory.spoken_for.update(_keys(reference))
    if not kinds.keys() - {""}:
        raise InputError(
            f"{file.name}: JSON, but no FHIR resources. A Plan-Net directory as NDJSON or Bundle can be read."
        )
    if kinds.keys() & set(_OFFERS):
        directory.offering.append(file)
    ignored = Counter({kind or "record without a type": count for kind, count in kinds.items()
                       if kind not in _TARGETS and kind not in _OFFERS})  # fmt: skip
    if ignored:
        directory.ignored[file.name] = ignored


def _keep(directory: _Directory, kind: str, key: str, resource: dict[str, Any]) -> None:
    """Keep of a resource what an offer may ask of it."""
    if kind == "Location":
        directory.places[key] = _place(resource)
    elif kind in {"Organization", "Practitioner"}:
        directory.holders[key] = _Holder(_name(resource), _npi(resource), ";".join(_languages(resource)))
    elif kind == "HealthcareService":
        directory.services[key] = _service(resource)


def _offers(file: RosterFile, directory: _Directory) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the offers of a file; a service that a role or affiliation speaks for is no offer of its own."""
    for number, resource in _resources(file):
        kind = resource.get("resourceType")
        if kind in _OFFERS and not (
            kind == "HealthcareService"
            and not directory.spoken_for.isdisjoint({f"{kind}/{resource.get('id', '')}", str(resource.get("fullUrl"))})
        ):
            yield number, resource


def _resources(file: RosterFile) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the resources of a file with their line, or their place in a Bundle."""
    with file.open() as stream, io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace") as text:
        try:
            for number, entry in listed_values(text, "entry"):
                resource = _dict(_dict(entry).get("resource")) or _dict(entry)
                if full := _dict(entry).get("fullUrl"):
                    resource = {**resource, "fullUrl": full}
                yield number, resource
        except NotJson as error:
            raise InputError(f"{file.name} line {error.line} is not JSON. Export the directory again.") from None


def _rows(resource: dict[str, Any], directory: _Directory, networks: bool) -> Iterator[dict[str, str]]:
    """Yield one raw row per location of an offer; one without a place where it has none."""
    named = [_found(directory.services, each) for each in _list(resource.get("healthcareService"))]
    services = [each for each in named if each]
    own = _service(resource)
    provider, kind = _provider(resource, directory)
    row = {
        "provider_name": provider.name,
        "provider_kind": kind,
        "npi": provider.npi,
        "taxonomy": ";".join(dict.fromkeys(own.taxonomies or [code for each in services for code in each.taxonomies])),
        "panel_status": next((each.panel for each in [own, *services] if each.panel), ""),
        "languages": provider.languages,
        "service_from": str(_dict(resource.get("period")).get("start", "")),
        "service_to": _end(resource),
        "contract_status": ";".join(_networks(resource)) if networks else "",
    }
    phone = _phone(resource)
    locations = own.locations or [each for service in services for each in service.locations]
    for reference in locations or [""]:
        place = _found(directory.places, {"reference": reference}) or _place({})
        yield {**row, **place._asdict(), "phone": phone or place.phone}


def _provider(resource: dict[str, Any], directory: _Directory) -> tuple[_Holder, str]:
    """Return who gives an offer: the person of a role, else the organisation."""
    person = _found(directory.holders, resource.get("practitioner"))
    if person:
        return person, "individual"
    for name in ("participatingOrganization", "providedBy", "organization"):
        found = _found(directory.holders, resource.get(name))
        if found:
            return found, "organisation"
    names = ("practitioner", "participatingOrganization", "providedBy")
    shown = next((_dict(resource[name]).get("display") for name in names if resource.get(name)), "")
    return _Holder(str(shown or "")), "individual" if resource.get("practitioner") else "organisation"


def _service(resource: dict[str, Any]) -> _Service:
    """Return what an offer or a service says of taxonomies, panel and locations."""
    locations = (str(_dict(each).get("reference", "")) for each in _list(resource.get("location")))
    return _Service(tuple(map(intern, _taxonomies(resource))), _panel(resource), tuple(locations))


def _place(location: dict[str, Any]) -> _Place:
    """Return the columns of a location."""
    address = _dict(location.get("address")) or next(map(_dict, _list(location.get("address"))), {})
    lines = [str(line) for line in _list(address.get("line"))]
    position = _dict(location.get("position"))
    return _Place(
        site_id=str(location.get("id", "")),
        site_name=str(location.get("name", "")),
        street=lines[0] if lines else "",
        suite=", ".join(lines[1:]),
        city=intern(str(address.get("city", ""))),
        state=intern(str(address.get("state", ""))),
        zip5=intern(str(address.get("postalCode", ""))),
        lon=str(position.get("longitude", "")),
        lat=str(position.get("latitude", "")),
        phone=_phone(location),
        ada="Y" if "handiaccess" in _codes_of(location, "accessibility") else "",
    )


def _name(resource: dict[str, Any]) -> str:
    """Return the name of an organisation or a person."""
    name = resource.get("name", "")
    if isinstance(name, list):
        human = _dict(name[0]) if name else {}
        parts = [*map(str, _list(human.get("given"))), str(human.get("family", ""))]
        full = " ".join(part for part in parts if part) or str(human.get("text", ""))
        return ", ".join([full, *map(str, _list(human.get("suffix")))])
    return str(name)


def _npi(resource: dict[str, Any]) -> str:
    """Return the National Provider Identifier of a resource."""
    for each in map(_dict, _list(resource.get("identifier"))):
        if _NPI_SYSTEM in str(each.get("system", "")):
            return str(each.get("value", ""))
    return ""


def _taxonomies(resource: dict[str, Any]) -> list[str]:
    """Return the NUCC codes among the specialties of an offer."""
    codings = [
        coding for each in _list(resource.get("specialty")) for coding in map(_dict, _list(_dict(each).get("coding")))
    ]
    return [str(coding.get("code", "")) for coding in codings if _NUCC in str(coding.get("system", ""))]


def _phone(resource: dict[str, Any]) -> str:
    """Return the first telephone number of a resource."""
    for each in map(_dict, _list(resource.get("telecom"))):
        if each.get("system") == "phone":
            return str(each.get("value", ""))
    return ""


def _panel(resource: dict[str, Any]) -> str:
    """Return the first code of ``newpatients``."""
    return next(iter(_codes_of(resource, "newpatients")), "")


def _codes_of(resource: dict[str, Any], name: str) -> list[str]:
    """Return the codes inside the extensions whose address ends with a name."""
    codes = []
    for each in map(_dict, _list(resource.get("extension"))):
        if str(each.get("url", "")).endswith(name):
            inner = [each, *map(_dict, _list(each.get("extension")))]
            codings = [
                coding for one in inner for coding in _list(_dict(one.get("valueCodeableConcept")).get("coding"))
            ]
            codes += [str(_dict(coding).get("code", "")) for coding in codings]
    return codes


def _networks(resource: dict[str, Any]) -> list[str]:
    """Return the networks an offer belongs to, by the names shown."""
    references = [*_list(resource.get("network"))]
    for each in map(_dict, _list(resource.get("extension"))):
        if str(each.get("url", "")).endswith("network-reference"):
            references.append(_dict(each.get("valueReference")))
    return [str(_dict(each).get("display") or _dict(each).get("reference", "")) for each in references]


def _languages(provider: dict[str, Any]) -> Iterator[str]:
    """Yield the languages a provider speaks."""
    for each in map(_dict, _list(provider.get("communication"))):
        text = each.get("text") or next((_dict(coding).get("display") for coding in _list(each.get("coding"))), "")
        if text:
            yield str(text)


def _end(resource: dict[str, Any]) -> str:
    """Return the last day of an offer; one that is not active and says no day ended long ago."""
    end = str(_dict(resource.get("period")).get("end", ""))
    return end or (
        str(_dict(resource.get("meta")).get("lastUpdated", ""))[:10] if resource.get("active") is False else ""
    )


def _batch(name: str, rows: list[tuple[int, dict[str, str]]], mapping: Mapping, findings: Findings) -> Batch:
    """Make a batch of raw rows."""
    import numpy as np

    values = {}
    for column in DIRECTORY_COLUMNS:
        cells = np.empty(len(rows), dtype=object)
        cells[:] = [row.get(column, "") for _, row in rows]
        if (cells != "").any() or column not in mapping.constants:
            values[column] = cells
    for column, constant in mapping.constants.items():
        values[column] = np.full(len(rows), constant, dtype=object)
    return Batch(Source(name), np.array([number for number, _ in rows], dtype=np.int64), values, {}, findings)


def _dict(value: object) -> dict[str, Any]:
    """Return a JSON object, an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    """Return a JSON list; nothing for anything else."""
    return value if isinstance(value, list) else []
