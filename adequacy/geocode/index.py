"""Build and open the address index: one local SQLite file of address points and street ranges.

Building streams its inputs, so millions of rows need little memory; the same inputs give the same bytes. Reading needs
the standard library alone. The file holds public addresses, never a consumer.
"""

from __future__ import annotations

import hashlib
import json
import math
import sqlite3
import struct
import tempfile
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adequacy import distance
from adequacy.errors import InputError, OutputError
from adequacy.geocode.parse import FOLDING, Street, fold_city, fold_street, house_number, read_line
from adequacy.geocode.words import words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from adequacy.geocode.sources import Layout, Row

__all__ = ["AddressIndex", "IndexReport", "build_index", "folding_version", "is_index", "open_index", "sha256_of"]

SCHEMA = "adequacy.addresses/1"
_FORMAT = 1
_APPLICATION_ID = 0x41515844  # "AQXD"

_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE streets (
    street_id INTEGER PRIMARY KEY, zip5 TEXT, state TEXT, city TEXT, name TEXT, kind TEXT, predir TEXT, postdir TEXT
);
CREATE UNIQUE INDEX streets_by_zip ON streets (zip5, name, kind, predir, postdir, state, city);
CREATE TABLE raw (street_id INTEGER, number INTEGER, suffix TEXT, lon REAL, lat REAL);
CREATE TABLE ranges (street_id INTEGER, low INTEGER, high INTEGER, step INTEGER, first INTEGER, line BLOB);
"""
_FINISH = """
CREATE TABLE points (
    street_id INTEGER, number INTEGER, suffix TEXT, lon REAL, lat REAL, spread_mi REAL, rows INTEGER,
    PRIMARY KEY (street_id, number, suffix)
) WITHOUT ROWID;
INSERT INTO points
    SELECT street_id, number, suffix, (min(lon) + max(lon)) / 2, (min(lat) + max(lat)) / 2,
        CASE WHEN count(*) = 1 THEN 0.0 ELSE miles(min(lon), min(lat), max(lon), max(lat)) / 2 END, count(*)
    FROM raw GROUP BY street_id, number, suffix ORDER BY street_id, number, suffix;
DROP TABLE raw;
CREATE INDEX streets_by_city ON streets (state, city, name);
CREATE INDEX streets_by_state ON streets (state, name);
CREATE INDEX ranges_by_street ON ranges (street_id, low);
"""


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What went into an index. ``read`` is always ``used`` plus the sum of ``skipped``."""

    path: Path
    layouts: tuple[str, ...]
    read: int
    used: int
    skipped: dict[str, int]
    streets: int
    points: int
    ranges: int


# --- building ----------------------------------------------------------------------------------------------------


def build_index(
    files: Path | str | Sequence[Path | str],
    out: Path | str,
    *,
    dated: str = "",
    progress: Callable[[int], None] | None = None,
) -> IndexReport:
    """Build an address index from files of address points and street ranges.

    Parameters
    ----------
    files : path or sequence of paths
        CSV, GeoPackage, GeoParquet, shapefile or file geodatabase; see ``sources.read_rows`` for their columns.
    out : path
        The index. An older one is replaced only when the new one is whole.
    dated : str
        The date of the data, ISO; every answer then names it.
    progress : callable, optional
        Called with the number of rows read so far.

    Returns
    -------
    IndexReport
        Rows read, used and skipped by reason.

    Raises
    ------
    InputError
        If a file cannot be read or no row of it can be used.
    OutputError
        If the index cannot be written.
    """
    paths = [Path(file) for file in ([files] if isinstance(files, Path | str) else files)]
    target = Path(out)
    with _scratch(target) as scratch, closing(sqlite3.connect(scratch)) as db:
        db.executescript(f"PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-65536; {_TABLES}")
        build = _Build(db, progress)
        layouts = [build.add(path) for path in paths]
        if not build.used:
            reasons = ", ".join(f"{count} x {reason}" for reason, count in sorted(build.skipped.items()))
            raise InputError(
                f"{paths[0].name}: no row can be used ({reasons}). Check its columns; nothing was written."
            )
        report = build.finish(target, layouts)
        _write_meta(db, paths, report, dated)
        db.commit()
        _publish(db, target)
    return report


