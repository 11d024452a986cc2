"""What counts of an account's entries as of a moment, indexed for judging.

`view(entries, as_of)` takes an account's entries in any order and gives a `View` of those
that count: recorded and dated no later than `as_of` (J46), not retracted (J47), every alias
applied throughout (J48). Facts, people and parties in a view are therefore already the ones
that hold; nothing that is built on a view looks at retractions, aliases or clocks again.

Lists of versions are ordered by `at`, then `recorded_at`, then number; everything else by
number. Building a view takes one pass over the entries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, cast

from attrs import field, frozen

from contactledger.facts import (
    Coverage,
    Entry,
    Fact,
    Handoff,
    Mark,
    Matter,
    Milestone,
    Party,
    Person,
    PolicyAdopted,
    Preference,
    Promise,
    Redaction,
    Settlement,
    Signal,
    Touch,
)
from contactledger.judge.counting import renamed, standing_entries, survivors
from contactledger.vocabulary import Auth, MarkWord, Role, SignalKind

OWN_WORD = frozenset({Auth.ACCESS, Auth.PARTY_SIGNED})
"""What makes a word entered by another the party's own (J33)."""


@frozen
class Adopted:
    """A policy, in force from `binds`, the later of `at` and `recorded_at` (J44).

    `party`: who adopted it, None where another's word says so and nothing carries it.
    `house`: it stands in the ledger-wide log, and `no` counts there.
    """

    no: int
    house: bool
    binds: datetime
    party: str | None
    text: str
    digest: str
    rules: int


@frozen(eq=False)
class View:
    """The entries that count, and where to find each. Made by `view`, changed by nobody.

    Keys are ids unless said otherwise. `answers`: the answering touches by the touch they
    answer; `links`: the signals that name an answer afterwards, by the answering touch
    (J22), and `linked` the touches that they answer; `reminders`: by the original touch that
    starts the chain (J20); `marks` by the number of the entry marked; `handoff_answers` by the
    id of the offer; `erased`: numbers of the entries whose attached original was erased, told
    from redactions alone (J38).
    """

    as_of: datetime
    what_if: str | None = None
    entries: list[Entry] = field(factory=list)
    by_no: dict[int, Entry] = field(factory=dict)
    parties: dict[str, list[Entry]] = field(factory=dict)
    people: dict[str, list[Entry]] = field(factory=dict)
    touches: dict[str, Entry] = field(factory=dict)
    signals: dict[str, list[Entry]] = field(factory=dict)
    reported: set[SignalKind] = field(factory=set)
    """Of which kinds the signals are."""
    answers: dict[str, list[Entry]] = field(factory=dict)
    links: dict[str, list[Entry]] = field(factory=dict)
    linked: set[str] = field(factory=set)
    reminders: dict[str, list[Entry]] = field(factory=dict)
    originals: dict[str, str] = field(factory=dict)
    marks: dict[int, list[Entry]] = field(factory=dict)
    matters: dict[str, list[Entry]] = field(factory=dict)
    matter_by_touch: dict[str, str] = field(factory=dict)
    promises: dict[str, Entry] = field(factory=dict)
    settlements: dict[str, list[Entry]] = field(factory=dict)
    handoffs: dict[str, list[Entry]] = field(factory=dict)
    handoff_answers: dict[str, list[Entry]] = field(factory=dict)
    milestones: dict[str, list[Entry]] = field(factory=dict)
    preferences: dict[str, list[Entry]] = field(factory=dict)
    coverage: list[Entry] = field(factory=list)
    policies: list[Adopted] = field(factory=list)
    agreements: dict[str, list[tuple[str, datetime]]] = field(factory=dict)
    """Policy digest → (party that adopted or acknowledged it, from when)."""
    redactions: list[Entry] = field(factory=list)
    erased: set[int] = field(factory=set)
    known: set[str] = field(factory=set)
    """Ids that are parties: declared, recording, or named as somebody's party."""
    settled_owners: dict[str, str] = field(factory=dict)
    """Parties, and people who never changed sides → party."""

    def owner(self, ref: str | None, at: datetime | None = None) -> str | None:
        """The party that `ref` (a person or party) belongs to at a moment, by default as_of.

        None for a name that no counting entry introduces.
        """
        if ref is None:
            return None
        party = self.settled_owners.get(ref)
        if party is not None:
            return party
        versions = self.people.get(ref)
        if versions is None:
            return ref if ref in self.known else None
        person: Any = version_at(versions, at or self.as_of).fact
        party = person.party
        return None if party is None else str(party)

    def person_at(self, ref: str, at: datetime) -> Person | None:
        """The version of a person that holds at a moment; None for a party or a stranger."""
        versions = self.people.get(ref)
        if versions is None:
            return None
        return cast(Person, version_at(versions, at).fact)

    def party_at(self, party: str, at: datetime | None = None) -> Party | None:
        """The version of a party that holds at a moment; None if it was never described."""
        versions = self.parties.get(party)
        if versions is None:
            return None
        if len(versions) == 1:
            return cast(Party, versions[0].fact)
        return cast(Party, version_at(versions, at or self.as_of).fact)

    def role(self, party: str, at: datetime | None = None) -> Role | None:
        """The party's role, None if it was never described."""
        fact = self.party_at(party, at)
        return None if fact is None else fact.role

    def sender_of(self, entry: Entry) -> str:
        """The person or party that made a touch; by default the recorder's party."""
        return cast(Touch, entry.fact).sender or entry.recorder

    def original(self, touch: str) -> str:
        """The id of the touch that starts this one's chain of reminders (J20)."""
        return self.originals.get(touch, touch)

    def matter_of(self, touch: str) -> str:
        """The matter a touch belongs to: named, or the id of the root touch of its chain."""
        return self.matter_by_touch[touch]

    def own_word(self, entry: Entry, party: str) -> bool:
        """Whether a word entered here is the party's own and not the recorder's claim (J33)."""
        return entry.recorder == party or getattr(entry.fact, "auth", None) in OWN_WORD

    def word_of(self, entry: Entry) -> str:
        """The party whose word a mark, settlement or matter states; by default the recorder's."""
        return getattr(entry.fact, "party", None) or entry.recorder


