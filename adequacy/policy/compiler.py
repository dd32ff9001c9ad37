"""From validated sources to the compiled form, with every check that needs more than one entry.

Imported by ``loader`` only. Services named by a pattern (``op_*``) are spelled out here, dates become ISO text,
and what one file says of another is held to be true.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date
from fnmatch import fnmatchcase
from itertools import pairwise
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from adequacy.policy.decisions import prove
from adequacy.policy.model import CONFIDENCE, Service
from adequacy.policy.records import DecisionRow
from adequacy.policy.words import index_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from adequacy.policy.faults import Faults
    from adequacy.policy.loader import Sources

__all__ = ["compile_parts", "content_sha256"]

_FEDERAL = "ma_422_116"


def content_sha256(parts: dict[str, Any]) -> str:
    """Hash the compiled content, without the hash itself."""
    core = {key: value for key, value in parts["core"].items() if key != "sha256"}
    text = json.dumps({**parts, "core": core}, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def compile_parts(sources: Sources, faults: Faults) -> dict[str, Any]:
    """Compile and cross-check the sources; raise all faults at once."""
    keys = list(sources.tables["services.csv"])
    schemes = _schemes(sources, keys, faults)
    plans = {_stem(file): _plan(data) for file, data in sources.entries.items() if file.startswith("plans/")}
    rulesets = {name: _ruleset(entry) for name, entry in sources.entries["rulesets.yaml"].items()}
    radius = {
        name: entry
        for plan in plans.values()
        if (name := plan["radius_standard"]) and (entry := _find_standard(schemes, name))
    }
    parts: dict[str, Any] = {
        "core": {
            "settings": {name: _dated(entry) for name, entry in sources.entries["settings.yaml"].items()},
            "plans": plans,
            "rulesets": rulesets,
            "radius": radius,
            "catchment": _grouped(sources.tables["catchment.csv"].values(), "plan"),
            **_catalogue(sources, keys, faults),
        },
        "requests": {
            "decisions": _by(sources.tables["decisions.csv"].values(), "ruleset"),
            "clocks": list(sources.tables["clocks.csv"].values()),
            "closed_days": _grouped(sources.tables["closed_days.csv"].values(), "profile", sort="date"),
            "letters": list(sources.tables["letters.csv"].values()),
            "outcomes": list(sources.tables["outcomes.csv"].values()),
            "events": list(sources.tables["events.csv"].values()),
            "credentialing": list(sources.tables["credentialing.csv"].values()),
            "closed_reviews": list(sources.tables["closed_reviews.csv"].values()),
            "needs": list(sources.tables["needs.csv"].values()),
        },
        "standards": {
            "schemes": schemes,
            "county_class": _grouped(_without(sources.tables["county_class.csv"].values(), "county"), "county_fips"),
        },
        "tables": {
            _FEDERAL: _federal(sources, keys, faults),
            "road_classes": list(sources.tables["road_classes.csv"].values()),
        },
    }
    _check_plans(parts, faults)
    _check_spans(sources, faults)
    _check_decisions(parts, sources, faults)
    _check_process(parts, faults)
    _check_cited(sources, faults)
    faults.refuse()
    parts["core"]["sha256"] = content_sha256(parts)
    return parts


# --- compiling --------------------------------------------------------------------------------------------------------


def _stem(file: str) -> str:
    return PurePosixPath(file).stem


def _plain(value: Any) -> Any:
    """Make dates ISO text, all the way down."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _cite(entry: dict[str, Any]) -> str:
    """Give an entry's citations in one line."""
    return "; ".join(reference["title"] for reference in entry["reference"])


def _href(entry: dict[str, Any]) -> str:
    """Give the first place an entry can be looked up."""
    first = entry["reference"][0]
    return str(first.get("href") or f"document {first['document']}")


def _versions(entry: dict[str, Any]) -> list[dict[str, Any]]:
    """Turn values by date into versions with their first and, for the last, their last day."""
    versions = [
        {"from": day.isoformat(), **(_plain(value) if _is_values(value) else {"value": _plain(value)})}
        for day, value in entry["values"].items()
    ]
    if entry.get("ends"):
        versions[-1]["to"] = entry["ends"].isoformat()
    return versions