@contextmanager
def _scratch(target: Path) -> Iterator[Path]:
    """Give a working file beside the target, and remove it whatever happens."""
    try:
        folder = tempfile.TemporaryDirectory(prefix=".index-", dir=target.parent, ignore_cleanup_errors=True)
    except OSError:
        raise OutputError(f"{target.name}: its folder cannot be written. Give --out in a folder of yours.") from None
    with folder as name:
        yield Path(name) / "build.sqlite"


def _publish(db: sqlite3.Connection, target: Path) -> None:
    """Write the compact copy and put it in place of the old index in one step."""
    folder = Path(db.execute("PRAGMA database_list").fetchone()[2]).parent
    whole = folder / "whole.sqlite"
    db.execute("VACUUM INTO ?", (str(whole),))
    with closing(sqlite3.connect(whole)) as copy:
        copy.executescript(f"PRAGMA application_id={_APPLICATION_ID}; PRAGMA user_version={_FORMAT};")
    try:
        whole.replace(target)
    except OSError:
        raise OutputError(f"{target.name}: the file cannot be written. Is it open elsewhere?") from None


def _write_meta(db: sqlite3.Connection, paths: list[Path], report: IndexReport, dated: str) -> None:
    """Write what the index is made of."""
    rows = {
        "schema": SCHEMA,
        "folding": folding_version(),
        "name": ", ".join(path.name for path in paths),
        "dated": dated,
        "sources": json.dumps([{"name": path.name, "sha256": sha256_of(path)} for path in paths]),
        "layouts": "; ".join(report.layouts),
        "read": str(report.read),
        "used": str(report.used),
        "skipped": json.dumps(report.skipped, sort_keys=True),
    }
    db.executemany("INSERT INTO meta VALUES (?, ?)", sorted(rows.items()))


def sha256_of(path: Path) -> str:
    """Hash a file in pieces; a folder (file geodatabase) by its files in order."""
    total = hashlib.sha256()
    for part in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if part.is_file():
            with part.open("rb") as source:
                while piece := source.read(1 << 20):
                    total.update(piece)
    return total.hexdigest()


@lru_cache(maxsize=1)
def folding_version() -> str:
    """Name the way addresses are folded: an index folded otherwise must be built again."""
    data = resources.files(__package__).joinpath("words.csv").read_bytes().replace(b"\r\n", b"\n")
    return f"{FOLDING}-{hashlib.sha256(data).hexdigest()[:12]}"


