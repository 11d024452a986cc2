"""Least privilege, on a real server: each role does its work, and nothing else can be done."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import attrs
import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ProgrammingError
from typer.testing import CliRunner

from contactledger import Ledger, MemoryStore
from contactledger.cli import app
from contactledger.errors import BadInput, Corrupt, StoreReadOnly
from contactledger.scrubbing import ErasureState
from contactledger.store.migrations import migrate
from contactledger.store.roles import ROLES, role_name, roles_script
from contactledger.store.scrub import NO_OWNER
from contactledger.store.tables import tables
from contactledger.testing import FixedClock
from tests.hosting import database
from tests.ledgers import SMITH, mail, two_sides
from tests.playing import JONES, OURS, playing

REFUSED = r"^the role may not do this in the database$"
_PLACES = count()


@attrs.frozen
class Place:
    """Tables whose owner has run the script, and a user of each role."""

    url: str
    prefix: str
    schema: str | None

    def user(self, role: str) -> str:
        return f"{self.prefix}{role}_user"

    def url_of(self, role: str) -> str:
        url = make_url(self.url).set(username=self.user(role))
        return url.render_as_string(hide_password=False)

    def open(self, role: str, **how) -> Ledger:
        """A ledger opened by the user of a role, or by the owner."""
        how = {"recorder": "acme", "clock": FixedClock(), **how}
        return Ledger.open(self.url_of(role), prefix=self.prefix, schema=self.schema, **how)

    def psql(self, sql: str) -> None:
        """As the owner of the tables, who is no superuser."""
        place = make_url(self.url_of("owner"))
        client = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", place.query["host"]]
        subprocess.run(
            [*client, "-U", place.username, "-d", place.database],
            input=sql, text=True, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip

    def grant(self) -> None:
        self.psql(roles_script(prefix=self.prefix, schema=self.schema))


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture(params=["of its own", None])
def empty(request, postgres_url) -> Iterator[Place]:
    """Where no ledger is yet."""
    number = next(_PLACES)
    admin = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with database(postgres_url) as url:
        place = Place(url, f"p{number}_", request.param and f"s{number}")
        users = [place.user(who) for who in ("owner", *ROLES)]
        roles = [role_name(r, prefix=place.prefix, schema=place.schema) for r in ROLES]
        with admin.connect() as connection:
            connection.exec_driver_sql(f"CREATE ROLE {users[0]} LOGIN CREATEROLE")
            name = make_url(url).database
            connection.exec_driver_sql(f"ALTER DATABASE {name} OWNER TO {users[0]}")
        with _connected(url) as connection:  # as 15 has it by itself
            connection.exec_driver_sql("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
            connection.exec_driver_sql(f"GRANT CREATE ON SCHEMA public TO {users[0]}")
        migrate(place.url_of("owner"), prefix=place.prefix, schema=place.schema)
        place.grant()
        for user, role in zip(users[1:], roles, strict=True):
            place.psql(f"CREATE ROLE {user} LOGIN IN ROLE {role};")
        yield place
    with admin.connect() as connection:
        for role in [*users[1:], *roles, users[0]]:  # whoever granted them comes last
            connection.exec_driver_sql(f"DROP ROLE {role}")
    admin.dispose()


@pytest.fixture
def place(empty) -> Place:
    empty.open("owner").close()
    return empty


# --- what each may do -----------------------------------------------------------------------------


def test_the_library_works_in_full_with_each_role_at_its_work(empty, tmp_path):
    with playing(empty.open, tmp_path / "roles") as played:
        played.at("owner")  # makes the ledger
        played.story()
        reader = played.at("reader")
        assert reader.accounts() == (JONES, SMITH)
        assert reader.check() > 300
        assert reader.erasures(SMITH)[0].state is ErasureState.RECORDED
        assert "Bob Ray" in reader.report(JONES).text()
        shown = [reader.standing(name) for name in reader.accounts()]
        bundled = [played.bundle(name, work="reader") for name in reader.accounts()]
    store = MemoryStore()
    with playing(lambda _, **how: Ledger.open(store, **how), tmp_path / "memory") as played:
        played.story()
        ledger = played.at("writer")
        assert shown == [ledger.standing(name) for name in ledger.accounts()]
        assert bundled == [played.bundle(name) for name in ledger.accounts()]


def test_scrubbing_is_for_the_owner_and_from_17_on_for_the_eraser(place):
    with place.open("writer") as writer:
        writer.record(SMITH, *two_sides())
    with place.open("eraser") as eraser:
        eraser.redact(SMITH, person="bob")
        (erasure,) = eraser.scrub()
        engine = create_engine(place.url)
        with engine.connect() as connection:
            newer = connection.dialect.server_version_info >= (17,)
        engine.dispose()
        if newer:
            assert erasure.state is ErasureState.SCRUBBED
        else:
            assert (erasure.state, erasure.why) == (ErasureState.RECORDED, NO_OWNER)
    with place.open("owner") as owner:
        owner.scrub()
        assert owner.erasures(SMITH)[0].state is ErasureState.SCRUBBED


# --- what none may do -----------------------------------------------------------------------------

COLUMNS = {name: tuple(t.columns.keys()) for name, t in tables("", None).metadata.tables.items()}
WRITERS = {
    *[("INSERT", name) for name in ("account", "entry", "disclosure", "lookup", "blob", "seen")],
    *[("INSERT", name) for name in ("node", "inbox")],
    ("UPDATE one", "layout"),
    *[(f"UPDATE {column}", "account") for column in ("size", "frontier", "recorded_at")],
    *[(f"UPDATE {column}", "lookup") for column in ("no", "kind")],
    *[(f"UPDATE {column}", "inbox") for column in COLUMNS["inbox"] if column != "id"],
}
SEALERS = {
    *[("INSERT", name) for name in ("given", "receipt", "slot", "sealed", "checkpoint", "tree")],
    ("UPDATE one", "layout"),
    *[(f"UPDATE {column}", "account") for column in ("size", "sealed")],
    *[(f"UPDATE {column}", "given") for column in ("at", "head", "path")],
    ("UPDATE note", "receipt"),
    *[(f"UPDATE {column}", "slot") for column in ("account", "size", "head")],
    *[(f"UPDATE {column}", "checkpoint") for column in COLUMNS["checkpoint"] if column != "size"],
    ("UPDATE hash", "tree"),
}
ERASERS = WRITERS | {("DELETE", name) for name in ("disclosure", "lookup", "blob", "inbox")}
CHANGES = {"writer": WRITERS, "sealer": SEALERS, "eraser": ERASERS, "reader": set()}
UNREAD = {
    "writer": set(),
    "eraser": set(),
    "sealer": {"seen", "inbox"},
    "reader": {"seen", "inbox"},
}


def attempts(place: Place, name: str) -> Iterator[tuple[str, str]]:
    """Statements that change a table, or read it, and what each is called."""
    table = f'"{place.schema}".{place.prefix}{name}' if place.schema else place.prefix + name
    columns = COLUMNS[name]
    yield "SELECT", f"SELECT * FROM {table}"
    yield "INSERT", f"INSERT INTO {table} SELECT {', '.join(['NULL'] * len(columns))} WHERE false"
    for column in columns:
        yield f"UPDATE {column}", f"UPDATE {table} SET {column} = {column}"
    yield "DELETE", f"DELETE FROM {table}"
    yield "TRUNCATE", f"TRUNCATE {table}"
    yield "ALTER", f"ALTER TABLE {table} ADD COLUMN x int"
    yield "RULE", f"CREATE RULE r AS ON INSERT TO {table} DO INSTEAD NOTHING"
    yield (
        "TRIGGER",
        (
            f"CREATE TRIGGER t BEFORE INSERT ON {table} "
            "EXECUTE FUNCTION suppress_redundant_updates_trigger()"
        ),
    )
    yield "DROP", f"DROP TABLE {table}"


def may(connection, statement: str) -> bool:
    """Whether it runs; if not, it is for want of the privilege."""
    try:
        connection.execute(text(statement))
    except ProgrammingError as error:
        if error.orig.sqlstate == "42501":
            return False
        raise
    return True


@pytest.mark.parametrize("role", ROLES)
def test_a_role_can_change_what_its_work_changes_and_nothing_else(place, role):
    with place.open("writer") as writer:
        writer.record(SMITH, *two_sides())
    done = set()
    engine = create_engine(place.url_of(role))
    with engine.connect() as connection:
        for name in COLUMNS:
            for what, statement in attempts(place, name):
                if may(connection, statement):
                    done.add((what, name))
                connection.rollback()
    engine.dispose()
    reads = {("SELECT", name) for name in COLUMNS if name not in UNREAD[role]}
    assert done == CHANGES[role] | reads
    with place.open("owner", recorder=None) as owner:
        assert owner.check() == 7


def test_a_writer_who_sets_a_head_wrong_is_found_out(place):
    with place.open("writer") as writer:
        writer.record(SMITH, *two_sides())
    table = f"{place.schema}.{place.prefix}account" if place.schema else f"{place.prefix}account"
    engine = create_engine(place.url_of("writer"))
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE {table} SET size = size - 1"))
    engine.dispose()
    with place.open("reader", recorder=None) as reader, pytest.raises(Corrupt):
        reader.check()


def test_a_role_at_anothers_work_is_told_so_and_nothing_of_it_stays(place, tmp_path):
    with place.open("writer") as writer:
        writer.record(SMITH, *two_sides())
        with pytest.raises(StoreReadOnly, match=REFUSED):
            writer.redact(SMITH, person="bob")
        assert len(writer.entries(SMITH)) == 7
    keys = {"signer": OURS, "high_water": tmp_path / "acme.high-water"}
    with place.open("writer", **keys) as writer, pytest.raises(StoreReadOnly, match=REFUSED):
        writer.seal()
    with place.open("sealer") as sealer, pytest.raises(StoreReadOnly, match=REFUSED):
        sealer.record(SMITH, mail())
    with place.open("reader") as reader, pytest.raises(StoreReadOnly, match=REFUSED):
        reader.record(SMITH, mail())
    with place.open("owner", recorder=None) as owner:
        assert (owner.check(), owner.checkpoint()) == (7, None)


def test_only_the_owner_makes_a_ledger(empty):
    first = r"^no ledger is in the tables yet, and the role may not make one: let their owner open"
    with pytest.raises(StoreReadOnly, match=first):
        empty.open("writer")
    unmade = r"^the tables are not there, and the role may not make them: let their owner run "
    with pytest.raises(StoreReadOnly, match=unmade):
        Ledger.open(empty.url_of("writer"), prefix="another_", recorder="acme")
    with pytest.raises(StoreReadOnly, match=unmade):
        Ledger.open(empty.url_of("writer"), schema="another", recorder="acme")
    empty.open("owner").close()
    empty.open("writer").close()


# --- the script -----------------------------------------------------------------------------------


def test_running_it_again_takes_away_what_was_granted_beside_it(place):
    name = f"{place.prefix}entry"
    table = f"{place.schema}.{name}" if place.schema else name
    writer = role_name("writer", prefix=place.prefix, schema=place.schema)
    place.psql(f"GRANT DELETE, UPDATE (record) ON {table} TO {writer};")
    place.grant()
    engine = create_engine(place.url_of("writer"))
    for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET record = record"):
        with engine.connect() as connection, pytest.raises(ProgrammingError):
            connection.execute(text(statement))
    engine.dispose()
    with place.open("writer") as ledger:
        assert len(ledger.record(SMITH, *two_sides())) == 5


def test_every_table_is_in_the_script():
    script = roles_script(prefix="x_", schema="s")
    (revoked,) = [line for line in script.splitlines() if line.startswith("REVOKE")]
    assert all(f'"s"."x_{name}"' in revoked for name in COLUMNS)
    assert revoked.count('"s".') == len(COLUMNS)


def test_names_that_do_not_fit_are_refused():
    assert role_name("writer") == "contactledger_writer"
    assert role_name("writer", prefix="x_", schema="s") == "s_x_writer"
    with pytest.raises(BadInput, match=r"^prefix: makes the name of a role longer than 63$"):
        roles_script(prefix="x" * 40, schema="s" * 20)
    with pytest.raises(BadInput, match=r"^schema: must be a-z"):
        roles_script(schema='"; DROP')


def test_the_command_prints_it_for_a_server_alone():
    def run(*arguments):
        return CliRunner().invoke(app, ["migrate", "--roles", *arguments])

    printed = run("postgresql+psycopg://server/db", "--prefix", "x_", "--schema", "s")
    assert (printed.exit_code, printed.stdout) == (0, roles_script(prefix="x_", schema="s"))
    named = run("postgresql+psycopg://server/db?ledger_prefix=x_&ledger_schema=s")
    assert named.stdout == printed.stdout
    refused = run("contacts.db")
    assert str(refused.exception) == "--roles: SQLite has none"
