"""Several ledgers in one database, under prefixes or in schemas: none reads, finds, erases or
seals what is another's, though both hold the same keys, addresses and messages."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import create_engine, inspect, select, text
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from contactledger import Ledger, Message
from contactledger.cli import app
from contactledger.errors import BadFact, BadInput, NotFound, StoreMissing
from contactledger.hosts.aio import joined
from contactledger.store.migrations import migrate, script
from contactledger.store.tables import tables
from contactledger.testing import FixedClock
from tests.hosting import database, either
from tests.ledgers import SMITH, Probe, audit, event, mail, two_sides
from tests.signing import signer

PLACES = {
    "sqlite, prefixes": ("sqlite", {"prefix": "north_"}, {"prefix": "south_"}),
    # one prefix that begins as the other does, with the sign for "any" in LIKE
    "sqlite, alike": ("sqlite", {"prefix": "a_"}, {"prefix": "a_b_"}),
    "postgres, prefixes": ("postgres", {"prefix": "north_"}, {"prefix": "south_"}),
    "postgres, schemas": ("postgres", {"schema": "north"}, {"schema": "south"}),
    "postgres, a schema and none": ("postgres", {}, {"schema": "south"}),
}


@pytest.fixture(params=PLACES)
def pair(request, tmp_path):
    """The engine of a database, and where two ledgers are in it."""
    kind, *places = PLACES[request.param]
    with either(kind, request, tmp_path) as url:
        engine = create_engine(url)
        yield engine, *places
        engine.dispose()


def open_at(where: Any, place: dict[str, str], recorder: str | None = "acme", **how) -> Ledger:
    return Ledger.open(where, recorder=recorder, clock=FixedClock(), **place, **how)


def rows(engine, place: dict[str, str]) -> dict[str, list[Any]]:
    """Every row of a ledger's tables."""
    names = tables(place.get("prefix", "contactledger_"), place.get("schema")).metadata.tables
    with engine.connect() as connection:
        return {
            name: sorted(map(tuple, connection.execute(select(t))), key=repr)
            for name, t in names.items()
        }


def test_what_one_does_changes_nothing_of_the_other(pair, tmp_path):
    engine, north, south = pair
    with open_at(engine, south) as other:
        other.record(SMITH, *two_sides(), mail("k", message=Message(provider_id="m-1")))
    untouched = rows(engine, south)
    keys = {"signer": signer("acme.example/ledger"), "high_water": tmp_path / "high-water"}
    with open_at(engine, north, **keys) as ledger:
        ledger.record(SMITH, *two_sides(), mail("k", message=Message(provider_id="m-1")))
        ledger.receive(Probe(event(provider_id="m-1", event_id="e1")), {}, b"[1]")
        ledger.receive(Probe(event(provider_id="nobody's")), {}, b"[2]")
        ledger.seal()
        ledger.redact(SMITH, person="bob")
        ledger.scrub()
        assert ledger.tidy() == 0
        assert audit(ledger, SMITH) == 10
    assert rows(engine, south) == untouched
    with open_at(engine, south) as other:
        assert "Bob Ray" in other.report(SMITH).text()
        assert (other.check(), other.checkpoint()) == (8, None)


def test_neither_reads_or_finds_what_is_the_others(pair):
    engine, north, south = pair
    with open_at(engine, north) as one, open_at(engine, south) as two:
        one.record(SMITH, *two_sides(), mail("k", message=Message(provider_id="m-1")))
        assert two.accounts() == ()
        for read in (two.entries, two.findings, two.standing, two.report, two.check):
            with pytest.raises(NotFound):
                read(SMITH)
        two.record("jones", *two_sides())
        parked = two.receive(Probe(event(provider_id="m-1")), {}, b"[1]")
        assert (parked.recorded, len(parked.parked)) == ((), 1)
        assert two.waiting() == {"probe": {"unknown": 1}}
        assert one.waiting() == {}
        assert (one.accounts(), two.accounts()) == ((SMITH,), ("jones",))
        assert repr(one) != repr(two)


def test_ids_and_secrets_are_each_ones_own(pair):
    engine, north, south = pair
    for place in (north, south):
        open_at(engine, place).record(SMITH, *two_sides())
    one, two = rows(engine, north), rows(engine, south)
    for (name, ours), theirs in zip(one.items(), two.values(), strict=True):
        if not name.endswith("layout"):
            assert set(map(repr, ours)) & set(map(repr, theirs)) == set(), name


def test_each_has_its_own_recorder(pair):
    engine, north, south = pair
    open_at(engine, north, recorder="acme").close()
    open_at(engine, south, recorder="smith").close()
    with pytest.raises(BadFact, match="recorder: another party runs this ledger"):
        open_at(engine, south, recorder="acme")


def test_both_join_one_transaction_of_a_host(pair):
    engine, north, south = pair
    for place in (north, south):
        open_at(engine, place).record(SMITH, *two_sides())
    with Session(engine) as session:
        for place in (north, south):
            open_at(session, place).record(SMITH, mail("k"))
        session.rollback()
    assert [open_at(engine, place).check() for place in (north, south)] == [7, 7]
    with Session(engine) as session:
        for place in (north, south):
            open_at(session, place).record(SMITH, mail("k"))
        session.commit()
    assert [open_at(engine, place).check() for place in (north, south)] == [8, 8]


