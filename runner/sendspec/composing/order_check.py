"""Reports comparisons with `<` and `>` that go by characters where dates, times or numbers are meant."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from sendspec.composing.compiled_spec import CompiledSpec
from sendspec.composing.expression_text import SIGNS, expression_text
from sendspec.composing.parsed_template import parsed
from sendspec.composing.shown_code import with_requoted_code
from sendspec.composing.template_name import written_name
from sendspec.composing.template_tree import Placeholder
from sendspec.composing.text_compared import ORDER, column_of
from sendspec.composing.text_order import Kind, Misordered, has_decimal_comma, misordered
from sendspec.composing.tree_nodes import nodes
from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.redaction import mask_in_row, quoted
from sendspec.reading.error_value import is_error_value
from sendspec.reading.tables.block import Block
from sendspec.reading.tables.table import Table

MAX_KNOWN = 10_000
"""Pairs of values whose order is remembered."""
MAX_SHOWN = 30
_OF_TEXTS = ("trim", "default", "d", "string", "lower", "upper")
"""Filters whose value is still a text."""


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison: a column, or the text of a constant. `written` is how a template writes it."""

    column: str | None
    text: str
    written: str

    def values_in(self, block: Block) -> Sequence[str]:
        """The text in each row; empty where there is none."""
        contents = block.read[1]
        if self.column is None:
            return [self.text] * len(contents)
        if block.columns is not None:
            at = block.columns.index(self.column) if self.column in block.columns else None
            return [""] * len(contents) if at is None else [cells[at] for cells in contents]
        values = [content.get(self.column) for content in contents]
        return [value if isinstance(value, str) else "" for value in values]


@dataclass(frozen=True, slots=True)
class Comparison:
    """An ordering comparison of texts in a template, at its first column."""

    placeholder: Placeholder
    left: Side
    sign: str
    right: Side


def check_order(compiled: CompiledSpec, table: Table, problems: Problems) -> None:
    """Adds an error for each comparison that goes wrong for a row, with the rows. Reads the table only if there is one."""
    comparisons = list(_comparisons(compiled))
    if not comparisons:
        return
    verdict = lru_cache(MAX_KNOWN)(_verdict)
    for block in table.blocks(Problems()):
        lines = block.read[0]
        for number, comparison in enumerate(comparisons):
            pairs = list(zip(comparison.left.values_in(block), comparison.right.values_in(block), strict=True))
            wrong = {pair: found for pair in set(pairs) if (found := verdict(pair)) is not None}
            for line, pair in zip(lines, pairs, strict=True) if wrong else ():
                if pair in wrong:
                    _add(compiled, comparison, number, wrong[pair], pair, line, problems)


def _verdict(pair: tuple[str, str]) -> Misordered | None:
    """An empty text stands for a value that is missing, or no text. A spreadsheet's error has a problem of its own."""
    return None if not all(pair) or any(map(is_error_value, pair)) else misordered(*pair)


def _add(
    compiled: CompiledSpec,
    comparison: Comparison,
    number: int,
    found: Misordered,
    texts: tuple[str, str],
    line: int,
    problems: Problems,
) -> None:
    spec = compiled.spec
    has_comma = found.kind is Kind.NUMBER and any(map(has_decimal_comma, texts))
    problems.add_row(
        ("text-order", spec.path, comparison.placeholder.at, number, found.kind, has_comma),
        line,
        lambda: _diagnostic(compiled, comparison, found, texts, has_comma=has_comma),
    )


def _diagnostic(
    compiled: CompiledSpec, comparison: Comparison, found: Misordered, texts: tuple[str, str], *, has_comma: bool
) -> Diagnostic:
    placeholder, document = comparison.placeholder, compiled.spec.document
    left, right = (f"'{mask_in_row(quoted(text[:MAX_SHOWN]))}'" for text in texts)
    fix = f"write `{_as_numbers(comparison)}`" if found.kind is Kind.NUMBER else quoted(found.fix)
    if has_comma:
        commas = [text for text in texts if has_decimal_comma(text)]
        plain = all(re.fullmatch(r"\s*[-+]?\d+(,\d+)?\s*", text) for text in texts)
        fix = f"write numbers with a decimal point, such as {_number(commas[0])}, in the table, and `{_as_numbers(comparison)}`"
        fix = f"write `{_as_numbers(comparison, commas=True)}`" if plain else fix
    return document.diagnostic(
        placeholder.at,
        code="text-order",
        problem=f"{left} {comparison.sign} {right} goes by characters, not by {found.kind}",
        fix=with_requoted_code(fix, document.written(placeholder.at)),
        within=_place(comparison),
    )


def _as_numbers(comparison: Comparison, *, commas: bool = False) -> str:
    point = " | replace(',', '.')" if commas else ""
    sides = [
        f"({quoted(side.written)}{point} | float)" if side.column is not None else quoted(_number(side.text))
        for side in (comparison.left, comparison.right)
    ]
    return f"{sides[0]} {comparison.sign} {sides[1]}"


def _number(text: str) -> str:
    """A constant as a template writes a number."""
    digits = re.sub(r"[^\d.,-]", "", text)
    if has_decimal_comma(digits):
        digits = digits.replace(".", "").replace(",", ".")
    return digits.replace(",", "")


def _place(comparison: Comparison) -> tuple[int, int]:
    template = comparison.placeholder.template
    columns = {comparison.left.column, comparison.right.column}
    used = sorted((use.start, use.end) for use in (*template.names, *template.columns) if use.name in columns)
    return used[0] if used else (0, len(template.source))


def _comparisons(compiled: CompiledSpec) -> Iterator[Comparison]:
    for placeholder in compiled.placeholders:
        for compare in parsed(placeholder.template.source).find_all(nodes.Compare):
            left = compare.expr
            for operand in compare.ops:
                sides = _side(left, compiled), _side(operand.expr, compiled)
                if operand.op in ORDER and sides[0] and sides[1] and any(side and side.column for side in sides):
                    yield Comparison(placeholder, sides[0], SIGNS[operand.op], sides[1])
                left = operand.expr


def _side(node: nodes.Node, compiled: CompiledSpec) -> Side | None:
    """None for what isn't known to be a text: a number, or a value that a filter makes."""
    inner = node
    while isinstance(inner, nodes.Filter) and inner.name in _OF_TEXTS and inner.node is not None:
        inner = inner.node
    if isinstance(inner, nodes.Const):
        return Side(None, inner.value, "") if isinstance(inner.value, str) else None
    column = column_of(inner)
    if column is None:
        return None
    if column in compiled.spec.variables:
        constant = compiled.spec.variables[column]
        return Side(None, constant, column) if isinstance(constant, str) else None
    return Side(column, "", written_name(column) if inner is node else expression_text(node))
