"""What to do next and where the relationship is, as dict rows and in plain sentences.

Keys of the result: report, version, account, as_of, as_of_local, zone, party, steps, plan,
cadences, remarks, rules, isnot. A sentence with its entries is `{"text": …, "because": […]}`;
every row of `steps`, `plan`, `cadences` and `remarks` has one as `said`, the codes of its rules
as `rules`, and what it was made of beside. Times and names are as in rows.py. Version 1 of the
layout; keys are added, never renamed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from contactledger.advice import (
    CadenceFinding,
    NextStep,
    Permission,
    PlanFinding,
    Relationship,
    Remark,
)
from contactledger.report.names import Names
from contactledger.report.phrases import (
    CHANNELS,
    PURPOSES,
    RUNGS,
    clean,
    iso,
    iso_local,
    word,
)
from contactledger.report.wording import Scope, Wording

Row = dict[str, Any]
VERSION = 1

STATES = {
    "kept": "kept", "behind": "behind", "told": "told in time", "told_late": "told late",
    "due": "due", "missed": "missed", "planned": "planned", "open": "due now", "done": "done",
    "done_late": "done late",
}  # fmt: skip
"""What became of what was owed or planned."""

IS_NOT = (
    (
        "It is no score and binds nobody: each line is a rule of the policy that both can "
        "look up, with the entries it rests on."
    ),
    "Whom to turn to is a suggestion. What is not in the log is not known here.",
)

AGAINST = {
    "channel_refused": "the channel was refused",
    "channel_not_allowed": "the channel is not among those allowed",
    "topic_refused": "the topic was refused",
    "topic_not_allowed": "none of the topics is among those allowed",
    "opted_out": "the receiver opted out",
    "preferred_not_tried": "the preferred channel is to be tried first",
    "outside_hours": "it is outside the agreed hours",
    "over_cap": "there would be more touches than the policy allows",
    "nobody_entitled": "nobody whom it would reach is entitled to receive it",
    "no_way_to_answer": "it would ask for an answer and leave no way to give one",
}
"""Code of a violation → the same of a touch that was not made yet."""

STEPS = {
    "answer": "Answer {whom}, who asked by {asked} and waits",
    "answer_by": "Answer {whom} by {channel}, as is preferred, who asked by {asked} and waits",
    "keep_promise": "Keep what was promised to {to}",
    "climb": "To {rung}: turn to {whom} by {channel}",
    "retry": "Try {whom} again, by {channel}: the last touch did not arrive, or nobody can tell",
    "take_over": "Take over what was passed on between you and {to}, or say that you do not",
    "speak": "Say what is right: {to} disputes it",
    "resume": "Resume the matter that was paused, or close it",
    "keep_cadence": "Reach out to {whom} by {channel}: the policy owes it",
    "follow_plan": "{name}: reach out to {whom} by {channel}, as planned",
    "stop": "Leave {whom} in peace: as many touches were made as the policy allows",
}
REMARKS = {
    "silent": "{party} has not reached out to {toward} for {count} days",
    "pestered": "{party} sent {toward} {times} more than the policy allows lately",
    "overloading": "{party} made {times} to {toward} in a short time, more than {limit}",
    "referral_may_be_asked": "{party} may ask {toward} for a referral",
    "referral_not_now": "{party} had better not ask {toward} for a referral now",
}


def outlook_rows(
    party: str,
    steps: Iterable[NextStep],
    relationship: Relationship,
    called: Names,
    wording: Wording | None = None,
    scope: Scope | None = None,
) -> Row:
    """Everything that the outlook of a party says."""
    wording, scope = wording or Wording(), scope or Scope()
    sheet = _Sheet(called, wording, scope)
    data: Row = {
        "report": "outlook",
        "version": VERSION,
        "account": {
            "id": relationship.account,
            "name": clean(scope.account) or called.account or relationship.account[:8],
        },
        **sheet.time("as_of", relationship.as_of),
        "zone": scope.zone,
        "party": sheet.named(party),
        "steps": [sheet.step(step) for step in steps],
        "plan": [sheet.planned(plan) for plan in relationship.plans],
        "cadences": [sheet.cadence(one) for one in relationship.cadences],
        "remarks": [sheet.remark(remark) for remark in relationship.remarks],
        "rules": [],
        "isnot": [sheet.words(text) for text in IS_NOT],
    }
    lists = (data["steps"], data["plan"], data["cadences"], data["remarks"])
    data["rules"] = _fired(wording, *lists)
    return data


def _fired(wording: Wording, *lists: list[Row]) -> list[Row]:
    """The rules that fired, each with its sentence."""
    fired = {code for rows in lists for row in rows for code in row["rules"]}
    return [
        {"code": code, "text": wording.words(text)}
        for code, text in wording.rules.items()
        if code in fired
    ]


def owed_rows(
    cadences: Iterable[CadenceFinding],
    plans: Iterable[PlanFinding],
    called: Names,
    wording: Wording | None = None,
    scope: Scope | None = None,
) -> Row:
    """What was owed without being asked for, for the proof of contact: cadences, plan, rules."""
    sheet = _Sheet(called, wording or Wording(), scope or Scope())
    data: Row = {
        "cadences": [sheet.cadence(one) for one in cadences],
        "plan": [sheet.planned(plan) for plan in plans],
    }
    data["rules"] = _fired(sheet.wording, data["cadences"], data["plan"])
    return data


def permission_row(
    permission: Permission,
    called: Names,
    wording: Wording | None = None,
    scope: Scope | None = None,
) -> Row:
    """Whether somebody may be contacted, with the reasons."""
    return _Sheet(called, wording or Wording(), scope or Scope()).permission(permission)


class _Sheet:
    """The rows; they share the names, the words and the zone."""

    def __init__(self, called: Names, wording: Wording, scope: Scope) -> None:
        self.called = called
        self.wording = wording
        self.words = wording.words
        self.scope = scope

    def time(self, key: str, moment: datetime | None) -> Row:
        """`{key: …, key_local: …}`."""
        if moment is None:
            return {key: None, f"{key}_local": None}
        return {key: iso(moment), f"{key}_local": iso_local(moment, self.scope.zone)}

    def when(self, moment: datetime) -> str:
        """As in "3 Mar 2026 09:00"."""
        return self.words.minute(iso_local(moment, self.scope.zone))

    def day(self, moment: datetime) -> str:
        """As in "3 Mar 2026"."""
        return self.words.date(iso_local(moment, self.scope.zone))

    def named(self, ref: str | None) -> Row | None:
        return None if ref is None else {"id": ref, "name": self.called.of(ref)}

    def step(self, step: NextStep) -> Row:
        words = self.words
        asked = self._asked(step)
        other = step.what == "answer" and asked != step.channel
        text = words(
            STEPS["answer_by" if other else step.what],
            asked=words(word(CHANNELS, asked)),
            to=self.called.of(step.to) or words("the other side"),
            whom=self.called.of(step.person or step.to),
            channel=words(word(CHANNELS, step.channel or "other")),
            rung=words(word(RUNGS, step.rung or "")),
            name=clean((step.name or "").capitalize()),
        )
        title = self.called.called.get(step.matter or "")
        if title:
            text += words(" (“{title}”)", title=title)
        if step.due is not None:
            text += f"; {self._due(step)}"
        if step.permission is not None:
            text += f". {self._may(step.permission)}"
        return {
            "what": step.what,
            "said": {"text": f"{text}.", "because": list(step.because)},
            "party": self.named(step.party),
            "to": self.named(step.to),
            "person": self.named(step.person),
            "channel": step.channel,
            "purpose": step.purpose,
            "matter": self.named(step.matter),
            "rung": step.rung,
            "name": step.name,
            **self.time("due", step.due),
            "overdue": step.overdue,
            "permission": None if step.permission is None else self.permission(step.permission),
            "rules": list(step.rules),
        }

    def _asked(self, step: NextStep) -> str:
        """Over which channel that was asked which a step is to answer: another may be preferred."""
        line = self.called.lines.get(step.because[0]) if step.what == "answer" else None
        return line.channel if line else str(step.channel or "other")

    def _due(self, step: NextStep) -> str:
        words = self.words
        when = self.when(step.due)  # type: ignore[arg-type]  # asked for where there is one
        if step.what == "stop":
            return words("until {when}", when=when)
        if step.what == "climb":
            since, later = words("since {when}", when=when), words("from {when}", when=when)
            return since if step.overdue else later
        late, due = words("overdue since {when}", when=when), words("due {when}", when=when)
        return late if step.overdue else due

    def _may(self, permission: Permission) -> str:
        if permission.allowed:
            return self.words("It may be done now")
        reasons = dict.fromkeys(self.words(AGAINST[v.code]) for v in permission.against)
        why = self.words.listed(list(reasons))
        if permission.earliest is None:
            return self.words("As things stand it may not: {why}", why=why)
        when = self.when(permission.earliest)
        return self.words("Not before {when}: {why}", when=when, why=why)

    def permission(self, permission: Permission) -> Row:
        """Whether somebody may be contacted, with the reasons."""
        return {
            "allowed": permission.allowed,
            "said": {"text": f"{self._may(permission)}.", "because": list(permission.because)},
            "person": self.named(permission.person),
            "party": self.named(permission.party),
            "channel": permission.channel,
            "purpose": permission.purpose,
            "topics": list(permission.topics),
            **self.time("at", permission.at),
            **self.time("earliest", permission.earliest),
            "preferred": permission.preferred,
            "against": [
                {"code": v.code, "text": self.words(AGAINST[v.code]), "because": list(v.because)}
                for v in permission.against
            ],
            "rules": list(permission.rules),
        }

    def planned(self, plan: PlanFinding) -> Row:
        until = plan.due - timedelta(seconds=1)
        words = self.words
        text = words(
            "{name} ({by} to {to}), {since} to {until}: {state}",
            name=clean(plan.name).capitalize(),
            by=self.called.of(plan.by),
            to=self.called.of(plan.to),
            since=self.day(plan.opens_at),
            until=self.day(until),
            state=words(word(STATES, plan.state)),
        )
        if plan.done_no is not None:
            text += words(", and answered") if plan.answered else words(", not answered")
        return {
            "name": plan.name,
            "said": {"text": f"{text}.", "because": list(plan.because)},
            "by": self.named(plan.by),
            "to": self.named(plan.to),
            "milestone": self.named(plan.milestone),
            **self.time("opens_at", plan.opens_at),
            **self.time("due", plan.due),
            "state": plan.state,
            "done_no": plan.done_no,
            "answered": plan.answered,
            "rules": list(plan.rules),
        }

    def cadence(self, one: CadenceFinding) -> Row:
        words = self.words
        text = words(
            "{by} to {to}, {owed}: {state}",
            by=self.called.of(one.by),
            to=self.called.of(one.to),
            owed=self._owed(one),
            state=words(word(STATES, one.state)),
        )
        if one.state == "kept":
            text += words(", the next is due {when}", when=self.when(one.due))
        elif one.state == "behind":
            text += words(", since {when}", when=self.when(one.due))
        elif one.state in {"due", "missed"}:
            text += words(", by {when}", when=self.when(one.due))
        return {
            "said": {"text": f"{text}.", "because": list(one.because)},
            "by": self.named(one.by),
            "to": self.named(one.to),
            "state": one.state,
            "touches": one.touches,
            "days": one.days,
            "channels": list(one.channels),
            "purposes": list(one.purposes),
            "milestone": self.named(one.milestone),
            **self.time("since", one.since),
            **self.time("due", one.due),
            "made": list(one.made),
            "gaps": [{**self.time("since", a), **self.time("until", b)} for a, b in one.gaps],
            "rules": list(one.rules),
        }

    def _owed(self, one: CadenceFinding) -> str:
        """How many touches in which days, or after what, over which channels."""
        words = self.words
        channels = [words(word(CHANNELS, c)) for c in one.channels]
        what = words.listed(channels, "or") or words("any channel")
        if one.purposes:
            what += f", {words.listed([words(word(PURPOSES, p)) for p in one.purposes], 'or')}"
        if one.milestone is not None:
            after = self.called.of(one.milestone)
            return words("one touch ({what}) after {milestone}", what=what, milestone=after)
        touches = words.count(one.touches, "{n} touch", "{n} touches")
        return words(
            "{touches} in any {days} days ({what})", touches=touches, days=one.days, what=what
        )

    def remark(self, remark: Remark) -> Row:
        words = self.words
        text = words(
            REMARKS[remark.code],
            party=self.called.of(remark.party),
            toward=self.called.of(remark.toward),
            count=remark.count,
            limit=remark.limit,
            times=words.count(remark.count or 0, "{n} touch", "{n} touches"),
        )
        why = self._why(remark)
        return {
            "code": remark.code,
            "said": {"text": f"{text}{why}.", "because": list(remark.because)},
            "party": self.named(remark.party),
            "toward": self.named(remark.toward),
            **self.time("since", remark.since),
            "count": remark.count,
            "limit": remark.limit,
            "rules": list(remark.rules),
        }

    def _why(self, remark: Remark) -> str:
        """Of a referral, every reason against it."""
        reasons = [self.words(REASONS[rule]) for rule in remark.rules if rule in REASONS]
        return f": {self.words.listed(reasons)}" if reasons else ""


REASONS: Mapping[str, str] = {
    "R4": "a touch of theirs was ignored",
    "R5": "they dispute or complained of something, opted out, or a promise to them was broken",
    "R6": "they were not in touch for long, or a long silence has only just ended",
}
