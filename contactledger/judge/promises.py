"""What became of each promise: `promise_findings(view)` (J49).

A promise is judged by the last word of the two parties it binds. Both saying the same is
confirmed; both saying different things is disputed; one alone is claimed, whoever it is. A
word put down on behalf of another party without anything of its own carrying it is the
recorder's (J33), and words of third parties decide nothing. Since one word alone never
counts for more than claimed, and two agreeing words burden one of the two who said them, a
late entry can lift no promise, and J37 needs no case of its own here.

A mark on a settlement is a word as well: `acknowledged` by the other party says the same,
`disputed` says the contrary. A mark of the promiser on a promise that another wrote down
for it takes the promise up, or denies that it was ever made.

Promises whose two sides are one party are listed, and nobody can confirm them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import cast

from attrs import frozen

from contactledger.facts import Entry, Mark, Promise, Settlement
from contactledger.findings import Grade, PromiseFinding, PromiseState
from contactledger.judge.view import View, in_time_order
from contactledger.vocabulary import MarkWord, Word

_STATES = {
    Word.KEPT: PromiseState.KEPT,
    Word.MISSED: PromiseState.MISSED,
    Word.WITHDRAWN: PromiseState.WITHDRAWN,
}
_BURDENING = frozenset({PromiseState.OVERDUE, PromiseState.MISSED})


@frozen
class _Said:
    """One party's word: what it makes of the promise, and the words it was said in.

    `denies`: the word is that the promise is not in `state`, as another said it was.
    """

    entry: Entry
    party: str
    state: PromiseState
    word: str
    denies: bool = False


def promise_findings(view: View) -> tuple[PromiseFinding, ...]:
    """The verdict on every promise, in the order of their entries (J49)."""
    return tuple(_judge(view, entry) for entry in view.promises.values())


def speaker(view: View, entry: Entry) -> str:
    """Whose word a mark, settlement or matter entry counts as (J33): that of the party it
    names if something of its own carries it, else the recorder's."""
    party = view.word_of(entry)
    return party if view.own_word(entry, party) else entry.recorder


def _judge(view: View, entry: Entry) -> PromiseFinding:
    fact = cast(Promise, entry.fact)
    promiser = view.owner(fact.promiser, entry.at) or fact.promiser or entry.recorder
    promisee = view.owner(fact.promisee, entry.at) or fact.promisee or ""
    taken = _taken_up(view, entry, promiser)
    said = _last_words(view, entry, promiser, promisee)
    denied = taken is not None and taken.denies and taken.entry is not entry
    if taken is not None and denied and all(word.party != promiser for word in said):
        said.append(taken)
    state, grade, deciding = _state(view.as_of, entry, said, taken)
    rules = ["J49", "J33"]
    if any(_said_late(word.entry, fact.due) for word in deciding):
        rules.append("J36")
    because = {entry.no, *(word.entry.no for word in said)}
    if taken is not None:
        because.add(taken.entry.no)
    return PromiseFinding(
        no=entry.no,
        promise=entry.id,
        promiser=promiser,
        promisee=promisee,
        matter=fact.matter,
        at=entry.at,
        due=fact.due,
        state=state,
        grade=grade,
        settled_at=min((word.entry.at for word in deciding), default=None),
        held_by=promiser if state in _BURDENING else None,
        words=tuple((word.party, word.word, word.entry.no) for word in said),
        rules=tuple(rules),
        because=tuple(sorted(because)),
    )


def _state(
    as_of: datetime, entry: Entry, said: list[_Said], taken: _Said | None
) -> tuple[PromiseState, Grade, list[_Said]]:
    """The state of a promise, its grade, and the words that settled it."""
    standing = [word for word in said if not word.denies]
    if len(standing) < len(said) or len({word.state for word in standing}) > 1:
        return PromiseState.DISPUTED, Grade.CLAIMED, []
    if standing:
        agreed = Grade.CONFIRMED if len(standing) == 2 else Grade.CLAIMED
        return standing[0].state, agreed, standing
    due = cast(Promise, entry.fact).due
    late = due is not None and as_of > due
    grade = Grade.CLAIMED if taken is None or taken.denies else Grade.CONFIRMED
    return PromiseState.OVERDUE if late else PromiseState.OPEN, grade, []


def _last_words(view: View, promise: Entry, promiser: str, promisee: str) -> list[_Said]:
    """The last word of promiser and promisee on the promise, in the order they were said.

    A denial stands only while what it denies is still the other's last word.
    """
    sides = {promiser, promisee}
    last: dict[str, _Said] = {}
    for said in sorted(_all_words(view, promise, sides), key=lambda s: in_time_order(s.entry)):
        last[said.party] = said
    words = sorted(last.values(), key=lambda s: in_time_order(s.entry))
    states = {word.state for word in words if not word.denies}
    return [word for word in words if not word.denies or word.state in states]


def _all_words(view: View, promise: Entry, sides: set[str]) -> Iterator[_Said]:
    due = cast(Promise, promise.fact).due
    for entry in view.settlements.get(promise.id, ()):
        party = speaker(view, entry)
        if party not in sides:
            continue
        word = cast(Settlement, entry.fact).word
        state = _STATES[word]
        if state is PromiseState.WITHDRAWN and due is not None and entry.at > due:
            state = PromiseState.MISSED
        yield _Said(entry, party, state, word.value)
        for mark in view.marks.get(entry.no, ()):
            other = speaker(view, mark)
            if other == party or other not in sides:
                continue
            said = cast(Mark, mark.fact).word
            if said is MarkWord.ACKNOWLEDGED:
                yield _Said(mark, other, state, word.value)
            elif said is MarkWord.DISPUTED:
                yield _Said(mark, other, state, said.value, denies=True)


def _taken_up(view: View, promise: Entry, promiser: str) -> _Said | None:
    """The promiser's own word that it promised, or that it did not; None if it never spoke."""
    said = None
    if view.own_word(promise, promiser):
        said = _Said(promise, promiser, PromiseState.OPEN, "promised")
    for mark in sorted(view.marks.get(promise.no, ()), key=in_time_order):
        word = cast(Mark, mark.fact).word
        if speaker(view, mark) != promiser:
            continue
        if word in (MarkWord.ACKNOWLEDGED, MarkWord.DISPUTED):
            denies = word is MarkWord.DISPUTED
            own = promise if view.own_word(promise, promiser) else mark
            said = _Said(own, promiser, PromiseState.OPEN, word.value, denies=denies)
    return said


def _said_late(entry: Entry, due: datetime | None) -> bool:
    """Dated in time and written down after it: counts by its own time, and is printed (J36)."""
    return due is not None and entry.at <= due < entry.recorded_at
