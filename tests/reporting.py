"""Story 1 of DESIGN as a hand-built standing, so that reports are tested without a judge.

ACME (vendor) wrote twice a month and phoned about every outage; Smith Motors (customer) had
asked for the phone, ignored most, answered some; machines opened mail; one ticket of the
customer's was never answered; a promise was missed; the webhook was blind for two days.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs

from contactledger import facts as f
from contactledger.findings import (
    Basis,
    Case,
    Column,
    Evidence,
    Finding,
    Gap,
    Grade,
    HandoffFinding,
    Hold,
    Onus,
    Outcome,
    PersonRow,
    PromiseFinding,
    PromiseState,
    Reach,
    Rung,
    Standing,
    Violation,
)
from contactledger.report.rows import Scope, Wording
from contactledger.vocabulary import (
    Auth,
    By,
    Channel,
    Expects,
    HandoffWord,
    MatterState,
    Purpose,
    Role,
    SignalKind,
    System,
    Urgency,
    Word,
)

ACCOUNT = "q7smithmotorsaccountaaaaaa"
POLICY = "rules = 1\n"
DIGEST = hashlib.sha256(POLICY.encode()).hexdigest()
AS_OF = datetime(2026, 4, 28, 15, 0, tzinfo=UTC)
SINCE = datetime(2026, 1, 1, 6, 0, tzinfo=UTC)
UNTIL = datetime(2026, 5, 1, 5, 0, tzinfo=UTC)

WORDING = Wording(
    rules={
        "J5": "A recorded touch with nothing more is sent, on its recorder's word.",
        "J6": "Evidence of arrival outranks a failure, in whatever order the two came in.",
        "J7": "A failure counts as final where the provider calls it permanent.",
        "J10": "A call answered by a person is answered; one taken by a machine is a voicemail and only delivered.",
        "J11": "An open by a person is seen; an open by a machine, or by nobody knows whom, is only delivered.",
        "J15": "A meeting is judged at its end; one attendee per invited party is enough.",
        "J19": "Each touch that an answer names is settled against its own due time.",
        "J20": "A reminder joins the touch it reminds of: one silence counts once.",
        "J22": "An act that may be the answer is never guessed to be it; the silence is then held against nobody.",
        "J25": "What is wanted back follows from channel and purpose.",
        "J26": "The time to answer starts at the touch and runs in the receiver's business time.",
        "J29": "In time means on or before the due time.",
        "J32": "Silence counts only while the collector of that channel was listening.",
        "J33": "Confirmed is said by the party whom it burdens, likely by a third party's system, claimed on one's own word.",
        "J35": "The grade of ignored is the weaker of delivery and listening.",
        "J40": "An ignored touch is held against nobody if the touch itself did not keep the policy.",
        "J41": "Caps count the touches to a person over all channels in a rolling period.",
        "J44": "A touch is judged by the policy in force when it was made.",
        "J49": "A promise past its due time is overdue until somebody settles it.",
        "J50": "A matter passed on stays with the giver until the taker accepts.",
        "J51": "A rung of the ladder is climbed by a touch that kept the policy and whose wait has run.",
        "J52": "Who must act next is named by the first rule that fits, per matter.",
        "O1": "A promise is past due: its promiser must act.",
        "O2": "An answer is overdue and the ladder is not finished: whoever asked climbs the next rung.",
        "O3": "An answer is overdue and the ladder is finished: whoever was asked must act.",
        "O8": "An answer is due later: it is the turn of whoever was asked, until then.",
        "O9": "Nothing calls for an act: it is nobody's turn.",
    },
    violations={
        "over_cap": "more touches to this person than the policy allows",
        "quiet_hours": "made outside the agreed hours",
    },
    caveats={
        "open": "an open is useful in aggregate and says little about one person",
        "machine_open": "a proxy fetched the pictures; nobody need have looked",
        "late_answer_may_be_missing": "the collector was blind after the due time",
    },
    notes={
        "zone_assumed": "The receiver's time zone is not known; UTC was assumed.",
        "possible_answer": "A later act of the receiver may be the answer.",
        "machine_open_hides": "A machine opened it, so that a person's look cannot be told.",
        "collector_blind": "The collector was blind while the answer was awaited.",
        "coverage_assumed": "Nobody recorded whether the collector was listening; it is assumed.",
    },
)
SENTENCES = (
    "Business hours are 9:00 to 17:00, Monday to Friday, in the receiver's time zone.",
    "A call, chat or ticket wants an answer within 1 business day of the receiver.",
    "An e-mail or letter that asks something wants a reply within 3 business days.",
    "An outage wants a response within 4 business hours.",
    "A notice wants to be seen within 7 business days.",
    "No calls, text messages, chats or visits outside 8:00 to 20:00 local time.",
    "At most 8 touches per person in 30 days; outages are not counted.",
)
SCOPE = Scope(
    account="Smith Motors",
    since=SINCE,
    until=UNTIL,
    zone="America/Chicago",
    checked="Every entry was hashed again and the log's root agrees with checkpoint 17.",
    policies={DIGEST: SENTENCES},
)


def ident(key: str) -> str:
    """A stable id of 26 characters for a key."""
    return base64.b32encode(hashlib.sha256(key.encode()).digest()).decode().lower()[:26]


def at(month: int, day: int, hour: int = 15, minute: int = 0) -> datetime:
    """A moment of 2026, in UTC."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


