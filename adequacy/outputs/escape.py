"""Every string from a roster is hostile until it has passed here: once, and nowhere else."""

from __future__ import annotations

import html
import unicodedata

__all__ = ["escape_cell", "escape_html", "escape_page", "escape_plain", "escape_terminal"]

# HTML escaping alone leaves JavaScript template strings and folium's second Jinja pass alive
_LIVE = str.maketrans({character: f"&#{ord(character)};" for character in "\\`${}"})
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def escape_html(value: object) -> str:
    """Make any text inert in HTML, in attributes, in JavaScript template strings and in a second Jinja pass.

    Examples
    --------
    >>> escape_html("<b>{{7*7}}</b>")
    '&lt;b&gt;&#123;&#123;7*7&#125;&#125;&lt;/b&gt;'
    """
    return html.escape(_visible(value)).translate(_LIVE)


def escape_terminal(value: object) -> str:
    """Make any text inert on a terminal: one line, no control or direction-changing characters.

    Examples
    --------
    >>> escape_terminal("Clinic" + chr(27) + "[2J" + chr(10) + "COVERED")
    'Clinic[2J COVERED'
    """
    return " ".join(_visible(value).split())


def escape_plain(value: object) -> str:
    """Clean a text that no reader will take for markup, because it is carried packed and shown as a text node.

    Examples
    --------
    >>> escape_plain("A <b>" + chr(0x202E) + "clinic")
    'A <b>clinic'
    """
    return _visible(value)


def escape_page(page: str) -> str:
    """Put a whole page of ours into an attribute (``srcdoc``), character for character: its scripts are hashed.

    Examples
    --------
    >>> escape_page('<p class="a">&amp;')
    '&lt;p class=&quot;a&quot;&gt;&amp;amp;'
    """
    return html.escape(page)


def escape_cell(value: object) -> object:
    """Make a spreadsheet or CSV cell inert: a text that starts like a formula gets an apostrophe before it.

    Numbers pass unchanged.

    Examples
    --------
    >>> escape_cell("=1+1")
    "'=1+1"
    >>> escape_cell(-3.5)
    -3.5
    """
    if not isinstance(value, str):
        return value
    text = value
    if not (value.isascii() and value.isprintable()):
        text = "".join(character for character in value if character in "\n\t" or not _is_control(character))
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def _visible(value: object) -> str:
    """Drop control, direction-changing and unassigned characters; blanks of every kind become plain ones."""
    return "".join(
        " " if character.isspace() else character
        for character in str(value)
        if character.isspace() or not _is_control(character)
    )


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn")
