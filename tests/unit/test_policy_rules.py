"""The policy answers by date, or says that none is in force and when the first begins."""

from datetime import date

import pytest

from adequacy.errors import NoStandardInForce, PolicyError, UsageError
from adequacy.policy import load_policy

POLICY = load_policy()
TODAY = date(2026, 11, 23)


def test_the_radius_is_thirty_miles_straight_line_boundary_included():
    radius = POLICY.radius(TODAY)
    assert (radius.id, radius.limit_mi, radius.measure, radius.boundary) == (
        "alliance_oon.radius",
        30.0,
        "geodesic",
        "included",
    )
    assert (radius.source_reviewed, radius.confidence) == ("2020-10-12", "stated")


def test_before_the_first_rule_no_standard_is_in_force_and_the_first_date_is_named():
    assert POLICY.radius(date(2020, 10, 12)).limit_mi == 30.0
    with pytest.raises(NoStandardInForce, match="2020-10-11; its first begins 2020-10-12"):
        POLICY.radius(date(2020, 10, 11))
    with pytest.raises(NoStandardInForce, match="first begins 2020-10-12"):
        POLICY.ruleset(date(2020, 10, 11))
    with pytest.raises(NoStandardInForce, match="zip_boundary_tolerance_mi"):
        POLICY.value("zip_boundary_tolerance_mi", date(2019, 1, 1))


def test_the_settings_have_their_values_units_and_sources():
    assert POLICY.value("zip_boundary_tolerance_mi", TODAY) == 0.3
    assert POLICY.value("mailing_zip_tolerance_mi", TODAY) == 5.0
    assert POLICY.value("accepting_valid_days", TODAY) == 90
    assert POLICY.value("distance_bands_mi", TODAY) == (10, 20, 30)
    assert POLICY.value("strict_closed_network", TODAY) is False
    assert POLICY.setting("small_cell_max", TODAY).confidence == "verified"
    assert all(POLICY.setting(name, TODAY).source for name in POLICY.setting_names)
    with pytest.raises(PolicyError, match="no entry 'zip_tolerance'"):
        POLICY.value("zip_tolerance", TODAY)


@pytest.mark.parametrize(
    ("day", "county", "served"),
    [
        (date(2024, 1, 31), "37085", False),
        (date(2024, 2, 1), "37085", True),
        (date(2021, 11, 30), "37119", False),
        (date(2021, 12, 1), "37119", True),
        (TODAY, "37105", False),
    ],
)
def test_the_catchment_is_a_function_of_the_date(day, county, served):
    assert POLICY.serves(county, day) is served
    assert (county in POLICY.counties(day)) is served


def test_johnston_was_rural_and_is_urban_and_harnett_is_rural():
    assert POLICY.county_class("37101", date(2021, 6, 30)).area_class == "rural"
    assert POLICY.county_class("37101", date(2021, 7, 1)).area_class == "urban"
    assert POLICY.county_class("37085", TODAY).area_class == "rural"
    assert POLICY.county_class("45001", TODAY) is None


def test_a_later_text_is_known_and_not_active():
    assert "2025-12" in POLICY.later_text_known(TODAY)
    assert POLICY.ruleset(TODAY).id == "alliance_oon_2020"
    assert [ruleset.active for ruleset in POLICY.rulesets] == [False, True, False]


def test_the_rows_for_requests_are_there():
    assert [row.rule for row in POLICY.decision_rows("alliance_oon_2020")] == [f"R{n:02}" for n in range(14)]
    clocks = POLICY.clocks(TODAY)
    assert (clocks["provider_list"].length, clocks["inpatient_sar"].unit) == (7, "elapsed_hours")
    assert POLICY.clocks(date(2025, 12, 31))["um_standard"].length == 14
    assert clocks["um_standard"].length == 7
    assert "sca_term_2017" not in clocks
    assert {"L0", "L4a", "L9d", "L14"} <= set(POLICY.letters)
    assert POLICY.letters["L8"].written_by == "um"
    assert "2026-11-26" in {day.date for day in POLICY.closed_days}


def test_the_second_organisation_has_its_own_states_clock_and_calendar_and_no_radius():
    wisconsin = load_policy("wisconsin")
    assert set(wisconsin.plan.states) == {"WI", "MI", "MN", "IL", "IA"}
    assert wisconsin.serves("55025", TODAY)
    assert not wisconsin.serves("37085", TODAY)
    assert [(clock.length, clock.unit) for clock in wisconsin.clocks(TODAY).values()] == [(30, "business_days_before")]
    assert {code for code, _, _ in wisconsin.plan.practitioner_types} >= {"MD", "LPC", "CSAC", "BCBA"}
    assert wisconsin.later_text_known(TODAY) is None
    with pytest.raises(NoStandardInForce, match="no radius rule"):
        wisconsin.radius(TODAY)
    with pytest.raises(NoStandardInForce, match="no active ruleset"):
        wisconsin.ruleset(TODAY)


def test_an_unknown_plan_is_refused_with_the_known_ones():
    with pytest.raises(UsageError, match="Known: alliance, wisconsin"):
        load_policy("aliance")


def test_the_years_whose_closed_days_are_known_are_said():
    assert POLICY.closed_years == (2026, 2027)


def test_a_standard_is_named_or_refused():
    assert POLICY.standard("alliance_oon.radius", TODAY) == POLICY.radius(TODAY)
    with pytest.raises(UsageError, match="No standard is named 'alliance_oon"):
        POLICY.standard("alliance_oon.radus", TODAY)
    with pytest.raises(UsageError, match="Known: alliance_oon, lme_mco_2016"):
        POLICY.scheme("nc_tailord_plan")


def test_a_scheme_before_its_first_day_names_it():
    with pytest.raises(NoStandardInForce, match="first begins 2024-07-01"):
        POLICY.scheme("nc_tailored_plan").standards(date(2024, 6, 30))


def test_what_nobody_has_verified_says_so():
    standards = {one.id.split(".")[1]: one.is_unverified for one in POLICY.scheme("nc_tailored_plan").standards(TODAY)}
    assert standards["outpatient_bh"]
    assert not standards["primary_care"]


def test_a_broken_compiled_file_is_named_with_the_way_out(monkeypatch, tmp_path):
    monkeypatch.setattr("adequacy.policy.rules.COMPILED", tmp_path)
    with pytest.raises(PolicyError, match=r"compiled/core.json cannot be read .* python -m adequacy.policy"):
        load_policy()


def test_the_share_and_the_credits_of_the_federal_scheme_are_by_county_type_and_specialty():
    scheme = POLICY.scheme("ma_422_116")
    assert scheme.parameter("required_share_pct", TODAY).value == {
        "Large Metro": 90,
        "Metro": 90,
        "Micro": 85,
        "Rural": 85,
        "CEAC": 85,
    }
    assert scheme.parameter("telehealth_credit_points", date(2023, 1, 1)).value == {"029": 10}
    assert set(scheme.parameter("telehealth_credit_points", TODAY).value) == {"029", "036", "037", "068"}
    assert scheme.parameter("p95_ratio", date(2025, 1, 1)) is None
    assert scheme.specialty_services()["029"] == ("op_medmgmt",)
