"""Answers that come in before what they answer, as mailboxes hold them.

Somebody's Sent is imported before the Inbox; an export lies in no order, or with the newest in
front. So the mails of a body are gone through in the order in which they were written, and one that
is on record without the question it answers is linked to it by a signal (J22) when it is met again:
at the end of a mailbox for those in it, else when the file is imported once more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from attrs import evolve

from contactledger.events import Event
from contactledger.facts import Signal, Touch
from contactledger.vocabulary import By, Channel, SignalKind

MAX_EARLY = 50_000
"""Answers to what is not on record that are remembered of a mailbox, some 30 MB."""


def by_time(events: Sequence[Event], received_at: datetime) -> list[int]:
    """The positions of these events, where there is mail among them as it was written."""
    places = list(range(len(events)))
    if any(event.message and event.channel is Channel.EMAIL for event in events):
        places.sort(key=lambda place: events[place].at or received_at)
    return places


def remembered(event: Event) -> Event:
    """What of a mail is needed to link it later."""
    message = event.message and evolve(event.message, subject=None, text=None)
    return evolve(event, original=None, reason=None, message=message)


def link(asked: str, answer: str, touch: Touch, *, rule: str, at: datetime) -> Signal:
    """The signal that one touch on record answers another, as the mail itself says."""
    return Signal(
        asked,
        SignalKind.ANSWERED,
        touch.sender,
        By.HUMAN,
        answer=answer,
        system=touch.system,
        auth=touch.auth,
        source=touch.source,
        matched=rule,
        at=at,
    )
