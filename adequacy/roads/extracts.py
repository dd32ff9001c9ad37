"""Read the drivable ways of an OpenStreetMap extract: ``.osm``, ``.osm.bz2``, ``.osm.gz`` or ``.osm.pbf``.

The tag rules are those of OSMnx's *drive* networks (which ways a car may use, what one-way means, how a posted speed
is written), held equal to OSMnx by a test, so that a whole state can be streamed where OSMnx would need it in memory.
Stricter than OSMnx in one thing: a way that is closed to the public (``access`` no, military, permit...) is no street.
"""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from adequacy.distance import MILE_M
from adequacy.errors import InputError, MissingExtra

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["E7", "Extract", "is_open_to_cars", "one_way", "posted_kph", "read_extract"]

#: OpenStreetMap's own unit: coordinates are whole ten-millionths of a degree.
E7 = 10_000_000
_BLOCK_BYTES = 1 << 20
_DATE_LENGTH = len("2026-11-01")
#: What a way without a date carries.
_EPOCH = "1970-01-01"

_CLOSED = frozenset({"private", "no", "military", "permit", "agricultural", "forestry", "delivery"})
_OPEN = frozenset({"yes", "permissive", "designated", "destination"})
_NOT_STREETS = ("alley", "driveway", "emergency_access", "parking", "private")
_ONE_WAY = frozenset({"yes", "true", "1", "-1", "reverse", "T", "F"})
_BACKWARD = frozenset({"-1", "reverse", "T"})
_SPEED = re.compile(r"^([0-9][.,0-9]*?)(?: ?(?:km/h|kmh|kph|mph|knots))?$")


class _Tags(Protocol):
    """What tags can do: a dictionary's or pyosmium's ``get``."""

    def get(self, key: str, default: str, /) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Extract:
    """The drivable ways of an extract, as arrays.

    Parameters
    ----------
    refs : ndarray of int64
        Node ids of all ways, one way after the other.
    start : ndarray of int64, shape (ways + 1,)
        Where each way begins in ``refs``.
    road_class : list of str
        The ``highway`` tag of each way.
    kph : ndarray of float64
        Posted speed in kilometres per hour; NaN where none is posted.
    one_way : ndarray of int8
        0 both ways, 1 in the order of the nodes, -1 against it.
    node_id : ndarray of int64, sorted
    lon_e7, lat_e7 : ndarray of int32
        Coordinates of the nodes in ten-millionths of a degree, WGS 84.
    date : str
        Day of the data as the file states it, else of its newest way; empty where neither is there.
    """

    refs: NDArray[np.int64]
    start: NDArray[np.int64]
    road_class: list[str]
    kph: NDArray[np.float64]
    one_way: NDArray[np.int8]
    node_id: NDArray[np.int64]
    lon_e7: NDArray[np.int32]
    lat_e7: NDArray[np.int32]
    date: str


def is_open_to_cars(tags: _Tags) -> bool:
    """Tell whether a way of a drivable class may be driven by the public.

    Examples
    --------
    >>> is_open_to_cars({"highway": "residential"}), is_open_to_cars({"highway": "residential", "access": "private"})
    (True, False)
    """
    cars = tags.get("motorcar", "") or tags.get("motor_vehicle", "") or ""
    if "no" in (tags.get("motor_vehicle", "") or "") or "no" in (tags.get("motorcar", "") or ""):
        return False
    access = tags.get("access", "") or ""
    if "private" in access or (access in _CLOSED and cars not in _OPEN):
        return False
    service = tags.get("service", "") or ""
    return "yes" not in (tags.get("area", "") or "") and not any(word in service for word in _NOT_STREETS)


def one_way(tags: _Tags) -> int:
    """Say in which direction a way may be driven: 0 both, 1 in the order of its nodes, -1 against it."""
    word = tags.get("oneway", "") or ""
    if word in _ONE_WAY:
        return -1 if word in _BACKWARD else 1
    return 1 if tags.get("junction", "") == "roundabout" else 0


