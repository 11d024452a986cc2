"""What waits in the inbox: looked at, and thrown away."""

from __future__ import annotations

import logging

import pytest

from contactledger.errors import NotFound
from contactledger.waiting import AT_ONCE
from tests.ledgers import SMITH, Probe, event, filled
from tests.test_matching import come

LATER = Probe(event("delivered", provider_id="later"))


def waiting(number):
    """A ledger in which so many bodies wait, a second apart, and their ids."""
    ledger, clock = filled()
    ids = []
    for one in range(number):
        clock.forward(seconds=1)
        ids.append(ledger.receive(LATER, {}, b"%d" % one).inbox)
    return ledger, ids


def test_what_waits_comes_oldest_first_however_much_it_is():
    ledger, ids = waiting(2 * AT_ONCE + 1)
    assert [body.id for body in ledger.inbox()] == ids
    assert [body.id for body in ledger.inbox(ids[AT_ONCE])] == ids[AT_ONCE + 1 :]
    assert list(ledger.inbox(ids[-1])) == []
    first = next(ledger.inbox())
    assert (first.source, first.state, first.reason, first.tries) == ("probe", "unknown", "", 1)
    assert first.body == b"0"
    assert ledger.inbox_body(ids[0]) == first
    assert "b'0'" not in repr(first)


def test_the_rule_that_came_to_nothing_is_the_reason():
    ledger, _ = filled()
    private = event("sent", message=come("ann@acme.example", ("who@home.example",)))
    ledger.receive(Probe(private), {}, b"")
    (body,) = ledger.inbox()
    assert (body.state, body.reason) == ("unknown", "recipient")


def test_a_body_that_was_thrown_away_is_gone_for_good(caplog):
    ledger, ids = waiting(3)
    with caplog.at_level(logging.INFO, "contactledger"):
        assert ledger.discard(ids[0], ids[2], ids[0]) == 2
    (said,) = [one for one in caplog.records if one.contactledger_event == "discard"]
    assert said.contactledger_bodies == 2
    assert [body.id for body in ledger.inbox()] == [ids[1]]
    with pytest.raises(NotFound, match="no such body waits"):
        ledger.inbox_body(ids[0])
    assert ledger.discard() == 0
    assert len(ledger.replay(LATER)) == 1


def test_all_stay_if_one_does_not_wait():
    ledger, ids = waiting(2)
    (done,) = [ledger.receive(Probe(event(token=_touch(ledger))), {}, b"").inbox]
    batch = ledger.import_(
        Probe(event(token=_touch(ledger), event_id="2")), b"", dry_run=False
    ).batch
    for other in (done, batch, "a" * 26, ""):
        with pytest.raises(NotFound) as caught:
            ledger.discard(ids[0], other)
        assert caught.value.field == "inbox"
        with pytest.raises(NotFound):
            next(ledger.inbox(other))
    assert [body.id for body in ledger.inbox()] == ids
    assert len(ledger.imports()) == 1


def _touch(ledger):
    from tests.ledgers import mail

    (touch,) = ledger.record(SMITH, mail())
    return touch.id


def test_what_of_a_body_is_on_record_stays_there():
    ledger, _ = filled()
    both = Probe(event(token=_touch(ledger)), event("delivered", provider_id="later"))
    receipt = ledger.receive(both, {}, b"")
    assert (len(receipt.recorded), len(receipt.parked)) == (1, 1)
    before = ledger.entries(SMITH)
    assert ledger.discard(receipt.inbox) == 1
    assert ledger.entries(SMITH) == before
