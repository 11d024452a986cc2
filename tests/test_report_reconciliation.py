"""The reconciliation report: what each line says, as rows, as text and as a page."""

from __future__ import annotations

import json
from datetime import timedelta

import attrs
import pytest

from contactledger.errors import BadTemplate
from contactledger.facts import Party, Person, Redaction, Touch
from contactledger.log.record import strip
from contactledger.reconciling import reconcile
from contactledger.report import kind_reconciliation
from contactledger.report.reconciliation import IS_NOT
from tests.test_reconciling import ASKED, Keeper, at, both, delivered, question


def compared(until: float = 30):
    """Ours and theirs, of which each kind of line has one."""
    ours, theirs = both()
    for keeper in (ours, theirs):
        keeper.put(at(1), question(about="Sync?"))
        keeper.put(at(1, 0.1), delivered())
        keeper.put(at(3), Touch("ann", "bob", "phone", about="A call"))
    ours.put(at(4), Touch("bob", "ann", "email", answers="asked"))
    theirs.put(at(5), Touch("ann", "bob", "visit", about="A visit"))
    return reconcile(ours.side(at(until)), theirs.side(at(until)))


def test_the_rows_hold_the_counts_the_sides_and_each_touch():
    data = compared().report().data
    assert data["counts"] == {"agreed": 1, "contradicting": 1, "only_ours": 1, "only_theirs": 1}
    assert data["ours"] == {
        "account": "smith-motors",
        "keeper": "Smith Motors",
        "entries": 11,
        "touches": 3,
        "until": "2026-04-01T09:00:00Z",
        "until_local": "2026-04-01T09:00:00+00:00",
        "partial": False,
    }
    (lone,) = data["only_theirs"]
    assert lone == {
        "no": 10,
        "at": "2026-03-07T09:00:00Z",
        "at_local": "2026-03-07T09:00:00+00:00",
        "channel_text": "visit",
        "who": "Ann Lee to Bob Ray",
        "about": "A visit",
        "possible": [],
    }
    (pair,) = data["contradicting"]
    assert pair["differences"] == [
        {
            "what": "outcome",
            "text": "What became of it at Smith Motors",
            "ours": "answered (somebody of the receiver answered)",
            "theirs": "ignored (it arrived, the time ran out, the collector listened, and nothing "
            "came back)",
        }
    ]
    assert (pair["by"], pair["by_text"]) == ("message_id", "the same Message-ID")
    assert json.loads(compared().report().json()) == data


def test_the_summary_says_how_many_of_each():
    assert compared().report().data["summary"] == [
        (
            "The record of Smith Motors holds 3 touches between parties, that of ACME holds 3 touches; "
            "2 touches stand in both."
        ),
        "Of these 1 agrees, and on 1 the two records contradict each other.",
        "1 touch stands in the record of Smith Motors alone.",
        "1 touch stands in the record of ACME alone.",
    ]


def test_the_summary_of_records_without_a_contradiction():
    ours, theirs = both()
    side, other = ours.side(at(1)), theirs.side(at(1))
    data = reconcile(side, other).report().data
    assert data["summary"] == [
        (
            "The record of Smith Motors holds no touches between parties, that of ACME holds no "
            "touches; no touches stand in both."
        )
    ]
    for keeper in (ours, theirs):
        keeper.put(at(2), question())
    said = reconcile(ours.side(at(3)), theirs.side(at(3))).report().data["summary"]
    assert said[0].endswith("; 1 touch stands in both.")
    assert said[1:] == ["There the two agree in all that could be compared."]


def test_the_summary_where_nothing_agrees():
    ours, theirs = both()
    for keeper, hours in ((ours, 0), (theirs, 2)):
        keeper.put(at(2, hours), question())
    said = reconcile(ours.side(at(3)), theirs.side(at(3))).report().data["summary"]
    assert said[1] == "Of these none agree, and on 1 the two records contradict each other."


def test_a_difference_in_time_prints_both_times():
    ours, theirs = both()
    for keeper, hours in ((ours, 0), (theirs, 26)):
        keeper.put(at(2, hours), question())
    (pair,) = reconcile(ours.side(at(4)), theirs.side(at(4))).report().data["contradicting"]
    assert pair["apart"] == "1 day 2 hours"
    assert pair["differences"] == [
        {
            "what": "time",
            "text": "When it happened",
            "ours": "4 Mar 2026, 09:00",
            "theirs": "5 Mar 2026, 11:00",
        }
    ]


