"""Taking in what providers report and mailboxes get: durable first, then matched, then recorded.

The inbox is a table outside the log: the raw body lies there before anything is parsed, so a
parser's bug loses nothing. An event is matched by the first rule that gives exactly one
touch (`matching.py`); what cannot be matched is parked there and can be replayed. A report
that comes again is recognised by a digest of its stable id and recorded once; one that comes
again with other content is kept, marked as a conflict.

States of a body: *new* (durable, not yet gone through), *done*, *unknown* and *ambiguous*
(some of it is parked), *failed* (it could not be parsed or recorded). Replaying takes up all
but the done, oldest first, each in a transaction of its own, and holds a few bodies at a
time however many wait; what was recorded before is known again, so it may be done at any time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import orjson
from attrs import frozen

from contactledger.errors import BadEvent, BadInput, TooLarge, Unverified
from contactledger.events import Event, Parked
from contactledger.facts import Entry
from contactledger.interpreting import Interpreter
from contactledger.locating import Common
from contactledger.observing import observed
from contactledger.recording import Given, Written
from contactledger.references import References, new_id
from contactledger.regrading import regraded
from contactledger.retrying import in_one_transaction
from contactledger.sources._machine_grade import Grader
from contactledger.sources.source import Source, check_size
from contactledger.store.port import InboxRow, Store, Transaction
from contactledger.vocabulary import Auth

KEEP_DONE = timedelta(days=30)
"""How long a body is kept after all its parts are recorded (each part keeps its own slice)."""

WAITING = ("new", "failed", "ambiguous", "unknown")
"""States of bodies that replaying takes up."""

_CREDENTIALS = ("authorization", "cookie", "token", "secret", "password", "api-key", "apikey")

log = logging.getLogger("contactledger")

_Write = Callable[[Mapping[str, Sequence[Given]], Transaction], dict[str, list[Written]]]


@frozen
class Receipt:
    """What became of a body: entries `recorded` and `conflicting` (kept, marked), how many
    events were `repeated`, and which are `parked` in the inbox under `inbox`.

    `failed`: the class of the error by which a replayed body came to nothing again.
    """

    inbox: str
    recorded: tuple[Entry, ...] = ()
    repeated: int = 0
    conflicting: tuple[Entry, ...] = ()
    parked: tuple[Parked, ...] = ()
    source: str = ""
    failed: str = ""


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
        self._common = Common()
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

    def replay(self, sources: Sequence[Source]) -> Iterator[Receipt]:
        """Process again what is not done; a body that still fails stays where it is."""
        by_name = {source.name: source for source in sources}
        for row in self._waiting(self._now()):
            if row.source in by_name:
                try:
                    yield self._process(by_name[row.source], row)
                except BadInput as error:
                    log.warning("contactledger: inbox %s fails again (%s)", row.id, error.field)
                    yield Receipt(row.id, source=row.source, failed=type(error).__name__)

    def _waiting(self, until: datetime) -> Iterator[InboxRow]:
        """What came in by then and is not done, oldest first, each once.

        Of each state the next body is held. A body that changes its state on the way does not
        come again: whatever is read from then on lies behind it.
        """
        at: InboxRow | None = None
        ahead = {state: self._next(state, at) for state in WAITING}
        while there := [row for row in ahead.values() if row is not None]:
            at = min(there, key=lambda row: (row.received_at, row.id))
            if at.received_at > until:
                return
            yield at
            ahead[at.state] = self._next(at.state, at)

    def _next(self, state: str, after: InboxRow | None) -> InboxRow | None:
        with self._store.begin(write=False) as tx:
            return next(iter(tx.inbox([state], limit=1, after=after)), None)

    def waiting(self) -> dict[str, dict[str, int]]:
        """How many bodies wait to be replayed, by source and state."""
        found: dict[str, dict[str, int]] = {}
        with self._store.begin(write=False) as tx:
            for source, state, count in tx.inbox_counts(WAITING):
                found.setdefault(source, {})[state] = count
        return found

    def tidy(self) -> int:
        """Delete bodies whose parts were all recorded 30 days ago; how many."""
        limit = self._now() - KEEP_DONE

        def drop(tx: Transaction) -> int:
            dropped = 0
            while old := tx.inbox_until("done", limit):
                tx.inbox_drop(old)
                dropped += len(old)
            return dropped

        return in_one_transaction(self._store, drop)

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
        interpreter = self.interpreter(tx, row.received_at, Auth(row.auth))
        found, parked = interpreter.facts(events)
        given = regraded(tx, self._references, found, self.grader.links)
        written = self._write(given, tx)
        states = {p.state for p in parked}
        state = "ambiguous" if "ambiguous" in states else "unknown" if states else "done"
        reason = ", ".join(sorted({p.rule for p in parked if p.rule}))
        tx.inbox_put(row._replace(state=state, reason=reason, tries=row.tries + 1))
        done = [one for some in written.values() for one in some]
        return Receipt(
            row.id,
            tuple(one.entry for one in done if one.state == "new"),
            sum(one.state == "repeated" for one in done) + interpreter.repeated,
            tuple(one.entry for one in done if one.state == "conflicting"),
            parked,
            row.source,
        )

    def interpreter(
        self, tx: Transaction, received_at: datetime, auth: Auth, *, again: bool = False
    ) -> Interpreter:
        """What makes facts of a body's events; `again`: what was taken back may come anew."""
        return Interpreter(
            tx,
            self._references,
            recorder=self._recorder,
            received_at=received_at,
            auth=auth,
            new_id=lambda: new_id(self._random),
            common=self._common,
            again=again,
        )

    def _failed(self, row: InboxRow, reason: str) -> None:
        failed = row._replace(state="failed", reason=reason, tries=row.tries + 1)
        in_one_transaction(self._store, lambda tx: tx.inbox_put(failed))


