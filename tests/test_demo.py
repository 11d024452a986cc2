"""The demo: what it makes, that it is the same each time, and what its standing says."""

from __future__ import annotations

import sys

import pytest

from contactledger import Ledger, MemoryStore
from contactledger.demo import play, script
from contactledger.demo.stage import RepeatableBytes, Stage
from contactledger.errors import BadInput
from contactledger.exchange import open_bundle


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    return folder, play(folder)


def test_it_makes_a_ledger_the_report_as_html_and_text_and_the_bundle_with_its_key(played):
    folder, made = played
    assert [path.name for path in made.files] == [
        "contacts.db",
        "smith-motors.html",
        "smith-motors.txt",
        "smith-motors.bundle",
        "acme.vkey",
        "smith-motors.pdf",
    ]
    assert {path.name for path in folder.iterdir()} == {path.name for path in made.files}
    html = made.files[1].read_text("utf-8")
    assert html.count("</html>") == 1
    assert "http://" not in html.replace("http://www.w3.org/2000/svg", "")
    assert made.files[2].read_text("utf-8").startswith("PROOF OF CONTACT")


def test_its_ledger_holds_what_its_hashes_say(played):
    _, made = played
    with Ledger.open(f"sqlite:///{made.files[0]}", recorder=script.RECORDER) as ledger:
        assert ledger.accounts() == (script.ACCOUNT,)
        assert ledger.check(script.ACCOUNT) == len(ledger.entries(script.ACCOUNT))


def test_the_other_side_opens_the_bundle_and_judges_the_same(played):
    _, made = played
    opened = open_bundle(made.bundle, trust=[made.key])
    assert opened.complete
    assert opened.standing() == made.standing


def test_the_pdf_carries_the_same_bundle(played):
    _, made = played
    opened = open_bundle(made.pdf, trust=[made.key])
    assert opened.printed
    assert opened.standing() == made.standing
    assert made.bundle.read_bytes() in made.pdf.read_bytes()


def test_without_the_extra_for_it_there_is_no_pdf_not_even_an_old_one(tmp_path, monkeypatch):
    (tmp_path / "smith-motors.pdf").write_bytes(b"of an earlier demo")
    monkeypatch.setitem(sys.modules, "typst", None)
    made = play(tmp_path)
    assert made.pdf is None
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in made.files}


def test_no_private_key_is_left(played):
    folder, _ = played
    for path in folder.iterdir():
        assert b"PRIVATE+KEY" not in path.read_bytes()


def test_it_is_the_same_each_time_and_replaces_an_earlier_one(played):
    folder, made = played
    before = [path.read_bytes() for path in made.files[1:3]]
    again = play(folder)
    assert again.standing == made.standing
    assert again.text == made.text
    assert [path.read_bytes() for path in again.files[1:3]] == before


def test_its_log_has_the_same_bytes_on_every_store(played):
    _, made = played
    stage = Stage(
        MemoryStore(), account=script.ACCOUNT, recorder=script.RECORDER, start=script.START
    )
    script.play(stage)
    with Ledger.open(f"sqlite:///{made.files[0]}", recorder=script.RECORDER) as ledger:
        there = ledger.entries(script.ACCOUNT, as_of=stage.clock())
    assert stage.ledger.entries(script.ACCOUNT) == there


def test_every_report_of_the_webhook_found_its_touch(played):
    _, made = played
    stage = Stage(
        MemoryStore(), account=script.ACCOUNT, recorder=script.RECORDER, start=script.START
    )
    script.play(stage)
    assert stage.ledger.replay(stage.sendgrid) == ()
    assert stage.ledger.forged == 0
    assert made.standing.account == stage.ledger.standing(script.ACCOUNT).account


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BadInput, match="folder: cannot be written"):
        play(tmp_path / "file" / "demo")


def test_the_repeatable_bytes_repeat_and_do_not_stand_still():
    one, two = RepeatableBytes("a"), RepeatableBytes("a")
    drawn = [one(16), one(16)]
    assert drawn == [two(16), two(16)]
    assert drawn[0] != drawn[1]
    assert RepeatableBytes("b")(16) != drawn[0]