def test_who_answered_is_named_on_both_sides():
    ours, theirs = both()
    for keeper, who in ((ours, "bob"), (theirs, "carla")):
        keeper.put(at(1), Touch("ann", ("bob", "carla"), "email", key="asked", message=ASKED))
        keeper.put(at(2), Touch(who, "ann", "email", answers="asked"))
    (pair,) = reconcile(ours.side(at(30)), theirs.side(at(30))).report().data["contradicting"]
    (difference,) = pair["differences"]
    assert (difference["text"], difference["ours"], difference["theirs"]) == (
        "Who answered",
        "Bob Ray",
        "Carla Diaz",
    )


def said(found) -> list[tuple[str, list[int]]]:
    return [(row["text"], row["because"]) for row in found.report().data["uncompared"]]


def test_what_could_not_be_compared_is_said_with_its_entries():
    ours, theirs = both()
    for keeper in (ours, theirs):
        keeper.put(at(1), question())
        keeper.put(at(2), Touch("bob", "ann", "email", answers="asked"))
    theirs.put(
        at(3),
        Party("northern", "Northern", "partner"),
        Person("kim", "northern", "Kim"),
        Touch("ann", "kim", "phone"),
    )
    theirs.put(at(3), Redaction(person="bob"))
    early = ours.side(at(20))
    theirs.put(at(25), Touch("ann", "carla", "visit"), Touch("ann", "carla", "letter"))
    assert said(reconcile(early, theirs.side(at(30)))) == [
        (
            (
                "2 touches in the record of ACME came, or came on record, after the moment of this "
                "comparison."
            ),
            [13, 14],
        ),
        (
            (
                "1 touch in the record of ACME passed between others than Smith Motors, which need not "
                "know of them."
            ),
            [11],
        ),
        (
            (
                "Not compared for 1 touch in both: who answered, since one record knows no address of "
                "theirs."
            ),
            [7],
        ),
    ]


def test_withheld_names_and_a_partial_record_are_said():
    ours, theirs = both()
    for keeper in (ours, theirs):
        keeper.put(at(1), question())
    full = theirs.side(at(30))
    bare = attrs.evolve(full, entries=[strip(e) for e in full.entries], partial=True)
    found = reconcile(ours.side(at(30)), bare)
    keeper = found.report().data["theirs"]["keeper"]
    assert keeper == "[redacted]"
    assert said(found) == [
        (
            (
                "Only some of the entries in the record of [redacted] were given: what is not among "
                "them may still be in it, and outcomes were not compared."
            ),
            [],
        ),
        (
            (
                "Of 1 touch in the record of [redacted] neither ids nor people are disclosed: they "
                "could be matched by parties, channel and time alone."
            ),
            [7],
        ),
        (
            "Not compared for 1 touch in both: the outcome, since one record says nothing of it.",
            [7],
        ),
    ]
    assert ", in part" in found.report().text()
    assert ", in part" in found.report().html()


def test_text_and_page_say_the_same_things():
    report = compared().report()
    for form in (report.markdown(), " ".join(report.html().split())):
        for line in (
            "The record of Smith Motors holds 3 touches between parties",
            "Sync?",
            "A call",
            "A visit",
            "the same Message-ID",
            "channel, people and time",
            "answered (somebody of the receiver answered)",
            *IS_NOT,
        ):
            assert line in form, line


def test_the_text_keeps_to_its_width():
    assert max(map(len, compared().report().text().splitlines())) <= 88


def test_two_records_with_nothing_in_them_are_a_page_all_the_same():
    ours, theirs = both()
    found = reconcile(ours.side(at(1)), theirs.side(at(1)))
    text = " ".join(found.report().text().split())
    for line in (
        "Nowhere: what stands in both is told in the same way",
        "Nothing: all that Smith Motors wrote down stands in both records.",
        "Nothing: all that ACME wrote down stands in both records.",
        "No touch stands in both records and agrees.",
        "Nothing was left out: every touch of both records was compared in full.",
    ):
        assert line in text
        assert line.split(":")[0] in found.report().html()


