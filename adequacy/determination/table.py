"""Facts into the decision table and its answer out, one case or a whole file.

The walk and its proof belong to the policy (``policy.decisions``); here stand the words in which facts arrive and the
file form of ``adequacy policy decide``.
"""

from __future__ import annotations

import csv
from functools import lru_cache
from typing import TYPE_CHECKING

from adequacy.errors import BadValue, MissingColumn, OutputError, PolicyError, shown, shown_list
from adequacy.policy.decisions import FACT_WORDS, prove, walk
from adequacy.separated import rows_by_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from adequacy.policy import Policy
    from adequacy.policy.decisions import Trail
    from adequacy.policy.records import DecisionRow

__all__ = ["ANSWER_COLUMNS", "clean_facts", "decide_facts", "decide_file", "overlaps", "proven_rows"]

#: What ``policy decide`` adds to a row of facts.
ANSWER_COLUMNS = ("rule_trail", "outcome", "letter", "clock", "human_review")
_LEVEL = "level_of_care"
_USUAL_LEVEL = "non-inpatient"


@lru_cache(maxsize=8)
def proven_rows(policy: Policy, ruleset_id: str) -> tuple[DecisionRow, ...]:
    """Give the decision table of a ruleset, proven: every combination of facts is decided and no row is dead.

    Raises
    ------
    PolicyError
        The table leaves a combination undecided, a row is dead, or the ruleset has no table.
    """
    rows = policy.decision_rows(ruleset_id)
    faults = prove(rows)
    if faults:
        raise PolicyError(f"decisions.csv, ruleset {ruleset_id}: " + "; ".join(faults))
    return rows


def decide_facts(rows: tuple[DecisionRow, ...], facts: Mapping[str, str]) -> Trail:
    """Decide one combination of facts by a proven table (`proven_rows`).

    Parameters
    ----------
    rows : tuple of DecisionRow
        The table of one ruleset, in order.
    facts : mapping
        A word for each fact; ``level_of_care`` may be left out (non-inpatient).

    Returns
    -------
    trail : Trail
        The rules that applied and the row that decided.

    Raises
    ------
    BadValue
        A fact is missing or has a word it cannot have.
    """
    return walk(rows, clean_facts(facts))


def overlaps(rows: tuple[DecisionRow, ...]) -> list[tuple[str, str]]:
    """List the pairs of rules that both match some case, so that their order decides.

    The shipped table has none: each of its rows stands alone, whatever the order.
    """
    allowed = [{fact: _allowed(fact, row.facts[fact]) for fact in FACT_WORDS} for row in rows]
    return [
        (rows[i].rule, rows[j].rule)
        for i in range(len(rows))
        for j in range(i + 1, len(rows))
        if all(allowed[i][fact] & allowed[j][fact] for fact in FACT_WORDS)
    ]


def _allowed(fact: str, cell: str) -> set[str]:
    """The words a cell allows."""
    words = set(FACT_WORDS[fact])
    if cell == "*":
        return words
    return words - {cell[1:]} if cell.startswith("!") else {cell}


def clean_facts(facts: Mapping[str, str]) -> dict[str, str]:
    """Give the facts in the words of the table; ``BadValue`` names the first that is missing or has another word.

    Examples
    --------
    >>> clean_facts({"consumer_identified": "y"})
    Traceback (most recent call last):
    adequacy.errors.BadValue: contracted_in_30mi is missing: give one of Y, N, I.
    """
    clean: dict[str, str] = {}
    for fact, words in FACT_WORDS.items():
        given = str(facts.get(fact) or "").strip()
        word = (given.lower() or _USUAL_LEVEL) if fact == _LEVEL else given.upper()
        if word not in words:
            said = f"{shown(given)} is not one of" if given else "is missing: give one of"
            raise BadValue(f"{fact} {said} {', '.join(words)}.")
        clean[fact] = word
    return clean


def decide_file(facts_file: Path, out_file: Path, rows: tuple[DecisionRow, ...]) -> int:
    """Decide every row of a CSV of facts; write the same rows with `ANSWER_COLUMNS` added.

    Returns
    -------
    count : int
        Rows decided.

    Raises
    ------
    MissingColumn, BadValue
        The file lacks a fact, a row has a word it cannot have, or the file cannot be read; nothing is written.
    OutputError
        The answer cannot be written.
    """
    header, given = _read(facts_file)
    decided = []
    for number, row in enumerate(given, start=2):
        try:
            trail = decide_facts(rows, row)
        except BadValue as error:
            raise BadValue(f"{facts_file.name} row {number}: {error.message}") from error
        decided.append({**row, **answer_row(trail)})
    columns = [name for name in header if name not in ANSWER_COLUMNS] + list(ANSWER_COLUMNS)
    try:
        with out_file.open("w", encoding="utf-8", newline="") as target:
            writer = csv.DictWriter(target, columns, lineterminator="\n", extrasaction="ignore")
            writer.writeheader()
            writer.writerows(decided)
    except OSError as error:
        raise OutputError(f"{out_file} cannot be written: {error.strerror or error}.") from error
    return len(decided)


def answer_row(trail: Trail) -> dict[str, str]:
    """Give the answer of the table as the columns of a file."""
    return {
        "rule_trail": trail.text,
        "outcome": trail.row.outcome,
        "letter": trail.row.letter,
        "clock": trail.row.clock,
        "human_review": "Y" if trail.row.human_review else "N",
    }


def _read(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """Read a CSV of facts, all text."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as source:
            header, rows = rows_by_name(source, path.name)
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no CSV file in UTF-8"
        raise BadValue(f"{path.name}: cannot be read ({why}). Check the path, or export it again.") from error
    missing = [fact for fact in FACT_WORDS if fact not in header and fact != _LEVEL]
    if missing:
        raise MissingColumn(f"{path.name}: no column {', '.join(missing)}. Found: {shown_list(header)}.")
    if not rows:
        raise BadValue(f"{path.name} has no row of facts below its header.")
    return header, rows
