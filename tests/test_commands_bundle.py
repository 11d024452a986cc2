"""`contactledger bundle` and `verify`: what they print, what they write, how they refuse."""

from __future__ import annotations

import json
import sys

import pytest

from contactledger import Ledger, __main__, commands_bundle
from contactledger.keys import keygen, load_signer
from contactledger.log.checkpoint import add_cosignature, cosign
from contactledger.log.note import parse_unverified
from contactledger.testing import FixedClock
from tests.bundles import key_of
from tests.ledgers import SMITH, mail, two_sides


@pytest.fixture
def command(monkeypatch, capsys):
    """Runs a command of this process: (exit code, standard output, standard error)."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["contactledger", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            __main__.main()
        printed = capsys.readouterr()
        return ended.value.code or 0, printed.out, printed.err

    return run


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a key, and a ledger of one account that is not sealed yet."""
    monkeypatch.chdir(tmp_path)
    keygen("acme.key", "acme.example/ledger")
    with Ledger.open("sqlite:///a.db", recorder="acme", clock=FixedClock()) as ledger:
        ledger.record(SMITH, *two_sides(), mail("m-1", original=b"raw"))
    return tmp_path


@pytest.fixture
def made(folder, command):
    """The same with a bundle of it."""
    ours = ("--recorder", "acme", "--signer", "acme.key")
    assert command("bundle", "a.db", SMITH, "--out", "smith.bundle", *ours)[0] == 0
    return folder


def test_bundle_seals_writes_and_says_how_to_check(folder, command):
    ours = ("--recorder", "acme", "--signer", "acme.key", "--to", "bob")
    code, out, err = command("bundle", "a.db", SMITH, "--out", "smith.bundle", *ours)
    size = (folder / "smith.bundle").stat().st_size
    assert (code, err) == (0, "")
    assert out == (
        f"written: smith.bundle ({size:,} bytes)\n"
        "the other side checks it with: contactledger verify smith.bundle --trust KEY\n"
    )
    # afterwards the database need only be read
    assert command("bundle", "sqlite:///a.db", SMITH, "--out", "again.bundle")[0] == 0


def test_verify_prints_what_was_verified_and_the_standing(made, command):
    key = (made / "acme.vkey").read_text("utf-8").strip()
    code, out, err = command("verify", "smith.bundle", "--trust", key)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == f"verified       8 entries of {SMITH}: complete"
    assert lines[1] == f"signed by      {key}"
    assert lines[2].startswith("sealed         20")
    assert "first opening" in lines[5]
    assert "--remember" in lines[5]
    assert lines[6:9] == [
        "redacted       0 personal parts, as entries say",
        "withheld       0 personal parts and 0 originals",
        "countersigned  by nobody you named",
    ]
    with Ledger.open("sqlite:///a.db", recorder=None) as ledger:
        at = ledger.checkpoint().sealed_at
        report = ledger.report(SMITH, as_of=at)
    standing = commands_bundle.standing_text(report.data)
    assert standing.splitlines()[:3] == lines[10:13]


