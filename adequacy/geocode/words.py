"""The words of postal addresses, as data: which spellings mean the same (USPS Publication 28).

``words.csv`` holds one spelling a row; it is read once, and only when an address is asked about.
"""

from __future__ import annotations

import csv
from functools import lru_cache
from importlib import resources

__all__ = ["long_word", "words"]


@lru_cache(maxsize=1)
def _table() -> dict[str, dict[str, str]]:
    """Read the shipped word list: kind -> spelling -> folded form."""
    out: dict[str, dict[str, str]] = {}
    text = resources.files(__package__).joinpath("words.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        out.setdefault(row["kind"], {})[row["written"]] = row["folded"]
    return out


def words(kind: str) -> dict[str, str]:
    """Return the spellings of one kind of word, each with its folded form.

    Parameters
    ----------
    kind : {"suffix", "unit", "direction", "ordinal", "phrase", "word", "state", "full"}
        Street types, parts of a building, points of the compass, numbered streets, road names of several words,
        other words, and the states; ``full`` leads from a folded street word back to its full spelling.

    Returns
    -------
    dict of str to str
        Upper-case spelling -> folded form. Do not change it: it is shared.

    Examples
    --------
    >>> words("suffix")["AVENUE"], words("state")["NORTH CAROLINA"]
    ('AVE', 'NC')
    """
    return _table()[kind]


def long_word(word: str) -> str:
    """Return the full spelling of a folded street word, so that slips of spelling can be counted in it.

    Examples
    --------
    >>> long_word("VLY"), long_word("ST"), long_word("MAPLE")
    ('VALLEY', 'STREET', 'MAPLE')
    """
    return words("full").get(word, word)
