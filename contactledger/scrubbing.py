"""Whether an erasure has reached the files: *recorded*, then *scrubbed*.

A redaction deletes rows in its own transaction; from then on no reading gives them. Their
bytes still lie in the files of the database until `scrub` has rewritten these, which nobody can
do inside a transaction. Which state holds is one look-up row per redaction, written with it and
deleted by the first scrub that began after it was committed and went through.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from attrs import frozen

from contactledger.references import References
from contactledger.retrying import in_one_transaction
from contactledger.store.port import LookupRow, Store, Transaction

NOT_YET = "no scrub has gone through since"


class ErasureState(StrEnum):
    """How far an erasure has got."""

    RECORDED = "recorded"
    SCRUBBED = "scrubbed"


@frozen
class Erasure:
    """The state of one redaction: its `account` and the number of its entry.

    `why`: what stands between it and *scrubbed*; for a scrubbed one what no scrub reaches.
    """

    account: str
    entry_no: int
    state: ErasureState
    why: str


def scrub(
    store: Store,
    references: References,
    name: Callable[[Transaction, str], str],
    *,
    only_waiting: bool = False,
) -> tuple[Erasure, ...]:
    """Scrub, and say of every redaction that waited for it which state holds now; nothing is done
    with `only_waiting` where none waited."""
    with store.begin(write=False) as tx:
        waiting = tx.find([references.unscrubbed()])
        names = {row.account: name(tx, row.account) for row in waiting}
    if only_waiting and not waiting:
        return ()
    done, why = store.scrub()
    if done:

        def forget(tx: Transaction) -> None:
            for row in waiting:
                tx.erase(row.account, (), (), [(row.ref, row.id)])

        in_one_transaction(store, forget, idempotent=True)
    state = ErasureState.SCRUBBED if done else ErasureState.RECORDED
    return tuple(Erasure(names[row.account], row.no, state, why) for row in waiting)


def erasures(
    tx: Transaction, references: References, account: str, name: str
) -> tuple[Erasure, ...]:
    """The state of every redaction in an account's log, in order."""
    waiting = {row.no for row in _waiting(tx, references, account)}
    found = []
    for row in tx.entries_of(account, ["redaction"]):
        late = row.no in waiting
        state = ErasureState.RECORDED if late else ErasureState.SCRUBBED
        found.append(Erasure(name, row.no, state, NOT_YET if late else ""))
    return tuple(found)


def _waiting(tx: Transaction, references: References, account: str) -> list[LookupRow]:
    return tx.find([references.unscrubbed()], account)
