"""SendGrid's Inbound Parse: messages that came in, as a form.

Fields are those of Twilio's "Setting Up The Inbound Parse Webhook": the message whole (`email`,
where the webhook is set to post it raw), or its headers as one text with `text` and `html`. The
form's `charsets` says in which charset each field is. The URL may carry a user and a password;
a signature is not checked here.

What to know of it:

- SendGrid tries again for three days, as long as it gets 5xx.
- `dkim` and `SPF` are SendGrid's own verdicts on the sender; they are not used here.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import orjson
from attrs import field, frozen

from contactledger.events import Event
from contactledger.sources._auth import check_basic, to_credentials
from contactledger.sources._form import form_of
from contactledger.sources._inbound import MAX_BODY_BYTES, from_message, from_parts, with_missing
from contactledger.sources._mime import decode, split, unix_lines
from contactledger.sources.source import Headers, check_size
from contactledger.vocabulary import Auth, Channel


@frozen
class SendGridInbound:
    """Messages of SendGrid's Inbound Parse webhook.

    `basic`: "user:password" of the webhook's URL, or several while they are exchanged; without
    them nothing is proven.

    >>> from contactledger.sources import SendGridInbound
    >>> SendGridInbound().parse({}, b"email=From: bob@smith.example%0A%0AYes.")[0].message.text
    'Yes.'
    """

    name: ClassVar[str] = "sendgrid_inbound"
    channel: ClassVar[Channel] = Channel.EMAIL
    max_body_bytes: ClassVar[int] = MAX_BODY_BYTES

    basic: tuple[str, ...] = field(default=None, converter=to_credentials, repr=False)

    def verify(self, headers: Headers, body: bytes, url: str | None, now: datetime) -> Auth:  # noqa: ARG002 - nothing is signed
        """`BASIC` with credentials, else `NONE`; `Unverified` where they do not hold."""
        check_size(self, body)
        return check_basic("sendgrid_inbound", self.basic, headers)

    def parse(self, headers: Headers, body: bytes) -> list[Event]:
        """The events of the message; `original` is the message where it came raw, else the body."""
        check_size(self, body)
        form = {n: value.encode("utf-8", "surrogateescape") for n, value in form_of(headers, body)}
        raw = form.get("email")
        if raw:
            return from_message(raw, self.name)
        charsets = _charsets(form.get("charsets", b"{}"))
        texts = {name: decode(value, charsets.get(name, "")) for name, value in form.items()}
        read = split(unix_lines(form.get("headers", b"").lstrip(b"\r\n"))).headers
        pairs = [(name, value) for name, values in read.items() for value in values]
        more = [(name, texts.get(name.lower())) for name in ("From", "To", "Cc", "Subject")]
        return from_parts(
            with_missing(pairs, more),
            texts.get("text"),
            texts.get("html"),
            self.name,
            event_id=None,
            original=body,
        )


def _charsets(text: bytes) -> dict[str, str]:
    try:
        found = orjson.loads(text)
    except ValueError:
        return {}
    return {k: v for k, v in found.items() if type(v) is str} if type(found) is dict else {}