class _Build:
    """The state of one build: the working database and what was counted."""

    def __init__(self, db: sqlite3.Connection, progress: Callable[[int], None] | None) -> None:
        self._db = db
        self._progress = progress
        self.read = 0
        self.used = 0
        self.skipped: dict[str, int] = {}
        self._street_id = lru_cache(maxsize=100_000)(self._find_street)

    def add(self, path: Path) -> str:
        """Read one file into the index and return the name of its layout."""
        from adequacy.geocode.sources import read_rows

        layout, rows = read_rows(path)
        add = self._add_ranges if layout.ranges else self._add_point
        for row in rows:
            self.read += 1
            why = add(layout, row)
            if why:
                self.skipped[why] = self.skipped.get(why, 0) + 1
            else:
                self.used += 1
            if self._progress and self.read % 10_000 == 0:
                self._progress(self.read)
        return layout.name

    def finish(self, target: Path, layouts: list[str]) -> IndexReport:
        """Merge the points of one address into one and index the tables."""
        self._db.create_function("miles", 4, distance.miles, deterministic=True)
        self._db.executescript(_FINISH)
        counts = [
            self._db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in ("streets", "points", "ranges")
        ]
        return IndexReport(target, tuple(dict.fromkeys(layouts)), self.read, self.used, self.skipped, *counts)

    def _add_point(self, layout: Layout, row: Row) -> str:
        """Add one address point; return why not."""
        point = _point(layout, row)
        if point is None:
            return "no coordinates in the US"
        house, street = _house_and_street(layout, row)
        if house is None or street is None:
            return "no house number" if house is None else "no street name"
        place = _place_of(layout, row)
        if not place[0] and not place[2]:
            return "neither ZIP nor city"
        self._db.execute("INSERT INTO raw VALUES (?, ?, ?, ?, ?)", (self._street_id(street, place), *house, *point))
        return ""

    def _add_ranges(self, layout: Layout, row: Row) -> str:
        """Add both sides of one street segment; return why neither can be used."""
        line = _line(row.get("_wkb"))
        street = fold_street(str(row.get("fullname") or ""))
        if line is None or not street.name:
            return "no line" if line is None else "no street name"
        added = 0
        for side, zip_column in (("l", "zipl"), ("r", "zipr")):
            ends = [house_number(str(row.get(f"{side}{end}hn") or "")) for end in ("from", "to")]
            zip5 = _zip5_of(row.get(zip_column))
            if ends[0] is None or ends[1] is None or not zip5:
                continue
            first, last = ends[0][0], ends[1][0]
            step = 1 if (first - last) % 2 or str(row.get(f"parity{side}") or "") == "B" else 2
            record = (min(first, last), max(first, last), step, first, line)
            where = (zip5, _state_of_zip(zip5), "")
            self._db.execute("INSERT INTO ranges VALUES (?, ?, ?, ?, ?, ?)", (self._street_id(street, where), *record))
            added += 1
        return "" if added else "no house numbers with a ZIP"

    def _find_street(self, street: Street, place: tuple[str, str, str]) -> int:
        """Find or add a street of a ZIP and city."""
        zip5, state, city = place
        key = (zip5, street.name, street.kind, street.predir, street.postdir, state, city)
        names = "zip5, name, kind, predir, postdir, state, city"
        self._db.execute(f"INSERT OR IGNORE INTO streets ({names}) VALUES (?, ?, ?, ?, ?, ?, ?)", key)
        found = self._db.execute(
            f"SELECT street_id FROM streets WHERE ({names}) = (?, ?, ?, ?, ?, ?, ?)", key
        ).fetchone()
        return int(found[0])


def _house_and_street(layout: Layout, row: Row) -> tuple[tuple[int, str] | None, Street | None]:
    """Read house number and street of one record."""
    from adequacy.geocode.sources import cell_text, first_of

    if layout.line:
        reading = read_line(first_of(row, layout.line))[0]
        return ((reading.number, reading.suffix), reading.street) if reading.sort == "street" else (None, None)
    number = " ".join(text for name in layout.number if (text := cell_text(row.get(name))))
    street = fold_street(" ".join(text for name in layout.street if (text := cell_text(row.get(name)))))
    return house_number(number), street if street.name else None


def _place_of(layout: Layout, row: Row) -> tuple[str, str, str]:
    """Read ZIP, state and city of one record."""
    from adequacy.geocode.sources import first_of

    zip5 = _zip5_of(first_of(row, layout.zip5))
    state = words("state").get(first_of(row, layout.state).upper(), "") or _state_of_zip(zip5)
    return zip5, state, fold_city(first_of(row, layout.city))


@lru_cache(maxsize=65536)
def _state_of_zip(zip5: str) -> str:
    """Name the state of a ZIP; empty where it is unknown."""
    from adequacy import reference

    found = reference.find_zip(zip5) if zip5 else None
    return found.state if found else ""


def _zip5_of(value: object) -> str:
    """Read a ZIP cell: ZIP+4 is cut, lost leading zeros come back; anything else is empty."""
    from adequacy.geocode.sources import cell_text

    text = cell_text(value).split("-")[0].strip()
    if not (text.isascii() and text.isdigit()):
        return ""
    return text[:5] if len(text) == 9 else text.zfill(5) if 3 <= len(text) <= 5 else ""  # noqa: PLR2004 - digits


def _point(layout: Layout, row: Row) -> tuple[float, float] | None:
    """Read the coordinates of a record; None where there are none or they lie far from the US."""
    from adequacy.geocode.sources import first_of

    pair = _wkb_point(row["_wkb"]) if "_wkb" in row else None
    if pair is None:
        try:
            pair = float(first_of(row, layout.lon)), float(first_of(row, layout.lat))
        except ValueError:
            return None
    lon, lat = pair
    near = -15 <= lat <= 72 and (-180 <= lon <= -64 or 144 <= lon <= 180)  # noqa: PLR2004 - a box round the US
    return (round(lon, 7), round(lat, 7)) if near else None


