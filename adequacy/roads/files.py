"""The compiled street network: one ``.roads`` file, the same bytes for the same input.

A zip archive with ``meta.json`` (source, date, bounds, licence, speeds, what was dropped) and numpy arrays: streets,
search graph (CSR), snap grid. The hash in ``meta.json`` is of the arrays; it is checked whenever a file is opened.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adequacy.errors import NetworkFileError, OutputError
from adequacy.roads.chains import Chains
from adequacy.roads.snapping import Grid

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["FORMAT", "LICENCE", "Compiled", "read_meta", "read_roads", "write_roads"]

#: Name and version of the format; a file of a newer version is refused.
FORMAT = "adequacy.roads/1"
LICENCE = (
    "Contains information from OpenStreetMap, (c) OpenStreetMap contributors, made available under the Open Database "
    "License (ODbL) 1.0: https://www.openstreetmap.org/copyright. This file is a derived database: pass it on only "
    "under the same licence and with this notice."
)
_DATED = (1980, 1, 1, 0, 0, 0)
_STREETS = (
    "node_lon_e7", "node_lat_e7", "u", "v", "two_way", "road_class", "kph", "mi", "start", "lon_e7", "lat_e7",
)  # fmt: skip
#: Arrays stored as differences, which pack several times smaller and come back exactly.
_STEPPED = frozenset(
    {"node_lon_e7", "node_lat_e7", "lon_e7", "lat_e7", "u", "v", "start", "first", "head", "grid_start", "segment"}
)
#: Higher levels take several times as long and save a twentieth.
_COMPRESSION = 1


@dataclass(frozen=True, slots=True)
class Compiled:
    """Everything a ``.roads`` file holds.

    Parameters
    ----------
    meta : dict
    chains : Chains
        Streets, connected, numbered along a space-filling curve.
    first : ndarray of int32, shape (nodes + 1,)
        Search graph: where the departures of each junction begin.
    head : ndarray of int32
        Search graph: the junction each departure leads to; no pair of junctions twice.
    by_mi, by_min : ndarray of int32
        Search graph: the shortest, and the fastest, chain of each departure.
    grid : Grid
    """

    meta: dict[str, Any]
    chains: Chains
    first: NDArray[np.int32]
    head: NDArray[np.int32]
    by_mi: NDArray[np.int32]
    by_min: NDArray[np.int32]
    grid: Grid


def write_roads(compiled: Compiled, out: Path) -> dict[str, Any]:
    """Write a ``.roads`` file in one step (never half a file); return its meta data, with the hash of its content.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    arrays = _arrays(compiled)
    meta = {**compiled.meta, "format": FORMAT, "sha256": _digest(arrays)}
    draft = out.with_name(out.name + ".part")
    try:
        with zipfile.ZipFile(draft, "w") as archive:
            _add(archive, "meta.json", json.dumps(meta, indent=1, sort_keys=True, ensure_ascii=False).encode("utf-8"))
            for name, array in arrays.items():
                _add(archive, f"{name}.npy", _packed(name, array))
        draft.replace(out)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise OutputError(
            f"{out.name}: cannot be written ({error.strerror or 'unknown reason'}). Choose another --out."
        ) from None
    return meta


def read_meta(path: Path | str) -> dict[str, Any]:
    """Read what a ``.roads`` file says of itself; numpy is not needed.

    Raises
    ------
    NetworkFileError
        The file is missing, not ours, damaged or made by a newer version.
    """
    path = Path(path)
    if not path.is_file():
        raise NetworkFileError(f"{path.name}: no such file. Make one: adequacy roads build EXTRACT --out {path.name}")
    try:
        with zipfile.ZipFile(path) as archive:
            meta = json.loads(archive.read("meta.json"))
            known = str(meta["format"])
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, OSError):
        raise _foreign(path) from None
    if known != FORMAT:
        if known.startswith(FORMAT.rpartition("/")[0] + "/"):
            raise NetworkFileError(
                f"{path.name}: made for another version of adequacy ({known}, this one reads {FORMAT}). Build it again."
            )
        raise _foreign(path)
    return dict(meta)


def read_roads(path: Path | str) -> Compiled:
    """Read a ``.roads`` file and check it against its own hash.

    Raises
    ------
    NetworkFileError
        As `read_meta`; also when the content does not fit its hash.
    """
    path = Path(path)
    meta = read_meta(path)
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]
            arrays = {name: _unpacked(name, archive.read(f"{name}.npy")) for name in names}
        digest = _digest(arrays)
        compiled = _compiled(meta, arrays)
    except (zipfile.BadZipFile, zipfile.zlib.error, KeyError, ValueError, TypeError, EOFError, OSError):  # type: ignore[attr-defined]
        raise _damaged(path) from None
    if digest != meta.get("sha256"):
        raise _damaged(path)
    return compiled


def _arrays(compiled: Compiled) -> dict[str, Any]:
    """Name every array of the file, in order."""
    import numpy as np

    grid = compiled.grid
    corner = [grid.west_e7, grid.south_e7, grid.cell_e7, grid.columns, grid.rows]
    return {
        **{name: getattr(compiled.chains, name) for name in _STREETS},
        "first": compiled.first,
        "head": compiled.head,
        "by_mi": compiled.by_mi,
        "by_min_less_mi": compiled.by_min - compiled.by_mi,
        "grid": np.array(corner, dtype=np.int64),
        "grid_start": grid.start,
        "segment": grid.segment,
    }


def _compiled(meta: dict[str, Any], arrays: Mapping[str, Any]) -> Compiled:
    """Put the arrays of a file back together."""
    west, south, cell, columns, rows = (int(each) for each in arrays["grid"])
    return Compiled(
        meta=meta,
        chains=Chains(**{name: arrays[name] for name in _STREETS}, class_names=tuple(meta["class_names"])),
        first=arrays["first"],
        head=arrays["head"],
        by_mi=arrays["by_mi"],
        by_min=arrays["by_mi"] + arrays["by_min_less_mi"],
        grid=Grid(west, south, cell, columns, rows, arrays["grid_start"], arrays["segment"]),
    )


def _digest(arrays: Mapping[str, Any]) -> str:
    """Hash the arrays: names, types and values, in order of name."""
    digest = hashlib.sha256(FORMAT.encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    """Add a member without the clock's date, so that the same input gives the same bytes."""
    member = zipfile.ZipInfo(name, date_time=_DATED)
    member.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(member, content, compresslevel=_COMPRESSION)


def _packed(name: str, array: NDArray[Any]) -> bytes:
    """Turn an array into the bytes of a .npy file."""
    import numpy as np

    buffer = io.BytesIO()
    stepped = np.diff(array, prepend=array.dtype.type(0)) if name in _STEPPED else array
    np.lib.format.write_array(buffer, np.ascontiguousarray(stepped), allow_pickle=False)
    return buffer.getvalue()


def _unpacked(name: str, content: bytes) -> NDArray[Any]:
    """Turn the bytes of a .npy file back into an array; nothing in it is ever executed."""
    import numpy as np

    array: NDArray[Any] = np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
    return np.cumsum(array, dtype=array.dtype) if name in _STEPPED else array


def _foreign(path: Path) -> NetworkFileError:
    """Say that a file is not a street network of ours."""
    return NetworkFileError(
        f"{path.name}: not a street network of adequacy. Make one: adequacy roads build EXTRACT --out FILE.roads"
    )


def _damaged(path: Path) -> NetworkFileError:
    """Say that a file is ours but broken."""
    return NetworkFileError(f"{path.name}: the file is damaged (its content does not fit its hash). Build it again.")
