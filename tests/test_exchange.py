"""The other side opens what the ledger saved, offline, and comes to the same judgement."""

from __future__ import annotations

import io
import json
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contactledger import (
    Coverage,
    Ledger,
    Mark,
    MemoryStore,
    Promise,
    Settlement,
    Signal,
    Touch,
    files,
    open_bundle,
)
from contactledger import facts as f
from contactledger.errors import BadBundle, BadInput, CannotJudge, Corrupt, NotFound, NotSealed
from contactledger.keys import keygen, load_signer
from contactledger.log.checkpoint import add_cosignature, cosign
from contactledger.log.note import parse_unverified
from contactledger.log.record import decode
from contactledger.log.verifier import Kind
from contactledger.missing import count_redacted
from contactledger.testing import FixedClock
from tests.bundles import ANN, BOB, SMITHS, key_of, story
from tests.ledgers import SMITH, mail, two_sides
from tests.vectors.make import fixed_id

NAME = "acme.example/ledger"


class Vendor:
    """A ledger with a key, its clock, and the folder of both."""

    def __init__(self, folder: Path, where: object, prefix: str = "contactledger_") -> None:
        self.folder, self.where, self.prefix = folder, where, prefix
        self.key = keygen(folder / "acme.key", NAME)
        self.clock = FixedClock()
        self.ledger = self.open()

    def open(self, signer: object = "acme.key", **how) -> Ledger:
        where = self.where
        path = self.folder / str(signer) if signer else None
        return Ledger.open(
            where,
            **{
                "recorder": "acme",
                "signer": path,
                "clock": self.clock,
                "prefix": self.prefix,
                **how,
            },
        )

    def tell(self) -> None:
        """Two sides, a mail of which nothing came back, a call that was answered."""
        self.ledger.record("house", Coverage("mailbox", ("email",), since=self.clock()))
        self.ledger.record(SMITH, *two_sides())
        self.ledger.record(SMITH, mail("m-1", about="Inventory sync", original=b"raw one"))
        self.clock.forward(days=1)
        self.ledger.record(
            SMITH,
            Touch(to="bob", channel="phone", key="c-1", about="A call"),
            Signal("m-1", "delivered", "bob", original=b"raw two"),
        )
        self.ledger.record(SMITH, Signal("c-1", "answered", "bob", "human"))
        self.clock.forward(days=20)

    def save(self, name: str = "smith.bundle", **how) -> Path:
        path = self.folder / name
        self.ledger.bundle(SMITH, **how).save(path)
        return path


@pytest.fixture(params=["memory", "sqlite"])
def vendor(request, tmp_path):
    where = MemoryStore() if request.param == "memory" else f"sqlite:///{tmp_path}/a.db"
    vendor = Vendor(tmp_path, where)
    vendor.tell()
    yield vendor
    vendor.ledger.close()


# --- one ledger, two sides


def test_the_other_side_sees_the_same_entries_and_judges_the_same(vendor):
    path = vendor.save()
    opened = open_bundle(path, trust=vendor.key)
    ledger, at = vendor.ledger, opened.sealed_at
    assert (opened.account, opened.complete, opened.first) == (SMITH, True, True)
    assert (opened.redacted, opened.withheld, opened.withheld_originals) == (0, 0, 0)
    assert tuple(opened.entries()) == ledger.entries(SMITH)
    assert tuple(opened.house()) == ledger.entries("house")
    assert (opened.origin, opened.key) == (NAME, vendor.key.format())
    assert at == vendor.clock()
    assert opened.findings() == ledger.findings(SMITH, as_of=at)
    assert opened.standing() == ledger.standing(SMITH, as_of=at)
    assert opened.cases() == ledger.cases(SMITH, as_of=at)
    early = at - timedelta(days=10)
    assert opened.standing(as_of=early) == ledger.standing(SMITH, as_of=early)
    ours, theirs = ledger.report(SMITH, as_of=at).data, opened.report().data
    assert theirs["findings"] == ours["findings"]
    assert f"All {opened.size} were verified" in opened.report().text().replace("\n", " ")
    assert opened.head.root.hex()[:16] in opened.report().text()
    assert (opened.slot, opened.account_id) == (opened.head.slot, opened.head.account)


