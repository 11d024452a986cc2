"""In a host's own transaction: the invoice and the touch are kept together, or neither is."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, event, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from contactledger import Ledger
from contactledger.errors import BadInput, Conflict, NotFound, StoreBusy, StoreError, StoreLost
from contactledger.keys import keygen
from tests.hosting import database, either
from tests.ledgers import SMITH, Probe, audit, mail, message, two_sides
from tests.ledgers import event as report


class Base(DeclarativeBase):
    pass


class Invoice(Base):
    __tablename__ = "invoice"
    number: Mapped[str] = mapped_column(primary_key=True)


def begins(engine) -> None:
    """SQLAlchemy's recipe for real transactions on SQLite: BEGIN, before anything is read."""

    @event.listens_for(engine, "connect")
    def connect(connection, _):
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode = WAL").close()

    @event.listens_for(engine, "begin")
    def begin(connection):
        connection.exec_driver_sql("BEGIN")


@pytest.fixture(params=["sqlite", "sqlite that begins", "postgres"])
def engine(request, tmp_path):
    """A host's engine, with a table of its own and a ledger that knows both sides."""
    with either(request.param.split()[0], request, tmp_path) as url:
        engine = create_engine(url)
        if request.param.endswith("begins"):
            begins(engine)
        Base.metadata.create_all(engine)
        Ledger.open(engine, recorder="acme").record(SMITH, *two_sides())
        yield engine
        engine.dispose()


def kept(engine) -> tuple[list[str], list[str]]:
    """Invoices and touches that anybody else can see."""
    with Session(engine) as session:
        invoices = list(session.scalars(select(Invoice.number).order_by(Invoice.number)))
    entries = Ledger.open(engine, recorder=None).entries(SMITH)
    return invoices, [entry.fact.key for entry in entries if entry.kind == "touch"]


def test_a_commit_keeps_both_and_no_earlier(engine):
    with Session(engine) as session:
        session.add(Invoice(number="1"))
        ledger = Ledger.open(session, recorder="acme")
        ledger.record(SMITH, mail("a"))
        assert kept(engine) == ([], [])
        session.commit()
        assert kept(engine) == (["1"], ["a"])
        ledger.record(SMITH, mail("b"))
        session.add(Invoice(number="2"))
        ledger.close()
        session.commit()
    assert kept(engine) == (["1", "2"], ["a", "b"])
    assert audit(Ledger.open(engine, recorder=None), SMITH) == 9


def test_a_rollback_leaves_neither(engine):
    with Session(engine) as session:
        ledger = Ledger.open(session, recorder="acme")
        session.add(Invoice(number="1"))
        ledger.record(SMITH, mail("a"))
        ledger.record("new-account", *two_sides())
        session.rollback()
        assert kept(engine) == ([], [])
        ledger.record(SMITH, mail("b"))
        ledger.record("new-account", *two_sides())  # which it knew before the rollback
        session.commit()
    assert kept(engine) == ([], ["b"])
    assert Ledger.open(engine, recorder=None).check() == 6 + 2 + 7


def test_a_refused_record_leaves_the_hosts_own_work(engine):
    with Session(engine) as session:
        ledger = Ledger.open(session, recorder="acme")
        ledger.record(SMITH, mail("a"))
        session.add(Invoice(number="1"))
        with pytest.raises(NotFound):
            ledger.record(SMITH, mail("b"), mail("c", to="nobody"))
        with pytest.raises(Conflict):
            ledger.record(SMITH, mail("a", to="carla"))
        session.commit()
    assert kept(engine) == (["1"], ["a"])


def test_a_nested_block_of_the_host_takes_its_own_part_back(engine):
    with engine.connect() as connection:
        ledger = Ledger.open(connection, recorder="acme")
        ledger.record(SMITH, mail("a"))
        nested = connection.begin_nested()
        ledger.record(SMITH, mail("b"))
        nested.rollback()
        ledger.record(SMITH, mail("c"))
        connection.commit()
    assert kept(engine) == ([], ["a", "c"])
    assert audit(Ledger.open(engine, recorder=None), SMITH) == 9


def test_a_report_and_a_mail_join_the_transaction_too(engine):
    with Session(engine) as session:
        ledger = Ledger.open(session, recorder="acme")
        with ledger.sending(SMITH, message(), to="bob") as sent:
            pass
        ledger.receive(Probe(report(token=sent.token)), {}, b"{}")
        session.rollback()
        assert ledger.check(SMITH) == 7
        with ledger._store.begin(write=False) as tx:
            assert tx.inbox() == []


def test_what_is_not_committed_is_not_sealed(engine, tmp_path):
    keygen(tmp_path / "acme.key", "acme")
    with Session(engine) as session:
        ledger = Ledger.open(session, recorder="acme", signer=tmp_path / "acme.key")
        with pytest.raises(BadInput, match="cannot be sealed: what is signed must be committed"):
            ledger.seal()


@pytest.mark.parametrize("engine", ["sqlite that begins"], indirect=True)
def test_a_transaction_on_sqlite_that_read_before_somebody_wrote_says_so(engine):
    with Session(engine) as session:
        assert session.get(Invoice, "1") is None
        Ledger.open(engine, recorder="acme").record(SMITH, mail("a"))
        with pytest.raises(StoreBusy) as caught:
            Ledger.open(session, recorder="acme")
        assert str(caught.value) == (
            "this transaction read before somebody else wrote, and cannot write any more; "
            "let it write first, or begin it with BEGIN IMMEDIATE"
        )
        session.rollback()
        Ledger.open(session, recorder="acme").record(SMITH, mail("b"))
        session.commit()
    assert kept(engine) == ([], ["a", "b"])


def test_a_connection_that_is_closed_is_refused(engine):
    with engine.connect() as connection:
        ledger = Ledger.open(connection, recorder="acme")
    with pytest.raises(StoreError, match=r"^the host's connection is closed; open the ledger"):
        ledger.record(SMITH, mail("a"))


@pytest.fixture
def server(postgres_url):
    """A host's engine on the server, and what ends all connections that it has."""
    with database(postgres_url) as url:
        engine, others = create_engine(url), create_engine(postgres_url)

        def end() -> None:
            with others.connect() as other:
                text = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
                other.exec_driver_sql(text, (engine.url.database,))

        Base.metadata.create_all(engine)
        Ledger.open(engine, recorder="acme").record(SMITH, *two_sides())
        yield engine, end
        engine.dispose()
        others.dispose()


@pytest.mark.parametrize("reading", [False, True])
def test_a_host_whose_connection_is_lost_rolls_back_and_begins_again(server, reading):
    engine, end = server
    with Session(engine) as session:
        ledger = Ledger.open(session, recorder="acme")
        session.add(Invoice(number="1"))
        ledger.record(SMITH, mail("a"))
        end()
        with pytest.raises(StoreLost):
            ledger.entries(SMITH) if reading else ledger.record(SMITH, mail("b"))
        with pytest.raises(StoreError, match=r"^the transaction failed before and can only be"):
            ledger.record(SMITH, mail("b"))
        session.rollback()
        session.add(Invoice(number="2"))
        ledger.record(SMITH, mail("b"))
        session.commit()
    assert kept(engine) == (["2"], ["b"])
