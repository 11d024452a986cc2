"""Inside Flask: one ledger on a `scoped_session`, and each request's transaction its own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from contactledger import Ledger
from tests.hosting import either, examples
from tests.ledgers import SMITH, audit

examples()
import flask_app  # noqa: E402


@pytest.fixture(params=["sqlite", "postgres"])
def app(request, tmp_path):
    with either(request.param, request, tmp_path) as url:
        app = flask_app.create_app(url)
        yield app
        app.extensions["database"].dispose()


def test_a_request_that_fails_leaves_neither_invoice_nor_touch(app):
    client = app.test_client()
    assert client.post("/invoice/1").json == [5]
    assert client.post("/invoice/2?fail").status_code == 500
    assert client.post("/invoice/3").json == [6]
    assert client.get("/touches").json == ["call-1", "call-3"]
    engine = app.extensions["database"]
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT number FROM invoice ORDER BY number"))
        assert list(rows.scalars()) == ["1", "3"]


def test_requests_in_threads_are_all_on_record(app):
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda n: app.test_client().post(f"/invoice/{n}").json, range(12)))
    assert sorted(done) == [[number] for number in range(5, 17)]
    with Ledger.open(app.extensions["database"], recorder="acme") as ledger:
        assert audit(ledger, SMITH) == 17
