"""The letters of a request: the fields that a frozen record and its case give to the templates.

Takes what was decided and never decides. A consumer appears by the reference number of the request alone.
"""

from __future__ import annotations

from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from adequacy.casebook.process import work_days
from adequacy.clocks import deadline, zone_named
from adequacy.errors import NotDecidable, UsageError
from adequacy.outputs.escape import escape_terminal
from adequacy.outputs.letter_file import LetterFile, make_letter, require_ours
from adequacy.outputs.provider_list import list_table, provider_list
from adequacy.outputs.words import day_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from adequacy.policy import Policy
    from adequacy.policy.records import Clock

__all__ = [
    "confirmed_words",
    "draft_mark",
    "plan_fields",
    "record_notes",
    "rule_fields",
    "write_letter",
]

DRAFT = "DRAFT. Do not send: no named person has confirmed this letter."
_CELLS = ("name", "address", "contact", "band", "ages", "accepting", "remarks")
#: Cautions of a record that a reader outside the plan must see; what counsel must settle is no word to a provider.
_TOLD = ("rule_unverified",)


def write_letter(
    determination: Mapping[str, Any],
    code: str,
    path: Path,
    *,
    policy: Policy,
    on: date,
    case: Mapping[str, Any] | None = None,
    confirmed_by: str = "",
    missing: str = "",
    templates: Path | None = None,
) -> LetterFile:
    """Write a letter of a request as .docx, .txt, .html or .pdf.

    Parameters
    ----------
    determination : mapping
        The frozen record of the decision (``adequacy.record/1``).
    code : str
        The letter. It must be the one that is due: by the decision, or by what happened since.
    path : Path
        File to write.
    policy : Policy
        The plan's rules and its profile.
    on : date
        Day of the letter.
    case : mapping, optional
        The request as ``casebook.view.case_view`` gives it: events, clocks, who confirmed. Needed for letters after
        the decision.
    confirmed_by : str
        The named person who confirmed the letter; else the one in ``case``. A draft without.
    missing : str
        What else is missing, for the request for information.
    templates : Path, optional
        Folder of the plan's own templates.

    Returns
    -------
    letter : LetterFile

    Raises
    ------
    UsageError
        The letter is not known, is UM's, is not due, or lacks a fact.
    NotDecidable
        A list of providers on which nobody is known to take the consumer.
    InputError
        A template is not as it must be.
    OutputError
        The file cannot be written.
    """
    require_ours(code, policy)
    _require_due(determination, code, case)
    values = {
        **plan_fields(policy, on),
        **_confirmed(code, case, confirmed_by, policy),
        **_request_fields(determination, policy),
        **_clock_fields(determination, case, policy, on),
        **_event_fields(case, policy),
        "needs_other": escape_terminal(missing),
    }
    if determination["answer"] is not None:
        values |= _list_fields(determination, policy)
        if "providers" in _used(code) and not values.pop("accessible"):
            raise NotDecidable(
                f"{code} is refused: no site on the list is known to take new people today. Phone them (adequacy "
                "request call-sheet), record each call with the event contacted, then decide again."
            )
    return make_letter(code, values, path, policy=policy, on=on, templates=templates)


def _used(code: str) -> set[str]:
    """The fields that must stand in a letter."""
    from adequacy.outputs.letter_file import fields

    return {field.name for field in fields().values() if code in field.must_stand_in}


def _require_due(record: Mapping[str, Any], code: str, case: Mapping[str, Any] | None) -> None:
    """Refuse a letter that neither the decision nor what happened since asks for."""
    if case is not None and case.get("is_stale"):
        raise UsageError("Facts changed after the decision: decide the request again, then write the letter.")
    due = (case["letter"] if case is not None else record["letter"]) or ""
    if code != due:
        raise UsageError(f"{code} is not due: {f'the letter due now is {due}' if due else 'no letter is due'}.")


