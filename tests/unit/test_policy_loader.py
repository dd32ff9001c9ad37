"""A wrong policy file is refused with file, entry, key and fix; a plan's own files replace entry by entry."""

from datetime import date
from pathlib import Path

import pytest

import adequacy.policy
from adequacy.errors import PolicyError
from adequacy.policy import load_policy
from adequacy.policy.loader import read_policy

SHIPPED = Path(adequacy.policy.__file__).parent
TODAY = date(2026, 11, 23)

SETTING = """\
accepting_valid_days:
  description: How long a word stays good.
  unit: calendar day
  confidence: verified
  values: {2020-10-12: 90, 2026-07-01: 30}
  reference:
    - {title: Provider manual, document: "manual", checked: 2026-11-23}
"""
CATCHMENT = "plan,county_fips,county,from,to,confidence,joined,source\n"


def _radius():
    text = (SHIPPED / "standards/alliance_oon.yaml").read_text(encoding="utf-8")
    return "radius:" + text.split("\nradius:")[1]


def _shipped(file):
    return (SHIPPED / file).read_text(encoding="utf-8")


@pytest.fixture
def lay(tmp_path):
    """Write overlay files and give their folder."""

    def write(**files):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return tmp_path

    return write


def _refusal(folder):
    with pytest.raises(PolicyError) as caught:
        read_policy(folder)
    assert "\n" not in caught.value.message
    return caught.value


SETTING_FAULTS = {
    "an entry that stands twice": (SETTING + SETTING, "line 8: the key 'accepting_valid_days' stands twice: keep one"),
    "a key that stands twice": (SETTING.replace("  unit", "  unit: x\n  unit"), "the key 'unit' stands twice"),
    "an unknown key": (
        SETTING.replace("confidence", "confidense"),
        "confidense: is not a known key: did you mean conf",
    ),
    "no citation": (SETTING.split("  reference")[0], "reference: is missing: add it (title, href or document, and"),
    "an empty citation": (SETTING.split("  reference")[0] + "  reference: []\n", "reference: is empty: give at least"),
    "a citation never checked": (SETTING.replace(", checked: 2026-11-23", ""), "reference.0.checked: is missing"),
    "a citation that stands nowhere": (
        SETTING.replace(', document: "manual"', ""),
        "needs href (a web address) or doc",
    ),
    "a code read as an octal number": (SETTING.replace('"manual"', "01001"), "01001 is read as int 513: put it in qu"),
    "a ZIP read as a number": (SETTING.replace('"manual"', "27546"), "27546 is read as int 27546: put it in quotes"),
    "a state read as a truth": (SETTING.replace('"manual"', "NO"), "NO is read as bool False: put it in quotes"),
    "a ratio read as a time": (SETTING.replace('"manual"', "1:30"), "1:30 is read as int 90: put it in quotes"),
    "an underscore in a number": (SETTING.replace('"manual"', "1_000"), "1_000 is read as int 1000: put it in quotes"),
    "dates out of order": (
        SETTING.replace("2020-10-12", "2026-08-01"),
        "dates are not in order (2026-08-01, 2026-07-0",
    ),
    "a date twice": (SETTING.replace("2026-07-01", "2020-10-12"), "the key '2020-10-12' stands twice"),
    "a date in quotes": (SETTING.replace("2020-10-12", '"2020"'), "'2020' is not a date: write it as 2026-11-23"),
    "a number in words": (SETTING.replace("30}", "thirty}"), "the value of 2026-07-01 is 'thirty', not a number"),
    "a negative number": (SETTING.replace("30}", "-1}"), "the value of 2026-07-01 is -1, not a number"),
    "a truth for a number": (SETTING.replace("30}", "true}"), "the value of 2026-07-01 is True, not a number"),
    "another unit": (SETTING.replace("calendar day", "week"), "is 'week'; the tool reads 'calendar day'"),
    "a name nothing reads": (
        SETTING.replace("accepting", "acepting"),
        "is not read by anything: did you mean accepting",
    ),
    "an end before the last value": (SETTING + "  ends: 2026-01-01\n", "2026-01-01 lies before the last value begins"),
    "no confidence": (SETTING.replace("  confidence: verified\n", ""), "confidence: is missing: add it"),
    "an unknown confidence": (SETTING.replace("verified", "sure"), "'sure' is not one of 'stated', 'verified'"),
    "an empty description": (SETTING.replace("How long a word stays good.", '""'), "description: is empty: fill it in"),
    "text that is not YAML": ("a: [1", "line 1: is not YAML"),
    "a list": ("- a\n", "holds no entries"),
    "a number for a name": (SETTING.replace("accepting_valid_days", "30"), "30: the name is read as int"),
}


