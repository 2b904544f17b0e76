"""A file listed under `suppress:` in a spec or an environment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sendspec.diagnostics.diagnostic import Diagnostic
from sendspec.diagnostics.position import Span
from sendspec.diagnostics.problem import Problem
from sendspec.reading.documents.document import Document, KeyPath
from sendspec.reading.files.confined_path import shown_path


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionFile:
    """`written` is its path, relative to the file `named_in`, which names it at `span`; `excerpt` is that line.

    `is_specs`: a spec names it, so it holds addresses of the spec's kind only. An environment's file may mix phone numbers
    and e-mail addresses.
    """

    written: str
    named_in: str
    span: Span
    excerpt: str
    is_specs: bool

    @property
    def path(self) -> str:
        """The file's path as shown to the user."""
        return shown_path(self.named_in, self.written)

    def diagnostic(self, fault: Problem) -> Diagnostic:
        """A problem with opening the file, placed where the file is named."""
        return fault.diagnostic(self.named_in, self.span, excerpt=self.excerpt)


def suppression_files(
    document: Document, at: KeyPath, written: Sequence[str], *, is_specs: bool
) -> tuple[SuppressionFile, ...]:
    """The files listed at `at` in a valid document."""
    spans = [document.span((*at, index)) for index in range(len(written))]
    return tuple(
        SuppressionFile(
            written=file,
            named_in=document.path,
            span=span,
            excerpt=document.excerpt(span.start.line),
            is_specs=is_specs,
        )
        for file, span in zip(written, spans, strict=True)
    )
