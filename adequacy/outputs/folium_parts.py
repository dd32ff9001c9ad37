"""Any folium map as parts of a self-contained page: nothing loaded, nothing executed that was data.

folium renders its own output a second time as a template, so that ``{{...}}`` in a name, shown or not, would run as
Python on the computer that writes the map. Here the second pass is taken out: what the first pass wrote is taken word
for word. Libraries that folium would load from outside are inlined (Leaflet) or replaced by the few lines really used.
"""

from __future__ import annotations

import json
import re
import threading
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from adequacy.errors import UsageError
from adequacy.outputs.folium_legends import legends_out
from adequacy.outputs.folium_texts import texts_escaped
from adequacy.outputs.html import MapParts, asset, asset_bytes, data_uri, tag

if TYPE_CHECKING:
    from collections.abc import Iterator

    import folium

__all__ = ["map_parts"]

_SCRIPT = re.compile(r"<script\b([^>]*)>(.*?)</script\s*>", re.DOTALL | re.IGNORECASE)
_STYLE = re.compile(r"<style\b[^>]*>(.*?)</style\s*>", re.DOTALL | re.IGNORECASE)
_WHOLE_PAGE = re.compile(r"\s*(html\s*,\s*body|#map)\s*\{")
_HELD = re.compile(r"url\(images/([a-z0-9-]+\.png)\)")
_LOADED = re.compile(r"""<script\b[^>]*\bsrc\s*=\s*["']?([^"'>\s]+)""", re.IGNORECASE)
# The libraries of a plain folium map: carried (leaflet), covered by folium.js, or only for a legend that we draw.
_KNOWN = re.compile(
    r"(leaflet|jquery-[0-9.]+(\.slim)?\.min|jquery-ui|bootstrap\.bundle\.min|leaflet\.awesome-markers)\.js$"
)
_OLD_BROWSERS = re.compile(r"behavior:\s*url\(#default#VML\);")
_RENDERING = threading.Lock()


def map_parts(drawn: folium.Map, *, tiles: bool = False) -> MapParts:
    """Render a folium map without its second template pass and without anything from outside.

    Parameters
    ----------
    drawn : folium.Map
        Any map, also one that ``GeoDataFrame.explore`` gave. It is left as it was.
    tiles : bool
        Keep tile layers. They tell a tile server which area is looked at, so they go unless asked for.

    Returns
    -------
    MapParts
        For ``html.page_html``.

    Raises
    ------
    UsageError
        The map needs a script that we do not carry, or a category of its legend holds template code.
    """
    root: Any = drawn.get_root()
    elements = list(_every(drawn))
    with (
        _RENDERING,
        _tiles_out(drawn, tiles),
        _as_before(root),
        _second_pass_out(),
        legends_out(root, elements) as legends,
        texts_escaped(elements),
    ):
        for child in root._children.values():
            child.render()
        links = [each.url for each in root.header._children.values() if hasattr(each, "url")]
        header = "\n".join(each.render() for each in root.header._children.values() if not hasattr(each, "url"))
        html = "\n".join(each.render() for each in root.html._children.values())
        script = "\n".join(each.render() for each in root.script._children.values())
        names = {element._id: str(at) for at, element in enumerate(_every(root), 1)}
    _require_carried([*links, *_LOADED.findall(header + html)])
    html += tag("div", *legends, class_="scales") if legends else ""
    early, styles, html = _sort_out(header, html)
    texts = [_renamed(text, names) for text in (html, *styles, *early, script)]
    html, styles, early, script = texts[0], texts[1 : 1 + len(styles)], texts[1 + len(styles) : -1], texts[-1]
    return MapParts(html, (_leaflet_css(), *styles), (*early, asset("leaflet.js"), *_helpers(script), script), tiles)


def _every(element: Any) -> Iterator[Any]:
    """An element and all below it, in order."""
    yield element
    for child in element._children.values():
        yield from _every(child)


def _renamed(text: str, names: dict[str, str]) -> str:
    """Random ids become ordinals: the same map gives the same bytes."""
    return re.sub(r"[0-9a-f]{32}", lambda found: names.get(found[0], found[0]), text)


@contextmanager
def _tiles_out(drawn: folium.Map, tiles: bool) -> Iterator[None]:
    """Take the tile layers off while rendering."""
    from folium.raster_layers import TileLayer

    taken = [
        (parent, list(parent._children.items()))
        for parent in _every(drawn)
        if not tiles and any(isinstance(child, TileLayer) for child in parent._children.values())
    ]
    for parent, children in taken:
        parent._children.clear()
        parent._children.update((name, child) for name, child in children if not isinstance(child, TileLayer))
    try:
        yield
    finally:
        for parent, children in taken:
            parent._children.clear()
            parent._children.update(children)


@contextmanager
def _as_before(root: Any) -> Iterator[None]:
    """Forget what an earlier rendering left in the figure, and leave it as it was afterwards."""
    places = (root.header, root.html, root.script)
    before = [list(place._children.items()) for place in places]
    written = {element.get_name() for element in _every(root)}
    for place, children in zip(places, before, strict=True):
        place._children.clear()
        place._children.update((name, child) for name, child in children if name not in written)
    root.script._children.clear()
    try:
        yield
    finally:
        for place, children in zip(places, before, strict=True):
            place._children.clear()
            place._children.update(children)


class _Verbatim:
    """Stands where a template would: gives the text back as it is."""

    module = None

    def __init__(self, text: str) -> None:
        self.text = text

    def render(self, *_: object, **__: object) -> str:
        return self.text


@contextmanager
def _second_pass_out() -> Iterator[None]:
    """While this thread renders, what folium wrote is not compiled as a template again."""
    import branca.element

    module: Any = branca.element
    compiled, mine = module.Template, threading.get_ident()

    def _template(text: str) -> Any:
        return _Verbatim(text) if threading.get_ident() == mine else compiled(text)

    module.Template = _template
    try:
        yield
    finally:
        module.Template = compiled


def _require_carried(links: list[str]) -> None:
    for link in links:
        name = PurePosixPath(urlsplit(link).path).name
        if name.endswith(".js") and not _KNOWN.match(name):
            raise UsageError(
                f"This map needs the script {name}, which reports do not carry: use a folium map without that plugin."
            )


def _sort_out(header: str, html: str) -> tuple[list[str], list[str], str]:
    """Scripts, styles and elements of what folium put into head and body."""
    scripts = [found[2] for found in _SCRIPT.finditer(header + html) if "src" not in found[1]]
    styles = [found[1] for found in _STYLE.finditer(header + html) if not _WHOLE_PAGE.match(found[1])]
    return scripts, styles, _STYLE.sub("", _SCRIPT.sub("", html)).strip()


def _helpers(script: str) -> Iterator[str]:
    """Our additions to folium, each only where the map uses it."""
    if "L.marker(" in script:
        pins = {
            key: data_uri(asset_bytes(name), "image/png")
            for key, name in (
                ("iconUrl", "marker-icon.png"),
                ("iconRetinaUrl", "marker-icon-2x.png"),
                ("shadowUrl", "marker-shadow.png"),
            )
        }
        yield f"window.ADEQUACY_PINS = {json.dumps(pins)};"
    yield asset("folium.js")
    if "L.AdequacySites(" in script:
        yield asset("sites.js")


def _leaflet_css() -> str:
    """Leaflet's style with its pictures inside."""
    held = _HELD.sub(lambda name: f"url({data_uri(asset_bytes(name[1]), 'image/png')})", asset("leaflet.css"))
    return _OLD_BROWSERS.sub("", held)