def _is_values(value: Any) -> bool:
    """Whether a version is a standard's set of demands, not a parameter's numbers by class."""
    return isinstance(value, dict) and "min_providers" in value


def _dated(entry: dict[str, Any]) -> dict[str, Any]:
    """Compile a setting or a scheme's parameter."""
    return {
        "description": entry["description"],
        "unit": entry["unit"],
        "confidence": entry["confidence"],
        "note": entry.get("note", ""),
        "source": _cite(entry),
        "values": _versions(entry),
    }


_MILES = ("limit_mi", "urban_mi", "rural_mi", "urban_min", "rural_min", "required_pct")


def _standard(entry: dict[str, Any], services: list[str]) -> dict[str, Any]:
    """Compile a standard; its limits are floats however they were written."""
    versions = _versions(entry)
    for version in versions:
        version.update({name: float(version[name]) for name in _MILES if version.get(name) is not None})
    return {
        "description": entry["description"],
        "category": entry["category"],
        "measure": entry["measure"],
        "unit": entry["unit"],
        "boundary": entry["boundary"],
        "services": services,
        "unmapped_services": entry.get("unmapped_services", []),
        "each_service": entry.get("each_service", False),
        "population": entry["population"],
        "counts": entry["counts"],
        "area": entry["area"],
        "funding": entry["funding"],
        "confidence": entry["confidence"],
        "note": entry.get("note", ""),
        "accepting_in_every_county": entry.get("accepting_in_every_county", False),
        "source": _cite(entry),
        "source_href": _href(entry),
        "source_reviewed": _plain(entry.get("source_reviewed")) or "",
        "values": versions,
    }


def _spell_out(file: str, name: str, patterns: list[str], keys: list[str], faults: Faults) -> list[str]:
    """Spell services out: keys and patterns; a pattern that fits no service, or an unknown key, is a fault."""
    if patterns == ["*"]:
        return ["*"]
    found: list[str] = []
    for pattern in patterns:
        fits = [key for key in keys if fnmatchcase(key, pattern)]
        if not fits:
            problem = f"{pattern!r} is no service of services.csv: use its key, or add the service"
            faults.add(file, f"{name}, services", problem)
        found += [key for key in fits if key not in found]
    return found


def _schemes(sources: Sources, keys: list[str], faults: Faults) -> dict[str, Any]:
    """Compile every scheme."""
    schemes: dict[str, Any] = {}
    for file, entries in sources.entries.items():
        if not file.startswith("standards/"):
            continue
        if "about" not in entries:
            faults.add(
                file,
                "about",
                "is missing: say what the scheme is (title, description, authority, area_class, reference)",
            )
            continue
        scheme: dict[str, Any] = {"about": _about(entries["about"]), "standards": {}, "parameters": {}}
        for name, entry in entries.items():
            if "measure" in entry:
                services = _spell_out(file, name, entry["services"], keys, faults)
                scheme["standards"][name] = _standard(entry, services)
            elif name != "about":
                scheme["parameters"][name] = _dated(entry)
        schemes[_stem(file)] = scheme
    return schemes


def _about(entry: dict[str, Any]) -> dict[str, str]:
    """Compile what a scheme is."""
    texts = {key: entry[key] for key in ("title", "description", "authority", "area_class", "confidence")}
    return {**texts, "note": entry.get("note", ""), "source": _cite(entry), "source_href": _href(entry)}


def _find_standard(schemes: dict[str, Any], name: str) -> dict[str, Any] | None:
    """Find a standard by scheme.entry."""
    scheme, _, key = name.partition(".")
    found: dict[str, Any] | None = schemes.get(scheme, {}).get("standards", {}).get(key)
    return found


def _plan(data: dict[str, Any]) -> dict[str, Any]:
    """Compile a plan profile."""
    fields = {key: value for key, value in data.items() if key not in ("reference", "note")}
    fields["practitioner_types"] = [[row["code"], row["group"], row["name"]] for row in data["practitioner_types"]]
    return {**fields, "source": _cite(data)}


def _ruleset(entry: dict[str, Any]) -> dict[str, Any]:
    """Compile a ruleset."""
    texts = {key: _plain(value) for key, value in entry.items() if key != "reference"}
    return {**texts, "note": entry.get("note", ""), "source": _cite(entry), "source_href": _href(entry)}


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(";") if part.strip()]


