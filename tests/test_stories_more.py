"""Questions, each put to a small story told in the docstring of its test as a ledger has it.

Monday is 2 March 2026; business is from nine to five. ACME sells, Smith Motors buys: Ann and
Abe are ACME's, Bob and Sue Smith's. What they agreed on is the default policy unless it is said.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from contactledger.facts import Money
from contactledger.judge.diligence import diligence, turns
from contactledger.judge.kept import attendance, promise_records
from contactledger.judge.passage import passages
from contactledger.judge.policy import DEFAULT_POLICY
from contactledger.judge.told import told
from contactledger.judge.waiting import answer_times, waiting
from contactledger.questions import About
from tests.asking import ask, ledger, numbers, states
from tests.judging import THIRD, day

HOUR = timedelta(hours=1)


# --- who was told ------------------------------------------------------------------------------


def test_nobody_told_us_is_answered_person_by_person() -> None:
    """Mon ACME writes about inventory-sync to Bob, Sue, Max and Eve of Smith Motors, each mail
    tracked. Bob looks at his on Tue. Sue's arrives, her mail program loads pictures, and she
    does not look. Max's comes back. Of Eve's nothing is known. Kim is written to by nobody.

    A fortnight later: Bob saw it, Sue ignored it, Max could not be reached, of Eve it is
    unproven, Kim was never told. Smith Motors as a whole saw it.
    """
    log = ledger()
    for person in ("max", "eve", "kim"):
        log.person(person, "smith")
    words = {"purpose": "notice", "topics": ("inventory-sync",), "tracked": True}
    early = log.touch("ann", "sue", tracked=True, purpose="notice", at=day(-5))
    log.signal(early, "opened", by="human", person="sue", at=day(-5, 12), **THIRD)
    mails = {to: log.touch("ann", to, at=day(0), **words) for to in ("bob", "sue", "max", "eve")}
    for to in ("bob", "sue"):
        log.signal(mails[to], "delivered", person=to, at=day(0, 11), **THIRD)
    log.signal(mails["max"], "bounced", person="max", permanent=True, at=day(0, 11), **THIRD)
    log.signal(mails["bob"], "opened", by="human", person="bob", at=day(1), **THIRD)
    asked = ask(log, day(14))
    assert states(asked, "inventory-sync") == {
        "smith": "seen", "bob": "seen", "sue": "ignored", "max": "unreached",
        "eve": "unproven", "kim": "never_told",
    }  # fmt: skip
    rows = {
        row.person: row for row in told(asked, About("topic", "inventory-sync"), by="acme").rows
    }
    assert rows["sue"].held_against is True
    assert rows["sue"].because == (mails["sue"].no, mails["sue"].no + 4)
    assert rows[None].touches == numbers(mails.values())
    assert (rows["bob"].first_at, rows["kim"].first_at) == (day(0), None)
    assert states(asked, "a-topic-of-nobody") == dict.fromkeys(
        ("smith", "bob", "sue", "max", "eve", "kim"), "never_told"
    )


def test_an_outage_is_told_to_those_who_were_called_and_to_nobody_else() -> None:
    """On Mon and on Wed there is an outage. Of the first Bob is phoned and answers; of the
    second a letter goes to Smith Motors, to nobody by name, and asks for nothing.

    Each outage is asked about by itself. By the second, Smith Motors was told, Bob was not.
    """
    log = ledger()
    log.milestone("first", kind="outage", at=day(0))
    log.milestone("second", kind="outage", at=day(2))
    call = log.touch("ann", "bob", channel="phone", purpose="outage", milestone="first", at=day(0))
    log.signal(call, "answered", by="human", person="bob", at=day(0), **THIRD)
    letter = log.touch(
        "ann", "smith", channel="letter", milestone="second", expects="nothing", at=day(2)
    )
    log.signal(letter, "delivered", at=day(3), **THIRD)
    asked = ask(log, day(9))
    never = "never_told"
    assert states(asked, milestone="first") == {
        "smith": "answered",
        "bob": "answered",
        "sue": never,
    }
    assert states(asked, milestone="second") == {"smith": "told", "bob": never, "sue": never}


def test_a_release_bears_its_topics_and_both_mails_about_them_count_once() -> None:
    """The release of Monday is about labels. On Mon Ann writes to Bob about it, naming the
    release and no topic; it arrives. On Tue Abe writes to Bob about labels in general; Bob answers.

    Asked about labels, both touches are named and Bob has answered.
    """
    log = ledger()
    log.milestone("release", kind="release", topics=("labels",), at=day(0))
    first = log.touch("ann", "bob", milestone="release", expects="nothing", at=day(0))
    log.signal(first, "delivered", person="bob", at=day(0), **THIRD)
    second = log.touch("abe", "bob", topics=("labels",), at=day(1))
    log.answer(second, "bob", at=day(1, 12))
    asked = ask(log, day(9))
    row = told(asked, About("topic", "labels"), by="acme").rows[1]
    assert (row.person, row.state, row.touches) == ("bob", "answered", numbers([first, second]))
    assert states(asked, milestone="release")["bob"] == "told"


def test_a_colleague_who_read_it_tells_the_party_and_not_the_one_who_did_not() -> None:
    """Mon Ann asks Bob and Sue about labels; it arrives at both, and Sue alone answers.

    Sue answered; Bob was told and ignored nothing, since his side answered. On the day itself
    both have their time still.
    """
    log = ledger()
    asked_ = log.touch("ann", ("bob", "sue"), topics=("labels",), expects="reply", at=day(0))
    for person in ("bob", "sue"):
        log.signal(asked_, "delivered", person=person, at=day(0), **THIRD)
    log.answer(asked_, "sue", at=day(1))
    assert states(ask(log, day(0, 12)), "labels") == {
        "smith": "pending", "bob": "pending", "sue": "pending",
    }  # fmt: skip
    assert states(ask(log, day(9)), "labels") == {
        "smith": "answered", "bob": "told", "sue": "answered",
    }  # fmt: skip


def test_who_has_left_is_asked_about_only_if_something_was_addressed_to_him() -> None:
    """Bob leaves Smith Motors on Wed, Sue on Thu. Mon Ann wrote to Bob about labels, in a matter.
    Jay of a partner has to do with it as well, and nobody tells him."""
    log = ledger()
    log.party("prime", "partner")
    log.person("jay", "prime")
    log.matter("labels", party="acme", at=day(0))
    log.touch("ann", "bob", matter="labels", at=day(0))
    log.person("bob", "smith", until=day(2), at=day(2))
    log.person("sue", "smith", until=day(3), at=day(3))
    asked = ask(log, day(14))
    assert states(asked, matter="labels") == {
        "smith": "unproven", "bob": "unproven", "prime": "never_told", "jay": "never_told",
    }  # fmt: skip


def test_the_customer_tells_the_vendor_and_is_asked_in_the_same_way() -> None:
    """Mon Bob tells ACME in a ticket about a crash; it arrives, and nobody ever answers."""
    log = ledger()
    ticket = log.touch("bob", "ann", channel="ticket", topics=("crash",), at=day(0))
    log.signal(ticket, "delivered", person="ann", at=day(0), **THIRD)
    found = states(ask(log, day(9)), "crash", by="smith")
    assert found == {"acme": "ignored", "ann": "ignored", "abe": "never_told"}


def test_a_reminder_to_a_colleague_is_told_to_the_colleague_from_then_on() -> None:
    """Mon Ann asks Bob about labels; on Wed she reminds Sue of it. Both arrive, nobody answers."""
    log = ledger()
    first = log.touch("ann", "bob", topics=("labels",), expects="reply", at=day(0))
    second = log.touch("ann", "sue", reminds=first.id, topics=("labels",), at=day(2))
    for mail, person in ((first, "bob"), (second, "sue")):
        log.signal(mail, "delivered", person=person, at=mail.at, **THIRD)
    rows = told(ask(log, day(9)), About("topic", "labels"), by="acme").rows
    assert [(row.person, row.state, row.touches, row.first_at) for row in rows] == [
        (None, "ignored", numbers([first, second]), day(0)),
        ("bob", "ignored", (first.no,), day(0)),
        ("sue", "ignored", (second.no,), day(2)),
    ]


def test_the_furthest_touch_speaks_and_of_equals_the_silence() -> None:
    """Three mails about labels reach Bob: one that wants nothing, one that wants a reply and
    gets none, one that is due later. What is said of Bob is that he ignored it."""
    log = ledger()
    words = {"topics": ("labels",), "channel": "letter"}
    mails = [
        log.touch("ann", "bob", expects="nothing", at=day(0), **words),
        log.touch("ann", "bob", at=day(0, 11), **words),
        log.touch("ann", "bob", at=day(8), **words),
    ]
    for mail in mails:
        log.signal(mail, "delivered", person="bob", at=mail.at, **THIRD)
    row = told(ask(log, day(9)), About("topic", "labels"), by="acme").rows[1]
    assert (row.state, row.touches) == ("ignored", numbers(mails))
    assert row.because == (mails[1].no, mails[1].no + 3)


# --- who waits for whom ------------------------------------------------------------------------


def test_the_ticket_of_april_waits_and_it_is_said_for_how_long() -> None:
    """Mon 10:00 Bob opens a ticket; it arrives. He reminds ACME on Wed and on Fri. Nobody answers.

    The Monday after at noon it waits for 7 days and 2 hours by the calendar and for 42 hours of
    business; overdue since Tue 10:00, which is 34 hours of business. ACME owes it.
    """
    log = ledger()
    ticket = log.touch("bob", "acme", channel="ticket", at=day(0))
    log.signal(ticket, "delivered", at=day(0), **THIRD)
    reminders = [log.remind(ticket, at=day(2)), log.remind(ticket, at=day(4))]
    (found,) = waiting(ask(log, day(7, 12)))
    assert (found.no, found.owed, found.owes, found.outcome) == (
        ticket.no,
        "smith",
        "acme",
        "ignored",
    )
    assert (found.waited, found.waited_business) == (day(7, 12) - day(0), 42 * HOUR)
    assert (found.overdue, found.overdue_business) == (day(7, 12) - day(1), 34 * HOUR)
    assert (found.reminders, found.held_against) == (numbers(reminders), True)


def test_each_sides_answers_are_timed_by_the_same_clock() -> None:
    """Bob asks ACME three times: answered after one hour, after four, and after a weekend of 66
    hours, which holds two of business. ACME asks Bob once: he answers after 30 minutes; a second
    question of ACME waits, and a mail that came back waits for nobody.
    """
    log = ledger()
    for asked_at, answered_at in (
        (day(0), day(0, 11)),
        (day(1), day(1, 14)),
        (day(4, 16), day(7)),
    ):
        ticket = log.touch("bob", "ann", channel="ticket", at=asked_at)
        log.signal(ticket, "delivered", at=asked_at, **THIRD)
        log.answer(ticket, "ann", at=answered_at)
    quick = log.touch("ann", "bob", expects="reply", at=day(7, 11))
    log.answer(quick, "bob", at=day(7, 11, 30))
    waits = log.touch("ann", "bob", expects="reply", at=day(7, 12))
    lost = log.touch("ann", "bob", expects="reply", at=day(7, 13))
    log.signal(lost, "bounced", permanent=True, at=day(7, 13), **THIRD)
    acme, smith = answer_times(ask(log, day(7, 14)))
    assert (acme.party, acme.asker, acme.asked, acme.answered, acme.late) == (
        "acme",
        "smith",
        3,
        3,
        0,
    )
    assert (acme.median, acme.worst, acme.worst_no) == (4 * HOUR, 66 * HOUR, ticket.no)
    assert (acme.median_business, acme.worst_business) == (2 * HOUR, 4 * HOUR)
    assert (smith.asked, smith.answered, smith.waiting, smith.oldest_no) == (2, 1, 1, waits.no)
    assert (smith.median, smith.worst, smith.worst_no) == (HOUR / 2, HOUR / 2, quick.no)
    assert smith.because == numbers([quick, waits])


def test_of_two_answers_the_median_lies_between_and_without_any_there_is_none() -> None:
    """Bob answers one mail after one hour and one after three; Sue's partner never was asked."""
    log = ledger()
    for n, hours in ((0, 1), (1, 3)):
        mail = log.touch("ann", "bob", expects="reply", at=day(n))
        log.answer(mail, "bob", at=day(n, 10 + hours))
    (smith,) = answer_times(ask(log, day(3)))
    assert (smith.median, smith.median_business) == (2 * HOUR, 2 * HOUR)
    log = ledger()
    log.touch("ann", "bob", expects="reply", at=day(0))
    (smith,) = answer_times(ask(log, day(0, 11)))
    assert (smith.median, smith.worst_business, smith.worst_no) == (None, None, None)


