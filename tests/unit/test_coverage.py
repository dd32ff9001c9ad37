"""Coverage tables beside a network: they are used where the same sites count, and never change an answer."""

from __future__ import annotations

import hashlib
import math
import shutil
import sqlite3
from contextlib import closing
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from adequacy import access
from adequacy.access import coverage_file, coverage_store, deciding
from adequacy.access.bulk import SiteIndex
from adequacy.access.coverage import ASK, IN, OUT, build_coverage, pack, unpack
from adequacy.access.coverage_file import CoverageFile, coverage_path, read_row, sites_sha256, table_row
from adequacy.access.coverage_store import store_coverage
from adequacy.access.deciding import Decider
from adequacy.access.finding import counted_of
from adequacy.access.points import ServicePoints
from adequacy.access.spans import last_day_alike
from adequacy.api import Network, open_network
from adequacy.distance import MILE_M
from adequacy.errors import OutputError
from adequacy.reference.demo import demo_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from adequacy.access.coverage import Coverage
    from adequacy.access.coverage_file import Columns
    from tests.conftest import Ran

GEOD = Geod(ellps="WGS84")
DAY = "2026-11-01"
LIMIT_MI = 30.0


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the demo network with its tables beside it."""
    path = tmp_path_factory.mktemp("stored") / "demo.gpkg"
    shutil.copy(demo_path(), path)
    with open_network(path) as net:
        store_coverage(net.file, net.policy, DAY)
    return path


@pytest.fixture
def net(stored: Path) -> Iterator[Network]:
    with open_network(stored) as network:
        yield network


@pytest.fixture
def copied(stored: Path, tmp_path: Path) -> Path:
    """The same again, to be damaged."""
    for path in (stored, coverage_path(stored)):
        shutil.copy(path, tmp_path / path.name)
    return tmp_path / stored.name


class Reads:
    """Counts the tables that were found and the ones that were looked for in vain."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.found, self.missed = 0, 0
        table = CoverageFile.table

        def counting(kept: CoverageFile, *asked: Any) -> Coverage | None:
            got = table(kept, *asked)
            self.found, self.missed = self.found + (got is not None), self.missed + (got is None)
            return got

        monkeypatch.setattr(CoverageFile, "table", counting)
        monkeypatch.setattr(deciding, "_WORTH_READING", 0)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    return Reads(monkeypatch)


