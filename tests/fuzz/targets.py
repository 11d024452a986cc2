"""What is fuzzed, with what it starts from, and what may come of it.

`put(name, body)` returns if all is well and raises `AssertionError`, or whatever the parser
raised that it should not have.
"""

from __future__ import annotations

import json
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs

from contactledger import sources
from contactledger.configured import named
from contactledger.errors import BadEvent, BadInput, TooLarge, Unverified
from contactledger.events import Event
from contactledger.facts import Person
from contactledger.sources._machine_grade import Grader
from contactledger.sources._mapping import Mapping
from contactledger.sources.source import Rows
from contactledger.sources.track import hit

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
URL = "https://acme.example/hook?bodySHA256=00"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PARTS = {"Content-Type": "multipart/form-data; boundary=BoUnDaRyStRiNg"}
JSON = {"Content-Type": "application/json"}
SIGNED = {
    "Mailtrap-Signature": "00",
    "Signature": "00",
    "X-Mandrill-Signature": "00",
    "X-Postal-Signature": "00",
    "X-Twilio-Signature": "00",
    "svix-id": "a",
    "svix-signature": "v1,eA==",
    "svix-timestamp": "1",
}

MAX_SEED_BYTES = 32 * 1024
"""Larger ones teach a fuzzer little and cost it much."""
SECONDS, SECONDS_PER_BYTE = 2.0, 20e-6
"""How long one body may take on the processor: a constant, and 20 s for a megabyte. What is
super-linear is over that at the sizes that a fuzzer reaches; the fuzzer itself slows all
of it by some ten times."""

_MADE = (
    sources.AmazonSES(topics="arn:x", basic="a:b"),
    sources.Asterisk("Europe/Berlin"),
    sources.Brevo(bearer="x"),
    sources.FreeSwitch("Europe/Berlin"),
    sources.ICal("Europe/Berlin"),
    sources.MailerSend(key="x"),
    sources.Mailgun(key="x"),
    sources.Mailtrap(key="x"),
    sources.Mandrill(key="x"),
    sources.Resend(key="eA=="),
    sources.StandardWebhooks(key="eA=="),
    sources.Table("twilio-calls"),
    sources.Tracking(b"k" * 16),
    sources.Twilio(key="x"),
    sources.UnisenderGo(key="x"),
)
"""Those that need a key to check something, or a word to be made at all."""
_BY_NAME: dict[str, Any] = {made.name: made for made in _MADE}
SOURCES: dict[str, Any] = _BY_NAME | {
    name: one() for name, one in named().items() if name not in _BY_NAME
}
FORMS = {"mandrill", "sendgrid_inbound", "twilio"}
FREE = {"asterisk", "calls", "freeswitch", "ical", "mail", "mbox", "table"}
"""Sources that take bytes without a word of what they are."""


def _source(name: str, body: bytes) -> None:
    source = SOURCES[name]
    headers = _headers(name, body)
    with suppress(Unverified, TooLarge):
        source.verify(headers | SIGNED, body, URL, NOW)
    if isinstance(source, Rows):
        faults: list[BadEvent | TooLarge] = []
        with suppress(BadEvent, TooLarge):
            _check(source.parse(headers, body, faults))
        assert {type(fault) for fault in faults} <= {BadEvent, TooLarge}
    try:
        events = source.parse(headers, body)
    except (BadEvent, TooLarge):
        return
    _check(events)
    Grader().grade(events)
    _check(events)


def _headers(name: str, body: bytes) -> dict[str, str]:
    if name in FREE:
        return {}
    if body.startswith(b"--"):
        return PARTS
    return FORM if name in FORMS and body[:1] not in (b"{", b"[") else JSON


def _check(events: list[Event]) -> None:
    """What is given can be stored and shown: no lone surrogate, no time without a zone."""
    assert type(events) is list
    for event in events:
        assert type(event) is Event
        for text in attrs.astuple(event, recurse=False):
            if isinstance(text, str):
                text.encode("utf-8")
        assert event.at is None or event.at.utcoffset() is not None
        assert event.original is None or type(event.original) is bytes


def _people(_: str, body: bytes) -> None:
    faults: list[BadEvent | TooLarge] = []
    for found in (faults, None):
        with suppress(BadEvent, TooLarge):
            people = sources.VCard().people(body, "smith", found)
            assert {type(person) for person in people} <= {Person}


def _mapping(_: str, body: bytes) -> None:
    with suppress(BadInput):
        assert type(Mapping.read(body.decode("utf-8", "replace"))) is Mapping


def _fitting(_: str, body: bytes) -> None:
    with suppress(BadEvent, TooLarge):
        _check(sources.Table.fitting(body).parse({}, body, []))


TARGETS: dict[str, Callable[[str, bytes], None]] = dict.fromkeys(sorted(SOURCES), _source) | {
    "fitting": _fitting,
    "mapping": _mapping,
    "vcard": _people,
}


