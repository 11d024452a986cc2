"""The page of the commands, docs/cli.md, made from the commands themselves."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import typer

from contactledger.cli import app

ALREADY = ("help", "install_completion", "show_completion")

HEAD = """\
# The command line

<!-- Made by `python -m docs --cli`; change the commands, or docs/commands.py. -->

`contactledger` comes with the extra `cli` (`pip install "contactledger[cli]"`);
`python -m contactledger` is the same. `DB` is a SQLite file or a database URL
(`postgresql+psycopg://…`). What takes `--recorder` writes, all else reads.

## Exit codes

| code | meaning |
|---|---|
| 0 | done; to a question, yes |
| 1 | refused or failed: one line on standard error, and below it what to do, where that is known. To a question, no (`may-contact`, `policy check`, `report-lint`) |
| 2 | a wrong command; or the extra is not installed |
| 3 | done in part: accounts that this release cannot judge (`across`), rows that could not be read (`import`), events that wait in the inbox (`receive`, `replay`), bytes that wait for a scrub (`redact`, `scrub`, `tick`) |
| 130 | interrupted by Ctrl-C (`serve`, which ends so, gives 0) |

## For people and for programs

People get text, in colours on a terminal (`NO_COLOR=1` turns them off), and a bar on standard
error while something takes long. In a pipe or a file there are no colours and no bars, and signs
that the encoding lacks are replaced by the nearest it has. Programs say `--json`: UTF-8, one
object a line, with the words that the library uses.

```sh
contactledger entries contacts.db smith-motors --json | jq -r 'select(.kind == "touch") | .at'
```

Completion of commands, options, accounts, sources and kinds for bash, zsh, fish and PowerShell:

```sh
contactledger --install-completion
```

## For cron

```
*/15 * * * *  contactledger tick /srv/contacts.db --recorder acme --signer /etc/acme.key --state /srv/tick.json
```

It prints only what is new, so cron's own mail is the alert: what became overdue, and which
collector fell silent. The database's files are rewritten where an erasure waits for it, and by the
first tick of a day.

## Commands
"""  # noqa: E501 - a table's row is one line


def reference() -> str:
    """The whole page, in Markdown."""
    group: Any = typer.main.get_command(app)
    context = typer.Context(group, info_name="contactledger")
    sections = [section for name in group.list_commands(context)
                for section in _sections(group.commands[name], name, context)]  # fmt: skip
    return HEAD + "\n" + "\n".join(sections)


def _sections(command: Any, name: str, parent: Any) -> Iterator[str]:
    context = typer.Context(command, info_name=name, parent=parent)
    if hasattr(command, "commands"):
        for inner in command.list_commands(context):
            yield from _sections(command.commands[inner], inner, context)
        return
    usage = " ".join(command.collect_usage_pieces(context)).replace("{", "").replace("}", "")
    path = context.command_path
    text = f"### {path.removeprefix('contactledger ')}\n\n```\n{path} {usage}\n```\n\n"
    text += inspect.cleandoc(command.help) + "\n"
    rows = [_row(one) for one in command.get_params(context) if one.name not in ALREADY]
    if rows:
        text += "\n| | |\n|---|---|\n" + "".join(rows)
    yield text


def _row(one: Any) -> str:
    """An argument or an option, and what it is for."""
    if one.param_type_name == "argument":
        called = one.metavar or one.name.upper()
    else:
        takes = "" if one.is_flag else f" {one.metavar or one.name.upper()}"
        called = " / ".join([*one.opts, *one.secondary_opts]) + takes
    needed = " Needed." if one.required and one.param_type_name == "option" else ""
    said = (one.help or "").replace("|", "\\|")
    return f"| `{called}` | {said}{needed} |\n"
