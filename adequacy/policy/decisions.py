"""How the decision table is walked, and the proof that it decides every combination of facts. Standard library only.

First match wins. A row that sets a fact is used up and the table goes on from its top with that fact changed; the trail
keeps every row that applied, in order. What the facts are and where they come from is ``determination``'s business.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from adequacy.errors import PolicyError
from adequacy.policy.records import FACTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from adequacy.policy.records import DecisionRow

__all__ = ["FACT_WORDS", "Trail", "combinations", "prove", "walk"]

FACT_WORDS: dict[str, tuple[str, ...]] = {
    "level_of_care": ("inpatient", "non-inpatient"),
    "consumer_identified": ("Y", "N"),
    "contracted_in_30mi": ("Y", "N", "I"),
    "accessible": ("Y", "N", "U"),
    "client_specific": ("Y", "N", "U"),
    "requester_contracted": ("Y", "N"),
    "nctracks_ok": ("Y", "N", "U"),
    "tp_closed_service": ("Y", "N", "U"),
}
"""The words each fact may have. ``I``: the limit lies inside the place's uncertainty. ``U``: nobody has checked."""


@dataclass(frozen=True, slots=True)
class Trail:
    """What the table says: the rules that applied in order, and the row that decided."""

    rules: tuple[str, ...]
    row: DecisionRow
    facts: dict[str, str]

    @property
    def text(self) -> str:
        """The trail as records print it: ``R07>R12``."""
        return ">".join(self.rules)


def walk(rows: Sequence[DecisionRow], facts: Mapping[str, str]) -> Trail:
    """Walk the decision table for one combination of facts.

    Parameters
    ----------
    rows : sequence of DecisionRow
        The table of one ruleset, in order.
    facts : mapping
        A word for every fact column (``FACT_WORDS``).

    Returns
    -------
    Trail
        Letter, clock and human review are those of the row reached, not of rows passed on the way.

    Raises
    ------
    PolicyError
        No row matches: the table is not total.
    """
    known, rules = dict(facts), []
    unused = list(rows)
    while True:
        row = next((row for row in unused if row.matches(known)), None)
        if row is None:
            told = ", ".join(f"{name} {known[name]}" for name in FACTS)
            raise PolicyError(f"The decision table decides nothing for {told}: add a row that does.")
        rules.append(row.rule)
        if row.sets is None:
            return Trail(tuple(rules), row, known)
        known[row.sets[0]] = row.sets[1]
        unused.remove(row)


def combinations() -> Iterable[dict[str, str]]:
    """Give every combination of the facts."""
    for words in product(*(FACT_WORDS[name] for name in FACTS)):
        yield dict(zip(FACTS, words, strict=True))


def prove(rows: Sequence[DecisionRow]) -> list[str]:
    """Prove that every combination is decided and that no row is dead; list what is wrong, empty if nothing is."""
    used: set[str] = set()
    for facts in combinations():
        try:
            used.update(walk(rows, facts).rules)
        except PolicyError as error:
            return [error.message]
    return [f"row {row.rule} is dead: rows above it always match first" for row in rows if row.rule not in used]
