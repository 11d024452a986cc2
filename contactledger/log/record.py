"""Entries as bytes: what stands in the clear, what in salted disclosures.

An entry is one canonical record::

    {"typ": "contactledger/entry/v1", "account": id, "no": 0…, "id": id,
     "kind": "touch", "at": time, "recorded_at": time, "recorder": id, "fact": {…},
     "sd": [[field, person, digest], …]}

`fact` holds the impersonal fields that are not at their default. Each personal field is a
*disclosure* in the manner of RFC 9901 (SD-JWT) section 4.2: with a fresh salt of 128 bits

    D = base64url(json([salt, field, value]))        digest = base64url(sha256(ascii(D)))

and `sd` lists `[field, person id or "", digest]`, sorted. Whoever holds D can show that the
field had that value; with D erased, the digest says nothing about it. `person` says whom the
part is about, so that one person can be forgotten and others kept.

`encode` and `decode` are a pair.
"""

from __future__ import annotations

import re
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from itertools import chain, compress, repeat
from operator import is_not
from typing import Any, NamedTuple

import attrs

from contactledger.errors import BadFact, BadRecord, TooLarge
from contactledger.facts import FACTS, Blob, Disclosure, Entry, Fact
from contactledger.log.canon import Layout, dump, format_time, parse, parse_object, parse_time
from contactledger.log.fields import BY_KIND, PLANS, Plan
from contactledger.swift import swift, swift_row

ENTRY_TYP = "contactledger/entry/v1"
ID = re.compile(r"[a-z2-7]{26}\Z")


class Encoded(NamedTuple):
    """An entry ready to be stored: its bytes, its disclosures, the (field, person, digest) of
    each as the bytes list them, its blobs by SHA-256 (hex)."""

    record: bytes
    disclosures: list[Disclosure]
    sd: tuple[tuple[str, str, str], ...]
    blobs: list[tuple[str, bytes]]


# --- base64url without padding (RFC 4648 section 5) ----------------------------------------

_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_+/=", b"+/!!!")
_FILLED = (b"", None, b"==", b"=")
"""By the length modulo 4: what is missing; one character over is no text of bytes."""
_LAST = (None, None, frozenset(b"AQgw"), frozenset(b"AEIMQUYcgkosw048"))
"""And which characters may come last: those whose bits beyond the last byte are zero."""


def to_base64url(data: bytes) -> str:
    """Bytes as base64url without padding."""
    return b2a_base64(data, newline=False).translate(_TO_URL).rstrip(b"=").decode("ascii")


def from_base64url(text: str) -> bytes:
    """The bytes of such text; BadRecord for anything else, stray trailing bits included."""
    over = len(text) % 4
    try:
        filled = text.encode("ascii").translate(_FROM_URL) + _FILLED[over]  # type: ignore[operator]
        data = a2b_base64(filled, strict_mode=True)
    except (Base64Error, UnicodeEncodeError, TypeError):
        raise BadRecord("not base64url without padding") from None
    last = _LAST[over]
    if last is not None and ord(text[-1]) not in last:
        raise BadRecord("base64url with stray trailing bits")
    return data


def digest_of(body: str) -> str:
    """The digest of a disclosure, as `sd` lists it (RFC 9901 section 4.2.3)."""
    return to_base64url(sha256(body.encode("ascii")).digest())


_FILL = (b"", b"\0\0", b"\0")


