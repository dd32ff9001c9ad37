"""The lists behind a coverage report as a workbook: every row that the page leaves out, for an analyst."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adequacy import __version__
from adequacy.outputs.report_tables import (
    every_site,
    limit_text,
    only_rows,
    require_overview,
    share_of,
    total_of,
    worst_first,
    zip_rows,
)
from adequacy.outputs.workbook import Sheets, workbook_bytes
from adequacy.tables import table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adequacy.outputs.report_tables import Audience

__all__ = ["report_workbook"]

_SPLIT = ("people", "within", "undetermined", "beyond")
_NOTES = (
    "A site counts if its contract for the service is in force on that day, it is credentialed and active in NCTracks. "
    "The sheets repeat what the report says, with every row.",
    "Distances are straight lines on the earth (geodesic, WGS 84) from each Census block group's centre of population; "
    "people are those of the Census of 2020. undetermined: the address of a site on file is not exact enough.",
    "This is the plan's own test. It is not the State's adequacy standard: adequacy measure judges against schemes.",
)


def report_workbook(overview: dict[str, Any], audience: Audience = "leadership") -> bytes:
    """Give every list of the report as one workbook.

    Parameters
    ----------
    overview : dict
        From ``Network.overview``.
    audience : {"leadership", "public"}
        ``public`` holds services and counties only.

    Returns
    -------
    bytes
        An ``.xlsx`` file; the same overview gives the same bytes.

    Raises
    ------
    PrivacyError
        The document is not an overview.
    """
    import pandas as pd

    require_overview(overview)
    makers = {"coverage_services": _services, "coverage_counties": _counties}
    if audience == "leadership":
        makers |= {"coverage_zips": _zips, "coverage_only_site": _only, "coverage_sites": _sites}
    tables = {
        name: pd.DataFrame(list(rows(overview)), columns=list(table(name).names)) for name, rows in makers.items()
    }
    network = overview["network"]
    about = (
        ("Plan", overview["plan"]),
        ("As of", overview["as_of"]),
        ("Limit", f"{limit_text(overview)}, {overview['standard']['id']}"),
        ("Source", overview["standard"]["source"]),
        ("Network", f"{network['name']}, roster of {network['roster_date']}, content {network['sha256'][:12]}"),
        ("Policy", f"content {overview['policy']['sha256'][:12]}"),
        ("People", overview["data"].get("people", "")),
        ("Profile", audience),
        ("adequacy", __version__),
    )
    title = f"{overview['plan']}: who lives within {limit_text(overview)} of a contracted site"
    return workbook_bytes(Sheets(title, about, _NOTES, tables, overview["plan"], overview["as_of"], network["is_demo"]))


def _named(service: dict[str, Any]) -> dict[str, Any]:
    return {"service": service["service"], "service_name": service["name"]}


def _split(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in _SPLIT} | {"within_pct": share_of(row)}


def _services(overview: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for service in worst_first(overview):
        counts = {"sites": len(service["sites"]), "providers": service["providers"]}
        yield _named(service) | _split(total_of(service)) | counts


def _counties(overview: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for service in worst_first(overview):
        for row in service["counties"]:
            place = {name: row[name] for name in ("county_fips", "county", "providers")}
            yield _named(service) | _split(row) | place


def _zips(overview: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for rank, (row, service) in enumerate(zip_rows(overview["services"]), 1):
        place = {name: row[name] for name in ("zcta", "county_fips", "county")}
        yield {"rank": rank} | _named(service) | _split(row) | place


def _only(overview: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for rank, (row, service) in enumerate(only_rows(overview["services"]), 1):
        yield {"rank": rank, "people": row["people"]} | _named(service) | _site(row)


def _sites(overview: dict[str, Any]) -> Iterator[dict[str, Any]]:
    gives: dict[str, list[str]] = {}
    for service in overview["services"]:
        for site in service["sites"]:
            gives.setdefault(site["site_id"], []).append(service["service"])
    names = {row["county_fips"]: row["county"] for row in overview["counties"]}
    for key, site in sorted(every_site(overview).items(), key=lambda each: (str(each[1]["name"]).casefold(), each[0])):
        more = {"county": names.get(site["county_fips"], ""), "phone": site["phone"]}
        yield _site(site) | more | {"services": len(gives[key]), "service_keys": ";".join(sorted(gives[key]))}


def _site(site: dict[str, Any]) -> dict[str, Any]:
    return {
        "site_id": site["site_id"],
        "site_name": site["name"],
        "provider_name": site["provider"],
        "city": site["city"],
        "county_fips": site["county_fips"],
    }
