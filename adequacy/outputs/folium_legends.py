"""Legends of folium maps, as ``GeoDataFrame.explore`` and choropleths add them: drawn by us, without d3 or jQuery UI.

branca draws a colour bar with d3 from a host; geopandas writes categories into the page as they are, names of a roster
among them, and compiles them as a template. Here both are taken off the map while it is rendered, and their colours and
labels come back as a static legend.
"""

from __future__ import annotations

import itertools
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from adequacy.errors import UsageError
from adequacy.outputs.html import Html, join, tag

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["legends_out"]

_SHADES = 24
_TICKS = 5
_MOST_TICKS = 7
_TITLE = re.compile(r"<div class='legend-title'>(.*?)</div>\s*<div class='legend-scale'>", re.DOTALL)
_ITEM = re.compile(r"\n {16}<li><span style='background:(#[0-9a-fA-F]{3,8})'></span>")
_END = re.compile(r"</li>\s*(?:</ul>\s*</div>\s*</div>\s*)?\Z")


@contextmanager
def legends_out(root: Any, elements: list[Any]) -> Iterator[list[Html]]:
    """Take legends off a figure while it is rendered.

    Parameters
    ----------
    root : branca.element.Figure
        The figure.
    elements : list
        All elements of its map.

    Yields
    ------
    list of Html
        The same legends, static: colours and labels, every text escaped.

    Raises
    ------
    UsageError
        A category holds template code.
    """
    from branca.colormap import ColorMap

    found: list[Html] = []
    taken: list[tuple[Any, list[tuple[str, Any]]]] = []
    for parent in [element for element in elements if _holds(element, ColorMap)]:
        found += [_bar(child) for child in parent._children.values() if isinstance(child, ColorMap)]
        taken.append((parent, list(parent._children.items())))
        _keep(parent, lambda _, child: not isinstance(child, ColorMap))
    texts = [_category_text(child) for child in root.html._children.values()]
    if any(text is not None for text in texts):
        found += [_categories(text) for text in texts if text is not None]
        taken.append((root.html, list(root.html._children.items())))
        _keep(root.html, lambda _, child: _category_text(child) is None)
        # and what would make that legend movable, by a library from outside
        taken.append((root, list(root._children.items())))
        _keep(root, lambda _, child: not _mentions(child, ".maplegend"))
    try:
        yield found
    finally:
        for parent, children in taken:
            parent._children.clear()
            parent._children.update(children)


def _holds(element: Any, kind: type) -> bool:
    return any(isinstance(child, kind) for child in element._children.values())


def _keep(parent: Any, wanted: Any) -> None:
    """Leave only some of the children of an element."""
    children = list(parent._children.items())
    parent._children.clear()
    parent._children.update((name, child) for name, child in children if wanted(name, child))


def _bar(colours: Any) -> Html:
    """A colour bar: the colours themselves, the caption, a few numbers below."""
    low, high = float(colours.vmin), float(colours.vmax)
    span = high - low or 1.0
    ticks = [float(value) for value in colours.index]
    if len(ticks) > _MOST_TICKS:
        ticks = [low + span * step / (_TICKS - 1) for step in range(_TICKS)]
    labels = [
        tag("span", f"{value:,.4g}", style=f"left:{100 * (value - low) / span:.1f}%")
        for value in sorted({min(max(value, low), high) for value in ticks})
    ]
    bar = tag("div", class_="bar", style=f"background:linear-gradient(90deg,{_shades(colours, low, span)})")
    words = colours.caption or "Colours"
    return tag("div", tag("strong", words), bar, tag("div", *labels, class_="ticks"), class_="scale")


def _shades(colours: Any, low: float, span: float) -> str:
    """Stops of a gradient: smooth for a continuous map, steps where it has steps."""
    from branca.colormap import StepColormap

    if isinstance(colours, StepColormap):
        edges = [float(value) for value in colours.index]
        stops = []
        for start, end in itertools.pairwise(edges):
            shade = colours.rgb_hex_str((start + end) / 2)
            stops.append(f"{shade} {100 * (start - low) / span:.2f}% {100 * (end - low) / span:.2f}%")
        return ",".join(stops)
    return ",".join(colours.rgb_hex_str(low + span * step / (_SHADES - 1)) for step in range(_SHADES))


def _category_text(element: Any) -> str | None:
    """The text of a legend of categories, read without running it; None for any other element."""
    from branca.element import Element

    if type(element) is not Element:
        return None
    code = element._template.root_render_func.__code__
    said = [text for text in _constants(code) if "class='maplegend'" in text]
    if not said:
        return None
    if code.co_code != _static_code() or len(said) != 1:
        raise UsageError(
            "A category of this map's legend holds template code ({{, {% or {#): rename it, or draw with legend=False."
        )
    return said[0]


def _mentions(element: Any, text: str) -> bool:
    """Whether an element's template has a text in it."""
    return any(text in each for each in _constants(element._template.root_render_func.__code__))


def _constants(code: Any) -> list[str]:
    """Texts of a compiled template, also of the functions inside it."""
    inside = [text for each in code.co_consts if hasattr(each, "co_consts") for text in _constants(each)]
    return [each for each in code.co_consts if isinstance(each, str)] + inside


def _static_code() -> bytes:
    """How a template without any template code is compiled: it gives its one text."""
    from jinja2 import Template

    code: bytes = Template("text").root_render_func.__code__.co_code
    return code


def _categories(text: str) -> Html:
    """A legend of categories from the words geopandas wrote, now as text."""
    title = _TITLE.search(text)
    pieces = _ITEM.split(text)
    items = [
        tag("li", tag("i", style=f"background:{colour}"), tag("span", _END.sub("", label)))
        for colour, label in zip(pieces[1::2], pieces[2::2], strict=True)
    ]
    words = title[1] if title and title[1] else "Colours"
    return tag("div", tag("strong", words), tag("ul", join(items), tabindex="0"), class_="scale")
