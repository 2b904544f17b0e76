"""Every key and value of a document has its place in the file."""

from __future__ import annotations

from typing import Any

import pytest
from sendspec.diagnostics.diagnostic import Problems
from sendspec.reading.documents.document import Document
from sendspec.reading.documents.yaml_reader import read_document
from sendspec.reading.files.text_file import TextFile


def good(text: str) -> Document:
    problems = Problems()
    document = read_document(TextFile("spec.yaml", text), problems)
    assert not list(problems)
    assert document is not None
    return document


TEXT = """\
# a comment
name: order-shipped   # why
recipients:
  - {phone: '+31612345678', first_name: Robert}

  - phone: "+31687654321"
    first_name: &who Ana
message:
  text: >
    Hi {{ first_nmae }},

    yours

  # the end
  who: *who
  access_key: 0aKd93kdXw
"""


def spot(span: Any) -> tuple[int, int, int, int]:
    return span.start.line, span.start.column, span.end.line, span.end.column


def test_keys_and_values_know_where_they_stand() -> None:
    document = good(TEXT)
    assert spot(document.span(("name",))) == (2, 7, 2, 20)
    assert spot(document.key_span(("name",))) == (2, 1, 2, 5)
    assert spot(document.span(("recipients", 0))) == (4, 5, 4, 48)
    assert spot(document.key_span(("recipients", 0))) == (4, 5, 4, 48)
    assert spot(document.span(("recipients", 0, "phone"))) == (4, 13, 4, 27)
    assert spot(document.key_span(("recipients", 1, "first_name"))) == (7, 5, 7, 15)
    assert spot(document.span(("recipients",))) == (4, 3, 7, 25)
    assert spot(document.span(("message", "text"))) == (9, 9, 12, 10)
    assert spot(document.span(())) == (2, 1, 16, 25)
    assert spot(document.span(("message", "who"))) == (15, 8, 15, 12)


def test_a_path_that_is_not_there_is_blamed_on_its_nearest_parent() -> None:
    document = good(TEXT)
    assert ("message", "body") not in document
    assert document.span(("message", "body", "type")) == document.span(("message",))
    assert document.key_span(("message", "body", "type")) == document.key_span(("message",))


def test_a_path_through_an_alias_leads_to_the_anchors_content() -> None:
    text = "a: &n {b: [1, {c: x}]}\nd: [*n]\n"
    document = good(text)
    assert ("d", 0, "b", 1, "c") in document
    assert document.span(("d", 0, "b", 1, "c")) == document.span(("a", "b", 1, "c"))
    assert spot(document.span(("d", 0))) == (2, 5, 2, 7)


def test_characters_of_a_value_are_found_in_the_file() -> None:
    document = good(TEXT)
    value = document.data["message"]["text"]
    start = value.index("first_nmae")
    assert spot(document.span_within(("message", "text"), start, start + 10)) == (10, 11, 10, 21)
    assert spot(document.span_within(("message", "who"), 0, 1)) == (7, 22, 7, 23)
    assert spot(document.span_within(("recipients", 0, "phone"), 1, 3)) == (4, 15, 4, 17)


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a:\n  b: |2\n      x {{ y }}\n", 3, 9),
        ("a:\n  b: >2-\n    x\n    {{ y }}\n", 4, 5),
        ("a:\n  b: |\n    x\n     {{ y }}\n", 4, 6),
        ("a:\n    b: x\n     {{ y }}\n", 3, 6),
        ("a:\n    b: 'x\n\n     {{ y }}'\n", 4, 6),
    ],
)
def test_characters_of_an_indented_text_are_found_in_the_file(text: str, line: int, column: int) -> None:
    document = good(text)
    start = document.data["a"]["b"].index("{{")
    assert spot(document.span_within(("a", "b"), start, start + 7)) == (line, column, line, column + 7)


def test_an_escape_is_marked_whole() -> None:
    document = good('a: "\\u00e9{{ x }}\\ud83d\\ude00"\n')
    assert spot(document.span_within(("a",), 0, 1)) == (1, 5, 1, 11)
    assert spot(document.span_within(("a",), 1, 8)) == (1, 11, 1, 18)
    assert spot(document.span_within(("a",), 8, 9)) == (1, 18, 1, 30)


@pytest.mark.parametrize(("start", "end"), [(0, 0), (5, 4), (-1, 2), (0, 999)])
def test_characters_that_are_not_there_are_blamed_on_the_whole_value(start: int, end: int) -> None:
    document = good(TEXT)
    assert document.span_within(("name",), start, end) == document.span(("name",))


def test_a_number_has_no_characters_of_its_own() -> None:
    document = good("a: 12\n")
    assert document.span_within(("a",), 0, 1) == document.span(("a",))


def test_the_written_form_leaves_out_anchors_and_tags() -> None:
    document = good("a: &n !!str 1.50\nb: *n\nc: 1.50\nd:\n  e: |\n    x\n\n")
    assert document.written(("a",)) == "1.50"
    assert document.written(("b",)) == "1.50"
    assert document.written(("c",)) == "1.50"
    assert document.written(("d", "e")) == "|\n    x"
    assert document.written(("x",)) == ""


def test_excerpts_hide_numbers_and_keys_in_their_columns() -> None:
    document = good(TEXT)
    assert document.excerpt(4) == "  - {phone: '+31•••••••78', first_name: Robert}"
    assert document.excerpt(16) == "  access_key: ••••••••••"
    assert document.excerpt(0) == document.excerpt(99) == ""


def test_a_diagnostic_stands_at_the_key_the_value_or_some_characters() -> None:
    document = good(TEXT)
    words: dict[str, Any] = {"code": "x", "problem": "p", "fix": "f"}
    assert document.diagnostic(("name",), **words).span == document.span(("name",))
    assert document.diagnostic(("name",), key=True, **words).span == document.key_span(("name",))
    within = document.diagnostic(("name",), within=(0, 5), **words)
    assert spot(within.span) == (2, 7, 2, 12)
    assert within.excerpt == "name: order-shipped   # why"
    assert within.path == "spec.yaml"
