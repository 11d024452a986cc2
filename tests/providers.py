"""What the tests of providers' sources share: a ledger with one e-mail on record, and credentials.

ledger, touch = on_record(provider_id="m-1")
ledger.receive(Postmark(), JSON, body)
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from contactledger.errors import BadInput, TooLarge, Unverified
from contactledger.facts import Entry, Message
from contactledger.ledger import Ledger
from contactledger.vocabulary import Auth
from tests.ledgers import SMITH, filled, mail

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
STAMP = 1772452800
"""NOW in seconds since 1970."""
ISO = "2026-03-02T12:00:00Z"
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
BOB = "bob@smith.example"


def on_record(**ids: Any) -> tuple[Ledger, Entry]:
    """A ledger at NOW with an e-mail to Bob of an hour ago that these ids name."""
    ledger, clock = filled()
    clock.set(datetime(2026, 3, 2, 11, tzinfo=UTC))
    (touch,) = ledger.record(SMITH, mail(message=Message(**ids)))
    clock.set(NOW)
    return ledger, touch


def dumps(value: Any) -> bytes:
    return json.dumps(value).encode()


def authorization(credentials: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(credentials.encode()).decode()}


def hexmac(key: str, signed: bytes) -> str:
    return hmac.new(key.encode(), signed, hashlib.sha256).hexdigest()


def basic_is_checked(
    make: Any, body: bytes, headers: dict[str, str], url: str | None = None
) -> None:
    """Any of several credentials will do, no other; without any nothing is proven."""
    assert make().verify(headers, body, url, NOW) is Auth.NONE
    source = make(basic=("old:gone", "acme:s3cret"))
    for good in ("acme:s3cret", "old:gone"):
        assert source.verify(headers | authorization(good), body, url, NOW) is Auth.BASIC
    for bad in ({}, authorization("acme:s3cre"), {"Authorization": "Bearer acme:s3cret"}):
        with pytest.raises(Unverified, match="credentials are missing or wrong"):
            source.verify(headers | bad, body, url, NOW)
    with pytest.raises(BadInput, match='basic: must read "user:password"'):
        make(basic="s3cret")
    assert "s3cret" not in repr(source)
    large = bytes(source.max_body_bytes + 1)
    with pytest.raises(TooLarge):
        source.verify(headers, large, url, NOW)
    with pytest.raises(TooLarge):
        source.parse(headers, large)


def told_once(
    ledger: Ledger, source: Any, headers: dict[str, str], body: bytes, n: int = 1
) -> None:
    """A report is recorded once however often it is delivered."""
    first = ledger.receive(source, headers, body)
    assert (len(first.recorded), first.parked) == (n, ())
    again = ledger.receive(source, headers, body)
    assert (again.recorded, again.repeated, again.conflicting) == ((), n, ())
