"""A template's expression as people approve it: with the values of the spec's constants in the place of their names."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy

from jinja2 import nodes
from jinja2.visitor import NodeTransformer

from sendspec.composing.expression_text import expression_text
from sendspec.composing.text_value import as_text
from sendspec.diagnostics.redaction import BRACKETS

MOST_CHARACTERS = 20_000
"""What is shown of one constant in an expression. A template has no room for that much, but many names of it."""


def expression_with(node: nodes.Node, constants: Mapping[str, object]) -> str:
    """The text of an expression. Strings are written as Python does, so a backslash in them is never alone; brackets are escapes."""
    return expression_text(_Filled(constants).visit(copied(node))).translate(BRACKETS)


class _Filled(NodeTransformer):
    """Puts the values of constants in the place of their names, as they are read in an expression."""

    def __init__(self, constants: Mapping[str, object]) -> None:
        self._constants = constants

    def visit_Name(self, node: nodes.Name) -> nodes.Node:  # noqa: N802 - Jinja looks for this name
        if node.name not in self._constants:
            return node
        text = _value_text(self._constants[node.name])
        if len(text) > MOST_CHARACTERS:
            text = f"{text[:MOST_CHARACTERS]}… and {len(text) - MOST_CHARACTERS:,} more characters"
        return nodes.Name(text, "load", lineno=node.lineno)


def copied(node: nodes.Node) -> nodes.Node:
    """A copy of a part of a tree, which can be changed."""
    found = copy(node)
    for name in node.fields:
        value = getattr(node, name)
        if isinstance(value, nodes.Node):
            setattr(found, name, copied(value))
        elif isinstance(value, list):
            setattr(found, name, [copied(each) if isinstance(each, nodes.Node) else each for each in value])
    return found


def _value_text(value: object) -> str:
    """A value as an expression has it."""
    match value:
        case str():
            return repr(str(value))
        case Mapping():
            return f"{{{', '.join(f'{_value_text(key)}: {_value_text(each)}' for key, each in value.items())}}}"
        case list() | tuple():
            return f"[{', '.join(map(_value_text, value))}]"
        case None:
            return "none"
    return as_text(value)
