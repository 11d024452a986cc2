"""contactledger: who reached out, who answered, who ignored it; believable to both sides.

A ledger of touches between the parties of an account (a vendor, its customer, partners,
consultants), each judged by one written policy, printed as a proof-of-contact report.

The map. The ground and the four wings are pure: no files, sockets, environment, clock or
randomness. Wings never import each other; a test reads this very list and keeps it so::

    errors.py       GROUND  the error tree, drawn at the top
    vocabulary.py   GROUND  the closed vocabularies that may stand in the clear
    declare.py      GROUND  how a fact's fields are declared, personal ones among them
    swift.py        GROUND  frozen values, built at the price of plain ones
    facts.py        GROUND  what is written: attrs frozen, no behaviour; Entry
    events.py       GROUND  what a source makes of bytes, before it is matched
    findings.py     GROUND  what is read: values only
    advice.py       GROUND  what to do next: values only
    shown.py        GROUND  how a verdict comes to show itself in a notebook
    questions.py    GROUND  what is asked of findings: the answers, values only
    log/            WING    canon, record, tlog, note, checkpoint, seal, bundle: bytes, trees
    judge/          WING    view, policy, calendar, judge, cases, standing, next_steps
    sources/        WING    one file per provider or format
    report/         WING    names, rows, charts, document, render, templates/
    store/          STORE   port, memory, sql, layout; tables (the only importer of sqlmodel)
    references.py   TOP     where names lead: references under the ledger's secret
    accounts.py     TOP     which log a name means
    refusing.py     TOP     what no fact may say
    fieldwise.py    TOP     facts copied, compared and worded field by field
    preparing.py    TOP     facts as they are given, before any account is locked
    resolving.py    TOP     what facts name, and where it is looked up
    recording.py    TOP     keys to ids, repeats, conflicts; facts to bytes
    sending.py      TOP     a message on record before it leaves
    matching.py     TOP     whose touch a report is about
    interpreting.py TOP     what reports, messages and calls add to the log
    cutting.py      TOP     what of an event fits into a fact
    linking.py      TOP     answers that come in before what they answer
    locating.py     TOP     where references lead: accounts, people, parties
    belonging.py    TOP     which account a message or call belongs to
    regrading.py    TOP     acts graded by what is on record, and the other way round
    receiving.py    TOP     the inbox: durable, parsed, matched, recorded
    waiting.py      TOP     what waits in the inbox, looked at and thrown away
    mailboxes.py    TOP     a mailbox file in pieces
    importing.py    TOP     whole files: tried first, in batches that can be taken back
    heartbeats.py   TOP     collectors that say they are alive, and coverage from it
    covering.py     TOP     when a collector listened, from heartbeats and periods
    tracking.py     TOP     own pixels and links: into a message, and back from a request
    merging.py      TOP     two names that are one, two accounts that go on as one
    concerning.py   TOP     whom an entry is about
    holding.py      TOP     legal holds: what may not be erased
    erasing.py      TOP     what a redaction deletes
    following.py    TOP     a log that is read again: no more than what is new
    scrubbing.py    TOP     how far an erasure has got
    subject.py      TOP     everything about one person, for that person
    keeping.py      TOP     the methods of Ledger that erase, hold, merge, retract
    archiving.py    TOP     old accounts moved into files, and back
    checking.py     TOP     the deep check of a log
    indexing.py     TOP     look-ups beside the entries they are made from
    checking_seals.py TOP   and of what is sealed above the logs
    trees.py        TOP     trees over stored nodes; an entry's proof up to the checkpoint
    sealed.py       TOP     what is sealed: the newest seal, the keys on record
    sealing.py      TOP     heads into slots, epochs into the ledger log, signatures
    keys.py         TOP     key files, and how far a log was signed
    files.py        TOP     paths in and out
    bundling.py     TOP     what goes into a bundle, collected from a store
    missing.py      TOP     parts no longer disclosed: erased or withheld
    timestamping.py TOP     timestamps of third parties over what is sealed
    exchange.py     TOP     a bundle opened and verified: the other side's view
    countersigning.py TOP   what came back: that the other side was given a log
    pairing.py      TOP     which touch of one record is which of another
    reconciling.py  TOP     two records of one account beside each other
    policies.py     TOP     ready policies, as files of the package
    moments.py      TOP     moments and periods as people write them
    advising.py     TOP     what may and should be done: the part of reading that looks ahead
    asking.py       TOP     an account, judged once, to be asked
    reading.py      TOP     what can be read of an account, from a ledger or a bundle
    columns.py      TOP     how a column of rows is declared
    asked_rows.py   TOP     the answers to questions as flat rows: their columns
    gists.py        TOP     what was judged of each account, kept in a file: a cache
    naming.py       TOP     by which names matters and milestones are found
    refreshing.py   TOP     gists kept true: what is out of date judged anew
    noticing.py     TOP     who was told, account by account, from the gists
    across_rows.py  TOP     the questions over all accounts: their rows
    across.py       TOP     answers over all accounts, always as if judged now
    tabulating.py   TOP     what is recorded and judged as flat rows: their columns
    rows.py         TOP     rows of a ledger: plain dicts, and Arrow
    exporting.py    TOP     rows as Parquet files
    printing.py     TOP     a report as a PDF, with the bundle inside
    printed_in.py   TOP     the bundle inside a PDF, found again
    reporting.py    TOP     from entries to a report
    showing.py      TOP     what notebooks show: names for verdicts, charts
    surveying.py    TOP     the methods of Ledger that report over all accounts
    surveys.py      TOP     from the accounts of a ledger to a report over all of them
    templating.py   TOP     a user's templates, from a folder or a package
    ledger.py       TOP     Ledger: joins everything; clock and randomness enter here
    testing.py      TOP     StoreSuite, a fixed clock, for the tests of users
    stating.py      TOP     facts as plain objects and words, and back
    commanding.py   TOP     what the commands share: options, printing, advice
    commands_write.py TOP   the commands that begin a ledger, record and list
    commands_erase.py TOP   the commands that erase, hold, and give people what is theirs
    commands_tick.py TOP    the command for cron
    commands_archive.py TOP the commands that archive old accounts and bring them back
    commands_ask.py TOP     the command that asks an account
    commands_across.py TOP  the commands that ask all accounts together
    commands_bundle.py TOP  the commands that make a bundle and open one
    commands_exchange.py TOP the commands with which two sides exchange
    commands_export.py TOP  the command that takes a ledger out for analysis
    commands_import.py TOP  the commands with which whole files come in
    commands_keys.py TOP    the commands that make a key and seal
    commands_next.py TOP    the commands that look ahead
    commands_policy.py TOP  the commands about written policies
    commands_migrate.py TOP the command that brings tables to this release's layout
    commands_inbox.py TOP   the commands for what waits in the inbox
    commands_receive.py TOP the commands with which reports come in, and are gone through again
    configured.py   TOP     sources by name, their keys from the environment
    commands_report.py TOP  the commands that write reports and look at templates for them
    commands_scaling.py TOP the commands that print SQL to spread a ledger out
    commands_serve.py TOP   the command that serves the pages by themselves
    retrying.py     TOP     own transactions done again that the database gave up
    observing.py    TOP     log events and spans, without personal data
    hosts/          TOP     inside Django, asyncio, mail senders
    web/            TOP     pages, webhooks and a JSON API, as one ASGI app
    demo/ cli.py    TOP     what runs on top

Data flows one way: bytes → Events → facts → log → findings → cases → standing → report.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from contactledger.countersigning import Countersignature, countersign
    from contactledger.errors import (
        BadBundle,
        BadFact,
        Conflict,
        LedgerError,
        NotFound,
        OnHold,
        Unverified,
    )
    from contactledger.exchange import OpenedBundle, open_bundle
    from contactledger.facts import (
        Alias,
        Coverage,
        Entry,
        Handoff,
        Hold,
        Mark,
        Matter,
        Message,
        Milestone,
        Money,
        Party,
        Person,
        PolicyAdopted,
        Preference,
        Promise,
        Redaction,
        Retraction,
        Settlement,
        Signal,
        Touch,
    )
    from contactledger.files import Report
    from contactledger.findings import Case, Finding, Grade, Outcome, Reach, Standing
    from contactledger.judge.judge import judge
    from contactledger.ledger import Ledger
    from contactledger.receiving import Receipt
    from contactledger.reconciling import reconcile
    from contactledger.store.memory import MemoryStore
    from contactledger.vocabulary import (
        Channel,
        Expects,
        HandoffWord,
        MarkWord,
        MatterState,
        MilestoneKind,
        Purpose,
        Role,
        SignalKind,
        Urgency,
        Word,
    )

__version__ = "0.1.0"

_HOMES = {
    "errors": (
        *("BadBundle", "BadFact", "Conflict", "LedgerError", "NotFound", "OnHold"),
        "Unverified",
    ),
    "countersigning": ("Countersignature", "countersign"),
    "exchange": ("OpenedBundle", "open_bundle"),
    "facts": (
        *("Alias", "Coverage", "Entry", "Handoff", "Hold", "Mark", "Matter", "Message"),
        *(
            "Milestone",
            "Money",
            "Party",
            "Person",
            "PolicyAdopted",
            "Preference",
            "Promise",
            "Redaction",
        ),
        *("Retraction", "Settlement", "Signal", "Touch"),
    ),
    "files": ("Report",),
    "findings": ("Case", "Finding", "Grade", "Outcome", "Reach", "Standing"),
    "judge.judge": ("judge",),
    "ledger": ("Ledger",),
    "reconciling": ("reconcile",),
    "receiving": ("Receipt",),
    "store.memory": ("MemoryStore",),
    "vocabulary": (
        *("Channel", "Expects", "HandoffWord", "MarkWord", "MatterState", "MilestoneKind"),
        *("Purpose", "Role", "SignalKind", "Urgency", "Word"),
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Alias",
    "BadBundle",
    "BadFact",
    "Case",
    "Channel",
    "Conflict",
    "Countersignature",
    "Coverage",
    "Entry",
    "Expects",
    "Finding",
    "Grade",
    "Handoff",
    "HandoffWord",
    "Hold",
    "Ledger",
    "LedgerError",
    "Mark",
    "MarkWord",
    "Matter",
    "MatterState",
    "MemoryStore",
    "Message",
    "Milestone",
    "MilestoneKind",
    "Money",
    "NotFound",
    "OnHold",
    "OpenedBundle",
    "Outcome",
    "Party",
    "Person",
    "PolicyAdopted",
    "Preference",
    "Promise",
    "Purpose",
    "Reach",
    "Receipt",
    "Redaction",
    "Report",
    "Retraction",
    "Role",
    "Settlement",
    "Signal",
    "SignalKind",
    "Standing",
    "Touch",
    "Unverified",
    "Urgency",
    "Word",
    "countersign",
    "judge",
    "open_bundle",
    "reconcile",
]


def __getattr__(name: str) -> Any:
    """Import a public name from its home when it is first asked for (PEP 562)."""
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
