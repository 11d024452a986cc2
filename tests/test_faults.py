"""Faults of a real server, one at a time: commits cut off, deadlocks, restarts, a full disk."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import create_engine

from contactledger import Ledger, open_bundle
from contactledger.countersigning import countersign
from contactledger.errors import BadFact, StoreFull, StoreInDoubt, StoreLost
from contactledger.facts import Preference
from contactledger.store.statements import statements
from contactledger.testing import FixedClock
from contactledger.vocabulary import Channel
from tests import postgres, required
from tests.campaign.disk import HOW, mountable, small_disk
from tests.campaign.proxy import COMMIT, Proxy
from tests.hosting import database
from tests.ledgers import SMITH, Probe, audit, event, mail, two_sides
from tests.signing import signer

OTHER = "other"
OURS, THEIRS = signer("acme.example/ledger"), signer("smith.example/ledger")
LOCKS_ACCOUNT = b"SET size = size"
CLAIMS = statements("contactledger_", None, "%s").claim.encode()


@pytest.fixture
def url(postgres_url):
    """An empty database on a real server."""
    with database(postgres_url) as url:
        yield url


def opened(url, folder) -> Ledger:
    return Ledger.open(
        url, recorder="acme", signer=OURS, high_water=folder / "mark", clock=FixedClock()
    )


class Both:
    """A ledger with two accounts, reached directly and through a proxy that cuts when told."""

    def __init__(self, url: str, folder: Path, at: bytes) -> None:
        self.ledger = opened(url, folder)
        self.touches = [
            self.ledger.record(name, *two_sides(), mail(key="first"))[-1] for name in (SMITH, OTHER)
        ]
        self.ledger.seal()
        self.cuts: list[str] = []
        self.proxy = Proxy(url, lambda: self.cuts.pop() if self.cuts else None, at=at)
        self.through = opened(self.proxy.url, folder)

    def close(self) -> None:
        for ledger in (self.ledger, self.through):
            ledger.close()
        self.proxy.close()

    def probe(self) -> Probe:
        """A file with a delivery of each account's touch."""
        return Probe(*(event(token=touch.id, at=touch.at) for touch in self.touches))

    def bundle(self, ledger: Ledger) -> io.BytesIO:
        file = io.BytesIO()
        ledger.bundle(SMITH, to="bob").write(file)
        return file

    def receipt(self) -> bytes:
        bundle = open_bundle(self.bundle(self.ledger), trust=OURS.key)
        return countersign(bundle, THEIRS, FixedClock()()).data

    def kinds(self, account: str) -> list[str]:
        return [entry.kind for entry in self.ledger.entries(account)][8:]


@contextmanager
def both(url: str, folder: Path, at: bytes) -> Iterator[Both]:
    made = Both(url, folder, at)
    try:
        yield made
        assert made.proxy.cuts == 1
        made.ledger.check()
    finally:
        made.close()


# --- the connection is lost at COMMIT ---------------------------------------------------------


@pytest.mark.parametrize("cut", ["unsent", "sent", "done"])
def test_a_commit_cut_off_is_in_doubt_and_the_same_facts_again_are_there_once(url, tmp_path, cut):
    with both(url, tmp_path, COMMIT) as pair:
        pair.cuts.append(cut)
        given = {SMITH: [mail("a")], OTHER: [mail("b")]}
        with pytest.raises(StoreInDoubt):
            pair.through.record_many(given)
        again = pair.through.record_many(given)
        assert [entries[0].no for entries in again.values()] == [8, 8]
        assert (audit(pair.ledger, SMITH), audit(pair.ledger, OTHER)) == (9, 9)


@pytest.mark.parametrize("cut", ["unsent", "sent", "done"])
def test_a_seal_whose_commit_is_cut_off_is_made_all_the_same_and_once(url, tmp_path, cut):
    with both(url, tmp_path, COMMIT) as pair:
        before = pair.ledger.checkpoint().checkpoint.size
        pair.ledger.record(SMITH, mail("a"))
        pair.cuts.append(cut)
        sealed = pair.through.seal()
        assert sealed.checkpoint.size == before + 1
        assert pair.ledger.seal() == sealed