def test_a_pause_of_the_asker_is_no_business_time_of_the_one_asked() -> None:
    """Mon 10:00 Bob asks in a matter. From Mon 12:00 to Thu 12:00 Smith Motors pauses it, and
    from Wed 9:00 on ACME has a pause of its own. Fri 12:00 nobody has answered.

    It waits for four days and two hours; of business 2 hours on Monday, 5 on Thursday, 3 on
    Friday. ACME's own pause would take nothing off.
    """
    log = ledger()
    log.matter("labels", party="smith", recorder="smith", at=day(0))
    ticket = log.touch("bob", "acme", channel="ticket", matter="labels", at=day(0))
    log.signal(ticket, "delivered", at=day(0), **THIRD)
    log.matter("labels", "paused", party="smith", recorder="smith", at=day(0, 12))
    log.matter("labels", "paused", party="acme", at=day(2, 9))
    log.matter("labels", "resumed", party="smith", recorder="smith", at=day(3, 12))
    (found,) = waiting(ask(log, day(4, 12)))
    assert (found.waited, found.waited_business) == (day(4, 12) - day(0), 10 * HOUR)


def test_nobody_waits_for_what_asked_nothing_was_told_to_all_or_was_waived() -> None:
    """Ann sends a notice, a question to everybody, and a question that ACME waives the next day."""
    log = ledger()
    log.touch("ann", "bob", purpose="notice", at=day(0))
    log.touch("ann", "bob", expects="reply", broadcast=True, at=day(0))
    waived = log.touch("ann", "bob", expects="reply", at=day(0))
    assert [one.no for one in waiting(ask(log, day(0, 12)))] == [waived.no]
    log.mark(waived, "no_answer_needed", at=day(1))
    asked = ask(log, day(2))
    assert (waiting(asked), answer_times(asked)) == ((), ())