def view(
    entries: Iterable[Entry],
    as_of: datetime,
    house: Iterable[Entry] = (),
    what_if: str | None = None,
) -> View:
    """The entries of one account that count as of a moment (J46 to J48), indexed.

    `house`: the entries of the shared log, of which coverage and policies are taken (J53).
    `what_if`: policy text that replaces the one in force, for a trial (J44).
    """
    made = View(as_of, what_if)
    as_written = standing_entries(entries, as_of)
    counting = renamed(as_written)
    made.entries.extend(counting)
    by_no, known, find = made.by_no, made.known, _FILE.get
    for entry in counting:
        by_no[entry.no] = entry
        known.add(entry.recorder)
        file = find(entry.kind)
        if file is not None:
            file(made, entry, entry.fact)
    shared = standing_entries(house, as_of)
    for entry in shared:
        if entry.kind == "coverage":
            made.coverage.append(entry)
    _adopt(made, counting, house=False)
    _adopt(made, shared, house=True)
    _finish(made)
    # whose an erased part was stands in the digests, by the name of that time
    _erase(made, as_written)
    return made


def version_at(versions: list[Entry], at: datetime) -> Entry:
    """The version that holds at a moment: the latest that began by then, else the first.

    A version begins at its `since`, where it has one, else when it was dated.
    """
    for entry in reversed(versions):
        if (getattr(entry.fact, "since", None) or entry.at) <= at:
            return entry
    return versions[0]


def in_time_order(entry: Entry) -> tuple[datetime, datetime, int]:
    """The order of versions: by event, then by record, then by number."""
    return (entry.at, entry.recorded_at, entry.no)


def in_event_order(entry: Entry) -> tuple[datetime, datetime, str]:
    """The order of different things, which is the same whichever was entered first."""
    return (entry.at, entry.recorded_at, entry.id)


# --- filing ----------------------------------------------------------------------------------


def _file_party(made: View, entry: Entry, _: Party) -> None:
    made.parties.setdefault(entry.id, []).append(entry)
    made.known.add(entry.id)


def _file_person(made: View, entry: Entry, fact: Person) -> None:
    made.people.setdefault(entry.id, []).append(entry)
    if fact.party is not None:
        made.known.add(fact.party)


def _file_touch(made: View, entry: Entry, fact: Touch) -> None:
    if entry.id in made.touches:  # the first record stands; `receive` keeps the other, marked
        return
    made.touches[entry.id] = entry
    for answered in fact.answers:
        made.answers.setdefault(answered, []).append(entry)


