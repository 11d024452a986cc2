"""A bundle made while another sealer is between its two steps: sealed, and not signed yet."""

from __future__ import annotations

import io

import attrs
import pytest

from contactledger import Ledger, open_bundle
from contactledger.errors import NotSealed
from tests.ledgers import SMITH, mail
from tests.sealers import Fault, faulty, sealing_in_memory


@pytest.fixture
def unsigned(tmp_path):
    """A ledger, its key, and a bundle of it; since then another sealer did its first step."""
    ledger, key = sealing_in_memory(tmp_path)
    made = ledger.bundle(SMITH)
    ledger.record(SMITH, mail("a"))
    other, steps = faulty(ledger._store, tmp_path / "acme.key")
    steps.fail(7)
    with pytest.raises(Fault, match=r"^sign$"):
        other.seal()
    return ledger, key, made


def test_who_has_the_key_signs_for_the_other_and_shows_the_newest_seal(unsigned):
    ledger, key, made = unsigned
    file = io.BytesIO()
    made.write(file)
    assert open_bundle(file, trust=key).size == len(ledger.entries(SMITH)) == 8
    assert ledger.checkpoint().epoch.slots == 2


def test_who_has_none_is_told_to_come_again(unsigned):
    ledger, _, _ = unsigned
    reader = Ledger.open(ledger._store, recorder=None)
    with pytest.raises(NotSealed, match="is not signed yet"):
        reader.bundle(SMITH).write(io.BytesIO())


def test_a_bundle_does_not_look_for_a_signature_for_ever(unsigned):
    sealed = []
    made = attrs.evolve(unsigned[2], seal=lambda: sealed.append(1))
    with pytest.raises(NotSealed, match="is not signed yet"):
        made.write(io.BytesIO())
    assert len(sealed) == 9