class Receiving:
    """The methods of `Ledger` that take in what others report."""

    _inbox: Inbox
    _forged: int

    def receive(
        self,
        source: Source,
        headers: Mapping[str, str],
        body: bytes,
        *,
        url: str | None = None,
    ) -> Receipt:
        """Take in what a provider reports or a mailbox got.

        Size → authenticity → the raw body made durable → parsed, matched, recorded. When
        this returns, the body is safe: answer 2xx (in a host's transaction: after *your*
        commit). Raises Unverified (nothing is stored), TooLarge, and BadEvent for a body that
        cannot be parsed, which is kept in the inbox and can be replayed.
        """
        try:
            with observed("receive") as counts:
                receipt = self._inbox.receive(source, headers, body, url)
                counts |= {"source": source.name, "entries": len(receipt.recorded)}
                return receipt
        except Unverified:
            self._forged += 1
            log.warning("contactledger: a report of %s did not verify", source.name)
            raise

    def replay(self, *sources: Source) -> tuple[Receipt, ...]:
        """Try again whatever of these sources is parked or failed in the inbox; the receipts
        of what could be gone through."""
        return tuple(receipt for receipt in self.replaying(*sources) if not receipt.failed)

    def replaying(self, *sources: Source) -> Iterator[Receipt]:
        """The same, a receipt at a time and those that failed again with the others, so that
        an inbox of any size takes a few bodies' memory. Each is done when its receipt comes."""
        return self._inbox.replay(sources)

    def waiting(self) -> dict[str, dict[str, int]]:
        """How many received bodies wait to be replayed: {source: {state: how many}}."""
        return self._inbox.waiting()

    def tidy(self) -> int:
        """Delete received bodies whose parts were all recorded 30 days ago; how many."""
        return self._inbox.tidy()

    @property
    def forged(self) -> int:
        """How many reports did not verify since this ledger was opened."""
        return self._forged


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
