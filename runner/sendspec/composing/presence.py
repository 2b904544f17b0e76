"""Conditions that ask whether a cell holds anything. An empty cell is missing, so only `is defined` can ask for it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from sendspec.composing.template_problem import TemplateProblem
from sendspec.diagnostics.lazy_pattern import lazy_pattern

_OPERAND = r"""row\.\w+|row\[\s*(?:'[^']*'|"[^"]*")\s*\]|[^\W\d]\w*"""
_NOT = lazy_pattern(rf"\bnot (?P<name>{_OPERAND})(?=`| %\}}| else )")
_ALONE = lazy_pattern(rf"(?<=\bif )(?P<name>{_OPERAND})(?= %\}}| else )")
_EMPTY_OR_MISSING = lazy_pattern(rf"\((?P<name>{_OPERAND}) is not defined or not (?P=name)\)")
_FILLED = lazy_pattern(rf"\((?P<name>{_OPERAND}) is defined and (?P=name)\)")
_TESTS = (
    (_EMPTY_OR_MISSING, "is not defined"),
    (_FILLED, "is defined"),
    (_NOT, "is not defined"),
    (_ALONE, "is defined"),
)
_GOES_ON = lazy_pattern(r"\s*(?:[=!<>]=|[<>|.\[(])")
_BEFORE = lazy_pattern(r"(?:\b(?P<no>not)|\b(?:if|elif|and|or))[ (]+\Z")
_AFTER = lazy_pattern(r"[ )]*(?:-?%\}|\}\}|and\b|or\b|else\b)")


def asked_by_presence(problem: TemplateProblem, source: str, columns: Collection[str]) -> TemplateProblem:
    """`problem`, whose fix asks for the presence of a column's cell rather than for its truth: no row's cell is false."""
    if _GOES_ON.match(source, problem.end):
        return problem
    fix = problem.fix
    for pattern, test in _TESTS:
        found = pattern.search(fix)
        if found is not None and _column(found["name"]) in columns:
            fix = f"{fix[: found.start()]}{found['name']} {test}{fix[found.end() :]}"
    return problem if fix == problem.fix else replace(problem, fix=fix)


def presence_test(source: str, start: int, end: int) -> str | None:
    """What to write where a condition consists of the value at this place, or of its opposite; None for any other use."""
    before, value = _BEFORE.search(source, 0, start), source[start:end]
    if before is None or not _AFTER.match(source, end):
        return None
    return f"`{value} is not defined` in place of `not {value}`" if before["no"] else f"`{value} is defined`"


def _column(operand: str) -> str:
    return operand.removeprefix("row").strip(".[]'\" ") if operand.startswith(("row.", "row[", "row ")) else operand
