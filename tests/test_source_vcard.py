"""People of address books: vCard 2.1, 3.0 and 4.0."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactledger.errors import BadEvent, TooLarge
from contactledger.facts import Person
from contactledger.sources import VCard, vcard

FULL = (
    "VERSION:4.0", "UID:urn:uuid:4fbe", "KIND:individual", "FN:Bob Ray", "N:Ray;Bob;;Dr.;",
    "TITLE:Dealer\\, owner", "item1.EMAIL;TYPE=work;PREF=1:bob@smith.example",
    "EMAIL:mailto:ray@home.example", "EMAIL:bob@smith.example", "EMAIL:none",
    'TEL;VALUE=uri;TYPE="voice,home":tel:+1-555-0111;ext=5', "TEL:none", "TZ:Europe/Berlin",
    "PHOTO:data:image/png;base64," + "A" * 9_000,
)  # fmt: skip


def card(*lines):
    return "\r\n".join(["BEGIN:VCARD", *lines, "END:VCARD", ""]).encode()


def people(*lines):
    return VCard().people(card(*lines), "smith")


def test_a_card_is_one_whole_person():
    assert people(*FULL) == [
        Person(
            "urn:uuid:4fbe",
            "smith",
            "Bob Ray",
            "Dealer, owner",
            ("bob@smith.example", "ray@home.example"),
            ("+1-555-0111",),
            "Europe/Berlin",
        )
    ]


def test_the_key_is_the_uid_else_the_address_else_the_name():
    assert people("FN:Bob", "EMAIL:Bob@Smith.example")[0].key == "bob@smith.example"
    assert people("FN:Bob")[0].key == "Bob"
    assert people("N:Ray;Bob;;Dr.;Jr.")[0].name == "Dr. Bob Ray Jr."
    with pytest.raises(BadEvent, match="card 1: has no UID, EMAIL, FN or N"):
        people("TEL:1")


def test_groups_and_organisations_are_left_out():
    assert people("KIND:group", "FN:All") == []
    assert people("KIND:ORG", "FN:Smith Motors") == []


def test_folded_and_quoted_printable_lines_are_put_together():
    assert people("FN:Bob\r\n  Ray")[0].name == "Bob Ray"
    quoted = "FN;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:J=FCrgen=20=\r\nMeyer"
    assert people("VERSION:2.1", quoted)[0].name == "Jürgen Meyer"
    assert people("FN;QUOTED-PRINTABLE;CHARSET=no-such:J=C3=BCrgen")[0].name == "Jürgen"


def test_a_quoted_printable_line_that_never_ends_is_read_as_far_as_it_goes():
    with pytest.raises(BadEvent, match="the last card does not end"):
        VCard().people(b"BEGIN:VCARD\r\nFN;ENCODING=QUOTED-PRINTABLE:Bob=\r\nEND:VCARD=", "smith")


def test_an_unknown_zone_and_what_is_no_line_are_left_out():
    (bob,) = people("FN:Bob", "TZ:-0500", "", "no line", ";:x")
    assert bob.zone is None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "body: holds no vCard"),
        (b"FN:Bob", "body: holds no vCard"),
        (b"\xff", "body: is not UTF-8"),
        (b"BEGIN:VCARD\nFN:x\n", "body: the last card does not end (truncated?)"),
        (b"END:VCARD\n", "line 1: a card ends that did not begin"),
        (b"BEGIN:VCARD\nBEGIN:VCARD\n", "line 2: a card begins within another"),
    ],
)
def test_what_is_no_address_book_is_refused(body, said):
    with pytest.raises(BadEvent) as caught:
        VCard().people(body, "smith")
    assert str(caught.value) == said


def test_bounds_are_kept(monkeypatch):
    with pytest.raises(TooLarge, match="card 1: more than 20 addresses"):
        people("FN:x", *[f"EMAIL:a{i}@b.example" for i in range(21)])
    with pytest.raises(TooLarge, match="a card of more than 500 lines"):
        people(*["NOTE:x"] * 501)
    monkeypatch.setattr(vcard, "MAX_CARDS", 1)
    with pytest.raises(TooLarge, match="more than the 1 cards"):
        VCard().people(card("FN:a") * 2, "smith")
    monkeypatch.setattr(VCard, "max_body_bytes", 1)
    with pytest.raises(TooLarge, match="a body of 2 bytes"):
        VCard().people(b"xx", "smith")


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_any_change_to_a_card_gives_people_or_one_clear_error(data):
    body = bytearray(card(*FULL[:-1]))
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 20))] = data.draw(st.binary(max_size=6))
        body = body or bytearray(b"x")
    try:
        found = VCard().people(bytes(body), "smith")
    except (BadEvent, TooLarge):
        return
    assert all(isinstance(person, Person) for person in found)
