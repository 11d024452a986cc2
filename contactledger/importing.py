"""Taking in a whole file at once: tables of calls, calendars, address books, mailboxes.

Unlike what a provider reports, an import is somebody's act: it is tried first (`dry_run`), has a
batch id by which all of it can be taken back, and may say for which period it is complete.

A batch is remembered as a row of the inbox table (state *imported*, no body): which numbers of
which accounts it wrote. Taking it back retracts each of them (J47); what was retracted may be
imported again, mended.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, BinaryIO

import orjson
from attrs import evolve, frozen

from contactledger.accounts import HOUSE
from contactledger.covering import from_period
from contactledger.errors import BadEvent, BadFact, NotFound, TooLarge
from contactledger.events import Event, Parked
from contactledger.facts import Coverage, Entry, Fact, Retraction
from contactledger.heartbeats import Heartbeats
from contactledger.linking import MAX_EARLY
from contactledger.mailboxes import Piece, pieces
from contactledger.merging import retracted
from contactledger.recording import Given, Written
from contactledger.references import References, new_id
from contactledger.retrying import in_one_transaction
from contactledger.sources._machine_grade import Grader
from contactledger.sources.source import Rows, Source, check_size
from contactledger.store.port import InboxRow, Store, Transaction
from contactledger.vocabulary import Auth, Channel

if TYPE_CHECKING:
    from contactledger.accounts import Accounts
    from contactledger.receiving import Inbox, Receipt
    from contactledger.sources.mbox import Mbox
    from contactledger.sources.vcard import VCard
    from contactledger.store.port import LedgerRow
    from contactledger.tracking import Tracker

IMPORTED, RETRACTED = "imported", "taken_back"
"""States of a batch's row."""
PAGE = 500
"""Batches read at a time."""


@frozen
class Fault:
    """A row, record or message that could not be read: where it stands, which field, and why."""

    place: str
    field: str
    why: str

    def __str__(self) -> str:
        return f"{', '.join(filter(None, (self.place, self.field)))}: {self.why}"


@frozen
class Imported:
    """What an import wrote, or (`dry_run`) would have written; entries of a dry run have the
    numbers they would have had.

    `parked`: the events that lead to nobody on record, by their position; they are not kept,
    import the file again when the people are on record. `faults`: the rows that could not be
    read; all others were imported, and nothing is said of coverage, since nobody knows what
    these tell. `batch` is what `take_back` takes.
    """

    batch: str
    dry_run: bool
    recorded: tuple[Entry, ...] = ()
    repeated: int = 0
    conflicting: tuple[Entry, ...] = ()
    parked: tuple[Parked, ...] = ()
    coverage: tuple[Entry, ...] = ()
    faults: tuple[Fault, ...] = ()


@frozen
class Batch:
    """An import that is on record: when, of which source, how many entries, taken back or not."""

    id: str
    imported_at: datetime
    source: str
    entries: int
    taken_back: bool


class _DryRun(Exception):
    """Leaves the transaction without a trace, but for what would have been."""

    def __init__(self, made: Imported) -> None:
        super().__init__()
        self.made = made