def _near_the_line(columns: Columns, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Points about a limit away from sites: metres to hundredths of a millimetre inside and outside, or far off."""
    rng = np.random.default_rng(seed)
    at = rng.integers(0, len(columns[0]), count)
    off_m = rng.choice([0.0, 1e-6, 1e-5, 1e-3, 1.0, 2000.0, 20_000.0], count) * rng.choice([-1, 1], count)
    lon, lat, _ = GEOD.fwd(
        np.array(columns[0])[at], np.array(columns[1])[at], rng.uniform(0, 360, count), LIMIT_MI * MILE_M + off_m
    )
    return lon, lat


def _exactly(net: Network, service: str, lon: np.ndarray, lat: np.ndarray, **asked: Any) -> np.ndarray:
    """The same question without any table."""
    found = net.policy.services.find(service)
    on = asked.pop("as_of", DAY)
    question = access.consumer_question(net.file, net.policy, found, None, on, **asked)
    offerings = net.file.offerings(service)
    if question.travels and any(each.counties_served for each in offerings):
        plain = ServicePoints(offerings, question)
        counts = plain.count_within(lon, lat, question.limit_mi)
        return counts > 0
    columns = counted_of(offerings, question, None).columns()
    if not columns[0]:
        return np.zeros(len(lon), dtype=bool)
    index = SiteIndex(columns[0], columns[1], uncertainty_mi=columns[2])
    return index.covered(lon, lat, limit_mi=question.limit_mi)


def _columns(net: Network, service: str) -> Columns:
    found = net.policy.services.find(service)
    question = access.consumer_question(net.file, net.policy, found, None, DAY)
    return counted_of(net.file.offerings(service), question, None).columns()


# ---- used wherever it applies, and the same answers ----


def _says_where(net: Network, service: str) -> bool:
    """Whether a service travels to the consumer and its offerings say to which counties."""
    travels = net.policy.services[service].mode in ("mobile", "home")
    return travels and any(each.counties_served for each in net.file.offerings(service))


def test_every_service_of_the_demo_is_answered_from_its_table_as_exactly(net: Network, reads: Reads) -> None:
    for seed, service in enumerate(net.file.service_keys()):
        columns = _columns(net, service)
        if not columns[0]:
            continue
        lon, lat = _near_the_line(columns, 150, seed)
        lon[3] = math.nan
        before = reads.found
        got = net.covered(service, lon=lon, lat=lat)
        assert (got == _exactly(net, service, lon, lat)).all(), service
        assert reads.found - before == (not _says_where(net, service)), service
    assert reads.found > 30


@pytest.mark.parametrize("service", ["op_therapy", "saiop"])
def test_the_answer_is_right_on_every_day_round_a_status_date(net: Network, reads: Reads, service: str) -> None:
    columns = _columns(net, service)
    lon, lat = _near_the_line(columns, 150, 5)
    dates = {
        getattr(each, name)
        for each in net.file.offerings(service)
        for name in ("contract_from", "contract_to", "service_to", "credential_due", "license_expiry", "nctracks_to")
    }
    near = sorted(day for day in dates if "2026-09-01" <= day <= "2027-03-01")[:12]
    assert near
    days = {(date.fromisoformat(day) + timedelta(days=off)).isoformat() for day in near for off in (-1, 0, 1)}
    for on in sorted(days | {DAY}):
        got = net.covered(service, lon=lon, lat=lat, as_of=on)
        assert (got == _exactly(net, service, lon, lat, as_of=on)).all(), on
    assert reads.found
    assert reads.missed


def test_a_span_ends_where_the_counted_sites_change(net: Network) -> None:
    found = 0
    for service in net.file.service_keys():
        offerings = net.file.offerings(service)
        question = access.consumer_question(net.file, net.policy, net.policy.services[service], None, DAY)
        last = last_day_alike(offerings, question)
        if not last:
            continue
        found += 1
        after = (date.fromisoformat(last) + timedelta(days=1)).isoformat()
        counting = [[not access.counts_for_gap(each, on) for each in offerings] for on in (DAY, last, after)]
        assert counting[0] == counting[1] != counting[2], service
    assert found > 10


@pytest.mark.parametrize(
    "asked",
    [
        {"age": 9},
        {"age": 40},
        {"funding": "state"},
        {"population": "women"},
        {"population": "deaf", "age": 15},
        {"limit_mi": 29.999},
        {"as_of": "2024-02-01"},
        {"as_of": "2031-01-01"},
    ],
)
@pytest.mark.parametrize("service", ["op_therapy", "saiop", "mst", "acttt"])
def test_what_is_known_of_a_consumer_is_never_answered_from_a_table_of_others(
    net: Network, reads: Reads, service: str, asked: dict[str, Any]
) -> None:
    service = "actt" if service == "acttt" else service
    lon, lat = _near_the_line(_columns(net, service), 300, 9)
    got = net.covered(service, lon=lon, lat=lat, **asked)
    assert (got == _exactly(net, service, lon, lat, **dict(asked))).all()


def test_a_table_answers_an_age_exactly_where_it_rules_nobody_out(net: Network, reads: Reads) -> None:
    told = {True: 0, False: 0}
    for service in net.file.service_keys():
        found = net.policy.services.find(service)
        if _says_where(net, service):
            continue
        question = access.consumer_question(net.file, net.policy, found, None, DAY, age=30)
        columns = counted_of(net.file.offerings(service), question, None).columns()
        same = sites_sha256(columns) == sites_sha256(_columns(net, service))
        if columns[0]:
            before = reads.found
            net.covered(service, lon=[-78.8], lat=[35.4], age=30)
            assert (reads.found > before) == same, service
            told[same] += 1
    assert min(told.values()) >= 2


def test_a_site_known_to_its_zip_has_a_table_for_either_edge(net: Network) -> None:
    doubtful = sorted({each.service_key for each in net.file.offerings() if each.uncertainty_mi})
    kept, checked = CoverageFile(net.file), 0
    for service in doubtful:
        columns = _columns(net, service)
        if not any(columns[2]) or _says_where(net, service):
            continue
        index = SiteIndex(columns[0], columns[1], uncertainty_mi=columns[2])
        lon, lat = _near_the_line(columns, 500, 4)
        for edge in ("high", "low"):
            table = kept.table(columns, LIMIT_MI, edge)
            assert table is not None
            read = index.covered(lon, lat, limit_mi=LIMIT_MI, edge=edge, coverage=table)
            assert (read == index.covered(lon, lat, limit_mi=LIMIT_MI, edge=edge)).all()
            checked += 1
    assert checked


# ---- a table that does not fit is left alone ----


def _poison(path: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement, values)
        connection.commit()


def _all_in(cells: bytes, height: int, width: int) -> bytes:
    """Cells that all say *in*, which would cover everybody."""
    import zlib

    codes = np.full((1, height, width), IN, dtype=np.uint8)
    codes[:, (0, -1)] = ASK
    codes[:, :, (0, -1)] = ASK
    return zlib.compress(pack(codes).tobytes())


def _spoil_cells(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT rowid, cells, height, width FROM tables").fetchall()
        for row, cells, height, width in rows:
            connection.execute("UPDATE tables SET cells = ? WHERE rowid = ?", (_all_in(cells, height, width), row))
        connection.commit()


def _swap_tables(path: Path) -> None:
    """Every table under the key of the next."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT * FROM tables ORDER BY sites, edge").fetchall()
        connection.execute("DELETE FROM tables")
        turned = [(*key[:3], *row[3:]) for key, row in zip(rows, rows[1:] + rows[:1], strict=True)]
        connection.executemany(f"INSERT INTO tables VALUES ({', '.join('?' * len(rows[0]))})", turned)
        connection.commit()


