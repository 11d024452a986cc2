"""Gists kept true: what is out of date is judged anew, by several processes where it is much.

Out of date are accounts whose log grew, those for which only time has passed what was due, and
those that a new entry of the house log concerns. Kept are all accounts whose entries are here: not
the house log, and none that is archived.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from itertools import islice

from attrs import frozen

from contactledger.accounts import Accounts
from contactledger.erasing import read_all
from contactledger.facts import Entry
from contactledger.following import Following
from contactledger.gists import Gists
from contactledger.judge.gist import Gist, Thing, concerns, gist, micros, named
from contactledger.log.record import decode
from contactledger.naming import LABELLED, labels
from contactledger.references import References
from contactledger.store.port import LedgerRow, Store, Transaction

BATCH = 50
"""Accounts that a process judges before it hands them over."""
WORTH_A_PROCESS = 200
"""Fewer accounts than this are judged here; another process takes a second to begin."""

Progress = Callable[[int, int], object]
Place = tuple[str, str, str | None]
"""Where another process finds a ledger: a URL, the prefix of its tables, their schema."""


@frozen
class Sources:
    """What a ledger lends: its store, its row, the names of its accounts, its clock, where
    another process finds it (None: it was not opened by a URL), and the house log."""

    store: Store
    row: LedgerRow
    accounts: Accounts
    now: Callable[[], datetime]
    place: Place | None
    house: Following


@frozen
class Refresher:
    """Brings `gists` up to date with a ledger, by so many processes; `progress(done, of)`."""

    sources: Sources
    gists: Gists
    processes: int = 1
    progress: Progress | None = None

    def refresh(self, as_of: datetime) -> tuple[set[str], set[str]]:
        """Judge what is out of date at a moment, which is now: the accounts that were, and those
        that are here no more."""
        heads = self.heads()
        self._house()
        known = self.gists.known()
        gone = known.keys() - heads.keys()
        if gone:
            self.gists.drop(gone)
        now = micros(as_of)
        stale = []
        for account, (size, newest) in heads.items():
            was, judged_at, until = known.get(account, (0, 0, 0))
            # as many entries, but a newer one: what was judged is gone, rolled back by a host or
            # with the database before its backup
            if was != size or not newest <= judged_at <= now < until:
                stale.append(account)
        for done, gists in enumerate(self._judged(stale, as_of)):
            self.gists.put(gists)
            if self.progress is not None:
                self.progress(min((done + 1) * BATCH, len(stale)), len(stale))
        return set(stale), gone

    def heads(self) -> dict[str, tuple[int, int]]:
        """Account → how many entries it has and when the newest was recorded, for those whose
        entries are here."""
        found: dict[str, tuple[int, int]] = {}
        with self.sources.store.begin(write=False) as tx:
            after = ""
            while heads := tx.heads(after, 10_000):
                after = heads[-1].account
                for head in heads:
                    if head.archived is None and head.recorded_at is not None:
                        found[head.account] = head.size, micros(head.recorded_at)
        found.pop(self.sources.row.house, None)
        return found

    def _house(self) -> None:
        """Take in what is new in the house log."""
        known, house = self.gists.house(), self.sources.row.house
        with self.sources.store.begin(write=False) as tx:
            head = tx.head(house)
            if head is None or head.size == known:
                return
            entries = [entry for entry in read_all(tx, house, known) if entry.no < head.size]
        self.gists.house_grew(head.size, concerns(entries))

    def _judged(self, accounts: Sequence[str], as_of: datetime) -> Iterator[list[Gist]]:
        row, place = self.sources.row, self.sources.place
        if self.processes == 1 or place is None or len(accounts) < WORTH_A_PROCESS:
            for batch in _batches(accounts, BATCH):
                yield judge(self.sources.store, self.sources.house, row, batch, as_of)
            return
        pool = ProcessPoolExecutor(
            self.processes, multiprocessing.get_context("spawn"), _begin, (place, row)
        )
        with pool:
            jobs = [pool.submit(_work, batch, as_of) for batch in _batches(accounts, BATCH)]
            try:
                for job in jobs:
                    yield job.result()
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise


def _batches(accounts: Iterable[str], size: int) -> Iterator[list[str]]:
    left = iter(accounts)
    while batch := list(islice(left, size)):
        yield batch


# --- judging, in this process or another ------------------------------------------------------


def judge(
    store: Store, house_log: Following, row: LedgerRow, accounts: Sequence[str], as_of: datetime
) -> list[Gist]:
    """The gists of these accounts of the ledger with that row."""
    found, references = [], References(row.secret)
    with store.begin(write=False) as tx:
        house = house_log.read(tx)
        for account in accounts:
            entries = _read(tx, account)
            one = gist(entries, as_of, house)
            if one.judged:
                one = one._replace(things=[*one.things, *_things(entries, as_of, references)])
            found.append(one)
    return found


def _read(tx: Transaction, account: str) -> list[Entry]:
    """The entries of an account. Nothing personal counts in judging, so that of most of them no
    more is read than their record: only what things are called is asked for by name."""
    rows = list(tx.entries(account))
    disclosed: dict[int, dict[str, str]] = {row.no: {} for row in rows if row.kind in LABELLED}
    if disclosed:
        for part in tx.disclosures(account, min(disclosed), max(disclosed) + 1):
            disclosed.setdefault(part.no, {})[part.digest] = part.body
    return [decode(row.record, disclosed.get(row.no, {})) for row in rows]


def key_ref(references: References, kind: str, name: str) -> str:
    """By what milestones and matters are found that have this key or id."""
    return references.of("gist key", kind, name).hex()


def title_ref(references: References, name: str) -> str:
    """By what milestones and matters are found that have this key, id or title."""
    return references.of("gist title", name).hex()


def _things(entries: Sequence[Entry], as_of: datetime, references: References) -> Iterator[Thing]:
    for about, called in labels(entries, as_of).items():
        for name in called.keys:
            yield Thing(named(about), key_ref(references, about.kind, name))
        for name in called.keys | called.titles:
            yield Thing(named(about), title_ref(references, name))


_OPENED: list[tuple[Store, Following, LedgerRow]] = []


def _begin(place: Place, row: LedgerRow) -> None:
    from contactledger.store.sql import SqlStore

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that waits for this
    url, prefix, schema = place
    store = SqlStore.open(url, prefix=prefix, schema=schema, create=False)
    _OPENED[:] = [(store, Following(row.house), row)]


def _work(accounts: Sequence[str], as_of: datetime) -> list[Gist]:
    return judge(*_OPENED[0], accounts, as_of)
