"""Texts without quotes that YAML takes for something else because of their first character: `*more*`, `> more`, `- more`."""

from __future__ import annotations

from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import quoted
from sendspec.reading.documents.line_index import LineIndex
from sendspec.reading.documents.span_problem import SpanProblem
from sendspec.reading.documents.unquoted_template import quoted_template

_MAX_SHOWN = 200
_TEXTS = frozenset({"text", "title", "subject", "html", "description", "label", "altText", "name"})
"""Keys whose values are texts, and no lists."""
_VALUE = lazy_pattern(r"[ ]*(?:- +)*(?P<key>[\w-]+):[ ]+(?P<value>\S.*?)[ ]*")


def unknown_alias(lines: LineIndex, start: int, name: str) -> Problem:
    """The problem with the reference at `start` to a value that nothing is called."""
    text = lines.text[start : lines.line_at(start)[1]].partition(" #")[0].rstrip()
    reference = f"*{name}"
    if len(text) > _MAX_SHOWN or not {",", "]", "}"}.isdisjoint(text):
        text = reference[:_MAX_SHOWN]
    fix = f"put quotes around the text: {quoted_template(text)}; or write {quoted('&' + name[:40])} before the value that is meant"
    return Problem(
        "unknown-alias", f"YAML takes '{quoted(reference[:60])}' for a reference, and no value is called so", fix
    )


def block_text(lines: LineIndex, at: int) -> SpanProblem | None:
    """What follows a `>` or `|` on its line, where the parser gave up at `at`."""
    found = _value(lines, at)
    if found is None or found[1][:1] not in (">", "|"):
        return None
    start, written, _ = found
    problem = f"after `{written[0]}` YAML expects the text on the lines below"
    fix = f"put quotes around it: {quoted_template(written)}; or write it on the lines below, indented"
    return SpanProblem(Problem("yaml-syntax", problem, fix), start, start + len(written))


def list_entry(lines: LineIndex, at: int) -> SpanProblem | None:
    """A text that begins with `- `, on the line of its key."""
    found = _value(lines, at)
    if found is None or not found[1].startswith("- ") or found[2] not in _TEXTS:
        return None
    start, written, _ = found
    problem = "YAML takes this `- ` for the entry of a list, which can't begin on this line"
    fix = f"put quotes around it: {quoted_template(written)}; or begin the list on a line of its own"
    return SpanProblem(Problem("yaml-syntax", problem, fix), start, start + len(written))


def _value(lines: LineIndex, at: int) -> tuple[int, str, str] | None:
    """Where the value on the line of `at` begins, the value, and its key."""
    begin, end = lines.line_at(at)
    found = _VALUE.fullmatch(lines.text, begin, end) if end - begin <= _MAX_SHOWN else None
    return None if found is None else (found.start("value"), found["value"], found["key"])
