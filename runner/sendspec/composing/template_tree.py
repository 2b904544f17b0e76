"""A spec's message as a tree of constants and placeholders, filled for one recipient at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from sendspec.composing.omit_sentinel import OMIT
from sendspec.composing.render_failure import RenderError
from sendspec.composing.template import Template
from sendspec.composing.template_compiler import compile_template
from sendspec.composing.template_problem import TemplateProblem
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.reading.documents.document import KeyPath

HTML_AT: KeyPath = ("message", "body", "html", "html")
"""The only place of HTML in the request model."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A part of the message without a template. All messages share it, so it is never changed."""

    value: object
    at: KeyPath


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A string with a template, its place in the spec, and the first of its bits among those of the message's alternatives."""

    template: Template
    at: KeyPath
    first_bit: int = 0

    @property
    def omit_bit(self) -> int:
        """The last of its bits, set if the value is omitted."""
        return self.first_bit + self.template.alternatives.width

    def render(self, context: Any) -> Any:
        """The value for one recipient. Adds the alternatives that it took to those of `context`. Raises `RenderError`."""
        context.first_bit = self.first_bit
        value = self.template.render(context)
        if value is OMIT:
            context.alternatives |= 1 << self.omit_bit
        return value


@dataclass(frozen=True, slots=True)
class Branch:
    """A mapping or a list with a placeholder somewhere below. For a list, `keys` are its indexes."""

    keys: tuple[str | int, ...]
    children: tuple[Node, ...]
    is_list: bool
    at: KeyPath


Node = Constant | Placeholder | Branch


class PlaceholderError(Exception):
    """A placeholder's template could not be rendered for a row."""

    def __init__(self, at: KeyPath, error: RenderError) -> None:
        super().__init__(error.problem)
        self.at = at
        self.error = error


def build_tree(value: object, at: KeyPath, problems: list[tuple[KeyPath, TemplateProblem]]) -> Node:
    """Compiles every string below `value`. Problems are added to `problems`."""
    if isinstance(value, str):
        return _leaf(value, at, problems)
    if isinstance(value, Mapping):
        return _branch(tuple(value), tuple(value.values()), False, at, problems)
    if isinstance(value, list | tuple):
        return _branch(tuple(range(len(value))), tuple(value), True, at, problems)
    return Constant(value, at)


def _leaf(text: str, at: KeyPath, problems: list[tuple[KeyPath, TemplateProblem]]) -> Node:
    if "{" not in text:
        return Constant(text, at)
    template = compile_template(text, html=at == HTML_AT)
    if not isinstance(template, Template):
        problems.extend((at, problem) for problem in template)
        return Constant(text, at)
    return Constant(template.static, at) if template.is_static else Placeholder(template, at)


def _branch(
    keys: tuple[str | int, ...],
    values: tuple[object, ...],
    is_list: bool,
    at: KeyPath,
    problems: list[tuple[KeyPath, TemplateProblem]],
) -> Node:
    children = tuple(build_tree(value, (*at, key), problems) for key, value in zip(keys, values, strict=True))
    if all(isinstance(child, Constant) for child in children):
        plain = [child.value for child in children if isinstance(child, Constant)]
        return Constant(plain if is_list else dict(zip(keys, plain, strict=True)), at)
    return Branch(keys, children, is_list, at)


def numbered(node: Node, first_bit: int = 0) -> tuple[Node, int]:
    """The tree with the bits of its placeholders numbered from `first_bit`, and the number of the next bit."""
    if isinstance(node, Constant):
        return node, first_bit
    if isinstance(node, Placeholder):
        changed = replace(node, first_bit=first_bit)
        return changed, changed.omit_bit + 1
    children = []
    for child in node.children:
        changed_child, first_bit = numbered(child, first_bit)
        children.append(changed_child)
    return replace(node, children=tuple(children)), first_bit


def fill(node: Node, context: Any) -> Any:
    """The node's value for one recipient; `OMIT` where it, or everything below it, is omitted. Raises `PlaceholderError`."""
    if isinstance(node, Constant):
        return node.value
    if isinstance(node, Placeholder):
        try:
            return node.render(context)
        except RenderError as error:
            raise PlaceholderError(node.at, error) from None
    if node.is_list:
        filled = [value for child in node.children if (value := fill(child, context)) is not OMIT]
        return filled or OMIT
    pairs = zip(node.keys, node.children, strict=True)
    return {key: value for key, child in pairs if (value := fill(child, context)) is not OMIT} or OMIT


def placeholders_of(node: Node) -> Iterator[Placeholder]:
    """Every placeholder at or below `node`, in the order of the spec."""
    if isinstance(node, Placeholder):
        yield node
    elif isinstance(node, Branch):
        for child in node.children:
            yield from placeholders_of(child)


def origin(node: Node, context: Any, at: KeyPath) -> KeyPath:
    """The path in the spec that the value at `at` in the filled tree comes from: a placeholder's own, where it made the value.

    Omitted list items shift the ones after them, so the tree is walked with the row's own values.
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
