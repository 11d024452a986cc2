"""The inbox: what came in and could not be matched, or not read, and going through it again.

Only for visitors who see everything: a body names people of any account, or of none.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from contactledger.errors import NotFound
from contactledger.report.phrases import iso
from contactledger.sources.source import Source
from contactledger.web import behind
from contactledger.web.door import Visit

SHOWN = 20_000
"""Bytes of a body that are shown."""
WHY = {
    "new": "It was kept and not gone through yet",
    "failed": "It could not be read, or not be recorded",
    "ambiguous": "It fits several touches",
    "unknown": "It fits no touch",
}


def listed(visit: Visit) -> Response:
    """What waits, oldest first."""
    visit.only_everything()
    after = visit.request.query_params.get("after")
    rows = behind.waiting(visit.ledger, behind.body(visit.ledger, after) if after else None)
    return visit.page(
        "inbox.html",
        rows=[
            {"id": row.id, "source": row.source, "at": iso(row.received_at), "tries": row.tries,
             "why": WHY[row.state], "reason": row.reason, "bytes": len(row.body)}
            for row in rows
        ],
        more=rows[-1].id if len(rows) == behind.PAGE else "",
    )  # fmt: skip


def one(visit: Visit) -> Response:
    """One body as it came."""
    visit.only_everything()
    row = behind.body(visit.ledger, visit.request.path_params["id"])
    return visit.page(
        "body.html",
        row=row,
        at=iso(row.received_at),
        why=WHY[row.state],
        text=row.body[:SHOWN].decode("utf-8", "replace"),
        cut=len(row.body) > SHOWN,
    )


def replay(sources: Mapping[str, Source], visit: Visit) -> Response:
    """Go through what waits again."""
    visit.only_everything()
    visit.only_records()
    if not sources:
        raise NotFound("no source is set up")
    visit.ledger.replay(*sources.values())
    return visit.see_other("inbox")
