"""The page for staff about rosters: its mapping is a mapping, its commands and options exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from adequacy.intake.header import target_of
from adequacy.intake.mapping import read_mapping
from adequacy.policy import load_policy

PAGE = (Path(__file__).parents[2] / "docs" / "rosters.md").read_text(encoding="utf-8")


def test_the_mapping_on_the_page_can_be_read(tmp_path: Path) -> None:
    shown = re.search(r"```toml\n(.*?)```", PAGE, re.S)
    assert shown is not None
    path = tmp_path / "map.toml"
    path.write_text(shown[1], encoding="utf-8")
    mapping = read_mapping(path, load_policy().services)
    assert mapping.columns["service"] == ("Proc", "Mod")
    assert [default.by for default in mapping.defaults] == ["Network Operations"]


def test_the_options_on_the_page_are_options_of_the_command(run: Any) -> None:
    said = set(re.findall(r"--[a-z][a-z-]*", PAGE))
    helped = run("network", "build", "--help").out + run("network", "diff", "--help").out
    assert said
    assert said <= set(re.findall(r"--[a-z][a-z-]*", helped))


def test_the_headers_on_the_page_are_known() -> None:
    for header in re.findall(r'"([A-Z][^"]+)"', PAGE.split("Usual headers")[1].split("are known")[0]):
        assert target_of(header), header
