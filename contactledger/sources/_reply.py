"""The new text of a message, without what it quotes: a plain approach, line by line.

What is taken away, from a plain text in this order:

1. everything from a line that begins a forwarded or quoted message ("-----Original
   Message-----" in several languages, a line of underscores before "From:", "From:" with
   "Sent:" or "Date:" within the next lines);
2. everything from the signature's mark, a line "-- " (RFC 3676 4.3);
3. lines that begin with ">", and the line before them if it ends in ":" and holds a year, or
   does so together with the line before it, or holds an address ("On … wrote:").

An HTML text is cut where a mail program begins its quotation, then its tags are dropped.
The whole message stays with the event; nothing here decides whether somebody answered.
"""

from __future__ import annotations

import html
import re

MAX_TEXT_CHARS = 20_000
"""Of the new text; the whole is kept as bytes."""
MAX_READ_CHARS = 1_000_000
"""Of a text, quotation included; what comes behind is not looked at."""

_ORIGINAL = re.compile(
    r"\s*[-_]{2,20}\s*(?:original message|original appointment|forwarded message"
    r"|ursprüngliche nachricht|original-nachricht|weitergeleitete nachricht"
    r"|message d'origine|message original|message transféré|mensaje original|mensagem original"
    r"|messaggio originale|oorspronkelijk bericht|ursprungligt meddelande|oprindelig meddelelse"
    r"|wiadomość oryginalna|исходное сообщение|元のメッセージ|原始邮件)\s*[-_]{2,20}\s*\Z",
    re.IGNORECASE,
)
_FROM = re.compile(r"\s*\*?(?:from|von|de|da|van|från|fra|od|от)\s?:\*?\s", re.IGNORECASE)
_SENT = re.compile(
    r"\s*\*?(?:sent|date|gesendet|datum|envoyé|enviado|inviato|verzonden|skickat|data|дата)\s?:\*?\s",
    re.IGNORECASE,
)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_AT = re.compile("@")

_HTML_QUOTE = re.compile(
    r"<blockquote\b|<div[^<>]{0,200}?(?:gmail_quote|yahoo_quoted|moz-cite-prefix|divRplyFwdMsg)"
    r"|<hr[^<>]{0,200}?(?:stopSpelling|zwchr)",
    re.IGNORECASE,
)
_HTML_HIDDEN = re.compile(r"<(/?)(style|script|head|title)\b[^<>]*>", re.IGNORECASE)
_HTML_BREAK = re.compile(r"<(?:br|/p|/div|/li|/tr|/h[1-6])\b[^<>]*>", re.IGNORECASE)
_HTML_TAG = re.compile(r"<[!/?a-zA-Z][^<>]*>")


def new_text(text: str) -> str:
    """The new text of a plain text, without quotation and signature."""
    lines = _cut(text[:MAX_READ_CHARS].replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    kept: list[str] = []
    quoted = False
    for line in lines:
        now = line.lstrip().startswith(">")
        if now and not quoted:
            _drop_attribution(kept)
        if not now:
            kept.append(line.rstrip())
        quoted = now
    return "\n".join(kept).strip()[:MAX_TEXT_CHARS]


def _cut(lines: list[str]) -> list[str]:
    for number, line in enumerate(lines):
        if line in ("-- ", "--") or (len(line) < 200 and _ORIGINAL.match(line)):
            return lines[:number]
        if len(line) < 400 and _FROM.match(line) and any(map(_SENT.match, _after(lines, number))):
            rule = number > 0 and set(lines[number - 1].strip()) == {"_"}
            return lines[: number - 1 if rule else number]
    return lines


def _after(lines: list[str], number: int) -> list[str]:
    return [line[:400] for line in lines[number + 1 : number + 4]]


def _drop_attribution(kept: list[str]) -> None:
    """Takes "On …, … wrote:" off the end, which may be folded over two lines."""
    end = len(kept)
    for _ in range(3):  # blank lines between; no more, or many quotations would cost squares
        end -= 1 if end and not kept[end - 1] else 0
    if not end or not kept[end - 1].endswith(":"):
        return
    for size, hint in ((1, _YEAR), (2, _YEAR), (1, _AT)):
        if hint.search(" ".join(kept[max(0, end - size) : end])[-1_000:]):
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
    return html.unescape(text).replace("\N{NO-BREAK SPACE}", " ")


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
