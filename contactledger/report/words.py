"""The words of a report in a language: fixed sentences, numbers, dates, lengths of time.

A message is looked up by its English text, with its places in braces: `words("Answered by
{who}.", who="Bob Ray")`. `catalogue/de.json` beside this holds the German; English needs no
catalogue. What a catalogue lacks is printed in English, so that nothing is ever left out. A user's
own messages come before ours, and make a language that is not shipped ("fr").

Dates of other languages than those shipped are made by babel where it is installed (the extra
`i18n`), else they are the dates of ISO 8601. Texts are safe to fill with whatever people typed: a
value is put in once and never read again, and one that is written in the other direction is set
apart, so that a number beside it stays where the sentence has it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from string import Formatter
from typing import Literal
from unicodedata import bidirectional

import orjson
from attrs import Factory, field, frozen

from contactledger.errors import BadInput
from contactledger.facts import Money
from contactledger.report.phrases import DAYS, MONTHS, money

SHIPPED = ("en", "de")
RIGHT_TO_LEFT = frozenset(["ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"])
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}\Z")
_GROUPED_BY = {"en": ",", "de": "."}
_POINT = {"de": ","}
_SWAPPED = str.maketrans(",.", ".,")
_DIRECTED = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
"""What is written from right to left."""
_DAY_MINUTES = 1_440


@frozen
class Words:
    """The words of one language. `messages`: English text → text, ours and the user's."""

    lang: str = "en"
    messages: Mapping[str, str] = Factory(dict)
    direction: Literal["ltr", "rtl"] = field(init=False, eq=False, repr=False)
    """Of writing, as HTML has it."""

    @direction.default
    def _written(self) -> Literal["ltr", "rtl"]:
        return "rtl" if self.base in RIGHT_TO_LEFT else "ltr"

    @classmethod
    def of(cls, lang: str = "en", own: Mapping[str, str] | None = None) -> Words:
        """The words of a language; `own` messages come before those shipped.

        BadInput for what is no language tag (BCP 47), for a language of which there are no
        words at all, and for a message of one's own whose places are not those of the English.
        """
        if not LANGUAGE.match(lang):
            raise BadInput("is not the tag of a language, such as de", field="lang")
        base = lang.partition("-")[0]
        if base not in SHIPPED and not own:
            raise BadInput(
                f"no words are there for it; shipped: {', '.join(SHIPPED)}", field="lang"
            )
        for message, text in (own or {}).items():
            if places(message) != places(text):
                raise BadInput(f"the places in braces differ: {message}", field="messages")
        return cls(lang, {**(catalogue(base) if base in SHIPPED else {}), **(own or {})})

    @property
    def base(self) -> str:
        """The language without its region."""
        return self.lang.partition("-")[0]

    def __call__(self, message: str, /, **values: object) -> str:
        """The message in this language, with values in its places."""
        text = self.messages.get(message, message)
        if not values:
            return text
        return text.format(
            **{
                name: self.apart(value) if isinstance(value, str) else value
                for name, value in values.items()
            }
        )

    def apart(self, text: str) -> str:
        """A text between U+2068 and U+2069, if it holds letters of the other writing direction.

        One that has such a part set apart already is left as it is: around it stand our words.
        """
        if self.direction == "rtl":
            other = any(bidirectional(c) == "L" for c in text)
        else:
            other = not text.isascii() and _DIRECTED.search(text) is not None
        return f"\u2068{text}\u2069" if other and "\u2068" not in text else text

    def count(self, count: int, one: str, many: str, **values: object) -> str:
        """As in "1 touch", "2 touches", "no touches", of "{n} touch" and "{n} touches"."""
        number = self.number(count) if count else self("no")
        return self(one if count == 1 else many, n=number, **values)

    def number(self, count: int) -> str:
        """A whole number, in groups of three digits."""
        return f"{count:,}".replace(",", _GROUPED_BY.get(self.base, "\u202f"))

    def listed(self, items: Sequence[str], last: str = "and") -> str:
        """As in "a, b and c"."""
        *others, end = map(self.apart, items) if items else ("",)
        return f"{', '.join(others)} {self(last)} {end}" if others else end

    def date(self, stamp: str) -> str:
        """As in "3 Mar 2026" of an ISO stamp."""
        if self.base not in SHIPPED:
            return _foreign(stamp[:10], self.lang)
        month = self(MONTHS[int(stamp[5:7]) - 1])
        return self("{day} {month} {year}", day=int(stamp[8:10]), month=month, year=stamp[:4])

    def day(self, stamp: str) -> str:
        """As in "Tue 3 Mar 2026" of an ISO stamp."""
        if self.base not in SHIPPED:
            return self.date(stamp)
        weekday = self(DAYS[datetime.fromisoformat(stamp[:10]).weekday()])
        return self("{weekday} {date}", weekday=weekday, date=self.date(stamp))

    def moment(self, local: str, utc: str = "") -> str:
        """As in "3 Mar 2026, 09:12 (15:12 UTC)"; `utc` "" leaves out what is in brackets, which
        stands there only where it differs."""
        text = f"{self.date(local)}, {local[11:16]}"
        if not utc or local[:16] == utc[:16]:
            return text
        other = "" if utc[:10] == local[:10] else f"{self.date(utc)}, "
        return f"{text} ({other}{utc[11:16]} UTC)"

    def minute(self, local: str) -> str:
        """As in "3 Mar 2026 09:12" of an ISO stamp."""
        return f"{self.date(local)} {local[11:16]}"

    def utc_beside(self, stamp: str, local: str) -> str:
        """What stands beside a local time: "15:12 UTC", with the date where it is another."""
        other = "" if stamp[:10] == local[:10] else f"{self.date(stamp)} "
        return f"{other}{stamp[11:16]} UTC"

    def lasting(self, seconds: float) -> str:
        """A length of time in two units at most: "2 days 3 hours", "45 minutes"."""
        minutes = round(abs(seconds) / 60)
        days, rest = divmod(minutes, _DAY_MINUTES)
        hours, minutes = divmod(rest, 60)
        if days >= 10:
            days, hours = days + (hours >= 12), 0
        parts = []
        if days:
            parts.append(self.count(days, "{n} day", "{n} days"))
        if hours:
            parts.append(self.count(hours, "{n} hour", "{n} hours"))
        if not days and minutes:
            parts.append(self.count(minutes, "{n} minute", "{n} minutes"))
        return " ".join(parts) or self("less than a minute")

    def lasting_between(self, since: str, until: str) -> str:
        """The length of time between two ISO stamps in UTC."""
        return self.lasting((of_stamp(until) - of_stamp(since)).total_seconds())

    def tenths(self, count: int) -> str:
        """A number of tenths, as in "23.2"."""
        return f"{self.number(count // 10)}{_POINT.get(self.base, '.')}{count % 10}"

    def money(self, amount: Money) -> str:
        """An amount as people write it: "USD 1,895.00"."""
        text = money(amount)
        return text.translate(_SWAPPED) if _POINT.get(self.base) == "," else text

    def whose(self, name: str) -> str:
        """Whose something is: "ACME’s", "Dealer Systems’"; the name alone in other languages."""
        apart = self.apart(name)
        if self.base != "en":
            return apart
        return f"{apart}’" if name.endswith("s") else f"{apart}’s"

    def inside(self, text: str) -> str:
        """A sentence fit to stand inside another: in English without a capital."""
        return text[:1].lower() + text[1:] if self.base == "en" else text

    def start(self, text: str) -> str:
        """A text fit to begin a sentence."""
        return text[:1].upper() + text[1:]


