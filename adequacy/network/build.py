"""Writing a network file: rosters as ``intake`` read them, located, in one GeoPackage, all or nothing."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import sqlite3
import tempfile
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adequacy import __version__
from adequacy.clocks import read_date
from adequacy.errors import OutputError, RosterRefused
from adequacy.network.file import FORMAT_VERSION, NetworkFile
from adequacy.policy import load_policy
from adequacy.tables import table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas

    from adequacy.intake import FileRead, Intake
    from adequacy.intake.mapping import Default
    from adequacy.policy import Policy

__all__ = ["BuildReport", "build_network", "content_sha256", "rewrite"]

#: A part untouched for so long is nobody's: a build takes minutes.
_PART_STALE_S = 3600
#: What a GeoPackage begins with.
_SQLITE = b"SQLite format 3\0"
_INDEXES = (
    "CREATE INDEX offerings_by_service ON offerings (service_key)",
    "CREATE INDEX offerings_by_site ON offerings (site_id)",
    "CREATE INDEX offerings_by_provider ON offerings (provider_id)",
    "CREATE UNIQUE INDEX sites_by_id ON sites (site_id)",
    "CREATE UNIQUE INDEX providers_by_id ON providers (provider_id)",
    "CREATE INDEX providers_by_npi ON providers (npi)",
)


@dataclass(frozen=True)
class BuildReport:
    """What became of the rows of a roster."""

    path: Path | None
    name: str
    roster_date: str
    sha256: str
    read: int
    used: int
    refused: int
    providers: int
    sites: int
    offerings: int
    by_precision: dict[str, int]


def build_network(
    intake: Intake,
    out: Path | None,
    *,
    roster_date: str,
    name: str,
    is_demo: bool = False,
    index: Path | None = None,
    policy: Policy | None = None,
    accepted: tuple[str, ...] = (),
) -> BuildReport:
    """Locate the sites of a roster and write the network file.

    Parameters
    ----------
    intake : Intake
        Rosters as ``read_rosters`` gives them: usable rows, refused rows, sources, declared defaults.
    out : Path or None
        The GeoPackage to write. It appears whole or not at all; an older file of that name stays until then. None
        builds nothing and only reports (a dry run).
    roster_date : str
        ISO day on which the roster was true.
    name : str
        Name of the network, printed in every answer.
    is_demo : bool
        Whether contracts are invented; printed in every answer.
    index : Path, optional
        Address points that place sites without coordinates; without it they are placed by ZIP.
    policy : Policy, optional
        The plan's rules, for how far the border of a ZIP may be off; the shipped rules if not given.
    accepted : tuple of str
        What the person who built it accepted in spite of a warning (``--accept``), in words.

    Returns
    -------
    BuildReport
        Rows read = rows used + rows refused.

    Raises
    ------
    RosterRefused
        If no row can be used.
    OutputError
        If the file cannot be written.
    """
    if intake.rows.empty:
        raise RosterRefused(
            f"{_names(intake)}: no usable row ({intake.read} read, {len(intake.refused)} refused). Nothing was written."
        )
    frames = _tables(intake, index, _zip_margins(policy or load_policy(), roster_date))
    meta = _meta_texts(
        name=name,
        roster_date=roster_date,
        is_demo=is_demo,
        sources=[_fields(source) for source in intake.sources],
        defaults=[_fields(default) for default in intake.defaults],
        accepted=list(accepted),
    )
    return _finish(frames, meta, out, read=intake.read, used=intake.used)


def rewrite(
    network: NetworkFile, out: Path, *, keep: Callable[[pandas.DataFrame], pandas.DataFrame], note: str
) -> BuildReport:
    """Write a network again with some of its offerings, and only the sites and providers that these need.

    Parameters
    ----------
    network : NetworkFile
        The network to start from.
    out : Path
        The network file to write.
    keep : callable
        Table ``offerings`` in, the rows to keep out.
    note : str
        What was done, in words; joins the name and is recorded.
    """
    frames = {name: _as_declared(network.frame(name), name) for name in ("providers", "sites", "offerings", "refused")}
    read = len(frames["offerings"])
    offerings = frames["offerings"] = keep(frames["offerings"]).reset_index(drop=True)
    for name, key in (("providers", "provider_id"), ("sites", "site_id")):
        frames[name] = frames[name][frames[name][key].isin(offerings[key])].reset_index(drop=True)
    old = network.meta
    meta = _meta_texts(
        name=f"{old.name} {note}",
        roster_date=old.roster_date,
        is_demo=old.is_demo,
        sources=list(old.sources),
        defaults=list(old.defaults),
        accepted=[*old.accepted, note],
    )
    return _finish(frames, meta, out, read=read, used=len(offerings))


def _as_declared(frame: pandas.DataFrame, name: str) -> pandas.DataFrame:
    """A table as read from a file, in the declared columns and types."""
    import pandas

    declared = table(name)
    plain = pandas.DataFrame(frame[list(declared.names)])
    for column in declared.columns:
        if column.kind == "int":
            plain[column.name] = pandas.to_numeric(plain[column.name]).astype("Int64")
        elif column.kind != "float":
            plain[column.name] = plain[column.name].astype(object).where(plain[column.name].notna(), "")
    return plain


def _meta_texts(
    *,
    name: str,
    roster_date: str,
    is_demo: bool,
    sources: list[dict[str, Any]],
    defaults: list[dict[str, Any]],
    accepted: list[str],
) -> dict[str, str]:
    """What a network file says of itself, as text; the content hash is still to come."""
    return {
        "format_version": str(FORMAT_VERSION),
        "name": name,
        "roster_date": roster_date,
        "is_demo": "Y" if is_demo else "N",
        "build_version": __version__,
        "sources": json.dumps(sources, sort_keys=True),
        "defaults": json.dumps(defaults, sort_keys=True),
        "accepted": json.dumps(accepted),
    }


def _finish(
    frames: dict[str, pandas.DataFrame], meta: dict[str, str], out: Path | None, *, read: int, used: int
) -> BuildReport:
    """Hash, write and report."""
    meta["sha256"] = content_sha256(frames, meta)
    if out is not None:
        _write(frames, meta, out)
    sites = frames["sites"]
    return BuildReport(
        path=out,
        name=meta["name"],
        roster_date=meta["roster_date"],
        sha256=meta["sha256"],
        read=read,
        used=used,
        refused=len(frames["refused"]),
        providers=len(frames["providers"]),
        sites=len(sites),
        offerings=len(frames["offerings"]),
        by_precision={str(word): int(count) for word, count in sites["precision"].value_counts().sort_index().items()},
    )


def _names(intake: Intake) -> str:
    return ", ".join(source.name for source in intake.sources) or "roster"


def _fields(record: FileRead | Default) -> dict[str, Any]:
    """A source or a default as the file keeps it."""
    return {each.name: getattr(record, each.name) for each in fields(record)}


def _zip_margins(policy: Policy, roster_date: str) -> dict[str, float]:
    """How much farther than its area a site that is placed by its ZIP may lie, in statute miles."""
    day = read_date(roster_date)
    return {
        "zip_tolerance_mi": float(policy.value("zip_boundary_tolerance_mi", day)),
        "mailing_tolerance_mi": float(policy.value("mailing_zip_tolerance_mi", day)),
    }


def _tables(intake: Intake, index: Path | None, margins: dict[str, float]) -> dict[str, pandas.DataFrame]:
    """Turn roster rows into the tables of the network file."""
    import pandas

    from adequacy.geocode import place_sites

    rows = intake.rows
    sites = _first_given(rows, "site_id", [*table("sites").names[:12], "lon", "lat", "precision"])
    sites = place_sites(sites, index, **margins)[list(table("sites").names)]
    providers = _first_given(rows, "provider_id", list(table("roster").names[:4]))
    given = rows.loc[rows["taxonomy"] != "", ["provider_id", "taxonomy"]].drop_duplicates().sort_values("taxonomy")
    codes = given.groupby("provider_id")["taxonomy"].agg(";".join).to_dict()
    providers["taxonomies"] = [codes.get(provider, "") for provider in providers["provider_id"]]
    offerings = rows.reset_index(drop=True).assign(offering_id=range(1, len(rows) + 1))
    for name in ("ages_min", "ages_max", "source_row"):
        offerings[name] = pandas.to_numeric(offerings[name]).astype("Int64")
    return {
        "sites": sites,
        "providers": providers[list(table("providers").names)],
        "offerings": offerings[list(table("offerings").names)],
        "refused": intake.refused[list(table("refused").names)].reset_index(drop=True),
    }


def _first_given(rows: pandas.DataFrame, key: str, columns: list[str]) -> pandas.DataFrame:
    """One row per key: in each column the first value that is given."""
    filled = rows[columns].astype(object).where(rows[columns] != "", None)
    first = filled.groupby(rows[key], sort=True, dropna=False).first()
    first[key] = first.index
    texts = [name for name in columns if name not in ("lon", "lat")]
    first[texts] = first[texts].astype(object).where(first[texts].notna(), "").astype(str)
    return first[columns].reset_index(drop=True)


def content_sha256(frames: dict[str, pandas.DataFrame], meta: dict[str, str]) -> str:
    """Hash the content of a network: its sorted rows and what its answers depend on, not the file's bytes."""
    digest = hashlib.sha256()
    for key in ("roster_date", "is_demo", "defaults"):
        digest.update(f"{key}={meta[key]}\n".encode())
    for name in ("providers", "sites", "offerings", "refused"):
        digest.update(f"[{name}]\n".encode())
        columns = list(table(name).names)
        for line in sorted(_lines(frames[name], columns)):
            digest.update(line.encode())
            digest.update(b"\n")
    return digest.hexdigest()


