"""What the events of a request add up to: its state, its facts, its clocks. Nothing of this is stored as truth.

Events are appended and never edited; a `Case` is derived from them, by the policy's tables of events, outcomes and
clocks, the same way every time. Pure functions; no database, no time of day.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from adequacy.clocks import Deadline, WorkDays, deadline, zone_named
from adequacy.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from zoneinfo import ZoneInfo

    from adequacy.policy import Policy
    from adequacy.policy.records import Clock

__all__ = ["Case", "CaseClock", "Event", "OtherStart", "allowed", "derive", "require_allowed", "work_days"]

#: Facts that say where the consumer is or the requester's site stands: a new one of a kind replaces the old one.
PLACE_FACTS = (("zip", "point", "address"), ("site_zip", "site_point", "site_address"))
ATTACHMENTS = ("assessment", "plan", "order")
_UNCONFIRMED: dict[str, Any] = {"confirmed_by": "", "confirmed_at": None, "second_by": ""}
_STAYS_CLOSED = ("LAPSED", "WITHDRAWN")
_STAYS_CLOSED_BY = ("lapsed", "withdrawn")


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the casebook.

    Parameters
    ----------
    seq : int
        Running number in the book.
    request_id : str
        The request it belongs to.
    n : int
        Running number within the request, from 1.
    name : str
        ``received``, ``decided``, ... (the policy's ``events.csv``).
    at : datetime
        When it happened, UTC.
    recorded_at : datetime
        When it was written down, UTC: what the clock of the computer said.
    by : str
        Who recorded it, where it was said.
    data : dict
        What it brought: facts, a decision, a call.
    prev_hash, hash : str
        The chain of the book.
    """

    seq: int
    request_id: str
    n: int
    name: str
    at: datetime
    recorded_at: datetime
    by: str
    data: dict[str, Any]
    prev_hash: str = ""
    hash: str = ""


@dataclass(frozen=True, slots=True)
class OtherStart:
    """The other reading of where a clock starts, where the text is silent; no date where it is not known."""

    start_event: str
    deadline: Deadline | None


@dataclass(frozen=True, slots=True)
class CaseClock:
    """One clock of a request.

    ``is_answer`` marks the clock that the plan's answer ends. ``met_at`` is when its end event happened;
    ``stopped_at`` when it ended without being met (withdrawn, lapsed, started anew), ``stopped_by`` why.
    """

    clock: str
    owner: str
    start_event: str
    end_event: str
    confidence: str
    deadline: Deadline
    is_answer: bool = False
    met_at: datetime | None = None
    stopped_at: datetime | None = None
    stopped_by: str = ""
    also: tuple[OtherStart, ...] = ()

    @property
    def is_running(self) -> bool:
        """Whether it is neither met nor stopped."""
        return self.met_at is None and self.stopped_at is None

    @property
    def on_time(self) -> bool | None:
        """Whether it was met in time; None while it runs or where it stopped."""
        return None if self.met_at is None else self.deadline.is_met_by(self.met_at)

    def to_dict(self) -> dict[str, Any]:
        """Give the clock as `request show` and the record print it."""
        return {
            "clock": self.clock,
            "owner": self.owner,
            "start_event": self.start_event,
            "end_event": self.end_event,
            "start": self.deadline.start_at.isoformat(),
            "due": self.deadline.due_at.isoformat(),
            "act_by": self.deadline.act_by_date.isoformat(),
            "closed_days_known": self.deadline.closed_days_known,
            "met_at": _local(self.met_at, self.deadline),
            "on_time": self.on_time,
            "stopped_at": _local(self.stopped_at, self.deadline),
            "stopped_by": self.stopped_by,
            "confidence": self.confidence,
            "also": [
                {
                    "start_event": other.start_event,
                    "start": other.deadline.start_at.isoformat() if other.deadline else None,
                    "due": other.deadline.due_at.isoformat() if other.deadline else None,
                    "act_by": other.deadline.act_by_date.isoformat() if other.deadline else None,
                }
                for other in self.also
            ],
        }


def _local(at: datetime | None, due: Deadline) -> str | None:
    """A moment in the plan's time zone, as text."""
    return None if at is None else at.astimezone(due.due_at.tzinfo).isoformat()


