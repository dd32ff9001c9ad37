"""What each kind of event brings, read from the words of the command line and refused where it does not fit."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from adequacy.casebook.forms import read_changes
from adequacy.casebook.process import ATTACHMENTS
from adequacy.clocks import read_date, read_instant, zone_named
from adequacy.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
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
    said = {option: text.strip() for option, text in given.items() if text.strip()}
    zone = zone_named(book.policy.plan.timezone)
    moment = read_instant(at, zone) if at else now
    data = _data(book, request_id, name, said, by.strip(), index)
    if said.get("note"):
        data["note"] = said["note"]
    return book.add(request_id, name, at=moment.astimezone(UTC), now=now, by=by.strip(), data=data)


def _data(
    book: Casebook, request_id: str, name: str, said: Mapping[str, str], by: str, index: Path | None
) -> dict[str, Any]:
    """What the event brings."""
    facts = {option: text for option, text in said.items() if option not in _OWN and option != "note"}
    for option in said:
        if option in _OWN and name not in _OWN[option].split():
            raise UsageError(f"--{option.replace('_', '-')} belongs to the event {_OWN[option].replace(' ', ' or ')}.")
    if name in _CHANGING:
        return _changes(book, request_id, facts, by, index)
    if facts:
        raise UsageError(
            f"--{next(iter(facts)).replace('_', '-')}: facts change with the events completed and corrected."
        )
    if name == "contacted":
        return _call(book, request_id, said, by)
    own: dict[str, Any] = {option: said[option] for option in ("authorization",) if option in said}
    if "attachments" in said:
        own["attachments"] = _attachments(said["attachments"])
    if "delivered" in said:
        own["delivered"] = read_instant(said["delivered"], zone_named(book.policy.plan.timezone)).isoformat()
    return own


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


def _call(book: Casebook, request_id: str, said: Mapping[str, str], by: str) -> dict[str, Any]:
    """A call to a site: which, who asked, what it said."""
    missing = [option for option in ("site", "result") if option not in said] + ([] if by else ["by"])
    if missing:
        raise UsageError(f"contacted needs {', '.join(f'--{option}' for option in missing)}.")
    if said["result"] not in CALL_RESULTS:
        raise UsageError(f"--result {said['result']!r} is not one of {', '.join(CALL_RESULTS)}.")
    _require_known_site(book, request_id, said["site"])
    first = read_date(said["first_appt"]).isoformat() if "first_appt" in said else ""
    return {"site_id": said["site"], "result": said["result"], "first_appt": first}


def _require_known_site(book: Casebook, request_id: str, site_id: str) -> None:
    """Refuse a site that the last decision did not consider: a typing error would count for nobody."""
    if book.case(request_id).decision is None:
        return
    known = {candidate["site_id"] for candidate in book.record(request_id)["candidates"]}
    if site_id not in known:
        raise UsageError(f"site {site_id!r} was not considered for {request_id}. See: adequacy request call-sheet.")


def _attachments(text: str) -> list[str]:
    """Which attachments of the OON SAR came."""
    words = [word.strip() for word in text.replace(";", ",").split(",") if word.strip()]
    if words == ["none"]:
        return []
    for word in words:
        if word not in ATTACHMENTS:
            raise UsageError(f"--attachments {word!r} is not one of {', '.join(ATTACHMENTS)}, or none.")
    return sorted(set(words))
