"""Texts that try to run something, for every output that prints what a roster says."""

from __future__ import annotations

import copy
from typing import Any

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
]
_FIELDS = ("provider", "name", "address", "city", "state", "zip5", "phone", "email", "panel_status")


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
    """A site with a text in every field."""
    return site | {field: text for field in _FIELDS if field in site}
