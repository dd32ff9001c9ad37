"""Build ``adequacy/reference/places.sqlite`` from its public inputs; the same inputs give the same bytes.

    python data/build_reference.py --inputs DIR

``DIR`` holds a folder ``geo/`` with the files named in ``adequacy/reference/SOURCES.yaml``. Each must have the sha256
recorded there, or nothing is built. Afterwards the file is read back and compared with the inputs, vertex by vertex,
and SOURCES.yaml is told size, sha256 and contents of what was built. Needs pandas, pyarrow, shapely and pyproj.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sqlite3
import sys
import tempfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyproj
import shapely
import shapely.geometry
import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from adequacy.reference._frames import to_shapely  # noqa: E402
from adequacy.reference._packing import (  # noqa: E402
    pack_blocks,
    pack_border,
    to_microdegrees,
    unpack_blocks,
    unpack_border,
)
from adequacy.reference._store import PLACES, SCHEMA, SOURCES  # noqa: E402

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

PAGE_BYTES = 16384
METRES_PER_MILE = 1609.344
RADIUS_MARGIN_MI = 0.0006
NC = "37"

VINTAGES = {
    "zip": "UDS/John Snow ZIP to ZCTA crosswalk 2015",
    "zcta": "Census ZIP Code Tabulation Areas 2020",
    "zcta_border": "Census cartographic boundaries 1:500,000, 2020",
    "people": "Census 2020 (table P1; centres of population of block groups)",
    "county": "Census 2020 people, 2015 land area; USDA RUCC 2023",
    "county_border": "NC: Census TIGER 2024, simplified; elsewhere Census 1:5,000,000, 2015",
    "military_zip": "USPS Domestic Mail Manual 703.2.2.1, 2015-05-31",
}

MILITARY = {
    "AE": [f"{n:03d}" for n in range(90, 99)],
    "AA": ["340"],
    "AP": [str(n) for n in range(962, 967)],
}

TERRITORIES = {"60": ("AS", "American Samoa"), "66": ("GU", "Guam"), "69": ("MP", "Northern Mariana Islands")}
TERRITORIES |= {"72": ("PR", "Puerto Rico"), "78": ("VI", "U.S. Virgin Islands")}

TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE zip (zip5 TEXT PRIMARY KEY, zcta TEXT NOT NULL, how TEXT NOT NULL, zip_type TEXT NOT NULL,
    state TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE military_zip (prefix TEXT PRIMARY KEY, region TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE zcta (zcta TEXT PRIMARY KEY, lon REAL NOT NULL, lat REAL NOT NULL, popw_lon REAL, popw_lat REAL,
    pop2020 INTEGER, max_radius_mi REAL NOT NULL, area_sqmi REAL, county_fips TEXT NOT NULL, state TEXT NOT NULL,
    point_inside INTEGER NOT NULL, border BLOB, hull BLOB) WITHOUT ROWID;
CREATE TABLE block_groups (zcta TEXT PRIMARY KEY, blocks BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE zcta_county (zcta TEXT, county_fips TEXT, people INTEGER NOT NULL,
    PRIMARY KEY (zcta, county_fips)) WITHOUT ROWID;
CREATE TABLE county (county_fips TEXT PRIMARY KEY, name TEXT NOT NULL, state TEXT NOT NULL, people INTEGER,
    lon REAL, lat REAL, land_sqmi REAL, density REAL, cms_type TEXT NOT NULL, rural_center TEXT NOT NULL,
    rucc_2023 TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE county_box (county_fips TEXT PRIMARY KEY, min_lon REAL NOT NULL, min_lat REAL NOT NULL,
    max_lon REAL NOT NULL, max_lat REAL NOT NULL, exact INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE county_border (county_fips TEXT PRIMARY KEY, border BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE state (state TEXT PRIMARY KEY, state_fips TEXT NOT NULL, name TEXT NOT NULL,
    border BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX zip_by_state ON zip (state);
CREATE INDEX zcta_by_state ON zcta (state);
CREATE INDEX zcta_by_county ON zcta_county (county_fips);
"""


