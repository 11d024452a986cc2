"""On record before it leaves: the touch, the header, the Message-ID, and what became of it."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage

import pytest

from contactledger.errors import BadFact, NotFound, StoreError
from contactledger.facts import Message
from contactledger.sending import TOKEN_HEADER, prepare
from contactledger.sources.sendgrid import SendGrid
from contactledger.store.memory import MemoryStore
from contactledger.vocabulary import By, Channel, Purpose, SignalKind, System
from tests.ledgers import SMITH, Probe, event, filled, in_memory, message, two_sides


def test_it_is_on_record_before_it_leaves_and_that_it_left_afterwards():
    ledger, _ = filled()
    bob = ledger.entries(SMITH)[5].id
    letter = message()
    with ledger.sending(SMITH, letter, to=["bob"], topics=["sync"], purpose="outage") as sent:
        assert ledger.entries(SMITH)[-1] == sent.entry
        assert sent.entry.fact.to == (bob,)
    *_, touch, signal = ledger.entries(SMITH)
    assert touch == sent.entry
    fact = touch.fact
    assert (fact.channel, fact.purpose, fact.topics) == (Channel.EMAIL, Purpose.OUTAGE, ("sync",))
    assert (fact.system, fact.about) == (System.OWN, "Inventory sync")
    assert fact.addresses == {bob: "bob@smith.example"}
    assert fact.message == Message(message_id=sent.message_id, subject="Inventory sync")
    assert (signal.fact.touch, signal.fact.what) == (touch.id, SignalKind.SENT)
    assert (signal.fact.by, signal.fact.system) == (By.MACHINE, System.OWN)
    assert ledger.check() == 9


def test_the_message_carries_the_touchs_id_and_a_message_id_made_of_it():
    ledger, _ = filled()
    letter = message()
    with ledger.sending(SMITH, letter, to="bob") as sent:
        pass
    assert sent.token == sent.entry.id
    assert letter[TOKEN_HEADER] == sent.token
    assert letter["Message-ID"] == sent.message_id == f"<{sent.token}@acme.example>"
    with ledger._store.begin(write=False) as tx:
        kept = tx.blob(sent.entry.account, sent.entry.fact.original.sha256)
    assert kept == letter.as_bytes()
    assert message_from_bytes(kept)["X-Contactledger"] == sent.token


def test_what_comes_back_is_matched_by_token_and_message_id():
    ledger, _ = filled()
    with ledger.sending(SMITH, message(), to="bob") as sent:
        pass
    for names, rule in [
        ({"token": sent.token}, "token"),
        ({"message_id": sent.message_id, "event_id": "2"}, "message_id"),
    ]:
        (entry,) = ledger.receive(Probe(event(**names)), {}, b"").recorded
        assert (entry.fact.touch, entry.fact.matched) == (sent.entry.id, rule)
    body = (
        f'[{{"event": "delivered", "timestamp": 1772442060, "contactledger": "{sent.token}"}}]'
    ).encode()
    (entry,) = ledger.receive(SendGrid(), {}, body).recorded
    assert entry.fact.touch == sent.entry.id


def test_a_message_id_that_is_set_stays():
    ledger, _ = filled()
    letter = message(Message_ID="<mine@acme.example>")
    with ledger.sending(SMITH, letter, to="bob") as sent:
        pass
    assert sent.message_id == letter["Message-ID"] == "<mine@acme.example>"


def test_without_a_sender_the_message_id_is_of_localhost():
    letter = EmailMessage()
    touch = prepare(letter, "t" * 26, "bob", {})
    assert letter["Message-ID"] == f"<{'t' * 26}@localhost>"
    assert (touch.to, touch.about, touch.addresses) == (("bob",), None, None)


def test_addresses_are_kept_with_people_where_their_numbers_agree():
    letter = message("Bob <bob@smith.example>, office@smith.example", Cc="carla@smith.example")
    people = ["bob", "smith", "carla"]
    used = ["bob@smith.example", "office@smith.example", "carla@smith.example"]
    assert prepare(letter, "t" * 26, people, {}).addresses == dict(zip(people, used, strict=True))
    assert prepare(message("a@b, c@d"), "t" * 26, ["bob"], {}).addresses is None
    given = {"addresses": {"bob": "x@y"}, "channel": "letter", "about": "Other"}
    touch = prepare(message(), "t" * 26, ["bob"], given)
    assert (touch.addresses, touch.channel, touch.about) == ({"bob": "x@y"}, "letter", "Other")


class WireError(Exception):
    """What a host's mail library raises."""


def test_a_message_that_could_not_leave_is_recorded_so_and_the_error_goes_on():
    ledger, _ = filled()
    with pytest.raises(WireError, match="550 bob"), ledger.sending(SMITH, message(), to="bob"):
        raise WireError("550 bob@smith.example unknown")
    *_, touch, signal = ledger.entries(SMITH)
    assert (signal.fact.touch, signal.fact.what) == (touch.id, SignalKind.REJECTED)
    assert (signal.fact.permanent, signal.fact.reason) == (True, "WireError")
    assert ledger.check() == 9


def test_an_interrupted_sending_is_recorded_as_well():
    ledger, _ = filled()
    with pytest.raises(KeyboardInterrupt), ledger.sending(SMITH, message(), to="bob"):
        raise KeyboardInterrupt
    assert ledger.entries(SMITH)[-1].fact.reason == "KeyboardInterrupt"


def test_each_try_of_a_message_is_a_touch_of_its_own():
    ledger, _ = filled()
    letter = message()
    with pytest.raises(WireError), ledger.sending(SMITH, letter, to="bob") as first:
        raise WireError
    assert (letter["Message-ID"], letter[TOKEN_HEADER]) == (None, None)
    with ledger.sending(SMITH, letter, to="bob") as second:
        pass
    assert first.token != second.token
    assert first.message_id != second.message_id == letter["Message-ID"]
    assert len(ledger.entries(SMITH)) == 11


def test_what_cannot_be_put_on_record_does_not_leave():
    ledger, _ = filled()
    letter = message(Message_ID="<mine@acme.example>")
    left = []
    with pytest.raises(NotFound), ledger.sending(SMITH, letter, to="nobody"):
        left.append(letter)
    assert (left, len(ledger.entries(SMITH))) == ([], 7)
    assert (letter["Message-ID"], letter[TOKEN_HEADER]) == ("<mine@acme.example>", None)
    with ledger.sending(SMITH, letter, to="bob"):
        left.append(letter)
    assert (left, len(ledger.entries(SMITH))) == ([letter], 9)


def test_when_the_store_fails_nothing_leaves():
    class Fails(MemoryStore):
        broken = False

        def begin(self, *, write):
            if write and self.broken:
                raise StoreError("the disk is gone")
            return super().begin(write=write)

    store = Fails()
    ledger, _ = in_memory(store=store)
    ledger.record(SMITH, *two_sides())
    store.broken = True
    left = []
    with pytest.raises(StoreError), ledger.sending(SMITH, message(), to="bob"):
        left.append(1)
    assert left == []
    assert ledger.check() == 7


def test_a_message_that_is_out_already_is_not_sent_again():
    ledger, _ = filled()
    letter = message(X_Contactledger="abc")
    with pytest.raises(BadFact) as caught, ledger.sending(SMITH, letter, to="bob"):
        pass
    assert str(caught.value) == "message: has the header X-Contactledger already"
    assert letter["X-Contactledger"] == "abc"
    assert len(ledger.entries(SMITH)) == 7
