"""A scene as a folium map: outlines by folium, sites by the packed canvas layer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from adequacy.outputs.escape import escape_html, escape_page
from adequacy.outputs.folium_parts import map_parts
from adequacy.outputs.html import Html, Page, page_html, tag, write_html
from adequacy.outputs.scene import MARKS, SHAPES, Scene, Shape, legend
from adequacy.outputs.sites_layer import add_sites, pack_marks

if TYPE_CHECKING:
    import folium

__all__ = ["scene_map"]

_FRAME = (
    '<iframe srcdoc="{page}" title="{title}" style="width:100%;height:600px;border:1px solid #c3cad2;'
    'border-radius:8px" sandbox="allow-scripts"></iframe>'
)
_DECIMALS = 5
"""Of a degree: about 3 feet."""


def scene_map(scene: Scene, *, tiles: str | None = None) -> folium.Map:
    """Draw a scene with folium.

    Parameters
    ----------
    scene : Scene
        What to show.
    tiles : str, optional
        A tile provider, as ``folium.Map`` takes it. It learns which area is looked at, so there is none by default.

    Returns
    -------
    folium.Map
        Its ``save`` writes one self-contained file, and a notebook shows the same: both work with the network off.
    """
    import folium

    west, south, east, north = scene.bounds
    drawn = _map_class()(
        location=[(south + north) / 2, (west + east) / 2],
        tiles=tiles,
        control_scale=True,
        zoom_snap=0.25,
        zoom_delta=1,
        scroll_wheel_zoom=False,
        min_zoom=4,
        max_zoom=16,
    )
    drawn.scene = scene
    for kind in SHAPES.values():
        shapes = [shape for shape in scene.shapes if shape.kind == kind.name and kind.name != "zip"]
        if shapes:
            _outlines(kind, shapes).add_to(drawn)
    borders = next((shape.geometry for shape in scene.shapes if shape.kind == "zip"), None)
    add_sites(drawn, pack_marks(scene.marks, list(MARKS.values()), scene.names, borders))
    folium.FitBounds([[south, west], [north, east]], padding=(6, 6)).add_to(drawn)
    return cast("folium.Map", drawn)


def _outlines(kind: Any, shapes: list[Shape]) -> Any:
    """All outlines of a kind as one layer; its class lets the page give it other colours in the dark."""
    import folium
    import shapely
    from shapely.geometry import mapping

    style = {
        "className": f"shape-{kind.name}",
        "color": kind.stroke,
        "weight": kind.width,
        "fill": kind.fill != "none",
        "fillColor": kind.fill,
        "fillOpacity": kind.opacity,
        "dashArray": kind.dash,
        "stroke": kind.stroke != "none",
    }
    features = [
        {
            "type": "Feature",
            "id": shape.id or f"{kind.name}-{at}",
            "properties": {},
            "geometry": mapping(shapely.transform(shape.geometry, lambda xy: xy.round(_DECIMALS))),
        }
        for at, shape in enumerate(shapes)
    ]
    return folium.GeoJson(
        {"type": "FeatureCollection", "features": features},
        style_function=lambda _: style,
        control=False,
        interactive=False,
        smooth_factor=0.5,
    )


def _map_class() -> Any:
    """``folium.Map`` whose ``save`` and notebook view are our self-contained page (made here: folium loads late)."""
    import folium

    class ReportMap(folium.Map):
        """A folium map that carries its scene, and is saved and shown without anything from outside."""

        scene: Scene

        def page(self) -> str:
            """Give the map alone as a page."""
            parts = map_parts(self)
            body = tag(
                "main",
                tag("h1", self.scene.label, class_="map-title"),
                tag("div", Html(parts.html), class_="map-live", data_map_label=self.scene.label),
                legend(self.scene),
            )
            return page_html(Page(self.scene.label, body, "case", parts))

        def save(self, outfile: Any, *_: Any, **__: Any) -> None:
            """Write one self-contained HTML file."""
            if hasattr(outfile, "write"):
                outfile.write(self.page().encode("utf-8"))
            else:
                write_html(self.page(), Path(outfile))

        def _repr_html_(self, **_: Any) -> str:
            return _FRAME.format(page=escape_page(self.page()), title=escape_html(self.scene.label))

    ReportMap.__name__ = "Map"
    return ReportMap
