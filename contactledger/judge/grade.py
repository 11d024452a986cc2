"""Who vouches for a statement: confirmed, likely or claimed (J33, J36 to J38).

A statement burdens one party and favours another. That a touch arrived or was seen burdens
the receiver and favours the sender; that it was answered burdens the asker and favours the
answerer; that it failed burdens the sender and favours the receiver. Whoever says a thing
against itself is believed; whoever says it for itself claims it.
"""

from __future__ import annotations

from datetime import datetime
from typing import cast

from contactledger.facts import Entry, Mark, Signal, Touch
from contactledger.findings import Grade
from contactledger.judge.policy import Policy
from contactledger.judge.view import OWN_WORD, View
from contactledger.vocabulary import Auth, MarkWord, System

AUTH_CAVEATS: dict[Auth, tuple[str, ...]] = {
    Auth.BASIC: ("basic_auth",),
    Auth.SHARED_SECRET: ("shared_secret",),
    Auth.SIGNED_PART: ("signed_part",),
    Auth.SIGNED_BODY: (),
    Auth.DKIM: (),
    Auth.ACCESS: (),
    Auth.PARTY_SIGNED: (),
}
"""The channels that authenticate a report, and the caveat that each carries."""

CARRIES_ITSELF = frozenset({Auth.SIGNED_BODY, Auth.DKIM, Auth.PARTY_SIGNED})
"""What makes an attached original authentic on its own, whoever hands it over (J37)."""

_AGAINST = frozenset({MarkWord.DISPUTED, MarkWord.NOT_AN_ANSWER})

Weight = tuple[Grade, tuple[str, ...], tuple[str, ...], tuple[int, ...]]
"""Grade, caveats, rules, numbers of the marks that contest."""


def weigh(
    view: View,
    entry: Entry,
    policy: Policy,
    burdened: str | None,
    favoured: str | None,
    *,
    speaker: str | None = None,
    about: int | None = None,
    answerer: str | None = None,
) -> Weight:
    """The grade of the statement that an entry makes, with what is to be said of it.

    `speaker`: the party of the person whose access or signature carries the entry. `about`:
    number of the touch, whose marks by the burdened party speak for every statement on it.
    `answerer`: of an answering touch, who answers; its signature on a mail is checked by
    whoever gets the mail, so the answerer's own copy is its own word. Raises nothing.
    """
    fact = cast("Touch | Signal", entry.fact)
    auth = fact.auth
    caveats: tuple[str, ...] = ()
    rules: tuple[str, ...] = ("J33",)
    if (
        entry.recorder == burdened
        or (auth in OWN_WORD and speaker == burdened)
        or (auth is Auth.DKIM and answerer is not None and answerer != entry.recorder)
    ):
        grade = Grade.CONFIRMED
    elif fact.system is System.THIRD and auth in AUTH_CAVEATS:
        grade = Grade.LIKELY
        caveats = AUTH_CAVEATS[auth]
    else:
        grade = Grade.CLAIMED
    if entry.recorded_at - entry.at > policy.backfill_limit:
        grade, said, ruled = _backfilled(view, entry, auth, grade, favoured)
        caveats += said
        rules += ruled
    if view.marks and burdened is not None:
        word = last_word(view, entry.no, burdened, favoured)
        if word is None and about is not None:
            word = last_word(view, about, burdened, favoured)
        if word is not None:
            mark = cast(Mark, word.fact).word
            if mark is MarkWord.ACKNOWLEDGED:
                return Grade.CONFIRMED, (*caveats, "acknowledged"), rules, ()
            return min(grade, Grade.CLAIMED), (*caveats, "contested"), rules, (word.no,)
    return grade, caveats, rules, ()


def _backfilled(
    view: View, entry: Entry, auth: Auth, grade: Grade, favoured: str | None
) -> tuple[Grade, tuple[str, ...], tuple[str, ...]]:
    """What writing a thing down late does to it (J37), told from clear facts alone (J38)."""
    if entry.recorder != favoured:
        return grade, ("backfilled",), ("J37",)
    if auth in CARRIES_ITSELF and any(name == "original" for name, _, _ in entry.sd):
        if entry.no not in view.erased:
            return grade, ("backfilled", "carried_by_original"), ("J37",)
        return Grade.CLAIMED, ("backfilled", "original_erased"), ("J37", "J38")
    return Grade.CLAIMED, ("backfilled",), ("J37",)


def last_word(view: View, no: int, burdened: str, other: str | None) -> Entry | None:
    """The burdened party's last acknowledgement or dispute of an entry, None without one.

    A dispute put down in its name by the side that it hurts is believed too; an
    acknowledgement must be the party's own word (J33).
    """
    marks = view.marks.get(no)
    if marks is None:
        return None
    words = [entry for entry in marks if _speaks(view, entry, burdened, other)]
    return max(words, key=_last, default=None)


def _speaks(view: View, entry: Entry, burdened: str, other: str | None) -> bool:
    """Whether a mark is an acknowledgement or a dispute by the burdened party."""
    word = cast(Mark, entry.fact).word
    if view.word_of(entry) != burdened:
        return False
    if word in _AGAINST:
        return entry.recorder == other or view.own_word(entry, burdened)
    return word is MarkWord.ACKNOWLEDGED and view.own_word(entry, burdened)


def _last(entry: Entry) -> tuple[datetime, datetime, bool, str]:
    """The later word wins; of two at one moment the dispute does, in whatever order entered."""
    against = cast(Mark, entry.fact).word in _AGAINST
    return (entry.at, entry.recorded_at, against, entry.id)
