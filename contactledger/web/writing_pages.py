"""Forms that write: a touch or an answer, and a party's word on an entry.

Whoever comes as a party of its own access (`Access.customer`) speaks for that party alone, and
what is recorded says so (`auth=access`, J33); whoever comes as staff speaks for the recorder.
After a form comes a redirect, and a form that is sent twice is recorded once: its key says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from attrs import frozen
from starlette.responses import Response

from contactledger.errors import BadInput, Conflict, NotFound
from contactledger.facts import Entry, Fact, Mark, Matter, Message, Party, Person, Signal, Touch
from contactledger.judge.counting import standing_entries, survivors
from contactledger.report.names import Names, names
from contactledger.report.phrases import CHANNELS, PURPOSES
from contactledger.vocabulary import Auth, By, Channel, MarkWord, SignalKind
from contactledger.web import behind
from contactledger.web.door import Visit

CALLS = {
    "": "nothing to add",
    "answered": "spoke with a person",
    "voicemail": "voicemail took it",
    "no_answer": "rang out",
    "busy": "busy",
}
"""What became of a call, where the one who writes it down knows."""
WANTED = {
    "nothing": "nothing",
    "seen": "that it is seen",
    "response": "a response",
    "reply": "a reply",
}
_WORDS = ("channel", "purpose", "key", "about", "matter", "expects")
"""Fields of a touch that stand in the form as they are."""


@frozen
class Someone:
    """A person or party of the account that a form may name."""

    id: str
    name: str
    party: str
    party_name: str


def new_touch(visit: Visit) -> Response:
    """The form for a touch; with `answers=NUMBER` for an answer to that one."""
    visit.only_records()
    form = _Form(visit)
    return form.page("")


def record_touch(visit: Visit) -> Response:
    """Record the touch that was filled in."""
    visit.only_records()
    form = _Form(visit)
    try:
        no = form.record()
    except (BadInput, NotFound) as error:
        return form.page(str(error), 422)
    except Conflict:
        return form.page("This form was sent before with something else in it.", 409)
    return visit.see_other(f"a/{form.named.id}/t/{no}")


def record_mark(visit: Visit) -> Response:
    """Record a party's word on a touch."""
    visit.only_records()
    named = visit.account()
    form = _Form(visit)
    entry, _ = form.touch(visit.text("entry"))
    word = visit.text("word")
    if word not in list(MarkWord):
        raise BadInput("is not one of the list", field="word")
    mark = Mark(
        entry.no,
        MarkWord(word),
        form.party if visit.access.party else None,
        form.auth,
        visit.text("text") or None,
    )
    visit.ledger.record(named.id, mark)
    return visit.see_other(f"a/{named.id}/t/{entry.no}")


