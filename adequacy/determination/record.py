"""The frozen record of a decision: one canonical text, its hash, and the check that it still follows.

Canonical means: keys sorted, no blanks, UTF-8, whole numbers as they are, every other number with nine decimals (less
than two micrometres of a mile), no number that is none. ``hash`` is the SHA-256 of that text without the hash itself;
``prev_hash`` names the record before it in the same casebook. `verify` decides a record anew from its own facts and a
network and says what differs and why.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from dataclasses import dataclass, field
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any

from adequacy.errors import InputError, OutputError, RecordAltered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = [
    "RECORD_SCHEMA",
    "WORDS_VERSION",
    "Difference",
    "Verification",
    "canonical",
    "content_hash",
    "read_record",
    "record_hash",
    "seal",
    "verify",
    "write_record",
]

RECORD_SCHEMA = "adequacy.record/1"
#: Version of our own sentences in a record. They say what codes and facts decide and decide nothing: a record of
#: another version is held to every code and fact, not to the sentences. Records without a version are of version 1.
WORDS_VERSION = 2
_FIRST_WORDS = 1
_DECIMALS = 9
#: Two numbers closer than this are one: the last digits of a distance differ from computer to computer.
_SAME = 1e-8
#: What a record says of its own making, not of the case: no part of what two decisions must have in common.
_MAKING = ("record_id", "parent_id", "created_at_utc", "prev_hash", "hash")
#: What names the sources of a decision; a difference there explains others and is reported on its own.
_SOURCES = ("network", "policy", "data", "tool_version")
#: Where the answer inside a record names the same sources once more.
_SOURCES_OF_ANSWER = ("policy", "data", "version")
_MOST_SHOWN = 20


def canonical(value: Any) -> str:
    """Write a value as canonical JSON.

    Raises
    ------
    ValueError
        A number is infinite or none, or a key is no text.

    Examples
    --------
    >>> canonical({"b": 30.0, "a": [1, None, "café"]})
    '{"a":[1,null,"café"],"b":30.000000000}'
    """
    write = _WRITERS.get(type(value))
    if write is not None:
        return write(value)
    for kind in (str, int, float, dict, list):  # a subclass of one of them
        if isinstance(value, kind):
            return _WRITERS[kind](value)
    raise ValueError(f"{type(value).__name__} has no place in a record")


def _object(value: dict[Any, Any]) -> str:
    """An object, its keys sorted."""
    try:
        return "{" + ",".join([f"{_quoted(key)}:{canonical(value[key])}" for key in sorted(value)]) + "}"
    except TypeError as error:
        raise ValueError("a key of a record must be text") from error


def _array(value: list[Any] | tuple[Any, ...]) -> str:
    """An array."""
    return "[" + ",".join([canonical(each) for each in value]) + "]"


def _quoted(text: str) -> str:
    """A text in quotes."""
    if not isinstance(text, str):
        raise ValueError("a key of a record must be text")
    return encode_basestring(text)


def _number(value: float) -> str:
    """A number with nine decimals; minus zero is zero."""
    if not math.isfinite(value):
        raise ValueError("a record holds only finite numbers")
    text = f"{value:.{_DECIMALS}f}"
    return text[1:] if text.startswith("-") and float(text) == 0 else text


_WRITERS: dict[type, Callable[[Any], str]] = {
    str: encode_basestring,
    float: _number,
    dict: _object,
    list: _array,
    tuple: _array,
    bool: lambda value: "true" if value else "false",
    int: int.__repr__,
    type(None): lambda _: "null",
}


def record_hash(record: Mapping[str, Any]) -> str:
    """Hash a record: SHA-256 of its canonical text without ``hash``."""
    return _sha256({key: value for key, value in record.items() if key != "hash"})


def content_hash(record: Mapping[str, Any]) -> str:
    """Hash what a record decides, leaving out its own number, time and place in the chain."""
    return _sha256({key: value for key, value in record.items() if key not in _MAKING})


def _sha256(value: Any) -> str:
    return hashlib.sha256(canonical(value).encode("utf-8")).hexdigest()


def seal(
    draft: Mapping[str, Any], *, record_id: str, parent_id: str, created_at_utc: str, prev_hash: str
) -> tuple[dict[str, Any], str]:
    """Make a draft of a determination the record: number it, date it, chain it, hash it.

    Parameters
    ----------
    draft : mapping
        From ``Determination.to_draft``.
    record_id, parent_id : str
        Its number, and that of the record of the same request before it; empty for the first.
    created_at_utc : str
        ISO moment, UTC.
    prev_hash : str
        Hash of the record before it in the casebook; zeros for the first.

    Returns
    -------
    record : dict
    text : str
        The record in canonical form.
    """
    record = {
        **draft,
        "record_id": record_id,
        "parent_id": parent_id,
        "created_at_utc": created_at_utc,
        "prev_hash": prev_hash,
    }
    parts = {key: f"{_quoted(key)}:{canonical(value)}" for key, value in record.items()}
    record["hash"] = hashlib.sha256(_joined(parts).encode("utf-8")).hexdigest()
    parts["hash"] = f'"hash":{canonical(record["hash"])}'
    return record, _joined(parts)


def _joined(parts: Mapping[str, str]) -> str:
    """The canonical text of an object from its parts, each written once."""
    return "{" + ",".join(parts[key] for key in sorted(parts)) + "}"


def write_record(record: Mapping[str, Any], path: Path) -> None:
    """Write a record as a file that only its owner may read."""
    try:
        handle = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(canonical(record) + "\n")
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}.") from error


def read_record(path: Path) -> dict[str, Any]:
    """Read a record and hold it to its hash.

    Raises
    ------
    InputError
        The file cannot be read, or is no record.
    RecordAltered
        Its content is not what its hash says, or a key stands twice.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        record = json.loads(text, object_pairs_hook=_once)
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text in UTF-8"
        raise InputError(f"{path}: the record cannot be read ({why}). Check the path.") from error
    except json.JSONDecodeError as error:
        raise InputError(f"{path}: this is no record: not JSON at line {error.lineno}.") from error
    if not isinstance(record, dict) or not str(record.get("schema", "")).startswith("adequacy.record/"):
        raise InputError(f"{path}: this is no decision record of adequacy.")
    if record["schema"] != RECORD_SCHEMA:
        raise InputError(f"{path}: made by a newer version of adequacy ({record['schema']}). Update adequacy.")
    require_unaltered(record)
    return record


