"""A batch answers every row as ``check`` does, whatever way it takes to be fast."""

from __future__ import annotations

import csv
import json
import random
import shutil
from typing import TYPE_CHECKING, Any

import pytest

import adequacy as aq
from adequacy.access import batch, counted_sites, deciding, finding
from adequacy.access.batch import BatchAnswer, BatchAnswerer, BatchRow
from adequacy.access.coverage_file import CoverageFile
from adequacy.access.coverage_store import store_coverage
from adequacy.cli.desk import networks_by_day
from adequacy.errors import AdequacyError, NetworkFileError
from adequacy.outputs.batch import answer_file
from adequacy.reference.demo import demo_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from adequacy.access.coverage import Coverage
    from adequacy.api import Network
    from adequacy.geocode import Place
    from tests.conftest import Ran

DAY = "2026-11-01"
ZIPS = ("27546", "27501", "28333", "27599", "28207", "27577", "99950", "10001")


@pytest.fixture(scope="module")
def net() -> Iterator[Network]:
    with aq.demo_network() as network:
        yield network


@pytest.fixture
def answerer(net: Network) -> BatchAnswerer:
    return BatchAnswerer(lambda on: net.file, net.policy, DAY)


def _points(
    count: int, seed: int, box: tuple[float, float, float, float] = (-80.9, 34.9, -77.9, 36.2)
) -> list[BatchRow]:
    """Rows at random points."""
    draw = random.Random(seed)
    west, south, east, north = box
    return [
        BatchRow("", lon=repr(draw.uniform(west, east)), lat=repr(draw.uniform(south, north))) for _ in range(count)
    ]


def _by_check(net: Network, row: BatchRow) -> tuple[object, ...]:
    """What ``check`` says of a row."""
    place = {"zip5": row.zip5} if row.zip5 else {"lon": float(row.lon), "lat": float(row.lat)}
    try:
        answer = net.check(row.service, as_of=row.on or DAY, **place)
    except AdequacyError as error:
        return "", None, None, None, None, error.message
    near = answer.nearest_mi
    within = len(answer.to_dict()["sites"])
    return answer.finding, near.reference, near.low, near.high, within, ""


@pytest.mark.parametrize("service", ["saiop", "ACTT", "mst", "op_therapy", "H0040"])
def test_every_row_is_what_check_says_to_the_last_digit(net: Network, answerer: BatchAnswerer, service: str) -> None:
    rows = [row._replace(service=service) for row in _points(60, 7)]
    rows += [BatchRow(service, zip5) for zip5 in ZIPS]
    rows += [row._replace(service=service, on="2026-12-31") for row in _points(20, 8)]
    for row, answer in zip(rows, answerer.answer(rows), strict=True):
        assert tuple(answer) == _by_check(net, row), row


def test_sites_known_only_to_their_zip_are_ranges_in_a_batch_too(net: Network, answerer: BatchAnswerer) -> None:
    doubtful = {each.service_key for each in net.file.offerings() if each.uncertainty_mi}
    assert doubtful, "the demo has no site placed by its ZIP"
    near_line = 0
    for service in sorted(doubtful)[:4]:
        rows = [row._replace(service=service) for row in _points(40, 11)]
        answers = answerer.answer(rows)
        near_line += sum(answer.nearest_low_mi != answer.nearest_high_mi for answer in answers)
        assert [tuple(answer) for answer in answers] == [_by_check(net, row) for row in rows]
    assert near_line > 0


