"""The rows of every kind of report over the story of tests/reporting.py."""

from __future__ import annotations

from typing import Any

import attrs

from contactledger.asking import answers_of
from contactledger.findings import Standing
from contactledger.judge.questions import judged_already
from contactledger.judge.told import told
from contactledger.questions import About
from contactledger.report.kind_health import account_rows as health_rows
from contactledger.report.kind_health import gap_rows
from contactledger.report.kind_health import rows as health
from contactledger.report.kind_notice import account_rows as notice_rows
from contactledger.report.kind_notice import rows as notice
from contactledger.report.kinds import KINDS
from contactledger.report.names import Names, names
from contactledger.report.rows import rows
from tests.reporting import SCOPE, WORDING, standing

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


def proof_rows(found: Standing | None = None, called: Names | None = None) -> Row:
    """The rows of the proof of contact, by default of the whole story."""
    whole, story = standing()
    scope = attrs.evolve(SCOPE, entries=len(story.entries))
    return rows(found or whole, called or names(story.entries), WORDING, scope)


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


def story_rows(kind: str) -> Row:
    """The rows of a kind over the whole story."""
    found, story = standing()
    proof = proof_rows()
    if KINDS[kind].rows:
        return kind_rows(kind, proof)
    return survey_rows(kind, found, names(story.entries), proof, story.entries)
