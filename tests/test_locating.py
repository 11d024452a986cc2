"""Where references lead: what is common singles out nothing, and costs no more in a large ledger."""

from __future__ import annotations

import itertools
import sqlite3
from contextlib import closing

import pytest

from contactledger.errors import Corrupt
from contactledger.facts import Alias, Message, Party, Person, Retraction, Touch
from contactledger.locating import FEW, MAX_REMEMBERED, Common
from contactledger.references import id_ref
from contactledger.store.memory import MemoryTransaction
from contactledger.vocabulary import Channel
from tests.ledgers import SMITH, Probe, event, filled, in_file, in_memory, mail
from tests.test_matching import call, come, take

ANN = "ann@acme.example"


def dealer(ledger, number: int) -> str:
    """Another customer, with the same people of ours."""
    name = f"dealer-{number}"
    ledger.record(
        name,
        Party("acme", "ACME", "vendor"),
        Person("ann", "acme", email=ANN, phone="+1 555 0100"),
        Person("carl", "acme", email="carl@acme.example"),
        Party("them", name, "customer"),
        Person("bob", "them", email=f"bob@{name}.example", phone=f"+1 555 1{number:03}"),
    )
    return name


def dealers(number: int):
    """A ledger with so many of them."""
    ledger, _ = in_memory()
    for one in range(number):
        dealer(ledger, one)
    return ledger


def parked(receipt):
    return [(one.state, one.rule) for one in receipt.parked]


def account_of(ledger, receipt):
    (name,) = {
        name
        for name in ledger.accounts()
        for entry in receipt.recorded
        if ledger.entries(name)[0].account == entry.account
    }
    return name


def keys_of(ledger, account: str, *people: str) -> list[str]:
    """The keys that these have in an account."""
    keys = {one.id: one.fact.key for one in ledger.entries(account) if one.kind == "person"}
    return [keys[who] for who in people]


@pytest.fixture(params=[2, FEW + 5], ids=["a few accounts", "many"])
def many(request):
    return dealers(request.param)


# --- whose it is ---------------------------------------------------------------------------


def test_what_one_of_us_writes_belongs_to_the_account_of_whom_it_is_written_to(many):
    given = event("sent", message=come(ANN, ("bob@dealer-1.example",)), message_id="<1@x>")
    receipt = take(many, given)
    assert account_of(many, receipt) == "dealer-1"
    (touch,) = receipt.recorded
    assert keys_of(many, "dealer-1", touch.fact.sender, *touch.fact.to) == ["ann", "bob"]


def test_a_call_by_one_of_us_belongs_to_the_account_of_whom_was_called(many):
    receipt = take(many, call(message=_call("+1 555 0100", "+1 555 1001")))
    assert account_of(many, receipt) == "dealer-1"
    assert [entry.kind for entry in receipt.recorded] == ["touch", "signal"]
    receipt = take(many, call(call_id="c-2", message=_call("+1 555 9999", "+1 555 1000")))
    assert account_of(many, receipt) == "dealer-0"  # of a telephone that nobody has


def _call(sender, to):
    from contactledger.events import Incoming

    return Incoming(sender, (to,), outgoing=True)


def test_what_one_of_us_writes_to_colleagues_or_strangers_is_nobodys_business(many):
    private = [("carl@acme.example",), ("dentist@home.example",), ()]
    for number, to in enumerate(private):
        receipt = take(many, event("sent", message=come(ANN, to), message_id=f"<{number}@x>"))
        assert receipt.recorded == ()
        assert parked(receipt) == [("unknown", "recipient")]


def test_nor_is_it_with_one_account_alone_nor_within_a_thread():
    ledger, _ = filled()
    ledger.record(SMITH, mail(message=Message("<a1@acme.example>")))
    thread = {"in_reply_to": "<a1@acme.example>"}
    for more in ({}, thread):
        given = event("sent", message=come(ANN, ("carl@acme.example",)), message_id="<1@x>", **more)
        assert parked(take(ledger, given)) == [("unknown", "recipient")]
    ledger.record(SMITH, Person("carl", "acme", email="carl@acme.example"))
    assert parked(take(ledger, given)) == [("unknown", "recipient")]
    call_home = call(message=_call("+1 555 0100", "+1 555 7777"))
    assert parked(take(ledger, call_home)) == [("unknown", "recipient")]


