"""The command for cron: `tick` does what is to be done now and then, and tells what is new.

In this order, each step also where one before it failed::

    heartbeats  collectors that stay away are written down as blind
    seal        what was recorded is signed, where there is a key
    scrub       what was erased goes out of the database's files: where a redaction waits, and
                at the first tick of a day
    refresh     every account is judged as of now
    alerts      what became overdue, or blind, since the last tick

Where there is nothing to tell it prints nothing, as cron likes it. `--state` names the file in
which the moment of the last tick is kept; without it, everything that is overdue now is told.
Nothing judged is stored: what was overdue then is judged again, as of then.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from attrs import define, field

from contactledger import files
from contactledger.accounts import HOUSE
from contactledger.commanding import (
    PARTLY,
    AsJson,
    Db,
    HighWater,
    Recorder,
    Signer,
    opened,
    progress,
    say,
    say_json,
    warn,
)
from contactledger.errors import Archived, LedgerError, NotFound
from contactledger.ledger import Ledger
from contactledger.moments import moment
from contactledger.scrubbing import ErasureState

Alert = dict[str, Any]


def add_to(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(tick)


def tick(
    db: Db,
    recorder: Recorder,
    signer: Signer = None,
    high_water: HighWater = None,
    state: Annotated[
        Path | None, typer.Option(help="The file that keeps when the last tick was.")
    ] = None,
    account: Annotated[
        list[str] | None, typer.Option(help="Look at these accounts alone; may repeat.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """For cron: seal, scrub, look after collectors, and tell what became overdue or blind.

    Nothing to tell, nothing printed. Exit code 1: a step failed, as standard error says (the
    others were done). Exit code 3: an erasure waits for the next scrub.
    """
    last = _last(state)
    with opened(db, recorder=recorder, signer=signer, high_water=high_water) as ledger:
        done = _Tick(ledger, last, account)
        now = datetime.now(UTC)
        done.all_steps(now, sealing=signer is not None)
    for alert in done.alerts:
        say_json(alert) if as_json else say(alert["text"])
    for name, error in done.failed:
        warn(f"contactledger: {name}: {error}")
    if done.failed:
        raise typer.Exit(1)  # and the moment is not kept, so nothing is passed over
    if state is not None:
        files.write_json(state, {"last": now.isoformat()}, "--state")
    if done.unscrubbed:
        raise typer.Exit(PARTLY)


@define
class _Tick:
    """One run over a ledger: what is to be told, and which steps failed."""

    ledger: Ledger
    last: datetime | None
    chosen: list[str] | None
    alerts: list[Alert] = field(factory=list)
    failed: list[tuple[str, LedgerError]] = field(factory=list)
    unscrubbed: bool = False

    def all_steps(self, now: datetime, *, sealing: bool) -> None:
        """Each step in turn; what fails is remembered, and the next one done."""
        self.step("heartbeats", self.heartbeats)
        if sealing:
            self.step("seal", self.ledger.seal)
        self.step("scrub", partial(self.scrub, now))
        self.step("accounts", partial(self.overdue, now))

    def step(self, name: str, work: Callable[[], object]) -> None:
        try:
            work()
        except LedgerError as error:
            self.failed.append((name, error))

    def heartbeats(self) -> None:
        """Blind since then, until it is heard of again."""
        for entry in self.ledger.check_heartbeats():
            fact: Any = entry.fact
            if fact.state.value == "blind":
                since = f"{fact.since:%Y-%m-%d %H:%M} UTC"
                self.alerts.append(
                    {
                        "alert": "blind",
                        "collector": fact.collector,
                        "since": fact.since,
                        "text": f"blind: {fact.collector} was last heard of {since}",
                    }
                )

    def scrub(self, now: datetime) -> None:
        """What is erased and not out of the files yet waits for the next time. It rewrites the
        database's files, so without a redaction that waits once a day is enough."""
        again = self.last is not None and self.last.date() == now.date()
        waited = self.ledger.scrub(only_waiting=again)
        self.unscrubbed = any(one.state is ErasureState.RECORDED for one in waited)

    def overdue(self, now: datetime) -> None:
        """What became overdue in each account since the last tick."""
        names = self.chosen or [name for name in self.ledger.accounts() if name != HOUSE]
        with progress("looking at accounts") as bar:
            for number, name in enumerate(names, 1):
                self.step(name, partial(self.account, name, now))
                bar(number, len(names))

    def account(self, account: str, now: datetime) -> None:
        """Steps of the recorder's party that are overdue now, and were not at the last tick."""
        late = self.late(account, now)
        if late and self.last is not None:
            before = {_which(step) for step in self.late(account, self.last)}
            late = [step for step in late if _which(step) not in before]
        for step in late:
            self.alerts.append(
                {
                    "alert": "overdue",
                    "account": account,
                    **{name: step[name] for name in ("what", "to", "person", "due", "rules")},
                    "because": step["said"]["because"],
                    "text": f"overdue: {account}: {step['said']['text']}",
                }
            )

    def late(self, account: str, as_of: datetime) -> list[dict[str, Any]]:
        """What was overdue at a moment; nothing in an account that was not there yet, or that
        lies in an archive."""
        try:
            page = self.ledger.outlook(account, as_of=as_of).data
        except (Archived, NotFound):
            return []
        return [step for step in page["steps"] if step["overdue"]]


def _which(step: dict[str, Any]) -> tuple[object, ...]:
    """By what a step is the same tomorrow: its text names the moment it may be done."""
    sides = (step[name] and step[name]["id"] for name in ("party", "to", "matter"))
    return (step["what"], *sides, step["rung"], step["name"], step["due"])


def _last(state: Path | None) -> datetime | None:
    found = files.read_json(state, "--state").get("last") if state else None
    return moment(found, "--state") if isinstance(found, str) else None
