"""A database that cannot be written: everything is read, judged, reported and bundled, and
whoever would write is told so."""

from __future__ import annotations

import io
import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest
from sqlalchemy import create_engine, inspect
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from contactledger import Ledger, MemoryStore
from contactledger.errors import BadFact, BadInput, StoreMissing, StoreReadOnly
from contactledger.testing import FixedClock
from tests.hosting import database
from tests.ledgers import SMITH, Probe, editing, event, mail, message, two_sides
from tests.signing import signer

OURS = signer("acme.example/ledger")
message().as_bytes()  # imports what somebody without rights could not
WRITTEN = r"^the database cannot be written$"


@contextmanager
def unprivileged() -> Iterator[None]:
    """As somebody for whom permissions count: root may write what nobody may."""
    if os.geteuid() != 0:
        yield
        return
    nobody = pwd.getpwnam("nobody")
    os.setegid(nobody.pw_gid)
    os.seteuid(nobody.pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that everybody can look into."""
    folder = Path(tempfile.mkdtemp(prefix="contactledger-ro-"))
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def fill(where: Any, folder: Path, **how: Any) -> dict[str, Any]:
    """A sealed ledger with a redaction; what is read of it."""
    clock = FixedClock()
    keys = {"signer": OURS, "high_water": folder / "high-water"}
    with Ledger.open(where, recorder="acme", clock=clock, **keys, **how) as ledger:
        ledger.record(SMITH, *two_sides(), mail("k", original=b"raw"), mail("l", to="carla"))
        ledger.redact(SMITH, person="bob")
        ledger.hold(SMITH, "carla", basis="litigation")
        ledger.seal()
        return read(ledger)


def read(ledger: Ledger) -> dict[str, Any]:
    """Everything that can be read."""
    bundled = io.BytesIO()
    Ledger(ledger._store, recorder=None, clock=FixedClock()).bundle(SMITH).write(bundled)
    report = ledger.report(SMITH)
    return {
        "accounts": ledger.accounts(),
        "entries": ledger.entries(SMITH),
        "findings": ledger.findings(SMITH),
        "standing": ledger.standing(SMITH),
        "cases": ledger.cases(SMITH),
        "report": (report.html(), report.text(), report.json()),
        "bundle": bundled.getvalue(),
        "checkpoint": ledger.checkpoint(),
        "proof": ledger.prove(SMITH, 3),
        "erasures": ledger.erasures(SMITH),
        "holds": ledger.holds(SMITH),
        "subject": ledger.subject(SMITH, "carla"),
        "checked": ledger.check(),
    }


def may_not_write(opened, error: type[Exception], words: str) -> None:
    """Each way of writing is refused with this error, and leaves everything as it is."""
    with opened() as ledger:
        before = ledger.entries(SMITH)
        for write in (
            lambda: ledger.record(SMITH, mail("m")),
            lambda: ledger.record("new", *two_sides()),
            lambda: ledger.record_many({SMITH: [mail("m")]}),
            lambda: ledger.redact(SMITH, person="carla"),
            lambda: ledger.retract(SMITH, 6),
            lambda: ledger.receive(Probe(event(provider_id="x")), {}, b"[]"),
            ledger.reindex,
        ):
            with pytest.raises(error, match=words):
                write()
        with pytest.raises(error, match=words), ledger.sending(SMITH, message(), to=["carla"]):
            raise AssertionError("sent what is not on record")
        assert (ledger.entries(SMITH), ledger.check()) == (before, 11)


# --- SQLite ---------------------------------------------------------------------------------------


@attrs.frozen
class Way:
    """How a file is made read-only: its mode, its folder's, its journal, and the URL."""

    file: int
    folder: int
    journal: str
    url: str


WAYS = {
    "mode=ro": Way(0o644, 0o777, "wal", "sqlite:///file:{}?mode=ro&uri=true"),
    "mode=ro, a host's engine": Way(0o644, 0o777, "wal", "sqlite:///file:{}?mode=ro&uri=true"),
    "a file of mode 444": Way(0o444, 0o777, "wal", "sqlite:///{}"),
    "on a medium, with the old journal": Way(0o444, 0o555, "delete", "sqlite:///{}"),
    "on a medium": Way(0o444, 0o555, "wal", "sqlite:///file:{}?immutable=1&uri=true"),
}


@pytest.fixture(params=WAYS)
def file(request, folder) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Where the read-only ledger is, and what was read of it while it could be written."""
    way, path, place = WAYS[request.param], folder / "contacts.db", tempfile.mkdtemp()
    expected = fill(f"sqlite:///{path}", Path(place))
    shutil.rmtree(place)
    with editing(path) as connection:
        connection.execute(f"PRAGMA journal_mode = {way.journal}")
    bytes_ = path.read_bytes()
    path.chmod(way.file)
    folder.chmod(way.folder)
    engine = create_engine(way.url.format(path)) if "engine" in request.param else None
    yield engine or way.url.format(path), expected
    if engine is not None:
        engine.dispose()
    assert path.read_bytes() == bytes_


def test_a_file_that_cannot_be_written_is_read_in_full(file):
    where, expected = file
    with (
        unprivileged(),
        Ledger.open(where, recorder=None, create=False, clock=FixedClock()) as ledger,
    ):
        assert read(ledger) == expected


def test_who_would_record_into_a_file_that_cannot_be_written_is_told_so(file):
    where, _ = file
    clock = FixedClock()
    clock.forward(days=1)
    with unprivileged():
        may_not_write(lambda: Ledger.open(where, recorder="acme", clock=clock), *_refused())
        may_not_write(lambda: Ledger.open(where, recorder=None, clock=clock), *_no_recorder())


def _refused() -> tuple[type[Exception], str]:
    return StoreReadOnly, WRITTEN


def _no_recorder() -> tuple[type[Exception], str]:
    return BadInput, "the ledger was opened for reading; name its recorder$"


def test_a_reader_beside_a_writer_sees_what_is_committed(folder):
    path, clock = folder / "contacts.db", FixedClock()
    with Ledger.open(f"sqlite:///{path}", recorder="acme", clock=clock) as writer:
        writer.record(SMITH, *two_sides())
        where = f"sqlite:///file:{path}?mode=ro&uri=true"
        with unprivileged(), Ledger.open(where, recorder=None, clock=clock) as reader:
            assert reader.check() == 7
            with _root():
                writer.record(SMITH, mail("k"))
            assert reader.check() == len(reader.entries(SMITH)) == 8


@contextmanager
def _root() -> Iterator[None]:
    before = os.geteuid()
    os.seteuid(os.getuid())
    try:
        yield
    finally:
        os.seteuid(before)


def test_a_folder_in_which_no_journal_can_be_made_says_how_to_read_it(folder):
    path = folder / "contacts.db"
    Ledger.open(f"sqlite:///{path}", recorder="acme").close()
    path.chmod(0o444)
    folder.chmod(0o555)
    with unprivileged(), pytest.raises(StoreReadOnly) as caught:
        Ledger.open(f"sqlite:///{path}", recorder=None)
    assert str(caught.value) == (
        "the folder of the database cannot be written, and its journal would have to lie there; "
        "to read a file that nobody writes, open sqlite:///file:PATH?immutable=1&uri=true"
    )


# --- PostgreSQL -----------------------------------------------------------------------------------


@pytest.fixture(params=["role", "session", "host"])
def server(request, postgres_url, tmp_path):
    """A database whose role, whose session, or whose host's transaction only reads."""
    with database(postgres_url) as url:
        expected = fill(url, tmp_path)
        name = make_url(url).database
        engine = create_engine(url)
        if request.param == "role":
            with engine.begin() as connection:
                connection.exec_driver_sql(f"CREATE ROLE reads_{name} LOGIN SUPERUSER")
                connection.exec_driver_sql(
                    f"ALTER ROLE reads_{name} SET default_transaction_read_only = on"
                )
            yield make_url(url).set(username=f"reads_{name}"), expected
            with engine.begin() as connection:
                connection.exec_driver_sql(f"DROP ROLE reads_{name}")
        elif request.param == "session":
            only = create_engine(
                url, connect_args={"options": "-c default_transaction_read_only=on"}
            )
            yield only, expected
            only.dispose()
        else:
            with Session(engine) as session:
                session.connection(execution_options={"postgresql_readonly": True})
                yield session, expected
                session.rollback()
        engine.dispose()


def test_a_server_that_only_reads_is_read_in_full(server):
    where, expected = server
    with Ledger.open(where, recorder=None, clock=FixedClock()) as ledger:
        assert read(ledger) == expected


def test_who_would_record_on_a_server_that_only_reads_is_told_so(server):
    where, _ = server
    clock = FixedClock()
    clock.forward(days=1)
    may_not_write(lambda: Ledger.open(where, recorder=None, clock=clock), *_no_recorder())
    if isinstance(where, Session):
        return  # after an error, PostgreSQL wants the host's rollback
    may_not_write(lambda: Ledger.open(where, recorder="acme", clock=clock), *_refused())


def test_reading_makes_no_tables(postgres_url):
    with database(postgres_url) as url:
        with pytest.raises(StoreMissing, match=r"^the tables are not in this database"):
            Ledger.open(url, recorder=None)
        engine = create_engine(url)
        assert inspect(engine).get_table_names() == []
        engine.dispose()


def test_tables_cannot_be_made_where_a_server_only_reads(postgres_url):
    with database(postgres_url) as url:
        only = f"{url}{'&' if '?' in url else '?'}options=-c%20default_transaction_read_only%3Don"
        with pytest.raises(StoreReadOnly) as caught:
            Ledger.open(only, recorder="acme")
        assert str(caught.value) == "the database cannot be written"


def test_sealing_what_cannot_be_written_signs_nothing(folder, tmp_path):
    path, high_water = folder / "contacts.db", tmp_path / "high-water"
    with Ledger.open(f"sqlite:///{path}", recorder="acme") as ledger:
        ledger.record(SMITH, *two_sides())
    where = f"sqlite:///file:{path}?mode=ro&uri=true"
    keys = {"signer": OURS, "high_water": high_water}
    with Ledger.open(where, recorder="acme", **keys) as ledger:
        with pytest.raises(StoreReadOnly, match=WRITTEN):
            ledger.seal()
        assert ledger.checkpoint() is None
    with Ledger.open(where, recorder=None) as ledger, pytest.raises(BadInput, match="recorder: "):
        ledger.seal()


def test_a_ledger_without_a_recorder_writes_nothing_where_it_could(tmp_path):
    url = f"sqlite:///{tmp_path}/contacts.db"
    fill(url, tmp_path)
    before = (tmp_path / "contacts.db").read_bytes()
    clock = FixedClock()
    clock.forward(days=1)
    may_not_write(lambda: Ledger.open(url, recorder=None, clock=clock), *_no_recorder())
    with Ledger.open(url, recorder=None, clock=clock) as ledger:
        with pytest.raises(BadFact, match="opened for reading"):
            ledger.scrub()
        with pytest.raises(BadFact, match="opened for reading"):
            ledger._store.scrub()
        assert ledger._store.commits
    assert (tmp_path / "contacts.db").read_bytes() == before


def test_memory_reads_the_same(tmp_path):
    store = MemoryStore()
    expected = fill(store, tmp_path)
    with Ledger.open(store, recorder=None, clock=FixedClock()) as ledger:
        assert read(ledger) == expected
        with pytest.raises(BadFact, match="the ledger was opened for reading"):
            ledger.record(SMITH, mail())
