"""Delivery status notifications: the fields of RFC 3464, with the codes of RFC 3463.

What a mail server says of each recipient in a part `message/delivery-status`. Read
tolerantly: servers leave the blank line between two recipients out or put one within, write
addresses in angle brackets, forget the address type, or give an action of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from attrs import frozen

from contactledger.sources._mime import Headers, addresses, first, split

MAX_RECIPIENTS = 1_000
"""Of one report; a list server's may name hundreds."""
MAX_FIELD_CHARS = 4_000
MAX_REPORT_BYTES = 512 * 1024
"""Of the fields of one report; a thousand recipients take some 300 kB."""
MAX_BLOCKS = 3_000
"""Groups of fields of one part, blank lines between them included."""

ACTIONS: dict[str, str] = {
    "failed": "failed",
    "failure": "failed",
    "fail": "failed",
    "expired": "failed",
    "delayed": "delayed",
    "delay": "delayed",
    "deferred": "delayed",
    "delivered": "delivered",
    "relayed": "relayed",
    "expanded": "expanded",
}
"""RFC 3464 2.3.3, and what servers write instead (SendGrid: expired)."""

STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
"""A code of RFC 3463; one of more than three numbers is an address of the network."""

_TYPE = re.compile(r"\s*[A-Za-z0-9-]{1,20}\s*;\s*")
_NAMES = ("final-recipient", "original-recipient")


@frozen
class Recipient:
    """What a report says of one recipient.

    `address` is the final one, `given` the one the sender wrote to ("" where the report does
    not tell); `action` a value of `ACTIONS` or ""; `status` such as "5.1.1" or "";
    `diagnostic` the words of the server at the other end; `at` the text of the last attempt's
    time.
    """

    address: str
    action: str = ""
    status: str = ""
    diagnostic: str = ""
    at: str = ""
    given: str = ""


def read_report(body: bytes) -> tuple[Headers, list[Recipient]]:
    """The fields about the message as a whole, and its recipients in their order."""
    whole: Headers = {}
    found: list[Recipient] = []
    for fields in _groups(body):
        recipient = _recipient(fields)
        if recipient is None:
            for name, values in fields.items():
                whole.setdefault(name, values)
        elif recipient.address and len(found) < MAX_RECIPIENTS:
            found.append(recipient)
    if len(found) == 1 and not found[0].action:  # its fields stand in a group of their own
        found = [_completed(found[0], whole)]
    return whole, found


def _groups(body: bytes) -> Iterator[Headers]:
    """The groups of fields; a field of a name that is there already begins another one."""
    rest = body.lstrip(b"\n")[:MAX_REPORT_BYTES]
    waiting: Headers = {}
    for _ in range(MAX_BLOCKS):
        if not rest:
            break
        part = split(rest)
        if part.body == rest or not part.headers:  # no field: this line says nothing
            rest = rest.partition(b"\n")[2].lstrip(b"\n")
            continue
        rest = part.body.lstrip(b"\n")
        for group in _apart(part.headers):
            if waiting and _same(waiting, group):
                waiting = {**waiting, **group}
                continue
            if waiting:
                yield waiting
            waiting = group
    if waiting:
        yield waiting


def _same(before: Headers, after: Headers) -> bool:
    """Whether a blank line stood within the fields of one recipient."""
    named = any(name in before for name in _NAMES)
    return named and not before.keys() & after.keys() and not any(n in after for n in _NAMES)


def _apart(fields: Headers) -> list[Headers]:
    """One group for each recipient of a block in which no blank line parts them."""
    count = max([len(fields.get(name, ())) for name in _NAMES])
    if count < 2:
        return [fields]
    return [
        {name: [values[n]] for name, values in fields.items() if n < len(values)}
        for n in range(min(count, MAX_RECIPIENTS))
    ]


def _recipient(fields: Headers) -> Recipient | None:
    """What a group says of a recipient, None if it is about none."""
    final, given = (address_of(first(fields, name)) for name in _NAMES)
    if not any(name in fields for name in _NAMES):
        return None
    if given and "." not in final.rpartition("@")[2]:  # a name within the other house
        final = given
    return Recipient(
        final or given,
        action_of(first(fields, "action")),
        status_of(first(fields, "status")),
        diagnostic_of(first(fields, "diagnostic-code")),
        first(fields, "last-attempt-date"),
        given,
    )


def _completed(recipient: Recipient, whole: Headers) -> Recipient:
    return Recipient(
        recipient.address,
        action_of(first(whole, "action")),
        recipient.status or status_of(first(whole, "status")),
        recipient.diagnostic or diagnostic_of(first(whole, "diagnostic-code")),
        recipient.at or first(whole, "last-attempt-date"),
        recipient.given,
    )


def address_of(value: str) -> str:
    """The address of "rfc822; bob@x.example", with or without type, brackets and comment."""
    text = value[:MAX_FIELD_CHARS]
    typed = _TYPE.match(text)
    text = (text[typed.end() :] if typed else text).strip()
    found = addresses(text)
    if found:
        return found[0].strip("<>")
    return ""


def action_of(value: str) -> str:
    """The action in the words of RFC 3464, or ""."""
    word = value.strip().lower()[:40].partition(" ")[0].strip(";,.()")
    return ACTIONS.get(word, "")


def status_of(value: str) -> str:
    """The first code of RFC 3463 in a text, or ""."""
    found = STATUS.search(value[:MAX_FIELD_CHARS])
    return found.group() if found else ""


def diagnostic_of(value: str) -> str:
    """What the other server said, without the type before it ("smtp; …")."""
    text = value[:MAX_FIELD_CHARS]
    typed = _TYPE.match(text)
    return " ".join((text[typed.end() :] if typed else text).split())
