"""A file listed under `suppress:` in a spec or an environment."""

from __future__ import annotations

from collections.abc import Sequence

from sendspec.diagnostics.diagnostic import Diagnostic
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.position import Span
from sendspec.diagnostics.problem import Problem
from sendspec.reading.documents.document import Document, KeyPath
from sendspec.reading.files.confined_path import shown_path


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionFile:
    """`written` is its path as the spec or project file `declared_in` writes it, at `span`; `excerpt` is that line, masked.

    A spec's file (`by_spec`) holds addresses of the spec's kind only. An environment's file may mix phone numbers and
    e-mail addresses. All paths are relative to the folder of `declared_in`.
    """

    written: str
    declared_in: str
    span: Span
    excerpt: str
    by_spec: bool

    @property
    def path(self) -> str:
        """The file's path as shown to the user."""
        return shown_path(self.declared_in, self.written)

    def diagnostic(self, problem: Problem) -> Diagnostic:
        """A problem with opening the file, at the place that names the file."""
        return problem.diagnostic(self.declared_in, self.span, excerpt=self.excerpt)


def suppression_files(
    document: Document, at: KeyPath, written: Sequence[str], *, by_spec: bool
) -> tuple[SuppressionFile, ...]:
    """The files listed at `at` in a valid document."""
    spans = [document.span((*at, index)) for index in range(len(written))]
    return tuple(
        SuppressionFile(
            written=file,
            declared_in=document.path,
            span=span,
            excerpt=document.excerpt(span.start.line),
            by_spec=by_spec,
        )
        for file, span in zip(written, spans, strict=True)
    )
