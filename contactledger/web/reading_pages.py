"""Pages that show: the accounts, and a touch.

Addresses hold ids, numbers and words of closed lists alone; a search is posted, so that no
name comes into an address.
"""

from __future__ import annotations

from typing import Any

from attrs import evolve, frozen
from starlette.responses import Response

from contactledger.errors import NotFound
from contactledger.facts import Entry, Mark, Touch
from contactledger.judge.waiting import open_questions
from contactledger.report.finding_row import finding_row
from contactledger.report.names import Names, names
from contactledger.report.phrases import AUTH, CHANNELS, WHAT, iso, iso_local, word
from contactledger.report.summary import onus_text
from contactledger.report.words import Words
from contactledger.reporting import WORDING, zone_of
from contactledger.web import behind
from contactledger.web.door import Visit

ACCOUNTS = 25
"""On a page."""
JUDGED = 200
"""Accounts that are looked through at most for a page of those whose turn it is: each is
judged, which takes milliseconds, and people wait for a page."""
TURNS = ("any", "ours", "theirs", "nobody")
SYSTEMS = {
    "third": "a system that neither side runs",
    "own": "the recorder’s own system",
    "hand": "written down by a person",
}
MATCHED = {
    "token": "the id that we had set in it",
    "provider_id": "the provider’s id",
    "message_id": "its Message-ID",
    "in_reply_to": "what it says it replies to",
    "references": "the thread that it names",
    "call_id": "the id of the call or meeting",
    "address": "the address, with one touch open",
    "behaviour": "what was done with it",
}
"""The rule by which a report was known to be about a touch (`matching.py`) → words."""

# --- all accounts --------------------------------------------------------------------------


@frozen
class Shown:
    """A line of the list of accounts."""

    named: behind.Named
    turn: str
    said: str
    waits: int
    last: str


def accounts(visit: Visit) -> Response:
    """The accounts a visitor may see; somebody with one alone is led there."""
    seen = visit.accounts()
    if not visit.access.everything and len(seen) == 1:
        return visit.see_other(f"a/{seen[0].id}")
    if not visit.access.everything and not seen:
        return visit.see_other("verify")
    turn = visit.request.query_params.get("turn", "any")
    turn = turn if turn in TURNS else "any"
    start = visit.number("after", 0, len(seen))
    shown, end = _page(visit, seen, start, turn)
    return visit.page(
        "accounts.html",
        shown=shown,
        turn=turn,
        turns=TURNS,
        count=len(seen),
        more=end if end < len(seen) else None,
        start=start,
        found=None,
        sought="",
    )


def find(visit: Visit) -> Response:
    """The accounts whose names hold a text."""
    sought = visit.text("q")
    seen = [one for one in visit.accounts() if sought.casefold() in one.name.casefold()]
    shown, _ = _page(visit, seen[:ACCOUNTS], 0, "any")
    return visit.page(
        "accounts.html",
        shown=shown,
        turn="any",
        turns=TURNS,
        count=len(seen),
        more=None,
        start=0,
        found=len(seen),
        sought=sought,
    )


def _page(visit: Visit, seen: list[behind.Named], start: int, turn: str) -> tuple[list[Shown], int]:
    """A page of lines from `start` on, and where the next one begins."""
    shown: list[Shown] = []
    at = start
    while at < len(seen) and len(shown) < ACCOUNTS and at - start < JUDGED:
        line = _line(visit, seen[at])
        at += 1
        if turn in ("any", line.turn):
            shown.append(line)
    return shown, at


