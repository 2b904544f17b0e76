"""The text of a message that doesn't depend on the recipient."""

from __future__ import annotations

from sendspec.composing.literal_text import literal_texts
from sendspec.composing.template_problem import TemplateProblem
from sendspec.composing.template_tree import build_tree
from sendspec.reading.documents.document import KeyPath


def test_constants_and_the_text_around_values_are_literal() -> None:
    message = {
        "body": {"text": {"text": "Dear {{ name }}, {% if old %}welcome back{% else %}hello{% endif %} {{ x | default('friend') }}"}},
        "tags": ["ship-{{ shop }}", "fixed"],
        "n": 1,
        "vars": {"a": ["b", 2]},
    }  # fmt: skip
    problems: list[tuple[KeyPath, TemplateProblem]] = []
    found = list(literal_texts(build_tree(message, ("message",), problems)))
    assert problems == []
    assert {text for at, text in found if at[-1] == "text"} == {"Dear ", ", ", "welcome back", "hello", " ", "friend"}
    assert [(at, text) for at, text in found if at[1] != "body"] == [
        (("message", "tags", 0), "ship-"),
        (("message", "tags", 1), "fixed"),
        (("message", "vars", "a", 0), "b"),
    ]
