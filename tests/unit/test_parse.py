"""Reading addresses: the same street however it is written, suites cut, anything survived."""

from __future__ import annotations

import builtins
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adequacy.geocode import parse
from adequacy.geocode.parse import fold_city, fold_street, house_number, read_address, read_line
from adequacy.geocode.words import words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("North Main Street", "N. Main St"),
        ("East Twelfth St", "E 12th Street"),
        ("U.S. Highway 70 West", "US Hwy 70 W"),
        ("NC Highway 210", "N.C. 210"),
        ("NC210", "North Carolina Hwy 210"),
        ("Martin Luther King Junior Boulevard", "MLK Jr Blvd"),
        ("Saint Mary's Street", "St. Marys St"),
        ("Lake Boone Trail", "LAKE BOONE TRL"),
        ("7th Street Road", "Seventh St Rd"),
        ("State Road 1006", "SR 1006"),
        ("Peña Drive", "Pena Dr"),
    ],
)
def test_two_spellings_of_one_street_agree(one: str, other: str) -> None:
    assert fold_street(one) == fold_street(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("North Main Street", "South Main Street"),
        ("Oak Street", "Oak Avenue"),
        ("12th Street", "13th Street"),
        ("North Street", "Street"),
        ("Avenue N", "Avenue"),
        ("Main Street", "N Main Street"),
    ],
)
def test_two_streets_stay_two(one: str, other: str) -> None:
    assert fold_street(one) != fold_street(other)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("101 Manning Dr Ste 200", "101 MANNING DR"),
        ("101 Manning Dr, Suites 4 and 5, STE 200", "101 MANNING DR"),
        ("101 Manning Dr #1D", "101 MANNING DR"),
        ("101 Manning Dr.Ste. 8", "101 MANNING DR"),
        ("624 W Davis St 2nd Floor", "624 W DAVIS ST"),
        ("1504 Jake Alexander Blvd, W", "1504 JAKE ALEXANDER BLVD W"),
        ("2228 S. 17TH STREET/FISCAL SERVICES", "2228 S 17TH ST"),
        ("74 Springfield Street B", "74 SPRINGFIELD ST"),
        ("100 Lot Road", "100 LOT RD"),
        ("12 Front St", "12 FRONT ST"),
        ("120 1/2 N Main St", "120 1/2 N MAIN ST"),
        ("120-A Oak Lane", "120A OAK LN"),
        ("1570 NC 8 & 89 HWY NORTH", "1570 NC 8 89 HWY N"),
        ("958 U S HIGHWAY 64 EAST", "958 US 64 E"),
        ("101 Manning Dr PO Box 7", "101 MANNING DR"),
    ],
)
def test_a_street_line_loses_its_suite_and_nothing_else(line: str, text: str) -> None:
    assert read_line(line)[0].text == text


@pytest.mark.parametrize(
    ("line", "sort"),
    [
        ("PO Box 12", "box"),
        ("P.O. BOX 639", "box"),
        ("Post Office Drawer 5", "box"),
        ("RR 2 Box 55A", "rural"),
        ("Corner of Main and 1st", "other"),
        ("Telehealth only", "other"),
        ("", "other"),
    ],
)
def test_what_is_no_street_is_not_taken_for_one(line: str, sort: str) -> None:
    assert read_line(line)[0].sort == sort


@pytest.mark.parametrize(
    "text",
    [
        "101 Manning Dr, Chapel Hill, NC 27514",
        "101 Manning Drive Ste 200, Chapel Hill NC 27514-1234",
        "101 Manning Dr Ste 200 Chapel Hill NC 27514",
        "101 manning dr\nchapel hill, n.c.\n27514",
        "101 Manning Dr, Chapel Hill, North Carolina 27514, USA",
        "101 Manning Dr Chapel Hill 27514 NC",
    ],
)
def test_one_line_gives_street_city_state_and_zip(text: str) -> None:
    readings = read_address(text)
    assert ("101 MANNING DR", "CHAPEL HILL", "NC", "27514") in [(r.text, r.city, r.state, r.zip5) for r in readings]


def test_rules_alone_read_what_the_trained_reader_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "usaddress":
            raise ImportError(name)
        return real(name, *rest)

    with_it = read_address("101 Manning Dr Ste 200, Chapel Hill NC 27514")
    monkeypatch.setattr(builtins, "__import__", without)
    assert parse._tag("101 Manning Dr") == {}
    assert read_address("101 Manning Dr Ste 200, Chapel Hill NC 27514") == with_it


def test_house_numbers_and_cities_fold() -> None:
    assert house_number("0120-a") == (120, "A")
    assert house_number("120-12") == (120, "-12")
    assert house_number("twelve") is None
    assert fold_city("Mount Olive") == fold_city("Mt. Olive")


def test_every_folded_street_word_is_a_spelling_of_itself() -> None:
    suffix = words("suffix")
    assert all(suffix[folded] == folded for folded in suffix.values())
    assert all(suffix.get(full, words("direction").get(full)) == folded for folded, full in words("full").items())


@given(st.text(max_size=80))
@settings(max_examples=200, deadline=None)
def test_any_text_is_read_without_a_fault(text: str) -> None:
    for reading in [*read_line(text), *read_address(text)]:
        assert reading.sort in {"street", "box", "rural", "other"}
        assert (reading.sort == "street") == bool(reading.street.name)
