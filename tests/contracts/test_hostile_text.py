"""Text from a roster never acts: not in a terminal, a page, a spreadsheet, a notebook, or a map program."""

from __future__ import annotations

import csv
import json
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import adequacy as aq
from adequacy.intake import read_rosters
from adequacy.network import build_network
from adequacy.outputs.escape import escape_cell, escape_html, escape_terminal
from adequacy.outputs.page import answer_page
from adequacy.outputs.rows import answer_csv
from adequacy.outputs.summary import answer_html
from adequacy.policy import load_policy
from tests.hostile import ATTACKS, assert_inert_csv


@pytest.fixture(scope="module")
def answer(tmp_path_factory):
    """One answer in which every text of the roster is an attack."""
    folder = tmp_path_factory.mktemp("hostile")
    header = ["provider_name", "site_name", "street", "suite", "city", "state", "zip5", "lon", "lat", "phone", "email",
              "service", "contract_status", "credential_status", "nctracks_status"]  # fmt: skip
    with (folder / "roster.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        # A file with more semicolons in a line than commas is taken for one separated by semicolons, and refused
        for number, attack in enumerate(text for text in ATTACKS if "&lt;b&gt;" not in text):
            status = "active" if number % 2 else "ended"
            point = (f"{-78.85 + number / 1000:.4f}", f"{35.40 + number / 1000:.4f}")
            writer.writerow([f"P{number} {attack}", attack, f"{number} {attack}", attack, attack, "NC", "27546", *point,
                             attack, attack, "saiop", status, "approved", "active"])  # fmt: skip
    intake = read_rosters([folder / "roster.csv"], on=date(2026, 11, 1), catalogue=load_policy().services)
    build_network(intake, folder / "net.gpkg", roster_date="2026-11-01", name="=cmd|'/C calc'!A0")
    with aq.open_network(folder / "net.gpkg") as net:
        found = net.check("saiop", zip5="27546").to_dict()
    assert len(found["sites"]) + len(found["not_counted"]) >= len(ATTACKS) - 2
    return found


def test_the_page_holds_no_control_character_and_keeps_its_width(answer) -> None:
    page = answer_page(answer, everything=True)
    assert all(character == "\n" or character.isprintable() for character in page)
    assert max(map(len, page.splitlines())) <= 80


def test_no_cell_of_the_csv_starts_a_formula(answer) -> None:
    assert_inert_csv(answer_csv(answer))


def test_the_notebook_summary_holds_no_markup_of_the_roster(answer) -> None:
    fragment = answer_html(answer)
    for live in ("<img", "<script", "${", "{{", "{%", "`", "\\x3c", "\x1b", "\u202e"):
        assert live not in fragment


def test_json_carries_the_text_as_it_is_and_prints_as_one_document(answer, tmp_path) -> None:
    assert json.loads(json.dumps(answer)) == answer


@given(st.text())
def test_no_text_is_live_after_escaping(text: str) -> None:
    html = escape_html(text)
    assert not set(html) & set("<>`${}\\\"'")
    line = escape_terminal(text)
    assert line.isprintable()
    cell = escape_cell(text)
    assert not str(cell).lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


@given(st.text())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_any_question_about_a_service_is_answered_or_refused_in_one_printable_line(run, text: str) -> None:
    if text.startswith("-") or "\x00" in text:
        return
    ran = run("check", "--service", text, "--zip", "27546")
    assert ran.code in (0, 2, 4)
    assert len(ran.err.splitlines()) <= 1
    assert "\x1b" not in ran.err
