"""Events of the reports that come as mail: bounces, reading notifications, complaints.

Each names the message it is about by that message's own Message-ID, or by the ledger's token
where the returned headers still carry it, so that matching needs no guess. One event for each
recipient. `word` is the report's own ("failed 5.2.2"), `reason` begins with the class of
`_bounce_reason` and goes on in the server's words.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from attrs import evolve, frozen

from contactledger.errors import BadInput
from contactledger.events import Event
from contactledger.sources._bounce import REPORTS, Bounce, Failed, read_bounce, returned_headers
from contactledger.sources._machine import POSTMASTERS, failed_by_subject
from contactledger.sources._mime import Headers, Part, date_of, first, message_ids
from contactledger.sources._text import clean
from contactledger.sources.arf import Feedback, bare_complaint, read_feedback, recipients_of
from contactledger.sources.mdn import Notification, read_notification
from contactledger.vocabulary import By, SignalKind, System

TOKEN_FIELD = "x-contactledger"  # noqa: S105 - a header's name
MAX_REASON_CHARS = 2_000

SNS = "no-reply@sns.amazonaws.com"
"""Whom Amazon's notifications come from where a topic has a mailbox for subscriber."""
MAX_SNS_CHARS = 300_000
"""SNS carries 256 KiB."""

ACTIONS: dict[str, SignalKind] = {
    "failed": SignalKind.BOUNCED,
    "delayed": SignalKind.DEFERRED,
    "delivered": SignalKind.DELIVERED,
    "relayed": SignalKind.RELAYED,
    "expanded": SignalKind.EXPANDED,
}
"""Action of RFC 3464 2.3.3 → what it says."""

PERMANENT: dict[str, bool] = {"hard": True, "soft": False}
"""Severity → whether it is final for the address, as the webhooks of providers mean it. A
mailbox that is full is not, though the server gave this mail up ("failed" in `word`)."""

_NOTIFICATIONS = frozenset(
    {"message/disposition-notification", "message/global-disposition-notification"}
)


@frozen
class Cover:
    """The report's own headers as its events need them, its bytes, and what names it."""

    at: datetime | None
    said_at: str | None
    in_reply_to: str | None
    references: tuple[str, ...]
    sender: str
    subject: str
    original: bytes
    own: str


def report_events(
    message: Part, parts: Sequence[Part], cover: Cover, mark: str | None
) -> list[Event]:
    """The events of a report; none if this is no report, or one that says nothing usable.

    `parts`: the message's leaves; `mark`: why it looks like a report by its headers. One that
    does not name the message it is about has its own name in `event_id`, with the recipient.
    """
    events = _read(message, parts, cover, mark)
    for event in events:
        if not event.message_id and not event.token:
            event.event_id = f"{cover.own} {event.address or ''}".strip()
    return events


def _read(message: Part, parts: Sequence[Part], cover: Cover, mark: str | None) -> list[Event]:
    kinds = {part.content_type[0]: part for part in reversed(parts)}
    for kind in _NOTIFICATIONS & kinds.keys():
        said = read_notification(kinds[kind].decoded())
        return [_disposed(said, returned_headers(parts), cover)] if said else []
    if "message/feedback-report" in kinds:
        returned = returned_headers(parts)
        feedback = read_feedback(kinds["message/feedback-report"].decoded(), returned)
        return _complained(feedback, returned, cover)
    if bare_complaint(cover.subject):
        returned = returned_headers(parts)
        feedback = Feedback("abuse", SignalKind.COMPLAINED, tuple(recipients_of(returned)))
        return _complained(feedback, returned, cover) if returned else []
    if _unsubscribes(message.headers, cover):
        event = _about({}, cover, None)
        event.what = SignalKind.UNSUBSCRIBED
        event.word = "unsubscribe"
        event.address = cover.sender or None
        return [event]
    if cover.sender.lower() == SNS:
        return _told_by_sns(parts, cover)
    certain = mark is not None or bool(REPORTS & kinds.keys())
    if not certain and not _suspect(cover):
        return []
    bounce = read_bounce(message, parts)
    if bounce is None or not (certain or bounce.explained):
        return []
    return [_bounced(one, bounce, cover) for one in bounce.recipients]


def _told_by_sns(parts: Sequence[Part], cover: Cover) -> list[Event]:
    """The events of a notification of Amazon SES that SNS sent as mail, its JSON before a line
    "--"; none if it is none."""
    from contactledger.sources.ses import AmazonSES  # late: it reads mail that comes in itself

    text = parts[0].text()[:MAX_SNS_CHARS].partition("\n--")[0].strip() if parts else ""
    try:
        told = AmazonSES().parse({}, text.encode("utf-8", "replace"))
    except BadInput:
        return []
    return [
        evolve(event, source="mail", system=System.OWN, original=cover.original) for event in told
    ]


def _unsubscribes(fields: Headers, cover: Cover) -> bool:
    """Whether this is the mail that a List-Unsubscribe asks for (RFC 2369 3.2)."""
    if first(fields, "x-apple-unsubscribe").strip().lower() == "true":
        return True
    return cover.subject.lower() == "unsubscribe" and cover.in_reply_to is None


def _suspect(cover: Cover) -> bool:
    """Whether sender or subject allow for a bounce, which the text must then bear out."""
    local = cover.sender.rpartition("@")[0].strip('"').lower()
    return local in POSTMASTERS or failed_by_subject(cover.subject)


def _bounced(one: Failed, bounce: Bounce, cover: Cover) -> Event:
    what = ACTIONS[one.action]
    about = _about(bounce.returned, cover, None)
    at, said_at = date_of(one.at)
    reason = f"{one.reason}: {one.diagnostic}" if one.diagnostic else one.reason
    extra = {"action": one.action, "status": one.status, "reason": one.reason}
    return evolve(
        about,
        what=what,
        at=at or cover.at,
        by=By.MACHINE,
        address=clean(one.given) or None,
        word=f"{one.action} {one.status}".strip(),
        permanent=PERMANENT.get(one.severity),
        reason=clean(reason[:MAX_REASON_CHARS]) if one.severity != "none" else None,
        said_at=said_at if at else cover.said_at,
        extra={**extra, "final_recipient": clean(one.address)},
    )


def _disposed(said: Notification, returned: Headers, cover: Cover) -> Event:
    event = _about(returned, cover, said.original_id)
    event.what = said.what
    event.by = said.by
    event.word = clean(said.word)
    event.address = clean(said.original_recipient or said.recipient) or None
    return event


def _complained(said: Feedback, returned: Headers, cover: Cover) -> list[Event]:
    about = _about(returned, cover, None)
    about.what = said.what
    about.word = clean(f"feedback:{said.type}")
    return [
        evolve(about, address=clean(address) if address else None)
        for address in said.recipients or ("",)
    ]


def _about(returned: Headers, cover: Cover, original_id: str | None) -> Event:
    """An event about the message that a report returns or names."""
    ids = message_ids(first(returned, "message-id"))
    message_id = original_id or (ids[0] if ids else None)
    token = first(returned, TOKEN_FIELD).strip()
    return Event(
        SignalKind.UNKNOWN,
        cover.at,
        source="mail",
        token=clean(token[:100]) or None,
        message_id=clean(message_id) if message_id else None,
        in_reply_to=cover.in_reply_to,
        references=cover.references,
        said_at=cover.said_at,
        system=System.OWN,
        original=cover.original,
    )
