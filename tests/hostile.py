"""Texts that try to run something, for every output that prints what a roster says."""

from __future__ import annotations

import copy
import csv
import io
import re
import unicodedata
import zipfile
from typing import Any
from xml.etree import ElementTree

ATTACKS = [
    "<script>window.hit=1</script>",
    "</script><script>window.hit=1</script>",
    "<img src=x onerror=window.hit=1>",
    "<svg/onload=window.hit=1>",
    "\"><img src=x onerror='window.hit=1'>",
    "{{ 7*7 }}{{ ''.__class__.__mro__ }}",
    "{% for x in range(9) %}hit{% endfor %}",
    "{# gone #}",
    "${window.hit=1}`${window.hit=1}`",
    "\\x3cimg src=x onerror=window.hit=1\\x3e",
    "javascript:window.hit=1",
    "<!--<script>",
    "]]><style>*{display:none}</style>",
    "&lt;b&gt; &amp;amp; &#x3c;",
    "\u202egnp.exe\u2066",
    "a\nb\r\nc\td\x00e\x1b[2J",
    "' onmouseover='window.hit=1",
    '=HYPERLINK("http://evil")',
    "<a href=http://evil.example>free</a>",
    "W" * 400,
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "\t=1+1",
    " =1+1",
    'O\'Brien & "Sons" <LLC>',
    "</w:t></w:r><w:fldSimple w:instr='DDEAUTO calc'/><w:r><w:t>",
    '{ DDEAUTO c:\\windows\\system32\\cmd.exe "/k calc" }',
    '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>&e;',
    "</table></main><h1>Approved</h1>",
    "_x003D_1+1",
]
#: Fields of a site in an answer that a roster does not fill with free text: ids of ours, numbers, days, closed words.
_OURS = ("within", "precision", "contract_to", "service_to", "accepting_verified_on", "site_id", "ada", "telehealth")
_OVERVIEW_FIELDS = ("provider", "name", "city", "phone")


def hostile(answer: dict[str, Any], texts: list[str]) -> dict[str, Any]:
    """The same answer with one counted and one not counted site for each text, in every field that a roster fills."""
    out = copy.deepcopy(answer)
    site, ledger = out["sites"][0], out["not_counted"][0]
    out["sites"] = [filled(site, text) for text in texts]
    out["not_counted"] = [filled(ledger, text) for text in texts]
    out["nearest_site"] = out["sites"][0]
    out["network"]["name"] = texts[0]
    return out


def filled(site: dict[str, Any], text: str) -> dict[str, Any]:
    """A site with a text in every field that a roster fills."""
    return site | {name: text for name, value in site.items() if isinstance(value, str) and name not in _OURS}


def hostile_overview(overview: dict[str, Any], texts: list[str]) -> dict[str, Any]:
    """The same overview with a text in every field that a roster fills, another one for each site."""
    out = copy.deepcopy(overview)
    number = 0
    for service in out["services"]:
        for site in [*service["sites"], *service["sole"]]:
            site.update(dict.fromkeys(_OVERVIEW_FIELDS, texts[number % len(texts)]))
            number += 1
    for service, text in zip(out["services"], texts, strict=False):
        service["name"] = text
    out["network"]["name"] = texts[0]
    out["plan"] = texts[-1]
    return out


def assert_inert_csv(content: str) -> None:
    """No cell starts what a spreadsheet program would compute."""
    for row in csv.reader(io.StringIO(content.removeprefix("\ufeff"))):
        for cell in row:
            assert not cell.lstrip(" ").startswith(("=", "+", "@", "\t", "\r")), cell
            assert not cell.startswith("-") or float(cell) < 0, cell
            assert not any(unicodedata.category(mark) in ("Cc", "Cf") for mark in cell if mark not in "\n\t"), cell


def assert_inert_workbook(content: bytes) -> None:
    """No formula, link, macro or outside reference in any part; every text a text."""
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        for name in parts.namelist():
            assert not re.search(r"vba|externalLink|embeddings|activeX", name), name
            root = ElementTree.fromstring(parts.read(name))
            tags = {element.tag.rpartition("}")[2] for element in root.iter()}
            assert not tags & {"f", "hyperlink", "hyperlinks", "ddeLink", "oleObject"}, name
            if name.endswith(".rels"):
                assert not [each for each in root if each.get("TargetMode") == "External"], name


def assert_inert_document(content: bytes, plain: bytes) -> None:
    """A Word document has the same elements, fields and outside references as one with harmless texts."""
    with zipfile.ZipFile(io.BytesIO(content)) as parts, zipfile.ZipFile(io.BytesIO(plain)) as others:
        assert parts.namelist() == others.namelist()
        for name in parts.namelist():
            if name.endswith((".xml", ".rels")):
                assert _skeleton(parts.read(name)) == _skeleton(others.read(name)), name


def _skeleton(xml: bytes) -> list[str]:
    """The elements of a part in order, with the instructions of its fields; not breaks, which a text may bring."""
    out = []
    for element in ElementTree.fromstring(xml).iter():
        tag = element.tag.rpartition("}")[2]
        if tag not in ("br", "tab"):
            out.append(tag + ((element.text or "") if tag == "instrText" else ""))
    return out
