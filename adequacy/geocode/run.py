"""Geocode a file, row by row: every row in is a row out, with where it is and how sure that is.

An interrupted run goes on where it stopped. A file of consumers is recognised and never sent anywhere.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adequacy.errors import InputError, MissingColumn, OutputError, PrivacyError, shown_list
from adequacy.geocode.ladder import Located, Record, as_number, climb
from adequacy.geocode.sources import csv_delimiter, csv_encoding, plain_name
from adequacy.separated import separated_records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TextIO

    from adequacy.geocode.census import CensusClient
    from adequacy.geocode.index import AddressIndex

__all__ = ["OUT_COLUMNS", "RunReport", "geocode_file", "is_consumers", "require_sendable"]

#: What a run adds to every row.
OUT_COLUMNS = (
    "lon",
    "lat",
    "match",
    "precision",
    "uncertainty_mi",
    "matched_address",
    "candidates",
    "source",
    "score",
    "flags",
)

_COLUMNS = {
    "line": (
        "street",
        "address",
        "streetaddress",
        "address1",
        "street1",
        "addressline1",
        "line1",
        "addr",
        "siteaddress",
    ),
    "city": ("city", "town", "municipality", "postcity"),
    "state": ("state", "st", "region", "statecode"),
    "zip5": ("zip5", "zip", "zipcode", "postcode", "postalcode"),
    "lon": ("lon", "longitude", "lng", "long"),
    "lat": ("lat", "latitude"),
    "precision": ("precision",),
}
_CONSUMER_COLUMNS = frozenset(
    {"memberid", "memberno", "membernumber", "member", "birthdate", "dateofbirth", "birthday", "dob", "ssn", "mrn"}
    | {"consumerid", "consumer", "consumername", "membername", "patient", "patientid", "patientname", "recipientid"}
    | {"beneficiaryid", "medicaidid", "subscriberid", "clientid", "clientname", "eligible", "enrolleeid"}
)
_CHECKPOINT_ROWS = 1_000
#: So many rows may wait for the online service's answers.
_MOST_WAITING = 20_000


@dataclass(slots=True)
class RunReport:
    """What a run did: rows read (and written), rows by ``match``, addresses sent, rows kept from an earlier run."""

    read: int = 0
    matches: dict[str, int] = field(default_factory=dict)
    sent: int = 0
    resumed: int = 0


def geocode_file(
    source: Path | str,
    out: Path | str,
    *,
    points: Path | str | None = None,
    consumers: bool = False,
    online: CensusClient | None = None,
    send_addresses: bool = False,
    progress: Callable[[int], None] | None = None,
) -> RunReport:
    """Geocode a CSV file.

    Parameters
    ----------
    source, out : path
        The output has the rows and columns of the input, in order, and ``OUT_COLUMNS``; an input column of such a name
        is kept as ``given_<name>``.
    points : path, optional
        An address index, or a file of address points from which one is made for this run.
    consumers : bool
        True if the file holds consumers; files that look so are treated so in any case.
    online : CensusClient, optional
        Ask this service about rows that are placed no better than by ZIP. Needs ``send_addresses``.
    send_addresses : bool
        True to agree that providers' addresses leave this computer.
    progress : callable, optional
        Called with the number of rows done.

    Returns
    -------
    RunReport
        Counts.

    Raises
    ------
    PrivacyError
        If consumers would be sent, or anything without ``send_addresses``; nothing was sent and nothing written.
    InputError, MissingColumn
        If the file cannot be read or has no address, ZIP or coordinates.
    OutputError
        If the output cannot be written.
    ServiceUnreachable
        If the service does not answer; the same command goes on from the last full chunk.
    """
    path, target = Path(source), Path(out)
    header = _header(path)
    if online is not None:
        require_sendable(path.name, header, consumers=consumers, send_addresses=send_addresses)
    layout = _layout(path, header)
    if target.is_dir():
        raise OutputError(f"{target}: is a folder. Name the file to write in it.")
    if target.exists() and path.exists() and target.samefile(path):
        raise OutputError(f"{target.name}: the output would overwrite the input. Name another file with --out.")
    with _index(points, target) as index:
        return _Run(path, target, header, layout, index, online, progress).go()


# --- privacy -----------------------------------------------------------------------------------------------------


def is_consumers(name: str, header: list[str]) -> bool:
    """Tell whether a file looks like one of consumers, by its columns or its name.

    Examples
    --------
    >>> is_consumers("sites.csv", ["street", "Member ID"]), is_consumers("sites.csv", ["street", "npi"])
    (True, False)
    """
    columns = {plain_name(column) for column in header}
    eligibility = any(column.startswith(("eligib", "memb", "enrollee")) for column in columns)
    named = any(word in plain_name(name) for word in ("member", "consumer", "eligib", "patient", "beneficiar"))
    return bool(columns & _CONSUMER_COLUMNS) or eligibility or named


def require_sendable(name: str, header: list[str], *, consumers: bool, send_addresses: bool) -> None:
    """Raise unless the addresses of a file may leave this computer.

    Raises
    ------
    PrivacyError
        For a file of consumers, whatever else was said; for any file without ``send_addresses``.
    """
    if consumers or is_consumers(name, header):
        raise PrivacyError(
            "This file holds consumers (by --consumers, its columns or its name): their addresses are never sent. "
            "Nothing was sent. Run it again without --online."
        )
    if not send_addresses:
        raise PrivacyError(
            "An online service would learn the addresses of this file; nothing was sent. "
            "If they are providers' addresses and that is agreed, add --send-addresses."
        )


# --- reading the input -------------------------------------------------------------------------------------------


def _header(path: Path) -> list[str]:
    """Read the column names."""
    if not path.is_file():
        raise InputError(f"{path.name}: there is no such file. Check the path.")
    with path.open("rb") as source:
        if source.read(4) in {b"PK\x03\x04", b"\xd0\xcf\x11\xe0"}:
            raise InputError(
                f"{path.name}: this is a workbook, not a CSV file. Save the sheet as CSV UTF-8 and run again."
            )
    _, records = _records(path)
    header = next(records, [])
    if not any(cell.strip() for cell in header):
        raise InputError(f"{path.name}: the file is empty. Its first line must name the columns.")
    return header


def _layout(path: Path, header: list[str]) -> dict[str, int]:
    """Find which column holds what."""
    plain = [plain_name(column) for column in header]
    found = {part: next((plain.index(name) for name in names if name in plain), -1) for part, names in _COLUMNS.items()}
    if found["line"] < 0 and found["zip5"] < 0 and (found["lon"] < 0 or found["lat"] < 0):
        raise MissingColumn(
            f"{path.name}: no column 'street' or 'address', no 'zip', no 'lon' and 'lat'. "
            f"{_named(header)} Rename the columns that hold them."
        )
    return found


def _named(header: list[str]) -> str:
    """Name the columns that were found, unless the first line holds a row: that may be someone's address."""
    if any(re.match(r"\s*\d", cell) or len(re.findall(r"\d", cell)) > 2 for cell in header):  # noqa: PLR2004 - address2
        return "The first line looks like a row, not like the names of columns: add a line of names."
    return f"Found: {shown_list(header)}."


