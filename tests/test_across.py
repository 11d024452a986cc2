"""Answers over all accounts: always what judging every log at this moment gives."""

from __future__ import annotations

import signal
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from contactledger import refreshing
from contactledger.across import Across, Answer
from contactledger.errors import BadInput, BadRecord, CannotJudge, NotFound
from contactledger.facts import (
    Coverage,
    Matter,
    Milestone,
    Person,
    PolicyAdopted,
    Redaction,
    Retraction,
    Signal,
    Touch,
)
from contactledger.findings import Outcome
from contactledger.gists import Gists
from contactledger.judge.policy import DEFAULT_POLICY
from contactledger.judge.questions import judged
from contactledger.judge.told import told
from contactledger.keys import keygen
from contactledger.ledger import Ledger
from contactledger.questions import About
from tests.ledgers import SMITH, editing, in_file, in_memory, two_sides

THIRD: dict[str, Any] = {"system": "third", "auth": "signed_body"}
NAMES = ("north", "south", "west")


def everything(across: Across) -> list[Answer]:
    return [
        across.ignored(),
        across.ignored(held=None),
        across.waiting(owes="us"),
        across.waiting(owed="us"),
        across.turns(),
        across.turns("us"),
        across.turns("them"),
        across.told("prices"),
        across.told("prices", state="never_told"),
        across.told("prices", state="ignored"),
        across.told("outage"),
        of_the_thing(across, milestone="out"),
        of_the_thing(across, matter="case"),
    ]


def of_the_thing(across: Across, **what: str) -> Answer:
    """Who was told of it; nothing where no account has it."""
    try:
        return across.told(**what)
    except NotFound:
        return Answer(0, 0, (), across._sources.now())


def told_rows(ledger: Ledger, **what: str) -> list[Any]:
    """The same as every account says when it is asked, with the entries that it rests on."""
    rows: list[Any] = []
    for name in ledger.accounts():
        try:
            told = ledger.ask(name).told(**what)
        except NotFound:
            continue
        rows += [
            (name, r.party, r.person, r.state, r.held_against, len(r.touches), list(r.because))
            for r in told.rows
        ]
    return sorted(rows, key=repr)


def as_told(answer: Answer) -> list[Any]:
    columns = ("account", "party", "person", "state", "held_against", "touches", "because")
    return sorted((tuple(row[name] for name in columns) for row in answer.rows), key=repr)


def in_order(answers: list[Answer]) -> list[Any]:
    """Ties are in the order of the file, which is that in which accounts were judged."""
    return [(a.count, a.accounts, sorted(map(repr, a.rows))) for a in answers]


def by_findings(ledger: Ledger) -> list[Any]:
    """Who ignored what, and who was told about prices, from every log."""
    silences: list[Any] = []
    tellings: list[Any] = []
    us = ledger._row.recorder
    for name in ledger.accounts():
        silences += [
            (name, f.no, f.party)
            for f in ledger.findings(name)
            if f.outcome is Outcome.IGNORED and f.original is None and f.held_against
        ]
        asked = judged(ledger.entries(name), ledger._now(), house=ledger._load(name).house)
        tellings += [
            (name, row.party, row.person, row.state, row.held_against)
            for row in told(asked, About("topic", "prices"), by=us).rows
        ]
    return [sorted(silences), sorted(tellings, key=repr)]


def by_answers(across: Across) -> list[Any]:
    return [
        sorted((r["account"], r["no"], r["party"]) for r in across.ignored().rows),
        sorted(
            (
                (r["account"], r["party"], r["person"], r["state"], r["held_against"])
                for r in across.told("prices").rows
            ),
            key=repr,
        ),
    ]


steps = st.one_of(
    st.tuples(st.just("wait"), st.integers(1, 24 * 12)),
    st.tuples(st.just("touch"), st.sampled_from(NAMES), st.booleans(), st.sampled_from(
        ["prices", "outage"]), st.sampled_from(["reply", "seen", "nothing", None])),
    st.tuples(st.just("signal"), st.sampled_from(NAMES), st.sampled_from(
        ["delivered", "opened", "bounced"])),
    st.tuples(st.just("answer"), st.sampled_from(NAMES)),
    st.tuples(st.just("collector"), st.sampled_from(["blind", "working"]), st.integers(0, 200),
        st.booleans()),
    st.tuples(st.just("policy")),
    st.tuples(st.just("outage"), st.sampled_from(NAMES), st.booleans()),
    st.tuples(st.just("case"), st.sampled_from(NAMES), st.booleans()),
    st.tuples(st.just("take_back"), st.sampled_from(NAMES)),
    st.tuples(st.just("erase"), st.sampled_from(NAMES)),
)  # fmt: skip


