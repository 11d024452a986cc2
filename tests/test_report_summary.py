"""The sentences a director reads first."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from contactledger.findings import Gap, Onus, PromiseState, Standing
from contactledger.report.names import names
from contactledger.report.rows import rows
from contactledger.report.words import Words
from contactledger.vocabulary import Channel
from tests.reporting import SCOPE, WORDING, at, ident, standing

FOUND, STORY = standing()
CALLED = names(STORY.entries)


def told(**changes: Any) -> list[tuple[str, list[int]]]:
    return said("summary", **changes)


def said(key: str, **changes: Any) -> list[tuple[str, list[int]]]:
    found: Standing = attrs.evolve(FOUND, **changes)
    return [(s["text"], s["because"]) for s in rows(found, CALLED, WORDING, SCOPE)[key]]


def test_the_story_in_a_paragraph():
    assert told() == [
        ("Between 1 Jan 2026 and 30 Apr 2026, ACME Dealer Systems reached out 17 times, Smith Motors reached out 5 times and Lot Data GmbH did not reach out.", []),
        ("Of 5 touches to ACME Dealer Systems, 1 was answered, 2 wanted nothing back, 1 was ignored and 1 reminded of an earlier one.", []),
        ("Of the ignored, 1 counts against ACME Dealer Systems.", [34]),
        ("Of 17 touches to Smith Motors, 5 were answered (1 late), 1 was seen, 1 is still within its time, 2 did not get there, 2 stay unproven and 6 were ignored.", []),
        ("Of the ignored, 3 count against Smith Motors.", [25, 31, 59]),
        ("The other 3 do not, for the reasons given below.", [27, 53, 55]),
        ("Smith Motors kept 1 promise.", [24]),
        ("ACME Dealer Systems missed 1 promise.", [36]),
        ("The collector sendgrid-webhook (e-mail) was blind for 1 day 22 hours, from 3 Mar 2026 10:00 to 5 Mar 2026 08:00.", [39]),
        ("It is ACME Dealer Systems’ turn, since 31 Mar 2026.", [36, 34]),
    ]  # fmt: skip


def test_one_touch_on_one_day():
    one = FOUND.findings[7]
    scope = attrs.evolve(SCOPE, since=one.at, until=None)
    found = attrs.evolve(FOUND, findings=(attrs.evolve(one, held_against=None),), as_of=one.at)
    text = [s["text"] for s in rows(found, CALLED, WORDING, scope)["summary"]]
    assert text[0] == (
        "On 11 Feb 2026, ACME Dealer Systems did not reach out, Smith Motors reached out once "
        "and Lot Data GmbH did not reach out."
    )


def test_ignored_touches_of_which_none_counts():
    found = tuple(attrs.evolve(f, held_against=None) for f in FOUND.findings[5:7])
    texts = [text for text, _ in told(findings=found)]
    assert texts[:3] == [
        "Between 1 Jan 2026 and 30 Apr 2026, ACME Dealer Systems reached out twice, Smith Motors did not reach out and Lot Data GmbH did not reach out.",
        "Of 2 touches to Smith Motors, 2 were ignored.",
        "2 of the ignored do not count against anybody, for the reasons given below.",
    ]


def test_one_other_that_does_not_count():
    found = (FOUND.findings[5], attrs.evolve(FOUND.findings[8], held_against=None))
    texts = [text for text, _ in told(findings=found)]
    assert texts[3] == "The other 1 does not, for the reasons given below."


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (PromiseState.OVERDUE, "Smith Motors has 1 promise past due."),
        (PromiseState.DISPUTED, "The parties dispute whether Smith Motors kept 1 promise."),
        (PromiseState.WITHDRAWN, "Smith Motors withdrew 1 promise."),
    ],
)
def test_what_became_of_promises(state, text):
    promise = attrs.evolve(FOUND.promises[0], state=state)
    assert (text, [24]) in told(promises=(promise,))


def test_open_promises_are_no_news():
    promise = attrs.evolve(FOUND.promises[0], state=PromiseState.OPEN)
    assert [t for t, _ in told(promises=(promise,)) if "promise" in t] == []


def test_several_times_of_blindness_are_counted():
    gaps = (FOUND.gaps[0], attrs.evolve(FOUND.gaps[0], because=(50,)))
    assert ("Collectors were blind 2 times.", [39, 50]) in told(gaps=gaps)


@pytest.mark.parametrize(
    ("gap", "text"),
    [
        (Gap("pbx", (), at(3, 1), None, "blind", ()), "The collector pbx was blind since 1 Mar 2026 09:00."),
        (Gap("", (Channel.PHONE,), at(3, 1), None, "assumed", ()), "No collector is on record for phone from 1 Mar 2026 09:00 on."),
        (Gap("", (Channel.PHONE, Channel.SMS), at(3, 1), at(3, 2), "assumed", ()), "No collector is on record for phone and text message from 1 Mar 2026 09:00 to 2 Mar 2026 09:00."),
        (Gap("mail", (Channel.EMAIL,), at(3, 1), at(3, 2), "caught_up", ()), "The collector mail (e-mail) was blind for 1 day, from 1 Mar 2026 09:00 to 2 Mar 2026 09:00; what it had missed was fetched afterwards."),
    ],
    ids=["still blind", "nobody", "nobody until", "caught up"],
)  # fmt: skip
def test_what_is_not_known_of_collectors(gap, text):
    assert said("unknown", gaps=(gap,))[0] == (text, [])


def test_what_is_not_known_of_touches():
    contested = (attrs.evolve(FOUND.findings[0], contested=(14,)), *FOUND.findings[1:])
    assert said("unknown", gaps=(), findings=contested) == [
        ("2 touches are unproven: silence there cannot be told from blindness or a machine’s doing.", [13, 37]),
        ("1 touch is followed by an act that may be the answer; neither party has said so.", [27]),
        ("1 touch is contested by the party concerned.", [13]),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("onus", "text"),
    [
        (Onus(None, "O9", None, ()), "It is nobody’s turn: nothing calls for an act."),
        (Onus(ident("smith"), "O3", at(3, 1), (), diligence=True), "It is Smith Motors’ turn, since 1 Mar 2026. The other side’s due diligence is complete."),
        (Onus(ident("lotdata"), "O5", None, ()), "It is Lot Data GmbH’s turn."),
        (Onus(ident("smith"), "O8", at(3, 1), (), until=at(3, 2)), "It is Smith Motors’ turn, until 2 Mar 2026 09:00."),
        (Onus(ident("smith"), "O2", at(3, 1), (), next_rung="level_higher"), "It is Smith Motors’ turn, since 1 Mar 2026. The next step is to go one level higher."),
    ],
)  # fmt: skip
def test_whose_turn_it_is(onus, text):
    assert told(onus=onus)[-1][0] == text


def test_the_possessive_of_a_name_in_s():
    assert (Words().whose("Systems"), Words().whose("GmbH")) == ("Systems’", "GmbH’s")
    assert Words.of("de").whose("GmbH") == "GmbH"
