"""Answers over all accounts of a ledger: `ledger.across("judged.cache")`.

    across = ledger.across("judged.cache", processes=2)
    across.ignored().count                       # silences held against somebody
    across.waiting(owes="us").rows[:10]          # whom we have not answered, the oldest in front
    across.told("inventory-sync", state="never_told")
    across.told(milestone="out-2026-05")         # wherever that outage is on record
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

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Self

from attrs import frozen

from contactledger.across_rows import (
    SILENCE,
    SILENCE_NAMES,
    TELLING,
    TELLING_NAMES,
    TOLD,
    TOLD_OF_A_THING,
    TURN,
    TURN_NAMES,
    WAIT,
    WAIT_NAMES,
    Query,
    Row,
    where,
)
from contactledger.errors import BadInput, CannotJudge, NotFound
from contactledger.facts import Entry
from contactledger.gists import Gists
from contactledger.judge.gist import named
from contactledger.log.record import ID, decode
from contactledger.noticing import Noticed, noticed
from contactledger.questions import TOLD_STATES, About
from contactledger.references import References
from contactledger.refreshing import Progress, Refresher, Sources, key_ref
from contactledger.report.names import Names, names
from contactledger.report.words import Words
from contactledger.store.port import Transaction

SHOWN = 1_000
"""Rows of an answer, unless more are asked for."""
NAMED = frozenset({"party", "person", "matter"})
"""Kinds of entries that say what somebody or something in a row is called."""


@frozen
class Answer:
    """`count` rows in `accounts` accounts, and the first of them, as flat dicts.

    `as_of`: the moment that it is true of. `unjudged`: accounts of which nothing can be said.
    """

    count: int
    accounts: int
    rows: tuple[Row, ...]
    as_of: datetime
    unjudged: int = 0


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
        self._sources = sources
        self._store, self._row = sources.store, sources.row
        self._gists = Gists(path, self._row.id)
        processes = processes if sources.place is not None else 1
        self._refresher = Refresher(sources, self._gists, processes, progress)
        self._called: dict[str, str] = {}
        """Names of accounts, until their logs grow: only by that is one erased or led elsewhere."""

    def close(self) -> None:
        """Let go of the file."""
        self._gists.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def refresh(self) -> int:
        """Judge what is out of date; how many accounts that were. Every answer does it first."""
        return self._refresh(self._sources.now())

    def _refresh(self, as_of: datetime) -> int:
        stale, gone = self._refresher.refresh(as_of)
        for account in stale | gone:
            self._called.pop(account, None)
        return len(stale)

    def unjudged(self) -> tuple[str, ...]:
        """The accounts of which nothing can be said: no release knows their policy's rules, or
        this one does not. They are in no answer."""
        self.refresh()
        ids = {id_ for (id_,) in self._gists.all("SELECT id FROM account WHERE NOT judged")}
        return tuple(sorted(self._names(ids).values()))

    # --- the answers -----------------------------------------------------------------------

    def ignored(
        self, *, held: bool | None = True, limit: int = SHOWN, personal: bool = False
    ) -> Answer:
        """Who ignored what: the silences held against the party that was asked, the oldest in
        front. `held=False`: those that are not, None: all of them."""
        given, values = where(held=held)
        query = Query(f"FROM silence {given}", "ORDER BY at, n, no", values, SILENCE, SILENCE_NAMES)
        return self._answer(lambda: query, limit, personal)

    def waiting(
        self,
        *,
        owes: str | None = None,
        owed: str | None = None,
        limit: int = SHOWN,
        personal: bool = False,
    ) -> Answer:
        """Questions that were not answered, the oldest in front: whom we have not answered
        (`owes="us"`), who has not answered us (`owed="us"`). Else the id of a party; BadInput for
        a key, which is of one account alone."""
        given, values = where(owes=self._party(owes, "owes"), owed=self._party(owed, "owed"))
        query = Query(f"FROM wait {given}", "ORDER BY at, n, no", values, WAIT, WAIT_NAMES)
        return self._answer(lambda: query, limit, personal)

    def turns(
        self, whose: str | None = None, *, limit: int = SHOWN, personal: bool = False
    ) -> Answer:
        """Whose turn it is in every open matter, what has waited longest in front: ours
        (`"us"`), that of everybody else (`"them"`), or of the party with that id."""
        values: tuple[object, ...]
        if whose == "them":
            given, values = "WHERE party NOT IN (?, '')", (self._row.recorder,)
        else:
            given, values = where(party=self._party(whose, "whose", "us, them"))
        order = "ORDER BY since IS NULL, since, n, matter"
        query = Query(f"FROM turn {given}", order, values, TURN, TURN_NAMES)
        return self._answer(lambda: query, limit, personal)

    def told(
        self,
        topic: str | None = None,
        *,
        milestone: str | None = None,
        matter: str | None = None,
        state: str | None = None,
        by: str = "us",
        limit: int = SHOWN,
        personal: bool = False,
    ) -> Answer:
        """Who was told about a topic (a slug), a milestone or a matter (keys) by a party, by
        default ours: a row for every other party of its accounts and for each of their people,
        in one of `TOLD_STATES`, "never_told" among them. Somebody who has left and was told is
        told of, who was not is left out.

        A topic is asked of every account, a milestone or a matter of those that have it on
        record: NotFound where none has. BadInput unless one of the three is given.
        """
        if state is not None and state not in TOLD_STATES:
            raise BadInput("is none of the states", field="state")
        given = {"topic": topic, "milestone": milestone, "matter": matter}
        abouts = [About(kind, name) for kind, name in given.items() if name is not None]
        if len(abouts) != 1:
            raise BadInput("name one topic, milestone or matter", field="told")

        teller = self._party(by, "by")

        def query() -> Query:
            source, values = self._told(abouts[0], teller)
            if state is not None:
                never = state == "never_told"
                source += f" WHERE known.state {'IS NULL' if never else '= ?'}"
                values += () if never else (state,)
            return Query(source, "ORDER BY n, party, person", values, TELLING, TELLING_NAMES)

        return self._answer(query, limit, personal)

    def _told(self, about: About, by: str | None) -> tuple[str, tuple[object, ...]]:
        if about.kind == "topic":
            topic = named(about)
            return TOLD, (topic, by, by, topic, by)
        ref = key_ref(References(self._row.secret), about.kind, about.name)
        if not self._gists.all("SELECT 1 FROM thing WHERE ref = ? LIMIT 1", (ref,)):
            raise NotFound("nothing of that name in any account", field=about.kind)
        return TOLD_OF_A_THING, (by, ref, by, by, ref)

    def notice(self, about: str, words: Words | None = None) -> list[Noticed]:
        """Who was told by us about a topic, account by account in the order of their names; where
        an account knows none of that name, about the milestones and matters with that key, id or
        title; `words`: of the language that says what was erased. Raises CannotJudge where
        nothing can be said of an account."""
        as_of = self._sources.now()
        self._refresh(as_of)
        if self._gists.all("SELECT 1 FROM account WHERE NOT judged LIMIT 1"):
            raise CannotJudge("the policy of an account is for rules of another release")
        told = noticed(self._gists, self._row, about, as_of)
        called = self._names(told)
        with self._store.begin(write=False) as tx:
            return [
                Noticed(id_, called[id_], told[id_], _names_in(tx, id_, frozenset(), words))
                for id_ in sorted(told, key=called.__getitem__)
            ]

    def _party(self, name: str | None, field: str, known: str = "us") -> str | None:
        """The id of a party; BadInput for what is none, as a key is of one account alone."""
        if name is not None and name != "us" and not ID.match(name):
            raise BadInput(f"must be {known} or the id of a party", field=field)
        return self._row.recorder if name == "us" else name

    def _answer(self, asked: Callable[[], Query], limit: int, personal: bool) -> Answer:
        as_of = self._sources.now()
        self._refresh(as_of)
        query = asked()
        count, accounts = self._gists.all(query.count(), query.values)[0]
        rows = self._gists.all(query.rows(), (*query.values, limit))
        names = self._names({row[0] for row in rows})
        found = [{"account": names[row[0]], **query.values_of(row[1:])} for row in rows]
        if personal:
            self._name([row[0] for row in rows], found, query.names)
        ((unjudged,),) = self._gists.all("SELECT count(*) FROM account WHERE NOT judged")
        return Answer(count, accounts, tuple(found), as_of, unjudged)

    def _names(self, ids: Iterable[str]) -> dict[str, str]:
        names = {id_: self._called.get(id_, "") for id_ in ids}
        unknown = sorted(id_ for id_, name in names.items() if not name)
        if unknown:
            with self._store.begin(write=False) as tx:
                names.update(self._sources.accounts.names_of(tx, unknown))
            self._called.update(names)
        return names

    def _name(self, ids: Sequence[str], rows: Sequence[Row], columns: Mapping[str, str]) -> None:
        """Add to each row what the ids and numbers in these columns of it are called."""
        wanted: dict[str, set[Any]] = {id_: set() for id_ in ids}
        for id_, row in zip(ids, rows, strict=True):
            wanted[id_].update(row[column] for column in columns)
        with self._store.begin(write=False) as tx:
            called = {id_: _called(tx, id_, some) for id_, some in wanted.items()}
        for id_, row in zip(ids, rows, strict=True):
            row.update({new: called[id_].get(row[column]) for column, new in columns.items()})


def _called(tx: Transaction, account: str, wanted: set[Any]) -> dict[Any, str]:
    """What parties, people and matters of an account are called, and what touches are about:
    those with these ids and numbers."""
    known = _names_in(tx, account, wanted)
    about = {no: line.about for no, line in known.lines.items() if line.about}
    nameless = {touch for touch, no in known.numbers.items() if no not in about}
    return {id_: name for id_, name in known.called.items() if id_ not in nameless} | about


def _names_in(
    tx: Transaction, account: str, wanted: Collection[Any], words: Words | None = None
) -> Names:
    """The names in an account, with those of these entries."""
    disclosed: dict[int, dict[str, str]] = {}
    for part in tx.disclosures(account):
        disclosed.setdefault(part.no, {})[part.digest] = part.body
    entries: list[Entry] = [
        decode(row.record, disclosed.get(row.no, {}))
        for row in tx.entries(account)
        if row.kind in NAMED or row.no in wanted or row.id in wanted
    ]
    return names(entries, words)