class Played:
    """A ledger in the making, step by step."""

    def __init__(self) -> None:
        self.ledger, self.clock = in_memory()
        self.last: dict[str, Touch] = {}
        self.keys = iter(f"t{i}" for i in range(1_000))

    def do(self, step: Any) -> None:
        getattr(self, step[0])(*step[1:])

    def wait(self, hours: int) -> None:
        self.clock.set(self.clock() + timedelta(hours=hours))

    def record(self, name: str, *facts: Any) -> None:
        if name not in self.last:
            self.ledger.record(name, *two_sides())
        self.ledger.record(name, *facts)

    def touch(self, name: str, ours: bool, topic: str, expects: str | None) -> None:
        sender, to = ("ann", "bob") if ours else ("bob", "ann")
        key = next(self.keys)
        touch = Touch(
            sender, to, "email", key=key, topics=(topic,), expects=expects, tracked=True,
            **THIRD,
        )  # fmt: skip
        self.record(name, touch)
        self.last[name] = touch

    def signal(self, name: str, what: str) -> None:
        if name in self.last:
            told = self.last[name]
            self.record(name, Signal(told.key, what, told.to[0], by="human", **THIRD))

    def answer(self, name: str) -> None:
        if name in self.last:
            told = self.last[name]
            self.record(name, Touch(told.to[0], str(told.sender), "email", answers=told.key))

    def collector(self, state: str, ago: int, ends: bool) -> None:
        since = self.clock() - timedelta(hours=ago)
        until = self.clock() if ends and ago else None
        said = Coverage(collector="hooks", state=state, since=since, until=until)
        self.ledger.record("house", said)

    def policy(self) -> None:
        text = DEFAULT_POLICY.replace('"7 days"', '"2 days"')
        self.ledger.record("house", PolicyAdopted(text))

    def outage(self, name: str, told: bool) -> None:
        self.record(name, Milestone("out", "outage", "Outage", topics=("prices",)))
        if told:
            self.record(name, Touch("ann", "bob", "email", "outage", milestone="out", **THIRD))

    def case(self, name: str, told: bool) -> None:
        self.record(name, Matter("case", party="smith"))
        if told:
            self.record(name, Touch("ann", "bob", "email", "question", matter="case", **THIRD))

    def take_back(self, name: str) -> None:
        """What was said last of a milestone or a matter was an error."""
        if name in self.last:
            entries = self.ledger.entries(name)
            said = [entry.no for entry in entries if entry.kind in ("milestone", "matter")]
            self.record(name, *(Retraction(no, "error") for no in said[-1:]))

    def erase(self, name: str) -> None:
        if name in self.last:
            self.ledger.record(name, Redaction(person=self.last[name].to[0], fields=("about",)))


@settings(max_examples=25, deadline=None)
@given(st.lists(steps, min_size=4, max_size=14))
def test_what_is_kept_answers_as_judging_every_log_anew(played: list[Any]) -> None:
    on = Played()
    with on.ledger.across() as kept:
        for step in played:
            on.do(step)
            with on.ledger.across() as fresh:
                assert in_order(everything(kept)) == in_order(everything(fresh))
            assert by_answers(kept) == by_findings(on.ledger)
            for what in ({"topic": "prices"}, {"milestone": "out"}, {"matter": "case"}):
                assert as_told(of_the_thing(kept, **what)) == told_rows(on.ledger, **what)
            for about in ("prices", "out", "Outage", "case"):
                from_kept = on.ledger.survey("notice-coverage", about=about, answers=kept)
                assert from_kept.data == on.ledger.survey("notice-coverage", about=about).data


