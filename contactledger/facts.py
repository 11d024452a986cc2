"""What is written: the facts of a ledger, as values without behaviour.

Host code speaks in *keys* ("bob", "rel-42"); what is hashed carries random *ids*
(26 characters, lower-case base32). The same classes serve both: a field declared with
`ref()` holds a key (or an id, or an `Entry`) when a host writes it and an id when it is
read back from a log. A field declared with `personal()` never stands in the clear: the
log holds its salted digest only, the value lies in an erasable disclosure, and reading an
entry whose disclosure is gone gives `None` there.

Fields left at their default are not in the bytes, so a field added later changes no byte
of an older entry. Times are UTC and plain `datetime` inside; any aware datetime, pendulum
ones included, may be given. Closed vocabularies are those of JUDGEMENT, version 1; a word
from outside that has no place in them is kept beside, in `word`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import attrs
from attrs import Attribute, field, frozen

from contactledger.declare import (
    a_slug,
    a_time,
    check_hours,
    clear,
    entry_ref,
    one_of,
    personal,
    ref,
    refs,
    some_of,
    some_slugs,
    to_tuple,
)
from contactledger.errors import BadFact
from contactledger.vocabulary import (
    Auth,
    By,
    Channel,
    CoverageState,
    Expects,
    HandoffWord,
    MarkWord,
    MatterState,
    MilestoneKind,
    Purpose,
    Role,
    SignalKind,
    System,
    Urgency,
    Word,
)


@frozen
class Money:
    """An amount in minor units ("cents") of an ISO 4217 currency: `Money(189500, "USD")`."""

    minor: int
    currency: str = field()

    @currency.validator
    def _iso(self, _: Attribute[str], value: object) -> None:
        if not isinstance(value, str) or not re.fullmatch("[A-Z]{3}", value):
            raise BadFact("an ISO 4217 code of three capital letters", field="Money.currency")


@frozen
class Blob:
    """Large content, named by its SHA-256 (hex) and size; the bytes lie in the blob table."""

    sha256: str
    size_bytes: int


@frozen
class Message:
    """What a touch said and the names that carriers gave it. All of it is personal."""

    message_id: str | None = None
    """RFC 5322 Message-ID, with its angle brackets."""
    provider_id: str | None = None
    """The provider's own id of the message (`sg_message_id` …)."""
    call_id: str | None = None
    subject: str | None = None
    text: str | None = None


# --- the facts -------------------------------------------------------------------------------


@frozen(weakref_slot=False)
class Opened:
    """Entry 0 of a log. Written by the ledger itself."""

    name: str | None = personal()
    ledger: str = clear("str", "")
    profile: str = clear("str", "contactledger/v1")
    house: bool = clear("bool", False)
    at: datetime | None = a_time(kw_only=True)


@frozen(weakref_slot=False)
class PolicyAdopted:
    """A written policy, in force from the later of `at` and `recorded_at` (J44).

    `text` is the whole TOML with holiday dates expanded, `digest` its SHA-256 (hex). `party`
    adopts it; `auth` says what carries the word when the party is not the recorder.
    """

    text: str = clear("str", "")
    digest: str = clear("str", "")
    rules: int = clear("int", 1)
    party: str | None = ref("party")
    auth: Auth = one_of(Auth, Auth.NONE)
    at: datetime | None = a_time(kw_only=True)


@frozen(weakref_slot=False)
class Party:
    """An organisation in the account. The same key again is a new version."""

    key: str | None = personal()
    name: str | None = personal()
    role: Role = one_of(Role, Role.CUSTOMER)
    zone: str | None = clear("str")
    at: datetime | None = a_time(kw_only=True)


@frozen(weakref_slot=False)
class Person:
    """Somebody who acts for a party, `since` … `until`. The same key again is a new version.

    `duties` are slugs that a policy's list of entitled people may name ("accounts", "it");
    `level` is the rung in the house, higher is more senior; `told` is when the other side
    was told of this version (J42), by default when it was recorded.
    """

    key: str | None = personal()
    party: str | None = ref("party")
    name: str | None = personal()
    title: str | None = personal()
    email: tuple[str, ...] | str | None = personal("strs")
    phone: tuple[str, ...] | str | None = personal("strs")
    zone: str | None = clear("str")
    duties: tuple[str, ...] = some_slugs()
    level: int = clear("int", 0)
    since: datetime | None = a_time()
    until: datetime | None = a_time()
    told: datetime | None = a_time()
    at: datetime | None = a_time(kw_only=True)


