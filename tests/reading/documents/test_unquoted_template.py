"""Templates without quotes are recognised, marked as a whole, and shown in quotes."""

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
    ("text", "marked", "fix"),
    [
        ("tags: {{ tags }}", "{{ tags }}", 'write "{{ tags }}"'),
        ("tags: {{tags}}", "{{tags}}", 'write "{{tags}}"'),
        ("a: {{ x }} # why", "{{ x }}", 'write "{{ x }}"'),
        ("a: {{ x | default(' # ') }}", "{{ x | default(' # ') }}", "write \"{{ x | default(' # ') }}\""),
        ("a: {{ ttl }} seconds", "{{ ttl }} seconds", 'write "{{ ttl }} seconds"'),
        ("a: {{ name }}, welcome", "{{ name }}, welcome", 'write "{{ name }}, welcome"'),
        ("a: {{ x }}{{ y }}", "{{ x }}{{ y }}", 'write "{{ x }}{{ y }}"'),
        ("a: {{ x }}: {{ y }}", "{{ x }}: {{ y }}", 'write "{{ x }}: {{ y }}"'),
        ("a: {{ x | f(1, 2) }}", "{{ x | f(1, 2) }}", 'write "{{ x | f(1, 2) }}"'),
        ("a: {{ row['First Name'] }}", "{{ row['First Name'] }}", "write \"{{ row['First Name'] }}\""),
        ('a: {{ row["First"] }}', '{{ row["First"] }}', "write '{{ row[\"First\"] }}'"),
        ('a: {{ x or "it\'s" }}', '{{ x or "it\'s" }}', "write '{{ x or \"it''s\" }}'"),
        ("a: {% if x %}y{% endif %}", "{% if x %}y{% endif %}", 'write "{% if x %}y{% endif %}"'),
        ("- {{ x }} and {{ y }}", "{{ x }} and {{ y }}", 'write "{{ x }} and {{ y }}"'),
        ("a: [{{ x }}, b]", "{{ x }}", 'write "{{ x }}"'),
        ("a: {b: {{ x }}, c: d}", "{{ x }}", 'write "{{ x }}"'),
        ("a: {b: Hi {{ x }}}", "Hi {{ x }}", 'write "Hi {{ x }}"'),
        ("a: [b, Hi {{ x }}]", "Hi {{ x }}", 'write "Hi {{ x }}"'),
        ('"a b": {{ x }} y', "{{ x }} y", 'write "{{ x }} y"'),
        ("a: {{ '0612345678' }}", "{{ '0612345678' }}", "write \"{{ '06••••••78' }}\""),
        ("a: {{\n  x }}", "{{", "put quotes around all of it"),
        ("a: {{ x\nb: 1", "{{ x", "put quotes around all of it"),
    ],
)
def test_a_template_without_quotes_is_told_from_a_mapping(text: str, marked: str, fix: str) -> None:
    (found,) = bad(f"{text}\n")
    assert found.code == "unquoted-template"
    assert found.problem == "this template expression needs quotes"
    assert found.note == "YAML reads {{ … }} as a mapping"
    assert underlined(text, found) == marked
    assert found.fix == fix


def test_every_template_without_quotes_is_found() -> None:
    text = "a: {{ x }}\nb:\n  - {{ y }}\n  - c: [{{ z }}]\n"
    assert [underlined(text, found) for found in bad(text)] == ["{{ x }}", "{{ y }}", "{{ z }}"]


def test_what_breaks_behind_a_template_without_quotes_is_not_reported_twice() -> None:
    assert [found.code for found in bad("a: {{ x }}\nb: {{ y }} z\n")] == ["unquoted-template"] * 2


def test_what_breaks_on_another_line_than_a_template_without_quotes_is_reported_too() -> None:
    assert [place(found) for found in bad('a: {{ x }}\nb: 1\nc: "d\n')] == [
        ("unquoted-template", 1, 4),
        ("yaml-syntax", 3, 4),
    ]
