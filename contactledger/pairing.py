"""Which touch of one record is which of another: by the ids of carriers, else by people and time.

Two ledgers of the same account share no id of their own. What both may hold of one act is the
Message-ID of a mail, the id a provider or telephone system gave it, the addresses of the people,
the channel and the time. The rules, in this order; each pairs only what leads to exactly one:

1. `message_id`: the same Message-ID, whatever else is said of it. It is unique in the world.
2. `provider_id`, `call_id`: the same id over the same channel between the same parties within a
   day. Such ids are unique in one system, and some systems begin again.
3. `people_and_time`: channel, parties, at least one address of either end, and times that lie
   within the tolerance; of several the nearest, and none where two are equally near.
4. `parties_and_time`: the same where no address can be compared, because it is withheld, erased
   or was never known.

Two different Message-IDs are two messages. Two ends whose addresses are known and have none in
common are different people.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any, cast

from attrs import frozen

from contactledger.facts import Entry, Party, Person, Touch
from contactledger.judge.view import View
from contactledger.references import normal_address
from contactledger.vocabulary import Channel

SAME_ID = timedelta(days=1)
"""How far apart two acts with the same id of a carrier's may lie: some count anew each day."""


@frozen
class Act:
    """A touch as far as another record may know it.

    `ids`: (kind, value) of carriers' ids that are disclosed. `sender` and `receivers` are
    parties; `sent_from` and `sent_to` the addresses of people at either end, as far as they
    are known.
    """

    no: int
    at: datetime
    channel: Channel
    ids: tuple[tuple[str, str], ...]
    sender: str
    receivers: frozenset[str]
    sent_from: frozenset[str]
    sent_to: frozenset[str]

    @property
    def nameless(self) -> bool:
        """Whether nothing but parties and time is left to know it by."""
        return not (self.ids or self.sent_from or self.sent_to)


Found = tuple[Act, Act, str]
"""Ours, theirs, and the rule."""


def acts(seen: View) -> list[Act]:
    """The touches between parties that count, by number."""
    found = []
    for entry in seen.touches.values():
        touch = cast(Touch, entry.fact)
        sender = seen.sender_of(entry)
        party = seen.owner(sender, entry.at) or sender
        owners = {seen.owner(to, entry.at) or to for to in touch.to}
        receivers = frozenset(owners - {party})
        if not receivers:
            continue
        used = touch.addresses or {}
        found.append(
            Act(
                entry.no,
                entry.at,
                touch.channel,
                tuple(_ids(touch)),
                party,
                receivers,
                addresses_of(seen, [sender], used),
                addresses_of(seen, touch.to, used),
            )
        )
    return sorted(found, key=attrgetter("no"))


def _ids(touch: Touch) -> Iterator[tuple[str, str]]:
    message = touch.message
    if message is None:
        return
    if message.message_id:
        yield "message_id", message.message_id.strip().strip("<>")
    if message.provider_id:
        yield "provider_id", message.provider_id
    if message.call_id:
        yield "call_id", message.call_id


def addresses_of(
    seen: View, people: Iterable[str], used: Mapping[str, str] | None = None
) -> frozenset[str]:
    """Every address that is known of these people, those they used to have among them."""
    found = set()
    for person in people:
        if used and person in used:
            found.add(normal_address(used[person]))
        for entry in seen.people.get(person, ()):
            found.update(_addresses(entry))
    return frozenset(found)


def _addresses(entry: Entry) -> Iterator[str]:
    person = cast(Person, entry.fact)
    for several in (person.email, person.phone):
        for one in (several,) if isinstance(several, str) else several or ():
            yield normal_address(one)


# ---- parties


def same_parties(ours: View, theirs: View) -> dict[str, str]:
    """Which of our parties is which of theirs, by id.

    By the addresses of their people, then by name, then by role where each side has one party
    of that role left. Roles stand in the clear, so two sides are told apart without any names.
    """
    mapped: dict[str, str] = {}
    mine, other = sorted(_parties(ours)), sorted(_parties(theirs))
    mail, mail_there = _addresses_by_party(ours), _addresses_by_party(theirs)
    shared = [(len(mail[a] & mail_there[b]), a, b) for a in mine for b in other]
    for count, a, b in sorted(shared, key=lambda row: -row[0]):
        if count and a not in mapped and b not in mapped.values():
            mapped[a] = b
    for trait in (_name, _role):
        _map_by(mapped, _left(mine, mapped, ours, trait), _left(other, mapped, theirs, trait))
    return mapped


def _parties(seen: View) -> set[str]:
    return set(seen.parties) | seen.known - set(seen.people)


def _addresses_by_party(seen: View) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for person, versions in seen.people.items():
        party = seen.owner(person)
        if party is not None:
            for entry in versions:
                found[party].update(_addresses(entry))
    return found


def _name(fact: Party) -> str | None:
    return " ".join(fact.name.split()).casefold() if fact.name else None


def _role(fact: Party) -> str | None:
    return fact.role.value


def _left(
    parties: list[str], mapped: Mapping[str, str], seen: View, trait: Callable[[Party], str | None]
) -> dict[str, list[str]]:
    """Trait → the parties that have it and are not mapped yet."""
    found: dict[str, list[str]] = defaultdict(list)
    for party in parties:
        fact = seen.party_at(party)
        value = None if fact is None else trait(fact)
        if value is not None and party not in mapped and party not in mapped.values():
            found[value].append(party)
    return found


