"""What is wrong in a policy file, in words that name file, entry, key and fix; all faults are raised at once.

Heavy (YAML, pydantic): used by the strict loader only.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import BaseModel, ValidationError

from adequacy.errors import PolicyError
from adequacy.policy import schema

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["CITE", "Faults", "check_entry"]

_MOST_NAMED = 20
CITE = "is missing: add it (title, href or document, and the day it was checked)"

_NESTED: dict[str, type[BaseModel]] = {
    "reference": schema.Reference,
    "values": schema.StandardValues,
    "practitioner_types": schema.Practitioner,
}
_UNION_STEPS = {"bool", "int", "float", "str", "list[float]", "dict[str,float]"}
_WANTED = {
    "float_type": "is not a number: write it without quotes",
    "int_type": "is not a whole number: write it without quotes",
    "int_from_float": "is not a whole number",
    "bool_type": "is not true or false: write one of them, without quotes",
    "date_type": "is not a date: write it as 2026-11-23, without quotes",
    "dict_type": "is not keys with values: write them indented below, or as {key: value}",
    "list_type": "is not a list: write it in square brackets",
}


class Faults:
    """The faults found so far; ``refuse`` raises them all in one ``PolicyError``.

    ``folders`` says which folder a file was read from; a file that is not named there is a shipped one.
    """

    def __init__(self) -> None:
        self.found: list[str] = []
        self.folders: dict[str, str] = {}

    def add(self, file: str, entry: str, problem: str) -> None:
        """Note one fault: where it is, and what is wrong with its fix."""
        where = f"{self.folders.get(file, 'policy')}/{file}"
        self.found.append(f"{where}: {entry}: {problem}" if entry else f"{where}: {problem}")

    def refuse(self) -> None:
        """Raise if anything was found; ``args[1]`` of the error holds the faults one by one."""
        if self.found:
            count = f"{len(self.found)} faults in the policy: " if len(self.found) > 1 else ""
            more = f" | and {len(self.found) - _MOST_NAMED} more" if len(self.found) > _MOST_NAMED else ""
            raise PolicyError(count + " | ".join(self.found[:_MOST_NAMED]) + more, tuple(self.found))


def check_entry(
    file: str, entry: str, model: type[BaseModel], data: Any, faults: Faults, node: yaml.Node | None = None
) -> bool:
    """Validate one entry against its model; note each fault with its key, and its line where the node is known."""
    try:
        model.model_validate(data)
    except ValidationError as error:
        for one in _one_per_place(error):
            place = one["loc"]
            scalar = _scalar_at(node, place)
            line = f" (line {scalar.start_mark.line + 1})" if scalar is not None else ""
            key = ".".join(str(step) for step in place) or "entry"
            faults.add(file, f"{entry}{line}, {key}", _say(one, model, scalar))
        return False
    return True


def _one_per_place(error: ValidationError) -> Iterator[dict[str, Any]]:
    """Give one error per place: a value that fits no member of a union is one fault, not five."""
    seen: set[tuple[int | str, ...]] = set()
    for one in error.errors(include_url=False):
        place = tuple(step for step in one["loc"] if step not in _UNION_STEPS)
        if place[-1:] == ("[key]",):  # the key itself is wrong: point at the mapping that holds it
            place = place[:-2]
        place = tuple(_step(step) for step in place)
        if place not in seen:
            seen.add(place)
            yield {**one, "loc": place}


def _step(step: int | str) -> int | str:
    """Write a step of a place as it stands in the file: pydantic spells out a date."""
    if isinstance(step, str) and step.startswith("datetime.date("):
        year, month, day = (int(part) for part in step[len("datetime.date(") : -1].split(","))
        return f"{year:04}-{month:02}-{day:02}"
    return step


def _scalar_at(node: yaml.Node | None, place: tuple[int | str, ...]) -> yaml.ScalarNode | None:
    """Find the scalar a validation error points at, to show what was really written."""
    for step in place:
        if isinstance(node, yaml.MappingNode):
            node = next((value for key, value in node.value if key.value == str(step)), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            node = node.value[step]
        else:
            return None
    return node if isinstance(node, yaml.ScalarNode) else None


def _say(error: dict[str, Any], model: type[BaseModel], scalar: yaml.ScalarNode | None) -> str:
    """Put one pydantic error into words: what is wrong, and the fix."""
    kind, value, place = error["type"], error.get("input"), error["loc"]
    if kind == "missing":
        return CITE if place[-1:] == ("reference",) else "is missing: add it"
    if kind == "extra_forbidden":
        return _unknown_key(str(place[-1]), _NESTED.get(str(place[0]), model) if len(place) > 1 else model)
    if kind == "string_type":
        written = scalar.value if scalar is not None else repr(value)
        return f"{written} is read as {type(value).__name__} {value}: put it in quotes"
    if kind in ("string_too_short", "too_short"):
        return "is empty: fill it in" if kind == "string_too_short" else "is empty: give at least one"
    if kind == "literal_error":
        return f"{value!r} is not one of {error['ctx']['expected']}"
    if kind == "value_error":
        reason = str(error["ctx"]["error"])
        return f"{value!r} {reason}" if isinstance(value, str) and reason.startswith("is ") else reason
    return f"{value!r} {_WANTED[kind]}" if kind in _WANTED else f"{error['msg']}: {value!r}"


def _unknown_key(key: str, model: type[BaseModel]) -> str:
    """Refuse a key that the model does not have, with the one that was probably meant."""
    known = [item.alias or name for name, item in model.model_fields.items()]
    near = get_close_matches(key, known, 1)
    return "is not a known key" + (f": did you mean {near[0]}?" if near else f"; known: {', '.join(known)}")
