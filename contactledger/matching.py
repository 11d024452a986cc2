"""Whose touch a report is about.

Rules, the first that gives exactly one touch: `token` (our own), `provider_id`, `message_id`,
`in_reply_to`, `references` (newest first), `call_id`, `address` (one touch to that address
over that channel in the 30 days before, in one account). What leads to several accounts is looked
at in those that know an address of the event. Where every rule that gives anything gives several,
the event is *ambiguous*; where none gives anything it is *unknown*. The rule is written into the
signal.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from attrs import frozen

from contactledger.erasing import read_led
from contactledger.events import Event, Parked
from contactledger.locating import Locator
from contactledger.log.record import ID
from contactledger.references import References, id_ref
from contactledger.refusing import AHEAD
from contactledger.store.port import LookupRow, Transaction

WINDOW = timedelta(days=30)
"""How far back a touch may lie that is matched by address alone; it may lie ahead by as much
as any clock may, since providers round to whole seconds."""
MAX_CANDIDATES = 50
"""How many of the newest touches to an address are looked at."""


@frozen
class Match:
    """A touch that was found: its `account`, id and number there, and by which `rule`."""

    account: str
    touch: str
    no: int
    rule: str


class Matcher:
    """Matches events, in one transaction; `again`: what was taken back is not there."""

    def __init__(
        self,
        tx: Transaction,
        references: References,
        at: Locator,
        *,
        received_at: datetime,
        again: bool,
    ) -> None:
        self._tx = tx
        self._references = references
        self._at = at
        self._received_at = received_at
        self._again = again
        self._reach: dict[bytes, list[tuple[datetime, LookupRow]]] = {}
        self._retracted: dict[tuple[str, int], bool] = {}

    def refs(self, event: Event) -> set[bytes]:
        """All by which an event is matched."""
        refs = {ref for _, ref in self._rules(event)}
        refs.update(map(self._references.address, _addresses(event)))
        if event.message is not None and event.message_id:
            refs.add(self._references.message_id(event.message_id))
        return refs

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

    def match(self, event: Event) -> Match | Parked:
        """The touch that an event is about, or why none is."""
        several = ""
        for rule, ref in self._rules(event):
            kind = "touch" if rule == "token" else "message"
            found = self._led(ref, kind, event)
            if found is not None and len(found) == 1:
                return Match(found[0].account, found[0].id, found[0].no, rule)
            several = several or ("" if found == [] else rule)
        if event.address and event.message is None:
            near = self._near(event, event.address)
            if near is not None and len(near) == 1:
                return near[0]
            several = several or ("" if near == [] else "address")
        return Parked(-1, "ambiguous" if several else "unknown", several)

    def _led(self, ref: bytes, kind: str, event: Event) -> list[LookupRow] | None:
        """What a reference leads to: of several accounts those that know an address of the event,
        where there are any; None where it leads to too many."""
        rows = self._at.everywhere(ref)
        if rows is None or len({row.account for row in rows}) > 1:
            found = [self._known_to(address, ref) for address in _addresses(event)]
            rows = min(filter(None, found), key=len, default=rows)
        if rows is None:
            return None
        left = [row for row in rows if row.kind == kind and not self.gone(row)]
        return list({(row.account, row.id): row for row in left}.values())

    def _known_to(self, address: str, ref: bytes) -> list[LookupRow]:
        """What it leads to in the accounts that an address singles out."""
        accounts = {account for account, _ in self._at.people(address) or ()}
        return [row for account in accounts for row in self._at.within(account, ref)]

    def gone(self, row: LookupRow) -> bool:
        """Whether an import that was taken back wrote it (only asked while importing again)."""
        return self._again and row.no >= 0 and self.taken_back(row.account, row.no)

    def taken_back(self, account: str, no: int) -> bool:
        """Whether an entry is retracted."""
        key = (account, no)
        if key not in self._retracted:
            ref = self._references.retracted(account, no)
            self._retracted[key] = bool(self._tx.find([ref], account))
        return self._retracted[key]

    def _near(self, event: Event, address: str) -> list[Match] | None:
        """Touches to this address over this channel in the 30 days before; None where too many
        have it."""
        at = event.at or self._received_at
        people = self._at.people(address)
        if people is None:
            return None
        found = {}
        for account, who in people:
            names = self._at.names(account).every(who)
            refs = [self._references.reach(account, name, event.channel) for name in names]
            for touched_at, row in [r for ref in refs for r in self._reached(account, ref)]:
                if at - WINDOW <= touched_at <= at + AHEAD:
                    found[row.id] = Match(account, row.id, row.no, "address")
        return list(found.values())

    def _reached(self, account: str, ref: bytes) -> list[tuple[datetime, LookupRow]]:
        if ref not in self._reach:
            rows = self._tx.find_newest(ref, account, MAX_CANDIDATES)
            entries = read_led(self._tx, account, [row.no for row in rows])
            self._reach[ref] = [(e.at, row) for e, row in zip(entries, rows, strict=True)]
        return self._reach[ref]


def _addresses(event: Event) -> list[str]:
    """All addresses of an event."""
    message = event.message
    named = [event.address] if message is None else [event.address, message.sender, *message.to]
    return [address for address in named if address]