@pytest.mark.parametrize("cut", ["unsent", "sent", "done"])
def test_a_countersignature_whose_commit_is_cut_off_is_kept_all_the_same(url, tmp_path, cut):
    with both(url, tmp_path, COMMIT) as pair:
        receipt = pair.receipt()
        pair.cuts.append(cut)
        accepted = pair.through.accept(receipt, trust=THEIRS.key)
        assert pair.ledger.accept(receipt, trust=THEIRS.key) == accepted


def test_an_import_and_a_merge_in_doubt_are_told_and_not_done_twice(url, tmp_path):
    with both(url, tmp_path, COMMIT) as pair:
        pair.cuts.append("done")
        with pytest.raises(StoreInDoubt):
            pair.through.import_(pair.probe(), b"{}", dry_run=False)
        again = pair.through.import_(pair.probe(), b"{}", dry_run=False)
        assert (again.recorded, again.repeated) == ((), 2)
        assert pair.kinds(SMITH) == pair.kinds(OTHER) == ["signal"]
        pair.cuts.append("done")
        with pytest.raises(StoreInDoubt):
            pair.through.merge_accounts(SMITH, OTHER)
        with pytest.raises(BadFact, match="one already"):
            pair.through.merge_accounts(SMITH, OTHER)
        pair.proxy.cuts -= 1


# --- the connection is lost before ------------------------------------------------------------


WORKS: dict[str, tuple[bytes, Callable[[Both], object]]] = {
    "record": (LOCKS_ACCOUNT, lambda pair: pair.through.record(SMITH, mail())),
    "receive": (LOCKS_ACCOUNT, lambda pair: pair.through.receive(pair.probe(), {}, b"{}")),
    "import": (
        LOCKS_ACCOUNT,
        lambda pair: pair.through.import_(pair.probe(), b"{}", dry_run=False),
    ),
    "merge": (LOCKS_ACCOUNT, lambda pair: pair.through.merge_accounts(SMITH, OTHER)),
    "bundle": (LOCKS_ACCOUNT, lambda pair: pair.bundle(pair.through)),
    "tidy": (b"received_at <= ", lambda pair: pair.through.tidy()),
}
LEAVES = {"record": "touch", "receive": "signal", "import": "signal"}


@pytest.mark.parametrize("name", WORKS)
def test_a_connection_lost_before_the_commit_is_not_even_noticed(url, tmp_path, name):
    at, work = WORKS[name]
    with both(url, tmp_path, at) as pair:
        pair.cuts.append("done")
        work(pair)
        left = [LEAVES[name]] if name in LEAVES else []
        assert name == "merge" or pair.kinds(SMITH) == left


def test_taking_an_import_back_goes_on_as_well(url, tmp_path):
    with both(url, tmp_path, LOCKS_ACCOUNT) as pair:
        batch = pair.ledger.import_(pair.probe(), b"{}", dry_run=False).batch
        pair.cuts.append("done")
        assert [entry.kind for entry in pair.through.take_back(batch)] == ["retraction"] * 2
        assert pair.kinds(SMITH) == pair.kinds(OTHER) == ["signal", "retraction"]


def test_sealing_goes_on_as_well(url, tmp_path):
    with both(url, tmp_path, CLAIMS) as pair:
        pair.ledger.record(SMITH, mail())
        pair.cuts.append("done")
        assert pair.through.seal() == pair.ledger.checkpoint()


def test_a_new_ledger_is_made_once_though_the_connection_is_lost_meanwhile(url):
    cuts = ["done"]
    made = b'INSERT INTO "contactledger_ledger"'
    proxy = Proxy(url, lambda: cuts.pop() if cuts else None, at=made)
    with (
        Ledger.open(proxy.url, recorder="acme") as ledger,
        Ledger.open(url, recorder="acme") as other,
    ):
        assert ledger._row == other._row
    assert (proxy.cuts, cuts) == (1, [])
    proxy.close()


# --- deadlocks, and who waits for whom ----------------------------------------------------------


