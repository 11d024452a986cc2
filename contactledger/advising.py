"""Asking a ledger what may and should be done: the part of `Reading` that looks ahead.

Keys of people and parties are those that stand in the log itself, so that an opened bundle
answers as the ledger does; where a key was erased, or is not disclosed, the id will do.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from contactledger.errors import NotFound
from contactledger.facts import Entry, Matter, Party, Person
from contactledger.judge.counting import standing_entries, survivors
from contactledger.moments import Moment, moment
from contactledger.vocabulary import Channel

if TYPE_CHECKING:
    from contactledger.advice import NextStep, Permission, Relationship
    from contactledger.files import Report
    from contactledger.printing import Attachment
    from contactledger.reading import Loaded
    from contactledger.templating import Templates


class Advising:
    """What may be done now, and what should be; a part of `Reading`."""

    if TYPE_CHECKING:

        def _load(self, account: str, *, check: bool = False) -> Loaded: ...
        def _as_of(self, as_of: Moment | None) -> datetime: ...
        def _attachment(self, account: str) -> Attachment: ...

    def may_contact(
        self,
        account: str,
        person: str,
        channel: Channel | str,
        about: str | Iterable[str] = (),
        at: Moment | None = None,
        *,
        sender: str | None = None,
        matter: str | None = None,
    ) -> Permission:
        """Whether somebody may be contacted: yes, or the rules against it and the earliest time.

        `person`: a key of the account, of a person or a party. `about`: a purpose ("outage"),
        topics, or both. `at`: by default now. `sender`: by default the party that keeps the
        log. `matter`: in which the preferred channel may have been tried already. Raises
        NotFound, BadInput, BadFact for a channel that is none.
        """
        from contactledger.judge.may_contact import may_contact

        loaded = self._load(account)
        return may_contact(
            loaded.entries,
            id_of(loaded.entries, person, "person", Person, Party),
            channel,
            about,
            at=self._as_of(None) if at is None else moment(at, "at"),
            sender=party_of(loaded.entries, sender, "sender"),
            matter=None if matter is None else id_of(loaded.entries, matter, "matter", Matter),
            house=loaded.house,
        )

    def next_steps(
        self, account: str, *, party: str | None = None, as_of: Moment | None = None
    ) -> tuple[NextStep, ...]:
        """What a party, by default the one that keeps the log, should do next.

        What is overdue stands in front; each step names its rules and the entries it rests on.
        """
        from contactledger.judge.next_steps import next_steps

        loaded, now = self._load(account), self._as_of(as_of)
        whose = current(loaded.entries, party_of(loaded.entries, party, "party"), now)
        return next_steps(loaded.entries, now, party=whose, house=loaded.house)

    def relationship(self, account: str, *, as_of: Moment | None = None) -> Relationship:
        """Where a relationship is: the plan, the cadence, and what is worth a word."""
        from contactledger.judge.relationship import relationship

        loaded = self._load(account)
        return relationship(loaded.entries, self._as_of(as_of), house=loaded.house)

    def outlook(
        self,
        account: str,
        *,
        party: str | None = None,
        as_of: Moment | None = None,
        templates: Templates | None = None,
        lang: str = "en",
    ) -> Report:
        """Next steps and relationship as a report, in the forms that `report` has.

        `templates` and `lang` as of `report`.
        """
        from contactledger.judge.next_steps import next_steps_of
        from contactledger.judge.questions import judged
        from contactledger.judge.relationship import relationship_of
        from contactledger.reporting import outlook
        from contactledger.templating import templates_of

        loaded, now = self._load(account), self._as_of(as_of)
        whose = current(loaded.entries, party_of(loaded.entries, party, "party"), now)
        found = judged(loaded.entries, now, house=loaded.house)
        return outlook(
            whose,
            next_steps_of(found, loaded.entries, party=whose, house=loaded.house),
            relationship_of(found.view, found.findings, found.promises),
            [entry for entry in loaded.entries if entry.recorded_at <= now],
            account=account,
            templates=templates_of(templates),
            lang=lang,
            attached=self._attachment(account),
        )


def party_of(entries: Sequence[Entry], party: str | None, field: str) -> str:
    """The id of a party, by default of the one that keeps the log; NotFound naming `field`."""
    return entries[0].recorder if party is None else id_of(entries, party, field, Party, Person)


def id_of(entries: Sequence[Entry], name: str, field: str, *kinds: type) -> str:
    """The id that a key, or the id itself, stands for; of two, the one introduced last."""
    for entry in reversed(entries):
        if isinstance(entry.fact, kinds) and name in (entry.id, getattr(entry.fact, "key", None)):
            return entry.id
    raise NotFound("nothing of that name in the account", field=field)


def current(entries: Sequence[Entry], id_: str, as_of: datetime) -> str:
    """The name that stays, where two are one (J48)."""
    return survivors(standing_entries(entries, as_of)).get(id_, id_)