def test_a_touch_printed_from_a_bundle_rests_on_the_bundle_and_shows_no_proof_beside_it(vendor):
    opened = open_bundle(vendor.save(), trust=vendor.key)
    touch = next(entry for entry in opened.entries() if entry.kind == "touch")
    report = opened.report("touch-certificate", about=touch.no)
    assert report.data["proof"] is None
    assert f"All {opened.size} were verified" in report.text().replace("\n", " ")


def test_a_ledger_on_postgresql_gives_bundles_as_well(postgres_url, tmp_path):
    vendor = Vendor(tmp_path, postgres_url, "bundles_")
    vendor.tell()
    opened = open_bundle(vendor.save(to="bob"), trust=vendor.key)
    assert tuple(opened.entries()) == vendor.ledger.entries(SMITH)
    vendor.ledger.record(SMITH, mail("m-2"))
    later = open_bundle(vendor.save(entries=["m-2"]), trust=vendor.key)
    assert later.verified.since == (opened.size,)
    assert [e.no for e in later.entries()] == [0, 1, opened.size]
    vendor.ledger.close()


def test_a_bundle_is_the_same_bytes_each_time_and_goes_to_a_file_object_as_well(vendor):
    path = vendor.save()
    target = io.BytesIO()
    bundle = vendor.ledger.bundle(SMITH)
    assert bundle.write(target) == len(path.read_bytes())
    assert target.getvalue() == path.read_bytes()
    assert "acme" not in repr(bundle)
    opened = open_bundle(target, trust=[vendor.key.format()])
    assert len(list(opened.entries())) == opened.size
    assert len(list(opened.entries())) == opened.size


def test_only_what_is_sealed_is_shown(vendor):
    vendor.ledger.seal()
    size = len(vendor.ledger.entries(SMITH))
    vendor.ledger.record(SMITH, mail("m-2"))
    vendor.ledger.record("house", Coverage("mailbox", ("email",), "blind"))
    with vendor.open(recorder=None, signer=None) as reader:
        path = vendor.folder / "read.bundle"
        reader.bundle(SMITH).save(path)
    opened = open_bundle(path, trust=vendor.key)
    assert opened.size == size
    with vendor.open(recorder=None, signer=None) as reader, reader._store.begin(write=False) as tx:
        assert tx.given(opened.account_id) == []


def test_what_was_given_is_shown_to_be_continued(vendor):
    first = open_bundle(vendor.save(to="bob"), trust=vendor.key)
    vendor.ledger.record(SMITH, mail("m-2"))
    vendor.save()
    vendor.save(to="smith")
    vendor.ledger.record(SMITH, mail("m-3"))
    opened = open_bundle(vendor.save(), trust=vendor.key)
    assert opened.verified.since == (first.size, first.size + 1)
    with vendor.ledger._store.begin(write=False) as tx:
        given = tx.given(opened.account_id)
    bob = next(e.id for e in opened.entries() if getattr(e.fact, "key", None) == "bob")
    assert given[0].whom == bob
    assert [row.whom for row in given].count("") == 2


def test_originals_may_stay_at_home(vendor):
    opened = open_bundle(vendor.save(originals=False), trust=vendor.key)
    assert (opened.withheld_originals, opened.withheld, opened.redacted) == (2, 0, 0)
    assert opened.standing().account == opened.account_id


def test_a_certificate_of_one_touch_holds_what_is_about_it(vendor):
    ledger = vendor.ledger
    touch = next(e for e in ledger.entries(SMITH) if getattr(e.fact, "key", None) == "m-1")
    ledger.record(
        SMITH,
        mail("r-1", reminds="m-1"),
        Touch("bob", ("acme",), "email", key="a-1", answers=("m-1",)),
        Touch("bob", ("acme",), "email", key="b-1"),
        Promise("p-1", "ann", "bob", what="Train two people"),
    )
    ledger.record(SMITH, Mark(touch.no, "disputed", party="smith"), Mark("b-1", "acknowledged"))
    whole = {e.no: e for e in ledger.entries(SMITH)}
    opened = open_bundle(vendor.save(entries=["m-1"]), trust=vendor.key)
    assert not opened.complete
    kept = list(opened.entries())
    assert [whole[e.no] for e in kept] == kept
    keys = {getattr(e.fact, "key", None) for e in kept if isinstance(e.fact, Touch)}
    assert keys == {"m-1", "r-1", "a-1"}
    assert [e.kind for e in kept].count("signal") == 1
    assert [e.kind for e in kept].count("mark") == 1
    assert list(opened.house()) == []
    for ask in (opened.standing, opened.findings, opened.cases, opened.report):
        with pytest.raises(CannotJudge, match="partial"):
            ask()
    # by number, as entries, by id
    for wanted in ([touch.no], [touch]):
        opened = open_bundle(vendor.save(entries=wanted), trust=vendor.key)
        assert [e.no for e in opened.entries()] == [0, 1, touch.no]
    opened = open_bundle(vendor.save(entries=[touch.id]), trust=vendor.key)
    assert [e.no for e in opened.entries()] == [e.no for e in kept]