def test_what_names_nobody_is_for_the_others_of_its_thread_unless_it_is_a_mail():
    ledger, _ = filled()
    (asked,) = ledger.record(
        SMITH, Touch("bob", "ann", "ticket", message=Message("<t1@desk.example>"))
    )
    thread = {"in_reply_to": "<t1@desk.example>"}
    comment = {"message": come(ANN, ()), "channel": Channel.TICKET, **thread}
    (answer,) = take(ledger, event("answered", event_id="1", **comment)).recorded
    assert keys_of(ledger, SMITH, answer.fact.sender, *answer.fact.to) == ["ann", "bob"]
    assert answer.fact.answers == (asked.id,)
    comment["message"] = come("carla@smith.example", ())
    (more,) = take(ledger, event("answered", event_id="2", **comment)).recorded
    assert keys_of(ledger, SMITH, more.fact.sender, *more.fact.to) == ["carla", "ann"]
    hidden = event("answered", message=come(ANN, ()), message_id="<h@x>", **thread)
    assert parked(take(ledger, hidden)) == [("unknown", "recipient")]


def test_a_colleague_in_copy_says_nothing_about_the_account(many):
    to = ("carl@acme.example", "bob@dealer-0.example")
    receipt = take(many, event("sent", message=come(ANN, to), message_id="<1@x>"))
    assert account_of(many, receipt) == "dealer-0"
    assert len(receipt.recorded[0].fact.to) == 2


def test_a_message_to_two_customers_is_ambiguous(many):
    to = ("bob@dealer-0.example", "bob@dealer-1.example")
    receipt = take(many, event("sent", message=come(ANN, to), message_id="<1@x>"))
    assert parked(receipt) == [("ambiguous", "sender")]


def test_a_third_party_of_many_accounts_is_placed_by_the_customer_it_writes_to(many):
    for name in many.accounts():
        many.record(
            name,
            Party("maker", "Maker", "partner"),
            Person("mia", "maker", email="mia@maker.example"),
        )
    both = event(
        "sent", message=come("mia@maker.example", (ANN, "bob@dealer-1.example")), message_id="<1@x>"
    )
    assert account_of(many, take(many, both)) == "dealer-1"
    alone = event("sent", message=come("mia@maker.example", (ANN,)), message_id="<2@x>")
    assert parked(take(many, alone)) == [("ambiguous", "sender")]


def test_a_reply_to_one_of_us_is_theirs_whoever_else_knows_us(many):
    (asked,) = many.record(
        "dealer-1", Touch(to="bob", channel="email", message=Message("<a1@acme.example>"))
    )
    given = event(
        "answered",
        message=come("bob@dealer-1.example"),
        message_id="<b1@x>",
        in_reply_to="<a1@acme.example>",
    )
    (entry,) = take(many, given).recorded
    assert (entry.account, entry.fact.answers) == (asked.account, (asked.id,))
    assert keys_of(many, "dealer-1", *entry.fact.to) == ["ann"]


def test_two_people_at_one_telephone_are_one_recipient_of_a_call():
    ledger, _ = filled()
    ledger.record(SMITH, Person("dan", "smith", phone="+1 555 0111"))
    touch, signal = take(ledger, call(message=_call("+1 555 9999", "+1 555 0111"))).recorded
    assert (len(touch.fact.to), signal.fact.person) == (2, None)


