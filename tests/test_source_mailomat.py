import pytest

from contactledger.errors import BadEvent, Unverified
from contactledger.events import Event
from contactledger.sources import Mailomat
from contactledger.sources.mailomat import PERMANENT, WORDS
from contactledger.vocabulary import Auth, By, SignalKind
from tests.providers import (
    BOB,
    ISO,
    JSON,
    NOW,
    STAMP,
    basic_is_checked,
    dumps,
    hexmac,
    on_record,
    told_once,
)

TOLD = {
    "id": "e-1",
    "eventType": "clicked",
    "occurredAt": ISO,
    "messageUuid": "u-1",
    "messageId": "m1@acme.example",
    "recipient": BOB,
    "payload": {
        "url": "https://acme.example/x",
        "client": {"ip": "192.0.2.7", "user-agent": "Mozilla/5.0"},
    },
}


def signed(key="secret", stamp=str(STAMP), **more) -> dict[str, str]:
    given = hexmac(key, f"w-1.clicked.{stamp}".encode())
    head = {"Id": "w-1", "Event": "clicked", "Timestamp": stamp, "Signature": f"sha256={given}"}
    return {f"X-MOM-Webhook-{name}": value for name, value in (head | more).items()}


def test_a_signature_over_the_headers_is_half_of_one():
    for key in ("secret", ("new", "secret")):
        assert Mailomat(key=key).verify(signed(), b"{}", None, NOW) is Auth.SIGNED_PART
    old = Mailomat(key="secret", tolerance_seconds=None)
    assert old.verify(signed(stamp="1"), b"{}", None, NOW) is Auth.SIGNED_PART
    basic_is_checked(Mailomat, dumps(TOLD), JSON)


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({}, "is not signed"),
        (signed(Id=""), "is not signed"),
        (signed(Signature="md5=00"), "is not signed"),
        (signed("other"), "not by a key"),
        (signed(Event="opened"), "not by a key"),
        (signed(stamp=str(STAMP - 13 * 3600)), "too old"),
        (signed(stamp="soon"), "is no time"),
    ],
)
def test_a_forged_stale_or_unsigned_request_is_unverified(headers, why):
    with pytest.raises(Unverified, match=why):
        Mailomat(key="secret").verify(headers, b"{}", None, NOW)


def test_a_click_is_read_whole():
    assert Mailomat().parse(JSON, dumps(TOLD)) == [
        Event(
            SignalKind.CLICKED,
            NOW,
            By.UNKNOWN,
            "mailomat",
            event_id="e-1",
            provider_id="u-1",
            message_id="<m1@acme.example>",
            address=BOB,
            word="clicked",
            said_at=ISO,
            url="https://acme.example/x",
            ip="192.0.2.7",
            user_agent="Mozilla/5.0",
            original=dumps(TOLD),
        )
    ]


@pytest.mark.parametrize("word", [*sorted(WORDS), "lost"])
def test_each_word_has_its_meaning_and_is_kept(word):
    told = {"eventType": word, "payload": {"reason": "550 no"}}
    (event,) = Mailomat().parse(JSON, dumps(told))
    assert (event.what, event.word, event.permanent, event.reason) == (
        WORDS.get(word, SignalKind.UNKNOWN), word, PERMANENT.get(word), "550 no",
    )  # fmt: skip


def test_what_is_no_event_is_refused_by_name():
    with pytest.raises(BadEvent, match="eventType: is missing"):
        Mailomat().parse(JSON, b"{}")


def test_a_report_is_told_once():
    ledger, _ = on_record(provider_id="u-1")
    told_once(ledger, Mailomat(), JSON, dumps(TOLD))
