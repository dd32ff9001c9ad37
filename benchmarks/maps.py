"""Maps of many sites: bytes, time to write, time until a browser shows them; ours beside plain folium.

Each map carries the same sites with the same three lines of text. Ours is a whole page: Leaflet, the outlines of all
counties and ZIP areas of North Carolina, the still picture and the interactive map. The peers are what folium writes;
their libraries, which a page would fetch from hosts, are answered from ``build/peers``, so that nothing waits for a
network. Ready: from the start of the navigation until the page has loaded, all sites are on the canvas and two frames
are drawn; headless Chromium, median of three. CPU is what the page's main thread worked until then, which depends less
on what else the machine does. An empty page of ours says what a browser needs for Leaflet alone. Run it with
``python -m benchmarks.maps``.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SIZES = (1_000, 10_000, 39_000, 100_000)
REPEATS = 3
LIMIT_SITES, LIMIT_MB = 39_000, 2.0
DRAWN = ".leaflet-container canvas, .marker-cluster, .leaflet-marker-icon, path.leaflet-interactive"
CHROMIUM = Path("/usr/bin/chromium")
PEERS = Path("build/peers/node_modules")
LIBRARIES = "jquery@3.7.1 leaflet@1.9.3 leaflet.markercluster@1.1.0 bootstrap@5.2.2 leaflet.awesome-markers"
FILES = {
    "leaflet.js": "leaflet/dist/leaflet.js",
    "leaflet.css": "leaflet/dist/leaflet.css",
    "jquery-3.7.1.min.js": "jquery/dist/jquery.min.js",
    "bootstrap.bundle.min.js": "bootstrap/dist/js/bootstrap.bundle.min.js",
    "bootstrap.min.css": "bootstrap/dist/css/bootstrap.min.css",
    "leaflet.markercluster.js": "leaflet.markercluster/dist/leaflet.markercluster.js",
    "MarkerCluster.css": "leaflet.markercluster/dist/MarkerCluster.css",
    "MarkerCluster.Default.css": "leaflet.markercluster/dist/MarkerCluster.Default.css",
    "leaflet.awesome-markers.js": "leaflet.awesome-markers/dist/leaflet.awesome-markers.js",
}
WORDS = ("Harbor", "Piedmont", "Cape", "Carolina", "Blue", "Ridge", "Family", "Recovery", "Wellness", "Bridge", "Oak")
TOWNS = ("Raleigh", "Durham", "Fayetteville", "Lillington", "Dunn", "Smithfield", "Charlotte", "Hillsborough")
BOUNDS = (-84.3, 33.8, -75.4, 36.6)
READY = """
async () => {
  const sites = window.adequacyMap && window.adequacyMap.adequacySites;
  const whole = () => !sites || !sites._n || (sites._ids.length && sites._places.length && sites._borders.length);
  while (!whole()) { await new Promise(done => setTimeout(done, 5)); }
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  return performance.now();
}
"""

Site = tuple[float, float, tuple[str, str, str]]


def sites(count: int) -> list[Site]:
    """Seeded sites over North Carolina's box, each with a name, a town and a phone of its own."""
    draw = random.Random(39)
    return [
        (
            round(draw.uniform(BOUNDS[0], BOUNDS[2]), 6),
            round(draw.uniform(BOUNDS[1], BOUNDS[3]), 6),
            (f"{' '.join(draw.sample(WORDS, 3))} {n}", draw.choice(TOWNS), f"919-555-{draw.randrange(10000):04}"),
        )
        for n in range(count)
    ]


def ours(all_sites: list[Site], path: Path) -> None:
    """Our page, whole: picture and map, counties and ZIP areas of North Carolina."""
    import shapely

    from adequacy import reference
    from adequacy.outputs.folium_parts import map_parts
    from adequacy.outputs.html import Html, Page, page_html, picture, tag, write_html
    from adequacy.outputs.picture import page_picture
    from adequacy.outputs.scene import Mark, Scene, base_map, zip_map
    from adequacy.outputs.scene_map import scene_map

    shapes, names = base_map(BOUNDS)
    codes = [county.county_fips for county in reference.counties("NC")]
    zips, numbers = zip_map(codes, shapely.box(*BOUNDS))
    marks = tuple(Mark(lon, lat, "counted", lines) for lon, lat, lines in all_sites)
    scene = Scene((*shapes, *zips), marks, (*names, *numbers), BOUNDS, "Map of sites", (("counted", "Site"),))
    parts = map_parts(scene_map(scene))
    body = tag(
        "main",
        tag("h1", "Sites"),
        tag("div", picture(page_picture(scene), "Map of sites"), class_="map-picture"),
        tag("div", Html(parts.html), class_="map-live", data_map_label="Map of sites"),
    )
    write_html(page_html(Page("Sites", body, "leadership", parts)), path)


def empty(path: Path) -> None:
    """A page of ours without any site or outline."""
    from adequacy.outputs.map_page import write_map
    from adequacy.outputs.scene import Scene
    from adequacy.outputs.scene_map import scene_map

    write_map(scene_map(Scene((), (), (), BOUNDS, "Map", ())), path, "Map")


def _plain() -> Any:
    import folium

    west, south, east, north = BOUNDS
    drawn = folium.Map([(south + north) / 2, (west + east) / 2], zoom_start=7, tiles=None, maxZoom=18)
    folium.FitBounds([[south, west], [north, east]]).add_to(drawn)
    return drawn


