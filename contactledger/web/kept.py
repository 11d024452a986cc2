"""What accounts were judged, kept for the next visitor as long as it is true, and no longer.

A page of an account is mostly judging, and judging gives the same until something is put on
record or time runs out for something that is pending. So it is kept in the memory of the
process, with what it was made from and with the moment until which it holds
(`judge.gist.valid_until`). Whoever asks looks at the heads of the account's log and of the
house's first: they tell what any process put on record, erasures among it.

Nothing kept is more than a cache, and small: `ACCOUNTS` of them, `ENTRIES` in all beside those of
the longest (judged anew for each visitor, it would cost the most). The least lately asked for is
dropped first, and what nobody asked for in `KEEP_SECONDS` goes at the next request of any kind,
since it holds what people wrote, which may be erased meanwhile.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from threading import Lock
from typing import cast

from attrs import evolve, field, frozen

from contactledger.facts import Coverage, Entry, Moved
from contactledger.findings import Standing
from contactledger.following import Log
from contactledger.judge.gaps import gaps
from contactledger.judge.gist import micros, valid_until
from contactledger.judge.policy import parse_policy
from contactledger.judge.questions import Judged, judged_already
from contactledger.judge.standing import standing
from contactledger.ledger import Ledger
from contactledger.web import behind

ACCOUNTS = 64
ENTRIES = 20_000
"""Of all accounts that are kept but the longest: about 50 MB with what was judged of them."""
KEEP_SECONDS = 600.0
_STRIPES = 16
"""So many accounts are judged at a time; of one only one visitor waits for the judge."""


@frozen(eq=False)
class Kept:
    """An account as it was judged at a moment: true from then until `until` (microseconds since
    1970), as long as the logs are these."""

    logs: tuple[Log, Log]
    judged: Judged = field(repr=False)
    standing: Standing = field(repr=False)
    until: int

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The entries of the account."""
        return self.logs[0].entries

    @property
    def goes_on(self) -> bool:
        """Whether the log says that the account goes on in another's."""
        return any(isinstance(entry.fact, Moved) for entry in self.entries)

    @property
    def house(self) -> tuple[Entry, ...]:
        """The entries of the house."""
        return self.logs[1].entries

    def holds(self, logs: tuple[Log, Log], now: datetime) -> bool:
        """Whether judging these logs now would give the same."""
        same = logs[0] is self.logs[0] and logs[1] is self.logs[1]
        return same and micros(self.standing.as_of) <= micros(now) < self.until

    def at(self, now: datetime) -> Kept:
        """The same as of a moment at which it holds; `Case.days_held` alone is still that of
        when it was judged, as it grows with every moment."""
        asked = evolve(self.judged, view=evolve(self.judged.view, as_of=now))
        return evolve(self, judged=asked, standing=evolve(self.standing, as_of=now))


def judge(account: str, logs: tuple[Log, Log], now: datetime) -> Kept:
    """What these logs come to as of a moment."""
    entries, house = logs[0].entries, logs[1].entries
    stood = standing(entries, now, house=house, account=account)
    asked = judged_already(stood, entries, house)
    until = micros(now) if _tolerant(asked) else valid_until(
        asked, entries, house, _edges(asked.view.coverage)
    )  # fmt: skip
    return Kept(logs, asked, stood, until)


def _edges(coverage: Sequence[Entry]) -> Iterator[datetime]:
    """The moments at which a word of a collector begins or ends."""
    for entry in coverage:
        fact = cast(Coverage, entry.fact)
        yield from (at for at in (entry.at, fact.since, fact.until) if at is not None)
        if fact.interval_seconds is not None:
            yield entry.at + timedelta(seconds=fact.interval_seconds)


def _tolerant(asked: Judged) -> bool:
    """Whether blindness that goes on will only count once it was longer than a policy tolerates:
    when, depends on all of it together, so nothing is kept meanwhile."""
    if all(gap.until is not None or gap.state != "blind" for gap in gaps(asked.view)):
        return False
    return any(parse_policy(one.text).coverage_tolerance for one in asked.view.policies)


class Keeper:
    """Keeps what was judged of the accounts of one ledger. Threads may share it."""

    def __init__(
        self,
        ledger: Ledger,
        *,
        accounts: int = ACCOUNTS,
        entries: int = ENTRIES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ledger = ledger
        self._most = accounts, entries
        self._clock = clock
        self._kept: OrderedDict[str, tuple[float, Kept]] = OrderedDict()
        self._lock = Lock()
        self._stripes = [Lock() for _ in range(_STRIPES)]

    def of(self, account: str) -> Kept:
        """The account with this id, judged as of now. NotFound, Archived."""
        found = self._true(account)
        if found is None:
            with self._stripes[hash(account) % _STRIPES]:
                found = self._true(account) or self._made(account)
        return found

    def entries(self, account: str) -> tuple[Entry, ...]:
        """Its entries as they are now, for a page that needs no verdict: if it is kept, no more is
        read than what is new. NotFound, Archived."""
        return self._logs(account, self._known(account))[0].entries

    def _true(self, account: str) -> Kept | None:
        """What is kept of the account, if that is true now."""
        known = self._known(account)
        if known is None:
            return None
        logs = self._logs(account, known)
        now = behind.now(self._ledger)
        return known.at(now) if known.holds(logs, now) else None

    def _made(self, account: str) -> Kept:
        logs = self._logs(account, self._known(account))
        made = judge(account, logs, behind.now(self._ledger))
        self._keep(account, made)
        return made

    def _logs(self, account: str, known: Kept | None) -> tuple[Log, Log]:
        try:
            return behind.logs(self._ledger, account, None if known is None else known.logs)
        except BaseException:
            self._drop(account)  # archived, or the ledger is another
            raise

    # --- what is kept ----------------------------------------------------------------------

    def _known(self, account: str) -> Kept | None:
        with self._lock:
            found = self._kept.get(account)
            if found is None:
                return None
            self._kept[account] = (self._clock(), found[1])
            self._kept.move_to_end(account)
            return found[1]

    def _keep(self, account: str, made: Kept) -> None:
        self._drop(account)
        with self._lock:
            self._kept[account] = (self._clock(), made)
            while len(self._kept) > self._most[0] or self._beside_the_longest() > self._most[1]:
                self._kept.popitem(last=False)

    def _drop(self, account: str) -> None:
        with self._lock:
            self._kept.pop(account, None)

    def _beside_the_longest(self) -> int:
        sizes = [len(one.entries) for _, one in self._kept.values()]
        return sum(sizes) - max(sizes)

    def tidy(self) -> None:
        """Drop what nobody asked for in a while."""
        with self._lock:
            limit = self._clock() - KEEP_SECONDS
            while self._kept and next(iter(self._kept.values()))[0] < limit:
                self._kept.popitem(last=False)
