"""What is sealed is spelled in one way, and what is not spelled so is refused by its field."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactledger.errors import BadRecord
from contactledger.log import seal
from contactledger.log.canon import canonical
from contactledger.log.record import to_base64url
from tests.vectors.make import ACCOUNT

AT = datetime(2026, 7, 1, 12, 0, 0, 5, UTC)
SIZES = st.integers(0, 2**53 - 1)
ROOTS = st.binary(min_size=32, max_size=32)
TIMES = st.datetimes(timezones=st.just(UTC))

PAIRS = [
    (seal.format_head, seal.parse_head, seal.Head(ACCOUNT, bytes(16), bytes(32), 3, 0)),
    (seal.format_epoch, seal.parse_epoch, seal.Epoch(4, bytes(32), AT, 9)),
    (
        seal.format_genesis,
        seal.parse_genesis,
        seal.Genesis(ACCOUNT, "acme", ("acme+00000000+AA==",)),
    ),
    (seal.format_key_change, seal.parse_key_change, seal.KeyChange(AT, "new", "old")),
    (seal.format_receipt, seal.parse_receipt, seal.Received(ACCOUNT, AT, 4, bytes(32), 3)),
]


@pytest.mark.parametrize(("write", "read", "value"), PAIRS)
def test_every_record_comes_back(write, read, value):
    assert read(write(value)) == value


@given(
    st.builds(seal.Head, st.just(ACCOUNT), st.binary(min_size=16, max_size=16), ROOTS, SIZES, SIZES)
)
def test_every_head_comes_back(head):
    assert seal.parse_head(seal.format_head(head)) == head


@given(st.builds(seal.Epoch, SIZES, ROOTS, TIMES, SIZES))
def test_every_epoch_comes_back(epoch):
    assert seal.parse_epoch(seal.format_epoch(epoch)) == epoch


@pytest.mark.parametrize(("write", "read", "value"), PAIRS)
def test_no_record_is_taken_for_another(write, read, value):
    for _, other, _ in PAIRS:
        if other is not read:
            with pytest.raises(BadRecord, match="typ"):
                other(write(value))


CHANGES = [
    ({"account": "x"}, "account"),
    ({"ledger": "x"}, "ledger"),
    ({"blind": to_base64url(bytes(15))}, "blind"),
    ({"root": to_base64url(bytes(31))}, "root"),
    ({"root": "AB"}, "root"),
    ({"size": -1}, "size"),
    ({"slot": -1}, "slot"),
    ({"epoch": -1}, "epoch"),
    ({"slots": -1}, "slots"),
    ({"sealed_at": "now"}, "sealed_at"),
    ({"at": "now"}, "at"),
    ({"keys": []}, "keys"),
    ({"keys": [5]}, "keys"),
    ({"profile": "contactledger/v9"}, "profile"),
    ({"size": "3"}, ""),
    ({"slots": True}, ""),
    ({"more": 1}, ""),
]


@pytest.mark.parametrize(("write", "read", "value"), PAIRS)
def test_what_is_not_as_it_should_be_is_named(write, read, value):
    document = json.loads(write(value))
    for change, field in CHANGES:
        if set(change) <= set(document) or "more" in change:
            with pytest.raises(BadRecord) as caught:
                read(canonical({**document, **change}))
            assert caught.value.field == field
    with pytest.raises(BadRecord):
        read(b"[]")
