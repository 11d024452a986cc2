"""Inside FastAPI and an `AsyncSession`: one transaction with the host's, on aiosqlite and psycopg."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from contactledger import Ledger
from contactledger.errors import NotFound
from contactledger.hosts.aio import joined
from contactledger.store.driver import Driver
from tests.hosting import either, examples
from tests.ledgers import SMITH, audit, mail, two_sides

examples()
import fastapi_app  # noqa: E402


@pytest.fixture(params=["sqlite", "postgres"])
def url(request, tmp_path):
    """An empty database."""
    with either(request.param, request, tmp_path) as url:
        yield url


@pytest.fixture
def client(url, monkeypatch):
    monkeypatch.setenv("DATABASE", url.replace("sqlite:", "sqlite+aiosqlite:"))
    with TestClient(fastapi_app.app, raise_server_exceptions=False) as client:
        yield client


def test_a_request_that_fails_leaves_neither_invoice_nor_touch(client, url):
    assert client.post("/invoice/1").json() == 5
    assert client.post("/invoice/2?fail=true").status_code == 500
    assert client.post("/invoice/3").json() == 6
    assert client.get("/touches").json() == ["call-1", "call-3"]
    with Ledger.open(url, recorder="acme") as ledger:
        assert audit(ledger, SMITH) == 7
        with ledger._store._connections.begin(write=False) as connection:
            rows = Driver(connection).rows("SELECT number FROM invoice ORDER BY number")
            assert rows == [("1",), ("3",)]


def test_requests_at_the_same_time_are_all_on_record(client, url):
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda n: client.post(f"/invoice/{n}").status_code, range(12)))
    assert done == [200] * 12
    with Ledger.open(url, recorder="acme") as ledger:
        assert audit(ledger, SMITH) == 17


def test_many_facts_at_once_and_a_refusal_that_leaves_the_rest(url):
    async def run() -> int:
        engine = create_async_engine(url.replace("sqlite:", "sqlite+aiosqlite:"))
        async with AsyncSession(engine) as session:
            await joined(session, lambda it: it.record(SMITH, *two_sides()), recorder="acme")
            await session.commit()
            many = [mail(f"m{number}") for number in range(100)]
            await joined(session, lambda it: it.record(SMITH, *many), recorder="acme")
            with pytest.raises(NotFound):
                await joined(
                    session, lambda it: it.record(SMITH, mail("x", to="nobody")), recorder="acme"
                )
            checked = await joined(session, lambda it: it.check(SMITH), recorder="acme")
            await session.rollback()
            left = await joined(session, lambda it: it.check(SMITH), recorder="acme")
        async with engine.connect() as connection:
            assert await joined(connection, lambda it: it.check(SMITH), recorder="acme") == left
        await engine.dispose()
        return checked, left

    assert asyncio.run(run()) == (107, 7)


def test_a_ledger_of_its_own_serves_endpoints_in_fastapis_threads(url):
    with Ledger.open(url, recorder="acme") as ledger:
        ledger.record(SMITH, *two_sides())
        app = FastAPI()

        @app.post("/touch/{key}")
        def touch(key: str, it: Ledger = Depends(lambda: ledger)) -> int:  # noqa: B008
            return it.record(SMITH, mail(key))[0].no

        with TestClient(app) as client, ThreadPoolExecutor(4) as pool:
            numbers = list(pool.map(lambda n: client.post(f"/touch/{n}").json(), range(12)))
        assert sorted(numbers) == list(range(7, 19))
        assert audit(ledger, SMITH) == 19