def posted_kph(maxspeed: str | None) -> float:
    """Read a ``maxspeed`` tag, in kilometres per hour; NaN where it is no number.

    Values per lane (``45 mph|55 mph``) are averaged; a number without a unit is kilometres per hour.

    Examples
    --------
    >>> round(posted_kph("35 mph"), 3), posted_kph("50"), posted_kph("signals")
    (56.327, 50.0, nan)
    """
    if not maxspeed:
        return float("nan")
    unit = MILE_M / 1000 if "mph" in maxspeed.lower() else 1.0
    total = 0.0
    values = maxspeed.split("|")
    for value in values:
        found = _SPEED.match(value)
        try:
            total += float(found.group(1).replace(",", ".")) * unit if found else float("nan")
        except ValueError:
            return float("nan")
    kph = total / len(values)
    return kph if kph > 0 else float("nan")


def read_extract(path: Path, classes: Iterable[str]) -> Extract:
    """Read the drivable ways of an extract and the nodes they need.

    Parameters
    ----------
    path : Path
        ``.osm``, ``.osm.bz2``, ``.osm.gz`` (read once, streaming) or ``.osm.pbf`` (two streaming passes by pyosmium,
        extra ``drive``: a whole state needs memory only for its streets).
    classes : iterable of str
        The ``highway`` values that are streets.

    Raises
    ------
    InputError
        The file is missing, empty, cut off, not what its name says, or holds no drivable way.
    MissingExtra
        A ``.pbf`` without pyosmium installed.
    """
    if not path.is_file():
        raise InputError(f"{path.name}: no such file. Give a street extract: .osm, .osm.bz2, .osm.pbf or .graphml.")
    if path.stat().st_size == 0:
        raise InputError(f"{path.name}: the file is empty. Download the extract again.")
    streets = frozenset(classes)
    extract = _read_pbf(path, streets) if path.suffix == ".pbf" else _read_xml(path, streets)
    if not extract.road_class:
        raise InputError(
            f"{path.name}: no drivable way in it. Give an extract with streets (highway tags), not a filtered one."
        )
    return extract


class _WayList:
    """Ways as they are read, in compact arrays."""

    def __init__(self, classes: frozenset[str]) -> None:
        self.classes = classes
        self.refs = array("q")
        self.start = array("q", [0])
        self.road_class: list[str] = []
        self.kph = array("d")
        self.one_way = array("b")
        self.date = ""

    def add(self, tags: _Tags, refs: Iterable[int], day: str) -> None:
        """Take a way if it is a street open to cars."""
        road_class = tags.get("highway", "")
        if road_class not in self.classes or not is_open_to_cars(tags):
            return
        self.refs.extend(refs)
        self.start.append(len(self.refs))
        self.road_class.append(str(road_class))
        self.kph.append(posted_kph(tags.get("maxspeed", "")))
        self.one_way.append(one_way(tags))
        if day > _EPOCH:
            self.date = max(self.date, day)

    def extract(self, ids: array[int], lon_e7: array[int], lat_e7: array[int], date: str) -> Extract:
        """Join the ways with the nodes they use; a node given twice counts once."""
        import numpy as np

        node_id, first = np.unique(np.frombuffer(ids, dtype=np.int64), return_index=True)
        return Extract(
            refs=np.frombuffer(self.refs, dtype=np.int64),
            start=np.frombuffer(self.start, dtype=np.int64),
            road_class=self.road_class,
            kph=np.frombuffer(self.kph, dtype=np.float64),
            one_way=np.frombuffer(self.one_way, dtype=np.int8),
            node_id=node_id,
            lon_e7=np.frombuffer(lon_e7, dtype=np.int32)[first],
            lat_e7=np.frombuffer(lat_e7, dtype=np.int32)[first],
            date=date or self.date,
        )


