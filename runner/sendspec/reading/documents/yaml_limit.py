"""The problems with YAML texts that go beyond the limits of nesting, of number and of the length of tags."""

from __future__ import annotations

from sendspec.diagnostics.problem import Problem
from sendspec.reading.documents.span_problem import SpanProblem
from sendspec.reading.documents.yaml_token import MAX_TOKENS, TagTooLong, TooDeep, TooManyTokens

MAX_DEPTH = 40
"""Nested lists and mappings; a scalar in the innermost one is not a level."""

TOO_DEEP = Problem("nesting-depth", f"the nesting is deeper than {MAX_DEPTH}", "flatten it")
_TOO_MANY = Problem(
    "too-many-values",
    f"the file has more than {MAX_TOKENS // 4:,} keys with their values, or as much in another form",
    "move the recipients to a table and name it under `recipients: {file: …}`",
)


def limit_problem(error: TooDeep | TooManyTokens | TagTooLong, text: str) -> SpanProblem:
    """What the scanner of `text` has stopped at."""
    if isinstance(error, TagTooLong):
        from sendspec.reading.documents.yaml_error import tag_problem

        return tag_problem(text, error.start)
    return SpanProblem(TOO_DEEP if isinstance(error, TooDeep) else _TOO_MANY, error.start, error.end)