def _records(path: Path) -> tuple[str, Iterator[list[str]]]:
    """Give the separator of a file, and its records, the header first."""

    def records() -> Iterator[list[str]]:
        with path.open(encoding=encoding, newline="", errors="replace") as lines:
            yield from separated_records(lines, separator, path.name)

    encoding = csv_encoding(path)
    with path.open(encoding=encoding, newline="", errors="replace") as lines:
        separator = csv_delimiter(lines.readline())
    return separator, records()


def _rows(path: Path, width: int) -> Iterator[list[str]]:
    """Read the rows below the header, each as wide as the header; surplus cells join the last."""
    separator, records = _records(path)
    next(records, None)
    for cells in filter(None, records):
        whole = [*cells[: width - 1], separator.join(cells[width - 1 :])] if len(cells) > width else cells
        yield whole + [""] * (width - len(whole))


def _record(cells: list[str], layout: dict[str, int]) -> Record:
    """Read what a row says of its place."""
    text = {part: cells[at].strip() if at >= 0 else "" for part, at in layout.items()}
    zip5 = text["zip5"].removesuffix(".0")
    whole = layout["city"] < 0 and (layout["zip5"] < 0 or layout["state"] < 0)
    lon, lat = as_number(text["lon"]), as_number(text["lat"])
    return Record(
        text["line"], text["city"], text["state"], zip5, lon, lat, text["precision"].removeprefix("none"), whole
    )


@contextmanager
def _index(points: Path | str | None, target: Path) -> Iterator[AddressIndex | None]:
    """Open an index, or make one for this run from a file of address points."""
    from adequacy.geocode.index import build_index, is_index, open_index

    if points is None:
        yield None
        return
    path = Path(points)
    if is_index(path) or not path.exists():
        yield open_index(path)
        return
    with tempfile.TemporaryDirectory(prefix=".points-", dir=target.parent, ignore_cleanup_errors=True) as folder:
        made = Path(folder) / f"{path.stem}.idx"
        build_index(path, made)
        yield open_index(made)


# --- the run -----------------------------------------------------------------------------------------------------


