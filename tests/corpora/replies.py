"""Reply texts: the sets replies and reply_calls.

There is no one right reply of a text: six parsers agree fully on a tenth of them. So two
questions are put, and both must be right: is there new text of a person's at all, and is what
was quoted out of it; of whole replies a third: is half of the new words there at least (some
parsers call quotations new, and quotequail the line before one). Whether a signature belongs
to the text is nobody's concern here.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from tests.corpora import Case, Result, Right, Skip, Verdict, run

OWN = Right("as the text's own parser says; fewer than four of the six agree")
NOT_AGREED = Skip("fewer than four of the six parsers agree, and the text's own says otherwise")
NOTHING_ADDED = Right("none: a forward or the line before a quotation, which that parser keeps")
NO_TEXT = Right("none: there are no words at all")

_ANNOUNCES = re.compile(
    r"(?i)(?:-+ |begin )forwarded message|[^.!?]{1,100} wrote:\Z|on .{1,99} wrote:\Z"
)
_WORD = re.compile(r"[^\W_]{3,}")


def words(text: str) -> set[str]:
    """The words of a text, without short ones, which stand in every text."""
    return {word.lower() for word in _WORD.findall(text)}


def told_apart(ours: str, new: str, quoted: str) -> bool:
    """Whether ours has text exactly if there is new text, and nothing that is only quoted."""
    only_quoted = words(quoted) - words(new)
    there = bool(re.search(r"\w", ours)) is bool(re.search(r"\w", new))
    return there and not only_quoted & words(ours)


def kept(ours: str, new: str) -> bool:
    """Whether half of the new words are there, at least."""
    return 2 * len(words(new) & words(ours)) >= len(words(new))


def replies(folder: Path) -> Result:
    """replies: plain texts, by what four or more of six parsers agree on."""

    def check(case: Case) -> Verdict:
        from contactledger.sources._reply import new_text

        agreed = case["six_parsers"]["consensus"]
        new = str(case["expected"]["reply"]) if agreed is None else agreed
        ours = new_text(case["text"])
        same = told_apart(ours, new, _quoted(case, new)) and kept(ours, new)
        return same if agreed is not None else OWN if same else NOT_AGREED

    return run(folder, check)


def _quoted(case: Case, new: str) -> str:
    """What the set calls quoted, and every line that begins with ">", but what is new."""
    expected = case["expected"]
    texts = [str(expected.get("quoted") or ""), str(expected.get("embedded") or "")]
    texts += [str(f["text"]) for f in expected.get("fragments") or () if f.get("quoted")]
    lines = case["text"].splitlines()
    texts += [line for line in lines if line.lstrip().startswith(">") and line.strip() not in new]
    return "\n".join(texts)


def reply_calls(folder: Path) -> Result:
    """reply_calls: what talon and quotequail keep of a plain text or a page."""

    def check(case: Case) -> Verdict:
        from contactledger.sources._reply import from_html, new_text

        given, name = case["input"], case["fn"]
        page = "html" in name
        new = _kept(case["expected"], given)
        whole = given
        if page:
            new, whole = _shown(new), _shown(given)
        ours = from_html(given) if page else new_text(given)
        if not re.search(r"\w", whole):
            return not ours and NO_TEXT
        if not ours and _ANNOUNCES.match(" ".join(new.split())):
            return NOTHING_ADDED
        return told_apart(ours, new, whole)

    return run(folder, check)


def _kept(expected: Any, given: str) -> str:
    """The new text in what a call of talon's or quotequail's gave."""
    if expected is None:  # quotequail found no quotation
        return given
    if isinstance(expected, str):
        return expected
    if isinstance(expected, list):
        return "\n".join(text for new, text in expected if new)
    names = ("text_top", "text_bottom", "html_top", "html_bottom")
    return "\n".join(expected[name] for name in names if expected.get(name))


class _Shown(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.hidden = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:  # noqa: ARG002 - the name that the parser gives it
        if tag in ("style", "script", "title", "head"):
            self.hidden = self.hidden or tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self.hidden:
            self.hidden = ""

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.texts.append(data)


def _shown(page: str) -> str:
    """The text of a page, by the standard library's parser."""
    parser = _Shown()
    parser.feed(page)
    return " ".join(parser.texts)
