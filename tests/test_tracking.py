"""Own pixels and links through a ledger: into a message, looked up, and back as evidence."""

from email.message import EmailMessage

import pytest

from contactledger.errors import BadInput, NotFound, Unverified
from contactledger.facts import Person, Signal
from contactledger.sources import Grader, Own
from contactledger.tracking import MAX_LINKS, links_in, tracking_key
from contactledger.vocabulary import By, SignalKind
from tests.ledgers import SMITH, filled

BASE = "https://mail.acme.example"
CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/120.0.0.0 Safari/537.36"
)
HTML = (
    '<html><body><p>New: <a class="x" href="https://acme.example/sync?a=1&amp;b=2">sync</a>, '
    "<a href='https://acme.example/help'>help</a>, <a href=\"mailto:ann@acme.example\">Ann</a>, "
    '<a href="#top">top</a></p></body></html>'
)


def message():
    made = EmailMessage()
    made["From"] = "Ann Lee <ann@acme.example>"
    made["To"] = "bob@smith.example"
    made["Subject"] = "Inventory sync"
    made.set_content("New: sync")
    made.add_alternative(HTML, subtype="html")
    return made


@pytest.fixture
def sent():
    """A ledger, its tracker, the tracked message, the touch, and Bob's id."""
    ledger, _ = filled()
    tracker = ledger.tracker(BASE + "/")
    (bob,) = [e.id for e in ledger.entries(SMITH) if getattr(e.fact, "key", "") == "bob"]
    mail = message()
    with ledger.sending(SMITH, mail, to=["bob"], tracked=True) as touch:
        assert tracker.put_into(mail, touch.token, person=bob, unsubscribe=True) == 2
    return ledger, tracker, mail, touch.token, bob


def paths(mail):
    html = mail.get_body(("html",)).get_content()
    links = [link.removeprefix(BASE) for link in links_in(html)]
    pixel = html.partition(f'<img src="{BASE}')[2].partition('"')[0]
    return links, pixel


def last(ledger):
    return ledger.entries(SMITH)[-1].fact


def test_links_and_pixel_are_in_the_html_and_nothing_personal_in_their_paths(sent):
    _, _, mail, _, _ = sent
    links, pixel = paths(mail)
    html = mail.get_body(("html",)).get_content()
    assert [path[:3] for path in links] == ["/c/", "/c/"]
    assert (pixel[:3], pixel[-4:]) == ("/o/", ".gif")
    assert html.index("<img") < html.index("</body>")
    assert "mailto:ann@acme.example" in html
    assert '"#top"' in html
    for path in (*links, pixel):
        assert "smith" not in path
        assert "acme" not in path


def test_a_link_leads_to_its_target_looked_up_in_the_original_and_nowhere_else(sent):
    _, tracker, mail, _, _ = sent
    (first, second), pixel = paths(mail)
    assert tracker.target(first) == "https://acme.example/sync?a=1&b=2"
    assert tracker.target(second) == "https://acme.example/help"
    assert tracker.target(first + "?to=https://evil.example") == "https://acme.example/sync?a=1&b=2"
    with pytest.raises(Unverified):
        tracker.target(pixel)
    with pytest.raises(Unverified):
        tracker.target("/c/https://evil.example")


def test_where_the_original_was_erased_its_links_lead_nowhere(sent):
    ledger, tracker, mail, touch, _ = sent
    (first, _), _ = paths(mail)
    (entry,) = [e for e in ledger.entries(SMITH) if e.id == touch]
    ledger.redact(SMITH, entry=entry)
    with pytest.raises(NotFound, match="not kept any more"):
        tracker.target(first)
    other, _ = filled()
    stranger = other.tracker(BASE, key=tracking_key(ledger._row.secret))
    with pytest.raises(NotFound, match="no touch of this id"):
        stranger.target(first)


def test_an_open_is_recorded_of_the_person_whose_copy_it_is(sent):
    _, tracker, mail, touch, bob = sent
    _, pixel = paths(mail)
    (entry,) = tracker.hit(pixel, ip="198.51.100.7", user_agent=CHROME).recorded
    signal = entry.fact
    assert type(signal) is Signal
    assert (signal.touch, signal.what, signal.person, signal.by) == (
        touch,
        SignalKind.OPENED,
        bob,
        By.UNKNOWN,
    )
    assert (signal.ip, signal.user_agent, signal.matched) == ("198.51.100.7", CHROME, "token")
    assert len(tracker.hit(pixel, ip="198.51.100.7", user_agent=CHROME).recorded) == 1