def test_rows_that_cannot_be_answered_say_what_check_would_say(net: Network, answerer: BatchAnswerer) -> None:
    rows = [
        BatchRow("saiop", "2754"),
        BatchRow("saiop", "00000"),
        BatchRow("saiop", "09012"),
        BatchRow("saiop", lon="35.4", lat="-78.8"),
        BatchRow("saiop", lon="-78.8", lat="135"),
        BatchRow("saiop", lon="2.35", lat="48.85"),
        BatchRow("PHP", "27546"),
        BatchRow("tcli", "27546"),
        BatchRow("no such thing", "27546"),
        BatchRow("saiop", "27546", on="2026-02-30"),
        BatchRow("saiop", "27546", on="1990-01-01"),
    ]
    answers = answerer.answer(rows)
    assert [tuple(answer) for answer in answers] == [_by_check(net, row) for row in rows]
    assert all(answer.error and not answer.finding for answer in answers)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (BatchRow("saiop"), "neither a ZIP nor a point"),
        (BatchRow("saiop", "27546", "-78.8", "35.4"), "both a ZIP and a point"),
        (BatchRow("saiop", lon="-78.8"), "missing or is no number"),
        (BatchRow("saiop", lon="west", lat="35.4"), "missing or is no number"),
        (BatchRow("saiop", lon="nan", lat="35.4"), "missing or is no number"),
        (BatchRow("saiop", lon="inf", lat="35.4"), "missing or is no number"),
        (BatchRow("saiop", lon="1e999", lat="35.4"), "missing or is no number"),
        (BatchRow("saiop", lon="-7_8.8", lat="35.4"), "missing or is no number"),
        (BatchRow("saiop", lon="-78,8", lat="35,4"), "missing or is no number"),
        (BatchRow("saiop", lon="-\u0667\u0668.8", lat="35.4"), "missing or is no number"),
        (BatchRow("saiop", lon="0x10", lat="35.4"), "missing or is no number"),
    ],
)
def test_a_row_without_exactly_one_place_is_refused_without_repeating_it(
    answerer: BatchAnswerer, row: BatchRow, words: str
) -> None:
    (answer,) = answerer.answer([row])
    assert words in answer.error
    assert "-78.8" not in answer.error
    assert "west" not in answer.error


def test_a_service_without_a_site_is_a_gap_for_every_point(net: Network, answerer: BatchAnswerer) -> None:
    before = "2020-10-12"
    empty = next(key for key, sites in counted_sites(net.file, before).items() if not sites)
    rows = [row._replace(service=empty, on=before) for row in _points(30, 5)]
    assert {tuple(answer) for answer in answerer.answer(rows)} == {("gap", None, None, None, 0, "")}


# ---- only the finding ----


@pytest.fixture(scope="module")
def some_rows(net: Network) -> list[BatchRow]:
    """Points and ZIPs of every service, seeded."""
    draw = random.Random(3)
    rows = [row._replace(service=draw.choice(net.file.service_keys())) for row in _points(900, 21)]
    rows += [BatchRow(draw.choice(net.file.service_keys()), draw.choice(ZIPS)) for _ in range(60)]
    rows += [row._replace(service="mst", on="2026-12-24") for row in _points(30, 22)]
    rows += [BatchRow("nothing", "27546"), BatchRow("saiop", "2754"), BatchRow("saiop", lon="2.35", lat="48.85")]
    draw.shuffle(rows)
    return rows


def test_only_the_finding_is_the_finding(net: Network, answerer: BatchAnswerer, some_rows: list[BatchRow]) -> None:
    short = BatchAnswerer(lambda on: net.file, net.policy, DAY, only_finding=True)
    want = [BatchAnswer(each.finding, error=each.error) for each in answerer.answer(some_rows)]
    assert short.answer(some_rows) == want
    assert {each.finding for each in want} == {"covered", "gap", "too_close_to_call", ""}