class _Form:
    """The form of a touch: who may be named in it, and what it says."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.named = visit.account()
        self.entries = visit.keeper.entries(self.named.id)
        self.called: Names = names(self.entries)
        access = visit.access
        self.stays = survivors(standing_entries(self.entries, behind.now(visit.ledger)))
        party = (
            behind.party_of(self.entries, access.party, Party)
            if access.party
            else behind.recorder(visit.ledger)
        )
        self.party = self.stays.get(party, party)
        self.auth = Auth.ACCESS if access.party else Auth.NONE
        self.people = someone(self.entries, self.called, self.stays)
        self.zone = self.called.zones.get(self.party, "UTC")

    def page(self, error: str, status: int = 200) -> Response:
        """The form, with what was filled in and what is wrong with it."""
        visit = self.visit
        asked = visit.text("answers") or visit.request.query_params.get("answers", "")
        answered, fact = self.touch(asked) if asked else (None, None)
        now = behind.now(visit.ledger).astimezone(ZoneInfo(self.zone))
        mine = [one for one in self.people if one.party == self.party]
        senders = mine if visit.access.party else self.people
        return visit.page(
            "new.html",
            status,
            account=self.named,
            error=error,
            answered=answered,
            about=self.called.about(answered.no) if answered else "",
            senders=senders,
            sender=visit.text("sender") or self._usual_sender(senders, fact),
            people=self.people,
            to_ids=visit.texts("to") or self._usual_to(answered, fact),
            channels=CHANNELS,
            channel=visit.text("channel") or (str(fact.channel) if fact else "phone"),
            purposes=PURPOSES,
            calls=CALLS,
            wanted=WANTED,
            matters=self._matters(),
            filled={name: visit.text(name) for name in ("about", "text", "purpose", "call",
                                                        "expects", "matter")},
            when=visit.text("when") or now.strftime("%Y-%m-%dT%H:%M"),
            now=visit.text("now") or now.astimezone(UTC).isoformat(),
            key=visit.text("key") or behind.fresh_key(visit.ledger),
            zone=self.zone,
        )  # fmt: skip

    def record(self) -> int:
        """Put what was filled in on record; the number of the touch."""
        visit = self.visit
        text = visit.text("text")
        asked = visit.text("answers")
        at = self._when()
        words: dict[str, Any] = {name: visit.text(name) or None for name in _WORDS}
        if not words["purpose"]:
            del words["purpose"]  # the usual one of the channel
        touch = Touch(
            **words,
            sender=self._named(visit.text("sender"), "sender"),
            to=tuple(self._named(one, "to") for one in visit.texts("to")),
            answers=(self.touch(asked)[0].id,) if asked else (),
            message=Message(text=text) if text else None,
            auth=self.auth,
            at=at,
        )
        if not touch.to:
            raise BadInput("name at least one person or party", field="to")
        facts: list[Fact] = [touch]
        call = visit.text("call")
        if call and touch.channel == Channel.PHONE:
            if call not in CALLS or not touch.key:
                raise BadInput("is not one of the list", field="call")
            by = By.HUMAN if call == SignalKind.ANSWERED else By.UNKNOWN
            facts.append(Signal(touch.key, SignalKind(call), by=by, auth=self.auth, at=at))
        return visit.ledger.record(self.named.id, *facts)[0].no

    def touch(self, number: str) -> tuple[Entry, Touch]:
        """The touch of that number; NotFound."""
        good = number.isascii() and number.isdigit() and len(number) < 10
        return behind.touch_of(self.entries, int(number) if good else -1)

    def _named(self, id_: str, field: str) -> str:
        """An id of the list; a sender only of those the visitor may speak for."""
        for one in self.people:
            own = field != "sender" or not self.visit.access.party or one.party == self.party
            if one.id == id_ and own:
                return id_
        raise BadInput("is not one of the list", field=field)

    def _when(self) -> datetime:
        """The moment that was filled in, in the zone beside it; untouched it is that of the
        form, to the second."""
        said, made = self.visit.text("when"), self.visit.text("now")
        try:
            now = datetime.fromisoformat(made)
            when = datetime.fromisoformat(said).replace(tzinfo=ZoneInfo(self.zone))
        except ValueError:
            raise BadInput("must be a time as in 2026-07-01T09:00", field="when") from None
        if now.tzinfo is None:
            raise BadInput("has no time zone", field="now")
        same = now.astimezone(ZoneInfo(self.zone)).strftime("%Y-%m-%dT%H:%M") == said
        return now if same else when

    def _usual_sender(self, senders: list[Someone], answered: Touch | None) -> str:
        """Who is meant, if nobody says: the visitor, or whoever was asked, else the party."""
        person = self.visit.access.person
        known = [e for e in self.entries if isinstance(e.fact, Person)]
        me = [self._stays(e.id) for e in known
              if person and person in (e.id, getattr(e.fact, "key", None))]  # fmt: skip
        ids = {one.id for one in senders}
        asked = [id_ for id_ in map(self._stays, answered.to if answered else ()) if id_ in ids]
        if asked and not set(asked) & {*me, self.party}:
            return asked[0]
        return me[-1] if me else self.party

    def _usual_to(self, answered: Entry | None, fact: Touch | None) -> list[str]:
        return [self._stays(fact.sender or answered.recorder)] if answered and fact else []

    def _stays(self, id_: str) -> str:
        """The id that stays, of two that were merged."""
        return self.stays.get(id_, id_)

    def _matters(self) -> list[tuple[str, str]]:
        found = {e.id: e for e in self.entries if isinstance(e.fact, Matter)}
        return [(id_, self.called.of(id_)) for id_ in found if id_ not in self.stays]


def someone(entries: Sequence[Entry], called: Names, stays: Mapping[str, str]) -> list[Someone]:
    """The parties of an account, each before its people, in the order of the log. `stays`: of
    names that were merged the one that is left; the other is nobody of its own any more."""
    parties = {e.id: e.fact for e in entries if isinstance(e.fact, Party) and e.id not in stays}
    people = {e.id: e.fact for e in entries if isinstance(e.fact, Person) and e.id not in stays}
    found: list[Someone] = []
    for id_ in parties:
        found.append(Someone(id_, called.of(id_), id_, called.of(id_)))
        found += [
            Someone(person, called.of(person), id_, called.of(id_))
            for person, fact in people.items()
            if stays.get(fact.party or "", fact.party) == id_
        ]
    return found
