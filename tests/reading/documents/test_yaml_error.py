"""Broken YAML is explained where it broke."""

from __future__ import annotations

import pytest
from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.reading.documents.yaml_reader import read_document
from sendspec.reading.files.text_file import TextFile


def bad(text: str) -> list[Diagnostic]:
    problems = Problems()
    assert read_document(TextFile("spec.yaml", text), problems) is None
    found = list(problems)
    assert found
    return found


def place(diagnostic: Diagnostic) -> tuple[str, int, int]:
    return diagnostic.code, diagnostic.span.start.line, diagnostic.span.start.column


def underlined(text: str, diagnostic: Diagnostic) -> str:
    """What the first line of the problem's span covers."""
    line = text.split("\n")[diagnostic.span.start.line - 1]
    end = diagnostic.span.end.column - 1 if diagnostic.span.end.line == diagnostic.span.start.line else len(line)
    return line[diagnostic.span.start.column - 1 : end]


@pytest.mark.parametrize(
    ("text", "line", "column", "problem"),
    [
        ('a: 1\nb: "x\nc: 2\n', 2, 4, "this quote is not closed"),
        ("a: 'x\n---\n", 1, 4, "this quote is not closed"),
        ("a: [b\nc: d\n", 1, 4, "the list that begins here is not closed"),
        ("a: {b: 1\nc: 2\n", 1, 4, "the mapping that begins here is not closed"),
        ("a: [b, 'c' d]\n", 1, 12, "the list is neither closed here, nor does a comma follow"),
        ("a: [b,,c]\n", 1, 7, "a value is missing before this comma"),
        ("a: 1\n]\n", 2, 1, "this ] closes nothing"),
        ("a: b: c\n", 1, 5, "there is a second `: ` in one value"),
        ("a: 1\n  b: 2\n", 2, 3, "`b` is indented below `a`, which has the value '1'"),
        ("a: 1\n  a: 2\n", 1, 4, "`a` has the value '1', so no keys can be below it"),
        (
            "a: b\n  c\n  d: 2\n",
            3,
            3,
            "'d: 2' goes on with the text of `a` in line 1, and YAML takes its `: ` for a key",
        ),
        ("a:\n  b\n  c\n    d: 2\n", 4, 6, "there is a key inside the value of the line before"),
        ("a:\n    b: 1\n  c: 2\n", 3, 3, "this line is not indented like the ones it belongs to"),
        ("a: 1\nb\nc: 2\n", 2, 1, "this line is neither a key with a value nor part of the value before it"),
        ('a: "b" c\n', 1, 8, "there is text after the end of the value"),
        ("a: 'it's'\n", 1, 8, "there is text after the end of the value"),
        ("a: @b\n", 1, 4, "a value can't begin with @ unless it is in quotes"),
        ("a: `b`\n", 1, 4, "a value can't begin with ` unless it is in quotes"),
        ("a: *\n", 1, 5, "a name is missing after & or *"),
        ("a: >b\n", 1, 5, "only a line end can follow > or | here"),
        ("a: |0\n  b\n", 1, 5, "0 can't be the indentation of a text block"),
        ("a: - b\n", 1, 4, "a list entry can't begin here"),
        ('a: "\\q"\n', 1, 6, "YAML knows no such escape after \\"),
        ('a: "\\u12"\n', 1, 7, "this escape has too few digits"),
        ('a: "\\U00110000"\n', 1, 5, "no character has this number"),
        ('a: 1\nb: "\\Uffffffff"\n', 2, 5, "no character has this number"),
        ("%YAML 3.0\n---\na: 1\n", 1, 1, "this YAML version is unknown"),
        ("%YAML 1." + "9" * 5_000 + "\n---\na: 1\n", 1, 1, "YAML can't make sense of what follows"),
        ("a: 1\n... x\n", 2, 5, "there is text after the end of the document"),
    ],
)
def test_broken_yaml_is_explained_where_it_broke(text: str, line: int, column: int, problem: str) -> None:
    found = bad(text)[0]
    assert place(found) == ("yaml-syntax", line, column)
    assert found.problem == problem


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ('a: "Hi {{ name | default("you") }}"\n', "the quote before it ends the value: inside, write ' or \\\""),
        ("a: 'it's'\n", 'the quote before it ends the value: inside, write it twice, or put " around the value'),
    ],
)
def test_a_quote_inside_of_quotes_is_explained(text: str, fix: str) -> None:
    assert bad(text)[0].fix == fix
