"""Signed notes, verifier keys, checkpoints, proof files, and Ed25519 itself."""

from __future__ import annotations

from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

from tests.corpora import Case, Result, Right, Skip, Verdict, run

SHORT = "declared good over a root that is no SHA-256 hash; C2SP tlog-checkpoint asks for one"
"""Some upstream cases have a text such as "abcdef" where the root should stand."""

NO_COUNTERPART = "an error of Go's Verifiers interface: here a set of keys holds each key once"
"""An ambiguous or mismatched verifier; the keys of the case do not show either."""

REFUSED_KEY = "refused with its key: a point of small order, or not in canonical form"


def notes(folder: Path) -> Result:
    """Opening, and reading of keys, checkpoints and proofs: the same verdict, the same values."""

    def check(case: Case) -> Verdict:
        if case["call"] not in _CALLS:
            return Skip(f"call {case['call']}: no such thing in this release")
        return _CALLS[case["call"]](case, case["expected"])

    return run(folder, check)


def _open(case: Case, expected: Any) -> Verdict:
    from contactledger.errors import BadInput, Unverified
    from contactledger.log.note import VerifierKey, open_note

    error = expected["error"] or ""
    if error.startswith(("ambiguous key", "verifier name or hash doesn't match")):
        return Skip(NO_COUNTERPART)
    keys = [VerifierKey.parse(text) for text in case["vkeys"]]
    try:
        note = open_note(b64decode(case["note_b64"], validate=True), keys)
    except BadInput:
        return not expected["ok"] and error == "malformed note"
    except Unverified:
        return not expected["ok"] and error != "malformed note"

    def as_declared(signatures: Any) -> list[dict[str, Any]]:
        return [
            {
                "name": one.name,
                "hash": int.from_bytes(one.key_id, "big"),
                "b64": b64encode(one.key_id + one.value).decode(),
            }
            for one in signatures
        ]

    return (
        bool(expected["ok"])
        and note.text == expected["text"]
        and as_declared(note.signatures) == expected["verified"]
        and as_declared(note.unverified) == expected["unverified"]
    )


def _vkey(case: Case, expected: Any) -> Verdict:
    from contactledger.errors import BadInput
    from contactledger.log.note import VerifierKey

    try:
        key = VerifierKey.parse(case["vkey"])
    except BadInput:
        return not expected["ok"]
    return (
        bool(expected["ok"])
        and key.format() == case["vkey"]
        and (key.name, int.from_bytes(key.id, "big")) == (expected["name"], expected["hash"])
    )


def _checkpoint(case: Case, expected: Any) -> Verdict:
    from contactledger.errors import BadInput
    from contactledger.log.checkpoint import format_checkpoint, parse_checkpoint

    data = b64decode(case["data_b64"], validate=True)
    try:
        checkpoint = parse_checkpoint(data.decode())
    except (BadInput, UnicodeDecodeError):
        if expected["ok"] and len(b64decode(expected["hash_b64"], validate=True)) != 32:
            return Skip(SHORT)
        return not expected["ok"]
    rest = "".join(f"{line}\n" for line in checkpoint.extensions)
    return (
        bool(expected["ok"])
        and format_checkpoint(checkpoint).encode() == data
        and (checkpoint.origin, checkpoint.size) == (expected["origin"], expected["size"])
        and checkpoint.root == b64decode(expected["hash_b64"], validate=True)
        and rest.encode() == b64decode(expected["rest_b64"] or "", validate=True)
    )


def _tlog_proof(case: Case, expected: Any) -> Verdict:
    from contactledger.errors import BadInput
    from contactledger.log.tlog_proof import format_tlog_proof, parse_tlog_proof

    data = b64decode(case["data_b64"], validate=True)
    try:
        proof = parse_tlog_proof(data)
    except BadInput:
        return not expected["ok"]
    extra = expected.get("extra_b64")
    return (
        bool(expected["ok"])
        and format_tlog_proof(proof) == data
        and proof.index == expected["index"]
        and [b64encode(one).decode() for one in proof.hashes] == (expected["hashes_b64"] or [])
        and proof.checkpoint == b64decode(expected["checkpoint_b64"], validate=True)
        and proof.extra == (None if extra is None else b64decode(extra, validate=True))
    )


_CALLS = {
    "open": _open,
    "parse_vkey": _vkey,
    "parse_checkpoint": _checkpoint,
    "parse_tlog_proof": _tlog_proof,
}


def ed25519_cctv(folder: Path) -> Result:
    """Edge cases of Ed25519: as OpenSSL has them, but for the keys that are refused.

    A key refused must be marked for it by the set, and then no signature of it may hold.
    """

    def check(case: Case) -> Verdict:
        flags = set(case["flags"])
        held = _ed25519_holds(case["key"], case["msg"].encode(), case["sig"])
        if held is None:
            return bool(flags & {"low_order_A", "non_canonical_A"}) and Right(REFUSED_KEY)
        marked = flags & {"low_order_A", "non_canonical_A", "non_canonical_R"}
        return held is case["expected"]["cryptography_openssl_accepts"] and not (held and marked)

    return run(folder, check)


def wycheproof(folder: Path) -> Result:
    """Ed25519 as notes check it, ECDSA over P-256 as the signatures of webhooks are checked."""

    def check(case: Case) -> Verdict:
        if case["expected"] not in ("valid", "invalid"):
            return Skip(f"expected {case['expected']}: a verdict that is left to the reader")
        if case["algorithm"] == "ECDSA":
            held: bool | None = _ecdsa_holds(case)
        elif case["algorithm"] == "EDDSA":
            message = bytes.fromhex(case["msg"])
            held = _ed25519_holds(case["key"]["pk"], message, case["sig"])
        else:
            return Skip(f"algorithm {case['algorithm']}: no such signature in this release")
        return held is (case["expected"] == "valid")

    return run(folder, check)


def _ed25519_holds(key: str, message: bytes, signature: str) -> bool | None:
    """Whether a signature holds; None where its key is refused."""
    from contactledger.errors import BadInput
    from contactledger.log.note import VerifierKey

    try:
        verifier = VerifierKey("corpora.example", bytes.fromhex(key))
    except BadInput:
        return None
    return verifier.signed(message, bytes.fromhex(signature))


def _ecdsa_holds(case: Case) -> bool:
    from contactledger.sources._auth import ecdsa_holds, load_p256

    keys = (load_p256(case["key_pem"], "key"),)
    signature = b64encode(bytes.fromhex(case["sig"])).decode()
    return ecdsa_holds(keys, signature, bytes.fromhex(case["msg"]))
