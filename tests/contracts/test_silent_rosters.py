"""Rosters that would build a network in silence in which nothing counts, or from which rows would vanish."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "provider_name,street,city,state,zip5,lon,lat,service,contract_status,credential_status,nctracks_status"
STATUS = ("contract_status", "credential_status", "nctracks_status")


def rows(count: int, **status: str) -> list[str]:
    """Rows that count, with other words in the status columns where a test says so."""
    words = {"contract_status": "active", "credential_status": "approved", "nctracks_status": "active"} | status
    tail = ",".join(words[name] for name in STATUS)
    return [f"Acme {n},{n} Oak St,Lillington,NC,27546,-78.82,35.4{n},saiop,{tail}" for n in range(1, count + 1)]


def build(run, folder: Path, *lines: str, options: tuple[str, ...] = ()):
    file = folder / "roster.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return run("network", "build", str(file), "--out", str(folder / "n.gpkg"), "--roster-date", "2026-11-01", *options)


@pytest.mark.parametrize("name", STATUS)
@pytest.mark.parametrize("word", ["", "perhaps so"])
@pytest.mark.parametrize("options", [(), ("--accept",)])
def test_a_status_column_without_one_readable_word_is_refused_like_an_absent_one(
    run, tmp_path, name, word, options
) -> None:
    said = build(run, tmp_path, HEADER, *rows(4, **{name: word}), options=options).refused(3)
    assert "roster.csv" in said
    assert name in said
    assert "[defaults]" in said
    assert not (tmp_path / "n.gpkg").exists()


def test_one_readable_word_is_enough_and_the_rest_is_unknown(run, tmp_path) -> None:
    lines = [*rows(1), *rows(3, contract_status="")[1:]]
    assert build(run, tmp_path, HEADER, *lines).code == 0


def test_unknown_written_out_is_a_statement_and_no_empty_column(run, tmp_path) -> None:
    assert build(run, tmp_path, HEADER, *rows(2, nctracks_status="unknown")).code == 0


def test_a_blank_column_with_a_declared_default_is_taken(run, tmp_path) -> None:
    mapping = tmp_path / "map.toml"
    mapping.write_text(
        '[defaults]\nnctracks_status = {value = "active", basis = "gate", by = "A. Lee", date = "2026-11-01"}\n',
        encoding="utf-8",
    )
    ran = build(run, tmp_path, HEADER, *rows(2, nctracks_status=""), options=("--columns", str(mapping)))
    assert ran.code == 0


def test_a_blank_column_in_one_of_two_rosters_is_refused_by_its_own_name(run, tmp_path) -> None:
    good, blank = tmp_path / "good.csv", tmp_path / "blank.csv"
    good.write_text("\n".join([HEADER, *rows(3)]) + "\n", encoding="utf-8")
    blank.write_text("\n".join([HEADER, *rows(3, credential_status="")]) + "\n", encoding="utf-8")
    said = run("network", "build", str(good), str(blank), "--out", str(tmp_path / "n.gpkg")).refused(3)
    assert "blank.csv" in said
    assert "good.csv" not in said


@pytest.mark.parametrize("at", range(1, 7))
def test_a_quotation_mark_that_is_not_closed_refuses_the_file_and_names_the_line(run, tmp_path, at) -> None:
    lines = [HEADER, *rows(6)]
    lines[at] = lines[at].replace(f",{at} Oak", f',"{at} Oak')
    said = build(run, tmp_path, *lines).refused(3)
    assert f"line {at + 1}" in said
    assert "quotation mark" in said


def test_a_mark_that_a_later_row_closes_has_still_swallowed_rows_and_is_refused(run, tmp_path) -> None:
    lines = [HEADER, *rows(6)]
    lines[2] = lines[2].replace(",2 Oak", ',"2 Oak')
    lines[5] = lines[5].replace("5 Oak St,", '5 Oak St",')
    assert "line 3" in build(run, tmp_path, *lines).refused(3)


def test_a_quoted_cell_over_two_lines_is_one_cell_and_loses_no_row(run, tmp_path) -> None:
    lines = [HEADER, *rows(5)]
    lines[2] = lines[2].replace("2 Oak St", '"2 Oak St,\nSuite 4"')
    ran = build(run, tmp_path, *lines)
    assert ran.code == 0
    assert "5 read = 5 used + 0 refused" in ran.err


def test_a_declared_default_does_not_hide_a_column_that_nobody_can_read(run, tmp_path) -> None:
    mapping = tmp_path / "map.toml"
    mapping.write_text(
        '[defaults]\nnctracks_status = {value = "active", basis = "gate", by = "A. Lee", date = "2026-11-01"}\n',
        encoding="utf-8",
    )
    options = ("--columns", str(mapping))
    said = build(run, tmp_path, HEADER, *rows(2, nctracks_status="perhaps so"), options=options).refused(3)
    assert "[words.nctracks_status]" in said


def test_a_word_that_the_mapping_calls_unknown_is_a_statement(run, tmp_path) -> None:
    mapping = tmp_path / "map.toml"
    mapping.write_text('[words.nctracks_status]\n"tbd" = "unknown"\n', encoding="utf-8")
    ran = build(run, tmp_path, HEADER, *rows(2, nctracks_status="TBD"), options=("--columns", str(mapping)))
    assert ran.code == 0


def test_a_blank_sheet_of_a_workbook_is_refused_by_its_name(run, tmp_path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    for place, (name, word) in enumerate((("East", "active"), ("West", ""))):
        sheet = book.create_sheet(name, place)
        for line in [HEADER, *rows(3, contract_status=word)]:
            sheet.append(line.split(","))
    book.save(tmp_path / "two.xlsx")
    said = run("network", "build", str(tmp_path / "two.xlsx"), "--out", str(tmp_path / "n.gpkg")).refused(3)
    assert "sheet 'West'" in said


def test_a_joined_file_that_fits_no_row_does_not_fill_a_column(run, tmp_path) -> None:
    joined = tmp_path / "nctracks.csv"
    joined.write_text("npi,zip5,nctracks_status\n1234567893,27546,active\n", encoding="utf-8")
    lines = [line.rsplit(",", 1)[0] for line in (HEADER, *rows(3))]
    said = build(run, tmp_path, *lines, options=("--join", str(joined))).refused(3)
    assert "no joined file gives one" in said
    assert "roster.csv" in said


def test_a_directory_without_a_word_on_enrolment_is_refused(run, tmp_path) -> None:
    directory = tmp_path / "directory.ndjson"
    directory.write_text(
        '{"resourceType": "Location", "id": "L1", "address": {"line": ["1 Oak St"], "postalCode": "27546"}}\n'
        '{"resourceType": "Organization", "id": "O1", "name": "Acme"}\n'
        '{"resourceType": "OrganizationAffiliation", "id": "A1", "participatingOrganization": {"reference": '
        '"Organization/O1"}, "location": [{"reference": "Location/L1"}], "specialty": [{"coding": [{"system": '
        '"http://nucc.org/provider-taxonomy", "code": "261QM2800X"}]}]}\n',
        encoding="utf-8",
    )
    mapping = tmp_path / "map.toml"
    mapping.write_text('[taxonomies]\n"261QM2800X" = "otp"\n', encoding="utf-8")
    call = ("network", "build", str(directory), "--columns", str(mapping), "--out", str(tmp_path / "n.gpkg"))
    assert "credential_status" in run(*call).refused(3)
    with mapping.open("a", encoding="utf-8") as file:
        file.write('[constants]\ncredential_status = "unknown"\nnctracks_status = "unknown"\n')
    assert run(*call).code == 0


def test_rows_without_a_status_are_counted_and_named(run, tmp_path) -> None:
    lines = [*rows(1), *rows(4, credential_status="")[1:]]
    found = tmp_path / "findings.csv"
    ran = build(run, tmp_path, HEADER, *lines, options=("--findings", str(found)))
    assert "3 warned  an empty status" in ran.err
    assert found.read_text(encoding="utf-8").count("roster.csv,,4,credential_status,warned,,unknown,status_empty") == 1


OPEN = '"1 Oak St'


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (("batch",), "id,service,zip\n1,saiop,27546\n2,saiop,{}27546\n3,saiop,27546\n4,saiop,27546\n"),
        (("geocode", "run"), "id,street,zip\n1,9 Elm St,27546\n2,{},27546\n3,9 Elm St,27546\n4,9 Elm St,27546\n"),
        (("backtest",), "id,received,service,zip,decision,reason\n1,2026-10-01,saiop,27546,closed,x\n"
         "2,2026-10-01,saiop,{}27546,closed,x\n3,2026-10-01,saiop,27546,closed,x\n"),
    ],
)  # fmt: skip
def test_no_other_file_of_rows_loses_one_inside_a_cell(run, tmp_path, call, text) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(text.format(OPEN), encoding="utf-8")
    ran = run(*call, str(source), "--out", str(out))
    assert ran.code == 3
    assert "in.csv line 3: a quotation mark is not closed" in ran.err.splitlines()[-1]
    assert not out.exists()
    assert "Oak" not in ran.err


def test_an_eligibility_file_with_an_open_mark_is_refused_without_a_word_of_it(run, tmp_path) -> None:
    members = tmp_path / "members.csv"
    members.write_text(
        f"member_id,street,zip5\nM1,9 Elm St,27546\nM2,{OPEN},27546\nM3,9 Elm St,27546\n", encoding="utf-8"
    )
    said = run("check", "--member", "M3", "--members", str(members), "--service", "saiop").refused(3)
    assert "line 3: a quotation mark is not closed" in said
    assert "Oak" not in said


def test_a_form_with_an_open_mark_opens_no_request(run, tmp_path) -> None:
    form = tmp_path / "form.csv"
    form.write_text(
        f"service,zip,received,requester\nsaiop,27546,2026-11-01,A\nsaiop,27546,2026-11-01,{OPEN}\n"
        "saiop,27546,2026-11-01,C\n",
        encoding="utf-8",
    )
    book = tmp_path / "book.sqlite"
    said = run("request", "open", "--file", str(form), "--casebook", str(book)).refused(3)
    assert "form.csv line 3: a quotation mark is not closed" in said


def test_two_columns_that_tell_a_status_differently_are_neither_believed(run, tmp_path) -> None:
    lines = [f"{HEADER},Contract Status", *(f"{row},Active" for row in rows(3))]
    lines[2] = lines[2].removesuffix("Active") + "Terminated"
    found = tmp_path / "findings.csv"
    ran = build(run, tmp_path, *lines, options=("--findings", str(found)))
    assert ran.code == 0
    assert "1 warned  two columns tell this status and disagree" in ran.err
    assert "roster.csv,,3,contract_status,warned,active,unknown,status_twice,active and ended" in found.read_text()
    lines = [f"{HEADER},Contract Status", *(f"{row},Terminated" for row in rows(3))]
    assert "contract_status" in build(run, tmp_path, *lines).refused(3)
