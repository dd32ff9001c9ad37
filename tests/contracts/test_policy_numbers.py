"""The numbers of policy, typed a second time: a changed cell is caught even after the compiled form was rebuilt.

The second half changes every cell of the decision table, the clocks and the standards, one at a time, and wants each
change refused or seen.
"""

import copy
from datetime import date
from functools import cache

import pytest

from adequacy.errors import PolicyError
from adequacy.policy import compiler, load_policy
from adequacy.policy.decisions import combinations, walk
from adequacy.policy.faults import Faults, check_entry
from adequacy.policy.loader import TABLES, read_policy, shipped_sources
from adequacy.policy.records import DecisionRow
from adequacy.policy.rules import Policy

TODAY = date(2026, 11, 23)

# standard                                   urban mi, min; rural mi, min; providers; percent of people
STANDARDS = """
nc_tailored_plan.primary_care                 10  30  30  30   2  95
nc_tailored_plan.specialty_care               15  30  60  60   2  95
nc_tailored_plan.hospital                     15  30  30  30   1  95
nc_tailored_plan.pharmacy                     10  30  30  30   2  95
nc_tailored_plan.obstetrics                   10  30  30  30   2  95
nc_tailored_plan.pt_ot_st                     10  30  30  30   2  95
nc_tailored_plan.outpatient_bh                30  30  45  45   2  95
nc_tailored_plan.location_based               30  30  45  45   2  95
nc_tailored_plan.partial_hospitalization      30  30  60  60   1  95
nc_tailored_plan.community_mobile              -   -   -   -   2   -
nc_tailored_plan.crisis_fbc_adult              -   -   -   -   2   -
nc_tailored_plan.crisis_fbc_child              -   -   -   -   1   -
nc_tailored_plan.crisis_detox_nonhospital      -   -   -   -   2   -
nc_tailored_plan.crisis_ambulatory_wm          -   -   -   -   1   -
nc_tailored_plan.inpatient_bh                  -   -   -   -   1   -
nc_tailored_plan.hcbs_innovations_2            -   -   -   -   2   -
nc_tailored_plan.hcbs_innovations_1            -   -   -   -   1   -
nc_tailored_plan.ips_se                        -   -   -   -   2   -
nc_tailored_plan.residential                   -   -   -   -   1   -
lme_mco_2016.outpatient                       30   -  45   -   2 100
lme_mco_2016.location_based_medicaid          30   -  45   -   2 100
lme_mco_2016.location_based_state             30   -  45   -   1 100
lme_mco_2016.community_mobile_medicaid         -   -   -   -   2 100
lme_mco_2016.community_mobile_state            -   -   -   -   1 100
lme_mco_2018.outpatient                       30  30  45  45   2  95
"""

# clock              from        to          length unit                  plan      in use
CLOCKS = """
inpatient_sar          2020-10-12 -          72 elapsed_hours        alliance  Y
provider_list          2020-10-12 -           7 calendar_days        alliance  Y
oon_sar_return         2020-10-12 -          14 calendar_days        alliance  Y
sca_packet_return      2020-10-12 -          14 calendar_days        alliance  Y
sca_term_2017          2017-01-01 -          90 calendar_days        alliance  N
um_standard            2020-10-12 2025-12-31 14 calendar_days        alliance  Y
um_standard            2026-01-01 -           7 calendar_days        alliance  Y
um_expedited           2020-10-12 -          72 elapsed_hours        alliance  Y
enrollee_appeal        2020-10-12 -          60 calendar_days        alliance  Y
plan_appeal_resolution 2020-10-12 -          30 calendar_days        alliance  Y
state_fair_hearing     2020-10-12 -         120 calendar_days        alliance  Y
wi_provider_change     2024-08-01 -          30 business_days_before wisconsin Y
"""

# Wake and Dare are customised by CMS; Harnett is not. county specialty minutes miles number customised
FEDERAL = """
37183 029  20  10 2 N
37183 036  20  10 3 N
37183 037  20  10 4 N
37183 052  40  20 1 Y
37183 068  20  10 1 N
37119 029  20  10 2 N
37119 037  20  10 4 N
37063 029  45  30 1 N
37063 037  30  20 2 N
37085 037  30  20 1 N
37085 052  70  45 1 N
37085 068  40  25 1 N
37055 036  85  65 1 Y
37055 052 165 125 1 Y
37055 068  65  50 1 Y
37013 036  65  50 1 Y
37151 068  45  30 1 Y
37161 029  55  35 1 Y
"""


def _rows(text):
    return [line.split() for line in text.strip().splitlines()]


def _number(cell):
    return None if cell == "-" else float(cell)


@pytest.mark.parametrize(("name", "cells"), [(row[0], row[1:]) for row in _rows(STANDARDS)])
def test_a_standard_has_its_numbers(name, cells):
    schemes = [name, name.replace("tailored", "standard")] if "tailored" in name else [name]
    for one in schemes:
        found = load_policy().standard(one, TODAY)
        limits = (found.miles("urban"), found.minutes("urban"), found.miles("rural"), found.minutes("rural"))
        assert [*limits, found.min_providers, found.required_pct] == [_number(cell) for cell in cells]


def test_no_standard_is_missing_from_the_second_typing():
    policy = load_policy()
    named = {row[0].split(".")[1] for row in _rows(STANDARDS) if row[0].startswith("nc_tailored_plan")}
    for scheme in ("nc_tailored_plan", "nc_standard_plan"):
        assert {standard.id.split(".")[1] for standard in policy.scheme(scheme).standards(TODAY)} == named


def test_the_clocks_have_their_lengths():
    rows = read_policy()[0]["requests"]["clocks"]
    told = ("clock", "from", "to", "length", "unit", "plan", "is_active")
    assert [[row[name] or "-" for name in told] for row in rows] == _rows(CLOCKS)


