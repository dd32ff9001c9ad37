"""What staff ask of the whole book: what is due, whom to phone, how many and how fast.

Read from the derived tables; a list of a book with a million events reads only its own rows. Nothing here names a
consumer.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING, Any

from adequacy.casebook.schema import tables
from adequacy.clocks import zone_named
from adequacy.errors import UsageError, shown
from adequacy.reference import find_county

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from adequacy.casebook.book import Casebook
    from adequacy.determination import Contact
    from adequacy.policy import Policy

__all__ = ["Call", "Due", "alike", "call_sheet", "due", "listed", "stats"]

_NOT_DECIDED = "not decided"


@dataclass(frozen=True, slots=True)
class Due:
    """A running clock: whose it is, when it is due, what ends it, what to do next."""

    request_id: str
    clock: str
    owner: str
    start: str
    due: str
    act_by: str
    days_left: int
    is_overdue: bool
    ends_with: str
    state: str
    service_key: str
    next_step: str

    def to_dict(self) -> dict[str, Any]:
        """Give the row for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Call:
    """A site to phone today, and why: for which requests, due when, what is on file."""

    site_id: str
    provider: str
    name: str
    phone: str
    service_key: str
    why: str
    requests: tuple[str, ...]
    first_due: str
    ages: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Give the row for JSON."""
        return {**asdict(self), "requests": list(self.requests), "ages": list(self.ages)}


def states_of(policy: Policy) -> list[str]:
    """Every state a request may have, in alphabetical order."""
    moved = (state for event in policy.events.values() for state in event.to_state.split("|"))
    known = {*moved, *(outcome.state for outcome in policy.outcomes.values())}
    return sorted(state for state in known if state and not state.startswith("@"))


def listed(book: Casebook, *, state: str = "", service_key: str = "", par: str = "") -> list[dict[str, str]]:
    """List requests, oldest first: id, state, service, when received, outcome, letter.

    Parameters
    ----------
    book : Casebook
    state, service_key, par : str
        Only those; all where empty.

    Raises
    ------
    UsageError
        There is no such state.
    """
    if state and state.upper() not in states_of(book.policy):
        raise UsageError(f"{shown(state)} is no state of a request. Known: {', '.join(states_of(book.policy))}.")
    requests = tables().requests
    query = requests.select().order_by(requests.c.number)
    for column, value in (("state", state.upper()), ("service_key", service_key), ("par", par)):
        if value:
            query = query.where(requests.c[column] == value)
    zone = zone_named(book.policy.plan.timezone)
    names = ("id", "par", "state", "service_key", "requester", "finding", "outcome", "letter", "human_review",
             "confirmed_by", "duplicates_of", "override")  # fmt: skip
    return [
        {**{name: getattr(row, name) for name in names}, "received": _local(row.received_at, zone)}
        for row in book.rows(query)
    ]


def due(book: Casebook, now: datetime) -> list[Due]:
    """List every running clock, overdue first, then by due date.

    Parameters
    ----------
    book : Casebook
    now : datetime
        Aware; what is overdue is so at that moment.
    """
    from sqlalchemy import select

    t = tables()
    query = (
        select(
            t.clocks,
            t.requests.c.state,
            t.requests.c.service_key,
            t.requests.c.outcome,
            t.requests.c.override,
            t.requests.c.is_stale,
        )
        .join(t.requests, t.requests.c.id == t.clocks.c.request_id)
        .where(t.clocks.c.is_running == 1)
        .order_by(t.clocks.c.due_at, t.clocks.c.request_id, t.clocks.c.place)
    )
    zone = zone_named(book.policy.plan.timezone)
    return [_due(row, book, zone, now) for row in book.rows(query)]


def _due(row: Any, book: Casebook, zone: ZoneInfo, now: datetime) -> Due:
    """One running clock."""
    at = datetime.fromisoformat(row.due_at)
    unit_is_hours = at.astimezone(zone).strftime("%H:%M") != "23:59"
    late = now > at if unit_is_hours else now.astimezone(zone).date() > at.astimezone(zone).date()
    return Due(
        request_id=row.request_id,
        clock=row.clock,
        owner=row.owner,
        start=_local(row.start_at, zone),
        due=_local(row.due_at, zone),
        act_by=row.act_by,
        days_left=(at.astimezone(zone).date() - now.astimezone(zone).date()).days,
        is_overdue=late,
        ends_with=row.end_event,
        state=row.state,
        service_key=row.service_key,
        next_step=_next_step(row, book),
    )


def _next_step(row: Any, book: Casebook) -> str:
    """What to do about a request: what its outcome asks for, or once that is done what its clock waits for."""
    if row.is_stale:
        return "Facts changed after the decision: decide it again."
    outcome = book.policy.outcomes.get(row.override or row.outcome)
    if outcome is None:
        return f"Decide it: adequacy request decide {row.request_id}"
    if row.state == outcome.state:
        return outcome.next_step
    return f"Waiting for the {row.owner}: {row.end_event}. Then record it: adequacy request event."


def _local(stamp: str, zone: ZoneInfo) -> str:
    """A stored moment in the plan's time zone, to the minute."""
    return datetime.fromisoformat(stamp).astimezone(zone).strftime("%Y-%m-%d %H:%M") if stamp else ""


