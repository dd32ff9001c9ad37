"""What leaves the desk: the letter due, the gap brief, the list of contracted providers; each noted in the book."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adequacy.casebook.process import require_allowed
from adequacy.cli import desk
from adequacy.cli.streams import STREAM
from adequacy.clocks import read_date, zone_named
from adequacy.errors import UsageError

if TYPE_CHECKING:
    from adequacy.casebook import Casebook
    from adequacy.outputs.letter_file import LetterFile

__all__ = ["hand_out_credentialing", "hand_out_letter", "hand_out_list", "letter_day", "letter_words"]


def letter_day(text: str | None, book: Casebook, now: datetime) -> date:
    """The day a letter bears: the one given, else today at the plan."""
    return read_date(text) if text else now.astimezone(zone_named(book.policy.plan.timezone)).date()


def hand_out_letter(
    book: Casebook,
    request_id: str,
    out: Path,
    *,
    code: str,
    missing: str,
    templates: str | None,
    on: date,
    now: datetime,
    network: str | None = None,
) -> LetterFile:
    """Write the letter that is due, or the one named, and note that it was made."""
    from adequacy.casebook.view import case_view
    from adequacy.outputs.gap_brief import BRIEF, write_gap_brief
    from adequacy.outputs.letters import write_letter

    case, record = book.case(request_id), book.record(request_id)
    require_allowed(case, "letter_made", now, book.policy)
    folder = Path(templates) if templates else None
    if code == BRIEF:
        from adequacy.casebook.lists import stats

        gaps = stats(book)["gaps"]
        made = write_gap_brief(
            record,
            out,
            policy=book.policy,
            on=on,
            gaps=gaps,
            sites=_counted_points(record, network),
            confirmed_by=case.confirmed_by,
            confirmed_on=letter_day(None, book, case.confirmed_at) if case.confirmed_at else None,
            templates=folder,
        )
    else:
        due = code or case.letter
        if not due:
            raise UsageError(f"{request_id} is {case.state}: no letter is due.")
        view = case_view(book, request_id)
        made = write_letter(record, due, out, policy=book.policy, on=on, case=view, missing=missing, templates=folder)
    _note(book, request_id, "letter_made", now, _of_letter(made))
    return made


def _counted_points(record: dict[str, Any], network: str | None) -> list[tuple[float, float]] | None:
    """Where the sites of the service are that count; None where the network of the decision is not at hand."""
    from adequacy.access import counts_for_gap

    named = record["network"]
    with desk.network_of(record, network, None, None) as net:
        if named is None or net.file.meta.sha256 != named["sha256"]:
            return None
        return [
            (each.lon, each.lat)
            for each in net.file.offerings(record["request"]["service_key"])
            if each.lon is not None and each.lat is not None and not counts_for_gap(each, record["decided_on"])
        ]


def _of_letter(made: LetterFile) -> dict[str, Any]:
    """What the book keeps of a letter: enough to prove which one left."""
    return {
        "letter": made.letter,
        "template_version": made.template_version,
        "template_sha256": made.template_sha256,
        "sha256": made.sha256,
        "draft": "Y" if made.is_draft else "N",
    }


def hand_out_list(book: Casebook, request_id: str, out: Path, *, now: datetime) -> int:
    """Write the list of contracted providers of the last decision and note that it was made; give how many it names."""
    from adequacy.outputs.provider_list import write_provider_list

    case, record = book.case(request_id), book.record(request_id)
    if record["answer"] is None:
        raise UsageError(f"{request_id} is an inpatient request: it has no list of contracted providers.")
    require_allowed(case, "list_made", now, book.policy)
    listed = write_provider_list(
        record["answer"],
        out,
        policy=book.policy,
        requester_npi=record["request"].get("requester_npi"),
        own_sites=record["requester_on_roster"]["own_sites"],
        contacts=record["contact_log"],
        reference=request_id,
    )
    digest = hashlib.sha256(out.read_bytes()).hexdigest()
    _note(book, request_id, "list_made", now, {"sha256": digest, "sites": len(listed.rows)})
    return len(listed.rows)


def hand_out_credentialing(
    book: Casebook, line_id: str, out: Path, *, code: str, by: str, templates: Path | None, on: date, now: datetime
) -> LetterFile:
    """Write the letter of a credentialing that is due and note that it was made."""
    from adequacy.casebook.credentialing import credentialing_of, note_letter
    from adequacy.outputs.credentialing_page import write_credentialing_letter

    made = write_credentialing_letter(
        credentialing_of(book, line_id),
        out,
        policy=book.policy,
        on=on,
        confirmed_by=by.strip(),
        code=code,
        templates=templates,
    )
    note_letter(book, line_id, _of_letter(made), by=by.strip(), now=now)
    return made


def _note(book: Casebook, request_id: str, name: str, now: datetime, data: dict[str, Any]) -> None:
    book.add(request_id, name, at=now, now=now, data=data)


def letter_words(made: LetterFile, out: str) -> str:
    """What the command says of a letter: a draft or not, and what of the profile is still to be filled in."""
    state = "a DRAFT until a named person confirms it" if made.is_draft else "confirmed"
    where = "" if out == STREAM else f" written to {out}"
    lines = [f"{made.letter} (template version {made.template_version}){where}: {state}\n"]
    if made.to_fill:
        lines.append(f"Still to fill in the plan's profile: {', '.join(made.to_fill)}\n")
    return "".join(lines)
