"""The commands about written policies."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from contactledger import __main__
from contactledger.judge.policy import DEFAULT_POLICY, expand_policy, policy_digest
from contactledger.policies import READY, ready_policy


@pytest.fixture
def command(monkeypatch, capsys):
    """Runs a command of this process: (exit code, standard output, standard error)."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["contactledger", "policy", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            __main__.main()
        printed = capsys.readouterr()
        return ended.value.code or 0, printed.out, printed.err

    return run


@pytest.fixture
def file(tmp_path):
    """A file of that text."""

    def write(text: str | bytes):
        path = tmp_path / "policy.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_a_policy_that_contradicts_nothing_has_its_digest_said(command, file):
    path = file(DEFAULT_POLICY)
    digest = policy_digest(DEFAULT_POLICY)
    assert command("check", path) == (
        0,
        f"{path}: nothing contradicts itself; adopted as it is, its digest is {digest}\n",
        "",
    )


def test_the_digest_is_that_of_the_text_with_its_holidays(command, file):
    text = ready_policy("training", country="DE", year=2026)
    assert policy_digest(expand_policy(text)) in command("check", file(text))[1]


def test_a_doubt_is_said_and_is_no_failure(command, file):
    path = file('[wanted]\nemail = "reply"\n')
    code, out, err = command("check", path)
    assert (code, err) == (0, "")
    assert out.split("\n")[0].startswith(f"{path}: line 1, wanted: doubt: a question over e-mail")
    assert "nothing contradicts itself" in out.split("\n")[1]


def test_a_contradiction_is_one_line_and_code_1(command, file):
    path = file(
        DEFAULT_POLICY.replace("rules = 1", 'preferred_channel = "sms"\nrefused_channels = ["sms"]')
    )
    assert command("check", path) == (
        1,
        f"{path}: line 3, preferred_channel: contradiction: SMS is preferred and may not be used.\n",
        "",
    )


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (b"\xff", "FILE: is not UTF-8"),
        ("rules = ", "line 1: not TOML: Invalid value"),
    ],
)
def test_a_file_that_is_no_policy_is_one_line_and_code_1(command, file, text, error):
    for name in ("check", "explain"):
        assert command(name, file(text)) == (1, "", f"contactledger: {error}\n")


def test_it_is_explained_in_plain_sentences(command, file):
    code, out, _ = command("explain", file(DEFAULT_POLICY))
    assert (code, out.count("\n- ") + 1) == (0, 20)
    assert out.startswith(
        "- A touch whose purpose is outage that wants an answer is to be answered within 4\n"
        "  business hours of the receiver.\n"
    )
    assert max(map(len, out.split("\n"))) <= 88


def test_the_ready_ones_are_named_with_what_they_are_for(command):
    code, out, _ = command("list")
    assert (code, len(out.splitlines())) == (0, len(READY))
    assert "\nsupport-desk         a support desk: how soon a ticket is answered\n" in out


@pytest.mark.parametrize("name", READY)
def test_a_ready_one_is_shown_byte_for_byte(command, name):
    assert command("show", name) == (0, ready_policy(name), "")


def test_it_is_shown_with_the_holidays_of_a_country(command):
    code, out, _ = command("show", "training", "--country", "DE", "--subdivision", "BY")
    assert (code, 'holidays = { country = "DE", subdivision = "BY", from = 20' in out) == (0, True)


def test_a_country_that_nobody_knows_is_said_at_once(command):
    code, out, err = command("show", "training", "--country", "ZZ")
    assert (code, out) == (1, "")
    assert err.endswith("calendar.holidays.country: not known to the package holidays\n")


def test_a_policy_that_is_not_there_names_those_that_are(command):
    assert command("show", "nonsense") == (
        1, "", f"contactledger: policy: one of: {', '.join(READY)}\n",
    )  # fmt: skip


def test_the_documented_commands_run_as_they_stand(command, tmp_path, monkeypatch):
    page = Path(__file__).parents[1] / "docs" / "policy.md"
    block = page.read_text("utf-8").split("```sh\n")[1].split("```")[0]
    monkeypatch.chdir(tmp_path)
    for line in block.strip().split("\n"):
        words, _, target = line.partition(" > ")
        program, group, *arguments = shlex.split(words)
        assert (program, group) == ("contactledger", "policy")
        code, out, err = command(*arguments)
        assert (code, err, bool(out)) == (0, "", True)
        if target:
            (tmp_path / target).write_text(out, "utf-8")
