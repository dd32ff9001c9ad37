"""The demo's files as they ship: real places, invented contracts. Plain readings of the text, nothing of the tool."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, defaultdict
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from adequacy.errors import OutputError
from adequacy.reference.demo import NOTICE, demo_files, write_demo
from adequacy.tables import table

SOURCES = Path(__file__).parents[2] / "data" / "demo"
PLAN_COUNTIES = {"37063", "37183", "37051", "37101", "37135", "37119", "37085"}
PAIRS_IN_ORDER = ("service", "contract", "nctracks")
ODD = "P9999"


def rows_of(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(demo_files()[name].decode("utf-8"), newline="")))


def lines_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def roster() -> list[dict[str, str]]:
    return rows_of("roster.csv")


@pytest.fixture(scope="module")
def members() -> list[dict[str, str]]:
    return rows_of("members.csv")


@pytest.fixture(scope="module")
def listings() -> list[dict[str, str]]:
    return lines_of(SOURCES / "listings.csv")


def folded(street: str) -> str:
    return re.sub(r"[^a-z0-9]", "", street.casefold())


def luhn_holds(npi: str) -> bool:
    """Check an NPI from the left, as the standard's text does it."""
    digits = [int(digit) for digit in "80840" + npi]
    total = 0
    for place, digit in enumerate(digits):
        from_right = len(digits) - 1 - place
        total += digit if from_right % 2 == 0 else sum(divmod(2 * digit, 10))
    return total % 10 == 0


def test_the_readme_says_first_that_contracts_are_invented() -> None:
    assert demo_files()["README.txt"].decode().splitlines()[0] == NOTICE == "real places, invented contracts"