class Crowd:
    """A ledger whose connections give way in a deadlock, and a host that does not."""

    def __init__(self, url: str, folder: Path) -> None:
        hasty, patient = (f"{url}&options=-c deadlock_timeout={t}" for t in ("500ms", "60s"))
        self.engine, self.others = create_engine(hasty), create_engine(patient)
        self.ledger = opened(self.engine, folder)
        self.touches = [
            self.ledger.record(name, *two_sides(), mail(key="first"))[-1] for name in (SMITH, OTHER)
        ]
        self.ids = sorted(touch.account for touch in self.touches)
        self.host = self.others.connect()
        self.pool = ThreadPoolExecutor(2)

    def close(self) -> None:
        self.host.close()
        self.pool.shutdown()
        self.ledger.close()
        self.engine.dispose()
        self.others.dispose()

    def lock(self, account: str) -> None:
        text = "SELECT * FROM contactledger_account WHERE account = %s FOR UPDATE"
        self.host.exec_driver_sql(text, (account,))

    def begin(self, work: Callable[[], object], waiting: int = 1) -> Future[object]:
        """Let it run until so many wait for the host."""
        future = self.pool.submit(work)
        asked = (
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
            "AND datname = current_database()"
        )
        with self.others.connect() as connection:
            while connection.exec_driver_sql(asked).scalar_one() < waiting:
                assert not future.done(), future.result()
                time.sleep(0.01)
                connection.rollback()
        return future


@pytest.fixture
def retries(caplog):
    """How often a transaction was done again, as the log has it."""
    caplog.set_level("INFO", logger="contactledger")
    return lambda: [getattr(r, "contactledger_event", "") for r in caplog.records].count("retry")


@pytest.fixture
def crowd(url, tmp_path):
    made = Crowd(url, tmp_path)
    yield made
    made.close()


def probe(crowd: Crowd) -> Probe:
    return Probe(*(event(token=touch.id, at=touch.at) for touch in crowd.touches))


TWO: dict[str, Callable[[Crowd], object]] = {
    "merge": lambda crowd: len(crowd.ledger.merge_accounts(SMITH, OTHER)),
    "import": lambda crowd: len(crowd.ledger.import_(probe(crowd), b"{}", dry_run=False).recorded),
}


@pytest.mark.parametrize("name", TWO)
def test_a_deadlock_over_two_accounts_is_solved_by_doing_it_again(crowd, retries, name):
    first, second = crowd.ids
    crowd.lock(second)
    work = crowd.begin(lambda: TWO[name](crowd))  # has the first, waits for the second
    crowd.lock(first)  # the wrong way round
    crowd.host.commit()
    assert work.result(30) == {"merge": 1, "import": 2}[name]
    assert retries() == 1
    assert crowd.ledger.check() == {"merge": 17, "import": 18}[name]


def test_a_deadlock_while_an_import_is_taken_back_is_solved_by_doing_it_again(crowd, retries):
    batch = crowd.ledger.import_(probe(crowd), b"{}", dry_run=False).batch
    first, second = crowd.ids
    crowd.lock(second)
    work = crowd.begin(lambda: len(crowd.ledger.take_back(batch)))
    crowd.lock(first)
    crowd.host.commit()
    assert (work.result(30), retries(), crowd.ledger.check()) == (2, 1, 20)


def test_a_deadlock_while_sealing_is_solved_by_doing_it_again(crowd, retries):
    crowd.lock(crowd.ids[0])
    work = crowd.begin(crowd.ledger.seal)  # has claimed the ledger, waits for the account
    crowd.host.exec_driver_sql("SELECT * FROM contactledger_layout FOR UPDATE")
    crowd.host.commit()
    assert work.result(30) == crowd.ledger.checkpoint()
    assert (retries(), crowd.ledger.check()) == (1, 16)


def test_two_accounts_merged_into_each_other_at_the_same_time_are_merged_once(crowd):
    for account in crowd.ids:
        crowd.lock(account)
    one = crowd.begin(lambda: crowd.ledger.merge_accounts(SMITH, OTHER))
    other = crowd.begin(lambda: crowd.ledger.merge_accounts(OTHER, SMITH), waiting=2)
    crowd.host.commit()
    refused = [future.exception(30) for future in (one, other)]
    assert sorted(map(str, refused)) == [
        "None",
        "account: must be two accounts that are not one already",
    ]
    assert crowd.ledger.entries(SMITH) == crowd.ledger.entries(OTHER)
    assert crowd.ledger.check() == 17


