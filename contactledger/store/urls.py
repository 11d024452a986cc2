"""What a database URL says, as SQLAlchemy reads it but without importing it.

`backend+driver://user:password@host/database?key=value`; for SQLite the database is a path, or
with `uri=true` one of SQLite's own URIs ("sqlite:///file:contacts.db?mode=ro&uri=true"); for
PostgreSQL the query holds whatever else libpq should know ("…?sslmode=verify-full").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, unquote_plus, urlsplit

from attrs import frozen

from contactledger.errors import BadInput, StoreMissing

WRONG = "must be SQLite (sqlite:///…) or PostgreSQL by psycopg 3 (postgresql+psycopg://…)"
_NO_URL = "must be a database URL such as sqlite:///contacts.db"
_MEMORY = "a database in memory ends with its connection; use MemoryStore()"
_PREFIX, _SCHEMA = "ledger_prefix", "ledger_schema"
_URL = re.compile(
    r"(?P<backend>\w+)(?:\+(?P<driver>\w+))?://(?P<host>(?:[^:/]*(?::[^@]*)?@)?[^/?]*)"
    r"(?:/(?P<database>[^?]*))?(?:\?(?P<query>.*))?\Z",
    re.DOTALL,
)
_SERVER = re.compile(
    r"(?:(?P<user>[^:/]*)(?::(?P<password>[^@]*))?@)?"
    r"(?:\[(?P<v6>[^/?]+)\]|(?P<host>[^:/?]+))?(?::(?P<port>\d*))?\Z",
    re.DOTALL,
)
_NAMED_HOST = re.compile(r"(?P<host>[a-zA-Z0-9.-]*):(?P<port>\d*)\Z")
"""A host with its port, as the query may name it; neither a folder of sockets nor IPv6."""
_OURS_TO_SET = frozenset(
    ["timeout", "isolation_level", "detect_types", "check_same_thread", "cached_statements"]
)
"""What SQLAlchemy hands from a URL to SQLite's driver."""
_TRUE = frozenset(["true", "yes", "on", "y", "t", "1"])


@frozen
class File:
    """A SQLite file: its absolute path, or a URI of SQLite's."""

    name: str
    uri: bool


def place_of(url: Any, prefix: str, schema: str | None) -> tuple[str, str, str | None]:
    """A URL without its `ledger_prefix` and `ledger_schema`, and these: what the URL names
    counts, so that whatever takes a URL alone reaches every ledger of a database.

    `url`: a text, or SQLAlchemy's URL. BadInput for what is none, or of another database.
    """
    text = text_of(url)
    query = _parts(text)["query"]
    kept: list[str] = []
    named: dict[str, list[str | None]] = {_PREFIX: [prefix], _SCHEMA: [schema]}
    for key, value, pair in _pairs(query):
        if key not in named:
            kept.append(pair)
        elif value:
            named[key].append(value)
    for key, values in named.items():
        if len(values) > 2:
            raise BadInput(f"names {key} twice", field="url")
    if query is not None:
        text = text[: -len(query) - 1] + "?" * bool(kept) + "&".join(kept)
    return text, named[_PREFIX][-1] or "", named[_SCHEMA][-1]


def text_of(url: Any) -> str:
    """A URL as text, with its password, if it is SQLAlchemy's."""
    return url if isinstance(url, str) else str(url.render_as_string(hide_password=False))


def is_sqlite(url: str) -> bool:
    """Whether it is SQLite's; BadInput as `place_of`."""
    return bool(_parts(url)["backend"] == "sqlite")


def file_of(url: str, *, create: bool) -> File:
    """The file that a URL of SQLite's names.

    BadInput for a database in memory and for another driver, StoreMissing where `create` is
    False and the file is not there.
    """
    parts = _parts(url)
    if parts["driver"] not in (None, "pysqlite") or parts["host"]:
        raise BadInput(WRONG, field="url")
    name = unquote(parts["database"] or "")
    asked = {key: value for key, value, _ in _pairs(parts["query"]) if key not in _OURS_TO_SET}
    uri = asked.pop("uri", "").lower() in _TRUE
    path, query = name, asked
    if name.startswith("file:"):
        split = urlsplit(name)
        path, query = split.path, {**asked, **dict(parse_qsl(split.query))}
    if path in (":memory:", "") or query.get("mode") == "memory":
        raise BadInput(_MEMORY, field="url")
    if not create and not _is_there(path):
        raise StoreMissing("there is no such database file, and none may be made")
    if uri:
        more = "&".join(f"{key}={value}" for key, value in sorted(asked.items()))
        return File(f"{name}?{more}" if more else name, uri=True)
    if asked:
        raise BadInput("has parameters that SQLite takes with uri=true alone", field="url")
    return File(str(Path(name).absolute()), uri=False)


def _is_there(path: str) -> bool:
    try:
        return Path(path).exists()
    except PermissionError:
        return True  # in a folder that may not be looked into; opening it says what is wrong


def server_of(url: str) -> dict[str, str]:
    """What a URL of PostgreSQL's says, by libpq's names.

    Several hosts are named as `host=a,b&port=1,2` or `host=a:1&host=b:2`. BadInput for
    another driver than psycopg, for both ways of naming hosts at once, and for a parameter
    that is named twice.
    """
    parts = _parts(url)
    found = _SERVER.match(parts["host"])
    if parts["driver"] not in (None, "psycopg"):
        raise BadInput(WRONG, field="url")
    if found is None:
        raise BadInput(_NO_URL, field="url")
    user, password = (unquote(found[name] or "") for name in ("user", "password"))
    host, port, dbname = found["v6"] or found["host"], found["port"], parts["database"]
    said = {"user": user, "password": password, "host": host, "port": port}
    said["dbname"] = unquote(dbname or "")
    asked: dict[str, list[str]] = {}
    for key, value, _ in _pairs(parts["query"]):
        asked.setdefault(key, []).append(value)
    said.update(_hosts(asked.pop("host", []), asked.pop("port", [])))
    for key, values in asked.items():
        if len(values) > 1:
            raise BadInput(f"names {key} twice", field="url")
        said[key] = values[0]
    return {key: value for key, value in said.items() if value}


def _hosts(hosts: list[str], ports: list[str]) -> dict[str, str]:
    """Hosts and ports as the query names them, joined as libpq wants them."""
    split = [(host, _NAMED_HOST.match(host)) for host in hosts]
    said = {"host": hosts, "port": ports}
    if any(found for _, found in split):
        if ports:
            raise BadInput("names ports in two ways", field="url")
        said["host"] = [found["host"] if found else host for host, found in split]
        said["port"] = [found["port"] if found else "" for _, found in split]
    return {key: ",".join(values) for key, values in said.items() if values}


def _parts(url: str) -> dict[str, str]:
    found = _URL.match(url)
    if found is None:
        raise BadInput(_NO_URL, field="url")
    parts = found.groupdict()
    if parts["backend"] not in ("sqlite", "postgresql"):
        raise BadInput(WRONG, field="url")
    return parts


def _pairs(query: str | None) -> Iterator[tuple[str, str, str]]:
    """Each pair of a query: key, value, and as it was written."""
    for pair in (query or "").split("&"):
        key, _, value = pair.partition("=")
        if pair:
            yield unquote_plus(key), unquote_plus(value), pair