def test_write_demo_writes_what_the_package_holds(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "demo"
    paths = write_demo(folder)
    assert {path.name: path.read_bytes() for path in paths} == demo_files()
    assert write_demo(folder) == paths


def test_write_demo_never_overwrites_somebody_elses_roster(tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_text("our own roster", encoding="utf-8")
    with pytest.raises(OutputError, match=r"roster\.csv: is there already and is not the demo's"):
        write_demo(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["roster.csv"]
    assert (tmp_path / "roster.csv").read_text(encoding="utf-8") == "our own roster"


def test_write_demo_names_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    blocked = tmp_path / "a file"
    blocked.write_text("", encoding="utf-8")
    with pytest.raises(OutputError, match="a file: cannot be written"):
        write_demo(blocked)


def test_roster_has_the_documented_columns_and_words(roster: list[dict[str, str]]) -> None:
    assert tuple(roster[0]) == table("roster").names
    for column in table("roster").columns:
        if column.words:
            assert {row[column.name] for row in roster} <= {*column.words, ""}, column.name


def test_roster_rows_stand_in_the_order_provider_site_service(roster: list[dict[str, str]]) -> None:
    services = [line["service"] for line in lines_of(SOURCES / "service_plan.csv")]
    real = [row for row in roster if row["provider_id"] != ODD]
    keys = [(row["provider_id"], row["site_id"], services.index(row["service"])) for row in real]
    assert keys == sorted(set(keys))
    assert roster[: len(real)] == real


def test_every_service_but_the_programme_without_one_is_given_somewhere(roster: list[dict[str, str]]) -> None:
    given = Counter(row["service"] for row in roster if row["provider_id"] != ODD)
    assert set(given) == {line["service"] for line in lines_of(SOURCES / "service_plan.csv")}
    assert len(given) == 70
    assert "tcli" not in given
    assert min(given.values()) >= 2
    assert given["op_therapy"] > 20 * given["mst"]


def test_every_listing_is_in_the_roster(roster: list[dict[str, str]], listings: list[dict[str, str]]) -> None:
    assert len(listings) == 919
    assert {folded(listing["street"]) for listing in listings} <= {folded(row["street"]) for row in roster}
    by_id = {listing["listing_id"]: listing for listing in listings}
    for row in roster:
        if row["provider_id"] != ODD and row["lon"]:
            listing = by_id[row["site_id"]]
            assert abs(float(row["lon"]) - float(listing["lon"])) < 1e-6
            assert abs(float(row["lat"]) - float(listing["lat"])) < 1e-6


def test_npis_are_valid_belong_to_one_provider_and_were_never_issued(roster: list[dict[str, str]]) -> None:
    assert luhn_holds("1234567893")
    assert not luhn_holds("1234567894")
    owners = defaultdict(set)
    for row in roster:
        owners[row["npi"]].add(row["provider_id"])
    assert all(luhn_holds(npi) and re.fullmatch(r"2\d{9}", npi) for npi in owners)
    assert all(len(providers) == 1 for providers in owners.values())


def test_telephones_are_the_listings_or_invented_ones(
    roster: list[dict[str, str]], listings: list[dict[str, str]]
) -> None:
    real = {re.sub(r"\D", "", listing["phone"])[:10] for listing in listings}
    assert {row["phone"] for row in roster} >= {"984-974-4131"}
    for row in roster:
        if row["provider_id"] != ODD:
            assert re.sub(r"\D", "", row["phone"]) in real or "-555-01" in row["phone"], row["phone"]
            assert row["email"].endswith("@example.org")


def test_dates_are_real_days_in_order_but_for_the_row_planted_to_be_refused(roster: list[dict[str, str]]) -> None:
    wrong = set()
    for row in roster:
        for column in table("roster").columns:
            if column.kind == "date" and row[column.name]:
                assert date.fromisoformat(row[column.name]).isoformat() == row[column.name]
        for name in PAIRS_IN_ORDER:
            if row[f"{name}_to"] and row[f"{name}_from"] > row[f"{name}_to"]:
                wrong.add(row["site_id"])
        if row["accepting_verified_on"]:
            assert row["accepting_verified_on"] < "2026-11-01"
    assert wrong == {"ODD-12"}


def test_ages_are_in_order(roster: list[dict[str, str]]) -> None:
    for row in roster:
        if row["ages_min"] and row["ages_max"]:
            assert int(row["ages_min"]) < int(row["ages_max"])


def test_odd_names_belong_to_one_provider_far_from_the_plan(roster: list[dict[str, str]]) -> None:
    odd = [row for row in roster if row["provider_id"] == ODD]
    assert len(odd) == 12
    hostile = re.compile(r"[<>{}\x00-\x1f\u202a-\u202e]|^[=@+-]")
    text = ("provider_name", "site_name", "street", "city", "email")
    assert {row["provider_id"] for row in roster if any(hostile.search(row[name]) for name in text)} == {ODD}
    assert all(row["zip5"] in ("28771", "02801") for row in odd)
    names = "\n".join(row["site_name"] for row in odd)
    for needed in ("<img src=x onerror=alert(1)>", '=HYPERLINK("http://x"', "{{7*7}}", "\x1b[31m", "&", "東京"):
        assert needed in names


def test_chains_share_one_provider_and_places_listed_twice_are_one_site(roster: list[dict[str, str]]) -> None:
    sites = defaultdict(set)
    for row in roster:
        sites[row["provider_name"]].add(row["site_id"])
    assert len(sites["Daymark Recovery Services"]) > 20
    places = Counter(
        (row["provider_id"], row["street"], row["zip5"]) for row in {r["site_id"]: r for r in roster}.values()
    )
    assert max(places.values()) == 1


def test_travelling_services_say_which_counties_and_sometimes_do_not(roster: list[dict[str, str]]) -> None:
    peer = [row for row in roster if row["service"] == "peer"]
    assert any(row["counties_served"] == "" for row in peer)
    for row in peer:
        if row["counties_served"]:
            assert row["county_fips"] in row["counties_served"].split(";")
    neighbours = [row for row in peer if row["county_fips"] == "37183" and row["counties_served"]]
    left_out = [PLAN_COUNTIES - set(row["counties_served"].split(";")) for row in neighbours]
    assert any("37101" in counties for counties in left_out)
    assert any("37101" not in counties for counties in left_out)


def test_some_sites_have_only_a_zip_and_some_no_place(roster: list[dict[str, str]]) -> None:
    sites = {row["site_id"]: row for row in roster}.values()
    by_zip = [row for row in sites if not row["lon"] and row["zip5"]]
    nowhere = [row for row in sites if not row["lon"] and not row["zip5"]]
    assert len(by_zip) >= 8
    assert len(nowhere) == 5
    assert all(row["county_fips"] in PLAN_COUNTIES for row in nowhere)


def test_members_are_invented_and_live_in_the_plans_counties(members: list[dict[str, str]]) -> None:
    assert tuple(members[0]) == table("consumers").names
    assert 1950 <= len({row["member_id"] for row in members}) <= 2050
    invented = re.compile(r"\d{3,4} (Invented|Sample|Nowhere|Placeholder|Fictional|Example|Imaginary|Pretend) \w+")
    assert all(invented.fullmatch(row["street"]) for row in members if row["street"])
    assert {row["county_fips"] for row in members} == PLAN_COUNTIES
    for row in members:
        assert re.fullmatch(r"DEMO-\d{5}", row["member_id"])
        assert re.fullmatch(r"2[78]\d{3}", row["zip5"])
        assert row["birth_date"] <= row["eligible_from"]


def test_eligibility_spans_of_one_member_do_not_overlap(members: list[dict[str, str]]) -> None:
    spans = defaultdict(list)
    for row in members:
        assert not row["eligible_to"] or row["eligible_from"] <= row["eligible_to"]
        spans[row["member_id"]].append((row["eligible_from"], row["eligible_to"] or "9999-12-31"))
    moved = [each for each in spans.values() if len(each) > 1]
    assert len(moved) > 5
    for each in moved:
        each.sort()
        assert all(earlier[1] < later[0] for earlier, later in pairwise(each))


def test_members_show_every_way_an_eligibility_file_is_incomplete(members: list[dict[str, str]]) -> None:
    assert sum(not row["lon"] and row["street"] != "" for row in members) > 100
    assert sum(not row["lon"] and row["street"] == "" for row in members) > 30
    assert sum(row["eligible_to"] != "" and row["eligible_to"] < "2026-11-01" for row in members) > 50
    assert sum(row["eligible_from"] > "2026-11-01" for row in members) > 10


def test_requests_go_every_way_a_request_can_go() -> None:
    requests = rows_of("requests.csv")
    ways = [row["way"] for row in requests]
    assert ways == ["R01", "R02", "R03", "R05", "R06", "R07>R12", "R09", "R10", "R11", "R12", "R13", "R00"]
    assert all(bool(row["zip"]) == bool(row["consumer_ref"]) for row in requests)
    assert all(luhn_holds(row["requester_npi"]) for row in requests)


def test_only_the_amendment_request_comes_from_a_provider_of_the_roster(roster: list[dict[str, str]]) -> None:
    npis = {row["npi"] for row in roster}
    assert [row["way"] for row in rows_of("requests.csv") if row["requester_npi"] in npis] == ["R11"]


def test_past_decisions_are_a_plausible_log() -> None:
    log = rows_of("past_decisions.csv")
    assert tuple(log[0]) == ("id", "received", "service", "zip", "lon", "lat", "decision", "reason")
    assert len(log) == 300
    assert len({row["id"] for row in log}) == 300
    assert {row["decision"] for row in log} == {"closed", "continued", "other"}
    assert [row["received"] for row in log] == sorted(row["received"] for row in log)
    assert all(bool(row["zip"]) != bool(row["lon"]) for row in log)
    assert sum(row["decision"] == "continued" for row in log) > 40
