"""Diagnostics as text and as JSON."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

from sendspec.diagnostics.diagnostic import Diagnostic, Severity
from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import counted, grouped
from sendspec.reading.files.confined_path import without_detour
from sendspec.showing.row_excerpt import cell_parts, is_of_row
from sendspec.showing.terminal_style import TerminalStyle, cells

MAX_SHOWN = 20
MAX_LISTED = 1_000
ROWS_SHOWN = 3
EXCERPT_CELLS, MIN_EXCERPT_CELLS = 110, 20
_AROUND = 2 * EXCERPT_CELLS


def diagnostics_text(
    diagnostics: Sequence[Diagnostic], style: TerminalStyle, *, ending: str, todo: str = "", for_many: bool = False
) -> str:
    """At most 20 diagnostics, and a last line with their count that ends with `ending`, such as "nothing was sent".

    With a `todo`, the last line is that instead, below the count. `for_many`: many people can read it, so of a row only the cell in
    question is shown.
    """
    if not diagnostics:
        return ""
    shown = [
        line for diagnostic in diagnostics[:MAX_SHOWN] for line in (*_lines(diagnostic, style, for_many=for_many), "")
    ]
    left = len(diagnostics) - MAX_SHOWN
    if left > 0:
        shown += [f"and {left} more; --format json lists up to {MAX_LISTED:,}", ""]
    last = f"{summary(diagnostics)}\nto do: {todo}" if todo else summary(diagnostics)
    return "\n".join([*shown, last + ("; " + ending if ending else "")])


def summary(diagnostics: Sequence[Diagnostic]) -> str:
    """`3 errors in 2 files`, `1 error and 2 warnings in 1 file`."""
    errors = sum(d.severity is Severity.ERROR for d in diagnostics)
    warnings = len(diagnostics) - errors
    parts = [counted(n, what) for n, what in ((errors, "error"), (warnings, "warning")) if n]
    return " and ".join(parts) + f" in {counted(len({d.path for d in diagnostics}), 'file')}"


def _lines(diagnostic: Diagnostic, style: TerminalStyle, *, for_many: bool) -> Iterator[str]:
    paint = style.red if diagnostic.severity is Severity.ERROR else style.yellow
    start = diagnostic.span.start
    place = f"{clean(without_detour(diagnostic.path))}:{start.line}:{start.column}:"
    yield f"{style.bold(place)} {paint(diagnostic.severity + ':')} {clean(diagnostic.problem)} {style.dim(f'[{diagnostic.code}]')}"
    gutter = max(3, len(str(start.line)))
    if diagnostic.excerpt:
        yield from _excerpt(diagnostic, gutter, style, for_many=for_many)
    pad = " " * (gutter + 1)
    yield f"{pad}{style.cyan('= fix:')} {clean(diagnostic.fix)}"
    for remark in remarks(diagnostic):
        label = "=" if remark.startswith("in ") else "= also:"
        yield f"{pad}{style.cyan(label)} {clean(remark)}"


def _excerpt(diagnostic: Diagnostic, gutter: int, style: TerminalStyle, *, for_many: bool) -> Iterator[str]:
    start, end = diagnostic.span.start, diagnostic.span.end
    line = diagnostic.excerpt
    first = start.column - 1
    last = end.column - 1 if end.line == start.line else len(line)
    last = min(max(last, first + 1), max(len(line), first + 1))
    # A line can be as long as a file: only the part that can be shown is looked at.
    around = (
        cell_parts(diagnostic)
        if for_many and is_of_row(diagnostic)
        else (
            line[max(0, first - _AROUND) : first],
            line[first : min(last, first + _AROUND)],
            line[last : last + _AROUND],
        )
    )
    room = (
        EXCERPT_CELLS
        if style.columns is None
        else min(EXCERPT_CELLS, max(MIN_EXCERPT_CELLS, style.columns - gutter - 3))
    )
    before, marked, after = _window(room, *map(one_cell_each, around))
    paint = style.red if diagnostic.severity is Severity.ERROR else style.yellow
    yield f"{style.dim(f'{start.line:>{gutter}} |')} {before}{marked}{after}"
    carets = paint("^" * max(1, cells(marked)))
    note = f" {clean(diagnostic.note)}" if diagnostic.note else ""
    yield f"{style.dim(' ' * gutter + ' |')} {' ' * cells(before)}{carets}{note}"


def _window(most: int, before: str, marked: str, after: str) -> tuple[str, str, str]:
    """Cuts a long line to the marked part and its surroundings, `most` cells together."""
    if cells(before + marked + after) <= most:
        return before, marked, after
    marked = _cut(marked, most // 2)
    room = most - cells(marked)
    while cells(before) > room // 2 and len(before) > 1:
        before = "…" + before[2:]
    return before, marked, _cut(after, room - cells(before))


def _cut(text: str, most: int) -> str:
    """`text`, or as much of it as `most` cells hold, with a mark for the rest."""
    if cells(text) <= most:
        return text
    while cells(text) >= most and text:
        text = text[:-1]
    return text + "…"


def remarks(diagnostic: Diagnostic) -> tuple[str, ...]:
    """What else there is to say: other places, and how many rows have the problem."""
    return (*diagnostic.also, *_rows_remark(diagnostic))


def _rows_remark(diagnostic: Diagnostic) -> Iterator[str]:
    rows, count = diagnostic.rows, diagnostic.row_count
    if not diagnostic.is_of_rows:
        return
    on_row = rows[0] == diagnostic.span.start.line and diagnostic.path.endswith((".csv", ".tsv", ".jsonl", ".ndjson"))
    if on_row:
        rows, count = rows[1:], count - 1
        if count == 1:
            yield f"row {rows[0]}"
        elif count:
            yield f"{grouped(count)} more rows: {_listed(rows, count)}"
    elif count == 1:
        yield f"in row {rows[0]}"
    else:
        yield f"in {'at least ' if diagnostic.at_least else ''}{grouped(count)} rows: {_listed(rows, count)}"


def _listed(rows: Sequence[int], count: int) -> str:
    """The first rows; a single one is not left out, as naming it takes no more room than the dots."""
    shown = count if count == ROWS_SHOWN + 1 else ROWS_SHOWN
    return ", ".join(str(row) for row in rows[:shown]) + (", …" if count > shown else "")


def clean(text: str) -> str:
    """`text` with control and bidi characters escaped, so that data can't control a terminal. Newlines are escaped too."""
    return printable(text, named=False)


def one_cell_each(text: str) -> str:
    """`text` with a visible character for each control character, so that columns don't shift."""
    return "".join(" " if c == "\t" else "�" if unicodedata.category(c) in _UNSAFE else c for c in text)


_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def diagnostic_json(diagnostic: Diagnostic) -> dict[str, Any]:
    """One diagnostic in the form of the `sendspec.diagnostics/1` document."""
    start, end = diagnostic.span.start, diagnostic.span.end
    shown: dict[str, Any] = {
        "code": diagnostic.code,
        "severity": diagnostic.severity.value,
        "path": diagnostic.path,
        "line": start.line,
        "column": start.column,
        "end_line": end.line,
        "end_column": end.column,
        "problem": diagnostic.problem,
        "fix": diagnostic.fix,
    }
    if diagnostic.rows:
        shown["rows"] = list(diagnostic.rows)
        shown["row_count"] = diagnostic.row_count
    return shown


def diagnostics_document(diagnostics: Sequence[Diagnostic]) -> dict[str, Any]:
    return {
        "schema": "sendspec.diagnostics/1",
        "diagnostics": [diagnostic_json(diagnostic) for diagnostic in diagnostics[:MAX_LISTED]],
    }
