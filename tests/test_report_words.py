"""The words of a report: German is complete, a user's own messages come first, dates are local."""

from __future__ import annotations

import json
import sys

import pytest

from contactledger.errors import BadInput, BadTemplate
from contactledger.facts import Money
from contactledger.report.kinds import KINDS
from contactledger.report.render import Report, render
from contactledger.report.words import SHIPPED, Words, catalogue, places
from tests.kinds import story_rows
from tests.messages import in_code, messages

DE = Words.of("de")


@pytest.mark.parametrize("lang", [lang for lang in SHIPPED if lang != "en"])
def test_a_shipped_language_has_every_message_and_no_other(lang):
    assert catalogue(lang).keys() == messages()


@pytest.mark.parametrize("lang", SHIPPED)
def test_the_places_of_a_message_are_those_of_the_english(lang):
    assert {m: places(text) for m, text in catalogue(lang).items()} == {
        m: places(m) for m in catalogue(lang)
    }


def test_messages_are_found_where_they_are_written():
    source = 'words("a {b}", b=1); self("c"); words.count(2, "d", "e"); x.count("f"); words(g)'
    assert list(in_code(source)) == ["a {b}", "c", "d", "e"]


@pytest.mark.parametrize("kind", KINDS)
def test_no_fixed_sentence_of_a_german_report_is_english(kind):
    text = " ".join(render(kind, story_rows(kind, "de"), lang="de").text().split())
    english = {m for m in messages() if len(m) > 30 and "{" not in m and m in text}
    assert english == set()
    assert "Was dies nicht ist".upper() in text


INVENTED = ("", "open human", "open machine", "machine open hides.", "quiet hours", "odd")
"""Codes of the story that no judge and no inbox has."""


class Asked(dict[str, str]):
    """The German catalogue, which writes down what it was asked for in vain."""

    def __init__(self) -> None:
        super().__init__(catalogue("de"))
        self.missed: set[str] = set()

    def get(self, key, default=None):
        if key not in self:
            self.missed.add(key)
        return super().get(key, default)


@pytest.mark.parametrize("kind", KINDS)
def test_every_message_that_a_report_asks_for_is_in_the_german_catalogue(kind):
    asked = Asked()
    report = Report(kind, story_rows(kind, Words("de", asked)), {}, Words("de", asked))
    for form in (report.html, report.text, report.markdown, report.document):
        form()
    assert asked.missed - {*asked.values(), *INVENTED} == set()


def test_a_date_and_a_moment_are_those_of_the_language():
    assert Words().day("2026-03-03") == "Tue 3 Mar 2026"
    assert DE.day("2026-03-03") == "Di, 3. März 2026"
    local, utc = "2026-03-03T20:12:00-06:00", "2026-03-04T02:12:00Z"
    assert Words().moment(local, utc) == "3 Mar 2026, 20:12 (4 Mar 2026, 02:12 UTC)"
    assert DE.moment(local) == "3. März 2026, 20:12"
    assert DE.moment("2026-03-03T09:12:00-06:00", "2026-03-03T15:12:00Z") == (
        "3. März 2026, 09:12 (15:12 UTC)"
    )
    assert DE.moment("2026-03-03T09:12:00+00:00", "2026-03-03T09:12:00Z") == "3. März 2026, 09:12"


@pytest.mark.parametrize(
    ("seconds", "english", "german"),
    [
        (20, "less than a minute", "weniger als eine Minute"),
        (60, "1 minute", "1 Minute"),
        (7_500, "2 hours 5 minutes", "2 Stunden 5 Minuten"),
        (86_400 + 3_600, "1 day 1 hour", "1 Tag 1 Stunde"),
        (12.6 * 86_400, "13 days", "13 Tage"),
    ],
)
def test_a_length_of_time_has_two_units_at_most(seconds, english, german):
    assert (Words().lasting(seconds), DE.lasting(seconds)) == (english, german)


def test_numbers_and_lists_are_those_of_the_language():
    assert (Words().number(1_234_567), DE.number(1_234_567)) == ("1,234,567", "1.234.567")
    assert Words("fr", {"a": "b"}).number(1_234) == "1\u202f234"
    assert DE.count(0, "{n} day", "{n} days") == "keine Tage"
    assert (DE.listed([]), DE.listed(["a"]), DE.listed(["a", "b", "c"])) == ("", "a", "a, b und c")
    assert Words().listed(["a", "b"], "or") == "a or b"


def test_amounts_and_tenths_have_the_point_of_the_language():
    amount = Money(189_500, "USD")
    assert (Words().money(amount), DE.money(amount)) == ("USD 1,895.00", "USD 1.895,00")
    assert (Words().tenths(12_345), DE.tenths(12_345)) == ("1,234.5", "1.234,5")


