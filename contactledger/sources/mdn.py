"""Message disposition notifications, RFC 8098: what became of a mail in somebody's mailbox.

The field `Disposition` names who acted (`manual-action`, `automatic-action`), how the notice
was sent, and what was done. Only a person's own act says that a person looked: *displayed* by
hand counts as seen, anything else as delivered (J12). "Displayed" never says read (RFC 8098
3.2.6.2).
"""

from __future__ import annotations

import re

from attrs import frozen

from contactledger.sources._mime import Headers, first, message_ids, split
from contactledger.sources.dsn import address_of
from contactledger.vocabulary import By, SignalKind

TYPES: dict[str, SignalKind] = {
    "displayed": SignalKind.DISPLAYED,
    "deleted": SignalKind.DELETED,
    "dispatched": SignalKind.DELIVERED,
    "processed": SignalKind.DELIVERED,
    "denied": SignalKind.DELIVERED,
    "failed": SignalKind.UNKNOWN,
}
"""Disposition type → what it says. *Dispatched* (printed, passed on) and *processed* show that
the mail was there; *denied* (RFC 2298) that somebody would not say more."""

_DISPOSITION = re.compile(
    r"(manual-action|automatic-action) ?/ ?(mdn-sent-manually|mdn-sent-automatically) ?;"
    r" ?([a-z-]{1,40}) ?(?:/ ?([a-z0-9_, -]{1,200}))?\Z",
    re.IGNORECASE,
)
"""Of a value whose blanks are single ones."""


@frozen
class Disposition:
    """A field Disposition: `manual` acted a person, `sent_by_hand` and a person agreed to say
    so; `type` and `modifiers` in lower case."""

    manual: bool
    sent_by_hand: bool
    type: str
    modifiers: tuple[str, ...] = ()


@frozen
class Notification:
    """A notification: of whose mailbox, about which message, what was done, by whom."""

    recipient: str
    original_recipient: str
    original_id: str | None
    what: SignalKind
    by: By
    word: str


def disposition_of(value: str) -> Disposition | None:
    """A field Disposition as RFC 8098 3.2.6 writes it, or None."""
    found = _DISPOSITION.match(" ".join(value[:400].split()))
    if found is None:
        return None
    action, sending, kind, modifiers = (text or "" for text in found.groups())
    words = [word.strip().lower() for word in modifiers.split(",")]
    return Disposition(
        action.lower() == "manual-action",
        sending.lower() == "mdn-sent-manually",
        kind.lower(),
        tuple(word for word in words if word),
    )


def read_notification(body: bytes) -> Notification | None:
    """What a part `message/disposition-notification` says.

    None where Final-Recipient or Disposition is missing or unreadable (RFC 8098 3.1.1).
    """
    fields: Headers = split(body.lstrip(b"\n")).headers
    disposition = disposition_of(first(fields, "disposition"))
    final = first(fields, "final-recipient")
    if disposition is None or not final.strip():
        return None
    ids = message_ids(first(fields, "original-message-id"))
    what = TYPES.get(disposition.type, SignalKind.UNKNOWN)
    if "error" in disposition.modifiers and what is SignalKind.DISPLAYED:
        what = SignalKind.UNKNOWN
    manual = disposition.manual and what in (SignalKind.DISPLAYED, SignalKind.DELETED)
    return Notification(
        address_of(final),
        address_of(first(fields, "original-recipient")),
        ids[0] if ids else None,
        what,
        By.HUMAN if manual else By.MACHINE,
        " ".join(first(fields, "disposition").split())[:200],
    )
