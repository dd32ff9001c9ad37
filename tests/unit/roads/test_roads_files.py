"""The compiled file: what comes back is what was written, and no broken or foreign file is ever used."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from adequacy.errors import NetworkFileError
from adequacy.roads import build_roads, open_roads

from .conftest import OSM

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from adequacy.roads import RoadRules


@pytest.fixture
def made(tmp_path: Path, rules: RoadRules) -> Path:
    build_roads(OSM / "baltimore.osm.pbf", tmp_path / "b.roads", rules=rules)
    return tmp_path / "b.roads"


def _rewrite(path: Path, change: Callable[[str, bytes], bytes | None]) -> None:
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            changed = change(name, content)
            if changed is not None:
                archive.writestr(name, changed)


def test_info_tells_source_date_bounds_licence_speeds_and_hash(made: Path, run: Callable[..., Any]) -> None:
    told = json.loads(run("roads", "info", str(made), "--format", "json").out)
    assert told["schema"] == "adequacy.roads_info/1"
    assert (told["source"], told["date"], told["format"]) == ("baltimore.osm.pbf", "2015-02-18", "adequacy.roads/1")
    assert "ODbL" in told["licence"]
    assert "OpenStreetMap contributors" in told["licence"]
    assert len(told["sha256"]) == len(told["source_sha256"]) == 64
    west, south, east, north = told["bounds"]
    assert west < east
    assert south < north
    assert told["dropped_mi"] > 0
    assert 0 < told["kept_pct"] < 100


def test_info_as_text_fits_80_columns(made: Path, run: Callable[..., Any]) -> None:
    page = run("roads", "info", str(made)).out
    assert max(map(len, page.splitlines())) <= 80
    assert "not connected both ways" in page
    assert "OpenStreetMap contributors" in page


def test_info_in_an_unknown_format_is_a_usage_error(made: Path, run: Callable[..., Any]) -> None:
    assert "text, json" in run("roads", "info", str(made), "--format", "xml").refused(2)


def test_a_changed_number_is_noticed(made: Path) -> None:
    def change(name: str, content: bytes) -> bytes:
        if name != "kph.npy":
            return content
        kph = np.load(io.BytesIO(content))
        kph[7] += 1
        buffer = io.BytesIO()
        np.save(buffer, kph)
        return buffer.getvalue()

    _rewrite(made, change)
    with pytest.raises(NetworkFileError, match="damaged"):
        open_roads(made)


@pytest.mark.parametrize("lost", ["kph.npy", "grid.npy", "head.npy"])
def test_a_missing_part_is_noticed(made: Path, lost: str) -> None:
    _rewrite(made, lambda name, content: None if name == lost else content)
    with pytest.raises(NetworkFileError, match="damaged"):
        open_roads(made)


def test_a_file_that_was_cut_off_is_noticed(made: Path) -> None:
    made.write_bytes(made.read_bytes()[:-2000])
    with pytest.raises(NetworkFileError, match="not a street network"):
        open_roads(made)


def test_nothing_in_a_file_is_ever_executed(made: Path) -> None:
    def change(name: str, content: bytes) -> bytes:
        if name != "kph.npy":
            return content
        buffer = io.BytesIO()
        np.save(buffer, np.array([{"a": 1}], dtype=object), allow_pickle=True)
        return buffer.getvalue()

    _rewrite(made, change)
    with pytest.raises(NetworkFileError, match="damaged"):
        open_roads(made)


def test_a_newer_format_says_build_it_again(made: Path) -> None:
    def change(name: str, content: bytes) -> bytes:
        return content.replace(b"adequacy.roads/1", b"adequacy.roads/9") if name == "meta.json" else content

    _rewrite(made, change)
    with pytest.raises(NetworkFileError, match="another version of adequacy"):
        open_roads(made)


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04 no"])
def test_foreign_files_get_one_line_and_exit_3(content: bytes, tmp_path: Path, run: Callable[..., Any]) -> None:
    other = tmp_path / "other.roads"
    other.write_bytes(content)
    assert "not a street network" in run("roads", "info", str(other)).refused(3)


def test_an_extract_given_for_a_network_says_how_to_build_one(run: Callable[..., Any]) -> None:
    assert "roads build" in run("roads", "info", str(OSM / "baltimore.osm.pbf")).refused(3)
    assert "no such file" in run("roads", "info", "nothing.roads").refused(3)


def test_a_failed_build_leaves_the_old_file_alone(made: Path, tmp_path: Path, run: Callable[..., Any]) -> None:
    before = made.read_bytes()
    (tmp_path / "bad.osm").write_bytes(b"<osm>")
    run("roads", "build", str(tmp_path / "bad.osm"), "--out", str(made)).refused(3)
    assert made.read_bytes() == before
