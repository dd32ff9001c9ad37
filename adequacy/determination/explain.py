"""A record printed for an auditor, question by question, each with the evidence that answers it.

Reads the record; what came after the decision (who confirmed, what was sent, how others were treated) is taken from the
casebook where it is at hand.
"""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Any

from adequacy.access import FUNNEL

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["explain"]

_WIDTH = 80
_INDENT = "  "
_NEAREST_SHOWN = 10


def explain(record: Mapping[str, Any], book: Mapping[str, Any] | None = None) -> str:
    """Print a record question by question, 80 columns wide.

    Parameters
    ----------
    record : mapping
        From ``read_record`` or the casebook.
    book : mapping, optional
        What the casebook knows beyond the record, as ``casebook.view.book_view`` gives it.
    """
    lines = [f"Decision record {record['record_id']}, made {_minute(record['created_at_utc'])} UTC"]
    for question, answers in _questions(record, book or {}):
        lines += ["", question]
        for answer in answers:
            lines += wrap(answer, _WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT * 2) or [""]
    return "\n".join(lines) + "\n"


def _questions(record: Mapping[str, Any], book: Mapping[str, Any]) -> Iterator[tuple[str, Iterator[str]]]:
    """The audit questions in order, each with its answers."""
    yield "Who asked, when, for whom, what?", _who(record)
    yield "Which rule?", _rule(record)
    yield "From where was it measured?", _origin(record)
    yield "Which providers were considered?", _network(record)
    yield "Who was in and who was out, and why?", _candidates(record)
    yield "Could they serve this consumer?", _access(record)
    yield "Was it borderline?", _borderline(record)
    yield "Why is the treatment client-specific, or not?", _specific(record)
    yield "How did the facts lead to the outcome?", _trail(record)
    yield "What must the reader know?", _cautions(record)
    yield "Was it on time?", _clocks(record, book)
    yield "What was sent, and to whom?", _sent(record, book)
    yield "Who decided?", _decided(record, book)
    yield "What next?", _next(record, book)
    yield "What is learned from a gap?", iter((record["handover"]["network_dev"] or "no gap was flagged",))
    yield "Can it be reproduced?", _reproducible(record)
    yield "Was privacy kept?", _privacy(record)
    yield "Was it treated as others are?", _equal(record, book)


def _who(record: Mapping[str, Any]) -> Iterator[str]:
    request, consumer = record["request"], record["consumer"]
    npi = f", NPI {request['requester_npi']}" if request.get("requester_npi") else ", no NPI given"
    yield f"{request['requester']}{npi}{_tail(request.get('provider_type'))}{_site(request)}"
    form = _tail(request.get("par_hash"), "form file ")
    yield (
        f"received {_minute(request['received'])}{_tail(request.get('channel'))}"
        f"{_tail(request.get('par'), 'application ')}{form}"
    )
    if record["parent_id"]:
        yield f"decided again, after record {record['parent_id']}"
    confirmed = _tail(request.get("service_confirmed_by"), "confirmed with the requester by ")
    yield (
        f"service {request['service_key']} (asked for as: {request['service_text']}), {request['level_of_care']}"
        f"{confirmed}"
    )
    if consumer["ref"]:
        checked = "found in the eligibility file" if consumer["is_verified"] else "not verified in the eligibility file"
        yield f"consumer by reference number only; {checked}{_tail(consumer['eligible_on'], 'on ')}"
    else:
        yield "no consumer is named"
    flags = [
        words
        for name, words in (("urgent", "urgent"), ("continuity_of_care", "already in treatment with the requester"))
        if consumer[name] == "Y"
    ]
    yield f"asked for by the {consumer['requested_by'] or 'provider'}" + (f"; {'; '.join(flags)}" if flags else "")
    known = [
        f"{words} {consumer[name]}"
        for name, words in (("age", "age"), ("county_of_eligibility", "county of eligibility"), ("funding", "funding"))
        if consumer[name] is not None
    ]
    if known:
        yield ", ".join(known)
    if consumer["part2"] == "Y":
        yield "a substance-use record: 42 CFR Part 2 applies"


