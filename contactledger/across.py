"""Answers over all accounts of a ledger: `ledger.across("judged.cache")`.

    across = ledger.across("judged.cache", processes=2)
    across.ignored().count                       # silences held against somebody
    across.waiting(owes="us").rows[:10]          # whom we have not answered, the oldest in front
    across.told("inventory-sync", state="never_told")
    across.turns("us")

Each account is judged once and its gist kept (`contactledger.judge.gist`). Every answer first
judges anew what is out of date: accounts whose log grew, those for which only time has passed
what was due, and those that a new entry of the house log concerns. So an answer is always what
judging every log at this moment would give. The first takes long, by `processes` at a time;
`progress(done, of)` is called meanwhile.

Asked about are all accounts whose entries are here: not the house log, and none that is
archived. One that goes on in another's log is asked about on its own, under its id.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Self

from attrs import frozen

from contactledger.accounts import Accounts
from contactledger.erasing import read_all
from contactledger.errors import BadInput
from contactledger.facts import Entry
from contactledger.findings import Grade
from contactledger.gists import Gists
from contactledger.judge.gist import Gist, concerns, gist, micros
from contactledger.questions import TOLD_STATES
from contactledger.store.port import LedgerRow, Store

BATCH = 50
"""Accounts that a process judges before it hands them over."""
WORTH_A_PROCESS = 200
"""Fewer accounts than this are judged here; another process takes a second to begin."""
SHOWN = 1_000
"""Rows of an answer, unless more are asked for."""

Progress = Callable[[int, int], object]
Row = dict[str, Any]


@frozen
class Answer:
    """`count` rows in `accounts` accounts, and the first of them, as flat dicts."""

    count: int
    accounts: int
    rows: tuple[Row, ...]


Place = tuple[str, str, str | None]
"""Where another process finds a ledger: a URL, the prefix of its tables, their schema."""


@frozen
class Sources:
    """What a ledger lends: its store, its row, the names of its accounts, its clock, and where
    another process finds it (None: it was not opened by a URL)."""

    store: Store
    row: LedgerRow
    accounts: Accounts
    now: Callable[[], datetime]
    place: Place | None


class Across:
    """What may be asked of all accounts together; made by `Ledger.across`. Threads may share it.

    `path`: the file that keeps what was judged, made if it is not there and emptied if it is of
    another ledger or release; None keeps it in memory. `processes`: how many judge at a time; a
    script that asks for more than one must be importable (`if __name__ == "__main__":`).
    """

    def __init__(
        self,
        sources: Sources,
        path: str | os.PathLike[str] | None = None,
        *,
        processes: int = 1,
        progress: Progress | None = None,
    ) -> None:
        self._store, self._row, self._accounts = sources.store, sources.row, sources.accounts
        self._now, self._place = sources.now, sources.place
        self._processes = processes if self._place is not None else 1
        self._progress = progress
        self._gists = Gists(path, self._row.id)
        self._called: dict[str, str] = {}
        """Names of accounts, until their logs grow: only by that is one erased or led elsewhere."""

    def close(self) -> None:
        """Let go of the file."""
        self._gists.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- keeping it true -------------------------------------------------------------------

    def refresh(self) -> int:
        """Judge what is out of date; how many accounts that were. Every answer does it first."""
        as_of = self._now()
        heads = self._heads()
        known = self._gists.known()
        gone = known.keys() - heads.keys()
        if gone:
            self._gists.drop(gone)
        house = self._house()
        known = self._gists.known() if house else known
        now = micros(as_of)
        stale = []
        for account, size in heads.items():
            was, judged_at, until = known.get(account, (0, 0, 0))
            if was != size or not judged_at <= now < until:
                stale.append(account)
        for account in (*gone, *stale):
            self._called.pop(account, None)
        for done, gists in enumerate(self._judged(stale, as_of)):
            self._gists.put(gists)
            if self._progress is not None:
                self._progress(min((done + 1) * BATCH, len(stale)), len(stale))
        return len(stale)

    def _heads(self) -> dict[str, int]:
        """Account → its size, for those whose entries are here."""
        found: dict[str, int] = {}
        with self._store.begin(write=False) as tx:
            after = ""
            while heads := tx.heads(after, 10_000):
                after = heads[-1].account
                found.update({head.account: head.size for head in heads if head.archived is None})
        found.pop(self._row.house, None)
        return {account: size for account, size in found.items() if size}

    def _house(self) -> bool:
        """Take in what is new in the house log; whether anything was."""
        known = self._gists.house()
        with self._store.begin(write=False) as tx:
            head = tx.head(self._row.house)
            if head is None or head.size == known:
                return False
            entries = list(read_all(tx, self._row.house))
        self._gists.house_grew(len(entries), concerns(entries[known:]))
        return True

    def _judged(self, accounts: Sequence[str], as_of: datetime) -> Iterator[list[Gist]]:
        batches = _batches(accounts, BATCH)
        if self._processes == 1 or self._place is None or len(accounts) < WORTH_A_PROCESS:
            for batch in batches:
                yield _judge(self._store, self._row.house, batch, as_of)
            return
        pool = ProcessPoolExecutor(
            self._processes, multiprocessing.get_context("spawn"), _begin, (self._place,)
        )
        with pool:
            jobs = [pool.submit(_work, self._row.house, batch, as_of) for batch in batches]
            try:
                for job in jobs:
                    yield job.result()
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise

    def unjudged(self) -> tuple[str, ...]:
        """The accounts of which nothing can be said: no release knows their policy's rules, or
        this one does not. They are in no answer."""
        self.refresh()
        ids = {id_ for (id_,) in self._gists.all("SELECT id FROM account WHERE NOT judged")}
        return tuple(sorted(self._names(ids).values()))

    # --- the answers -----------------------------------------------------------------------

    def ignored(self, *, held: bool | None = True, limit: int = SHOWN) -> Answer:
        """Who ignored what: the silences held against the party that was asked, the oldest in
        front. `held=False`: those that are not, None: all of them."""
        where, values = _where(held=held)
        order = "ORDER BY at, n, no"
        return self._answer(_Query(f"FROM silence {where}", order, values, _SILENCE), limit)

    def waiting(
        self, *, owes: str | None = None, owed: str | None = None, limit: int = SHOWN
    ) -> Answer:
        """Questions that were not answered, the oldest in front: whom we have not answered
        (`owes="us"`), who has not answered us (`owed="us"`). Else the id of a party."""
        where, values = _where(owes=self._party(owes), owed=self._party(owed))
        return self._answer(
            _Query(f"FROM wait {where}", "ORDER BY at, n, no", values, _WAIT), limit
        )

    def turns(self, whose: str | None = None, *, limit: int = SHOWN) -> Answer:
        """Whose turn it is in every open matter, what has waited longest in front: ours
        (`"us"`), that of everybody else (`"them"`), or of the party with that id."""
        where, values = _where(party=self._party(whose))
        if whose == "them":
            where, values = "WHERE party NOT IN (?, '')", (self._row.recorder,)
        order = "ORDER BY since IS NULL, since, n, matter"
        return self._answer(_Query(f"FROM turn {where}", order, values, _TURN), limit)

    def told(
        self, topic: str, *, state: str | None = None, by: str = "us", limit: int = SHOWN
    ) -> Answer:
        """Who was told about a topic by a party, by default ours: a row for every other party of
        its accounts and for each of their people, in one of `TOLD_STATES`, "never_told" among
        them. Somebody who has left and was told is told of, who was not is left out."""
        if state is not None and state not in TOLD_STATES:
            raise BadInput("is none of the states", field="state")
        party = self._party(by)
        where = "known.state IS NULL" if state == "never_told" else "known.state = ?"
        source = _TOLD if state is None else f"{_TOLD} WHERE {where}"
        values: tuple[object, ...] = (topic, party, party, topic, party)
        if state not in (None, "never_told"):
            values += (state,)
        return self._answer(_Query(source, "ORDER BY n, party, person", values, _TELLING), limit)

    def _party(self, name: str | None) -> str | None:
        return self._row.recorder if name == "us" else name

    def _answer(self, query: _Query, limit: int) -> Answer:
        self.refresh()
        count, accounts = self._gists.all(query.count(), query.values)[0]
        rows = self._gists.all(query.rows(), (*query.values, limit))
        names = self._names({row[0] for row in rows})
        found = ({"account": names[row[0]], **query.values_of(row[1:])} for row in rows)
        return Answer(count, accounts, tuple(found))

    def _names(self, ids: Iterable[str]) -> dict[str, str]:
        names = {id_: self._called.get(id_, "") for id_ in ids}
        unknown = sorted(id_ for id_, name in names.items() if not name)
        if unknown:
            with self._store.begin(write=False) as tx:
                names.update(self._accounts.names_of(tx, unknown))
            self._called.update(names)
        return names


def _where(**columns: object) -> tuple[str, tuple[object, ...]]:
    given = {name: value for name, value in columns.items() if value is not None}
    where = " AND ".join(f"{name} = ?" for name in given)
    return (f"WHERE {where}" if given else ""), tuple(given.values())


_TOLD = """FROM (
    SELECT side.n, side.party, side.person, side.role, told.state, told.held, told.touches,
        told.first_at
    FROM side LEFT JOIN telling AS told ON told.n = side.n AND told.topic = ?
        AND told.teller = ? AND told.party = side.party AND told.person = side.person
    WHERE side.party <> ?
    UNION ALL
    SELECT told.n, told.party, told.person, '', told.state, told.held, told.touches, told.first_at
    FROM telling AS told WHERE told.topic = ? AND told.teller = ? AND NOT EXISTS (
        SELECT 1 FROM side WHERE side.n = told.n AND side.party = told.party
        AND side.person = told.person)
) AS known"""
"""Everybody who may be told, and who has left and was."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _time(micros: int | None) -> datetime | None:
    return None if micros is None else _EPOCH + timedelta(microseconds=micros)


