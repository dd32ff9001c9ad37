"""``adequacy measure`` and ``adequacy standards`` as staff type them, and the workbook they file."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import pandas as pd
import pytest

import adequacy as aq
from adequacy.compliance.measured import measure_plan
from adequacy.compliance.people import as_people
from adequacy.compliance.small_cells import hide_small
from adequacy.errors import InputError
from adequacy.network import network_without
from adequacy.outputs.workbook import write_workbook
from adequacy.reference.demo import demo_path
from adequacy.tables import table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Ran

FIRST = [
    "county_fips", "county", "service", "standard", "people", "people_within", "share_pct", "nearest_median_mi",
    "nearest_p95_mi", "nearest_max_mi", "providers", "required_pct", "met",
]  # fmt: skip
SHEETS = ["README", "by_county", "by_region", "gaps", "single_cover"]


def _measure(run: Callable[..., Ran], out: Path, *more: str) -> Ran:
    options = ("--counties", "Harnett,Johnston", "--services", "saiop,actt,mst", *more)
    return run("measure", "--scheme", "alliance_oon", "--out", str(out), *options)


def test_the_workbook_has_its_sheets_filters_and_frozen_headers(run: Callable[..., Ran], tmp_path: Path) -> None:
    import openpyxl

    ran = _measure(run, tmp_path / "out.xlsx")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.splitlines()[0].startswith("Demo network")
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    assert book.sheetnames == SHEETS
    for name in SHEETS[1:]:
        sheet = book[name]
        header = [cell.value for cell in sheet[1]]
        assert tuple(header) == table(name).names
        assert sheet.freeze_panes
        assert sheet.auto_filter.ref
    assert [cell.value for cell in book["by_county"][1]][: len(FIRST)] == FIRST
    assert book["by_county"].max_row == 1 + 2 * 3
    words = [str(cell.value) for row in book["README"].iter_rows() for cell in row if cell.value]
    assert any(word.startswith("Demo network") for word in words)
    assert {name for name in table("by_county").names} <= set(words)
    assert any("sha256" in word for word in words)


def test_the_same_measure_gives_the_same_bytes(tmp_path: Path) -> None:
    with aq.demo_network() as net:
        out = aq.measure(net, scheme="alliance_oon", people=aq.census_people(["Harnett"]), services=["saiop"])
        for name in ("a.xlsx", "b.xlsx"):
            write_workbook(out, tmp_path / name)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_a_folder_holds_the_same_tables_as_csv_and_parquet(run: Callable[..., Ran], tmp_path: Path) -> None:
    assert _measure(run, tmp_path / "tables").code == 0
    names = {path.name for path in (tmp_path / "tables").iterdir()}
    assert {"README.txt", "by_county.csv", "by_region.csv", "gaps.csv", "single_cover.csv"} <= names
    with (tmp_path / "tables" / "by_county.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0])[: len(FIRST)] == FIRST
    assert {row["county_fips"] for row in rows} == {"37085", "37101"}
    frame = pd.read_parquet(tmp_path / "tables" / "by_county.parquet")
    assert frame["people"].tolist() == [int(row["people"]) for row in rows]


def test_no_text_of_a_roster_becomes_a_formula(tmp_path: Path) -> None:
    import openpyxl

    with aq.demo_network() as net:
        out = aq.measure(
            net, scheme="alliance_oon", people=aq.census_people(["Harnett"]), services=["fbc_adult", "otp"]
        )
        assert len(out.single_cover)
        out.single_cover["provider"] = '=HYPERLINK("http://x","y")'
        write_workbook(out, tmp_path / "out.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx")["single_cover"]
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert all(cell.data_type != "f" for cell in cells)
    assert any(str(cell.value).startswith("'=HYPERLINK") for cell in cells)
    assert all(cell.hyperlink is None for cell in cells)


def test_what_a_roster_change_does_stands_on_its_own_sheet(run: Callable[..., Ran], tmp_path: Path) -> None:
    import openpyxl

    with aq.demo_network() as net:
        out = aq.measure(net, scheme="alliance_oon", people=aq.census_people(["Harnett"]))
        leaving = out.single_cover.iloc[0]
        network_without(net.file, tmp_path / "next.gpkg", npis=[], provider_ids=[leaving["provider_id"]], site_ids=[])
    ran = run(
        "measure", "--scheme", "alliance_oon", "--counties", "Harnett", "--out", str(tmp_path / "out.xlsx"),
        "--compare", str(tmp_path / "next.gpkg"),
    )  # fmt: skip
    assert ran.code == 0
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx")["changes"]
    head, *rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    changes = [dict(zip(head, row, strict=True)) for row in rows]
    mine = [row for row in changes if row["service"] == leaving["service"]]
    assert mine[0]["people_losing"] == leaving["people"]
    assert mine[0]["people_within_before"] - mine[0]["people_within_after"] == leaving["people"]


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--scheme", "nothing"), 2, "No scheme is named"),
        (("--counties", "Hornett"), 2, "no county"),
        (("--services", "PHP"), 2, "PHP"),
        (("--members", "m.csv", "--census"), 2, "one way"),
        (("--members", "m.csv"), 3, "no such file"),
        (("--compare", "no.gpkg"), 3, "no such network file"),
        (("--as-of", "2019-01-01"), 4, "in force"),
        (("--out", "out.pdf"), 2, ".xlsx"),
        (("--out", "-"), 2, "standard output"),
    ],
)
def test_a_measure_that_cannot_be_made_is_one_line(
    run: Callable[..., Ran],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    code: int,
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    given = {"--scheme": "alliance_oon", "--out": "out.xlsx", "--counties": "Harnett", "--services": "saiop"}
    pairs = [part for name, value in given.items() if name not in options for part in (name, value)]
    ran = run("measure", *pairs, *options, "--network", str(demo_path()))
    assert ran.code == code
    assert words in ran.err.splitlines()[-1]
    assert not list(tmp_path.iterdir())


def test_credits_are_those_of_the_policy_in_force(run: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "rules" / "standards").mkdir(parents=True)
    (tmp_path / "rules" / "standards" / "ma_422_116.yaml").write_text(
        """