def main() -> None:
    """Read the command line, build, check, record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inputs", type=Path, metavar="DIR", help="folder that holds geo/ with the input files")
    folder = parser.parse_args().inputs
    if folder is None:
        parser.error("--inputs DIR is needed: the folder that holds geo/ with the files named in SOURCES.yaml")
    geo = folder / "geo"
    require_known_inputs(geo)
    inputs = read_inputs(geo)
    with tempfile.TemporaryDirectory() as scratch:
        fresh = Path(scratch) / PLACES.name
        write_places(fresh, inputs)
        facts = check_built(fresh, inputs)
        PLACES.write_bytes(fresh.read_bytes())
    record(facts)
    print(f"{PLACES.name}: {facts['bytes']:,} bytes, {facts['zipped_bytes']:,} zipped, sha256 {facts['sha256']}")


def require_known_inputs(geo: Path) -> None:
    """Stop unless every input is there with the sha256 that SOURCES.yaml records."""
    wrong = []
    for source in yaml.safe_load(SOURCES.read_text(encoding="utf-8"))["sources"]:
        path = geo / source["file"] if source["file"] and "script" not in source else None
        if path is not None and not path.is_file():
            wrong.append(f"{path}: missing")
        elif path is not None and hashlib.sha256(path.read_bytes()).hexdigest() != source["sha256"]:
            wrong.append(f"{path}: sha256 differs from the one in {SOURCES.name}")
    if wrong:
        raise SystemExit("\n".join(wrong))


def read_inputs(geo: Path) -> dict[str, Any]:
    """Read all inputs, sorted, with borders as shapely geometries on the 1e-6 degree grid."""
    zcta_borders = pd.read_parquet(geo / "zcta520_500k_nc_halo.parquet").sort_values("zcta")
    exact = shapely.from_wkb(zcta_borders["geometry"].to_numpy())
    return {
        "zip": pd.read_parquet(geo / "zip_to_zcta_us.parquet").fillna("").sort_values("zip"),
        "zcta": pd.read_parquet(geo / "zcta_points_us.parquet").sort_values("zcta"),
        "blocks": pd.read_parquet(geo / "cenpop2020_bg_us.parquet").fillna({"zcta": ""}).sort_values(["zcta", "geoid"]),
        "zcta_county": pd.read_parquet(geo / "zcta_county_2020_us.parquet").sort_values(["zcta", "county_fips"]),
        "county": pd.read_csv(geo / "county_reference_us.csv", dtype={"fips": str, "rucc_2023": str}).sort_values(
            "fips"
        ),
        "zcta_border": dict(zip(zcta_borders["zcta"], exact, strict=True)),
        "county_border": read_county_borders(geo),
    }


def read_county_borders(geo: Path) -> dict[str, tuple[str, BaseGeometry, bool]]:
    """County FIPS to (name, border, exact): TIGER 2024 in NC, the 1:5M cartographic file elsewhere."""
    topology = json.loads((geo / "cb_2015_us_county_5m.deldersveld.topojson").read_text(encoding="utf-8"))
    borders = {
        item["properties"]["GEOID"]: (item["properties"]["NAME"], shape, False)
        for item, shape in decoded_topojson(topology, "cb_2015_us_county_5m")
        if not item["properties"]["GEOID"].startswith(NC)
    }
    for feature in json.loads((geo / "counties_nc.geojson").read_text(encoding="utf-8"))["features"]:
        name = feature["properties"]["name"].removesuffix(" County")
        borders[feature["properties"]["fips"]] = (name, shapely.geometry.shape(feature["geometry"]), True)
    return dict(sorted(borders.items()))


def decoded_topojson(topology: dict[str, Any], layer: str) -> list[tuple[dict[str, Any], BaseGeometry]]:
    """Decode a quantised TopoJSON layer: arcs are cumulated differences, scaled and moved."""
    scale, move = np.array(topology["transform"]["scale"]), np.array(topology["transform"]["translate"])
    arcs = [np.cumsum(np.array(arc), axis=0) * scale + move for arc in topology["arcs"]]

    def ring(indices: list[int]) -> np.ndarray:
        parts = [arcs[i] if i >= 0 else arcs[~i][::-1] for i in indices]
        return np.concatenate([parts[0], *(part[1:] for part in parts[1:])])

    result = []
    for item in topology["objects"][layer]["geometries"]:
        polygons = [item["arcs"]] if item["type"] == "Polygon" else item["arcs"]
        shapes = [shapely.Polygon(ring(rings[0]), [ring(hole) for hole in rings[1:]]) for rings in polygons]
        shape = shapes[0] if len(shapes) == 1 else shapely.MultiPolygon(shapes)
        # The grid folds three narrow counties onto themselves.
        result.append((item, shape if shape.is_valid else shapely.make_valid(shape, method="structure")))
    return result


def state_borders(counties: dict[str, tuple[str, BaseGeometry, bool]]) -> dict[str, BaseGeometry]:
    """State FIPS to the outline of its counties together, in one fixed order of vertices.

    Exteriors only: NC's counties were simplified one by one, which left slivers between them.
    """
    groups: dict[str, list[BaseGeometry]] = {}
    for fips, (_, border, _) in counties.items():
        groups.setdefault(fips[:2], []).append(border)
    outlines = {}
    for fips, parts in groups.items():
        shells = [shapely.Polygon(part.exterior) for part in shapely.get_parts(shapely.union_all(parts))]
        outlines[fips] = shapely.normalize(shapely.union_all(shells))
    return outlines


def polygons_of(shape: BaseGeometry) -> list[list[list[tuple[int, int]]]]:
    """A shapely border as polygons of rings of microdegrees, in its own order."""
    parts = shapely.get_parts(shape)
    return [
        [
            [(to_microdegrees(lon), to_microdegrees(lat)) for lon, lat in ring.coords]
            for ring in (part.exterior, *part.interiors)
        ]
        for part in parts
    ]


def hull_of(polygons: list[list[list[tuple[int, int]]]]) -> list[tuple[int, int]]:
    """Convex hull by Andrew's monotone chain, in whole microdegrees and therefore exact; closed, anticlockwise."""
    points = sorted({vertex for polygon in polygons for ring in polygon for vertex in ring})

    def chain(ordered: list[tuple[int, int]]) -> list[tuple[int, int]]:
        kept: list[tuple[int, int]] = []
        for x, y in ordered:
            while len(kept) > 1:
                (ax, ay), (bx, by) = kept[-2:]
                if (bx - ax) * (y - ay) - (by - ay) * (x - ax) > 0:
                    break
                kept.pop()
            kept.append((x, y))
        return kept[:-1]

    hull = chain(points) + chain(points[::-1])
    return [*hull, hull[0]]


