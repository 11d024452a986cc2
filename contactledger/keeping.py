"""Keeping a ledger: erasing, holding, merging, retracting, and what a person may ask for.

The methods of `Ledger` that look after what is there already, beside those that write and
read. What they do stands in the modules they call; each records its fact and no more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from contactledger.accounts import HOUSE, Accounts
from contactledger.erasing import read_all
from contactledger.errors import BadFact, NotFound, StoreContended
from contactledger.facts import Alias, Entry, Fact, Hold, Moved, Redaction, Retraction
from contactledger.holding import holds_in_force
from contactledger.merging import Merged, introductions
from contactledger.recording import Given, Written
from contactledger.references import References, id_ref
from contactledger.retrying import in_one_transaction
from contactledger.scrubbing import Erasure, erasures, scrub
from contactledger.store.port import Store, Transaction

if TYPE_CHECKING:
    from contactledger.subject import SubjectExport


class Keeping:
    """What looks after a ledger; a part of `Ledger`."""

    _store: Store
    _references: References
    _accounts: Accounts
    _reading: bool

    if TYPE_CHECKING:

        def record(self, account: str, *facts: Fact) -> tuple[Entry, ...]: ...  # noqa: D102 - Ledger.record
        def entries(self, account: str) -> tuple[Entry, ...]: ...  # noqa: D102 - Ledger.entries
        def _now(self) -> datetime: ...
        def _write(
            self, given: Mapping[str, Sequence[Given]], tx: Transaction | None = None
        ) -> dict[str, list[Written]]: ...

    # --- correct -------------------------------------------------------------------------

    def retract(self, account: str, entry: Any, reason: str | None = None) -> Entry:
        """Say that an entry of one's own was wrong: from then on as if never written (J47).

        `entry`: the `Entry` or its number. It stays in the log, and both sides see that it
        was retracted.
        """
        (made,) = self.record(account, Retraction(entry, reason))
        return made

    def merge(self, account: str, old: Any, new: Any) -> Entry:
        """Say that two people, parties or matters are one, and that the name `new` stays.

        Verdicts, cases, matching and erasure follow, for every moment (J48); keys and
        addresses of both lead to the one that stays. Retract the entry to part them again.
        """
        (made,) = self.record(account, Alias(old, new))
        return made

    def merge_accounts(self, old: str, new: str) -> tuple[Entry, ...]:
        """Let an account go on in the log of another: `old` is a name for it from then on.

        Parties and people that the other log lacks (known again by their keys) are introduced
        there with their preferences. The old log stays as it is, under its id. Gives the
        entries made: the introductions in the new log, then the `Moved` in the old one.
        """
        return in_one_transaction(self._store, lambda tx: self._merged(tx, old, new))

    def _merged(self, tx: Transaction, old: str, new: str) -> tuple[Entry, ...]:
        ids = self._two(tx, old, new)
        tx.lock(ids)  # before they are read, so that nothing said of them meanwhile is left out
        if self._two(tx, old, new) != ids:
            raise StoreContended("one of the accounts was merged just now; try again")
        facts = introductions(*(list(read_all(tx, id_)) for id_ in ids))
        given = {ids[1]: [Given(fact) for fact in facts], ids[0]: [Given(Moved(ids[1]))]}
        written = self._write(given, tx)
        return tuple(one.entry for id_ in (ids[1], ids[0]) for one in written[id_])

    def _two(self, tx: Transaction, *names: str) -> list[str]:
        ids = [self._accounts.must_find(name, tx) for name in names]
        if ids[0] == ids[1] or self._accounts.find(HOUSE, tx) in ids:
            raise BadFact("must be two accounts that are not one already", field="account")
        return ids

    # --- erase ---------------------------------------------------------------------------

    def redact(
        self, account: str, *, entry: Any = None, person: Any = None, fields: Sequence[str] = ()
    ) -> Entry:
        """Erase personal parts: of one entry, of one person, or (neither) of the account.

        The redaction is recorded and the parts deleted in one transaction; every hash stays
        valid. Then `scrub`, for the files of the database still hold the bytes. Raises OnHold
        where a legal hold covers any of it.
        """
        (made,) = self.record(account, Redaction(entry, tuple(fields), person))
        return made

    def scrub(self, *, only_waiting: bool = False) -> tuple[Erasure, ...]:
        """Take what was erased out of the database's files; which state holds for each
        redaction that waited for it.

        SQLite: rewrites the file and needs a moment without readers. PostgreSQL: rewrites the
        tables with personal parts, each locked meanwhile. Waits for a bounded time; call it
        again for what is still *recorded*. Not possible inside a host's transaction. As it takes
        the longer the larger the database is, `only_waiting` leaves the files alone where no
        redaction waits; what was archived or thrown away out of the inbox then stays in them.
        """
        self._refuse_reading()
        return scrub(self._store, self._references, self._accounts.name, only_waiting=only_waiting)

    def erasures(self, account: str) -> tuple[Erasure, ...]:
        """The redactions of an account: which are *recorded* only, which *scrubbed*."""
        with self._store.begin(write=False) as tx:
            id_ = self._accounts.must_find(account, tx)
            return erasures(tx, self._references, id_, self._accounts.name(tx, id_))

    # --- hold ----------------------------------------------------------------------------

    def hold(
        self,
        account: str,
        person: Any = None,
        *,
        basis: str | None = None,
        reason: str | None = None,
    ) -> Entry:
        """Place a legal hold: nothing of the account, or of one person, may be erased.

        `basis` is a slug ("litigation"), `reason` a personal text. Erasing what it covers
        raises OnHold until `release`.
        """
        (made,) = self.record(account, Hold(person, None, basis, reason))
        return made

    def release(self, account: str, hold: Any, *, reason: str | None = None) -> Entry:
        """End a legal hold, named by its entry or number."""
        (made,) = self.record(account, Hold(None, hold, reason=reason))
        return made

    def holds(self, account: str) -> tuple[Entry, ...]:
        """The legal holds in force."""
        return holds_in_force(self.entries(account))

    # --- answer --------------------------------------------------------------------------

    def subject(self, account: str, person: Any) -> SubjectExport:
        """Everything the account's log holds about one person, for that person to read.

        `person`: key, id or `Entry`. Says what was erased, and what is withheld because it is
        about others.
        """
        from contactledger.subject import subject_export

        with self._store.begin(write=False) as tx:
            id_ = self._accounts.must_find(account, tx)
            entries = list(read_all(tx, id_))
            return subject_export(
                entries,
                self._person(tx, id_, person),
                account=self._accounts.name(tx, id_),
                made_at=self._now(),
                blob=lambda sha256: tx.blob(id_, sha256),
            )

    def whereabouts(self, address: str) -> tuple[tuple[str, str], ...]:
        """(account, person) wherever somebody has this e-mail address or telephone number on
        record, in order of the accounts: what `subject`, `redact` and `hold` take.

        A key is of one account alone, as another "bob" may be in the next; an address leads to
        the same person in all. `person` is the id, the name that stays. An account that goes on
        in another's log is named by its id, and one that is archived is not looked into.
        """
        with self._store.begin(write=False) as tx:
            rows = tx.find([self._references.address(address)])
            ids = sorted({row.account for row in rows})
            names, found = self._accounts.names_of(tx, ids), set()
            for id_ in ids:
                merged = Merged.load(tx, self._references, id_)
                whose = {merged.stays(row.id) for row in rows if row.account == id_}
                known = tx.find([id_ref(who) for who in whose], id_)
                found |= {(names[id_], row.id) for row in known if row.kind == "person"}
        return tuple(sorted(found))

    def _person(self, tx: Transaction, account: str, person: Any) -> str:
        """The id of a person by key, id or entry, the name that stays."""
        value = person.id if isinstance(person, Entry) else str(person)
        refs = [self._references.key(account, "who", value), value.encode("utf-8", "replace")]
        rows = [row for row in tx.find(refs, account) if row.kind == "person"]
        if not rows:
            raise NotFound("no person of this key in the account", field="person")
        return Merged.load(tx, self._references, account).stays(rows[-1].id)

    def _refuse_reading(self) -> None:
        if self._reading:
            raise BadFact("the ledger was opened for reading; name its recorder", field="recorder")
