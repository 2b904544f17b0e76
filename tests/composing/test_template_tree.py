"""The tree of a spec's message: what is constant, what is filled, and where a filled value comes from."""

from __future__ import annotations

from typing import Any

import pytest
from sendspec.composing.message_context import message_context
from sendspec.composing.template_problem import TemplateProblem
from sendspec.composing.template_tree import Constant, build_tree, fill, numbered, origin, placeholders_of
from sendspec.reading.documents.document import KeyPath

AT: KeyPath = ("message",)
MESSAGE = {"tags": ["{{ omit }}", "a", "{{ name }}"], "body": {"type": "text", "text": {"text": "Hi {{ name }}"}}}


def tree_of(value: object) -> Any:
    problems: list[tuple[KeyPath, TemplateProblem]] = []
    tree = build_tree(value, AT, problems)
    assert problems == []
    return tree


def test_a_part_without_names_is_one_constant() -> None:
    value = {"type": "text", "tags": ["a", "{{ 1 }}"], "n": 7}
    assert tree_of(value) == Constant({"type": "text", "tags": ["a", 1], "n": 7}, AT)


def test_a_message_is_filled_without_what_is_omitted() -> None:
    context = message_context({"name": "Ann"}, {"name": "Ann"})
    assert fill(tree_of(MESSAGE), context) == {
        "tags": ["a", "Ann"],
        "body": {"type": "text", "text": {"text": "Hi Ann"}},
    }


def test_placeholders_come_in_the_order_of_the_spec() -> None:
    places = [placeholder.at for placeholder in placeholders_of(tree_of(MESSAGE))]
    assert places == [(*AT, "tags", 0), (*AT, "tags", 2), (*AT, "body", "text", "text")]


def test_each_placeholder_has_bits_of_its_own_and_one_for_being_omitted() -> None:
    written = {
        "tags": ["{{ name }}", "{{ 'a' if n else 'b' }}", "{{ omit if n else name }}"],
        "validity": "{{ n | default(omit) }}",
    }
    tree, width = numbered(tree_of(written))
    assert [(each.first_bit, each.omit_bit) for each in placeholders_of(tree)] == [(0, 0), (1, 3), (4, 6), (7, 8)]
    assert width == 9
    for n, bits in (("1", {1, 4, 6}), ("", {2, 5, 7, 8})):
        context = message_context({"name": "Ann", "n": n}, {})
        fill(tree, context)
        assert {bit for bit in range(width) if context.alternatives >> bit & 1} == bits


@pytest.mark.parametrize(
    ("filled", "written"),
    [
        (("tags", 0), ("tags", 1)),
        (("tags", 1), ("tags", 2)),
        (("tags", 9), ("tags",)),
        (("body", "type"), ("body", "type")),
        (("body", "text", "text", 3), ("body", "text", "text")),
        (("missing",), ()),
    ],
)
def test_a_filled_value_is_traced_to_its_place_in_the_spec(filled: KeyPath, written: KeyPath) -> None:
    context = message_context({"name": "Ann"}, {"name": "Ann"})
    assert origin(tree_of(MESSAGE), context, filled) == (*AT, *written)


def test_every_problem_is_found_at_its_string() -> None:
    problems: list[tuple[KeyPath, TemplateProblem]] = []
    build_tree({"a": "{{ x.y() }}", "b": ["{{ 1 + 1 }}", "ok {{ name }}"]}, AT, problems)
    assert [(at, problem.code) for at, problem in problems] == [
        ((*AT, "a"), "template-forbidden"),
        ((*AT, "b", 0), "template-forbidden"),
    ]
