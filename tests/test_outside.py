"""Bundles checked by tools that nobody here wrote: Go, sigstore, pymerkle, rfc8785, OpenSSL."""

from __future__ import annotations

import json
import re
import zipfile
from base64 import b64decode, urlsafe_b64decode
from pathlib import Path
from types import SimpleNamespace

import pytest
import rfc8785
from attrs import evolve
from pymerkle import InmemoryTree, InvalidProof, MerkleProof, verify_inclusion

from tests.ledgers import SMITH
from tests.outside import golang
from tests.outside.golang import Refused
from tests.outside.story import ACCOUNTS, play
from tests.required import absent
from tests.signing import openssl_holds

BUNDLES = (*ACCOUNTS, "one touch", "one by one")
KEY = re.compile(r"ledger/keys/(\d+)\.json")
HEAD, ENTRIES, PATH = "account/head.json", "account/entries.ndjson", "account/head.path"


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    return play(tmp_path_factory.mktemp("story"))


@pytest.fixture(scope="module")
def go(tmp_path_factory):
    return golang.build(tmp_path_factory.mktemp("go"))


def flipped(data: bytes, at: int) -> bytes:
    """The same with one bit of one byte changed."""
    at %= len(data)
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def repacked(made, changes: dict[str, bytes]) -> Path:
    """The bundle with other files in it, in the spelling of any zip program."""
    path = made.path.with_suffix(".changed")
    with zipfile.ZipFile(path, "w") as file:
        for name, data in {**made.files, **changes}.items():
            file.writestr(name, data)
    return path


def lines(data: bytes) -> list[bytes]:
    return data.split(b"\n")[:-1]