def _wkb_point(wkb: bytes | None) -> tuple[float, float] | None:
    """Read a point; of any other shape take its centre."""
    if not wkb:
        return None
    order = "<" if wkb[0] == 1 else ">"
    (kind,) = struct.unpack_from(f"{order}I", wkb, 1)
    if kind in {1, 1001, 2001, 3001, 0x80000001}:
        return struct.unpack_from(f"{order}2d", wkb, 5)
    import shapely

    centre = shapely.from_wkb(wkb).representative_point()
    return None if centre.is_empty else (centre.x, centre.y)


def _line(wkb: bytes | None) -> bytes | None:
    """Read a line as packed lon, lat pairs."""
    if not wkb:
        return None
    import shapely

    shape: Any = shapely.from_wkb(wkb)
    if shape.geom_type == "MultiLineString" and len(shape.geoms) == 1:
        shape = shape.geoms[0]
    if shape.geom_type != "LineString" or shape.is_empty:
        return None
    flat = [round(value, 7) for xy in shape.coords for value in xy[:2]]
    return struct.pack(f"<{len(flat)}d", *flat)


# --- reading -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hit:
    """One address in the index: a point, or a spot along a street range."""

    street: Street
    number: int
    suffix: str
    city: str
    state: str
    zip5: str
    lon: float
    lat: float
    reach_mi: float
    ranged: bool

    @property
    def text(self) -> str:
        """The address in one line."""
        gap = " " if "/" in self.suffix else ""
        tail = " ".join(part for part in (self.state, self.zip5) if part)
        house = f"{self.number}{gap}{self.suffix} {self.street.text}"
        return ", ".join(part for part in (house, self.city, tail) if part)


_STREET = "s.name, s.kind, s.predir, s.postdir, s.city, s.state, s.zip5"
_POINTS = f"SELECT {_STREET}, p.suffix, p.lon, p.lat, p.spread_mi FROM streets s JOIN points p USING (street_id)"
_RANGES = f"SELECT {_STREET}, r.low, r.high, r.step, r.first, r.line FROM streets s JOIN ranges r USING (street_id)"


class AddressIndex:
    """An open address index. Use :func:`open_index`."""

    def __init__(self, path: Path, db: sqlite3.Connection) -> None:
        self.path = path
        self._db = db
        self.meta: dict[str, str] = dict(db.execute("SELECT key, value FROM meta"))
        self.has_ranges = db.execute("SELECT 1 FROM ranges LIMIT 1").fetchone() is not None

    def __del__(self) -> None:
        self._db.close()

    @property
    def label(self) -> str:
        """The index as answers name it."""
        dated = self.meta.get("dated")
        return f"address index {self.meta['name']}" + (f" ({dated})" if dated else "")

    def info(self) -> dict[str, Any]:
        """Describe the index: name, date, layouts, rows, numbers of streets, points and ranges."""
        tables = ("streets", "points", "ranges")
        counts = {name: self._db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables}
        plain = {key: self.meta.get(key, "") for key in ("schema", "name", "dated", "layouts")}
        return {**plain, "path": str(self.path), "rows": int(self.meta["used"]), **counts}

    def knows_street(self, zip5: str, street: Street) -> bool:
        """Tell whether a street is known in a ZIP, whatever its numbers."""
        key = (zip5, street.name, street.kind, street.predir, street.postdir)
        sql = "SELECT 1 FROM streets WHERE zip5=? AND name=? AND kind=? AND predir=? AND postdir=? LIMIT 1"
        return self._db.execute(sql, key).fetchone() is not None

    def in_zip(self, zip5: str, number: int, name: str | None = None) -> list[Hit]:
        """List every address with a house number in a ZIP, of one street name or of all."""
        where, values = ("s.zip5 = ?", [zip5]) if name is None else ("s.zip5 = ? AND s.name = ?", [zip5, name])
        return self._hits(where, values, number)

    def in_city(self, state: str, city: str, number: int, name: str | None = None) -> list[Hit]:
        """List every address with a house number in a city, of one street name or of all."""
        where, values = "s.state = ? AND s.city = ?", [state, city]
        if name is not None:
            where, values = f"{where} AND s.name = ?", [*values, name]
        return self._hits(where, values, number)

    def in_state(self, state: str, number: int, name: str) -> list[Hit]:
        """List every address with a house number and street name in a state."""
        return self._hits("s.state = ? AND s.name = ?", [state, name], number)

    def _hits(self, where: str, values: list[str], number: int) -> list[Hit]:
        """Ask both tables."""
        number = min(number, 2**62)
        points = self._db.execute(
            f"{_POINTS} WHERE {where} AND p.number = ? ORDER BY s.street_id, p.suffix", [*values, number]
        )
        hits = [
            Hit(Street(predir, name, kind, postdir), number, suffix, city, state, zip5, lon, lat, spread, ranged=False)
            for name, kind, predir, postdir, city, state, zip5, suffix, lon, lat, spread in points
        ]
        if self.has_ranges:
            sql = f"{_RANGES} WHERE {where} AND r.low <= ? AND r.high >= ? ORDER BY s.street_id, r.rowid"
            hits += _range_hits(self._db.execute(sql, [*values, number, number]), number)
        return hits


