"""The stage of the demo: a moving clock, and the formats in which evidence arrives.

Everything enters the ledger the way it would in earnest: e-mails through `sending`, SendGrid's
webhook as a signed JSON body, calls as lines of the phone system's table, answers as .eml
text. Only the wire is missing: no mail leaves, and the provider's reports are written here.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from attrs import evolve, frozen
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from contactledger.accounts import HOUSE
from contactledger.facts import Coverage, Entry, Message, Touch
from contactledger.ledger import Ledger
from contactledger.receiving import Receipt
from contactledger.sources.calls import COLUMNS, Calls
from contactledger.sources.mail import Mail
from contactledger.sources.sendgrid import SIGNATURE, TIMESTAMP, SendGrid
from contactledger.testing import FixedClock
from contactledger.vocabulary import Channel, CoverageState

OFFICE = ZoneInfo("America/New_York")
"""Times of the script are those of the vendor's office, which wrote them down."""
HEARTBEAT = timedelta(days=7)
"""How often each collector says that it listens."""

APPLE = "Mozilla/5.0"
"""All that Apple's mail privacy proxy says of itself."""
OUTLOOK = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"


class RepeatableBytes:
    """Bytes that look random and are the same on every run. FOR THE DEMO ALONE.

    Ids, salts and the ledger's secret drawn from here are known to everybody who has this
    file; a ledger that means it draws from the operating system, which is the default.
    """

    def __init__(self, seed: str) -> None:
        self._seed = seed.encode()
        self._drawn = 0

    def __call__(self, size: int) -> bytes:
        """The next bytes of the stream."""
        self._drawn += 1
        return hashlib.shake_256(self._seed + self._drawn.to_bytes(8, "big")).digest(size)


@frozen
class Sent:
    """An e-mail that is out: its touch, and what the provider's reports will name it by."""

    entry: Entry
    token: str
    message_id: str
    addresses: Mapping[str, str]
    at: datetime


