"""A named person decides otherwise than the table: what may be put in its place, and what must be said with it.

The record of the decision is never touched: the override is an event after it, with who, when and why.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from adequacy.clocks import zone_named
from adequacy.errors import UsageError
from adequacy.policy.decisions import combinations, walk

if TYPE_CHECKING:
    from datetime import date

    from adequacy.casebook.process import Case
    from adequacy.policy import Policy

__all__ = ["override_of", "require_people", "require_second"]

_TWO = 2

#: Facts that an override leaves alone: the level of care is corrected, whether the network is closed is reviewed.
_KEPT = ("level_of_care", "tp_closed_service")


def require_second(by: str, second: str) -> None:
    """Refuse a confirmation without a name, and a second reviewer who is the first."""
    if not by:
        raise UsageError("confirming needs a name: --by NAME.")
    if second and _person(second) == _person(by):
        raise UsageError("--second names the same person as --by: a second reviewer is somebody else.")


def require_people(case: Case, by: str, second: str, *, is_override: bool, policy: Policy, on: date) -> None:
    """Refuse a confirmation for which the plan asks for two people and only one stands.

    Parameters
    ----------
    case : Case
        As it is before the confirmation.
    by, second : str
        Who confirms, and the second person where one is named.
    is_override : bool
        Another outcome than the table's is put in its place.
    policy : Policy
        Its settings ``second_person_for_override`` and ``second_person_for_review``.
    on : date
        Day of the confirmation, at the plan.

    Raises
    ------
    UsageError
        A second person is missing.
    """
    if is_override and policy.value("second_person_for_override", on) and not second:
        raise UsageError(f"{case.id}: the plan asks for a second person when the table is overridden: --second NAME.")
    stops = case.decision is not None and case.decision["human_review"] == "Y" and case.answered_at is None
    if stops and policy.value("second_person_for_review", on):
        decided_by = next((event.by for event in reversed(case.events) if event.name == "decided"), "")
        if len({_person(name) for name in (decided_by, by, second) if name}) < _TWO:
            raise UsageError(
                f"{case.id}: the table stops for a person here, and the plan asks for two: --second NAME, or let "
                "somebody else confirm than who decided."
            )


def _person(name: str) -> str:
    """A name without its spelling."""
    return " ".join(name.casefold().split())


def override_of(case: Case, wanted: str, reason: str, policy: Policy) -> dict[str, Any]:
    """Give what the event of an override brings: outcome and letter in the place of the table's, and the reason.

    Parameters
    ----------
    case : Case
        Decided, not answered.
    wanted : str
        An outcome, or the code of a letter that only one outcome has; any case. One that the table gives some request
        of the same level of care and the same answer on whether the network is closed.
    reason : str
        Why; it must not be empty.
    policy : Policy

    Returns
    -------
    data : dict
        ``outcome``, ``letter``, ``reason``, and ``table_outcome``, which it replaces.

    Raises
    ------
    UsageError
        The request is not decided, nothing else is wanted than what holds, the reason is missing, or there is no such
        outcome or letter; the message names those there are.
    """
    if not wanted.strip() or not reason.strip():
        raise UsageError(
            "--override LETTER_OR_OUTCOME and --reason TEXT go together: an override without a reason is none."
        )
    if case.decision is None:
        raise UsageError(f"{case.id} is not decided yet, so there is nothing to override: adequacy request decide.")
    letters = _letters_by_outcome(case, policy)
    if len(letters) == 1:
        raise UsageError(f"{case.id} is {case.outcome} by its level of care: correct that fact, then decide it again.")
    outcome = _outcome_named(wanted.strip(), letters)
    if outcome == case.outcome:
        raise UsageError(f"{case.id} is {outcome} already: there is nothing to override.")
    return {
        "outcome": outcome,
        "letter": letters[outcome],
        "reason": " ".join(reason.split()),
        "table_outcome": case.decision["outcome"],
    }


def _letters_by_outcome(case: Case, policy: Policy) -> dict[str, str]:
    """The outcomes that the table gives some request of this level of care and network, each with its letter."""
    received = datetime.fromisoformat(case.request["received"]).astimezone(zone_named(policy.plan.timezone)).date()
    rows = policy.decision_rows(policy.ruleset(received).id)
    facts = (case.decision or {})["facts"]
    alike = (each for each in combinations() if all(each[name] == facts[name] for name in _KEPT))
    reached = {walk(rows, each).row.outcome: walk(rows, each).row.letter for each in alike}
    return {row.outcome: reached[row.outcome] for row in rows if row.outcome in reached}


def _outcome_named(wanted: str, letters: dict[str, str]) -> str:
    """The outcome that a word means: its own name, or the code of its letter."""
    word = wanted.casefold()
    meant = [outcome for outcome in letters if outcome.casefold() == word]
    meant = meant or [outcome for outcome, letter in letters.items() if letter.casefold() == word]
    if len(meant) == 1:
        return meant[0]
    if meant:
        raise UsageError(f"--override {wanted}: the letter of {' and '.join(meant)}. Name the outcome.")
    known = ", ".join(f"{outcome} ({letter})" if letter else outcome for outcome, letter in letters.items())
    raise UsageError(f"--override {wanted!r} is no outcome and no letter of a decision. Known: {known}.")
