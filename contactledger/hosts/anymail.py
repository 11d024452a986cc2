"""django-anymail's own signals: a marked message on record, its token in the ESP's metadata.

::

    connect(ledger)                                      # once, in AppConfig.ready
    touching(message, "smith-motors", to=["bob"]).send()     # contactledger.hosts.django_mail

The ESP hands the metadata back with each of its reports, which then lead to their touch.
Anymail says nothing when the ESP refuses the request as a whole: then the touch stands
without a word of what became of it. The backend of `contactledger.hosts.django_mail` around
anymail's records that too; messages that come through it are left alone here.
"""

from __future__ import annotations

from typing import Any

from anymail.signals import post_send, pre_send

from contactledger.facts import Message, Signal, Touch
from contactledger.hosts.django_mail import addresses_of, as_email, mark_of
from contactledger.ledger import Ledger
from contactledger.sending import TOKEN_ARGUMENT
from contactledger.vocabulary import By, Channel, SignalKind, System

_REFUSED = {"invalid", "rejected", "failed"}
"""What anymail calls a recipient that the ESP did not take."""


def connect(ledger: Ledger) -> None:
    """Record every marked message that anymail sends, from now on."""

    def before(sender: object, message: Any, **_: object) -> None:  # noqa: ARG001 - Django's way
        mark = mark_of(message)
        metadata = getattr(message, "metadata", None) or {}
        if mark is None or TOKEN_ARGUMENT in metadata:
            return
        fields: dict[str, Any] = {"channel": Channel.EMAIL, "about": message.subject}
        if addresses := addresses_of(message, mark.to):
            fields["addresses"] = addresses
        (entry,) = ledger.record(
            mark.account,
            Touch(
                to=mark.to,
                message=Message(subject=message.subject),
                original=as_email(message).as_bytes(),
                **{"system": System.OWN, **fields, **mark.about},
            ),
        )
        message.metadata = {**metadata, TOKEN_ARGUMENT: entry.id}
        message.contactledger_token = entry.id

    def after(sender: object, message: Any, status: Any, **_: object) -> None:  # noqa: ARG001
        token = message.__dict__.pop("contactledger_token", None)
        mark = mark_of(message)
        if token is None or mark is None:
            return
        message.metadata = {k: v for k, v in message.metadata.items() if k != TOKEN_ARGUMENT}
        words = {address: one.status for address, one in status.recipients.items()}
        ledger.record(mark.account, *_signals(token, words))

    pre_send.connect(before, weak=False, dispatch_uid="contactledger before")
    post_send.connect(after, weak=False, dispatch_uid="contactledger after")


def _signals(token: str, words: dict[str, str]) -> list[Signal]:
    """*Sent*, unless nobody was taken; and each recipient that was refused."""
    refused = {address: word for address, word in words.items() if word in _REFUSED}
    signals = []
    if len(refused) < len(words):
        signals.append(Signal(token, SignalKind.SENT, by=By.MACHINE, system=System.OWN))
    for address, word in refused.items():
        signals.append(
            Signal(
                token,
                SignalKind.REJECTED,
                by=By.MACHINE,
                system=System.OWN,
                permanent=True,
                reason=word,
                address=address,
            )
        )
    return signals