# --- whose turn, and what was done before ------------------------------------------------------


def test_every_open_matter_says_whose_turn_it_is_the_oldest_in_front() -> None:
    """Mon Bob opens a ticket about labels, Tue Ann asks Bob about prices. On Wed ACME closes
    labels, and answers nothing. On Fri of the week after, labels is still open: ACME closed it and
    owes the answer; both are overdue, so each asker climbs. A third one was answered.
    """
    log = ledger()
    log.matter("labels", party="smith", recorder="smith", at=day(0))
    ticket = log.touch("bob", "acme", channel="ticket", matter="labels", at=day(0))
    log.signal(ticket, "delivered", at=day(0), **THIRD)
    letter = log.touch("ann", "bob", channel="letter", at=day(1))
    log.signal(letter, "delivered", at=day(1), **THIRD)
    done = log.touch("ann", "bob", channel="letter", expects="reply", at=day(1, 11))
    log.answer(done, "bob", at=day(1, 12))
    log.matter("labels", "closed", party="acme", at=day(2))
    found = turns(ask(log, day(11)))
    assert [(one.matter, one.onus.party, one.onus.rule, one.first) for one in found] == [
        ("labels", "smith", "O2", True), (letter.id, "acme", "O2", False),
    ]  # fmt: skip
    assert [one.waited for one in found] == [day(11) - day(1), day(11) - day(4)]
    assert found[0].rules == ("J52", "O2")