SPOILT = {
    "every cell says covered": _spoil_cells,
    "tables of other sites": _swap_tables,
    "moved a cell west": lambda path: _poison(path, "UPDATE tables SET west = west - cell_deg"),
    "larger cells": lambda path: _poison(path, "UPDATE tables SET cell_deg = cell_deg * 2"),
    "another shape": lambda path: _poison(path, "UPDATE tables SET height = width, width = height"),
    "a huge shape": lambda path: _poison(path, "UPDATE tables SET height = 1000000000, width = 1000000000"),
    "no numbers": lambda path: _poison(path, "UPDATE tables SET height = 'x', west = 'y'"),
    "empty cells": lambda path: _poison(path, "UPDATE tables SET cells = x''"),
    "text for cells": lambda path: _poison(path, "UPDATE tables SET cells = 'text'"),
    "another hash": lambda path: _poison(path, "UPDATE tables SET sha256 = ?", "0" * 64),
    "another network": lambda path: _poison(path, "UPDATE about SET value = 'ab' WHERE key = 'network_sha256'"),
    "an older version": lambda path: _poison(path, "UPDATE about SET value = '0.0.1' WHERE key = 'version'"),
    "another schema": lambda path: _poison(path, "UPDATE about SET value = 'adequacy.coverage/1' WHERE key = 'schema'"),
    "nothing about itself": lambda path: _poison(path, "DELETE FROM about"),
    "no tables": lambda path: _poison(path, "DROP TABLE tables"),
    "cut in half": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "cut to its head": lambda path: path.write_bytes(path.read_bytes()[:100]),
    "empty": lambda path: path.write_bytes(b""),
    "not SQLite": lambda path: path.write_bytes(b"PK\x03\x04" + b"x" * 5000),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
    "gone": lambda path: path.unlink(),
}


@pytest.mark.parametrize("how", SPOILT)
def test_a_table_that_was_spoilt_gives_no_answer(copied: Path, reads: Reads, how: str) -> None:
    SPOILT[how](coverage_path(copied))  # type: ignore[no-untyped-call]
    with open_network(copied) as net:
        lon, lat = _near_the_line(_columns(net, "saiop"), 400, 3)
        got = net.covered("saiop", lon=lon, lat=lat)
        assert (got == _exactly(net, "saiop", lon, lat)).all()
    assert (reads.found, reads.missed) == (0, 1)


