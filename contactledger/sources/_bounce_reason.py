# ruff: noqa: E501 - a family of phrases a line
"""Why a mail was not delivered: the class of a reason, from a server's words and codes.

Servers say the same thing in a thousand ways, so what is told apart is what somebody would
do about it: correct the address, wait, ask for room, write less, mend one's own standing. The
words count before the code, since many servers send one code for everything; the code
(RFC 3463) counts where the words say nothing. The phrases are those of server manuals and of
bounces as they come in.
"""

from __future__ import annotations

import re
from functools import lru_cache

NO_SUCH_USER = "no_such_user"
NO_SUCH_HOST = "no_such_host"
MAILBOX_FULL = "mailbox_full"
DISABLED = "disabled"
TOO_LARGE = "too_large"
REFUSED = "refused"
RATE = "too_many"
UNREACHABLE = "unreachable"
FAULT = "server_fault"
UNSPECIFIED = "unspecified"

MEANING: dict[str, str] = {
    NO_SUCH_USER: "nobody has this address there, or no longer",
    NO_SUCH_HOST: "the domain does not exist, or takes no mail",
    MAILBOX_FULL: "the mailbox has no room left",
    DISABLED: "the mailbox exists and is switched off",
    TOO_LARGE: "the message is too large",
    REFUSED: "the server refused the sender, its network or the content",
    RATE: "too many messages, connections or recipients at once",
    UNREACHABLE: "no server answered in time, or the way to it is broken",
    FAULT: "the server or its software failed",
    UNSPECIFIED: "the report gives no reason",
}

HARD = frozenset({NO_SUCH_USER, NO_SUCH_HOST})
"""Reasons that make it useless to write to the address again."""

MAX_TEXT_CHARS = 4_000

