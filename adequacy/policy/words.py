"""How a typed word or billing code is read, and the index of all words that the compiled policy carries.

Case, blanks and punctuation never matter. A code keeps its modifiers apart from its base, because the modifier decides
between services that share a code. Patterns are compiled on first use: an ordinary question needs two of them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from adequacy.policy.model import Service

__all__ = ["index_words", "known_by", "plain", "read_code", "spaced"]

_NOT_WORD = "[^0-9a-z]+"
_ASIDE = r" *\([^)]*\)"
_BILLING = r"([a-z]\d{4}|[a-z]{2}\d{3}|\d{5})((?:[0-9a-z]{2})*)"
_REVENUE = r"(?:rc0?|0)(\d{3})"
_RANGE = r"([a-z]?)(\d+)-[a-z]?(\d+)((?: [0-9a-z]{2})*)"
_OPEN_MODIFIER = r"(?:-type)? \+ (?:local )?modifier$"


def plain(text: str) -> str:
    """Strip a word of case, blanks and punctuation."""
    return re.sub(_NOT_WORD, "", text.casefold())


def spaced(text: str) -> str:
    """Put one blank between the words of a text, and nothing else."""
    return re.sub(_NOT_WORD, " ", text.casefold()).strip()


def known_by(service: Service) -> str:
    """Everything a service is known by, for searching in."""
    return " | ".join((service.key, service.name, *service.staff_terms, *service.codes))


def read_code(word: str) -> tuple[str, str]:
    """Split a stripped word into billing code and modifiers in one order; two empty strings where it is no code."""
    revenue = re.fullmatch(_REVENUE, word) if word.startswith(("rc", "0")) else None
    if revenue:
        return f"rc0{revenue[1]}", ""
    billing = re.fullmatch(_BILLING, word)
    return (billing[1], _in_order(billing[2])) if billing else ("", "")


def _in_order(modifiers: str) -> str:
    """Put two-letter modifiers in one order: ``TF HQ`` is ``HQ TF``."""
    return "".join(sorted(modifiers[at : at + 2] for at in range(0, len(modifiers), 2)))


def spell_out(code: str) -> list[tuple[str, str]]:
    """Spell a catalogue code out as (base, modifiers): ranges one by one, a modifier left open as none."""
    written = re.sub(_OPEN_MODIFIER, "", code.casefold())
    span = re.fullmatch(_RANGE, written)
    if not span:
        base, modifiers = read_code(plain(written))
        return [(base, modifiers)] if base else []
    letter, first, last, modifiers = span.groups()
    numbers = range(int(first), int(last) + 1)
    return [(f"{letter}{number:0{len(first)}d}", _in_order(plain(modifiers))) for number in numbers]


def index_words(
    services: Iterable[Service], ambiguous: Iterable[tuple[str, tuple[str, ...], str]]
) -> dict[str, dict[str, list[str]]]:
    """Index every word by the keys it may stand for.

    Returns
    -------
    dict
        ``terms``: stripped words; ``bases``: billing codes without modifiers, shared by all that carry the code;
        ``coded``: codes with their modifiers; ``asks``: words that always ask back, with what else they may mean last.
    """
    index: dict[str, dict[str, list[str]]] = {"terms": {}, "bases": {}, "coded": {}, "asks": {}}

    def enter(kind: str, word: str, key: str) -> None:
        """Enter a key once under a word."""
        keys = index[kind].setdefault(word, [])
        if key not in keys:
            keys.append(key)

    for service in services:
        names = (service.name, re.sub(_ASIDE, "", service.name))
        for word in (service.key, *names, *service.staff_terms, *service.codes):
            enter("terms", plain(word), service.key)
        for code in service.codes:
            for base, modifiers in spell_out(code):
                enter("bases", base, service.key)
                if modifiers:
                    enter("coded", base + modifiers, service.key)
    for term, keys, also in ambiguous:
        index["asks"][plain(term)] = [*keys, also]
    return index
