"""For Django hosts: django-anymail's tracking events as events of the ledger.

`from_anymail` takes the event that anymail's `tracking` signal hands to its receivers
("Tracking sent mail status" in anymail's documentation; its `AnymailTrackingEvent`). It reads
attributes alone, so neither Django nor anymail is imported.

What to know of it:

- anymail has checked what the provider offers (a signature or basic auth) before it signals, and
  does not say which. The ledger is told with `Anymail(auth=…)`; without that nothing is proven.
- Its words are narrower than the providers': a machine's open is plain *opened* there, Mailjet's
  *sent* is *delivered*. `esp_event` holds what the provider said; of the marks for machines in
  it, those of SendGrid, Mailgun and Brevo are read.
- Providers without an id of the event (Mailjet, Brevo, …) have None; contents are compared then.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

import orjson
from attrs import frozen

from contactledger.errors import BadEvent
from contactledger.events import Event
from contactledger.sources._fields import Fields, in_brackets
from contactledger.sources._json import JSON_TYPES, one_object
from contactledger.sources._text import clean, plausible
from contactledger.sources.source import Headers, check_content_type, check_size
from contactledger.vocabulary import Auth, By, Channel, SignalKind

WORDS: dict[str, tuple[SignalKind, bool | None]] = {
    "queued": (SignalKind.QUEUED, None),
    "sent": (SignalKind.SENT, None),
    "rejected": (SignalKind.REJECTED, None),
    "failed": (SignalKind.REJECTED, None),
    "bounced": (SignalKind.BOUNCED, None),
    "deferred": (SignalKind.DEFERRED, False),
    "delivered": (SignalKind.DELIVERED, None),
    "autoresponded": (SignalKind.AUTO_REPLIED, None),
    "opened": (SignalKind.OPENED, None),
    "clicked": (SignalKind.CLICKED, None),
    "complained": (SignalKind.COMPLAINED, None),
    "unsubscribed": (SignalKind.UNSUBSCRIBED, None),
}
"""anymail's `event_type` → ours, and whether it is for good. Others (subscribed, unknown) are
*unknown*."""

TEMPORARY = frozenset({"timed_out", "spam", "blocked"})
"""`reject_reason` of a bounce that another attempt may overcome."""

MAX_ORIGINAL_BYTES = 200_000
MAX_TEXT_CHARS = 5_000


@frozen
class Anymail:
    """The same as a source, for `Ledger.receive`: the body is `as_body(event, esp_name)`.

    `auth`: how anymail authenticated the webhook, which its configuration says. `token_arg`:
    the metadata in which the ledger's token travels.
    """

    name: ClassVar[str] = "anymail"
    channel: ClassVar[Channel] = Channel.EMAIL
    max_body_bytes: ClassVar[int] = 1024 * 1024

    auth: Auth = Auth.NONE
    token_arg: str = "contactledger"  # noqa: S105 - the name of a field

    def verify(self, headers: Headers, body: bytes, url: str | None, now: datetime) -> Auth:  # noqa: ARG002 - anymail has verified it
        """What the host says that anymail has checked."""
        check_size(self, body)
        return self.auth

    def parse(self, headers: Headers, body: bytes) -> list[Event]:
        """The one event of a body made by `as_body`."""
        check_size(self, body)
        check_content_type(headers, JSON_TYPES)
        said = Fields(one_object(body))
        at, said_at = said.iso("timestamp")
        event = _event(said, at, said_at, self.token_arg)
        event.original = body
        return [event]


def from_anymail(event: Any, *, token_arg: str = "contactledger") -> Event:  # noqa: S107 - the name of a field
    """The `Event` of an anymail tracking event. `BadEvent` names the attribute that is wrong."""
    said = _read(event)
    at = getattr(event, "timestamp", None)
    if at is not None and (not isinstance(at, datetime) or at.tzinfo is None):
        raise BadEvent("must be a datetime with a time zone", field="timestamp")
    made = _event(
        Fields(said),
        None if at is None else plausible(at, "timestamp"),
        None if at is None else at.isoformat(),
        token_arg,
    )
    made.original = _json(said)
    return made


def as_body(event: Any, esp_name: str = "") -> bytes:
    """An anymail tracking event as the body that `Anymail` reads, for `Ledger.receive`."""
    said = _read(event)
    at = getattr(event, "timestamp", None)
    if isinstance(at, datetime):
        said["timestamp"] = at.isoformat()
    return _json({**said, "esp_name": esp_name or said.get("esp_name")})


_ATTRIBUTES = (
    "event_type", "event_id", "message_id", "recipient", "reject_reason", "description",
    "mta_response", "click_url", "user_agent", "esp_name",
)  # fmt: skip


def _read(event: Any) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for name in _ATTRIBUTES:
        value = getattr(event, name, None)
        if value is not None:
            said[name] = clean(str(value))[:MAX_TEXT_CHARS]
    metadata = getattr(event, "metadata", None)
    if isinstance(metadata, Mapping):
        said["metadata"] = {clean(str(k)): clean(str(v)) for k, v in metadata.items()}
    raw = getattr(event, "esp_event", None)
    if isinstance(raw, Mapping):
        said["esp_event"] = dict(raw.items())
    return said


def _event(said: Fields, at: datetime | None, said_at: str | None, token_arg: str) -> Event:
    word = said.text("event_type") or "unknown"
    what, permanent = WORDS.get(word, (SignalKind.UNKNOWN, None))
    reason = said.text("reject_reason")
    if what is SignalKind.BOUNCED and reason in TEMPORARY:
        permanent = False
    by, detector = _machine(said.object("esp_event").values)
    if what not in (SignalKind.OPENED, SignalKind.CLICKED):
        by, detector = By.UNKNOWN, None
    message_id = said.text("message_id")
    return Event(
        what,
        at,
        by,
        "anymail",
        event_id=said.text("event_id"),
        token=said.object("metadata").token(token_arg),
        provider_id=message_id,
        message_id=in_brackets(message_id) if message_id and "@" in message_id else None,
        address=said.text("recipient"),
        word=word,
        permanent=permanent,
        reason=said.text("mta_response", "description") or reason,
        said_at=said_at,
        url=said.text("click_url"),
        user_agent=said.text("user_agent"),
        detector=detector,
    )


def _machine(raw: Mapping[str, Any]) -> tuple[By, str | None]:
    """What the provider itself said of machines."""
    if raw.get("sg_machine_open") is True:
        return By.MACHINE, "sendgrid:sg_machine_open"
    client = raw.get("client-info")
    if isinstance(client, Mapping) and client.get("bot"):
        return By.MACHINE, "mailgun:client-info.bot"
    if str(raw.get("event", "")).endswith(("proxy_open", "proxy_opened")):
        return By.MACHINE, "brevo:proxy_open"
    return By.UNKNOWN, None


def _json(said: dict[str, Any]) -> bytes:
    """What was read as JSON, without the provider's own event where that is too long."""
    try:
        made = orjson.dumps(said, default=str, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:  # a lone surrogate, a number too long, a loop
        made = b""
    if not made or len(made) > MAX_ORIGINAL_BYTES:
        made = orjson.dumps({k: v for k, v in said.items() if k != "esp_event"})
    return made
