"""A first mapping file for a roster nobody has read before: what is known, what is likely, what is missing.

Likenesses are written as comments: a person takes the ``#`` away. The file reads as TOML from the start.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from adequacy.errors import AdequacyError, MissingColumn, OutputError
from adequacy.intake.findings import package_rows
from adequacy.intake.header import find_layout, plain
from adequacy.intake.mapping import Mapping
from adequacy.intake.readers import open_roster
from adequacy.intake.sources import lacks
from adequacy.tables import STATUS_COLUMNS, table

if TYPE_CHECKING:
    from pathlib import Path

    from adequacy.intake.header import Layout
    from adequacy.intake.readers import Sheet
    from adequacy.policy import Catalogue

__all__ = ["first_mapping", "write_first_mapping"]

_LIKELY = 70
_MOST_WORDS = 200


def first_mapping(path: Path | str, catalogue: Catalogue) -> str:
    """Write a first mapping for one roster file, as TOML text.

    Parameters
    ----------
    path : Path or str
        The roster.
    catalogue : policy.Catalogue
        Words for services that it does not find are listed.

    Returns
    -------
    str
        A mapping that can be given with ``--columns`` as it is; guesses and gaps are comments.

    Raises
    ------
    MissingColumn
        If no header was found.
    """
    file = open_roster(path)
    sheets = [(sheet, find_layout(sheet, {})) for sheet in file.sheets if not sheet.hidden]
    found = [(sheet, layout) for sheet, layout in sheets if layout is not None]
    if not found:
        raise MissingColumn(f"{file.name}: no header was found. Name its row yourself: [file] header_row = N.")
    sheet, layout = max(found, key=lambda each: len(each[1].columns))
    lines = [f"# First mapping for {json.dumps(file.name)[1:-1]}. Lines behind # are guesses or gaps: check them.", ""]
    if len(file.sheets) > 1:
        lines += ["[file]", f"sheet = {_quoted(sheet.source.sheet)}", ""]
    lines += ["[columns]", *_columns(layout), ""]
    lines += _missing(layout)
    lines += _services(sheet, layout, catalogue)
    return "\n".join(lines).rstrip() + "\n"


def write_first_mapping(path: Path | str, out: Path | str, catalogue: Catalogue) -> None:
    """Write ``first_mapping`` to a file; one that is there already is not overwritten.

    Raises
    ------
    OutputError
        If the file exists or cannot be written.
    """
    from pathlib import Path

    text = first_mapping(path, catalogue)
    try:
        with Path(out).open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise OutputError(f"{out} exists and may hold your work. Choose another name for --out.") from None
    except OSError as error:
        raise OutputError(f"{out}: cannot be written ({error.strerror}). Choose another place for --out.") from None


def _quoted(text: str) -> str:
    """Write a text as a TOML string: JSON's escapes are TOML's too."""
    return json.dumps(text, ensure_ascii=True).replace("\\u007f", "\\u007F")


def _columns(layout: Layout) -> list[str]:
    """Write one line per column: what is known by itself as a comment, what is likely as a comment with ?."""
    lines = []
    for name, label in layout.labels.items():
        lines.append(f"# {name} = {_quoted(label)}    (known)")
    for header in layout.unmapped:
        near = _likely(header, set(layout.columns))
        lines.append(f"# {near} = {_quoted(header)}    (likely?)" if near else f"# ? = {_quoted(header)}")
    for header in layout.doubled:
        lines.append(f"# ? = {_quoted(header)}    (another column says the same)")
    return lines


def _likely(header: str, taken: set[str]) -> str:
    """Return the column whose name or alias is nearest to a header; nothing if none is near that is not taken."""
    from rapidfuzz import process
    from rapidfuzz.fuzz import WRatio

    known = {plain(row["alias"]): row["column"] for row in package_rows("aliases.csv") if row["column"] != "ignored"}
    known.update({plain(name): name for name in table("roster").names})
    known = {word: name for word, name in known.items() if name not in taken}
    best = process.extractOne(plain(header), list(known), scorer=WRatio, score_cutoff=_LIKELY)
    return known[best[0]] if best else ""


def _missing(layout: Layout) -> list[str]:
    """Write what the file lacks, with the ways to say it."""
    lines = []
    lacking = lacks(layout, Mapping())
    if lacking:
        lines += [f"# The file has no column for {lacking}: name it above, or set a constant:", "# [constants]"]
        lines += [f'# {lacking} = "..."', ""]
        if lacking == "service" and "taxonomy" in layout.columns:
            lines += ["# or let services follow from the taxonomies (the contract is then unknown):", "# [taxonomies]"]
            lines += ['# "261QM2800X" = "otp"', ""]
    absent = [name for name in STATUS_COLUMNS if name not in layout.columns]
    if absent:
        lines += ["# Statuses the file does not have. Declare what they are taken for, or join a file that has them:"]
        lines += ["# [defaults]"]
        lines += [f'# {name} = {{value = "...", basis = "...", by = "...", date = "YYYY-MM-DD"}}' for name in absent]
        lines.append("")
    return lines


def _services(sheet: Sheet, layout: Layout, catalogue: Catalogue) -> list[str]:
    """List the words for services that the catalogue does not take."""
    if len(layout.columns.get("service", ())) != 1:
        return []
    (place,) = layout.columns["service"]
    sheet.set_width(layout.last_row)
    words: dict[str, str] = {}
    for block in sheet.blocks({place}, after=layout.last_row):
        for word in dict.fromkeys(str(text).strip() for text in block.cells[place].tolist()):
            if word and word not in words and len(words) < _MOST_WORDS:
                words[word] = _unfound(word, catalogue)
    lines = [f"# {_quoted(word)} = ...    ({why})" for word, why in words.items() if why]
    return ["# [services]", *lines] if lines else []


def _unfound(word: str, catalogue: Catalogue) -> str:
    """Say why the catalogue does not take a word; nothing if it does."""
    try:
        catalogue.find(word)
    except AdequacyError as error:
        choices = getattr(error, "choices", ())
        return f"perhaps {' or '.join(choices)}" if choices else "not known"
    return ""