def _file_signal(made: View, entry: Entry, fact: Signal) -> None:
    if fact.touch is None:
        return
    known = made.signals.get(fact.touch)
    if known is None:
        made.signals[fact.touch] = [entry]
    else:
        known.append(entry)
    made.reported.add(fact.what)
    if fact.answer is not None and fact.what is SignalKind.ANSWERED:
        made.linked.add(fact.touch)
        made.links.setdefault(fact.answer, []).append(entry)


def _file_mark(made: View, entry: Entry, fact: Mark) -> None:
    if fact.entry is not None:
        made.marks.setdefault(fact.entry, []).append(entry)


def _file_matter(made: View, entry: Entry, _: Matter) -> None:
    made.matters.setdefault(entry.id, []).append(entry)


def _file_promise(made: View, entry: Entry, _: Promise) -> None:
    made.promises.setdefault(entry.id, entry)


def _file_settlement(made: View, entry: Entry, fact: Settlement) -> None:
    if fact.promise is not None:
        made.settlements.setdefault(fact.promise, []).append(entry)


def _file_handoff(made: View, entry: Entry, fact: Handoff) -> None:
    if fact.answers is not None:
        made.handoff_answers.setdefault(fact.answers, []).append(entry)
    if fact.matter is not None:
        made.handoffs.setdefault(fact.matter, []).append(entry)


def _file_milestone(made: View, entry: Entry, _: Milestone) -> None:
    made.milestones.setdefault(entry.id, []).append(entry)


def _file_preference(made: View, entry: Entry, fact: Preference) -> None:
    if fact.subject is not None:
        made.preferences.setdefault(fact.subject, []).append(entry)


def _file_coverage(made: View, entry: Entry, _: Coverage) -> None:
    made.coverage.append(entry)


def _file_redaction(made: View, entry: Entry, _: Redaction) -> None:
    made.redactions.append(entry)


_FILE: dict[str, Callable[[View, Entry, Any], None]] = {
    "party": _file_party,
    "person": _file_person,
    "touch": _file_touch,
    "signal": _file_signal,
    "mark": _file_mark,
    "matter": _file_matter,
    "promise": _file_promise,
    "settlement": _file_settlement,
    "handoff": _file_handoff,
    "milestone": _file_milestone,
    "preference": _file_preference,
    "coverage": _file_coverage,
    "redaction": _file_redaction,
}


def _adopt(made: View, counting: list[Entry], *, house: bool) -> None:
    """Policies and who stands behind each digest: adopted, or acknowledged by a mark (J44)."""
    digests: dict[int | None, str] = {}
    for entry in counting:
        if entry.kind == "policy_adopted":
            fact = cast(PolicyAdopted, entry.fact)
            digests[entry.no] = fact.digest
            binds = max(entry.at, entry.recorded_at)
            party = made.word_of(entry)
            own = made.own_word(entry, party)
            made.policies.append(
                Adopted(
                    entry.no,
                    house,
                    binds,
                    party if own else None,
                    fact.text,
                    fact.digest,
                    fact.rules,
                )
            )
            if own:
                made.agreements.setdefault(fact.digest, []).append((party, binds))
        elif entry.kind == "mark":
            mark = cast(Mark, entry.fact)
            digest = digests.get(mark.entry)
            party = made.word_of(entry)
            if (
                digest is not None
                and mark.word is MarkWord.ACKNOWLEDGED
                and made.own_word(entry, party)
            ):
                since = max(entry.at, entry.recorded_at)
                made.agreements.setdefault(digest, []).append((party, since))


# --- what needs all of them ------------------------------------------------------------------


def _finish(made: View) -> None:
    for lists in (made.parties, made.people, made.matters, made.milestones, made.preferences):
        for versions in lists.values():
            if len(versions) > 1:
                versions.sort(key=in_time_order)
    for person, versions in made.people.items():
        sides = {cast(Person, entry.fact).party for entry in versions}
        party = next(iter(sides))
        if len(sides) == 1 and party is not None:
            made.settled_owners[person] = party
    for party in made.known:
        made.settled_owners.setdefault(party, party)
    made.policies.sort(key=lambda adopted: (adopted.binds, not adopted.house, adopted.no))
    _chain(made)