@dataclass(frozen=True, slots=True)
class Case:
    """A request as its events leave it.

    Parameters
    ----------
    id, par : str
        Ours, and the reference that several services of one application share.
    state : str
        A word of the policy's ``events.csv`` and ``outcomes.csv``.
    request : dict of str to str
        The facts as received, completed and corrected.
    decision : dict or None
        What the last ``decided`` brought.
    letter : str
        Code of the letter that is due now; empty where none is.
    confirmed_by, confirmed_at :
        The named person who confirmed that letter, and when.
    second_by : str
        The second person who looked at it; empty where nobody did.
    override : dict or None
        Where a named person decided otherwise than the table: the ``outcome`` and ``letter`` in its place, ``reason``,
        ``by``, ``second``, ``at``. The record of the decision stays as it is; a new decision ends the override.
    answered_at : datetime or None
        When the answer that the decision asks for had left.
    is_stale : bool
        Facts changed after the decision while it could be made again: it must be. Once UM has the request, a fact put
        right (a telephone number) undoes no decision.
    attachments : frozenset of str
        What came with the OON SAR.
    clocks : tuple of CaseClock
    events : tuple of Event
    duplicates_of : str
        The earlier request of which this is a resubmission; empty where it is none.
    """

    id: str
    par: str = ""
    state: str = ""
    request: dict[str, str] = field(default_factory=dict)
    decision: dict[str, Any] | None = None
    letter: str = ""
    confirmed_by: str = ""
    confirmed_at: datetime | None = None
    second_by: str = ""
    override: dict[str, str] | None = None
    answered_at: datetime | None = None
    is_stale: bool = False
    attachments: frozenset[str] = frozenset()
    clocks: tuple[CaseClock, ...] = ()
    events: tuple[Event, ...] = ()
    duplicates_of: str = ""

    @property
    def outcome(self) -> str:
        """The outcome that holds now: that of the override, else of the decision; empty before one."""
        return str((self.override or self.decision or {}).get("outcome", ""))

    @property
    def received_at(self) -> datetime:
        """When the request came in, UTC."""
        return self.events[0].at

    def at_of(self, name: str) -> datetime | None:
        """When an event last happened, UTC; None where it did not."""
        return next((event.at for event in reversed(self.events) if event.name == name), None)


def derive(events: Iterable[Event], policy: Policy) -> Case:
    """Fold the events of one request into its case.

    Parameters
    ----------
    events : iterable of Event
        All events of one request, in order.
    policy : Policy
        Tables of events, outcomes, letters and clocks.

    Returns
    -------
    case : Case
    """
    line = tuple(events)
    case = Case(id=line[0].request_id, events=line)
    before: list[str] = []
    moments: list[_Moment] = []
    for event in line:
        new = _step(case, event, policy, before)
        moments += _moments(case, new, event)
        if new.state != case.state:
            before.append(case.state)
        case = new
    return replace(case, clocks=tuple(_clocks(case, moments, policy)))


def _step(case: Case, event: Event, policy: Policy, before: list[str]) -> Case:
    """What one event does to a case."""
    if event.name == "received":
        return _received(case, event)
    if event.name == "decided":
        return _decided(case, event, policy)
    if event.name == "confirmed":
        return replace(case, confirmed_by=event.by, confirmed_at=event.at, second_by=event.data.get("second", ""))
    if event.name == "overridden":
        return _overridden(case, event, policy)
    if event.name in ("completed", "corrected"):
        request = _changed(case.request, event.data.get("request", {}))
        can_be_decided = case.decision is not None and case.state in policy.events["decided"].from_states
        case = replace(case, request=request, is_stale=case.is_stale or can_be_decided)
    if event.name == "sar_received":
        case = replace(case, attachments=case.attachments | set(event.data.get("attachments", ATTACHMENTS)))
    return _lettered(_moved(_answered(case, event, policy), event, policy, before), event, policy)


def _received(case: Case, event: Event) -> Case:
    """A request as it came in."""
    return replace(
        case,
        state="RECEIVED",
        request=dict(event.data["request"]),
        par=event.data.get("par", ""),
        duplicates_of=event.data.get("duplicates_of", ""),
    )


