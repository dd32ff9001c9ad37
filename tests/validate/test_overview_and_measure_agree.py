"""The report and ``adequacy measure`` say the same of the same people, to the person."""

from __future__ import annotations

import adequacy as aq
from adequacy.compliance.measuring import Plan, measure_rules


def test_every_county_and_service_of_the_demo_agrees_to_the_person() -> None:
    """People, within, not told and beyond of the report, against the standard that is the plan's own radius."""
    with aq.demo_network() as net:
        overview = net.overview()
        people = aq.census_people([county["county_fips"] for county in overview["counties"]])
        measured = measure_rules(Plan(net.file, net.policy, overview["as_of"]), "alliance_oon", people)
    assert {row["standard"] for row in measured.by_county} == {overview["standard"]["id"]}
    rows = {(row["service"], row["county_fips"]): row for row in measured.by_county}
    compared = 0
    for service in overview["services"]:
        for ours in service["counties"]:
            theirs = rows[service["service"], ours["county_fips"]]
            perhaps = theirs["people_perhaps_within"]
            undetermined = 0 if perhaps is None else perhaps - theirs["people_within"]
            assert ours["people"] == theirs["people"]
            assert ours["within"] == theirs["people_within"], (service["service"], ours)
            assert ours["undetermined"] == undetermined, (service["service"], ours)
            assert ours["beyond"] == theirs["people_beyond"] - undetermined, (service["service"], ours)
            compared += 1
    assert compared == len(overview["services"]) * len(overview["counties"]) > 400
