"""The house keeps its shape: the map in the package's docstring is the rule."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import contactledger

PACKAGE = Path(contactledger.__file__).parent
MODULES = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))
KINDS: dict[str, str] = {}
for _names, _kind in re.findall(
    r"^    (\S.*?)\s+(GROUND|WING|STORE|TOP)\s", contactledger.__doc__ or "", re.MULTILINE
):
    KINDS.update(dict.fromkeys(_names.replace(".py", "").replace("/", "").split(), _kind))

IMPURE = {
    "asyncio", "glob", "io", "os", "pathlib", "random", "secrets", "shutil", "socket", "sqlite3",
    "subprocess", "sys", "tempfile", "threading", "time", "urllib.request", "uuid",
}  # fmt: skip
"""What opens a door to files, sockets, the environment, the clock or chance."""


def room(module: Path) -> str:
    """The room of the map that a module is in."""
    return module.parts[0].removesuffix(".py")


def imports(module: Path) -> set[str]:
    """Dotted names that a module imports, inside functions and for typing as well."""
    found = set()
    for node in ast.walk(ast.parse((PACKAGE / module).read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: imports are absolute"
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
    return found


def rooms_used(module: Path) -> set[str]:
    names = (name.split(".") for name in imports(module) if name.startswith("contactledger."))
    return {
        parts[1]
        for parts in names
        if (PACKAGE / parts[1]).exists() or (PACKAGE / f"{parts[1]}.py").exists()
    }


def test_every_module_is_on_the_map():
    rooms = {room(m) for m in MODULES} - {"__init__", "__main__"}
    assert rooms == set(KINDS)


ALLOWED = {
    "GROUND": {"GROUND"},
    "WING": {"GROUND"},
    "STORE": {"GROUND"},
    "TOP": {"GROUND", "WING", "STORE", "TOP"},
}


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_a_module_imports_only_what_lies_below_it(module):
    here = room(module)
    kind = KINDS.get(here, "TOP")
    for used in rooms_used(module) - {here}:
        assert KINDS[used] in ALLOWED[kind], f"{module} imports {used}"


@pytest.mark.parametrize(
    "module", [m for m in MODULES if KINDS.get(room(m)) in ("GROUND", "WING")], ids=str
)
def test_the_ground_and_the_wings_are_pure(module):
    roots = imports(module)
    doors = {name for name in roots if name in IMPURE or name.split(".")[0] in IMPURE}
    if doors == {"io", "io.BytesIO"}:
        doors = set()  # bytes read as if they were a file: no file is opened by that
    assert doors == set()
    text = (PACKAGE / module).read_text("utf-8")
    assert not re.search(r"\b(open|print|input)\(|\.(now|today|utcnow)\(", text)


def test_only_the_store_imports_sqlmodel_and_sqlalchemy():
    users = {
        room(m)
        for m in MODULES
        if any(n.split(".")[0] in ("sqlmodel", "sqlalchemy") for n in imports(m))
    }
    assert users == {"store"}


def test_no_module_is_longer_than_500_lines_or_named_after_nothing():
    lengths = {str(m): len((PACKAGE / m).read_text("utf-8").splitlines()) for m in MODULES}
    assert {m: n for m, n in lengths.items() if n > 500} == {}
    assert {m.stem for m in MODULES} & {"utils", "models", "base", "types", "helpers"} == set()


def test_every_public_name_is_there_and_imported_when_asked_for():
    assert sorted(contactledger.__all__) == contactledger.__all__
    for name in contactledger.__all__:
        assert getattr(contactledger, name) is not None
    assert set(contactledger.__all__) <= set(dir(contactledger))
    with pytest.raises(AttributeError):
        contactledger.Contact  # noqa: B018


def test_importing_the_package_imports_no_heavy_library():
    code = "import sys, contactledger; print(sorted({m.split('.')[0] for m in sys.modules}))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    for heavy in (
        "sqlmodel",
        "sqlalchemy",
        "pydantic",
        "jinja2",
        "pendulum",
        "typer",
        "cryptography",
    ):
        assert f"'{heavy}'" not in loaded
