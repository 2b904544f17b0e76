"""Reduces a template's expressions to the alternatives that a message took."""

from __future__ import annotations

from collections.abc import Mapping

from jinja2 import nodes
from jinja2.visitor import NodeTransformer

NO_CONSTANTS = frozenset({"row", "omit", "message_id"})
"""Names that never are a constant of the spec, whatever its `vars` are called."""


class TakenWay(NodeTransformer):
    """Says which alternatives a message took. As a transformer, leaves only those in an expression."""

    def __init__(self, bit_by_node: Mapping[int, int], alternatives: int) -> None:
        self._bit_by_node = bit_by_node
        self._alternatives = alternatives

    def took(self, node: nodes.Node, number: int = 0) -> bool:
        return bool(self._alternatives >> self._bit_by_node[id(node)] + number & 1)

    def visit_CondExpr(self, node: nodes.CondExpr) -> nodes.Node:  # noqa: N802 - Jinja looks for this name
        return self._taken(node, node.expr1 if self.took(node) else node.expr2)

    def visit_Filter(self, node: nodes.Filter) -> nodes.Node:  # noqa: N802 - Jinja looks for this name
        if node.name != "default":
            self.generic_visit(node)
            return node
        replacements = [*node.args, *(each.value for each in node.kwargs)]
        return self._taken(node, next(iter(replacements), None) if self.took(node) else node.node)

    def _taken(self, node: nodes.Expr, taken: nodes.Expr | None) -> nodes.Node:
        found: nodes.Node = nodes.Const("", lineno=node.lineno) if taken is None else self.visit(taken)
        return found
