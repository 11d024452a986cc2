"""Every kind of report in a real browser: accessible, readable on a phone, in the dark, on paper.

The pictures for a person to look at: `python -m tests.pictures FOLDER`.
"""

from __future__ import annotations

import pytest

from contactledger.report.kinds import KINDS
from contactledger.report.render import render
from tests.browser import DESKTOP, PHONE, chromium, opened, violations  # noqa: F401 - a fixture
from tests.kinds import story_rows
from tests.test_report_kinds import HOSTILE, hostile

ALL = tuple(KINDS)


def page_of(kind: str, lang: str = "en") -> str:
    """The kind over the whole story, as HTML."""
    return render(kind, story_rows(kind, lang), lang=lang).html()


LOOKS = {
    "desktop": (DESKTOP, "light", ALL),
    "dark": (DESKTOP, "dark", ("proof-of-contact", "both-sides")),
    "phone": (PHONE, "light", ("proof-of-contact", "case-dossier", "reconciliation")),
}


@pytest.mark.parametrize(
    ("look", "kind"), [(look, kind) for look, (_, _, kinds) in LOOKS.items() for kind in kinds]
)
def test_axe_finds_nothing_wrong(chromium, look, kind):  # noqa: F811 - the fixture
    size, scheme, _ = LOOKS[look]
    with opened(chromium, page_of(kind), size, color_scheme=scheme) as page:
        assert violations(page) == []


def test_nothing_runs_off_the_side_of_a_phone(chromium):  # noqa: F811
    for kind in ALL:
        with opened(chromium, page_of(kind), PHONE) as page:
            wide = page.evaluate("document.documentElement.scrollWidth")
        assert (kind, wide) == (kind, PHONE[0])


@pytest.mark.parametrize("kind", ["proof-of-contact", "both-sides", "outlook"])
def test_a_german_page_is_as_accessible(chromium, kind):  # noqa: F811
    with opened(chromium, page_of(kind, "de")) as page:
        assert violations(page) == []
        assert page.evaluate("document.documentElement.lang") == "de"


@pytest.mark.parametrize("text", ["html", "long", "arabic", "wide"])
def test_hostile_names_run_nothing_and_do_not_widen_a_phone(chromium, text):  # noqa: F811
    with opened(chromium, hostile("both-sides", HOSTILE[text]).html(), PHONE) as page:
        assert page.evaluate("document.scripts.length + document.images.length") == 0
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE[0]


def test_a_page_fetches_nothing(chromium):  # noqa: F811
    asked: list[str] = []
    with opened(chromium, "", DESKTOP) as page:
        page.on("request", lambda request: asked.append(request.url))
        for kind in ALL:
            page.set_content(page_of(kind), wait_until="load")
    assert asked == []
