"""What one cell may say, judged from its text alone."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adequacy.intake.cells import cell_judge, is_npi, read_date
from adequacy.intake.findings import rules
from adequacy.tables import table

TODAY = date(2026, 11, 23)
ROSTER = table("roster")


def judged(column: str, text: str, words: dict[str, str] | None = None) -> tuple[str, str]:
    """Return the value a cell ends with, and the last rule that was named."""
    value, rule = text, ""
    for change in cell_judge(ROSTER.column(column), today=TODAY, words=words)(text):
        value, rule = change.value, change.rule or rule
    return value, rule


@pytest.mark.parametrize(
    ("text", "value", "rule"),
    [
        ("27701", "27701", ""),
        (" 27701 ", "27701", ""),
        ("27701-5724", "27701", ""),
        ("277015724", "27701", "zip_plus4"),
        ("27701.0", "27701", "number_tail"),
        ("277015724.0", "27701", "number_tail"),
        ("2134", "02134", "zip_zero_lost"),
        ("21155724.0", "02115", "zip_zero_lost"),
        ("2770A", "", "zip_unusable"),
        ("27", "", "zip_unusable"),
        ("N/A", "", "null_word"),
        ("#REF!", "", "spreadsheet_error"),
    ],
)
def test_a_zip_code_is_read_in_every_spelling(text: str, value: str, rule: str) -> None:
    assert judged("zip5", text) == (value, rule)


@pytest.mark.parametrize(
    ("text", "value", "rule"),
    [
        ("1234567893", "1234567893", ""),
        ("1234567893.0", "1234567893", "number_tail"),
        ("1234567890", "", "npi_unusable"),
        ("3234567893", "", "npi_unusable"),
        ("123456789", "", "npi_unusable"),
        ("١234567893", "", "npi_unusable"),
    ],
)
def test_an_npi_must_pass_its_check_digit(text: str, value: str, rule: str) -> None:
    assert judged("npi", text) == (value, rule)


def test_the_check_digit_agrees_with_the_plain_luhn_sum() -> None:
    def luhn(digits: str) -> bool:
        total = 0
        for place, digit in enumerate(reversed(digits)):
            number = int(digit) * (2 if place % 2 else 1)
            total += number - 9 if number > 9 else number
        return total % 10 == 0

    for number in range(1_000_000_000, 2_999_999_999, 7_919_777):
        assert is_npi(str(number)) == luhn(f"80840{number}")


@pytest.mark.parametrize(
    ("text", "value", "rule"),
    [
        ("2026-01-05", "2026-01-05", ""),
        ("1/5/2026", "2026-01-05", ""),
        ("01-05-2026", "2026-01-05", ""),
        ("20260105", "2026-01-05", ""),
        ("5-Jan-2026", "2026-01-05", ""),
        ("January 5, 2026", "2026-01-05", ""),
        ("2026-01-05 00:00:00", "2026-01-05", ""),
        ("46027", "2026-01-05", "date_serial"),
        ("46027.0", "2026-01-05", "date_serial"),
        ("20000", "1954-10-03", "date_serial"),
        ("19999", "", "date_unusable"),
        ("80000", "", "date_open_ended"),
        ("80001", "", "date_unusable"),
        ("1/5/26", "2026-01-05", "date_two_digit_year"),
        ("1/5/98", "1998-01-05", "date_two_digit_year"),
        ("12/31/9999", "", "date_open_ended"),
        ("9999-12-31", "", "date_open_ended"),
        ("12/31/2299", "", "date_open_ended"),
        ("00/00/0000", "", "date_zero"),
        ("31/12/2026", "", "date_unusable"),
        ("2026-02-30", "", "date_unusable"),
        ("0206-01-05", "", "date_unusable"),
        ("soon", "", "date_unusable"),
    ],
)
def test_a_contract_end_is_read_or_refuses_its_row(text: str, value: str, rule: str) -> None:
    assert judged("contract_to", text) == (value, rule)


@pytest.mark.parametrize(
    "column",
    ["service_from", "service_to", "contract_from", "contract_to", "credential_due", "nctracks_from", "nctracks_to",
     "license_expiry"],
)  # fmt: skip
def test_every_date_by_which_an_offering_counts_refuses_its_row_when_it_cannot_be_read(column: str) -> None:
    assert judged(column, "soon") == ("", "date_unusable")
    assert rules()["date_unusable"].verdict == "refused"
    starts = column.endswith("_from")
    assert judged(column, "12/31/9999") == ("", "date_future_end" if starts else "date_open_ended")


def test_a_start_in_the_year_9999_is_refused() -> None:
    assert judged("contract_from", "12/31/9999") == ("", "date_future_end")
    assert rules()["date_future_end"].verdict == "refused"


def test_a_date_that_decides_nothing_is_left_empty_with_a_warning() -> None:
    assert judged("accepting_verified_on", "soon") == ("", "date_unread")
    assert rules()["date_unread"].verdict == "warned"


@pytest.mark.parametrize(
    ("column", "text", "value", "rule"),
    [
        ("contract_status", "ACTIVE", "active", ""),
        ("contract_status", "Terminated", "ended", "word_synonym"),
        ("contract_status", "Actiffe", "unknown", "word_unknown"),
        ("agreement_type", "maybe", "", "word_refused"),
        ("referral_stop", "Yes", "Y", "word_synonym"),
        ("telehealth", "Only", "only", ""),
        ("populations", "Adults, Children", "adult;child", "word_synonym"),
        ("ages_min", "6", "6", ""),
        ("ages_min", "six", "", "age_unusable"),
        ("ages_max", "130", "130", ""),
        ("ages_max", "131", "", "age_unusable"),
        ("phone", "(919) 555-0100", "919-555-0100", ""),
        ("phone", "9195550100.0", "919-555-0100", "phone_tail"),
        ("phone", "919-555-0100 ext. 12", "919-555-0100 x12", ""),
        ("phone", "555-0100", "555-0100", "phone_unusable"),
        ("taxonomy", "261qm2800x", "261QM2800X", ""),
        ("taxonomy", "261QM", "", "taxonomy_format"),
        ("provider_name", "N/A", "N/A", ""),
        ("provider_name", "A\x00B\u202e", "AB", "control_characters"),
    ],
)
def test_each_column_has_its_own_judge(column: str, text: str, value: str, rule: str) -> None:
    assert judged(column, text) == (value, rule)


def test_the_mappings_own_word_goes_before_ours() -> None:
    assert judged("contract_status", "Par", {"Par": "active"}) == ("active", "word_synonym")


def test_two_digit_years_turn_over_fifty_years_ahead() -> None:
    assert read_date("1/1/76", TODAY)[0] == date(2076, 1, 1)
    assert read_date("1/1/77", TODAY)[0] == date(1977, 1, 1)


@given(st.sampled_from(ROSTER.columns), st.text())
def test_any_text_in_any_cell_gives_a_verdict(column, text: str) -> None:
    for change in cell_judge(column, today=TODAY)(text):
        assert change.column == column.name
        assert not change.rule or change.rule in rules()


@given(st.sampled_from(ROSTER.columns), st.text())
def test_a_repaired_cell_is_not_repaired_again(column, text: str) -> None:
    value, _ = judged(column.name, text)
    again, rule = judged(column.name, value)
    assert again == value
    assert rule in {"", "phone_unusable"}