def call_sheet(book: Casebook, now: datetime) -> list[Call]:
    """List whom to phone today and why, the request that is due first on top.

    A call counts for every request of the same service for the policy's number of days, so each site stands here once.
    """
    today = now.astimezone(zone_named(book.policy.plan.timezone)).date()
    waiting: dict[tuple[str, str], Call] = {}
    for row in listed(book):
        outcome = row["override"] or row["outcome"]
        if outcome and not book.policy.outcomes[outcome].answered_by and row["finding"] == "covered":
            for call in _calls_for(book, row["id"], today):
                key = (call.service_key, call.site_id)
                waiting[key] = _joined(waiting[key], call) if key in waiting else call
    return sorted(waiting.values(), key=lambda call: (call.first_due, call.service_key, call.provider, call.site_id))


def _calls_for(book: Casebook, request_id: str, today: date) -> Iterator[Call]:
    """The sites within that nobody has heard from lately, for one request."""
    record, case = book.record(request_id), book.case(request_id)
    service_key = case.request["service_key"]
    zone = zone_named(book.policy.plan.timezone)
    days = timedelta(days=int(book.policy.value("contact_valid_days", today)))
    clock = next((clock for clock in case.clocks if clock.is_answer and clock.is_running), None)
    heard: dict[str, Contact] = {call.site_id: call for call in book.contacts(service_key)}
    for site in record["answer"]["sites"]:
        last = heard.get(site["site_id"])
        why = _why_call(site, last, today, days, zone)
        if why:
            yield Call(
                site_id=site["site_id"],
                provider=site["provider"],
                name=site["name"],
                phone=site["phone"],
                service_key=service_key,
                why=why,
                requests=(request_id,),
                first_due=clock.deadline.due_at.date().isoformat() if clock else "",
                ages=(case.request["age"],) if case.request.get("age") else (),
            )


def _why_call(site: Mapping[str, Any], last: Contact | None, today: date, days: timedelta, zone: ZoneInfo) -> str:
    """Why a site should be phoned; empty where it need not be."""
    if last is not None:
        on = last.at.astimezone(zone).date()
        if last.result == "no_answer":
            return f"no answer on {on}"
        return "" if today - on <= days else f"the last call is of {on}"
    verified = site.get("accepting_verified_on")
    if site.get("panel_status") == "accepting" and verified:
        return f"the roster says accepting, last verified {verified}"
    return f"the roster says {site.get('panel_status') or 'nothing'}, not verified"


def _joined(one: Call, other: Call) -> Call:
    """The same call for several requests."""
    return Call(
        one.site_id, one.provider, one.name, one.phone, one.service_key, one.why,
        (*one.requests, *other.requests),
        min(filter(None, (one.first_due, other.first_due)), default=""),
        tuple(sorted({*one.ages, *other.ages}, key=int)),
    )  # fmt: skip


