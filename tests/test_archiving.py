"""Old accounts leave for a file and come back byte for byte; proofs go on as if they had not."""

from __future__ import annotations

import hashlib
import sqlite3
import stat
from contextlib import closing

import pytest

from contactledger import (
    Ledger,
    Mark,
    MemoryStore,
    Message,
    Party,
    Signal,
    Touch,
    archiving,
    countersign,
    open_bundle,
)
from contactledger.errors import (
    Archived,
    BadBundle,
    BadFact,
    BadInput,
    Corrupt,
    NotFound,
    NotSealed,
    OnHold,
    StoreLost,
)
from contactledger.keys import keygen
from contactledger.testing import FixedClock
from tests.hosting import either
from tests.ledgers import SMITH, Probe, event, holds, mail, sql, two_sides

OTHER = "jones-motors"


class Vendor:
    """A ledger of two accounts, one of them with a little of everything."""

    def __init__(self, folder, where):
        self.folder, self.where, self.clock = folder, where, FixedClock()
        self.key = keygen(folder / "acme.key", "acme.example/ledger")
        self.file = folder / "smith.archive"
        self.ledger = self.open()

    def open(self, **how):
        signer = self.folder / "acme.key"
        how = {"recorder": "acme", "signer": signer, "clock": self.clock, **how}
        return Ledger.open(self.where, **how)

    def tell(self):
        ledger = self.ledger
        for account in (SMITH, OTHER):
            ledger.record(account, *two_sides())
        ledger.record(SMITH, mail("m-1", about="Inventory sync", original=b"the raw mail"))
        ledger.record(SMITH, *[mail(f"n-{no}", about=f"Part {no}") for no in range(300)])
        ledger.record(SMITH, Signal("m-1", "delivered", "bob", original=b"the raw report"))
        ledger.record(SMITH, Touch("bob", ("acme",), "email", key="a-1", answers=("m-1",)))
        ledger.record(SMITH, Mark(7, "acknowledged"))
        ledger.retract(SMITH, ledger.record(SMITH, mail("wrong"))[0])
        ledger.merge(SMITH, "carla", "bob")
        ledger.redact(SMITH, person="ann")
        ledger.seal()
        self.clock.forward(days=400)

    def account_id(self, name=SMITH):
        with self.ledger._store.begin(write=False) as tx:
            return self.ledger._accounts.must_find(name, tx, archived=True)

    def stored(self):
        """Every row of every account."""
        with self.ledger._store.begin(write=False) as tx:
            return {
                head.account: (
                    head,
                    list(tx.entries(head.account)),
                    list(tx.disclosures(head.account)),
                    [tx.blob(head.account, sha) for sha in (sha_of(b"the raw mail"),)],
                    [tx.nodes(head.account, level, 0, 99) for level in (8, 16)],
                    tx.slots([head.account]),
                    [row for row in tx.lookups_from(limit=9_999) if row.account == head.account],
                )
                for head in tx.heads()
            }


def sha_of(data):
    return hashlib.sha256(data).hexdigest()


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def vendor(request, tmp_path):
    if request.param == "memory":
        vendor = Vendor(tmp_path, MemoryStore())
        vendor.tell()
        yield vendor
        return
    with either(request.param, request, tmp_path) as url:
        vendor = Vendor(tmp_path, url)
        vendor.tell()
        yield vendor
        vendor.ledger.close()


@pytest.fixture
def light(tmp_path):
    """One on SQLite, of few entries."""
    vendor = Vendor(tmp_path, f"sqlite:///{tmp_path}/a.db")
    vendor.ledger.record(SMITH, *two_sides(), mail("m-1", about="Inventory sync"))
    vendor.ledger.seal()
    yield vendor
    vendor.ledger.close()


