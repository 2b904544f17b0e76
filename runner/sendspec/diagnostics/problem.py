"""Something wrong, before it is known where."""

from __future__ import annotations

from dataclasses import dataclass

from sendspec.diagnostics.diagnostic import Diagnostic, Severity
from sendspec.diagnostics.position import FILE_START, Span


@dataclass(frozen=True, slots=True)
class Problem:
    """`problem` says what is the case, quoting the value masked; `fix` says what to do, beginning with a verb."""

    code: str
    problem: str
    fix: str

    def diagnostic(
        self,
        path: str,
        span: Span = FILE_START,
        *,
        severity: Severity = Severity.ERROR,
        excerpt: str = "",
        note: str = "",
        also: tuple[str, ...] = (),
    ) -> Diagnostic:
        """The problem at its place; at the start of the file where no `span` is given."""
        return Diagnostic(
            code=self.code,
            path=path,
            span=span,
            problem=self.problem,
            fix=self.fix,
            severity=severity,
            excerpt=excerpt,
            note=note,
            also=also,
        )
