"""Receipts in a bundle: each is for a beginning of this very log, or the bundle is refused."""

from __future__ import annotations

import io
from datetime import timedelta

import attrs
import pytest

from contactledger import facts as f
from contactledger.errors import BadBundle
from contactledger.log import bundle_receipts
from contactledger.log.bundle_open import verify
from contactledger.log.bundle_receipts import in_order
from contactledger.log.container import Container, write
from contactledger.log.note import add_signatures, make_signature
from contactledger.log.receipt import parse_receipt_note, sign_receipt
from contactledger.log.seal import Received, parse_epoch, parse_head
from tests.bundles import ANN, BOB, OTHERS, SMITHS, T0, Maker, key_of, story, written
from tests.signing import signer

KEY = key_of("first")
SMITH, JUDGE = signer("smith.example/ledger"), signer("judge.example")
TRUST = [KEY.key, SMITH.key]


def maker() -> Maker:
    """A ledger sealed twice; the customer's log has grown in between."""
    made = story()
    made.seal()
    made.logs[SMITHS].add(f.Touch(ANN, (BOB,), f.Channel.EMAIL, about="Again"))
    made.seal()
    return made


LEDGER = maker()


def received(seal: int = 0, account: str = SMITHS, hours: int = 48, **changes) -> Received:
    """What was received after a seal."""
    sealed = LEDGER.seals[seal]
    head, epoch = parse_head(sealed.heads[account]), parse_epoch(sealed.epoch).epoch
    at = T0 + timedelta(hours=hours)
    return attrs.evolve(Received(account, at, epoch, head.root, head.size), **changes)


def with_receipts(*notes: bytes, content=None) -> bytes:
    return written(attrs.evolve(content or LEDGER.content(), receipts=notes))


def opened(data: bytes, trust=TRUST):
    return verify(io.BytesIO(data), trust)


def refused(data: bytes) -> str:
    with pytest.raises(BadBundle) as caught:
        opened(data)
    assert (caught.value.step, caught.value.name) == (8, "older heads")
    return f"{caught.value.file}: {caught.value.what}"


def test_receipts_come_back_verified_and_in_order_of_epoch_and_time():
    early, late, other = (
        sign_receipt(received(0), SMITH),
        sign_receipt(received(1), SMITH),
        sign_receipt(received(0, hours=40), JUDGE),
    )
    notes = in_order([late, early, other])
    assert notes == (other, early, late)
    found = opened(with_receipts(*notes), [*TRUST, JUDGE.key]).received
    assert [(one.key.name, one.received) for one in found] == [
        ("judge.example", received(0, hours=40)),
        ("smith.example/ledger", received(0)),
        ("smith.example/ledger", received(1)),
    ]


def test_a_receipt_of_somebody_unknown_is_passed_over():
    data = with_receipts(sign_receipt(received(), JUDGE))
    assert opened(data).received == ()
    assert len(opened(data, [KEY.key, JUDGE.key]).received) == 1


def test_the_ledger_gives_itself_no_receipt():
    assert opened(with_receipts(sign_receipt(received(), KEY))).received == ()


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"root": b"x" * 32}, "rollback or fork: another log was received than this one"),
        ({"size": 10**6}, "is for another account, or for more than this log"),
        ({"size": 0}, "is for another account, or for more than this log"),
        ({"account": OTHERS}, "is for another account, or for more than this log"),
        ({"epoch": 9}, "is of a later epoch than the bundle"),
    ],
)
def test_a_receipt_for_another_log_is_refused_whoever_signed_it(wrong, why):
    for key in (SMITH, JUDGE):
        note = sign_receipt(received(**wrong), key)
        assert refused(with_receipts(note)) == f"account/receipts/0.note: {why}"


def test_a_signature_that_does_not_hold_is_refused():
    note = sign_receipt(received(), SMITH)
    forged = note.replace(b'"at":"2026-01-07T', b'"at":"2026-01-06T')
    assert forged != note
    assert "does not hold under its key" in refused(with_receipts(forged))


def test_receipts_are_numbered_in_their_one_order():
    one, two = sign_receipt(received(0), SMITH), sign_receipt(received(1), SMITH)
    assert "not in order" in refused(with_receipts(two, one))
    assert "not in order" in refused(with_receipts(one, one))
    parts = contents(with_receipts(one, two))
    parts["account/receipts/2.note"] = parts.pop("account/receipts/1.note")
    assert refused(packed(parts)) == "account/receipts/2.note: has another number than 1"


def test_a_receipt_is_one_signed_line():
    note = sign_receipt(received(), SMITH)
    two = add_signatures(note, make_signature(parse_receipt_note(note)[1].text, JUDGE))
    assert "must have one signature" in refused(with_receipts(two))
    assert "account/receipts/0.note" in refused(with_receipts(b"nothing of the kind"))


def test_a_partial_bundle_shows_receipts_for_the_heads_it_shows():
    partial = LEDGER.partial([0, 1, 6])
    now, then = sign_receipt(received(1), SMITH), sign_receipt(received(0), SMITH)
    assert [r.received for r in opened(with_receipts(now, content=partial)).received] == [
        received(1)
    ]
    assert "of which the bundle shows no head" in refused(with_receipts(then, content=partial))
    since = attrs.evolve(partial, since=LEDGER.content(since=[0]).since)
    both = with_receipts(then, now, content=since)
    assert [r.received for r in opened(both).received] == [received(0), received(1)]


def test_there_is_a_bound_on_receipts(monkeypatch):
    notes = in_order(sign_receipt(received(hours=h), SMITH) for h in (48, 49, 50))
    data = with_receipts(*notes)
    monkeypatch.setattr(bundle_receipts, "MAX_RECEIPTS", 2)
    assert refused(data) == ": has over 2 receipts"
    assert in_order(reversed(notes)) == notes[1:]


def test_every_byte_of_a_receipt_is_refused_but_that_it_names_an_unknown_key():
    note = sign_receipt(received(), SMITH)
    parts = contents(with_receipts(note))
    steps, believed = set(), []
    for place in range(len(note)):
        bent = bytearray(note)
        bent[place] ^= 2
        try:
            verified = opened(packed({**parts, "account/receipts/0.note": bytes(bent)}))
        except BadBundle as error:
            steps.add(error.step)
        else:
            believed += verified.received
    assert (steps, believed) == ({8}, [])


def contents(data: bytes) -> dict[str, bytes]:
    container = Container(io.BytesIO(data))
    return {name: b"".join(container.chunks(name)) for name in container.members}


def packed(parts: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    write(target, [(name, [parts[name]]) for name in sorted(parts)])
    return target.getvalue()
