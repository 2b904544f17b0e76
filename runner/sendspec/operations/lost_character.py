"""Warns of characters that were lost before a text reached its file: U+FFFD, and a `?` within a word of a column's value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain, islice

from sendspec.composing.literal_text import literal_texts
from sendspec.composing.row_diagnostic import row_diagnostic
from sendspec.composing.template_tree import placeholders_of
from sendspec.diagnostics.diagnostic import Problems, Severity
from sendspec.diagnostics.redaction import quoted
from sendspec.operations.send_job import Job

CODE = "lost-character"
REPLACEMENT = "\ufffd"
MOST_ROWS = 20_000
"""Rows that are looked at."""
_WITHIN_A_WORD = re.compile(r"[^\W\d_]\?+[^\W\d_]")
_ADDRESS = re.compile(r"://|www\.|[/=&]")
"""In a link, a `?` begins the query."""


def warn_of_lost_characters(job: Job, problems: Problems) -> None:
    """Looks at the spec's own text, and at the columns that the message uses, in the first rows."""
    for at in dict.fromkeys(at for at, text in literal_texts(job.program.content) if REPLACEMENT in text):
        problems.add(
            job.spec.document.diagnostic(
                at,
                code=CODE,
                problem="U+FFFD in the text looks like a lost character",
                fix="write the character that was meant, and save the spec as UTF-8",
                severity=Severity.WARNING,
            )
        )
    for line, column, what in _lost_in_rows(job):
        problems.add_row(
            (CODE, job.table.path, column, what),
            line,
            lambda line=line, column=column, what=what: row_diagnostic(  # type: ignore[misc]
                job.table,
                line,
                column,
                code=CODE,
                problem=f"{what} in column '{quoted(column)}' looks like a lost character",
                fix="export the table again, as UTF-8, or correct the value",
                severity=Severity.WARNING,
            ),
        )


def _lost_in_rows(job: Job) -> Iterator[tuple[int, str, str]]:
    """Each finding as line, column and what was found."""
    columns = _columns(job)
    rows = islice(job.table.rows(Problems()), MOST_ROWS) if columns else ()
    for row in rows:
        values = row.values
        for column in columns:
            value = values.get(column)
            what = _lost_in(value) if isinstance(value, str) else ""
            if what:
                yield row.line, column, what


def _columns(job: Job) -> tuple[str, ...]:
    templates = [placeholder.template for placeholder in placeholders_of(job.program.content)]
    used = chain.from_iterable((*template.names, *template.columns) for template in templates)
    return tuple(dict.fromkeys(use.name for use in used if use.name not in job.spec.variables))


def _lost_in(value: str) -> str:
    if REPLACEMENT in value:
        return "U+FFFD"
    is_lost = "?" in value and _WITHIN_A_WORD.search(value) and not _ADDRESS.search(value)
    return "`?` within a word" if is_lost else ""
