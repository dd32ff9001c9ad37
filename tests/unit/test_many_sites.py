"""A map of as many sites as a large plan has: one small file that carries every name."""

from __future__ import annotations

import base64
import json
import random
import re
import zlib
from array import array

import pytest

from adequacy.outputs.picture import page_picture
from adequacy.outputs.scene import Mark, Scene, base_map
from adequacy.outputs.scene_map import scene_map

BOUNDS = (-84.3, 33.8, -75.4, 36.6)
WORDS = ("Harbor", "Piedmont", "Cape", "Carolina", "Blue", "Ridge", "Family", "Recovery", "Wellness", "Bridge", "Oak")
TOWNS = ("Raleigh", "Durham", "Fayetteville", "Lillington", "Dunn", "Smithfield", "Charlotte", "Hillsborough")


@pytest.fixture(scope="module")
def marks() -> tuple[Mark, ...]:
    """39,000 sites with names, towns and phones of their own."""
    draw = random.Random(39)
    return tuple(
        Mark(
            round(draw.uniform(-84.3, -75.5), 6),
            round(draw.uniform(33.9, 36.5), 6),
            draw.choice(("counted", "not_counted", "sole")),
            (f"{' '.join(draw.sample(WORDS, 3))} {n}", draw.choice(TOWNS), f"919-555-{draw.randrange(10000):04}"),
        )
        for n in range(39_000)
    )


def test_thirty_nine_thousand_sites_with_names_stay_under_two_megabytes(marks) -> None:
    shapes, names = base_map(BOUNDS)
    scene = Scene(tuple(shapes), marks, tuple(names), BOUNDS, "Map of sites", (("counted", "Site"),))
    page = scene_map(scene).page()
    assert len(page.encode("utf-8")) < 2_000_000
    packed = {name: re.search(f'"{name}": "([A-Za-z0-9+/=]*)"', page)[1] for name in ("lon", "lat", "lines")}
    lon, lat = (array("i", base64.b64decode(packed[name])) for name in ("lon", "lat"))
    assert (len(lon), len(lat)) == (39_000, 39_000)
    assert (lon[777] / 1e6, lat[777] / 1e6) == (marks[777].lon, marks[777].lat)
    assert json.loads(zlib.decompress(base64.b64decode(packed["lines"])))[777] == list(marks[777].lines)

    image, media = page_picture(scene)
    assert media == "image/png"
    # with the still picture, as a report carries it
    assert len(page.encode("utf-8")) + len(base64.b64encode(image)) < 2_000_000
