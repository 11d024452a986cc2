"""Acts that came in bodies of their own are told to be a machine's by all of them together."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contactledger.facts import Message, Person, Signal
from contactledger.findings import Reach
from contactledger.regrading import BACK, TAIL
from contactledger.sources import Grader
from contactledger.sources._machine_behaviour import MANY_LINKS, MANY_RECIPIENTS
from contactledger.sources._machine_grade import RULES_DATE
from contactledger.vocabulary import By, SignalKind, System
from tests.ledgers import SMITH, Probe, event, filled, in_file, mail

BOB = "bob@smith.example"


@pytest.fixture
def sent():
    """A ledger with a tracked e-mail to Bob, and a way to report on it, a body for each event."""
    ledger, clock = filled()
    (touch,) = ledger.record(SMITH, mail(tracked=True, message=Message(provider_id="m-1")))
    clock.forward(seconds=60)
    return ledger, clock, touch, reporter(ledger, touch)


def reporter(ledger, touch):
    def report(*acts):
        made = [
            event(
                what,
                token=touch.id,
                address=BOB,
                at=touch.at + timedelta(seconds=seconds),
                event_id=f"{what}-{seconds}",
                **{"url": f"https://acme.example/{seconds}"} if what == "clicked" else {},
                **more,
            )
            for what, seconds, more in [(*act, {})[:3] for act in acts]
        ]
        return ledger.receive(Probe(*made), {}, b"")

    return report


def signals(ledger):
    return [
        (e.fact.what.value, e.fact.by.value, e.fact.detector, e.fact.same_as)
        for e in ledger.entries(SMITH)
        if isinstance(e.fact, Signal)
    ]


def test_links_followed_one_by_one_are_one_scanners_and_those_before_are_reported_again(sent):
    ledger, _, touch, report = sent
    first = 8
    for n in range(MANY_LINKS - 1):
        assert len(report(("clicked", n)).recorded) == 1
    assert {by for _, by, _, _ in signals(ledger)} == {"unknown"}
    receipt = report(("clicked", MANY_LINKS - 1))
    scanner = "behaviour:all-links"
    assert signals(ledger)[MANY_LINKS - 1 :] == [
        ("clicked", "machine", scanner, None),
        *[("clicked", "machine", scanner, first + n) for n in range(MANY_LINKS - 1)],
    ]
    assert receipt.recorded == ledger.entries(SMITH)[-MANY_LINKS:]
    second = receipt.recorded[1]
    assert (second.at, second.fact) == (
        touch.at,
        Signal(
            touch.id,
            SignalKind.CLICKED,
            ledger.entries(SMITH)[first].fact.person,
            By.MACHINE,
            detector=scanner,
            detector_date=RULES_DATE,
            same_as=first,
            system=System.OWN,
            source="probe",
            matched="behaviour",
            at=touch.at,
        ),
    )
    (finding,) = ledger.findings(SMITH)
    assert finding.reach is Reach.DELIVERED  # J18: a machine's click proves no person


def test_without_the_last_of_them_they_prove_a_look(sent):
    ledger, _, _, report = sent
    for n in range(MANY_LINKS - 1):
        report(("clicked", n))
    (finding,) = ledger.findings(SMITH)
    assert finding.reach is Reach.SEEN


def test_whatever_comes_again_keeps_its_grade_and_is_known(sent):
    ledger, clock, _, report = sent
    for n in range(MANY_LINKS):
        report(("clicked", n))
    before = ledger.entries(SMITH)
    clock.forward(hours=3)
    for n in range(MANY_LINKS):
        receipt = report(("clicked", n))
        assert (receipt.recorded, receipt.repeated, receipt.conflicting) == ((), 1, ())
    assert report(*[("clicked", n) for n in range(MANY_LINKS)]).repeated == MANY_LINKS
    assert ledger.entries(SMITH) == before


def test_a_delivery_that_is_reported_late_shows_that_the_click_came_before_it(sent):
    ledger, _, _, report = sent
    report(("clicked", 10))
    assert len(report(("delivered", 50)).recorded) == 2
    assert signals(ledger) == [
        ("clicked", "unknown", None, None),
        ("delivered", "unknown", None, None),
        ("clicked", "machine", "behaviour:before-delivery", 8),
    ]
    report(("opened", 20))  # and the delivery on record grades what comes
    assert signals(ledger)[3] == ("opened", "machine", "behaviour:before-delivery", None)
    assert len(signals(ledger)) == 4


def test_a_honeypot_gives_away_what_the_same_visitor_did_just_before_and_just_after(sent):
    ledger, _, _, report = sent
    report(("opened", 1), ("opened", 40))
    report(("clicked", 5, {"extra": {"honeypot": True}}))
    report(("clicked", 9))
    assert [(by, same) for _, by, _, same in signals(ledger)] == [
        ("unknown", None),
        ("unknown", None),
        ("machine", None),
        ("machine", 8),
        ("machine", None),
    ]


def test_many_recipients_of_a_house_within_seconds_are_one_gateway():
    ledger, clock = filled()
    people = [Person(f"p{n}", "smith", email=f"p{n}@smith.example") for n in range(MANY_RECIPIENTS)]
    touches = ledger.record(SMITH, *people, *[mail(to=p.key) for p in people])[-MANY_RECIPIENTS:]
    clock.forward(seconds=60)
    for n, touch in enumerate(touches):
        at = clock() + timedelta(seconds=n)
        given = event("opened", token=touch.id, address=f"p{n}@smith.example", at=at)
        ledger.receive(Probe(given), {}, b"")
    graded = signals(ledger)
    assert [by for _, by, _, _ in graded] == ["unknown"] * 4 + ["machine"] * 5
    assert {d for _, by, d, _ in graded if by == "machine"} == {"behaviour:domain-burst"}


def test_how_many_links_a_message_has_may_be_told_and_two_are_enough_then(sent):
    ledger, _, touch, report = sent
    ledger.grader = Grader(links={touch.id: 2})
    report(("clicked", 1))
    report(("clicked", 2))
    assert [by for _, by, _, _ in signals(ledger)] == ["unknown", "machine", "machine"]


def test_what_was_taken_back_counts_no_more(sent):
    ledger, _, _, report = sent
    for n in range(MANY_LINKS - 1):
        report(("clicked", n))
    ledger.retract(SMITH, 8)
    report(("clicked", MANY_LINKS - 1))
    assert {by for _, by, _, _ in signals(ledger)} == {"unknown"}


def test_only_the_newest_entries_are_looked_at_and_only_recent_ones(sent):
    ledger, clock, _, report = sent
    report(("clicked", 0))
    for n in range(1, MANY_LINKS - 1):
        report(("clicked", n))
    ledger.record(SMITH, *[mail(f"k{n}") for n in range(TAIL - MANY_LINKS + 2)])
    report(("clicked", MANY_LINKS - 1))
    assert {by for _, by, _, _ in signals(ledger)} == {"unknown"}
    clock.forward(seconds=BACK.total_seconds() * 2)
    late = BACK.total_seconds() + 10
    assert len(report(("delivered", late)).recorded) == 1  # the clicks lie too far back


def test_what_is_no_act_is_left_as_it_is(sent):
    ledger, _, touch, report = sent
    report(("bounced", 1))
    given = event("clicked", token=touch.id, address=BOB, event_id="x", by=By.HUMAN)
    ledger.receive(Probe(given), {}, b"")
    ledger.receive(Probe(event("delivered", token=touch.id, event_id="x")), {}, b"")
    assert [(what, by) for what, by, _, _ in signals(ledger)] == [
        ("bounced", "unknown"),
        ("clicked", "human"),
        ("delivered", "unknown"),
    ]


def test_in_a_file_it_is_the_same_and_every_root_is_right(tmp_path):
    ledger, clock, _ = in_file(tmp_path)
    with ledger:
        (touch,) = ledger.record(SMITH, mail())
        clock.forward(seconds=60)
        report = reporter(ledger, touch)
        for n in range(MANY_LINKS):
            report(("clicked", n))
        assert [same for *_, same in signals(ledger)] == [None] * 5 + [8, 9, 10, 11]
        assert ledger.check() == 8 + 9