def test_a_notice_is_found_by_its_key_or_id_where_it_is_on_record() -> None:
    on = Played()
    on.outage("north", True)
    on.outage("south", False)
    on.touch("west", True, "prices", None)
    on.case("west", True)
    with on.ledger.across() as across:
        told = across.told(milestone="out")
        assert {(r["account"], r["state"]) for r in told.rows if r["person"] is None} == {
            ("north", "pending"), ("south", "never_told"),
        }  # fmt: skip
        never = across.told(milestone="out", state="never_told")
        assert {r["account"] for r in never.rows} == {"north", "south"}
        assert across.told(matter="case", state="pending").accounts == 1
        (id_,) = {e.id for e in on.ledger.entries("south") if e.kind == "milestone"}
        assert {r["account"] for r in across.told(milestone=id_).rows} == {"south"}
        with pytest.raises(NotFound, match="matter: nothing of that name in any account"):
            across.told(matter="out")


def test_a_survey_reads_what_is_kept_in_a_file_and_judges_only_what_changed(tmp_path: Path) -> None:
    on, path = Played(), tmp_path / "judged"
    on.touch("north", True, "prices", "reply")
    on.record("north", Matter("case", party="smith", title="prices"))
    on.outage("south", True)
    for about in ("prices", "Outage"):
        data = on.ledger.survey("notice-coverage", about=about, answers=path).data
        assert data == on.ledger.survey("notice-coverage", about=about).data
        assert {a["account"]["name"] for a in data["accounts"]} == {"north", "south"}
    with on.ledger.across(path) as across:
        assert across.refresh() == 0


@pytest.mark.parametrize(
    "asked",
    [
        {"kind": "ledger-health"},
        {"kind": "notice-coverage", "about": "prices", "as_of": "2026-03-02T10:00Z"},
    ],
)
def test_what_is_kept_answers_who_was_told_and_of_now(asked: Any) -> None:
    ledger, _ = in_memory()
    with ledger.across() as across, pytest.raises(BadInput, match="answers: are kept of who"):
        ledger.survey(answers=across, **asked)


def test_a_key_that_was_erased_finds_nothing_any_more() -> None:
    on = Played()
    on.outage("north", True)
    with on.ledger.across() as across:
        assert across.told(milestone="out").accounts == 1
        (no,) = [e.no for e in on.ledger.entries("north") if e.kind == "milestone"]
        on.ledger.record("north", Redaction(entry=no))
        with pytest.raises(NotFound):
            across.told(milestone="out")


@pytest.mark.parametrize("what", [{}, {"topic": "prices", "matter": "case"}])
def test_who_was_told_is_asked_of_one_thing(what: Any) -> None:
    with in_memory()[0].across() as across, pytest.raises(BadInput, match="name one topic"):
        across.told(**what)


def test_what_ids_and_numbers_are_called_is_said_to_those_who_ask_for_it() -> None:
    on = Played()
    on.record("north", Matter("case", party="smith", title="A credit"))
    on.record("north", Touch("ann", "bob", "phone", "question", topics=("prices",), matter="case"))
    on.record("north", Touch("bob", "ann", "ticket", "question", "q", about="Prices?", **THIRD))
    on.wait(24 * 20)
    with on.ledger.across() as across:
        (wait,) = across.waiting(owes="us", personal=True).rows
        assert [wait[name] for name in ("owed_name", "owes_name", "about")] == [
            "Smith Motors", "ACME Dealer Systems", "Prices?",
        ]  # fmt: skip
        (silence,) = across.ignored(held=None, personal=True).rows
        assert (silence["sender_name"], silence["party_name"]) == (
            "Smith Motors", "ACME Dealer Systems",
        )  # fmt: skip
        titles = {row["title"] for row in across.turns(personal=True).rows}
        assert titles == {"Prices?", "A credit"}
        told = across.told("prices", personal=True).rows
        assert {(row["party_name"], row["person_name"]) for row in told} == {
            ("Smith Motors", None), ("Smith Motors", "Bob Ray"), ("Smith Motors", "Carla Diaz"),
        }  # fmt: skip
        on.ledger.record("north", Redaction(person="bob"))
        told = across.told("prices", personal=True).rows
        assert {row["person_name"] for row in told} == {None, "[redacted]", "Carla Diaz"}


