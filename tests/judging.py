"""Entries made directly, so that the test of a rule is five to fifteen readable lines.

    log = two_sides()                                   # acme (vendor), smith (customer)
    mail = log.touch("ann", "bob", channel="email", at=day(0))
    log.signal(mail, "opened", by="human", person="bob", at=day(0, 11), **THIRD)
    [finding] = log.judge(day(3))

Ids are plain words ("acme", "bob"). `day(n, hour, minute)` counts from Monday 2 March 2026,
in UTC. An entry is recorded when it happened unless `recorded=` says otherwise, but never
before the one in front of it. The recorder is "acme" unless `recorder=` names another.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
from hypothesis import strategies as st

from contactledger.facts import (
    FACTS,
    Alias,
    Coverage,
    Entry,
    Fact,
    Handoff,
    Mark,
    Matter,
    Milestone,
    Opened,
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
from contactledger.findings import Finding
from contactledger.judge.policy import DEFAULT_POLICY, policy_digest
from contactledger.judge.view import View, view
from contactledger.vocabulary import By, Channel, Purpose, SignalKind

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
START = MONDAY - timedelta(days=30)

THIRD: dict[str, Any] = {"system": "third", "auth": "signed_body"}
"""Reported by a system that neither party runs, signed over the body."""
OWN: dict[str, Any] = {"system": "own"}
"""Reported by the recorder's own system."""

_KINDS = {cls: kind for kind, cls in FACTS.items()}


def day(n: int, hour: int = 10, minute: int = 0) -> datetime:
    """n days after Monday 2 March 2026, at that time, UTC."""
    return MONDAY + timedelta(days=n, hours=hour, minutes=minute)


