"""Plan-Net directories (FHIR R4, Da Vinci PDex Plan-Net) -> raw rows, one per offer and location.

The reader is tolerant: it takes newline-delimited resources and Bundles, follows what references it finds, counts what
it does not read, and never fails on a field of another shape. The row number is the line of the file, or the place in
the Bundle. Source: HL7 Da Vinci PDex Plan-Net implementation guide, profiles PractitionerRole, OrganizationAffiliation,
HealthcareService, Location, Organization, Practitioner.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from adequacy.errors import InputError
from adequacy.intake.batch import Batch
from adequacy.intake.findings import Findings, Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adequacy.intake.mapping import Mapping
    from adequacy.intake.readers import RosterFile

__all__ = ["DIRECTORY_COLUMNS", "read_plan_net"]

_OFFERS = ("PractitionerRole", "OrganizationAffiliation", "HealthcareService")
_TARGETS = ("Location", "Organization", "Practitioner", "HealthcareService")
_NPI_SYSTEM = "us-npi"
_NUCC = "nucc.org/provider-taxonomy"
_BATCH = 50_000
#: What a directory says, in our columns.
DIRECTORY_COLUMNS = (
    "npi", "provider_name", "provider_kind", "site_id", "site_name", "street", "suite", "city", "state", "zip5",
    "phone", "lon", "lat", "taxonomy", "panel_status", "languages", "ada", "service_from", "service_to",
    "contract_status",
)  # fmt: skip


@dataclass(slots=True)
class _Directory:
    """All resources of the files read together."""

    by_reference: dict[str, dict[str, Any]] = field(default_factory=dict)
    offers: list[tuple[str, int, dict[str, Any]]] = field(default_factory=list)
    ignored: dict[str, Counter[str]] = field(default_factory=dict)

    def get(self, reference: object) -> dict[str, Any]:
        """Follow a reference; an empty resource where it leads nowhere."""
        text = _dict(reference).get("reference", "")
        tail = "/".join(str(text).split("/")[-2:])
        return self.by_reference.get(tail) or self.by_reference.get(str(text)) or {}


def read_plan_net(files: list[RosterFile], mapping: Mapping, findings: Findings) -> Iterator[tuple[Batch, int]]:
    """Read the files of one directory together and yield its offers as batches of raw rows.

    With each batch comes how many rows the mapping's ``[rows]`` left out.

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
    covered = {id(resource) for resource in _services_offered(directory)}
    offers = [each for each in directory.offers if id(each[2]) not in covered]
    for name in dict.fromkeys(each[0] for each in offers):
        rows = [(number, row) for file_name, number, resource in offers if file_name == name
                for row in _rows(resource, directory, "contract_status" in mapping.words)]  # fmt: skip
        for start in range(0, len(rows), _BATCH):
            some = rows[start : start + _BATCH]
            inside = [each for each in some if _inside(each[1], mapping)]
            yield _batch(name, inside, mapping, findings), len(some) - len(inside)


def _inside(row: dict[str, str], mapping: Mapping) -> bool:
    """Tell whether the mapping's ``[rows]`` keeps a row; a header of another file of the run leaves it in."""
    return all(
        row.get(name, "").strip() in values for name, values in mapping.rows.items() if name in DIRECTORY_COLUMNS
    )


def _gather(file: RosterFile, directory: _Directory) -> None:
    """Read every resource of one file."""
    known = 0
    for number, resource in _resources(file):
        kind = str(resource.get("resourceType", ""))
        if kind in _TARGETS:
            directory.by_reference[f"{kind}/{resource.get('id', '')}"] = resource
            if full := resource.get("fullUrl"):
                directory.by_reference[str(full)] = resource
        if kind in _OFFERS:
            directory.offers.append((file.name, number, resource))
        elif kind not in _TARGETS:
            directory.ignored.setdefault(file.name, Counter())[kind or "record without a type"] += 1
        known += bool(kind)
    if not known:
        raise InputError(
            f"{file.name}: JSON, but no FHIR resources. A Plan-Net directory as NDJSON or Bundle can be read."
        )