def stats(book: Casebook, *, since: date | None = None, until: date | None = None) -> dict[str, Any]:
    """Count requests: by state and outcome, days to answer, on-time share, gaps by service and county, overrides.

    Parameters
    ----------
    book : Casebook
    since, until : date, optional
        Days of receipt, both included.

    Returns
    -------
    stats : dict
        Counts are of requests and for use inside the plan: small ones must not leave it.
    """
    requests = tables().requests
    zone = zone_named(book.policy.plan.timezone)
    rows = [
        row
        for row in book.rows(requests.select().order_by(requests.c.number))
        if (since is None or _day(row.received_at, zone) >= since)
        and (until is None or _day(row.received_at, zone) <= until)
    ]
    answered = [row for row in rows if row.answered_at]
    days = [(_day(row.answered_at, zone) - _day(row.received_at, zone)).days for row in answered]
    gaps = Counter((row.service_key, row.county_fips) for row in rows if row.finding == "gap")
    return {
        "requests": len(rows),
        "resubmissions": sum(bool(row.duplicates_of) for row in rows),
        "by_state": dict(sorted(Counter(row.state for row in rows).items())),
        "by_outcome": dict(sorted(Counter(row.outcome or _NOT_DECIDED for row in rows).items())),
        "by_finding": dict(sorted(Counter(row.finding for row in rows if row.finding).items())),
        "answered": len(answered),
        "days_to_answer": {"median": median(days), "max": max(days)} if days else None,
        "on_time": sum(row.is_on_time == "Y" for row in answered),
        "on_time_pct": 100.0 * sum(row.is_on_time == "Y" for row in answered) / len(answered) if answered else None,
        "gaps": [
            {"service_key": service, "county_fips": county, "county": _county(county), "requests": count}
            for (service, county), count in sorted(gaps.items(), key=lambda item: (-item[1], item[0]))
        ],
        "overrides": _overrides(rows),
    }


def _county(county_fips: str) -> str:
    """A county as people call it; its code where it is not known, empty where there is none."""
    found = find_county(county_fips) if county_fips else None
    return f"{found.name} County, {found.state}" if found else county_fips


def _overrides(rows: Sequence[Any]) -> dict[str, Any]:
    """How often a named person put another outcome in the table's place: in all, by provider, service and county."""
    decided = [row for row in rows if row.outcome]
    changed = Counter((row.outcome, row.override) for row in decided if row.override)
    return {
        **_rate(decided),
        "changes": [
            {"from": old, "to": new, "requests": count}
            for (old, new), count in sorted(changed.items(), key=lambda item: (-item[1], item[0]))
        ],
        "by_requester": _rates_by(decided, "requester"),
        "by_service": _rates_by(decided, "service_key"),
        "by_county": _rates_by(decided, "county_fips"),
    }


def _rate(rows: Sequence[Any]) -> dict[str, Any]:
    """Decided, overridden, and the share in percent; no share of nothing."""
    overridden = sum(bool(row.override) for row in rows)
    return {
        "decided": len(rows),
        "overridden": overridden,
        "rate_pct": 100.0 * overridden / len(rows) if rows else None,
    }


def _rates_by(rows: Sequence[Any], name: str) -> list[dict[str, Any]]:
    """The rate for each value of a column that has an override, the most overrides first."""
    groups: dict[str, list[Any]] = {}
    for row in rows:
        groups.setdefault(getattr(row, name), []).append(row)
    rates = [{name: value, **_rate(group)} for value, group in groups.items()]
    return sorted((rate for rate in rates if rate["overridden"]), key=lambda rate: (-rate["overridden"], rate[name]))


def alike(book: Casebook, request_id: str) -> dict[str, Any]:
    """Say how requests with the same facts were decided, and how often such decisions were overridden.

    Returns
    -------
    alike : dict
        ``same_facts`` decisions in the book with the very facts of this one, ``same_outcome`` of them decided alike;
        the rates of overrides for its requester, service and county, and in all.
    """
    from adequacy.determination import canonical

    requests, events = tables().requests, tables().events
    case = book.case(request_id)
    if case.decision is None:
        return {}
    pattern = f'%"facts":{canonical(case.decision["facts"])}%'
    same = [
        json.loads(row.data)["outcome"]
        for row in book.rows(events.select().where(events.c.name == "decided", events.c.data.like(pattern)))
    ]
    rows = book.rows(requests.select().where(requests.c.outcome != ""))
    own = next(row for row in rows if row.id == request_id)
    return {
        "same_facts": len(same),
        "same_outcome": sum(outcome == case.decision["outcome"] for outcome in same),
        "overrides": {
            "in all": _rate(rows),
            **{
                words: _rate([row for row in rows if getattr(row, name) == getattr(own, name)])
                for words, name in (
                    ("of this requester", "requester"),
                    ("of this service", "service_key"),
                    ("of this county", "county_fips"),
                )
            },
        },
    }


def _day(stamp: str, zone: ZoneInfo) -> date:
    """The day of a stored moment, in the plan's time zone."""
    return datetime.fromisoformat(stamp).astimezone(zone).date()
