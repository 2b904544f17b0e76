"""The text of a shape without anyone's values: `Hi ⟨first_name⟩`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from jinja2 import nodes

from sendspec.composing.alternative import AlternativeFinder
from sendspec.composing.filters import as_text
from sendspec.composing.render_budget import FilterError
from sendspec.composing.template import parsed


def shape_text(source: str, alternatives: int, constants: Mapping[str, object]) -> str:
    """The text of a template with the names of columns in it, the way that `alternatives` say. The spec's own `constants` are filled in."""
    return "".join(_pieces(source, alternatives, constants, "⟨{}⟩"))


def own_text(source: str, alternatives: int, constants: Mapping[str, object]) -> str:
    """As `shape_text`, without anything in the place of values: what the spec itself says. The body of a loop is in it once."""
    return "".join(_pieces(source, alternatives, constants, ""))


def output_names(source: str) -> frozenset[str]:
    """The names of a template that can become part of its text: not those that only its conditions have."""
    return frozenset(_names_in(parsed(source)))


def _names_in(node: nodes.Node) -> Iterator[str]:
    match node:
        case nodes.Name():
            yield node.name
        case nodes.Getattr():
            yield node.attr
        case nodes.Getitem(arg=nodes.Const(value=str(name))):
            yield name
    is_decided = isinstance(node, nodes.If | nodes.CondExpr)
    for child in node.iter_child_nodes(exclude=("test",) if is_decided else None):
        yield from _names_in(child)


def _pieces(source: str, alternatives: int, constants: Mapping[str, object], value: str) -> Iterator[str]:
    tree = parsed(source)
    return _ShapeText(AlternativeFinder(tree).bit_by_node, alternatives, constants, value).body(tree.body)


class _ShapeText:
    """`value` is what stands for a value of a row; `{}` in it for its name."""

    def __init__(
        self, bit_by_node: Mapping[int, int], alternatives: int, constants: Mapping[str, object], value: str
    ) -> None:
        self._bit_by_node = bit_by_node
        self._alternatives = alternatives
        self._constants = constants
        self._value = value

    def body(self, body: Sequence[nodes.Node]) -> Iterator[str]:
        for node in body:
            match node:
                case nodes.Output():
                    yield from map(self._of, node.nodes)
                case nodes.If():
                    bodies = [node.body, *(each.body for each in node.elif_), node.else_]
                    yield from self.body(next((each for n, each in enumerate(bodies) if self._took(node, n)), ()))
                case nodes.For():
                    yield from self.body(node.body if self._took(node) else node.else_)

    def _took(self, node: nodes.Node, number: int = 0) -> bool:
        return bool(self._alternatives >> self._bit_by_node[id(node)] + number & 1)

    def _of(self, node: nodes.Node | None) -> str:
        match node:
            case nodes.TemplateData():
                return node.data
            case nodes.Const():
                return self._text(node.value)
            case nodes.Name():
                return (
                    self._text(self._constants[node.name]) if node.name in self._constants else self._named(node.name)
                )
            case nodes.Getattr():
                return self._named(node.attr)
            case nodes.Getitem(arg=nodes.Const(value=name)):
                return self._named(name)
            case nodes.CondExpr():
                return self._of(node.expr1 if self._took(node) else node.expr2)
            case nodes.Filter(name="default"):
                replacements = [*node.args, *(each.value for each in node.kwargs)]
                return self._of(node.node) if not self._took(node) else self._of(next(iter(replacements), None))
            case nodes.Filter():
                return self._of(node.node)
            case nodes.Concat():
                return "".join(map(self._of, node.nodes))
            case None:
                return ""
        return self._named("…")

    def _text(self, value: object) -> str:
        try:
            return as_text(value)
        except FilterError:  # nothing, a list or a mapping: no part of a text
            return self._named("…")

    def _named(self, name: str) -> str:
        return self._value.format(name)