BASIS = Basis(1, DIGEST, False, (ident("acme"),))
ZONES = {"acme": "America/New_York", "smith": "America/Chicago", "lotdata": "Europe/Berlin"}


class Story:
    """Entries and findings put down side by side."""

    def __init__(self) -> None:
        self.entries: list[f.Entry] = []
        self.findings: list[Finding] = []
        self.house: dict[str, str] = {}
        self.promises: tuple[PromiseFinding, ...] = ()
        self.marks: dict[str, int] = {}

    def put(
        self,
        key: str,
        fact: f.Fact,
        when: datetime,
        recorder: str = "acme",
        gone: frozenset[tuple[str, str]] = frozenset(),
    ) -> int:
        """An entry; gives its number."""
        kind = next(k for k, cls in f.FACTS.items() if cls is type(fact))
        no = len(self.entries)
        entry = f.Entry(ACCOUNT, no, ident(key), kind, when, when, ident(recorder), fact, gone=gone)
        self.entries.append(entry)
        return no

    def person(self, key: str, party: str, name: str, title: str = "") -> None:
        self.house[key] = party
        self.put(key, f.Person(key, ident(party), name, title), at(1, 2), party)

    def touch(
        self,
        key: str,
        sender: str,
        to: str,
        when: datetime,
        about: str,
        *signals: tuple[Any, ...],
        channel: Channel = Channel.EMAIL,
        purpose: Purpose = Purpose.NOTICE,
        expects: Expects = Expects.SEEN,
        reach: Reach = Reach.DELIVERED,
        grade: Grade = Grade.LIKELY,
        outcome: Outcome = Outcome.IGNORED,
        answers: tuple[str, ...] = (),
        reminds: str | None = None,
        matter: str = "sync",
        topics: tuple[str, ...] = (),
        rules: tuple[str, ...] = (),
        **more: Any,
    ) -> Finding:
        """A touch with its signals `(kind, hours later, by, lifts, grade, caveats)`."""
        side = self.house[sender]
        other = self.house.get(to, to)
        fact = f.Touch(
            ident(sender), (ident(to),), channel, purpose, key,
            about=about, matter=ident(matter), topics=topics,
            answers=tuple(ident(a) for a in answers), reminds=reminds and ident(reminds),
            tracked=channel is Channel.EMAIL,
        )  # fmt: skip
        no = self.put(key, fact, when, side)
        lines = [
            Evidence(no, "touch", when, when, By.UNKNOWN, None, Reach.SENT, Grade.CLAIMED, ("J5",))
        ]
        settled: datetime | None = None
        for kind, hours, by, lifts, vouched, *caveats in signals:
            then = when + timedelta(hours=hours)
            mail = channel is Channel.EMAIL
            signal = f.Signal(
                ident(key), kind, ident(to), by,
                system=System.THIRD if mail else System.OWN,
                auth=Auth.SIGNED_BODY if mail else Auth.NONE,
                source="sendgrid" if mail else "pbx", permanent=kind is SignalKind.BOUNCED,
            )  # fmt: skip
            number = self.put(f"{key}-{kind}-{hours}", signal, then, side)
            person = ident(to) if to in self.house else None
            lines.append(
                Evidence(number, kind, then, then, by, person, lifts, vouched, ("J11",), tuple(caveats))
            )  # fmt: skip
            settled = then if outcome in (Outcome.SEEN, Outcome.ANSWERED) else None
        because = tuple(line.no for line in lines)
        values: dict[str, Any] = {
            "outcome_grade": grade,
            "starts": when,
            "due": None,
            "late": False,
            "late_by": None,
            "settled_at": settled,
            "held_against": None,
            "violations": (),
            "rows": (PersonRow(ident(to), reach, grade, because[-1:]),) if to in self.house else (),
            "better": None,
            "possible": (),
            "original": reminds and ident(reminds),
            "reminders": (),
            "answered_by": (),
            "contested": (),
            "notes": (),
            **more,
        }
        finding = Finding(
            no, ident(key), ident(other), ident(side), ident(sender), when, channel, purpose,
            Urgency.NORMAL, topics, ident(matter), expects, reach, grade, outcome,
            evidence=tuple(lines), basis=BASIS, zone=ZONES[other],
            rules=("J25", "J26", *rules, "J33", "J44"), because=because, **values,
        )  # fmt: skip
        self.findings.append(finding)
        return finding

    def change(self, touch: str, **more: Any) -> None:
        """Puts right a finding once what came later is known."""
        for i, finding in enumerate(self.findings):
            if finding.touch == ident(touch):
                self.findings[i] = attrs.evolve(finding, **more)


