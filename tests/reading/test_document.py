"""YAML as plain data, and everything that is refused instead of being read as something else."""

from __future__ import annotations

import time
from typing import Any

import pytest
from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.reading.documents.document import Document
from sendspec.reading.documents.yaml_reader import read_document
from sendspec.reading.files.text_file import TextFile

MAX_SECONDS = 2.0
"""Of the processor: twice what is promised, for machines with other work."""


def read(text: str) -> tuple[Document | None, list[Diagnostic]]:
    problems = Problems()
    document = read_document(TextFile("spec.yaml", text), problems)
    return document, list(problems)


def good(text: str) -> Document:
    document, problems = read(text)
    assert not problems
    assert document is not None
    return document


def bad(text: str) -> list[Diagnostic]:
    document, problems = read(text)
    assert document is None
    assert problems
    return problems


def place(diagnostic: Diagnostic) -> tuple[str, int, int]:
    return diagnostic.code, diagnostic.span.start.line, diagnostic.span.start.column


def underlined(text: str, diagnostic: Diagnostic) -> str:
    """What the first line of the problem's span covers."""
    line = text.split("\n")[diagnostic.span.start.line - 1]
    end = diagnostic.span.end.column - 1 if diagnostic.span.end.line == diagnostic.span.start.line else len(line)
    return line[diagnostic.span.start.column - 1 : end]


# ── data ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("NO", "NO"),
        ("yes", "yes"),
        ("on", "on"),
        ("12:30", "12:30"),
        ("2026-12-01", "2026-12-01"),
        ("2026-12-01T09:00:00Z", "2026-12-01T09:00:00Z"),
        ("1_000", "1_000"),
        ("0b101", "0b101"),
        ("+31612345678", "+31612345678"),
        ("+1.5", "+1.5"),
        ("06-12345678", "06-12345678"),
        ("٠٦١٢", "٠٦١٢"),
        ("١٢", "١٢"),
        ("1 000", "1 000"),
        ("1.2.3", "1.2.3"),
        ("tRUE", "tRUE"),
        ("true", True),
        ("False", False),
        ("", None),
        ("~", None),
        ("null", None),
        ("0", 0),
        ("-7", -7),
        ("999999999999999999", 999_999_999_999_999_999),
        ("0x1F", 31),
        ("0o17", 15),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("0.015706188767005497", 0.015706188767005497),
        ("'0612345678'", "0612345678"),
        ('"a\\tb\\nc\\u00e9"', "a\tb\ncé"),
        ('"\\ud83d\\ude00!"', "😀!"),
        ("'it''s'", "it's"),
        ("!!str 0612345678", "0612345678"),
        ("Hi {{ name }}", "Hi {{ name }}"),
        ("a#b", "a#b"),
        ("a # b", "a"),
    ],
)
def test_a_scalar_is_what_yaml_1_2_says_and_never_another_text(written: str, value: object) -> None:
    data = good(f"k: {written}\n").data
    assert data == {"k": value}
    assert type(data["k"]) is type(value)


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("---\na: 1\n", {"a": 1}),
        ("a: 1\n...\n", {"a": 1}),
        ("%YAML 1.1\n---\na: NO\n", {"a": "NO"}),
        ("a:\n- 1\n- - 2\n  - b: c\n", {"a": [1, [2, {"b": "c"}]]}),
        ("{a: [b, {c: d}], 'e': null}\n", {"a": ["b", {"c": "d"}], "e": None}),
        ("1: a\ntrue: b\n012: c\n'': d\n", {"1": "a", "true": "b", "012": "c", "": "d"}),
        ("a: |\n  x\n   y\n\n  z\n", {"a": "x\n y\n\nz\n"}),
        ("a: >-\n  x\n  y\n\n  z\n", {"a": "x y\nz"}),
        ("a: &n {b: 1}\nc: [*n, *n]\n", {"a": {"b": 1}, "c": [{"b": 1}, {"b": 1}]}),
        ("a: &n 1\nb: &n 2\nc: *n\n", {"a": 1, "b": 2, "c": 2}),
        ('{"<<": 1}\n', {"<<": 1}),
        ("text\n", "text"),
        ("- a\n", ["a"]),
    ],
)
def test_documents_are_plain_data(text: str, data: Any) -> None:
    assert good(text).data == data


# ── guards ───────────────────────────────────────────────────────────────────────────────────────────────────────────

