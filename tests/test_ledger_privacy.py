"""No name, key, address or text of a host stands in an error, its traceback or a log line."""

# ruff: noqa: ARG002

from __future__ import annotations

import json
import logging
import traceback

import pytest

from contactledger.errors import LedgerError
from contactledger.facts import (
    Alias,
    Coverage,
    Mark,
    Matter,
    Message,
    Money,
    Party,
    Person,
    PolicyAdopted,
    Preference,
    Promise,
    Settlement,
    Signal,
    Touch,
)
from contactledger.ledger import HOUSE, Ledger
from contactledger.sources.calls import Calls
from contactledger.sources.mail import Mail
from contactledger.sources.sendgrid import SendGrid
from tests.ledgers import SMITH, Probe, event, filled, in_file, mail, message, sql

M = "Zaphod-4711"
"""What must not be seen, wherever it is put."""


class Bug(Probe):
    """A parser with a bug that quotes."""

    def parse(self, headers, body):
        raise KeyError(body.decode())


def forged(ledger):
    ledger.receive(SendGrid(basic=f"u:{M}"), {"Authorization": M}, M.encode())


def conflict(ledger):
    ledger.record(SMITH, mail(M, about=M))
    ledger.record(SMITH, mail(M, about=M + M))


def other_kind(ledger):
    ledger.record(SMITH, Person(M, "smith"))
    ledger.record(SMITH, Party(M))


def sent(ledger, to):
    with ledger.sending(SMITH, message(M + "@x.example", X_Odd=M), to=to):
        pass


def sendgrid(**more):
    item = {"event": "open", "timestamp": 1772442060, "email": M, **more}
    return lambda led: led.receive(SendGrid(), {}, json.dumps([item]).encode())


def received(source, body, **headers):
    return lambda led: led.receive(source, headers, body)


def recorded(*facts):
    return lambda led: led.record(SMITH, *[f() if callable(f) else f for f in facts])


TRIGGERS = {
    "account": lambda led: led.entries(M),
    "account-empty": lambda led: led.record(M * 50),
    "check": lambda led: led.check(M),
    "touch-to": recorded(mail(to=M)),
    "touch-sender": recorded(Touch(M, "bob")),
    "touch-answers": recorded(mail(answers=M)),
    "touch-matter": recorded(mail(matter=M)),
    "addresses": recorded(mail(addresses={M: M})),
    "addresses-type": recorded(mail(addresses=[M])),
    "person-party": recorded(Person("x", M)),
    "preference": recorded(Preference(M)),
    "signal": recorded(Signal(M)),
    "mark": recorded(Mark(M)),
    "settlement": recorded(Settlement(M)),
    "promise": recorded(Promise(M, M, M)),
    "alias": recorded(Alias(M, M)),
    "redaction": lambda led: led.redact(SMITH, person=M),
    "channel": recorded(lambda: Touch(channel=M)),
    "purpose": recorded(lambda: Touch(purpose=M)),
    "topic": recorded(lambda: Touch(topics=M)),
    "hours": recorded(lambda: Preference(hours=M)),
    "currency": recorded(lambda: Money(1, M)),
    "time": recorded(lambda: Touch(at=M)),
    "zone": recorded(Party("x", zone=M)),
    "text-nul": recorded(mail(about=M + "\0")),
    "text-surrogate": recorded(mail(message=Message(text=M + "\ud800"))),
    "text-long": recorded(mail(about=M * 4_000)),
    "text-large": recorded(mail(about=M + "é" * 33_000)),
    "number": recorded(Person("x", "smith", level=M)),
    "email": recorded(Person("x", "smith", email={M: M})),
    "blob": recorded(mail(original=M)),
    "stake": recorded(Matter("m", stake=M)),
    "no-fact": recorded(M),
    "policy": recorded(PolicyAdopted(f"rules = {M}")),
    "policy-key": recorded(PolicyAdopted(f'rules = 1\n"{M}" = 1')),
    "policy-text": recorded(PolicyAdopted(f'rules = 1\nzone = "{M}"')),
    "policy-digest": recorded(PolicyAdopted("rules = 1", digest=M)),
    "house": lambda led: led.record(HOUSE, Coverage("x"), Party(M, M)),
    "conflict": conflict,
    "other-kind": other_kind,
    "sending": lambda led: sent(led, M),
    "sending-again": lambda led: led.sending(
        SMITH, message(X_Contactledger=M), to=M
    ).__enter__(),
    "forged": forged,
    "json": received(SendGrid(), f'[{{"{M}": "{M}'.encode()),
    "json-type": sendgrid(url=[M]),
    "json-word": sendgrid(event=[M]),
    "json-time": sendgrid(timestamp=M),
    "content-type": received(SendGrid(), b"[]", **{"Content-Type": f"text/{M}"}),
    "calls": received(Calls(), f"call_id,at,direction,from,to,status\n{M},{M},{M},{M},{M},{M}".encode()),
    "calls-header": received(Calls(), f"{M},at".encode()),
    "mail": received(Mail(), M.encode()),
    "bug": received(Bug(), M.encode()),
    "slug": received(Probe(event(token="t", detector=M)), M.encode()),
    "as-of": lambda led: led.entries(SMITH, as_of=M),
    "what-if": lambda led: led.findings(SMITH, what_if=f"{M} = 1"),
    "template": lambda led: led.report(SMITH, templates={"proof-of-contact.txt": "{{ x." + M + " }}"}).text(),
    "recorder": lambda led: Ledger.open(led._store, recorder=M),
    "url": lambda _: Ledger.open(f"{M}://{M}:{M}@{M}/{M}", recorder="acme"),
    "file": lambda _: Ledger.open(f"sqlite:////{M}/{M}.db", recorder="acme"),
    "prefix": lambda _: Ledger.open("sqlite:///x.db", recorder="acme", prefix=M),
}  # fmt: skip


