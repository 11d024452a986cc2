"""Rows: everything the report says, as plain values with the entries it rests on."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from contactledger.facts import Money
from contactledger.findings import Basis, Onus, Rung
from contactledger.report.names import Names, names
from contactledger.report.rows import Scope, Wording, rows
from contactledger.vocabulary import MatterState
from tests.reporting import AS_OF, BASIS, SCOPE, WORDING, at, ident, standing


@pytest.fixture(scope="module")
def data() -> dict[str, Any]:
    found, story = standing()
    return rows(found, names(story.entries), WORDING, attrs.evolve(SCOPE, entries=63))


def leaves(value: Any) -> set[type]:
    if type(value) is dict:
        return {str} | {t for k, v in value.items() for t in leaves(v) | {type(k)}}
    if type(value) is list:
        return {t for v in value for t in leaves(v)}
    return {type(value)}


def test_rows_are_plain_values_and_nothing_else(data):
    assert leaves(data) == {str, int, bool, type(None)}


def test_the_title_says_account_period_moment_and_what_was_checked(data):
    assert data["account"]["name"] == "Smith Motors"
    assert data["period"] == {
        "since": "2026-01-01T06:00:00Z",
        "since_local": "2026-01-01T00:00:00-06:00",
        "until": "2026-05-01T05:00:00Z",
        "until_local": "2026-05-01T00:00:00-05:00",
        "first_day": "2026-01-01",
        "last_day": "2026-04-30",
        "given": True,
    }
    assert data["as_of"] == "2026-04-28T15:00:00Z"
    assert data["as_of_local"] == "2026-04-28T10:00:00-05:00"
    assert data["entries"] == {"count": 63, "checked": SCOPE.checked}


def test_without_a_scope_the_period_is_from_the_first_touch_to_the_moment():
    found, story = standing()
    data = rows(found, names(story.entries))
    assert data["period"]["first_day"] == "2026-01-06"
    assert data["period"]["last_day"] == "2026-04-28"
    assert data["period"]["until"] is None
    assert data["period"]["given"] is False
    assert data["account"]["name"] == "Smith Motors"


def test_an_account_without_a_name_is_shown_by_its_short_id():
    found, _ = standing()
    assert rows(found, Names())["account"]["name"] == "q7smithm"


def test_an_empty_standing_has_rows_too():
    found, story = standing()
    empty = attrs.evolve(
        found, columns=(), findings=(), promises=(), cases=(), gaps=(), onus_matter=None,
        onus=Onus(None, "O9", None, ()), notes=("coverage_assumed", "odd_note"),
    )  # fmt: skip
    data = rows(empty, names(story.entries), WORDING)
    assert data["period"]["first_day"] == AS_OF.date().isoformat()
    assert data["summary"] == [
        {"text": "No touch between the parties was on record in this period.", "because": []},
        {"text": "It is nobody’s turn: nothing calls for an act.", "because": []},
    ]
    assert data["unknown"] == []
    assert data["notes"] == [WORDING.notes["coverage_assumed"], "odd note."]
    assert data["rules"] == [{"code": "O9", "text": WORDING.rules["O9"], "count": 1}]


def test_all_parties_have_the_same_columns(data):
    assert [c["name"] for c in data["columns"]] == [
        "ACME Dealer Systems",
        "Smith Motors",
        "Lot Data GmbH",
    ]
    keys = [list(c) for c in data["columns"]]
    assert keys == [keys[0]] * 3


def test_times_to_answer_are_in_words_and_in_seconds(data):
    customer = data["columns"][1]
    assert (customer["answer_worst"], customer["answer_worst_seconds"]) == (
        "7 days 2 hours",
        612000,
    )
    assert (data["columns"][2]["answer_worst"], data["columns"][2]["last_sent_at"]) == (None, None)


def test_the_policy_is_printed_with_its_owner_and_its_sentences(data):
    (policy,) = data["policies"]
    assert policy["whose"] == "ACME Dealer Systems’ own policy; Smith Motors has not agreed to it"
    assert (policy["adopted_by"], policy["not_adopted_by"]) == (
        ["ACME Dealer Systems"],
        ["Smith Motors"],
    )
    assert policy["findings"] == len(data["findings"])
    assert policy["sentences"][0].startswith("Business hours are 9:00 to 17:00")


@pytest.mark.parametrize(
    ("basis", "whose"),
    [
        (
            attrs.evolve(BASIS, agreed=True, adopted_by=(ident("acme"), ident("smith"))),
            "agreed by ACME Dealer Systems and Smith Motors",
        ),
        (
            attrs.evolve(BASIS, trial=True),
            "a trial policy, put in place of the adopted one for this report only",
        ),
        (attrs.evolve(BASIS, adopted_by=()), "nobody is on record as having agreed to it"),
    ],
    ids=["agreed", "trial", "nobody"],
)
def test_whose_the_policy_is(basis, whose):
    found, story = standing()
    one = attrs.evolve(found, findings=(attrs.evolve(found.findings[0], basis=basis),))
    assert rows(one, names(story.entries))["policies"][0]["whose"] == whose


def policy_of(*bases: tuple[str, str, tuple[str, ...]]) -> dict[str, Any]:
    """The one policy printed for touches from … to …, adopted by … when each was made."""
    found, story = standing()
    acted = [
        attrs.evolve(
            found.findings[0],
            sender=ident(sender),
            party=ident(party),
            basis=attrs.evolve(
                BASIS,
                agreed={sender, party} <= set(adopted),
                adopted_by=tuple(ident(p) for p in adopted),
            ),
        )
        for sender, party, adopted in bases
    ]
    data = rows(attrs.evolve(found, findings=tuple(acted)), names(story.entries))
    (policy,) = data["policies"]
    return policy


def test_of_three_parties_it_is_said_who_agreed_to_the_policy_and_who_did_not():
    both = ("acme", "smith")
    policy = policy_of(("acme", "smith", both), ("lotdata", "smith", both), ("smith", "acme", both))
    assert policy["whose"] == (
        "agreed by ACME Dealer Systems and Smith Motors; Lot Data GmbH has not agreed to it"
    )
    assert (policy["agreed"], policy["findings"]) == (False, 3)


def test_two_who_did_not_agree_are_both_named():
    policy = policy_of(("acme", "smith", ("acme",)), ("lotdata", "acme", ("acme",)))
    assert policy["whose"] == (
        "ACME Dealer Systems’ own policy; Smith Motors and Lot Data GmbH have not agreed to it"
    )


def test_who_agreed_later_agreed_before_so_many_of_its_touches():
    policy = policy_of(("acme", "smith", ("acme",)), ("acme", "smith", ("acme", "smith")))
    assert policy["whose"] == (
        "ACME Dealer Systems’ own policy; Smith Motors agreed to it before 1 of its 2 touches"
    )
    assert (policy["agreed"], policy["not_adopted_by"]) == (False, ["Smith Motors"])


def test_a_policy_that_nobody_had_agreed_to_at_first_names_who_did_later():
    policy = policy_of(("acme", "smith", ()), ("acme", "smith", ("acme",)))
    assert policy["whose"] == (
        "ACME Dealer Systems agreed to it before 1 of its 2 touches; "
        "Smith Motors has not agreed to it"
    )


def test_who_adopted_it_and_had_no_touch_is_named_too():
    policy = policy_of(("lotdata", "smith", ("acme",)))
    assert policy["whose"] == (
        "ACME Dealer Systems’ own policy; Lot Data GmbH and Smith Motors have not agreed to it"
    )


def test_policies_of_one_period_are_listed_in_the_order_of_their_entries():
    found, story = standing()
    later = Basis(40, "ff", True, (ident("acme"), ident("smith")))
    two = (attrs.evolve(found.findings[0], basis=later), found.findings[1])
    data = rows(attrs.evolve(found, findings=two), names(story.entries))
    assert [(p["no"], p["findings"]) for p in data["policies"]] == [(1, 1), (40, 1)]


def test_the_onus_names_party_rule_matter_and_entries(data):
    onus = data["onus"]
    assert (onus["party"]["name"], onus["rule"], onus["rule_text"], onus["matter"]["name"]) == (
        "ACME Dealer Systems",
        "O1",
        WORDING.rules["O1"],
        "Inventory sync does not match the lot",
    )
    assert onus["text"] == "It is ACME Dealer Systems’ turn, since 31 Mar 2026."
    assert onus["because"] == [36, 34]


def test_a_promise_says_who_says_what(data):
    missed = data["promises"][1]
    assert (missed["what"], missed["outcome"], missed["state_text"], missed["grade"]) == (
        "Trade-in flag handled in the sync",
        "so that used cars show up the same day",
        "missed",
        "claimed",
    )
    assert [(w["party"]["name"], w["word"]) for w in missed["words"]] == [
        ("Smith Motors", "missed")
    ]
    assert missed["due_local"] == "2026-03-31T16:00:00-05:00"
    assert missed["held_by"]["name"] == "ACME Dealer Systems"


def test_a_promise_without_a_date_has_none():
    found, story = standing()
    loose = attrs.evolve(found, promises=(attrs.evolve(found.promises[0], due=None),))
    row = rows(loose, names(story.entries))["promises"][0]
    assert (row["due"], row["due_local"]) == (None, None)


def test_a_case_is_told_with_stake_handoffs_holders_and_ladder(data):
    sync, outages, _ = data["cases"]
    assert (sync["stake"], sync["worth"]) == ("USD 1,895.00", "USD 2,000,000.00")
    assert [h["state_text"] for h in sync["handoffs"]] == ["never taken up"]
    assert [(h["party"]["name"], h["until"]) for h in sync["holds"]] == [
        ("Smith Motors", "2026-02-19T20:00:00Z"),
        ("ACME Dealer Systems", None),
    ]
    assert [(d["party"]["name"], d["tenths"]) for d in sync["days_held"]] == [
        ("Smith Motors", 232),
        ("ACME Dealer Systems", 629),
    ]
    assert [(r["text"], r["climbed_by"]) for r in outages["rungs"]] == [
        ("try the preferred or a second channel", 61),
        ("try a second person", None),
    ]
    assert [(r["tried_by"], r["waits_until"]) for r in outages["rungs"]] == [
        (61, None),
        (None, None),
    ]
    assert outages["onus"]["next_rung_text"] == "try a second person"


def test_only_exchanges_that_nobody_named_and_that_are_done_are_left_out():
    found, story = standing()
    done = {"named": False, "state": MatterState.CLOSED}
    case = attrs.evolve(found.cases[0], stake=Money(1, "EUR"))
    owed, settled = (
        attrs.evolve(case, **done),
        attrs.evolve(case, onus=Onus(None, "O9", None, ()), **done),
    )
    named = attrs.evolve(settled, named=True)
    data = rows(attrs.evolve(found, cases=(owed, settled, named)), names(story.entries))
    assert (len(data["cases"]), data["cases_closed"]) == (2, 1)


def test_rules_are_those_that_fired_in_the_order_of_their_numbers():
    found, story = standing()
    case = attrs.evolve(found.cases[0], rungs=(Rung("odd", at(4, 1), None, ("X",)),))
    data = rows(
        attrs.evolve(found, cases=(case,)), names(story.entries), Wording(rules={"J5": "five"})
    )
    codes = [r["code"] for r in data["rules"]]
    assert codes == [
        *("J5", "J7", "J10", "J11", "J15", "J19", "J20", "J22", "J25", "J26", "J32", "J33", "J35"),
        *("J40", "J41", "J44", "J49", "J50", "J51", "J52", "O1", "X"),
    ]
    assert data["rules"][0] == {"code": "J5", "text": "five", "count": len(found.findings)}
    assert data["rules"][-1] == {"code": "X", "text": "", "count": 1}


def test_outcomes_and_grades_are_explained_where_they_occur(data):
    assert [o["word"] for o in data["outcomes"]] == [
        *("answered", "seen", "unreached", "noted", "pending", "ignored", "unproven"),
    ]
    assert [g["word"] for g in data["grades"]] == ["confirmed", "likely", "claimed"]


def test_the_scopes_own_name_of_the_account_is_cleaned():
    found, story = standing()
    data = rows(found, names(story.entries), None, Scope(account="A\u202eB"))
    assert data["account"]["name"] == "A‹U+202E›B"
