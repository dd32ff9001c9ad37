"""Texts in the data of a folium map: harmless where folium would put them into the page as markup.

Tooltips and popups of a ``folium.GeoJson`` write the properties of a feature into the page as they are, so that a name
could bring markup with it. While the map is rendered, its data are a copy in which every text is escaped.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from adequacy.outputs.escape import escape_html

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["texts_escaped"]

_OURS = ("data", "style_function", "highlight_function")


@contextmanager
def texts_escaped(elements: list[Any]) -> Iterator[None]:
    """Escape the properties that tooltips and popups show; styles are still worked out from the data as they were."""
    from folium.features import GeoJson, GeoJsonDetail

    shown = [
        element
        for element in elements
        if isinstance(element, GeoJson)
        and any(isinstance(child, GeoJsonDetail) for child in element._children.values())
    ]
    details = [child for element in shown for child in element._children.values() if isinstance(child, GeoJsonDetail)]
    before = [(element, {name: vars(element)[name] for name in _OURS if name in vars(element)}) for element in shown]
    names = [(detail, detail.aliases) for detail in details]
    for element in shown:
        _swap(element)
    for detail in details:
        detail.aliases = [escape_html(alias) for alias in detail.aliases]
    try:
        yield
    finally:
        for element, held in before:
            vars(element).update(held)
        for detail, aliases in names:
            detail.aliases = aliases


def _swap(element: Any) -> None:
    """Give a layer escaped data, and style functions that still see the feature as it was."""
    as_it_was = element.data["features"]
    escaped = [
        {**feature, "properties": {name: _escaped(value) for name, value in (feature["properties"] or {}).items()}}
        for feature in as_it_was
    ]
    known = {id(new): old for new, old in zip(escaped, as_it_was, strict=True)}
    element.data = {**element.data, "features": escaped}
    for name in _OURS[1:]:
        if getattr(element, name, None) is not None:
            setattr(element, name, _seeing(getattr(element, name), known))


def _seeing(function: Callable[[Any], Any], known: dict[int, Any]) -> Callable[[Any], Any]:
    """The same style function, asked about the feature as it was."""
    return lambda feature: function(known.get(id(feature), feature))


def _escaped(value: Any) -> Any:
    """Any JSON value with its texts escaped."""
    if isinstance(value, str):
        return escape_html(value)
    if isinstance(value, list | tuple):
        return [_escaped(each) for each in value]
    if isinstance(value, dict):
        return {escape_html(name): _escaped(each) for name, each in value.items()}
    return value
