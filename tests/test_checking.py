"""The deep check: whatever is changed behind the ledger's back is named, with its place."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing

import pytest

from contactledger.checking import check_account, check_all
from contactledger.errors import Corrupt, NotFound
from contactledger.facts import Party, Redaction
from contactledger.ledger import HOUSE
from contactledger.store.memory import MemoryStore
from tests.ledgers import SMITH, audit, filled, in_file, mail

DISCLOSURE = "contactledger_disclosure"
ENTRY = "contactledger_entry"
ACCOUNT = "contactledger_account"


@pytest.fixture
def kept(tmp_path):
    """A ledger in a file with an original in entry 7, and a way to change the file."""
    ledger, _, path = in_file(tmp_path)
    with ledger:
        ledger.record(SMITH, mail("k", about="News", original=b"raw"), mail("l"))
        assert ledger.check() == 9

        def change(*statements):
            with closing(sqlite3.connect(path)) as connection, connection:
                for statement, *values in statements:
                    assert connection.execute(statement, values).rowcount >= 1, statement

        yield ledger, change


def bad(ledger, account=SMITH):
    """(what, number) of the first thing that is wrong."""
    id_ = ledger.entries(HOUSE)[0].account if account == HOUSE else None
    with ledger._store.begin(write=False) as tx:
        id_ = id_ or ledger._accounts.must_find(account, tx)
    with pytest.raises(Corrupt) as caught:
        ledger.check()
    error = caught.value
    assert error.account == id_
    place = f"account {id_}" + ("" if error.no is None else f", entry {error.no}")
    assert str(error) == f"{place}: {error.what}"
    return error.what, error.no


@pytest.mark.parametrize(
    ("column", "value", "what"),
    [
        ("leaf", b"\0" * 32, "the bytes are not those of the leaf hash"),
        ("record", b"{}", "the bytes are not those of the leaf hash"),
        ("at", 1, "a column is not what the bytes say"),
        ("recorded_at", 1, "a column is not what the bytes say"),
        ("id", "a" * 26, "a column is not what the bytes say"),
        ("kind", "signal", "a column is not what the bytes say"),
    ],
)
def test_each_column_of_an_entry_is_compared(kept, column, value, what):
    ledger, change = kept
    change((f"UPDATE {ENTRY} SET {column} = ? WHERE no = 5", value))
    assert bad(ledger) == (what, 5)


def rewritten(change_record):
    """Statements that put other bytes, with their leaf hash, in the place of entry 7."""

    def statements(ledger):
        with ledger._store.begin(write=False) as tx:
            account = ledger._accounts.must_find(SMITH, tx)
            record = next(tx.entries(account, 7)).record
        other = change_record(record)
        leaf = hashlib.sha256(b"\x00" + other).digest()
        return f"UPDATE {ENTRY} SET record = ?, leaf = ? WHERE no = 7", other, leaf

    return statements


@pytest.mark.parametrize(
    ("change_record", "what", "no"),
    [
        (lambda r: r[:-1], "not an entry: byte ", 7),
        (lambda r: r.replace(b":", b": ", 1), "not an entry: not in canonical form", 7),
        (lambda r: r.replace(b'"touch"', b'"bunch"'), "not an entry: kind: ", 7),
        (lambda r: r.replace(b'"email"', b'"phone"'), "the head's frontier is not ", None),
        (lambda r: r.replace(b'"no":7', b'"no":8'), "a column is not what the bytes say", 7),
    ],
)
def test_other_bytes_are_found_even_with_the_hash_that_fits(kept, change_record, what, no):
    ledger, change = kept
    change(rewritten(change_record)(ledger))
    found, number = bad(ledger)
    assert (found[: len(what)], number) == (what, no)


@pytest.mark.parametrize(
    ("column", "value", "what", "no"),
    [
        ("size", 8, "an entry behind the head", 8),
        ("size", 10, "the head says 10 entries, there are 9", 9),
        ("frontier", b"", "the head's frontier is not that of the entries", None),
        ("frontier", b"\0" * 64, "the head's frontier is not that of the entries", None),
        ("recorded_at", 1, "the head's time is not that of the newest entry", None),
        ("recorded_at", None, "the head's time is not that of the newest entry", None),
    ],
)
def test_each_column_of_a_head_is_compared(kept, column, value, what, no):
    ledger, change = kept
    change((f"UPDATE {ACCOUNT} SET {column} = ?", value))
    assert bad(ledger) == (what, no)


def test_a_missing_entry_is_named(kept):
    ledger, change = kept
    change((f"DELETE FROM {ENTRY} WHERE no = 5",))
    assert bad(ledger) == ("the bytes stand at another place", 5)


def test_a_missing_last_entry_is_named(kept):
    ledger, change = kept
    change((f"DELETE FROM {DISCLOSURE} WHERE no = 8",), (f"DELETE FROM {ENTRY} WHERE no = 8",))
    assert bad(ledger) == ("the head says 9 entries, there are 8", 8)


def test_swapped_entries_are_named(kept):
    ledger, change = kept
    change(
        (f"UPDATE {ENTRY} SET no = 99 WHERE no = 5",),
        (f"UPDATE {ENTRY} SET no = 5 WHERE no = 6",),
        (f"UPDATE {ENTRY} SET no = 6 WHERE no = 99",),
    )
    assert bad(ledger) == ("a column is not what the bytes say", 5)


def test_an_entry_of_another_account_is_named(kept):
    ledger, change = kept
    ledger.record("jones", Party("j"))
    with ledger._store.begin(write=False) as tx:
        smith = ledger._accounts.must_find(SMITH, tx)
        jones = ledger._accounts.must_find("jones", tx)
    change(
        (f"DELETE FROM {DISCLOSURE} WHERE no = 2",),
        (f"DELETE FROM {ENTRY} WHERE account = ? AND no = 2", smith),
        (f"UPDATE {ENTRY} SET account = ? WHERE account = ? AND no = 2", smith, jones),
    )
    with pytest.raises(Corrupt) as caught:
        ledger.check(SMITH)
    assert (caught.value.what, caught.value.no) == ("the bytes stand at another place", 2)


@pytest.mark.parametrize(
    ("column", "value", "what"),
    [
        ("body", "WyJhIl0", "a disclosure that is not that of its digest"),
        ("body", "!", "a disclosure that is not that of its digest"),
        ("body", "é", "a disclosure that is not that of its digest"),
        ("body", "", "a disclosure that is not that of its digest"),
        ("digest", "0" * 43, "a disclosure that its digests do not list"),
        ("person", "a" * 26, "a disclosure that its digests do not list"),
        ("no", 8, "a disclosure that its digests do not list"),
        ("no", 4, "a disclosure that its digests do not list"),
        ("no", -1, None),
        ("no", 99, "a disclosure of an entry that is not there"),
    ],
)
def test_each_column_of_a_disclosure_is_compared(kept, column, value, what):
    ledger, change = kept
    change((f"UPDATE {DISCLOSURE} SET {column} = ? WHERE no = 7 AND field = 'about'", value))
    if what is None:  # beyond what is read: it is as if erased
        assert ledger.check() == 9
        assert ledger.entries(SMITH)[7].fact.about is None
        return
    place = value if column == "no" else 7
    assert bad(ledger) == (what, place)


def test_a_disclosure_in_the_place_of_another_is_named(kept):
    ledger, change = kept
    with ledger._store.begin(write=False) as tx:
        account = ledger._accounts.must_find(SMITH, tx)
        about = next(d for d in tx.disclosures(account) if d.field == "about")
        key = next(d for d in tx.disclosures(account) if d.no == 8)
    swap = f"UPDATE {DISCLOSURE} SET body = ? WHERE digest = ?"
    change((swap, key.body, about.digest))
    assert bad(ledger) == ("a disclosure that is not that of its digest", 7)
    change((swap, about.body, about.digest), (swap, _of_key("other"), key.digest))
    assert bad(ledger) == ("a disclosure that is not that of its digest", 8)


def _of_key(value):
    from contactledger.log.canon import canonical
    from contactledger.log.record import to_base64url

    return to_base64url(canonical(["A" * 22, "key", value]))


def test_a_changed_or_missing_original_is_named(kept):
    ledger, change = kept
    change(("UPDATE contactledger_blob SET body = x'00'",))
    assert bad(ledger) == ("its original is not that of its hash", 7)
    change(("DELETE FROM contactledger_blob",))
    assert bad(ledger) == ("its original is missing", 7)


def test_a_disclosure_of_an_original_that_is_none_is_named(kept):
    ledger, change = kept
    with ledger._store.begin(write=False) as tx:
        account = ledger._accounts.must_find(SMITH, tx)
        about = next(d for d in tx.disclosures(account) if d.field == "about")
    change((f"UPDATE {DISCLOSURE} SET body = ? WHERE field = 'original'", about.body))
    assert bad(ledger) == ("not an entry: original: a disclosure of another field", 7)


def test_a_report_of_changed_entries_is_refused(kept):
    ledger, change = kept
    ledger.report(SMITH)
    change((f"UPDATE {ACCOUNT} SET frontier = ?", b"\0" * 64))
    with pytest.raises(Corrupt) as caught:
        ledger.report(SMITH)
    assert caught.value.what == "the entries are not those of the head's hashes"


def test_a_log_that_does_not_begin_as_it_must_is_named():
    ledger, _ = filled()
    with ledger._store.begin(write=True) as tx:
        tx.add_account("a" * 26)
        head = tx.lock(["a" * 26])["a" * 26]
        desk = ledger._desk(tx, head)
        from contactledger.recording import Given

        desk.write([Given(Party("p"))])
        desk.hand_over()
    with pytest.raises(Corrupt) as caught:
        ledger.check()
    assert (caught.value.what, caught.value.no) == (
        "a log begins with Opened and PolicyAdopted",
        0,
    )


def test_a_time_that_goes_back_is_named(kept):
    ledger, change = kept

    def earlier(record):
        return record.replace(b'"recorded_at":"2026', b'"recorded_at":"2025')

    change(rewritten(earlier)(ledger))
    with ledger._store.begin(write=False) as tx:
        account = ledger._accounts.must_find(SMITH, tx)
        micros = 365 * 86_400 * 1_000_000
        assert tx.head(account) is not None
    change((f"UPDATE {ENTRY} SET recorded_at = recorded_at - ? WHERE no = 7", micros))
    assert bad(ledger) == ("recorded before the entry in front of it", 7)


def test_a_log_longer_than_a_chunk_is_checked_to_its_end():
    ledger, _ = filled()
    for count in (993, 1, 1_000, 999):
        ledger.record(SMITH, *[mail() for _ in range(count)])
        assert ledger.check(SMITH) == audit(ledger, SMITH)
    assert len(ledger.entries(SMITH)) == 3_000


def test_all_accounts_and_the_house_are_checked(kept):
    ledger, _ = kept
    ledger.record(HOUSE, *[])
    ledger.record("jones", Party("j"))
    assert ledger.check() == 9 + 2 + 3
    assert ledger.check("jones") == 3
    assert ledger.check(HOUSE) == 2
    with pytest.raises(NotFound):
        ledger.check("nobody")


def test_what_was_erased_is_no_corruption(kept):
    ledger, _ = kept
    ledger.record(SMITH, Redaction())
    assert ledger.check() == 10


def test_an_account_that_is_not_there_is_named():
    ledger, _ = filled()
    with ledger._store.begin(write=False) as tx, pytest.raises(Corrupt) as caught:
        check_account(tx, "a" * 26)
    assert str(caught.value) == f"account {'a' * 26}: there is no such account"


def test_a_store_without_a_ledger_has_nothing_to_check():
    with MemoryStore().begin(write=False) as tx:
        assert check_all(tx) == 0
