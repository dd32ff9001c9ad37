"""``network build`` and ``network columns`` as staff type them: refusals, what is accepted, what is written."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from adequacy.network import open_network

if TYPE_CHECKING:
    import pytest

HEADER = "provider_name,npi,service,street,zip5,contract_status,credential_status,nctracks_status\n"
DAY = ("--roster-date", "2026-11-01")


def roster(folder: Path, good: int, bad: int = 0, name: str = "roster.csv") -> Path:
    rows = [f"Care {n},,saiop,{n + 1} Main St,27546,active,approved,active\n" for n in range(good)]
    rows += [f"Odd {n},,nope,{n + 1} Oak St,27546,active,approved,active\n" for n in range(bad)]
    path = folder / name
    path.write_text(HEADER + "".join(rows), encoding="utf-8")
    return path


def test_a_roster_with_too_many_refused_rows_is_refused_and_the_old_network_stays(run: Any, tmp_path: Path) -> None:
    out = str(tmp_path / "plan.gpkg")
    assert run("network", "build", str(roster(tmp_path, 20)), "--out", out, *DAY).code == 0
    before = Path(out).read_bytes()
    findings = tmp_path / "findings.csv"
    ran = run("network", "build", str(roster(tmp_path, 18, 2)), "--out", out, *DAY, "--findings", str(findings))
    assert ran.code == 3
    assert "2 of 20 rows are refused (10.0 %, more than 5 %)" in ran.err
    assert Path(out).read_bytes() == before
    assert "service_unknown" in findings.read_text(encoding="utf-8")


def test_what_is_accepted_is_recorded_in_the_network(run: Any, tmp_path: Path) -> None:
    out = str(tmp_path / "plan.gpkg")
    assert run("network", "build", str(roster(tmp_path, 20)), "--out", out, *DAY).code == 0
    fewer = str(roster(tmp_path, 10))
    assert run("network", "build", fewer, "--out", out, *DAY).code == 3
    assert run("network", "build", fewer, "--out", out, *DAY, "--accept").code == 0
    with open_network(out) as network:
        assert network.counts["offerings"] == 10
        assert any("10 offerings against 20" in note for note in network.meta.accepted)


def test_the_same_roster_gives_the_same_bytes(run: Any, tmp_path: Path) -> None:
    path = str(roster(tmp_path, 5))
    outs = [tmp_path / "one" / "plan.gpkg", tmp_path / "two" / "plan.gpkg"]
    for out in outs:
        assert run("network", "build", path, "--out", str(out), *DAY).code == 0
    assert outs[0].read_bytes() == outs[1].read_bytes()


def test_a_dry_run_reports_and_touches_nothing(run: Any, tmp_path: Path) -> None:
    ran = run("network", "build", str(roster(tmp_path, 5)), "--out", str(tmp_path / "plan.gpkg"), *DAY, "--dry-run")
    assert ran.code == 0
    assert "5 read = 5 used + 0 refused" in ran.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["roster.csv"]


def test_standard_input_is_a_roster_too(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = roster(tmp_path, 5).read_bytes()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))
    ran = run("network", "build", "-", "--out", str(tmp_path / "plan.gpkg"), *DAY)
    assert ran.code == 0
    assert "standard input (5 rows)" in ran.err


def test_enrolment_files_are_joined_and_a_marked_copy_is_written(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "roster.csv"
    header = "provider_name,npi,service,street,zip5,contract_status,credential_status\n"
    path.write_text(f"{header}A,1234567893,saiop,1 Main St,27546.0,active,approved\n", encoding="utf-8")
    joined = tmp_path / "nctracks.csv"
    joined.write_text("npi,street,zip5,nctracks_status\n1234567893,1 MAIN STREET,27546,active\n", encoding="utf-8")
    out, marked = str(tmp_path / "plan.gpkg"), tmp_path / "marked.xlsx"
    refused = run("network", "build", str(path), "--out", out, *DAY)
    assert (refused.code, "nctracks_status" in refused.err) == (3, True)
    ran = run("network", "build", str(path), "--join", str(joined), "--marked", str(marked), "--out", out, *DAY)
    assert ran.code == 0
    assert marked.exists()
    with open_network(out) as network:
        assert network.offerings("saiop")[0].nctracks_status == "active"


def test_a_po_box_without_a_point_is_not_placed_by_its_zip(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "roster.csv"
    path.write_text(f"{HEADER}A,,saiop,PO Box 12,27546,active,approved,active\n", encoding="utf-8")
    out = str(tmp_path / "plan.gpkg")
    assert run("network", "build", str(path), "--out", out, *DAY).code == 0
    with open_network(out) as network:
        assert network.offerings("saiop")[0].precision == "none"


def test_a_first_mapping_is_written_and_can_be_used(run: Any, tmp_path: Path) -> None:
    path, mapping = str(roster(tmp_path, 3)), str(tmp_path / "map.toml")
    assert run("network", "columns", path, "--out", mapping).code == 0
    ran = run("network", "build", path, "--columns", mapping, "--out", str(tmp_path / "plan.gpkg"), *DAY)
    assert ran.code == 0
    assert run("network", "columns", path, "--out", mapping).code == 3


def test_one_roster_that_is_no_roster_stops_all_and_the_old_network_stays(run: Any, tmp_path: Path) -> None:
    out = tmp_path / "plan.gpkg"
    good, odd = roster(tmp_path, 20), tmp_path / "odd.csv"
    assert run("network", "build", str(good), "--out", str(out), *DAY).code == 0
    before = out.read_bytes()
    odd.write_text("provider_name,service,zip5\nA,saiop,27546\n", encoding="utf-8")
    marked, findings = tmp_path / "marked", tmp_path / "findings.csv"
    for names in ([good, odd], [odd, good]):
        ran = run("network", "build", *map(str, names), "--out", str(out), *DAY, "--marked", str(marked),
                  "--findings", str(findings))  # fmt: skip
        assert (ran.code, "odd.csv: no column 'contract_status'" in ran.err) == (3, True)
        assert out.read_bytes() == before
        assert not marked.exists()
        assert not findings.exists()


def test_several_rosters_make_one_network_and_a_marked_copy_of_each(run: Any, tmp_path: Path) -> None:
    out, folder = tmp_path / "plan.gpkg", tmp_path / "marked"
    west, east = roster(tmp_path, 18, 1, "west.csv"), roster(tmp_path, 12, 0, "east.csv")
    ran = run("network", "build", str(west), str(east), "--out", str(out), *DAY, "--marked", str(folder), "--accept")
    assert ran.code == 0
    assert "31 read = 30 used + 1 refused" in ran.err
    assert sorted(path.name for path in folder.iterdir()) == ["east.csv.marked.xlsx", "west.csv.marked.xlsx"]
    with open_network(out) as network:
        assert [(source["name"], source["rows"]) for source in network.meta.sources] == [
            ("west.csv", 19), ("east.csv", 12)
        ]  # fmt: skip


def test_marked_copies_that_would_share_a_file_are_refused_before_anything_is_read(run: Any, tmp_path: Path) -> None:
    west, east = (roster(tmp_path, 3, name=name) for name in ("west.csv", "east.csv"))
    build = ("network", "build", str(west), str(east), "--out", str(tmp_path / "plan.gpkg"), *DAY)
    assert "--marked needs a folder" in run(*build, "--marked", str(tmp_path / "marked.xlsx")).refused(2)
    other = tmp_path / "other"
    other.mkdir()
    twin = ("network", "build", str(west), str(roster(other, 3, name="west.csv")), "--out", str(tmp_path / "plan.gpkg"))
    assert "Two files are named west.csv" in run(*twin, *DAY).refused(2)
    assert "Two files are named standard input" in run("network", "build", "-", "-", *twin[4:], *DAY).refused(2)


def test_standard_input_can_be_marked_too(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = roster(tmp_path, 5).read_bytes()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))
    marked = tmp_path / "marked.xlsx"
    ran = run("network", "build", "-", "--out", str(tmp_path / "plan.gpkg"), *DAY, "--marked", str(marked))
    assert ran.code == 0
    assert marked.exists()


def test_a_plan_s_own_rules_decide_how_many_rows_may_be_refused(run: Any, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "settings.yaml").write_text(
        "refused_rows_pct:\n  description: a roster is refused above this\n  unit: percent\n  confidence: stated\n"
        "  values: {2020-10-12: 20}\n  reference: [{title: a test, document: a test, checked: 2026-11-23}]\n",
        encoding="utf-8",
    )
    out = str(tmp_path / "plan.gpkg")
    path = str(roster(tmp_path, 18, 2))
    assert run("network", "build", path, "--out", out, *DAY).code == 3
    ran = run("network", "build", path, "--out", out, *DAY, "--policy", str(own))
    assert ran.code == 0, ran.err
    assert "no-such-plan" in run("network", "build", path, "--out", out, *DAY, "--plan", "no-such-plan").refused(2)


def test_a_mapping_beside_the_roster_is_found_and_said(run: Any, tmp_path: Path) -> None:
    text = HEADER.replace("service", "Wanted") + "Care,,saiop,1 Main St,27546,active,approved,active\n"
    (tmp_path / "north.csv").write_text(text, encoding="utf-8")
    call = ("network", "build", str(tmp_path / "north.csv"), "--out", str(tmp_path / "plan.gpkg"), *DAY)
    assert "no column 'service'" in run(*call).refused(3)
    mapping = tmp_path / "north.columns.toml"
    mapping.write_text('[columns]\nservice = "Wanted"\n', encoding="utf-8")
    ran = run(*call)
    assert ran.code == 0
    assert ran.err.startswith("Columns  by 'north.columns.toml', found beside the roster\n")
    other = tmp_path / "other.toml"
    other.write_text('[columns]\nservice = "Nobody"\n', encoding="utf-8")
    assert "no column 'Nobody'" in run(*call, "--columns", str(other)).refused(3)
    mapping.rename(tmp_path / "columns.toml")
    assert run(*call).code == 0


def test_two_mappings_beside_two_rosters_are_one_too_many(run: Any, tmp_path: Path) -> None:
    for name in ("north", "south"):
        roster(tmp_path, 3, name=f"{name}.csv")
        (tmp_path / f"{name}.columns.toml").write_text("[columns]\n", encoding="utf-8")
    paths = [str(tmp_path / f"{name}.csv") for name in ("north", "south")]
    said = run("network", "build", *paths, "--out", str(tmp_path / "plan.gpkg"), *DAY).refused(2)
    assert "north.columns.toml and south.columns.toml" in said


def test_a_first_mapping_goes_beside_its_roster_and_is_found_there(run: Any, tmp_path: Path) -> None:
    path = roster(tmp_path, 3)
    ran = run("network", "columns", str(path))
    assert ran.code == 0
    assert "roster.columns.toml" in ran.err
    assert (tmp_path / "roster.columns.toml").exists()
    ran = run("network", "build", str(path), "--out", str(tmp_path / "plan.gpkg"), *DAY)
    assert "found beside the roster" in ran.err
    assert "exists" in run("network", "columns", str(path)).refused(3)


def test_a_declared_default_is_said_in_words_and_not_as_python_writes_it(run: Any, tmp_path: Path) -> None:
    source = roster(tmp_path, 3)
    source.write_text(source.read_text(encoding="utf-8").replace(",active\n", ",\n"), encoding="utf-8")
    declared = (
        '[defaults]\nnctracks_status = {value = "active", basis = "letter", by = "A. Lee", date = "2026-11-01"}\n'
    )
    (tmp_path / "map.toml").write_text(declared, encoding="utf-8")
    out = str(tmp_path / "plan.gpkg")
    built = run("network", "build", str(source), "--out", out, *DAY, "--columns", str(tmp_path / "map.toml"))
    assert built.code == 0, built.err
    page = run("network", "info", out).out
    said = "nctracks_status is taken as 'active' where the roster is silent (letter; declared by A. Lee, 2026-11-01)"
    assert f"declared default: {said}: 3 rows" in " ".join(page.split())
    assert "{" not in page
