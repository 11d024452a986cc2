"""What a database URL says is what SQLAlchemy reads in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from contactledger.errors import BadInput, StoreMissing
from contactledger.store.urls import File, file_of, is_sqlite, place_of, server_of


@pytest.mark.parametrize(
    ("given", "left", "prefix", "schema"),
    [
        ("sqlite:///a.db", "sqlite:///a.db", "p_", None),
        ("sqlite:///a.db?ledger_prefix=n_", "sqlite:///a.db", "n_", None),
        ("sqlite:///a.db?ledger_prefix=", "sqlite:///a.db", "p_", None),
        ("sqlite:///file:a?mode=ro&ledger_prefix=n_&uri=true", None, "n_", None),
        ("postgresql+psycopg://u:p%3F@h:1/d?ledger_schema=s&host=%2Frun", None, "p_", "s"),
        ("postgresql://u:a?b@h/d?ledger_schema=s", "postgresql://u:a?b@h/d", "p_", "s"),
        ("postgresql://h/d?", "postgresql://h/d", "p_", None),
    ],
)
def test_prefix_and_schema_are_taken_out_of_a_url(given, left, prefix, schema):
    url, *named = place_of(given, "p_", None)
    assert named == [prefix, schema]
    theirs = make_url(given).difference_update_query(["ledger_prefix", "ledger_schema"])
    assert make_url(url) == theirs
    assert url == (left or url)
    assert place_of(make_url(given), "p_", None)[1:] == (prefix, schema)


def test_a_url_that_names_a_prefix_twice_is_refused():
    with pytest.raises(BadInput, match="names ledger_prefix twice"):
        place_of("sqlite:///a.db?ledger_prefix=a&ledger_prefix=b", "", None)


def test_which_database_a_url_names():
    assert is_sqlite("sqlite+pysqlite:///a.db")
    assert not is_sqlite("postgresql+psycopg://h/d")
    with pytest.raises(BadInput, match="must be SQLite"):
        is_sqlite("mysql://h/d")
    with pytest.raises(BadInput, match="must be a database URL"):
        is_sqlite("a.db")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("sqlite:////tmp/a.db", "/tmp/a.db"),
        ("sqlite+pysqlite:////tmp/a%20b.db?timeout=3", "/tmp/a b.db"),
        ("sqlite:///a.db?uri=false", str(Path.cwd() / "a.db")),
    ],
)
def test_the_file_of_a_url_is_where_sqlalchemy_finds_it(url, name):
    assert file_of(url, create=True) == File(name, uri=False)
    theirs = make_url(url)
    assert theirs.get_dialect()().create_connect_args(theirs)[0] == [name]


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("sqlite:///file:/tmp/a.db?uri=true", "file:/tmp/a.db"),
        (
            "sqlite:///file:/tmp/a.db?mode=ro&uri=1&immutable=1&timeout=2",
            "file:/tmp/a.db?immutable=1&mode=ro",
        ),
    ],
)
def test_a_uri_of_sqlites_own_is_handed_on(url, name):
    assert file_of(url, create=True) == File(name, uri=True)
    theirs = make_url(url)
    assert theirs.get_dialect()().create_connect_args(theirs)[0] == [name]


def test_a_file_that_may_not_be_made_must_be_there(tmp_path):
    path = tmp_path / "a.db"
    with pytest.raises(StoreMissing):
        file_of(f"sqlite:///{path}", create=False)
    path.touch()
    assert file_of(f"sqlite:///{path}", create=False) == File(str(path), uri=False)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("sqlite://host/a.db", "must be SQLite"),
        ("sqlite+aiosqlite:///a.db", "must be SQLite"),
        ("sqlite:///a.db?mode=ro", "with uri=true alone"),
        ("sqlite:///file:a?mode=memory&uri=true", "use MemoryStore"),
        ("sqlite:///", "use MemoryStore"),
    ],
)
def test_what_cannot_be_a_file_is_refused(url, why):
    with pytest.raises(BadInput, match=why):
        file_of(url, create=True)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://",
        "postgresql+psycopg:///d",
        "postgresql+psycopg://h",
        "postgresql+psycopg://u:p%40ss%2Fw%3F@h:5433/a%20b",
        "postgresql+psycopg://u:a?b@h/d",
        "postgresql+psycopg://u:@h/d",
        "postgresql+psycopg://u@[::1]:5433/d",
        "postgresql+psycopg://u@/d?host=/run/postgresql",
        "postgresql+psycopg://u@h:1/d?host=%2Frun&port=5433",
        "postgresql+psycopg://u@/d?host=a:1",
        "postgresql+psycopg://u@/d?host=a&host=b:2&target_session_attrs=read-write",
        "postgresql+psycopg://u@/d?host=a,b&port=1,2",
        "postgresql+psycopg://u@/d?host=::1",
        "postgresql+psycopg://?service=office",
        "postgresql+psycopg://h/d?sslmode=verify-full&sslrootcert=/etc/ssl/our+ca.pem",
        "postgresql+psycopg://h/d?options=-c%20statement_timeout%3D300&application_name=the+shop",
    ],
)
def test_what_a_url_says_of_a_server_is_what_sqlalchemy_reads_in_it(url):
    theirs = make_url(url)
    _, said = theirs.get_dialect()().create_connect_args(theirs)
    wanted = {key: str(value) for key, value in said.items() if value}
    if wanted.get("port", "").strip(",") == "":
        wanted.pop("port", None)
    assert server_of(url) == wanted


def test_a_server_needs_neither_driver_nor_port_to_be_named():
    assert server_of("postgresql://u@h:/d?") == {"user": "u", "host": "h", "dbname": "d"}


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("postgresql+psycopg2://h/d", "must be SQLite"),
        ("postgresql+psycopg_async://h/d", "must be SQLite"),
        ("postgresql://u@[::1/d", "must be a database URL"),
        ("postgresql://h:1,g:2/d", "must be a database URL"),
        ("postgresql://h/d?host=a:1&port=2", "names ports in two ways"),
        ("postgresql://h/d?sslmode=a&sslmode=b", "names sslmode twice"),
    ],
)
def test_what_cannot_be_a_server_is_refused(url, why):
    with pytest.raises(BadInput, match=why):
        server_of(url)
