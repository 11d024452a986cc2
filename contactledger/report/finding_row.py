"""One finding as a row: what happened, what came back, what it counts for, and why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from contactledger.findings import Evidence, Finding, Outcome, PersonRow, Violation
from contactledger.report.names import Line, Names
from contactledger.report.phrases import (
    ATTENDANCE,
    AUTH,
    BY,
    CHANNELS,
    OUTCOMES,
    PURPOSES,
    SPARED,
    WANTED,
    WHAT,
    clause,
    iso,
    iso_local,
    lasting,
    listed,
    number,
    sentence,
)
from contactledger.report.wording import Wording

Row = dict[str, Any]

_NO_LINE = Line("", "", "", "none", "hand")
_MADE_BY_ITSELF = frozenset(
    ["bounced", "rejected", "deferred", "busy", "no_answer", "voicemail", "auto_replied",
     "touch", "queued", "sent", "delivered", "relayed", "expanded"]
)  # fmt: skip
"""What no person does: "by a machine" beside it would say nothing."""


def finding_row(f: Finding, called: Names, wording: Wording) -> Row:
    """The verdict on one touch for one receiving party, in codes and in plain words."""
    zone = f.zone
    at, at_local = _both(f.at, zone)
    due, due_local = _both(f.due, zone)
    settled, settled_local = _both(f.settled_at, zone)
    sender_person = f.sender_person
    held = f.held_against
    told = SPARED if f.outcome is Outcome.IGNORED and f.original is None else {}
    row: Row = {
        "no": f.no,
        "touch": f.touch,
        "at": at,
        "at_local": at_local,
        "zone": f.zone,
        "sender": {"id": f.sender, "name": called.of(f.sender)},
        "sender_person": None if sender_person in (None, f.sender) else called.of(sender_person),
        "receiver": {"id": f.party, "name": called.of(f.party)},
        "people": [_person(r, called) for r in f.rows],
        "addressed": [called.of(r.person) for r in f.rows if r.addressed and r.person != f.party],
        "channel": str(f.channel),
        "channel_text": CHANNELS[f.channel],
        "purpose": str(f.purpose),
        "purpose_text": PURPOSES[f.purpose],
        "urgency": str(f.urgency),
        "topics": list(f.topics),
        "about": called.about(f.no),
        "matter": {"id": f.matter, "name": called.of(f.matter)},
        "expects": str(f.expects),
        "expects_text": WANTED[f.expects],
        "outcome": str(f.outcome),
        "outcome_text": OUTCOMES[f.outcome],
        "outcome_grade": f.outcome_grade.word,
        "reach": f.reach.word,
        "grade": f.grade.word,
        "better": {"reach": f.better[0].word, "grade": f.better[1].word} if f.better else None,
        "due": due,
        "due_local": due_local,
        "late": f.late,
        "late_by": lasting(f.late_by) if f.late_by is not None else None,
        "settled_at": settled,
        "settled_at_local": settled_local,
        "held_against": None if held is None else {"id": held, "name": called.of(held)},
        "violations": [_violation(v, called, wording) for v in f.violations],
        "evidence": [_evidence(e, zone, called, wording) for e in f.evidence],
        "possible": list(f.possible),
        "original": None
        if f.original is None
        else {
            "touch": f.original,
            "no": called.numbers.get(f.original),
        },
        "reminders": list(f.reminders),
        "answered_by": list(f.answered_by),
        "contested": list(f.contested),
        "notes": [sentence(_say(wording.notes, n)) for n in f.notes if n not in told],
        "attendance": next((ATTENDANCE[n] for n in f.notes if n in ATTENDANCE), ""),
        "basis": f.basis.no,
        "rules": list(f.rules),
        "because": list(f.because),
    }
    row["back"] = _came_back(f, row, called)
    row["counts"] = _counts(f, row)
    return row


def _both(moment: datetime | None, zone: str) -> tuple[str | None, str | None]:
    return (None, None) if moment is None else (iso(moment), iso_local(moment, zone))


def _say(words: Mapping[str, str], code: str) -> str:
    return words.get(code) or code.replace("_", " ")


def _person(r: PersonRow, called: Names) -> Row:
    return {
        "id": r.person,
        "name": called.of(r.person),
        "reach": r.reach.word,
        "grade": r.grade.word,
        "addressed": r.addressed,
        "because": list(r.because),
    }


def _violation(v: Violation, called: Names, wording: Wording) -> Row:
    text = clause(_say(wording.violations, v.code))
    if v.limit is not None and v.count is not None:
        text = f"{text} ({v.count}, the limit is {v.limit})"
    if v.reminder is not None:
        text = f"{text}, in its reminder [{v.reminder}]"
    return {
        "code": v.code,
        "text": text,
        "breach": v.breach,
        "reminder": v.reminder,
        "rules": list(v.rules),
        "person": None if v.person is None else called.of(v.person),
        "limit": v.limit,
        "count": v.count,
        "because": list(v.because),
    }


def _evidence(e: Evidence, zone: str, called: Names, wording: Wording) -> Row:
    at, at_local = _both(e.at, zone)
    line = called.lines.get(e.no, _NO_LINE)
    text = WHAT.get(e.what, str(e.what))
    if e.what not in _MADE_BY_ITSELF:
        text = f"{text} {BY[e.by]}"
    how = AUTH.get(line.auth, "")
    source = f"{line.source} ({how})" if line.source and how else line.source or how
    return {
        "no": e.no,
        "what": str(e.what),
        "text": text,
        "at": at,
        "at_local": at_local,
        "recorded_at": iso(e.recorded_at),
        "by": str(e.by),
        "person": None if e.person is None else called.of(e.person),
        "lifts": None if e.lifts is None else e.lifts.word,
        "grade": e.grade.word,
        "source": source,
        "recorder": called.of(line.recorder) if line.recorder else "",
        "rules": list(e.rules),
        "caveats": [clause(_say(wording.caveats, c)) for c in e.caveats],
        "same_as": e.same_as,
    }


def _came_back(f: Finding, row: Row, called: Names) -> Row:
    """What came back, as one sentence with its entries."""
    because = list(f.answered_by)
    after = "" if f.settled_at is None else f" after {lasting(f.settled_at - f.at)}"
    late = f", late by {row['late_by']}" if f.late and row["late_by"] else ", late" * f.late
    if f.outcome is Outcome.ANSWERED:
        who = _answerers(f, called)
        lines = [e.no for e in f.evidence if e.lifts == f.reach]
        return {"text": f"Answered{who}{after}{late}.", "because": because or lines}
    if f.outcome is Outcome.SEEN:
        lines = [e.no for e in f.evidence if e.lifts == f.reach]
        return {"text": f"Seen{after}{late}.", "because": lines}
    if f.outcome is Outcome.UNREACHED:
        failed = [e for e in f.evidence if e.lifts is not None and not e.lifts]
        what = WHAT.get(failed[-1].what, "") if failed else ""
        text = f"It did not get there: {what}." if what else "It did not get there."
        return {"text": text, "because": [e.no for e in failed]}
    if f.outcome is Outcome.NOTED:
        return {"text": "Nothing was wanted back.", "because": []}
    if f.outcome is Outcome.PENDING:
        text = "Nothing yet; the time has not run out." if f.due else "Nothing yet."
        return {"text": text, "because": []}
    if f.possible:
        many = "acts that may be the answer; nobody has said so"
        one = "an act that may be the answer; nobody has said so"
        what = one if len(f.possible) == 1 else many
        return {"text": f"Nothing linked to it, but {what}.", "because": list(f.possible)}
    return {"text": "Nothing came back.", "because": []}


def _answerers(f: Finding, called: Names) -> str:
    """As in " by Bob Ray (e-mail)" of the answers on record."""
    said = []
    for no in f.answered_by:
        line = called.lines.get(no)
        if line and line.sender:
            how = CHANNELS.get(line.channel, "")
            said.append(f"{called.of(line.sender)} ({how})" if how else called.of(line.sender))
    if not said:
        people = [r.person for r in f.rows if r.reach == f.reach]
        said = [called.of(p) for p in people]
    return f" by {listed(list(dict.fromkeys(said)))}" if said else ""


def _counts(f: Finding, row: Row) -> Row:
    """Against whom it counts, or why against nobody, as one sentence with its entries."""
    receiver = row["receiver"]["name"]
    broken = listed([v["text"] for v in row["violations"] if v["breach"]])
    spared = [v["text"] for v in row["violations"] if not v["breach"]]
    spared += [words for code, words in SPARED.items() if code in f.notes]
    because = sorted({*(no for v in f.violations for no in v.because), *f.possible})
    if f.held_against is not None:
        text = f"Counts against {row['held_against']['name']}."
        if f.reminders:
            text = f"{text[:-1]}, once with its {number(len(f.reminders), 'reminder')}."
        return {"text": text, "because": list(f.reminders)}
    if f.outcome is not Outcome.IGNORED:
        because = sorted({no for v in f.violations if v.breach for no in v.because})
        text = f"The touch itself did not keep the policy: {broken}." if broken else ""
        return {"text": text, "because": because}
    reasons = [f"the touch did not keep the policy: {broken}"] if broken else []
    reasons += [listed(spared)] if spared else []
    if f.original is not None:
        text = "Counted once, with the touch it reminds of."
        if broken:
            text = f"{text} It did not keep the policy itself: {broken}."
        return {"text": text, "because": because if broken else []}
    if reasons:
        text = f"Does not count against {receiver}, because {'; also '.join(reasons)}."
        return {"text": text, "because": because}
    return {"text": f"Does not count against {receiver}.", "because": []}