def test_a_party_that_was_merged_is_one_with_the_other():
    ledger, _ = filled()
    ledger.record(
        SMITH,
        Party("smith-2", "Smith"),
        Person("dot", "smith-2", email="dot@smith.example"),
        Touch("carla", "ann", "email", message=Message("<c1@smith.example>")),
        Alias("smith-2", "smith"),
    )
    given = event(
        "answered",
        message=come("dot@smith.example"),
        message_id="<d1@x>",
        in_reply_to="<c1@smith.example>",
    )
    assert take(ledger, given).recorded[0].fact.answers == ()  # of her own side's message


def test_a_person_whose_entry_is_lost_is_an_error_that_says_what_to_do(tmp_path):
    ledger, _, path = in_file(tmp_path)
    ann = ledger.entries(SMITH)[3]
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("UPDATE contactledger_lookup SET no = 99 WHERE ref = ?", (id_ref(ann.id),))
    sent = event("sent", message=come(ANN, ("bob@smith.example",)), message_id="<1@x>")
    with pytest.raises(Corrupt, match="reindex") as caught:
        take(ledger, sent)
    assert (caught.value.account, caught.value.no) == (ann.account, 99)
    assert ledger.reindex() == 1
    assert len(ledger.replay(Probe(sent))[0].recorded) == 1


# --- known again ---------------------------------------------------------------------------


def test_a_message_that_was_recorded_as_it_was_sent_is_known_again_in_the_mailbox():
    ledger, _ = filled()
    ledger.record(SMITH, mail(message=Message("<a1@acme.example>")))
    sent = event("sent", message=come(ANN, ("bob@smith.example",)), message_id="<a1@acme.example>")
    receipt = take(ledger, sent)
    assert (receipt.recorded, receipt.repeated, receipt.parked) == ((), 1, ())
    told = take(ledger, event("delivered", message_id="<a1@acme.example>"))
    assert told.recorded[0].fact.matched == "message_id"  # which is still of one touch


def test_but_not_by_a_name_that_the_other_side_has_used():
    ledger, _ = filled()
    ledger.record(SMITH, mail(message=Message("<a1@acme.example>")))
    forged = event("answered", message=come(), message_id="<a1@acme.example>")
    assert len(take(ledger, forged).recorded) == 1


def test_a_message_to_two_accounts_is_new_where_it_is_not_on_record():
    ledger = dealers(2)
    ledger.record("dealer-0", Touch(to="bob", channel="email", message=Message("<a1@x>")))
    to = ("bob@dealer-0.example", "bob@dealer-1.example")
    sent = event("sent", message=come(ANN, to), message_id="<a1@x>")
    assert account_of(ledger, take(ledger, sent)) == "dealer-1"
    assert take(ledger, sent).repeated == 1


# --- what leads to several accounts -----------------------------------------------------------


@pytest.mark.parametrize("number", [2, FEW + 5])
def test_a_circular_of_one_message_id_is_told_by_the_address(number):
    ledger = dealers(number)
    for name in ledger.accounts():
        touch = Touch(to="bob", channel="email", message=Message("<circular@acme.example>"))
        (last,) = ledger.record(name, touch)
    names = {"message_id": "<circular@acme.example>"}
    assert parked(take(ledger, event(**names))) == [("ambiguous", "message_id")]
    stranger = event(**names, address="who@else.example")
    assert parked(take(ledger, stranger)) == [("ambiguous", "message_id")]
    (told,) = take(ledger, event(**names, address=f"bob@{name}.example")).recorded
    assert (told.fact.touch, told.fact.matched) == (last.id, "message_id")
    reply = event(
        "answered",
        message=come(f"bob@{name}.example"),
        message_id="<b@x>",
        in_reply_to="<circular@acme.example>",
    )
    (answer,) = take(ledger, reply).recorded
    assert answer.fact.answers == (last.id,)


def test_an_address_that_many_have_is_ambiguous_by_itself():
    ledger = dealers(FEW + 5)
    assert parked(take(ledger, event(address=ANN))) == [("ambiguous", "address")]


def test_several_reports_of_one_address_are_about_the_same_touch():
    ledger, _ = filled()
    (touch,) = ledger.record(SMITH, mail())
    both = [event(what, address="bob@smith.example") for what in ("delivered", "opened")]
    assert [entry.fact.touch for entry in take(ledger, *both).recorded] == [touch.id, touch.id]


