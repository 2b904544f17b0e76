"""Says why a line can't be read as JSON."""

from __future__ import annotations

import json

from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.redaction import quoted
from sendspec.reading.tables.line_problem import LineProblem

EXAMPLE = '{"phone": "+31…", "first_name": "Ann"}'
_CODE = "json-syntax"
_MAX_SHOWN = 20
_TWICE = lazy_pattern(r'""([^"\\]{1,40})""')
_FOREIGN_WORD = lazy_pattern(r"-?(?:NaN|Infinity|None|True|False|undefined)\b")
_HALF = lazy_pattern(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB]..)\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
_LARGE = lazy_pattern(r"-?[0-9]+(?:\.[0-9]+)?[eE]\+?[0-9]{3,}")
_BARE_KEY = lazy_pattern(r"([^\W\d]\w{0,98})\s*:")
_VALUE = lazy_pattern(r'"(?:[^"\\]|\\.){0,40}"|(?:-?[0-9][0-9.eE+-]{0,40}|true|false|null)(?![\w"])')
_VALUE_BEFORE = lazy_pattern(r"""("(?:[^"\\]|\\.){0,40}"|[\w.+-]{1,40}|[}\]])\s*\Z""")
_WORD = lazy_pattern(r"\w")
_ENDS_IN_COMMA = lazy_pattern(r",\s*[}\]]")


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
    if stripped.startswith('"{""'):
        problem = "the line is a CSV's cell with JSON in it, whose quotes are written twice"
        fix = "export it as JSON lines: psql -At -c 'select row_to_json(t) from (select …) t' > people.jsonl"
        return LineProblem(_CODE, problem, fix, column=text.index('"') + 1)
    at = min(at, len(text.rstrip()))
    return (
        _readable_elsewhere(text)
        or _of_another_language(text, at)
        or _behind(text)
        or _quote_or_comma(text, at)
        or _stops(at)
    )


def _quote_or_comma(text: str, at: int) -> LineProblem | None:
    """A value behind another one without a sign between them, or a text whose own quotes have no backslash."""
    twice = _TWICE.match(text, max(0, at - 2))
    if twice is not None:
        problem, fix = (
            "two quotes are where one is meant",
            f'write "{quoted(twice[1])}", or \\" for a quote inside a text',
        )
        return LineProblem(_CODE, problem, fix, column=twice.start() + 1, length=len(twice[0]))
    is_empty = text[:at].endswith('""')
    if is_empty or (text[at - 1 : at] == '"' and _WORD.match(text, at)):
        problem = "the two quotes before this are a whole text" if is_empty else "the quote before this ends the text"
        return LineProblem(_CODE, problem, 'write \\" for a quote inside a text', column=at + 1)
    before, behind = _VALUE_BEFORE.search(text, max(0, at - 100), at), _VALUE.match(text, at)
    if before is None or behind is None:
        return None
    if text[: before.start()].rstrip()[-1:] in ("{", ","):
        sign, fix = "colon", "write one between them"
    elif text[behind.end() :].lstrip()[:1] == ":":
        sign, fix = "comma", "write one between them"
    else:
        sign, fix = "comma", f"write a comma and a key between them, or remove {quoted(behind[0])}"
    problem = f"no {sign} is between {quoted(before[1])} and {quoted(behind[0])}"
    return LineProblem(_CODE, problem, fix, column=at + 1, length=len(behind[0]))


def _behind(text: str) -> LineProblem | None:
    """What follows a whole object."""
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
        return LineProblem(_CODE, f"JSON has no `{word[0]}`", fix, column=at + 1, length=len(word[0]))
    if text.startswith("'", at):
        return LineProblem(_CODE, "JSON has no single quotes", 'write " around keys and texts', column=at + 1)
    comma = next((found for found in _ENDS_IN_COMMA.finditer(text) if found.start() <= at <= found.end()), None)
    if comma is not None:
        return LineProblem(_CODE, "this comma has nothing after it", "remove it", column=comma.start() + 1)
    bare = _BARE_KEY.match(text, at)
    if bare is not None:
        name = quoted(bare[1])
        problem, fix = f"the key '{name}' has no quotes", f'write "{name}"'
        return LineProblem(_CODE, problem, fix, column=at + 1, length=len(bare[1]))
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
        problem, fix = (
            f"the number {quoted(large[0][:_MAX_SHOWN])} is too large",
            "write a smaller one, or put quotes around it",
        )
        return LineProblem(_CODE, problem, fix, column=large.start() + 1, length=len(large[0]))
    return LineProblem(
        _CODE, "this is JSON, but something in it can't be read", "write its numbers and texts more plainly"
    )


def _refuse(word: str) -> None:
    raise ValueError(word)
