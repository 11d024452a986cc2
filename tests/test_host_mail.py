"""Mail of `smtplib`, Django and anymail: on record before it leaves, and what became of it after."""

from __future__ import annotations

import os
import smtplib
import socketserver
import threading

import pytest

from contactledger.errors import BadInput
from contactledger.hosts.smtp import send
from contactledger.sources.sendgrid import SendGrid
from contactledger.vocabulary import SignalKind
from tests.hosting import examples
from tests.ledgers import SMITH, filled, message

examples()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "django_app.settings")

import django  # noqa: E402

django.setup()

from anymail.exceptions import AnymailRecipientsRefused  # noqa: E402
from anymail.signals import post_send, pre_send  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core import mail as django_mail  # noqa: E402
from django.core.mail import EmailMessage, get_connection  # noqa: E402
from django.test import override_settings  # noqa: E402

from contactledger.hosts.anymail import connect  # noqa: E402
from contactledger.hosts.django_mail import touching  # noqa: E402

HERE: list[object] = []


def the_ledger():
    """What the setting names."""
    return HERE[-1]


@pytest.fixture
def ledger():
    ledger, _ = filled()
    HERE.append(ledger)
    yield ledger
    HERE.pop()


def after(ledger) -> list[tuple[object, ...]]:
    """The touches and signals on record: what, whose, for good, why."""
    entries = ledger.entries(SMITH)
    keys = {entry.id: entry.fact.key for entry in entries if entry.kind == "person"}
    return [
        ("touch", entry.fact.about)
        if entry.kind == "touch"
        else (entry.fact.what, keys.get(entry.fact.person), entry.fact.permanent, entry.fact.reason)
        for entry in entries
        if entry.kind in ("touch", "signal")
    ]


SENT = (SignalKind.SENT, None, None, None)


# --- smtplib -------------------------------------------------------------------------------------


class Server(socketserver.TCPServer):
    """Refuses recipients named in `refused` with their reply, and keeps what it takes."""

    def __init__(self, **refused: str) -> None:
        self.refused, self.kept = refused, []
        super().__init__(("127.0.0.1", 0), Talk)


