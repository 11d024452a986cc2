"""Mandrill (Mailchimp Transactional): webhooks of message events, and inbound mail.

Words and fields are those of Mailchimp's "Track and respond to activity with webhooks" and
"Authenticate webhook requests" (mailchimp.com/developer/transactional): a form with one field,
`mandrill_events`, a JSON array; the header X-Mandrill-Signature holds, in base64, the
HMAC-SHA-1 of the webhook's address followed by the form's names and values.

What to know of it:

- The address must be the one that was entered at Mandrill, letter by letter: a proxy that
  changes scheme, host or port breaks the signature, so `verify` wants it as `url`.
- `_id` is the message's; there is no id of the event.
- Changes of the reject lists ("blacklist", "whitelist") concern no message: *unknown*.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from attrs import field, frozen

from contactledger.errors import BadEvent, Unverified
from contactledger.events import Event
from contactledger.sources._auth import (
    check_basic,
    to_credentials,
    to_secrets,
    url_signature_holds,
)
from contactledger.sources._batch import read_each
from contactledger.sources._fields import Fields
from contactledger.sources._form import form_of
from contactledger.sources._inbound import MAX_BODY_BYTES, from_message
from contactledger.sources._json import array_of_objects
from contactledger.sources.source import Headers, check_size, header
from contactledger.vocabulary import Auth, Channel, SignalKind

WORDS: dict[str, SignalKind] = {
    "send": SignalKind.SENT,
    "delivered": SignalKind.DELIVERED,
    "deferral": SignalKind.DEFERRED,
    "hard_bounce": SignalKind.BOUNCED,
    "soft_bounce": SignalKind.BOUNCED,
    "open": SignalKind.OPENED,
    "click": SignalKind.CLICKED,
    "spam": SignalKind.COMPLAINED,
    "unsub": SignalKind.UNSUBSCRIBED,
    "reject": SignalKind.REJECTED,
}
"""Mandrill's word → ours."""

PERMANENT: dict[str, bool] = {"hard_bounce": True, "soft_bounce": False, "deferral": False}

MAX_EVENTS = 20_000
"""Of one body; Mandrill batches up to 1,000."""


@frozen
class Mandrill:
    """Events of Mandrill's webhooks, and mail of its inbound domains.

    `key`: the webhook's key, or several while one is exchanged. `basic`: "user:password" where
    the URL carries them; beside a key, both must hold. `token_arg`: the metadata field that
    carries the ledger's token.

    >>> from contactledger.sources import Mandrill
    >>> Mandrill().parse({}, b'mandrill_events=%5B%5D')
    []
    """

    name: ClassVar[str] = "mandrill"
    channel: ClassVar[Channel] = Channel.EMAIL
    max_body_bytes: ClassVar[int] = MAX_BODY_BYTES

    key: tuple[bytes, ...] = field(default=None, converter=to_secrets, repr=False)
    basic: tuple[str, ...] = field(default=None, converter=to_credentials, repr=False)
    token_arg: str = "contactledger"  # noqa: S105 - the name of a field

    def verify(self, headers: Headers, body: bytes, url: str | None, now: datetime) -> Auth:  # noqa: ARG002 - no time is signed
        """`SIGNED_BODY` with a key, `BASIC` with credentials alone, else `NONE`.

        `Unverified`: no or a wrong signature, no `url` to check it with, wrong credentials.
        """
        check_size(self, body)
        auth = check_basic("mandrill", self.basic, headers)
        if not self.key:
            return auth
        given = header(headers, "X-Mandrill-Signature")
        if not given:
            raise Unverified("mandrill: the request is not signed")
        if not url:
            raise Unverified("mandrill: the address it was posted to is needed to check it")
        try:
            form = form_of(headers, body)
        except BadEvent:
            raise Unverified("mandrill: the request is no form, so it is not signed") from None
        if not url_signature_holds(self.key, given, url, form, header(headers, "Authorization")):
            raise Unverified("mandrill: the signature is not by a key that is known here")
        return Auth.SIGNED_BODY

    def parse(self, headers: Headers, body: bytes) -> list[Event]:
        """One event for each object of the array; `original` is its exact bytes, or the
        message that it carries."""
        check_size(self, body)
        batch = dict(form_of(headers, body)).get("mandrill_events")
        if batch is None:
            raise BadEvent("is missing", field="mandrill_events")
        items, originals = array_of_objects(batch.encode("utf-8", "surrogateescape"))
        arg = self.token_arg
        return read_each(items, originals, MAX_EVENTS, lambda i, raw: _events(i, raw, arg))


def _events(item: Fields, original: bytes, token_arg: str) -> list[Event]:
    word = item.text("event", "type")
    message = item.object("msg")
    raw = message.values.get("raw_msg")
    if word == "inbound" and type(raw) is str:
        return from_message(raw.encode("utf-8", "replace"), "mandrill")
    at, said_at = item.epoch("ts")
    reject = item.object("reject")
    event = Event(
        WORDS.get(word or "", SignalKind.UNKNOWN),
        at,
        source="mandrill",
        token=message.object("metadata").token(token_arg),
        provider_id=message.text("_id") or item.text("_id"),
        address=message.text("email") or reject.text("email"),
        word=word,
        permanent=PERMANENT.get(word or ""),
        reason=message.text("diag", "bounce_description") or reject.text("reason"),
        said_at=said_at,
        url=item.text("url"),
        ip=item.text("ip"),
        user_agent=item.text("user_agent"),
        original=original,
    )
    return [event]
