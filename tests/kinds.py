"""The rows of every kind of report over the story of tests/reporting.py."""

from __future__ import annotations

from typing import Any

import attrs

from contactledger.asking import answers_of
from contactledger.checking import HASHED
from contactledger.findings import Standing
from contactledger.judge.next_steps import next_steps
from contactledger.judge.policy import DEFAULT_POLICY, parse_policy, rule_sentences
from contactledger.judge.questions import judged_already
from contactledger.judge.relationship import relationship
from contactledger.judge.told import told
from contactledger.questions import About
from contactledger.reconciling import Side, reconcile
from contactledger.report.answers import answer_rows
from contactledger.report.kind_health import account_rows as health_rows
from contactledger.report.kind_health import gap_rows
from contactledger.report.kind_health import rows as health
from contactledger.report.kind_notice import account_rows as notice_rows
from contactledger.report.kind_notice import rows as notice
from contactledger.report.kinds import KINDS
from contactledger.report.names import Names, names
from contactledger.report.outlook import outlook_rows, owed_rows
from contactledger.report.reconciliation import reconciliation_rows
from contactledger.report.rows import rows
from contactledger.report.words import Words
from contactledger.reporting import AHEAD
from contactledger.reporting import WORDING as OF_JUDGE
from tests.reporting import AS_OF, SCOPE, WORDING, ident, standing

Row = dict[str, Any]
INSTALL = {
    "no": 4, "id": "ins", "kind": "install", "name": "First install",
    "at": "2026-01-05T15:00:00Z", "at_local": "2026-01-05T09:00:00-06:00",
}  # fmt: skip
PROOF = {
    "sealed_at": "2026-04-28T14:00:00Z", "sealed_at_local": "2026-04-28T09:00:00-05:00",
    "leaf": "ab" * 32, "hashes": ["cd" * 32], "note": ["acme.example/log", "17", "c2lnbmVk"],
}  # fmt: skip
WAITING = {"sendgrid": {"unknown": 2, "failed": 1}, "mail": {"odd": 1}}


ENGLISH = Words()


def proof_rows(
    found: Standing | None = None, called: Names | None = None, words: Words = ENGLISH
) -> Row:
    """The rows of the proof of contact, by default of the whole story."""
    whole, story = standing()
    scope = attrs.evolve(SCOPE, entries=len(story.entries))
    wording = WORDING
    if words.lang != "en":
        sentences = rule_sentences(parse_policy(DEFAULT_POLICY), words)
        scope = attrs.evolve(
            scope,
            checked=words(HASHED, n=63, root="0123456789abcdef"),
            policies=dict.fromkeys(scope.policies, sentences),
        )
        wording = attrs.evolve(OF_JUDGE, words=words)
    return rows(found or whole, called or names(story.entries, words), wording, scope)


def asked_rows(called: Names | None = None, words: Words = ENGLISH) -> Row:
    """What the rows of a proof of contact have beside, where it is made of a ledger."""
    found, story = standing()
    called = called or names(story.entries, words)
    seen = relationship(story.entries, AS_OF)
    wording = attrs.evolve(AHEAD, words=words)
    answers = answers_of(judged_already(found, story.entries))
    return {
        "answers": answer_rows(answers, called, SCOPE, words),
        "owed": owed_rows(seen.cadences, seen.plans, called, wording, SCOPE),
    }


def outlook(called: Names | None = None, words: Words = ENGLISH, *, empty: bool = False) -> Row:
    """The rows of the outlook of the vendor."""
    _, story = standing()
    party, entries = ident("acme"), story.entries
    found = relationship(entries, AS_OF)
    steps = () if empty else next_steps(entries, AS_OF, party=party)
    if empty:
        found = attrs.evolve(found, plans=(), cadences=(), remarks=())
    wording = attrs.evolve(AHEAD, words=words)
    return outlook_rows(party, steps, found, called or names(entries, words), wording, SCOPE)


def reconciliation(words: Words = ENGLISH, *, touches: int = 99) -> Row:
    """The rows of two records of the story: theirs lacks a touch and an answer, and dates one
    touch otherwise."""
    _, story = standing()
    first = [e for e in story.entries if e.kind != "touch"][:13]
    ours = [*first, *[e for e in story.entries if e not in first][: touches * 3]]
    lost = {ident("m2"), ident("a2")}
    theirs = [
        attrs.evolve(e, at=e.at.replace(hour=22)) if e.id == ident("c1") else e
        for e in ours
        if e.id not in lost
    ]
    sides = Side(ours, (), AS_OF), Side(theirs, (), AS_OF)
    return reconciliation_rows(reconcile(*sides).found, ours, theirs, words)


def kind_rows(kind: str, of: Row, **extra: Any) -> Row:
    """The rows of a kind of one account."""
    made = KINDS[kind].rows
    assert made is not None
    if kind == "touch-certificate" and "about" not in extra:
        extra["about"] = of["findings"][0]["no"]
    if kind == "both-sides":
        found, story = standing()
        extra["answers"] = answers_of(judged_already(found, story.entries))
    return made(of, {"milestones": [INSTALL], "proof": PROOF, **extra})


def survey_rows(kind: str, found: Standing, called: Names, proof: Row, entries: Any) -> Row:
    """The rows of a kind over a ledger with this one account."""
    at = (proof["as_of"], proof["as_of_local"], proof["zone"])
    if kind == "notice-coverage":
        judged = judged_already(found, entries)
        answer = told(judged, About("topic", "features"), by=judged.keeper)
        return notice([notice_rows(proof["account"], [answer], called)], "features", *at)
    account = health_rows(found, proof["account"]["name"], len(entries))
    return health([account], gap_rows(found, proof["zone"]), WAITING, 3, *at)


def story_rows(kind: str, lang: str | Words = "en") -> Row:
    """The rows of a kind over the whole story, in a language."""
    words = Words.of(lang) if isinstance(lang, str) else lang
    found, story = standing()
    called = names(story.entries, words)
    proof = proof_rows(words=words)
    if kind == "proof-of-contact":
        return proof | asked_rows(words=words)
    if kind == "outlook":
        return outlook(words=words)
    if kind == "reconciliation":
        return reconciliation(words)
    if KINDS[kind].rows:
        return kind_rows(kind, proof)
    return survey_rows(kind, found, called, proof, story.entries)