@frozen(weakref_slot=False)
class Preference:
    """What a person or party asked for. A later one of the same subject replaces it.

    `consent` is kept apart: True given, False withdrawn ("opt-out"), None says nothing and
    leaves the older word standing; `scope_*` limit it (none: everything). `hours` are local
    to `zone`, else to the subject's zone.
    """

    subject: str | None = ref("person", "party")
    preferred: Channel | None = one_of(Channel)
    allowed: tuple[Channel, ...] = some_of(Channel)
    refused: tuple[Channel, ...] = some_of(Channel)
    topics: tuple[str, ...] = some_slugs()
    refused_topics: tuple[str, ...] = some_slugs()
    hours: tuple[str, ...] = field(
        default=(), converter=to_tuple, validator=check_hours, metadata={"codec": "strs"}
    )
    zone: str | None = clear("str")
    consent: bool | None = clear("bool")
    scope_channels: tuple[Channel, ...] = some_of(Channel)
    scope_topics: tuple[str, ...] = some_slugs()
    scope_purposes: tuple[Purpose, ...] = some_of(Purpose)
    basis: str | None = a_slug()
    source: str | None = personal()
    told: datetime | None = a_time()
    at: datetime | None = a_time(kw_only=True)


_USUAL = {
    Channel.TICKET: Purpose.QUESTION,
    Channel.LETTER: Purpose.QUESTION,
    Channel.PHONE: Purpose.CHECK_IN,
    Channel.CHAT: Purpose.CHECK_IN,
    Channel.MEETING: Purpose.CHECK_IN,
    Channel.VISIT: Purpose.CHECK_IN,
}


def _usual_purpose(touch: Any) -> Purpose:
    """What a touch is for when nobody says: a ticket asks, a call checks in, mail tells."""
    return _USUAL.get(touch.channel, Purpose.NOTICE)


@frozen(weakref_slot=False)
class Touch:
    """One act of one party to reach another over one channel. An answer has `answers=`.

    `sender`: a person or party, by default the recorder's party. `to`: people or parties.
    `broadcast`: told to everybody, counted by no cap, held against nobody (J43). `tracked`:
    could have shown a look (J30, outcome 6). `starts`/`ends`: of a meeting or visit.
    `addresses`: the address used, person by person. `original`: the raw message.
    """

    sender: str | None = ref("person", "party")
    to: tuple[str, ...] = refs("person", "party")
    channel: Channel = one_of(Channel, Channel.OTHER)
    purpose: Purpose = one_of(Purpose, attrs.Factory(_usual_purpose, takes_self=True))
    key: str | None = personal()
    urgency: Urgency = one_of(Urgency, Urgency.NORMAL)
    topics: tuple[str, ...] = some_slugs()
    about: str | None = personal()
    matter: str | None = ref("matter")
    milestone: str | None = ref("milestone")
    answers: tuple[str, ...] = refs("touch")
    reminds: str | None = ref("touch")
    expects: Expects | None = one_of(Expects)
    campaign: str | None = a_slug()
    tracked: bool = clear("bool", False)
    planned: bool = clear("bool", False)
    broadcast: bool = clear("bool", False)
    starts: datetime | None = a_time()
    ends: datetime | None = a_time()
    message: Message | None = personal("message")
    addresses: Mapping[str, str] | None = personal("map", split=True)
    original: Blob | bytes | None = personal("blob")
    word: str | None = personal()
    system: System = one_of(System, System.HAND)
    auth: Auth = one_of(Auth, Auth.NONE)
    source: str | None = a_slug()
    clock_ahead: bool = clear("bool", False)
    at: datetime | None = a_time(kw_only=True)


