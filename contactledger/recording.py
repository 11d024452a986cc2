"""From facts as a host writes them to entries as they are stored.

Keys become ids, a repeat becomes the entry that is there, a conflict an error; what is left
is encoded, hashed into the account's frontier and handed to the store as one `Batch`. No
clock and no randomness of its own: both come in with the `Desk`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from attrs import define

from contactledger.errors import (
    BadFact,
    BadInput,
    Conflict,
    Corrupt,
    LedgerError,
    NotFound,
    TooLarge,
)
from contactledger.facts import (
    Alias,
    Blob,
    Entry,
    Fact,
    Handoff,
    Mark,
    Matter,
    Milestone,
    Party,
    Person,
    PolicyAdopted,
    Preference,
    Retraction,
    Settlement,
    Signal,
    Touch,
)
from contactledger.fieldwise import ASIDE, ASIDE_AND_TIME, NOTHING, difference, replaced, said
from contactledger.log.fields import PLANS
from contactledger.log.record import Drafts, decode, to_base64url
from contactledger.log.tlog import grow, leaf_hash
from contactledger.merging import Merged
from contactledger.references import SPACES, References, new_id, new_ids, rows_of
from contactledger.refusing import addresses, refuse, refuse_among
from contactledger.resolving import Keys, named_in, spaces_of
from contactledger.store.port import (
    AccountRow,
    Batch,
    DisclosureRow,
    EntryRow,
    LookupRow,
    SeenRow,
    Transaction,
)
from contactledger.store.sealing import STORED_LEVELS, NodeRow
from contactledger.swift import swift, swift_row

_VERSIONED = (Party, Person, Preference, Matter, Milestone)
"""Kinds whose key may come again with other content: a new version."""

FEW = 32
"""So many facts have all that they look up worked out before their account is locked."""
AT_ONCE = 32
"""Facts encoded together: one by one takes a quarter longer, a thousand at once a seventh, as what
is held longer costs the collector time."""
PART = 2 * AT_ONCE
"""Entries handed over together where the store stores them meanwhile (`Transaction.streams`)."""
_RECORDER_BY_DEFAULT: dict[type[Fact], str] = {
    Touch: "sender",
    Mark: "party",
    PolicyAdopted: "party",
    Matter: "party",
    Settlement: "party",
    Handoff: "giver",
}


@define
class Given:
    """A fact to record, with what only the ledger knows of it.

    `id`: a fresh id where the caller needs it beforehand. `identity`: the digest of the
    event it came from; a signal of an event that is there with other content is kept, marked.
    `own_time`: False where our clock stands in for the event's, so that a retry differs in it.
    """

    fact: Fact
    id: str | None = None
    identity: bytes | None = None
    own_time: bool = True


@define
class Written:
    """What became of a `Given`: the entry, and whether it is `new`, `repeated`, `conflicting`."""

    entry: Entry
    state: str


_Done = tuple[Entry | int, str]
"""The same while entries are made: of a new one there is but its number."""
_entry = swift(Entry)
_entry_row = swift_row(EntryRow)


class Desk:
    """One account's recording in one transaction. `keys`: where these facts were looked at."""

    def __init__(
        self,
        tx: Transaction,
        references: References,
        head: AccountRow,
        *,
        recorder: str,
        recorder_key: str,
        now: datetime,
        random_bytes: Callable[[int], bytes],
        keys: Keys | None = None,
    ) -> None:
        self.tx = tx
        self.references = references
        self.head = head
        self.account = head.account
        self.recorder = recorder
        self.recorder_key = recorder_key
        self.recorded_at = now if head.recorded_at is None else max(now, head.recorded_at)
        self._random = random_bytes
        self._found: dict[bytes, LookupRow | None] = {}
        self._keys = keys or Keys(references, head.account)
        self._led: dict[tuple[tuple[str, ...], str], str] = {}  # (kinds, key) → id that stays
        self._kinds: dict[str, str] = {recorder: "party"}
        self._merged = Merged(head.account)
        self._size = head.size
        self._stored = head
        self._drafts = Drafts(
            account=head.account,
            recorder=recorder,
            recorded_at=self.recorded_at,
        )
        self._drafted: list[tuple[int, Fact, str, datetime]] = []  # (place, fact, id, at)
        self._place = 0
        self._refused: BadInput | None = None
        self._made: dict[int, Entry] = {}
        self._entries: list[EntryRow] = []
        self._leaves: list[bytes] = []
        self._disclosures: list[DisclosureRow] = []
        self._lookups: list[LookupRow] = []
        self._blobs: list[tuple[str, bytes]] = []
        self._seen: list[SeenRow] = []
        self._seen_now: dict[bytes, int] = {}
        self._new_events: set[bytes] = set()
        self._salts: Iterator[str] = iter(())
        self._ids: list[str] = []

    # --- the way in ------------------------------------------------------------------------

    def write(self, given: Sequence[Given], first_place: int = 1) -> list[Written]:
        """Record these in order; errors name the field and "fact n"."""
        self._prefetch(given)
        self._salts = _salts(self._random, min(4 * len(given), AT_ONCE))
        if len(given) > 1:
            self._ids = new_ids(self._random, min(len(given), AT_ONCE))
        done = []
        for self._place, item in enumerate(given, first_place):
            try:
                if len(self._drafted) == AT_ONCE:
                    self._encode()
                    self._ids = new_ids(self._random, AT_ONCE)
                    if self.tx.streams and len(self._entries) >= PART:
                        self.hand_over()
                done.append(self._write_one(item))
            except LedgerError as error:
                if error is self._refused:
                    raise
                self._encode()  # what an earlier fact is refused for is said first
                if isinstance(error, BadInput | NotFound):
                    raise error.at(f"fact {self._place}") from None
                raise
        self._encode()
        made = self._made
        return [Written(made[e] if isinstance(e, int) else e, state) for e, state in done]

    def hand_over(self) -> None:
        """Hand to the store what was made since, as one batch."""
        if not self._entries:
            return
        before = self._stored
        frontier, made = grow(before.size, hashes_in(before.frontier), self._leaves)
        self._stored = AccountRow(self.account, self._size, b"".join(frontier), self.recorded_at)
        self.tx.append(
            Batch(
                self._stored,
                self._entries,
                self._disclosures,
                self._lookups,
                self._blobs,
                self._seen,
                [NodeRow(*node) for node in made if node[0] % STORED_LEVELS == 0],
            )
        )
        self._entries, self._leaves, self._seen = [], [], []
        self._disclosures, self._lookups, self._blobs = [], [], []

    # --- keys → ids --------------------------------------------------------------------------

    def _prefetch(self, given: Sequence[Given]) -> None:
        """Look up in one query whatever the batch refers to."""
        aliases = self.references.aliases(self.account)
        keys = self._keys
        wanted = keys.wanted([item.fact for item in given]) if keys.asked is None else keys.asked
        self._found.update(dict.fromkeys(wanted))
        for row in self.tx.find(wanted, self.account):
            self._learn(row)
        if self._found[aliases] is not None:
            self._merged = Merged.load(self.tx, self.references, self.account)
        events = {item.identity for item in given if item.identity is not None}
        self._new_events = events.difference(self.tx.seen(self.account, events) if events else ())

    def _learn(self, row: LookupRow) -> None:
        self._found[row.ref] = row  # rows come in order of their numbers: the newest stays
        if row.kind in SPACES:
            self._kinds[row.id] = row.kind

    def resolve(self, kinds: tuple[str, ...], value: Any, where: str) -> str:
        """The id that a key, id or `Entry` stands for; NotFound names the field."""
        if isinstance(value, Entry):
            self._kinds.setdefault(value.id, value.kind)
            value = value.id
        if type(value) is not str:
            raise BadFact("must be a key, an id or an Entry", field=where)
        if "party" in kinds and value in (self.recorder_key, self.recorder):
            return self.recorder
        for ref in self._keys.candidates(spaces_of(kinds), value):
            row = self._look(ref, where)
            if row is not None and row.kind in kinds:
                return row.id
        raise NotFound(f"no {' or '.join(kinds)} of this key in the account", field=where)

    def _lead(self, kinds: tuple[str, ...], value: Any, where: str) -> str:
        """The same, led to the name that stays where two are one (J48)."""
        known = self._led.get((kinds, value)) if type(value) is str else None
        if known is not None:
            return known
        id_ = self.resolve(kinds, value, where)
        stays = self._merged.stays(id_)
        self._kinds.setdefault(stays, self._kinds.get(id_, ""))
        if type(value) is str:
            self._led[kinds, value] = stays  # until something else is merged or parted
        return stays

    def _look(self, ref: bytes, where: str) -> LookupRow | None:
        """Where it leads; Corrupt names the field if to no entry (a table restored alone)."""
        if ref not in self._found:
            self._found[ref] = None
            for row in self.tx.find([ref], self.account):
                self._learn(row)
        found = self._found[ref]
        if found is not None and found.no >= self._size:
            what = f"a look-up that {where} needs leads to no entry; reindex() mends it"
            raise Corrupt(what, account=self.account, no=found.no)
        return found

    def _entry_no(self, value: Any, where: str) -> int:
        if isinstance(value, Entry):
            if value.account != self.account:
                raise BadFact("is an entry of another account", field=where)
            value = value.no
        if type(value) is str:
            for space in dict.fromkeys(SPACES.values()):
                for ref in self._keys.candidates((space,), value):
                    row = self._look(ref, where)
                    if row is not None:
                        return row.no
            raise NotFound("nothing of this key in the account", field=where)
        if type(value) is not int or not 0 <= value < self._size:
            raise NotFound("no entry of this number in the account", field=where)
        return value

    def _resolved(self, fact: Fact) -> Fact:
        cls = type(fact)
        changes: dict[str, Any] = {"at": self.recorded_at} if fact.at is None else {}
        default = _RECORDER_BY_DEFAULT.get(cls)
        if default is not None and getattr(fact, default) is None:
            changes[default] = self.recorder
        for (name, where, kinds), value in named_in(fact):
            if kinds == ("entry",):
                changes[name] = self._entry_no(value, where)
            elif isinstance(value, tuple):
                found = [self._lead(kinds, one, f"{where}[{i}]") for i, one in enumerate(value)]
                changes[name] = tuple(dict.fromkeys(found))
            else:
                lead = self.resolve if cls is Alias else self._lead
                changes[name] = lead(kinds, value, where)
        if isinstance(fact, Touch) and fact.addresses is not None:
            if not isinstance(fact.addresses, Mapping):
                raise BadFact("must be a mapping of person to address", field="Touch.addresses")
            changes["addresses"] = {
                self._lead(("person", "party"), person, "Touch.addresses"): address
                for person, address in fact.addresses.items()
            }
        if isinstance(fact, Person):
            for name in ("email", "phone"):
                changes[name] = addresses(getattr(fact, name), f"Person.{name}")
        return replaced(fact, changes)

    # --- one fact ---------------------------------------------------------------------------

    def _write_one(self, item: Given) -> _Done:
        fact = self._resolved(item.fact)
        refuse(fact, self.recorded_at)
        refuse_among(fact, kinds=self._kinds, recorder=self.recorder, entry=self.entry)
        said = self._merged.said(fact)
        if said is not None:
            return said, "repeated"
        own = self._keys.own(fact)
        there = None if own is None else self._there(fact, own)
        if there is not None:
            differs = difference(there, fact, at=item.fact.at is not None)
            if differs is None:
                return there, "repeated"
            if not isinstance(fact, _VERSIONED):
                raise Conflict(type(fact).__name__, differs, there.no)
        id_ = item.id or (self._merged.stays(there.id) if there is not None else self._id_of(fact))
        return self._once(item, fact, id_, own)

    def _id_of(self, fact: Fact) -> str:
        if isinstance(fact, Party) and fact.key == self.recorder_key:
            return self.recorder
        return self._ids.pop() if self._ids else new_id(self._random)

    def _once(self, item: Given, fact: Fact, id_: str, own: bytes | None) -> _Done:
        """Append, unless the same event or the same keyless content is there already."""
        if item.identity is None and (own is not None or item.fact.at is None):
            return self._append(fact, id_), "new"
        content = self._content(fact, item)
        digests = [content] if item.identity is None else [content, item.identity]
        # of an event that is not on record nothing is that it could have said
        new = item.identity in self._new_events and item.identity not in self._seen_now
        seen = {} if new else self._seen_before(digests)
        if content in seen:
            return self.entry(seen[content]), "repeated"
        state = "new"
        if item.identity in seen and isinstance(fact, Signal):
            fact = replaced(fact, {"conflicts": seen[item.identity]})
            state = "conflicting"
        no = self._append(fact, id_)
        for digest in digests:
            if digest not in seen:
                self._seen.append(SeenRow(digest, no))
                self._seen_now[digest] = no
        return no, state

    def _seen_before(self, digests: list[bytes]) -> dict[bytes, int]:
        now = {d: self._seen_now[d] for d in digests if d in self._seen_now}
        rest = [d for d in digests if d not in now]
        return {**self.tx.seen(self.account, rest), **now} if rest else now

    def _content(self, fact: Fact, item: Given) -> bytes:
        """A digest of what a fact says, with the ledger's secret; survives erasure."""
        aside = NOTHING if item.identity is None else ASIDE if item.own_time else ASIDE_AND_TIME
        parts = [PLANS[type(fact)].kind, (item.identity or b"").hex(), *said(fact, aside)]
        return self.references.of("content", *parts)

    def _there(self, fact: Fact, own: bytes) -> Entry | None:
        """The newest entry of the same key."""
        field = "subject" if isinstance(fact, Preference) else "key"
        where = f"{type(fact).__name__}.{field}"
        row = self._look(own, where)
        if row is None:
            return None
        if row.kind != PLANS[type(fact)].kind:
            raise BadFact(f"is the key of a {row.kind} in this account", field=where)
        return self.entry(row.no)

    def entry(self, no: int) -> Entry:
        """An entry of this account, of this batch or from the store."""
        if no >= self.head.size:
            self._encode()
        made = self._made.get(no)
        if made is not None:
            return made
        rows = list(self.tx.entries(self.account, no, no + 1))
        if not rows:
            raise Corrupt("the entry is not there", account=self.account, no=no)
        bodies = [d.body for d in self.tx.disclosures(self.account, no, no + 1)]
        return decode(rows[0].record, bodies)

    def _append(self, fact: Fact, id_: str) -> int:
        """The number of the new entry, which is there as soon as it is encoded."""
        no, at, kind = self._size, fact.at or self.recorded_at, PLANS[type(fact)].kind
        self._refuse_blob(fact)
        owner, salt = self._owner(fact, id_), self._salts.__next__
        blobs = self._drafts.add(fact, no=no, id=id_, at=at, owner=owner, salt=salt)
        for sha256, data in blobs:
            fact = replaced(fact, {"original": Blob(sha256, len(data))})
        self._drafted.append((self._place, fact, id_, at))
        self._size = no + 1
        rows = rows_of(fact, self.account, no, id_, kind, self.references, self._keys.made)
        self._lookups += rows
        for row in rows:
            self._found[row.ref] = row
        if kind in SPACES:
            self._kinds[id_] = kind
        elif isinstance(fact, Alias):
            self._merged.learn([self.entry(no)])
            self._led.clear()
        elif isinstance(fact, Retraction):
            self._merged.forget(fact.entry)
            self._led.clear()
        return no

    def _encode(self) -> None:
        """Bytes for all that was appended since, and with them the entries."""
        drafted, self._drafted = self._drafted, []
        encoded = self._drafts.encode()
        for no, (place, fact, id_, at) in enumerate(drafted, self._size - len(drafted)):
            try:
                record, disclosures, sd, blobs = next(encoded)
            except TooLarge as error:
                self._refused = error.at(f"fact {place}")
                raise self._refused from None
            kind, leaf, newest = PLANS[type(fact)].kind, leaf_hash(record), self.recorded_at
            self._made[no] = _entry(
                self.account, no, id_, kind, at, newest, self.recorder, fact, sd
            )
            self._entries.append(_entry_row((no, id_, kind, at, newest, record, leaf)))
            self._leaves.append(leaf)
            self._disclosures += disclosures
            self._blobs += blobs

    def _refuse_blob(self, fact: Fact) -> None:
        """A blob may be named instead of given only where its bytes are."""
        original = getattr(fact, "original", None)
        if isinstance(original, Blob) and self.tx.blob(self.account, original.sha256) is None:
            raise BadFact("must be bytes", field=f"{type(fact).__name__}.original")

    def _owner(self, fact: Fact, id_: str) -> str:
        """The one person whom a fact's personal parts are about, "" for several or none."""
        if isinstance(fact, Touch):
            people = [fact.sender, *fact.to]
        elif isinstance(fact, Signal):
            people = [fact.person]
        elif isinstance(fact, Person):
            return id_
        elif isinstance(fact, Preference):
            people = [fact.subject]
        else:
            return ""
        named = {p for p in people if p is not None and self._kinds.get(p) == "person"}
        return named.pop() if len(named) == 1 else ""


def _salts(random_bytes: Callable[[int], bytes], at_once: int) -> Iterator[str]:
    """22 characters of a fresh 128-bit salt each, drawn several `at_once`, as a draw is a call."""
    while True:
        drawn = random_bytes(16 * at_once)
        # With two bytes of nothing behind, 16 bytes fill whole groups of base64.
        padded = b"".join([drawn[i : i + 16] + b"\0\0" for i in range(0, len(drawn), 16)])
        text = to_base64url(padded)
        yield from [text[i : i + 22] for i in range(0, len(text), 24)]


def hashes_in(joined: bytes) -> tuple[bytes, ...]:
    """Hashes of 32 bytes that lie one after the other."""
    return tuple(joined[i : i + 32] for i in range(0, len(joined), 32))