def test_with_nothing_open_it_is_nobodys_turn() -> None:
    """A matter was opened and nothing was said in it."""
    log = ledger()
    log.matter("labels", party="smith", at=day(0))
    (found,) = turns(ask(log, day(1)))
    assert (found.onus.party, found.onus.rule, found.waited) == (None, "O9", None)


def test_diligence_is_complete_when_the_last_rung_had_its_time() -> None:
    """Mon 10:00 Ann asks Bob by letter, due Thu. She telephones him on the Thu, writes to Sue on
    the Mon after, and to Max, who is higher, on the Mon after that. Nobody answers.

    On that Wed a rung is left, and it may be climbed by now; on the last Monday the letter to Max
    has its time still; ten days later ACME did what it owed, and Smith Motors must act.
    """
    log = ledger()
    log.person("max", "smith", level=3)
    words = {"expects": "reply", "matter": "rel"}
    log.matter("rel", party="acme", at=day(0))
    letter = log.touch("ann", "bob", channel="letter", at=day(0), **words)
    log.signal(letter, "delivered", at=day(0), **THIRD)
    call = log.touch("ann", "bob", channel="phone", at=day(3, 11), **words)
    log.signal(call, "voicemail", at=day(3, 11), **THIRD)
    second = log.touch("ann", "sue", channel="letter", at=day(7, 11), **words)
    log.signal(second, "delivered", at=day(7, 11), **THIRD)
    asked = ask(log, day(14, 11))
    (found,) = diligence(asked)
    assert (found.no, found.by, found.toward, found.state) == (
        letter.no,
        "acme",
        "smith",
        "incomplete",
    )
    assert [rung.climbed_by for rung in found.climbed] == [call.no, second.no]
    assert [rung.code for rung in found.missing] == ["level_higher"]
    assert (found.open_now, found.waits_until) == (1, None)
    assert [one.onus.next_rung for one in turns(asked)] == ["level_higher"]
    last = log.touch("ann", "max", channel="letter", at=day(14, 12), **words)
    (found,) = diligence(ask(log, day(14, 13)))
    assert (found.state, found.missing, found.waits_until) == ("waiting", (), day(17, 12))
    assert [rung.tried_by for rung in found.tried] == [last.no]
    asked = ask(log, day(24))
    (found,) = diligence(asked)
    assert (found.state, len(found.climbed), found.open_now) == ("complete", 3, 0)
    assert [(one.onus.rule, one.onus.party) for one in turns(asked)] == [("O3", "smith")]


