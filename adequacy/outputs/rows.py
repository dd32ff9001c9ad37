"""The answer as rows: CSV for a spreadsheet, GeoJSON for a map program."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from adequacy.outputs.escape import escape_cell

__all__ = ["answer_csv", "answer_geojson"]

_SITE_COLUMNS = (
    "site_id", "provider", "name", "address", "city", "state", "zip5", "phone", "email", "lon", "lat",
    "distance_mi", "distance_low_mi", "distance_high_mi", "within", "panel_status", "accepting_verified_on",
)  # fmt: skip
_DRIVE_COLUMNS = ("drive_mi", "drive_min", "drive_reason")
_FIRST = ("finding", "service", "as_of", "network", "note")


def answer_csv(answer: dict[str, Any]) -> str:
    """Write one row per site, counted and not; each row repeats the finding, so that it survives being cut out."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    columns = (*_SITE_COLUMNS, *_DRIVE_COLUMNS) if "roads" in answer else _SITE_COLUMNS
    writer.writerow([*_FIRST, "counted", "reasons", *columns])
    note = "; ".join(each["text"] for each in answer["cautions"] if each["code"] == "demo_data")
    first = [answer["finding"], answer["service"]["key"], answer["as_of"], answer["network"]["name"], note]
    for site in answer["sites"]:
        writer.writerow(_row(first, "Y", "", site, columns))
    for each in answer["not_counted"]:
        writer.writerow(_row(first, "N", ";".join(each["reasons"]), each, columns))
    if not answer["sites"] and not answer["not_counted"]:
        writer.writerow([*first, *[""] * (2 + len(columns))])
    return out.getvalue()


def _row(first: list[str], counted: str, reasons: str, site: dict[str, Any], columns: tuple[str, ...]) -> list[object]:
    cells = (site.get(name) for name in columns)
    return [escape_cell("" if cell is None else cell) for cell in (*first, counted, reasons, *cells)]


def answer_geojson(answer: dict[str, Any]) -> str:
    """Write the sites as a GeoJSON FeatureCollection (RFC 7946); the finding stands in its ``adequacy`` member."""
    features = [_feature(site, counted=True) for site in answer["sites"]]
    features += [_feature(each, counted=False) for each in answer["not_counted"]]
    summary = {key: answer[key] for key in ("schema", "finding", "service", "standard", "nearest_mi", "as_of")}
    summary |= {"roads": answer["roads"]} if "roads" in answer else {}
    summary |= {"cautions": answer["cautions"], "network": answer["network"]}
    document = {"type": "FeatureCollection", "adequacy": summary, "features": features}
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _feature(site: dict[str, Any], *, counted: bool) -> dict[str, Any]:
    point = None if site["lon"] is None else {"type": "Point", "coordinates": [site["lon"], site["lat"]]}
    kept = {key: value for key, value in site.items() if key not in ("lon", "lat")}
    return {"type": "Feature", "id": site["site_id"], "geometry": point, "properties": {**kept, "counted": counted}}
