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
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from itertools import chain, compress
from operator import attrgetter, is_not
from typing import Any

import attrs
from attrs import frozen

from contactledger.errors import BadFact, BadRecord, TooLarge
from contactledger.facts import FACTS, Blob, Disclosure, Entry, Fact, Message, Money, fields_of
from contactledger.log.canon import dump, format_time, parse, parse_time

ENTRY_TYP = "contactledger/entry/v1"
ID = re.compile(r"[a-z2-7]{26}\Z")
MAX_TEXT_CHARS = 40_000
"""Longer text belongs into an original, which is a blob."""

_REFUSED = re.compile("[\x00\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
_WHY = "holds U+0000, a lone surrogate or a bidirectional override, which may not be recorded"


@frozen
class Encoded:
    """An entry ready to be stored: its bytes, its disclosures, the (field, person, digest) of
    each as the bytes list them, its blobs by SHA-256 (hex)."""

    record: bytes
    disclosures: tuple[Disclosure, ...]
    sd: tuple[tuple[str, str, str], ...]
    blobs: tuple[tuple[str, bytes], ...]


# --- base64url without padding (RFC 4648 section 5) ----------------------------------------

_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_", b"+/")
_URL = re.compile(r"[A-Za-z0-9_-]*\Z")
_SALT = re.compile(r"[A-Za-z0-9_-]{21}[AQgw]\Z")
"""16 bytes: the last character carries two bits, and four that must be zero."""


def to_base64url(data: bytes) -> str:
    """Bytes as base64url without padding."""
    return b2a_base64(data, newline=False).translate(_TO_URL).rstrip(b"=").decode("ascii")


def from_base64url(text: str) -> bytes:
    """The bytes of such text; BadRecord for anything else, stray trailing bits included."""
    try:
        data = a2b_base64(text.encode("ascii").translate(_FROM_URL) + b"=" * (-len(text) % 4))
    except (Base64Error, UnicodeEncodeError):
        raise BadRecord("not base64url without padding") from None
    if to_base64url(data) != text:  # the decoder passes over whatever it does not know
        if not _URL.match(text):
            raise BadRecord("not base64url without padding")
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


# --- codecs: a field's value ↔ what stands in JSON ------------------------------------------


def _text(value: Any, where: str) -> str:
    if type(value) is not str:
        raise BadFact("must be text", field=where)
    if len(value) > MAX_TEXT_CHARS:
        raise BadFact(f"is longer than {MAX_TEXT_CHARS} characters", field=where)
    if (not value.isascii() or "\x00" in value) and _REFUSED.search(value):
        raise BadFact(_WHY, field=where)
    return value


def _texts(value: Any, where: str) -> list[str]:
    items = (value,) if isinstance(value, str) else value
    return [_text(item, where) for item in items]


def _word(value: Any, _: str) -> str:
    word: str = value._value_  # `value` is a property, and takes thrice as long
    return word


def _words(value: Any, where: str) -> list[str]:
    return [_word(item, where) for item in value]


def _integer(value: Any, where: str) -> int:
    if type(value) is not int or abs(value) > 2**53 - 1:
        raise BadFact("must be an integer of at most 2^53-1", field=where)
    return value


def _flag(value: Any, where: str) -> bool:
    if type(value) is not bool:
        raise BadFact("must be true or false", field=where)
    return value


def _money(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, Money):
        raise BadFact("must be Money(minor, currency)", field=where)
    return {"minor": _integer(value.minor, where), "currency": value.currency}


def _message(value: Any, where: str) -> dict[str, str]:
    if not isinstance(value, Message):
        raise BadFact("must be a Message", field=where)
    given = zip(_MESSAGE_FIELDS, _message_parts(value), strict=True)
    return {name: _text(item, f"{where}.{name}") for name, item in given if item is not None}


def _blob(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, Blob):
        raise BadFact("must be bytes", field=where)
    return {"sha256": value.sha256, "size": value.size_bytes}


_MESSAGE_FIELDS = tuple(a.name for a in attrs.fields(Message))
_message_parts = attrgetter(*_MESSAGE_FIELDS)

_Codec = tuple[Callable[[Any, str], Any], Callable[[Any], Any]]
CODECS: dict[str, _Codec] = {
    "str": (_text, str),
    "strs": (_texts, tuple),
    "int": (_integer, int),
    "bool": (_flag, bool),
    "time": (lambda value, _: format_time(value), parse_time),
    "money": (_money, lambda value: Money(value["minor"], value["currency"])),
    "message": (_message, lambda value: Message(**value)),
    "blob": (_blob, lambda value: Blob(value["sha256"], value["size"])),
    "map": (_text, str),
}
"""Codec name of a declared field → (to JSON, from JSON)."""


@frozen
class _Plan:
    kind: str
    clear: tuple[tuple[str, str, Any, Callable[[Any, str], Any]], ...]
    defaults: tuple[Any, ...]
    personal: tuple[tuple[str, str, bool, bool, Callable[[Any, str], Any]], ...]
    readers: Mapping[str, tuple[bool, bool, Callable[[Any], Any]]]
    get_clear: Callable[[Any], tuple[Any, ...]]
    get_personal: Callable[[Any], tuple[Any, ...]]


def _codec(attribute: attrs.Attribute[Any]) -> _Codec:
    name = attribute.metadata["codec"]
    if name in ("enum", "enums"):
        word_of = {word.value: word for word in attribute.metadata["enum"]}.__getitem__
        if name == "enum":
            return _word, word_of
        return _words, lambda value: tuple([word_of(item) for item in value])
    return CODECS[name]


def _plan(kind: str, cls: type[Fact]) -> _Plan:
    clear, personal, readers = [], [], {}
    for a in fields_of(cls):
        where = f"{cls.__name__}.{a.name}"
        write, read = _codec(a)
        own, split = a.metadata.get("personal", False), a.metadata.get("split", False)
        if own:
            personal.append((a.name, where, split, a.metadata["codec"] == "blob", write))
        else:
            # What follows from other fields has no default of its own, and is always written.
            default = None if isinstance(a.default, attrs.Factory) else a.default  # type: ignore[arg-type]
            clear.append((a.name, where, default, write))
        readers[a.name] = (own, split, read)
    return _Plan(
        kind,
        tuple(clear),
        tuple([default for _, _, default, _ in clear]),
        tuple(personal),
        readers,
        _getter([row[0] for row in clear]),
        _getter([row[0] for row in personal]),
    )


def _getter(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    """All these attributes at once: one call in C instead of one look-up for each."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda fact: tuple(getattr(fact, name) for name in names)


PLANS: dict[type[Fact], _Plan] = {cls: _plan(kind, cls) for kind, cls in FACTS.items()}


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
    plan = PLANS[type(fact)]
    disclosures, blobs = _disclose(plan, fact, no, owner, salt)
    sd = tuple([d[1:4] for d in disclosures])
    document = {
        "typ": ENTRY_TYP,
        "account": account,
        "no": no,
        "id": id,
        "kind": plan.kind,
        "at": format_time(at),
        "recorded_at": _recorded(recorded_at),
        "recorder": recorder,
        "fact": _clear(plan, fact),
        "sd": sd,
    }
    try:
        record = dump(document)
    except TooLarge as error:
        error.field = type(fact).__name__
        raise
    return Encoded(record, tuple(disclosures), sd, tuple(blobs))


_recorded = lru_cache(8)(format_time)  # the same for all entries of a batch


def _clear(plan: _Plan, fact: Fact) -> dict[str, Any]:
    """What stands in the clear. Most fields are at their default, which is one object."""
    values = plan.get_clear(fact)
    written = {}
    given = compress(zip(plan.clear, values, strict=True), map(is_not, values, plan.defaults))
    for (name, where, default, write), value in given:
        if value != default:
            written[name] = write(value, where)
    return written


def _disclose(
    plan: _Plan, fact: Fact, no: int, owner: str, salt: Callable[[], str]
) -> tuple[list[Disclosure], list[tuple[str, bytes]]]:
    """The personal parts of a fact, in order, and its blobs."""
    named: list[tuple[str, str]] = []
    parts: list[bytes] = []
    blobs: list[tuple[str, bytes]] = []
    where = ""
    given = zip(plan.personal, plan.get_personal(fact), strict=True)
    try:
        for (name, where, split, large, write), value in given:
            if value is None:
                continue
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
    bodies = bodies_of(parts)
    disclosures = [
        Disclosure(no, name, person, digest, body.decode("ascii"))
        for (name, person), digest, body in zip(named, digests_of(bodies), bodies, strict=True)
    ]
    disclosures.sort()
    return disclosures, blobs


def disclosed(body: str) -> tuple[str, Any]:
    """(field, value as JSON) of a disclosure D; BadRecord if it is not one."""
    document = parse(from_base64url(body))
    if not isinstance(document, list) or len(document) != 3:
        raise BadRecord("a disclosure is [salt, field, value]")
    salt, name, value = document
    if not (isinstance(salt, str) and _SALT.match(salt) and isinstance(name, str)):
        raise BadRecord("a disclosure is [salt of 128 bits, field, value]")
    return name, value


_SHAPE: dict[str, type] = {
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
_NAMES, _TYPES = tuple(_SHAPE), tuple(_SHAPE.values())


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
    document: dict[str, Any] = parse(record)
    if (
        type(document) is not dict
        or tuple(document) != _NAMES  # which canonical form has put in order
        or tuple(map(type, document.values())) != _TYPES
    ):
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
        if sd != sorted(sd):
            raise BadRecord("is not sorted", field="sd")
    return document


def decode(record: bytes, disclosures: Mapping[str, str] | Iterable[str] = ()) -> Entry:
    """The entry of canonical bytes, with what is disclosed filled in.

    `disclosures`: the Ds at hand, or digest → D where the caller has their digests already.
    A D that belongs to no digest of this entry is ignored. BadRecord for bytes that are not
    an entry of this format, unknown kinds and fields included.
    """
    document = read_envelope(record)
    cls = FACTS[document["kind"]]
    if not isinstance(disclosures, Mapping):
        given = tuple(disclosures)
        digests = digests_of([body.encode("ascii") for body in given])
        disclosures = dict(zip(digests, given, strict=True))
    plan = PLANS[cls]
    values = _read_clear(plan, document["fact"])
    sd: tuple[tuple[str, str, str], ...] = tuple(map(tuple, document["sd"]))
    gone = _fill(plan, values, sd, disclosures)
    at = parse_time(document["at"])
    return Entry(
        account=document["account"],
        no=document["no"],
        id=document["id"],
        kind=document["kind"],
        at=at,
        recorded_at=parse_time(document["recorded_at"]),
        recorder=document["recorder"],
        fact=_build(cls, values, at),
        sd=sd,
        gone=gone,
    )


def _build(cls: type[Fact], values: dict[str, Any], at: datetime) -> Fact:
    try:
        return cls(**values, at=at)
    except BadFact as error:
        raise BadRecord(error.why, field=error.field) from None


def _read_clear(plan: _Plan, clear: dict[str, Any]) -> dict[str, Any]:
    values = {}
    for name, value in clear.items():
        own, _, read = plan.readers.get(name, (True, False, str))
        if own:
            raise BadRecord("not a clear field of this kind of entry", field=name)
        try:
            values[name] = read(value)
        except (ValueError, TypeError, KeyError):
            raise BadRecord("not a value of this field", field=name) from None
    return values


def _fill(
    plan: _Plan,
    values: dict[str, Any],
    sd: tuple[tuple[str, str, str], ...],
    disclosures: Mapping[str, str],
) -> frozenset[tuple[str, str]]:
    gone = set()
    for name, person, digest in sd:
        own, split, read = plan.readers.get(name, (False, False, str))
        if not own:
            raise BadRecord("names a field that is not personal here", field="sd")
        body = disclosures.get(digest)
        if body is None:
            gone.add((name, person))
            continue
        said, value = disclosed(body)
        if said != name:
            raise BadRecord("a disclosure of another field", field=name)
        try:
            read_value = read(value)
        except (ValueError, TypeError, KeyError):
            raise BadRecord("not a value of this field", field=name) from None
        if split:
            values.setdefault(name, {})[person] = read_value
        else:
            values[name] = read_value
    return frozenset(gone)


def strip(entry: Entry) -> Entry:
    """The same entry with every personal part gone: what a judge may rely on."""
    plan = PLANS[type(entry.fact)]
    emptied: Any = {name: None for name, *_ in plan.personal}
    return attrs.evolve(
        entry,
        fact=attrs.evolve(entry.fact, **emptied),
        gone=frozenset((name, person) for name, person, _ in entry.sd),
    )