def write_places(path: Path, inputs: dict[str, Any]) -> None:
    """Write every table, sorted, and pack the file; nothing in it depends on the day or the machine."""
    connection = sqlite3.connect(path)
    connection.executescript(f"PRAGMA page_size = {PAGE_BYTES}; PRAGMA journal_mode = OFF; PRAGMA encoding = 'UTF-8';")
    connection.executescript(TABLES)
    meta = {"schema": SCHEMA, "vintages": json.dumps(VINTAGES, sort_keys=True)}
    fill(connection, "meta", sorted(meta.items()))
    fill(connection, "zip", inputs["zip"][["zip", "zcta", "how", "zip_type", "state"]].itertuples(index=False))
    fill(connection, "military_zip", sorted((p, region) for region, ps in MILITARY.items() for p in ps))
    fill(connection, "zcta", zcta_rows(inputs))
    fill(connection, "block_groups", block_rows(inputs["blocks"]))
    fill(
        connection, "zcta_county", inputs["zcta_county"][["zcta", "county_fips", "pop_bg2020"]].itertuples(index=False)
    )
    states = state_names(inputs["county"], inputs["zcta_county"])
    fill(connection, "county", county_rows(inputs, states))
    write_borders(connection, inputs["county_border"], states)
    connection.commit()
    connection.execute("VACUUM")
    connection.close()
    settle_header(path)


def fill(connection: sqlite3.Connection, table: str, rows: Any) -> None:
    """Insert rows, numpy scalars as plain Python, missing values as NULL."""
    plain = [tuple(as_plain(value) for value in row) for row in rows]
    marks = ", ".join("?" * len(plain[0]))
    connection.executemany(f"INSERT INTO {table} VALUES ({marks})", plain)


def as_plain(value: Any) -> Any:
    """Turn a numpy scalar into Python, NaN into None."""
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and np.isnan(value) else value


def zcta_rows(inputs: dict[str, Any]) -> list[tuple[Any, ...]]:
    """One row per ZCTA, with border and hull where we have them."""
    rows = []
    for zcta in inputs["zcta"].itertuples(index=False):
        shape = inputs["zcta_border"].get(zcta.zcta)
        polygons = None if shape is None else polygons_of(shape)
        radius = zcta.max_radius_mi
        if np.isnan(radius):
            # Saipan, Rota, Tinian: no ZCTA border is published, but each is one island, as is its municipality.
            radius = round(farthest_mi(zcta.lon, zcta.lat, inputs["county_border"][zcta.county_fips][1]), 3)
        people = None if np.isnan(zcta.pop2020) else int(zcta.pop2020)
        rows.append(
            (
                zcta.zcta, zcta.lon, zcta.lat, zcta.popw_lon, zcta.popw_lat, people,
                # The source rounds to 0.001 mile and our grid to 1e-6 degree: together less than this.
                round(radius + RADIUS_MARGIN_MI, 4),
                zcta.area_sqmi, zcta.county_fips, zcta.state, int(zcta.point_inside in (True, None)),
                None if polygons is None else pack_border(polygons),
                None if polygons is None else pack_border([[hull_of(polygons)]]),
            )
        )  # fmt: skip
    return rows


