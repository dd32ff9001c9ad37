"""Reading a network file: one service's offerings at a time, through ``sqlite3`` and its indexes."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from adequacy.errors import NetworkFileError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    import geopandas
    import pandas

__all__ = ["FORMAT_VERSION", "NetworkFile", "Offering", "Refused", "network_files", "open_network"]

#: Version of the layout of a network file. A file with a higher one is refused.
FORMAT_VERSION = 1
_GEOPACKAGE = 0x47504B47
_REBUILD = "Build it again with: adequacy network build ROSTER --out FILE.gpkg"


class Offering(NamedTuple):
    """One provider giving one service at one site: a row of ``offerings`` with its site and provider.

    Dates are ISO text, an empty text is an empty cell, a missing number is None. ``lon``/``lat`` in degrees, WGS 84.
    """

    offering_id: int
    provider_id: str
    site_id: str
    service_key: str
    service_from: str
    service_to: str
    ages_min: int | None
    ages_max: int | None
    populations: str
    languages: str
    ada: str
    telehealth: str
    panel_status: str
    accepting_verified_on: str
    first_available_on: str
    referral_stop: str
    counties_served: str
    agreement_type: str
    funding: str
    contract_id: str
    contract_status: str
    contract_from: str
    contract_to: str
    credential_status: str
    credential_due: str
    nctracks_status: str
    nctracks_from: str
    nctracks_to: str
    license_expiry: str
    taxonomy: str
    source_file: str
    source_sheet: str
    source_row: int
    site_name: str
    street: str
    suite: str
    city: str
    state: str
    zip5: str
    county_fips: str
    phone: str
    email: str
    referral_email: str
    lon: float | None
    lat: float | None
    precision: str
    uncertainty_mi: float | None
    geocode_source: str
    npi: str
    provider_name: str
    provider_kind: str

    @property
    def address(self) -> str:
        """Street and suite, as a letter prints them."""
        return ", ".join(part for part in (self.street, self.suite) if part)


class Refused(NamedTuple):
    """A roster row that did not get in."""

    source_file: str
    source_sheet: str
    source_row: int
    column: str
    reason: str


#: Offerings that an open network keeps at hand at most.
_MOST_KEPT = 20_000
_OFFERING_COLUMNS = Offering._fields[:33]
_SITE_COLUMNS = Offering._fields[33:48]
_PROVIDER_COLUMNS = Offering._fields[48:]
_SELECT = (
    "SELECT "
    + ", ".join(
        [
            *(f"o.{name}" for name in _OFFERING_COLUMNS),
            *(f"s.{name}" for name in _SITE_COLUMNS),
            *(f"p.{name}" for name in _PROVIDER_COLUMNS),
        ]
    )
    + " FROM offerings o JOIN sites s ON s.site_id = o.site_id JOIN providers p ON p.provider_id = o.provider_id"
)


@dataclass(frozen=True)
class Meta:
    """What a network file says of itself."""

    name: str
    roster_date: str
    sha256: str
    is_demo: bool
    build_version: str
    sources: tuple[dict[str, Any], ...]
    defaults: tuple[dict[str, str], ...]
    accepted: tuple[str, ...]


class NetworkFile:
    """An open network file. Use it as a context manager, or close it.

    Parameters
    ----------
    path : Path
        A GeoPackage that ``build_network`` wrote. Opened read-only.

    Raises
    ------
    NetworkFileError
        If the file is missing, empty, corrupt, not a network file of ours, or made by a newer version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection = _connect(path)
        self._kept: dict[str, tuple[Offering, ...]] = {}
        self.meta = _meta(self._connection, path)

    def __enter__(self) -> NetworkFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def rows(self, query: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """Run a reading query; a damaged page is one clear error."""
        try:
            return self._connection.execute(query, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise NetworkFileError(f"{self.path.name}: the network file is damaged ({error}). {_REBUILD}") from error

    def offerings(self, service_key: str | None = None) -> list[Offering]:
        """All offerings of one service, or of all, in roster order."""
        if service_key is None:
            return [Offering._make(row) for row in self.rows(f"{_SELECT} ORDER BY o.offering_id")]
        if service_key not in self._kept:
            where = f"{_SELECT} WHERE o.service_key = ? ORDER BY o.offering_id"
            read = tuple(Offering._make(row) for row in self.rows(where, (service_key,)))
            if sum(map(len, self._kept.values())) + len(read) > _MOST_KEPT:
                self._kept.clear()
            self._kept[service_key] = read  # the file never changes: who asks again need not read again
        return list(self._kept[service_key])

    def offerings_of_npi(self, npi: str) -> list[Offering]:
        """All offerings of a provider, found by its NPI."""
        return [Offering._make(row) for row in self.rows(f"{_SELECT} WHERE p.npi = ? ORDER BY o.offering_id", (npi,))]

    def offerings_in(self, west: float, south: float, east: float, north: float) -> list[Offering]:
        """All offerings whose site lies in a box in degrees, WGS 84, through the R*Tree of the sites layer."""
        where = (
            f"{_SELECT} WHERE s.fid IN (SELECT id FROM rtree_sites_geom WHERE maxx >= ? AND minx <= ? "
            "AND maxy >= ? AND miny <= ?) ORDER BY o.offering_id"
        )
        return [Offering._make(row) for row in self.rows(where, (west, east, south, north))]

    def service_keys(self) -> tuple[str, ...]:
        """The services the network holds, in alphabetical order."""
        return tuple(key for (key,) in self.rows("SELECT DISTINCT service_key FROM offerings ORDER BY service_key"))

    def population_words(self) -> tuple[str, ...]:
        """The words by which offerings state whom they serve, in alphabetical order."""
        stated = self.rows("SELECT DISTINCT populations FROM offerings WHERE populations <> ''")
        return tuple(sorted({word for (text,) in stated for word in str(text).split(";") if word}))

    def refused(self) -> Iterator[Refused]:
        """Roster rows that did not get in."""
        query = f"SELECT {', '.join(chr(34) + name + chr(34) for name in Refused._fields)} FROM refused ORDER BY fid"
        return (Refused._make(row) for row in self.rows(query))

    @cached_property
    def counts(self) -> dict[str, int]:
        """Rows of each table."""
        names = ("providers", "sites", "offerings", "refused")
        return {name: int(self.rows(f"SELECT count(*) FROM {name}")[0][0]) for name in names}

    def frame(self, name: str) -> pandas.DataFrame | geopandas.GeoDataFrame:
        """Read a whole table; ``sites`` comes as GeoDataFrame in EPSG:4326."""
        import geopandas
        import pyogrio

        if name == "sites":
            return geopandas.read_file(self.path, layer=name, engine="pyogrio")
        return pyogrio.read_dataframe(self.path, layer=name, read_geometry=False)


def _connect(path: Path) -> sqlite3.Connection:
    """Open a network file for reading, or say what is wrong with it."""
    if not path.exists():
        raise NetworkFileError(f"{path}: no such network file. {_REBUILD}")
    if path.stat().st_size == 0:
        raise NetworkFileError(f"{path.name}: the network file is empty. {_REBUILD}")
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except OSError as error:
        raise NetworkFileError(f"{path.name}: the network file cannot be read ({error.strerror}).") from error
    if head != b"SQLite format 3\x00":
        raise NetworkFileError(f"{path.name}: this is not a network file (no GeoPackage). {_REBUILD}")
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
    try:
        (kind,) = connection.execute("PRAGMA application_id").fetchone()
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.DatabaseError as error:
        connection.close()
        raise NetworkFileError(f"{path.name}: the network file is damaged ({error}). {_REBUILD}") from error
    if kind != _GEOPACKAGE or not {"meta", "sites", "offerings", "providers", "refused"} <= tables:
        connection.close()
        raise NetworkFileError(f"{path.name}: this GeoPackage is no network file of adequacy. {_REBUILD}")
    return connection


def _meta(connection: sqlite3.Connection, path: Path) -> Meta:
    """Read what the file says of itself; refuse a newer layout."""
    try:
        values = dict(connection.execute("SELECT key, value FROM meta"))
        version = int(values["format_version"])
        if version > FORMAT_VERSION:
            raise NetworkFileError(
                f"{path.name}: made by a newer version of adequacy (layout {version}, this one reads "
                f"{FORMAT_VERSION}). Update adequacy, or build the network again."
            )
        return Meta(
            name=values["name"],
            roster_date=values["roster_date"],
            sha256=values["sha256"],
            is_demo=values["is_demo"] == "Y",
            build_version=values["build_version"],
            sources=tuple(json.loads(values["sources"])),
            defaults=tuple(json.loads(values["defaults"])),
            accepted=tuple(json.loads(values["accepted"])),
        )
    except (sqlite3.DatabaseError, KeyError, ValueError) as error:
        connection.close()
        if isinstance(error, NetworkFileError):
            raise
        raise NetworkFileError(f"{path.name}: the network file is damaged (meta). {_REBUILD}") from error
    except NetworkFileError:
        connection.close()
        raise


def network_files(folder: Path) -> list[Path]:
    """Return the network files of a folder, by name; what interrupted builds left (a dot begins its name) is none.

    Examples
    --------
    >>> import tempfile
    >>> network_files(Path(tempfile.mkdtemp()))
    []
    """
    return sorted(path for path in folder.glob("*.gpkg") if not path.name.startswith("."))


def open_network(path: Path | str, on: str | None = None) -> NetworkFile:
    """Open a network file, or the file of a folder that answers for a day.

    Parameters
    ----------
    path : path
        A GeoPackage, or a folder of them.
    on : str, optional
        ISO day. Of a folder, the newest network whose roster date is on or before that day answers; if all are
        later, the earliest does. Without a day the newest answers.

    Returns
    -------
    NetworkFile
        Opened read-only.

    Raises
    ------
    NetworkFileError
        If there is no network file, or it cannot be used.
    """
    path = Path(path)
    if not path.is_dir():
        return NetworkFile(path)
    files = network_files(path)
    if not files:
        raise NetworkFileError(f"{path}: no network file (*.gpkg) in this folder. {_REBUILD}")
    dated = []
    for file in files:
        with NetworkFile(file) as network:
            dated.append((network.meta.roster_date, file))
    dated.sort()
    before = [file for day, file in dated if on is None or day <= on]
    return NetworkFile(before[-1] if before else dated[0][1])
