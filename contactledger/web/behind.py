"""What the pages ask of a ledger that is no word of `Ledger`: ids, what lies unsealed.

The web part is of the package, so it may look behind `Ledger` where the tests of that keep it
honest; everything of the kind is in this module alone.
"""

# ruff: noqa: SLF001 - see above

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from attrs import frozen

from contactledger.errors import BadInput, NotFound, NotSealed
from contactledger.facts import Entry, Party, Person, Touch
from contactledger.following import Log, followed
from contactledger.ledger import Ledger
from contactledger.log.verifier import VerifierKey
from contactledger.merging import goes_on_in
from contactledger.reading import Loaded
from contactledger.sealed import known_keys
from contactledger.web.access import Seals


@frozen
class Named:
    """An account: its id, and its name (the id again where that was erased)."""

    id: str
    name: str
    size: int
    archived: bool
    leads: bool = True
    """Whether its name leads to it, and not into another's log where it goes on."""

    @property
    def called(self) -> str:
        """What a report of it is asked for by: the name, which it prints, where that will do."""
        return self.name if self.leads else self.id


def seals(ledger: Ledger) -> Seals:
    """What signs links and forms of this ledger."""
    return Seals(ledger._row.secret)


def refuse_joined(ledger: Ledger) -> None:
    """BadInput for a ledger in a host's transaction: nothing would be durable when we answer."""
    if not ledger._store.commits:
        raise BadInput("is in a host's transaction; open one of its own", field="ledger")


def now(ledger: Ledger) -> datetime:
    """The moment that counts as now."""
    return ledger._now()


def fresh_key(ledger: Ledger) -> str:
    """A random key for a form, by which sending it twice is known."""
    return f"web-{ledger._random(12).hex()}"


def named(ledger: Ledger, account: str) -> Named:
    """The account of this name or id; NotFound."""
    with ledger._store.begin(write=False) as tx:
        id_ = ledger._accounts.must_find(account, tx, archived=True)
        head = tx.head(id_)
        if head is None or id_ == ledger._row.house:
            raise NotFound("no account of this name in the ledger", field="account")
        name = ledger._accounts.name(tx, id_)
        leads = ledger._accounts.find(name, tx) == id_
        return Named(id_, name, head.size, head.archived is not None, leads)


def leads(ledger: Ledger, names: Iterable[str], account: str) -> bool:
    """Whether one of these names leads to the account with this id: its own does, and that of an
    account which goes on in its log."""
    with ledger._store.begin(write=False) as tx:
        return any(ledger._accounts.find(name, tx) == account for name in names)


def goes_on(ledger: Ledger, account: str) -> Named | None:
    """The account in whose log the one with this id goes on; None where it does in its own."""
    with ledger._store.begin(write=False) as tx:
        id_ = goes_on_in(tx, ledger._references, account)
    return None if id_ == account else named(ledger, id_)


def all_named(ledger: Ledger) -> list[Named]:
    """All accounts but the house, in order of their names."""
    found: list[Named] = []
    with ledger._store.begin(write=False) as tx:
        after = ""
        while heads := tx.heads(after):
            after = heads[-1].account
            heads = [head for head in heads if head.account != ledger._row.house]
            called = ledger._accounts.called_at(tx, heads)
            found += [
                Named(head.account, called[head.account], head.size, head.archived is not None)
                for head in heads
            ]
    return sorted(found, key=lambda one: (one.name.casefold(), one.id))


def named_so(ledger: Ledger, names: Iterable[str]) -> list[Named]:
    """The accounts of these names or ids and those in whose logs they go on, in order of their
    names; what is no account is passed over."""
    found: set[str | None] = set()
    with ledger._store.begin(write=False) as tx:
        for name in names:
            opened = tx.find([ledger._references.account(name)])
            found |= {ledger._accounts.find(name, tx), *(row.account for row in opened)}
        found -= {None, ledger._row.house}
    made = [named(ledger, id_) for id_ in found if id_ is not None]
    return sorted(made, key=lambda one: (one.name.casefold(), one.id))


def loaded(ledger: Ledger, account: str) -> Loaded:
    """The entries of an account and of the house, as they are."""
    return ledger._load(account)


def logs(ledger: Ledger, account: str, known: tuple[Log, Log] | None) -> tuple[Log, Log]:
    """The logs of an account and of the house; of those that are `known` only what is new is
    read, and one that has not changed is the same object. Archived, NotFound."""
    with ledger._store.begin(write=False) as tx:
        id_ = ledger._accounts.must_find(account, tx)
        was, house = known or (None, None)
        return followed(tx, id_, was), followed(tx, ledger._row.house, house)


def touch_of(entries: Sequence[Entry], no: int) -> tuple[Entry, Touch]:
    """The touch that is this entry; NotFound."""
    for entry in entries:
        if entry.no == no and isinstance(entry.fact, Touch):
            return entry, entry.fact
    raise NotFound("no touch of this number", field="touch")


def party_of(entries: Sequence[Entry], name: str, *kinds: type) -> str:
    """The id of a party or person by key or id; NotFound."""
    for entry in reversed(entries):
        if isinstance(entry.fact, kinds or (Party, Person)) and name in (
            entry.id,
            getattr(entry.fact, "key", None),
        ):
            return entry.id
    raise NotFound("nobody of that name in the account", field="party")


def recorder(ledger: Ledger) -> str:
    """The id of the party that runs the ledger."""
    return ledger._row.recorder


def recorded_at(ledger: Ledger) -> datetime | None:
    """When anything was last put on record."""
    newest: datetime | None = None
    with ledger._store.begin(write=False) as tx:
        after = ""
        while heads := tx.heads(after):
            after = heads[-1].account
            times = [head.recorded_at for head in heads if head.recorded_at is not None]
            newest = max([*times, *([newest] if newest else [])], default=None)
    return newest


def own_keys(ledger: Ledger) -> list[VerifierKey]:
    """The verifier keys that this ledger has on record; none before the first seal."""
    with ledger._store.begin(write=False) as tx:
        try:
            return [VerifierKey.parse(key) for key in known_keys(tx).keys]
        except NotSealed:
            return []
