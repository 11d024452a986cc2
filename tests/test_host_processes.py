"""Threads, forks, workers, pools, PgBouncer: a ledger in the processes that hosts are made of."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from contactledger import Ledger
from contactledger.errors import StoreBusy, StoreContended, StoreError
from contactledger.retrying import TRIES, in_one_transaction
from contactledger.store import connections, forking
from contactledger.store.memory import MemoryStore
from tests import required
from tests.hosting import either
from tests.ledgers import SMITH, Probe, audit, event, mail, two_sides

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


@pytest.fixture(params=["sqlite", "postgres"])
def url(request, tmp_path):
    """A database with a ledger that knows both sides."""
    with either(request.param, request, tmp_path) as url:
        with Ledger.open(url, recorder="acme") as ledger:
            ledger.record(SMITH, *two_sides())
        yield url


@pytest.fixture
def server(postgres_url, request, tmp_path):
    """The same, on PostgreSQL."""
    with either("postgres", request, tmp_path) as url:
        with Ledger.open(url, recorder="acme") as ledger:
            ledger.record(SMITH, *two_sides())
        yield url


def in_a_child(work: Callable[[], object]) -> str:
    """What became of `work` in a forked child: the text of what it gave or raised."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        try:
            said = str(work())
        except BaseException as error:  # noqa: BLE001 - the parent is told
            said = f"{type(error).__name__}: {error}"
        os.write(write, said.encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return said


# --- threads and forks ------------------------------------------------------------------------


def test_threads_share_a_ledger(url):
    with Ledger.open(url, recorder="acme") as ledger, ThreadPoolExecutor(8) as pool:
        entries = list(pool.map(lambda n: ledger.record(SMITH, mail(str(n)))[0].no, range(40)))
        assert sorted(entries) == list(range(7, 47))
        assert audit(ledger, SMITH) == 47


def test_a_ledger_that_was_opened_before_a_fork_works_on_both_sides_of_it(url):
    with Ledger.open(url, recorder="acme") as ledger:
        ledger.record(SMITH, mail("before"))
        assert in_a_child(lambda: ledger.record(SMITH, mail("child"))[0].no) == "8"
        ledger.record(SMITH, mail("after"))
        assert in_a_child(lambda: ledger.check(SMITH)) == "10"
        assert audit(ledger, SMITH) == 10


def test_forked_children_write_at_the_same_time_as_their_parent(url):
    with Ledger.open(url, recorder="acme") as ledger, ThreadPoolExecutor(3) as pool:

        def child(name: str) -> str:
            return in_a_child(lambda: [ledger.record(SMITH, mail(f"{name}{n}")) for n in range(5)])

        assert not [said for said in pool.map(child, "abc") if "Error" in said]
        for number in range(5):
            ledger.record(SMITH, mail(f"parent{number}"))
        assert audit(ledger, SMITH) == 27


def test_a_hosts_connection_that_was_opened_before_a_fork_is_refused_in_the_child(url):
    engine = create_engine(url)
    with engine.connect() as connection:
        ledger = Ledger.open(connection, recorder="acme")
        ledger.record(SMITH, mail("before"))
        assert in_a_child(lambda: ledger.record(SMITH, mail("child"))) == (
            "StoreError: the host's connection was opened before this process was forked; "
            "open one in this process"
        )
        ledger.record(SMITH, mail("after"))
        connection.commit()
        assert audit(ledger, SMITH) == 9
    engine.dispose()


def test_what_a_child_does_after_a_fork_seen_from_inside(tmp_path):
    """The same again without a fork, which hides from the measuring of coverage."""
    url = f"sqlite:///{tmp_path}/host.db"
    engine = create_engine(url)
    with Ledger.open(engine, recorder="acme") as ledger, engine.connect() as connection:
        ledger.record(SMITH, *two_sides())
        before = ledger._store._connections.engine.pool
        forking.after_fork()
        assert ledger._store._connections.engine.pool is not before
        assert before in connections._PARENTS
        assert audit(ledger, SMITH) == 7
        joined = Ledger.open(connection, recorder="acme")
        connection.connection.info[connections._PROCESS] = os.getpid() + 1
        with pytest.raises(StoreError, match="opened before this process was forked"):
            joined.check()
        connection.rollback()
    engine.dispose()
    connections._PARENTS.remove(before)
    before.dispose()


WORKER = """
import os, sys
from celery import Celery
from contactledger import Channel, Ledger, Touch
app = Celery(broker="memory://", backend="cache+memory://")
ledger = Ledger.open(os.environ["DATABASE"], recorder="acme")     # in the parent, before the fork
ledger.entries("smith-motors")

@app.task(name="call")
def call(key):
    return ledger.record("smith-motors", Touch(to="bob", channel=Channel.PHONE, key=key))[0].no
"""


def test_celerys_pool_of_processes_uses_a_ledger_that_its_parent_opened(server, tmp_path):
    (tmp_path / "worker.py").write_text(WORKER)
    run = (
        "import worker\n"
        "from billiard.pool import Pool\n"
        "with Pool(3) as pool:\n"
        "    done = pool.map(worker.call, [f'call-{n}' for n in range(12)])\n"
        "print(sorted(done))\n"
        "print(worker.call.apply(args=['last']).get())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", run],
        cwd=tmp_path,
        env={**os.environ, "DATABASE": server, "PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr) == (f"{list(range(7, 19))}\n19\n", "")
    with Ledger.open(server, recorder="acme") as ledger:
        assert audit(ledger, SMITH) == 20


# --- pools, reconnects, time limits --------------------------------------------------------------


def end_all(url: str) -> None:
    """The server ends every connection to this database but ours."""
    engine = create_engine(url)
    with engine.connect() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    engine.dispose()


@pytest.mark.parametrize("kind", ["url", "engine"])
def test_connections_that_the_server_ended_while_idle_are_replaced_unseen(kind, server):
    engine = create_engine(server)
    with Ledger.open(server if kind == "url" else engine, recorder="acme") as ledger:
        with ThreadPoolExecutor(4) as pool:  # several in the pool
            list(pool.map(lambda n: ledger.record(SMITH, mail(f"a{n}")), range(12)))
        end_all(server)
        ledger.record(SMITH, mail("b"))
        end_all(server)
        assert audit(ledger, SMITH) == 20
        end_all(server)
        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(lambda _: ledger.check(SMITH), range(8))) == [20] * 8
    engine.dispose()


def test_a_pool_that_is_used_up_is_busy(server):
    engine = create_engine(server, pool_size=1, max_overflow=0, pool_timeout=0.2)
    ledger = Ledger.open(engine, recorder="acme")
    with engine.connect(), pytest.raises(StoreBusy, match="all connections"):
        ledger.record(SMITH, mail("a"))
    ledger.record(SMITH, mail("b"))
    assert audit(ledger, SMITH) == 8
    engine.dispose()


def test_a_statement_that_takes_longer_than_the_hosts_limit_is_busy_and_leaves_nothing(server):
    limited = create_engine(server, connect_args={"options": "-c statement_timeout=300"})
    ledger = Ledger.open(limited, recorder="acme")
    blocker = create_engine(server)
    with blocker.connect() as connection:
        connection.exec_driver_sql("SELECT * FROM contactledger_account FOR UPDATE")
        with pytest.raises(StoreBusy, match="its own time limit"):
            ledger.record(SMITH, mail("a"))
    assert audit(ledger, SMITH) == 7
    limited.dispose()
    blocker.dispose()


# --- given up for another's sake -----------------------------------------------------------------


class Contended(MemoryStore):
    """A store whose first transactions are given up."""

    def __init__(self, times: int, *, commits: bool = True) -> None:
        super().__init__()
        self.times, self.own = times, commits

    @property
    def commits(self) -> bool:
        return self.own

    def write(self, _: object) -> str:
        self.times -= 1
        if self.times >= 0:
            raise StoreContended("two transactions waited for each other; try again")
        return "written"


@pytest.mark.parametrize("times", range(TRIES))
def test_a_transaction_of_ours_is_done_again_a_bounded_number_of_times(times):
    store = Contended(times)
    assert in_one_transaction(store, store.write) == "written"


def test_then_and_in_a_hosts_transaction_at_once_the_caller_is_told():
    for store, left in ((Contended(TRIES), 0), (Contended(TRIES, commits=False), TRIES - 1)):
        with pytest.raises(StoreContended):
            in_one_transaction(store, store.write)
        assert store.times == left


class Unlucky(MemoryStore):
    """A store that gives transactions up at their end, as often as it is told."""

    times = 0

    @contextmanager
    def begin(self, *, write: bool):
        with super().begin(write=write) as tx:
            yield tx
            if write and self.times:
                self.times -= 1
                raise StoreContended("another transaction came in between; try again")


def test_what_is_done_again_is_on_record_once():
    store = Unlucky()
    ledger = Ledger.open(store, recorder="acme")
    store.times = 3
    ledger.record(SMITH, *two_sides())
    store.times = 2
    (touch,) = ledger.record(SMITH, mail("a"))
    store.times = 3
    (signal,) = ledger.receive(Probe(event(token=touch.id)), {}, b"{}").recorded
    assert (store.times, touch.no, signal.no, audit(ledger, SMITH)) == (0, 7, 8, 9)


def test_a_deadlock_with_a_host_is_solved_by_trying_again(server, caplog):
    caplog.set_level("INFO", logger="contactledger")
    engine = create_engine(server, connect_args={"options": "-c deadlock_timeout=500ms"})
    ledger = Ledger.open(engine, recorder="acme")
    ledger.record("other", *two_sides())
    with ledger._store.begin(write=False) as tx:
        first, second = sorted(ledger._accounts.must_find(name, tx) for name in (SMITH, "other"))
    patient = create_engine(server, connect_args={"options": "-c deadlock_timeout=60s"})
    lock = "SELECT * FROM contactledger_account WHERE account = %s FOR UPDATE"
    with patient.connect() as host, ThreadPoolExecutor(1) as pool:
        host.exec_driver_sql(lock, (second,))
        given = {SMITH: [mail("a")], "other": [mail("b")]}
        writing = pool.submit(ledger.record_many, given)  # has the first, waits for the second
        while not waiting(patient):
            time.sleep(0.01)
        host.exec_driver_sql(lock, (first,))  # the wrong way round
        host.commit()
        assert [len(entries) for entries in writing.result(30).values()] == [1, 1]
    assert "retry" in [getattr(r, "contactledger_event", "") for r in caplog.records]
    assert (audit(ledger, SMITH), audit(ledger, "other")) == (8, 8)
    engine.dispose()
    patient.dispose()


def waiting(engine) -> bool:
    """Whether anybody waits for a lock."""
    with engine.connect() as connection:
        asked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        return bool(connection.exec_driver_sql(asked).scalar())


# --- PgBouncer -----------------------------------------------------------------------------------


@pytest.fixture
def bouncer(server, tmp_path_factory):
    """A real PgBouncer in transaction mode, of two connections, before the server."""
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        required.absent("pgbouncer", "install it (Debian: apt-get install pgbouncer)")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = make_url(server)
    folder = Path(url.query["host"])
    (folder / "users.txt").write_text('"ledger" ""\n')
    (folder / "bouncer.ini").write_text(
        f"[databases]\n{url.database} = host={folder} user=ledger\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = trust\nauth_file = {folder}/users.txt\n"
        "pool_mode = transaction\ndefault_pool_size = 2\n"
    )
    who = {}
    if os.geteuid() == 0:
        who = {"user": folder.stat().st_uid, "group": folder.stat().st_gid, "extra_groups": []}
    process = subprocess.Popen(
        [program, "-q", folder / "bouncer.ini"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **who,
    )
    for _ in range(500):
        with socket.socket() as probe:
            if not probe.connect_ex(("127.0.0.1", port)):
                break
        time.sleep(0.01)
    yield f"postgresql+psycopg://ledger@127.0.0.1:{port}/{url.database}"
    process.terminate()
    process.wait(10)


def test_a_session_that_a_pgbouncer_lends_out_keeps_no_setting_of_ours(bouncer, server):
    def limits():
        """What two sessions lent out at the same time have, as somebody else gets them."""
        with engine.connect() as one, engine.connect() as two:
            names = ("lock_timeout", "enable_seqscan", "jit")
            asked = [f"SELECT current_setting('{name}')" for name in names]
            return [[c.exec_driver_sql(a).scalar_one() for a in asked] for c in (one, two)]

    engine = create_engine(bouncer, connect_args={"prepare_threshold": None})
    with Ledger.open(bouncer, recorder="acme") as ledger:
        ledger.record("pooled", *two_sides())
        assert limits() == [["0", "on", "on"]] * 2
    engine.dispose()


@pytest.mark.parametrize("kind", ["url", "engine"])
def test_many_threads_through_a_pgbouncer_in_transaction_mode(kind, bouncer):
    engine = create_engine(bouncer, connect_args={"prepare_threshold": None})
    ledger = Ledger.open(bouncer if kind == "url" else engine, recorder="acme")
    with ThreadPoolExecutor(6) as pool:
        numbers = list(pool.map(lambda n: ledger.record(SMITH, mail(str(n)))[0].no, range(48)))
    ledger.record(SMITH, *[mail(f"m{n}") for n in range(300)])
    assert sorted(numbers) == list(range(7, 55))
    assert audit(ledger, SMITH) == ledger.check(SMITH) == 355
    ledger.close()
    engine.dispose()
