"""What does not cost more where there is more of something else. Counted is what the database
gives away (rows, and bytes in them) and what it does for that (instructions of SQLite), not time.
"""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from attrs import frozen

from contactledger import accounts, erasing
from contactledger.errors import Corrupt, OnHold
from contactledger.exchange import open_bundle
from contactledger.facts import Party, Person, Signal, Touch
from contactledger.keys import keygen
from contactledger.ledger import Ledger
from contactledger.matching import MAX_CANDIDATES
from contactledger.sources import Calls
from contactledger.store.driver import Driver
from contactledger.store.port import InboxRow
from contactledger.store.sealing import ReceiptRow
from contactledger.store.sql import SqlTransaction
from contactledger.testing import NOON, FixedClock
from contactledger.vocabulary import Channel
from contactledger.web import behind
from tests.ledgers import SMITH, Probe, editing, event, filled, in_file, mail, two_sides

FEW, MANY = 3, 60


@frozen
class Cost:
    questions: int
    rows: int
    size: int
    steps: int


@pytest.fixture
def cost(monkeypatch):
    """What a use of the ledger costs the database."""
    given: list[list[tuple[object, ...]]] = []
    steps: list[None] = []
    asked = Driver._rows

    def counted(self, text, values):
        self._state.set_progress_handler(lambda: steps.append(None), 1)
        rows = asked(self, text, values)
        self._state.set_progress_handler(None, 1)
        given.append(list(map(tuple, rows)))
        return rows

    monkeypatch.setattr(Driver, "_rows", counted)

    def of(use):
        given.clear()
        steps.clear()
        use()
        rows = [row for some in given for row in some]
        parts = [part for row in rows for part in row if isinstance(part, bytes | str)]
        return Cost(len(given), len(rows), sum(map(len, parts)), len(steps))

    return of


def ledgers(tmp_path, numbers=(FEW, MANY)):
    for number in numbers:
        folder = tmp_path / str(number)
        folder.mkdir()
        ledger, clock, _ = in_file(folder)
        yield ledger, clock, number


def bodies(ledger, number, state, size=10):
    with ledger._store.begin(write=True) as tx:
        for n in range(number):
            at = NOON + timedelta(minutes=n)
            tx.inbox_put(InboxRow(f"{state}{n}", at, "s", "none", state, "", 1, b"{}", b"b" * size))


# --- one account's log -------------------------------------------------------------------------


def test_a_report_that_names_an_address_alone_looks_at_the_newest_touches(tmp_path, cost):
    found = []
    for ledger, _, number in ledgers(tmp_path, (2 * MAX_CANDIDATES, 5 * MAX_CANDIDATES)):
        at = ledger._now()
        old = at - timedelta(days=60)
        ledger.record(SMITH, *[mail(at=old + timedelta(hours=n)) for n in range(number)])
        (newest,) = ledger.record(SMITH, mail(at=at))
        report = Probe(event("delivered", address="bob@smith.example", at=at))
        found.append(cost(lambda: ledger.receive(report, {}, b"")))  # noqa: B023 - used at once
        assert ledger.entries(SMITH)[-1].fact.touch == newest.id
    assert found[0].questions == found[1].questions
    assert found[0].rows == found[1].rows


def test_what_look_ups_lead_to_again_and_again_is_decoded_once(tmp_path):
    ledger, *_ = in_file(tmp_path)
    ledger.record(SMITH, Person("robert", "smith"), *[mail() for _ in range(MANY)])
    ledger.merge(SMITH, "robert", "bob")
    decoded = []
    for what in ("delivered", "opened"):
        report = Probe(event(what, address="bob@smith.example", event_id=what))
        assert len(ledger.receive(report, {}, b"").parked) == 1  # it may be any of them
        ledger.record(SMITH, mail(to="carla"))
        decoded.append(erasing._decoded.cache_info().misses)
    assert decoded[0] == decoded[1] >= MAX_CANDIDATES


