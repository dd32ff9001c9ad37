"""Which service a word means: key, name, staff term, abbreviation or billing code, in any case and punctuation.

A word that by the data means several services asks back; a near miss is suggested, never taken. The catalogue decides
on services, not on taxonomies: a taxonomy alone cannot show what a site is contracted for. Standard library only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adequacy.errors import AmbiguousService, NoSuchService, UnknownService, shown
from adequacy.policy.words import known_by, plain, read_code, spaced

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from adequacy.policy.model import Service

__all__ = ["Catalogue"]

_NEAR = 0.6
_MOST_SUGGESTIONS = 5
_TELLING = 3  # shorter terms stand inside almost every word


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

    def __init__(self, services: tuple[Service, ...], words: Mapping[str, Mapping[str, list[str]]]) -> None:
        self._services = {service.key: service for service in services}
        self._words = words

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
        word = plain(text)
        if word in self._words["asks"]:
            *choices, also = self._words["asks"][word]
            raise self._ambiguous(text, tuple(choices), also)
        keys = tuple(self._lookup(word))
        if not keys:
            raise self._unknown(text)
        if len(keys) > 1:
            raise self._ambiguous(text, keys, "")
        return self._own(self._services[keys[0]])

    def _lookup(self, word: str) -> list[str]:
        """Give the keys a stripped word stands for: a code without its modifier stands for all that share it."""
        base, modifiers = read_code(word)
        coded = self._words["coded"].get(base + modifiers, []) if modifiers else self._words["bases"].get(base, [])
        return coded or self._words["terms"].get(word, [])

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
        whole = f" {spaced(term)} "
        keys += [service.key for service in self if whole in f" {spaced(known_by(service))} "]
        if not keys and (word := plain(term)):
            keys = [service.key for service in self if word in plain(known_by(service))]
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
        return AmbiguousService(f"{shown(text)} may mean {meanings}. {advice}", keys)

    def _unknown(self, text: str) -> UnknownService:
        """Say that nothing is known by a word, with near misses."""
        near = self._suggest(text)
        hint = f"Did you mean {' or '.join(self._label(key) for key in near[:3])}?" if near else ""
        told = " ".join(part for part in (hint, "'adequacy services' lists all.") if part)
        return UnknownService(f"No service is known as {shown(text)}. {told}", near)

    def _suggest(self, text: str) -> tuple[str, ...]:
        """Find the keys of near misses, best first; only ever suggested."""
        word = plain(text)
        if not word:
            return ()
        terms, sharing = self._words["terms"], self._words["bases"].get(read_code(word)[0])
        if sharing:
            return tuple(sharing[:_MOST_SUGGESTIONS])
        import difflib  # only for a word that was not found

        near = difflib.get_close_matches(word, terms, _MOST_SUGGESTIONS, _NEAR)
        near += [term for term in terms if len(term) >= _TELLING and term in word]
        keys = [key for term in near for key in terms[term]]
        keys += [service.key for service in self if word in plain(known_by(service))]
        return tuple(dict.fromkeys(keys))[:_MOST_SUGGESTIONS]
