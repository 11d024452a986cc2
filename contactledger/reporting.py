"""From entries to a report: judged, named, worded, and laid out in rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from attrs import evolve

from contactledger.advice import CadenceFinding, NextStep, PlanFinding, Relationship
from contactledger.advising import current
from contactledger.asking import answers_of
from contactledger.errors import BadInput
from contactledger.facts import Entry, Matter, Party, PolicyAdopted
from contactledger.files import Report
from contactledger.findings import Standing
from contactledger.judge.cadence import owed
from contactledger.judge.judge import judge_view
from contactledger.judge.policy import parse_policy, policy_digest, rule_sentences
from contactledger.judge.questions import judged, judged_already
from contactledger.judge.rules import CAVEATS, NOTES, RULES, VIOLATIONS
from contactledger.judge.rules_next import NEXT_RULES
from contactledger.judge.view import view
from contactledger.reading import Checked, Loaded
from contactledger.report.answers import Answers, answer_rows
from contactledger.report.kind_first_days import milestone_rows
from contactledger.report.kinds import KINDS, OF_LEDGER, OFFERED
from contactledger.report.names import Names, names
from contactledger.report.outlook import outlook_rows, owed_rows
from contactledger.report.render import render, words_of
from contactledger.report.rows import rows
from contactledger.report.wording import Scope, Wording
from contactledger.report.words import Words

if TYPE_CHECKING:
    from contactledger.printing import Attachment

WORDING = Wording(RULES, VIOLATIONS, CAVEATS, NOTES)
AHEAD = Wording({**NEXT_RULES, **RULES}, VIOLATIONS, CAVEATS, NOTES)
"""The words of what is to be done next; those of the judgement stand behind their own."""


def report(  # noqa: PLR0913 - what the judge gave, and everything a user may ask of a report
    kind: str,
    standing: Standing,
    loaded: Loaded,
    *,
    account: str = "",
    period: tuple[datetime | None, datetime | None] = (None, None),
    what_if: str | None = None,
    templates: Mapping[str, str] | None = None,
    attached: Attachment | None = None,
    about: str | int | None = None,
    lang: str = "en",
    proof: Callable[[int], Mapping[str, Any] | None] | None = None,
) -> Report:
    """The report of a standing. `loaded`: all that it was judged from, for the names.

    `about`: the touch or the matter that a kind is about, BadInput for a kind that is about none.
    `proof`: number of an entry → rows of how it stands under a signed checkpoint, where it does.
    """
    if about is not None and kind in OFFERED and not OFFERED[kind].about:
        raise BadInput("a report of this kind is of the whole account", field="about")
    words = words_of(lang, templates)
    data, called = proof_rows(
        standing, loaded, account=account, period=period, what_if=what_if, words=words
    )
    made = KINDS.get(kind)
    if made is not None and made.rows is not None:
        extra: dict[str, Any] = {"about": about}
        if kind == "case-dossier":
            extra["about"] = _matter(loaded.entries, about, standing.as_of)
        extra["milestones"] = milestone_rows(loaded.entries, called, data["zone"])
        if kind == "both-sides":
            extra["answers"] = _answers(standing, loaded, period, what_if)
        whole = made.rows(data, extra)
        if kind == "touch-certificate" and proof is not None:
            whole["proof"] = proof(whole["no"])
        data = whole
    elif kind in OF_LEDGER:
        raise BadInput("is over all accounts: ask Ledger.survey for it", field="kind")
    elif kind == "reconciliation":
        raise BadInput("is of two records: ask reconcile for it", field="kind")
    else:
        answers, scope = _answers(standing, loaded, period, what_if), Scope(zone=data["zone"])
        data["answers"] = answer_rows(answers, called, scope, words)
    return Report(render(kind, data, templates, lang), attached)


def _matter(entries: Sequence[Entry], name: str | int | None, as_of: datetime) -> str | int | None:
    """The id of the matter with that key; else the name itself, which may be an id or a title."""
    for entry in reversed(entries):
        if isinstance(entry.fact, Matter) and name is not None and entry.fact.key == name:
            return current(entries, entry.id, as_of)
    return name


def proof_rows(
    standing: Standing,
    loaded: Loaded,
    *,
    account: str = "",
    period: tuple[datetime | None, datetime | None] = (None, None),
    what_if: str | None = None,
    words: Words | None = None,
) -> tuple[dict[str, Any], Names]:
    """The rows of a proof of contact, which other kinds are made of, and the names in them."""
    words = words or Words()
    entries = loaded.entries
    texts = [e.fact.text for e in (*loaded.house, *entries) if isinstance(e.fact, PolicyAdopted)]
    if what_if is not None:
        texts.append(what_if)
    checked = loaded.checked
    scope = Scope(
        account=account,
        since=period[0],
        until=period[1],
        zone=zone_of(entries),
        entries=len(entries),
        checked=_checked(checked, words) if checked else "",
        policies={
            policy_digest(text): rule_sentences(parse_policy(text), words) for text in set(texts)
        },
    )
    called = names(entries, words)
    data = rows(standing, called, evolve(WORDING, words=words), scope)
    cadences, plans = _owed(standing, loaded, set(texts), period, what_if)
    data["owed"] = owed_rows(cadences, plans, called, evolve(AHEAD, words=words), scope)
    return data, called


def _checked(checked: Checked, words: Words) -> str:
    """What was checked, its numbers as the language writes them."""
    values = {k: words.number(v) if isinstance(v, int) else v for k, v in checked.values.items()}
    return words(checked.text, **values)


def _answers(
    standing: Standing,
    loaded: Loaded,
    period: tuple[datetime | None, datetime | None],
    what_if: str | None,
) -> Answers:
    """The answers of the whole account, since what is owed does not end with a period."""
    if period == (None, None) and what_if is None:
        return answers_of(judged_already(standing, loaded.entries, loaded.house))
    now = standing.as_of
    return answers_of(judged(loaded.entries, now, house=loaded.house, what_if=what_if))


def _owed(
    standing: Standing,
    loaded: Loaded,
    texts: set[str],
    period: tuple[datetime | None, datetime | None],
    what_if: str | None,
) -> tuple[tuple[CadenceFinding, ...], tuple[PlanFinding, ...]]:
    """What a policy owed without being asked for; most owe nothing, and then nothing is judged.

    It is that of the whole account, as promises and matters are: the findings of a period alone
    would leave out what was made before it.
    """
    if not any(policy.cadences or policy.plan for policy in map(parse_policy, texts)):
        return (), ()
    seen = view(loaded.entries, standing.as_of, loaded.house, what_if)
    return owed(seen, standing.findings if period == (None, None) else judge_view(seen))


def outlook(
    party: str,
    steps: Sequence[NextStep],
    relationship: Relationship,
    entries: Sequence[Entry],
    *,
    account: str = "",
    templates: Mapping[str, str] | None = None,
    lang: str = "en",
    attached: Attachment | None = None,
) -> Report:
    """The page of what a party should do next. `entries`: all that it rests on, for the names."""
    words = words_of(lang, templates)
    scope = Scope(account=account, zone=zone_of(entries))
    wording, called = evolve(AHEAD, words=words), names(entries, words)
    rows_ = outlook_rows(party, steps, relationship, called, wording, scope)
    return Report(render("outlook", rows_, templates, lang), attached)


def zone_of(entries: Sequence[Entry]) -> str:
    """The zone of the report as a whole: that of the party that keeps the log, else UTC."""
    zone = "UTC"
    for entry in entries:
        if isinstance(entry.fact, Party) and entry.id == entry.recorder:
            zone = entry.fact.zone or zone
    return zone
