"""What intake did, cell by cell: the catalogue of rules and the table of findings.

``rules.csv`` holds one line per kind of mistake: its verdict (fixed, warned, refused), what is wrong and what staff
should do. Every wording lives there and nowhere else. ``Findings`` gathers them in columns, because one file can give
a million.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from adequacy.tables import table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    import pandas as pd

__all__ = ["Findings", "Rule", "Source", "package_rows", "reason", "rules"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where rows came from, in the words of the file's owner: file name, and sheet for a workbook."""

    file: str
    sheet: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of mistake: its name, its verdict, what is wrong, and what staff should do."""

    name: str
    verdict: str
    says: str
    what_to_do: str


def package_rows(name: str) -> list[dict[str, str]]:
    """Read one of intake's own small CSV tables (``rules.csv``, ``aliases.csv``, ``words.csv``)."""
    text = resources.files("adequacy.intake").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def rules() -> Mapping[str, Rule]:
    """Return every rule of intake by name.

    Examples
    --------
    >>> rules()["po_box"].verdict
    'warned'
    """
    return {
        row["rule"]: Rule(row["rule"], *(row[key] for key in ("verdict", "says", "what_to_do")))
        for row in package_rows("rules.csv")
    }


def reason(rule: str, detail: str = "") -> str:
    """Put a rule into one sentence: what is wrong and what to do."""
    found = rules()[rule]
    return f"{_fill(found.says, detail)}. {_fill(found.what_to_do, detail)}"


def _advice(rule: Rule, detail: str) -> str:
    """Say what to do; the detail goes before it where only the wording of the mistake would hold it."""
    told = _fill(rule.what_to_do, detail)
    return f"{detail}: {told}" if detail and "{detail}" in rule.says and "{detail}" not in rule.what_to_do else told


def _fill(wording: str, detail: str) -> str:
    """Set the detail into a wording; its own braces are left alone, because details quote roster text."""
    return wording.replace("{detail}", detail)


class Findings:
    """The growing table ``findings``: one row per cell that was fixed, warned of or refused."""

    def __init__(self) -> None:
        self._parts: list[dict[str, object]] = []

    def add(
        self,
        source: Source,
        rows: Sequence[int] | np.ndarray,
        column: str,
        rule: str,
        *,
        old: Sequence[str] | np.ndarray | str = "",
        new: Sequence[str] | np.ndarray | str = "",
        detail: Sequence[str] | np.ndarray | str = "",
    ) -> None:
        """Note one rule for the cells of one column, in the rows given (as a spreadsheet shows them)."""
        if len(rows) == 0:
            return
        found = rules()[rule]
        details = [detail] * len(rows) if isinstance(detail, str) else list(detail)
        wording = {each: _advice(found, each) for each in set(details)}
        self._parts.append(
            {
                "file": source.file,
                "sheet": source.sheet,
                "row": rows,
                "column": column,
                "verdict": found.verdict,
                "old": old,
                "new": new,
                "rule": rule,
                "what_to_do": [wording[each] for each in details],
            }
        )

    def frame(self, labels: Mapping[tuple[str, str], Mapping[str, str]] | None = None) -> pd.DataFrame:
        """Return table ``findings``: files and sheets in the order read, then by row.

        ``labels`` maps (file, sheet) to our column -> its header; what was found out across files is then named by
        the header too.
        """
        import pandas as pd

        names = list(table("findings").names)
        if not self._parts:
            return pd.DataFrame({name: pd.Series([], dtype="int64" if name == "row" else object) for name in names})
        for part in self._parts:
            ours = str(part["column"])
            part["column"] = (labels or {}).get((str(part["file"]), str(part["sheet"])), {}).get(ours, ours)
        order = {key: place for place, key in enumerate(dict.fromkeys((p["file"], p["sheet"]) for p in self._parts))}
        frame = pd.concat([pd.DataFrame(part, columns=names) for part in self._parts], ignore_index=True)
        frame["row"] = frame["row"].astype("int64")
        places = [order[key] for key in zip(frame["file"], frame["sheet"], strict=True)]
        return frame.assign(_place=places).sort_values(["_place", "row"], kind="stable")[names].reset_index(drop=True)
