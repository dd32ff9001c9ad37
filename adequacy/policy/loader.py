"""The strict loader: policy files to the compiled form, with every fault named at once.

It refuses duplicate and unknown keys, codes without quotes, blanks where ``*`` is meant, entries without citation,
services the catalogue does not have, dates out of order or overlapping, and a decision table that leaves a combination
undecided or a row dead. A message names file, entry, key and fix. Heavy (YAML, pydantic): imported to rebuild the
compiled form, to lay a plan's own files over it, and by tests; never by an ordinary question.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from adequacy.errors import PolicyError, shown, shown_list
from adequacy.policy import schema
from adequacy.policy.faults import CITE, Faults, check_entry

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["Sources", "read_policy", "shipped_sources"]

SHIPPED = Path(__file__).parent

TABLES: dict[str, tuple[type[BaseModel], tuple[str, ...], tuple[str, ...]]] = {
    "services.csv": (schema.ServiceRow, ("key",), ()),
    "ambiguous.csv": (schema.AmbiguousRow, ("term",), ()),
    "catchment.csv": (schema.CatchmentRow, ("plan", "county_fips"), ("from",)),
    "county_class.csv": (schema.CountyClassRow, ("county_fips",), ("from",)),
    "county_density.csv": (schema.CountyDensityRow, ("county_fips",), ()),
    "clocks.csv": (schema.ClockRow, ("clock",), ("from",)),
    "closed_days.csv": (schema.ClosedDayRow, ("profile", "date"), ()),
    "decisions.csv": (schema.DecisionTableRow, ("ruleset", "rule"), ()),
    "letters.csv": (schema.LetterRow, ("letter",), ()),
    "outcomes.csv": (schema.OutcomeRow, ("outcome",), ()),
    "events.csv": (schema.EventRow, ("event",), ()),
    "credentialing.csv": (schema.CredentialingRow, ("decision", "enrolment"), ()),
    "road_classes.csv": (schema.RoadClassRow, ("highway",), ()),
    "closed_reviews.csv": (schema.ClosedReviewRow, ("plan", "service_key"), ("from",)),
    "needs.csv": (schema.NeedRow, ("plan", "service_key"), ("from",)),
    "standards/ma_422_116_base.csv": (schema.FederalBaseRow, ("year", "code", "county_type"), ()),
    "standards/ma_422_116_nc_counties.csv": (schema.FederalCountyRow, ("year", "county_fips", "code"), ()),
    "standards/ma_422_116_services.csv": (schema.FederalServiceRow, ("code",), ()),
    "standards/ma_422_116_county_types.csv": (schema.CountyTypeRow, ("county_type", "people_from"), ()),
}
"""Every CSV of the policy with its row model, the columns that name an entry, and those that tell its rows apart.

An entry of several rows (a county served in two spells) is replaced as a whole by an overlay.
"""

YAMLS: dict[str, type[BaseModel]] = {
    "settings.yaml": schema.SettingEntry,
    "rulesets.yaml": schema.RulesetEntry,
    "tables.yaml": schema.TableEntry,
}
"""The YAML files whose entries all have one model; plans and schemes have their own."""


@dataclass
class Sources:
    """The validated entries of every file, in order, and what an overlay replaced."""

    tables: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    entries: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    nodes: dict[str, yaml.Node | None] = field(default_factory=dict)
    overridden: list[str] = field(default_factory=list)


# --- reading one YAML file --------------------------------------------------------------------------------------------


class _StrictLoader(yaml.SafeLoader):
    """A SafeLoader that refuses duplicate keys; plain PyYAML keeps the last one in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Build a mapping, refusing a key that stands twice."""
        seen: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue  # PyYAML refuses a key that is a list or mapping
            if key.value in seen:
                raise _DuplicateKey(f"line {key.start_mark.line + 1}: the key {key.value!r} stands twice")
            seen[key.value] = key.start_mark.line
        return super().construct_mapping(node, deep)


class _DuplicateKey(yaml.YAMLError):
    """A key stands twice in one mapping."""


def _read_yaml(file: str, text: str, faults: Faults) -> tuple[dict[Any, Any], yaml.Node | None]:
    """Read a YAML file to its entries and its node tree; empty where it cannot be read."""
    loader = _StrictLoader(text)
    try:
        node = loader.get_single_node()
        data = loader.construct_document(node) if node is not None else {}
    except _DuplicateKey as error:
        faults.add(file, "", f"{error}: keep one of the two")
        return {}, None
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}" if mark else ""
        faults.add(file, line, f"is not YAML ({getattr(error, 'problem', None) or error}): correct it")
        return {}, None
    finally:
        loader.dispose()
    if not isinstance(data, dict):
        faults.add(file, "", "holds no entries: write them as 'name:' with their keys indented below")
        return {}, None
    return data, node


# --- reading the files ------------------------------------------------------------------------------------------------


def _text(path: Path, file: str, faults: Faults) -> str:
    """Read a file as UTF-8, with or without the mark that spreadsheets put in front."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        faults.add(file, "", "is not UTF-8: save it as 'CSV UTF-8' or plain UTF-8 text")
    except OSError as error:
        faults.add(file, "", f"cannot be read ({error.strerror}): check the path and its permissions")
    return ""


