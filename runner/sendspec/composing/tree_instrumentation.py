"""Instruments a template's tree: loops, comparisons and `~` charge the budget, and alternatives note which way they go.

Filters charge the budget when called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from jinja2 import nodes, pass_context
from jinja2.visitor import NodeTransformer

from sendspec.composing.filters import concatenated, default, is_missing
from sendspec.composing.render_budget import IN_COST

_CONCATENATE, _ITERATE, _COMPARE, _SEARCH = "~", "~iterate", "~compare", "~search"
_TEST, _DEFAULT = "~test", "~default"
"""Names of filters that no template can write."""


@pass_context
def _concatenate(context: Any, *values: Any) -> str:
    return concatenated(context.budget, values)


@pass_context
def _iterate(context: Any, value: Iterable[Any], bit: int) -> Iterator[Any]:
    charge_iteration = context.budget.charge_iteration
    way = bit + 1
    for item in value:
        way = bit
        charge_iteration()
        yield item
    context.note(way)


@pass_context
def _test(context: Any, value: Any, if_true: int, if_false: int | None) -> bool:
    """The truth of a condition's value; raises for a missing value, as Jinja does."""
    is_true = bool(value)
    way = if_true if is_true else if_false
    if way is not None:
        context.note(way)
    return is_true


@pass_context
def _default(context: Any, value: Any, bit: int, *arguments: Any, **named: Any) -> Any:
    result = default(value, *arguments, **named)
    if is_missing(value):
        context.note(bit)
    return result


@pass_context
def _compare(context: Any, value: Any) -> Any:
    context.budget.charge_work(value)
    return value


@pass_context
def _search(context: Any, value: Any) -> Any:
    context.budget.charge_work(value, IN_COST)
    return value


INSTRUMENT_FILTERS: dict[str, Callable[..., Any]] = {
    _CONCATENATE: _concatenate,
    _ITERATE: _iterate,
    _COMPARE: _compare,
    _SEARCH: _search,
    _TEST: _test,
    _DEFAULT: _default,
}


class _Instrumentation(NodeTransformer):
    def __init__(self, bit_by_node: Mapping[int, int]) -> None:
        self._bit_by_node = bit_by_node

    def visit_If(self, node: nodes.If) -> nodes.Node:  # noqa: N802 - Jinja looks for this name
        bit = self._bit_by_node.get(id(node))
        self.generic_visit(node)
        if bit is not None:  # an `elif` has none of its own
            tests = (node, *node.elif_)
            for number, each in enumerate(tests):
                each.test = _noted_test(each.test, bit + number, bit + len(tests) if each is tests[-1] else None)
        return node

    def visit_CondExpr(self, node: nodes.CondExpr) -> nodes.Node:  # noqa: N802 - Jinja looks for this name
        bit = self._bit_by_node[id(node)]
        self.generic_visit(node)
        node.test = _noted_test(node.test, bit, bit + 1)
        return node

    def visit_Filter(self, node: nodes.Filter) -> nodes.Node:  # noqa: N802 - Jinja looks for this name
        self.generic_visit(node)
        if node.name == "default":
            node.name = _DEFAULT
            node.args = [nodes.Const(self._bit_by_node[id(node)], lineno=node.lineno), *node.args]
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802 - Jinja looks for this name
        self.generic_visit(node)
        return _filter(node.nodes[0], _CONCATENATE, node.nodes[1:])

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802 - Jinja looks for this name
        self.generic_visit(node)
        node.iter = _filter(node.iter, _ITERATE, [nodes.Const(self._bit_by_node[id(node)], lineno=node.lineno)])
        return node

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802 - Jinja looks for this name
        self.generic_visit(node)
        node.expr = _filter(node.expr, _COMPARE)
        for operand in node.ops:
            operand.expr = _filter(operand.expr, _SEARCH if operand.op in ("in", "notin") else _COMPARE)
        return node


def _filter(node: nodes.Node, name: str, arguments: list[nodes.Expr] | None = None) -> nodes.Filter:
    return nodes.Filter(node, name, arguments or [], [], None, None, lineno=node.lineno, environment=node.environment)


def _noted_test(test: nodes.Node, if_true: int, if_false: int | None) -> nodes.Filter:
    ways = (nodes.Const(way, lineno=test.lineno) for way in (if_true, if_false))
    return _filter(test, _TEST, list(ways))


def instrument(tree: nodes.Template, bit_by_node: Mapping[int, int]) -> nodes.Template:
    """Changes `tree` and returns it, for an environment that has `INSTRUMENT_FILTERS`. `bit_by_node` is `AlternativeFinder`'s."""
    changed: nodes.Template = _Instrumentation(bit_by_node).visit(tree)
    return changed
