"""Every question of a view, heard once: `Docket(view)`.

A question is a touch and one party that received it (J1); touches inside one party raise
none (J2). Reminders are joined to the touch they remind of, per pair of parties (J20).
"""

from __future__ import annotations

from typing import cast

from contactledger.facts import Entry, Touch
from contactledger.judge.basis import Bases
from contactledger.judge.reach import Hearing, Question, hear
from contactledger.judge.view import View, in_event_order
from contactledger.vocabulary import Expects

Pair = tuple[str, str]
"""(touch id, receiving party)."""


class Docket:
    """All hearings of a view, by touch and receiving party, and which remind of which.

    `chains`: the first question of a chain → all hearings of it, the first in front; only
    for chains of two and more. `heads`: a reminder → the first question of its chain.
    """

    def __init__(self, view: View) -> None:
        self.view = view
        self.bases = Bases(view)
        self.hearings: dict[Pair, Hearing] = {}
        self.by_touch: dict[str, list[Hearing]] = {}
        self.chains: dict[Pair, list[Hearing]] = {}
        self.heads: dict[Pair, Pair] = {}
        self._addressed: dict[str, tuple[str, dict[str, list[str]]]] = {}
        self._join()
        for entry in view.touches.values():
            self._hear(entry)
        for head, pairs in self._links.items():
            self.chains[head] = [self.hearings[pair] for pair in pairs]

    def _parties(self, entry: Entry) -> tuple[str, dict[str, list[str]]]:
        """The sender's party and the addressees of every other party; names that nobody
        introduced belong to nobody and are left out."""
        view = self.view
        sender = view.owner(view.sender_of(entry), entry.at) or entry.recorder
        parties: dict[str, list[str]] = {}
        for ref in cast(Touch, entry.fact).to:
            party = view.owner(ref, entry.at)
            if party is not None and party != sender:
                refs = parties.setdefault(party, [])
                if ref not in refs:
                    refs.append(ref)
        return sender, parties

    def _join(self) -> None:
        """Reminders and their originals, joined where sender and receiver are the same."""
        self._links: dict[Pair, list[Pair]] = {}
        for original, reminders in self.view.reminders.items():
            groups: dict[Pair, list[str]] = {}
            for entry in (self.view.touches[original], *sorted(reminders, key=in_event_order)):
                sender, parties = self._addressed[entry.id] = self._parties(entry)
                for party in parties:
                    groups.setdefault((sender, party), []).append(entry.id)
            for (_, party), touches in groups.items():
                if len(touches) > 1:
                    pairs = [(touch, party) for touch in touches]
                    self._links[pairs[0]] = pairs
                    self.heads.update((pair, pairs[0]) for pair in pairs[1:])

    def _hear(self, entry: Entry) -> None:
        addressed = self._addressed.get(entry.id)
        sender, parties = self._parties(entry) if addressed is None else addressed
        fact = cast(Touch, entry.fact)
        alone = fact.to[0] if len(fact.to) == 1 else None
        receivers = frozenset(parties)
        theirs = set(next(iter(parties.values()), ()))
        only = len(parties) == 1 and theirs.issuperset(fact.to)
        for party, refs in sorted(parties.items()):
            head = self.heads.get((entry.id, party))
            first = entry if head is None else self.view.touches[head[0]]
            policy, basis = self.bases.of(sender, party, first.at)
            asked = cast(Touch, first.fact)
            role = self.view.role(party, first.at)
            wanted = asked.expects
            if wanted is None and (asked.answers or first.id in self.view.links):
                wanted = Expects.NOTHING
            if wanted is None:
                wanted = policy.wanted(asked.channel, asked.purpose, role, party)
            question = Question(
                entry, fact, sender, party, tuple(refs), alone, only, receivers, role,
                wanted, policy, basis,
            )  # fmt: skip
            hearing = hear(self.view, question)
            self.hearings[entry.id, party] = hearing
            self.by_touch.setdefault(entry.id, []).append(hearing)
