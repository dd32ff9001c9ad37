"""``-`` is standard input and output for every command that reads or writes a file; nothing is overwritten by mistake.

Also what a command says when standard output is closed or full, and when the disk is.
"""

from __future__ import annotations

import csv
import io
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from adequacy.network import build as building

ROSTER = (
    "provider_name,npi,site_name,street,city,state,zip5,lon,lat,service,contract_status,credential_status,"
    "nctracks_status\n"
    "Acme Care,1234567893,Acme North,1 Oak St,Lillington,NC,27546,-78.82,35.40,saiop,active,approved,active\n"
    "Best Help,1679576722,Best,2 Pine St,Erwin,NC,28339,-78.67,35.33,otp,ended,approved,active\n"
)
FACTS = (
    "consumer_identified,contracted_in_30mi,accessible,client_specific,requester_contracted,nctracks_ok,"
    "tp_closed_service\nN,Y,Y,N,N,Y,Y\n"
)
PAST = "id,received,service,zip,decision,reason\nP1,2026-11-02,saiop,27546,closed,network closed\n"
QUESTIONS = "id,service,zip\n1,saiop,27546\n"
ADDRESSES = "id,street,city,state,zip\n1,350 Pine State Street,Lillington,NC,27546\n"

#: What each command is asked, with the file it reads, and a column that its rows must have.
COMMANDS = {
    "policy decide": (FACTS, ("policy", "decide"), "rule_trail"),
    "backtest": (PAST, ("backtest",), "agrees"),
    "batch": (QUESTIONS, ("batch",), "sites_within"),
    "geocode run": (ADDRESSES, ("geocode", "run"), "match"),
}


def _roster(folder: Path) -> Path:
    """Write a small roster."""
    file = folder / "roster.csv"
    file.write_text(ROSTER, encoding="utf-8")
    return file


def _typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Put a text on standard input."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8"))