def test_the_federal_counties_are_joined_on_the_county():
    table = {(row.county_fips, row.code): row for row in load_policy().scheme("ma_422_116").federal_counties()}
    assert len(table) == 600
    assert sum(row.is_customised for row in table.values()) == 15
    for fips, code, minutes, miles, number, customised in _rows(FEDERAL):
        row = table[fips, code]
        assert (row.max_minutes, row.max_miles, row.min_number) == (int(minutes), int(miles), int(number))
        assert row.is_customised is (customised == "Y")


def test_the_federal_minimum_numbers_follow_from_ratio_and_beneficiaries():
    import math

    scheme = load_policy().scheme("ma_422_116")
    ratios = {(row.code, row.county_type): row.min_ratio for row in scheme.federal_limits()}
    per = scheme.parameter("ratio_people", TODAY).value
    checked = 0
    for row in scheme.federal_counties():
        ratio = ratios[row.code, row.county_type]
        if ratio is not None and row.code in ("029", "036", "037"):
            needed = max(1, math.ceil(ratio * row.p95_ratio * row.total_medicare_beneficiaries / per))
            assert needed == row.min_number, (row.county, row.code)
            checked += 1
    assert checked == 300


def test_the_county_types_follow_from_people_and_density():
    policy = load_policy()
    scheme = policy.scheme("ma_422_116")
    types = {row.county_fips: row.county_type for row in scheme.federal_counties()}
    rules = scheme.county_type_rules()
    people = {row[0]: (int(row[5]), float(row[8])) for row in policy._parts["tables"]["ma_422_116"]["densities"]}
    for fips, (count, density) in people.items():
        fits = [
            rule.county_type
            for rule in rules
            if rule.people_from <= count
            and (rule.people_below is None or count < rule.people_below)
            and rule.density_from <= density
            and (rule.density_below is None or density < rule.density_below)
        ]
        assert fits == [types[fips]], fips


# --- every cell matters -----------------------------------------------------------------------------------------------


def _answers(rows):
    """What the decision table says of every combination."""
    table = [DecisionRow.from_row(row) for row in rows]
    trails = (walk(table, facts) for facts in combinations())
    return [(t.text, t.row.outcome, t.row.letter, t.row.clock, t.row.human_review) for t in trails]


@cache
def _base():
    return read_policy()[0]


def _seen(file, mutate):
    """Whether a change to the sources is refused, or changes what is compiled."""
    sources, faults = copy.copy(shipped_sources()), Faults()
    sources.tables = {**sources.tables, file: copy.deepcopy(sources.tables.get(file, {}))}
    sources.entries = {**sources.entries, file: copy.deepcopy(sources.entries.get(file, {}))}
    if not sources.tables[file]:
        del sources.tables[file]
    if not sources.entries[file]:
        del sources.entries[file]
    mutate(sources, faults)
    try:
        faults.refuse()
        return compiler.compile_parts(sources, faults)["core"]["sha256"] != _base()["core"]["sha256"]
    except PolicyError:
        return True


@pytest.mark.parametrize("file", ["decisions.csv", "clocks.csv"])
def test_every_cell_of_a_table_matters(file, monkeypatch):
    monkeypatch.setattr(compiler, "prove", lambda rows: [])  # slow, and tested with the loader
    assert not _seen(file, lambda sources, faults: None), "an unchanged table must not be seen as changed"
    for name, row in shipped_sources().tables[file].items():
        for column, cell in row.items():
            for changed in {cell + "x", "" if cell else "x", "*" if cell != "*" else "Y"} - {cell}:

                def mutate(sources, faults, name=name, column=column, changed=changed):
                    target = sources.tables[file][name]
                    target[column] = changed
                    check_entry(file, name, TABLES[file][0], target, faults)

                assert _seen(file, mutate), (file, name, column, changed)


def test_every_number_of_a_standard_matters(monkeypatch):
    monkeypatch.setattr(compiler, "prove", lambda rows: [])
    files = [file for file in shipped_sources().entries if file.startswith("standards/")]
    changed = 0
    for file in files:
        for name, entry in shipped_sources().entries[file].items():
            for day, values in entry.get("values", {}).items():
                for key in values if isinstance(values, dict) else ():

                    def mutate(sources, faults, file=file, name=name, day=day, key=key):
                        sources.entries[file][name]["values"][day][key] += 1

                    assert _seen(file, mutate), (file, name, day, key)
                    changed += 1
    assert changed > 150


def test_a_changed_decision_changes_what_is_decided_or_is_refused():
    rows = _base()["requests"]["decisions"]["alliance_oon_2020"]
    before = _answers(rows)
    for at, row in enumerate(rows):
        for column in ("outcome", "letter", "clock", "human_review"):
            other = {**row, column: "N" if row[column] == "Y" else "Y"}
            if row["set"]:
                continue
            assert _answers([*rows[:at], other, *rows[at + 1 :]]) != before, (row["rule"], column)


def test_a_trail_carries_the_flags_of_the_row_reached():
    rows = load_policy().decision_rows("alliance_oon_2020")
    facts = {
        "level_of_care": "non-inpatient",
        "consumer_identified": "Y",
        "contracted_in_30mi": "Y",
        "accessible": "N",
        "client_specific": "Y",
        "requester_contracted": "N",
        "nctracks_ok": "Y",
        "tp_closed_service": "Y",
    }
    trail = walk(rows, facts)
    assert (trail.text, trail.row.letter, trail.row.human_review) == ("R07>R12", "L4", False)
    assert trail.facts["contracted_in_30mi"] == "N"


def test_the_policy_class_reads_a_compiled_form_as_it_is():
    assert Policy("alliance", _base(), ()).sha256 == load_policy().sha256