def _line(visit: Visit, named: behind.Named) -> Shown:
    if named.archived:
        return Shown(named, "nobody", visit.words("Archived."), 0, "")
    kept = visit.keeper.of(named.id)
    stood, onus = kept.standing, kept.standing.onus
    called = names(kept.entries, visit.words)
    party = None if onus.party is None else {"name": called.of(onus.party)}
    said = onus_text(
        {
            "party": party,
            "since": onus.since,
            "since_local": iso(onus.since) if onus.since else "",
            "until": onus.until,
            "until_local": iso(onus.until) if onus.until else "",
            "next_rung_text": "",
            "diligence": onus.diligence,
        },
        visit.words,
    )
    ours = onus.party == behind.recorder(visit.ledger)
    turn = "nobody" if onus.party is None else "ours" if ours else "theirs"
    waits = len(open_questions(kept.judged))
    moved = kept.goes_on and behind.goes_on(visit.ledger, named.id)
    if moved:
        said += " " + visit.words("It goes on in “{name}”.", name=moved.name)
    last = max((f.at for f in stood.findings), default=None)
    return Shown(named, turn, said, waits, iso(last) if last else "")


# --- a touch -------------------------------------------------------------------------------


def touch(visit: Visit) -> Response:
    """A touch: what it said, what it was judged, every piece of evidence and who vouches."""
    named = visit.account()
    no = visit.request.path_params["no"]
    kept = visit.keeper.of(named.id)
    entries, zone = kept.entries, zone_of(kept.entries)
    entry, fact = behind.touch_of(entries, no)
    called, wording = names(entries, visit.words), evolve(WORDING, words=visit.words)
    found = [finding_row(f, called, wording) for f in kept.standing.findings if f.no == no]
    evidence = {e["no"]: e for f in found for e in f["evidence"]}
    return visit.page(
        "touch.html",
        account=named,
        entry=entry,
        fact=fact,
        findings=found,
        pieces=[
            _piece(e, evidence.get(e.no), called, zone, entry, visit.words)
            for e in entries
            if e.no == no or _is_about(e, entry)
        ],
        marks=[
            {"no": e.no, "word": str(e.fact.word), "text": e.fact.text or "",
             "party": called.of(e.fact.party or e.recorder), "auth": AUTH[e.fact.auth],
             "at_local": iso_local(e.at, zone)}
            for e in entries
            if isinstance(e.fact, Mark) and e.fact.entry == no
        ],
        channel=CHANNELS[fact.channel],
        sender=called.of(fact.sender or entry.recorder),
        receivers=[called.of(one) for one in fact.to],
        at_local=iso_local(entry.at, zone),
        zone=zone,
    )  # fmt: skip


def _is_about(one: Entry, touched: Entry) -> bool:
    """Whether an entry says something of a touch: a signal, or a touch that answers it."""
    fact = one.fact
    if isinstance(fact, Touch):
        return touched.id in fact.answers or fact.reminds == touched.id
    return one.kind == "signal" and getattr(fact, "touch", None) == touched.id


def _piece(
    entry: Entry,
    judged: dict[str, Any] | None,
    called: Names,
    zone: str,
    touched: Entry,
    words: Words,
) -> dict[str, Any]:
    """A piece of evidence: what it says, who wrote it down, how that was authenticated."""
    fact: Any = entry.fact
    what = words(word(WHAT, str(getattr(fact, "what", "touch"))))
    if isinstance(fact, Touch) and entry.no != touched.no:
        what = words("an answer") if touched.id in fact.answers else words("a reminder")
    elif judged:
        what = judged["text"]
    kept = fact.original is not None
    return {
        "no": entry.no,
        "text": what,
        "at_local": iso_local(entry.at, zone),
        "recorded_local": iso_local(entry.recorded_at, zone),
        "recorder": called.of(entry.recorder),
        "source": fact.source or "",
        "auth": AUTH[fact.auth] or "not authenticated",
        "system": SYSTEMS[fact.system],
        "matched": word(MATCHED, getattr(fact, "matched", None) or ""),
        "grade": judged["grade"] if judged else "",
        "lifts": (judged["lifts"] or "") if judged else "",
        "rules": judged["rules"] if judged else [],
        "caveats": judged["caveats"] if judged else [],
        "word": getattr(fact, "word", None) or "",
        "original": kept,
    }


def nowhere(_: Visit) -> Response:
    """No page of ours."""
    raise NotFound("no such page")
