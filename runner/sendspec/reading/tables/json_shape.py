"""The shapes that the lines of a JSON lines table repeat: patterns that prove lines harmless without a careful reading.

A shape is the keys of an object in their order, with those of the objects inside it. A line that matches a shape is valid JSON, except
that a text may hold a line end. It has no duplicate key, no -0, no number with an exponent or with 19 digits, and no escape of a
forbidden character.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.reading.documents.number_spelling import SpelledFloat
from sendspec.reading.tables.csv_record import MAX_CELL

MAX_SHAPES = 6
MAX_KEYS = 100
"""Keys of one shape, at all levels: compiling a pattern takes about 0.1 ms a key."""
MAX_LEVELS = 6
MAX_SPELLED = 5_000
"""Decimals that are kept."""
MIN_REPEATS = 50
"""A shape is learned only where the text that follows may hold so many more lines."""
HARMLESS_ESCAPE = (
    r'\\(?:["\\/nt]|r\\n|u(?i:'
    r"00[2-6a-f][0-9a-f]|007[0-9a-e]|0[1-57-9a-f][0-9a-f]{2}|06[02-9a-f][0-9a-f]|061[0-9abd-f]|[13-9a-ce][0-9a-f]{3}|d[0-7][0-9a-f]{2}"
    r"|200[0-9a-d]|201[0-9a-f]|202[0-7f]|20[3-57-9a-f][0-9a-f]|206[0-5a-f]|2[1-9a-f][0-9a-f]{2}"
    r"|f[0-9a-e][0-9a-f]{2}|ff[0-9a-e][0-9a-f]|fff[0-9a-d])"
    r"|u(?i:d[89ab][0-9a-f]{2})\\u(?i:d[c-f][0-9a-f]{2}))"
)
"""An escape of a character that `diagnostics.characters` allows, or of a carriage return before a line feed."""
_TEXT, _NUMBER, _SCALAR = "<text>", "<number>", "(?:<text>|<number>|true|false|null)"
"""Stand-ins in the template of a shape. No key has such a bracket."""
_PLAIN_TEXT = r'"[^"]*+"'
"""For lines whose quotes all begin or end a text. Excluding line ends would take three times as long."""
_ESCAPED_TEXT = rf'"[^"\\\n]*+(?:{HARMLESS_ESCAPE}[^"\\\n]*+)*"'
"""For lines beside an escaped quote, or beside an escape that isn't harmless."""
_HARMLESS_ESCAPES = lazy_pattern(rf"[^\\]*+(?:{HARMLESS_ESCAPE}[^\\]*+)*")
_INTEGER = r"-?[1-9][0-9]{0,17}+|0"
_EXACT = r"-?[1-9][0-9]{0,17}+(?!\.)|0(?!\.)|-?(?:[1-9][0-9]{0,8}+|0(?!\.0000))\.(?:0|[0-9]{0,5}[1-9])(?![0-9])"
"""A number that Python prints as it is written: up to 15 digits, no zero behind them, and at least 0.0001 or 0."""
_DECIMAL = rf"{_EXACT}|(-?(?:[1-9][0-9]{{0,17}}+|0)\.[0-9]{{1,17}}+)"
"""Its group matches only a number that `SpelledFloat` has to keep as spelled."""
_KEY = lazy_pattern(r"[A-Za-z_][A-Za-z0-9_ .-]*")
_FORBIDDEN_BESIDE_ESCAPES = ("\u2028", "\u2029", "\ufffe", "\uffff")
"""Characters that are allowed only in lines without a backslash."""

Objects = list[dict[str, Any]]
ReadLines = Callable[[str], Objects | None]
"""Reads lines that match a shape, numbers as spelled; None if one of them has to be read carefully."""


class _Spelled(dict[str, SpelledFloat]):
    """Decimals by spelling. Prices repeat, and creating one takes ten times as long as finding it."""

    def __missing__(self, spelling: str) -> SpelledFloat:
        if len(self) == MAX_SPELLED:
            self.clear()
        number = self[spelling] = SpelledFloat(spelling)
        return number


_read_spelled = json.JSONDecoder(parse_float=_Spelled().__getitem__).decode


