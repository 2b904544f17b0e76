"""The ways that a template can go, whatever the row: one choice at each alternative that is reached."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sendspec.composing.alternative import AlternativeFinder
from sendspec.composing.parsed_template import parsed
from sendspec.composing.tree_nodes import nodes


def possible_ways(source: str, most: int) -> tuple[int, ...]:
    """Bits as `shape_text` takes them, one number for each way, the first choices first; at most `most` ways.

    Conditions aren't compared with each other: a way may be one that no row takes.
    """
    tree = parsed(source)
    return tuple(dict.fromkeys(_Ways(AlternativeFinder(tree), most).through(tree.body)))


class _Ways:
    def __init__(self, finder: AlternativeFinder, most: int) -> None:
        self._bit_by_node = finder.bit_by_node
        self._most = most

    def through(self, parts: Iterable[nodes.Node | None]) -> list[int]:
        """The ways through all of `parts`, one after the other."""
        found = [0]
        for part in parts:
            ways = self._of(part)
            found = [before | way for before in found for way in ways][: self._most]
        return found

    def _of(self, node: nodes.Node | None) -> list[int]:
        match node:
            case nodes.Output():
                return self.through(node.nodes)
            case nodes.If():
                return self._one_of(node, [node.body, *(each.body for each in node.elif_), node.else_])
            case nodes.For():
                return self._one_of(node, [node.body, node.else_])
            case nodes.CondExpr():
                return self._one_of(node, [[node.expr1], [node.expr2]])
            case nodes.Filter(name="default"):
                bit = 1 << self._bit_by_node[id(node)]
                return [*self._of(node.node), *(bit | way for way in self.through(node.args))][: self._most]
            case nodes.Filter():
                return self._of(node.node)
            case nodes.Concat():
                return self.through(node.nodes)
        return [0]

    def _one_of(self, node: nodes.Node, branches: Sequence[Sequence[nodes.Node | None]]) -> list[int]:
        first = self._bit_by_node[id(node)]
        ways = (1 << first + number | way for number, branch in enumerate(branches) for way in self.through(branch))
        return list(ways)[: self._most]
