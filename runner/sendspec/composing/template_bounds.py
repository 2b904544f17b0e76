"""The most that a template can be given to work on, told from its tree, so that nothing has to be counted while it is filled."""

from __future__ import annotations

from collections.abc import Mapping

from jinja2 import nodes

from sendspec.composing.filters import FILTERS, MAX_RESULT
from sendspec.composing.render_budget import IN_COST, ITEM_COST, character_count
from sendspec.reading.tables.csv_record import MAX_CELL

MAX_CAPITALS = 3
"""Characters that one can become when it is made large or small (Unicode's SpecialCasing: U+0390)."""

_CASED = frozenset({"capitalize", "lower", "title", "upper"})
_CAPPED = frozenset({"join", "replace"})


class TemplateBounds:
    """For a row whose values have `MAX_CELL` characters at most, lists and mappings by `budget.size`."""

    def __init__(self, constants: Mapping[str, object]) -> None:
        self._constants = constants

    def fed(self, tree: nodes.Template) -> int:
        """As `Budget.feed` would count it, or more. Loops are not for this."""
        filters = (FILTERS[each.name].cost * self._given(each) for each in tree.find_all(nodes.Filter))
        return sum(filters) + sum(map(self._compared, tree.find_all(nodes.Compare)))

    def _given(self, node: nodes.Filter) -> int:
        arguments = [*node.args, *(each.value for each in node.kwargs)]
        return sum(map(self._longest, [node.node, *arguments]))

    def _compared(self, node: nodes.Compare) -> int:
        return self._longest(node.expr) + IN_COST * sum(self._longest(operand.expr) for operand in node.ops)

    def _longest(self, node: nodes.Node | None) -> int:
        match node:
            case nodes.Const():
                return character_count(node.value)
            case nodes.Name(name=name) if name in self._constants:
                return character_count(self._constants[name])
            case nodes.Filter(name=name):
                if name in _CAPPED:
                    return MAX_RESULT
                return (MAX_CAPITALS if name in _CASED else 1) * self._given(node)
            case nodes.And() | nodes.Or():
                return max(self._longest(node.left), self._longest(node.right))
            case nodes.CondExpr():
                return max(self._longest(node.expr1), self._longest(node.expr2))
            case nodes.List() | nodes.Tuple():
                return sum(ITEM_COST + self._longest(item) for item in node.items)
        return MAX_CELL
