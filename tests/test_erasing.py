"""Erasure: the bytes are gone from every table, every hash holds, every finding stays."""

from __future__ import annotations

import json

import pytest

from contactledger import erasing
from contactledger.errors import NotFound, OnHold
from contactledger.facts import (
    Alias,
    Mark,
    Matter,
    Message,
    Opened,
    Person,
    Preference,
    Promise,
    Redaction,
    Retraction,
    Settlement,
    Signal,
    Touch,
)
from contactledger.judge.view import view
from contactledger.log.record import strip
from contactledger.sources.sendgrid import SendGrid
from contactledger.store.port import InboxRow
from contactledger.testing import NOON
from tests.ledgers import SMITH, audit, filled, holds, in_file, mail, message, sql

BOBS = (
    *("Bob Ray", "bob@smith.example", "+1 555 0111", "Robert", "192.0.2.66", "BobAgent"),
    *("bob-key", "Bobs bad day", "told-by-bob", "550 mailbox of bob", "text for bob"),
)
"""Everything of Bob's that `played` puts on record."""
OTHERS = ("Carla Diaz", "carla@smith.example", "Ann Lee", "for carla alone", "ACME Dealer Systems")


@pytest.fixture(params=["memory", "file"])
def ledger(request, tmp_path):
    made = filled()[0] if request.param == "memory" else in_file(tmp_path)[0]
    with made:
        yield made


def played(ledger):
    """A log in which Bob is everywhere."""
    ledger.record(
        SMITH,
        Person("bob", "smith", "Robert Bob Ray", email="bob@smith.example"),
        Preference("bob", preferred="phone", source="told-by-bob"),
        Matter("m"),
        mail("bob-key", about="Bobs bad day", original=b"raw: text for bob", matter="m"),
        mail("both", to=["bob", "carla"], about="Bobs bad day", addresses={
            "bob": "bob@smith.example", "carla": "carla@smith.example"}),
        mail("carlas", to="carla", about="for carla alone"),
        Touch("bob", "ann", "email", message=Message(text="text for bob"), answers="bob-key"),
        Signal("bob-key", "bounced", reason="550 mailbox of bob", ip="192.0.2.66"),
        Promise("p", "ann", "bob", what="Bobs bad day gets better", matter="m"),
        Mark("both", "disputed", text="not my mail"),
    )  # fmt: skip
    with ledger.sending(SMITH, message(), to="bob") as sent:
        pass
    stamp = {"email": "bob@smith.example", "timestamp": 1772442060, "contactledger": sent.token}
    body = json.dumps([{"event": "open", "useragent": "BobAgent", **stamp}]).encode()
    ledger.receive(SendGrid(), {}, body)


def test_after_erasing_a_person_nothing_of_it_is_in_any_table(ledger):
    played(ledger)
    assert [text for text in BOBS if not holds(ledger, text)] == []
    before = ledger.entries(SMITH)
    made = ledger.redact(SMITH, person="bob")
    assert [text for text in BOBS if holds(ledger, text)] == []
    assert [text for text in OTHERS if not holds(ledger, text)] == []
    after = ledger.entries(SMITH)
    assert [strip(e) for e in after[:-1]] == [strip(e) for e in before]
    assert after[-1] == made
    assert ledger.check() == audit(ledger, SMITH) == len(before) + 1


def test_what_concerns_others_alone_stays(ledger):
    played(ledger)
    ledger.redact(SMITH, person="bob")
    carla = ledger.entries(SMITH)[6]
    both, alone, *_ = (e for e in ledger.entries(SMITH) if carla.id in getattr(e.fact, "to", ()))
    assert both.fact.addresses == {carla.id: "carla@smith.example"}
    assert (both.fact.about, alone.fact.about) == (None, "for carla alone")


def test_a_word_on_what_concerns_a_person_is_forgotten_with_them(ledger):
    ledger.record(SMITH, mail("bobs"), mail("carlas", to="carla"), Promise("p", "ann", "bob"))
    ledger.record(
        SMITH,
        Mark("bobs", "disputed", text="Bob says so"),
        Mark("carlas", "disputed", text="Carla says so"),
        Settlement("p", "kept", text="Bob was there"),
        Retraction("bobs", "it was another Bob"),
        Retraction("carlas", "it was another Carla"),
    )
    ledger.redact(SMITH, person="bob")
    said = [e.fact for e in ledger.entries(SMITH)[-6:-1]]
    assert [getattr(fact, "text", None) for fact in said[:3]] == [None, "Carla says so", None]
    assert [fact.reason for fact in said[3:]] == [None, "it was another Carla"]


