"""Django's mail on record before it leaves, whatever backend carries it.

::

    EMAIL_BACKEND = "contactledger.hosts.django_mail.EmailBackend"
    CONTACTLEDGER_MAIL = {
        "backend": "django.core.mail.backends.smtp.EmailBackend",   # or one of anymail's
        "ledger": "office.contacts.ledger",                         # a `Ledger`, or what gives it
    }

    message = EmailMessage("Inventory sync", "…", to=["bob@smith.example"])
    touching(message, "smith-motors", to=["bob"], topics=["sync"]).send()

A message that `touching` did not mark goes through as it is. Give a ledger of its own (a URL
or an Engine): what is recorded must stay though the request's transaction is rolled back,
since a mail that has left cannot be.
"""

from __future__ import annotations

import email
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email import policy
from email.utils import parseaddr
from typing import Any, TypeVar

from attrs import frozen
from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.utils.module_loading import import_string

from contactledger.errors import BadInput
from contactledger.ledger import Ledger
from contactledger.sending import TOKEN_ARGUMENT, TOKEN_HEADER, Sent

_M = TypeVar("_M")


@frozen
class Mark:
    """Whose account a message belongs to, and whom it is to, as keys of people or parties."""

    account: str
    to: tuple[str, ...]
    about: dict[str, Any]


def touching(message: _M, account: str, *, to: Sequence[str], **about: Any) -> _M:
    """The message, marked as a touch of this account; `about`: further fields of `Touch`."""
    message.contactledger = Mark(account, tuple(to), about)  # type: ignore[attr-defined]
    return message


def mark_of(message: Any) -> Mark | None:
    """The mark that `touching` set."""
    mark: Mark | None = getattr(message, "contactledger", None)
    return mark


def as_email(message: Any) -> email.message.EmailMessage:
    """Django's message as the standard library has it, its headers decoded.

    The same message, made a moment before the carrier makes it again: lines between its parts
    may be others.
    """
    parsed = email.message_from_bytes(message.message().as_bytes(), policy=policy.SMTP)
    if "message-id" not in {name.lower() for name in message.extra_headers}:
        del parsed["Message-ID"]  # Django makes another each time
    return parsed


def addresses_of(message: Any, people: Sequence[str]) -> dict[str, str]:
    """The address of each, where the message has as many, with its Bcc or without; else none."""
    for written in (message.recipients(), [*message.to, *message.cc]):
        if len(written) == len(people):
            found = [parseaddr(str(one))[1] for one in written]
            return dict(zip(people, found, strict=True))
    return {}


class NotSent(Exception):
    """The carrying backend says that it sent nothing."""


class EmailBackend(BaseEmailBackend):  # type: ignore[misc]
    """Puts marked messages on record around the backend that carries them."""

    def __init__(self, fail_silently: bool = False, **how: Any) -> None:
        super().__init__(fail_silently=fail_silently)
        named = getattr(settings, "CONTACTLEDGER_MAIL", {})
        for key in ("backend", "ledger"):
            if key not in named:
                raise BadInput("is missing in the settings", field=f"CONTACTLEDGER_MAIL.{key}")
        self._carrier = get_connection(named["backend"], fail_silently=fail_silently, **how)
        self._named = named["ledger"]  # no more: messages are copied with their backend

    def open(self) -> Any:
        """See Django: one connection for several messages."""
        return self._carrier.open()

    def close(self) -> None:
        """See Django."""
        self._carrier.close()

    def send_messages(self, email_messages: Sequence[Any]) -> int:
        """How many were sent; each marked one is a touch, and what became of it a signal."""
        return sum(self._send(message) for message in email_messages or ())

    def _send(self, message: Any) -> int:
        mark = mark_of(message)
        if mark is None:
            return self._carrier.send_messages([message]) or 0
        found = import_string(self._named)
        ledger = found if isinstance(found, Ledger) else found()
        about = dict(mark.about)
        if addresses := addresses_of(message, mark.to):  # `as_email` shows no Bcc
            about = {"addresses": addresses, **about}
        sending = ledger.sending(mark.account, as_email(message), to=mark.to, **about)
        try:
            with sending as sent, _carrying(message, sent):
                if not self._carrier.send_messages([message]):
                    raise NotSent  # noqa: TRY301 - put on record by the block
        except NotSent:
            return 0
        return 1


@contextmanager
def _carrying(message: Any, sent: Sent) -> Iterator[None]:
    """The message with the token that comes back, in its headers and an ESP's metadata."""
    headers, metadata = message.extra_headers, getattr(message, "metadata", None)
    message.extra_headers = {
        **headers,
        TOKEN_HEADER: sent.token,
        "Message-ID": sent.message_id,
    }
    message.metadata = {**(metadata or {}), TOKEN_ARGUMENT: sent.token}
    try:
        yield
    finally:  # whoever sends it again makes another touch
        message.extra_headers, message.metadata = headers, metadata or {}
