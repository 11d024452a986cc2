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

from collections.abc import Collection, Iterable, Mapping

from attrs import define, evolve, field

from contactledger.erasing import read_led
from contactledger.facts import Alias, Entry, Fact, Party, Person, Preference
from contactledger.judge.counting import survivors
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
            gone = retracted(tx, references, account, [row.no for row in rows])
            made.learn(read_led(tx, account, [row.no for row in rows if row.no not in gone]))
        return made

    def learn(self, aliases: Iterable[Entry]) -> None:
        """These are recorded as well."""
        self.aliases.extend(aliases)
        self.names = survivors(self.aliases)

    def forget(self, no: int | None) -> None:
        """The entry of this number was retracted."""
        self.aliases = [entry for entry in self.aliases if entry.no != no]
        self.names = survivors(self.aliases)

    def said(self, fact: Fact) -> Entry | None:
        """The entry that says the same as this alias, if there is one."""
        if not isinstance(fact, Alias):
            return None
        words = (fact.old, fact.new)
        same = (e for e in self.aliases if isinstance(e.fact, Alias) and words == _words(e.fact))
        return next(same, None)

    def stays(self, name: str) -> str:
        """The name that stays, for any name."""
        return self.names.get(name, name)

    def every(self, name: str) -> list[str]:
        """All names of the one that this name stands for, the one that stays first."""
        stays = self.stays(name)
        return [stays, *(old for old, new in self.names.items() if new == stays)]


def _words(alias: Alias) -> tuple[str | None, str | None]:
    return (alias.old, alias.new)


def retracted(
    tx: Transaction, references: References, account: str, numbers: Collection[int]
) -> set[int]:
    """Those of these entries of an account that were retracted."""
    retractions = {references.retracted(account, no): no for no in numbers}
    return {retractions[row.ref] for row in tx.find(retractions, account)}


def goes_on_in(tx: Transaction, references: References, account: str) -> str:
    """The id of the account in whose log this one goes on, moves followed; else its own."""
    while rows := tx.find([references.moved(account)], account):
        gone = retracted(tx, references, account, [row.no for row in rows])
        left = [row.id for row in rows if row.no not in gone]
        if not left:
            break
        account = left[-1]
    return account


def introductions(entries: Iterable[Entry], there: Iterable[Entry]) -> list[Fact]:
    """The parties and people of a log as facts for another, those left out that it has.

    Known again by their keys; whose key was erased is left out. The newest version of each,
    parties first, then every preference of those people in order, as an opt-out must not be
    lost on the way. What the sender was told stays told at the same time (J42).
    """
    known = {fact.key for fact in _sides(there)}
    newest: dict[str, Entry] = {}
    preferences: list[Entry] = []
    for entry in entries:
        if isinstance(entry.fact, Party | Person):
            newest[entry.id] = entry
        elif isinstance(entry.fact, Preference):
            preferences.append(entry)
    keys = {id_: key for id_, entry in newest.items() if (key := _key(entry)) is not None}
    parties: list[Fact] = []
    people: list[Fact] = []
    for entry in newest.values():
        fact = entry.fact
        if _key(entry) is None or _key(entry) in known:
            continue
        if isinstance(fact, Party):
            parties.append(fact)
        elif isinstance(fact, Person) and str(fact.party) in keys:
            told = fact.told or entry.recorded_at
            people.append(evolve(fact, party=keys[str(fact.party)], told=told))
    moved = {fact.key for fact in (*parties, *people) if isinstance(fact, Party | Person)}
    asked: list[Fact] = [
        evolve(fact, subject=keys[str(fact.subject)], told=fact.told or entry.recorded_at)
        for entry in preferences
        if isinstance(fact := entry.fact, Preference) and keys.get(str(fact.subject)) in moved
    ]
    return [*parties, *people, *asked]


def _sides(entries: Iterable[Entry]) -> Iterable[Party | Person]:
    return [entry.fact for entry in entries if isinstance(entry.fact, Party | Person)]


def _key(entry: Entry) -> str | None:
    return getattr(entry.fact, "key", None)
