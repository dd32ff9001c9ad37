"""Maps that ``GeoDataFrame.explore`` and folium give, as pages of ours, in a real browser with the network off."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import folium
import geopandas
import pytest
import shapely

import adequacy as aq
from adequacy.errors import UsageError
from adequacy.outputs.folium_parts import map_parts
from adequacy.outputs.map_page import map_page
from tests.hostile import ATTACKS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.browser

#: Attacks that geopandas itself can draw: a template that does not compile stops it before us.
NAMES = [text for text in ATTACKS if "{%" not in text and "{{" not in text]


@pytest.fixture(scope="module")
def frame() -> geopandas.GeoDataFrame:
    """One square for each attack, its name and a number."""
    squares = [shapely.box(-79 + n / 10, 35, -78.92 + n / 10, 35.1) for n in range(len(NAMES))]
    numbers = [float(n * n) for n in range(len(NAMES))]
    return geopandas.GeoDataFrame({"name": NAMES, "share_pct": numbers}, geometry=squares, crs="EPSG:4326")


@pytest.fixture
def shown(open_page, tmp_path) -> Callable[..., Any]:
    """Write a map and open it."""

    def _show(drawn: folium.Map) -> Any:
        aq.write_map(drawn, tmp_path / "map.html", "Squares")
        opened = open_page(tmp_path / "map.html")
        assert opened.requests == []
        assert opened.complaints == []
        assert opened.page.locator(".leaflet-container").is_visible()
        assert opened.page.evaluate("window.hit") is None
        return opened

    return _show


def test_a_colour_bar_needs_no_d3_and_says_its_numbers(frame, shown) -> None:
    opened = shown(frame.explore("share_pct"))
    assert opened.axe() == []
    scale = opened.page.locator(".scale")
    assert scale.locator("strong").inner_text() == "share_pct"
    most = frame["share_pct"].max()
    assert scale.locator(".ticks span").all_inner_texts() == [f"{most * n / 4:,.4g}" for n in range(5)]
    bar = scale.locator(".bar").evaluate("bar => getComputedStyle(bar).backgroundImage")
    # viridis, from its first colour to its last
    assert "rgb(68, 1, 84)" in bar
    assert "rgb(253, 231, 37)" in bar


def test_steps_of_a_classified_map_have_their_colours_and_bounds(frame, shown) -> None:
    scale = shown(frame.explore("share_pct", scheme="quantiles", k=3)).page.locator(".scale")
    assert scale.locator(".ticks span").count() == 4
    bar = scale.locator(".bar").evaluate("bar => bar.style.background")
    assert len(set(re.findall(r"rgb\([0-9, ]+\)", bar))) == 3


def test_a_legend_of_hostile_names_is_text(frame, shown) -> None:
    opened = shown(frame.explore("name"))
    items = [" ".join(text.split()) for text in opened.page.locator(".scale li").all_inner_texts()]
    assert "<img src=x onerror=window.hit=1>" in items
    assert "</script><script>window.hit=1</script>" in items
    assert opened.page.locator(".map-live img, .map-live a[href^=http], .map-live svg script").count() == 0
    assert opened.axe() == []


def test_tooltips_of_hostile_names_are_text(frame, shown) -> None:
    page = shown(frame.explore("share_pct", style_kwds={"weight": 1})).page
    said = []
    for path in page.locator(".leaflet-container path.leaflet-interactive").all():
        path.hover()
        said.append(" ".join(page.locator(".leaflet-tooltip").inner_text().split()))
    assert any("<img src=x onerror=window.hit=1>" in text for text in said)
    assert any("</script><script>window.hit=1</script>" in text for text in said)
    assert page.evaluate("window.hit") is None
    assert page.locator(".leaflet-tooltip img, .leaflet-tooltip a, .leaflet-tooltip style").count() == 0


def test_a_style_function_still_sees_the_names_as_they_are(frame) -> None:
    seen = []
    drawn = folium.Map(tiles=None)
    layer = folium.GeoJson(
        frame,
        style_function=lambda feature: seen.append(feature["properties"]["name"]) or {"color": "#123456"},
        tooltip=folium.GeoJsonTooltip(["name"]),
    )
    layer.add_to(drawn)
    script = map_parts(drawn).scripts[-1]
    assert set(seen) == set(NAMES)
    assert "<img src=x" not in script
    assert layer.data["features"][2]["properties"]["name"] == NAMES[2]


def test_template_code_in_a_category_is_refused_and_never_run(frame, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    code = "{{ cycler.__init__.__globals__.os.mkdir('" + str(mark) + "') }}"
    attacked = frame.iloc[:2].assign(name=["plain", code])
    drawn = attacked.explore("name")
    with pytest.raises(UsageError, match=r"template code.*legend=False"):
        map_page(drawn, "Squares")
    assert not mark.exists()
    # and the map is as it was
    assert len(drawn.get_root().html._children) == 1


def test_a_map_keeps_its_legend_for_its_owner(frame) -> None:
    drawn = frame.explore("share_pct")
    first = map_page(drawn, "Squares")
    assert map_page(drawn, "Squares") == first
    assert "d3.min.js" in drawn.get_root().render()
    by_name = frame.iloc[:3].explore("name")
    map_page(by_name, "Squares")
    assert "maplegend" in by_name.get_root().render()


def test_a_script_in_the_head_that_is_not_carried_is_refused_by_name() -> None:
    drawn = folium.Map(tiles=None)
    drawn.get_root().header.add_child(folium.Element('<script src="https://example.org/own.js"></script>'))
    with pytest.raises(UsageError, match=r"own\.js"):
        map_page(drawn, "Map")
