"""Every error adequacy raises on purpose, drawn as one tree.

A message says what is wrong, where, and what to do next, in one or two sentences. It never holds a consumer's
name, address or id. ``exit_code`` is what the command line returns for the error (see ``adequacy --help``).

::

    AdequacyError
    ├── UsageError               the command line or call is wrong (also a ValueError)              2
    │   ├── CoordinateError      a coordinate cannot be a place                                     2
    │   └── UnknownService       no such service; carries suggestions (also a KeyError)             2
    │       └── AmbiguousService the term means several services; carries the choices               2
    ├── InputError               a file is not what we need (also a ValueError)                     3
    │   ├── MissingColumn        a required column, or a whole status column, is absent             3
    │   ├── BadValue             a value in a file cannot be used                                   3
    │   ├── RosterRefused        a roster is refused as a whole                                     3
    │   ├── NetworkFileError     missing, corrupt, foreign or newer network file                    3
    │   ├── PolicyError          a policy file is wrong                                             3
    │   ├── CasebookError        not a casebook, damaged, or made by a newer version                3
    │   └── RecordAltered        a decision record was changed after it was made                    11
    ├── OutputError              a file cannot be written (also an OSError)                         3
    ├── PrivacyError             consumer data was about to leave this computer                     3
    ├── NotDecidable             well formed, but cannot be decided                                 4
    │   ├── NoStandardInForce    no rule applies on that date                                       4
    │   ├── PlaceUnknown         the place cannot be found, or lies where the plan has no rule      4
    │   └── NoSuchService        a known word that is no service of its own                         4
    ├── ServiceUnreachable       an outside service did not answer (also a ConnectionError)         5
    └── MissingExtra             an optional package is not installed (also an ImportError)         2
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "AdequacyError",
    "AmbiguousService",
    "BadValue",
    "CasebookError",
    "CoordinateError",
    "InputError",
    "MissingColumn",
    "MissingExtra",
    "NetworkFileError",
    "NoStandardInForce",
    "NoSuchService",
    "NotDecidable",
    "OutputError",
    "PlaceUnknown",
    "PolicyError",
    "PrivacyError",
    "RecordAltered",
    "RosterRefused",
    "ServiceUnreachable",
    "UnknownService",
    "UsageError",
    "shown",
    "shown_list",
]

_MOST_SHOWN = 40
_MOST_NAMED = 25


def shown(text: str) -> str:
    """Quote a value from a file or the command line in a message: escaped, and never longer than a part of a line.

    Examples
    --------
    >>> shown("SAIOP"), len(shown("x" * 161_000))
    ("'SAIOP'", 45)
    """
    return repr(text if len(text) <= _MOST_SHOWN else text[:_MOST_SHOWN] + "...")


def shown_list(names: Iterable[str]) -> str:
    """Name the first of many names from a file in a message, each cut, and say how many are left out.

    Examples
    --------
    >>> shown_list(["npi", "name"]), shown_list([]), shown_list(str(n) for n in range(30))[-17:]
    ('npi, name', 'none', '23, 24 and 5 more')
    """
    cut = [name if len(name) <= _MOST_SHOWN else name[:_MOST_SHOWN] + "..." for name in names]
    rest = f" and {len(cut) - _MOST_NAMED} more" if len(cut) > _MOST_NAMED else ""
    return (", ".join(cut[:_MOST_NAMED]) or "none") + rest


class AdequacyError(Exception):
    """Base of every error that adequacy raises on purpose."""

    exit_code = 1

    @property
    def message(self) -> str:
        """The one-line message, as the command line prints it."""
        return str(self.args[0]) if self.args else type(self).__name__

    def __str__(self) -> str:
        return self.message


class UsageError(AdequacyError, ValueError):
    """The command line or the call is wrong: missing, malformed or contradictory values."""

    exit_code = 2


class CoordinateError(UsageError):
    """A coordinate cannot be a place: out of range, swapped, or not a number."""


class UnknownService(UsageError, KeyError):
    """No service is known by that word. ``choices`` holds near misses, best first; it may be empty."""

    def __init__(self, message: str, choices: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.choices = choices


class AmbiguousService(UnknownService):
    """The word means several services. ``choices`` holds their keys."""


class InputError(AdequacyError, ValueError):
    """A file is not what is needed. The message names file, sheet or table, row, column."""

    exit_code = 3


class MissingColumn(InputError):
    """A required column, or a status column as a whole, is absent from a file."""


class BadValue(InputError):
    """A value in a file cannot be used."""


class RosterRefused(InputError):
    """A roster is refused as a whole; nothing was written."""


class NetworkFileError(InputError):
    """A network file is missing, empty, corrupt, not ours, or made by a newer version."""


class PolicyError(InputError):
    """A policy file is wrong: duplicate or unknown key, unquoted code, missing citation."""


class CasebookError(InputError):
    """A casebook is not ours, damaged, or made by a newer version."""


class RecordAltered(InputError):
    """A decision record was changed after it was made: its content is not what its hash says."""

    exit_code = 11


class OutputError(AdequacyError, OSError):
    """A file cannot be written."""

    exit_code = 3


class PrivacyError(AdequacyError):
    """Consumer data was about to leave this computer, or to reach a reader who must not see it."""

    exit_code = 3


class NotDecidable(AdequacyError):
    """The question is well formed but cannot be decided."""

    exit_code = 4


class NoStandardInForce(NotDecidable):
    """No rule applies on the date asked about."""


class PlaceUnknown(NotDecidable):
    """The place cannot be found, or lies where no answer is possible; the message says what would settle it."""


class NoSuchService(NotDecidable):
    """A word that is known but is no service of its own (a programme, a member attribute)."""


class ServiceUnreachable(AdequacyError, ConnectionError):
    """An outside service did not answer."""

    exit_code = 5


class MissingExtra(AdequacyError, ImportError):
    """An optional package is not installed; the message names the command that installs it."""

    exit_code = 2

    def __init__(self, extra: str, need: str) -> None:
        super().__init__(f"{need} needs the extra '{extra}': pip install \"adequacy[{extra}]\".")
