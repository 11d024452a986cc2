"""The rules of judgement in plain words, as reports print them beside their numbers.

Numbers are stable: findings, tests and reports name them. `RULES` has every rule of the
judgement of touches (J1 to J54) and of the onus (O1 to O9); `VIOLATIONS`, `CAVEATS` and
`NOTES` say what the codes in findings mean. Nothing here claims anything about the law.
"""

from __future__ import annotations

RULES: dict[str, str] = {
    "J1": "Each touch is judged once for each party that received it.",
    "J2": "What passes between people of one party is not judged.",
    "J3": "A party was reached as far as the furthest of its people.",
    "J4": "Anybody of the party that was asked may answer, over any channel; another party may "
    "do so in its stead only once the matter was handed to it.",
    "J5": "A touch that was written down, with nothing more, counts as sent.",
    "J6": "A failure counts until there is evidence of arrival; arrival outweighs any failure, "
    "whichever was reported first.",
    "J7": "A failure that lasts is final; one that passes leaves the touch sent. A call that was "
    "busy or rang out has failed; the next call is a touch of its own.",
    "J8": "A message that came back after it had been delivered stays delivered, but its silence "
    "is held against nobody.",
    "J9": "A touch that stands in the log of the party it was addressed to has arrived; if a "
    "person there wrote it down, it was seen.",
    "J10": "A call taken by a person is answered; one taken by a machine, or by nobody knows "
    "whom, is only delivered.",
    "J11": "An open by a person counts as seen; an open by a machine, or by nobody knows whom, "
    "proves delivery alone. A click by a person is a response.",
    "J12": "An automatic reply or receipt proves delivery. A receipt that a person sent counts as "
    "seen. None of them is an answer.",
    "J13": "A complaint or an unsubscribe by a person counts as seen, is no answer, and binds "
    "what is sent afterwards.",
    "J14": "A page displayed to a named person counts as seen by that person; a page displayed to "
    "nobody in particular proves nothing.",
    "J15": "Accepting or declining answers an invitation; a meeting is judged at its end, and one "
    "attendee per invited party is enough. Whether anybody came is said beside the outcome.",
    "J16": "An answer that never arrived does not answer, but its sender is not held to the "
    "silence.",
    "J17": "A report that names no recipient counts for the party and for no person; a failure "
    "without a name counts only where there was one recipient.",
    "J18": "Two reports of one event are one event: the more cautious word on who did it stands, "
    "and the earlier time.",
    "J19": "An answer settles every touch that it names, each against its own due time.",
    "J20": "A reminder joins the touch it reminds of: one silence counts once, and one answer "
    "settles them all.",
    "J21": "An answer wants nothing back unless it says so; then the time for a next answer runs.",
    "J22": "An act that may be the answer is never guessed to be it; until somebody links or "
    "denies it, the silence is held against nobody.",
    "J23": "Only the party that is owed an answer may waive it, and a waiver clears no past miss. "
    "A pause stops the clock of those who did not ask for it.",
    "J24": "An answer dated shortly before the touch counts, as clocks differ; one dated long "
    "before it contradicts it.",
    "J25": "What a touch wants back is what it says, else what the policy says for its channel "
    "and purpose.",
    "J26": "The time to answer starts at the touch, or at its delivery if that came late, and "
    "runs in business time.",
    "J27": "Business time is that of the receiver; of several recipients the latest due time "
    "counts.",
    "J28": "Where no time to answer was agreed, nothing is overdue.",
    "J29": "In time means no later than the due time; until then it is pending.",
    "J30": "A touch that wants an answer must leave a way to give one.",
    "J31": "Only what was answered or seen can be late; only what was ignored can be held "
    "against a party.",
    "J32": "Silence counts only while somebody listened on the channel that an answer would have "
    "taken.",
    "J33": "Confirmed is what is said by the party whom it burdens; likely is what a third "
    "party's system reported over an authenticated channel; all else is claimed.",
    "J34": "The grade shown is the best among the evidence for the reach shown.",
    "J35": "The grade of a silence is the weaker of two: that the touch arrived, and that "
    "somebody listened.",
    "J36": "An answer on the answerer's word alone counts from when it is said to have been given.",
    "J37": "What was written down long after the event, in favour of whoever wrote it, is only "
    "claimed, unless an authentic original is attached.",
    "J38": "Erasing personal parts changes no grade; an original that was erased carries nothing "
    "any more.",
    "J39": "A countersignature proves that the log was received, not that it is agreed with.",
    "J40": "A silence is held against nobody if the touch itself did not keep the policy, or if "
    "the evidence is weaker than the policy asks for.",
    "J41": "Caps count the touches of one party to a person in a rolling time, over all channels "
    "and campaigns.",
    "J42": "What somebody asked for excuses it from when it was asked, and blames the sender from "
    "when the sender knew.",
    "J43": "What is told to everybody is counted by no cap and held against nobody.",
    "J44": "A touch is judged by the policy that was in force when it was made.",
    "J45": "A reminder is judged by the policy of the touch it reminds of.",
    "J46": "An entry counts from when it was recorded and has happened; a clock that ran ahead is "
    "set back to when it was recorded.",
    "J47": "Only the party that recorded an entry may retract it, from then on as if it had never "
    "been written.",
    "J48": "Two names that are one are one throughout.",
    "J49": "A promise past its due time is overdue until it is settled; two sides that differ "
    "leave it disputed.",
    "J50": "A matter passed on stays with the giver until the taker accepts it or acts on it.",
    "J51": "A rung of the ladder is climbed by a touch that kept the policy, was sent, and was "
    "given its time.",
    "J52": "Who must act next in a matter is named by the first rule that fits.",
    "J53": "Collectors' hours and ledger-wide policies stand in one log that all accounts share.",
    "J54": "Times are local to the person, else to the party, else to the policy, else UTC, and "
    "then it says so.",
    "O1": "A promise is past its due time: its promiser must act.",
    "O2": "An answer is overdue and there is another way to ask: whoever asked must climb the "
    "next rung.",
    "O3": "An answer is overdue and every way to ask was tried: whoever was asked must act, and "
    "due diligence is complete.",
    "O4": "The last touch did not arrive, or it wanted something and nobody can tell whether it "
    "did: its sender must act.",
    "O5": "A handoff is open: its giver must act until it is accepted, then its taker.",
    "O6": "The matter is disputed: the party that did not speak last must act.",
    "O7": "The matter is paused: the party that paused it must act.",
    "O8": "An answer is due later: it is the turn of whoever was asked, until then.",
    "O9": "Nothing calls for an act: it is nobody's turn.",
}
"""Code → one plain sentence."""

