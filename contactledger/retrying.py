"""A transaction of our own that came to nothing through no fault of its own is done again.

Only one that was begun here: inside a host's transaction, what the host did before would be
missing, so the host gets the error and begins again itself. A few times:

- **given up** for another's sake (a deadlock, a serialization failure): who won has what it
  wanted, and the next attempt waits for it. After a pause: who won is still to be woken up, and
  whoever asks at once takes the lock away from it, for the same deadlock once more;
- **lost** before the commit was asked for: the server has taken back all of it. A server that
  cannot be reached at all is not waited for, and the caller is told;
- **guessed wrong**: answered from memory, and somebody else had written since. That is no
  failure and is not counted, as the next attempt asks;
- **in doubt**, lost while the commit was under way: done again only where that changes nothing
  if it did happen. Else the caller is told, who knows whether the facts have keys.
"""

from __future__ import annotations

from collections.abc import Callable
from time import sleep
from typing import TypeVar

from contactledger.errors import StoreContended, StoreError, StoreInDoubt, StoreLost
from contactledger.observing import say
from contactledger.store.port import Guessed, Store, Transaction

TRIES = 4
PAUSE_SECONDS = 0.05
"""Before what was given up is done again; each time as much longer."""
IN_DOUBT = (
    "the connection ended while the commit was under way, and it may or may not have happened; "
    "record the same again, with its keys, and what is there comes back"
)

_T = TypeVar("_T")


def in_one_transaction(
    store: Store, work: Callable[[Transaction], _T], *, idempotent: bool = False
) -> _T:
    """What `work` gives, in a writing transaction, after `TRIES` of them at most.

    `idempotent`: done again after it was committed, `work` changes nothing and gives the same.
    Raises StoreContended or StoreLost, and nothing was written; StoreInDoubt, and nobody knows.
    """
    attempt, doubt = 1, False
    while True:
        own, step = store.commits, "begin"
        try:
            with store.begin(write=True) as tx:
                step = "work"
                made = work(tx)
                step = "commit"
        except Guessed:
            continue  # nobody failed: from now on this account is asked
        except StoreError as error:
            lost = isinstance(error, StoreLost)
            doubt = doubt or (own and lost and step == "commit")
            contended = isinstance(error, StoreContended)
            passing = contended or (lost and step != "begin")
            if not (own and passing and attempt < TRIES) or (doubt and not idempotent):
                failure = StoreInDoubt(IN_DOUBT) if doubt else error
                break
        else:
            return made
        say("retry", attempt=attempt)
        if contended:
            sleep(PAUSE_SECONDS * attempt)
        attempt += 1
    raise failure