def _same(value: Any) -> Any:
    return value


def _state(word: str | None) -> str:
    return word or "never_told"


def _grade(number: int) -> str:
    return Grade(number).word


_Columns = tuple[tuple[str, str, Callable[[Any], Any]], ...]
"""Name in the file, name in a row, and how the value becomes what Python has."""

_SILENCE: _Columns = (
    ("no", "no", _same),
    ("sender", "sender", _same),
    ("party", "party", _same),
    ("channel", "channel", _same),
    ("purpose", "purpose", _same),
    ("at", "at_utc", _time),
    ("due", "due_utc", _time),
    ("grade", "grade", _grade),
    ("held", "held_against", bool),
    ("reminders", "reminders", _same),
)
_WAIT: _Columns = (
    ("no", "no", _same),
    ("owed", "owed", _same),
    ("owes", "owes", _same),
    ("channel", "channel", _same),
    ("purpose", "purpose", _same),
    ("at", "at_utc", _time),
    ("due", "due_utc", _time),
    ("outcome", "outcome", _same),
    ("held", "held_against", bool),
    ("reminders", "reminders", _same),
)
_TURN: _Columns = (
    ("matter", "matter", _same),
    ("named", "named", bool),
    ("party", "party", lambda party: party or None),
    ("rule", "rule", _same),
    ("since", "since_utc", _time),
    ("until", "until_utc", _time),
    ("first", "first", bool),
)
_TELLING: _Columns = (
    ("party", "party", _same),
    ("person", "person", lambda person: person or None),
    ("role", "role", lambda role: role or None),
    ("state", "state", _state),
    ("held", "held_against", bool),
    ("touches", "touches", lambda touches: touches or 0),
    ("first_at", "first_at_utc", _time),
)