class Talk(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        for line in self.rfile:
            verb, reply = line[:4].upper(), "250 ok"
            if verb == b"RCPT":
                name = line.decode().partition("<")[2].partition("@")[0]
                reply = self.server.refused.get(name, reply)
            elif verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                self.server.kept.append(b"".join(iter(self.rfile.readline, b".\r\n")))
            elif verb == b"QUIT":
                reply = "221 bye"
            self.wfile.write(f"{reply}\r\n".encode())


@pytest.fixture
def serve():
    started = []

    def start(**refused: str) -> Server:
        server = Server(**refused)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        started.append((server, thread))
        return server

    yield start
    for server, thread in started:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_mail_by_smtplib_carries_its_token_and_its_refusals_are_on_record(ledger, serve):
    server = serve(carla="550 no such user")
    letter = message("bob@smith.example, carla@smith.example")
    with smtplib.SMTP(*server.server_address) as smtp:
        sent = send(smtp, letter, ledger, SMITH, to=["bob", "carla"], purpose="outage")
    assert f"X-Contactledger: {sent.token}\r\n".encode() in server.kept[0]
    assert after(ledger) == [
        ("touch", "Inventory sync"),
        SENT,
        (SignalKind.REJECTED, "carla", True, "SMTP 550"),
    ]


def test_a_refusal_for_now_is_told_from_one_for_good(ledger, serve):
    server = serve(bob="451 later")
    letter = message("bob@smith.example, carla@smith.example")
    with smtplib.SMTP(*server.server_address) as smtp:
        send(smtp, letter, ledger, SMITH, to=["bob", "carla"])
    assert after(ledger)[2:] == [(SignalKind.REJECTED, "bob", False, "SMTP 451")]


def test_a_mail_that_no_recipient_gets_is_on_record_as_failed(ledger, serve):
    server = serve(bob="550 no such user")
    with (
        smtplib.SMTP(*server.server_address) as smtp,
        pytest.raises(smtplib.SMTPRecipientsRefused),
    ):
        send(smtp, message(), ledger, SMITH, to=["bob"])
    reason = "SMTPRecipientsRefused"
    assert after(ledger)[1:] == [(SignalKind.REJECTED, None, True, reason)]
    assert server.kept == []


def test_a_mail_that_everybody_gets_is_sent(ledger, serve):
    server = serve()
    with smtplib.SMTP(*server.server_address) as smtp:
        send(smtp, message(), ledger, SMITH, to=["bob"])
    assert after(ledger) == [("touch", "Inventory sync"), SENT]


# --- Django --------------------------------------------------------------------------------------

LOCMEM = "django.core.mail.backends.locmem.EmailBackend"


def through(carrier: str):
    return override_settings(
        EMAIL_BACKEND="contactledger.hosts.django_mail.EmailBackend",
        CONTACTLEDGER_MAIL={"backend": carrier, "ledger": "tests.test_host_mail.the_ledger"},
    )


def letter(subject: str = "Bestände", **more) -> EmailMessage:
    return EmailMessage(subject, "It works again.", "ann@acme.example", **more)


def test_a_marked_message_is_on_record_and_carries_its_token(ledger):
    django_mail.outbox = []
    one = touching(letter(to=["bob@smith.example"]), SMITH, to=["bob"], topics=["sync"])
    with through(LOCMEM):
        assert one.send() == 1
        assert letter(to=["x@y.example"]).send() == 1
    touch, _ = [e for e in ledger.entries(SMITH) if e.kind in ("touch", "signal")]
    assert after(ledger) == [("touch", "Bestände"), SENT]
    assert (touch.fact.topics, list(touch.fact.addresses.values())) == (
        ("sync",),
        ["bob@smith.example"],
    )
    marked, plain = (sent.message() for sent in django_mail.outbox)
    assert (marked["X-Contactledger"], marked["Message-ID"]) == (
        touch.id,
        f"<{touch.id}@acme.example>",
    )
    assert plain["X-Contactledger"] is None
    assert (one.extra_headers, one.metadata) == ({}, {})


def test_a_message_keeps_a_message_id_of_its_own(ledger):
    django_mail.outbox = []
    headers = {"Message-ID": "<own@acme.example>"}
    with through(LOCMEM), get_connection() as connection:
        connection.send_messages(
            [touching(letter(to=["bob@smith.example"], headers=headers), SMITH, to=["bob"])]
        )
    assert django_mail.outbox[0].message()["Message-ID"] == "<own@acme.example>"


def used(ledger) -> dict[str, str]:
    """The address that the last touch went to, by whose it is."""
    entries = ledger.entries(SMITH)
    keys = {entry.id: entry.fact.key for entry in entries if entry.kind == "person"}
    *_, touch = [entry for entry in entries if entry.kind == "touch"]
    return {keys[id_]: address for id_, address in (touch.fact.addresses or {}).items()}


TWO = {"to": ["Bob Ray <bob@smith.example>"], "bcc": ["carla@smith.example"]}
BOTH = {"bob": "bob@smith.example", "carla": "carla@smith.example"}


def test_the_addresses_of_blind_copies_are_kept_and_no_names_with_them(ledger):
    with through(LOCMEM):
        touching(letter(**TWO), SMITH, to=["bob", "carla"]).send()
        assert used(ledger) == BOTH
        touching(letter(**TWO), SMITH, to=["bob"]).send()  # the copy is for the archive
        assert used(ledger) == {"bob": "bob@smith.example"}
        touching(letter(to=["all@smith.example"]), SMITH, to=["bob", "carla"]).send()
        assert used(ledger) == {}


def test_the_setting_names_the_ledger_or_what_gives_it(ledger, monkeypatch):
    monkeypatch.setattr("tests.test_host_mail.the_ledger", ledger)
    with through(LOCMEM):
        assert touching(letter(to=["bob@smith.example"]), SMITH, to=["bob"]).send() == 1
    assert after(ledger) == [("touch", "Bestände"), SENT]


@pytest.mark.parametrize("missing", ["backend", "ledger"])
def test_a_setting_that_is_missing_is_named(missing):
    with through(LOCMEM):
        named = {k: v for k, v in settings.CONTACTLEDGER_MAIL.items() if k != missing}
        with (
            override_settings(CONTACTLEDGER_MAIL=named),
            pytest.raises(BadInput, match=rf"^CONTACTLEDGER_MAIL\.{missing}: is missing"),
        ):
            get_connection()


def test_what_django_cannot_send_is_on_record_as_failed(ledger, serve):
    server = serve(bob="550 no such user")
    host, port = server.server_address
    one = touching(letter(to=["bob@smith.example"]), SMITH, to=["bob"])
    with (
        through("django.core.mail.backends.smtp.EmailBackend"),
        override_settings(EMAIL_HOST=host, EMAIL_PORT=port),
    ):
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            one.send()
        silent = touching(letter(to=["bob@smith.example"]), SMITH, to=["bob"])
        assert silent.send(fail_silently=True) == 0
    assert after(ledger) == [
        ("touch", "Bestände"),
        (SignalKind.REJECTED, None, True, "SMTPRecipientsRefused"),
        ("touch", "Bestände"),
        (SignalKind.REJECTED, None, True, "NotSent"),
    ]


# --- anymail -------------------------------------------------------------------------------------

ANYMAIL = "anymail.backends.test.EmailBackend"


@pytest.fixture
def connected(ledger):
    connect(ledger)
    connect(ledger)  # once is enough, twice is no more
    yield ledger
    pre_send.disconnect(dispatch_uid="contactledger before")
    post_send.disconnect(dispatch_uid="contactledger after")


def test_anymails_message_carries_the_token_to_the_esp_and_its_report_finds_it(connected):
    one = touching(letter(to=["bob@smith.example"]), SMITH, to=["bob"])
    one.metadata = {"order": "7"}
    with override_settings(EMAIL_BACKEND=ANYMAIL):
        assert one.send() == 1
        assert letter(to=["x@y.example"]).send() == 1
    touch = next(e for e in connected.entries(SMITH) if e.kind == "touch")
    assert one.anymail_test_params["metadata"] == {"order": "7", "contactledger": touch.id}
    assert one.metadata == {"order": "7"}
    assert after(connected) == [("touch", "Bestände"), SENT]
    report = (
        '[{"event":"delivered","timestamp":1772442060,"email":"bob@smith.example",'
        f'"sg_event_id":"e1","sg_message_id":"m1","contactledger":"{touch.id}"}}]'
    )
    receipt = connected.receive(SendGrid(), {"Content-Type": "application/json"}, report.encode())
    assert [e.fact.touch for e in receipt.recorded] == [touch.id]


def test_anymails_addresses_are_kept_without_the_names(connected):
    with override_settings(EMAIL_BACKEND=ANYMAIL):
        touching(letter(**TWO), SMITH, to=["bob", "carla"]).send()
    assert used(connected) == BOTH


def refusing(*addresses: str):
    """What anymail's own test backend takes for the ESP's answer."""
    from anymail.message import AnymailRecipientStatus

    return {"recipient_status": {a: AnymailRecipientStatus("m", "rejected") for a in addresses}}


def test_recipients_that_the_esp_refuses_are_on_record(connected, monkeypatch):
    from anymail.backends.test import EmailBackend

    answer = refusing("bob@smith.example")["recipient_status"]
    monkeypatch.setattr(EmailBackend, "parse_recipient_status", lambda *_: answer)
    one = touching(letter(to=["bob@smith.example"], cc=["c@smith.example"]), SMITH, to=["bob"])
    with override_settings(EMAIL_BACKEND=ANYMAIL), pytest.raises(AnymailRecipientsRefused):
        one.send()
    assert after(connected) == [
        ("touch", "Bestände"),
        (SignalKind.REJECTED, None, True, "rejected"),
    ]


def test_through_djangos_backend_a_message_is_one_touch(connected):
    one = touching(letter(to=["bob@smith.example"]), SMITH, to=["bob"])
    with through(ANYMAIL):
        assert one.send() == 1
    assert after(connected) == [("touch", "Bestände"), SENT]
    touch = next(e for e in connected.entries(SMITH) if e.kind == "touch")
    assert one.anymail_test_params["metadata"] == {"contactledger": touch.id}
