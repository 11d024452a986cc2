"""Which log a name means: the account's name as its parties say it → its random id.

The way from name to id is a look-up row, and erasable like every other; what is remembered
here only spares a query and is forgotten when an erasure may have taken the name.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from threading import Lock

from contactledger.errors import Archived, Corrupt, NotFound
from contactledger.facts import Opened
from contactledger.log.record import ID, decode
from contactledger.merging import goes_on_in
from contactledger.references import References
from contactledger.store.port import AccountRow, Transaction

REMEMBERED = 10_000
"""Names whose ids are remembered; beyond it all are looked up again, as memory is bounded."""
KEPT = 50_000
"""Names that are kept for lists of all accounts; beyond it all are read again."""
HOUSE = "house"
"""Name of the shared log of impersonal facts: coverage and ledger-wide policies (J53)."""


def refuse_archived(heads: Iterable[AccountRow]) -> None:
    """Archived for the first account whose entries are not here."""
    for head in heads:
        if head.archived is not None:
            raise Archived(head.account, head.archived.hex())


class Accounts:
    """The names of a ledger's accounts. Threads may share it."""

    def __init__(self, references: References, house: str) -> None:
        self._references = references
        self._house = house
        self._names: dict[str, str] = {}
        self._moved: set[str] = set()
        self._called: dict[str, tuple[int, str]] = {}
        self._lock = Lock()

    def find(self, name: str, tx: Transaction) -> str | None:
        """The id of the account of this name, or with this id; None if there is none.

        A name follows its account into the log where it goes on (`Moved`), an id does not.
        """
        with self._lock:
            known = self._names.get(name)
        if known is not None:
            return known if known == name else self._followed(name, known, tx)
        if name == HOUSE:
            return self._house if tx.head(self._house) is not None else None
        rows = [r for r in tx.find([self._references.account(name)]) if r.kind == "opened"]
        if not rows:
            by_id = ID.match(name) and tx.head(name) is not None and name != self._house
            return name if by_id else None  # the name may have been erased
        self._learn({name: rows[0].account})
        return self._followed(name, rows[0].account, tx)

    def _followed(self, name: str, account: str, tx: Transaction) -> str:
        id_ = goes_on_in(tx, self._references, account)
        if id_ != account:
            with self._lock:  # its own row is not locked in vain again, nor out of order
                self._moved.add(name)
        return id_

    def lock(
        self, names: Collection[str], tx: Transaction, wanted: Callable[[str, str], set[bytes]]
    ) -> tuple[dict[str, str | None], dict[str, AccountRow]]:
        """Ids (None: to be opened) and locked heads of the accounts of these names.

        `wanted`: what else will be looked up, by an account's name and id; where all names are
        remembered, it comes with the lock, and so does whether an account goes on elsewhere.
        """
        held = self._lock_remembered(names, tx, wanted)
        ids = {name: self.find(name, tx) for name in names}
        if None in ids.values():
            tx.claim()  # and look again: somebody may have opened it just now
            ids = {name: id_ or self.find(name, tx) for name, id_ in ids.items()}
        known = [id_ for id_ in ids.values() if id_ is not None]
        heads = held if held.keys() == set(known) else tx.lock(known)
        for id_ in known:
            if id_ not in heads:  # known from a transaction that was rolled back since
                self.forget(id_)
                return self.lock(names, tx, wanted)
        refuse_archived(heads.values())
        return ids, heads

    def _lock_remembered(
        self, names: Collection[str], tx: Transaction, wanted: Callable[[str, str], set[bytes]]
    ) -> dict[str, AccountRow]:
        with self._lock:
            ids = {name: self._names.get(name) for name in names if name not in self._moved}
        known = {name: id_ for name, id_ in ids.items() if id_ is not None}
        if len(known) < len(names):
            return {}
        moved = self._references.moved
        ahead = {id_: {moved(id_), *wanted(name, id_)} for name, id_ in known.items()}
        return tx.lock(ahead, ahead)

    def must_find(self, name: object, tx: Transaction, *, archived: bool = False) -> str:
        """The same; NotFound if there is none, Archived for one that is, unless `archived`
        ones are asked for as well."""
        id_ = self.find(name, tx) if isinstance(name, str) else None
        head = None if id_ is None else tx.head(id_)
        if id_ is not None and head is None:
            self.forget(id_)  # known from a transaction that was rolled back since
            id_ = self.find(str(name), tx)
            head = None if id_ is None else tx.head(id_)
        if id_ is None or head is None:
            raise NotFound("no account of this name in the ledger", field="account")
        if not archived:
            refuse_archived([head])
        return id_

    def learn_ids(self, ids: Iterable[str]) -> None:
        """These are ids of accounts, and named by them from now on."""
        self._learn({id_: id_ for id_ in ids})

    def _learn(self, names: Mapping[str, str]) -> None:
        with self._lock:
            if len(self._names) + len(names) > REMEMBERED:
                # the house's id leads nowhere but from here; every other is found again
                self._names = {n: i for n, i in self._names.items() if n == self._house}
                self._moved.clear()
            self._names.update(names)

    def forget(self, account: str) -> None:
        """Look this account's names up again: one may have been erased, or never committed."""
        with self._lock:
            self._names = {name: id_ for name, id_ in self._names.items() if id_ != account}
            self._called.pop(account, None)

    def name(self, tx: Transaction, account: str) -> str:
        """The name an account was opened with; its id where that is erased."""
        return self.called(tx, [account])[account]

    def called(self, tx: Transaction, ids: Collection[str]) -> dict[str, str]:
        """Id → the name an account was opened with, its id where that is erased. Corrupt."""
        openings, found = tx.openings(ids), {}
        for id_ in ids:
            if id_ not in openings:
                raise Corrupt("the entry is not there", account=id_, no=0)
            opened = decode(*openings[id_]).fact
            found[id_] = (opened.name if isinstance(opened, Opened) else None) or id_
        return found

    def called_at(self, tx: Transaction, heads: Sequence[AccountRow]) -> dict[str, str]:
        """The same of accounts with these heads. A name is kept until its log grows: only by an
        entry can it be erased."""
        sizes = {head.account: head.size for head in heads}
        with self._lock:
            there = {id_: self._called.get(id_, (0, "")) for id_ in sizes}
        known = {id_: name for id_, (size, name) in there.items() if size == sizes[id_]}
        new = self.called(tx, sizes.keys() - known.keys())
        with self._lock:
            if len(self._called) + len(new) > KEPT:
                self._called.clear()
            self._called |= {id_: (sizes[id_], name) for id_, name in new.items()}
        return known | new

    def names(self, tx: Transaction) -> tuple[str, ...]:
        """The names of all accounts but the house, in order; the id of one that goes on in
        another's log, since its name leads there."""
        found: list[str] = []
        after = ""
        while heads := tx.heads(after):
            after = heads[-1].account
            ids = [head.account for head in heads if head.account != self._house]
            found += self.names_of(tx, ids).values()
        return tuple(sorted(found))

    def names_of(self, tx: Transaction, ids: Sequence[str]) -> dict[str, str]:
        """Id → name of these accounts, as `names` gives it."""
        moves = tx.find([self._references.moved(id_) for id_ in ids])
        ended = {r.account for r in moves if self._ended(tx, r.account)}
        called = self.called(tx, [id_ for id_ in ids if id_ not in ended])
        return {id_: called.get(id_, id_) for id_ in ids}

    def _ended(self, tx: Transaction, account: str) -> bool:
        return goes_on_in(tx, self._references, account) != account