def test_what_is_common_no_longer_is_found_again():
    ledger = dealers(FEW + 1)
    assert parked(take(ledger, event(address=ANN))) == [("ambiguous", "address")]
    ledger.redact("dealer-0", person="ann")
    assert parked(take(ledger, event(address=ANN))) == [("unknown", "")]


def test_several_events_of_a_body_are_each_placed_by_themselves():
    ledger = dealers(FEW + 5)
    mails = [
        event(
            "answered",
            message=come(f"bob@dealer-{n}.example"),
            message_id=f"<{n}@x>",
            event_id=f"{n}",
        )
        for n in range(FEW + 5)
    ]
    lost = event("sent", message=come(ANN, ("who@else.example",)), message_id="<l@x>", event_id="l")
    receipt = take(ledger, *mails, lost)
    assert parked(receipt) == [("unknown", "recipient")]
    accounts = [entry.account for entry in receipt.recorded]
    assert len(set(accounts)) == FEW + 5
    assert all(len(entry.fact.to) == 1 for entry in receipt.recorded)


def test_a_merged_person_is_known_by_either_address_in_many_accounts():
    ledger = dealers(FEW + 5)
    ledger.record("dealer-3", Person("robert", "them", email="rob@dealer-3.example"))
    ledger.record("dealer-3", Alias("robert", "bob"))
    receipt = take(
        ledger, event("answered", message=come("rob@dealer-3.example"), message_id="<r@x>")
    )
    assert keys_of(ledger, "dealer-3", receipt.recorded[0].fact.sender) == ["bob"]


def test_a_batch_that_was_taken_back_is_not_known_again():
    from contactledger.sources import Mbox

    ledger, _ = filled()
    box = b"From x\nFrom: ann@acme.example\nTo: bob@smith.example\nMessage-ID: <m@x>\n\nHello.\n"
    first = ledger.import_(Mbox(), box, dry_run=False)
    assert len(first.recorded) == 1
    assert ledger.import_(Mbox(), box, dry_run=False).repeated == 1
    assert [type(entry.fact) for entry in ledger.take_back(first.batch)] == [Retraction]
    assert len(ledger.import_(Mbox(), box, dry_run=False).recorded) == 1


# --- what it costs -----------------------------------------------------------------------------


@pytest.fixture
def read(monkeypatch):
    """Counts the look-ups that a store gives away."""
    given = itertools.count()
    for name in ("find", "find_few", "find_within"):
        asked = getattr(MemoryTransaction, name)

        def counted(self, *args, asked=asked):
            rows = asked(self, *args)
            for _ in rows:
                next(given)
            return rows

        monkeypatch.setattr(MemoryTransaction, name, counted)
    return lambda: next(given)


def test_a_reply_costs_no_more_where_there_are_more_accounts(read):
    costs = []
    for number in (2 * FEW, 6 * FEW):
        ledger = dealers(number)
        ledger.record("dealer-0", Touch(to="bob", channel=Channel.EMAIL, message=Message("<a1@x>")))
        for reply in ("<b1@x>", "<b2@x>"):  # the first learns what is common
            before = read()
            come_back = come("bob@dealer-0.example")
            given = event("answered", message=come_back, message_id=reply, in_reply_to="<a1@x>")
            assert len(take(ledger, given).recorded) == 1
            costs.append(read() - before)
    assert costs[:2] == costs[2:]
    assert costs[1] < FEW  # and then a few rows, where each account has one of this address


def test_what_is_remembered_of_the_common_is_bounded():
    common = Common()
    refs = {number.to_bytes(4, "big") for number in range(MAX_REMEMBERED + 5)}
    for ref in refs:
        common.learn(ref, common=True)
    known = common.among(refs)
    assert len(known) == MAX_REMEMBERED
    common.learn(next(iter(known)), common=False)
    assert len(common.among(refs)) == MAX_REMEMBERED - 1
