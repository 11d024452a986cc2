"""The look-ups of a ledger beside the entries they were made from, and made again.

Look-ups are the one part of a log that is no evidence: all of them can be made from the
entries. `check` hashes the evidence; this says whether names still lead to it. They are
written with their entries in one transaction. Only where a database commits on several
machines without two phases, or a table was restored alone, can they part.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from contactledger.erasing import read_all
from contactledger.errors import Corrupt
from contactledger.facts import Entry
from contactledger.log.record import decode
from contactledger.references import References, lookups_of
from contactledger.retrying import in_one_transaction
from contactledger.store.port import Batch, LookupRow, Store, Transaction

PAGE = 1_000
"""Look-ups gone through at a time."""

_Made = Mapping[tuple[bytes, str], LookupRow]


class Indexing:
    """What keeps a ledger's look-ups; a part of `Ledger`."""

    _store: Store
    _references: References

    def check_lookups(self) -> int:
        """Compare every look-up with the entries it is made from; how many there are.

        Raises Corrupt naming the first account in which one is missing, leads elsewhere, or
        leads to nothing: a name is not found then, or the same fact recorded twice. `reindex`
        mends it.
        """
        with self._store.begin(write=False) as tx:
            counted = 0
            for account in _accounts(tx):
                made, entries = _made(tx, self._references, account)
                for row in _wrong(tx, account, made, entries):
                    raise Corrupt(
                        "a look-up is missing, or leads elsewhere", account=account, no=row.no
                    )
                counted += len(made)
            waiting = self._references.unscrubbed()
            rows = sum(row.ref != waiting for row in _all(tx))
            if rows != counted:
                row = next(_needless(tx, self._references))
                raise Corrupt("a look-up that no entry makes", account=row.account, no=row.no)
            return counted

    def reindex(self) -> int:
        """Make missing look-ups again from the entries, and take away what leads to nothing;
        how many were mended. One transaction for each account."""
        with self._store.begin(write=False) as tx:
            accounts = list(_accounts(tx))
            needless: dict[str, list[tuple[bytes, str]]] = {}
            for row in _needless(tx, self._references):
                needless.setdefault(row.account, []).append((row.ref, row.id))
        mended = 0
        for account in sorted({*accounts, *needless}):

            def mend(tx: Transaction, account: str = account) -> int:
                return self._mend(tx, account, needless.get(account, []))

            mended += in_one_transaction(self._store, mend)
        return mended

    def _mend(self, tx: Transaction, account: str, needless: list[tuple[bytes, str]]) -> int:
        head = tx.lock([account]).get(account)
        made, entries = _made(tx, self._references, account)
        gone = [key for key in needless if key not in made]
        tx.erase(account, (), (), gone)
        wrong = list(_wrong(tx, account, made, entries))
        if head is not None and wrong:
            tx.append(Batch(head, (), lookups=wrong))
        return len(wrong) + len(gone)


def _accounts(tx: Transaction, *, archived: bool = False) -> Iterator[str]:
    """Accounts whose entries are here; those that are `archived` instead."""
    after = ""
    while heads := tx.heads(after, PAGE):
        yield from (head.account for head in heads if (head.archived is not None) == archived)
        after = heads[-1].account


def _all(tx: Transaction) -> Iterator[LookupRow]:
    """Every look-up but those that an archived account left behind: its entries are not here
    to tell."""
    away = set(_accounts(tx, archived=True))
    after = None
    while rows := tx.lookups_from(after, PAGE):
        yield from (row for row in rows if row.account not in away)
        after = rows[-1]


def _made(
    tx: Transaction, references: References, account: str
) -> tuple[_Made, Mapping[int, Entry]]:
    """The look-ups that an account's entries make, and its entries that lost a part.

    Of redactions that wait to be scrubbed nothing is said here: theirs go when that is done.
    """
    made: dict[tuple[bytes, str], LookupRow] = {}
    redacted = {}
    for entry in read_all(tx, account):
        if entry.gone:
            redacted[entry.no] = entry
        for row in lookups_of(entry, references):
            if row.ref != references.unscrubbed():
                made[row.ref, row.id] = row
    return made, redacted


def _wrong(
    tx: Transaction, account: str, made: _Made, redacted: Mapping[int, Entry]
) -> Iterator[LookupRow]:
    """Those of these look-ups that are not there, or lead to another entry. One that was made
    by a newer entry, whose own part was erased since, still leads to that one."""
    found = {(row.ref, row.id): row for row in tx.find({ref for ref, _ in made}, account)}
    for key, row in made.items():
        there = found.get(key)
        if there != row and (there is None or there.no not in redacted):
            yield row


def _needless(tx: Transaction, references: References) -> Iterator[LookupRow]:
    """The look-ups that no entry makes: asked of the entry each leads to, and only where that
    says no (its part was erased, or it is another) of the whole account."""
    for row in _all(tx):
        if row.ref == references.unscrubbed() or _leads(tx, references, row):
            continue
        if (row.ref, row.id) not in _made(tx, references, row.account)[0]:
            yield row


def _leads(tx: Transaction, references: References, row: LookupRow) -> bool:
    bodies = [part.body for part in tx.disclosures(row.account, row.no, row.no + 1)]
    for there in tx.entries(row.account, row.no, row.no + 1):
        return row in lookups_of(decode(there.record, bodies), references)
    return False