_PHRASES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        NO_SUCH_USER,
        (
            r"recipient ?not ?found",
            r"recipnotfound",
            r"5\.4\.1 .{0,200}recipient address rejected: access denied",
            r"recipient(?:'s)? (?:address|mailbox) does(?: not|n.t) exist",
            r"requested action not taken: mailbox unavailable",
        ),
    ),
    (NO_SUCH_HOST, (r"account or domain may not exist",)),
    (UNREACHABLE, (r"host not found, try again",)),  # of the resolver: no answer for now
    (
        MAILBOX_FULL,
        (
            r"(?:mail ?box|mailfolder|inbox|mail folder|maildir)[^.]{0,60}\bfull\b",
            r"\bfull mailbox",
            r"over ?quota|over the (?:maximum )?(?:allowed )?quota|over .{0,20}quota",
            r"quota (?:has been )?(?:is )?(?:exceed|full|violat)|exceed\w{0,3} (?:\w{1,20} ){0,4}(?:quota|storage|mailbox size)",
            r"(?:mail ?box|account)[^.]{0,60}(?:exceed\w{0,3}|over)[^.]{0,30}(?:size|limit|quota|storage)",
            r"too much mail data|out of (?:storage|disk|space)|not enough (?:storage|disk|space)",
            r"insufficient (?:disk|storage|space)|no space left|disk full|mailbox size limit",
            r"account is exceeding|mail file size exceeds|user has too many messages",
        ),
    ),
    (
        DISABLED,
        (
            r"(?:account|mail ?box|user|address|recipient)(?:\(s\))?[^.:]{0,60}\b(?:disabled|suspended|inactive|in-active|locked|frozen|deactivated|discontinued|expired|not active|unavailable for)",
            r"(?:recipient|user|mail ?box)(?:'s)? account (?:is|has been) (?:blocked|closed)",
            r"mailbox (?:currently )?(?:is )?(?:suspend|disabl|frozen|locked|inactive)",
            r"(?:disabled|suspended|inactive|locked) (?:user|account|mailbox|recipient)",
            r"compte .{0,30}bloqu|account that you tried to reach is (?:disabled|inactive|over)",
            r"this account is not allowed|no longer on server|user (?:is )?suspended",
        ),
    ),
    (
        TOO_LARGE,
        (
            r"(?:message|mail|e-?mail|data|content|header)s? (?:\w{1,20} ){0,3}(?:size|length|line)s? (?:\w{1,20} ){0,3}(?:exceed|too|over|limit)",
            r"(?:size|line) limit exceeded|size exceed|exceed\w{0,3} (?:\w{1,20} ){0,4}(?:message|file|incoming|size|length)\b (?:\w{1,20} ){0,2}(?:size|limit|length)",
            r"(?:message|mail|body|header|content) (?:is |was |file )?too (?:big|large|long)|too (?:big|large) (?:a )?(?:for|message)",
            r"exceeded the maximum (?:incoming )?message|max(?:imum)? message size|exceeds? .{0,20}(?:fixed )?maximum",
        ),
    ),
    (
        RATE,
        (
            r"(?:connection|message|mail|sending|delivery|recipient|request)s?[ -]?(?:rate|frequency) ?(?:is |was |has been )?(?:limit|exceed)",
            r"rate limit|frequency limited|throttl|too many (?:connection|recipient|message|concurrent|session|mail|e-?mail|smtp)",
            r"exceed\w{0,3} (?:\w{1,20} ){0,5}(?:rate|connection|recipients|per (?:hour|day|minute))",
            r"sending limit|receiving (?:mail|messages) (?:at a rate|too quickly)|try again more slowly",
            r"\(?aup#in-1310|aup#in-1",
        ),
    ),
    (
        REFUSED,
        (
            r"\bspf\b|\bdkim\b|\bdmarc|unauthenticated (?:e-?mail|sender)|authentication (?:information|checks?|results|required)",
            r"auth(?:entication)? ?required|turn on smtp auth|without authentication|not authenticated|delivery not authorized|sender (?:is )?not authorized",
            r"reverse[ -]dns|\bptr\b|\brdns\b|reverse (?:lookup|name)|(?:ip|client) name lookup fail|cannot find your (?:hostname|reverse)|without (?:a )?valid sender domain",
            r"block(?:ed)? (?:using|by|list|for|due)|black ?list|\bdnsbl|\brbl\b|spamhaus|barracuda|sorbs|block list|blocklist|on our block|banned|\(bl\)|blocked ip",
            r"(?:message|mail|e-?mail|ip|address|host|network|connection|client|sender)s?(?: \S{1,80})? (?:has been |was |were |is |are )(?:temporarily )?(?:blocked|banned|refused|blacklisted)",
            r"reputation|unsolicited|\bspam\b|flagged as|\bube\b|\buce\b|junk mail|bulk mail|unwanted message|likely (?:spam|unsolicited)",
            r"virus|malware|infected|potential security|banned content|content (?:rejected|restriction)|message content|rejected (?:due to|because of) content|media error",
            r"polic(?:y|ies)|not accepted for|protocol violation|not (?:allowed|permitted|authorized|authorised)(?: to)?|nicht zulässig|forbidden|prohibited",
            r"relay(?:ing)? (?:is )?(?:access )?(?:denied|not|prohibited)|no relaying|not configured to relay|unable to relay|relaying|relay access|e-?mail address is not verified|relay quota",
            r"access denied|client host|(?:host|network|connection|server|service)s? (?:was |is )?(?:rejected|denied|refused to|not accepted)|(?:invalid|bad|reject\w{0,3}) (?:helo|ehlo)|(?:helo|ehlo) (?:command )?reject|my name was rejected|invalid domain name",
            r"sender(?:'s)? (?:address|domain|mailbox)?[^.]{0,40}(?:reject|not exist|denied|invalid|unknown|verif)|domain of sender|sender (?:rejected|verify|address|denied)|invalid sender",
            r"(?:after|reply to) (?:mail from|initial connection|helo|ehlo)|after initial connection|\[mail_from\]|sending mail of domain",
            r"malformed address|message (?:rejected|filtered|refused)|mail (?:rejected|refused)|multiple (?:\S{1,10} ){0,3}addresses in|header error|not accepted\b|user complaints|esmtp not accepting",
            r"security polic|due to recipient preferences|rejected by a remote mail server|content (?:is )?not|permission|not have permission|did not pass|google groups?|allowlist|whitelist|challenge",
        ),
    ),
    (
        NO_SUCH_HOST,
        (
            r"host (?:or domain name )?(?:is )?(?:unknown|not found)|unknown host|no such (?:domain|host)|(?:couldn.t|could not|cannot) find (?:any|a) host",
            r"domain (?:name )?(?:does(?: not|n.t) exist|not found|is not found|is unknown|invalid)|unknown domain|invalid domain|bad destination (?:host|domain)",
            r"unrouteable (?:mail )?(?:domain|address)|unroutable|name or service not known|domain must be|no mx found|no such host|bad domain",
            r"(?:host|domain)(?:/domain)? does not accept mail|indicated no smtp service|null ?mx|does(?: not|n.t) (?:receive|accept) (?:e?-?mail|any mail)|no valid mail server",
            r"account or domain may not exist|no route to domain|all relevant mx records point to non-existent",
        ),
    ),
    (
        NO_SUCH_USER,
        (
            r"(?:user|recipient|mailbox|address|account|addressee|customer|person|empfaenger)\)?,? (?:is |was )?(?:un(?:known|bekannt)|not known|not found|not listed|invalid|does(?: not|n.t) exist|not exist|not available|couldn.t be found|wasn.t found)",
            r"unknown (?:\w{1,12} ){0,3}(?:user|recipient|account|address|mailbox|alias|e-?mail|local|addressee|person|login)|no such (?:\w{1,12} ){0,2}(?:user|mailbox|recipient|account|address|person|customer|addr)",
            r"(?:unknown|illegal|invalid|bad|incorrect|wrong|undefined) (?:\S{1,12} ){0,2}(?:alias|user|recipient|address|mailbox|account|final delivery|local part|destination)",
            r"\bno (?:\w{1,12} ){0,2}(?:mailbox|account|user)(?: here)? (?:by that|with that|here|found|named|of that)|no mailbox|no account",
            r"does(?: not|n.t) (?:exist|have an? \S{1,60} account|like recipient)|not a valid|is not (?:a )?(?:known|valid|active|registered|our|local)|isn.t (?:a )?(?:valid|a user)",
            r"not our (?:user|customer)|user(?: has)? moved|mailbox has moved|has moved|no longer (?:exist|valid|available|at|with|work)|has left",
            r"(?:recipient|address|user) (?:address )?not recogni|name is not recogni|name not recogni|address rejected\.?\s{0,9}(?:\Z|[\[(])",
            r"couldn.t be found|could not be found|wasn.t found|not found|user.?unknown|nosuchuser|usersearch|he/her is not|rejected address",
            r"mailbox (?:is )?(?:unavailable|not available|not found)|address (?:check|incorrect|seems)|check if address is correct|\b542 ",
            r"cannot be delivered to this address|no users? here|not recognized|not local|unable to (?:find|locate)|\d{3} \S{1,200} rejected",
        ),
    ),
    (
        UNREACHABLE,
        (
            r"timed? ?out|time-?out|expired|too (?:long|old)|could not be delivered for|giving up|retry (?:time|limit)|not (?:been )?(?:responding|reachable)|is not responding",
            r"connection (?:refused|reset|closed|lost|dropped)|lost connection|(?:unable|not able|failed|couldn.t|could not) (?:to )?(?:connect|establish|contact(?! ldap)|reach)|no route to host|unreachable|network (?:error|problem|is)",
            r"\bdns (?:error|lookup|problem|fail)|name (?:service|server) (?:error|fail|problem)|name server:|lookup (?:fail|error)|mail loop|too many hops|loop|hop count|maximum allowed times|forwarded more|routing",
            r"could not find a gateway|all hosts have been failing|delivery failed \d{1,3} attempts|did not accept our requests to connect|being unable to connect|(?:still|has been|was|been) delayed|deferred|retried|will (?:continue|keep) trying|try(?:ing)? again later|not delivered within|multiple retries|resources temporarily|connect to|temporary problem",
        ),
    ),
    (
        FAULT,
        (
            r"temporary failure|system (?:error|problem|failure)|internal (?:error|server)|local error|configuration|mailer error|command (?:died|failed)|exit(?:ed)? (?:with )?(?:status|code)|service (?:is )?(?:currently |temporarily )?(?:unavailable|refuse)|transaction failed|write error|could not (?:load|open)|can.t (?:open|create)|ldap|i/o error|queue file|syntax error|server (?:error|down|busy)|please try (?:again )?later|child status|out of memory|unable to process|encountered an error|procmail|piped",
        ),
    ),
)

