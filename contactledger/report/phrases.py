"""The plain words of a report: channels, outcomes, evidence, times and lengths of time.

Reports say *seen* and never *read*: nobody's system can tell that a person read something.
Text that people typed (names, subjects) goes through `clean` before it enters any row.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from contactledger.facts import Money

TEXT_LIMIT = 200
"""Characters of a name or subject that a report shows; a subject may be a whole page."""

_CONTROLS = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029]+|[\u202a-\u202e\u2066-\u2069]|[\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)

CHANNELS = {
    "email": "e-mail", "phone": "phone", "sms": "text message", "chat": "chat",
    "meeting": "meeting", "visit": "visit", "letter": "letter", "web": "web page",
    "in_app": "in-app notice", "ticket": "ticket", "other": "other",
}  # fmt: skip
PURPOSES = {
    "notice": "notice", "question": "question", "outage": "outage", "promise": "promise",
    "invoice": "invoice", "training": "training", "check_in": "check-in", "social": "social",
}  # fmt: skip
WANTED = {
    "nothing": "wanted nothing back",
    "seen": "wanted to be seen",
    "response": "wanted a response",
    "reply": "wanted a reply",
}
OUTCOMES = {
    "answered": "somebody of the receiver answered",
    "seen": "only being seen was wanted, and it was",
    "unreached": "it did not get there",
    "noted": "nothing was wanted back",
    "pending": "the time to answer has not run out",
    "ignored": "it arrived, the time ran out, the collector listened, and nothing came back",
    "unproven": "silence that cannot be told from a collector's blindness or a machine's doing",
}
GRADES = {
    "confirmed": "said by the party whom the statement burdens",
    "likely": "reported by a system that neither party runs",
    "claimed": "one's own word",
}
WHAT = {
    "touch": "put on record by its sender",
    "answer": "answer",
    "queued": "queued for sending",
    "sent": "sent",
    "delivered": "delivered",
    "deferred": "delivery put off for a while",
    "bounced": "bounced",
    "rejected": "rejected",
    "opened": "opened",
    "clicked": "link followed",
    "answered": "answered",
    "no_answer": "rang out",
    "busy": "busy",
    "voicemail": "voicemail took it",
    "accepted": "invitation accepted",
    "declined": "invitation declined",
    "attended": "attended",
    "absent": "did not attend",
    "displayed": "shown on a screen",
    "deleted": "deleted",
    "relayed": "passed on to another system",
    "expanded": "passed on to a list",
    "auto_replied": "automatic reply",
    "complained": "marked as spam",
    "unsubscribed": "unsubscribed",
    "unknown": "a report of unknown meaning",
}
BY = {"human": "by a person", "machine": "by a machine", "unknown": "by whom is unknown"}
AUTH = {
    "none": "",
    "basic": "password-protected",
    "shared_secret": "shared secret",
    "signed_part": "signed, body not covered",
    "signed_body": "signed",
    "dkim": "DKIM signature valid",
    "access": "entered by the party itself",
    "party_signed": "signed by the party itself",
}
RUNGS = {
    "second_channel": "try the preferred or a second channel",
    "second_person": "try a second person",
    "level_higher": "go one level higher",
}
PROMISES = {
    "open": "open", "overdue": "overdue", "kept": "kept", "missed": "missed",
    "withdrawn": "withdrawn", "disputed": "disputed",
}  # fmt: skip
MATTERS = {
    "opened": "open", "paused": "paused", "resumed": "open again", "closed": "closed",
}  # fmt: skip
HANDOFFS = {
    "offered": "offered", "accepted": "accepted", "refused": "refused",
    "never_taken_up": "never taken up",
}  # fmt: skip
GAPS = {
    "blind": "was blind",
    "caught_up": "was blind",
    "assumed": "is assumed to have listened",
}
GAPS_AFTER = {
    "caught_up": "; what it had missed was fetched afterwards",
    "assumed": "; nobody recorded that it did",
}
NOT = (
    (
        "It is not proof that anything was read or understood. It says seen where a system showed "
        "a message to a person, and no more."
    ),
    (
        "It is not a legal finding. Whose turn it is and what counts against whom follow from a "
        "written policy that is printed here, and from nothing else."
    ),
    (
        "It cannot show that an event happened, or that everything that happened was written down: "
        "a ledger holds what its recorders put into it."
    ),
    (
        "Times are those that the recorder or a provider gave. What the log proves is the order of "
        "its entries, and that none was changed since."
    ),
    (
        "An open of an e-mail is useful in aggregate and weak about one message: machines open "
        "mail, and people see mail that reports nothing."
    ),
    "Silence is a fact about a channel, not about a person's will.",
)
"""What a proof-of-contact report is not; printed in each."""

ATTENDANCE = {"attended": "attended", "nobody_came": "nobody came"}
"""Code of a note on a meeting → what stands beside its outcome."""

SPARED = {
    "possible_answer": "an act may be the answer",
    "answer_failed": "an answer was sent and never arrived",
    "asked_but_not_told": "the receiver had asked for something else, which the sender could "
    "not know yet",
    "broadcast": "it was told to everybody",
}
"""Code of a note that spares the receiver → why, as the end of a sentence."""

_CURRENCY_DIGITS = {
    "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0,
    "RWF": 0, "UGX": 0, "UYI": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
    "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
}  # fmt: skip
"""ISO 4217 minor units where they are not two."""

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


def _visible(match: re.Match[str]) -> str:
    char = match.group()[0]
    if char in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069":
        return f"‹U+{ord(char):04X}›"
    return " " if char < "\ua000" else "\ufffd"


CUT = "… ({n} characters)"
"""What stands behind a text of which the rest is cut off."""


def clean(text: str, limit: int = TEXT_LIMIT, cut: str = CUT) -> str:
    """What people typed, made safe to print: one line, at most `limit` characters.

    Control characters become a space, controls of writing direction become visible (they
    can make a line say something else than it holds), half characters the replacement sign.
    What is cut off is said: "… (10,000 characters)", in the words of `cut`.
    """
    short = _CONTROLS.sub(_visible, text[: limit + 1]).strip()
    return short if len(text) <= limit else short[:limit].rstrip() + cut.format(n=f"{len(text):,}")


def word(words: dict[str, str], code: str) -> str:
    """The plain words for a code; a code that is not known is printed with spaces."""
    return words.get(code) or code.replace("_", " ")


def clause(text: str) -> str:
    """A sentence made fit to stand inside another: no full stop, no capital it need not have."""
    first = text.split(" ", 1)[0]
    keep = len(first) > 1 and first.isupper()
    return (text if keep else text[:1].lower() + text[1:]).removesuffix(".")


def sentence(text: str) -> str:
    """A text with a full stop, unless it ends a sentence already or says nothing."""
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."


def number(count: int, one: str, many: str = "") -> str:
    """As in "1 touch", "2 touches", "no touches"."""
    noun = one if count == 1 else many or f"{one}s"
    return f"{count or 'no'} {noun}" if count < 1000 else f"{count:,} {noun}"


def listed(items: Sequence[str], last: str = "and") -> str:
    """As in "a, b and c"."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def lasting(span: timedelta) -> str:
    """A length of time in two units at most: "2 days 3 hours", "45 minutes"."""
    minutes = round(abs(span).total_seconds() / 60)
    days, rest = divmod(minutes, 1440)
    hours, minutes = divmod(rest, 60)
    if days >= 10:
        days, hours = days + (hours >= 12), 0
    parts = [number(n, one) for n, one in ((days, "day"), (hours, "hour")) if n]
    if not days and (minutes or not parts):
        parts.append(number(minutes, "minute") if minutes else "less than a minute")
    return " ".join(parts)