def _range_hits(rows: Iterable[tuple[Any, ...]], number: int) -> list[Hit]:
    """Place a house number along each range that holds it."""
    hits = []
    for name, kind, predir, postdir, city, state, zip5, low, high, step, first, line in rows:
        if (number - low) % step:
            continue
        share = 0.5 if high == low else (number - low) / (high - low)
        lon, lat, reach = along(line, share if first == low else 1 - share)
        hits.append(
            Hit(Street(predir, name, kind, postdir), number, "", city, state, zip5, lon, lat, reach, ranged=True)
        )
    return hits


def along(line: bytes, share: float) -> tuple[float, float, float]:
    """Find the spot at a share of a line's length, and how far the line reaches from it in statute miles."""
    flat = struct.unpack(f"<{len(line) // 8}d", line)
    points = list(zip(flat[::2], flat[1::2], strict=True))
    lengths = [distance.miles(*a, *b) for a, b in pairwise(points)]
    left = share * math.fsum(lengths)
    lon, lat = points[-1]
    for (a, b), length in zip(pairwise(points), lengths, strict=True):
        if left <= length and length > 0:
            part = left / length
            lon, lat = a[0] + part * (b[0] - a[0]), a[1] + part * (b[1] - a[1])
            break
        left -= length
    return lon, lat, max(distance.miles(lon, lat, *point) for point in points)


def open_index(path: Path | str) -> AddressIndex:
    """Open an address index for reading; one connection a file, kept.

    Raises
    ------
    InputError
        If the file is missing, is no address index, or was made by another version of adequacy.
    """
    where = Path(path)
    try:
        stat = where.stat()
    except OSError:
        raise InputError(f"{where.name}: there is no such address index. {_MAKE_ONE}") from None
    return _open(where.resolve(), stat.st_mtime_ns, stat.st_size)


def is_index(path: Path) -> bool:
    """Tell by its first bytes whether a file is an address index, of whatever version."""
    try:
        with path.open("rb") as source:
            head = source.read(72)
    except OSError:
        return False
    return head.startswith(b"SQLite format 3") and head[68:72] == _APPLICATION_ID.to_bytes(4, "big")


_MAKE_ONE = "Make one with: adequacy geocode index FILE --out INDEX"


@lru_cache(maxsize=4)
def _open(path: Path, _changed: int, _size: int) -> AddressIndex:
    """Open and check a file; the last two arguments make a changed file a new one."""
    try:
        db = sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False)
        application, made = (db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version"))
    except sqlite3.Error:
        raise InputError(f"{path.name}: this is no address index, or it is damaged. {_MAKE_ONE}") from None
    if application != _APPLICATION_ID:
        db.close()
        raise InputError(f"{path.name}: this is no address index. {_MAKE_ONE}")
    if made > _FORMAT:
        db.close()
        raise InputError(f"{path.name}: a newer adequacy made this address index. Update adequacy, or make it again.")
    try:
        index = AddressIndex(path, db)
    except (sqlite3.Error, KeyError):
        db.close()
        raise InputError(f"{path.name}: the address index is damaged. {_MAKE_ONE}") from None
    if index.meta.get("folding") != folding_version():
        db.close()
        raise InputError(f"{path.name}: another version of adequacy made this address index. {_MAKE_ONE}")
    return index