def _chain(made: View) -> None:
    """Follow reminders to their original and every touch to its matter."""
    for touch, entry in made.touches.items():
        if cast(Touch, entry.fact).reminds is not None:
            original = _end(made, touch, made.originals, _reminded)
            if original != touch:
                made.reminders.setdefault(original, []).append(entry)
    ends: dict[str, str] = {}
    for touch, entry in made.touches.items():
        fact: Touch = entry.fact  # type: ignore[assignment]
        alone = fact.reminds is None and not fact.answers and touch not in made.links
        if alone or fact.matter is not None:  # as are most
            made.matter_by_touch[touch] = touch if fact.matter is None else fact.matter
            continue
        end = _end(made, touch, ends, _root_step)
        named = cast(Touch, made.touches[end].fact).matter
        made.matter_by_touch[touch] = end if named is None else named


def _end(
    made: View,
    touch: str,
    ends: dict[str, str],
    step: Callable[[View, str], str | None],
) -> str:
    """Where following `step` ends, remembered for every touch on the way; a ring ends at
    its earliest touch."""
    path: list[str] = []
    here: str | None = touch
    while here is not None and here not in ends:
        ends[here] = here
        path.append(here)
        here = step(made, here)
    end = path[-1] if here is None else ends[here]
    if here in path:
        end = min(path[path.index(here) :], key=lambda t: in_event_order(made.touches[t]))
    for passed in path:
        ends[passed] = end
    return end


def _reminded(made: View, touch: str) -> str | None:
    reminds = cast(Touch, made.touches[touch].fact).reminds
    return reminds if reminds in made.touches else None


def _root_step(made: View, touch: str) -> str | None:
    """The touch this one reminds of or answers, of several the earliest; none where a
    matter is named."""
    fact = cast(Touch, made.touches[touch].fact)
    if fact.matter is not None:
        return None
    reminded = _reminded(made, touch)
    if reminded is not None:
        return reminded
    named = [made.touches[a] for a in fact.answers if a in made.touches]
    if not named and touch in made.links:
        asked = [cast(Signal, entry.fact).touch for entry in made.links[touch]]
        named = [made.touches[a] for a in asked if a in made.touches]
    return min(named, key=in_event_order).id if named else None


def _erase(made: View, as_written: list[Entry]) -> None:
    """Which attached originals are gone, by clear facts alone (J38); one pass.

    A redaction names what meets all that it says: the entry, the person under every name of
    that time, the fields.
    """
    people: dict[str, int] = {}
    everything = -1
    if all(entry.kind != "redaction" for entry in as_written):
        return
    by_no = {entry.no: entry for entry in as_written}
    touches = {entry.id: entry.fact for entry in as_written if entry.kind == "touch"}
    aliases = [entry for entry in as_written if entry.kind == "alias"]
    for redaction in as_written:
        fact = redaction.fact
        if not isinstance(fact, Redaction) or (fact.fields and "original" not in fact.fields):
            continue
        who = _every_name(fact.person, [alias for alias in aliases if alias.no < redaction.no])
        if fact.entry is not None:
            named = by_no.get(fact.entry)
            whose = [] if named is None else _whose_original(named, touches)
            if whose and (fact.person is None or not who.isdisjoint(whose)):
                made.erased.add(fact.entry)
        elif fact.person is not None:
            people.update(dict.fromkeys(who, redaction.no))
        else:
            everything = redaction.no
    if not people and everything < 0:
        return
    for entry in as_written:
        whose = _whose_original(entry, touches) if entry.sd else []
        if any(entry.no < max(everything, people.get(who, -1)) for who in whose):
            made.erased.add(entry.no)


def _every_name(person: str | None, aliases: list[Entry]) -> set[str]:
    if person is None:
        return set()
    names = survivors(aliases)
    stays = names.get(person, person)
    return {person, stays, *(old for old, new in names.items() if new == stays)}


def _whose_original(entry: Entry, touches: dict[str, Fact]) -> list[str]:
    """Whom the attached originals of an entry are about: "" and everybody named where it could
    not be split, since it is forgotten for all of them."""
    whose = [who for name, who, _ in entry.sd if name == "original"]
    if "" not in whose:
        return whose
    fact = entry.fact
    if isinstance(fact, Signal) and fact.person is None:
        fact = touches.get(str(fact.touch), fact)
    people = (fact.sender, *fact.to) if isinstance(fact, Touch) else ()
    return [*whose, *(who for who in people if who is not None)]
