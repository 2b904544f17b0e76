"""The text of one message in pieces: the spec's own words, and what was filled in, with the columns that it comes from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from typing import Any

from jinja2 import Environment, nodes, pass_context
from jinja2 import Template as JinjaTemplate

from sendspec.composing.alternative import AlternativeFinder
from sendspec.composing.compiled_spec import CompiledSpec
from sendspec.composing.identity import id_text
from sendspec.composing.message import Message
from sendspec.composing.message_context import MessageContext, message_context
from sendspec.composing.parsed_template import parsed
from sendspec.composing.payload_text import text_path
from sendspec.composing.shape_payload import constants_of
from sendspec.composing.shape_text import spelled_pieces
from sendspec.composing.taken_way import NO_CONSTANTS, TakenWay
from sendspec.composing.template_environment import jinja_environment
from sendspec.composing.template_tree import Branch, Constant, Node
from sendspec.composing.text_placeholder import text_placeholder
from sendspec.composing.tree_instrumentation import instrument
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.redaction import spelled

NOT_ONE_TEMPLATE = "the text is not one template of the spec"
NOT_SPLIT = "the template, filled once more, does not give this text"
_PLACE = "~place"
"""The name of a filter that no template can write."""
_Expression = tuple[nodes.Expr, nodes.For | None]
"""An expression that a template writes, and the loop that it is in."""


@dataclass(frozen=True, slots=True)
class FilledPiece:
    """A part of a message's text. `columns` are empty for the spec's own words, its constants and its defaults among them.

    What was filled in without a column comes from the message itself, such as its id. `why` is set on the only piece of a text that
    can't be split.
    """

    text: str
    is_filled: bool = False
    columns: tuple[str, ...] = ()
    why: str = ""


def filled_text(program: CompiledSpec, written: Mapping[str, object], message: Message) -> tuple[FilledPiece, ...]:
    """The pieces of the text of `message`, which was composed from a row with these values.

    Together they are exactly `message.text`. What can't be split is one piece, taken for filled in, and says why.
    """
    text = message.text
    if not text:
        return ()
    template = text_placeholder(program)
    if template is None:
        is_own = _text_of_all(program) == text
        return (FilledPiece(text, not is_own, why="" if is_own else NOT_ONE_TEMPLATE),)
    constants = constants_of(program)
    values = {**written, **constants, "message_id": id_text(message.id)}
    filling = _Filling(template.template.source, values, written, constants.keys() - NO_CONSTANTS)
    pieces = tuple(_joined(filling.pieces()))
    if "".join(piece.text for piece in pieces) != text:
        return (FilledPiece(text, is_filled=True, why=NOT_SPLIT),)
    return pieces


def shape_pieces(program: CompiledSpec, alternatives: int) -> tuple[FilledPiece, ...]:
    """The pieces of the text that `shape_payload` has: values are filled in as `⟨…⟩`."""
    placeholder = text_placeholder(program)
    if placeholder is None:
        text = spelled(_text_of_all(program) or "")
        return (FilledPiece(text),) if text else ()
    taken = alternatives >> placeholder.first_bit
    return tuple(
        FilledPiece(piece.text, not piece.is_own, (piece.text[1:-1],) if piece.is_column else ())
        for piece in spelled_pieces(placeholder.template.source, taken, constants_of(program))
        if piece.text
    )


def _text_of_all(program: CompiledSpec) -> str | None:
    """The text, where it is the same for all; None where it isn't, or there is none."""
    node: Node | None = program.content
    at = text_path(program.spec.message)
    while isinstance(node, Branch) and at:
        node, at = dict(zip(node.keys, node.children, strict=True)).get(at[0]), at[1:]
    value = node.value if isinstance(node, Constant) else None
    for key in at:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, str) else None


