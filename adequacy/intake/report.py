"""What intake says to people: ten lines, and the table of findings as a file."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

from adequacy.errors import OutputError
from adequacy.intake.findings import rules
from adequacy.tables import table

if TYPE_CHECKING:
    import pandas as pd

    from adequacy.intake.rosters import Intake

__all__ = ["inert", "summary", "write_findings"]

_WIDTH = 80
_MOST_RULES = 6
_MOST_FILES = 2


def inert(text: str) -> str:
    """Make a text inert in a spreadsheet: no cell of a CSV file may start a formula; numbers stay numbers.

    Examples
    --------
    >>> inert("=HYPERLINK(1)"), inert("-78.9")
    ("'=HYPERLINK(1)", '-78.9')
    """
    if text[:1] not in ("=", "+", "-", "@", "\t", "\r"):
        return text
    try:
        float(text)
    except ValueError:
        return f"'{text}"
    return text


def write_findings(intake: Intake, path: Path | str) -> None:
    """Write table ``findings`` as CSV (UTF-8, a line per cell); cells that could start a formula are made inert.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table("findings").names)
    for row in intake.findings.itertuples(index=False, name=None):
        writer.writerow([inert(str(cell)) for cell in row])
    try:
        Path(path).write_text(out.getvalue(), encoding="utf-8", newline="\n")
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written ({error.strerror}). Choose another place for --findings."
        ) from None


def summary(intake: Intake, findings: str | None = None) -> str:
    """Say in about ten lines what became of the files.

    Parameters
    ----------
    intake : Intake
        What was read.
    findings : str, optional
        Where all findings are written, for the reader who wants more than the six kinds shown.

    Returns
    -------
    str
        Lines of at most 80 columns, the last ends with a line feed. Rows of the files add up: read = used + refused.
    """
    shown = [f"{source.name} ({source.rows:,} rows)" for source in intake.sources if source.rows] or ["nothing"]
    more = len(intake.sources) - len(shown[:_MOST_FILES])
    files = ", ".join(shown[:_MOST_FILES]) + (f" and {more} more" if more else "")
    lines = [
        f"Read     {files}",
        f"Rows     {intake.read:,} read = {intake.used:,} used + {len(intake.refused):,} refused",
        f"Gives    {len(intake.rows):,} offerings of {intake.rows['provider_id'].nunique():,} providers "
        f"at {intake.rows['site_id'].nunique():,} sites",
    ]
    if intake.left_out:
        lines.append(f"Outside  {intake.left_out:,} rows that the mapping's [rows] leave out")
    if silent := _nothing_counts(intake.rows):
        lines.append(silent)
    counts = intake.findings["verdict"].value_counts()
    lines.append(
        "Cells    " + ", ".join(f"{counts.get(verdict, 0):,} {verdict}" for verdict in ("fixed", "warned", "refused"))
    )
    ranked = _ranked(intake.findings)
    leading = ranked if len(ranked) == _MOST_RULES + 1 else ranked[:_MOST_RULES]
    lines += [f"  {_counted(name, number)}" for name, number in leading]
    if more := len(ranked) - len(leading):
        lines.append(f"          and {more} more kinds: {findings or 'see --findings FILE.csv'}")
    for default in intake.defaults:
        lines.append(
            f"Default  {default.column} = {default.value} in {default.rows:,} rows, declared by {default.by} "
            f"on {default.date}: {default.basis}"
        )
    return "".join(f"{_cut(line)}\n" for line in lines)


#: The words with which an offering may count, by status column.
_IN_FORCE = {"contract_status": "active", "credential_status": "approved", "nctracks_status": "active"}


def _nothing_counts(rows: pd.DataFrame) -> str:
    """Warn, in one line, of a roster in which no row has all it takes to count: every answer would be a gap."""
    counts = None
    for name, word in _IN_FORCE.items():
        holds = rows[name] == word
        if not holds.any():
            return f"CAUTION  no row counts, so all answers are gaps: no {name} {word}"
        counts = holds if counts is None else counts & holds
    if counts is not None and counts.any():
        return ""
    return "CAUTION  no row counts, so all answers are gaps: none has all three statuses"


def _ranked(findings: pd.DataFrame) -> list[tuple[str, int]]:
    """Return the rules with their counts, refused before warned before fixed, the most cells first."""
    order = {"refused": 0, "warned": 1, "fixed": 2}
    counts = findings["rule"].value_counts(sort=False)
    ranked = sorted(
        counts.items(), key=lambda each: (order[rules()[str(each[0])].verdict], -int(each[1]), str(each[0]))
    )
    return [(str(name), int(number)) for name, number in ranked]


def _counted(name: str, number: int) -> str:
    """Say how often a rule fell, in words."""
    rule = rules()[name]
    says = rule.says.replace(" ({detail})", "").replace("{detail}", "some")
    return f"{number:>7,} {rule.verdict:<7} {says}"


def _cut(line: str) -> str:
    """Cut a line to the width of a terminal."""
    return line if len(line) <= _WIDTH else line[: _WIDTH - 3] + "..."