class Stage:
    """One account of one ledger, played scene by scene; the clock only moves forward."""

    def __init__(
        self, where: Any, *, account: str, recorder: str, start: str, signer: Path | None = None
    ) -> None:
        self.account = account
        self.clock = FixedClock(self.time(start))
        # A key made from a constant: thrown away, and no secret.
        self._key = ec.derive_private_key(0x_DE_40, ec.SECP256R1())
        self.sendgrid = SendGrid(key=_public(self._key))
        self._events = 0
        self._heart = self.clock()
        self.ledger = Ledger.open(
            where,
            recorder=recorder,
            signer=signer,
            clock=self.clock,
            random_bytes=RepeatableBytes("nobody told us"),
        )

    @staticmethod
    def time(text: str) -> datetime:
        """The moment of a text like "2026-01-07 10:05", at the vendor's office."""
        return datetime.fromisoformat(text).replace(tzinfo=OFFICE)

    def now(self, text: str) -> datetime:
        """It is now that time; what the collectors said of themselves until then is on record."""
        moment = self.time(text)
        while self._heart <= moment:
            self._beat(self._heart)
            self._heart += HEARTBEAT
        self.clock.set(max(moment, self.clock()))
        return moment

    def _beat(self, at: datetime) -> None:
        self.clock.set(max(at, self.clock()))
        seconds = int(HEARTBEAT.total_seconds())
        self.ledger.record(
            HOUSE,
            *(
                Coverage(name, channels, interval_seconds=seconds, at=at)
                for name, channels in COLLECTORS.items()
            ),
        )

    def blind(self, since: str, until: str, collector: str) -> None:
        """A collector heard nothing for a while, and says so when it is back."""
        self.now(until)
        word = Coverage(
            collector,
            COLLECTORS[collector],
            CoverageState.BLIND,
            since=self.time(since),
            until=self.time(until),
        )
        self.ledger.record(HOUSE, word)

    def record(self, at: str, *facts: Any) -> tuple[Entry, ...]:
        """Put down by hand, as it happens."""
        self.now(at)
        return self.ledger.record(self.account, *facts)

    # --- e-mail ----------------------------------------------------------------------------

    def mail(
        self, at: str, subject: str, text: str, addresses: Mapping[str, str], **about: Any
    ) -> Sent:
        """An e-mail of the account manager; on record first, then on the wire."""
        moment = self.now(at)
        message = EmailMessage()
        message["From"] = "Dana Holt <dana.holt@acme-dealers.example>"
        message["To"] = ", ".join(addresses.values())
        message["Subject"] = subject
        message["Date"] = format_datetime(moment)
        message.set_content(text)
        with self.ledger.sending(
            self.account, message, to=list(addresses), sender="dana", tracked=True, **about
        ) as sent:
            pass  # here smtp.send_message(message)
        return Sent(sent.entry, sent.token, sent.message_id, addresses, moment)

    def webhook(self, *events: dict[str, Any]) -> Receipt:
        """SendGrid posts a batch of events, signed, two seconds after the last of them."""
        posted = str(max(event["timestamp"] for event in events) + 2)
        self.clock.set(max(datetime.fromtimestamp(int(posted), OFFICE), self.clock()))
        body = json.dumps(events, indent=0).replace("\n", "\r\n").encode()
        signed = self._key.sign(posted.encode() + body, ec.ECDSA(hashes.SHA256()))
        headers = {
            "Content-Type": "application/json",
            SIGNATURE: base64.b64encode(signed).decode(),
            TIMESTAMP: posted,
        }
        return self.ledger.receive(self.sendgrid, headers, body)

    def event(
        self, mail: Sent, person: str, what: str, after: timedelta, **more: Any
    ) -> dict[str, Any]:
        """One event of SendGrid's, so long after its e-mail left."""
        self._events += 1
        own = base64.urlsafe_b64encode(hashlib.sha256(str(self._events).encode()).digest()[:16])
        return {
            "email": mail.addresses[person],
            "timestamp": int((mail.at + after).timestamp()),
            "smtp-id": mail.message_id,
            "event": what,
            "category": ["dealer-mail"],
            "sg_event_id": own.decode().rstrip("="),
            "sg_message_id": f"{mail.token[:22]}.recvd-7d5f-2.0",
            "contactledger": mail.token,
            **more,
        }

    def delivered(self, mail: Sent, people: Iterable[str]) -> None:
        """Handed over to the receivers' mail servers within seconds."""
        events = []
        for person in people:
            events += [
                self.event(mail, person, "processed", timedelta(seconds=1)),
                self.event(
                    mail, person, "delivered", timedelta(seconds=4), response="250 2.0.0 OK"
                ),
            ]
        if events:
            self.webhook(*events)

    def opened(self, mail: Sent, person: str, after: timedelta, *, apple: bool = False) -> None:
        """The picture in the e-mail was loaded: by a machine of Apple's, or by who knows whom."""
        agent = APPLE if apple else OUTLOOK
        self.webhook(
            self.event(mail, person, "open", after, useragent=agent, sg_machine_open=apple)
        )

    # --- calls and answers -----------------------------------------------------------------

    def call(self, at: str, call_id: str, touch: Touch, ended: str, to: str) -> Entry:
        """A call of the vendor's: its touch when it rings, its line of the table afterwards.

        `ended`: "status,answered_by,duration_seconds".
        """
        self.now(at)
        (entry,) = self.ledger.record(self.account, _on_line(touch, call_id))
        self.calls(f"{call_id},{self.time(at).isoformat()},out,{OFFICE_LINE},{to},{ended}")
        return entry

    def calls(self, *lines: str) -> Receipt:
        """Lines of the phone system's table of calls."""
        table = "\r\n".join([",".join(COLUMNS[:-1]), *lines, ""])
        return self.ledger.receive(Calls(), {"Content-Type": "text/csv"}, table.encode())

    def mailbox(self, at: str, name: str, **fields: str) -> Receipt:
        """A message arrives: the text of `mails/NAME.eml` with its blanks filled in."""
        moment = self.now(at)
        text = (Path(__file__).parent / "mails" / f"{name}.eml").read_text("utf-8")
        filled = text.format(date=format_datetime(moment), **fields)
        body = filled.replace("\n", "\r\n").encode()
        return self.ledger.receive(Mail(), {"Content-Type": "message/rfc822"}, body)


OFFICE_LINE = "+12125550140"
COLLECTORS = {
    "sendgrid-webhook": (Channel.EMAIL,),
    "mailbox": (Channel.EMAIL,),
    "phone-system": (Channel.PHONE,),
    "helpdesk": (Channel.TICKET,),
}
"""What listens for answers, and on which channels."""


def _on_line(touch: Touch, call_id: str) -> Touch:
    """The touch of a call, with the id by which the table will name it."""
    return evolve(touch, channel=Channel.PHONE, message=Message(call_id=call_id))


def _public(key: ec.EllipticCurvePrivateKey) -> str:
    der = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return base64.b64encode(der).decode()