def plan_fields(policy: Policy, on: date) -> dict[str, Any]:
    """The fields that come from the plan's profile and the day."""
    contact, terms = policy.plan.contact, policy.plan.terms
    return {
        "letter_date": day_words(on),
        "plan_name": contact["plan_name"],
        "department": contact["department"],
        "plan_address": contact["address"],
        "plan_phone": contact["phone"],
        "plan_email": contact["email"],
        "um_email": contact["um_email"],
        "member_help_line": contact["member_help_line"],
        "provider_manual": contact["provider_manual"],
        "term_request": terms["request"],
        "term_agreement": terms["single_client_agreement"],
        "term_authorization_request": terms["authorization_request"],
        "enrolment_system": terms["enrolment_system"],
        "payment_disclaimer": terms["payment_disclaimer"],
    }


def draft_mark(confirmed_by: str) -> str:
    """The mark on a letter that nobody has confirmed; empty on a confirmed one."""
    return "" if confirmed_by else DRAFT


def confirmed_words(confirmed_by: str, confirmed_on: date | None) -> str:
    """Who confirmed a letter, and when."""
    if not confirmed_by:
        return "not confirmed yet"
    return f"{escape_terminal(confirmed_by)}, {day_words(confirmed_on)}" if confirmed_on else confirmed_by


def _confirmed(code: str, case: Mapping[str, Any] | None, confirmed_by: str, policy: Policy) -> dict[str, Any]:
    """Whether it is a draft, and who stands behind it."""
    events = case["events"] if case is not None else []
    said = next((event for event in reversed(events) if event["name"] == "confirmed"), None)
    name = confirmed_by.strip() or (str(case["confirmed_by"] or "") if case is not None else "")
    when = _day(said["at"], policy) if said is not None and name == said.get("by") else None
    return {"draft_mark": draft_mark(name), "decided_by": confirmed_words(name, when)}


def _day(stamp: str, policy: Policy) -> date:
    """The day of a moment, at the plan."""
    zone = zone_named(policy.plan.timezone)
    at = datetime.fromisoformat(stamp)
    return (at.astimezone(zone) if at.tzinfo else at).date()


def _request_fields(record: Mapping[str, Any], policy: Policy) -> dict[str, Any]:
    """What was asked, and what of the decision a letter says."""
    request, inputs = record["request"], record["inputs"]
    par = request.get("par", "")
    return {
        **rule_fields(record, policy),
        "notes": record_notes(record),
        "par_reference": f" {escape_terminal(par)}" if par else "",
        "requester_name": escape_terminal(request.get("requester", "")) or "the requester",
        "requester_npi": request.get("requester_npi", ""),
        "received_date": day_words(_day(request["received"], policy)),
        "decided_date": day_words(_day(record["created_at_utc"], policy)),
        "provider_type": escape_terminal(request.get("provider_type", "")) or "not stated",
        "site_reviewed": _site(request),
        "taxonomy": request.get("taxonomy", "") or "the one that you bill this service under",
        "needs_address": inputs["contracted_in_30mi"] == "I",
        "needs_reason": inputs["client_specific"] == "U",
        "network_is_closed": inputs["tp_closed_service"] == "Y",
    }


def rule_fields(record: Mapping[str, Any], policy: Policy) -> dict[str, Any]:
    """The fields that say which request, which service, which rule and which roster."""
    network, standard, ruleset = record["network"], record["standard"], record["ruleset"]
    roster = day_words(date.fromisoformat(network["roster_date"])) if network else None
    return {
        "reference": _reference(record),
        "service_name": policy.services[record["request"]["service_key"]].name,
        "rule_version": f"{ruleset['title']}, in force from {day_words(date.fromisoformat(ruleset['effective_from']))}",
        "network_date": roster,
        "network_data": f"Roster of {roster}" if roster else "Not used: an inpatient request asks no distance",
        "demo_notice": next((each["text"] for each in record["cautions"] if each["code"] == "demo_data"), ""),
        "limit_miles": f"{standard['limit_mi']:g}" if standard else None,
    }


def _reference(record: Mapping[str, Any]) -> str:
    """The number of the request; a record's own number has a count behind it."""
    number: str = record["record_id"]
    return number.rpartition(".")[0] or number


def _site(request: Mapping[str, Any]) -> str:
    """The requester's site, as the request says it."""
    if request.get("site_address"):
        return escape_terminal(request["site_address"])
    if request.get("site_zip"):
        return f"ZIP {request['site_zip']}"
    return f"the point {request['site_point']}" if request.get("site_point") else "not stated"