def test_only_the_finding_is_read_from_stored_tables(
    some_rows: list[BatchRow], answerer: BatchAnswerer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "demo.gpkg"
    shutil.copy(demo_path(), path)
    found = []
    table = CoverageFile.table

    def counting(kept: CoverageFile, *asked: Any) -> Coverage | None:
        found.append(table(kept, *asked))
        return found[-1]

    monkeypatch.setattr(CoverageFile, "table", counting)
    monkeypatch.setattr(deciding, "_WORTH_READING", 0)
    with aq.open_network(path) as copy:
        store_coverage(copy.file, copy.policy, DAY)
        short = BatchAnswerer(lambda on: copy.file, copy.policy, DAY, only_finding=True)
        got = [each.finding for each in short.answer(some_rows)]
    assert got == [each.finding for each in answerer.answer(some_rows)]
    assert sum(each is not None for each in found) > 10


def test_neither_chunks_nor_small_memories_change_an_answer(
    net: Network, answerer: BatchAnswerer, some_rows: list[BatchRow], monkeypatch: pytest.MonkeyPatch
) -> None:
    want = answerer.answer(some_rows)
    for name in ("_ZIPS_KEPT", "_SETS_KEPT", "_ASKED_KEPT", "_WORDS_KEPT"):
        monkeypatch.setattr(batch, name, 3)
    monkeypatch.setattr(batch, "_FEW", 2)
    again = BatchAnswerer(lambda on: net.file, net.policy, DAY)
    got = [each for first in range(0, len(some_rows), 97) for each in again.answer(some_rows[first : first + 97])]
    assert got == want


# ---- files ----


def _write(path: Path, rows: list[dict[str, str]], columns: tuple[str, ...]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    return path


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


MIXED = [
    {"id": "a", "service": "saiop", "zip": "27546"},
    {"id": "b", "service": "saiop", "lon": "-78.846", "lat": "35.397"},
    {"id": "=1+1", "service": "nothing like it", "zip": "27546"},
    {"id": "a", "service": "mst", "zip": "27501", "date": "2026-11-20"},
]
COLUMNS = ("id", "service", "zip", "lon", "lat", "date")


def test_a_csv_comes_back_in_the_same_order_with_the_fixed_columns(run: Callable[..., Ran], tmp_path: Path) -> None:
    source = _write(tmp_path / "in.csv", MIXED, COLUMNS)
    ran = run("batch", str(source), "--out", str(tmp_path / "out.csv"))
    rows = _read(tmp_path / "out.csv")
    assert ran.code == 0
    assert ran.out == ""
    assert ran.err.splitlines()[0].startswith("Demo network")
    assert "4 rows = 3 answered" in ran.err
    assert "1 refused" in ran.err
    assert list(rows[0]) == [
        "id", "service", "finding", "nearest_mi", "nearest_low_mi", "nearest_high_mi", "sites_within", "error",
    ]  # fmt: skip
    assert [row["id"] for row in rows] == ["a", "b", "'=1+1", "a"]
    assert rows[2]["finding"] == ""
    assert "nothing like it" in rows[2]["error"]
    assert rows[0]["finding"] == "covered"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_parquet_in_and_out_answer_as_csv_does(run: Callable[..., Ran], tmp_path: Path) -> None:
    import pandas

    source = _write(tmp_path / "in.csv", MIXED, COLUMNS)
    frame = pandas.read_csv(source, dtype={"zip": "Int64"}, parse_dates=["date"])
    frame.to_parquet(tmp_path / "in.parquet")
    assert run("batch", str(source), "--out", str(tmp_path / "a.parquet")).code == 0
    assert run("batch", str(tmp_path / "in.parquet"), "--out", str(tmp_path / "b.parquet")).code == 0
    one, two = (pandas.read_parquet(tmp_path / name) for name in ("a.parquet", "b.parquet"))
    pandas.testing.assert_frame_equal(one, two)
    assert one["sites_within"].dtype.kind in "if"
    assert one["finding"].tolist()[0] == "covered"


def test_a_file_in_which_no_row_can_be_answered_leaves_with_3(run: Callable[..., Ran], tmp_path: Path) -> None:
    source = _write(tmp_path / "in.csv", [MIXED[2]], COLUMNS)
    assert run("batch", str(source), "--out", str(tmp_path / "out.csv")).code == 3
    assert len(_read(tmp_path / "out.csv")) == 1


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("id,zip\n1,27546\n", 3, "no column service"),
        ("id,service\n1,saiop\n", 3, "zip (or lon and lat)"),
        ("", 3, "empty"),
    ],
)
def test_a_file_that_is_no_batch_is_refused_as_a_whole(
    run: Callable[..., Ran], tmp_path: Path, text: str, code: int, words: str
) -> None:
    source = tmp_path / "in.csv"
    source.write_text(text, encoding="utf-8")
    ran = run("batch", str(source), "--out", str(tmp_path / "out.csv"))
    assert ran.code == code
    assert words in ran.err
    assert not (tmp_path / "out.csv").exists()