def test_both_are_written_at_once(pair):
    engine, north, south = pair

    def write(place: dict[str, str]) -> int:
        with open_at(engine, place) as ledger:
            ledger.record(SMITH, *two_sides())
            for no in range(20):
                ledger.record(SMITH, mail(f"k{no}"))
            return audit(ledger, SMITH)

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(write, (north, south))) == [27, 27]


def test_a_place_without_a_ledger_is_missing_beside_one_that_has_it(pair):
    engine, north, south = pair
    open_at(engine, north).close()
    with pytest.raises(StoreMissing):
        open_at(engine, south, create=False)
    with pytest.raises(StoreMissing):
        open_at(engine, south, recorder=None)
    names = set(inspect(engine).get_table_names(schema=north.get("schema")))
    assert names == {table.rpartition(".")[2] for table in rows(engine, north)}


# --- named in the URL -----------------------------------------------------------------------------


def test_a_url_names_the_place_for_whoever_takes_a_url_alone(pair):
    engine, north, south = pair
    for place, account in ((north, SMITH), (south, "jones")):
        open_at(engine, place).record(account, *two_sides())
    for place, account in ((north, SMITH), (south, "jones")):
        url = engine.url.update_query_dict({f"ledger_{key}": name for key, name in place.items()})
        with Ledger.open(url, recorder=None) as ledger:
            assert ledger.accounts() == (account,)
        text_ = url.render_as_string(hide_password=False)
        if "prefix" in place:
            with Ledger.open(text_, recorder=None, prefix="unheard_of_") as ledger:
                assert ledger.accounts() == (account,)
        assert migrate(text_) == ()
        checked = CliRunner().invoke(app, ["check", text_])
        assert checked.stdout.startswith("7 entries match their hashes")
        assert script(url).count(f"{place.get('prefix', 'contactledger_')}entry (") == 1


def test_a_url_names_a_place_once():
    with pytest.raises(BadInput, match=r"^url: names ledger_prefix twice$"):
        Ledger.open("sqlite:///x.db?ledger_prefix=a_&ledger_prefix=b_", recorder="acme")
    with pytest.raises(BadInput, match=r"^prefix: must be a-z"):
        Ledger.open("sqlite:///x.db?ledger_prefix=A", recorder="acme")


# --- schemas --------------------------------------------------------------------------------------


def test_a_schema_holds_the_tables_whatever_the_search_path_says(postgres_url):
    with database(postgres_url) as url:
        engine = create_engine(url, connect_args={"options": "-c search_path=elsewhere"})
        with engine.begin() as connection:
            connection.execute(text("CREATE SCHEMA elsewhere"))
        with open_at(engine, {"schema": "evidence"}) as ledger:
            ledger.record(SMITH, *two_sides(), *[mail(f"k{no}") for no in range(100)])
            assert audit(ledger, SMITH) == 107
        assert inspect(engine).get_table_names(schema="elsewhere") == []
        with open_at(engine, {}) as ledger:  # without one, the search path says where
            ledger.record(SMITH)
        assert len(inspect(engine).get_table_names(schema="elsewhere")) == len(
            tables("", None).metadata.tables
        )
        engine.dispose()


def test_sqlite_has_no_schemas(tmp_path):
    with pytest.raises(BadInput) as caught:
        Ledger.open(f"sqlite:///{tmp_path}/new.db", recorder="acme", schema="evidence")
    assert str(caught.value) == "schema: SQLite has none; name a prefix, or another file"
    assert list(tmp_path.iterdir()) == []
    engine = create_engine(f"sqlite:///{tmp_path}/host.db")
    with engine.connect() as connection, pytest.raises(BadInput, match="schema: SQLite has none"):
        Ledger.open(connection, recorder="acme", schema="main")
    engine.dispose()


@pytest.mark.parametrize("name", ["", "North", "1st", "a-b", 'a"b', "a b", "a.b", "ä", "x" * 41])
def test_names_that_could_mean_something_else_are_refused(tmp_path, name):
    for field in ("prefix", "schema"):
        with pytest.raises(BadInput, match=rf"^{field}: must be a-z, 0-9 and _, 40 characters"):
            Ledger.open(f"sqlite:///{tmp_path}/new.db", recorder="acme", **{field: name})
    assert list(tmp_path.iterdir()) == []


def test_the_longest_names_fit(postgres_url):
    with database(postgres_url) as url:
        place = {"prefix": "p" * 40, "schema": "s" * 40}
        with open_at(url, place) as ledger:
            ledger.record(SMITH, *two_sides())
            assert audit(ledger, SMITH) == 7


def test_an_async_host_names_a_schema_too(postgres_url):
    import asyncio

    from sqlalchemy.ext.asyncio import create_async_engine

    async def play(url: str) -> int:
        engine = create_async_engine(url)
        async with engine.begin() as connection:
            place = {"schema": "evidence", "recorder": "acme"}
            await joined(connection, lambda ledger: ledger.record(SMITH, *two_sides()), **place)
        async with engine.connect() as connection:
            checked = await joined(connection, lambda ledger: ledger.check(), **place)
        await engine.dispose()
        return checked

    with database(postgres_url) as url:
        assert asyncio.run(play(url)) == 7
