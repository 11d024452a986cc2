"""Signatures and passwords of requests."""

from __future__ import annotations

import binascii
import hmac
from base64 import b64decode

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_public_key

from contactledger.errors import BadInput


def load_p256(text: str, field: str) -> ec.EllipticCurvePublicKey:
    """A P-256 public key from PEM or from base64 of its DER (SubjectPublicKeyInfo).

    `BadInput` naming `field` for anything else.
    """
    try:
        if "-----BEGIN" in text:
            key = load_pem_public_key(text.encode())
        else:
            key = load_der_public_key(b64decode("".join(text.split()), validate=True))
    except (ValueError, UnsupportedAlgorithm):
        raise BadInput("is no public key in PEM or base64 DER", field=field) from None
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
        raise BadInput("must be an ECDSA key on the curve P-256", field=field)
    return key


def ecdsa_holds(
    keys: tuple[ec.EllipticCurvePublicKey, ...], signature_b64: str, signed: bytes
) -> bool:
    """Whether the base64 DER signature over `signed` (SHA-256) is by one of the keys."""
    try:
        signature = b64decode(signature_b64, validate=True)
    except (binascii.Error, ValueError):
        return False
    for key in keys:
        try:
            key.verify(signature, signed, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            continue
        return True
    return False


def basic_holds(credentials: tuple[str, ...], authorization: str | None) -> bool:
    """Whether an Authorization header carries one of the "user:password" texts (RFC 7617)."""
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        given = b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        return False
    # every one is compared, so that the time taken says nothing about which one is close
    return sum(hmac.compare_digest(given, one.encode()) for one in credentials) > 0