def _site(request: Mapping[str, Any]) -> str:
    """Where the requester's site is, as the request says."""
    return next(
        (f", site {request[name]}" for name in ("site_address", "site_zip", "site_point") if request.get(name)),
        "",
    )


def _tail(value: Any, before: str = "") -> str:
    """More of a sentence, where there is more."""
    return f", {before}{value}" if value else ""


def _rule(record: Mapping[str, Any]) -> Iterator[str]:
    ruleset, measure = record["ruleset"], record["measure"]
    yield f"{ruleset['id']}, in force from {ruleset['effective_from']}: {ruleset['source']}"
    if measure:
        edge = "included" if measure["inclusive"] else "not included"
        yield (
            f"{record['standard']['id']}: at least one counted site within {measure['threshold_mi']:g} statute miles, "
            f"the limit itself {edge}; straight line ({measure['method']}, {measure['ellipsoid']}), unrounded"
        )
    else:
        yield "no distance is asked on the inpatient path"
    if ruleset["later_text_known"]:
        yield ruleset["later_text_known"]


def _origin(record: Mapping[str, Any]) -> Iterator[str]:
    origin = record["origin"]
    if origin is None:
        yield "nowhere: the inpatient path has no distance test"
        return
    whose: dict[str | None, str] = {"consumer": "the consumer's place", "requester_site": "the requester's site"}
    yield (
        f"{whose.get(record.get('origin_is'), 'the place in the request')}, given as {origin['given']}, known by "
        f"{origin['precision']} ({origin['source']})"
    )
    zips = f", ZIP {origin['zip5']}" if origin["zip5"] else ""
    yield f"stands at {origin['lat']:.6f}, {origin['lon']:.6f}; uncertain by {origin['uncertainty_mi']:.2f} mi{zips}"


def _network(record: Mapping[str, Any]) -> Iterator[str]:
    network, answer = record["network"], record["answer"]
    if network is None:
        yield "none: the inpatient path asks no roster"
        return
    yield f"roster {network['name']} of {network['roster_date']}, content {network['sha256']}"
    yield f"asked as of {answer['as_of']}"
    tests = ("rows", *(test for test, _ in FUNNEL))
    counts = answer["funnel"]
    yield "offerings test by test: " + ", ".join(f"{test} {counts[test]}" for test in tests if test in counts)


def _candidates(record: Mapping[str, Any]) -> Iterator[str]:
    answer = record["answer"]
    if answer is None:
        yield "nobody was measured"
        return
    nearest = answer["nearest_mi"]
    if nearest["reference"] is not None:
        yield (
            f"finding {answer['finding']}; nearest counted site {_mi(nearest['reference'])} (best-placed "
            f"{_mi(nearest['low'])}, worst-placed {_mi(nearest['high'])})"
        )
    inside = [each for each in record["candidates"] if each["inside"] != "not_counted"]
    outside = [each for each in record["candidates"] if each["inside"] == "not_counted"]
    yield f"{len(inside)} counted sites within the limit of some point of the place:"
    for each in inside[:_NEAREST_SHOWN]:
        own = "; the requester's own" if each["is_requester"] else ""
        yield f"- {each['site_id']} at {each['distance_mi']:.3f} mi, within for {each['inside']} of the place{own}"
    yield from _more(inside)
    for each in record["nearest_outside"]:
        yield f"- {each['site_id']} at {each['distance_mi']:.3f} mi counts and is beyond the limit everywhere"
    yield f"{len(outside)} sites near by did not count:"
    for each in outside[:_NEAREST_SHOWN]:
        far = "not located" if each["distance_mi"] is None else f"{each['distance_mi']:.3f} mi"
        yield f"- {each['site_id']} at {far}: {', '.join(each['reasons'])}"
    yield from _more(outside)


def _minute(stamp: str) -> str:
    """A moment to the minute."""
    return stamp[:16].replace("T", " ")