def test_every_byte_of_a_stored_table_is_held_by_its_hash() -> None:
    columns: Columns = ([-78.9, -78.2], [35.4, 35.9], [0.0, 0.0])
    table = build_coverage(SiteIndex(*columns[:2]), limit_mi=LIMIT_MI, cell_deg=0.1)
    key = (sites_sha256(columns), LIMIT_MI, "high")
    row = table_row(key, table)
    again = read_row(key, row, "high")
    assert (again.codes == table.codes).all()
    assert (again.west, again.south, again.cell_deg) == (table.west, table.south, table.cell_deg)
    for at in range(len(row[-1])):
        cells = bytearray(row[-1])
        cells[at] ^= 1
        with pytest.raises(ValueError, match="hash"):
            read_row(key, (*row[:-1], bytes(cells)), "high")
    for other in (("0" * 64, LIMIT_MI, "high"), (key[0], 29.0, "high"), (key[0], LIMIT_MI, "low")):
        with pytest.raises(ValueError, match="hash"):
            read_row(other, row, "high")


@pytest.mark.parametrize("fault", ["too few", "too many", "a code that is none", "a border that answers", "cut short"])
def test_cells_that_cannot_be_are_refused_even_with_a_right_hash(fault: str) -> None:
    import zlib

    columns: Columns = ([-78.9], [35.4], [0.0])
    table = build_coverage(SiteIndex(*columns[:2]), limit_mi=LIMIT_MI, cell_deg=0.1)
    key = (sites_sha256(columns), LIMIT_MI, "high")
    row, codes = table_row(key, table), table.codes.copy()
    if fault == "a code that is none":
        codes[0, 5, 5] = 3
    if fault == "a border that answers":
        codes[0, 0, 5] = OUT
    packed = pack(codes).tobytes()
    packed = {"too few": packed[:-9], "too many": packed + b"\0" * (1 << 20)}.get(fault, packed)
    cells = zlib.compress(packed)
    cells = cells[:-6] if fault == "cut short" else cells
    shape = row[:5]
    with pytest.raises(ValueError, match=r"cells are more or fewer|a cell cannot be"):
        read_row(key, (*shape, coverage_file._row_sha256(key, shape, cells), cells), "high")


def test_a_network_that_changed_is_not_answered_from_its_old_tables(copied: Path, reads: Reads) -> None:
    """Even if the change left the network's own hash as it was."""
    with closing(sqlite3.connect(copied)) as connection:
        connection.execute("UPDATE offerings SET contract_status = 'ended' WHERE service_key = 'saiop' AND rowid % 2")
        connection.commit()
    with open_network(copied) as net:
        lon, lat = _near_the_line(_columns(net, "saiop"), 400, 3)
        got = net.covered("saiop", lon=lon, lat=lat)
        assert (got == _exactly(net, "saiop", lon, lat)).all()
    assert reads.found == 0


def test_storing_tables_leaves_the_network_as_it_is_and_gives_the_same_bytes(copied: Path) -> None:
    before = hashlib.sha256(copied.read_bytes()).hexdigest()
    kept = []
    with open_network(copied) as net:
        for _ in range(2):
            report = store_coverage(net.file, net.policy, DAY)
            kept.append(coverage_path(copied).read_bytes())
    assert hashlib.sha256(copied.read_bytes()).hexdigest() == before
    assert kept[0] == kept[1]
    assert report.file_bytes == len(kept[0])
    assert report.tables > report.services > 30
    assert report.ask_pct < 10
    assert report.all_until >= DAY
    assert [path.name for path in copied.parent.iterdir() if path.name.startswith(".")] == []