def test_who_and_what_is_not_there_is_named(vendor):
    ledger = vendor.ledger
    for how, field in (
        ({"entries": ["m-9"]}, "entries[0]"),
        ({"entries": [0, 99]}, "entries[1]"),
        ({"entries": [-1]}, "entries[0]"),
        ({"to": "zoë"}, "to"),
        ({"to": "m-1"}, "to"),
    ):
        with pytest.raises(NotFound) as caught:
            ledger.bundle(SMITH, **how)
        assert caught.value.field == field
    (_, other), *_ = [ledger.record("other-motors", mail(to="acme"))[:1] * 2]
    with pytest.raises(BadInput, match="another account"):
        ledger.bundle(SMITH, entries=[other])
    with pytest.raises(BadInput, match="every account's"):
        ledger.bundle("house")
    with pytest.raises(NotFound):
        ledger.bundle("nobody")


def test_what_is_not_sealed_has_no_bundle_and_is_told_how_to_get_one(vendor):
    with vendor.open(signer=None) as plain, pytest.raises(NotSealed, match="keygen"):
        plain.bundle(SMITH)
    vendor.ledger.seal()
    vendor.ledger.record("new-motors", *two_sides())
    with vendor.open(signer=None) as plain:
        with pytest.raises(NotSealed, match="account"):
            plain.bundle("new-motors").write(io.BytesIO())
        (late,) = plain.record(SMITH, mail("late"))
        with pytest.raises(NotSealed, match="asked for"):
            plain.bundle(SMITH, entries=[late]).write(io.BytesIO())


def test_an_original_that_the_store_lost_is_no_silent_gap(vendor):
    vendor.ledger.seal()
    entry = next(e for e in vendor.ledger.entries(SMITH) if getattr(e.fact, "key", "") == "m-1")
    with vendor.ledger._store.begin(write=True) as tx:
        tx.lock([entry.account])
        tx.erase(entry.account, [], [entry.fact.original.sha256])
    path = vendor.folder / "smith.bundle"
    path.write_bytes(b"older")
    with pytest.raises(Corrupt, match="original"):
        vendor.ledger.bundle(SMITH).save(path)
    assert path.read_bytes() == b"older"
    assert list(path.parent.glob(".smith*")) == []


def test_those_who_trust_the_old_key_can_follow_to_the_new_one(vendor):
    old = vendor.key
    new = keygen(vendor.folder / "new.key", NAME)
    before = open_bundle(vendor.save(), trust=old)
    vendor.ledger.rotate(vendor.folder / "new.key")
    vendor.ledger.close()
    vendor.ledger = vendor.open("new.key")
    vendor.ledger.record(SMITH, *two_sides(), mail("m-2"))
    for trust in ([old], [new], [old, new]):
        opened = open_bundle(vendor.save(), trust=trust)
        assert (opened.key, opened.size > before.size) == (new.format(), True)


def test_a_lost_key_is_replaced_by_one_that_has_to_be_trusted_anew(vendor):
    vendor.ledger.seal()
    vendor.ledger.close()
    new = keygen(vendor.folder / "new.key", NAME)
    vendor.ledger = vendor.open(None)
    vendor.ledger.rotate(vendor.folder / "new.key")
    path = vendor.save()
    assert open_bundle(path, trust=new).key == new.format()
    with pytest.raises(BadBundle) as caught:
        open_bundle(path, trust=vendor.key)
    assert caught.value.step == 2


