"""A headless Chromium for tests, one for the whole run, and axe's rules of accessibility.

Debian's chromium, driven by playwright, which brings no browser of its own here. A test that
needs it takes the fixture `chromium` (a browser) and opens a page with `opened`; where there is no
chromium it is skipped loudly, or fails where CONTACTLEDGER_REQUIRE names it. Import the fixture:

    from tests.browser import chromium  # noqa: F401 - a fixture
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.required import absent

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

PLACES = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
HOW = "apt-get install chromium, and python -m pip install playwright axe-playwright-python"
DESKTOP = (1280, 900)
PHONE = (390, 844)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A headless browser. Tests share it and no state: each page has a context of its own."""
    place = next((place for place in PLACES if Path(place).exists()), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        place = None
    if place is None:
        absent("chromium", HOW)
    with sync_playwright() as playwright:
        # as root in a container there is no sandbox; what is opened here are our own pages
        browser = playwright.chromium.launch(executable_path=place, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def opened(
    browser: Browser, html: str, size: tuple[int, int] = DESKTOP, **how: Any
) -> Iterator[Page]:
    """A page with that HTML; `how`: as a context of playwright takes it (`color_scheme="dark"`)."""
    width, height = size
    context = browser.new_context(viewport={"width": width, "height": height}, **how)
    try:
        page = context.new_page()
        page.set_content(html)
        yield page
    finally:
        context.close()


def follow(page: Page, what: Locator) -> None:
    """Click, and wait for the page that this leads to. A click alone returns early on a loaded
    machine: a form with a file in it sets out only when the browser has opened the file."""
    with page.expect_navigation():
        what.click()


def violations(page: Page) -> list[tuple[str, list[Any]]]:
    """What axe finds wrong with a page: (rule, places); best practices included."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found]
