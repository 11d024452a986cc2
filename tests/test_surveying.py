"""Reports over all accounts, and the kinds of one account, from a real ledger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from contactledger.errors import BadInput
from contactledger.facts import Matter, Milestone, Party, Signal, Touch
from contactledger.report.kinds import KINDS, OF_ACCOUNT
from contactledger.vocabulary import MilestoneKind, Role
from tests.ledgers import SMITH, filled, mail, two_sides
from tests.sealers import sealing_in_memory


def test_who_was_told_is_asked_of_every_account():
    ledger, _ = filled()
    ledger.record(SMITH, mail("m1", about="News", topics=["inventory-sync"]))
    ledger.record(
        "jones", Party("acme", "ACME", Role.VENDOR), Party("jones", "Jones", Role.CUSTOMER)
    )
    data = ledger.survey("notice-coverage", about="inventory-sync").data
    told = {
        a["account"]["name"]: {p["party"]["name"]: p["state"] for p in a["parties"]}
        for a in data["accounts"]
    }
    assert told == {"smith-motors": {"Smith Motors": "pending"}, "jones": {"Jones": "never_told"}}


def test_the_survey_says_of_everybody_what_the_account_and_all_accounts_say_when_asked():
    ledger, clock = filled()
    ledger.record(
        SMITH,
        mail("m1", about="News", topics=["labels"]),
        Touch("ann", "carla", "letter", "question", "m2", topics=["labels"]),
        Signal("m2", "delivered", "carla", system="third", auth="signed_body"),
    )
    clock.set(clock() + timedelta(days=30))
    data = ledger.survey("notice-coverage", about="labels").data
    (account,) = data["accounts"]
    surveyed = {
        (party["party"]["id"], None): (party["state"], tuple(party["because"]))
        for party in account["parties"]
    } | {
        (row["party"]["id"], row["person"]["id"]): (row["state"], tuple(row["because"]))
        for row in data["people"]
    }
    asked = ledger.ask(SMITH).told("labels").rows
    assert surveyed == {(row.party, row.person): (row.state, row.because) for row in asked}
    with ledger.across() as across:
        rows = across.told("labels").rows
    assert {who: state for who, (state, _) in surveyed.items()} == {
        (row["party"], row["person"]): row["state"] for row in rows
    }
    assert [row["state"] for row in data["people"]] == ["unproven", "ignored"]
    assert [(c["state"], c["parties"], c["people"]) for c in data["count"] if c["people"]] == [
        ("ignored", 1, 1), ("unproven", 0, 1),
    ]  # fmt: skip


def test_whoever_was_erased_is_so_in_the_language_of_the_survey():
    ledger, _ = filled()
    ledger.record(SMITH, mail("m1", about="News", topics=["labels"]))
    ledger.redact(SMITH, person="carla")
    with ledger.across() as across:
        for answers in (None, across):
            for lang, word in (("en", "[redacted]"), ("de", "[gelöscht]")):
                found = ledger.survey(
                    "notice-coverage", about="labels", lang=lang, answers=answers
                ).data
                assert [row["person"]["name"] for row in found["people"]] == ["Bob Ray", word]


def test_what_is_no_topic_is_a_matter_or_a_milestone_by_title_key_or_id():
    ledger, _ = filled()
    matter, first, second, *_ = ledger.record(
        SMITH,
        Matter("sync", title="Stock is late"),
        Milestone("out-1", "outage", "Outage of May", topics=["stock"]),
        Milestone("out-2", "outage", "Outage of May"),
        mail("m1", matter="sync"),
        mail("m2", to="carla", milestone="out-2"),
    )

    def told(about):
        people = ledger.survey("notice-coverage", about=about).data["people"]
        return {row["person"]["name"] for row in people if row["state"] == "pending"}

    assert told("Stock is late") == told("sync") == told(matter.id) == {"Bob Ray"}
    assert told("Outage of May") == told("out-2") == told(second.id) == {"Carla Diaz"}
    assert told("out-1") == told(first.id) == told("stock") == told("never heard of") == set()


def test_before_its_first_entry_nobody_of_an_account_is_there_to_be_told():
    ledger, clock = filled()
    before = clock() - timedelta(days=1)
    data = ledger.survey("notice-coverage", about="labels", as_of=before).data
    assert [(a["account"]["name"], a["parties"]) for a in data["accounts"]] == [(SMITH, [])]


def test_health_is_that_of_every_account():
    ledger, _ = filled()
    ledger.record("jones", Party("acme", "ACME", Role.VENDOR))
    data = ledger.survey("ledger-health").data
    assert {a["account"]["name"]: a["entries"] for a in data["accounts"]} == {
        "smith-motors": 7, "jones": 3,
    }  # fmt: skip
    assert (data["waiting"], data["forged"]) == ([], 0)


def test_an_archived_account_is_passed_over(tmp_path):
    ledger, _ = sealing_in_memory(tmp_path)
    ledger.record(SMITH, Party("acme", "ACME", Role.VENDOR))
    ledger.record("jones", Party("acme", "ACME", Role.VENDOR))
    ledger.seal()
    ledger.archive("jones", tmp_path / "jones.archive")
    names = [a["account"]["name"] for a in ledger.survey("ledger-health").data["accounts"]]
    assert names == [SMITH]


@pytest.mark.parametrize(
    ("kind", "about", "why"),
    [
        ("proof-of-contact", "", "kind: is none over all accounts; these are: "),
        ("notice-coverage", "", "about: say which topic or matter"),
    ],
)
def test_what_cannot_be_surveyed_is_refused_with_its_field(kind, about, why):
    ledger, _ = filled()
    with pytest.raises(BadInput, match=why):
        ledger.survey(kind, about=about)


def test_a_report_over_all_accounts_is_none_of_one():
    ledger, _ = filled()
    with pytest.raises(BadInput, match=r"ask Ledger\.survey for it"):
        ledger.report(SMITH, "ledger-health")


@pytest.mark.parametrize("kind", OF_ACCOUNT)
def test_every_kind_is_made_of_a_real_account(kind):
    ledger, _ = filled()
    (touch,) = ledger.record(SMITH, mail("m1", about="News"))
    report = ledger.report(SMITH, kind, about=touch.no if kind == "touch-certificate" else None)
    assert report.data["report"] == kind
    assert report.markdown().startswith("# ")
    assert "".join(report.stream()) == report.html()
    assert report.csv()


def test_the_first_90_days_count_from_the_install_on_record():
    ledger, _ = filled()
    (install,) = ledger.record(
        SMITH,
        Milestone(
            "go-live", MilestoneKind.INSTALL, "Go-live", at=datetime(2026, 2, 1, 9, tzinfo=UTC)
        ),
    )
    start = ledger.report(SMITH, "first-90-days").data["start"]
    assert (start["no"], start["name"], start["at"]) == (
        install.no,
        "Go-live",
        "2026-02-01T09:00:00Z",
    )


def test_a_certificate_bears_the_proof_once_the_touch_is_sealed(tmp_path):
    ledger, _ = sealing_in_memory(tmp_path)
    ledger.record(SMITH, *two_sides())
    (touch,) = ledger.record(SMITH, mail("m1"))
    assert ledger.report(SMITH, "touch-certificate", about=touch.no).data["proof"] is None
    ledger.seal()
    proof = ledger.report(SMITH, "touch-certificate", about=touch.no).data["proof"]
    assert "\n".join(proof["note"]) + "\n" == ledger.prove(SMITH, touch.no).note.decode()
    assert len(proof["leaf"]) == 64


def test_a_german_report_says_so_in_its_head():
    ledger, _ = filled()
    page = ledger.report(SMITH, "both-sides", lang="de").html()
    assert '<html lang="de" dir="ltr">' in page
    assert set(KINDS) > {"both-sides"}


@pytest.mark.parametrize("period", [None, "2020"])
def test_what_waits_on_both_sides_is_what_the_account_says_when_asked(period):
    ledger, clock = filled()
    ledger.record(
        SMITH,
        mail("m1", about="News", purpose="notice"),
        mail("m3", expects="response"),
        Signal("m3", "bounced", "bob", system="third", auth="signed_body"),
        Touch("ann", "bob", "phone", "question", "m4"),
    )
    clock.set(clock() + timedelta(hours=2))
    ledger.record(
        SMITH,
        Touch("bob", "ann", "phone", answers=["m4"]),
        mail("m2", to="carla", expects="response"),
    )
    clock.set(clock() + timedelta(days=30))
    data = ledger.report(SMITH, "both-sides", period=period).data
    asked = ledger.ask(SMITH)
    waiting = [(one.no, one.owes, str(one.outcome)) for one in asked.waiting()]
    (times,) = asked.answer_times()
    assert (len(waiting), times.asked, times.answered) == (1, 2, 1)
    shown = [(f["no"], f["receiver"]["id"], f["outcome"]) for f in data["waiting"]]
    assert shown == (waiting if period is None else [])
    took = [f["answer_seconds"] for f in data["answers"]]
    assert took == ([times.worst.total_seconds()] if period is None else [])
