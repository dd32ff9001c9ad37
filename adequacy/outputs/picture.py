"""A scene as a still picture: what the reader sees without script, in print, in an e-mail, on a slide."""

from __future__ import annotations

import io
import math
import re
import textwrap
from typing import TYPE_CHECKING, Any

from adequacy.outputs.escape import escape_terminal
from adequacy.outputs.scene import GROUND, MARKS, SHAPES, Scene

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from adequacy.outputs.scene import Mark, MarkKind, Name

    _Box = tuple[float, float, float, float]

__all__ = ["page_picture", "scene_picture", "slide_picture"]

_WIDTH_IN, _TALL_IN, _TALL = 5.6, 4.4, 0.8
"""About as wide as a page prints it, so that names keep their size: a wide map, and one nearly as high as wide."""
_SLIDE_IN, _SLIDE_DPI, _SLIDE_COLUMNS = 6.4, 312, 82
_MARKERS = {"disc": "o", "square": "s", "diamond": "D", "triangle": "^", "cross": "x", "star": "*"}
_CROWD = 600
"""Sites in view from which on marks are drawn smaller, as on the interactive map."""
_COLOURS = 128
_FINEST = 1_500
"""Outlines are simplified to this part of the picture's width, about a third of a point."""
_SVG_PATH, _DECIMALS = re.compile(rb'(?<= d=")[^"]+'), re.compile(rb"(\.\d\d)\d+")
_SVG_TEXT = re.compile(rb'<text style="([^"]*)"(.*?)</text>', re.DOTALL)
_FILL, _FAMILY = re.compile(rb"fill: #[0-9a-f]+"), re.compile(rb"font-family: [^;]*")
_FONTS = b"font-family: 'DejaVu Sans', Verdana, 'Segoe UI', Arial, sans-serif"
_RASTER_ABOVE = 2_000
"""Sites from which on a page carries a bitmap: a vector for each would make the file heavy."""


def scene_picture(scene: Scene, media: str = "svg", *, dpi: int = 144, width_in: float | None = None) -> bytes:
    """Draw a scene with matplotlib.

    Parameters
    ----------
    scene : Scene
        What to show.
    media : {"svg", "png"}
        File format; both are the same bytes every time, and carry no date.
    dpi : int
        Pixels per inch of a PNG.
    width_in : float, optional
        Width in inches; as a page shows it if not given. The height follows from the bounds.

    Returns
    -------
    bytes
    """
    height = _height(scene)
    width_in = width_in or (_TALL_IN if height > _TALL else _WIDTH_IN)
    with _style():
        figure = _figure(width_in, width_in * height)
        figure.is_vector = media == "svg"
        _map(figure.add_axes((0.0, 0.0, 1.0, 1.0)), scene, width_in)
        return _bytes(figure, media, dpi)


def slide_picture(scene: Scene, title: str, notes: Sequence[str]) -> bytes:
    """Draw a scene for a slide: what it shows above it, the legend and the notes below it.

    Parameters
    ----------
    scene : Scene
        What to show.
    title : str
        The sentence above the map.
    notes : sequence of str
        Lines below the legend: what a reader of the slide alone must know.

    Returns
    -------
    bytes
        A PNG of 2,000 pixels' width, the same every time, without metadata.
    """
    head, foot = 0.24 + 0.19 * len(_wrapped(title)), 0.7 + 0.14 * len(notes)
    tall = _SLIDE_IN * _height(scene)
    whole = head + tall + foot
    with _style():
        figure = _figure(_SLIDE_IN, whole)
        _map(figure.add_axes((0.0, foot / whole, 1.0, tall / whole)), scene, _SLIDE_IN)
        words: dict[str, Any] = {"ha": "left", "va": "top", "parse_math": False}
        figure.text(0.025, 1 - 0.14 / whole, "\n".join(_wrapped(title)), fontsize=10, color="#1c2530", **words)
        figure.text(
            0.025,
            (0.08 + 0.14 * len(notes)) / whole,
            "\n".join(map(escape_terminal, notes)),
            fontsize=6.8,
            color="#56616d",
            **words,
        )
        figure.legend(
            handles=_keys(scene), loc="upper left", bbox_to_anchor=(0.01, (foot - 0.06) / whole), ncols=3,
            frameon=False, fontsize=6.5, labelcolor="#1c2530", handlelength=1.5, columnspacing=1.2,
        )  # fmt: skip
        return _bytes(figure, "png", _SLIDE_DPI)


def _wrapped(title: str) -> list[str]:
    return textwrap.wrap(escape_terminal(title), _SLIDE_COLUMNS)