def money(amount: Money) -> str:
    """An amount as people write it: "USD 1,895.00"."""
    digits = _CURRENCY_DIGITS.get(amount.currency, 2)
    sign = "−" if amount.minor < 0 else ""
    whole, part = divmod(abs(amount.minor), 10**digits)
    cents = f".{part:0{digits}d}" if digits else ""
    return f"{amount.currency} {sign}{whole:,}{cents}"


@lru_cache(maxsize=256)
def zone_of(name: str) -> ZoneInfo:
    """The zone of that name. Names come from a log that has checked them."""
    return ZoneInfo(name)


@lru_cache(maxsize=8192)
def iso(moment: datetime) -> str:
    """A moment as ISO 8601 in UTC, to the second: "2026-03-03T15:12:00Z"."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")[:19] + "Z"


@lru_cache(maxsize=8192)
def iso_local(moment: datetime, zone: str) -> str:
    """A moment as ISO 8601 in a zone, with its offset: "2026-03-03T09:12:00-06:00"."""
    return moment.astimezone(zone_of(zone)).isoformat(timespec="seconds")


@lru_cache(maxsize=4096)
def date(stamp: str) -> str:
    """As in "3 Mar 2026" of an ISO stamp."""
    return f"{int(stamp[8:10])} {MONTHS[int(stamp[5:7]) - 1]} {stamp[:4]}"


def clock(stamp: str) -> str:
    """As in "09:12" of an ISO stamp."""
    return stamp[11:16]
