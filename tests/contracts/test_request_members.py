"""``adequacy request open --member``: place, age and county from the plan's own eligibility file, and nothing more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from adequacy.geocode.index import build_index

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Ran

    Run = Callable[..., Ran]

DEMO = Path(__file__).parents[2] / "adequacy" / "reference" / "demo_data" / "members.csv"
HEAD = "member_id,lon,lat,street,city,state,zip5,county_fips,birth_date,eligible_from,eligible_to"
OPEN = ("request", "open", "--service", "SAIOP", "--received", "2026-10-29T12:15", "--requester", "A Clinic")
#: What the file says of the members of these tests; none of it may stand in a message.
PRIVATE = ("Imaginary", "Fayetteville", "28301", "28999", "1977", "-78.8", "35.04", "37051", "37085", "135.0")


def _members(folder: Path, *rows: str) -> str:
    file = folder / "members.csv"
    file.write_text("\n".join((HEAD, *rows)) + "\n", encoding="utf-8")
    return str(file)


def _index(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make an index of one address and configure it."""
    points = folder / "points.csv"
    points.write_text(
        "LON,LAT,NUMBER,STREET,UNIT,CITY,DISTRICT,REGION,POSTCODE,ID,HASH\n"
        "-78.87,35.05,6069,Imaginary Way,,Fayetteville,,NC,28301,,1\n",
        encoding="utf-8",
    )
    build_index([str(points)], str(folder / "index"))
    monkeypatch.setenv("ADEQUACY_ADDRESS_INDEX", str(folder / "index"))


def _shown(run: Run, *arguments: str) -> Any:
    opened = run(*OPEN, *arguments, "--format", "json")
    assert opened.code == 0, opened.err
    return json.loads(run("request", "show", json.loads(opened.out)["id"], "--format", "json").out)


def test_a_member_of_the_demo_brings_place_age_and_county_and_is_verified(run: Run) -> None:
    request = _shown(run, "--member", "DEMO-00001", "--members", str(DEMO))["request"]
    assert {name: request[name] for name in ("consumer_ref", "consumer_verified", "age", "county_fips")} == {
        "consumer_ref": "DEMO-00001", "consumer_verified": "Y", "age": "49", "county_fips": "37051",
    }  # fmt: skip
    assert request["point"] == "35.04378,-78.86989"
    assert request["eligible_on"] == "2026-10-29"
    assert not {"street", "zip", "address", "birth_date"} & set(request)


def test_the_county_of_eligibility_outranks_the_county_on_the_map(run: Run, tmp_path: Path) -> None:
    file = _members(tmp_path, "M-1,-78.86989,35.04378,,,NC,28301,37085,1977-05-12,2020-03-01,")
    shown = _shown(run, "--member", "M-1", "--members", file)
    run("request", "decide", shown["id"], "--record", str(tmp_path / "r.json"))
    record = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert record["consumer"]["county_of_eligibility"] == "37085"
    assert (record["answer"]["origin"]["county_fips"], record["answer"]["origin"]["counties"]) == ("37085", ["37085"])


def test_a_member_of_another_plans_county_stops_for_a_person_wherever_the_house_stands(
    run: Run, tmp_path: Path
) -> None:
    file = _members(tmp_path, "M-1,-78.86989,35.04378,,,NC,28301,37021,1977-05-12,2020-03-01,")
    shown = _shown(run, "--member", "M-1", "--members", file)
    run("request", "decide", shown["id"])
    view = json.loads(run("request", "show", shown["id"], "--format", "json").out)
    assert view["human_review"] == "Y"
    assert "outside_catchment" in {caution["code"] for caution in view["cautions"]}


def test_a_members_address_is_placed_by_the_configured_index(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _index(tmp_path, monkeypatch)
    file = _members(tmp_path, "M-1,,,6069 Imaginary Way,Fayetteville,NC,28301,37051,1977-05-12,2020-03-01,")
    shown = _shown(run, "--member", "M-1", "--members", file)
    run("request", "decide", shown["id"], "--record", str(tmp_path / "r.json"))
    origin = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))["origin"]
    assert (origin["precision"], origin["lon"], origin["lat"]) == ("address_point", -78.87, 35.05)


