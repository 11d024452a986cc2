"""Putting a message on record before it leaves: the touch, its token, and what became of it.

The token that travels with the message is the touch's own random id: it says nothing and
leads back to exactly one touch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from email.message import EmailMessage
from email.utils import getaddresses, parseaddr
from typing import Any

from attrs import frozen

from contactledger.errors import BadFact
from contactledger.facts import Entry, Message, Signal, Touch
from contactledger.vocabulary import By, Channel, SignalKind, System

TOKEN_HEADER = "X-Contactledger"  # noqa: S105 - a header's name
TOKEN_ARGUMENT = "contactledger"  # noqa: S105 - a field's name
"""Name of the custom argument by which providers hand the token back ("unique_args" …)."""


@frozen
class Sent:
    """A touch that is about to leave: its entry, its `token` and the message's Message-ID."""

    entry: Entry
    token: str
    message_id: str

    def done(self) -> Signal:
        """The signal for a message that was handed over: *sent*, on our own word."""
        return Signal(self.token, SignalKind.SENT, by=By.MACHINE, system=System.OWN)

    def failed(self, error: str) -> Signal:
        """The signal for a message that could not be handed over; `error` names its class."""
        return Signal(
            self.token,
            SignalKind.REJECTED,
            by=By.MACHINE,
            system=System.OWN,
            permanent=True,
            reason=error,
        )


def prepare(
    message: EmailMessage, token: str, to: Sequence[str], about: Mapping[str, Any]
) -> Touch:
    """The touch of a message, and the message with its Message-ID and token set.

    `to`: keys of people or parties. Where their number is that of the addresses in To, Cc and
    Bcc, the address used is kept with each. `about`: further fields of `Touch`; `channel`
    (e-mail) and `about` (the subject) have defaults.
    """
    people = (to,) if isinstance(to, str) else tuple(to)
    if message["Message-ID"] is None:
        domain = parseaddr(str(message["From"] or ""))[1].rpartition("@")[2] or "localhost"
        message["Message-ID"] = f"<{token}@{domain}>"
    if message[TOKEN_HEADER] is not None:
        raise BadFact(f"has the header {TOKEN_HEADER} already", field="message")
    message[TOKEN_HEADER] = token
    subject = None if message["Subject"] is None else str(message["Subject"])
    fields = {"channel": Channel.EMAIL, "about": subject, "system": System.OWN, **about}
    addresses = _addresses(message)
    if "addresses" not in fields and len(addresses) == len(people):
        fields["addresses"] = dict(zip(people, addresses, strict=True))
    named = Message(message_id=str(message["Message-ID"]).strip(), subject=subject)
    return Touch(to=people, message=named, original=message.as_bytes(), **fields)


def take_back(message: EmailMessage, token: str) -> None:
    """Take from a message that did not leave what `prepare` set, so that it can be tried again.

    Each attempt is a touch of its own, with a token and a Message-ID of its own.
    """
    del message[TOKEN_HEADER]
    if token in str(message["Message-ID"]):
        del message["Message-ID"]


def _addresses(message: EmailMessage) -> list[str]:
    headers = [str(value) for name in ("To", "Cc", "Bcc") for value in message.get_all(name, [])]
    return [address for _, address in getaddresses(headers) if address]
