"""Subject access: all that is about one person, nothing that is about others alone."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from zipfile import ZipFile

import pytest

from contactledger.errors import BadInput, NotFound
from contactledger.facts import (
    Mark,
    Matter,
    Message,
    Money,
    Party,
    Person,
    Preference,
    Promise,
    Redaction,
    Settlement,
    Signal,
    Touch,
)
from tests.ledgers import SMITH, filled, in_memory, mail

DUE = datetime(2026, 4, 1, tzinfo=UTC)
BOTH = {"bob": "bob@smith.example", "carla": "carla@smith.example"}


@pytest.fixture
def ledger():
    made, _ = filled()
    made.record(
        SMITH,
        Preference("bob", preferred="phone", hours="mon-fri 09:00-12:00", source="by telephone"),
        Matter("m", title="The credit", stake=Money(1, "USD")),
        mail("both", to=["bob", "carla"], addresses=BOTH, about="For <both>", original=b"raw"),
        mail("carlas", to="carla", about="For Carla alone"),
        Touch("bob", "acme", "email", message=Message(subject="Re", text="Thanks"), answers="both"),
        Signal("both", "opened", person="carla", user_agent="CarlaAgent"),
        Signal("both", "opened", person="bob", user_agent="BobAgent"),
        Promise("p", "ann", "bob", what="a credit note", due=DUE, topics=["credit"]),
        Settlement("p", "missed", text="it never came"),
        Mark("both", "disputed", text="not so"),
        Mark("carlas", "disputed", text="Carla alone says so"),
    )
    with made:
        yield made


def test_everything_about_a_person_is_there_and_nothing_about_others_alone(ledger):
    data = ledger.subject(SMITH, "bob").data
    kinds = [(row["no"], row["kind"]) for row in data["entries"]]
    assert kinds == [
        (5, "person"), (7, "preference"), (9, "touch"), (11, "touch"), (13, "signal"),
        (14, "promise"), (15, "settlement"), (16, "mark"),
    ]  # fmt: skip
    said = json.dumps(data)
    for text in ("Bob Ray", "by telephone", "For <both>", "Thanks", "BobAgent", "a credit note",
                 "it never came", "not so", "bob@smith.example", "+1 555 0111"):  # fmt: skip
        assert text in said
    for text in ("Carla Diaz", "Ann Lee", "Carla alone", "CarlaAgent", "carla@smith.example"):
        assert text not in said


def test_a_touch_says_who_in_words_and_what_it_answers_by_number(ledger):
    rows = {row["no"]: row for row in ledger.subject(SMITH, "bob").data["entries"]}
    assert rows[9]["clear"] == {
        "sender": "ACME Dealer Systems",
        "to": ["you", "another person"],
        "channel": "email",
        "purpose": "notice",
    }
    assert rows[9]["personal"]["addresses"] == "bob@smith.example"
    assert (rows[9]["withheld"], rows[9]["erased"]) == (["addresses"], [])
    assert rows[14]["clear"] == {
        "promiser": "another person",
        "promisee": "you",
        "due": "2026-04-01T00:00:00.000000Z",
        "topics": ["credit"],
    }
    assert rows[11]["clear"]["answers"] == ["entry 9"]
    assert rows[11]["personal"]["message"] == {"subject": "Re", "text": "Thanks"}
    assert rows[7]["clear"] == {
        "subject": "you", "preferred": "phone", "hours": ["mon-fri 09:00-12:00"]
    }  # fmt: skip


def test_what_was_erased_is_named_and_counted(ledger):
    ledger.redact(SMITH, entry=9, fields=["about"])
    ledger.redact(SMITH, entry="p")
    export = ledger.subject(SMITH, "bob")
    rows = {row["no"]: row for row in export.data["entries"]}
    assert (rows[9]["erased"], rows[14]["erased"]) == (["about"], ["key", "what"])
    assert (export.data["erased"], export.data["withheld"]) == (3, 1)
    assert "    about: erased\n" in export.text()


def test_a_person_of_two_names_gets_what_is_under_both(ledger):
    ledger.record(SMITH, Person("rob", "smith", "Robert"), mail(to="rob", about="to Rob"))
    ledger.merge(SMITH, "rob", "bob")
    for key in ("rob", "bob"):
        data = ledger.subject(SMITH, key).data
        assert {"to Rob", "For <both>"} <= {r["personal"].get("about") for r in data["entries"]}
        assert len(data["ids"]) == 2


def test_what_it_gives_is_what_would_be_erased(ledger):
    """The same rule decides what a person may see and what is forgotten with them."""
    given = [
        (row["no"], field)
        for row in ledger.subject(SMITH, "bob").data["entries"]
        for field in row["personal"]
    ]
    before = {(e.no, field) for e in ledger.entries(SMITH) for field, _, _ in e.sd}
    bob = ledger.redact(SMITH, person="bob").fact.person
    gone = {(e.no, field) for e in ledger.entries(SMITH) for field, _ in e.gone}
    assert gone == set(given) < before
    erased = ledger.subject(SMITH, bob).data
    assert erased["erased"] == len(given)
    assert [row["personal"] for row in erased["entries"]] == [{}] * 9


def test_text_and_page_are_for_reading(ledger):
    export = ledger.subject(SMITH, "bob")
    text = export.text()
    assert text.startswith("What is on record about you: smith-motors\n\nAs of 2026-03-02T09:00:00")
    assert "8 of the 18 entries in this record concern you." in text
    assert "\n9. Touch, 2026-03-02T09:00:00.000000Z\n" in text
    assert "    about: For <both>\n" in text
    assert "    addresses: withheld: about another person\n" in text
    page = export.html()
    assert "<dt>about</dt><dd>For &lt;both&gt;</dd>" in page
    assert "<script" not in page
    assert export._repr_html_() == page


def test_it_is_saved_to_a_folder_that_only_the_owner_reads(ledger, tmp_path):
    export = ledger.subject(SMITH, "bob")
    export.save(tmp_path / "bob")
    files = {
        str(file.relative_to(tmp_path / "bob")): file
        for file in (tmp_path / "bob").rglob("*")
        if file.is_file()
    }
    (original,) = export.originals
    assert sorted(files) == sorted(["subject.html", "subject.json", "subject.txt", original])
    assert files[original].read_bytes() == b"raw"
    assert json.loads(files["subject.json"].read_text("utf-8")) == export.data
    if os.name == "posix":
        assert {file.stat().st_mode & 0o777 for file in files.values()} == {0o600}
    with pytest.raises(BadInput, match="path: cannot be written"):
        export.save(tmp_path / "bob")


def test_it_is_saved_to_a_zip_file_with_the_same_bytes_each_time(ledger, tmp_path):
    export = ledger.subject(SMITH, "bob")
    for name in ("one.zip", "two.ZIP"):
        export.save(tmp_path / name)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.ZIP").read_bytes()
    with ZipFile(tmp_path / "one.zip") as packed:
        assert packed.read("subject.txt").decode() == export.text()
        assert packed.testzip() is None
    with pytest.raises(BadInput, match="path: cannot be written"):
        export.save(tmp_path / "one.zip")


def test_an_original_whose_bytes_are_lost_is_named_without_a_file(ledger):
    with ledger._store.begin(write=True) as tx:
        account = ledger.entries(SMITH)[0].account
        tx.erase(account, (), [ledger.entries(SMITH)[9].fact.original.sha256])
    export = ledger.subject(SMITH, "bob")
    assert export.originals == {}
    (row,) = (row for row in export.data["entries"] if row["no"] == 9)
    assert sorted(row["personal"]["original"]) == ["sha256", "size_bytes"]


def test_a_person_is_named_by_key_id_or_entry(ledger):
    entry = ledger.entries(SMITH)[5]
    exports = [ledger.subject(SMITH, name).data for name in ("bob", entry.id, entry)]
    assert exports[0] == exports[1] == exports[2]
    for nobody in ("nobody", "acme", "both", "\ud800"):
        with pytest.raises(NotFound, match="person: no person of this key in the account"):
            ledger.subject(SMITH, nobody)


def test_a_party_whose_name_is_erased_is_called_so(ledger):
    ledger.redact(SMITH, entry=2)
    rows = ledger.subject(SMITH, "bob").data["entries"]
    assert {row["recorder"] for row in rows} == {"[erased]"}
    ledger.record(SMITH, Redaction(entry=5))
    assert ledger.subject(SMITH, ledger.entries(SMITH)[5].id).data["erased"] == 4


# --- somebody who is in several accounts --------------------------------------------------------


def ids(ledger, account):
    """Key → id of the people of an account."""
    return {e.fact.key: e.id for e in ledger.entries(account) if e.kind == "person"}


def test_somebody_is_found_in_every_account_by_an_address():
    ledger, _ = in_memory()
    for name in ("north", "south", "west"):
        ledger.record(name, Party("acme", "ACME", "vendor"), Party("them", name, "customer"))
        ledger.record(name, Person("bob", "them", email=f"bob@{name}.example"))
    ledger.record("west", Person("ann", "acme", email="Gus@group.example", phone="+1 555 0100"))
    ledger.record("north", Person("gus", "them", email="gus@group.example"))
    assert ledger.whereabouts("gus@group.example") == tuple(
        (name, ids(ledger, name)[key]) for name, key in (("north", "gus"), ("west", "ann"))
    )
    assert ledger.whereabouts("+1 (555) 0100") == (("west", ids(ledger, "west")["ann"]),)
    assert ledger.whereabouts("who@else.example") == ()
    for account, person in ledger.whereabouts("gus@group.example"):
        assert ledger.subject(account, person).data["ids"] == [person]
        ledger.redact(account, person=person)
    assert ledger.whereabouts("gus@group.example") == ()


def test_where_somebody_is_follows_names_and_accounts_that_are_one():
    ledger, _ = in_memory()
    for name in ("north", "south"):
        ledger.record(name, Party("acme", "ACME", "vendor"), Party(name, name, "customer"))
        ledger.record(name, Person(f"bob-{name}", name, email=f"bob@{name}.example"))
    ledger.record("north", Person("robert", "north", email="rob@north.example"))
    ledger.merge("north", "robert", "bob-north")
    bob = ids(ledger, "north")["bob-north"]
    assert ledger.whereabouts("rob@north.example") == (("north", bob),)
    old = ledger.entries("north")[0].account
    ledger.merge_accounts("north", "south")
    there = ids(ledger, "south")["bob-north"]
    assert ledger.whereabouts("bob@north.example") == tuple(sorted([(old, bob), ("south", there)]))


def test_an_address_that_a_party_was_written_to_at_is_nobodys():
    ledger, _ = filled()
    ledger.record(SMITH, mail(to="smith", addresses={"smith": "info@smith.example"}))
    assert ledger.whereabouts("info@smith.example") == ()