@frozen(weakref_slot=False)
class Signal:
    """Something observed afterwards about a touch.

    `person`: whose recipient, None where the report does not say (J17). `permanent`: of a
    failure, None where the provider is silent (J7). `answer`: with `answered`, the touch
    that was the answer (J22). `same_as`: number of the entry that reports the same event
    (J18). `conflicts`: number of the entry with the same event id and other content.
    `said_at` is the provider's own text of its time.
    """

    touch: str | None = ref("touch")
    what: SignalKind = one_of(SignalKind, SignalKind.UNKNOWN)
    person: str | None = ref("person", "party")
    by: By = one_of(By, By.UNKNOWN)
    detector: str | None = a_slug()
    detector_date: str | None = a_slug()
    permanent: bool | None = clear("bool")
    answer: str | None = ref("touch")
    same_as: int | None = entry_ref()
    conflicts: int | None = entry_ref()
    system: System = one_of(System, System.HAND)
    auth: Auth = one_of(Auth, Auth.NONE)
    source: str | None = a_slug()
    matched: str | None = a_slug()
    word: str | None = personal()
    reason: str | None = personal()
    address: str | None = personal()
    said_at: str | None = personal()
    event_id: str | None = personal()
    url: str | None = personal()
    ip: str | None = personal()
    user_agent: str | None = personal()
    original: Blob | bytes | None = personal("blob")
    clock_ahead: bool = clear("bool", False)
    at: datetime | None = a_time(kw_only=True)


@frozen(weakref_slot=False)
class Mark:
    """A party's word on an entry; `party` by default the recorder's (J33 if it is not)."""

    entry: int | None = entry_ref()
    word: MarkWord = one_of(MarkWord, MarkWord.ACKNOWLEDGED)
    party: str | None = ref("party")
    auth: Auth = one_of(Auth, Auth.NONE)
    text: str | None = personal()
    at: datetime | None = a_time(kw_only=True)


@frozen(weakref_slot=False)
class Matter:
    """A matter is opened, paused, resumed, closed by `party`; `stake` is the amount in it,
    `worth` what the account is worth to the one who may lose it."""

    key: str | None = personal()
    state: MatterState = one_of(MatterState, MatterState.OPENED)
    party: str | None = ref("party")
    title: str | None = personal()
    stake: Money | None = clear("money")
    worth: Money | None = clear("money")
    topics: tuple[str, ...] = some_slugs()
    at: datetime | None = a_time(kw_only=True)


@frozen(weakref_slot=False)
class Promise:
    """What `promiser` will do for `promisee` by `due`, and the outcome it is for."""

    key: str | None = personal()
    promiser: str | None = ref("person", "party")
    promisee: str | None = ref("person", "party")
    due: datetime | None = a_time()
    what: str | None = personal()
    outcome: str | None = personal()
    matter: str | None = ref("matter")
    milestone: str | None = ref("milestone")
    topics: tuple[str, ...] = some_slugs()
    auth: Auth = one_of(Auth, Auth.NONE)
    at: datetime | None = a_time(kw_only=True)


@frozen(weakref_slot=False)
class Settlement:
    """A party's word on a promise: kept, missed or withdrawn."""

    promise: str | None = ref("promise")
    word: Word = one_of(Word, Word.KEPT)
    party: str | None = ref("party")
    auth: Auth = one_of(Auth, Auth.NONE)
    text: str | None = personal()
    at: datetime | None = a_time(kw_only=True)


@frozen(weakref_slot=False)
class Handoff:
    """A matter passed on from `giver` to `taker`; `answers` names the offer it answers."""

    matter: str | None = ref("matter")
    giver: str | None = ref("party")
    taker: str | None = ref("party")
    word: HandoffWord = one_of(HandoffWord, HandoffWord.OFFERED)
    answers: str | None = ref("handoff")
    key: str | None = personal()
    reason: str | None = personal()
    auth: Auth = one_of(Auth, Auth.NONE)
    at: datetime | None = a_time(kw_only=True)


@frozen(weakref_slot=False)
class Milestone:
    """Install, outage, release: what plans and notices refer to."""

    key: str | None = personal()
    kind: MilestoneKind = one_of(MilestoneKind, MilestoneKind.OTHER)
    name: str | None = personal()
    topics: tuple[str, ...] = some_slugs()
    ends: datetime | None = a_time()
    at: datetime | None = a_time(kw_only=True)


