"""Who must be reached: Census block groups, or the plan's members, as rows of people at points.

Member files stay in memory. Whatever is measured of them is counted by county and, where the counts are small, hidden
(``small_cells``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from adequacy.errors import CoordinateError, InputError, MissingColumn, UsageError
from adequacy.reference import counties_at, county_at, find_county, people_frame, vintages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from adequacy.geocode import Place

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["People", "as_people", "census_people", "member_people"]

_WGS84 = "EPSG:4326"


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """People at points, ready to be measured.

    Attributes
    ----------
    lon, lat : ndarray of float
        Decimal degrees, WGS 84.
    county : ndarray of int
        Position of each row's county in ``counties``.
    weight : ndarray of int
        How many people a row stands for.
    age : ndarray of float or None
        Age in years, NaN where unknown; None where nobody's age is known.
    place : ndarray of object
        The Census area (ZCTA) of each row, empty where unknown.
    lone : ndarray of bool
        A place that no block group stands for. Its people are counted in a neighbouring row, so its weight is 0; it
        is only asked whether it is reached.
    counties : tuple of str
        FIPS codes in order.
    source : str
        Where the people come from, in words.
    are_members : bool
        Whether counts may tell something of a consumer.
    notes : tuple of str
        What a reader must know of them.
    """

    lon: Floats
    lat: Floats
    county: Ints
    weight: Ints
    age: Floats | None
    place: NDArray[np.object_]
    lone: NDArray[np.bool_]
    counties: tuple[str, ...]
    source: str
    are_members: bool = False
    notes: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.lon)


def census_people(counties: Iterable[str] | None = None) -> pd.DataFrame:
    """List where people live by the 2020 Census: one row per block group, at its centre of population.

    Places (ZCTAs) whose people no block group's point stands for are added with ``people`` 0, because their people are
    already counted in a neighbouring block group; what is measured says how many of them lie beyond the limit.

    Parameters
    ----------
    counties : iterable of str, optional
        Names or FIPS codes; None means North Carolina.

    Returns
    -------
    pandas.DataFrame
        ``geoid, county_fips, zcta, lon, lat, people, source`` (block_group | zcta); decimal degrees, WGS 84. The sum
        of ``people`` is the Census count.

    Raises
    ------
    UsageError
        There is no such county.

    Examples
    --------
    >>> int(census_people(["Harnett"])["people"].sum())
    133568
    """
    frame = people_frame(county_codes(counties))
    frame.loc[frame["source"] == "zcta", "people"] = 0
    frame.attrs["source"] = f"Census block groups: {vintages()['people']}"
    return frame


def county_codes(counties: Iterable[str] | None, state: str = "NC") -> list[str]:
    """FIPS codes of counties given by code or by name in one state; all of the state if none are given.

    Examples
    --------
    >>> county_codes(["Harnett", "37183", "wake county"])
    ['37085', '37183']
    """
    from adequacy import reference

    known = {each.name.casefold(): each.county_fips for each in reference.counties(state)}
    if counties is None:
        return sorted(known.values())
    found = []
    for text in [counties] if isinstance(counties, str) else list(counties):
        word = text.strip()
        code = word if find_county(word) else known.get(word.casefold().removesuffix(" county").strip())
        if code is None:
            raise UsageError(f"'{word}' is no county of {state}, by name or five-digit code. Check the spelling.")
        found.append(code)
    return list(dict.fromkeys(found))


def as_people(frame: Any, source: str | None = None) -> People:
    """Take a table of people; it is checked and never changed.

    Parameters
    ----------
    frame : DataFrame or GeoDataFrame
        ``lon`` and ``lat`` in degrees (WGS 84), or point geometry with any CRS; optional ``county_fips`` (else by the
        map), ``people`` (else one a row), ``age`` in years, ``zcta``, ``source``.
    source : str, optional
        Where they come from, in words.

    Raises
    ------
    CoordinateError
        A row has no place, or one that cannot be.
    UsageError
        The geometry has no CRS, or is not of points.
    MissingColumn, InputError
        No columns give the places; a number of people is negative or missing.
    """
    import numpy as np

    if isinstance(frame, People):
        return frame
    lon, lat = _coordinates(frame)
    weight = _weights(frame)
    county = _county_codes(frame, lon, lat)
    counties = tuple(sorted(set(county)))
    lookup = {code: number for number, code in enumerate(counties)}
    kind = frame["source"].to_numpy() if "source" in frame else np.full(len(lon), "")
    return People(
        lon=lon,
        lat=lat,
        county=np.array([lookup[code] for code in county], dtype=np.int64),
        weight=weight,
        age=frame["age"].to_numpy(dtype=float) if "age" in frame else None,
        place=_texts(frame, "zcta"),
        lone=np.asarray((kind == "zcta") & (weight == 0), dtype=bool),
        counties=counties,
        source=source or frame.attrs.get("source") or "people given",
        are_members=bool(frame.attrs.get("are_members")),
        notes=tuple(frame.attrs.get("notes", ())),
    )


def _coordinates(frame: Any) -> tuple[Floats, Floats]:
    """Longitudes and latitudes of a table, checked."""
    import numpy as np

    if {"lon", "lat"} <= set(frame.columns):
        lon, lat = (frame[name].to_numpy(dtype=float) for name in ("lon", "lat"))
    elif hasattr(frame, "crs"):
        lon, lat = _from_geometry(frame)
    else:
        raise MissingColumn("people: no columns 'lon' and 'lat', and no geometry: nobody can be placed.")
    wrong = ~(np.isfinite(lon) & np.isfinite(lat)) | (np.abs(lat) > 90) | (np.abs(lon) > 180)  # noqa: PLR2004 - degrees
    if wrong.any():
        raise CoordinateError(
            f"people: {int(wrong.sum())} rows have no place or one that cannot be, first in row "
            f"{int(np.flatnonzero(wrong)[0])} (counted from 0). Longitude is first by name: lon, lat."
        )
    return lon, lat


def _from_geometry(frame: Any) -> tuple[Floats, Floats]:
    """Longitudes and latitudes of point geometry in any CRS."""
    if frame.crs is None:
        raise UsageError("people: the geometry has no CRS. Say which it is with .set_crs(...), then ask again.")
    if not (frame.geom_type == "Point").all():
        raise UsageError("people: the geometry is not of points. Use .representative_point() where areas are meant.")
    points = frame.geometry.to_crs(_WGS84)
    return points.x.to_numpy(), points.y.to_numpy()


def _weights(frame: Any) -> Ints:
    """How many people each row stands for."""
    import numpy as np

    if "people" not in frame:
        return np.ones(len(frame), dtype=np.int64)
    given = frame["people"].to_numpy(dtype=float)
    if not (np.isfinite(given) & (given >= 0) & (given == np.round(given))).all():
        raise InputError("people: a number of people is missing, negative or broken. Whole numbers from 0 are needed.")
    whole: Ints = given.astype(np.int64)
    return whole


def _county_codes(frame: Any, lon: Floats, lat: Floats) -> list[str]:
    """The county of each row: as given, else by the map."""
    given = _texts(frame, "county_fips")
    todo = [i for i, code in enumerate(given) if not code]
    on_map = counties_at([lon[i] for i in todo], [lat[i] for i in todo])
    for i, code in zip(todo, on_map, strict=True):
        near = None if code else county_at(float(lon[i]), float(lat[i]))
        given[i] = code or (near.county_fips if near else "")
    return list(given)


def _texts(frame: Any, name: str) -> NDArray[np.object_]:
    """A column of text, empty where the table has none."""
    import numpy as np

    if name not in frame:
        return np.full(len(frame), "", dtype=object)
    texts: NDArray[np.object_] = frame[name].fillna("").astype(str).to_numpy(dtype=object, copy=True)
    return texts


def member_people(
    path: Path,
    on: str,
    *,
    index: Path | None = None,
    counties: Iterable[str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> People:
    """Read the plan's eligibility file: everyone eligible on a day, at the best place known.

    Coordinates outrank the address, the address its ZIP; a member known by ZIP alone stands at the point of the ZIP's
    people. Nothing of the file is kept on disk or named in a message.

    Parameters
    ----------
    path : Path
        CSV, workbook or Parquet: table ``consumers``.
    on : str
        ISO day.
    index : Path, optional
        Address index, for members with an address.
    counties : iterable of str, optional
        Only members of these counties (names or codes).
    progress : callable, optional
        Called with members placed and members in all.

    Raises
    ------
    InputError
        The file cannot be read, or nobody in it is eligible that day.
    """
    import numpy as np

    from adequacy.intake import read_consumers

    frame = read_consumers(path)
    eligible = frame[
        (frame["eligible_from"] <= on) & ((frame["eligible_to"] == "") | (frame["eligible_to"] >= on))
    ].drop_duplicates("member_id")
    if eligible.empty:
        raise InputError(f"{path.name}: nobody in the file is eligible on {on}. Check the date and the file.")
    placed = _placed(eligible, index, progress)
    known = ~np.isnan(placed["lon"])
    day = date.fromisoformat(on)
    ages = np.array([_age(text, day) for text in eligible["birth_date"]])
    kept = eligible[known]
    table_ = kept.assign(
        lon=placed["lon"][known],
        lat=placed["lat"][known],
        zcta=placed["zcta"][known],
        county_fips=np.where(kept["county_fips"] == "", placed["county_fips"][known], kept["county_fips"]),
        age=ages[known],
    )
    if counties is not None:
        table_ = table_[table_["county_fips"].isin(county_codes(counties))]
    table_.attrs = {"are_members": True, "notes": _notes(len(frame), len(eligible), placed, on)}
    return as_people(table_, f"eligibility file, members eligible on {on}")


def _placed(members: pd.DataFrame, index: Path | None, progress: Callable[[int, int], None] | None) -> dict[str, Any]:
    """Where each member lives, and how that is known."""
    import numpy as np

    size = len(members)
    out = {
        "lon": members["lon"].to_numpy(dtype=float, copy=True),
        "lat": members["lat"].to_numpy(dtype=float, copy=True),
        "zcta": np.full(size, "", dtype=object),
        "county_fips": np.full(size, "", dtype=object),
        "how": np.full(size, "coordinates", dtype=object),
    }
    places: dict[tuple[str, str], Place | None] = {}
    columns = [members[name].tolist() for name in ("street", "city", "state", "zip5")]
    for i, (street, city, state, zip5) in enumerate(zip(*columns, strict=True)):
        if progress:
            progress(i + 1, size)
        if not np.isnan(out["lon"][i]):
            continue
        address = f"{street}, {city}, {state} {zip5}" if street and index else ""
        if (address, zip5) not in places:
            places[address, zip5] = _locate(address, zip5, index)
        place = places[address, zip5]
        out["how"][i] = "no place" if place is None else "ZIP" if place.precision == "zip" else "address"
        if place is not None:
            out["lon"][i], out["lat"][i] = place.lon, place.lat
            out["zcta"][i], out["county_fips"][i] = place.zcta or "", place.county_fips or ""
    return out


def _locate(address: str, zip5: str, index: Path | None) -> Place | None:
    """A place from an address or ZIP; None where it cannot be found."""
    from adequacy.errors import AdequacyError
    from adequacy.geocode import locate_address, locate_zip

    try:
        return locate_address(address, index) if address else locate_zip(zip5)
    except AdequacyError:
        return None


def _age(birth_date: str, day: date) -> float:
    """Age in whole years, NaN where the birth date is unknown."""
    if not birth_date:
        return float("nan")
    born = date.fromisoformat(birth_date)
    return float(day.year - born.year - ((day.month, day.day) < (born.month, born.day)))


def _notes(rows: int, eligible: int, placed: dict[str, Any], on: str) -> tuple[str, ...]:
    """How many members were read, eligible, and placed in which way."""
    how: Sequence[str] = placed["how"].tolist()
    counts = {word: how.count(word) for word in ("coordinates", "address", "ZIP", "no place")}
    ways = ", ".join(f"{count:,} by {word}" for word, count in counts.items() if count and word != "no place")
    notes = [f"{rows:,} rows read, {eligible:,} members eligible on {on}, measured at: {ways or 'no place'}."]
    if counts["ZIP"]:
        notes.append("A member known by ZIP alone stands at the point of the ZIP's people; a check says more.")
    if counts["no place"]:
        notes.append(f"{counts['no place']:,} members have no place that can be found and are not measured.")
    return tuple(notes)
