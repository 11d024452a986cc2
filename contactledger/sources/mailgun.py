"""Mailgun: event webhooks, and messages that its routes forward.

Words and fields are those of Mailgun's "Webhook Payloads" and "Tracking Messages", the
signature that of "Securing Webhooks": HMAC-SHA-256 over timestamp and token, sent in the body
itself (documentation.mailgun.com). The older form bodies are read, too.

What to know of it:

- The signature does not cover the event: whoever saw one genuine request can put any event
  beside its signature. So the authenticity is `SIGNED_PART`, and the event's id is the signed
  token: another event under the same token is a conflict that is kept and marked. Mailgun's
  own id is unique within a day only; it is in `extra`.
- Mailgun tries again for 8 hours, and not at all for deliveries; 406 makes it stop.
- `client-info.bot` names the machine of an open or click (apple, gmail, generic); an empty one
  says that none was detected, not that a person did it.
- A failure with a reason "suppress-…" was never tried: Mailgun had the address on a list.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

import orjson
from attrs import field, frozen

from contactledger.errors import BadEvent, Unverified
from contactledger.events import Event
from contactledger.sources._auth import (
    AHEAD_SECONDS,
    check_age,
    check_basic,
    hmac_holds,
    to_credentials,
    to_secrets,
)
from contactledger.sources._fields import Fields, in_brackets
from contactledger.sources._form import Form, first, form_of, is_form
from contactledger.sources._inbound import (
    MAX_BODY_BYTES,
    from_message,
    from_parts,
    header_pairs,
    header_value,
    with_missing,
)
from contactledger.sources._json import JSON_TYPES, one_object
from contactledger.sources._text import clean
from contactledger.sources.source import Headers, check_content_type, check_size
from contactledger.vocabulary import Auth, By, Channel, SignalKind

WORDS: dict[str, SignalKind] = {
    "accepted": SignalKind.QUEUED,
    "rejected": SignalKind.REJECTED,
    "delivered": SignalKind.DELIVERED,
    "failed": SignalKind.BOUNCED,
    "opened": SignalKind.OPENED,
    "clicked": SignalKind.CLICKED,
    "unsubscribed": SignalKind.UNSUBSCRIBED,
    "complained": SignalKind.COMPLAINED,
    "dropped": SignalKind.REJECTED,
    "bounced": SignalKind.BOUNCED,
}
"""Mailgun's word → ours; the last two are those of the older form bodies."""

PERMANENT: dict[str, bool] = {"permanent": True, "temporary": False}
"""`severity` of a failure → whether it is final."""

BOTS = frozenset({"apple", "gmail", "generic"})
"""Machines that Mailgun names."""

DETECTOR = "mailgun:client-info.bot"

TOLERANCE_SECONDS = 9 * 3600
"""The 8 hours in which Mailgun tries again, and an hour."""


@frozen
class Mailgun:
    """Events of Mailgun's webhooks, and mail forwarded by its routes.

    `key`: the *HTTP webhook signing key*, or several while one is exchanged; a subaccount's
    events hold by the parent's key as well. `tolerance_seconds`: the greatest age of the
    signed timestamp; None takes any. `basic`: "user:password" where the webhook's URL carries
    them; beside a key, both must hold. `token_arg`: the user variable with the ledger's token.

    >>> from contactledger.sources import Mailgun
    >>> Mailgun().parse({}, b'{"event-data": {"event": "opened"}}')[0].what
    <SignalKind.OPENED: 'opened'>
    """

    name: ClassVar[str] = "mailgun"
    channel: ClassVar[Channel] = Channel.EMAIL
    max_body_bytes: ClassVar[int] = MAX_BODY_BYTES

    key: tuple[bytes, ...] = field(default=None, converter=to_secrets, repr=False)
    tolerance_seconds: int | None = TOLERANCE_SECONDS
    basic: tuple[str, ...] = field(default=None, converter=to_credentials, repr=False)
    token_arg: str = "contactledger"  # noqa: S105 - the name of a field

    def verify(self, headers: Headers, body: bytes, url: str | None, now: datetime) -> Auth:  # noqa: ARG002 - the signature does not cover the address
        """`SIGNED_PART` with a key, `BASIC` with credentials alone, else `NONE`.

        `Unverified`: no or a wrong signature, one older than the tolerance, wrong credentials.
        """
        check_size(self, body)
        auth = check_basic("mailgun", self.basic, headers)
        if not self.key:
            return auth
        token, stamp, given = _signature(headers, body)
        if not token or not stamp or not given:
            raise Unverified("mailgun: the request is not signed")
        signed = (stamp + token).encode("utf-8", "surrogatepass")
        if not sum([hmac_holds(self.key, one, signed, "sha256") for one in given]):
            raise Unverified("mailgun: the signature is not by a key that is known here")
        if self.tolerance_seconds is not None:
            check_age("mailgun", stamp, now, self.tolerance_seconds, AHEAD_SECONDS)
        return Auth.SIGNED_PART

    def parse(self, headers: Headers, body: bytes) -> list[Event]:
        """The event of a body; `original` is the body, or the message that it carries, of which
        there may be several events (see `Mail`)."""
        check_size(self, body)
        if is_form(headers):
            return _form_events(form_of(headers, body), body, self.token_arg)
        check_content_type(headers, JSON_TYPES)
        return [_event(Fields(one_object(body)), body, self.token_arg)]


