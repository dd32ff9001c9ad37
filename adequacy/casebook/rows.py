"""Cases, clocks and calls as rows of the derived tables, and what the event of a decision says without its record."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adequacy.casebook.process import Case, CaseClock, Event

__all__ = ["clock_row", "contact_row", "gist", "request_row", "resubmission_key", "stamp"]


def resubmission_key(request: Mapping[str, str]) -> str:
    """Hash what makes two requests the same: requester, service, and the consumer or else the requester's site."""
    requester = request.get("requester_npi") or "".join(filter(str.isalnum, request.get("requester", "").casefold()))
    whom = request.get("consumer_ref") or "|".join(
        request.get(k, "") for k in ("site_zip", "site_point", "site_address")
    )
    text = "\n".join((requester, request["service_key"], whom.casefold().strip()))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def gist(record: Mapping[str, Any]) -> dict[str, Any]:
    """What the event of a decision says without its record."""
    answer = record["answer"] or {}
    return {
        "outcome": record["outcome"],
        "letter": record["letter"],
        "clock": record["clock"],
        "rule_trail": record["rule_trail"],
        "human_review": record["human_review"],
        "review_reasons": record["review_reasons"],
        "cautions": record["cautions"],
        "facts": record["inputs"],
        "finding": record["finding"] or "",
        "county_fips": (answer.get("origin") or {}).get("county_fips") or "",
        "decided_on": record["decided_on"],
    }


def request_row(case: Case) -> dict[str, Any]:
    """A case as its row of ``requests``."""
    decision, received = case.decision or {}, case.events[0]
    answer_clock = next((clock for clock in case.clocks if clock.is_answer), None)
    texts = {
        "id": case.id,
        "par": case.par,
        "state": case.state,
        "service_key": case.request["service_key"],
        "level_of_care": case.request.get("level_of_care", ""),
        "requester": case.request.get("requester", ""),
        "received_at": stamp(case.received_at),
        "finding": decision.get("finding", ""),
        "outcome": decision.get("outcome", ""),
        "letter": case.letter,
        "human_review": decision.get("human_review", ""),
        "county_fips": case.request.get("county_fips", "") or decision.get("county_fips", ""),
        "decided_at": stamp(case.at_of("decided")),
        "answered_at": stamp(answer_clock.met_at if answer_clock else None),
        "answer_due_at": stamp(answer_clock.deadline.due_at if answer_clock else None),
        "is_on_time": _flag(answer_clock.on_time if answer_clock else None),
        "confirmed_by": case.confirmed_by,
        "duplicates_of": case.duplicates_of,
        "resubmission_key": received.data["resubmission_key"],
        "override": case.override["outcome"] if case.override else "",
    }
    return {**texts, "number": received.data["number"], "is_stale": int(case.is_stale), "last_n": len(case.events)}


def clock_row(clock: CaseClock) -> dict[str, Any]:
    """A clock as its row."""
    return {
        "clock": clock.clock,
        "owner": clock.owner,
        "end_event": clock.end_event,
        "start_at": stamp(clock.deadline.start_at),
        "due_at": stamp(clock.deadline.due_at),
        "act_by": clock.deadline.act_by_date.isoformat(),
        "met_at": stamp(clock.met_at),
        "stopped_at": stamp(clock.stopped_at),
        "is_running": int(clock.is_running),
    }


def contact_row(case: Case, event: Event) -> dict[str, Any]:
    """A call as its row."""
    said = {name: event.data.get(name, "") for name in ("site_id", "result", "first_appt", "note")}
    return {
        "seq": event.seq,
        "request_id": case.id,
        "service_key": case.request["service_key"],
        "at": stamp(event.at),
        "by": event.by,
        **said,
    }


def _flag(value: bool | None) -> str:
    """Y, N, or nothing."""
    return "" if value is None else ("Y" if value else "N")


def stamp(at: datetime | None) -> str:
    """A moment as text in UTC that sorts as it should; empty where there is none."""
    return "" if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")