def test_seeded_rows_are_answered_as_the_check_command_answers_them(
    run: Callable[..., Ran], net: Network, tmp_path: Path
) -> None:
    draw = random.Random(17)
    keys = net.file.service_keys()
    asked = [{"service": draw.choice(keys), "lon": row.lon, "lat": row.lat} for row in _points(12, 5)]
    asked += [{"service": draw.choice(keys), "zip": zip5} for zip5 in ZIPS]
    asked += [{"service": "saiop", "zip": "27546", "date": "2025-02-01"}, {"service": "saiop", "zip": "275"}]
    source = _write(tmp_path / "in.csv", [row | {"id": str(i)} for i, row in enumerate(asked)], COLUMNS)
    assert run("batch", str(source), "--out", str(tmp_path / "out.csv")).code == 0
    for row, got in zip(asked, _read(tmp_path / "out.csv"), strict=True):
        place = ["--zip", row["zip"]] if "zip" in row else ["--point", f"{row['lat']},{row['lon']}"]
        day = ["--as-of", row["date"]] if "date" in row else []
        ran = run("check", "--service", row["service"], *place, *day, "--format", "json")
        if ran.code:
            assert (got["finding"], got["nearest_mi"]) == ("", "")
            assert got["error"] in ran.err
            continue
        said = json.loads(ran.out)
        near = said["nearest_mi"]
        want = [said["finding"], near["reference"], near["low"], near["high"], len(said["sites"])]
        columns = ("finding", "nearest_mi", "nearest_low_mi", "nearest_high_mi", "sites_within")
        assert [got[name] for name in columns] == ["" if each is None else str(each) for each in want], row


def test_the_command_gives_only_findings_where_they_are_all_that_is_asked(
    run: Callable[..., Ran], tmp_path: Path
) -> None:
    source = _write(tmp_path / "in.csv", MIXED, COLUMNS)
    for more, name in (((), "a.csv"), (("--finding-only",), "b.csv")):
        assert run("batch", str(source), "--out", str(tmp_path / name), *more).code == 0
    whole, short = _read(tmp_path / "a.csv"), _read(tmp_path / "b.csv")
    kept = ("id", "service", "finding", "error")
    assert [{name: row[name] if name in kept else "" for name in row} for row in whole] == short


