"""The cells of a row that hold a spreadsheet's error value, in columns that the spec uses: they would go out as they are."""

from __future__ import annotations

from collections.abc import Mapping

from sendspec.composing.compiled_spec import CompiledSpec
from sendspec.composing.template_tree import Node, Placeholder, placeholders_of
from sendspec.reading.error_value import is_error_value


class ErrorCells:
    """What a template of the spec compares with, such as `{{ name != '#N/A' }}`, counts as known, and may be in the cells."""

    def __init__(self, compiled_spec: CompiledSpec) -> None:
        where = () if isinstance(compiled_spec.where, bool) else (compiled_spec.where,)
        others = [compiled_spec.to, compiled_spec.key, compiled_spec.receiver, compiled_spec.content]
        self.of_where = columns_of(*where)
        """The columns that decide whether a row is left out."""
        self.of_message = columns_of(*others)
        self._sources = [each.template.source for node in (*where, *others) if node for each in placeholders_of(node)]

    def found_in(self, values: Mapping[str, object], columns: frozenset[str]) -> list[str]:
        """Those of `columns` that have an error value."""
        found = [name for name, cell in values.items() if type(cell) is str and "#" in cell and name in columns]
        return [name for name in found if is_error_value(text := str(values[name])) and not self._is_known(text)]

    def _is_known(self, text: str) -> bool:
        return any(f"'{text}'" in source or f'"{text}"' in source for source in self._sources)


def columns_of(*nodes: Node | None) -> frozenset[str]:
    """The names that the templates below these nodes use."""
    return frozenset(name for node in nodes if node for each in placeholders_of(node) for name in names_in(each))


def names_in(placeholder: Placeholder) -> frozenset[str]:
    template = placeholder.template
    return frozenset(use.name for use in (*template.names, *template.columns))