class Log:
    """Entries of one account in the making; `log.entries` is what `judge` takes.

    Entry 0 and 1 (`Opened`, `PolicyAdopted` by `recorder`) are there from the start.
    """

    def __init__(
        self, policy: str = DEFAULT_POLICY, *, recorder: str = "acme", opened: datetime = START
    ) -> None:
        self.entries: list[Entry] = []
        self.recorder = recorder
        self.now = opened
        self.add(Opened(at=opened))
        self.adopt(policy)

    def add(
        self,
        fact: Fact,
        key: str | None = None,
        *,
        at: datetime | None = None,
        recorded: datetime | None = None,
        recorder: str | None = None,
        attached: Iterable[str] = (),
    ) -> Entry:
        """Any fact as the next entry; `attached` names its personal parts (`Entry.sd`)."""
        at = at or fact.at or self.now
        self.now = recorded or max(self.now, at)
        no = len(self.entries)
        entry = Entry(
            account="account",
            no=no,
            id=key or f"{_KINDS[type(fact)]}{no}",
            kind=_KINDS[type(fact)],
            at=at,
            recorded_at=self.now,
            recorder=recorder or self.recorder,
            fact=fact,
            sd=tuple(sorted((name, "", f"digest-{no}-{name}") for name in attached)),
        )
        self.entries.append(entry)
        return entry

    def _make(self, cls: type[Any], key: str | None, words: dict[str, Any]) -> Entry:
        about = {
            name: words.pop(name)
            for name in ("at", "recorded", "recorder", "attached")
            if name in words
        }
        return self.add(cls(**words), key, **about)

    def adopt(self, text: str, **words: Any) -> Entry:
        """A policy; `rules=` to pretend another number."""
        return self._make(
            PolicyAdopted, None, {"text": text, "digest": policy_digest(text), **words}
        )

    def party(self, key: str, role: str = "customer", **words: Any) -> Entry:
        return self._make(Party, key, {"role": role, **words})

    def person(self, key: str, party: str, **words: Any) -> Entry:
        return self._make(Person, key, {"party": party, **words})

    def prefers(self, subject: str, **words: Any) -> Entry:
        return self._make(Preference, None, {"subject": subject, **words})

    def touch(self, sender: str, to: str | Iterable[str], **words: Any) -> Entry:
        """By default an e-mail with a question."""
        key = words.pop("id", None)
        words = {"channel": "email", "purpose": "question", **words}
        to = (to,) if isinstance(to, str) else tuple(to)
        return self._make(Touch, key, {"sender": sender, "to": to, **words})

    def answer(self, to: Entry | Iterable[Entry], sender: str, **words: Any) -> Entry:
        """A touch by `sender` that answers; addressed to whoever asked, on the same channel."""
        asked = (to,) if isinstance(to, Entry) else tuple(to)
        first: Any = asked[0].fact
        words = {
            "channel": first.channel,
            "purpose": first.purpose,
            "to": (first.sender or asked[0].recorder,),
            "answers": tuple(entry.id for entry in asked),
            **words,
        }
        return self.touch(sender, words.pop("to"), **words)

    def remind(self, of: Entry, **words: Any) -> Entry:
        """The same people over the same channel again, reminding of an earlier touch."""
        first: Any = of.fact
        words = {"channel": first.channel, "purpose": first.purpose, "reminds": of.id, **words}
        return self.touch(first.sender, first.to, **words)

    def signal(self, touch: Entry, what: str, **words: Any) -> Entry:
        return self._make(Signal, None, {"touch": touch.id, "what": what, **words})

    def mark(self, entry: Entry, word: str, **words: Any) -> Entry:
        return self._make(Mark, None, {"entry": entry.no, "word": word, **words})

    def matter(self, key: str, state: str = "opened", **words: Any) -> Entry:
        return self._make(Matter, key, {"state": state, **words})

    def promise(self, promiser: str, promisee: str, **words: Any) -> Entry:
        return self._make(
            Promise, words.pop("id", None), {"promiser": promiser, "promisee": promisee, **words}
        )

    def settle(self, promise: Entry, word: str, **words: Any) -> Entry:
        return self._make(Settlement, None, {"promise": promise.id, "word": word, **words})

    def handoff(self, matter: str, giver: str, taker: str, **words: Any) -> Entry:
        """An offer, or with `word="accepted", answers=offer.id` the answer to one."""
        words = {"matter": matter, "giver": giver, "taker": taker, **words}
        return self._make(Handoff, words.pop("id", None), words)

    def milestone(self, key: str, **words: Any) -> Entry:
        return self._make(Milestone, key, words)

    def coverage(self, *channels: str, **words: Any) -> Entry:
        """By default of a collector "hooks" that was working."""
        words = {"collector": "hooks", "channels": channels, **words}
        return self._make(Coverage, None, words)

    def retract(self, entry: Entry, **words: Any) -> Entry:
        return self._make(Retraction, None, {"entry": entry.no, **words})

    def redact(self, entry: Entry | None = None, **words: Any) -> Entry:
        no = None if entry is None else entry.no
        return self._make(Redaction, None, {"entry": no, **words})

    def alias(self, old: str, new: str, **words: Any) -> Entry:
        return self._make(Alias, None, {"old": old, "new": new, **words})

    def judge(self, as_of: datetime, **words: Any) -> tuple[Finding, ...]:
        from contactledger.judge.judge import judge

        return judge(self.entries, as_of, **words)

    def finding(self, touch: Entry, as_of: datetime, **words: Any) -> Finding:
        """The one finding of that touch; an error if there is none or several."""
        (found,) = [f for f in self.judge(as_of, **words) if f.touch == touch.id]
        return found

    def view(self, as_of: datetime, **words: Any) -> View:
        return view(self.entries, as_of, **words)


def two_sides(policy: str = DEFAULT_POLICY) -> Log:
    """acme (vendor, Ann and Abe) and smith (customer, Bob and Sue); acme keeps the log."""
    log = Log(policy)
    log.party("acme", "vendor")
    log.party("smith", "customer")
    log.person("ann", "acme")
    log.person("abe", "acme")
    log.person("bob", "smith")
    log.person("sue", "smith")
    return log


def stripped(entries: Iterable[Entry]) -> list[Entry]:
    """The same entries with every personal field gone, as after erasure."""
    return [attrs.evolve(entry, fact=_bare(entry.fact)) for entry in entries]


def _bare(fact: Fact) -> Fact:
    gone: dict[str, Any] = {
        a.name: None for a in attrs.fields(type(fact)) if a.metadata.get("personal")
    }
    return attrs.evolve(fact, **gone)


# --- random small logs -----------------------------------------------------------------------

PEOPLE = {"ann": "acme", "abe": "acme", "bob": "smith", "sue": "smith", "pia": "prime"}
"""Everybody in a random log and their party; "prime" is a partner."""

