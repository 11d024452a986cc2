"""The new text of a message, without what it quotes: a plain approach, line by line.

What is taken away, from a plain text in this order:

1. everything from a line that begins a forwarded or quoted message ("-----Original
   Message-----" in several languages, a line of underscores before "From:", "From:" or "Date:"
   with another of a message's fields within the next lines), and from "On … wrote:" where
   no line marked with ">" follows it;
2. everything from the signature's mark, a line "-- " (RFC 3676 4.3);
3. lines that begin with ">", and "On … wrote:" or "Begin forwarded message:" before them.

An HTML text is cut where a mail program begins its quotation, then its tags are dropped.
The whole message stays with the event; nothing here decides whether somebody answered.

Every pattern sees one line cut to `MAX_LINE_CHARS`, or `FOLDED` such lines joined, so the work
grows with the length of the text and with nothing else; those for pages run once over it and
none can pass the next angle bracket.
"""

from __future__ import annotations

import html
import re

MAX_TEXT_CHARS = 20_000
"""Of the new text; the whole is kept as bytes."""
MAX_READ_CHARS = 1_000_000
"""Of a text, quotation included; what comes behind is not looked at."""
MAX_LINE_CHARS = 400
"""Of a line, for what begins a quotation; no such line is longer."""
FOLDED = 6
"""Lines over which mail programs fold "On …, … wrote:"; over more than three only with an
address."""
MANY_FOLDED = 3

_ORIGINAL = re.compile(
    r"\s{0,9}[-_]{2,80}\s{0,9}(?:original message|original appointment|forwarded message"
    r"|reply message"
    r"|ursprüngliche nachricht|original-nachricht|weitergeleitete nachricht|antwort nachricht"
    r"|message d'origine|message original|message transféré|mensaje original|mensagem original"
    r"|messaggio originale|oorspronkelijk bericht|ursprungligt meddelande"
    r"|oprindelig (?:meddelelse|besked)"
    r"|opprinnelig melding|alkuperäinen viesti|původní zpráva|eredeti üzenet|mesaj original"
    r"|wiadomość oryginalna|oryginalna wiadomość|исходное сообщение|пересылаемое сообщение"
    r"|元のメッセージ|原始邮件|原始郵件|\S.{0,60} wrote)\s{0,9}[-_]{2,80}\s{0,9}\Z",
    re.IGNORECASE,
)
_FORWARDED = re.compile(
    r"\s{0,9}(?:begin forwarded message|forwarded message|début du message réexpédié"
    r"|anfang der weitergeleiteten (?:nachricht|e-mail)|inicio del mensaje reenviado"
    r"|inizio messaggio inoltrato|begin doorgestuurd bericht|início da mensagem reencaminhada"
    r"|vidarebefordrat mejl|videresendt besked)\s?:\s{0,9}\Z",
    re.IGNORECASE,
)
_FROM = re.compile(
    r"[\s*_]{0,9}(?:from|von|de|da|van|från|fra|od|от|lähettäjä|feladó|expéditeur|remitente"
    r"|差出人|发件人|寄件者)[*_]{0,2}\s?[:：][*_]{0,2}",
    re.IGNORECASE,
)
_SENT = re.compile(
    r"[\s*_]{0,9}(?:sent|date|gesendet|datum|envoyé|envoyé le|enviado|enviado el|fecha|inviato"
    r"|verzonden|skickat|sendt|dato|data|wysłano|отправлено|дата|送信日時|日期|发送时间)"
    r"[*_]{0,2}\s?[:：][*_]{0,2}",
    re.IGNORECASE,
)
_TO = re.compile(
    r"[\s*_]{0,9}(?:to|an|à|para|a|aan|till|til|do|кому|subject|betreff|objet|asunto|oggetto"
    r"|onderwerp|ämne|emne|temat|тема|宛先|件名|收件人|主题)[*_]{0,2}\s?[:：][*_]{0,2}",
    re.IGNORECASE,
)
_SENT_TOO = re.compile(r"\s" + _SENT.pattern, re.IGNORECASE)
_WROTE = re.compile(
    r"(?:wrote|writes|said|schrieb|a écrit|ha scritto|escribió|escreveu|schreef|skrev|napisał"
    r"|napisał\(a\)|napsal|napísal|kirjoitti|írta|scris|a scris|написал|написала|пишет|писал"
    r"|yazdı|wrote the following|さんは書きました|写道|寫道|님이 작성)"
    r"(?: .{0,120})?\s?[:：]\s{0,9}>?\s{0,9}\Z",
    re.IGNORECASE,
)
_DAY_WORDS = r"(?:on|am|le|el|il|op|den|em|w dniu|dnia|dne|pe|på|the|at|ti|pada|vào)\b"
_INTRO = re.compile(r"(?:^|\s|(?<=[-.!?>]))" + _DAY_WORDS + r"(?=.{0,200}\d)", re.IGNORECASE)
_MAY_INTRODUCE = re.compile(_DAY_WORDS)
_MAY_DATE = re.compile(r"\d(?:\d{3}|[:.h/-])|年")
"""Whether it is worth while to look for the two, which costs ten times as much."""
_DATED = re.compile(r"\b(?:19|20)\d\d\b|\b\d{1,2}[:.h]\d\d\b|\b\d{1,2}[./-]\d{1,2}[./-]\d{2}\b|年")
_VERB = re.compile(r"(?:schrieb|skrev|escribió|escreveu|wrote|a écrit|ha scritto|schreef)\s{0,9}\Z")
"""Where the verb stands before the day ("Bob <b@x.example> schrieb am …:"), the line has nothing
else."""
_ANEW = re.compile(r"(?:on|am|le|el|il|op|den|em|w dniu|dnia|dne|pe|på)\b.{0,200}\d", re.IGNORECASE)
_FOOTER = re.compile(r"\S{1,80} mailing list\s{0,9}\Z", re.IGNORECASE)
"""What a list's program puts below a line of underscores (Mailman's footer)."""
_TAIL = re.compile(r"\S{1,400}\s{0,9}\Z")
_DIGIT = re.compile(r"\d")
_ADDRESS = re.compile(r"\S@\S")

