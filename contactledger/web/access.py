"""Who may see what: what a host's `allow` callback gives, signed links, and tokens of forms.

Nothing here is kept anywhere. Links and tokens are signed with a key that is made of the
ledger's secret; a link names account, party and person by their random ids, so it tells nobody
who they are, and it ends by itself.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from datetime import datetime, timedelta

from attrs import field, frozen

from contactledger.errors import BadInput, Unverified

MAX_LINK = timedelta(days=90)
"""How long a link may be good for; whoever needs longer has an account with the host."""
FORM_TOKEN = timedelta(hours=12)
"""How long a page may lie open before its form is sent: this long at least, twice at most."""
_TAG_BYTES = 32
_ID = re.compile(r"[a-z2-7]{26}\Z")
_NOBODY = "-" * 26


def _to_set(value: Iterable[str] | str | None) -> frozenset[str] | None:
    if value is None:
        return None
    return frozenset([value] if isinstance(value, str) else value)


@frozen
class Access:
    """What a visitor may see and do; `Access.staff`, `.customer` and `.anyone` make it.

    `who`: the host's name for the visitor, any text that stays the same; it is printed and
    logged nowhere. `accounts`: names or ids, None for all of them and what is beside them
    (inbox, health). `party`: whose word the visitor gives, None for the recorder's; `person`:
    as whom. `records`: whether anything may be written.
    """

    who: str = field(repr=False)
    accounts: frozenset[str] | None = field(default=frozenset(), converter=_to_set, repr=False)
    party: str | None = field(default=None, repr=False)
    person: str | None = field(default=None, repr=False)
    records: bool = False

    @classmethod
    def staff(
        cls,
        who: str,
        accounts: Iterable[str] | str | None = None,
        *,
        person: str | None = None,
        records: bool = True,
    ) -> Access:
        """Somebody of the party that keeps the ledger: all accounts, or these alone."""
        return cls(who, accounts, None, person, records)

    @classmethod
    def customer(
        cls, who: str, account: str, party: str, *, person: str | None = None, records: bool = True
    ) -> Access:
        """Somebody of another party of one account: sees that account and speaks for it."""
        return cls(who, account, party, person, records)

    @classmethod
    def anyone(cls) -> Access:
        """A visitor nobody knows: may verify a bundle, and sees nothing of the ledger."""
        return cls("")

    @property
    def everything(self) -> bool:
        """Whether all accounts may be seen, and with them inbox and health."""
        return self.accounts is None

    def sees(self, account: str, name: str) -> bool:
        """Whether the account with this id and name may be seen."""
        return self.accounts is None or account in self.accounts or name in self.accounts


class Seals:
    """Signs links and the tokens of forms, and checks them."""

    def __init__(self, secret: bytes) -> None:
        self._key = hmac.new(secret, b"contactledger/web/v1/key", hashlib.sha256).digest()

    def __repr__(self) -> str:
        return "Seals(…)"

    # --- links -----------------------------------------------------------------------------

    def link(self, account: str, party: str, person: str | None, until: datetime) -> str:
        """The token of a link for a party of an account; all three are ids."""
        ids = (account, party, person or _NOBODY)
        for id_ in ids:
            if id_ != _NOBODY and not _ID.match(id_):
                raise BadInput("must be an id of this ledger, not a key", field="link")
        said = "".join(ids) + f"{int(until.timestamp()):012d}"
        return _text(said.encode() + self._tag("link", said))

    def opened(self, token: str, now: datetime) -> Access:
        """What a link lets its holder see; `Unverified` where it was not signed here, or ended."""
        data = _bytes(token)
        said, tag = data[:-_TAG_BYTES].decode("ascii", "replace"), data[-_TAG_BYTES:]
        if len(said) != 90 or not hmac.compare_digest(tag, self._tag("link", said)):
            raise Unverified("the link was not made here")
        if now.timestamp() >= int(said[78:]):
            raise Unverified("the link has ended")
        account, party, person = said[:26], said[26:52], said[52:78]
        who = hashlib.sha256(data).hexdigest()
        return Access.customer(who, account, party, person=None if person == _NOBODY else person)

    # --- forms -----------------------------------------------------------------------------

    def form_token(self, access: Access, now: datetime) -> str:
        """A token that goes into every form of a visitor, so that no other site can send one."""
        return _text(self._tag("form", f"{_period(now)} {access.who}"))

    def is_form_token(self, token: str, access: Access, now: datetime) -> bool:
        """Whether this visitor was given it, not too long ago."""
        said = [self.form_token(access, now), self.form_token(access, now - FORM_TOKEN)]
        given = token.encode("utf-8", "replace")
        return any(hmac.compare_digest(given, one.encode()) for one in said)

    def _tag(self, use: str, said: str) -> bytes:
        return hmac.new(self._key, f"{use}\0{said}".encode(), hashlib.sha256).digest()


def _period(now: datetime) -> int:
    return int(now.timestamp() // FORM_TOKEN.total_seconds())


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode("ascii").rstrip("=")


def _bytes(token: str) -> bytes:
    """The bytes of a token; nothing where it is none."""
    try:
        return urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
    except ValueError:
        return b""