ORDER: dict[str, int] = {code: place for place, code in enumerate(RULES)}
"""Code → its place in the list, to print rules in order."""

VIOLATIONS: dict[str, str] = {
    "channel_refused": "The channel had been refused.",
    "channel_not_allowed": "The channel is not among those allowed.",
    "topic_refused": "The topic had been refused.",
    "topic_not_allowed": "None of its topics is among those allowed.",
    "opted_out": "The receiver had opted out.",
    "preferred_not_tried": "The preferred channel was not tried.",
    "outside_hours": "It was made outside the agreed hours.",
    "over_cap": "There were more touches than the policy allows.",
    "nobody_entitled": "Nobody whom it was addressed to was entitled to receive it.",
    "bounced_after_delivery": "It came back after it had been reported as delivered.",
    "no_way_to_answer": "It asked for an answer and left no way to give one.",
    "evidence_too_weak": "The evidence is weaker than the policy asks for.",
}
"""Code of a violation → a sentence about the touch."""

EXCUSES = frozenset({"bounced_after_delivery", "evidence_too_weak"})
"""The violations that bar holding a silence and are no breach by the sender.

All the others it could have kept: it chose the channel (one without a way back too), the
hour, the person and how often, and knew what was asked for. That a message came back after it
had arrived is the doing of mail systems, and that a call is known from the caller's own
telephone alone is how telephones are. What spares the receiver without being a violation (an
act that may be the answer, an answer that never arrived, a wish that the sender could not know
of yet) blames the sender even less: it stands in `Finding.possible` and in the notes.
"""

