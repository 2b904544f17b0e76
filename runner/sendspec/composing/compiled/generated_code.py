"""The Python that is being generated: its lines, and the values that they use by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

FUNCTION = "generated"
"""The name of the function that a generated source defines."""


class GeneratedCode:
    """No user's text becomes source: constants and column names are values in the namespace, under names made here."""

    def __init__(self, spec_name: str, namespace: Mapping[str, object]) -> None:
        """`namespace` are the functions that lines may call."""
        self.lines: list[str] = []
        self._filename = f"<{spec_name}>"
        self._namespace = dict(namespace)
        self._constants = 0

    def constant(self, value: object) -> str:
        """The name that `value` gets in the namespace."""
        name = f"k{self._constants}"
        self._constants += 1
        self._namespace[name] = value
        return name

    def define(self, **values: object) -> None:
        """Adds values under names that lines use."""
        self._namespace.update(values)

    def function(self, source: Iterable[str]) -> Any:
        """The function `FUNCTION` that these lines define."""
        exec(compile("\n".join(source), self._filename, "exec"), self._namespace)  # holds no user's text
        return self._namespace.pop(FUNCTION)