@pytest.mark.parametrize(("text", "says"), SETTING_FAULTS.values(), ids=SETTING_FAULTS)
def test_a_setting_is_refused_for(text, says, lay):
    error = _refusal(lay(**{"settings.yaml": text}))
    assert f"{lay().as_posix()}/settings.yaml: " in error.message
    assert says in error.message


def test_all_faults_are_told_at_once_and_one_by_one(lay):
    error = _refusal(
        lay(
            **{
                "settings.yaml": SETTING.replace("unit", "unti").replace("Provider manual", "5"),
                "catchment.csv": CATCHMENT + "alliance,1001,Lee,1/1/2027,,V,joined,source\n",
            }
        )
    )
    assert error.message.startswith("5 faults in the policy: ")
    assert len(error.args[1]) == 5


STANDARD_FAULTS = {
    "a misspelt key": (("limit_mi", "limit"), "values.2020-10-12.limit: is not a known key: did you mean limit_mi?"),
    "a limit in quotes": (("limit_mi: 30", 'limit_mi: "30"'), "'30' is not a number: write it without quotes"),
    "a limit of zero": (("limit_mi: 30", "limit_mi: 0"), "greater than 0"),
    "no limit": (("limit_mi: 30, ", ""), "limit_mi, or urban_mi and rural_mi, is missing in the values of 2020-10-12"),
    "two forms of a limit": (
        ("limit_mi: 30", "limit_mi: 30, urban_mi: 30, rural_mi: 30"),
        "limit_mi stands beside urb",
    ),
    "a misspelt measure": (
        ("measure: geodesic", "mesure: geodesic"),
        "mesure: is not a known key: did you mean measure",
    ),
    "another measure": (("measure: geodesic", "measure: miles"), "a plan's radius is a straight line: write geodesic"),
    "two limits": (("limit_mi: 30", "urban_mi: 30, rural_mi: 45"), "a plan's radius needs one limit: write limit_mi"),
    "an undefined service": (('["*"]', "[saipo]"), "'saipo' is no service of services.csv"),
    "no boundary": (("  boundary: included", "  #"), "boundary: is missing"),
}


@pytest.mark.parametrize(("change", "says"), STANDARD_FAULTS.values(), ids=STANDARD_FAULTS)
def test_a_standard_is_refused_for(change, says, lay):
    text = _radius()
    assert change[0] in text
    assert says in _refusal(lay(**{"standards/alliance_oon.yaml": text.replace(*change)})).message


DECISIONS = "decisions.csv"
TABLE_FAULTS = {
    "a blank where any is meant": (
        DECISIONS,
        ("R05,non-inpatient,Y,Y,Y,*", "R05,non-inpatient,Y,Y,Y,"),
        "write * where any",
    ),
    "an unknown word": (
        DECISIONS,
        ("R05,non-inpatient,Y,Y,Y,*", "R05,non-inpatient,Y,Y,Z,*"),
        "'Z' is not one of *, Y, N",
    ),
    "a combination undecided": (
        DECISIONS,
        ("R05,non-inpatient,Y,Y,Y,*", "R05,non-inpatient,N,Y,Y,*"),
        "decides nothing for",
    ),
    "a dead row": (
        DECISIONS,
        ("R05,non-inpatient,Y,Y,Y,*,*,*,Y", "R05,non-inpatient,Y,Y,Y,*,*,*,*"),
        "row R08 is dead",
    ),
    "an unknown letter": (DECISIONS, (",L4a,", ",L44,"), "'L44' is no letter of letters.csv"),
    "an unknown clock": (
        DECISIONS,
        (",L4a,oon_sar_return", ",L4a,oon_return"),
        "'oon_return' is no clock of that plan",
    ),
    "a set that is no fact": (
        DECISIONS,
        ("contracted_in_30mi=N", "contracted=N"),
        "is not fact=value with a known fact",
    ),
    "an unknown ruleset": (
        DECISIONS,
        ("alliance_oon_2020,R05", "alliance_oon_2021,R05"),
        "is no entry of rulesets.yaml",
    ),
    "a missing source": (DECISIONS, (",001 content of the request", ","), "source: is empty: fill it in"),
    "a clock that overlaps": (
        "clocks.csv",
        ("um_standard,2026-01-01", "um_standard,2025-01-01"),
        "overlaps the row from",
    ),
    "a clock that ends first": ("clocks.csv", ("2020-10-12,2025-12-31", "2020-10-12,2019-12-31"), "before it begins"),
    "a day that does not exist": ("closed_days.csv", ("2026-11-26", "2026-11-31"), "is a day that does not exist"),
    "a row that stands twice": ("closed_days.csv", ("alliance,2026-11-27", "alliance,2026-11-26"), "stands twice"),
    "a column removed": ("letters.csv", (",payment_disclaimer,", ",disclaimer,"), "has no column 'payment_disclaimer'"),
    "a cell too many": (
        "letters.csv",
        ("L12,Inpatient: contracting", "L12,Inpatient, contracting"),
        "quote a cell that holds",
    ),
    "a taxonomy cut short": ("services.csv", ("252Y00000X", "252Y0000"), "is not ten-character taxonomies"),
    "a word for no service": ("ambiguous.csv", ("op_mat;otp", "op_mat;opt"), "'opt' is no service of services.csv"),
    "an unknown mark": (
        "letters.csv",
        (",S,001 consumer sentence", ",X,001 consumer sentence"),
        "'X' is not one of 'S', 'V'",
    ),
}