@pytest.mark.parametrize("fault", [KeyboardInterrupt, MemoryError, SystemExit])
def test_an_interrupted_run_leaves_the_old_answers_and_no_half_file(
    net: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: type[BaseException]
) -> None:
    source = _write(tmp_path / "in.csv", MIXED, COLUMNS)
    monkeypatch.setattr("adequacy.outputs.batch._ROWS", 2)
    for out in (tmp_path / "out.csv", tmp_path / "out.parquet"):
        out.write_text("the answers of yesterday", encoding="utf-8")

        def stop(done: int) -> None:
            if done > 2:
                raise fault

        with pytest.raises(fault):
            answer_file(source, out, BatchAnswerer(lambda on: net.file, net.policy, DAY), progress=stop)
        assert out.read_text(encoding="utf-8") == "the answers of yesterday"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_progress_counts_rows_chunk_by_chunk(net: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = _write(tmp_path / "in.csv", MIXED, COLUMNS)
    monkeypatch.setattr("adequacy.outputs.batch._ROWS", 3)
    seen: list[int] = []
    answer_file(source, tmp_path / "out.csv", BatchAnswerer(lambda on: net.file, net.policy, DAY), progress=seen.append)
    assert seen == [3, 4]


HOSTILE = {
    "a quotation mark that stays open": ('id,service,zip\n1,"saiop,27546\n2,saiop,27501\n', "quotation mark"),
    "two columns of one name": ("id,service,zip,ZIP\n1,saiop,27546,27501\n", "several columns are called 'zip'"),
    "no header": ("1,saiop,27546\n", "no column id"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_file_that_could_be_read_in_two_ways_is_refused(run: Callable[..., Ran], tmp_path: Path, what: str) -> None:
    text, words = HOSTILE[what]
    (tmp_path / "in.csv").write_text(text, encoding="utf-8")
    ran = run("batch", str(tmp_path / "in.csv"), "--out", str(tmp_path / "out.csv"))
    assert ran.code == 3
    assert words in ran.err.splitlines()[-1]
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_what_a_spreadsheet_saves_is_read(run: Callable[..., Ran], tmp_path: Path, encoding: str) -> None:
    text = "id;service;zip\r\nn\u00fa\u00f1ez;SAIOP;27546-1234\r\n\r\nx;saiop\r\n\x1b[31m;saiop;27546\r\n"
    (tmp_path / "in.csv").write_bytes(text.encode(encoding))
    assert run("batch", str(tmp_path / "in.csv"), "--out", str(tmp_path / "out.csv")).code == 0
    rows = _read(tmp_path / "out.csv")
    assert [(row["id"], row["finding"]) for row in rows] == [
        ("n\u00fa\u00f1ez", "covered"), ("x", ""), ("[31m", "covered")
    ]  # fmt: skip


def test_an_answer_file_of_another_kind_is_wrong_usage(run: Callable[..., Ran], tmp_path: Path) -> None:
    source = _write(tmp_path / "in.csv", MIXED, COLUMNS)
    assert run("batch", str(source), "--out", str(tmp_path / "out.docx")).code == 2


# ---- what grows with the file must not grow with the memory ----


def test_days_on_which_the_same_sites_count_share_their_answers(
    net: Network, answerer: BatchAnswerer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    find_one = finding.brief

    def counting(place: Place, *rest: Any) -> Any:
        asked.append(place.zip5)
        return find_one(place, *rest)

    monkeypatch.setattr(batch, "brief", counting)
    days = [f"2026-11-{day:02}" for day in range(1, 20)]
    rows = [BatchRow("saiop", "27546", on=on) for on in days]
    answers = answerer.answer(rows)
    assert [tuple(each) for each in answers] == [_by_check(net, row) for row in rows]
    assert len(asked) < len(days) / 2


def test_memory_is_bounded_by_what_is_kept_and_not_by_what_is_asked(
    net: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("_ZIPS_KEPT", "_SETS_KEPT", "_ASKED_KEPT", "_WORDS_KEPT"):
        monkeypatch.setattr(batch, name, 20)
    answerer = BatchAnswerer(lambda on: net.file, net.policy, DAY)
    rows = [BatchRow(f"no service {i}", "27546") for i in range(200)]
    rows += [BatchRow("saiop", "27546", on=f"a day {i}") for i in range(200)]
    rows += [BatchRow("saiop", f"{27000 + i}") for i in range(200)]
    rows += [BatchRow(key, "27546", on=f"20{year}-07-01") for key in net.file.service_keys() for year in (24, 26, 29)]
    answerer.answer(rows)
    kept = [each for each in vars(answerer).values() if isinstance(each, batch._Kept)]
    assert len(kept) >= 6
    assert max(len(each._values) for each in kept) <= 20


def test_a_folder_of_networks_is_opened_once_a_file_however_many_days_are_asked(
    run: Callable[..., Ran], tmp_path: Path
) -> None:
    folder = tmp_path / "rosters"
    folder.mkdir()
    shutil.copy(demo_path(), folder / "demo.gpkg")
    with networks_by_day(str(folder), None, None) as on_day:
        assert len({id(on_day(f"2026-11-{day:02}")) for day in range(1, 29)}) == 1
        opened = on_day("2026-11-01")
    with pytest.raises(NetworkFileError, match="closed"):
        opened.service_keys()
    rows = [{"id": str(day), "service": "saiop", "zip": "27546", "date": f"2026-11-{day:02}"} for day in range(1, 9)]
    source = _write(tmp_path / "in.csv", rows, COLUMNS)
    ran = run("batch", str(source), "--network", str(folder), "--out", str(tmp_path / "out.csv"))
    assert ran.code == 0
    assert {row["finding"] for row in _read(tmp_path / "out.csv")} == {"covered"}
