"""Letters from Word templates that staff can edit: checked before they are filled in, a draft until confirmed.

A template is a .docx file named by the letter's code. Its fields stand in ``templates/fields.csv``; a field that we do
not know, one that must stand in the letter and is gone, or a missing fact stops the letter before it is made. Which
letter is due is decided elsewhere: nothing here decides.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adequacy.errors import InputError, UsageError
from adequacy.outputs.files import docx_bytes, require_kind, stamp, write_bytes
from adequacy.outputs.twins import letter_html, letter_pdf, letter_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from adequacy.policy import Policy

__all__ = ["TEMPLATES", "Field", "LetterFile", "check_template", "fields", "make_letter", "require_ours"]

TEMPLATES = Path(__file__).parent / "templates"
KINDS = (".docx", ".txt", ".html", ".pdf")
_FOOT = re.compile(r"Letter (\S+), template version ([^\s.]+)")
_PICTURE_IN = 3.6
_PLACEHOLDER = re.compile(r"\[[^\[\]]+\]")


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the templates.

    ``must_stand_in`` holds the codes of the letters that must print it (``*`` all); ``when_missing`` says what to do
    where it is needed and not known.
    """

    name: str
    meaning: str
    must_stand_in: frozenset[str]
    when_missing: str


@dataclass(frozen=True, slots=True)
class LetterFile:
    """A letter as it was written.

    Parameters
    ----------
    letter, template_version : str
        As the footer prints them.
    template_sha256, sha256 : str
        Of the template and of the file written.
    path : Path
    is_draft : bool
        Nobody has confirmed it by name.
    to_fill : tuple of str
        Placeholders of the plan's profile that are still to be filled, such as ``[plan address]``.
    """

    letter: str
    template_version: str
    template_sha256: str
    sha256: str
    path: Path
    is_draft: bool
    to_fill: tuple[str, ...]


@cache
def fields() -> dict[str, Field]:
    """Give the fields of the templates by name."""
    text = (TEMPLATES / "fields.csv").read_text(encoding="utf-8")
    return {
        row["field"]: Field(
            row["field"], row["meaning"], frozenset(filter(None, row["must_stand_in"].split(";"))), row["when_missing"]
        )
        for row in csv.DictReader(io.StringIO(text))
    }


def require_ours(code: str, policy: Policy) -> None:
    """Refuse a letter that is not in the catalogue, or that the plan's network staff never write.

    Raises
    ------
    UsageError
        The code is not known, or the letter is written by Utilization Management.
    """
    letter = policy.letters.get(code)
    if letter is None:
        raise UsageError(f"There is no letter {code}. Known: {', '.join(policy.letters)}.")
    if letter.written_by != "plan":
        raise UsageError(
            f"{code} ({letter.name}) is written by Utilization Management, never here. Hand the case over to UM: "
            f"{policy.plan.contact['um_email']}."
        )


def make_letter(
    code: str, values: Mapping[str, Any], path: Path, *, policy: Policy, on: date, templates: Path | None = None
) -> LetterFile:
    """Fill a template in and write the letter as .docx, .txt, .html or .pdf, by the ending of the file's name.

    Parameters
    ----------
    code : str
        Code of the letter.
    values : mapping
        The fields; None for one that is not known.
    path : Path
        File to write; an existing one is replaced.
    policy : Policy
        The plan's rules.
    on : date
        Day of the letter.
    templates : Path, optional
        Folder of the plan's own templates; a letter that it does not hold comes from the shipped ones.

    Returns
    -------
    letter : LetterFile

    Raises
    ------
    UsageError
        The ending or the code is not known, the letter is UM's, or a fact that it needs is missing.
    InputError
        The template cannot be read, or its fields are not ours; the message names template and field.
    OutputError
        The file cannot be written.
    """
    require_ours(code, policy)
    kind = require_kind(path, KINDS, "letter")
    template = _template(code, templates)
    version, used = check_template(code, template)
    _require_known(code, used, values)
    content = _rendered(code, template, values, on)
    written = _as_kind(kind, content)
    write_bytes(written, path)
    return LetterFile(
        letter=code,
        template_version=version,
        template_sha256=hashlib.sha256(template.read_bytes()).hexdigest(),
        sha256=hashlib.sha256(written).hexdigest(),
        path=path,
        is_draft=bool(values["draft_mark"]),
        to_fill=_to_fill(values[name] for name in used),
    )


def _to_fill(used: Iterable[Any]) -> tuple[str, ...]:
    """The placeholders of the plan's profile among the texts used."""
    texts = (value for value in used if isinstance(value, str))
    return tuple(sorted({hit for text in texts for hit in _PLACEHOLDER.findall(text)}))


