"""Recognises a comparison of a column's text with a number, which no row can pass."""

from __future__ import annotations

from collections.abc import Mapping

from sendspec.composing.expression_text import SIGNS
from sendspec.composing.template_environment import jinja_environment
from sendspec.composing.template_name import written_name
from sendspec.composing.tree_nodes import nodes
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.redaction import printable

ORDER = frozenset({"gt", "gteq", "lt", "lteq"})
"""Comparisons by order, as Jinja names them."""


@dataclass(frozen=True, slots=True)
class TextCompared:
    """The column, and the comparison that was meant."""

    name: str
    meant: str

    @property
    def problem(self) -> str:
        return f"'{printable(self.name)}' is text, and a number is compared with it"


def text_compared(tree: nodes.Template, values: Mapping[str, object]) -> TextCompared | None:
    """The first such comparison in a template. `values` are those of the row by name, with all of them under `row`."""
    for compare in tree.find_all(nodes.Compare):
        if len(compare.ops) != 1 or compare.ops[0].op not in ORDER:
            continue
        sides, sign = (compare.expr, compare.ops[0].expr), SIGNS[compare.ops[0].op]
        names = [column_of(side) for side in sides]
        for name, other in ((names[0], sides[1]), (names[1], sides[0])):
            if name is not None and isinstance(_value(name, values), str) and _is_number(other):
                written = [_written(side, name) for side in sides]
                return TextCompared(name, f"{written[0]} {sign} {written[1]}")
    return None


def emptiness_meant(source: str, name: str) -> str | None:
    """The test to write where a template compares this column with an empty text; None if it doesn't."""
    for compare in jinja_environment(typed=False).parse(source).find_all(nodes.Compare):
        if len(compare.ops) != 1 or compare.ops[0].op not in ("eq", "ne"):
            continue
        sides = (compare.expr, compare.ops[0].expr)
        if any(
            column_of(side) == name and isinstance(other, nodes.Const) and other.value in ("", None)
            for side, other in (sides, sides[::-1])
        ):
            return f"{written_name(name)} is {'not ' if compare.ops[0].op == 'eq' else ''}defined"
    return None


def column_of(node: nodes.Node) -> str | None:
    if isinstance(node, nodes.Name):
        return node.name
    if (
        isinstance(node, nodes.Getattr | nodes.Getitem)
        and isinstance(node.node, nodes.Name)
        and node.node.name == "row"
    ):
        name = node.attr if isinstance(node, nodes.Getattr) else getattr(node.arg, "value", None)
        return name if isinstance(name, str) else None
    return None


def _value(name: str, values: Mapping[str, object]) -> object:
    row = values.get("row")
    return values.get(name, row.get(name) if isinstance(row, Mapping) else None)


def _is_number(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Const) and isinstance(node.value, int | float)


def _written(node: nodes.Node, name: str) -> str:
    return str(node.value) if isinstance(node, nodes.Const) else f"({printable(written_name(name))} | float)"
