"""Bounces: which recipients a mail server gave up, or still tries, and why.

The fields of RFC 3464 where there are any, else the notice's text, else whom the returned
message was for. `flufl.bounce` is not used: its patterns over bodies know no bound, and one
of them dies of a message without From.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from attrs import evolve, frozen

from contactledger.sources import _notice, dsn
from contactledger.sources._bounce_reason import reason_of, severity_of
from contactledger.sources._mime import Headers, Part, addresses, decode_words, first, split
from contactledger.sources._reply import plain_of_html

MAX_RETURNED_BYTES = 512 * 1024
"""Of a returned message; only its headers are wanted."""
MAX_SAID_CHARS = 1_000
MAX_BEGIN_CHARS = 2_000
"""Of a notice, for whether it speaks of a delay; it does so at its top."""

REPORTS = frozenset({"message/delivery-status", "message/global-delivery-status"})
RETURNED = frozenset(
    {
        "message/rfc822",
        "message/global",
        "message/partial",
        "message/global-headers",
        "message/rfc822-headers",
        "text/rfc822-headers",
    }
)
"""Parts that hold the message a report is about, or its headers."""

_DELAYED = re.compile(
    r"warning message only|do not need to re-?send|no need to re-?send|still undelivered"
    r"|will (?:continue|keep) (?:on )?trying|will be retried|will retry|temporary failure report"
    r"|delivery (?:has been |is )?delayed|delivery incomplete|message is delayed"
    r"|not yet (?:been )?(?:delivered|received)|notification \(delay\)|still being retried",
    re.IGNORECASE,
)
_SERVER_SAID = re.compile(r"(?<![\d.])[45]\d\d[ -]|(?<![\d.])[45]\.\d{1,3}\.\d{1,3}(?![\d.])")
_ENVELOPE = re.compile(r"^\s{0,9}RCPT TO: ?<?\S{1,200}@", re.MULTILINE)
"""What a server was told, and a person does not write."""
_NOTICE = re.compile(
    r"^.{0,40}\b(?:your|the following|this) (?:e-?mail )?(?:message|mail)\b.{0,120}"
    r"(?:could not be|was not|cannot be|can not be|has not been|couldn't be|wasn't) delivered"
    r"|^could not be delivered to the following",
    re.IGNORECASE | re.MULTILINE,
)


@frozen
class Failed:
    """One recipient of a bounce: what became of it, how hard, and why.

    `address` is the final one, `given` the one the sender wrote to. `severity`: "hard" (of no
    use to write there again), "soft", or "none" (it arrived).
    """

    address: str
    given: str
    action: str
    status: str
    diagnostic: str
    at: str
    severity: str
    reason: str


@frozen
class Bounce:
    """A bounce: its recipients; `explained` if its text speaks as servers do."""

    recipients: tuple[Failed, ...]
    returned: Headers
    explained: bool


def returned_headers(parts: Sequence[Part]) -> Headers:
    """The headers of the message that a report brings back, or none."""
    for part in parts:
        if part.content_type[0] in RETURNED:
            return split(part.decoded()[:MAX_RETURNED_BYTES].lstrip(b"\n")).headers
    return {}


def read_bounce(message: Part, parts: Sequence[Part]) -> Bounce | None:
    """What a message says as a bounce; None if it names nobody. `parts`: its leaves."""
    text = _text(message, parts)
    lines = _notice.lines_of(text)
    end, start = _notice.returned_at(lines)
    returned = returned_headers(parts)
    if any(part.content_type[0] in RETURNED for part in parts):
        # "It's attached below." announces that part, and the notice goes on after it
        end = _notice.headers_at(lines)
    notice = lines[:end]
    returned = returned or _headers_in(lines, start)
    reports = [part.decoded() for part in parts if part.content_type[0] in REPORTS]
    if not reports and "-recipient:" in text.lower():
        reports = [text.encode("utf-8", "replace")]
    found = dsn.read_report(b"\n\n".join(reports))[1]
    found = found or _named(message, lines, end, returned)
    if not found:
        return None
    said = " ".join(" ".join(notice).split())
    if not all(one.action for one in found):
        found = _with_action(found, decode_words(first(message.headers, "subject")), said)
    each = [said] if len(found) == 1 else _notice.about(notice, [one.address for one in found])
    made = [_failed(one, about) for one, about in zip(found, each, strict=True)]
    explained = bool(
        reports
        or (_SERVER_SAID.search(said) and (returned or end < len(lines)))
        or (_SERVER_SAID.search(said) and _ENVELOPE.search("\n".join(notice[:80])))
        or _NOTICE.search("\n".join(notice[:40]))
    )
    return Bounce(tuple(_once(made)), returned, explained)


def _with_action(found: list[dsn.Recipient], subject: str, said: str) -> list[dsn.Recipient]:
    """The same with an action where the report gives none: delayed if it speaks of a delay."""
    delayed = _DELAYED.search(subject) or _DELAYED.search(said[:MAX_BEGIN_CHARS])
    word = "delayed" if delayed else "failed"
    return [evolve(one, action=one.action or word) for one in found]


def _once(made: list[Failed]) -> list[Failed]:
    found: dict[str, Failed] = {}
    for one in made:
        found.setdefault(one.address.lower(), one)
    return list(found.values())


def _text(message: Part, parts: Sequence[Part]) -> str:
    """The notice: its plain texts, else its page, else the body as it is."""
    texts: list[str] = []
    page = ""
    for part in parts:
        kind = part.content_type[0]
        if kind in RETURNED or kind in REPORTS:
            continue
        if kind == "text/html":
            page = page or plain_of_html(part.text())
        elif kind.startswith(("text/", "multipart/")) or "/" not in kind:
            texts.append(part.text())
    text = "\n".join(texts)
    if not text.strip():
        # without page and report, the boundary is not there, or was cut off
        text = page if page.strip() or len(parts) > 0 else Part({}, message.body).text()
    if "\n> Final-Recipient:" in text:  # a report that somebody handed on
        text = "\n".join([line.removeprefix(">").removeprefix(" ") for line in text.split("\n")])
    return text


def _headers_in(lines: list[str], start: int) -> Headers:
    """The headers of the message that stands in the text from this line on."""
    for skipped in (start, start + 1):  # the line may be the one that announces it
        text = "\n".join(lines[skipped:]).lstrip("\n")
        found = split(text.encode("utf-8", "replace")).headers
        if found:
            return found
    return {}


_OWN = ("from", "to", "sender", "reply-to", "return-path", "delivered-to")


def _named(message: Part, lines: list[str], end: int, returned: Headers) -> list[dsn.Recipient]:
    """The recipients where no field of RFC 3464 names them.

    Exim's X-Failed-Recipients fills up what the notice leaves out.
    """
    own = frozenset(
        [a.lower() for n in _OWN for a in addresses(", ".join(message.headers.get(n, [])))]
        + [a.lower() for n in ("from", "return-path") for a in addresses(first(returned, n))]
    )
    found = _notice.recipients(lines[:end], own)
    given = list(addresses(", ".join(message.headers.get("x-failed-recipients", []))))
    if len(given) > len(found) or (given and len(given) < len(found)):
        found = given
    house = "".join(addresses(first(message.headers, "from"))[:1]).rpartition("@")[2].lower()
    if not found and house:
        found = [f"{name}@{house}" for name in _notice.names_within(lines[:end])]
    if not found:
        sent = [a for n in ("to", "cc") for a in addresses(", ".join(returned.get(n, [])))]
        others = [address for address in sent if address.lower() not in own]
        found = others or _notice.recipients(lines, own) or sent
    return [dsn.Recipient(address, "") for address in found]


def _failed(one: dsn.Recipient, said: str) -> Failed:
    reason = reason_of(one.status, one.diagnostic, said, one.action)
    return Failed(
        one.address,
        one.given or one.address,
        one.action,
        one.status or dsn.status_of(one.diagnostic or said),
        (one.diagnostic or said)[:MAX_SAID_CHARS],
        one.at,
        severity_of(one.action, one.status, reason),
        reason,
    )