def test_an_account_leaves_and_comes_back_byte_for_byte(vendor, monkeypatch):
    monkeypatch.setattr(archiving, "PAGE", 100)
    ledger, before = vendor.ledger, vendor.stored()
    entries, findings = ledger.entries(SMITH), ledger.findings(SMITH)
    size, id_ = len(entries), vendor.account_id()
    archive = ledger.archive(SMITH, vendor.file)
    assert archive == archiving.Archive(SMITH, id_, size, sha_of(vendor.file.read_bytes()))
    assert ledger.archives() == (archive,)
    assert ledger.accounts() == (OTHER, SMITH)
    assert not holds(ledger, "Inventory sync")
    assert not holds(ledger, "the raw mail")
    left = vendor.stored()
    assert {left[one] == before[one] for one in before if one != id_} == {True}
    head, kept, parts, blobs, nodes, slots, lookups = left[id_]
    assert head == before[id_][0]._replace(archived=bytes.fromhex(archive.sha256))
    assert (kept, {part.no for part in parts}, blobs) == (before[id_][1][:1], {0}, [None])
    assert (nodes, slots) == before[id_][4:6]
    assert {row.kind for row in lookups} == {"opened", "redaction", "retraction"}
    assert ledger.restore(vendor.file) == archive
    assert vendor.stored() == before
    assert (ledger.entries(SMITH), ledger.findings(SMITH)) == (entries, findings)
    assert ledger.archives() == ()
    assert ledger.check() == sum(len(rows[1]) for rows in before.values())


def test_the_file_is_a_bundle_that_anybody_verifies_and_judges(light):
    standing = light.ledger.standing(SMITH)
    light.ledger.archive(SMITH, light.file)
    opened = open_bundle(light.file, trust=light.key)
    assert (opened.complete, opened.account, opened.withheld) == (True, SMITH, 0)
    assert opened.standing(as_of=light.clock()) == standing
    assert stat.S_IMODE(light.file.stat().st_mode) == 0o600


def test_sealing_and_proving_go_on_meanwhile_and_afterwards(vendor):
    """Whoever remembers the account from before sees every later bundle continue it."""
    ledger, seen, path = vendor.ledger, {}, vendor.folder / "x.bundle"

    def shown(account):
        ledger.bundle(account).save(path)
        return open_bundle(path, trust=vendor.key, remember=seen)

    size = shown(SMITH).size
    shown(OTHER)
    proof = ledger.prove(SMITH, 5)
    ledger.archive(SMITH, vendor.file)
    ledger.record(OTHER, mail("o-1"))
    assert ledger.check() == len(ledger.entries(OTHER))
    assert shown(OTHER).size == len(ledger.entries(OTHER))
    ledger.restore(vendor.file)
    assert ledger.prove(SMITH, 5).hashes == proof.hashes
    ledger.record(SMITH, mail("later"))
    opened = shown(SMITH)
    assert (opened.size, opened.first) == (size + 1, False)
    assert size in opened.verified.since
    ledger.check()


def test_an_archived_account_says_so_to_whoever_asks(light):
    ledger = light.ledger
    sha256 = ledger.archive(SMITH, light.file).sha256
    id_ = light.account_id()
    asks = (
        lambda: ledger.entries(SMITH),
        lambda: ledger.findings(SMITH),
        lambda: ledger.standing(id_),
        lambda: ledger.report(SMITH),
        lambda: ledger.bundle(SMITH),
        lambda: ledger.prove(SMITH, 0),
        lambda: ledger.subject(SMITH, "bob"),
        lambda: ledger.erasures(SMITH),
        lambda: ledger.record(SMITH, mail("m-2")),
        lambda: ledger.record_many({OTHER: [mail("m-2")], id_: [mail("m-2")]}),
        lambda: ledger.redact(SMITH, person="bob"),
        lambda: ledger.hold(SMITH),
        lambda: ledger.merge_accounts(SMITH, OTHER),
        lambda: ledger.archive(SMITH, light.folder / "again"),
    )
    ledger.record(OTHER, *two_sides())
    for ask in asks:
        with pytest.raises(Archived) as told:
            ask()
        assert (told.value.account, told.value.sha256) == (id_, sha256)
    assert str(told.value) == (
        f"account {id_} is archived: bring it back with restore() from the file whose "
        f"SHA-256 begins {sha256[:16]}"
    )
    assert ledger.check(SMITH) == 0
    assert len(ledger.entries(OTHER)) == 7  # and nothing of a batch that failed


