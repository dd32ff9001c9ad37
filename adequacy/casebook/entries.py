"""What each kind of event brings, read from the words of the command line and refused where it does not fit."""

from __future__ import annotations

from datetime import UTC, datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from adequacy.casebook.forms import read_changes
from adequacy.casebook.process import ATTACHMENTS
from adequacy.clocks import read_date, read_instant, zone_named
from adequacy.errors import UsageError, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from adequacy.casebook.book import Casebook
    from adequacy.casebook.process import Case

__all__ = ["CALL_RESULTS", "record_event"]

CALL_RESULTS = ("accepting", "waitlist", "full", "no_answer")
#: Events that other commands make.
_ELSEWHERE = {
    "received": "request open",
    "decided": "request decide",
    "confirmed": "request confirm",
    "overridden": "request confirm --override",
    "letter_made": "request letter",
    "list_made": "request list-providers",
}
#: Options that belong to one event alone.
_OWN = {
    "site": "contacted",
    "result": "contacted",
    "first_appt": "contacted",
    "attachments": "sar_received",
    "authorization": "um_approved",
    "delivered": "sar_sent packet_sent",
}
_CHANGING = ("completed", "corrected")
_MOST_SUGGESTED = 3
_SHORTEST_NAME = 2


def record_event(
    book: Casebook,
    request_id: str,
    name: str,
    given: Mapping[str, str],
    *,
    at: str = "",
    by: str = "",
    now: datetime,
    index: Path | None = None,
    sites: Callable[[str], Mapping[str, str]] | None = None,
) -> Case:
    """Add an event as staff tell it.

    Parameters
    ----------
    book : Casebook
    request_id, name : str
    given : mapping of str to str
        Options of the event (``site``, ``result``, ``note``, ...) and facts of the request; empty ones were not given.
    at : str
        When it happened; now where empty.
    by : str
        Who says so.
    now : datetime
        What the clock says, aware.
    index : Path, optional
        Index of address points, for a new address.
    sites : callable, optional
        Gives the sites of a service on the roster, id to name: a call before the decision must be to one of them.

    Returns
    -------
    case : Case
        The request as it is then.

    Raises
    ------
    UsageError
        The event is made elsewhere, out of order, or its options do not fit.
    """
    if name in _ELSEWHERE:
        raise UsageError(f"{name} is recorded by its own command: adequacy {_ELSEWHERE[name]}.")
    if name not in book.policy.events:
        known = sorted(book.policy.events.keys() - _ELSEWHERE.keys())
        near = get_close_matches(name.casefold(), known, 1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise UsageError(f"event {shown(name)} is not known.{hint} Known: {', '.join(known)}.")
    said = {option: text.strip() for option, text in given.items() if text.strip()}
    zone = zone_named(book.policy.plan.timezone)
    moment = read_instant(at, zone) if at else now
    if name == "contacted":
        data = _call(book, request_id, said, by.strip(), sites)
    else:
        data = _data(book, request_id, name, said, by.strip(), index)
    if said.get("note"):
        data["note"] = said["note"]
    return book.add(request_id, name, at=moment.astimezone(UTC), now=now, by=by.strip(), data=data)


def _data(
    book: Casebook, request_id: str, name: str, said: Mapping[str, str], by: str, index: Path | None
) -> dict[str, Any]:
    """What an event other than a call brings."""
    if name in _CHANGING:
        return _changes(book, request_id, _facts(name, said), by, index)
    _require_no_facts(name, said)
    own: dict[str, Any] = {option: said[option] for option in ("authorization",) if option in said}
    if "attachments" in said:
        own["attachments"] = _attachments(said["attachments"])
    if "delivered" in said:
        own["delivered"] = read_instant(said["delivered"], zone_named(book.policy.plan.timezone)).isoformat()
    return own


def _facts(name: str, said: Mapping[str, str]) -> dict[str, str]:
    """The facts of a request among the options; an option of another event is refused."""
    for option in said:
        if option in _OWN and name not in _OWN[option].split():
            raise UsageError(f"--{option.replace('_', '-')} belongs to the event {_OWN[option].replace(' ', ' or ')}.")
    return {option: text for option, text in said.items() if option not in _OWN and option != "note"}


def _require_no_facts(name: str, said: Mapping[str, str]) -> None:
    """Refuse facts with an event that changes none."""
    for option in _facts(name, said):
        raise UsageError(f"--{option.replace('_', '-')}: facts change with the events completed and corrected.")


def _changes(book: Casebook, request_id: str, facts: Mapping[str, str], by: str, index: Path | None) -> dict[str, Any]:
    """New facts, with the name of who gives them."""
    if not by:
        raise UsageError("completed and corrected need a name: --by NAME.")
    changes = read_changes(facts, book.policy, index=index)
    if "received" in changes:
        raise UsageError("when a request was received is not changed: withdraw it and open it again.")
    if "service_key" in changes and changes["service_key"] != book.case(request_id).request["service_key"]:
        raise UsageError("another service is another request: open it with the same --par.")
    return {"request": changes}


def _call(
    book: Casebook,
    request_id: str,
    said: Mapping[str, str],
    by: str,
    sites: Callable[[str], Mapping[str, str]] | None,
) -> dict[str, Any]:
    """A call to a site: which, who asked, what it said."""
    _require_no_facts("contacted", said)
    missing = [option for option in ("site", "result") if option not in said] + ([] if by else ["by"])
    if missing:
        raise UsageError(f"contacted needs {', '.join(f'--{option}' for option in missing)}.")
    if said["result"] not in CALL_RESULTS:
        raise UsageError(f"--result {shown(said['result'])} is not one of {', '.join(CALL_RESULTS)}.")
    _require_known_site(book, request_id, said["site"], sites)
    first = read_date(said["first_appt"]).isoformat() if "first_appt" in said else ""
    return {"site_id": said["site"], "result": said["result"], "first_appt": first}


def _require_known_site(
    book: Casebook, request_id: str, site_id: str, sites: Callable[[str], Mapping[str, str]] | None
) -> None:
    """Refuse a site that is none of the service's: the call would be on file and count for nobody."""
    case = book.case(request_id)
    if case.decision is not None:
        record = book.record(request_id)
        answer = record["answer"] or {}
        near = (*answer.get("sites", ()), *answer.get("not_counted", ()))
        known = {each["site_id"]: each.get("name") or "" for each in (*record["candidates"], *near)}
        fault = f"was not considered for {request_id}"
    elif sites is not None:
        known = dict(sites(case.request["service_key"]))
        fault = f"gives no {case.request['service_key']} on the roster"
    else:
        raise UsageError(
            f"{request_id} is not decided yet, so its sites are not known: name the roster with --network, "
            "or decide it first."
        )
    if site_id not in known:
        raise UsageError(
            f"site {shown(site_id)} {fault}.{_did_you_mean(site_id, known)} See: adequacy request call-sheet."
        )


def _did_you_mean(typed: str, known: Mapping[str, str]) -> str:
    """The sites whose id or name is near what was typed."""
    word = typed.casefold()
    ids = {each.casefold(): each for each in known}
    near = [ids[each] for each in get_close_matches(word, ids, _MOST_SUGGESTED)]
    near += [each for each, name in known.items() if len(word) > _SHORTEST_NAME and word in name.casefold()]
    told = [f"{each} ({known[each]})" if known[each] else each for each in dict.fromkeys(near)][:_MOST_SUGGESTED]
    return f" Did you mean {' or '.join(told)}?" if told else ""


def _attachments(text: str) -> list[str]:
    """Which attachments of the OON SAR came."""
    words = [word.strip() for word in text.replace(";", ",").split(",") if word.strip()]
    if words == ["none"]:
        return []
    for word in words:
        if word not in ATTACHMENTS:
            raise UsageError(f"--attachments {shown(word)} is not one of {', '.join(ATTACHMENTS)}, or none.")
    return sorted(set(words))
