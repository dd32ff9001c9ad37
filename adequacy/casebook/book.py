"""The register of requests: events are added, one writer at a time, and everything else is derived from them.

One transaction adds the event, chains it to the one before by hash, and brings the derived tables along. It is
acknowledged only when it is on disk: a process killed at any moment leaves a readable book. The order is that of the
running number, not of the computer's clock, which may be set back.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from adequacy.casebook.overrides import override_of, require_people, require_second
from adequacy.casebook.process import Case, Event, derive, require_allowed
from adequacy.casebook.rows import clock_row, contact_row, gist, request_row, resubmission_key, stamp
from adequacy.casebook.schema import open_engine, plain_errors, tables, writing
from adequacy.clocks import zone_named
from adequacy.determination import Contact, canonical
from adequacy.determination.record import content_hash, record_hash, require_unaltered, seal
from adequacy.errors import CasebookError, OutputError, RecordAltered, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from sqlalchemy import Connection, Row

    from adequacy.policy import Policy

__all__ = ["Casebook", "open_casebook"]

_TRIES = 5
_FIRST = "0" * 64
_DIGITS = 6


def open_casebook(where: str | Path, policy: Policy, *, create: bool = True) -> Casebook:
    """Open a casebook, or make it.

    Parameters
    ----------
    where : str or Path
        A file (SQLite, made with mode 0600), or a URL such as ``postgresql://USER@HOST/NAME``.
    policy : Policy
        The plan's rules: what its events mean, how its clocks run.
    create : bool, default True
        Whether to make a book that is not there.

    Raises
    ------
    CasebookError
        Not a casebook, damaged, or made by a newer version.
    OutputError
        It cannot be made or written.
    ServiceUnreachable
        The PostgreSQL server does not answer.
    """
    return Casebook(where, policy, create=create)


class Casebook:
    """An open casebook. Use it as a context manager, or close it."""

    def __init__(self, where: str | Path, policy: Policy, *, create: bool = True) -> None:
        self.policy = policy
        self._engine = open_engine(where, create=create)
        self._t = tables()
        try:
            self._refresh_if_rules_changed()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Casebook:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the book."""
        self._engine.dispose()

    # --- writing ------------------------------------------------------------------------------------------------------

    def open_requests(self, requests: Sequence[Mapping[str, str]], *, now: datetime, by: str = "") -> list[str]:
        """Open one or several requests, all or none.

        Parameters
        ----------
        requests : sequence of mappings
            Facts as ``casebook.forms`` reads them.
        now : datetime
            What the clock says, aware.
        by : str
            Who opened them.

        Returns
        -------
        ids : list of str
            One each, in order. A resubmission is opened too, and linked to the request it repeats.
        """
        ids = []
        with writing(self._engine) as connection:
            number = self._last(connection, self._t.requests.c.number)
            for request in requests:
                number += 1
                at = datetime.fromisoformat(request["received"]).astimezone(UTC)
                request_id = f"REQ-{self._year(at)}-{number:0{_DIGITS}d}"
                key = resubmission_key(request)
                data = {
                    "request": dict(request),
                    "par": request.get("par", ""),
                    "number": number,
                    "resubmission_key": key,
                    "duplicates_of": self._first_with(connection, key),
                }
                event = self._append(connection, request_id, 1, "received", at=at, now=now, by=by, data=data)
                self._project(connection, derive([event], self.policy), new=True)
                ids.append(request_id)
        return ids

    def add(
        self,
        request_id: str,
        name: str,
        *,
        at: datetime,
        now: datetime,
        by: str = "",
        data: Mapping[str, Any] | None = None,
    ) -> Case:
        """Add an event to a request and give the case as it is then.

        Raises
        ------
        UsageError
            There is no such request, or the event is out of order; the message says what is allowed.
        """
        with writing(self._engine) as connection:
            return self._added(
                connection, self._case(connection, request_id), name, at=at, now=now, by=by, data=data or {}
            )

    def _added(
        self,
        connection: Connection,
        case: Case,
        name: str,
        *,
        at: datetime,
        now: datetime,
        by: str,
        data: Mapping[str, Any],
    ) -> Case:
        """The case with one more event, if it is allowed."""
        moment = at.astimezone(UTC)
        require_allowed(case, name, moment, self.policy)
        event = self._append(connection, case.id, len(case.events) + 1, name, at=moment, now=now, by=by, data=data)
        return self._derived(connection, case, event)

    def decide(
        self,
        request_id: str,
        draft_of: Callable[[Case, list[Contact]], Mapping[str, Any]],
        *,
        now: datetime,
        at: datetime | None = None,
        by: str = "",
    ) -> dict[str, Any]:
        """Decide a request and keep the record.

        Parameters
        ----------
        request_id : str
        draft_of : callable
            Makes the draft of a determination from the case and the calls on file. It runs without holding the book:
            if the case changed meanwhile it is asked again.
        now : datetime
            What the clock says, aware.
        at : datetime, optional
            When it was decided, aware; now where it is not given.
        by : str
            Who decided.

        Returns
        -------
        record : dict
            Sealed. Where another process has just made the same decision, that one's record.

        Raises
        ------
        UsageError
            There is no such request, it cannot be decided now, or ``at`` lies in the future or before what it rests on.
        """
        if at is not None and at > now:
            raise UsageError(f"{request_id}: the decision lies in the future by this computer's clock. Check --at.")
        for _ in range(_TRIES):
            case = self.case(request_id)
            require_allowed(case, "decided", _moment_of_decision(case, at, now), self.policy)
            draft = draft_of(case, self.contacts(case.request["service_key"]))
            with writing(self._engine) as connection:
                fresh = self._case(connection, request_id)
                if len(fresh.events) == len(case.events):
                    return self._decided(connection, fresh, draft, at, now, by)
                same = self._same_decision(connection, fresh, draft)
                if same is not None:
                    return same
        raise CasebookError(
            f"{request_id} is being changed by somebody else all the time. Look at it, then decide again."
        )

    def _decided(
        self,
        connection: Connection,
        case: Case,
        draft: Mapping[str, Any],
        at: datetime | None,
        now: datetime,
        by: str,
    ) -> dict[str, Any]:
        """Seal the draft, keep it, and add the event."""
        records = self._t.records
        parent = case.decision["record_id"] if case.decision else ""
        count = sum(event.name == "decided" for event in case.events) + 1
        record, text = seal(
            draft,
            record_id=f"{case.id}.{count}",
            parent_id=parent,
            created_at_utc=stamp(at or now),
            prev_hash=self._last_hash(connection, records),
        )
        data = {"record": record["hash"], "record_id": record["record_id"], **gist(record)}
        moment = _moment_of_decision(case, at, now)
        event = self._append(connection, case.id, len(case.events) + 1, "decided", at=moment, now=now, by=by, data=data)
        kept = {
            "seq": event.seq,
            "hash": record["hash"],
            "request_id": case.id,
            "record_id": record["record_id"],
            "body": zlib.compress(text.encode("utf-8")),
        }
        connection.execute(records.insert(), kept)
        self._derived(connection, case, event)
        return record

    def _same_decision(self, connection: Connection, case: Case, draft: Mapping[str, Any]) -> dict[str, Any] | None:
        """The record that somebody else just made, if it decides the same from the same facts."""
        if case.decision is None or case.is_stale:
            return None
        record = self._record(connection, case.decision["record"])
        return record if content_hash(record) == content_hash(draft) else None

    def confirm(
        self,
        request_id: str,
        by: str,
        *,
        at: datetime,
        now: datetime,
        second: str = "",
        override: str = "",
        reason: str = "",
    ) -> Case:
        """Let a named person confirm what is to leave; a letter is a draft until then.

        Parameters
        ----------
        request_id, by : str
        at, now : datetime
            When it was confirmed, and what the clock says; aware.
        second : str
            A second person who looked at it.
        override : str
            Another letter or outcome than the table's, decided by that person; it needs a ``reason``. The record of the
            decision stays as it is.
        reason : str

        Raises
        ------
        UsageError
            No name was given, nothing is to be confirmed, facts changed after the decision, the override is none, or
            the plan asks for a second person.
        """
        by, second = by.strip(), second.strip()
        require_second(by, second)
        with writing(self._engine) as connection:
            case = self._case(connection, request_id)
            if case.is_stale:
                raise UsageError(f"{request_id}: facts changed after the decision. Decide it again, then confirm.")
            day = at.astimezone(zone_named(self.policy.plan.timezone)).date()
            is_override = bool(override or reason)
            require_people(case, by, second, is_override=is_override, policy=self.policy, on=day)
            if is_override:
                data = {**override_of(case, override, reason, self.policy), "second": second}
                case = self._added(connection, case, "overridden", at=_not_before(case, at), now=now, by=by, data=data)
                if not case.letter:
                    return case
            if not case.letter and case.state != "INPATIENT_REVIEW":
                raise UsageError(f"{request_id} is {case.state}: no letter is due, so there is nothing to confirm.")
            data = {"second": second} if second else {}
            return self._added(connection, case, "confirmed", at=_not_before(case, at), now=now, by=by, data=data)

    def open_line(self, prefix: str, name: str, *, at: datetime, now: datetime, data: Mapping[str, Any]) -> str:
        """Begin a line of events that is no request, such as a credentialing; give its id."""
        from sqlalchemy import func, select

        events = self._t.events
        with writing(self._engine) as connection:
            count = connection.execute(select(func.count()).where(events.c.n == 1, events.c.name == name)).scalar() or 0
            line_id = f"{prefix}-{self._year(at)}-{count + 1:0{_DIGITS}d}"
            self._append(connection, line_id, 1, name, at=at, now=now, by="", data=data)
        return line_id

    def _year(self, at: datetime) -> int:
        """The year of a moment at the plan."""
        return at.astimezone(zone_named(self.policy.plan.timezone)).year

    def add_to_line(
        self,
        line_id: str,
        name: str,
        allow: Callable[[tuple[Event, ...]], None],
        *,
        at: datetime,
        now: datetime,
        by: str = "",
        data: Mapping[str, Any] | None = None,
    ) -> tuple[Event, ...]:
        """Add an event to a line that is no request, if ``allow`` does not refuse; give the whole line."""
        with writing(self._engine) as connection:
            before = self._line(connection, line_id)
            allow(before)
            event = self._append(connection, line_id, len(before) + 1, name, at=at, now=now, by=by, data=data or {})
            return (*before, event)

    def line(self, line_id: str) -> tuple[Event, ...]:
        """Give the events of a line in order; empty where there is none of that id."""
        with plain_errors(self._engine), self._engine.connect() as connection:
            return self._line(connection, line_id)

    def _line(self, connection: Connection, line_id: str) -> tuple[Event, ...]:
        """The events of one line."""
        events = self._t.events
        found = connection.execute(events.select().where(events.c.request_id == line_id).order_by(events.c.n)).all()
        return tuple(map(_event, found))

    def rebuild(self, *, only_open: bool = False) -> int:
        """Derive everything anew from the events; give the number of requests."""
        with writing(self._engine) as connection:
            ids = list(self._ids(connection, only_open=only_open))
            for request_id in ids:
                self._project(connection, self._case(connection, request_id))
            self._note_rules(connection)
        return len(ids)

    # --- reading ------------------------------------------------------------------------------------------------------

    def case(self, request_id: str) -> Case:
        """Give a request as its events leave it; ``UsageError`` if there is none of that id."""
        with plain_errors(self._engine), self._engine.connect() as connection:
            return self._case(connection, request_id)

    def record(self, request_id: str) -> dict[str, Any]:
        """Give the record of the last decision on a request; ``UsageError`` if it is not decided."""
        with plain_errors(self._engine), self._engine.connect() as connection:
            case = self._case(connection, request_id)
            if case.decision is None:
                raise UsageError(f"{request_id} is not decided yet: adequacy request decide {request_id}.")
            return self._record(connection, case.decision["record"])

    def records(self, request_id: str) -> list[dict[str, Any]]:
        """Give every record of a request, oldest first."""
        records = self._t.records
        found = self.rows(records.select().where(records.c.request_id == request_id).order_by(records.c.seq))
        return [_unpacked(row.body) for row in found]

    def contacts(self, service_key: str, site_id: str | None = None) -> list[Contact]:
        """Give the recorded calls about a service, oldest first."""
        from sqlalchemy import and_

        contacts = self._t.contacts
        wanted = contacts.c.service_key == service_key
        if site_id is not None:
            wanted = and_(wanted, contacts.c.site_id == site_id)
        found = self.rows(contacts.select().where(wanted).order_by(contacts.c.at, contacts.c.seq))
        return [
            Contact(
                row.site_id, row.service_key, datetime.fromisoformat(row.at), row.by, row.result, row.first_appt,
                row.request_id, row.note,
            )
            for row in found
        ]  # fmt: skip

    def rows(self, query: Any) -> Sequence[Row[Any]]:
        """Run a reading query of this package."""
        with plain_errors(self._engine), self._engine.connect() as connection:
            return connection.execute(query).all()

    def require_whole(self) -> tuple[int, int]:
        """Walk the chain of events and of records; give how many there are.

        Raises
        ------
        RecordAltered
            An event or a record was changed, taken out or put in.
        """
        with plain_errors(self._engine), self._engine.connect() as connection:
            events = self._walk(connection, self._t.events)
            kept = self._walk_records(connection)
        return events, kept

    # --- inside a transaction -----------------------------------------------------------------------------------------

    def _case(self, connection: Connection, request_id: str) -> Case:
        """A request as its events leave it."""
        events = self._t.events
        found = connection.execute(events.select().where(events.c.request_id == request_id).order_by(events.c.n)).all()
        if not found or found[0].name != "received":
            raise UsageError(f"no request {request_id} is in this casebook. See: adequacy request list.")
        return derive(map(_event, found), self.policy)

    def _append(
        self,
        connection: Connection,
        request_id: str,
        n: int,
        name: str,
        *,
        at: datetime,
        now: datetime,
        by: str,
        data: Mapping[str, Any],
    ) -> Event:
        """Write one event at the end of the chain."""
        events = self._t.events
        last = connection.execute(events.select().order_by(events.c.seq.desc()).limit(1)).first()
        recorded_at = stamp(now)
        if last is not None and recorded_at < last.recorded_at:
            data = {**data, "clock_was_set_back": True}
        values = {
            "seq": last.seq + 1 if last else 1,
            "request_id": request_id,
            "n": n,
            "name": name,
            "at": stamp(at),
            "recorded_at": recorded_at,
            "by": by,
            "data": canonical(data),
            "prev_hash": last.hash if last else _FIRST,
        }
        values["hash"] = _hash(values)
        connection.execute(events.insert(), values)
        return _event_of(values)

    def _derived(self, connection: Connection, case: Case, event: Event) -> Case:
        """The case with one more event, its derived rows brought along."""
        after = derive([*case.events, event], self.policy)
        self._project(connection, after)
        return after

    def _project(self, connection: Connection, case: Case, *, new: bool = False) -> None:
        """Bring the derived tables along with a case."""
        requests, clocks, contacts = self._t.requests, self._t.clocks, self._t.contacts
        if not new:
            for table, column in ((requests, "id"), (clocks, "request_id"), (contacts, "request_id")):
                connection.execute(table.delete().where(table.c[column] == case.id))
        connection.execute(requests.insert(), request_row(case))
        running = [{"request_id": case.id, "place": n, **clock_row(clock)} for n, clock in enumerate(case.clocks)]
        calls = [contact_row(case, event) for event in case.events if event.name == "contacted"]
        for table, rows in ((clocks, running), (contacts, calls)):
            if rows:
                connection.execute(table.insert(), rows)

    def _record(self, connection: Connection, record: str) -> dict[str, Any]:
        """A record by its hash, held to it."""
        records = self._t.records
        body = connection.execute(records.select().where(records.c.hash == record)).one().body
        found = _unpacked(body)
        require_unaltered(found)
        return found

    def _first_with(self, connection: Connection, key: str) -> str:
        """The first request with the same requester, service and consumer; empty if there is none."""
        requests = self._t.requests
        query = requests.select().where(requests.c.resubmission_key == key).order_by(requests.c.number).limit(1)
        found = connection.execute(query).first()
        return found.id if found else ""

    @staticmethod
    def _last(connection: Connection, column: Any) -> int:
        """The largest number of a column; 0 where there is none."""
        from sqlalchemy import func, select

        return int(connection.execute(select(func.max(column))).scalar() or 0)

    @staticmethod
    def _last_hash(connection: Connection, table: Any) -> str:
        """The hash at the end of a chain."""
        last = connection.execute(table.select().order_by(table.c.seq.desc()).limit(1)).first()
        return str(last.hash) if last else _FIRST

    def _ids(self, connection: Connection, *, only_open: bool) -> Iterator[str]:
        """Every request, in order; of open ones only those with a running clock."""
        from sqlalchemy import and_, select

        events, clocks = self._t.events, self._t.clocks
        first = and_(events.c.n == 1, events.c.name == "received")
        query = select(events.c.request_id).where(first).order_by(events.c.seq)
        if only_open:
            running = select(clocks.c.request_id).where(clocks.c.is_running == 1)
            query = query.where(events.c.request_id.in_(running))
        for row in connection.execute(query).all():
            yield row.request_id

    def _refresh_if_rules_changed(self) -> None:
        """Derive open requests anew when the policy is another one than they were derived with."""
        meta = self._t.meta
        derived = {row.key: row.value for row in self.rows(meta.select())}.get("derived_with", "")
        if derived == self._rules:
            return
        try:
            self.rebuild(only_open=bool(derived))
        except OutputError as error:
            raise OutputError(
                f"{error.message} Its lists were made by other rules: copy it to where you may write."
            ) from error

    @property
    def _rules(self) -> str:
        """The policy that derived rows are made with."""
        return f"{self.policy.plan.key} {self.policy.sha256}"

    def _note_rules(self, connection: Connection) -> None:
        """Note with which policy the derived rows were made."""
        meta = self._t.meta
        connection.execute(meta.delete().where(meta.c.key == "derived_with"))
        connection.execute(meta.insert().values(key="derived_with", value=self._rules))

    def _walk(self, connection: Connection, table: Any) -> int:
        """Walk the chain of events."""
        before, count = _FIRST, 0
        for row in connection.execute(table.select().order_by(table.c.seq)):
            values = dict(row._mapping)
            count += 1
            if row.seq != count or row.prev_hash != before or _hash(values) != row.hash:
                raise RecordAltered(f"the casebook was altered at event {count}: restore it from its last copy.")
            before = row.hash
        return count

    def _walk_records(self, connection: Connection) -> int:
        """Walk the chain of records, each named by its event."""
        records, events = self._t.records, self._t.events
        before, count = _FIRST, 0
        named = {
            json.loads(row.data)["record"]
            for row in connection.execute(events.select().where(events.c.name == "decided"))
        }
        for row in connection.execute(records.select().order_by(records.c.seq)):
            record = _unpacked(row.body)
            if record_hash(record) != row.hash or record["prev_hash"] != before or row.hash not in named:
                raise RecordAltered(f"record {row.record_id} was altered: restore the casebook from its last copy.")
            before, count = row.hash, count + 1
        if count != len(named):
            raise RecordAltered("a record is missing from the casebook: restore it from its last copy.")
        return count


