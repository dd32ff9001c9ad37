"""Geocoding a file: every row comes out, interrupted runs go on, consumers are never sent."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pytest

from adequacy.errors import InputError, MissingColumn, OutputError, PrivacyError
from adequacy.geocode.census import CensusClient
from adequacy.geocode.index import build_index
from adequacy.geocode.run import OUT_COLUMNS, geocode_file, is_consumers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

POINTS = """number,street,city,zip,state,lon,lat
100,North Main Street,Lillington,27546,NC,-78.8164,35.3990
100,S Main St,Lillington,27546,NC,-78.8160,35.3800
12,Oakmont Drive,Lillington,27546,NC,-78.8300,35.4000
"""
ROWS = """npi,street,city,state,zip,lon,lat
1,100 N Main St Ste 4,Lillington,NC,27546,,
2,12 Oakmnot Dr,Lillington,NC,27546,,
3,100 Main St,Lillington,NC,27546,,
4,999 Nowhere Rd,Lillington,NC,27546-1234,,
5,PO Box 7,Lillington,NC,27546,,
6,1 Any St,Town,NC,99999,,
7,1 Any St,Town,NC,27546,-78.5,35.5
8,,,,,,
9,1 Any St,Beverly Hills,NC,90210,,
"""


@pytest.fixture
def points(tmp_path: Path) -> Path:
    (tmp_path / "points.csv").write_text(POINTS, encoding="utf-8")
    return tmp_path / "points.csv"


@pytest.fixture
def sites(tmp_path: Path) -> Path:
    (tmp_path / "sites.csv").write_text(ROWS, encoding="utf-8")
    return tmp_path / "sites.csv"


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


class Unplugged(CensusClient):
    """A service that must not be asked."""

    def ask(self, questions: list[Any]) -> dict[str, Any]:
        raise AssertionError("asked")


def test_every_row_comes_out_in_order_with_its_place(tmp_path: Path, sites: Path, points: Path) -> None:
    report = geocode_file(sites, tmp_path / "out.csv", points=points)
    rows = read(tmp_path / "out.csv")
    assert [row["npi"] for row in rows] == [str(n) for n in range(1, 10)]
    assert [row["match"] for row in rows] == ["exact", "close", "tie", "zip", "zip", "none", "exact", "none", "none"]
    assert [row["precision"] for row in rows] == [
        "address_point", "address_point", "zip", "zip", "zip", "none", "given", "none", "none",
    ]  # fmt: skip
    assert set(OUT_COLUMNS) <= set(rows[0])
    assert rows[0]["given_lon"] == ""
    assert rows[6]["given_lon"] == "-78.5"
    assert rows[2]["candidates"].count("|") == 1
    assert rows[8]["flags"] == "zip_in_other_state"
    assert report.read == 9
    assert sum(report.matches.values()) == 9


def test_an_index_answers_as_the_points_it_was_made_from(tmp_path: Path, sites: Path, points: Path) -> None:
    build_index(points, tmp_path / "points.idx")
    geocode_file(sites, tmp_path / "a.csv", points=points)
    geocode_file(sites, tmp_path / "b.csv", points=tmp_path / "points.idx")
    assert (tmp_path / "a.csv").read_text(encoding="utf-8").replace("points.csv", "") == (tmp_path / "b.csv").read_text(
        encoding="utf-8"
    ).replace("points.csv", "")


def test_without_points_the_zip_places(tmp_path: Path, sites: Path) -> None:
    geocode_file(sites, tmp_path / "out.csv")
    assert {row["match"] for row in read(tmp_path / "out.csv")} == {"zip", "exact", "none"}


def test_one_column_may_hold_the_whole_address(tmp_path: Path, points: Path) -> None:
    text = 'id,Address\n1,"100 N Main St, Lillington NC 27546"\n2,"9 Else St, Lillington NC 27546"\n'
    (tmp_path / "in.csv").write_text(text, encoding="utf-8")
    geocode_file(tmp_path / "in.csv", tmp_path / "out.csv", points=points)
    assert [row["match"] for row in read(tmp_path / "out.csv")] == ["exact", "zip"]


def test_an_interrupted_run_goes_on_and_ends_with_the_same_bytes(
    tmp_path: Path, points: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = ["street,zip", *(f"{n} N Main St,27546" for n in range(90, 130))]
    (tmp_path / "in.csv").write_text("\n".join(lines), encoding="utf-8")
    build_index(points, tmp_path / "points.idx")
    geocode_file(tmp_path / "in.csv", tmp_path / "whole.csv", points=tmp_path / "points.idx")
    monkeypatch.setattr("adequacy.geocode.run._CHECKPOINT_ROWS", 10)

    def stop(rows: int) -> None:
        if rows >= 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        geocode_file(tmp_path / "in.csv", tmp_path / "out.csv", points=tmp_path / "points.idx", progress=stop)
    assert not (tmp_path / "out.csv").exists()
    with (tmp_path / "out.csv.part").open("a", encoding="utf-8") as part:
        part.write("half a row")
    report = geocode_file(tmp_path / "in.csv", tmp_path / "out.csv", points=tmp_path / "points.idx")
    assert (report.resumed, report.read) == (20, 40)
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
    assert not list(tmp_path.glob("*.part*"))


def test_another_question_starts_afresh(tmp_path: Path, sites: Path, points: Path) -> None:
    def stop(rows: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        geocode_file(sites, tmp_path / "out.csv", progress=stop)
    assert json.loads((tmp_path / "out.csv.part.json").read_text(encoding="utf-8"))["read"] == 9
    assert geocode_file(sites, tmp_path / "out.csv", points=points).resumed == 0
    assert read(tmp_path / "out.csv")[0]["match"] == "exact"


def test_ragged_rows_and_windows_files_lose_nothing(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes("zip,name\n27546,Café,and more\n27546\n\n".encode("cp1252"))
    geocode_file(tmp_path / "in.csv", tmp_path / "out.csv")
    assert [row["name"] for row in read(tmp_path / "out.csv")] == ["Café,and more", ""]


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        (None, InputError, "no such file"),
        ("", InputError, "empty"),
        ("name,phone\nA,1\n", MissingColumn, "Found: name, phone"),
    ],
)
def test_a_file_without_places_is_refused(tmp_path: Path, text: str | None, error: type[Exception], said: str) -> None:
    if text is not None:
        (tmp_path / "in.csv").write_text(text, encoding="utf-8")
    with pytest.raises(error, match=said):
        geocode_file(tmp_path / "in.csv", tmp_path / "out.csv")
    assert not list(tmp_path.glob("out.csv*"))


def test_a_first_line_that_is_a_row_is_not_repeated(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("A1,12 Secretview Pkwy,27546\n", encoding="utf-8")
    with pytest.raises(MissingColumn, match="add a line of names") as caught:
        geocode_file(tmp_path / "in.csv", tmp_path / "out.csv")
    assert "Secretview" not in caught.value.message


def test_a_workbook_is_named_as_one(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes(b"PK\x03\x04rest")
    with pytest.raises(InputError, match="workbook"):
        geocode_file(tmp_path / "in.csv", tmp_path / "out.csv")


def test_the_output_never_overwrites_the_input(tmp_path: Path, sites: Path) -> None:
    with pytest.raises(OutputError, match="overwrite the input"):
        geocode_file(sites, sites)
    with pytest.raises(OutputError, match="cannot be written"):
        geocode_file(sites, tmp_path / "nowhere" / "out.csv")


# --- privacy -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "column",
    [
        "member_id",
        "Member ID",
        "birth_date",
        "DOB",
        "Date of Birth",
        "eligible_from",
        "Eligibility Start",
        "SSN",
        "MRN",
    ],
)
def test_a_file_with_a_consumer_column_is_never_sent(tmp_path: Path, column: str) -> None:
    (tmp_path / "in.csv").write_text(f"{column},street,zip\nx,1 Secret St,27546\n", encoding="utf-8")
    with pytest.raises(PrivacyError, match="never sent") as caught:
        geocode_file(tmp_path / "in.csv", tmp_path / "out.csv", online=Unplugged(), send_addresses=True)
    assert "Secret" not in caught.value.message
    assert not list(tmp_path.glob("out.csv*"))


def test_a_file_marked_or_named_as_consumers_is_never_sent(tmp_path: Path, sites: Path) -> None:
    with pytest.raises(PrivacyError, match="never sent"):
        geocode_file(sites, tmp_path / "out.csv", online=Unplugged(), send_addresses=True, consumers=True)
    assert is_consumers("Members 2026.csv", ["street"])
    assert not is_consumers("providers.csv", ["npi", "street", "zip"])


def test_nothing_is_sent_without_agreement(tmp_path: Path, sites: Path) -> None:
    with pytest.raises(PrivacyError, match="add --send-addresses"):
        geocode_file(sites, tmp_path / "out.csv", online=Unplugged())


def test_consumers_are_placed_offline(tmp_path: Path) -> None:
    (tmp_path / "members.csv").write_text("member_id,zip\nA,27546\n", encoding="utf-8")
    assert geocode_file(tmp_path / "members.csv", tmp_path / "out.csv", consumers=True).matches == {"zip": 1}


# --- the command line --------------------------------------------------------------------------------------------


def test_the_commands_make_an_index_and_place_a_file(
    run: Callable[..., Any], tmp_path: Path, sites: Path, points: Path
) -> None:
    made = run("geocode", "index", str(points), "--out", str(tmp_path / "nc.idx"), "--dated", "2026-07-01")
    assert (made.code, made.out) == (0, "")
    assert "3 rows read (plain columns), 3 used" in made.err
    done = run("geocode", "run", str(sites), "--out", str(tmp_path / "out.csv"), "--points", str(tmp_path / "nc.idx"))
    assert done.code == 0
    assert "9 rows in, 9 rows out" in done.err
    assert "Main" not in done.err


def test_bad_calls_are_one_line_and_the_right_exit_code(run: Callable[..., Any], tmp_path: Path, sites: Path) -> None:
    out = str(tmp_path / "out.csv")
    call = ("geocode", "run", str(sites), "--out", out)
    assert "--send-addresses" in run(*call, "--online", "census").refused(3)
    assert "never sent" in run(*call, "--online", "census", "--send-addresses", "--consumers").refused(3)
    assert "only online service" in run(*call, "--online", "google", "--send-addresses").refused(2)
    assert "no such address index" in run(*call, "--points", str(tmp_path / "none.idx")).refused(3)
    index = ("geocode", "index", str(sites), "--out", str(tmp_path / "x.idx"))
    assert "--dated: '2026-13-01'" in run(*index, "--dated", "2026-13-01").refused(2)


def test_check_uses_the_index_for_an_address(
    run: Callable[..., Any], tmp_path: Path, points: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_index(points, tmp_path / "nc.idx")
    monkeypatch.setenv("ADEQUACY_ADDRESS_INDEX", str(tmp_path / "nc.idx"))
    call = ("check", "--service", "SAIOP", "--format", "json", "--address")
    exact = json.loads(run(*call, "100 N Main St, Lillington NC 27546").out)
    assert (exact["origin"]["precision"], exact["origin"]["lat"]) == ("address_point", 35.3990)
    close = json.loads(run(*call, "12 Oakmnot Dr, Lillington NC 27546").out)
    assert "address_close_match" in [caution["code"] for caution in close["cautions"]]
    tie = json.loads(run(*call, "100 Main St, Lillington NC 27546").out)
    assert tie["origin"]["precision"] == "zip"
    assert "address_tie" in [caution["code"] for caution in tie["cautions"]]


def test_doctor_reports_the_index(
    run: Callable[..., Any], tmp_path: Path, points: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_index(points, tmp_path / "nc.idx", dated="2026-07-01")
    monkeypatch.setenv("ADEQUACY_ADDRESS_INDEX", str(tmp_path / "nc.idx"))
    well = run("doctor")
    assert well.code == 0
    assert "3 addresses, 0 street ranges from points.csv of 2026-07-01" in well.out
    (tmp_path / "nc.idx").write_bytes(b"broken")
    monkeypatch.setenv("ADEQUACY_ADDRESS_INDEX", str(tmp_path / "nc.idx"))
    ill = run("doctor")
    assert ill.code == 3
    assert "no address index" in ill.out
