"""The message of a spec as a tree of constants and templates, filled for one recipient at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sendspec.composing.omit_sentinel import OMIT
from sendspec.composing.template import RenderError, Template, compile_template
from sendspec.composing.template_policy import TemplateProblem
from sendspec.reading.documents.document import KeyPath

HTML_AT: KeyPath = ("message", "body", "html", "html")
"""The one place of the request model that holds HTML."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A part of the message without a template; shared by all messages, so never changed."""

    value: object
    at: KeyPath


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A string with a template in it, and where it stands in the spec."""

    template: Template
    at: KeyPath


@dataclass(frozen=True, slots=True)
class Branch:
    """A mapping or a list with a hole somewhere below. `keys` are list indexes for a list."""

    keys: tuple[str | int, ...]
    children: tuple[Node, ...]
    is_list: bool
    at: KeyPath


Node = Constant | Placeholder | Branch


class PlaceholderError(Exception):
    """A template that could not be filled with a row's values."""

    def __init__(self, at: KeyPath, error: RenderError) -> None:
        super().__init__(error.problem)
        self.at = at
        self.error = error


def build_tree(value: object, at: KeyPath, faults: list[tuple[KeyPath, TemplateProblem]]) -> Node:
    """Compiles every string below `value`; what can't be compiled is added to `faults`."""
    if isinstance(value, str):
        return _leaf(value, at, faults)
    if isinstance(value, Mapping):
        return _branch(tuple(value), tuple(value.values()), False, at, faults)
    if isinstance(value, list | tuple):
        return _branch(tuple(range(len(value))), tuple(value), True, at, faults)
    return Constant(value, at)


def _leaf(text: str, at: KeyPath, faults: list[tuple[KeyPath, TemplateProblem]]) -> Node:
    if "{" not in text:
        return Constant(text, at)
    template = compile_template(text, html=at == HTML_AT)
    if not isinstance(template, Template):
        faults.extend((at, fault) for fault in template)
        return Constant(text, at)
    return Constant(template.static, at) if template.is_static else Placeholder(template, at)


def _branch(
    keys: tuple[str | int, ...],
    values: tuple[object, ...],
    is_list: bool,
    at: KeyPath,
    faults: list[tuple[KeyPath, TemplateProblem]],
) -> Node:
    children = tuple(build_tree(value, (*at, key), faults) for key, value in zip(keys, values, strict=True))
    if all(isinstance(child, Constant) for child in children):
        plain = [child.value for child in children if isinstance(child, Constant)]
        return Constant(plain if is_list else dict(zip(keys, plain, strict=True)), at)
    return Branch(keys, children, is_list, at)


def fill(node: Node, context: Any) -> Any:
    """The node's value for one recipient, `OMIT` where it, or all it is built of, was omitted. Raises `PlaceholderError`."""
    if isinstance(node, Constant):
        return node.value
    if isinstance(node, Placeholder):
        try:
            return node.template.render(context)
        except RenderError as error:
            raise PlaceholderError(node.at, error) from None
    if node.is_list:
        filled = [value for child in node.children if (value := fill(child, context)) is not OMIT]
        return filled or OMIT
    pairs = zip(node.keys, node.children, strict=True)
    return {key: value for key, child in pairs if (value := fill(child, context)) is not OMIT} or OMIT


def placeholders_of(node: Node) -> Iterator[Placeholder]:
    """Every hole at or below `node`, in the order of the spec."""
    if isinstance(node, Placeholder):
        yield node
    elif isinstance(node, Branch):
        for child in node.children:
            yield from placeholders_of(child)


def origin(node: Node, context: Any, at: KeyPath) -> KeyPath:
    """The path in the spec of what stands at `at` in the filled tree; the hole's, where a hole made it.

    List items that were omitted shift the ones behind them, so the way down is walked with the row's own values.
    """
    if isinstance(node, Constant):
        return (*node.at, *at)
    if isinstance(node, Placeholder) or not at:
        return node.at
    child = _child(node, context, at[0])
    return node.at if child is None else origin(child, context, at[1:])


def _child(branch: Branch, context: Any, key: str | int) -> Node | None:
    if not branch.is_list:
        return dict(zip(branch.keys, branch.children, strict=True)).get(key)
    kept = [child for child in branch.children if fill(child, context) is not OMIT]
    return kept[key] if isinstance(key, int) and key < len(kept) else None
