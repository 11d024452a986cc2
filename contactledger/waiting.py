"""What waits in the inbox: to be looked at, and to be thrown away where it is nobody's business.

A body that fits nothing on record is kept until somebody puts on record what it fits, or says that
it fits nothing: a stranger's mail, or a private one out of a mailbox that is read as a whole. It
belongs to no account, so no redaction reaches it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from attrs import field, frozen

from contactledger.errors import NotFound
from contactledger.observing import observed
from contactledger.receiving import WAITING
from contactledger.retrying import in_one_transaction
from contactledger.store.port import InboxRow, Store, Transaction

AT_ONCE = 10
"""Bodies read at a time; a source may take some of 40 MB."""


@frozen
class Body:
    """A received body that waits under `id`: from which `source`, when, and how often it was gone
    through.

    `state`: "new" (durable, not yet gone through), "failed", "ambiguous" or "unknown"; `reason`:
    of a failed one the class of the error. `body`: as it came.
    """

    id: str
    source: str
    received_at: datetime
    state: str
    reason: str
    tries: int
    body: bytes = field(repr=False)


class Waiting:
    """The methods of `Ledger` for what waits to be replayed."""

    _store: Store

    def inbox(self, after: str | None = None) -> Iterator[Body]:
        """The bodies that wait, oldest first, or those behind the one of this id; a few are held
        at a time. NotFound for an `after` that does not wait."""
        with self._store.begin(write=False) as tx:
            last = None if after is None else _waiting(tx, after)
        rows = [last]
        while rows:
            with self._store.begin(write=False) as tx:
                rows = list(tx.inbox(WAITING, limit=AT_ONCE, after=rows[-1]))
            yield from [_body(row) for row in rows if row is not None]

    def inbox_body(self, inbox: str) -> Body:
        """The body that waits under this id; NotFound."""
        with self._store.begin(write=False) as tx:
            return _body(_waiting(tx, inbox))

    def discard(self, *inbox: str) -> int:
        """Delete the bodies that wait under these ids; how many. What of them is on record stays
        there. NotFound if one does not wait (any more); then all stay."""
        with observed("discard") as counts:
            counts["bodies"] = in_one_transaction(self._store, lambda tx: _drop(tx, inbox))
            return int(counts["bodies"])


def _drop(tx: Transaction, inbox: Iterable[str]) -> int:
    ids = [_waiting(tx, id_).id for id_ in dict.fromkeys(inbox)]
    tx.inbox_drop(ids)
    return len(ids)


def _waiting(tx: Transaction, inbox: str) -> InboxRow:
    row = tx.inbox_get(inbox)
    if row is None or row.state not in WAITING:
        raise NotFound("no such body waits in the inbox", field="inbox")
    return row


def _body(row: InboxRow) -> Body:
    return Body(row.id, row.source, row.received_at, row.state, row.reason, row.tries, row.body)
