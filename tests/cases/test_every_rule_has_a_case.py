"""Every rule of the source documents and every trap has a case, or a line that says why none is needed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
RULES: dict[str, Any] = yaml.safe_load((HERE / "rules.yaml").read_text(encoding="utf-8"))
#: Rules per source document, and the traps.
COUNTS = {"000": 13, "001": 25, "002": 10, "003": 12, "004": 8}
IDS = [f"{document}-{n}" for document, count in COUNTS.items() for n in range(1, count + 1)]
TRAPS = [f"T{n}" for n in range(1, 45)]
CASES: list[dict[str, Any]] = [
    case
    for file in sorted(HERE.glob("*.yaml"))
    if file.name != "rules.yaml"
    for case in yaml.safe_load(file.read_text(encoding="utf-8"))
]
TESTS = {
    name
    for file in HERE.parent.rglob("test_*.py")
    for name in re.findall(r"^def (test_\w+)", file.read_text(encoding="utf-8"), re.MULTILINE)
}


def named(entry: str) -> list[str]:
    """The cases or tests that an entry names: a test by its name, a case by how its name begins."""
    if entry.startswith("test_"):
        return [entry] if entry in TESTS else []
    exact = [case["name"] for case in CASES if case["name"] == entry]
    return exact or [case["name"] for case in CASES if case["name"].startswith(entry)]


def test_all_68_rules_and_44_traps_stand_in_the_index() -> None:
    assert len(IDS) == 68
    assert sorted(RULES) == sorted([*IDS, *TRAPS])


def test_each_entry_names_one_case_that_exists_or_says_why_none_is_needed() -> None:
    for rule, entries in RULES.items():
        if isinstance(entries, dict):
            assert set(entries) == {"none"}, rule
            assert len(entries["none"].split()) > 3, f"{rule}: say why"
            continue
        assert entries, rule
        for entry in entries:
            assert len(named(entry)) == 1, (rule, entry, named(entry))


def test_a_case_that_claims_a_rule_is_about_a_rule_that_has_cases() -> None:
    for case in CASES:
        for rule in case.get("rules", ()) if isinstance(case.get("rules"), list) else ():
            assert isinstance(RULES.get(str(rule)), list), (case["name"], rule)


def test_no_two_cases_of_requests_have_one_name() -> None:
    names = [case["name"] for case in yaml.safe_load((HERE / "requests.yaml").read_text(encoding="utf-8"))]
    assert len(names) == len(set(names))