K, R, G, O = SignalKind, Reach, Grade, Outcome  # noqa: E741
LIKELY, CLAIMED, CONFIRMED = Grade.LIKELY, Grade.CLAIMED, Grade.CONFIRMED
DELIVERED = (K.DELIVERED, 0.02, By.MACHINE, R.DELIVERED, LIKELY)
VOICEMAIL = (K.VOICEMAIL, 0.02, By.MACHINE, R.DELIVERED, CLAIMED)
CALL: dict[str, Any] = {
    "channel": Channel.PHONE,
    "purpose": Purpose.OUTAGE,
    "expects": Expects.RESPONSE,
    "matter": "outages",
    "grade": CLAIMED,
}


def story() -> Story:
    """The whole of it, in the order in which it was written."""
    s = Story()
    s.house = {"acme": "acme", "smith": "smith", "lotdata": "lotdata"}
    smith, acme = ident("smith"), ident("acme")
    s.put("opened", f.Opened("Smith Motors"), at(1, 2))
    s.put("policy", f.PolicyAdopted(POLICY, DIGEST, 1, acme), at(1, 2))
    s.put("acme", f.Party("acme", "ACME Dealer Systems", Role.VENDOR, ZONES["acme"]), at(1, 2))
    s.put("smith", f.Party("smith", "Smith Motors", Role.CUSTOMER, ZONES["smith"]), at(1, 2))
    s.put("lotdata", f.Party("lotdata", "Lot Data GmbH", Role.PARTNER, ZONES["lotdata"]), at(1, 2))
    s.person("ann", "acme", "Ann Lee", "Account manager")
    s.person("raj", "acme", "Raj Patel", "Support")
    s.person("bob", "smith", "Bob Ray", "General manager")
    s.person("dana", "smith", "Dana Ortiz", "Parts")
    s.put("pref", f.Preference(ident("bob"), preferred=Channel.PHONE), at(1, 2), "smith")
    for key, title, stake in (
        ("sync", "Inventory sync does not match the lot", f.Money(189500, "USD")),
        ("outages", "Outages of the winter", None),
        ("features", "News of the product", None),
    ):
        s.put(key, f.Matter(key, MatterState.OPENED, acme, title, stake), at(1, 5))
    news: dict[str, Any] = {"matter": "features", "topics": ("features",)}

    s.touch(
        "m1", "ann", "bob", at(1, 6), "What is new in January", DELIVERED,
        (K.OPENED, 0.03, By.MACHINE, R.DELIVERED, LIKELY, "machine_open"),
        outcome=O.UNPROVEN, due=at(1, 15), notes=("machine_open_hides",), rules=("J11",), **news,
    )  # fmt: skip
    s.touch(
        "c1", "raj", "bob", at(1, 14, 16), "Outage of the parts catalogue",
        (K.ANSWERED, 0.01, By.HUMAN, R.ANSWERED, CLAIMED),
        reach=R.ANSWERED, outcome=O.ANSWERED, due=at(1, 14, 20), rules=("J10",), **CALL,
    )  # fmt: skip
    s.touch(
        "m2", "ann", "bob", at(1, 20), "Faster search, and how to switch it on", DELIVERED,
        (K.OPENED, 5.5, By.HUMAN, R.SEEN, LIKELY, "open"),
        reach=R.SEEN, outcome=O.SEEN, due=at(1, 29), rules=("J11",), **news,
    )  # fmt: skip
    question = s.touch(
        "q1", "ann", "bob", at(1, 27), "How is the inventory sync working for you?", DELIVERED,
        purpose=Purpose.QUESTION, expects=Expects.REPLY, reach=R.ANSWERED, grade=CONFIRMED,
        outcome=O.ANSWERED, due=at(1, 30),
    )  # fmt: skip
    answer = s.touch(
        "a1", "bob", "ann", at(1, 29, 17, 40), "Re: How is the inventory sync working for you?",
        expects=Expects.NOTHING, outcome=O.NOTED, answers=("q1",), purpose=Purpose.QUESTION,
    )  # fmt: skip
    s.change(
        "q1", answered_by=(answer.no,), settled_at=answer.at,
        evidence=(*question.evidence, Evidence(answer.no, "answer", answer.at, answer.at, By.HUMAN, ident("bob"), R.ANSWERED, CONFIRMED, ("J19",))),
        because=(*question.because, answer.no),
    )  # fmt: skip
    export = s.put(
        "export",
        f.Promise("export", smith, acme, at(2, 20, 23), "Send a full export of the lot", "so that the sync can be compared", ident("sync")),
        at(1, 29, 18), "smith",
    )  # fmt: skip
    s.touch(
        "m3", "ann", "bob", at(2, 3), "What is new in February", DELIVERED,
        due=at(2, 12), held_against=smith, rules=("J32", "J35", "J40"), **news,
    )  # fmt: skip
    s.touch(
        "c2", "raj", "bob", at(2, 11, 15, 5), "Outage of the finance desk", VOICEMAIL,
        due=at(2, 11, 19, 5), notes=("possible_answer",), rules=("J10", "J22"), **CALL,
    )  # fmt: skip
    back = s.touch(
        "c2b", "bob", "raj", at(2, 11, 17, 30), "Call back",
        (K.ANSWERED, 0.01, By.HUMAN, R.ANSWERED, CONFIRMED),
        reach=R.ANSWERED, outcome=O.ANSWERED, due=at(2, 12, 17), rules=("J10",),
        **{**CALL, "purpose": Purpose.QUESTION, "grade": CONFIRMED},
    )  # fmt: skip
    s.change("c2", possible=(back.no,))
    s.touch(
        "m4", "ann", "bob", at(2, 17), "Five things dealers ask us", DELIVERED,
        due=at(2, 26), held_against=smith, rules=("J32", "J35", "J40"), **news,
    )  # fmt: skip
    kept = s.put("kept", f.Settlement(ident("export"), Word.KEPT, acme), at(2, 19, 20))
    ticket = s.touch(
        "t1", "dana", "acme", at(2, 24, 16, 20), "Sync drops used cars with a trade-in flag",
        (K.DELIVERED, 0.01, By.MACHINE, R.DELIVERED, CONFIRMED),
        channel=Channel.TICKET, purpose=Purpose.QUESTION, expects=Expects.REPLY, grade=CONFIRMED,
        due=at(2, 25, 16, 20), held_against=acme, rules=("J32", "J35", "J40"),
    )  # fmt: skip
    fix = s.put(
        "fix",
        f.Promise("fix", acme, smith, at(3, 31, 21), "Trade-in flag handled in the sync", "so that used cars show up the same day", ident("sync")),
        at(2, 27, 15),
    )  # fmt: skip
    s.touch(
        "m5", "ann", "bob", at(3, 3), "What is new in March", DELIVERED,
        outcome=O.UNPROVEN, due=at(3, 12), notes=("collector_blind",), rules=("J32",), **news,
    )  # fmt: skip
    blind = s.put(
        "blind",
        f.Coverage("sendgrid-webhook", (Channel.EMAIL,), "blind", at(3, 3, 16), at(3, 5, 14)),
        at(3, 5, 14),
    )
    reminder = s.touch(
        "t1r", "dana", "acme", at(3, 10, 15), "Any news on the trade-in flag?",
        (K.DELIVERED, 0.01, By.MACHINE, R.DELIVERED, CONFIRMED), reminds="t1",
        channel=Channel.TICKET, purpose=Purpose.QUESTION, expects=Expects.REPLY, grade=CONFIRMED,
        due=at(2, 25, 16, 20), rules=("J20",),
    )  # fmt: skip
    s.change("t1", reminders=(reminder.no,), because=(*ticket.because, reminder.no))
    s.touch(
        "c3", "raj", "bob", at(3, 12, 14, 50), "Outage of the parts catalogue",
        (K.BUSY, 0.01, By.MACHINE, R.FAILED, CLAIMED),
        reach=R.FAILED, outcome=O.UNREACHED, due=at(3, 12, 18, 50), rules=("J7",), **CALL,
    )  # fmt: skip
    s.touch(
        "c3b", "raj", "bob", at(3, 12, 15, 25), "Outage of the parts catalogue",
        (K.ANSWERED, 0.01, By.HUMAN, R.ANSWERED, CLAIMED),
        reach=R.ANSWERED, outcome=O.ANSWERED, due=at(3, 12, 19, 25), rules=("J10",), **CALL,
    )  # fmt: skip
    handoff = s.put(
        "handoff",
        f.Handoff(ident("sync"), acme, ident("lotdata"), HandoffWord.OFFERED, reason="their feed"),
        at(3, 16, 15),
    )
    s.touch(
        "m6", "ann", "bob", at(3, 17), "Spring release: what changes for you",
        (K.BOUNCED, 0.1, By.MACHINE, R.FAILED, LIKELY),
        reach=R.FAILED, outcome=O.UNREACHED, due=at(3, 26), rules=("J7",), **news,
    )  # fmt: skip
    late = s.touch(
        "q2", "ann", "bob", at(3, 24), "Who should get the release notes at your house?", DELIVERED,
        purpose=Purpose.QUESTION, expects=Expects.REPLY, reach=R.ANSWERED, grade=CONFIRMED,
        outcome=O.ANSWERED, due=at(3, 27), late=True, late_by=timedelta(days=4, hours=2),
        matter="features",
    )  # fmt: skip
    answer2 = s.touch(
        "a2", "bob", "ann", at(3, 31, 17), "Re: Who should get the release notes at your house?",
        expects=Expects.NOTHING, outcome=O.NOTED, answers=("q2",), matter="features",
    )  # fmt: skip
    s.change(
        "q2", answered_by=(answer2.no,), settled_at=answer2.at, because=(*late.because, answer2.no)
    )
    missed = s.put("missed", f.Settlement(ident("fix"), Word.MISSED, smith), at(4, 1, 15), "smith")
    s.touch(
        "c4", "raj", "bob", at(4, 3, 1, 30), "Outage of the parts catalogue", VOICEMAIL,
        due=at(4, 3, 18), rules=("J10", "J40"),
        violations=(Violation("quiet_hours", ("J40",)),), **CALL,
    )  # fmt: skip
    s.touch(
        "m7", "ann", "bob", at(4, 7), "What is new in April", DELIVERED,
        due=at(4, 16), rules=("J32", "J35", "J40", "J41"),
        violations=(Violation("over_cap", ("J40", "J41"), (27, 30, 33), ident("bob"), 8, 9),), **news,
    )  # fmt: skip
    s.touch(
        "v1", "ann", "smith", at(4, 9, 15), "Training: trade-ins and the new search",
        (K.ATTENDED, 1, By.HUMAN, R.ANSWERED, CONFIRMED), channel=Channel.MEETING,
        purpose=Purpose.TRAINING, expects=Expects.RESPONSE, reach=R.ANSWERED, grade=CONFIRMED,
        outcome=O.ANSWERED, due=at(4, 9, 16), rules=("J15",), matter="features",
    )  # fmt: skip
    s.touch(
        "c5", "raj", "bob", at(4, 15, 14, 10), "Outage of the finance desk", VOICEMAIL,
        due=at(4, 15, 18, 10), held_against=smith, rules=("J10", "J40"), better=(R.SENT, LIKELY),
        **CALL,
    )  # fmt: skip
    s.touch(
        "m8", "ann", "bob", at(4, 21), "Before you renew: what you have and do not use", DELIVERED,
        outcome=O.PENDING, due=at(4, 30), **news,
    )  # fmt: skip
    s.promises = (
        PromiseFinding(
            export, ident("export"), smith, acme, ident("sync"), at(1, 29, 18), at(2, 20, 23),
            PromiseState.KEPT, CONFIRMED, at(2, 19, 20), None, ((acme, "kept", kept),),
            ("J49",), (export, kept),
        ),
        PromiseFinding(
            fix, ident("fix"), acme, smith, ident("sync"), at(2, 27, 15), at(3, 31, 21),
            PromiseState.MISSED, CLAIMED, at(4, 1, 15), acme, ((smith, "missed", missed),),
            ("J49",), (fix, missed),
        ),
    )  # fmt: skip
    s.marks = {"blind": blind, "handoff": handoff, "fix": fix, "ticket": ticket.no}
    return s


