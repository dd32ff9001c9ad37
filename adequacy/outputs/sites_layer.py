"""The one thing folium cannot do well: many sites. A packed canvas layer, added to a folium map as our own element."""

from __future__ import annotations

import base64
import json
import zlib
from array import array
from typing import TYPE_CHECKING, Any

from adequacy.outputs.escape import escape_plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    import folium

    from adequacy.outputs.scene import Mark, MarkKind, Name

__all__ = ["HIDDEN", "add_sites", "pack_marks"]

HIDDEN = 255
"""The kind of a site that is there but not drawn, until the page's switch asks for it."""

_TEMPLATE = """
{% macro script(this, kwargs) %}
var {{ this.get_name() }} = new L.AdequacySites({{ this.data }}).addTo({{ this._parent.get_name() }});
{% endmacro %}
"""


def pack_marks(
    marks: Sequence[Mark], kinds: Sequence[MarkKind], names: Sequence[Name], borders: Any = None
) -> dict[str, Any]:
    """Pack sites for the canvas layer: millionths of a degree as int32, texts deflated; no text stays readable markup.

    Parameters
    ----------
    marks : sequence of Mark
        Sites.
    kinds : sequence of MarkKind
        How each kind is drawn; the first lies on top.
    names : sequence of Name
        Words written on the map, such as counties; small ones are written from a nearer view on.
    borders : shapely lines, optional
        Thin lines under all else, such as the borders of ZIP areas; packed to about 36 feet.

    Returns
    -------
    dict
        JSON for ``L.AdequacySites``.
    """
    order = {kind.name: at for at, kind in enumerate(kinds)}
    lon = array("i", (round(mark.lon * 1e6) for mark in marks))
    lat = array("i", (round(mark.lat * 1e6) for mark in marks))
    return {
        "lon": _base64(_little(lon)),
        "lat": _base64(_little(lat)),
        "kind": _base64(bytes(order.get(mark.kind, HIDDEN) for mark in marks)),
        "lines": _zipped([[escape_plain(line) for line in mark.lines] for mark in marks]),
        "places": _zipped([_written(name) for name in names if not name.is_small]),
        "small": _zipped([_written(name) for name in names if name.is_small]),
        "borders": _zipped(_steps(borders)),
        "kinds": [
            {"name": f"mark-{kind.name}", "shape": kind.shape, "colour": kind.colour, "size": kind.size}
            | ({"hollow": True} if kind.hollow else {})
            for kind in kinds
        ],
    }


def _written(name: Name) -> list[Any]:
    return [round(name.lon, 4), round(name.lat, 4), "\n".join(escape_plain(line) for line in name.text.split("\n"))]


def _steps(borders: Any) -> list[list[int]]:
    """Lines as their first point and the steps to the next ones, in units of the fourth decimal of a degree."""
    import numpy as np
    import shapely

    out = []
    for line in shapely.get_parts(borders) if borders is not None else ():
        points = np.round(shapely.get_coordinates(line) * 1e4).astype(int)
        steps = np.vstack([points[:1], np.diff(points, axis=0)])
        moved = (steps != 0).any(axis=1) | (np.arange(len(steps)) == 0)
        out.append(steps[moved].ravel().tolist())
    return out


def add_sites(drawn: folium.Map, data: dict[str, Any]) -> None:
    """Add packed sites to a folium map."""
    from branca.element import MacroElement
    from jinja2 import Template

    layer: Any = MacroElement()  # type: ignore[no-untyped-call]
    layer._name = "AdequacySites"
    layer._template = Template(_TEMPLATE)
    layer.data = json.dumps(data, separators=(", ", ": "))
    drawn.add_child(layer)


def _little(numbers: array[int]) -> bytes:
    """Little-endian bytes, as browsers read them."""
    import sys

    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


def _zipped(value: object) -> str:
    return _base64(zlib.compress(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(), 9))


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
