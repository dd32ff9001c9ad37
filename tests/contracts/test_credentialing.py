"""``adequacy credentialing`` as staff type it, in the same book as the requests, on SQLite and PostgreSQL."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from adequacy.casebook.credentialing import credentialing_of, open_credentialing, record_credentialing
from adequacy.casebook.view import case_view
from adequacy.errors import UsageError
from tests.requests import draft_of, request

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from adequacy.casebook import Casebook
    from tests.conftest import Ran

    Run = Callable[..., Ran]

NOW = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)
GIVEN = {"requester": "A Clinic", "npi": "1234567893", "site_zip": "27546", "service": "SAIOP"}
OPEN = ("credentialing", "open", "--requester", "A Clinic", "--npi", "1234567893", "--site-zip", "27546", "--service",
        "SAIOP")  # fmt: skip


@pytest.fixture
def line_id(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A credentialing in a book of its own; its id."""
    monkeypatch.setenv("ADEQUACY_CASEBOOK", str(tmp_path / "book.sqlite"))
    found: str = json.loads(run(*OPEN, "--format", "json").out)["id"]
    return found


def view(run: Run, line_id: str) -> dict[str, object]:
    shown: dict[str, object] = json.loads(run("credentialing", "show", line_id, "--format", "json").out)
    return shown


def write(run: Run, line_id: str, path: Path) -> str:
    """Make the letter due, confirmed; give its words in one line."""
    assert run("credentialing", "letter", line_id, "--out", str(path), "--by", "A. Lee", "--on", "2026-11-20").code == 0
    return re.sub(r"\s+", " ", path.read_text(encoding="utf-8"))


def test_two_letters_from_approval_to_verified_enrolment(run: Run, line_id: str, tmp_path: Path) -> None:
    run("credentialing", "event", line_id, "approved", "--at", "2026-11-03")
    first = write(run, line_id, tmp_path / "first.txt")
    for words in ("credentialed but not enrolled", "cannot pay you", "Enroll in NCTracks", "tell us by e-mail"):
        assert words in first
    assert view(run, line_id)["in_acs"] is False
    run("credentialing", "event", line_id, "nctracks_enrolled", "--at", "2026-11-10")
    run("credentialing", "event", line_id, "nctracks_notified", "--at", "2026-11-11")
    assert view(run, line_id)["in_acs"] is False
    refused = run("credentialing", "letter", line_id, "--out", str(tmp_path / "x.txt")).refused(2)
    assert "Verify the enrolment" in refused
    run("credentialing", "event", line_id, "nctracks_verified", "--at", "2026-11-12")
    assert view(run, line_id)["in_acs"] is True
    second = write(run, line_id, tmp_path / "second.txt")
    for words in ("enrollment letter", "Enrolled from: November 12, 2026", "Site: ZIP 27546", "Substance Abuse Int"):
        assert words in second
    assert view(run, line_id)["letters_made"] == ["L9", "L10"]
    assert not (tmp_path / "x.txt").exists()


def test_one_letter_with_both_dates_where_it_was_enrolled(run: Run, line_id: str, tmp_path: Path) -> None:
    run("credentialing", "event", line_id, "nctracks_verified", "--at", "2026-11-02")
    run("credentialing", "event", line_id, "approved", "--at", "2026-11-03")
    only = write(run, line_id, tmp_path / "only.txt")
    for words in ("Credentialing approved: November 3, 2026", "Enrolled from: November 3, 2026", "one letter only"):
        assert words in only
    shown = view(run, line_id)
    assert (shown["letters"], shown["letter"], shown["in_acs"]) == (["L11"], None, True)


def test_a_denial_gives_its_reason_and_the_route_of_dispute(run: Run, line_id: str, tmp_path: Path) -> None:
    assert "--note REASON" in run("credentialing", "event", line_id, "denied").refused(2)
    run("credentialing", "event", line_id, "denied", "--at", "2026-11-03", "--note", "The license has expired.")
    told = write(run, line_id, tmp_path / "denied.txt")
    for words in ("We denied your credentialing on November 3, 2026",
                  "The license has expired.", "You are not enrolled",
                  "The steps are in the provider manual", "No enrollment letter will follow"):  # fmt: skip
        assert words in told


def test_a_letter_without_a_name_is_a_draft_and_stays_due(run: Run, line_id: str, tmp_path: Path) -> None:
    run("credentialing", "event", line_id, "approved")
    run("credentialing", "letter", line_id, "--out", str(tmp_path / "draft.txt"))
    assert (tmp_path / "draft.txt").read_text(encoding="utf-8").startswith("DRAFT")
    assert view(run, line_id)["letter"] == "L9"


def test_the_page_fits_eighty_columns_and_says_what_is_next(run: Run, line_id: str) -> None:
    run("credentialing", "event", line_id, "approved", "--at", "2026-11-03")
    page = run("credentialing", "show", line_id).out
    assert max(map(len, page.splitlines())) <= 80
    for words in ("CREDENTIALED", "Due now       L9", "In ACS        no", "nctracks_verified"):
        assert words in page


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("show", "CRED-1999-000001"), 2, "no credentialing CRED-1999-000001"),
        (("show", "REQ-2026-000001"), 2, "no credentialing REQ-2026-000001"),
        (("event", "ID", "enrolled"), 2, "nctracks_verified"),
        (("event", "ID", "approved", "--at", "yesterday"), 2, "yesterday"),
        (("letter", "ID", "--out", "l.docx"), 2, "PENDING: no letter is due"),
        (("letter", "ID", "--letter", "L10", "--out", "l.docx"), 2, "L10 is not due"),
        (("letter", "ID", "--letter", "L8", "--out", "l.docx"), 2, "Utilization Management"),
        ((*OPEN[1:4], "--npi", "12", *OPEN[6:]), 2, "ten digits"),
        ((*OPEN[1:], "--nctracks", "maybe"), 2, "Y, N, U"),
        ((*OPEN[1:7], "99999", *OPEN[8:]), 4, "99999"),
    ],
)
def test_bad_input_is_one_line(run: Run, line_id: str, arguments: tuple[str, ...], code: int, said: str) -> None:
    line = run("credentialing", *(line_id if word == "ID" else word for word in arguments)).refused(code)
    assert said in line


def test_requests_and_credentialing_share_a_book_and_do_not_meet(
    where: str, open_book: Callable[[str], Casebook]
) -> None:
    book = open_book(where)
    (request_id,) = book.open_requests([request()], now=NOW)
    line_id = open_credentialing(book, GIVEN, now=NOW)
    (other,) = book.open_requests([request(consumer_ref="REF-2")], now=NOW)
    record_credentialing(book, line_id, "approved", now=NOW)
    book.decide(request_id, draft_of(), now=NOW)
    assert book.rebuild() == 2
    assert book.require_whole()[0] == 5
    assert case_view(book, other)["state"] == "RECEIVED"
    assert credentialing_of(book, line_id).letter == "L9"
    with pytest.raises(UsageError, match="no request CRED"):
        book.case(line_id)
    assert open_credentialing(book, GIVEN, now=NOW) == "CRED-2026-000002"
