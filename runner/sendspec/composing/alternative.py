"""The alternatives in a template: its conditions, loops and `default` filters, with a bit for each way that one can go.

A template's bits are numbered in the order of its parsed tree. While it is rendered, each way that is taken sets its bit. In a loop,
one condition can go both ways, and sets both bits.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from sendspec.composing.expression_text import expression_text
from sendspec.composing.tree_nodes import nodes
from sendspec.diagnostics.lazy_dataclass import dataclass


class AlternativeKind(StrEnum):
    CONDITION = "condition"
    LOOP = "loop"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Alternative:
    """A condition, a loop or a `default` of a template.

    `text` is the condition, the loop's head, or the expression that `default` replaces. `yes` and `no` are masks of bits: the condition
    was true, the loop had items, `default` replaced a missing value; or the opposite. A `default` that replaced nothing sets no bit.
    `compared` is the column that a condition compares with constants, if it does nothing else.
    """

    kind: AlternativeKind
    text: str
    yes: int
    no: int
    compared: str = ""


@dataclass(frozen=True, slots=True)
class Alternatives:
    """The alternatives of one template. `width` is its number of bits."""

    listed: tuple[Alternative, ...] = ()
    width: int = 0


NO_ALTERNATIVES = Alternatives()


class AlternativeFinder:
    """Numbers the alternatives of a parsed tree, which has to be kept as long as this is used."""

    def __init__(self, tree: nodes.Template) -> None:
        self._listed: list[Alternative] = []
        self._bit_by_node: dict[int, int] = {}
        self._width = 0
        self._visit(tree)

    @property
    def found(self) -> Alternatives:
        return Alternatives(tuple(self._listed), self._width) if self._width else NO_ALTERNATIVES

    @property
    def bit_by_node(self) -> Mapping[int, int]:
        """The first bit of each node with alternatives, by the `id` of the node.

        `If` and `CondExpr` have a bit for each test, and one more for `else`. `For` has one for some items, and one for none.
        """
        return self._bit_by_node

    def _visit(self, node: nodes.Node, variable: str = "") -> None:
        """`variable` is that of the loop around the node: the policy allows only one, of one variable."""
        match node:
            case nodes.If():
                self._add_tests(node, [each.test for each in (node, *node.elif_)], variable)
            case nodes.CondExpr():
                self._add_tests(node, [node.test], variable)
            case nodes.For():
                bit = self._bits(node, 2)
                head = f"for {expression_text(node.target)} in {expression_text(node.iter)}"
                self._listed.append(Alternative(AlternativeKind.LOOP, head, 1 << bit, 2 << bit))
            case nodes.Filter(name="default"):
                bit = self._bits(node, 1)
                replaced = "" if node.node is None else expression_text(node.node)
                self._listed.append(Alternative(AlternativeKind.DEFAULT, replaced, 1 << bit, 0))
        for child in node.iter_child_nodes():
            if isinstance(node, nodes.If) and any(child is other for other in node.elif_):
                for part in child.iter_child_nodes():
                    self._visit(part, variable)
            elif isinstance(node, nodes.For) and any(child is each for each in node.body):
                self._visit(child, node.target.name if isinstance(node.target, nodes.Name) else "")
            else:
                self._visit(child, variable)

    def _add_tests(self, node: nodes.Node, tests: list[nodes.Node], variable: str) -> None:
        bit = self._bits(node, len(tests) + 1)
        all_bits = (1 << len(tests) + 1) - 1
        for number, test in enumerate(tests):
            later = all_bits & ~((2 << number) - 1)
            text, compared = expression_text(test), _compared(test, variable)
            self._listed.append(Alternative(AlternativeKind.CONDITION, text, 1 << bit + number, later << bit, compared))

    def _bits(self, node: nodes.Node, count: int) -> int:
        first = self._width
        self._bit_by_node[id(node)] = first
        self._width += count
        return first


def _compared(test: nodes.Node, variable: str) -> str:
    """The one column that `test` compares with constants for equality, whatever filters are on it; "" for any other test."""
    match test:
        case nodes.Or():
            left, right = _compared(test.left, variable), _compared(test.right, variable)
            return left if left == right else ""
        case nodes.Compare(ops=[nodes.Operand(op="eq" | "in", expr=nodes.Const() | nodes.List() | nodes.Tuple())]):
            return _column(test.expr, variable)
    return ""


def _column(node: nodes.Node | None, variable: str) -> str:
    match node:
        case nodes.Filter():
            return _column(node.node, variable)
        case nodes.Name():
            return "" if node.name == variable else node.name
        case nodes.Getattr(node=nodes.Name(name="row")):
            return node.attr
        case nodes.Getitem(node=nodes.Name(name="row"), arg=nodes.Const(value=str(name))):
            return name
    return ""


def with_language(bits: int, width: int, language: object) -> int:
    """A message's `bits`, with the language that one of its templates chose above them. `width` is the number of the message's bits."""
    return bits if not isinstance(language, str) else bits | int.from_bytes(language.encode()) << width


def language_in(bits: int, width: int) -> str:
    """The language that `with_language` added; "" without one."""
    number = bits >> width
    return number.to_bytes((number.bit_length() + 7) // 8).decode()
