"""The places in a template whose text its author can change: all of it, and the branches of its conditions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sendspec.composing.alternative import AlternativeFinder
from sendspec.composing.expression_text import expression_text
from sendspec.composing.parsed_template import parsed
from sendspec.composing.plain_template import plain_parts
from sendspec.composing.tree_nodes import nodes
from sendspec.diagnostics.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPlace:
    """A part of a template with text of its own: what no condition decides, or one branch without the branches in it.

    `bit` is the branch's among those of the template, None without a condition. `length` is that of its own text, in characters.
    `conditions` are those that were tried, in order: all but the last were false, and `holds` tells of the last.
    """

    bit: int | None
    length: int
    conditions: tuple[str, ...] = ()
    holds: bool = True


def text_places(source: str) -> tuple[TextPlace, ...]:
    """What no condition decides first, then the branches, each before those in it. Loops are no places: their text may come twice."""
    parts = plain_parts(source)
    if parts is not None:
        return (TextPlace(bit=None, length=sum(len(part) for part in parts if isinstance(part, str))),)
    tree = parsed(source)
    bits = AlternativeFinder(tree).bit_by_node
    found = _places(tree.body, bits, TextPlace(bit=None, length=0))
    return tuple(found)


def _places(body: Sequence[nodes.Node], bits: Mapping[int, int], place: TextPlace) -> Iterator[TextPlace]:
    length = 0
    inner: list[TextPlace] = []
    for node in body:
        match node:
            case nodes.Output():
                for part in node.nodes:
                    length += _length(part)
                    if isinstance(part, nodes.CondExpr):
                        inner += _branches(part, [(part.test, [part.expr1])], [part.expr2], bits)
            case nodes.If():
                tests = [(each.test, each.body) for each in (node, *node.elif_)]
                inner += _branches(node, tests, node.else_, bits)
    yield TextPlace(bit=place.bit, length=length, conditions=place.conditions, holds=place.holds)
    yield from inner


def _branches(
    node: nodes.Node,
    tests: Sequence[tuple[nodes.Node, Sequence[nodes.Node]]],
    otherwise: Sequence[nodes.Node | None],
    bits: Mapping[int, int],
) -> Iterator[TextPlace]:
    first = bits[id(node)]
    conditions = tuple(expression_text(test) for test, _ in tests)
    for number, (_, body) in enumerate(tests):
        place = TextPlace(bit=first + number, length=0, conditions=conditions[: number + 1])
        yield from _places(_outputs(body), bits, place)
    place = TextPlace(bit=first + len(tests), length=0, conditions=conditions, holds=False)
    yield from _places(_outputs(otherwise), bits, place)


def _outputs(body: Sequence[nodes.Node | None]) -> list[nodes.Node]:
    """A branch's body; that of an expression as the output that it is."""
    return [nodes.Output([each]) if isinstance(each, nodes.Expr) else each for each in body if each is not None]


def _length(part: nodes.Node) -> int:
    if isinstance(part, nodes.TemplateData):
        return len(part.data)
    return len(part.value) if isinstance(part, nodes.Const) and isinstance(part.value, str) else 0
