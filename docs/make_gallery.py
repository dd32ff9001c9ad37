"""Draw the gallery: pages of the demo network, photographed in Debian's Chromium. Run by ``make gallery``."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import Any

import adequacy
from adequacy.outputs.maps import write_case_map
from adequacy.outputs.report import write_report

GALLERY = Path(__file__).parent / "gallery"
SHOTS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("covered", "case-covered.html", {"viewport": {"width": 1100, "height": 1160}}),
    ("too-close", "case-too-close.html", {"viewport": {"width": 1100, "height": 1240}}),
    ("dark", "case-too-close.html", {"viewport": {"width": 1100, "height": 1240}, "color_scheme": "dark"}),
    ("phone", "case-covered.html", {"viewport": {"width": 360, "height": 1100}}),
    ("leadership", "leadership.html", {"viewport": {"width": 1100, "height": 1215}}),
    ("leadership-map", "leadership.html", {"viewport": {"width": 1100, "height": 900}}),
)
COLOURS = 96


def main() -> None:
    """Write the pages, photograph them, keep small pictures."""
    from playwright.sync_api import sync_playwright

    GALLERY.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        _pages(Path(folder))
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
        for name, file, look in SHOTS:
            page = browser.new_context(offline=True, **look).new_page()
            page.goto((Path(folder) / file).as_uri())
            page.wait_for_timeout(1500)
            shot = page.locator("section.wide").screenshot() if name.endswith("-map") else page.screenshot()
            _small(shot, GALLERY / f"{name}.png")
        browser.close()


def _pages(folder: Path) -> None:
    with adequacy.demo_network() as net:
        write_case_map(net.check("saiop", zip5="27546").to_dict(), folder / "case-covered.html")
        write_case_map(net.check("da", zip5="27344").to_dict(), folder / "case-too-close.html")
        write_report(net.overview(), folder / "leadership.html")


def _small(picture: bytes, path: Path) -> None:
    from PIL import Image

    with Image.open(io.BytesIO(picture)) as image:
        half = image.resize((image.width * 11 // 20, image.height * 11 // 20), Image.Resampling.LANCZOS)
        few = half.convert("RGB").quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        few.save(path, "PNG", optimize=True)


if __name__ == "__main__":
    main()
