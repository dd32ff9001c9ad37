"""One request as ``request show --format json`` prints it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from adequacy.casebook.lists import alike
from adequacy.casebook.process import allowed
from adequacy.clocks import zone_named

if TYPE_CHECKING:
    from adequacy.casebook.book import Casebook
    from adequacy.casebook.process import Case
    from adequacy.policy import Policy

__all__ = ["book_view", "case_view", "later_events"]


def case_view(book: Casebook, request_id: str) -> dict[str, Any]:
    """Give a request with everything derived from its events.

    ``request`` holds what was received, ``facts`` the inputs of the decision table of the last decision (empty before
    one), ``clocks`` the deadlines with ``also`` for the other reading of an ambiguous start, ``is_members_refusal``
    whether a member's own request was refused, of which UM must hear.

    Raises
    ------
    UsageError
        There is no request of that id.
    """
    case = book.case(request_id)
    decision = case.decision or {}
    return {
        "schema": "adequacy.request/1",
        "id": case.id,
        "par": case.par,
        "state": case.state,
        "request": case.request,
        "facts": decision.get("facts", {}),
        "finding": decision.get("finding") or None,
        "outcome": decision.get("outcome"),
        "letter": case.letter or None,
        "rule_trail": decision.get("rule_trail", []),
        "human_review": decision.get("human_review"),
        "review_reasons": decision.get("review_reasons", []),
        "cautions": decision.get("cautions", []),
        "is_members_refusal": _is_members_refusal(case, book.policy),
        "is_stale": case.is_stale,
        "override": _override(case, book),
        "confirmed_by": case.confirmed_by or None,
        "second_by": case.second_by or None,
        "record_id": decision.get("record_id"),
        "record_sha256": decision.get("record"),
        "clocks": [clock.to_dict() for clock in case.clocks],
        "events": [_event(book, case, index) for index in range(len(case.events))],
        "duplicates_of": case.duplicates_of or None,
        "allowed": allowed(case, book.policy),
        "next_step": _next_step(book, case),
    }


def _is_members_refusal(case: Case, policy: Policy) -> bool:
    """Whether a request that the member made is refused, by the table or by a person."""
    outcome = policy.outcomes.get(case.outcome)
    return outcome is not None and outcome.refuses and case.request.get("requested_by") == "member"


def book_view(book: Casebook, request_id: str) -> dict[str, Any]:
    """Give what the book knows of a decided request beyond its record, for an auditor.

    Returns
    -------
    view : dict
        ``events`` from the decision on, ``clocks`` as they stand now, ``override`` or None, ``alike`` as `lists.alike`
        gives it.
    """
    case = book.case(request_id)
    return {
        "events": later_events(book, request_id),
        "clocks": [clock.to_dict() for clock in case.clocks],
        "override": _override(case, book),
        "alike": alike(book, request_id),
    }


def later_events(book: Casebook, request_id: str) -> list[dict[str, Any]]:
    """The last decision on a request and what happened since: moment, name, who, and what it brought."""
    case = book.case(request_id)
    last = max((event.n for event in case.events if event.name == "decided"), default=0)
    return [_event(book, case, index) for index, event in enumerate(case.events) if event.n >= last]


def _override(case: Case, book: Casebook) -> dict[str, Any] | None:
    """What a named person put in the place of the table's outcome, and whether UM must hear of it."""
    if case.override is None:
        return None
    at = datetime.fromisoformat(case.override["at"]).astimezone(zone_named(book.policy.plan.timezone))
    step = book.policy.outcomes[case.outcome].next_step
    um = _TO_UM if _is_members_refusal(case, book.policy) else ""
    return {**case.override, "at": at.isoformat(), "um": um, "next_step": step}


_TO_UM = "a member's own request is refused: UM decides on the notice to the enrollee and writes it"


def _event(book: Casebook, case: Case, index: int) -> dict[str, Any]:
    """One event, in the plan's time."""
    event = case.events[index]
    zone = zone_named(book.policy.plan.timezone)
    told = {name: event.data[name] for name in _TOLD if event.data.get(name)}
    return {
        "name": event.name,
        "at": event.at.astimezone(zone).isoformat(),
        "recorded_at": event.recorded_at.astimezone(zone).isoformat(),
        "by": event.by,
        **told,
    }


_TOLD = ("note", "site_id", "result", "first_appt", "attachments", "authorization", "delivered", "outcome", "record_id",
         "letter", "sha256", "draft", "sites", "second", "reason", "table_outcome", "clock_was_set_back")  # fmt: skip


def _next_step(book: Casebook, case: Case) -> str:
    """What to do now, in words."""
    if case.decision is None or case.is_stale:
        return f"Decide it: adequacy request decide {case.id}"
    outcome = book.policy.outcomes[case.outcome]
    return outcome.next_step if case.state == outcome.state and case.answered_at is None else ""
