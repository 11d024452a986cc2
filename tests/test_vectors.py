"""The frozen vectors: whatever was hashed by the first release is read and made again."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64decode
from itertools import count
from pathlib import Path

import attrs
import pytest
import rfc8785

from contactledger.facts import FACTS, Blob, fields_of
from contactledger.log.record import decode, digest_of, encode
from contactledger.log.seal import format_head, parse_head
from contactledger.log.tlog import leaf_hash
from tests.vectors import make

V1 = Path(__file__).parent / "vectors" / "v1"
FILES = ("entries.jsonl", "holds.jsonl")
"""One log; each later file goes on where the one before it ends."""
LINES = [json.loads(line) for name in FILES for line in (V1 / name).read_text("utf-8").splitlines()]
FIRST = len((V1 / "entries.jsonl").read_text("utf-8").splitlines())


def naive_root(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    pair = naive_root(leaves[:k]) + naive_root(leaves[k:])
    return hashlib.sha256(b"\x01" + pair).digest()


@pytest.mark.parametrize("line", LINES, ids=range(len(LINES)))
def test_a_fact_that_was_read_is_what_its_own_class_makes_of_the_same_values(line):
    fact = decode(line["record"].encode(), line["disclosures"]).fact
    again = type(fact)(**{a.name: getattr(fact, a.name) for a in attrs.fields(type(fact))})
    assert (again, repr(again), hash_of(again)) == (fact, repr(fact), hash_of(fact))


def hash_of(fact):
    return None if getattr(fact, "addresses", None) else hash(fact)  # a mapping has none


def test_making_the_vectors_again_gives_the_same_bytes():
    for name, content in make.text().items():
        assert (V1 / name).read_bytes() == content.encode("utf-8"), name


def test_every_kind_is_there_with_every_field():
    seen: dict[str, set[str]] = {}
    for line in LINES:
        entry = decode(line["record"].encode(), line["disclosures"])
        said = {
            a.name for a in fields_of(type(entry.fact)) if getattr(entry.fact, a.name) != a.default
        }
        seen.setdefault(entry.kind, set()).update(said)
    expected = {kind: {a.name for a in fields_of(cls)} for kind, cls in FACTS.items()}
    at_default = {("opened", "profile"), ("policy_adopted", "rules")}  # the only value there is
    for kind, name in at_default:
        expected[kind].discard(name)
    assert seen == expected


@pytest.mark.parametrize("no", range(len(LINES)))
def test_an_entry_is_read_and_written_again_byte_by_byte(no):
    line = LINES[no]
    record = line["record"].encode("utf-8")
    entry = decode(record, line["disclosures"])
    assert entry.no == no
    assert entry.gone == frozenset()
    fact = entry.fact
    original = getattr(fact, "original", None)
    if isinstance(original, Blob):
        data = line["blobs"][original.sha256].encode()
        assert hashlib.sha256(data).hexdigest() == original.sha256
        assert len(data) == original.size_bytes
    salts = _salts_in_field_order(fact, line["disclosures"])
    owners = {person for field, person, _ in entry.sd if field != "addresses"}
    again = encode(
        fact,
        account=entry.account,
        no=no,
        id=entry.id,
        at=entry.at,
        recorded_at=entry.recorded_at,
        recorder=entry.recorder,
        owner=owners.pop() if owners else "",
        salt=lambda: next(salts),
    )
    assert again.record == record
    assert [d.body for d in again.disclosures] == line["disclosures"]


def _salts_in_field_order(fact, bodies):
    """The salts of an entry in the order in which its fields are declared."""
    opened = [json.loads(urlsafe_b64decode(body + "==")) for body in bodies]
    names = [a.name for a in fields_of(type(fact)) if a.metadata.get("personal")]
    number = count()

    def place(triple):
        value = triple[2]
        people = list((fact.addresses or {}).values()) if triple[1] == "addresses" else []
        return names.index(triple[1]), people.index(value) if people else next(number)

    return iter([salt for salt, _, _ in sorted(opened, key=place)])


def test_records_are_rfc_8785_and_digests_are_rfc_9901():
    for line in LINES:
        assert rfc8785.dumps(json.loads(line["record"])) == line["record"].encode("utf-8")
        digests = {digest for _, _, digest in json.loads(line["record"])["sd"]}
        assert {digest_of(body) for body in line["disclosures"]} == digests


def test_leaves_and_roots_are_those_of_rfc_6962():
    leaves = []
    for line in LINES:
        leaf = hashlib.sha256(b"\x00" + line["record"].encode("utf-8")).digest()
        assert leaf.hex() == line["leaf"]
        leaves.append(leaf)
        assert naive_root(leaves).hex() == line["root"]


def test_the_head_is_read_and_written_again_byte_by_byte():
    document = json.loads((V1 / "head.json").read_text("utf-8"))
    record = document["record"].encode()
    head = parse_head(record)
    assert format_head(head) == record
    assert leaf_hash(record).hex() == document["leaf"]
    assert (head.size, head.root.hex()) == (FIRST, LINES[FIRST - 1]["root"])


def test_a_disclosure_digest_is_that_of_rfc_9901_section_4_2_3():
    body = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0"
    assert digest_of(body) == "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0"


def test_facts_stay_frozen():
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        make.facts()[0][0].name = "other"