def _keys(scene: Scene) -> list[Any]:
    """Legend of the shapes and marks that a picture shows, as matplotlib draws them."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    marks = {mark.kind for mark in scene.marks}
    keys: list[Any] = []
    for kind, words in scene.legend:
        if kind.startswith("share-"):
            keys.append(Patch(facecolor=SHAPES[kind].fill, edgecolor=SHAPES[kind].stroke, label=words))
        elif kind in marks:
            look = MARKS[kind]
            keys.append(
                Line2D([], [], ls="", marker=_MARKERS[look.shape], color=look.colour, markersize=look.size, label=words)
            )
    return keys


def _height(scene: Scene) -> float:
    """Height of a map for a width of one."""
    west, south, east, north = scene.bounds
    return min(max((north - south) / ((east - west) * _shrink(scene)), 0.45), 1.15)


def _shrink(scene: Scene) -> float:
    """How much shorter a degree of longitude is than one of latitude there."""
    return math.cos(math.radians((scene.bounds[1] + scene.bounds[3]) / 2))


def _style() -> Any:
    import matplotlib as mpl

    return mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "adequacy", "font.family": "DejaVu Sans"})


def _figure(width_in: float, height_in: float) -> Any:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure: Any = Figure(figsize=(width_in, height_in), facecolor=GROUND)
    FigureCanvasAgg(figure)
    figure.is_vector = False
    return figure


def _map(axes: Axes, scene: Scene, width_in: float) -> None:
    """Draw the map itself."""
    west, south, east, north = scene.bounds
    axes.set_axis_off()
    axes.set_aspect(1 / _shrink(scene))
    axes.set_xlim(west, east)
    axes.set_ylim(south, north)
    axes.set_autoscale_on(False)
    _shapes(axes, scene)
    _names(axes, scene, width_in)
    _marks(axes, scene)
    _scale(axes, scene, _shrink(scene))


def page_picture(scene: Scene) -> tuple[bytes, str]:
    """Draw a scene for a page: vectors that stay sharp in print, or a bitmap where there are very many sites.

    Returns
    -------
    image, media type
    """
    if len(scene.marks) > _RASTER_ABOVE:
        return scene_picture(scene, "png"), "image/png"
    return scene_picture(scene), "image/svg+xml"


def _bytes(figure: Figure, media: str, dpi: int) -> bytes:
    out = io.BytesIO()
    metadata: dict[str, Any] = {"Date": None, "Creator": None} if media == "svg" else {"Software": None}
    figure.savefig(out, format=media, dpi=dpi, metadata=metadata, facecolor=GROUND)
    if media == "svg":
        return _SVG_TEXT.sub(_rimmed, _SVG_PATH.sub(_shorter, out.getvalue()))
    return _fewer_colours(out)


def _rimmed(text: re.Match[bytes]) -> bytes:
    """A word twice: white and broad, then itself on top; in any plain font, since a picture carries none."""
    style = _FAMILY.sub(_FONTS, text[1])
    rim = _FILL.sub(b"fill: #fff", style) + b"; stroke: #fff; stroke-width: 2; stroke-linejoin: round"
    return b"".join(b'<text style="%s"%s</text>' % (look, text[2]) for look in (rim, style))


def _shorter(path: re.Match[bytes]) -> bytes:
    """A hundredth of a point is finer than any print: fewer decimals make the file half as large."""
    return _DECIMALS.sub(rb"\1", path[0])


def _fewer_colours(png: io.BytesIO) -> bytes:
    """A map has few colours: a palette makes the file a third as large."""
    from PIL import Image

    out = io.BytesIO()
    with Image.open(png) as image:
        image.convert("RGB").quantize(_COLOURS, Image.Quantize.MAXCOVERAGE).save(out, "PNG", optimize=True)
    return out.getvalue()


def _shapes(axes: Axes, scene: Scene) -> None:
    import shapely
    from matplotlib.colors import to_rgba
    from matplotlib.patches import PathPatch

    window = shapely.box(*scene.bounds)
    finer = (scene.bounds[2] - scene.bounds[0]) / _FINEST
    for level, kind in enumerate(SHAPES.values(), 1):
        for shape in scene.shapes:
            if shape.kind != kind.name or not shape.geometry.intersects(window):
                continue
            patch = PathPatch(
                _path(shapely.simplify(shape.geometry, finer)),
                facecolor=to_rgba(kind.fill, kind.opacity) if kind.fill != "none" else "none",
                edgecolor=kind.stroke,
                linewidth=kind.width * 0.75,
                linestyle=(0, tuple(int(part) for part in kind.dash.split())) if kind.dash else "solid",
                zorder=level,
            )
            axes.add_patch(patch)


def _path(geometry: Any) -> Any:
    """A polygon with its holes, several, or lines, as one compound path."""
    import shapely
    from matplotlib.path import Path

    parts = shapely.get_parts(geometry)
    if geometry.area == 0:
        return Path.make_compound_path(*(Path(shapely.get_coordinates(line)) for line in parts))
    rings = shapely.get_rings(parts)
    return Path.make_compound_path(*(Path(shapely.get_coordinates(ring), closed=True) for ring in rings))


def _names(axes: Axes, scene: Scene, width_in: float) -> None:
    """Names where there is room: whole, not over another, and where possible not over a mark."""
    halo = _halo(axes, 2)
    taken: list[tuple[float, float, float, float]] = []
    marks = [mark for mark in scene.marks if mark.kind in MARKS and _inside(mark, scene)]
    for name in scene.names:
        at = None if name.is_small else _room(name, scene, width_in, taken, marks if len(marks) <= _CROWD else [])
        if at is None:
            continue
        taken.append(at)
        lines = name.text.split("\n")
        size, colour = (7.5, "#1c2530") if len(lines) > 1 else (7.0, "#5c6773")
        for row, line in enumerate(lines):
            lat = at[1] + at[3] * ((len(lines) - 1) / 2 - row) * 2 / len(lines)
            axes.text(
                at[0], lat, line, fontsize=size, color=colour, ha="center", va="center", zorder=20, path_effects=halo,
                clip_on=True, parse_math=False,
            )  # fmt: skip


def _halo(axes: Axes, width: float) -> list[Any]:
    """A white rim round words. Vectors get it as text (``_rimmed``): as outlines each name would take 10 kB."""
    from matplotlib.patheffects import withStroke

    figure: Any = axes.figure
    return [] if figure.is_vector else [withStroke(linewidth=width, foreground="white")]


def _room(name: Name, scene: Scene, width_in: float, taken: list[_Box], marks: list[Mark]) -> _Box | None:
    """Where a name goes: middle and half size in degrees; None where it has no room."""
    west, south, east, north = scene.bounds
    point = (east - west) / (width_in * 72)  # a typographic point, in degrees of longitude
    lines = name.text.split("\n")
    wide = 2.3 * point * max(map(len, lines))
    high = 4.8 * point * len(lines) * math.cos(math.radians((south + north) / 2))
    if not (west + wide < name.lon < east - wide and south + high < name.lat < north - high):
        return None
    best: tuple[int, _Box] | None = None
    for step in (0, -1.1, 1.1, -2.2, 2.2):
        lat = name.lat + step * high
        if any(abs(name.lon - x) < wide + w and abs(lat - y) < high + h for x, y, w, h in taken):
            continue
        under = sum(abs(mark.lon - name.lon) < wide * 1.1 and abs(mark.lat - lat) < high * 1.2 for mark in marks)
        if best is None or under < best[0]:
            best = under, (name.lon, lat, wide, high)
        if not under:
            break
    return None if best is None else best[1]


def _marks(axes: Axes, scene: Scene) -> None:
    seen = sum(mark.kind in MARKS and _inside(mark, scene) for mark in scene.marks)
    scale = min(1.0, max(0.3, (_CROWD / max(seen, 1)) ** 0.3))
    for level, kind in enumerate(reversed(MARKS.values())):
        here = [(mark.lon, mark.lat) for mark in scene.marks if mark.kind == kind.name and _inside(mark, scene)]
        if not here:
            continue
        line = kind.shape == "cross"
        look: dict[str, Any] = {"color": kind.colour} if line else _face(kind)
        axes.scatter(
            [lon for lon, _ in here],
            [lat for _, lat in here],
            marker=_MARKERS[kind.shape],
            s=(kind.size * (2.2 if kind.shape == "star" else 1.1) * scale) ** 2,
            linewidths=(1.4 if line or kind.hollow else 0.7) * scale,
            zorder=30 + level,
            **look,
        )


def _face(kind: MarkKind) -> dict[str, str]:
    """Filled with a white rim, or hollow."""
    if kind.hollow:
        return {"facecolors": "white", "edgecolors": kind.colour}
    return {"facecolors": kind.colour, "edgecolors": "white"}


def _inside(mark: Mark, scene: Scene) -> bool:
    """Whether the whole mark has room: half a cross at the rim looks like a mistake."""
    west, south, east, north = scene.bounds
    wide, high = (east - west) * 0.012, (north - south) * 0.012
    return west + wide < mark.lon < east - wide and south + high < mark.lat < north - high


def _scale(axes: Axes, scene: Scene, shrink: float) -> None:
    """A bar of a round number of miles in the lower left corner."""
    west, south, east, north = scene.bounds
    mile_deg = 1 / (69.17 * shrink)
    miles = next((n for n in (50, 25, 20, 10, 5, 2, 1) if n * mile_deg < (east - west) * 0.25), 1)
    left, low = west + (east - west) * 0.02, south + (north - south) * 0.025
    ends = [left, left + miles * mile_deg]
    axes.plot(ends, [low, low], color="#ffffff", lw=4, zorder=40)
    axes.plot(ends, [low, low], color="#333c46", lw=2, zorder=40)
    axes.text(
        left, low + (north - south) * 0.012, f"{miles} miles", fontsize=7.5, color="#333c46", zorder=40,
        path_effects=_halo(axes, 2),
    )  # fmt: skip
