"""Inside Django: our rows live and die with Django's, on SQLite and PostgreSQL."""

from __future__ import annotations

import os
import threading
from contextlib import suppress

import pytest
from sqlalchemy.engine import make_url

from contactledger.errors import BadInput, NotFound, StoreBusy, StoreError, StoreLost
from contactledger.hosts.django import DjangoConnections, open_ledger
from contactledger.keys import keygen
from contactledger.store.borrowed import borrowed_engine
from tests.hosting import either, examples
from tests.ledgers import SMITH, audit, mail, two_sides

examples()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "django_app.settings")

import django  # noqa: E402

django.setup()

from django.db import IntegrityError, connection, connections, transaction  # noqa: E402
from django.test import Client  # noqa: E402
from django_app import views  # noqa: E402
from django_app.models import Invoice  # noqa: E402


@pytest.fixture(params=["sqlite", "postgres"])
def office(request, tmp_path):
    """Django's default database, empty but for its invoices."""
    with either(request.param, request, tmp_path) as text:
        url = make_url(text)
        wanted = {"ENGINE": "django.db.backends.sqlite3", "NAME": url.database}
        wanted["OPTIONS"] = {"init_command": "PRAGMA journal_mode = WAL"}
        if request.param == "postgres":
            wanted = {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": url.database,
                "USER": url.username,
                "HOST": url.query["host"],
            }
        connection.close()
        del connections["default"]
        before = connections.settings["default"]
        one = connections.configure_settings({"default": {**wanted, "ATOMIC_REQUESTS": True}})
        connections.settings["default"] = one["default"]
        with connection.schema_editor() as editor:
            editor.create_model(Invoice)
        views.ledger.cache_clear()
        yield request.param
        connection.close()
        del connections["default"]
        connections.settings["default"] = before
        views.ledger.cache_clear()


@pytest.fixture
def ledger(office):
    ledger = open_ledger(recorder="acme")
    ledger.record(SMITH, *two_sides())
    return ledger


def numbers() -> list[str]:
    return list(Invoice.objects.values_list("number", flat=True))


def keys(ledger) -> list[str]:
    return [entry.fact.key for entry in ledger.entries(SMITH) if entry.kind == "touch"]


class Stop(Exception):
    pass


def test_what_is_recorded_in_an_atomic_block_is_rolled_back_with_it(ledger):
    with suppress(Stop), transaction.atomic():
        Invoice.objects.create(number="1")
        ledger.record(SMITH, mail("a"))
        assert (numbers(), keys(ledger)) == (["1"], ["a"])
        raise Stop
    assert (numbers(), keys(ledger)) == ([], [])


def test_an_inner_block_that_is_rolled_back_takes_its_own_part_only(ledger):
    with transaction.atomic():
        ledger.record(SMITH, mail("a"))
        with suppress(Stop), transaction.atomic():
            ledger.record(SMITH, mail("b"))
            raise Stop
        Invoice.objects.create(number="1")
    assert (numbers(), keys(ledger)) == (["1"], ["a"])
    assert audit(ledger, SMITH) == 8


def test_a_record_that_is_refused_leaves_the_blocks_other_work(ledger):
    with transaction.atomic():
        Invoice.objects.create(number="1")
        with pytest.raises(NotFound):
            ledger.record(SMITH, mail("a"), mail("b", to="nobody"))
        ledger.record(SMITH, mail("c"))
    assert (numbers(), keys(ledger)) == (["1"], ["c"])


def test_outside_of_a_block_each_call_is_a_transaction_of_its_own(ledger):
    ledger.record(SMITH, mail("a"))
    seen = []
    other = threading.Thread(target=lambda: (seen.extend(keys(ledger)), connection.close()))
    other.start()
    other.join()
    assert seen == ["a"]
    assert connection.in_atomic_block is False


def test_threads_share_a_ledger_each_over_its_own_connection(ledger):
    def work(name: str) -> None:
        for number in range(5):
            with transaction.atomic():
                ledger.record(SMITH, mail(f"{name}{number}"))
        connection.close()

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(keys(ledger)) == sorted(f"{n}{i}" for n in "abcd" for i in range(5))
    assert audit(ledger, SMITH) == 27


