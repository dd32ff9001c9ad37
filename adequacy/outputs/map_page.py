"""Any folium map as one self-contained page, also one that ``GeoDataFrame.explore`` gave."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from adequacy.outputs.folium_parts import map_parts
from adequacy.outputs.html import Html, Page, page_html, tag, write_html

if TYPE_CHECKING:
    import folium

__all__ = ["map_page", "write_map"]


def map_page(drawn: folium.Map, title: str, *, tiles: bool = False) -> str:
    """Give a folium map as a page that loads nothing and runs nothing but what it carries.

    Parameters
    ----------
    drawn : folium.Map
        Any map; it is left as it was.
    title : str
        What the map shows, for those who cannot see it. Never a consumer's place: titles end up in histories.
    tiles : bool
        Keep tile layers. They tell a tile server which area is looked at, so they go unless asked for.

    Returns
    -------
    str
        HTML.

    Raises
    ------
    UsageError
        The map needs a script that we do not carry, or its legend holds template code.

    Examples
    --------
    >>> import folium
    >>> "<h1" in map_page(folium.Map([35.4, -78.8]), "Counties")
    True
    """
    parts = map_parts(drawn, tiles=tiles)
    body = tag(
        "main",
        tag("h1", title, class_="map-title"),
        tag("p", "This map is drawn by a script, which is switched off here.", class_="map-picture map-title"),
        tag("div", Html(parts.html), class_="map-live", data_map_label=title),
    )
    return page_html(Page(title, body, "case", parts))


def write_map(drawn: folium.Map, path: str | Path, title: str, *, tiles: bool = False) -> None:
    """Write a folium map as one self-contained file; parameters as in ``map_page``.

    Parameters
    ----------
    path : path
        The HTML file.

    Raises
    ------
    UsageError
        As ``map_page``; or the file's ending is that of another kind.
    OutputError
        The file cannot be written.
    """
    write_html(map_page(drawn, title, tiles=tiles), Path(path))
