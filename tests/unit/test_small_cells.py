"""Small counts of people: what a reader can work out from the tables, found by an attacker who tries everything."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adequacy.compliance.judging import CATCHMENT, OUTSIDE
from adequacy.compliance.small_cells import hide_small, hide_small_counts

MOST = 10
PARTS = ("people", "within", "beyond", "perhaps", "surely_beyond")
#: Within, perhaps within, surely beyond: small, at the edge, and large counts.
COUNTY = st.tuples(*[st.sampled_from([0, 0, 1, 3, 9, 10, 11, 12, 25, 400])] * 3)


@given(st.dictionaries(st.sampled_from("ABCDEFG"), st.integers(0, 60), min_size=1), st.sampled_from([5, 10]))
def test_no_small_count_is_shown_or_can_be_worked_out(counts, most) -> None:
    """For every hidden count there is another filling of the hidden cells, with a large count there, that fits."""
    shown = hide_small_counts(counts, most)
    visible = {key: count for key, count in shown.counts.items() if count is not None}
    hidden = [key for key in counts if key not in visible]
    assert all(count == 0 or count > most for count in visible.values())
    assert all(visible[key] == counts[key] for key in visible)
    if shown.total is not None and hidden:
        left = shown.total - sum(visible.values())
        for key in hidden:
            largest = left - (len(hidden) - 1)
            assert largest > most, (key, shown)
            assert len(hidden) > 1


def test_nothing_is_hidden_without_need() -> None:
    assert hide_small_counts({"A": 0, "B": 11, "C": 500}, 10).is_whole
    assert hide_small_counts({"A": 4, "B": 9, "C": 500}, 10).counts == {"A": None, "B": None, "C": 500}


@given(st.lists(COUNTY, min_size=1, max_size=5), st.integers(0, 5))
@settings(max_examples=60, deadline=None)
@example([(3, 0, 400), (400, 0, 25)], 2)
@example([(3, 0, 9), (0, 0, 400), (0, 0, 25)], 3)
@example([(400, 3, 25), (400, 0, 25), (25, 11, 0)], 3)
@example([(1, 0, 0), (1, 0, 0)], 1)
def test_an_attacker_with_all_tables_cannot_tell_that_a_count_is_small(counties, ours) -> None:
    """Every hidden small count could be a large one, by integer programming over all that is shown."""
    ours = min(ours, len(counties))
    tables = make_tables(counties, ours)
    shown = hide_small(tables, MOST, [str(n) for n in range(ours)])
    for name, rows in shown.items():
        for row in rows:
            for column in ("people", "people_within", "people_beyond"):
                assert not 0 < (row[column] or 0) <= MOST, (name, column)
    attack = Attack(shown, len(counties), ours)
    for n, (within, perhaps, beyond) in enumerate(counties):
        true = (within + perhaps + beyond, within, perhaps + beyond, perhaps, beyond)
        for part, value in zip(PARTS, true, strict=True):
            if 0 < value <= MOST:
                assert attack.largest(n, part) > MOST, (n, part, shown)


def test_the_attacker_finds_what_is_not_hidden_well_enough() -> None:
    """The attack itself works: with the county alone emptied, the region's total gives it away."""
    tables = make_tables([(3, 0, 400), (400, 0, 25)], 2)
    tables["by_county"][0] |= {"people_within": None, "people_beyond": None, "suppressed": "Y"}
    assert Attack(tables, 2, 2).largest(0, "within") == 3


def test_what_needs_no_hiding_is_shown() -> None:
    tables = make_tables([(400, 25, 25), (25, 0, 0), (0, 0, 0)], 2)
    assert hide_small(tables, MOST, ["0", "1"]) == tables


def test_an_agency_that_has_nearly_a_whole_county_does_not_say_how_few_are_left() -> None:
    tables = make_tables([(997, 0, 3), (400, 0, 400)], 2)
    single = {"county_fips": "0", "service": "s", "standard": "t", "ages": "all", "people": 997, "share_pct": 99.7}
    hidden = hide_small(tables | {"single_cover": [single]}, MOST, ["0", "1"])
    assert hidden["single_cover"][0]["people"] is None
    assert hidden["single_cover"][0]["share_pct"] is None