def test_taking_an_import_back_reads_nothing_of_the_rest_of_the_log(tmp_path, cost):
    table = b"call_id,at,direction,from,to,status\n" + b"".join(
        b"c%d,2026-03-02T09:00:00+00:00,out,+1 555 0100,+1 555 0111,no_answer\n" % n
        for n in range(FEW)
    )
    found = []
    for ledger, _, number in ledgers(tmp_path):
        ledger.record(SMITH, *[mail() for _ in range(number)])
        made = ledger.import_(Calls(), table, dry_run=False)
        ledger.retract(SMITH, made.recorded[0])
        entries = len(ledger.entries(SMITH))
        found.append(cost(lambda: ledger.take_back(made.batch)))  # noqa: B023 - used at once
        assert len(ledger.entries(SMITH)) == entries + len(made.recorded) - 1
    assert (found[0].questions, found[0].rows) == (found[1].questions, found[1].rows)


def test_erasing_one_entry_reads_that_one_and_the_holds(tmp_path, cost):
    found = []
    for ledger, _, number in ledgers(tmp_path):
        ledger.record(SMITH, *[mail(about="a secret") for _ in range(number)])
        last = ledger.entries(SMITH)[-1]
        held = ledger.hold(SMITH, "bob")
        with pytest.raises(OnHold):
            ledger.redact(SMITH, entry=last)
        ledger.release(SMITH, held)
        erased = cost(lambda: ledger.redact(SMITH, entry=last))  # noqa: B023 - used at once
        assert ledger.entries(SMITH)[last.no].fact.about is None
        states = cost(lambda: ledger.erasures(SMITH))  # noqa: B023 - used at once
        found.append((erased.questions, erased.rows, states.questions, states.rows))
    assert found[0] == found[1]


def test_a_certificate_of_a_touch_asks_for_what_was_said_of_it_in_one_run(tmp_path, cost):
    keygen(tmp_path / "acme.key", name="acme.example/ledger")
    found = []
    for number in (FEW, MANY):
        url = f"sqlite:///{tmp_path}/{number}.db"
        with Ledger.open(
            url,
            recorder="acme",
            signer=tmp_path / "acme.key",
            high_water=tmp_path / f"{number}.json",
            clock=FixedClock(),
        ) as ledger:
            ledger.record(SMITH, *two_sides(), mail("m"), mail("other"))
            ledger.record(
                SMITH, *[Signal("m", "opened", url=f"https://{n}") for n in range(number)]
            )
            ledger.seal()
            file = io.BytesIO()
            bundle = ledger.bundle(SMITH, entries=["m"])
            found.append(cost(lambda: bundle.write(file)).questions)  # noqa: B023 - used at once
            opened = open_bundle(file, trust=[ledger._keys[0].signer.key.format()])
            assert len(list(opened.entries())) == 3 + number
    assert found[0] == found[1]


def test_where_many_were_merged_they_are_asked_for_together(tmp_path, cost):
    found = []
    for ledger, _, number in ledgers(tmp_path):
        for n in range(number):
            ledger.record(SMITH, Person(f"b{n}", "smith"))
            ledger.merge(SMITH, f"b{n}", "bob")
        found.append(cost(lambda: ledger.record(SMITH, mail(to="b1"))))  # noqa: B023 - used at once
        last, bob = ledger.entries(SMITH)[-1].fact, ledger.entries(SMITH)[5]
        assert isinstance(last, Touch)
        assert last.to == (bob.id,)
    assert found[0].questions == found[1].questions


def test_a_merge_whose_entry_is_lost_is_an_error_that_says_what_to_do(tmp_path):
    ledger, _, path = in_file(tmp_path)
    ledger.record(SMITH, Person("robert", "smith"))
    alias = ledger.merge(SMITH, "robert", "bob")
    with editing(path) as file:
        file.execute("UPDATE contactledger_lookup SET no = 99 WHERE id = ?", (alias.id,))
    with pytest.raises(Corrupt, match="reindex") as caught:
        ledger.record(SMITH, mail())
    assert (caught.value.account, caught.value.no) == (alias.account, 99)
    assert ledger.reindex() == 1
    ledger.record(SMITH, mail(to="robert"))


