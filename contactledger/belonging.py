"""Which account a message or call belongs to, of which this is the first we hear.

What another side writes is meant for us, whatever address it went to. What somebody of our own
side writes belongs into an account if it is written to another side there: all else is between
colleagues, or nobody's business. Where several accounts come into question, as every account
knows the people of a vendor, it is the one that knows whom it is written to best: all of those
that any other knows, and more.
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
        self._own: dict[str, bool] = {}

    def senders(
        self, message: Incoming, account: str | None, *, implied: bool = False
    ) -> list[Whose] | Parked:
        """(account, person) of whoever may have sent it, with several where they cannot be told;
        (account, party) where several people of one side have that address.

        `account`: the one that the thread it stands in belongs to; a thread may have been
        forwarded, to whom that account does not know. `implied`: and it is written to whoever
        else takes part in that thread.
        """
        found: list[Whose] | Parked = Parked(-1, "unknown", "sender")
        if account is not None:
            found = self._in([account], message, implied=implied)
        if isinstance(found, Parked):
            found = self._anywhere(message)
        return found if isinstance(found, Parked) or len(found) == 1 else self._told(found)

    def ours(self, address: str) -> bool:
        """Whether somebody of our own side has this address, in whichever account."""
        if address not in self._own:
            self._own[address] = any(map(self._is_ours, self._at.some_people(address)))
        return self._own[address]

    def reached(self, account: str, message: Incoming) -> set[str]:
        """Addresses of another side than ours that it is written to: our own people are in many
        accounts, and in some they are not named."""
        return {
            address
            for address in message.to
            for one in self._at.people_in(account, [address])
            if not self._is_ours((account, one))
        }

    def _anywhere(self, message: Incoming) -> list[Whose] | Parked:
        known = self._at.people(message.sender) if message.sender else []
        accounts = [where for where, _ in known or ()]
        if not known or self.ours(message.sender):
            # from whom everybody knows, by a telephone that nobody does, or one of us, who need
            # not be on record where they write to
            accounts += self._at.accounts(message.to)
        found = self._in(list(dict.fromkeys(accounts)), message)
        if isinstance(found, Parked) and known is None:
            return self._parked(message)
        return found

    def _in(
        self, accounts: list[str], message: Incoming, *, implied: bool = False
    ) -> list[Whose] | Parked:
        found = [(account, who) for account in accounts for who in self._sent(account, message)]
        theirs = [whose for whose in found if not self._is_ours(whose)]
        if len(found) == 1 and (theirs or implied):
            return found
        reached = {account: self.reached(account, message) for account, _ in found}
        left = [whose for whose in found if reached[whose[0]] or whose in theirs]
        best = [one for one in left if not any(reached[one[0]] < reached[w] for w, _ in left)]
        return best or Parked(-1, "unknown", "recipient" if found else "sender")

    def _sent(self, account: str, message: Incoming) -> list[str]:
        """Who of an account may have sent it."""
        people = self._at.people_in(account, [message.sender]) if message.sender else []
        return people or ([self._recorder] if self._by_us(message) else [])

    def _by_us(self, message: Incoming) -> bool:
        """Whether it is from our side, for an account that does not know the sender."""
        if not message.sender or self._at.people(message.sender) == []:
            return message.outgoing
        return self.ours(message.sender)

    def _is_ours(self, whose: Whose) -> bool:
        return self._at.party(*whose) == self._recorder

    def _parked(self, message: Incoming) -> Parked:
        """Why a message of somebody whom many accounts know came to nothing."""
        common = [address for address in message.to if self._at.people(address) is None]
        if self.ours(message.sender) and all(map(self.ours, common)):
            return Parked(-1, "unknown", "recipient")
        return Parked(-1, "ambiguous", "sender")

    def _told(self, found: list[Whose]) -> list[Whose]:
        """Of several: without those of accounts that go on in another, where somebody of another
        is left; and the party, where all are of one."""
        left = [one for one in found if goes_on_in(self._tx, self._references, one[0]) == one[0]]
        sides = {(account, self._at.party(account, who)) for account, who in left or found}
        return list(sides) if len(left) > 1 and len(sides) == 1 else left or found
