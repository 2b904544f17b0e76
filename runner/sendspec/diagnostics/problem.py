"""A problem without a place. `Diagnostic` is a problem at a place in a file."""

from __future__ import annotations

from sendspec.diagnostics.diagnostic import Diagnostic, Severity
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.position import FILE_START, Span


@dataclass(frozen=True, slots=True)
class Problem:
    """What a check of a value returns: the check doesn't know where the value is, its caller does, and calls `diagnostic`.

    `problem` says what is the case, quoting the value masked; `fix` says what to do, beginning with a verb.
    """

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
        key: str = "",
    ) -> Diagnostic:
        """The problem at its place; default: the start of the file."""
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
            key=key,
        )