# --- trust


def test_trust_is_a_key_its_text_or_its_file(vendor):
    path = vendor.save()
    vkey = vendor.folder / "acme.vkey"
    for trust in (vendor.key, vendor.key.format(), vkey, str(vkey), [vkey], (vendor.key, vkey)):
        assert open_bundle(str(path), trust=trust).account == SMITH


def test_a_trust_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "not.vkey").write_bytes(b"no key")
    (tmp_path / "bytes.vkey").write_bytes(b"\xff\xfe")
    good = key_of("first").key
    for trust, field in (
        ([], "trust"),
        ([good, tmp_path / "absent.vkey"], "trust[1]"),
        (tmp_path / "not.vkey", "trust[0]"),
        (tmp_path / "bytes.vkey", "trust[0]"),
        ("acme+00000000+AAAA", "trust[0]"),
    ):
        with pytest.raises(BadInput) as caught:
            open_bundle(io.BytesIO(), trust=trust)
        assert caught.value.field == field


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BadInput) as caught:
        open_bundle(tmp_path / "absent.bundle", trust=key_of("first").key)
    assert caught.value.field == "bundle"


def test_witnesses_are_shown_with_their_times(vendor):
    vendor.ledger.seal()
    keygen(vendor.folder / "smith.key", "smith.example")
    smith = load_signer(vendor.folder / "smith.key")
    with vendor.ledger._store.begin(write=True) as tx:
        tx.claim()
        row = tx.checkpoint()
        text = parse_unverified(row.note).text
        note = row.note
        for time, signer in ((1_780_000_000, smith), (2**62, key_of("far", "far.example"))):
            note = add_cosignature(note, cosign(text, signer, time))
        tx.put_checkpoint(row._replace(note=note))
    witness = smith.key.as_kind(Kind.COSIGNATURE)
    far = key_of("far", "far.example").key
    opened = open_bundle(vendor.save(), trust=[vendor.key, witness, far])
    assert [(c.name, c.at) for c in opened.countersigned] == [
        ("smith.example", datetime.fromtimestamp(1_780_000_000, UTC)),
        ("far.example", None),
    ]
    assert opened.countersigned[0].key == witness.format()


# --- what is remembered


@pytest.mark.parametrize("kind", ["dict", "file"])
def test_what_was_opened_is_remembered_and_a_later_one_extends_it(vendor, kind):
    memory = {} if kind == "dict" else vendor.folder / "remembered.json"
    first = open_bundle(vendor.save("1.bundle"), trust=vendor.key, remember=memory)
    again = open_bundle(vendor.folder / "1.bundle", trust=vendor.key, remember=memory)
    assert (first.first, again.first) == (True, False)
    kept = memory if kind == "dict" else json.loads(memory.read_text("utf-8"))
    assert set(kept) == {first.account_id}
    one = kept[first.account_id]
    assert (one["slot"], one["size"], one["origin"]) == (first.slot, first.size, NAME)
    assert one["key"] == vendor.key.format()
    vendor.ledger.record(SMITH, mail("m-2"))
    vendor.ledger.record("other-motors", *two_sides())
    assert not open_bundle(vendor.save(), trust=vendor.key, remember=memory).first
    vendor.ledger.bundle("other-motors").save(vendor.folder / "other.bundle")
    other = open_bundle(vendor.folder / "other.bundle", trust=vendor.key, remember=memory)
    assert other.first
    kept = memory if kind == "dict" else json.loads(memory.read_text("utf-8"))
    assert set(kept) == {first.account_id, other.account_id}
    with pytest.raises(BadBundle) as caught:
        open_bundle(vendor.folder / "1.bundle", trust=vendor.key, remember=memory)
    assert (caught.value.step, len(caught.value.evidence)) == (8, 2)


