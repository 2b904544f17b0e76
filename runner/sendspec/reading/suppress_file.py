"""A file under `suppress:`, as a spec or an environment names it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sendspec.diagnostics.diagnostic import Diagnostic
from sendspec.diagnostics.position import Span
from sendspec.diagnostics.problem import Problem
from sendspec.reading.documents.document import Document, KeyPath
from sendspec.reading.files.confined_open import shown_path


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressFile:
    """`written` is its path, relative to the file `named_in`, where it stands at `span` on a line that reads `excerpt`.

    `is_specs` says that a spec names it: then it holds addresses of the spec's own kind. An environment's file may hold phone
    numbers and e-mail addresses.
    """

    written: str
    named_in: str
    span: Span
    excerpt: str
    is_specs: bool

    @property
    def path(self) -> str:
        """The file as the user sees it."""
        return shown_path(self.named_in, self.written)

    def diagnostic(self, fault: Problem) -> Diagnostic:
        """Why the file can't be opened, placed where it is named."""
        return fault.diagnostic(self.named_in, self.span, excerpt=self.excerpt)


def suppress_files(
    document: Document, at: KeyPath, written: Sequence[str], *, is_specs: bool
) -> tuple[SuppressFile, ...]:
    """The files of a list that stands at `at` in a checked document."""
    spans = [document.span((*at, index)) for index in range(len(written))]
    return tuple(
        SuppressFile(
            written=file,
            named_in=document.path,
            span=span,
            excerpt=document.excerpt(span.start.line),
            is_specs=is_specs,
        )
        for file, span in zip(written, spans, strict=True)
    )