def _read_table(file: str, text: str, faults: Faults) -> dict[str, dict[str, str]]:
    """Read a CSV table to its rows by entry name: declared columns, all text, no row twice."""
    model, keys, more = TABLES[file]
    columns = [item.alias or name for name, item in model.model_fields.items()]
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: dict[str, dict[str, str]] = {}
    try:
        header = next(reader, [])
        if not _header_fits(file, header, columns, faults):
            return {}
        for cells in reader:
            if not any(cells):
                continue
            place = f"line {reader.line_num}"
            if len(cells) != len(header):
                faults.add(
                    file,
                    place,
                    f"has {len(cells)} cells where the header has {len(header)}: quote a cell that holds a comma",
                )
                continue
            row = dict(zip(header, cells, strict=True))
            name = "/".join(row[key] for key in (*keys, *more))
            if name in rows:
                faults.add(file, f"{place} ({name})", "stands twice: keep one row")
            if check_entry(file, f"{place} ({name})", model, row, faults):
                rows[name] = {column: row[column] for column in columns}
    except csv.Error as error:
        faults.add(file, f"line {reader.line_num}", f"is not CSV ({error}): correct it")
    return rows


def _header_fits(file: str, header: list[str], columns: list[str], faults: Faults) -> bool:
    """Whether a CSV has its declared columns, no more and no less."""
    for column in columns:
        if column not in header:
            faults.add(file, "header", f"has no column {column!r}: add it. Found: {shown_list(header)}")
    for column in dict.fromkeys(header):
        if column not in columns:
            faults.add(file, "header", f"column {shown(column)} is not known: remove it. Known: {', '.join(columns)}")
        if header.count(column) > 1:
            faults.add(file, "header", f"column {shown(column)} stands twice: keep one")
    return sorted(header) == sorted(columns)


def _entry_model(file: str, name: str, data: Any) -> type[BaseModel]:
    """Choose the model of one YAML entry."""
    if file in YAMLS:
        return YAMLS[file]
    if name == "about":
        return schema.About
    looks_like_standard = isinstance(data, dict) and not {"measure", "services", "category", "counts"}.isdisjoint(data)
    return schema.StandardEntry if looks_like_standard else schema.ParameterEntry


def _read_entries(
    file: str, text: str, nodes: dict[str, yaml.Node | None], faults: Faults
) -> dict[str, dict[str, Any]]:
    """Read a YAML file to its entries, each validated; a plan profile is checked later, when it is whole."""
    data, node = _read_yaml(file, text, faults)
    nodes[file] = node
    if file.startswith("plans/"):
        if data and "reference" not in data:
            faults.add(file, "reference", CITE)
        return data
    entries = {}
    for name, entry in data.items():
        if not isinstance(name, str):
            faults.add(file, str(name), f"the name is read as {type(name).__name__}: put it in quotes")
        elif check_entry(file, name, _entry_model(file, name, entry), entry, faults, _child(node, name)):
            _check_dates(file, name, entry, faults)
            entries[name] = entry
    return entries


def _child(node: yaml.Node | None, name: str) -> yaml.Node | None:
    """Find an entry's node."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next((value for key, value in pairs if key.value == name), None)


def _check_dates(file: str, name: str, entry: dict[str, Any], faults: Faults) -> None:
    """Note values whose dates are not in ascending order, or that end before they begin."""
    days = list(entry.get("values", {}))
    if days != sorted(days):
        faults.add(file, f"{name}, values", f"dates are not in order ({', '.join(map(str, days))}): oldest first")
    if entry.get("ends") and days and entry["ends"] < max(days):
        faults.add(
            file,
            f"{name}, ends",
            f"{entry['ends']} lies before the last value begins ({max(days)}): correct one of the two",
        )


def _files(folder: Path) -> list[str]:
    """List the files of a policy folder, as paths with forward slashes."""
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in paths if not any(part.startswith((".", "~$")) for part in path.parts))


def _is_policy(file: str) -> bool:
    """Whether a relative path is one that policy may have."""
    folder, _, name = file.rpartition("/")
    return file in TABLES or file in YAMLS or (folder in ("plans", "standards") and name.endswith(".yaml"))


def _read_folder(folder: Path, faults: Faults, *, shipped: bool) -> Sources:
    """Read every policy file of a folder; in a plan's own folder a file of another name is a fault."""
    sources = Sources()
    for file in _files(folder):
        if not _is_policy(file):
            if not shipped and not file.lower().endswith((".md", ".txt")):
                faults.add(file, "", "is no policy file: " + _near_file(file))
            continue
        text = _text(folder / file, file, faults)
        if file in TABLES:
            sources.tables[file] = _read_table(file, text, faults)
        else:
            sources.entries[file] = _read_entries(file, text, sources.nodes, faults)
    return sources


