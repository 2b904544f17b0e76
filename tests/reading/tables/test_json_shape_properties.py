"""Laws of shapes of JSON lines: lines that match one are read as a careful reading reads them."""

from __future__ import annotations

import json
import os
import re
import tempfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from long_rows import holds_for
from sendspec.diagnostics.diagnostic import Problems
from sendspec.reading.files.input_file import InputFile
from sendspec.reading.tables.json_lines import JsonLinesTable, keys_of_lines
from sendspec.reading.tables.json_object import read_object
from sendspec.reading.tables.json_shape import HARMLESS_ESCAPE, MAX_SPELLED, LineShapes
from sendspec.reading.tables.line_problem import LineProblem

SAMPLES: list[dict[str, object]] = [
    {"phone": "+31612345678", "name": "Zoë", "n": 3},
    {"phone": "06", "name": None, "n": 1.5, "ok": True},
    {"a": {"b": ["x", 1], "c": [{"d": "", "e": 2}]}, "name": ""},
    {},
]
VALUES = [
    '"x"', '""', '"Zoë 😀"', '"a:b, c"', "1", "0", "-7", "123456789012345678", "1234567890123456789", "18446744073709551616",
    "1e400", "1E5", "-0", "-0.0", "0.50", "12.5", "1.", ".5", "01", "+1", "NaN", "Infinity", "0.0", "0.00", "1.0", "0.10", "12.50",
    "0.0001", "0.00012", "0.00001", "0.000012", "-0.5", "-0.00", "00.5", "999999999.999999", "9999999999.9", "1.0000001",
    "0.1000000000000000055", "123456789012345678.5", "1.00e2", "3.5000000000000001", "100000000000000000.0",
    "true", "false", "null", "nul",
    '"\\u00e9"', '"\\ud83d\\ude00"', '"\\ud83d"', '"\\ude00\\ud83d"', '"\\u0000"', '"\\u202e"', '"\\r"', '"\\r\\n"', '"\\n\\t\\""',
    '"\\b"', '"\\x"', '"\\"', '"x\ny"', '"x\r\ny"', '"x\ty"', '"\u2028"', '"\ufffe"', '"\u2028\\n"', '"\u202e"', '"\x00"', '"\x85"',
    "[]", "[1, 2]", '["x", 1]', '[{"d": "", "e": 2}]', '[{"d": "", "d": 2}]', '{"b": ["x"], "c": []}', '{"b": 1, "b": 2}', "{}",
    "[1,]", "[" * 50 + "]" * 50, "'x'", "",
]  # fmt: skip
KEYS = ["phone", "name", "n", "ok", "a", "\\u0061", "é", "b:", "x y", ""]
PIECES = [
    "{",
    "}",
    "[",
    "]",
    ":",
    ", ",
    ",",
    '"',
    '"phone": "06"',
    '"n": 1',
    " ",
    "\t",
    "\n",
    "\r\n",
    "\r",
    "\\",
    "\ufeff",
    "null",
    "x",
]
MEMBERS = st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from(VALUES)), max_size=4)
SEPARATORS = st.sampled_from([(", ", ": "), (",", ":"), (" , ", " : ")])
ENDS = st.sampled_from(["\n", "\r\n", "\n\n", " \n", "", "x\n", "{}\n"])


def written(members: list[tuple[str, str]], separators: tuple[str, str], end: str) -> str:
    between, colon = separators
    return "{" + between.join(f'"{key}"{colon}{value}' for key, value in members) + "}" + end


def varied(line: tuple[int, dict[int, str], tuple[str, str], str]) -> str:
    """A sample's line in which some values are others."""
    number, replaced, separators, end = line
    members = [(key, json.dumps(value, ensure_ascii=False)) for key, value in SAMPLES[number].items()]
    members = [(key, replaced.get(at, value)) for at, (key, value) in enumerate(members)]
    return written(members, separators, end)


VARIED = st.tuples(
    st.integers(0, len(SAMPLES) - 1), st.dictionaries(st.integers(0, 3), st.sampled_from(VALUES), max_size=2), SEPARATORS, ENDS
).map(varied)  # fmt: skip
LINES = st.one_of(
    VARIED,
    VARIED,
    st.tuples(MEMBERS, SEPARATORS, ENDS).map(lambda each: written(*each)),
    st.lists(st.sampled_from(PIECES), max_size=8).map("".join),
)
TABLES = st.lists(LINES, max_size=12).map("".join)


def read(content: str, samples: list[dict[str, object]]) -> tuple[object, ...]:
    """What a table with these lines is, when the shapes of `samples` are known: columns, rows with types, and problems.

    The columns of `SAMPLES` are always there: a shape is learned from a line of the table, whose columns are known.
    """
    shapes = LineShapes()
    for sample in samples:
        shapes.learn(sample)
    with tempfile.TemporaryFile() as held:
        held.write(content.encode("utf-8", "surrogatepass"))
        held.flush()
        file, problems = InputFile(os.dup(held.fileno()), None), Problems()
        columns, _ = keys_of_lines("t.jsonl", file, shapes)
        table = JsonLinesTable("t.jsonl", file, columns, shapes)
        rows = [(row.line, typed(row.values)) for row in table.rows(problems)]
        table.close()
    return {*columns, *(key for sample in SAMPLES for key in sample)}, rows, list(problems)