@frozen(weakref_slot=False)
class Coverage:
    """A collector was working, or blind, from `since` to `until` on these channels (J32).

    With `interval_seconds` it is a heartbeat: working from `at` for that long. `caught_up`:
    what was missed while blind was fetched afterwards.
    """

    collector: str | None = a_slug()
    channels: tuple[Channel, ...] = some_of(Channel)
    state: CoverageState = one_of(CoverageState, CoverageState.WORKING)
    since: datetime | None = a_time()
    until: datetime | None = a_time()
    interval_seconds: int | None = clear("int")
    caught_up: bool = clear("bool", False)
    at: datetime | None = a_time(kw_only=True)


@frozen(weakref_slot=False)
class Retraction:
    """The recorder's own entry was wrong; from now on as if never written (J47)."""

    entry: int | None = entry_ref()
    reason: str | None = personal()
    at: datetime | None = a_time(kw_only=True)


@frozen(weakref_slot=False)
class Redaction:
    """Personal parts were erased: of one `entry` (all its personal fields, or `fields`), of
    one `person` everywhere in the account, or, with neither, of the whole account."""

    entry: int | None = entry_ref()
    fields: tuple[str, ...] = some_slugs()
    person: str | None = ref("person")
    basis: str | None = a_slug()
    at: datetime | None = a_time(kw_only=True)


@frozen(weakref_slot=False)
class Alias:
    """`old` and `new` are one and the same; `new` is the name that stays (J48)."""

    old: str | None = ref("person", "party", "matter")
    new: str | None = ref("person", "party", "matter")
    at: datetime | None = a_time(kw_only=True)


@frozen(weakref_slot=False)
class Hold:
    """A legal hold: until it is released, nothing of the account, or of the one `person`, may
    be erased. `releases`: number of the hold that this entry ends instead of placing one."""

    person: str | None = ref("person")
    releases: int | None = entry_ref()
    basis: str | None = a_slug()
    reason: str | None = personal()
    at: datetime | None = a_time(kw_only=True)


@frozen(weakref_slot=False)
class Moved:
    """The account goes on in the log of another account, whose id is `to`; the ledger itself
    writes it (`Ledger.merge_accounts`)."""

    to: str = clear("str", "")
    at: datetime | None = a_time(kw_only=True)


Fact = (
    Opened | PolicyAdopted | Party | Person | Preference | Touch | Signal | Mark | Matter
    | Promise | Settlement | Handoff | Milestone | Coverage | Retraction | Redaction | Alias
    | Hold | Moved
)  # fmt: skip

FACTS: dict[str, type[Fact]] = {
    "opened": Opened,
    "policy_adopted": PolicyAdopted,
    "party": Party,
    "person": Person,
    "preference": Preference,
    "touch": Touch,
    "signal": Signal,
    "mark": Mark,
    "matter": Matter,
    "promise": Promise,
    "settlement": Settlement,
    "handoff": Handoff,
    "milestone": Milestone,
    "coverage": Coverage,
    "retraction": Retraction,
    "redaction": Redaction,
    "alias": Alias,
    "hold": Hold,
    "moved": Moved,
}
"""Kind, as it stands in the bytes → class."""


@frozen(weakref_slot=False)
class Entry:
    """A fact in its account's log, as read.

    `no` counts from 0; `id` is what the fact is (the same for every version of a person,
    matter …); `sd` are the (field, person or "", digest) of its personal parts, whether
    their disclosures are still there or not, and `gone` the (field, person) of those that
    are not.
    """

    account: str
    no: int
    id: str
    kind: str
    at: datetime
    recorded_at: datetime
    recorder: str
    fact: Fact
    sd: tuple[tuple[str, str, str], ...] = ()
    gone: frozenset[tuple[str, str]] = frozenset()


class Disclosure(NamedTuple):
    """One personal part of entry `no`, erasable; `body` is D itself (`log/record.py`)."""

    no: int
    field: str
    person: str
    digest: str
    body: str


def fields_of(cls: type[Fact]) -> Iterable[Attribute[Any]]:
    """The declared fields of a fact, `at` left out (it stands in the entry itself)."""
    return [a for a in attrs.fields(cls) if a.name != "at"]
