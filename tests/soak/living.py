"""What a ledger does all day: accounts that begin, are written to, judged, sealed, erased."""

from __future__ import annotations

import io
import json
import threading
from collections import Counter
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime

from contactledger.exchange import open_bundle
from contactledger.facts import Matter, Party, Person
from contactledger.ledger import Ledger
from contactledger.log.note import Signer
from contactledger.sources import Calls, Mail, StandardWebhooks
from contactledger.vocabulary import Role

TOUCHES = 4
"""Mails in the life of an account, each with its report and its answer."""
SCRUBBED_EVERY = 200
"""Lives; a scrub rewrites what there is."""


def mail(sender: str, to: str, **headers: str) -> EmailMessage:
    """A mail of some 2 kB, sent now."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, to, "Inventory sync"
    made["Date"] = format_datetime(datetime.now(UTC))
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    made.set_content("The inventory is in step again since this morning.\n" * 40)
    return made


class Living:
    """One ledger, and threads that live the lives of accounts on it; counts what was done."""

    def __init__(self, ledger: Ledger, signer: Signer) -> None:
        self.ledger = ledger
        self.signer = signer
        self.done: Counter[str] = Counter()
        self._lock = threading.Lock()

    def live(self, life: int) -> None:
        """An account from its first record to its erasure."""
        name, phone = f"soak-{life}", f"+1 555 {life:07}"
        self._did("opened", self.ledger.record(name, *self._sides(name, phone)))
        for number in range(TOUCHES):
            self._send(name, number)
            self._judge(name)
        self._import(name, phone)
        self._give(name)
        self.ledger.redact(name, person="bob")
        self._did("erased")
        if life % SCRUBBED_EVERY == 0:
            self.ledger.scrub()
            self.ledger.tidy()
            self._did("scrubbed")

    def _did(self, what: str, made: object = True) -> None:
        assert made, what
        with self._lock:
            self.done[what] += 1

    def _sides(self, name: str, phone: str) -> tuple[Party | Person | Matter, ...]:
        return (
            Party("acme", "ACME", Role.VENDOR),
            Person("ann", "acme", "Ann Lee", email="ann@acme.example"),
            Party("smith", "Smith", Role.CUSTOMER),
            Person("bob", "smith", "Bob Ray", email=f"bob@{name}.example", phone=phone),
            Matter("sync", title="Inventory sync"),
        )

    def _send(self, name: str, number: int) -> None:
        ours = mail("ann@acme.example", f"bob@{name}.example")
        with self.ledger.sending(name, ours, to=["bob"], matter="sync", expects="reply") as sent:
            pass
        self._did("recorded", sent.entry)
        now = datetime.now(UTC).isoformat()
        told = {"type": "mail.delivered", "timestamp": now, "data": {"token": sent.token}}
        headers = {"content-type": "application/json", "webhook-id": f"{name}-{number}"}
        report = self.ledger.receive(StandardWebhooks(), headers, json.dumps(told).encode())
        self._did("reported", report.recorded)
        if number % 2:
            answer = mail(f"bob@{name}.example", "ann@acme.example", In_Reply_To=ours["Message-ID"])
            answer["Message-ID"] = f"<{name}-{number}@smith.example>"
            self._did("answered", self.ledger.receive(Mail(), {}, answer.as_bytes()).recorded)

    def _judge(self, name: str) -> None:
        self._did("judged", self.ledger.findings(name))
        self._did("judged", self.ledger.standing(name))

    def _import(self, name: str, phone: str) -> None:
        at = datetime.now(UTC).isoformat()
        table = (
            "call_id,at,direction,from,to,status,answered_by\n"
            f"{name},{at},out,+1 555 0100,{phone},no_answer,\n"
        )
        self._did("imported", self.ledger.import_(Calls(), table.encode(), dry_run=False).recorded)

    def _give(self, name: str) -> None:
        self.ledger.seal()
        file = io.BytesIO()
        self.ledger.bundle(name, to="bob").write(file)
        self._did("bundled", open_bundle(file, trust=self.signer.key).complete)
        self._did("reported on", self.ledger.report(name).html())
        self._did("checked", self.ledger.check(name))