@pytest.mark.parametrize("name", TRIGGERS)
def test_no_error_and_no_log_line_shows_what_a_host_wrote(name, caplog):
    ledger, _ = filled()
    ledger.record(SMITH, mail("t"))
    if name == "slug":
        touch = ledger.entries(SMITH)[-1]
        trigger = received(Probe(event(token=touch.id, detector=M)), M.encode())
    else:
        trigger = TRIGGERS[name]
    with caplog.at_level(logging.DEBUG), pytest.raises(LedgerError) as caught:
        trigger(ledger)
    error = caught.value
    frames = traceback.TracebackException.from_exception(error)
    shown = "".join(frames.format_exception_only())
    chained = []
    link = error
    while link.__cause__ or (link.__context__ and not link.__suppress_context__):
        link = link.__cause__ or link.__context__
        chained.append(f"{link!r} {link}")
    assert M not in "\n".join([str(error), repr(error), shown, *chained, caplog.text])
    entries = ledger.entries(SMITH)
    assert ledger.check() >= len(entries) >= 8


def test_what_is_corrupt_is_named_by_place_alone(tmp_path):
    ledger, _, path = in_file(tmp_path)
    with ledger:
        ledger.record(SMITH, mail(M, about=M))
        sql(path, "UPDATE contactledger_entry SET kind = ? WHERE no = 7", M)
        with pytest.raises(LedgerError) as caught:
            ledger.check()
        assert M not in f"{caught.value} {caught.value!r}"


def test_a_replay_that_fails_again_logs_the_row_and_the_field(caplog):
    ledger, _ = filled()
    with pytest.raises(LedgerError):
        ledger.receive(Bug(), {}, M.encode())
    with caplog.at_level(logging.DEBUG):
        ledger.replay(Bug())
    assert "fails again" in caplog.text
    assert M not in caplog.text


def test_nothing_personal_is_in_the_repr_of_a_ledger():
    ledger, _ = filled()
    assert SMITH not in repr(ledger)
    assert ledger._row.secret.hex() not in repr(ledger._row) + repr(ledger._references)
