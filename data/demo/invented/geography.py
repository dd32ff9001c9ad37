"""What the shipped reference tables tell the demo: counties, ZIP areas and where people live."""

from __future__ import annotations

from dataclasses import dataclass

from adequacy import reference


@dataclass(frozen=True)
class BlockPoint:
    """A block group's point: where it is, and how many live there."""

    zip5: str
    county_fips: str
    lon: float
    lat: float
    people: int


@dataclass(frozen=True)
class ZipPoint:
    """A ZIP area: the point that stands for it and how far its farthest border lies from it."""

    zip5: str
    county_fips: str
    lon: float
    lat: float
    radius_mi: float


def county_names() -> dict[str, str]:
    """Return county name -> county code of North Carolina."""
    return {county.name: county.county_fips for county in reference.counties("NC")}


def county_centres() -> dict[str, tuple[float, float]]:
    """Return county code -> centre of population of North Carolina's counties."""
    return {county.county_fips: (county.lon, county.lat) for county in reference.counties("NC")}


def plan_blocks(counties: set[str]) -> list[BlockPoint]:
    """Return the block groups with people in these counties, in the order of their ids."""
    found = {}
    for zcta in reference.areas("NC"):
        for block in reference.blocks_of(zcta):
            if block.geoid[:5] in counties and block.people > 0:
                found[block.geoid] = BlockPoint(zcta, block.geoid[:5], block.lon, block.lat, block.people)
    return [found[geoid] for geoid in sorted(found)]


def plan_zips(counties: set[str]) -> list[ZipPoint]:
    """Return the ZIP areas whose main county is one of these."""
    found = []
    for zcta in reference.areas("NC"):
        area = reference.find_area(zcta)
        if area is not None and area.county_fips in counties:
            lon, lat = area.reference_point
            found.append(ZipPoint(zcta, area.county_fips, lon, lat, area.max_radius_mi))
    return found
