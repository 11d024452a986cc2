"""Countersigning: signed for by the other side, taken back in, shown by later bundles."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta

import attrs
import pytest

from contactledger import Ledger, MemoryStore, bundling, open_bundle
from contactledger.countersigning import MEANING, Accepted, Countersignature, countersign
from contactledger.errors import BadInput, BadRecord, NotSealed, Unverified
from contactledger.keys import keygen
from contactledger.log.checkpoint import Checkpoint, format_checkpoint
from contactledger.log.receipt import make_countersignature
from contactledger.testing import FixedClock
from tests.ledgers import SMITH, mail, two_sides
from tests.signing import signer

OURS, THEIRS, JUDGE = (
    signer("acme.example/ledger"),
    signer("smith.example/ledger"),
    signer("judge.example"),
)


class Vendor:
    """A ledger with a key, and what its bundles look like from the other side."""

    def __init__(self, folder, store=None) -> None:
        self.clock = FixedClock()
        self.ledger = Ledger.open(
            store or MemoryStore(),
            recorder="acme",
            signer=OURS,
            high_water=folder / "acme.high-water",
            clock=self.clock,
        )
        self.ledger.record(SMITH, *two_sides(), mail("first"))

    def opened(self, *trust, remember=None, **how):
        file = io.BytesIO()
        self.ledger.bundle(SMITH, **how).write(file)
        return open_bundle(file, trust=[OURS.key, *(t.key for t in trust)], remember=remember)

    def accept(self, countersignature, trust=THEIRS) -> Accepted:
        return self.ledger.accept(countersignature, trust=trust.key)


@pytest.fixture(params=["memory", "sqlite"])
def vendor(request, tmp_path):
    store = None if request.param == "memory" else f"sqlite:///{tmp_path / 'contacts.db'}"
    made = Vendor(tmp_path, store)
    yield made
    made.ledger.close()


def signed(vendor: Vendor, by=THEIRS) -> Countersignature:
    return countersign(vendor.opened(), by, vendor.clock())


def who(bundle) -> list[tuple[str, datetime, int | None]]:
    return [(one.name, one.at, one.size) for one in bundle.countersigned]


# --- signing for a bundle


def test_it_names_account_size_root_epoch_and_time_and_no_person(vendor):
    opened = vendor.opened()
    made = countersign(opened, THEIRS, vendor.clock())
    received = made.received
    assert (received.account, received.size) == (opened.account_id, opened.size)
    assert (received.root, received.epoch) == (opened.head.root, 1)
    assert received.at == vendor.clock()
    assert made.name == "smith.example/ledger"
    assert len(made.data) < 1_000
    plain = re.sub(rb"[A-Za-z0-9+/_-]{20,}=*", b"", made.data)  # ids, hashes, signatures: chance
    assert b"smith.example/ledger" in plain
    assert not re.search(rb"bob|ray|ann|lee|555|smith-motors", plain, re.IGNORECASE)


def test_it_is_shown_by_what_it_says(vendor):
    account = vendor.opened().account_id
    assert repr(signed(vendor)) == (
        f"<Countersignature of smith.example/ledger: account {account}, 8 entries, "
        "2026-03-02 09:00:00 UTC>"
    )


def test_it_can_be_signed_with_a_key_file(vendor, tmp_path):
    keygen(tmp_path / "smith.key", "smith.example/ledger")
    made = countersign(vendor.opened(), tmp_path / "smith.key", vendor.clock())
    kept = vendor.ledger.accept(made, trust=tmp_path / "smith.vkey")
    assert kept.size == 8


def test_it_goes_through_a_file(vendor, tmp_path):
    made = signed(vendor)
    made.save(tmp_path / "received.json")
    assert Countersignature.load(tmp_path / "received.json") == made
    with pytest.raises(BadInput, match="path: cannot be written"):
        made.save(tmp_path / "nowhere" / "received.json")
    with pytest.raises(BadInput, match="path: cannot be read"):
        Countersignature.load(tmp_path / "nothing.json")


@pytest.mark.parametrize("data", [b"", b"PK\3\4", b"{}", b"x" * 100_000])
def test_another_file_is_no_countersignature(tmp_path, data):
    (tmp_path / "wrong.json").write_bytes(data)
    with pytest.raises(BadInput):
        Countersignature.load(tmp_path / "wrong.json")


def test_a_receipt_is_for_a_whole_log(vendor):
    with pytest.raises(BadInput, match="opened: a partial bundle"):
        countersign(vendor.opened(entries=["first"]), THEIRS, vendor.clock())


def test_a_seal_dated_ahead_of_ones_own_clock_is_not_signed_for(vendor):
    opened, now = vendor.opened(), vendor.clock()
    countersign(opened, THEIRS, now - timedelta(minutes=5))
    with pytest.raises(BadInput, match="now: lies before the bundle was sealed"):
        countersign(opened, THEIRS, now - timedelta(minutes=5, seconds=1))
    with pytest.raises(BadInput, match="no time zone"):
        countersign(opened, THEIRS, datetime(2026, 3, 2, 9))  # noqa: DTZ001


def test_it_says_that_it_is_no_agreement():
    assert "not that anybody agrees" in MEANING
    assert "J39" in MEANING


# --- taking it back in


def test_what_was_accepted_is_said(vendor):
    account = vendor.opened().account_id
    vendor.clock.forward(hours=2)
    kept = vendor.accept(signed(vendor))
    assert kept == Accepted("smith.example/ledger", account, 8, 1, vendor.clock())


def test_the_next_bundle_bears_the_cosignature_and_the_receipt(vendor):
    assert who(vendor.opened(THEIRS)) == []
    vendor.accept(signed(vendor))
    opened = vendor.opened(THEIRS)
    assert who(opened) == [("smith.example/ledger", vendor.clock(), 8)]
    (cosignature,) = opened.verified.countersigned
    assert cosignature.time == int(vendor.clock().timestamp())
    (receipt,) = opened.verified.received
    assert receipt.received == signed(vendor).received


def test_the_receipt_stays_when_newer_checkpoints_take_over(vendor):
    at = vendor.clock()
    vendor.accept(signed(vendor))
    for hours in (1, 2):
        vendor.clock.forward(hours=hours)
        vendor.ledger.record(SMITH, mail(f"later {hours}"))
        opened = vendor.opened(THEIRS)
        assert who(opened) == [("smith.example/ledger", at, 8)]
        assert opened.verified.countersigned == ()
    assert opened.size == 10


def test_both_halves_of_one_countersignature_are_one_line_of_the_list(vendor):
    vendor.accept(signed(vendor))
    vendor.clock.forward(hours=1)
    vendor.accept(signed(vendor, JUDGE), JUDGE)
    assert [name for name, _, _ in who(vendor.opened(THEIRS, JUDGE))] == [
        "smith.example/ledger",
        "judge.example",
    ]


def test_no_customer_learns_from_it_who_the_other_customers_are(vendor):
    vendor.ledger.record("jones-motors", *two_sides())
    file = io.BytesIO()
    vendor.ledger.bundle("jones-motors").write(file)
    jones = open_bundle(file, trust=OURS.key)
    vendor.accept(countersign(jones, JUDGE, vendor.clock()), JUDGE)
    file = io.BytesIO()
    vendor.ledger.bundle(SMITH).write(file)
    assert b"judge.example" not in file.getvalue()
    assert who(vendor.opened(JUDGE)) == []
    file = io.BytesIO()
    vendor.ledger.bundle("jones-motors").write(file)
    shown = open_bundle(file, trust=[OURS.key, JUDGE.key])
    assert who(shown) == [("judge.example", vendor.clock(), 8 - 1)]


def test_more_cosignatures_than_a_note_can_hold_are_left_out_and_their_receipts_are_not(
    vendor, monkeypatch
):
    monkeypatch.setattr(bundling, "MAX_SIGNATURES", 2)
    vendor.accept(signed(vendor))
    vendor.accept(signed(vendor, JUDGE), JUDGE)
    opened = vendor.opened(THEIRS, JUDGE)
    assert len(opened.verified.countersigned) == 1
    assert len(who(opened)) == 2


def test_whoever_does_not_know_the_key_is_shown_nobody(vendor):
    vendor.accept(signed(vendor))
    opened = vendor.opened()
    assert opened.countersigned == ()
    assert opened.verified.strangers == ("smith.example/ledger",)


def test_a_certificate_of_single_touches_bears_the_receipt_as_well(vendor):
    vendor.accept(signed(vendor))
    vendor.ledger.record(SMITH, mail("second"))
    certificate = vendor.opened(THEIRS, entries=["first"])
    assert not certificate.complete
    assert who(certificate) == [("smith.example/ledger", vendor.clock(), 8)]


def test_of_one_key_and_epoch_the_first_receipt_stands(vendor):
    first, at = signed(vendor), vendor.clock()
    kept = vendor.accept(first)
    vendor.clock.forward(hours=3)
    assert vendor.accept(signed(vendor)) == kept
    assert vendor.accept(first.data) == kept
    assert who(vendor.opened(THEIRS)) == [("smith.example/ledger", at, 8)]


def test_a_later_seal_may_be_signed_for_as_well(vendor):
    vendor.accept(signed(vendor))
    vendor.ledger.record(SMITH, mail("second"))
    vendor.clock.forward(hours=1)
    vendor.accept(signed(vendor))
    assert [size for _, _, size in who(vendor.opened(THEIRS))] == [8, 9]


def test_the_ledgers_own_checkpoint_and_check_stay_as_they_were(vendor):
    before = vendor.ledger.seal().note
    vendor.accept(signed(vendor))
    assert vendor.ledger.seal().note == before
    assert vendor.ledger.check() == 8


def test_taking_one_in_puts_nothing_into_the_log(vendor):
    entries = vendor.ledger.entries(SMITH)
    vendor.accept(signed(vendor))
    assert vendor.ledger.entries(SMITH) == entries


# --- what is refused


def refused(vendor: Vendor, countersignature, trust=THEIRS) -> str:
    with pytest.raises(Unverified) as caught:
        vendor.accept(countersignature, trust)
    assert who(vendor.opened(THEIRS, JUDGE)) == []
    return str(caught.value)


def test_a_strangers_is_refused(vendor):
    assert "none of the keys" in refused(vendor, signed(vendor, JUDGE))


def test_a_changed_one_is_refused(vendor):
    made = signed(vendor)
    assert "does not hold" in refused(vendor, made.data.replace(b'size\\":8', b'size\\":7'))


def test_the_ledger_cannot_countersign_itself(vendor):
    assert "no witness of itself" in refused(vendor, signed(vendor, OURS), OURS)


def test_one_for_another_ledger_is_refused(vendor):
    text = format_checkpoint(Checkpoint("other.example/ledger", 2, b"r" * 32))
    made = make_countersignature(text, signed(vendor).received, THEIRS)
    assert "another ledger" in refused(vendor, made)


def test_one_for_another_history_is_refused(vendor):
    for size in (2, 50):
        received = attrs.evolve(signed(vendor).received, epoch=size - 1)
        text = format_checkpoint(Checkpoint("acme.example/ledger", size, b"r" * 32))
        made = make_countersignature(text, received, THEIRS)
        assert "a checkpoint that this ledger has not signed" in refused(vendor, made)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"root": b"x" * 32}, "another log than the account's"),
        ({"size": 7}, "another log than the account's"),
        ({"size": 9}, "a log that this ledger has not sealed"),
        ({"size": 0}, "a log that this ledger has not sealed"),
        ({"account": "a" * 26}, "a log that this ledger has not sealed"),
    ],
)
def test_one_for_another_log_is_refused(vendor, wrong, why):
    checkpoint = vendor.opened().verified.checkpoint
    received = attrs.evolve(signed(vendor).received, **wrong)
    made = make_countersignature(format_checkpoint(checkpoint), received, THEIRS)
    assert why in refused(vendor, made)


def test_nothing_is_accepted_before_the_first_seal(tmp_path):
    made = signed(Vendor(tmp_path))
    (tmp_path / "new").mkdir()
    other = Vendor(tmp_path / "new")
    with pytest.raises(NotSealed):
        other.accept(made)


def test_a_ledger_opened_for_reading_accepts_nothing(tmp_path):
    store = MemoryStore()
    made = signed(Vendor(tmp_path, store))
    reading = Ledger.open(store, recorder=None)
    with pytest.raises(BadInput, match="opened for reading"):
        reading.accept(made, trust=THEIRS.key)


def test_what_is_no_countersignature_is_refused(vendor):
    with pytest.raises(BadRecord):
        vendor.accept(b"{}")


# --- what it is good for


def test_a_vendor_that_goes_back_cannot_show_the_receipt_with_the_other_history(tmp_path):
    """The receipt names the root that was received; another history does not have it."""
    one = Vendor(tmp_path)
    made = signed(one)
    (tmp_path / "other").mkdir()
    other = Vendor(tmp_path / "other")  # the same key, another history
    other.ledger.seal()
    with pytest.raises(Unverified):
        other.accept(made)


def test_whoever_remembers_what_it_signed_for_sees_the_log_only_grow(vendor):
    memory: dict[str, object] = {}
    countersign(vendor.opened(remember=memory), THEIRS, vendor.clock())
    vendor.ledger.record(SMITH, mail("second"))
    assert not vendor.opened(remember=memory).first


def test_times_are_those_of_the_countersigners_clock(vendor):
    ahead = vendor.clock() + timedelta(days=400)
    vendor.accept(countersign(vendor.opened(), THEIRS, ahead.astimezone(UTC)))
    assert who(vendor.opened(THEIRS)) == [("smith.example/ledger", ahead, 8)]