def test_a_heartbeat_makes_nothing_untrue_and_a_blind_past_does() -> None:
    on = Played()
    on.ledger.record("house", Coverage(collector="hooks", interval_seconds=600))
    for name in NAMES:
        on.touch(name, True, "prices", "reply")
        on.signal(name, "delivered")
    on.wait(24 * 20)
    with on.ledger.across() as across:
        assert (across.refresh(), across.refresh()) == (3, 0)
        on.ledger.record("house", Coverage(collector="hooks", interval_seconds=600))
        assert across.refresh() == 0
        on.collector("blind", 24 * 25, True)
        assert (across.refresh(), across.ignored().count) == (3, 0)


def test_only_accounts_that_changed_or_ran_out_are_judged_again() -> None:
    on = Played()
    for name in NAMES:
        on.touch(name, True, "prices", "reply")
        on.signal(name, "delivered")
    with on.ledger.across() as across:
        assert across.waiting(owed="us").count == 3
        on.answer("south")
        assert across.refresh() == 1
        on.wait(24 * 20)
        assert (across.refresh(), across.refresh()) == (2, 0)
        assert sorted(r["account"] for r in across.ignored().rows) == ["north", "west"]
        on.clock.set(on.clock() - timedelta(days=20))  # and back, when both were only asked
        assert (across.ignored().count, across.waiting(owed="us").count) == (0, 2)


def test_an_exchange_about_nothing_has_no_title(tmp_path):
    ledger, clock, _ = in_file(tmp_path)
    ledger.record(SMITH, Touch("ann", "bob", "phone", "question"))
    clock.forward(days=9)
    with ledger.across() as across:
        (turn,) = across.turns(personal=True).rows
        assert (turn["named"], turn["title"]) == (False, None)


def test_a_key_is_of_one_account_alone_and_names_nobody_over_all(tmp_path):
    ledger, _, _ = in_file(tmp_path)
    with ledger.across() as across:
        for field, ask, known in (
            ("owes", lambda: across.waiting(owes="smith"), "us"),
            ("owed", lambda: across.waiting(owed="smith"), "us"),
            ("whose", lambda: across.turns("smith"), "us, them"),
            ("by", lambda: across.told("prices", by="smith"), "us"),
        ):
            with pytest.raises(BadInput) as caught:
                ask()
            assert str(caught.value) == f"{field}: must be {known} or the id of a party"


def test_a_row_names_its_account_and_says_the_rest_by_ids() -> None:
    on = Played()
    on.touch("north", False, "prices", "reply")
    us = on.ledger._row.recorder
    with on.ledger.across() as across:
        answer = across.waiting(owes="us", limit=5)
    (row,) = answer.rows
    assert (answer.count, answer.accounts) == (1, 1)
    assert list(row) == [
        "account", "no", "owed", "owes", "channel", "purpose", "at_utc", "due_utc", "outcome",
        "held_against", "reminders",
    ]  # fmt: skip
    assert [row[name] for name in ("account", "owes", "at_utc", "outcome", "held_against")] == [
        "north", us, on.clock(), "pending", False,
    ]  # fmt: skip


def test_whose_turn_it_is_ours_theirs_or_that_of_one_party() -> None:
    on = Played()
    on.touch("north", False, "prices", "reply")
    on.touch("south", True, "prices", "reply")
    with on.ledger.across() as across:
        ours, theirs, all_of_them = across.turns("us"), across.turns("them"), across.turns()
        assert [(r["account"], r["rule"], r["first"]) for r in (*ours.rows, *theirs.rows)] == [
            ("north", "O8", True), ("south", "O8", True),
        ]  # fmt: skip
        assert (all_of_them.count, across.turns(theirs.rows[0]["party"]).count) == (2, 1)


def test_more_rows_than_shown_are_counted() -> None:
    on = Played()
    for _ in range(3):
        on.touch("north", True, "prices", "reply")
    with on.ledger.across() as across:
        answer = across.waiting(owed="us", limit=2)
        assert (answer.count, answer.accounts, len(answer.rows)) == (3, 1, 2)


def test_a_state_that_there_is_not_is_refused() -> None:
    with in_memory()[0].across() as across, pytest.raises(BadInput, match="state"):
        across.told("prices", state="bored")