def put(name: str, body: bytes) -> None:
    """Give a body to a target; `AssertionError` for what it gives, or for how long it takes."""
    started = time.process_time()
    TARGETS[name](name, body)
    taken = time.process_time() - started
    assert taken < SECONDS + SECONDS_PER_BYTE * len(body), f"{taken:.1f} s for {len(body)} bytes"


# --- seeds -------------------------------------------------------------------------------------

TESTS = Path(__file__).parents[1]
CORPORA = TESTS.parents[1] / "shared" / "corpora"

_TRACK = SOURCES["tracking"]
_TOUCH = "a" * 26
_CLOUD = {
    "specversion": "1.0",
    "source": "/2010-04-01/Accounts/AC1",
    "id": "EZ1",
    "time": "2026-03-02T12:00:01Z",
}
_CALL = {"CallSid": "CA1", "CallStatus": "completed", "AnsweredBy": "human", "From": "+1555"}
_TEXT = {"messageSid": "SM1", "messageStatus": "DELIVERED", "to": "+1666", "errorCode": 30008}
_CARD = (
    b"BEGIN:VCARD\r\nN;CHARSET=latin-1;ENCODING=QUOTED-PRINTABLE:M=FCller=\r\n ;Bob\r\n"
    b"EMAIL:bob@smith.example\r\nTEL:tel:+1 555\r\nTZ:Europe/Berlin\r\nEND:VCARD\r\n"
)
OWN: dict[str, list[bytes]] = {
    "anymail": [
        json.dumps(
            {
                "event_type": "bounced",
                "timestamp": "2026-03-02T12:00:00+00:00",
                "event_id": "1",
                "message_id": "<m@x>",
                "recipient": "bob@smith.example",
                "reject_reason": "bounced",
                "metadata": {"contactledger": _TOUCH},
                "tags": ["a"],
                "esp_event": {"a": 1},
                "esp_name": "Mailgun",
            }
        ).encode()
    ],
    "tracking": [
        hit(path, id="1", at=NOW, method=method, form={"List-Unsubscribe": "One-Click"})
        for path, method in (
            (_TRACK.pixel(_TOUCH), "GET"),
            (_TRACK.link(_TOUCH, 3, "https://acme.example/x", honeypot=True), "HEAD"),
            (_TRACK.unsubscribe(_TOUCH, _TOUCH), "POST"),
        )
    ],
    "twilio": [
        json.dumps(
            [
                _CLOUD
                | {
                    "type": "com.twilio.voice.status-callback.call.completed",
                    "data": {"sid": "CA1", "request": {"parameters": _CALL}},
                },
                _CLOUD | {"type": "com.twilio.messaging.message.delivered", "data": _TEXT},
                _CLOUD
                | {
                    "type": "com.twilio.voice.insights.call-summary.complete",
                    "data": json.dumps({"call_sid": "CA1", "call_state": "noanswer"}),
                },
            ]
        ).encode()
    ],
    "vcard": [_CARD],
}
"""Bodies written for this run."""

_FOLDERS = {
    "calendars": ("ical", "vcard"),
    "exports": ("table", "fitting", "asterisk", "freeswitch"),
    "bounces": ("mail",),
    "auto_replies": ("mail",),
    "mdn": ("mail",),
    "eml_headers": ("mail",),
    "mbox": ("mbox",),
}
"""Sets of the corpora whose files are seeds → of which targets."""


def seeds(name: str) -> Iterator[bytes]:
    """Bodies to begin with: those written for the tests, and the corpora's where they are."""
    from tests.test_source_fuzz import GENUINE
    from tests.test_source_rows import FILES

    yield from GENUINE.get(name, []) + OWN.get(name, [])
    yield from (body for key, (_, body, *_) in FILES.items() if key.split("-")[0] == name)
    for path in sorted((TESTS / "bad").glob(f"{name}-*")):
        yield path.read_bytes()
    if name == "mapping":
        for path in sorted((TESTS.parent / "contactledger/sources/data/mappings").glob("*.toml")):
            yield path.read_bytes()
    yield from (body for body in _from_corpora(name) if len(body) <= MAX_SEED_BYTES)


def _from_corpora(name: str) -> Iterator[bytes]:
    for folder, names in _FOLDERS.items():
        if name in names and (CORPORA / folder).is_dir():
            for path in sorted((CORPORA / folder / "files").iterdir()):
                yield path.read_bytes()
    for folder in ("webhooks_anymail", "webhooks_symfony"):
        for case in _cases(folder):
            if case["esp"] == name:
                b64 = case.get("body_b64")
                yield b64decode(b64) if b64 else case["body"].encode()
    for case in _cases("aws_events") if name == "amazon_ses" else ():
        yield json.dumps(case["event"]).encode()


def _cases(folder: str) -> list[dict[str, Any]]:
    file = CORPORA / folder / "cases.jsonl"
    if not file.is_file():
        return []
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]
