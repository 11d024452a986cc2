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
        self._counted: dict[tuple[int, str, str], tuple[Cap, list[datetime], list[int]]] = {}
        """By the identity of the cap, which is kept beside: its hash is slow to take."""
        self._together = False
        if sent is None:
            for hearing in docket.hearings.values():
                for whom, line in self._lines(hearing):
                    self._sent.setdefault(whom, []).append(line)
            for lines in self._sent.values():
                lines.sort(key=_in_order)

    def _lines(self, hearing: Hearing) -> Iterator[tuple[_Whom, _Line]]:
        """Where a touch is counted, and as what."""
        question = hearing.question
        fact, entry = question.fact, question.entry
        refs = [ref for ref in question.refs if counted(self._docket, hearing, ref)]
        if refs:
            line = (entry.at, entry.no, fact.channel, fact.purpose)
            for ref in refs:
                yield ("person", question.sender, ref), line
            yield ("party", question.sender, question.party), line

    def besides(self, hearing: Hearing) -> Caps:
        """The same with one more touch, which is the latest of all."""
        sent = {whom: lines for whom, lines in self._sent.items() if whom[0] != "account"}
        for whom, line in self._lines(hearing):
            sent[whom] = [*sent.get(whom, ()), line]
        return Caps(self._docket, sent)

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
        whom = {"person": ref, "party": hearing.question.party}.get(cap.per, "")
        times, numbers = self._times(cap, hearing.question.sender, whom)
        last = bisect_right(times, entry.at)
        if last <= cap.touches:
            return None
        first = bisect_right(times, entry.at - timedelta(days=cap.days), 0, last)
        if last - first <= cap.touches:
            return None
        return last - first, tuple(sorted(numbers[last - cap.touches - 1 : last]))

    def full(
        self, cap: Cap, sender: str, at: datetime
    ) -> Iterator[tuple[str, datetime, tuple[int, ...]]]:
        """(whom, until, entries) wherever one more touch at that moment would break the cap."""
        if cap.per == "account":
            self._add_up()
        for kind, who, whom in list(self._sent):
            if (kind, who) != (cap.per, sender):
                continue
            times, numbers = self._times(cap, sender, whom)
            last = bisect_right(times, at)
            first = bisect_right(times, at - timedelta(days=cap.days), 0, last)
            if last - first >= cap.touches:
                oldest = last - cap.touches
                until = times[oldest] + timedelta(days=cap.days)
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

    def _times(self, cap: Cap, sender: str, whom: str) -> tuple[list[datetime], list[int]]:
        known = self._counted.get((id(cap), sender, whom))
        if known is None:
            if cap.per == "account":
                self._add_up()
            sent = [
                line
                for line in self._sent[cap.per, sender, whom]
                if (not cap.channels or line[2] in cap.channels) and line[3] not in cap.not_counted
            ]
            known = cap, [line[0] for line in sent], [line[1] for line in sent]
            self._counted[id(cap), sender, whom] = known
        return known[1:]