def test_tables_that_cannot_be_written_are_one_clear_line(stored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    before = coverage_path(stored).read_bytes()
    with open_network(stored) as net:
        monkeypatch.setattr("tempfile.mkstemp", full)
        with pytest.raises(OutputError, match=r"demo\.gpkg\.coverage: cannot be written \(No space left"):
            store_coverage(net.file, net.policy, DAY)
        monkeypatch.undo()
        monkeypatch.setattr(coverage_store, "build_coverage", full)
        with pytest.raises(OutputError, match="Answers are the same without it"):
            store_coverage(net.file, net.policy, DAY)
    assert coverage_path(stored).read_bytes() == before
    assert [path.name for path in stored.parent.iterdir() if path.name.startswith(".")] == []


def test_a_change_of_the_cells_needs_a_new_schema() -> None:
    """If this fails, tables made before are made differently now: raise SCHEMA, then this."""
    columns: Columns = ([-78.9, -78.2, -77.1], [35.4, 35.9, 35.1], [0.0, 0.0, 2.5])
    index = SiteIndex(columns[0], columns[1], uncertainty_mi=columns[2], engine="numpy")
    codes = [build_coverage(index, limit_mi=LIMIT_MI, edge=edge).codes for edge in ("high", "low")]
    told = hashlib.sha256(b"".join(each.tobytes() for each in codes)).hexdigest()
    assert (coverage_file.SCHEMA, told[:16]) == ("adequacy.coverage/2", "fbd716b39e2a4f2c")


# ---- the whole Earth, and what has no place on it ----


def _by_table(columns: Columns, lon: np.ndarray, lat: np.ndarray, edge: Any = "high") -> np.ndarray:
    """Decide by a table that went through its stored form."""
    index = SiteIndex(columns[0], columns[1], uncertainty_mi=columns[2])
    key = (sites_sha256(columns), LIMIT_MI, edge)
    table = build_coverage(index, limit_mi=LIMIT_MI, edge=edge, most_bytes=200_000)
    return index.covered(lon, lat, limit_mi=LIMIT_MI, edge=edge, coverage=read_row(key, table_row(key, table), edge))


def _by_geod(columns: Columns, lon: np.ndarray, lat: np.ndarray, sign: float = 1.0) -> np.ndarray:
    """The same, slowly: every site from every point."""
    out = np.zeros(len(lon), dtype=bool)
    for x, y, off in zip(*columns, strict=True):
        ok = np.isfinite(lon) & np.isfinite(lat)
        far = np.full(len(lon), np.inf)
        far[ok] = np.asarray(GEOD.inv(lon[ok], lat[ok], np.full(ok.sum(), x), np.full(ok.sum(), y))[2]) / MILE_M
        out |= np.maximum(0.0, far + sign * off) <= LIMIT_MI
    return out


@pytest.mark.parametrize(
    ("lon", "lat"),
    [
        ([-78.9], [35.4]),
        ([179.95, -179.9], [-16.5, -16.6]),
        ([12.0, -150.0], [89.9, 89.8]),
        ([0.0, 90.0], [-90.0, -89.95]),
        ([-78.9] * 1000, [35.4] * 1000),
        ([-170.0, -20.0, 100.0], [10.0, -60.0, 70.0]),
    ],
    ids=["one site", "antimeridian", "north pole", "south pole", "all in one place", "all round"],
)
def test_a_stored_table_holds_all_over_the_earth(lon: list[float], lat: list[float]) -> None:
    columns: Columns = (lon, lat, [0.0] * len(lon))
    x, y = _near_the_line((lon[:3], lat[:3], [0.0]), 500, 6)
    x[0], y[1] = math.nan, math.nan
    x[2] += 360.0 * (x[2] < 0)  # the same place, counted the other way round
    distinct: Columns = (lon[:3], lat[:3], [0.0] * len(lon[:3]))
    assert (_by_table(columns, x, y) == _by_geod(distinct, x, y)).all()


def test_a_million_sites_in_one_place_have_the_table_of_one() -> None:
    many, one = (SiteIndex(np.full(n, -78.9), np.full(n, 35.4)) for n in (1_000_000, 1))
    tables = [build_coverage(index, limit_mi=LIMIT_MI) for index in (many, one)]
    assert (tables[0].codes == tables[1].codes).all()


@given(
    st.lists(st.tuples(st.floats(-79.5, -78), st.floats(35, 36), st.sampled_from([0.0, 0.0, 1.0, 31.0])), min_size=1),
    st.sampled_from(["high", "low"]),
    st.integers(0, 1000),
)
def test_a_table_is_the_slow_plain_answer(sites: list[tuple[float, float, float]], edge: str, seed: int) -> None:
    columns: Columns = tuple(map(list, zip(*sites, strict=True)))  # type: ignore[assignment]
    lon, lat = _near_the_line(columns, 60, seed)
    want = _by_geod(columns, lon, lat, 1.0 if edge == "high" else -1.0)
    assert (_by_table(columns, lon, lat, edge) == want).all()


@given(st.integers(3, 40), st.integers(3, 40), st.integers(0, 99))
def test_packing_loses_nothing(height: int, width: int, seed: int) -> None:
    codes = np.random.default_rng(seed).integers(0, 3, (1, height, width)).astype(np.uint8)
    assert (unpack(pack(codes), codes.shape) == codes).all()


def test_the_order_of_the_sites_does_not_matter_but_every_digit_does() -> None:
    columns: Columns = ([1.0, 2.0, 2.0], [5.0, 4.0, 3.0], [0.0, 0.1, 0.0])
    turned: Columns = ([2.0, 2.0, 1.0], [3.0, 4.0, 5.0], [0.0, 0.1, 0.0])
    assert sites_sha256(columns) == sites_sha256(turned)
    other: Columns = (columns[0], [5.0, 4.0, math.nextafter(3.0, 4.0)], columns[2])
    assert sites_sha256(columns) != sites_sha256(other)
    assert sites_sha256(([], [], [])) != sites_sha256(columns)


# ---- in memory, once it pays ----


def test_a_table_is_made_once_enough_points_were_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def making(*args: Any, **kwargs: Any) -> Coverage:
        made.append(kwargs)
        return build_coverage(*args, **kwargs)

    monkeypatch.setattr(deciding, "build_coverage", making)
    monkeypatch.setattr(deciding, "cells_needed", lambda *_: 1000)
    columns: Columns = ([-78.9, -78.5], [35.4, 35.2], [0.0, 0.0])
    decider = Decider(columns)
    lon, lat = _near_the_line(columns, 400, 1)
    answers = [decider.covered(lon, lat, LIMIT_MI, edge) for edge in ("high", "low", "high", "high")]
    assert len(made) == 1, "sites that are known exactly need one table for both edges"
    assert all((each == _by_geod(columns, lon, lat)).all() for each in answers)
    decider.covered(lon, lat, 12.0)
    assert len(made) == 1, "another limit counts anew"


# ---- the command ----


def test_the_command_stores_tables_and_the_network_page_tells_of_them(run: Callable[..., Ran], copied: Path) -> None:
    coverage_path(copied).unlink()
    done = run("network", "cover", str(copied))
    assert (done.code, done.out) == (0, "")
    assert "50 tables for 41 of 70 services, 30 miles, 2026-11-01" in done.err
    assert f"Written: {coverage_path(copied)}" in done.err
    assert "50 coverage tables for 30 miles, made for 2026-11-01" in run("network", "info", str(copied)).out
    coverage_path(copied).write_bytes(b"x")
    assert "cannot be used; renew: adequacy network cover" in run("network", "info", str(copied)).out
    coverage_path(copied).unlink()
    assert "coverage" not in run("network", "info", str(copied)).out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["no.gpkg"], 3, "no such network file"),
        (["demo.gpkg", "--as-of", "1990-01-01"], 4, "2020-10-12"),
        (["demo.gpkg", "--as-of", "soon"], 2, "soon"),
    ],
)
def test_tables_that_cannot_be_made_leave_nothing(
    run: Callable[..., Ran], copied: Path, arguments: list[str], code: int, words: str
) -> None:
    coverage_path(copied).unlink()
    done = run("network", "cover", str(copied.parent / arguments[0]), *arguments[1:])
    assert done.code == code
    assert words in done.err
    assert [path.name for path in copied.parent.iterdir()] == [copied.name]