def typed(value: object) -> object:
    """The value with its types, and its numbers as they are spelled."""
    if isinstance(value, dict):
        return [(key, typed(each)) for key, each in value.items()]
    if isinstance(value, float):
        return float, str(value), float(value)
    return list(map(typed, value)) if isinstance(value, list) else (type(value), str(value))


@holds_for(200, 700, TABLES)
def test_lines_that_match_a_shape_are_read_as_the_others(content: str) -> None:
    """Whatever the lines hold, known shapes change neither columns nor rows nor problems."""
    assert read(content, SAMPLES) == read(content, [])


@pytest.mark.parametrize(
    "sample",
    [{"a": 1, "b": "x"}, {"a": 1.5, "b": "x"}, {"a": 0.25, "b": "x"}, {"a": [1], "b": "x"}, {"a": {"b": 1}, "b": "x"}],
)
@pytest.mark.parametrize("beside", ['"x"', r'"\n"'])
@pytest.mark.parametrize("separators", [(", ", ": "), (",", ":")])
def test_a_hostile_value_between_usual_lines_is_read_as_elsewhere(
    sample: dict[str, object], beside: str, separators: tuple[str, str]
) -> None:
    usual = json.dumps(sample).replace("1.5", "1.50") + "\n"
    for value in [*VALUES, *(f"[{value}]" for value in VALUES), *(f'{{"b": {value}}}' for value in VALUES)]:
        line = written([("a", value), ("b", beside)], separators, "\n")
        assert read(usual + line + usual, [sample])[1:] == read(usual + line + usual, [])[1:], line


@given(st.lists(st.sampled_from([*KEYS, *PIECES]), max_size=3).map("".join), st.sampled_from(VALUES))
def test_no_key_is_taken_for_another(key: str, value: str) -> None:
    sample: dict[str, object] = {key: "x", "phone": "06"}
    line = f'{{{json.dumps(key, ensure_ascii=False)}: "x", "phone": {value}}}\n'
    assert read(line * 3, [sample])[1:] == read(line * 3, [])[1:]


@pytest.mark.parametrize("spelling", ["04x", "04X"])
def test_an_escape_is_harmless_only_where_its_character_is_allowed(spelling: str) -> None:
    harmless = {code for code in range(1 << 16) if re.fullmatch(HARMLESS_ESCAPE, f"\\u{code:{spelling}}")}
    allowed = {code for code in range(1 << 16) if not isinstance(read_object(f'{{"a": "\\u{code:04x}"}}'), LineProblem)}
    assert harmless <= allowed
    assert allowed - harmless == {ord("\t"), ord("\n")}


@pytest.mark.parametrize(
    ("escape", "is_harmless"),
    [(r"\n", True), (r"\t", True), (r"\"", True), (r"\\", True), (r"\/", True), (r"\r\n", True), (r"\r", False), (r"\b", False),
     (r"\f", False), (r"\ud83d\ude00", True), (r"\uD83D\uDE00", True), (r"\ud83d", False), (r"\ude00\ud83d", False), (r"\U00e9", False)],
)  # fmt: skip
def test_other_escapes_are_harmless_where_they_make_an_allowed_text(escape: str, is_harmless: bool) -> None:
    assert bool(re.fullmatch(HARMLESS_ESCAPE, escape)) is is_harmless
    assert isinstance(read_object(f'{{"a": "{escape}"}}'), LineProblem) is not is_harmless


def test_lines_like_earlier_ones_match_their_shape() -> None:
    shapes = LineShapes()
    for sample in SAMPLES:
        shapes.learn(sample)
    for sample in SAMPLES:
        for separators in ((", ", ": "), (",", ":")):
            for ascii_only in (False, True):
                line = json.dumps(sample, ensure_ascii=ascii_only, separators=separators) + "\n"
                assert shapes.match(line * 3, len(line))[0] == 3 * len(line), line


def test_lines_with_escaped_quotes_match() -> None:
    shapes = LineShapes()
    shapes.learn({"a": "x", "b": "y"})
    line = '{"a": "say \\"hi\\"", "b": "Caf\\u00e9"}\n'
    assert shapes.match(line * 3, 0)[0] == 3 * len(line)


def test_a_text_of_which_all_lines_match_is_known_again_only_as_it_was_and_where_it_was() -> None:
    shapes = LineShapes()
    shapes.learn({"a": "x"})
    text = '{"a": "y"}\n' * 2
    end, read = shapes.match(text, 0)
    assert end == len(text)
    shapes.remember(7, text, read)
    assert shapes.known(7, text) is read
    assert shapes.known(7, text.replace("y", "\\r")) is None
    assert shapes.known(8, text) is None


def test_decimals_keep_their_spelling_however_many_there_are() -> None:
    shapes = LineShapes()
    shapes.learn({"a": 1.5})
    text = "".join(f'{{"a": {number % (MAX_SPELLED + 10)}.50}}\n' for number in range(2 * MAX_SPELLED))
    end, read = shapes.match(text, 0)
    found = read(text)
    assert end == len(text)
    assert found is not None
    assert [str(each["a"]) for each in found] == [line[6:-1] for line in text.splitlines()]