_RULES = tuple((reason, re.compile("|".join(phrases))) for reason, phrases in _PHRASES)

STATUS: dict[str, str] = {
    "1.0": NO_SUCH_USER, "1.1": NO_SUCH_USER, "1.2": NO_SUCH_HOST, "1.3": NO_SUCH_USER,
    "1.4": NO_SUCH_USER, "1.6": NO_SUCH_USER, "1.7": REFUSED, "1.8": REFUSED,
    "1.10": NO_SUCH_HOST, "2.1": DISABLED, "2.2": MAILBOX_FULL, "2.3": TOO_LARGE,
    "2.0": NO_SUCH_USER,
    "3.0": FAULT, "3.1": MAILBOX_FULL, "3.2": FAULT, "3.3": FAULT, "3.4": TOO_LARGE, "3.5": FAULT,
    "4.0": UNREACHABLE, "4.1": UNREACHABLE, "4.2": UNREACHABLE, "4.3": FAULT, "4.4": NO_SUCH_HOST,
    "4.5": RATE, "4.6": UNREACHABLE, "4.7": UNREACHABLE, "5.3": RATE, "7.13": DISABLED,
    "7.25": REFUSED, "7.27": NO_SUCH_HOST,
}  # fmt: skip
"""Subject and detail of RFC 3463 (and of the registry it began) → the class it stands for."""

