"""From events to facts: what reports, messages and calls add to the log.

A report is a signal about the touch that it matches (`matching.py`). A message or call of which
this is the first we hear is a touch, and an answer where it names the touch it replies to; which
account it belongs to is found in `belonging.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from contactledger.belonging import Belonging
from contactledger.cutting import cut, message_of
from contactledger.erasing import read_led
from contactledger.events import Event, Incoming, Parked
from contactledger.facts import Fact, Signal, Touch
from contactledger.linking import by_time, link, remembered
from contactledger.locating import Common, Locator, Whose
from contactledger.matching import Match, Matcher
from contactledger.recording import Given
from contactledger.references import References, id_ref, message_refs
from contactledger.refusing import AHEAD
from contactledger.store.port import LookupRow, Transaction
from contactledger.vocabulary import Auth, Channel, Purpose


class Interpreter:
    """Interprets the events of one body, in one transaction.

    `repeated`: messages that were on record; `early`: answers to what is not there (yet).
    """

    def __init__(
        self,
        tx: Transaction,
        references: References,
        *,
        recorder: str,
        received_at: datetime,
        auth: Auth,
        new_id: Callable[[], str],
        common: Common,
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
        self._seen: dict[tuple[str, bytes], int | None] = {}
        self._at = Locator(tx, references, common)
        self._matcher = Matcher(tx, references, self._at, received_at=received_at, again=again)
        self._belonging = Belonging(tx, references, self._at, recorder)
        self.repeated = 0
        self.early: list[Event] = []

    def facts(self, events: list[Event]) -> tuple[dict[str, list[Given]], tuple[Parked, ...]]:
        """What to record, by account id, and what has to be parked."""
        messages = any(event.message is not None for event in events)
        self._at.load([self._matcher.refs(event) for event in events], sides=messages)
        given: dict[str, list[Given]] = {}
        parked: list[Parked] = []
        for index in by_time(events, self._received_at):
            made = self._facts(events[index], index)
            if isinstance(made, Parked):
                parked.append(made)
            else:
                account, facts = made
                given.setdefault(account, []).extend(facts)
        return given, tuple(sorted(parked, key=lambda one: one.index))

    def _facts(self, event: Event, index: int) -> tuple[str, list[Given]] | Parked:
        match = self._matcher.match(event)
        if event.message is not None and not (
            event.message.automatic or (isinstance(match, Match) and match.rule == "call_id")
        ):
            made = self._incoming(event, event.message, match)
        elif isinstance(match, Parked):
            made = match
        else:
            made = self._reported(event, match)
        return Parked(index, made.state, made.rule) if isinstance(made, Parked) else made

    def _reported(self, event: Event, match: Match) -> tuple[str, list[Given]] | Parked:
        """What is said of a touch, unless it is said of somebody whom it was not sent to."""
        address = _about(event, match.rule)
        person = self._person_named(match.account, event)
        if person is None and self._is_strange(match, address):
            return Parked(-1, "unknown", "address")
        return match.account, [self._signal(event, match.account, match.touch, match.rule)]

    def _is_strange(self, match: Match, address: str | None) -> bool:
        """Whether somebody of other accounts alone has this address, and the touch was sent to
        people: to a party it may have been sent at any address."""
        if not address or self._at.people_in(match.account, [address]):
            return False
        if self._at.people(address) == [] or self._belonging.ours(address):
            return False
        touch = self._touch(match.account, match.touch, match.no)
        to = touch.to if isinstance(touch, Touch) else ()
        return all(self._at.party(match.account, one) != one for one in to)

    def _recipient(self, account: str, address: str | None) -> str | None:
        """Whom a report is about by its address: a person of the account, or our side, where
        whoever has it is one of us and not on record there."""
        if not address:
            return None
        people = self._at.people_in(account, [address])
        if not people and self._belonging.ours(address):
            return self._recorder
        return people[0] if len(people) == 1 else None

    def _signal(self, event: Event, account: str, touch: str, rule: str) -> Given:
        address = _about(event, rule)
        at, ahead = self._when(event)
        signal = Signal(
            touch,
            event.what,
            self._person_named(account, event) or self._recipient(account, address),
            event.by,
            detector=event.detector,
            detector_date=event.detector_date,
            permanent=event.permanent,
            system=event.system,
            auth=self._auth if event.auth is Auth.NONE else event.auth,
            source=event.source or None,
            matched=rule,
            word=cut(event.word),
            reason=cut(event.reason),
            address=cut(address),
            said_at=cut(event.said_at),
            event_id=cut(event.event_id),
            url=cut(event.url),
            ip=cut(event.ip),
            user_agent=cut(event.user_agent),
            original=event.original,
            clock_ahead=ahead,
            at=at,
        )
        own_time = event.at is not None and not ahead
        identity = self._fresh(account, self._identity(event, "signal"))
        return Given(signal, identity=identity, own_time=own_time)

    def _incoming(
        self, event: Event, message: Incoming, match: Match | Parked
    ) -> tuple[str, list[Given]] | Parked:
        """A message or call of which this is the first we hear: a touch."""
        thread = match if isinstance(match, Match) else None
        # a comment on a ticket names nobody; a mail that does not is for whom it does not say
        implied = thread is not None and not message.to and event.channel is not Channel.EMAIL
        where = None if thread is None else thread.account
        senders = self._belonging.senders(message, where, implied=implied)
        there = self._there(event, message, senders)
        if isinstance(senders, Parked) and not there:
            return senders
        new = [] if isinstance(senders, Parked) else self._new(message, senders, there)
        if not new:
            known = [] if isinstance(senders, Parked) else senders
            sender = next((who for where, who in known if where == there[0]), None)
            return self._met_again(event, thread, there[0], sender)
        if len(new) > 1:
            return Parked(-1, "ambiguous", "sender")
        ((account, sender),) = new
        if thread is not None and thread.account != account:  # it was forwarded
            thread = None
        identity = self._fresh(account, self._identity(event, "touch"))
        if identity in self._made or self._seen_as(account, identity) is not None:
            return self._met_again(event, thread, account, sender)
        self._made.add(identity)
        to = self._written_to(account, sender, message)
        if thread is not None and implied:
            to = self._others(thread, sender)
        answers = self._answered(thread, account, sender)
        if event.in_reply_to and not answers and (thread is None or thread.rule != "in_reply_to"):
            self.early.append(remembered(event))
        touch_id = self._new_id()
        at, ahead = self._when(event)
        told = answers or message.outgoing or self._at.party(account, sender) == self._recorder
        purpose = Purpose.NOTICE if told else Purpose.QUESTION
        touch = Touch(
            sender,
            tuple(to) or (self._recorder,),
            event.channel,
            Purpose.CHECK_IN if event.channel is Channel.MEETING else purpose,
            about=cut(message.subject),
            answers=answers,
            starts=event.extra.get("starts"),
            ends=event.extra.get("ends"),
            message=message_of(event, message),
            original=event.original,
            word=cut(event.reason),  # the key of a DKIM signature, which nobody may find later
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
            self._at.add(LookupRow(ref, account, touch_id, -1, "message"))
        if event.channel in (Channel.PHONE, Channel.SMS):
            facts.append(self._signal(event, account, touch_id, "call_id"))
        return account, facts

    def _met_again(
        self, event: Event, thread: Match | None, account: str, sender: str | None
    ) -> tuple[str, list[Given]]:
        """A message that is on record: linked to what it answers, if that came in after it."""
        self.repeated += 1
        if thread is None or thread.account != account or sender is None or not event.message_id:
            return account, []
        row = self._row_of(self._references.message_id(event.message_id), (account, sender))
        if row is None or row.no < 0 or not self._answered(thread, account, sender):
            return account, []
        touch = self._touch(account, row.id, row.no)
        identity = self._fresh(account, self._references.of("link", thread.touch, row.id))
        known = identity in self._made or self._seen_as(account, identity) is not None
        if known or not isinstance(touch, Touch) or touch.answers:
            return account, []
        self._made.add(identity)
        made = link(thread.touch, row.id, touch, rule=thread.rule, at=self._when(event)[0])
        return account, [Given(made, identity=identity)]

    # --- what is known of it ----------------------------------------------------------------

    def _there(self, event: Event, message: Incoming, senders: list[Whose] | Parked) -> list[str]:
        """Accounts where a message is already, as who sent it recorded it: a Message-ID names one
        message only (RFC 5322 section 3.6.4). One that names nobody whom it was sent to, as a
        circular does, may be in many."""
        if not event.message_id:
            return []
        ref = self._references.message_id(event.message_id)
        if isinstance(senders, Parked):
            sent = self._at.some(ref) if self._belonging.ours(message.sender) else []
            senders = [(row.account, self._recorder) for row in sent]
        return [whose[0] for whose in senders if self._row_of(ref, whose)]

    def _new(self, message: Incoming, senders: list[Whose], there: list[str]) -> list[Whose]:
        """Those senders in whose accounts it is not, and to somebody to whom it is in none."""
        if not there:
            return senders
        told = set().union(*[self._belonging.reached(account, message) for account in there])
        return [
            (account, who)
            for account, who in senders
            if account not in there and self._belonging.reached(account, message) - told
        ]

    def _row_of(self, ref: bytes, whose: Whose) -> LookupRow | None:
        """Where this side's message is on record in its account."""
        rows = [row for row in self._at.within(whose[0], ref) if row.kind == "message"]
        party = self._at.party(*whose)
        return next((r for r in rows if not self._matcher.gone(r) and self._is_of(r, party)), None)

    def _is_of(self, row: LookupRow, party: str) -> bool:
        touch = self._touch(row.account, row.id, row.no)
        return isinstance(touch, Touch) and self._at.party(row.account, str(touch.sender)) == party

    def _touch(self, account: str, id_: str, no: int) -> Fact:
        """A touch of this body, or one on record, without what is personal."""
        made = self._touches.get(id_)
        if made is not None:
            return made
        (entry,) = read_led(self._tx, account, [no])
        return entry.fact

    def _others(self, thread: Match, sender: str) -> list[str]:
        """Who takes part in a thread for another side than the sender's."""
        touch = self._touch(thread.account, thread.touch, thread.no)
        sides = (str(touch.sender), *touch.to) if isinstance(touch, Touch) else ()
        own = self._at.party(thread.account, sender)
        return [one for one in dict.fromkeys(sides) if self._at.party(thread.account, one) != own]

    def _written_to(self, account: str, sender: str, message: Incoming) -> list[str]:
        """Whom a message is written to: of the account, and us, where it names nobody of ours and
        somebody whom the account does not know, or else its sender's own side alone."""
        to = self._at.people_in(account, message.to)
        sides = {self._at.party(account, one) for one in (sender, *to)}
        known = all(self._at.people_in(account, [address]) for address in message.to)
        if self._recorder not in sides and (len(sides) == 1 or not known):
            to.append(self._recorder)
        return to

    def _answered(self, thread: Match | None, account: str, sender: str) -> tuple[str, ...]:
        """The touch that a message answers; one's own earlier message is none."""
        if thread is None:
            return ()
        asked = self._touch(account, thread.touch, thread.no)
        own = isinstance(asked, Touch) and self._at.party(account, str(asked.sender))
        return () if own == self._at.party(account, sender) else (thread.touch,)

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
            no = self._seen_as(account, identity)
            if no is None or not self._matcher.taken_back(account, no):
                break
            identity = self._references.of("again", identity.hex(), str(no))
        return identity

    def _seen_as(self, account: str, identity: bytes) -> int | None:
        """The entry as which it is on record."""
        key = (account, identity)
        if key not in self._seen:
            self._seen[key] = self._tx.seen(account, [identity]).get(identity)
        return self._seen[key]

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

    def _person_named(self, account: str, event: Event) -> str | None:
        """The person whose id a token of our own carries, if the account has such a one."""
        who = event.extra.get("person")
        if who is None:
            return None
        rows = [row for row in self._tx.find([id_ref(who)], account) if row.kind == "person"]
        return self._at.names(account).stays(who) if rows else None


def _about(event: Event, rule: str) -> str | None:
    """Whose address it is that a report is about."""
    if event.message is None:
        return event.address
    # of a call whoever was called, of an automatic reply the mailbox that sent it
    called = event.message.outgoing or rule == "call_id"
    return next(iter(event.message.to), None) if called else event.message.sender