def record_notes(record: Mapping[str, Any]) -> list[str]:
    """What a reader should know of the rule: how it measures, what is not settled."""
    return list(_notes(record))


def _notes(record: Mapping[str, Any]) -> Iterator[str]:
    """The notes one by one."""
    standard = record["standard"]
    if standard:
        edge = "counts as within" if standard.get("boundary", "included") == "included" else "does not count"
        yield f"Miles are straight-line miles. Exactly {standard['limit_mi']:g} {edge} (rule {standard['id']})."
    if record["ruleset"]["later_text_known"]:
        yield record["ruleset"]["later_text_known"]
    for caution in record["cautions"]:
        if caution["code"] in _TOLD:
            yield caution["text"]


def _clock_fields(
    record: Mapping[str, Any], case: Mapping[str, Any] | None, policy: Policy, on: date
) -> dict[str, Any]:
    """The days that the letters name, from the clocks of the case and those of the policy."""
    running = (case or record)["clocks"]
    received = _day(record["request"]["received"], policy)
    answer = {name: clock for name, clock in policy.clocks(received).items() if "answered" in clock.end_on}
    ours = next((clock for clock in running if clock["clock"] in answer), None)
    sar, packet = _starting(policy, on, "sar_sent"), _starting(policy, on, "packet_sent")
    return {
        "answer_days": str(answer[ours["clock"]].length) if ours else None,
        "answer_due": day_words(_day(ours["due"], policy)) if ours else None,
        # a letter that is late already cannot ask for a reply before it was written
        "reply_by": day_words(max(date.fromisoformat(ours["act_by"]), on)) if ours else None,
        "sar_due": _due(sar, policy, on),
        "packet_due": _due(packet, policy, on),
        "packet_days": str(packet.length) if packet else None,
    }


def _starting(policy: Policy, on: date, event: str) -> Clock | None:
    """The clock that an event starts."""
    return next((clock for clock in policy.clocks(on).values() if clock.start_on == event), None)


def _due(clock: Clock | None, policy: Policy, on: date) -> str | None:
    """When a clock that starts today is due."""
    if clock is None:
        return None
    zone = zone_named(policy.plan.timezone)
    start = datetime.combine(on, time(12), tzinfo=zone)
    return day_words(deadline(start, clock.length, clock.unit, zone, work_days(policy)).due_at.date())


def _event_fields(case: Mapping[str, Any] | None, policy: Policy) -> dict[str, Any]:
    """What happened after the decision: the authorization, and what lapsed."""
    events = case["events"] if case is not None else []
    approved = next((event for event in reversed(events) if event["name"] == "um_approved"), None)
    clocks = case["clocks"] if case is not None else []
    lapsed = next((clock for clock in reversed(clocks) if clock.get("stopped_by") == "lapsed"), None)
    return {
        "authorization_number": escape_terminal(approved.get("authorization", "")) or None if approved else None,
        "um_approved_date": day_words(_day(approved["at"], policy)) if approved else None,
        "lapsed_what": lapsed["end_event"] if lapsed else None,
        "lapsed_due": day_words(_day(lapsed["due"], policy)) if lapsed else None,
    }


def _list_fields(record: Mapping[str, Any], policy: Policy) -> dict[str, Any]:
    """The list of contracted providers, and how many on it are known to take people."""
    listed = provider_list(
        record["answer"],
        policy=policy,
        requester_npi=record["request"].get("requester_npi"),
        own_sites=record["requester_on_roster"]["own_sites"],
        contacts=record["contact_log"],
        reference=_reference(record),
    )
    _, rows = list_table(listed.rows)
    _, further = list_table(listed.beyond)
    return {
        "list_title": listed.title,
        "list_notes": list(listed.notes),
        "providers": [dict(zip(_CELLS, row, strict=True)) for row in rows],
        "further_title": listed.beyond_title,
        "further": [dict(zip(_CELLS, row, strict=True)) for row in further],
        "list_below": list(listed.below),
        "accessible": listed.accessible,
    }
