"""A dealership's back office in FastAPI: an invoice and the call about it, in one transaction.

DATABASE=sqlite+aiosqlite:///office.db uvicorn fastapi_app:app     (or postgresql+psycopg://…)
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI, Request
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from contactledger import Channel, Party, Person, Role, Touch
from contactledger.hosts.aio import joined


class Base(DeclarativeBase):
    pass


class Invoice(Base):
    __tablename__ = "invoice"
    number: Mapped[str] = mapped_column(primary_key=True)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    engine = create_async_engine(os.environ["DATABASE"])
    if engine.dialect.name == "sqlite":
        event.listen(engine.sync_engine, "connect", write_ahead)
    app.state.sessions = async_sessionmaker(engine)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
        await joined(
            connection,
            lambda ledger: ledger.record(
                "smith-motors",
                Party("acme", "ACME Dealer Systems", Role.VENDOR),
                Party("smith", "Smith Motors", Role.CUSTOMER),
                Person("bob", "smith", "Bob Ray", phone="+1 555 0111"),
            ),
            recorder="acme",
        )
    yield
    await engine.dispose()


def write_ahead(connection, _) -> None:
    """Readers and a writer of a SQLite file do not wait for each other."""
    connection.cursor().execute("PRAGMA journal_mode = WAL")


app = FastAPI(lifespan=lifespan)


async def transaction(request: Request) -> AsyncIterator[AsyncSession]:
    """One transaction per request, committed before the answer leaves."""
    async with request.app.state.sessions() as session, session.begin():
        yield session


Transaction = Annotated[AsyncSession, Depends(transaction, scope="function")]


@app.post("/invoice/{number}")
async def invoice(number: str, session: Transaction, fail: bool = False) -> int:
    session.add(Invoice(number=number))
    touch = Touch(to="bob", channel=Channel.PHONE, key=f"call-{number}")
    (entry,) = await joined(session, lambda it: it.record("smith-motors", touch), recorder="acme")
    if fail:
        raise RuntimeError("the printer is on fire")
    return entry.no


@app.get("/touches")
async def touches(session: Transaction) -> list[str]:
    entries = await joined(session, lambda it: it.entries("smith-motors"), recorder=None)
    return [entry.fact.key for entry in entries if entry.kind == "touch"]