def columns(findings: tuple[Finding, ...], parties: dict[str, Role]) -> tuple[Column, ...]:
    """Every party counted in the same way (a plain copy of what the judge gives)."""
    out = []
    for key, role in parties.items():
        party = ident(key)
        sent = [x for x in findings if x.sender == party]
        got = [x for x in findings if x.party == party and x.original is None]

        def count(rows: list[Finding], outcome: Outcome) -> int:
            return sum(x.outcome is outcome and x.original is None for x in rows)

        waits = sorted(x.settled_at - x.at for x in got if x.settled_at and x.answered_by)
        out.append(
            Column(
                party, role, len(sent), count(sent, O.ANSWERED), count(sent, O.SEEN),
                count(sent, O.UNREACHED), count(sent, O.IGNORED), count(sent, O.UNPROVEN),
                count(sent, O.PENDING), count(sent, O.NOTED), sum(x.party == party for x in findings), count(got, O.ANSWERED),
                sum(x.outcome is O.ANSWERED and x.late for x in got), count(got, O.SEEN),
                sum(x.outcome is O.SEEN and x.late for x in got), count(got, O.IGNORED),
                sum(x.held_against == party for x in findings), sum(len(x.violations) for x in sent),
                int(key == "smith"), int(key == "acme"), 0, 0,
                waits[len(waits) // 2] if waits else None, waits[-1] if waits else None,
                max((x.at for x in sent), default=None), None,
                next((x.no for x in got if x.outcome is O.IGNORED), None),
                sum(x.original is not None for x in sent), 0,
            )
        )  # fmt: skip
    return tuple(out)


def standing() -> tuple[Standing, Story]:
    """The standing of the story as of 28 April 2026, and the entries it rests on."""
    s = story()
    acme, smith, lotdata = ident("acme"), ident("smith"), ident("lotdata")
    marks = s.marks
    turn = Onus(acme, "O1", at(3, 31, 21), (marks["fix"], marks["ticket"]))

    def touches(matter: str) -> tuple[int, ...]:
        return tuple(x.no for x in s.findings if x.matter == ident(matter))

    def case(matter: str, onus: Onus, holder: str | None, **more: Any) -> Case:
        values: dict[str, Any] = {
            "stake": None, "worth": None, "promises": (), "handoffs": (), "holds": (),
            "days_held": (), "circles": 0, "rungs": (), **more,
        }  # fmt: skip
        return Case(
            ident(matter), True, MatterState.OPENED, at(1, 5), None, acme, (acme, smith),
            touches=touches(matter), holder=holder, holder_since=onus.since, onus=onus,
            rules=("J50", "J51", "J52"), because=touches(matter)[:3], **values,
        )  # fmt: skip

    cases = (
        case(
            "sync", turn, acme,
            stake=f.Money(189500, "USD"), worth=f.Money(200000000, "USD"),
            promises=tuple(p.no for p in s.promises),
            handoffs=(
                HandoffFinding(
                    marks["handoff"], acme, lotdata, at(3, 16, 15), at(3, 18, 15),
                    "never_taken_up", None, False, ("J50",),
                ),
            ),
            holds=(
                Hold(smith, at(1, 27), at(2, 19, 20), (marks["ticket"],)),
                Hold(acme, at(2, 24, 16, 20), None, (marks["ticket"],)),
            ),
            days_held=((smith, 23.2), (acme, 62.9)),
        ),
        case(
            "outages", Onus(acme, "O2", at(4, 15, 18, 10), touches("outages")[-1:], next_rung="second_person"),
            smith,
            rungs=(
                Rung("second_channel", at(4, 20, 14, 10), touches("features")[-1], question=touches("outages")[-1], tried_by=touches("features")[-1]),
                Rung("second_person", at(4, 22, 14, 10), None, question=touches("outages")[-1]),
            ),
        ),
        case("features", Onus(smith, "O8", at(4, 21), touches("features")[-1:], until=at(4, 30)), smith),
    )  # fmt: skip
    parties = {"acme": Role.VENDOR, "smith": Role.CUSTOMER, "lotdata": Role.PARTNER}
    findings = tuple(s.findings)
    return (
        Standing(
            ACCOUNT, AS_OF, columns(findings, parties), findings,
            s.promises,
            cases,
            (
                Gap("sendgrid-webhook", (Channel.EMAIL,), at(3, 3, 16), at(3, 5, 14), "blind", (marks["blind"],)),
                Gap("pbx", (Channel.PHONE,), at(1, 2), None, "assumed", ()),
            ),
            turn, ident("sync"),
        ),
        s,
    )  # fmt: skip


def many(count: int) -> tuple[Standing, list[f.Entry]]:
    """A standing of `count` touches, the story's findings over and over."""
    one, s = standing()
    found = [
        attrs.evolve(
            one.findings[i % len(one.findings)], no=100 + i,
            at=SINCE + (AS_OF - SINCE) * i / max(count, 1),
        )
        for i in range(count)
    ]  # fmt: skip
    return attrs.evolve(one, findings=tuple(found)), s.entries
