"""Rows that name the same recipient again: skipped when they say the same, refused when they don't."""

from __future__ import annotations

from collections.abc import Iterator

from runner.composing.blame import row_diagnostic
from runner.composing.message import Composed, Duplicate, Message
from runner.reading.diagnostic import Problems, Severity
from runner.reading.table import Table


def marked(
    composed: Iterator[Composed], table: Table, problems: Problems, *, own_reference: bool
) -> Iterator[Composed]:
    """Passes everything on, a repeated message as `Duplicate`. Conflicting rows and repeated references are errors."""
    first_by_id: dict[bytes, tuple[bytes, int]] = {}
    line_by_reference: dict[str, int] = {}
    for item in composed:
        if not isinstance(item, Message):
            yield item
            continue
        earlier = first_by_id.get(item.id)
        if earlier is None:
            first_by_id[item.id] = (item.digest, item.line)
            if own_reference:
                _check_reference(item, line_by_reference, table, problems)
            yield item
            continue
        digest, line = earlier
        if digest == item.digest:
            _note(table, problems, item, line, "duplicate-rows", Severity.WARNING)
            yield Duplicate(item.line, line)
        else:
            _note(table, problems, item, line, "conflicting-rows", Severity.ERROR)


def _note(table: Table, problems: Problems, item: Message, line: int, code: str, severity: Severity) -> None:
    same = severity is Severity.WARNING
    problems.add_row(
        (code, table.path),
        item.line,
        lambda: row_diagnostic(
            table,
            item.line,
            None,
            code=code,
            problem=f"line {item.line} names the same recipient as line {line}"
            + (", with the same message" if same else ", with another message"),
            fix="remove one of them"
            if same
            else "keep one of them, or give `recipients` a `key:` that tells them apart",
            severity=severity,
            also=(f"the first is on line {line}",),
        ),
    )


def _check_reference(item: Message, line_by_reference: dict[str, int], table: Table, problems: Problems) -> None:
    line = line_by_reference.setdefault(item.reference, item.line)
    if line != item.line:
        problems.add_row(
            ("reference-repeated", table.path),
            item.line,
            lambda: row_diagnostic(
                table,
                item.line,
                None,
                code="reference-repeated",
                problem=f"lines {line} and {item.line} have the same reference",
                fix='put a column that differs into `reference`, write "{{ message_id }}", or remove it',
            ),
        )