def _service(row: dict[str, str]) -> list[Any]:
    """Compile a service, in the order of the fields of ``model.Service``."""
    return [
        row["key"],
        row["name"],
        _split(row["staff_terms"]),
        _split(row["codes"]),
        CONFIDENCE[row["codes_src"]],
        row["ccp"],
        CONFIDENCE[row["ccp_src"]],
        row["pop"],
        row["category"],
        row["mode"],
        row["tp_only"] == "Y",
        row["is_service"] == "Y",
        _split(row["taxonomies"]),
        row["notes"],
    ]


def _catalogue(sources: Sources, keys: list[str], faults: Faults) -> dict[str, Any]:
    """Compile the services with the index of every word that means one, and the words that always ask back."""
    services = [_service(row) for row in sources.tables["services.csv"].values()]
    asks = []
    for row in sources.tables["ambiguous.csv"].values():
        choices = _split(row["service_keys"])
        asks.append((row["term"], tuple(choices), row["also"]))
        for key in choices:
            if key not in keys:
                faults.add("ambiguous.csv", row["term"], f"{key!r} is no service of services.csv: use its key")
    return {"services": services, "words": index_words([Service(*row) for row in services], asks)}


def _by(rows: Iterable[dict[str, str]], column: str) -> dict[str, list[dict[str, str]]]:
    """Group rows by a column, in their order."""
    groups: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        groups.setdefault(row[column], []).append(row)
    return groups


def _without(rows: Iterable[dict[str, str]], column: str) -> list[dict[str, str]]:
    return [{key: value for key, value in row.items() if key != column} for row in rows]


def _grouped(rows: Iterable[dict[str, str]], column: str, sort: str = "from") -> dict[str, list[list[str]]]:
    """Group rows by a column as lists of the other cells, oldest first."""
    groups = _by(sorted(rows, key=lambda row: row[sort]), column)
    return {name: [list(row.values()) for row in _without(group, column)] for name, group in groups.items()}


def _number(text: str) -> float | int | None:
    """Read a number cell; None where it is blank."""
    if not text:
        return None
    return int(text) if text.isdigit() else float(text)


def _federal(sources: Sources, keys: list[str], faults: Faults) -> dict[str, Any]:
    """Compile the 42 CFR 422.116 tables."""
    base = list(sources.tables["standards/ma_422_116_base.csv"].values())
    counties = list(sources.tables["standards/ma_422_116_nc_counties.csv"].values())
    services = list(sources.tables["standards/ma_422_116_services.csv"].values())
    codes = {row["code"] for row in base}
    for file, rows in (("nc_counties", counties), ("services", services)):
        for row in rows:
            if row["code"] not in codes:
                problem = "is no specialty of ma_422_116_base.csv: correct the code"
                faults.add(f"standards/ma_422_116_{file}.csv", row["code"], problem)
    numbers = {"year", "max_minutes", "max_miles", "min_ratio", "total_medicare_beneficiaries", "p95_ratio"}
    numbers |= {"beneficiaries_required_to_cover", "min_number"}

    def cells(row: dict[str, str]) -> list[Any]:
        """Turn the cells of a row into numbers, truths and confidence words."""
        special = {"is_customised": lambda cell: cell == "Y", "confidence": CONFIDENCE.__getitem__}
        return [_number(cell) if name in numbers else special.get(name, str)(cell) for name, cell in row.items()]

    return {
        "base": [cells(row) for row in base],
        "counties": [cells(row) for row in counties],
        "services": [
            [
                row["code"],
                _spell_out("standards/ma_422_116_services.csv", row["code"], _split(row["service_keys"]), keys, faults),
            ]
            for row in services
        ],
        "county_types": [
            [
                row["county_type"],
                *(_number(row[name]) for name in ("people_from", "people_below", "density_from", "density_below")),
            ]
            for row in sources.tables["standards/ma_422_116_county_types.csv"].values()
        ],
        "densities": [list(row.values()) for row in sources.tables["county_density.csv"].values()],
    }


# --- what one file says of another ------------------------------------------------------------------------------------


