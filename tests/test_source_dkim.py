"""DKIM: signed by dkimpy and by cryptography, checked by ours."""

import base64
import hashlib
from datetime import UTC, datetime

import dkim as dkimpy
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from contactledger.sources import Mail, Mbox, dkim
from contactledger.sources.dkim import Proof, check
from contactledger.vocabulary import Auth

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
NAME = "s1._domainkey.smith.example"
KEY = rsa.generate_private_key(65537, 1024)
OTHER = rsa.generate_private_key(65537, 1024)

MESSAGE = b"\r\n".join(
    [
        b"From: Bob  Ray <bob@smith.example>",
        b"To: ann@acme.example",
        b"Subject: Re: Inventory",
        b"\tsync",
        b"Date: Mon, 2 Mar 2026 11:00:00 +0100",
        b"Message-ID: <answer@smith.example>",
        b"",
        b"Yes,  do. ",
        b"",
        b"Bob",
        b"",
        b"",
    ]
)


def public(key=KEY, **tags):
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    tags = {"v": "DKIM1", "k": "rsa", "p": base64.b64encode(der).decode()} | tags
    return "; ".join(f"{name}={value}" for name, value in tags.items() if value is not None)


def signed(message=MESSAGE, *, key=KEY, domain=b"smith.example", **options):
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return dkimpy.sign(message, b"s1", domain, pem, **options) + message


def by_hand(edit="", *, h="from", key=KEY, sign=None, **tags):
    """A message with a signature of ours, relaxed, over From alone, whose tags can be changed."""
    body = MESSAGE.partition(b"\r\n\r\n")[2]
    lines = [line.rstrip() for line in body.replace(b"  ", b" ").split(b"\r\n")]
    while lines and not lines[-1]:
        lines.pop()
    digest = hashlib.sha256(b"".join(line + b"\r\n" for line in lines)).digest()
    given = {
        "v": "1",
        "a": "rsa-sha256",
        "c": "relaxed/relaxed",
        "d": "smith.example",
        "s": "s1",
        "h": h,
        "bh": base64.b64encode(digest).decode(),
    } | {name.rstrip("_"): value for name, value in tags.items()}
    text = "; ".join(f"{name}={value}" for name, value in given.items() if value is not None)
    text += edit + "; b="
    head = b"from:Bob Ray <bob@smith.example>\r\n" * ("from" in h)
    data = head + b"dkim-signature:" + text.encode()
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    made = sign(data) if sign else key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    value = text.encode() + base64.b64encode(made)
    return b"DKIM-Signature: " + value + b"\r\n" + MESSAGE


PROOF = Proof("smith.example", "s1", "rsa-sha256", public())


@pytest.mark.parametrize(
    "canonicalize", [(a, b) for a in (b"simple", b"relaxed") for b in (b"simple", b"relaxed")]
)
@pytest.mark.parametrize(
    "message", [MESSAGE, MESSAGE.partition(b"\r\n\r\n")[0] + b"\r\n\r\n", MESSAGE[:-6]]
)
def test_what_dkimpy_signs_holds_in_every_canonical_form(canonicalize, message):
    raw = signed(message, canonicalize=canonicalize)
    assert check(raw, {NAME: public()}, NOW) == PROOF
    assert check(raw, {NAME: public()}.get, None) == PROOF


def test_line_ends_of_a_mailbox_change_nothing():
    raw = signed()
    assert check(raw.replace(b"\r\n", b"\n"), {NAME: public()}, NOW) == PROOF
    assert check(b"\xef\xbb\xbf\r\n" + raw, {NAME: public()}, NOW) == PROOF