def test_erasing_one_version_of_a_person_leaves_the_others_known_by_their_key(ledger):
    first = ledger.entries(SMITH)[5]
    (second,) = ledger.record(SMITH, Person("bob", "smith", "Robert Ray"))
    ledger.redact(SMITH, entry=second)
    assert ledger.record(SMITH, mail())[0].fact.to == (first.id,)
    assert not holds(ledger, "Robert Ray")


def test_an_erased_person_is_known_by_id_and_by_nothing_else(ledger):
    played(ledger)
    bob = ledger.entries(SMITH)[5].id
    ledger.redact(SMITH, person="bob")
    with pytest.raises(NotFound):
        ledger.record(SMITH, mail())
    with pytest.raises(NotFound):
        ledger.record(SMITH, mail(to="carla", reminds="bob-key"))
    (entry,) = ledger.record(SMITH, mail(to=bob))
    assert entry.fact.to == (bob,)
    body = b'[{"event": "open", "timestamp": 1772442060, "email": "bob@smith.example"}]'
    assert [p.state for p in ledger.receive(SendGrid(), {}, body).parked] == ["unknown"]


def test_the_key_of_an_erased_person_can_be_used_again_and_is_somebody_else(ledger):
    bob = ledger.entries(SMITH)[5].id
    ledger.redact(SMITH, person="bob")
    (entry,) = ledger.record(SMITH, Person("bob", "smith", "Another Bob"))
    assert entry.id != bob
    assert ledger.record(SMITH, mail())[0].fact.to == (entry.id,)


def test_a_person_of_two_names_is_forgotten_under_both(ledger):
    ledger.record(
        SMITH,
        Person("rob", "smith", "Robert Elsewhere"),
        Person("robby", "smith", "Robby Elsewhere"),
        mail(to="rob", about="to one of them"),
        Alias("rob", "bob"),
        Alias("robby", "rob"),
        Alias("carla", "ann"),
    )
    ledger.redact(SMITH, person="bob")
    assert [t for t in ("Elsewhere", "to one of them", "Bob Ray") if holds(ledger, t)] == []
    assert holds(ledger, "Carla Diaz")


def test_one_entry_can_be_erased_and_one_field_of_it(ledger):
    (first,) = ledger.record(SMITH, mail("k", about="about it", message=Message(text="the text")))
    ledger.record(SMITH, mail(about="other text"))
    ledger.redact(SMITH, entry=first, fields=["message"])
    assert (holds(ledger, "the text"), holds(ledger, "about it")) == (False, True)
    assert ledger.entries(SMITH)[7].fact.about == "about it"
    ledger.redact(SMITH, entry=first)
    assert (holds(ledger, "about it"), holds(ledger, "other text")) == (False, True)
    gone = ledger.entries(SMITH)[7]
    assert (gone.fact.about, gone.fact.key, gone.fact.message) == (None, None, None)
    assert sorted({name for name, _ in gone.gone}) == ["about", "key", "message"]
    with pytest.raises(NotFound):
        ledger.record(SMITH, Signal("k", "opened"))
    assert ledger.check() == 11


@pytest.mark.parametrize("held", [False, True])
@pytest.mark.parametrize("fields", [(), ("about", "text", "key")])
def test_of_one_entry_the_same_is_erased_whether_it_is_looked_at_alone_or_not(
    ledger, monkeypatch, held, fields
):
    played(ledger)
    ledger.merge(SMITH, ledger.record(SMITH, Person("rob", "smith"))[0], "bob")
    if held:
        ledger.hold(SMITH, "carla")
    account = ledger.entries(SMITH)[0].account
    looked_at_alone = 0
    for entry in ledger.entries(SMITH):
        redaction = Redaction(entry.no, fields)
        with ledger._store.begin(write=False) as tx:
            looked_at_alone += erasing._alone(tx, account, redaction) is not None
        told = [_erased(ledger, account, redaction)]
        with monkeypatch.context() as patched:
            patched.setattr(erasing, "_alone", lambda *_: None)
            told.append(_erased(ledger, account, redaction))
        assert told[0] == told[1]
    assert looked_at_alone == (0 if held else 5)


def _erased(ledger, account, redaction):
    """What the store would be told to erase."""
    told = []
    with ledger._store.begin(write=True) as tx:
        tx.lock([account])
        patch = pytest.MonkeyPatch()
        patch.setattr(tx, "erase", lambda *given: told.extend(map(sorted, given[1:])))
        try:
            erasing.erase(tx, account, redaction, ledger._references)
        except OnHold as error:
            told.append(error.no)
        patch.undo()
    return told


