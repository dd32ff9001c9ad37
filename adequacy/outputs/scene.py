"""What a map shows, before it is drawn: shapes, marks, names. One scene gives the folium map and its still picture.

Base maps are outlines of counties and ZIP areas from the shipped Census borders: no tile server learns which area is
looked at. Outlines are simplified for the eye; nothing is decided by them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from adequacy import reference
from adequacy.outputs.html import Html, join, tag

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "MARKS",
    "SHAPES",
    "Mark",
    "MarkKind",
    "Name",
    "Scene",
    "Shape",
    "ShapeKind",
    "base_map",
    "label_point",
    "legend",
    "zip_map",
]


@dataclass(frozen=True, slots=True)
class ShapeKind:
    """How an outline looks; ``page.css`` gives the same class its colours in the dark."""

    name: str
    stroke: str = "none"
    width: float = 0.0
    fill: str = "none"
    opacity: float = 0.0
    dash: str = ""


@dataclass(frozen=True, slots=True)
class MarkKind:
    """How a site looks: the shape tells as much as the colour."""

    name: str
    shape: str
    """disc, square, diamond, triangle, cross or star."""
    colour: str
    size: float
    """Half the width in pixels."""
    hollow: bool = False


#: From bottom to top.
SHAPES = {
    kind.name: kind
    for kind in (
        ShapeKind("county", "#a4afba", 1.1, "#ffffff", 1.0),
        ShapeKind("share-all", "#8fa3b8", 1.2, "#dcebf7", 1.0),
        ShapeKind("share-most", "#8fa3b8", 1.2, "#fdf0d0", 1.0),
        ShapeKind("share-many", "#8fa3b8", 1.2, "#fad3a3", 1.0),
        ShapeKind("share-half", "#8fa3b8", 1.2, "#f0a868", 1.0),
        ShapeKind("share-few", "#8fa3b8", 1.2, "#dc7a45", 1.0),
        ShapeKind("state", "#8d98a5", 1.6),
        ShapeKind("zip", "#c6ced6", 0.6),
        ShapeKind("cover", "#2f6fb5", 1.0, "#4a90d9", 0.13),
        ShapeKind("reach", "#1d3f66", 1.8, dash="7 5"),
        ShapeKind("road", "#0b6b57", 1.8, "#2b9a7f", 0.07, dash="10 3 2 3"),
        ShapeKind("area", "#54318c", 2.2, "#7d57c1", 0.20),
        ShapeKind("uncovered", "#a83208", 1.8, "#e8590c", 0.38, dash="2 3"),
    )
}
#: From top to bottom.
MARKS = {
    kind.name: kind
    for kind in (
        MarkKind("place", "star", "#54318c", 7.0),
        MarkKind("sole", "triangle", "#8a2a05", 6.5),
        MarkKind("counted", "disc", "#14599f", 5.5),
        MarkKind("part", "disc", "#14599f", 5.0, hollow=True),
        MarkKind("beyond", "diamond", "#0b6b57", 5.0),
        MarkKind("not_counted", "cross", "#a83f0b", 4.5),
    )
}
GROUND = "#eef1f4"
_CLOSE_DEG = 1.2
"""No county of the lower 48 states reaches farther from its centre of people, in degrees, where the plan works."""
_SIMPLER_DEG = 0.0015
"""About 500 feet: outlines for the eye."""
_COARSEST_DEG, _STEPS_ACROSS = 0.006, 1_500
"""ZIP outlines of a wide view are simplified to this part of its width, and never beyond this."""


@dataclass(frozen=True, slots=True)
class Shape:
    """An outline of one kind."""

    kind: str
    geometry: Any
    """A shapely polygon or multipolygon (of the kind ``zip`` lines), EPSG:4326."""
    id: str = ""
    """By which a page finds it again, such as a county code."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A site, or the consumer's point. ``lines`` are what the reader sees on pointing at it, the first one bold."""

    lon: float
    lat: float
    kind: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Name:
    """A word written on the map."""

    lon: float
    lat: float
    text: str
    id: str = ""
    is_small: bool = False
    """Written only where there is room, near enough: the number of a ZIP area."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything a map shows."""

    shapes: tuple[Shape, ...]
    marks: tuple[Mark, ...]
    names: tuple[Name, ...]
    bounds: tuple[float, float, float, float]
    """West, south, east, north in degrees: what is looked at first."""
    label: str
    """What the map is, for those who cannot see it."""
    legend: tuple[tuple[str, str], ...]
    """Kind and meaning, in the order of reading; kinds that do not occur are left out."""


def base_map(bounds: tuple[float, float, float, float]) -> tuple[list[Shape], list[Name]]:
    """Draw the counties that a rectangle touches, with their names.

    Parameters
    ----------
    bounds : tuple of float
        West, south, east, north in degrees.

    Returns
    -------
    shapes, names
    """
    import shapely

    window = shapely.box(*bounds)
    shapes, names = [], []
    for county in reference.counties():
        if county.lon is None or county.lat is None or not _close(county.lon, county.lat, bounds):
            continue
        border = reference.county_border(county.county_fips)
        if border is None:
            continue
        geometry = reference.to_shapely(border)
        if geometry.intersects(window):
            simple = shapely.simplify(geometry, _SIMPLER_DEG)
            shapes.append(Shape("county", simple, county.county_fips))
            names.append(Name(*label_point(simple), county.name, county.county_fips))
    return shapes, names


