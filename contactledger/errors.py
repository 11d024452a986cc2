"""Every error this library raises on purpose.

::

    LedgerError
    ├── BadInput            something given to us is not usable: field, place, why
    │   ├── BadFact         a fact that cannot be recorded
    │   ├── BadRecord       bytes that are not a canonical record of this format
    │   ├── BadPolicy       a written policy that does not parse or contradicts itself
    │   ├── BadEvent        a provider's report or a message that cannot be parsed
    │   ├── BadTemplate     a template that does not render, or tried to leave the sandbox
    │   └── TooLarge        over a bound that is written down beside its constant
    ├── NotFound            an account or a key that is not in the ledger
    ├── Conflict            the same id with other content
    ├── Archived            an account whose entries were moved into a file: which account
    ├── OnHold              an erasure of what a legal hold keeps: the hold's entry
    ├── Unverified          a report whose authenticity does not hold (forged, stale, unsigned)
    ├── CannotJudge         a `rules` number this release does not know
    ├── Corrupt             the log does not match its hashes: account, number, what
    ├── NotSealed           nothing is sealed yet, or not this entry
    ├── Fork                what would be signed does not continue what was signed before
    ├── BadBundle           a bundle that does not verify: step, file, what; the evidence
    ├── StoreError          the database did not do it
    │   ├── StoreMissing    there is no such database, and making one was not allowed
    │   ├── StoreBusy       somebody else holds it for longer than the timeout
    │   │   └── StoreContended  given up for another transaction's sake; try again at once
    │   ├── StoreLost       the server cannot be reached, or ended the connection
    │   │   └── StoreInDoubt    and that while the commit was under way: nobody knows
    │   ├── StoreFull       no space left; nothing of the batch was written
    │   ├── StoreReadOnly   the file or the connection cannot be written
    │   └── WrongLayout     made by another release of the layout
    └── NotInstalled        the extra that this needs is not installed

Texts name fields and places and never the values, since values may be personal.
"""

from __future__ import annotations


class LedgerError(Exception):
    """Root of the tree; catch this to catch all of them."""


class BadInput(LedgerError, ValueError):
    """Something given to us is not usable.

    `field` is the name of the field ("Touch.to[0]"), `place` where it was found
    ("fact 3", "line 12", "event 7"), either may be empty.
    """

    def __init__(self, why: str, *, field: str = "", place: str = "") -> None:
        self.why = why
        self.field = field
        self.place = place
        super().__init__(why)

    def __str__(self) -> str:
        where = ", ".join(part for part in (self.place, self.field) if part)
        return f"{where}: {self.why}" if where else self.why

    def at(self, place: str) -> BadInput:
        """The same error with its place filled in, for the caller who knows it."""
        self.place = f"{place}, {self.place}" if self.place else place
        return self


class BadFact(BadInput):
    """A fact that cannot be recorded."""


class BadRecord(BadInput):
    """Bytes that are not a canonical record of this format."""


class BadPolicy(BadInput):
    """A written policy that does not parse or contradicts itself."""


class BadEvent(BadInput):
    """A provider's report or a message that cannot be parsed."""


class BadTemplate(BadInput):
    """A template that does not render, or that tried to leave the sandbox."""


class TooLarge(BadInput):
    """Over a bound; the bound is a constant beside the code that checks it."""


class NotFound(LedgerError, LookupError):
    """An account, party, person, touch, matter … that is not in the ledger."""

    def __init__(self, what: str, *, field: str = "", place: str = "") -> None:
        self.what = what
        self.field = field
        self.place = place
        super().__init__(what)

    def __str__(self) -> str:
        where = ", ".join(part for part in (self.place, self.field) if part)
        return f"{where}: {self.what}" if where else self.what

    def at(self, place: str) -> NotFound:
        """The same error with its place filled in, for the caller who knows it."""
        self.place = f"{place}, {self.place}" if self.place else place
        return self


