"""Which account a message belongs to, where people are on record in several accounts."""

from __future__ import annotations

import pytest

from contactledger.facts import Message, Party, Person, Touch
from contactledger.findings import Reach
from contactledger.locating import FEW
from contactledger.vocabulary import Channel, Purpose
from tests.ledgers import event
from tests.test_locating import ANN, account_of, dealer, dealers, parked
from tests.test_matching import call, come, take

MIA, GUS, DOT = "mia@maker.example", "gus@group.example", "dot@acme.example"
SOME, MANY = 3, FEW + 5


@pytest.fixture(params=[SOME, MANY], ids=["a few accounts", "many"])
def many(request):
    """Dealers, with Mia of the maker in all of them, Dot of ours in all but dealer-1, and Gus
    who manages dealer-0 and dealer-1."""
    ledger = dealers(request.param)
    for name in ledger.accounts():
        ledger.record(name, Party("maker", "Maker", "partner"), Person("mia", "maker", email=MIA))
        if name != "dealer-1":
            ledger.record(name, Person("dot", "acme", email=DOT, phone="+1 555 0102"))
    for name in ("dealer-0", "dealer-1"):
        ledger.record(name, Person("gus", "them", email=GUS))
    return ledger


def sent(sender, *to, number=1, **more):
    """A mail as it lies in somebody's mailbox."""
    return event("answered", message=come(sender, to), message_id=f"<{number}@x>", **more)


def party_of(ledger, account, who):
    """The key of a party, or of the person, by id."""
    keys = {e.id: e.fact.key for e in ledger.entries(account) if e.kind in ("party", "person")}
    return keys[who]


def placed(ledger, given):
    """(account, key of the sender, keys of the recipients) of the one touch that comes of it."""
    receipt = take(ledger, given)
    assert receipt.parked == ()
    account = account_of(ledger, receipt)
    fact = receipt.recorded[0].fact
    return (
        account,
        party_of(ledger, account, fact.sender),
        [party_of(ledger, account, one) for one in fact.to],
    )


# --- the account that knows the recipients best -----------------------------------------------


def test_a_partner_of_many_accounts_in_copy_hides_no_account(many):
    given = sent(ANN, "bob@dealer-2.example", MIA)
    assert placed(many, given) == ("dealer-2", "ann", ["bob", "mia"])


def test_somebody_of_two_accounts_is_placed_by_a_colleague_in_copy(many):
    colleague = "bob@dealer-1.example"
    assert placed(many, sent(GUS, ANN, colleague)) == ("dealer-1", "gus", ["ann", "bob"])
    assert placed(many, sent(ANN, GUS, colleague, number=2)) == (
        "dealer-1",
        "ann",
        ["gus", "bob"],
    )


def test_where_no_account_knows_them_better_it_is_ambiguous(many):
    for number, (sender, to) in enumerate(
        [(GUS, ANN), (ANN, GUS), (MIA, ANN), (ANN, MIA), (GUS, "support@acme.example")]
    ):
        given = sent(sender, to, number=number)
        assert parked(take(many, given)) == [("ambiguous", "sender")]


def test_what_is_on_record_in_one_of_them_is_new_in_none(many):
    many.record("dealer-0", Touch(to="gus", channel="email", message=Message("<1@x>")))
    assert take(many, sent(ANN, GUS)).repeated == 1
    many.record(
        "dealer-0", Touch(sender="gus", channel="email", message=Message("<2@x>"), to="ann")
    )
    assert take(many, sent(GUS, ANN, number=2)).repeated == 1


def test_a_circular_that_names_nobody_is_known_by_its_message_id(many):
    for name in many.accounts():
        many.record(name, Touch(to="bob", channel="email", message=Message("<1@x>")))
    assert take(many, sent(ANN, ANN)).repeated == 1
    assert parked(take(many, sent(ANN, ANN, number=2))) == [("unknown", "recipient")]
    assert parked(take(many, sent(GUS, ANN))) == [("ambiguous", "sender")]  # not by his word


# --- those of ours who are not on record everywhere --------------------------------------------


def test_one_of_us_writes_for_our_side_where_she_is_not_on_record(many):
    assert placed(many, sent(DOT, "bob@dealer-1.example")) == ("dealer-1", "acme", ["bob"])
    assert placed(many, sent(DOT, "bob@dealer-2.example", number=2))[:2] == ("dealer-2", "dot")
    phone = come("+1 555 0102", ("+1 555 1001",), outgoing=True)
    assert placed(many, call(message=phone)) == ("dealer-1", "acme", ["bob"])


def test_a_partner_does_not(many):
    dealer(many, 990)
    given = sent(MIA, "bob@dealer-990.example")
    assert take(many, given).recorded == ()