@pytest.mark.parametrize("name", COMMANDS)
def test_a_dash_reads_standard_input_and_prints_only_the_rows(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    text, command, column = COMMANDS[name]
    monkeypatch.chdir(tmp_path)
    _typed(monkeypatch, text)
    ran = run(*command, "-", "--out", "-")
    assert ran.code == 0, ran.err
    rows = list(csv.DictReader(io.StringIO(ran.out)))
    assert [bool(row[column]) for row in rows] == [True]
    assert list(tmp_path.glob("-*")) == []


@pytest.mark.parametrize("name", COMMANDS)
def test_a_dash_prints_what_a_file_would_hold(run: Any, tmp_path: Path, name: str) -> None:
    text, command, _ = COMMANDS[name]
    given, out = tmp_path / "given.csv", tmp_path / "out.csv"
    given.write_text(text, encoding="utf-8")
    assert run(*command, str(given), "--out", str(out)).code == 0
    assert run(*command, str(given), "--out", "-").out == out.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_overwrites_the_file_it_reads(run: Any, tmp_path: Path, name: str) -> None:
    text, command, _ = COMMANDS[name]
    given = tmp_path / "given.csv"
    given.write_text(text, encoding="utf-8")
    assert "overwrite the input" in run(*command, str(given), "--out", str(given)).refused(3)
    assert given.read_text(encoding="utf-8") == text


def test_the_findings_of_a_roster_and_its_network_can_be_piped(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = _roster(tmp_path)
    monkeypatch.chdir(tmp_path)
    ran = run("network", "build", str(file), "--out", "net.gpkg", "--roster-date", "2026-11-01", "--findings", "-")
    assert ran.code == 0
    assert ran.out.startswith("file,sheet,row,column,verdict,")
    assert list(tmp_path.glob("-*")) == []


def test_a_network_goes_to_standard_output_as_the_bytes_of_its_file(tmp_path: Path) -> None:
    file = _roster(tmp_path)
    arguments = ("network", "build", str(file), "--roster-date", "2026-11-01", "--name", "same", "--out")
    piped = _run_apart(*arguments, "-")
    _run_apart(*arguments, str(tmp_path / "net.gpkg"))
    assert piped.returncode == 0
    assert piped.stdout == (tmp_path / "net.gpkg").read_bytes()
    assert b"Written: standard output" in piped.stderr


@pytest.mark.parametrize("out", ["roster.csv", "other.txt"])
def test_a_network_never_replaces_a_file_that_is_none(run: Any, tmp_path: Path, out: str) -> None:
    file = _roster(tmp_path)
    (tmp_path / "other.txt").write_text("kept", encoding="utf-8")
    target = file if out == "roster.csv" else tmp_path / out
    before = target.read_bytes()
    ran = run("network", "build", str(file), "--out", str(target), "--roster-date", "2026-11-01")
    assert ran.code == 3
    assert ran.err.splitlines()[-1].endswith(("with --out.", "Name another file."))
    assert target.read_bytes() == before


def test_a_network_without_somebody_never_replaces_the_network(run: Any, tmp_path: Path) -> None:
    file, out = _roster(tmp_path), tmp_path / "net.gpkg"
    assert run("network", "build", str(file), "--out", str(out), "--roster-date", "2026-11-01").code == 0
    before = out.read_bytes()
    ran = run("network", "without", str(out), "--npi", "1234567893", "--out", str(out))
    assert "overwrite the input" in ran.refused(3)
    assert out.read_bytes() == before


@pytest.mark.parametrize("error", [RuntimeError("Failed to commit transaction"), sqlite3.OperationalError("disk full")])
def test_a_full_disk_leaves_no_network_and_no_traceback(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    file, out = _roster(tmp_path), tmp_path / "net.gpkg"

    def fail(_frames: object, _meta: object, path: Path) -> None:
        path.write_bytes(b"half")
        raise error

    monkeypatch.setattr(building, "_write_geopackage", fail)
    ran = run("network", "build", str(file), "--out", str(out), "--roster-date", "2026-11-01")
    assert ran.code == 3
    assert "Is there room on the disk?" in ran.err.splitlines()[-1]
    assert [path.name for path in tmp_path.iterdir() if path != file] == []


def test_a_record_is_printed_and_verified_from_standard_input(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = ("--casebook", str(tmp_path / "book.sqlite"))
    asked = ("--service", "saiop", "--received", "2026-11-02", "--requester", "A", "--site-zip", "27520")
    number = run("request", "open", *asked, *book).out.split()[0]
    ran = run("request", "decide", number, "--as-of", "2026-11-02", "--record", "-", *book)
    assert number in ran.err
    exported = run("record", "export", number, "--out", "-", *book).out
    assert json.loads(exported) == json.loads(ran.out)
    _typed(monkeypatch, exported)
    assert run("record", "verify", "-").out.startswith("IDENTICAL")


def _run_apart(*arguments: str, **streams: Any) -> subprocess.CompletedProcess[bytes]:
    """Run a command in a process of its own, whose streams can be closed or full."""
    return subprocess.run(
        [sys.executable, "-m", "adequacy", *arguments],
        check=False,
        cwd=Path(building.__file__).parents[2],
        **({"capture_output": True} | streams),
    )


ASK = ("check", "--service", "saiop", "--zip", "27546")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("arguments", [ASK, ("services",), ("--help",)])
def test_a_full_standard_output_is_one_line_and_exit_code_three(arguments: tuple[str, ...]) -> None:
    with Path("/dev/full").open("wb") as full:
        ran = _run_apart(*arguments, capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert ran.returncode == 3
    assert ran.stderr.decode().startswith("adequacy: standard output: cannot be written")
    assert ran.stderr.count(b"\n") == 1


@pytest.mark.skipif(os.name != "posix", reason="needs a shell that closes a stream")
def test_a_closed_stream_is_said_and_words_never_land_among_the_data() -> None:
    def shell(line: str) -> subprocess.CompletedProcess[bytes]:
        root = Path(building.__file__).parents[2]
        return subprocess.run(
            ["sh", "-c", f'"{sys.executable}" -m adequacy {line}'], check=False, capture_output=True, cwd=root
        )

    closed = shell("services >&-")
    assert (closed.returncode, closed.stdout) == (3, b"")
    assert closed.stderr.startswith(b"adequacy: standard output: ")
    silent = shell("services no-such-word 2>&-")
    assert (silent.returncode, silent.stdout) == (2, b"")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--zip", "27546", "--members", "members.csv"), "--member"),
        (("--zip", "27546", "--map", "map.pdf"), ".html"),
    ],
)
def test_an_option_that_would_be_ignored_is_refused(run: Any, arguments: tuple[str, ...], says: str) -> None:
    assert says in run("check", "--service", "saiop", *arguments).refused(2)


def test_an_age_beside_a_birth_date_is_contradictory(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "members.csv"
    file.write_text("member_id,zip5,birth_date\nM1,27546,1980-01-01\nM2,27546,\n", encoding="utf-8")
    ask = ("check", "--service", "saiop", "--members", str(file), "--age", "12", "--member")
    assert "leave --age out" in run(*ask, "M1").refused(2)
    assert ", age 12, " in run(*ask, "M2").out


def test_the_head_of_the_page_says_all_that_was_asked(run: Any) -> None:
    asked = ("--age", "30", "--funding", "state", "--population", "women")
    head = " ".join(run(*ASK, *asked).out.split("\n\n")[0].split())
    assert "Harnett County, age 30, funding state, population women, on 2026-11-01" in head
