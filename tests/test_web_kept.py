"""What accounts were judged is kept while it is true, and never longer."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from contactledger.errors import Archived, NotFound
from contactledger.facts import (
    Coverage,
    Fact,
    Mark,
    Matter,
    Party,
    Person,
    PolicyAdopted,
    Preference,
    Promise,
    Redaction,
    Retraction,
    Settlement,
    Signal,
    Touch,
)
from contactledger.following import Log as Read
from contactledger.judge.gist import micros
from contactledger.judge.policy import DEFAULT_POLICY
from contactledger.judge.standing import standing
from contactledger.keys import keygen
from contactledger.ledger import Ledger
from contactledger.store.memory import MemoryStore, MemoryTransaction
from contactledger.testing import FixedClock
from contactledger.vocabulary import Channel, SignalKind
from contactledger.web import Access, behind, kept, pages
from contactledger.web.kept import KEEP_SECONDS, Keeper, judge
from tests.judging import Log, day, logs, moments
from tests.ledgers import SMITH, filled, in_file, mail, two_sides
from tests.visiting import AT, visit

NAME = "Bob Ray"


def _at(number: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=number)


def _anew(log: Log, house: list[Any], as_of: datetime) -> Any:
    return _timeless(standing(log.entries, as_of, house=house, account="a"))


def _timeless(stood: Any) -> Any:
    """Without what the clock alone says."""
    return evolve(stood, cases=tuple(evolve(case, days_held=()) for case in stood.cases))


def _read(entries: list[Any]) -> Read:
    return Read(len(entries), b"", tuple(entries))


@st.composite
def houses(draw: st.DrawFn) -> list[Any]:
    """What collectors said of themselves, with and without an end or an interval."""
    said = Log()
    for _ in range(draw(st.integers(0, 3))):
        at = draw(moments)
        hours = draw(st.integers(1, 200))
        how = draw(st.sampled_from(["interval", "until", "open"]))
        words: dict[str, Any] = {"since": at}
        if how == "interval":
            words = {"interval_seconds": hours * 3600}
        elif how == "until":
            words["until"] = at + timedelta(hours=hours)
        said.coverage(
            draw(st.sampled_from(["email", "phone"])), at=at, recorded=at,
            collector=draw(st.sampled_from(["webhook", "mailbox"])),
            state=draw(st.sampled_from(["working", "blind"])),
            caught_up=draw(st.booleans()), **words,
        )  # fmt: skip
    return said.entries[2:]


@settings(max_examples=50, deadline=None)
@given(logs(), houses(), moments, st.sampled_from(["", "2 hours"]), st.data())
def test_until_it_says_a_standing_is_what_it_would_be_made_anew(
    log: Log, house: list[Any], as_of: datetime, tolerance: str, data: Any
) -> None:
    if tolerance:
        log.adopt(f'coverage_tolerance = "{tolerance}"\n{DEFAULT_POLICY}', at=day(0))
    last = day(80)
    while as_of < last:
        one = judge("a", (_read(log.entries), _read(house)), as_of)
        until = min(_at(min(one.until, micros(last))), last)
        if until <= as_of:  # it does not say, while somebody tolerated is blind
            as_of += timedelta(days=1)
            continue
        steps = int((until - as_of) / timedelta(minutes=1))
        whens = [until - timedelta(microseconds=1)]
        if steps > 0:
            whens.append(as_of + timedelta(minutes=data.draw(st.integers(0, steps - 1))))
        for when in whens:
            assert one.holds(one.logs, when)
            assert _timeless(one.at(when).standing) == _anew(log, house, when)
            assert one.at(when).judged.view.as_of == when
        as_of = until


# --- pages -----------------------------------------------------------------------------------

ACTS = ("mail", "call", "answer", "delivered", "opened", "mark", "promise", "kept", "prefer",
        "erase", "retract", "blind", "works", "policy", "leave", "plan", "matter", "look",
        "look")  # fmt: skip


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(ACTS), st.sampled_from([0, 0.1, 1, 5, 24, 75, 400]), st.booleans()
        ),
        max_size=8,
    )
)
def test_a_page_from_what_is_kept_is_the_page_made_anew(steps: list[tuple[str, Any, bool]]) -> None:
    """Entries arrive by this process and by another, and time passes."""
    ledger, clock = filled()
    other = Ledger.open(ledger._store, recorder="acme", clock=clock)
    id_ = behind.named(ledger, SMITH).id
    staff, theirs = Access.staff("ann"), Access.customer("bob", SMITH, "smith")

    def visitors() -> list[TestClient]:
        return [TestClient(pages(ledger, lambda _, who=who: who)) for who in (staff, theirs)]

    kept_on = visitors()
    for number, (act, hours, elsewhere) in enumerate(steps):
        clock.forward(hours=hours)
        writer = other if elsewhere else ledger
        for account, facts in _facts(act, number, writer).items():
            writer.record(account, *facts)
        for one, fresh in zip(kept_on, visitors(), strict=True):
            for address in (f"/a/{id_}", "/", f"/a/{id_}/t/{_first_touch(ledger)}"):
                assert one.get(address).text == fresh.get(address).text


def _first_touch(ledger: Ledger) -> int:
    return next((e.no for e in ledger.entries(SMITH) if e.kind == "touch"), 0)


def _facts(act: str, number: int, ledger: Ledger) -> dict[str, list[Fact]]:
    now, bob = ledger._now(), ledger.entries(SMITH)[5].id  # whose key may be erased
    touches = [e for e in ledger.entries(SMITH) if e.kind == "touch"]
    newest = touches[-1] if touches else None
    made: dict[str, Fact] = {
        "mail": mail(f"m{number}", bob, about=f"Letter {number}", expects="reply"),
        "call": Touch("ann", "carla", Channel.PHONE, key=f"c{number}", about="A call"),
        "promise": Promise(f"p{number}", "ann", "smith", now + timedelta(days=2), "A quote"),
        "prefer": Preference(bob, preferred=Channel.PHONE, source="he said so"),
        "erase": Redaction(person=bob),
        "leave": Person("carla", "smith", "Carla Diaz", until=now + timedelta(days=3)),
        "plan": Touch("ann", bob, Channel.MEETING, planned=True, key=f"x{number}",
                      starts=now + timedelta(days=1), ends=now + timedelta(days=1, hours=1),
                      at=now + timedelta(days=1)),
        "matter": Matter("rel", title="The sync"),
        "policy": PolicyAdopted(DEFAULT_POLICY + f"\n# the {number}th"),
    }  # fmt: skip
    if act in ("blind", "works"):
        state = "blind" if act == "blind" else "working"
        return {"house": [Coverage("webhook", Channel.EMAIL, state, since=now)]}
    if act in made:
        return {SMITH: [made[act]]}
    if newest is None:
        return {}
    promised = [e for e in ledger.entries(SMITH) if e.kind == "promise"]
    said: dict[str, Fact] = {
        "answer": Touch(bob, "ann", Channel.EMAIL, answers=newest.id, key=f"a{number}"),
        "delivered": Signal(newest.id, SignalKind.DELIVERED, person=bob, at=now),
        "opened": Signal(newest.id, SignalKind.OPENED, person=bob, by="human", at=now),
        "mark": Mark(newest.no, "disputed"),
        "retract": Retraction(newest.no, "typing_error"),
    }
    if promised:
        said["kept"] = Settlement(promised[-1].id, "kept")
    return {SMITH: [said[act]]} if act in said else {}


def test_what_another_process_records_is_on_the_next_page(tmp_path: Path) -> None:
    ledger, _, path = in_file(tmp_path)
    id_ = behind.named(ledger, SMITH).id
    ann = TestClient(pages(ledger, lambda _: Access.staff("ann")))
    assert "A word from elsewhere" not in ann.get(f"/a/{id_}").text
    code = (
        "import sys; from contactledger import Ledger, Touch\n"
        "from contactledger.testing import FixedClock\n"
        "ledger = Ledger.open(sys.argv[1], recorder='acme', clock=FixedClock())\n"
        f"ledger.record({SMITH!r}, Touch('ann', 'bob', 'email', about='A word from elsewhere'))\n"
    )
    subprocess.run([sys.executable, "-c", code, f"sqlite:///{path}"], check=True)
    assert "A word from elsewhere" in ann.get(f"/a/{id_}").text
    ledger.close()


# --- the keeper ------------------------------------------------------------------------------


def _keeper(**more: Any) -> tuple[Keeper, Ledger, FixedClock, str]:
    ledger, clock = filled()
    ledger.record(SMITH, mail("one", about="One", expects="reply"))
    return Keeper(ledger, **more), ledger, clock, behind.named(ledger, SMITH).id


def _kept(keeper: Keeper) -> str:
    """Everything that is held in memory, as text."""
    return "".join(repr((one.entries, one.standing)) for _, one in keeper._kept.values())


def test_it_is_judged_once_until_something_comes_or_is_due(monkeypatch: Any) -> None:
    keeper, ledger, clock, id_ = _keeper()
    judged: list[datetime] = []
    monkeypatch.setattr(kept, "standing", lambda *a, **k: judged.append(a[1]) or standing(*a, **k))
    first = keeper.of(id_)
    clock.forward(hours=1)
    again = keeper.of(id_)
    assert again.standing == evolve(first.standing, as_of=clock())
    assert len(judged) == 1
    ledger.record(SMITH, mail("two"))
    assert len(keeper.of(id_).standing.findings) == 2
    clock.forward(days=30)
    assert {f.outcome for f in keeper.of(id_).standing.findings} == {"unproven"}
    ledger.record("house", Coverage("mailbox", Channel.EMAIL))
    assert keeper.of(id_).house[-1].kind == "coverage"
    assert len(judged) == 4
    clock.set(day(0))  # a clock that was put back
    assert keeper.of(id_).standing.as_of == day(0)
    assert len(judged) == 5


def test_what_came_is_read_and_not_what_is_known() -> None:
    keeper, ledger, _, id_ = _keeper()
    before = keeper.of(id_).entries
    ledger.record(SMITH, mail("two"))
    after = keeper.of(id_).entries
    assert [a is b for a, b in zip(before, after, strict=False)] == [True] * len(before)
    assert after == ledger.entries(SMITH)


def test_what_was_erased_is_not_kept_any_longer() -> None:
    keeper, ledger, _, id_ = _keeper()
    keeper.of(id_)
    assert NAME in _kept(keeper)
    ledger.record(SMITH, Redaction(person="bob"))
    keeper.of(id_)
    assert NAME not in _kept(keeper)


def test_a_log_that_does_not_go_on_from_what_is_known_is_read_anew() -> None:
    """As where a backup was put back, and other things were recorded since."""
    keeper, ledger, _, id_ = _keeper()
    log, house = keeper.of(id_).logs
    other = evolve(log, frontier=b"\0" * len(log.frontier))
    for size in (log.size, log.size + 1):
        read, _ = behind.logs(ledger, id_, (other, house))
        assert read.size == size
        assert read.entries == ledger.entries(SMITH)
        assert read.entries[0] is not log.entries[0]
        ledger.record(SMITH, mail("two"))


def test_a_form_reads_no_more_than_what_is_new(monkeypatch: Any) -> None:
    site = visit()
    ann = site.staff()
    read = []
    asked = MemoryTransaction.entries

    def counted(*args: Any, **named: Any) -> Any:
        rows = list(asked(*args, **named))
        read.extend(rows)
        return iter(rows)

    monkeypatch.setattr(MemoryTransaction, "entries", counted)
    page = ann.get(site.a("/new"))
    assert (page.status_code, len(read) > 5) == (200, True)
    ann.get(site.a())
    read.clear()
    assert ann.get(site.a("/new")).status_code == 200
    assert len(read) == 0


def test_an_account_that_was_archived_is_not_kept(tmp_path: Path) -> None:
    keygen(tmp_path / "acme.key", name="acme.example/ledger")
    with Ledger.open(MemoryStore(), recorder="acme", signer=tmp_path / "acme.key") as ledger:
        ledger.record(SMITH, *two_sides())
        ledger.seal()
        keeper, id_ = Keeper(ledger), behind.named(ledger, SMITH).id
        keeper.of(id_)
        ledger.archive(SMITH, tmp_path / "smith.bundle")
        with pytest.raises(Archived):
            keeper.of(id_)
        assert _kept(keeper) == ""


def test_one_that_is_not_there_is_not_found() -> None:
    keeper, *_ = _keeper()
    with pytest.raises(NotFound):
        keeper.of("a" * 26)


def test_it_keeps_the_few_that_were_asked_for_last() -> None:
    keeper, ledger, _, id_ = _keeper(accounts=2)
    for name in ("b", "c"):
        ledger.record(name, Party("acme"))
    ids = {name: behind.named(ledger, name).id for name in ("b", "c")}
    keeper.of(id_)
    keeper.of(ids["b"])
    keeper.of(id_)
    keeper.of(ids["c"])
    assert list(keeper._kept) == [id_, ids["c"]]


def test_the_longest_is_kept_however_long_it_is_and_the_few_beside_it() -> None:
    keeper, ledger, _, id_ = _keeper(entries=5)
    longest = keeper.of(id_)
    assert len(longest.entries) > 5
    ledger.record("b", Party("acme"))  # of three entries
    ledger.record("c", Party("acme"))
    ids = [behind.named(ledger, name).id for name in ("b", "c")]
    assert keeper.of(id_).judged.findings is longest.judged.findings
    keeper.of(ids[0])
    assert list(keeper._kept) == [id_, ids[0]]
    keeper.of(ids[1])  # two beside the longest are too many, and that was asked for before them
    assert list(keeper._kept) == ids
    keeper.of(id_)
    assert list(keeper._kept) == [ids[1], id_]


def test_what_nobody_asks_for_goes_with_the_next_request() -> None:
    now = [0.0]
    keeper, _, _, id_ = _keeper(clock=lambda: now[0])
    keeper.of(id_)
    now[0] = KEEP_SECONDS
    keeper.tidy()
    assert NAME in _kept(keeper)
    now[0] += 1
    keeper.tidy()
    assert _kept(keeper) == ""
    site = visit()
    ann = site.staff()
    ann.get(site.a())
    assert NAME in _kept(site.pages._keeper)
    site.pages._keeper._clock = lambda: float("inf")
    ann.get(f"{AT}/style.css")
    assert _kept(site.pages._keeper) == ""


def test_visitors_who_come_at_once_wait_for_one_judge(monkeypatch: Any) -> None:
    keeper, _, _, id_ = _keeper()
    judged: list[int] = []
    monkeypatch.setattr(kept, "standing", lambda *a, **k: judged.append(1) or standing(*a, **k))
    threads = [Thread(target=keeper.of, args=(id_,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert judged == [1]


def test_nothing_is_kept_while_blindness_that_is_tolerated_goes_on() -> None:
    log = Log(f'coverage_tolerance = "2 hours"\n{DEFAULT_POLICY}')
    log.coverage("email", state="blind", since=day(1), at=day(1))
    one = judge("a", (_read(log.entries), _read([])), day(2))
    assert one.until == micros(day(2))
    assert not one.holds(one.logs, day(2))