def require_unaltered(record: Mapping[str, Any]) -> None:
    """Hold a record to its own hash; ``RecordAltered`` if it was changed after it was made."""
    try:
        told = record_hash(record)
    except ValueError as error:
        raise RecordAltered(f"the record was altered: {error}.") from error
    if told != record.get("hash"):
        raise RecordAltered(
            f"the record was altered after it was made: its hash says {str(record.get('hash'))[:12]}, its content "
            f"{told[:12]}. Compare it with the casebook's own copy."
        )


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys each stand once."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise RecordAltered("the record was altered: a key stands twice in one object.")
    return made


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where the record and the new decision differ."""

    path: str
    recorded: Any
    now: Any


@dataclass(frozen=True, slots=True)
class Verification:
    """What came of deciding a record anew.

    Parameters
    ----------
    differences : tuple of Difference
        In the decision and its evidence; empty if it is identical.
    causes : tuple of str
        Which sources changed: ``roster``, ``policy``, ``data``, ``code``, ``words``; each with what it was and is.
    is_altered : bool
        True where all sources are the same and yet the decision differs: the record does not follow from them.
    """

    differences: tuple[Difference, ...] = ()
    causes: dict[str, tuple[str, str]] = field(default_factory=dict)
    is_altered: bool = False

    @property
    def is_identical(self) -> bool:
        """Whether the decision is the same, made from the same roster."""
        return not self.differences and "roster" not in self.causes

    @property
    def exit_code(self) -> int:
        """0 identical, 10 differs, 11 altered."""
        if self.is_altered:
            return RecordAltered.exit_code
        return 0 if self.is_identical else 10

    def lines(self) -> list[str]:
        """Say it in plain words, one line each."""
        if self.is_altered:
            head = "ALTERED: roster, policy, data and code are the same, but the record does not follow from them."
        elif self.is_identical:
            head = "IDENTICAL: decided anew, the record comes out the same."
        else:
            head = "DIFFERS: decided anew, the record comes out differently."
        lines = [head]
        for cause, (was, now) in self.causes.items():
            effect = "" if self.differences and cause != "words" else " No effect on this decision."
            lines.append(f"  {_CAUSES[cause]}: recorded {was}, now {now}.{effect}")
        for each in sorted(self.differences, key=_weight)[:_MOST_SHOWN]:
            lines.append(f"  {each.path}: recorded {_short(each.recorded)}, now {_short(each.now)}")
        if len(self.differences) > _MOST_SHOWN:
            lines.append(f"  and {len(self.differences) - _MOST_SHOWN} more")
        return lines


#: What a reader wants to know first of what differs.
_WEIGHTY = ("outcome", "finding", "letter", "rule_trail", "inputs", "human_review")


def _weight(difference: Difference) -> int:
    """The place of a difference in the report: what was decided first, then the evidence in its own order."""
    part = re.split(r"[.\[]", difference.path, maxsplit=1)[0]
    return _WEIGHTY.index(part) if part in _WEIGHTY else len(_WEIGHTY)


_CAUSES = {
    "roster": "The roster is another one",
    "policy": "The policy changed",
    "data": "The reference data changed",
    "code": "The version of adequacy changed",
    "words": "The version of our sentences changed",
}


def verify(record: Mapping[str, Any], decide_again: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> Verification:
    """Decide a record anew and compare.

    Parameters
    ----------
    record : mapping
        As `read_record` gives it: its hash holds.
    decide_again : callable
        Makes a new draft from the record's own facts and a network.

    Returns
    -------
    verification : Verification
        A key that the record does not have is no difference: later versions may say more.
    """
    fresh = decide_again(record)
    causes = _causes(record, fresh)
    skip = {*_MAKING, *_SOURCES}
    here = {key: value for key, value in record.items() if key not in skip}
    if here["answer"] is not None:
        here["answer"] = {key: value for key, value in here["answer"].items() if key not in _SOURCES_OF_ANSWER}
    if "words" in causes:
        here, fresh = _without_sentences(here), _without_sentences(fresh)
    differences = tuple(_differ(here, fresh, ""))
    # other sentences change no fact: they explain no difference
    return Verification(differences, causes, is_altered=bool(differences) and not set(causes) - {"words"})


def _without_sentences(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record without our own sentences; how many there are of a kind is still held to."""
    plain = {key: value for key, value in record.items() if key != "words_version"}
    plain["inputs_why"] = _without("words", record["inputs_why"])
    plain["cautions"] = _without("text", record["cautions"])
    plain["review_reasons"] = len(record["review_reasons"])
    plain["handover"] = {to: bool(words) for to, words in record["handover"].items()}
    if record["answer"] is not None:
        plain["answer"] = {**record["answer"], "cautions": _without("text", record["answer"]["cautions"])}
    return plain


