"""Requests as pages for tired people: plain text, at most 80 columns, the answer first.

Takes records, views and rows as they are; nothing is decided or measured here.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from adequacy.outputs.escape import escape_terminal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from adequacy.policy.records import Letter

__all__ = [
    "backtest_page",
    "calls_page",
    "case_page",
    "confirmed_page",
    "decision_page",
    "due_page",
    "list_page",
    "stats_page",
]

WIDTH = 80
_LABEL = 11
_MOST = 12


def decision_page(record: Mapping[str, Any], letters: Mapping[str, Letter], request_id: str) -> str:
    """Write what was decided: finding, rules in plain words, letter, clock, what is still to verify, why to stop.

    Parameters
    ----------
    record : mapping
        The sealed record.
    letters : mapping of str to Letter
        The catalogue of letters by code.
    request_id : str
    """
    lines = [f"{request_id}: {record['outcome']}", *_labelled("", record["outcome_words"]), ""]
    if record["human_review"] == "Y":
        lines += [_STOP]
        lines += [*_bullets(record["review_reasons"]), ""]
    lines += _labelled("Finding", _finding(record))
    for note in record["rule_notes"]:
        lines += _labelled(f"Rule {note['rule']}", f"{note['words']} [{note['source']}]")
    lines += _labelled("Letter", _letter(record["letter"], letters))
    if record["handover"]["um"]:
        is_members = record["consumer"]["requested_by"] == "member" and record["answer"] is not None
        lines += _labelled("UM", _member_refused(letters) if is_members else record["handover"]["um"])
    for clock in record["clocks"]:
        lines += _labelled("Clock", _clock(clock))
    to_verify = [f"{why['fact']}: {why['words']}" for why in record["inputs_why"] if why["fact"] in record["to_verify"]]
    if to_verify:
        lines += ["", "Still to verify:", *_bullets(to_verify)]
    if record["cautions"]:
        lines += ["", "Know before you act:", *_bullets(caution["text"] for caution in record["cautions"])]
    lines += ["", *_labelled("Next", record["next_step"])]
    if record["letter"]:
        lines += _labelled("Confirm", f"adequacy request confirm {request_id} --by NAME")
    return _page(lines)


def _finding(record: Mapping[str, Any]) -> str:
    """The finding in one sentence."""
    answer = record["answer"]
    if answer is None:
        return "none: the inpatient path has no distance test"
    nearest = answer["nearest_mi"]["reference"]
    far = "no site of the service counts" if nearest is None else f"nearest counted site {nearest:.1f} mi"
    words = _FINDINGS[answer["finding"]]
    roster = f"roster of {answer['network']['roster_date']}"
    count = len(answer["sites"])
    sites = f"{count} counted site{'' if count == 1 else 's'}"
    return f"{words}; {sites} within {answer['standard']['limit_mi']:g} mi, {far}; {roster}"


_FINDINGS = {"covered": "covered", "gap": "gap", "too_close_to_call": "too close to call"}


def _letter(code: str, letters: Mapping[str, Letter], confirmed_by: str = "") -> str:
    """A letter by code and name, and whether it may leave; one of UM's is never ours to send."""
    if not code:
        return "none"
    letter = letters[code]
    if letter.written_by == "um":
        return f"{code}, {letter.name}: Utilization Management (UM) writes and sends it; handed over, never made here"
    ready = f"confirmed by {confirmed_by}" if confirmed_by else "a draft until a named person confirms it"
    return f"{code}, {letter.name}: {ready}"


def _member_refused(letters: Mapping[str, Letter]) -> str:
    """What a refused request of a member's own means for the letter that is UM's."""
    theirs = "; ".join(f"{letter.letter}, {letter.name}" for letter in letters.values() if letter.written_by == "um")
    return (
        f"The member asked for this provider and it is refused. {theirs or 'A notice'}, is for Utilization "
        "Management (UM) to decide on and write, never made here: hand the case over to UM."
    )


