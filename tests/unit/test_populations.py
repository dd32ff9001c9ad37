"""A population word that nobody knows is refused: taken as typed it would rule sites out and read as a gap."""

from __future__ import annotations

from datetime import date

import pytest

from adequacy import access
from adequacy.access.populations import population_word
from adequacy.api import Network, demo_network
from adequacy.errors import UsageError

ON = date(2026, 11, 1)


@pytest.fixture(scope="module")
def net() -> Network:
    return demo_network()


@pytest.mark.parametrize("word", ["women", "pregnant_women", "men", "eating_disorder", "lgbtq_youth", "deaf"])
def test_every_word_of_the_demo_is_known(net: Network, word: str) -> None:
    assert population_word(net.file, net.policy, word, ON) == word


@pytest.mark.parametrize(
    ("typed", "word"),
    [("LGBTQ+ Youth", "lgbtq_youth"), (" Pregnant-Women ", "pregnant_women"), ("I/DD", "idd"), ("ADULT", "adult")],
)
def test_case_blanks_and_punctuation_do_not_matter(net: Network, typed: str, word: str) -> None:
    assert population_word(net.file, net.policy, typed, ON) == word


@pytest.mark.parametrize(
    ("typed", "suggested"),
    [("woman", "women"), ("pregnant", "pregnant_women"), ("deaff", "deaf"), ("lgbtq", "lgbtq_youth")],
)
def test_a_slip_is_refused_and_the_near_word_named(net: Network, typed: str, suggested: str) -> None:
    with pytest.raises(UsageError, match=f"for the population '{typed}'. Did you mean .*'{suggested}'"):
        population_word(net.file, net.policy, typed, ON)


@pytest.mark.parametrize("typed", ["", "   ", "---", "zzzz", "日本", "\x1b[31m", "x" * 5000, "women;men"])
def test_what_is_no_word_is_refused_in_one_short_line(net: Network, typed: str) -> None:
    with pytest.raises(UsageError) as error:
        population_word(net.file, net.policy, typed, ON)
    assert "\n" not in error.value.message
    assert "\x1b" not in error.value.message
    assert len(error.value.message) < 400


def test_words_of_the_policy_need_a_day_on_which_it_is_in_force(net: Network) -> None:
    assert population_word(net.file, net.policy, "idd", ON) == "idd"
    with pytest.raises(UsageError, match="for the population 'idd'"):
        population_word(net.file, net.policy, "idd", date(2019, 1, 1))
    assert population_word(net.file, net.policy, "deaf", date(2019, 1, 1)) == "deaf"


def test_a_question_with_a_slip_is_refused_before_it_reads_as_a_gap(net: Network) -> None:
    with pytest.raises(UsageError, match="Did you mean"):
        net.check("saiop", zip5="27546", population="wimen")
    answer = net.check("saiop", zip5="27546", population="Women").to_dict()
    assert answer["question"]["population"] == "women"


def test_every_way_to_ask_refuses_a_slip(net: Network) -> None:
    place = net.check("saiop", zip5="27546").record.place
    service = net.policy.services["saiop"]
    with pytest.raises(UsageError, match="for the population"):
        access.ask(net.file, net.policy, service, place, "2026-11-01", population="wimen")