def _decided(case: Case, event: Event, policy: Policy) -> Case:
    """A request once the table was applied: its letter is new, and nobody has confirmed that yet."""
    return replace(
        case,
        state=policy.outcomes[event.data["outcome"]].state,
        decision=event.data,
        is_stale=False,
        letter=event.data["letter"],
        override=None,
        answered_at=None,
        **_UNCONFIRMED,
    )


def _overridden(case: Case, event: Event, policy: Policy) -> Case:
    """A request once a named person decided otherwise: another outcome and letter; the decision stays on file."""
    said = {name: event.data[name] for name in ("outcome", "letter", "reason", "second")}
    return replace(
        case,
        state=policy.outcomes[said["outcome"]].state,
        override={**said, "by": event.by, "at": event.at.isoformat()},
        letter=said["letter"],
        **_UNCONFIRMED,
    )


def _changed(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """The facts with newer ones laid over them; a new place replaces an old one given in another way."""
    merged = dict(old)
    for kinds in PLACE_FACTS:
        if any(new.get(kind) for kind in kinds):
            for kind in kinds:
                merged.pop(kind, None)
    return merged | dict(new)


def _answered(case: Case, event: Event, policy: Policy) -> Case:
    """Note when the answer of the decision has left."""
    if case.decision is None or case.answered_at is not None:
        return case
    if event.name in policy.outcomes[case.outcome].answered_by:
        return replace(case, answered_at=event.at)
    return case


def _moved(case: Case, event: Event, policy: Policy, before: list[str]) -> Case:
    """The state after an event."""
    state = policy.events[event.name].to_state or case.state
    if "|" in state:
        state = state.split("|")[_sar_is_complete(case)]
    elif state == "@before":
        state = before[-1] if case.state in _STAYS_CLOSED else "COMPLETE"
        case = replace(case, answered_at=None)
    return replace(case, state=state)


def _sar_is_complete(case: Case) -> bool:
    """Whether all attachments of the OON SAR came; the inpatient form has none."""
    return case.request.get("level_of_care") == "inpatient" or set(ATTACHMENTS) <= case.attachments


def _lettered(case: Case, event: Event, policy: Policy) -> Case:
    """The letter that an event makes due; nobody has confirmed it yet."""
    facts = case.request | (case.decision or {}).get("facts", {})
    for letter in policy.letters.values():
        if letter.after_event == event.name and _holds(letter.when, facts):
            return replace(case, letter=letter.letter, **_UNCONFIRMED)
    return case


def _holds(conditions: Iterable[str], facts: Mapping[str, str]) -> bool:
    """Whether all conditions ``fact=word`` hold."""
    return all(facts.get(fact, "") == word for fact, _, word in (part.partition("=") for part in conditions))


def require_allowed(case: Case, name: str, at: datetime, policy: Policy) -> None:
    """Refuse an event that is out of order, saying what is allowed now.

    Raises
    ------
    UsageError
        The event is not known, not allowed in the state of the case, lacks what it needs, or lies before the receipt.
    """
    rule = policy.events.get(name)
    if rule is None:
        raise UsageError(f"event {name!r} is not known. Known: {', '.join(policy.events)}.")
    if case.state not in rule.from_states:
        raise UsageError(
            f"{case.id} is {case.state}: {name} is out of order. Allowed now: {', '.join(allowed(case, policy))}."
        )
    if at < case.received_at:
        raise UsageError(f"{case.id}: {name} lies before the request was received. Check --at.")
    if rule.needs == "confirmed" and case.is_stale:
        raise UsageError(f"{case.id}: facts changed after the decision. Decide it again before anything leaves.")
    if rule.needs == "confirmed" and not case.confirmed_by:
        raise UsageError(f"{case.id}: {name} needs a named person first: adequacy request confirm {case.id} --by NAME.")
    if rule.needs == "unanswered" and case.answered_at is not None and not case.is_stale:
        raise UsageError(f"{case.id} is answered. To decide it again, record the event reopened or corrected first.")
    if rule.needs == "overdue":
        _require_overdue(case, at)


def allowed(case: Case, policy: Policy) -> list[str]:
    """List the events that the state of a case allows."""
    return sorted(name for name, rule in policy.events.items() if case.state in rule.from_states)


def _require_overdue(case: Case, at: datetime) -> None:
    """Refuse a lapse while the provider still has time."""
    running = [clock for clock in case.clocks if clock.is_running and clock.owner == "provider"]
    if any(not clock.deadline.is_met_by(at) for clock in running):
        return
    until = max((clock.deadline.due_at for clock in running), default=None)
    left = f"the provider has time until {until:%Y-%m-%d %H:%M}" if until else "no clock of the provider is running"
    raise UsageError(f"{case.id}: nothing has lapsed, {left}.")


@lru_cache(maxsize=4)
def work_days(policy: Policy) -> WorkDays:
    """The plan's working days, from its list of closed days."""
    return WorkDays.of(date.fromisoformat(day.date) for day in policy.closed_days)


@lru_cache(maxsize=4096)
def _clocks_on(policy: Policy, day: date) -> tuple[Clock, ...]:
    """The plan's clocks in force on a day; a book asks for the same days again and again."""
    return tuple(policy.clocks(day).values())


@dataclass(frozen=True, slots=True)
class _Moment:
    """Something that may start or end a clock: an event, or what an event amounts to."""

    name: str
    at: datetime
    data: dict[str, Any]


def _moments(before: Case, after: Case, event: Event) -> list[_Moment]:
    """What an event means to the clocks: an admission, the answer, an OON SAR with or without its attachments."""
    name = event.name
    if name == "sar_received" and not _sar_is_complete(after):
        name = "sar_incomplete"
    moments = [_Moment(name, event.at, event.data)]
    admitted = after.request.get("admitted")
    if admitted and admitted != before.request.get("admitted"):
        moments.insert(0, _Moment("admitted", datetime.fromisoformat(admitted).astimezone(UTC), {}))
    if after.answered_at is not None and before.answered_at is None:
        moments.append(_Moment("answered", event.at, {}))
    return moments


def _clocks(case: Case, moments: list[_Moment], policy: Policy) -> Iterator[CaseClock]:
    """Every clock that a moment of the request started."""
    zone = zone_named(policy.plan.timezone)
    days = work_days(policy)
    for index, moment in enumerate(moments):
        for clock in _clocks_on(policy, moment.at.astimezone(zone).date()):
            if clock.start_on == moment.name and _holds(clock.applies, case.request):
                yield _ended(
                    CaseClock(
                        clock=clock.clock,
                        owner=clock.owner,
                        start_event=clock.start_event,
                        end_event=clock.end_event,
                        confidence=clock.confidence,
                        deadline=deadline(moment.at, clock.length, clock.unit, zone, days),
                        is_answer="answered" in clock.end_on,
                        also=_other_starts(clock, case, moment, zone, days),
                    ),
                    clock,
                    moments[index + 1 :],
                )


def _other_starts(clock: Clock, case: Case, moment: _Moment, zone: ZoneInfo, days: WorkDays) -> tuple[OtherStart, ...]:
    """The other reading of an ambiguous start: another event, or the day of delivery where it was recorded."""
    if not clock.start_ambiguous:
        return ()
    if clock.start_also_on:
        at = case.at_of(clock.start_also_on)
    else:
        at = datetime.fromisoformat(moment.data["delivered"]) if moment.data.get("delivered") else None
    name = clock.start_also_on or clock.start_event
    return (OtherStart(name, deadline(at, clock.length, clock.unit, zone, days) if at else None),)


def _ended(running: CaseClock, clock: Clock, later: list[_Moment]) -> CaseClock:
    """The clock with its end, if that has come: met, or stopped by a new start, a lapse or a withdrawal."""
    for moment in later:
        if moment.name in clock.end_on:
            return replace(running, met_at=moment.at)
        if moment.name == clock.start_on:
            return replace(running, stopped_at=moment.at, stopped_by="started anew")
        if moment.name in _STAYS_CLOSED_BY:
            return replace(running, stopped_at=moment.at, stopped_by=moment.name)
    return running