def _not_before(case: Case, now: datetime) -> datetime:
    """Now, or the moment of the last event where the computer's clock was set back behind it; UTC."""
    return max(now.astimezone(UTC), case.events[-1].at)


def _moment_of_decision(case: Case, at: datetime | None, now: datetime) -> datetime:
    """When a decision is made, UTC: as told, but never before what it rests on."""
    if at is None:
        return _not_before(case, now)
    last = case.events[-1]
    if at < last.at and len(case.events) > 1:
        raise UsageError(f"{case.id}: the decision would lie before {last.name}, on which it rests. Check --at.")
    return at.astimezone(UTC)


def _unpacked(body: bytes) -> dict[str, Any]:
    """A record from its stored form."""
    try:
        record: dict[str, Any] = json.loads(zlib.decompress(body))
    except (zlib.error, ValueError) as error:
        raise RecordAltered("a record of the casebook cannot be read: restore it from its last copy.") from error
    return record


def _hash(values: Mapping[str, Any]) -> str:
    """The hash of an event: its row without the hash, in canonical form."""
    return hashlib.sha256(canonical({k: v for k, v in values.items() if k != "hash"}).encode("utf-8")).hexdigest()


def _event(row: Row[Any]) -> Event:
    return _event_of(dict(row._mapping))


def _event_of(values: Mapping[str, Any]) -> Event:
    """A row of ``events`` as an event."""
    return Event(
        seq=values["seq"],
        request_id=values["request_id"],
        n=values["n"],
        name=values["name"],
        at=datetime.fromisoformat(values["at"]),
        recorded_at=datetime.fromisoformat(values["recorded_at"]),
        by=values["by"],
        data=json.loads(values["data"]),
        prev_hash=values["prev_hash"],
        hash=values["hash"],
    )