def test_a_memory_that_is_none_is_refused_and_left_alone(vendor):
    path, memory = vendor.save(), vendor.folder / "memory.json"
    kept: dict[str, object] = {}
    opened = open_bundle(path, trust=vendor.key, remember=kept)
    (good,) = kept.values()
    for bad in (
        "no json",
        "[]",
        '{"a": 1}',
        json.dumps({opened.account_id: {}}),
        json.dumps({opened.account_id: {"signed": {}}}),
        json.dumps({"a" * 26: good}),
    ):
        memory.write_text(bad, "utf-8")
        with pytest.raises(BadInput) as caught:
            open_bundle(path, trust=vendor.key, remember=memory)
        assert (caught.value.field, memory.read_text("utf-8")) == ("remember", bad)


def test_nothing_is_remembered_of_a_bundle_that_does_not_verify(vendor):
    path = vendor.save()
    path.write_bytes(path.read_bytes()[:-1])
    memory: dict[str, object] = {}
    with pytest.raises(BadBundle):
        open_bundle(path, trust=vendor.key, remember=memory)
    assert memory == {}


def test_a_memory_that_cannot_be_written_is_named(vendor):
    path = vendor.save()
    with pytest.raises(BadInput) as caught:
        open_bundle(path, trust=vendor.key, remember=vendor.folder / "no" / "folder.json")
    assert caught.value.field == "remember"


