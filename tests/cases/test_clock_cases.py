"""Every case of clocks.yaml, which policy staff may read and add to."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from adequacy import clocks

CASES: list[dict[str, Any]] = yaml.load(
    Path(__file__).with_name("clocks.yaml").read_text(encoding="utf-8"), Loader=yaml.BaseLoader
)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_clock_case(case: dict[str, Any]) -> None:
    zone = clocks.zone_named(case.get("zone", "America/New_York"))
    work_days = clocks.WorkDays.of(date.fromisoformat(day) for day in case.get("closed", []))
    due = clocks.deadline(clocks.read_instant(case["start"], zone), int(case["length"]), case["unit"], zone, work_days)
    assert due.due_at.isoformat() == case["due"]
    assert due.act_by_date.isoformat() == case["act_by"]
