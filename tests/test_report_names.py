"""Names: ids → what people call them, and nothing that was erased."""

from __future__ import annotations

from datetime import timedelta

from contactledger import facts as f
from contactledger.report.names import REDACTED, Line, Names, names
from contactledger.report.phrases import clean
from contactledger.report.words import Words
from contactledger.vocabulary import Channel, Role
from tests.reporting import ACCOUNT, at, ident, story


def entry(no: int, kind: str, fact: f.Fact, key: str = "x", gone: tuple[str, ...] = ()) -> f.Entry:
    when = at(1, 1) + timedelta(hours=no)
    left = frozenset((field, "") for field in gone)
    return f.Entry(ACCOUNT, no, ident(key), kind, when, when, ident("acme"), fact, (), left)


def test_people_parties_matters_and_promises_go_by_their_names():
    called = names(story().entries)
    shown = [called.of(ident(k)) for k in ("acme", "smith", "bob", "sync", "export")]
    assert shown == [
        "ACME Dealer Systems",
        "Smith Motors",
        "Bob Ray",
        "Inventory sync does not match the lot",
        "Send a full export of the lot",
    ]
    assert called.account == "Smith Motors"
    assert called.zones[ident("smith")] == "America/Chicago"


def test_nothing_is_the_name_of_nobody():
    assert Names().of(None) == ""


def test_an_id_without_a_name_is_shown_short():
    assert Names().of("abcdefghijklmnopqrstuvwxyz") == "abcdefgh"


def test_a_key_is_the_name_where_no_name_was_given():
    called = names([entry(0, "party", f.Party("acme", None, Role.VENDOR))])
    assert called.of(ident("x")) == "acme"


def test_an_erased_name_is_shown_as_redacted():
    called = names([entry(0, "person", f.Person(party=ident("acme")), gone=("name", "email"))])
    assert called.of(ident("x")) == REDACTED


def test_a_later_version_names_and_one_without_a_name_keeps_the_older_name():
    called = names(
        [
            entry(0, "person", f.Person("bob", ident("acme"), "Bob Ray")),
            entry(1, "person", f.Person("bob", ident("acme"), "Robert Ray")),
            entry(2, "person", f.Person(party=ident("acme"), title="Owner")),
        ]
    )
    assert called.of(ident("x")) == "Robert Ray"


def test_a_version_that_has_only_its_key_keeps_the_name_given_before():
    called = names(
        [
            entry(0, "matter", f.Matter("credit", title="The credit nobody owned"), "credit"),
            entry(1, "matter", f.Matter("credit", "closed"), "credit"),
            entry(2, "party", f.Party("acme", "ACME Dealer Systems"), "acme"),
            entry(3, "party", f.Party("acme", zone="Europe/Berlin"), "acme"),
            entry(4, "party", f.Party(zone="Europe/Berlin"), "acme", ("key",)),
        ]
    )
    shown = (called.of(ident("credit")), called.of(ident("acme")))
    assert shown == ("The credit nobody owned", "ACME Dealer Systems")


def test_an_erased_name_stays_redacted_whatever_key_a_later_version_has():
    called = names(
        [
            entry(0, "person", f.Person(None, ident("acme")), gone=("name", "key")),
            entry(1, "person", f.Person("bob", ident("acme"))),
        ]
    )
    assert called.of(ident("x")) == REDACTED


def test_a_key_given_later_stands_in_until_there_is_a_name():
    versions = [
        entry(0, "party", f.Party()),
        entry(1, "party", f.Party("acme")),
        entry(2, "party", f.Party()),
        entry(3, "party", f.Party("acme", "ACME Dealer Systems")),
    ]
    shown = [names(versions[: n + 1]).of(ident("x")) for n in range(4)]
    assert shown == [ident("x")[:8], "acme", "acme", "ACME Dealer Systems"]


def test_erasing_the_latest_version_does_not_bring_an_older_name_back():
    called = names(
        [
            entry(0, "person", f.Person(None, ident("acme"), "Bob Ray")),
            entry(1, "person", f.Person(None, ident("acme")), gone=("name",)),
        ]
    )
    assert called.of(ident("x")) == REDACTED


def test_a_touch_is_about_its_text_else_its_subject_else_nothing():
    mail = f.Touch(channel=Channel.EMAIL, message=f.Message(subject="Hello"))
    called = names(
        [
            entry(0, "touch", f.Touch(about="Outage"), "a"),
            entry(1, "touch", mail, "b"),
            entry(2, "touch", f.Touch(message=f.Message(text="body")), "c"),
            entry(3, "touch", f.Touch(), "d", gone=("about", "message")),
        ]
    )
    assert [called.about(no) for no in range(5)] == ["Outage", "Hello", "", REDACTED, ""]
    assert called.numbers == {ident(k): no for no, k in enumerate("abcd")}


def test_a_touch_without_a_sender_is_its_recorders():
    called = names([entry(0, "touch", f.Touch(about="x"))])
    assert called.lines[0].sender == ident("acme")


def test_the_line_of_a_signal_says_who_reported_it_and_how_it_was_authenticated():
    signal = f.Signal(ident("t"), "opened", source="sendgrid", auth="signed_body", system="third")
    called = names([entry(0, "signal", signal)])
    assert called.lines[0] == Line("signal", ident("acme"), "sendgrid", "signed_body", "third")


def test_the_outcome_a_promise_is_for_is_kept_by_its_entry():
    promise = f.Promise(what="Train the staff", outcome="fewer calls")
    called = names([entry(4, "promise", promise)])
    assert called.outcomes == {4: "fewer calls"}


def test_an_alias_shows_no_party_under_the_name_of_another():
    called = names(
        [
            entry(0, "party", f.Party("a", "ACME"), "a"),
            entry(1, "party", f.Party("b", "Smith"), "b"),
            entry(2, "alias", f.Alias(ident("b"), ident("a")), "c"),
        ]
    )
    assert called.of(ident("b")) == "Smith"


def test_names_are_cleaned_on_the_way_in():
    nasty = "Bob\u202egnp.exe\x00\n" + "x" * 500
    called = names([entry(0, "person", f.Person("k", ident("acme"), nasty))])
    assert called.of(ident("x")) == clean(nasty)


def test_an_exchange_about_nothing_is_called_by_its_channel_and_purpose():
    touch = f.Touch("ann", "bob", "phone", "outage")
    kept = [entry(5, "touch", touch, "call")]
    assert names(kept).of(ident("call")) == "phone, outage"
    assert names(kept, Words.of("de")).of(ident("call")) == "Telefon, Störung"
    assert names(kept).about(5) == ""
    erased = names([entry(5, "touch", touch, "call", gone=("about",))])
    assert erased.of(ident("call")) == REDACTED
