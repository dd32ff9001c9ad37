"""Credentialing of one provider for one service at one site: what was decided, what is known of its enrolment.

Source document 000: credentialing and enrolment are two decisions. One letter goes out where the provider was enrolled,
correctly, when the credentialing approval was completed; else two. Entry into the claims and authorization system
follows from a verified enrolment alone. The state is derived from the events, which stand in the casebook's one chain.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from adequacy.casebook.forms import read_npi
from adequacy.clocks import read_instant, zone_named
from adequacy.errors import UsageError
from adequacy.geocode import locate_zip

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adequacy.casebook.book import Casebook
    from adequacy.casebook.process import Event
    from adequacy.policy import Policy
    from adequacy.policy.records import CredentialingRule

__all__ = ["EVENTS", "Credentialing", "credentialing_of", "derive_credentialing", "note_letter", "open_credentialing",
           "record_credentialing"]  # fmt: skip

#: What may be recorded, and what it says.
EVENTS = {
    "approved": "credentialing was approved",
    "denied": "credentialing was denied (the reason as a note)",
    "nctracks_enrolled": "the provider is enrolled; whether correctly nobody has verified",
    "nctracks_not_enrolled": "looked up: the provider is not enrolled for this service at this site",
    "nctracks_notified": "the provider told the plan that it is enrolled",
    "nctracks_incorrect": "looked up: the enrolment is wrong for this service or site",
    "nctracks_verified": "looked up: the enrolment is correct for this service and site",
}
_OPENED, _PREFIX = "credentialing_opened", "CRED"
_DECISIONS = ("approved", "denied")
#: What an event says of the enrolment; a notification is the provider's word, not yet ours.
_SAYS = {
    "nctracks_enrolled": "unchecked",
    "nctracks_notified": "unchecked",
    "nctracks_not_enrolled": "none",
    "nctracks_incorrect": "incorrect",
    "nctracks_verified": "correct",
}


@dataclass(frozen=True, slots=True)
class Credentialing:
    """A credentialing as its events leave it.

    Parameters
    ----------
    id : str
    facts : dict of str to str
        ``requester, npi, site_zip, service_key``, what was known of the enrolment at first (``nctracks`` Y, N, U), and
        ``demo`` (Y) where the provider is invented.
    decision : {"pending", "approved", "denied"}
    decided_at : datetime or None
        UTC.
    reason : str
        Of a denial.
    enrolment : str
        A word of ``credentialing.csv``.
    verified_at : datetime or None
        When a correct enrolment was verified, as long as it still is.
    rule : CredentialingRule
        What follows.
    letters_made : tuple of str
        Codes, in order; drafts are none.
    events : tuple of Event
    """

    id: str
    facts: dict[str, str]
    decision: str
    decided_at: datetime | None
    reason: str
    enrolment: str
    verified_at: datetime | None
    rule: CredentialingRule
    letters_made: tuple[str, ...]
    events: tuple[Event, ...]

    @property
    def letter(self) -> str:
        """The letter that is due now; empty where none is, or all have been made."""
        due = self.rule.second_letter if self.rule.in_acs and self.rule.second_letter else self.rule.first_letter
        return "" if due in self.letters_made else due

    def to_dict(self, policy: Policy) -> dict[str, Any]:
        """Give the credentialing as ``credentialing show --format json`` prints it."""
        zone = zone_named(policy.plan.timezone)
        return {
            "schema": "adequacy.credentialing/1",
            "id": self.id,
            **self.facts,
            "service": policy.services[self.facts["service_key"]].name,
            "credentialing": self.decision,
            "decided_at": self.decided_at.astimezone(zone).isoformat() if self.decided_at else None,
            "enrolment": self.enrolment,
            "verified_at": self.verified_at.astimezone(zone).isoformat() if self.verified_at else None,
            "state": self.rule.state,
            "in_acs": self.rule.in_acs,
            "letters": [code for code in (self.rule.first_letter, self.rule.second_letter) if code],
            "letters_made": list(self.letters_made),
            "letter": self.letter or None,
            "words": self.rule.words,
            "next_step": self.rule.next_step,
            "source": self.rule.source,
            "events": [
                {"name": event.name, "at": event.at.astimezone(zone).isoformat(), "by": event.by, **_told(event)}
                for event in self.events
            ],
        }


def _told(event: Event) -> dict[str, str]:
    return {name: event.data[name] for name in ("note", "letter", "sha256", "draft") if event.data.get(name)}


def open_credentialing(book: Casebook, given: Mapping[str, str], *, now: datetime) -> str:
    """Open a credentialing and give its id.

    Parameters
    ----------
    book : Casebook
    given : mapping of str to str
        ``requester, npi, site_zip, service`` and, where it is known already, ``nctracks`` (Y, N or U); ``demo`` (Y) for
        an invented provider.
    now : datetime
        What the clock says, aware.

    Raises
    ------
    UsageError
        Something is missing or malformed.
    """
    missing = [
        f"--{name.replace('_', '-')}" for name in ("requester", "npi", "site_zip", "service") if not given.get(name)
    ]
    if missing:
        raise UsageError(f"credentialing open needs {', '.join(missing)}.")
    npi = _npi(given["npi"])
    nctracks = (given.get("nctracks") or "N").upper()
    if nctracks not in ("Y", "N", "U"):
        raise UsageError(f"--nctracks {nctracks!r} is not one of Y, N, U.")
    facts = {
        "requester": given["requester"].strip(),
        "npi": npi,
        "site_zip": locate_zip(given["site_zip"]).zip5 or given["site_zip"],
        "service_key": book.policy.services.find(given["service"]).key,
        "nctracks": nctracks,
        **({"demo": "Y"} if given.get("demo") == "Y" else {}),
    }
    return book.open_line(_PREFIX, _OPENED, at=now, now=now, data={"facts": facts})


def _npi(text: str) -> str:
    """The NPI of the provider; the message of a fault names the option."""
    try:
        return read_npi(text)
    except UsageError as error:
        raise UsageError(f"--npi: {error.message}") from error


def record_credentialing(
    book: Casebook, line_id: str, name: str, *, at: str = "", by: str = "", note: str = "", now: datetime
) -> Credentialing:
    """Add an event as staff tell it and give the credentialing as it is then.

    Raises
    ------
    UsageError
        There is none of that id, the event is not known, or a denial has no reason.
    """
    if name not in EVENTS:
        raise UsageError(f"event {name!r} is not known. Known: {', '.join(EVENTS)}.")
    if name == "denied" and not note.strip():
        raise UsageError("denied needs its reason, which the letter must give: --note REASON.")
    moment = read_instant(at, zone_named(book.policy.plan.timezone)) if at else now
    line = book.add_to_line(
        line_id,
        name,
        lambda before: _require_ours(line_id, before),
        at=moment.astimezone(UTC),
        now=now,
        by=by.strip(),
        data={"note": note.strip()} if note.strip() else {},
    )
    return derive_credentialing(line, book.policy)


def note_letter(book: Casebook, line_id: str, data: Mapping[str, Any], *, by: str, now: datetime) -> None:
    """Note that a letter was made."""
    book.add_to_line(
        line_id, "letter_made", lambda before: _require_ours(line_id, before), at=now, now=now, by=by, data=data
    )


def credentialing_of(book: Casebook, line_id: str) -> Credentialing:
    """Give a credentialing as its events leave it; ``UsageError`` if there is none of that id."""
    line = book.line(line_id)
    _require_ours(line_id, line)
    return derive_credentialing(line, book.policy)


def _require_ours(line_id: str, line: tuple[Event, ...]) -> None:
    if not line or line[0].name != _OPENED:
        raise UsageError(f"no credentialing {line_id} is in this casebook. Open one: adequacy credentialing open.")


def derive_credentialing(line: tuple[Event, ...], policy: Policy) -> Credentialing:
    """Fold the events of one credentialing into what it is.

    The order is that of when things happened, not of when they were written down.
    """
    facts = dict(line[0].data["facts"])
    happened = sorted(line[1:], key=lambda event: (event.at, event.n))
    decided = next((event for event in reversed(happened) if event.name in _DECISIONS), None)
    made = [event for event in happened if event.name == "letter_made" and event.data["draft"] == "N"]
    enrolment, verified_at = _enrolment(facts, happened, decided, made)
    decision = decided.name if decided else "pending"
    return Credentialing(
        id=line[0].request_id,
        facts=facts,
        decision=decision,
        decided_at=decided.at if decided else None,
        reason=decided.data.get("note", "") if decided else "",
        enrolment=enrolment,
        verified_at=verified_at,
        rule=policy.credentialing(decision, enrolment),
        letters_made=tuple(event.data["letter"] for event in made),
        events=line,
    )


def _enrolment(
    facts: Mapping[str, str], happened: list[Event], decided: Event | None, made: list[Event]
) -> tuple[str, datetime | None]:
    """What is known of the enrolment, and since when it is verified as correct.

    A provider who was told, by a letter, that it is not enrolled gets a second letter, whatever comes out later.
    """
    word = {"Y": "unchecked", "N": "none", "U": "unknown"}[facts["nctracks"]]
    known = [(event.at, _SAYS[event.name]) for event in happened if event.name in _SAYS]
    now = known[-1][1] if known else word
    looked_up = [said for _, said in known if said != "unchecked"]
    if now == "unchecked" and looked_up and looked_up[-1] == "correct":
        now = "correct"  # a later word of the provider takes nothing from what was verified
    if now not in ("correct", "unchecked"):
        return now, None
    then = "correct" if decided is None else _word_at(word, known, decided.at)
    verified = [event.n for event in happened if event.name == "nctracks_verified"]
    told = any(not verified or event.n < verified[0] for event in made)
    two_letters = told or then in ("none", "incorrect")
    if now == "unchecked":
        return "reported" if decided is not None and two_letters else now, None
    one_letter = not told and then in ("correct", "unchecked")
    return "correct" if one_letter else "corrected", max(at for at, said in known if said == "correct")


def _word_at(word: str, known: list[tuple[datetime, str]], at: datetime) -> str:
    """What was last said of the enrolment by a moment."""
    then = [said for moment, said in known if moment <= at]
    return then[-1] if then else word
