"""Recognises a table in Windows-1252, as spreadsheets save one that isn't asked for UTF-8.

Nothing is sent from it. Its rows are read all the same, so that their faults are told in the same round.
"""

from __future__ import annotations

import io
from codecs import getincrementaldecoder
from collections.abc import Iterator

from sendspec.diagnostics.diagnostic import Diagnostic
from sendspec.diagnostics.position import span_on_line
from sendspec.diagnostics.problem import Problem
from sendspec.reading.files.input_file import InputFile
from sendspec.reading.tables.line_problem import excerpt

WINDOWS_1252 = "cp1252"
MAX_LINE_BYTES = 1 << 20
_FIX = (
    "save it as UTF-8: in Excel as 'CSV UTF-8 (comma delimited)', in LibreOffice with the character set Unicode (UTF-8)"
)


def note_legacy_encoding(path: str, file: InputFile) -> Diagnostic | None:
    """The error of a table in Windows-1252, whose lines are read as such from then on; None of any other table."""
    if _is_utf8(file):
        return None
    first: tuple[int, str, int] | None = None
    for number, raw in enumerate(_lines(file), 1):
        if raw.isascii():
            continue
        if len(raw) > MAX_LINE_BYTES:
            return None
        try:
            raw.decode()
        except UnicodeDecodeError as error:
            try:
                text = raw.decode(WINDOWS_1252)
            except UnicodeDecodeError:
                return None
            first = first or (number, text, error.start)
        else:
            return None  # of both encodings: each line that isn't UTF-8 is at fault itself
    if first is None:
        return None
    file.legacy_encoding = WINDOWS_1252
    line, text, at = first
    problem = f"the file is Windows-1252, not UTF-8; first at line {line}: '{text[at]}'"
    return Problem("not-utf8", problem, _FIX).diagnostic(path, span_on_line(line, at + 1, 1), excerpt=excerpt(text))


def _is_utf8(file: InputFile) -> bool:
    decoder = getincrementaldecoder("utf-8")()
    try:
        for block in file.peek():
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _lines(file: InputFile) -> Iterator[bytes]:
    rest = b""
    for block in file.peek():
        lines = io.BytesIO(rest + block).readlines()
        rest = lines.pop() if not lines[-1].endswith(b"\n") else b""
        yield from lines
        if len(rest) > MAX_LINE_BYTES:
            break
    if rest:
        yield rest