def of_stamp(stamp: str) -> datetime:
    """The moment of an ISO stamp."""
    return datetime.fromisoformat(stamp)


def places(message: str) -> frozenset[str]:
    """The names in braces of a message. BadInput where it cannot be read as one."""
    try:
        found = frozenset(name for _, name, _, _ in Formatter().parse(message) if name is not None)
    except ValueError:
        raise BadInput("braces that do not close", field="messages") from None
    if not all(name.isidentifier() for name in found):
        raise BadInput("a place in braces is a plain name", field="messages")
    return found


@lru_cache(maxsize=8)
def catalogue(lang: str) -> Mapping[str, str]:
    """The messages of a shipped language: English text → text; none for English."""
    if lang == "en":
        return {}
    text = files("contactledger.report").joinpath("catalogue", f"{lang}.json").read_bytes()
    found: dict[str, str] = orjson.loads(text)
    return found


@lru_cache(maxsize=4096)
def _foreign(day: str, lang: str) -> str:
    """A date in a language that is not shipped; that of ISO 8601 where nobody knows better."""
    try:
        from babel.core import UnknownLocaleError
        from babel.dates import format_date
    except ImportError:
        return day
    try:
        return str(
            format_date(datetime.fromisoformat(day).date(), "medium", lang.replace("-", "_"))
        )
    except UnknownLocaleError:
        return day
