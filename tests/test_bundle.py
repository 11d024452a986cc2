"""A bundle's files: which there are, how each is spelled, and that every zip program reads them."""

from __future__ import annotations

import io
import json
import zipfile
from base64 import b64decode

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactledger.errors import BadRecord, TooLarge
from contactledger.log import bundle_text as text
from contactledger.log.bundle import write_bundle
from contactledger.log.canon import canonical, parse
from contactledger.log.tlog import MAX_HASHES, check_inclusion, leaf_hash
from contactledger.log.tlog_proof import open_tlog_proof
from tests.bundles import SMITHS, key_of, story, written
from tests.signing import openssl_holds
from tests.test_open_bundle import LARGE, grown, opened

HASHES = st.lists(st.binary(min_size=32, max_size=32), max_size=5).map(tuple)


def members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as other:
        assert other.testzip() is None
        return {i.filename: other.read(i) for i in other.infolist()}


def test_a_whole_bundle_holds_exactly_these_files():
    names = list(members(LARGE))
    blob = next(name for name in names if name.startswith("blobs/"))
    assert names == [
        "account/entries.ndjson",
        "account/head.json",
        "account/head.path",
        blob,
        "disclosures.ndjson",
        "house/entries.ndjson",
        "house/head.json",
        "house/head.path",
        "ledger/checkpoint",
        "ledger/epoch.json",
        "ledger/epoch.tlog-proof",
        "ledger/genesis.json",
        "ledger/genesis.tlog-proof",
        "ledger/keys/2.consistency",
        "ledger/keys/2.json",
        "ledger/keys/2.tlog-proof",
        "since/8.json",
    ]


def test_a_partial_bundle_has_proofs_and_no_house_log():
    maker = story()
    maker.seal()
    names = set(members(written(maker.partial([0, 1, 5]))))
    assert names == {
        "account/entries.ndjson",
        "account/head.json",
        "account/head.path",
        "account/proofs.ndjson",
        "disclosures.ndjson",
        "ledger/checkpoint",
        "ledger/epoch.json",
        "ledger/epoch.tlog-proof",
        "ledger/genesis.json",
        "ledger/genesis.tlog-proof",
    }


def test_the_same_content_gives_the_same_bytes():
    assert written(grown().content(since=[0])) == LARGE


def test_what_lies_in_the_files_can_be_checked_by_hand():
    parts = members(LARGE)
    head, epoch = json.loads(parts["account/head.json"]), json.loads(parts["ledger/epoch.json"])
    path = [b64decode(line) for line in parts["account/head.path"].split()]
    leaf = leaf_hash(parts["account/head.json"])
    root = text.from_base64url(epoch["root"])
    assert check_inclusion(head["slot"], epoch["slots"], leaf, path, root)
    for name in ("epoch", "genesis"):
        record, proof = parts[f"ledger/{name}.json"], parts[f"ledger/{name}.tlog-proof"]
        _, found = open_tlog_proof(proof, record, [key_of("first").key])
        assert found.checkpoint.size == epoch["epoch"] + 1
    digests = {d for line in parts["account/entries.ndjson"].splitlines() for d in _digests(line)}
    assert len(digests) == len(parts["disclosures.ndjson"].splitlines())


def test_the_signature_holds_by_openssl_as_well(tmp_path):
    text, lines = members(LARGE)["ledger/checkpoint"].split(b"\n\n")
    _, one, two = lines.split("— ".encode())
    for seed, line in (("first", one), ("second", two)):
        signature = b64decode(line.split()[1])[4:]
        public = key_of(seed).key.public_key
        assert openssl_holds(tmp_path, public, text + b"\n", signature)
        assert not openssl_holds(tmp_path, public, text, signature)


def _digests(line: bytes) -> list[str]:
    return [digest for _, _, digest in json.loads(line)["sd"]]


# --- the small texts


@given(HASHES)
def test_paths_and_proofs_come_back(hashes):
    assert text.parse_path(text.format_path(hashes)) == hashes
    assert text.parse_proof(text.format_proof(hashes)) == hashes


@given(st.integers(0, 10**16 - 1), st.from_regex(r"[A-Za-z0-9_-]{1,40}", fullmatch=True))
def test_disclosures_come_back_and_are_canonical_json(no, body):
    line = text.format_disclosure(no, body)
    assert text.parse_disclosure(line) == (no, body)
    assert json.loads(line) == [no, body]
    assert b" " not in line


@pytest.mark.parametrize(
    "line",
    [b"", b"[]", b'[01,"AA"]', b'[1, "AA"]', b'[-1,"AA"]', b'[1,""]', b'[1,"A="]', b'[1,"AA"]\n'],
)
def test_a_disclosure_has_one_spelling(line):
    with pytest.raises(BadRecord, match="disclosure"):
        text.parse_disclosure(line)


def test_signed_heads_and_older_heads_come_back():
    signed = opened(LARGE).signed
    document = json.loads(json.dumps(text.signed_head_document(signed)))
    assert text.read_signed_head(document) == signed
    maker = grown()
    _, since = maker.since(SMITHS, maker.seals[0])
    data = text.format_since(since)
    assert text.parse_since(data) == since
    assert canonical(parse(data)) == data


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"typ": "contactledger/since/v2"}, "typ"),
        ({"more": 1}, ""),
        ({"head_path": "AA"}, "head_path"),
        ({"head_path": [5]}, "head_path"),
        ({"head_path": ["AA"]}, "head_path[0]"),
    ],
)
def test_what_is_wrong_with_a_head_is_named(change, field):
    maker = grown()
    _, since = maker.since(SMITHS, maker.seals[0])
    document = {**parse(text.format_since(since)), **change}
    with pytest.raises(BadRecord) as caught:
        text.parse_since(canonical(document))
    assert caught.value.field == field
    signed = text.signed_head_document(opened(LARGE).signed)
    for checkpoint in (5, "\ud800"):
        with pytest.raises(BadRecord) as caught:
            text.read_signed_head({**signed, "checkpoint": checkpoint})
        assert caught.value.field == "checkpoint"


def test_no_path_or_proof_is_longer_than_any_tree_asks_for():
    many = (bytes(32),) * (MAX_HASHES + 1)
    with pytest.raises(TooLarge):
        text.parse_path(text.format_path(many))
    with pytest.raises(TooLarge):
        text.parse_proof(text.format_proof(many))
    for data in (b"\xff\n", b"AA", b"AA\n"):
        with pytest.raises(BadRecord):
            text.parse_path(data)


def test_a_bundle_of_many_lines_is_written_piece_by_piece():
    maker = story()
    content = maker.seal() and maker.content()
    asked = []

    def records():
        for no in range(2_000):
            asked.append(no)
            yield b"%d" % no

    class Pieces(io.BytesIO):
        longest = 0

        def write(self, data) -> int:
            Pieces.longest = max(Pieces.longest, len(data))
            return super().write(data)

    many = attrs.evolve(content, account=attrs.evolve(content.account, records=records))
    target = Pieces()
    write_bundle(target, many)
    assert asked == list(range(2_000))
    lines = members(target.getvalue())["account/entries.ndjson"].split()
    assert lines == [b"%d" % no for no in range(2_000)]
    assert Pieces.longest < 4_000
