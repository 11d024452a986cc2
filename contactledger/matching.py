"""From events to facts: whose touch a report is about, and what it adds to the log.

Rules, the first that gives exactly one touch: `token` (our own), `provider_id`, `message_id`,
`in_reply_to`, `references` (newest first), `call_id`, `address` (one touch to that address
over that channel in the 30 days before, in one account). Where every rule that gives anything
gives several, the event is *ambiguous*; where none gives anything it is *unknown*. The rule
is written into the signal. A message or call from a known address of exactly one account is a
touch of the other side, and an answer where it names the touch it replies to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from attrs import frozen

from contactledger.events import Event, Incoming
from contactledger.facts import Fact, Message, Person, Signal, Touch
from contactledger.log.record import ID, decode
from contactledger.merging import Merged, goes_on_in
from contactledger.recording import Given
from contactledger.references import References, id_ref, message_refs
from contactledger.refusing import AHEAD
from contactledger.store.port import LookupRow, Transaction
from contactledger.vocabulary import Auth, Channel, Purpose

WINDOW = timedelta(days=30)
"""How far back a touch may lie that is matched by address alone; it may lie ahead by as much
as any clock may, since providers round to whole seconds."""
MAX_CANDIDATES = 50
"""How many of the newest touches to an address are looked at."""
MAX_TEXT_BYTES = 28_000
"""A parsed text is cut there (UTF-8), so that a whole message, with every character escaped,
is within the bound of a disclosure; the whole of it is in the event's original."""
MAX_LINE_BYTES = 998
"""Ids and subjects: a line of RFC 5322 holds no more."""

_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
"""What may not be recorded, and controls, which would be escaped to six bytes each."""


@frozen
class Parked:
    """An event that matched no touch (*unknown*) or several (*ambiguous*): its position in
    the body, and by which rule it came to nothing."""

    index: int
    state: str
    rule: str


@frozen
class _Match:
    account: str
    touch: str
    no: int
    rule: str


