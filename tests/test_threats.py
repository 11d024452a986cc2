"""What docs/threat-model.md claims and no other test plays: who could lie how, end to end.

Each test is one attack. Those named "…_leaves_no_trace" show what nothing here can catch; they
are claims as well, and a page that hid them would be worth less.
"""

from __future__ import annotations

import ast
import base64
import io
import json
import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contactledger import Ledger, MemoryStore, open_bundle
from contactledger.countersigning import countersign
from contactledger.errors import BadBundle, Corrupt, Fork, Unverified
from contactledger.facts import Coverage, PolicyAdopted, Signal, Touch
from contactledger.findings import Grade, Outcome
from contactledger.judge.policy import DEFAULT_POLICY
from contactledger.keys import keygen, load_signer
from contactledger.log.tlog import leaf_hash
from contactledger.reconciling import reconcile
from contactledger.sources import SendGrid
from contactledger.testing import FixedClock
from tests.ledgers import SMITH, editing, two_sides
from tests.signing import signer

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "threat-model.md"
START = datetime(2026, 3, 2, 9, tzinfo=UTC)  # a Monday


class Keeper:
    """Somebody who keeps a ledger in a folder of its own, the key outside of it."""

    def __init__(self, folder: Path, recorder: str = "acme") -> None:
        self.folder = folder / recorder
        self.folder.mkdir()
        self.path = self.folder / "contacts.db"
        self.key = folder / f"{recorder}.key"
        self.vkey = folder / f"{recorder}.vkey"
        self.clock = FixedClock(START)
        keygen(self.key, f"{recorder}.example/ledger")
        self.ledger = self.open(recorder)
        self.ledger.record(SMITH, *two_sides())
        heard = Coverage("all", ("email", "phone", "ticket"), since=START, until=at(60))
        self.ledger.record("house", heard)

    def open(self, recorder: str = "acme", path: Path | None = None) -> Ledger:
        return Ledger.open(
            f"sqlite:///{path or self.path}", recorder=recorder, signer=self.key, clock=self.clock
        )

    def put(self, when: datetime, *facts) -> None:
        self.clock.set(when)
        self.ledger.record(SMITH, *facts)

    def bundle(self, ledger: Ledger | None = None) -> io.BytesIO:
        file = io.BytesIO()
        (ledger or self.ledger).bundle(SMITH).write(file)
        return file


def at(days: float, hours: float = 0) -> datetime:
    return START + timedelta(days=days, hours=hours)


@pytest.fixture
def vendor(tmp_path):
    made = Keeper(tmp_path)
    yield made
    made.ledger.close()


@pytest.fixture
def customer(tmp_path):
    made = Keeper(tmp_path, "smith")
    yield made
    made.ledger.close()


# --- the vendor


def test_a_made_up_call_is_the_vendors_word_and_counts_against_nobody(vendor, customer):
    vendor.put(at(1), Touch("ann", "bob", "phone", key="call", expects="response"))
    vendor.put(at(1), Signal("call", "voicemail", "bob", by="machine", system="own"))
    vendor.clock.set(at(30))
    (finding,) = vendor.ledger.findings(SMITH)
    assert (finding.outcome, finding.held_against) == (Outcome.IGNORED, None)
    assert finding.grade is Grade.CLAIMED
    customer.clock.set(at(30))
    found = reconcile(customer.ledger.side(SMITH), vendor.ledger.side(SMITH))
    assert [one.no for one in found.only_theirs] == [finding.no]


def test_a_touch_put_down_long_after_the_fact_is_a_claim(vendor):
    signed = {"system": "third", "auth": "signed_body"}
    vendor.put(at(1), Touch("ann", "bob", "email", key="then", expects="reply"))
    vendor.put(at(1), Signal("then", "delivered", "bob", **signed))
    vendor.put(at(20), Touch("ann", "bob", "email", key="later", expects="reply", at=at(1, 1)))
    vendor.put(at(20), Signal("later", "delivered", "bob", at=at(1, 1), **signed))
    vendor.clock.set(at(30))
    then, later = vendor.ledger.findings(SMITH)
    assert (then.grade, later.grade) == (Grade.LIKELY, Grade.CLAIMED)
    assert (then.held_against is None, later.held_against is None) == (False, True)
    assert "J37" in later.rules


