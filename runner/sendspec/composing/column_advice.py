"""Recognises columns whose names are no identifiers where templates write them as if they were."""

from __future__ import annotations

import re
from dataclasses import replace

from sendspec.composing.expression_mistake import SPACED
from sendspec.composing.known_names import KnownNames
from sendspec.composing.presence import asked_by_presence
from sendspec.composing.template_advice import A_COLUMN, MAX_SHOWN
from sendspec.composing.template_name import KEYWORDS, written_name
from sendspec.composing.template_policy import ARITHMETIC
from sendspec.composing.template_problem import TemplateProblem
from sendspec.composing.template_scan import OPENINGS, Tag, tags_of
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.near_miss import MAX_LENGTH, near_miss
from sendspec.diagnostics.redaction import quoted

MAX_COLUMNS = 1_000
_WORDS = lazy_pattern(r"[^\W\d]\w*(?:[-./ ]+\w+)+")
"""Words that a template's author may have meant as one name: `Opt-out`, `first name`."""
_CHOSEN = lazy_pattern(r"(\w+)\[\s*(\w+)\s*\]")
"""An item that another value names."""
_FIRST_WORD = lazy_pattern(r"(\w+) +")


def about_column(
    problem: TemplateProblem, source: object, known: KnownNames, *, cells_are_text: bool, is_condition: bool
) -> TemplateProblem:
    """`problem` itself, or what is really wrong, such as a column whose name has a space or a sign in it, and needs `row["…"]`."""
    columns = known.listed_columns
    if cells_are_text and isinstance(source, str) and problem.code in ("template-syntax", "unknown-test"):
        problem = asked_by_presence(problem, source, known.columns)
    if problem.code == "template-forbidden" and columns and isinstance(source, str):
        problem = _named_column(problem, source, known, cells_are_text=cells_are_text)
    is_sum = problem.problem.startswith(ARITHMETIC)
    if not isinstance(source, str) or not (is_sum or problem.code == "template-syntax"):
        return problem
    odd = [name for name in columns if not name.isidentifier() and len(name) <= MAX_LENGTH][:MAX_COLUMNS]
    for tag in tags_of(source):
        if tag.start <= problem.start < tag.end and tag.pieces:
            return (
                (not is_condition and _printed(problem, source, tag, known, as_text=cells_are_text))
                or _compared(problem, tag, known, as_text=cells_are_text)
                or _opened_quote(problem, source, tag, known)
                or _spelled_out(problem, source, tag, odd)
                or _meant(problem, source, tag, list(columns))
                or _nowhere(problem, source, known)
            )
    return problem


def _named_column(problem: TemplateProblem, source: str, known: KnownNames, *, cells_are_text: bool) -> TemplateProblem:
    """`row[name]` and `name[other]`, with what the table has under these names."""
    chosen = _CHOSEN.fullmatch(source, problem.start, problem.end)
    is_no_column = chosen is not None and chosen[1] == "row" and chosen[2] not in known.columns
    if problem.fix == A_COLUMN or is_no_column:
        return replace(problem, fix=f"{A_COLUMN}: {known.listed()}")
    if chosen is not None and chosen[1] in known.columns and cells_are_text:
        return replace(problem, problem=f"'{chosen[1]}' is text, and text has no items to choose from")
    return problem


def _printed(
    problem: TemplateProblem, source: str, tag: Tag, known: KnownNames, *, as_text: bool
) -> TemplateProblem | None:
    """`{{ name = 1 }}` in a text: with `==`, people would read "false"."""
    words = [piece.text for piece in tag.pieces]
    if problem.fix != "write `==`" or tag.opening != "{{" or not tag.is_closed or not {"if", "("}.isdisjoint(words):
        return None
    value, other = source[tag.pieces[0].start : problem.start].strip(), source[problem.end : tag.pieces[-1].end].strip()
    if not value or not other or max(len(value), len(other)) > MAX_SHOWN:
        return None
    if as_text and value in known.columns and tag.pieces[-1].kind == "number":
        other = f"'{other}'"
    what = "{{ }} prints a value, and one `=` neither sets nor compares anything"
    fix = f"write {{{{ {value} }}}}; for a condition, {{% if {value} == {other} %}}…{{% endif %}}"
    return replace(problem, problem=what, fix=quoted(fix), start=tag.start, end=tag.end)


