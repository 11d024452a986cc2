"""What the tests of hosts share: an empty database of each kind, and the examples as modules."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

from sqlalchemy import create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


def examples() -> None:
    """Make the examples importable."""
    if str(EXAMPLES) not in sys.path:
        sys.path.insert(0, str(EXAMPLES))


@contextmanager
def database(server: str) -> Iterator[str]:
    """The URL of a new database on a server, dropped after the block."""
    admin = create_engine(server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    name = f"host_{token_hex(4)}"
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def either(kind: str, request: object, folder: Path) -> Iterator[str]:
    """The URL of an empty database: a SQLite file, or one on the run's server."""
    if kind.startswith("sqlite"):
        yield f"sqlite:///{folder}/host.db"
        return
    with database(request.getfixturevalue("postgres_url")) as url:
        yield url
