"""JSON lines: types as written, null as missing, every fault at its place."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from pathlib import Path

import pytest
from sendspec.diagnostics.diagnostic import Diagnostic
from sendspec.reading.tables.row import Row
from table_files import opened


def by_name(rows: Iterable[Row]) -> list[Row]:
    """Each row with its values by name, whatever kind of table it is from."""
    return [Row(row.line, row.values) for row in rows]


def read(
    folder: Path, content: str | bytes, name: str = "people.csv", options: str = ""
) -> tuple[list[Row], list[Diagnostic]]:
    table, problems = opened(folder, content, name, options)
    rows = [] if table is None else by_name(table.rows(problems))
    if table is not None:
        table.close()
    return rows, list(problems)


def values(rows: list[Row]) -> list[dict[str, object]]:
    return [dict(row.values) for row in rows]


def test_json_lines_keep_their_types_and_null_is_missing(tmp_path: Path) -> None:
    text = '{"phone": "+31612345678", "n": 1, "x": null}\n\n{"phone": "06", "ok": true, "l": [1, {"a": 2.5}]}'
    table, problems = opened(tmp_path, text, "p.jsonl")
    assert table is not None
    assert table.columns == ("phone", "n", "x", "ok", "l")
    assert by_name(table.rows(problems)) == [
        Row(1, {"phone": "+31612345678", "n": 1}),
        Row(3, {"phone": "06", "ok": True, "l": [1, {"a": 2.5}]}),
    ]
    assert list(problems) == []


def test_json_may_nest_as_deep_as_a_spec(tmp_path: Path) -> None:
    rows, problems = read(tmp_path, '{"phone": "1", "a": ' + "[" * 39 + "]" * 39 + "}\n", "p.jsonl")
    assert (len(rows), problems) == (1, [])


def test_long_whole_numbers_in_json_lines_stay_whole(tmp_path: Path) -> None:
    rows, _ = read(tmp_path, '{"n": 123456789012345678901234, "l": [123456789012345678901]}\n', "p.ndjson")
    assert values(rows) == [{"n": 123456789012345678901234, "l": [123456789012345678901]}]


JSON_FAULTS: list[tuple[str, str | bytes, str, int, int]] = [
    ("an empty file", "", "no-rows", 1, 1),
    ("a line cut off", '{"phone": "1"}\n{"phone": "1', "json-syntax", 2, 13),
    ("single quotes", "{'phone': '1'}\n", "json-syntax", 1, 2),
    ("not a number", '{"n": NaN}\n', "json-syntax", 1, 7),
    ("an object over several lines", '{\n  "phone": "1"\n}\n', "json-syntax", 1, 1),
    ("a list of objects", '[{"phone": "1"},\n{"phone": "2"}]\n', "json-syntax", 1, 1),
    ("a list", '{"a": 1}\n["a"]\n', "not-an-object", 2, 1),
    ("41 levels", '{"a": ' + "[" * 40 + "]" * 40 + "}\n", "json-too-deep", 1, 1),
    ("500 levels", '{"a": ' + '{"b": ' * 500 + "1" + "}" * 501 + "\n", "json-too-deep", 1, 1),
    ("a text", '"a"\n', "not-an-object", 1, 1),
    ("a repeated key", '{"a": 1, "b": 2, "a": 3}\n', "repeated-key", 1, 18),
    ("a repeated key further in", '{"a": {"b": 1, "b": 1}}\n', "repeated-key", 1, 16),
    ("a repeated key written differently", '{"a": 1, "\\u0061": 1}\n', "repeated-key", 1, 1),
    ("a bidi character", '{"a": 1}\n{"a": "x\u202e"}\n', "forbidden-character", 2, 9),
    ("an escaped NUL", '{"b": 1, "a": "x\\u0000"}\n', "forbidden-character", 1, 16),
    ("an escaped carriage return", '{"a": {"b": ["x\\ry"]}}\n', "forbidden-character", 1, 7),
    ("a long text", '{"a": "' + "x" * 131_073 + '"}\n', "cell-too-long", 1, 8),
    ("Latin-1", '{"a": "Zoë"}\n'.encode("latin-1"), "not-utf8", 1, 10),
    ("gzip", gzip.compress(b'{"a": 1}\n'), "not-text", 1, 1),
]


@pytest.mark.parametrize(
    ("content", "code", "line", "column"), [f[1:] for f in JSON_FAULTS], ids=[f[0] for f in JSON_FAULTS]
)
def test_faulty_json_lines_are_refused_at_the_place_of_the_fault(
    tmp_path: Path, content: str | bytes, code: str, line: int, column: int
) -> None:
    table, problems = opened(tmp_path, content, "p.jsonl")
    is_of_file = code in ("no-rows", "not-text")
    assert (table is None, problems.has_errors) == (is_of_file, is_of_file)
    if table is not None:  # as of other tables, faults of rows are told when rows are read, with those of other rows
        assert [row.line for row in table.rows(problems) if row.line == line] == []
    first = next(iter(problems))
    assert (first.code, first.span.start.line, first.span.start.column) == (code, line, column)


def test_a_colon_in_a_text_is_no_repeated_key_and_newlines_pass(tmp_path: Path) -> None:
    rows, problems = read(tmp_path, '{"a": "12:30", "b": "x\\r\\ny\\tz"}\n', "p.jsonl")
    assert problems == []
    assert values(rows) == [{"a": "12:30", "b": "x\r\ny\tz"}]


def test_a_value_of_json_lines_is_located(tmp_path: Path) -> None:
    text = '{"a": 1}\n{ "phone" : "+31612345678", "n": [1, 2], "é": "漢" }\n'
    table, _ = opened(tmp_path, text, "p.jsonl")
    assert table is not None
    places = {name: table.locate(2, name)[0] for name in ("phone", "n", "é", "other", None)}
    assert {name: (s.start.column, s.end.column) for name, s in places.items()} == {
        "phone": (14, 26),
        "n": (34, 40),
        "é": (48, 49),
        "other": (1, 52),
        None: (1, 52),
    }
    assert table.locate(2, None)[1] == '{ "phone" : "+31•••••••78", "n": [1, 2], "é": "漢" }'