def test_nothing_can_be_put_in_front_of_what_was_signed_for(vendor, customer):
    vendor.put(at(1), Touch("ann", "bob", "phone"))
    first = open_bundle(vendor.bundle(), trust=vendor.vkey)
    vendor.ledger.accept(countersign(first, customer.key, at(1)), trust=customer.vkey)
    vendor.clock.set(at(-10))  # the vendor turns its clock back, and writes
    vendor.ledger.record(SMITH, Touch("ann", "bob", "visit", at=at(-10)))
    later = open_bundle(vendor.bundle(), trust=[vendor.vkey, customer.vkey])
    (seen,) = later.countersigned
    after = [e for e in later.entries() if e.no >= seen.size]
    assert [(e.kind, e.at, e.recorded_at) for e in after] == [("touch", at(-10), at(1))]


def test_a_policy_adopted_afterwards_changes_nothing_before_it(vendor):
    vendor.put(at(1), Touch("ann", "bob", "phone", key="call", expects="response"))
    vendor.clock.set(at(20))
    before = vendor.ledger.findings(SMITH)
    vendor.ledger.record(SMITH, PolicyAdopted(DEFAULT_POLICY + "\n# as it suits us\n"))
    assert vendor.ledger.findings(SMITH) == before
    assert not before[0].basis.agreed


def test_a_ticket_that_nobody_wrote_down_leaves_no_trace(vendor, customer):
    customer.put(at(1), Touch("bob", "acme", "ticket", about="It does not work"))
    opened = open_bundle(vendor.bundle(), trust=vendor.vkey)
    assert opened.findings() == ()  # and the bundle verifies
    customer.clock.set(at(30))
    vendor.clock.set(at(30))
    found = reconcile(customer.ledger.side(SMITH), vendor.ledger.side(SMITH))
    assert len(found.only_ours) == 1  # the customer's own ledger is what catches it


def test_an_unmatched_event_that_vanishes_leaves_no_trace(vendor):
    body = json.dumps(
        [{"email": "x@nowhere.example", "timestamp": 1772442000, "event": "delivered",
          "sg_event_id": "a", "sg_message_id": "b"}]
    ).encode()  # fmt: skip
    receipt = vendor.ledger.receive(SendGrid(), {}, body)
    assert [parked.state for parked in receipt.parked] == ["unknown"]
    opened = open_bundle(vendor.bundle(), trust=vendor.vkey)
    assert [e.kind for e in opened.entries() if e.kind == "signal"] == []
    with editing(vendor.path) as file:
        assert file.execute("DELETE FROM contactledger_inbox").rowcount == 1
    assert vendor.ledger.check() == opened.size + 3  # with the house log; nothing is missing
    assert vendor.ledger.replay(SendGrid()) == ()


def test_a_vendor_with_its_own_software_forks_and_whoever_remembers_sees_it(vendor, tmp_path):
    memory: dict[str, object] = {}
    vendor.put(at(1), Touch("bob", "ann", "ticket", about="It does not work"))
    shown = vendor.bundle()
    open_bundle(shown, trust=vendor.vkey, remember=memory)
    # an honest copy of this software refuses; so the mark is deleted and the past taken back
    vendor.ledger.close()
    (tmp_path / "acme.high-water").unlink()
    vendor.path.unlink()
    vendor.clock.set(START)
    vendor.ledger = vendor.open()
    vendor.ledger.record(SMITH, *two_sides())
    with pytest.raises(BadBundle) as caught:
        open_bundle(vendor.bundle(), trust=vendor.vkey, remember=memory)
    assert caught.value.step == 8