def test_a_bundle_that_cannot_be_written_is_named_and_leaves_what_was_there(vendor, monkeypatch):
    with pytest.raises(BadInput) as caught:
        vendor.ledger.bundle(SMITH).save(vendor.folder / "no" / "folder.bundle")
    assert caught.value.field == "path"
    path = vendor.folder / "old.bundle"
    path.write_bytes(b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(BadInput, match="No space left"), files.replacing(path, "path") as file:
        file.write(b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in path.parent.glob(".old*")] == []


def test_memory_is_bounded_while_a_long_log_is_saved_and_opened(tmp_path):
    peaks = []
    vendor = Vendor(tmp_path, f"sqlite:///{tmp_path}/a.db")
    vendor.ledger.record(SMITH, *two_sides())
    for number in (2_000, 4_000):
        touches = [mail(f"m-{number}-{no}", about="Inventory sync " * 4) for no in range(number)]
        vendor.ledger.record(SMITH, *touches)
        vendor.ledger.seal()
        tracemalloc.start()
        try:
            path = vendor.save()
            written = tracemalloc.get_traced_memory()[1]
            tracemalloc.reset_peak()
            open_bundle(path, trust=vendor.key)
            peaks.append((path.stat().st_size, written, tracemalloc.get_traced_memory()[1]))
        finally:
            tracemalloc.stop()
    vendor.ledger.close()
    (short, *before), (long, *after) = peaks
    assert long > 2.5 * short
    assert all(now < 1.5 * then for now, then in zip(after, before, strict=True))


def test_progress_is_told_while_a_bundle_is_made_and_opened(vendor):
    vendor.ledger.record(SMITH, *[mail(f"p-{no}") for no in range(1_500)])
    vendor.ledger.seal()
    path, done = vendor.folder / "long.bundle", []

    def tell(*counted):
        done.append(counted)

    size = len(vendor.ledger.entries(SMITH))
    vendor.ledger.bundle(SMITH).save(path, progress=tell)
    steps = [1_000, size, size + 1_000, 2 * size, 2 * size + 1_000, 3 * size]
    assert done == [(step, 3 * size) for step in steps]
    done.clear()
    vendor.ledger.bundle(SMITH, originals=False).save(path, progress=tell)
    assert done == [(step, 2 * size) for step in steps[:4]]
    done.clear()
    vendor.ledger.bundle(SMITH, entries=["m-1"]).save(path, progress=tell)
    assert done == []  # a few entries take no time
    open_bundle(vendor.save(), trust=vendor.key, progress=tell)
    assert done == [(1_000, size), (size, size)]
    vendor.ledger.redact(SMITH, person="bob")
    done.clear()
    open_bundle(vendor.save(), trust=vendor.key, progress=tell)
    assert done == 4 * [(1_000, size + 1), (size + 1, size + 1)]


# --- redacted, or withheld


def test_what_a_redaction_names_is_redacted_and_everything_else_withheld(vendor):
    ledger = vendor.ledger
    whole = len(list(open_bundle(vendor.save(), trust=vendor.key).entries()))
    (call,) = [e for e in ledger.entries(SMITH) if getattr(e.fact, "key", None) == "c-1"]
    ledger.redact(SMITH, person="bob")
    ledger.redact(SMITH, entry=call, fields=["key"])
    opened = open_bundle(vendor.save(), trust=vendor.key)
    gone = sum(len(entry.gone) for entry in opened.entries())
    assert (opened.redacted, opened.withheld) == (gone, 0)
    assert opened.size == whole + 2
    assert opened.findings() == ledger.findings(SMITH, as_of=opened.sealed_at)
    entry = next(e for e in opened.entries() if len(e.sd) > len(e.gone))
    kept = next(row for row in entry.sd if row[:2] not in entry.gone)
    with ledger._store.begin(write=True) as tx:
        tx.lock([entry.account])
        tx.erase(entry.account, [(entry.no, kept[2])])
    opened = open_bundle(vendor.save(), trust=vendor.key)
    assert (opened.redacted, opened.withheld) == (gone, 1)


def test_an_account_whose_name_is_erased_is_called_by_its_id(vendor):
    ledger = vendor.ledger
    account = ledger.entries(SMITH)[0].account
    ledger.redact(SMITH)
    ledger.bundle(account).save(vendor.folder / "x.bundle")
    opened = open_bundle(vendor.folder / "x.bundle", trust=vendor.key)
    assert (opened.account, opened.withheld) == (account, 0)
    assert opened.redacted > 5


def entries_of(log):
    return [decode(one.record) for one in log.encoded]


def test_a_redaction_names_what_was_recorded_by_its_own_time():
    log = story().logs[SMITHS]
    before = sum(len(e.gone) for e in entries_of(log))
    log.add(f.Redaction())
    log.add(f.Touch(ANN, (BOB,), about="Later"))
    assert count_redacted(lambda: entries_of(log)) == before
    plain = story().logs[SMITHS]
    assert count_redacted(lambda: entries_of(plain)) == 0
    plain.add(f.Redaction(6, ("about",)))
    assert count_redacted(lambda: entries_of(plain)) == 1


def test_of_a_person_every_part_that_concerns_them_under_any_name_is_redacted():
    old, other = fixed_id("robert"), fixed_id("carla")
    maker = story()
    log = maker.logs[SMITHS]
    touch = log.ids[6]
    theirs = sum(len(e.gone) for e in entries_of(log) if e.no in (5, 6, 7))
    facts = (
        (f.Touch(ANN, (old,), about="By the old name"), True),
        (f.Touch(ANN, (other,), about="To somebody else"), False),
        (f.Signal(touch, "delivered", reason="ok"), True),
        (f.Signal(fixed_id("nothing"), "delivered", reason="ok"), False),
        (f.Signal(touch, "opened", BOB, ip="203.0.113.7"), True),
        (f.Signal(touch, "opened", other, ip="203.0.113.8"), False),
        (f.Mark(6, text="No"), True),
        (f.Mark(3, text="No"), False),
        (f.Promise("p-1", ANN, BOB), True),
    )
    for fact, concerned in facts:
        no = log.add(fact)
        theirs += len(entries_of(log)[no].gone) if concerned else 0
    no = log.add(f.Settlement(log.ids[no], text="Done"))
    theirs += len(entries_of(log)[no].gone)
    log.add(f.Alias(old, BOB))
    log.add(f.Redaction(person=BOB))
    assert count_redacted(lambda: entries_of(log)) == theirs


def test_the_parts_that_erasing_deletes_are_those_counted_as_redacted(vendor):
    """Erasure and the count go by one rule: nothing that was erased looks withheld."""
    ledger = vendor.ledger
    ledger.record(
        SMITH,
        mail("m-2", to=["bob", "carla"], addresses={"bob": "b@x.example", "carla": "c@x.example"}),
        Touch("carla", ("bob",), "email", key="in-1", about="Between us"),
        Promise("p-1", "ann", "bob", what="Train two people"),
    )
    ledger.record(SMITH, Signal("m-2", "bounced", "bob", reason="full"), Settlement("p-1", "kept"))
    for person in ("carla", "bob", "ann"):
        ledger.redact(SMITH, person=person)
        opened = open_bundle(vendor.save(), trust=vendor.key)
        assert opened.withheld == 0
        assert opened.redacted == sum(len(entry.gone) for entry in opened.entries())
