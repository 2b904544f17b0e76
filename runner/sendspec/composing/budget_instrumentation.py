"""Instruments a template's tree so that its loops, comparisons and `~` charge the budget; filters charge it when called."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from jinja2 import nodes, pass_context
from jinja2.visitor import NodeTransformer

from sendspec.composing.filters import concatenated
from sendspec.composing.render_budget import IN_COST

_CONCATENATE, _ITERATE, _COMPARE, _SEARCH = "~", "~iterate", "~compare", "~search"
"""Names of filters that no template can write."""


@pass_context
def _concatenate(context: Any, *values: Any) -> str:
    return concatenated(context.budget, values)


@pass_context
def _iterate(context: Any, value: Iterable[Any]) -> Iterator[Any]:
    charge_iteration = context.budget.charge_iteration
    for item in value:
        charge_iteration()
        yield item


@pass_context
def _compare(context: Any, value: Any) -> Any:
    context.budget.charge_work(value)
    return value


@pass_context
def _search(context: Any, value: Any) -> Any:
    context.budget.charge_work(value, IN_COST)
    return value


BUDGET_FILTERS: dict[str, Callable[..., Any]] = {
    _CONCATENATE: _concatenate,
    _ITERATE: _iterate,
    _COMPARE: _compare,
    _SEARCH: _search,
}


class _Instrumentation(NodeTransformer):
    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802 - Jinja looks for this name
        self.generic_visit(node)
        return _filter(node.nodes[0], _CONCATENATE, node.nodes[1:])

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802 - Jinja looks for this name
        self.generic_visit(node)
        node.iter = _filter(node.iter, _ITERATE)
        return node

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802 - Jinja looks for this name
        self.generic_visit(node)
        node.expr = _filter(node.expr, _COMPARE)
        for operand in node.ops:
            operand.expr = _filter(operand.expr, _SEARCH if operand.op in ("in", "notin") else _COMPARE)
        return node


def _filter(node: nodes.Node, name: str, arguments: list[nodes.Expr] | None = None) -> nodes.Filter:
    return nodes.Filter(node, name, arguments or [], [], None, None, lineno=node.lineno, environment=node.environment)


def instrument(tree: nodes.Template) -> nodes.Template:
    """Changes `tree` and returns it, for an environment that has `BUDGET_FILTERS`."""
    changed: nodes.Template = _Instrumentation().visit(tree)
    return changed
