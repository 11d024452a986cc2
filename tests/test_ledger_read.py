"""Reading: as of a moment, a period, and what follows from the entries alone."""

# ruff: noqa: DTZ001

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pendulum
import pytest

from contactledger.errors import BadFact, BadInput, NotFound
from contactledger.facts import Coverage, Matter, Party, Person, Retraction, Signal, Touch
from contactledger.findings import Outcome
from contactledger.ledger import HOUSE
from tests.ledgers import SMITH, filled, in_memory, mail, two_sides

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def played():
    """Three mails on three days, the first answered, in a ledger that is a week older."""
    ledger, clock = filled()
    ledger.record(HOUSE, Coverage("mailbox", "email", since=MONDAY))
    ledger.record(SMITH, Matter("m"), mail("one", expects="reply", matter="m"))
    clock.forward(days=1)
    ledger.record(SMITH, mail("two", expects="reply"))
    ledger.record(SMITH, Signal("two", "delivered", "bob", system="third", auth="signed_body"))
    ledger.record(SMITH, Touch("bob", "ann", "email", answers="one"))
    clock.forward(days=1)
    ledger.record(SMITH, mail("three"))
    clock.forward(days=30)
    return ledger, clock


def test_an_entry_counts_from_when_it_was_recorded(played):
    ledger, clock = played
    counts = {
        hours: len(ledger.entries(SMITH, as_of=MONDAY + timedelta(hours=hours)))
        for hours in (-1, 0, 23, 24, 47, 48)
    }
    assert counts == {-1: 0, 0: 9, 23: 9, 24: 12, 47: 12, 48: 13}
    assert ledger.entries(SMITH) == ledger.entries(SMITH, as_of=clock())


def test_a_backfilled_entry_counts_from_when_it_was_recorded(played):
    ledger, clock = played
    old = clock()
    clock.forward(hours=1)
    (late,) = ledger.record(SMITH, mail(at=MONDAY + timedelta(hours=1)))
    assert late not in ledger.entries(SMITH, as_of=old)
    assert ledger.entries(SMITH)[-1] == late
    assert len(ledger.findings(SMITH, as_of=old)) == 4
    assert len(ledger.findings(SMITH)) == 5


def test_a_moment_may_be_any_aware_time_and_no_naive_one(played):
    ledger, _ = played
    berlin = pendulum.datetime(2026, 3, 2, 10, tz="Europe/Berlin")
    assert len(ledger.entries(SMITH, as_of=berlin)) == 9
    naive = datetime(2026, 3, 2)
    for read in (
        lambda: ledger.entries(SMITH, as_of=naive),
        lambda: ledger.findings(SMITH, as_of=naive),
        lambda: ledger.standing(SMITH, as_of=naive),
        lambda: ledger.cases(SMITH, as_of=naive),
        lambda: ledger.report(SMITH, as_of=naive),
    ):
        with pytest.raises(BadFact) as caught:
            read()
        assert str(caught.value) == "as_of: has no time zone; write it with its offset or zone"
    for index, period in enumerate([(naive, None), (None, naive)]):
        for ask in (ledger.findings, ledger.standing, ledger.report):
            with pytest.raises(BadFact) as caught:
                ask(SMITH, period=period)
            assert str(caught.value) == (
                f"period[{index}]: has no time zone; write it with its offset or zone"
            )


def test_findings_are_those_of_the_moment(played):
    ledger, _ = played
    then = ledger.findings(SMITH, as_of=MONDAY + timedelta(hours=1))
    now = ledger.findings(SMITH)
    assert [f.outcome for f in then] == [Outcome.PENDING]
    assert [f.outcome for f in now] == [
        Outcome.ANSWERED,
        Outcome.IGNORED,
        Outcome.NOTED,
        Outcome.UNPROVEN,
    ]


def test_a_period_shows_findings_of_its_touches_judged_with_all_entries(played):
    ledger, _ = played
    everything = ledger.findings(SMITH)
    day = timedelta(days=1)
    cuts = {
        (None, None): everything,
        (MONDAY, MONDAY + day): everything[:1],
        (MONDAY + day, None): everything[1:],
        (None, MONDAY + day): everything[:1],
        (MONDAY + day, MONDAY + 2 * day): everything[1:3],
    }
    for period, found in cuts.items():
        assert ledger.findings(SMITH, period=period) == found
    assert ledger.standing(SMITH, period=(MONDAY, MONDAY + day)).findings == everything[:1]


def test_another_policy_can_be_tried(played):
    ledger, _ = played
    lax = '[[window]]\nwithin = "60 days"\n'
    tried = ledger.findings(SMITH, what_if=f"rules = 1\n{lax}")
    assert [f.outcome for f in tried] != [f.outcome for f in ledger.findings(SMITH)]
    assert ledger.check() == 13 + 3


def test_a_standing_says_who_answered_and_a_case_what_is_open(played):
    ledger, clock = played
    found = ledger.standing(SMITH)
    assert found.findings == ledger.findings(SMITH)
    assert found.as_of == clock()
    assert ledger.cases(SMITH) == found.cases
    assert len(ledger.cases(SMITH, as_of=MONDAY)) <= len(found.cases)