moments = st.integers(min_value=0, max_value=24 * 30 * 4).map(
    lambda quarter: MONDAY + timedelta(minutes=15 * quarter)
)
"""Quarter hours over thirty days."""


@st.composite
def logs(draw: st.DrawFn, *, most: int = 8, policy: str = DEFAULT_POLICY) -> Log:
    """A log of three parties with up to `most` touches and what came after them.

    Every entry is recorded when it happened; every moment is in the thirty days from
    `MONDAY`. Judge it as of any moment.
    """
    steps = [
        (draw(moments), index, draw(_touches())) for index in range(draw(st.integers(1, most)))
    ]
    steps.sort(key=lambda step: step[:2])
    log = Log(policy)
    for party, role in (("acme", "vendor"), ("smith", "customer"), ("prime", "partner")):
        log.party(party, role)
    for person, party in PEOPLE.items():
        log.person(person, party)
    made: list[Entry] = []
    later: list[tuple[datetime, int, Any, Entry]] = []
    for at, index, drawn in steps:
        words = dict(drawn)
        signals = words.pop("signals")
        link, which = words.pop("link"), words.pop("which")
        if made and link != "none":
            words[link] = made[which % len(made)].id
            if link == "answers":
                words["answers"] = (words["answers"],)
        facts: dict[str, Any] = {"id": f"t{index}", "at": at, **words}
        sender, to = facts.pop("sender"), facts.pop("to")
        entry = log.touch(sender, to, recorded=at, **facts)
        made.append(entry)
        later.extend(
            (at + timedelta(hours=wait), number, signal, entry)
            for number, (wait, signal) in enumerate(signals)
        )
    later.sort(key=lambda step: step[:2])
    touches = log.entries[-len(made) :]
    del log.entries[-len(made) :]
    events: list[tuple[datetime, int, Any, Entry | None]] = [(e.at, -1, e, None) for e in touches]
    events.extend(later)
    events.sort(key=lambda step: step[:2])
    for at, _, what, touch in events:
        if touch is None:
            log.add(what.fact, what.id, at=at, recorded=at, recorder=what.recorder)
        elif what.get("mark"):
            words = {name: value for name, value in what.items() if name != "mark"}
            no = next(e.no for e in log.entries if e.id == touch.id)
            log.mark(log.entries[no], what["mark"], at=at, recorded=at, **words)
        else:
            log.signal(touch, at=at, recorded=at, **what)
    return log


_systems = st.sampled_from(
    [
        {"system": "hand", "auth": "none"},
        {"system": "own", "auth": "none"},
        {"system": "third", "auth": "signed_body"},
        {"system": "third", "auth": "basic"},
        {"system": "third", "auth": "none"},
    ]
)
_recorders = st.sampled_from(["acme", "smith"])


@st.composite
def _touches(draw: st.DrawFn) -> dict[str, Any]:
    sender = draw(st.sampled_from(sorted(PEOPLE)))
    others = [person for person, party in PEOPLE.items() if party != PEOPLE[sender]]
    return {
        "sender": sender,
        "to": draw(st.lists(st.sampled_from(others), min_size=1, max_size=2, unique=True)),
        "channel": draw(st.sampled_from(sorted(Channel))),
        "purpose": draw(st.sampled_from(sorted(Purpose))),
        "tracked": draw(st.booleans()),
        "broadcast": draw(st.sampled_from([False, False, False, True])),
        "recorder": draw(_recorders),
        "link": draw(st.sampled_from(["none", "none", "answers", "reminds"])),
        "which": draw(st.integers(0, 7)),
        "signals": draw(st.lists(_after(), max_size=3)),
        **draw(_systems),
    }


@st.composite
def _after(draw: st.DrawFn) -> tuple[int, dict[str, Any]]:
    wait = draw(st.integers(0, 24 * 9))
    if draw(st.integers(0, 5)) == 0:
        words = ["acknowledged", "disputed", "no_answer_needed", "not_an_answer"]
        return wait, {"mark": draw(st.sampled_from(words)), "recorder": draw(_recorders)}
    signal = {
        "what": draw(st.sampled_from(sorted(SignalKind))),
        "by": draw(st.sampled_from(sorted(By))),
        "person": draw(st.sampled_from([None, "ann", "bob", "sue"])),
        "permanent": draw(st.sampled_from([None, True, False])),
        "recorder": draw(_recorders),
        **draw(_systems),
    }
    return wait, signal
