"""Every output that prints what a roster says, against the shared list of attacks and texts that Hypothesis makes."""

from __future__ import annotations

import copy
import dataclasses
import io
import re
from email import message_from_bytes
from email.policy import SMTP
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import adequacy as aq
from adequacy.errors import MissingExtra
from adequacy.outputs.draft import draft
from adequacy.outputs.maps import case_page
from adequacy.outputs.provider_list import write_provider_list
from adequacy.outputs.report import report_page
from adequacy.outputs.report_lists import report_workbook
from adequacy.outputs.rows import answer_csv
from adequacy.outputs.workbook import write_folder, write_workbook
from tests.hostile import (
    ATTACKS,
    assert_inert_csv,
    assert_inert_document,
    assert_inert_workbook,
    hostile,
    hostile_overview,
)

if TYPE_CHECKING:
    from pathlib import Path

PAGE = '<!DOCTYPE html><html lang="en"><title>Report</title><p>Report</p></html>'
TEXTS = st.lists(
    st.text(st.sampled_from("<>\"'`{}$\\%#&;/=!-+@|scriptonerror \t\n\r\x00\x1b\u2028\u202e\ufeff"), max_size=40),
    min_size=12,
    max_size=12,
).map(lambda texts: [f"{text}x" for text in texts])
FEW = settings(
    max_examples=4,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@pytest.fixture(autouse=True)
def no_pdf(monkeypatch: pytest.MonkeyPatch) -> None:
    """The draft's PDF is the page once more: it would take most of the time here."""

    def _missing(_: str) -> bytes:
        raise MissingExtra("pdf", "A report as PDF")

    monkeypatch.setattr("adequacy.outputs.draft.report_pdf", _missing)


@pytest.fixture(scope="module")
def answer() -> dict[str, Any]:
    with aq.demo_network() as net:
        return Quiet(net.check("saiop", lon=-78.8, lat=35.4).to_dict())


@pytest.fixture(scope="module")
def overview() -> dict[str, Any]:
    with aq.demo_network() as net:
        return Quiet(net.overview(services=["saiop", "psr", "actt"], counties=["Harnett", "Johnston"]))


@pytest.fixture(scope="module")
def measured() -> aq.Measured:
    with aq.demo_network() as net:
        return aq.measure(net, scheme="alliance_oon", people=aq.census_people(["37085"]), services=["psr", "actt"])


class Elements(HTMLParser):
    """The elements of a page in order, with the attributes that could load or run something."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Any] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = sorted(name for name, _ in attrs)
        targets = [value for name, value in attrs if name in ("src", "href") and not str(value).startswith("data:")]
        self.found.append((tag, names, targets))

    def handle_endtag(self, tag: str) -> None:
        self.found.append(tag)


def elements(page: str) -> list[Any]:
    """Elements of a page without its scripts and styles."""
    parser = Elements()
    parser.feed(re.sub(r"<(script|style)>.*?</\1>", "", page, flags=re.DOTALL))
    return parser.found


def assert_same_elements(page: str, plain: str) -> None:
    assert elements(page) == elements(plain)


def repeated(texts: list[str], count: int) -> list[str]:
    return [texts[n % len(texts)] for n in range(count)]


class Quiet(dict[str, Any]):
    """A document that a failing example does not print."""

    def __repr__(self) -> str:
        return "..."


def check_report(overview: dict[str, Any], texts: list[str]) -> None:
    sites = sum(len(service["sites"]) + len(service["sole"]) for service in overview["services"])
    attacked = hostile_overview(overview, repeated(texts, sites))
    plain = hostile_overview(overview, ["Name"] * sites)
    for audience in ("leadership", "public"):
        page = report_page(attacked, audience)
        # names are sorted, so rows move: what must be the same is what there is
        assert sorted(map(str, elements(page))) == sorted(map(str, elements(report_page(plain, audience))))
    message: Any = message_from_bytes(draft(attacked, PAGE), policy=SMTP)
    others: Any = message_from_bytes(draft(plain, PAGE), policy=SMTP)
    assert set(message.keys()) == set(others.keys())
    assert_same_elements(body_of(message, "html"), body_of(others, "html"))
    assert not re.search(r"[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069]", body_of(message, "plain").replace("\r", ""))
    assert_inert_workbook(report_workbook(attacked))


def body_of(message: Any, kind: str) -> str:
    return str(message.get_body((kind,)).get_content())


def test_known_attacks_in_a_report_its_draft_and_its_workbook(overview) -> None:
    check_report(overview, ATTACKS)


@FEW
@given(TEXTS)
def test_any_texts_in_a_report_its_draft_and_its_workbook(overview, texts) -> None:
    check_report(overview, texts)


def test_the_workbook_of_a_report_keeps_every_attack_as_a_text(overview) -> None:
    from python_calamine import CalamineWorkbook

    content = report_workbook(hostile_overview(overview, ATTACKS))
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    cells = {str(cell) for name in book.sheet_names for row in book.get_sheet_by_name(name).to_python() for cell in row}
    for attack in ('\'=HYPERLINK("http://evil")', "<img src=x onerror=window.hit=1>", "{{ 7*7 }}{{ ''.__class__"):
        assert any(cell.startswith(attack) for cell in cells), attack


def check_answer(answer: dict[str, Any], texts: list[str], folder: Path) -> None:
    attacked, plain = hostile(answer, texts), hostile(answer, ["Name"] * len(texts))
    assert_same_elements(case_page(attacked), case_page(plain))
    assert_inert_csv(answer_csv(attacked))
    for kind in (".xlsx", ".csv", ".docx"):
        for name, given_answer in (("attacked", attacked), ("plain", plain)):
            write_provider_list(given_answer, folder / f"{name}{kind}")
    assert_inert_workbook((folder / "attacked.xlsx").read_bytes())
    assert_inert_csv((folder / "attacked.csv").read_text(encoding="utf-8-sig"))
    assert_inert_document((folder / "attacked.docx").read_bytes(), (folder / "plain.docx").read_bytes())


def test_known_attacks_in_the_page_and_the_lists_of_an_answer(answer, tmp_path) -> None:
    check_answer(answer, ATTACKS, tmp_path)


@FEW
@given(TEXTS)
def test_any_texts_in_the_page_and_the_lists_of_an_answer(answer, tmp_path, texts) -> None:
    check_answer(answer, texts, tmp_path)


def test_known_attacks_in_what_is_measured(measured, tmp_path) -> None:
    frame = measured.single_cover
    frame = frame.iloc[:0] if frame.empty else frame
    rows = [dict.fromkeys(frame.columns, "") | {"provider": text, "rank": n} for n, text in enumerate(ATTACKS)]
    import pandas as pd

    attacked = pd.DataFrame(rows, columns=list(frame.columns))
    for name in frame.columns:
        if frame[name].dtype.kind in "fi" or str(frame[name].dtype) == "Int64":
            attacked[name] = pd.array([None] * len(attacked), dtype=frame[name].dtype)
    told = dataclasses.replace(measured, single_cover=attacked)
    write_workbook(told, tmp_path / "all.xlsx")
    assert_inert_workbook((tmp_path / "all.xlsx").read_bytes())
    write_folder(told, tmp_path / "all")
    assert_inert_csv((tmp_path / "all" / "single_cover.csv").read_text(encoding="utf-8"))


def test_the_checks_find_what_they_look_for(answer, tmp_path) -> None:
    """Each check fails on a file in which an attack came through."""
    import xlsxwriter

    book = xlsxwriter.Workbook(tmp_path / "live.xlsx")
    book.add_worksheet().write_formula(0, 0, "=1+1")
    book.close()
    with pytest.raises(AssertionError):
        assert_inert_workbook((tmp_path / "live.xlsx").read_bytes())
    with pytest.raises(AssertionError):
        assert_inert_csv('a,"=1+1"\n')
    page = case_page(hostile(answer, ["Name"]))
    live = page.replace("<main>", "<main><img src=x onerror=1>", 1)
    with pytest.raises(AssertionError):
        assert_same_elements(live, page)
    write_provider_list(answer, tmp_path / "a.docx")
    shorter = copy.deepcopy(answer) | {"sites": answer["sites"][:1]}
    write_provider_list(shorter, tmp_path / "b.docx")
    with pytest.raises(AssertionError):
        assert_inert_document((tmp_path / "a.docx").read_bytes(), (tmp_path / "b.docx").read_bytes())
