"""Tokens of own pixels and links: signed, rotated, forged; what a hit says."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactledger.errors import BadEvent, BadInput, TooLarge, Unverified
from contactledger.events import Event
from contactledger.sources import Tracking
from contactledger.sources.track import CLICK, MAX_LINKS, OPEN, UNSUBSCRIBE, Token, hit
from contactledger.vocabulary import Auth, By, Channel, SignalKind, System

KEY, OTHER = b"k" * 32, b"o" * 32
TOUCH, PERSON = "yamswdxjfgh3syqaylqa25u664", "4sr5hcfpkpg2u7jif3cpezga4m"
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
TARGET = "https://x.example/?to=bob"
T = Tracking(KEY)


def read(path, **more):
    body = hit(path, id="h-1", at=NOW, **more)
    assert T.verify({}, body, None, NOW) is Auth.SIGNED_PART
    return T.parse({"Content-Type": "application/json"}, body), body


def test_paths_say_what_they_were_made_of():
    assert T.read(T.pixel(TOUCH)) == Token(OPEN, TOUCH)
    assert T.read(T.pixel(TOUCH, PERSON, own=True)) == Token(OPEN, TOUCH, PERSON, own=True)
    assert T.read("https://m.example/t" + T.pixel(TOUCH) + "?x=1") == Token(OPEN, TOUCH)
    assert T.read(T.link(TOUCH, 3, TARGET, honeypot=True)) == Token(
        CLICK, TOUCH, None, 3, honeypot=True
    )
    assert T.read(T.unsubscribe(TOUCH, PERSON)) == Token(UNSUBSCRIBE, TOUCH, PERSON)


def test_a_link_leads_to_the_target_it_was_signed_for_alone():
    path = T.link(TOUCH, 1, TARGET, PERSON)
    assert T.target(path, ["https://a.example/", TARGET]) == TARGET
    for targets in ([TARGET], ["x", "https://evil.example/"], []):
        with pytest.raises(Unverified):
            T.target(path, targets)
    with pytest.raises(Unverified):
        T.target(T.pixel(TOUCH), [TARGET])


def test_while_a_key_is_exchanged_both_verify_and_the_first_signs():
    both = Tracking([OTHER, KEY])
    assert both.read(T.pixel(TOUCH)).touch == TOUCH
    assert both.target(T.link(TOUCH, 0, TARGET), [TARGET]) == TARGET
    with pytest.raises(Unverified):
        T.read(both.pixel(TOUCH))


@pytest.mark.parametrize(
    "path", [T.pixel(TOUCH, PERSON), T.link(TOUCH, 0, TARGET), T.unsubscribe(TOUCH, PERSON)]
)
def test_no_letter_of_a_path_can_be_changed(path):
    start = 3
    end = len(path) - (4 if path.endswith(".gif") else 0)
    for i in range(start, end):
        changed = path[:i] + ("A" if path[i] != "A" else "B") + path[i + 1 :]
        with pytest.raises(Unverified):
            T.target(changed, [TARGET]) if path[1] == "c" else T.read(changed)


@pytest.mark.parametrize(
    "path",
    ["", "/o/", "/x/" + "A" * 60, "/o/" + "A" * 43, "/c" + T.pixel(TOUCH)[2:], "/o/" + "A" * 41],
)
def test_what_is_no_path_is_refused(path):
    with pytest.raises(Unverified):
        T.read(path)


def test_an_open_is_one_whole_event():
    (event,), body = read(T.pixel(TOUCH, PERSON), ip="192.0.2.1", user_agent="Mail/1 \u202e")
    assert event == Event(
        SignalKind.OPENED,
        NOW,
        By.UNKNOWN,
        "tracking",
        event_id="h-1",
        token=TOUCH,
        channel=Channel.EMAIL,
        word="o",
        said_at="2026-03-02T09:00:00+00:00",
        ip="192.0.2.1",
        user_agent="Mail/1 \ufffd",
        system=System.OWN,
        original=body,
        extra={"method": "GET", "person": PERSON},
    )


def test_a_click_tells_its_number_target_and_marks():
    (event,), _ = read(
        T.link(TOUCH, 7, TARGET, own=True, honeypot=True), method="HEAD", target=TARGET
    )
    assert (event.what, event.word, event.url) == (SignalKind.CLICKED, "c7", TARGET)
    assert event.extra == {"method": "HEAD", "own": True, "honeypot": True}


def test_only_a_post_of_rfc_8058_unsubscribes():
    path = T.unsubscribe(TOUCH, PERSON)
    assert read(path)[0] == []
    assert read(path, method="POST", form={"List-Unsubscribe": "Later"})[0] == []
    (event,), _ = read(path, method="post", form={"List-Unsubscribe": "One-Click"})
    assert (event.what, event.by) == (SignalKind.UNSUBSCRIBED, By.HUMAN)


def test_a_body_that_is_no_hit_does_not_verify_and_does_not_parse():
    for body in (
        b"",
        b"[]",
        b"{}",
        b'{"path": 7}',
        json.dumps({"path": Tracking(OTHER).pixel(TOUCH)}).encode(),
    ):
        with pytest.raises(Unverified):
            T.verify({}, body, None, NOW)
        with pytest.raises(BadEvent):
            T.parse({}, body)
    with pytest.raises(BadEvent, match="Content-Type"):
        T.parse({"Content-Type": "text/html"}, b"{}")
    for take in (lambda b: T.verify({}, b, None, NOW), lambda b: T.parse({}, b)):
        with pytest.raises(TooLarge):
            take(bytes(T.max_body_bytes + 1))


def test_keys_ids_numbers_and_targets_are_checked():
    for key in (b"short", [], [b"short"], ["k" * 32]):
        with pytest.raises(BadInput, match=r"Tracking\.key"):
            Tracking(key)
    assert "kkkk" not in repr(T)
    with pytest.raises(BadInput, match="touch: must be an id"):
        T.pixel("rel-42")
    with pytest.raises(BadInput, match="person: must be an id"):
        T.pixel(TOUCH, "bob")
    for number in (-1, MAX_LINKS + 1):
        with pytest.raises(BadInput, match="number"):
            T.link(TOUCH, number, TARGET)
    for target in ("javascript:alert(1)", "//evil.example", "https://" + "x" * 9_000):
        with pytest.raises(BadInput, match="target"):
            T.link(TOUCH, 0, target)


def test_a_hit_leaves_out_what_is_not_known():
    assert json.loads(hit("/o/x", id="h", at=NOW)) == {
        "id": "h",
        "path": "/o/x",
        "at": "2026-03-02T09:00:00+00:00",
        "method": "GET",
        "one_click": False,
    }


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200) | st.binary(max_size=90).map(lambda b: "/c/" + b.hex()))
def test_any_path_is_read_or_refused(path):
    with pytest.raises(Unverified):
        T.read(path)