def test_a_policy_without_a_ladder_asks_for_no_diligence() -> None:
    """Mon Bob opens a ticket, and nobody answers. What they agreed on knows no escalation."""
    log = ledger('[[window]]\nwithin = "1 day"\n')
    ticket = log.touch("bob", "acme", channel="ticket", at=day(0))
    log.signal(ticket, "delivered", at=day(0), **THIRD)
    (found,) = diligence(ask(log, day(9)))
    assert (found.by, found.toward, found.state, found.missing) == ("smith", "acme", "complete", ())


def test_what_was_settled_by_closing_asks_for_no_diligence_any_more() -> None:
    """Mon Ann asks Bob in a matter; he does not answer; ACME, which waits, closes the matter."""
    log = ledger()
    log.matter("rel", party="acme", at=day(0))
    letter = log.touch("ann", "bob", channel="letter", matter="rel", at=day(0))
    log.signal(letter, "delivered", at=day(0), **THIRD)
    assert len(diligence(ask(log, day(9)))) == 1
    log.matter("rel", "closed", party="acme", at=day(9, 11))
    assert diligence(ask(log, day(10))) == ()


# --- matters that go around --------------------------------------------------------------------


def test_a_credit_goes_around_and_comes_back_and_every_day_of_it_is_counted() -> None:
    """Mon Smith Motors opens a matter of $1,895; its account is worth $2,000,000. ACME, which was
    asked, offers it on Tue to Prime, which accepts on Wed. Prime offers it on Thu to ACME, which
    accepts at once: a circle. ACME offers it to Prime again on Fri; Prime refuses on Sat. ACME
    offers it to Zen on Sun, which never takes it up.

    Smith Motors held it for an hour, ACME for two stays, Prime for a day.
    """
    log = ledger()
    log.party("prime", "partner")
    log.party("zen", "consultant")
    log.matter(
        "credit", party="smith", recorder="smith", at=day(0, 9),
        stake=Money(189_500, "USD"), worth=Money(200_000_000, "USD"),
    )  # fmt: skip
    log.touch("bob", "ann", matter="credit", expects="reply", at=day(0))
    first = log.handoff("credit", "acme", "prime", at=day(1))
    log.handoff("credit", "acme", "prime", word="accepted", answers=first.id, at=day(2))
    back = log.handoff("credit", "prime", "acme", at=day(3))
    log.handoff("credit", "prime", "acme", word="accepted", answers=back.id, at=day(3))
    again = log.handoff("credit", "acme", "prime", at=day(4))
    log.handoff("credit", "acme", "prime", word="refused", answers=again.id, at=day(5))
    last = log.handoff("credit", "acme", "zen", at=day(6))
    (found,) = passages(ask(log, day(14)))
    assert found.parties == ("smith", "acme", "prime", "zen")
    assert [(h.no, h.state, h.circle) for h in found.handoffs] == [
        (first.no, "accepted", False), (back.no, "accepted", True),
        (again.no, "refused", False), (last.no, "never_taken_up", False),
    ]  # fmt: skip
    assert (found.circles, found.holder) == ((back.no,), "acme")
    assert [(stay.hold.party, stay.length, stay.again) for stay in found.stays] == [
        ("smith", HOUR, False), ("acme", timedelta(days=2), False),
        ("prime", timedelta(days=1), False), ("acme", timedelta(days=11), True),
    ]  # fmt: skip
    assert dict(found.days_held) == pytest.approx({"smith": 1 / 24, "acme": 13, "prime": 1})
    assert (found.stake, found.worth) == (Money(189_500, "USD"), Money(200_000_000, "USD"))
    assert found.rules == ("J50", "J52", "O2")


