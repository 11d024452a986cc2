"""A dealership's back office in Flask: an invoice and the call about it, in one transaction.

DATABASE=sqlite:///office.db flask --app flask_app run          (or postgresql+psycopg://…)
"""

import os

from flask import Flask, request
from sqlalchemy import create_engine, event
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, scoped_session, sessionmaker

from contactledger import Channel, Ledger, Party, Person, Role, Touch


class Base(DeclarativeBase):
    pass


class Invoice(Base):
    __tablename__ = "invoice"
    number: Mapped[str] = mapped_column(primary_key=True)


def create_app(database: str | None = None) -> Flask:
    app = Flask(__name__)
    engine = create_engine(database or os.environ["DATABASE"])
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", write_ahead)
    Base.metadata.create_all(engine)
    session = scoped_session(sessionmaker(engine))
    # one for the process: it joins the transaction of whatever request asks
    ledger = Ledger.open(session, recorder="acme")
    ledger.record(
        "smith-motors",
        Party("acme", "ACME Dealer Systems", Role.VENDOR),
        Party("smith", "Smith Motors", Role.CUSTOMER),
        Person("bob", "smith", "Bob Ray", phone="+1 555 0111"),
    )
    session.commit()
    session.remove()

    @app.teardown_request
    def end(_: BaseException | None) -> None:
        session.remove()  # what was not committed is rolled back

    @app.post("/invoice/<number>")
    def invoice(number: str) -> list[int]:
        session.add(Invoice(number=number))
        touch = Touch(to="bob", channel=Channel.PHONE, key=f"call-{number}")
        (entry,) = ledger.record("smith-motors", touch)
        if "fail" in request.args:
            raise RuntimeError("the printer is on fire")
        session.commit()
        return [entry.no]

    @app.get("/touches")
    def touches() -> list[str]:
        entries = ledger.entries("smith-motors")
        return [entry.fact.key for entry in entries if entry.kind == "touch"]

    app.extensions["database"] = engine
    return app


def write_ahead(connection, _) -> None:
    """Readers and a writer of a SQLite file do not wait for each other."""
    connection.execute("PRAGMA journal_mode = WAL").close()
