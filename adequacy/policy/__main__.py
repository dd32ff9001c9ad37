"""Rebuild the compiled policy from its sources: ``python -m adequacy.policy`` (``--check`` only compares)."""

from __future__ import annotations

import json
import sys
from typing import Any

from adequacy.errors import PolicyError
from adequacy.policy.loader import read_policy
from adequacy.policy.rules import COMPILED


def dump(part: Any) -> str:
    """Write one part as text that differs line by line: one entry or row per line."""
    lines = []
    for name, value in part.items():
        lines.append(f"{json.dumps(name)}: {_lines(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _lines(value: Any) -> str:
    """Spread a mapping or list of entries over lines; each entry is one line."""
    if isinstance(value, dict) and value:
        rows = [f" {json.dumps(key)}: {_compact(item)}" for key, item in value.items()]
        return "{\n" + ",\n".join(rows) + "\n}"
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(f" {_compact(item)}" for item in value) + "\n]"
    return _compact(value)


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def main() -> int:
    """Rebuild, or with ``--check`` compare; 0 if all is well, 3 if not."""
    try:
        parts, _ = read_policy()
    except PolicyError as error:
        sys.stderr.write("\n".join(error.args[1] if len(error.args) > 1 else (error.message,)) + "\n")
        return error.exit_code
    stale = []
    for name, part in parts.items():
        path, text = COMPILED / f"{name}.json", dump(part)
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(path.name)
        if "--check" not in sys.argv:
            path.write_text(text, encoding="utf-8", newline="\n")
    word = "stale" if "--check" in sys.argv else "written"
    sys.stdout.write(f"{word}: {', '.join(stale)}\n" if stale else "up to date\n")
    return PolicyError.exit_code if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
