"""Which written policy a touch is judged by, and who stands behind it (J44, J45, J53)."""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime

from contactledger.errors import CannotJudge
from contactledger.findings import Basis
from contactledger.judge.policy import Policy, parse_policy, policy_digest
from contactledger.judge.view import Adopted, View

RULES = 1
"""The only number of rules that this release can judge by; code for old ones would stay."""


class Bases:
    """The policies of a view, ready to be asked for. `of(sender, receiver, at)` is the one
    in force between two parties at a moment.

    That is the latest in force by then, of the account's own and the ledger-wide ones; a
    ledger-wide one never displaces one of the account on which both parties agreed. A touch
    dated before every policy is judged by the account's first.
    """

    def __init__(self, view: View) -> None:
        self._view = view
        self._binds = [adopted.binds for adopted in view.policies]
        self._own: list[Adopted | None] = []
        """By position: the account's own latest up to there."""
        own: Adopted | None = None
        for adopted in view.policies:
            own = own if adopted.house else adopted
            self._own.append(own)
        self._parties: dict[str, dict[str, datetime]] = {}
        for digest, words in view.agreements.items():
            since = self._parties.setdefault(digest, {})
            for party, at in words:
                since[party] = min(at, since.get(party, at))
        self._stand: dict[str, tuple[list[datetime], tuple[str, ...]]] = {}
        self._made: dict[tuple[int, bool, bool, tuple[str, ...]], Basis] = {}
        agreed = {at for words in view.agreements.values() for _, at in words}
        self._turns = sorted(agreed.union(self._binds))
        """When anything in force may change; between two of them the same holds."""
        self._known: dict[tuple[str, str, int], tuple[Policy, Basis]] = {}

    def of(self, sender: str, receiver: str, at: datetime) -> tuple[Policy, Basis]:
        """The policy and the basis to print; `CannotJudge` if its rules are not known here."""
        key = (sender, receiver, bisect_right(self._turns, at))
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._of(sender, receiver, at)
        return known

    def _of(self, sender: str, receiver: str, at: datetime) -> tuple[Policy, Basis]:
        adopted = self._in_force(sender, receiver, at)
        if self._view.what_if is not None:
            return self._trial(adopted, self._view.what_if)
        if adopted.rules != RULES:
            raise _unknown(adopted.rules)
        policy = parse_policy(adopted.text)
        if policy.rules != RULES:
            raise _unknown(policy.rules)
        by = self._behind(adopted, at)
        key = (adopted.no, adopted.house, sender in by and receiver in by, by)
        basis = self._made.get(key)
        if basis is None:
            basis = self._made[key] = Basis(adopted.no, adopted.digest, key[2], by)
        return policy, basis

    def _behind(self, adopted: Adopted, at: datetime) -> tuple[str, ...]:
        """Who had adopted or acknowledged it by then, in the order in which they did."""
        known = self._stand.get(adopted.digest)
        if known is None:
            words = self._parties.get(adopted.digest, {})
            stand = sorted((since, party) for party, since in words.items())
            known = [since for since, _ in stand], tuple(party for _, party in stand)
            self._stand[adopted.digest] = known
        times, parties = known
        return parties[: bisect_right(times, max(at, adopted.binds))]

    def _trial(self, adopted: Adopted, text: str) -> tuple[Policy, Basis]:
        policy = parse_policy(text)
        if policy.rules != RULES:
            raise _unknown(policy.rules)
        return policy, Basis(
            adopted.no, policy_digest(text), agreed=False, adopted_by=(), trial=True
        )

    def _in_force(self, sender: str, receiver: str, at: datetime) -> Adopted:
        policies = self._view.policies
        if not policies:
            raise CannotJudge("no policy is among these entries; entry 1 of every log is one")
        index = bisect_right(self._binds, at) - 1
        if index < 0:
            return next((adopted for adopted in policies if not adopted.house), policies[0])
        own = self._own[index]
        if policies[index].house and own is not None:
            words = self._parties.get(own.digest, {})
            if all(party in words and words[party] <= at for party in (sender, receiver)):
                return own
        return policies[index]


def _unknown(rules: int) -> CannotJudge:
    return CannotJudge(f"the policy in force is for rules {rules}, this release knows {RULES}")