def _read_pbf(path: Path, classes: frozenset[str]) -> Extract:
    """Stream a .pbf twice: the ways, then only the nodes they use."""
    osmium = _osmium()
    ways = _WayList(classes)
    ids, lon_e7, lat_e7 = array("q"), array("i"), array("i")
    try:
        date = _header_date(osmium, path)
        street = osmium.filter.TagFilter(*(("highway", name) for name in sorted(classes)))
        for way in osmium.FileProcessor(str(path), osmium.osm.WAY).with_filter(street):
            ways.add(way.tags, (node.ref for node in way.nodes), str(way.timestamp)[:_DATE_LENGTH])
        wanted = osmium.filter.IdFilter(set(ways.refs))
        for node in osmium.FileProcessor(str(path), osmium.osm.NODE).with_filter(wanted):
            if node.location.valid():
                ids.append(node.id)
                lon_e7.append(node.location.x)
                lat_e7.append(node.location.y)
    except RuntimeError:
        raise InputError(
            f"{path.name}: not a readable .osm.pbf file: cut off, damaged or another format. Download it again."
        ) from None
    return ways.extract(ids, lon_e7, lat_e7, date)


def _osmium() -> Any:
    """Return pyosmium, or say how to install it."""
    try:
        import osmium
        import osmium.filter
    except ImportError:
        raise MissingExtra("drive", "Reading .osm.pbf") from None
    return osmium


def _header_date(osmium: Any, path: Path) -> str:
    """Return the day a .pbf states for its data, or nothing."""
    with osmium.io.Reader(str(path), osmium.osm.osm_entity_bits.NOTHING) as reader:
        return str(reader.header().get("osmosis_replication_timestamp"))[:_DATE_LENGTH]


class _XmlHandler:
    """Collect ways and nodes of OSM XML from expat's events."""

    def __init__(self, classes: frozenset[str]) -> None:
        self.ways = _WayList(classes)
        self.ids, self.lon_e7, self.lat_e7 = array("q"), array("i"), array("i")
        self.date = ""
        self.root = ""
        self._tags: dict[str, str] | None = None
        self._refs: list[int] = []
        self._day = ""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """Take what an opening tag says."""
        if name == "node":
            if "lon" in attributes:
                self.ids.append(int(attributes["id"]))
                self.lon_e7.append(round(float(attributes["lon"]) * E7))
                self.lat_e7.append(round(float(attributes["lat"]) * E7))
        elif self._tags is not None:
            self._inside_way(name, attributes)
        elif name == "way":
            self._tags, self._refs, self._day = {}, [], attributes.get("timestamp", "")[:_DATE_LENGTH]
        elif name == "meta":
            self.date = attributes.get("osm_base", "")[:_DATE_LENGTH]
        elif not self.root:
            self.root = name

    def end(self, name: str) -> None:
        """Close a way."""
        if name == "way" and self._tags is not None:
            self.ways.add(self._tags, self._refs, self._day)
            self._tags = None

    def _inside_way(self, name: str, attributes: Mapping[str, str]) -> None:
        """Take a node reference or a tag of the open way."""
        if name == "nd":
            self._refs.append(int(attributes["ref"]))
        elif name == "tag" and self._tags is not None:
            self._tags[attributes["k"]] = attributes["v"]


def _read_xml(path: Path, classes: frozenset[str]) -> Extract:
    """Stream OSM XML once, plain or compressed."""
    from xml.parsers import expat

    handler = _XmlHandler(classes)
    parser = expat.ParserCreate()
    parser.StartElementHandler = handler.start
    parser.EndElementHandler = handler.end
    try:
        with _open_xml(path) as file:
            while block := file.read(_BLOCK_BYTES):
                parser.Parse(block)
                if handler.root not in {"", "osm"}:
                    break
            else:
                parser.Parse(b"", True)
    except (expat.ExpatError, EOFError, OSError, KeyError, ValueError, OverflowError):
        raise InputError(
            f"{path.name}: not a readable OSM XML file: cut off, damaged or another format. Download it again."
        ) from None
    if handler.root != "osm":
        raise InputError(f"{path.name}: not an OSM XML file (it does not begin with <osm>). Give .osm or .osm.pbf.")
    return handler.ways.extract(handler.ids, handler.lon_e7, handler.lat_e7, handler.date)


def _open_xml(path: Path) -> Any:
    """Open a plain or compressed text file as bytes."""
    if path.suffix == ".bz2":
        import bz2

        return bz2.open(path, "rb")
    if path.suffix == ".gz":
        import gzip

        return gzip.open(path, "rb")
    return path.open("rb")