def test_who_left_and_was_told_is_told_of_and_who_was_not_is_left_out() -> None:
    on = Played()
    on.touch("north", True, "prices", "nothing")
    gone = on.clock()
    on.record("north", Person("bob", "smith", until=gone), Person("carla", "smith", until=gone))
    with on.ledger.across() as across:
        assert by_answers(across) == by_findings(on.ledger)
        told = across.told("prices").rows
        assert [row["person"] is None for row in told] == [True, False]
        assert [row["role"] for row in told] == ["customer", "customer"]


def test_whom_an_account_had_not_told_before_it_went_on_elsewhere_is_left_out() -> None:
    on = Played()
    on.touch("north", True, "prices", "nothing")
    on.touch("west", True, "labels", "nothing")
    old, _ = (on.ledger.entries(name)[0].account for name in ("north", "west"))
    on.ledger.merge_accounts("north", "west")
    with on.ledger.across() as across:
        assert by_answers(across) == by_findings(on.ledger)
        told = {topic: across.told(topic).rows for topic in ("prices", "labels")}
    before = [
        (row["person"] is None, row["state"]) for row in told["prices"] if row["account"] == old
    ]
    assert before == [(True, "unproven"), (False, "unproven")]
    assert {row["account"] for row in told["labels"]} == {"west"}
    moved = on.ledger.entries(old)[-1]
    on.ledger.retract(old, moved)
    with on.ledger.across() as across:
        assert {row["account"] for row in across.told("labels").rows} == {"north", "west"}


def test_what_was_kept_in_a_file_is_there_for_the_next_and_holds_nothing_personal(
    tmp_path: Path,
) -> None:
    on, path = Played(), tmp_path / "judged"
    on.touch("north", True, "prices", "reply")
    with on.ledger.across(path) as across:
        assert (across.refresh(), across.waiting(owed="us").count) == (1, 1)
    with on.ledger.across(path) as across:
        assert (across.refresh(), across.waiting(owed="us").count) == (0, 1)
    held = path.read_bytes()
    assert [word for word in (b"north", b"bob", b"Bob", b"smith") if word in held] == []


def test_a_file_of_another_ledger_or_release_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "judged"
    one, other = Played(), Played()
    one.touch("north", True, "prices", "reply")
    other.touch("west", True, "prices", "reply")
    with one.ledger.across(path) as across:
        across.refresh()
    with other.ledger.across(path) as across:
        assert [row["account"] for row in across.waiting(owed="us").rows] == ["west"]
    with editing(path) as file:
        file.execute("UPDATE meta SET value = 'gists 0' WHERE name = 'format'")
    with other.ledger.across(path) as across:
        assert across.refresh() == 1


def test_a_file_of_something_else_is_left_alone(tmp_path: Path) -> None:
    text, database = tmp_path / "text", tmp_path / "database"
    text.write_text("not a database, and long enough to be none")
    with editing(database) as file:
        file.execute("CREATE TABLE mine (n)")
    ledger, _ = in_memory()
    for path in (text, database):
        before = path.read_bytes()
        with pytest.raises(BadInput, match="path"):
            ledger.across(path)
        if path is text:
            assert path.read_bytes() == before
    with editing(database) as file:
        assert file.execute("SELECT name FROM sqlite_master").fetchall() == [("mine",)]


def test_accounts_by_other_processes_are_judged_as_by_this_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refreshing, "WORTH_A_PROCESS", 2)
    monkeypatch.setattr(refreshing, "BATCH", 2)
    ledger, _, _ = in_file(tmp_path)
    for name in NAMES:
        ledger.record(name, *two_sides(), Touch("ann", "bob", "email", topics=("prices",)))
    seen: list[tuple[int, int]] = []
    with (
        ledger,
        ledger.across(tmp_path / "one") as one,
        ledger.across(processes=2, progress=lambda done, of: seen.append((done, of))) as two,
    ):
        assert in_order(everything(two)) == in_order(everything(one))
        assert (seen, two.refresh()) == ([(2, 4), (4, 4)], 0)


def test_what_another_process_meets_is_raised_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refreshing, "WORTH_A_PROCESS", 1)
    ledger, _, path = in_file(tmp_path)
    with ledger, ledger.across(processes=2) as across:
        with editing(path) as file:
            file.execute("UPDATE contactledger_entry SET record = x'00' WHERE no = 2")
        file.close()
        with pytest.raises(BadRecord):
            across.refresh()