def unpad(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_the_story_leaves_every_kind_of_file_in_a_bundle(story):
    kinds = {name.rpartition("/")[0] or name for name in story.bundles[SMITH].files}
    assert kinds == {
        *("account", "account/receipts", "blobs", "disclosures.ndjson"),
        *("house", "ledger", "ledger/keys", "since"),
    }
    opened = story.bundles[SMITH].opened
    assert (opened.key, opened.redacted > 0, opened.withheld) == (story.newest, True, 0)
    assert len(opened.countersigned) == 3


# --- Go: golang.org/x/mod/sumdb/note and tlog


def ours(made) -> dict:
    """What the program says, as we know it from `open_bundle`."""
    opened, files = made.opened, made.files
    found, verified = opened.verified.checkpoint, opened.verified
    held = len(lines(files[ENTRIES]))
    house = verified.house_head
    return {
        "origin": found.origin,
        "size": found.size,
        "root": lines(files["ledger/checkpoint"])[2].decode(),
        "signers": [f"{found.origin}+{verified.signer.id.hex()}"],
        "entries": verified.head.size,
        "house": house.size if house else 0,
        "proved": held if verified.partial else 0,
        "disclosures": len(lines(files["disclosures.ndjson"])),
        "blobs": sum(name.startswith("blobs/") for name in files),
        "keys": [int(one[1]) for name in files if (one := KEY.fullmatch(name))],
        "since": sorted(verified.since) or None,
        "receipts": [one.received.size for one in verified.received] or None,
    }


@pytest.mark.parametrize("name", BUNDLES)
def test_go_verifies_a_bundle_and_finds_in_it_what_we_find(go, story, name):
    made = story.bundles[name]
    assert go(made.path, *story.trust) == ours(made)


def test_go_refuses_a_bundle_of_which_nobody_that_is_trusted_signed_the_checkpoint(go, story):
    made = story.bundles[SMITH]
    (no,) = ours(made)["keys"]
    assert go(made.path, story.theirs) == Refused(
        f"ledger/keys/{no}.json", "replaces a key that is not believed"
    )
    without = [name for name in made.files if not name.startswith("ledger/keys/")]
    path = repacked(evolve(made, files={name: made.files[name] for name in without}), {})
    assert go(path, story.first) == Refused(
        "ledger/checkpoint", "note has no verifiable signatures"
    )
    assert go(path, story.newest, story.theirs) == {**ours(made), "keys": None}


CASES = [(name, where) for name in (SMITH, "one touch") for where in ("first", "middle", "last")]


@pytest.mark.parametrize(("name", "where"), CASES)
def test_go_refuses_a_bundle_in_which_one_byte_of_any_file_is_changed(go, story, name, where):
    made = story.bundles[name]
    assert go(repacked(made, {}), *story.trust) == ours(made)
    accepted = []
    for file, data in made.files.items():
        at = {"first": 0, "middle": len(data) // 2, "last": -1}[where]
        changed = flipped(data, at) if data else b"\n"
        if not isinstance(go(repacked(made, {file: changed}), *story.trust), Refused):
            accepted.append(file)
    assert accepted == []


def test_go_names_the_file_that_was_changed(go, story):
    made = story.bundles[SMITH]
    (no,) = ours(made)["keys"]
    files = [
        *(ENTRIES, PATH, "house/head.path", "disclosures.ndjson", "ledger/checkpoint"),
        *(f"ledger/keys/{no}.consistency", f"ledger/keys/{no}.json"),
        *("account/receipts/0.note", f"since/{ours(made)['since'][0]}.json"),
    ]
    named = [
        go(repacked(made, {file: flipped(made.files[file], 9)}), *story.trust) for file in files
    ]
    files[6] = f"ledger/keys/{no}.tlog-proof"  # which no longer leads to the record
    assert [refused.file for refused in named] == files


def test_go_refuses_an_older_head_that_is_no_beginning_of_the_log(go, story):
    made = story.bundles[SMITH]
    name = next(n for n in made.files if n.startswith("since/"))
    since = json.loads(made.files[name])
    since["account_proof"].reverse()
    changed = repacked(made, {name: json.dumps(since).encode()})
    assert go(changed, *story.trust).file == name


# --- sigstore


def sigstore():
    """Its functions for trees and checkpoints; the test is skipped where it is not there."""
    try:
        from sigstore._internal.merkle import verify_merkle_inclusion
        from sigstore._internal.rekor.checkpoint import SignedCheckpoint
        from sigstore.errors import VerificationError
        from sigstore_models.rekor.v1 import InclusionProof
    except ImportError:
        absent("sigstore", "pip install sigstore")

    def holds(record: bytes, index: int, size: int, root: bytes, proof: list[bytes]) -> bool:
        path = InclusionProof.model_construct(
            log_index=index, root_hash=root, tree_size=size, hashes=proof
        )
        entry = SimpleNamespace(inclusion_proof=path, canonicalized_body=record)
        try:
            verify_merkle_inclusion(SimpleNamespace(_inner=entry))
        except VerificationError:
            return False
        return True

    return holds, SignedCheckpoint


def proofs(made) -> list[tuple[bytes, int, int, bytes, list[bytes]]]:
    """Every inclusion proof of a bundle: record, index, size of the tree, root, hashes."""
    files = made.files
    head, epoch = json.loads(files[HEAD]), json.loads(files["ledger/epoch.json"])
    _, size, root = lines(files["ledger/checkpoint"])[:3]
    path = [b64decode(line) for line in lines(files[PATH])]
    found = [(files[HEAD], head["slot"], epoch["slots"], unpad(epoch["root"]), path)]
    for record, proof in zip(
        lines(files[ENTRIES]), lines(files.get("account/proofs.ndjson", b"")), strict=False
    ):
        hashes = [unpad(text) for text in json.loads(proof)]
        found.append((record, json.loads(record)["no"], head["size"], unpad(head["root"]), hashes))
    for stem in ("ledger/epoch", "ledger/genesis"):
        top = files[f"{stem}.tlog-proof"].split(b"\n\n")[0].split(b"\n")
        index, hashes = int(top[1].removeprefix(b"index ")), [b64decode(line) for line in top[2:]]
        found.append((files[f"{stem}.json"], index, int(size), b64decode(root), hashes))
    return found


@pytest.mark.parametrize("name", BUNDLES)
def test_sigstore_follows_every_inclusion_proof(story, name):
    holds, _ = sigstore()
    found = proofs(story.bundles[name])
    assert [holds(*one) for one in found] == [True] * len(found)


def test_sigstore_refuses_them_with_one_byte_changed(story):
    holds, _ = sigstore()
    taken = []
    for record, index, size, root, hashes in proofs(story.bundles["one by one"]):
        bad = [(flipped(record, 9), root, hashes), (record, flipped(root, 9), hashes)]
        bad += [
            (record, root, [*hashes[:no], flipped(one, 9), *hashes[no + 1 :]])
            for no, one in enumerate(hashes)
        ]
        taken += [one for one in bad if holds(one[0], index, size, *one[1:])]
        taken += [size for wrong in (index ^ 1,) if holds(record, wrong, size, root, hashes)]
    assert taken == []


def test_sigstore_reads_the_checkpoint_as_we_do(story):
    _, signed_checkpoint = sigstore()
    made = story.bundles[SMITH]
    read = signed_checkpoint.from_text(made.files["ledger/checkpoint"].decode())
    ours = made.opened.verified
    head = read.checkpoint
    assert (head.origin, head.log_size, head.log_hash, head.other_content) == (
        *(ours.checkpoint.origin, ours.checkpoint.size, ours.checkpoint.root.hex()),
        [],
    )
    assert [(one.name, one.sig_hash) for one in read.signed_note.signatures] == [
        (ours.signer.name, ours.signer.id),
        (ours.countersigned[0].key.name, ours.countersigned[0].key.id),
    ]


# --- pymerkle


def tree(records: list[bytes]) -> InmemoryTree:
    grown = InmemoryTree(algorithm="sha256")
    for record in records:
        grown.append_entry(record)
    return grown


@pytest.mark.parametrize("name", ACCOUNTS)
@pytest.mark.parametrize("log", ["account", "house"])
def test_pymerkle_comes_to_the_root_of_the_head(story, name, log):
    files = story.bundles[name].files
    head, records = json.loads(files[f"{log}/head.json"]), lines(files[f"{log}/entries.ndjson"])
    assert tree(records).get_state() == unpad(head["root"])
    if records:
        changed = [*records[:-1], flipped(records[-1], 9)]
        assert tree(changed).get_state() != unpad(head["root"])


def test_pymerkle_proves_each_entry_by_our_hashes_and_no_changed_one(story):
    made = story.bundles["one by one"]
    records = lines(made.files[ENTRIES])
    grown, held = tree(records), 0
    for record, no, size, root, hashes in proofs(made)[1:-2]:
        theirs = grown.prove_inclusion(no + 1, size)
        leaf = grown.get_leaf(no + 1)
        assert theirs.path == [leaf, *hashes]
        ours = MerkleProof("sha256", True, size, theirs.rule, theirs.subset, [leaf, *hashes])
        verify_inclusion(leaf, root, ours)
        with pytest.raises(InvalidProof):
            verify_inclusion(tree([flipped(record, 9)]).get_leaf(1), root, ours)
        with pytest.raises(InvalidProof):
            verify_inclusion(leaf, flipped(root, 9), ours)
        held += 1
    assert held == len(records)


# --- rfc8785


def documents(made) -> list[bytes]:
    """Every JSON text of a bundle, and the original of each disclosure."""
    found = []
    for name, data in made.files.items():
        if name.endswith(".ndjson"):
            found += lines(data)
        elif name.endswith(".json"):
            found.append(data)
        elif name.endswith(".note"):
            found.append(lines(data)[0])
    bodies = [json.loads(line)[1] for line in lines(made.files["disclosures.ndjson"])]
    return [*found, *map(unpad, bodies)]


def is_canonical(text: bytes) -> bool:
    return rfc8785.dumps(json.loads(text)) == text


@pytest.mark.parametrize("name", BUNDLES)
def test_rfc8785_writes_every_record_with_the_very_same_bytes(story, name):
    texts = documents(story.bundles[name])
    assert [text for text in texts if not is_canonical(text)] == []


def test_rfc8785_tells_a_record_in_which_one_byte_is_changed(story):
    # the first letter of the first key: it is still JSON, its keys no longer in order
    records = lines(story.bundles[SMITH].files[ENTRIES])
    changed = [b'{"z' + record[3:] for record in records]
    assert [is_canonical(text) for text in changed] == [False] * len(records)


# --- OpenSSL


def signatures(note: bytes) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """The text of a signed note, and (key id, signature) of each of its lines."""
    text, below = note.split(b"\n\n")
    data = [b64decode(line.split(b" ")[2]) for line in lines(below)]
    return text + b"\n", [(one[:4], one[4:]) for one in data]


def public(verifier_key: str) -> bytes:
    return b64decode(verifier_key.split("+", 2)[2])[1:]


def test_openssl_accepts_the_signature_of_the_checkpoint_and_no_changed_one(story, tmp_path):
    text, (ledgers, _) = signatures(story.bundles[SMITH].files["ledger/checkpoint"])
    key, signature = public(story.newest), ledgers[1]
    assert ledgers[0].hex() == story.newest.split("+")[1]
    assert openssl_holds(tmp_path, key, text, signature)
    assert not openssl_holds(tmp_path, key, flipped(text, 9), signature)
    assert not openssl_holds(tmp_path, key, text, flipped(signature, 9))
    assert not openssl_holds(tmp_path, public(story.first), text, signature)


def test_openssl_accepts_both_signatures_of_a_change_of_keys(story, tmp_path):
    made = story.bundles[SMITH]
    (file,) = [n for n in made.files if n.startswith("ledger/keys/") and n.endswith("-proof")]
    _, note = made.files[file].split(b"\n\n", 1)
    text, signed = signatures(note)
    by_id = dict(signed)
    for key in (story.first, story.newest):
        signature = by_id[bytes.fromhex(key.split("+")[1])]
        assert openssl_holds(tmp_path, public(key), text, signature)
        assert not openssl_holds(tmp_path, public(key), flipped(text, 9), signature)


def test_openssl_accepts_what_the_customer_signed_and_no_changed_one(story, tmp_path):
    made = story.bundles[SMITH]
    text, (_, (_, cosigned)) = signatures(made.files["ledger/checkpoint"])
    time, signature = int.from_bytes(cosigned[:8]), cosigned[8:]
    message = b"cosignature/v1\ntime %d\n%b" % (time, text)
    receipt, ((_, own),) = signatures(made.files["account/receipts/0.note"])
    for said, sig in ((message, signature), (receipt, own)):
        assert openssl_holds(tmp_path, public(story.theirs), said, sig)
        assert not openssl_holds(tmp_path, public(story.theirs), flipped(said, 20), sig)
        assert not openssl_holds(tmp_path, public(story.theirs), said, flipped(sig, 20))