class Matcher:
    """Matches the events of one body, in one transaction."""

    def __init__(
        self,
        tx: Transaction,
        references: References,
        *,
        recorder: str,
        received_at: datetime,
        auth: Auth,
        new_id: Callable[[], str],
        again: bool = False,
    ) -> None:
        self._tx = tx
        self._references = references
        self._recorder = recorder
        self._received_at = received_at
        self._auth = auth
        self._new_id = new_id
        self._made: set[bytes] = set()
        self._touches: dict[str, Touch] = {}
        self._again = again
        self._retracted: dict[tuple[str, int], bool] = {}
        self._rows: dict[bytes, list[LookupRow]] = {}
        self._merged: dict[str, Merged] = {}
        self.repeated = 0

    def facts(self, events: list[Event]) -> tuple[dict[str, list[Given]], tuple[Parked, ...]]:
        """What to record, by account id, and what has to be parked."""
        self._prefetch(events)
        given: dict[str, list[Given]] = {}
        parked: list[Parked] = []
        for index, event in enumerate(events):
            made = self._facts(event, index)
            if isinstance(made, Parked):
                parked.append(made)
            else:
                account, facts = made
                given.setdefault(account, []).extend(facts)
        return given, tuple(parked)

    # --- looking up ------------------------------------------------------------------------

    def _prefetch(self, events: Iterable[Event]) -> None:
        wanted: set[bytes] = set()
        for event in events:
            for _, ref in self._rules(event):
                wanted.add(ref)
            for address in self._addresses(event):
                wanted.add(self._references.address(address))
        self._load(wanted)
        accounts = {row.account for rows in self._rows.values() for row in rows}
        merged = self._tx.find({self._references.aliases(account) for account in accounts})
        for account in accounts - {row.account for row in merged}:
            self._merged.setdefault(account, Merged(account))

    def _load(self, refs: set[bytes]) -> None:
        missing = refs - self._rows.keys()
        if missing:
            self._rows.update((ref, []) for ref in missing)
            for row in self._tx.find(missing):
                self._rows[row.ref].append(row)

    def _addresses(self, event: Event) -> Iterator[str]:
        if event.address:
            yield event.address
        if event.message is not None:
            yield from (a for a in (event.message.sender, *event.message.to) if a)

    def _rules(self, event: Event) -> Iterator[tuple[str, bytes]]:
        """(rule, reference), in the order in which they are tried."""
        refs = self._references
        if event.token and ID.match(event.token):
            yield "token", id_ref(event.token)
        if event.provider_id:
            yield "provider_id", refs.provider_id(event.provider_id)
        if event.message_id and event.message is None:
            yield "message_id", refs.message_id(event.message_id)
        if event.in_reply_to:
            yield "in_reply_to", refs.message_id(event.in_reply_to)
        for reference in event.references:
            yield "references", refs.message_id(reference)
        if event.call_id:
            yield "call_id", refs.call_id(event.call_id)

    def _match(self, event: Event) -> _Match | Parked:
        several = ""
        for rule, ref in self._rules(event):
            kinds = ("touch",) if rule == "token" else ("message",)
            rows = [r for r in self._rows[ref] if r.kind in kinds and not self._gone(r)]
            found = {(r.account, r.id): r for r in rows}
            if len(found) == 1:
                (row,) = found.values()
                return _Match(row.account, row.id, row.no, rule)
            several = several or (rule if found else "")
        if event.address and event.message is None:
            near = self._near(event)
            if len(near) == 1:
                return near[0]
            several = several or ("address" if near else "")
        return Parked(-1, "ambiguous" if several else "unknown", several)

    def _gone(self, row: LookupRow) -> bool:
        """Whether an import that was taken back wrote it (only asked while importing again)."""
        return self._again and row.no >= 0 and self._taken_back(row.account, row.no)

    def _taken_back(self, account: str, no: int) -> bool:
        key = (account, no)
        if key not in self._retracted:
            ref = self._references.retracted(account, no)
            self._retracted[key] = bool(self._tx.find([ref], account))
        return self._retracted[key]

    def _near(self, event: Event) -> list[_Match]:
        """Touches to this address over this channel in the 30 days before."""
        at = event.at or self._received_at
        found = {}
        people = self._people(event.address or "")
        for account, person in ((a, name) for a, who in people for name in self._every(a, who)):
            ref = self._references.reach(account, person, event.channel)
            self._load({ref})
            for row in reversed(self._rows[ref][-MAX_CANDIDATES:]):
                (entry,) = self._tx.entries(account, row.no, row.no + 1)
                if at - WINDOW <= entry.at <= at + AHEAD:
                    found[row.id] = _Match(account, row.id, row.no, "address")
        return list(found.values())

    def _people(self, address: str) -> list[tuple[str, str]]:
        """(account, person) of whoever has this address, by the name that stays (J48)."""
        rows = self._rows[self._references.address(address)]
        found = ((r.account, r.id) for r in rows if r.kind == "address")
        return list(dict.fromkeys((where, self._names(where).stays(who)) for where, who in found))

    def _every(self, account: str, person: str) -> list[str]:
        return self._names(account).every(person)

    def _here(self, pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """Without those of accounts that go on in another, where somebody of another is left."""
        left = [p for p in pairs if goes_on_in(self._tx, self._references, p[0]) == p[0]]
        return left or pairs

    def _names(self, account: str) -> Merged:
        if account not in self._merged:
            self._merged[account] = Merged.load(self._tx, self._references, account)
        return self._merged[account]

    def _person_in(self, account: str, address: str | None) -> str | None:
        """The one person of an account with this address."""
        if not address:
            return None
        people = [who for where, who in self._people(address) if where == account]
        return people[0] if len(people) == 1 else None

    def _person_named(self, account: str, event: Event) -> str | None:
        """The person whose id a token of our own carries, if the account has such a one."""
        who = event.extra.get("person")
        if who is None:
            return None
        rows = [row for row in self._tx.find([id_ref(who)], account) if row.kind == "person"]
        return self._names(account).stays(who) if rows else None

    def _party(self, account: str, who: str) -> str:
        """The party a person acts for (a party is its own)."""
        for row in self._tx.find([id_ref(who)], account):
            (entry,) = self._tx.entries(account, row.no, row.no + 1)
            fact = decode(entry.record).fact
            if isinstance(fact, Person) and fact.party is not None:
                return fact.party
        return who

    # --- making facts -------------------------------------------------------------------------

    def _facts(self, event: Event, index: int) -> tuple[str, list[Given]] | Parked:
        match = self._match(event)
        if event.message is not None and not (
            event.message.automatic or (isinstance(match, _Match) and match.rule == "call_id")
        ):
            made = self._incoming(event, event.message, match)
        elif isinstance(match, Parked):
            made = match
        else:
            made = match.account, [self._signal(event, match.account, match.touch, match.rule)]
        return Parked(index, made.state, made.rule) if isinstance(made, Parked) else made

    def _signal(self, event: Event, account: str, touch: str, rule: str) -> Given:
        address = event.address
        if event.message is not None:
            # of a call whoever was called, of an automatic reply the mailbox that sent it
            called = event.message.outgoing or rule == "call_id"
            address = next(iter(event.message.to), None) if called else event.message.sender
        at, ahead = self._when(event)
        signal = Signal(
            touch,
            event.what,
            self._person_named(account, event) or self._person_in(account, address),
            event.by,
            detector=event.detector,
            detector_date=event.detector_date,
            permanent=event.permanent,
            system=event.system,
            auth=self._auth if event.auth is Auth.NONE else event.auth,
            source=event.source or None,
            matched=rule,
            word=_cut(event.word),
            reason=_cut(event.reason),
            address=_cut(address),
            said_at=_cut(event.said_at),
            event_id=_cut(event.event_id),
            url=_cut(event.url),
            ip=_cut(event.ip),
            user_agent=_cut(event.user_agent),
            original=event.original,
            clock_ahead=ahead,
            at=at,
        )
        own_time = event.at is not None and not ahead
        identity = self._fresh(account, self._identity(event, "signal"))
        return Given(signal, identity=identity, own_time=own_time)

    def _incoming(
        self, event: Event, message: Incoming, match: _Match | Parked
    ) -> tuple[str, list[Given]] | Parked:
        """A message or call of which this is the first we hear: a touch."""
        senders = self._people(message.sender) if message.sender else []
        if message.outgoing and not senders:
            senders = [(account, self._recorder) for account, _ in self._known(message.to)]
        if isinstance(match, _Match):
            senders = [(account, who) for account, who in senders if account == match.account]
        elif len(senders) > 1:
            senders = self._here(senders)
        if len(senders) != 1:
            return Parked(-1, "ambiguous" if senders else "unknown", "sender")
        ((account, sender),) = senders
        identity = self._fresh(account, self._identity(event, "touch"))
        if identity in self._made or self._tx.seen(account, [identity]):
            self.repeated += 1
            return account, []
        self._made.add(identity)
        to = [who for where, who in self._known(message.to) if where == account]
        answers = self._answered(match, account, sender)
        touch_id = self._new_id()
        at, ahead = self._when(event)
        purpose = Purpose.NOTICE if answers or message.outgoing else Purpose.QUESTION
        touch = Touch(
            sender,
            tuple(to) or (self._recorder,),
            event.channel,
            Purpose.CHECK_IN if event.channel is Channel.MEETING else purpose,
            about=_cut(message.subject),
            answers=answers,
            starts=event.extra.get("starts"),
            ends=event.extra.get("ends"),
            message=_message(event, message),
            original=event.original,
            word=_cut(event.reason),  # the key of a DKIM signature, which nobody may find later
            system=event.system,
            auth=self._auth if event.auth is Auth.NONE else event.auth,
            source=event.source or None,
            clock_ahead=ahead,
            at=at,
        )
        facts = [Given(touch, touch_id, identity)]
        self._touches[touch_id] = touch
        for ref in message_refs(touch.message, self._references):
            # what else this body says of the message or call is said of this touch
            self._rows.setdefault(ref, []).append(LookupRow(ref, account, touch_id, -1, "message"))
        if event.channel in (Channel.PHONE, Channel.SMS):
            facts.append(self._signal(event, account, touch_id, "call_id"))
        return account, facts

    def _known(self, addresses: Iterable[str]) -> list[tuple[str, str]]:
        found = [pair for address in addresses if address for pair in self._people(address)]
        return list(dict.fromkeys(found))

    def _answered(self, match: _Match | Parked, account: str, sender: str) -> tuple[str, ...]:
        """The touch that a message answers; one's own earlier message is none."""
        if isinstance(match, Parked):
            return ()
        asked: Fact | None = self._touches.get(match.touch)
        if asked is None:
            (row,) = self._tx.entries(account, match.no, match.no + 1)
            asked = decode(row.record).fact
        own = isinstance(asked, Touch) and self._party(account, str(asked.sender))
        return () if own == self._party(account, sender) else (match.touch,)

    def _when(self, event: Event) -> tuple[datetime, bool]:
        """When it happened, as far as is known, and whether that clock runs ahead (J46)."""
        if event.at is None:
            return self._received_at, False
        if event.at > self._received_at + AHEAD:
            return self._received_at, True
        return event.at, False

    def _fresh(self, account: str, identity: bytes) -> bytes:
        """The same, or where what it stands for was taken back, the identity of its successor."""
        while self._again:
            no = self._tx.seen(account, [identity]).get(identity)
            if no is None or not self._taken_back(account, no):
                break
            identity = self._references.of("again", identity.hex(), str(no))
        return identity

    def _identity(self, event: Event, kind: str) -> bytes:
        """A digest by which the same report is known again, never of what a retry changes;
        one for each `kind` of fact that is made of it, as a call is a touch and a signal."""
        if event.event_id:
            return self._references.of("event", kind, event.source, event.event_id)
        said = event.said_at or (event.at.isoformat() if event.at else "")
        parts = (
            event.provider_id or event.message_id or event.call_id or "",
            event.address or (event.message.sender if event.message else ""),
            said,
            event.url or "",
            event.word or event.what.value,
        )
        return self._references.of("event", kind, event.source, *parts)


def _message(event: Event, message: Incoming) -> Message:
    return Message(
        _cut(event.message_id, MAX_LINE_BYTES),
        _cut(event.provider_id, MAX_LINE_BYTES),
        _cut(event.call_id, MAX_LINE_BYTES),
        _cut(message.subject, MAX_LINE_BYTES),
        _cut(message.text),
    )


def _cut(text: str | None, size_bytes: int = MAX_TEXT_BYTES) -> str | None:
    """Text within the bounds of a disclosure, without what may not be recorded."""
    if text is None:
        return None
    if not text.isprintable():
        text = _UNFIT.sub("\N{REPLACEMENT CHARACTER}", text)
    if len(text) * 4 <= size_bytes:
        return text
    return text.encode("utf-8")[:size_bytes].decode("utf-8", "ignore")
