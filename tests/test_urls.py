"""What a database URL says is what SQLAlchemy reads in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from contactledger.errors import BadInput, StoreMissing
from contactledger.store.urls import File, file_of, is_sqlite, place_of


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
