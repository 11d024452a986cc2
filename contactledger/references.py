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
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = tuple(first + second for first in _LETTERS for second in _LETTERS)


def new_id(random_bytes: Callable[[int], bytes]) -> str:
    """A random 128-bit id as 26 characters of lower-case base32 (RFC 4648 section 6).

    Ten bits at a time: `base64.b32encode` takes as long as hashing the whole entry.
    """
    bits = int.from_bytes(random_bytes(16), "big") << 2
    return "".join([_PAIRS[bits >> shift & 1023] for shift in range(120, -1, -10)])


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
        # A key is asked for when it is looked up, and again when its row is made.
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
        return self.of("aliases", account)

    def retracted(self, account: str, no: int) -> bytes:
        """Where the retraction of an entry is found."""
        return self.of("retracted", account, str(no))

    def moved(self, account: str) -> bytes:
        """Where the account is found in whose log this one goes on."""
        return self.of("moved", account)

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


def lookups_of(
    entry: Entry, references: References, known: Mapping[tuple[str, str], bytes] = NOTHING
) -> list[LookupRow]:
    """Every reference that leads to an entry; all of them can be made again from its parts.

    `known`: references of (space, key) that were made already.
    """
    fact, account, no, id_, kind = entry.fact, entry.account, entry.no, entry.id, entry.kind
    rows = []
    if kind in SPACES:
        rows.append(LookupRow(id_ref(id_), account, id_, no, kind))
    if isinstance(fact, Preference):
        ref = references.of("preference", account, str(fact.subject))
        return [LookupRow(ref, account, str(fact.subject), no, kind)]
    if isinstance(fact, Alias):
        return [LookupRow(references.aliases(account), account, id_, no, kind)]
    if isinstance(fact, Retraction) and fact.entry is not None:
        return [LookupRow(references.retracted(account, fact.entry), account, id_, no, kind)]
    if isinstance(fact, Redaction):
        return [LookupRow(references.unscrubbed(), account, id_, no, kind)]
    if isinstance(fact, Moved):
        return [LookupRow(references.moved(account), account, fact.to, no, kind)]
    if isinstance(fact, Opened):
        if fact.name is None:
            return []
        return [LookupRow(references.account(fact.name), account, account, no, kind)]
    key = getattr(fact, "key", None)
    if key is not None:
        ref = known.get((SPACES[kind], key)) or references.key(account, SPACES[kind], key)
        rows.append(LookupRow(ref, account, id_, no, kind))
    if isinstance(fact, Person):
        rows += [
            LookupRow(references.address(address), account, id_, no, "address")
            for address in (*several(fact.email), *several(fact.phone))
        ]
    elif isinstance(fact, Touch):
        _touch_lookups(rows, entry, fact, references)
    return rows


def _touch_lookups(
    rows: list[LookupRow], entry: Entry, touch: Touch, references: References
) -> None:
    account, no, id_ = entry.account, entry.no, entry.id
    rows += [
        LookupRow(ref, account, id_, no, "message")
        for ref in message_refs(touch.message, references)
    ]
    rows += [
        LookupRow(references.reach(account, who, touch.channel), account, id_, no, "reach")
        for who in touch.to
    ]
    rows += [
        LookupRow(references.address(address), account, who, no, "address")
        for who, address in (touch.addresses or {}).items()
    ]


def message_refs(message: Message | None, references: References) -> list[bytes]:
    """Where the names that carriers gave a message lead."""
    if message is None:
        return []
    given = (
        (references.message_id, message.message_id),
        (references.provider_id, message.provider_id),
        (references.call_id, message.call_id),
    )
    return [make(value) for make, value in given if value is not None]


def several(value: tuple[str, ...] | str | None) -> tuple[str, ...]:
    """One or several addresses as a tuple."""
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else value
