"""Pictures of every kind of report to look at: `python -m tests.pictures FOLDER [LANG]`.

Desktop, phone, dark, and print as a PDF of the browser's; nothing is compared.
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from contactledger.report.kinds import KINDS
from contactledger.report.render import render
from tests.browser import DESKTOP, PHONE, PLACES, opened
from tests.kinds import story_rows

LOOKS = {"desktop": (DESKTOP, "light"), "phone": (PHONE, "light"), "dark": (DESKTOP, "dark")}


def main(folder: Path, lang: str = "en") -> None:
    """Write the pictures into a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    place = next(place for place in PLACES if Path(place).exists())
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=place, args=["--no-sandbox"])
        for kind in KINDS:
            html = render(kind, story_rows(kind, lang), lang=lang).html()
            for look, (size, scheme) in LOOKS.items():
                with opened(browser, html, size, color_scheme=scheme) as page:
                    page.screenshot(path=folder / f"{kind}-{look}.png", full_page=True)
            with opened(browser, html) as page:
                page.pdf(path=folder / f"{kind}-print.pdf", prefer_css_page_size=True)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
