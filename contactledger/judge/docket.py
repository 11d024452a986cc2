"""Every question of a view, heard once: `Docket(view)`.

A question is a touch and one party that received it (J1); touches inside one party raise
none (J2). Reminders are joined to the touch they remind of, per pair of parties (J20).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from attrs import frozen

from contactledger.facts import Entry, Touch
from contactledger.judge.basis import Bases
from contactledger.judge.reach import Ears, Hearing, Question
from contactledger.judge.view import View, in_event_order
from contactledger.swift import swift
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
        self._known: dict[tuple[str, tuple[str, ...]], _Addressed] = {}
        self._ears = Ears(view)
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
                sender, parties = self._parties(entry)
                for party in parties:
                    groups.setdefault((sender, party), []).append(entry.id)
            for (_, party), touches in groups.items():
                if len(touches) > 1:
                    pairs = [(touch, party) for touch in touches]
                    self._links[pairs[0]] = pairs
                    self.heads.update((pair, pairs[0]) for pair in pairs[1:])

    def _hear(self, entry: Entry) -> None:
        touch = entry.id
        for hearing in self.heard(entry):
            self.hearings[touch, hearing.question.party] = hearing
            self.by_touch.setdefault(touch, []).append(hearing)

    def heard(self, entry: Entry) -> Iterator[Hearing]:
        """The hearings of a touch, which may be one that is only tried beside those of the view
        and that nothing in it is about."""
        fact = cast(Touch, entry.fact)
        addressed = self._addressees(entry, fact)
        view, touch = self.view, entry.id
        for party, refs, alone, only, receivers in addressed.parties:
            head = self.heads.get((touch, party)) if self.heads else None
            first = entry if head is None else view.touches[head[0]]
            policy, basis = self.bases.of(addressed.sender, party, first.at)
            asked = cast(Touch, first.fact)
            role = view.role(party, first.at)
            wanted = asked.expects
            if wanted is None:
                if asked.answers or first.id in view.links:
                    wanted = Expects.NOTHING
                else:
                    wanted = policy.wanted(asked.channel, asked.purpose, role, party)
            yield self._ears.hear(
                _question(
                    entry, fact, addressed.sender, party, refs, alone, only, receivers, role,
                    wanted, policy, basis,
                )
            )  # fmt: skip

    def _addressees(self, entry: Entry, fact: Touch) -> _Addressed:
        """Who is asked by a touch, remembered where nobody of them ever changed sides."""
        sender = fact.sender or entry.recorder
        key = (sender, fact.to)
        known = self._known.get(key)
        if known is None:
            known = _split(entry, *self._parties(entry))
            settled = self.view.settled_owners
            if sender in settled and all(ref in settled for ref in fact.to):
                self._known[key] = known
        return known


_question = swift(Question)


@frozen
class _Addressed:
    """The sender's party, and for every party asked: party, refs, alone, only, receivers."""

    sender: str
    parties: tuple[tuple[str, tuple[str, ...], str | None, bool, frozenset[str]], ...]


def _split(entry: Entry, sender: str, parties: dict[str, list[str]]) -> _Addressed:
    to = cast(Touch, entry.fact).to
    alone = to[0] if len(to) == 1 else None
    receivers = frozenset(parties)
    theirs = set(next(iter(parties.values()), ()))
    only = len(parties) == 1 and theirs.issuperset(to)
    return _Addressed(
        sender,
        tuple(
            (party, tuple(refs), alone, only, receivers) for party, refs in sorted(parties.items())
        ),
    )
