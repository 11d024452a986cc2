"""The rules of what is owed, of what to do next, and of how a relationship stands, in plain
words. They judge no touch: J1 to J54 alone do."""

from __future__ import annotations

NEXT_RULES: dict[str, str] = {
    "C1": "A cadence is kept while as many touches as are owed lie within its days; one that "
    "failed, did not keep the policy, or rests on weaker evidence than agreed does not count.",
    "C2": "After each milestone of the kind that the policy names, one touch is owed within the "
    "time that it names.",
    "C3": "A planned touch is done by the first touch that fits it from the first of its days on, "
    "late after the last, and missed if none came by then.",
    "N1": "Somebody asked and waits: answer, what is due first in front.",
    "N2": "A promise waits to be kept.",
    "N3": "An answer is overdue and a rung of the ladder is left: climb it.",
    "N4": "The last touch did not arrive, or nobody can tell whether it did: try again over the "
    "preferred channel, and where that is the one that failed, over another.",
    "N5": "A matter was passed on and nobody has taken it up: take it, refuse it, or see to it "
    "that it is taken.",
    "N6": "The other side disputes what was said: say what is right.",
    "N7": "The matter is paused at one's own wish: resume it or close it.",
    "N8": "A touch that is owed again and again, or after a milestone, has not been made yet.",
    "N9": "The plan asks for a touch now.",
    "N10": "As many touches were made as the policy allows: no more until the time named.",
    "R1": "Nobody of the one party has reached out to the other for longer than the policy lets "
    "pass without a word.",
    "R2": "A party was sent more touches lately than the policy allows.",
    "R3": "One party made more touches to another in a short time than the policy thinks bearable.",
    "R4": "No referral is asked of somebody whose question was ignored or waits past its time.",
    "R5": "No referral is asked of somebody who disputes something, complained or opted out, or to "
    "whom a promise was broken.",
    "R6": "No referral is asked of somebody with whom one was not in touch for longer than the "
    "policy says, nor soon after a long silence of one's own.",
    "R7": "Nothing speaks against asking for a referral.",
}
"""Code → one plain sentence."""