def _mi(distance_mi: float | None) -> str:
    """Miles to three decimals; none where no site serves the point."""
    return "none" if distance_mi is None else f"{distance_mi:.3f} mi"


def _more(rows: Sequence[Any]) -> Iterator[str]:
    """Say how many rows are not printed here."""
    if len(rows) > _NEAREST_SHOWN:
        yield f"- and {len(rows) - _NEAREST_SHOWN} more, in the record"


def _access(record: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{why['value']}: {why['words']}" for why in record["inputs_why"] if why["fact"] == "accessible")
    for call in record["contact_log"]:
        first = f", first appointment {call['first_appt']}" if call["first_appt"] else ""
        yield f"- {_minute(call['at'])} UTC {call['by']} called {call['site_id']}: {call['result']}{first}"
    if not record["contact_log"]:
        yield "no call was on file"


def _borderline(record: Mapping[str, Any]) -> Iterator[str]:
    answer = record["answer"]
    if answer is None or answer["nearest_mi"]["reference"] is None:
        yield "no"
        return
    limit, nearest = record["measure"]["threshold_mi"], answer["nearest_mi"]
    yield (
        f"limit {limit:g} mi; nearest counted site {_mi(nearest['low'])} for the best-placed, "
        f"{_mi(nearest['high'])} for the worst-placed point; tolerance {answer['tolerance_mi']:g} mi"
    )
    if answer.get("share_within_pct") is not None:
        yield f"{answer['share_within_pct']:.1f} % of the people of the place are within"
    if answer.get("finding_if_unknowns_count", answer["finding"]) != answer["finding"]:
        yield f"with facts that are unknown it would be {answer['finding_if_unknowns_count']}"


def _specific(record: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{why['value']}: {why['words']}" for why in record["inputs_why"] if why["fact"] == "client_specific")
    if record["request"].get("specialty"):
        yield f"the application says: {record['request']['specialty']}"


def _trail(record: Mapping[str, Any]) -> Iterator[str]:
    for why in record["inputs_why"]:
        yield f"{why['fact']} = {why['value']} ({why['source']}): {why['words']}"
    for note in record["rule_notes"]:
        yield f"{note['rule']}: {note['words']} [{note['source']}]"
    letter = f"; letter {record['letter']}" if record["letter"] else "; no letter"
    yield f"outcome {record['outcome']}{letter}; a person must look: {record['human_review']}"
    yield record["outcome_words"]
    yield from (f"a person must look because: {reason}" for reason in record["review_reasons"])


def _cautions(record: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{caution['code']}: {caution['text']}" for caution in record["cautions"])
    if not record["cautions"]:
        yield "no caution was given"


def _clocks(record: Mapping[str, Any], book: Mapping[str, Any]) -> Iterator[str]:
    then = "is running" if book else "was running when it was decided"
    clocks = book.get("clocks", record["clocks"])
    for clock in clocks:
        yield (
            f"{clock['clock']}: from {_minute(clock['start'])}, due {_minute(clock['due'])}, act by "
            f"{clock['act_by']}; {_ended(clock, then)}"
        )
        for other in clock["also"]:
            when = f"due {_minute(other['due'])}" if other["due"] else "not recorded"
            yield f"- the text names no start; counted from {other['start_event']}: {when}"
    if not clocks:
        yield "no clock was running"


def _ended(clock: Mapping[str, Any], then: str) -> str:
    """How a clock ended, or that it runs."""
    if clock["met_at"]:
        return f"met {_minute(clock['met_at'])}, {'in time' if clock['on_time'] else 'LATE'}"
    if clock["stopped_at"]:
        return f"stopped {_minute(clock['stopped_at'])}: {clock['stopped_by']}"
    return then


#: Events by which something left or was made to leave.
_SENDS = ("letter_made", "list_made", "letter_sent", "list_sent", "sar_sent", "packet_sent")


def _sent(record: Mapping[str, Any], book: Mapping[str, Any]) -> Iterator[str]:
    yield f"letter due by the decision: {record['letter'] or 'none'}; to the requester by its reference number"
    if not book:
        yield "what was sent stands in the casebook, chained to this record by its hash"
        return
    sent = [event for event in book["events"] if event["name"] in _SENDS]
    for event in sent:
        yield f"- {_minute(event['at'])} {event['name']}{_by(event)}{_made(event)}{_tail(event.get('note'), 'note: ')}"
    if not sent:
        yield "nothing has left yet"


def _made(event: Mapping[str, Any]) -> str:
    """Which letter or list was made, and its file."""
    draft = " (a draft)" if event.get("draft") == "Y" else ""
    letter = f" {event['letter']}{draft}" if event.get("letter") else ""
    sites = f" of {event['sites']} sites" if event.get("sites") else ""
    return f"{letter}{sites}{_tail(event.get('sha256'), 'file ')}"


def _by(event: Mapping[str, Any]) -> str:
    """Who, where it was said."""
    return f" by {event['by']}" if event.get("by") else ""


def _decided(record: Mapping[str, Any], book: Mapping[str, Any]) -> Iterator[str]:
    yield f"the table: {record['outcome']} on {record['decided_on']}"
    if not book:
        yield "who decided, confirmed or overrode it stands in the casebook, chained to this record by its hash"
        return
    for event in book["events"]:
        if event["name"] in ("decided", "confirmed", "overridden"):
            yield f"- {_minute(event['at'])} {event['name']}{_by(event) or ', no name given'}{_review(event)}"
    if not any(event["name"] == "confirmed" for event in book["events"]):
        yield "nobody has confirmed it"


def _review(event: Mapping[str, Any]) -> str:
    """The second reviewer; of an override what it put in the place of what, and why."""
    second = _tail(event.get("second"), "second reviewer ")
    if event["name"] != "overridden":
        return second
    letter = f" ({event['letter']})" if event.get("letter") else ""
    change = f"{event['outcome']}{letter} in the place of {event['table_outcome']}"
    return f"{second or ', no second reviewer'}: {change}, because: {event['reason']}"


def _next(record: Mapping[str, Any], book: Mapping[str, Any]) -> Iterator[str]:
    override = book.get("override")
    yield record["next_step"]
    if override:
        yield f"in its place by the override: {override['next_step']}"
        if override["um"]:
            yield f"to um: {override['um']}"
    for who, words in record["handover"].items():
        if words:
            yield f"to {who}: {words}"


def _reproducible(record: Mapping[str, Any]) -> Iterator[str]:
    policy = record["policy"]
    yield f"adequacy {record['tool_version']}, policy {policy['plan']} {policy['sha256']}"
    yield from (f"the plan's own policy: {entry}" for entry in policy["overridden"])
    yield from (f"data {name}: {vintage}" for name, vintage in sorted(record["data"].items()))
    yield f"record {record['hash']}, after {record['prev_hash']}"
    yield "decide it anew with: adequacy record verify FILE"


def _privacy(record: Mapping[str, Any]) -> Iterator[str]:
    retention = record["retention"]
    yield "internal record: consumer by reference number only; it holds the place, so the file is for its owner alone"
    yield f"kept {retention['years']} years after {retention['after']}"


def _equal(record: Mapping[str, Any], book: Mapping[str, Any]) -> Iterator[str]:
    yield f"the table alone decided: {'>'.join(record['rule_trail'])}; the same facts always give this outcome"
    if not book:
        yield "whether it was overridden, and how often others are, stands in the casebook"
        return
    alike, override = book["alike"], book["override"]
    yield f"decisions on file with the same facts: {alike['same_facts']}; with this outcome: {alike['same_outcome']}"
    if override:
        yield f"overridden: {override['outcome']} was put in the place of the table's outcome; see who decided"
    for whose, rate in alike["overrides"].items():
        yield f"overrides {whose}: {rate['overridden']} of {rate['decided']} decided ({rate['rate_pct']:.1f} %)"