@frozen
class _Query:
    """A question to the file: from where, in which order, with which values."""

    source: str
    order: str
    values: tuple[object, ...]
    columns: _Columns

    def count(self) -> str:
        """How many rows there are, in how many accounts."""
        return f"SELECT count(*), count(DISTINCT n) {self.source}"

    def rows(self) -> str:
        """So many of the first."""
        names = ", ".join(name for name, _, _ in self.columns)
        ids = "(SELECT id FROM account WHERE account.n = found.n)"
        within = f"(SELECT n, {names} {self.source} {self.order} LIMIT ?) AS found"
        return f"SELECT {ids}, {names} FROM {within} {self.order}"  # noqa: S608 - ours alone

    def values_of(self, row: Sequence[Any]) -> Row:
        """One of them as a dict."""
        pairs = zip(self.columns, row, strict=True)
        return {name: read(value) for (_, name, read), value in pairs}


# --- judging, in this process or another ------------------------------------------------------


def _batches(accounts: Iterable[str], size: int) -> Iterator[list[str]]:
    left = iter(accounts)
    while batch := list(islice(left, size)):
        yield batch


def _judge(store: Store, house: str, accounts: Sequence[str], as_of: datetime) -> list[Gist]:
    found = []
    with store.begin(write=False) as tx:
        shared = list(read_all(tx, house))
        for account in accounts:
            entries: list[Entry] = list(read_all(tx, account))
            found.append(gist(entries, as_of, shared))
    return found


_OPENED: list[Store] = []


def _begin(place: Place) -> None:
    from contactledger.store.sql import SqlStore

    url, prefix, schema = place
    _OPENED[:] = [SqlStore.open(url, prefix=prefix, schema=schema, create=False)]


def _work(house: str, accounts: Sequence[str], as_of: datetime) -> list[Gist]:
    return _judge(_OPENED[0], house, accounts, as_of)