def test_a_click_names_its_target_and_a_head_request_is_a_machines(sent):
    ledger, tracker, mail, _, _ = sent
    (first, _), _ = paths(mail)
    tracker.hit(first, user_agent=CHROME, target=tracker.target(first))
    assert (last(ledger).what, last(ledger).by) == (SignalKind.CLICKED, By.UNKNOWN)
    assert last(ledger).url == "https://acme.example/sync?a=1&b=2"
    tracker.hit(first, method="HEAD", user_agent=CHROME)
    assert (last(ledger).by, last(ledger).detector) == (By.MACHINE, "behaviour:head")
    tracker.hit(first, user_agent="Mozilla/5.0 (via ggpht.com GoogleImageProxy)")
    assert (last(ledger).by, last(ledger).detector) == (By.MACHINE, "agent:google-image-proxy")


def test_only_a_posted_one_click_unsubscribes_and_by_a_human(sent):
    ledger, tracker, mail, _, bob = sent
    path = mail["List-Unsubscribe"].strip("<>").removeprefix(BASE)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    before = ledger.entries(SMITH)
    assert tracker.hit(path, user_agent=CHROME).recorded == ()
    assert tracker.hit(path, method="POST", user_agent=CHROME).recorded == ()
    assert ledger.entries(SMITH) == before
    tracker.hit(path, method="POST", form={"List-Unsubscribe": "One-Click"})
    assert (last(ledger).what, last(ledger).by, last(ledger).person) == (
        SignalKind.UNSUBSCRIBED,
        By.HUMAN,
        bob,
    )


def test_the_senders_own_views_are_kept_and_marked_and_prove_nothing(sent):
    ledger, tracker, mail, touch, _ = sent
    _, pixel = paths(mail)
    ledger.grader = Grader(own=Own("192.0.2.0/24"))
    tracker.hit(pixel, ip="192.0.2.9", user_agent=CHROME)
    assert (last(ledger).what, last(ledger).detector) == (SignalKind.UNKNOWN, "own:network")
    copy = message()
    tracker.put_into(copy, touch, own=True)
    tracker.hit(paths(copy)[1], user_agent=CHROME)
    assert (last(ledger).what, last(ledger).detector) == (SignalKind.UNKNOWN, "own:token")


def test_a_forged_path_is_refused_and_stored_nowhere(sent):
    ledger, tracker, mail, _, _ = sent
    _, pixel = paths(mail)
    forged = pixel[:10] + ("A" if pixel[10] != "A" else "B") + pixel[11:]
    with pytest.raises(Unverified):
        tracker.hit(forged)
    assert ledger.forged == 1
    with ledger._store.begin(write=False) as tx:
        assert tx.inbox(["new", "failed", "unknown"]) == []


def test_a_person_of_no_account_is_left_out(sent):
    ledger, tracker, _, touch, _ = sent
    path = tracker.source.pixel(touch, "a" * 25 + "a")
    tracker.hit(path, user_agent=CHROME)
    assert (last(ledger).what, last(ledger).person) == (SignalKind.OPENED, None)


def test_a_message_without_html_and_one_without_a_body_end():
    ledger, _ = filled()
    tracker = ledger.tracker(BASE)
    plain = EmailMessage()
    plain.set_content("text")
    assert tracker.put_into(plain, "a" * 26) == 0
    made, count = tracker.rewritten('<a href="https://x.example/">x</a>', "a" * 26)
    assert count == 1
    assert made.endswith('alt="">')
    with pytest.raises(BadInput, match="person: is needed"):
        tracker.put_into(plain, "a" * 26, unsubscribe=True)


def test_a_message_whose_original_has_no_html_has_no_links():
    ledger, _ = filled()
    tracker = ledger.tracker(BASE)
    plain = EmailMessage()
    plain["From"], plain["To"] = "ann@acme.example", "bob@smith.example"
    plain.set_content("text")
    with ledger.sending(SMITH, plain, to=["bob"]) as touch:
        path = tracker.source.link(touch.token, 0, "https://x.example/")
    with pytest.raises(Unverified, match="no such link"):
        tracker.target(path)
    ledger.record(SMITH, Person("dan", "smith", "Dan"))


def test_links_beyond_the_bound_are_left_as_they_are():
    ledger, _ = filled()
    tracker = ledger.tracker(BASE)
    html = '<a href="https://x.example/">x</a>' * (MAX_LINKS + 1)
    made, count = tracker.rewritten(html, "a" * 26)
    assert (count, made.count('"https://x.example/"')) == (MAX_LINKS, 1)


@pytest.mark.parametrize("base", ["ftp://x", "https://x?y", "https://x#y", "x"])
def test_the_base_must_be_an_address_of_the_web(base):
    ledger, _ = filled()
    with pytest.raises(BadInput, match="base_url"):
        ledger.tracker(base)


def test_a_tracker_shows_no_key():
    ledger, _ = filled()
    assert repr(ledger.tracker(BASE)) == f"Tracker('{BASE}')"
