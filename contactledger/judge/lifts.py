"""What each kind of report proves, by who did it and what was wanted (J5, J7, J10 to J15)."""

from __future__ import annotations

from contactledger.findings import Reach
from contactledger.vocabulary import By, Expects, SignalKind

_K = SignalKind

Lift = tuple[Reach | None, tuple[str, ...], tuple[str, ...]]
"""What a report proves, by which rules, with which caveats."""


def _lift(what: SignalKind, by: By, wanted: Expects) -> Lift:  # noqa: C901, PLR0911, PLR0912
    """One cell of the table; a failure says FAILED and is weighed by `_failure`."""
    human, machine = by is By.HUMAN, by is By.MACHINE
    match what:
        case _K.QUEUED | _K.SENT:
            return Reach.SENT, ("J5",), ()
        case _K.DELIVERED:
            return Reach.DELIVERED, ("J6",), ()
        case _K.RELAYED:
            return Reach.SENT, ("J12",), ("relayed",)
        case _K.EXPANDED:
            return Reach.DELIVERED, ("J12",), ("expanded",)
        case _K.DELETED:
            return Reach.DELIVERED, ("J12",), ("deleted",)
        case _K.AUTO_REPLIED:
            return Reach.DELIVERED, ("J12",), ("auto_reply",)
        case _K.VOICEMAIL:
            return Reach.DELIVERED, ("J10",), ("voicemail",)
        case _K.OPENED if human:
            return Reach.SEEN, ("J11",), ("open",)
        case _K.OPENED:
            return Reach.DELIVERED, ("J11",), ("machine_open" if machine else "unknown_open",)
        case _K.CLICKED if machine:
            return Reach.DELIVERED, ("J11",), ("machine_click",)
        case _K.CLICKED if human:
            return (Reach.ANSWERED if wanted is Expects.RESPONSE else Reach.SEEN), ("J11",), ()
        case _K.CLICKED:
            return Reach.SEEN, ("J11",), ("unknown_click",)
        case _K.ANSWERED if human:
            return Reach.ANSWERED, ("J10",), ()
        case _K.ANSWERED:
            caveat = "answered_by_machine" if machine else "answered_by_unknown"
            return Reach.DELIVERED, ("J10",), (caveat,)
        case _K.DISPLAYED if human:
            return Reach.SEEN, ("J12",), ()
        case _K.DISPLAYED:
            return Reach.DELIVERED, ("J12",), ("machine_display",)
        case _K.COMPLAINED | _K.UNSUBSCRIBED:
            return (Reach.SEEN if human else Reach.DELIVERED), ("J13",), ()
        case _K.ACCEPTED | _K.DECLINED | _K.ATTENDED:
            return (Reach.DELIVERED if machine else Reach.ANSWERED), ("J15",), ()
        case _K.ABSENT:
            return None, ("J15",), ("absent",)
        case _K.BOUNCED | _K.REJECTED | _K.NO_ANSWER | _K.BUSY | _K.DEFERRED:
            return Reach.FAILED, ("J7",), ()
        case _:
            return None, (), ("unknown_report",)


LIFTS: dict[tuple[SignalKind, By, Expects], Lift] = {
    (what, by, wanted): _lift(what, by, wanted) for what in _K for by in By for wanted in Expects
}
"""Kind of report, who did it, what was wanted → what it proves."""

FAILURES = frozenset({_K.BOUNCED, _K.REJECTED, _K.NO_ANSWER, _K.BUSY, _K.DEFERRED})
LOOKS = frozenset({_K.OPENED, _K.DISPLAYED, _K.CLICKED})
"""Reports that, made by something other than a person, may hide a person's look (outcome 6)."""
