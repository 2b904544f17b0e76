"""Where a problem is, in units that others count in, and what can replace the text there."""

from __future__ import annotations

from sendspec.diagnostics.diagnostic import Diagnostic
from sendspec.diagnostics.lazy_pattern import lazy_pattern

_WRITE = lazy_pattern(r"write '([^']+)'")
_QUOTE = lazy_pattern(r'write ("[^"]+")')
_HIDDEN = "•"


def is_on_one_line(diagnostic: Diagnostic) -> bool:
    return diagnostic.span.start.line == diagnostic.span.end.line


def byte_columns(diagnostic: Diagnostic) -> tuple[int, int] | None:
    """The first column and the one behind the last, counted in bytes of UTF-8 from 1. None if the line's text isn't known.

    A hidden character counts as one byte, as digits do.
    """
    if not diagnostic.excerpt or not is_on_one_line(diagnostic):
        return None
    columns = (diagnostic.span.start.column, diagnostic.span.end.column)
    start, end = (len(diagnostic.excerpt[: column - 1].replace(_HIDDEN, ".").encode()) + 1 for column in columns)
    return start, max(start, end)


def replacement(diagnostic: Diagnostic) -> str | None:
    """What the text at the place should be, if the fix says exactly that. None if there is more to do.

    Only where the place is the very word that the problem quotes, and nothing before it on the line is hidden: then the columns
    are those of the file.
    """
    start, end = diagnostic.span.start.column - 1, diagnostic.span.end.column - 1
    if not is_on_one_line(diagnostic) or end > len(diagnostic.excerpt) or _HIDDEN in diagnostic.excerpt[:end]:
        return None
    found = diagnostic.excerpt[start:end]
    if quoted := _QUOTE.fullmatch(diagnostic.fix):
        return quoted[1] if quoted[1] == f'"{found}"' else None
    written = _WRITE.fullmatch(diagnostic.fix)
    is_quoted = bool(found) and (f"'{found}'" in diagnostic.problem or f"`{found}`" in diagnostic.problem)
    return written[1] if written and is_quoted and written[1].isprintable() else None
