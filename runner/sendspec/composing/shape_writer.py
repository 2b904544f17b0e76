"""Writes the text of a shape from a template's parsed tree, which needs Jinja."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from jinja2 import nodes

from sendspec.composing.alternative import AlternativeFinder
from sendspec.composing.expression_text import expression_text
from sendspec.composing.filled_expression import copied, expression_with
from sendspec.composing.message_context import message_context
from sendspec.composing.parsed_template import parsed
from sendspec.composing.render_budget import FilterError
from sendspec.composing.shape_piece import SAME_WORDS, Piece
from sendspec.composing.taken_way import NO_CONSTANTS, TakenWay
from sendspec.composing.template_environment import jinja_environment
from sendspec.composing.text_value import as_text
from sendspec.composing.tree_instrumentation import instrument
from sendspec.diagnostics.redaction import spelled


def pieces_of_shape(
    source: str, alternatives: int, constants: Mapping[str, object], *, html: bool, own_way: bool
) -> Iterator[Piece]:
    """As `shape_text` shows them."""
    tree = parsed(source)
    known = {name: value for name, value in constants.items() if name not in NO_CONSTANTS}
    way = TakenWay(AlternativeFinder(tree).bit_by_node, alternatives)
    return _ShapeText(way, known, html=html, own_way=own_way).body(tree.body)


class _ShapeText:
    """`own_way`: in loops, conditions go one of their ways; else all of them are shown there."""

    def __init__(self, way: TakenWay, constants: Mapping[str, object], *, html: bool, own_way: bool) -> None:
        self._way = way
        self._constants = constants
        self._html = html
        self._own_way = own_way

    def body(self, body: Sequence[nodes.Node]) -> Iterator[Piece]:
        for node in body:
            match node:
                case nodes.Output():
                    for part in node.nodes:
                        yield from self._written(part)
                case nodes.If():
                    bodies = [node.body, *(each.body for each in node.elif_), node.else_]
                    yield from self.body(next((each for n, each in enumerate(bodies) if self._way.took(node, n)), ()))
                case nodes.For():
                    yield from self._loop(node) if self._way.took(node) else self.body(node.else_)

    def _loop(self, node: nodes.For) -> Iterator[Piece]:
        """The body once, with all that it may say; a loop without anything of a row as it is sent."""
        if not self._own_way and (text := self._evaluated(node)) is not None:
            yield Piece(text, is_own=True)
            return
        target = expression_text(node.target)
        inner = _ShapeText(
            self._way,
            {name: value for name, value in self._constants.items() if name != target},
            html=self._html,
            own_way=self._own_way,
        )
        yield _mark(f"⟨for {_label(target)} in {self._expression(node.iter)}: ")
        yield from inner.body(node.body) if self._own_way else inner.every(node.body)
        yield _mark("⟩")

    def every(self, body: Sequence[nodes.Node]) -> Iterator[Piece]:
        """Part of a loop, whose turns may each go another way: all branches, each with its condition."""
        for node in body:
            match node:
                case nodes.Output():
                    for part in node.nodes:
                        if isinstance(part, nodes.TemplateData):
                            yield Piece(part.data, is_own=True)
                        else:
                            yield from self._place(part, part)
                case nodes.If():
                    for number, each in enumerate((node, *node.elif_)):
                        yield _mark(f"⟨{'elif' if number else 'if'} {self._expression(each.test)}: ")
                        yield from self.every(each.body)
                        yield _mark("⟩")
                    if node.else_:
                        yield _mark("⟨else: ")
                        yield from self.every(node.else_)
                        yield _mark("⟩")

    def _written(self, node: nodes.Node) -> Iterator[Piece]:
        if isinstance(node, nodes.TemplateData):
            yield Piece(node.data, is_own=True)
            return
        whole = self._expression(node)
        taken = self._way.visit(node)
        if isinstance(taken, nodes.Concat) and not self._html:  # in HTML, what is joined is no longer trusted
            for part in taken.nodes:
                yield from self._place(part, part)
        else:
            yield from self._place(taken, whole)

    def _place(self, node: nodes.Node, whole: nodes.Node | str) -> Iterator[Piece]:
        """The text of an expression of constants; of any other its column, or `whole`, which it is a part of."""
        text = self._evaluated(node)
        if text is not None:
            yield Piece(text, is_own=True)
            return
        column = _column(node)
        shown = _label(column) if column is not None else whole if isinstance(whole, str) else self._expression(whole)
        yield Piece(f"⟨{shown}⟩", is_own=False, is_column=column is not None)

    def _evaluated(self, node: nodes.Node) -> str | None:
        """What is sent for a part of the template; None if that depends on a row, or can't be sent."""
        if isinstance(node, nodes.Const) and not self._html:
            return _constant_text(node.value)
        if not self._is_constant(node):
            return None
        output = node if isinstance(node, nodes.For) else nodes.Output([node], lineno=node.lineno)
        tree = nodes.Template([output], lineno=node.lineno)
        written = cast("nodes.Template", copied(tree))
        compiled = jinja_environment(typed=False, html=self._html).from_string(
            instrument(written, AlternativeFinder(written).bit_by_node)
        )
        try:
            return "".join(compiled.root_render_func(message_context(self._constants, {})))
        except Exception:  # a filter may raise anything; no message has this then
            return None

    def _is_constant(self, node: nodes.Node) -> bool:
        own = {node.target.name} if isinstance(node, nodes.For) and isinstance(node.target, nodes.Name) else set()
        names = [node] if isinstance(node, nodes.Name) else node.find_all(nodes.Name)
        return all(each.name in self._constants or each.name in own for each in names)

    def _expression(self, node: nodes.Node) -> str:
        """The expression as the spec has it, with the constants' values in the place of their names."""
        return expression_with(node, self._constants)


def _column(node: nodes.Node | None) -> str | None:
    """The column that an expression is, whatever its case; None for any other expression."""
    match node:
        case nodes.Name():
            return node.name
        case nodes.Getattr(node=nodes.Name(name="row")):
            return node.attr
        case nodes.Getitem(node=nodes.Name(name="row"), arg=nodes.Const(value=str(name))):
            return name
        case nodes.Filter() if node.name in SAME_WORDS and not node.args and not node.kwargs:
            return _column(node.node)
    return None


def _constant_text(value: object) -> str | None:
    try:
        return as_text(value)
    except FilterError:  # nothing, a list or a mapping: no part of a text
        return None


def _label(name: str) -> str:
    return spelled(name)


def _mark(text: str) -> Piece:
    return Piece(text, is_own=False)


def is_way_omitted(source: str, alternatives: int) -> bool:
    """`shape_text.is_omitted` for any template."""
    tree = parsed(source)
    match tree.body:
        case [nodes.Output(nodes=[nodes.Expr() as expression])] if not isinstance(expression, nodes.TemplateData):
            taken = TakenWay(AlternativeFinder(tree).bit_by_node, alternatives).visit(expression)
            return isinstance(taken, nodes.Name) and taken.name == "omit"
    return False


def names_written(source: str) -> frozenset[str]:
    """`shape_text.output_names` for any template."""
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
