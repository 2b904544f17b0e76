"""Upper bounds on the work of a template, computed from its tree, so that the fast path doesn't count while it renders."""

from __future__ import annotations

from collections.abc import Mapping

from sendspec.composing.filters import FILTERS
from sendspec.composing.render_budget import IN_COST, ITEM_COST, character_count
from sendspec.composing.text_value import MAX_RESULT
from sendspec.composing.tree_nodes import nodes
from sendspec.reading.tables.csv_record import MAX_CELL

MAX_CASE_EXPANSION = 3
"""Characters that one can become when its case changes (Unicode's SpecialCasing: U+0390)."""

_CASED = frozenset({"capitalize", "lower", "title", "upper"})
_CAPPED = frozenset({"join", "replace"})


class TemplateBounds:
    """Bounds for rows whose values have at most `MAX_CELL` characters; lists and mappings are counted by `character_count`."""

    def __init__(self, constants: Mapping[str, object]) -> None:
        self._constants = constants

    def max_work(self, tree: nodes.Template) -> int:
        """At least what `RenderBudget.charge_work` would count. Not for templates with loops."""
        filters = (FILTERS[each.name].cost * self._input_of(each) for each in tree.find_all(nodes.Filter))
        return sum(filters) + sum(map(self._compared, tree.find_all(nodes.Compare)))

    def _input_of(self, node: nodes.Filter) -> int:
        arguments = [*node.args, *(each.value for each in node.kwargs)]
        return sum(map(self._max_length, [node.node, *arguments]))

    def _compared(self, node: nodes.Compare) -> int:
        return self._max_length(node.expr) + IN_COST * sum(self._max_length(operand.expr) for operand in node.ops)

    def _max_length(self, node: nodes.Node | None) -> int:
        match node:
            case nodes.Const():
                return character_count(node.value)
            case nodes.Name(name=name) if name in self._constants:
                return character_count(self._constants[name])
            case nodes.Filter(name=name):
                if name in _CAPPED:
                    return MAX_RESULT
                return (MAX_CASE_EXPANSION if name in _CASED else 1) * self._input_of(node)
            case nodes.And() | nodes.Or():
                return max(self._max_length(node.left), self._max_length(node.right))
            case nodes.CondExpr():
                return max(self._max_length(node.expr1), self._max_length(node.expr2))
            case nodes.List() | nodes.Tuple():
                return sum(ITEM_COST + self._max_length(item) for item in node.items)
        return MAX_CELL
