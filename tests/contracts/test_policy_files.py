"""The compiled policy says exactly what its sources say, and the fast path reads neither YAML nor pydantic."""

import json
import subprocess
import sys

from adequacy.policy.__main__ import dump
from adequacy.policy.loader import read_policy
from adequacy.policy.rules import COMPILED, PARTS


def test_the_compiled_form_equals_the_sources():
    parts, overridden = read_policy()
    assert overridden == ()
    assert sorted(parts) == sorted(PARTS)
    for name, part in parts.items():
        text = (COMPILED / f"{name}.json").read_text(encoding="utf-8")
        assert text == dump(part), f"compiled/{name}.json is stale: run python -m adequacy.policy"
        assert json.loads(text) == part


def test_an_ordinary_question_reads_one_small_file_and_nothing_heavy():
    code = (
        "import sys; from datetime import date; from adequacy.policy import load_policy; policy = load_policy();"
        "policy.radius(date(2026, 11, 23)); policy.services.find('SAIOP'); policy.counties(date(2026, 11, 23));"
        "print(*sys.modules); print(*policy._parts._loaded)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules, loaded = done.stdout.splitlines()
    assert {"yaml", "pydantic", "adequacy.policy.loader", "numpy"}.isdisjoint(modules.split())
    assert loaded == "core"