def test_a_field_of_a_person_can_be_erased_everywhere(ledger):
    played(ledger)
    ledger.redact(SMITH, person="bob", fields=["email", "addresses"])
    bob = ledger.entries(SMITH)[5].fact
    assert (bob.email, bob.name) == (None, "Bob Ray")


def test_an_original_that_two_entries_share_stays_until_both_are_erased(ledger):
    first, second = ledger.record(
        SMITH, mail("one", original=b"shared raw"), mail("two", original=b"shared raw")
    )
    ledger.redact(SMITH, entry=first)
    assert holds(ledger, "shared raw")
    assert ledger.check() == 10
    ledger.redact(SMITH, entry=second)
    assert not holds(ledger, "shared raw")
    assert ledger.check() == 11


def test_a_whole_account_is_erased_with_its_name(ledger):
    played(ledger)
    ledger.record("jones", mail(to="acme", about="of jones"))
    id_ = ledger.entries(SMITH)[0].account
    ledger.redact(SMITH)
    texts = (*BOBS, *OTHERS[:-1], SMITH)
    assert [text for text in texts if holds(ledger, text)] == []
    assert ledger.accounts() == tuple(sorted((id_, "jones")))
    with pytest.raises(NotFound):
        ledger.entries(SMITH)
    assert isinstance(ledger.entries(id_)[0].fact, Opened)
    assert ledger.redact(id_).no == len(ledger.entries(id_)) - 1
    assert ledger.check(id_) == audit(ledger, id_)
    assert ledger.entries("jones")[2].fact.about == "of jones"


def test_more_received_bodies_than_a_page_are_dropped(ledger):
    with ledger._store.begin(write=True) as tx:
        row = InboxRow("", NOON, "sendgrid", "none", "done", "", 1, b"{}", b"[]")
        for number in range(250):
            tx.inbox_put(row._replace(id=f"{number:026d}"))
        tx.inbox_put(row._replace(id="p" * 26, state="unknown"))
    ledger.redact(SMITH, person="bob")
    with ledger._store.begin(write=False) as tx:
        assert [row.id for row in tx.inbox()] == ["p" * 26]


def test_erasing_twice_erases_nothing_more(ledger):
    played(ledger)
    ledger.redact(SMITH, person="bob")
    before = ledger.entries(SMITH)
    ledger.redact(SMITH, person=before[5])
    assert ledger.entries(SMITH)[:-1] == before
    assert ledger.check() == len(before) + 1


def test_a_redaction_of_what_is_not_there_changes_nothing(ledger):
    before = ledger.entries(SMITH)
    for wrong in ({"person": "nobody"}, {"person": "smith"}, {"entry": 99}):
        with pytest.raises(NotFound):
            ledger.redact(SMITH, **wrong)
    assert ledger.entries(SMITH) == before


def test_a_lost_disclosure_reads_as_erased(tmp_path):
    ledger, _, path = in_file(tmp_path)
    with ledger:
        ledger.record(SMITH, Signal(ledger.record(SMITH, mail("k", about="x"))[0], "opened"))
        sql(path, "DELETE FROM contactledger_disclosure WHERE field = 'about'")
        entry = ledger.entries(SMITH)[7]
        assert (entry.fact.about, entry.gone) == (None, {("about", ledger.entries(SMITH)[5].id)})


def test_the_judge_knows_of_every_original_that_is_gone(ledger):
    """J38 tells it from clear facts alone; it must come to what was deleted."""
    ledger.record(
        SMITH,
        Person("rob", "smith", "Robert"),
        mail("shared", to=["bob", "carla"], original=b"to both"),
        mail("bobs", original=b"to Bob"),
        mail("robs", to="rob", original=b"to Rob"),
        mail("carlas", to="carla", original=b"to Carla"),
        mail("party", to="smith", original=b"to the firm"),
        Signal("shared", "opened", original=b"somebody's"),
        Signal("shared", "opened", person="carla", original=b"Carla's"),
        Signal("robs", "opened", person="rob", original=b"Rob's"),
    )
    account = ledger.entries(SMITH)[0].account

    def same():
        entries = ledger.entries(account)
        gone = {e.no for e in entries if "original" in {field for field, _ in e.gone}}
        assert view(entries, entries[-1].recorded_at).erased == gone
        return len(gone)

    assert same() == 0
    ledger.redact(SMITH, entry="carlas", person="bob")
    assert same() == 0
    ledger.redact(SMITH, entry="bobs", person="bob", fields=["about"])
    assert same() == 0
    ledger.redact(SMITH, person="bob")
    assert same() == 3
    ledger.record(SMITH, Alias("rob", "carla"))
    ledger.redact(SMITH, person="carla")
    assert same() == 7
    ledger.redact(SMITH)
    assert same() == 8
