"""The rooms stand in one order, and a module imports only from its own room or the ones before."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOMS = [
    "diagnostics", "reading", "composing", "planning", "ledger", "provider", "sending", "sandbox", "operations", "showing", "cli",
]  # fmt: skip
PACKAGE = Path(__file__).resolve().parent.parent / "runner" / "sendspec"


def imports_of(source: str, package: str) -> set[str]:
    """Every module that `source` imports, at any depth of the code, as an absolute dotted name."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join([*package.split(".")[: len(package.split(".")) - node.level + 1], base]).rstrip(".")
            found.update(f"{base}.{alias.name}" for alias in node.names)
    return found


def room_of(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[0] == "sendspec" and parts[1] in ROOMS else None


def wrong_way(path: Path) -> list[str]:
    package = ".".join(("sendspec", *path.relative_to(PACKAGE).parts[:-1]))
    own = room_of(package + ".x")
    most = -1 if own is None else ROOMS.index(own)
    return [
        module
        for module in imports_of(path.read_text(), package)
        if (room := room_of(module)) is not None and ROOMS.index(room) > most
    ]


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_imports_only_from_its_room_or_the_ones_before(path: Path) -> None:
    if path.name == "__main__.py" and path.parent == PACKAGE:
        return
    assert wrong_way(path) == []


def test_an_import_of_a_later_room_is_seen_wherever_it_stands(tmp_path: Path) -> None:
    source = "def f():\n    from sendspec.cli import main\n"
    assert imports_of(source, "sendspec.reading") == {"sendspec.cli.main"}
    assert room_of("sendspec.cli.main") == "cli"


def test_only_the_command_line_and_the_showing_room_may_print() -> None:
    printing = [
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
        if room_of(".".join(("sendspec", *path.relative_to(PACKAGE).parts))) not in ("cli", "showing")
    ]
    assert printing == []


def reaches_into_sqlite(path: Path) -> list[str]:
    """What a module outside the SQLite ledger imports of it, or of SQLite."""
    relative = path.relative_to(PACKAGE)
    package = ".".join(("sendspec", *relative.parts[:-1]))
    inside = "sendspec.ledger.sqlite"
    allowed = {Path("ledger/access.py"): (inside,), Path("sandbox/store.py"): ("sqlite3",)}.get(relative, ())
    return [
        module
        for module in imports_of(path.read_text(), package)
        for name in (inside, "sqlite3")
        if f"{module}.".startswith(f"{name}.") and name not in allowed
    ]


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_only_the_ledgers_own_room_knows_how_it_is_stored(path: Path) -> None:
    """`ledger.access` is the one way in; the sandbox keeps a database of its own."""
    if (PACKAGE / "ledger" / "sqlite") not in path.parents:
        assert reaches_into_sqlite(path) == []
