"""The kinds of report, and what each is made of.

A kind is three things: a function that makes its rows from those of a proof of contact (or, over
all accounts, from rows of each), one that makes a `Document` of the rows, and the names of its
sections, which are the blocks of its template. HTML, text, Markdown and print all come from the
document, so that no form says what another does not; JSON is the rows, CSV one list of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from attrs import frozen

from contactledger.report import (
    kind_both_sides,
    kind_case,
    kind_first_days,
    kind_health,
    kind_notice,
    kind_outlook,
    kind_pressure,
    kind_promises,
    kind_reconciliation,
    kind_touch,
)
from contactledger.report.document import Document
from contactledger.report.printed_proof import SECTIONS, proof_of_contact
from contactledger.report.words import Words

Row = dict[str, Any]


_TOUCH = (
    "no", "at", "at_local", "zone", "sender.name", "sender_person", "receiver.name", "addressed",
    "channel", "purpose", "topics", "about", "matter.name", "expects", "outcome", "outcome_grade",
    "reach", "grade", "due", "due_local", "late", "settled_at", "held_against.name",
    "answered_by", "original.no", "reminders", "contested", "rules", "because",
)  # fmt: skip
_PROMISE = (
    "no", "at", "promiser.name", "promisee.name", "what", "outcome", "due", "due_local", "state",
    "grade", "settled_at", "held_by.name", "rules", "because",
)  # fmt: skip
_CASE = (
    "title", "state", "opened_at", "closed_at", "opened_by.name", "stake", "worth", "holder.name",
    "holder_since", "circles", "touches", "promises", "onus.party.name", "onus.rule", "rules",
    "because",
)  # fmt: skip
_SIDE = (
    "name", "role", "sent", "sent_answered", "sent_seen", "sent_unreached", "sent_ignored",
    "sent_unproven", "sent_pending", "sent_noted", "received", "answered", "answered_late",
    "seen", "seen_late", "ignored", "held_against", "violations", "answer_median_seconds",
    "answer_worst_seconds", "last_sent_at", "last_answered_at", "oldest_waiting_no",
)  # fmt: skip
_PERSON = (
    "person.name", "party.name", "touches", "last_30_days", "busiest_7_days", "busiest_since",
    "because",
)  # fmt: skip
_TOLD = ("account.name", "party.name", "person.name", "state", "because")
_HEALTH = (
    "account.name", "entries", "touches", "unproven", "contested", "conflicting", "possible",
)  # fmt: skip
_STEP = ("what", "said.text", "to.name", "person.name", "channel", "due", "overdue", "rules",
         "said.because")  # fmt: skip
_PAIR = ("where", "by", "differs", "ours.no", "ours.at", "ours.who", "ours.about", "theirs.no",
         "theirs.at", "theirs.who", "theirs.about")  # fmt: skip


@frozen
class Kind:
    """A kind of report. `rows` is None where they are not made of those of a proof of contact."""

    document: Callable[[Row, Words], Document]
    sections: tuple[str, ...]
    rows: Callable[[Row, Row], Row] | None = None


def _kind(module: Any) -> Kind:
    return Kind(module.document, module.SECTIONS, getattr(module, "rows", None))


KINDS: Mapping[str, Kind] = {
    "proof-of-contact": Kind(proof_of_contact, SECTIONS),
    "touch-certificate": _kind(kind_touch),
    "both-sides": _kind(kind_both_sides),
    "case-dossier": _kind(kind_case),
    "promises": _kind(kind_promises),
    "first-90-days": _kind(kind_first_days),
    "contact-pressure": _kind(kind_pressure),
    "notice-coverage": Kind(kind_notice.document, kind_notice.SECTIONS),
    "ledger-health": Kind(kind_health.document, kind_health.SECTIONS),
    "outlook": Kind(kind_outlook.document, kind_outlook.SECTIONS),
    "reconciliation": Kind(kind_reconciliation.document, kind_reconciliation.SECTIONS),
}
FORMS = ("html", "pdf", "txt", "md", "csv", "json")
"""The forms of a report, each the end of its file's name."""


@frozen
class Offer:
    """What can be asked for: `label` is a message of the catalogue.

    `over`: "account" (`Ledger.report`, the outlook by `Ledger.outlook`), "ledger"
    (`Ledger.survey`) or "records" (`reconcile(…).report()`). `about`: what else must be named
    ("touch", "topic") or may be ("matter"), "" for nothing.
    """

    label: str
    over: Literal["account", "ledger", "records"] = "account"
    about: Literal["", "touch", "matter", "topic"] = ""
    forms: tuple[str, ...] = FORMS

    @property
    def needs(self) -> bool:
        """Whether it cannot be made without `about`."""
        return self.about in ("touch", "topic")


OFFERED: Mapping[str, Offer] = {
    "proof-of-contact": Offer("Proof of contact"),
    "outlook": Offer("What to do next"),
    "touch-certificate": Offer("Touch certificate", about="touch"),
    "both-sides": Offer("Both sides"),
    "case-dossier": Offer("Case dossier", about="matter"),
    "promises": Offer("Promises"),
    "first-90-days": Offer("The first 90 days"),
    "contact-pressure": Offer("Contact pressure"),
    "notice-coverage": Offer("Who was told", "ledger", "topic"),
    "ledger-health": Offer("Ledger health", "ledger"),
    "reconciliation": Offer("Reconciliation of two records", "records"),
}
"""Every kind of report there is, in the order in which a reader is offered them."""
OF_ACCOUNT = tuple(name for name, offer in OFFERED.items() if offer.over == "account")
OF_LEDGER = tuple(name for name, offer in OFFERED.items() if offer.over == "ledger")
TABLES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "proof-of-contact": ("findings", _TOUCH),
    "touch-certificate": ("findings", _TOUCH),
    "both-sides": ("columns", _SIDE),
    "case-dossier": ("cases", _CASE),
    "promises": ("promises", _PROMISE),
    "first-90-days": ("findings", _TOUCH),
    "contact-pressure": ("people", _PERSON),
    "notice-coverage": ("people", _TOLD),
    "ledger-health": ("accounts", _HEALTH),
    "outlook": ("steps", _STEP),
    "reconciliation": ("", _PAIR),
}
"""Kind → the list of its rows that CSV shows ("": one of `LISTS`), and the columns, always the
same ones."""
LISTS: Mapping[str, Callable[[Row], list[Row]]] = {
    "reconciliation": kind_reconciliation.every_touch,
}
"""Kind → what puts together the list that CSV shows, where the rows have several."""


def template(kind: str, form: str) -> str:
    """The source of a kind's template: its sections, each a block of its own name."""
    blocks = "".join(
        f"{{% block {name} %}}{{{{ part('{name}') }}}}{{% endblock %}}\n"
        for name in KINDS[kind].sections
    )
    return f'{{% extends "document.{form}" %}}\n{{% block sections %}}\n{blocks}{{% endblock %}}\n'
