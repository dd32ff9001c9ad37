"""The public address sample: a seeded half is indexed, both halves and spoilt copies are asked."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest

from adequacy import reference
from adequacy.geocode.index import AddressIndex, build_index, open_index
from adequacy.geocode.ladder import Record, climb
from benchmarks import geocoding as bench

if TYPE_CHECKING:
    from adequacy.geocode.ladder import Located

KINDS = (
    "seen", "unseen", "suite", "abbreviation", "directional", "other_directional", "typo", "wrong_number",
    "wrong_street", "wrong_zip", "unseen_typo",
)  # fmt: skip


@pytest.fixture(scope="module")
def halves() -> tuple[list[bench.Truth], list[bench.Truth]]:
    return bench.halves(bench.sample())


@pytest.fixture(scope="module")
def index(
    tmp_path_factory: pytest.TempPathFactory, halves: tuple[list[bench.Truth], list[bench.Truth]]
) -> AddressIndex:
    folder = tmp_path_factory.mktemp("sample")
    build_index(bench.write_points(halves[0], folder / "points.csv"), folder / "points.idx")
    return open_index(folder / "points.idx")


@pytest.fixture(scope="module")
def answers(
    index: AddressIndex, halves: tuple[list[bench.Truth], list[bench.Truth]]
) -> dict[str, list[tuple[bench.Truth, Located]]]:
    asked = bench.questions(*halves)
    return {kind: [(truth, truth.ask(index)) for truth in truths[:500]] for kind, truths in asked.items()}


def share(answers: list[tuple[bench.Truth, Located]], *matches: str) -> float:
    return sum(found.match in matches for _, found in answers) / len(answers)


def test_the_halves_share_no_address(halves: tuple[list[bench.Truth], list[bench.Truth]]) -> None:
    seen, unseen = ({(t.key.text, t.city, t.zip5) for t in half} for half in halves)
    assert not seen & unseen
    assert min(len(seen), len(unseen)) > 1_500


def test_every_kind_of_question_is_asked(answers: dict[str, list[tuple[bench.Truth, Located]]]) -> None:
    assert set(answers) == set(KINDS)
    assert min(map(len, answers.values())) > 250


def test_what_was_indexed_is_exact_and_where_it_was(answers: dict[str, list[tuple[bench.Truth, Located]]]) -> None:
    for kind in ("seen", "suite", "abbreviation"):
        assert share(answers[kind], "exact") > 0.99
        assert all(bench.error_mi(t, f) <= 0.02 for t, f in answers[kind] if f.match == "exact")


def test_what_was_not_indexed_is_never_exact(answers: dict[str, list[tuple[bench.Truth, Located]]]) -> None:
    for kind in ("unseen", "unseen_typo", "other_directional", "wrong_number", "wrong_street"):
        assert share(answers[kind], "exact") == 0


def test_slips_are_found_and_called_close(answers: dict[str, list[tuple[bench.Truth, Located]]]) -> None:
    for kind in ("directional", "typo"):
        assert share(answers[kind], "close") > 0.98
        assert all(bench.error_mi(t, f) <= 0.02 for t, f in answers[kind] if f.match == "close")


def test_a_wrong_zip_is_found_and_flagged(answers: dict[str, list[tuple[bench.Truth, Located]]]) -> None:
    assert share(answers["wrong_zip"], "close") > 0.98
    assert all(found.flags for _, found in answers["wrong_zip"])
    assert all(bench.error_mi(t, f) <= f.uncertainty_mi for t, f in answers["wrong_zip"] if f.match == "close")


def test_none_is_silently_wrong_by_over_a_mile(answers: dict[str, list[tuple[bench.Truth, Located]]]) -> None:
    with bench.SAMPLE.open(encoding="utf-8", newline="") as lines:
        outside = {
            row["street"].split(" ", 1)[-1] for row in csv.DictReader(lines) if float(row["mi_outside_zip"]) > 0.5
        }
    wrong = [(t, f) for pairs in answers.values() for t, f in pairs if bench.silently_wrong(t, f)]
    assert all(found.match == "zip" for _, found in wrong)
    # what stands at its ZIP can be farther off only where the sample's own point lies outside its ZIP
    asked = {(t.city, t.zip5): t for t in bench.sample() if t.line.split(" ", 1)[-1] in outside}
    assert all((truth.city, truth.zip5) in asked for truth, _ in wrong)


def test_hospitals_by_zip_are_as_far_off_as_said() -> None:
    path = bench.SAMPLE.with_name("hifld_hospitals_nc.csv")
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    beyond: dict[str, list[float]] = {"same": [], "uds2015": []}
    for row in rows:
        found = climb(Record(row["street"], row["city"], row["state"], row["zip"]))
        truth = bench.Truth(row["street"], "", row["city"], "NC", row["zip"], float(row["lon"]), float(row["lat"]))
        code = reference.find_zip(row["zip"])
        assert code is not None
        assert (found.match, found.precision) == ("zip", "zip")
        beyond[code.how].append(bench.error_mi(truth, found) - found.uncertainty_mi)
    assert len(rows) == 134
    assert sum(miles > 0 for miles in beyond["same"]) <= 2  # two points of the file lie over a mile outside their ZIP
    assert max(beyond["uds2015"]) < 5  # mailing ZIPs: the policy's wider tolerance covers them