def marker_cluster(all_sites: list[Site], path: Path) -> None:
    """One marker with one popup each."""
    import folium
    from folium.plugins import MarkerCluster

    drawn = _plain()
    cluster = MarkerCluster().add_to(drawn)
    for lon, lat, lines in all_sites:
        folium.Marker([lat, lon], popup="<br>".join(map(escape, lines))).add_to(cluster)
    drawn.save(str(path))


def fast_marker_cluster(all_sites: list[Site], path: Path) -> None:
    """Markers made in the browser, with the names in the data."""
    from folium.plugins import FastMarkerCluster

    drawn = _plain()
    callback = "function (row) { return L.marker(new L.LatLng(row[0], row[1])).bindPopup(row[2]); }"
    data = [[lat, lon, "<br>".join(map(escape, lines))] for lon, lat, lines in all_sites]
    FastMarkerCluster(data, callback=callback).add_to(drawn)
    drawn.save(str(path))


def geojson(all_sites: list[Site], path: Path) -> None:
    """One layer of circle markers with tooltips."""
    import folium

    drawn = _plain()
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [lon, lat]},
            "properties": dict(zip(("name", "town", "phone"), lines, strict=True)),
        }
        for lon, lat, lines in all_sites
    ]
    folium.GeoJson(
        {"type": "FeatureCollection", "features": features},
        marker=folium.CircleMarker(radius=4),
        tooltip=folium.GeoJsonTooltip(["name", "town", "phone"]),
    ).add_to(drawn)
    drawn.save(str(path))


CONTESTANTS: dict[str, Callable[[list[Site], Path], None]] = {
    "adequacy": ours,
    "folium MarkerCluster": marker_cluster,
    "folium FastMarkerCluster": fast_marker_cluster,
    "folium GeoJson": geojson,
}


@contextmanager
def browser() -> Iterator[Any]:
    """Headless Chromium, or None where there is none."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        yield None
        return
    if not CHROMIUM.exists():
        yield None
        return
    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@dataclass(frozen=True)
class Shown:
    """What a browser made of a map."""

    ready_ms: float
    cpu_ms: float
    asked: int
    fault: str


def open_map(opened: Any, path: Path) -> Shown:
    """Open a map once."""
    context = opened.new_context(viewport={"width": 1100, "height": 800})
    page = context.new_page()
    page.set_default_timeout(180_000)
    asked: list[str] = []
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))

    def _answer(route: Any) -> None:
        name = Path(route.request.url.split("?")[0]).name
        asked.append(name)
        file = PEERS / FILES[name] if name in FILES else None
        if file is not None and file.exists():
            route.fulfill(path=str(file))
        else:
            route.fulfill(body="", content_type="text/css" if name.endswith(".css") else "text/javascript")

    page.route("http*://**/*", _answer)
    watch = context.new_cdp_session(page)
    watch.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.goto(path.resolve().as_uri(), wait_until="load")
    took = float(page.evaluate(READY))
    spent = {each["name"]: each["value"] for each in watch.send("Performance.getMetrics")["metrics"]}
    drawn = page.locator(DRAWN).count()
    context.close()
    fault = wrong[0][:50] if wrong else "" if drawn else "nothing drawn"
    return Shown(took, spent["TaskDuration"] * 1000, len(asked), fault)


def measure(opened: Any, path: Path) -> tuple[list[Shown], str]:
    """Open a map three times, and say it as cells of the table."""
    if opened is None:
        return [], "- | no browser | - |"
    runs = [open_map(opened, path) for _ in range(REPEATS)]
    fault = next((run.fault for run in runs if run.fault), "")
    if fault:
        return runs, f"{runs[0].asked} | not shown: {fault} | - |"
    times, works = [run.ready_ms for run in runs], [run.cpu_ms for run in runs]
    middle = statistics.median(times)
    return (
        runs,
        f"{runs[0].asked} | {middle:,.0f} ({min(times):,.0f}-{max(times):,.0f}) | {statistics.median(works):,.0f} |",
    )


def main() -> int:
    """Measure and print the table; 1 if ours is too large or asks for something."""
    from benchmarks.race import machine

    print(f"{time.strftime('%Y-%m-%d')}, {machine()}\n")
    if not PEERS.exists():
        print(f"The peers' libraries are missing: npm install --no-save --prefix build/peers {LIBRARIES}\n")
    print("| sites | map | MB | write s | outside files | ready ms | CPU ms |")
    print("|---:|---|---:|---:|---:|---:|---:|")
    missed = False
    with tempfile.TemporaryDirectory() as folder, browser() as opened:
        path = Path(folder) / "map.html"
        ours(sites(10), path)  # warm everybody up
        empty(path)
        print(
            f"| 0 | adequacy, an empty map | {path.stat().st_size / 1e6:.2f} | - | {measure(opened, path)[1]}",
            flush=True,
        )
        for size in SIZES:
            data = sites(size)
            for name, make in CONTESTANTS.items():
                began = time.perf_counter()
                make(data, path)
                wrote = time.perf_counter() - began
                runs, cells = measure(opened, path)
                megabytes = path.stat().st_size / 1e6
                print(f"| {size:,} | {name} | {megabytes:.2f} | {wrote:.1f} | {cells}", flush=True)
                if name == "adequacy" and size == LIMIT_SITES:
                    missed = megabytes > LIMIT_MB or any(run.asked or run.fault for run in runs)
    print(f"\nAt {LIMIT_SITES:,} sites under {LIMIT_MB:g} MB and no request: {'MISSED' if missed else 'held'}.")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
