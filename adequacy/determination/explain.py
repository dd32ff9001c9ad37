"""A record printed for an auditor, question by question, each with the evidence that answers it.

Reads the record alone; what came after the decision (letters, confirmations) is taken from the casebook where it is at
hand.
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


def explain(record: Mapping[str, Any], events: Sequence[Mapping[str, str]] = ()) -> str:
    """Print a record question by question, 80 columns wide.

    Parameters
    ----------
    record : mapping
        From ``read_record`` or the casebook.
    events : sequence of mappings
        What the casebook has after the decision: ``at``, ``name``, ``by``; may be empty.
    """
    lines = [f"Decision record {record['record_id']}, made {record['created_at_utc'][:16].replace('T', ' ')} UTC"]
    for question, answers in _questions(record, events):
        lines += ["", question]
        for answer in answers:
            lines += wrap(answer, _WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT * 2) or [""]
    return "\n".join(lines) + "\n"


def _questions(record: Mapping[str, Any], events: Sequence[Mapping[str, str]]) -> Iterator[tuple[str, Iterator[str]]]:
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
    yield "Was it on time?", _clocks(record)
    yield "What was sent, and who decided?", _after(record, events)
    yield "What next?", _next(record)
    yield "What is learned from a gap?", iter((record["handover"]["network_dev"] or "no gap was flagged",))
    yield "Can it be reproduced?", _reproducible(record)
    yield "Was privacy kept?", _privacy(record)
    yield "Was it treated as others are?", _equal(record)


def _who(record: Mapping[str, Any]) -> Iterator[str]:
    request, consumer = record["request"], record["consumer"]
    npi = f", NPI {request['requester_npi']}" if request.get("requester_npi") else ", no NPI given"
    yield f"{request['requester']}{npi}{_tail(request.get('provider_type'))}"
    yield f"received {request['received']}{_tail(request.get('channel'))}{_tail(request.get('par'), 'application ')}"
    yield f"service {request['service_key']} (asked for as: {request['service_text']}), {request['level_of_care']}"
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
    yield f"given as {origin['given']}, known by {origin['precision']} ({origin['source']})"
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
        yield f"- {each['site_id']} at {each['distance_mi']:.3f} mi, within for {each['inside']} of the place"
    yield from _more(inside)
    for each in record["nearest_outside"]:
        yield f"- {each['site_id']} at {each['distance_mi']:.3f} mi counts and is beyond the limit everywhere"
    yield f"{len(outside)} sites near by did not count:"
    for each in outside[:_NEAREST_SHOWN]:
        far = "not located" if each["distance_mi"] is None else f"{each['distance_mi']:.3f} mi"
        yield f"- {each['site_id']} at {far}: {', '.join(each['reasons'])}"
    yield from _more(outside)


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
        yield f"- {call['at'][:10]} {call['by']} called {call['site_id']}: {call['result']}{first}"
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


def _clocks(record: Mapping[str, Any]) -> Iterator[str]:
    for clock in record["clocks"]:
        met = f"met {clock['met_at']}" if clock["met_at"] else "running when it was decided"
        yield f"{clock['clock']}: from {clock['start']}, due {clock['due']}, act by {clock['act_by']}; {met}"
        for other in clock["also"]:
            when = f"due {other['due']}" if other["due"] else "not recorded"
            yield f"- the text names no start; counted from {other['start_event']}: {when}"
    if not record["clocks"]:
        yield "no clock was running"


def _after(record: Mapping[str, Any], events: Sequence[Mapping[str, str]]) -> Iterator[str]:
    letter = record["letter"] or "none"
    yield f"letter due: {letter}; a draft until a named person confirms it"
    for event in events:
        yield f"- {event['at']} {event['name']}" + (f" by {event['by']}" if event.get("by") else "")
    if not events:
        yield "what was sent and who confirmed it stands in the casebook, chained to this record by its hash"


def _next(record: Mapping[str, Any]) -> Iterator[str]:
    yield record["next_step"]
    for who, words in record["handover"].items():
        if words:
            yield f"to {who}: {words}"


def _reproducible(record: Mapping[str, Any]) -> Iterator[str]:
    policy = record["policy"]
    yield f"adequacy {record['tool_version']}, policy {policy['plan']} {policy['sha256']}"
    yield from (f"the plan's own policy: {entry}" for entry in policy["overridden"])
    yield "data: " + ", ".join(f"{name} {vintage}" for name, vintage in record["data"].items())
    yield f"record {record['hash']}, after {record['prev_hash']}"
    yield "decide it anew with: adequacy record verify FILE"


def _privacy(record: Mapping[str, Any]) -> Iterator[str]:
    retention = record["retention"]
    yield "internal record: consumer by reference number only; it holds the place, so the file is for its owner alone"
    yield f"kept {retention['years']} years after {retention['after']}"


def _equal(record: Mapping[str, Any]) -> Iterator[str]:
    yield f"the table alone decided: {'>'.join(record['rule_trail'])}; the same facts always give this outcome"
    yield f"{len(record['overrides'])} overrides"