def _near_file(file: str) -> str:
    """Suggest the policy file that was meant."""
    known = [*TABLES, *YAMLS, "plans/NAME.yaml", "standards/NAME.yaml"]
    near = get_close_matches(file, known, 1)
    return f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"


def _lay_over(base: Sources, own: Sources) -> Sources:
    """Lay a plan's own entries over the shipped ones, entry by entry; a replaced row keeps its place."""
    merged = Sources(dict(base.tables), dict(base.entries), own.nodes)
    for file, rows in own.tables.items():
        _, keys, more = TABLES[file]
        names = dict.fromkeys("/".join(row[key] for key in keys) for row in rows.values())
        kept = base.tables[file]
        if more:
            kept = {name: row for name, row in kept.items() if "/".join(row[key] for key in keys) not in names}
        merged.tables[file] = {**kept, **rows}
        merged.overridden += [f"{file}: {name}" for name in names]
    for file, entries in own.entries.items():
        shipped = base.entries.get(file, {})
        merged.entries[file] = {**shipped, **entries}
        cites_only = {"reference"} if file.startswith("plans/") and shipped else set()
        merged.overridden += [f"{file}: {name}" for name in entries if name not in cites_only]
    return merged


def _check_settings(base: Sources, own: Sources, faults: Faults) -> None:
    """A plan changes the value of a setting, never its unit, and adds none that nothing would read."""
    for file in ("settings.yaml", "tables.yaml"):
        for name, entry in own.entries.get(file, {}).items():
            shipped = base.entries[file].get(name)
            if shipped is None:
                near = get_close_matches(name, base.entries[file], 1)
                faults.add(
                    file, name, "is not read by anything" + (f": did you mean {near[0]}?" if near else ": remove it")
                )
            elif file == "settings.yaml" and entry["unit"] != shipped["unit"]:
                faults.add(
                    file, f"{name}, unit", f"is {entry['unit']!r}; the tool reads {shipped['unit']!r}: give that"
                )


@cache
def shipped_sources() -> Sources:
    """Read the shipped policy, once a process."""
    faults = Faults()
    sources = _read_folder(SHIPPED, faults, shipped=True)
    faults.refuse()
    return sources


def read_policy(overlay: Path | None = None) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Read, check and compile the shipped policy, with a plan's own files over it.

    Parameters
    ----------
    overlay : Path, optional
        A folder with the same relative paths as the shipped files.

    Returns
    -------
    parts : dict
        The compiled form: ``core``, ``requests``, ``standards``, ``tables``.
    overridden : tuple of str
        What the overlay replaced or added, as ``file: entry``.

    Raises
    ------
    PolicyError
        Something is wrong. The one-line message names every fault; ``args[1]`` holds them one by one.
    """
    from adequacy.policy.compiler import compile_parts

    faults = Faults()
    sources = shipped_sources()
    if overlay is not None:
        if not overlay.is_dir():
            raise PolicyError(f"{overlay} is not a folder: give --policy a folder with the plan's own policy files.")
        faults.folders = dict.fromkeys(_files(overlay), overlay.as_posix())
        own = _read_folder(overlay, faults, shipped=False)
        if not own.tables and not own.entries and not faults.found:
            raise PolicyError(
                f"{overlay} holds no policy file: lay files there with the same names as the shipped ones."
            )
        faults.refuse()
        _check_settings(sources, own, faults)
        sources = _lay_over(sources, own)
    faults.refuse()
    for file, data in sources.entries.items():
        if file.startswith("plans/"):
            check_entry(file, Path(file).stem, schema.PlanFile, data, faults, sources.nodes.get(file))
    faults.refuse()
    return compile_parts(sources, faults), tuple(sources.overridden)