def _check_plans(parts: dict[str, Any], faults: Faults) -> None:
    """Hold every plan profile to the rules, schemes and calendars it names."""
    core, requests = parts["core"], parts["requests"]
    for key, plan in core["plans"].items():
        file, radius = f"plans/{key}.yaml", plan["radius_standard"]
        if radius and radius not in core["radius"]:
            faults.add(
                file,
                "radius_standard",
                f"{radius!r} is no standard: name one as scheme.entry, or leave it empty with a reason",
            )
        elif radius:
            _check_radius(radius, core["radius"][radius], faults)
        for name in plan["schemes"]:
            if name not in parts["standards"]["schemes"]:
                faults.add(file, "schemes", f"{name!r} has no file standards/{name}.yaml: correct the name")
        if plan["closed_days"] not in requests["closed_days"]:
            faults.add(file, "closed_days", f"{plan['closed_days']!r} is no profile of closed_days.csv: add its days")
        if plan["catchment"] == "counties" and key not in core["catchment"]:
            faults.add(
                file, "catchment", f"catchment.csv names no county for {key!r}: add them, or say catchment: states"
            )
        _check_rulesets(key, plan, core["rulesets"], requests["decisions"], faults)
    for name in core["catchment"]:
        if name not in core["plans"]:
            faults.add("catchment.csv", name, f"is no plan: add plans/{name}.yaml or correct the name")


def _check_radius(name: str, entry: dict[str, Any], faults: Faults) -> None:
    """A plan's radius is a straight line with one limit."""
    scheme, _, key = name.partition(".")
    if entry["measure"] != "geodesic":
        faults.add(f"standards/{scheme}.yaml", f"{key}, measure", "a plan's radius is a straight line: write geodesic")
    for version in entry["values"]:
        if version.get("limit_mi") is None:
            faults.add(
                f"standards/{scheme}.yaml",
                f"{key}, values {version['from']}",
                "a plan's radius needs one limit: write limit_mi",
            )


def _check_rulesets(
    key: str, plan: dict[str, Any], rulesets: dict[str, Any], decisions: dict[str, Any], faults: Faults
) -> None:
    """Rulesets exist, stand in order of their dates, and the active ones have a decision table."""
    file = f"plans/{key}.yaml"
    known = [name for name in plan["rulesets"] if name in rulesets]
    for name in plan["rulesets"]:
        if name not in rulesets:
            faults.add(file, "rulesets", f"{name!r} is no entry of rulesets.yaml: correct the name")
        elif rulesets[name]["plan"] != key:
            faults.add(
                "rulesets.yaml",
                f"{name}, plan",
                f"is {rulesets[name]['plan']!r}, but {file} names it: rules of two plans never mix",
            )
        elif rulesets[name]["active"] and name not in decisions:
            faults.add(
                "rulesets.yaml",
                f"{name}, active",
                "has no rows in decisions.csv: add its table, or write active: false",
            )
    for earlier, later in pairwise(known):
        if rulesets[earlier]["effective_from"] >= rulesets[later]["effective_from"]:
            faults.add(
                file, "rulesets", f"{later!r} does not begin after {earlier!r}: oldest first, each with its own date"
            )


def _check_spans(sources: Sources, faults: Faults) -> None:
    """Rows of one thing do not overlap in time, and none ends before it begins."""
    for file, columns in (
        ("catchment.csv", ("plan", "county_fips")),
        ("county_class.csv", ("county_fips",)),
        ("clocks.csv", ("clock",)),
        ("closed_reviews.csv", ("plan", "service_key")),
        ("needs.csv", ("plan", "service_key")),
    ):
        groups: dict[tuple[str, ...], list[dict[str, str]]] = {}
        for row in sources.tables[file].values():
            groups.setdefault(tuple(row[column] for column in columns), []).append(row)
        for name, rows in groups.items():
            _check_span("/".join(name), file, sorted(rows, key=lambda row: row["from"]), faults)


def _check_span(name: str, file: str, rows: list[dict[str, str]], faults: Faults) -> None:
    """Check the spans of one thing, oldest first."""
    for row in rows:
        if row["to"] and row["to"] < row["from"]:
            faults.add(
                file, f"{name} from {row['from']}", f"ends ({row['to']}) before it begins: correct one of the two"
            )
    for earlier, later in pairwise(rows):
        if not earlier["to"] or earlier["to"] >= later["from"]:
            faults.add(
                file,
                f"{name} from {later['from']}",
                f"overlaps the row from {earlier['from']}: give that row a last day before it",
            )


