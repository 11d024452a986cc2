"""Story 1, "Nobody told us": half a year of a vendor and a dealership, scene by scene.

ACME wrote twice a month and phoned about every outage. Smith Motors answered once, asked for
the phone in March, and cancelled in June because "nobody told us". On the way ACME left a
ticket lying, trained late, and wrote for six weeks to somebody who had left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from attrs import evolve

from contactledger.demo.stage import Sent, Stage
from contactledger.facts import (
    Handoff,
    Mark,
    Matter,
    Milestone,
    Money,
    Party,
    Person,
    Preference,
    Promise,
    Settlement,
    Signal,
    Touch,
)
from contactledger.vocabulary import (
    Auth,
    By,
    Channel,
    Expects,
    HandoffWord,
    MarkWord,
    MatterState,
    MilestoneKind,
    Purpose,
    Role,
    SignalKind,
    System,
    Word,
)

ACCOUNT = "smith-motors"
RECORDER = "acme"
START = "2026-01-05 09:00"
END = "2026-07-01 09:00"

BOB, CARLA = "bob.ray@smithmotors.example", "carla.diaz@smithmotors.example"
BOB_PHONE, CARLA_PHONE = "+13035550117", "+13035550118"
BOTH = {"bob": BOB, "carla": CARLA}

HOURS = timedelta(hours=1)
MINUTES = timedelta(minutes=1)


def play(stage: Stage) -> None:
    """All of it, in the order of time."""
    january(stage)
    february(stage)
    march(stage)
    april(stage)
    may(stage)
    june(stage)
    stage.now(END)


def january(stage: Stage) -> None:
    """The account is opened, the policy acknowledged; one outage; the one real answer."""
    stage.record(
        START,
        Party("acme", "ACME Dealer Systems", Role.VENDOR, "America/New_York"),
        Person("dana", "acme", "Dana Holt", "Account manager", "dana.holt@acme-dealers.example"),
        Person(
            "luis",
            "acme",
            "Luis Ortega",
            "Support",
            "support@acme-dealers.example",
            "+12125550140",
        ),
        Party("smith", "Smith Motors", Role.CUSTOMER, "America/Denver"),
        Person("bob", "smith", "Bob Ray", "Owner", BOB, BOB_PHONE, level=2),
        Person("carla", "smith", "Carla Diaz", "Parts manager", CARLA, CARLA_PHONE, level=1),
        Milestone("install-2026", MilestoneKind.INSTALL, "Parts and inventory installed"),
    )
    # Bob ticks the policy in the customer portal: it is agreed, no longer ACME's alone.
    stage.record("2026-01-06 13:10", Mark(1, MarkWord.ACKNOWLEDGED, "smith", Auth.ACCESS))

    news = _news(stage, "2026-01-07 10:00", "january", "What is new: labels, lookup, sync")
    stage.webhook(stage.event(news, "carla", "click", 3 * HOURS, url="https://acme.example/new"))

    asked = _asks(
        stage,
        "2026-01-21 09:30",
        "Parts lookup from the counter: shall we switch it on?",
        "Shall we switch the parts lookup on for you? A short yes will do.",
        topics=["parts-lookup"],
    )
    stage.mailbox("2026-01-22 11:42", "carla-answers", message_id=asked.message_id)

    stage.record("2026-01-27 14:00", *_outage("outage-0127", "Parts lookup slow"))
    slow = _phones("bob", about="Parts lookup is slow since 14:00", **_of("outage-0127"))
    rings = "2026-01-27 14:12"
    stage.call(rings, "c-0127-1", slow, "no_answer,,0", BOB_PHONE)
    left = stage.call(
        "2026-01-27 14:15",
        "c-0127-2",
        evolve(slow, to=("carla",)),
        "voicemail,machine,24",
        CARLA_PHONE,
    )
    # Carla calls back; the ledger guesses nothing, ACME links the two by hand.
    stage.now("2026-01-27 14:58")
    back = stage.calls(
        f"c-0127-3,2026-01-27T14:52:00-05:00,in,{CARLA_PHONE},+12125550140,completed,human,260"
    ).recorded[0]
    linked = Signal(left.id, SignalKind.ANSWERED, "carla", By.HUMAN, answer=back.id, at=back.at)
    stage.record("2026-01-27 15:05", linked, _over("outage-0127", "Parts lookup slow"))


def february(stage: Stage) -> None:
    """An Apple machine opens mail; a question meets an out-of-office note and a voicemail."""
    news = _news(stage, "2026-02-04 10:00", "february", "What is new: stock across sites")
    stage.opened(news, "bob", 2 * MINUTES, apple=True)

    stage.record(
        "2026-02-18 09:20",
        Matter("inventory-sync", party="acme", title="Putting the inventory sync to use"),
    )
    asked = _asks(
        stage,
        "2026-02-18 09:30",
        "Inventory sync: half an hour to set it up?",
        "It ends the double entry of your stock. Which day suits you?",
        topics=["inventory-sync"],
        matter="inventory-sync",
    )
    stage.mailbox("2026-02-18 09:31", "bob-out-of-office", message_id=asked.message_id)
    stage.opened(asked, "carla", 5 * HOURS)

    stage.call(
        "2026-02-25 11:40",
        "c-0225-1",
        _phones(
            "bob",
            Purpose.QUESTION,
            about="Inventory sync: which day suits you?",
            matter="inventory-sync",
            reminds=asked.entry,
        ),
        "voicemail,machine,31",
        BOB_PHONE,
    )


def march(stage: Stage) -> None:
    """Bob picks up, asks for the phone, is promised a training; Carla opens a ticket."""
    news = _news(stage, "2026-03-04 10:00", "march", "What is new: one list of open orders")
    stage.opened(news, "carla", 26 * HOURS)

    stage.record("2026-03-10 12:30", *_outage("outage-0310", "No sign-in for 50 minutes"))
    stage.call(
        "2026-03-10 12:41",
        "c-0310-1",
        _phones("bob", about="Nobody can sign in", **_of("outage-0310")),
        "completed,human,412",
        BOB_PHONE,
    )
    stage.record(
        "2026-03-10 12:50",
        _over("outage-0310", "No sign-in for 50 minutes"),
        Preference(
            "bob",
            preferred=Channel.PHONE,
            hours=("mon-fri 07:30-18:00",),
            source="said on the call of 10 March: call me, I drown in mail",
        ),
        Promise(
            "training-april",
            "acme",
            "smith",
            stage.time("2026-04-24 19:00"),
            "Train the parts team on the inventory sync",
            "the team runs the sync by itself",
            "inventory-sync",
        ),
    )
    stage.record(
        "2026-03-16 10:00",
        Party("brightline", "Brightline Training", Role.PARTNER, "America/Chicago"),
        Person("nora", "brightline", "Nora Kim", "Trainer", "nora@brightline.example"),
        Handoff("inventory-sync", "acme", "brightline", key="to-brightline"),
    )
    _asks(
        stage,
        "2026-03-18 09:30",
        "Service reminders: shall we send them for you?",
        "Your customers get a text when a service is due. Yes or no is enough.",
        topics=["service-reminders"],
    )
    stage.record(
        "2026-03-18 16:30",
        Handoff(
            "inventory-sync",
            "brightline",
            "acme",
            HandoffWord.ACCEPTED,
            "to-brightline",
            auth=Auth.ACCESS,
        ),
    )
    stage.record(
        "2026-03-24 10:15",
        Touch(
            "carla",
            ("luis",),
            Channel.TICKET,
            Purpose.QUESTION,
            "ticket-4417",
            about="Part numbers with a dash are not found",
            topics=("parts-lookup",),
            system=System.OWN,
            source="helpdesk",
        ),
    )


def april(stage: Stage) -> None:
    """The ticket lies; the webhook is blind for two days; the training comes late."""
    news = _news(stage, "2026-04-01 10:00", "april", "What is new: price labels in colour")
    stage.opened(news, "bob", 1 * MINUTES, apple=True)
    stage.mailbox("2026-04-09 17:20", "carla-reminds")

    _asks(
        stage,
        "2026-04-15 09:30",
        "Price labels: may we print your first set?",
        "We print the first two hundred for you. Shall we?",
        topics=["price-labels"],
        reported=(),
    )
    stage.blind("2026-04-15 06:00", "2026-04-17 06:00", "sendgrid-webhook")

    (training,) = stage.record(
        "2026-04-22 09:00",
        Touch(
            "nora",
            ("bob", "carla"),
            Channel.MEETING,
            Purpose.TRAINING,
            "training-meeting",
            about="Training on the inventory sync, at the dealership",
            matter="inventory-sync",
            starts=stage.time("2026-04-29 12:00"),
            ends=stage.time("2026-04-29 14:00"),
            source="calendar",
        ),
    )
    stage.record(
        "2026-04-22 15:00",
        Signal(training.id, SignalKind.ACCEPTED, "carla", By.HUMAN, source="calendar"),
    )
    stage.record(
        "2026-04-29 14:10",
        Signal(training.id, SignalKind.ATTENDED, "carla", By.HUMAN),
        Signal(training.id, SignalKind.ABSENT, "bob", By.HUMAN),
    )


def may(stage: Stage) -> None:
    """Kept, says ACME; missed, says Bob. Carla has left, and her mail bounces."""
    stage.record(
        "2026-05-01 09:00", Settlement("training-april", Word.KEPT, text="held on 29 April")
    )
    stage.record(
        "2026-05-04 18:20",
        Settlement(
            "training-april",
            Word.MISSED,
            "smith",
            Auth.ACCESS,
            "five days late, and the one who was trained left the day after",
        ),
    )
    news = _news(
        stage, "2026-05-06 10:00", "may", "What is new: returns in two steps", reported=["bob"]
    )
    stage.webhook(
        stage.event(news, "carla", "processed", timedelta(seconds=1)),
        stage.event(
            news,
            "carla",
            "bounce",
            timedelta(seconds=5),
            type="bounce",
            status="5.1.1",
            reason="550 5.1.1 the mailbox does not exist",
        ),
    )
    stage.record("2026-05-12 11:20", *_outage("outage-0512", "Orders not sent"))
    stage.call(
        "2026-05-12 11:35",
        "c-0512-1",
        _phones("bob", about="Orders are not sent since 11:00", **_of("outage-0512")),
        "voicemail,machine,28",
        BOB_PHONE,
    )
    asked = _asks(
        stage,
        "2026-05-20 09:30",
        "Who takes over from Carla at the parts counter?",
        "Her mailbox is closed. Whom may we train on the sync?",
        topics=["inventory-sync"],
        matter="inventory-sync",
        reported=["bob"],
    )
    stage.webhook(
        stage.event(asked, "carla", "dropped", timedelta(seconds=1), reason="Bounced Address")
    )


def june(stage: Stage) -> None:
    """Carla is taken off the list; Bob cancels; ACME answers him and asks for an hour."""
    stage.record(
        "2026-06-01 09:00",
        Person(
            "carla",
            "smith",
            "Carla Diaz",
            "Parts manager",
            CARLA,
            CARLA_PHONE,
            level=1,
            until=stage.time("2026-04-30 19:00"),
        ),
    )
    only_bob = {"bob": BOB}
    news = _news(
        stage, "2026-06-03 10:00", "june", "What is new: the sync, in two minutes", only_bob
    )
    stage.opened(news, "bob", 3 * MINUTES, apple=True)
    _asks(
        stage,
        "2026-06-17 09:30",
        "Inventory sync: may we show it to you on the phone?",
        "Ten minutes, whenever it suits you.",
        topics=["inventory-sync"],
        matter="inventory-sync",
        to=only_bob,
    )
    cancelled = stage.mailbox("2026-06-22 08:55", "bob-cancels").recorded[0]
    stage.record(
        "2026-06-22 09:30",
        Matter(
            "cancellation",
            party="smith",
            title="Smith Motors cancels: nobody told us",
            stake=Money(1_776_000, "USD"),
            worth=Money(8_880_000, "USD"),
        ),
    )
    stage.call(
        "2026-06-22 12:05",
        "c-0622-1",
        _phones(
            "bob",
            Purpose.CHECK_IN,
            about="Your mail of this morning",
            matter="cancellation",
            answers=cancelled,
        ),
        "voicemail,machine,52",
        BOB_PHONE,
    )
    asked = stage.mail(
        "2026-06-22 16:00",
        "Re: We are cancelling",
        "You are right about the phone. May I come by on Thursday, with the record of it all?",
        only_bob,
        purpose=Purpose.CHECK_IN,
        matter="cancellation",
        answers=cancelled,
        expects=Expects.REPLY,
    )
    stage.delivered(asked, only_bob)
    stage.call(
        "2026-06-26 12:10",
        "c-0626-1",
        _phones(
            "bob",
            Purpose.CHECK_IN,
            about="Thursday has passed; may I come on Monday?",
            matter="cancellation",
            reminds=asked.entry.id,
        ),
        "voicemail,machine,40",
        BOB_PHONE,
    )


# --- what comes again --------------------------------------------------------------------------


def _news(
    stage: Stage,
    at: str,
    month: str,
    subject: str,
    to: Mapping[str, str] = BOTH,
    reported: Iterable[str] | None = None,
) -> Sent:
    """The first e-mail of a month: what is new, to all of the account."""
    sent = stage.mail(
        at,
        subject,
        "The release notes of this month, and a film of two minutes.",
        to,
        purpose=Purpose.NOTICE,
        topics=["release-notes"],
        campaign=f"news-{month}",
        broadcast=True,
    )
    stage.delivered(sent, to if reported is None else reported)
    return sent


def _asks(
    stage: Stage,
    at: str,
    subject: str,
    text: str,
    to: Mapping[str, str] = BOTH,
    *,
    reported: Iterable[str] | None = None,
    **about: Any,
) -> Sent:
    """The second e-mail of a month: it asks something, and asks for an answer."""
    sent = stage.mail(
        at, subject, text, to, purpose=Purpose.QUESTION, expects=Expects.REPLY, **about
    )
    stage.delivered(sent, to if reported is None else reported)
    return sent


def _outage(key: str, name: str) -> tuple[Milestone, Matter]:
    """An outage, and the matter of telling about it."""
    telling = Matter(f"telling-{key}", party="acme", title=f"Telling about an outage: {name}")
    return Milestone(key, MilestoneKind.OUTAGE, name), telling


def _of(outage: str) -> dict[str, Any]:
    return {"milestone": outage, "matter": f"telling-{outage}"}


def _over(key: str, name: str) -> Matter:
    """The same matter, closed."""
    title = f"Telling about an outage: {name}"
    return Matter(f"telling-{key}", MatterState.CLOSED, "acme", title)


def _phones(to: str, purpose: Purpose = Purpose.OUTAGE, **about: Any) -> Touch:
    """A call of ACME's support; the outcome comes with the phone system's table."""
    return Touch("luis", (to,), Channel.PHONE, purpose, system=System.OWN, **about)