@pytest.mark.parametrize(("file", "change", "says"), TABLE_FAULTS.values(), ids=TABLE_FAULTS)
def test_a_table_is_refused_for(file, change, says, lay):
    text = _shipped(file)
    assert change[0] in text
    assert says in _refusal(lay(**{file: text.replace(*change, 1)})).message


def test_spreadsheets_that_eat_zeros_and_change_dates_are_told_so(lay):
    error = _refusal(lay(**{"catchment.csv": CATCHMENT + "alliance,1001,Lee,1/1/2027,,V,joined,source\n"}))
    assert "'1001' is not five digits (spreadsheets drop leading zeros" in error.message
    assert "'1/1/2027' is not a date: write it as 2026-11-23" in error.message


def test_a_file_of_another_name_is_refused_with_the_one_meant(lay):
    assert (
        "setings.yaml: is no policy file: did you mean settings.yaml?" in _refusal(lay(**{"setings.yaml": ""})).message
    )


def test_a_file_that_is_not_utf8_is_refused(lay):
    folder = lay()
    (folder / "letters.csv").write_bytes("Señor".encode("cp1252"))
    assert "is not UTF-8: save it as 'CSV UTF-8'" in _refusal(folder).message


def test_an_empty_or_missing_folder_is_refused(tmp_path):
    assert "holds no policy file" in _refusal(tmp_path).message
    assert "is not a folder" in _refusal(tmp_path / "nowhere").message


# --- a plan's own files -----------------------------------------------------------------------------------------------


def test_an_overlaid_setting_replaces_the_entry_and_nothing_else(lay):
    policy = load_policy(overlay=lay(**{"settings.yaml": SETTING}))
    assert policy.overridden == ("settings.yaml: accepting_valid_days",)
    assert policy.value("accepting_valid_days", date(2026, 6, 30)) == 90
    assert policy.value("accepting_valid_days", date(2026, 7, 1)) == 30
    assert policy.value("zip_boundary_tolerance_mi", TODAY) == 0.3
    assert policy.sha256 != load_policy().sha256


def test_an_overlaid_radius_is_in_force_from_its_date(lay):
    later = _radius().replace(
        "min_providers: 1}", "min_providers: 1}\n    2027-01-01: {limit_mi: 25.5, min_providers: 1}"
    )
    policy = load_policy(overlay=lay(**{"standards/alliance_oon.yaml": later}))
    assert policy.overridden == ("standards/alliance_oon.yaml: radius",)
    assert [policy.radius(day).limit_mi for day in (TODAY, date(2026, 12, 31), date(2027, 1, 1))] == [30.0, 30.0, 25.5]


