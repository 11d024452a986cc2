"""Where names lead: the references under which a ledger finds things again.

A key, an address or a Message-ID is personal, so no index holds it: the ledger makes a
reference of it with its own secret (HMAC-SHA256, cut to 16 bytes), and the row that leads
from there to the entry can be erased. An id is random; its reference is its own 26 letters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from hashlib import sha256

from contactledger.facts import (
    Alias,
    Entry,
    Fact,
    Message,
    Moved,
    Opened,
    Person,
    Preference,
    Redaction,
    Retraction,
    Touch,
)
from contactledger.store.port import LookupRow
from contactledger.swift import swift_row

SPACES = {
    "party": "who",
    "person": "who",
    "touch": "touch",
    "matter": "matter",
    "promise": "promise",
    "handoff": "handoff",
    "milestone": "milestone",
}
"""Kind of a thing → the space its key is unique in, within an account."""


NOTHING: Mapping[tuple[str, str], bytes] = {}
_LETTERS = bytes.maketrans(bytes(range(32)), b"abcdefghijklmnopqrstuvwxyz234567")


_LANE = 32
"""Bytes in which an id is spread: 26 for its letters, and room on their left."""


@lru_cache(8)
def _spread(number: int) -> list[tuple[int, int, int]]:
    """For lanes of 32 groups of five bits, so many: masks of the lower and of the upper half of
    each run of 2·n groups, and how far the upper half moves to be on its own, for n from 16 down
    to 1."""
    halves = []
    for groups in (16, 8, 4, 2, 1):
        run = (1 << 5 * groups) - 1
        lower = sum(run << start for start in range(0, 8 * _LANE * number, 16 * groups))
        halves.append((lower, lower << 5 * groups, 3 * groups))
    return halves


def _letters(bits: int, number: int) -> str:
    """Numbers of 128 bits in so many lanes as base32, each at the end of its lane.

    All groups of five bits are moved to a byte of their own at once, in halves of halves:
    `base64.b32encode` takes as long as hashing the whole entry.
    """
    bits <<= 2
    for lower, upper, shift in _spread(number):
        bits = bits & lower | (bits & upper) << shift
    return bits.to_bytes(_LANE * number, "big").translate(_LETTERS).decode("ascii")


def new_id(random_bytes: Callable[[int], bytes]) -> str:
    """A random 128-bit id as 26 characters of lower-case base32 (RFC 4648 section 6)."""
    return _letters(int.from_bytes(random_bytes(16), "big"), 1)[-26:]


def new_ids(random_bytes: Callable[[int], bytes], number: int) -> list[str]:
    """So many of them from one draw: a third of the time for each."""
    drawn, space = random_bytes(16 * number), bytes(_LANE - 16)
    lanes = [space + drawn[start : start + 16] for start in range(0, len(drawn), 16)]
    text = _letters(int.from_bytes(b"".join(lanes), "big"), number)
    return [text[end - 26 : end] for end in range(_LANE, len(text) + 1, _LANE)]


def id_ref(id_: str) -> bytes:
    """The reference of an id: itself."""
    return id_.encode("ascii")


class References:
    """Makes the references by which things are looked up, with the ledger's secret."""

    def __init__(self, secret: bytes) -> None:
        # HMAC (RFC 2104) with both pads hashed once; the one-shot call of the standard
        # library sets up the key anew each time, which took longer than the hashing.
        key = secret.ljust(64, b"\0")
        self._inner = sha256(bytes(byte ^ 0x36 for byte in key))
        self._outer = sha256(bytes(byte ^ 0x5C for byte in key))
        # A key is asked for when it is looked up, and again when its row is made; what is asked
        # of an account, at every recording.
        self._kept = lru_cache(4_096)(self.of)

    def __repr__(self) -> str:
        return "References(…)"

    def of(self, *parts: str) -> bytes:
        """HMAC-SHA256 over the parts, cut to 16 bytes."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update("\0".join(parts).encode("utf-8", "surrogatepass"))
        outer.update(inner.digest())
        return outer.digest()[:16]

    def account(self, name: str) -> bytes:
        """Where an account's name leads."""
        return self.of("account", name)

    def key(self, account: str, space: str, key: str) -> bytes:
        """Where a host's key leads, within an account."""
        return self._kept("key", account, space, key)

    def message_id(self, value: str) -> bytes:
        """Where a Message-ID leads."""
        return self.of("message-id", value.strip().strip("<>"))

    def provider_id(self, value: str) -> bytes:
        """Where a provider's own id of a message leads."""
        return self.of("provider-id", value)

    def call_id(self, value: str) -> bytes:
        """Where the id of a call leads."""
        return self.of("call-id", value)

    def address(self, value: str) -> bytes:
        """Where an e-mail address or a telephone number leads."""
        return self.of("address", normal_address(value))

    def reach(self, account: str, person: str, channel: str) -> bytes:
        """Where the touches to somebody over a channel are listed."""
        return self._kept("reach", account, person, channel)

    def aliases(self, account: str) -> bytes:
        """Where the aliases of an account are listed."""
        return self._kept("aliases", account)

    def retracted(self, account: str, no: int) -> bytes:
        """Where the retraction of an entry is found."""
        return self.of("retracted", account, str(no))

    def moved(self, account: str) -> bytes:
        """Where the account is found in whose log this one goes on."""
        return self._kept("moved", account)

    def unscrubbed(self) -> bytes:
        """Where redactions are listed whose bytes may still lie in the database's files."""
        return self.of("unscrubbed")