SUBJECT: dict[str, str] = {
    "1": NO_SUCH_USER,
    "2": MAILBOX_FULL,
    "3": FAULT,
    "4": UNREACHABLE,
    "6": REFUSED,
    "7": REFUSED,
}


def reason_of(status: str, diagnostic: str, said: str, action: str) -> str:
    """The class of the reason, from the server's words, the notice, the code."""
    for text in (diagnostic, replies_in(said), said):
        found = by_words(text)
        if found == FAULT and text is not diagnostic:
            found = by_words(said)  # "554 Service unavailable" stands below what went wrong
        if found in HARD and _BEFORE_RECIPIENT.search(said[:MAX_TEXT_CHARS]):
            return REFUSED
        if found == NO_SUCH_USER:
            return _unless_accepted(_code_in(text) or status, said)
        if found:
            return found
    found = _by_code(status or _code_in(diagnostic) or _code_in(said))
    if found != UNSPECIFIED:
        return found
    return UNREACHABLE if action == "delayed" else UNSPECIFIED


_CODE = re.compile(r"(?<![\d.])[45]\.(\d{1,3}\.\d{1,3})(?![\d.])")


def _code_in(text: str) -> str:
    found = _CODE.search(text[:MAX_TEXT_CHARS])
    return found.group() if found else ""


_BEFORE_RECIPIENT = re.compile(
    r"(?:after|reply to) (?:initial connection|mail from|helo|ehlo)", re.IGNORECASE
)
"""Where a server said no before it was told the recipient, the recipient is not the reason."""

_AT_RECIPIENT = re.compile(
    r"(?:reply to|after|our) rcpt\b|>>> ?rcpt to|need rcpt|rcpt to ?: ?[^\s@]{1,100}@[^\s@]{1,200} ?: ?5\d\d",
    re.IGNORECASE,
)
_AFTER_RECIPIENT = re.compile(
    r"(?:reply to|after) (?:the )?(?:end of )?(?:data|message)\b|>>> ?(?:data|\.)(?:\s|\Z)",
    re.IGNORECASE,
)
_STATES = ("2", "7")
"""Subjects of RFC 3463 3.3 and 3.8: the mailbox, which is there, and the server's policy."""


def _unless_accepted(status: str, said: str) -> str:
    """No such user, unless the server contradicts its words: then the recipient may well exist.

    It does where it took the recipient and refused at DATA (RFC 5321 3.3: filters of mobile
    carriers answer "unknown user" to whatever they block), and where its own code speaks of a
    mailbox that is there, or of policy (RFC 3463 3.3, 3.8). A code of the address (3.2), or
    a refusal of RCPT TO, settles it.
    """
    subject = status.partition(".")[2].partition(".")[0]
    said = said[:MAX_TEXT_CHARS]
    if subject == "1" or _AT_RECIPIENT.search(said):
        return NO_SUCH_USER
    if subject in _STATES or _AFTER_RECIPIENT.search(said):
        named = _by_code(status) if subject in _STATES else REFUSED
        return REFUSED if named in HARD else named
    return NO_SUCH_USER


_REPLY = re.compile(r"(?<![\d.])[45]\d\d(?:[ -]|: ).{0,400}")


def replies_in(said: str) -> str:
    """What follows the reply codes of SMTP in a text (RFC 5321 4.2)."""
    return " ".join(_REPLY.findall(said[:MAX_TEXT_CHARS]))


@lru_cache(maxsize=256)
def by_words(text: str) -> str:
    """The class that the words of a text name, or ""."""
    text = text[:MAX_TEXT_CHARS].lower()
    for reason, pattern in _RULES:
        if pattern.search(text):
            return reason
    return ""


def _by_code(status: str) -> str:
    _, _, detail = status.partition(".")
    return STATUS.get(detail) or SUBJECT.get(detail.partition(".")[0], UNSPECIFIED)


def severity_of(action: str, status: str, reason: str) -> str:
    """How hard it failed: "none", "soft" (try again some day) or "hard" (never again)."""
    if action in ("delivered", "relayed", "expanded"):
        return "none"
    if action == "delayed" or reason not in HARD:
        return "soft"
    if reason == NO_SUCH_HOST and status.startswith("4."):
        return "soft"
    return "hard"
