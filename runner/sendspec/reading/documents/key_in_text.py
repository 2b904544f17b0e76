"""Lines with `key: ` that are indented below a value: keys in the wrong place, or a text without quotes."""

from __future__ import annotations

from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import mask_in_place, quoted
from sendspec.reading.documents.line_index import LineIndex
from sendspec.reading.documents.span_problem import SpanProblem

_MAX_SHOWN = 60
_TEXTS_ALONE = frozenset({"spec", "name", "channel", "type", "file"})
"""Keys that never have keys below them, nor a text of several lines."""
_MAX_LINES = 50
_KEY_AND_VALUE = lazy_pattern(r"(?P<indent> *)(?P<key>[\w-]+):[ ]+(?P<value>[^\s'\"|>&*\[{#](?:[^\n]*\S)?)\s*")


def value_and_keys(begin: int, before: str, lines: LineIndex) -> SpanProblem | None:
    """`text: Hi` with a key below it, which begins the line at `begin` and ends where `before` does."""
    start, end = lines.line_at(max(begin - 1, 0))
    above = _KEY_AND_VALUE.fullmatch(lines.text, start, end)
    key = before.strip()
    if above is None or not key or len(above["indent"]) >= len(before) - len(before.lstrip()):
        return None
    owner, value = quoted(above["key"][:_MAX_SHOWN]), quoted(above["value"][:_MAX_SHOWN])
    value += "…" * (len(above["value"]) > _MAX_SHOWN)
    in_quotes = "if the line below is part of it, put quotes around the whole text"
    if key == above["key"]:
        problem = Problem(
            "yaml-syntax", f"`{owner}` has the value '{value}', so no keys can be below it", f"remove it; {in_quotes}"
        )
        return SpanProblem(problem, above.start("value"), above.end("value"))
    fix = f"indent it like `{owner}`"
    if owner not in _TEXTS_ALONE:
        fix += f", or remove '{value}'; if it is part of the text above, put quotes around all of it"
    problem = Problem(
        "yaml-syntax", f"`{quoted(key[:_MAX_SHOWN])}` is indented below `{owner}`, which has the value '{value}'", fix
    )
    at = begin + len(before) - len(before.lstrip())
    return SpanProblem(problem, at, at + len(key))


def key_in_text(at: int, begin: int, lines: LineIndex) -> SpanProblem | None:
    """A line with `: ` further down in a text of several lines, which begins beside its key."""
    indent = _indent_of(lines.text[begin:at])
    above = begin
    for _ in range(_MAX_LINES):
        start, end = lines.line_at(max(above - 1, 0))
        line, above = lines.text[start:end], start
        owner = _KEY_AND_VALUE.fullmatch(line)
        if owner is not None and len(owner["indent"]) < indent:
            written = lines.text[begin : lines.line_at(begin)[1]].strip()
            shown = mask_in_place(quoted(written[:_MAX_SHOWN])) + "…" * (len(written) > _MAX_SHOWN)
            key, number = quoted(owner["key"][:_MAX_SHOWN]), lines.position(start).line
            problem = f"'{shown}' goes on with the text of `{key}` in line {number}, and YAML takes its `: ` for a key"
            fix = f"put quotes around the whole text, or write it on the lines below `{key}: |`"
            first = begin + indent
            return SpanProblem(Problem("yaml-syntax", problem, fix), first, first + len(written))
        if not start or ": " in line or not line.strip() or _indent_of(line) == 0:
            return None
    return None


def _indent_of(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
