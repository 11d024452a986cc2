"""What a source makes of bytes: reports that are parsed but not yet matched to a touch.

Events never enter the log; matching turns each into a fact, or parks it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from attrs import define, field, frozen

from contactledger.vocabulary import Auth, By, Channel, SignalKind, System


@define
class Incoming:
    """A message or call that reached us: what becomes a touch of the other side.

    `sender` and `to` are addresses; `automatic` names the mark of an automatic reply.
    """

    sender: str
    to: tuple[str, ...] = ()
    subject: str | None = None
    text: str | None = None
    automatic: str | None = None
    outgoing: bool = False


@define
class Event:
    """A provider's report, parsed but not yet matched to a touch; never in the log.

    `what` and `by` as in `Signal`, or, for a message that came in, `touch` holds what is
    known of it. The names it can be matched by: `token`, `provider_id`, `message_id`,
    `in_reply_to`, `references` (newest first), `call_id`, `address`. `event_id` only where
    the provider keeps it the same over retries. Not frozen: parsing webhooks is a hot path.
    """

    what: SignalKind
    at: datetime | None = None
    by: By = By.UNKNOWN
    source: str = ""
    event_id: str | None = None
    token: str | None = None
    provider_id: str | None = None
    message_id: str | None = None
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    call_id: str | None = None
    address: str | None = None
    channel: Channel = Channel.EMAIL
    word: str | None = None
    permanent: bool | None = None
    reason: str | None = None
    said_at: str | None = None
    url: str | None = None
    ip: str | None = None
    user_agent: str | None = None
    detector: str | None = None
    detector_date: str | None = None
    auth: Auth = Auth.NONE
    system: System = System.THIRD
    original: bytes | None = None
    message: Incoming | None = None
    extra: Mapping[str, Any] = field(factory=dict)


@frozen
class Parked:
    """An event that matched no touch (*unknown*) or several (*ambiguous*): its position in
    the body, and by which rule it came to nothing."""

    index: int
    state: str
    rule: str