BOMB = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9) if n else 'x'}]\n" for n in range(20))
MERGE_BOMB = "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 30))
DEEP_ALIASES = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 60))


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("", "empty-spec", 1, 1),
        (" \n\n", "empty-spec", 1, 1),
        ("# only a comment\n\n", "empty-spec", 1, 1),
        ("---\n", "empty-spec", 1, 1),
        ("a: 1\n---\nb: 2\n", "several-documents", 2, 1),
        ("a: 1\n...\n---\nb: 2\n", "several-documents", 3, 1),
        ("a: 1\n---\n", "several-documents", 2, 1),
        ("a:\n\tb: 1\n", "yaml-tab", 2, 1),
        ("a:\n  b: 1\n \tc: 2\n", "yaml-tab", 3, 2),
        ("a:\tb\n", "yaml-tab", 1, 3),
        ("to: a\nx: 1\nto: b\n", "duplicate-key", 3, 1),
        ("x: {a: 1, 'a': 2}\n", "duplicate-key", 1, 11),
        ("phone: 0612345670\n", "unquoted-number", 1, 8),
        ("- 00\n", "unquoted-number", 1, 3),
        ("a: -012\n", "unquoted-number", 1, 4),
        ("a: 01.5\n", "unquoted-number", 1, 4),
        ("a: .inf\n", "unquoted-number", 1, 4),
        ("a: +.inf\n", "unquoted-number", 1, 4),
        ("a: -.INF\n", "unquoted-number", 1, 4),
        ("a: .nan\n", "unquoted-number", 1, 4),
        ("a: 1e400\n", "unquoted-number", 1, 4),
        ("a: 1e-400\n", "unquoted-number", 1, 4),
        (f"a: {'9' * 5_000}\n", "number-too-long", 1, 4),
        (f"a: {'9' * 19}\n", "number-too-long", 1, 4),
        (f"a: 0x{'f' * 5_000}\n", "number-too-long", 1, 4),
        (f"a: 0x{'f' * 16}\n", "number-too-long", 1, 4),
        (f"a: 0o{'7' * 5_000}\n", "number-too-long", 1, 4),
        (f"a: 0.{'1' * 5_000}\n", "number-too-long", 1, 4),
        ("a: 1e" + "9" * 5_000 + "\n", "number-too-long", 1, 4),
        (BOMB, "alias-expansion", 5, 35),
        (MERGE_BOMB, "merge-key", 2, 10),
        (DEEP_ALIASES, "nesting-depth", 40, 12),
        ("b: &b {x: 1}\nc:\n  <<: *b\n", "merge-key", 3, 3),
        ("a: &a [*a]\n", "alias-loop", 1, 8),
        ("a: &a {b: [1, *a]}\n", "alias-loop", 1, 15),
        ("&a a: &b [*b]\n", "alias-loop", 1, 11),
        ("a: *b\n", "unknown-alias", 1, 4),
        ("[" * 100_000, "nesting-depth", 1, 41),
        ("{a: " * 50_000, "nesting-depth", 1, 161),
        ("- " * 1_000, "nesting-depth", 1, 81),
        ("".join(" " * n + "a:\n" for n in range(60)), "nesting-depth", 41, 41),
        ("a: !!python/object/apply:os.system [ls]\n", "yaml-tag", 1, 4),
        ("a: !!binary aGk=\n", "yaml-tag", 1, 4),
        ("a: &x !foo b\n", "yaml-tag", 1, 7),
        ("a: ! 12\n", "yaml-tag", 1, 4),
        ("!!str a: 1\n!!int b: 2\n", "yaml-tag", 2, 1),
        ("a: !!str [b]\n", "yaml-tag", 1, 4),
        ("a: !x!y z\n", "yaml-tag", 1, 4),
        ("%TAG ! tag:example.com,2026:\n---\na: !b c\n", "yaml-tag", 3, 4),
        ('a: "x\\e[0m"\n', "forbidden-character", 1, 6),
        ('a: "x\\u202ey"\n', "forbidden-character", 1, 6),
        ('"\\0": 1\n', "forbidden-character", 1, 2),
        ('a: "\\N"\n', "forbidden-character", 1, 5),
        ('a: "\\L"\n', "forbidden-character", 1, 5),
        ('a: "\\ud83d."\n', "forbidden-character", 1, 5),
        ('a: "b\n\n  \\x07"\n', "forbidden-character", 3, 3),
        ("[a]: 1\n", "key-not-text", 1, 1),
        ("x: 1\n{a: 1}: 1\n", "key-not-text", 2, 1),
        ("? [a, b]\n: 1\n", "key-not-text", 1, 3),
        ("a: &a x\n*a : 1\n", "key-not-text", 2, 1),
        (": 1\n", "key-not-text", 1, 1),
        ("{{ x }}: 1\n", "key-not-text", 1, 1),
    ],
)
def test_what_yaml_would_do_behind_its_users_back_is_refused_in_its_place(
    text: str, code: str, line: int, column: int
) -> None:
    began = time.process_time()
    problems = bad(text)
    assert time.process_time() - began < MAX_SECONDS
    assert place(problems[0]) == (code, line, column)
    for problem in problems:
        assert problem.path == "spec.yaml"
        assert problem.span.start < problem.span.end
        assert problem.fix[0].islower()


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
        ("a: b: c\n", 1, 5, "a second `: ` stands in one value"),
        ("a: 1\n  b: 2\n", 2, 4, "a key stands inside the value of the line before it"),
        ("a:\n    b: 1\n  c: 2\n", 3, 3, "this line is not indented like the ones it belongs to"),
        ("a: 1\nb\nc: 2\n", 2, 1, "this line is neither a key with a value nor part of the value before it"),
        ('a: "b" c\n', 1, 8, "something stands after the end of the value"),
        ("a: 'it's'\n", 1, 8, "something stands after the end of the value"),
        ("a: @b\n", 1, 4, "a value can't begin with @ unless it stands in quotes"),
        ("a: `b`\n", 1, 4, "a value can't begin with ` unless it stands in quotes"),
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
        ("a: 1\n... x\n", 2, 5, "something stands after the end of the document"),
    ],
)
def test_broken_yaml_is_explained_where_it_broke(text: str, line: int, column: int, problem: str) -> None:
    found = bad(text)[0]
    assert place(found) == ("yaml-syntax", line, column)
    assert found.problem == problem