def label_point(shape: Any) -> tuple[float, float]:
    """Give the point of an outline (lon, lat) that has most room round it: there its name is written."""
    import shapely

    largest = max(shapely.get_parts(shape), key=shapely.area)
    lon, lat = shapely.get_coordinates(shapely.maximum_inscribed_circle(largest, 0.02))[0]
    return float(lon), float(lat)


def zip_map(counties: Sequence[str], around: Any, *, cut: bool = False) -> tuple[list[Shape], list[Name]]:
    """Draw the borders of the ZIP areas (ZCTAs) of some counties as thin lines, each once, with their numbers.

    Parameters
    ----------
    counties : sequence of str
        FIPS codes.
    around : shapely geometry
        Only areas that it touches are drawn.
    cut : bool
        Cut the lines off where it ends; else areas are drawn whole.

    Returns
    -------
    shapes, names
        At most one shape, of lines; areas without a shipped border are left out.
    """
    lines, numbers = _zip_lines(tuple(counties), around, cut)
    if lines.is_empty:
        return [], []
    return [Shape("zip", lines)], [Name(lon, lat, zcta, is_small=True) for zcta, lon, lat in numbers]


@lru_cache(maxsize=8)
def _zip_lines(counties: tuple[str, ...], around: Any, cut: bool) -> tuple[Any, list[tuple[str, float, float]]]:
    """The borders as merged lines, and each area's number with its internal point."""
    import shapely

    shapely.prepare(around)
    shapes, numbers = [], []
    for zcta in sorted({zcta for county in counties for zcta in reference.areas_in(county)}):
        area = reference.find_area(zcta)
        if area is None or area.rings is None:
            continue
        shape = shapely.make_valid(reference.to_shapely((area.rings, area.polygons)))
        if around.intersects(shape):
            shapes.append(shape)
            numbers.append((zcta, area.lon, area.lat))
    west, _, east, _ = around.bounds
    tolerance = min(max((east - west) / _STEPS_ACROSS, _SIMPLER_DEG), _COARSEST_DEG)
    # As a coverage: neighbours keep a common border, so that it is drawn once
    simple = shapely.coverage_simplify(shapes, tolerance)
    lines = shapely.line_merge(shapely.unary_union(shapely.boundary(simple)))
    return (shapely.intersection(lines, around) if cut else lines), numbers


def _close(lon: float, lat: float, bounds: tuple[float, float, float, float]) -> bool:
    west, south, east, north = bounds
    return west - _CLOSE_DEG < lon < east + _CLOSE_DEG and south - _CLOSE_DEG < lat < north + _CLOSE_DEG


def legend(scene: Scene, *, everything: bool = False) -> Html:
    """Explain the marks and outlines that occur (or all), each beside the very shape it has on the map."""
    seen = {mark.kind for mark in scene.marks} | {shape.kind for shape in scene.shapes}
    if everything:
        seen = {kind for kind, _ in scene.legend}
    items = [tag("li", _swatch(kind), tag("span", words)) for kind, words in dict(scene.legend).items() if kind in seen]
    return tag("ul", *items, class_="legend")


def _swatch(kind: str) -> Html:
    inside = _outline_swatch(kind) if kind in SHAPES else _mark_swatch(MARKS[kind])
    return tag("svg", inside, viewBox="-12 -9 24 18", width="28", height="21", aria_hidden="true", focusable="false")


def _outline_swatch(kind: str) -> Html:
    look = SHAPES[kind]
    return tag(
        "rect",
        x="-10",
        y="-6.5",
        width="20",
        height="13",
        rx="3",
        class_=f"shape-{kind}",
        fill=look.fill,
        fill_opacity=str(look.opacity),
        stroke=look.stroke,
        stroke_width="1.6",
        stroke_dasharray=look.dash or None,
    )


def _mark_swatch(kind: MarkKind) -> Html:
    look = f"mark-{kind.name}" + (" hollow" if kind.hollow else "") + (" stroke" if kind.shape == "cross" else "")
    line = kind.hollow or kind.shape == "cross"
    paint = {"fill": "none" if line else kind.colour, "stroke": kind.colour if line else "none", "stroke_width": "2.2"}
    if kind.shape == "disc":
        return tag("circle", r="5.5", class_=look, **paint)
    return tag("path", d=_PATHS[kind.shape], class_=look, **paint)


_PATHS = {
    "diamond": "M0-7 7 0 0 7-7 0z",
    "cross": "M-4.5-4.5 4.5 4.5M4.5-4.5-4.5 4.5",
    "star": "M0-8 2-2.6 7.6-2.5 3.2 1 4.7 6.5 0 3.3-4.7 6.5-3.2 1-7.6-2.5-2-2.6z",
    "triangle": "M0-6.5 6.5 5.5-6.5 5.5z",
    "square": "M-5.5-5.5H5.5V5.5H-5.5z",
}


def texts(parts: Sequence[str | None]) -> tuple[str, ...]:
    """The parts that are there."""
    return tuple(part for part in parts if part)


def note(*parts: str | None) -> Html:
    """A quiet paragraph."""
    return tag("p", join(parts), class_="note")