CAVEATS: dict[str, str] = {
    "open": "An open is useful in aggregate and is no evidence about an individual.",
    "machine_open": "A proxy fetched the pictures; nobody need have looked.",
    "unknown_open": "Nobody can tell whether a person or a machine opened it.",
    "machine_click": "A link scanner followed the link.",
    "unknown_click": "Nobody can tell whether a person or a machine clicked.",
    "machine_display": "It was displayed, but not by a known act of a person.",
    "anonymous_display": "It was displayed to nobody in particular.",
    "answered_by_machine": "A machine took it.",
    "answered_by_unknown": "Nobody can tell whether a person or a machine took it.",
    "voicemail": "A voicemail was left.",
    "auto_reply": "The reply was automatic.",
    "deleted": "It was deleted, perhaps without having been seen.",
    "relayed": "It was passed on to a system that may report nothing further.",
    "expanded": "It was passed on to a list of addresses.",
    "absent": "Absence lowers nothing that is known otherwise.",
    "transient": "The failure was a passing one.",
    "unknown_report": "The report proves nothing.",
    "unidentified": "The report names no recipient.",
    "outsider": "It concerns somebody of no party that was asked.",
    "not_addressed": "It concerns somebody to whom the touch was not addressed.",
    "same_event": "It reports an event that was reported before.",
    "conflicting_copy": "It contradicts an earlier report of the same event.",
    "before_touch": "It is dated before the touch and counts from the touch.",
    "clock_ahead": "Its clock ran ahead; the time of recording is used.",
    "basic_auth": "The report was guarded by a password only.",
    "shared_secret": "The report was authenticated by a secret that both ends hold.",
    "signed_part": "The signature of the report does not cover its text.",
    "backfilled": "It was written down long after the event.",
    "carried_by_original": "The attached original is authentic in itself.",
    "original_erased": "The attached original was erased.",
    "acknowledged": "The party concerned acknowledged it.",
    "contested": "The party concerned disputes it.",
    "stand_in": "It was answered in another's stead, to whom the matter had been handed.",
    "answer_before_touch": "It is dated before the touch that it answers.",
    "answer_failed": "The answer never arrived.",
    "said_after_due": "It was said after the due time, on the answerer's word alone.",
}
"""Code of a caveat → a sentence about one line of evidence."""

NOTES: dict[str, str] = {
    "zone_assumed": "The receiver's time zone is not known; UTC was assumed.",
    "no_deadline": "No deadline was agreed.",
    "paused": "The matter is paused and the receiver's clock stands still.",
    "paused_before": "The matter was paused for a while and the due time moved on.",
    "arrival_unproven": "Nothing shows that it arrived.",
    "collector_blind": "Nobody was listening for a part of the time, so that silence proves "
    "nothing.",
    "coverage_assumed": "Nobody recorded that the collector was listening; it is assumed.",
    "late_answer_may_be_missing": "Nobody was listening for a part of the time since it was due; "
    "a late answer may be missing.",
    "look_hidden": "A machine opened it, so that a person's look cannot be told.",
    "look_unclear": "Nobody can tell whether a person or a machine opened it.",
    "no_look_shown": "The touch could not have shown whether it was seen.",
    "images_load": "The person was seen to open messages on this channel shortly before.",
    "images_may_not_load": "Nobody knows whether a look by this person would have shown.",
    "waived": "The party that is owed the answer said that none is needed.",
    "waived_after_due": "The answer was waived after it was due; the miss stays.",
    "possible_answer": "A later act of the receiver may be the answer; nobody has linked it.",
    "answer_failed": "An answer was sent and never arrived.",
    "answer_before_touch": "An answer is dated before the touch and does not count.",
    "said_after_due": "The answer was said after the due time, on the answerer's word alone.",
    "stand_in": "Another party answered, to whom the matter had been handed.",
    "attended": "Somebody of the receiver came to it.",
    "nobody_came": "The invitation was accepted, and nobody of the receiver is recorded as having "
    "come.",
    "asked_but_not_told": "The receiver had asked for something else, which the sender could not "
    "know yet.",
    "conflicting_evidence": "Some report a failure, others that it arrived.",
    "broadcast": "It was told to everybody.",
    "trial": "It was judged by a policy on trial, not by the one in force.",
}
"""Code of a note → a sentence about the finding."""
