"""A credentialing as a page, and its letters: one or two, as the record says.

A credentialing rests on no network file, so no file can tell whether it is a demonstration: the person who opens it
says so (``credentialing open --demo``), once, and page and letters carry the notice from then on. Without it there is
no notice, even in a casebook that also holds requests decided on the demo network: a false one on a real letter would
be as wrong as a missing one.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from adequacy.clocks import zone_named
from adequacy.errors import UsageError
from adequacy.outputs.escape import escape_terminal
from adequacy.outputs.letter_file import LetterFile, make_letter, require_ours
from adequacy.outputs.letters import confirmed_words, draft_mark, plan_fields
from adequacy.outputs.words import day_words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime
    from pathlib import Path

    from adequacy.casebook.credentialing import Credentialing
    from adequacy.policy import Policy

__all__ = ["credentialing_page", "write_credentialing_letter"]

_DEMO = "Demonstration: real places, an invented provider. Not for a real decision."
_WIDTH = 80
_LABEL = 14
_ENROLMENT = {
    "correct": "enrolled, and verified as correct for this service and site",
    "corrected": "enrolled, and verified as correct for this service and site",
    "incorrect": "enrolled, but not correctly for this service and site",
    "none": "no enrollment for this service and site on record",
    "reported": "enrolled since the decision, says the provider; not verified yet",
    "unchecked": "said to be enrolled, not verified yet",
    "unknown": "not known",
}


def credentialing_page(view: Mapping[str, Any], letters: Mapping[str, str]) -> str:
    """Write a credentialing as ``credentialing show`` prints it, at most 80 columns wide.

    Parameters
    ----------
    view : mapping
        From ``Credentialing.to_dict``.
    letters : mapping of str to str
        Names of the letters by code.
    """
    due = view["letter"]
    many = {0: "none", 1: "one"}.get(len(view["letters"]), "two")
    rows = (
        ("", f"{view['id']}: {view['state']}"),
        *([("", _DEMO)] if view.get("demo") else ()),
        ("Provider", f"{view['requester']}, NPI {view['npi']}"),
        ("Service, site", f"{view['service']}, ZIP {view['site_zip']}"),
        ("Credentialing", _at(view["credentialing"], view["decided_at"])),
        ("Enrolment", _at(_ENROLMENT[view["enrolment"]], view["verified_at"])),
        ("In ACS", "yes" if view["in_acs"] else "no: only a verified enrolment leads there"),
        ("Meaning", f"{view['words']} [{view['source']}]"),
        ("Letters", f"{many}{': ' + ', '.join(view['letters']) if view['letters'] else ''}"),
        ("Made", ", ".join(view["letters_made"]) or "none"),
        ("Due now", f"{due}, {letters[due]}" if due else "none"),
        ("Next", view["next_step"] if due or view["state"] != "ENROLLED" else "Nothing: the letter is out."),
    )
    return "".join(line + "\n" for label, text in rows for line in _row(label, text))


def _at(words: str, at: str | None) -> str:
    return f"{words}, {at[:10]}" if at else words


def _row(label: str, text: str) -> list[str]:
    indent = " " * _LABEL if label else ""
    first = f"{label:<{_LABEL}}" if label else ""
    return textwrap.wrap(escape_terminal(text), _WIDTH, initial_indent=first, subsequent_indent=indent)


def write_credentialing_letter(
    credentialing: Credentialing,
    path: Path,
    *,
    policy: Policy,
    on: date,
    confirmed_by: str = "",
    code: str = "",
    templates: Path | None = None,
) -> LetterFile:
    """Write the letter of a credentialing that is due now, as .docx, .txt, .html or .pdf.

    Parameters
    ----------
    credentialing : Credentialing
    path : Path
        File to write.
    policy : Policy
        The plan's rules.
    on : date
        Day of the letter.
    confirmed_by : str
        The named person who confirmed it; a draft without.
    code : str
        The letter, if another than the one due now is meant; it is refused unless it is that one or was made before.
    templates : Path, optional
        Folder of the plan's own templates.

    Raises
    ------
    UsageError
        No letter is due: nothing is decided, or the enrolment must be verified first.
    """
    due = code or credentialing.letter
    if due:
        require_ours(due, policy)
    if not due or due not in (credentialing.letter, *credentialing.letters_made):
        what = f"{code} is not due" if code else "no letter is due"
        raise UsageError(f"{credentialing.id} is {credentialing.rule.state}: {what}. {credentialing.rule.next_step}")
    return make_letter(
        due, _fields(credentialing, policy, on, confirmed_by), path, policy=policy, on=on, templates=templates
    )


def _fields(credentialing: Credentialing, policy: Policy, on: date, confirmed_by: str) -> dict[str, Any]:
    """The fields of the letters of a credentialing."""
    facts, verified, decided = credentialing.facts, credentialing.verified_at, credentialing.decided_at

    def day(at: datetime) -> date:
        return at.astimezone(zone_named(policy.plan.timezone)).date()

    # nobody is enrolled with the plan before both are done
    enrolled = max(verified, decided) if verified and decided and credentialing.rule.in_acs else None
    return {
        **plan_fields(policy, on),
        "draft_mark": draft_mark(confirmed_by),
        "decided_by": confirmed_words(confirmed_by, on if confirmed_by else None),
        "demo_notice": _DEMO if facts.get("demo") else "",
        "reference": credentialing.id,
        "requester_name": escape_terminal(facts["requester"]),
        "requester_npi": facts["npi"],
        "service_name": policy.services[facts["service_key"]].name,
        "site_reviewed": f"ZIP {facts['site_zip']}",
        "credentialing_decision": credentialing.decision,
        "credentialing_date": day_words(day(decided)) if decided else None,
        "credentialing_reason": escape_terminal(credentialing.reason) or None,
        "enrolment_status": _ENROLMENT[credentialing.enrolment],
        "enrolled_from": day_words(day(enrolled)) if enrolled else None,
    }