def test_a_bundle_asks_for_no_more_where_there_were_more_seals_and_timestamps(
    tmp_path, monkeypatch
):
    read = []
    for name in ("checkpoints", "receipts"):
        asked = getattr(SqlTransaction, name)

        def counted(self, *args, asked=asked):
            rows = asked(self, *args)
            read.extend(rows)
            return rows

        monkeypatch.setattr(SqlTransaction, name, counted)
    for name in ("old", "new"):
        keygen(tmp_path / f"{name}.key", name="acme.example/ledger")
    found = []
    for number in (FEW, MANY):
        with Ledger.open(
            f"sqlite:///{tmp_path}/{number}.db",
            recorder="acme",
            signer=tmp_path / "old.key",
            high_water=tmp_path / f"{number}-old.json",
            clock=FixedClock(),
        ) as ledger:
            ledger.record(SMITH, *two_sides())
            ledger.seal()
            ledger.rotate(tmp_path / "new.key", high_water=tmp_path / f"{number}-new.json")
            for _ in range(number):
                ledger.record(SMITH, mail())
                epoch = ledger.seal().epoch.epoch
                with ledger._store.begin(write=True) as tx:
                    stamp = ReceiptRow(ledger._row.house, epoch, "rfc3161-x", b"a timestamp")
                    tx.put_receipt(stamp)
            read.clear()
            file = io.BytesIO()
            ledger.bundle(SMITH).write(file)
            found.append(len(read))
            trust = [ledger._keys[0].signer.key.format()]  # they follow from the old key
            assert len(list(open_bundle(file, trust=trust).entries())) == 7 + number
    assert found[0] == found[1] < 2 * FEW


# --- all accounts -------------------------------------------------------------------------------


def test_a_list_of_all_accounts_reads_the_names_of_those_that_are_new_or_grew(tmp_path, cost):
    ledger, *_ = in_file(tmp_path)
    for n in range(MANY):
        ledger.record(f"account-{n}", Party("them"))
    first = cost(lambda: behind.all_named(ledger))
    assert cost(lambda: behind.all_named(ledger)).rows == first.rows - 2 * (MANY + 1)  # heads alone
    redaction = ledger.redact("account-3")
    assert redaction.account not in ledger._accounts._called
    names = {one.name for one in behind.all_named(ledger)}
    assert names > {SMITH, "account-4"}
    assert "account-3" not in names
    assert cost(lambda: behind.all_named(ledger)).rows == first.rows - 2 * (MANY + 1)


def test_names_that_are_kept_are_bounded(monkeypatch):
    monkeypatch.setattr(accounts, "KEPT", FEW)
    ledger, _ = filled()
    for n in range(FEW):
        ledger.record(f"account-{n}", Party("them"))
        assert len(behind.all_named(ledger)) == n + 2
    assert len(ledger._accounts._called) <= FEW


# --- the inbox ---------------------------------------------------------------------------------


def test_what_waits_is_counted_and_paged_through_however_much_is_done(tmp_path, cost):
    found = []
    for ledger, _, number in ledgers(tmp_path):
        bodies(ledger, FEW, "unknown")
        bodies(ledger, number, "done")
        for n in range(number):
            ledger.heartbeat(f"mailbox.{n}", Channel.EMAIL, every_seconds=300)
        found.append(cost(ledger.waiting))
        assert ledger.waiting() == {"s": {"unknown": FEW}}
    assert found[0] == found[1]


def test_a_page_of_what_waits_costs_no_more_where_more_waits(tmp_path, cost):
    found = []
    for ledger, _, number in ledgers(tmp_path, (MANY, 5 * MANY)):
        bodies(ledger, number, "unknown")
        bodies(ledger, number, "failed")
        with ledger._store.begin(write=False) as tx:
            states = ["new", "failed", "unknown"]
            after = tx.inbox(states, limit=5)[-1]
            found.append(cost(lambda: tx.inbox(states, limit=5, after=after)))  # noqa: B023
            page = [row.id for row in tx.inbox(states, limit=5, after=after)]
            assert page == ["unknown2", "failed3", "unknown3", "failed4", "unknown4"]
    assert found[0] == found[1]


def test_bodies_that_are_thrown_away_are_not_read(tmp_path, cost):
    found = []
    for ledger, clock, number in ledgers(tmp_path, (10, 10_000)):
        bodies(ledger, FEW, "done", number)
        clock.forward(days=60)
        tidied = cost(ledger.tidy)
        bodies(ledger, FEW, "done", number)
        erased = cost(lambda: ledger.redact(SMITH, person="carla"))  # noqa: B023 - used at once
        found.append((tidied.size, erased.size))
        with ledger._store.begin(write=False) as tx:
            assert tx.inbox(["done"]) == []
    assert found[0] == found[1]
