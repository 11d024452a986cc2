"""What machines do and people do not, and how an event is graded by all that is known."""

from datetime import UTC, datetime, timedelta

import pytest

from contactledger.events import Event
from contactledger.sources import Grader, Networks, Own
from contactledger.sources import _machine_behaviour as b
from contactledger.sources._machine_grade import RULES_DATE
from contactledger.vocabulary import By, SignalKind

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"


def act(what, seconds=0, address="bob@smith.example", **more):
    at = None if seconds is None else START + timedelta(seconds=seconds)
    return Event(SignalKind(what), at, message_id="<m@x>", address=address, **more)


def clicks(*seconds):
    return [act("clicked", s, url=f"https://x.example/{i}") for i, s in enumerate(seconds)]


def test_a_head_request_is_a_machines():
    events = [
        act("clicked", extra={"method": "head"}),
        act("clicked", extra={"method": "GET"}),
        act("delivered", extra={"method": "HEAD"}),
    ]
    assert b.head_requests(events) == {0: "behaviour:head"}


def test_a_honeypot_followed_marks_what_the_same_recipient_did_within_seconds():
    events = [
        act("clicked", 0, extra={"honeypot": True}),
        act("opened", 5),
        act("opened", 50),
        act("opened", 5, "carla@smith.example"),
        act("clicked", None, extra={"honeypot": True}),
        act("opened", None),
    ]
    assert b.honeypots(events) == dict.fromkeys((0, 1, 4), "behaviour:honeypot")


def test_an_act_before_the_delivery_is_a_machines_and_a_rounded_second_is_not():
    events = [
        act("delivered", 100),
        act("delivered", 60),
        act("clicked", 50),
        act("opened", 58),
        act("opened", 70),
        act("opened", None),
    ]
    assert b.before_delivery(events) == {2: "behaviour:before-delivery"}
    assert b.before_delivery([act("opened", 5, "x@y"), act("delivered", 60)]) == {}
    assert b.before_delivery([act("delivered", None), act("opened", 5)]) == {}


def test_many_links_within_seconds_are_a_machines_and_the_same_link_is_not():
    assert b.all_links(clicks(0, 1, 2, 3, 4)) == dict.fromkeys(range(5), "behaviour:all-links")
    assert b.all_links(clicks(0, 1, 2, 3)) == {}
    assert b.all_links(clicks(0, 20, 40, 60, 80)) == {}
    same = [act("clicked", s, url="https://x.example/") for s in range(9)]
    assert b.all_links(same) == {}
    assert b.all_links([act("clicked", 0), act("clicked", None, url="https://x")]) == {}


def test_all_links_of_a_message_are_enough_where_their_number_is_known():
    assert b.all_links(clicks(0, 1), {"<m@x>": 2}) == dict.fromkeys((0, 1), "behaviour:all-links")
    assert b.all_links(clicks(0), {"<m@x>": 1}) == {}


def test_only_the_burst_is_marked_not_what_came_long_before_or_after():
    events = clicks(0, 60, 61, 62, 63, 64, 65, 200)
    assert sorted(b.all_links(events)) == [1, 2, 3, 4, 5, 6]


def test_a_link_clicked_twice_is_one_link_while_the_window_moves():
    twice = [
        act("clicked", s, url=f"https://x.example/{u}")
        for s, u in ((0, 0), (8, 0), (11, 1), (12, 2), (13, 3), (14, 4))
    ]
    assert sorted(b.all_links(twice)) == [1, 2, 3, 4, 5]


def test_many_recipients_of_one_house_within_seconds_are_a_machines():
    house = [act("opened", i, f"p{i}@smith.example") for i in range(5)]
    assert b.domain_bursts(house) == dict.fromkeys(range(5), "behaviour:domain-burst")
    assert b.domain_bursts(house[:4]) == {}
    assert b.domain_bursts([act("opened", i, f"p{i}@gmail.com") for i in range(5)]) == {}
    assert b.domain_bursts([act("opened", i * 30, f"p{i}@smith.example") for i in range(5)]) == {}
    assert b.domain_bursts([act("opened", 0, None)]) == {}


def test_of_several_detectors_the_surest_speaks():
    events = [*clicks(0, 1, 2, 3, 4)]
    events[0].extra = {"method": "HEAD"}
    assert b.behaviour(events)[0] == "behaviour:head"
    assert b.behaviour(events)[1] == "behaviour:all-links"


def grade(*events, **more):
    return [
        (e.what.value, e.by.value, e.detector, e.detector_date)
        for e in Grader(**more).grade(events)
    ]


def test_agents_networks_and_behaviour_make_an_act_a_machines_and_name_the_detector():
    networks = Networks().with_list(
        "relay", "privacy_proxy", "192.0.2.0/24", date="2026-01-02", source="x"
    )
    networks = networks.with_list(
        "bots", "crawler", "198.51.100.0/24", date="2026-01-03", source="x"
    )
    networks = networks.with_list("cdn", "carrier", "203.0.113.0/24", date="2026-01-03", source="x")
    agents_date = Grader().agents.date
    assert grade(
        act("opened", user_agent="curl/8.0"),
        act("opened", ip="192.0.2.1", user_agent=CHROME),
        act("clicked", ip="192.0.2.1", user_agent=CHROME),
        act("clicked", ip="198.51.100.1", user_agent=CHROME),
        act("clicked", ip="203.0.113.1", user_agent=CHROME),
        act("clicked", extra={"method": "HEAD"}),
        networks=networks,
    ) == [
        ("opened", "machine", "agent:crawler", agents_date),
        ("opened", "machine", "network:relay", "2026-01-02"),
        ("clicked", "unknown", None, None),
        ("clicked", "machine", "network:bots", "2026-01-03"),
        ("clicked", "unknown", None, None),
        ("clicked", "machine", "behaviour:head", RULES_DATE),
    ]


def test_a_providers_own_mark_stays_and_what_is_no_act_is_not_touched():
    marked = act("opened", by=By.MACHINE, detector="sendgrid:sg_machine_open", user_agent="curl/8")
    assert grade(marked) == [("opened", "machine", "sendgrid:sg_machine_open", None)]
    assert grade(act("delivered", user_agent="curl/8")) == [("delivered", "unknown", None, None)]


@pytest.mark.parametrize(
    ("more", "detector"),
    [
        ({"ip": "192.0.2.9"}, "own:network"),
        ({"user_agent": "Mozilla/5.0 ACME-Desk/1"}, "own:agent"),
        ({"address": "Ann@acme.example"}, "own:address"),
        ({"extra": {"own": True}}, "own:token"),
    ],
)
def test_the_senders_own_view_is_kept_as_unknown_with_its_word(more, detector):
    own = Own(["192.0.2.0/24", "2001:db8::/32"], ("acme-desk",), {"ann@acme.example"})
    event = act("opened", **{"user_agent": CHROME, **more})
    assert grade(event, own=own) == [("unknown", "unknown", detector, RULES_DATE)]
    assert event.word == "opened"
    assert Own(own.networks).networks is own.networks


def test_a_strangers_view_is_not_the_senders():
    own = Own("192.0.2.0/24", ("acme-desk", ""), {"ann@acme.example"})
    assert own.mark(act("opened", ip="203.0.113.9", user_agent=CHROME)) == ""
    assert Own().mark(act("opened", ip="203.0.113.9")) == ""
    assert own.mark(act("opened", address=None)) == ""