def bodies_of(parts: Sequence[bytes]) -> list[bytes]:
    """Each of these as base64url, encoded in one go: filled up to whole groups of three bytes,
    which stand in four characters, and what that adds cut off again."""
    filled = b"".join([part + _FILL[len(part) % 3] for part in parts])
    text = b2a_base64(filled, newline=False).translate(_TO_URL)
    bodies, start = [], 0
    for size in map(len, parts):
        bodies.append(text[start : start + (size * 4 + 2) // 3])
        start += (size + 2) // 3 * 4
    return bodies


def digests_of(bodies: Iterable[bytes]) -> list[str]:
    """The same of several disclosures as bytes, encoded in one go as in `bodies_of`."""
    joined = b"".join([sha256(body).digest() + b"\0" for body in bodies])
    text = b2a_base64(joined, newline=False).translate(_TO_URL).decode("ascii")
    return [text[start : start + 43] for start in range(0, len(text), 44)]


# --- encode and decode ------------------------------------------------------------------------


def encode(  # noqa: PLR0913 - an entry has that many parts
    fact: Fact,
    *,
    account: str,
    no: int,
    id: str,  # noqa: A002 - the record's own word
    at: datetime,
    recorded_at: datetime,
    recorder: str,
    owner: str,
    salt: Callable[[], str],
) -> Encoded:
    """The bytes of a fact whose references are ids already.

    `owner` is the person whom its personal parts are about ("" for several or none), `salt`
    gives 22 fresh base64url characters (128 bits) each time. BadFact names the field.
    """
    drafts = Drafts(account=account, recorder=recorder, recorded_at=recorded_at)
    drafts.add(fact, no=no, id=id, at=at, owner=owner, salt=salt)
    (encoded,) = drafts.encode()
    return encoded


class Drafts:
    """Entries of one account, recorded by one party at one time, on the way to their bytes.

    One after the other is looked at (`add`), and all are hashed at once (`encode`): what is done
    to every disclosure costs more in calls than in work.
    """

    def __init__(self, *, account: str, recorder: str, recorded_at: datetime) -> None:
        self._account = account
        self._recorder = recorder
        self._recorded_at = format_time(recorded_at)
        self._drafts: list[_Draft] = []

    def add(
        self,
        fact: Fact,
        *,
        no: int,
        id: str,  # noqa: A002 - the record's own word
        at: datetime,
        owner: str,
        salt: Callable[[], str],
    ) -> list[tuple[str, bytes]]:
        """One more; its blobs. BadFact names the field. The words are those of `encode`."""
        plan = PLANS[type(fact)]
        named, parts, blobs = _disclose(plan, fact, owner, salt)
        document = {
            "typ": ENTRY_TYP,
            "account": self._account,
            "no": no,
            "id": id,
            "kind": plan.kind,
            "at": format_time(at),
            "recorded_at": self._recorded_at,
            "recorder": self._recorder,
            "fact": _clear(plan, fact),
            "sd": (),
        }
        self._drafts.append((type(fact).__name__, no, document, named, parts, blobs))
        return blobs

    def encode(self) -> Iterator[Encoded]:
        """The bytes of all that were added, in order; TooLarge names the kind of fact."""
        drafts, self._drafts = self._drafts, []
        bodies = bodies_of([part for draft in drafts for part in draft[4]])
        disclosed = zip(digests_of(bodies), [body.decode("ascii") for body in bodies], strict=True)
        for name, no, document, named, _, blobs in drafts:
            rows = [  # of what was disclosed as many as have a name here
                _row((no, *of, *one)) for of, one in zip(named, disclosed, strict=False)
            ]
            rows.sort()
            document["sd"] = sd = tuple([row[1:4] for row in rows])
            try:
                record = dump(document)
            except TooLarge as error:
                error.field = name
                raise
            yield _encoded((record, rows, sd, blobs))


_Draft = tuple[
    str, int, dict[str, Any], list[tuple[str, str]], list[bytes], list[tuple[str, bytes]]
]
"""Name of the kind, number, document, (field, person) of what is disclosed, its bytes, blobs."""
_row = swift_row(Disclosure)
_encoded = swift_row(Encoded)


def _clear(plan: Plan, fact: Fact) -> dict[str, Any]:
    """What stands in the clear. Most fields are at their default, which is one object."""
    values = plan.get_clear(fact)
    written = {}
    given = compress(zip(plan.clear, values, strict=True), map(is_not, values, plan.defaults))
    for (name, where, default, write), value in given:
        if value != default:
            written[name] = write(value, where)
    return written


def _disclose(
    plan: Plan, fact: Fact, owner: str, salt: Callable[[], str]
) -> tuple[list[tuple[str, str]], list[bytes], list[tuple[str, bytes]]]:
    """(field, person) of the personal parts of a fact, each as [salt, field, value], and blobs."""
    named: list[tuple[str, str]] = []
    parts: list[bytes] = []
    blobs: list[tuple[str, bytes]] = []
    where = ""
    values = plan.get_personal(fact)
    given = compress(zip(plan.personal, values, strict=True), map(is_not, values, repeat(None)))
    try:
        for (name, where, split, large, write), value in given:
            if split:
                for person, part in value.items():
                    named.append((name, person))
                    parts.append(dump([salt(), name, write(part, where)]))
                continue
            if large and isinstance(value, bytes):
                blobs.append((sha256(value).hexdigest(), value))
                value = Blob(blobs[-1][0], len(value))  # noqa: PLW2901 - named by its hash
            named.append((name, owner))
            parts.append(dump([salt(), name, write(value, where)]))
    except TooLarge as error:
        error.field = where
        raise
    return named, parts, blobs


_SALT = re.compile(r"[A-Za-z0-9_-]{21}[AQgw]\Z")
"""16 bytes: the last character carries two bits, and four that must be zero."""


def disclosed(body: str) -> tuple[str, Any]:
    """(field, value as JSON) of a disclosure D; BadRecord if it is not one."""
    document = parse(from_base64url(body))
    if not isinstance(document, list) or len(document) != 3:
        raise BadRecord("a disclosure is [salt, field, value]")
    salt, name, value = document
    if not (isinstance(salt, str) and _SALT.match(salt) and isinstance(name, str)):
        raise BadRecord("a disclosure is [salt of 128 bits, field, value]")
    return name, value


_LAYOUT = Layout.of(
    {
        "account": str,
        "at": str,
        "fact": dict,
        "id": str,
        "kind": str,
        "no": int,
        "recorded_at": str,
        "recorder": str,
        "sd": list,
        "typ": str,
    }
)


@lru_cache(256)
def _is_id(text: str) -> bool:
    """For ids that stand in many records: accounts and those who record."""
    return ID.match(text) is not None


def read_envelope(record: bytes) -> dict[str, Any]:
    """The document of an entry's canonical bytes, everything but the fact itself checked.

    `sd` comes as a list of lists. BadRecord for bytes that are not an entry of this format or
    of a kind that this release does not know; whether `fact` and what is disclosed make sense
    is seen by `decode`.
    """
    document = parse_object(record, _LAYOUT)
    if document is None:
        raise BadRecord("not an entry record")
    if document["typ"] != ENTRY_TYP:
        raise BadRecord("not an entry record", field="typ")
    account, recorder = document["account"], document["recorder"]
    if not (_is_id(account) and _is_id(recorder) and ID.match(document["id"])):
        name = next(n for n in ("account", "id", "recorder") if not ID.match(document[n]))
        raise BadRecord("not an id of 26 base32 characters", field=name)
    if document["kind"] not in FACTS:
        raise BadRecord("a kind of entry that this release does not know", field="kind")
    sd = document["sd"]
    if sd:
        rows = set(map(type, sd)) == {list} and set(map(len, sd)) == {3}
        if not rows or set(map(type, chain.from_iterable(sd))) != {str}:
            raise BadRecord("is a list of [field, person, digest]", field="sd")
        if len(sd) > 1 and sd != sorted(sd):
            raise BadRecord("is not sorted", field="sd")
    return document


def decode(record: bytes, disclosures: Mapping[str, str] | Iterable[str] = ()) -> Entry:
    """The entry of canonical bytes, with what is disclosed filled in.

    `disclosures`: the Ds at hand, or digest → D where the caller has their digests already.
    A D that belongs to no digest of this entry is ignored. BadRecord for bytes that are not
    an entry of this format, unknown kinds and fields included.
    """
    account, at, clear, id_, kind, no, recorded_at, recorder, sd, _ = read_envelope(record).values()
    plan = BY_KIND[kind]
    values = plan.blank.copy()
    values[-1] = parse_time(at)
    _read_clear(plan, clear, values)
    listed: tuple[tuple[str, str, str], ...] = ()
    gone = _NONE_GONE
    if sd:
        if not isinstance(disclosures, Mapping):
            given = tuple(disclosures)
            digests = digests_of([body.encode("ascii") for body in given])
            disclosures = dict(zip(digests, given, strict=True))
        listed = tuple([(name, person, digest) for name, person, digest in sd])
        gone = _fill(plan, values, listed, disclosures)
    return _entry(
        account, no, id_, kind, values[-1], parse_time(recorded_at), recorder,
        plan.make(*values), listed, gone,
    )  # fmt: skip


_NONE_GONE: frozenset[tuple[str, str]] = frozenset()
_entry = swift(Entry)


def _read_clear(plan: Plan, clear: dict[str, Any], values: list[Any]) -> None:
    """What stands in the clear, put into its place."""
    places = plan.places
    for name, value in clear.items():
        known = places.get(name)
        if known is None:
            raise BadRecord("not a clear field of this kind of entry", field=name)
        place, read = known
        try:
            values[place] = read(value)
        except BadFact as error:
            raise BadRecord(error.why, field=error.field) from None
        except (ValueError, TypeError, KeyError):
            raise BadRecord("not a value of this field", field=name) from None


def _fill(
    plan: Plan,
    values: list[Any],
    sd: tuple[tuple[str, str, str], ...],
    disclosures: Mapping[str, str],
) -> frozenset[tuple[str, str]]:
    """What is disclosed, put into its place; the (field, person) of what is not."""
    gone = []
    for name, person, digest in sd:
        known = plan.parts.get(name)
        if known is None:
            raise BadRecord("names a field that is not personal here", field="sd")
        body = disclosures.get(digest)
        if body is None:
            gone.append((name, person))
            continue
        said, value = disclosed(body)
        if said != name:
            raise BadRecord("a disclosure of another field", field=name)
        place, read, split = known
        try:
            read_value = read(value)
        except (ValueError, TypeError, KeyError):
            raise BadRecord("not a value of this field", field=name) from None
        if not split:
            values[place] = read_value
        elif values[place] is None:
            values[place] = {person: read_value}
        else:
            values[place][person] = read_value
    return frozenset(gone) if gone else _NONE_GONE


def strip(entry: Entry) -> Entry:
    """The same entry with every personal part gone: what a judge may rely on."""
    plan = PLANS[type(entry.fact)]
    emptied: Any = {name: None for name, *_ in plan.personal}
    return attrs.evolve(
        entry,
        fact=attrs.evolve(entry.fact, **emptied),
        gone=frozenset((name, person) for name, person, _ in entry.sd),
    )
