"""Puts into a template's tree what counts its loops, its comparisons and its `~`: filters are counted as they are called."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from jinja2 import nodes, pass_context
from jinja2.visitor import NodeTransformer

from sendspec.composing.filters import concatenated
from sendspec.composing.render_budget import IN_COST

_JOINED, _TURNED, _FED, _SEARCHED = "~", "~turned", "~fed", "~searched"
"""Names of filters that no template can write."""


@pass_context
def _joined(context: Any, *values: Any) -> str:
    return concatenated(context.budget, values)


@pass_context
def _turned(context: Any, value: Iterable[Any]) -> Iterator[Any]:
    turn = context.budget.turn
    for item in value:
        turn()
        yield item


@pass_context
def _fed(context: Any, value: Any) -> Any:
    context.budget.feed(value)
    return value


@pass_context
def _searched(context: Any, value: Any) -> Any:
    context.budget.feed(value, IN_COST)
    return value


BUDGET_FILTERS: dict[str, Callable[..., Any]] = {_JOINED: _joined, _TURNED: _turned, _FED: _fed, _SEARCHED: _searched}


class _Counter(NodeTransformer):
    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802 - Jinja looks for this name
        self.generic_visit(node)
        return _filter(node.nodes[0], _JOINED, node.nodes[1:])

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802 - Jinja looks for this name
        self.generic_visit(node)
        node.iter = _filter(node.iter, _TURNED)
        return node

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802 - Jinja looks for this name
        self.generic_visit(node)
        node.expr = _filter(node.expr, _FED)
        for operand in node.ops:
            operand.expr = _filter(operand.expr, _SEARCHED if operand.op in ("in", "notin") else _FED)
        return node


def _filter(node: nodes.Node, name: str, arguments: list[nodes.Expr] | None = None) -> nodes.Filter:
    return nodes.Filter(node, name, arguments or [], [], None, None, lineno=node.lineno, environment=node.environment)


def instrument(tree: nodes.Template) -> nodes.Template:
    """`tree`, changed, for an environment that has the filters `BUDGET_FILTERS`."""
    changed: nodes.Template = _Counter().visit(tree)
    return changed
