"""The plan's eligibility file, read in memory and forgotten: nothing of it is written, logged or put in a message.

A message names file, row and column, never a value and never the consumer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from adequacy.errors import BadValue, CoordinateError, MissingColumn, NotDecidable, PlaceUnknown
from adequacy.geocode import locate_point, locate_zip
from adequacy.intake.cells import cell_judge, clean_text, read_date
from adequacy.intake.header import find_layout
from adequacy.intake.places import county_code
from adequacy.intake.readers import open_roster
from adequacy.intake.sources import where
from adequacy.tables import OLDEST_AGE, table

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import pandas as pd

    from adequacy.tables import Column

__all__ = ["Consumer", "read_consumers", "read_member"]


_LAST_YEAR = 2100


@dataclass(frozen=True, slots=True, repr=False)
class Consumer:
    """One consumer on one day: place, age and county of eligibility. It has no printed form: no log shows it."""

    lon: float | None
    lat: float | None
    address: str
    zip5: str
    county_fips: str
    age: int | None

    def as_question(self, index: Path | None = None) -> dict[str, Any]:
        """Return the arguments of ``Network.check``: the best place at hand, age, county of eligibility.

        Parameters
        ----------
        index : Path, optional
            Index of address points, for a consumer known by address only.
        """
        asked: dict[str, Any] = {"age": self.age, "county_of_eligibility": self.county_fips or None}
        if self.lon is not None and self.lat is not None:
            return {**asked, "lon": self.lon, "lat": self.lat}
        if self.address:
            return {**asked, "address": self.address, "index": index}
        return {**asked, "zip5": self.zip5}


def read_consumers(path: Path | str) -> pd.DataFrame:
    """Read an eligibility file into table ``consumers``.

    Parameters
    ----------
    path : Path or str
        CSV or workbook with ``member_id`` and a place (``zip5``, or ``lon`` and ``lat``); usual other names are known.

    Returns
    -------
    DataFrame
        Table ``consumers``, in memory only; text, ``""`` for empty; ``lon`` and ``lat`` floats (degrees, WGS 84, NaN
        where not given); dates ISO. One row per row of the file.

    Raises
    ------
    MissingColumn
        If the id or every place column is missing.
    BadValue
        If a cell cannot be read; the message names rows and columns, never values.
    """
    rows, labels, source = _raw(path)
    return _read(rows, labels, source).drop(columns="source_row")


def read_member(path: Path | str, member_id: str, on: date | str) -> Consumer:
    """Look up one consumer in the eligibility file, on one day.

    Parameters
    ----------
    path : Path or str
        As for ``read_consumers``. Faults in other consumers' rows do not matter.
    member_id : str
        The plan's id.
    on : date or str
        The row whose period of eligibility holds that day is used.

    Raises
    ------
    NotDecidable
        If the file has no such consumer, none eligible that day, or two different places for that day.
    BadValue
        If a cell of the consumer's row cannot be read.
    """
    day = on if isinstance(on, str) else on.isoformat()
    rows, labels, source = _raw(path)
    theirs = rows[rows["member_id"].map(clean_text) == clean_text(member_id)]
    if theirs.empty:
        raise NotDecidable(f"{source}: no row with that member id. Check the id and the date of the eligibility file.")
    known = _read(theirs, labels, source)
    ended = (known["eligible_to"] != "") & (known["eligible_to"] < day)
    now = known[(known["eligible_from"] <= day) & ~ended]
    if now.empty:
        raise NotDecidable(f"{source}: the consumer is in the file but not eligible on {day}. Check the date.")
    if len(now.drop(columns=["source_row", "eligible_from", "eligible_to"]).drop_duplicates()) > 1:
        raise NotDecidable(
            f"{source}: rows {', '.join(map(str, now['source_row']))} disagree about one consumer on {day}."
        )
    return _consumer(now.iloc[0], date.fromisoformat(day), source)


def _raw(path: Path | str) -> tuple[pd.DataFrame, dict[str, str], str]:
    """Read the cells of the first sheet that looks like an eligibility file."""
    import pandas as pd

    file = open_roster(path)
    for sheet in file.sheets:
        layout = find_layout(sheet, {}, kind="consumers")
        if sheet.hidden or layout is None or "member_id" not in layout.columns:
            continue
        source = where(sheet.source)
        have = set(layout.columns)
        if "zip5" not in have and not {"lon", "lat"} <= have:
            raise MissingColumn(f"{source}: no column 'zip5', and no 'lon' with 'lat': no consumer can be placed.")
        sheet.set_width(layout.last_row)
        parts = []
        for block in sheet.blocks(
            {place for places in layout.columns.values() for place in places}, after=layout.last_row
        ):
            cells: dict[str, np.ndarray] = {name: block.cells[places[0]] for name, places in layout.columns.items()}
            parts.append(pd.DataFrame({**cells, "source_row": block.rows}))
        rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=[*layout.columns, "source_row"])
        for name in table("consumers").names:
            if name not in rows:
                rows[name] = ""
        filled = (rows[list(layout.columns)] != "").any(axis=1)
        return rows[filled].reset_index(drop=True), layout.labels, source
    raise MissingColumn(
        f"{file.name}: no column 'member_id' was found. It is no eligibility file, or its header is unknown."
    )


def _read(rows: pd.DataFrame, labels: dict[str, str], source: str) -> pd.DataFrame:
    """Judge the cells of table ``consumers``; name what cannot be read by row and column."""
    import pandas as pd

    faults: list[str] = []
    out = {}
    for column in table("consumers").columns:
        texts = rows["county_fips"] + "\n" + rows["state"] if column.name == "county_fips" else rows[column.name]
        codes, uniques = pd.factorize(texts)
        judged = [_cell(column, str(text)) for text in uniques]
        bad = [place for place, (_, good) in enumerate(judged) if not good]
        label = labels.get(column.name, column.name)
        faults += [
            f"row {row}, column '{label}'" for row in rows.loc[pd.Series(codes).isin(bad).to_numpy(), "source_row"]
        ]
        out[column.name] = pd.Series([value for value, _ in judged], dtype=object).iloc[codes].to_numpy()
    if faults:
        more = f" and {len(faults) - 3} more" if len(faults) > 3 else ""  # noqa: PLR2004 - enough to find the kind of fault
        raise BadValue(f"{source}: {'; '.join(faults[:3])}{more} cannot be read. Correct the file and try again.")
    frame = pd.DataFrame(out)
    for name in ("lon", "lat"):
        frame[name] = pd.to_numeric(frame[name])
    return frame.assign(source_row=rows["source_row"].to_numpy())


def _cell(column: Column, text: str) -> tuple[str | float | None, bool]:
    """Read one cell: its value, and whether it could be read. A county comes with its state after a line feed."""
    value, _, state = (part.strip() for part in text.partition("\n"))
    value = clean_text(value)
    if column.kind == "float":
        return _degrees(value, column.name)
    if column.kind == "date":
        return _day(value, column.name)
    if not value:
        return "", True
    if column.name == "county_fips":
        found = county_code(value, state)
        return found or "", found is not None
    if column.name == "zip5":
        for change in cell_judge(table("roster").column("zip5"), today=date.max)(value):
            value = change.value
        return value, bool(value)
    return value, True


def _day(value: str, name: str) -> tuple[str, bool]:
    """Read a date; a year of two digits is not read, because a birth may lie in either century."""
    if not value:
        return "", True
    day, rule = read_date(value, date.max)
    if day is None or rule == "date_two_digit_year":
        return "", False
    if name.endswith("_to") and day.year > _LAST_YEAR:
        return "", True
    return day.isoformat(), True


def _degrees(value: str, name: str) -> tuple[float | None, bool]:
    """Read a coordinate in degrees."""
    if not value:
        return None, True
    try:
        degrees = float(value)
    except ValueError:
        return None, False
    return degrees, abs(degrees) <= (180 if name == "lon" else 90)


def _consumer(row: pd.Series, day: date, source: str) -> Consumer:
    """Make a consumer of one row; one without any place cannot be decided."""
    at = f"{source} row {row['source_row']}"
    placed = row["lon"] == row["lon"] and row["lat"] == row["lat"]  # NaN is not itself
    if not placed and not row["zip5"]:
        raise NotDecidable(f"{at}: the consumer has no place. Ask for the address or ZIP code.")
    lon, lat = (float(row["lon"]), float(row["lat"])) if placed else (None, None)
    _require_place(lon, lat, row["zip5"], at)
    tail = f"{row['city']}, {row['state']} {row['zip5']}".strip(" ,")
    address = f"{row['street']}, {tail}" if row["street"] else ""
    age = _age(row["birth_date"], day)
    if age is not None and not 0 <= age <= OLDEST_AGE:
        raise BadValue(f"{at}, column 'birth_date': nobody has that age on {day}. Correct the file and try again.")
    return Consumer(lon, lat, address, row["zip5"], row["county_fips"], age)


def _require_place(lon: float | None, lat: float | None, zip5: str, at: str) -> None:
    """Hold the place of a row to what can be one; the message says the row, never the place."""
    try:
        if lon is not None and lat is not None:
            locate_point(lon, lat)
        else:
            locate_zip(zip5)
    except CoordinateError:
        raise BadValue(f"{at}, columns 'lon' and 'lat': no place; are they swapped? Correct the file.") from None
    except PlaceUnknown:
        columns = "column 'zip5'" if lon is None else "columns 'lon' and 'lat'"
        raise NotDecidable(f"{at}, {columns}: no known place in the United States. Ask for the address.") from None


def _age(birth_date: str, day: date) -> int | None:
    """Return the age in whole years on a day."""
    if not birth_date:
        return None
    born = date.fromisoformat(birth_date)
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
