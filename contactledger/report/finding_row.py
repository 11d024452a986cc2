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
    sentence,
)
from contactledger.report.wording import Wording
from contactledger.report.words import Words

Row = dict[str, Any]

_NO_LINE = Line("", "", "", "none", "hand")
_MADE_BY_ITSELF = frozenset(
    ["bounced", "rejected", "deferred", "busy", "no_answer", "voicemail", "auto_replied",
     "touch", "queued", "sent", "delivered", "relayed", "expanded"]
)  # fmt: skip
"""What no person does: "by a machine" beside it would say nothing."""


def finding_row(f: Finding, called: Names, wording: Wording) -> Row:
    """The verdict on one touch for one receiving party, in codes and in plain words."""
    zone, words = f.zone, wording.words
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
        "channel_text": words(CHANNELS[f.channel]),
        "purpose": str(f.purpose),
        "purpose_text": words(PURPOSES[f.purpose]),
        "urgency": str(f.urgency),
        "topics": list(f.topics),
        "about": called.about(f.no),
        "matter": {"id": f.matter, "name": called.of(f.matter)},
        "expects": str(f.expects),
        "expects_text": words(WANTED[f.expects]),
        "outcome": str(f.outcome),
        "outcome_text": words(OUTCOMES[f.outcome]),
        "outcome_grade": f.outcome_grade.word,
        "reach": f.reach.word,
        "grade": f.grade.word,
        "better": {"reach": f.better[0].word, "grade": f.better[1].word} if f.better else None,
        "due": due,
        "due_local": due_local,
        "late": f.late,
        "late_by": words.lasting(f.late_by.total_seconds()) if f.late_by is not None else None,
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
        "notes": [words(sentence(_say(wording.notes, n))) for n in f.notes if n not in told],
        "attendance": next((words(ATTENDANCE[n]) for n in f.notes if n in ATTENDANCE), ""),
        "basis": f.basis.no,
        "rules": list(f.rules),
        "because": list(f.because),
    }
    row["back"] = _came_back(f, row, called, words)
    row["counts"] = _counts(f, row, words)
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
    words = wording.words
    text = words(clause(_say(wording.violations, v.code)))
    if v.limit is not None and v.count is not None:
        text = words("{what} ({n}, the limit is {limit})", what=text, n=v.count, limit=v.limit)
    if v.reminder is not None:
        text = words("{what}, in its reminder [{no}]", what=text, no=v.reminder)
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
    words = wording.words
    text = words(WHAT.get(e.what, str(e.what)))
    if e.what not in _MADE_BY_ITSELF:
        text = f"{text} {words(BY[e.by])}"
    how = words(AUTH.get(line.auth, ""))
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
        "caveats": [words(clause(_say(wording.caveats, c))) for c in e.caveats],
        "same_as": e.same_as,
    }


def _came_back(f: Finding, row: Row, called: Names, words: Words) -> Row:
    """What came back, as one sentence with its entries."""
    if f.outcome in (Outcome.ANSWERED, Outcome.SEEN):
        return _came(f, row, called, words)
    if f.outcome is Outcome.UNREACHED:
        failed = [e for e in f.evidence if e.lifts is not None and not e.lifts]
        what = WHAT.get(failed[-1].what, "") if failed else ""
        text = words("It did not get there.")
        if what:
            text = words("It did not get there: {what}.", what=words(what))
        return {"text": text, "because": [e.no for e in failed]}
    if f.outcome is Outcome.NOTED:
        return {"text": words("Nothing was wanted back."), "because": []}
    if f.outcome is Outcome.PENDING:
        due = "Nothing yet; the time has not run out."
        return {"text": words(due) if f.due else words("Nothing yet."), "because": []}
    if f.possible:
        text = words.count(
            len(f.possible),
            "Nothing linked to it, but an act that may be the answer; nobody has said so.",
            "Nothing linked to it, but acts that may be the answer; nobody has said so.",
        )
        return {"text": text, "because": list(f.possible)}
    return {"text": words("Nothing came back."), "because": []}


def _came(f: Finding, row: Row, called: Names, words: Words) -> Row:
    """By whom it was answered or that it was seen, after how long, and how late."""
    parts = []
    if f.settled_at is not None:
        parts.append(
            words("after {time}", time=words.lasting((f.settled_at - f.at).total_seconds()))
        )
    late = ""
    if f.late:
        late = words("late")
        if row["late_by"]:
            late = words("late by {time}", time=row["late_by"])
    lines = [e.no for e in f.evidence if e.lifts == f.reach]
    said, because = words("Seen"), lines
    if f.outcome is Outcome.ANSWERED:
        said, because = words("Answered"), list(f.answered_by) or lines
        who = _answerers(f, called, words)
        parts[:0] = [words("by {who}", who=who)] if who else []
    text = " ".join([said, *parts])
    return {"text": f"{text}, {late}." if late else f"{text}.", "because": because}


def _answerers(f: Finding, called: Names, words: Words) -> str:
    """As in "Bob Ray (e-mail)" of the answers on record."""
    said = []
    for no in f.answered_by:
        line = called.lines.get(no)
        if line and line.sender:
            how = words(CHANNELS.get(line.channel, ""))
            said.append(f"{called.of(line.sender)} ({how})" if how else called.of(line.sender))
    if not said:
        people = [r.person for r in f.rows if r.reach == f.reach]
        said = [called.of(p) for p in people]
    return words.listed(list(dict.fromkeys(said)))


def _counts(f: Finding, row: Row, words: Words) -> Row:
    """Against whom it counts, or why against nobody, as one sentence with its entries."""
    receiver = row["receiver"]["name"]
    broken = words.listed([v["text"] for v in row["violations"] if v["breach"]])
    spared = [v["text"] for v in row["violations"] if not v["breach"]]
    spared += [words(text) for code, text in SPARED.items() if code in f.notes]
    because = sorted({*(no for v in f.violations for no in v.because), *f.possible})
    if f.held_against is not None:
        return _held(f, row["held_against"]["name"], words)
    if f.outcome is not Outcome.IGNORED:
        because = sorted({no for v in f.violations if v.breach for no in v.because})
        text = words("The touch itself did not keep the policy: {why}.", why=broken)
        return {"text": text if broken else "", "because": because}
    if f.original is not None:
        text = words("Counted once, with the touch it reminds of.")
        if broken:
            text += " " + words("It did not keep the policy itself: {why}.", why=broken)
        return {"text": text, "because": because if broken else []}
    reasons = [words("the touch did not keep the policy: {why}", why=broken)] if broken else []
    reasons += [words.listed(spared)] if spared else []
    if reasons:
        why = words("; also ").join(reasons)
        text = words("Does not count against {party}, because {why}.", party=receiver, why=why)
        return {"text": text, "because": because}
    return {"text": words("Does not count against {party}.", party=receiver), "because": []}


def _held(f: Finding, party: str, words: Words) -> Row:
    if not f.reminders:
        return {"text": words("Counts against {party}.", party=party), "because": []}
    text = words(
        "Counts against {party}, once with its {reminders}.",
        party=party,
        reminders=words.count(len(f.reminders), "{n} reminder", "{n} reminders"),
    )
    return {"text": text, "because": list(f.reminders)}
