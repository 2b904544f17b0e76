"""Warns of characters that were lost before a text reached its file: U+FFFD, a `?` within a word of a column's value, `Ã©` for `é`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice

from sendspec.composing.literal_text import literal_texts
from sendspec.composing.row_diagnostic import row_diagnostic
from sendspec.composing.template_tree import placeholders_of
from sendspec.diagnostics.diagnostic import Problems, Severity
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.redaction import quoted
from sendspec.operations.send_job import Job
from sendspec.reading.tables.block import Block, rows_of

CODE = "lost-character"
REPLACEMENT = "\ufffd"
MISREAD = "UTF-8 that was read as Windows-1252, such as `Ã©` for `é`,"
MOST_ROWS = 20_000
"""Rows that are looked at."""
_WITHIN_A_WORD = lazy_pattern(r"[^\W\d_]\?+[^\W\d_]")
_MISREAD = lazy_pattern(
    r"[ÃÂ][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]|â€[\u0080-\u2122]"
)
"""The first byte of a letter as Windows-1252 has it, and one that may come second. French and Portuguese have no such pairs."""
_ADDRESS = lazy_pattern(r"://|www\.|[/=&]")
"""In a link, a `?` begins the query."""


def warn_of_lost_characters(job: Job, problems: Problems) -> None:
    """Looks at the spec's own text, and at the columns that the message uses, in the first rows."""
    texts = ((at, _misread_in(text)) for at, text in literal_texts(job.program.content))
    for at, what in dict.fromkeys((at, what) for at, what in texts if what):
        problems.add(
            job.spec.document.diagnostic(
                at,
                code=CODE,
                problem=f"{what} in the text looks like a lost character",
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
    left = MOST_ROWS
    for block in job.table.blocks(Problems()) if columns else ():
        for row in islice(rows_of([block]), left) if _may_have_lost(block, columns) else ():
            values = row.values
            for column in columns:
                value = values.get(column)
                what = _lost_in(value) if isinstance(value, str) else ""
                if what:
                    yield row.line, column, what
        left -= len(block.read[0])
        if left <= 0:
            return


def _may_have_lost(block: Block, columns: tuple[str, ...]) -> bool:
    """Whether a cell of these columns may have lost a character. The cells of a column are searched as one text, a line each."""
    if block.columns is None:
        return True
    content = block.read[1]
    places = [place for place, column in enumerate(block.columns) if column in columns]
    texts = ("\n".join([cells[place] for cells in content]) for place in places)
    return any(
        (not text.isascii() and _misread_in(text)) or ("?" in text and _WITHIN_A_WORD.search(text)) for text in texts
    )


def _columns(job: Job) -> tuple[str, ...]:
    templates = [placeholder.template for placeholder in placeholders_of(job.program.content)]
    used = chain.from_iterable((*template.names, *template.columns) for template in templates)
    return tuple(dict.fromkeys(use.name for use in used if use.name not in job.spec.variables))


def _misread_in(text: str) -> str:
    if REPLACEMENT in text:
        return "U+FFFD"
    may_be_misread = "Ã" in text or "Â" in text or "â€" in text  # most texts need no pattern
    return MISREAD if may_be_misread and _MISREAD.search(text) else ""


def _lost_in(value: str) -> str:
    misread = _misread_in(value)
    if misread:
        return misread
    is_lost = "?" in value and _WITHIN_A_WORD.search(value) and not _ADDRESS.search(value)
    return "`?` within a word" if is_lost else ""
