"""The words of every letter of the demo, as somebody approved them. To approve new ones: delete the file, run twice."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import adequacy as aq
from adequacy.casebook import open_casebook
from tests.letters import CREDENTIALING, WAYS, work, write_credentialing

if TYPE_CHECKING:
    from adequacy.api import Network

APPROVED = Path(__file__).parent / "letters"


@pytest.fixture(scope="module")
def net() -> Network:
    return aq.demo_network()


@pytest.mark.parametrize("code", WAYS)
def test_a_letter_says_what_was_approved(net: Network, tmp_path: Path, code: str) -> None:
    with open_casebook(tmp_path / "book.sqlite", net.policy) as book:
        work(book, net, code).write(code, tmp_path / "letter.txt")
    compare(code, (tmp_path / "letter.txt").read_text(encoding="utf-8").partition("Contracted providers: ")[0])


@pytest.mark.parametrize("code", CREDENTIALING)
def test_a_credentialing_letter_says_what_was_approved(net: Network, tmp_path: Path, code: str) -> None:
    with open_casebook(tmp_path / "book.sqlite", net.policy) as book:
        write_credentialing(book, code, tmp_path / "letter.txt", confirmed_by="A. Lee", demo=True)
    compare(code, (tmp_path / "letter.txt").read_text(encoding="utf-8"))


def compare(code: str, told: str) -> None:
    """Hold the words of a letter against those that somebody approved."""
    approved = APPROVED / f"{code}.txt"
    if not approved.exists():
        approved.write_text(told, encoding="utf-8", newline="\n")
        pytest.fail(f"{approved.name} is new: read it, and commit it if it is right")
    assert told == approved.read_text(encoding="utf-8")
