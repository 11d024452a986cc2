"""A transaction of our own that the database gave up for another's sake is done again.

Only one that was begun here: inside a host's transaction, what the host did before would be
missing, so the host gets the error and begins again itself. At once and a few times: who
won has what it wanted, and the next attempt waits for it in the queue of its lock.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from contactledger.errors import StoreContended
from contactledger.observing import say
from contactledger.store.port import Store, Transaction

TRIES = 4

_T = TypeVar("_T")


def in_one_transaction(store: Store, work: Callable[[Transaction], _T]) -> _T:
    """What `work` gives, in a writing transaction; StoreContended after `TRIES` of them."""
    for attempt in range(1, TRIES):
        own = store.commits
        try:
            with store.begin(write=True) as tx:
                return work(tx)
        except StoreContended:
            if not own:
                raise
        say("retry", attempt=attempt)
    with store.begin(write=True) as tx:
        return work(tx)
