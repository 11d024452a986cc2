"""Makes tests/vectors/v1: every kind of entry, with every field filled in, from fixed ids.

It was run once. Running it again must give the same files (a test does); a new kind or field
gets its own line in a new file, and no byte of these ever changes.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b32encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from contactledger import facts as f
from contactledger.log.record import encode, to_base64url
from contactledger.log.seal import Head, format_head
from contactledger.log.tlog import leaf_hash, root_of

HERE = Path(__file__).parent / "v1"
T0 = datetime(2026, 1, 5, 9, 0, 0, 123456, UTC)


def fixed_id(name: str) -> str:
    return b32encode(hashlib.sha256(name.encode()).digest()[:16]).decode().rstrip("=").lower()


def salts() -> Callable[[], str]:
    numbers = count()
    return lambda: to_base64url(hashlib.sha256(b"salt %d" % next(numbers)).digest()[:16])


ACCOUNT, ACME, SMITH, ANN, BOB, MATTER, TOUCH, ANSWER, PROMISE, OFFER, INSTALL = map(
    fixed_id,
    [
        "account",
        "acme",
        "smith",
        "ann",
        "bob",
        "matter",
        "touch",
        "answer",
        "promise",
        "offer",
        "install",
    ],
)
POLICY = 'rules = 1\nzone = "America/Chicago"\n'


def facts() -> list[tuple[f.Fact, str, str]]:
    """(fact, id, owner of its personal parts), in the order of the log."""
    day = timedelta(days=1)
    digest = hashlib.sha256(POLICY.encode()).hexdigest()
    return [
        (f.Opened("smith-motors", ledger=fixed_id("ledger"), house=True), ACCOUNT, ""),
        (
            f.PolicyAdopted(POLICY, digest, 1, ACME, f.Auth.ACCESS),
            fixed_id("policy"),
            "",
        ),
        (f.Party("acme", "ACME Dealer Systems", f.Role.VENDOR, "America/Chicago"), ACME, ""),
        (f.Party("smith", "Smith Motors", f.Role.CUSTOMER, "America/Denver"), SMITH, ""),
        (
            f.Person("ann", ACME, "Ann Lee", "Support", ("ann@acme.example",), ("+1 555 0100",)),
            ANN,
            ANN,
        ),
        (
            f.Person(
                "bob",
                SMITH,
                "Bob Ray Ōtautahi 株式会社",
                "Owner",
                ("bob@smith.example", "ray@smith.example"),
                ("+1 555 0199",),
                "America/Denver",
                ("accounts", "it"),
                2,
                T0,
                T0 + 300 * day,
                T0 + day,
            ),
            BOB,
            BOB,
        ),
        (
            f.Preference(
                BOB,
                f.Channel.PHONE,
                (f.Channel.PHONE, f.Channel.EMAIL),
                (f.Channel.SMS,),
                ("inventory-sync",),
                ("events",),
                ("mon-fri 09:00-12:00", "sat 10:00-12:00"),
                "America/Denver",
                False,
                (f.Channel.EMAIL,),
                ("news",),
                (f.Purpose.SOCIAL,),
                "consent_with_notice",
                "sign-up form of 3 January",
                T0,
            ),
            fixed_id("preference"),
            BOB,
        ),
        (
            f.Milestone("go-live", f.MilestoneKind.INSTALL, "Go-live", ("install",), T0 + day),
            INSTALL,
            "",
        ),
        (
            f.Matter(
                "credit",
                f.MatterState.PAUSED,
                SMITH,
                "The credit of March",
                f.Money(189_500, "USD"),
                f.Money(200_000_000, "USD"),
                ("billing",),
            ),
            MATTER,
            "",
        ),
        (
            f.Touch(
                ANN,
                (BOB, SMITH),
                f.Channel.MEETING,
                f.Purpose.TRAINING,
                key="rel-42",
                urgency=f.Urgency.HIGH,
                topics=("inventory-sync",),
                about='Inventory sync: "how to" & why \\ 你好 🚗',
                matter=MATTER,
                milestone=INSTALL,
                answers=(fixed_id("earlier"),),
                reminds=fixed_id("first"),
                expects=f.Expects.REPLY,
                campaign="spring.2026",
                tracked=True,
                planned=True,
                broadcast=True,
                starts=T0 + day,
                ends=T0 + day + timedelta(hours=1),
                message=f.Message(
                    "<42@acme.example>", "provider-42", "call-42", "Inventory sync", "Hello\tBob"
                ),
                addresses={BOB: "bob@smith.example", SMITH: "office@smith.example"},
                original=b"raw message\r\n",
                word="webinar",
                system=f.System.OWN,
                auth=f.Auth.DKIM,
                source="mail",
                clock_ahead=True,
            ),
            TOUCH,
            "",
        ),
        (f.Touch(BOB, (ANN,), f.Channel.EMAIL, answers=(TOUCH,), about="Re"), ANSWER, ""),
        (
            f.Signal(
                TOUCH,
                f.SignalKind.OPENED,
                BOB,
                f.By.MACHINE,
                "sendgrid:sg_machine_open",
                "2026-01-01",
                False,
                ANSWER,
                3,
                4,
                f.System.THIRD,
                f.Auth.SIGNED_BODY,
                "sendgrid",
                "token",
                "open",
                "250 OK",
                "bob@smith.example",
                "1767603600",
                "ev-1",
                "https://acme.example/x",
                "203.0.113.7",
                "Mozilla/5.0",
                b'{"event":"open"}',
                True,
            ),
            fixed_id("signal"),
            BOB,
        ),
        (f.Mark(9, f.MarkWord.DISPUTED, SMITH, f.Auth.PARTY_SIGNED, "No."), fixed_id("mark"), ""),
        (
            f.Promise(
                "train-2",
                ANN,
                SMITH,
                T0 + 30 * day,
                "Train two people",
                "They post invoices alone",
                MATTER,
                INSTALL,
                ("training",),
                f.Auth.ACCESS,
            ),
            PROMISE,
            "",
        ),
        (
            f.Settlement(PROMISE, f.Word.MISSED, SMITH, f.Auth.ACCESS, "One came."),
            fixed_id("settlement"),
            "",
        ),
        (
            f.Handoff(
                MATTER, ACME, SMITH, f.HandoffWord.REFUSED, OFFER, "h1", "not ours", f.Auth.ACCESS
            ),
            fixed_id("handoff"),
            "",
        ),
        (
            f.Coverage(
                "sendgrid-webhook",
                (f.Channel.EMAIL,),
                f.CoverageState.BLIND,
                T0,
                T0 + day,
                3600,
                True,
            ),
            fixed_id("coverage"),
            "",
        ),
        (f.Retraction(11, "wrong account"), fixed_id("retraction"), ""),
        (f.Redaction(11, ("ip", "user_agent"), BOB, "gdpr-17"), fixed_id("redaction"), ""),
        (f.Alias(BOB, ANN), fixed_id("alias"), ""),
    ]


def holds() -> list[tuple[f.Fact, str, str]]:
    """Kinds that came after the first: a log that goes on from entries.jsonl, in holds.jsonl."""
    return [
        (f.Hold(BOB, None, "court", "Case 17/2026"), fixed_id("hold"), ""),
        (f.Hold(None, 20, "court", "Case closed"), fixed_id("release"), ""),
        (f.Moved(fixed_id("group")), fixed_id("moved"), ""),
    ]


def lines() -> list[dict[str, object]]:
    """One document an entry, as in entries.jsonl and then in holds.jsonl."""
    salt, leaves, found = salts(), [], []
    for no, (fact, id_, owner) in enumerate([*facts(), *holds()]):
        encoded = encode(
            fact,
            account=ACCOUNT,
            no=no,
            id=id_,
            at=T0 + timedelta(hours=no),
            recorded_at=T0 + timedelta(hours=no, microseconds=no),
            recorder=ACME,
            owner=owner,
            salt=salt,
        )
        leaves.append(leaf_hash(encoded.record))
        found.append(
            {
                "record": encoded.record.decode(),
                "disclosures": [d.body for d in encoded.disclosures],
                "blobs": {sha256: data.decode() for sha256, data in encoded.blobs},
                "leaf": leaves[-1].hex(),
                "root": root_of(leaves).hex(),
            }
        )
    return found


def head() -> dict[str, object]:
    """The head of that log, as in head.json."""
    made = lines()[: len(facts())]
    root = bytes.fromhex(str(made[-1]["root"]))
    record = format_head(Head(ACCOUNT, bytes(range(16)), root, len(made), 7))
    return {"record": record.decode(), "leaf": leaf_hash(record).hex()}


def text() -> dict[str, str]:
    """File name → content."""
    made = [json.dumps(line, ensure_ascii=False) + "\n" for line in lines()]
    return {
        "entries.jsonl": "".join(made[: len(facts())]),
        "holds.jsonl": "".join(made[len(facts()) :]),
        "head.json": json.dumps(head(), ensure_ascii=False) + "\n",
    }


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    for name, content in text().items():
        if not (HERE / name).exists():
            with (HERE / name).open("x", encoding="utf-8", newline="\n") as file:
                file.write(content)