def test_the_command_that_the_demo_prints_verifies_what_it_left(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _, out, _ = command("demo")
    program, *arguments = out.splitlines()[-1].split()
    assert (program, arguments[0]) == ("contactledger", "verify")
    code, said, err = command(*arguments)
    assert (code, err) == (0, "")
    assert said.splitlines()[0].endswith("entries of smith-motors: complete")
    # the same columns as the demo printed, computed again
    assert [line for line in out.splitlines() if line.startswith("Reached out")] == [
        line for line in said.splitlines() if line.startswith("Reached out")
    ]
    assert said.count("\nReached out") == 1


def test_verify_remembers_and_writes_the_report(made, command):
    how = ("--trust", "acme.vkey", "--remember", "memory.json")
    assert "now kept" in command("verify", "smith.bundle", *how)[1]
    for name in ("r.html", "r.txt", "r.json"):
        code, out, _ = command("verify", "smith.bundle", *how, "--out", name)
        assert (code, out.splitlines()[-1]) == (0, f"written: {name}")
        assert "continues what was verified before" in out
    assert json.loads((made / "r.json").read_text("utf-8"))
    code, out, err = command("verify", "smith.bundle", *how, "--out", "r.docx")
    assert (code, out, "--out" in err) == (1, "", True)


def test_verify_of_some_entries_says_so_and_judges_nothing(made, command):
    some = ("--entry", "m-1", "--entry", "2", "--no-originals")
    assert command("bundle", "a.db", SMITH, "--out", "some.bundle", *some)[0] == 0
    code, out, _ = command("verify", "some.bundle", "--trust", "acme.vkey")
    assert code == 0
    assert out.splitlines()[0] == f"verified       8 entries of {SMITH}: partial, 4 of them here"
    assert "withheld       0 personal parts and 1 originals" in out
    assert out.splitlines()[-1].startswith("A partial bundle is not judged")


def test_verify_shows_older_heads_and_witnesses(made, command):
    signer = load_signer("acme.key")
    with Ledger.open("sqlite:///a.db", recorder="acme", signer="acme.key") as ledger:
        ledger.record(SMITH, mail("m-2"))
        ledger.seal()
        with ledger._store.begin(write=True) as tx:
            tx.claim()
            row = tx.checkpoint()
            note, text = row.note, parse_unverified(row.note).text
            for time, name in ((1_780_000_000, "smith"), (2**62, "far")):
                note = add_cosignature(note, cosign(text, key_of(name, f"{name}.example"), time))
            tx.put_checkpoint(row._replace(note=note))
        ledger.bundle(SMITH).save("later.bundle")
    trust = [signer.key, *(key_of(name, f"{name}.example").key for name in ("smith", "far"))]
    options = [word for key in trust for word in ("--trust", key.format())]
    out = command("verify", "later.bundle", *options)[1]
    assert "               continues the 8 entries that were given to somebody" in out
    assert (
        "countersigned  by smith.example, the checkpoint, 2026-05-28 20:26:40 UTC, by its own clock"
        in out
    )
    assert "countersigned  by far.example, the checkpoint, at no time that can be" in out


def test_what_does_not_verify_says_what_to_do_with_its_step_and_code_1(made, command):
    data = bytearray((made / "smith.bundle").read_bytes())
    data[60] ^= 1
    (made / "bad.bundle").write_bytes(data)
    code, out, err = command("verify", "bad.bundle", "--trust", "acme.vkey")
    assert (code, out, err.count("\n")) == (1, "", 2)
    assert err.endswith(
        "\n  do not rely on it; ask for it again, and for the sender's verifier key\n"
    )
    assert err.startswith("contactledger: step 5, entries: account/entries.ndjson: ")


def test_what_is_missing_is_said_in_one_line(folder, command):
    for arguments, word in (
        (("bundle", "a.db", SMITH, "--out", "x", "--to", "bob"), "--recorder"),
        (("bundle", "a.db", SMITH, "--out", "x", "--signer", "acme.key"), "--recorder"),
        (("bundle", "a.db", SMITH, "--out", "x"), "keygen"),
        (("verify", "absent", "--trust", "acme.vkey"), "bundle"),
    ):
        code, out, err = command(*arguments)
        assert (code, out, err.count("\n"), word in err) == (1, "", 1, True)
    assert not (folder / "x").exists()


def test_what_is_verified_only_is_not_judged(made, command):
    how = ("smith.bundle", "--trust", "acme.vkey", "--no-judge")
    code, out, err = command("verify", *how)
    assert (code, err) == (0, "")
    assert out == command("verify", *how[:-1])[1].partition("\n\n")[0] + "\n"
    code, out, err = command("verify", *how, "--out", "r.txt")
    assert (code, out) == (1, "")
    assert err == "contactledger: --out: is a judgement, which --no-judge leaves out\n"


def test_a_receipt_says_how_far(made):
    one = commands_bundle.Countersigned("smith.example", "key", None, 8)
    assert "8 entries received" in commands_bundle._countersigned(one)
