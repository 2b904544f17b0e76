"""Checks a list's values against the spec's templates, before any row is composed."""

from __future__ import annotations

from sendspec.composing.compiled_spec import CompiledSpec
from sendspec.composing.odd_values import warn_of_odd_values
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.reading.tables.table import Table

_CONDITION = lazy_pattern(r"\b(?:and|or|not|if|elif)\b")


def check_list(compiled: CompiledSpec, table: Table, problems: Problems) -> None:
    """Adds what is odd about values, and what comparisons do with them."""
    sources = [each.template.source for each in compiled.placeholders if not each.template.is_plain]
    if any("<" in source or ">" in source for source in sources):
        from sendspec.composing.order_check import check_order  # few specs compare by order

        check_order(compiled, table, problems)
    if any(_CONDITION.search(source) for source in sources):
        from sendspec.composing.truth_check import check_truth  # few specs have conditions

        check_truth(compiled, table, problems)
    warn_of_odd_values(compiled, table, problems)
