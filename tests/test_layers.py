"""The order of the rooms: a module imports only from its own room or the ones before, and no imports form a cycle."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "runner" / "sendspec"
ROOMS = [
    "diagnostics", "reading", "composing", "planning", "ledger", "provider", "sending", "sandbox", "operations", "showing", "cli",
]  # fmt: skip


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


@dataclass(frozen=True)
class ModuleFacts:
    """What a module imports, as absolute dotted names, with and without what only its types need, and whether it prints."""

    imports: frozenset[str]
    imports_to_run: frozenset[str]
    prints: bool


def read_facts(source: str, package: str) -> ModuleFacts:
    """Imports count at any depth. `package` resolves relative ones. Of a name that `import_module` computes, the constant
    beginning counts.
    """
    nodes = list(ast.walk(ast.parse(source)))
    for_types = {id(node) for branch in _type_branches(nodes) for node in ast.walk(branch)}
    names = [(id(node), name) for node in nodes for name in _imported(node, package.split("."))]
    return ModuleFacts(
        imports=frozenset(name for _, name in names),
        imports_to_run=frozenset(name for node, name in names if node not in for_types),
        prints=any(isinstance(node, ast.Call) and _is_print(node.func) for node in nodes),
    )


@cache  # parsing all modules takes seconds
def module_facts(module: str) -> ModuleFacts:
    path = MODULES[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    return read_facts(path.read_text(encoding="utf-8"), package)


def _is_print(function: ast.expr) -> bool:
    return isinstance(function, ast.Name) and function.id == "print"


def _type_branches(nodes: Iterable[ast.AST]) -> Iterator[ast.stmt]:
    for node in nodes:
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            yield from node.body


def _imported(node: ast.AST, package: list[str]) -> Iterator[str]:
    match node:
        case ast.Import(names):
            yield from (alias.name for alias in names)
        case ast.ImportFrom(module, names, level):
            base = package[: len(package) - level + 1] if level else []
            yield from (".".join([*base, *([module] if module else []), alias.name]) for alias in names)
        case ast.Call(ast.Name("import_module") | ast.Attribute(attr="import_module"), [argument, *_]):
            match argument:
                case ast.Constant(str(name)):
                    yield name
                case ast.JoinedStr([ast.Constant(str(name)), *_]):
                    yield name.rpartition(".")[0]


def module_of(name: str) -> str | None:
    """The module of ours that an imported name is, or that defines it."""
    while name and name not in MODULES:
        name = name.rpartition(".")[0]
    return name or None


def imported_modules(module: str, *, types: bool = True) -> set[str]:
    facts = module_facts(module)
    found = {module_of(name) for name in (facts.imports if types else facts.imports_to_run)}
    return {name for name in found if name is not None and name != module}


def rank(module: str) -> int:
    """A module's place in the order of the rooms. What is in no room is the public API, and stands on the operations."""
    room = module.split(".")[1:2]
    if room == ["__main__"]:
        return len(ROOMS)
    return ROOMS.index(room[0]) if room and room[0] in ROOMS else ROOMS.index("operations")


def wrong_way(module: str) -> set[tuple[str, str]]:
    """The imports of a module that lead to a later room. Every room may know the version, which the package itself has."""
    others = imported_modules(module) - {"sendspec"}
    return {(module, other) for other in others if rank(other) > rank(module)}


