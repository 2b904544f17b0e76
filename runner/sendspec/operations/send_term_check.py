"""Warnings about the keys that bind a send once it has begun: one that names another text, one whose moment has passed."""

from __future__ import annotations

from collections.abc import Iterator

from sendspec.composing.canonical_template import text_digest
from sendspec.diagnostics.diagnostic import Diagnostic, Severity
from sendspec.operations.send_job import Job
from sendspec.reading.send_terms import CONTINUE_WITH, NOT_AFTER


def other_text(job: Job) -> Iterator[Diagnostic]:
    """Warns of a `continue_with` that names another text than the present one: what is on hold then stays so."""
    named = job.spec.continue_with
    if named is not None and not job.is_continued:
        present = text_digest(job.spec)
        yield job.spec.document.diagnostic(
            CONTINUE_WITH,
            code="continue-with-other",
            problem=f"this is another text than the present one, whose digest is {present}: messages on hold stay on hold",
            fix=f"write `continue_with: '{present}'` to send them the present text",
            severity=Severity.WARNING,
        )


def moment_passed(job: Job) -> Iterator[Diagnostic]:
    if job.is_expired:
        yield job.spec.document.diagnostic(
            NOT_AFTER,
            code="not-after-past",
            problem="this moment has passed: a send skips everything as expired",
            fix="write a later moment, or remove `not_after`",
            severity=Severity.WARNING,
        )
