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
        ("a: &x # !no\n  !foo b\n", "yaml-tag", 2, 3),
        ("a: !foo &x b\n", "yaml-tag", 1, 4),
        ("a: !foo # no tag\n  &x b\n", "yaml-tag", 1, 4),
        ("a: !foo &x {b: c}\n", "yaml-tag", 1, 4),
        ("!foo &x\n- b\n", "yaml-tag", 1, 1),
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


def test_a_repeated_key_names_the_first_place() -> None:
    (found,) = bad("a:\n  to: x\n  from: y\n  to: z\n")
    assert found.problem == "the key 'to' appears a second time"
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


def test_the_thousandth_problem_may_be_the_one_that_ends_the_document() -> None:
    found = bad("a: 1\n" * 1_000 + "b: 'x\n")
    assert (len(found), found[-1].code) == (1_000, "yaml-syntax")


def test_a_number_with_a_leading_zero_is_shown_in_quotes_and_masked() -> None:
    (short,) = bad("code: 0042\n")
    assert short.fix == 'put it in quotes: "0042"'
    (long,) = bad("phone: 0612345670\n")
    assert long.fix == 'put it in quotes: "06••••••70"'
    assert "0612345670" not in repr(long)


def test_a_large_file_without_aliases_passes() -> None:
    data = good("".join(f"k{n}: v{n}\n" for n in range(11_000))).data
    assert len(data) == 11_000


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
