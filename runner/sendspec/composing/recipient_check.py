"""Checks the recipients of a spec whose message can't be composed yet, so that its rows' problems are reported with the spec's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from sendspec.composing.compiled_spec import CompiledSpec
from sendspec.composing.recipient_reader import RecipientReader
from sendspec.composing.row_problems import RowProblems, RowRejected
from sendspec.composing.template_tree import PlaceholderError
from sendspec.diagnostics.diagnostic import Diagnostic, Problems, Severity
from sendspec.reading.tables.table import Table

MAX_COSTLY = 5
"""Templates over their budget, each after up to half a second."""


def check_recipients(compiled_spec: CompiledSpec | None, table: Table, problems: Problems) -> None:
    """Adds what is wrong with the table's rows and with the recipients in them to `problems`.

    `compiled_spec` is None if it isn't known how recipients are read from the rows.
    """
    if compiled_spec is None:
        for block in table.blocks(problems):
            block.read  # noqa: B018 - reading reports
        return
    spec = compiled_spec.spec
    row_problems = RowProblems(spec, table, compiled_spec.address_column, problems)
    reader = RecipientReader(compiled_spec, row_problems)
    constants = {**spec.variables, "generation": spec.generation}
    costly = 0
    for row in table.rows(problems):
        written = row.values
        context = compiled_spec.context({**written, **constants}, written)
        try:
            if reader.is_kept(row, context):
                address = reader.address(row, context)
                if address is not None:
                    reader.key(row, context, address)
        except PlaceholderError as error:
            row_problems.add_placeholder(row, error)
            costly += error.error.code == "template-too-costly"
            if costly == MAX_COSTLY:
                return
        except RowRejected:
            pass


def but_nameless_columns(
    found: Iterable[Diagnostic], others: Iterable[Diagnostic], table: Table
) -> Iterator[Diagnostic]:
    """`found`, with what else a name may be that no column is like, if one of the `others` is that a column of the table has no name.

    Where that is an error, such names are left out: mended, it may be the one.
    """
    nameless = [other for other in others if other.code == "empty-column-name" and other.path == table.path]
    is_error = any(other.severity is Severity.ERROR for other in nameless)
    for each in found:
        if not nameless or each.code != "unknown-name" or not each.fix.startswith("add the column"):
            yield each
        elif not is_error:
            yield replace(each, fix=f"give this name to the column that has none, if it is that one; or {each.fix}")
