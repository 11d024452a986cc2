"""The commands of signing: a key is made once, and what is sealed can be opened with it."""

from __future__ import annotations

from typer.testing import CliRunner

from contactledger import Ledger, Party, Touch
from contactledger.cli import app
from contactledger.keys import load_signer
from contactledger.log.checkpoint import open_checkpoint
from contactledger.log.note import VerifierKey

run = CliRunner().invoke


def test_a_key_is_made_sealed_with_and_what_it_signed_is_opened(tmp_path):
    made = run(app, ["keygen", "acme.example/ledger", "--out", str(tmp_path / "acme.key")])
    assert made.exit_code == 0
    key = VerifierKey.parse((tmp_path / "acme.vkey").read_text().strip())
    assert made.stdout.splitlines()[-1] == key.format()
    assert load_signer(tmp_path / "acme.key").key == key
    assert "PRIVATE" not in made.stdout

    with Ledger.open(f"sqlite:///{tmp_path / 'c.db'}", recorder="acme") as ledger:
        ledger.record("smith", Party("acme", "ACME"), Party("smith"), Touch(to=("smith",)))
    arguments = ["--recorder", "acme", "--signer", str(tmp_path / "acme.key")]
    sealed = run(app, ["seal", str(tmp_path / "c.db"), *arguments])
    assert sealed.exit_code == 0
    assert open_checkpoint(sealed.stdout.encode(), [key]).checkpoint.size == 2
    again = run(app, ["seal", str(tmp_path / "c.db"), *arguments])
    assert again.stdout == sealed.stdout
