"""Letters of a credentialing: each says what its row of the catalogue asks, in plain words, and no more."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from adequacy.casebook import open_casebook
from adequacy.casebook.credentialing import credentialing_of, open_credentialing
from adequacy.outputs.credentialing_page import credentialing_page
from adequacy.outputs.letter_file import make_letter
from adequacy.outputs.twins import letter_blocks
from adequacy.policy import load_policy
from tests.letters import CREDENTIALING, NOW, WAYS, write_credentialing
from tests.unit.test_letters import grade

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from adequacy.casebook import Casebook

POLICY = load_policy()
#: Each thing that a letter must contain, as `letters.csv` names it, and the words that show it.
MUST: dict[str, dict[str, str]] = {
    "L9": {
        "credentialed but NOT enrolled/payable": r"You are credentialed but not enrolled\..*we cannot pay you",
        "must enrol in NCTracks and notify plan": r"Enroll in NCTracks.*you must tell us by e-mail",
    },
    "L9d": {
        "decision and reason": r"We denied your credentialing on November 2, 2026\. The reason: The license has exp",
        "not enrolled": r"You are not enrolled with us\.",
        "dispute route per provider manual": r"dispute this decision\. The steps are in the provider manual",
        "no enrolment letter follows": r"No enrollment letter will follow",
    },
    "L10": {
        "enrolment effective date, sites, services": (
            r"Enrolled from: +November 2, 2026 Site: +ZIP 27501 Service: +Substance Abuse Intensive"
        ),
    },
    "L11": {
        "both dates": r"Credentialing approved: +November 2, 2026 Enrolled from: +November 2, 2026",
    },
}
#: What each says besides.
EVERY = (
    r"November 3, 2026", r"A Clinic & Sons <LLC> NPI 1234567893", r"Our reference: +CRED-2026-\d{6}",
    r"Site: +ZIP 27501", r"Confirmed by: +not confirmed yet", r"telephone \[provider network telephone\]",
)  # fmt: skip


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Casebook]:
    with open_casebook(tmp_path_factory.mktemp("credentialing") / "book.sqlite", POLICY) as opened:
        yield opened


@pytest.fixture(scope="module")
def texts(book: Casebook, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Every letter as text, its line breaks taken out."""
    folder = tmp_path_factory.mktemp("texts")
    for code in CREDENTIALING:
        assert write_credentialing(book, code, folder / f"{code}.txt").letter == code
    return {code: re.sub(r"\s+", " ", (folder / f"{code}.txt").read_text(encoding="utf-8")) for code in CREDENTIALING}


def test_every_letter_of_the_catalogue_that_is_ours_is_held_against_its_row() -> None:
    assert {*WAYS, *CREDENTIALING} == {code for code, letter in POLICY.letters.items() if letter.written_by == "plan"}


@pytest.mark.parametrize("code", CREDENTIALING)
def test_a_letter_contains_all_that_the_catalogue_asks(texts: dict[str, str], code: str) -> None:
    assert set(MUST[code]) == set(POLICY.letters[code].must_contain), "letters.csv and this test have parted"
    for words in (*MUST[code].values(), *EVERY):
        assert re.search(words, texts[code]), words
    assert re.search(rf"Letter {code}, template version \S+\. CRED-2026-\d{{6}}\. *$", texts[code])
    assert "guarantee payment" not in texts[code]


@pytest.mark.parametrize("code", CREDENTIALING)
def test_nothing_says_enrolled_before_it_is_so(texts: dict[str, str], code: str) -> None:
    assert ("Enrolled from" in texts[code]) is (code in ("L10", "L11"))


@pytest.mark.parametrize("code", CREDENTIALING)
def test_a_letter_is_a_draft_until_a_named_person_confirms(book: Casebook, tmp_path: Path, code: str) -> None:
    made = write_credentialing(book, code, tmp_path / "l.txt", confirmed_by="A. Lee")
    told = (tmp_path / "l.txt").read_text(encoding="utf-8")
    assert not made.is_draft
    assert "DRAFT" not in told
    assert "A. Lee, November 3, 2026" in told


@pytest.mark.parametrize("code", CREDENTIALING)
def test_a_letter_reads_at_grade_ten_or_lower(book: Casebook, tmp_path: Path, code: str) -> None:
    write_credentialing(book, code, tmp_path / "l.docx", confirmed_by="A. Lee")
    kinds = ("text", "bullet", "strong", "heading", "title")
    body = [block.text for block in letter_blocks((tmp_path / "l.docx").read_bytes()) if block.kind in kinds]
    assert grade(body) <= 10, f"{code}: grade {grade(body):.1f}"


@pytest.mark.parametrize("code", CREDENTIALING)
def test_an_invented_provider_is_called_so_and_no_real_one_is(
    book: Casebook, texts: dict[str, str], tmp_path: Path, code: str
) -> None:
    write_credentialing(book, code, tmp_path / "l.txt", demo=True)
    assert "Demonstration: real places, an invented provider." in (tmp_path / "l.txt").read_text(encoding="utf-8")
    assert "Demonstration" not in texts[code]


@pytest.mark.parametrize("demo", ["", "Y"])
def test_the_page_says_whether_it_is_a_demonstration(book: Casebook, demo: str) -> None:
    given = {"requester": "A", "npi": "1234567893", "site_zip": "27501", "service": "saiop", "demo": demo}
    view = credentialing_of(book, open_credentialing(book, given, now=NOW)).to_dict(POLICY)
    page = credentialing_page(view, {code: letter.name for code, letter in POLICY.letters.items()})
    assert ("Demonstration" in page.splitlines()[1]) is bool(demo)
    assert max(map(len, page.splitlines())) <= 80


def test_a_letter_with_an_unknown_fact_names_it(tmp_path: Path) -> None:
    from adequacy.errors import UsageError
    from tests.letters import LETTER_DAY

    with pytest.raises(UsageError, match="Letter L10 needs "):
        make_letter("L10", {}, tmp_path / "l.docx", policy=POLICY, on=LETTER_DAY)
    assert not (tmp_path / "l.docx").exists()
