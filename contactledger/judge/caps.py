"""How many touches somebody was sent in a rolling time, over all channels and campaigns (J41)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import datetime, timedelta

from contactledger.findings import Reach
from contactledger.judge.docket import Docket
from contactledger.judge.policy import Cap
from contactledger.judge.reach import Hearing
from contactledger.vocabulary import Channel, Purpose

_Line = tuple[datetime, int, Channel, Purpose]
_Sent = list[_Line]
_Times = tuple[list[datetime], list[int], timedelta]
_Whom = tuple[str, str, str]
"""What a cap is per, the sender, and whom it spares."""


def _in_order(line: _Line) -> tuple[datetime, int]:
    return line[:2]


def counted(docket: Docket, hearing: Hearing, ref: str) -> bool:
    """Whether a touch counts against any cap for that addressee: no answer, no broadcast, and
    not failed."""
    question = hearing.question
    if question.fact.answers or question.fact.broadcast or question.entry.id in docket.view.links:
        return False
    if hearing.reach is Reach.FAILED:
        return False
    return ref not in hearing.failed or hearing.people.get(ref, Reach.SENT) > Reach.SENT


class Caps:
    """The touches of a docket by who sent them to whom, ready to be counted."""

    def __init__(self, docket: Docket, sent: dict[_Whom, _Sent] | None = None) -> None:
        self._docket = docket
        self._sent = {} if sent is None else sent
        self._counted: dict[tuple[int, str, str], tuple[Cap, _Times]] = {}
        """By the identity of the cap, which is kept beside: its hash is slow to take."""
        self._together = False
        if sent is None:
            for hearing in docket.hearings.values():
                self._add(hearing)
            for lines in self._sent.values():
                lines.sort(key=_in_order)

    def _add(self, hearing: Hearing) -> None:
        """Count a touch for every person and the party that it was sent to."""
        question, sent = hearing.question, self._sent
        refs = [ref for ref in question.refs if counted(self._docket, hearing, ref)]
        if refs:
            fact, entry, sender = question.fact, question.entry, question.sender
            line = (entry.at, entry.no, fact.channel, fact.purpose)
            for whom in (
                *[("person", sender, ref) for ref in refs],
                ("party", sender, question.party),
            ):
                lines = sent.get(whom)
                if lines is None:
                    sent[whom] = [line]
                else:
                    lines.append(line)

    def besides(self, hearing: Hearing) -> Caps:
        """The same with one more touch, which is the latest of all."""
        question = hearing.question
        sent = {whom: lines for whom, lines in self._sent.items() if whom[0] != "account"}
        for whom in (*question.refs, question.party):
            for kind in ("person", "party"):
                key = (kind, question.sender, whom)
                if key in sent:
                    sent[key] = sent[key].copy()
        more = Caps(self._docket, sent)
        more._add(hearing)
        return more

    def broken(self, cap: Cap, hearing: Hearing, ref: str) -> tuple[int, tuple[int, ...]] | None:
        """How many there were and the newest of them, if that touch is over the cap.

        Counted are those in (t − period, t], itself included. One more than the cap allows
        is named, since that many prove it.
        """
        fact, entry = hearing.question.fact, hearing.question.entry
        if (cap.channels and fact.channel not in cap.channels) or fact.purpose in cap.not_counted:
            return None
        if not counted(self._docket, hearing, ref):
            return None
        whom = ref if cap.per == "person" else hearing.question.party
        if cap.per == "account":
            whom = ""
        times, numbers, span = self._times(cap, hearing.question.sender, whom)
        last = bisect_right(times, entry.at)
        proof = last - cap.touches - 1
        if proof < 0:
            return None
        since = entry.at - span
        if times[proof] <= since:
            return None
        first = bisect_right(times, since, 0, last)
        return last - first, tuple(sorted(numbers[proof:last]))

    def full(
        self, cap: Cap, sender: str, at: datetime
    ) -> Iterator[tuple[str, datetime, tuple[int, ...]]]:
        """(whom, until, entries) wherever one more touch at that moment would break the cap."""
        if cap.per == "account":
            self._add_up()
        for kind, who, whom in list(self._sent):
            if (kind, who) != (cap.per, sender):
                continue
            times, numbers, span = self._times(cap, sender, whom)
            last = bisect_right(times, at)
            first = bisect_right(times, at - span, 0, last)
            if last - first >= cap.touches:
                oldest = last - cap.touches
                until = times[oldest] + span
                yield whom, until, tuple(sorted(numbers[oldest:last]))

    def _add_up(self) -> None:
        """What each sent to everybody together, a touch to several once; made when a cap asks."""
        if self._together:
            return
        self._together = True
        everybody: dict[str, set[_Line]] = {}
        for (kind, sender, _), sent in self._sent.items():
            if kind == "party":
                everybody.setdefault(sender, set()).update(sent)
        for sender, lines in everybody.items():
            self._sent["account", sender, ""] = sorted(lines, key=_in_order)

    def _times(self, cap: Cap, sender: str, whom: str) -> _Times:
        """When each of them was and its number, and over what time the cap counts."""
        known = self._counted.get((id(cap), sender, whom))
        if known is None:
            if cap.per == "account":
                self._add_up()
            sent = [
                line
                for line in self._sent[cap.per, sender, whom]
                if (not cap.channels or line[2] in cap.channels) and line[3] not in cap.not_counted
            ]
            counts = [line[0] for line in sent], [line[1] for line in sent], timedelta(cap.days)
            known = self._counted[id(cap), sender, whom] = cap, counts
        return known[1]
