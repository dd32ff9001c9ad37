"""``adequacy check`` as scripts and staff rely on it: exit codes, one line per mistake, formats, width."""

from __future__ import annotations

import csv
import inspect
import io
import json
import sqlite3
import typing

import pytest

from adequacy.cli.app import check as typed_check
from adequacy.cli.check import OPTIONS, understand

GOOD = ("check", "--service", "SAIOP", "--zip", "27546")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--service", "saiop", "--zip", "2754"), 2, "4 digits"),
        (("--service", "saiop", "--zip", "275461"), 2, "6 digits"),
        (("--service", "saiop", "--zip", "2754A"), 2, "five digits"),
        (("--service", "saiop", "--zip", ""), 2, "ZIP"),
        (("--service", "saiop", "--zip", "00001"), 4, "ZIP"),
        (("--service", "saiop", "--zip", "09012"), 4, "military"),
        (("--service", "saiop", "--point", "-78.85,35.40"), 2, "35.4"),
        (("--service", "saiop", "--point", "135,-78.85"), 2, "latitude"),
        (("--service", "saiop", "--point", "51.5,-0.12"), 4, "United States"),
        (("--service", "saiop", "--point", "here"), 2, "latitude first"),
        (("--service", "nonsense", "--zip", "27546"), 2, "nonsense"),
        (("--service", "TCM", "--zip", "27546"), 2, "tcm_tailored"),
        (("--service", "saiopp", "--zip", "27546"), 2, "saiop"),
        (("--service", "tcli", "--zip", "27546"), 4, "no service of its own"),
        (("--service", "saiop", "--zip", "27546", "--as-of", "2020-10-11"), 4, "2020-10-12"),
        (("--service", "saiop", "--zip", "27546", "--as-of", "2026-02-30"), 2, "2026-02-30"),
        (("--service", "saiop", "--zip", "27546", "--age", "-1"), 2, "age"),
        (("--service", "saiop", "--zip", "27546", "--age", "old"), 2, "--age: 'old' is no age"),
        (("--service", "saiop", "--zip", "27546", "--limit-mi", "far"), 2, "--limit-mi: 'far' is no number of miles"),
        (("--service", "saiop", "--zip", "27546", "--population", "pregnant_woman"), 2, "pregnant_women"),
        (("--service", "saiop", "--zip", "27546", "--population", ""), 2, "population"),
        (("--service", "saiop", "--zip", "27546", "--limit-mi", "0"), 2, "miles"),
        (("--service", "saiop", "--zip", "27546", "--limit-mi", "nan"), 2, "miles"),
        (("--service", "saiop", "--zip", "27546", "--format", "pdf"), 2, "pdf"),
        (
            ("--service", "saiop", "--zip", "27546", "--funding", "gold"),
            2,
            "--funding: 'gold' is not one of medicaid, state",
        ),
        (("--service", "saiop", "--zip", "27546", "--plan", "nobody"), 2, "nobody"),
        (("--service", "saiop"), 2, "one way"),
        (("--service", "saiop", "--zip", "27546", "--point", "35.4,-78.8"), 2, "one way"),
        (("--zip", "27546"), 2, "--service"),
        (("--service", "saiop", "--zip", "27546", "--frobnicate"), 2, "--frobnicate"),
        (("--service", "saiop", "--zip", "27546", "--network", "absent.gpkg"), 3, "absent.gpkg"),
        (("--service", "saiop", "--zip", "27546", "--policy", "absent-folder"), 3, "absent-folder"),
        (("--service", "saiop", "--zip", "27546", "--list", "no-such-folder/list.csv"), 3, "no-such-folder"),
        (("--service", "saiop", "--zip", "27546", "--map", "no-such-folder/map.html"), 3, "no-such-folder"),
        (("--service", "saiop", "--member", "M1"), 2, "--members"),
    ],
)
def test_bad_input_is_one_line_with_the_right_exit_code(run, arguments, code, says) -> None:
    assert says in run("check", *arguments).refused(code)