def normal_address(value: str) -> str:
    """An address for comparison: mail in lower case, numbers without spaces and dashes.

    RFC 5321 leaves the local part's case to its host; no large host tells them apart.
    """
    text = value.strip()
    if "@" in text:
        return text.lower()
    digits = "".join(c for c in text if c.isdigit())
    return ("+" if text.startswith("+") else "") + digits if digits else text.lower()


def lookups_of(entry: Entry, references: References) -> list[LookupRow]:
    """Every reference that leads to an entry; all of them can be made again from its parts."""
    return rows_of(entry.fact, entry.account, entry.no, entry.id, entry.kind, references)


def rows_of(
    fact: Fact,
    account: str,
    no: int,
    id_: str,
    kind: str,
    references: References,
    known: Mapping[tuple[str, str], bytes] = NOTHING,
) -> list[LookupRow]:
    """The same for an entry of these parts.

    `known`: references of (space, key) that were made already.
    """
    space = SPACES.get(kind)
    if space is None:
        return _keyless_lookups(fact, account, no, id_, kind, references)
    rows = [_row((id_ref(id_), account, id_, no, kind))]
    key: str | None = fact.key  # type: ignore[union-attr] # all kinds of SPACES have one
    if key is not None:
        ref = known.get((space, key)) or references.key(account, space, key)
        rows.append(_row((ref, account, id_, no, kind)))
    if isinstance(fact, Touch):
        rows += _touch_lookups(fact, account, no, id_, references)
    elif isinstance(fact, Person):
        rows += [
            _row((references.address(address), account, id_, no, "address"))
            for address in (*several(fact.email), *several(fact.phone))
        ]
    return rows


def _keyless_lookups(
    fact: Fact, account: str, no: int, id_: str, kind: str, references: References
) -> list[LookupRow]:
    if isinstance(fact, Preference):
        id_ = str(fact.subject)
        ref = references.of("preference", account, id_)
    elif isinstance(fact, Alias):
        ref = references.aliases(account)
    elif isinstance(fact, Retraction) and fact.entry is not None:
        ref = references.retracted(account, fact.entry)
    elif isinstance(fact, Redaction):
        ref = references.unscrubbed()
    elif isinstance(fact, Moved):
        id_, ref = fact.to, references.moved(account)
    elif isinstance(fact, Opened) and fact.name is not None:
        id_, ref = account, references.account(fact.name)
    else:
        return []
    return [LookupRow(ref, account, id_, no, kind)]


def _touch_lookups(
    touch: Touch, account: str, no: int, id_: str, references: References
) -> list[LookupRow]:
    reach = references.reach
    rows = [
        _row((ref, account, id_, no, "message")) for ref in message_refs(touch.message, references)
    ]
    rows += [
        _row((reach(account, who, touch.channel), account, id_, no, "reach")) for who in touch.to
    ]
    if touch.addresses is not None:
        rows += [
            _row((references.address(address), account, who, no, "address"))
            for who, address in touch.addresses.items()
        ]
    return rows


def message_refs(message: Message | None, references: References) -> list[bytes]:
    """Where the names that carriers gave a message lead."""
    refs: list[bytes] = []
    if message is None:
        return refs
    if message.message_id is not None:
        refs.append(references.message_id(message.message_id))
    if message.provider_id is not None:
        refs.append(references.provider_id(message.provider_id))
    if message.call_id is not None:
        refs.append(references.call_id(message.call_id))
    return refs


_row = swift_row(LookupRow)


def several(value: tuple[str, ...] | str | None) -> tuple[str, ...]:
    """One or several addresses as a tuple."""
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else value
