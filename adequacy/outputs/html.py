"""One self-contained HTML file: everything inside, no request, no script but ours.

The parts of a page are built with ``tag``, which escapes every text it is given; only what is markup already (``Html``)
passes. The page carries a policy that lets a browser run the scripts whose hashes it names and load nothing.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from adequacy.outputs.escape import escape_html
from adequacy.outputs.files import require_kind, write_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "Html",
    "MapParts",
    "Page",
    "Row",
    "asset",
    "data_uri",
    "join",
    "page_html",
    "picture",
    "table",
    "tag",
    "write_html",
]

_VOID = ("img", "meta", "br", "hr")
_CLOSING = re.compile(r"</(script)|<!--", re.IGNORECASE)


class Html(str):
    """Text that is markup already. Everything else is escaped when it enters a page."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class MapParts:
    """What an interactive map needs in a page: its element, styles and scripts, in order."""

    html: str
    styles: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    tiles: bool = False
    """Whether the page may load pictures from outside. False unless somebody asked for tiles by name."""


@dataclass(frozen=True, slots=True)
class Page:
    """A whole page."""

    title: str
    """What the browser's tab says. Never a consumer's place: titles end up in histories."""
    body: Html
    profile: str
    """``case``, ``leadership`` or ``public``: who may read it."""
    map: MapParts | None = None
    scripts: tuple[str, ...] = ()
    description: str = ""
    styles: tuple[str, ...] = ()
    foot: str = ""
    """What stands at the foot of every printed sheet, beside its number: a loose sheet says what it is."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: its cells, and an optional class that says what it is."""

    cells: Sequence[str]
    kind: str = ""


def tag(name: str, /, *children: str | None, **attributes: str | bool | None) -> Html:
    """Build an element. Texts are escaped, ``Html`` passes, None is left out.

    ``class_`` and ``for_`` lose their underscore; other underscores become hyphens.

    Examples
    --------
    >>> tag("p", "A & B", tag("br"), class_="lead")
    '<p class="lead">A &amp; B<br></p>'
    """
    parts = [f"<{name}"]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        word = key.rstrip("_").replace("_", "-")
        parts.append(f" {word}" if value is True else f' {word}="{escape_html(value)}"')
    parts.append(">")
    if name not in _VOID:
        parts += [join(children), f"</{name}>"]
    return Html("".join(parts))


def join(children: Iterable[str | None]) -> Html:
    """Put parts one after the other; texts are escaped, ``Html`` passes.

    Examples
    --------
    >>> join(["<", Html("<br>"), None])
    '&lt;<br>'
    """
    return Html(
        "".join(child if isinstance(child, Html) else escape_html(child) for child in children if child is not None)
    )


def table(caption: str, heads: Sequence[tuple[str, str]], rows: Sequence[Row], *, row_head: int = 0) -> Html:
    """Build a table with a caption and headers that a screen reader can follow.

    Parameters
    ----------
    caption : str
        What the table holds.
    heads : sequence of (text, class)
        Column headers, never from a roster; the class (``num`` for numbers) goes to every cell of the column.
    rows : sequence of Row
        The body.
    row_head : int
        Index of the cell that names its row.

    Examples
    --------
    >>> "<caption>Sites</caption>" in table("Sites", [("Miles", "num")], [Row(["2.9"])])
    True
    """
    head = tag("tr", *(tag("th", text, scope="col", class_=kind or None) for text, kind in heads))
    body = []
    for row in rows:
        cells = [
            tag("th" if at == row_head else "td", cell, scope="row" if at == row_head else None, class_=kind or None)
            for at, (cell, (_, kind)) in enumerate(zip(row.cells, heads, strict=True))
        ]
        body.append(tag("tr", *cells, class_=row.kind or None))
    # Where a screen is narrow each cell says its column by itself (page.css)
    labels = ";".join(f'--c{at}:"{text}"' for at, (text, _) in enumerate(heads, 1))
    return tag("table", tag("caption", caption), tag("thead", head), tag("tbody", *body), style=labels)


def picture(image: tuple[bytes, str], alt: str) -> Html:
    """Build an image (its bytes and media type) with its text alternative; the page carries it."""
    return tag("img", src=data_uri(*image), alt=alt, class_="picture")


def data_uri(content: bytes, media: str) -> str:
    """Write bytes as a ``data:`` address.

    Examples
    --------
    >>> data_uri(b"ok", "text/plain")
    'data:text/plain;base64,b2s='
    """
    return f"data:{media};base64,{base64.b64encode(content).decode('ascii')}"


@lru_cache(maxsize=32)
def asset(name: str) -> str:
    """Read one of the shipped scripts or styles."""
    return resources.files("adequacy.outputs").joinpath("assets", name).read_text(encoding="utf-8")


def asset_bytes(name: str) -> bytes:
    """Read one of the shipped pictures."""
    return resources.files("adequacy.outputs").joinpath("assets", name).read_bytes()


def page_html(page: Page) -> str:
    """Write a page out: complete, self-contained, with the policy that keeps it so.

    Parameters
    ----------
    page : Page
        Its parts.

    Returns
    -------
    str
        HTML that loads nothing and runs only the scripts it carries.
    """
    drawn = page.map or MapParts("")
    scripts = [_inert(text) for text in (*drawn.scripts, *page.scripts)]
    if page.map:
        scripts.insert(0, _inert(asset("reveal.js")))
    head = [
        '<meta charset="utf-8">',
        tag("meta", http_equiv="Content-Security-Policy", content=_policy(scripts, drawn.tiles)),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("meta", name="robots", content="noindex"),
        tag("meta", name="adequacy-profile", content=page.profile),
        tag("meta", name="description", content=page.description) if page.description else "",
        tag("title", page.title),
        *(
            f"<style>{text}</style>"
            for text in (*drawn.styles, asset("page.css"), _sheet_foot(page.foot), *page.styles)
        ),
    ]
    body = [page.body, *(f"<script>{text}</script>" for text in scripts)]
    return "\n".join(
        ['<!DOCTYPE html>\n<html lang="en">\n<head>', *head, "</head>\n<body>", *body, "</body>\n</html>\n"]
    )


def _sheet_foot(words: str) -> str:
    """The foot of printed sheets as a style; its words are written so that nothing in them can end a string."""
    inert = "".join(letter if letter.isascii() and letter.isalnum() else f"\\{ord(letter):06x}" for letter in words)
    look = "font: 7pt system-ui, sans-serif; color: #444; white-space: nowrap"
    number = f'@bottom-right {{ content: "Page " counter(page) " of " counter(pages); {look} }}'
    return f'@page {{ @bottom-left {{ content: "{inert}"; {look} }} {number} }}'


def write_html(text: str, path: Path) -> None:
    """Write a page to a file, or say in one line why it cannot be.

    Raises
    ------
    UsageError
        The file's ending is that of another kind: it would not open.
    OutputError
        The file cannot be written.
    """
    if str(path) != "-":
        require_kind(Path(path), (".html", ".htm"), "page")
    write_bytes(text.encode("utf-8"), Path(path))


def _inert(script: str) -> str:
    """A script that cannot end its own element early, wherever the text stands in it."""
    return _CLOSING.sub(lambda found: f"<\\/{found[1]}" if found[1] else "<\\!--", script)


def _policy(scripts: Sequence[str], tiles: bool) -> str:
    """Nothing may be loaded; only the scripts of these hashes may run."""
    hashes = [f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'" for s in scripts]
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {' '.join(dict.fromkeys(hashes)) or chr(39) + 'none' + chr(39)}",
            "style-src 'unsafe-inline'",
            f"img-src data:{' https:' if tiles else ''}",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )
