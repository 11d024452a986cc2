"""Which account a message or call belongs to, of which this is the first we hear.

What another side writes is meant for us, whatever address it went to. What somebody of our own
side writes belongs into an account if it is written to another side there: all else is between
colleagues, or nobody's business. Where several accounts know the sender, as every account knows
the people of a vendor, it is the one that knows whom it is written to as well.
"""

from __future__ import annotations

from contactledger.events import Incoming, Parked
from contactledger.locating import Locator, Whose
from contactledger.merging import goes_on_in
from contactledger.references import References
from contactledger.store.port import Transaction


class Belonging:
    """Finds the sender of a message, in one transaction."""

    def __init__(self, tx: Transaction, references: References, at: Locator, recorder: str) -> None:
        self._tx = tx
        self._references = references
        self._at = at
        self._recorder = recorder

    def senders(
        self, message: Incoming, account: str | None, *, implied: bool = False
    ) -> list[Whose] | Parked:
        """(account, person) of whoever may have sent it, with several where they cannot be told.

        `account`: the one that the thread it stands in belongs to; `implied`: and it is written
        to whoever else takes part in that thread.
        """
        if account is not None:
            return self._in([account], message, implied=implied)
        known = self._at.people(message.sender) if message.sender else []
        if known or (known is not None and not message.outgoing):
            found = self._in(list(dict.fromkeys([where for where, _ in known])), message)
        else:  # from whom everybody knows, or by a telephone of ours that nobody does
            found = self._in(self._at.accounts(message.to), message)
        if isinstance(found, Parked):
            return found if known is not None else Parked(-1, "ambiguous", "sender")
        return found if len(found) == 1 else self._here(found)

    def _in(
        self, accounts: list[str], message: Incoming, *, implied: bool = False
    ) -> list[Whose] | Parked:
        found = [(account, who) for account in accounts for who in self._sent(account, message)]
        theirs = [whose for whose in found if not self._ours(whose)]
        if len(found) == 1 and (theirs or implied):
            return found
        left = [whose for whose in found if self._reaches(whose, message)] or theirs
        return left or Parked(-1, "unknown", "recipient" if found else "sender")

    def _sent(self, account: str, message: Incoming) -> list[str]:
        """Who of an account may have sent it."""
        people = self._at.people_in(account, [message.sender]) if message.sender else []
        return people or ([self._recorder] if message.outgoing else [])

    def _ours(self, whose: Whose) -> bool:
        return self._at.party(*whose) == self._recorder

    def _reaches(self, whose: Whose, message: Incoming) -> bool:
        """Whether it is written to a side that is neither its sender's nor ours: our own people
        are in many accounts, and in some they are not named."""
        account, own = whose[0], self._at.party(*whose)
        others = self._at.people_in(account, message.to)
        return any(self._at.party(account, one) not in (own, self._recorder) for one in others)

    def _here(self, found: list[Whose]) -> list[Whose]:
        """Without those of accounts that go on in another, where somebody of another is left."""
        left = [one for one in found if goes_on_in(self._tx, self._references, one[0]) == one[0]]
        return left or found