def _lines(frame: pandas.DataFrame, columns: list[str]) -> Iterator[str]:
    """Each row as JSON text; a missing number is null, a whole number has no point."""
    kept = frame[columns].astype(object).where(frame[columns].notna(), None)
    for row in kept.itertuples(index=False, name=None):
        yield json.dumps([_plain(value) for value in row], ensure_ascii=False)


def _plain(value: Any) -> Any:
    """A cell as JSON can hold it."""
    if hasattr(value, "item"):
        value = value.item()
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _write(frames: dict[str, pandas.DataFrame], meta: dict[str, str], out: Path) -> None:
    """Write beside the target, then move into place; nothing but a network file is ever replaced."""
    _require_replaceable(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f".{out.name}.", suffix=".gpkg", dir=out.parent)
    except OSError as error:
        raise OutputError(f"{out}: cannot be written ({error.strerror}).") from error
    os.close(handle)
    part = Path(temporary)
    try:
        part.unlink()
        _write_geopackage(frames, meta, part)
        NetworkFile(part).close()
        _clear_old_parts(out, part)
        part.replace(out)
    except (OSError, RuntimeError, sqlite3.Error) as error:
        # GDAL and SQLite have exceptions of their own for a disk that is full; a wrong statement is our mistake
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:
            raise
        why = getattr(error, "strerror", None) or str(error).rstrip(".")
        raise OutputError(f"{out}: cannot be written ({why}). Is there room on the disk?") from error
    finally:
        for leftover in _parts(out):
            if leftover.name.startswith(part.name):
                leftover.unlink(missing_ok=True)


