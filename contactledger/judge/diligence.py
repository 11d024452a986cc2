"""Whose turn it is in each open matter, and what was done before: `turns`, `diligence`.

The turn is the onus (J52), the account's own in front. Diligence asks of the side that waits:
which rungs of the ladder did it climb, and which has it left out (J51)? It is complete only
where every rung was climbed, each with its time, and then the onus is on the other side (O3).
A policy without a ladder asks for nothing, so there it is complete at once.
"""

from __future__ import annotations

from collections.abc import Iterator

from contactledger.findings import Case
from contactledger.judge.cases import account_onus
from contactledger.judge.ladder import Ladder, ladders, staff
from contactledger.judge.matters import dossiers
from contactledger.judge.questions import Judged
from contactledger.questions import Diligence, Turn
from contactledger.vocabulary import MatterState


def turns(asked: Judged) -> tuple[Turn, ...]:
    """Every matter that is open, or was closed by a party that owes something in it.

    The oldest stands in front, whose onus is the account's; `waited` is the time since then, None
    where it is nobody's turn.
    """
    _, first = account_onus(asked.cases)
    found = [_turn(asked, case, first) for case in asked.cases if _is_open(case)]
    return tuple(found)


def _is_open(case: Case) -> bool:
    return case.state is not MatterState.CLOSED or case.onus.party is not None


def _turn(asked: Judged, case: Case, first: str | None) -> Turn:
    since = case.onus.since
    return Turn(
        matter=case.matter,
        named=case.named,
        opened_at=case.opened_at,
        onus=case.onus,
        waited=None if since is None else asked.view.as_of - since,
        first=case.matter == first,
        rules=("J52", case.onus.rule),
        because=case.onus.because,
    )


def diligence(asked: Judged) -> tuple[Diligence, ...]:
    """For each party that waits for another in a matter: the ladder of its oldest question."""
    return tuple(_found(asked))


def _found(asked: Judged) -> Iterator[Diligence]:
    people = staff(asked.view)
    open_ones = {case.matter for case in asked.cases if _is_open(case)}
    for dossier in dossiers(asked.view, asked.findings, asked.promises):
        if dossier.matter in open_ones:
            for ladder in ladders(asked.view, dossier, people, asked.bases):
                yield _diligence(asked, ladder)


def _diligence(asked: Judged, ladder: Ladder) -> Diligence:
    question = ladder.question
    climbed = tuple(rung for rung in ladder.rungs if rung.climbed_by is not None)
    missing = tuple(rung for rung in ladder.rungs if rung.tried_by is None)
    tried = tuple(rung for rung in ladder.rungs if rung not in climbed and rung not in missing)
    state = "incomplete" if missing else "waiting" if tried else "complete"
    tries = {rung.tried_by for rung in ladder.rungs} - {None}
    return Diligence(
        no=question.no,
        matter=question.matter,
        by=question.sender,
        toward=question.party,
        due=question.due,
        state=state,
        climbed=climbed,
        tried=tried,
        missing=missing,
        open_now=sum(rung.opens_at <= asked.view.as_of for rung in missing),
        waits_until=ladder.waits_until,
        rules=("J51", "J52"),
        because=tuple(sorted({*question.because, *(no for no in tries if no is not None)})),
    )