def test_a_repeated_key_names_the_first_place() -> None:
    (found,) = bad("a:\n  to: x\n  from: y\n  to: z\n")
    assert found.problem == "the key 'to' stands here a second time"
    assert found.also == ("the first is on line 2, column 3",)
    assert found.excerpt == "  to: z"


def test_all_problems_are_found_at_once() -> None:
    text = 'a: 0612345678\nb: "\\e"\nc: !x y\na: {{ t }}\nd: [*n]\n'
    assert [place(found) for found in bad(text)] == [
        ("unquoted-number", 1, 4),
        ("forbidden-character", 2, 5),
        ("yaml-tag", 3, 4),
        ("duplicate-key", 4, 1),
        ("unquoted-template", 4, 4),
        ("unknown-alias", 5, 5),
    ]


def test_thousands_of_problems_stay_a_thousand_and_quick() -> None:
    for text in ("a: 1\n" * 60_000, "{" + "a: 1, " * 60_000 + "}"):
        began = time.process_time()
        assert len(bad(text)) == 1_000
        assert time.process_time() - began < MAX_SECONDS


def test_a_number_with_a_leading_zero_is_shown_in_quotes_and_masked() -> None:
    (short,) = bad("code: 0042\n")
    assert short.fix == 'put it in quotes: "0042"'
    (long,) = bad("phone: 0612345670\n")
    assert long.fix == 'put it in quotes: "06••••••70"'
    assert "0612345670" not in repr(long)


# ── templates without quotes ─────────────────────────────────────────────────────────────────────────────────────────


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


# ── places ───────────────────────────────────────────────────────────────────────────────────────────────────────────

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


# ── size ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_large_file_without_aliases_passes() -> None:
    data = good("".join(f"k{n}: v{n}\n" for n in range(20_000))).data
    assert len(data) == 20_000


def test_what_a_file_writes_out_does_not_count_as_expansion() -> None:
    rows = "  - {phone: '+31612345678', shop: *shop}\n" * 4_000
    assert len(good(f"shop: &shop Acme\nrecipients:\n{rows}").data["recipients"]) == 4_000


def test_forty_levels_pass_and_one_more_does_not() -> None:
    assert good("[" * 40 + "x" + "]" * 40)
    assert place(bad("[" * 41 + "]" * 41)[0]) == ("nesting-depth", 1, 41)


@pytest.mark.parametrize(
    "text",
    [
        "#" + "x" * 999_000 + "\na: 1\n",
        "a: " + "x" * 990_000 + "\n",
        "a: |\n" + "  x\n" * 200_000,
        "\n" * 900_000 + "a: 1",
    ],
)
def test_the_largest_texts_are_read_in_a_bounded_time(text: str) -> None:
    began = time.process_time()
    assert good(text)
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    "text",
    ["a: *0612345678\n", "0612345678: 1\n0612345678: 2\n", "a: &0612345678 [*0612345678]\n", "a: !0612345678 b\n"],
)
def test_a_number_that_stands_as_a_name_is_quoted_masked(text: str) -> None:
    _, [problem] = read(text)
    assert "06••••••78" in problem.problem
    assert "0612345678" not in problem.problem + problem.fix + problem.excerpt


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ('a: "Hi {{ name | default("you") }}"\n', "the quote before it ends the value: inside, write ' or \\\""),
        ("a: 'it's'\n", 'the quote before it ends the value: inside, write it twice, or put " around the value'),
    ],
)
def test_a_quote_inside_of_quotes_is_explained(text: str, fix: str) -> None:
    assert bad(text)[0].fix == fix
