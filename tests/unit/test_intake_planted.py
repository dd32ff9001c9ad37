"""500 planted mistakes of 25 kinds: nearly all are named, and none changes what an answer says in silence."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date
from typing import TYPE_CHECKING

import pytest

from adequacy.intake import Intake, read_rosters
from adequacy.policy import load_policy
from tests.planted import CLEAN_COLUMNS, KINDS, clean_rows, plant

if TYPE_CHECKING:
    from pathlib import Path

ROWS, MISTAKES, SEED, DAY = 1500, 500, 20261101, date(2026, 11, 1)
#: What a finding follows from: an offering that changes in one of these can change an answer.
DECIDING = [
    "service_key", "zip5", "lon", "lat", "precision", "telehealth", "service_from", "service_to", "ages_min",
    "ages_max",
    "contract_status", "contract_from", "contract_to", "credential_status", "credential_due", "nctracks_status",
    "nctracks_from", "nctracks_to", "license_expiry", "agreement_type", "funding", "referral_stop", "counties_served",
]  # fmt: skip


def read(rows: list[dict[str, str]], path: Path) -> Intake:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, CLEAN_COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return read_rosters([path], on=DAY, catalogue=load_policy().services)


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Intake:
    return read(clean_rows(ROWS, SEED), tmp_path_factory.mktemp("clean") / "roster.csv")


def test_a_clean_roster_has_no_findings(clean: Intake) -> None:
    assert clean.findings.empty, clean.findings["rule"].value_counts()
    assert (clean.read, clean.used, len(clean.refused)) == (ROWS, ROWS, 0)


def test_planted_mistakes_are_named_and_none_changes_a_finding_in_silence(clean: Intake, tmp_path: Path) -> None:
    rows = clean_rows(ROWS, SEED)
    planted = plant(rows, MISTAKES, SEED)
    assert len(KINDS) == 25
    intake = read(rows, tmp_path / "roster.csv")
    named = set(zip(intake.findings["row"], intake.findings["rule"], strict=True))
    missed = Counter(each.kind for each in planted if not any((each.row, rule) in named for rule in each.rules))
    assert sum(missed.values()) <= 0.02 * MISTAKES, missed
    assert intake.read == intake.used + len(intake.refused) == ROWS

    before = clean.rows.set_index("source_row")[DECIDING].fillna(0.0)
    after = intake.rows.set_index("source_row")[DECIDING].fillna(0.0)
    gone = set(before.index) - set(after.index)
    assert gone == set(intake.refused["source_row"])
    same = before.loc[after.index].round({"lon": 7, "lat": 7}).eq(after.round({"lon": 7, "lat": 7})).all(axis=1)
    spoken_of = set(intake.findings["row"])
    assert set(after.index[~same]) <= spoken_of