def _clock(clock: Mapping[str, Any]) -> str:
    """A clock in one sentence."""
    if clock["met_at"]:
        return f"{clock['clock']} met {_minute(clock['met_at'])}" + ("" if clock["on_time"] else ", late")
    if clock["stopped_at"]:
        return f"{clock['clock']} stopped {_minute(clock['stopped_at'])}: {clock['stopped_by']}"
    act_by = f", act by {clock['act_by']}" if clock["act_by"] != clock["due"][:10] else ""
    said = f"{clock['clock']} due {_minute(clock['due'])}{act_by} ({clock['owner']})"
    for other in clock["also"]:
        when = f"due {_minute(other['due'])}" if other["due"] else "not recorded yet"
        said += f"; counted from '{other['start_event']}' instead: {when}"
    return said if clock["closed_days_known"] else f"{said}; holidays of that time are not listed yet"


def _minute(text: str) -> str:
    """A moment to the minute."""
    return text[:16].replace("T", " ")


def case_page(view: Mapping[str, Any], letters: Mapping[str, Letter]) -> str:
    """Write one request: state, facts, clocks, why a person must look, events, what is allowed now."""
    request = view["request"]
    lines = [f"{view['id']}: {view['state']}"]
    lines += _labelled("Service", f"{request['service_key']} (asked for as: {request['service_text']})")
    lines += _labelled("Requester", request["requester"])
    lines += _labelled("Consumer", request.get("consumer_ref") or "none named")
    if view["par"]:
        lines += _labelled("PAR", view["par"])
    if view["duplicates_of"]:
        lines += _labelled("Repeats", f"a resubmission of {view['duplicates_of']}")
    lines += _decision_lines(view, letters) if view["outcome"] else []
    for clock in view["clocks"]:
        lines += _labelled("Clock", _clock(clock))
    if view["human_review"] == "Y" and not view["confirmed_by"] and view["next_step"]:
        lines += ["", _STOP, *_bullets(view["review_reasons"])]
    lines += ["", "Events:"]
    lines += [f"  {_minute(event['at'])}  {escape_terminal(_event(event))}"[:WIDTH] for event in view["events"]]
    if view["next_step"]:
        lines += ["", *_labelled("Next", view["next_step"])]
    lines += _labelled("Allowed", ", ".join(view["allowed"]))
    return _page(lines)


_STOP = "STOP. A person must look before anything leaves:"


def _decision_lines(view: Mapping[str, Any], letters: Mapping[str, Letter]) -> list[str]:
    """What was decided, what a person put in its place, and the letter."""
    lines = _labelled("Finding", _FINDINGS[view["finding"]]) if view["finding"] else []
    lines += _labelled("Outcome", f"{view['outcome']} by {'>'.join(view['rule_trail'])}")
    if view["override"]:
        lines += _labelled("Override", _override(view["override"]))
    lines += _labelled("Letter", _letter(view["letter"] or "", letters, _confirmed(view)))
    if view["is_members_refusal"]:
        lines += _labelled("UM", _member_refused(letters))
    if view["is_stale"]:
        lines += _labelled("Note", "facts changed after the decision: decide it again")
    return lines


def confirmed_page(view: Mapping[str, Any]) -> str:
    """Write what was confirmed, by whom, and what stands in the place of the table's outcome."""
    what = view["letter"] or view["state"]
    lines = [f"{view['id']}: {what} confirmed by {_confirmed(view)}"] if view["confirmed_by"] else [view["id"]]
    if view["override"]:
        lines += _labelled("Table", f"{view['outcome']} by {'>'.join(view['rule_trail'])}")
        lines += _labelled("Override", _override(view["override"]))
        lines += _labelled("Next", view["next_step"])
    return _page(lines)


