"""An ordinary question loads nothing heavy, and the public names are what they are."""

from __future__ import annotations

import subprocess
import sys

import pytest

import adequacy

HEAVY = {"numpy", "pandas", "geopandas", "shapely", "pyproj", "scipy", "folium", "osmnx", "pydantic", "yaml",
         "sqlalchemy", "requests", "matplotlib", "rich"}  # fmt: skip
SPY = "import sys, atexit; atexit.register(lambda: print(*sys.modules, file=sys.stderr)); "


def loaded_by(code: str) -> set[str]:
    """The modules that a fresh interpreter has loaded when it ends."""
    done = subprocess.run([sys.executable, "-c", SPY + code], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return set(done.stderr.split())


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "--service", "SAIOP", "--zip", "27546"],
        ["check", "--service", "SAIOP", "--zip", "27546", "--format", "json"],
        ["check", "--service", "php_partial", "--point", "35.4,-78.85", "--age", "30", "--format", "geojson"],
        ["check", "--service", "mst", "--zip", "28719", "--format", "csv", "--exit-code"],
        ["check", "--service", "saiop", "--address", "1 Main Street, Lillington NC 27546"],
    ],
)
def test_an_ordinary_question_imports_nothing_heavy_and_not_even_typer(arguments: list[str]) -> None:
    loaded = loaded_by(f"from adequacy.cli import main; main({arguments!r})")
    assert HEAVY.isdisjoint(loaded)
    assert "typer" not in loaded


def test_help_imports_nothing_heavy() -> None:
    for arguments in (["--help"], ["--version"]):
        assert HEAVY.isdisjoint(loaded_by(f"from adequacy.cli import main; main({arguments!r})"))


def test_the_kept_help_page_is_the_one_that_typer_prints(run) -> None:
    from adequacy.cli import HELP_PAGE
    from adequacy.cli.app import help_page

    assert HELP_PAGE.read_text(encoding="utf-8") == help_page(), "write it anew: python -m adequacy.cli.app"
    for arguments in ((), ("-h",), ("--help",)):
        assert run(*arguments).out == help_page()


@pytest.mark.parametrize("module", ["adequacy", "adequacy.cli", "adequacy.api", "adequacy.access", "adequacy.network"])
def test_importing_a_module_loads_nothing_heavy(module: str) -> None:
    assert HEAVY.isdisjoint(loaded_by(f"import {module}"))


def test_every_public_name_resolves_and_is_listed() -> None:
    assert sorted(adequacy.__all__) == sorted({*adequacy._HOMES, "__version__"})
    assert all(getattr(adequacy, name) is not None for name in adequacy.__all__)
    assert set(adequacy.__all__) <= set(dir(adequacy))
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        adequacy.nonsense  # noqa: B018


def test_the_version_is_said_once() -> None:
    import tomllib
    from pathlib import Path

    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["version"] == adequacy.__version__