def farthest_mi(lon: float, lat: float, shape: BaseGeometry) -> float:
    """Geodesic miles from a point to the farthest vertex of a border."""
    vertices = shapely.get_coordinates(shape)
    n = len(vertices)
    metres = pyproj.Geod(ellps="WGS84").inv(np.full(n, lon), np.full(n, lat), vertices[:, 0], vertices[:, 1])[2]
    return float(metres.max()) / METRES_PER_MILE


def block_rows(blocks: pd.DataFrame) -> list[tuple[str, bytes]]:
    """One packed row per ZCTA; the empty ZCTA holds the block groups that lie in none."""
    packed = []
    for zcta, group in blocks.groupby("zcta", sort=True):
        rows = [
            (b.geoid, to_microdegrees(b.lon), to_microdegrees(b.lat), int(b.pop2020))
            for b in group.itertuples(index=False)
        ]
        packed.append((str(zcta), pack_blocks(rows)))
    return packed


def state_names(county: pd.DataFrame, zcta_county: pd.DataFrame) -> dict[str, tuple[str, str]]:
    """State FIPS to (two letters, name): letters from the ZCTA-county table, names from the county table."""
    letters = dict(zip(zcta_county["county_fips"].str[:2], zcta_county["state_usps"], strict=True))
    names = dict(zip(county["fips"].str[:2], county["state_name"], strict=True))
    return TERRITORIES | {fips: (letters[fips], name) for fips, name in names.items() if fips not in TERRITORIES}


def county_rows(inputs: dict[str, Any], states: dict[str, tuple[str, str]]) -> list[tuple[Any, ...]]:
    """One row per county of the 2020 table, and one per further code that only has a border."""
    rows = []
    for c in inputs["county"].fillna({"cms_type_computed": "", "nc_rural_center": "", "rucc_2023": ""}).itertuples():
        rows.append(
            (
                c.fips, c.county, states[c.fips[:2]][0], int(c.pop2020), c.popcen_lon, c.popcen_lat, c.aland_sqmi,
                c.density, c.cms_type_computed, c.nc_rural_center, c.rucc_2023,
            )
        )  # fmt: skip
    known = {row[0] for row in rows}
    for fips, (name, _, _) in inputs["county_border"].items():
        if fips not in known:
            rows.append((fips, name, states[fips[:2]][0], *[None] * 5, "", "", ""))
    return sorted(rows)


def write_borders(
    connection: sqlite3.Connection,
    counties: dict[str, tuple[str, BaseGeometry, bool]],
    states: dict[str, tuple[str, str]],
) -> None:
    """Write county boxes, county borders and state outlines."""
    packed = {fips: pack_border(polygons_of(shape)) for fips, (_, shape, _) in counties.items()}
    fill(connection, "county_border", packed.items())
    boxes = []
    for fips, blob in packed.items():
        rings, _ = unpack_border(blob)
        lons, lats = [x for ring in rings for x in ring[0]], [y for ring in rings for y in ring[1]]
        boxes.append((fips, min(lons), min(lats), max(lons), max(lats), int(counties[fips][2])))
    fill(connection, "county_box", boxes)
    outlines = state_borders(counties)
    rows = [(*states[fips], fips, pack_border(polygons_of(shape))) for fips, shape in outlines.items()]
    fill(connection, "state", sorted((letters, fips, name, blob) for letters, name, fips, blob in rows))


def settle_header(path: Path) -> None:
    """Overwrite the header fields that tell which SQLite wrote the file, and how often, with fixed values."""
    with path.open("r+b") as file:
        for offset, value in ((24, 1), (92, 1), (96, 3_040_000)):
            file.seek(offset)
            file.write(value.to_bytes(4, "big"))


def check_built(path: Path, inputs: dict[str, Any]) -> dict[str, Any]:
    """Read the file back, compare it with the inputs, and sum up what it holds."""
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)
    moved, off_grid = check_zcta_borders(connection, inputs["zcta_border"])
    check_blocks(connection, inputs["blocks"])
    check_county_borders(connection, inputs["county_border"])
    rows = {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in table_names(connection)}
    content, vertices = content_sha256(connection)
    for state, blob in connection.execute("SELECT state, border FROM state"):
        require(to_shapely(unpack_border(blob)).is_valid, f"state {state}: the outline is not valid")
    connection.close()
    data = path.read_bytes()
    return {
        "bytes": len(data),
        "zipped_bytes": len(zlib.compress(data, 6)),
        "sha256": hashlib.sha256(data).hexdigest(),
        "content_sha256": content,
        "rows": rows,
        "zcta_vertices": vertices,
        "zcta_vertices_rounded": off_grid,
        "largest_move_degrees": moved,
    }