class Importing(Heartbeats):
    """The methods of `Ledger` that take in whole files, and coverage."""

    _store: Store
    _references: References
    _accounts: Accounts
    _row: LedgerRow
    _inbox: Inbox
    _random: Any

    if TYPE_CHECKING:

        def record(self, account: str, *facts: Fact) -> tuple[Entry, ...]: ...  # noqa: D102 - Ledger.record
        def receive(self, source: Source, headers: Any, body: bytes) -> Receipt: ...  # noqa: D102 - Ledger.receive
        def _now(self) -> datetime: ...
        def _write(
            self, given: Mapping[str, Sequence[Given]], tx: Transaction | None = None
        ) -> dict[str, list[Written]]: ...
        def _write_received(
            self, given: Mapping[str, Sequence[Given]], tx: Transaction
        ) -> dict[str, list[Written]]: ...

    @property
    def grader(self) -> Grader:
        """What tells machines and the sender's own views; set another in its place."""
        return self._inbox.grader

    @grader.setter
    def grader(self, grader: Grader) -> None:
        self._inbox.grader = grader

    def import_(
        self,
        source: Source,
        body: bytes,
        *,
        headers: Mapping[str, str] | None = None,
        dry_run: bool = True,
        period: tuple[datetime, datetime] | None = None,
    ) -> Imported:
        """Import a file's events: all of them matched and recorded in one transaction.

        Without `dry_run=False` nothing is written, and what would have been is told. `period`:
        the file holds all there was from … until …; that goes on record as coverage of its
        channels. Rows that cannot be read are told as `faults`, and the others are imported.
        Raises BadEvent and TooLarge for a file that cannot be parsed at all (no header, no
        such form); none of it is recorded then.
        """
        check_size(source, body)
        auth = source.verify(headers or {}, body, None, self._now())
        parsed, faults = _parsed(source, headers or {}, body)
        piece = Piece(parsed, faults, hashlib.sha256(body).hexdigest())
        return self._import_piece(source, piece, auth, period, dry_run)

    def import_mailbox(
        self,
        file: BinaryIO,
        *,
        source: Mbox | None = None,
        dry_run: bool = True,
        period: tuple[datetime, datetime] | None = None,
    ) -> Iterator[Imported]:
        """Import a mailbox of any size, some hundred messages at a time, each a batch of its own.

        Nothing is done until it is iterated over: each batch is recorded when it is given. If
        it ends early, import the file again: what is on record is known. `period` goes on record
        with the last batch, if every message could be read. Where answers stand in front of what
        they answer, one batch more links them. Errors and arguments as in `import_`; in a dry run
        no batch knows of those before it.
        """
        from contactledger.sources.mbox import Mbox

        reader = source or Mbox()
        self._covers(reader, [reader.channel], period)  # which refuses a time that lies ahead
        clean, waiting = True, Piece()
        early: list[Event] = []
        for piece in pieces(reader, file):
            if waiting.messages:
                clean = clean and not waiting.faults
                yield self._import_piece(reader, waiting, Auth.NONE, None, dry_run, early)
            waiting = piece
        period = period if clean else None
        yield self._import_piece(reader, waiting, Auth.NONE, period, dry_run, early)
        if early and not dry_run:
            made = self._import_piece(reader, Piece(early[:MAX_EARLY]), Auth.NONE, None, None)
            if made.recorded:
                yield evolve(made, repeated=0)

    def _import_piece(
        self,
        source: Source,
        piece: Piece,
        auth: Auth,
        period: tuple[datetime, datetime] | None,
        dry_run: bool | None,
        early: list[Event] | None = None,
    ) -> Imported:
        """`early`: takes up the answers to what is not on record; `dry_run`: None where there is
        to be no batch of nothing."""
        now = self._now()
        unlinked: list[Event] = []
        events, faults = self.grader.grade(piece.events), piece.faults
        channels = sorted({event.channel for event in events}) or [source.channel]

        def facts(tx: Transaction) -> tuple[dict[str, list[Given]], tuple[Parked, ...], int]:
            interpreter = self._inbox.interpreter(tx, now, auth, again=True)
            given, parked = interpreter.facts(events)
            unlinked[:] = interpreter.early
            return given, parked, interpreter.repeated

        covers = self._covers(source, channels, period)
        covered = None if faults else covers
        made = self._import(source.name, piece.sha256, facts, covered, dry_run, _told(faults))
        if early is not None and len(early) < MAX_EARLY:
            early += unlinked
        return made

    def import_people(
        self,
        account: str,
        party: str,
        body: bytes,
        *,
        source: VCard | None = None,
        dry_run: bool = True,
    ) -> Imported:
        """Import an address book: each person of it as somebody of this party.

        People that are there with the same content are *repeated*; with other content a new
        version is recorded.
        """
        from contactledger.sources.vcard import VCard

        reader = source or VCard()
        faults: list[BadEvent | TooLarge] = []
        people = [Given(person) for person in reader.people(body, party, faults)]
        with self._store.begin(write=False) as tx:
            id_ = self._accounts.must_find(account, tx)
        sha256, given = hashlib.sha256(body).hexdigest(), ({id_: people}, (), 0)
        return self._import(reader.name, sha256, lambda _: given, None, dry_run, _told(faults))

    def imports(self) -> tuple[Batch, ...]:
        """The imports on record, oldest first."""
        found: list[Batch] = []
        last: InboxRow | None = None
        with self._store.begin(write=False) as tx:
            while rows := tx.inbox([IMPORTED, RETRACTED], limit=PAGE, after=last):
                found += [_batch(row) for row in rows]
                last = rows[-1]
        return tuple(found)

    def take_back(self, batch: str, reason: str | None = None) -> tuple[Entry, ...]:
        """Retract every entry of an import; the retractions. Those retracted already stay so."""
        return in_one_transaction(self._store, lambda tx: self._taken_back(tx, batch, reason))

    def _taken_back(self, tx: Transaction, batch: str, reason: str | None) -> tuple[Entry, ...]:
        row = tx.inbox_get(batch)
        if row is None or row.state not in (IMPORTED, RETRACTED):
            raise NotFound("no import of this id", field="batch")
        entries = orjson.loads(row.headers)["entries"]
        tx.lock(entries)  # before they are read: somebody else may be taking it back
        given = {
            account: [Given(Retraction(no, reason)) for no in numbers if no not in gone]
            for account, numbers in entries.items()
            for gone in [retracted(tx, self._references, account, numbers)]
        }
        if any(given.values()):
            written = self._write_received({a: some for a, some in given.items() if some}, tx)
        else:
            written = {}
        tx.inbox_put(row._replace(state=RETRACTED))
        return tuple(one.entry for some in written.values() for one in some)

    def cover(self, *coverage: Coverage) -> tuple[Entry, ...]:
        """Put on record when collectors listened and when they were blind, for all accounts.

        `contactledger.covering` makes such facts of heartbeats and of periods.
        """
        return self.record(HOUSE, *coverage)

    def tracker(self, base_url: str, *, key: bytes | None = None) -> Tracker:
        """Own pixels and links at this address; signed with `key`, else with a key made of the
        ledger's secret."""
        from contactledger.tracking import Tracker, tracking_key

        return Tracker(
            base_url,
            key or tracking_key(self._row.secret),
            store=self._store,
            receive=self.receive,
            now=self._now,
            random_bytes=self._random,
        )

    def _covers(
        self, source: Source, channels: list[Channel], period: tuple[datetime, datetime] | None
    ) -> Coverage | None:
        if period is None:
            return None
        made = from_period(*period, collector=f"import.{source.name}", channels=channels)
        if made.at is not None and made.at > self._now():
            raise BadFact("lies ahead: what is to come is in no file", field="period")
        return made

    def _import(
        self,
        name: str,
        sha256: str,
        facts: Any,
        coverage: Coverage | None,
        dry_run: bool | None,
        faults: tuple[Fault, ...],
    ) -> Imported:
        house = {} if coverage is None else {HOUSE: [Given(coverage)]}

        def work(tx: Transaction) -> Imported:
            given, parked, repeated = facts(tx)
            self._accounts.learn_ids(given)
            # in one go: two that locked the house and an account in turn would block each other
            written = self._write({**given, **house}, tx)
            covered = written.pop(HOUSE, [])
            done = [one for some in written.values() for one in some]
            made = Imported(
                new_id(self._random),
                bool(dry_run),
                tuple(one.entry for one in done if one.state == "new"),
                sum(one.state == "repeated" for one in done) + repeated,
                tuple(one.entry for one in done if one.state == "conflicting"),
                parked,
                tuple(one.entry for one in covered if one.state == "new"),
                faults,
            )
            tx.inbox_put(self._batch_row(name, sha256, made))
            if dry_run or (dry_run is None and not made.recorded):
                raise _DryRun(made)
            return made

        try:
            return in_one_transaction(self._store, work)
        except _DryRun as tried:
            return tried.made

    def _batch_row(self, name: str, sha256: str, made: Imported) -> InboxRow:
        numbers: dict[str, list[int]] = {}
        for entry in (*made.recorded, *made.conflicting, *made.coverage):
            numbers.setdefault(entry.account, []).append(entry.no)
        said = {"entries": numbers, "sha256": sha256}
        return InboxRow(
            id=made.batch,
            received_at=self._now(),
            source=name,
            auth="none",
            state=IMPORTED,
            reason="",
            tries=1,
            headers=orjson.dumps(said, option=orjson.OPT_SORT_KEYS),
            body=b"",
        )


def _parsed(
    source: Source, headers: Mapping[str, str], body: bytes
) -> tuple[list[Event], list[BadEvent | TooLarge]]:
    """The events of a file, and the rows of it that could not be read."""
    faults: list[BadEvent | TooLarge] = []
    if isinstance(source, Rows):
        return source.parse(headers, body, faults), faults
    return source.parse(headers, body), faults


def _told(faults: list[BadEvent | TooLarge]) -> tuple[Fault, ...]:
    return tuple(Fault(error.place, error.field, error.why) for error in faults)


def _batch(row: InboxRow) -> Batch:
    numbers = orjson.loads(row.headers)["entries"].values()
    return Batch(
        row.id, row.received_at, row.source, sum(map(len, numbers)), row.state == RETRACTED
    )