def test_one_of_us_answers_for_our_side_in_a_thread(many):
    (asked,) = many.record(
        "dealer-1", Touch(sender="bob", to="ann", channel="email", message=Message("<q@x>"))
    )
    (answer,) = take(many, sent(DOT, "bob@dealer-1.example", in_reply_to="<q@x>")).recorded
    assert (answer.account, answer.fact.answers) == (asked.account, (asked.id,))


def test_what_is_written_to_one_of_us_is_written_to_our_side(many):
    assert placed(many, sent("bob@dealer-1.example", DOT)) == ("dealer-1", "bob", ["acme"])


def test_what_we_write_tells_and_what_they_write_asks(many):
    (told,) = take(many, sent(ANN, "bob@dealer-1.example")).recorded
    (asked,) = take(many, sent("bob@dealer-1.example", ANN, number=2)).recorded
    assert (told.fact.purpose, asked.fact.purpose) == (Purpose.NOTICE, Purpose.QUESTION)


# --- whom it is written to ---------------------------------------------------------------------


def test_a_colleague_in_copy_takes_no_question_from_us(many):
    many.record("dealer-1", Person("eve", "them", email="eve@dealer-1.example"))
    bob, eve = "bob@dealer-1.example", "eve@dealer-1.example"
    for number, (to, told) in enumerate([
        ((eve, "support@acme.example"), ["eve", "acme"]),
        ((eve,), ["eve", "acme"]),  # a blind copy reached us
        ((eve, ANN), ["eve", "ann"]),
        ((MIA, "support@acme.example"), ["mia", "acme"]),
        ((MIA, eve), ["mia", "eve"]),
    ]):  # fmt: skip
        who, asked = placed(many, sent(bob, *to, number=number))[1:]
        assert (who, sorted(asked)) == ("bob", sorted(told))


def test_a_thread_that_was_forwarded_does_not_hide_the_sender(many):
    many.record("dealer-0", Touch(to="bob", channel="email", message=Message("<q@x>")))
    theirs = sent("bob@dealer-2.example", ANN, in_reply_to="<q@x>")
    ours = sent(ANN, "bob@dealer-2.example", number=2, in_reply_to="<q@x>")
    for given in (theirs, ours):
        receipt = take(many, given)
        assert account_of(many, receipt) == "dealer-2"
        assert receipt.recorded[0].fact.answers == ()
    within = sent(ANN, "carl@acme.example", number=3, in_reply_to="<q@x>")
    assert parked(take(many, within)) == [("unknown", "recipient")]


def test_several_people_of_one_address_are_their_side(many):
    many.record("dealer-1", Person("eve", "them", phone="+1 555 1001"))
    ringing = come("+1 555 1001", ("+1 555 0100",))
    assert placed(many, call(message=ringing)) == ("dealer-1", "them", ["ann"])
    many.record("dealer-2", Person("eve", "them", phone="+1 555 1001"))
    given = call(call_id="c-2", message=ringing)
    assert parked(take(many, given)) == [("ambiguous", "sender")]


# --- whose word a report is --------------------------------------------------------------------


def test_what_a_colleague_does_is_not_the_customers_doing(many):
    (touch,) = many.record(
        "dealer-1",
        Touch(to="bob", channel=Channel.MEETING, message=Message(provider_id="meeting-1")),
    )
    given = event("accepted", provider_id="meeting-1", address=DOT, by="human")
    (signal,) = take(many, given).recorded
    assert party_of(many, "dealer-1", signal.fact.person) == "acme"
    (finding,) = many.findings("dealer-1")
    assert (finding.touch, finding.reach) == (touch.id, Reach.SENT)
    failed = event("bounced", provider_id="meeting-1", address=DOT)
    take(many, failed)
    assert many.findings("dealer-1")[0].reach is Reach.SENT


def test_nor_what_somebody_of_other_accounts_does(many):
    dealer(many, 990)
    named = Message(provider_id="meeting-1")
    many.record("dealer-990", Touch(to="bob", channel=Channel.MEETING, message=named))
    given = event("accepted", provider_id="meeting-1", address=MIA, by="human")
    assert parked(take(many, given)) == [("unknown", "address")]
    stranger = event("accepted", provider_id="meeting-1", address="robert@private.example")
    (signal,) = take(many, stranger).recorded
    assert signal.fact.person is None


def test_a_touch_to_a_party_may_have_been_sent_to_any_address(many):
    dealer(many, 990)
    named = Message(provider_id="mail-1")
    many.record("dealer-990", Touch(to="them", channel=Channel.EMAIL, message=named))
    (signal,) = take(many, event(provider_id="mail-1", address=MIA)).recorded
    assert signal.fact.person is None