def check_zcta_borders(connection: sqlite3.Connection, borders: dict[str, BaseGeometry]) -> tuple[float, int]:
    """Compare every vertex, ring and polygon with the source; return the largest move and how many vertices moved."""
    largest, moved_vertices = 0.0, 0
    shipped = connection.execute(
        "SELECT zcta, border, hull FROM zcta WHERE border IS NOT NULL ORDER BY zcta"
    ).fetchall()
    require([row[0] for row in shipped] == sorted(borders), "the ZCTAs with a border are not those of the source")
    for zcta, blob, hull_blob in shipped:
        ours, theirs = to_shapely(unpack_border(blob)), borders[zcta]
        require(ours.is_valid, f"{zcta}: the border is no longer valid")
        require(polygon_sizes(ours) == polygon_sizes(theirs), f"{zcta}: rings differ from the source")
        moves = np.abs(shapely.get_coordinates(ours) - shapely.get_coordinates(theirs)).max(axis=1)
        largest, moved_vertices = max(largest, float(moves.max())), moved_vertices + int((moves > 0).sum())
        hull = shapely.Polygon(list(zip(*unpack_border(hull_blob)[0][0], strict=True)))
        require(hull.equals(ours.convex_hull), f"{zcta}: the hull is not the convex hull")
    require(largest <= 5.0001e-7, f"a border vertex moved by {largest} degree")
    return largest, moved_vertices


def check_blocks(connection: sqlite3.Connection, blocks: pd.DataFrame) -> None:
    """Every block group comes back exactly."""
    stored = [
        (block[0], *block[1:], zcta)
        for zcta, blob in connection.execute("SELECT zcta, blocks FROM block_groups ORDER BY zcta")
        for block in unpack_blocks(blob)
    ]
    wanted = list(blocks[["geoid", "lon", "lat", "pop2020", "zcta"]].itertuples(index=False, name=None))
    require(stored == wanted, "block groups differ from the source")


def check_county_borders(connection: sqlite3.Connection, borders: dict[str, tuple[str, BaseGeometry, bool]]) -> None:
    """County borders equal their sources on the 1e-6 degree grid; NC exactly."""
    for fips, blob in connection.execute("SELECT county_fips, border FROM county_border"):
        ours, theirs = to_shapely(unpack_border(blob)), borders[fips][1]
        require(ours.is_valid, f"county {fips}: the border is not valid")
        require(polygon_sizes(ours) == polygon_sizes(theirs), f"county {fips}: rings differ from the source")
        limit = 0.0 if borders[fips][2] else 5.0001e-7
        move = np.abs(shapely.get_coordinates(ours) - shapely.get_coordinates(theirs)).max()
        require(move <= limit, f"county {fips}: a vertex moved by {move} degree")


def polygon_sizes(shape: BaseGeometry) -> list[list[int]]:
    """Vertices of each ring of each polygon."""
    return [[len(ring) for ring in polygon] for polygon in polygons_of(shape)]


def content_sha256(connection: sqlite3.Connection) -> tuple[str, int]:
    """Hash of all rows with blobs unpacked, so that it does not depend on the zlib at hand; and the ZCTA vertices."""
    digest, vertices = hashlib.sha256(), 0
    for table in table_names(connection):
        cursor = connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2")
        for row in cursor:
            plain = [zlib.decompress(v).hex() if isinstance(v, bytes) else v for v in row]
            digest.update(json.dumps([table, *plain]).encode())
    for (blob,) in connection.execute("SELECT border FROM zcta WHERE border IS NOT NULL"):
        vertices += sum(len(lons) for lons, _ in unpack_border(blob)[0])
    return digest.hexdigest(), vertices


def table_names(connection: sqlite3.Connection) -> list[str]:
    """Names of all tables, sorted."""
    return [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]


def require(holds: bool, message: str) -> None:
    """Stop the build with a message unless a check holds."""
    if not holds:
        raise SystemExit(f"check failed: {message}")


def record(facts: dict[str, Any]) -> None:
    """Replace the ``built`` part of SOURCES.yaml, which is its last, with what was built."""
    text = SOURCES.read_text(encoding="utf-8")
    built = yaml.safe_dump({"built": {"file": PLACES.name, **facts}}, sort_keys=False)
    kept = re.split(r"^built:", text, flags=re.MULTILINE)[0]
    SOURCES.write_text(kept + built, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