# --- a thief of the database


def test_the_database_does_not_hold_the_key(vendor):
    vendor.ledger.seal()
    secret = vendor.key.read_text("utf-8").strip().split("+", 4)[4]
    raw = base64.b64decode(secret)[1:]
    assert len(raw) == 32
    for file in vendor.folder.iterdir():
        data = file.read_bytes()
        assert (secret.encode() in data, raw in data) == (False, False)


def test_whoever_reads_the_database_reads_what_people_wrote(vendor):
    """What lies there is not encrypted: who steals the database, has the names."""
    vendor.ledger.seal()
    with editing(vendor.path) as file:
        bodies = [row[0] for row in file.execute("SELECT body FROM contactledger_disclosure")]
    from contactledger.log.record import disclosed

    assert ("name", "Bob Ray") in [disclosed(body) for body in bodies]


def test_a_sealed_entry_rewritten_with_its_hash_is_found(vendor):
    vendor.put(at(1), Touch("ann", "bob", "phone"))
    vendor.ledger.seal()
    vendor.ledger.close()
    with editing(vendor.path) as file:
        no, record = file.execute(
            "SELECT no, record FROM contactledger_entry WHERE kind = 'touch'"
        ).fetchone()
        other = record.replace(b'"channel":"phone"', b'"channel":"visit"')
        assert other != record
        file.execute(
            "UPDATE contactledger_entry SET record = ?, leaf = ? WHERE kind = 'touch' AND no = ?",
            (other, leaf_hash(other), no),
        )
    vendor.ledger = vendor.open()
    with pytest.raises(Corrupt):
        vendor.ledger.check()
    with pytest.raises(BadBundle):
        open_bundle(vendor.bundle(), trust=vendor.vkey)


def test_a_backup_from_before_the_last_seal_is_not_signed(vendor, tmp_path):
    vendor.ledger.seal()
    vendor.ledger.close()
    shutil.copy(vendor.path, tmp_path / "backup.db")
    with vendor.open() as ledger:
        ledger.record(SMITH, Touch("ann", "bob", "phone"))
        ledger.seal()
    shutil.copy(tmp_path / "backup.db", vendor.path)
    vendor.ledger = vendor.open()
    vendor.ledger.record(SMITH, Touch("ann", "bob", "visit"))
    with pytest.raises(Fork):
        vendor.ledger.seal()


def test_what_was_not_sealed_yet_can_be_taken_out_and_leaves_no_trace(vendor, tmp_path):
    vendor.ledger.seal()
    vendor.ledger.close()
    shutil.copy(vendor.path, tmp_path / "backup.db")
    with vendor.open() as ledger:
        ledger.record(SMITH, Touch("bob", "ann", "ticket"))  # and no seal
    shutil.copy(tmp_path / "backup.db", vendor.path)
    vendor.ledger = vendor.open()
    assert vendor.ledger.findings(SMITH) == ()
    assert vendor.ledger.check() > 0
    vendor.ledger.seal()


# --- a thief of the key


def test_who_has_the_key_cannot_rewrite_what_the_other_side_signed_for(vendor, customer, tmp_path):
    vendor.put(at(1), Touch("bob", "ann", "ticket"))
    opened = open_bundle(vendor.bundle(), trust=vendor.vkey)
    received = countersign(opened, customer.key, at(1))
    forger = Ledger.open(
        MemoryStore(),
        recorder="acme",
        signer=load_signer(vendor.key),
        high_water=tmp_path / "forged.high-water",
        clock=vendor.clock,
    )
    forger.record(SMITH, *two_sides())
    forged = io.BytesIO()
    forger.bundle(SMITH).write(forged)
    assert open_bundle(forged, trust=vendor.vkey).complete  # the signature is a good one
    with pytest.raises(Unverified):
        forger.accept(received, trust=customer.vkey)  # and the receipt fits nowhere in it


