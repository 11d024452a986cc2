"""The page of an account: whose turn it is, what to do next, every touch, matters, promises."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup
from starlette.responses import Response

from contactledger.advice import Relationship
from contactledger.facts import Party
from contactledger.judge.counting import standing_entries, survivors
from contactledger.judge.next_steps import next_steps
from contactledger.reading import Loaded
from contactledger.report.charts import timeline
from contactledger.reporting import outlook
from contactledger.web import behind
from contactledger.web.door import Visit
from contactledger.web.reading_pages import FORMS, rows_of

TOUCHES = 25
MATTERS = 12


def account(visit: Visit) -> Response:
    """An account: whose turn it is, what is to be done, every touch, matters and promises."""
    named = visit.account()
    loaded = behind.loaded(visit.ledger, named.id)
    data = rows_of(visit, named, loaded)
    findings = list(reversed(data["findings"]))
    page = visit.number("page", 1, max(1, -(-len(findings) // TOUCHES)))
    shown = findings[(page - 1) * TOUCHES : page * TOUCHES]
    return visit.page(
        "account.html",
        account=named,
        data=data,
        shown=shown,
        page=page,
        pages=max(1, -(-len(findings) // TOUCHES)),
        steps=_steps(visit, named, loaded),
        anchors={f["no"] for f in shown},
        chart=Markup(timeline(data)) if findings else "",  # noqa: S704 - charts.py escapes names
        matters=MATTERS,
        forms=FORMS,
    )


def _steps(visit: Visit, named: behind.Named, loaded: Loaded) -> list[dict[str, Any]]:
    """What the visitor's party should do next: the rows of the outlook, of which the rest is
    not asked for here."""
    now, entries = behind.now(visit.ledger), loaded.entries
    own = visit.access.party
    party = behind.party_of(entries, own, Party) if own else behind.recorder(visit.ledger)
    party = survivors(standing_entries(entries, now)).get(party, party)
    steps = next_steps(entries, now, party=party, house=loaded.house)
    nothing = Relationship(named.id, now, (), (), ())
    found: list[dict[str, Any]] = outlook(party, steps, nothing, entries).data["steps"]
    return found
