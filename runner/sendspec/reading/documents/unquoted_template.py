"""Templates written without quotes, whose braces YAML reads as a mapping: their extent, and how to quote them."""

from __future__ import annotations

import re

from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import mask_in_place
from sendspec.reading.documents.span_problem import SpanProblem

_LOOKED_AT = 2_000
_HOLE = r"\{\{.{0,200}?\}\}|\{%.{0,200}?%\}|\{#.{0,200}?#\}"
_LINE_VALUE = lazy_pattern(rf"(?:{_HOLE}|(?! #)[^\n])*")
_FLOW_VALUE = lazy_pattern(rf"(?:{_HOLE}|(?! #)[^,\[\]{{}}\n])*")
_SEPARATOR = lazy_pattern(r"(?:[,\[{]|:(?= ))[ ]*")
_LINE_START = lazy_pattern(r"\s*(?:- +)*(?:(?:[^\s'\"#:][^:'\"]*|\"[^\"]*\"|'[^']*'):\s+)?(?=\{\{|\{%|\{#)")
_MAX_SHOWN = 200
_ODD_NAME = lazy_pattern(r"\{\{\s*([^\W\d]\w*(?:[ -]\w+)+)\s*\}\}")
_EXPRESSION_WORDS = frozenset({"and", "or", "not", "in", "is", "if", "else"})


def unquoted_template(text: str, start: int, *, in_flow: bool) -> SpanProblem:
    """The problem with the template at `start`; `in_flow`: inside a [list] or {mapping}."""
    pattern = _FLOW_VALUE if in_flow else _LINE_VALUE
    found = pattern.match(text[start : start + _LOOKED_AT])
    written = found[0].rstrip() if found else ""
    whole = _closed(written) and len(written) <= _MAX_SHOWN
    return SpanProblem(
        Problem(
            "unquoted-template",
            "this template expression needs quotes",
            f"write {quoted_template(_with_row(written))}" if whole else "put quotes around all of it",
        ),
        start,
        start + max(len(written), 1),
        note="YAML reads {{ … }} as a mapping",
    )


def _with_row(written: str) -> str:
    """A column whose name has a space or a hyphen in it, as a template reads one."""
    name = _ODD_NAME.fullmatch(written)
    is_one = name is not None and _EXPRESSION_WORDS.isdisjoint(re.split("[ -]+", name[1]))
    return f"{{{{ row['{name[1]}'] }}}}" if name is not None and is_one else written


def template_near(text: str, offset: int) -> tuple[int, bool] | None:
    """The start of the templated value in which the parser failed at `offset`, and whether it is in a flow collection."""
    line = text.rfind("\n", 0, offset) + 1
    begins = _LINE_START.match(text, line, min(len(text), line + _LOOKED_AT))
    if begins:
        return begins.end(), False
    for at in (offset, offset - 1):
        if text.startswith(("{{", "{%", "{#"), max(at, 0)):
            separators = [found.end() for found in _SEPARATOR.finditer(text, max(line, at - _LOOKED_AT), at)]
            return (separators[-1] if separators else at), True
    return None


def quoted_template(text: str) -> str:
    """`text` in the YAML quotes that need fewer escapes, phone numbers masked."""
    text = mask_in_place(text)
    return f'"{text}"' if '"' not in text and "\\" not in text else "'" + text.replace("'", "''") + "'"


def _closed(written: str) -> bool:
    return all(written.count(opening) == written.count(closing) for opening, closing in (("{{", "}}"), ("{%", "%}")))