def _resources(file: RosterFile) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the resources of a file with their line, or their place in a Bundle."""
    with file.open() as stream:
        text = stream.read().decode("utf-8-sig", errors="replace")
    try:
        whole = json.loads(text)
    except json.JSONDecodeError:
        yield from _lines(file.name, text)
        return
    entries = (
        _list(_dict(whole).get("entry")) if isinstance(whole, dict) and "entry" in whole else _list(whole) or [whole]
    )
    for number, entry in enumerate(entries, start=1):
        resource = _dict(_dict(entry).get("resource")) or _dict(entry)
        if full := _dict(entry).get("fullUrl"):
            resource = {**resource, "fullUrl": full}
        yield number, resource


def _lines(name: str, text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the resources of newline-delimited JSON."""
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                resource = json.loads(line)
            except (json.JSONDecodeError, RecursionError):
                raise InputError(f"{name} line {number} is not JSON. Export the directory again.") from None
            yield number, _dict(resource)


def _services_offered(directory: _Directory) -> Iterator[dict[str, Any]]:
    """Yield the services that a role or affiliation already speaks for."""
    for _, _, resource in directory.offers:
        if resource.get("resourceType") != "HealthcareService":
            yield from (directory.get(each) for each in _list(resource.get("healthcareService")))


def _rows(resource: dict[str, Any], directory: _Directory, networks: bool) -> Iterator[dict[str, str]]:
    """Yield one raw row per location of an offer; one without a place where it has none."""
    services = [directory.get(each) for each in _list(resource.get("healthcareService"))]
    provider, kind = _provider(resource, directory)
    row = {
        "provider_name": _name(provider),
        "provider_kind": kind,
        "npi": _npi(provider),
        "taxonomy": ";".join(
            dict.fromkeys(_taxonomies(resource) or [code for each in services for code in _taxonomies(each)])
        ),
        "phone": _phone(resource),
        "panel_status": _panel([resource, *services]),
        "languages": ";".join(_languages(provider)),
        "service_from": str(_dict(resource.get("period")).get("start", "")),
        "service_to": _end(resource),
        "contract_status": ";".join(_networks(resource)) if networks else "",
    }
    locations = _list(resource.get("location")) or [
        each for service in services for each in _list(service.get("location"))
    ]
    for reference in locations or [{}]:
        yield {**row, **_place(directory.get(reference), row)}


def _provider(resource: dict[str, Any], directory: _Directory) -> tuple[dict[str, Any], str]:
    """Return who gives an offer: the person of a role, else the organisation."""
    person = directory.get(resource.get("practitioner"))
    if person:
        return person, "individual"
    for name in ("participatingOrganization", "providedBy", "organization"):
        found = directory.get(resource.get(name))
        if found:
            return found, "organisation"
    names = ("practitioner", "participatingOrganization", "providedBy")
    shown = next((_dict(resource[name]).get("display") for name in names if resource.get(name)), "")
    return {"name": str(shown or "")}, "individual" if resource.get("practitioner") else "organisation"


def _place(location: dict[str, Any], row: dict[str, str]) -> dict[str, str]:
    """Return the columns of a location."""
    address = _dict(location.get("address")) or next(map(_dict, _list(location.get("address"))), {})
    lines = [str(line) for line in _list(address.get("line"))]
    position = _dict(location.get("position"))
    return {
        "site_id": str(location.get("id", "")),
        "site_name": str(location.get("name", "")),
        "street": lines[0] if lines else "",
        "suite": ", ".join(lines[1:]),
        "city": str(address.get("city", "")),
        "state": str(address.get("state", "")),
        "zip5": str(address.get("postalCode", "")),
        "lon": str(position.get("longitude", "")),
        "lat": str(position.get("latitude", "")),
        "phone": row["phone"] or _phone(location),
        "ada": "Y" if "handiaccess" in _codes_of(location, "accessibility") else "",
    }


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


def _panel(resources: list[dict[str, Any]]) -> str:
    """Return the code of ``newpatients`` of the first resource that says it."""
    for resource in resources:
        codes = _codes_of(resource, "newpatients")
        if codes:
            return codes[0]
    return ""


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
