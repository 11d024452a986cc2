"""What holds of every answer, whatever was recorded."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from contactledger.findings import Outcome
from contactledger.judge.questions import judged, judged_already
from contactledger.judge.standing import standing
from contactledger.judge.told import subjects, told
from contactledger.judge.waiting import answer_times, waiting
from contactledger.questions import TOLD_STATES, About
from tests.asking import every_answer
from tests.judging import MONDAY, PEOPLE, Log, day, logs, stripped

SOME = settings(max_examples=60, deadline=None)
LATER = MONDAY + timedelta(days=40)
ROLES = {"acme": "vendor", "smith": "customer"}


def with_topics(log: Log) -> Log:
    """Every second touch is about labels, every third in a matter."""
    for place, entry in enumerate(log.entries):
        if entry.kind == "touch":
            words: dict[str, Any] = {"topics": ("labels",)} if entry.no % 2 else {}
            words |= {} if entry.no % 3 else {"matter": "rel"}
            log.entries[place] = attrs.evolve(entry, fact=attrs.evolve(entry.fact, **words))
    return log


def swapped(value: Any) -> Any:
    """The same value, the vendor in the customer's place and the other way round."""
    other = {"acme": "smith", "smith": "acme"}
    other |= {"ann": "bob", "bob": "ann", "abe": "sue", "sue": "abe"}
    if isinstance(value, str):
        return type(value)(other.get(value, value)) if type(value) is str else value
    if isinstance(value, tuple):
        return tuple(swapped(one) for one in value)
    if attrs.has(type(value)):
        return attrs.evolve(
            value,
            **{a.name: swapped(getattr(value, a.name)) for a in attrs.fields(type(value))},
        )
    return value


@SOME
@given(logs())
def test_the_answers_are_those_of_the_log_without_anything_personal(log: Log) -> None:
    with_topics(log)
    asked = judged(log.entries, LATER)
    assert every_answer(asked) == every_answer(judged(stripped(log.entries), LATER))


@SOME
@given(logs(), st.randoms(use_true_random=False))
def test_the_order_in_which_entries_are_given_changes_no_answer(log: Log, chance: Any) -> None:
    with_topics(log)
    mixed = list(log.entries)
    chance.shuffle(mixed)
    one = judged(log.entries, LATER)
    other = judged(sorted(mixed, key=lambda entry: entry.no), LATER)
    assert every_answer(one) == every_answer(other)


@SOME
@given(logs())
def test_swapping_the_sides_swaps_the_answers(log: Log) -> None:
    with_topics(log)
    other = [
        attrs.evolve(
            entry,
            id=swapped(entry.id),
            recorder=swapped(entry.recorder),
            fact=swapped(entry.fact),
        )
        for entry in log.entries
    ]
    one, two = judged(log.entries, LATER), judged(other, LATER)
    waits = {(found.no, swapped(found.owes)): swapped(found) for found in waiting(one)}
    assert waits == {(found.no, found.owes): found for found in waiting(two)}
    by_pair = {(swapped(t.party), swapped(t.asker)): swapped(t) for t in answer_times(one)}
    assert by_pair == {(t.party, t.asker): t for t in answer_times(two)}
    for by in ROLES:
        rows = told(one, About("topic", "labels"), by=by).rows
        theirs = told(two, About("topic", "labels"), by=swapped(by)).rows
        said = {(swapped(r.party), swapped(r.person)): (r.state, r.touches) for r in rows}
        assert said == {(r.party, r.person): (r.state, r.touches) for r in theirs}


@SOME
@given(logs())
def test_everybody_is_asked_about_once_and_a_party_was_told_as_far_as_the_furthest(
    log: Log,
) -> None:
    with_topics(log)
    asked = judged(log.entries, LATER)
    for about in subjects(asked):
        for by in asked.view.parties:
            rows = told(asked, about, by=by).rows
            names = [row.person or row.party for row in rows]
            assert sorted(names) == sorted(
                {*asked.view.parties, *(p for p, side in PEOPLE.items() if side != by)} - {by}
            )
            for row in rows:
                assert (row.state == "never_told") == (row.touches == ())
                assert row.state in TOLD_STATES
                assert set(row.touches).isdisjoint(row.because) == (row.touches == ())
                party = next(r for r in rows if r.party == row.party and r.person is None)
                if row.reach is not None and row.touches:
                    assert set(row.touches) <= set(party.touches)


@SOME
@given(logs(), st.integers(0, 40 * 24))
def test_waiting_and_its_counts_are_those_of_the_standing(log: Log, hours: int) -> None:
    now = MONDAY + timedelta(hours=hours)
    found = standing(log.entries, now)
    asked = judged(log.entries, now)
    assert every_answer(judged_already(found, log.entries)) == every_answer(asked)
    ignored = {column.party: column.ignored for column in found.columns}
    answered = {column.party: column.answered for column in found.columns}
    for times in answer_times(asked):
        assert times.answered <= answered[times.party]
        assert times.asked == times.answered + times.waiting == len(times.because)
        assert (times.median is None) == (times.answered == 0)
        if times.median is not None and times.worst is not None:
            assert timedelta() <= times.median <= times.worst
    for party, count in ignored.items():
        waits = [one for one in waiting(asked) if one.owes == party]
        assert sum(one.outcome is Outcome.IGNORED for one in waits) <= count
    for one in waiting(asked):
        assert timedelta() <= one.waited_business <= one.waited
        assert (one.overdue is None) == (one.overdue_business is None)
        if one.overdue is not None and one.overdue_business is not None:
            assert timedelta() <= one.overdue_business <= one.overdue <= one.waited


@SOME
@given(
    st.lists(
        st.tuples(
            st.integers(0, 24 * 12), st.sampled_from(["acme", "smith", "prime"]), st.booleans()
        ),
        max_size=8,
    )
)
def test_business_time_without_pauses_is_counted_as_by_hand(
    steps: list[tuple[int, str, bool]],
) -> None:
    """Hour by hour: open, and no pause of anybody but the one asked."""
    log = Log()
    for party, role in (("acme", "vendor"), ("smith", "customer"), ("prime", "partner")):
        log.party(party, role)
    log.matter("rel", party="smith", at=day(0, 0), recorder="smith")
    log.touch("smith", "acme", channel="ticket", matter="rel", at=day(0, 0))
    pauses: dict[int, set[str]] = {}
    running: set[str] = set()
    last = -1
    for hour, party, resume in sorted(steps):
        if hour == last:
            continue
        last = hour
        word = "resumed" if resume else "paused"
        log.matter("rel", word, party=party, recorder=party, at=day(0, hour))
        running = set() if resume else running | {party}
        pauses[hour] = set(running)
    now = day(0, 24 * 13)
    asked = judged(log.entries, now)
    (finding,) = asked.findings
    count, stopped = 0, set()
    for hour in range(24 * 13):
        stopped = pauses.get(hour, stopped)
        at = day(0, hour)
        open_ = at.weekday() < 5 and 9 <= at.hour < 17
        count += open_ and not stopped - {"acme"}
    assert asked.business(finding, finding.at, now) == timedelta(hours=count)