# --- a forger of webhooks


def test_a_forged_webhook_is_refused_and_stored_nowhere(vendor):
    source = SendGrid(basic="sendgrid:long-and-random")
    body = b'[{"email": "bob@smith.example", "timestamp": 1772442000, "event": "open"}]'
    with pytest.raises(Unverified):
        vendor.ledger.receive(source, {}, body)
    with editing(vendor.path) as file:
        assert file.execute("SELECT count(*) FROM contactledger_inbox").fetchone() == (0,)
    assert vendor.ledger.forged == 1


def test_a_report_that_anybody_could_have_sent_is_a_claim(vendor):
    grades = []
    for key, auth in (("signed", "signed_body"), ("open", "none")):
        vendor.put(at(1), Touch("ann", "bob", "email", key=key, expects="reply"))
        vendor.put(at(1), Signal(key, "delivered", "bob", system="third", auth=auth))
    vendor.clock.set(at(30))
    grades = [f.grade for f in vendor.ledger.findings(SMITH)]
    assert grades == [Grade.LIKELY, Grade.CLAIMED]


# --- the customer


def test_a_customer_that_makes_up_an_answer_contradicts_the_vendors_record(vendor, customer):
    for keeper in (vendor, customer):
        keeper.put(at(1), Touch("ann", "bob", "email", key="asked", expects="reply"))
    vendor.put(at(1), Signal("asked", "delivered", "bob", system="third", auth="signed_body"))
    customer.put(at(30), Touch("bob", "ann", "email", answers="asked", at=at(2)))
    vendor.clock.set(at(30))
    found = reconcile(customer.ledger.side(SMITH), vendor.ledger.side(SMITH))
    assert [d.what for p in found.contradicting for d in p.differences] == ["outcome"]
    (asked, _) = customer.ledger.findings(SMITH)
    assert (asked.outcome, asked.outcome_grade) == (Outcome.ANSWERED, Grade.CLAIMED)
    assert "said_after_due" in asked.notes


def test_a_customer_that_signed_for_a_log_cannot_say_it_was_never_given_it(vendor, customer):
    opened = open_bundle(vendor.bundle(), trust=vendor.vkey)
    vendor.ledger.accept(countersign(opened, customer.key, at(1)), trust=customer.vkey)
    shown = open_bundle(vendor.bundle(), trust=[vendor.vkey, customer.vkey])
    assert [(c.name, c.size) for c in shown.countersigned] == [
        ("smith.example/ledger", opened.size)
    ]


def test_nobody_but_the_customer_can_sign_for_it(vendor, customer):
    opened = open_bundle(vendor.bundle(), trust=vendor.vkey)
    stranger = signer("smith.example/ledger")  # the right name on another key
    with pytest.raises(Unverified):
        vendor.ledger.accept(countersign(opened, stranger, at(1)), trust=customer.vkey)


# --- the page itself


def claims() -> list[str]:
    return re.findall(r"`(tests/test_\w+\.py::test_\w+)`", PAGE.read_text("utf-8"))


def functions(path: Path) -> set[str]:
    """The names of a module's own functions."""
    body = ast.parse(path.read_text("utf-8")).body
    return {node.name for node in body if isinstance(node, ast.FunctionDef)}


def test_every_test_that_the_page_names_is_there():
    files = {path: functions(ROOT / path) for path in {c.split("::")[0] for c in claims()}}
    assert [c for c in claims() if c.split("::")[1] not in files[c.split("::")[0]]] == []


def test_the_page_names_every_test_of_this_file():
    here = {name for name in functions(Path(__file__)) if name.startswith("test_")}
    own = [c for c in claims() if c.startswith("tests/test_threats.py")]
    assert here - {claim.split("::")[1] for claim in own} == {
        "test_every_test_that_the_page_names_is_there",
        "test_the_page_names_every_test_of_this_file",
    }
