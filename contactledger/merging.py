"""Merging: two names that are one, and two accounts that go on as one.

**Within a log** an `Alias` says that two people, parties or matters are one, and which name
stays. The judge applies it throughout (J48); here the names that hosts and the outside world
use are led to the one that stays: keys, addresses, what is listed under either. Nothing is
rewritten, and retracting the alias parts the two again.

**Two accounts** are two logs, sealed each on its own, and no entry can change its log. So the
old log stays as it is, with everything that can be asked of it, and ends with `Moved`, which
names the log it goes on in. From then on the old account's *name* leads to the new account,
and its *id* to the old log, where what belongs there (a late report of a mail, an answer in an
open thread, an erasure) is still recorded. Open matters are not carried over: somebody opens
them again, in the new log, or settles them in the old one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attrs import define, evolve, field

from contactledger.facts import Entry, Fact, Party, Person
from contactledger.judge.counting import survivors
from contactledger.log.record import decode
from contactledger.references import References
from contactledger.store.port import Transaction


@define
class Merged:
    """Which name stays, for the names of one account.

    Made from the aliases that hold; `learn` takes in one more, of the same transaction.
    """

    account: str
    aliases: list[Entry] = field(factory=list)
    names: Mapping[str, str] = field(factory=dict)

    @classmethod
    def load(cls, tx: Transaction, references: References, account: str) -> Merged:
        """The names of an account in the store: one query where nothing was ever merged."""
        made = cls(account)
        rows = tx.find([references.aliases(account)], account)
        if rows:
            retractions = {references.retracted(account, row.no): row.no for row in rows}
            gone = {retractions[row.ref] for row in tx.find(retractions, account)}
            numbers = [row.no for row in rows if row.no not in gone]
            made.learn([_entry(tx, account, no) for no in numbers])
        return made

    def learn(self, aliases: Iterable[Entry]) -> None:
        """These are recorded as well."""
        self.aliases.extend(aliases)
        self.names = survivors(self.aliases)

    def forget(self, no: int | None) -> None:
        """The entry of this number was retracted."""
        self.aliases = [entry for entry in self.aliases if entry.no != no]
        self.names = survivors(self.aliases)

    def stays(self, name: str) -> str:
        """The name that stays, for any name."""
        return self.names.get(name, name)

    def every(self, name: str) -> list[str]:
        """All names of the one that this name stands for, the one that stays first."""
        stays = self.stays(name)
        return [stays, *(old for old, new in self.names.items() if new == stays)]


def _entry(tx: Transaction, account: str, no: int) -> Entry:
    (row,) = tx.entries(account, no, no + 1)
    return decode(row.record)


def goes_on_in(tx: Transaction, references: References, account: str) -> str:
    """The id of the account in whose log this one goes on, moves followed; else its own."""
    while True:
        rows = tx.find([references.moved(account)], account)
        numbers = {references.retracted(account, row.no): row.no for row in rows}
        gone = {numbers[row.ref] for row in tx.find(numbers, account)}
        left = [row.id for row in rows if row.no not in gone]
        if not left:
            return account
        account = left[-1]


def introductions(entries: Iterable[Entry], there: Iterable[Entry]) -> list[Fact]:
    """The parties and people of a log as facts for another, those left out that it has.

    Known again by their keys; whose key was erased is left out. Newest versions, parties
    first. A person whose party is left out goes in under the party's key.
    """
    known = {(type(e.fact), getattr(e.fact, "key", None)) for e in there}
    keys: dict[str, str | None] = {}
    made: dict[tuple[type, str], Party | Person] = {}
    for entry in entries:
        fact = entry.fact
        if not isinstance(fact, Party | Person):
            continue
        keys[entry.id] = fact.key
        if fact.key is not None and (type(fact), fact.key) not in known:
            made[type(fact), fact.key] = evolve(fact, at=None)
    parties: list[Fact] = [fact for fact in made.values() if isinstance(fact, Party)]
    people: list[Fact] = [
        evolve(fact, party=keys.get(str(fact.party)) or fact.party)
        for fact in made.values()
        if isinstance(fact, Person)
    ]
    return [*parties, *people]
