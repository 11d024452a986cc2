"""The closed vocabularies, version 1: the words that may stand in the clear in a log.

A word from outside that has no place here is kept beside the nearest one, in `word`.
"""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What an organisation is in an account."""

    VENDOR = "vendor"
    CUSTOMER = "customer"
    PARTNER = "partner"
    CONSULTANT = "consultant"


class Channel(StrEnum):
    """How a touch travels."""

    EMAIL = "email"
    PHONE = "phone"
    SMS = "sms"
    CHAT = "chat"
    MEETING = "meeting"
    VISIT = "visit"
    LETTER = "letter"
    WEB = "web"
    IN_APP = "in_app"
    TICKET = "ticket"
    OTHER = "other"


class Purpose(StrEnum):
    """What a touch is for."""

    NOTICE = "notice"
    QUESTION = "question"
    OUTAGE = "outage"
    PROMISE = "promise"
    INVOICE = "invoice"
    TRAINING = "training"
    CHECK_IN = "check_in"
    SOCIAL = "social"


class Urgency(StrEnum):
    """How pressing a touch is."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


class Expects(StrEnum):
    """What a touch wants back (J25)."""

    NOTHING = "nothing"
    SEEN = "seen"
    RESPONSE = "response"
    REPLY = "reply"


class SignalKind(StrEnum):
    """What was observed about a touch after it was made."""

    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    DEFERRED = "deferred"
    BOUNCED = "bounced"
    REJECTED = "rejected"
    OPENED = "opened"
    CLICKED = "clicked"
    ANSWERED = "answered"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    VOICEMAIL = "voicemail"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    ATTENDED = "attended"
    ABSENT = "absent"
    DISPLAYED = "displayed"
    DELETED = "deleted"
    RELAYED = "relayed"
    EXPANDED = "expanded"
    AUTO_REPLIED = "auto_replied"
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"
    UNKNOWN = "unknown"


class By(StrEnum):
    """Who did what a signal reports."""

    HUMAN = "human"
    MACHINE = "machine"
    UNKNOWN = "unknown"


class Auth(StrEnum):
    """How the report or message behind a fact was authenticated when it came in (J33)."""

    NONE = "none"
    BASIC = "basic"
    SHARED_SECRET = "shared_secret"
    SIGNED_PART = "signed_part"
    """A signature that does not cover the body (Mailgun)."""
    SIGNED_BODY = "signed_body"
    DKIM = "dkim"
    """A valid DKIM signature of the answerer's domain, checked when the mail came in."""
    ACCESS = "access"
    """Entered by the party itself over its own authenticated access."""
    PARTY_SIGNED = "party_signed"
    """Carried by an original signed by the party itself."""


class System(StrEnum):
    """Whose system reported a fact (J33)."""

    THIRD = "third"
    """Run by neither side: an e-mail provider, a carrier."""
    OWN = "own"
    """Run by the recorder: its PBX, mail server, CRM."""
    HAND = "hand"
    """Written down by a person."""


class MarkWord(StrEnum):
    """What a party says of an entry."""

    NO_ANSWER_NEEDED = "no_answer_needed"
    ACKNOWLEDGED = "acknowledged"
    DISPUTED = "disputed"
    NOT_AN_ANSWER = "not_an_answer"
    """Denies that an act listed as a possible answer was one (J22)."""


class MatterState(StrEnum):
    """What happens to a matter."""

    OPENED = "opened"
    PAUSED = "paused"
    RESUMED = "resumed"
    CLOSED = "closed"


class Word(StrEnum):
    """What is said of a promise."""

    KEPT = "kept"
    MISSED = "missed"
    WITHDRAWN = "withdrawn"


class HandoffWord(StrEnum):
    """Offer of a matter, or the answer to one."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    REFUSED = "refused"


class MilestoneKind(StrEnum):
    """What plans and notices refer to."""

    INSTALL = "install"
    OUTAGE = "outage"
    RELEASE = "release"
    OTHER = "other"


class CoverageState(StrEnum):
    """Whether a collector was listening."""

    WORKING = "working"
    BLIND = "blind"