def test_a_report_for_an_archived_account_is_parked_and_played_again(light):
    ledger = light.ledger
    ledger.record(
        SMITH, Touch(to="bob", channel="email", key="p", message=Message("<p@acme.example>"))
    )
    ledger.archive(SMITH, light.file)
    source = Probe(event("delivered", message_id="<p@acme.example>", event_id="e-1"))
    receipt = ledger.receive(source, {}, b"body")
    assert (receipt.recorded, [one.state for one in receipt.parked]) == ((), ["unknown"])
    ledger.restore(light.file)
    ledger.replay(source)
    assert ledger.entries(SMITH)[-1].kind == "signal"


def test_the_name_of_an_account_that_went_on_elsewhere_still_leads_there(light):
    ledger, old = light.ledger, light.account_id()
    ledger.record(OTHER, *two_sides())
    ledger.merge_accounts(SMITH, OTHER)
    ledger.archive(old, light.file)
    assert ledger.entries(SMITH) == ledger.entries(OTHER)
    ledger.restore(light.file)
    assert ledger.entries(old)[-1].kind == "moved"


def test_rows_of_all_accounts_pass_over_the_archived(light):
    ledger = light.ledger
    ledger.record(OTHER, *two_sides(), mail("o-1"))
    ledger.archive(SMITH, light.file)
    assert {row["account_id"] for row in ledger.rows()} == {light.account_id(OTHER)}
    with pytest.raises(Archived):
        list(ledger.rows(account=SMITH))


def test_look_ups_of_an_archived_account_are_let_alone(light):
    ledger, old = light.ledger, light.account_id()
    ledger.record(OTHER, *two_sides())
    ledger.merge_accounts(SMITH, OTHER)
    before = light.stored()[old][-1]
    ledger.archive(old, light.file)
    assert (ledger.check_lookups() > 0, ledger.reindex()) == (True, 0)
    ledger.restore(light.file)
    assert light.stored()[old][-1] == before
    assert ledger.reindex() == 0


def test_a_countersignature_is_taken_in_once_the_account_is_back(light):
    ledger, path = light.ledger, light.folder / "x.bundle"
    theirs = keygen(light.folder / "smith.key", "smith.example/ledger")
    ledger.bundle(SMITH).save(path)
    opened = open_bundle(path, trust=light.key)
    made = countersign(opened, light.folder / "smith.key", light.clock())
    ledger.archive(SMITH, light.file)
    with pytest.raises(Archived):
        ledger.accept(made, trust=theirs)
    ledger.restore(light.file)
    assert ledger.accept(made, trust=theirs).size == 8


def test_what_is_on_legal_hold_stays(light):
    hold = light.ledger.hold(SMITH, "bob", basis="litigation")
    with pytest.raises(OnHold) as told:
        light.ledger.archive(SMITH, light.file)
    assert (told.value.no, light.file.exists()) == (hold.no, False)
    light.ledger.release(SMITH, hold)
    light.ledger.archive(SMITH, light.file)


def test_erasing_somebody_in_an_archived_account_takes_a_new_archive(light):
    """The old file brings nothing back, so it can be deleted."""
    ledger, newer = light.ledger, light.folder / "newer.archive"
    ledger.archive(SMITH, light.file)
    ledger.restore(light.file)
    ledger.redact(SMITH, person="bob")
    ledger.archive(SMITH, newer)
    with pytest.raises(BadInput) as told:
        ledger.restore(light.file)
    assert str(told.value) == "path: is not the file that the account was archived into"
    ledger.restore(newer)
    assert [e.kind for e in ledger.entries(SMITH) if e.kind == "redaction"] == ["redaction"]
    assert {one.state for one in ledger.erasures(SMITH)} == {"recorded"}


