"""Read address points and street ranges from the files that states, counties and the Census Bureau publish.

Which column holds what is known by name for NC OneMap, the National Address Database, OpenAddresses and Census
ADDRFEAT; any other file needs columns with plain names. Files are read in pieces, never as a whole.
"""

from __future__ import annotations

import csv
import itertools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from adequacy.errors import InputError, MissingColumn, MissingExtra, shown_list
from adequacy.separated import separated_records

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

__all__ = ["Layout", "Row", "open_rows", "read_rows"]

#: One record: lower-case column name without punctuation -> value; the geometry (WKB) under ``_wkb``.
Row = dict[str, Any]

_PIECE = 50_000


@dataclass(frozen=True, slots=True)
class Layout:
    """Which columns hold what, for files of one origin. Of ``city``, ``zip5`` and ``state`` the first filled counts.

    ``line`` holds house number and street together; ``number`` and ``street`` are joined in order where they are apart.
    """

    name: str
    needs: tuple[str, ...]
    number: tuple[str, ...] = ()
    street: tuple[str, ...] = ()
    line: tuple[str, ...] = ()
    city: tuple[str, ...] = ()
    zip5: tuple[str, ...] = ()
    state: tuple[str, ...] = ()
    lon: tuple[str, ...] = ("lon", "longitude", "long", "lng", "x", "xcoord", "pointx")
    lat: tuple[str, ...] = ("lat", "latitude", "y", "ycoord", "pointy")
    ranges: bool = field(default=False)


_FGDC_STREET = ("stpremod", "stpredir", "stpretyp", "stpresep", "stname", "stpostyp", "stposdir", "stposmod")
_PLAIN_CITY = ("city", "town", "municipality", "postcity", "place", "placename", "community")
_PLAIN_ZIP = ("zip5", "zip", "zipcode", "postcode", "postalcode", "zcta")
_PLAIN_STATE = ("state", "region", "st", "stateabbr", "statecode")

LAYOUTS = (
    Layout("Census ADDRFEAT", ("fullname", "lfromhn", "ltohn", "rfromhn", "rtohn"), zip5=("zipl", "zipr"), ranges=True),
    Layout(
        "National Address Database",
        ("addnumber", "stname", "zipcode"),
        number=("addnumpre", "addnumber", "addnumsuf"),
        street=_FGDC_STREET,
        city=("postcity", "incmuni", "unincomm"),
        zip5=("zipcode",),
        state=("state",),
    ),
    Layout(
        "NC OneMap",
        ("addnumber", "stname"),
        number=("addnumpre", "addnumber", "addnumsuf"),
        street=_FGDC_STREET,
        city=("postcomm", "city"),
        zip5=("postcode",),
        state=("region", "state"),
    ),
    Layout(
        "OpenAddresses",
        ("number", "street", "postcode"),
        number=("number",),
        street=("street",),
        city=("city", "district"),
        zip5=("postcode",),
        state=("region",),
    ),
    *(
        Layout(
            "plain columns",
            (number, street),
            number=(number,),
            street=(street,),
            city=_PLAIN_CITY,
            zip5=_PLAIN_ZIP,
            state=_PLAIN_STATE,
        )
        for number in ("number", "housenumber", "house", "streetnumber", "addrnumber", "stnum")
        for street in ("street", "streetname", "road")
    ),
    *(
        Layout("plain columns", (line,), line=(line,), city=_PLAIN_CITY, zip5=_PLAIN_ZIP, state=_PLAIN_STATE)
        for line in ("address", "street", "streetaddress", "address1", "fulladdress", "siteaddress", "addr")
    ),
)


def read_rows(path: Path) -> tuple[Layout, Iterator[Row]]:
    """Open a file of address points or street ranges, find out its layout, and read it record by record.

    Parameters
    ----------
    path : Path
        CSV (comma, semicolon, bar or tab; UTF-8, else Windows-1252), GeoParquet, or anything GDAL opens: GeoPackage,
        shapefile, file geodatabase, zipped or not.

    Returns
    -------
    layout : Layout
        Which columns hold what.
    rows : iterator of Row
        Coordinates are WGS 84: in ``lon``/``lat`` columns, or as a geometry in ``_wkb``.

    Raises
    ------
    InputError
        If the file is missing, empty or cannot be read.
    MissingColumn
        If its columns fit no layout; the message names the columns that were found.
    MissingExtra
        If it is a Parquet file and pyarrow is not installed.
    """
    rows = open_rows(path)
    first = next(rows, None)
    if first is None:
        raise InputError(f"{path.name}: the file holds no rows. Check the export and build the index again.")
    return _layout_of(path, first), itertools.chain([first], rows)


def _layout_of(path: Path, row: Row) -> Layout:
    """Choose the first layout whose columns are all there."""
    for layout in LAYOUTS:
        if set(layout.needs) <= row.keys() and _has_place(layout, row):
            return layout
    found = shown_list(name for name in row if not name.startswith("_"))
    raise MissingColumn(
        f"{path.name}: the columns fit no known layout. Needed: number, street, city, zip, lon, lat (or those of NC "
        f"OneMap, the National Address Database, OpenAddresses or Census ADDRFEAT). Found: {found}. Rename them."
    )


