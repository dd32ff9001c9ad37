"""A real browser for the tests: Debian's Chromium through Playwright, and axe-core from npm. The network is off."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHROMIUM = Path("/usr/bin/chromium")
AXE = Path(__file__).parents[2] / "build" / "axe" / "node_modules" / "axe-core" / "axe.min.js"


def _missing(what: str) -> None:
    """Skip on a user's machine, and say so; in CI an absent browser is a failure."""
    if os.environ.get("ADEQUACY_CI") == "1":
        pytest.fail(f"ADEQUACY_CI=1, but {what}")
    pytest.skip(f"{what}; see .ci/run for what these tests need")


@dataclass
class Opened:
    """A page that is open, and what it did on the way."""

    page: Any
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def axe(self) -> list[str]:
        """What axe-core has against the page."""
        # Through the debugger, which the page's own policy does not bind
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{each['id']}: {node['target']} {node['failureSummary']}"
            for each in found["violations"]
            for node in each["nodes"]
        ]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser, once for all tests."""
    if not CHROMIUM.exists():
        _missing("there is no /usr/bin/chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _missing("playwright is not installed")
    if not AXE.exists():
        _missing("there is no axe-core under build/axe")
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Any) -> Iterator[Callable[..., Opened]]:
    """Open a file from disk with the network off, and keep count of what it asks for and complains about."""
    contexts = []

    def _open(file: Path, *, script: bool = True, **options: Any) -> Opened:
        context = chromium.new_context(java_script_enabled=script, offline=True, **options)
        contexts.append(context)
        page = context.new_page()
        opened = Opened(page)
        page.on("request", lambda each: opened.requests.append(each.url))
        page.on("console", lambda each: opened.complaints.append(each.text) if each.type != "log" else None)
        page.on("pageerror", lambda error: opened.complaints.append(str(error)))
        page.goto(file.as_uri())
        page.wait_for_timeout(150)
        opened.requests = [url for url in opened.requests if url != file.as_uri() and not url.startswith("data:")]
        return opened

    yield _open
    for context in contexts:
        context.close()