def _check_decisions(parts: dict[str, Any], sources: Sources, faults: Faults) -> None:
    """Decision rows name rulesets, letters and clocks that exist; every active table is total and has no dead row."""
    requests, rulesets = parts["requests"], parts["core"]["rulesets"]
    letters = {row["letter"] for row in requests["letters"]}
    for name, rows in requests["decisions"].items():
        if name not in rulesets:
            faults.add("decisions.csv", name, "is no entry of rulesets.yaml: correct the ruleset")
            continue
        clocks = {row["clock"] for row in requests["clocks"] if row["plan"] == rulesets[name]["plan"]}
        for row in rows:
            if row["letter"] and row["letter"] not in letters:
                faults.add(
                    "decisions.csv", f"{name}/{row['rule']}, letter", f"{row['letter']!r} is no letter of letters.csv"
                )
            if row["clock"] and row["clock"] not in clocks:
                faults.add(
                    "decisions.csv",
                    f"{name}/{row['rule']}, clock",
                    f"{row['clock']!r} is no clock of that plan in clocks.csv",
                )
        for fault in prove([DecisionRow.from_row(row) for row in rows]):
            faults.add("decisions.csv", name, fault)


_NO_EVENT = ("admitted", "answered", "change_effective", "update_form_received")
"""Moments that start or end a clock without being an event of a request."""


def _check_process(parts: dict[str, Any], faults: Faults) -> None:
    """Outcomes, events, clocks, letters and reviews name each other rightly."""
    requests = parts["requests"]
    outcomes = {row["outcome"]: row for row in requests["outcomes"]}
    events = {row["event"]: row for row in requests["events"]}
    states = {row["state"] for row in outcomes.values()}
    states.update(state for row in events.values() for state in row["to_state"].split("|"))
    for file, entry, column, word, known in _named(requests):
        if word not in {"outcome": outcomes, "event": {*events, *_NO_EVENT}, "state": states}[known]:
            faults.add(file, f"{entry}, {column}", f"{word!r} is no {known} of the policy: correct it, or add it")
    for row in requests["credentialing"]:
        for column in ("first_letter", "second_letter"):
            if row[column] and row[column] not in {letter["letter"] for letter in requests["letters"]}:
                entry = f"{row['decision']}/{row['enrolment']}, {column}"
                faults.add("credentialing.csv", entry, f"{row[column]!r} is no letter of letters.csv: correct it")
    services = {row[0] for row in parts["core"]["services"]}
    for table in ("closed_reviews", "needs"):
        for row in requests[table]:
            if row["service_key"] not in services:
                faults.add(f"{table}.csv", row["service_key"], "is no service of services.csv: use its key")


_NAMES = (
    ("outcomes", "outcome", (("answered_by", "event"),)),
    ("events", "event", (("from_states", "state"),)),
    ("clocks", "clock", (("start_on", "event"), ("start_also_on", "event"), ("end_on", "event"))),
    ("letters", "letter", (("after_event", "event"),)),
)
"""Tables of requests, the column that names an entry, and the columns that name something of another table."""


def _named(requests: dict[str, Any]) -> Iterator[tuple[str, str, str, str, str]]:
    """Every name one table of requests uses of another: file, entry, column, word, what it must be."""
    for ruleset, rows in requests["decisions"].items():
        for row in rows:
            if row["outcome"]:
                yield "decisions.csv", f"{ruleset}/{row['rule']}", "outcome", row["outcome"], "outcome"
    for table, key, columns in _NAMES:
        for row in requests[table]:
            for column, known in columns:
                for word in filter(None, row[column].split(";")):
                    yield f"{table}.csv", row[key], column, word, known


def _check_cited(sources: Sources, faults: Faults) -> None:
    """Every table is described and cited in tables.yaml."""
    cited = sources.entries["tables.yaml"]
    for file in sources.tables:
        if file not in cited:
            faults.add("tables.yaml", file, "is not described: add what it holds and where it comes from")
    for file in cited:
        if file not in sources.tables:
            faults.add("tables.yaml", file, "is described but there is no such table: remove it or correct the name")
