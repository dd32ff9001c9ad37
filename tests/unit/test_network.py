"""The network file: built whole or not at all, the same bytes for the same roster, and what it refuses."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from datetime import date
from typing import TYPE_CHECKING

import geopandas
import pytest

from adequacy.access import counts_for_gap
from adequacy.errors import MissingColumn, NetworkFileError, RosterRefused
from adequacy.intake import read_rosters
from adequacy.network import Offering, build_network, open_network
from adequacy.policy import load_policy
from adequacy.reference.demo import demo_files, demo_path
from adequacy.tables import table

if TYPE_CHECKING:
    from pathlib import Path

HEADER = (
    "provider_name,site_name,street,city,state,zip5,lon,lat,service,contract_status,credential_status,nctracks_status,"
    "ages_min,contract_to"
)
ROWS = [
    "Acme Care,Acme North,1 Oak St,Lillington,NC,27546,-78.82,35.40,saiop,active,approved,active,18,2027-01-31",
    "Acme Care,Acme South,9 Elm St,Dunn,NC,28334,,,H0015,active,approved,unknown,,",
    "Best Help,Best,2 Pine St,Erwin,NC,28339,-78.67,35.33,otp,ended,approved,active,,2025-12-31",
]


def roster(tmp_path: Path, *rows: str, header: str = HEADER) -> Path:
    file = tmp_path / "roster.csv"
    file.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return file


def build(file: Path, out: Path | None, day: str = "2026-11-01"):
    intake = read_rosters([file], on=date.fromisoformat(day), catalogue=load_policy().services)
    return build_network(intake, out, roster_date=day, name="test")


def test_offering_fields_are_the_declared_columns() -> None:
    declared = [*table("offerings").names, *table("sites").names, *table("roster").names[:4]]
    assert set(Offering._fields) == {name for name in declared if name != "taxonomies"}


def test_a_built_network_answers_through_sqlite_and_opens_in_geopandas(tmp_path) -> None:
    out = tmp_path / "net.gpkg"
    report = build(roster(tmp_path, *ROWS), out)
    assert (report.read, report.used, report.refused, report.sites, report.offerings) == (3, 3, 0, 3, 3)
    with open_network(out) as network:
        saiop = network.offerings("saiop")
        assert [each.site_name for each in saiop] == ["Acme North", "Acme South"]
        assert (saiop[0].ages_min, saiop[0].ages_max, saiop[0].contract_to) == (18, None, "2027-01-31")
        assert counts_for_gap(saiop[0], "2026-11-01") == ()
        assert counts_for_gap(saiop[1], "2026-11-01") == ("nctracks_unknown",)
        assert saiop[1].precision == "zip"
        assert saiop[1].uncertainty_mi > 1
        assert saiop[0].provider_id == saiop[1].provider_id
        assert [each.site_name for each in network.offerings_in(-78.9, 35.3, -78.7, 35.5)] == ["Acme North"]
        assert network.frame("sites").crs == "EPSG:4326"
    layers = geopandas.list_layers(out)
    assert set(layers["name"]) == {"sites", "providers", "offerings", "refused", "meta"}


def test_the_same_roster_gives_the_same_bytes(tmp_path) -> None:
    file = roster(tmp_path, *ROWS)
    build(file, tmp_path / "a.gpkg")
    build(file, tmp_path / "b.gpkg")
    assert (tmp_path / "a.gpkg").read_bytes() == (tmp_path / "b.gpkg").read_bytes()


def test_the_content_hash_ignores_the_order_of_rows_but_not_their_content(tmp_path) -> None:
    one = build(roster(tmp_path, *ROWS), None)
    changed = [ROWS[0].replace("2027-01-31", "2027-02-28"), *ROWS[1:]]
    assert build(roster(tmp_path, *ROWS), None).sha256 == one.sha256
    assert build(roster(tmp_path, *changed), None).sha256 != one.sha256


def test_a_failed_build_leaves_the_old_network_and_no_litter(tmp_path, monkeypatch) -> None:
    out = tmp_path / "net.gpkg"
    build(roster(tmp_path, *ROWS), out)
    before = out.read_bytes()
    monkeypatch.setattr("adequacy.network.build._INDEXES", ("CREATE NONSENSE",))
    with pytest.raises(sqlite3.OperationalError):
        build(roster(tmp_path, *ROWS[:1]), out)
    assert out.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net.gpkg", "roster.csv"]


def test_a_roster_with_no_usable_row_is_refused(tmp_path) -> None:
    with pytest.raises(RosterRefused, match="none of 1 rows can be used"):
        build(roster(tmp_path, "Acme,,1 Oak,Dunn,NC,28334,,,nonsense,active,approved,active,,"), tmp_path / "x.gpkg")
    assert not (tmp_path / "x.gpkg").exists()


def test_a_status_column_absent_as_a_whole_is_refused_and_the_ways_out_named(tmp_path) -> None:
    header = HEADER.replace(",nctracks_status", "")
    rows = ["Acme,North,1 Oak,Dunn,NC,28334,,,saiop,active,approved,18,"]
    with pytest.raises(MissingColumn, match="nctracks_status") as refused:
        build(roster(tmp_path, *rows, header=header), tmp_path / "x.gpkg")
    assert "default" in refused.value.message


def test_of_a_folder_the_newest_network_on_or_before_the_day_answers(tmp_path) -> None:
    folder = tmp_path / "networks"
    folder.mkdir()
    file = roster(tmp_path, *ROWS)
    for day in ("2026-09-01", "2026-10-01", "2026-11-01"):
        build(file, folder / f"{day}.gpkg", day)
    for on, expected in {
        "2026-10-15": "2026-10-01",
        "2026-10-01": "2026-10-01",
        "2026-08-01": "2026-09-01",
        None: "2026-11-01",
    }.items():
        with open_network(folder, on) as network:
            assert network.meta.roster_date == expected


def test_an_empty_folder_is_refused(tmp_path) -> None:
    with pytest.raises(NetworkFileError, match="no network file"):
        open_network(tmp_path)


def test_rows_of_the_demo_roster_are_used_or_refused_and_none_is_lost() -> None:
    rows = list(csv.DictReader(io.StringIO(demo_files()["roster.csv"].decode())))
    with open_network(demo_path()) as network:
        counts = network.counts
        used = {(o.source_file, o.source_row) for o in network.offerings()}
        refused = {(r.source_file, r.source_row) for r in network.refused()}
    assert len(rows) == len(used | refused)
    assert used.isdisjoint(refused)
    assert counts["refused"] == len(refused)


def test_network_info_counts_the_sites_that_count(run) -> None:
    info = json.loads(run("network", "info", "--format", "json").out)
    assert {"schema", "path", "name", "roster_date", "sha256", "is_demo", "providers", "sites", "offerings", "refused",
            "defaults", "services"} <= set(info)  # fmt: skip
    with open_network(demo_path()) as network:
        counted = {o.site_id for o in network.offerings("saiop") if not counts_for_gap(o, info["roster_date"])}
    assert info["services"]["saiop"] == len(counted)
    page = run("network", "info").out
    assert "invented contracts" in page
    assert max(map(len, page.splitlines())) <= 80


def test_network_build_from_the_command_line_says_what_became_of_the_rows(run, tmp_path) -> None:
    file, out = roster(tmp_path, *ROWS), tmp_path / "net.gpkg"
    ran = run("network", "build", str(file), "--out", str(out), "--roster-date", "2026-11-01", "--dry-run")
    assert ran.code == 0
    assert not out.exists()
    ran = run("network", "build", str(file), "--out", str(out), "--roster-date", "2026-11-01")
    assert (ran.code, ran.out) == (0, "")
    assert "3 read = 3 used + 0 refused" in ran.err
    answer = json.loads(run("check", "--service", "saiop", "--zip", "27546", "--as-of", "2026-11-10", "--network",
                            str(out), "--format", "json").out)  # fmt: skip
    assert answer["network"]["name"] == "net"
    assert answer["network"]["is_demo"] is False
    assert "demo_data" not in {caution["code"] for caution in answer["cautions"]}


def test_an_open_network_reads_a_service_once_and_hands_out_lists_of_ones_own() -> None:
    with open_network(demo_path()) as network:
        first = network.offerings("saiop")
        first.clear()
        again = network.offerings("saiop")
        assert len(again) > 100
        assert again == [each for each in network.offerings() if each.service_key == "saiop"]