def _confirmed(view: Mapping[str, Any]) -> str:
    """Who confirmed, with the second reviewer."""
    second = f", second reviewer {view['second_by']}" if view["second_by"] else ""
    return f"{view['confirmed_by']}{second}" if view["confirmed_by"] else ""


def _override(override: Mapping[str, Any]) -> str:
    """What a named person put in the place of the table's outcome, and why."""
    second = f", second reviewer {override['second']}" if override["second"] else ", no second reviewer"
    um = f"; {override['um']}" if override["um"] else ""
    letter = f" ({override['letter']})" if override["letter"] else ""
    return (
        f"{override['outcome']}{letter} in its place, {_minute(override['at'])} by {override['by']}{second}: "
        f"{override['reason']}{um}"
    )


def _event(event: Mapping[str, Any]) -> str:
    """An event in a few words."""
    more = [str(event[name]) for name in ("outcome", "site_id", "result", "authorization") if event.get(name)]
    by = f" by {event['by']}" if event.get("by") else ""
    return f"{event['name']}{by}" + (f": {', '.join(more)}" if more else "")


def list_page(rows: Sequence[Mapping[str, str]]) -> str:
    """Write requests, one line each."""
    lines = [f"{'request':<16} {'received':<16} {'service':<12} state"]
    for row in rows:
        mark = " (person)" if row["human_review"] == "Y" and not row["confirmed_by"] else ""
        again = " (again)" if row["duplicates_of"] else ""
        lines.append(
            f"{row['id']:<16} {row['received']:<16} {row['service_key']:<12} {row['state']}{mark}{again}"[:WIDTH]
        )
    lines.append(_count(len(rows), "request"))
    return _page(lines)


def due_page(rows: Sequence[Mapping[str, Any]]) -> str:
    """Write what is due, overdue first."""
    if not rows:
        return "Nothing is due.\n"
    lines: list[str] = []
    for row in rows:
        left = row["days_left"]
        when = "OVERDUE" if row["is_overdue"] else _SOON.get(left, f"in {left} days")
        lines.append(f"{row['due']}  {when:<10} {row['request_id']}  {row['clock']} ({row['owner']})"[:WIDTH])
        act_by = f"act by {row['act_by']}; " if row["act_by"] != row["due"][:10] else ""
        lines += _hanging(f"{act_by}{row['state']}: {row['next_step']}")
    overdue = sum(bool(row["is_overdue"]) for row in rows)
    return _page([*lines, f"{_count(len(rows), 'clock')} running, {overdue} overdue"])


#: Days left that have a word of their own.
_SOON = {0: "today", 1: "tomorrow"}


def _hanging(text: str) -> list[str]:
    """A text under its line, wrapped."""
    return textwrap.wrap(escape_terminal(text), WIDTH, initial_indent="    ", subsequent_indent="    ")


def calls_page(calls: Sequence[Mapping[str, Any]]) -> str:
    """Write whom to phone today, and why."""
    if not calls:
        return "Nobody needs to be phoned today.\n"
    lines: list[str] = []
    for call in calls:
        lines.append(escape_terminal(f"{call['phone'] or 'no phone'}  {call['provider']}")[:WIDTH])
        ages = f"; ages of the consumers {', '.join(call['ages'])}" if call["ages"] else ""
        told = (
            f"{call['name']} (site {call['site_id']}), {call['service_key']}: {call['why']}; for "
            f"{', '.join(call['requests'])}, due {call['first_due'] or 'no date'}{ages}"
        )
        lines += _hanging(told)
    lines += [
        "",
        f"{_count(len(calls), 'site')}. Ask: new people? ages? first appointment? Then record each call:",
    ]
    lines.append("  adequacy request event ID contacted --site SITE --by NAME --result RESULT")
    return _page(lines)


