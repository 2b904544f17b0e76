"""Says why a line can't be read as JSON."""

from __future__ import annotations

import json
import re

from sendspec.diagnostics.redaction import quoted
from sendspec.reading.tables.line_problem import LineProblem

EXAMPLE = '{"phone": "+31…", "first_name": "Ann"}'
_CODE = "json-syntax"
_MAX_SHOWN = 20
_FOREIGN_WORD = re.compile(r"-?(?:NaN|Infinity|None|True|False|undefined)\b")
_HALF = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB]..)\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
_LARGE = re.compile(r"-?[0-9]+(?:\.[0-9]+)?[eE]\+?[0-9]{3,}")
_ENDS_IN_COMMA = re.compile(r",\s*[}\]]")


def json_fault(text: str, at: int) -> LineProblem:
    """The problem with a line whose reader gave up at `at`."""
    stripped = text.strip()
    if stripped in ("{", "[") or stripped.startswith("[{"):
        fix = (
            "convert it: jq -c . FILE"
            if stripped == "{"
            else "convert the file, for instance with: jq -c '.[]? // .' FILE"
        )
        problem = "the JSON spans several lines; each line must be one object"
        return LineProblem(_CODE, problem, fix, column=text.index(stripped) + 1)
    at = min(at, len(text.rstrip()))
    return _readable_elsewhere(text) or _of_another_language(text, at) or _behind(text) or _stops(at)


def _behind(text: str) -> LineProblem | None:
    """What stands after a whole object."""
    try:
        _, end = json.JSONDecoder().raw_decode(text, len(text) - len(text.lstrip()))
    except (RecursionError, ValueError):
        return None
    rest = text[end:].strip()
    if not rest or text.lstrip()[0] != "{":
        return None
    start = text.index(rest, end)
    if rest[0] == "{" or (rest[:1] == "," and rest[1:].lstrip()[:1] == "{"):
        return LineProblem(
            _CODE, "there is a second object on the line", "move it to a line of its own", column=start + 1
        )
    shown = quoted(rest[:_MAX_SHOWN]) + "…" * (len(rest) > _MAX_SHOWN)
    return LineProblem(
        _CODE, f"'{shown}' comes after the end of the object", "remove it", column=start + 1, length=len(rest)
    )


def _stops(at: int) -> LineProblem:
    fix = f"write one object on the line, such as {EXAMPLE}"
    return LineProblem(_CODE, "the line stops being JSON here", fix, column=at + 1)


def _of_another_language(text: str, at: int) -> LineProblem | None:
    word = _FOREIGN_WORD.match(text, at)
    if word is not None:
        fix = {"True": "write true", "False": "write false"}.get(word[0], "write null, or a text in quotes")
        return LineProblem(_CODE, f"JSON has no `{word[0]}`", fix, column=at + 1)
    if text.startswith("'", at):
        return LineProblem(_CODE, "JSON has no single quotes", 'write " around keys and texts', column=at + 1)
    comma = next((found for found in _ENDS_IN_COMMA.finditer(text) if found.start() <= at <= found.end()), None)
    if comma is not None:
        return LineProblem(_CODE, "this comma has nothing after it", "remove it", column=comma.start() + 1)
    if re.match(r"[^\W\d]\w*\s*:", text[at : at + 100]):
        return LineProblem(_CODE, "this key has no quotes", 'write " around it', column=at + 1)
    if "\t" in text[max(0, at - 1) : at + 1]:
        return LineProblem(_CODE, "there is a tab in a text", "write \\t for it, or remove it", column=at + 1)
    return None


def _readable_elsewhere(text: str) -> LineProblem | None:
    """Why valid JSON can't be read: what it holds can't be sent."""
    try:
        json.loads(text, parse_constant=_refuse)
    except (RecursionError, ValueError):
        return None
    half, large = _HALF.search(text), _LARGE.search(text)
    if half is not None:
        problem = f"'{half[0]}' is only one half of a character, such as an emoji that was cut in two"
        fix = "remove it, or export the line again"
        return LineProblem(_CODE, problem, fix, column=half.start() + 1, length=len(half[0]))
    if large is not None:
        return LineProblem(
            _CODE, "this number is too large", "write a smaller one, or a text", column=large.start() + 1
        )
    return LineProblem(
        _CODE, "this is JSON, but something in it can't be read", "write its numbers and texts more plainly"
    )


def _refuse(word: str) -> None:
    raise ValueError(word)
