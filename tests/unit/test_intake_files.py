"""Files as staff have them: real extracts, a messy workbook, layouts never seen, and files that are refused."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adequacy.errors import AdequacyError, InputError, MissingColumn, OutputError, RosterRefused
from adequacy.intake import (
    Intake,
    first_mapping,
    read_rosters,
    require_acceptable,
    write_first_mapping,
    write_marked_copy,
)
from adequacy.policy import load_policy
from adequacy.tables import table
from tests.messy_workbook import write_messy_workbook
from tests.planted import CLEAN_COLUMNS, clean_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

DATA = Path(__file__).parent.parent / "data" / "providers"
MAPPINGS = Path(__file__).parent.parent.parent / "data" / "mappings"
DAY = date(2026, 11, 1)
STATUSES = "contract_status,credential_status,nctracks_status"


def read(paths: Sequence[Path | str] | Path, columns: Path | None = None, joins: Sequence[Path] = ()) -> Intake:
    given_paths = [paths] if isinstance(paths, Path) else paths
    intake = read_rosters(given_paths, on=DAY, catalogue=load_policy().services, columns=columns, joins=joins)
    assert intake.read == intake.used + len(intake.refused)
    used = set(map(tuple, intake.rows[["source_file", "source_sheet", "source_row"]].itertuples(index=False)))
    refused = set(map(tuple, intake.refused[["source_file", "source_sheet", "source_row"]].itertuples(index=False)))
    assert not used & refused or intake.sources[0].kind == "json"
    assert all(len(line) <= 80 for line in intake.summary().splitlines())
    return intake


def text_file(folder: Path, text: str, name: str = "roster.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def rules_of(intake: Intake) -> set[str]:
    return set(intake.findings["rule"])


# --- real files ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "mapping", "rows", "used"),
    [
        (["nppes_full_layout.csv"], "nppes", 1000, 101),
        (["nppes_organizations_2018.csv"], "nppes", 40, 1),
        (["nppes_practitioners_2018.csv"], "nppes", 100, 4),
        (["otp_directory_2017.csv"], "otp_directory", 276, 276),
        ([f"plan_net_ct/{path.name}" for path in sorted((DATA / "plan_net_ct").iterdir())], "plan_net", 65, 21),
        (["nppes_full_layout.csv", "nppes_organizations_2018.csv"], "nppes", 1040, 102),
    ],
)
def test_real_files_go_in_with_a_committed_mapping(files: list[str], mapping: str, rows: int, used: int) -> None:
    intake = read([DATA / name for name in files], MAPPINGS / f"{mapping}.toml")
    assert (intake.read, intake.used) == (rows, used)
    assert require_acceptable(intake, refused_rows_pct=5, row_drop_pct=20) == ()
    assert (intake.rows["contract_status"] == "unknown").all()


def test_a_deactivated_npi_is_an_ended_offering_and_no_refusal() -> None:
    intake = read(DATA / "nppes_full_layout.csv", MAPPINGS / "nppes.toml")
    deactivated = intake.findings.loc[intake.findings["rule"] == "npi_deactivated", "row"]
    theirs = intake.rows[intake.rows["source_row"].isin(set(deactivated))]
    assert len(deactivated) == 79
    assert (theirs["service_to"] < DAY.isoformat()).all()
    assert (theirs["precision"] == "none").all()


def test_the_listings_go_in_as_a_messy_workbook(tmp_path: Path) -> None:
    path = tmp_path / "listings.xlsx"
    rows = write_messy_workbook(path)
    intake = read(path, MAPPINGS / "nc_listings.toml")
    assert intake.read == intake.used == rows == 919
    assert {"sheet_skipped", "columns_unmapped", "totals_row", "zip_plus4", "coordinates_far_from_zip"} <= rules_of(
        intake
    )
    skipped = intake.findings[intake.findings["rule"] == "sheet_skipped"]
    assert set(skipped["sheet"]) == {"Old 2015", "Notes"}
    far = intake.findings[intake.findings["rule"] == "coordinates_far_from_zip"]
    assert len(far) == 3
    assert set(far["column"]) == {"Map Latitude"}


@pytest.mark.parametrize("header", ["qhp2015_individual_header.txt", "qhp2015_facility_header.txt"])
def test_the_federal_template_is_known_but_for_its_specialty(header: str, tmp_path: Path) -> None:
    columns = next(csv.reader(io.StringIO((DATA / header).read_text(encoding="utf-8")), delimiter="\t"))[:-1]
    row = ["1234567893", "Dr", "Ann", "B", "Lee", "", "P", "029 Psychiatry", "1 Main St", "", "Raleigh", "NC", "Wake",
           "27601", "N1", "37183"]  # fmt: skip
    path = text_file(tmp_path, "\t".join(columns) + "\n" + "\t".join(row) + "\n", "qhp.txt")
    mapping = tmp_path / "map.toml"
    text = (MAPPINGS / "qhp_template.toml").read_text(encoding="utf-8")
    mapping.write_text(text.replace("Specialty Type  (area of medicine)", columns[7]), encoding="utf-8")
    intake = read(path, mapping)
    assert intake.rows["provider_name"].tolist() == ["Ann B Lee"]
    assert intake.rows["service_key"].tolist() == ["op_medmgmt"]
    assert "columns_unmapped" not in rules_of(intake)


# --- three layouts never seen ---------------------------------------------------------------------------------------

UNSEEN = {
    "licence list": (
        "License #|DBA Name|Name of Licensee Legal Name|County |Site Address|Site City|Site Zip|Facility Address|"
        "Facility City|Facility Zip|Program Code|Age Code|Contract Status|Credentialing Status|NCTracks Status",
        "MHL-1|Oak House|Oak Homes LLC|Wake|1 Main St|Raleigh|27601|PO Box 1|Raleigh|27602|27G.4400|Adult|Active|"
        "Approved|Enrolled",
        '[columns]\npopulations = "Age Code"\n[services]\n"27G.4400" = "saiop"\n',
    ),
    "servicing providers": (
        "Prov NPI|Servicing Provider Name|Servicing Provider Address Line 1|City|ST|Zip|Latitude|Longitude|GeoInfo|"
        "HCPCS|Mod 1|Eff Date|Term Date|Par Status|Cred Status|NCTracks|Phone Number|Fax",
        "1234567893|Oak Homes LLC|1 Main St|Raleigh|NC|27601.0|35775000|78636000|Address-Exact|H0015||1/1/2024|"
        "12/31/9999|Par|Credentialed|Active|919-555-0100|",
        '[columns]\nnpi = "Prov NPI"\nstreet = "Servicing Provider Address Line 1"\n'
        '[words.contract_status]\n"Par" = "active"\n',
    ),
    "demographic file": (
        "Provider_NPI,Provider_Last_Name,Provider_First_Name,Degree,Taxonomy_Code,Practice_Name,Practice_Address_1,"
        "Practice_Address_2,Practice_City,Practice_State,Practice_Zip_Code,Practice_County,Practice_Phone,Accepting_New_"
        "Patients,Ages_Served,Languages_Spoken,Service_Type,Contract_Effective_Date,Contract_Termination_Date,"
        "Contract_Status,Recredentialing_Due_Date,Credentialing_Status,Medicaid_Enrollment_Status,Plan_Region",
        "1234567893,Lee,Ann,LCSW,1041C0700X,Oak,1 Main St,Suite 2,Raleigh,NC,27601-1234,Wake,(919) 555-0100,Yes,18+,"
        "Spanish,op_therapy,2024-01-01,,Active,2027-01-01,Approved,Enrolled,4",
        "",
    ),
}


@pytest.mark.parametrize("name", UNSEEN)
def test_an_unseen_layout_is_mapped_with_at_most_ten_lines(name: str, tmp_path: Path) -> None:
    header, row, mapping = UNSEEN[name]
    path = text_file(tmp_path, f"{header}\n{row}\n", "unseen.txt")
    columns = text_file(tmp_path, mapping, "map.toml") if mapping else None
    lines = [line for line in mapping.splitlines() if line and not line.startswith("[")]
    assert len(lines) <= 10
    intake = read(path, columns)
    (layout,) = intake.layouts.values()
    unread = len(layout.unmapped) + len(layout.doubled)
    assert 1 - unread / len(layout.headers) >= 0.95
    row_read = intake.rows.iloc[0]
    assert (row_read["contract_status"], row_read["credential_status"], row_read["nctracks_status"]) == (
        "active", "approved", "active",
    )  # fmt: skip
    assert row_read["zip5"] == "27601"


# --- encodings, shapes, refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "said"),
    [("utf-8", False), ("utf-8-sig", False), ("utf-16", False), ("cp1252", True)],
)
def test_the_encoding_follows_a_rule_and_windows_1252_is_said(encoding: str, said: bool, tmp_path: Path) -> None:
    path = text_file(
        tmp_path,
        f"provider_name,service,zip5,{STATUSES}\nCafé Niño,saiop,27546,active,approved,active\n",
        encoding=encoding,
    )
    intake = read(path)
    assert intake.rows["provider_name"].tolist() == ["Café Niño"]
    assert ("encoding_cp1252" in rules_of(intake)) is said


def test_row_numbers_are_those_of_a_spreadsheet_in_spite_of_line_ends_in_cells(tmp_path: Path) -> None:
    path = text_file(
        tmp_path,
        f'provider_name,service,zip5,{STATUSES}\n"A\nB",saiop,27546,active,approved,active\n\nC,nope,27546,active,approved,active\n'
        "D,saiop,27546,active,approved,active,extra\nE,saiop,27546,active\n",
    )
    intake = read(path)
    assert intake.rows["source_row"].tolist() == [2, 6]
    assert intake.refused["source_row"].tolist() == [4, 5]
    assert {"row_too_long", "row_too_short", "service_unknown"} <= rules_of(intake)


def test_the_fast_parser_reads_what_the_exact_one_reads(tmp_path: Path) -> None:
    from adequacy.intake import readers

    rows = clean_rows(300, 5)
    rows[7]["provider_name"] = 'Smith, "Jo" & Sons'
    out = io.StringIO()
    writer = csv.DictWriter(out, CLEAN_COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    sheet = readers.open_roster(text_file(tmp_path, out.getvalue())).sheets[0]
    sheet.set_width(1)
    (fast,) = sheet.blocks()
    exact = list(csv.reader(io.StringIO(out.getvalue())))
    assert [list(row) for row in zip(*(fast.cells[place] for place in sorted(fast.cells)), strict=True)] == exact


def test_a_status_column_absent_as_a_whole_is_refused_with_the_ways_out(tmp_path: Path) -> None:
    path = text_file(
        tmp_path, "provider_name,service,zip5,contract_status,credential_status\nA,saiop,27546,active,approved\n"
    )
    with pytest.raises(MissingColumn, match=r"nctracks_status.*join a file.*\[defaults\]"):
        read(path)
    mapping = text_file(
        tmp_path,
        '[defaults]\nnctracks_status = {value = "active", basis = "document 000", by = "N. N.", date = "2026-11-01"}\n',
        "map.toml",
    )
    intake = read(path, mapping)
    assert intake.rows["nctracks_status"].tolist() == ["active"]
    assert [(default.column, default.rows, default.by) for default in intake.defaults] == [
        ("nctracks_status", 1, "N. N.")
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("<html><table></table></html>", "web page"),
        ("a,b\n1,2\n", "No roster was found"),
        (f"provider_name,zip5,{STATUSES}\nA,27546,active,approved,active\n", "no column 'service'"),
        (f"provider_name,service,{STATUSES}\nA,saiop,active,approved,active\n", "nothing can be placed"),
        (f"provider_name,service,zip5,{STATUSES}\nA,nope,27546,active,approved,active\n", "none of 1 rows can be used"),
        (f"provider_name,service,zip5,{STATUSES}\n", "no row of data"),
        ('{"a": 1}', "no FHIR resources"),
        ("{broken\n", "not JSON"),
    ],
)
def test_a_file_that_is_no_roster_gives_one_line(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=words) as caught:
        read(text_file(tmp_path, text))
    assert "\n" not in caught.value.message
    assert caught.value.exit_code == 3


def test_a_damaged_workbook_and_a_missing_file_give_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="damaged"):
        read(text_file(tmp_path, "PK\x03\x04 nonsense", "roster.xlsx", "latin-1"))
    with pytest.raises(InputError, match=r"gone\.csv.*Check the path"):
        read(tmp_path / "gone.csv")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[kolumns]\n", "unknown key"),
        ('[columns]\nprovidername = "x"\n', "no such column"),
        ('[constants]\ncontract_status = "maybe"\n', "none of active"),
        ('[services]\n"x" = "nope"\n', "No service is known"),
        ('[defaults]\nnctracks_status = {value = "active"}\n', "who declares it"),
        ("[columns\n", "is not TOML"),
        ('[columns]\nprovider_name = "Nobody"\n', "no column 'Nobody'"),
    ],
)
def test_a_wrong_mapping_is_refused_by_name(text: str, words: str, tmp_path: Path) -> None:
    path = text_file(tmp_path, f"provider_name,service,zip5,{STATUSES}\nA,saiop,27546,active,approved,active\n")
    with pytest.raises(InputError, match=words):
        read(path, text_file(tmp_path, text, "map.toml"))


def test_too_many_refused_rows_or_too_few_rows_are_refused_until_accepted(tmp_path: Path) -> None:
    rows = "".join(f"P{n},{'nope' if n < 2 else 'saiop'},27546,active,approved,active\n" for n in range(20))
    intake = read(text_file(tmp_path, f"provider_name,service,zip5,{STATUSES}\n{rows}"))
    with pytest.raises(RosterRefused, match=r"2 of 20 rows are refused \(10\.0 %"):
        require_acceptable(intake, refused_rows_pct=5, row_drop_pct=20)
    assert require_acceptable(intake, refused_rows_pct=10, row_drop_pct=20) == ()
    with pytest.raises(RosterRefused, match="18 offerings against 23"):
        require_acceptable(intake, refused_rows_pct=10, row_drop_pct=20, rows_before=23)
    assert len(require_acceptable(intake, refused_rows_pct=5, row_drop_pct=20, rows_before=23, accept=True)) == 2


# --- enrolment files ------------------------------------------------------------------------------------------------

ROSTER = (
    "provider_name,npi,service,street,zip5,contract_status,credential_status\n"
    "A,1234567893,saiop,1 Main St,27546,active,\nA,1234567893,saiop,2 Oak Ave,27577,active,\n"
)
CREDENTIALED = ROSTER.replace("active,", "active,approved")


def test_enrolment_files_are_joined_by_npi_and_site(tmp_path: Path) -> None:
    nctracks = (
        "npi,street,zip5,nctracks_status\n1234567893,1 MAIN STREET,27546,active\n1999999984,9 Elm St,27601,active\n"
    )
    credentials = "npi,credential_status,credential_due\n1234567893,approved,2027-01-01\n"
    intake = read(
        [text_file(tmp_path, ROSTER), text_file(tmp_path, nctracks, "nctracks.csv")],
        joins=[text_file(tmp_path, credentials, "credentials.csv")],
    )
    assert intake.rows["nctracks_status"].tolist() == ["active", "unknown"]
    assert intake.rows["credential_status"].tolist() == ["approved", "approved"]
    unmatched = intake.findings[intake.findings["rule"] == "join_no_match"]
    assert unmatched[["file", "row"]].to_numpy().tolist() == [["nctracks.csv", 3]]


def test_joined_rows_that_disagree_leave_the_fact_unknown(tmp_path: Path) -> None:
    nctracks = (
        "npi,zip5,taxonomy,nctracks_status\n1234567893,27546,,active\n1234567893,27546,,ended\n"
        "1234567893,27577,,ended\n"
    )
    intake = read([text_file(tmp_path, CREDENTIALED), text_file(tmp_path, nctracks, "nctracks.csv")])
    assert intake.rows["nctracks_status"].tolist() == ["unknown", "ended"]
    assert "join_several" in rules_of(intake)


def test_a_taxonomy_decides_between_enrolments_of_one_site(tmp_path: Path) -> None:
    nctracks = (
        "npi,zip5,taxonomy,nctracks_status\n1234567893,27546,261QR0405X,active\n1234567893,27546,1041C0700X,ended\n"
    )
    intake = read([text_file(tmp_path, CREDENTIALED), text_file(tmp_path, nctracks, "nctracks.csv")])
    assert intake.rows["nctracks_status"].tolist() == ["active", "unknown"]
    empty = intake.findings[intake.findings["rule"] == "status_empty"]
    assert empty[["row", "column", "new"]].to_numpy().tolist() == [[3, "nctracks_status", "unknown"]]


def test_an_nctracks_file_without_sites_is_refused(tmp_path: Path) -> None:
    nctracks = text_file(tmp_path, "npi,nctracks_status\n1234567893,active\n", "nctracks.csv")
    with pytest.raises(MissingColumn, match="holds at a site"):
        read([text_file(tmp_path, ROSTER), nctracks])


# --- identity -------------------------------------------------------------------------------------------------------


def site_roster(tmp_path: Path, *rows: str) -> Intake:
    header = f"provider_name,npi,site_id,street,zip5,service,contract_to,{STATUSES}\n"
    lines = "".join(f"{row},active,approved,active\n" for row in rows)
    return read(text_file(tmp_path, header + lines))


def test_a_site_written_two_ways_is_one_and_said(tmp_path: Path) -> None:
    intake = site_roster(
        tmp_path,
        "A,1234567893,,123 North Main Street Suite 4,27546,saiop,",
        "A,1234567893,,123 N. MAIN ST,27546,sacot,",
    )
    assert intake.rows["site_id"].nunique() == 1
    assert set(intake.rows["street"]) == {"123 North Main Street Suite 4"}
    assert "site_spelling" in rules_of(intake)


def test_one_site_id_for_two_places_is_split_and_said(tmp_path: Path) -> None:
    intake = site_roster(tmp_path, "A,1234567893,S1,1 Main St,27546,saiop,", "A,1234567893,S1,99 Oak Ave,27577,saiop,")
    assert intake.rows["site_id"].nunique() == 2
    assert "site_id_reused" in rules_of(intake)


def test_the_same_offering_twice_is_kept_once_and_said(tmp_path: Path) -> None:
    row = "A,1234567893,,1 Main St,27546,saiop,"
    intake = site_roster(tmp_path, row, row)
    assert (len(intake.rows), intake.used) == (1, 2)
    (note,) = intake.findings.loc[intake.findings["rule"] == "duplicate_row", "what_to_do"]
    assert "first in row 2" in note


def test_rows_that_disagree_are_both_kept_and_named(tmp_path: Path) -> None:
    intake = site_roster(
        tmp_path, "A,1234567893,,1 Main St,27546,saiop,2027-01-01", "A,1234567893,,1 Main St,27546,saiop,2026-01-01"
    )
    assert len(intake.rows) == 2
    assert "rows_disagree" in rules_of(intake)


def test_near_names_two_names_and_ten_locations_are_listed(tmp_path: Path) -> None:
    ten = [f"Ten Care,1999999984,,{n} Main St,27546,saiop," for n in range(1, 11)]
    intake = site_roster(
        tmp_path, "Carolina Outreach,1234567893,,1 Oak St,27546,saiop,", "Carolina Outreech,,,2 Oak St,27546,saiop,",
        "Other Name,1234567893,,3 Oak St,27546,saiop,", *ten,
    )  # fmt: skip
    assert {"near_names", "provider_two_names", "ten_locations"} <= rules_of(intake)


def test_ids_are_the_same_every_time_and_in_any_order(tmp_path: Path) -> None:
    rows = ["A Inc,,,1 Main St,27546,saiop,", "B LLC,,,2 Oak Ave,27577,otp,"]
    one = site_roster(tmp_path, *rows).rows.set_index("provider_name")[["provider_id", "site_id"]]
    two = site_roster(tmp_path, *reversed(rows)).rows.set_index("provider_name")[["provider_id", "site_id"]]
    assert one.sort_index().equals(two.sort_index())


# --- what is handed back --------------------------------------------------------------------------------------------


def test_the_marked_copy_colours_and_comments_cells_and_holds_no_formula(tmp_path: Path) -> None:
    import openpyxl

    path = text_file(
        tmp_path,
        f"provider_name,service,zip5,{STATUSES}\n=1+1,saiop,27546.0,active,approved,active\nB,TCM,27546,active,approved,active\n",
    )
    intake = read(path)
    out = tmp_path / "marked.xlsx"
    assert write_marked_copy(intake, path, out) == 2
    sheet = openpyxl.load_workbook(out)["roster"]
    assert (sheet["A2"].value, sheet["A2"].data_type) == ("=1+1", "s")
    assert sheet["C2"].comment is not None
    assert "decimal tail" in sheet["C2"].comment.text
    assert sheet["B3"].fill.fgColor.rgb.endswith("F8CBAD")
    again = tmp_path / "again.xlsx"
    write_marked_copy(intake, path, again)
    assert out.read_bytes() == again.read_bytes()


def test_findings_are_written_inert_and_in_declared_columns(tmp_path: Path) -> None:
    path = text_file(
        tmp_path, f"provider_name,service,zip5,phone,{STATUSES}\nA,saiop,27546,=cmd(),active,approved,active\n"
    )
    out = tmp_path / "findings.csv"
    read(path).write_findings(out)
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == table("findings").names
    assert rows[0]["old"] == "'=cmd()"
    with pytest.raises(OutputError, match="cannot be written"):
        read(path).write_findings(tmp_path / "no" / "findings.csv")


def test_a_first_mapping_reads_as_it_is_and_is_never_overwritten(tmp_path: Path) -> None:
    path = text_file(
        tmp_path,
        f'Agency,Svc,Zip,Colour "x",{STATUSES}\nA,saiop,27546,blue,active,approved,active\n'
        "B,TCM,27546,,active,approved,active\n",
    )
    out = tmp_path / "map.toml"
    write_first_mapping(path, out, load_policy().services)
    assert read(path, out).used == 1
    text = first_mapping(path, load_policy().services)
    assert '# "TCM" = ...    (perhaps tcm_tailored or tcm_8l)' in text
    assert 'Colour \\"x\\"' in text
    with pytest.raises(OutputError, match="exists"):
        write_first_mapping(path, out, load_policy().services)


def test_the_same_input_gives_the_same_tables(tmp_path: Path) -> None:
    path = tmp_path / "listings.xlsx"
    write_messy_workbook(path, rows=120)
    one, two = (read(path, MAPPINGS / "nc_listings.toml") for _ in range(2))
    assert one.rows.equals(two.rows)
    assert one.findings.equals(two.findings)


def test_several_services_in_one_cell_become_several_offerings(tmp_path: Path) -> None:
    path = text_file(
        tmp_path, f"provider_name,service,zip5,{STATUSES}\nA,SAIOP; H2035; TCM,27546,active,approved,active\n"
    )
    intake = read(path)
    assert intake.rows["service_key"].tolist() == ["saiop", "sacot"]
    assert {"services_split", "service_part_left_out"} <= rules_of(intake)


def test_rows_outside_the_mapping_are_counted_apart(tmp_path: Path) -> None:
    path = text_file(
        tmp_path,
        f"provider_name,service,zip5,state,{STATUSES}\nA,saiop,27546,NC,active,approved,active\nB,saiop,02134,MA,active,approved,active\n",
    )
    intake = read(path, text_file(tmp_path, '[rows]\n"state" = ["NC"]\n', "map.toml"))
    assert (intake.read, intake.left_out) == (1, 1)
    assert "rows_left_out" in rules_of(intake)


def test_a_bundle_reads_like_its_lines(tmp_path: Path) -> None:
    lines = [json.loads(line) for path in sorted((DATA / "plan_net_ct").iterdir())
             for line in path.read_text(encoding="utf-8").splitlines()]  # fmt: skip
    bundle = {"resourceType": "Bundle", "entry": [{"resource": line} for line in lines]}
    whole = read(text_file(tmp_path, json.dumps(bundle), "bundle.json"), MAPPINGS / "plan_net.toml")
    parts = read(sorted((DATA / "plan_net_ct").iterdir()), MAPPINGS / "plan_net.toml")
    columns = ["provider_name", "npi", "service_key", "zip5", "panel_status"]
    assert sorted(whole.rows[columns].itertuples(index=False)) == sorted(parts.rows[columns].itertuples(index=False))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.text(), min_size=6, max_size=6), min_size=1, max_size=5))
def test_any_text_in_any_cell_gives_a_verdict_never_a_traceback(tmp_path: Path, cells: list[list[str]]) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(["provider_name", "service", "zip5", "contract_status", "credential_status", "nctracks_status"])
    writer.writerows([["A", "saiop", "27546", "active", "approved", "active"], *cells])
    path = tmp_path / "roster.csv"
    path.write_bytes(out.getvalue().encode("utf-8", errors="surrogatepass"))
    try:
        intake = read_rosters([path], on=DAY, catalogue=load_policy().services)
    except AdequacyError:
        return
    assert intake.read == intake.used + len(intake.refused)
    intake.summary()


def test_swapped_ages_are_turned_round_and_a_person_is_told_to_look(tmp_path: Path) -> None:
    path = text_file(
        tmp_path,
        f"provider_name,service,zip5,ages_min,ages_max,{STATUSES}\nA,saiop,27546,21,2,active,approved,active\n",
    )
    intake = read(path)
    assert intake.rows[["ages_min", "ages_max"]].to_numpy().tolist() == [["2", "21"]]
    swapped = intake.findings[intake.findings["rule"] == "ages_swapped"]
    assert set(swapped["verdict"]) == {"warned"}
    assert "2 to 21" in swapped["what_to_do"].iloc[0]


def test_the_summary_says_how_many_kinds_of_finding_it_does_not_show(tmp_path: Path) -> None:
    header = f"provider_name,service,zip5,npi,phone,ages_min,contract_from,state,county_fips,lon,lat,{STATUSES}\n"
    row = "A,saiop,27701.0,123,12,x,1/1/24,North Carolina,Nowhere,0,0,active,approved,active\n"
    summary = read(text_file(tmp_path, header + row)).summary("found.csv")
    rules_shown = [line for line in summary.splitlines() if line.startswith("   ")]
    assert len(rules_shown) == 7
    assert rules_shown[-1].strip() == "and 2 more kinds: found.csv"
    assert "see --findings FILE.csv" in read(tmp_path / "roster.csv").summary()


def test_a_header_without_rows_and_every_missing_column_are_named(tmp_path: Path) -> None:
    header = f"provider_name,service,zip5,{STATUSES}\n"
    with pytest.raises(RosterRefused, match="a header, and no row of data"):
        read(text_file(tmp_path, header))
    with pytest.raises(MissingColumn, match="no column 'provider_name', no column 'service'"):
        read(text_file(tmp_path, f"zip5,{STATUSES}\n27546,active,approved,active\n"))


def test_the_report_warns_of_a_roster_in_which_no_row_counts(tmp_path: Path) -> None:
    header = f"provider_name,service,zip5,{STATUSES}\n"
    for row, said in (
        ("A,saiop,27546,active,approved,active\n", ""),
        ("A,saiop,27546,active,pending,active\n", "no credential_status approved"),
        ("A,saiop,27546,ended,approved,active\nB,saiop,27546,active,expired,active\n", "none has all three"),
    ):
        rows = row if said != "none has all three" else row + "C,saiop,27546,pending,approved,active\n"
        summary = read(text_file(tmp_path, header + rows)).summary()
        assert ("CAUTION" in summary) is bool(said)
        assert said in summary


def test_a_first_mapping_proposes_no_column_twice_and_names_the_taxonomies() -> None:
    text = first_mapping(DATA / "nppes_full_layout.csv", load_policy().services)
    assert "# [taxonomies]" in text
    likely = [line.split(" = ")[0] for line in text.splitlines() if "(likely?)" in line]
    known = {line.split(" = ")[0] for line in text.splitlines() if "(known)" in line}
    assert not known & set(likely)