class LineShapes:
    """The shapes of one table, learned from lines that were read carefully."""

    def __init__(self) -> None:
        self._templates: list[str] = []
        self._has_decimals = False
        self._pattern_by_text: dict[str, re.Pattern[str]] = {}
        self._text, self._written = "", _PLAIN_TEXT
        """The text that was looked at last, and the pattern of its texts."""
        self._known_by_line: dict[int, tuple[int, ReadLines]] = {}

    def learn(self, value: Mapping[str, Any]) -> None:
        """Adds the shape of an object, if it has one, and one more is worth it."""
        if len(self._templates) == MAX_SHAPES or _key_count(value) > MAX_KEYS:
            return
        template = _template(value, MAX_LEVELS)
        if template is None:
            return
        self._has_decimals |= _holds_float(value)
        if template not in self._templates:
            self._templates.append(template)
        self._pattern_by_text.clear()

    def match(self, text: str, at: int) -> tuple[int, ReadLines]:
        """The end of the lines from offset `at` on that match, and how to read them. Whole lines end with `\\n`.

        The end is `at` if the first of them doesn't match. Of the lines that match, those that are valid JSON have no keys but the
        ones of the shapes learned.
        """
        if not self._templates:
            return at, _objects
        if text is not self._text:
            self._text, self._written = text, _text_pattern(text)
        if not self._written:
            return at, _objects
        pattern = self._pattern_by_text.get(self._written)
        if pattern is None:
            pattern = self._pattern_by_text[self._written] = self._compiled(self._written)
        found = pattern.match(text, at)
        if found is None:
            return at, _objects
        return found.end(), _objects if found.lastindex is None else _objects_as_spelled

    def remember(self, line: int, text: str, read: ReadLines) -> None:
        """Notes that all lines of `text`, which begins with this line of the table, match, and how to read them."""
        self._known_by_line[line] = hash(text), read

    def known(self, line: int, text: str) -> ReadLines | None:
        """What `remember` was told of this text on this line."""
        known = self._known_by_line.get(line)
        return None if known is None or known[0] != hash(text) else known[1]

    def _compiled(self, text: str) -> re.Pattern[str]:
        lines = "|".join(self._templates).replace(_TEXT, text)
        return re.compile(rf"(?:(?:{lines.replace(_NUMBER, _DECIMAL if self._has_decimals else _INTEGER)})\r?\n)*")


def _text_pattern(text: str) -> str:
    """The pattern of the texts in these lines; empty if there is none."""
    if "\\" not in text:
        return _PLAIN_TEXT
    if not text.isascii() and any(character in text for character in _FORBIDDEN_BESIDE_ESCAPES):
        return ""
    return _ESCAPED_TEXT if '\\"' in text or _HARMLESS_ESCAPES.fullmatch(text) is None else _PLAIN_TEXT


def _objects(text: str) -> Objects | None:
    """The objects of lines without decimals that `float` prints otherwise than they are written."""
    lines = text[:-1].split("\n")
    if _may_have_long_cell(text, lines):
        return None
    try:
        return list(map(orjson.loads, lines))
    except ValueError:  # a line end inside a text
        return None


def _objects_as_spelled(text: str) -> Objects | None:
    """The objects of lines with any decimals, in one reading. A line end inside a text stays there, and is an error."""
    lines = text[:-1].split("\n")
    if _may_have_long_cell(text, lines):
        return None
    try:
        found: Objects = _read_spelled("[" + ",\n".join(lines) + "]")
    except ValueError:
        return None
    return found


def _may_have_long_cell(text: str, lines: list[str]) -> bool:
    return len(text) > MAX_CELL and max(map(len, lines)) >= MAX_CELL


def _template(value: object, levels: int) -> str | None:
    """The pattern of a value with stand-ins for texts and numbers; None if it nests too deeply or has an unusual key."""
    if isinstance(value, dict):
        members = [_member(key, each, levels) for key, each in value.items()]
        return None if None in members else rf"\{{{', ?'.join(map(str, members))}\}}"
    if isinstance(value, list):
        item = _template(value[0], levels - 1) if value and levels else _SCALAR
        return None if item is None or not levels else rf"\[(?:{item}(?:, ?{item})*)?\]"
    return _SCALAR


def _member(key: str, value: object, levels: int) -> str | None:
    inner = _template(value, levels - 1) if levels else None
    if inner is None or _KEY.fullmatch(key) is None:
        return None
    inner = f"(?:{inner}|null)" if isinstance(value, dict | list) else inner
    return f'"{re.escape(key)}": ?{inner}'


def _key_count(value: object) -> int:
    if isinstance(value, dict):
        return len(value) + sum(map(_key_count, value.values()))
    return max(map(_key_count, value), default=0) if isinstance(value, list) else 0


def _holds_float(value: object) -> bool:
    if isinstance(value, dict | list):
        return any(map(_holds_float, value.values() if isinstance(value, dict) else value))
    return isinstance(value, float)
