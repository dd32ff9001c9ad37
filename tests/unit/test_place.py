"""Where is it? ZIP codes, coordinates and addresses, right and wrong ones."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adequacy import distance, reference
from adequacy.errors import AdequacyError, CoordinateError, PlaceUnknown, UsageError
from adequacy.geocode import Place, locate_address, locate_point, locate_zip, parse_lat_lon, place_sites
from adequacy.geocode.place import zip_in_text

if TYPE_CHECKING:
    from collections.abc import Callable

# --- ZIP codes ---------------------------------------------------------------------------------------------------


def test_a_zip_is_its_whole_area() -> None:
    place = locate_zip("27546")
    assert (place.given, place.kind, place.precision, place.zcta) == ("zip", "area", "zip", "27546")
    assert (place.lon, place.lat) == (pytest.approx(-78.84598), pytest.approx(35.397438))
    assert place.county_fips == "37085"
    assert place.state == "NC"
    assert place.area is not None
    assert not place.mailing


@pytest.mark.parametrize("zip5", ["27546", "28719", "27960", "28280"])
def test_uncertainty_reaches_the_farthest_vertex_of_every_ring(zip5: str) -> None:
    place = locate_zip(zip5)
    assert place.area is not None
    assert place.area.rings is not None
    slow = max(
        distance.karney_miles(place.lon, place.lat, lon, lat)
        for lons, lats in place.area.rings
        for lon, lat in zip(lons, lats, strict=True)
    )
    assert place.uncertainty_mi == pytest.approx(slow, abs=1e-6)


def test_a_zip_without_a_shipped_border_is_a_disc_that_holds_it() -> None:
    place = locate_zip("90210")
    area = reference.find_area("90210")
    assert area is not None
    assert place.kind == "disc"
    assert place.area is None
    offset = distance.miles(place.lon, place.lat, area.lon, area.lat)
    assert place.uncertainty_mi == pytest.approx(area.max_radius_mi + offset)


@pytest.mark.parametrize("text", ["27546-1234", "275461234", " 27546 ", "27546 1234", "２７５４６"])
def test_zip_plus_four_and_stray_blanks_are_accepted(text: str) -> None:
    assert locate_zip(text).zip5 == "27546"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2754", "has 4 digits"),
        ("2139", "leading zero"),
        ("275466", "has 6 digits"),
        ("27546-12", "has 7 digits"),
        ("abcde", "not digits"),
        ("2754o", "not digits"),
        ("", "empty"),
        ("   ", "empty"),
        ("-", "has 0 digits"),
    ],
)
def test_a_malformed_zip_is_wrong_usage_and_says_why(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        locate_zip(text)
    assert caught.value.exit_code == 2
    assert "\n" not in caught.value.message


def test_an_unknown_zip_cannot_be_decided() -> None:
    with pytest.raises(PlaceUnknown, match="27999 is not in the shipped list") as caught:
        locate_zip("27999")
    assert caught.value.exit_code == 4


def test_a_military_zip_is_named_as_one() -> None:
    with pytest.raises(PlaceUnknown, match="military"):
        locate_zip("09012")


def test_a_mailing_zip_stands_at_the_area_it_maps_to_and_says_so() -> None:
    place = locate_zip("27710")
    assert (place.zip5, place.zcta, place.mailing) == ("27710", "27705", True)
    assert "mailing_zip" in place.cautions


def test_counties_are_those_where_people_live() -> None:
    assert locate_zip("27703").counties == ("37063",)  # touches Wake, where nobody of it lives
    several = [zcta for zcta in reference.areas("NC") if sum(c.people > 0 for c in reference.counties_of(zcta)) > 1]
    place = locate_zip(several[0])
    assert len(place.counties) > 1
    assert "several_counties" in place.cautions


def test_every_zip_of_north_carolina_has_a_place() -> None:
    places = [locate_zip(zip5) for zip5 in reference.zips("NC")]
    assert all(place.uncertainty_mi > 0 and place.counties for place in places)


# --- coordinates -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "35.399,-78.816",
        " 35.399 , -78.816 ",
        "35.399 -78.816",
        "(35.399, -78.816)",
        "35.399; -78.816",
        "35.399° N, 78.816° W",
        "35.399N 78.816W",
        "N35.399 W78.816",
        "N 35.399 W 78.816",
        "78.816 W, 35.399 N",
        "35.399,−78.816",
        "35°23'56.4\"N 78°48'57.6\"W",
    ],
)
def test_coordinates_are_read_as_people_paste_them(text: str) -> None:
    assert parse_lat_lon(text) == (pytest.approx(-78.816), pytest.approx(35.399))


@pytest.mark.parametrize("text", ["-78.816,35.399", "-120.5 38.5"])
def test_swapped_coordinates_are_named_and_the_reverse_shown(text: str) -> None:
    reverse = ",".join(reversed(text.replace(",", " ").split()))
    with pytest.raises(CoordinateError, match=reverse) as caught:
        parse_lat_lon(text)
    assert caught.value.exit_code == 2


def test_swapped_arguments_in_python_are_named_too() -> None:
    with pytest.raises(CoordinateError, match="swapped"):
        locate_point(lon=35.399, lat=-78.816)


@pytest.mark.parametrize(
    "text",
    [
        "135,-78",
        "35.4,-278.8",
        "95,200",
        "nan,nan",
        "inf,1",
        "1e400,1",
        "abc,def",
        "",
        "35.4",
        "35.4,-78.8,12",
        "35,4,-78,8",
        "35.4 N, 36.1 N",
        "35.4 N, -78.8 W",
        "N35.4S,78.8W",
        "35°61'N,78°W",
        "1 2 3",
    ],
)
def test_what_is_no_pair_of_coordinates_is_wrong_usage(text: str) -> None:
    with pytest.raises(CoordinateError) as caught:
        parse_lat_lon(text)
    assert caught.value.exit_code == 2
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("text", ["48.86,2.35", "0,0", "-33.9,151.2"])
def test_a_point_outside_the_us_cannot_be_decided(text: str) -> None:
    with pytest.raises(PlaceUnknown, match="outside the United States"):
        parse_lat_lon(text)


def test_a_missing_minus_is_suggested_not_assumed() -> None:
    with pytest.raises(PlaceUnknown, match="minus may be missing"):
        parse_lat_lon("35.399,78.816")


def test_a_point_is_in_its_county_without_uncertainty() -> None:
    place = locate_point(-78.8164, 35.3990)
    assert (place.kind, place.precision, place.uncertainty_mi) == ("point", "given", 0.0)
    assert (place.county_fips, place.counties, place.state) == ("37085", ("37085",), "NC")


@pytest.mark.parametrize(("lon", "lat"), [(-149.9, 61.2), (-157.8, 21.3), (-66.1, 18.4)])
def test_alaska_hawaii_and_puerto_rico_are_in_the_us(lon: float, lat: float) -> None:
    assert locate_point(lon, lat).county_fips


# --- addresses ---------------------------------------------------------------------------------------------------


def test_an_address_without_an_index_is_placed_by_its_zip_and_says_so() -> None:
    place = locate_address("101 Manning Drive, Chapel Hill NC 27514")
    assert (place.given, place.precision, place.zip5) == ("address", "zip", "27514")
    assert "no_address_index" in place.cautions


@pytest.mark.parametrize(
    ("text", "zip5"),
    [
        ("12345 Main St, Lillington NC 27546", "27546"),
        ("12345 Main St, Lillington NC 27546-1234", "27546"),
        ("12345 Main St, Lillington NC 275461234", "27546"),
        ("100 Main St\nLillington, N.C.\n27546", "27546"),
        ("100 Main St Lillington 27546 NC", "27546"),
        ("100 Main St, Lillington, NC 27546, USA", "27546"),
        ("27546", "27546"),
        ("12345 Main St, Lillington NC", None),
        ("100 Main St Suite 27546", None),
        ("100 Main St #27546", None),
        ("PO Box 27546", None),
        ("27546 Main St", None),
        ("100 Main St, Lillington NC 2754", None),
        ("100 Main St, Lillington NC 275466", None),
    ],
)
def test_the_zip_of_an_address_is_never_its_house_suite_or_box_number(text: str, zip5: str | None) -> None:
    assert zip_in_text(" ".join(text.split())) == zip5


def test_an_address_without_a_zip_says_what_would_settle_it() -> None:
    with pytest.raises(PlaceUnknown, match="Add the ZIP, or give --point"):
        locate_address("12345 Main St, Lillington NC")


def test_an_empty_address_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="empty"):
        locate_address("  ")


def test_a_zip_in_another_state_than_stated_is_refused() -> None:
    with pytest.raises(PlaceUnknown, match="says NC, but its ZIP code 90210 lies in CA"):
        locate_address("100 Main St, Raleigh, NC 90210")


@pytest.mark.parametrize("text", ["12 Oak Ct 27546", "100 Main St NE 27601", "9 T St SE, Washington 20020"])
def test_street_words_and_cities_are_not_taken_for_states(text: str) -> None:
    assert locate_address(text).precision == "zip"


def _answer(ask: Callable[[str], object], text: str) -> object:
    """Ask, and return the answer or the message of the refusal."""
    try:
        return ask(text)
    except AdequacyError as error:
        return error.message


@given(st.text(max_size=60))
@settings(max_examples=150, deadline=None)
def test_any_text_gives_a_place_or_one_clear_line(text: str) -> None:
    for ask in (locate_zip, locate_address, parse_lat_lon):
        got = _answer(ask, text)
        assert isinstance(got, Place | tuple) or (0 < len(got) < 250 and "\n" not in got)


SECRET = "8812 Secretview Parkway Apt 9, Nowhere"


@pytest.mark.parametrize("text", [SECRET, SECRET + " NC 27999", SECRET + ", NC 90210", SECRET + " AE 09012"])
def test_no_message_repeats_the_address(text: str) -> None:
    for ask in (locate_address, locate_zip, parse_lat_lon):
        with pytest.raises(AdequacyError) as caught:
            ask(text)
        assert "Secretview" not in caught.value.message
        assert "8812" not in caught.value.message


# --- rosters -----------------------------------------------------------------------------------------------------


def test_sites_keep_good_coordinates_and_fall_back_to_their_zip() -> None:
    frame = pd.DataFrame(
        {
            "lon": [-78.8164, float("nan"), 0.0, float("nan")],
            "lat": [35.3990, float("nan"), 0.0, float("nan")],
            "zip5": ["27546", "27546", "27546", "99999"],
            "county_fips": ["", "", "37183", ""],
        },
        index=[7, 8, 9, 10],
    )
    out = place_sites(frame)
    assert list(out.index) == [7, 8, 9, 10]
    assert list(out["precision"]) == ["given", "zip", "zip", "none"]
    assert list(out["county_fips"]) == ["37085", "37085", "37183", ""]
    assert out["uncertainty_mi"].iloc[0] == 0.0
    assert out["uncertainty_mi"].iloc[1] > 5
    assert out["lon"].iloc[3] != out["lon"].iloc[3]
    assert "precision" not in frame.columns


def test_the_fast_path_imports_nothing_heavy() -> None:
    code = (
        "import sys; from adequacy.geocode import locate_zip, locate_address; locate_zip('27546');"
        "locate_address('1 Main St, Lillington NC 27546');"
        "heavy = {'numpy','pandas','geopandas','shapely','pyproj','scipy','usaddress','rapidfuzz'} & set(sys.modules);"
        "sys.exit(1 if heavy else 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
