"""Rows that name the same recipient again: skipped when they say the same, refused when they don't."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum, auto
from hashlib import blake2b

from runner.composing.blame import row_diagnostic
from runner.composing.message import Composed, Duplicate, Message
from runner.composing.seen import Seen
from runner.reading.diagnostic import Problems, Severity
from runner.reading.table import Table


class Verdict(Enum):
    """Of one row: the first with its recipient, or one that says the same again, or something else."""

    FIRST = auto()
    REPEATED = auto()
    CONFLICTING = auto()


class Duplicates:
    """Told of each row's message, in order; what is to be said of a row goes to `problems`."""

    def __init__(self, table: Table, problems: Problems, *, own_reference: bool) -> None:
        self._table = table
        self._problems = problems
        self._messages = Seen()
        self._references = Seen() if own_reference else None

    def judge(self, sealed: bytes, reference: str, line: int) -> Verdict:
        """`sealed` is the message's id, followed by its digest."""
        earlier = self._messages.first(sealed, line)
        if earlier is None:
            if self._references is not None:
                self._check_reference(self._references, reference, line)
            return Verdict.FIRST
        first_line, same = earlier
        self._note(line, first_line, same=same)
        return Verdict.REPEATED if same else Verdict.CONFLICTING

    def _note(self, line: int, first_line: int, *, same: bool) -> None:
        self._problems.add_row(
            ("duplicate-rows" if same else "conflicting-rows", self._table.path),
            line,
            lambda: row_diagnostic(
                self._table,
                line,
                None,
                code="duplicate-rows" if same else "conflicting-rows",
                problem=f"line {line} names the same recipient as line {first_line}"
                + (", with the same message" if same else ", with another message"),
                fix="remove one of them"
                if same
                else "keep one of them, or give `recipients` a `key:` that tells them apart",
                severity=Severity.WARNING if same else Severity.ERROR,
                also=(f"the first is on line {first_line}",),
            ),
        )

    def _check_reference(self, references: Seen, reference: str, line: int) -> None:
        earlier = references.first(blake2b(reference.encode(), digest_size=24).digest(), line)
        if earlier is not None and earlier[0] != line:
            self._problems.add_row(
                ("reference-repeated", self._table.path),
                line,
                lambda: row_diagnostic(
                    self._table,
                    line,
                    None,
                    code="reference-repeated",
                    problem=f"lines {earlier[0]} and {line} have the same reference",
                    fix='put a column that differs into `reference`, write "{{ message_id }}", or remove it',
                ),
            )


def marked(
    composed: Iterator[Composed], table: Table, problems: Problems, *, own_reference: bool
) -> Iterator[Composed]:
    """Passes everything on, a repeated message as `Duplicate`. Conflicting rows and repeated references are errors."""
    duplicates = Duplicates(table, problems, own_reference=own_reference)
    for item in composed:
        if not isinstance(item, Message):
            yield item
            continue
        verdict = duplicates.judge(item.id + item.digest, item.reference, item.line)
        if verdict is Verdict.FIRST:
            yield item
        elif verdict is Verdict.REPEATED:
            yield Duplicate(item.line)
