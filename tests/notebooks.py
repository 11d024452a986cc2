"""The example notebooks, run as their readers run them: `python -m tests.notebooks --update`.

They are kept with what they show, so that they can be read without being run. Nothing in that is
volatile but what other libraries print, which is told apart by its kind.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "examples" / "notebooks"
NOTEBOOKS = sorted(path.name for path in FOLDER.glob("*.ipynb"))
TIMEOUT_SECONDS = 120


def read(name: str) -> Any:
    return nbformat.read(FOLDER / name, as_version=4)


def executed(name: str) -> Any:
    """The notebook, run anew from its first cell; raises what a cell raises."""
    notebook = read(name)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    client = NotebookClient(
        notebook,
        timeout=TIMEOUT_SECONDS,
        resources={"metadata": {"path": str(FOLDER)}},
        record_timing=False,
        coalesce_streams=True,  # a kernel may send one print in several pieces
    )
    return client.execute(env={**os.environ, "PYTHONPATH": path})


def shown(notebook: Any) -> list[Any]:
    """What the cells show: of ours the very text, of a library's tables that there is one."""
    out = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {"text/plain": output.get("text", "")})
            theirs = "dataframe" in data.get("text/html", "")
            out.append((cell.id, sorted(data) if theirs else dict(data)))
    return out


def main(arguments: list[str]) -> int:
    """0 if nothing differs or all was written, 1 if something differs."""
    stale = 0
    for name in NOTEBOOKS:
        fresh = executed(name)
        if shown(fresh) == shown(read(name)):
            continue
        stale += 1
        if "--update" in arguments:
            (FOLDER / name).write_text(
                nbformat.writes(fresh, indent=1) + "\n", "utf-8", newline="\n"
            )
        print(f"{'written' if '--update' in arguments else 'differs'}: {name}")
    return 0 if "--update" in arguments else int(stale > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
