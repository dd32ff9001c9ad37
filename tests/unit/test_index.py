"""The address index: what it is built from, and what it answers."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Point

from adequacy.errors import InputError, MissingColumn, OutputError, PlaceUnknown
from adequacy.geocode import locate_address, place_sites
from adequacy.geocode.index import AddressIndex, build_index, open_index
from adequacy.geocode.match import Match, find
from adequacy.geocode.parse import read_address

PLAIN = """number,street,city,zip,state,lon,lat
100,North Main Street,Lillington,27546,NC,-78.8164,35.3990
100,S Main St,Lillington,27546,NC,-78.8160,35.3800
12,Oakmont Drive,Lillington,27546,NC,-78.8300,35.4000
14,Oakmont Drive,Lillington,27546,NC,-78.8310,35.4010
7,Elm Street,Lillington,27546,NC,-78.8200,35.4050
20,Maple Avenue,Lillington,27546,NC,-78.8250,35.4060
5,12th Street,Lillington,27546,NC,-78.8260,35.4070
9,Pine Road,Dunn,28334,NC,-78.6100,35.3100
30,Far Lane,Lillington,27546,NC,-76.5000,35.3000
40,Wide Way,Lillington,27546,NC,-78.8200,35.4000
40,Wide Way,Lillington,27546,NC,-78.8200,35.4200
"""


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> AddressIndex:
    folder = tmp_path_factory.mktemp("index")
    (folder / "points.csv").write_text(PLAIN, encoding="utf-8")
    build_index(folder / "points.csv", folder / "points.idx", dated="2026-07-01")
    return open_index(folder / "points.idx")


def ask(index: AddressIndex, text: str) -> Match:
    return find(index, read_address(text))


# --- matching ----------------------------------------------------------------------------------------------------


def test_the_same_address_is_exact_however_it_is_written(index: AddressIndex) -> None:
    for text in ("100 N Main St, Lillington NC 27546", "100 north main street ste 5, Lillington, NC 27546-0001"):
        found = ask(index, text)
        assert (found.match, found.precision, found.score, found.flags) == ("exact", "address_point", 100.0, ())
        assert (found.lon, found.lat) == (-78.8164, 35.3990)
        assert found.uncertainty_mi == pytest.approx(0.01)


def test_a_missing_direction_that_fits_two_streets_is_a_tie(index: AddressIndex) -> None:
    found = ask(index, "100 Main St, Lillington NC 27546")
    assert (found.match, found.lon) == ("tie", None)
    assert len(found.candidates) == 2


def test_a_contradicting_direction_or_type_is_not_bent(index: AddressIndex) -> None:
    assert ask(index, "100 E Main St, Lillington NC 27546").match == "none"
    assert ask(index, "20 Maple Street, Lillington NC 27546").match == "none"


def test_a_missing_type_is_close(index: AddressIndex) -> None:
    found = ask(index, "20 Maple, Lillington NC 27546")
    assert (found.match, found.matched) == ("close", "20 MAPLE AVE, LILLINGTON, NC 27546")


@pytest.mark.parametrize("line", ["12 Oakmnot Dr", "12 Oakmont Drvie", "12 Oak Mont Dr", "20 Mapel Ave"])
def test_close_spelling_is_found_and_called_close(index: AddressIndex, line: str) -> None:
    found = ask(index, f"{line}, Lillington NC 27546")
    assert found.match == "close"
    assert found.score < 100
    assert found.candidates


@pytest.mark.parametrize(
    "line", ["16 Oakmont Dr", "7 Elk Street", "7 Emm Street", "5 13th Street", "12 Oakridge Dr", "1200 Oakmont Dr"]
)
def test_another_number_or_street_is_not_found(index: AddressIndex, line: str) -> None:
    assert ask(index, f"{line}, Lillington NC 27546").match == "none"


def test_a_wrong_zip_is_flagged_and_the_uncertainty_reaches_over_both(index: AddressIndex) -> None:
    found = ask(index, "9 Pine Rd, Dunn NC 27546")
    assert found.match == "close"
    assert "zip_differs" in found.flags
    assert found.uncertainty_mi > 10
    assert "far_from_zip" in ask(index, "9 Pine Rd, Dunn NC 28202").flags


def test_an_address_of_the_index_far_from_its_zip_is_flagged(index: AddressIndex) -> None:
    found = ask(index, "30 Far Ln, Lillington NC 27546")
    assert found.match == "exact"
    assert found.flags == ("far_from_zip",)
    assert found.uncertainty_mi > 100


def test_points_of_one_address_far_apart_are_one_place_with_their_spread(index: AddressIndex) -> None:
    found = ask(index, "40 Wide Way, Lillington NC 27546")
    assert found.lat == pytest.approx(35.41)
    assert 0.6 < found.uncertainty_mi < 0.8
    assert found.flags == ("scattered",)


def test_a_city_stands_in_for_a_missing_zip(index: AddressIndex) -> None:
    assert ask(index, "9 Pine Road, Dunn, NC").match == "exact"
    assert ask(index, "9 Pine Road, Erwin, NC").match == "none"


def test_one_such_address_elsewhere_in_the_state_is_said_but_not_taken(index: AddressIndex) -> None:
    found = ask(index, "9 Pine Road, Erwin NC 28339")
    assert (found.match, found.lon, found.flags) == ("none", None, ("elsewhere",))
    assert found.candidates == ("9 PINE RD, DUNN, NC 28334",)


# --- places ------------------------------------------------------------------------------------------------------


def test_an_address_becomes_a_point_in_its_county(index: AddressIndex) -> None:
    place = locate_address("100 N Main St, Lillington NC 27546", index)
    assert (place.kind, place.precision, place.county_fips, place.cautions) == ("point", "address_point", "37085", ())
    assert "points.csv (2026-07-01)" in place.source


@pytest.mark.parametrize(
    ("text", "caution"),
    [
        ("100 Main St, Lillington NC 27546", "address_tie"),
        ("999 Nowhere Rd, Lillington NC 27546", "address_not_found"),
        ("9 Pine Road, Erwin NC 28339", "address_elsewhere"),
    ],
)
def test_what_the_index_cannot_place_stands_at_its_zip_and_says_why(
    index: AddressIndex, text: str, caution: str
) -> None:
    place = locate_address(text, index)
    assert place.precision == "zip"
    assert place.cautions[-1] == caution


def test_a_close_match_says_so_and_a_wrong_zip_counts_both_counties(index: AddressIndex) -> None:
    assert locate_address("12 Oakmnot Dr, Lillington NC 27546", index).cautions == ("address_close_match",)
    both = locate_address("9 Pine Rd, Dunn NC 28202", index)
    assert {"37085", "37119"} <= set(both.counties)
    assert "address_zip_differs" in both.cautions


def test_a_tie_without_a_zip_says_what_would_settle_it(index: AddressIndex) -> None:
    with pytest.raises(PlaceUnknown, match="fits several places") as caught:
        locate_address("100 Main Street, Lillington, NC", index)
    assert "Main" not in caught.value.message


@given(st.text(max_size=60))
@settings(max_examples=80, deadline=None)
def test_any_text_gives_a_verdict(text: str) -> None:
    here = Path(__file__).parent.parent / "data" / "addresses" / "rrad_openaddresses_us.csv"
    assert here.exists()
    assert ask(_shared(here), text).match in {"exact", "close", "range", "tie", "none"}


_KEPT: dict[Path, AddressIndex] = {}


def _shared(points: Path) -> AddressIndex:
    """One small index for all generated texts."""
    import tempfile

    if points not in _KEPT:
        with tempfile.TemporaryDirectory() as folder:
            head = points.read_text(encoding="utf-8").splitlines()[:200]
            (Path(folder) / "few.csv").write_text("\n".join(head), encoding="utf-8")
            build_index(Path(folder) / "few.csv", Path(folder) / "few.idx")
            _KEPT[points] = open_index(Path(folder) / "few.idx")
            assert _KEPT[points].info()["points"] > 150
    return _KEPT[points]


# --- building ----------------------------------------------------------------------------------------------------


def _answers(path: Path) -> bool:
    return ask(open_index(path), "100 N Main St, Lillington NC 27546").match == "exact"


@pytest.mark.parametrize(
    ("header", "row", "layout"),
    [
        (
            "LON,LAT,NUMBER,STREET,UNIT,CITY,DISTRICT,REGION,POSTCODE,ID,HASH",
            "-78.8164,35.399,100,N MAIN ST,,LILLINGTON,,NC,27546,,ab12",
            "OpenAddresses",
        ),
        (
            "Add_Number,AddNum_Suf,St_PreDir,St_Name,St_PosTyp,Post_City,State,Zip_Code,Longitude,Latitude",
            "100,,North,Main,Street,Lillington,NC,27546,-78.8164,35.399",
            "National Address Database",
        ),
        (
            "add_number,addnum_suf,st_predir,st_premod,st_name,st_postyp,st_posdir,post_comm,region,post_code,lon,lat",
            "100,,N,,MAIN,ST,,LILLINGTON,NC,27546,-78.8164,35.399",
            "NC OneMap",
        ),
        ("address,city,zip,lon,lat", "100 N Main St,Lillington,27546,-78.8164,35.399", "plain columns"),
        ("House Number;Street Name;ZIP;Longitude;Latitude", "100;N Main St;27546;-78.8164;35.399", "plain columns"),
    ],
)
def test_known_column_sets_are_read_by_name(tmp_path: Path, header: str, row: str, layout: str) -> None:
    (tmp_path / "in.csv").write_text(f"{header}\n{row}\n", encoding="utf-8")
    report = build_index(tmp_path / "in.csv", tmp_path / "out.idx")
    assert report.layouts == (layout,)
    assert _answers(tmp_path / "out.idx")


@pytest.mark.parametrize("name", ["in.gpkg", "in.parquet", "in.shp"])
def test_map_layers_in_another_reference_system_are_turned(tmp_path: Path, name: str) -> None:
    frame = gpd.GeoDataFrame(
        {"number": ["100"], "street": ["N Main St"], "city": ["Lillington"], "zip": ["27546"]},
        geometry=[Point(-78.8164, 35.3990)],
        crs="EPSG:4326",
    )
    if name == "in.parquet":
        frame.to_parquet(tmp_path / name)
    else:
        frame.to_crs("EPSG:2264").to_file(tmp_path / name)
    build_index(tmp_path / name, tmp_path / "out.idx")
    found = ask(open_index(tmp_path / "out.idx"), "100 N Main St, Lillington NC 27546")
    assert (found.lon, found.lat) == (pytest.approx(-78.8164, abs=1e-5), pytest.approx(35.3990, abs=1e-5))


@pytest.fixture
def ranges(tmp_path: Path) -> Path:
    frame = gpd.GeoDataFrame(
        {
            "FULLNAME": ["N Main St", "N Main St"],
            "LFROMHN": ["101", "201"],
            "LTOHN": ["199", "299"],
            "RFROMHN": ["198", ""],
            "RTOHN": ["100", ""],
            "ZIPL": ["27546", "27546"],
            "ZIPR": ["27546", ""],
            "PARITYL": ["O", "O"],
            "PARITYR": ["E", ""],
        },
        geometry=[LineString([(-78.80, 35.40), (-78.80, 35.402)]), LineString([(-78.80, 35.402), (-78.80, 35.404)])],
        crs="EPSG:4269",
    )
    frame.to_file(tmp_path / "addrfeat.shp")
    return tmp_path / "addrfeat.shp"


def test_street_ranges_place_a_number_along_the_right_side(tmp_path: Path, ranges: Path) -> None:
    report = build_index(ranges, tmp_path / "out.idx")
    assert (report.layouts, report.ranges) == (("Census ADDRFEAT",), 3)
    index = open_index(tmp_path / "out.idx")
    odd = ask(index, "101 N Main St, Lillington NC 27546")
    assert (odd.match, odd.precision, odd.lat) == ("range", "street_range", pytest.approx(35.400))
    assert odd.uncertainty_mi >= 0.1
    even = ask(index, "100 N Main St, Lillington NC 27546")  # runs the other way
    assert even.lat == pytest.approx(35.402)
    assert ask(index, "250 N Main St, Lillington NC 27546").match == "none"  # the even side has no numbers there
    assert ask(index, "150 Main St, Lillington NC 27546").match == "close"


def test_address_points_outrank_street_ranges(tmp_path: Path, ranges: Path) -> None:
    (tmp_path / "points.csv").write_text(PLAIN, encoding="utf-8")
    build_index([ranges, tmp_path / "points.csv"], tmp_path / "out.idx")
    index = open_index(tmp_path / "out.idx")
    assert ask(index, "100 N Main St, Lillington NC 27546").precision == "address_point"
    assert ask(index, "102 N Main St, Lillington NC 27546").precision == "street_range"


def test_rows_read_are_rows_used_plus_rows_left_out_with_reasons(tmp_path: Path) -> None:
    bad = "number,street,city,zip,lon,lat\n1,A St,X,27546,0,0\n,B St,X,27546,-78,35\n1,,X,27546,-78,35\n"
    (tmp_path / "in.csv").write_text(bad + "1,C St,,,-78,35\n1,D St,X,27546,-78,35\n", encoding="utf-8")
    report = build_index(tmp_path / "in.csv", tmp_path / "out.idx")
    assert report.read == 5
    assert report.used == 1
    assert report.read == report.used + sum(report.skipped.values())
    assert len(report.skipped) == 4


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text(PLAIN, encoding="utf-8")
    for name in ("a.idx", "b.idx"):
        build_index(tmp_path / "points.csv", tmp_path / name)
    assert (tmp_path / "a.idx").read_bytes() == (tmp_path / "b.idx").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.idx", "b.idx", "points.csv"]


def test_a_windows_file_is_read_and_lost_zeros_of_zips_come_back(tmp_path: Path) -> None:
    text = "address,city,state,zip,lon,lat\n1 Café St,Boston,MA,2139,-71.1,42.36\n"
    (tmp_path / "in.csv").write_bytes(text.encode("cp1252"))
    build_index(tmp_path / "in.csv", tmp_path / "out.idx")
    assert ask(open_index(tmp_path / "out.idx"), "1 Cafe Street, Boston MA 02139").match == "exact"


@pytest.mark.parametrize(
    ("name", "text", "error", "said"),
    [
        ("in.csv", "", InputError, "no rows"),
        ("in.csv", "a,b\n1,2\n", MissingColumn, "Found: a, b"),
        ("in.csv", "number,street,zip,lon,lat\n1,A St,27546,0,0\n", InputError, "no row can be used"),
        ("in.gpkg", "garbage", InputError, "cannot be read as a map layer"),
        ("in.parquet", "garbage", InputError, "no readable Parquet"),
        ("missing.csv", None, InputError, "no such file"),
    ],
)
def test_a_file_that_cannot_be_indexed_is_refused_and_the_old_index_stays(
    tmp_path: Path, name: str, text: str | None, error: type[Exception], said: str
) -> None:
    (tmp_path / "old.idx").write_bytes(b"old")
    if text is not None:
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(error, match=said):
        build_index(tmp_path / name, tmp_path / "old.idx")
    assert (tmp_path / "old.idx").read_bytes() == b"old"


def test_an_unwritable_place_is_said(tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text(PLAIN, encoding="utf-8")
    with pytest.raises(OutputError, match="cannot be written"):
        build_index(tmp_path / "points.csv", tmp_path / "nowhere" / "out.idx")


def test_a_file_that_is_no_index_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.idx").write_text("hello", encoding="utf-8")
    (tmp_path / "empty.idx").write_bytes(b"")
    with closing(sqlite3.connect(tmp_path / "other.idx")) as db:
        db.executescript("CREATE TABLE t (a)")
    for name in ("text.idx", "empty.idx", "other.idx", "missing.idx"):
        with pytest.raises(InputError, match=r"address index.*geocode index"):
            open_index(tmp_path / name)


def test_an_index_of_another_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text(PLAIN, encoding="utf-8")
    for change, said in (
        ("PRAGMA user_version=99", "newer adequacy"),
        ("UPDATE meta SET value='0-old' WHERE key='folding'", "another version"),
    ):
        build_index(tmp_path / "points.csv", tmp_path / "out.idx")
        with closing(sqlite3.connect(tmp_path / "out.idx")) as db, db:
            db.executescript(change)
        with pytest.raises(InputError, match=said):
            open_index(tmp_path / "out.idx")


def test_sites_of_a_roster_climb_the_same_ladder(index: AddressIndex) -> None:
    frame = pd.DataFrame(
        {
            "street": ["100 N Main St Ste 2", "999 Nowhere Rd", "1 Erwin Rd", "PO Box 3"],
            "city": ["Lillington", "Lillington", "Durham", "Lillington"],
            "state": ["NC"] * 4,
            "zip5": ["27546", "27546", "27710", "27546"],
            "precision": ["", "", "", "none"],
        }
    )
    plain = place_sites(frame, index)
    assert list(plain["precision"]) == ["address_point", "zip", "zip", "none"]
    assert plain["county_fips"].iloc[0] == "37085"
    assert "address index" in plain["geocode_source"].iloc[0]
    wider = place_sites(frame, index, zip_tolerance_mi=0.3, mailing_tolerance_mi=5.0)
    added = (wider["uncertainty_mi"] - plain["uncertainty_mi"]).round(6)
    assert list(added[:3]) == [0.0, 0.3, 5.0]
