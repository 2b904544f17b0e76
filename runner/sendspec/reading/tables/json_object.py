"""Parses one line of JSON into an object: no duplicate keys, exact numbers, and the place of each value."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from sendspec.diagnostics.characters import forbidden_character
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.redaction import quoted
from sendspec.reading.documents.nesting import is_deeper
from sendspec.reading.documents.number_spelling import SpelledFloat, spelled_integer
from sendspec.reading.tables.csv_record import MAX_CELL
from sendspec.reading.tables.json_fault import EXAMPLE, json_fault
from sendspec.reading.tables.line_problem import LineProblem

MAX_DEPTH = 40
"""The depth that a spec may have too."""
_LONG_NUMBER = lazy_pattern(r"[0-9]{19}")
_MINUS_ZERO = lazy_pattern(r"[\s\[,:]-0[\s\],}]")
_EXACT = frozenset({str, int, bool, type(None)})
_BLANK = lazy_pattern(r"[ \t\r\n]*")
_BARE_RETURN = lazy_pattern(r"\r(?!\n)")


def read_object(text: str) -> dict[str, Any] | LineProblem:
    """The object on one line, its types as written."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return json_fault(text, error.pos)
    if not isinstance(value, dict):
        return _no_object(value)
    if text.count("[") + text.count("{") > MAX_DEPTH and is_deeper(value, MAX_DEPTH):
        return LineProblem("json-too-deep", f"the nesting is deeper than {MAX_DEPTH}", "make it flatter")
    found: dict[str, Any] | LineProblem = value
    if _may_differ(text, value):
        found = _read_slowly(text)
    if isinstance(found, dict) and ("\\" in text or len(text) > MAX_CELL):
        return text_problem(text, found) or found
    return found


def value_places(text: str) -> dict[str, tuple[int, int]]:
    """The start and end offset of each value in `text`, by key; for a string, without the quotes."""
    try:
        return dict(_places(text))
    except ValueError:
        return {}


class _Repeated(Exception):
    def __init__(self, key: str) -> None:
        self.key = key


def _places(text: str) -> Iterator[tuple[str, tuple[int, int]]]:
    read = json.JSONDecoder().raw_decode
    at = _skip(text, _skip(text, 0) + 1)
    while text[at : at + 1] == '"':
        key, at = read(text, at)
        start = _skip(text, _skip(text, at) + 1)
        value, end = read(text, start)
        yield key, (start + 1, end - 1) if isinstance(value, str) else (start, end)
        at = _skip(text, _skip(text, end) + 1)


def _skip(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return at if found is None else found.end()


def _may_differ(text: str, value: Mapping[str, Any]) -> bool:
    """Whether `orjson` may have lost something: a duplicate key, a long integer made a float, a float's spelling, or a -0.

    A line with as many colons as keys has no duplicate key, and no colon inside a string.
    """
    kinds = set(map(type, value.values()))
    if kinds <= _EXACT:
        return text.count(":") != len(value) or (int in kinds and _holds_minus_zero(text))
    if _holds_minus_zero(text):
        return True
    return text.count(":") != _keys_in(value) or _LONG_NUMBER.search(text) is not None or _holds_float(value)


def _holds_minus_zero(text: str) -> bool:
    """Whether a value may be -0; also true of some texts."""
    return "-0" in text and _MINUS_ZERO.search(text) is not None


def _keys_in(value: Any) -> int:
    """The number of keys at all depths."""
    if isinstance(value, dict):
        nested = sum(_keys_in(v) for v in value.values() if isinstance(v, dict | list))
        return len(value) + nested
    return sum(_keys_in(v) for v in value if isinstance(v, dict | list)) if isinstance(value, list) else 0


def _holds_float(value: Any) -> bool:
    """Whether there is a float at any depth."""
    if isinstance(value, float):
        return True
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(map(_holds_float, items))


def _read_slowly(text: str) -> dict[str, Any] | LineProblem:
    """The object with numbers as spelled, exact integers, and no duplicate key. `orjson` makes integers above 64 bits floats."""
    try:
        value: dict[str, Any] = (_read_minus_zero if _holds_minus_zero(text) else _read)(text)
    except _Repeated as repeated:
        return LineProblem(
            "repeated-key",
            f"the key '{quoted(repeated.key)}' appears twice in this object",
            "remove one of them",
            column=_second_place(text, repeated.key),
        )
    except ValueError:
        return LineProblem("json-syntax", "the line has a number that is too long to read", "shorten it")
    return value


def _unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        known: set[str] = set()
        for key, _ in pairs:
            if key in known:
                raise _Repeated(key)
            known.add(key)
    return found


_read = json.JSONDecoder(object_pairs_hook=_unrepeated, parse_float=SpelledFloat).decode
"""One decoder for all lines: `json.loads` creates one for each call."""
_read_minus_zero = json.JSONDecoder(
    object_pairs_hook=_unrepeated, parse_float=SpelledFloat, parse_int=spelled_integer
).decode
"""The same for the rare line with a -0: it calls a function of ours for each integer."""


def _second_place(text: str, key: str) -> int:
    """The column of the second occurrence of `key`; 1 if the line spells it differently."""
    written = re.compile(re.escape(json.dumps(key, ensure_ascii=False)) + r"\s*:")
    found = list(written.finditer(text))
    return found[1].start() + 1 if len(found) > 1 else 1


def text_problem(text: str, value: Mapping[str, Any]) -> LineProblem | None:
    """The first text of the object that can't be used; `text` is the line that it was read from."""
    for key, content in value.items():
        for part in (key, *_texts(content)):
            found = forbidden_character(part) or _BARE_RETURN.search(part)
            if found is not None:
                problem = (
                    f"there is an invisible character in {_shown(key)}, U+{ord(found[0]):04X}, which can't be sent"
                )
                return LineProblem("forbidden-character", problem, "remove it", column=_column(text, key))
            if len(part) > MAX_CELL:
                return LineProblem(
                    "cell-too-long", f"{_shown(key)} is longer than 128 KB", "shorten it", column=_column(text, key)
                )
    return None


def _shown(key: str) -> str:
    return f"'{quoted(key[:60])}'"


def _column(text: str, key: str) -> int:
    return value_places(text).get(key, (0, 0))[0] + 1


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _texts(item)


def _no_object(value: Any) -> LineProblem:
    what = "a list" if isinstance(value, list) else "a text" if isinstance(value, str) else "a single value"
    is_list_of_objects = isinstance(value, list) and any(isinstance(item, dict) for item in value)
    fix = "convert the file: jq -c '.[]' FILE" if is_list_of_objects else f"write it as {EXAMPLE}"
    return LineProblem("not-an-object", f"the line is {what}; each line must be one object", fix)