def test_utc_stands_beside_with_its_date_where_that_is_another():
    local, utc = "2026-03-03T20:12:00-06:00", "2026-03-04T02:12:00Z"
    assert (Words().utc_beside(utc, local), DE.utc_beside(utc, local)) == (
        "4 Mar 2026 02:12 UTC",
        "4. März 2026 02:12 UTC",
    )
    assert DE.minute(local) == "3. März 2026 20:12"


def test_what_stands_inside_a_sentence_keeps_the_capitals_of_german():
    assert (Words().inside("A call"), DE.inside("Anruf")) == ("a call", "Anruf")


def test_a_region_has_the_words_of_its_language():
    assert Words.of("de-AT")("Promises") == "Zusagen"


def test_ones_own_messages_come_before_those_that_are_shipped():
    assert Words.of("de", {"Promises": "Versprechen"})("Promises") == "Versprechen"
    assert Words.of("fr", {"Promises": "Promesses"})("Every promise") == "Every promise"


@pytest.mark.parametrize(
    ("lang", "own", "why"),
    [
        ("DE!", {}, "lang: is not the tag of a language, such as de"),
        ("fr", {}, "lang: no words are there for it; shipped: en, de"),
        ("de", {"{n} day": "{m} Tag"}, "messages: the places in braces differ"),
        ("de", {"Promises": "a { b"}, "messages: braces that do not close"),
        ("de", {"Promises": "{a.b}"}, "messages: a place in braces is a plain name"),
    ],
)
def test_what_is_no_language_or_no_message_is_refused(lang, own, why):
    with pytest.raises(BadInput, match=why):
        Words.of(lang, own)


def test_dates_of_a_language_that_is_not_shipped_are_those_of_babel():
    assert Words("fr", {"a": "b"}).day("2026-03-03") == "3 mars 2026"
    assert Words("tlh", {"a": "b"}).date("2026-03-03") == "2026-03-03"


def test_without_babel_such_dates_are_those_of_iso_8601(monkeypatch):
    monkeypatch.setitem(sys.modules, "babel.core", None)
    assert Words("it", {"a": "b"}).date("2026-03-03T09:00:00Z") == "2026-03-03"


def test_what_is_written_from_right_to_left_says_so_in_the_page():
    rows = story_rows("promises")
    words = {"words.json": json.dumps({"Promises": "وعود"})}
    assert '<html lang="ar" dir="rtl">' in render("promises", rows, words, "ar").html()
    assert "\u2068Smith Motors\u2069" in render("promises", rows, words, "ar").text()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_laid_out_from_right_to_left_with_names_set_apart(kind):
    words = {"words.json": json.dumps({"Promises": "وعود"})}
    report = render(kind, story_rows(kind), words, "ar")
    assert ' dir="rtl">' in report.html()
    text = report.text()
    assert text.count("\u2068") == text.count("\u2069") > 0


def test_a_value_is_put_in_once_and_never_read_again():
    assert Words()("It is the turn of {party}.", party="{party}") == "It is the turn of {party}."


def test_a_name_of_the_other_direction_is_set_apart_in_a_sentence():
    """A number beside it would else be shown on its other side."""
    words, name = Words(), "שלום מוטורס"
    apart = f"\u2068{name}\u2069"
    said = words("Of {touches} to {party}, {what}.", touches=4, party=name, what="4 were seen")
    assert said == f"Of 4 to {apart}, 4 were seen."
    assert words.whose(name) == f"{apart}’s"
    assert DE.whose(name) == apart
    assert words.listed([name, "Ann", name]) == f"{apart}, Ann and {apart}"
    assert words("It is the turn of {party}.", party=words.listed([name, "Ann"])) == (
        f"It is the turn of {apart} and Ann."
    )
    assert words.apart(apart) == apart
    assert words.listed([]) == ""
    assert words.apart("Müller & Söhne, 株式会社") == "Müller & Söhne, 株式会社"
    arabic = Words("ar", {"a": "b"})
    assert [arabic.apart(text) for text in ("Ann", "12", name)] == ["\u2068Ann\u2069", "12", name]


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("{", "line 1, words.json: is no JSON"),
        ("[]", "words.json: is a JSON object of texts"),
        ('{"a": 1}', "words.json: is a JSON object of texts"),
        ('{"{n} day": "Tag"}', "words.json: a message whose places in braces are others"),
    ],
)
def test_a_file_of_messages_that_is_none_is_named(source, why):
    with pytest.raises(BadTemplate, match=why):
        render("promises", {}, {"words.json": source})


def test_messages_of_one_language_come_before_those_of_all():
    own = {"words.json": '{"Promises": "All"}', "words.de.json": '{"Promises": "Nur Deutsch"}'}
    assert render("promises", {}, own, "de").words("Promises") == "Nur Deutsch"
    assert render("promises", {}, own).words("Promises") == "All"