def test_the_vice_president_to_whom_it_was_escalated_never_answered() -> None:
    """Mon Bob asks Sal of ACME, who answers. Bob then writes to the vice president, who does not
    answer, to Ann, who is below him, and to the president, who does. Smith Motors tells a partner.

    Two escalations, one unanswered. Ann is none, nor is the first letter to the partner's head.
    """
    log = ledger()
    for person, party, level in (
        ("sal", "acme", 0), ("vp", "acme", 3), ("president", "acme", 5), ("head", "prime", 9),
    ):  # fmt: skip
        log.person(person, party, level=level)
    log.party("prime", "partner")
    log.matter("credit", party="smith", recorder="smith", at=day(0, 9))
    words = {"matter": "credit", "channel": "letter", "expects": "reply"}
    letters = {}
    for n, to in enumerate(("sal", "vp", "ann", "president", "head")):
        letters[to] = log.touch("bob", to, at=day(n), **words)
        log.signal(letters[to], "delivered", person=to, at=day(n), **THIRD)
    log.answer(letters["sal"], "sal", at=day(0, 12))
    log.answer(letters["president"], "president", at=day(5))
    (found,) = passages(ask(log, day(14)))
    assert [(one.no, one.person, one.level, one.outcome) for one in found.escalations] == [
        (letters["vp"].no, "vp", 3, "ignored"),
        (letters["president"].no, "president", 5, "answered"),
    ]
    assert found.unanswered == (letters["vp"].no,)
    assert [one.answered for one in found.escalations] == [False, True]