def cycles(graph: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """The shortest cycle through each edge that is part of one, each cycle once."""
    found = []
    for start, targets in graph.items():
        for target in targets:
            if (path := _path(graph, target, start)) is not None:
                found.append([start, *path])
    unique = {frozenset(cycle): cycle for cycle in found}
    return list(unique.values())


def _path(graph: Mapping[str, Iterable[str]], start: str, goal: str) -> list[str] | None:
    paths, visited = [[start]], {start}
    for path in paths:
        if path[-1] == goal:
            return path
        following = [node for node in graph.get(path[-1], ()) if node not in visited]
        visited.update(following)
        paths += [[*path, node] for node in following]
    return None


def module_graph() -> dict[str, list[str]]:
    """What each module imports when it runs, here or later; not what only its types need."""
    return {module: sorted(imported_modules(module, types=False)) for module in MODULES}


def test_a_module_imports_only_from_its_room_or_the_ones_before() -> None:
    assert {edge for module in MODULES for edge in wrong_way(module)} == set()


def test_no_modules_import_each_other_in_a_cycle() -> None:
    assert cycles(module_graph()) == []


def test_inner_rooms_of_one_room_do_not_import_each_other_in_a_cycle() -> None:
    graph: dict[str, set[str]] = {}
    for module in MODULES:
        for other in imported_modules(module):
            inner, theirs = module.split(".")[:-1], other.split(".")[:-1]
            if len(inner) == len(theirs) == 3 and inner[1] == theirs[1] and inner != theirs:
                graph.setdefault(".".join(inner), set()).add(".".join(theirs))
    assert cycles(graph) == []


def test_every_room_has_its_place_in_the_order() -> None:
    assert {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"} == set(ROOMS)


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("def f():\n    from sendspec.cli import main\n", {"sendspec.cli.main"}),
        ("from sendspec.cli.main import run, main", {"sendspec.cli.main.run", "sendspec.cli.main.main"}),
        ("from sendspec import cli", {"sendspec.cli"}),
        ("import sendspec.cli.main as m", {"sendspec.cli.main"}),
        ("from ..cli import main", {"sendspec.cli.main"}),
        ("from . import main", {"sendspec.reading.main"}),
        ("import_module('sendspec.cli.main')", {"sendspec.cli.main"}),
        ("importlib.import_module(f'sendspec.cli.{name}')", {"sendspec.cli"}),
        ("if TYPE_CHECKING:\n    from sendspec.cli import main\n", {"sendspec.cli.main"}),
    ],
)
def test_an_import_is_seen_whatever_its_form(source: str, names: set[str]) -> None:
    assert read_facts(source, "sendspec.reading").imports == names


def test_an_import_for_types_alone_makes_no_cycle() -> None:
    source = "import a\nif TYPE_CHECKING:\n    import b\nelse:\n    import c\n"
    assert read_facts(source, "sendspec.reading").imports_to_run == {"a", "c"}


def test_a_cycle_is_found_however_long() -> None:
    graph = {"a": ["b", "x"], "b": ["c"], "c": ["a"], "x": []}
    assert [set(cycle) for cycle in cycles(graph)] == [{"a", "b", "c"}]
    assert cycles({"a": ["b", "c"], "b": ["c"], "c": []}) == []


def test_only_the_command_line_and_the_showing_room_may_print() -> None:
    printing = [
        module
        for module in MODULES
        if module_facts(module).prints and module.split(".")[1:2] not in (["cli"], ["showing"])
    ]
    assert printing == []


SQLITE_ROOMS = ("sendspec.ledger.sqlite", "sendspec.ledger.delivery.sqlite")
ENTRANCES = {
    "sendspec.ledger.access": "sendspec.ledger.sqlite",
    "sendspec.ledger.delivery_access": "sendspec.ledger.delivery.sqlite",
    "sendspec.sandbox.store": "sqlite3",
    "sendspec.sandbox.store_file": "sqlite3",
}


def reaches_into_sqlite(module: str) -> set[tuple[str, str]]:
    """What a module outside the SQLite ledger imports of it, or of SQLite."""
    return {
        (module, name)
        for name in module_facts(module).imports
        for room in (*SQLITE_ROOMS, "sqlite3")
        if _is_within(name, room) and room != ENTRANCES.get(module)
    }


def _is_within(name: str, room: str) -> bool:
    return f"{name}.".startswith(f"{room}.")


def test_only_the_ledgers_own_room_knows_how_it_is_stored() -> None:
    """`ledger.access` and `ledger.delivery_access` are the ways in; the sandbox keeps a database of its own."""
    outside = [module for module in MODULES if not any(_is_within(module, room) for room in SQLITE_ROOMS)]
    assert {edge for module in outside for edge in reaches_into_sqlite(module)} == set()
