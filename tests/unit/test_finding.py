"""finding: the short way to the word agrees with the whole way, and a site is judged by its best offering."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations, product

import pytest

from adequacy.access.finding import Question, find, word_for
from adequacy.geocode import locate_point
from tests.offerings import offering

LON, LAT = -78.8, 35.4
HERE = locate_point(lon=LON, lat=LAT)
ASKED = Question(on="2026-11-01", limit_mi=30.0, tolerance_mi=0.0)
MILES_PER_DEGREE = 68.95  # of latitude, about here


def at(distance_mi: float, **changes: object) -> object:
    """A site that counts, about so many miles to the north."""
    return offering(lon=LON, lat=LAT + distance_mi / MILES_PER_DEGREE, **changes)


@pytest.mark.parametrize("kind", ["point", "disc"])
def test_the_word_alone_is_the_word_of_the_whole_finding(kind: str) -> None:
    seen = set()
    for distance, tolerance, radius, unsure in product(
        (18.0, 23.0, 24.5, 26.0, 27.0, 29.5, 29.9, 30.1, 30.5, 33.0, 35.5, 37.0, 42.0),
        (0.0, 0.3, 5.0),
        (0.0, 2.0),
        (0.0, 1.5),
    ):
        place = replace(HERE, kind=kind if radius else "point", uncertainty_mi=radius)
        question = replace(ASKED, tolerance_mi=tolerance)
        sites = [at(distance, uncertainty_mi=unsure), at(44.0, site_id="S2")]
        word = find(place, sites, question).word
        assert word_for(place, sites, question) == word, (distance, tolerance, radius, unsure)
        # one site on a line from the place: plain sums say the same, but for the bend of a degree
        far, near = distance + radius + unsure + tolerance, distance - radius - unsure - tolerance
        if min(abs(far - 30), abs(near - 30)) > 0.05:
            assert word == ("covered" if far <= 30 else "gap" if near > 30 else "too_close_to_call")
        seen.add(word)
    assert seen == {"covered", "gap", "too_close_to_call"}


def test_a_site_counts_by_any_offering_that_does_in_whatever_order_they_come() -> None:
    good, ended, stopped = (
        at(5.0, offering_id=1),
        at(5.0, offering_id=2, contract_status="ended"),
        at(5.0, offering_id=3, referral_stop="Y", contract_status="ended"),
    )
    for order in permutations((good, ended, stopped)):
        found = find(HERE, list(order), ASKED)
        assert found.word == word_for(HERE, list(order), ASKED) == "covered"
        assert [site.offering.offering_id for site in found.sites] == [1]
        assert found.not_counted == ()


def test_a_site_that_does_not_count_is_told_by_the_offering_nearest_to_counting() -> None:
    ended = at(5.0, offering_id=2, contract_status="ended")
    unknown = at(5.0, offering_id=4, nctracks_status="unknown")
    both = at(5.0, offering_id=3, referral_stop="Y", contract_status="ended")
    for order in permutations((ended, both)):
        [told] = find(HERE, list(order), ASKED).not_counted
        assert told.reasons == ("contract_ended",)
    # a missing fact is no "no": it is the better hope
    for order in permutations((ended, unknown, both)):
        found = find(HERE, list(order), ASKED)
        assert [told.reasons for told in found.not_counted] == [("nctracks_unknown",)]
        assert (found.word, found.word_if_unknowns_count) == ("gap", "covered")


def test_of_two_offerings_that_count_the_one_that_serves_every_county_is_kept() -> None:
    place = replace(HERE, counties=("37085", "37101"))
    some, all_of_them = at(5.0, offering_id=1, counties_served="37085"), at(5.0, offering_id=2)
    for order in permutations((some, all_of_them)):
        found = find(place, list(order), replace(ASKED, travels=True))
        assert [site.offering.offering_id for site in found.sites] == [2]
        assert found.word == "covered"
    assert find(place, [some], replace(ASKED, travels=True)).word == "too_close_to_call"
