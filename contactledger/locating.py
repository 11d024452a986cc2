"""Where references lead, for the events of one body: to which entries, in which accounts.

The people of a vendor are on record in the account of every customer, and so an address of theirs
leads to all of them; a circular has one Message-ID in thousands of accounts. Whatever leads to
more than `FEW` look-ups is *common*: it singles out no account, and is looked up only within those
that something else has singled out. So what an event costs does not grow with the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from contactledger.erasing import read_led
from contactledger.facts import Entry, Person
from contactledger.log.record import decode
from contactledger.merging import Merged
from contactledger.references import References, id_ref
from contactledger.store.port import LookupRow, Transaction

FEW = 20
"""Look-ups of a reference; one that leads to more singles out nothing by itself."""
MAX_REMEMBERED = 10_000
"""References of which a ledger remembers that they are common."""

Whose = tuple[str, str]
"""(account, person or party)."""


class Common:
    """References that were found common, so that they are not asked for along with others.

    It only spares a query: whoever needs to know asks again. Threads may share it.
    """

    def __init__(self) -> None:
        self._refs: set[bytes] = set()

    def among(self, refs: set[bytes]) -> set[bytes]:
        """Those of them that were common."""
        return refs & self._refs

    def learn(self, ref: bytes, *, common: bool) -> None:
        """It is common, or it is not."""
        if not common:
            self._refs.discard(ref)
        elif len(self._refs) < MAX_REMEMBERED:
            self._refs.add(ref)


class Locator:
    """Looks things up in one transaction, each once."""

    def __init__(self, tx: Transaction, references: References, common: Common) -> None:
        self._tx = tx
        self._references = references
        self._common = common
        self._rows: dict[bytes, list[LookupRow] | None] = {}
        self._here: dict[tuple[str, bytes], list[LookupRow]] = {}
        self._made: dict[bytes, list[LookupRow]] = {}
        self._merged: dict[str, Merged] = {}
        self._parties: dict[Whose, str] = {}

    # --- references ------------------------------------------------------------------------

    def load(self, several: Sequence[set[bytes]], *, sides: bool = False) -> None:
        """Look up what each of several events names: all at once, and what is common within the
        accounts that the rest of its event leads to; with `sides`, which parties people act for.
        """
        self._load(set().union(*several))
        within: dict[bytes, set[str]] = {}
        for refs in several:
            accounts = {row.account for ref in refs for row in self._rows.get(ref) or ()}
            for ref in refs:
                if self._rows.get(ref) is None:
                    within.setdefault(ref, set()).update(accounts)
        for ref, accounts in within.items():
            self._load_within(ref, accounts)
        self._load_names()
        if sides:
            self._load_parties()

    def _load(self, refs: set[bytes]) -> None:
        """But for those that were common: each of them would bring along what nobody needs."""
        new = refs - self._common.among(refs)
        most = 2 * len(new) + FEW
        rows = self._tx.find_few(new, most) if new else []
        if len(rows) < most:
            found: dict[bytes, list[LookupRow]] = {ref: [] for ref in new}
            for row in rows:
                found[row.ref].append(row)
            for ref, there in found.items():
                self._keep(ref, there)
        else:
            for ref in new:
                self.everywhere(ref)

    def _load_within(self, ref: bytes, accounts: Iterable[str]) -> None:
        new = {account for account in accounts if (account, ref) not in self._here}
        self._here.update(((account, ref), []) for account in new)
        for row in self._tx.find_within(ref, new) if new else ():
            self._here[row.account, ref].append(row)

    def _load_names(self) -> None:
        """Learn in one query in which of the accounts met so far nobody was ever merged."""
        accounts = {row.account for rows in self._rows.values() for row in rows or ()}
        aliases = {self._references.aliases(account) for account in accounts}
        merged = {row.account for row in self._tx.find(aliases)} if aliases else ()
        for account in accounts.difference(merged):
            self._merged[account] = Merged(account)

    def _load_parties(self) -> None:
        """Of everybody met so far, in two round trips."""
        loaded = [*self._here.values(), *(rows or () for rows in self._rows.values())]
        people = {who for rows in loaded for _, who in self._people(rows)}
        rows = self._tx.find({id_ref(who) for who in people}) if people else []
        records = self._tx.records([(row.account, row.no) for row in rows])
        for row in rows:
            record = records.get((row.account, row.no))
            if record is not None:
                self._parties[row.account, row.id] = self._acts_for(decode(record))

    def add(self, row: LookupRow) -> None:
        """One of an entry that is about to be made."""
        self._made.setdefault(row.ref, []).append(row)

    def everywhere(self, ref: bytes) -> list[LookupRow] | None:
        """All look-ups of it in order of (account, number); None where it is common."""
        if ref not in self._rows:
            self._keep(ref, self._tx.find_few([ref], FEW + 1))
        rows = self._rows[ref]
        return None if rows is None else [*rows, *self._made.get(ref, ())]

    def some(self, ref: bytes) -> list[LookupRow]:
        """The same, and of what is common any one."""
        rows = self.everywhere(ref)
        return self._tx.find_few([ref], 1) if rows is None else rows

    def accounts(self, addresses: Iterable[str]) -> list[str]:
        """The accounts that these addresses single out."""
        found = [self.people(address) or () for address in addresses]
        return list(dict.fromkeys(account for people in found for account, _ in people))

    def within(self, account: str, ref: bytes) -> list[LookupRow]:
        """Its look-ups in one account, in order of their numbers."""
        rows = self._rows.get(ref)
        if rows is None:
            self._load_within(ref, [account])
            rows = self._here[account, ref]
        return [r for r in (*rows, *self._made.get(ref, ())) if r.account == account]

    def _keep(self, ref: bytes, rows: list[LookupRow]) -> None:
        common = len(rows) > FEW
        self._rows[ref] = None if common else rows
        self._common.learn(ref, common=common)

    # --- people ----------------------------------------------------------------------------

    def people(self, address: str) -> list[Whose] | None:
        """(account, person) of whoever has this address, by the name that stays (J48); None
        where it is common."""
        rows = self.everywhere(self._references.address(address))
        return None if rows is None else self._people(rows)

    def some_people(self, address: str) -> list[Whose]:
        """The same, and of those who have an address that is common any one."""
        return self._people(self.some(self._references.address(address)))

    def people_in(self, account: str, addresses: Iterable[str]) -> list[str]:
        """Whoever of an account has one of these addresses."""
        refs = [self._references.address(address) for address in addresses]
        found = self._people([row for ref in refs for row in self.within(account, ref)])
        return [who for _, who in found]

    def _people(self, rows: Iterable[LookupRow]) -> list[Whose]:
        found = ((row.account, row.id) for row in rows if row.kind == "address")
        return list(dict.fromkeys((where, self.names(where).stays(who)) for where, who in found))

    def names(self, account: str) -> Merged:
        """Which names stay in an account."""
        if account not in self._merged:
            self._merged[account] = Merged.load(self._tx, self._references, account)
        return self._merged[account]

    def party(self, account: str, who: str) -> str:
        """The party a person acts for (a party is its own)."""
        known = self._parties.get((account, who))
        if known is None:
            rows = self._tx.find([id_ref(who)], account)
            told = map(self._acts_for, read_led(self._tx, account, [row.no for row in rows]))
            known = self._parties[account, who] = next(told, who)
        return known

    def _acts_for(self, entry: Entry) -> str:
        party = entry.fact.party if isinstance(entry.fact, Person) else None
        return entry.id if party is None else self.names(entry.account).stays(party)