class Conflict(LedgerError):
    """The same id was recorded before with other content.

    `field` is the first field that differs, `no` the number of the entry that is there.
    """

    def __init__(self, kind: str, field: str, no: int) -> None:
        self.kind = kind
        self.field = field
        self.no = no
        super().__init__(f"{kind}.{field}: entry {no} has the same id with other content")


class OnHold(LedgerError):
    """A legal hold covers what was to be erased; nothing was recorded and nothing erased.

    `account` and `no` name the hold's entry.
    """

    def __init__(self, account: str, no: int) -> None:
        self.account = account
        self.no = no
        super().__init__(
            f"account {account}, entry {no}: a legal hold covers this; release it before erasing"
        )


class Archived(LedgerError):
    """The account's entries lie in the file that they were archived into.

    `account` is its id, `sha256` that of the file, in hex. Bring it back with `Ledger.restore`.
    """

    def __init__(self, account: str, sha256: str) -> None:
        self.account = account
        self.sha256 = sha256
        super().__init__(
            f"account {account} is archived: bring it back with restore() from the file whose "
            f"SHA-256 begins {sha256[:16]}"
        )


class Unverified(LedgerError):
    """A report whose authenticity does not hold: forged, stale, unsigned, wrong key."""


class CannotJudge(LedgerError):
    """The policy in force names a `rules` number that this release does not know (J44)."""


class Corrupt(LedgerError):
    """The log does not match its hashes; names the first bad account and number.

    Without an account it is the ledger log that does not match, and `no` a leaf of it.
    """

    def __init__(self, what: str, *, account: str = "", no: int | None = None) -> None:
        self.what = what
        self.account = account
        self.no = no
        place = f"account {account}" if account else "ledger log"
        number = "" if no is None else f", {'entry' if account else 'leaf'} {no}"
        super().__init__(f"{place}{number}: {what}")


class NotSealed(LedgerError):
    """Nothing is sealed yet, or not this entry; seal first."""


class Fork(LedgerError):
    """What would be signed does not continue what was signed before, so nothing was signed.

    The database was restored from an older backup, or a second ledger uses the same key.
    """


class BadBundle(LedgerError):
    """A bundle that does not verify.

    `step` and `name` say in which of the numbered steps (`contactledger.log.bundle_open`),
    `file` names the file in the bundle, `what` is wrong with it. `evidence`: for a rollback or
    a fork the two signed heads that contradict each other, the older one first.
    """

    def __init__(
        self, what: str, *, step: int, name: str, file: str = "", evidence: tuple[object, ...] = ()
    ) -> None:
        self.what = what
        self.step = step
        self.name = name
        self.file = file
        self.evidence = evidence
        where = f"{file}: " if file else ""
        super().__init__(f"step {step}, {name}: {where}{what}")


class StoreError(LedgerError):
    """The database did not do what was asked; statements and parameters are not printed."""


class StoreMissing(StoreError):
    """There is no such database, and making one was not allowed."""


class StoreBusy(StoreError):
    """Somebody else holds the database for longer than the timeout."""


class StoreContended(StoreBusy):
    """The database gave this transaction up for another's sake (a deadlock, a serialization
    failure). Nothing of it was written; done again from its start, it may well succeed."""


class StoreLost(StoreError):
    """The database server cannot be reached, or ended the connection. Nothing was written."""


class StoreInDoubt(StoreLost):
    """The connection ended while the commit was under way: it may or may not have happened.

    Record the same facts again: one with a key, or with its time, comes back as it is if it is
    there. Of others (a retraction, a mark of now) look at the entries first.
    """


class StoreFull(StoreError):
    """No space left on the device; nothing of the batch was written."""


class StoreReadOnly(StoreError):
    """The file or the connection cannot be written."""


class WrongLayout(StoreError):
    """The tables were made by another release of the layout."""


class NotInstalled(LedgerError, ImportError):
    """The extra that this needs is not installed; the text says which."""
