"""A build that is killed leaves the old network whole, and nothing that a later build or answer trips over."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from adequacy.network import open_network

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "provider_name,npi,service,street,zip5,contract_status,credential_status,nctracks_status\n"
DAY = ("--roster-date", "2026-11-01")
KILLS = 30
#: Seconds after which no further build is killed, however slow the machine.
MOST_S = 20
#: A stand-in for the command: it says when its imports are done, so that kills fall into the build and not before it.
BUILD = """
import sys
import adequacy.cli.building, adequacy.intake, adequacy.network.build, geopandas, pyogrio
sys.stdout.write("ready\\n"); sys.stdout.flush()
{forks}
from adequacy.cli import main
main(sys.argv[1:])
"""
#: Each line of standard input forks a child that builds, and is killed after so many seconds if the line says any; how
#: it ended is said. Its parent kills it: until it is waited for, its process number is nobody else's.
FORKS = """
import os, signal, time
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        break
    if line.strip():
        time.sleep(float(line))
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    sys.stdout.write(f"{status}\\n"); sys.stdout.flush()
else:
    sys.exit(0)
"""


def roster(folder: Path, rows: int, name: str = "roster.csv") -> Path:
    path = folder / name
    lines = (f"Care {n},,saiop,{n + 1} Main St,27546,active,approved,active\n" for n in range(rows))
    path.write_text(HEADER + "".join(lines), encoding="utf-8")
    return path


def parts(folder: Path) -> list[Path]:
    """What unfinished builds left."""
    return [path for path in folder.iterdir() if path.name.startswith(".")]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are killed the POSIX way")
def test_a_killed_build_leaves_the_old_network_whole_and_the_next_build_works(tmp_path: Path) -> None:
    out = tmp_path / "networks" / "plan.gpkg"
    command = [sys.executable, "-c", BUILD.format(forks=FORKS), "network", "build", str(roster(tmp_path, 40)),
               "--out", str(out), *DAY]  # fmt: skip
    draw, killed, started = random.Random(2026), 0, time.monotonic()
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, bufsize=1
    ) as builder:
        assert builder.stdin is not None
        assert builder.stdout is not None
        assert builder.stdout.readline() == "ready\n"

        def build(wait_s: float | None) -> tuple[float, int]:
            begun = time.monotonic()
            builder.stdin.write("\n" if wait_s is None else f"{wait_s}\n")  # type: ignore[union-attr]
            status = int(builder.stdout.readline())  # type: ignore[union-attr]
            return time.monotonic() - begun, status

        assert build(None)[1] == 0
        whole_s, status = build(None)
        assert status == 0
        before = out.read_bytes()
        for _ in range(KILLS):
            if time.monotonic() - started > MOST_S:
                break
            _, status = build(draw.uniform(0, whole_s))
            killed += os.WIFSIGNALED(status)
            assert out.read_bytes() == before
            with open_network(out.parent) as network:
                assert len(network.offerings("saiop")) == 40
        _, status = build(None)
        assert status == 0
        builder.stdin.close()
    assert killed >= 1
    assert out.read_bytes() == before
    with open_network(out.parent) as network:
        assert network.meta.name == "plan"


def test_what_a_killed_build_left_is_no_network_of_its_folder(run: Any, tmp_path: Path) -> None:
    folder = tmp_path / "networks"
    assert run("network", "build", str(roster(tmp_path, 5)), "--out", str(folder / "plan.gpkg"), *DAY).code == 0
    (folder / ".plan.gpkg.abc123.gpkg").write_bytes(b"half a file")
    with open_network(folder) as network:
        assert network.path.name == "plan.gpkg"


def test_old_parts_of_this_network_are_cleared_and_nothing_else(run: Any, tmp_path: Path) -> None:
    out = tmp_path / "networks" / "plan[1].gpkg"
    assert run("network", "build", str(roster(tmp_path, 5)), "--out", str(out), *DAY).code == 0
    old = out.stat().st_mtime - 7200
    names = [f".{out.name}.abc12345.gpkg", f".{out.name}.abc12345.gpkg-journal", f".{out.name}.new12345.gpkg",
             ".other.gpkg.abc12345.gpkg", f".{out.name}.notes.txt"]  # fmt: skip
    for name in names:
        (out.parent / name).write_bytes(b"half a file")
        if "new" not in name:
            os.utime(out.parent / name, (old, old))
    assert run("network", "build", str(roster(tmp_path, 5)), "--out", str(out), *DAY).code == 0
    assert sorted(path.name for path in parts(out.parent)) == sorted(names[2:])