def _map_by(
    mapped: dict[str, str], ours: Mapping[str, list[str]], theirs: Mapping[str, list[str]]
) -> None:
    for value, mine in ours.items():
        other = theirs.get(value, ())
        if len(mine) == len(other) == 1:
            mapped[mine[0]] = other[0]


# ---- touches


@frozen
class Paired:
    """What was paired; and for what was not, the numbers of those that it may be, by number."""

    pairs: tuple[Found, ...]
    possible_ours: Mapping[int, tuple[int, ...]]
    possible_theirs: Mapping[int, tuple[int, ...]]


def pair(
    ours: Iterable[Act], theirs: Iterable[Act], parties: Mapping[str, str], tolerance: timedelta
) -> Paired:
    """Which act is which. `parties`: ours → theirs, as of `same_parties`."""
    mine, other = {a.no: a for a in ours}, {b.no: b for b in theirs}
    found: list[Found] = []
    for kind in ("message_id", "provider_id", "call_id"):
        for a, b in _by_id(kind, mine.values(), other.values()):
            if kind == "message_id" or _same_call(a, b, parties):
                found.append((mine.pop(a.no), other.pop(b.no), kind))
    near = _near(mine.values(), other.values(), parties, tolerance)
    for a, b in _nearest(near):
        by = "people_and_time" if _share_people(a, b) else "parties_and_time"
        found.append((mine.pop(a.no), other.pop(b.no), by))
    possible: tuple[dict[int, list[int]], ...] = (defaultdict(list), defaultdict(list))
    for _, a, b in near:
        if a.no in mine and b.no in other:
            possible[0][a.no].append(b.no)
            possible[1][b.no].append(a.no)
    found.sort(key=lambda row: (row[0].at, row[0].no))
    ours_may_be, theirs_may_be = (
        {no: tuple(sorted(nos)) for no, nos in side.items()} for side in possible
    )
    return Paired(tuple(found), ours_may_be, theirs_may_be)


def _by_id(kind: str, ours: Iterable[Act], theirs: Iterable[Act]) -> list[tuple[Act, Act]]:
    """Acts that share an id which leads to exactly one on each side."""
    index: tuple[dict[str, list[Act]], ...] = (defaultdict(list), defaultdict(list))
    for some, side in zip(index, (ours, theirs), strict=True):
        for act in side:
            for name, value in act.ids:
                if name == kind:
                    some[value].append(act)
    mine, other = index
    return [
        (mine[value][0], other[value][0])
        for value in mine
        if len(mine[value]) == len(other.get(value, ())) == 1
    ]


def _same_call(a: Act, b: Act, parties: Mapping[str, str]) -> bool:
    return a.channel == b.channel and abs(a.at - b.at) <= SAME_ID and _same_direction(a, b, parties)


def _same_direction(a: Act, b: Act, parties: Mapping[str, str]) -> bool:
    return parties.get(a.sender) == b.sender and any(
        parties.get(receiver) in b.receivers for receiver in a.receivers
    )


def _share_people(a: Act, b: Act) -> bool:
    return bool(a.sent_from & b.sent_from or a.sent_to & b.sent_to)


def _may_be(a: Act, b: Act, parties: Mapping[str, str]) -> bool:
    """Whether nothing that is known speaks against two acts being one."""
    for mine, other in ((a.sent_from, b.sent_from), (a.sent_to, b.sent_to)):
        if mine and other and not mine & other:
            return False
    one, two = dict(a.ids).get("message_id"), dict(b.ids).get("message_id")
    return not (one and two) and _same_direction(a, b, parties)


_Near = list[tuple[timedelta, Act, Act]]


def _near(
    ours: Iterable[Act], theirs: Iterable[Act], parties: Mapping[str, str], tolerance: timedelta
) -> _Near:
    """Acts that may be one and lie within the tolerance, nearest first."""
    by_channel: dict[Channel, list[Act]] = defaultdict(list)
    for b in sorted(theirs, key=attrgetter("at")):
        by_channel[b.channel].append(b)
    found = []
    for a in ours:
        some = by_channel.get(a.channel, [])
        first = bisect_left(some, a.at - tolerance, key=attrgetter("at"))
        last = bisect_right(some, a.at + tolerance, key=attrgetter("at"))
        found += [(abs(a.at - b.at), a, b) for b in some[first:last] if _may_be(a, b, parties)]
    return sorted(found, key=lambda row: (row[0], row[1].no, row[2].no))


def _nearest(near: _Near) -> Iterator[tuple[Act, Act]]:
    """Pairs, the nearest first; an act that is as near to two is left to neither."""
    done_ours: set[int] = set()
    done_theirs: set[int] = set()
    for _, group in groupby(near, key=lambda row: row[0]):
        free = [(a, b) for _, a, b in group if a.no not in done_ours and b.no not in done_theirs]
        mine: Counter[Any] = Counter(a.no for a, _ in free)
        other: Counter[Any] = Counter(b.no for _, b in free)
        for a, b in free:
            done_ours.add(a.no)
            done_theirs.add(b.no)
            if mine[a.no] == other[b.no] == 1:
                yield a, b
