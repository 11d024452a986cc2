"""Reading a mailbox, against only walking the file with the standard library's parser."""

from __future__ import annotations

import mailbox
from collections.abc import Iterator
from pathlib import Path
from time import process_time

from contactledger.sources import Mbox
from tests.bench.measure import Line, in_turns, ratio

MESSAGES = 1_000
ROUNDS = 5
AIM = 0.5


def messages() -> Iterator[str]:
    """Answers with quotations, in two parts, and every tenth a bounce."""
    for number in range(MESSAGES):
        head = [
            f"From bob{number}@smith.example Mon Mar  2 10:{number % 60:02}:00 2026",
            "Return-Path: <bob@smith.example>",
            *[
                f"Received: from mx{hop} by mx{hop + 1}; Mon, 2 Mar 2026 10:00:00 +0000"
                for hop in range(4)
            ],
            f"Date: Mon, 2 Mar 2026 10:{number % 60:02}:00 +0000",
            f"Message-ID: <{number}@smith.example>",
            "To: Ann Lee <ann@acme.example>",
        ]
        yield "\n".join(head + (_bounce(number) if number % 10 == 0 else _answer(number))) + "\n\n"


def _answer(number: int) -> list[str]:
    text = [f"Yes, {line} please, and let me know." for line in range(12)]
    quoted = [f"> What of the {line}th item of the list?" for line in range(30)]
    return [
        "From: Bob Ray <bob@smith.example>",
        "Subject: =?utf-8?q?Re=3A_Inventory?= sync",
        f"In-Reply-To: <touch{number}@acme.example>",
        f"References: <first@acme.example> <touch{number}@acme.example>",
        "Content-Type: multipart/alternative; boundary=b",
        "",
        "--b",
        "Content-Type: text/plain; charset=utf-8",
        "",
        *text,
        "",
        "On Mon, 2 Mar 2026 at 09:00, Ann Lee <ann@acme.example> wrote:",
        *quoted,
        "--b",
        "Content-Type: text/html; charset=utf-8",
        "",
        *[f"<p>{line}</p>" for line in text],
        "<blockquote>",
        *quoted,
        "</blockquote>",
        "--b--",
    ]


def _bounce(number: int) -> list[str]:
    return [
        "From: MAILER-DAEMON@acme.example",
        "Subject: Undelivered Mail Returned to Sender",
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b",
        "",
        "--b",
        "",
        "I'm sorry to have to inform you that your message could not be delivered.",
        "--b",
        "Content-Type: message/delivery-status",
        "",
        f"Final-Recipient: rfc822; bob{number}@smith.example",
        "Action: failed",
        "Status: 5.1.1",
        "Diagnostic-Code: smtp; 550 5.1.1 User unknown",
        "--b",
        "Content-Type: message/rfc822",
        "",
        "From: ann@acme.example",
        f"Message-ID: <touch{number}@acme.example>",
        "",
        *["It works again."] * 20,
        "--b--",
    ]


def reading(folder: Path) -> list[Line]:
    """The events of a mailbox of a thousand messages, read from the file."""
    path = folder / "bench.mbox"
    path.write_text("".join(messages()))

    def ours() -> None:
        with path.open("rb") as file:
            assert sum(1 for _ in Mbox().events(file)) == MESSAGES

    def bare() -> None:
        box = mailbox.mbox(path, create=False)
        assert sum(1 for message in box if [*message.walk()]) == MESSAGES
        box.close()

    best, walked = in_turns(ours, bare, ROUNDS, process_time)
    name = f"A mailbox of {MESSAGES:,} messages read, against the standard library's walk"
    return [ratio(name, best, walked, AIM, MESSAGES)]
