"""``adequacy doctor``: a page of tables that finds what is wrong, and the same as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from adequacy.cli import diagnosis

if TYPE_CHECKING:
    import pytest


def test_every_fact_has_a_row_of_its_own_within_eighty_columns(run) -> None:
    page, report = run("doctor").out, json.loads(run("doctor", "--format", "json").out)
    assert report["schema"] == "adequacy.doctor/1"
    assert report["healthy"] is True
    lines = page.splitlines()
    assert max(map(len, lines)) <= 80
    for block in ("packages", "extras", "data", "settings"):
        rows = lines[lines.index(block) + 1 :]
        rows = rows[: rows.index("")]
        names = [row.split()[0] for row in rows if not row.startswith(" " * 17)]
        assert names == list(report[block])
    for name, vintage in report["data"].items():
        assert f"{name} {vintage}" in " ".join(page.split())
    assert lines[-1] == "All well."


def test_a_package_that_is_missing_is_wrong_and_an_extra_is_not(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosis, "_EXTRAS", {"absent": "no-such-distribution"})
    well = run("doctor")
    assert well.code == 0
    assert "absent         not installed" in well.out
    monkeypatch.setattr(diagnosis, "_PACKAGES", ("no-such-distribution",))
    ill = run("doctor")
    assert ill.code == 3
    assert "MISSING" in ill.out
    assert ill.out.endswith("Something is wrong: see above.\n")


def test_a_setting_that_names_nothing_is_wrong_and_says_where_it_comes_from(
    run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADEQUACY_POLICY", "absent-folder")
    ill = run("doctor")
    assert ill.code == 3
    assert "policy         absent-folder  [ADEQUACY_POLICY]" in ill.out
    assert "WRONG: absent-folder: no such file or folder" in ill.out


def test_the_password_of_a_casebook_is_not_shown(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADEQUACY_CASEBOOK", "postgresql://clerk:hunter2@host/book")
    for output in ("text", "json"):
        shown = run("doctor", "--format", output).out
        assert "hunter2" not in shown
        assert "postgresql://..." in shown