def test_what_two_parties_settle_between_them_goes_around_only_if_it_was_handed_on() -> None:
    """Bob asks Ann, and ACME and Smith Motors alone have to do with it; the matter is no passage
    until Smith Motors offers it to ACME."""
    log = ledger()
    log.matter("labels", party="smith", recorder="smith", at=day(0))
    log.touch("bob", "acme", channel="ticket", matter="labels", at=day(0))
    asked = ask(log, day(1))
    assert (passages(asked), len(passages(asked, least=2))) == ((), 1)
    log.handoff("labels", "smith", "acme", at=day(1))
    assert [one.matter for one in passages(ask(log, day(1)))] == ["labels"]


# --- promises, and who turned up ---------------------------------------------------------------


def test_every_promise_is_in_one_heap() -> None:
    """ACME promises Smith Motors seven things for Friday. By the week after one is kept in time
    and one late, as both say; one is missed, one withdrawn before Friday, one nobody speaks of;
    of one ACME says kept and Smith Motors missed; one is due next year. Bob promises Ann a list,
    without a date."""
    log = ledger()
    made = [
        log.promise("ann", "smith", id=f"p{n}", due=day(365 if n == 6 else 4), at=day(0))
        for n in range(7)
    ]
    theirs = log.promise("bob", "ann", id="list", at=day(0))
    for n, word, at in ((0, "kept", 3), (1, "kept", 5), (2, "missed", 5), (3, "withdrawn", 3)):
        log.settle(made[n], word, party="acme", at=day(at))
        log.settle(made[n], word, party="smith", recorder="smith", at=day(at, 11))
    log.settle(made[5], "kept", party="acme", at=day(5))
    log.settle(made[5], "missed", party="smith", recorder="smith", at=day(6))
    acme, smith = promise_records(ask(log, day(9)))
    nos = numbers(made)
    assert (acme.promiser, acme.promisee) == ("acme", "smith")
    assert (acme.kept, acme.late, acme.missed, acme.withdrawn) == (
        nos[:2], (nos[1],), (nos[2],), (nos[3],),
    )  # fmt: skip
    assert (acme.overdue, acme.disputed, acme.due) == ((nos[4],), (nos[5],), (nos[6],))
    assert [[(who, word) for who, word, _ in side.words] for side in acme.sides] == [
        [("acme", "kept"), ("smith", "missed")]
    ]
    assert (smith.promiser, smith.promisee, smith.due) == ("smith", "acme", (theirs.no,))


def test_capacity_needs_people_who_turn_up_on_both_sides() -> None:
    """Three trainings of Ann for Bob and Sue. To the first Bob comes, whatever a later report says,
    and Ann, whom a report had away at first. To the second, which both had accepted, nobody comes, and Ann does not either.
    The third is next month; Bob has declined it and accepted it again. Somebody from outside is
    reported, too, and somebody nameless.
    """
    log = ledger()
    log.party("prime", "partner")
    log.person("jay", "prime")
    trainings = [
        log.touch(
            "ann", ("bob", "sue"), channel="meeting", purpose="training",
            at=day(0), starts=day(n, 9), ends=day(n, 12),
        )
        for n in (3, 10, 40)
    ]  # fmt: skip
    first, second, third = trainings
    for training in trainings:
        for person in ("bob", "sue"):
            log.signal(training, "accepted", by="human", person=person, at=day(1), **THIRD)
    log.signal(third, "declined", by="human", person="bob", at=day(1, 11), **THIRD)
    log.signal(third, "accepted", by="human", person="bob", at=day(1, 12), **THIRD)
    log.signal(first, "absent", person="ann", at=day(3, 12), **THIRD)
    for person in ("ann", "bob", "jay"):
        log.signal(first, "attended", by="human", person=person, at=day(3, 13), **THIRD)
    log.signal(first, "attended", by="human", at=day(3, 13), **THIRD)
    log.signal(first, "absent", person="sue", at=day(3, 13), **THIRD)
    log.signal(first, "delivered", person="bob", at=day(3, 13), **THIRD)
    log.signal(first, "absent", person="bob", at=day(3, 14), **THIRD)
    for person in ("ann", "bob", "sue"):
        log.signal(second, "absent", person=person, at=day(10, 13), **THIRD)
    rows = attendance(ask(log, day(14)))
    assert [(row.no, row.party, row.host, row.state) for row in rows] == [
        (first.no, "acme", True, "came"), (first.no, "smith", False, "came"),
        (second.no, "acme", True, "absent"), (second.no, "smith", False, "absent"),
        (third.no, "acme", True, "to_come"), (third.no, "smith", False, "to_come"),
    ]  # fmt: skip
    assert (rows[0].came, rows[0].absent, rows[0].accepted) == (("ann",), (), ())
    assert (rows[1].came, rows[1].absent, rows[1].accepted) == (("bob",), ("sue",), ("bob", "sue"))
    assert (rows[5].accepted, rows[5].declined) == (("sue", "bob"), ())
    assert (rows[0].starts, rows[0].ends) == (day(3, 9), day(3, 12))


