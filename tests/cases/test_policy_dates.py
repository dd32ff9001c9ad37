"""Run policy_dates.yaml: which rule holds on a day, as policy staff wrote it down."""

from pathlib import Path

import pytest
import yaml

from adequacy.errors import NoStandardInForce
from adequacy.policy import load_policy

CASES = yaml.safe_load((Path(__file__).parent / "policy_dates.yaml").read_text(encoding="utf-8"))


def _radius(policy, case):
    return policy.radius(case["day"]).limit_mi, case["radius_mi"]


def _ruleset(policy, case):
    return policy.ruleset(case["day"]).id, case["ruleset"]


def _county(policy, case):
    if "served" in case:
        return policy.serves(case["county"], case["day"]), case["served"]
    return policy.county_class(case["county"], case["day"]).area_class, case["area_class"]


def _clock(policy, case):
    clock = policy.clocks(case["day"]).get(case["clock"])
    return ("none" if clock is None else clock.length), case["length"]


def _standard(policy, case):
    return policy.standard(case["standard"], case["day"]).urban_mi, case["urban_mi"]


QUESTIONS = {"radius_mi": _radius, "ruleset": _ruleset, "county": _county, "clock": _clock, "standard": _standard}


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_rule_of_the_day(case):
    policy = load_policy(case.get("plan", "alliance"))
    question = next(ask for key, ask in QUESTIONS.items() if key in case)
    try:
        answer, expected = question(policy, case)
    except NoStandardInForce:
        answer, expected = "none", next(value for key, value in case.items() if value == "none")
    assert answer == expected