def test_a_report_is_rendered_of_the_same_entries(played):
    ledger, _ = played
    page = ledger.report(SMITH)
    assert "Bob Ray" in page.text()
    assert page.data == ledger.report(SMITH).data
    lax = 'rules = 1\n[[window]]\nwithin = "60 days"\n'
    assert ledger.report(SMITH, what_if=lax).text() != page.text()
    early = ledger.report(SMITH, as_of=MONDAY, period=(MONDAY, None))
    assert early.text() != page.text()


def test_the_time_of_a_report_is_that_of_the_party_that_keeps_the_log():
    ledger, _ = in_memory()
    acme, *rest = two_sides()
    from attrs import evolve

    ledger.record(SMITH, evolve(acme, zone="America/New_York"), *rest, mail())
    assert ledger.report(SMITH).text() != filled()[0].report(SMITH).text()


def test_erasing_changes_no_finding(played):
    ledger, clock = played
    before = ledger.findings(SMITH, as_of=clock()), ledger.standing(SMITH, as_of=clock())
    clock.forward(seconds=1)
    ledger.redact(SMITH, person="bob")
    moment = clock() - timedelta(seconds=1)
    assert (ledger.findings(SMITH, as_of=moment), ledger.standing(SMITH, as_of=moment)) == before
    ledger.redact(SMITH)
    id_ = ledger.accounts()[0]
    assert (ledger.findings(id_, as_of=moment), ledger.standing(id_, as_of=moment)) == before


def test_a_retracted_entry_is_there_and_counts_no_more(played):
    ledger, _ = played
    ledger.record(SMITH, Retraction("three"))
    assert len(ledger.entries(SMITH)) == 14
    assert len(ledger.findings(SMITH)) == 3


def test_an_unknown_account_is_named_by_field(played):
    ledger, _ = played
    for ask in (
        *(ledger.entries, ledger.findings, ledger.standing, ledger.cases),
        *(ledger.report, ledger.check),
    ):
        for name in ("nobody", "", "a" * 26):
            with pytest.raises(NotFound) as caught:
                ask(name)
            assert str(caught.value) == "account: no account of this name in the ledger"
    for name in (7, ("a",)):
        with pytest.raises(NotFound):
            ledger.entries(name)


def test_a_signal_from_a_clock_ahead_is_marked_when_read():
    ledger, clock = filled()
    from tests.ledgers import Probe, event

    (touch,) = ledger.record(SMITH, mail())
    probe = Probe(event("opened", token=touch.id, at=clock() + timedelta(hours=1)))
    ledger.receive(probe, {}, b"")
    assert ledger.entries(SMITH)[-1].fact.clock_ahead is True
    assert ledger.entries(SMITH)[-1].at == clock()


def test_who_left_is_still_read_as_who_they_were(played):
    ledger, clock = played
    ledger.record(SMITH, Person("bob", "smith", "Bob Ray", until=clock()))
    assert [e.fact.name for e in ledger.entries(SMITH) if e.kind == "person"][-1] == "Bob Ray"


def test_the_months_of_a_report_are_those_of_the_party_that_keeps_the_log():
    ledger, clock = in_memory()
    ledger.record(SMITH, *two_sides(), Party("acme", zone="America/New_York"))
    clock.set(datetime(2026, 4, 1, 3, tzinfo=UTC))  # eleven at night of 31 March
    late = ledger.record(SMITH, mail("late"))[0]
    clock.forward(days=9)
    data = ledger.report(SMITH, "both-sides", period="2026-03").data
    assert (data["period"]["first_day"], data["period"]["last_day"]) == ("2026-03-01", "2026-03-31")
    (silence,) = data["silences"]
    assert silence["because"] == [late.no]
    assert (silence["until_local"], silence["seconds"]) == ("2026-04-01T00:00:00-04:00", 3_600)
    assert ledger.findings(SMITH, period="2026-03") == ()
    (whole,) = ledger.report(SMITH, "both-sides").data["silences"]
    assert (whole["until"], whole["seconds"]) == (None, 9 * 86_400)


def test_a_dossier_is_of_the_matter_that_is_named_and_no_other_report_is_of_one():
    ledger, _ = filled()
    ledger.record(SMITH, Matter("one", title="The credit"), Matter("two", title="Training"))
    (id_,) = (e.id for e in ledger.entries(SMITH) if getattr(e.fact, "title", "") == "The credit")
    for name in ("one", "The credit", id_):
        cases = ledger.report(SMITH, "case-dossier", about=name).data["cases"]
        assert [case["title"] for case in cases] == ["The credit"]
    with pytest.raises(NotFound) as lost:
        ledger.report(SMITH, "case-dossier", about="three")
    assert str(lost.value) == "about: no matter of that key, title or id is told of"
    for kind in ("proof-of-contact", "both-sides"):
        with pytest.raises(BadInput) as caught:
            ledger.report(SMITH, kind, about="one")
        assert str(caught.value) == "about: a report of this kind is of the whole account"
