"""Recognises a path of Windows in double quotes, in which YAML reads each backslash as the beginning of an escape."""

from __future__ import annotations

from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import printable
from sendspec.reading.documents.line_index import LineIndex
from sendspec.reading.documents.span_problem import SpanProblem

MAX_LENGTH = 200
_PATH = lazy_pattern(
    r'"(?P<drive>[A-Za-z]:\\|\\\\)?(?P<path>[^"\\/\n{}|<>*?:]{0,100}(?:\\[^"\\/\n{}|<>*?:]{1,100}){0,20})\.(?P<type>\w{1,5})"'
)
"""Folders and the name of a file, with the extension that it has."""


def path_with_backslashes(lines: LineIndex, at: int) -> SpanProblem | None:
    """The problem of the path around the escape at `at`; None if there is none."""
    begin, end = lines.line_at(at)
    opening = lines.text.rfind('"', begin, at)
    found = None if opening < 0 or at - opening > MAX_LENGTH else _PATH.match(lines.text, opening, end)
    if found is None:
        return None
    path = f"{found['path']}.{found['type']}".replace("\\", "/")
    fix = f'write "{printable(path)}"'
    if found["drive"]:
        fix = f'copy the file into the folder of the spec and write "{printable(path.rpartition("/")[2])}"'
    return SpanProblem(
        Problem("yaml-syntax", "folders are separated by /, not by a backslash", fix), found.start(), found.end()
    )
