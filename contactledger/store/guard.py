"""What a transaction may do: the part of the port's contract that every store checks alike."""

from __future__ import annotations

from contactledger.store.port import AccountRow, Batch

_ARCHIVED = "the account is archived"


class Guard:
    """Refuses, as a bug of the caller, what breaks the contract of a transaction."""

    def __init__(self, *, write: bool) -> None:
        self._write = write
        self._open = True
        self._held: dict[str, AccountRow] = {}

    def end(self) -> None:
        """The `with` block is over."""
        self._open = False

    def reading(self) -> None:
        """Reading is possible while the transaction is open."""
        if not self._open:
            raise AssertionError("the transaction has ended")

    def writing(self) -> None:
        """Writing is possible while a transaction that was begun for it is open."""
        self.reading()
        if not self._write:
            raise AssertionError("the transaction was begun for reading only")

    def hold(self, head: AccountRow) -> None:
        """This account is locked, and this is its head."""
        self._held[head.account] = head

    def leaving(self, account: str, archived: bytes) -> None:
        """The entries of a locked account leave for a file."""
        held = self._locked(account)
        if held.archived is not None:
            raise AssertionError(_ARCHIVED)
        self._held[account] = held._replace(archived=archived)

    def coming_back(self, account: str, *, last: bool = False) -> None:
        """Rows are put back into a locked account that is archived; then it no longer is."""
        held = self._locked(account)
        if held.archived is None:
            raise AssertionError("the account is not archived")
        if last:
            self._held[account] = held._replace(archived=None)

    def _locked(self, account: str) -> AccountRow:
        self.writing()
        held = self._held.get(account)
        if held is None:
            raise AssertionError("the account is not locked in this transaction")
        return held

    def appending(self, batch: Batch) -> None:
        """A batch goes on where its locked account ends; its head becomes the held one."""
        head = batch.head
        held = self._locked(head.account)
        if held.archived is not None:
            raise AssertionError(_ARCHIVED)
        size, newest = held.size, held.recorded_at
        for entry in batch.entries:
            if entry.no != size:
                raise AssertionError("the entries do not go on from the account's size")
            if newest is not None and entry.recorded_at < newest:
                raise AssertionError("recorded_at goes back")
            size, newest = size + 1, entry.recorded_at
        if (head.size, head.recorded_at) != (size, newest):
            raise AssertionError("the new head is not that of the last entry")
        self._held[head.account] = head
