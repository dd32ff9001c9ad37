"""Which service a word means: key, name, staff term, abbreviation or billing code, in any case and punctuation.

A word that by the data means several services asks back; a near miss is suggested, never taken. The catalogue decides
on services, not on taxonomies: a taxonomy alone cannot show what a site is contracted for. Standard library only.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from adequacy.errors import AmbiguousService, NoSuchService, UnknownService

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adequacy.policy.model import Service

__all__ = ["Catalogue"]

_NOT_WORD = re.compile(r"[^0-9a-z]+")
_ASIDE = re.compile(r" *\([^)]*\)")
_BILLING = re.compile(r"([a-z]\d{4}|[a-z]{2}\d{3}|\d{5})((?:[0-9a-z]{2})*)")
_REVENUE = re.compile(r"(?:rc0?|0)(\d{3})")
_RANGE = re.compile(r"([a-z]?)(\d+)-[a-z]?(\d+)((?: [0-9a-z]{2})*)")
_OPEN_MODIFIER = re.compile(r"(?:-type)? \+ (?:local )?modifier$")
_NEAR = 0.6
_MOST_SUGGESTIONS = 5
_TELLING = 3  # shorter terms stand inside almost every word
_MOST_SHOWN = 40


def _plain(text: str) -> str:
    """Strip a word of case, blanks and punctuation."""
    return _NOT_WORD.sub("", text.casefold())


class Catalogue:
    """The plan's services, searchable by every word staff use for them.

    Iterating gives the services in catalogue order; ``catalogue["saiop"]`` takes the exact key.

    Examples
    --------
    >>> from adequacy.policy import load_policy
    >>> services = load_policy().services
    >>> services.find("Methadone clinic").key, services.find("h2015ht").key
    ('otp', 'cst')
    >>> services.find("TCM")  # doctest: +ELLIPSIS, +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    adequacy.errors.AmbiguousService: 'TCM' may mean tcm_tailored (Tailored Care Management; T1017 HT) or tcm_8l (...
    """

    def __init__(self, services: tuple[Service, ...], ambiguous: list[tuple[str, tuple[str, ...], str]]) -> None:
        self._services = {service.key: service for service in services}
        self._asks = {_plain(term): (keys, also) for term, keys, also in ambiguous}
        self._terms: dict[str, list[str]] = {}
        self._bases: dict[str, list[str]] = {}
        self._coded: dict[str, list[str]] = {}
        for service in services:
            self._index(service)

    def _index(self, service: Service) -> None:
        """Enter every word for a service, and its billing codes with and without modifiers."""
        names = (service.name, _ASIDE.sub("", service.name))
        for word in (service.key, *names, *service.staff_terms, *service.codes):
            self._enter(self._terms, _plain(word), service.key)
        for code in service.codes:
            for base, modifiers in _spell_out(code):
                self._enter(self._bases, base, service.key)
                if modifiers:
                    self._enter(self._coded, base + modifiers, service.key)

    @staticmethod
    def _enter(index: dict[str, list[str]], word: str, key: str) -> None:
        keys = index.setdefault(word, [])
        if key not in keys:
            keys.append(key)

    def __iter__(self) -> Iterator[Service]:
        return iter(self._services.values())

    def __len__(self) -> int:
        return len(self._services)

    def __contains__(self, key: object) -> bool:
        return key in self._services

    def __getitem__(self, key: str) -> Service:
        """Give the service of an exact key; ``UnknownService`` if there is none."""
        try:
            return self._services[key]
        except KeyError:
            raise self._unknown(key) from None

    def find(self, text: str) -> Service:
        """Find the one service that a word or code means.

        Parameters
        ----------
        text : str
            Key, name, staff term, abbreviation, or billing code with or without modifiers (``H2015 HT``,
            ``h2015-ht``, ``99203``, ``RC 0911``); case, blanks and punctuation do not matter.

        Returns
        -------
        Service

        Raises
        ------
        AmbiguousService
            The word means several services, or a code's modifier decides; ``choices`` holds their keys.
        UnknownService
            Nothing is known by the word; ``choices`` holds the keys of near misses, best first.
        NoSuchService
            The word is known but is no service of its own, such as a programme.
        """
        exact = self._services.get(text.strip().casefold())
        if exact is not None:
            return self._own(exact)
        word = _plain(text)
        if word in self._asks:
            raise self._ambiguous(text, *self._asks[word])
        keys = tuple(self._lookup(word))
        if not keys:
            raise self._unknown(text)
        if len(keys) > 1:
            raise self._ambiguous(text, keys, "")
        return self._own(self._services[keys[0]])

    def _lookup(self, word: str) -> list[str]:
        """Give the keys a stripped word stands for: a code without its modifier stands for all that share it."""
        base, modifiers = _read_code(word)
        if base in self._bases:
            exact = self._coded.get(base + modifiers, []) if modifiers else self._bases[base]
            return exact or self._terms.get(word, [])
        return self._terms.get(word, [])

    def _own(self, service: Service) -> Service:
        """Refuse a catalogue row that is no service of its own."""
        if not service.is_service:
            raise NoSuchService(f"'{service.key}' ({service.name}) is no service of its own: {service.notes}")
        return service

    def search(self, term: str | None = None) -> list[Service]:
        """List the services a term may stand for, best first; all of them, in catalogue order, for None.

        First the service ``find`` takes, or those it asks back about; then those that have the term as a whole word in
        name, staff terms or codes; where there are none of either, those that contain it anywhere.
        """
        if term is None or not term.strip():
            return list(self)
        keys: list[str] = []
        try:
            keys.append(self.find(term).key)
        except AmbiguousService as error:
            keys.extend(error.choices)
        except (UnknownService, NoSuchService):
            pass
        whole = f" {_spaced(term)} "
        keys += [service.key for service in self if whole in f" {_spaced(_known_by(service))} "]
        if not keys and (word := _plain(term)):
            keys = [service.key for service in self if word in _plain(_known_by(service))]
        return [self._services[key] for key in dict.fromkeys(keys)]

    def _label(self, key: str) -> str:
        """Name a service for a message."""
        service = self._services[key]
        codes = f"; {', '.join(service.codes)}" if service.codes else ""
        return f"{key} ({service.name}{codes})"

    def _ambiguous(self, text: str, keys: tuple[str, ...], also: str) -> AmbiguousService:
        """Ask back with the choices."""
        meanings = "; ".join(part for part in (" or ".join(map(self._label, keys)), also) if part)
        advice = "Ask which one is meant and give its key." if keys else "It names no service: ask what is meant."
        return AmbiguousService(f"{_shown(text)} may mean {meanings}. {advice}", keys)

    def _unknown(self, text: str) -> UnknownService:
        """Say that nothing is known by a word, with near misses."""
        near = self._suggest(text)
        hint = f"Did you mean {' or '.join(self._label(key) for key in near[:3])}?" if near else ""
        told = " ".join(part for part in (hint, "'adequacy services' lists all.") if part)
        return UnknownService(f"No service is known as {_shown(text)}. {told}", near)

    def _suggest(self, text: str) -> tuple[str, ...]:
        """Find the keys of near misses, best first; only ever suggested."""
        word = _plain(text)
        if not word:
            return ()
        base, _ = _read_code(word)
        if base in self._bases:
            return tuple(self._bases[base][:_MOST_SUGGESTIONS])
        import difflib  # only for a word that was not found

        near = difflib.get_close_matches(word, self._terms, _MOST_SUGGESTIONS, _NEAR)
        near += [term for term in self._terms if len(term) >= _TELLING and term in word]
        keys = [key for term in near for key in self._terms[term]]
        keys += [service.key for service in self if word in _plain(_known_by(service))]
        return tuple(dict.fromkeys(keys))[:_MOST_SUGGESTIONS]


def _shown(text: str) -> str:
    """Show a typed word in a message: quoted, escaped, not endless."""
    return repr(text if len(text) <= _MOST_SHOWN else text[:_MOST_SHOWN] + "...")


def _known_by(service: Service) -> str:
    """Everything a service is known by."""
    return " | ".join((service.key, service.name, *service.staff_terms, *service.codes))


def _spaced(text: str) -> str:
    """Put one blank between the words of a text, and nothing else."""
    return " ".join(_NOT_WORD.split(text.casefold())).strip()


def _read_code(word: str) -> tuple[str, str]:
    """Split a stripped word into billing code and modifiers in one order; two empty strings where it is no code."""
    revenue = _REVENUE.fullmatch(word)
    if revenue:
        return f"rc0{revenue[1]}", ""
    billing = _BILLING.fullmatch(word)
    return (billing[1], _in_order(billing[2])) if billing else ("", "")


def _in_order(modifiers: str) -> str:
    """Put two-letter modifiers in one order: ``TF HQ`` is ``HQ TF``."""
    return "".join(sorted(modifiers[at : at + 2] for at in range(0, len(modifiers), 2)))


def _spell_out(code: str) -> list[tuple[str, str]]:
    """Spell a catalogue code out as (base, modifiers): ranges one by one, a modifier left open as none."""
    written = _OPEN_MODIFIER.sub("", code.casefold())
    span = _RANGE.fullmatch(written)
    if not span:
        base, modifiers = _read_code(_plain(written))
        return [(base, modifiers)] if base else []
    letter, first, last, modifiers = span.groups()
    numbers = range(int(first), int(last) + 1)
    return [(f"{letter}{number:0{len(first)}d}", _in_order(_plain(modifiers))) for number in numbers]