def test_an_overlaid_county_replaces_all_rows_of_that_county(lay):
    rows = (
        CATCHMENT
        + "alliance,37085,Harnett,2024-03-01,,V,later,letter\nalliance,37105,Lee,2027-01-01,,U,planned,board\n"
    )
    policy = load_policy(overlay=lay(**{"catchment.csv": rows}))
    assert policy.overridden == ("catchment.csv: alliance/37085", "catchment.csv: alliance/37105")
    assert not policy.serves("37085", date(2024, 2, 1))
    assert policy.serves("37085", date(2024, 3, 1))
    assert policy.serves("37105", date(2027, 1, 1))
    assert policy.serves("37183", TODAY)


def test_an_overlaid_service_is_found_and_keeps_the_others(lay):
    header = _shipped("services.csv").splitlines()[0]
    row = "mine,My Own Service,mos,H9999,U,8Z,U,both,outpatient,site,N,Y,251S00000X,"
    policy = load_policy(overlay=lay(**{"services.csv": f"{header}\n{row}\n"}))
    assert policy.services.find("h9999").key == policy.services.find("MOS").key == "mine"
    assert len(policy.services) == 72


def test_a_plan_may_make_the_later_text_active_once_it_has_its_table(lay):
    rulesets = "alliance_oon_2025:" + _shipped("rulesets.yaml").split("\nalliance_oon_2025:")[1]
    active = rulesets.replace("active: false", "active: true")
    assert "has no rows in decisions.csv" in _refusal(lay(**{"rulesets.yaml": active})).message
    table = _shipped("decisions.csv").replace("alliance_oon_2020", "alliance_oon_2025")
    policy = load_policy(overlay=lay(**{"decisions.csv": table}))
    assert policy.ruleset(date(2025, 11, 30)).id == "alliance_oon_2020"
    assert policy.ruleset(date(2025, 12, 1)).id == "alliance_oon_2025"
    assert policy.later_text_known(TODAY) is None


def test_a_third_organisation_needs_only_files(lay):
    text = _shipped("plans/wisconsin.yaml").replace("name: The Alliance", "name: Third Plan")
    policy = load_policy("third", overlay=lay(**{"plans/third.yaml": text}))
    assert policy.plan.name == "Third Plan"
    assert "plans/third.yaml: name" in policy.overridden


def test_a_plans_contact_is_replaced_with_its_citation(lay):
    contact = 'contact: {plan_name: Alliance Health, phone: "800-555-0100"}\n'
    assert "reference: is missing" in _refusal(lay(**{"plans/alliance.yaml": contact})).message
    cited = contact + 'reference: [{title: Letterhead, document: "letterhead", checked: 2026-11-23}]\n'
    policy = load_policy(overlay=lay(**{"plans/alliance.yaml": cited}))
    assert policy.plan.contact["phone"] == "800-555-0100"
    assert policy.overridden == ("plans/alliance.yaml: contact",)


def test_excel_utf8_with_its_mark_and_line_ends_is_read(lay):
    folder = lay()
    row = "alliance,37105,Lee,2027-01-01,,V,joined,source"
    (folder / "catchment.csv").write_bytes(b"\xef\xbb\xbf" + (CATCHMENT + row + "\n").replace("\n", "\r\n").encode())
    assert load_policy(overlay=folder).serves("37105", date(2027, 1, 1))


def test_an_overlay_that_says_the_same_changes_no_hash(lay):
    assert load_policy(overlay=lay(**{"letters.csv": _shipped("letters.csv")})).sha256 == load_policy().sha256


def test_a_posted_needs_list_is_laid_over_by_date(lay):
    assert load_policy().needs(TODAY) == {}
    rows = "plan,service_key,from,to,confidence,source\nalliance,mst,2026-01-01,2026-12-31,S,posted list of 2026\n"
    policy = load_policy(overlay=lay(**{"needs.csv": rows}))
    assert policy.needs(date(2026, 12, 31)) == {"mst": "posted list of 2026"}
    assert policy.needs(date(2027, 1, 1)) == {}
    assert "msst: is no service" in _refusal(lay(**{"needs.csv": rows.replace("mst", "msst")})).message


def test_a_wrong_time_zone_and_an_unquoted_state_code_are_refused(lay):
    text = _shipped("plans/wisconsin.yaml")
    wrong = text.replace("America/Chicago", "America/Madison").replace('"55"', "55")
    message = _refusal(lay(**{"plans/wisconsin.yaml": wrong})).message
    assert "55 is read as int 55: put it in quotes" in message
    assert (
        "is not a known time zone" in _refusal(lay(**{"plans/wisconsin.yaml": wrong.replace(" 55", ' "55"')})).message
    )
