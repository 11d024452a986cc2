"""Health: whether the collectors listen, what waits, what is sealed."""

from __future__ import annotations

from itertools import islice

from starlette.responses import Response

from contactledger.report.kind_health import INBOX
from contactledger.report.phrases import iso
from contactledger.web import behind
from contactledger.web.door import Visit


def health(visit: Visit) -> Response:
    """Coverage, lag and seals, for visitors who see everything."""
    visit.only_everything()
    ledger = visit.ledger
    now = behind.now(ledger)
    sealed, newest = ledger.checkpoint(), behind.recorded_at(ledger)
    oldest = [*islice(ledger.inbox(), 1)]
    collectors = [
        {"name": beat.collector, "channels": [str(c) for c in beat.channels],
         "last": iso(beat.last), "ago": (now - beat.last).total_seconds(),
         "every": beat.every_seconds, "deaf": beat.blind or beat.overdue(now)}
        for beat in ledger.collectors()
    ]  # fmt: skip
    return visit.page(
        "health.html",
        collectors=collectors,
        waiting=ledger.waiting(),
        said_of=INBOX,
        oldest=iso(oldest[0].received_at) if oldest else "",
        lag=(now - oldest[0].received_at).total_seconds() if oldest else 0,
        forged=ledger.forged,
        newest=iso(newest) if newest else "",
        sealed_at=iso(sealed.sealed_at) if sealed else "",
        sealed_ago=(now - sealed.sealed_at).total_seconds() if sealed else 0,
        size=sealed.checkpoint.size if sealed else 0,
        unsealed=bool(newest and (sealed is None or newest > sealed.sealed_at)),
    )
