"""Invented consumers: an eligibility file of people who do not exist, at block-group points moved a little."""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import TYPE_CHECKING

from adequacy.distance import to_ecef

from . import PLAN_COUNTIES, ROSTER_DATE
from .draw import Draw

if TYPE_CHECKING:
    from .geography import BlockPoint
    from .sites import Site

Row = dict[str, str]

COLUMNS = ("member_id", "lon", "lat", "street", "city", "state", "zip5", "county_fips",
           "birth_date", "eligible_from", "eligible_to")  # fmt: skip
MEMBERS = 2000
JITTER_MI = 0.25
DEGREE_MI = 69.0
STREETS = ("Invented", "Sample", "Nowhere", "Placeholder", "Fictional", "Example", "Imaginary", "Pretend")
STREET_TYPES = ("Lane", "Street", "Road", "Court", "Drive", "Avenue", "Way")


class Cities:
    """The city of a ZIP as the listings write it; where a ZIP has none, the city of the nearest listing."""

    def __init__(self, sites: list[Site]) -> None:
        self._by_zip = {site.listing["zip5"]: site.listing["city"].title() for site in reversed(sites)}
        self._sites = sites

    def of(self, block: BlockPoint) -> str:
        """Return the city of the block group's ZIP."""
        if block.zip5 not in self._by_zip:
            here = to_ecef(block.lon, block.lat)
            near = min(self._sites, key=lambda site: math.dist(here, to_ecef(*site.point)))
            self._by_zip[block.zip5] = near.listing["city"].title()
        return self._by_zip[block.zip5]


def members(blocks: list[BlockPoint], sites: list[Site]) -> list[Row]:
    """Return about 2,000 invented consumers, as many in a block group as its share of people; some have two spans."""
    cities = Cities(sites)
    rows = []
    for number, block in enumerate(_spread(blocks, MEMBERS), start=1):
        row = _member(number, block, cities)
        rows.extend(_spans(row, Draw(f"spans/{number}"), blocks, cities))
    return rows


def _spread(blocks: list[BlockPoint], count: int) -> list[BlockPoint]:
    """Return one block group per consumer: every so many people along the list of block groups."""
    step = sum(block.people for block in blocks) / count
    chosen, passed, due = [], 0.0, step / 2
    for block in blocks:
        passed += block.people
        while passed > due and len(chosen) < count:
            chosen.append(block)
            due += step
    return chosen


def _residence(draw: Draw, block: BlockPoint, cities: Cities) -> Row:
    away, turn = JITTER_MI * math.sqrt(draw.share()), 2 * math.pi * draw.share()
    lat = block.lat + away / DEGREE_MI * math.sin(turn)
    lon = block.lon + away / (DEGREE_MI * math.cos(math.radians(block.lat))) * math.cos(turn)
    return {
        "lon": f"{lon:.5f}",
        "lat": f"{lat:.5f}",
        "street": f"{draw.number(100, 9899)} {draw.pick(STREETS)} {draw.pick(STREET_TYPES)}",
        "city": cities.of(block),
        "state": "NC",
        "zip5": block.zip5,
        "county_fips": block.county_fips,
    }


def _member(number: int, block: BlockPoint, cities: Cities) -> Row:
    draw = Draw(f"member/{number}")
    row = {"member_id": f"DEMO-{number:05d}"} | _residence(draw, block, cities)
    known = draw.weighted({"point": 84, "address": 12, "zip": 4})
    if known != "point":
        row |= {"lon": "", "lat": ""}
    if known == "zip":
        row |= {"street": "", "city": ""}
    if draw.chance(3):
        row["county_fips"] = draw.pick([fips for fips in PLAN_COUNTIES if fips != block.county_fips])
    oldest, youngest = (66, 21) if draw.chance(62) else (20, 1)
    birth = draw.day(date(ROSTER_DATE.year - oldest, 1, 1), date(ROSTER_DATE.year - youngest, 12, 31))
    row["birth_date"] = birth.isoformat()
    first = max(draw.day(date(2019, 1, 1), date(2026, 9, 1)).replace(day=1), birth)
    return row | {"eligible_from": first.isoformat(), "eligible_to": ""}


def _spans(row: Row, draw: Draw, blocks: list[BlockPoint], cities: Cities) -> list[Row]:
    """End, postpone or split the eligibility of a few: who moves has two rows that do not overlap."""
    kind = draw.weighted({"open": 90, "ended": 5, "later": 2, "ends soon": 2, "moved": 1})
    first = date.fromisoformat(row["eligible_from"])
    if kind == "ended":
        row["eligible_to"] = draw.day(first, ROSTER_DATE - timedelta(days=1)).isoformat()
    elif kind == "later":
        row["eligible_from"] = "2026-12-01"
    elif kind == "ends soon":
        row["eligible_to"] = "2026-11-30"
    elif kind == "moved":
        moved = draw.day(first + timedelta(days=1), ROSTER_DATE)
        block = draw.pick(blocks)
        after = row | _residence(draw, block, cities) | {"eligible_from": moved.isoformat()}
        row["eligible_to"] = (moved - timedelta(days=1)).isoformat()
        return [row, after]
    return [row]
