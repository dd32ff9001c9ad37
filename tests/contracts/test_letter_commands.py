"""``request letter`` and ``request list-providers`` as staff type them: three commands from a request to its letter."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Ran

    Run = Callable[..., Ran]

OPEN = ("request", "open", "--service", "saiop", "--zip", "27546", "--received", "2026-10-29T12:15", "--requester",
        "A Clinic", "--consumer-ref", "REF-7", "--age", "34", "--site-zip", "27501", "--format", "json")  # fmt: skip


@pytest.fixture
def opened(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A decided request in a casebook of its own; its id."""
    monkeypatch.setenv("ADEQUACY_CASEBOOK", str(tmp_path / "book.sqlite"))
    request_id: str = json.loads(run(*OPEN).out)["id"]
    assert run("request", "decide", request_id).code == 0
    return request_id


@pytest.mark.parametrize("kind", ["docx", "txt", "html"])
def test_three_commands_lead_from_a_request_to_its_draft_letter(
    run: Run, opened: str, tmp_path: Path, kind: str
) -> None:
    ran = run("request", "letter", opened, "--out", str(tmp_path / f"letter.{kind}"))
    assert (ran.code, ran.out) == (0, "")
    assert "L2" in ran.err
    assert "DRAFT" in ran.err
    assert "[plan address]" in ran.err
    assert (tmp_path / f"letter.{kind}").stat().st_size > 1000


def test_a_confirmed_letter_is_no_draft_and_the_book_keeps_its_hash(run: Run, opened: str, tmp_path: Path) -> None:
    assert run("request", "confirm", opened, "--by", "A. Lee").code == 0
    path = tmp_path / "letter.txt"
    ran = run("request", "letter", opened, "--out", str(path))
    assert "confirmed" in ran.err
    assert "DRAFT" not in path.read_text(encoding="utf-8")
    events = json.loads(run("request", "show", opened, "--format", "json").out)["events"]
    made = next(event for event in events if event["name"] == "letter_made")
    assert made["letter"] == "L2"
    assert len(made["sha256"]) == 64


@pytest.mark.parametrize("kind", ["xlsx", "csv", "docx"])
def test_the_list_of_a_decision_is_written_in_every_format(run: Run, opened: str, tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"list.{kind}"
    ran = run("request", "list-providers", opened, "--out", str(path))
    assert (ran.code, ran.out) == (0, "")
    assert "sites listed" in ran.err
    assert path.exists()
    names = [event["name"] for event in json.loads(run("request", "show", opened, "--format", "json").out)["events"]]
    assert "list_made" in names


def test_a_dash_prints_the_list_as_csv_and_the_letter_as_text(run: Run, opened: str) -> None:
    ran = run("request", "list-providers", opened, "--out", "-")
    assert ran.code == 0
    assert ran.out.startswith("\ufeffContracted providers: ")
    assert "\nProvider,Site,Address" in ran.out.replace("\r", "")
    assert ran.err == "33 sites listed\n"
    ran = run("request", "letter", opened, "--out", "-")
    assert ran.code == 0
    assert ran.out.startswith("DRAFT.")
    assert max(map(len, ran.out.partition("Contracted providers:")[0].splitlines())) <= 80
    assert ran.err.startswith("L2 (template version 1): a DRAFT")
    credentialing = ("credentialing", "open", "--requester", "A", "--npi", "1234567893", "--site-zip", "27546")
    one = run(*credentialing, "--service", "SAIOP").out.split()[0]
    assert run("credentialing", "event", one, "approved").code == 0
    assert (
        "Credentialing approved: you are not enrolled yet"
        in run("credentialing", "letter", one.casefold(), "--out", "-").out
    )


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("letter", "ID", "--out", "letter.odt"), 2, ".docx, .txt, .html, .pdf"),
        (("letter", "ID", "--out", "none/letter.docx"), 3, "cannot be written"),
        (("letter", "ID", "--letter", "L8", "--out", "l.docx"), 2, "Utilization Management"),
        (("letter", "ID", "--letter", "L4", "--out", "l.docx"), 2, "L4 is not due"),
        (("letter", "ID", "--letter", "L14", "--out", "l.docx"), 2, "flags no gap"),
        (("letter", "ID", "--on", "2026-13-01", "--out", "l.docx"), 2, "2026-13-01"),
        (("letter", "ID", "--templates", "none", "--out", "l.docx"), 3, "is no folder"),
        (("letter", "REQ-1999-000001", "--out", "l.docx"), 2, "REQ-1999-000001"),
        (("list-providers", "ID", "--out", "list.pdf"), 2, ".xlsx, .csv, .docx"),
        (("list-providers", "ID", "--out", "none/list.csv"), 3, "cannot be written"),
    ],
)
def test_a_letter_that_cannot_be_made_is_one_line(
    run: Run, opened: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], code: int,
    said: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    line = run("request", *(opened if word == "ID" else word for word in arguments)).refused(code)
    assert said in line
    assert "27546" not in line
    assert "REF-7" not in line
    events = json.loads(run("request", "show", opened, "--format", "json").out)["events"]
    assert not {"letter_made", "list_made"} & {event["name"] for event in events}
    assert sorted(Path().glob("l*")) == []
