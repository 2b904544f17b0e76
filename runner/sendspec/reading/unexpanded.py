"""Values of the project file that other tools expand, and that are read here as they are written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.problem import Problem
from sendspec.reading.access_key import is_variable_name
from sendspec.reading.documents.document import KeyPath
from sendspec.reading.schema.schema_problem import SchemaProblem

CODE = "not-expanded"
_VARIABLE = lazy_pattern(
    r"\$\{?(?P<shell>[A-Za-z_]\w*)(?::?-[^}]*)?\}?|\{\{\s*(?:env\.|environ\.|secrets\.)?(?P<braces>[A-Za-z_]\w*)\s*\}\}|\$\{\{\s*(?:env|secrets|vars)\.(?P<ci>[A-Za-z_]\w*)\s*\}\}"
    r"|%(?P<windows>[A-Za-z_]\w*)%|(?P<bare>[A-Z][A-Z]*(?:_[A-Z]+)+)",
    re.ASCII,
)
_FIRST = frozenset("$%{ABCDEFGHIJKLMNOPQRSTUVWXYZ")
"""The first characters of what `_VARIABLE` matches."""
_SQLITE_FILE = lazy_pattern(r"[\w./-]{1,200}\.(?:db|sqlite3?)", re.ASCII)


def variable_in(text: str) -> str | None:
    """The name in `${NAME}`, `$NAME`, `{{ env.NAME }}`, `%NAME%` or `NAME_OF_SEVERAL_WORDS`."""
    text = text.strip()
    found = _VARIABLE.fullmatch(text) if text[:1] in _FIRST else None
    return None if found is None else next(name for name in found.groups() if name is not None)


def meant_values(faults: Iterable[SchemaProblem], data: Mapping[str, Any]) -> Iterator[SchemaProblem]:
    """`faults` of the project file; where a value is written as other tools have it, with what to write here."""
    for fault in faults:
        yield _meant(fault, _value_at(data, fault.at)) if fault.code == "wrong-type" else fault


def _meant(fault: SchemaProblem, value: object) -> SchemaProblem:
    match fault.at[2:], value:
        case ("access_key",), str() if (name := variable_in(value)) is not None:
            problem = f"variables aren't expanded here, and '{name}' seems to be one"
            return replace(fault, code=CODE, problem=problem, fix=f"write `access_key: {{env: {name}}}`")
        case ("ledger",), str() if _SQLITE_FILE.fullmatch(value):
            return replace(fault, fix=f"write `ledger: {{file: {value}}}`")
        case ("channels", _, "rate"), int() if not isinstance(value, bool):
            return replace(fault, problem=f"{value} is not a rate: per second, minute or hour?", fix=f"write {value}/s")
    return fault


def unexpanded_source(written: Mapping[str, Any]) -> tuple[str, Problem] | None:
    """The key of a checked `access_key`, or `url`, whose value would have to be expanded, and the problem."""
    variable, file = written.get("env"), written.get("file")
    name = None if variable is None or is_variable_name(variable) else variable_in(variable)
    if name is not None:
        problem = "`env` takes the name of a variable, without signs around it"
        return "env", Problem(CODE, problem, f"write {name}")
    if file is not None and file.startswith("~"):
        problem = "`~` isn't expanded: this would be a folder called '~' in the project"
        return "file", Problem(CODE, problem, "write the whole path, from / on")
    return None


def unexpanded_url(text: str) -> Problem | None:
    """What is wrong with an address that is the name of a variable."""
    name = variable_in(text)
    if name is None:
        return None
    problem = f"variables aren't expanded here, and '{name}' seems to be one"
    return Problem(CODE, problem, "write the address itself, such as https://api.bird.com")


def _value_at(data: Any, at: KeyPath) -> object:
    for key in at:
        data = data[key]
    return data
