"""Who was told about something, account by account, from the gists that are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from attrs import frozen

from contactledger.gists import Gists
from contactledger.judge.gist import named
from contactledger.questions import About, Told, ToldRow
from contactledger.references import References
from contactledger.refreshing import title_ref
from contactledger.report.names import Names
from contactledger.store.port import LedgerRow

Someone = tuple[str, str]
"""A party, and a person of it or ""."""

KNOWS = """SELECT n FROM telling WHERE about = ?
    UNION SELECT n FROM thing WHERE about = ? AND ref = ''"""
"""Accounts that know of a topic."""
CALLED = """SELECT n, about FROM thing AS found WHERE ref = ? AND EXISTS (
    SELECT 1 FROM thing WHERE n = found.n AND about = found.about AND ref = '')
    ORDER BY n, about"""
"""Milestones and matters that are called something, in the accounts in which they stand."""
HEARD = """SELECT n, about, party, person, state, because FROM telling AS told
    WHERE teller = ? AND (about = ? OR about IN (SELECT about FROM thing WHERE ref = ?))"""
"""What was told by a party about a topic, and about what is called something."""


@frozen
class Noticed:
    """What one account was told: an answer for each thing of the name that was asked for, of
    which parties, people, states and entries are kept; and the names in it."""

    id: str
    account: str
    told: Sequence[Told]
    names: Names


def noticed(gists: Gists, row: LedgerRow, about: str, as_of: datetime) -> dict[str, list[Told]]:
    """Account → who was told by the recorder about the topic; where it knows none of that name,
    about each milestone and matter with that key, id or title."""
    us, topic = row.recorder, named(About("topic", about))
    ref = title_ref(References(row.secret), about)
    knows = {n for (n,) in gists.all(KNOWS, (topic, topic))}
    things: dict[int, list[str]] = {}
    for n, thing in gists.all(CALLED, (ref,)):
        if n not in knows:
            things.setdefault(n, []).append(thing)
    heard: dict[tuple[int, str], dict[Someone, tuple[str, str]]] = {}
    for n, thing, party, person, state, because in gists.all(HEARD, (us, topic, ref)):
        heard.setdefault((n, thing), {})[party, person] = (state, because)
    sides: dict[int, list[Someone]] = {}
    for n, party, person in gists.all("SELECT n, party, person FROM side WHERE party <> ?", (us,)):
        sides.setdefault(n, []).append((party, person))
    return {
        id_: [
            Told(id_, as_of, _about(thing), us, _rows(sides.get(n, ()), heard.get((n, thing), {})))
            for thing in things.get(n, [topic])
        ]
        for id_, n in gists.all("SELECT id, n FROM account")
    }


def _about(thing: str) -> About:
    kind, _, name = thing.partition(" ")
    return About(kind, name)


def _rows(
    sides: Iterable[Someone], heard: Mapping[Someone, tuple[str, str]]
) -> tuple[ToldRow, ...]:
    rows = []
    for party, person in dict.fromkeys((*sides, *heard)):
        state, because = heard.get((party, person), ("never_told", ""))
        row = ToldRow(
            party, person or None, None, state, None, None, None,
            held_against=False, touches=(), rules=(), because=tuple(map(int, because.split())),
        )  # fmt: skip
        rows.append(row)
    return tuple(rows)
