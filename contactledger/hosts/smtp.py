"""A mail by the standard library's `smtplib`, on record before it leaves.

::

    with smtplib.SMTP("localhost") as server:
        send(server, message, ledger, "smith-motors", to=["bob", "carla"])
"""

from __future__ import annotations

import smtplib
from collections.abc import Sequence
from email.message import EmailMessage
from typing import Any

from contactledger.facts import Signal, Touch
from contactledger.ledger import Ledger
from contactledger.sending import Sent
from contactledger.vocabulary import By, SignalKind, System


def send(
    server: smtplib.SMTP,
    message: EmailMessage,
    ledger: Ledger,
    account: str,
    *,
    to: Sequence[str],
    **about: Any,
) -> Sent:
    """Hand the message over, as `Ledger.sending` puts it on record; what was sent.

    Recipients that the server refused while it took others are on record as rejected, for good
    (5xx) or for now (4xx; RFC 5321 section 4.2.1). If it refused all, smtplib's error goes on.
    The ledger is one of its own (a URL, an Engine): a mail cannot be rolled back.
    """
    with ledger.sending(account, message, to=to, **about) as sent:
        refused = server.send_message(message)
    touch = sent.entry.fact
    assert isinstance(touch, Touch)  # noqa: S101 - what `sending` records
    people = {address: person for person, address in (touch.addresses or {}).items()}
    signals = [
        Signal(
            sent.token,
            SignalKind.REJECTED,
            person=people.get(address),
            by=By.MACHINE,
            system=System.OWN,
            permanent=code >= 500,
            reason=f"SMTP {code}",
            address=address,
        )
        for address, (code, _) in refused.items()
    ]
    if signals:
        ledger.record(account, *signals)
    return sent
