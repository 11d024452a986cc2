"""The commands that print SQL print the scripts, and nothing else."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from contactledger.cli import app
from contactledger.errors import BadInput
from contactledger.store.scaling import scripts

RUN = CliRunner()


@pytest.mark.parametrize(
    ("words", "script"),
    [
        ("partitions", scripts.partitions()),
        (
            "partitions --parts 64 --prefix x_ --schema big",
            scripts.partitions(prefix="x_", schema="big", parts=64),
        ),
        ("citus", scripts.citus()),
        ("citus --shards 8 --prefix x_ --schema big", scripts.citus(prefix="x_", schema="big", shards=8)),
        ("move --schema big", scripts.move(schema="big")),
        (
            "move --old-prefix a_ --old-schema b --prefix c_",
            scripts.move(old_prefix="a_", old_schema="b", prefix="c_"),
        ),
    ],
)  # fmt: skip
def test_a_command_prints_the_script(words, script):
    done = RUN.invoke(app, ["scaling", *words.split(" ")])
    assert (done.exit_code, done.output) == (0, script)


def test_what_cannot_be_made_is_an_error_of_the_library():
    done = RUN.invoke(app, ["scaling", "citus", "--shards", "1"])
    assert isinstance(done.exception, BadInput)
