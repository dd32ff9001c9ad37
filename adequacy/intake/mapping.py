"""The mapping file given with ``--columns``: what a plan's own roster calls things, written down once as TOML.

::

    [file]
    sheet = "Sites"                 # read only this sheet
    header_row = 4                  # where the header is not found by itself

    [columns]                       # our column = their header (a list is joined)
    provider_name = "Legal Business Name"
    service = ["Proc", "Mod"]

    [constants]                     # the same in every row
    contract_status = "active"

    [words.contract_status]         # their word = ours
    "Par" = "active"

    [services]                      # their word = our service key (a list gives several)
    "Meth clinic" = "otp"

    [taxonomies]                    # services follow from the taxonomy; the contract is then unknown
    "261QM2800X" = "otp"

    [rows]                          # read only rows whose column holds one of these
    "State" = ["NC"]

    [defaults]                      # what an empty status is taken for: declared, and printed in every answer
    nctracks_status = {value = "active", basis = "...", by = "...", date = "2026-11-01"}

Every key is checked; a typo is refused, not ignored.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from adequacy.errors import InputError, UnknownService, UsageError
from adequacy.tables import table

if TYPE_CHECKING:
    from collections.abc import Mapping as MappingOf
    from collections.abc import Sequence
    from pathlib import Path

    from adequacy.policy import Catalogue

__all__ = ["VIRTUAL", "Default", "Mapping", "mapping_beside", "mapping_name", "read_mapping"]

#: Columns of a file that are no column of the roster but feed one.
VIRTUAL = (
    "address", "ages", "city_state_zip", "county", "credential_text", "deactivated_on", "first_name", "last_name",
    "middle_name", "modifier", "name_suffix", "reactivated_on", "street2",
)  # fmt: skip
_SECTIONS = ("file", "columns", "constants", "words", "services", "taxonomies", "rows", "defaults")
_FILE_KEYS = ("sheet", "header_row")
_DEFAULT_KEYS = ("value", "basis", "by", "date")


@dataclass(frozen=True, slots=True)
class Default:
    """A declared default: what an empty cell of a column is taken for, on whose word and since when.

    ``rows`` is the number of rows it filled, once it was used.
    """

    column: str
    value: str
    basis: str
    by: str
    date: str
    rows: int = 0


@dataclass(frozen=True, slots=True)
class Mapping:
    """A mapping file as read; every part may be empty."""

    name: str = ""
    sheet: str | None = None
    header_row: int | None = None
    columns: MappingOf[str, tuple[str, ...]] = field(default_factory=dict)
    constants: MappingOf[str, str] = field(default_factory=dict)
    words: MappingOf[str, MappingOf[str, str]] = field(default_factory=dict)
    services: MappingOf[str, tuple[str, ...]] = field(default_factory=dict)
    taxonomies: MappingOf[str, tuple[str, ...]] = field(default_factory=dict)
    rows: MappingOf[str, tuple[str, ...]] = field(default_factory=dict)
    defaults: tuple[Default, ...] = ()


def mapping_name(roster: Path | str) -> Path:
    """Return where the mapping of a roster lies that is found without being named: ``roster.columns.toml`` beside it.

    Examples
    --------
    >>> mapping_name("rosters/north.xlsx").name
    'north.columns.toml'
    """
    from pathlib import Path

    return Path(roster).with_suffix(".columns.toml")


def mapping_beside(rosters: Sequence[Path | str]) -> Path | None:
    """Find the mapping that lies beside rosters: ``NAME.columns.toml``, else ``columns.toml`` for a whole folder.

    Parameters
    ----------
    rosters : sequence of Path or str
        Roster files; ``-`` has nothing beside it.

    Returns
    -------
    Path or None
        The one mapping; None where there is none.

    Raises
    ------
    UsageError
        If rosters have different mappings beside them: one run reads all files by one mapping.
    """
    found = {}
    for roster in rosters:
        own = mapping_name(roster)
        for path in (own, own.with_name("columns.toml")):
            if str(roster) != "-" and path.is_file():
                found[path.resolve()] = path
                break
    if len(found) > 1:
        names = " and ".join(path.name for path in found.values())
        raise UsageError(
            f"The rosters have different mappings beside them: {names}. Name the right one: --columns FILE."
        )
    return next(iter(found.values()), None)


def read_mapping(path: Path | str, catalogue: Catalogue) -> Mapping:
    """Read and check a mapping file.

    Parameters
    ----------
    path : Path or str
        TOML, as the module's docstring shows.
    catalogue : Catalogue
        Service keys are checked against it.

    Returns
    -------
    Mapping

    Raises
    ------
    InputError
        If the file is missing, no TOML, or has an unknown section, column, word or service; the message names it.
    """
    from pathlib import Path

    where = Path(path)
    try:
        raw = tomllib.loads(where.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(f"{where.name}: {error.strerror}. Check the path given with --columns.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{where.name} is not TOML: {error}. Correct the file given with --columns.") from None
    return _Checked(where.name, raw, catalogue).mapping()


class _Checked:
    """One mapping under check; every complaint names file, section and key."""

    def __init__(self, name: str, raw: dict[str, Any], catalogue: Catalogue) -> None:
        self.name, self.raw, self.catalogue = name, raw, catalogue

    def mapping(self) -> Mapping:
        """Check every section and return the whole."""
        self._keys("", self.raw, _SECTIONS)
        file = self._section("file")
        self._keys("file", file, _FILE_KEYS)
        return Mapping(
            name=self.name,
            sheet=file.get("sheet"),
            header_row=file.get("header_row"),
            columns={self._column("columns", key): self._texts("columns", key, value)
                     for key, value in self._section("columns").items()},
            constants={self._column("constants", key): self._constant(key, value)
                       for key, value in self._section("constants").items()},
            words={self._column("words", key): self._words(key, value)
                   for key, value in self._section("words").items()},
            services={key: self._services("services", key, value) for key, value in self._section("services").items()},
            taxonomies={key: self._services("taxonomies", key, value)
                        for key, value in self._section("taxonomies").items()},
            rows={key: self._texts("rows", key, value) for key, value in self._section("rows").items()},
            defaults=tuple(self._default(key, value) for key, value in self._section("defaults").items()),
        )  # fmt: skip

    def _complain(self, section: str, key: str, what: str) -> InputError:
        return InputError(f"{self.name}, [{section}] {key}: {what}. Correct the file given with --columns.")

    def _keys(self, section: str, given: dict[str, Any], known: tuple[str, ...]) -> None:
        """Refuse unknown keys."""
        for key in given:
            if key not in known:
                raise self._complain(section or "top level", key, f"unknown key; known are {', '.join(known)}")

    def _section(self, name: str) -> dict[str, Any]:
        """Return one section, empty where it is absent."""
        section = self.raw.get(name, {})
        if not isinstance(section, dict):
            raise self._complain(name, "", "a section is needed, not a value")
        return section

    def _column(self, section: str, name: str) -> str:
        """Check the name of one of our columns."""
        if name not in table("roster").names and name not in VIRTUAL:
            raise self._complain(section, name, "no such column; see 'adequacy network build --help'")
        return name

    def _texts(self, section: str, key: str, value: object) -> tuple[str, ...]:
        """Check a text or a list of texts."""
        texts = value if isinstance(value, list) else [value]
        if not texts or not all(isinstance(text, str) for text in texts):
            raise self._complain(section, key, "a text in quotation marks, or a list of them, is needed")
        return tuple(texts)

    def _constant(self, name: str, value: object) -> str:
        """Check a constant: text, and one of the column's words."""
        (text,) = self._texts("constants", name, value)[:1]
        self._known_word("constants", name, text)
        return text

    def _words(self, name: str, value: object) -> dict[str, str]:
        """Check the words of one column."""
        if not isinstance(value, dict):
            raise self._complain("words", name, 'lines such as "their word" = "our word" are needed')
        words = {}
        for theirs, ours in value.items():
            (text,) = self._texts(f"words.{name}", theirs, ours)[:1]
            self._known_word(f"words.{name}", name, text)
            words[theirs] = text
        return words

    def _known_word(self, section: str, name: str, text: str) -> None:
        """Refuse a word that its column does not know."""
        if name in table("roster").names:
            words = table("roster").column(name).words
            if words and text and text not in words:
                raise self._complain(section, name, f"{text!r} is none of {', '.join(words)}")

    def _services(self, section: str, key: str, value: object) -> tuple[str, ...]:
        """Check service keys."""
        try:
            return tuple(self.catalogue.find(text).key for text in self._texts(section, key, value))
        except UnknownService as error:
            raise self._complain(section, key, error.message.rstrip(".")) from None

    def _default(self, name: str, value: object) -> Default:
        """Check one declared default: value, basis, by, date are all needed."""
        if not isinstance(value, dict) or set(value) != set(_DEFAULT_KEYS):
            raise self._complain("defaults", name, "needs value, basis, by and date: who declares it, why, since when")
        texts = {key: each.isoformat() if isinstance(each, date) else each for key, each in value.items()}
        if not all(isinstance(text, str) and text.strip() for text in texts.values()):
            raise self._complain("defaults", name, "value, basis, by and date must not be empty")
        try:
            date.fromisoformat(texts["date"])
        except ValueError:
            raise self._complain("defaults", name, "date must be written YYYY-MM-DD") from None
        self._known_word("defaults", self._column("defaults", name), texts["value"])
        return Default(name, texts["value"], texts["basis"], texts["by"], texts["date"])
