"""Ctrl-C: exit code 130 and one line, whatever the command was doing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from adequacy.cli import building, check, diagnosis

CHECK = ("check", "--service", "SAIOP", "--zip", "27546")


def interrupted(*_args: object, **_options: object) -> None:
    raise KeyboardInterrupt


def interrupted_while_loading(*_args: object, **_options: object) -> None:
    """What numpy makes of Ctrl-C while it loads."""
    try:
        raise KeyboardInterrupt
    except KeyboardInterrupt as stop:
        raise ImportError("failed to import") from stop


@pytest.mark.parametrize("stop", [interrupted, interrupted_while_loading])
@pytest.mark.parametrize(
    ("where", "name", "arguments"),
    [
        (diagnosis, "diagnose", ("doctor",)),
        (check, "render", CHECK),
        (check, "render", (*CHECK[:3], "--zip=27546")),
        (building, "compare", ("network", "diff", "a.gpkg", "b.gpkg")),
    ],
)
def test_ctrl_c_is_one_line_and_exit_code_130(run, monkeypatch, stop, where, name, arguments) -> None:
    monkeypatch.setattr(where, name, stop)
    assert run(*arguments).refused(130) == "adequacy: stopped."


def test_an_import_that_fails_by_itself_is_not_called_a_stop(run, monkeypatch) -> None:
    def broken(*_args: object, **_options: object) -> None:
        raise ImportError("failed to import")

    monkeypatch.setattr(check, "render", broken)
    with pytest.raises(ImportError, match="failed"):
        run(*CHECK)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent the POSIX way")
@pytest.mark.parametrize("arguments", [["network", "build", "-", "--out", "x.gpkg"], [*CHECK[:3], "--address", "-"]])
def test_a_process_that_waits_for_its_input_is_stopped_in_one_line(tmp_path, arguments) -> None:
    code = f"from adequacy.cli import main; print('ready', flush=True); main({arguments!r})"
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "adequacy: stopped.\n")
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_the_computer_cannot_write_is_one_line(run, monkeypatch) -> None:
    def narrow(*_args: object, **_options: object) -> None:
        "plän".encode("ascii")

    monkeypatch.setattr(building, "compare", narrow)
    assert "character set (ascii)" in run("network", "diff", "a.gpkg", "b.gpkg").refused(3)


def test_a_package_that_prints_the_stop_itself_and_fails_to_load_was_stopped(run, monkeypatch) -> None:
    def half_loaded(*_args: object, **_options: object) -> None:
        sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)  # as compiled code prints it
        raise ImportError("multiarray failed to import")

    monkeypatch.setattr(check, "render", half_loaded)
    before = sys.excepthook
    assert run(*CHECK).refused(130) == "adequacy: stopped."
    assert sys.excepthook is before
