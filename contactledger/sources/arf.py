"""Feedback reports, RFC 5965: somebody called a mail unwanted, or a network did.

Sent by mailbox providers to those who asked for them (feedback loops). Many take the
recipient out; then only the returned message, or the ledger's own token in it, tells whose
complaint it is. None says whether a person pressed a button or a filter did.
"""

from __future__ import annotations

from attrs import frozen

from contactledger.sources._mime import Headers, addresses, first, split
from contactledger.vocabulary import SignalKind

TYPES: dict[str, SignalKind] = {
    "abuse": SignalKind.COMPLAINED,
    "fraud": SignalKind.COMPLAINED,
    "virus": SignalKind.COMPLAINED,
    "other": SignalKind.COMPLAINED,
    "miscategorized": SignalKind.COMPLAINED,
    "opt-out": SignalKind.UNSUBSCRIBED,
    "opt-out-list": SignalKind.UNSUBSCRIBED,
}
"""Feedback-Type → what it says (RFC 5965 3.1 and 7.3, and the drafts before it). *not-spam*
(RFC 6430) and *auth-failure* (RFC 6591) complain of nobody, and are *unknown*."""

MAX_RECIPIENTS = 1_000
_HOTMAIL = ("x-hmxmroriginalrecipient",)
"""Where providers put the recipient whose reports are no ARF."""


@frozen
class Feedback:
    """A report: of which type, and about whose mail."""

    type: str
    what: SignalKind
    recipients: tuple[str, ...]


def read_feedback(body: bytes, returned: Headers) -> Feedback:
    """What a part `message/feedback-report` says; `returned` are the headers it came with."""
    fields = split(body.lstrip(b"\n")).headers
    kind = first(fields, "feedback-type").strip().lower()[:40]
    named: list[str] = []
    for name in ("original-rcpt-to", "removal-recipient"):
        named = named or [a for value in fields.get(name, ()) for a in addresses(value)]
    return Feedback(
        kind,
        TYPES.get(kind, SignalKind.UNKNOWN),
        tuple(dict.fromkeys(named or recipients_of(returned)))[:MAX_RECIPIENTS],
    )


def recipients_of(returned: Headers) -> list[str]:
    """Whom a returned message was for, where its headers still tell."""
    for name in (*_HOTMAIL, "x-original-to", "to"):
        found = addresses(", ".join(returned.get(name, [])))
        if found:
            return list(found)
    return []


def bare_complaint(subject: str) -> bool:
    """Whether a subject is that of Hotmail's reports, which have no part of their own."""
    return subject.lower().startswith("complaint about message from ")
