"""Prose that matters is read by a test: decision records, glossary, README, changelog, help."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RECORDS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
HEADINGS = ["Context", "Decision", "Consequences", "Compliance"]


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.stem)
def test_a_decision_record_is_whole_and_the_tests_it_names_exist(record: Path) -> None:
    text = record.read_text(encoding="utf-8")
    assert re.match(rf"# {record.stem[:4]} ", text)
    assert "\nStatus: " in text
    assert re.findall(r"^## (.+)$", text, re.M) == HEADINGS
    assert len(text.splitlines()) < 60
    compliance = text.split("## Compliance")[1]
    named = re.findall(r"`((?:tests|benchmarks)/[\w/.]+)(?:::(\w+))?`", compliance)
    for path, test in named:
        assert (ROOT / path).exists(), path
        assert not test or f"def {test}(" in (ROOT / path).read_text(encoding="utf-8")


def test_decision_records_are_numbered_without_gaps() -> None:
    assert [int(path.stem[:4]) for path in RECORDS] == list(range(1, len(RECORDS) + 1))


def test_the_changelog_opens_every_version_with_what_changes_a_determination() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.split(r"^## ", text, flags=re.M)[1:]
    assert versions
    for version in versions:
        assert re.findall(r"^### (.+)$", version, re.M)[0] == "Changes a determination"


def test_the_readme_shows_what_the_command_really_prints(run) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.search(r"\$ adequacy (check [^\n]+)\n(.*?)\n```", text, re.S)
    assert shown is not None
    printed = run(*shown[1].split()).out.splitlines()
    at = 0
    for line in shown[2].splitlines():
        if line.strip() == "[...]":
            continue
        assert line in printed[at:], line
        at = printed.index(line, at) + 1


def test_links_in_the_documents_lead_somewhere() -> None:
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("adequacy/**/*.md")]:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_glossary_names_every_finding_and_layer_word_once() -> None:
    text = (ROOT / "CONTEXT.md").read_text(encoding="utf-8")
    terms = re.findall(r"^\| ((?:\*\*[^|]+\*\*(?:, )?)+) \|", text, re.M)
    words = [word for term in terms for word in re.findall(r"\*\*([^*]+)\*\*", term)]
    assert len(words) == len(set(words))
    assert {"finding", "gap", "too close to call", "counts", "place", "offering", "determination"} <= {
        word.lower() for entry in words for word in entry.split(", ")
    }


def command_paths() -> list[list[str]]:
    """Every command of the application, found by walking its help."""
    from adequacy.cli.app import app

    paths = [[info.name or info.callback.__name__.replace("_", "-")] for info in app.registered_commands]
    for group in app.registered_groups:
        name = group.name or group.typer_instance.info.name
        paths += [
            [name, info.name or info.callback.__name__.replace("_", "-")]
            for info in group.typer_instance.registered_commands
        ]
    return paths


@pytest.mark.parametrize("path", command_paths(), ids=" ".join)
def test_the_help_of_every_command_ends_with_two_examples(run, path: list[str]) -> None:
    ran = run(*path, "--help")
    assert ran.code == 0
    page = " ".join(ran.out.split())
    examples = page.split("Examples:")
    assert len(examples) == 2, "the help has no examples"
    assert examples[1].count("adequacy ") >= 2


def test_python_dash_m_is_the_command_line() -> None:
    done = subprocess.run([sys.executable, "-m", "adequacy", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("adequacy ")
