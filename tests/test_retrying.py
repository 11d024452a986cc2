"""Which of our own transactions are done again, and which failures the caller is told."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from contactledger.errors import (
    StoreBusy,
    StoreContended,
    StoreError,
    StoreFull,
    StoreInDoubt,
    StoreLost,
)
from contactledger.retrying import IN_DOUBT, TRIES, in_one_transaction
from contactledger.store.memory import MemoryStore

CONTENDED, LOST = StoreContended("given up"), StoreLost("ended")


class Scripted(MemoryStore):
    """A store whose transactions fail in turn, each at its step; `own` ones or a host's."""

    def __init__(self, *failures: tuple[str, StoreError], own: bool = True) -> None:
        super().__init__()
        self.failures, self.own, self.begun = list(failures), own, 0

    @property
    def commits(self) -> bool:
        return self.own

    def _fail(self, step: str) -> None:
        if self.failures and self.failures[0][0] == step:
            raise self.failures.pop(0)[1]

    @contextmanager
    def begin(self, *, write: bool):
        self.begun += 1
        self._fail("begin")
        with super().begin(write=write) as tx:
            yield tx
            self._fail("commit")

    def work(self, _: object) -> str:
        self._fail("work")
        return "done"


def outcome(store: Scripted, **how: bool) -> tuple[object, int]:
    """What came of it, and how often it was begun."""
    try:
        return in_one_transaction(store, store.work, **how), store.begun
    except StoreError as error:
        return error, store.begun


@pytest.mark.parametrize("times", range(TRIES))
@pytest.mark.parametrize("failure", [("work", CONTENDED), ("commit", CONTENDED), ("work", LOST)])
def test_what_was_surely_not_written_is_done_again_a_bounded_number_of_times(failure, times):
    assert outcome(Scripted(*[failure] * times)) == ("done", times + 1)


@pytest.mark.parametrize("failure", [("work", CONTENDED), ("commit", CONTENDED), ("work", LOST)])
def test_then_the_caller_is_told(failure):
    assert outcome(Scripted(*[failure] * TRIES)) == (failure[1], TRIES)


@pytest.mark.parametrize("failure", [("work", CONTENDED), ("work", LOST), ("commit", LOST)])
def test_in_a_hosts_transaction_nothing_is_done_again(failure):
    assert outcome(Scripted(failure, own=False), idempotent=True) == (failure[1], 1)


@pytest.mark.parametrize("error", [StoreBusy("held"), StoreFull("no room")])
def test_what_would_fail_again_is_told_at_once(error):
    assert outcome(Scripted(("work", error))) == (error, 1)


def test_a_server_that_cannot_be_reached_is_not_waited_for():
    assert outcome(Scripted(("begin", LOST))) == (LOST, 1)
    assert outcome(Scripted(("work", LOST), ("begin", LOST)), idempotent=True) == (LOST, 2)


def test_a_commit_of_which_nobody_knows_is_the_callers_to_judge():
    error, begun = outcome(Scripted(("commit", LOST)))
    assert (type(error), str(error), begun) == (StoreInDoubt, IN_DOUBT, 1)
    assert (error.__cause__, error.__context__) == (None, None)


def test_where_doing_it_again_changes_nothing_it_is_done_again():
    assert outcome(Scripted(("commit", LOST)), idempotent=True) == ("done", 2)
    given_up = Scripted(("commit", LOST), ("work", CONTENDED), ("commit", LOST))
    assert outcome(given_up, idempotent=True) == ("done", 4)


@pytest.mark.parametrize("then", [("begin", LOST), ("work", StoreFull("no room"))])
def test_a_doubt_stays_a_doubt_whatever_comes_after_it(then):
    error, begun = outcome(Scripted(("commit", LOST), then), idempotent=True)
    assert (type(error), begun) == (StoreInDoubt, 2)