def _compared(problem: TemplateProblem, tag: Tag, known: KnownNames, *, as_text: bool) -> TemplateProblem | None:
    """A column and a number, with a wrong sign between them: a cell of a table is text, and equals no number."""
    index = next((at for at, piece in enumerate(tag.pieces) if piece.start == problem.start), 0)
    number = tag.pieces[index + 1] if index + 1 < len(tag.pieces) else None
    if not (as_text and problem.fix == "write `==`" and index and number and number.kind == "number"):
        return None
    before = tag.pieces[index - 1]
    if before.text not in known.columns or (index > 1 and tag.pieces[index - 2].text in ("|", ".")):
        return None
    said = f"{problem.problem}, and a cell of a table is text"
    return replace(problem, problem=said, fix=quoted(f"write `== '{number.text}'`"), end=number.end)


def _opened_quote(problem: TemplateProblem, source: str, tag: Tag, known: KnownNames) -> TemplateProblem | None:
    """A quote before a column's name, and none behind it."""
    rest = source[problem.end : tag.end].removesuffix(OPENINGS[tag.opening]).strip()
    if problem.end != problem.start + 1 or source[problem.start] not in "'\"" or rest not in known.columns:
        return None
    end = source.index(rest, problem.end) + len(rest)
    what = f"{problem.problem}, and '{quoted(rest)}' is a column"
    return replace(problem, problem=what, fix=f"write `{quoted(written_name(rest))}`", end=end)


def _nowhere(problem: TemplateProblem, source: str, known: KnownNames) -> TemplateProblem:
    """Words side by side that are no column's name."""
    if problem.problem != SPACED or not known.listed_columns:
        return problem
    name = source[problem.start : problem.end]
    beginning = [each for each in known.listed_columns[:MAX_COLUMNS] if len(each) >= 3 and name.startswith(each)]
    if len(beginning) == 1:
        return _is_a_column(problem, name, beginning[0], problem.start, problem.end)
    what = f"{SPACED}, and no column is called '{quoted(name[:60])}'"
    fix = f"add the column and write `{quoted(written_name(name[:MAX_SHOWN]))}`, or use one of: {known.listed()}"
    return replace(problem, problem=what, fix=fix)


def _spelled_out(problem: TemplateProblem, source: str, tag: Tag, odd: list[str]) -> TemplateProblem | None:
    """The longest column name that is written in the tag without quotes, in whatever case."""
    written = source[tag.start : tag.end].casefold()
    if len(written) != tag.end - tag.start:
        return None
    for name in sorted(odd, key=len, reverse=True):
        at = written.find(name.casefold())
        before = written[at - 1 : at] if at > 0 else ""
        if at >= 0 and before not in ("'", '"') and not before.isalnum():
            written = source[tag.start + at : tag.start + at + len(name)]
            return _is_a_column(problem, written, name, tag.start + at, tag.start + at + len(name))
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
            written = source[start : found.end()]
            return None if near is None else _is_a_column(problem, written, near, start, found.end())
    return None


def _is_a_column(problem: TemplateProblem, written: str, name: str, start: int, end: int) -> TemplateProblem:
    if not name.isidentifier():
        what = f"'{quoted(name)}' is a column, and a name with a space or a sign in it needs `row`"
    elif problem.code == "template-syntax":
        what = f"{SPACED}, and no column is called '{quoted(written)}'"
    else:
        parts = [f"`{quoted(part)}`" for part in re.split("[-/]", written)]
        how = "divided by" if "/" in written else "minus"
        what = f"`{quoted(written)}` is read as {f' {how} '.join(parts)}, and no column is called so"
    return replace(problem, problem=what, fix=f"write `{quoted(written_name(name))}`", start=start, end=end)