def test_what_was_scrubbed_stays_so(light):
    ledger = light.ledger
    ledger.redact(SMITH, person="bob")
    assert [one.state for one in ledger.scrub()] == ["scrubbed"]
    ledger.archive(SMITH, light.file)
    ledger.restore(light.file)
    assert [one.state for one in ledger.erasures(SMITH)] == ["scrubbed"]


def test_a_key_that_was_rotated_since_still_vouches_for_the_file(light):
    light.ledger.archive(SMITH, light.file)
    keygen(light.folder / "new.key", "acme.example/ledger")
    light.ledger.rotate(light.folder / "new.key")
    assert light.ledger.restore(light.file).account == SMITH


def test_what_cannot_be_archived_is_refused_and_nothing_is_left(light):
    ledger, path = light.ledger, light.file
    with pytest.raises(NotFound):
        ledger.archive("nobody", path)
    ledger.record("house")
    with pytest.raises(BadInput, match="the house log"):
        ledger.archive("house", path)
    with light.open(recorder=None) as reading, pytest.raises(BadFact, match="for reading"):
        reading.archive(SMITH, path)
    with light.open(signer=None) as unsigned:
        unsigned.record(SMITH, mail("m-2"))
        with pytest.raises(NotSealed, match="recorded meanwhile"):
            unsigned.archive(SMITH, path)
        assert not path.exists()
        unsigned.record("new", Party("acme", "ACME"))
        with pytest.raises(NotSealed):
            unsigned.archive("new", path)
    assert not path.exists()
    path.write_bytes(b"mine")
    with pytest.raises(BadInput, match="File exists"):
        ledger.archive(SMITH, path)
    assert path.read_bytes() == b"mine"
    with pytest.raises(BadInput, match="No such file"):
        ledger.archive(SMITH, light.folder / "nowhere" / "x")
    ledger.check()
    assert ledger.archives() == ()


def test_inside_a_hosts_transaction_nothing_is_archived(light):
    from sqlalchemy import create_engine

    engine = create_engine(f"sqlite:///{light.folder}/a.db")
    with engine.connect() as connection:
        joined = Ledger.open(connection, recorder="acme", clock=light.clock)
        with joined as ledger, pytest.raises(BadInput, match="host's transaction"):
            ledger.archive(SMITH, light.file)
        connection.rollback()
    engine.dispose()


def test_a_file_that_brings_nothing_back_is_named(light):
    ledger, path = light.ledger, light.folder / "x.bundle"
    ledger.bundle(SMITH).save(path)
    with pytest.raises(BadInput, match="of an account that is not archived"):
        ledger.restore(path)
    ledger.bundle(SMITH, entries=[2]).save(path)
    with pytest.raises(BadInput, match="partial"):
        ledger.restore(path)
    ledger.archive(SMITH, light.file)
    path.write_bytes(light.file.read_bytes()[:-1])
    with pytest.raises(BadBundle):
        ledger.restore(path)
    with pytest.raises(BadInput, match="No such file"):
        ledger.restore(light.folder / "nothing")
    older = light.folder / "older.db"
    with Ledger.open(f"sqlite:///{older}", recorder="acme") as empty, pytest.raises(NotSealed):
        empty.restore(light.file)


def test_an_account_that_a_restored_database_never_had_is_not_found(light):
    """Two ledgers with one key: the file is genuine, and this one knows no such account."""
    store = MemoryStore()
    high_water = light.folder / "other.high-water"
    with light.open() as ledger:
        ledger.archive(SMITH, light.file)
    other = Ledger.open(
        store, recorder="acme", signer=light.folder / "acme.key", high_water=high_water
    )
    other.seal()
    with pytest.raises(NotFound):
        other.restore(light.file)


