"""Golden files: what a report looked like when somebody last looked at it and was content.

`python -m tests.golden` says which differ, `python -m tests.golden --update` writes them.
Nothing in them is volatile: the standing is built by hand with fixed times and ids.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import attrs

from contactledger.report.card import standing_card, standing_text
from contactledger.report.charts import timeline
from contactledger.report.charts_answers import answer_times
from contactledger.report.charts_funnel import funnel
from contactledger.report.charts_holders import holders
from contactledger.report.charts_pressure import pressure
from contactledger.report.kinds import KINDS
from contactledger.report.render import Report, render
from contactledger.report.rows import names, rows
from tests.kinds import story_rows
from tests.reporting import SCOPE, WORDING, standing

FOLDER = Path(__file__).parent


def report() -> Report:
    """The report of the story, with every entry judged."""
    found, story = standing()
    scope = attrs.evolve(SCOPE, entries=len(story.entries))
    return render("proof-of-contact", rows(found, names(story.entries), WORDING, scope))


def _card() -> str:
    found, story = standing()
    return standing_card(found, names(story.entries)) + "\n"


def _card_text() -> str:
    found, story = standing()
    return standing_text(found, names(story.entries))


def _kind(kind: str, form: str, lang: str) -> str:
    made = render(kind, story_rows(kind, lang), lang=lang)
    return {"html": made.html, "txt": made.text, "md": made.markdown, "csv": made.csv}[form]()


CASES: dict[str, Callable[[], str]] = {
    "proof-of-contact.html": lambda: report().html(),
    "proof-of-contact.txt": lambda: report().text(),
    "proof-of-contact.json": lambda: report().json(),
    "timeline.svg": lambda: timeline(dict(report().data)) + "\n",
    "funnel.svg": lambda: funnel(dict(report().data)).svg + "\n",
    "answer-times.svg": lambda: answer_times(dict(report().data)).svg + "\n",
    "pressure.svg": lambda: pressure(dict(report().data)).svg + "\n",
    "holders.svg": lambda: holders(dict(report().data)).svg + "\n",
    "card.html": _card,
    "card.txt": _card_text,
}
CASES |= {
    f"{kind}.{form}": partial(_kind, kind, form, lang)
    for kind in KINDS
    for form, lang in (("html", "en"), ("txt", "en"), ("md", "de"), ("csv", "en"))
}
