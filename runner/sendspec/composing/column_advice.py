"""Recognises columns whose names are no identifiers where templates write them as if they were."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from sendspec.composing.template_policy import ARITHMETIC, KEYWORDS, TemplateProblem, written_name
from sendspec.composing.template_scan import Tag, tags_of
from sendspec.diagnostics.near_miss import MAX_LENGTH, near_miss
from sendspec.diagnostics.redaction import quoted

MAX_COLUMNS = 1_000
_WORDS = re.compile(r"[^\W\d]\w*(?:[-./ ]+\w+)+")
"""Words that a template's author may have meant as one name: `Opt-out`, `first name`."""
_FIRST_WORD = re.compile(r"(\w+) +")


def about_column(problem: TemplateProblem, source: object, columns: Iterable[str]) -> TemplateProblem:
    """`problem` itself, or what is really wrong: a column's name has a space or a sign in it, and needs `row["…"]`."""
    is_sum = problem.problem.startswith(ARITHMETIC)
    if not isinstance(source, str) or not (is_sum or problem.code == "template-syntax"):
        return problem
    odd = [name for name in columns if not name.isidentifier() and len(name) <= MAX_LENGTH][:MAX_COLUMNS]
    for tag in tags_of(source):
        if tag.start <= problem.start < tag.end and tag.pieces:
            return _spelled_out(problem, source, tag, odd) or _meant(problem, source, tag, list(columns)) or problem
    return problem


def _spelled_out(problem: TemplateProblem, source: str, tag: Tag, odd: list[str]) -> TemplateProblem | None:
    """The longest of the columns that stands in the tag as it is called."""
    written = source[tag.start : tag.end].casefold()
    if len(written) != tag.end - tag.start:
        return None
    for name in sorted(odd, key=len, reverse=True):
        at = written.find(name.casefold())
        before = written[at - 1 : at] if at > 0 else ""
        if at >= 0 and before not in ("'", '"') and not before.isalnum():
            return _is_a_column(problem, name, tag.start + at, tag.start + at + len(name))
    return None


def _meant(problem: TemplateProblem, source: str, tag: Tag, columns: list[str]) -> TemplateProblem | None:
    """The column most like the words around the place of the problem."""
    for found in _WORDS.finditer(source, tag.pieces[0].start, tag.end):
        start = found.start()
        while (word := _FIRST_WORD.match(source, start, found.end())) and word[1] in KEYWORDS:
            start = word.end()
        is_there = (start, found.end()) == (problem.start, problem.end) or (
            problem.code != "template-syntax" and start <= problem.start < found.end()
        )
        if is_there and found.end() - start <= MAX_LENGTH:
            near = near_miss(source[start : found.end()], columns, cutoff=0.8)
            return None if near is None else _is_a_column(problem, near, start, found.end())
    return None


def _is_a_column(problem: TemplateProblem, name: str, start: int, end: int) -> TemplateProblem:
    what = f"'{quoted(name)}' is a column"
    if not name.isidentifier():
        what += ", and a name with a space or a sign in it needs `row`"
    return replace(problem, problem=what, fix=f"write `{quoted(written_name(name))}`", start=start, end=end)