def test_what_another_process_does_is_what_is_done_here(tmp_path: Path) -> None:
    ledger, clock, path = in_file(tmp_path)
    with ledger, ledger.across() as across:
        ids = list(across._refresher.heads())
        refreshing._begin((f"sqlite:///{path}", "contactledger_", None), ledger._row)
        signal.signal(signal.SIGINT, signal.default_int_handler)  # as it was in this process
        ((opened, *_),) = refreshing._OPENED
        there = refreshing._work(ids, clock())
        opened.close()
        here = refreshing.judge(ledger._store, ledger._house, ledger._row, ids, clock())
        assert there == here


def test_a_ledger_in_memory_is_judged_by_its_own_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refreshing, "WORTH_A_PROCESS", 0)
    ledger, _ = in_memory()
    ledger.record("north", *two_sides())
    with ledger.across(processes=2) as across:
        assert across.refresh() == 1


def test_an_archived_account_is_not_asked_about_until_it_is_back(tmp_path: Path) -> None:
    keygen(tmp_path / "acme.key", "acme")
    path, key = f"sqlite:///{tmp_path / 'contacts.db'}", tmp_path / "acme.key"
    with Ledger.open(path, recorder="acme", signer=key) as ledger, ledger.across() as across:
        ledger.record("smith-motors", *two_sides())
        assert len(across.told("prices").rows) == 3
        ledger.archive("smith-motors", tmp_path / "old.archive")
        assert across.told("prices").rows == ()
        ledger.restore(tmp_path / "old.archive")
        assert len(across.told("prices").rows) == 3


def test_what_a_host_rolls_back_is_judged_no_more(tmp_path: Path) -> None:
    ledger, clock, path = in_file(tmp_path)
    kept = tmp_path / "across.db"

    def mail(topic: str) -> Touch:
        return Touch(to="bob", channel="email", topics=[topic], expects="reply")

    engine = create_engine(f"sqlite:///{path}")
    with ledger, Session(engine) as session:
        joined = Ledger.open(session, recorder="acme", clock=clock)
        joined.record(SMITH, mail("prices"))
        with joined.across(kept) as across:
            assert across.waiting(owed="us").count == 1
        session.rollback()
        clock.forward(seconds=1)
        ledger.record(SMITH, mail("outage"))  # as many entries as there were
        with ledger.across(kept) as across, ledger.across() as fresh:
            assert everything(across) == everything(fresh)
    engine.dispose()


def test_an_account_that_goes_on_in_anothers_log_is_listed_by_its_id() -> None:
    on = Played()
    on.touch("north", True, "prices", "reply")
    on.touch("south", True, "prices", "reply")
    on.ledger.merge_accounts("north", "south")
    with on.ledger.across() as across:
        names = [row["account"] for row in across.waiting(owed="us").rows]
        assert sorted(names) == sorted(on.ledger.accounts())


def test_a_name_that_was_erased_since_is_the_accounts_id() -> None:
    on = Played()
    on.touch("north", True, "prices", "reply")
    with on.ledger.across() as across:
        assert across.waiting(owed="us").rows[0]["account"] == "north"
        on.record("north", Redaction(entry=0))
        (id_,) = across._refresher.heads()
        assert across.waiting(owed="us").rows[0]["account"] == id_


def test_an_account_of_other_rules_is_named_and_in_no_answer(monkeypatch: Any) -> None:
    on = Played()
    on.touch("north", True, "prices", "reply")
    with on.ledger.across() as across:
        assert across.unjudged() == ()
        monkeypatch.setattr("contactledger.judge.basis.RULES", 2)
        on.signal("north", "delivered")
        assert (across.unjudged(), across.waiting().count) == (("north",), 0)
        with pytest.raises(CannotJudge):
            across.notice("prices")


def test_a_transaction_that_fails_leaves_the_file_as_it_was() -> None:
    gists = Gists(None, "ledger")

    def fails() -> None:
        with gists.writing():
            gists.house_grew(4, 0)
            raise KeyError

    with pytest.raises(KeyError):
        fails()
    assert gists.house() == 0
    gists.close()
