"""Sources: what makes events of the bytes that providers, mailboxes and tables deliver.

One file per provider or format, each a small class with its configuration and two pure
methods, `verify` and `parse` (see `source.Source`). They are imported when first used.

    SendGrid    Event Webhook of SendGrid           sendgrid.py
    Mail        an e-mail message, RFC 5322         mail.py
    Calls       a plain table of calls, CSV         calls.py
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from contactledger.sources.calls import Calls
    from contactledger.sources.mail import Mail
    from contactledger.sources.sendgrid import SendGrid
    from contactledger.sources.source import Source

__all__ = ["Calls", "Mail", "SendGrid", "Source"]

_HOMES = {"Calls": "calls", "Mail": "mail", "SendGrid": "sendgrid", "Source": "source"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