ACCOUNT = "UPDATE contactledger_account SET "


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (
            "DELETE FROM contactledger_disclosure WHERE no = 7 AND field = 'about'",
            "entry 7: is not in the file as it is here",
        ),
        (
            "DELETE FROM contactledger_entry WHERE no = 7",
            "is not in the file as it is here",
        ),
        (
            ACCOUNT + "frontier = zeroblob(length(frontier)) WHERE size > 7",
            "frontier is not that of the sealed entries",
        ),
    ],
)
def test_only_what_the_file_holds_byte_for_byte_is_deleted(light, monkeypatch, change, what):
    """What changed behind the ledger's back between writing and deleting stays where it is."""
    real = archiving.Archiving._verified

    def verified(self, path):
        opened = real(self, path)
        sql(light.folder / "a.db", change)
        return opened

    monkeypatch.setattr(archiving.Archiving, "_verified", verified)
    with pytest.raises(Corrupt, match=what):
        light.ledger.archive(SMITH, light.file)
    assert (light.ledger.archives(), light.file.exists()) == ((), False)


def test_a_file_that_does_not_verify_is_not_left(light, monkeypatch):
    def broken(self, path):
        raise BadBundle("a test", step=1, name="container")

    monkeypatch.setattr(archiving.Archiving, "_verified", broken)
    with pytest.raises(BadBundle):
        light.ledger.archive(SMITH, light.file)
    assert (light.file.exists(), len(light.ledger.entries(SMITH))) == (False, 8)


def test_a_database_that_fails_in_the_end_leaves_the_file(light, monkeypatch):
    """Whether the deletion was committed may not be known: then the file may be all there is."""

    def lost(*_):
        raise StoreLost("a test")

    monkeypatch.setattr(archiving.Archiving, "_move_out", lost)
    with pytest.raises(StoreLost):
        light.ledger.archive(SMITH, light.file)
    assert open_bundle(light.file, trust=light.key).size == 8


def test_originals_are_put_back_a_few_at_a_time(light, monkeypatch):
    monkeypatch.setattr(archiving, "PAGE_BYTES", 1_000)
    raw = [bytes([no]) * 600 for no in range(4)]
    light.ledger.record(SMITH, *[mail(f"r-{no}", original=one) for no, one in enumerate(raw)])
    pages, real = [], archiving._pages

    def counted(*how):
        for rows in real(*how):
            pages.append(len(rows.blobs))
            yield rows

    monkeypatch.setattr(archiving, "_pages", counted)
    light.ledger.archive(SMITH, light.file)
    light.ledger.restore(light.file)
    assert pages == [2, 2]
    light.ledger.check()


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("DELETE FROM contactledger_entry", "entry 0 is kept"),
        ("UPDATE contactledger_entry SET leaf = zeroblob(32)", "entry 0 is kept"),
        (ACCOUNT + "size = size + 1", "not that of its size"),
        (ACCOUNT + "frontier = zeroblob(length(frontier))", "not that of the stored nodes"),
        ("DELETE FROM contactledger_node", "not that of the stored nodes"),
        ("UPDATE contactledger_node SET hash = zeroblob(32)", "not that of the stored nodes"),
        ("DELETE FROM contactledger_slot", "not all is sealed"),
        (ACCOUNT + "archived = NULL", "entries, there are 1"),
        (
            ACCOUNT + "frontier = CAST(substr(frontier, 1, 32) || "
            "zeroblob(length(frontier) - 32) AS BLOB)",
            "its sealed head is not that of the entries",
        ),
    ],
)
def test_the_check_sees_what_was_done_to_an_archived_account(light, change, what):
    light.ledger.record(SMITH, *[mail(f"n-{no}") for no in range(300)])
    light.ledger.archive(SMITH, light.file)
    copy, where = light.folder / "copy.db", f" WHERE account = '{light.account_id()}'"
    live = sqlite3.connect(light.folder / "a.db")
    with closing(live), closing(sqlite3.connect(copy)) as other:
        live.backup(other)
    sql(copy, change + where)
    opened = Ledger.open(f"sqlite:///{copy}", recorder="acme")
    with opened as bent, pytest.raises(Corrupt, match=what):
        bent.check()