def test_an_account_that_is_merged_away_meanwhile_is_followed(crowd, retries):
    crowd.ledger.record("third", *two_sides()[:1])
    crowd.lock(crowd.touches[1].account)
    away = crowd.begin(lambda: crowd.ledger.merge_accounts(OTHER, "third"))
    merged = crowd.begin(lambda: crowd.ledger.merge_accounts(SMITH, OTHER), waiting=2)
    crowd.host.commit()
    *_, first = away.result(30)
    *_, second = merged.result(30)
    assert (first.fact.to, second.fact.to) == (crowd.ledger.entries("third")[0].account,) * 2
    assert retries() == 1


def test_an_opt_out_that_is_said_while_accounts_are_merged_is_not_left_behind(crowd):
    crowd.ledger.record("third", *two_sides()[:3])
    account = crowd.touches[0].account
    crowd.lock(account)
    said = Preference("bob", consent=False, scope_channels=(Channel.EMAIL,))
    asked = crowd.begin(lambda: crowd.ledger.record(SMITH, said))
    merged = crowd.begin(lambda: crowd.ledger.merge_accounts(SMITH, "third"), waiting=2)
    crowd.host.commit()
    asked.result(30)
    introduced = [entry.kind for entry in merged.result(30)]
    assert introduced == ["person", "person", "preference", "moved"]


def test_an_import_that_two_take_back_at_once_is_taken_back_once(crowd):
    batch = crowd.ledger.import_(probe(crowd), b"{}", dry_run=False).batch
    for account in crowd.ids:
        crowd.lock(account)
    both = [crowd.begin(lambda: crowd.ledger.take_back(batch), waiting=n) for n in (1, 2)]
    crowd.host.commit()
    assert sorted(len(future.result(30)) for future in both) == [0, 2]


# --- a server that goes away, a disk that gets full -----------------------------------------------


def until_refused(ledger: Ledger, key: str, text: str) -> int:
    """Record one after another until the database fails; how many it took."""
    for done in count():
        try:
            ledger.record(SMITH, mail(f"{key}-{done}", about=text))
        except (StoreFull, StoreLost):
            return done
    raise AssertionError


@contextmanager
def cluster(folder: Path) -> Iterator[postgres.Cluster]:
    programs = postgres.programs()
    if programs is None:
        required.absent("postgres", postgres.HOW)
    folder.chmod(0o755)
    made = postgres.Cluster(programs, folder, settings="-c fsync=off -c max_wal_size=64MB")
    made.start()
    try:
        yield made
    finally:
        made.stop()


def test_a_server_that_is_away_is_lost_at_once_and_found_again_when_it_is_back():
    with TemporaryDirectory() as folder, cluster(Path(folder)) as server:
        ledger = Ledger.open(server.url, recorder="acme")
        ledger.record(SMITH, *two_sides())
        server.kill()
        until_refused(ledger, "away", "x")  # its processes end when they notice
        with pytest.raises(StoreLost):
            ledger.entries(SMITH)
        server.start_again()
        (touch,) = ledger.record(SMITH, mail("back"))
        server.stop()
        server.start()
        assert ledger.record(SMITH, mail("back")) == (touch,)
        assert ledger.check() == audit(ledger, SMITH) == touch.no + 1
        ledger.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_disk_that_is_full_takes_nothing_loses_nothing_and_goes_on_when_there_is_room(kind):
    if not mountable():
        required.absent("mount", HOW)
    with TemporaryDirectory() as name, small_disk(Path(name), 120) as disk:
        disk.folder.chmod(0o755)
        if kind == "sqlite":
            full(f"sqlite:///{name}/contacts.db", disk, lambda: None)
        else:
            with cluster(Path(name)) as server:

                def restart() -> None:
                    if not server.runs():  # without room for its own log it gives up
                        server.start_again()

                full(server.url, disk, restart)


def full(url: str, disk, room_again: Callable[[], None]) -> None:
    text = "x" * 20_000
    with Ledger.open(url, recorder="acme") as ledger:
        ledger.record(SMITH, *two_sides())
        disk.fill()
        done = until_refused(ledger, "mail", text)  # a little goes into what is there
        disk.free()
        room_again()
        again = [ledger.record(SMITH, mail(f"mail-{n}", about=text))[0] for n in range(done + 2)]
        assert [entry.no for entry in again] == list(range(7, done + 9))
        assert ledger.check() == audit(ledger, SMITH) == done + 9
