"""A batch answers every row as ``check`` does, whatever way it takes to be fast."""

from __future__ import annotations

import csv
import random
from typing import TYPE_CHECKING

import pytest

import adequacy as aq
from adequacy.access import counted_sites
from adequacy.access.batch import BatchAnswerer, BatchRow
from adequacy.errors import AdequacyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from adequacy.api import Network
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
        answer = net.check(row.service, as_of=row.on or DAY, **place)  # type: ignore[arg-type]
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


def test_an_answer_file_of_another_kind_is_wrong_usage(run: Callable[..., Ran], tmp_path: Path) -> None:
    source = _write(tmp_path / "in.csv", MIXED, COLUMNS)
    assert run("batch", str(source), "--out", str(tmp_path / "out.docx")).code == 2
