"""Requests of the demo worked until a letter is due, for the tests of letters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from adequacy.casebook.credentialing import credentialing_of, note_letter, open_credentialing, record_credentialing
from adequacy.casebook.entries import record_event
from adequacy.casebook.forms import read_request
from adequacy.casebook.lists import stats
from adequacy.casebook.view import case_view
from adequacy.determination.asking import determine_on
from adequacy.outputs.credentialing_page import write_credentialing_letter
from adequacy.outputs.gap_brief import BRIEF, write_gap_brief
from adequacy.outputs.letters import write_letter

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from adequacy.api import Network
    from adequacy.casebook import Casebook
    from adequacy.outputs.letter_file import LetterFile
    from adequacy.policy import Policy

NOW = datetime(2026, 11, 2, 15, tzinfo=UTC)
LETTER_DAY = date(2026, 11, 3)
#: What must never stand in a letter: the consumer's reference, ZIP and age.
SECRETS = ("SECRET-REF", "27546", "34 years")

_USUAL = {
    "service": "saiop",
    "received": "2026-10-29T12:15",
    "requester": "A Clinic & Sons <LLC>",
    "requester_npi": "1234567893",
    "provider_type": "Outpatient clinic",
    "site_zip": "27501",
    "taxonomy": "261QR0405X",
    "zip": "27546",
    "consumer_ref": "SECRET-REF",
    "age": "34",
    "par": "PAR-17",
}
_GAP = {"service": "actt"}
_YES = {**_GAP, "client_specific": "Y", "nctracks": "Y"}
_CONFIRM = ("confirm", {})
_SENT = (_CONFIRM, ("sar_sent", {"at": "2026-11-03T10:00"}))
_APPROVED = ("um_approved", {"at": "2026-11-09T10:00", "authorization": "AUTH-77"})
_RECEIVED = ("sar_received", {"at": "2026-11-05T10:00"})
_TO_UM = (*_SENT, _RECEIVED, _APPROVED)

#: Letter: what the request says beyond the usual, and what happened after the decision. OWN is a contracted NPI.
WAYS: dict[str, tuple[dict[str, str], tuple[tuple[str, dict[str, str]], ...]]] = {
    "L0": ({**_GAP, "client_specific": "U"}, ()),
    "L1": ({"consumer_ref": ""}, ()),
    "L2": ({}, ()),
    "L3": ({**_YES, "nctracks": "N"}, ()),
    "L4": (_YES, ()),
    "L4a": ({**_YES, "requester_npi": "OWN"}, ()),
    "L5": ({**_GAP, "client_specific": "N"}, ()),
    "L6": (_YES, _TO_UM),
    "L7": ({**_YES, "requester_npi": "OWN"}, _TO_UM),
    "L12": (
        {"service": "ip_adult", "level": "inpatient", "admitted": "2026-11-01T10:00"},
        (_CONFIRM, _RECEIVED, _APPROVED),
    ),
    "L13": (_YES, (*_SENT, ("lapsed", {"at": "2026-11-20T10:00"}))),
    "L14": (_YES, ()),
}


@dataclass(frozen=True)
class Worked:
    """A request whose letter is due."""

    book: Casebook
    policy: Policy
    record: dict[str, Any]
    case: dict[str, Any]

    def write(self, code: str, path: Path, **given: Any) -> LetterFile:
        """Write a letter of it."""
        if code == BRIEF:
            gaps = given.pop("gaps", None) or stats(self.book)["gaps"]
            return write_gap_brief(self.record, path, policy=self.policy, on=LETTER_DAY, gaps=gaps, **given)
        on = given.pop("on", LETTER_DAY)
        return write_letter(self.record, code, path, policy=self.policy, on=on, case=self.case, **given)


def work(
    book: Casebook, net: Network, code: str, *, confirmed: bool = False, given: Mapping[str, str] | None = None
) -> Worked:
    """Open a request, decide it, let happen what a letter is written after."""
    facts, events = WAYS[code]
    said = {name: text for name, text in {**_USUAL, **facts, **(given or {})}.items() if text}
    if said.get("requester_npi") == "OWN":
        said["requester_npi"] = next(
            each.npi for each in net.file.offerings("saiop") if each.contract_status == "active"
        )
    (request_id,) = book.open_requests([read_request(said, net.policy)], now=NOW)

    def draft(case: Any, contacts: Any) -> dict[str, Any]:
        clocks = [clock.to_dict() for clock in case.clocks]
        on = date(2026, 11, 2)
        return determine_on(net.file, net.policy, case.request, on=on, contacts=contacts, clocks=clocks).to_draft()

    book.decide(request_id, draft, now=NOW)
    for name, data in events:
        if name == "confirm":
            book.confirm(request_id, "A. Lee", at=NOW, now=NOW)
        else:
            rest = {key: value for key, value in data.items() if key != "at"}
            record_event(book, request_id, name, rest, at=data["at"], now=NOW)
    if confirmed:
        book.confirm(request_id, "A. Lee", at=NOW, now=NOW)
    return Worked(book, net.policy, book.record(request_id), case_view(book, request_id))


#: Letter of a credentialing: what is known of the enrolment at first, and what happened.
CREDENTIALING: dict[str, tuple[str, tuple[tuple[str, str, str], ...]]] = {
    "L9": ("N", (("approved", "2026-11-02T09:00", ""),)),
    "L9d": ("U", (("denied", "2026-11-02T09:00", "The license has expired."),)),
    "L10": ("N", (("approved", "2026-10-20T09:00", ""), ("made", "L9", ""), ("nctracks_verified", "2026-11-02T09:00",
                                                                            ""))),
    "L11": ("U", (("nctracks_verified", "2026-10-30T09:00", ""), ("approved", "2026-11-02T09:00", ""))),
}  # fmt: skip


def write_credentialing(
    book: Casebook, code: str, path: Path, *, confirmed_by: str = "", demo: bool = False
) -> LetterFile:
    """Open a credentialing, let happen what its letter is written after, write the letter that is due."""
    nctracks, events = CREDENTIALING[code]
    given = {"requester": "A Clinic & Sons <LLC>", "npi": "1234567893", "site_zip": "27501", "service": "saiop"}
    line_id = open_credentialing(book, given | {"nctracks": nctracks} | ({"demo": "Y"} if demo else {}), now=NOW)
    for name, at, note in events:
        if name == "made":
            note_letter(book, line_id, {"letter": at, "draft": "N"}, by="A. Lee", now=NOW)
        else:
            record_credentialing(book, line_id, name, at=at, note=note, now=NOW)
    line = credentialing_of(book, line_id)
    return write_credentialing_letter(line, path, policy=book.policy, on=LETTER_DAY, confirmed_by=confirmed_by)
