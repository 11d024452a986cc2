"""The inbox: what came in and could not be matched, or not read; going through it again, and
throwing away what is nobody's business.

Only for visitors who see everything: a body names people of any account, or of none.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from starlette.responses import Response

from contactledger.errors import NotFound
from contactledger.report.phrases import iso
from contactledger.sources.source import Source
from contactledger.waiting import Body
from contactledger.web.door import Visit

PAGE = 50
"""Bodies on a page."""
SHOWN = 20_000
"""Bytes of a body that are shown."""
WHY = {
    "new": "It was kept and not gone through yet",
    "failed": "It could not be read, or not be recorded",
    "ambiguous": "It fits several touches",
    "unknown": "It fits no touch",
}
NOBODY = {
    "sender": "Who sent it is not on record",
    "recipient": "It comes from this side, and goes to nobody on record of another",
}
"""Of what fits no touch, by the rule that says so."""


def listed(sources: Mapping[str, Source], visit: Visit) -> Response:
    """What waits, oldest first; going through it again takes the sources."""
    visit.only_everything()
    after = visit.request.query_params.get("after")
    rows = [  # not the bodies, of which each may be large
        {"id": row.id, "source": row.source, "at": iso(row.received_at), "tries": row.tries,
         **_why(row), "bytes": len(row.body)}
        for row in islice(visit.ledger.inbox(after or None), PAGE + 1)
    ]  # fmt: skip
    return visit.page(
        "inbox.html",
        rows=rows[:PAGE],
        more=rows[PAGE - 1]["id"] if len(rows) > PAGE else "",
        sources=bool(sources),
    )


def one(visit: Visit) -> Response:
    """One body as it came."""
    visit.only_everything()
    row = visit.ledger.inbox_body(visit.request.path_params["id"])
    return visit.page(
        "body.html",
        row=row,
        at=iso(row.received_at),
        said=_why(row),
        text=row.body[:SHOWN].decode("utf-8", "replace"),
        cut=len(row.body) > SHOWN,
    )


def discard(visit: Visit) -> Response:
    """Throw one away."""
    visit.only_everything()
    visit.only_records()
    visit.ledger.discard(visit.request.path_params["id"])
    return visit.see_other("inbox")


def _why(row: Body) -> dict[str, str]:
    nobody = NOBODY.get(row.reason) if row.state == "unknown" else None
    if nobody is not None:
        return {"why": nobody, "reason": ""}
    return {"why": WHY[row.state], "reason": row.reason if row.state == "failed" else ""}


def replay(sources: Mapping[str, Source], visit: Visit) -> Response:
    """Go through what waits again."""
    visit.only_everything()
    visit.only_records()
    if not sources:
        raise NotFound("no source is set up")
    visit.ledger.replay(*sources.values())
    return visit.see_other("inbox")