class _Run:
    """One run: the part of the output already written, and how far it got."""

    def __init__(
        self,
        path: Path,
        target: Path,
        header: list[str],
        layout: dict[str, int],
        index: AddressIndex | None,
        online: CensusClient | None,
        progress: Callable[[int], None] | None,
    ) -> None:
        self._path, self._target, self._header, self._layout = path, target, header, layout
        self._index, self._online, self._progress = index, online, progress
        self._part = target.with_name(target.name + ".part")
        self._state = target.with_name(target.name + ".part.json")
        self._report = RunReport()
        self._waiting: list[tuple[list[str], Record, Located]] = []
        self._unsure = 0

    def go(self) -> RunReport:
        """Place every row, then put the finished file in place in one step."""
        done = self._resume()
        try:
            with self._part.open("r+" if done else "w", encoding="utf-8", newline="") as out:
                out.seek(done)
                self._write_rows(out, fresh=not done)
            self._part.replace(self._target)
            self._state.unlink(missing_ok=True)
        except OSError as error:
            if isinstance(error, ConnectionError):
                raise
            raise OutputError(
                f"{self._target}: cannot be written ({error.strerror or error}). Check the folder, and whether the "
                "file is open."
            ) from None
        return self._report

    def _write_rows(self, out: TextIO, *, fresh: bool) -> None:
        """Read, place and write, with a checkpoint now and then."""
        writer = csv.writer(out, lineterminator="\n")
        if fresh:
            kept = [f"given_{name}" if name in OUT_COLUMNS else name for name in self._header]
            writer.writerow([*kept, *OUT_COLUMNS])
        full = self._online.chunk if self._online else _CHECKPOINT_ROWS
        for number, cells in enumerate(_rows(self._path, len(self._header)), 1):
            if number <= self._report.resumed:
                continue
            record = _record(cells, self._layout)
            located = climb(record, self._index)
            self._waiting.append((cells, record, located))
            self._unsure += self._online is None or self._askable(record, located)
            if self._unsure >= full or len(self._waiting) >= _MOST_WAITING:
                self._flush(out, writer)
        self._flush(out, writer)

    def _askable(self, record: Record, located: Located) -> bool:
        """Tell whether the online service may know better: a street address that is placed by ZIP at most."""
        from adequacy.geocode.census import question_of

        return located.precision in {"zip", "none"} and question_of("", record) is not None

    def _flush(self, out: TextIO, writer: Any) -> None:
        """Ask the online service about what waits, write it, and note how far the run is."""
        answers = self._ask()
        for at, (cells, _, located) in enumerate(self._waiting):
            final = answers.get(at, located)
            writer.writerow([*cells, *_cells(final)])
            self._report.matches[final.match] = self._report.matches.get(final.match, 0) + 1
        self._report.read += len(self._waiting)
        self._waiting.clear()
        self._unsure = 0
        out.flush()
        os.fsync(out.fileno())
        self._checkpoint(out.tell())
        if self._progress:
            self._progress(self._report.read)

    def _ask(self) -> dict[int, Located]:
        """Ask the online service; position of the row -> the better place."""
        if self._online is None:
            return {}
        from adequacy.geocode.census import located_of, question_of

        asked = {}
        for at, (_, record, located) in enumerate(self._waiting):
            question = question_of(str(at), record) if self._askable(record, located) else None
            if question is not None:
                asked[at] = question
        if not asked:
            return {}
        replies = self._online.ask(list(asked.values()))
        self._report.sent += len(asked)
        better = {at: located_of(replies[str(at)], self._waiting[at][2], asked[at].zip5) for at in asked}
        return {at: place for at, place in better.items() if place is not None}

    def _fingerprint(self) -> str:
        """Name the question: input, index, service and version; another one starts afresh."""
        from adequacy.geocode.index import folding_version, sha256_of

        parts = [sha256_of(self._path), folding_version(), ",".join(OUT_COLUMNS)]
        parts.append(json.dumps(self._index.meta, sort_keys=True) if self._index else "")
        parts.append(self._online.name if self._online else "")
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def _resume(self) -> int:
        """Return the bytes of an earlier run of the same question, and take its counts over."""
        self._print = self._fingerprint()
        try:
            state = json.loads(self._state.read_text(encoding="utf-8"))
            fits = state["fingerprint"] == self._print and self._part.stat().st_size >= state["bytes"] > 0
            if not fits:
                return 0
            with self._part.open("r+b") as part:
                part.truncate(state["bytes"])
            self._report = RunReport(state["read"], dict(state["matches"]), state["sent"], state["read"])
            return int(state["bytes"])
        except (OSError, ValueError, KeyError, TypeError):
            return 0

    def _checkpoint(self, size: int) -> None:
        """Note how far the part file is whole."""
        report = self._report
        state = {"fingerprint": self._print, "bytes": size, "read": report.read, "sent": report.sent}
        fresh = self._state.with_name(self._state.name + ".new")
        fresh.write_text(json.dumps({**state, "matches": report.matches}), encoding="utf-8")
        fresh.replace(self._state)


def _cells(located: Located) -> list[str]:
    """Write what was found as cells; an unknown place is empty."""
    nowhere = located.lon != located.lon
    reach = "" if nowhere else f"{located.uncertainty_mi:.4f}"
    lon, lat = ("", "") if nowhere else (f"{located.lon:.7f}", f"{located.lat:.7f}")
    head = [lon, lat, located.match, located.precision, reach, located.matched_address, " | ".join(located.candidates)]
    return [*head, located.source, f"{located.score:.1f}", ";".join(located.flags)]