certificate_of_need_credit_points:
  description: As credited in a letter we hold.
  unit: percentage point
  confidence: stated
  values:
    2021-01-01: {"052": 10}
  reference:
    - title: the letter
      document: "letter of 2026"
      checked: 2026-11-23
""",
        encoding="utf-8",
    )
    credits = []
    for number, more in enumerate(((), ("--policy", str(tmp_path / "rules")))):
        out = tmp_path / f"tables{number}"
        ran = run("measure", "--scheme", "ma_422_116", "--counties", "Wake", "--out", str(out), *more)
        assert ran.code == 0
        rows = pd.read_csv(out / "by_county.csv").set_index("standard")
        credits.append({name.rpartition(".")[2]: points for name, points in rows["credit_pct"].dropna().items()})
        assert (out / "README.txt").read_text(encoding="utf-8").count("certificate-of-need") >= 1
    telehealth = {"029": 10, "036": 10, "037": 10, "068": 10}
    assert credits == [telehealth, telehealth | {"052": 10}]


# --- small numbers of members ------------------------------------------------------------------------------------


def test_small_numbers_of_members_are_hidden_in_every_table() -> None:
    """Few members in two counties: nothing from 1 to 10 is shown, and no total gives a hidden number away."""
    frame = aq.census_people(["Harnett", "Johnston", "Wake"])[["lon", "lat", "county_fips", "zcta"]]
    few = pd.concat(
        [group.head(size) for size, (_, group) in zip((7, 25, 40), frame.groupby("county_fips"), strict=True)]
    )
    few.attrs["are_members"] = True
    with aq.demo_network() as net:
        out = measure_plan(net.file, net.policy, "alliance_oon", as_people(few), compare=net.file)
    assert set(out.by_county["county_fips"]) == {"37085", "37101", "37183"}
    counts = ("people", "people_within", "people_beyond", "people_short", "worst_zcta_people", "people_losing")
    for frame_ in out.tables.values():
        for name in set(counts) & set(frame_.columns):
            shown = frame_[name].dropna()
            assert not shown.between(1, 10).any(), name
    for _, rows in out.by_county.groupby(["service", "standard", "ages"]):
        hidden = rows["people"].isna().sum()
        assert hidden != 1
    assert (out.by_county.loc[out.by_county["people"].isna(), "suppressed"] == "Y").all()


def test_a_single_hidden_county_takes_another_with_it() -> None:
    rows = [
        {"county_fips": fips, "service": "s", "standard": "t", "ages": "all", "people": people, "people_within": people}
        for fips, people in (("1", 4), ("2", 60), ("3", 50), ("4", 0))
    ]
    (by_county,) = hide_small({"by_county": rows}, 10).values()
    assert [row["people"] for row in by_county] == [None, 60, None, 0]
    assert rows[0]["people"] == 4


# --- standards ---------------------------------------------------------------------------------------------------


def test_standards_lists_the_schemes_and_what_each_asks(run: Callable[..., Ran]) -> None:
    ran = run("standards")
    assert ran.code == 0
    for name in ("alliance_oon", "nc_tailored_plan", "nc_standard_plan", "lme_mco_2016", "lme_mco_2018", "ma_422_116"):
        assert name in ran.out
        page = run("standards", name, "--as-of", "2026-11-23")
        assert page.code == 0
        assert max(map(len, page.out.splitlines())) <= 80
        rows = json.loads(run("standards", name, "--as-of", "2026-11-23", "--format", "json").out)
        assert rows
        assert run("standards", name, "--as-of", "2026-11-23", "--format", "csv").out.count("\n") == len(rows) + 1
    assert "unverified" in run("standards", "nc_tailored_plan", "--as-of", "2026-11-23").out


def test_standards_refuses_what_it_does_not_know(run: Callable[..., Ran]) -> None:
    assert "No scheme" in run("standards", "nothing").refused(2)
    assert "not a format" in run("standards", "--format", "pdf").refused(2)
    run("standards", "nc_tailored_plan", "--as-of", "2019-01-01").refused(4)


def test_age_groups_do_not_give_small_numbers_away() -> None:
    """Sixty members, fifty-five of them adults: the five children must not be had by subtraction."""
    rows = [
        {"county_fips": "1", "service": service, "standard": "t", "ages": ages, "people": people}
        for service, ages, people in (("a", "all", 60), ("b", "adult", 55), ("b", "child", 5), ("c", "adult", 55))
    ]
    (by_county,) = hide_small({"by_county": rows}, 10).values()
    assert [row["people"] for row in by_county] == [60, None, None, None]


def test_members_are_measured_where_they_live_and_nobody_is_named(run: Callable[..., Ran], tmp_path: Path) -> None:
    """Coordinates outrank the ZIP; only those eligible on the day count; nothing of a member is written."""
    homes = [f"M{number},-78.8{number % 10},35.4{number % 7},,37085,1980-01-01,2020-01-01," for number in range(40)]
    homes += [f"Z{number},,,27546,,2015-01-01,2020-01-01," for number in range(15)]
    homes += ["GONE,-78.8,35.4,,37085,1980-01-01,2020-01-01,2021-01-01", "NOWHERE,,,00000,,,2020-01-01,"]
    file = tmp_path / "members.csv"
    header = "member_id,lon,lat,zip5,county_fips,birth_date,eligible_from,eligible_to"
    file.write_text("\n".join([header, *homes]) + "\n", encoding="utf-8")
    out = tmp_path / "tables"
    ran = run(
        "measure", "--scheme", "nc_tailored_plan", "--members", str(file), "--services", "psr,op_therapy",
        "--out", str(out),
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert "56 members eligible" in ran.err
    assert "40 by coordinates, 15 by ZIP" in ran.err
    assert "1 members have no place" in ran.err
    frame = pd.read_csv(out / "by_county.csv", dtype={"county_fips": str})
    named = frame[frame["service"].isin(["psr", "op_therapy"])].set_index(["service", "ages"])
    assert named.loc[("psr", "adult"), "people"] == 40
    assert named.loc[("op_therapy", "child"), "people"] == 15
    written = "".join(path.read_text(encoding="utf-8", errors="replace") for path in out.glob("*.*")) + ran.err
    assert not [line for line in homes if line.split(",")[0] in written.replace("MST", "").split(",")]
    assert "1980-01-01" not in written


def test_a_member_file_may_be_parquet(tmp_path: Path) -> None:
    columns = {"member_id": ["A", "B"], "zip5": ["27546", "27501"], "eligible_from": ["2020-01-01", "2020-01-01"]}
    frame = pd.DataFrame(columns | {"lon": [-78.8, None], "lat": [35.4, None], "birth_date": ["2000-01-01", ""]})
    frame.to_parquet(tmp_path / "members.parquet")
    people = aq.member_people(tmp_path / "members.parquet", "2026-11-01")
    assert len(people) == 2
    assert people.are_members
    assert people.lon[0] == -78.8
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 and nothing else")
    with pytest.raises(InputError, match="damaged"):
        aq.member_people(tmp_path / "broken.parquet", "2026-11-01")
