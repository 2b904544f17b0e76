"""Rows that name the same recipient again: skipped when they say the same, refused when they don't."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum, auto

from sendspec.composing.compact_key_set import CompactKeySet
from sendspec.composing.identity import SEALED_BYTES, reference_mark
from sendspec.composing.message import Composed, Duplicate, Message
from sendspec.composing.row_diagnostic import row_diagnostic
from sendspec.diagnostics.diagnostic import Problems, Severity
from sendspec.reading.tables.table import Table

REFERENCE_MARK_BYTES = 24


class RepeatKind(Enum):
    """Of a row that isn't the first with its recipient: it says the same again, or something else."""

    REPEATED = auto()
    CONFLICTING = auto()


class Duplicates:
    """Told of the rows' messages, in order; what is to be said of a row goes to `problems`."""

    def __init__(self, table: Table, problems: Problems, *, own_reference: bool) -> None:
        self._table = table
        self._problems = problems
        self._messages = CompactKeySet(SEALED_BYTES)
        self._references = CompactKeySet(REFERENCE_MARK_BYTES) if own_reference else None

    def judge(
        self, sealed: Sequence[bytes], references: Sequence[bytes], lines: Sequence[int]
    ) -> dict[int, RepeatKind]:
        """What rows are that aren't the first with their recipient, by their place in `sealed`.

        `sealed` are the messages' ids, each followed by its digest; `references` the marks of their references, where these are
        the user's own.
        """
        again = self._messages.take(b"".join(sealed), lines)
        for at, first_line, same in again:
            self._note(lines[at], first_line, same=same)
        verdicts = {at: RepeatKind.REPEATED if same else RepeatKind.CONFLICTING for at, _, same in again}
        if self._references is not None:
            firsts = [at for at in range(len(lines)) if at not in verdicts] if verdicts else range(len(lines))
            lines = [lines[at] for at in firsts]
            for at, first_line, _ in self._references.take(b"".join([references[at] for at in firsts]), lines):
                self._note_reference(lines[at], first_line)
        return verdicts

    def _note(self, line: int, first_line: int, *, same: bool) -> None:
        self._problems.add_row(
            ("duplicate-rows" if same else "conflicting-rows", self._table.path),
            line,
            lambda: row_diagnostic(
                self._table,
                line,
                None,
                code="duplicate-rows" if same else "conflicting-rows",
                problem=(
                    f"two rows of line {line} name the same recipient"
                    if line == first_line
                    else f"line {line} names the same recipient as line {first_line}"
                )
                + (", with the same message" if same else ", with another message"),
                fix="remove one of them"
                if same
                else "keep one of them, or give `recipients` a `key:` that tells them apart",
                severity=Severity.WARNING if same else Severity.ERROR,
                also=(f"the first is on line {first_line}",),
            ),
        )

    def _note_reference(self, line: int, first_line: int) -> None:
        self._problems.add_row(
            ("reference-repeated", self._table.path),
            line,
            lambda: row_diagnostic(
                self._table,
                line,
                None,
                code="reference-repeated",
                problem=f"{'two rows of line' if line == first_line else f'lines {first_line} and'} {line} have the same reference",
                fix='put a column that differs into `reference`, write "{{ message_id }}", or remove it',
            ),
        )


def mark_duplicates(
    composed: Iterator[Composed], table: Table, problems: Problems, *, own_reference: bool
) -> Iterator[Composed]:
    """Passes everything on, a repeated message as `Duplicate`. Conflicting rows and repeated references are errors."""
    duplicates = Duplicates(table, problems, own_reference=own_reference)
    for item in composed:
        if not isinstance(item, Message):
            yield item
            continue
        marks = [reference_mark(item.reference)] if own_reference else []
        verdict = duplicates.judge([item.id + item.digest], marks, [item.line]).get(0)
        if verdict is None:
            yield item
        elif verdict is RepeatKind.REPEATED:
            yield Duplicate(item.line)