def test_an_index_that_is_missing_is_said_before_anything_is_opened(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADEQUACY_ADDRESS_INDEX", str(tmp_path / "no-index"))
    file = _members(tmp_path, "M-1,,,6069 Imaginary Way,Fayetteville,NC,28301,37051,1977-05-12,2020-03-01,")
    refused = run(*OPEN, "--member", "M-1", "--members", file).refused(3)
    assert "no-index" in refused
    assert json.loads(run("request", "list", "--format", "json").out) == []


@pytest.mark.parametrize(
    ("row", "code", "says"),
    [
        ("M-2,-78.8,35.04,,,NC,28301,37051,1977-05-12,2020-03-01,", 4, "no row with that member id"),
        ("M-1,-78.8,35.04,,,NC,28301,37051,1977-05-12,2020-03-01,2026-10-28", 4, "not eligible on 2026-10-29"),
        ("M-1,-78.8,35.04,,,NC,28301,37051,1977-05-12,2026-10-30,", 4, "not eligible on 2026-10-29"),
        ("M-1,,,,,NC,28999,37051,1977-05-12,2020-03-01,", 4, "row 2, column 'zip5': no known place"),
        ("M-1,,,6069 Imaginary Way,Fayetteville,NC,28999,37051,1977-05-12,2020-03-01,", 4, "row 2, column 'zip5'"),
        ("M-1,35.04,-78.8,,,NC,28301,37051,1977-05-12,2020-03-01,", 3, "are they swapped?"),
        ("M-1,-78.8,135.0,,,NC,28301,37051,1977-05-12,2020-03-01,", 3, "row 2, column 'lat'"),
        ("M-1,2.3,48.8,,,NC,28301,37051,1977-05-12,2020-03-01,", 4, "columns 'lon' and 'lat': no known place"),
        ("M-1,-78.8,35.04,,,NC,28301,37051,1799-05-12,2020-03-01,", 3, "row 2, column 'birth_date'"),
        ("M-1,-78.8,35.04,,,NC,28301,37051,2027-05-12,2020-03-01,", 3, "row 2, column 'birth_date'"),
        ("M-1,-78.8,35.04,,,NC,28301,nowhere,1977-05-12,2020-03-01,", 3, "row 2, column 'county_fips'"),
    ],
)
def test_a_member_that_cannot_be_used_is_one_line_without_what_the_file_says(
    run: Run, tmp_path: Path, row: str, code: int, says: str
) -> None:
    refused = run(*OPEN, "--member", "M-1", "--members", _members(tmp_path, row)).refused(code)
    assert says in refused
    assert not [word for word in PRIVATE if word in refused.replace(str(tmp_path), "")]
    assert json.loads(run("request", "list", "--format", "json").out) == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--consumer-ref", "REF-1"), "--member brings the reference: leave --consumer-ref out"),
        (("--zip", "27546"), "--member brings the place: leave --zip out"),
        (("--point", "35.4,-78.8"), "--member brings the place: leave --point out"),
        (("--age", "12"), "--member brings the age: leave --age out"),
        (("--county-fips", "37085"), "--member brings the county: leave --county-fips out"),
    ],
)
def test_what_the_file_says_is_not_said_twice(run: Run, arguments: tuple[str, ...], says: str) -> None:
    assert says in run(*OPEN, "--member", "DEMO-00001", "--members", str(DEMO), *arguments).refused(2)


def test_an_eligibility_file_that_is_not_there_and_a_request_without_a_day_are_one_line(
    run: Run, tmp_path: Path
) -> None:
    assert "members.csv" in run(*OPEN, "--member", "M-1", "--members", str(tmp_path / "members.csv")).refused(3)
    no_day = [each for each in OPEN if each not in ("--received", "2026-10-29T12:15")]
    assert "--received is missing" in run(*no_day, "--member", "M-1", "--members", str(DEMO)).refused(2)


def test_an_address_that_the_index_knows_may_do_without_its_zip(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = ("--consumer-ref", "REF-1", "--address", "6069 Imaginary Way, Fayetteville, NC")
    assert "Add the ZIP" in run(*OPEN, *typed).refused(4)
    _index(tmp_path, monkeypatch)
    assert _shown(run, *typed)["request"]["address"] == "6069 Imaginary Way, Fayetteville, NC"