def _parts(out: Path) -> list[Path]:
    """List the unfinished files of builds of this network: running ones, and what killed ones left."""
    named = re.compile(re.escape(f".{out.name}.") + r"\w{8}\.gpkg(?:-journal|-wal|-shm)?")
    return [path for path in out.parent.iterdir() if named.fullmatch(path.name)]


def _clear_old_parts(out: Path, ours: Path) -> None:
    """Delete what killed builds left: parts so much older than ours that nobody can still be writing them."""
    now = ours.stat().st_mtime
    for part in _parts(out):
        with contextlib.suppress(OSError):  # another build may clear it, or hold it open: then it stays
            if now - part.stat().st_mtime > _PART_STALE_S:
                part.unlink()


def _require_replaceable(out: Path) -> None:
    """Refuse a target that is a folder, or a file that holds something else: a roster, say."""
    if out.is_dir():
        raise OutputError(f"{out}: is a folder. Name the network file to write in it.")
    try:
        with out.open("rb") as file:
            head = file.read(len(_SQLITE))
    except OSError:
        return
    if head and head != _SQLITE:
        raise OutputError(f"{out}: is there already and is no network file; it is left as it is. Name another file.")


def _write_geopackage(frames: dict[str, pandas.DataFrame], meta: dict[str, str], path: Path) -> None:
    """Write all layers and the indexes. GDAL writes the day of writing: it is set to the roster date."""
    import geopandas
    import pandas
    import pyogrio

    sites = frames["sites"]
    points = geopandas.points_from_xy(sites["lon"], sites["lat"], crs="EPSG:4326")
    located = geopandas.GeoDataFrame(sites, geometry=points)
    located.loc[sites["lon"].isna(), "geometry"] = None
    day = f"{meta['roster_date']}T00:00:00Z"
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": day})
    try:
        pyogrio.write_dataframe(
            located, path, layer="sites", driver="GPKG", geometry_type="Point", GEOMETRY_NAME="geom"
        )
        texts = pandas.DataFrame(sorted(meta.items()), columns=["key", "value"])
        for name, frame in [*((n, frames[n]) for n in ("providers", "offerings", "refused")), ("meta", texts)]:
            pyogrio.write_dataframe(frame, path, layer=name, driver="GPKG", append=path.exists())
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})
    connection = sqlite3.connect(path)
    try:
        for statement in _INDEXES:
            connection.execute(statement)
        connection.commit()
        connection.execute("VACUUM")
    finally:
        connection.close()
