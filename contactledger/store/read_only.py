"""A store that is only read, whatever it could do: beneath a ledger without a recorder."""

from __future__ import annotations

from contextlib import AbstractContextManager

from attrs import frozen

from contactledger.errors import BadFact
from contactledger.store.port import Scrub, Store, Transaction


@frozen
class ReadOnlyStore:
    """Another store without what changes it: BadFact for a transaction that would write."""

    store: Store

    @property
    def commits(self) -> bool:
        """See the port."""
        return self.store.commits

    def begin(self, *, write: bool) -> AbstractContextManager[Transaction]:
        """See the port."""
        if write:
            raise _refusal()
        return self.store.begin(write=False)

    def scrub(self) -> Scrub:
        """Refused: it rewrites files."""
        raise _refusal()

    def close(self) -> None:
        """See the port."""
        self.store.close()


def _refusal() -> BadFact:
    return BadFact("the ledger was opened for reading; name its recorder", field="recorder")
