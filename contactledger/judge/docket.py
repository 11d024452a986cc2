"""Every question of a view, heard once: `Docket(view)`.

A question is a touch and one party that received it (J1); touches inside one party raise
none (J2). Reminders are joined to the touch they remind of, per pair of parties (J20).
"""

from __future__ import annotations

from datetime import datetime
from typing import cast

from attrs import frozen

from contactledger.facts import Entry, Touch
from contactledger.judge.basis import Bases
from contactledger.judge.policy import Policy
from contactledger.judge.reach import Ears, Hearing, Question
from contactledger.judge.view import View, in_event_order
from contactledger.swift import swift
from contactledger.vocabulary import Channel, Expects, Purpose, Role

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
        self._roles: dict[str, Role | None] = {}
        self._usual: dict[tuple[str, Channel, Purpose, Role | None, str], Expects] = {}
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

    def heard(self, entry: Entry) -> list[Hearing]:
        """The hearings of a touch, which may be one that is only tried beside those of the view
        and that nothing in it is about."""
        fact: Touch = entry.fact  # type: ignore[assignment]
        addressed = self._addressees(entry, fact)
        sender, touch = addressed.sender, entry.id
        found = []
        for party, refs, alone, only, receivers in addressed.parties:
            head = self.heads.get((touch, party)) if self.heads else None
            first = entry if head is None else self.view.touches[head[0]]
            policy, basis = self.bases.of(sender, party, first.at)
            role = self._role(party, first.at)
            wanted = self._wanted(first, policy, role, party)
            question = _question(
                entry, fact, sender, party, refs, alone, only, receivers, role, wanted, policy,
                basis,
            )  # fmt: skip
            found.append(self._ears.hear(question))
        return found

    def _role(self, party: str, at: datetime) -> Role | None:
        """The party's role, remembered where it was described but once."""
        try:
            return self._roles[party]
        except KeyError:
            role = self.view.role(party, at)
            if len(self.view.parties.get(party, ())) < 2:
                self._roles[party] = role
            return role

    def _wanted(self, first: Entry, policy: Policy, role: Role | None, party: str) -> Expects:
        """What the first touch of a chain wants back (J25)."""
        asked: Touch = first.fact  # type: ignore[assignment]
        if asked.expects is not None:
            return asked.expects
        if asked.answers or first.id in self.view.links:
            return Expects.NOTHING
        kind = (policy.digest, asked.channel, asked.purpose, role, party)
        wanted = self._usual.get(kind)
        if wanted is None:
            wanted = self._usual[kind] = policy.wanted(*kind[1:])
        return wanted

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