def _has_place(layout: Layout, row: Row) -> bool:
    """Tell whether a record can carry a point (or, for street ranges, a line)."""
    return "_wkb" in row or (
        not layout.ranges and any(n in row for n in layout.lon) and any(n in row for n in layout.lat)
    )


def open_rows(path: Path) -> Iterator[Row]:
    """Read a file record by record; column names are lower-case without punctuation."""
    if not path.exists():
        raise InputError(f"{path.name}: there is no such file. Check the path.")
    suffix = path.suffix.lower()
    if suffix in {".csv", ".tsv", ".txt"}:
        return _csv_rows(path)
    if suffix in {".parquet", ".geoparquet"}:
        return _parquet_rows(path)
    return _gdal_rows(path)


def plain_name(name: str) -> str:
    """Fold a column name: ``St_PreDir`` becomes ``stpredir``."""
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def csv_encoding(path: Path) -> str:
    """Tell the encoding by rule: UTF-8 (with or without its mark) if every byte fits, else Windows-1252."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            while lines.read(1 << 20):
                pass
    except UnicodeDecodeError:
        return "cp1252"
    except OSError:
        raise InputError(f"{path.name}: the file cannot be read. Check that it is a file you may open.") from None
    return "utf-8-sig"


def csv_delimiter(header: str) -> str:
    """Choose the separator that occurs most often in the header."""
    return max(",;|\t", key=header.count)


def _csv_rows(path: Path) -> Iterator[Row]:
    """Read a delimited text file."""
    with path.open(encoding=csv_encoding(path), newline="", errors="replace") as lines:
        header = lines.readline()
        mark = csv_delimiter(header)
        names = [plain_name(cell) for cell in next(csv.reader([header], delimiter=mark), [])]
        for cells in separated_records(lines, mark, path.name, width=len(names), after=1):
            if cells:
                yield dict(zip(names, cells, strict=False))


def _parquet_rows(path: Path) -> Iterator[Row]:
    """Read a GeoParquet file, or a Parquet file with lon and lat columns."""
    try:
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingExtra("parquet", f"Reading {path.name}") from None
    try:
        source = pq.ParquetFile(path)
    except (OSError, ValueError):
        raise InputError(f"{path.name}: this is no readable Parquet file. Check the download.") from None
    names = source.schema_arrow.names
    for batch in source.iter_batches(_PIECE):
        for record in batch.to_pylist():
            row = {plain_name(name): record[name] for name in names}
            if isinstance(row.get("geometry"), bytes):
                row["_wkb"] = row.pop("geometry")
            yield row


def _gdal_rows(path: Path) -> Iterator[Row]:
    """Read anything GDAL opens, in pieces, with points turned to WGS 84."""
    import pyogrio
    from pyogrio import errors as pyogrio_errors
    from pyogrio import raw

    try:
        count = pyogrio.read_info(path)["features"]
        for start in range(0, max(count, 0), _PIECE):
            meta, _, wkb, columns = raw.read(path, skip_features=start, max_features=_PIECE)
            names = [plain_name(name) for name in meta["fields"]]
            shapes: Iterable[Any] = [None] * len(columns[0]) if wkb is None else _to_wgs84(wkb, meta["crs"])
            for shape, *cells in zip(shapes, *columns, strict=True):
                yield {**dict(zip(names, cells, strict=True)), **({} if shape is None else {"_wkb": shape})}
    except (pyogrio_errors.DataSourceError, pyogrio_errors.DataLayerError):
        raise InputError(
            f"{path.name}: the file cannot be read as a map layer. Give CSV, GeoPackage, GeoParquet or a shapefile."
        ) from None


def _to_wgs84(wkb: Any, crs: str | None) -> Iterable[Any]:
    """Turn geometries to longitude and latitude; a file without a reference system is taken as that already."""
    if crs is None or crs in {"EPSG:4326", "OGC:CRS84", "EPSG:4269"}:  # NAD 83 is within two yards of WGS 84
        return wkb  # type: ignore[no-any-return]
    import pyproj
    import shapely

    turn = pyproj.Transformer.from_crs(crs, "OGC:CRS84", always_xy=True)
    move: Any = turn.transform
    return shapely.to_wkb(shapely.transform(shapely.from_wkb(wkb), move, interleaved=False))  # type: ignore[no-any-return]


def first_of(row: Mapping[str, Any], names: tuple[str, ...]) -> str:
    """Return the first filled cell of several columns as text."""
    return next((text for name in names if (text := cell_text(row.get(name)))), "")


def cell_text(value: object) -> str:
    """Read a cell as text: empty for nothing, whole numbers without their ``.0``."""
    if value is None or value != value:  # NaN is the one value unlike itself
        return ""
    text = str(value).strip()
    return text[:-2] if re.fullmatch(r"\d+\.0", text) else text