def _template(code: str, templates: Path | None) -> Path:
    """The template of a letter: the plan's own, else the shipped one."""
    if templates is not None and not templates.is_dir():
        raise InputError(f"{templates} is no folder: name the folder that holds the plan's own templates.")
    own = templates / f"{code}.docx" if templates is not None else None
    return own if own is not None and own.exists() else TEMPLATES / f"{code}.docx"


def check_template(code: str, template: Path) -> tuple[str, frozenset[str]]:
    """Check a template before it is filled in; give its version and the fields that it uses.

    Raises
    ------
    InputError
        It is no Word document, its marks cannot be read, it uses a field that we do not know, lacks one that must stand
        in this letter, or its footer lacks code and version.
    """
    from jinja2 import TemplateSyntaxError

    name = template.name
    try:
        document = _opened(template)
        used = frozenset(document.get_undeclared_template_variables(_environment()))
    except TemplateSyntaxError as error:
        raise InputError(
            f"{template}: a mark cannot be read ({error.message}). Look for an unclosed {{{{ or {{%."
        ) from error
    unknown = sorted(used - fields().keys())
    if unknown:
        raise InputError(
            f"{name}: field '{unknown[0]}' is not known. The known fields stand in templates/fields.csv; "
            "check the spelling."
        )
    needed = (each for each in fields().values() if code in each.must_stand_in or "*" in each.must_stand_in)
    gone = [each.name for each in needed if each.name not in used]
    if gone:
        raise InputError(
            f"{name}: field '{gone[0]}' is gone, and letter {code} must print it. Put {{{{ {gone[0]} }}}} back."
        )
    return _version(code, template), used


def _version(code: str, template: Path) -> str:
    """The version that the footer names; it must name this letter."""
    from docx import Document

    document = Document(str(template))
    foot = " ".join(paragraph.text for section in document.sections for paragraph in section.footer.paragraphs)
    found = _FOOT.search(foot)
    if found is None or found[1] != code:
        raise InputError(f"{template.name}: the footer must say 'Letter {code}, template version N'.")
    return found[2]


def _opened(template: Path) -> Any:
    """A template, ready to be filled in."""
    from zipfile import BadZipFile

    from docx.opc.exceptions import PackageNotFoundError
    from docxtpl import DocxTemplate

    try:
        document = DocxTemplate(str(template))
        document.init_docx()
    except (OSError, BadZipFile, PackageNotFoundError, KeyError, ValueError) as error:
        raise InputError(f"{template}: the template cannot be read as a Word document (.docx).") from error
    return document


def _environment() -> Any:
    """How templates are filled in: text stays text, an unknown field is an error, no template reaches Python."""
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=True)


def _require_known(code: str, used: frozenset[str], values: Mapping[str, Any]) -> None:
    """Refuse to write a letter with a hole in it."""
    for name in sorted(used):
        if values.get(name) is None:
            what_to_do = fields()[name].when_missing or "This letter does not fit the case."
            raise UsageError(f"Letter {code} needs {name} ({fields()[name].meaning}), which is not known. {what_to_do}")


def _rendered(code: str, template: Path, values: Mapping[str, Any], on: date) -> bytes:
    """The finished Word document."""
    from jinja2 import TemplateError

    document = _opened(template)
    ready = dict(values)
    if ready.get("picture"):
        ready["picture"] = _inline(document, ready["picture"])
    try:
        document.render(ready, jinja_env=_environment(), autoescape=True)
    except TemplateError as error:
        raise InputError(f"{template.name}: cannot be filled in ({error.message}).") from error
    _name_pictures(document.docx, str(values.get("picture_words") or ""))
    stamp(document.docx, title=f"Letter {code}, {values['reference']}", author=str(values["plan_name"]), on=on)
    return docx_bytes(document.docx)


def _inline(document: Any, picture: bytes) -> Any:
    """A picture in the text."""
    from docx.shared import Inches
    from docxtpl import InlineImage

    return InlineImage(document, io.BytesIO(picture), width=Inches(_PICTURE_IN))


def _name_pictures(document: Any, words: str) -> None:
    """Give a picture the words that a screen reader says."""
    from docx.oxml.ns import qn

    for properties in document.element.body.iter(qn("wp:docPr")):
        properties.set("descr", words)


def _as_kind(kind: str, content: bytes) -> bytes:
    """The letter in the form that was asked for."""
    if kind == ".docx":
        return content
    if kind == ".txt":
        return letter_text(content).encode("utf-8")
    return letter_html(content).encode("utf-8") if kind == ".html" else letter_pdf(content)