def test_the_statement_keeps_what_is_needed_to_check_again():
    assert PROOF.statement == f"dkim=pass a=rsa-sha256 {NAME} {public()}"
    again = {PROOF.name: PROOF.statement.split(f"{NAME} ")[1]}
    assert check(signed(), again, None) == PROOF


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"Yes,", b"No,"),
        (b"Bob  Ray", b"Bob Roy"),
        (b"Re: Inventory", b"Re: Invoice"),
        (b"\r\n\r\nYes", b"\r\n\r\n\r\nYes"),
        (b"From:", b"From: eve@smith.example\r\nFrom:"),
        (b"bob@smith.example>", b"bob@smith.example>, eve@smith.example"),
        (b"b=", b"b=A"),
    ],
)
def test_a_message_that_was_changed_proves_nothing(before, after):
    raw = signed(canonicalize=(b"relaxed", b"relaxed"))
    at = (
        raw.rindex(b"b=")
        if before == b"b="
        else raw.index(before, raw.index(b"From: Bob") if before != b"b=" else 0)
    )
    changed = raw[:at] + raw[at:].replace(before, after, 1)
    assert changed != raw
    assert check(changed, {NAME: public()}, NOW) is None


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {NAME: ""},
        {NAME: public(OTHER)},
        {NAME: public(p="")},
        {NAME: public(p="AAAA")},
        {NAME: public(p="!")},
        {NAME: public(v="DKIM2")},
        {NAME: public(k="ed25519")},
        {NAME: public(h="sha1")},
        {NAME: public(s="tlsrpt")},
        {NAME: "no record"},
        {NAME: public() + "; p=AAAA"},
        {NAME: public() + " " * 5_000 + "x"},
        {NAME: public(ec.generate_private_key(ec.SECP256R1()))},
        {NAME: public(Ed25519PrivateKey.generate())},
        {NAME.replace("s1", "s2"): public()},
    ],
)
def test_without_a_key_that_serves_nothing_is_proven(keys):
    assert check(signed(), keys, NOW) is None


def test_a_record_may_leave_out_what_has_a_default_and_name_several_uses():
    for record in (
        public() + ";",
        public(v=None, k=None),
        public(h="sha1:sha256", s="other:email", t="y"),
    ):
        assert check(signed(), {NAME: record}, NOW) == Proof(
            "smith.example", "s1", "rsa-sha256", record
        )


def test_a_strict_key_serves_its_own_domain_alone():
    record = public(t="s")
    assert check(by_hand(i="@mail.smith.example"), {NAME: public()}, NOW) == PROOF
    assert check(by_hand(i="@mail.smith.example"), {NAME: record}, NOW) is None
    assert check(by_hand(), {NAME: record}, NOW) is not None


@pytest.mark.parametrize(
    "tags",
    [
        {"v": "2"},
        {"a": "rsa-sha1"},
        {"a": "ed25519-sha256"},
        {"c": "relaxed/simple/simple"},
        {"c": "none"},
        {"d": "example"},
        {"d": "jones.example"},
        {"d": "mail.smith.example"},
        {"d": "smith example"},
        {"s": "s/1"},
        {"s": None},
        {"bh": "AAAA"},
        {"bh": "!"},
        {"i": "@jones.example"},
        {"q": "http"},
        {"l": "3"},
        {"h": "to"},
        {"x": "1000"},
        {"x": "soon"},
        {"x": "9" * 13},
        {"edit": "; v=1"},
        {"edit": "; nonsense"},
    ],
)
def test_a_signature_that_does_not_count_is_passed_over(tags):
    assert check(by_hand(), {NAME: public()}, NOW) == PROOF
    keys = {
        NAME: public(),
        NAME.replace("smith.", "jones."): public(),
        "s1._domainkey.example": public(),
    }
    assert check(by_hand(**tags), keys, NOW) is None


def test_a_signature_of_a_domain_above_the_senders_counts():
    lines = MESSAGE.replace(b"bob@smith", b"bob@mail.smith")
    assert check(signed(lines), {NAME: public()}, NOW) == PROOF


def test_a_signature_expires_by_the_time_it_is_given():
    raw = by_hand(x=str(int(NOW.timestamp())))
    assert check(raw, {NAME: public()}, NOW) == PROOF
    assert check(raw, {NAME: public()}, NOW.replace(second=1)) is None
    assert check(raw, {NAME: public()}, None) == PROOF