_HTML_QUOTE = re.compile(
    r"<blockquote\b|<div[^<>]{0,200}?(?:gmail_quote|yahoo_quoted|moz-cite-prefix|divRplyFwdMsg"
    r"|OLK_SRC_BODY_SECTION|protonmail_quote|zmail_extra)"
    r"|<hr[^<>]{0,200}?(?:stopSpelling|zwchr)",
    re.IGNORECASE,
)
_HTML_HIDDEN = re.compile(r"<(/?)(style|script|head|title)\b[^<>]*>", re.IGNORECASE)
_BLOCK = r"</?(?:hr|p|div|li|tr|table|ul|h[1-6])\b[^<>]*>"
_HTML_BREAK = re.compile(rf"<br\b[^<>]*>|{_BLOCK}(?:\s{{0,9}}{_BLOCK}){{0,20}}", re.IGNORECASE)
"""A line ends where a block begins or ends, once for several of them."""
_HTML_TAG = re.compile(r"<[!/?a-zA-Z][^<>]*>")


def new_text(text: str) -> str:
    """The new text of a plain text, without quotation and signature."""
    lines = _cut(text[:MAX_READ_CHARS].replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    kept: list[str] = []
    quoted = False
    for number, line in enumerate(lines):
        now = line.lstrip().startswith(">") or (quoted and _tail_of_link(lines, number))
        if now and not quoted:
            _drop_attribution(kept)
        if not now:
            kept.append(line.rstrip())
        quoted = now
    return "\n".join(kept).strip()[:MAX_TEXT_CHARS]


def _cut(lines: list[str]) -> list[str]:
    """The lines before whatever begins a quotation that is not marked line by line."""
    short = [line[:MAX_LINE_CHARS] for line in lines]
    following = _next_written(short)
    closing = -1  # the next line with which an attribution may end
    for number, line in enumerate(short):
        begins = line.lstrip()[:1]
        if not begins or begins == ">":
            continue
        if line in ("-- ", "--") or (begins in "-_" and _ORIGINAL.match(line)):
            return lines[:number]
        if begins == "_" and _begins_footer(short, number):
            return lines[:number]
        if ":" in line or "：" in line:
            if _begins_block(short, number):
                rule = number > 0 and set(lines[number - 1].strip()) == {"_"}
                return lines[: number - 1 if rule else number]
            if _FORWARDED.match(line) and not short[following[number]].lstrip().startswith(">"):
                return lines[:number]
        while closing < number or (closing < len(short) and not _may_close(short[closing])):
            closing += 1
        if closing - number >= FOLDED:
            continue
        size, rest = _attribution(short, number)
        if size and not short[following[number + size - 1]].lstrip().startswith(">"):
            return [*lines[:number], rest]
    return lines


def _may_close(line: str) -> bool:
    """Whether "On …, … wrote:" may end with this line; it is cheap to ask."""
    return line.rstrip(" \t>")[-1:] in (":", "：") or line.rstrip().endswith(" wrote")


def _next_written(lines: list[str]) -> list[int]:
    """For each line the number of the next one that is not blank, or of itself at the end."""
    found = [0] * len(lines)
    after = len(lines) - 1
    for number in range(len(lines) - 1, -1, -1):
        found[number] = after
        if lines[number].strip():
            after = number
    return found


def _tail_of_link(lines: list[str], number: int) -> bool:
    """Whether this is the end of a quoted link that was folded without its mark."""
    after = lines[number + 1 : number + 2]
    return (
        _TAIL.match(lines[number][:MAX_LINE_CHARS]) is not None
        and "http" in lines[number - 1]
        and any(line.lstrip().startswith(">") for line in after)
    )


def _begins_footer(lines: list[str], number: int) -> bool:
    """Whether a list's footer begins here."""
    line = lines[number].strip()
    after = lines[number + 1 : number + 2]
    return len(line) > 1 and set(line) == {"_"} and any(map(_FOOTER.match, after))


def _begins_block(lines: list[str], number: int) -> bool:
    """Whether the fields of a message begin here: who, and when or to whom."""
    line, after = lines[number], lines[number + 1 : number + 4]
    who = _FROM.match(line)
    if who:
        return (
            _SENT_TOO.search(line, who.end()) is not None
            or any(map(_SENT.match, after))
            or sum(map(bool, map(_TO.match, after))) > 1
        )
    if _SENT.match(line) and _DATED.search(line):
        return any(map(_FROM.match, after)) or any(map(_TO.match, after))
    return False


def _attribution(lines: list[str], number: int) -> tuple[int, str]:
    """(lines of an "On … wrote:" that begins here, what stands before it in its first line).

    (0, "") if none does.
    """
    if not _DIGIT.search(lines[number]):  # a day, at least
        return 0, ""
    low = lines[number].lower()
    begins = _INTRO.search(lines[number]) if _MAY_INTRODUCE.search(low) else None
    if begins is None and not (_MAY_DATE.search(low) and _DATED.search(low)):
        return 0, ""
    if begins and begins.start() == 0 and _without_colon(lines[number]):
        return 1, ""
    joined = ""
    for size in range(1, FOLDED + 1):
        if number + size > len(lines):
            break
        line = lines[number + size - 1].strip()
        if size > 1 and _ANEW.match(line):
            break  # that line begins one itself
        joined += " " + line
        if not joined.rstrip(" >").endswith((":", "：")):
            continue
        wrote = _WROTE.search(joined[-MAX_LINE_CHARS:]) is not None
        addressed = _ADDRESS.search(joined) is not None
        if _DATED.search(joined) and (
            (begins and wrote and (size <= MANY_FOLDED or addressed))
            or (addressed and size == 1 and (wrote or _only(joined)))
        ):
            before = lines[number][: begins.start()] if begins and wrote else ""
            before = before.rstrip(" -")
            return size, "" if _VERB.search(before) else before
        break
    return 0, ""


def _without_colon(line: str) -> bool:
    """Whether an attribution ends here without its colon: day and address make up for it."""
    return (
        line.rstrip().endswith(" wrote")
        and _ADDRESS.search(line) is not None
        and _DATED.search(line) is not None
    )


def _only(line: str) -> bool:
    """Whether a dated line ends with an address in brackets ("26.06.2014, Bob <b@x.example>:")."""
    return line.rstrip().endswith(">:")


def _drop_attribution(kept: list[str]) -> None:
    """Takes "On …, … wrote:" off the end, which may be folded over some lines."""
    end = len(kept)
    for _ in range(3):  # blank lines between; no more, or many quotations would cost squares
        end -= 1 if end and not kept[end - 1] else 0
    last = kept[end - 1][-MAX_LINE_CHARS:] if end else ""
    if _FORWARDED.match(last):
        del kept[end - 1 :]
        return
    if not last.endswith((":", "：")):
        return
    tail = [line[:MAX_LINE_CHARS] for line in kept[max(0, end - FOLDED) : end]]
    for back in range(1, len(tail) + 1):
        size, before = _attribution(tail, len(tail) - back)
        if size == back:
            kept[end - back :] = [before] if before else []
            return
    for size, hint in ((1, _DATED), (2, _DATED), (1, _ADDRESS)):
        if hint.search(" ".join(tail[-size:])):
            del kept[max(0, end - size) :]
            return


def from_html(text: str) -> str:
    """The new text of an HTML text, as plain text."""
    text = text[:MAX_READ_CHARS]
    quote = _HTML_QUOTE.search(text)
    return new_text(plain_of_html(text[: quote.start()] if quote else text))


def plain_of_html(page: str) -> str:
    """The text of an HTML text, without its tags and what is not shown."""
    text = _shown(page[:MAX_READ_CHARS])
    text = _HTML_TAG.sub("", _HTML_BREAK.sub("\n", " ".join(text.split())))
    text = html.unescape(text).replace("\N{NO-BREAK SPACE}", " ")
    return "\n".join([line.strip(" \u200e\u200f") for line in text.split("\n")])


def _shown(text: str) -> str:
    """Without what is not shown: styles, scripts, the head."""
    out: list[str] = []
    done, hidden = 0, ""
    for found in _HTML_HIDDEN.finditer(text):
        closing, name = found.group(1), found.group(2).lower()
        if not hidden and not closing:
            out.append(text[done : found.start()])
            hidden = name
        elif closing and name == hidden:
            hidden, done = "", found.end()
    if not hidden:
        out.append(text[done:])
    return "".join(out)