def test_possible_partners_are_named():
    ours, theirs = both()
    ours.put(at(1), Touch("ann", "bob", "phone"))
    for minutes in (-5, 5):
        theirs.put(at(1) + timedelta(minutes=minutes), Touch("ann", "bob", "phone"))
    report = reconcile(ours.side(at(2)), theirs.side(at(2))).report()
    assert report.data["only_ours"][0]["possible"] == [7, 8]
    assert "[7, 8] of theirs, as near in time" in " ".join(report.text().split())
    assert "[7, 8]" in report.html()


def test_times_are_those_of_who_keeps_our_record():
    ours = Keeper("smith")
    ours.put(at(0), Party("smith", "Smith Motors", "customer", zone="America/Denver"))
    theirs = Keeper("acme")
    for keeper in (ours, theirs):
        keeper.put(at(1), question())
    report = reconcile(ours.side(at(2)), theirs.side(at(2))).report()
    (pair,) = report.data["agreed"]
    assert report.data["zone"] == "America/Denver"
    assert pair["ours"]["at_local"] == "2026-03-03T02:00:00-07:00"
    assert "02:00 (09:00 UTC)" in report.text()
    assert "02:00 (09:00 UTC)" in report.html()


def test_names_that_people_typed_are_escaped():
    ours, theirs = both()
    ours.put(at(1), Touch("ann", "bob", "visit", about="<script>alert(1)</script>\u0007"))
    html = reconcile(ours.side(at(2)), theirs.side(at(2))).report().html()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_a_template_of_the_users_may_change_a_block():
    template = (
        '{% extends "contactledger/reconciliation.txt" %}{% block isnot %}See our lawyer.{% '
        "endblock %}"
    )
    report = compared().report(templates={"reconciliation.txt": template})
    assert "\nSee our lawyer.\nMade from the entries of the two records" in report.text()
    assert "It does not say who is right." not in report.text()
    with pytest.raises(BadTemplate):
        compared().report(templates={"reconciliation.html": "{{ nothing }}"}).html()


def test_a_record_without_a_name_is_named_by_its_id():
    ours, theirs = both()
    full = theirs.side(at(1))
    renamed = [attrs.evolve(e, fact=attrs.evolve(e.fact, name=None)) if e.no == 0 else e
               for e in full.entries]  # fmt: skip
    data = reconcile(ours.side(at(1)), attrs.evolve(full, entries=renamed)).report().data
    assert data["theirs"]["account"] == full.entries[0].account[:8]
    assert data["title"] == f"smith-motors and {full.entries[0].account[:8]}"


def test_a_reconciliation_in_german_says_the_same():
    report = compared().report(lang="de")
    text = " ".join(report.markdown().split())
    for line in (
        "# Abgleich zweier Aufzeichnungen: smith-motors",
        "Davon stimmt 1 überein, und bei 1 widersprechen sich die beiden Aufzeichnungen.",
        "Was daraus wurde bei Smith Motors",
        "beantwortet (jemand beim Empfänger hat geantwortet)",
        "1 Kontakt steht nur in der Aufzeichnung von ACME.",
        "Ann Lee an Bob Ray",
    ):
        assert line in text, line


def test_contradictions_beyond_the_bound_stand_in_a_table(monkeypatch):
    whole = compared().report()
    monkeypatch.setattr(kind_reconciliation, "ONE_BY_ONE", 0)
    text = whole.markdown()
    assert "The first 0 are told one by one below." in text
    assert "| What differs |" in text
    assert "What became of it at Smith Motors: answered" in text
    assert "### " not in text


def test_it_can_be_printed_as_every_kind_can():
    document = compared().report().rendered.document()
    assert [section.name for section in document.sections if section.level == 1] == [
        *kind_reconciliation.SECTIONS,
        "isnot",
    ]


def test_a_csv_has_each_touch_of_either_record_once():
    head, *lines = compared().report().csv().split("\r\n")[:-1]
    assert head.startswith("where,by,differs,ours.no,")
    assert [line.split(",")[:4] for line in lines] == [
        ["contradicting", "message_id", "outcome", "7"],
        ["agreed", "people_and_time", "", "9"],
        ["only_ours", "", "", "10"],
        ["only_theirs", "", "", ""],
    ]