def test_a_side_that_disputes_that_it_stayed_away_is_not_said_to_have() -> None:
    """Smith Motors accepted a visit for Thu; ACME puts down that nobody was there, and Smith Motors
    disputes it, and that Sue would have come. Of ACME's Ann the same is put down by Smith Motors,
    and acknowledged."""
    log = ledger()
    visit = log.touch("ann", "bob", channel="visit", at=day(0), starts=day(3, 9))
    log.signal(visit, "accepted", by="human", person="bob", at=day(1), **THIRD)
    away = log.signal(visit, "absent", person="bob", at=day(3, 12))
    word = log.signal(visit, "accepted", person="sue", at=day(3, 12))
    for said in (away, word):
        log.mark(said, "disputed", recorder="smith", at=day(4))
    ours = log.signal(visit, "absent", person="ann", recorder="smith", at=day(3, 12))
    log.mark(ours, "disputed", at=day(4))
    log.mark(ours, "acknowledged", at=day(5))
    acme, smith = attendance(ask(log, day(6)))
    assert (acme.state, acme.absent, smith.state, smith.absent) == (
        "absent",
        ("ann",),
        "disputed",
        (),
    )
    assert (smith.accepted, smith.because) == (("bob",), (visit.no, visit.no + 1, away.no, word.no))
    assert (smith.starts, smith.ends) == (day(3, 9), day(3, 9))


def test_an_invitation_declined_or_without_a_word_and_one_without_a_time() -> None:
    """Bob declines the meeting of Thu; of the host nobody says anything. A meeting without a time
    is on nobody's sheet."""
    log = ledger()
    meeting = log.touch("ann", "bob", channel="meeting", at=day(0), ends=day(3, 10))
    log.signal(meeting, "declined", by="human", person="bob", at=day(1), **THIRD)
    log.touch("ann", "bob", channel="meeting", at=day(0))
    rows = attendance(ask(log, day(6)))
    assert [(row.party, row.state) for row in rows] == [("acme", "unsaid"), ("smith", "declined")]
    assert rows[1].declined == ("bob",)


# --- what holds of all of them -----------------------------------------------------------------


def test_two_names_that_are_one_and_a_word_taken_back_change_every_answer() -> None:
    """Robert and Bob are one. ACME wrote to Robert about labels; an answer put down by ACME on
    Tue was taken back on Wed."""
    log = ledger(DEFAULT_POLICY)
    log.person("robert", "smith")
    letter = log.touch("ann", "robert", channel="letter", topics=("labels",), at=day(0))
    log.signal(letter, "delivered", person="robert", at=day(0), **THIRD)
    answer = log.answer(letter, "robert", at=day(1))
    assert states(ask(log, day(1)), "labels")["robert"] == "answered"
    log.alias("robert", "bob", at=day(2))
    log.retract(answer, at=day(2))
    asked = ask(log, day(9))
    assert states(asked, "labels") == {"smith": "ignored", "bob": "ignored", "sue": "never_told"}
    assert [one.no for one in waiting(asked)] == [letter.no]
