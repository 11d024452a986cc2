"""The pages in German: every message is there, and the language is the visitor's."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path

import pytest

import contactledger.web
from contactledger import matching
from contactledger.errors import BadInput
from contactledger.regrading import MATCHED
from contactledger.report.words import catalogue, places
from contactledger.vocabulary import MarkWord
from contactledger.web import door, inbox, pages, reading_pages, verify, writing_pages
from contactledger.web.speaking import wished, words_in
from tests.ledgers import in_memory
from tests.messages import in_code
from tests.visiting import AT, hidden, visit

ROOM = Path(contactledger.web.__file__).parent
DE = {"Accept-Language": "de-CH, de;q=0.9, en;q=0.8"}
SAID_IN_CODE = (
    "You have left", "The link is forgotten.", "Something went wrong", "not authenticated",
    "You need access for this page", "Too often", "Wait a minute and try again.",
    "Log in, or open the link that you were sent. If it has ended, ask for a new one.",
    "The form is too old, or not ours. Go back and try again.",
    "The form comes from another site.", "Forbidden",
    "This form was sent before with something else in it.",
    # what hooks.py says to whoever unsubscribes
    "This link leads nowhere", "The address is incomplete.",
    "The message it was in is not kept any more, or the address is incomplete.",
    "Do you want to unsubscribe?", "You will get no more of these messages.", "Unsubscribe",
    "Nothing was changed", "The request did not say what is wanted.",
    "You are unsubscribed", "It is on record from this moment on.",
)  # fmt: skip
"""Texts that reach a template under a name; each stands so in a module of the web part."""


def messages() -> set[str]:
    """The English texts of the pages."""
    found: set[str] = set(SAID_IN_CODE)
    for file in (ROOM / "templates").iterdir():
        text = file.read_text("utf-8")
        found.update(re.findall(r'\bt\("([^"]+)"', text))
        for pair in re.findall(r't\.count\([^"]*"([^"]+)", "([^"]+)"', text):
            found.update(pair)
    for module in ROOM.glob("*.py"):
        found.update(in_code(module.read_text("utf-8").replace("visit.words(", "words(")))
    found.update(title for _, _, title in door._SAID)
    for table in (inbox.WHY, inbox.NOBODY, writing_pages.CALLS, writing_pages.WANTED, reading_pages.SYSTEMS,
                  reading_pages.MATCHED):  # fmt: skip
        found.update(table.values())
    found.update(str(word).replace("_", " ") for word in MarkWord)
    return found | set(verify.WHOSE)


def german() -> dict[str, str]:
    return json.loads(
        files("contactledger.web").joinpath("catalogue", "de.json").read_text("utf-8")
    )


def test_german_has_every_message_of_the_pages_and_no_other():
    assert german().keys() <= messages()
    assert messages() <= german().keys() | catalogue("de").keys()


def test_the_places_of_a_message_are_those_of_the_english():
    assert {m: places(text) for m, text in german().items()} == {m: places(m) for m in german()}


def test_what_is_said_in_code_is_said_there():
    code = " ".join(file.read_text("utf-8") for file in ROOM.glob("*.py"))
    joined = re.sub(r'"\s*"', "", code)
    status = {"Forbidden"}
    assert [text for text in SAID_IN_CODE if text not in status and text not in joined] == []


@pytest.mark.parametrize(
    ("header", "lang"),
    [
        ("", "en"),
        ("de", "de"),
        ("de-AT", "de"),
        ("fr, de;q=0.5", "de"),
        ("en;q=0.4, de;q=0.6", "de"),
        ("de;q=0.4, en;q=0.6", "en"),
        ("de;q=0", "en"),
        ("*", "en"),
        ("DE", "de"),
        ("de-AT;q=0.3, en;q=0.5, de", "de"),
        ("de;q=x", "en"),
        (f"{'fr,' * 20}de", "en"),
    ],
)
def test_the_language_is_what_the_browser_likes_best_of_those_there_are(header, lang):
    assert wished(header) == lang


PATHS = ("/", "/verify", "/health", "/inbox")


def test_a_visitor_who_reads_german_gets_german_on_every_page():
    site = visit()
    ann = site.staff()
    ann.headers.update(DE)
    no = site.no("hello")
    english = {m for m in messages() if len(m) > 12 and "{" not in m}
    for path in (*(AT + one for one in PATHS), site.a(), site.a(f"/t/{no}"), site.a("/new")):
        answer = ann.get(path)
        assert answer.status_code == 200, path
        assert '<html lang="de">' in answer.text
        assert answer.headers["content-language"] == "de"
        text = re.sub(r"<[^>]+>", "\n", answer.text)
        assert {line.strip() for line in text.split("\n")} & english == set(), path
    account = ann.get(site.a()).text
    for part in ("Wer am Zug ist", "Kontakt verzeichnen", "Zum Mitnehmen", "Kurz gesagt"):
        assert part in account, part
    legend = account.partition("<svg")[2].partition("</svg>")[0]
    assert (">Telefon<" in legend, ">phone<" in legend) == (True, False)


def test_a_report_is_read_and_taken_away_in_the_language_of_the_page():
    site = visit()
    ann = site.staff()
    ann.headers.update(DE)
    assert '<html lang="de"' in ann.get(site.a("/report/promises")).text
    assert ann.get(site.a("/get/promises.txt")).text.startswith("ZUSAGEN")


def test_the_host_may_set_the_language_for_everybody():
    site = visit(lang="de")
    page = site.staff().get(f"{AT}/", headers={"Accept-Language": "en"}).text
    assert "<h1>Konten</h1>" in page
    refused = site.browser().get(f"{AT}/")
    assert (refused.status_code, "brauchen Sie Zugang" in refused.text) == (401, True)
    assert "Das Formular ist zu alt" in site.staff().post(f"{AT}/find").text
    ledger, _ = in_memory()
    with pytest.raises(BadInput, match="lang: must be one of: en, de"):
        pages(ledger, lambda _: None, lang="fr")


def test_whoever_unsubscribes_is_asked_in_the_language_of_the_browser():
    site = visit()
    page = site.browser().get(f"{AT}/u/x", headers=DE)
    assert '<html lang="de">' in page.text
    assert "Dieser Link führt nirgendwohin" in page.text


def test_the_words_of_english_need_no_catalogue():
    assert words_in("en")("Accounts") == "Accounts"
    assert words_in("de")("Never heard of {x}", x=1) == "Never heard of 1"


def test_a_verdict_is_german_too():
    site = visit(lang="de")
    anyone = site.browser("anyone")
    form = hidden(anyone.get(f"{AT}/verify").text)
    answer = anyone.post(f"{AT}/verify", data=form)
    assert "Wählen Sie eine Datei aus" in answer.text


def test_every_rule_by_which_a_report_is_matched_has_words():
    names = {"token", "address", MATCHED}
    names |= set(re.findall(r'yield "([a-z_]+)", ', Path(matching.__file__).read_text("utf-8")))
    assert reading_pages.MATCHED.keys() == names