def test_many_facts_at_once(ledger):
    with transaction.atomic():
        ledger.record(SMITH, *[mail(f"m{number}") for number in range(200)])
    assert len(keys(ledger)) == 200
    assert ledger.check() == 207


def test_a_reader_outside_of_a_block_sees_one_state(ledger):
    with ledger._store.begin(write=False) as tx:
        account = ledger._accounts.must_find(SMITH, tx)
        before = tx.head(account).size
        other = threading.Thread(
            target=lambda: (ledger.record(SMITH, mail("a")), connection.close())
        )
        other.start()
        other.join()
        assert tx.head(account).size == before
    assert keys(ledger) == ["a"]


def test_sealing_is_for_outside_of_blocks(office, tmp_path):
    keygen(tmp_path / "acme.key", "acme")
    ledger = open_ledger(recorder="acme", signer=tmp_path / "acme.key")
    ledger.record(SMITH, *two_sides())
    with transaction.atomic(), pytest.raises(BadInput, match="host's transaction"):
        ledger.seal()
    assert ledger.seal().checkpoint.size == 2
    ledger.close()
    assert keys(ledger) == []


def test_it_goes_on_after_django_has_reconnected(ledger):
    ledger.record(SMITH, mail("a"))
    connection.close()
    ledger.record(SMITH, mail("b"))
    assert keys(ledger) == ["a", "b"]


def test_a_request_that_fails_leaves_neither_invoice_nor_touch(office):
    client = Client(raise_request_exception=False)
    assert client.get("/set-up").json() == {"entries": 3}
    assert client.get("/invoice/1").json() == {"entry": 5}
    assert client.get("/invoice/2?fail").status_code == 500
    assert client.get("/invoice/3").json() == {"entry": 6}
    assert client.get("/touches").json() == {"touches": ["call-1", "call-3"], "invoices": 2}


def test_a_database_that_is_not_there_is_an_error_of_ours(office, monkeypatch, tmp_path):
    connection.close()
    name = "nowhere" if office == "postgres" else str(tmp_path / "no" / "such")
    monkeypatch.setitem(connection.settings_dict, "NAME", name)
    if office == "postgres":
        monkeypatch.setitem(connection.settings_dict, "HOST", str(tmp_path))
    with pytest.raises(StoreError) as caught:
        open_ledger(recorder="acme")
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    assert isinstance(caught.value, StoreLost) == (office == "postgres")


@pytest.mark.parametrize("office", ["sqlite"], indirect=True)
def test_a_block_on_sqlite_that_read_before_somebody_wrote_says_so(ledger):
    with transaction.atomic():
        assert numbers() == []
        other = threading.Thread(
            target=lambda: (ledger.record(SMITH, mail("a")), connection.close())
        )
        other.start()
        other.join()
        with pytest.raises(StoreBusy, match="cannot write any more; let it write first"):
            ledger.record(SMITH, mail("b"))
    assert keys(ledger) == ["a"]


def test_other_databases_are_refused():
    with pytest.raises(BadInput, match="SQLite or PostgreSQL"):
        borrowed_engine("mysql", lambda: None)


def test_the_databases_are_named_as_django_names_them():
    with pytest.raises(BadInput, match=r"^using: is not one of the names in DATABASES$"):
        DjangoConnections("archive")


def test_a_block_that_django_will_roll_back_takes_nothing_more(ledger):
    with transaction.atomic():
        Invoice.objects.create(pk=1, number="1")
        with suppress(IntegrityError):
            Invoice.objects.create(pk=1, number="2")
        with pytest.raises(StoreError, match=r"^the transaction failed before and can only be"):
            ledger.record(SMITH, mail("a"))
        with pytest.raises(StoreError, match=r"^the transaction failed before and can only be"):
            ledger.entries(SMITH)
    assert (numbers(), keys(ledger)) == ([], [])
