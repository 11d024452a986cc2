"""Taking in what providers report and mailboxes get: durable first, then matched, then recorded.

The inbox is a table outside the log: the raw body lies there before anything is parsed, so a
parser's bug loses nothing. An event is matched by the first rule that gives exactly one
touch (`matching.py`); what cannot be matched is parked there and can be replayed. A report
that comes again is recognised by a digest of its stable id and recorded once; one that comes
again with other content is kept, marked as a conflict.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import orjson
from attrs import frozen

from contactledger.errors import BadEvent, BadInput, TooLarge
from contactledger.events import Event
from contactledger.facts import Entry
from contactledger.matching import Matcher, Parked
from contactledger.recording import Given, Written
from contactledger.references import References, new_id
from contactledger.retrying import in_one_transaction
from contactledger.sources._machine_grade import Grader
from contactledger.sources.source import Source, check_size
from contactledger.store.port import InboxRow, Store, Transaction
from contactledger.vocabulary import Auth

KEEP_DONE = timedelta(days=30)
"""How long a body is kept after all its parts are recorded (each part keeps its own slice)."""

PAGE = 100
"""Bodies read at a time; a source may take some of 40 MB."""

_CREDENTIALS = ("authorization", "cookie", "token", "secret", "password", "api-key", "apikey")

log = logging.getLogger("contactledger")

_Write = Callable[[Mapping[str, Sequence[Given]], Transaction], dict[str, list[Written]]]


@frozen
class Receipt:
    """What became of a body: entries `recorded` and `conflicting` (kept, marked), how many
    events were `repeated`, and which are `parked` in the inbox under `inbox`."""

    inbox: str
    recorded: tuple[Entry, ...] = ()
    repeated: int = 0
    conflicting: tuple[Entry, ...] = ()
    parked: tuple[Parked, ...] = ()


class Inbox:
    """The way in for everything that others report."""

    def __init__(
        self,
        store: Store,
        references: References,
        *,
        recorder: str,
        write: _Write,
        now: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._store = store
        self._references = references
        self._recorder = recorder
        self._write = write
        self._now = now
        self._random = random_bytes
        self.grader = Grader()

    def receive(
        self, source: Source, headers: Mapping[str, str], body: bytes, url: str | None
    ) -> Receipt:
        """Size, authenticity, inbox, parse, match, record; see `Ledger.receive`."""
        check_size(source, body)
        now = self._now()
        auth = source.verify(headers, body, url, now)
        row = InboxRow(
            id=new_id(self._random),
            received_at=now,
            source=source.name,
            auth=auth.value,
            state="new",
            reason="",
            tries=0,
            headers=_without_credentials(headers),
            body=body,
        )
        in_one_transaction(self._store, lambda tx: tx.inbox_put(row))
        return self._process(source, row)

    def replay(self, sources: Sequence[Source]) -> tuple[Receipt, ...]:
        """Process again what is not done; a body that still fails stays where it is."""
        by_name = {source.name: source for source in sources}
        with self._store.begin(write=False) as tx:
            rows = tx.inbox(["new", "failed", "ambiguous", "unknown"])
        receipts = []
        for row in rows:
            if row.source in by_name:
                try:
                    receipts.append(self._process(by_name[row.source], row))
                except BadInput as error:
                    log.warning("contactledger: inbox %s fails again (%s)", row.id, error.field)
        return tuple(receipts)

    def tidy(self) -> int:
        """Delete bodies whose parts were all recorded 30 days ago; how many."""
        limit = self._now() - KEEP_DONE
        dropped = 0
        with self._store.begin(write=True) as tx:
            while old := [r.id for r in tx.inbox(["done"], limit=PAGE) if r.received_at <= limit]:
                tx.inbox_drop(old)
                dropped += len(old)
        return dropped

    def _process(self, source: Source, row: InboxRow) -> Receipt:
        headers = orjson.loads(row.headers)
        try:
            events = self.grader.grade(source.parse(headers, row.body))
        except Exception as error:
            self._failed(row, type(error).__name__)
            if isinstance(error, BadEvent | TooLarge):
                raise
            # A bug of the parser: its text may hold what it choked on, so it goes no further.
            raise BadEvent(f"the parser failed ({type(error).__name__})") from None
        try:
            return self._record(row, events)
        except BadInput as error:
            self._failed(row, type(error).__name__)
            raise

    def _record(self, row: InboxRow, events: list[Event]) -> Receipt:
        return in_one_transaction(self._store, lambda tx: self._recorded(tx, row, events))

    def _recorded(self, tx: Transaction, row: InboxRow, events: list[Event]) -> Receipt:
        matcher = Matcher(
            tx,
            self._references,
            recorder=self._recorder,
            received_at=row.received_at,
            auth=Auth(row.auth),
            new_id=lambda: new_id(self._random),
        )
        given, parked = matcher.facts(events)
        written = self._write(given, tx)
        states = {p.state for p in parked}
        state = "ambiguous" if "ambiguous" in states else "unknown" if states else "done"
        tx.inbox_put(row._replace(state=state, reason="", tries=row.tries + 1))
        done = [one for some in written.values() for one in some]
        return Receipt(
            row.id,
            tuple(one.entry for one in done if one.state == "new"),
            sum(one.state == "repeated" for one in done) + matcher.repeated,
            tuple(one.entry for one in done if one.state == "conflicting"),
            parked,
        )

    def _failed(self, row: InboxRow, reason: str) -> None:
        failed = row._replace(state="failed", reason=reason, tries=row.tries + 1)
        in_one_transaction(self._store, lambda tx: tx.inbox_put(failed))


def _without_credentials(headers: Mapping[str, str]) -> bytes:
    """Headers as JSON, lower-cased, without what could open a door."""
    kept = {
        _storable(name.lower()): _storable(value)
        for name, value in headers.items()
        if not any(word in name.lower() for word in _CREDENTIALS)
    }
    return orjson.dumps(kept, option=orjson.OPT_SORT_KEYS)


def _storable(text: str) -> str:
    """Header text without lone surrogates, which servers make of bytes that are no UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")