def _signature(headers: Headers, body: bytes) -> tuple[str | None, str | None, list[str]]:
    """(token, timestamp, signatures): that of the account, and of its parent for subaccounts."""
    try:
        if is_form(headers):  # the sender's own variables come first and may bear these names
            form = dict(form_of(headers, body))
            return form.get("token"), form.get("timestamp"), [form.get("signature") or ""]
        part = Fields(one_object(body)).object("signature")
        given = [part.text("signature"), part.text("parent-signature")]
        return part.text("token"), part.id("timestamp"), [one for one in given if one]
    except BadEvent:
        return None, None, []


def _event(body: Fields, original: bytes, token_arg: str) -> Event:
    data = body.object("event-data")
    word = data.text("event")
    status = data.object("delivery-status")
    client = data.object("client-info")
    at, said_at = data.epoch("timestamp")
    own_id = data.text("id")
    event = Event(
        WORDS.get(word or "", SignalKind.UNKNOWN),
        at,
        source="mailgun",
        event_id=body.object("signature").text("token") or own_id,
        token=data.object("user-variables").token(token_arg),
        message_id=in_brackets(data.object("message").object("headers").text("message-id")),
        address=data.text("recipient"),
        word=word,
        reason=status.text("message", "description") or _reject(data) or data.text("reason"),
        said_at=said_at,
        url=data.text("url"),
        ip=data.text("ip"),
        user_agent=client.text("user-agent"),
        original=original,
        extra={"id": own_id} if own_id else {},
    )
    if word == "failed":
        event.permanent = PERMANENT.get(data.text("severity") or "")
        if event.permanent is False:
            event.what = SignalKind.DEFERRED
        elif (data.text("reason") or "").startswith("suppress-"):
            event.what = SignalKind.REJECTED
    bot = client.text("bot")
    if bot:
        named = bot if bot in BOTS else "other"
        event.by, event.detector = By.MACHINE, f"{DETECTOR}:{named}"
    return event


def _reject(data: Fields) -> str | None:
    values = data.values.get("reject")
    return data.object("reject").text("reason", "description") if values else None


def _form_events(form: Form, body: bytes, token_arg: str) -> list[Event]:
    last = dict(form)
    token = clean(last["token"]) if last.get("token") else None
    if "event" not in last:
        return _message(form, body, token)
    word = first(form, "event")
    # of the fields that Mailgun writes last, the last one is Mailgun's
    at, said_at = Fields(last).epoch("timestamp")
    event = Event(
        WORDS.get(word or "", SignalKind.UNKNOWN),
        at,
        source="mailgun",
        event_id=token,
        token=first(form, token_arg),
        message_id=in_brackets(first(form, "Message-Id", "message-id")),
        address=first(form, "recipient"),
        word=word,
        permanent=True if word in ("bounced", "dropped") else None,
        reason=first(form, "error", "notification", "description", "reason"),
        said_at=said_at,
        url=first(form, "url"),
        ip=first(form, "ip"),
        user_agent=first(form, "user-agent"),
        original=body,
    )
    return [event]


def _message(form: Form, body: bytes, event_id: str | None) -> list[Event]:
    raw = dict(form).get("body-mime")
    if raw:
        message = raw.encode("utf-8", "surrogateescape")
        return from_message(message, "mailgun", event_id=event_id)
    pairs = header_pairs(_json(first(form, "message-headers") or "[]"))
    more = [("From", first(form, "from")), ("Subject", first(form, "subject"))]
    more += [("To", header_value(pairs, "To") or first(form, "recipient"))]
    return from_parts(
        with_missing(pairs, more),
        first(form, "body-plain"),
        first(form, "body-html"),
        "mailgun",
        event_id=event_id,
        original=body,
    )


def _json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except ValueError:
        raise BadEvent("is not valid JSON", field="message-headers") from None
