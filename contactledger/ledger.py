"""The ledger: the one object users hold. It joins the wings to a store.

Here, and nowhere below, the clock and the randomness enter. Every answer is computed from
the entries by `judge`; nothing judged is stored.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, Self

from contactledger.accounts import HOUSE, Accounts
from contactledger.archiving import Archiving
from contactledger.bundling import Bundle, Chosen, bundle
from contactledger.checking import check_account, check_all, rehash
from contactledger.declare import as_utc
from contactledger.erasing import erase, read_all
from contactledger.errors import BadFact, BadInput, StoreMissing
from contactledger.facts import Entry, Fact, Opened, PolicyAdopted, Redaction
from contactledger.following import Following
from contactledger.importing import Importing
from contactledger.indexing import Indexing
from contactledger.judge.policy import DEFAULT_POLICY
from contactledger.keeping import Keeping
from contactledger.moments import Moment
from contactledger.observing import observed
from contactledger.preparing import adoption, prepared
from contactledger.reading import Loaded
from contactledger.receiving import Inbox, Receiving
from contactledger.recording import FEW, Desk, Given, Written
from contactledger.references import References, new_id
from contactledger.refusing import refuse_name, refuse_recorder
from contactledger.resolving import Keys
from contactledger.retrying import in_one_transaction
from contactledger.sealed import Sealed, newest_signed, prove_entry
from contactledger.sealing import Sealer, check_marks, read_marks, signing_keys
from contactledger.store.port import AccountRow, LedgerRow, Store, Transaction
from contactledger.store.read_only import ReadOnlyStore
from contactledger.surveying import Surveying
from contactledger.timestamping import Timestamping
from contactledger.trees import EntryProof
from contactledger.waiting import Waiting

if TYPE_CHECKING:
    from email.message import EmailMessage

    from contactledger.across import Across
    from contactledger.countersigning import Accepted, Countersignature
    from contactledger.exchange import Trust
    from contactledger.log.note import Signer
    from contactledger.printing import Attachment
    from contactledger.sending import Sent


class Ledger(Surveying, Keeping, Archiving, Timestamping, Indexing, Receiving, Waiting, Importing):
    """A ledger: write with `record`, `sending`, `receive`; read with `entries` … `report`.

    Thread-safe. Use it with `with`, or `close()` it.
    """

    def __init__(
        self,
        store: Store,
        *,
        recorder: str | None,
        signer: Any = None,
        high_water: str | os.PathLike[str] | None = None,
        clock: Callable[[], datetime] | None = None,
        random_bytes: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._store = store if recorder is not None else ReadOnlyStore(store)
        self._clock = clock or (lambda: datetime.now(UTC))
        self._random = random_bytes
        self._reading = recorder is None
        self._recorder_key = recorder or ""
        self._high_water = high_water
        self._place: tuple[str, str, str | None] | None = None
        self._keys = signing_keys(signer, high_water)
        self._keys_lock = Lock()
        self._forged = 0
        if self._reading:
            with self._store.begin(write=False) as tx:
                opened = self._open_row(tx)
        else:
            opened = in_one_transaction(self._store, self._open_row, idempotent=True)
        self._row, self._references = opened
        self._accounts = Accounts(self._references, self._row.house)
        self._house = Following(self._row.house)
        self._inbox = Inbox(
            self._store,
            self._references,
            recorder=self._row.recorder,
            write=self._write_received,
            now=self._now,
            random_bytes=random_bytes,
        )

    @classmethod
    def open(  # noqa: PLR0913 - the place, its tables, and what a ledger is opened with
        cls,
        where: Any,
        *,
        recorder: str | None,
        signer: Any = None,
        high_water: str | os.PathLike[str] | None = None,
        create: bool = True,
        prefix: str = "contactledger_",
        schema: str | None = None,
        clock: Callable[[], datetime] | None = None,
        random_bytes: Callable[[int], bytes] = os.urandom,
    ) -> Ledger:
        """The ledger kept at `where`, made there if it is new, `create` allows it, and there is
        a recorder.

        `where`: a database URL ("sqlite:///contacts.db", "postgresql+psycopg://…"), an
        SQLAlchemy Engine, a host's Connection or Session (then every recording joins the
        host's transaction), or a `Store`. `recorder`: the key of the party that runs this
        ledger, the same each time; None opens one that is there for reading only. `signer`:
        the key to seal with, a path, "env:NAME" or a `Signer`, several in a list while one
        replaces another; `high_water`: the path of the file that remembers how far it signed,
        where that is not beside the key file. `prefix` of the tables' names and, on
        PostgreSQL, the `schema` they are in: several ledgers share a database by them. A URL
        may name them as well: "…?ledger_prefix=north_&ledger_schema=evidence".

        Raises StoreMissing, WrongLayout and the other StoreErrors; BadFact if another party
        runs this ledger.
        """
        refuse_recorder(recorder)
        place = (where, prefix, schema) if isinstance(where, str) else None
        if not hasattr(where, "begin") or not hasattr(where, "close") or _is_sqlalchemy(where):
            from contactledger.store.sql import SqlStore

            create = create and recorder is not None
            where = SqlStore.open(where, prefix=prefix, schema=schema, create=create)
        try:
            made = cls(
                where,
                recorder=recorder,
                signer=signer,
                high_water=high_water,
                clock=clock,
                random_bytes=random_bytes,
            )
        except BaseException:
            where.close()
            raise
        made._place = place
        return made

    def _open_row(self, tx: Transaction) -> tuple[LedgerRow, References]:
        row = tx.ledger()
        if row is None:
            if self._reading:
                raise StoreMissing("there is no ledger in this database yet")
            tx.claim()  # and look again: somebody may have made it just now
            row = tx.ledger()
        if row is None:
            secret = self._random(32)
            row = LedgerRow(
                id=new_id(self._random),
                recorder=new_id(self._random),
                recorder_ref=References(secret).of("recorder", self._recorder_key),
                house=new_id(self._random),
                secret=secret,
            )
            tx.make_ledger(row)
        references = References(row.secret)
        ours = references.of("recorder", self._recorder_key)
        if not self._reading and row.recorder_ref != ours:
            raise BadFact("another party runs this ledger", field="recorder")
        return row, references

    def close(self) -> None:
        """Let go of the database."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Ledger {self._row.id}>"

    # --- write ---------------------------------------------------------------------------

    def record(self, account: str, *facts: Fact) -> tuple[Entry, ...]:
        """Put facts on record in an account's log, all or none; the entries, in order.

        A new account is opened by its first record: entry 0 `Opened`, entry 1 the policy.
        What is there already comes back as the entry that is there. Raises BadFact, NotFound
        (both name the field and "fact n"), Conflict, StoreError.
        """
        return self.record_many({account: facts})[account]

    def record_many(self, facts: Mapping[str, Sequence[Fact]]) -> dict[str, tuple[Entry, ...]]:
        """The same for several accounts in one commit."""
        given = {name: [Given(fact) for fact in some] for name, some in facts.items()}
        with observed("record") as counts:
            written = self._write(given)
            counts["entries"] = sum(map(len, written.values()))
        return {name: tuple(one.entry for one in some) for name, some in written.items()}

    def _write(
        self, given: Mapping[str, Sequence[Given]], tx: Transaction | None = None
    ) -> dict[str, list[Written]]:
        if self._reading:
            raise BadFact("the ledger was opened for reading; name its recorder", field="recorder")
        if tx is None:
            return in_one_transaction(self._store, lambda own: self._write(given, own))
        for name in given:
            refuse_name(name)
        checked = {name: prepared(name, items) for name, items in given.items()}
        asked: dict[str, Keys] = {}
        ids, heads = self._accounts.lock(given, tx, partial(self._wanted, checked, asked))
        written = {}
        for name, items in given.items():
            id_ = ids[name]
            if id_ is None:
                desk = self._new_account(tx, name)
                facts = self._opening(tx, name, checked[name])
                written[name] = desk.write(facts, len(items) - len(facts) + 1)
                written[name] = written[name][len(facts) - len(items) :]
            else:
                desk = self._desk(tx, heads[id_], asked.get(id_))
                written[name] = desk.write(checked[name])
            desk.hand_over()
            for item in written[name]:
                if isinstance(item.entry.fact, Redaction) and item.state == "new":
                    erase(tx, item.entry.account, item.entry.fact, self._references)
                    self._accounts.forget(item.entry.account)
        return written

    def _write_received(
        self, given: Mapping[str, Sequence[Given]], tx: Transaction
    ) -> dict[str, list[Written]]:
        """The same for accounts named by their ids, in the transaction of the inbox."""
        self._accounts.learn_ids(given)
        return self._write(given, tx)

    def _wanted(
        self, given: Mapping[str, Sequence[Given]], asked: dict[str, Keys], name: str, id_: str
    ) -> set[bytes]:
        """What few facts will look up; a batch's question is worth a round trip of its own."""
        if len(given[name]) > FEW:
            return set()
        asked[id_] = Keys(self._references, id_)
        return asked[id_].wanted([item.fact for item in given[name]])

    def _desk(self, tx: Transaction, head: AccountRow, keys: Keys | None = None) -> Desk:
        return Desk(
            tx,
            self._references,
            head,
            recorder=self._row.recorder,
            recorder_key=self._recorder_key,
            now=self._now(),
            random_bytes=self._random,
            keys=keys,
        )

    def _new_account(self, tx: Transaction, name: str) -> Desk:
        id_ = self._row.house if name == HOUSE else new_id(self._random)
        tx.add_account(id_)
        return self._desk(tx, AccountRow(id_, 0, b"", None))

    def _opening(self, tx: Transaction, name: str, given: list[Given]) -> list[Given]:
        """Entries 0 and 1 of a new log, in front of what was given."""
        house = name == HOUSE
        opened = Opened(None if house else name, ledger=self._row.id, house=house)
        if given and isinstance(given[0].fact, PolicyAdopted):
            return [Given(opened), *given]
        text = DEFAULT_POLICY if house else self._house_policy(tx)
        return [Given(opened), Given(adoption(PolicyAdopted(text))), *given]

    def _house_policy(self, tx: Transaction) -> str:
        adopted = (e.fact for e in reversed(self._house.read(tx)))
        return next((f.text for f in adopted if isinstance(f, PolicyAdopted)), DEFAULT_POLICY)

    @contextmanager
    def sending(
        self, account: str, message: EmailMessage, *, to: Sequence[str], **about: Any
    ) -> Iterator[Sent]:
        """Put a touch on record before its mail leaves, and what became of the attempt.

        Sets the message's Message-ID (if it has none) and the header X-Contactledger, by
        which whatever comes back is matched. `about`: further fields of `Touch`. The block
        sends the message; if it raises, the failure is recorded and the error goes on.
        """
        from contactledger.sending import Sent, prepare, take_back

        id_ = new_id(self._random)
        touch = prepare(message, id_, to, about)
        try:
            with observed("record") as counts:
                ((written,),) = self._write({account: [Given(touch, id_)]}).values()
                counts["entries"] = 1
            sent = Sent(written.entry, id_, message["Message-ID"])
        except BaseException:
            take_back(message, id_)
            raise
        try:
            yield sent
        except BaseException as error:
            take_back(message, id_)
            self.record(account, sent.failed(type(error).__name__))
            raise
        self.record(account, sent.done())

    # --- read ----------------------------------------------------------------------------

    def accounts(self) -> tuple[str, ...]:
        """The names of all accounts, in order; an erased name is given as the account's id."""
        with self._store.begin(write=False) as tx:
            return self._accounts.names(tx)

    def entries(self, account: str, *, as_of: Moment | None = None) -> tuple[Entry, ...]:
        """All entries of an account, recorded by `as_of` (default: now), in order."""
        now = self._as_of(as_of)
        with self._store.begin(write=False) as tx:
            entries = list(read_all(tx, self._accounts.must_find(account, tx)))
        return tuple(e for e in entries if e.recorded_at <= now)

    def across(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        processes: int = 1,
        progress: Callable[[int, int], object] | None = None,
    ) -> Across:
        """What may be asked of all accounts together, judged once and kept in the file `path`
        (`contactledger.across`), by so many processes at a time."""
        from contactledger.across import Across
        from contactledger.refreshing import Sources

        lent = self._store, self._row, self._accounts, self._now, self._place, self._house
        return Across(Sources(*lent), path, processes=processes, progress=progress)

    def check(self, account: str | None = None) -> int:
        """Re-hash every entry of one account or all; how many were checked.

        Of all, with them whatever is sealed, its signatures, and how far the keys that the
        ledger was opened with have signed. Raises Corrupt naming the first bad account and
        number; Fork if the keys have signed what is not here.
        """
        marks = read_marks(self._keys)
        with self._store.begin(write=False) as tx:
            if account is not None:
                return check_account(tx, self._accounts.must_find(account, tx, archived=True))
            checked = check_all(tx)
            check_marks(tx, self._keys, marks)
            return checked

    # --- seal ----------------------------------------------------------------------------

    def seal(self) -> Sealed:
        """Seal what was recorded since the last time, and sign it: the newest checkpoint.

        One signature covers all accounts. Where nothing is new it is the checkpoint of the
        last seal; where a seal was interrupted, its signature is made now. Raises BadInput
        without a signer, or in a host's transaction; Fork, and nothing is signed, if the
        database does not continue what the key has signed before (a restored backup).
        """
        with self._keys_lock, observed("seal"):
            return self._sealer().seal(self._keys)

    def rotate(self, signer: Signer | str | os.PathLike[str], *, high_water: Any = None) -> Sealed:
        """Put a new key on record in place of the newest, and seal.

        The keys that the ledger was opened with sign beside it, so that those who trust one of
        them can follow; open it with the new one alone when nobody needs the old one any more.
        """
        (key,) = signing_keys(signer, high_water or self._high_water)
        with self._keys_lock:
            keys = (*[other for other in self._keys if other.signer.key != key.signer.key], key)
            sealed = self._sealer().seal(keys, new=key)
            self._keys = keys
            return sealed

    def checkpoint(self) -> Sealed | None:
        """The newest signed checkpoint, None before the first seal."""
        with self._store.begin(write=False) as tx:
            return newest_signed(tx)

    def bundle(
        self,
        account: str,
        *,
        entries: Iterable[Chosen] | None = None,
        to: str | None = None,
        originals: bool = True,
    ) -> Bundle:
        """The account as a file that anybody can verify offline: `.save(path)`.

        It shows what is sealed; with a signer, everything is sealed first. `entries`: not all
        of it but these (numbers, entries, or the key of a touch, which brings what is about
        it), each with its proof. `to`: who gets it, a key in the account. `originals`: with
        the raw messages. Raises NotSealed where nothing is sealed; NotFound, BadInput.
        """
        seal = self.seal if self._keys and not self._reading else None
        if seal is not None:
            seal()
        with self._store.begin(write=False) as tx:
            id_ = self._accounts.must_find(account, tx)
        return bundle(
            self._store,
            self._references,
            id_,
            self._row.house,
            now=self._now,
            entries=entries,
            to=to,
            originals=originals,
            remember=not self._reading,
            seal=seal,
        )

    def _attachment(self, account: str) -> Attachment:
        from contactledger.printing import Attachment

        return Attachment(account, lambda target: self.bundle(account).write(target))

    def prove(self, account: str, no: int) -> EntryProof:
        """The proof that an entry stands under the newest signed checkpoint.

        `contactledger.trees.check_entry` checks it, anywhere. Raises NotSealed if the entry
        came after the last seal.
        """
        with self._store.begin(write=False) as tx:
            return prove_entry(tx, self._accounts.must_find(account, tx), no)

    def accept(
        self, countersignature: Countersignature | bytes, *, trust: Trust | Iterable[Trust]
    ) -> Accepted:
        """Take in what came back for a bundle, if one of their keys in `trust` signed it.

        Later bundles hold it (`contactledger.countersigning`). Raises Unverified.
        """
        from contactledger.countersigning import accept

        self._sealer()  # which a ledger opened for reading has not
        return in_one_transaction(
            self._store, lambda tx: accept(tx, countersignature, trust), idempotent=True
        )

    # --- inside --------------------------------------------------------------------------

    def _now(self) -> datetime:
        return as_utc(self._clock(), "clock")

    def _sealer(self) -> Sealer:
        if self._reading:
            raise BadInput("the ledger was opened for reading; name its recorder", field="recorder")
        return Sealer(self._store, self._row, now=self._now, random_bytes=self._random)

    def _load(self, account: str, *, check: bool = False) -> Loaded:
        with self._store.begin(write=False) as tx:
            id_ = self._accounts.must_find(account, tx)
            checked = rehash(tx, id_) if check else None
            return Loaded(list(read_all(tx, id_)), self._house.read(tx), checked)


def _is_sqlalchemy(where: Any) -> bool:
    return type(where).__module__.split(".")[0] in ("sqlalchemy", "sqlmodel")
