"""What all tests share: a clean environment, and the command line run in this process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from adequacy.cli import main
from adequacy.cli.settings import SETTINGS, _read

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


# a busy machine draws slowly and runs late: that says nothing of the code
settings.register_profile("adequacy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("adequacy")


@dataclass(frozen=True)
class Ran:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    def refused(self, code: int) -> str:
        """The one line of a refusal: right exit code, nothing on stdout, no traceback."""
        assert (self.code, self.out) == (code, ""), self
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("adequacy: ")
        return lines[0]


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings of the person who runs the tests reach them."""
    for variable in SETTINGS.values():
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "config"))
    monkeypatch.setenv("NO_COLOR", "1")
    _read.cache_clear()


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Run a command in this process."""

    def _run(*arguments: str) -> Ran:
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main(list(arguments))
        printed = capsys.readouterr()
        return Ran(int(left.value.code or 0), printed.out, printed.err)

    return _run