def stats_page(stats: Mapping[str, Any]) -> str:
    """Write the counts of the book. Small numbers of requests are for use inside the plan."""
    again = _count(stats["resubmissions"], "resubmission")
    lines = [f"{_count(stats['requests'], 'request')}, {again} among them", ""]
    for title, name in (("State", "by_state"), ("Outcome", "by_outcome"), ("Finding", "by_finding")):
        lines.append(title)
        lines += [f"  {count:>6}  {word}" for word, count in stats[name].items()] or ["  none"]
    days = stats["days_to_answer"]
    if days:
        lines += ["", f"Answered {stats['answered']}: median {days['median']:g} days, longest {days['max']} days"]
        lines.append(f"On time {stats['on_time']} of {stats['answered']} ({stats['on_time_pct']:.1f} %)")
    lines += ["", "Gaps by service and county"]
    lines += [
        f"  {gap['requests']:>6}  {gap['service_key']}  {gap['county'] or 'county not known'}"[:WIDTH]
        for gap in stats["gaps"]
    ] or ["  none"]
    lines += _override_lines(stats["overrides"])
    return _page([*lines, "", "For use inside the plan: counts under 11 must not leave it."])


def _override_lines(overrides: Mapping[str, Any]) -> list[str]:
    """How often a named person put another outcome in the place of the table's."""
    lines = ["", "Overrides of the table"]
    if not overrides["overridden"]:
        return [*lines, "  none"]
    lines.append(f"  {overrides['overridden']} of {overrides['decided']} decided ({overrides['rate_pct']:.1f} %)")
    for change in overrides["changes"]:
        lines += _bullets([f"{change['requests']} from {change['from']} to {change['to']}"])
    for title, group, name in _OVERRIDES_BY:
        lines.append(f"  By {title}")
        lines += [
            f"  {rate['overridden']:>6} of {rate['decided']} ({rate['rate_pct']:.1f} %)  "
            f"{escape_terminal(rate[name]) or 'not known'}"[:WIDTH]
            for rate in overrides[group]
        ]
    return lines


_OVERRIDES_BY = (
    ("provider", "by_requester", "requester"),
    ("service", "by_service", "service_key"),
    ("county", "by_county", "county_fips"),
)


def _count(number: int, word: str) -> str:
    """A number and its word, in the plural where there is not one."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def backtest_page(summary: Mapping[str, Any]) -> str:
    """Write where a log of past decisions and the rule part company."""
    agrees = summary["agrees"]
    lines = [
        f"{summary['rows']} past decisions: {agrees.get('yes', 0)} agree, {agrees.get('no', 0)} do not, "
        f"{agrees.get('undecidable', 0)} cannot be decided"
    ]
    for title, name in (
        ("They part company", "by_decision"),
        ("By the reason given then", "by_reason"),
        ("By service", "by_service"),
        ("By county", "by_county"),
    ):
        lines += ["", title, *_counts(summary["apart"][name])]
    return _page([*lines, "", "Cannot be decided because", *_counts(summary["undecidable"])])


def _counts(counts: Mapping[str, int]) -> list[str]:
    """Counts, most first, and how many are left out."""
    items = list(counts.items())
    lines = [f"  {count:>6}  {escape_terminal(word)}"[:WIDTH] for word, count in items[:_MOST]] or ["  none"]
    return lines + ([f"  and {len(items) - _MOST} more"] if len(items) > _MOST else [])


def _labelled(label: str, text: str) -> list[str]:
    """A label and a text beside it, wrapped."""
    head = f"{label:<{_LABEL}}" if label else "  "
    indent = " " * len(head)
    return textwrap.wrap(escape_terminal(text), WIDTH, initial_indent=head, subsequent_indent=indent) or [head.rstrip()]


def _bullets(items: Iterable[str]) -> list[str]:
    """Items, each wrapped under its dash."""
    return [
        line
        for item in items
        for line in textwrap.wrap(escape_terminal(item), WIDTH, initial_indent="  - ", subsequent_indent="    ")
    ]


def _page(lines: Iterable[str]) -> str:
    """Lines as a page."""
    return "\n".join(lines) + "\n"