def test_the_place_where_most_live_does_not_say_how_few_live_elsewhere() -> None:
    row = {"county_fips": "0", "service": "s", "standard": "t", "ages": "all", "people": 400, "people_beyond": 25}
    tables = make_tables([(375, 0, 25)], 1) | {"gaps": [row | {"worst_zcta": "27546", "worst_zcta_people": 20}]}
    assert hide_small(tables, MOST, ["0"])["gaps"][0]["worst_zcta"] is None


@pytest.mark.parametrize("column", ["people_short", "people_within"])
def test_a_region_does_not_say_by_its_shortfall_what_is_hidden_of_a_county(column) -> None:
    tables = make_tables([(3, 0, 997), (1000, 0, 0)], 2)
    tables["by_region"][0]["people_short"] = 897
    (region,) = hide_small(tables, MOST, ["0", "1"])["by_region"]
    assert region["people_short"] is None
    assert (region[column] is None) == (column == "people_short")


def make_tables(counties: list[tuple[int, int, int]], ours: int) -> dict[str, list[dict[str, Any]]]:
    """Tables by county and region of one standard, as ``measure`` makes them before anything is hidden."""
    by_county = [make_row(each) | {"county_fips": str(n)} for n, each in enumerate(counties)]
    regions = [(CATCHMENT, counties[:ours]), (OUTSIDE, counties[ours:])]
    by_region = [
        make_row(tuple(map(sum, zip(*mine, strict=True)))) | {"region": name} for name, mine in regions if mine
    ]
    return {"by_county": by_county, "by_region": by_region}


def make_row(counts: tuple[int, ...]) -> dict[str, Any]:
    within, perhaps, beyond = counts
    people = within + perhaps + beyond
    return {
        "service": "s", "standard": "t", "ages": "all", "people": people, "people_within": within,
        "people_beyond": perhaps + beyond, "people_perhaps_within": within + perhaps if perhaps else None,
        "share_pct": 100 * within / people if people else None,
    }  # fmt: skip


class Attack:
    """Everything a reader knows, as linear equations over whole numbers: rows add up, what is shown is true."""

    def __init__(self, tables: dict[str, list[dict[str, Any]]], counties: int, ours: int) -> None:
        self.size = counties * len(PARTS)
        self.rows: list[np.ndarray] = []
        self.values: list[float] = []
        self.least = np.zeros(self.size)
        for n, row in enumerate(tables["by_county"]):
            self._know({(n, "people"): 1, (n, "within"): -1, (n, "beyond"): -1}, 0)
            self._know({(n, "beyond"): 1, (n, "perhaps"): -1, (n, "surely_beyond"): -1}, 0)
            self._read(row, [n])
            if row["people"] is None:
                self.least[self._at(n, "people")] = 1
        for row in tables["by_region"]:
            mine = range(ours) if row["region"] == CATCHMENT else range(ours, counties)
            self._read(row, list(mine))

    def _at(self, county: int, part: str) -> int:
        return county * len(PARTS) + PARTS.index(part)

    def _know(self, terms: dict[tuple[int, str], float], value: float) -> None:
        row = np.zeros(self.size)
        for where, factor in terms.items():
            row[self._at(*where)] = factor
        self.rows.append(row)
        self.values.append(value)

    def _read(self, row: dict[str, Any], counties: list[int]) -> None:
        """What a row shows of some counties together."""
        for column, part in (("people", "people"), ("people_within", "within"), ("people_beyond", "beyond")):
            if row[column] is not None:
                self._know({(n, part): 1 for n in counties}, row[column])
        perhaps = row["people_perhaps_within"]
        if perhaps is not None:
            self._know({(n, part): 1 for n in counties for part in ("within", "perhaps")}, perhaps)
        elif not row.get("suppressed"):
            self._know({(n, "perhaps"): 1 for n in counties}, 0)

    def largest(self, county: int, part: str) -> float:
        """The largest value a hidden number can have, for all that is known."""
        from scipy.optimize import Bounds, LinearConstraint, milp

        goal = np.zeros(self.size)
        goal[self._at(county, part)] = -1
        found = milp(
            goal,
            constraints=LinearConstraint(np.array(self.rows), self.values, self.values),
            integrality=np.ones(self.size),
            bounds=Bounds(self.least, np.full(self.size, 1e5)),
        )
        assert found.success, found.message
        return round(-found.fun)
