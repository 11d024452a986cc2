"""The page of an account: whose turn it is, what to do next, touches, matters, promises.

However many touches there are, rows are made of those that are shown alone; of all others only
what the sentences over the whole account count. What was judged is kept (`kept.py`).
"""

from __future__ import annotations

from typing import Any

from attrs import evolve
from markupsafe import Markup
from starlette.responses import Response

from contactledger.advice import Relationship
from contactledger.facts import Party
from contactledger.findings import Case, Finding
from contactledger.judge.counting import standing_entries, survivors
from contactledger.judge.next_steps import next_steps_of
from contactledger.report.charts import timeline
from contactledger.report.names import Names, names
from contactledger.report.rows import rows
from contactledger.report.summary import summary, unknown
from contactledger.report.wording import Scope
from contactledger.report.words import Words
from contactledger.reporting import WORDING, outlook, zone_of
from contactledger.web import behind
from contactledger.web.door import Visit
from contactledger.web.kept import Kept

TOUCHES = 50
"""On a page, in the list and in the timeline."""
STEPS = 5
MATTERS = 12
PROMISES = 25

Row = dict[str, Any]


def account(visit: Visit) -> Response:
    """An account: whose turn it is, what is to be done, every touch, matters and promises."""
    named = visit.account()
    kept = visit.keeper.of(named.id)
    findings = kept.standing.findings
    pages = max(1, -(-len(findings) // TOUCHES))
    page = visit.number("page", 1, pages)
    end = len(findings) - (page - 1) * TOUCHES
    start = max(0, end - TOUCHES)
    data = _rows(kept, named, findings[start:end], visit.words)
    shown = list(reversed(data["shown"]))
    steps, to_do = _steps(visit, named, kept)
    return visit.page(
        "account.html",
        account=named,
        goes_on=_goes_on(visit, named, kept),
        data=data,
        shown=shown,
        page=page,
        pages=pages,
        steps=steps,
        more_steps=to_do - len(steps),
        anchors={f["no"] for f in shown},
        chart=Markup(_chart(data, page, visit.words)) if findings else "",  # noqa: S704 - charts.py escapes
        matters=MATTERS,
        promises=PROMISES,
    )


def _goes_on(visit: Visit, named: behind.Named, kept: Kept) -> Row | None:
    """Where the account goes on, with its address for those who may see it."""
    moved = behind.goes_on(visit.ledger, named.id) if kept.goes_on else None
    if moved is None:
        return None
    return {"name": moved.name, "id": moved.id if visit.sees(moved) else ""}


def _rows(kept: Kept, named: behind.Named, shown: tuple[Finding, ...], words: Words) -> Row:
    """The rows of the report as far as they are shown, under `shown` those of these findings.
    The log is not hashed again: `check` and reports do that."""
    stood, called = kept.standing, names(kept.entries, words)
    told = [c for c in stood.cases if _is_told(c)]
    scope = Scope(
        account=named.name,
        since=min((f.at for f in stood.findings), default=None),
        zone=zone_of(kept.entries),
        entries=len(kept.entries),
    )
    part = evolve(stood, findings=shown, cases=tuple(told[:MATTERS]))
    data = rows(part, called, evolve(WORDING, words=words), scope)
    data["shown"] = data["findings"]
    data["findings"] = [_counted(f, called) for f in stood.findings]
    data["summary"], data["unknown"] = summary(data, words), unknown(data, words)
    data["matters"] = len(told)
    return data


def _is_told(case: Case) -> bool:
    """Whether a matter is told of: one that is nobody's and has no name is not."""
    return case.named or case.state != "closed" or case.onus.party is not None


def _counted(f: Finding, called: Names) -> Row:
    """What the sentences over the whole account count of a touch."""
    return {
        "no": f.no,
        "sender": {"id": f.sender, "name": called.of(f.sender)},
        "receiver": {"id": f.party, "name": called.of(f.party)},
        "outcome": str(f.outcome),
        "late": f.late,
        "original": f.original,
        "held_against": f.held_against,
        "possible": f.possible,
        "contested": f.contested,
    }


def _chart(data: Row, page: int, words: Words) -> str:
    """The timeline of the touches on this page; that of the newest goes on until now."""
    shown = data["shown"]
    period = {"since": shown[0]["at"], "until": None if page == 1 else shown[-1]["at"]}
    return timeline({**data, "findings": shown, "period": period}, words=words)


def _steps(visit: Visit, named: behind.Named, kept: Kept) -> tuple[list[Row], int]:
    """What the visitor's party should do next: rows of the first steps, and how many there are.
    What may be done now changes by the hour, so this is asked for each time."""
    now, entries = kept.standing.as_of, kept.entries
    own = visit.access.party
    party = behind.party_of(entries, own, Party) if own else behind.recorder(visit.ledger)
    party = survivors(standing_entries(entries, now)).get(party, party)
    steps = next_steps_of(kept.judged, entries, party=party, house=kept.house)
    nothing = Relationship(named.id, now, (), (), ())
    some = outlook(party, steps[:STEPS], nothing, entries, lang=visit.words.lang)
    return some.data["steps"], len(steps)