def test_an_ed25519_signature_holds():
    key = Ed25519PrivateKey.generate()
    raw_key = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    record = f"v=DKIM1; k=ed25519; p={base64.b64encode(raw_key).decode()}"
    raw = by_hand(a="ed25519-sha256", sign=lambda data: key.sign(hashlib.sha256(data).digest()))
    assert check(raw, {NAME: record}, NOW) == Proof("smith.example", "s1", "ed25519-sha256", record)
    assert check(by_hand(a="ed25519-sha256"), {NAME: record}, NOW) is None


def test_small_keys_do_not_count():
    small = rsa.generate_private_key(65537, 1024)
    raw = signed(key=small)
    assert check(raw, {NAME: public(small)}, NOW) is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dkim, "MIN_RSA_BITS", 2048)
        assert check(raw, {NAME: public(small)}, NOW) is None


def test_of_several_signatures_the_first_that_holds_counts_and_no_more_than_five_are_tried():
    bad = b"DKIM-Signature: v=1\r\n"
    wrong = by_hand(d="jones.example").partition(b"From:")[0]
    assert check(wrong + bad * 3 + signed(), {NAME: public()}, NOW) == PROOF
    unknown = by_hand(s="s9").partition(b"From:")[0]
    assert check(unknown + by_hand(), {NAME: public()}, NOW) == PROOF
    assert check(bad * 5 + signed(), {NAME: public()}, NOW) is None


def test_a_field_that_is_signed_and_not_there_must_stay_away():
    raw = by_hand(h="from:reply-to")
    assert check(raw, {NAME: public()}, NOW) == PROOF
    assert check(raw + b"", {NAME: public()}, NOW) == PROOF
    added = raw.replace(b"To: ann", b"Reply-To: eve@jones.example\r\nTo: ann")
    assert check(added, {NAME: public()}, NOW) is None


def test_bytes_without_headers_or_with_too_many_prove_nothing():
    for raw in (b"", b"\r\n\r\n", b" folded", b"no field\r\n\r\n", MESSAGE, b"A" * 600_000):
        assert check(raw, {NAME: public()}, NOW) is None


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_mutated_signatures_raise_nothing(data):
    raw = bytearray(signed(canonicalize=(b"relaxed", b"relaxed")))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, 500))
        piece = st.binary(max_size=6) | st.sampled_from(
            [b"; ", b"=", b"\r\n", b"\r\n\r\n", b";b=", b"l=1;"]
        )
        raw[start : start + data.draw(st.integers(0, 20))] = data.draw(piece)
    assert check(bytes(raw), {NAME: public()}, NOW) in (None, PROOF)


@given(st.text(max_size=60))
@settings(max_examples=60)
def test_any_text_as_a_key_raises_nothing(text):
    assert check(signed(), {NAME: text}, NOW) is None


# --- in the source, and through a ledger -----------------------------------------------------


def test_mail_is_proven_by_its_signature_and_keeps_the_key():
    raw = signed()
    source = Mail(dkim={NAME: public()})
    assert source.verify({}, raw, None, NOW) is Auth.DKIM
    assert source.verify({}, MESSAGE, None, NOW) is Auth.NONE
    assert Mail().verify({}, raw, None, NOW) is Auth.NONE
    (event,) = source.parse({}, raw)
    assert (event.reason, event.auth) == (PROOF.statement, Auth.NONE)
    assert Mail().parse({}, raw)[0].reason is None


def test_in_a_mailbox_each_message_proves_itself():
    source = Mbox(mail=Mail(dkim={NAME: public()}))
    raw = b"".join(b"From - \r\n" + one + b"\r\n" for one in (signed(), MESSAGE))
    assert [event.auth for event in source.parse({}, raw)] == [Auth.DKIM, Auth.NONE]
    assert source.verify({}, raw, None, NOW) is Auth.NONE