def _without(name: str, entries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Entries without one of their keys."""
    return [{key: value for key, value in entry.items() if key != name} for entry in entries]


def _causes(record: Mapping[str, Any], fresh: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Which of the sources are not those of the record."""
    pairs = {
        "roster": (_roster(record), _roster(fresh)),
        "policy": (record["policy"]["sha256"][:12], fresh["policy"]["sha256"][:12]),
        "data": (canonical(record["data"]), canonical(fresh["data"])),
        "code": (record["tool_version"], fresh["tool_version"]),
        "words": (str(record.get("words_version", _FIRST_WORDS)), str(fresh["words_version"])),
    }
    return {cause: pair for cause, pair in pairs.items() if pair[0] != pair[1]}


def _roster(record: Mapping[str, Any]) -> str:
    """A roster by its date and hash; none on the inpatient path."""
    network = record["network"]
    return f"{network['roster_date']} {network['sha256'][:12]}" if network else "none"


def _differ(old: Any, new: Any, path: str) -> Iterator[Difference]:
    """Every place where two values differ; keys that only the new one has are not looked at."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old):
            yield from _differ(old[key], new.get(key), f"{path}.{key}" if path else key)
    elif isinstance(old, list) and isinstance(new, (list, tuple)) and len(old) == len(new):
        for index, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from _differ(one, other, f"{path}[{index}]")
    elif not _is_same(old, new):
        yield Difference(path, old, new)


def _is_same(old: Any, new: Any) -> bool:
    """Whether two plain values are one; numbers by their size."""
    numbers = all(isinstance(each, (int, float)) and not isinstance(each, bool) for each in (old, new))
    return abs(old - new) <= _SAME if numbers else bool(old == new)


def _short(value: Any) -> str:
    """A value in a few words."""
    if isinstance(value, (list, dict)):
        return f"{len(value)} entries"
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 40 else text[:37] + "..."  # noqa: PLR2004 - half a line