class _Filling:
    """Renders a template once more, and tells which of its expressions each part of the text comes from."""

    def __init__(
        self, source: str, values: Mapping[str, object], row: Mapping[str, object], constants: Iterable[str]
    ) -> None:
        self._source = source
        self._values = values
        self._row = row
        self._constants = frozenset(constants)
        self._taken_by_way: dict[tuple[int, int], _Expression] = {}

    def pieces(self) -> Iterator[FilledPiece]:
        context = self._context()
        for text in _marked(self._source).root_render_func(context):
            if not context.place:
                yield FilledPiece(text)
            elif text:
                yield from self._of_expression(context.place - 1, context.alternatives, text)

    def _context(self) -> MessageContext:
        return message_context(self._values, self._row)

    def _of_expression(self, number: int, alternatives: int, text: str) -> Iterator[FilledPiece]:
        """The pieces of what an expression wrote, the way that it took."""
        taken, loop = self._taken(number, alternatives)
        if loop is None and isinstance(taken, nodes.Concat):
            texts = [self._rendered(part) for part in taken.nodes]
            if "".join(texts) == text:
                yield from (self._piece(part, None, each) for part, each in zip(taken.nodes, texts, strict=True))
                return
        yield self._piece(taken, loop, text)

    def _taken(self, number: int, alternatives: int) -> _Expression:
        """What is left of an expression, the way that it took; the turns of a loop take few different ways."""
        found = self._taken_by_way.get((number, alternatives))
        if found is None:
            tree = parsed(self._source)
            expression, loop = _expressions(tree)[number]
            way = TakenWay(AlternativeFinder(tree).bit_by_node, alternatives)
            found = self._taken_by_way[number, alternatives] = (way.visit(expression), loop)
        return found

    def _piece(self, node: nodes.Node, loop: nodes.For | None, text: str) -> FilledPiece:
        names = list(dict.fromkeys(_names_in(node)))
        if loop is not None:
            of_loop = set(_names_in(loop.target))
            names += _names_in(loop.iter) if of_loop.intersection(names) else ()
            names = [name for name in names if name not in of_loop]
        filled = dict.fromkeys(name for name in names if name not in self._constants)
        return FilledPiece(text, bool(filled), tuple(name for name in filled if name in self._row))

    def _rendered(self, node: nodes.Expr) -> str:
        tree = nodes.Template([nodes.Output([node], lineno=1)], lineno=1)
        return "".join(jinja_environment(typed=False).from_string(tree).root_render_func(self._context()))


@lru_cache(maxsize=64)
def _marked(source: str) -> JinjaTemplate:
    """The template, with a mark before and behind each expression: what is written between is its own chunk."""
    tree = parsed(source)
    marked = instrument(tree, AlternativeFinder(tree).bit_by_node)
    number = 0
    for output in list(marked.find_all(nodes.Output)):
        parts: list[nodes.Expr] = []
        for part in output.nodes:
            if isinstance(part, nodes.TemplateData):
                parts.append(part)
            else:
                number += 1
                parts += (_mark(number), part, _mark(0))
        output.nodes = parts
    return _environment().from_string(marked)


def _expressions(tree: nodes.Template) -> list[_Expression]:
    """What a template writes besides its own words, in the order of `_marked`."""
    loop_by_output = {id(output): loop for loop in tree.find_all(nodes.For) for output in loop.find_all(nodes.Output)}
    return [
        (part, loop_by_output.get(id(output)))
        for output in tree.find_all(nodes.Output)
        for part in output.nodes
        if not isinstance(part, nodes.TemplateData)
    ]


def _mark(number: int) -> nodes.Filter:
    return nodes.Filter(nodes.Const("", lineno=1), _PLACE, [nodes.Const(number, lineno=1)], [], None, None, lineno=1)


@pass_context
def _place(context: Any, value: str, number: int) -> str:
    """Notes what is written from here on, and forgets the ways taken before."""
    context.place, context.alternatives = number, 0
    return value


@cache
def _environment() -> Environment:
    environment = jinja_environment(typed=False).overlay()
    environment.filters = {**environment.filters, _PLACE: _place}
    return environment


def _names_in(node: nodes.Node) -> Iterator[str]:
    """The columns and other names whose values can become part of what an expression writes."""
    match node:
        case nodes.Getattr(node=nodes.Name(name="row")):
            yield node.attr
            return
        case nodes.Getitem(node=nodes.Name(name="row"), arg=nodes.Const(value=str(name))):
            yield name
            return
        case nodes.Name():
            yield node.name
    is_decided = isinstance(node, nodes.CondExpr)
    for child in node.iter_child_nodes(exclude=("test",) if is_decided else None):
        yield from _names_in(child)


def _joined(pieces: Iterable[FilledPiece]) -> Iterator[FilledPiece]:
    """The pieces without empty ones, and with neighbours of the spec's own as one."""
    own = ""
    for piece in pieces:
        if not piece.is_filled:
            own += piece.text
        elif piece.text:
            if own:
                yield FilledPiece(own)
            yield piece
            own = ""
    if own:
        yield FilledPiece(own)
