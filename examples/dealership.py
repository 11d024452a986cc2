"""A vendor's day with one dealership: record, send, receive, and print where it stands.

    python examples/dealership.py FOLDER [HOST:PORT]

FOLDER gets `contacts.db` and the report. The mail goes to the SMTP server at HOST:PORT; without
one it is written to FOLDER/outbox, one .eml file each, as a mail server's pick-up folder has it.
"""

from __future__ import annotations

import smtplib
import sys
from email.message import EmailMessage
from pathlib import Path

from contactledger import Ledger, Party, Person, Preference, Standing
from contactledger.report.plain import standing_text
from contactledger.sources import Calls, Mail

ACCOUNT = "smith-motors"

CALL = """call_id,at,direction,from,to,status,answered_by,duration_seconds,about
c-1,{at},out,+12125550140,+13035550117,voicemail,machine,31,Your inventory sync
"""

ANSWER = """From: Bob Ray <bob@smith.example>
To: Dana Holt <dana@acme.example>
Subject: Re: Shall we set up your inventory sync?
Message-ID: <answer-1@smith.example>
In-Reply-To: {message_id}

Thursday. And call next time, I asked you to.
"""


def main(folder: Path, server: str = "") -> Standing:
    """Play the day; give the standing, with the files written."""
    folder.mkdir(parents=True, exist_ok=True)
    with Ledger.open(f"sqlite:///{folder / 'contacts.db'}", recorder="acme") as ledger:
        ledger.record(
            ACCOUNT,
            Party("acme", "ACME Dealer Systems", "vendor", "America/New_York"),
            Person("dana", "acme", "Dana Holt", email="dana@acme.example"),
            Party("smith", "Smith Motors", "customer", "America/Denver"),
            Person("bob", "smith", "Bob Ray", "Owner", "bob@smith.example", "+13035550117"),
            Preference("bob", preferred="phone", source="his mail of 2 March"),
        )

        message = EmailMessage()
        message["From"], message["To"] = "dana@acme.example", "bob@smith.example"
        message["Subject"] = "Shall we set up your inventory sync?"
        message.set_content("It ends the double entry of your stock. Which day suits you?")
        # On record first, with an id by which the answer is known again; then on the wire.
        with ledger.sending(
            ACCOUNT, message, to=["bob"], sender="dana", topics=["inventory-sync"], expects="reply"
        ) as sent:
            deliver(message, folder, server)

        # The phone system's table: a call that the ledger hears of for the first time.
        called = CALL.format(at=sent.entry.at.isoformat())
        ledger.receive(Calls(), {"Content-Type": "text/csv"}, called.encode())

        # And the answer, from the mailbox.
        answer = ANSWER.format(message_id=sent.message_id)
        ledger.receive(Mail(), {"Content-Type": "message/rfc822"}, answer.encode())

        report = ledger.report(ACCOUNT)
        (folder / "smith-motors.html").write_text(report.html(), "utf-8")
        print(standing_text(report.data))
        return ledger.standing(ACCOUNT)


def deliver(message: EmailMessage, folder: Path, server: str) -> None:
    """Hand the message to the mail server, or put it into the pick-up folder."""
    if server:
        host, _, port = server.partition(":")
        with smtplib.SMTP(host, int(port)) as smtp:
            smtp.send_message(message)
        return
    outbox = folder / "outbox"
    outbox.mkdir(exist_ok=True)
    (outbox / f"{len(list(outbox.iterdir())) + 1}.eml").write_bytes(message.as_bytes())


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:3])