def test_a_zip_plus_four_is_accepted(run) -> None:
    assert run("check", "--service", "saiop", "--zip", "27546-1234").code == 0


@pytest.mark.parametrize("content", [b"", b"not a database", b"SQLite format 3\x00" + b"\xff" * 4000])
def test_a_network_file_that_is_none_is_refused(run, tmp_path, content) -> None:
    file = tmp_path / "broken.gpkg"
    file.write_bytes(content)
    assert "broken.gpkg" in run(*GOOD, "--network", str(file)).refused(3)


def test_a_network_from_a_newer_version_is_refused(run, tmp_path) -> None:
    from adequacy.reference.demo import demo_path

    file = tmp_path / "newer.gpkg"
    file.write_bytes(demo_path().read_bytes())
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE meta SET value = '99' WHERE key = 'format_version'")
    connection.close()
    assert "newer version" in run(*GOOD, "--network", str(file)).refused(3)


def test_a_geopackage_of_somebody_else_is_refused(run, tmp_path) -> None:
    file = tmp_path / "parks.gpkg"
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA application_id = 1196444487")
        connection.execute("CREATE TABLE parks (name)")
    connection.close()
    assert "no network file of adequacy" in run(*GOOD, "--network", str(file)).refused(3)


def test_a_damaged_page_is_one_line(run, tmp_path) -> None:
    from adequacy.reference.demo import demo_path

    file = tmp_path / "torn.gpkg"
    content = demo_path().read_bytes()
    file.write_bytes(content[: len(content) // 3])
    assert "torn.gpkg" in run(*GOOD, "--network", str(file)).refused(3)


def test_exit_codes_tell_the_finding_only_when_asked(run) -> None:
    gap = ("check", "--service", "ip_child", "--zip", "28719")
    answer = json.loads(run(*gap, "--format", "json").out)
    assert answer["finding"] == "gap"
    assert run(*gap).code == 0
    assert run(*gap, "--exit-code").code == 10
    assert run(*GOOD, "--exit-code").code == 0


def test_json_has_the_documented_shape(run) -> None:
    answer = json.loads(run(*GOOD, "--format", "json").out)
    assert answer["schema"] == "adequacy.check/1"
    assert {"finding", "finding_if_unknowns_count", "service", "origin", "standard", "nearest_mi", "tolerance_mi",
            "share_within_pct", "sites", "nearest_site", "serves_county_beyond_limit", "not_counted", "one_fix_away",
            "funnel", "accessibility", "cautions", "network", "as_of", "version"} <= set(answer)  # fmt: skip
    assert {"given", "zip5", "zcta", "lon", "lat", "precision", "uncertainty_mi", "county_fips"} <= set(
        answer["origin"]
    )
    assert {"site_id", "provider", "name", "address", "city", "state", "zip5", "phone", "lon", "lat", "distance_mi",
            "distance_low_mi", "distance_high_mi", "within"} <= set(answer["sites"][0])  # fmt: skip
    assert answer["standard"]["limit_mi"] == 30.0
    assert answer["standard"]["source_reviewed"] == "2020-10-12"
    distances = [site["distance_mi"] for site in answer["sites"]]
    assert distances == sorted(distances)
    assert sum(answer["accessibility"].values()) == len(answer["sites"])
    assert all(site["distance_low_mi"] <= 30 for site in answer["sites"])
    assert answer["funnel"]["rows"] >= answer["funnel"]["counted"] >= len(answer["sites"])


def test_csv_and_geojson_hold_the_same_sites_as_json(run) -> None:
    answer = json.loads(run(*GOOD, "--format", "json").out)
    rows = list(csv.DictReader(io.StringIO(run(*GOOD, "--format", "csv").out)))
    assert [row["site_id"] for row in rows if row["counted"] == "Y"] == [site["site_id"] for site in answer["sites"]]
    assert "invented contracts" in rows[0]["note"]
    collection = json.loads(run(*GOOD, "--format", "geojson").out)
    assert collection["type"] == "FeatureCollection"
    assert len(collection["features"]) == len(answer["sites"]) + len(answer["not_counted"])


@pytest.mark.parametrize("service", ["saiop", "mst", "actt", "prtf", "ip_adult", "op_therapy", "otp"])
@pytest.mark.parametrize(
    "place", [("--zip", "27546"), ("--zip", "28719"), ("--zip", "27710"), ("--point", "35.4,-78.85")]
)
def test_the_page_fits_eighty_columns_and_says_where_it_comes_from(run, service, place) -> None:
    page = run("check", "--service", service, *place, "--all").out
    assert max(len(line) for line in page.splitlines()) <= 80
    assert "real places, invented contracts" in "".join(page.splitlines()[:4])
    assert "\x1b" not in page
    assert "Roster: demo of 2026-11-01" in page
    assert "deny" not in page.lower()


def test_too_close_leads_with_the_share_of_people_and_what_settles_it(run) -> None:
    for zip5 in ("27312", "27549", "28334", "27524", "27330"):
        answer = json.loads(run("check", "--service", "php_partial", "--zip", zip5, "--format", "json").out)
        page = " ".join(run("check", "--service", "php_partial", "--zip", zip5).out.split())
        if answer["finding"] == "too_close_to_call":
            assert "of this ZIP's people" in page
            assert "street address settles it" in page
            return
    pytest.fail("no ZIP of the sample is too close to call")


def test_the_day_before_the_roster_is_answered_with_a_caution(run) -> None:
    answer = json.loads(run(*GOOD, "--as-of", "2026-10-01", "--format", "json").out)
    assert "roster_later_than_date" in {caution["code"] for caution in answer["cautions"]}
    stale = json.loads(run(*GOOD, "--as-of", "2027-06-01", "--format", "json").out)
    assert "roster_stale" in {caution["code"] for caution in stale["cautions"]}


def test_the_quick_reader_and_the_typer_command_know_the_same_options() -> None:
    parameters = inspect.signature(typed_check).parameters
    hints = typing.get_type_hints(typed_check, include_extras=True)
    # in Annotated, typer takes the first words given to Option as the flag and only later moves them
    declared = {hints[name].__metadata__[0].default: name for name in parameters}
    assert declared == {flag: name for flag, (name, _) in OPTIONS.items()}
    defaults = {name: p.default for name, p in parameters.items() if p.default is not inspect.Parameter.empty}
    from adequacy.cli.check import run as plain

    assert {n: p.default for n, p in inspect.signature(plain).parameters.items() if n in defaults} == defaults


def test_what_the_quick_reader_does_not_understand_goes_to_typer() -> None:
    assert understand(["check", "--service", "saiop", "--zip", "27546"]) == {"service": "saiop", "zip5": "27546"}
    for arguments in (
        ["check", "--help"],
        ["check", "--zip=27546"],
        ["services"],
        ["check", "--zip", "1", "--zip"],
        [],
    ):
        assert understand(arguments) is None


def test_a_plan_without_a_radius_rule_answers_only_with_a_limit_given_by_hand(run) -> None:
    asked = ("check", "--service", "saiop", "--zip", "53703", "--plan", "wisconsin")
    assert "no radius rule" in run(*asked).refused(4)
    answer = json.loads(run(*asked, "--limit-mi", "30", "--format", "json").out)
    assert answer["standard"]["id"] == "given.limit"
    assert "rule_unverified" in {caution["code"] for caution in answer["cautions"]}


def test_a_limit_by_hand_is_said_and_decides(run) -> None:
    answer = json.loads(run(*GOOD, "--limit-mi", "5", "--format", "json").out)
    assert answer["standard"]["limit_mi"] == 5
    assert answer["finding"] != "covered"
    assert "policy_overridden" in {caution["code"] for caution in answer["cautions"]}


def test_an_ambiguous_word_in_the_catalogue_asks_back_with_the_choices(run) -> None:
    page = run("services", "TCM").out
    assert "may mean" in page
    assert "tcm_tailored" in page
    assert "tcm_8l" in page
    assert "nonsense" in run("services", "nonsense").refused(2)
